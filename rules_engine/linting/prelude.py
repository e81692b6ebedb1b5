"""The program that the examples of lints stand beside, so that each can be as short as what it shows."""

from __future__ import annotations

from typing import Final

from rules_engine.checking import Checked, check
from rules_engine.diagnostics import render
from rules_engine.linting.view import View
from rules_engine.source import Source

PRELUDE: Final = """\
language 1

program "Corner Shop" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  29 February counts as 28 February
  weeks      start Monday
  split      in proportion, odd pennies to the largest remainder
}

unit point, points { rounded down   lasts for 24 months }

unit stamp, stamps counts pieces { lasts forever }

event purchase dated by bought_at of customer identified by order_no {
  order_no: text   customer: member?   bought_at: instant   channel: store | web | app   codes: codes up to 5   friend: member?
  visits: count up to 1_000   points_offered: points? up to 10_000   goodwill: points? up to 10_000
  delivery: money? up to 100 GBP as shipping
  lines 0 to 100 {
    id: text as id   sku: text   kind: food | wine | toys   brand: text?   pieces: count up to 100 as quantity
    price: money up to 500 GBP as list each
  }
}

event claim dated by asked_on of customer identified by claim_no { claim_no: text   customer: member   asked_on: date }

member { joined: date   birthday: date?   plan: basic | plus   segment: text? }
"""

PROGRAM: Final = "prelude.rules"


def example(text: str, old: str = "") -> View:
    """The view of an example of a lint; the prelude is read, and nothing is said of it.

    >>> example('earn "Base" { on purchase   give 1 point per 1 GBP of net }').checked.ok
    True
    """
    before = _checked(old) if old else None
    return View(_checked(text), before, beside=frozenset({PROGRAM}))


def _checked(text: str) -> Checked:
    checked = check(_sources(text))
    wrong = [render(each, checked.sources.get(each.source)) for each in checked.diagnostics]
    assert not wrong, "the example does not check:\n" + "\n".join(wrong)
    return checked


def whole(text: str) -> str:
    """The text of an example's file."""
    return text if text.startswith("language") else f"language 1\n\n{text}"


def _sources(text: str) -> list[Source]:
    own = Source("example.rules", whole(text))
    return [own] if "\nprogram " in own.text else [own, Source(PROGRAM, PRELUDE)]
