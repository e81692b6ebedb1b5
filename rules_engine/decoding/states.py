"""States: `decode_state(raw, program)` gives a `State` that this program can go on from, or every reason why not.

A state speaks of tracks, units and tiers by name. One that the program lacks is refused, because going on without it
would silently forget what a member has: a renamed track says `was`, and its old name is taken over here. Counters of
limits and matches of rules that are gone are kept as they are: no rule reads them, and a rule that comes back goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding.faults import clean, fault, hint
from rules_engine.decoding.fields import VALUE_MAX
from rules_engine.decoding.held import Broken, kept_otherwise, never_settled, too_many, wrong_facts, wrong_keys
from rules_engine.decoding.stored import Form, builtins, read
from rules_engine.outcome import Fault
from rules_engine.state import State

_FORM: Final = Form(State, "state", "a state has", "V130", "V131")
_POOL: Final = Form(State, "pool", "a state has", "V130", "V131")
_STATUSES = ("trial", "kept", "ended")
_Value = TypeVar("_Value")


def encode_state(state: State) -> dict[str, Any]:
    """A state as JSON values; `decode_state` gives it back."""
    return builtins(state)


def decode_state(raw: object, program: ir.Program, who: str = "", *, pool: bool = False) -> State | tuple[Fault, ...]:
    """The state that a host stored, or its faults. `None` is the state of an owner who has none yet. `who` is another
    member than the event's own, or says which pool; a `pool` is a household's."""
    form = _POOL if pool else _FORM
    form = replace(form, name=f"{form.name} of `{clean(who)}`") if who else form
    state = read(raw, form)
    if raw is None or not isinstance(state, State):
        return state
    renamed = _renamed(state, program)
    faults = (
        *_unknown_names(renamed, program, form),
        *_misplaced(renamed, program, form, pool),
        *kept_otherwise(renamed, program, form.place),
        *(form.fault(where, reason) for where, reason in _impossible(renamed, program)),
    )
    return faults or renamed


# ---- names ----


def _renamed(state: State, program: ir.Program) -> State:
    """The state with the present names of tracks, limits, matches and rules that say what they were. Schedules have no
    other names than their words: one that is gone is kept, as counters are, and goes on where it comes back."""
    rules = {rule.was: rule.key for rule in program.rules if rule.was}
    tracks = {track.was: track.key for track in program.tracks if track.was}
    matches = {match.was: match.key for match in program.matches if match.was}
    return State(
        version=state.version,
        day=state.day,
        tracks=_moved(state.tracks, tracks),
        keys=_moved(state.keys, tracks),
        streaks=_moved(state.streaks, tracks),
        seen=_moved(state.seen, tracks),
        limits=renamed_limits(state.limits, program),
        holdings=[replace(each, reason=matches.get(each.reason, each.reason)) for each in state.holdings],
        matches=_moved(state.matches, matches),
        lots=[replace(each, source=rules.get(each.source, each.source)) for each in state.lots],
        last=dict(state.last),
        since=state.since,
        settled=_settled(state.settled, program),
        keyed=_moved(state.keyed, tracks),
        debts=dict(state.debts),
    )


def _settled(settled: Mapping[str, int], program: ir.Program) -> dict[str, int]:
    """What was settled. A schedule that the state does not know goes on where the same edge of the same period was
    settled so far after a delay that the program no longer has: with a new delay nothing happens twice."""
    found = dict(settled)
    gone = settled.keys() - {event.name for event in program.events}
    for event in program.events:
        if event.schedule is not None and event.name not in settled:
            last = [settled[name] for name in gone if _edge_of(name) == _edge_of(event.name)]
            if last:
                found[event.name] = max(last)
    return found


def _edge_of(schedule: str) -> str:
    return schedule.partition(", settled after")[0]


def renamed_limits(limits: Mapping[str, _Value], program: ir.Program) -> dict[str, _Value]:
    """Counters under the present keys of their limits; the values of a limit's keys follow its key after a blank."""
    found: dict[str, str] = {}
    for old, limit in _old_limits(program):
        for name in limits:
            if name == old or (limit.keys and name.startswith(f"{old} ")):
                found[name] = limit.key + name.removeprefix(old)
    return _moved(limits, found)


def _old_limits(program: ir.Program) -> Iterator[tuple[str, ir.LimitDef]]:
    """The key that each limit of a renamed rule had, and the limit."""
    renamed: tuple[ir.RuleDef | ir.MatchDef | ir.OfferDef, ...] = (*program.rules, *program.matches, *program.offers)
    for rule in renamed:
        for limit in rule.limits:
            if rule.was and limit.key.startswith(rule.key):
                yield rule.was + limit.key.removeprefix(rule.key), limit


def _moved(named: Mapping[str, _Value], renamed: Mapping[str, str]) -> dict[str, _Value]:
    """The same by present names; what stands under a present name already is not overwritten by the old."""
    moved = {name: value for name, value in named.items() if name not in renamed}
    for name, value in named.items():
        if name in renamed:
            moved.setdefault(renamed[name], value)
    return moved


def _unknown_names(state: State, program: ir.Program, form: Form[State]) -> Iterator[Fault]:
    tracks = {track.key for track in program.tracks}
    yield from _strangers(
        "track", {*state.tracks, *state.keys, *state.streaks, *state.seen, *state.keyed}, tracks, form
    )
    held_units = {lot.unit for lot in state.lots} | {_unit_of(name) for name in state.debts}
    yield from _strangers("unit", held_units, {unit.name for unit in program.units}, form)
    rungs = {rung.name for rung in program.tiers.rungs} if program.tiers is not None else set()
    held = {holding.tier for holding in state.holdings}
    tried = {match.tier for each in state.matches.values() for match in each if match.status == "trial"}
    yield from _strangers("tier", held | tried, rungs, form)


