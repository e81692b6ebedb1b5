"""A program with one thing changed, so that it can be seen whether a test would notice.

In: a core, a side of a point, and the nodes of the core that the point is. Out: cores in which a part of a condition is
left out, a row gives something else, a limit is gone, a rule never acts; the smallest change first. A test that passes
with all of them reaches the side and holds nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, Final

import msgspec

from rules_engine import ir
from rules_engine.workbench.points import Point, Side

Change = Callable[[Any], Any]
_GONE: Final = object()
_TRUE: Final = frozenset(("fails", "outside", "missed"))
"""The sides that a condition would not have, were it left out."""
_MISSING: Final = frozenset((("thing", "absent"), ("keys", "missing")))
"""The sides for which nothing is changed: what a rule asks for is part of what it does."""


def altered(core: ir.Program, point: Point, side: Side, nodes: Collection[int], owners: Collection[int]) -> list[Any]:
    """Cores that do otherwise where a side is reached; `nodes` and `owners` are what the point is and the rules that it
    stands in, by identity. Empty where no change is known."""
    if (point.kind, side) in _MISSING:
        return []
    at = nodes if point.kind in _CHANGES or (point.kind, side) in _CHANGES else owners
    changes = _CHANGES.get((point.kind, side)) or _CHANGES.get(point.kind) or (_never,)
    cores = [_changed(core, at, partial(change, side=side)) for change in changes]
    return [each for each in cores if each is not core]


def _changed(value: Any, nodes: Collection[int], change: Change) -> Any:
    """A value with some of its nodes changed; what has none of them inside stays the same object."""
    if isinstance(value, tuple):
        parts = [_changed(each, nodes, change) for each in value]
        if all(one is other for one, other in zip(parts, value, strict=True)):
            return value
        return tuple(each for each in parts if each is not _GONE)
    if not isinstance(value, msgspec.Struct) or isinstance(value, ir.Origin):
        return value
    if id(value) in nodes:
        return change(value)
    fields = dict(_fields(value, nodes, change))
    return msgspec.structs.replace(value, **fields) if fields else value


def _fields(value: msgspec.Struct, nodes: Collection[int], change: Change) -> Iterator[tuple[str, Any]]:
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new = _changed(old, nodes, change)
        if new is not old:
            yield name, new


# ---- changes ----


def _decided(node: Any, side: Side) -> Any:
    """A condition that always holds where it should have failed, and the other way round."""
    return ir.Flg(node.at, side in _TRUE)


def _flipped(node: Any, side: Side) -> Any:
    """A comparison that decides otherwise where both are the same, if that is on this side of it."""
    if isinstance(node, ir.Cmp) and node.op in _EQUAL[side in _TRUE]:
        return msgspec.structs.replace(node, op=_EQUAL[side in _TRUE][node.op])
    return node


_EQUAL: Final = ({">=": ">", "<=": "<"}, {">": ">=", "<": "<="})
"""By whether a comparison fails there: what it becomes without the number that it names, or with it."""


def _of_way(change: Callable[..., Any]) -> Callable[..., Any]:
    """The same change, of the condition of a way into a tier."""

    def changed(node: Any, side: Side) -> Any:
        condition = change(node.condition, side=side)
        return node if condition is node.condition else msgspec.structs.replace(node, condition=condition)

    return changed


def _never(node: Any, **_: Side) -> Any:
    """A rule that never acts."""
    return msgspec.structs.replace(node, when=ir.Flg(node.at, False)) if hasattr(node, "when") else node


def _uncoded(node: Any, **_: Side) -> Any:
    """A rule that asks for no code."""
    return msgspec.structs.replace(node, code=None) if getattr(node, "code", None) is not None else node


def _gone(*_: Any, **__: Side) -> Any:
    return _GONE


def _tenth(node: Any, **_: Side) -> Any:
    """A row that gives a tenth more."""
    return _row(node, lambda value: value * Fraction(11, 10) if value % 1 else value + max(1, abs(value) // 10))


def _triple(node: Any, **_: Side) -> Any:
    """A row that gives three times as much."""
    return _row(node, lambda value: value * 3 or Fraction(1))


def _row(node: Any, change: Callable[[Fraction], Fraction]) -> Any:
    match node:
        case ir.ChooseRow(value=ir.Num()):
            return msgspec.structs.replace(node, value=_row(node.value, change))
        case ir.Num(num=num, den=den):
            found = change(Fraction(num, den))
            return ir.Num(node.at, found.numerator, found.denominator)
        case _:
            return node


_CHANGES: Final[dict[Any, tuple[Callable[..., Any], ...]]] = {
    "condition": (_flipped, _decided),
    "dates": (_decided,),
    "tier path": (_of_way(_flipped), _of_way(_decided)),
    "row": (_tenth, _triple),
    ("limit", "reached"): (_gone,),
    ("code", "absent"): (_uncoded,),
}
"""How the nodes of a point are changed, by its kind, or its kind and side; of all others the rule never acts."""
