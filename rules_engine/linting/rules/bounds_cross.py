"""L112: an amount whose least is more than its most."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        for each in ir.records(rule.core):
            if isinstance(each, ir.GiveDef | ir.DeductDef | ir.DiscountDef | ir.AcceptDef | ir.Clip):
                low, high = getattr(each, "low", None), each.high
                # `never below` of a discount bounds what is left to pay, not what is taken
                low = None if isinstance(each, ir.DiscountDef) else low
                for word, bound in (("never below", low), ("only from", getattr(each, "only_from", None))):
                    if _number(bound) is not None and _number(high) is not None and _number(bound) > _number(high):  # type: ignore[operator]
                        assert bound is not None
                        yield Found(
                            bound.at.file, (bound.at.start, bound.at.end), _data(rule.title, word, bound, high, view)
                        )


def _number(bound: ir.Expr | None) -> Fraction | None:
    return Fraction(bound.num, bound.den) if isinstance(bound, ir.Num) else None


def _data(title: str, word: str, bound: ir.Expr, high: ir.Expr | None, view: View) -> dict[str, str]:
    assert high is not None
    return {"title": title, "word": word, "low": view.words(bound.at), "high": view.words(high.at)}


LINT = Lint(
    "L112",
    "bounds-cross",
    "a least amount above the most",
    '"{title}" says `{word} {low}` and `up to {high}`, which is less',
    "exchange the two, or take one out",
    "With `never below` above `up to` every award is the same; with `only from` above it there is never any. Neither is what "
    "was meant.",
    bad="""\
earn "Base" { on purchase   give 1 point per 1 GBP of net, never below 500 points, up to 50 points }
""",
    good="""\
earn "Base" { on purchase   give 1 point per 1 GBP of net, never below 50 points, up to 500 points }
""",
    find=_find,
)
