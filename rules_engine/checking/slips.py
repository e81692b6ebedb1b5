"""Conditions that a person would read otherwise than the language does, with the mend.

In: a condition as written. Out: the finding, if it is one of these: `list >= 40 GBP or 50 USD`, where `or` joins
conditions; `list of lines where goods >= 40 GBP`, where the filter takes the comparison.
"""

from __future__ import annotations

from msgspec.structs import replace

from rules_engine import tree
from rules_engine.checking import rates
from rules_engine.checking.env import Env
from rules_engine.checking.infos import DefineInfo
from rules_engine.diagnostics import Fix
from rules_engine.formatting import to_text

_CONDITIONS = (
    tree.Both, tree.Either, tree.Not, tree.Compare, tree.Is, tree.In, tree.InFirst, tree.IsMultiple, tree.Has,
)  # fmt: skip


def amounts_joined_by_or(parts: tuple[tree.Expr, ...], env: Env) -> bool:
    """Report `list >= 40 GBP or 50 USD`: amounts in several currencies are a list."""
    match parts:
        case (tree.Compare(right=tree.MoneyLit() as first), *others):
            more = [each for each in others if isinstance(each, tree.MoneyLit)]
        case _:
            return False
    if not more or len(more) < len(others):
        return False
    listed = f"({', '.join(rates.words(each) for each in (first, *more))})"
    mend = f"write `{listed}`"
    fix = Fix(mend, (first.span[0], more[-1].span[1]), listed)
    env.report("T306", more[0], found=f"`{rates.words(more[0])}`", fix=fix, note=f"{mend} for one or the other")
    return True


def filter_takes_comparison(node: tree.Expr, env: Env) -> bool:
    """Report `list of lines where goods >= 40 GBP` as a condition: brackets end the filter."""
    match node:
        case tree.Of(selection=tree.Selection(where=where)) | tree.CountOf(of=tree.Selection(where=where)):
            found = _split(where)
        case _:
            return False
    if found is None or not isinstance(found[0].left, tree.Path) or not _is_condition(found[0].left, env):
        return False
    last, rest = found
    mend = to_text(replace(last, left=_filtered(node, rest)))
    env.report("T306", node, found="an amount", note=f"`where` takes all that follows: write `{mend}`")
    return True


def _split(where: tree.Expr | None) -> tuple[tree.Compare, tree.Expr] | None:
    """The comparison at the end of a filter, and the filter with its left side alone."""
    match where:
        case tree.Compare(left=left):
            return where, left
        case tree.Both(parts=(*parts, last)) | tree.Either(parts=(*parts, last)):
            found = _split(last)
            return found and (found[0], replace(where, parts=(*parts, found[1])))
        case tree.Not(value=last):
            found = _split(last)
            return found and (found[0], replace(where, value=found[1]))
        case _:
            return None


def _filtered(node: tree.Expr, where: tree.Expr) -> tree.Expr:
    """A measure with another filter."""
    match node:
        case tree.Of(selection=tree.Selection() as selection):
            return replace(node, selection=replace(selection, where=where))
        case tree.CountOf(of=tree.Selection() as selection):
            return replace(node, of=replace(selection, where=where))
        case _:
            return node


def _is_condition(path: tree.Path, env: Env) -> bool:
    """Whether a name is yes or no: a flag, or a define of a condition."""
    fields = [field for event in env.events for field in (*event.fields, *(event.lines.fields if event.lines else ()))]
    if any(field.name == path.text and field.kind == "flag" for field in fields):
        return True
    info = env.context.find(path.text) if len(path.parts) == 1 else None
    return isinstance(info, DefineInfo) and isinstance(info.node, _CONDITIONS)
