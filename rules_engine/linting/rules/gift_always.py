"""L116: a gift with every order, an empty one too."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        core = rule.core
        if (
            not isinstance(core, ir.OfferDef)
            or core.when is not None
            or core.sets is not None
            or core.dates is not None
        ):
            continue
        bare = core.code is None and core.thing is None and not view.limits(rule)
        gifts = [each for each in core.effects if isinstance(each, ir.GiftDef)]
        if bare and gifts:
            yield Found(rule.file, (gifts[0].at.start, gifts[0].at.end), {"title": rule.title})


LINT = Lint(
    "L116",
    "gift-always",
    "a gift without a condition",
    '"{title}" adds its gift to every order, also to one with nothing in it',
    "write a condition, such as `when list >= 20 GBP`, or a limit",
    "A gift is not a share of what is bought: an order of one pin gets it, and so does each of ten orders of one pin.",
    bad="""\
basket offer "Sample" { on purchase   automatic   add 1 "MINI" free }
""",
    good="""\
basket offer "Sample" { on purchase   automatic   when list >= 20 GBP   add 1 "MINI" free }
""",
    find=_find,
)
