"""Why an event gives what it gives: the interpreter's trace, told as a tree of plain values.

In: a program, a decoded event, the member's facts and state. Out: an `Explanation`, equal to its JSON; `text()` shows
it to a person. Every rule of this kind of event is told: what it gave and how that was worked out, or why it gave
nothing, down to the part of a condition that failed and the value that was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import (
    Ending,
    GiveNoted,
    LimitNoted,
    Noted,
    Reference,
    RuleNoted,
    Slice,
    Trace,
    TrackNoted,
    WayNoted,
    duration_unit,
    parts_of,
)
from rules_engine.calendar import Duration, format_date
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award, Outcome
from rules_engine.scoring.measures import PLAIN, RUNG, Measure, Measures, decimal
from rules_engine.scoring.reasons import failing
from rules_engine.scoring.texts import Texts
from rules_engine.state import Advanced, Change, HoldingBegan, HoldingEnded, LotLapsed, MatchMoved, State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

_LINES_SHOWN = 12
_KEEPING = (ir.Add, ir.Clip, ir.Round, ir.Choose, ir.Largest)
_FORMED = (ir.Mul, ir.Across, *_KEEPING)


class ValueTold(msgspec.Struct, frozen=True):
    """A part of a rule as it is written, its value, the line (from 1) where it was read on one, what it was made of."""

    text: str
    value: str
    line: int | None = None
    inner: tuple[ValueTold, ...] = ()


class GiveTold(msgspec.Struct, frozen=True):
    """An effect: `exact` before rounding, `wanted` before limits, `given` after them; what fell on each line."""

    text: str
    unit: str
    exact: str
    wanted: str
    given: str
    rounded: str
    mark: int | None
    cut_by: str
    parts: tuple[str, ...]
    pending: str
    expires: str
    values: tuple[ValueTold, ...]


class LimitTold(msgspec.Struct, frozen=True):
    """A limit as the rule met it: what it allows, what was used in the occurrence that starts on `since`, what was
    asked and let through.
    """

    text: str
    since: str
    used: str
    room: str
    asked: str
    passed: str


class RuleTold(msgspec.Struct, frozen=True):
    """A rule or match: whether it acted, why not (`why` in a word, `because` in a sentence), and all values it read."""

    rule: str
    title: str
    kind: str
    place: str
    applied: bool
    why: str
    because: str
    values: tuple[ValueTold, ...]
    gives: tuple[GiveTold, ...]
    limits: tuple[LimitTold, ...]


class TrackTold(msgspec.Struct, frozen=True):
    """A track before and after the event, in the occurrence that holds the event's day."""

    track: str
    before: str
    after: str


class WayTold(msgspec.Struct, frozen=True):
    """A path to a tier as it was judged: whether it holds, and if not what is missing."""

    tier: str
    way: str
    day: str
    holds: bool
    because: str
    values: tuple[ValueTold, ...]


