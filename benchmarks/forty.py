"""Offers in numbers: what floors and caps cost forty of them, and how long a thousand take until the first answer.

The first question is the price of what hardly ever binds: a declared `floor` that no line has, a `never below`, an
`up to` that is seldom reached. The second is growth: checking, loading and the first event of a program of a thousand
offers, beside one of a quarter as many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from benchmarks import baskets, heavybaskets
from benchmarks.heavy import forty
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, measured
from rules_engine.backends.python import Python
from rules_engine.lowering import lower
from rules_engine.pipeline import check, load
from rules_engine.scoring import Program
from rules_engine.source import Source

LENGTH: Final = 20
OFFERS: Final = (250, 500, 1_000)
PLAIN: Final = "without"
_EACH: Final = re.compile(r"(take \d+% of current off each (?:unit|line) where category is \w+)")
_TOTAL: Final = re.compile(r"(take \d+\.37 GBP off the total of lines(?: where category is \w+)?)")
_LIST: Final = "price: money up to 5_000 GBP as list each"


def _floor(text: str) -> str:
    return text.replace(_LIST, f"{_LIST}   least: money? up to 5_000 GBP as floor")


def _never_below(text: str) -> str:
    return _TOTAL.sub(r"\1, never below 0.10 GBP", _EACH.sub(r"\1, never below 0.10 GBP", text))


WORDS: Final[Mapping[str, tuple[Callable[[str], str], str]]] = {
    PLAIN: (str, ""),
    "a floor that no line has": (_floor, ""),
    "a floor on each line": (_floor, "0.01"),
    "never below 0.10": (_never_below, ""),
    "up to 50, seldom reached": (lambda text: _EACH.sub(r"\1, up to 50 GBP", text), ""),
    "up to 1, always reached": (lambda text: _EACH.sub(r"\1, up to 1 GBP", text), ""),
}
"""What is added to the forty offers, and the floor that each line is given."""

HEAD: Final = """language 1

program "Many" {{
  currency  GBP, rounded half up
  timezone  "Europe/London"
  split     in proportion, odd pennies to the largest remainder
  stacking  {{ basket: all in order {names} }}
}}

event purchase dated by day of customer identified by no {{
  no: text   customer: member?   day: date
  lines 0 to 200 {{
    id: text as id   brand: text   pieces: count up to 10_000 as quantity   price: money up to 1_000 GBP as list each
  }}
}}
"""


def run(rounds: int = 9, count: int = 100, offers: Sequence[int] = OFFERS) -> list[Table]:
    """Two tables: what words cost over so many events, and growth with the number of offers."""
    return [_words(rounds, count), _many(rounds, offers)]


def _words(rounds: int, count: int) -> Table:
    times = measured({name: _scoring(added(forty()), floor, count) for name, (added, floor) in WORDS.items()}, rounds)
    rows: list[list[Cell]] = [
        [name, times[name].median, times[name].spread, times[name].median / times[PLAIN].median, "3"] for name in WORDS
    ]
    columns = ["forty offers", "us an event", "spread", "x without", "aim x without"]
    return Table(f"Checkout with forty offers: floors and caps, {LENGTH} lines", columns, rows, [])


def _scoring(text: str, floor: str, count: int) -> Run:
    program, facts = load([Source("forty.rules", text)]), baskets.facts(0)
    assert not getattr(program.backend, "stepped", {})
    return Run(_events(floor, count), lambda event: program.score(event, facts))


def _events(floor: str, count: int) -> Callable[[], Sequence[Any]]:
    events = heavybaskets.heavy(count, LENGTH)
    if floor:
        events = [each | {"lines": [line | {"least": floor} for line in each["lines"]]} for each in events]
    sent = [orjson.dumps(each) for each in events]
    return lambda: [orjson.loads(each) for each in sent]


def _many(rounds: int, offers: Sequence[int]) -> Table:
    runs: dict[str, Run] = {}
    for count in offers:
        source = Source("many.rules", many(count))
        core = lower(check([source]))
        runs[f"check {count}"] = Run([[source]].copy, check)
        runs[f"load {count}"] = Run([core].copy, _first)
    times = measured(runs, min(rounds, 3))
    rows: list[list[Cell]] = []
    for name in ("check", "load"):
        each = [times[f"{name} {count}"].median for count in offers]
        word = "check" if name == "check" else "load and first event"
        grown = each[-1] / each[0] / (offers[-1] / offers[0])
        rows.append([word, *(round(time / 1_000) for time in each), grown, "1.5"])
    columns = ["step", *(f"ms, {count:,} offers" for count in offers), "x linear", "aim x linear"]
    return Table("A program of a thousand offers", columns, rows, [])


def many(count: int) -> str:
    """A program with so many offers in one stage, each on a brand of its own."""
    names = ", ".join(f'"Offer {number}"' for number in range(count))
    offers = [
        f'basket offer "Offer {number}" {{\n  on purchase\n  automatic\n'
        f'  take {1 + number % 20}% of current off each line where brand is "b{number}"\n}}\n'
        for number in range(count)
    ]
    return HEAD.format(names=names) + "".join(offers)


def _first(core: Any) -> Any:
    """A program made from its core, and its first answer."""
    lines = [{"id": f"l{place}", "brand": f"b{place}", "pieces": 2, "price": "12.35"} for place in range(4)]
    event = {"event": "purchase", "no": "1", "customer": "m", "day": "2027-03-05", "lines": lines}
    return Program(core, backend=Python(core)).score(event)
