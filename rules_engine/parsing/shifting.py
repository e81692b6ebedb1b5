"""A tree moved to another place of its file: the same nodes with all spans shifted.

In: a node and how far its text moved. Out: a new node. An edit near the top of a long file moves everything below it;
this is several times faster than to read it again. Which fields of a node can hold nodes is found once for each kind.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from msgspec.structs import astuple

from rules_engine.tree import Node

N = TypeVar("N", bound=Node)

_PLAIN = {"str", "int", "bool", "None", "Span"}


def shifted(root: N, by: int) -> N:
    """The node with its spans, and those of all below it, moved. Nothing recurses: parents wait for their parts."""
    moved: dict[int, Any] = {}
    stack: list[Any] = [root]
    order: list[Any] = []
    while stack:
        top = stack.pop()
        order.append(top)
        if type(top) is tuple:
            stack += [each for each in top if isinstance(each, (Node, tuple))]
            continue
        for at in _deep(type(top)):
            value = getattr(top, at)
            if isinstance(value, (Node, tuple)):
                stack.append(value)
    for each in reversed(order):
        if type(each) is tuple:
            moved[id(each)] = tuple([moved.get(id(part), part) for part in each])
            continue
        start, end = each.span
        parts = [moved.get(id(part), part) for part in astuple(each)]
        parts[0] = (start + by, end + by)
        moved[id(each)] = type(each)(*parts)
    return moved[id(root)]  # type: ignore[no-any-return]


@cache
def _deep(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    kinds: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        kinds.update(getattr(base, "__annotations__", {}))
    return tuple(
        name
        for name in kind.__struct_fields__
        if name != "span" and not set(str(kinds[name]).replace("|", " ").split()) <= _PLAIN
    )
