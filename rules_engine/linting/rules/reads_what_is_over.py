"""L213: a rule that reads the award of another, which never acts on the same day."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.dates import acts_on
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    header = view.core.header
    for rule in view.rules:
        days = acts_on(rule.core, header)
        for key in rule.core.reads:
            other = view.by_key.get(key)
            if other is None or days.empty:
                continue
            theirs = acts_on(other.core, header)
            if not theirs.empty and days.both(theirs).empty:
                label = view.label(other.file, other.node.title.span, f"this one acts {theirs.words}")
                data = {"title": rule.title, "other": other.title, "days": days.words}
                yield Found(rule.file, rule.node.title.span, data, (label,))


LINT = Lint(
    "L213",
    "reads-what-is-over",
    "reads a rule that is never active with it",
    '"{title}" acts {days}, and reads "{other}", which gives nothing then',
    "mend the dates of one of the two",
    "A rule that did not act gave 0. Where the dates of two rules have no day in common, the one that reads the "
    "other always reads 0.",
    bad="""\
earn "Base" as base { on purchase   from 2027-01-01 until 2027-06-30   give 1 point per 1 GBP of net }

earn "Autumn bonus" { on purchase   from 2027-09-01 until 2027-11-30   give 50% of base }
""",
    good="""\
earn "Base" as base { on purchase   from 2027-01-01   give 1 point per 1 GBP of net }

earn "Autumn bonus" { on purchase   from 2027-09-01 until 2027-11-30   give 50% of base }
""",
    find=_find,
)
