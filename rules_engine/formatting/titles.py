"""Heads of declarations: the text before the brace or the sign, and where it ends in the user's text."""

from __future__ import annotations

from rules_engine import tree
from rules_engine.formatting.literals import quoted


def titled(kind: str, node: tree.RuleDecl | tree.MatchDecl) -> str:
    """`earn "Base points" as base was "Points"`."""
    name = f" as {node.name.text}" if node.name is not None else ""
    was = f" was {quoted(node.was)}" if node.was is not None else ""
    return f"{kind} {quoted(node.title)}{name}{was}"


def head_end(node: tree.RuleDecl | tree.MatchDecl) -> int:
    """Where the head ends in the text."""
    return max(part.span[1] for part in (node.title, node.name, node.was) if part is not None)


def signed(node: tree.Declaration) -> str | None:
    """The head before `=` of a declaration that has one."""
    match node:
        case tree.PeriodDecl():
            return f"period {node.name.text}"
        case tree.DefineDecl():
            return f"define {node.name.text}"
        case tree.TrackDecl():
            was = f" was {quoted(node.was)}" if node.was is not None else ""
            return f"track {node.name.text}{was}"
        case _:
            return None


def braced(node: tree.Declaration) -> str | None:
    """The head before the brace of a declaration whose brace aligns with its neighbours'."""
    match node:
        case tree.RuleDecl():
            return titled(node.kind, node)
        case tree.MatchDecl():
            return titled("match", node)
        case tree.GroupDecl():
            return f"group {node.name.text}"
        case _:
            return None
