"""Brute-force oracles: slow, obvious second opinions on rounding, spreading, days and zones.

All evaluators share `values`, `allocation`, `calendar` and `occurrences`, so agreement between them cannot reveal a
mistake there. What is here was written from the meaning and not from the code: fractions where the code has integers,
a scan day by day where the code computes, `datetime` where the code has its own arithmetic.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from rules_engine import periods as p

EPOCH = date(1970, 1, 1)
SCAN_DAYS = 3000


# ---- numbers


def rounded(value: Fraction, mode: str) -> int:
    """Look at both whole neighbours of the magnitude and pick one."""
    magnitude, sign = abs(value), -1 if value < 0 else 1
    low = 0 if magnitude < 1 else magnitude.numerator // magnitude.denominator
    if low == magnitude:
        return sign * low
    below, above = magnitude - low, low + 1 - magnitude
    if mode == "down":
        picked = low
    elif mode == "up":
        picked = low + 1
    elif below != above:
        picked = low if below < above else low + 1
    elif mode == "half up":
        picked = low + 1
    else:
        picked = low if low % 2 == 0 else low + 1
    return sign * picked


def exact_shares(amount: int, weights: Sequence[int], caps: Sequence[int] | None) -> list[Fraction]:
    """Pour one round after another: who would overflow is filled, and the others share again."""
    shares = [Fraction(0)] * len(weights)
    open_entries = {i for i, weight in enumerate(weights) if weight > 0}
    left = Fraction(amount if caps is None else min(amount, sum(max(caps[i], 0) for i in open_entries)))
    while open_entries:
        total = sum(weights[i] for i in open_entries)
        offered = {i: left * weights[i] / total for i in open_entries}
        full = {i for i in open_entries if caps is not None and offered[i] >= max(caps[i], 0)}
        if not full:
            for i in open_entries:
                shares[i] = offered[i]
            break
        for i in full:
            assert caps is not None
            shares[i] = Fraction(max(caps[i], 0))
            left -= shares[i]
        open_entries -= full
    return shares


def spread(
    amount: int, weights: Sequence[int], caps: Sequence[int] | None, keys: Sequence[int], remainder: str
) -> list[int]:
    """Exact shares made whole penny by penny."""
    if amount < 0:
        return [-part for part in spread(-amount, weights, caps, keys, remainder)]
    shares = exact_shares(amount, weights, caps)
    parts = [int(share) for share in shares]
    by_key = sorted(range(len(weights)), key=lambda i: keys[i])
    if remainder == "running":
        reached, given = Fraction(0), 0
        for i in by_key:
            if shares[i].denominator == 1 and caps is not None and shares[i] == max(caps[i], 0):
                continue  # filled to its cap: no part of the running total
            reached += shares[i]
            parts[i] = rounded(reached, "half up") - given
            given += parts[i]
        return parts
    if remainder == "last rounded":
        return last_rounded(shares, caps, by_key)
    if remainder == "largest":
        queue = sorted(by_key, key=lambda i: (parts[i] - shares[i], -weights[i], keys[i]))
    else:
        queue = by_key if remainder == "first" else by_key[::-1]
    odd = int(sum(shares)) - sum(parts)
    while odd:
        for i in queue:
            room = None if caps is None else caps[i] - parts[i]
            if weights[i] > 0 and odd and (room is None or room > 0):
                step = 1 if remainder != "last" else odd if room is None else min(odd, room)
                parts[i] += step
                odd -= step
    return parts


def last_rounded(shares: Sequence[Fraction], caps: Sequence[int] | None, by_key: Sequence[int]) -> list[int]:
    """Each share rounded by itself as long as there is something left; the end of the row takes the rest."""
    rooms = [None if caps is None else max(caps[i], 0) for i in range(len(shares))]
    parts = [0] * len(shares)
    open_row = []
    for i in by_key:
        if rooms[i] is not None and shares[i] == rooms[i]:
            parts[i] = int(shares[i])
        elif shares[i]:
            open_row.append(i)
    left = int(sum(shares)) - sum(parts)
    for i in open_row:
        parts[i] = min(rounded(shares[i], "half up"), left)
        left -= parts[i]
    while left:
        i = next(i for i in reversed(open_row) if rooms[i] is None or parts[i] < rooms[i])  # type: ignore[operator]
        parts[i] += 1
        left -= 1
    return parts


# ---- days


def to_date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def to_day(value: date) -> int:
    return (value - EPOCH).days


def months_later(start: date, months: int) -> date:
    """Step month by month to find the year and month, then try the days downwards until one exists."""
    year, month = start.year, start.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return existing(year, month, start.day)


def existing(year: int, month: int, day: int) -> date:
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def in_year(year: int, month: int, day: int, leap_day: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1) if leap_day == "1 March" else date(year, 2, 28)


def later(start: date, count: int, unit: str) -> date:
    if unit in ("day", "week"):
        return start + timedelta(days=count * (7 if unit == "week" else 1))
    return months_later(start, count * {"month": 1, "quarter": 3, "year": 12}[unit])


class Scan:
    """A period as two questions about a single date: is it in, and does an occurrence start on it?"""

    def __init__(self, inside: Callable[[date], bool], starts: Callable[[date], bool]) -> None:
        self.inside, self.starts = inside, starts

    def occurrence(self, day: int) -> tuple[int, int] | None:
        """Walk back to the day it started on, and forward while it goes on."""
        here = to_date(day)
        if not self.inside(here):
            return None
        first = here
        while not self.starts(first):
            first -= timedelta(days=1)
        end = here + timedelta(days=1)
        while self.inside(end) and not self.starts(end):
            end += timedelta(days=1)
        return to_day(first), to_day(end)

    def next_first(self, day: int) -> int | None:
        for ahead in range(1, SCAN_DAYS):
            if self.starts(to_date(day + ahead)):
                return day + ahead
        return None


def scan(period: p.Period, anchor: date, weeks_start: int, leap_day: str) -> Scan:
    """The two questions for each form that recurs; `anchor` stands for every key."""
    match period:
        case p.Calendar(unit=unit):
            return Scan(lambda _: True, lambda here: unit_starts(here, unit, weeks_start))
        case p.MonthDays(days=days):
            return Scan(
                lambda here: here.day in days,
                lambda here: here.day in days and (here.day == 1 or here.day - 1 not in days),
            )
        case p.Weekdays(days=days):
            return Scan(
                lambda here: here.weekday() in days,
                lambda here: here.weekday() in days and (here - timedelta(days=1)).weekday() not in days,
            )
        case p.Annual():
            return scan_annual(period, leap_day)
        case p.Every(count=count, unit=unit):
            return scan_every(anchor, count, unit, leap_day)
        case p.Around(before=before, after=after):
            return scan_windows(
                [
                    (later(day, -before.count, before.unit), later(day, after.count, after.unit))
                    for day in (in_year(year, anchor.month, anchor.day, leap_day) for year in range(1980, 2120))
                ]
            )
        case p.UnitOf(unit=unit):
            return scan_windows([unit_window(anchor, year, unit, weeks_start, leap_day) for year in range(1980, 2120)])
        case _:
            raise NotImplementedError(period)


def unit_starts(here: date, unit: str, weeks_start: int) -> bool:
    return {
        "day": True,
        "week": here.weekday() == weeks_start,
        "month": here.day == 1,
        "quarter": here.day == 1 and here.month in (1, 4, 7, 10),
        "year": here.day == 1 and here.month == 1,
    }[unit]


def unit_window(anchor: date, year: int, unit: str, weeks_start: int, leap_day: str) -> tuple[date, date]:
    here = in_year(year, anchor.month, anchor.day, leap_day)
    if unit in ("month", "quarter", "year"):
        here = date(year, anchor.month, 1)
    first = last = here
    while not unit_starts(first, unit, weeks_start):
        first -= timedelta(days=1)
    while not unit_starts(last + timedelta(days=1), unit, weeks_start):
        last += timedelta(days=1)
    return first, last


def scan_windows(windows: list[tuple[date, date]]) -> Scan:
    firsts = {first for first, _ in windows}
    days = {first + timedelta(days=n) for first, last in windows for n in range((last - first).days + 1)}
    return Scan(lambda here: here in days, lambda here: here in firsts)


def scan_every(anchor: date, count: int, unit: str, leap_day: str) -> Scan:
    """Days and weeks are counted off; months and years are stepped through, always from the anchor itself."""
    if unit in ("day", "week"):
        step = count * (7 if unit == "week" else 1)
        return Scan(lambda _: True, lambda here: (here - anchor).days % step == 0)
    firsts = set()
    for direction in (1, -1):
        turn, first = 0, anchor
        while 1960 < first.year < 2140:
            firsts.add(first)
            turn += direction * count
            if unit == "year":
                first = in_year(anchor.year + turn, anchor.month, anchor.day, leap_day)
            else:
                month = anchor.year * 12 + anchor.month - 1 + turn * (3 if unit == "quarter" else 1)
                first = existing(month // 12, month % 12 + 1, anchor.day)
    return Scan(lambda _: True, lambda here: here in firsts)


def scan_annual(span: p.Annual, leap_day: str) -> Scan:
    first, last = (span.first_month, span.first_day), (span.last_month, span.last_day or 31)

    def starts(here: date) -> bool:
        return here == in_year(here.year, *first, leap_day)

    def inside(here: date) -> bool:
        spot = (here.month, here.day)
        listed = first <= spot <= last if first <= last else spot >= first or spot <= last
        moved_end = last == (2, 29) and here == in_year(here.year, 2, 29, leap_day)
        return listed or starts(here) or moved_end

    return Scan(inside, starts)


# ---- zones


@cache
def zone(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def clock(instant: int, name: str) -> datetime:
    """What the clock on the wall shows."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone(name)).replace(tzinfo=None)


