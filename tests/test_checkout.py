"""A checkout as a host meets it: prices, codes, shared counters, currencies, and why, through every door."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pytest

from rules_engine import Source, load, tree
from rules_engine.decoding import event_schema
from rules_engine.outcome import EventRefused, Fault, LinePrice, Outcome, Refused
from rules_engine.parsing import parse
from rules_engine.scoring import Program
from rules_engine.state import Holding, Lot, Shared, State
from rules_engine.values import Money
from rules_engine.workbench import TestCase, run_tests
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


# ---- codes that cannot count ----

TYPED = ["spring-20", "", "SPRING 20", " - ", "spring20"]
AGAIN = ("presented before", "already used")
BLANK = ("blank", "not valid")


def became(outcome: Outcome) -> list[tuple[str, str]]:
    return [(code.reason, code.public) for code in outcome.codes]


def test_a_code_that_is_typed_twice_acts_once() -> None:
    sent = {**BASKET, "codes": TYPED}
    outcome = checkout().score(sent)
    assert [code.code for code in outcome.codes] == TYPED
    assert outcome.codes[0].rules == ("Spring",)
    assert became(outcome) == [("", ""), BLANK, AGAIN, BLANK, AGAIN]
    once = checkout().score({**sent, "codes": ["spring-20"]})
    assert (outcome.discounts, outcome.price, outcome.reserved) == (once.discounts, once.price, once.reserved)


NO_CODES: tuple[tuple[list[str], list[str], tuple[str, str]], ...] = (
    (["NIX", "nix"], ["NIX", "nix"], AGAIN),
    (["SPRING20", "SPRING20"], ["SPRING20", "SPRING20"], AGAIN),
    (["spring20", "ｓｐｒｉｎｇ２０"], ["spring20", "ｓｐｒｉｎｇ２０"], AGAIN),
    (["SUMMER", "\u2013"], ["SUMMER", "\u2013"], BLANK),
    (["SPRING20", "x" * 256], ["SPRING20", "x" * 256], ("unknown code", "not valid")),
    (["SPRING20", "x" * 257], ["SPRING20", "x" * 256 + "\u2026"], ("too long", "not valid")),
    (["SUMMER", "SPRING20" + " " * 500], ["SUMMER", "SPRING20" + " " * 248 + "\u2026"], ("too long", "not valid")),
    (["x" * 300, "x" * 300], ["x" * 256 + "\u2026"] * 2, ("too long", "not valid")),
    (["SUMMER", "SPRING20\0"], ["SUMMER", "SPRING20\ufffd"], ("unprintable", "not valid")),
    (["SPRING20\n", "spring20"], ["SPRING20 ", "spring20"], AGAIN),
)


@pytest.mark.parametrize(("codes", "told", "last"), NO_CODES, ids=[str(number) for number in range(len(NO_CODES))])
def test_every_door_answers_a_code_that_cannot_count(codes: list[str], told: list[str], last: tuple[str, str]) -> None:
    sent = {**BASKET, "codes": codes}
    outcome = checkout().score(sent)
    assert [code.code for code in outcome.codes] == told
    assert became(outcome)[-1] == last
    assert checkout().score(msgspec.convert(sent, checkout().event_type("order"))) == outcome
    assert checkout().score(checkout().event(sent)) == checkout().score(checkout().event(json.dumps(sent).encode()))
    answered = checkout().score_json(json.dumps({"event": sent}).encode())
    assert msgspec.json.decode(answered, type=Outcome) == outcome
    assert list(checkout().score_many([sent])) == list(checkout().score_many([json.dumps(sent).encode()])) == [outcome]
    explained = checkout().explain(sent)
    assert explained.outcome == outcome
    assert [(each.reason, each.public) for each in explained.codes] == became(outcome)


ONE_CURRENCY = """language 1

program "One currency" {
  currency  GBP, rounded half up
  split     in proportion, odd pennies to the largest remainder
  stacking  { basket: all in order "Spring", "Summer" }
}

