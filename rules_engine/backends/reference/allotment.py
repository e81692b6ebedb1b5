"""Spreading amounts over the lines of an event: the one allocation, with the header's word for odd units.

Ties go by the lines' ids; where lines have none, by their canonical values in the order of the fields, and lines that
are equal in everything by their position, which nobody can tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference.run import Line, Run
from rules_engine.event import FieldValue
from rules_engine.outcome import Award


def line_keys(kind: ir.EventDef, lines: Sequence[Line]) -> list[Any]:
    """What orders the lines of an event, whatever order they came in; all different."""
    if kind.lines is None:
        return list(range(len(lines)))
    if kind.line_id_field and all(line[kind.line_id_field] is not None for line in lines):
        return [line[kind.line_id_field] for line in lines]
    fields = [field.name for field in kind.lines.fields]
    plain = [dict(line) for line in lines]
    return [(*(_ordered(line.get(name)) for name in fields), place) for place, line in enumerate(plain)]


def _ordered(value: FieldValue) -> tuple[bool, FieldValue]:
    """Absent before present, so that values of a field can always be compared."""
    return (False, 0) if value is None else (True, value)


def parts_of(award: Award, kind: ir.EventDef, lines: Sequence[Line], header: ir.Header) -> list[int]:
    """What an award gave on each line; sums to what was given, unless no line has weight. Empty without lines."""
    if not award.weights:
        return []
    return spread(award.given, award.weights, keys=line_keys(kind, lines), remainder=header.remainder)


def part_on(rule: str, number: int, run: Run) -> int:
    """What a rule gave on one line, over all its effects."""
    kind = run.event_kind()
    assert kind is not None
    header = run.world.core.header
    found = [parts_of(award, kind, run.lines, header) for award in run.awards if award.rule == rule]
    return sum(parts[number] for parts in found if parts)
