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


def shifted(root: N, by: int) -> N | None:
    """The node with its spans, and those of all below it, moved; None where it nests too deep to be followed."""
    try:
        moved: N = _moved(root, by)
    except RecursionError:
        return None
    return moved


def _moved(node: Any, by: int) -> Any:
    kind: type[Node] = type(node)
    parts = list(astuple(node))
    start, end = parts[0]
    parts[0] = (start + by, end + by)
    for at in _deep(kind):
        value = parts[at]
        if value is None:
            continue
        if type(value) is tuple:
            parts[at] = _each_moved(value, by)
        elif isinstance(value, Node):
            parts[at] = _moved(value, by)
    return kind(*parts)


def _each_moved(values: tuple[Any, ...], by: int) -> tuple[Any, ...]:
    return tuple(
        [
            _moved(value, by) if isinstance(value, Node) else _each_moved(value, by) if type(value) is tuple else value
            for value in values
        ]
    )


@cache
def _deep(kind: type[Node]) -> tuple[int, ...]:
    """The places of the fields of a kind of node that may hold nodes."""
    kinds: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        kinds.update(getattr(base, "__annotations__", {}))
    return tuple(
        at
        for at, name in enumerate(kind.__struct_fields__)
        if name != "span" and not set(str(kinds[name]).replace("|", " ").split()) <= _PLAIN
    )
