"""What a billion events cost: the figures of `docs/sizing.md`, worked out from `RESULTS.md`.

    python -m benchmarks.sizing          write them into the page
    python -m benchmarks.sizing --check  say whether the page has them

In: the tables of the last run. Out: the lines between the page's two marks. What is not measured but assumed stands in
`ASSUMED`, and on the page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).parent / "RESULTS.md"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "sizing.md"
BEGIN, END = "<!-- figures: made by benchmarks/sizing.py -->", "<!-- end of figures -->"
SPEED = "Batch: ten rules with allocation and state"
SIZES = "Batch: what an event and a member take"
EVENTS = 1_000_000_000
MEMBERS = 50_000_000
HEAVY = 1_000_000
"""Events of the member who has most."""


class Assumed(NamedTuple):
    """What no benchmark of ours measures."""

    megabytes_a_second: float
    """What one core of a cluster shuffles, written and read, network included."""
    dollars_a_core_hour: float
    overhead: float
    """By how much a cluster's cores work more than the sum of its parts: starting, scheduling, stragglers."""


ASSUMED = Assumed(50, 0.05, 1.3)


class Measured(NamedTuple):
    """Events a second of one core by the kernel, by NumPy and by rows; bytes of an event in Parquet and in Arrow, and
    of a member in memory."""

    kernel: float
    chunks: float
    rows: float
    parquet: float
    arrow: float
    member: float


def tables(text: str) -> dict[str, dict[str, list[str]]]:
    """The tables of a report by title, their rows by the first cell.

    >>> tables("## A\\n\\n| way | us |\\n|---|---:|\\n| one | 1,200 |\\n")["A"]["one"]
    ['1,200']
    """
    found: dict[str, dict[str, list[str]]] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line[3:]
        elif line.startswith("| ") and title:
            first, *rest = (cell.strip() for cell in line.strip("|").split("|"))
            found.setdefault(title, {})[first] = rest
    return found


def read(text: str) -> Measured:
    """The figures that are needed; raises `KeyError` where a report lacks one."""
    found = tables(text)
    speed = found[SPEED]
    sizes = found[SIZES]

    def number(row: list[str]) -> float:
        return float(row[0].replace(",", ""))

    return Measured(
        number(speed["kernel, numba, 1 thread"]) * 1e6,
        number(speed["the same tables through NumPy"]) * 1e6,
        number(speed["row path, Program.score and apply"]) * 1e6,
        number(sizes["an event in Parquet"]),
        number(sizes["an event in Arrow"]),
        number(sizes["a member in memory"]),
    )


def lines(measured: Measured, assumed: Assumed = ASSUMED) -> list[str]:
    """The page's figures."""
    ways = {
        "kernel (numba)": measured.kernel,
        "the same tables through NumPy": measured.chunks,
        "row by row (generated Python)": measured.rows,
    }
    shuffle = EVENTS * measured.arrow / (assumed.megabytes_a_second * 1e6) / 3600
    rows = []
    for name, rate in ways.items():
        hours = EVENTS / rate / 3600
        whole = _hours(hours + shuffle, assumed)
        rows.append(f"| {name} | {rate / 1e3:,.0f} | {hours:,.1f} | {whole} | {HEAVY / rate:,.0f} s |")
    return [*_told(measured), "", *_assumed(shuffle, assumed), "", *_heads(), *rows]


def _told(measured: Measured) -> list[str]:
    files, moved, kept = EVENTS * measured.parquet, EVENTS * measured.arrow, MEMBERS * measured.member
    return [
        f"Measured: an event takes {measured.parquet:,.0f} bytes in Parquet and {measured.arrow:,.0f} in Arrow,",
        f"a member {measured.member:,.0f} bytes of memory besides lots. So a billion events are {_giga(files)} of",
        f"files, {_giga(moved)} are shuffled, and {MEMBERS // 10**6} million members take {_giga(kept)} over cores.",
    ]


def _assumed(shuffle: float, assumed: Assumed) -> list[str]:
    return [
        f"Assumed: a core shuffles {assumed.megabytes_a_second:g} MB/s, so the shuffle takes {shuffle:,.1f}",
        f"core-hours; a cluster works {assumed.overhead:g} times its parts; a core-hour costs",
        f"{assumed.dollars_a_core_hour:g} USD.",
    ]


def _heads() -> list[str]:
    heads = ("scored by", "thousand events a core-second", "core-hours, scoring", "with shuffle, on a cluster")
    return [f"| {' | '.join(heads)} | a member of {HEAVY:,} events |", "|---|---:|---:|---:|---:|"]


def _giga(size: float) -> str:
    return f"{size / 1e9:,.0f} GB"


def _hours(hours: float, assumed: Assumed) -> str:
    whole = hours * assumed.overhead
    return f"{whole:,.1f} core-hours, {whole * assumed.dollars_a_core_hour:,.2f} USD"


def page(text: str, figures: list[str]) -> str:
    """The page with other figures."""
    inner = "\n\n".join((BEGIN, "\n".join(figures), END))
    return re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: inner, text, flags=re.DOTALL)


def main() -> int:
    """Write the figures, or compare them."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text, lines(read(RESULTS.read_text(encoding="utf-8"))))
    if "--check" in sys.argv:
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
