"""What is kept of the time before an event, so that a return can work rules out again: `Opening`.

It is made where the kind of event is returnable and one of its rules is worked out again. Of facts, tracks and balances
it holds what the rules of this kind of event can read, give or take, of counters those of its rules; so scoring from it
is scoring from everything. Where only offers are worked out again, it holds what they need and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends.reference.advancing import advance
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.world import World
from rules_engine.event import Event, Facts
from rules_engine.outcome import Opening, People
from rules_engine.spelling import normal_code
from rules_engine.state import Shared, State, copied

Rules: TypeAlias = "tuple[ir.OfferDef | ir.RuleDef, ...]"


def opening(
    world: World, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None = None
) -> Opening | None:
    """What the rules could read before an event, once time had moved to its day; None where no return needs it."""
    offers: Rules = tuple(offer for offer in world.core.offers if event.name in offer.events)
    rules: Rules = tuple(rule for rule in world.core.rules if event.name in rule.events)
    if not world.events[event.name].returnable or not any(_again(rule) for rule in (*offers, *rules)):
        return None
    asked = (*offers, *rules) if any(_again(rule) for rule in rules) else offers
    limits = _limits(world, asked)
    counters = Shared() if shared is None else Shared(limits=_counters(limits, shared.limits, event))
    if event.member is None:
        return Opening({}, State(), counters)
    run = Run(world, facts, state)
    for _ in advance(run, event.day):
        pass
    own = _state(world, event, asked, run.state)
    if people is None:
        return Opening(_facts(world, event, facts), own, counters)
    states = {who: _state(world, event, asked, each) for who, each in people.states.items()}
    pool = None if people.pool is None else _state(world, event, asked, people.pool)
    return Opening(_facts(world, event, facts), own, counters, People(people.facts, states, pool))


def _again(rule: ir.OfferDef | ir.RuleDef) -> bool:
    return rule.on_return is not None and rule.on_return.policy == "work out again"


def _facts(world: World, event: Event, facts: Facts) -> Facts:
    """What is read of the member; also through a field that may name another, since who names themselves is meant."""
    reads = world.reads[event.name]
    names = {name.rpartition(".")[2] for kind, name in reads if kind in ("member", "person")}
    names |= {"tier", world.core.household}
    return {name: value for name, value in facts.items() if name in names}


def _state(world: World, event: Event, asked: Rules, state: State) -> State:
    """The parts of a state that can be read, and the units that these rules can take."""
    reads = world.reads[event.name]
    read = {name for kind, name in reads if kind in ("track", "previous", "keys", "previous keys")}
    tracks = {world.tracks[name].key for name in read}
    units = {name for kind, name in reads if kind in ("balance", "pending")} | _units(asked)
    seen = tracks if any(isinstance(rule, ir.RuleDef) for rule in asked) else set()
    mine = copied(state)
    return replace(
        mine,
        tracks={name: values for name, values in mine.tracks.items() if name in tracks},
        keys={name: values for name, values in mine.keys.items() if name in tracks},
        streaks={name: values for name, values in mine.streaks.items() if name in tracks},
        keyed={name: values for name, values in mine.keyed.items() if name in tracks},
        seen={name: values for name, values in mine.seen.items() if name in seen},
        limits=_counters(_limits(world, asked), mine.limits, event),
        lots=[lot for lot in mine.lots if lot.unit in units],
        debts={name: count for name, count in mine.debts.items() if name.split(" ")[0] in units},
    )


def _units(asked: Rules) -> set[str]:
    """The units that rules take."""
    things = {rule.thing.unit for rule in asked if rule.thing is not None}
    effects = [effect for rule in asked if isinstance(rule, ir.RuleDef) for effect in rule.effects]
    return things | {each.unit for each in effects if isinstance(each, ir.AcceptDef | ir.DeductDef | ir.TurnDef)}


# ---- counters ----


def _limits(world: World, rules: Iterable[ir.OfferDef | ir.RuleDef]) -> tuple[ir.LimitDef, ...]:
    mine = tuple(rules)
    groups = {rule.group for rule in mine}
    own = [limit for rule in mine for limit in rule.limits]
    shared: tuple[ir.OfferGroupDef | ir.GroupDef, ...] = (*world.core.offer_groups, *world.core.groups)
    return (*own, *(limit for group in shared if group.name in groups for limit in group.limits))


def _counters(
    limits: tuple[ir.LimitDef, ...], used: dict[str, dict[int, int]], event: Event
) -> dict[str, dict[int, int]]:
    """The counters of these limits; of those that go by a code or a field, the ones of the event's codes and fields."""
    sent = event.fields
    codes = {normal_code(str(code)) for field in sent.values() if isinstance(field, tuple) for code in field}
    return {
        name: dict(values) for name, values in used.items() if any(_is_of(name, each, event, codes) for each in limits)
    }


def _is_of(name: str, limit: ir.LimitDef, event: Event, codes: set[str]) -> bool:
    if name != limit.key and not name.startswith(f"{limit.key} "):
        return False
    values = name.removeprefix(limit.key)
    for key in limit.keys:
        if isinstance(key, ir.CodeRead) and codes.isdisjoint(values.split(" ")):
            return False
        sent = event.fields.get(key.name) if isinstance(key, ir.Field) else None
        if isinstance(sent, str) and sent not in values:
            return False
    return True
