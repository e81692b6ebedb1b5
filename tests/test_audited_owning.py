"""Cases that an audit of owning found wrong, each worked out by hand."""

from __future__ import annotations

from typing import ClassVar

import pytest
from msgspec.structs import replace

from rules_engine import Program, Source, check, load
from rules_engine.backends.python import Python
from rules_engine.outcome import EventRefused, People
from rules_engine.state import AMOUNT_MAX, Lot, State, add_lot
from tests.test_reference_owning import buy, core_of, day, lot, score, visit


def stepped(program: Program) -> dict[str, str]:
    """What the generated Python of a program hands to the reference."""
    assert isinstance(program.backend, Python)
    return program.backend.stepped


FEE = 'redeem "Fee" { on visit  deduct 80 points  at most 50 points per member per calendar year }'
OWED = 'redeem "Fee" { on visit  deduct 80 coins  at most 50 coins per member per calendar year }'


class TestDeduct:
    """What is there comes before what limits let through."""

    def test_a_limit_does_not_make_a_fixed_take_fit_the_balance(self) -> None:
        found = visit(FEE, lots=(lot("point", 60),))
        assert (found.fates["Fee"].why, found.left("point")) == ("nothing to give", [60])

    def test_a_limit_cuts_what_is_there(self) -> None:
        assert visit(FEE, lots=(lot("point", 80),)).left("point") == [30]

    def test_a_limit_cuts_what_may_be_owed(self) -> None:
        assert visit(OWED, lots=(lot("coin", 10),)).after.debts == {"coin": 40}

    def test_what_is_just_there_is_not_cut(self) -> None:
        rule = 'redeem "Fee" { on visit  deduct 25 points, up to balance of points }'
        for have, left in ((24, []), (25, []), (26, [1])):
            found = visit(rule, lots=(lot("point", have),))
            assert [take.cuts for take in found.fates["Fee"].takes] == [()]
            assert found.left("point") == left

    def test_a_debt_beyond_what_a_state_can_hold_is_refused(self) -> None:
        rule = 'redeem "Fee" { on visit  deduct 5 coins }'
        at_bound = State(debts={"coin": AMOUNT_MAX - 5})
        assert visit(rule, state=at_bound).after.debts == {"coin": AMOUNT_MAX}
        with pytest.raises(EventRefused) as refused:
            visit(rule, state=State(debts={"coin": AMOUNT_MAX - 4}))
        assert refused.value.faults[0].code == "V153"


def test_a_typed_event_that_is_refused_says_which_it_is() -> None:
    program = load([Source("a.rules", _TILL)])
    sent = program.event_type("sale")(id="S-1", who="m", day="2027-02-30", n=1)
    with pytest.raises(EventRefused) as refused:
        program.score(sent, {})
    assert (refused.value.refused.event, refused.value.refused.id) == ("sale", "S-1")


def test_an_offer_that_is_worth_too_much_is_explained_by_that() -> None:
    program = load([Source("a.rules", _PAY)])
    sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "offered": "470", "price": "2.77"}
    stands = State(lots=[lot("point", 500)])
    said = program.explain(sent, {}, stands).text()
    assert "nothing to give: it is worth more than what is to pay" in said
    assert "nothing to give: nothing is left to pay" in program.explain({**sent, "price": "0.00"}, {}, stands).text()


@pytest.mark.parametrize(
    "edge", ["on end of month  give 1 point", "on sale  give 1 point  at most 5 points per member per month"]
)
def test_a_bare_month_is_mended_by_the_calendar_month(edge: str) -> None:
    text = f'{_TILL}earn "Two" {{ {edge} }}\n'
    (found,) = check([Source("a.rules", text)]).diagnostics
    assert (found.code, found.help) == ("N101", "did you mean `calendar month`?")
    assert found.fix is not None
    start, end = found.fix.span
    assert check([Source("a.rules", text[:start] + found.fix.text + text[end:])]).ok


