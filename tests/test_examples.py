"""The examples: their own tests pass, their samples are what their generators make, and what they print is recorded.

Where a data set is there, the example runs on it too, and the counts of its `SOURCE.md` come out; where it is not, that
test is skipped with the reason. The gift shop's cancellations have a file of their own, `test_retail_returns`.
"""

from __future__ import annotations

import filecmp
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

import examples.airline.make_sample
import examples.hotel.make_sample
import examples.marketplace.make_sample
import examples.retail.make_sample
import examples.shop.make_sample
import examples.status_match.make_sample
from examples.airline import run as airline
from examples.hotel import prepare
from examples.hotel import run as hotel
from examples.marketplace import run as marketplace
from examples.replay import DATA, Replay
from examples.retail import demo as retail
from examples.retail import prepare as prepare_retail
from examples.shop import run as shop
from examples.status_match import run as status_match
from rules_engine.backends.reference import Reference
from rules_engine.formatting import format_source
from rules_engine.outcome import Outcome
from rules_engine.parsing import parse
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import Shared, State
from tests import example_models, retail_model
from tests.told_pages import page_is_true, terms_hold

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NAMES = ("airline", "hotel", "marketplace", "retail", "shop", "status_match")
COVERED = {"marketplace": 100, "retail": 100, "shop": 100}
Main = Callable[[list[str]], object]


def _needs(folder: str) -> Path:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data set {folder} is not here: put it under ../shared/data to run this")
    return DATA


# ---- rule files ----


@pytest.mark.parametrize("name", NAMES)
def test_the_terms_hold_what_their_tests_say(name: str) -> None:
    terms_hold(EXAMPLES / name, COVERED.get(name, 0))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.rules")), ids=lambda path: path.name)
def test_rule_files_are_formatted(path: Path) -> None:
    source = Source.read(path)
    assert format_source(source, parse(source)) == source.text


# ---- samples ----


@pytest.mark.parametrize(
    ("main", "name", "files"),
    [
        (examples.retail.make_sample.main, "retail", ("sample.csv",)),
        (examples.hotel.make_sample.main, "hotel", ("sample.csv",)),
        (examples.status_match.make_sample.main, "status_match", ("sample.ndjson",)),
        (examples.marketplace.make_sample.main, "marketplace", ("sample.ndjson", "sample_members.csv")),
        (examples.shop.make_sample.main, "shop", ("sample.ndjson", "sample_members.csv", "sample_returns.ndjson")),
        (examples.airline.make_sample.main, "airline", ("sample.csv", "sample_members.csv")),
    ],
)
def test_generators_make_the_samples(main: Main, name: str, files: tuple[str, ...], tmp_path: Path) -> None:
    main([str(tmp_path if len(files) > 1 else tmp_path / files[0])])
    for file in files:
        assert filecmp.cmp(tmp_path / file, EXAMPLES / name / file, shallow=False)


@pytest.mark.parametrize(
    ("main", "arguments", "name"),
    [
        (retail.main, ["--sample"], "retail"),
        (hotel.main, ["--sample"], "hotel"),
        (airline.main, ["--sample"], "airline"),
        (status_match.main, [], "status_match"),
        (marketplace.main, [], "marketplace"),
        (shop.main, [], "shop"),
    ],
)
def test_samples_print_what_is_recorded(
    main: Main,
    arguments: list[str],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    update_golden: bool,
) -> None:
    """What differs from run to run, the time taken and the fingerprint, is left out, and so is the explanation."""
    monkeypatch.chdir(EXAMPLES.parent)
    main([*arguments, "--out", str(tmp_path / "points.csv")] if name == "airline" else arguments)
    lines = capsys.readouterr().out.partition("\nwhy order")[0].splitlines(keepends=True)
    printed = "".join(line for line in lines if " seconds" not in line and "fingerprint" not in line)
    expected = EXAMPLES / name / "expected.txt"
    if update_golden:
        expected.write_text(printed, encoding="utf-8")
    assert printed == expected.read_text(encoding="utf-8")


def test_an_example_says_aloud_that_its_data_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hotel.main(["--data", str(tmp_path)])
    assert "scoring the sample, because the data set hotel_bookings is not here" in capsys.readouterr().out


def test_the_demo_explains_an_order_that_several_rules_met(capsys: pytest.CaptureFixture[str]) -> None:
    """Every rule is named, with its amount or why not, and the limit that cut says what it left."""
    retail.main(["--sample"])
    told = capsys.readouterr().out.partition("\nwhy order ")[2]
    assert told.startswith("500042 got what it got:")
    for title in ("Points", "Double points off season", "Tier bonus", "Tenth order"):
        assert f'"{title}": ' in told
    assert "at most 1_000 points per member per calendar month" in told
    assert "50 points left" in told
    assert "Gold" in told


