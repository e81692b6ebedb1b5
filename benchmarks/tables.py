"""Tables of results, as text for the screen and as Markdown for `RESULTS.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

Cell = str | float | int
"""A number is shown with three figures."""


class Plot(NamedTuple):
    """What to draw of a table: `lines`, a line a row over the numbers in the heads of the columns, on logarithmic
    scales; or `bars`, a bar a row, of one column. `name` is the file's."""

    name: str
    kind: Literal["lines", "bars"]
    label: str
    column: int = 1


class Table(NamedTuple):
    """What one question's answer is: numbers in rows, and sentences on how they came about. `measured` are the figures
    that targets are held against, by the keys of `targets.TARGETS`; `plot` is what to draw of it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    measured: Mapping[str, float] = MappingProxyType({})
    plot: Plot | None = None


def shown(cell: Cell) -> str:
    """A cell as text.

    >>> shown(0.4567), shown(0.0074321), shown(12.34), shown(1234.5), shown("x")
    ('0.457', '0.00743', '12.3', '1,234', 'x')
    """
    if isinstance(cell, str):
        return cell
    size = abs(cell)
    if isinstance(cell, int) or size >= 100:
        return f"{cell:,.0f}"
    if 0.00001 < size < 0.1:
        return f"{float(f'{cell:.3g}'):.8f}".rstrip("0")
    return f"{cell:.1f}" if size >= 10 else f"{cell:.2f}" if size >= 1 else f"{cell:.3f}"


def text(table: Table) -> str:
    """A table for the screen."""
    rows = [list(table.columns), *([shown(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.columns))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([table.title, "-" * len(table.title), *lines, *(f"  {note}" for note in table.notes)])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(w) if at else cell.ljust(w) for at, (cell, w) in enumerate(zip(row, widths, strict=True))
    )


def markdown(table: Table) -> str:
    """A table for a file."""
    head = [f"## {table.title}", "", "| " + " | ".join(table.columns) + " |"]
    rule = "|---|" + "---:|" * (len(table.columns) - 1)
    rows = ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in table.rows]
    drawn = [] if table.plot is None else [f"\n![{table.title}](plots/{table.plot.name}.svg)"]
    return "\n".join([*head, rule, *rows, *(f"\n{note}" for note in table.notes), *drawn])
