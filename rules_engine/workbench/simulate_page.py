"""A simulation as one page that needs nothing else: tables, and plots drawn as SVG inside it.

Every text of a rule file is escaped; nothing is fetched when the page is opened. The plots are drawn by matplotlib, an
extra that is imported when a page is asked for. Only here are numbers anything but exact: a pixel is no amount.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from rules_engine.pages import Markup, element, join, page, table
from rules_engine.workbench.simulate_tables import Cell, Difference, Table
from rules_engine.workbench.simulation import Simulation, compare, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PIP: Final = "the page needs the plots: pip install 'rules-engine[plots]'"

_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_COLOURS: Final = ("#2a6f97", "#e07a5f", "#7a9e7e", "#8d6a9f")
_NAME_MAX: Final = 32


class NoPlots(Exception):  # noqa: N818 - the library that draws is not installed
    """What to install before a page can be made."""


def check_plots() -> None:
    """Raise `NoPlots` where the library that draws is not there."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise NoPlots(PIP) from None


def simulation_page(simulation: Simulation, against: Simulation | None = None) -> str:
    """The page, as HTML; raises `NoPlots`."""
    check_plots()
    parts = [
        element("h1", simulation.title),
        element("p", span(simulation)),
        element("pre", simulation.tally.summary()),
    ]
    if against is not None:
        parts += [element("h2", f"Against {against.title}"), _differences(compare(against, simulation))]
    parts += [element("figure", plot, element("figcaption", said)) for said, plot in _plots(simulation)]
    for each in simulation.tables:
        parts += [element("h2", each.title.capitalize()), _table(each)]
    return page(simulation.title, join(parts), _GROUND)


_GROUND: Final = "figure svg { background: #fff }\n"  # the plots are drawn in dark colours


# ---- tables ----


def _table(shown: Table) -> Markup:
    columns = shown.shown()
    places = [shown.columns.index(name) for name in columns]
    rows = ([*names, *(_number(cells[place]) for place in places)] for names, cells in shown.rows.items())
    return join([table([*shown.names, *columns], rows), *(element("p", note) for note in shown.notes)])


def _differences(found: Sequence[Difference]) -> Markup:
    if not found:
        return element("p", "No difference.")
    head = ("table", "row", "column", "old", "new", "by")
    rows = (
        (each.table, ", ".join(filter(None, each.row)), each.column, *map(_number, (each.old, each.new, each.by)))
        for each in found
    )
    return table(head, rows)


def _number(cell: Cell | None) -> str:
    return "" if cell is None else cell.text


# ---- plots ----


def _plots(simulation: Simulation) -> Iterator[tuple[str, Markup]]:
    tables = {table.title: table for table in simulation.tables}
    months = tables.get("by month")
    if months is not None:
        for of in dict.fromkeys(row[1] for row in months.rows):
            if _any(months, of, "issued", "used", _LEFT):
                yield f"{of} by month", _units_by_month(months, of)
            if _any(months, of, "discounts", "paid with units"):
                yield (
                    f"Discounts and payments with units, as a share of the revenue in {of}",
                    _cost_by_month(months, of),
                )
    rules = tables.get("by rule")
    for of in dict.fromkeys(row[1] for row in rules.rows) if rules is not None else ():
        assert rules is not None
        if _any(rules, of, "discounts", "paid with units"):
            yield f"What rules cost, in {of}", _cost_by_rule(rules, of)
    lift = tables.get("holdouts")
    for of in dict.fromkeys(row[1] for row in lift.rows) if lift is not None else ():
        assert lift is not None
        if _any(lift, of, "net each, kept out", "net each, others"):
            yield f"Net of each member, in {of}: those kept out, and all others", _lift(lift, of)


def _any(table: Table, of: str, *columns: str) -> bool:
    return any(value for column in columns for value in _series(table, of, column))


def _series(table: Table, of: str, column: str) -> list[float]:
    place = table.columns.index(column)
    return [float(cell.value) if (cell := cells[place]) else 0.0 for row, cells in table.rows.items() if row[1] == of]


