"""Returns: worked by hand, refused where they cannot be, and laws over random tills, baskets and orders of return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.allocation import spread
from rules_engine.event import Event
from rules_engine.outcome import Charge, EventRefused, Gift, Outcome
from rules_engine.returning.standings import first_parts
from rules_engine.returns import Return, ReturnedLine, Shortfall, TakenBack, restored
from rules_engine.state import LimitUsed, Shared, State
from tests.till import Rule, Till, in_steps, purchase

Steps = Sequence[Mapping[Any, Any]]


def sequence(till: Till, event: Event, steps: Steps, state: State | None = None) -> list[Return]:
    """All returns of an event, one after the other."""
    outcome = till.score(event, state)
    found: list[Return] = []
    for step in steps:
        found.append(till.give_back(event, outcome, step, found))
    return found


def refunds(till: Till, event: Event, *steps: Mapping[Any, Any]) -> list[int]:
    """What each return refunds."""
    return [each.refund for each in sequence(till, event, steps)]


# ---- worked by hand ----

LESS_50 = purchase(("shirt", 1, 199_00), ("scarf", 1, 101_00))


def test_fifty_off_three_hundred_by_share() -> None:
    """50 off 199 + 101: the shirt carries 33.17, the scarf 16.83. A return pays what each cost."""
    till = Till((Rule("Every 300 less 50", off=50_00, least=300_00),))
    first, second = sequence(till, LESS_50, [{"shirt": 1}, {"scarf": 1}])
    assert first.refund == 199_00 - 33_17
    assert first.taken == (TakenBack("Every 300 less 50", "by share", 33_17),)
    assert first.lines == (ReturnedLine(0, "shirt", 1, 165_83, 0),)
    assert second.refund == 101_00 - 16_83
    assert first.refund + second.refund == 250_00
    assert refunds(till, LESS_50, {"scarf": 1}, {"shirt": 1}) == [84_17, 165_83]
    assert refunds(till, LESS_50, {"shirt": 1, "scarf": 1}) == [250_00]


def test_fifty_off_three_hundred_kept() -> None:
    """What was taken off stays the customer's; but no more is refunded than was paid."""
    till = Till((Rule("Every 300 less 50", "keep", off=50_00, least=300_00),))
    assert refunds(till, LESS_50, {"shirt": 1}, {"scarf": 1}) == [199_00, 51_00]
    assert refunds(till, LESS_50, {"scarf": 1}, {"shirt": 1}) == [101_00, 149_00]


def test_fifty_off_three_hundred_worked_out_again() -> None:
    """The scarf alone is under 300 and costs 101: of 250 paid, 149 come back."""
    till = Till((Rule("Every 300 less 50", "work out again", off=50_00, least=300_00),))
    first, second = sequence(till, LESS_50, [{"shirt": 1}, {"scarf": 1}])
    assert (first.refund, second.refund) == (149_00, 101_00)
    assert first.taken == (TakenBack("Every 300 less 50", "work out again", 50_00),)
    assert first.lines == (ReturnedLine(0, "shirt", 1, 165_83, 0), ReturnedLine(1, "scarf", 0, -16_83, 0))
    assert second.taken == ()


def test_three_for_two() -> None:
    """Three at 10, one free. By share each piece is worth 6.67, 6.67, 6.66; worked out again the two that are kept cost
    20, so the first comes back for nothing."""
    event = purchase(("shampoo", 3, 10_00))
    shared = Till((Rule("Three for two", nth=3),))
    assert refunds(shared, event, {"shampoo": 1}, {"shampoo": 1}, {"shampoo": 1}) == [6_66, 6_67, 6_67]
    assert refunds(shared, event, {"shampoo": 2}, {"shampoo": 1}) == [13_33, 6_67]
    again = Till((Rule("Three for two", "work out again", "forgiven", nth=3),))
    assert refunds(again, event, {"shampoo": 1}, {"shampoo": 1}, {"shampoo": 1}) == [0, 10_00, 10_00]
    assert refunds(again, event, {"shampoo": 3}) == [20_00]


