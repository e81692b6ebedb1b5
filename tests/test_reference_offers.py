"""What offers mean, computed by hand: one construct a test, the numbers in the test."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from rules_engine import checking, ir, lowering
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import OfferNoted, Reference, Trace, contest, effects, money, working
from rules_engine.calendar import parse_date
from rules_engine.decoding import decode
from rules_engine.outcome import Discount, EventRefused, LinePrice
from rules_engine.source import Source
from rules_engine.state import LimitUsed, Shared, State, apply

HEAD = """language 1
program "Shop" {
  currency GBP, USD, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder
  SETTINGS
}
event purchase dated by at of customer identified by id {
  id: text   customer: member?   at: date   codes: codes up to 5   choice: text?
  post: money? up to 100 GBP as shipping   post_vat: rate as shipping tax rate
  lines 0 to 60 {
    key: text as id   kind: food | toy   pieces: count up to 10_000 as quantity   vat: rate as tax rate
    price: money up to 5_000 GBP as list each   before: money? up to 5_000 GBP as was
    least: money? up to 5_000 GBP as floor
  }
}
event order dated by at of customer identified by id {
  id: text   customer: member?   at: date
  lines 0 to 60 { key: text as id   price: money up to 5_000 GBP or 5_000 USD as list }
}
member { staff: flag   codes: list of up to 9 text }
tiers { Blue   Gold when life >= 1_000_000   lasts forever }
track life = count of lines, on purchase, per lifetime
"""
TAX = "prices include tax   tax rounded half up per line"
MEMBER = {"staff": False, "codes": ()}
BASKET = (("a", "food", 7, "2.00"), ("b", "toy", 4, "10.00"))


class Scored:
    """An evaluation with its trace: what rules gave, where, and why they did not."""

    def __init__(self, found: Evaluation, trace: Trace) -> None:
        assert found.price is not None
        self.found, self.price = found, found.price
        self.fates: dict[str, OfferNoted] = {fate.offer.title: fate for fate in trace.offers}
        self.took: dict[str, int] = {}
        for discount in found.discounts:
            self.took[discount.rule] = self.took.get(discount.rule, 0) + discount.given

    def off(self, rule: str) -> dict[int, list[int]]:
        """What a rule took off each unit of each line."""
        parts = [part for each in self.found.discounts if each.rule == rule for part in each.parts]
        return {part.line: [off for count, off in part.runs for _ in range(count)] for part in parts}

    def why(self, rule: str) -> tuple[str, str, str]:
        """Why a rule did not act."""
        fate = self.fates[rule]
        return fate.why, fate.by, fate.group


@cache
def core_of(rules: str, settings: str) -> ir.Program:
    """A program from rule text; without a word on tax, prices include it."""
    source = Source(
        "shop.rules", HEAD.replace("SETTINGS", settings if "prices" in settings else f"{TAX} {settings}") + rules
    )
    checked = checking.check([source])
    assert checked.ok, [f"{each.code} {each.message} at {source.slice(each.span)}" for each in checked.diagnostics]
    return lowering.lower(checked)


def score(
    rules: str,
    *lines: tuple[Any, ...],
    settings: str = "",
    member: str | None = None,
    facts: dict[str, Any] | None = None,
    state: State | None = None,
    shared: Shared | None = None,
    **fields: Any,
) -> Scored:
    """Score a purchase of lines such as ("a", "food", 7, "2.00", {"vat": "0.2"})."""
    return scored(core_of(rules, settings), {**purchase(lines), "customer": member, **fields}, facts, state, shared)


def purchase(lines: tuple[tuple[Any, ...], ...]) -> dict[str, Any]:
    """A purchase as it is sent."""
    sent = [
        {"key": key, "kind": kind, "pieces": pieces, "price": price, "vat": "0", **(more[0] if more else {})}
        for key, kind, pieces, price, *more in lines or BASKET
    ]
    return {
        "event": "purchase", "id": "e1", "customer": None, "at": "2027-03-01", "codes": [], "post_vat": "0",
        "lines": sent,
    }  # fmt: skip


def scored(
    core: ir.Program, raw: dict[str, Any], facts: dict[str, Any] | None = None, state: State | None = None,
    shared: Shared | None = None,
) -> Scored:  # fmt: skip
    """Score any event; with and without a trace it is the same."""
    event = decode(raw, core)
    assert not isinstance(event, tuple), event
    trace, reference = Trace(), Reference(core)
    told = {**MEMBER, **(facts or {})} if event.member is not None else {}
    found = reference.traced(event, told, state or State(), trace, shared)
    assert found == reference.evaluate(event, told, state or State(), shared)
    return Scored(found, trace)


def item(body: str, title: str = "X", stage: str = "item", trigger: str = "automatic") -> str:
    """One offer on purchases."""
    return f'{stage} offer "{title}" {{ on purchase  {trigger}  {body} }}\n'


# ---- grain and rounding ----


@pytest.mark.parametrize(
    ("grain", "given"),
    [
        ("each unit", 10),  # 3 x 3.4 -> 3, 0.5 -> 1
        ("each line", 11),  # 10.2 -> 10, 0.5 -> 1
        ("the total of lines", 11),  # 10.7
    ],
)
def test_the_grain_is_where_an_amount_is_rounded(grain: str, given: int) -> None:
    lines = (("a", "food", 3, "0.34"), ("b", "toy", 1, "0.05"))
    assert score(item(f"take 10% of current off {grain}"), *lines).took == {"X": given}


def test_take_rounds_the_discount_and_price_the_price() -> None:
    line = ("a", "food", 1, "0.15")
    assert score(item("take 50% of current off each unit"), line).price.net == 7  # 7.5 off is 8
    assert score(item("price each unit at 50% of current"), line).price.net == 8


def test_a_total_is_spread_over_lines_and_then_over_units() -> None:
    found = score(
        item("take 10% of current off the total of lines"), ("a", "food", 3, "0.33"), ("b", "toy", 1, "10.00")
    )
    assert found.off("X") == {0: [4, 3, 3], 1: [100]}  # 110: 9.91 and 100.09
    assert found.price.lines == (LinePrice(99, 89, 0), LinePrice(1000, 900, 0), LinePrice(0, 0, 0))


def test_split_evenly_weighs_units_alike() -> None:
    found = score(item("take 1 GBP off the total of lines, split evenly"))
    assert found.off("X") == {0: [10, 9, 9, 9, 9, 9, 9], 1: [9, 9, 9, 9]}  # 63.6 and 36.4


@pytest.mark.parametrize(
    ("remainder", "parts"), [("largest remainder", [34, 33, 33]), ("last", [33, 33, 34]), ("first", [34, 33, 33])]
)
def test_odd_pennies_go_as_the_header_says(remainder: str, parts: list[int]) -> None:
    head = HEAD.replace("odd pennies to the largest remainder", f"odd pennies to the {remainder}")
    source = Source("shop.rules", head.replace("SETTINGS", TAX) + item("take 1 GBP off each line"))
    checked = checking.check([source])
    assert checked.ok, checked.diagnostics
    line = {"key": "a", "kind": "food", "pieces": 3, "price": "5.00", "vat": "0"}
    raw = {
        "event": "purchase",
        "id": "e1",
        "customer": None,
        "at": "2027-03-01",
        "codes": [],
        "post_vat": "0",
        "lines": [line],
    }
    assert scored(lowering.lower(checked), raw).off("X") == {0: parts}


def test_a_cap_clips_the_total_and_is_spread() -> None:
    rules = item(
        "take 50 GBP per full 300 GBP of current of lines where kind is food"
        " off the total of lines where kind is food, up to 100 GBP"
    )
    found = score(rules, ("a", "food", 1, "400.00"), ("b", "food", 1, "500.00"), ("c", "toy", 1, "1000.00"))
    assert found.off("X") == {0: [4444], 1: [5556]}


def test_a_cap_on_units_is_spread_over_them() -> None:
    found = score(
        item("take 30% of current off each unit, up to 1 GBP"), ("a", "food", 2, "2.00"), ("b", "toy", 1, "3.00")
    )
    assert found.off("X") == {0: [29, 28], 1: [43]}  # 0.60, 0.60, 0.90 cut to 28.57, 28.57, 42.86
    assert found.found.discounts[0].wanted == 100


@pytest.mark.parametrize(("least", "given"), [("2.10 GBP", 210), ("2.11 GBP", 0)])
def test_only_from(least: str, given: int) -> None:
    rules = item(f"take 30% of current off each unit, only from {least}")
    assert score(rules, ("a", "food", 2, "2.00"), ("b", "toy", 1, "3.00")).took.get("X", 0) == given


def test_whole_steps_before_and_after_a_limit() -> None:
    found = score(item("take 11.50 GBP off the total of lines, in steps of 1 GBP  at most 7.50 GBP in total"))
    assert (found.found.discounts[0].wanted, found.found.discounts[0].given) == (1150, 700)


# ---- bases ----


def test_bases_are_those_of_the_element() -> None:
    lines = (("a", "food", 2, "8.00", {"before": "10.00"}), ("b", "toy", 1, "5.00"))
    rules = item("price each unit at 90% of list", "C", "catalogue") + item("take 10% of was off each unit", "I")
    rules += item("take 10% of after item off the total of lines", "B", "basket")
    rules += item("take 1% of catalogue off each unit where kind is toy", "T", "basket")
    found = score(rules, *lines, settings='stacking { basket: all in order "B", "T" }')
    assert found.took == {"C": 210, "I": 250, "B": 164, "T": 5}  # 2 x 0.80 + 0.50; 2 x 1.00 + 0.50; 10% of 16.40


def test_shares_of_a_measure_elsewhere_in_the_basket() -> None:
    found = score(item("take 10% of current of lines where kind is toy off the total of lines where kind is food"))
    assert found.took == {"X": 400}


def test_a_threshold_reads_what_is_left_or_what_is_listed() -> None:
    rules = item("take 10% of current off each unit", "A") + item(
        "when current >= 54 GBP  take 1 GBP off the total of lines", "B"
    )
    rules += item("when list >= 54 GBP  take 1 GBP off the total of lines", "C")
    found = score(rules, settings='stacking { item: all in order "A", "B", "C" }')
    assert found.took == {"A": 540, "C": 100}
    assert found.why("B") == ("condition", "", "")


# ---- floors and prices ----


def test_what_a_floor_keeps_goes_to_the_others() -> None:
    lines = (("a", "food", 1, "10.00", {"least": "9.50"}), ("b", "toy", 1, "10.00"))
    assert score(item("take 6 GBP off the total of lines"), *lines).off("X") == {0: [50], 1: [550]}


def test_all_at_the_floor() -> None:
    lines = (("a", "food", 1, "10.00", {"least": "9.50"}), ("b", "toy", 1, "10.00", {"least": "12.00"}))
    found = score(item("take 6 GBP off the total of lines", "A") + item("take 1 GBP off each unit", "B"), *lines,
                  settings='stacking { item: all in order "A", "B" }')  # fmt: skip
    assert found.took == {"A": 50}
    assert found.why("B") == ("floor reached", "", "")


def test_a_floor_cancels_where_it_says_or_nothing() -> None:
    line = ("a", "food", 1, "10.00", {"least": "9.50"})
    found = score(item("take 6 GBP off the total of lines, or nothing"), line)
    assert (found.took, found.why("X")[0]) == ({}, "floor reached")


def test_no_element_comes_to_cost_less() -> None:
    found = score(item("take 3 GBP off each unit, never below 1 GBP"))
    assert found.off("X") == {0: [100] * 7, 1: [300] * 4}


@pytest.mark.parametrize(
    ("stage", "base"), [("item", "catalogue"), ("basket", "after item"), ("shipping", "after basket")]
)
def test_what_a_stage_left_is_read_in_the_very_next_one(stage: str, base: str) -> None:
    rules = item("take 4 GBP off the total of lines", "A", stage) + item(
        f"take 10% of {base} off each line", "B", stage
    )
    if stage == "shipping":
        rules = rules.replace("lines", "shipping")
    found = score(
        rules, ("a", "food", 1, "10.00"), settings=f'stacking {{ {stage}: all in order "A", "B" }}', post="10.00"
    )
    assert found.took == {"A": 400, "B": 100}


def test_what_costs_nothing_bears_nothing_of_a_raised_price() -> None:
    rules = item("price the total of lines at 30.01 GBP", "C", "catalogue")
    found = score(rules, ("a", "food", 2, "0.00"), ("b", "food", 1, "9.00"), ("c", "toy", 1, "6.00"))
    assert found.off("C") == {1: [-901], 2: [-600]}


def test_a_price_only_lowers_after_the_catalogue() -> None:
    rules = item("price each unit at 3 GBP", "C", "catalogue") + item("price each unit at 5 GBP", "I")
    found = score(rules)
    assert found.off("C") == {0: [-100] * 7, 1: [700] * 4}
    assert found.why("I")[0] == "nothing to give"


def test_the_price_of_a_total() -> None:
    found = score(item("price the total of lines at 30 GBP"))
    assert found.took == {"X": 2400}
    assert found.price.net == 3000


# ---- positions, order, sets ----

MIXED = (("a", "food", 3, "5.00"), ("b", "food", 3, "1.00"))


@pytest.mark.parametrize(
    ("body", "off"),
    [
        ("take 50% of current off each unit at every 2nd of 2, dearest first", {0: [0, 0, 250], 1: [0, 50, 50]}),
        ("take 50% of current off each unit at the cheapest 2 per full 3", {1: [50, 50, 50], 0: [250, 0, 0]}),
        ("take 50% of current off each unit at the dearest 2", {0: [250, 250, 0]}),
        ("take 50% of current off each unit at the last 2", {1: [0, 50, 50]}),
        ("take 50% of current off each unit at units 2 to 5 of each line", {0: [0, 250, 250], 1: [0, 50, 50]}),
        ("take 50% of current off each line at the cheapest 1", {1: [50, 50, 50]}),
    ],
)
def test_picks(body: str, off: dict[int, list[int]]) -> None:
    assert score(item(body), *MIXED).off("X") == off


def test_three_for_two_the_cheapest_of_the_basket() -> None:
    sets = "for every set of { 2 units, dearest first  1 unit, cheapest first: take 100% of current off each unit }"
    assert score(item(sets), *MIXED).off("X") == {1: [100, 100, 0]}  # the second set is bought with 5.00 and 1.00


def test_three_for_two_the_cheapest_of_the_triple() -> None:
    sets = "for every set of { 2 units, dearest first  1 unit, dearest first: take 100% of current off each unit }"
    assert score(item(sets), *MIXED).off("X") == {0: [500, 0, 0], 1: [100, 0, 0]}


def test_a_bundle_price() -> None:
    sets = "for every set of { 1 unit where kind is food, cheapest first  1 unit where kind is toy, cheapest first }"
    lines = (("a", "food", 3, "4.00"), ("b", "toy", 2, "7.99"))
    found = score(item(f"{sets}  price each set at 10 GBP"), *lines)
    assert found.off("X") == {0: [66, 66, 0], 1: [133, 133]}  # 1.99 over 4.00 and 7.99: 66.4 and 132.6
    assert found.fates["X"].sets == 2


def test_four_for_three_shared_evenly() -> None:
    sets = "for every set of { 4 units, dearest first }  price each set at 75% of current, split evenly"
    found = score(item(sets), ("a", "food", 3, "9.99"), ("b", "food", 1, "10.00"))
    assert found.off("X") == {0: [250, 250, 249], 1: [250]}  # 39.97 for 29.98


@pytest.mark.parametrize(("pieces", "free"), [(4, 3), (6, 5), (7, 5), (8, 6), (1, 0)])
def test_buy_one_get_five_with_a_partial_last_set(pieces: int, free: int) -> None:
    parts = "1 unit, dearest first  5 units, dearest first: take 100% of current off each unit"
    sets = f"for every set of {{ {parts} }} the last set may be partial"
    assert score(item(sets), ("a", "food", pieces, "2.00")).took.get("X", 0) == 200 * free


def test_a_partial_set_gets_no_gift() -> None:
    sets = 'for every set of { 2 units, dearest first } the last set may be partial  add 1 "MUG" free'
    found = score(item(sets), ("a", "food", 5, "2.00")).found
    assert [(gift.sku, gift.count) for gift in found.gifts] == [("MUG", 2)]


def test_no_partial_set_beyond_the_most_sets() -> None:
    parts = "{ 1 unit, dearest first  2 units, dearest first: take 100% of current off each unit }"
    for most, free in (("once for", 2), ("for up to 2 sets", 3), ("for every", 3)):
        of = " of" if "sets" in most else " set of"
        found = score(item(f"{most}{of} {parts} the last set may be partial"), ("a", "food", 5, "2.00"))
        assert found.took == {"X": 200 * free}, most


def test_sets_by_line_and_up_to_so_many() -> None:
    sets = "set per line of { 2 units: take 1 GBP off each unit }"
    assert score(item(f"for every {sets}")).off("X") == {0: [100] * 6 + [0], 1: [100] * 4}
    assert score(item(f"once for {sets}")).off("X") == {0: [100] * 2 + [0] * 5, 1: [100] * 2 + [0] * 2}
    assert score(item(f"for every {sets}  at most 4 sets")).off("X") == {0: [100] * 6 + [0], 1: [100] * 2 + [0] * 2}


def test_units_stand_as_they_do_when_the_rule_acts() -> None:
    effects = (
        "take 50% of list off each unit at every 2nd of 3, dearest first"
        "  take 80% of list off each unit at every 3rd of 3, dearest first"
    )
    found = score(item(effects), ("a", "food", 1, "1.00"), ("b", "food", 1, "0.80"), ("c", "food", 1, "0.60"))
    assert found.took == {"X": 88}  # half of the second price, and 80% of the third


def test_a_filter_of_units_asks_what_each_costs() -> None:
    core = core_of(item("take 1 GBP off each unit where current >= 10 GBP"), "")
    offer = core.offers[0]
    effect = offer.effects[0]
    assert isinstance(effect, ir.DiscountDef)
    ten = ir.Cmp(offer.at, ">=", ir.Basis(offer.at, "current"), ir.Num(offer.at, 1000))
    select = replace(effect.select, where=ten)
    core = replace(core, offers=(replace(offer, effects=(replace(effect, select=select),)),))
    assert scored(core, purchase(BASKET)).off("X") == {1: [100] * 4}
    lines = item("take 1 GBP off each line where current >= 41 GBP")
    assert score(lines).off("X") == {}


def test_a_part_of_the_set_at_hand() -> None:
    sets = "for every set of { 4 units, dearest first }  take current of the cheapest 1 unit off each set, split evenly"
    assert score(item(sets), *MIXED, ("c", "toy", 2, "4.00")).off("X") == {
        0: [100, 100, 100],  # 5, 5, 5, 4: the cheapest is 4.00
        2: [100, 25],  # 4, 1, 1, 1
        1: [25, 25, 25],
    }


def test_effects_beside_the_parts_of_sets() -> None:
    sets = "for every set of { 3 units where kind is food, dearest first }"
    assert score(item(f"{sets}  take 1 GBP off each set")).off("X") == {0: [34, 34, 33, 33, 33, 33, 0]}
    assert score(item(f"{sets}  take 1 GBP off each unit")).off("X") == {0: [100] * 6 + [0]}
    assert score(item(f"{sets}  take 1 GBP off each line")).off("X") == {0: [17, 17, 17, 17, 16, 16, 0]}
    found = score(item(f'{sets}  take 1 GBP off the total of lines  add 2 "GIFT" free  charge 0.50 GBP as "wrap"'))
    assert (found.took, found.price.charges) == ({"X": 200}, 100)
    assert [(gift.sku, gift.count) for gift in found.found.gifts] == [("GIFT", 4)]


def test_quantity_costs_nothing() -> None:
    sets = "for every set of { 2 units, dearest first  1 unit, cheapest first: take 100% of current off each unit }"
    found = score(
        item(sets) + item("take 10% of current off the total of lines", "B", "basket"), ("a", "food", 10_000, "2.00")
    )
    assert found.took == {"X": 333_300 * 2, "B": 133_340}


# ---- going together ----


def group(policy: str, *bodies: str, more: str = "") -> str:
    """A group g of item offers X, Y, Z by these bodies; what stands after `|` comes after the group's name."""
    titles = "XYZ"[: len(bodies)]
    halves = [body.partition("|") for body in bodies]
    rules = [
        item(f"{body}  competes in g  {rest}", title) for (body, _, rest), title in zip(halves, titles, strict=True)
    ]
    order = ", ".join(f'"{title}"' for title in titles)
    return f"{''.join(rules)}group g {{ {policy} in order {order} {more} }}\n"


