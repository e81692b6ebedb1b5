"""A checkout with offers: ten rules with eight effects and three splits, beside a function by hand; and long baskets.

In: the rules of `heavy.rules` and a stream of distinct baskets of five lines. All answers are compared first, to the
last penny off each unit. The function by hand (`heavyhand.score`) is given integers for amounts and days, checks
nothing and gives tuples; the engine takes what a host sends, checks everything and gives a whole outcome.

The second question is how the cost of a line grows with the basket, for forty offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from benchmarks import baskets, heavybaskets, heavyhand
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, measured
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import State

RULES = Path(__file__).parent / "heavy.rules"
HAND = "by hand, trusted integers"
DICT = "Program.score, a dictionary"
STRUCT = "Program.score, a typed event"
AIMS = {DICT: "1.5"}
LENGTHS = (5, 20, 100, 1000)


class Case(NamedTuple):
    """One basket in every form that a way needs."""

    sent: bytes
    facts: dict[str, Any]
    state: State
    trusted: bytes
    memory: heavyhand.Memory
    clock: heavyhand.Clock


def run(rounds: int = 9, count: int = 1000) -> list[Table]:
    """Compare the answers, then the times."""
    program = load(RULES)
    assert not getattr(program.backend, "delegated", {})
    cases = [_case(number, sent) for number, sent in enumerate(heavybaskets.heavy(count))]
    _check(program, cases)
    return [_table(program, cases, rounds), _lengths(rounds)]


def _case(number: int, sent: dict[str, Any]) -> Case:
    day = baskets.day_number(sent)
    return Case(
        orjson.dumps(sent),
        baskets.facts(number),
        heavybaskets.state(number, day),
        orjson.dumps(heavybaskets.trusted(sent)),
        heavybaskets.memory(number, day),
        heavybaskets.clock(day),
    )


# ---- the answers ----


def _check(program: Program, cases: Sequence[Case]) -> None:
    decoder = msgspec.json.Decoder(program.event_type("purchase"))
    for case in cases:
        answer = heavyhand.score(orjson.loads(case.trusted), case.facts["plan"], case.memory, case.clock)
        outcome = program.score(orjson.loads(case.sent), case.facts, case.state)
        assert _discounts(outcome) == _plain(answer), (outcome, answer)
        assert outcome.price is not None
        assert [line.net for line in outcome.price.lines] == answer.costs, (outcome, answer)
        assert outcome.price.net == answer.net
        assert [(each.rule, each.given) for each in outcome.awards] == answer.awards, (outcome, answer)
        assert _code(outcome) == answer.code, (outcome.codes, answer.code)
        after = program.apply(case.state, outcome)
        assert after.tracks["spend"][case.clock.year] == answer.moved["spend"][1]
        toys = after.limits.get("Toys down: GBP per calendar month", {}).get(case.clock.month, 0)
        assert toys == answer.moved.get("toys down", (0, case.memory.toys_down.get(case.clock.month, 0)))[1]
        assert (outcome.tiers[-1].after if outcome.tiers else case.memory.tier) == answer.tier
        assert program.score(decoder.decode(case.sent), case.facts, case.state) == outcome


def _discounts(outcome: Outcome) -> list[Any]:
    return [(each.rule, each.given, [(part.line, part.runs) for part in each.parts]) for each in outcome.discounts]


def _plain(answer: heavyhand.Answer) -> list[Any]:
    return [
        (rule, given, [(line, tuple(runs)) for line, runs in parts]) for rule, given, parts in answer.discounts if given
    ]


def _code(outcome: Outcome) -> str:
    found = outcome.codes
    return "" if not found else "applied" if found[0].rules else found[0].reason


# ---- the times ----


def _table(program: Program, cases: Sequence[Case], rounds: int) -> Table:
    decoder = msgspec.json.Decoder(program.event_type("purchase"))
    score = program.score
    hands = [(case.facts["plan"], case.memory, case.clock) for case in cases]
    times = measured(
        {
            HAND: Run(
                lambda: [(orjson.loads(c.trusted), *rest) for c, rest in zip(cases, hands, strict=True)],
                lambda args: heavyhand.score(*args),
            ),
            STRUCT: Run(lambda: [(decoder.decode(c.sent), c.facts, c.state) for c in cases], lambda a: score(*a)),
            DICT: Run(lambda: [(orjson.loads(c.sent), c.facts, c.state) for c in cases], lambda a: score(*a)),
        },
        rounds,
    )
    hand = times[HAND].median
    rows: list[list[Cell]] = [
        [name, each.median, each.spread, each.median / hand, AIMS.get(name, "")] for name, each in times.items()
    ]
    some = [program.score(orjson.loads(case.sent), case.facts, case.state) for case in cases[:500]]
    off, awards = sum(len(each.discounts) for each in some), sum(len(each.awards) for each in some)
    discounts, given = f"{off / len(some):.1f}", f"{awards / len(some):.1f}"
    notes = [
        f"A basket has five lines, {discounts} discounts that fall on units, and {given} awards; all are equal.",
        "By hand: no checks, no texts, no receipt.",
    ]
    columns = ["way", "us an event", "spread", "x by hand", "aim x by hand"]
    return Table("Checkout with offers: ten rules, eight effects, three splits", columns, rows, notes)


def forty() -> str:
    """A program with forty offers on a basket of any length."""
    head = RULES.read_text(encoding="utf-8")
    head = head.split("track spend")[0].replace("lines 0 to 200", "lines 0 to 2_000")
    kinds = ("grocery", "toys", "home", "books", "fashion")
    names = [f"Offer {number}" for number in range(40)]
    stages = ("item", "basket")
    listed = ["   ".join(f'"{name}",' for name in names[half * 20 : half * 20 + 20]).rstrip(",") for half in (0, 1)]
    order = "   ".join(f"{stage}: all in order {names}" for stage, names in zip(stages, listed, strict=True))
    head = "\n".join(f"  stacking   {{ {order} }}" if "stacking" in line else line for line in head.splitlines())
    offers = []
    for number, name in enumerate(names):
        kind = kinds[number % 5]
        if number < 20:
            grain = "unit" if number % 2 else "line"
            effect = f"take {1 + number % 4}% of current off each {grain} where category is {kind}"
        else:
            where = f" where category is {kind}" if number % 3 else ""
            effect = f"when current >= {number} GBP  take {number}.37 GBP off the total of lines{where}"
        offers.append(f'{stages[number // 20]} offer "{name}" {{\n  on purchase\n  automatic\n  {effect}\n}}')
    return head + "\n\n" + "\n".join(offers) + "\n"


def _lengths(rounds: int) -> Table:
    program = load([Source("forty.rules", forty())])
    assert not getattr(program.backend, "delegated", {})
    score, facts = program.score, baskets.facts(0)
    events = {
        length: [orjson.dumps(each) for each in heavybaskets.heavy(max(4, 4000 // length), length)]
        for length in LENGTHS
    }

    def inputs(length: int) -> Run:
        return Run(lambda: [orjson.loads(each) for each in events[length]], lambda event: score(event, facts))

    times = measured({f"{length:,} lines": inputs(length) for length in LENGTHS}, rounds)
    each = {length: times[f"{length:,} lines"].median / length for length in LENGTHS}
    rows: list[list[Cell]] = [
        [f"{length:,} lines", times[f"{length:,} lines"].median, each[length], each[length] / each[20],
         "2" if length == 1000 else ""]
        for length in LENGTHS
    ]  # fmt: skip
    columns = ["basket", "us an event", "us a line", "x 20 lines", "aim x 20 lines"]
    notes = ["Forty offers: ten by unit, ten by line, twenty on the total, spread over all their lines and units."]
    return Table("Checkout with offers: long baskets, forty offers", columns, rows, notes)
