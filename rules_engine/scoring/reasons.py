"""Why a condition does not hold: the part of it that failed, what was there, and what was required."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir
from rules_engine.backends.reference import Noted
from rules_engine.scoring.measures import PLAIN, Measures
from rules_engine.scoring.texts import Texts

_REQUIRED = {
    "=": "it must be {}",
    "!=": "it must not be {}",
    "<": "less than {} is required",
    "<=": "at most {} is required",
    ">": "more than {} is required",
    ">=": "at least {} is required",
}
_TURNED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_LITERALS = (ir.Num, ir.Txt, ir.Flg, ir.PerCurrency)
_ITEMS_SHOWN = 12


def failing(noted: Noted, texts: Texts, measures: Measures) -> str:
    """One sentence on a condition that is false."""
    found = dict.fromkeys(reason(each, sought, texts, measures) for each, sought in leaves(noted, True))
    return "; ".join(found)


def leaves(noted: Noted, sought: bool) -> Iterator[tuple[Noted, bool]]:
    """The parts that made a condition other than it should be, and what each should have been."""
    match noted.node:
        case ir.All() | ir.Any():
            wrong = [each for each in noted.inner if each.value is not sought]
            for each in wrong or noted.inner:
                yield from leaves(each, sought)
        case ir.Not() if noted.inner:
            yield from leaves(noted.inner[0], not sought)
        case ir.Choose(rows=rows) if noted.inner and any(noted.inner[-1].node is row.value for row in rows):
            last = noted.inner[-1]
            yield from [(noted, sought)] if isinstance(last.node, _LITERALS) else leaves(last, sought)
        case _:
            yield noted, sought


def reason(noted: Noted, sought: bool, texts: Texts, measures: Measures) -> str:
    """Why one part of a condition is not as it has to be."""
    node = noted.node
    if isinstance(node, ir.Cmp) and len(noted.inner) == 2:
        return _compared(node, noted, sought, texts, measures)
    if isinstance(node, ir.Reaches) and noted.moved is not None:
        return _reached(node, noted.moved, sought, measures)
    text = texts.of(node.at)
    listed = _among(node, noted, sought, measures, texts)
    if listed:
        return listed
    there = [_is(each, texts, measures) for each in noted.inner if not isinstance(each.node, _LITERALS)]
    shown = ", ".join(there)
    if isinstance(node, ir.Has):
        return f"{texts.named(node.value) or text} is {'absent' if sought else 'given'}"
    word = "does not hold" if sought else "holds"
    return f"`{text}` {word}{': ' + shown if shown else ''}"


def _among(node: ir.Expr | ir.Stop, noted: Noted, sought: bool, measures: Measures, texts: Texts) -> str:
    """A value that is to be in, or not in, something that has a name or can be listed."""
    match node:
        case ir.OneOf(items=items) if noted.inner:
            shown = [measures.show(each, measures.of(node.value)) for each in items[:_ITEMS_SHOWN]]
            more = [f"{len(items) - _ITEMS_SHOWN} more"] if len(items) > _ITEMS_SHOWN else []
            one = "one of " if len(items) > 1 else ""
            must = "must" if sought else "must not"
            return f"{_is(noted.inner[0], texts, measures)}, and it {must} be {one}{', '.join([*shown, *more])}"
        case ir.InPeriod(period=place) | ir.InImported(column=place):
            pass
        case ir.Multiple(factor=factor):
            place = f"the multiples of {factor}"
        case _:
            return ""
    if not noted.inner:
        return ""
    return f"{_is(noted.inner[0], texts, measures)}, which is {'not ' if sought else ''}in {place}"


def _reached(node: ir.Reaches, moved: tuple[int, int, Fraction], sought: bool, measures: Measures) -> str:
    """A track that did not come to a bound, or was there before."""
    measure = measures.track(measures.world.tracks[node.track])
    before, now, bound = (measures.show(each, measure) for each in moved)
    if sought and moved[0] >= moved[2]:
        return f"{node.track} had reached {bound} before this event (it was {before})"
    return f"{node.track} went from {before} to {now}, and it {'must' if sought else 'must not'} reach {bound}"


def _compared(node: ir.Cmp, noted: Noted, sought: bool, texts: Texts, measures: Measures) -> str:
    """A comparison: the left side and its value, then what the right side asks of it."""
    left, right = noted.inner
    measure = next((found for each in noted.inner if (found := measures.of(each.node)) != PLAIN), PLAIN)
    name, value = texts.named(left.node), measures.show(left.value, measure)
    bound = measures.show(right.value, measure)
    if not isinstance(right.node, _LITERALS) and texts.named(right.node):
        bound = f"{texts.named(right.node)} ({bound})"
    op = node.op if sought else _TURNED[node.op]
    return f"{name or 'it'} is {value}, and {_REQUIRED[op].format(bound)}"


def _is(noted: Noted, texts: Texts, measures: Measures) -> str:
    return f"{texts.named(noted.node)} is {measures.show(noted.value, measures.of(noted.node))}"
