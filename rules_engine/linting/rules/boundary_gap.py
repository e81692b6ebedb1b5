"""L401: rules side by side that leave out the very bound between them."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.bands import Band, bands
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

UNIT = 100
"""A pound, a euro, a dollar in the smallest coins: `up to 99 GBP` beside `from 100 GBP` leaves the pence out."""


def _find(view: View) -> Iterator[Found]:
    for alike in bands(view):
        for below in alike:
            for above in alike:
                yield from _between(below, above, alike, view)


def _between(below: Band, above: Band, alike: list[Band], view: View) -> Iterator[Found]:
    high, low = below.high, above.low
    if below is above or high is None or low is None:
        return
    if high.number == low.number and not high.included and not low.included:
        missed, words = high.number, f"exactly {high.words}"
    elif high.money and high.included and low.included and 1 < low.number - high.number <= UNIT:
        missed, words = high.number + 1, f"what lies between {high.words} and {low.words}"
    else:
        return
    if not any(each.holds(missed) for each in alike):
        label = view.label(below.rule.file, high.span, f'"{below.rule.title}" ends here')
        data = {"words": words, "one": below.rule.title, "other": above.rule.title, "bound": low.words}
        yield Found(above.rule.file, low.span, data, (label,))


LINT = Lint(
    "L401",
    "boundary-gap",
    "a bound that belongs to neither side",
    '{words} falls between "{one}" and "{other}" and gets neither',
    "let one of the two include it: `>=` or `<=` where it says `>` or `<`",
    "Two rules divide the amounts between them, and the dividing amount itself is in neither. It is the one amount "
    "that customers aim at.",
    bad="""\
earn "Small basket" { on purchase   when net < 100 GBP   give 10 points }

earn "Large basket" { on purchase   when net > 100 GBP   give 50 points }
""",
    good="""\
earn "Small basket" { on purchase   when net < 100 GBP   give 10 points }

earn "Large basket" { on purchase   when net >= 100 GBP   give 50 points }
""",
    find=_find,
)
