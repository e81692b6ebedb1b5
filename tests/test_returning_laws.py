"""Laws of returns over random programs that give, take and accept units, written as text and checked.

1. A full return right after its event leaves everything as it was before it: lots, debts, tracks, and what limits of
   rules that are worked out again have counted.
2. Any sequence of returns that returns everything comes to one full return: by rule and unit, and in the states.
3. What is refunded, what was paid with units, and what units are missing come to what was paid.
4. Whatever happens in between, no lot and no debt falls below zero, and every unit is accounted for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import Program, Source, ir, load
from rules_engine.calendar import format_date
from rules_engine.outcome import Outcome
from rules_engine.returns import Return
from rules_engine.state import LimitDropped, State, TrackDropped
from tests.till import in_steps

SEEDS = st.integers(0, 2**32)
PROGRAMS = 40
FIRST_DAY = 20_850  # 2027-02-01

HEAD = """
language 1
program "Laws" {{
  currency GBP, rounded half up   prices {prices} tax   tax rounded half up per line
  split in proportion, odd pennies to the {remainder}   returns {policy}
}}
unit point, points {{ rounded down   lasts {lasts}   use {use}   {floor} }}
unit cash counts GBP {{ rounded half up   lasts forever }}
unit dream counts GBP {{ rounded half up   lasts forever }}
unit mile, miles {{ held by household{apart}   rounded down   lasts forever }}
unit ticket, tickets {{ lasts forever   use soonest first }}
member {{ family: text? as household }}
event sale dated by day of customer identified by receipt returnable {{
  receipt: text   customer: member   day: date   friend: member?
  offered: points? up to 1_000_000   shown: tickets? up to 9
  post: money up to 20 GBP as shipping   post_vat: rate as shipping tax rate
  lines 0 to 6 {{
    sku: text as id   kind: food | toy   pieces: count up to 9 as quantity   price: money up to 99 GBP as list each
    vat: rate as tax rate
  }}
}}
event spent dated by day of customer identified by receipt {{
  receipt: text   customer: member   day: date   points_spent: points up to 1_000_000
}}
reward "Spent" {{ on spent   deduct points_spent }}
track spend = sum of net, on sale, per calendar month
track food = sum of net of lines where kind is food, on sale, per calendar year
track by_kind = sum of net of lines by kind up to 9 keys, on sale, per calendar year
track lately = sum of net, on sale, per 30 days
track orders = count, on sale, per lifetime
track earned = sum of given points, per calendar year
track used_up = sum of used points, per calendar year
"""

PAY = 'redeem "Pay" {{ on sale   accept offered, worth {worth}   {keep} }}'
RULES = (
    ('earn "Points" {{ on sale   give {rate} {of}{where}{pending}   {limit}   {back} }}', 0.9),
    ('earn "Flat" {{ on sale   when net >= 10 GBP   give 25 points   {back} }}', 0.5),
    ('earn "Steps" {{ on sale   give 7 points per full 13 GBP of net   {back} }}', 0.5),
    ('earn "Small" {{ on sale   give by net {{ from 0 GBP: 40 points   from 60 GBP: 15 points }}   {back} }}', 0.3),
    ('earn "Lines" {{ on sale   give 3.3 points per 1 GBP of net of each line   {back} }}', 0.4),
    ('earn "Cash" {{ on sale   give 5% of net, in cash   {back} }}', 0.4),
    (
        'earn "Shared" {{ on sale   give 3% of paid, split into {{ cash: 40%   dream: the rest }}   {back} }}',
        0.3,
    ),
    ('earn "Miles" {{ on sale   give 2 miles per 1 GBP of net   {back} }}', 0.4),
    ('earn "Friend" {{ on sale   when has friend   give 1 point per 1 GBP of net, to friend   {back} }}', 0.4),
    ('reward "Mark" {{ on sale   when spend reaches 50 GBP   give 50 points   {back} }}', 0.4),
    ('reward "Fee" {{ on sale   when count of lines >= 2   deduct 10 points   {back} }}', 0.3),
    ('reward "Turned" {{ on sale   turn every full 20 points into 1 ticket   {back} }}', 0.3),
    (PAY, 0.7),
    ('item offer "Food" {{ on sale   automatic   take 10% of current off each unit where kind is food   {own} }}', 0.4),
    (
        'basket offer "Less 5" {{ on sale   automatic  when list >= 30 GBP  take 5 GBP off the total of lines {own} }}',
        0.4,
    ),
    ('basket offer "Ticket" {{ on sale   with 1 ticket   take 20% of current off the total of lines   {own} }}', 0.3),
)


def text(seed: int, keeps: bool) -> str:
    """A program; with `keeps` some rules keep what they gave."""
    dice = Random(seed)
    short = dice.choice(("off balance", "off refund", "forgiven"))
    chosen = [rule for rule, chance in RULES if dice.random() < chance]
    if short == "off refund":  # what is missing must have a worth
        chosen = [rule for rule in chosen if not any(word in rule for word in ("miles", "ticket", '"Pay"'))] + [PAY]
    policies = [f"by share, shortfall {short}", f"work out again, shortfall {short}"]
    head = HEAD.format(
        prices=dice.choice(("include", "exclude")),
        remainder=dice.choice(("largest remainder", "first", "last")),
        policy=dice.choice(policies),
        lasts=dice.choice(("forever", "for 60 days", "until end of next calendar year", "for 90 days after last sale")),
        use=dice.choice(("oldest first", "soonest first")),
        floor=dice.choice(("", "", "balance at least 0")),
        apart=dice.choice(("", ", apart")),
    )
    offers = [rule.split('"')[1] for rule in chosen if "basket offer" in rule]
    if len(offers) > 1:
        words = ", ".join(f'"{name}"' for name in offers)
        head = head.replace("returns ", f"stacking {{ basket: all in order {words} }}   returns ", 1)
    takers = [rule.split('"')[1] for rule in chosen if '"Fee"' in rule or '"Turned"' in rule]
    if len(takers) > 1:
        head += f"group takers {{ all in order {', '.join(f'{chr(34)}{name}{chr(34)}' for name in takers)} }}\n"
    return head + "\n".join(_rule(rule, policies, keeps, len(takers) > 1, dice) for rule in chosen)


def _rule(rule: str, policies: list[str], keeps: bool, grouped: bool, dice: Random) -> str:
    own = [*policies, "keep"] if keeps else policies
    said = f"on return {dice.choice(own)}" if dice.random() < 0.6 else ""
    if grouped and ('"Fee"' in rule or '"Turned"' in rule):
        said = f"competes in takers   {said}"
    return rule.format(
        limit=dice.choice(("", "", "at most 60 points per member per calendar month")),
        rate=dice.choice(("1 point per 1 GBP of", "10 points per full 3 GBP of")),
        of=dice.choice(("net", "paid")),
        where=dice.choice(("", " of lines where kind is food")),
        pending=dice.choice(("", "", ", pending until 14 days after day")),
        worth=dice.choice(("1 GBP per 100 points", "0.70 GBP per 40 points, rounded down")),
        back=said,
        keep=dice.choice(("", "on return by share", "on return keep" if keeps else "")),
        own=f"on return {dice.choice(('by share', policies[1], 'keep' if keeps else 'by share'))}",
    )


@cache
def program(number: int, keeps: bool = False) -> Program:
    return load([Source(f"laws_{number}.rules", text(number, keeps))])


class Life:
    """Two members of a household, and what they did."""

    def __init__(self, number: int, keeps: bool, dice: Random) -> None:
        self.program, self.dice = program(number, keeps), dice
        self.facts = {"family": "Ng"} if dice.random() < 0.7 else {}
        self.states: dict[str, State] = {"m": State(), "n": State()}
        self.pool = State()
        self.day, self.count = FIRST_DAY, 0

    def sale(self) -> dict[str, Any]:
        dice, self.count = self.dice, self.count + 1
        lines = [
            {
                "sku": f"s{place}",
                "kind": dice.choice(("food", "toy")),
                "pieces": dice.choice((1, 1, 2, 3, 5)),
                "price": f"{dice.choice((0, 99, 500, 1_999, dice.randint(1, 4_000))) / 100:.2f}",
                "vat": dice.choice(("0%", "20%")),
            }
            for place in range(dice.randint(1, 4))
        ]
        offered = dice.choice((None, None, "5", "250", "4000"))
        event = {"event": "sale", "receipt": f"S-{self.count}", "customer": "m", "day": format_date(self.day)}
        friend, shown = dice.choice((None, "n")), dice.choice((None, "1"))
        post = dice.choice(("0.00", "3.95"))
        return event | {
            "offered": offered,
            "shown": shown,
            "friend": friend,
            "post": post,
            "post_vat": "20%",
            "lines": lines,
        }

    def spend(self) -> dict[str, Any]:
        self.count += 1
        points = str(self.dice.choice((1, 10, 60, 200)))
        return {"event": "spent", "receipt": f"X-{self.count}", "customer": "m", "day": format_date(self.day),
                "points_spent": points}  # fmt: skip

    def others(self) -> dict[str, Any]:
        return {"n": {"member": self.facts, "state": self.states["n"]}}

    def do(self, event: dict[str, Any]) -> Outcome:
        found = self.program.score(event, self.facts, self.states["m"], others=self.others(), pool=self.pool)
        self.states = {who: self.program.apply(state, found, owner=who) for who, state in self.states.items()}
        self.pool = self.program.apply_pool(self.pool, found)
        return found

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.day += self.dice.choice((0, 1, 1, 5, 20))
            self.do(self.sale() if self.dice.random() < 0.7 else self.spend())

    def back(self, event: Any, found: Outcome, pieces: Mapping[Any, int], earlier: list[Return]) -> Return:
        back = self.program.give_back(
            event, found, pieces, earlier=earlier, state=self.states["m"], on=self.day, others=self.others(),
            pool=self.pool,
        )  # fmt: skip
        self.states = {who: self.program.apply(state, back, owner=who) for who, state in self.states.items()}
        self.pool = self.program.apply_pool(self.pool, back)
        return back

    def saved(self) -> tuple[dict[str, State], State]:
        return dict(self.states), self.pool


def everything(event: dict[str, Any]) -> dict[str, int]:
    return {line["sku"]: line["pieces"] for line in event["lines"]}


def steps(event: dict[str, Any], dice: Random) -> list[dict[Any, int]]:
    pieces: list[Any] = [line["sku"] for line in event["lines"] for _ in range(line["pieces"])]
    dice.shuffle(pieces)
    return in_steps(dice, pieces)


def plain(state: State, gone: set[tuple[str, int]]) -> dict[str, object]:
    """What of a state a return restores: lots in no order, numbers that are not 0, occurrences that are still kept."""
    tracks = {
        (name, at): value
        for name, values in state.tracks.items()
        for at, value in values.items()
        if value and (name, at) not in gone
    }
    keyed = {
        (name, at, key): value
        for name, places in state.keyed.items()
        for at, values in places.items()
        for key, value in values.items()
        if (name, at) not in gone
    }
    lots = sorted(msgspec.json.encode(lot, order="deterministic") for lot in state.lots)
    return {"lots": lots, "debts": dict(sorted(state.debts.items())), "tracks": tracks, "keyed": keyed}


def dropped(found: Outcome) -> set[tuple[str, int]]:
    changes = (*found.changes.get("m", ()), *found.pool)
    return {(each.track, each.occurrence) for each in changes if isinstance(each, TrackDropped)}


def begun(seed: int, keeps: bool = False) -> tuple[Life, Random]:
    dice = Random(seed)
    life = Life(dice.randrange(PROGRAMS), keeps, dice)
    life.live(dice.randint(0, 5))
    return life, dice


def test_every_program_is_one() -> None:
    """The texts check, and every rule stands in some of them."""
    titles = {rule.title for number in range(PROGRAMS) for rule in program(number).core.rules}
    titles |= {offer.title for number in range(PROGRAMS) for offer in program(number, keeps=True).core.offers}
    assert titles == {"Spent", *(rule.split('"')[1] for rule, _ in RULES)}


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS)
def test_a_full_return_leaves_things_as_they_were(seed: int) -> None:
    life, _ = begun(seed)
    before = life.program.advance(life.facts, life.states["m"], life.day).state, life.states["n"], life.pool
    event = life.sale()
    found = life.do(event)
    back = life.back(event, found, everything(event), [])
    after = life.states["m"], life.states["n"], life.pool
    gone = dropped(found)
    assert [plain(each, gone) for each in after] == [plain(each, gone) for each in before]
    again = {rule.key for rule in life.program.core.rules if _is_again(rule.on_return)}
    tidied = {(each.limit, each.occurrence) for each in found.changes["m"] if isinstance(each, LimitDropped)}
    for name, used in life.states["m"].limits.items():
        if name.split(":")[0] in again:
            kept = before[0].limits.get(name, {}).items()
            assert _counted(used) == _counted({at: count for at, count in kept if (name, at) not in tidied})
    assert not any(each.missing or each.forgiven for each in back.units)
    assert not any(each.lost for each in back.restored)


def totals(found: list[Return]) -> dict[str, Counter[Any]]:
    every: dict[str, Counter[Any]] = {name: Counter() for name in ("units", "restored", "paid", "tracks", "money")}
    for back in found:
        for each in back.units:
            every["units"][each.rule, each.unit, each.to] += each.amount
        for one in back.restored:
            every["restored"][one.number, one.rule, one.unit] += one.amount
        for paid in back.paid:
            every["paid"][paid.number] += paid.value
        for track in back.tracks:
            every["tracks"][track.track, track.occurrence, track.key] += track.amount
        every["money"]["refund"] += back.refund + sum(each.money for each in back.units)
        every["money"]["refund"] -= sum(each.amount for each in back.shortfalls)
        every["money"]["tax"] += back.tax
    return {name: Counter({key: n for key, n in found.items() if n}) for name, found in every.items()}


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS)
def test_parts_come_to_the_whole(seed: int) -> None:
    life, dice = begun(seed, keeps=True)
    event = life.sale()
    found = life.do(event)
    states = life.saved()
    whole = life.back(event, found, everything(event), [])
    once, balances = life.saved(), owned(life)
    life.states, life.pool = states
    earlier: list[Return] = []
    for step in steps(event, dice):
        earlier.append(life.back(event, found, step, earlier))
    assert totals(earlier) == totals([whole])
    if any(each.missing or each.forgiven for back in earlier for each in back.units):
        return  # what the event itself had spent was missing in between
    parts = life.saved()
    assert owned(life) == balances
    gone = dropped(found)
    for one, other in zip((*parts[0].values(), parts[1]), (*once[0].values(), once[1]), strict=True):
        mine, theirs = plain(one, gone), plain(other, gone)
        assert (mine["tracks"], mine["keyed"]) == (theirs["tracks"], theirs["keyed"])


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS)
def test_money_and_units_come_to_what_was_paid(seed: int) -> None:
    life, dice = begun(seed, keeps=True)
    event = life.sale()
    found = life.do(event)
    life.live(dice.randint(0, 3))
    earlier: list[Return] = []
    for step in steps(event, dice):
        earlier.append(life.back(event, found, step, earlier))
    total = sum(amount.price.total for amount in [found] if amount.price is not None) or _list(event)
    missing = sum(each.money for back in earlier for each in back.units)
    short = sum(each.amount for back in earlier for each in back.shortfalls)
    paid = sum(each.value for back in earlier for each in back.paid)
    assert sum(back.refund for back in earlier) + paid + missing - short == total
    assert paid == sum(each.value for each in found.payments)
    assert all(back.refund >= 0 for back in earlier)


def _list(event: dict[str, Any]) -> int:
    return sum(line["pieces"] * round(float(line["price"]) * 100) for line in event["lines"])


def _counted(amounts: Mapping[Any, int]) -> dict[Any, int]:
    return {name: count for name, count in amounts.items() if count}


def _is_again(policy: ir.ReturnDef | None) -> bool:
    return policy is not None and policy.policy == "work out again"


def owned(life: Life) -> Counter[str]:
    """What everybody has of each unit, less what they owe."""
    found: Counter[str] = Counter()
    for state in (*life.states.values(), life.pool):
        for lot in state.lots:
            assert lot.left > 0
            found[lot.unit] += lot.left
        for name, count in state.debts.items():
            assert count > 0
            found[name.split(" ")[0]] -= count
    return found


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS)
def test_every_unit_is_accounted_for(seed: int) -> None:
    life, dice = begun(seed, keeps=True)
    event = life.sale()
    found = life.do(event)
    earlier: list[Return] = []
    for step in steps(event, dice):
        life.live(dice.randint(0, 2))
        before = owned(life)
        back = life.back(event, found, step, earlier)
        earlier.append(back)
        moved: Counter[str] = Counter()
        for each in back.units:
            assert each.amount == each.taken + each.owed + each.missing + each.forgiven
            moved[each.unit] -= each.taken + each.owed + (each.missing if each.shortfall == "off balance" else 0)
        for one in back.restored:
            moved[one.unit] += one.amount - one.lost
        after = owned(life)
        now = {unit: after[unit] - before[unit] for unit in {*after, *before}}
        assert _counted(now) == _counted(moved)
        for state in life.states.values():
            assert all(value >= 0 for values in state.tracks.values() for value in values.values())
