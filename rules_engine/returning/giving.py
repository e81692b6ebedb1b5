"""One return: where the event stands with what comes back now, less what was given back before.

Everything is worked out from all that has come back so far, so it does not matter in which parts it comes. Money is the
one thing with a memory, because it is never asked for again: what a return lacks is its shortfall.

Let R be all the money that has come back by now (`Standing.value`), F what earlier returns refunded, W what of it was
forgiven, B what was taken off a balance. R - (F - W - B) is to be paid. Where that is below zero nothing is refunded,
and what is missing beyond what is owed already falls on the policies of the offers that were worked out again, by what
is taken back of each. Where it is not, what is owed is worked off, a balance gets back what was taken off it, and the
rest is refunded, but never more in all than was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from rules_engine.allocation import spread
from rules_engine.backends.reference import Reference
from rules_engine.event import Event
from rules_engine.outcome import Charge, Gift
from rules_engine.returning.bought import Bought, Counter, Terms, bought, counters, moved
from rules_engine.returning.keeping import given_again, given_on_kept, kept_event
from rules_engine.returning.moving import Moves, Now, check_now, may_move, moved_now
from rules_engine.returning.records import read_counts, read_earlier, read_outcome
from rules_engine.returning.standings import Standing, difference, everything, standing
from rules_engine.returning.tracks import Tracks, tracks_back
from rules_engine.returning.units import UnitStanding, paid_with_units, spent_on_kept, unit_standing
from rules_engine.returns import Return, ReturnedLine, Shortfall, ShortfallPolicy, TakenBack
from rules_engine.state import Change, LimitUsed

NOBODY: Final = Now()
POLICIES: Final[tuple[ShortfallPolicy, ...]] = ("off refund", "off balance", "forgiven")


class Settled(msgspec.Struct, frozen=True):
    """Money so far: refunded, and what is missing by policy."""

    refund: int
    missing: dict[ShortfallPolicy, int]


def give_back(
    terms: Terms,
    event: Event,
    outcome: object,
    returned: object,
    earlier: Sequence[object] = (),
    current: Now = NOBODY,
) -> Return:
    """What a return takes back; `outcome` and `earlier` are as they were given, or their JSON.

    `returned` has, by the line's id or its number counted from 1, how many pieces come back now; `shipping` is the
    shipping of the event's own field. `current` is the day, and everybody as they stand. Raises `EventRefused` with
    every reason.
    """
    was = read_outcome(outcome, terms, event)
    gone = read_earlier(earlier, terms, event)
    what = bought(terms, event, was)
    before = _so_far(what, gone)
    now = read_counts(returned, what, before)
    check_now(what, current)
    counts = _with_shipping(what, [count + more for count, more in zip(before, now, strict=True)])
    kept = given_on_kept(what, counts)
    stands = standing(what, counts, kept)
    if what.again and (what.outcome.payments or what.given.taken):
        kept = given_again(what, counts, kept, spent_on_kept(what, counts, stands, kept, kept_event(what, counts)[1]))
    moves = _moves(what, counts, stands, unit_standing(what, counts, stands, kept), gone, current)
    back = _return(what, stands, gone, tuple(count - old for count, old in zip(counts, before, strict=True)), moves)
    return replace(back, on=current.on)


def _moves(
    what: Bought, counts: Sequence[int], stands: Standing, units: UnitStanding, gone: Sequence[Return], current: Now
) -> Moves:
    reference = what.terms.reference or Reference(what.terms.core)
    tracks: Tracks = {}
    if current.state is not None and may_move(what):
        tracks = tracks_back(what, counts, stands, units, current.state, reference)
    return moved_now(what, units, tracks, gone, current, reference, everything(what, counts))


def _so_far(what: Bought, earlier: Sequence[Return]) -> list[int]:
    """How many pieces of each line have come back."""
    counts = [0] * len(what.lines)
    for line in (line for each in earlier for line in each.lines):
        counts[line.line] += line.count
    return counts


def _with_shipping(what: Bought, counts: list[int]) -> list[int]:
    """Once all goods have come back, shipping has too."""
    if not everything(what, counts):
        return counts
    return [line.units if line.shipping else count for line, count in zip(what.lines, counts, strict=True)]


def _return(
    what: Bought, stands: Standing, earlier: tuple[Return, ...], counts: tuple[int, ...], moves: Moves
) -> Return:
    before = _settled(earlier)
    after = _settle(what, stands, before, earlier, moves)
    missing = {each: after.missing[each] - before.missing[each] for each in POLICIES}
    event = what.event
    return Return(
        event=event.name,
        id=event.id,
        member=event.member,
        number=len(earlier) + 1,
        fingerprint=what.terms.fingerprint,
        currency=what.currency,
        refund=after.refund - before.refund,
        tax=sum(stands.taxes) - sum(each.tax for each in earlier),
        lines=_lines(what, stands, earlier, counts),
        taken=_taken(what, stands, earlier),
        charges=_charges(stands, earlier),
        gifts=_gifts(stands, earlier),
        codes=tuple(sorted(stands.codes - {code for each in earlier for code in each.codes})),
        shortfalls=tuple(Shortfall(policy, amount) for policy, amount in missing.items() if amount),
        changes=(*_restored(_own(what), stands.used, moved(_limits(earlier))), *moves.changes),
        reserved=_restored(what.outcome.reserved, stands.shared, moved(c for each in earlier for c in each.reserved)),
        units=moves.units,
        restored=moves.restored,
        paid=moves.paid,
        tracks=moves.tracks,
        household=what.outcome.household,
        pool=(*_beside(what, "", stands, earlier), *moves.pool),
        others=_others(what, stands, earlier, moves),
    )


def _limits(earlier: Iterable[Return]) -> Iterator[LimitUsed]:
    return (change for each in earlier for change in counters(each.changes))


def _beside(what: Bought, who: str, stands: Standing, earlier: Sequence[Return]) -> tuple[LimitUsed, ...]:
    """Counters of another member, or of the household, that are restored."""
    used = what.outcome.changes.get(who, ()) if who else what.outcome.pool
    own = {(limit, at): count for (limit, at, owner), count in stands.beside.items() if owner == who}
    before = [change for each in earlier for change in (each.others.get(who, ()) if who else each.pool)]
    return _restored(counters(used), own, moved(counters(before)))


def _others(what: Bought, stands: Standing, earlier: Sequence[Return], moves: Moves) -> dict[str, tuple[Change, ...]]:
    """The changes of other members."""
    members = [who for who in what.outcome.changes if who != what.event.member]
    found = {who: (*_beside(what, who, stands, earlier), *moves.others.get(who, ())) for who in members}
    found |= {who: own for who, own in moves.others.items() if who not in found}
    return {who: own for who, own in found.items() if own}


# ---- money ----


def _settled(earlier: Sequence[Return]) -> Settled:
    missing: dict[ShortfallPolicy, int] = dict.fromkeys(POLICIES, 0)
    for short in (short for each in earlier for short in each.shortfalls):
        missing[short.policy] += short.amount
    return Settled(sum(each.refund for each in earlier), missing)


def _settle(what: Bought, stands: Standing, before: Settled, earlier: Sequence[Return], moves: Moves) -> Settled:
    """Money so far. What units paid is not refunded, and what is missing of units lowers the refund."""
    missing = dict(before.missing)
    paid = sum(each.value for one in earlier for each in one.paid) + sum(each.value for each in moves.paid)
    short_of_units = sum(each.money for one in earlier for each in one.units) + moves.missing
    due = stands.value(what) - paid - short_of_units - (before.refund - missing["forgiven"] - missing["off balance"])
    if due < 0:
        owed = missing["off refund"]
        missing["off refund"] = min(owed, -due)
        short = max(0, -due - owed)
        missing["off refund"] += min(short, moves.missing)
        for policy, amount in _split(what, stands, max(0, short - moves.missing)).items():
            missing[policy] += amount
        return Settled(before.refund, missing)
    missing["off refund"] = 0
    balance = min(missing["off balance"], due)
    missing["off balance"] -= balance
    refund = min(due - balance, max(0, what.refundable - paid_with_units(what) - before.refund))
    missing["forgiven"] -= due - balance - refund
    return Settled(before.refund + refund, missing)


def _split(what: Bought, stands: Standing, short: int) -> dict[ShortfallPolicy, int]:
    """What is newly missing, over the policies of the offers that lost something."""
    weights: dict[ShortfallPolicy, int] = dict.fromkeys(POLICIES, 0)
    for rule, amount in stands.taken.items():
        policy = what.policy(rule)
        if policy.policy == "work out again" and amount > 0:
            weights[policy.shortfall or "off refund"] += amount
    if not any(weights.values()):
        weights["off refund"] = 1
    return dict(zip(POLICIES, spread(short, list(weights.values())), strict=True))


# ---- the rest ----


def _lines(
    what: Bought, stands: Standing, earlier: Sequence[Return], counts: Sequence[int]
) -> tuple[ReturnedLine, ...]:
    nets, taxes = list(stands.nets), list(stands.taxes)
    for line in (line for each in earlier for line in each.lines):
        nets[line.line] -= line.net
        taxes[line.line] -= line.tax
    rows = zip(what.lines, counts, nets, taxes, strict=True)
    found = (ReturnedLine(place, line.id, *amounts) for place, (line, *amounts) in enumerate(rows))
    return tuple(line for line in found if line.count or line.net or line.tax)


def _taken(what: Bought, stands: Standing, earlier: Sequence[Return]) -> tuple[TakenBack, ...]:
    before: dict[str, int] = {}
    for taken in (taken for each in earlier for taken in each.taken):
        before[taken.rule] = before.get(taken.rule, 0) + taken.amount
    found = difference(stands.taken, before)
    return tuple(TakenBack(rule, what.policy(rule).policy, amount) for rule, amount in found.items())


def _charges(stands: Standing, earlier: Sequence[Return]) -> tuple[Charge, ...]:
    before: dict[tuple[str, str], int] = {}
    for charge in (charge for each in earlier for charge in each.charges):
        key = (charge.rule, charge.label)
        before[key] = before.get(key, 0) + charge.amount
    return tuple(Charge(*key, amount) for key, amount in difference(stands.charges, before).items())


def _gifts(stands: Standing, earlier: Sequence[Return]) -> tuple[Gift, ...]:
    before: dict[tuple[str, str], int] = {}
    for gift in (gift for each in earlier for gift in each.gifts):
        before[gift.rule, gift.sku] = before.get((gift.rule, gift.sku), 0) + gift.count
    return tuple(Gift(*key, count) for key, count in difference(stands.gifts, before).items())


def _own(what: Bought) -> tuple[LimitUsed, ...]:
    """How the event moved its member's counters."""
    return tuple(counters(what.outcome.changes.get(what.event.member or "", ())))


def _restored(
    used: Sequence[LimitUsed], back: Mapping[Counter, int], before: Mapping[Counter, int]
) -> tuple[LimitUsed, ...]:
    """Counters from what was used once the event was scored to what is left of it; `before` are earlier moves."""
    found: list[LimitUsed] = []
    for counter, amount in difference(dict(back), {key: -move for key, move in before.items()}).items():
        stood = max(each.after for each in used if (each.limit, each.occurrence) == counter)
        start = stood + before.get(counter, 0)
        found.append(LimitUsed(*counter, start, start - amount))
    return tuple(found)
