"""What a test gives: the members' facts, and the state that each is in when the first step begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import parse_date
from rules_engine.decoding import decode_facts, fact_fields
from rules_engine.diagnostics import Diagnostic
from rules_engine.state import Holding, Lot, Shared, State
from rules_engine.values import ValueFault, parse_decimal
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.results import Failure
from rules_engine.workbench.told import Told
from rules_engine.workbench.used import give_used, of_member
from rules_engine.workbench.wire import decimals_of, placeholder, unit_named, wire

ME = "member"
"""The id of the member that `given member { ... }` speaks of."""

Find = Callable[..., Diagnostic]
"""Makes a finding: `find(code, node, **data)`."""


class Member(msgspec.Struct):
    """One member of a test: facts as a host would send them, decoded and guarded, and the state so far."""

    raw: dict[str, object]
    facts: Told
    state: State


class Cast(msgspec.Struct):
    """The members of a test by id; `me` is the one whom events without an owner are of, None for a guest. `shared` are
    the counters of the whole programme."""

    core: ir.Program
    members: dict[str, Member]
    me: str | None
    shared: Shared

    def member(self, name: str | None) -> Member:
        """A member by id, None for a guest; one of whom the test says nothing has no facts and a new state."""
        if name is None:
            return member_of({}, State(), self.core)
        if name not in self.members:
            self.members[name] = member_of({}, State(), self.core)
        return self.members[name]


def member_of(said: dict[str, object], state: State, core: ir.Program) -> Member:
    """A member of whom the test says some facts, which are known to be valid."""
    fields = fact_fields(core)
    omitted = [field.name for field in fields if not field.optional and field.name not in said]
    raw = {**said, **{field.name: placeholder(field, core) for field in fields if field.name in omitted}}
    facts = decode_facts(raw, core)
    assert isinstance(facts, dict), facts
    return Member(raw, Told(facts, omitted, "the member"), state)


def cast_of(test: tree.TestDecl, engine: Engine, find: Find) -> Cast:
    """The members at the start of a test."""
    core = engine.core
    mine = any(not isinstance(given, tree.GivenUsed) or of_member(given, core) for given in test.given)
    cast = Cast(core, {}, ME if mine else None, Shared())
    day = first_day(test, core)
    for given in test.given:
        if isinstance(given, tree.GivenMember):
            who = given.who.value if given.who is not None else ME
            cast.members[who] = _member(given, day, core, find)
    for given in test.given:
        match given:
            case tree.GivenTrack():
                _give_track(given, cast.member(ME), day, engine, find)
            case tree.GivenBalance():
                me = cast.member(ME)
                me.state.lots.append(_lot(given, me, day, engine, find))
            case tree.GivenUsed():
                _use(given, cast, day, engine, find)
            case tree.GivenMember():
                pass
            case _:
                assert_never(given)
    return cast


def _use(given: tree.GivenUsed, cast: Cast, day: int, engine: Engine, find: Find) -> None:
    """What a rule's limits have counted, of the member and of the whole programme."""
    me = cast.member(ME if cast.me is not None else None)
    give_used(
        given,
        cast.core,
        me.state,
        cast.shared,
        lambda limit: engine.readings(me.facts, me.state, day).limit_key(limit),
        lambda value, unit: scaled(value, unit, cast.core),
        find,
    )


def first_day(test: tree.TestDecl, core: ir.Program) -> int:
    """The day of the first step, on which what is given holds; 1970-01-01 where no step says."""
    for step in test.steps:
        if isinstance(step.act, tree.OnDate):
            return _day(step.act.date.text)
        if isinstance(step.act, tree.ReturnStep):
            continue
        dated = next((event.dated_by for event in core.events if event.name == step.act.event.text), "")
        for field in step.act.fields:
            if field.name.text == dated and isinstance(field.value, tree.DateLit | tree.InstantLit):
                return _day(field.value.text.split(" ")[0])
    return 0


def _day(text: str) -> int:
    try:
        return parse_date(text)
    except ValueFault:
        return 0