def test_every_row_of_the_sample_equals_the_airlines_books(tmp_path: Path) -> None:
    activity, members = airline.files(None)
    replay, points = airline.score(activity, members)
    assert replay.tally.read.rows == 2_472
    assert airline.write(tmp_path / "points.csv", activity, points) == 2_472


def test_a_refused_row_has_no_points(tmp_path: Path) -> None:
    """A row that the boundary refuses leaves its place empty, and is not counted as equal."""
    activity, members = airline.files(None)
    broken = tmp_path / "sample.csv"
    rows = activity.read_text(encoding="utf-8-sig").splitlines()
    broken.write_text("\n".join([rows[0], "999999,2018,2,1,100,10", *rows[2:10]]) + "\n", encoding="utf-8")
    replay, points = airline.score(broken, members)
    assert (replay.tally.rejected.rows, points[0], len(points)) == (1, "", 9)
    assert airline.write(tmp_path / "points.csv", broken, points) == 8


def _given(outcomes: Iterable[tuple[object, Outcome]]) -> dict[str, dict[str, int]]:
    return {outcome.id: {award.rule: award.given for award in outcome.awards if award.given} for _, outcome in outcomes}


def test_the_gift_shops_sample_equals_a_model_by_hand_where_nothing_is_cancelled() -> None:
    folder = EXAMPLES / "retail"
    model = retail_model.history(folder / "sample.csv", folder / "not_goods.csv", with_returns=False)
    assert _given(Replay(load(folder)).run(prepare_retail.orders(None))) == model.given


def test_the_hotels_sample_equals_a_model_by_hand() -> None:
    model = example_models.hotels(EXAMPLES / "hotel" / "sample.csv")
    assert _given(Replay(load(EXAMPLES / "hotel")).run(prepare.stays(prepare.bookings(None)))) == model


# ---- offers: the marketplace and the shop ----


def _money(outcomes: Iterable[Outcome]) -> dict[str, Counter[str]]:
    """What each rule took off, added or gave in each order, with what is to be paid; what is nothing is left out."""
    found = {}
    for outcome in outcomes:
        given = found[outcome.id] = Counter({award.rule: award.given for award in outcome.awards})
        for discount in outcome.discounts:
            given[discount.rule] += discount.given
        for gift in outcome.gifts:
            given[gift.rule] += gift.count
        assert outcome.price is not None
        given["total"], given["tax"] = outcome.price.total, outcome.price.tax
        found[outcome.id] = +given
    return found


def test_the_marketplaces_sample_equals_a_model_by_hand() -> None:
    festival = marketplace.score()
    assert (len(festival.sent), len(festival.outcomes), len(festival.refused)) == (120, 117, 3)
    given = _money(festival.outcomes)
    codes = {
        outcome.id: {f"code {code.code}": int(bool(code.rules)) for code in outcome.codes}
        for outcome in festival.outcomes
    }
    model = example_models.marketplace(EXAMPLES / "marketplace")
    assert {order: {**given[order], **codes[order]} for order in given} == model
    assert {rule for found in given.values() for rule in found} >= {offer.key for offer in festival.program.core.offers}


def test_the_budget_of_the_festival_is_what_the_orders_drew_on_it() -> None:
    festival = marketplace.score()
    drawn = Counter[str]()
    for found in _money(festival.outcomes).values():
        drawn.update(found)
    assert festival.shared.limits["Hello 20: CNY in total"] == {0: drawn["Hello 20"]}
    assert (
        festival.shared.limits["Cream with two serums: times in total"] == {0: drawn["Cream with two serums"]} == {0: 6}
    )
    assert drawn["Hello 20"] <= 100_00
    reasons = {
        code.reason.partition(" Every")[0].partition(" Spend")[0] for each in festival.outcomes for code in each.codes
    }
    assert reasons >= {"", "used up", "unknown code", "conditions not met", "not before 2027-11-01", "shut out by"}


def test_the_shops_year_and_its_refunds_equal_a_model_by_hand() -> None:
    till, returned = shop.sell_all()
    assert (len(till.sold), len(till.refused)) == (118, 2)
    given, refunds = example_models.tiered_shop(EXAMPLES / "shop")
    assert _money(sold.outcome for sold in till.sold.values()) == given
    assert [back.refund for _, _, back in returned] == refunds
    assert {rule for found in given.values() for rule in found} >= {offer.key for offer in till.program.core.offers}
    assert {str(sold.outcome.before["tier"]) for sold in till.sold.values() if sold.outcome.member} == {
        "Leaf", "Twig", "Branch", "Tree",
    }  # fmt: skip


