"""Units where an event stands once so many of its pieces have come back: a function of how many, and of nothing else.

Of an award `by share` the parts that lie on what has come back are no longer earned: the award is spread over its lines
by the one allocation, each line's part over its pieces. One without lines goes by the money that has come back of the
goods. `work out again`: what the rule gave, less what it gives on the pieces that are kept. `keep`: nothing.

A payment is undone in proportion to what has come back of each line that it paid for, but never beyond the money that
has come back in all; its units come back in that proportion. What a rule deducted or turned comes back like an award
without lines, what was presented for it once everything that the rule acted on has come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from rules_engine.allocation import spread
from rules_engine.backends.reference import Spent, parts_of
from rules_engine.outcome import Award, Payment, Taken, Value
from rules_engine.returning.bought import Bought, Given
from rules_engine.returning.standings import Standing, everything, first_parts
from rules_engine.state import Lot


class Slot(msgspec.Struct, frozen=True):
    """What awards have in common that are one lot of one owner."""

    rule: str
    unit: str
    to: str
    holder: str
    earned: int
    pending: int | None
    expires: int | None
    facts: tuple[tuple[str, Value], ...]

    def lot(self, left: int) -> Lot:
        """The lot that the awards became."""
        return Lot(self.unit, left, self.earned, self.pending, self.expires, self.rule, dict(self.facts), self.holder)


Slots: TypeAlias = dict[Slot, int]


class UnitStanding(msgspec.Struct, frozen=True):
    """What has come back so far: of awards by slot, of each payment its value, of what was taken how many units (both
    by number)."""

    slots: Slots
    values: dict[int, int]
    taken: dict[int, int]


def unit_standing(bought: Bought, counts: Sequence[int], stands: Standing, kept: Given) -> UnitStanding:
    """Where units stand; `kept` is what rules give and take on the pieces that are kept."""
    values = _values(bought, stands)
    return UnitStanding(
        _slots(bought, counts, stands, kept),
        {number: value for number, value in enumerate(values) if value},
        {number: count for number, count in _taken(bought, counts, stands, kept, values).items() if count},
    )


def slot_of(bought: Bought, award: Award) -> Slot:
    """The slot of an award."""
    event = bought.event
    apart = {unit.name for unit in bought.terms.core.units if unit.apart}
    holder = (award.to or event.member or "") if award.unit in apart else ""
    earned = event.day if event.posted is None else event.posted
    facts = tuple(sorted(award.facts.items()))
    return Slot(award.rule, award.unit, award.to, holder, earned, award.pending, award.expires, facts)


def given_by_slot(bought: Bought, awards: Iterable[Award]) -> Slots:
    """What awards gave."""
    found: Slots = {}
    for award in awards:
        slot = slot_of(bought, award)
        found[slot] = found.get(slot, 0) + award.given
    return found


# ---- awards ----


def _slots(bought: Bought, counts: Sequence[int], stands: Standing, kept: Given) -> Slots:
    found: Slots = {}
    for award in bought.given.awards:
        policy = bought.policy(award.rule).policy
        back = award.given if policy == "work out again" else 0
        if policy == "by share":
            back = _share_of(bought, award, counts, stands)
        slot = slot_of(bought, award)
        found[slot] = found.get(slot, 0) + back
    for award in kept.awards:
        if bought.policy(award.rule).policy == "work out again":
            slot = slot_of(bought, award)
            found[slot] = found.get(slot, 0) - award.given
    return found


def _share_of(bought: Bought, award: Award, counts: Sequence[int], stands: Standing) -> int:
    """What of an award lies on what has come back."""
    if everything(bought, counts):
        return award.given
    parts = parts_of(award, bought.kind, bought.event.lines, bought.terms.core.header)
    if not any(parts):
        return part_of(award.given, money_share(bought, counts, stands))
    lines = zip(parts, bought.lines, counts, strict=False)
    return sum(first_parts(part, line.units, count) for part, line, count in lines)


def money_share(bought: Bought, counts: Sequence[int], stands: Standing) -> tuple[int, int]:
    """How much of the goods' money has come back, and how much it is in all; of goods for nothing, how many pieces."""
    if everything(bought, counts):
        return 1, 1
    goods = [place for place, line in enumerate(bought.lines) if not line.shipping]
    money = sum(bought.lines[place].net for place in goods)
    if money > 0:
        return min(money, max(0, sum(stands.nets[place] for place in goods))), money
    return sum(counts[place] for place in goods), sum(bought.lines[place].units for place in goods)


