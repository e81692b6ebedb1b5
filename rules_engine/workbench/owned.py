"""What somebody has when a test begins: tracks and balances, as earlier events would have left them.

`Keeper` says whose it is and where it stands: a unit or a track of the household stands in the pool. A balance is a lot
of the first step's day that lives as its unit says, unless the test says otherwise; what is owed stands in no lot.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import msgspec

from rules_engine import ir, tree
from rules_engine.backends.reference import Readings
from rules_engine.calendar import parse_date
from rules_engine.diagnostics import Diagnostic
from rules_engine.event import FieldValue
from rules_engine.outcome import Value
from rules_engine.state import Lot, Shared, State
from rules_engine.values import ValueFault
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.results import Failure
from rules_engine.workbench.told import Told
from rules_engine.workbench.wire import plain_value, rule_named, scaled, unit_named

Find = Callable[..., Diagnostic]


class Keeper(msgspec.Struct, frozen=True):
    """Whom something is given to: a member by id (empty for a guest), their household, everybody's states, the facts,
    and the day on which it is there."""

    who: str
    household: Callable[[], str]
    states: dict[str, State]
    pools: dict[str, State]
    shared: Shared
    facts: Told
    day: int
    engine: Engine
    find: Find

    @property
    def core(self) -> ir.Program:
        """The program."""
        return self.engine.core

    def state(self, owner: str = "member") -> State:
        """Where something stands that is a member's, or a household's."""
        if owner == "household":
            return self.pools.setdefault(self.household(), State())
        return self.states.setdefault(self.who, State())

    def readings(self) -> Readings:
        """What is there on the day."""
        return self.engine.readings(self.facts, self.states.get(self.who, State()), self.day, member=self.who)

    def scaled(self, value: tree.Node, unit: str) -> int | None:
        """A number as written, in a unit's own counting."""
        return scaled(value, unit, self.core)


# ---- tracks ----


def give_track(given: tree.GivenTrack, keeper: Keeper) -> None:
    """A track in the occurrence that holds the day."""
    track = next((track for track in keeper.core.tracks if track.name == given.track.text), None)
    if track is None:
        raise Failure(keeper.find("X516", given.track, found=given.track.text, what="track"))
    value = track_value(given.value, track, keeper.core)
    if value is None:
        counts = "a day" if track.kind in ("first day", "last day") else track.unit or "a whole number"
        raise Failure(keeper.find("X513", given.value, what=f"`{track.name}` counts {counts}"))
    if value < 0 and track.kind in ("count", "distinct", "streak"):
        raise Failure(keeper.find("X513", given.value, what=f"`{track.name}` is never below 0"))
    place = keeper.readings().occurrence_key(track)
    if place is None:
        raise Failure(keeper.find("X513", given, what=f"`{track.name}` has no occurrence on the day of the first step"))
    state = keeper.state(track.owner)
    if track.by_key is not None:
        _by_key(given, track, place, value, keeper)
    elif track.kind == "distinct":
        state.keys[track.key] = {place: [f"given {number}" for number in range(1, value + 1)]}
    else:
        state.tracks[track.key] = {place: value}
    if track.kind == "streak":
        met = keeper.readings().period_before(track.streak)
        state.streaks[track.key] = {place: keeper.day if met is None else met}


def _by_key(given: tree.GivenTrack, track: ir.TrackDef, place: int, value: int, keeper: Keeper) -> None:
    word = None if given.key is None else key_word(given.key, track, keeper.core)
    if word is None:
        what = f"`{track.name}` keeps a number for each key; say which"
        raise Failure(keeper.find("X513", given.key or given, what=what))
    keeper.state(track.owner).keyed.setdefault(track.key, {}).setdefault(place, {})[word] = value


def track_value(value: tree.Node, track: ir.TrackDef, core: ir.Program) -> int | None:
    """A track's number as it is kept, or its day; None where the test writes something else."""
    if track.kind not in ("first day", "last day"):
        return scaled(value, track.unit, core)
    try:
        return parse_date(value.text) if isinstance(value, tree.DateLit) else None
    except ValueFault:
        return None


