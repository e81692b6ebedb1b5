"""L612: a title, or what is said to customers, that names another percentage or year than the rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rules_engine import tree
from rules_engine.calendar import civil
from rules_engine.linting.dates import days_of
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View

_PERCENT: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%|per ?cent\b|percent\b)", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        texts = [rule.node.title, *(each.text for each in rule.node.effects if isinstance(each, tree.Say))]
        if not any(_PERCENT.search(text.value) or _YEAR.search(text.value) for text in texts):
            continue
        rates, years = _rates(rule, view), _years(rule, view)
        fitting = rates | {100 - rate for rate in rates}  # 80% of a price is 20% off
        for text in texts:
            for word in _PERCENT.finditer(text.value) if rates else ():
                if Decimal(word[1].replace(",", ".")) not in fitting:
                    yield _said(
                        rule, text, f"{word[1]}%", " and ".join(f"{rate.normalize():f}%" for rate in sorted(rates))
                    )
            for word in _YEAR.finditer(text.value) if years else ():
                if int(word[1]) not in years:
                    yield _said(rule, text, word[1], " to ".join(dict.fromkeys((str(years[0]), str(years[-1])))))


def _said(rule: Rule, text: tree.Text, said: str, meant: str) -> Found:
    what = "title" if text is rule.node.title else "text"
    return Found(rule.file, text.span, {"what": what, "said": said, "meant": meant})


def _rates(rule: Rule, view: View) -> set[Decimal]:
    """The percentages that stand in a rule; none where it reads names that may stand for others."""
    named = set(view.checked.symbols.names)
    if any(isinstance(node, tree.Path) and node.text in named for node in tree.walk(rule.node)):
        return set()
    written = (node.text for node in tree.walk(rule.node) if isinstance(node, tree.Percent))
    return {Decimal(each.replace("_", "")) for each in written}


def _years(rule: Rule, view: View) -> range:
    """The years of the rule's own dates; empty where it has not two."""
    days = days_of(rule.core.dates, view.core.header)
    if days.first is None or days.last is None:
        return range(0)
    return range(civil(days.first)[0], civil(days.last)[0] + 1)


LINT = Lint(
    "L612",
    "title-says-otherwise",
    "a title that says another figure than the rule",
    "the {what} says {said}, and the rule {meant}",
    "mend whichever of the two is wrong",
    "The title is what the customer was promised, the rule is what is paid. When a campaign is copied one of the two"
    " is changed and the other forgotten.",
    bad="""\
basket offer "20% off wine" {
  on        purchase
  automatic
  take      25% of current off the total of lines where kind is wine
}
""",
    good="""\
basket offer "25% off wine" {
  on        purchase
  automatic
  take      25% of current off the total of lines where kind is wine
}
""",
    find=_find,
)
