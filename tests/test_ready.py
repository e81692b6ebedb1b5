"""What is made beforehand, and what is told without being made: awards that never change, rows instead of parts."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import orjson
import pytest

from rules_engine.backends.python import Python
from rules_engine.backends.python.offers_shares import _divided, _joined, divided
from rules_engine.backends.reference import Reference
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source

HEAD = """language 1

program "Ready" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }
unit stamp, stamps counts pieces { lasts forever }

event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40   bought_at: instant   customer: member
  country: text up to 20   brand: text? up to 20   amount: money up to 10_000 GBP as list
}
"""


def _rules(unit: str) -> str:
    found = []
    for number in range(20):
        field, word = ("country", "brand")[number % 2], f"V{number // 4}"
        gives = f"{1 + number % 3} {'stamps' if unit == 'both' and number % 5 == 0 else 'points'}"
        also = f" and amount >= {number % 4} GBP" if number % 3 else ""
        test = f'has {field} and {field} is "{word}"' if field == "brand" else f'{field} is "{word}"'
        found.append(f'earn "Rule {number}" {{ on purchase   when {test}{also}   give {gives} }}')
    return "\n".join(found)


def _sent(number: int) -> dict[str, Any]:
    rng = Random(number)
    brand = {"brand": f"V{rng.randrange(6)}"} if rng.random() < 0.8 else {}
    return {
        "event": "purchase", "order_no": f"o-{number}", "bought_at": "2027-03-01T10:00:00Z", "customer": "m-1",
        "country": f"V{rng.randrange(6)}", "amount": f"{rng.randrange(5)}.{rng.randrange(100):02d}", **brand,
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["points", "both"])
def test_rules_that_are_found_and_give_the_same_are_those_of_the_reference(unit: str) -> None:
    program = load([Source("ready.rules", HEAD + _rules(unit))])
    assert isinstance(program.backend, Python)
    assert "_made" in program.backend.source
    assert "country == " not in program.backend.source  # by which they were found
    slow = Reference(program.core)
    awards = 0
    for number in range(60):
        sent = _sent(number)
        found = program.score(sent)
        state = program.state(None)
        event = program.event(sent)
        expected = slow.evaluate(event, {}, state).outcome(event, program.fingerprint, program.zones)
        assert found == expected
        assert _told(program, {"event": sent}) == found.to_json()
        awards += len(found.awards)
    assert awards > 50


def _told(program: Program, request: dict[str, Any]) -> bytes:
    return program.score_json(orjson.dumps(request))


def test_an_award_that_never_changes_is_one_for_all_outcomes() -> None:
    program = load([Source("ready.rules", HEAD + 'earn "Visit" { on purchase   give 3 points }\n')])
    one, other = program.score(_sent(1)), program.score(_sent(2))
    assert one.awards[0] is other.awards[0]
    with pytest.raises(AttributeError):
        one.awards[0].given = 4  # type: ignore[misc]
    assert msgspec.json.decode(_told(program, {"event": _sent(1)}), type=Outcome) == one


def test_two_runs_are_divided_as_any_number_of_runs_is() -> None:
    rng, met = Random(7), set()
    for _ in range(20_000):
        units = tuple((rng.randint(1, 4), rng.randint(0, 12)) for _ in range(2))
        total = sum(count * each for count, each in units)
        if not total:
            continue
        amount = rng.randint(0, total)
        found = divided(amount, units, total)
        assert found == _joined(_divided(amount, units, total)), (amount, units)
        met.add((len(found[0]), len(found[1])))
    assert met >= {(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3), (3, 3)}
