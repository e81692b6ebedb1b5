"""The last event of a test, from which things are returned: `when returned 2 of line "a", shipping`."""

from __future__ import annotations

import msgspec

from rules_engine import ir, tree
from rules_engine.event import Event
from rules_engine.outcome import Outcome
from rules_engine.returns import Return


class Sold(msgspec.Struct):
    """An event that was taken, what it did, and what came back of it so far."""

    event: Event
    found: Outcome
    returns: list[Return] = []


def returned_pieces(act: tree.ReturnStep, sold: Sold, core: ir.Program) -> dict[str | int, int]:
    """What a host would say is returned: pieces by a line's id; nothing named is all that has not come back yet."""
    kind = next(each for each in core.events if each.name == sold.event.name)
    left = _left(kind, sold)
    if not act.items:
        return {name: count for name, count in left.items() if count}
    pieces: dict[str | int, int] = {}
    for item in act.items:
        name = "shipping" if item.line is None else _named(item.line.value, kind)
        count = item.count if item.count is not None else left.get(name, 1)
        pieces[name] = pieces.get(name, 0) + count
    return pieces


def _named(line: str, kind: ir.EventDef) -> str | int:
    """A line by its id, or by its number where lines have none."""
    return int(line) if not kind.line_id_field and line.isdecimal() else line


def _left(kind: ir.EventDef, sold: Sold) -> dict[str | int, int]:
    """The pieces of each line that have not come back, by its id, or its number from 1 where lines have none."""
    back: dict[int, int] = {}
    for each in sold.returns:
        for line in each.lines:
            back[line.line] = back.get(line.line, 0) + line.count
    left: dict[str | int, int] = {}
    for at, fields in enumerate(sold.event.lines):
        name = str(fields[kind.line_id_field]) if kind.line_id_field else at + 1
        pieces = fields[kind.quantity_field] if kind.quantity_field else 1
        assert isinstance(pieces, int)
        left[name] = pieces - back.get(at, 0)
    if kind.shipping_field:
        left["shipping"] = 1 - back.get(len(sold.event.lines), 0)
    return left
