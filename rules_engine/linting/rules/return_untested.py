"""L707: returns that no test makes."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    steps = (step.act for _, test in view.tests for step in test.steps)
    if not view.tests or any(isinstance(act, tree.ReturnStep) for act in steps):
        return
    for file, node in view.all(tree.EventDecl):
        rules = [rule for rule in view.rules if node.name.text in rule.core.events and _taken_back(rule.core)]
        if node.returnable and rules:
            yield Found(file, node.name.span, {"event": node.name.text})


def _taken_back(core: ir.RuleDef | ir.OfferDef) -> bool:
    return core.on_return is not None and core.on_return.policy != "keep"


LINT = Lint(
    "L707",
    "return-untested",
    "returns that no test makes",
    "`{event}` can be returned, and no test returns anything",
    "add a step to a test: `when returned everything   then refund ...`",
    "What a return takes back is the part of a program with the most cases, and the one that is asked about in "
    "shops. Without a test nobody has looked at one.",
    bad="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
  returns    by share, shortfall forgiven
}

event purchase dated by day of customer identified by no returnable {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }

test "five pounds" {
  when  purchase { day: 2027-03-01
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  base 5 points
}
""",
    good="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
  returns    by share, shortfall forgiven
}

event purchase dated by day of customer identified by no returnable {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

unit point, points { rounded down   lasts forever }

earn "Base" as base { on purchase   give 1 point per 1 GBP of net }

test "five pounds" {
  when  purchase { day: 2027-03-01
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  base 5 points
  when  returned everything
  then  base -5 points
}
""",
    find=_find,
    asked=True,
)
