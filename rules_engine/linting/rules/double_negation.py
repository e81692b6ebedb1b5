"""L407: a negation of a negation."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.diagnostics import Fix
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.source import Span


def _find(view: View) -> Iterator[Found]:
    inside: set[tuple[int, Span]] = set()
    for file, node in view.nodes(tree.Not):
        plain = _plain(file, node, view) if (file, node.span) not in inside else None
        if plain is not None:
            inside |= {(file, inner.span) for inner in tree.walk(node.value) if isinstance(inner, tree.Not)}
            fix = Fix(f"write `{plain}`", node.span, plain)
            data = {"text": _one_line(view.text(file, node.span)), "plain": plain}
            yield Found(file, node.span, data, fix=fix)


def _plain(file: int, node: tree.Not, view: View) -> str | None:
    """The condition without the two negations, as it would be written; None where there are not two."""
    match node.value:
        case tree.Not(value=value):
            deeper = _plain(file, value, view) if isinstance(value, tree.Not) else None
            text = deeper or _one_line(view.text(file, value.span))
            return f"({text})" if isinstance(value, (tree.Both, tree.Either)) else text
        case tree.Is(left=left, right=right, negated=True):
            return f"{_of(file, left, view)} is {_of(file, right, view)}"
        case tree.In(left=left, right=right, negated=True):
            return f"{_of(file, left, view)} in {_of(file, right, view)}"
        case tree.InFirst(left=left, count=count, path=path, negated=True):
            return f"{_of(file, left, view)} in first {count} of {path.text}"
        case tree.IsMultiple(left=left, factor=factor, negated=True):
            return f"{_of(file, left, view)} is multiple of {factor}"
        case _:
            return None


def _of(file: int, node: tree.Node, view: View) -> str:
    return _one_line(view.text(file, node.span))


def _one_line(text: str) -> str:
    return " ".join(text.split())


LINT = Lint(
    "L407",
    "double-negation",
    "a negation of a negation",
    "`{text}` says the same as `{plain}`",
    "write the plain one",
    "Two negations have to be undone in the head by everybody who reads the rule, and one in ten gets it wrong. The "
    "plain condition means the same.",
    bad="""\
earn "Online" { on purchase   when not channel is not web   give 5 points }
""",
    good="""\
earn "Online" { on purchase   when channel is web   give 5 points }
""",
    find=_find,
    fixes=True,
)
