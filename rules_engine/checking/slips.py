"""Text that a person would read otherwise than the language does, with the mend.

In: a condition or an effect as written. Out: the finding, if it is one of these: `list >= 40 GBP or 50 USD`, where `or`
joins conditions; `list of lines where goods >= 40 GBP`, where the filter takes the comparison; a time of day beside a
moment or a day; `take 0%` and `take 120%`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from rules_engine import tree
from rules_engine.checking import rates
from rules_engine.checking.env import Env
from rules_engine.checking.infos import DefineInfo, TiersInfo
from rules_engine.diagnostics import Fix
from rules_engine.formatting import to_text
from rules_engine.types import Date, Instant, Tier, Time, Type

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


def time_beside_day(one: Type, other: Type) -> str:
    """How to ask for a time of day, where one meets a day or a moment: a period has it."""
    types = (one, other)
    if any(isinstance(each, Time) for each in types) and any(isinstance(each, (Date, Instant)) for each in types):
        return "a period has times of day: `period mornings = 08:00 to 12:00 every day`; then ask `today in mornings`"
    return ""


def quoted_tier(kind: Type, node: tree.Expr, env: Env) -> Fix | None:
    """The mend of `tier is "Gold"`: a tier of that name without its quotes."""
    ladder = env.context.tiers()
    if not isinstance(kind, Tier) or not isinstance(node, tree.Text) or not isinstance(ladder, TiersInfo):
        return None
    return Fix(f"write `{node.value}`", node.span, node.value) if node.value in ladder.rungs else None


def takes_too_little_or_too_much(node: tree.Take, env: Env) -> None:
    """Report `take 0% of ...`, and more than 100% of what is at hand; `0%` in a table is one of its answers."""
    amount = node.amount.value if isinstance(node.amount, tree.Bracket) else node.amount
    whole = amount.amount if isinstance(amount, tree.Per) and amount.step is None else amount
    if isinstance(whole, (tree.Percent, tree.MoneyLit)) and _number(whole) == 0:
        env.report("M260", whole, text=f"take {to_text(whole)}")
    for each in _percentages(amount, False):
        if _number(each) > 100:
            fix = Fix("write `100%`", each.span, "100%")
            env.report("M261", each, text=to_text(each), fix=fix)


def _percentages(node: tree.Node, at_hand: bool) -> Iterator[tree.Percent]:
    """The percentages in an amount that are of what is at hand, whichever row or part they stand in."""
    match node:
        case tree.Percent() if at_hand:
            yield node
        case tree.Per(amount=amount, step=None, measure=tree.Path() | tree.Basis() | tree.AfterStage()):
            yield from _percentages(amount, True)
        case tree.TableBy(rows=rows):
            for row in rows:
                yield from _percentages(row.value, at_hand)
        case tree.Plus(parts=parts):
            for part in parts:
                yield from _percentages(part, at_hand)
        case tree.Bracket(value=value):
            yield from _percentages(value, at_hand)


def _number(node: tree.Percent | tree.MoneyLit) -> Fraction:
    return Fraction(node.text.replace("_", ""))


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