def test_four_for_three_shared_evenly() -> None:
    """Four at 9.99 for the price of three: 9.99 off, shared 2.50 2.50 2.50 2.49."""
    event = purchase(("sock", 4, 9_99))
    till = Till((Rule("Four for three", nth=4),))
    assert refunds(till, event, *[{"sock": 1}] * 4) == [7_49, 7_49, 7_49, 7_50]


def test_a_coupon_with_a_budget_is_restored() -> None:
    """15 off from 40, at most 1,000 in total and once a member, by code. Back under 40, the use and the money are free
    again; kept above 40, nothing is."""
    rule = Rule("Hello", "work out again", off=15_00, least=40_00, code="HELLO", member=1, budget=1_000_00)
    till, event = Till((rule,)), purchase(("pot", 1, 50_00), ("cup", 2, 20_00), codes=("HELLO",), member="m")
    outcome = till.score(event, State(), Shared({"Hello: GBP in total": {0: 600_00}}))
    kept = till.give_back(event, outcome, {"cup": 2})
    assert (kept.refund, kept.changes, kept.reserved, kept.codes) == (40_00, (), (), ())
    lost = till.give_back(event, outcome, {"pot": 1, "cup": 1}, [kept][:0])
    assert lost.refund == 70_00 - 15_00
    assert lost.codes == ("HELLO",)
    assert lost.changes == (LimitUsed("Hello: times", 0, 1, 0),)
    assert lost.reserved == (LimitUsed("Hello: GBP in total", 0, 615_00, 600_00),)
    assert restored(State(limits={"Hello: times": {0: 1}}), lost).limits == {"Hello: times": {0: 0}}
    assert restored(State(limits={"Hello: times": {7: 1}}), lost).limits == {"Hello: times": {7: 1}}
    counters = Shared({"Hello: GBP in total": {0: 800_00}})
    counters.reserve(lost.reserved)
    assert counters.limits == {"Hello: GBP in total": {0: 785_00}}


def test_counters_come_back_once() -> None:
    rule = Rule("Hello", "work out again", off=15_00, least=40_00, code="HELLO", member=2)
    till = Till((rule,))
    event = purchase(("pot", 1, 30_00), ("cup", 2, 20_00), codes=("HELLO",), member="m")
    steps = [{"pot": 1}, {"cup": 1}, {"cup": 1}]
    found = sequence(till, event, steps, State(limits={"Hello: times": {0: 1}}))
    assert [each.changes for each in found] == [(), (LimitUsed("Hello: times", 0, 2, 1),), ()]
    assert [each.codes for each in found] == [(), ("HELLO",), ()]


def test_a_limit_that_was_used_up_stays_so() -> None:
    """The kept pieces meet the counters of the day, not those of today."""
    rule = Rule("Once", "work out again", percent=50, most=15_00, member=1)
    till, event = Till((rule,)), purchase(("a", 2, 10_00), member="m")
    assert sequence(till, event, [{"a": 1}], State(limits={"Once: times": {0: 1}}))[0].refund == 10_00
    assert sequence(till, event, [{"a": 1}])[0].refund == 15_00


@pytest.mark.parametrize(
    ("policy", "refund", "missing"),
    [
        ("off refund", [0, 0, 10_00], [10_00, -10_00, 0]),
        ("off balance", [0, 0, 10_00], [10_00, -10_00, 0]),
        ("forgiven", [0, 10_00, 0], [10_00, 0, -10_00]),
    ],
)
def test_shortfalls(policy: Any, refund: list[int], missing: list[int]) -> None:
    """Three at 10 with 20 off from 30: 10 paid. Two alone cost 20, which is 10 more than was paid."""
    till = Till((Rule("Big", "work out again", policy, off=20_00, least=30_00),))
    found = sequence(till, purchase(("a", 3, 10_00)), [{"a": 1}] * 3)
    assert [each.refund for each in found] == refund
    for each, amount in zip(found, missing, strict=True):
        assert each.shortfalls == ((Shortfall(policy, amount),) if amount else ())