class LotTold(msgspec.Struct, frozen=True):
    """Units that the member now has: pending through a day, valid through a day, or for spans after the last of some
    events (with both, as the unit's `whichever` says)."""

    amount: str
    source: str
    pending: str
    expires: str
    spans: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Everything that happened to one event, in words and amounts; `outcome` is what `score` gives."""

    event: str
    id: str
    member: str | None
    day: str
    late: bool
    passed: tuple[str, ...]
    rules: tuple[RuleTold, ...]
    tracks: tuple[TrackTold, ...]
    tiers: tuple[str, ...]
    ways: tuple[WayTold, ...]
    lots: tuple[LotTold, ...]
    outcome: Outcome

    def text(self, rule: str = "") -> str:
        """The explanation as a tree for a person; with `rule` (its key) of that rule alone."""
        from rules_engine.scoring.telling import told

        return told(self, rule)

    def to_json(self) -> bytes:
        """The explanation as JSON text."""
        return msgspec.json.encode(self)


def explain(program: Program, reference: Reference, event: Event, facts: Facts, state: State) -> Explanation:
    """Score an event and tell how; raises `EventRefused` as scoring does."""
    trace = Trace()
    found = reference.traced(event, facts, state, trace)
    changes = {event.member: found.changes} if event.member is not None else {}
    outcome = Outcome(
        event.name, event.id, event.member, event.day, found.awards, found.tiers, changes, found.before,
        program.fingerprint, program.zones, found.late, found.said,
    )  # fmt: skip
    teller = _Teller(program, reference, event)
    return Explanation(
        event=event.name,
        id=event.id,
        member=event.member,
        day=format_date(event.day),
        late=found.late,
        passed=tuple(teller.passed(trace.endings, found.changes)),
        rules=tuple(teller.rule(noted, outcome.awards) for noted in trace.rules),
        tracks=tuple(teller.track(noted) for noted in trace.tracks if noted.before or noted.after),
        tiers=tuple(
            f"{each.before} to {each.after} from {format_date(each.since)} ({each.reason})" for each in found.tiers
        ),
        ways=tuple(map(teller.way, trace.ways)),
        lots=tuple(teller.lot(award) for award in found.awards if award.given),
        outcome=outcome,
    )


class _Teller:
    """Turns notes into words, for one event."""

    def __init__(self, program: Program, reference: Reference, event: Event) -> None:
        self.event = event
        self.world = reference.world
        self.measures = Measures(self.world, event.name)
        self.texts = Texts(program.core, program.sources)

    # ---- rules ----

    def rule(self, noted: RuleNoted, awards: tuple[Award, ...]) -> RuleTold:
        rule = noted.rule
        why, because = self._why(noted)
        own = [award for award in awards if award.rule == rule.key]
        wanted = [give for give in noted.gives if give.wanted]
        paired = dict(zip(map(id, wanted), own, strict=False))
        return RuleTold(
            rule=rule.key,
            title=rule.title,
            kind=rule.kind if isinstance(rule, ir.RuleDef) else "match",
            place=self.texts.place(rule.at),
            applied=not why,
            why=why,
            because=because,
            values=self.values(noted.inner, PLAIN if isinstance(rule, ir.RuleDef) else RUNG),
            gives=tuple(self._give(give, paired.get(id(give))) for give in noted.gives),
            limits=tuple(self._limit(limit) for limit in noted.limits),
        )

    def _why(self, noted: RuleNoted) -> tuple[str, str]:
        """Why a rule gave nothing: in a word, and in a sentence."""
        if noted.held_out:
            return "held out", "this member is held out of it, so that its effect can be measured"
        if noted.limit is not None:
            return noted.why, f"`{self.texts.of(noted.limit.at)}`{self._group(noted.limit, ' of group {}')} is used up"
        if noted.failed is not None:
            return noted.why, failing(noted.inner[-1], self.texts, self.measures) if noted.inner else ""
        if not noted.why and any(give.wanted for give in noted.gives) and not any(give.given for give in noted.gives):
            return "limit reached", "no room is left under its limits"
        return noted.why, _WORDS.get(noted.why, "")

    def _give(self, noted: GiveNoted, award: Award | None) -> GiveTold:
        measure = self.measures.unit(noted.give.unit)
        kind = self.world.events[self.event.name]
        parts = [] if award is None else parts_of(award, kind, self.event.lines, self.world.core.header)
        amount = self.measures.amount
        return GiveTold(
            text=self.texts.of(noted.give.at),
            unit=noted.give.unit,
            exact="" if noted.exact is None else amount(noted.exact, noted.give.unit),
            wanted=amount(noted.wanted, noted.give.unit),
            given=amount(noted.given, noted.give.unit),
            rounded=noted.give.rounding or self.world.units[noted.give.unit].rounding or "",
            mark=noted.mark,
            cut_by=noted.cut_by,
            parts=tuple(amount(part, noted.give.unit) for part in parts),
            pending="" if award is None or award.pending is None else format_date(award.pending),
            expires="" if award is None or award.expires is None else format_date(award.expires),
            values=_without_whole(self.values(noted.inner, measure)),
        )

    def _limit(self, noted: LimitNoted) -> LimitTold:
        measure = self.measures.unit(noted.limit.unit) if noted.limit.times is None else PLAIN
        show = self.measures.show
        return LimitTold(
            text=self._group(noted.limit, "of group {}: ") + (self.texts.of(noted.limit.at) or "limit"),
            since=format_date(noted.occurrence) if noted.limit.scope.window.kind == "period" else "",
            used=show(noted.used, measure),
            room=show(max(0, noted.room), measure),
            asked=show(noted.asked, measure),
            passed=show(noted.passed, measure),
        )

    def _group(self, limit: ir.LimitDef, words: str) -> str:
        """Whose limit it is, where that is not the rule's own."""
        groups = self.world.core.groups
        owners = (each.name for each in groups if any(limit.key == own.key for own in each.limits))
        return "".join(words.format(name) for name in owners)

    # ---- values ----

    def values(self, notes: list[Noted], expected: Measure = PLAIN) -> tuple[ValueTold, ...]:
        """Notes as values, without literals, and without a part that says the same as the whole."""
        told = [each for noted in notes for each in self._value(noted, expected)]
        return tuple(told)

    def _value(self, noted: Noted, expected: Measure) -> tuple[ValueTold, ...]:
        node = noted.node
        if isinstance(node, ir.Num | ir.Txt | ir.Flg | ir.Forever):
            return ()
        measure = self.measures.of(node)
        if measure == PLAIN and isinstance(node, _FORMED):
            measure = expected
        text = self.texts.named(node)
        value = self.measures.show(noted.value, measure)
        inner = self._inner(noted, measure)
        same = len(inner) == 1 and inner[0].text == text
        silent = isinstance(node, ir.Has) or not isinstance(noted.value, bool)
        if same and (inner[0].value == value or (measure == PLAIN and silent)):
            return inner
        line = None if noted.line is None else noted.line + 1
        return (ValueTold(text, value, line, _unwrapped(inner, text)),)

    def _inner(self, noted: Noted, measure: Measure) -> tuple[ValueTold, ...]:
        """What a value was made of, as far as it helps: a product by its factors, a day by the fields it stands on."""
        match noted.node:
            case ir.Fold():
                return self._lines(noted.node, noted.inner)
            case ir.Across(track=track):
                return tuple(self._slice(each, self.measures.track(self.world.tracks[track])) for each in noted.slices)
            case ir.Mul():
                return self.values(list(_factors(noted)))
            case ir.Choose() if isinstance(noted.value, bool) and noted.inner:
                *keys, row = noted.inner
                return self.values([*keys, *(row.inner if isinstance(row.node, ir.OneOf) else [row])])
            case ir.Reaches(track=track) if noted.moved is not None:
                measure = self.measures.track(self.world.tracks[track])
                before, now, _ = (self.measures.show(each, measure) for each in noted.moved)
                return (ValueTold(track, f"{before} -> {now}"), *self.values(noted.inner, measure))
            case ir.AddTime():
                return self.values([each for each in noted.inner if not isinstance(each.node, ir.AddTime | ir.Today)])
            case _:
                return self.values(noted.inner, measure if isinstance(noted.node, _KEEPING) else PLAIN)

    def _slice(self, part: Slice, measure: Measure) -> ValueTold:
        show = self.measures.show
        bounds = f"from {show(part.start, measure)} to {show(part.end, measure)}"
        return ValueTold(bounds, f"{show(part.end - part.start, measure)} at {decimal(part.rate * 100)}%")

    def _lines(self, fold: ir.Fold, notes: list[Noted]) -> tuple[ValueTold, ...]:
        """A fold line by line: what a line brings, or why it is left out."""
        told: list[ValueTold] = []
        for noted in notes:
            if noted.node is not fold.where:
                told += self._value(noted, PLAIN)
            elif noted.value is False:
                because = failing(noted, self.texts, self.measures)
                told.append(ValueTold("left out", because, (noted.line or 0) + 1))
        told.sort(key=lambda each: each.line or 0)
        return _some(tuple(told), len(self.event.lines))

    # ---- the rest ----

    def track(self, noted: TrackNoted) -> TrackTold:
        measure = self.measures.track(noted.track)
        show = self.measures.show
        return TrackTold(noted.track.name, show(noted.before, measure), show(noted.after, measure))

    def way(self, noted: WayNoted) -> WayTold:
        tiers = self.world.core.tiers
        assert tiers is not None
        tier = tiers.rungs[noted.rung].name
        because = "" if noted.holds else failing(noted.inner[-1], self.texts, self.measures)
        values = self.values(noted.inner)
        return WayTold(tier, noted.way.name or tier, format_date(noted.day), noted.holds, because, values)

    def lot(self, award: Award) -> LotTold:
        pending = "" if award.pending is None else format_date(award.pending)
        expires = "" if award.expires is None else format_date(award.expires)
        spans = tuple(map(_span, self.world.units[award.unit].lives))
        amount = self.measures.amount(award.given, award.unit)
        return LotTold(amount, award.rule, pending, expires, tuple(filter(None, spans)))

    def passed(self, endings: list[Ending], changes: tuple[Change, ...]) -> Iterator[str]:
        """What time did before the event: its changes stand before the one that moves the day."""
        for ending in endings:
            if ending.kind == "review":
                yield f"tiers were judged at the end of {ending.what}, {format_date(ending.day)}"
        places = [place for place, change in enumerate(changes) if isinstance(change, Advanced)]
        for change in changes[: places[0]] if places else ():
            yield from self._passed(change)

    def _passed(self, change: Change) -> Iterator[str]:
        match change:
            case LotLapsed(lot=lot, day=day):
                yield f"{self.measures.amount(lot.left, lot.unit)} from {lot.source} lapsed after {format_date(day)}"
            case HoldingEnded(holding=holding):
                until = "" if holding.until is None else f" after {format_date(holding.until)}"
                yield f"{holding.tier} ({holding.reason}) ended{until}"
            case HoldingBegan(holding=holding):
                until = "for good" if holding.until is None else f"until {format_date(holding.until)}"
                yield f"{holding.tier} ({holding.reason}) from {format_date(holding.start)} {until}"
            case MatchMoved(match=match, after=after):
                yield f"the trial of {match} was judged after {format_date(after.trial_until)}: {after.status}"
            case _:
                return


