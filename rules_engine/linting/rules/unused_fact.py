"""L314: a fact of the member that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    read = {part.text for _, path in view.nodes(tree.Path) for part in path.parts[1:]}
    read |= {each.name for each in view.core.member if each.kind == "tier"}
    for file, member in view.all(tree.MemberDecl):
        for field in member.fields:
            if field.name.text not in read and field.role is None:
                yield Found(file, field.name.span, {"name": field.name.text})


LINT = Lint(
    "L314",
    "unused-fact",
    "a fact of the member that nobody reads",
    "no rule reads `member.{name}`",
    "take it out, or write the condition that was meant",
    "Every fact is sent with every event. One that nothing reads is personal data that is moved about for no purpose, and a "
    "reason for an event to be refused where it is missing.",
    bad="""\
language 1

program "Shop" { currency GBP, rounded half up }

unit point, points { rounded down   lasts forever }

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   amount: money up to 500 GBP as list
}

member { plan: basic | plus   shoe_size: count up to 60 }

earn "Plus" { on purchase   when member.plan is plus   give 1 point per 1 GBP of net }
""",
    good="""\
language 1

program "Shop" { currency GBP, rounded half up }

unit point, points { rounded down   lasts forever }

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   amount: money up to 500 GBP as list
}

member { plan: basic | plus }

earn "Plus" { on purchase   when member.plan is plus   give 1 point per 1 GBP of net }
""",
    find=_find,
)