def test_what_is_owed_is_worked_off_piece_by_piece() -> None:
    """Four at 10 with 30 off from 40: 10 paid. Three alone cost 20 more than that, two 10 more, one as much."""
    till = Till((Rule("Big", "work out again", "off refund", off=30_00, least=40_00),))
    found = sequence(till, purchase(("a", 4, 10_00)), [{"a": 1}] * 4)
    assert [each.refund for each in found] == [0, 0, 0, 10_00]
    assert [sum(short.amount for short in each.shortfalls) for each in found] == [20_00, -10_00, -10_00, 0]


def test_policies_beside_each_other() -> None:
    """100 + 100; 20 off from 150 is worked out again, 10% by share, 5 kept."""
    rules = (
        Rule("Again", "work out again", off=20_00, least=150_00),
        Rule("Share", "by share", percent=10),
        Rule("Kept", "keep", off=5_00),
    )
    event = purchase(("a", 1, 100_00), ("b", 1, 100_00))
    till = Till(rules)
    assert till.score(event).price is not None
    first, second = sequence(till, event, [{"a": 1}, {"b": 1}])
    assert [(each.rule, each.amount) for each in first.taken] == [("Again", 20_00), ("Share", 9_00)]
    assert first.refund == 100_00 - 20_00 - 9_00
    assert second.refund == 200_00 - 20_00 - 18_00 - 5_00 - first.refund


def test_shipping() -> None:
    """Shipping comes back once all goods have, or where the host names it."""
    till = Till((Rule("Half post", percent=50, shipping=True),))
    event = purchase(("a", 2, 10_00), delivery=4_00)
    assert refunds(till, event, {"a": 1}, {"a": 1}) == [10_00, 12_00]
    assert refunds(till, event, {"a": 1, "shipping": 1}, {"a": 1}) == [12_00, 10_00]
    assert refunds(till, event, {1: 1, 2: 1}, {1: 1}) == [12_00, 10_00]
    last = sequence(till, event, [{"a": 2}])[0]
    assert last.lines[1] == ReturnedLine(1, "", 1, 2_00, 0)
    only = purchase(delivery=4_00)
    assert refunds(till, only, {"shipping": 1}) == [2_00]


def test_free_shipping_worked_out_again() -> None:
    """Free shipping from 50: what is kept is under 50, so the shipping is to be paid after all."""
    till = Till((Rule("Free post", "work out again", percent=100, least=50_00, shipping=True),))
    event = purchase(("a", 1, 30_00), ("b", 1, 25_00), delivery=4_00)
    found = sequence(till, event, [{"a": 1}, {"b": 1}])
    assert [each.refund for each in found] == [26_00, 29_00]
    assert found[0].lines == (ReturnedLine(0, "a", 1, 30_00, 0), ReturnedLine(2, "", 0, -4_00, 0))


def test_charges() -> None:
    """A fee by share goes by pieces, a kept one stays even when all comes back, one for small orders comes up."""
    event = purchase(("a", 3, 10_00))
    assert refunds(Till((Rule("Wrap", fee=1_00),)), event, *[{"a": 1}] * 3) == [10_34, 10_33, 10_33]
    assert refunds(Till((Rule("Booking", "keep", fee=1_00),)), event, {"a": 1}, {"a": 2}) == [10_00, 20_00]
    small = Till((Rule("Small order", "work out again", fee=3_00, most=15_00),))
    first, second, third = sequence(small, event, [{"a": 1}] * 3)
    assert [each.refund for each in (first, second, third)] == [10_00, 7_00, 13_00]
    assert second.charges == (Charge("Small order", "fee", -3_00),)
    assert third.charges == (Charge("Small order", "fee", 3_00),)


def test_gifts() -> None:
    """By share whole gifts go with the pieces, worked out again with the condition, kept ones stay."""
    event = purchase(("a", 4, 10_00))
    rules = (
        Rule("Share", gift=2),
        Rule("Again", "work out again", gift=1, least=35_00),
        Rule("Kept", "keep", gift=1),
    )
    found = sequence(Till(rules), event, [{"a": 1}] * 4)
    assert [each.gifts for each in found] == [
        (Gift("Again", "mug", 1),), (Gift("Share", "mug", 1),), (), (Gift("Share", "mug", 1),),
    ]  # fmt: skip


