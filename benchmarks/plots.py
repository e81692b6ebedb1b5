"""Tables as pictures: `plots/NAME.svg`, drawn where matplotlib is installed.

In: tables with a `Plot`. Out: the files that were written. The same figures always give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.tables import Plot, Table

FOLDER = Path(__file__).parent / "plots"


def draw(tables: Sequence[Table], folder: Path = FOLDER) -> list[Path]:
    """Draw every table that asks for it; none where matplotlib is not there."""
    if find_spec("matplotlib") is None:
        return []
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "benchmarks"
    matplotlib.rcParams["svg.fonttype"] = "none"
    folder.mkdir(exist_ok=True)
    return [_drawn(table, table.plot, folder) for table in tables if table.plot is not None]


def _drawn(table: Table, plot: Plot, folder: Path) -> Path:
    from matplotlib import pyplot

    tall = 4.5 if plot.kind == "lines" else 1.2 + 0.35 * len(table.rows)
    figure, axes = pyplot.subplots(figsize=(8, tall))
    (_lines if plot.kind == "lines" else _bars)(axes, table, plot)
    axes.set_title(table.title, fontsize=10)
    figure.tight_layout()
    path = folder / f"{plot.name}.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _lines(axes: Any, table: Table, plot: Plot) -> None:
    heads = [int(re.sub(r"\D", "", head)) for head in table.columns[1:]]
    for row in table.rows:
        points = [(x, y) for x, y in zip(heads, row[1:], strict=True) if isinstance(y, int | float)]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=str(row[0]))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(heads, [f"{head:,}" for head in heads])
    axes.minorticks_off()
    axes.set_xlabel("rules")
    axes.set_ylabel(plot.label)
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def _bars(axes: Any, table: Table, plot: Plot) -> None:
    found = [(str(row[0]), row[plot.column]) for row in table.rows]
    bars = [(name, value) for name, value in found if isinstance(value, int | float)]
    axes.barh([name for name, _ in bars][::-1], [value for _, value in bars][::-1])
    axes.set_xlabel(plot.label)
    axes.tick_params(labelsize=8)