def test_all_each_on_what_the_one_before_left() -> None:
    rules = group("all", "take 10% of current off each unit", "take 10% of current off each unit")
    assert score(rules).took == {"X": 540, "Y": 486}


def test_the_first_per_basket_line_and_unit() -> None:
    bodies = ("take 50% of current off each unit at the cheapest 2", "take 10% of current off each unit")
    found = score(group("first per basket", *bodies))
    assert (found.took, found.why("Y")) == ({"X": 200}, ("lost", "X", "g"))
    assert score(group("first per line", *bodies)).took == {"X": 200, "Y": 400}
    assert score(group("first per unit", *bodies)).took == {"X": 200, "Y": 500}


def test_what_did_nothing_takes_no_turn() -> None:
    found = score(
        group("first per basket", "when list >= 1_000 GBP  take 1 GBP off each unit", "take 1 GBP off each unit")
    )
    assert found.took == {"Y": 1100}


def test_the_best_per_unit_line_and_basket() -> None:
    bodies = ("take 10% of current off each unit", "take 0.25 GBP off each unit")  # 7 x 0.20, 4 x 1.00; 11 x 0.25
    found = score(group("best per line", *bodies))
    assert found.off("X") == {1: [100] * 4}
    assert found.off("Y") == {0: [25] * 7}
    assert [(each.wanted, each.given) for each in found.found.discounts] == [(540, 400), (275, 175)]
    found = score(group("best per basket", *bodies))
    assert (found.took, found.why("Y")) == ({"X": 540}, ("lost", "X", "g"))
    bodies = ("take 10% of current off each unit", "take 1.50 GBP off each unit at the dearest 2")
    assert score(group("best per unit", *bodies)).off("X") == {0: [20] * 7, 1: [0, 0, 100, 100]}


