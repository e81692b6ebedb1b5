"""L105: an award on what is paid, behind a threshold of what was not paid."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.proofs import parts
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View

EARLY = ("was", "list", "catalogue")
LATE = ("net", "paid")


def _find(view: View) -> Iterator[Found]:
    offered = {name for offer in view.core.offers for name in offer.events}
    for rule in view.rules:
        if isinstance(rule.core, ir.RuleDef) and offered & set(rule.core.events) and _bases(rule.core.gives) & {*LATE}:
            yield from _thresholds(rule)


def _thresholds(rule: Rule) -> Iterator[Found]:
    (late, *_) = sorted(_bases(rule.core.gives if isinstance(rule.core, ir.RuleDef) else ()) & {*LATE})
    for part in parts(rule.core.when):
        early = _bases(part) & {*EARLY}
        if isinstance(part, ir.Cmp) and part.op in (">", ">=") and early and not _bases(part) & {*LATE}:
            data = {"title": rule.title, "early": min(early), "late": late}
            yield Found(part.at.file, (part.at.start, part.at.end), data)


def _bases(value: object) -> set[str]:
    return {each.base for each in ir.walk(value) if isinstance(each, ir.LineMoney)}


LINT = Lint(
    "L105",
    "threshold-before-offers",
    "a threshold of money that offers may have taken off",
    '"{title}" asks for `{early}`, which is before offers, and pays for `{late}`',
    "ask for `{late}`, or allow it with the reason",
    "A basket of 60 GBP that offers made 20 GBP still passes a threshold of 50 GBP of `list`. An award that is paid on what "
    "the customer spent should begin where the customer spent that much.",
    bad="""\
basket offer "Half" { on purchase   automatic   take 50% of list off each line }

earn "Big basket" { on purchase   when list >= 50 GBP   give 1 point per 1 GBP of net }
""",
    good="""\
basket offer "Half" { on purchase   automatic   take 50% of list off each line }

earn "Big basket" { on purchase   when net >= 50 GBP   give 1 point per 1 GBP of net }
""",
    find=_find,
)
