"""What of an event could be otherwise, so that a comparison that failed would hold.

In: the part of a condition that failed, with the values that were there. Out: levers, each a quantity of the event (a
number of it or of a line, its day, a value, a code, one line more), which way it has to move and by how many steps at
a guess. A guess is exact where the comparison reads the quantity itself or a sum of it, else the search corrects it.
A step is the least that the field can say: a minor unit, one piece, one day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Noted, World
from rules_engine.calendar import day_start, local_day, local_instant
from rules_engine.event import Event, FieldValue
from rules_engine.occurrences import contains
from rules_engine.periods import anchors

_NUMBERS = ("money", "unit", "count")
_TURNED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LINES_TRIED = 6
_ITEMS_TRIED = 4
CODE_AWAY = Fraction(1, 10)
"""How near a code, a flag or another value is, beside a number that has to grow by a tenth."""

_DAYS_AWAY = 30
_DAYS_TRIED = 100
_DAY = 24 * 60 * 60


class Lever(msgspec.Struct, frozen=True):
    """A quantity of an event that may move: `way` is up or down, `guess` how many steps of it at a guess, `away` how
    far that is beside others (how much it has to grow). A `value` has no steps: it is put in the field's place."""

    kind: Literal["number", "day", "value", "code", "line"]
    field: str
    line: int | None = None
    way: int = 1
    guess: int = 1
    away: Fraction = CODE_AWAY
    value: FieldValue = None


def moved(event: Event, lever: Lever, steps: int, kind: ir.EventDef, header: ir.Header) -> Event | None:
    """The event with a lever moved by so many steps; None where the event could not be so."""
    match lever.kind:
        case "number":
            field = field_of(kind, lever)
            found = _values(event, lever).get(lever.field)
            if field is None or not isinstance(found, int) or not _fits(field, found + lever.way * steps, event):
                return None
            return _put(event, lever, found + lever.way * steps, kind)
        case "value":
            return _put(event, lever, lever.value, kind)
        case "code":
            codes = event.fields.get(lever.field) or ()
            field = field_of(kind, lever)
            if not isinstance(codes, tuple) or (field is not None and len(codes) >= field.high > 0):
                return None
            return _put(event, lever, (*codes, str(lever.value)), kind)
        case "day":
            return _on(event, event.day + lever.way * steps, kind, header)
        case "line":
            return _longer(event, lever, steps, kind)


def _fits(field: ir.FieldDef, value: int, event: Event) -> bool:
    bounds = next((each for each in field.bounds if each.currency == event.currency), None)
    low, high = (field.low, field.high) if bounds is None else (bounds.low, bounds.high)
    return low <= value <= high


def field_of(kind: ir.EventDef, lever: Lever) -> ir.FieldDef | None:
    """The definition of a lever's field."""
    inside = kind.lines.fields if kind.lines is not None and lever.line is not None else kind.fields
    return next((field for field in inside if field.name == lever.field), None)


def _values(event: Event, lever: Lever) -> dict[str, FieldValue]:
    return event.fields if lever.line is None else event.lines[lever.line]


def _put(event: Event, lever: Lever, value: FieldValue, kind: ir.EventDef) -> Event:
    fields, lines = event.fields, list(event.lines)
    if lever.line is not None and kind.lines is not None:
        lines[lever.line] = {**lines[lever.line], lever.field: value}
    else:
        fields = {**fields, lever.field: value}
        lines = lines if kind.lines is not None else [fields]
    return msgspec.structs.replace(event, fields=fields, lines=tuple(lines))


def _on(event: Event, day: int, kind: ir.EventDef, header: ir.Header) -> Event | None:
    """The event on another day, at the same time of day."""
    since, until = header.terms_from, header.terms_until
    if (since is not None and day < since) or (until is not None and day > until) or kind.schedule is not None:
        return None
    zone = header.zone or "UTC"
    dated = next(field.kind for field in kind.fields if field.name == kind.dated_by)
    instant = day_start(day, zone)
    if dated == "instant":
        instant = local_instant(day, event.instant - day_start(event.day, zone), zone)
        day = local_day(instant, zone)
    changed = _put(event, Lever("value", kind.dated_by), instant if dated == "instant" else day, kind)
    return msgspec.structs.replace(changed, day=day, instant=instant)


def _longer(event: Event, lever: Lever, steps: int, kind: ir.EventDef) -> Event | None:
    """The event with lines more, each like the one that the lever names but for its id."""
    assert lever.line is not None
    if kind.lines is None or len(event.lines) + steps > kind.lines.high:
        return None
    own = event.lines[lever.line]
    more = [{**own, **_renamed(own, kind, event, number)} for number in range(1, steps + 1)]
    name = field_of(kind, Lever("line", kind.line_id_field, lever.line))
    if name is not None and name.high and any(len(str(each[name.name])) > name.high for each in more):
        return None
    return msgspec.structs.replace(event, lines=(*event.lines, *more))


