"""Requests in JSON: what the decoder in C has checked is scored without another look, and what it lets through that is
wrong after all would be scored silently. So each way in which a request can be odd is held against `score`, which
checks in Python; and nothing ordinary may take the slow road.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from benchmarks import baskets, heavybaskets
from rules_engine.backends.python import Python
from rules_engine.backends.python.requests import plainly_printable
from rules_engine.decoding import encode_state
from rules_engine.outcome import NO_FACTS, Award, Discount, EventRefused, Outcome, Part, ToldAward, ToldDiscount
from rules_engine.pipeline import compile_core
from rules_engine.scoring import Program

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def _program(name: str) -> Program:
    core, fingerprint = compile_core(BENCHMARKS / name)
    return Program(core, {}, Python(core, fingerprint), fingerprint)


@pytest.fixture(scope="module")
def checkout() -> Program:
    """The ten earns, with functions of its own."""
    return _program("checkout.rules")


def _request(number: int = 1) -> dict[str, Any]:
    sent = baskets.baskets(number + 1)[number]
    state = baskets.state(number, baskets.day_number(sent))
    return {"event": sent, "member": baskets.facts(number), "state": encode_state(state)}


# ---- the quick ways are taken ----


@pytest.mark.parametrize(("name", "made"), [("checkout.rules", baskets.baskets), ("heavy.rules", heavybaskets.heavy)])
def test_ordinary_baskets_take_no_slow_road(name: str, made: Any) -> None:
    program = _program(name)
    backend = program.backend
    assert isinstance(backend, Python)

    def slow(*_: object) -> Outcome:
        raise AssertionError("handed over")

    backend.space["slow_sent"] = slow
    typed = msgspec.json.Decoder(program.event_type("purchase"))
    states = heavybaskets.state if made is heavybaskets.heavy else baskets.state
    for number, sent in enumerate(made(40)):
        facts, state = baskets.facts(number), states(number, baskets.day_number(sent))
        text = orjson.dumps(sent)
        outcome = program.score(sent, facts, state)
        assert program.score(typed.decode(text), facts, state) == outcome
        whole = {"event": sent, "member": facts, "state": encode_state(state)}
        told = backend.score_json(orjson.dumps(whole))
        assert told == outcome.to_json()
        assert orjson.loads(told)["totals"] == outcome.totals
        sent["customer"] = "Zoë"  # not plain ASCII: looked at in Python, and quick all the same
        assert backend.score_json(orjson.dumps(whole)) == program.score(sent, facts, state).to_json()


# ---- odd requests ----

LONG = "x" * 41
FACTS: dict[str, Any] = {"joined": "2025-03-01", "plan": "plus"}
ODD: list[tuple[str, Any]] = [
    ("event.order_no", ""), ("event.order_no", LONG), ("event.order_no", "a\x01"), ("event.order_no", "a\x7f"),
    ("event.order_no", "a\\b"), ("event.order_no", "a\x85"), ("event.order_no", "Zoë"), ("event.order_no", 5),
    ("event.customer", ""), ("event.customer", "m" * 257), ("event.customer", None), ("event.customer", "m\n"),
    ("event.bought_at", "2027-06-05T14:41:00"), ("event.bought_at", "2027-06-05T14:41:00-00:00"),
    ("event.bought_at", "2027-06-05t14:41:00Z"), ("event.bought_at", "2027-06-05T14:41:00.5Z"),
    ("event.bought_at", "2027-06-05T24:00:00Z"), ("event.bought_at", "2027-06-05T14:60:00Z"),
    ("event.bought_at", "2027-06-05T14:4100Z"), ("event.bought_at", "2027-W22-6T14:41:00Z"),
    ("event.bought_at", "2027-06-05 14:41:00Z"), ("event.bought_at", "2027-02-29T14:41:00Z"),
    ("event.bought_at", "2027-06-05T14:41:00+14:30"), ("event.bought_at", "2027-06-05T14:41:00+02:00"),
    ("event.bought_at", "2027-06-05T14:41:00+0200"), ("event.bought_at", "\u0662027-06-05T14:41:00Z"),
    ("event.channel", "fax"), ("event.channel", None), ("event.first", 1), ("event.first", "true"),
    ("event.extra", 1), ("event.event", "refund"), ("event.lines", None), ("event.lines", []), ("event.lines", {}),
    ("event.lines", [{"sku": "a", "category": "toys", "pieces": 1, "price": "1.00"}] * 201),
    ("event.lines.0.sku", ""), ("event.lines.0.sku", "s" * 21), ("event.lines.0.sku", "\x00"),
    ("event.lines.0.sku", "a\u2028b"), ("event.lines.0.category", "toy"), ("event.lines.0.category", ["toys"]),
    ("event.lines.0.pieces", 0), ("event.lines.0.pieces", -1), ("event.lines.0.pieces", 1000),
    ("event.lines.0.pieces", 1001), ("event.lines.0.pieces", True), ("event.lines.0.pieces", 1.0),
    ("event.lines.0.pieces", "1"), ("event.lines.0.price", "5000.00"), ("event.lines.0.price", "5000.01"),
    ("event.lines.0.price", "-1.00"), ("event.lines.0.price", "1.001"), ("event.lines.0.price", 1),
    ("event.lines.0.price", "1_0.00"), ("event.lines.0.price", {"amount": "1.00", "currency": "GBP"}),
    ("event.lines.0.price", {"amount": "1.00", "currency": "EUR"}), ("event.lines.0.more", 1),
    ("member", None), ("member", {}), ("member", {"joined": "2025-03-01"}), ("member", {**FACTS, "age": 3}),
    ("member", {**FACTS, "joined": "2025-3-1"}), ("member", {**FACTS, "plan": "gold"}), ("member", 3),
    ("state", None), ("state", {"version": 1}), ("state", {}), ("state.version", 2), ("state.day", 10**9),
    ("state.day", -(10**9)), ("state.day", 25_000), ("state.since", 1), ("state.tracks.visits", {"0": 1}),
    ("state.tracks.spend", {"0": 2**62}), ("state.tracks.spend", {"x": 1}), ("state.seen.visits", {"0": 1}),
    ("state.limits.Toys: point per calendar month", {"0": -1}), ("state.limits.of a rule that is gone", {"0": 7}),
    ("state.keys", {"spend": {"0": ["a"]}}), ("state.streaks", {"spend": {"0": 1}}), ("state.debts", {"point": 5}),
    ("state.debts", {"point": 0}), ("state.settled", {"end of calendar month": 20_000}), ("state.settled", {"x": 1}),
    ("state.last", {"purchase": 20_000}), ("state.last", {"purchase": 10**9}), ("state.keyed", {"spend": {}}),
    ("state.holdings", [{"tier": "Gold", "start": 20_000, "until": 19_999, "reason": "Gold"}]),
    ("state.holdings", [{"tier": "Gold", "start": 20_000, "until": 19_900, "reason": "Gold"}]),
    ("state.holdings", [{"tier": "Iron", "start": 20_000, "until": None, "reason": "Gold"}]),
    ("state.holdings", [{"tier": "Gold", "start": 10**9, "until": None, "reason": "Gold"}]),
    ("state.lots", [{"unit": "point", "left": 2**62 - 1, "earned": 20_000, "pending": None, "expires": None,
                     "source": "base"}]),
    ("state.lots", [{"unit": "point", "left": 5, "earned": 20_000, "pending": None, "expires": None,
                     "source": "base", "holder": "m-2"}]),
    ("state.lots", [{"unit": "penny", "left": 5, "earned": 20_000, "pending": None, "expires": None, "source": "b"}]),
    ("state.lots", [{"unit": "point", "left": -5, "earned": 20_000, "pending": None, "expires": None, "source": "b"}]),
    ("shared", {"version": 1, "limits": {"x": {"0": 1}}}), ("shared", {"version": 1, "limits": {"x": {"0": -1}}}),
    ("shared", {"limits": {}}), ("shared", None),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), ODD)
def test_odd_requests_are_taken_as_score_takes_them(checkout: Program, place: str, value: Any) -> None:
    request = _request()
    *way, last = place.split(".")
    held: Any = request
    for step in way:
        held = held[int(step)] if isinstance(held, list) else held.setdefault(step, {})
    held[last] = value
    text = orjson.dumps(request)
    sent = orjson.loads(text)
    told = orjson.loads(checkout.score_json(text))
    try:
        outcome = checkout.score(sent["event"], sent["member"], sent["state"], sent.get("shared"))
    except EventRefused as reason:
        wanted = [msgspec.to_builtins(each) for each in reason.faults]
        told = told["faults"]
    else:
        wanted = orjson.loads(outcome.to_json())
    assert told == wanted


def test_what_is_plainly_printable() -> None:
    assert plainly_printable(b'{"a": "b c"}')
    for text in (b'"\\u0001"', b'"\x7f"', '"\x85"'.encode()):
        assert not plainly_printable(text)
        assert msgspec.json.decode(text)


# ---- an award that remembers nothing ----


def test_facts_that_are_shared_cannot_be_changed(checkout: Program) -> None:
    request = _request()
    award = checkout.score(request["event"], request["member"], request["state"]).awards[0]
    facts = award.facts
    changes: list[Callable[[], object]] = [
        lambda: facts.__setitem__("a", 1), lambda: facts.update(a=1), lambda: facts.setdefault("a", 1)
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    with pytest.raises(TypeError, match="cannot be changed"):
        award.facts |= {"a": 1}  # type: ignore[misc]
    assert award.facts == {} == NO_FACTS
    again = pickle.loads(pickle.dumps(award))
    assert again == award == copy.deepcopy(award) == msgspec.convert(msgspec.to_builtins(award), Award)
    assert type(again.facts) is dict


# ---- what is told at once ----


def test_what_no_limit_cut_is_told_as_the_plain_struct() -> None:
    plain: list[tuple[Any, ...]] = [("A", "point", 5, 5), ('"A"', "point", 5, 4, (1, 2))]
    for each in plain:
        assert msgspec.json.encode(ToldAward(*each)) == msgspec.json.encode(Award(*each))
    for parts in ((), (Part(0, ((1, 5),)),)):
        told, kept = ToldDiscount("A", "item", 0, 5, 5, parts), Discount("A", "item", 0, 5, 5, parts)
        assert msgspec.json.encode(told) == msgspec.json.encode(kept)
