"""What is declared and named by nobody: what several lints look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.linting.view import View

Named = TypeVar(
    "Named", tree.DefineDecl, tree.PeriodDecl, tree.TableDecl, tree.TrackDecl, tree.UnitDecl, tree.EventDecl
)


def unused(view: View, kind: type[Named], shown: type[tree.Node] | None = None) -> Iterator[tuple[int, Named]]:
    """The program's own declarations of a kind that no other declaration names. Tests do not count, but for the nodes
    in which they show that something is wanted for its own sake (`shown`)."""
    wanted = _shown(view, shown) if shown is not None else frozenset()
    for number, one in enumerate(view.checked.ones):
        node = one.entry.declaration
        if isinstance(node, kind) and one.entry.file in view.own:
            words = [each.text for each in (node.name, getattr(node, "plural", None)) if each is not None]
            users = frozenset[int]().union(*(view.mentions.get(word, ()) for word in words))
            if users <= {number} and node.name.text not in wanted:
                yield one.entry.file, node


def _shown(view: View, kind: type[tree.Node]) -> frozenset[str]:
    """The names that stand directly in nodes of one kind in the tests."""
    found = (each for _, test in view.tests for each in tree.walk(test) if isinstance(each, kind))
    return frozenset(name.text for each in found for name in tree.children(each) if isinstance(name, tree.Name))


def removed(view: View, file: int, node: tree.DefineDecl | tree.PeriodDecl | tree.TableDecl) -> Fix:
    """The mend that takes a declaration out, with the comments directly above it."""
    source = view.source(file)
    own = {source.place(each.span[0]).line for each in view.checked.files[file].parsed.file.comments if each.own_line}
    line = source.place(node.span[0]).line
    while line - 1 in own:
        line -= 1
    start = node.span[0] - sum(len(source.line(each)) + 1 for each in range(line, source.place(node.span[0]).line))
    return view.without(file, (start, node.span[1]), f"take out `{node.name.text}`")
