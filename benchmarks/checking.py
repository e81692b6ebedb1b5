"""What a check costs: a generated program of thousands of rules, cold, beside lark's bare parse of the same rules.

In: the head of `checkout.rules` and rules of eight shapes with constants of their own. The stages are timed one by one,
as `pipeline.load` runs them: parse (positions on every node), check (names, types, meaning), lower, plan (how rules are
found), emit (generate the functions, compile the one that the first event needs, score it). The yardstick is stock lark
on the project's own grammar, LALR, contextual lexer, positions on every node; it makes a tree of tokens and looks
nothing up. See `stock_lark.py` for what that takes.
"""

from __future__ import annotations

import cProfile
import pstats
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baskets import baskets, facts
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, Timed, measured
from rules_engine import ir
from rules_engine.backends.python import Python
from rules_engine.checking import check
from rules_engine.folders import Folder
from rules_engine.lowering import fingerprint, lower
from rules_engine.parsing import parse
from rules_engine.planning import Plan, plan
from rules_engine.source import Source

HEAD = Path(__file__).parent / "checkout.rules"
_CATEGORIES = ("grocery", "toys", "home", "books", "fashion")
_CHANNELS = ("web", "app", "store")
LARK = "lark, bare parse with positions"
CORE = ("parse and check", "lower", "fingerprint")
EMIT = "emit and score the first event"


def rules(count: int) -> list[str]:
    """Rules of eight shapes, all different."""
    return [_rule(number) for number in range(count)]


def _rule(n: int) -> str:
    category, other, channel = _CATEGORIES[n % 5], _CATEGORIES[(n + 2) % 5], _CHANNELS[n % 3]
    points, spend = n % 9 + 2, n % 97 + 10
    lines = f"net of lines where category is {category}"
    shape = (
        f"when channel is {channel} and net >= {spend} GBP  give {points} points per full 1 GBP of {lines}",
        f"when today in quiet  give {points}% of base, up to {spend} points",
        f"when net >= {spend * 3} GBP and net < {spend * 5} GBP  give {points * 50} points",
        f"when first or channel is {channel}  give {points * 10} points  once per member",
        f"give by tier {{ Silver: {points}%  Gold: {points * 2}%  otherwise: nothing }} of base",
        f"when today in weekend  give {points} points per full 2 GBP of {lines} or category is {other}",
        f"when member.plan is plus and spend >= {spend * 10} GBP  give {points}% of base, up to {spend} points",
        f"when channel is not {channel}  give 1 stamp",
    )[n % 8]
    return f'earn "Rule {n}" {{ on purchase  {shape} }}'


def source_of(written: Sequence[str]) -> Source:
    """A program of these rules, behind the head of `checkout.rules`."""
    head = re.split(r"\nearn ", HEAD.read_text(encoding="utf-8"))[0]
    base = 'earn "Base points" as base { on purchase  give 1 point per full 1 GBP of net }'
    return Source("generated.rules", "\n".join([head, base, *written, ""]))


def run(rounds: int = 3, count: int = 10_000) -> list[Table]:
    """The stages in turns, and where the time of a check goes."""
    from benchmarks.stock_lark import stock

    written = rules(count)
    source, lark = source_of(written), stock()
    checked = _checked(source)
    core, basket = lower(checked), baskets(1)[0]
    found = plan(core)
    runs = {
        LARK: _once(lambda: [lark.parse(rule) for rule in written]),
        "parse": _once(lambda: parse(source)),
        "parse and check": _once(lambda: _checked(source)),
        "lower": _once(lambda: lower(checked)),
        "fingerprint": _once(lambda: fingerprint(core)),
        "plan": _once(lambda: plan(core)),
        EMIT: _once(lambda: _first_score(core, basket, found)),
    }
    times = {name: Timed(*(each / count for each in time)) for name, time in measured(runs, rounds).items()}
    return [_table(times, count, len(source.text)), _profile(source, count)]


def _once(do: Callable[[], object]) -> Run:
    return Run(lambda: (None,), lambda _: do())


def _first_score(core: ir.Program, basket: dict[str, Any], found: Plan) -> object:
    """Functions are compiled when they are first called."""
    return Python(core, "", "", found).score(basket, facts(0), None, None)


def _checked(source: Source) -> Any:
    checked = check((source,), Folder(None))
    assert checked.ok, [each.code for each in checked.diagnostics if each.severity == "error"][:5]
    return checked


# ---- the tables ----


def _table(times: dict[str, Timed], count: int, characters: int) -> Table:
    bare = times[LARK].median
    whole = sum(times[name].median for name in (*CORE, "plan", EMIT))
    rows: list[list[Cell]] = [
        [n, t.median, t.spread, t.median / bare, t.median * count / 1e6] for n, t in times.items()
    ]
    rows.insert(3, ["check alone", *_less(times, bare, count)])
    rows.append(["all of ours, text to function", whole, "", whole / bare, whole * count / 1e6])
    checked = sum(times[name].median for name in CORE)
    notes = [f"{count:,} rules of eight shapes, {characters:,} characters; nothing is kept from round to round."]
    notes.append(f"Parsed, checked and lowered, as an editor or CI does: {checked / bare:.2f}x lark.")
    columns = ["stage", "us a rule", "spread", "x lark", "s in all"]
    return Table("A cold check", columns, rows, notes, {"cold": whole / bare})


def _less(times: dict[str, Timed], bare: float, count: int) -> list[Cell]:
    alone = times["parse and check"].median - times["parse"].median
    return [alone, "", alone / bare, alone * count / 1e6]


def _profile(source: Source, count: int) -> Table:
    """The functions that take most of a check, by themselves."""
    profile = cProfile.Profile()
    profile.runcall(_checked, source)
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(each[2] for each in stats.values())
    dearest = sorted(stats.items(), key=lambda item: -item[1][2])[:12]
    rows: list[list[Cell]] = [
        [_place(*where), f"{own / whole:.1%}", calls / count] for where, (_, calls, own, *_) in dearest
    ]
    return Table("A cold check: where the time goes (profiled)", ["function", "share", "calls a rule"], rows)


def _place(file: str, line: int, name: str) -> str:
    return name.strip("<>{}") if file == "~" else f"{Path(file).parent.name}/{Path(file).name}:{name}"