def _unit_of(debt: str) -> str:
    """The unit of a debt, which in a pool kept apart says whose it is: `points m-7`."""
    return debt.split(" ", 1)[0]


def _strangers(what: str, found: Iterable[str], known: set[str], form: Form[State]) -> Iterator[Fault]:
    for name in sorted(set(found) - known):
        near, word = hint(name, sorted(known), f"{what}s"), clean(name)
        mend = f'if it was renamed, write `was "{word}"` on it' if what == "track" else f"keep the name of a {what}"
        yield fault("V132", form.place, f"{what} {word}", what=what, found=word, hint=near, mend=mend)


def _misplaced(state: State, program: ir.Program, form: Form[State], pool: bool) -> Iterator[Fault]:
    """What stands in the state of a member and belongs to a household's, or the other way round."""
    owner: str = "household" if pool else "member"
    units = {unit.name for unit in program.units if unit.owner != owner}
    tracks = {track.key for track in program.tracks if track.owner != owner}
    apart = {unit.name for unit in program.units if unit.apart}
    named = {*state.tracks, *state.keys, *state.streaks, *state.seen, *state.keyed}
    wrong = sorted(named & tracks)
    wrong += sorted(
        {lot.unit for lot in state.lots} & units | {name for name in state.debts if _unit_of(name) in units}
    )
    for name in wrong:
        yield fault("V133", form.place, name, found=clean(name), right="a member" if pool else "a household")
    for number, lot in enumerate(state.lots):
        if lot.unit not in units and bool(lot.holder) != (pool and lot.unit in apart):
            reason = "says whose it is, and is not kept apart" if lot.holder else "does not say whose it is"
            yield form.fault(f"lots[{number}]", f"a lot of `{clean(lot.unit)}` {reason}")
    for name in state.debts:
        unit = _unit_of(name)
        if unit not in units and (name != unit) != (pool and unit in apart):
            reason = "says whose it is, and is not kept apart" if name != unit else "does not say whose it is"
            yield form.fault(f"debts.{clean(name)}", f"a debt of `{clean(unit)}` {reason}")


# ---- values ----


def _impossible(state: State, program: ir.Program) -> Iterator[Broken]:
    """Values of the right shape that this program cannot have stored."""
    for name, day in (("day", state.day), ("since", state.since)):
        if day is not None:
            yield from _day(name, day)
    for part, counted in (("tracks", state.tracks), ("seen", state.seen), ("limits", state.limits)):
        for name, by_day in counted.items():
            for day, value in by_day.items():
                where = f"{part}.{clean(name)}"
                yield from _day(where, day)
                if abs(value) > VALUE_MAX:
                    yield where, "a number beyond 2^62"
                elif value < 0 and part == "limits":
                    yield where, f"{value} was used of a limit, which is less than nothing"
    for name, days in state.keys.items():
        for day in days:
            yield from _day(f"keys.{clean(name)}", day)
    for name, met in state.streaks.items():
        for day in (*met, *met.values()):
            yield from _day(f"streaks.{clean(name)}", day)
    for part, by_name in (("last", state.last), ("settled", state.settled)):
        for name, day in by_name.items():
            yield from _day(f"{part}.{clean(name)}", day)
    yield from _impossible_keyed(state)
    yield from _impossible_debts(state)
    yield from wrong_keys(state, program)
    yield from never_settled(state)
    yield from _impossible_lots(state)
    yield from too_many(state.lots)
    yield from wrong_facts(state.lots, program)
    yield from _impossible_holdings(state)


def _impossible_keyed(state: State) -> Iterator[Broken]:
    for name, by_day in state.keyed.items():
        for day, values in by_day.items():
            yield from _day(f"keyed.{clean(name)}", day)
            for key, value in values.items():
                if abs(value) > VALUE_MAX:
                    yield f"keyed.{clean(name)}.{clean(key)}", "a number beyond 2^62"


def _impossible_debts(state: State) -> Iterator[Broken]:
    for name, owed in state.debts.items():
        if owed <= 0:
            yield f"debts.{clean(name)}", f"{max(owed, -VALUE_MAX)} is owed, and a debt is more than nothing"
        elif owed > VALUE_MAX:
            yield f"debts.{clean(name)}", "a number beyond 2^62"


def _impossible_lots(state: State) -> Iterator[Broken]:
    for number, lot in enumerate(state.lots):
        where = f"lots[{number}]"
        if not 0 <= lot.left <= VALUE_MAX:
            yield where, f"{lot.left} is left, which no lot can have" if abs(lot.left) < VALUE_MAX else "too much"
        for day in (lot.earned, lot.pending, lot.expires):
            if day is not None:
                yield from _day(where, day)


def _impossible_holdings(state: State) -> Iterator[Broken]:
    for number, held in enumerate(state.holdings):
        where = f"holdings[{number}]"
        yield from _day(where, held.start)
        if held.until is not None:
            yield from _day(where, held.until)
    for name, tried in state.matches.items():
        for match in tried:
            where = f"matches.{clean(name)}"
            yield from _day(where, match.start)
            yield from _day(where, match.trial_until)
            if match.status not in _STATUSES:
                yield where, f"a match is `trial`, `kept` or `ended`, not `{clean(match.status)}`"


def _day(where: str, day: int) -> Iterator[Broken]:
    if not FIRST_DAY <= day < END_DAY:
        yield where, "a day outside the years 1 to 9999"
