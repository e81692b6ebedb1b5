"""Why a tier, a balance, a track or a price is what it is: what this step did to it, and what was there before.

In: a step that was taken, and its explanation. Out: sentences, for `because`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir, tree
from rules_engine.calendar import format_date
from rules_engine.scoring import Explanation
from rules_engine.state import HoldingBegan, HoldingEnded, Lot, LotLapsed, LotTaken
from rules_engine.workbench.after import After, grouped
from rules_engine.workbench.wire import unit_named

LOTS = 4
"""How many lots of a balance are told one by one."""


def tier_because(expected: str, after: After, told: Explanation | None) -> Iterator[str]:
    """Which path does not hold, what ended, what is still held, and that a path was not judged at all."""
    tiers = after.core.tiers
    if tiers is None or tiers.from_host:
        return
    ways = [way for way in told.ways if way.tier == expected] if told is not None else []
    for way in ways:
        name = "" if way.way == way.tier else f" by {way.way}"
        verdict = "holds" if way.holds else f"does not hold: {way.because}"
        yield f"{expected}{name} {verdict}, as judged on {way.day}"
    for change in after.changes:
        if isinstance(change, HoldingEnded):
            yield f"{_held(change.holding.tier, change.holding.reason)} ended{_until(change.holding.until)}"
    for move in after.tiers:
        yield f"the tier went from {move.before} to {move.after} on {format_date(move.since)} ({move.reason})"
    if not ways and not after.tiers and tiers.review and after.event is not None:
        yield f"tiers are judged on end of {tiers.review} only, and this step does not reach it"
    began = {change.holding for change in after.changes if isinstance(change, HoldingBegan)}
    for holding in after.host.state(after.who).holdings:
        if holding not in began and (holding.until is None or holding.until >= after.day):
            yield f"{_held(holding.tier, holding.reason)} is held{_through(holding.until)}"


def _held(tier: str, reason: str) -> str:
    return tier if reason in ("", tier) else f"{tier} ({reason})"


def _until(day: int | None) -> str:
    return "" if day is None else f" after {format_date(day)}"


def _through(day: int | None) -> str:
    return " for good" if day is None else f" until {format_date(day)}"


# ---- balances ----


def balance_because(expected: tree.ExpectBalance, after: After) -> Iterator[str]:
    """What the balance is made of, what is pending, what lapsed and when, what was taken."""
    unit = unit_named(expected.unit.text, after.core)
    if unit is None or after.who is None:
        return
    owners = [after.host.state(after.who)]
    if unit.owner == "household":
        owners = list(after.host.cast.pools.values())
    lots = [lot for state in owners for lot in state.lots if lot.unit == unit.name and lot.left]
    pending = [lot for lot in lots if lot.pending is not None and lot.pending >= after.day]
    if not expected.pending:
        for lot in pending[:LOTS]:
            assert lot.pending is not None
            yield f"{_words(lot, unit)} are pending until {format_date(lot.pending)}, and not counted"
    counted = [lot for lot in lots if expected.pending or lot not in pending]
    if counted:
        counted.sort(key=lambda lot: -lot.left)
        shown = ", ".join(f"{_words(lot, unit)} ({_life(lot)})" for lot in counted[:LOTS])
        left = len(counted) - LOTS
        more = f", and {left} more lot{'s' if left > 1 else ''}" if left > 0 else ""
        yield f"the balance is made of {shown}{more}"
    owed = sum(state.debts.get(unit.name, 0) for state in owners)
    if owed:
        yield f"{grouped(owed, unit.decimals)} {unit.plural or unit.name} are owed"
    for change in after.changes:
        match change:
            case LotLapsed(lot=lot, day=day) if lot.unit == unit.name:
                yield f"{_words(lot, unit)} of {format_date(lot.earned)} lapsed after {format_date(day)}"
            case LotTaken(lot=lot, count=count) if lot.unit == unit.name:
                taken = f"{grouped(count, unit.decimals)} {unit.plural or unit.name}"
                yield f"this step took {taken} of the {_words(lot, unit)}"
            case _:
                pass


def _words(lot: Lot, unit: ir.UnitDef) -> str:
    given = "given by the test" if lot.source == "given" else f"from {lot.source}"
    return f"{grouped(lot.left, unit.decimals)} {unit.plural or unit.name} {given}"


def _life(lot: Lot) -> str:
    until = "for good" if lot.expires is None else f"through {format_date(lot.expires)}"
    return f"of {format_date(lot.earned)}, valid {until}"


# ---- tracks and prices ----


def track_because(name: str, after: After, told: Explanation | None) -> Iterator[str]:
    """What this event made of a track, or that it did not move it."""
    if told is None or after.event is None:
        return
    moved = next((each for each in told.tracks if each.track == name), None)
    track = next(each for each in after.core.tracks if each.name == name)
    if moved is not None and moved.before != moved.after:
        yield f"this event took `{name}` from {moved.before or 'nothing'} to {moved.after}"
    elif after.event.name not in track.events and not (track.given or track.used):
        yield f"`{name}` is moved on {' or '.join(track.events)}, and not on {after.event.name}"
    else:
        yield f"this event did not move `{name}`"
    if told.late:
        yield "the event is late: it moves the tracks of its own day only"


def line_because(expected: tree.ExpectPrice | tree.ExpectLine, told: Explanation | None) -> Iterator[str]:
    """What each line cost after each stage of offers, and what is beside the lines."""
    price = None if told is None else told.price
    if told is None or price is None:
        return
    for line in price.lines:
        if isinstance(expected, tree.ExpectLine) and line.line.split(" ")[-1].strip('"') != expected.line.value:
            continue
        steps = [f"{step.price} after {step.stage} ({', '.join(step.taken)})" for step in line.steps]
        yield f"{line.line}: " + " -> ".join([line.list, *steps])
    if isinstance(expected, tree.ExpectPrice):
        beside = {"shipping": price.shipping, "charges": price.charged, "tax": price.tax}
        shown = [f"{word} {amount}" for word, amount in beside.items() if amount]
        yield ", ".join([f"net {price.net}", *shown, f"total {price.total}"])
        if expected.what == "paid":
            yield from (f'"{each.title}" paid {each.value} for {each.taken}' for each in told.payments)