def test_counters_count_what_the_best_kept() -> None:
    bodies = (
        "take 10% of current off each unit  at most 100 GBP in total",
        "take 0.25 GBP off each unit  once in total",
    )
    found = score(group("best per line", *bodies))
    assert found.found.reserved == (LimitUsed("X: GBP in total", 0, 0, 400), LimitUsed("Y: times in total", 0, 0, 1))
    found = score(group("best per basket", *bodies))
    assert found.found.reserved == (LimitUsed("X: GBP in total", 0, 0, 540),)


def test_limits_of_a_group_hold_where_each_line_goes_to_the_best() -> None:
    """Alone each keeps to 5 GBP, and the best of both lines would take 3.70 and 1.75: the later one takes no part."""
    bodies = ("take 10% of current off each unit", "take 0.25 GBP off each unit")
    found = score(group("best per line", *bodies, more="at most 5 GBP in total"))
    assert (found.took, found.why("Y")[0]) == ({"X": 500}, "limit reached")
    assert found.found.reserved == (LimitUsed("g: GBP in total", 0, 0, 500),)
    found = score(group("best per line", *bodies, more="at most 5.75 GBP in total"))
    assert found.took == {"X": 400, "Y": 175}
    found = score(group("best per line", *bodies, more="once in total"))
    assert (found.took, found.why("Y")[0]) == ({"X": 540}, "limit reached")
    found = score(group("best per unit", *bodies, more="at most 1 rules"))
    assert (found.took, found.why("Y")[0]) == ({"X": 540}, "group is full")
    assert score(group("best per unit", *bodies, more="at most 2 rules")).took == {"X": 400, "Y": 175}


