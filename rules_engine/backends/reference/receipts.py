"""What is kept of the time before an event, so that a return can work offers out again: `Opening`.

It is made where the kind of event is returnable and one of its offers is worked out again. Of facts, tracks and
balances it holds what the rules of this kind of event can read, of counters those of its offers; so scoring from it is
scoring from everything.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends.reference.advancing import advance
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.world import World
from rules_engine.event import Event, Facts
from rules_engine.outcome import Opening
from rules_engine.spelling import normal_code
from rules_engine.state import Shared, State, copied


def opening(world: World, event: Event, facts: Facts, state: State, shared: Shared | None) -> Opening | None:
    """What the rules could read before an event, once time had moved to its day; None where no return needs it."""
    offers = tuple(offer for offer in world.core.offers if event.name in offer.events)
    if not world.events[event.name].returnable or not any(_again(offer) for offer in offers):
        return None
    limits = _limits(world, offers)
    counters = Shared() if shared is None else Shared(limits=_counters(limits, shared.limits, event))
    if event.member is None:
        return Opening({}, State(), counters)
    run = Run(world, facts, state)
    for _ in advance(run, event.day):
        pass
    return Opening(_facts(world, event, facts), _state(world, event, limits, run.state), counters)


def _again(offer: ir.OfferDef) -> bool:
    return offer.on_return is not None and offer.on_return.policy == "work out again"


def _facts(world: World, event: Event, facts: Facts) -> Facts:
    names = {name for kind, name in world.reads[event.name] if kind == "member"} | {"tier"}
    return {name: value for name, value in facts.items() if name in names}


def _state(world: World, event: Event, limits: tuple[ir.LimitDef, ...], state: State) -> State:
    """The parts of a state that can be read."""
    reads = world.reads[event.name]
    tracks = {world.tracks[name].key for kind, name in reads if kind in ("track", "previous")}
    units = {name for kind, name in reads if kind in ("balance", "pending")}
    mine = copied(state)
    return replace(
        mine,
        tracks={name: values for name, values in mine.tracks.items() if name in tracks},
        keys={name: values for name, values in mine.keys.items() if name in tracks},
        streaks={name: values for name, values in mine.streaks.items() if name in tracks},
        seen={},
        limits=_counters(limits, mine.limits, event),
        lots=[lot for lot in mine.lots if lot.unit in units],
    )


# ---- counters ----


def _limits(world: World, offers: Iterable[ir.OfferDef]) -> tuple[ir.LimitDef, ...]:
    groups = {offer.group for offer in offers}
    own = [limit for offer in offers for limit in offer.limits]
    return (*own, *(limit for group in world.core.offer_groups if group.name in groups for limit in group.limits))


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
