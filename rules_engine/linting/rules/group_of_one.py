"""L319: a group that has nobody to choose from."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for file, node in view.all(tree.GroupDecl):
        name = node.name.text
        members = [rule for rule in view.rules if rule.core.group == name]
        if len(members) == 1 and node.policy.choice != "all" and not view.groups[name].limits:
            yield Found(file, node.name.span, {"group": name, "title": members[0].title})


LINT = Lint(
    "L319",
    "group-of-one",
    "a choice of one",
    '`{group}` chooses among its rules, and "{title}" is the only one',
    "write `competes in {group}` in the rules that it was to be chosen from",
    "Two offers that were not to go together do, because one of them was never put into the group.",
    bad="""\
group deal { best per basket }

basket offer "Regulars" {
  on        purchase
  automatic
  when      visits >= 10
  take      20% of list off each line
  competes in deal
}
""",
    good="""\
group deal { best per basket in order "Regulars", "Anybody" }

basket offer "Anybody" {
  on        purchase
  automatic
  when      visits >= 1
  take      5% of list off each line
  competes in deal
}

basket offer "Regulars" {
  on        purchase
  automatic
  when      visits >= 10
  take      20% of list off each line
  competes in deal
}
""",
    find=_find,
)
