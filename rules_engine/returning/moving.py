"""What a return does to units and tracks now: where they stand, less what earlier returns did, made into changes.

Units that were taken come back first; then what is no longer earned is taken back, award by award in the order in which
they were given. What is missing falls on each rule's shortfall: off the refund at what the unit is worth where the
program accepts it, else at the money that it counts; off the balance as a debt; or it is forgiven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Reference, Reversal
from rules_engine.calendar import format_date
from rules_engine.decoding import Place, fault
from rules_engine.outcome import People
from rules_engine.returning.bought import Bought
from rules_engine.returning.records import named, refuse
from rules_engine.returning.tracks import Tracks, fresh_keys, moved_tracks
from rules_engine.returning.units import Slot, UnitStanding, given_by_slot, lots_back, payments, slot_of
from rules_engine.returning.worth import worth_of
from rules_engine.returns import PaidBack, Return, ShortfallPolicy, TrackBack, UnitsBack, UnitsRestored
from rules_engine.state import Change, LotAdded, State, same_lot


class Now(msgspec.Struct, frozen=True):
    """The day of a return, and those whom it moves as they stand: the event's member, the household, others."""

    on: int | None = None
    state: State | None = None
    people: People = People()


class Moves(msgspec.Struct, frozen=True):
    """What a return does besides the money of lines."""

    units: tuple[UnitsBack, ...] = ()
    restored: tuple[UnitsRestored, ...] = ()
    paid: tuple[PaidBack, ...] = ()
    tracks: tuple[TrackBack, ...] = ()
    changes: tuple[Change, ...] = ()
    pool: tuple[Change, ...] = ()
    others: dict[str, tuple[Change, ...]] = {}

    @property
    def missing(self) -> int:
        """What the units are worth that are missing, and are to lower the refund."""
        return sum(each.money for each in self.units)


# ---- what has to be passed in ----


def check_now(bought: Bought, now: Now) -> None:
    """Raise `EventRefused` where the states or the day that a return needs are missing, or cannot be."""
    event = bought.event
    place = Place(event.name)
    if now.on is not None and now.on < event.day:
        words = {"found": format_date(now.on), "day": format_date(event.day)}
        raise refuse(event, fault("V180", place, "", event=named(event), **words))
    if event.member is None or not may_move(bought):
        return
    for what, missing in (("state", now.state is None), ("on", now.on is None)):
        if missing:
            raise refuse(event, fault("V179", place, "", event=named(event), what=f"`{what}`"))
    if bought.outcome.household and now.people.pool is None and _moves_pool(bought):
        raise refuse(event, fault("V179", place, "", event=named(event), what="`pool`"))
    reached = None if now.state is None else now.state.day
    if reached is None or reached < event.day:
        words = {"found": "nothing yet" if reached is None else format_date(reached), "day": format_date(event.day)}
        raise refuse(event, fault("V181", place, "", event=named(event), **words))


def may_move(bought: Bought) -> bool:
    """Whether returns of this kind of event move units or tracks."""
    rules: tuple[ir.RuleDef | ir.OfferDef, ...] = (*bought.rules.values(), *bought.offers.values())
    return bool(moved_tracks(bought)) or any(
        bought.policy(rule.key).policy != "keep" and (isinstance(rule, ir.RuleDef) or rule.thing is not None)
        for rule in rules
    )


def _moves_pool(bought: Bought) -> bool:
    """Whether something of that stands with the household."""
    pooled = {unit.name for unit in bought.terms.core.units if unit.owner == "household"}
    named = {
        each.unit for rule in bought.rules.values() for each in ir.records(rule.effects) if isinstance(each, _OWNED)
    }
    rules: tuple[ir.RuleDef | ir.OfferDef, ...] = (*bought.rules.values(), *bought.offers.values())
    things = {rule.thing.unit for rule in rules if rule.thing is not None}
    return bool(pooled & (named | things)) or any(track.owner == "household" for track in moved_tracks(bought))


_OWNED = (ir.GiveDef, ir.DeductDef, ir.TurnDef, ir.AcceptDef, ir.SplitRow)


# ---- moving ----


def moved_now(
    bought: Bought,
    units: UnitStanding,
    tracks: Tracks,
    earlier: Sequence[Return],
    now: Now,
    reference: Reference,
    over: bool,
) -> Moves:
    """The changes of a return, and what it says of units and tracks; `over` where everything has come back."""
    if bought.event.member is None or now.state is None or now.on is None:
        return Moves(paid=_paid(bought, units, earlier))
    back = reference.reversal(
        bought.event, bought.outcome.before, now.state, now.people, bought.outcome.household, now.on
    )
    asked = _again(bought, units, earlier)
    for each in asked:
        back.owe_again(each.lot, each.to, each.owed)
    restored = tuple(_restored(bought, units, earlier, back))
    found = tuple(_taken_back(bought, asked, earlier, back))
    back.check({each.unit for each in found} | {each.unit for each in restored})
    lowered = tuple(_lowered(tracks, earlier))
    fresh = fresh_keys(bought)
    for track in lowered:
        place = track.track, track.occurrence, track.key
        back.lower(*place, track.amount, place in fresh)
    for place in sorted(fresh) if over else ():
        back.drop(*place)
    return Moves(found, restored, _paid(bought, units, earlier), lowered, back.changes, back.pool, back.others)


def _paid(bought: Bought, units: UnitStanding, earlier: Iterable[Return]) -> tuple[PaidBack, ...]:
    before: dict[int, int] = {}
    for paid in (paid for each in earlier for paid in each.paid):
        before[paid.number] = before.get(paid.number, 0) + paid.value
    rows = enumerate(payments(bought))
    found = (PaidBack(at, each.rule, units.values.get(at, 0) - before.get(at, 0)) for at, each in rows)
    return tuple(each for each in found if each.value)