def part_of(amount: int, share: tuple[int, int]) -> int:
    """A share of an amount, cut towards zero: all of it only once all has come back."""
    count, whole = share
    if not whole:
        return 0
    return amount * count // whole if amount >= 0 else -(-amount * count // whole)


# ---- payments ----


def payments(bought: Bought) -> list[Payment]:
    """What was paid with units: by redeems that accept them, and by those that deduct the price of an event that is
    priced in them."""
    found = [each for each in bought.outcome.payments if not each.held_out and each.value]
    unit = bought.kind.priced_unit
    price = bought.outcome.price
    for each in bought.given.taken if unit and price is not None else ():
        if each.how == "deduct" and each.unit == unit and _kind_of(bought, each.rule) == "redeem":
            costs = [*(line.net for line in bought.lines), sum(bought.given.charges.values()), 0]
            for other in found:
                costs = [cost - part for cost, part in zip(costs, other.parts, strict=True)]
            parts = spread(each.taken, costs, costs)
            found.append(Payment(each.rule, unit, each.wanted, each.taken, sum(parts), tuple(parts)))
    return found


def _kind_of(bought: Bought, rule: str) -> str:
    found = bought.rules.get(rule)
    return "" if found is None else found.kind


def _values(bought: Bought, stands: Standing) -> list[int]:
    """The value of each payment on what has come back: in all no more than the money that has come back."""
    values = [_value(bought, payment, stands) for payment in payments(bought)]
    most = max(0, stands.value(bought))
    return spread(most, values, values) if sum(values) > most else values


def _value(bought: Bought, payment: Payment, stands: Standing) -> int:
    lines = zip(payment.parts, bought.lines, stands.nets, strict=False)
    found = sum(part_of(part, _within(net, line.net)) for part, line, net in lines)
    charges, tax = payment.parts[len(bought.lines) :]
    all_charges, all_tax = sum(bought.given.charges.values()), sum(line.tax for line in bought.lines)
    found += part_of(charges, _within(sum(stands.charges.values()), all_charges))
    return found + part_of(tax, _within(sum(stands.taxes), all_tax))


def paid_with_units(bought: Bought) -> int:
    """What of the money that can ever be refunded was paid with units: not that of charges that are kept."""
    charges = sum(bought.given.charges.values())
    kept = sum(amount for (rule, _), amount in bought.given.charges.items() if bought.policy(rule).policy == "keep")
    found = 0
    for payment in payments(bought):
        own = payment.parts[len(bought.lines)]
        found += payment.value - own + part_of(own, (charges - kept, charges))
    return found


def _within(back: int, whole: int) -> tuple[int, int]:
    return min(whole, max(0, back)), whole


def paid_on_line(bought: Bought, place: int, stands: Standing) -> tuple[int, int]:
    """What units paid of a line, and how much of that is undone."""
    parts = [payment.parts[place] for payment in payments(bought)]
    share = _within(stands.nets[place], bought.lines[place].net)
    return sum(parts), sum(part_of(part, share) for part in parts)


def spent_on_kept(bought: Bought, counts: Sequence[int], stands: Standing, kept: Given, places: Sequence[int]) -> Spent:
    """What redeems have paid of the pieces that are kept, which lie in these places, and what they took for it."""
    values = _values(bought, stands)
    mine = zip(payments(bought), values, strict=True)
    paid = [_kept_of(bought, each, back, stands, places) for each, back in mine if each in bought.outcome.payments]
    back = _taken(bought, counts, stands, kept, values)
    taken = [
        msgspec.structs.replace(each, taken=each.taken - back.get(number, 0))
        for number, each in enumerate(bought.given.taken)
        if _kind_of(bought, each.rule) == "redeem"
    ]
    return Spent(tuple(each for each in paid if each.value), tuple(each for each in taken if each.taken))


