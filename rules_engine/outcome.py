"""What scoring an event gives back: awards, tier changes, changes of state, and the receipt that returns are made from.

In: nothing; evaluators make outcomes. Out: `Outcome`, a frozen value equal to its JSON. Amounts are integers scaled by
their unit's decimals; `Program.unit(name)` tells the decimals, and `Outcome.totals` sums by unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from rules_engine.state import Change, LimitUsed, Lot, State, add_lot, apply, apply_in_place

Value: TypeAlias = int | str | bool | None


class Award(msgspec.Struct, frozen=True, gc=False):
    """Units that a rule gives: `wanted` before limits, `given` after them.

    `weights` are the rule's measure on each line, exact weights times their least common denominator: the receipt from
    which `Program.parts` spreads what was given; empty where the award has no lines. With `held_out` the member is in a
    holdout: nothing was given, and `wanted` says what would have been. `cut_by` is the key of the last limit that cut.
    An award that gave something is a lot of its member, earned on the event's day: `pending` and `expires` are its last
    days, `facts` what it remembers.

    >>> award = outcome.awards[0]
    >>> award.rule, award.unit, award.wanted, award.given
    ('Points', 'point', 8, 5)
    """

    rule: str
    unit: str
    wanted: int
    given: int
    weights: tuple[int, ...] = ()
    held_out: bool = False
    cut_by: str = ""
    pending: int | None = None
    expires: int | None = None
    facts: dict[str, Value] = {}

    def lot(self, day: int) -> Lot:
        """The lot that the award became on the day of its event."""
        return Lot(self.unit, self.given, day, self.pending, self.expires, self.rule, self.facts)


class Said(msgspec.Struct, frozen=True):
    """A message that a rule says where it acts."""

    rule: str
    text: str


class TierChange(msgspec.Struct, frozen=True):
    """The held tier went from one rung to another; `since` is the first day on the new one, `reason` the path, the
    match or the fall that led there.

    >>> [(change.before, change.after, change.reason) for change in outcome.tiers]
    [('Blue', 'Gold', 'Gold')]
    """

    before: str
    after: str
    since: int
    reason: str


class Receipt(msgspec.Struct, frozen=True):
    """What a return is worked out from: how each award falls on the event's lines, and what was so before the event.

    `allocations` has, for each award in order, its rule, unit, what was given and its weight on each line;
    `Program.parts` spreads the one over the others. `before` holds what the rules could read of the member, and under
    `limit KEY` what each limit that moved had used.
    """

    allocations: tuple[tuple[str, str, int, tuple[int, ...]], ...]
    before: dict[str, Value]


class Outcome(msgspec.Struct, frozen=True):
    """The result of one event.

    `changes` hold, by owner, everything that `apply` needs, each with its value before; `before` holds what the rules
    of this kind of event can read of the owner: tracks, tier, balances and facts. `late` says that the event is dated
    before the day its owner's state had reached. `fingerprint` names the program, `zones` the time-zone data.

    >>> outcome.member, outcome.totals, outcome.before["track spend"]
    ('m-7', {'point': 5}, 0)
    >>> outcome.fingerprint == program.fingerprint
    True
    """

    event: str
    id: str
    member: str | None
    day: int
    awards: tuple[Award, ...]
    tiers: tuple[TierChange, ...]
    changes: dict[str, tuple[Change, ...]]
    before: dict[str, Value]
    fingerprint: str
    zones: str
    late: bool = False
    said: tuple[Said, ...] = ()

    @property
    def totals(self) -> dict[str, int]:
        """What was given, by unit."""
        sums: dict[str, int] = {}
        for award in self.awards:
            if award.given:
                sums[award.unit] = sums.get(award.unit, 0) + award.given
        return sums

    @property
    def receipt(self) -> Receipt:
        """Allocations and before-values together."""
        mine = self.changes.get(self.member or "", ())
        used = {f"limit {each.limit}": each.before for each in reversed(mine) if isinstance(each, LimitUsed)}
        allocations = tuple((each.rule, each.unit, each.given, each.weights) for each in self.awards)
        return Receipt(allocations, {**self.before, **used})

    def to_json(self) -> bytes:
        """The outcome as JSON text, with `totals`, what was given by unit."""
        return msgspec.json.encode(self)[:-1] + b',"totals":' + msgspec.json.encode(self.totals) + b"}"


def applied(state: State, outcome: Outcome) -> State:
    """The state of an outcome's member after it; the state given is left as it is. A guest has none."""
    after = apply(state, outcome.changes.get(outcome.member or "", ()))
    receive(after, outcome.awards, outcome.day)
    return after


def applied_in_place(state: State, outcome: Outcome) -> None:
    """Move a member's state along, for a stream that keeps it."""
    apply_in_place(state, outcome.changes.get(outcome.member or "", ()))
    receive(state, outcome.awards, outcome.day)


def receive(state: State, awards: Iterable[Award], day: int) -> None:
    """Add what awards gave to a state's lots."""
    for award in awards:
        if award.given:
            add_lot(state.lots, award.lot(day))


class Fault(msgspec.Struct, frozen=True):
    """Why an event, a fact or a state was refused: the code of the wording, where (event, field, line) and what.

    >>> Fault("V104", "lines[2].price", "`price` of line 2 is missing").code
    'V104'
    """

    code: str
    field: str
    message: str


class Refused(msgspec.Struct, frozen=True):
    """An event that was refused at the boundary: nothing was scored and nothing changes.

    >>> again = list(program.score_many([order, order], {"m-7": member}))[1]
    >>> again.id, again.faults[0].message
    ('A-1', 'purchase `A-1` was scored before; send each event once')
    """

    event: str
    id: str
    faults: tuple[Fault, ...]


class EventRefused(ValueError):  # noqa: N818 - the event was refused, the engine did not fail
    """Raised by `Program.score` where an event, its member's facts or their state cannot be taken; says every reason.

    >>> try:
    ...     program.score({**order, "channel": "fax"}, member)
    ... except EventRefused as refusal:
    ...     [(fault.code, fault.field) for fault in refusal.faults]
    [('V108', 'channel')]
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__("; ".join(fault.message for fault in refused.faults))
        self.refused = refused
        self.faults = refused.faults
