"""Seasons for lints: the stretches of days that a program names, laid side by side.

In: a view. Out: `Stretch`es of one series: the yearly periods, the periods of written dates, and rules that are alike
but for their dates and amounts. Two stretches of one series are compared in a year without a 29 February, which has a
lint of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import MONTHS, civil, day_of, format_date, month_days
from rules_engine.linting.dates import days_of
from rules_engine.linting.view import View
from rules_engine.lowering import meaning
from rules_engine.periods import Annual, Fixed, Period, unwrapped
from rules_engine.source import Span

YEAR = 2025
"""A year without a 29 February, nor have the two after it."""


_NUMBER: Final = re.compile(rb"-?\d+")


class Stretch(msgspec.Struct, frozen=True):
    """From one day to another, both included, by a name. `yearly`: it comes back each year, and the days are those of
    `YEAR` (the last may lie in the next)."""

    file: int
    span: Span
    name: str
    first: int
    last: int
    series: object
    yearly: bool = False


def stretches(view: View) -> tuple[Stretch, ...]:
    """All stretches that have a first and a last day."""
    return (*_periods(view), *_rules(view))


def _periods(view: View) -> Iterator[Stretch]:
    periods = {each.name: unwrapped(each.period) for each in view.core.periods}
    for file, declared in view.all(tree.PeriodDecl):
        period = periods.get(declared.name.text)
        days = _days(period) if period is not None else None
        if days is not None:
            yearly = isinstance(period, Annual)
            yield Stretch(file, declared.span_.span, f"`{declared.name.text}`", *days, ("period", yearly), yearly)


def _days(period: Period) -> tuple[int, int] | None:
    match period:
        case Annual(first_month=month, first_day=day, last_month=until, last_day=last):
            if (month, day) == (2, 29) or (until, last) == (2, 29):
                return None
            first = day_of(YEAR, month, day)
            end = day_of(YEAR, until, last or month_days(YEAR, until))
            return first, end if end >= first else end + 365
        case Fixed(first=int() as first, last=int() as last, first_seconds=None, last_seconds=None):
            return first, last if period.last_included else last - 1
        case _:
            return None


def _rules(view: View) -> Iterator[Stretch]:
    for rule in view.rules:
        days = days_of(rule.core.dates, view.core.header)
        dates = rule.node.dates
        if dates is None or dates.by is not None or dates.start_time or dates.end_time:
            continue
        if days.first is not None and days.last is not None:
            series = rule.node.kind, rule.core.events, meaning(rule.core.when), rule.core.group, _shape(rule.core)
            yield Stretch(rule.file, dates.span, f'"{rule.title}"', days.first, days.last, series)


def _shape(core: ir.RuleDef | ir.OfferDef) -> bytes:
    """What a rule does, whatever the numbers in it: seasons differ in how much they give, not in what."""
    return b"".join(_NUMBER.sub(b"0", meaning(each)) for each in core.effects)


def side_by_side(found: tuple[Stretch, ...], between: int) -> Iterator[tuple[Stretch, Stretch]]:
    """The stretches of one series of which one ends so many days before the other begins."""
    series: dict[object, list[Stretch]] = defaultdict(list)
    for each in found:
        series[each.series].append(each)
    for alike in series.values():
        begins: dict[int, list[Stretch]] = defaultdict(list)
        for each in alike:
            for day in (each.first, each.first + 365, each.first + 730) if each.yearly else (each.first,):
                begins[day].append(each)
        for one in alike:
            yield from ((one, other) for other in begins[one.last + 1 + between] if follows(one, other) == between)


def follows(one: Stretch, other: Stretch) -> int | None:
    """How many days lie between the end of one stretch and the beginning of the other, below zero where they overlap;
    None where the other does not follow at all."""
    if one.series != other.series or one is other:
        return None
    if not one.yearly:
        return other.first - one.last - 1 if one.first < other.first and one.last < other.last else None
    between = min((other.first + shift - one.last - 1 for shift in (0, 365, 730)), key=abs)
    lengths = one.last - one.first + other.last - other.first + 2
    return between if lengths + between <= 365 else None


def covered(day: int, by: tuple[Stretch, ...]) -> bool:
    """Whether a day lies in one of some stretches."""
    return any(
        each.first <= day + shift <= each.last for each in by for shift in ((-365, 0, 365) if each.yearly else (0,))
    )


def day_words(stretch: Stretch, day: int) -> str:
    """A day as the stretch writes its own: `15 Mar`, or with its year."""
    _, month, number = civil(day)
    return f"{number} {MONTHS[month - 1][:3]}" if stretch.yearly else format_date(day)


def leap_day_in(year: int) -> int:
    """The 29 February of a leap year."""
    return day_of(year, 2, 29)


def leap_years(first: int, last: int) -> bool:
    """Whether a 29 February lies between two days, both included."""
    years = range(civil(first)[0], civil(last)[0] + 1)
    return any(month_days(year, 2) == 29 and first <= leap_day_in(year) <= last for year in years)
