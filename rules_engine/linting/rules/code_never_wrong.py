"""L703: a rule with a code, and no test without it."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.tested import called, events_of, missed, rule_at
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for each in missed(view, "code"):
        node = rule_at(view, each.at)
        if each.side == "absent" and isinstance(node, tree.RuleDecl) and node.trigger is not None:
            yield Found(
                each.at.file, node.trigger.span, {"called": called(node), "event": events_of(node) or "purchase"}
            )


LINT = Lint(
    "L703",
    "code-never-wrong",
    "a code that no test leaves out",
    "no test buys without the code of {called}",
    'add a test without it: `test "without the code" {{ when {event} {{ ... }}   then {called} not applied }}`',
    "That a code works is half of what there is to test. The other half is that nobody gets the offer without it.",
    bad="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
}

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

basket offer "Hello" as hello {
  on        purchase
  until     2027-12-31
  with      code "HELLO"
  take      1 GBP off the total of lines
  once      per member
}

test "with the code" {
  when  purchase { day: 2027-03-01   codes: "HELLO"
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  hello 1.00 GBP
  when  purchase { day: 2027-03-02   codes: "HELLO"
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  code "HELLO" refused
}
""",
    good="""\
language 1

program "Corner Shop Club" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
}

event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   codes: codes up to 3
  lines 0 to 9 { id: text as id   price: money up to 500 GBP as list }
}

basket offer "Hello" as hello {
  on        purchase
  until     2027-12-31
  with      code "HELLO"
  take      1 GBP off the total of lines
  once      per member
}

test "with the code" {
  when  purchase { day: 2027-03-01   codes: "HELLO"
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  hello 1.00 GBP
  when  purchase { day: 2027-03-02   codes: "HELLO"
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  code "HELLO" refused
}

test "without" {
  when  purchase { day: 2027-03-01
    lines | id  | price    |
          | "a" | 5.00 GBP | }
  then  hello not applied
}
""",
    find=_find,
    asked=True,
)