def _span(life: ir.UnitLife) -> str:
    if not life.after_last:
        return ""
    return f"{Duration(life.count, duration_unit(life.unit))} after the last {' or '.join(life.after_last)}"


def _factors(noted: Noted) -> Iterator[Noted]:
    for each in noted.inner:
        yield from _factors(each) if isinstance(each.node, ir.Mul) else (each,)


def _unwrapped(values: tuple[ValueTold, ...], text: str) -> tuple[ValueTold, ...]:
    """The parts of a whole; a part of the same words says nothing new, and is told by its own parts, once each."""
    found: dict[ValueTold, None] = {}
    for each in values:
        found.update(dict.fromkeys([each] if each.text != text or each.line else each.inner))
    return tuple(found)


def _without_whole(values: tuple[ValueTold, ...]) -> tuple[ValueTold, ...]:
    """The parts of an amount: the amount itself is told already."""
    return values[0].inner if len(values) == 1 and values[0].inner else values


def _some(values: tuple[ValueTold, ...], lines: int) -> tuple[ValueTold, ...]:
    """Of an event with many lines only the first are told."""
    if lines <= _LINES_SHOWN:
        return values
    kept = tuple(each for each in values if each.line is None or each.line <= _LINES_SHOWN)
    return (*kept, ValueTold(f"and {lines - _LINES_SHOWN} more lines", ""))


_WORDS = {
    "no member": "the event has no member",
    "no mark reached": "this event reached no mark that was not reached before",
    "no award": "its table says `no award`",
    "nothing offered": "the event offers nothing",
    "nothing to give": "its amount is nothing",
}
