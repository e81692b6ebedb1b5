"""Returns of events that real rule files scored: worked by hand, and the same laws on random baskets.

The programs run on whatever evaluator `load` gives; `tests/test_returning.py` has the arithmetic on a hand-made till.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import Program, Source, load
from rules_engine.outcome import Outcome
from rules_engine.returns import Return
from rules_engine.state import LimitUsed, Shared, State, TrackMoved
from tests.till import in_steps

SEEDS = st.integers(0, 2**32)
SHOP = """
language 1
program "Shop" {{
  currency GBP, USD, rounded half up   {prices}
  split in proportion, odd pennies to the largest remainder   returns {returns}
  stacking {{
    catalogue: best per unit in order "Sale", "Clearance"   item: all in order bundles, "Ten"
    basket: all in order "Every 100 less 15", "Hello", "Own code", "Club", "Mug", "Wrap", "Small order"
  }}
}}
event purchase dated by bought_on of customer identified by order_no returnable {{
  order_no: text   customer: member?   bought_on: date   codes: codes up to 3   shop: text
  {delivery}
  lines 0 to 30 {{
    id: text as id   kind: food | toy | post   post: flag{post}   pieces: count up to 20 as quantity
    price: money up to 500 GBP or 600 USD as {list}   vat: rate as tax rate
  }}
}}
member {{ club: flag   codes: list of up to 5 text }}
track orders = count, on purchase, per calendar year
group bundles {{ best per basket in order "Three for two", "Pair"   at most 200 GBP per member per calendar month }}

