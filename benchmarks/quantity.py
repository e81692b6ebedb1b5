"""What quantity costs: the same offers on lines of one piece, of six, and of ten thousand.

In: one offer of each shape that looks at single units, on four lines. A line of many pieces is kept as runs of equal
units, so ten thousand pieces are to cost no more than three times what one does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, measured
from rules_engine.pipeline import load
from rules_engine.source import Source

PIECES: Final = (1, 6, 10_000)
EFFECTS: Final[Mapping[str, str]] = {
    "a share of each unit": "take 12.5% of current off each unit",
    "each unit, with a cap": "take 12.5% of current off each unit, up to 7.77 GBP",
    "a total": "take 10.01 GBP off the total of lines",
    "the second of three": "take 50% of current off each unit at every 2nd of 3, dearest first",
    "the cheapest of three": "take current off each unit at the cheapest 1 per full 3",
    "units 2 to 5": "take 1 GBP off each unit at units 2 to 5 of each line",
    "buy two, get one": "for every set of { 2 units, dearest first  1 unit, cheapest first: take 1 GBP off each unit }",
    "a bundle": """for every set of { 1 unit where kind is a, dearest first  1 unit where kind is b, cheapest first }
  price each set at 10 GBP""",
    "three, less a pound": "for every set of { 3 units, cheapest first } take 1 GBP off each set",
}
"""Offers, by what they do."""

HEAD: Final = """language 1

program "Quantity" {
  currency  GBP, rounded half up
  timezone  "Europe/London"
  split     in proportion, odd pennies to the largest remainder
}

event purchase dated by day of customer identified by no {
  no: text   customer: member?   day: date
  lines 0 to 200 {
    id: text as id   kind: a | b   pieces: count up to 10_000 as quantity   price: money up to 1_000 GBP as list each
  }
}
"""
PRICES: Final = ("79.99", "12.35", "4.10", "31.07")


def run(rounds: int = 9, count: int = 200) -> list[Table]:
    """One table: a row for each offer."""
    runs = {}
    for name, effect in EFFECTS.items():
        program = load([Source("quantity.rules", f'{HEAD}\nitem offer "Offer" {{ on purchase automatic {effect} }}\n')])
        assert not getattr(program.backend, "stepped", {})
        for pieces in PIECES:
            runs[f"{name} {pieces}"] = Run(_inputs(pieces, count), program.score)
    times = measured(runs, rounds)
    rows: list[list[Cell]] = []
    for name in EFFECTS:
        each = [times[f"{name} {pieces}"].median for pieces in PIECES]
        rows.append([name, *each, each[-1] / each[0], each[-1] / each[1], "3"])
    columns = ["offer", *(f"us, {pieces:,} a line" for pieces in PIECES), "x one piece", "x six pieces", "aim x six"]
    notes = ["Four lines. One piece a line often forms no set and picks no unit, so that six are the measure."]
    return [Table("Quantity: the same offer on more pieces", columns, rows, notes)]


def _inputs(pieces: int, count: int) -> Any:
    lines = [
        {"id": f"l{place}", "kind": "ab"[place % 2], "pieces": pieces, "price": price}
        for place, price in enumerate(PRICES)
    ]
    sent = orjson.dumps({"event": "purchase", "no": "1", "day": "2027-03-05", "lines": lines})

    def inputs() -> Sequence[Any]:
        return [orjson.loads(sent) for _ in range(count)]

    return inputs
