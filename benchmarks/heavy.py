"""A checkout with offers: ten rules with eight effects and three splits, beside functions by hand; and long baskets.

In: the rules of `heavy.rules` and a stream of distinct baskets of five lines. All answers are compared first, to the
last penny off each unit and the last field. The ways and the yardsticks are told in `calls.py`.

The second question is how the cost of a line grows with the basket, for forty offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks import baskets, calls, handwritten_whole, heavybaskets, heavyhand, heavyhand_whole
from benchmarks.calls import Case
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, measured
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source

RULES = Path(__file__).parent / "heavy.rules"
LENGTHS = (5, 20, 100, 1000)


def run(rounds: int = 9, count: int = 500) -> list[Table]:
    """Compare the answers, then the times."""
    program = load(RULES)
    assert not getattr(program.backend, "stepped", {})
    whole = heavyhand_whole.heavy(program.fingerprint, program.zones)
    cases = [_case(number, sent) for number, sent in enumerate(heavybaskets.heavy(count))]
    _check(program, whole, cases)
    ways = calls.objects(program, heavyhand.score, whole, cases) | calls.texts(program, heavyhand.score, whole, cases)
    times = measured(ways, rounds)
    title = "Checkout with offers: ten rules, eight effects, three splits, from"
    return [
        calls.objects_table(f"{title} objects to an answer", "heavy", times, (), _notes(program, cases)),
        calls.texts_table(f"{title} bytes to bytes", "heavy", times),
        _lengths(rounds),
    ]


def _case(number: int, sent: dict[str, Any]) -> Case:
    day, facts = baskets.day_number(sent), baskets.facts(number)
    rest = facts["plan"], heavybaskets.memory(number, day), heavybaskets.clock(day)
    return calls.case(sent, facts, heavybaskets.state(number, day), heavybaskets.trusted(sent), rest)


# ---- the answers ----


def _check(program: Program, whole: handwritten_whole.Hand, cases: Sequence[Case]) -> None:
    for case in cases:
        plan, memory, clock = case.rest
        answer = heavyhand.score(orjson.loads(case.trusted), plan, memory, clock)
        outcome = calls.answered(program, whole, case)
        assert _discounts(outcome) == _plain(answer), (outcome, answer)
        assert outcome.price is not None
        assert [line.net for line in outcome.price.lines] == answer.costs, (outcome, answer)
        assert outcome.price.net == answer.net
        assert [(each.rule, each.given) for each in outcome.awards] == answer.awards, (outcome, answer)
        assert _code(outcome) == answer.code, (outcome.codes, answer.code)
        after = program.apply(case.state, outcome)
        assert after.tracks["spend"][clock.year] == answer.moved["spend"][1]
        toys = after.limits.get("Toys down: GBP per calendar month", {}).get(clock.month, 0)
        assert toys == answer.moved.get("toys down", (0, memory.toys_down.get(clock.month, 0)))[1]
        assert (outcome.tiers[-1].after if outcome.tiers else memory.tier) == answer.tier


def _discounts(outcome: Outcome) -> list[Any]:
    return [(each.rule, each.given, [(part.line, part.runs) for part in each.parts]) for each in outcome.discounts]


def _plain(answer: heavyhand.Answer) -> list[Any]:
    return [
        (rule, given, [(line, tuple(runs)) for line, runs in parts]) for rule, given, parts in answer.discounts if given
    ]


def _code(outcome: Outcome) -> str:
    found = outcome.codes
    return "" if not found else "applied" if found[0].rules else found[0].reason


# ---- the tables ----


def _notes(program: Program, cases: Sequence[Case]) -> list[str]:
    some = [program.score(orjson.loads(case.sent), case.facts, case.state) for case in cases]
    off, awards = sum(len(each.discounts) for each in some), sum(len(each.awards) for each in some)
    discounts, given = f"{off / len(some):.1f}", f"{awards / len(some):.1f}"
    return [f"A basket has five lines, {discounts} discounts that fall on units, and {given} awards; all are equal."]


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
    assert not getattr(program.backend, "stepped", {})
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
        [f"{length:,} lines", times[f"{length:,} lines"].median, each[length], each[length] / each[20]]
        for length in LENGTHS
    ]
    columns = ["basket", "us an event", "us a line", "x 20 lines"]
    notes = ["Forty offers: ten by unit, ten by line, twenty on the total, spread over all their lines and units."]
    return Table("Checkout with offers: long baskets, forty offers", columns, rows, notes)
