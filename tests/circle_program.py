"""A small phone network, for tests of people, pools and scheduled events: a calling circle and a monthly bill."""

from __future__ import annotations

from functools import cache
from typing import Any

from rules_engine.backends.reference import Reference
from rules_engine.calendar import format_date
from rules_engine.outcome import Outcome, Refused
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source

RULES = """language 1

program "Circle" { timezone "UTC" }

period bill_month = every 1 month from member.bill_day

unit point, points { rounded down   lasts forever }
unit data counts 2 decimals { held by household   rounded down   lasts for 2 months   use soonest first }

event call dated by started of caller identified by record {
  record: text   caller: member   callee: member?   started: date   minutes: count up to 1_440
}
member { plan: standard | couples   bill_day: date   home: text? as household   friend: member? }

track talked = sum of minutes, on call, per bill_month

earn "Calling" { on call   give 1 point per 1 of minutes }
earn "Called" {
  on        call
  when      has callee and callee.plan is couples
  give      5 points, to callee
  at most   12 points per callee per calendar year
}
earn "Shared" { on call   give 2 data }
earn "Package" { on start of calendar month   give 10 data }
reward "Bill" { on end of bill_month, settled after 3 days   give 1 point per full 10 of talked }
"""

BILL = "end of bill_month, settled after 3 days"
PACKAGE = "start of calendar month"
MEMBERS: dict[str, dict[str, Any]] = {
    "ann": {"plan": "couples", "bill_day": "2027-01-05", "home": "H"},
    "ben": {"plan": "couples", "bill_day": "2027-01-20", "home": "H"},
    "cy": {"plan": "standard", "bill_day": "2027-01-01"},
}


@cache
def circle() -> Program:
    """The program; events that touch others are delegated to the interpreter."""
    return load([Source("circle.rules", RULES)])


@cache
def circle_by_reference() -> Program:
    """The same, by the interpreter alone."""
    core = circle().core
    return Program(core, circle().sources, Reference(core), circle().fingerprint)


def call(
    record: str, started: str, caller: str = "ann", callee: str | None = None, minutes: int = 30
) -> dict[str, Any]:
    """A call as a host sends it."""
    return {
        "event": "call", "record": record, "caller": caller, "callee": callee, "started": started, "minutes": minutes,
    }  # fmt: skip


def told(results: list[Outcome | Refused]) -> list[tuple[str, ...]]:
    """Results in short: of a scheduled event its member and the day it is posted, of others the id; what was given."""
    return [_told(each) for each in results]


def _told(result: Outcome | Refused) -> tuple[str, ...]:
    if isinstance(result, Refused):
        return (result.id, *(fault.code for fault in result.faults))
    given = [f"{award.rule} {award.given}{f' to {award.to}' if award.to else ''}" for award in result.awards]
    if result.posted is None:
        return (result.id, *given)
    return (f"{result.event[:3]} {result.member} {format_date(result.posted)}", *given)
