"""What the interpreter noticed, for `explain`: values under every expression, and the fate of every rule.

A `Trace` is a sink. Without one the interpreter notes nothing; with one it does the same things in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.outcome import Discount


class Ending(msgspec.Struct, frozen=True, order=True):
    """Something that ends with a day."""

    day: int
    kind: Literal["review", "trial", "tier", "lapse"]
    what: str


class Slice(msgspec.Struct, frozen=True):
    """A part [start, end) of a track that an event's contribution fills, and the rate it earns."""

    start: int
    end: int
    rate: Fraction


class Noted(msgspec.Struct):
    """An expression that was read: its node, the value, the line (from 0) where it was read on one, what it read; for
    `reaches` what the track was, what it is, and the bound; for a fold over keys those that it took, with their
    numbers, the largest first."""

    node: ir.Expr | ir.Stop
    value: Any = None  # one of run.Val
    line: int | None = None
    inner: list[Noted] = []
    slices: list[Slice] = []
    moved: tuple[int, int, Fraction] | None = None
    keys: list[tuple[Any, int]] = []


class LimitNoted(msgspec.Struct, frozen=True):
    """A limit as a rule met it: what was used, how much room that left, what was asked and what was let through."""

    limit: ir.LimitDef
    occurrence: int
    used: int
    room: int
    asked: int
    passed: int


class GiveNoted(msgspec.Struct):
    """An effect: the exact amount, what was wanted after bounds and rounding, given after limits. In a loop
    over keys `key` is the one at hand."""

    give: ir.GiveDef
    turn: int
    mark: int | None
    exact: Fraction | None
    wanted: int
    given: int
    cut_by: str
    inner: list[Noted]
    key: Any = None


Cut: TypeAlias = Literal["balance", "only from", "steps", "up to", "limit", "room"]
"""What came between what was wanted, or offered, and what was taken: the balance, a word of the rule, a limit, or that
no more was to pay."""


class TakenNoted(msgspec.Struct):
    """A `deduct`, `turn` or `accept`: what it asked for (of an `accept`: what was offered), how many units it takes
    before limits (`asked`), takes, and what came between. Of an `accept`, `room` is what was to pay, `value` what it
    paid; what a `turn` gives stands in a `GiveNoted`. Where a rule did not act, it says what it would have taken."""

    effect: ir.DeductDef | ir.TurnDef | ir.AcceptDef
    turn: int
    wanted: int
    asked: int
    taken: int
    cuts: tuple[Cut, ...]
    cut_by: str
    inner: list[Noted]
    value: int = 0
    room: int = 0
    key: Any = None


class CarryNoted(msgspec.Struct):
    """A `carry`: the exact amount, and with how much more the next occurrence opens."""

    effect: ir.CarryDef
    exact: Fraction | None
    carried: int
    inner: list[Noted]


class RuleNoted(msgspec.Struct):
    """A rule or a match that this kind of event triggers: why it stopped (empty: it acted), where, what it gave and
    what it took.

    `why` is one of: `code not presented`, `no member`, `outside its dates`, `not presented`, `too few`, `condition`,
    `no mark reached`, `no key`, `no award`, `no amount`, `nothing offered`, `another household`, `nothing to give`,
    `limit reached` (`limit`), `lost` (to the rule `by`, which was served first in `group`; for the order of redeems
    that is `tender`).
    """

    rule: ir.RuleDef | ir.MatchDef
    why: str = ""
    failed: ir.Expr | None = None
    inner: list[Noted] = []
    gives: list[GiveNoted] = []
    limits: list[LimitNoted] = []
    limit: ir.LimitDef | None = None
    held_out: bool = False
    takes: list[TakenNoted] = []
    carries: list[CarryNoted] = []
    by: str = ""
    group: str = ""