def test_the_best_together() -> None:
    bodies = ('take 10% of current off each unit|combines with "Z"', "take 1 GBP off each unit",
              "take 50% of current off the total of lines")  # fmt: skip
    found = score(group("best together", *bodies))
    # X and Z: 5.40, then half of 48.60; Y and Z: 11.00, then half of 43.00; X and Y refuse each other.
    assert found.took == {"Y": 1100, "Z": 2150}
    assert found.why("X") == ("lost", "Y", "g")


def test_consent_on_unit_line_and_basket() -> None:
    def rules(on: str) -> str:
        first = f"take 1 GBP off each unit at the cheapest 2  combines with nothing on the same {on}"
        return item(first, "A") + item("take 0.10 GBP off each unit", "B")

    order = 'stacking { item: all in order "A", "B" }'
    assert score(rules("unit"), settings=order).took == {"A": 200, "B": 90}
    assert score(rules("line"), settings=order).took == {"A": 200, "B": 40}
    found = score(rules("basket"), settings=order)
    assert (found.took, found.why("B")) == ({"A": 200}, ("shut out", "A", ""))


def test_consent_is_asked_both_ways_and_names_who_refused() -> None:
    rules = item("take 0.10 GBP off each unit where kind is food", "A") + item(
        "take 1 GBP off each line where kind is food  combines with nothing on the same line", "B"
    )
    found = score(rules, settings='stacking { item: all in order "A", "B" }')
    assert (found.took, found.why("B")) == ({"A": 70}, ("shut out", "A", ""))


