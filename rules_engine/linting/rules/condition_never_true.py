"""L301: a rule whose condition nothing can meet."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.proofs import gates, impossible, parts
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        core, when = rule.core, rule.node.when
        known = view.known(core.events)
        if when is not None and impossible(gates(core), known) and not impossible(parts(core.dates), known):
            yield Found(rule.file, when.span, {"title": rule.title})


LINT = Lint(
    "L301",
    "condition-never-true",
    "a condition that nothing can meet",
    'the condition of "{title}" never holds',
    "look for two parts that shut each other out; `or` may be meant where `and` is written",
    "The rule is announced and never acts. It is proved from the condition, the bounds of the fields and the days on which "
    "the program holds, so there is no event that could meet it.",
    bad="""\
earn "Regular" { on purchase   when visits >= 10 and visits < 5   give 10 points }
""",
    good="""\
earn "Regular" { on purchase   when visits >= 10 or visits < 5   give 10 points }
""",
    find=_find,
)