def _kept_of(bought: Bought, payment: Payment, back: int, stands: Standing, places: Sequence[int]) -> Payment:
    """What a payment has paid of the pieces that are kept, in the order of an event of these alone."""
    lines = len(bought.lines)
    parts = [
        payment.parts[place] - part_of(payment.parts[place], _within(stands.nets[place], bought.lines[place].net))
        for place in places
    ]
    for part, gone, whole in (
        (payment.parts[lines], sum(stands.charges.values()), sum(bought.given.charges.values())),
        (payment.parts[lines + 1], sum(stands.taxes), sum(line.tax for line in bought.lines)),
    ):
        parts.append(part - part_of(part, _within(gone, whole)))
    value = min(payment.value - back, sum(parts))
    return msgspec.structs.replace(payment, value=value, parts=tuple(spread(value, parts, parts)))


# ---- what was taken ----


def _taken(
    bought: Bought, counts: Sequence[int], stands: Standing, kept: Given, values: Sequence[int]
) -> dict[int, int]:
    """How many units of each taking have come back."""
    found: dict[int, int] = {}
    paying = _paying(bought, values)
    for number, taken in enumerate(bought.given.taken):
        policy = bought.policy(taken.rule).policy
        if policy == "keep" or policy == "work out again":
            continue
        if taken.how == "presented":
            found[number] = taken.taken if _all_back(bought, taken.rule, counts) else 0
        elif number in paying:
            found[number] = part_of(taken.taken, paying[number])
        else:
            found[number] = part_of(taken.taken, money_share(bought, counts, stands))
    return found | _taken_again(bought, kept)


def _paying(bought: Bought, values: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By the number of a taking that paid, how much of its value is undone."""
    left = list(zip(payments(bought), values, strict=True))
    found: dict[int, tuple[int, int]] = {}
    for number, taken in enumerate(bought.given.taken):
        own = next(
            (place for place, (paid, _) in enumerate(left)
             if (paid.rule, paid.unit, paid.taken) == (taken.rule, taken.unit, taken.taken)), None,
        )  # fmt: skip
        if taken.how in ("accept", "deduct") and own is not None:
            payment, value = left.pop(own)
            found[number] = value, payment.value
    return found


def _taken_again(bought: Bought, kept: Given) -> dict[int, int]:
    """What rules took that are worked out again, less what they take on what is kept: the last comes back first."""
    still: dict[tuple[str, str, str], int] = {}
    for each in kept.taken:
        key = each.rule, each.unit, each.how
        still[key] = still.get(key, 0) + each.taken
    found: dict[int, int] = {}
    for number, taken in enumerate(bought.given.taken):
        if bought.policy(taken.rule).policy == "work out again":
            key = taken.rule, taken.unit, taken.how
            stays = min(taken.taken, still.get(key, 0))
            still[key] = still.get(key, 0) - stays
            found[number] = taken.taken - stays
    return found


def _all_back(bought: Bought, rule: str, counts: Sequence[int]) -> bool:
    """Whether everything that a rule acted on has come back."""
    places = {place for place, off in bought.given.discounts.get(rule, {}).items() if off}
    for award in bought.given.awards:
        if award.rule == rule:
            places |= {place for place, weight in enumerate(award.weights) if weight}
    for payment in payments(bought):
        if payment.rule == rule:
            places |= {place for place, part in enumerate(payment.parts[: len(bought.lines)]) if part}
    if not places:
        return everything(bought, counts)
    return all(counts[place] == bought.lines[place].units for place in places)


def lots_back(taken: Taken, before: int, count: int) -> tuple[list[tuple[Lot, int]], int]:
    """From which lots the units come that come back now, the last used first, after so many before; and how many were
    owed beyond all lots: those come first."""
    beyond = taken.taken - sum(some for _, some in taken.lots)
    owed = min(count, max(0, beyond - before))
    before, count = max(0, before - beyond), count - owed
    found = []
    for lot, some in reversed(taken.lots):
        skipped = min(before, some)
        now = min(count, some - skipped)
        before, count = before - skipped, count - now
        if now:
            found.append((lot, now))
    return found, owed
