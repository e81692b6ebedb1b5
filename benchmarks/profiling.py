"""Profiles that tables show: whose time it is, by function or by module, with what it calls that is not ours.

In: something to call. Out: seconds by name. What is built in, NumPy's and of other packages counts to the function of
ours that called it, as far as it was called directly; the rest stands under `OTHERS`.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.tables import Cell

OTHERS = "Python and packages"
Where: TypeAlias = tuple[str, int, str]


def by_function(do: Callable[[], object]) -> dict[str, float]:
    """Seconds by function of ours, by themselves."""
    return _spent(do, _function)


def by_module(do: Callable[[], object]) -> dict[str, float]:
    """Seconds by module of ours, by themselves."""
    return _spent(do, _module)


def shares(found: dict[str, float], most: int = 10) -> list[list[Cell]]:
    """The names with most as rows, with their share of the whole; the others as one.

    >>> shares({"a": 3.0, "b": 1.0}, 1)
    [['a', '75.0%'], ['all others', '25.0%']]
    """
    whole = sum(found.values())
    dearest = sorted(found, key=lambda name: (-found[name], name))[:most]
    rest = whole - sum(found[name] for name in dearest)
    rows: list[list[Cell]] = [[name, f"{found[name] / whole:.1%}"] for name in dearest]
    return [*rows, ["all others", f"{rest / whole:.1%}"]]


def _spent(do: Callable[[], object], named: Callable[[Where], str]) -> dict[str, float]:
    profile = cProfile.Profile()
    profile.runcall(do)
    stats: dict[Where, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    found: dict[str, float] = {}
    for where, (_, _, own, _, callers) in stats.items():
        theirs = {where: own} if _is_ours(where) else {caller: each[2] for caller, each in callers.items()}
        for caller, spent in theirs.items():
            name = named(caller) if _is_ours(caller) else OTHERS
            found[name] = found.get(name, 0.0) + spent
    return found


def _is_ours(where: Where) -> bool:
    return "rules_engine" in where[0] or (where[0].startswith("<") and not where[0].startswith("<frozen"))


def _function(where: Where) -> str:
    return f"{_module(where)}: {where[2].strip('<>')}"


def _module(where: Where) -> str:
    path = Path(where[0])
    return f"{path.parent.name}/{path.name}" if path.suffix == ".py" else "generated"
