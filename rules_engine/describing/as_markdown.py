"""A programme page as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, assert_never

from rules_engine.calendar import civil, day_of
from rules_engine.describing.said import Bar, Block, Entry, Grid, Item, Page, Sentences, Year, parts

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_RANGES_MAX: Final = 3
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def markdown(page: Page) -> str:
    """The whole page; every text of the rule file is escaped."""
    lines = [f"# {_plain(page.title)}", ""]
    for section in page.sections:
        lines += [f"## {section.title}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    lines.append("Text in `this type` stands as the rule file writes it.")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Sentences(items=items):
            yield from map(_item, items)
        case Grid(head=head, rows=rows):
            yield from _table(head, rows)
        case Entry(title=title, place=place, points=points):
            yield f"### {_plain(title)} <small>{_plain(place)}</small>"
            yield ""
            yield from (f"- {_marked(point)}" for point in points)
        case Year(year=year, bars=bars):
            yield from _table((str(year), *MONTHS), [_months(year, each) for each in bars])
        case _:
            assert_never(block)


def _item(item: Item) -> str:
    return f"- {_marked(item.text)}" + (f" <small>{_plain(item.place)}</small>" if item.place else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(map(_marked, head))} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(map(_marked, row))} |" for row in rows)


def _months(year: int, bar: Bar) -> tuple[str, ...]:
    """The days of each month on which something runs."""
    first = day_of(year, 1, 1)
    days = [civil(first + place) for start, end in bar.spans for place in range(start, end)]
    cells = [""] * 12
    for month, found in groupby(days, lambda each: each[1]):
        cells[month - 1] = _ranges([day for _, _, day in found], month, year)
    return (bar.name, *cells)


def _ranges(days: list[int], month: int, year: int) -> str:
    last = day_of(year + month // 12, month % 12 + 1, 1) - day_of(year, month, 1)
    if len(days) == last:
        return "all"
    spans: list[list[int]] = []
    for day in days:
        if spans and spans[-1][1] == day - 1:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    if len(spans) > _RANGES_MAX:
        return f"{len(days)} days"
    return ", ".join(f"{start}" if start == end else f"{start}–{end}" for start, end in spans)


def _marked(text: str) -> str:
    return parts(text, _plain, _code)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()) if "\n" in text else text)


def _code(text: str) -> str:
    """A code span that holds any text: its fence is longer than any in it."""
    inside = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(found) for found in re.findall("`+", inside)), default=0))
    pad = " " if "`" in inside else ""
    return f"{fence}{pad}{inside}{pad}{fence}"
