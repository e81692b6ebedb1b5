"""Lines of a test's event: so many of them, of such a kind, at such a price, that a sum or a count comes out.

In: a hand over a scene, and what a fold over lines should come to. Out: the lines, changed; False where they cannot be.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from rules_engine import ir
from rules_engine.workbench.scenes import usual_day, usual_line

if TYPE_CHECKING:
    from rules_engine.workbench.placing import Hand

LINES: Final = 12
"""How many lines a test is given at most to make a number."""


def fold(hand: Hand, node: ir.Fold, value: int) -> bool:
    """A sum, a count, or how many different values: over lines that the filter keeps."""
    if hand.event.lines is None:
        if node.op != "sum" or node.value is None:
            return value == 1
        return hand.on(0).put(node.value, value)
    if value <= 0:
        return none_match(hand, node.where)
    if not matching(hand, node.where):
        return False
    at = hand.line or 0
    if node.op == "sum":
        return node.value is not None and spread(hand, node.value, at, value)
    if value > min(LINES, hand.event.lines.high):
        return False
    lines = [each for number, each in enumerate(hand.scene.lines) if number == at] * value
    hand.scene.lines = [dict(each) for each in lines]
    if node.op == "distinct" and isinstance(node.value, ir.LineField):
        field = hand.cast.field(hand.scene, node.value.name, line=True)
        for number, line in enumerate(hand.scene.lines):
            choices = field.choices if field is not None else ()
            line[node.value.name] = choices[number % len(choices)] if choices else f"{'abcdefghijkl'[number]}"
    return True


def spread(hand: Hand, value: ir.Expr, at: int, total: int) -> bool:
    """A sum over one line, or over as many of its kind as it takes."""
    assert hand.event.lines is not None
    for count in (1, 2, 4, 8, LINES):
        if count > hand.event.lines.high:
            return False
        hand.scene.lines = [dict(hand.scene.lines[at]) for _ in range(count)]
        rest = total
        done = True
        for number in range(count):
            part = rest // (count - number)
            rest -= part
            done = hand.on(number).put(value, part) and done
        if done:
            return True
        at = 0
    return False


def matching(hand: Hand, where: ir.Expr | None) -> bool:
    """A line that a filter keeps is at hand."""
    if not hand.scene.lines and hand.event.lines is not None:
        day = usual_day(hand.core)
        hand.scene.lines = [usual_line(hand.event, day, hand.core, hand.scene.currency)]
    hand.line = hand.line or 0
    return where is None or hand.make(where, True)


def none_match(hand: Hand, where: ir.Expr | None) -> bool:
    """No line is kept by a filter."""
    if where is None:
        assert hand.event.lines is not None
        hand.scene.lines = []
        return hand.event.lines.low == 0
    hands = [hand.on(number) for number in range(len(hand.scene.lines))]
    made = [hand.make(where, False) for hand in hands]
    return all(made)


def price(hand: Hand, line: int, total: int) -> bool:
    """A line costs so much in all."""
    event = hand.event
    if event.lines is None:
        return hand.set(hand.scene.fields, hand.cast.field(hand.scene, event.list_field), total)
    if line >= len(hand.scene.lines):
        return False
    values = hand.scene.lines[line]
    pieces = values.get(event.quantity_field, 1) if event.list_each and event.quantity_field else 1
    field = hand.cast.field(hand.scene, event.list_field, line=True)
    if field is None:
        return False
    return hand.set(values, field, ceil(Fraction(total, max(1, pieces))))


def quantity(hand: Hand, line: int, count: int) -> bool:
    """A line has so many pieces."""
    event = hand.event
    if not event.quantity_field:
        return count == 1
    if event.lines is None:
        return hand.set(hand.scene.fields, hand.cast.field(hand.scene, event.quantity_field), count)
    field = hand.cast.field(hand.scene, event.quantity_field, line=True)
    return line < len(hand.scene.lines) and hand.set(hand.scene.lines[line], field, count)
