"""L402: rules side by side that both have the bound between them."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.bands import Band, bands
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    firsts = {each.name for each in view.core.groups if each.choice == "first"}
    firsts |= {each.name for each in view.core.offer_groups if each.policy.choice != "all"}
    for alike in bands(view):
        for below in alike:
            for above in alike:
                if _share(below, above) and below.rule.core.group not in firsts:
                    assert below.high is not None
                    assert above.low is not None
                    label = view.label(below.rule.file, below.high.span, f'"{below.rule.title}" ends here')
                    data = {"bound": above.low.words, "one": below.rule.title, "other": above.rule.title}
                    yield Found(above.rule.file, above.low.span, data, (label,))


def _share(below: Band, above: Band) -> bool:
    high, low = below.high, above.low
    if below is above or high is None or low is None or high.number != low.number:
        return False
    apart = (below.low is None or below.low.number < low.number) and (
        above.high is None or above.high.number > low.number
    )
    return high.included and low.included and apart


LINT = Lint(
    "L402",
    "boundary-twice",
    "a bound that belongs to both sides",
    'exactly {bound} gets "{one}" and "{other}"',
    "let one of the two leave it out: `>` or `<` where it says `>=` or `<=`",
    "Two rules divide the amounts between them, and at the dividing amount both act. Who knows it spends exactly that.",
    bad="""\
earn "Small basket" { on purchase   when net <= 100 GBP   give 10 points }

earn "Large basket" { on purchase   when net >= 100 GBP   give 50 points }
""",
    good="""\
earn "Small basket" { on purchase   when net < 100 GBP   give 10 points }

earn "Large basket" { on purchase   when net >= 100 GBP   give 50 points }
""",
    find=_find,
)
