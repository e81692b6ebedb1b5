"""A programme page as HTML that needs nothing else; the calendar is drawn as SVG inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from rules_engine.calendar import day_of, is_leap
from rules_engine.describing.as_markdown import MONTHS
from rules_engine.describing.said import Block, Entry, Grid, Item, Page, Sentences, Year, parts
from rules_engine.pages import Markup, bullets, element, escape, join, page, table

_NAMES, _DAYS, _ROW, _TOP = 260, 732, 20, 22
"""Widths and heights of the calendar: its names, two for each day, a row, the months above."""

_STYLE: Final = """nav a { margin-right: 1rem; white-space: nowrap }
svg.year text { font: 12px system-ui, sans-serif; fill: var(--text) }
svg.year .month { fill: var(--soft) }
svg.year rect { fill: var(--accent) }
svg.year line { stroke: var(--line) }
"""


def html(shown: Page) -> str:
    """The whole page; every text of the rule file is escaped."""
    links = [element("a", each.title, href=f"#{_anchor(each.title)}") for each in shown.sections]
    body = [element("h1", shown.title), element("nav", join(links, " "))]
    for section in shown.sections:
        body.append(element("h2", section.title, id=_anchor(section.title)))
        body += [part for block in section.blocks for part in _block(block)]
    body.append(
        element("p", "Text in ", element("code", "this type"), " stands as the rule file writes it.", class_="soft")
    )
    return page(shown.title, join(body), _STYLE)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _block(block: Block) -> Iterator[Markup]:
    match block:
        case Sentences(items=items):
            yield bullets([_item(each) for each in items])
        case Grid(head=head, rows=rows):
            yield table([_marked(each) for each in head], ([_marked(each) for each in row] for row in rows))
        case Entry(title=title, place=place, points=points):
            yield element("h3", title, " ", _place(place))
            yield bullets([_marked(each) for each in points])
        case Year():
            yield _year(block)
        case _:
            assert_never(block)


def _item(item: Item) -> Markup:
    return join([_marked(item.text), *([" ", _place(item.place)] if item.place else [])], "")


def _place(place: str) -> Markup:
    return element("span", place, class_="source")


def _marked(text: str) -> Markup:
    return Markup(parts(text, escape, lambda code: element("code", code)))


def _year(block: Year) -> Markup:
    """A row for each thing that runs, two pixels for each day."""
    height = _TOP + _ROW * len(block.bars)
    starts = [day_of(block.year, month, 1) - day_of(block.year, 1, 1) for month in range(1, 13)]
    drawn = [
        element("line", x1=str(_NAMES + 2 * start), x2=str(_NAMES + 2 * start), y1="0", y2=str(height))
        for start in starts
    ]
    drawn += [
        element("text", name, x=str(_NAMES + 2 * start + 4), y="14", class_="month")
        for name, start in zip(MONTHS, starts, strict=True)
    ]
    for number, bar in enumerate(block.bars):
        top = _TOP + _ROW * number
        drawn.append(element("text", _short(bar.name), x="0", y=str(top + 14)))
        drawn += [
            element(
                "rect",
                element("title", f"{bar.name}: {_dates(block.year, start, end)}"),
                x=str(_NAMES + 2 * start), y=str(top + 3), width=str(2 * (end - start)), height=str(_ROW - 6), rx="2",
            )
            for start, end in bar.spans
        ]  # fmt: skip
    width = _NAMES + (_DAYS if is_leap(block.year) else _DAYS - 2)
    view = f"0 0 {width} {height}"
    svg = element("svg", join(drawn), class_="year", viewBox=view, width=str(width), height=str(height), role="img")
    return element(
        "figure", svg, element("figcaption", f"{block.year}. What is not here does not hang on the day alone.")
    )


def _short(name: str) -> str:
    return name if len(name) <= 36 else f"{name[:35]}…"


def _dates(year: int, start: int, end: int) -> str:
    from rules_engine.calendar import format_date

    first = day_of(year, 1, 1)
    return f"{format_date(first + start)} to {format_date(first + end - 1)}"
