"""The values that a rule read, told as they are written and made: what hangs below an amount or a condition.

In: the interpreter's notes. Out: `ValueTold`s, without literals, and without a part that says the same as its whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules_engine import ir
from rules_engine.backends.reference import Noted, Slice
from rules_engine.event import Event
from rules_engine.scoring.measures import PLAIN, Measure, Measures, decimal
from rules_engine.scoring.reasons import failing
from rules_engine.scoring.texts import Texts
from rules_engine.scoring.told import ValueTold

_LINES_SHOWN = 12
_KEYS_SHOWN = 12
_KEEPING = (ir.Add, ir.Clip, ir.Round, ir.Choose, ir.Largest)
_FORMED = (ir.Mul, ir.Across, *_KEEPING)
_SILENT = (ir.Num, ir.Txt, ir.Flg, ir.PerCurrency, ir.Forever)


class Values:
    """Turns noted expressions into values in words, for one event."""

    def __init__(self, event: Event, measures: Measures, texts: Texts) -> None:
        self.event = event
        self.measures = measures
        self.world = measures.world
        self.texts = texts

    def told(self, notes: list[Noted], expected: Measure = PLAIN) -> tuple[ValueTold, ...]:
        """Notes as values, without literals, and without a part that says the same as the whole."""
        told = [each for noted in notes for each in self._value(noted, expected)]
        return tuple(told)

    def _value(self, noted: Noted, expected: Measure) -> tuple[ValueTold, ...]:
        node = noted.node
        if isinstance(node, _SILENT):
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
        if noted.line == len(self.event.lines):  # the line that the event's own shipping makes
            text, line = f"shipping: {text}", None
        return (ValueTold(text, value, line, _unwrapped(inner, text)),)

    def _inner(self, noted: Noted, measure: Measure) -> tuple[ValueTold, ...]:
        """What a value was made of, as far as it helps: a product by its factors, a day by the fields it stands on."""
        match noted.node:
            case ir.Fold():
                return self._lines(noted.node, noted.inner)
            case ir.Across(track=track):
                return tuple(self._slice(each, self.measures.track(self.world.tracks[track])) for each in noted.slices)
            case ir.KeyFold(track=track):
                return self._keys(noted.keys, self.measures.track(self.world.tracks[track]))
            case ir.Mul():
                return self.told(list(_factors(noted)))
            case ir.Choose() if isinstance(noted.value, bool) and noted.inner:
                *keys, row = noted.inner
                return self.told([*keys, *(row.inner if isinstance(row.node, ir.OneOf) else [row])])
            case ir.Reaches(track=track) if noted.moved is not None:
                measure = self.measures.track(self.world.tracks[track])
                before, now, _ = (self.measures.show(each, measure) for each in noted.moved)
                return (ValueTold(track, f"{before} -> {now}"), *self.told(noted.inner, measure))
            case ir.Cmp(left=left, right=right):
                return self.told(noted.inner, self.measures.first((left, right)))
            case ir.AddTime():
                return self.told([each for each in noted.inner if not isinstance(each.node, ir.AddTime | ir.Today)])
            case _:
                return self.told(noted.inner, measure if isinstance(noted.node, _KEEPING) else PLAIN)

    def _keys(self, found: list[tuple[Any, int]], measure: Measure) -> tuple[ValueTold, ...]:
        """The keys that a fold took, with their numbers."""
        show = self.measures.show
        told = [ValueTold(show(key, PLAIN), show(number, measure)) for key, number in found[:_KEYS_SHOWN]]
        more = [ValueTold(f"and {len(found) - _KEYS_SHOWN} more", "")] if len(found) > _KEYS_SHOWN else []
        return (*told, *more)

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


def _factors(noted: Noted) -> Iterator[Noted]:
    for each in noted.inner:
        yield from _factors(each) if isinstance(each.node, ir.Mul) else (each,)


def _unwrapped(values: tuple[ValueTold, ...], text: str) -> tuple[ValueTold, ...]:
    """The parts of a whole; a part of the same words says nothing new, and is told by its own parts, once each."""
    found: dict[ValueTold, None] = {}
    for each in values:
        found.update(dict.fromkeys([each] if each.text != text or each.line else each.inner))
    return tuple(found)


def without_whole(values: tuple[ValueTold, ...]) -> tuple[ValueTold, ...]:
    """The parts of an amount: the amount itself is told already."""
    return values[0].inner if len(values) == 1 and values[0].inner else values


def _some(values: tuple[ValueTold, ...], lines: int) -> tuple[ValueTold, ...]:
    """Of an event with many lines only the first are told."""
    if lines <= _LINES_SHOWN:
        return values
    kept = tuple(each for each in values if each.line is None or each.line <= _LINES_SHOWN)
    return (*kept, ValueTold(f"and {lines - _LINES_SHOWN} more lines", ""))
