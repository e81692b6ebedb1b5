"""Lots: whose they are, which of them count, in which order they are used, and what is owed beside them.

A unit stands in the member's book, or in the household's. Lots are never negative: what a rule takes beyond them, where
the unit allows it, becomes a debt, and what is given later pays that first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference import times
from rules_engine.backends.reference.run import Book, Run
from rules_engine.state import AMOUNT_MAX, DebtMoved, Lot, LotAdded, LotTaken, State

Parts: TypeAlias = tuple[tuple[Lot, int], ...]
"""Lots as they stood, and how many units were taken of each."""


def book_of(unit: str, run: Run) -> Book:
    """Where the member's units of a kind stand."""
    return run.pool if run.world.units[unit].owner == "household" else run.book


# ---- which lots count ----


def balance(unit: str, pending: bool, run: Run) -> int:
    """What a member has of a unit: live lots, pending ones only if asked for, less what is owed. What a rule of this
    stage took is still there for those that are in no ordered group with it."""
    state, holder = book_of(unit, run).state, holder_of(unit, run)
    found = [lot for lot in _live_lots(unit, run) if lot.holder == holder]
    have = sum(lot.left for lot in found if pending or not is_pending(lot, run.standing))
    return have - state.debts.get(debt_key(unit, holder), 0) + run.unseen.get(unit, 0)


def holder_of(unit: str, run: Run) -> str:
    """Whose the member's own lots are: said where a pool is kept apart."""
    return run.member or "" if run.world.units[unit].apart else ""


def debt_key(unit: str, holder: str) -> str:
    """Under which name a debt is kept."""
    return f"{unit} {holder}" if holder else unit


def is_pending(lot: Lot, day: int) -> bool:
    """Whether a lot does not count yet on a day."""
    return lot.pending is not None and day <= lot.pending


def _live_lots(unit: str, run: Run) -> list[Lot]:
    return [lot for lot in book_of(unit, run).state.lots if lot.unit == unit and _is_live(lot, run)]


def _is_live(lot: Lot, run: Run) -> bool:
    until = last_day(lot, run)
    return until is None or run.standing <= until


def usable(unit: str, run: Run) -> list[Lot]:
    """The lots that may be used, in the unit's order of use: the member's own, or of a pool used in proportion, all."""
    definition = run.world.units[unit]
    found = [lot for lot in _live_lots(unit, run) if not is_pending(lot, run.standing)]
    if definition.use != "in proportion to balance":
        found = [lot for lot in found if lot.holder == holder_of(unit, run)]
    return sorted(found, key=lambda lot: _turn(lot, definition, run))


def _turn(lot: Lot, unit: ir.UnitDef, run: Run) -> tuple[tuple[bool, int], ...]:
    """Where a lot stands in the order of use; the sort keeps the order of arrival. Without a last day it is last."""
    last = last_day(lot, run)
    ends, earned = (last is None, last or 0), (False, lot.earned)
    return (ends, earned) if unit.use == "soonest first" else (earned, ends)


def owed(unit: str, run: Run) -> int:
    """What is owed of a unit by those whose lots may be used."""
    definition, debts = run.world.units[unit], book_of(unit, run).state.debts
    if definition.use == "in proportion to balance" and definition.apart:
        return sum(count for name, count in debts.items() if name.startswith(f"{unit} "))
    return debts.get(debt_key(unit, holder_of(unit, run)), 0)


def available(unit: str, lots: Sequence[Lot], run: Run) -> int:
    """What may be taken of some lots: never more than there is above the floor, debts taken off."""
    return max(0, min(sum(lot.left for lot in lots), above(unit, run)))


def above(unit: str, run: Run) -> int:
    """What there is above the least balance, debts taken off; with one below zero more than all lots have."""
    return sum(lot.left for lot in usable(unit, run)) - owed(unit, run) - (run.world.units[unit].floor or 0)


# ---- taking and giving ----


