"""`checkout.rules` as a careful engineer would write it by hand: the whole answer, and no checks.

In: a typed event, the member's facts and state, just as the engine is given them. Out: an `Outcome` that equals the
engine's in every field: awards with their weights and the limit that cut them, discounts with what falls on each unit,
the price of each line, codes, tier changes, what is to be written to the member's state and what was read of it.

Nothing is checked: amounts, dates, categories and codes are taken to be as the rules declare them, and events come in
order. It is fast by what a careful engineer would think of: one pass over the lines, texts of prices and dates turned
into numbers once each, what follows from a day worked out once a day, awards are
made where they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from rules_engine.outcome import Award, Outcome, TierChange
from rules_engine.state import (
    Advanced,
    Holding,
    HoldingBegan,
    HoldingEnded,
    LimitDropped,
    LimitUsed,
    State,
    TrackDropped,
    TrackMoved,
)

LONDON = ZoneInfo("Europe/London")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RUNGS = ("Blue", "Silver", "Gold")
SILVER, GOLD = 50_000, 200_000
BONUS = {"Blue": 0, "Silver": 25, "Gold": 50}
FIRST = "First order: times per lifetime"
TOYS = "Toys: point per calendar month"

Hand = Callable[[Any, Mapping[str, Any], State], Outcome]


# ---- texts and days ----


class Day(NamedTuple):
    """What follows from a local day alone. Days are numbers from 1970-01-01; year and month are their first days."""

    day: int
    year: int
    month: int
    lasts: int
    """The last day of the next year."""
    quiet: bool
    weekend: bool


class Turn(NamedTuple):
    """A day of UTC: from its second `turn` on, London has the next day."""

    turn: int
    before: Day
    after: Day


def _number(day: date) -> int:
    return day.toordinal() - EPOCH.toordinal()


def _day(day: date) -> Day:
    return Day(
        _number(day),
        _number(date(day.year, 1, 1)),
        _number(date(day.year, day.month, 1)),
        _number(date(day.year + 1, 12, 31)),
        (day.month == 1 and day.day >= 10) or day.month == 2,
        day.weekday() >= 5,
    )


class _Turns(dict[int, Turn]):
    """The days of UTC that were met."""

    def __missing__(self, number: int) -> Turn:
        start = datetime.fromordinal(EPOCH.toordinal() + number).replace(tzinfo=UTC)
        first = start.astimezone(LONDON).date()
        late = start.replace(hour=23)
        last = late.astimezone(LONDON).date()
        self[number] = Turn(23 * 3600 if last != first else 24 * 3600, _day(first), _day(last))
        return self[number]


class _Pennies(dict[str, int]):
    """Prices that were met, in pennies."""

    def __missing__(self, text: str) -> int:
        whole, _, part = text.partition(".")
        self[text] = int(whole) * 100 + int(part.ljust(2, "0"))
        return self[text]


_TURNS, PENNIES = _Turns(), _Pennies()


def day_of(bought_at: str) -> Day:
    moment = datetime.fromisoformat(bought_at) - EPOCH
    turn = _TURNS[moment.days]
    return turn.before if moment.seconds < turn.turn else turn.after


# ---- checkout.rules ----


def checkout(fingerprint: str, zones: str) -> Hand:
    """The function for `checkout.rules`; it writes these two into its outcomes, as the engine does."""

    def score(event: Any, facts: Mapping[str, Any], state: State) -> Outcome:
        today = day_of(event.bought_at)
        holdings, changes, tiers = arrived(state, today.day)
        tier = RUNGS[rung_of(holdings)] if holdings else "Blue"
        spend = state.tracks["spend"].get(today.year, 0) if "spend" in state.tracks else 0
        limits = state.limits
        costs: list[int] = []
        toys = books = grocery = 0
        for line in event.lines:
            cost = PENNIES[line.price] * line.pieces
            costs.append(cost)
            category = line.category
            if category == "toys":
                toys += cost
            elif category == "books":
                books += cost
            elif category == "grocery":
                grocery += cost
        net, plan, channel = sum(costs), facts["plan"], event.channel
        weights = tuple(costs)
        awards: list[Award] = []
        base = net // 100
        if base:
            awards.append(Award("base", "point", base, base, weights))
            bonus = base * BONUS[tier] // 100
            if bonus:
                awards.append(Award("Tier bonus", "point", bonus, bonus, weights))
            if today.quiet:
                awards.append(Award("Quiet season", "point", base, base, weights))
        used: list[LimitUsed] = []
        if toys >= 100:
            toy_points(toys, costs_of("toys", event.lines, costs), limits, today, awards, used)
        if channel == "app" and books >= 100:
            given = books // 100 * 2
            awards.append(Award("Books in the app", "point", given, given, costs_of("books", event.lines, costs)))
        if net >= 15_000:
            awards.append(Award("Big basket", "point", 100, 100))
        if event.first:
            before = limits[FIRST].get(0, 0) if FIRST in limits else 0
            if not before:
                used.append(LimitUsed(FIRST, 0, 0, 1))
                awards.append(Award("First order", "point", 250, 250))
            else:
                awards.append(Award("First order", "point", 250, 0, cut_by=FIRST))
        if today.weekend and grocery >= 200:
            given = grocery // 200
            awards.append(Award("Weekend grocery", "point", given, given, costs_of("grocery", event.lines, costs)))
        if channel == "store" and net >= 1000:
            awards.append(Award("Stamp card", "stamp", 1, 1))
        if plan == "plus" and base >= 10:
            given = min(base // 10, 200)
            awards.append(Award("Plus members", "point", given, given, weights))
        closed(state, holdings, today, tier, spend, net, used, changes, tiers)
        return Outcome(
            "purchase",
            event.order_no,
            event.customer,
            today.day,
            tuple(awards),
            tuple(tiers),
            {event.customer: tuple(changes)},
            {"member.plan": plan, "tier": tier, "track spend": spend},
            fingerprint,
            zones,
        )

    return score


def costs_of(category: str, lines: Sequence[Any], costs: Sequence[int]) -> tuple[int, ...]:
    """What lines of a category cost, 0 for the others."""
    return tuple([cost if line.category == category else 0 for line, cost in zip(lines, costs, strict=True)])


def toy_points(
    toys: int,
    weights: tuple[int, ...],
    limits: dict[str, dict[int, int]],
    today: Day,
    awards: list[Award],
    used: list[LimitUsed],
) -> None:
    """Three points a pound of toys, at most 500 a month."""
    wanted = toys // 100 * 3
    before = limits[TOYS].get(today.month, 0) if TOYS in limits else 0
    room = max(500 - before, 0)
    if wanted <= room:
        awards.append(Award("Toys", "point", wanted, wanted, weights))
        used.append(LimitUsed(TOYS, today.month, before, before + wanted))
        return
    awards.append(Award("Toys", "point", wanted, room, weights, cut_by=TOYS))
    if room:
        used.append(LimitUsed(TOYS, today.month, before, before + room))


# ---- the member's state ----


def arrived(state: State, day: int) -> tuple[list[Holding], list[Any], list[TierChange]]:
    """Time moves to a day: the tiers that are held then, the changes so far, and the tier changes."""
    changes: list[Any] = []
    tiers: list[TierChange] = []
    holdings = state.holdings
    for each in holdings:
        if each.until is not None and each.until < day:
            holdings = _ended(state, day, changes, tiers)
            break
    if state.day is None or state.day < day:
        changes.append(Advanced(state.day, day))
    return holdings, changes, tiers


def rung_of(holdings: Sequence[Holding]) -> int:
    return max([RUNGS.index(each.tier) for each in holdings], default=0)


def _ended(state: State, day: int, changes: list[Any], tiers: list[TierChange]) -> list[Holding]:
    """The rare case that tiers have ended since: what was earned in the last year of each follows it."""
    live, spent = list(state.holdings), state.tracks.get("spend", {})
    while ends := [each.until for each in live if each.until is not None and each.until < day]:
        last = date.fromordinal(EPOCH.toordinal() + min(ends))
        before, gone = rung_of(live), [each for each in live if each.until == min(ends)]
        live = [each for each in live if each not in gone]
        changes += [HoldingEnded(each) for each in gone]
        earned = _earned(spent.get(_number(date(last.year, 1, 1)), 0))
        if earned > rung_of(live):
            until = _number(date(last.year + 2, 12, 31))
            live.append(Holding(RUNGS[earned], min(ends) + 1, until, RUNGS[earned]))
            changes.append(HoldingBegan(live[-1], None))
        after = rung_of(live)
        if after != before:
            reason = next((each.reason for each in live if each.tier == RUNGS[after]), f"after {RUNGS[before]}")
            tiers.append(TierChange(RUNGS[before], RUNGS[after], min(ends) + 1, reason))
    return live


def _earned(spend: int) -> int:
    return 2 if spend >= GOLD else 1 if spend >= SILVER else 0


def closed(
    state: State,
    holdings: Sequence[Holding],
    today: Day,
    tier: str,
    spend: int,
    net: int,
    used: Sequence[LimitUsed],
    changes: list[Any],
    tiers: list[TierChange],
) -> None:
    """What the purchase adds to what is remembered, the tiers that follow from it, and what may be forgotten."""
    after = spend + net
    changes += used
    if net:
        changes.append(TrackMoved("spend", today.year, spend, after))
    if after >= SILVER:
        _judged(holdings, today, tier, after, changes, tiers)
    if "spend" in state.tracks and len(state.tracks["spend"]) > 1:
        years = state.tracks["spend"]
        changes += [TrackDropped("spend", year, years[year]) for year in _old(years, today.year)]
    for moved in used:
        if moved.limit in state.limits and len(state.limits[moved.limit]) > 1:
            months = state.limits[moved.limit]
            changes += [LimitDropped(moved.limit, each, months[each]) for each in _old(months, moved.occurrence)]


def _old(kept: Mapping[int, int], now: int) -> list[int]:
    """Years or months before the newest two."""
    return sorted({*kept, now})[:-2]


def _judged(holdings: Sequence[Holding], today: Day, tier: str, after: int, changes: Any, tiers: Any) -> None:
    """Each rung that is reached is held, or held for longer, until the end of the next year."""
    reached = RUNGS.index(tier)
    for place in (1, 2)[: _earned(after)]:
        rung = RUNGS[place]
        for each in holdings:
            if each.tier == rung and each.reason == rung:
                if each.until is not None and today.lasts > each.until:
                    changes.append(HoldingBegan(msgspec.structs.replace(each, until=today.lasts), each))
                break
        else:
            changes.append(HoldingBegan(Holding(rung, today.day, today.lasts, rung), None))
        reached = max(reached, place)
    if RUNGS[reached] != tier:
        tiers.append(TierChange(tier, RUNGS[reached], today.day, RUNGS[reached]))
