"""Owning, paying and settling in generated Python: each construct agrees with the reference, and never asks it for a
whole event."""

from __future__ import annotations

from typing import Any

import pytest

from rules_engine.backends import reference
from rules_engine.backends.python import Python
from rules_engine.calendar import zone_version
from rules_engine.event import Event
from rules_engine.lowering import fingerprint
from rules_engine.outcome import EventRefused, Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.state import Shared, State
from tests.trials import core_of

HEAD = """language 1
program "Generated" { STACK currency GBP, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder }
unit point, points { rounded down   lasts forever   use oldest first   balance at least 0 }
unit ticket, tickets counts pieces { lasts until end of calendar year   use soonest first   balance at least 0 }
unit fee, fees counts GBP { rounded half up   lasts forever }
event sale dated by day of who identified by id {
  id: text   who: member?   day: date   friend: member?   offered: points? up to 100_000   shown: tickets? up to 9
  codes: codes up to 3   kind: a | b | c
  lines 0 to 20 { sku: text as id   what: x | y   price: money up to 900 GBP as list }
}
event visit dated by day of who identified by id { id: text   who: member   day: date   n: count up to 9 }
member { plan: basic | plus   home: text? as household   joined: date }
"""
POINTS = """earn "Points" { on sale   give 10 points per 1 GBP of net }
"""

CASES = {
    "an event at the end of a period": POINTS
    + """track spend = sum of net, on sale, per calendar month
reward "Bonus" { on end of calendar month   when spend >= 50 GBP   give 50 points }
reward "Posted" { on end of calendar month, settled after 3 days   when spend >= 20 GBP   give 1 ticket }
reward "Begun" { on start of calendar month   give 1 point }
""",
    "paying with units": POINTS.replace("net }", "paid }")
    + """redeem "Pay" { on sale   accept offered, worth 1 GBP per 100 points, up to 50% of net }
earn "More" { on sale   when paid < net   give 1 point per 1 GBP of balance of points }
""".replace("of balance of points", "of net"),
    "what was used": POINTS
    + """redeem "Pay" { on sale   accept offered, worth 1 GBP per 100 points }
earn "Used" { on sale   when used points >= 100 points   give 7 points }
track burnt = sum of used points, on sale, per calendar year
""",
    "deducting": POINTS
    + """redeem "Fee" { on visit   when n >= 3   deduct 20 points }
reward "Owed" { on visit   deduct 1.50 fee }
""",
    "turning": POINTS
    + """reward "Tickets" { on visit   turn every full 100 points into 1 ticket, up to 3 tickets }
""",
    "a presented thing of an earn": POINTS
    + """earn "Ticket" { on visit   give 1 ticket }
earn "Shown" { on sale with 1 ticket   when kind is not c   give 40 points }
""",
    "a presented thing of an offer": POINTS
    + """earn "Ticket" { on visit   give 2 ticket }
basket offer "Ten" {
  on sale   with 1 ticket   when (current of lines) >= 5 GBP
  take 10% of current off the total of lines
}
basket offer "Five" { on sale   with 1 ticket   take 5% of current off the total of lines where what is y }
holdout 60% of members salt "s" from "Ten"
""",
    "a code of an earn": """earn "Code" { on sale with code "TEN"   when kind is a   give 10 points }
earn "Once" { on sale with code "ONCE"   give 5 points   at most 1 times per member }
""",
    "a track by key": POINTS
    + """track spend_in = sum of net by kind up to 9 keys, on sale, per calendar month
earn "Best" { on sale   when (sum of spend_in where kind is a) >= 20 GBP   give 3 points }
reward "Top" { on end of calendar month   for each kind of spend_in   give 1 point per 1 GBP of each }
""",
    "first and last days": POINTS
    + """track came = first day, on visit, per calendar year
track left = last day, on visit, per lifetime
earn "Since" { on sale   when has came and today >= 3 days after came   give 2 points }
""",
    "a household": """unit mile, miles {
  rounded down   lasts forever   use oldest first   balance at least 0   held by household
}
earn "Miles" { on sale   give 1 mile per 1 GBP of net }
redeem "Spend" { on visit   deduct 10 miles }
earn "Rich" { on sale   when balance of miles >= 20 miles   give 1 point }
""",
    "other people": POINTS
    + """earn "Friend" { on sale   when has friend and friend.plan is plus   give 5 points, to friend }
earn "Mine" { on sale   when has friend and friend.plan is basic   give 2 points }
""",
    "several units": """unit star, stars { rounded down   lasts forever }
earn "Split" { on sale   give 10 points per 1 GBP of net, split into { points: 30%   stars: the rest } }
""",
    "a tariff": """event call dated by day of who identified by id priced by offers {
  id: text   who: member?   day: date   minutes: count up to 500   network: own | other
}
catalogue offer "Tariff" {
  on call   automatic
  price each line at by network { own: 0.05 GBP   other: 0.12 GBP } * minutes
}
item offer "Half" { on call   automatic   when minutes > 20   take 50% of current off each line }
earn "Calls" { on call   give 1 point per 1 GBP of net }
""",
    "words for a guest": POINTS
    + """earn "Join" { on sale   when not has member   say "join us" }
basket offer "Off" { on sale   automatic   when kind is b   take 1 GBP off the total of lines   say "one off" }
earn "Big" { on sale   when net >= 20 GBP   say "a big one" }
""",
    "offers for members only": POINTS
    + """track spend = sum of net, on sale, per calendar year
item offer "Ten" { on sale   automatic   when has member and member.plan is plus   take 10% of current off each line }
basket offer "Five" {
  on sale   automatic
  take by spend { from 0 GBP: 1%   from 40 GBP: 5% } of current off the total of lines
}
basket offer "Once" { on sale   automatic   add 1 "GIFT" free   once per member per calendar month }
basket offer "All" { on sale   with code "TEN"   when current >= 5 GBP   take 1 GBP off the total of lines }
""",
    "offers that choose best together": POINTS
    + """basket offer "A" { on sale   automatic   take 9 GBP off the total of lines where what is x
  combines with "C" }
basket offer "B" { on sale   automatic   take 10% of current off the total of lines   say "ten off"   once per member }
basket offer "C" { on sale   with code "TEN"   take 2 GBP off the total of lines   combines with "A" }
earn "Dear" { on sale   give 2 points per 1 GBP of (list of the dearest 1 unit) }
earn "After" { on sale   when after basket < list   give 1 point per 1 GBP of after item of lines where what is x }
redeem "Pay" { on sale   accept offered, worth 1 GBP per 100 points, up to 50% of net }
""",
    "units between offers": POINTS
    + """basket offer "Half" { on sale   automatic   take 50% of current off each line }
earn "Dear" { on sale   give 2 points per 1 GBP of (after item of the dearest 2 units) }
track dear = sum of (after item of lines where what is y), on sale, per calendar year
track kinds = sum of after item by kind up to 3 keys, on sale, per calendar year
""",
}