def test_the_mend_of_a_share_of_nothing_can_be_typed_in_a_redeem() -> None:
    text = _PAY.replace(", or nothing", ", up to 50%")
    (found,) = check([Source("a.rules", text)]).diagnostics
    assert (found.code, "`of net`" in found.help) == ("T349", True)
    assert check([Source("a.rules", text.replace("50%", "50% of net"))]).ok


_PAY = """language 1
program "Till" { currency GBP, rounded half up   split in proportion, odd pennies to the first }
unit point, points { rounded down   lasts forever }
event sale dated by day of who identified by id {
  id: text   who: member   day: date   offered: points? up to 900   price: money up to 9 GBP as list
}
redeem "Pay" { on sale   accept offered, worth 1 GBP per 100 points, or nothing }
"""
_TILL = """language 1
program "Till" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event sale dated by day of who identified by id { id: text   who: member   day: date   n: count up to 9 }
earn "One" { on sale   give 1 point }
"""


class TestFacts:
    """What a lot remembers is what its unit declares, and every evaluator says the same."""

    HEAD = """language 1
program "Till" { currency GBP, rounded half up   timezone "Europe/London" }
unit token, tokens { rounded down   lasts forever   remembers FACT }
event sale dated by day of who identified by id {
  id: text   who: member   day: date   n: count up to 90   part: rate   note: text up to 30   sort: x | y | z
}
earn "One" { on sale   give 1 token, with SAID }
"""

    @staticmethod
    def program(fact: str, said: str) -> Program:
        return load([Source("a.rules", TestFacts.HEAD.replace("FACT", fact).replace("SAID", said))])

    @pytest.mark.parametrize(
        ("fact", "said", "kept"),
        [
            ("f: count up to 90", "f: n", 7),
            ("f: count up to 180", "f: n * 2", 14),
            ("f: rate", "f: part", 250_000_000),
            ("f: rate", "f: 25%", 250_000_000),
            ("f: text up to 30", "f: note", "abc"),
            ("f: x | y | z", "f: sort", "y"),
            ("f: date", "f: day", 20_819),
        ],
    )
    def test_a_fact_is_kept_as_its_kind(self, fact: str, said: str, kept: object) -> None:
        program = self.program(fact, said)
        for each in (program, Program(program.core)):
            state = each.apply(None, each.score(self.SALE, {}))
            assert [lot.facts for lot in state.lots] == [{"f": kept}]
            assert each.state(state.to_json()) == state

    SALE: ClassVar = {
        "event": "sale", "id": "S-1", "who": "m", "day": "2027-01-01", "n": 7, "part": "0.25", "note": "abc",
        "sort": "y",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("fact", "said", "other", "reason"),
        [
            ("f: count up to 90", "f: n", {"high": 6}, "it is the number 7, and must be a whole number from 0 to 6"),
            (
                "f: text up to 30",
                "f: note",
                {"high": 2},
                "it is the text `abc`, and must be text of at most 2 characters",
            ),
            ("f: x | y | z", "f: sort", {"choices": ("x", "z")}, "it is the text `y`, and must be one of `x`, `z`"),
            ("f: rate", "f: part", {"kind": "count", "high": 9}, "it is no whole number"),
        ],
    )
    def test_a_fact_that_does_not_fit_refuses_the_event(
        self, fact: str, said: str, other: dict[str, object], reason: str
    ) -> None:
        """A text that checks has none; the engine is asked what it does with a core that has."""
        core = self.program(fact, said).core
        (unit,) = core.units
        narrow = replace(unit, remembers=(replace(unit.remembers[0], **other),))
        core = replace(core, units=(narrow,))
        for each in (Program(core, backend=Python(core)), Program(core)):
            with pytest.raises(EventRefused) as refused:
                each.score(self.SALE, {})
            assert [(fault.code, fault.message.partition("; ")[0]) for fault in refused.value.faults] == [
                ("V168", f"`One` gives a lot of `token` with `f`: {reason}")
            ]


