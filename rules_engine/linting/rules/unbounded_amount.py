"""L102: units that the caller names, given without an end."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        if isinstance(rule.core, ir.RuleDef) and not view.limits(rule):
            yield from _handed(rule, view)


def _handed(rule: Rule, view: View) -> Iterator[Found]:
    fields = {field.name for name in rule.core.events for field in view.events[name].fields if field.kind == "unit"}
    for give in rule.core.effects:
        if isinstance(give, ir.GiveDef) and give.high is None:
            asked = [each for each in ir.walk(give.value) if isinstance(each, ir.Field) and each.name in fields]
            for read in asked[-1:]:
                yield Found(read.at.file, (read.at.start, read.at.end), {"title": rule.title, "field": read.name})


LINT = Lint(
    "L102",
    "unbounded-amount",
    "what the caller names is given without an end",
    '"{title}" gives whatever `{field}` says, as often as it is asked',
    "write `up to ...` behind it, or a limit such as `at most ... per member per calendar month`",
    "The number comes from outside: a till, a desk, a form. Nothing in the program says how much one member can be given "
    "in this way, so one mistaken or dishonest caller can give any amount.",
    bad="""\
earn "Gift" { on purchase   give goodwill }
""",
    good="""\
earn "Gift" { on purchase   give goodwill, up to 500 points }
""",
    find=_find,
)