catalogue offer "Sale" {{ on purchase   automatic   take 10% of list off each unit where kind is toy }}
catalogue offer "Clearance" {{ on purchase   automatic   take (1.11 GBP, 1.23 USD) off each unit where kind is toy }}
item offer "Three for two" {{
  on purchase   automatic
  for every set of {{
    2 units where kind is food, dearest first
    1 unit where kind is food, cheapest first: take 100% of current off each unit
  }}
  competes in bundles   {back}
}}
item offer "Pair" {{
  on purchase   automatic
  for every set of {{ 1 unit where kind is food, dearest first   1 unit where kind is toy, dearest first }}
  price each set at 80% of current   competes in bundles   {back}
}}
item offer "Ten" {{
  on purchase   automatic   when count of units >= 3   take 10% of current off each line where kind is food   {back}
}}
basket offer "Every 100 less 15" {{
  on purchase   automatic   take by currency {{
    GBP: 15 GBP per full 100 GBP of current   USD: 18 USD per full 120 USD of current
  }} off the total of lines, up to (45 GBP, 60 USD)
}}
basket offer "Hello" {{
  on purchase   with code "HELLO"   when orders is 0 and list >= (20 GBP, 25 USD)
  take 20% of current off the total of lines
  once per member   at most 100 GBP in total   at most 3 times per shop   {back}
}}
basket offer "Own code" {{
  on purchase   with code from member.codes   take (2 GBP, 3 USD) off the total of lines   once per code   {back}
}}
basket offer "Club" {{
  on purchase   automatic   when has member and member.club   take 5% of current off the total of lines   on return keep
}}
basket offer "Mug" {{ on purchase   automatic   when list >= (50 GBP, 60 USD)   add 2 "MUG" free   {back} }}
basket offer "Wrap" {{ on purchase   automatic   charge 1 GBP as "wrapping"   on return by share }}
basket offer "Small order" {{
  on purchase   automatic   when list < (15 GBP, 18 USD)   charge (3 GBP, 3.50 USD) as "small order"   {back}
}}
shipping offer "Free post" {{
  on purchase   automatic   when list >= (30 GBP, 40 USD)   take 100% of current off each line   {back}
}}
"""
AGAIN = "on return work out again, shortfall {}"


FIELD = "delivery: money up to 100 GBP or 120 USD as shipping   delivery_tax: rate as shipping tax rate"


def shop(prices: str = "", returns: str = "by share", back: str = "", each: bool = True, flag: bool = False) -> Program:
    """The shop with its prices, its policy and that of most offers; its shipping is a field, or lines with a flag."""
    taxes = prices or "prices include tax   tax rounded half up per line"
    ship = {"delivery": "" if flag else FIELD, "post": " as shipping" if flag else ""}
    text = SHOP.format(prices=taxes, returns=returns, back=back, list="list each" if each else "list", **ship)
    return load([Source("shop.rules", text)])


SHOPS = [
    shop(),
    shop("prices exclude tax   tax rounded half up per line", "keep", AGAIN.format("off refund")),
    shop("prices include tax   tax rounded half up per unit", back=AGAIN.format("forgiven"), each=False),
    shop("prices exclude tax   tax rounded down per unit", "work out again, shortfall off balance", flag=True),
    shop(returns="keep", flag=True),
]


def line(name: str, kind: str, pieces: int, price: str, vat: str = "20%", post: bool = False) -> dict[str, Any]:
    return {"id": name, "kind": kind, "pieces": pieces, "price": price, "vat": vat, "post": post}


def order(*lines: Mapping[str, Any], currency: str = "GBP", **more: Any) -> dict[str, Any]:
    """A purchase; amounts are in the currency."""
    rows = [{**each, "price": {"amount": each["price"], "currency": currency}} for each in lines]
    event = {
        "event": "purchase",
        "order_no": "A-1",
        "bought_on": "2027-03-01",
        "codes": [],
        "shop": "main",
        "delivery": "0.00",
        "delivery_tax": "20%",
        **more,
    }
    event["delivery"] = {"amount": event["delivery"], "currency": currency}
    return {**event, "lines": rows}


MEMBER = {"club": True, "codes": ["OWN-1"]}


def take_back(
    program: Program, event: Any, sold: Outcome, pieces: Mapping[Any, int], earlier: Sequence[Return] = ()
) -> Return:
    """What comes back on the day of the event, of the member as the event and the returns left them."""
    state = program.apply(None, sold)
    for each in earlier:
        state = program.apply(state, each)
    return program.give_back(event, sold, pieces, earlier=earlier, state=state, on="2027-03-01")


# ---- worked by hand ----

THREE = """
language 1
program "Three" {{ currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder }}
event purchase dated by day of customer identified by order_no returnable {{
  order_no: text   customer: member?   day: date
  lines 0 to 30 {{ id: text as id   pieces: count up to 20 as quantity   price: money up to 500 GBP as list each }}
}}
item offer "Three for two" {{
  on purchase   automatic
  {how}
  on return {policy}
}}
"""
OF_TRIPLE = (
    """for every set of { 2 units, dearest first   1 unit, cheapest first: take 100% of current off each unit }"""
)
OF_BASKET = "take 100% of current off each unit at the cheapest 1 per full 3"


def three(how: str, policy: str) -> Program:
    return load([Source("three.rules", THREE.format(how=how, policy=policy))])


def simple(*lines: tuple[str, int, str]) -> dict[str, Any]:
    rows = [{"id": name, "pieces": pieces, "price": price} for name, pieces, price in lines]
    return {"event": "purchase", "order_no": "A-1", "day": "2027-03-01", "lines": rows}


@pytest.mark.parametrize("how", [OF_TRIPLE, OF_BASKET])
def test_three_for_two_in_both_readings(how: str) -> None:
    """Six at 9, 8, 7, 6, 5, 4: both readings make the cheapest two free, 9 in all. By share a thing that was free comes
    back for nothing; worked out again, five things have one set, whose cheapest is free."""
    event = simple(*[(f"p{price}", 1, f"{price}.00") for price in (9, 8, 7, 6, 5, 4)])
    share = three(how, "by share")
    sold = share.score(event)
    assert sold.price is not None
    assert sold.price.total == 30_00
    assert share.give_back(event, sold, {"p4": 1}).refund == 0
    assert share.give_back(event, sold, {"p9": 1}).refund == 9_00
    again = three(how, "work out again, shortfall off refund")
    sold = again.score(event)
    first = again.give_back(event, sold, {"p9": 1})
    assert (first.refund, first.taken[0].amount) == (30_00 - (8 + 7 + 6 + 5) * 1_00, 5_00)
    second = again.give_back(event, sold, {"p4": 1})
    assert (second.refund, second.taken[0].amount) == (30_00 - (9 + 8 + 7 + 6) * 1_00, 4_00)


@pytest.mark.parametrize(
    ("prices", "back", "refund"),
    [((30, 25, 10), 0, 20_00), ((30, 25, 10), 2, 0), ((10, 10, 10), 0, 0), ((10, 10, 10), 2, 0)],
)
def test_three_for_two_pays_the_difference(prices: tuple[int, ...], back: int, refund: int) -> None:
    """As a published programme has it: of 30, 25 and 10 the 30 comes back for 20, the free 10 for nothing."""
    program = three(OF_TRIPLE, "work out again, shortfall off refund")
    event = simple(*[(f"p{place}", 1, f"{price}.00") for place, price in enumerate(prices)])
    assert program.give_back(event, program.score(event), {back + 1: 1}).refund == refund


@pytest.mark.parametrize(
    ("prices", "paid"),
    [
        (("300.00", "250.00", "150.00", "100.00"), [275_00, 225_00, 125_00, 75_00]),
        (("10.00", "10.00", "10.00", "9.99"), [7_50, 7_50, 7_50, 7_50]),
        (("40.00", "30.00", "20.00"), [40_00, 30_00, 20_00]),
    ],
)
def test_four_for_three_shared_evenly(prices: tuple[str, ...], paid: list[int]) -> None:
    """As a published programme has it: the cheapest of four is free, and each of them carries a quarter of it."""
    how = """for every set of { 3 units, dearest first   1 unit, dearest first }
    take current of the cheapest 1 unit off each set, split evenly"""
    program = three(how, "by share")
    event = simple(*[(f"p{place}", 1, price) for place, price in enumerate(prices)])
    sold = program.score(event)
    assert [program.give_back(event, sold, {f"p{place}": 1}).refund for place in range(len(prices))] == paid
    alike = simple(("sock", 4, "9.99"))
    bought = program.score(alike)
    found: list[Return] = []
    for _ in range(4):
        found.append(program.give_back(alike, bought, {"sock": 1}, earlier=found))
    assert [each.refund for each in found] == [7_49, 7_49, 7_49, 7_50]


def test_a_coupon_is_restored_in_every_count() -> None:
    """Once per member, 100 in total, three times per shop, once per code: all go back when the rest is under 20."""
    program = shop(back=AGAIN.format("off refund"))
    event = order(line("a", "toy", 1, "15.00"), line("b", "toy", 1, "10.00"), customer="m", codes=["hello", "own 1"])
    shared = Shared({"Hello: GBP in total": {0: 40_00}, "Hello: times in total per shop main": {0: 1}})
    sold = program.score(event, MEMBER, None, shared)
    assert [each.rules for each in sold.codes] == [("Hello",), ("Own code",)]
    back = take_back(program, event, sold, {"a": 1})
    assert back.codes == ("hello",)
    [own] = back.changes
    assert isinstance(own, LimitUsed)
    assert own.after == own.before - 1 == 0
    assert own.limit.startswith("Hello: times per lifetime")
    restored = {each.limit: (each.before, each.after) for each in back.reserved}
    hello = next(each for each in sold.discounts if each.rule == "Hello")
    assert restored["Hello: GBP in total"] == (40_00 + hello.given, 40_00)
    assert restored["Hello: times in total per shop main"] == (2, 1)
    assert not any(name.startswith("Own code") for name in restored)
    rest = take_back(program, event, sold, {"b": 1}, [back])
    assert rest.changes == (TrackMoved("orders", 20819, 1, 0),)
    assert rest.codes == ("own 1",)
    assert rest.reserved == (LimitUsed("Own code: times in total per code OWN1", 0, 1, 0),)


def test_what_happened_since_is_nothing_to_a_return() -> None:
    """`orders is 0` was true then; the kept pieces are scored as of then, though the member has ordered since."""
    program = shop(back=AGAIN.format("off refund"))
    event = order(line("a", "toy", 2, "15.00"), line("b", "toy", 1, "10.00"), customer="m", codes=["HELLO"])
    sold = program.score(event, MEMBER)
    opening = sold.opening
    assert opening is not None
    assert opening.facts == {"club": True, "codes": ("OWN-1",)}
    state = program.apply(None, sold)
    back = program.give_back(event, orjson.loads(sold.to_json()), {"b": 1}, state=state, on="2027-03-01")
    assert not any(each.rule == "Hello" and each.amount > 10_00 for each in back.taken)
    assert back.codes == ()


def test_limits_that_were_used_up_stay_so() -> None:
    program = shop(back=AGAIN.format("off refund"))
    event = order(line("a", "toy", 2, "15.00"), customer="m", codes=["HELLO"])
    sold = program.score(event, MEMBER, {"version": 1, "limits": {"Hello: times per lifetime": {0: 1}}})
    assert sold.codes[0].rules == ()
    assert sold.opening is not None
    assert sold.opening.state.limits == {"Hello: times per lifetime": {0: 1}}
    back = take_back(program, event, sold, {"a": 1})
    assert "Hello" not in {each.rule for each in back.taken}


def test_the_opening_holds_no_more_than_can_be_read() -> None:
    program = shop(back=AGAIN.format("off refund"))
    event = order(line("a", "toy", 2, "15.00"), customer="m", codes=["HELLO"])
    used = {
        "Hello: times in total per shop main": {0: 1},
        "Hello: times in total per shop other": {0: 1},
        "Old: times in total": {0: 1},
    }
    sold = program.score(event, MEMBER, None, Shared(used))
    assert sold.opening is not None
    assert sold.opening.shared.limits == {"Hello: times in total per shop main": {0: 1}}
    assert shop(returns="keep").score(event, MEMBER, None, Shared(used)).opening is None


PRICED = """
language 1
program "Menu" { currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder }
event purchase dated by day of customer identified by order_no priced by offers returnable {
  order_no: text   customer: member?   day: date
  lines 0 to 30 { id: text as id   pieces: count up to 20 as quantity   kind: tea | cake }
}
catalogue offer "Prices" {
  on purchase   automatic
  price each unit at by kind { tea: by pieces { from 0: 3 GBP   from 3: 2 GBP }   cake: 4 GBP }
  on return POLICY
}
"""


@pytest.mark.parametrize(
    ("policy", "refund"), [("by share", [2_00, 2_00, 2_00]), ("work out again, shortfall forgiven", [0, 3_00, 3_00])]
)
def test_prices_that_offers_make(policy: str, refund: list[int]) -> None:
    """Three teas at 2; two alone cost 3 each."""
    program = load([Source("menu.rules", PRICED.replace("POLICY", policy))])
    lines = [{"id": "tea", "pieces": 3, "kind": "tea"}]
    event = {"event": "purchase", "order_no": "A-1", "day": "2027-03-01", "lines": lines}
    sold, found = program.score(event), list[Return]()
    for _ in range(3):
        found.append(program.give_back(event, sold, {"tea": 1}, earlier=found))
    assert [each.refund for each in found] == refund


# ---- laws ----


def _line(random: Random, number: int, ships: bool) -> dict[str, Any]:
    pieces = random.choice((0, 1, 1, 2, 3, 5)) if number else random.randint(1, 5)
    price = (
        random.choice(("0.00", "0.01", "0.99", "9.99", f"{random.randint(0, 6000) / 100:.2f}")) if pieces else "0.00"
    )
    post = number > 0 and ships and random.random() < 0.1
    kind = "post" if post else random.choice(("food", "toy"))
    return line(f"l{number}", kind, pieces, price, random.choice(("0%", "5%", "20%")), post)


def _order(random: Random, program: Program) -> dict[str, Any]:
    ships = bool(program.core.events[0].shipping_flag)
    lines = [_line(random, number, ships) for number in range(random.randint(1, 4))]
    more: dict[str, Any] = {"codes": random.choice(([], ["hello"], ["OWN 1", "HELLO"]))}
    if random.random() < 0.5:
        more["customer"] = "m"
    more |= {"delivery": random.choice(("0.00", "3.95")), "delivery_tax": random.choice(("0%", "20%"))}
    event = order(*lines, currency=random.choice(("GBP", "USD")), **more)
    if ships:
        del event["delivery"], event["delivery_tax"]
    return event


def _state(random: Random) -> State:
    state = State()
    if random.random() < 0.3:
        state.limits["Hello: times per lifetime"] = {0: 1}
    if random.random() < 0.3:
        state.tracks["orders"] = {20819: 1}
    return state


def _shared(random: Random) -> Shared:
    return Shared({"Hello: GBP in total": {0: random.choice((0, 98_00, 100_00))}} if random.random() < 0.5 else {})


def _steps(random: Random, event: Mapping[str, Any]) -> list[dict[Any, int]]:
    pieces: list[Any] = [each["id"] for each in event["lines"] if not _ships(each) for _ in range(each["pieces"])]
    random.shuffle(pieces)
    return in_steps(random, pieces)


def _sold(random: Random, program: Program) -> tuple[dict[str, Any], Outcome]:
    event = _order(random, program)
    return event, program.score(event, MEMBER, _state(random), _shared(random))


def _all(program: Program, event: Any, sold: Any, steps: Sequence[Mapping[Any, int]]) -> list[Return]:
    found: list[Return] = []
    for step in steps:
        found.append(take_back(program, event, sold, step, found))
    return found


def _refundable(program: Program, sold: Outcome) -> int:
    assert sold.price is not None
    policies = {offer.key: offer.on_return.policy for offer in program.core.offers if offer.on_return is not None}
    return sold.price.total - sum(each.amount for each in sold.charges if policies[each.rule] == "keep")


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_everything_back_is_everything_paid(seed: int) -> None:
    random = Random(seed)
    program = random.choice(SHOPS)
    event, sold = _sold(random, program)
    assert sold.price is not None
    found = _all(program, event, sold, _steps(random, event))
    assert sum(each.refund for each in found) == _refundable(program, sold)
    assert min(each.refund for each in found) >= 0
    assert sum(each.tax for each in found) == sold.price.tax
    for place, cost in enumerate(sold.price.lines):
        mine = [each for one in found for each in one.lines if each.line == place]
        assert (sum(each.net for each in mine), sum(each.tax for each in mine)) == (cost.net, cost.tax)
    every = {each["id"]: each["pieces"] for each in event["lines"] if not _ships(each)}
    state = program.apply(None, sold)
    once = program.give_back(event, sold.to_json(), every, state=state, on="2027-03-01")
    assert once.refund == _refundable(program, sold)
    assert not once.shortfalls


def _ships(sent: Mapping[str, Any]) -> bool:
    return bool(sent["kind"] == "post")


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_returns_agree_with_what_is_kept(seed: int) -> None:
    """Offers that are worked out again, and their counters, lose what they do not give on the rest, scored alone."""
    random = Random(seed)
    program = random.choice((SHOPS[1], SHOPS[3]))
    event = _order(random, program)
    state, shared = _state(random), _shared(random)
    sold = program.score(event, MEMBER, state, shared)
    step = _steps(random, event)[0]
    kept = [{**each, "pieces": each["pieces"] - step.get(each["id"], 0)} for each in event["lines"]]
    kept = [each for each in kept if each["pieces"] or not step.get(each["id"])]
    if not any(each["pieces"] for each in kept if not _ships(each)):
        return
    rest = program.score({**event, "lines": kept}, MEMBER, state, shared)
    back = take_back(program, event, sold, step)
    taken = {each.rule: each.amount for each in back.taken}
    for rule in _again(program):
        assert taken.get(rule, 0) == _given(sold, rule) - _given(rest, rule)
    counters = [each for each in (*back.reserved, *back.changes) if isinstance(each, LimitUsed)]
    moves = {change.limit: change.before - change.after for change in counters}
    was, now = _used(sold), _used(rest)
    assert moves == {
        name: count - now.get(name, 0)
        for name, count in was.items()
        if count > now.get(name, 0) and name.split(":")[0] in {*_again(program), "bundles"}
    }


def _again(program: Program) -> set[str]:
    offers = (offer for offer in program.core.offers if offer.on_return is not None)
    return {offer.key for offer in offers if offer.on_return and offer.on_return.policy == "work out again"}


def _given(outcome: Outcome, rule: str) -> int:
    return sum(each.given for each in outcome.discounts if each.rule == rule)


def _used(outcome: Outcome) -> dict[str, int]:
    changes = [each for each in outcome.changes.get(outcome.member or "", ()) if isinstance(each, LimitUsed)]
    return {each.limit: each.after - each.before for each in (*changes, *outcome.reserved)}
