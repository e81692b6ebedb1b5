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

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rules_engine.allocation import spread
from rules_engine.event import Event
from rules_engine.outcome import Charge, Gift
from rules_engine.returning.bought import Bought, Counter, Terms, bought, moved
from rules_engine.returning.keeping import given_on_kept
from rules_engine.returning.records import read_counts, read_earlier, read_outcome
from rules_engine.returning.standings import Standing, difference, everything, standing
from rules_engine.returns import Return, ReturnedLine, Shortfall, ShortfallPolicy, TakenBack
from rules_engine.state import LimitUsed

POLICIES: Final[tuple[ShortfallPolicy, ...]] = ("off refund", "off balance", "forgiven")


class Settled(msgspec.Struct, frozen=True):
    """Money so far: refunded, and what is missing by policy."""

    refund: int
    missing: dict[ShortfallPolicy, int]


def give_back(terms: Terms, event: Event, outcome: object, returned: object, earlier: Sequence[object] = ()) -> Return:
    """What a return takes back; `outcome` and `earlier` are as they were given, or their JSON.

    `returned` has, by the line's id or its number counted from 1, how many pieces come back now; `shipping` is the
    shipping of the event's own field. Raises `EventRefused` with every reason.
    """
    was = read_outcome(outcome, terms, event)
    gone = read_earlier(earlier, terms, event)
    what = bought(terms, event, was)
    before = _so_far(what, gone)
    now = read_counts(returned, what, before)
    counts = _with_shipping(what, [count + more for count, more in zip(before, now, strict=True)])
    stands = standing(what, counts, given_on_kept(what, counts))
    return _return(what, stands, gone, tuple(count - old for count, old in zip(counts, before, strict=True)))


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


def _return(what: Bought, stands: Standing, earlier: tuple[Return, ...], counts: tuple[int, ...]) -> Return:
    before = _settled(earlier)
    after = _settle(what, stands, before)
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
        changes=_restored(_own(what), stands.used, moved(change for each in earlier for change in each.changes)),
        reserved=_restored(what.outcome.reserved, stands.shared, moved(c for each in earlier for c in each.reserved)),
    )


# ---- money ----


def _settled(earlier: Sequence[Return]) -> Settled:
    missing: dict[ShortfallPolicy, int] = dict.fromkeys(POLICIES, 0)
    for short in (short for each in earlier for short in each.shortfalls):
        missing[short.policy] += short.amount
    return Settled(sum(each.refund for each in earlier), missing)


def _settle(what: Bought, stands: Standing, before: Settled) -> Settled:
    missing = dict(before.missing)
    due = stands.value(what) - (before.refund - missing["forgiven"] - missing["off balance"])
    if due < 0:
        owed = missing["off refund"]
        missing["off refund"] = min(owed, -due)
        for policy, amount in _split(what, stands, max(0, -due - owed)).items():
            missing[policy] += amount
        return Settled(before.refund, missing)
    missing["off refund"] = 0
    balance = min(missing["off balance"], due)
    missing["off balance"] -= balance
    refund = min(due - balance, what.refundable - before.refund)
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
    changes = what.outcome.changes.get(what.event.member or "", ())
    return tuple(each for each in changes if isinstance(each, LimitUsed))


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
