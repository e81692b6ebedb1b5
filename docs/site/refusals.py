"""Events that are refused and tests that fail, with what is said of them: examples that no rule file alone can give.

In: one program, and an event that it takes. Out: by code what was sent or written, and the words. Each is tried when
the site is made.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final, NamedTuple

import rules_engine
from rules_engine import EventRefused, tree, workbench
from rules_engine.diagnostics import render
from rules_engine.source import Source

PROGRAM: Final = """language 1

program "Stays" {
  currency GBP, USD, rounded half up
  timezone "Europe/London"
  terms    from 2027-01-01 until 2027-12-31
}

unit point, points { rounded down   lasts forever }

event stay dated by left_on of guest identified by folio {
  folio: text   guest: member   left_on: date   channel: "desk" | "web"   deposit: money? up to 500 GBP
  codes: list of up to 2 text
  lines 1 to 2 { id: text as id   kind: room | food   amount: money up to 5_000 GBP as list }
}

member { joined: date }

earn "Points" { on stay   give 1 point per full 1 GBP of net }
"""

EVENT: Final[dict[str, Any]] = {
    "event": "stay", "folio": "F1", "guest": "ann", "left_on": "2027-03-02", "channel": "web", "codes": [],
    "lines": [{"id": "a", "kind": "room", "amount": "100.00"}],
}  # fmt: skip
MEMBER: Final[dict[str, Any]] = {"joined": "2026-01-31"}

_LINE: Final = EVENT["lines"][0]
CHANGES: Final[tuple[dict[str, Any], ...]] = (
    {"lines": [5]},
    {"event": None},
    {"event": "stey"},
    {"chanel": "web"},
    {"left_on": None},
    {"channel": True},
    {"left_on": "02/03/2027"},
    {"deposit": "500.01"},
    {"channel": "fax"},
    {"lines": [{**_LINE, "amount": 100}]},
    {"deposit": 12.5},
    {"deposit": {"amount": "5.00", "currency": "EUR"}},
    {"deposit": {"amount": "5.00", "currency": "USD"}},
    {"folio": "F" * 257},
    {"folio": "F\x07"},
    {"folio": ""},
    {"codes": ["A", "B", "C"]},
    {"lines": []},
    {"lines": [_LINE, _LINE]},
    {"left_on": "2028-01-01"},
)
"""Each alone is put into the event; None takes the field out."""

STATES: Final[tuple[dict[str, Any], ...]] = (
    {"version": 99},
    {"version": 1, "units": {"point": "many"}},
    {"version": 1, "tracks": {"spent": {}}},
)

TESTS: Final = (
    """test "a hundred pounds" {
  given member { joined: 2026-01-31 }
  when  stay { left_on: 2027-03-02   channel: web   lines | kind | amount | | room | 100.00 GBP | }
  then  "Points" 90 points
}""",
    """test "a year too late" {
  given member { joined: 2026-01-31 }
  when  stay { left_on: 2028-03-02   channel: web   lines | kind | amount | | room | 100.00 GBP | }
  then  "Points" 100 points
}""",
)
"""Each alone is run with the program."""


class Refusal(NamedTuple):
    """What was sent, as JSON, or the test that was run; and what is said of it."""

    sent: str
    said: str


@cache
def refusals() -> dict[str, Refusal]:
    """By code the first of the changes that is refused for it."""
    program = rules_engine.load([Source("stays.rules", PROGRAM)])
    found: dict[str, Refusal] = {}
    for change in CHANGES:
        event = {name: value for name, value in (EVENT | change).items() if value is not None}
        try:
            program.score(event, MEMBER)
        except EventRefused as refusal:
            for fault in refusal.faults:
                found.setdefault(fault.code, Refusal(json.dumps(event, indent=2), fault.message))
    for stored in STATES:
        try:
            program.state(stored)
        except EventRefused as refusal:
            for fault in refusal.faults:
                found.setdefault(fault.code, Refusal(json.dumps(stored, indent=2), fault.message))
    return found


@cache
def failures() -> dict[str, Refusal]:
    """By code the first of the tests that fails with it."""
    found: dict[str, Refusal] = {}
    for text in TESTS:
        source = Source("stays.rules", f"{PROGRAM}\n{text}\n")
        tests = [each.declaration for each in rules_engine.check([source]).tests]
        cases = [workbench.TestCase(source, test) for test in tests if isinstance(test, tree.TestDecl)]
        for result in workbench.run_tests(rules_engine.load([source]), cases):
            for each in result.findings:
                found.setdefault(each.code, Refusal(text, render(each, source)))
    return found