def test_claims_are_shared_in_a_group() -> None:
    sets = "for every set of { 3 units where kind is food, dearest first }  take 1 GBP off each set"
    found = score(group("all", sets, "take 1 GBP off each unit where kind is food", more="shares claims"))
    assert found.off("Y") == {0: [0] * 6 + [100]}
    assert score(group("all", sets, "take 1 GBP off each unit where kind is food")).off("Y") == {0: [100] * 7}


def test_at_most_so_many_rules() -> None:
    found = score(group("all", *["take 1 GBP off each line"] * 3, more="at most 2 rules"))
    assert (found.took, found.why("Z")) == ({"X": 200, "Y": 200}, ("group is full", "", "g"))


# ---- limits ----


def test_a_raised_price_that_lost_says_where() -> None:
    rules = item("price each unit at 12 GBP", "Up", "catalogue")
    rules += item("price each unit where kind is toy at 9 GBP", "Down", "catalogue")
    lines = (("a", "food", 1, "10.00"), ("b", "toy", 1, "10.00"))
    found = score(rules, *lines, settings='stacking { catalogue: best per line in order "Up", "Down" }')
    (effect,) = found.fates["Up"].effects
    assert (effect.wanted, effect.given, effect.cut) == (-400, -200, "lost")
    assert [(each.line, each.rule, each.how) for each in effect.lost] == [(1, "Down", "took more")]