class TestBounds:
    """Nobody holds more of a unit than an amount can be, so that nobody is stuck with it."""

    def test_the_award_that_goes_beyond_is_refused(self) -> None:
        program = load([Source("a.rules", _TILL)])
        sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "n": 1}
        for each in (program, Program(program.core)):
            held = State(lots=[Lot("point", AMOUNT_MAX - 3, 20_000, None, None, "One"), lot("point", 2)])
            full = each.apply(held, each.score(sent, {}, held))
            assert sum(lot.left for lot in full.lots) == AMOUNT_MAX
            assert each.state(full.to_json()) == full
            with pytest.raises(EventRefused) as refused:
                each.score(sent, {}, full)
            assert [(fault.code, fault.message) for fault in refused.value.faults] == [
                ("V169", "`One` would leave more of `point` than an amount can hold")
            ]
        assert "sale" not in stepped(program)

    def test_what_an_amount_can_just_be_is_held(self) -> None:
        rule = 'earn "One" { on visit  give 1 point }'
        full = visit(rule, state=State(lots=[lot("point", AMOUNT_MAX - 1)])).after
        assert sum(each.left for each in full.lots) == AMOUNT_MAX
        with pytest.raises(EventRefused):
            visit(rule, state=full)


def test_blocks_may_give_what_an_amount_can_just_be() -> None:
    rule = 'reward "Swap" { on visit  turn every full 1 point into %d coins }'
    assert (
        visit(rule % (AMOUNT_MAX // 3), lots=(lot("point", 3),)).left("coin") == [AMOUNT_MAX // 3 * 3] == [AMOUNT_MAX]
    )
    with pytest.raises(EventRefused) as refused:
        visit(rule % (AMOUNT_MAX // 3 + 1), lots=(lot("point", 3),))
    assert refused.value.faults[0].code == "V153"


@pytest.mark.parametrize(("have", "cuts"), [(99, ()), (100, ()), (149, ()), (150, ("up to",))])
def test_blocks_are_cut_where_they_would_give_more_than_is_allowed(have: int, cuts: tuple[str, ...]) -> None:
    rule = 'reward "Swap" { on visit  turn every full 50 points into 2 coins, up to 4 coins }'
    found = visit(rule, lots=(lot("point", have),))
    assert [take.cuts for take in found.fates["Swap"].takes] == [cuts]
    assert found.left("coin") == [min(have // 50, 2) * 2]


class TestTurningBlocks:
    """`up to`, steps and limits hold for all blocks of `every full` together."""

    @pytest.mark.parametrize(
        ("into", "taken", "given"),
        [
            ("0.50 vouchers", 250, 250),
            ("0.50 vouchers, up to 1 voucher", 100, 100),
            ("0.50 vouchers, up to 1.20 vouchers", 100, 100),
            ("2 coins, in steps of 4 coins", 200, 8),
            ("2 coins, in steps of 5 coins", 250, 10),
            ("2 coins, in steps of 4 coins, up to 7 coins", 100, 4),
        ],
    )
    def test_blocks(self, into: str, taken: int, given: int) -> None:
        found = visit(
            f'reward "Blocks" {{ on visit  turn every full 50 points into {into} }}', lots=(lot("point", 260),)
        )
        assert (found.taken(), found.given()) == ({"Blocks": taken}, {"Blocks": given})


class TestGifts:
    """What a rule takes and gives of one unit counts once under its limits."""

    def test_a_gift_is_handed_over_whole(self) -> None:
        rule = """reward "Gift" {
          on visit  when has asked  deduct asked, or nothing  give asked, to friend
          at most 500 points per member per calendar year
        }"""
        people = People(states={"f": State()}, facts={"f": {"family": None, "staff": False}})
        first = visit(rule, lots=(lot("point", 900),), asked="300", friend="f", people=people)
        assert (first.taken(), first.given()) == ({"Gift": 300}, {"Gift": 300})
        assert list(first.after.limits.values()) == [{day("2027-01-01"): 300}]
        again = visit(rule, state=first.after, asked="201", friend="f", people=people)
        assert (again.taken(), again.given()) == ({"Gift": 0}, {"Gift": 0})
        rest = visit(rule, state=first.after, asked="200", friend="f", people=people)
        assert (rest.taken(), rest.given()) == ({"Gift": 200}, {"Gift": 200})


class TestFloors:
    """A least balance below zero lets so much be owed."""

    @pytest.mark.parametrize(("asked", "owed"), [(3, {"coin": 3}), (10, {"coin": 10}), (11, {})])
    def test_what_may_be_owed(self, asked: int, owed: dict[str, int]) -> None:
        core = core_of(f'redeem "Fee" {{ on visit  deduct {asked} coins }}', "")
        units = tuple(replace(unit, floor=-10) if unit.name == "coin" else unit for unit in core.units)
        found = score(replace(core, units=units), {"event": "visit", "milestone": 0}, ())
        assert found.after.debts == owed


class TestOrderOfLots:
    """Which lot is used first hangs on no order of the text."""

    def test_lots_of_one_day_stand_as_they_came_and_those_of_one_event_by_rule(self) -> None:
        rules = ['earn "B" { on visit  give 2 choices, with milestone: 4 }',
                 'earn "A" { on visit  give 3 choices, with milestone: 9 }']  # fmt: skip
        for text in (rules, rules[::-1]):
            assert [lot.source for lot in visit("\n".join(text)).after.lots] == ["A", "B"]
        both = [
            'earn "A" { on visit  give 1 choice, with milestone: 1 }',
            'reward "0" { on visit  give 1 choice, with milestone: 2 }',
        ]
        assert [lot.source for lot in visit("\n".join(both)).after.lots] == ["0", "A"]
        lots = [lot("choice", 1, source="Z")]
        for price in (9_000, 12_000, 7_000, 9_000):
            add_lot(lots, lot("choice", 1, facts={"price": price}))
        assert [(each.facts["price"], each.left) for each in lots[1:]] == [(9_000, 2), (12_000, 1), (7_000, 1)]
        assert lots[0].source == "Z", "a lot of an earlier event stays before those that came later"


def test_an_event_priced_in_points_leaves_nothing_to_pay_in_money() -> None:
    program = load([Source("a.rules", _NIGHT)])
    sent = {"event": "night", "id": "N-1", "who": "m", "day": "2027-03-01"}
    found = program.score(sent, {}, State(lots=[lot("point", 900)]))
    assert found.price is not None
    assert ([each.taken for each in found.taken], found.price.total, found.to_pay) == ([300], 300, None)


def test_a_code_to_which_nothing_is_offered_says_so() -> None:
    rule = 'redeem "Pay" { on purchase with code "PAY"  accept points_offered, worth 1 GBP per 100 points }'
    found = buy(rule, codes=["PAY"])
    assert [(code.reason, code.public) for code in found.outcome.codes] == [("nothing offered", "not for this order")]
    assert found.fates["Pay"].why == "nothing offered"


def test_what_says_of_lines_pays_lines_alone() -> None:
    paid = 'redeem "Pay" {{ on purchase  accept points_offered, worth 1 GBP per 100 points, up to {} }}'
    for cap, parts in (
        ("net of lines", (1000, 0, 0, 0)),
        ("net", (750, 250, 0, 0)),
        ("50% of net of lines", (500, 0, 0, 0)),
    ):
        found = buy(paid.format(cap), lots=(lot("point", 2000),), points_offered="1000", post="3.33")
        assert found.found.payments[0].parts == parts


def test_a_gift_to_nobody_says_who_is_nobody() -> None:
    program = load([Source("a.rules", _PAY.replace("offered: points?", "friend: member?   offered: points?").replace(
        'redeem "Pay"', 'earn "Gift" { on sale  give 5 points, to friend }\nredeem "Pay"'))])  # fmt: skip
    sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "price": "2.77"}
    assert "nothing offered: `friend` names nobody" in program.explain(sent, {}).text()


def test_rates_of_two_currencies_are_each_of_their_own() -> None:
    program = load([Source("a.rules", _TWO)])
    for currency, given in (("GBP", 14), ("USD", 28)):
        line = {"sku": "a", "price": {"amount": "14.00", "currency": currency}}
        sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "lines": [line]}
        found = program.score(sent, {})
        assert [(award.given, len(award.weights)) for award in found.awards] == [(given, 1)]


def test_a_household_s_state_is_read_back_as_it_was_stored() -> None:
    program = load([Source("a.rules", _HOME)])
    pool = State(lots=[Lot("mile", 5, 20_000, None, None, "One")])
    sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "n": 1}
    assert program.state(pool.to_json(), pool=True) == pool
    told = {"home": "h"}
    assert program.score(sent, told, pool=pool.to_json()) == program.score(sent, told, pool=pool)  # type: ignore[arg-type]
    with pytest.raises(EventRefused, match="kept in the state of a household"):
        program.state(pool.to_json())


class TestHandedOver:
    """What generated Python once left out by mistake."""

    def test_a_code_of_an_earn_is_asked_for(self) -> None:
        program = load([Source("a.rules", _CODED)])
        sent = {"event": "sale", "id": "S-1", "who": "m", "day": "2027-02-03", "codes": []}
        for codes, given in (([], {}), (["TEN"], {"point": 10})):
            asked = {**sent, "codes": codes}
            assert program.score(asked, {}).totals == given
            assert program.score(asked, {}) == Program(program.core).score(asked, {})
        assert "sale" not in stepped(program)

    def test_what_is_due_and_not_settled_keeps_its_occurrence(self) -> None:
        program = load([Source("a.rules", _MONTHLY)])
        plain, state = Program(program.core), None
        for number, month in enumerate(("01", "02", "03", "04")):
            sent = {"event": "sale", "id": f"S-{number}", "who": "m", "day": f"2027-{month}-03", "n": 5}
            found = program.score(sent, {}, state)
            assert found == plain.score(sent, {}, state)
            state = program.apply(state, found)
        assert state is not None
        assert len(state.tracks["bought"]) == 4, "no month is forgotten before it is settled"
        assert "sale" not in stepped(program)


_NIGHT = """language 1
program "Inn" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever   balance at least 0 }
event night dated by day of who identified by id priced by offers in points { id: text   who: member   day: date }
catalogue offer "Night" { on night   automatic   price each unit at 300 points }
redeem "Deduct" { on night   deduct net }
"""
_TWO = """language 1
program "Till" { currency GBP, USD, rounded half up }
unit star, stars { rounded down   lasts forever }
event sale dated by day of who identified by id {
  id: text   who: member   day: date
  lines 0 to 9 { sku: text as id   price: money up to 9_000 GBP or 9_000 USD as list }
}
earn "One" { on sale   give by currency { GBP: 1 star per full 1 GBP of net   USD: 2 stars per full 1 USD of net } }
"""
_HOME = """language 1
program "Till" { currency GBP, rounded half up }
unit mile, miles { held by household   rounded down   lasts forever }
event sale dated by day of who identified by id { id: text   who: member   day: date   n: count up to 9 }
member { home: text? as household }
earn "One" { on sale   give 1 mile }
"""
_CODED = """language 1
program "Till" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event sale dated by day of who identified by id { id: text   who: member   day: date   codes: codes up to 3 }
earn "Ten" { on sale with code "TEN"   give 10 points }
"""
_MONTHLY = """language 1
program "Till" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event sale dated by day of who identified by id { id: text   who: member   day: date   n: count up to 9 }
track bought = sum of n, on sale, per calendar month
reward "Month" { on end of calendar month   when bought >= 5   give 1 point }
"""