def test_tax_in_prices() -> None:
    """120 and 60 with 20% in them, 10% off: tax 18 and 9. Three pieces at 0.99 carry 0.49 per line, two 0.33, one 0.16;
    per unit each carries 0.16."""
    till = Till((Rule("Tenth", percent=10),), "include")
    first, second = sequence(till, purchase(("a", 1, 120_00, 20), ("b", 1, 60_00, 20)), [{"a": 1}, {"b": 1}])
    assert [(each.refund, each.tax) for each in (first, second)] == [(108_00, 18_00), (54_00, 9_00)]
    found = sequence(Till((), "include"), purchase(("a", 3, 99, 20)), [{"a": 1}] * 3)
    assert [(each.refund, each.tax) for each in found] == [(99, 16), (99, 17), (99, 16)]
    found = sequence(Till((), "include", "unit"), purchase(("a", 3, 99, 20)), [{"a": 1}] * 3)
    assert [(each.refund, each.tax) for each in found] == [(99, 16), (99, 16), (99, 16)]


def test_tax_on_top() -> None:
    """100 and 50 at 20%: worked out again, the kept 50 without its discount carries its own tax."""
    till = Till((Rule("From 150 less 30", "work out again", off=30_00, least=150_00),), "exclude")
    event = purchase(("a", 1, 100_00, 20), ("b", 1, 50_00, 20))
    first, second = sequence(till, event, [{"a": 1}, {"b": 1}])
    assert (first.refund, first.tax) == (144_00 - 60_00, 14_00)
    assert first.lines == (ReturnedLine(0, "a", 1, 80_00, 16_00), ReturnedLine(1, "b", 0, -10_00, -2_00))
    assert (second.refund, second.tax) == (60_00, 10_00)


def test_amounts_of_whole_lines() -> None:
    """A line of three for 10.00 at list has pieces of 3.34, 3.33, 3.33."""
    till = Till((Rule("Tenth", "work out again", percent=10),), each=False)
    found = sequence(till, purchase(("a", 3, 10_00)), [{"a": 1}] * 3)
    assert [each.lines[0].net for each in found] == [3_01, 2_99, 3_00]


def test_another_currency() -> None:
    till = Till((Rule("Less", off=1000),), currency="JPY")
    found = sequence(till, purchase(("a", 3, 1_000), currency="JPY"), [{"a": 1}] * 3)
    assert [(each.refund, each.currency) for each in found] == [(666, "JPY"), (667, "JPY"), (667, "JPY")]


def test_what_no_offer_touched_costs_its_list_price() -> None:
    event = purchase(("a", 3, 10_00))
    till = Till(())
    outcome = msgspec.structs.replace(till.score(event), price=None)
    assert till.give_back(event, outcome, {"a": 2}).refund == 20_00


def test_held_out_discounts_are_no_discounts() -> None:
    event, till = purchase(("a", 2, 10_00)), Till((Rule("Less", off=5_00),))
    outcome = till.score(event)
    held = tuple(msgspec.structs.replace(each, given=0, held_out=True) for each in outcome.discounts)
    price = Till(()).score(event).price
    assert till.give_back(event, msgspec.structs.replace(outcome, discounts=held, price=price), {1: 1}).refund == 10_00


# ---- records ----


def test_records_are_their_json() -> None:
    till = Till((Rule("Hello", "work out again", "forgiven", off=15_00, least=40_00, code="HELLO", member=1, gift=1),))
    event = purchase(("pot", 1, 30_00, 20), ("cup", 2, 20_00, 5), codes=("HELLO",), member="m")
    outcome = till.score(event, State(limits={"other": {3: 4}}))
    stored = outcome.to_json()
    first = till.give_back(event, outcome, {"pot": 1, "cup": 1})
    again = till.give_back(event, stored, {"pot": 1, "cup": 1})
    assert again == first == till.give_back(event, orjson.loads(stored), {"pot": 1, "cup": 1})
    assert msgspec.json.decode(first.to_json(), type=Return) == first
    second = till.give_back(event, outcome, {"cup": 1}, [first])
    assert till.give_back(event, stored.decode(), {"cup": 1}, [first.to_json()]) == second
    assert till.give_back(event, stored, {"cup": 1}, [orjson.loads(first.to_json())]) == second