@pytest.mark.parametrize(("limit", "first"), [("30 days", "2027-01-31"), ("the last 2 calendar months", "2027-02-01")])
def test_a_window_that_moves_counts_from_its_first_day_on(limit: str, first: str) -> None:
    rules = item(f"take 1 GBP off each line  at most 3 GBP in total per {limit}")
    (used,) = score(rules).found.reserved
    assert (used.occurrence, used.after) == (parse_date("2027-03-01"), 200)
    for day, given in ((parse_date(first), 100), (parse_date(first) - 1, 200)):
        assert score(rules, shared=Shared({used.limit: {day: 200}})).took == {"X": given}


def test_a_budget_cuts_to_fit_or_cancels() -> None:
    left = Shared({"X: GBP in total": {0: 650}})
    found = score(item("take 10 GBP off the total of lines  at most 12 GBP in total"), shared=left)
    assert found.took == {"X": 550}
    assert found.found.discounts[0].cut_by == "X: GBP in total"
    assert found.found.reserved == (LimitUsed("X: GBP in total", 0, 650, 1200),)
    found = score(item("take 10 GBP off the total of lines  at most 12 GBP in total, or nothing"), shared=left)
    assert (found.took, found.found.reserved, found.why("X")[0]) == ({}, (), "limit reached")


def test_a_cut_is_spread_with_the_amounts_as_weights() -> None:
    found = score(item("take 10% of current off each unit  at most 1 GBP in total"))
    assert found.off("X") == {0: [4, 4, 4, 4, 4, 3, 3], 1: [19, 19, 18, 18]}  # 25.9 of 1.40, 74.1 of 4.00


def test_once_per_member_and_no_member() -> None:
    rules = item("take 1 GBP off each line  once per member")
    first = score(rules, member="m")
    assert first.took == {"X": 200}
    later = score(rules, member="m", state=apply(State(), first.found.changes))
    assert (later.took, later.why("X")[0]) == ({}, "limit reached")
    assert score(rules).why("X")[0] == "no member"


def test_a_group_is_limited_together() -> None:
    found = score(
        group(
            "all",
            "take 10 GBP off the total of lines",
            "take 5 GBP off the total of lines",
            more="at most 12 GBP",
        )
    )
    assert found.took == {"X": 1000, "Y": 200}


def test_a_guest_has_no_tier_to_read() -> None:
    rules = item("when tier is Gold  take 1 GBP off each line") + item(
        "when has member and tier is Gold  take 1 GBP off each line", "Y", "basket"
    )
    found = score(rules)
    assert (found.why("X")[0], found.why("Y")[0]) == ("no member", "condition")


def test_holdouts_work_out_what_would_have_been_taken() -> None:
    rules = item("take 10 GBP off the total of lines  once in total") + 'holdout 100% of members salt "s" from "X"\n'
    found = score(rules, member="m")
    discount = found.found.discounts[0]
    assert (discount.wanted, discount.given, discount.held_out, discount.parts) == (1000, 0, True, ())
    assert (found.price.net, found.found.reserved, found.why("X")[0]) == (5400, (), "held out")
    assert score(rules).took == {"X": 1000}


def test_who_is_held_out_of_a_gift_leaves_a_record_of_nothing() -> None:
    rules = item('say "a card for you"   add 1 "CARD" free   charge 2 GBP as "stamp"')
    found = score(rules + 'holdout 100% of members salt "s" from "X"\n', member="m").found
    assert found.discounts == (Discount("X", "item", 0, 0, 0, (), True),)
    assert (found.gifts, found.charges) == ((), ())


def test_of_two_effects_each_counts_what_was_kept_of_it() -> None:
    """A limit of money under `best per line`: 20 off each line by the one effect, 1 off each by the other."""
    body = "take 20 GBP off the total of lines, split evenly   take 1 GBP off each line   at most 30 GBP in total"
    found = score(
        item(body) + item("take 5 GBP off each line", "Y"),
        settings='stacking { item: best per line in order "X", "Y" }',
    )
    (reserved,) = found.found.reserved
    assert reserved.after == found.took["X"] <= 3000


def test_what_another_rule_won_is_told() -> None:
    rules = item("take 3 GBP off each line", "X") + item("take 5 GBP off each line where kind is toy", "Y")
    found = score(rules, settings='stacking { item: best per line in order "X", "Y" }')
    effect = found.fates["X"].effects[0]
    assert (found.took, effect.wanted, effect.given, effect.cut, effect.cut_by) == (
        {"X": 300, "Y": 500}, 600, 300, "lost", "Y",
    )  # fmt: skip


# ---- what one unit costs ----


def test_filters_of_units_ask_what_one_unit_costs() -> None:
    """Line a has 7 pieces at 2.00, line b 4 at 10.00."""
    for words in ("off each unit where current > 3 GBP", "off the total of units where current > 3 GBP"):
        assert list(score(item(f"take 1 GBP {words}")).off("X")) == [1]
    assert list(score(item("take 1 GBP off each line where current > 3 GBP")).off("X")) == [0, 1]
    assert list(score(item("take 1 GBP off the total of lines where current > 3 GBP")).off("X")) == [0, 1]
    assert score(item("when count of (units where list > 3 GBP) is 4   take 1 GBP off the total of lines")).took
    assert score(item("when (list of units where list < 3 GBP) is 14 GBP   take 1 GBP off the total of lines")).took
    sets = "for every set of { 2 units where current > 3 GBP, cheapest first: take 1 GBP off each unit }"
    assert score(item(sets)).off("X") == {1: [100] * 4}


