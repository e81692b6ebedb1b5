"""L406: an amount that is not written for every currency that its event may come in."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        currencies = {code for name in rule.core.events for code in view.events[name].currencies}
        if not currencies or any(isinstance(each, ir.CurrencyRead) for each in ir.walk(rule.core)):
            continue
        for amount in ir.walk(rule.core):
            if isinstance(amount, ir.PerCurrency):
                left_out = sorted(currencies - {code for code, _ in amount.amounts} - _spoken_for(rule, view))
                if left_out:
                    data = {"title": rule.title, "currencies": " or ".join(left_out), "words": view.words(amount.at)}
                    yield Found(amount.at.file, (amount.at.start, amount.at.end), data)
                    break


def _spoken_for(rule: Rule, view: View) -> set[str]:
    """The currencies that other rules of the kind have amounts for, on the same events."""
    others = (each for each in view.rules if each is not rule and each.node.kind == rule.node.kind)
    return {
        code
        for other in others
        if set(other.core.events) & set(rule.core.events)
        for node in ir.walk(other.core)
        if isinstance(node, ir.PerCurrency)
        for code, _ in node.amounts
    }


LINT = Lint(
    "L406",
    "currency-left-out",
    "an amount that is left out in one currency",
    '"{title}" says {words} and nothing for who pays in {currencies}',
    "write the amount in every currency, or `when currency is ...` where it is meant",
    "The event may come in a currency for which the amount is not written. Then the rule is not applied: some "
    "customers never get what others get, and nothing in the rule says so.",
    bad="""\
language 1

program "Two Tills" {
  currency   GBP, USD, rounded half up
  split      in proportion, odd cents to the largest remainder
}

event order dated by day of customer identified by no {
  no: text   customer: member?   day: date
  lines 0 to 9 { id: text as id   price: money up to 500 GBP or 600 USD as list }
}

basket offer "Ten" { on order   automatic   when list >= 50 GBP   take 10 GBP off the total of lines }

test "fifty pounds" {
  when  order { day: 2027-03-01
    lines | id  | price     |
          | "a" | 50.00 GBP | }
  then  "Ten" 10.00 GBP
}
""",
    good="""\
language 1

program "Two Tills" {
  currency   GBP, USD, rounded half up
  split      in proportion, odd cents to the largest remainder
}

event order dated by day of customer identified by no {
  no: text   customer: member?   day: date
  lines 0 to 9 { id: text as id   price: money up to 500 GBP or 600 USD as list }
}

basket offer "Ten" {
  on        order
  automatic
  when      list >= (50 GBP, 60 USD)
  take      (10 GBP, 12 USD) off the total of lines
}

test "fifty pounds" {
  when  order { day: 2027-03-01
    lines | id  | price     |
          | "a" | 50.00 GBP | }
  then  "Ten" 10.00 GBP
}
""",
    find=_find,
)