def _codes(till: Till, event: Event, outcome: Any, returned: Any, earlier: Any = ()) -> list[tuple[str, str, str]]:
    with pytest.raises(EventRefused) as refusal:
        till.give_back(event, outcome, returned, earlier)
    return [(fault.code, fault.field, fault.message) for fault in refusal.value.faults]


EVENT = purchase(("pot", 1, 30_00), ("cup", 2, 20_00), delivery=4_00)
TILL = Till((Rule("Less", off=5_00),))
OUTCOME = TILL.score(EVENT)


@pytest.mark.parametrize(
    ("returned", "code", "field", "said"),
    [
        ({"pots": 1}, "V172", "", "no line `pots`; did you mean `pot`?"),
        ({4: 1}, "V172", "", "no line the number 4"),
        ({0: 1}, "V172", "", "no line the number 0"),
        ({True: 1}, "V172", "", "no line `true`"),
        ({"1": 1}, "V172", "", "the lines are `pot`, `cup`, `shipping`"),
        ({None: 1}, "V172", "", "no line null"),
        ({"pot": 2}, "V173", "lines[1]", "2 of line `pot` come back, and 1 of 1 can"),
        ({"cup": 1, 2: 2}, "V173", "lines[2]", "3 of line `cup` come back, and 2 of 2 can"),
        ({"shipping": 2}, "V173", "", "2 of shipping come back, and 1 of 1 can"),
        ({"cup": -1}, "V174", "lines[2]", "the number -1 of line `cup` cannot come back"),
        ({"cup": 1.0}, "V174", "lines[2]", "the number 1.0 of line `cup`"),
        ({"cup": "1"}, "V174", "lines[2]", "the text `1` of line `cup`"),
        ({"cup": True}, "V174", "lines[2]", "`true` of line `cup`"),
        ({"cup": None}, "V174", "lines[2]", "null of line `cup`"),
        ({}, "V178", "", "nothing of purchase `A-1` comes back"),
        ({"cup": 0}, "V178", "", "nothing of purchase `A-1` comes back"),
        ([("cup", 1)], "V100", "", "an object of names and values"),
        (None, "V100", "", "an object of names and values"),
    ],
)
def test_what_cannot_come_back(returned: Any, code: str, field: str, said: str) -> None:
    [(found, where, message)] = _codes(TILL, EVENT, OUTCOME, returned)
    assert (found, where) == (code, field)
    assert said in message


def test_every_reason_is_said() -> None:
    found = _codes(TILL, EVENT, OUTCOME, {"pan": 1, "pot": 3, "cup": -1})
    assert [code for code, _, _ in found] == ["V172", "V174", "V173"]


def test_pieces_come_back_once() -> None:
    first = TILL.give_back(EVENT, OUTCOME, {"cup": 2})
    [(code, _, message)] = _codes(TILL, EVENT, OUTCOME, {"cup": 1}, [first])
    assert code == "V173"
    assert "1 of line `cup` come back, and 0 of 2 can" in message