def _member(given: tree.GivenMember, day: int, core: ir.Program, find: Find) -> Member:
    state = State()
    said: dict[str, object] = {}
    fields = {field.name: field for field in fact_fields(core)}
    for fact in given.facts:
        name = fact.name.text
        if name == "tier" and name not in fields:
            _hold(fact, state, day, core, find)
        else:
            said[name] = wire(fields.get(name, ir.FieldDef(name, "text")), fact.value, core)
    missing = {name: placeholder(field, core) for name, field in fields.items() if name not in said}
    faults = decode_facts({**missing, **said}, core)
    if isinstance(faults, tuple):
        node = next((fact for fact in given.facts if fact.name.text == faults[0].field), given)
        raise Failure(find("X513", node, what=faults[0].message))
    return member_of(said, state, core)


def _hold(fact: tree.FieldValue, state: State, day: int, core: ir.Program, find: Find) -> None:
    """The tier that the member holds when the test begins."""
    rungs = [rung.name for rung in core.tiers.rungs] if core.tiers is not None else []
    value = fact.value
    until = _day(value.until.text) if isinstance(value, tree.TierUntil) and value.until is not None else None
    name = wire(ir.FieldDef("tier", "tier"), value, core)
    if name not in rungs:
        raise Failure(find("X516", fact.value, found=str(name), what="tier"))
    if rungs.index(name) > 0:
        start = day if until is None else min(day, until)
        state.holdings.append(Holding(name, start, until, name))


def scaled(value: tree.Node, unit: str, core: ir.Program) -> int | None:
    """A number as written, in a unit's or a currency's own counting; None where it is another unit, or no number."""
    match value:
        case tree.Negate(value=inner):
            found = scaled(inner, unit, core)
            return None if found is None else -found
        case tree.Number(text=text):
            word = unit
        case tree.MoneyLit(text=text, currency=word):
            pass
        case tree.QuantityLit(text=text, unit=name):
            word = name.text
        case _:
            return None
    named = unit_named(unit, core)
    if word != unit and (named is None or word not in (named.name, named.plural, named.currency)):
        return None
    try:
        return parse_decimal(text, decimals_of(unit, core))
    except ValueFault:
        return None


def _give_track(given: tree.GivenTrack, member: Member, day: int, engine: Engine, find: Find) -> None:
    track = next((track for track in engine.core.tracks if track.name == given.track.text), None)
    if track is None:
        raise Failure(find("X516", given.track, found=given.track.text, what="track"))
    value = scaled(given.value, track.unit, engine.core)
    if value is None:
        raise Failure(find("X513", given.value, what=f"`{track.name}` counts {track.unit or 'a whole number'}"))
    key = engine.readings(member.facts, member.state, day).occurrence_key(track)
    if key is None:
        raise Failure(find("X513", given, what=f"`{track.name}` has no occurrence on the day of the first step"))
    if track.kind == "distinct":
        member.state.keys[track.key] = {key: [f"given {number}" for number in range(1, value + 1)]}
        return
    member.state.tracks[track.key] = {key: value}
    if track.kind == "streak":
        met = engine.readings(member.facts, member.state, day).period_before(track.streak)
        member.state.streaks[track.key] = {key: day if met is None else met}


def _lot(given: tree.GivenBalance, member: Member, day: int, engine: Engine, find: Find) -> Lot:
    """A balance as if it had been earned on the day of the first step: it lives as long as the unit says."""
    core = engine.core
    word = given.value.unit.text if isinstance(given.value, tree.QuantityLit) else given.value.currency
    unit = unit_named(word, core) or _only_counting(word, core)
    amount = None if unit is None else scaled(given.value, unit.name, core)
    if unit is None or amount is None:
        raise Failure(find("X516", given.value, found=word, what="unit"))
    return Lot(unit.name, amount, day, None, engine.expires(unit, member.facts, member.state, day), "given")


def _only_counting(currency: str, core: ir.Program) -> ir.UnitDef | None:
    """The one unit that counts a currency."""
    found = [unit for unit in core.units if unit.currency == currency]
    return found[0] if len(found) == 1 else None
