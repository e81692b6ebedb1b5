"""What runs when: the days of one year on which each rule can act, as far as the calendar alone decides.

In: the core. Out: bars of days. A rule's dates and condition are read day by day with only the day known: what hangs on
anything else may or may not hold, so a day is left out only where the rule surely does not act. Rules that no day shuts
out have no bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rules_engine import ir
from rules_engine.calendar import civil, day_of, day_start
from rules_engine.describing.said import Bar, Year, bare
from rules_engine.describing.words import named
from rules_engine.occurrences import Context, contains
from rules_engine.periods import anchors, is_timed

_HOUR: Final = 3600
_HOURS: Final = 24


def year_of(core: ir.Program) -> int | None:
    """The year to show: the one in which the last of the program's dates begins; None where no rule names a date."""
    days = [number for one in _all_rules(core) for number in _days(one.dates)]
    days += [core.header.terms_from] if core.header.terms_from is not None else []
    return civil(max(days))[0] if days else None


def _all_rules(core: ir.Program) -> Iterator[ir.OfferDef | ir.RuleDef | ir.MatchDef]:
    yield from core.offers
    yield from core.rules
    yield from core.matches


def _days(dates: ir.Expr | None) -> Iterator[int]:
    """The days on which something starts."""
    for node in ir.walk(dates) if dates is not None else ():
        match node:
            case ir.Cmp(op=">=" | ">", left=ir.Today(), right=ir.Num(num=day)):
                yield day
            case ir.Cmp(op=">=" | ">", left=ir.Now(), right=ir.Num(num=instant)):
                yield instant // (_HOUR * _HOURS)
            case _:
                pass


def calendar_of(core: ir.Program, year: int) -> Year:
    """The bars of a year."""
    almanac = Almanac(core, year)
    bars = [Bar(bare(x.title), almanac.spans(x.dates, x.when)) for x in _all_rules(core) if almanac.hangs(x)]
    bars += [
        Bar(named(each.name), almanac.spans(_inside(each), None))
        for each in core.periods
        if not anchors(each.period) and almanac.some(_inside(each))
    ]
    return Year(year, tuple(bars))


def _inside(period: ir.PeriodDef) -> ir.Expr:
    at = ir.Origin(0, 0, 0)
    timed = is_timed(period.period)
    return ir.InPeriod(at, ir.Now(at) if timed else ir.Today(at), period.name, timed)


class Almanac:
    """The days of one year, and what the calendar alone says of a condition on each."""

    def __init__(self, core: ir.Program, year: int) -> None:
        header = core.header
        self.periods = {each.name: each.period for each in core.periods}
        self.calendar = Context(zone=header.zone or "UTC", weeks_start=header.week_start, leap_day=header.leap_day)
        self.zone = header.zone or "UTC"
        self.days = range(day_of(year, 1, 1), day_of(year + 1, 1, 1))

    def hangs(self, rule: ir.RuleDef | ir.OfferDef | ir.MatchDef) -> bool:
        """Whether there is a day of this or of another year on which a rule cannot act, because of the day alone."""
        return rule.dates is not None or self.some(rule.when)

    def some(self, condition: ir.Expr | None) -> bool:
        """Whether the calendar shuts some day of the year out, and not all of them."""
        if condition is None or not any(isinstance(each, ir.Today | ir.Now) for each in ir.walk(condition)):
            return False
        held = [self.holds(condition, day) is not False for day in self.days]
        return any(held) and not all(held)

    def spans(self, *conditions: ir.Expr | None) -> tuple[tuple[int, int], ...]:
        """The days on which nothing shuts a rule out, as spans counted from the year's first day."""
        asked = [each for each in conditions if each is not None]
        found: list[tuple[int, int]] = []
        for place, day in enumerate(self.days):
            if any(self.holds(each, day) is False for each in asked):
                continue
            if found and found[-1][1] == place:
                found[-1] = found[-1][0], place + 1
            else:
                found.append((place, place + 1))
        return tuple(found)

    def holds(self, node: ir.Expr, day: int) -> bool | None:
        """Whether a condition holds on a day; None where the day alone does not say."""
        match node:
            case ir.All(parts=parts):
                return _all([self.holds(each, day) for each in parts])
            case ir.Any(parts=parts):
                found = _all([_turned(self.holds(each, day)) for each in parts])
                return _turned(found)
            case ir.Not(value=value):
                return _turned(self.holds(value, day))
            case ir.Flg(value=flag):
                return flag
            case ir.Cmp(op=op, left=ir.Today(), right=ir.Num(num=bound)):
                return _compare(op, day, bound)
            case ir.Cmp(op=op, left=ir.Now(), right=ir.Num(num=bound)):
                first, last = day_start(day, self.zone), day_start(day + 1, self.zone) - 1
                start, end = _compare(op, first, bound), _compare(op, last, bound)
                return start if start == end else None
            case ir.InPeriod(value=ir.Today() | ir.Now(), period=name):
                return self._inside(name, day)
            case _:
                return None

    def _inside(self, name: str, day: int) -> bool | None:
        """Whether a day lies in a period; None where it hangs on a person, or is in it for a part of the day."""
        period = self.periods[name]
        if anchors(period):
            return None
        if not is_timed(period):
            return contains(period, day, self.calendar)
        start = day_start(day, self.zone)
        held = {contains(period, day, self.calendar, start + hour * _HOUR) for hour in range(_HOURS)}
        return held.pop() if len(held) == 1 else None


def _all(found: list[bool | None]) -> bool | None:
    if False in found:
        return False
    return None if None in found else True


def _turned(found: bool | None) -> bool | None:
    return None if found is None else not found


def _compare(op: str, left: int, right: int) -> bool:
    return {
        "=": left == right, "!=": left != right, "<": left < right,
        "<=": left <= right, ">": left > right, ">=": left >= right,
    }[op]  # fmt: skip