event order dated by placed_on of customer identified by number {
  number: text   customer: member?   placed_on: date   codes: codes up to 5
  lines 0 to 9 { id: text as id   price: money up to 900 GBP as list }
}

basket offer "Spring" { on order   with code "SPRING20"   take 20% of current off each line }
basket offer "Summer" { on order   with code "SUMMER"   take 10% of current off each line }
"""


@pytest.mark.parametrize(("codes", "told", "last"), NO_CODES, ids=[str(number) for number in range(len(NO_CODES))])
def test_generated_code_says_the_same_of_codes(codes: list[str], told: list[str], last: tuple[str, str]) -> None:
    program = load([Source("one.rules", ONE_CURRENCY)])
    assert program.backend.stepped == {}  # type: ignore[attr-defined]
    lines = [{"id": "a", "price": "10.00"}]
    sent = {"event": "order", "number": "O1", "placed_on": "2027-03-31", "codes": codes, "lines": lines}
    outcome = program.score(sent)
    assert [code.code for code in outcome.codes] == told
    assert became(outcome)[-1] == last
    assert program.explain(sent).outcome == outcome


def test_more_codes_than_are_declared_and_what_is_no_text_refuse_the_event() -> None:
    with pytest.raises(EventRefused, match="6 items; at most 5"):
        checkout().score({**BASKET, "codes": ["A"] * 6})
    with pytest.raises(EventRefused, match="item 2: the list cannot be the number 5"):
        checkout().score({**BASKET, "codes": ["A", 5]})


RULE_TEST = """
test "a code typed twice" {
  when order { placed_at: 2027-03-31 10:00   delivery_tax: 20%   codes: ("spring-20", "NIX", "", "SPRING20")
    lines | id  | kind | pieces | price     | tax |
          | "a" | food | 1      | 10.00 GBP | 0%  | }
  then "Spring" 2.00 GBP, code "NIX" refused because "unknown code", code "" refused because "blank"
}
"""


def test_the_test_of_a_rule_file_may_present_a_code_twice() -> None:
    source = Source("checkout.rules", TEXT + RULE_TEST)
    (test,) = (each for each in parse(source).file.declarations if isinstance(each, tree.TestDecl))
    (result,) = run_tests(load([source]), [TestCase(source, test)])
    assert result.findings == ()


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


TIMES = "Spring: times in total"
BROKEN: tuple[tuple[Any, str], ...] = (
    (Shared({TIMES: {0: -5}}), "V158"),
    (Shared({TIMES: {0: 1.5}}), "V158"),  # type: ignore[dict-item]
    (Shared({TIMES: {0: True}}), "V158"),
    (Shared({TIMES: {0: None}}), "V158"),  # type: ignore[dict-item]
    (Shared({TIMES: {0: 2**62}}), "V158"),
    (Shared({TIMES: {10**9: 1}}), "V158"),
    (Shared({TIMES: {"x": 1}}), "V158"),  # type: ignore[dict-item]
    (Shared({TIMES: None}), "V158"),  # type: ignore[dict-item]
    (Shared({TIMES: 3}), "V158"),  # type: ignore[dict-item]
    (Shared({TIMES: object()}), "V158"),  # type: ignore[dict-item]
    (Shared([]), "V158"),  # type: ignore[arg-type]
    (Shared(None), "V158"),  # type: ignore[arg-type]
    (Shared(version=2), "V157"),
    (5, "V100"),
    ([], "V100"),
)


def streamed(sent: dict[str, Any], shared: Shared) -> tuple[Fault, ...]:
    """The faults of the one event of a stream, or of its counters as a whole, before the first event."""
    try:
        (result,) = checkout().score_many([sent], shared=shared)
    except EventRefused as early:
        return early.faults
    return result.faults if isinstance(result, Refused) else ()


@pytest.mark.parametrize(("shared", "code"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_shared_counters_made_in_python_are_checked_where_they_are_read(shared: Any, code: str) -> None:
    sent = {**BASKET, "codes": ["spring20"]}
    for call in (checkout().score, checkout().explain):
        with pytest.raises(EventRefused) as refusal:
            call(sent, shared=shared)
        assert [fault.code for fault in refusal.value.faults] == [code]
    if isinstance(shared, Shared):
        assert streamed(sent, shared) == refusal.value.faults
    else:
        with pytest.raises(TypeError, match="`shared` is moved along in place, so it must be a `Shared`, not"):
            checkout().score_many([sent], shared=shared)


def test_shared_counters_that_only_look_odd_are_read() -> None:
    sent = {**BASKET, "codes": ["spring20"]}
    odd: Any = {TIMES: {"0": 1}}
    shared = Shared(odd)
    assert checkout().score(sent, shared=shared).reserved[0].before == 1
    assert shared == Shared(odd)
    list(checkout().score_many([sent], shared=shared))
    assert shared.limits == {TIMES: {0: 2}}


def test_counters_that_go_wrong_later_are_seen() -> None:
    sent = {**BASKET, "codes": ["spring20"]}
    shared = Shared({TIMES: {0: 1}})
    checkout().score(sent, shared=shared)
    shared.limits[TIMES] = {0: -1}
    with pytest.raises(EventRefused, match="-1 was used of a limit"):
        checkout().score(sent, shared=shared)


def test_counters_that_the_event_does_not_read_are_not_looked_at() -> None:
    shared = Shared({"Of another program": {0: -5}})
    assert checkout().score({**BASKET, "codes": ["spring20"]}, shared=shared).codes[0].rules == ("Spring",)


BROKEN_STATES: tuple[tuple[Any, str], ...] = (
    (State(limits={"x": {0: -5}}), "V131"),
    (State(limits={"x": {0: 1.5}}), "V131"),  # type: ignore[dict-item]
    (State(tracks={"x": {0: 1}}), "V132"),
    (State(tracks=[]), "V131"),  # type: ignore[arg-type]
    (State(lots=[object()]), "V131"),  # type: ignore[list-item]
    (State(lots=[Lot("point", 5, 20_000, None, None, "x")]), "V132"),
    (State(holdings=[Holding("Gold", 20_000, None, "x")]), "V132"),
    (State(day="x"), "V131"),  # type: ignore[arg-type]
    (State(version=9), "V130"),
    (5, "V100"),
)


@pytest.mark.parametrize(("state", "code"), BROKEN_STATES, ids=[str(number) for number in range(len(BROKEN_STATES))])
def test_a_state_made_in_python_is_checked(state: Any, code: str) -> None:
    sent = {**BASKET, "customer": "m"}
    for call in (checkout().score, checkout().explain):
        with pytest.raises(EventRefused) as refusal:
            call(sent, {}, state)
        assert [fault.code for fault in refusal.value.faults] == [code]
    (result,) = checkout().score_many([sent], {"m": {}}, {"m": state})
    assert isinstance(result, Refused)
    fields = [fault.field for fault in refusal.value.faults]
    assert [(fault.code, fault.field) for fault in result.faults] == [(code, field) for field in fields]
    with pytest.raises(TypeError, match="`states` is moved along in place, so it must be a dictionary"):
        checkout().score_many([sent], states=[state])  # type: ignore[arg-type]


def test_a_state_is_looked_at_once_and_one_that_was_applied_is_good() -> None:
    program, sent = checkout(), {**BASKET, "customer": "m"}
    state = program.apply(None, program.score(sent, {}))
    assert program.score(sent, {}, state) == program.score(sent, {}, program.state(state.to_json()))


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
        '├─ "Summer": not applied, lost to "Spring" in group seasons: it took more  (checkout.rules:34)',
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
    refused = 'refuses consent with "Second half price"'
    assert (summer.why, summer.because) == (
        refused,
        'its own list does not have "Second half price", which acted before',
    )
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
