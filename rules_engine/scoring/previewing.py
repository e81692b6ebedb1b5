"""How a member stands on a day, and what comes next: for an account page, a mail, a counter clerk.

In: a program, facts and a state moved to the day. Out: `Preview`: the tier and what is missing for the higher ones,
balances, what is pending and what lapses first, and what is due by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.reference import Lack, Noted, Outlook, PathNoted, Reference, Standing
from rules_engine.calendar import format_date
from rules_engine.event import Facts
from rules_engine.scoring.days import due_until
from rules_engine.scoring.measures import PLAIN, Measures
from rules_engine.scoring.previewed import Balance, Lapsing, Missing, NextTier, Preview
from rules_engine.scoring.reasons import reason
from rules_engine.scoring.texts import Texts
from rules_engine.state import State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program


def preview(
    program: Program,
    reference: Reference,
    facts: Facts,
    state: State,
    days: tuple[int, int],
    member: str,
    pool: State | None,
) -> Preview:
    """How a member stands on the first of two days, the state moved to it, and what is due up to the second."""
    day, until = days
    found: Outlook = reference.outlook(facts, state, day, member, pool)
    measures = Measures(reference.world, "")
    texts = Texts(program.core, program.sources)
    tiers = program.core.tiers
    return Preview(
        day=day,
        tier="" if tiers is None else tiers.rungs[found.held].name,
        until=found.until,
        next=tuple(_next(path, tiers, texts, measures) for path in found.paths if tiers is not None),
        balances=tuple(_balance(each, day, measures) for each in found.units),
        lapsing=tuple(lapsing(found.units, measures)),
        due=due_until(reference, facts, state, until),
    )


# ---- the tiers above ----


def _next(path: PathNoted, tiers: ir.TiersDef, texts: Texts, measures: Measures) -> NextTier:
    tier = tiers.rungs[path.rung].name
    found = tuple(tuple(_missing(lack, texts, measures) for lack in each) for each in path.lacks)
    holds = found == ((),)
    return NextTier(tier, path.way.name or tier, holds, () if holds else found)


def _missing(lack: Lack, texts: Texts, measures: Measures) -> Missing:
    """What lacks: a number that is too small with the difference, anything else in a sentence."""
    noted, sought = lack
    return (_number(noted, texts, measures) if sought else None) or Missing(reason(noted, sought, texts, measures))


def _number(noted: Noted, texts: Texts, measures: Measures) -> Missing | None:
    node = noted.node
    if not isinstance(node, ir.Cmp) or len(noted.inner) != 2 or node.op not in _RISING:
        return None
    low, high = noted.inner if node.op in (">=", ">") else reversed(noted.inner)
    has, needs = low.value, high.value
    measure = next((found for each in noted.inner if (found := measures.of(each.node)) != PLAIN), PLAIN)
    if not _whole(has) or not _whole(needs) or measure.kind not in ("plain", "money", "unit"):
        return None
    least, what = int(needs) + (node.op in (">", "<")), texts.named(low.node)
    missing = least - int(has)
    shown = f"{measures.show(missing, measure)} more of {what}"
    return Missing(shown, what, int(has), least, missing, measure.unit)


_RISING = (">=", ">", "<=", "<")


def _whole(value: object) -> bool:
    return isinstance(value, int | Fraction) and not isinstance(value, bool) and Fraction(value).denominator == 1


# ---- units ----


def _balance(found: Standing, day: int, measures: Measures) -> Balance:
    waiting: dict[int, int] = {}
    for lot, _ in found.lots:
        if lot.pending is not None and lot.pending >= day:
            waiting[lot.pending] = waiting.get(lot.pending, 0) + lot.left
    pending = tuple((amount, until) for until, amount in sorted(waiting.items()))
    words = [measures.amount(found.balance, found.unit)]
    words += [
        f"{measures.amount(amount, found.unit)} pending through {format_date(until)}" for amount, until in pending
    ]
    return Balance(found.unit, found.balance, found.owed, pending, ", ".join(words))


def lapsing(units: tuple[Standing, ...], measures: Measures) -> Iterator[Lapsing]:
    """What lapses, by day, then by unit as they are declared."""
    sums: dict[tuple[int, int], int] = {}
    for place, each in enumerate(units):
        for lot, last in each.lots:
            if last is not None and lot.left:
                sums[last, place] = sums.get((last, place), 0) + lot.left
    for (last, place), amount in sorted(sums.items()):
        unit = units[place].unit
        yield Lapsing(unit, amount, last, f"{measures.amount(amount, unit)} lapse after {format_date(last)}")