def _renamed(line: dict[str, FieldValue], kind: ir.EventDef, event: Event, number: int) -> dict[str, FieldValue]:
    if not kind.line_id_field:
        return {}
    known = {each.get(kind.line_id_field) for each in event.lines}
    names = (f"{line.get(kind.line_id_field)}-{number}{'x' * more}" for more in range(len(known) + 1))
    return {kind.line_id_field: next(name for name in names if name not in known)}


# ---- from a comparison to levers ----


class Levers:
    """The levers of one event, in one program."""

    def __init__(self, world: World, event: Event) -> None:
        self.world = world
        self.event = event
        self.kind = world.events[event.name]

    def of(self, noted: Noted, sought: bool) -> Iterator[Lever]:
        """Levers that may make the failed part of a condition as it should be, likely ones first."""
        match noted.node:
            case ir.Cmp() if len(noted.inner) == 2:
                yield from self._compared(noted.node, noted, sought)
            case ir.Reaches() as reaches if noted.moved is not None and sought:
                _, now, bound = noted.moved
                yield from self._track(reaches.track, Fraction(now), bound, ">=")
            case ir.OneOf(value=value, items=items) if sought:
                for item in items[:_ITEMS_TRIED]:
                    yield from self._set(value, item)
            case ir.Field() | ir.LineField() as flag if not isinstance(noted.value, tuple):
                yield from self._set(flag, sought)
            case ir.InPeriod(value=ir.Today() | ir.Now(), period=period):
                yield from self._in_period(self.world.periods[period], sought)
            case _:
                return

    def mark(self, loop: ir.MarksDef, now: int) -> Iterator[Lever]:
        """Levers that take a track to its next mark."""
        ahead = [mark for mark in loop.marks if mark > now]
        if ahead:
            yield from self._track(loop.track, Fraction(now), Fraction(min(ahead)), ">=")

    def code(self, code: ir.CodeDef) -> Iterator[Lever]:
        """The codes that set a rule off, presented beside the others."""
        if self.kind.codes_field:
            for text in code.texts[:1]:
                yield Lever("code", self.kind.codes_field, value=text)

    def presented(self, thing: ir.ThingDef) -> Iterator[Lever]:
        """More of what has to be presented."""
        there = self.event.fields.get(thing.field)
        missing = thing.count - (there if isinstance(there, int) else 0)
        if missing > 0 and isinstance(there, int):
            yield Lever("number", thing.field, None, 1, missing, Fraction(missing, thing.count))

    def _compared(self, node: ir.Cmp, noted: Noted, sought: bool) -> Iterator[Lever]:
        left, right = noted.inner
        op = node.op if sought else _TURNED[node.op]
        if not _numeric(left.value) or not _numeric(right.value):
            if op == "=" and isinstance(right.node, ir.Txt | ir.Flg):
                yield from self._set(left.node, right.node.value)
            return
        first, second = Fraction(left.value), Fraction(right.value)
        if op == "!=":
            yield from self._moving(left.node, 1, 1)
            return
        steps, way = _steps(op, first, second)
        yield from self._moving(left.node, way, steps)
        yield from self._moving(right.node, -way, steps)

    def _track(self, name: str, now: Fraction, bound: Fraction, op: str) -> Iterator[Lever]:
        steps, way = _steps(op, now, bound)
        yield from self._read(ir.TrackRead(ir.Origin(0, 0, 0), name), way, steps)

    def _moving(self, node: ir.Expr | ir.Stop, way: int, steps: int) -> Iterator[Lever]:
        found: dict[tuple[str, str, int | None], Lever] = {}
        for inner in ir.walk(node):
            for lever in self._read(inner, way, steps):
                found.setdefault((lever.kind, lever.field, lever.line), lever)
        yield from found.values()

    def _read(self, node: ir.Node, way: int, steps: int) -> Iterator[Lever]:
        match node:
            case ir.Field(name=name):
                yield from self._field(name, way, steps)
            case ir.LineField(name=name):
                yield from self._lines(name, way, steps)
            case ir.Picked(base=None):
                yield from self._lines(self.kind.quantity_field, way, steps)
                yield from self._more_lines(way, steps)
            case ir.LineMoney() | ir.Basis() | ir.Picked():
                yield from self._money(way, steps)
            case ir.LineQuantity():
                yield from self._lines(self.kind.quantity_field, way, steps)
            case ir.Fold(op="count", of="lines"):
                yield from self._more_lines(way, steps)
            case ir.Today():
                yield from self._days(steps if way > 0 else -steps, _DAYS_AWAY)
            case ir.TrackRead(track=name, previous=False):
                yield from self._brought(self.world.tracks[name], way, steps)
            case ir.AwardRead() | ir.AwardPart():
                yield from self._money(way, steps)
            case _:
                return

    def _brought(self, track: ir.TrackDef, way: int, steps: int) -> Iterator[Lever]:
        """What of this event goes into a track."""
        if track.given or track.used:
            yield from self._money(way, steps)
        elif self.event.name in track.events and track.value is not None:
            for inner in ir.walk(track.value):
                if not isinstance(inner, ir.TrackRead):
                    yield from self._read(inner, way, steps)

    def _field(self, name: str, way: int, steps: int) -> Iterator[Lever]:
        if name == self.kind.dated_by:
            yield from self._days(steps if way > 0 else -steps, _DAYS_AWAY)
            return
        yield from self._number(Lever("number", name, None, way, steps))

    def _money(self, way: int, steps: int) -> Iterator[Lever]:
        if not self.kind.list_field:
            return
        for lever in self._lines(self.kind.list_field, way, steps):
            pieces = self._line(lever).get(self.kind.quantity_field, 1) if self.kind.quantity_field else 1
            if self.kind.list_each and isinstance(pieces, int) and pieces > 1:
                yield msgspec.structs.replace(lever, guess=ceil(Fraction(steps, pieces)), away=lever.away / pieces)
            else:
                yield lever

    def _lines(self, name: str, way: int, steps: int) -> Iterator[Lever]:
        if self.kind.lines is None:
            yield from self._field(name, way, steps)
            return
        for place in self._places():
            yield from self._number(Lever("number", name, place, way, steps))

    def _number(self, lever: Lever) -> Iterator[Lever]:
        """A lever of a field that holds a number, which is as near as that number has to grow little."""
        field, there = field_of(self.kind, lever), self._line(lever).get(lever.field)
        if field is not None and field.kind in _NUMBERS and isinstance(there, int):
            yield msgspec.structs.replace(lever, away=Fraction(lever.guess, max(1, abs(there))))

    def _more_lines(self, way: int, steps: int) -> Iterator[Lever]:
        if way > 0 and self.kind.lines is not None:
            for place in self._places():
                yield Lever("line", "lines", place, 1, steps, Fraction(steps, max(1, len(self.event.lines))))

    def _line(self, lever: Lever) -> dict[str, FieldValue]:
        return _values(self.event, lever)

    def _places(self) -> Sequence[int]:
        return range(min(len(self.event.lines), _LINES_TRIED))

    def _days(self, steps: int, scale: int) -> Iterator[Lever]:
        away = Fraction(abs(steps), scale)
        yield Lever("day", self.kind.dated_by, None, 1 if steps > 0 else -1, abs(steps), away)

    def _in_period(self, named: ir.PeriodDef, sought: bool) -> Iterator[Lever]:
        """The nearest days, before and after, on which a period is as it should be; not where it hangs on a person."""
        if anchors(named.period):
            return
        day, instant = self.event.day, self.event.instant
        for way in (1, -1):
            moments = ((far, day + way * far, instant + way * far * _DAY) for far in range(1, _DAYS_TRIED))
            there = (far for far, on, at in moments if contains(named.period, on, self.world.calendar, at) is sought)
            far = next(there, 0)
            if far:
                yield from self._days(way * far, _DAYS_AWAY)

    def _set(self, node: ir.Expr | ir.Stop, value: str | int | bool) -> Iterator[Lever]:
        """The value that a field would have to have."""
        match node:
            case ir.Field(name=name):
                lever = Lever("value", name, value=value)
                if self._may_be(lever) and self.event.fields.get(name) != value:
                    yield lever
            case ir.LineField(name=name):
                for place in self._places():
                    lever = Lever("value", name, place if self.kind.lines is not None else None, value=value)
                    if self._may_be(lever) and self._line(lever).get(name) != value:
                        yield lever
            case ir.TierRead() | _:
                return

    def _may_be(self, lever: Lever) -> bool:
        field = field_of(self.kind, lever)
        if field is None or lever.field in (self.kind.identified_by, self.kind.owner, self.kind.line_id_field):
            return False
        match field.kind:
            case "choice":
                return lever.value in field.choices
            case "text":
                return isinstance(lever.value, str) and len(lever.value) <= (field.high or len(lever.value))
            case "flag":
                return isinstance(lever.value, bool)
            case _:
                return False


def _numeric(value: object) -> bool:
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def _steps(op: str, left: Fraction, right: Fraction) -> tuple[int, int]:
    """By how many whole steps the left side has to move so that it stands to the right one as `op` says, and which way;
    past a bound that does not count itself, exactly one step farther."""
    match op:
        case ">=":
            return ceil(right - left), 1
        case ">":
            return floor(right - left) + 1, 1
        case "<=":
            return ceil(left - right), -1
        case "<":
            return floor(left - right) + 1, -1
        case _:
            return abs(ceil(right - left)), 1 if right > left else -1
