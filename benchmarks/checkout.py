"""A checkout asks for one basket: what does an answer cost, beside a function by hand and beside other engines?

In: the ten rules of `checkout.rules` and a stream of distinct baskets of five lines. All answers are compared first, to
the last field; then all ways take turns. The ways and the yardsticks are told in `calls.py`, and in `peers.py` what
peers are given; their figures stop at the awards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from benchmarks import baskets, calls, handwritten, handwritten_whole, peers
from benchmarks.calls import Case
from benchmarks.tables import Table
from benchmarks.timing import Run, measured
from rules_engine.pipeline import load
from rules_engine.scoring import Program

RULES = Path(__file__).parent / "checkout.rules"


def run(rounds: int = 9, count: int = 1000) -> list[Table]:
    """Compare the answers, then the times."""
    program = load(RULES)
    whole = handwritten_whole.checkout(program.fingerprint, program.zones)
    cases = [_case(number, sent) for number, sent in enumerate(baskets.baskets(count))]
    others = peers.peers()
    _check(program, whole, cases, others)
    ways = calls.objects(program, handwritten.score, whole, cases)
    ways |= calls.texts(program, handwritten.score, whole, cases) | _others(cases, others)
    times = measured(ways, rounds)
    title = "Checkout: ten earns, from"
    return [
        calls.objects_table(f"{title} objects to an answer", "checkout", times, list(others), _notes(program, cases)),
        calls.texts_table(f"{title} bytes to bytes", "checkout", times),
    ]


def cases(count: int) -> list[Case]:
    """So many baskets of the stream."""
    return [_case(number, sent) for number, sent in enumerate(baskets.baskets(count))]


def _case(number: int, sent: dict[str, object]) -> Case:
    day, facts = baskets.day_number(sent), baskets.facts(number)
    rest = facts["plan"], baskets.memory(number, day), baskets.clock(day)
    return calls.case(sent, facts, baskets.state(number, day), baskets.trusted(sent), rest)


def _check(
    program: Program, whole: handwritten_whole.Hand, cases: Sequence[Case], others: dict[str, peers.Peer]
) -> None:
    for case in cases:
        trusted = orjson.loads(case.trusted)
        plan, memory, clock = case.rest
        awards, moved, tier = handwritten.score(trusted, plan, memory, clock)
        outcome = calls.answered(program, whole, case)
        assert [(each.rule, each.unit, each.given) for each in outcome.awards] == awards, (outcome, awards)
        after = program.apply(case.state, outcome)
        assert after.tracks["spend"][clock.year] == moved["spend"][1], (after, moved)
        assert (outcome.tiers[-1].after if outcome.tiers else memory.tier) == tier, (outcome.tiers, tier)
        facts = peers.context(trusted, plan, memory, clock)
        for name, peer in others.items():
            found = peer.awards(peer.one(peer.take(facts)))
            assert found == {rule: amount for rule, _, amount in awards}, (name, found, awards)


def _others(cases: Sequence[Case], others: dict[str, peers.Peer]) -> dict[str, Run]:
    def taken(peer: peers.Peer) -> Callable[[], Sequence[object]]:
        return lambda: [peer.take(peers.context(orjson.loads(case.trusted), *case.rest)) for case in cases]

    return {name: Run(taken(peer), peer.one) for name, peer in others.items()}


def _notes(program: Program, cases: Sequence[Case]) -> list[str]:
    given = sum(len(program.score(orjson.loads(each.sent), each.facts, each.state).awards) for each in cases[:500])
    versions = peers.versions()
    return [
        f"Ten rules, baskets of five lines, {given / len(cases[:500]):.1f} awards a basket; all answers are equal.",
        "Peers score trusted integers and stop at the awards: no checks, no counters, no tiers, no receipt.",
        *(f"Not measured, because it is not installed: {name}." for name in peers.absent()),
        *([f"Versions: {', '.join(versions)}."] if versions else []),
    ]