def test_a_filter_of_units_tells_units_of_one_line_apart() -> None:
    first = item("take 1 GBP off each unit at units 1 to 2 of each line", "A")
    second = item("take 10% of current off each unit where current is list", "B")
    found = score(first + second, settings='stacking { item: all in order "A", "B" }')
    assert found.off("B") == {0: [0, 0, *[20] * 5], 1: [0, 0, 100, 100]}


# ---- codes ----


def refused(found: Scored) -> list[tuple[str, tuple[str, ...], str, str]]:
    return [(use.code, use.rules, use.reason, use.public) for use in found.found.codes]


def test_codes_in_any_spelling_and_why_they_did_nothing() -> None:
    rules = item("take 1 GBP off each line", "A", trigger='with code "ten-off"')
    rules += item("take 1 GBP off each line", "B", trigger='with code "SPRING"').replace(
        "on purchase", "on purchase from 2027-05-01"
    )
    rules += item("take 1 GBP off each line", "C", trigger='with code "OLD"').replace(
        "on purchase", "on purchase until 2027-02-28"
    )
    rules += item("when list >= 1_000 GBP  take 1 GBP off each line", "D", trigger='with code "BIG"')
    order = 'stacking { item: all in order "A", "B", "C", "D" }'
    assert refused(score(rules, settings=order, codes=["Ten Off", "spring", "old", "big", "what"])) == [
        ("Ten Off", ("A",), "", ""),
        ("spring", (), "not before 2027-05-01", "not yet valid"),
        ("old", (), "ended on 2027-02-28", "expired"),
        ("big", (), "conditions not met", "not for this order"),
        ("what", (), "unknown code", "not valid"),
    ]
    assert score(rules, settings=order).why("A")[0] == "code not presented"


def test_a_code_that_is_used_up_or_loses() -> None:
    rules = group("first per basket", "take 1 GBP off each line", "take 1 GBP off each line")
    first, _, second = rules.partition("\n")
    rules = first + "\n" + second.replace("automatic", 'with code "B"')
    assert refused(score(rules, codes=["B"])) == [("B", (), "lost to X", "does not combine")]
    rules = item("take 1 GBP off each line  once in total per code", trigger='with code "B"')
    found = score(rules, codes=["b"])
    assert found.found.reserved == (LimitUsed("X: times in total per code B", 0, 0, 1),)
    used = Shared()
    used.reserve(found.found.reserved)
    assert refused(score(rules, codes=["b"], shared=used)) == [("b", (), "used up", "already used")]


def test_personal_codes() -> None:
    rules = item("take 1 GBP off each line", trigger="with code from member.codes")
    assert score(rules, codes=["mine-1"], member="m", facts={"codes": ("MINE 1",)}).took == {"X": 200}
    assert refused(score(rules, codes=["mine-1"], member="m")) == [("mine-1", (), "unknown code", "not valid")]
    assert score(rules, codes=["mine-1"]).took == {}


# ---- tax, shipping, charges, gifts ----


@pytest.mark.parametrize(
    ("prices", "per", "tax", "total"),
    [
        ("include", "line", 16, 99),  # 99 / 1.2 = 82.5 -> 83
        ("include", "unit", 15, 99),  # 33 / 1.2 = 27.5 -> 28
        ("exclude", "line", 20, 119),
        ("exclude", "unit", 21, 120),
    ],
)
def test_tax_per_line_and_per_unit(prices: str, per: str, tax: int, total: int) -> None:
    settings = f"prices {prices} tax   tax rounded half up per {per}"
    found = score(
        item("take 1 GBP off each line where kind is toy"), ("a", "food", 3, "0.33", {"vat": "0.2"}), settings=settings
    )
    assert (found.price.tax, found.price.total) == (tax, total)


def test_shipping_is_a_line_of_its_own() -> None:
    rules = item("take 50% of current off each line", "S", "shipping") + item(
        "take 10% of current off the total of lines and shipping", "B", "basket"
    )
    rules += 'earn "E" as e { on purchase  give 1 point per 1 GBP of net }\n'
    rules += "unit point, points { rounded down  lasts forever }\n"
    found = score(rules, ("a", "food", 1, "10.00"), post="5.00", member="m")
    assert found.off("B") == {0: [100], 1: [50]}
    assert found.off("S") == {1: [225]}
    assert (found.price.net, found.price.shipping, found.price.total) == (900, 225, 1125)
    assert found.found.awards[0].given == 9


def test_gifts_given_and_chosen() -> None:
    rules = item("add 1 choice free", "C") + item(
        'add 2 "TOY" free  charge 3 GBP as "wrap"  say "hello"', "G", "basket"
    )
    found = score(rules, choice="CAR")
    assert [(gift.rule, gift.sku, gift.count) for gift in found.found.gifts] == [("C", "CAR", 1), ("G", "TOY", 2)]
    assert (found.price.charges, found.price.total, found.found.said[0].text) == (300, 5700, "hello")
    assert score(rules).why("C")[0] == "nothing chosen"


# ---- currencies, prices made by offers ----