def first_instant(day: int, seconds: int, name: str) -> int:
    """Let time run until the clock shows this or later: in steps of ten minutes, then second by second."""
    wanted = datetime(1970, 1, 1) + timedelta(days=day, seconds=seconds)
    instant = day * 86_400 + seconds - 27 * 3600
    while clock(instant + 600, name) < wanted:
        instant += 600
    while clock(instant, name) < wanted:
        instant += 1
    return instant


# ---- lots and payments


def used_first(lots: Sequence[tuple[int, int, int | None]], use: str, count: int) -> list[int]:
    """How many units of each lot are used, one unit after another: of those left always the one that goes first. A lot
    is (units, day earned, last day or None), in the order of arrival."""
    left, used = [units for units, _, _ in lots], [0] * len(lots)

    def goes_before(one: int, other: int) -> bool:
        ((_, earned, last), (_, later, ends)) = lots[one], lots[other]
        sooner = None if last == ends else ends is None or (last is not None and last < ends)
        older = None if earned == later else earned < later
        for answer in (sooner, older) if use == "soonest first" else (older, sooner):
            if answer is not None:
                return answer
        return one < other

    for _ in range(count):
        first = None
        for place, units in enumerate(left):
            if units and (first is None or goes_before(place, first)):
                first = place
        if first is None:
            break
        left[first] -= 1
        used[first] += 1
    return used


def paid_with(value: Callable[[int], int], offered: int, cap: int, steps: int, beyond: bool) -> tuple[int, int]:
    """Units taken and value credited: try every number of whole steps from the smallest."""
    tried = [(units, value(units)) for units in range(0, offered + 1, steps)]
    if tried[-1][1] <= cap:
        return tried[-1] if tried[-1][1] > 0 else (0, 0)
    if not beyond:
        fitting = [each for each in tried if each[1] <= cap]
        return fitting[-1] if fitting[-1][1] > 0 else (0, 0)
    return next((units, cap) for units, worth in tried if worth >= cap) if cap > 0 else (0, 0)
