"""Returns in tests of rule files: what comes back is what `Program.give_back` makes of a stored outcome."""

from __future__ import annotations

from rules_engine import tree
from rules_engine.parsing import parse
from rules_engine.pipeline import load
from rules_engine.source import Source
from rules_engine.workbench import TestCase, run_tests

RULES = """language 1
program "Welcome" {
  currency GBP, rounded half up
  29 February counts as 28 February
  returns by share, shortfall off balance
  split in proportion, odd pennies to the largest remainder
}
event sale dated by day of customer identified by no returnable {
  no: text   customer: member?   day: date   friend: member?
  lines 0 to 9 { id: text as id   pieces: count up to 100 as quantity   price: money up to 900 GBP as list each }
}
member { joined: date?   plan: text?   home: text }
unit point, points { rounded down   lasts forever   balance at least 0 }
period first = 3 months from member.joined
track spent = sum of net, on sale where has customer and has member.joined and today in first, per first
reward "First" as first_points { on end of first, settled after 10 days   give 1 point per full 1 GBP of spent }
"""
TEST = """
test "what comes back leaves the track of the period that a fact began" {
  given member { joined: 2027-01-31 }
  when  sale { day: 2027-04-28
    lines | id  | price    | pieces |
          | "a" | 5.00 GBP | 3      | }
  then  track spent 15 GBP
  when  returned 1 of line "a"
  then  refund 5.00 GBP, track spent 10 GBP
  on    2027-05-20
  then  first_points 10 points
}
"""


def test_a_return_asks_the_facts_that_the_event_was_scored_with() -> None:
    """`home` is not given and must be: nothing asks for it, so that the test may leave it out."""
    source = Source("welcome.rules", RULES + TEST)
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    (found,) = run_tests(load([source]), [TestCase(source, test)])
    assert found.findings == ()