def _other(**changed: Any) -> Outcome:
    return msgspec.structs.replace(OUTCOME, **changed)


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (_other(fingerprint="a" * 64), "V171", "the outcome is of the program `aaaaaaaaaaaa`"),
        (_other(id="A-2"), "V175", "it is of purchase `A-2`"),
        (_other(member="m"), "V175", "its member or its day is another"),
        (_other(day=1), "V175", "its member or its day is another"),
        (TILL.score(purchase(("pot", 1, 30_00))), "V175", "it has 1 lines, and the event 2"),
        (TILL.score(purchase(("pot", 1, 30_00), ("cup", 2, 21_00))), "V175", "the price or the pieces of line 2"),
        (b"{", "V177", "the outcome cannot be read"),
        (b"{}", "V177", "missing required field `event`"),
        (b"\xff", "V177", "the outcome cannot be read"),
        ({"event": 3}, "V177", "expected `str`, got `int`"),
        (None, "V177", "it is null; send what `score` gave"),
        (7, "V177", "it is the number 7"),
    ],
)
def test_outcomes_that_do_not_fit(outcome: Any, code: str, said: str) -> None:
    [(found, _, message)] = _codes(TILL, EVENT, outcome, {"pot": 1})
    assert found == code
    assert said in message


def test_discounts_on_lines_that_are_not_there() -> None:
    discount = OUTCOME.discounts[0]
    part = msgspec.structs.replace(discount.parts[0], line=9)
    wrong = _other(discounts=(msgspec.structs.replace(discount, parts=(part,)),))
    [(code, _, message)] = _codes(TILL, EVENT, wrong, {"pot": 1})
    assert code == "V175"
    assert "it has discounts on a line" in message


def test_what_is_not_returnable() -> None:
    till = Till((), returnable=False)
    [(code, _, message)] = _codes(till, EVENT, OUTCOME, {"pot": 1})
    assert code == "V170"
    assert "purchase `A-1` cannot be returned: `purchase` is not declared `returnable`" in message


FIRST = TILL.give_back(EVENT, OUTCOME, {"cup": 1})
SECOND = TILL.give_back(EVENT, OUTCOME, {"pot": 1}, [FIRST])


@pytest.mark.parametrize(
    ("earlier", "code", "said"),
    [
        ([SECOND], "V176", "number 1 is missing"),
        ([FIRST, FIRST], "V176", "number 1 is there twice"),
        ([msgspec.structs.replace(FIRST, id="A-2")], "V176", "one is of purchase `A-2`"),
        ([msgspec.structs.replace(FIRST, fingerprint="a")], "V171", "the earlier return is of the program `a`"),
        ([OUTCOME.to_json()], "V177", "an earlier return cannot be read"),
        ([None], "V177", "an earlier return cannot be read"),
        (FIRST, "V177", "the list of earlier returns cannot be read"),
        (FIRST.to_json(), "V177", "the list of earlier returns cannot be read"),
        (None, "V177", "the list of earlier returns cannot be read"),
    ],
)
def test_earlier_returns_that_do_not_fit(earlier: Any, code: str, said: str) -> None:
    [(found, _, message)] = _codes(TILL, EVENT, OUTCOME, {"cup": 1}, earlier)
    assert found == code
    assert said in message


def test_the_order_of_earlier_returns_is_nothing() -> None:
    last = TILL.give_back(EVENT, OUTCOME, {"cup": 1}, [FIRST, SECOND])
    assert TILL.give_back(EVENT, OUTCOME, {"cup": 1}, (SECOND, FIRST)) == last
    assert last.number == 3


# ---- laws ----

POLICIES: tuple[Any, ...] = ("by share", "keep", "work out again")
SHORTFALLS: tuple[Any, ...] = ("off refund", "off balance", "forgiven")


def _rule(random: Random, number: int) -> Rule:
    policy = random.choice(POLICIES)
    what = random.choice(("off", "percent", "nth", "fee", "gift"))
    amount = {"off": random.randint(1, 900), "percent": random.choice((7, 10, 50, 100)), "nth": random.randint(2, 4)}
    bound = random.choice((0, 0, random.randint(1, 2_000)))
    bounds: dict[str, int] = {random.choice(("least", "most")): bound} if bound else {}
    return Rule(
        f"rule {number}", policy, random.choice(SHORTFALLS) if policy == "work out again" else None,
        member=random.choice((None, 1)), budget=random.choice((None, 300)), shipping=random.random() < 0.2,
        code=random.choice(("", "", "X")), **{what: amount.get(what, random.randint(1, 200))}, **bounds,
    )  # fmt: skip