def test_what_comes_back_whole_comes_back_for_what_was_paid() -> None:
    till, _ = shop.sell_all()
    for sold in till.sold.values():
        kept = Counter({line["sku"]: line["pieces"] for line in sold.event["lines"]})
        for back in sold.returns:
            kept.subtract({line.id: line.count for line in back.lines})
        if rest := +kept:
            till.take_back(sold.outcome.id, dict(rest))
        assert sold.outcome.price is not None
        assert sum(back.refund for back in sold.returns) == sold.outcome.price.total


def _by_the_reference(program: Program) -> Program:
    return Program(program.core, program.sources, Reference(program.core), program.fingerprint)


def test_the_reference_gives_the_same_festival() -> None:
    festival, states, shared = marketplace.score(), dict[str, State](), Shared()
    again = _by_the_reference(festival.program).score_many(festival.sent, festival.members, states, shared=shared)
    assert tuple(again) == festival.results
    assert (states, shared) == (festival.states, festival.shared)


def test_the_reference_gives_the_same_year() -> None:
    till, returned = shop.sell_all()
    slow = shop.Till(_by_the_reference(till.program), till.members)
    for sold in till.sold.values():
        slow.sell(sold.event)
    assert {order: sold.outcome for order, sold in slow.sold.items()} == {
        order: sold.outcome for order, sold in till.sold.items()
    }
    for order, pieces, back in returned:
        assert slow.take_back(order, pieces) == back


@pytest.mark.parametrize("name", ["marketplace", "shop"])
def test_what_their_pages_show_is_what_is_printed(name: str, tmp_path: Path, update_golden: bool) -> None:
    page_is_true(EXAMPLES / name / "README.md", tmp_path, update_golden)


# ---- hotel guests and nights ----


def test_guests_are_dealt_by_the_stated_rule() -> None:
    dealt = [prepare.guest(str(row), repeated=False) for row in range(1, 6)]
    assert dealt == [None, "guest-22372", "guest-11843", None, "guest-16132"]
    assert prepare.guest("1", repeated=True) == "regular-095"


def test_a_stay_has_a_line_for_each_night() -> None:
    booking = {"folio": "7", "hotel": "city", "arrival": "2016-02-28", "rate": "59.50", "repeated": True}
    stay = prepare.stay(booking | {"weekend_nights": 1, "week_nights": 1})
    assert (stay["check_in"], stay["check_out"]) == ("2016-02-28", "2016-03-01")
    assert [line["night"] for line in stay["lines"]] == ["2016-02-28", "2016-02-29"]
    assert prepare.stay(booking | {"weekend_nights": 0, "week_nights": 0})["lines"] == []


# ---- real data ----


def test_some_rows_of_the_campaign_equal_the_airlines_books() -> None:
    """The end of February and the beginning of March 2018; the whole file is a longer run."""
    some = slice(235_000, 239_000)
    activity, members = airline.files(_needs("airline_loyalty"))
    replay, points = airline.score(activity, members, some)
    assert replay.tally.scored.rows == 4_000
    rows = list(islice(airline.booked(activity), some.start, some.stop))
    assert {(row["Year"], row["Month"]) for row in rows} >= {("2018", "2"), ("2018", "3")}
    assert [Decimal(given) for given in points] == [Decimal(row["Points Accumulated"]) for row in rows]


@pytest.mark.long
def test_every_row_equals_the_airlines_books(tmp_path: Path) -> None:
    activity, members = airline.files(_needs("airline_loyalty"))
    replay, points = airline.score(activity, members)
    assert replay.tally.scored.rows == len(points) == 405_624
    assert airline.write(tmp_path / "points.csv", activity, points) == 405_624


def test_every_booking_is_accounted_for_and_equals_the_model() -> None:
    data = _needs("hotel_bookings")
    replay = Replay(load(EXAMPLES / "hotel"))
    given = _given(replay.run(prepare.stays(prepare.bookings(data))))
    tally = replay.tally
    assert (tally.read.events, tally.scored.events, tally.rejected.events) == (119_390, 75_165, 1)
    assert {name: count.events for name, count in tally.set_aside.items()} == {
        "cancellations": 43_017,
        "no-shows": 1_207,
    }
    assert given == example_models.hotels(data / "hotel_bookings" / "hotel_bookings.csv.gz")
