"""A checkout asks for one basket: what does an answer cost, beside a function by hand and beside other engines?

In: the ten rules of `checkout.rules` and a stream of distinct baskets of five lines. All answers are compared first, to
the last point; then all ways take turns. Three questions:

- *From objects to an answer.* The yardstick is `handwritten.score`: integers for amounts, the day's season, weekend and
  periods looked up beforehand, nothing checked, no receipt. The engine takes what a host sends (prices and moments as
  texts), checks everything and gives a whole outcome: what rules could have read, what limits left, each counter
  before and after, and the weights for a return.
- *From bytes to bytes.* The floor is bare orjson: `loads` of the very request that `score_json` gets, and `dumps` of
  the very answer that it gives, as plain dictionaries. By hand: `loads`, the function by hand, `dumps` of its tuples.
- *Peers.* See `peers.py` for what they are given; their figures stop at the awards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from benchmarks import baskets, handwritten, peers
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, Timed, measured
from rules_engine.decoding import encode_state
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import State

RULES = Path(__file__).parent / "checkout.rules"
HAND = "by hand, trusted integers"
FLOOR = "orjson, the request in, the outcome out"
DICT = "Program.score, a dictionary"
STRUCT = "Program.score, a typed event"
JSON = "Program.score_json"
TYPED = "event decoded by type, scored, encoded"
AIMS = {STRUCT: "1.5", DICT: "1.8", JSON: "2.5"}
"""What is aimed at: to the function by hand from objects, to orjson from bytes to bytes."""


class Case(NamedTuple):
    """One basket in every form that a way needs."""

    sent: bytes
    facts: dict[str, Any]
    state: State
    request: bytes
    trusted: bytes
    plan: str
    memory: handwritten.Memory
    clock: handwritten.Clock


def run(rounds: int = 9, count: int = 1500) -> list[Table]:
    """Compare the answers, then the times."""
    program = load(RULES)
    cases = [_case(number, sent) for number, sent in enumerate(baskets.baskets(count))]
    others = peers.peers()
    _check(program, cases, others)
    runs = {**_own(program, cases), **_others(cases, others)}
    times = measured(runs, rounds)
    return [_table(times, program, cases, list(others)), _bytes_table(times)]


def _case(number: int, sent: dict[str, Any]) -> Case:
    day = baskets.day_number(sent)
    facts, state = baskets.facts(number), baskets.state(number, day)
    return Case(
        orjson.dumps(sent),
        facts,
        state,
        orjson.dumps({"event": sent, "member": facts, "state": encode_state(state)}),
        orjson.dumps(baskets.trusted(sent)),
        facts["plan"],
        baskets.memory(number, day),
        baskets.clock(day),
    )


def _decoder(program: Program) -> msgspec.json.Decoder[Any]:
    """A decoder of typed events that the program takes by its quick way."""
    return msgspec.json.Decoder(program.event_type("purchase"))


# ---- the answers ----


def _check(program: Program, cases: Sequence[Case], others: dict[str, peers.Peer]) -> None:
    decoder = _decoder(program)
    for case in cases:
        trusted = orjson.loads(case.trusted)
        awards, moved, tier = handwritten.score(trusted, case.plan, case.memory, case.clock)
        outcome = program.score(orjson.loads(case.sent), case.facts, case.state)
        assert [(each.rule, each.unit, each.given) for each in outcome.awards] == awards, (outcome, awards)
        after = program.apply(case.state, outcome)
        assert after.tracks["spend"][case.clock.year] == moved["spend"][1], (after, moved)
        assert (outcome.tiers[-1].after if outcome.tiers else case.memory.tier) == tier, (outcome.tiers, tier)
        assert program.score(decoder.decode(case.sent), case.facts, case.state) == outcome
        assert msgspec.json.decode(program.score_json(case.request), type=Outcome) == outcome
        facts = peers.context(trusted, case.plan, case.memory, case.clock)
        for name, peer in others.items():
            found = peer.awards(peer.one(peer.take(facts)))
            assert found == {rule: amount for rule, _, amount in awards}, (name, found, awards)


# ---- the ways ----


def _own(program: Program, cases: Sequence[Case]) -> dict[str, Run]:
    decoder = _decoder(program)
    score = program.score
    encoder = msgspec.json.Encoder()
    answers = [orjson.loads(program.score_json(case.request)) for case in cases]

    def objects(read: Callable[[bytes], Any]) -> Callable[[], Sequence[Any]]:
        return lambda: [(read(case.sent), case.facts, case.state) for case in cases]

    def by_hand(args: tuple[Any, ...]) -> object:
        return handwritten.score(*args)

    def bytes_by_hand(args: tuple[Any, ...]) -> object:
        return orjson.dumps(handwritten.score(orjson.loads(args[0]), *args[1:]), option=orjson.OPT_NON_STR_KEYS)

    rest = [(case.plan, case.memory, case.clock) for case in cases]
    requests = [case.request for case in cases]
    pairs = list(zip(requests, answers, strict=True))
    return {
        HAND: Run(lambda: [(orjson.loads(c.trusted), *r) for c, r in zip(cases, rest, strict=True)], by_hand),
        STRUCT: Run(objects(decoder.decode), lambda args: score(*args)),
        DICT: Run(objects(orjson.loads), lambda args: score(*args)),
        FLOOR: Run(lambda: pairs, lambda pair: (orjson.loads(pair[0]), orjson.dumps(pair[1]))),
        "orjson, the event in and out": Run(lambda: [c.sent for c in cases], lambda s: orjson.dumps(orjson.loads(s))),
        "by hand, bytes to bytes": Run(
            lambda: [(c.trusted, *r) for c, r in zip(cases, rest, strict=True)], bytes_by_hand
        ),
        TYPED: Run(objects(bytes), lambda args: encoder.encode(score(decoder.decode(args[0]), args[1], args[2]))),
        JSON: Run(lambda: requests, program.score_json),
    }


def _others(cases: Sequence[Case], others: dict[str, peers.Peer]) -> dict[str, Run]:
    def taken(peer: peers.Peer) -> Callable[[], Sequence[Any]]:
        return lambda: [
            peer.take(peers.context(orjson.loads(case.trusted), case.plan, case.memory, case.clock)) for case in cases
        ]

    return {name: Run(taken(peer), peer.one) for name, peer in others.items()}


# ---- the tables ----


def _table(times: dict[str, Timed], program: Program, cases: Sequence[Case], others: Sequence[str]) -> Table:
    hand, ours = times[HAND].median, times[STRUCT].median
    rows: list[list[Cell]] = []
    for name in (HAND, STRUCT, DICT, *others):
        each = times[name]
        rows.append([name, each.median, each.spread, each.median / hand, each.median / ours, AIMS.get(name, "")])
    given = sum(len(program.score(orjson.loads(case.sent), case.facts, case.state).awards) for case in cases[:500])
    notes = [
        f"Ten rules, baskets of five lines, {given / len(cases[:500]):.1f} awards a basket; all answers are equal.",
        "Peers score trusted integers and stop at the awards: no checks, no counters, no tiers, no receipt.",
        *(f"Not measured, because it is not installed: {name}." for name in peers.absent()),
        *([f"Versions: {', '.join(peers.versions())}."] if others else []),
    ]
    return Table("Checkout: ten rules, from objects to an answer", _columns("by hand", "typed event"), rows, notes)


def _bytes_table(times: dict[str, Timed]) -> Table:
    floor, hand = times[FLOOR].median, times["by hand, bytes to bytes"].median
    names = (
        "orjson, the event in and out",
        FLOOR,
        "by hand, bytes to bytes",
        TYPED,
        JSON,
    )
    rows: list[list[Cell]] = []
    for n in names:
        each = times[n]
        rows.append([n, each.median, each.spread, each.median / floor, each.median / hand, AIMS.get(n, "")])
    notes = ["The request holds event, facts and state; decoded by type is the event alone, beside a state in memory."]
    return Table("Checkout: ten rules, from bytes to bytes", _columns("orjson", "by hand"), rows, notes)


def _columns(*ratios: str) -> list[str]:
    return ["way", "us an event", "spread", *(f"x {name}" for name in ratios), f"aim x {ratios[0]}"]