def _till(random: Random, policies: tuple[Any, ...] = POLICIES) -> Till:
    rules = tuple(_rule(random, number) for number in range(random.randint(0, 4)))
    if policies != POLICIES:
        rules = tuple(msgspec.structs.replace(rule, policy=random.choice(policies), shortfall=None) for rule in rules)
    return Till(
        rules, random.choice(("", "include", "exclude")), random.choice(("line", "unit")), random.random() < 0.5
    )


def _line(random: Random, number: int) -> tuple[str, int, int, int]:
    """One line; the first has pieces, and no pieces cost nothing."""
    pieces = random.randint(0 if number else 1, 5)
    price = random.choice((0, 1, 99, random.randint(0, 1_000))) if pieces else 0
    return f"l{number}", pieces, price, random.choice((0, 5, 20))


def _event(random: Random) -> Event:
    lines = [_line(random, number) for number in range(random.randint(1, 4))]
    delivery = random.choice((None, 0, random.randint(0, 500)))
    return purchase(*lines, delivery=delivery, codes=("X",), member=random.choice((None, "m")))


def _steps(random: Random, event: Event) -> list[dict[Any, int]]:
    """All pieces in some order, some of them together."""
    pieces: list[Any] = [number for number, line in enumerate(event.lines, 1) for _ in range(_units(line))]
    random.shuffle(pieces)
    if event.fields["delivery"] is not None and random.random() < 0.3:
        pieces.append("shipping")
    return in_steps(random, pieces)


def _one_by_one(random: Random, steps: Steps) -> list[Any]:
    """The same pieces in another order; shipping first, since it comes back with the last of the goods."""
    pieces = [piece for step in steps for piece, count in step.items() for _ in range(count)]
    random.shuffle(pieces)
    return sorted(pieces, key=lambda piece: piece != "shipping")


def _units(line: Mapping[str, Any]) -> int:
    return int(line["pieces"])


def _paid(till: Till, outcome: Outcome) -> int:
    """What was paid, less the charges that are kept."""
    assert outcome.price is not None
    kept = {rule.key for rule in till.rules if rule.policy == "keep"}
    return outcome.price.total - sum(charge.amount for charge in outcome.charges if charge.rule in kept)


SEEDS = st.integers(0, 2**32)


@settings(max_examples=400, deadline=None)
@given(seed=SEEDS)
def test_any_sequence_that_returns_everything_pays_back_what_was_paid(seed: int) -> None:
    random = Random(seed)
    till, event = _till(random), _event(random)
    outcome = till.score(event)
    assert outcome.price is not None
    found = sequence(till, event, _steps(random, event))
    assert sum(each.refund for each in found) == _paid(till, outcome)
    assert sum(each.tax for each in found) == outcome.price.tax
    for place, line in enumerate(outcome.price.lines):
        mine = [each for one in found for each in one.lines if each.line == place]
        assert (sum(each.net for each in mine), sum(each.tax for each in mine)) == (line.net, line.tax)
    short = {each.policy for one in found for each in one.shortfalls}
    for policy in short:
        assert sum(each.amount for one in found for each in one.shortfalls if each.policy == policy) == 0


@settings(max_examples=400, deadline=None)
@given(seed=SEEDS)
def test_on_the_way_nothing_passes_what_was_paid(seed: int) -> None:
    random = Random(seed)
    till, event = _till(random), _event(random)
    outcome = till.score(event)
    assert outcome.price is not None
    refunded = 0
    missing = dict.fromkeys(SHORTFALLS, 0)
    for each in sequence(till, event, _steps(random, event)):
        assert each.refund >= 0
        refunded += each.refund
        assert 0 <= refunded <= _paid(till, outcome)
        on_top = sum(line.tax for line in each.lines) if till.prices == "exclude" else 0
        value = sum(line.net for line in each.lines) + on_top + sum(charge.amount for charge in each.charges)
        assert each.refund == value + sum(short.amount for short in each.shortfalls)
        for short in each.shortfalls:
            missing[short.policy] += short.amount
        assert min(missing.values()) >= 0