def key_word(value: tree.Node, track: ir.TrackDef, core: ir.Program) -> str | None:
    """A key of a track as states write it; None where the test writes something else."""
    field = _key_field(track, core)
    found = plain_value(field, value, core)
    if found is None:
        return None
    if isinstance(found, bool):
        return "yes" if found else "no"
    return str(Fraction(found)) if isinstance(found, int) else found


def _key_field(track: ir.TrackDef, core: ir.Program) -> ir.FieldDef:
    """The field that a track has its keys from, or one of the same kind; texts where it is no field."""
    events = [event for event in core.events if event.name in track.events]
    match track.by_key:
        case ir.Field(name=name):
            fields = [field for event in events for field in event.fields if field.name == name]
        case ir.LineField(name=name):
            fields = [f for event in events if event.lines is not None for f in event.lines.fields if f.name == name]
        case ir.MemberField(name=name):
            fields = [field for field in core.member if field.name == name]
        case _:
            fields = []
    return fields[0] if fields else ir.FieldDef("key", "text")


# ---- balances ----


def give_balance(given: tree.GivenBalance, keeper: Keeper) -> None:
    """A lot that the member has on the day, or what is owed."""
    unit, amount = _amount(given.value, keeper)
    state, holder = keeper.state(unit.owner), keeper.who if unit.apart else ""
    if amount < 0:
        name = f"{unit.name} {holder}" if holder else unit.name
        state.debts[name] = state.debts.get(name, 0) - amount
        return
    lot = Lot(unit.name, amount, keeper.day, None, None, "given", {}, holder)
    ends = False
    for mod in given.mods:
        lot = _as_said(lot, mod, unit, keeper)
        ends = ends or isinstance(mod, tree.Lasting)
    if not ends:
        lot = msgspec.structs.replace(
            lot, expires=keeper.engine.expires(unit, keeper.facts, keeper.state(), lot.earned)
        )
    state.lots.append(lot)


def _amount(value: tree.Node, keeper: Keeper) -> tuple[ir.UnitDef, int]:
    word = value.unit.text if isinstance(value, tree.QuantityLit) else ""
    word = value.currency if isinstance(value, tree.MoneyLit) else word
    unit = unit_named(word, keeper.core) or _only_counting(word, keeper.core)
    amount = None if unit is None else keeper.scaled(value, unit.name)
    if unit is None or amount is None:
        raise Failure(keeper.find("X516", value, found=word, what="unit"))
    return unit, amount


def _only_counting(currency: str, core: ir.Program) -> ir.UnitDef | None:
    """The one unit that counts a currency."""
    found = [unit for unit in core.units if currency and unit.currency == currency]
    return found[0] if len(found) == 1 else None


def _as_said(lot: Lot, mod: tree.Node, unit: ir.UnitDef, keeper: Keeper) -> Lot:
    """The lot with what the test says of it."""
    match mod:
        case tree.LotFrom(rule=named):
            rule = rule_named(named, keeper.core)
            if rule is None:
                word = named.text if isinstance(named, tree.Name) else named.value
                raise Failure(keeper.find("X516", named, found=word, what="rule"))
            return msgspec.structs.replace(lot, source=rule.key)
        case tree.LotEarned(date=date):
            return msgspec.structs.replace(lot, earned=_day(date, keeper))
        case tree.PendingUntil(date=date):
            return msgspec.structs.replace(lot, pending=_day(date, keeper))
        case tree.Lasting(life=tree.LastsUntil(date=date)):
            return msgspec.structs.replace(lot, expires=_day(date, keeper))
        case tree.WithFact(name=name, value=value):
            return msgspec.structs.replace(lot, facts={**lot.facts, name.text: _fact(name, value, unit, keeper)})
        case _:
            return lot


def _day(date: tree.Node, keeper: Keeper) -> int:
    try:
        assert isinstance(date, tree.DateLit)
        return parse_date(date.text)
    except ValueFault as fault:
        raise Failure(keeper.find("X513", date, what=fault.reason)) from None


def _fact(name: tree.Name, value: tree.Node, unit: ir.UnitDef, keeper: Keeper) -> Value:
    field = next((field for field in unit.remembers if field.name == name.text), None)
    found: FieldValue = None if field is None else plain_value(field, value, keeper.core)
    if field is None or found is None or isinstance(found, tuple):
        raise Failure(keeper.find("X513", value, what=f"`{unit.plural or unit.name}` do not remember that"))
    return found
