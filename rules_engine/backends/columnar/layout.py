"""Where things stand in the columns of a batch, in memory and in results.

In: nothing; compiling makes a `Layout`. Out: the rows that a batch has to have for the fields and facts that rules
read, and the names behind the numbers in results.
"""

from __future__ import annotations

from msgspec import Struct


class Counter(Struct, frozen=True):
    """A track or a limit in memory: its key in a state, its first slot, and how many pairs of an occurrence (or day)
    and a value stand there."""

    key: str
    slot: int
    pairs: int


class Held(Struct, frozen=True):
    """A holding in memory: its tier and reason in a state, its first slot."""

    tier: str
    reason: str
    slot: int


class Given(Struct, frozen=True):
    """An award by its number: its rule, its unit, and which award of the rule it is."""

    rule: str
    unit: str
    place: int


class Kept(Struct, frozen=True):
    """A block of entries in memory (`tape.py`): what it keeps (`track`, `limit`, `seen`, `streak`, `distinct`,
    `keyed`), of what by its key in a state, its first slot, room and width, and of which kind its keys are (`text`,
    `number`, `flag`; empty: it has none)."""

    kind: str
    key: str
    slot: int
    room: int
    width: int
    words: str


class Off(Struct, frozen=True):
    """An effect of an offer by its number: its rule, its stage, its number in the rule."""

    rule: str
    stage: str
    effect: int


class Taking(Struct, frozen=True):
    """What takes units by its number: its rule, the unit, and how (`deduct`, `turn`, `accept`)."""

    rule: str
    unit: str
    how: str


class Layout(Struct, frozen=True):
    """The rows and names of one program.

    `kinds` numbers the declarations of events. `fields`, `line_fields` and `ragged` have, by event and field, the row
    of `Batch.fields`, of `Batch.lines` and the number in `Batch.ragged`; what no rule reads is not there. An event
    without lines is its own one line (`one_line`): its fields then stand in `line_fields` too.
    `facts` has rows of `Batch.facts`. `texts` are the program's own texts in the order of their codes; other texts get
    the codes after. `needs_rank`: lines are ordered by `Batch.rank`. `holdouts` are (salt, share) of the rows of
    `Batch.holdouts`. `day_fields` are the rows of lines, event fields and facts whose days are looked up.

    In results `awards.give` numbers `gives`, `discounts.effect` `effects`, `cut` `limits` (-1: none did),
    `tiers.reason` `reasons`, `codes.rule` `coded`, `said.text` `says`; units stand as in the program.
    """

    kinds: dict[str, int]
    fields: dict[tuple[str, str], int]
    line_fields: dict[tuple[str, str], int]
    ragged: dict[tuple[str, str], int]
    facts: dict[str, int]
    one_line: frozenset[str]
    texts: tuple[str, ...]
    needs_rank: bool
    holdouts: tuple[tuple[str, int], ...]
    day_fields: tuple[int, ...]
    day_line_fields: tuple[int, ...]
    day_facts: tuple[int, ...]
    tracks: tuple[Counter, ...]
    limits: tuple[Counter, ...]
    holdings: tuple[Held, ...]
    rungs: tuple[str, ...]
    reasons: tuple[str, ...]
    gives: tuple[Given, ...]
    effects: tuple[Off, ...]
    coded: tuple[str, ...]
    code_reasons: tuple[str, ...]
    says: tuple[tuple[str, str], ...]
    charges: tuple[tuple[str, str], ...]
    gifts: tuple[tuple[str, int], ...]
    currencies: dict[str, str]
    """By event what its amounts are of, where it is priced."""
    takings: tuple[Taking, ...] = ()
    stored: tuple[str, ...] = ()
    """The units whose lots are kept while a history is scored."""
    sources: tuple[str, ...] = ()
    """The rules that give them, sorted."""
    debts: tuple[tuple[str, int], ...] = ()
    """Units that may be owed, with the slot of each."""
    last: tuple[tuple[str, int], ...] = ()
    """Kinds of event whose last day is remembered, with the slot of each."""
    kept: tuple[Kept, ...] = ()
    """What is kept by entries."""
    spans: tuple[tuple[str, int, int], ...] = ()
    """Units whose lots are gone for want of some events: the slot of the day up to which, 1 where those with an end of
    their own are not."""
    since: int = -1
    """The slot of the day on which a member was first seen; the next one is the first day that is too late."""
    line_lists: dict[tuple[str, str], int] = {}
    """By event and field the number of `Batch.line_lists`."""
    fact_lists: dict[str, int] = {}
    """By fact the number of `Batch.fact_lists`."""