@settings(max_examples=300, deadline=None)
@given(seed=SEEDS)
def test_what_has_come_back_does_not_depend_on_the_way(seed: int) -> None:
    """Two ways to the same pieces agree on lines, discounts, charges, gifts, codes and counters."""
    random = Random(seed)
    till, event = _till(random), _event(random)
    steps = _steps(random, event)
    steps = steps[: random.randint(1, len(steps))]
    pieces = _one_by_one(random, steps)
    assert _sums(sequence(till, event, steps)) == _sums(sequence(till, event, [{piece: 1} for piece in pieces]))


@settings(max_examples=300, deadline=None)
@given(seed=SEEDS)
def test_refunds_by_share_do_not_depend_on_the_way(seed: int) -> None:
    random = Random(seed)
    till, event = _till(random, ("by share",)), _event(random)
    till = msgspec.structs.replace(till, tax_per="line")
    steps = _steps(random, event)
    steps = steps[: random.randint(1, len(steps))]
    pieces = _one_by_one(random, steps)
    one, other = sequence(till, event, steps), sequence(till, event, [{piece: 1} for piece in pieces])
    assert sum(each.refund for each in one) == sum(each.refund for each in other)
    assert sum(each.tax for each in one) == sum(each.tax for each in other)
    assert not any(each.shortfalls for each in (*one, *other))


def _sums(found: Sequence[Return]) -> dict[Any, Any]:
    sums: dict[Any, int] = {}
    for each in found:
        rows: list[tuple[Any, int]] = [(("net", line.line), line.net) for line in each.lines]
        rows += [(("tax", line.line), line.tax) for line in each.lines]
        rows += [(("count", line.line), line.count) for line in each.lines]
        rows += [(("taken", taken.rule), taken.amount) for taken in each.taken]
        rows += [(("charge", charge.rule), charge.amount) for charge in each.charges]
        rows += [(("gift", gift.rule), gift.count) for gift in each.gifts]
        used = [change for change in (*each.changes, *each.reserved) if isinstance(change, LimitUsed)]
        rows += [(("used", use.limit), use.after - use.before) for use in used]
        for key, amount in [*rows, *((("code", code), 1) for code in each.codes)]:
            sums[key] = sums.get(key, 0) + amount
    return {key: amount for key, amount in sums.items() if amount}


@settings(max_examples=300, deadline=None)
@given(seed=SEEDS)
def test_worked_out_again_what_is_kept_costs_its_own_price(seed: int) -> None:
    """Where every offer is worked out again: what was paid, less what has come back, is the price of what is kept."""
    random = Random(seed)
    till, event = _till(random, ("work out again",)), _event(random)
    till = msgspec.structs.replace(till, tax_per="line")
    step = _steps(random, event)[0]
    found = till.give_back(event, till.score(event), step)
    if not any(_units(line) > step.get(number, 0) for number, line in enumerate(event.lines, 1)):
        return
    kept = tuple(
        {**line, "pieces": _units(line) - step.get(number, 0), "price": _price(till, line, step.get(number, 0))}
        for number, line in enumerate(event.lines, 1)
    )
    delivery = None if step.get("shipping") else event.fields["delivery"]
    rest = till.score(msgspec.structs.replace(event, lines=kept, fields={**event.fields, "delivery": delivery}))
    paid = till.score(event).price
    assert paid is not None
    assert rest.price is not None
    short = sum(each.amount for each in found.shortfalls)
    assert paid.total - (found.refund - short) == rest.price.total
    assert paid.tax - found.tax == rest.price.tax


def _price(till: Till, line: Mapping[str, Any], count: int) -> int:
    return int(line["price"]) - (0 if till.each else first_parts(int(line["price"]), _units(line), count))


@given(amount=st.integers(-50, 50), units=st.integers(1, 12), count=st.integers(0, 12))
def test_first_parts_are_those_of_the_one_allocation(amount: int, units: int, count: int) -> None:
    count = min(count, units)
    assert first_parts(amount, units, count) == sum(spread(amount, [1] * units)[:count])