def _restored(
    bought: Bought, units: UnitStanding, earlier: Sequence[Return], back: Reversal
) -> Iterable[UnitsRestored]:
    before: dict[int, int] = {}
    for each in (restored for one in earlier for restored in one.restored):
        before[each.number] = before.get(each.number, 0) + each.amount
    for number, taken in reversed(list(enumerate(bought.given.taken))):
        so_far = before.get(number, 0)
        count = units.taken.get(number, 0) - so_far
        if count > 0:
            parts, owed = lots_back(taken, so_far, count)
            lost = back.restore(taken.rule, taken.unit, parts, owed)
            yield UnitsRestored(number, taken.rule, taken.unit, taken.how, count, lost)


def _lowered(tracks: Tracks, earlier: Sequence[Return]) -> Iterable[TrackBack]:
    before: Tracks = {}
    for each in (track for one in earlier for track in one.tracks):
        key = each.track, each.occurrence, each.key
        before[key] = before.get(key, 0) + each.amount
    for key in sorted({*tracks, *before}):
        amount = tracks.get(key, 0) - before.get(key, 0)
        if amount:
            yield TrackBack(*key, amount)


# ---- awards ----


class Before(msgspec.Struct):
    """What earlier returns did with an award: taken back in all, and owed again."""

    amount: int = 0
    owed: int = 0


def _again(bought: Bought, units: UnitStanding, earlier: Sequence[Return]) -> tuple[UnitsBack, ...]:
    """What of each award is no longer earned now, and what of that is owed again: what had become a lot goes first."""
    before = _before(earlier)
    given = given_by_slot(bought, bought.given.awards)
    found = []
    for slot in [*units.slots, *(slot for slot in before if slot not in units.slots)]:
        was, had = before.get(slot, Before()), given.get(slot, 0)
        amount = units.slots.get(slot, 0) - was.amount
        paid_off = _paid_off(bought, slot, had)
        in_lot = max(0, had - paid_off - (was.amount - was.owed))
        owed = min(max(0, amount - in_lot), paid_off - was.owed)
        if amount:
            lot, policy = slot.lot(max(had, abs(amount))), bought.policy(slot.rule).policy
            found.append(UnitsBack(slot.rule, slot.unit, policy, amount, lot, slot.to, owed=owed))
    return tuple(found)


def _taken_back(
    bought: Bought, asked: Sequence[UnitsBack], earlier: Sequence[Return], back: Reversal
) -> Iterable[UnitsBack]:
    """What becomes of it."""
    off = _off_refunds(earlier)
    for each in asked:
        if each.amount < 0:
            given = back.give_more(msgspec.structs.replace(each.lot, left=-each.amount), each.to)
            came, lapsed = (each.amount, 0) if given else (0, each.amount)
            yield msgspec.structs.replace(each, taken=came, forgiven=lapsed)
            continue
        shortfall = bought.policy(each.rule).shortfall or "off balance"
        gone = back.take_back(each.lot, each.to, each.amount - each.owed, shortfall == "off balance")
        found = msgspec.structs.replace(
            each,
            taken=gone.taken,
            shortfall=shortfall if gone.missing or gone.forgiven else None,
            missing=gone.missing,
            forgiven=gone.forgiven,
        )
        yield _priced(bought, found, shortfall, off)


def _priced(bought: Bought, back: UnitsBack, shortfall: ShortfallPolicy, off: dict[str, int]) -> UnitsBack:
    """What is missing: dropped, a debt, or money off the refund, rounded once over all that is off refunds."""
    if not back.missing or shortfall == "off balance":
        return back
    if shortfall == "forgiven":
        return msgspec.structs.replace(back, missing=0, forgiven=back.forgiven + back.missing)
    worth = worth_of(bought, back.unit)
    assert worth is not None, "the checker asks for a worth of what is taken off refunds"
    before = off.get(back.unit, 0)
    off[back.unit] = before + back.missing
    return msgspec.structs.replace(back, money=worth.of(off[back.unit]) - worth.of(before))


def _before(earlier: Sequence[Return]) -> dict[Slot, Before]:
    found: dict[Slot, Before] = {}
    for each in (units for one in earlier for units in one.units):
        lot = each.lot
        facts = tuple(sorted(lot.facts.items()))
        slot = Slot(each.rule, each.unit, each.to, lot.holder, lot.earned, lot.pending, lot.expires, facts)
        was = found.setdefault(slot, Before())
        was.amount, was.owed = was.amount + each.amount, was.owed + each.owed
    return found


def _off_refunds(earlier: Sequence[Return]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in (units for one in earlier for units in one.units):
        if each.shortfall == "off refund":
            found[each.unit] = found.get(each.unit, 0) + each.missing
    return found


def _paid_off(bought: Bought, slot: Slot, given: int) -> int:
    """What of an award went to a debt as it was given: it is the part that is in no lot."""
    booked = sum(each.given for each in bought.given.awards if each.booked and slot_of(bought, each) == slot)
    if not booked:
        return 0
    outcome = bought.outcome
    unit = next(each for each in bought.terms.core.units if each.name == slot.unit)
    changes = outcome.pool if unit.owner == "household" else outcome.changes.get(slot.to or outcome.member or "", ())
    lot = slot.lot(given)
    added = sum(each.lot.left for each in changes if isinstance(each, LotAdded) and same_lot(each.lot, lot))
    return max(0, booked - added)
