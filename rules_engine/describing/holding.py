"""What is left of a condition once the tier is known.

In: a condition, the tier, all tiers lowest first, defines by name. Out: True or False where the tier alone decides,
else the condition without what the tier has decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Final

import msgspec

from rules_engine import tree

_ORDER: Final = {">=": ge, ">": gt, "<=": le, "<": lt, "=": eq, "!=": ne}


class Standing(msgspec.Struct, frozen=True):
    """A tier among the others, and what names mean."""

    rung: str
    rungs: Sequence[str]
    defines: Mapping[str, tree.Node]


def is_tier(node: tree.Node) -> bool:
    """Whether a node reads the member's tier."""
    held = isinstance(node, tree.TierOf) and node.which == "held"
    return held or (isinstance(node, tree.Path) and node.text == "tier")


def left_of(condition: tree.Expr | None, known: Standing) -> tree.Expr | bool:
    """A condition for who holds the tier.

    >>> from rules_engine.parsing import parse
    >>> from rules_engine.source import Source
    >>> text = "language 1\\ndefine some = tier >= Silver and (tier is Gold or net >= 5 GBP)\\n"
    >>> some = parse(Source("x.rules", text)).file.declarations[1].value
    >>> rungs = ["Basic", "Silver", "Gold"]
    >>> [type(left).__name__ for left in (left_of(some, Standing(rung, rungs, {})) for rung in rungs)]
    ['bool', 'Compare', 'bool']
    """
    match condition:
        case None:
            return True
        case tree.Both(parts=parts):
            return _joined(condition, [left_of(part, known) for part in parts], decides=False)
        case tree.Either(parts=parts):
            return _joined(condition, [left_of(part, known) for part in parts], decides=True)
        case tree.Not(value=value):
            left = left_of(value, known)
            return not left if isinstance(left, bool) else msgspec.structs.replace(condition, value=left)
        case tree.Bracket(value=value, mods=()):
            return left_of(value, known)
        case tree.Path(parts=(tree.Name(text=name),)) if name in known.defines:
            return _named(condition, known)
        case _:
            decided = _decided(condition, known)
            return condition if decided is None else decided


def _joined(node: tree.Both | tree.Either, lefts: Sequence[tree.Expr | bool], decides: bool) -> tree.Expr | bool:
    """Parts behind `and` (one that does not hold decides) or `or` (one that holds decides)."""
    if decides in lefts:
        return decides
    open_ = tuple(left for left in lefts if not isinstance(left, bool))
    if not open_:
        return not decides
    return open_[0] if len(open_) == 1 else msgspec.structs.replace(node, parts=open_)


def _named(path: tree.Path, known: Standing) -> tree.Expr | bool:
    """A define: its name where it does not hang on the tier."""
    meant = known.defines[path.text]
    left = left_of(meant, known)  # type: ignore[arg-type]  # a define of a condition is one
    return path if left is meant or left == meant else left


def _decided(node: tree.Expr, known: Standing) -> bool | None:
    """What a comparison of the tier comes to; None for all else."""
    match node:
        case tree.Is(left=left, right=right, negated=negated) if is_tier(left):
            among = _rungs(right, known)
        case tree.In(left=left, right=right, negated=negated) if is_tier(left):
            among = _rungs(right, known)
        case tree.Compare(op=op, left=left, right=right) if is_tier(left):
            return _compared(op, right, known)
        case _:
            return None
    return None if among is None else (known.rung in among) is not negated


def _compared(op: tree.CompareOp, bound: tree.Node, known: Standing) -> bool | None:
    one = _rungs(bound, known)
    if one is None or len(one) != 1:
        return None
    return bool(_ORDER[op](known.rungs.index(known.rung), known.rungs.index(one[0])))


def _rungs(node: tree.Node, known: Standing) -> list[str] | None:
    """The tiers that are written; None where it is anything else."""
    match node:
        case tree.ListOf(items=items):
            found = [_rungs(item, known) for item in items]
            return None if None in found else [rung for each in found if each is not None for rung in each]
        case tree.Path(text=name) if name in known.rungs:
            return [name]
        case tree.Path(text=name) if name in known.defines:
            return _rungs(known.defines[name], known)
        case _:
            return None