def test_amounts_by_currency() -> None:
    rules = """basket offer "X" { on order  automatic  take (10 GBP, 12 USD) off the total of lines }
basket offer "Y" { on order  automatic  take 5 GBP off the total of lines }
"""
    core = core_of(rules, 'stacking { basket: all in order "X", "Y" }')
    raw = {"event": "order", "id": "o", "customer": None, "at": "2027-03-01"}
    found = scored(core, {**raw, "lines": [{"key": "a", "price": {"amount": "50.00", "currency": "USD"}}]})
    assert (found.took, found.price.currency, found.price.net) == ({"X": 1200}, "USD", 3800)
    assert found.why("Y")[0] == "no amount"
    found = scored(core, {**raw, "lines": [{"key": "a", "price": {"amount": "50.00", "currency": "GBP"}}]})
    assert found.took == {"X": 1000, "Y": 500}


INN = """language 1
program "Inn" {
  currency GBP, rounded half up   timezone "Europe/London"   split in proportion, odd pennies to the last
}
event stay dated by at of customer identified by id priced by offers {
  id: text   customer: member?   at: date
  lines 0 to 60 { key: text as id   nights: count up to 100 as quantity   room: small | large }
}
"""


def test_offers_make_the_price() -> None:
    rules = """catalogue offer "Small" { on stay  automatic  price each unit where room is small at 80 GBP }
item offer "Less" { on stay  automatic  take 10% of list off each unit }
"""
    checked = checking.check([Source("inn.rules", INN + rules)])
    assert checked.ok, checked.diagnostics
    core = lowering.lower(checked)
    raw = {"event": "stay", "id": "s", "customer": None, "at": "2027-03-01"}
    found = scored(core, {**raw, "lines": [{"key": "a", "nights": 3, "room": "small"}]})
    assert found.price.lines == (LinePrice(24000, 21600, 0),)
    assert found.took == {"Small": 0, "Less": 2400}
    assert (found.found.discounts[0].wanted, found.found.discounts[0].parts) == (0, ())
    with pytest.raises(EventRefused) as refusal:
        scored(
            core,
            {**raw, "lines": [{"key": "a", "nights": 3, "room": "small"}, {"key": "b", "nights": 1, "room": "large"}]},
        )
    assert refusal.value.faults[0].code == "V162"


# ---- what must not matter ----

BODIES = (
    "take 10% of current off each unit",
    "take 3.33 GBP off the total of lines",
    "take 7 GBP off the total of lines, split evenly",
    "take 30% of current off each unit, up to 1.01 GBP",
    "take 3 GBP off each line, never below 1 GBP",
    "price the total of lines at 9.99 GBP",
    "take 50% of current off each unit at every 2nd of 3, cheapest first",
    "take 52% of current off each unit at units 2 to 5 of each line",
    (
        "for every set of { 2 units, dearest first  1 unit, cheapest first: take 90% of current off each unit }"
        "  take 0.10 GBP off each set"
    ),
    "for every set of { 4 units, cheapest first }  price each set at 75% of current, split evenly",
    (
        "for every set of { 1 unit, dearest first  5 units, dearest first: take 99% of current off each unit }"
        " the last set may be partial"
    ),
    "for every set of { 3 units, dearest first }  take 0.50 GBP off each unit  take 1 GBP off the total of lines",
    "take 9% of current off each unit  at most 1.05 GBP in total",
)
CHOICES = ("all", "first per unit", "first per line", "best per unit", "best per line", "best together")


@pytest.mark.parametrize("seed", range(24))
def test_no_result_depends_on_how_runs_are_cut(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one unit each come to the same as runs that are as long as can be."""
    chance = Random(seed)
    consent = chance.choice(["", "|combines with nothing on the same unit", "|combines with nothing on the same line"])
    first, *others = chance.sample(BODIES, 3)
    rules = group(chance.choice(CHOICES), first + consent, *others, more=chance.choice(["", "shares claims"]))
    lines = tuple(
        (key, chance.choice(["food", "toy"]), chance.randint(0, 7), f"{chance.randint(1, 9)}.33") for key in "abc"
    )
    whole = score(rules, *lines).found
    for module in (money, effects, contest, working):
        monkeypatch.setattr(
            module, "joined", lambda runs: tuple((1, each) for count, each in runs for _ in range(count))
        )
    cut = score(rules, *lines).found
    assert [_units(each) for each in cut.discounts] == [_units(each) for each in whole.discounts]
    assert (cut.price, cut.reserved) == (whole.price, whole.reserved)


def _units(discount: Discount) -> tuple[Any, ...]:
    parts = [(part.line, [off for count, off in part.runs for _ in range(count)]) for part in discount.parts]
    return discount.rule, discount.wanted, discount.given, discount.cut_by, parts


def test_the_order_of_lines_moves_nothing() -> None:
    rules = group(
        "all",
        "for every set of { 2 units, dearest first  1 unit, cheapest first: take 50% of current off each unit }",
        "take 7 GBP off the total of lines", "take 33% of current off each unit at every 2nd of 3, dearest first",
    )  # fmt: skip
    lines = [("a", "food", 3, "5.00"), ("b", "food", 2, "1.01"), ("c", "toy", 1, "5.00"), ("d", "toy", 4, "3.33")]
    nets = set()
    for order in permutations(lines):
        found = score(rules, *order)
        nets.add(frozenset((line[0], price.net) for line, price in zip(order, found.price.lines, strict=False)))
    assert len(nets) == 1