Ahead = Literal[
    "", "came first", "claimed", "took more", "took as much", "took more together", "took as much together",
    "took as much by fewer",
]  # fmt: skip
"""How another rule was served before one that lost: by its place alone, by a claim, by more, or by its place where both
took as much; where the best are chosen together, what they took against any choice with the one that lost."""


class Lost(msgspec.Struct, frozen=True):
    """A line on which an effect lost units that it would have changed: to which rule, and how that came first."""

    line: int
    rule: str
    how: Ahead


class EffectNoted(msgspec.Struct):
    """An effect of an offer: of how many elements the amount was formed, its exact sum (for a price, what it would take
    off), what was wanted, and given; `room` above the floors of what it selects. `cut` says what came between: `up to`,
    `steps`, `never below`, `floor`, `limit` (then `cut_by` is its key), `lost` (then it is the winning rule's, and
    `lost` says where). `inner` are the values of the first element's amount, `others` those of the rest."""

    effect: ir.EffectDef
    number: int
    elements: int = 0
    exact: Fraction | None = None
    wanted: int = 0
    given: int = 0
    room: int = 0
    cut: str = ""
    cut_by: str = ""
    lost: tuple[Lost, ...] = ()
    inner: list[Noted] = []
    others: list[Noted] = []


class OfferNoted(msgspec.Struct):
    """The fate of an offer that this kind of event triggers: `why` it did not act (empty: it acted).

    One of: `code not presented`, `outside its dates`, `no member`, `not presented`, `too few` (of a presented thing),
    `limit reached` (`limit`), `group is full` (`group`), `shut out` (`by` a rule's key), `condition` (`failed`), `no
    award`, `no amount`, `nothing chosen`, `nothing to give`, `floor reached`, `lost` (`by` a rule's key, in `group` or
    stage, and `how`), `held out`. `code` set it off, in normal spelling; `sets` were formed. `withheld` is what it
    would have taken of a member who is held out.
    """

    offer: ir.OfferDef
    why: str = ""
    by: str = ""
    group: str = ""
    how: Ahead = ""
    code: str = ""
    failed: ir.Expr | None = None
    limit: ir.LimitDef | None = None
    held_out: bool = False
    withheld: tuple[Discount, ...] = ()
    sets: int = 0
    inner: list[Noted] = []
    effects: list[EffectNoted] = []
    limits: list[LimitNoted] = []


class StageNoted(msgspec.Struct, frozen=True):
    """What each line costs after a stage of offers, the event's own shipping last; before the first as `list`."""

    stage: str
    prices: tuple[int, ...]


class WayNoted(msgspec.Struct, frozen=True):
    """A path to a rung as it was judged on a day."""

    rung: int
    way: ir.WayDef
    day: int
    holds: bool
    inner: list[Noted]


class TrackNoted(msgspec.Struct, frozen=True):
    """A track before and after the event, in the occurrence that the event's day finds."""

    track: ir.TrackDef
    before: int
    after: int


class Trace:
    """A sink of notes. `current` is the expression that is being read, `open` the list that expressions are noted in,
    `limits` what limits said since a rule last cleared it."""

    def __init__(self) -> None:
        self.offers: list[OfferNoted] = []
        self.stages: list[StageNoted] = []
        self.rules: list[RuleNoted] = []
        self.ways: list[WayNoted] = []
        self.tracks: list[TrackNoted] = []
        self.limits: list[LimitNoted] = []
        self.endings: list[Ending] = []
        self.opening: dict[str, int] = {}
        self.open: list[Noted] = []
        self.current: Noted | None = None

    @contextmanager
    def into(self, notes: list[Noted]) -> Iterator[None]:
        """Note expressions in this list for a while."""
        before, self.open = self.open, notes
        try:
            yield
        finally:
            self.open = before


def noting(trace: Trace | None, notes: list[Noted]) -> AbstractContextManager[None]:
    """Note expressions in a list, where there is a trace."""
    return nullcontext() if trace is None else trace.into(notes)
