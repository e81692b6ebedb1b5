"""What a run of generated programs has really exercised: so that a generator cannot silently stop covering something.

A definition counts as exercised when it had a result that can be seen: a rule when it gave something, a track when it
moved, the ladder when a tier changed, a match when it moved, a limit when it was used. With it count all the nodes and
periods that stand in it. Kinds of change and kinds of result are counted as they come.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import msgspec

from rules_engine import ir, periods
from rules_engine.backends import Evaluation
from rules_engine.event import Event
from rules_engine.state import (
    Change,
    HoldingBegan,
    HoldingEnded,
    KeySeen,
    LimitUsed,
    MatchMoved,
    StreakMet,
    TrackMoved,
)


class Index:
    """The definitions of one program by what outcomes call them, and the words that each counts for."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.events = {event.name: event for event in core.events}
        self.rules = {rule.key: rule for rule in core.rules}
        self.tracks = {track.key: track for track in core.tracks}
        self.units = {unit.name: unit for unit in core.units}
        self.matches = {match.key: match for match in core.matches}
        self.periods = {period.name: period for period in core.periods}
        owners: tuple[ir.RuleDef | ir.GroupDef | ir.MatchDef, ...] = (*core.rules, *core.groups, *core.matches)
        self.limits = {limit.key: limit for owner in owners for limit in owner.limits}
        self.known: dict[int, frozenset[str]] = {}

    def words(self, definition: msgspec.Struct) -> frozenset[str]:
        """The nodes, periods and settings of a definition."""
        found = self.known.get(id(definition))
        if found is None:
            found = self.known[id(definition)] = frozenset(self._words(definition))
        return found

    def _words(self, definition: msgspec.Struct) -> set[str]:
        found = set[str]()
        for each in structs(definition):
            found.add(f"node {type(each).__name__}")
            match each:
                case ir.InPeriod(period=name, instant=instant):
                    found |= self._period(name) | {f"in period, instant {instant}"}
                case ir.EdgeDay(period=name, edge=edge, next=after):
                    found |= self._period(name) | {f"edge {edge}, next {after}"}
                case ir.Window(kind=kind, period=name):
                    found.add(f"{type(definition).__name__} window {kind}")
                    found |= self._period(name) if kind == "period" else set()
                case ir.Fold(op=op):
                    found.add(f"fold {op}")
                case ir.TierRead(which=which):
                    found.add(f"tier {which}")
                case ir.TrackRead(previous=True):
                    found.add("previous track")
                case ir.TrackDef(kind=kind, by_line=by_line, by=by, given=given):
                    found.add(f"track {kind}{_day_of(by_line, by)}{' given' if given else ''}")
                case ir.LimitDef(scope=scope):
                    found.add(
                        f"limit {'by line' if scope.by_line else 'by date' if scope.by is not None else 'by event'}"
                    )
                case ir.GiveDef():
                    found |= _of_give(each)
                case ir.FallDef(what=what):
                    found.add(f"fall {what}")
                case ir.Round(mode=mode):
                    found.add(f"round {mode}")
                case _:
                    pass
        return found

    def _period(self, name: str) -> set[str]:
        found = set[str]()
        for each in structs(self.periods[name].period):
            found.add(f"period {type(each).__name__}")
        return found | ({"period with an anchor"} if self.periods[name].anchor is not None else set())


def _day_of(by_line: bool, by: ir.Expr | None) -> str:
    return " by line" if by_line else " by date" if by is not None else ""


def _of_give(give: ir.GiveDef) -> set[str]:
    named = {
        "low": give.low, "high": give.high, "steps": give.steps, "only from": give.only_from, "rounding": give.rounding,
        "pending": give.pending, "life": give.life, "or nothing": give.or_nothing or None,
        "each line": give.each_line or None, "facts": give.facts or None, "several shares": give.shares[1:] or None,
    }  # fmt: skip
    return {f"give with {name}" for name, value in named.items() if value is not None}


@lru_cache(maxsize=4096)
def _fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


def structs(value: object) -> list[msgspec.Struct]:
    """Every record inside a value, itself first."""
    if isinstance(value, msgspec.Struct):
        return [value, *(each for name in _fields(type(value)) for each in structs(getattr(value, name)))]
    if isinstance(value, tuple):
        return [each for item in value for each in structs(item)]
    return []


# ---- one evaluation


def note(index: Index, event: Event, found: Evaluation, met: Counter[str]) -> None:
    """Count what an evaluation shows."""
    met["event of a guest" if event.member is None else "event of a member"] += 1
    for award in found.awards:
        rule = index.rules[award.rule]
        met[f"{rule.kind} gave" if award.given else "gave nothing"] += 1
        met["held out"] += award.held_out
        if award.cut_by:
            met.update(_cut(index, rule, award.cut_by, award.given))
        if award.given:
            met.update(index.words(rule))
            met.update(index.words(index.units[award.unit]))
            met.update(["mark fired"] if rule.loop is not None else [])
            met.update(["weights"] if award.weights else [])
    met["late"] += found.late
    met["said"] += len(found.said)
    names = [rung.name for rung in index.core.tiers.rungs] if index.core.tiers is not None else []
    for change in found.tiers:
        met["tier up" if names.index(change.after) > names.index(change.before) else "tier down"] += 1
        assert index.core.tiers is not None
        met.update(index.words(index.core.tiers))
    for moved in found.changes:
        met[f"change {type(moved).__name__}"] += 1
        met.update(_moved(index, moved))


def _cut(index: Index, rule: ir.RuleDef, key: str, given: int) -> list[str]:
    limit = index.limits[key]
    whose = "own" if limit in rule.limits else "group"
    kind = "times" if limit.times is not None else "amount"
    return [
        f"cut by {kind} of {whose}",
        f"cut to {'some' if given else 'nothing'}",
        f"cut in window {limit.scope.window.kind}",
    ]


def _moved(index: Index, change: Change) -> frozenset[str]:
    match change:
        case TrackMoved(track=key) | StreakMet(track=key) | KeySeen(track=key):
            return index.words(index.tracks[key])
        case LimitUsed(limit=key):
            return index.words(index.limits[key])
        case MatchMoved(match=key, after=after):
            return index.words(index.matches[key]) | {f"match {after.status}"}
        case HoldingBegan(before=before):
            return frozenset({"holding prolonged" if before is not None else "holding began"})
        case HoldingEnded():
            return frozenset({"holding ended"})
        case _:
            return frozenset()


__all__ = ["Index", "note", "periods", "structs"]