def _names(table: Table, of: str) -> list[str]:
    return [_short(row[0]) for row in table.rows if row[1] == of]


def _short(name: str) -> str:
    return name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…"


def _by_month(months: Table, of: str, column: str) -> tuple[list[str], list[float]]:
    """A number for each month of the history in which anything was counted; what is outstanding stays so."""
    names = sorted({row[0] for row in months.rows})
    place = months.columns.index(column)
    found: list[float] = []
    for name in names:
        cells = months.rows.get((name, of))
        cell = cells[place] if cells is not None else None
        stays = found[-1] if cells is None and found and column == _LEFT else 0.0
        found.append(stays if cell is None else float(cell.value))
    return names, found


_LEFT: Final = "outstanding at its end"


def _units_by_month(months: Table, unit: str) -> Markup:
    def draw(axes: Axes) -> None:
        names, left = _by_month(months, unit, _LEFT)
        places = list(range(len(names)))
        for number, column in enumerate(("issued", "used", "expired")):
            shifted = [place + (number - 1) * 0.27 for place in places]
            axes.bar(shifted, _by_month(months, unit, column)[1], 0.27, label=column, color=_COLOURS[number])
        axes.plot(places, left, marker="o", color="#333333", label="outstanding")
        axes.set_xticks(places, names, rotation=45, ha="right")
        axes.set_ylabel(unit)
        axes.legend(frameon=False)

    return _svg(draw, f"units {unit}")


def _cost_by_month(months: Table, currency: str) -> Markup:
    def draw(axes: Axes) -> None:
        names, revenue = _by_month(months, currency, "revenue")
        places, under = list(range(len(names))), [0.0] * len(names)
        for number, column in enumerate(("discounts", "paid with units")):
            amounts = zip(_by_month(months, currency, column)[1], revenue, strict=True)
            shares = [100 * amount / whole if whole > 0 else 0.0 for amount, whole in amounts]
            axes.bar(places, shares, 0.6, bottom=under, label=column, color=_COLOURS[number])
            under = [low + share for low, share in zip(under, shares, strict=True)]
        axes.set_xticks(places, names, rotation=45, ha="right")
        axes.set_ylabel("% of revenue")
        axes.legend(frameon=False)

    return _svg(draw, f"cost {currency}")


def _cost_by_rule(rules: Table, currency: str) -> Markup:
    def draw(axes: Axes) -> None:
        names, under = _names(rules, currency), [0.0] * len(_names(rules, currency))
        places = list(range(len(names)))
        for number, column in enumerate(("discounts", "paid with units")):
            amounts = _series(rules, currency, column)
            axes.barh(places, amounts, 0.6, left=under, label=column, color=_COLOURS[number])
            under = [low + amount for low, amount in zip(under, amounts, strict=True)]
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.set_xlabel(currency)
        axes.legend(frameon=False)

    return _svg(draw, f"rules {currency}", max(2.4, 0.3 * len(_names(rules, currency)) + 1))


def _lift(holdouts: Table, currency: str) -> Markup:
    def draw(axes: Axes) -> None:
        names = _names(holdouts, currency)
        for number, (column, said) in enumerate((("net each, kept out", "kept out"), ("net each, others", "others"))):
            places = [place + (number - 0.5) * 0.38 for place in range(len(names))]
            axes.barh(places, _series(holdouts, currency, column), 0.36, label=said, color=_COLOURS[number])
        axes.set_yticks(list(range(len(names))), names)
        axes.invert_yaxis()
        axes.set_xlabel(f"{currency} a member")
        axes.legend(frameon=False)

    return _svg(draw, f"lift {currency}", max(2.4, 0.7 * len(_names(holdouts, currency)) + 1))


def _svg(draw: Any, name: str, height: float = 3.2) -> Markup:
    """A drawing as SVG that stands in a page: the same numbers give the same text."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(8.5, height), layout="constrained")
        draw(figure.add_subplot())
        written = io.StringIO()
        nobody = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=nobody, transparent=True)
    return Markup(re.sub(r"^.*?(?=<svg)", "", written.getvalue(), flags=re.S))
