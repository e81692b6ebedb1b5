"""Cases that an audit of owning found wrong, each worked out by hand."""

from __future__ import annotations

import pytest

from rules_engine import Source, check, load
from rules_engine.outcome import EventRefused
from rules_engine.state import AMOUNT_MAX, State
from tests.test_reference_owning import lot, visit

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