STACKING = {
    "a presented thing of an offer": 'stacking { basket: all in order "Ten", "Five" }',
    "offers for members only": 'stacking { basket: all in order "Five", "Once", "All" }',
    "offers that choose best together": 'stacking { basket: best together per basket in order "A", "B", "C" }',
}

SCORES = "_evaluate"
"""What the reference's room calls to score an event."""
OF_GUESTS = {"a code of an earn"}
"""Where guests are for the reference."""


def events() -> list[dict[str, Any]]:
    """A year of two members and a guest."""
    found: list[dict[str, Any]] = []
    for number in range(60):
        month, day = number // 6 + 1, number % 6 * 4 + 1
        sale: dict[str, Any] = {
            "event": "sale", "id": f"S-{number}", "day": f"2027-{month:02}-{day:02}", "kind": "abc"[number % 3],
            "codes": [[], ["ten"], ["ONCE"], ["none"]][number % 4],
            "lines": [
                {"sku": f"{at}", "what": "xy"[at % 2], "price": f"{(number * 7 + at * 3) % 40}.{number % 10}5"}
                for at in range(number % 4)
            ],
        }  # fmt: skip
        if number % 5:
            sale["who"] = f"m-{number % 2}"
        if number % 3:
            sale["friend"] = f"m-{number % 4}"
        if number % 2:
            sale |= {"offered": str(number * 20), "shown": number % 3}
        found.append(sale)
        visit = {"event": "visit", "id": f"V-{number}", "who": f"m-{number % 2}", "day": sale["day"], "n": number % 9}
        found.append(visit | ({"day": "2027-02-03"} if number == 40 else {}))
        call = {"event": "call", "id": f"C-{number}", "day": sale["day"], "minutes": number * 3, "network": "own"}
        found.append(call | ({"who": "m-1"} if number % 2 else {"network": "other"}))
    return found


MEMBERS = {f"m-{n}": {"plan": ["basic", "plus"][n % 2], "joined": "2026-05-06", "home": "h"} for n in range(4)}


def played(program: Program, sent: list[dict[str, Any]]) -> tuple[list[Outcome | Refused], dict[str, State], object]:
    """What a stream comes to."""
    states, pools, shared = dict[str, State](), dict[str, State](), Shared()
    many = program.score_many(
        sent, MEMBERS, states, shared=shared, pools=pools, in_order=True, settle_until="2028-01-09"
    )
    return list(many), states, (pools, shared)


STEPPED = {"offers that choose best together", "units between offers"}
"""All offers of these go by one step of the reference."""


@pytest.mark.parametrize("case", CASES)
def test_a_construct_agrees_and_no_event_is_handed_over(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stacking = STACKING.get(case, "")
    core = core_of(HEAD.replace("STACK", stacking) + CASES[case])
    known = {event.name for event in core.events}
    sent = [each for each in events() if each["event"] in known]
    backend = Python(core, fingerprint(core), zone_version())
    assert bool(backend.stepped) == (case in STEPPED)
    wanted = played(Program(core), sent)
    assert any(isinstance(each, Outcome) and (each.awards or each.taken or each.said) for each in wanted[0])

    evaluate: Any = getattr(reference, SCORES)

    def handed(world: Any, event: Event, *given: Any) -> object:
        assert event.member is None, event
        assert case in OF_GUESTS, event
        return evaluate(world, event, *given)

    monkeypatch.setattr(reference, SCORES, handed)
    got = played(Program(core, backend=backend), sent)
    assert got == wanted


ASKED = """reward "Fee" { on sale   when has friend and friend.plan is plus   deduct offered   competes in spending }
reward "Other" { on sale   deduct 1 fee   competes in spending }
group spending { all in order "Fee", "Other" }
"""


@pytest.mark.parametrize("offered", [{}, {"offered": "0"}, {"offered": "5"}])
def test_who_has_to_be_known_is_missed_though_nothing_is_offered(offered: dict[str, str]) -> None:
    """The condition is asked before what is wanted: an event is refused for a person of whom nothing was passed in."""
    core = core_of(HEAD.replace("STACK", "") + ASKED)
    sale = {"event": "sale", "id": "S", "who": "m-1", "day": "2027-02-03", "kind": "a", "codes": [], "lines": []}
    for program in (Program(core), Program(core, backend=Python(core, fingerprint(core), zone_version()))):
        with pytest.raises(EventRefused, match="`friend` names `m-9`"):
            program.score(sale | {"friend": "m-9"} | offered, MEMBERS["m-1"])