def take(unit: str, count: int, lots: Sequence[Lot], run: Run) -> Parts:
    """Take units from lots, in their order, or over their holders in proportion; what they do not have becomes a debt
    of the member."""
    book, parts = book_of(unit, run), plan(unit, count, lots, run)
    for lot, some in parts:
        book.record(LotTaken(lot, some))
    missing = count - sum(some for _, some in parts)
    if missing:
        name = debt_key(unit, holder_of(unit, run))
        before = book.state.debts.get(name, 0)
        book.record(DebtMoved(name, before, before + missing))
    return parts


def plan(unit: str, count: int, lots: Sequence[Lot], run: Run) -> Parts:
    """What would be taken of which lots."""
    if run.world.units[unit].use == "in proportion to balance":
        return _in_proportion(count, lots, run)
    return _in_order(count, lots)


def less(lot: Lot, count: int) -> Lot:
    """A lot with so many units fewer."""
    return msgspec.structs.replace(lot, left=lot.left - count)


def _in_order(count: int, lots: Sequence[Lot]) -> Parts:
    found = []
    for lot in lots:
        some = min(count, lot.left)
        count -= some
        if some:
            found.append((lot, some))
    return tuple(found)


def _in_proportion(count: int, lots: Sequence[Lot], run: Run) -> Parts:
    """Each holder's part of it, by what they have; then in order of use."""
    have: dict[str, int] = {}
    for lot in lots:
        have[lot.holder] = have.get(lot.holder, 0) + lot.left
    unit, holders = lots[0].unit if lots else "", sorted(have)
    debts = book_of(unit, run).state.debts if lots else {}
    weights = [max(0, have[holder] - debts.get(debt_key(unit, holder), 0)) for holder in holders]
    caps = [have[holder] for holder in holders]
    shares = spread(min(count, sum(caps)), weights, caps, holders, run.world.core.header.remainder)
    own = {holder: [lot for lot in lots if lot.holder == holder] for holder in holders}
    return tuple(part for holder, share in zip(holders, shares, strict=True) for part in _in_order(share, own[holder]))


def bring(lot: Lot, book: Book) -> None:
    """Book a lot: what is owed of its unit is paid first, and the lot is what is left of it."""
    name = debt_key(lot.unit, lot.holder)
    before = book.state.debts.get(name, 0)
    paid = min(before, lot.left)
    if paid:
        book.record(DebtMoved(name, before, before - paid))
    if lot.left > paid:
        book.record(LotAdded(msgspec.structs.replace(lot, left=lot.left - paid)))


def is_overfull(unit: str, book: Book) -> bool:
    """Whether a book has more of a unit, or owes more of it, than an amount can hold."""
    state = book.state
    owed = (count for name, count in state.debts.items() if name.partition(" ")[0] == unit)
    return max(sum(lot.left for lot in state.lots if lot.unit == unit), *owed, 0) > AMOUNT_MAX


# ---- last days ----


def last_day(lot: Lot, run: Run) -> int | None:
    """The last day on which a lot is valid: its own, and what its unit counts from the last of some events.

    Such a span counts from the day the lot was earned if that is later than the last of those events.
    """
    spans = run.world.spans.get(lot.unit)
    if spans is None:
        return lot.expires
    unit = run.world.units[lot.unit]
    days = [_after_last(life, lot, book_of(lot.unit, run).state) for life in spans]
    if len(spans) == len(unit.lives):
        return whichever(unit, days) if lot.expires is None else lot.expires
    return whichever(unit, [lot.expires, *days])


def _after_last(life: ir.UnitLife, lot: Lot, state: State) -> int:
    start = max([lot.earned, *(state.last[event] for event in life.after_last if event in state.last)])
    return times.moved(start, life.count, life.unit) - 1


def whichever(unit: ir.UnitDef, days: Sequence[int | None]) -> int | None:
    """The first or the last of several ends; None is no end, so it is the last of all."""
    ends = [day for day in days if day is not None]
    if unit.whichever == "last" and len(ends) < len(days):
        return None
    if not ends:
        return None
    return min(ends) if unit.whichever == "first" else max(ends)
