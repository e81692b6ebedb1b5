"""Simple targeted rules, 10 to 5,000 of them: the engine with full validation and whole outcomes, beside other engines.

In: rules that ask one field for a value and the amount for a least, and baskets of which each meets two or three of
them, whatever the number of rules. All answers are compared first. The engine takes what a host sends, amounts as text
and the moment of the purchase, checks everything and gives an outcome with its receipt; the others are given trusted
facts, as `engines.py` tells, and stop at names and points. An engine that is not installed is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from time import process_time
from typing import Any

import orjson

from benchmarks.engines import ENGINES, FIELDS, HAND, ZEN, ZEN_SLOW, Engine, Facts, Simple, installed
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import QUICK, Run, Timed, measured
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source

SIZES = (10, 100, 1000, 5000)
OURS = "rules-engine, checks and outcome"
HEAD = """language 1

program "Simple" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }

event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40   bought_at: instant   customer: member
  country: text up to 20   segment: text up to 20   brand: text up to 20   amount: money up to 10_000 GBP as list
}
"""
BASKETS = 400
ROUND_SECONDS = 0.1
"""About what an engine gets in a round: the slow ones score fewer baskets, though never fewer than two."""


def simple_rules(count: int) -> list[Simple]:
    """So many rules; a value of a field is asked by one of them."""
    return [
        Simple(f"Rule {number}", FIELDS[number % 3], f"V{number // 3}", 100 * (number % 40), 1 + number % 9)
        for number in range(count)
    ]


def text(rules: Sequence[Simple]) -> str:
    """The same rules for ours."""
    body = [
        f'earn "{rule.name}" {{ on purchase   when {rule.field} is "{rule.value}" and amount >= {rule.least // 100} GBP'
        f"   give {rule.points} points }}"
        for rule in rules
    ]
    return HEAD + "\n" + "\n".join(body) + "\n"


def facts(count: int, number: int) -> Facts:
    """What other engines are given of a basket, among so many rules."""
    rng = Random(number)
    values = {field: f"V{rng.randrange(max(1, count // 3))}" for field in FIELDS}
    return {**values, "amount": rng.randint(1500, 9000)}


def sent(given: Facts, number: int) -> dict[str, Any]:
    """The same basket as a host sends it."""
    amount = given["amount"]
    return {
        "event": "purchase",
        "order_no": f"order-{number:06d}",
        "bought_at": f"2027-03-{1 + number % 28:02d}T10:{number % 60:02d}:00Z",
        "customer": f"member-{number % 97}",
        **{field: given[field] for field in FIELDS},
        "amount": f"{amount // 100}.{amount % 100:02d}",
    }


def run(rounds: int = 5) -> list[Table]:
    """Compare the answers, then the times, for each number of rules."""
    sizes = SIZES if rounds > QUICK else SIZES[:2]
    times = {size: _times(size, rounds) for size in sizes}
    return [_table(times), _ratios(times)]


def _times(size: int, rounds: int) -> dict[str, Timed]:
    rules = simple_rules(size)
    program = load([Source("simple.rules", text(rules))])
    assert not getattr(program.backend, "stepped", {})
    engines = {
        name: make(rules) for name, (package, make, most) in ENGINES.items() if size <= most and installed(package)
    }
    runs = {OURS: _ours(program, size)}
    expected = [engines[HAND].points(engines[HAND].one(facts(size, number))) for number in range(BASKETS)]
    for number in range(BASKETS):
        outcome = program.score(sent(facts(size, number), number))
        assert {each.rule: each.given for each in outcome.awards} == expected[number], (size, number, outcome)
    for name, engine in engines.items():
        runs[name] = _theirs(name, engine, size, expected)
    return measured(runs, rounds)


def _ours(program: Program, size: int) -> Run:
    texts = [orjson.dumps(sent(facts(size, number), number)) for number in range(BASKETS)]
    return Run(lambda: [orjson.loads(each) for each in texts], program.score)


def _theirs(name: str, engine: Engine, size: int, expected: Sequence[dict[str, int]]) -> Run:
    """As many baskets as fit in a round; all of them are compared."""
    one = facts(size, 0)
    start = process_time()
    assert engine.points(engine.one(dict(one))) == expected[0], (name, size)
    spent = process_time() - start
    many = max(2, min(BASKETS, int(ROUND_SECONDS / max(spent, 1e-6))))
    texts = [orjson.dumps(facts(size, number)) for number in range(many)]
    for number, content in enumerate(texts):
        assert engine.points(engine.one(orjson.loads(content))) == expected[number], (name, size, number)
    return Run(_loaded(texts), engine.one)


def _loaded(texts: Sequence[bytes]) -> Callable[[], Sequence[Any]]:
    return lambda: [orjson.loads(each) for each in texts]


# ---- the tables ----


def _table(times: dict[int, dict[str, Timed]]) -> Table:
    names = (OURS, *ENGINES)
    rows: list[list[Cell]] = [
        [name, *(times[size][name].median if name in times[size] else "" for size in times)]
        for name in names
        if any(name in times[size] for size in times)
    ]
    missing = sorted({package for package, _, _ in ENGINES.values() if package and not installed(package)})
    used = sorted({package for package, _, _ in ENGINES.values() if package} - set(missing))
    spread = max(each.spread / each.median for size in times for each in times[size].values())
    notes = [
        "Each basket meets two or three rules, whatever the number of rules; all answers are equal. What is left empty",
        "takes minutes there, or never ends. Ours checks what a host sends and gives whole outcomes; others do not.",
        f"The widest spread is {spread:.0%} of its median.",
        f"Versions: {', '.join(f'{package} {installed(package)}' for package in used)}.",
        *(f"Not measured, because it is not installed: {package}." for package in missing),
    ]
    columns = ["engine", *(f"{size:,} rules" for size in times)]
    return Table("Simple targeted rules, us an event", columns, rows, notes, plot=Plot("rules", "lines", "us an event"))


def _ratios(times: dict[int, dict[str, Timed]]) -> Table:
    rows: list[list[Cell]] = []
    for name in ENGINES:
        ratios = [times[size][name].median / times[size][OURS].median if name in times[size] else "" for size in times]
        if any(ratios):
            rows.append([name, *ratios])
    found: dict[str, float] = {}
    for size in list(times)[1:]:
        best = [times[size][name].median for name in (ZEN, ZEN_SLOW) if name in times[size]]
        if best:
            found[f"zen {size}"] = min(best) / times[size][OURS].median
    others = [
        times[size][name].median / times[size][OURS].median
        for size in list(times)[1:]
        for name in times[size]
        if name not in {OURS, HAND, ZEN, ZEN_SLOW}
    ]
    if others:
        found["other peers"] = min(others)
    columns = ["engine", *(f"{size:,} rules" for size in times)]
    return Table("Simple targeted rules: how many times as long as ours", columns, rows, (), found)
