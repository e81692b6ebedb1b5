"""From productions to nodes: one table, the name of a production -> its builder.

A builder gets the span of its text and the children the grammar keeps, an absent optional as None. Here stand dates,
tables, amounts and conditions; `declarations.py` and `clauses.py` add the rest of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from rules_engine import tree as t
from rules_engine.parsing import clauses, declarations
from rules_engine.parsing.refusals import RefusalError, whole
from rules_engine.source import Span

TERMS_MAX: Final = 1000
"""Parts of one sum, product or condition: a reader has lost count long before."""

_WORDS: dict[str, Callable[[Span], t.Expr]] = {
    "yes": lambda s: t.Flag(s, True),
    "no": lambda s: t.Flag(s, False),
    "today": t.Today,
    "each": t.Each,
    "mark": t.Mark,
    "rung": t.Rung,
}


def _path(s: Span, name: t.Name | t.Path) -> t.Path:
    return name if isinstance(name, t.Path) else t.Path(s, (name,))


def _operand(s: Span, name: t.Name | t.Path) -> t.Expr:
    """A name where a value stands: a few words are values of their own."""
    path = _path(s, name)
    word = _WORDS.get(path.parts[0].text) if len(path.parts) == 1 else None
    return word(s) if word is not None else path


def _date_path(s: Span, path: t.Path) -> t.DateExpr:
    return t.Today(s) if path.text == "today" else path


def _plain(text: str) -> str:
    return text.replace("_", "")


def _money(s: Span, text: str) -> t.MoneyLit:
    number, currency = text.split()
    return t.MoneyLit(s, _plain(number), currency)


_CODES = frozenset(
    {"gbp", "usd", "eur", "cny", "jpy", "chf", "aud", "cad", "hkd", "sgd", "inr", "kwd", "nzd", "sek", "nok", "dkk"}
)


def _quantity(s: Span, text: str, unit: t.Name) -> t.QuantityLit:
    """A number with a unit; a currency in small letters and `percent` are habits, and no unit is called so."""
    if unit.text.lower() in _CODES:
        upper = unit.text.upper()
        raise RefusalError(
            "P116", unit.span, {"found": unit.text, "upper": upper}, (f"write `{upper}`", unit.span, upper)
        )
    if unit.text == "percent":
        mend = f"{text}%"
        raise RefusalError("P139", s, {"found": f"{text} percent", "mend": mend}, (f"write `{mend}`", s, mend))
    return t.QuantityLit(s, _plain(text), unit)


def duration(s: Span, text: str) -> t.Duration:
    """`12 months` as a number and a unit in the singular."""
    count, unit = text.split()
    return t.Duration(s, whole(s, count), unit.rstrip("s"))  # type: ignore[arg-type]


def _day_month(s: Span, text: str) -> t.DayMonth:
    day, month = text.split()
    return t.DayMonth(s, int(day), t.Name((s[1] - len(month), s[1]), month))


def _month_end(s: Span, edge: str, month: t.Name) -> t.DayMonth:
    if edge != "end of":
        raise RefusalError("P119", s, {"found": edge, "expected": "`end of` before a month"})
    return t.DayMonth(s, 0, month)


def _calendar_unit(text: str) -> t.TimeUnit:
    return text.split()[1].rstrip("s")  # type: ignore[return-value]


def _dates(s: Span, _word: str, start: Any, clock: Any, end: Any, by: Any) -> t.Dates:
    word, date, time = end or (None, None, None)
    return t.Dates(s, start, clock, date, time, word, by)


def _dates_until(s: Span, end: Any, by: Any) -> t.Dates:
    return t.Dates(s, None, None, end[1], end[2], end[0], by)


def _until(_s: Span, word: str, date: t.DateExpr, clock: Any = None) -> tuple[str, t.DateExpr, Any]:
    return word, date, clock


def _later_date(s: Span, length: t.Duration, word: str, base: t.DateExpr) -> t.LaterDate:
    return t.LaterDate(s, length, 1 if word == "after" else -1, base)


def _edge_date(s: Span, edge: str, following: Any, period: t.When, later: Any) -> t.EdgeDate:
    return t.EdgeDate(s, edge.split()[0], following is not None, period, later)  # type: ignore[arg-type]


def _last_calendar(s: Span, pick: str, count: str, unit: str) -> t.LastCalendar:
    if pick != "the last":
        raise RefusalError("P119", s, {"found": pick, "expected": f"`the last {count} {unit}`"})
    return t.LastCalendar(s, whole(s, count), _calendar_unit(unit))


def _lasts_after_last(s: Span, length: t.Duration, *events: Any) -> t.LastsFor:
    return t.LastsFor(s, length, events, None)


def _key_within(s: Span, value: t.Expr, period: t.When) -> t.Key:
    return t.Key(s, value, period, None)


def _flat(kind: type[t.Both | t.Either | t.Plus]) -> Callable[[Span, t.Expr, t.Expr], t.Expr]:
    """A run of `and`, `or` or `plus` as one node; a bracketed left side stays apart."""

    def build(s: Span, left: t.Expr, right: t.Expr) -> t.Expr:
        if type(left) is kind and left.span[0] == s[0]:
            if len(left.parts) >= TERMS_MAX:
                raise _too_many(right)
            return kind(s, (*left.parts, right))
        return kind(s, (left, right))

    return build


def _binary(s: Span, left: t.Expr, op: Literal["+", "-", "*", "/"], right: t.Expr) -> t.Binary:
    """One more operand behind a chain of them."""
    first, links = left, 1
    while isinstance(first, t.Binary):
        first, links = first.left, links + 1
    if links >= TERMS_MAX:
        raise _too_many(right)
    return t.Binary(s, op, left, right)


def _too_many(part: t.Expr) -> RefusalError:
    return RefusalError("P160", (part.span[0], part.span[0] + 1), {"most": f"{TERMS_MAX:_}"})


def _negate(s: Span, value: t.Expr) -> t.Expr:
    if isinstance(value, t.Number | t.Percent) and not value.text.startswith("-"):
        return type(value)(s, "-" + value.text)
    return t.Negate(s, value)


def _of(s: Span, left: t.Expr, right: t.Expr) -> t.Expr:
    if isinstance(left, t.Path | t.Basis | t.AfterStage):
        if isinstance(right, t.Selection):
            return t.Of(s, left, right)
        if isinstance(right, t.Each):
            return t.Of(s, left, t.Selection(right.span, None, "each", None, None))
    return t.Per(s, left, False, None, right)


def _per(s: Span, amount: t.Expr, word: str, step: t.Expr, measure: t.Expr | None = None) -> t.Per:
    return t.Per(s, amount, word == "per full", step, measure)


def _basis(s: Span, name: t.Name, tax: str) -> t.Basis:
    return t.Basis(s, name, tax.split()[0])  # type: ignore[arg-type]


def _after_stage(s: Span, stage: str, tax: str | None) -> t.AfterStage:
    return t.AfterStage(s, stage.split()[1], tax.split()[0] if tax else None)  # type: ignore[arg-type]


def _count_of(s: Span, of: Any, where: Any = None) -> t.CountOf:
    if not isinstance(of, t.Selection | t.Path):
        raise RefusalError("P119", s, {"found": "count of", "expected": "lines, units, or a track's name"})
    return t.CountOf(s, of, where)


def _top_of(s: Span, count: str, of: t.Path, ties: t.Path, where: Any = None) -> t.TopOf:
    return t.TopOf(s, whole(s, count), of, None, None, ties, where)


def _top_selected(
    s: Span, count: str, of: t.Path, over: t.Selection, by: t.Expr, ties: t.Path, where: Any = None
) -> t.TopOf:
    return t.TopOf(s, whole(s, count), of, over, by, ties, where)


def _selection(s: Span, pick: Any, what: str, where: Any = None) -> t.Selection:
    if what == "unit":
        what = "units"
    return t.Selection(s, pick, what, None, where)  # type: ignore[arg-type]


def _pick_n(s: Span, which: str, count: str, per_full: str | None) -> t.PickN:
    step = None if per_full is None else whole(s, per_full)
    return t.PickN(s, which.split()[1], whole(s, count), step)  # type: ignore[arg-type]


_OPS = {"is": False, "is not": True, "in": False, "not in": True}

BUILDERS: dict[str, Callable[..., Any]] = {
    # literals and names
    "path": _path,
    "operand": _operand,
    "number": lambda s, text: t.Number(s, _plain(text)),
    "percent": lambda s, text: t.Percent(s, _plain(text[:-1])),
    "money": _money,
    "quantity": _quantity,
    "date_lit": t.DateLit,
    "time": t.TimeLit,
    "instant": lambda s, text: t.InstantLit(s, f"{text[:10]} {text[10:].lstrip('T').lstrip()}"),
    "duration": duration,
    "day_month": _day_month,
    "month_end": _month_end,
    # dates, lives, periods in use
    "dates": _dates,
    "dates_until": _dates_until,
    "until": _until,
    "clock": lambda _s, time: time,
    "date_path": _date_path,
    "later_date": _later_date,
    "later": lambda s, length: t.LaterDate(s, length, 1, None),
    "edge_date": _edge_date,
    "calendar_span": lambda s, text: t.CalendarSpan(s, _calendar_unit(text)),
    "lifetime": t.Lifetime,
    "trial_of": t.TrialOf,
    "period_ref": t.PeriodRef,
    "rolling": t.Rolling,
    "last_calendar": _last_calendar,
    "forever": t.Forever,
    "lasts_until": t.LastsUntil,
    "lasts_for": lambda s, length: t.LastsFor(s, length, (), None),
    "lasts_after_last": _lasts_after_last,
    "lasts_after": lambda s, length, _after, path: t.LastsFor(s, length, (), path),
    # spans of declared periods
    "annual_span": t.AnnualSpan,
    "daily_span": t.DailySpan,
    "every_span": t.EverySpan,
    "around_span": t.AroundSpan,
    "calendar_of_span": lambda s, unit, path: t.CalendarOfSpan(s, _calendar_unit(unit), path),
    "month_days_span": lambda s, *days: t.MonthDaysSpan(s, tuple(whole(s, day) for day in days)),
    "weekdays_span": lambda s, *days: t.WeekdaysSpan(s, days),
    "once_span": t.OnceSpan,
    "fixed_span": t.FixedSpan,
    "named_span": t.NamedSpan,
    # tables
    "table_by": t.TableBy,
    "keys": lambda _s, *keys: keys,
    "key": lambda s, value: t.Key(s, value, None, None),
    "key_within": _key_within,
    "key_rounds": lambda s, value, rounds: t.Key(s, value, None, whole(s, rounds)),
    "across": t.Across,
    "rows": lambda _s, *rows: rows,
    "row": lambda s, *parts: t.Row(s, parts[:-1], parts[-1]),
    "row_otherwise": lambda s, value: t.Row(s, (), value),
    "nothing_value": t.NothingValue,
    "no_award": t.NoAward,
    "the_rest": t.TheRest,
    "one_of_cell": lambda s, *values: t.OneOfCell(s, values),
    "from_cell": lambda s, _from, bound: t.FromCell(s, bound),
    "any_cell": t.AnyCell,
    # amounts
    "plus": _flat(t.Plus),
    "per": _per,
    "binary": _binary,
    "negate": _negate,
    "of": _of,
    "basis": _basis,
    "after_stage": _after_stage,
    "tier_of": lambda s, text: t.TierOf(s, text.split()[0]),
    "calendar_of": lambda s, unit, path: t.CalendarOf(s, _calendar_unit(unit), path),
    "group_of": lambda _s, value: value,
    "list_of": lambda s, *items: t.ListOf(s, items),
    "bracket": lambda s, value, *mods: t.Bracket(s, value, mods),
    "sum_of": t.SumOf,
    "count_of": _count_of,
    "distinct_of": lambda s, path, over=None: t.DistinctOf(s, path, over),
    "streak_of": t.StreakOf,
    "edge_day": lambda s, text: t.EdgeDay(s, text.split()[0]),
    "largest_of": lambda s, *items: t.LargestOf(s, items),
    "flow_of": lambda s, which, unit: t.FlowOf(s, which, unit, ()),
    "balance_of": lambda s, unit, pending: t.BalanceOf(s, unit, pending is not None),
    "previous_of": t.PreviousOf,
    "top_of": _top_of,
    "top_selected": _top_selected,
    # selections
    "selection": _selection,
    "selection_o": _selection,
    "selection_units": lambda s, pick, where=None: t.Selection(s, pick, "units", None, where),
    "selection_turned": lambda s, unit, where=None: t.Selection(s, None, "turned", unit, where),
    "pick_n": _pick_n,
    "pick_every": lambda s, position, of: t.PickEvery(s, int(position[:-2]), whole(s, of)),
    "pick_units": lambda s, first, last: t.PickUnits(s, whole(s, first), whole(s, last)),
    # conditions
    "either": _flat(t.Either),
    "both": _flat(t.Both),
    "not_": t.Not,
    "has": t.Has,
    "compare": lambda s, left, op, right: t.Compare(s, op, left, right),
    "is_": lambda s, left, op, right: t.Is(s, left, right, _OPS[op]),
    "in_": lambda s, left, op, right: t.In(s, left, right, _OPS[op]),
    "in_first": lambda s, left, op, count, path: t.InFirst(s, left, whole(s, count), path, _OPS[op]),
    "is_multiple": lambda s, left, op, factor: t.IsMultiple(s, left, whole(s, factor), op.startswith("is not")),
    "reaches": t.Reaches,
    "date_test": t.DateTest,
    **declarations.BUILDERS,
    **clauses.BUILDERS,
}
"""Every production that makes something; `list`s and those that pass one child on are the driver's own."""
