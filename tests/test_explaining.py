"""Explanations of what is owned, paid and settled: by text, as it was recorded, and by value.

`corpus/explained/NAME.ndjson` holds events of several members, and days up to which `m` is settled, with the events
that are told of it; `NAME.txt` is what is said about them. `pytest --update-golden` writes it; review the difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.scoring.told import Explanation
from rules_engine.source import Source
from rules_engine.state import State

CASES = sorted((Path(__file__).parent / "corpus" / "explained").glob("*.rules"))
MEMBERS: dict[str, dict[str, object]] = {
    "m": {"statement_start": "2027-01-01", "plan": "single", "vip": False, "home": "h"},
    "p": {"statement_start": "2027-01-01", "plan": "couples", "vip": False},
    "v": {"statement_start": "2027-01-01", "plan": "single", "vip": True},
}


class Story:
    """The states of some members as their events come."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.states: dict[str, State] = {}
        self.pools: dict[str, State] = {}

    def explained(self, event: dict[str, Any]) -> Explanation:
        """One event explained, and everybody moved along."""
        who = str(event.get("customer", event.get("member")))
        others = {name: {"member": facts, "state": self.states.get(name)} for name, facts in MEMBERS.items()}
        pool = self.pools.get(str(MEMBERS[who].get("home", who)))
        told = self.program.explain(event, MEMBERS[who], self.states.get(who), others=others, pool=pool)
        for owner in told.outcome.changes:
            self.states[owner] = self.program.apply(self.states.get(owner), told.outcome, owner=owner)
        if told.outcome.household:
            self.pools[told.outcome.household] = self.program.apply_pool(pool, told.outcome)
        return told

    def told(self, line: dict[str, Any]) -> Iterator[Explanation]:
        """What a line of the story is about: an event, or what is due up to a day and tells something new."""
        if "event" in line:
            yield self.explained(line["event"])
            return
        for due in self.program.due(MEMBERS["m"], self.states["m"], line["until"]):
            if due.kind == "event":
                told = self.explained(self.program.scheduled("m", due))
                if due.what in line["of"]:
                    yield told


def explanations(path: Path) -> list[Explanation]:
    story = Story(load(path))
    lines = path.with_suffix(".ndjson").read_text(encoding="utf-8").splitlines()
    return [each for line in lines for each in story.told(json.loads(line))]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_how_it_is_explained(path: Path, update_golden: bool) -> None:
    golden = path.with_suffix(".txt")
    text = "\n\n".join(each.text() for each in explanations(path)) + "\n"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_what_was_taken_and_paid_is_there_by_value() -> None:
    path = CASES[0]
    told = {f"{each.event} {each.id}": each for each in explanations(path)}
    bought = told["purchase 3"]
    (till,) = (each for each in bought.rules if each.rule == "till")
    (take,) = till.takes
    assert (take.kind, take.wanted, take.taken, take.value, take.room) == (
        "accept", "280 points", "200 points", "2.00 GBP", "30.00 GBP"
    )  # fmt: skip
    assert [(lot.amount, lot.source, lot.earned) for lot in take.lots] == [("200 points", "base", "2027-03-14")]
    assert (bought.payments[0].value, bought.paid) == ("2.00 GBP", "28.00 GBP")
    assert told["top_up 4"].household == "h"
    assert told["flight 1"].balances[0].owed_after == "40 miles"
    (held,) = (each for each in told["purchase 6"].rules if each.rule == "till")
    assert (held.why, held.takes[0].taken, held.takes[0].value) == ("held out", "200 points", "2.00 GBP")
    assert told["purchase 6"].payments == ()


def test_an_explanation_of_nothing_owned_has_no_more_to_say() -> None:
    shop = load(Path(__file__).parent / "corpus" / "score" / "reasons.rules")
    sent = json.loads((Path(__file__).parent / "corpus" / "score" / "reasons.ndjson").read_text().splitlines()[0])
    found = json.loads(shop.explain(sent["event"], sent["member"]).to_json())
    assert not found.keys() & {"payments", "paid", "balances", "household", "posted", "offers"}
    assert not found["rules"][0].keys() & {"takes", "carries", "paid"}
    assert not found["lots"][0].keys() & {"to"}


KEPT_FOR_SETTLEMENT = """language 1
program "Kept" { currency GBP, rounded half up }
unit mile, miles { rounded down   lasts forever }
event buy dated by at of who identified by id { id: text  who: member  at: date  price: money up to 900 GBP as list }
track spend = sum of net, on buy, per calendar year
tiers {
  Blue
  Gold     when spend >= 100 GBP
  counts   from the next event
  lasts    until end of calendar year
  then     the earned tier
}
reward "Bonus" { on end of calendar year, settled after 5 days  when tier >= Gold  give 10 miles }
"""


def test_a_tier_that_ended_is_told_though_it_is_kept_for_a_settlement() -> None:
    program = load([Source("kept.rules", KEPT_FOR_SETTLEMENT)])
    first = program.explain({"event": "buy", "id": "a", "who": "m", "at": "2026-12-30", "price": "200.00"}, {})
    state = program.apply(None, first.outcome)
    second = program.explain({"event": "buy", "id": "b", "who": "m", "at": "2027-01-03", "price": "5.00"}, {}, state)
    assert second.text().splitlines()[1:3] == ["├─ time passed", "│  └─ Gold (Gold) ended after 2026-12-31"]
    (due,) = (each for each in program.due({}, state, 20_830) if each.kind == "event")
    settled = program.explain(program.scheduled("m", due), {}, program.apply(state, second.outcome))
    assert "Gold (Gold)" not in settled.text()
    assert [each.given for each in settled.outcome.awards] == [10]


SOON = """language 1
program "Soon" { currency GBP, rounded half up }
unit mile, miles { rounded down   lasts for 40 days }
event buy dated by at of who identified by id { id: text  who: member?  at: date  price: money up to 900 GBP as list }
earn "Miles" { on buy   give 1 mile per full 1 GBP of net }
"""


def test_what_lapses_soon_is_told_with_its_day() -> None:
    """Lots that are gone 30 days after the event or sooner; the others are not urgent."""
    program = load([Source("soon.rules", SOON)])
    sent = {"event": "buy", "id": "a", "who": "m", "at": "2027-01-01", "price": "7.00"}
    first = program.explain(sent, {})
    state = program.apply(None, first.outcome)
    told = [
        program.explain({**sent, "id": day, "at": day}, {}, state).lapsing
        for day in ("2027-01-10", "2027-01-11", "2027-01-12", "2027-02-09", "2027-02-10")
    ]
    soon = ("7 miles lapse after 2027-02-09",)
    assert (first.lapsing, told) == ((), [(), soon, soon, soon, ()])
    assert "└─ lapsing within 30 days\n   └─ 7 miles" in program.explain({**sent, "at": "2027-01-12"}, {}, state).text()
    guest = {key: value for key, value in sent.items() if key != "who"}
    assert program.explain(guest, {}).lapsing == ()
