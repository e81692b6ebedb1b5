"""The proof that a table is disjoint and complete, with its witness in the designer's words.

In: the keys and tests of a table. Out: at most one finding: a cell that nothing can meet, two rows for one case, or a
case without a row. The proof itself is in `solving`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rules_engine import solving, tree
from rules_engine.calendar import format_date, format_time
from rules_engine.checking.env import Env
from rules_engine.checking.infos import TiersInfo
from rules_engine.diagnostics import Fix, Label
from rules_engine.solving import Domain, Range, Value, Values
from rules_engine.types import COUNT, FLAG, NUMBERS, Choice, Date, Money, Tier, Time, Type, Unit, describe
from rules_engine.values import format_decimal

if TYPE_CHECKING:
    from rules_engine.checking.keys import KeyPlan


def prove(table: tree.TableBy, keys: list[KeyPlan], rows: list[solving.Row], closing: str | None, env: Env) -> None:
    """Report a cell that nothing can meet, two rows that meet, and values that no row covers."""
    written = [row for row in table.rows if not row.otherwise]
    domains = [key.domain for key in keys]
    outside = solving.impossible(rows, domains)
    if outside is not None:
        row, key = outside
        env.report("C409", written[row].cells[key], key=keys[key].words, domain=_domain_words(keys[key]))
        return
    try:
        twice = solving.overlap(rows, domains)
    except solving.TooLarge:
        what = "no two rows hold together"
        env.report("C406", table, what=what, mend="write values instead of ranges, or several smaller tables")
        return
    if twice is not None:
        first = Label(env.context.source, written[twice.first].span, "the other row")
        labels = () if env.use else (first,)
        env.report("C402", written[twice.second], witness=witness_words(keys, twice.values, env), labels=labels)
    elif closing is not None:
        _complete(table, keys, rows, domains, closing, env)


def _complete(
    table: tree.TableBy, keys: list[KeyPlan], rows: list[solving.Row], domains: list[Domain], closing: str, env: Env
) -> None:
    try:
        missing = solving.gap(rows, domains)
    except solving.TooLarge:
        env.report("C406", table, what="no case is left out", mend="close it with `otherwise`")
        return
    if missing is not None:
        note = ""
        if any(isinstance(key.domain, Range) and isinstance(key.type, Date) for key in keys):
            note = "the header's `terms from D` says from when on events are judged"
        env.report(
            "C401", table, witness=witness_words(keys, missing.values, env), note=note, fix=close(table, closing)
        )


def close(table: tree.TableBy, closing: str) -> Fix | None:
    """The mend that closes a table with `otherwise`."""
    end = table.span[1] - 1
    return Fix(f"write `otherwise: {closing}`", (end, end), f"  otherwise: {closing} ") if closing else None


def witness_words(keys: list[KeyPlan], values: tuple[Value, ...], env: Env) -> str:
    """`fare_class "X", own yes`: the values of the keys as the file would write them."""
    return ", ".join(
        f"{key.words} {show(key.type, value, env, key.scale)}" for key, value in zip(keys, values, strict=True)
    )


def show(kind: Type, value: Value, env: Env, factor: int = 1) -> str:
    """A value as a rule file writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if isinstance(kind, Choice) else f'"{value}"'
    match kind:
        case Date():
            return format_date(value)
        case Time():
            return format_time(value)
        case Tier():
            ladder = env.context.tiers()
            return ladder.rungs[value] if isinstance(ladder, TiersInfo) else str(value)
        case Money(currency=currency, decimals=decimals):
            return f"{format_decimal(value, decimals)} {currency}"
        case Unit(plural=plural, decimals=decimals):
            return f"{format_decimal(value, decimals)} {plural}"
        case _:
            return str(Fraction(value, factor))


def _domain_words(key: KeyPlan) -> str:
    match key.domain:
        case Range(low=low, high=high) if isinstance(key.type, (*NUMBERS, Date)):
            words = [f"from {low}"] if low is not None else []
            return " ".join([*words, *([f"up to {high}"] if high is not None else [])])
        case Values(values=values) if key.type in (COUNT, FLAG) or isinstance(key.type, Choice):
            return ", ".join("yes" if value is True else "no" if value is False else str(value) for value in values)
        case _:
            return describe(key.type)


def key_words(node: tree.Expr) -> str:
    """A key as it is named in a witness."""
    match node:
        case tree.Path():
            return node.text
        case tree.Today():
            return "today"
        case tree.TierOf(which=which):
            return f"{which} tier"
        case tree.Mark():
            return "mark"
        case tree.Rung():
            return "rung"
        case _:
            return "the key"


def period_words(node: tree.When) -> str:
    """A period as it is written, for messages."""
    match node:
        case tree.PeriodRef(name=name):
            return name.text
        case tree.CalendarSpan(unit=unit):
            return f"calendar {unit}"
        case tree.Lifetime():
            return "lifetime"
        case tree.Rolling(length=length):
            return f"{length.count} {length.unit}s"
        case tree.LastCalendar(count=count, unit=unit):
            return f"the last {count} calendar {unit}s"
        case tree.TrialOf(match=match):
            return f"trial of {match.text}"
