"""A checkout as a host meets it: prices, codes, shared counters, currencies, and why, through every door."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from rules_engine import Source, load
from rules_engine.decoding import event_schema
from rules_engine.outcome import EventRefused, LinePrice, Outcome
from rules_engine.scoring import Program
from rules_engine.state import Shared
from rules_engine.values import Money
from tests.checkout_rules import TEXT, line, order


@cache
def checkout() -> Program:
    return load([Source("checkout.rules", TEXT)])


BASKET = order("O1", line("a", "toy", 3, "20.00"), line("b", "food", 1, "7.99"))
POUNDS = {"amount": "4.50", "currency": "GBP"}


def told(sent: dict[str, Any], **known: Any) -> str:
    return checkout().explain(sent, **known).text()


# ---- what it costs ----


def test_a_basket_is_priced_taxed_and_added_up() -> None:
    outcome = checkout().score({**BASKET, "delivery": POUNDS, "codes": ["spring-20"]})
    price = outcome.price
    assert price is not None
    assert (price.net, price.shipping, price.charges, price.tax, price.total) == (4639, 450, 0, 848, 5089)
    assert price.lines == (LinePrice(6000, 4000, 667), LinePrice(799, 639, 106), LinePrice(450, 450, 75))
    assert sum(discount.given for discount in outcome.discounts) == 6799 - price.net


def test_every_door_gives_the_same() -> None:
    sent = {**BASKET, "delivery": POUNDS, "codes": ["spring-20", "NIX"]}
    expected = checkout().score(sent)
    struct = msgspec.convert(sent, checkout().event_type("order"))
    typed = {**sent, "delivery": Money.of("4.5", "GBP")}
    assert checkout().score(struct) == checkout().score(typed) == checkout().score(checkout().event(sent)) == expected
    answered = checkout().score_json(json.dumps({"event": sent}).encode())
    assert msgspec.json.decode(answered, type=Outcome) == expected
    assert next(iter(checkout().score_many([json.dumps(sent).encode()]))) == expected
    assert checkout().explain(sent).outcome == expected


def test_a_rule_has_an_amount_in_each_currency() -> None:
    yen = order("O2", line("a", "food", 2, "9000", "JPY"), codes=("SPRING20", "SUMMER"))
    outcome = checkout().score(yen)
    assert outcome.price is not None
    assert outcome.price.currency == "JPY"
    assert {each.rule: each.given for each in outcome.discounts} == {"Spring": 2_000, "Big basket": 1_600}
    assert outcome.codes[1].reason == "no amount in JPY"
    assert '"Summer": not applied, no amount in JPY' in told(yen)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(EventRefused, match="is in `GBP`, and `delivery` of order is in `JPY`"):
        checkout().score({**BASKET, "delivery": {"amount": "450", "currency": "JPY"}})


# ---- shared counters ----


def test_a_code_is_used_up_for_everybody() -> None:
    sent = {**BASKET, "codes": ["spring20"]}
    shared = Shared()
    reasons = []
    for _ in range(3):
        outcome = checkout().score(sent, shared=shared)
        reasons.append(outcome.codes[0].reason)
        shared.reserve(outcome.reserved)
    assert reasons == ["", "", "used up"]
    assert outcome.codes[0].public == "already used"
    assert shared.limits == {"Spring: times in total": {0: 2}}
    explained = checkout().explain(sent, shared=shared).text("Spring")
    assert '"Spring": not applied, limit reached: `at most 2 times in total` is used up' in explained


def test_a_stream_reserves_as_it_goes() -> None:
    events = [{**BASKET, "number": f"O{number}", "codes": ["Spring 20"]} for number in range(3)]
    shared = Shared({"Spring: times in total": {0: 1}})
    found = [each for each in checkout().score_many(events, shared=shared) if isinstance(each, Outcome)]
    assert [each.codes[0].reason for each in found] == ["", "used up", "used up"]
    assert shared.limits == {"Spring: times in total": {0: 2}}


# ---- why ----


def test_an_explanation_leads_from_list_to_total() -> None:
    assert told({**BASKET, "delivery": POUNDS, "codes": ["spring-20", "Summer", "NIX"]}).splitlines()[1:15] == [
        '├─ "Second half price": 10.00 GBP off  (checkout.rules:24)',
        '│  ├─ where kind is toy: line 1 "a"',
        "│  └─ take 50% of current off each unit where kind is toy at every 2nd of 2, cheapest first = 10.00 GBP",
        "│     ├─ line 1: current = 20.00 GBP",
        '│     └─ on line 1 "a": 10.00 GBP on 1 of 3 pieces',
        '├─ "Spring": 11.60 GBP off  (checkout.rules:28)',
        "│  ├─ set off by the code SPRING20",
        "│  ├─ until 2027-12-31 = yes",
        "│  │  └─ today = 2027-03-31",
        (
            "│  ├─ take 20% of current off the total of lines, up to (15 GBP, 2_000 JPY) = 11.598 GBP "
            "-> 11.60 GBP wanted (rounded half up)"
        ),
        "│  │  ├─ current = 57.99 GBP",
        '│  │  └─ on line 1 "a": 10.00 GBP, line 2 "b": 1.60 GBP',
        "│  └─ at most 2 times in total: 0 used, 2 left; 1 asked, all of it passes",
        '├─ "Summer": not applied, lost to "Spring" in group seasons: it took more, or came first  (checkout.rules:34)',
    ]
    assert told({**BASKET, "delivery": POUNDS, "codes": ["spring-20", "Summer", "NIX"]}).splitlines()[-9:] == [
        "├─ prices",
        (
            '│  ├─ line 1 "a": 60.00 GBP -> 50.00 GBP after item ("Second half price" -10.00 GBP) '
            '-> 40.00 GBP after basket ("Spring" -10.00 GBP), tax 6.67 GBP'
        ),
        '│  ├─ line 2 "b": 7.99 GBP -> 6.39 GBP after basket ("Spring" -1.60 GBP), tax 1.06 GBP',
        "│  ├─ shipping: 4.50 GBP, tax 0.75 GBP",
        "│  └─ net 46.39 GBP, shipping 4.50 GBP, tax 8.48 GBP included, total 50.89 GBP",
        "└─ codes",
        '   ├─ spring-20: set off "Spring"',
        "   ├─ Summer: refused, lost to Spring (the customer reads: does not combine)",
        "   └─ NIX: refused, unknown code (the customer reads: not valid)",
    ]


WHYS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("no code", BASKET, ('"Spring": not applied, code not presented: none of its codes was presented',)),
    ("condition", BASKET, ('"Big basket": not applied, condition: list is 67.99 GBP, and at least 100.00 GBP is',)),
    (
        "dates",
        {**BASKET, "codes": ["SPRING20"], "placed_at": "2028-01-01T00:00:00Z"},
        ('"Spring": not applied, outside its dates', "SPRING20: refused, ended on 2027-12-31 (the customer reads: exp"),
    ),
    (
        "nothing to touch",
        order("O", line("b", "food", 1, "7.99")),
        ('"Second half price": not applied, nothing to give: there is nothing that it may touch',),
    ),
    (
        "floor",
        order("O", line("a", "toy", 2, "20.00", least={"amount": "20", "currency": "GBP"})),
        ('"Second half price": not applied, floor reached: what it may touch costs no more than its floor',),
    ),
    (
        "gifts, charges and free delivery",
        {**order("O", *(line(key, "food", 5, "10.00") for key in "abc")), "delivery": POUNDS},
        (
            '"Wrapping": 2.00 GBP charged',
            '"Mug": 1 MUG free',
            '"Free delivery": 4.50 GBP off',
            'shipping: 4.50 GBP -> 0.00 GBP after shipping ("Free delivery" -4.50 GBP), tax 0.00 GBP',
            'charge by "Wrapping": 2.00 GBP gift wrap',
            'gift by "Mug": 1 MUG',
            "net 135.00 GBP, shipping 0.00 GBP, charges 2.00 GBP, tax 22.50 GBP included, total 137.00 GBP",
        ),
    ),
)


@pytest.mark.parametrize(("sent", "words"), [row[1:] for row in WHYS], ids=[row[0] for row in WHYS])
def test_an_offer_says_what_it_did_or_why_not(sent: dict[str, Any], words: tuple[str, ...]) -> None:
    text = told(sent)
    for each in words:
        assert each in text, text


ALONE = (
    TEXT.replace('group seasons { best per basket in order "Spring", "Summer" }\n', "")
    .replace("  competes in seasons\n", "")
    .replace("all in order seasons,", 'all in order "Spring", "Summer",')
    .replace("take 5 GBP off the total of lines\n", "take 5 GBP off the total of lines\n  combines with nothing\n")
)


def test_refused_consent_names_who_refused() -> None:
    explanation = load([Source("alone.rules", ALONE)]).explain({**BASKET, "codes": ["SPRING20", "SUMMER"]})
    summer = next(each for each in explanation.offers if each.rule == "Summer")
    assert (summer.why, summer.because) == ('consent refused by "Second half price"', "the two do not combine")
    assert [code.reason for code in explanation.codes] == ["", "shut out by Second half price"]


def test_an_explanation_is_its_json() -> None:
    explanation = checkout().explain({**BASKET, "codes": ["SPRING20"]})
    found = json.loads(explanation.to_json())
    assert [each["rule"] for each in found["offers"]][:2] == ["Second half price", "Spring"]
    assert found["codes"] == [{"code": "SPRING20", "rules": ["Spring"], "reason": "", "public": ""}]
    assert found["price"]["lines"][0]["steps"][1] == {
        "stage": "basket", "price": "40.00 GBP", "taken": ['"Spring" -10.00 GBP'],
    }  # fmt: skip


def test_the_schema_asks_for_currencies() -> None:
    schema = event_schema(checkout().core, "order")
    price = schema["properties"]["lines"]["items"]["properties"]["price"]
    assert [each["properties"]["currency"]["const"] for each in price["anyOf"]] == ["GBP", "JPY"]
