"""What a test gives: the members' facts, and the state that each is in when the first step begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import parse_date
from rules_engine.decoding import decode_facts, fact_fields
from rules_engine.diagnostics import Diagnostic
from rules_engine.state import Holding, Shared, State
from rules_engine.values import ValueFault
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.owned import Keeper, give_balance, give_track
from rules_engine.workbench.results import Failure
from rules_engine.workbench.told import Told
from rules_engine.workbench.used import give_used, of_member
from rules_engine.workbench.wire import placeholder, scaled, wire

ME = "member"
"""The id of the member that `given member { ... }` speaks of."""

Find = Callable[..., Diagnostic]
"""Makes a finding: `find(code, node, **data)`."""


class Member(msgspec.Struct, frozen=True):
    """One member of a test: facts as a host would send them, and decoded and guarded."""

    raw: dict[str, object]
    facts: Told


class Cast(msgspec.Struct, frozen=True):
    """The members of a test by id, with what is kept of them and of their households; `me` is the one whom events
    without an owner are of, None for a guest. `shared` are the counters of the whole programme."""

    core: ir.Program
    members: dict[str, Member]
    states: dict[str, State]
    pools: dict[str, State]
    me: str | None
    shared: Shared

    def member(self, name: str | None) -> Member:
        """A member by id; None for a guest, who has no facts. What the test does not say of a member is not given."""
        if name is None:
            return Member({}, Told({}, (), "the member"))
        if name not in self.members:
            self.members[name] = member_of({}, self.core)
        return self.members[name]

    def household(self, who: str) -> str:
        """The household of a member: the fact that names it, else the member alone."""
        named = self.member(who).facts.get(self.core.household) if self.core.household else None
        return named if isinstance(named, str) and named else who


def no_cast(core: ir.Program) -> Cast:
    """Nobody yet."""
    return Cast(core, {}, {}, {}, None, Shared())


def member_of(said: dict[str, object], core: ir.Program) -> Member:
    """A member of whom the test says some facts, which are known to be valid."""
    fields = fact_fields(core)
    omitted = [field.name for field in fields if not field.optional and field.name not in said]
    raw = {**said, **{field.name: placeholder(field, core) for field in fields if field.name in omitted}}
    facts = decode_facts(raw, core)
    assert isinstance(facts, dict), facts
    return Member(raw, Told(facts, omitted, "the member"))


def cast_of(test: tree.TestDecl, engine: Engine, find: Find) -> Cast:
    """The members at the start of a test. Whoever has something was seen on the day of the first step: what is due at
    the start of a period that holds that day was settled before."""
    core = engine.core
    mine = any(not isinstance(given, tree.GivenUsed) or of_member(given, core) for given in test.given)
    cast = Cast(core, {}, {}, {}, ME if mine else None, Shared())
    day = first_day(test, core)
    for given in test.given:
        if isinstance(given, tree.GivenMember):
            who = given.who.value if given.who is not None else ME
            cast.members[who], holding = _member(given, day, core, find)
            if holding is not None:
                cast.states.setdefault(who, State()).holdings.append(holding)
    for given in test.given:
        _give(given, cast, day, engine, find)
    for who, state in cast.states.items():
        state.since = day
        for event in engine.reference.due_events(dict(cast.member(who).facts), state, day):
            assert event.occurrence is not None
            state.settled[event.name] = event.occurrence
    return cast


def _give(given: tree.Given, cast: Cast, day: int, engine: Engine, find: Find) -> None:
    """One thing that somebody has when the test begins."""
    if isinstance(given, tree.GivenMember):
        return
    who = given.person.value if given.person is not None else cast.me
    facts = cast.member(who).facts
    keeper = Keeper(
        who or "", lambda: cast.household(who or ""), cast.states, cast.pools, cast.shared, facts, day, engine, find
    )
    match given:
        case tree.GivenTrack():
            give_track(given, keeper)
        case tree.GivenBalance():
            give_balance(given, keeper)
        case tree.GivenUsed():
            give_used(given, keeper)
        case _:
            assert_never(given)


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


def _member(given: tree.GivenMember, day: int, core: ir.Program, find: Find) -> tuple[Member, Holding | None]:
    """A member's facts, and the tier held when the test begins."""
    said: dict[str, object] = {}
    holding: Holding | None = None
    fields = {field.name: field for field in fact_fields(core)}
    for fact in given.facts:
        name = fact.name.text
        if name == "tier" and name not in fields:
            holding = _held(fact, day, core, find)
        else:
            said[name] = wire(fields.get(name, ir.FieldDef(name, "text")), fact.value, core)
    missing = {name: placeholder(field, core) for name, field in fields.items() if name not in said}
    faults = decode_facts({**missing, **said}, core)
    if isinstance(faults, tuple):
        node = next((fact for fact in given.facts if fact.name.text == faults[0].field), given)
        raise Failure(find("X513", node, what=faults[0].message))
    return member_of(said, core), holding


def _held(fact: tree.FieldValue, day: int, core: ir.Program, find: Find) -> Holding | None:
    """The tier that the member holds when the test begins; the first is everyone's."""
    rungs = [rung.name for rung in core.tiers.rungs] if core.tiers is not None else []
    value = fact.value
    until = _day(value.until.text) if isinstance(value, tree.TierUntil) and value.until is not None else None
    name = wire(ir.FieldDef("tier", "tier"), value, core)
    if name not in rungs:
        raise Failure(find("X516", fact.value, found=str(name), what="tier"))
    start = day if until is None else min(day, until)
    return Holding(name, start, until, name) if rungs.index(name) > 0 else None


__all__ = ["ME", "Cast", "Find", "Member", "cast_of", "no_cast", "scaled"]
