"""A tree with some of its nodes changed.

In: a node, and what becomes of one (None: it stays, and what stands below it is looked at). Out: a node.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rules_engine import tree


def rewritten(node: tree.Node, change: Callable[[tree.Node], tree.Node | None]) -> tree.Node:
    """The node, or what became of it, with everything below it made so."""
    made = change(node)
    if made is not None:
        return made
    changed: dict[str, object] = {}
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if isinstance(value, tree.Node):
            changed[field] = rewritten(value, change)
        elif isinstance(value, tuple) and any(isinstance(each, tree.Node) for each in value):
            changed[field] = tuple(rewritten(x, change) if isinstance(x, tree.Node) else x for x in value)
    return msgspec.structs.replace(node, **changed) if changed else node
