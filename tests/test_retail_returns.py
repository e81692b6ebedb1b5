"""The gift shop's cancellations: which orders they cancel, what they take back, and that nothing is lost on the way.

Where the data set is there, its whole history is compared with the model written by hand; where it is not, that test is
skipped with the reason, and the made-up sample is compared.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.replay import DATA, Books
from examples.retail import demo, prepare
from examples.retail.prepare import Back, Matching
from rules_engine.backends.reference import Reference
from rules_engine.feeds import Count, FeedError, Read
from rules_engine.feeds.records import Fault
from rules_engine.outcome import Outcome
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from tests import example_models, retail_model

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "retail"
START = datetime.fromisoformat("2011-05-02T09:00:00+01:00")
GUEST, NOT_BOUGHT, TOO_MANY, REJECTED = prepare.GUEST, prepare.NOT_BOUGHT, prepare.TOO_MANY, prepare.REJECTED


# ---- whole histories, beside a model by hand ----


class Told:
    """A history as the demo replays it."""

    def __init__(self, data: Path | None, program: Program | None = None) -> None:
        program = program or load(FOLDER)
        reads = list(prepare.orders(data))
        matching = prepare.match(reads, prepare.cancellations(data))
        self.shop, self.report = demo.Shop(program, matching.backs), demo.Report(program)
        self.outcomes: dict[str, Outcome] = {}
        for read, outcome in self.shop.run(reads):
            self.report.add(read, outcome)
            self.outcomes[outcome.id] = outcome
        self.shop.take_back()
        for returned in self.shop.returned:
            self.report.take_back(returned)
        self.matching = matching.without(self.shop.rejected)
        self.matching.check()

    def equals(self, model: retail_model.History) -> None:
        """Every order, every return, every balance and every cancelled row are those of the model."""
        assert self.given() == model.given
        assert self.taken() == model.taken
        points = {who: sum(lot.left for lot in state.lots) for who, state in self.shop.replay.states.items()}
        assert points == {who: model.points[who] for who in points}
        assert sum(points.values()) == model.points.total()
        assert back_by_row(self.matching) == {row: count for row, count in model.back.items() if count}
        assert unmatched_by_row(self.matching) == model.unmatched
        assert self.report.books.wrong(self.shop.replay.states) == []

    def given(self) -> example_models.Given:
        return {
            number: {award.rule: award.given for award in outcome.awards if award.given}
            for number, outcome in self.outcomes.items()
        }

    def taken(self) -> retail_model.TakenBack:
        return [
            (back.cancellation_no, returned.id, {each.rule: each.amount for each in returned.units})
            for back, returned in zip(self.matching.backs, self.shop.returned, strict=True)
        ]


def back_by_row(matching: Matching) -> Counter[int]:
    found: Counter[int] = Counter()
    for back in matching.backs:
        for each in back.lines:
            found[each.row] += each.pieces
    return found


def unmatched_by_row(matching: Matching) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for each in matching.unmatched:
        why = found.setdefault(each.row, {})
        why[each.why] = why.get(each.why, 0) + each.pieces
    return found


def model_of(path: Path) -> retail_model.History:
    return retail_model.history(path, FOLDER / "not_goods.csv")


@pytest.fixture(scope="module")
def sample() -> Told:
    return Told(None)


def test_the_sample_equals_the_model(sample: Told) -> None:
    sample.equals(model_of(FOLDER / "sample.csv"))


def test_the_sample_has_what_is_hard(sample: Told) -> None:
    """A test of the sample: each of these has to be in it, or the comparison above says less than it seems to."""
    matching, returns = sample.matching, sample.shop.returned
    whole = {row for row, count in back_by_row(matching).items() if count == matching.rows[row].pieces}
    assert whole
    assert back_by_row(matching).keys() - whole
    assert Counter(each.why for each in matching.unmatched).keys() == {GUEST, NOT_BOUGHT, TOO_MANY, REJECTED}
    assert max(Counter(returned.id for returned in returns).values()) > 1
    rows_of = [{each.row for each in back.lines} for back in matching.backs]
    assert any(one & other for place, one in enumerate(rows_of) for other in rows_of[:place])
    assert any(len(back.lines) > len({each.row for each in back.lines}) for back in matching.backs)
    moments = {read.key: demo._moment(read) for read in prepare.orders(None) if read.event is not None}
    assert any(back.cancelled_at == moments[back.order_no] for back in matching.backs)
    taken = {each.rule for returned in returns for each in returned.units if each.amount}
    assert taken == {"base", "off_season_bonus", "tier_bonus"}
    bare = retail_model.history(FOLDER / "sample.csv", FOLDER / "not_goods.csv", with_returns=False)
    without = {(number, rule) for number, found in bare.given.items() for rule in found}
    now = {(number, rule) for number, found in sample.given().items() for rule in found}
    assert {rule for _, rule in without ^ now} >= {"tier_bonus", "Tenth order"}, "returns move no tier and no count"


def test_the_reference_gives_the_same_history(sample: Told) -> None:
    program = load(FOLDER)
    slow = Told(None, Program(program.core, program.sources, Reference(program.core), program.fingerprint))
    assert slow.outcomes == sample.outcomes
    assert slow.shop.returned == sample.shop.returned
    assert slow.shop.replay.states == sample.shop.replay.states


def test_the_whole_data_set_equals_the_model() -> None:
    if not (DATA / "online_retail").is_dir():
        pytest.skip("the data set online_retail is not here: put it under ../shared/data to run this")
    told = Told(DATA)
    tally, matching = told.shop.replay.tally, told.matching
    assert (tally.read, tally.scored, tally.rejected) == (Count(25_900, 541_909), Count(20_725, 531_282), Count(0, 0))
    assert tally.set_aside == {
        "cancellations": Count(3_836, 9_288),
        "stock write-offs": Count(1_336, 1_336),
        "adjustments of bad debt": Count(3, 3),
    }
    back, none = back_by_row(matching), unmatched_by_row(matching)
    in_full = sum(count == matching.rows[row].pieces for row, count in back.items())
    assert (len(matching.rows), in_full, len(back) - in_full) == (9_288, 7_516, 54)
    whole_rows = Counter(why for row, reasons in none.items() if row not in back for why in reasons)
    assert whole_rows == {GUEST: 383, NOT_BOUGHT: 1_306, TOO_MANY: 29}
    told.equals(model_of(DATA / "online_retail" / "online-retail-dataset.csv.gz"))


# ---- what is taken back ----


def test_the_explained_order_met_the_state_that_it_met(sample: Told) -> None:
    """Of every order before which its customer gave something back, the explanation is of the outcome it had."""
    program = load(FOLDER)
    after = {number for number, outcome in sample.outcomes.items() if outcome.before.get("track orders")}
    first = {back.customer: back.cancelled_at for back in reversed(sample.matching.backs)}
    checked = 0
    for customer, reads in sample.report.orders.items():
        for read in reads:
            if read.key in after and customer in first and first[customer] < demo._moment(read):
                sample.report.chosen = read.key or ""
                event, state = sample.report.met(program, sample.matching)
                assert program.score(event, {}, state) == sample.outcomes[sample.report.chosen]
                checked += 1
    assert checked > 20


def test_a_balance_that_does_not_add_up_ends_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Books, "take_back", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        demo.main(["--sample"])
    assert "balances do not add up:\nmember 12340 has " in str(end.value)
    assert "balances add up" not in capsys.readouterr().out


def test_the_books_know_what_is_used_owed_lapsed_and_forgiven() -> None:
    """A member spends points, gives back what they were for, and earns again; then years go by."""
    program, books, state = load(FOLDER), Books(), None
    sold: dict[str, tuple[dict[str, object], Outcome]] = {}

    def buy(number: str, day: str, pounds: int) -> None:
        nonlocal state
        lines = [{"sku": "22423", "pieces": 10, "amount": f"{pounds}.00"}]
        event: dict[str, object] = {"event": "purchase", "order_no": number, "customer": "ann"}
        event |= {"bought_at": f"{day}T09:00:00Z", "country": "EIRE", "lines": lines}
        outcome = program.score(event, {}, state)
        sold[number], state = (event, outcome), program.apply(state, outcome)
        books.add(outcome)

    def give_back(number: str, day: str) -> None:
        nonlocal state
        returned = program.give_back(*sold[number], {1: 10}, state=state, on=day)
        state = program.apply(state, returned)
        books.take_back(returned)

    buy("1", "2011-05-02", 600)
    voucher = {"event": "voucher", "voucher_no": "V", "customer": "ann", "asked_at": "2011-05-03T09:00:00Z"}
    spent = program.score(voucher, {}, state)
    state = program.apply(state, spent)
    books.add(spent)
    give_back("1", "2011-05-04")
    assert books.text({"ann": state}) == ("600 given - 600 taken back - 500 used - 0 lapsed = 0 outstanding - 500 owed")
    buy("2", "2011-05-05", 550)
    assert books.wrong({"ann": state}) == []
    buy("3", "2013-06-01", 40)
    give_back("2", "2013-06-02")
    assert books.text({"ann": state}) == (
        "1,190 given - 1,100 taken back - 500 used - 50 lapsed = 40 outstanding - 500 owed"
    )
    assert books.wrong({"ann": state}) == []
    assert books.wrong({}) == ["member ann has 0 of point, and it should be -460"]


def test_where_every_order_comes_back_only_the_thanks_are_left() -> None:
    """All that can be taken back is: what is left are the tenth orders' points."""
    reads = [read for read in prepare.orders(None) if read.event is not None]
    late = START + timedelta(days=400)
    backs = []
    for read in reads:
        order = orjson.loads(read.event or b"")
        pieces = tuple(prepare.Piece(0, place, line["pieces"]) for place, line in enumerate(order["lines"], 1))
        if "customer" in order and order["order_no"] != "500904":
            backs.append(Back("C1", order["order_no"], order["customer"], late, pieces))
    shop = demo.Shop(load(FOLDER), backs)
    thanks = Counter[str]()
    for _, outcome in shop.run(reads):
        thanks[outcome.member or ""] += sum(each.given for each in outcome.awards if each.rule == "Tenth order")
    shop.take_back()
    states = shop.replay.states
    assert {who: sum(lot.left for lot in state.lots) for who, state in states.items()} == {
        who: thanks[who] for who in states
    }
    assert all(not any(state.tracks.get("spend", {}).values()) for state in states.values())
    assert all(state.tracks["orders"] == {0: 0} for state in states.values())
    assert thanks.total() > 0


# ---- which orders are cancelled ----

Line = tuple[str, int]


def order(number: str, customer: str | None, minutes: int, *lines: Line) -> Read:
    """An order so many minutes after the start."""
    return _read("order_no", "bought_at", number, customer, minutes, [{"sku": s, "pieces": p} for s, p in lines])


def cancellation(number: str, customer: str | None, minutes: int, *lines: tuple[int, str, int]) -> Read:
    """A cancellation: rows of the file, codes and how many pieces are cancelled."""
    found = [{"row": str(row), "sku": sku, "pieces": -pieces} for row, sku, pieces in lines]
    return _read("cancellation_no", "cancelled_at", number, customer, minutes, found)


def _read(id_: str, at: str, number: str, customer: str | None, minutes: int, lines: list[dict[str, object]]) -> Read:
    event = {id_: number, at: (START + timedelta(minutes=minutes)).isoformat(), "lines": lines}
    who = {} if customer is None else {"customer": customer}
    return Read(number=1, rows=len(lines), kind="x", key=number, event=orjson.dumps(event | who))


def matched(
    bought: Iterable[Read], cancelled: Iterable[Read]
) -> tuple[list[tuple[str, str, dict[str | int, int]]], dict[int, dict[str, int]]]:
    matching = prepare.match(bought, cancelled)
    matching.check()
    return [(back.cancellation_no, back.order_no, back.returned) for back in matching.backs], unmatched_by_row(matching)


BOUGHT = (
    order("1", "ann", 0, ("A", 6), ("B", 4), ("A", 2)),
    order("2", "ann", 60, ("A", 3)),
    order("3", "ben", 60, ("A", 50)),
    order("4", None, 60, ("A", 50)),
    order("5", "ann", 120, ("a", 9), ("A", 1)),
)


@pytest.mark.parametrize(
    ("asked", "backs", "unmatched"),
    [
        ([("ann", 90, (1, "A", 2))], [("C0", "2", {1: 2})], {}),
        ([("ann", 90, (1, "A", 5))], [("C0", "2", {1: 3}), ("C0", "1", {3: 2})], {}),
        ([("ann", 90, (1, "A", 7))], [("C0", "2", {1: 3}), ("C0", "1", {3: 2, 1: 2})], {}),
        ([("ann", 90, (1, "A", 12))], [("C0", "2", {1: 3}), ("C0", "1", {3: 2, 1: 6})], {1: {TOO_MANY: 1}}),
        ([("ann", 60, (1, "A", 1))], [("C0", "2", {1: 1})], {}),
        ([("ann", 59, (1, "A", 1))], [("C0", "1", {3: 1})], {}),
        ([("ann", 120, (1, "A", 2))], [("C0", "5", {2: 1}), ("C0", "2", {1: 1})], {}),
        ([("ann", 90, (1, "a", 1))], [], {1: {NOT_BOUGHT: 1}}),
        ([("ann", 130, (1, "a", 1))], [("C0", "5", {1: 1})], {}),
        ([("ben", 59, (1, "A", 1))], [], {1: {NOT_BOUGHT: 1}}),
        ([("ben", 60, (1, "B", 1))], [], {1: {NOT_BOUGHT: 1}}),
        ([(None, 90, (1, "A", 1))], [], {1: {GUEST: 1}}),
        ([("ann", 90, (1, "M", 1), (2, "A", 1))], [("C0", "2", {1: 1})], {1: {NOT_BOUGHT: 1}}),
        ([("ann", 90, (1, "A", 2), (2, "A", 2))], [("C0", "2", {1: 3}), ("C0", "1", {3: 1})], {}),
        ([("ann", 99, (1, "A", 3)), ("ann", 70, (2, "A", 2))],
         [("C1", "2", {1: 2}), ("C0", "2", {1: 1}), ("C0", "1", {3: 2})], {}),
        ([("ann", 90, (1, "B", 4)), ("ann", 91, (2, "B", 1))], [("C0", "1", {2: 4})], {2: {TOO_MANY: 1}}),
        ([("ann", 90, (1, "A", -3))], [], {1: {prepare.NOT_NEGATIVE: -3}}),
        ([("ann", 90, (1, "A", 0))], [], {1: {prepare.NOT_NEGATIVE: 0}}),
    ],
)  # fmt: skip
def test_what_was_bought_last_goes_back_first(
    asked: Sequence[tuple[str | None, int, tuple[int, str, int]]],
    backs: list[tuple[str, str, dict[int, int]]],
    unmatched: dict[int, dict[str, int]],
) -> None:
    cancelled = [cancellation(f"C{number}", who, at, *lines) for number, (who, at, *lines) in enumerate(asked)]
    assert matched(BOUGHT, cancelled) == (backs, unmatched)
    assert matched(BOUGHT[::-1], cancelled) == (backs, unmatched)


def test_a_cancellation_that_cannot_be_read_is_refused_with_every_reason() -> None:
    broken = [
        Read(number=n, rows=2, key=f"C{n}", fault=Fault("bad-value", f"row {n}: `x` is no number")) for n in (4, 9)
    ]
    with pytest.raises(FeedError) as refusal:
        prepare.match(BOUGHT, broken)
    assert refusal.value.problems == (
        "cancellation C4: row 4: `x` is no number",
        "cancellation C9: row 9: `x` is no number",
    )


def test_what_would_go_back_to_a_rejected_order_is_unmatched() -> None:
    asked = [cancellation("C", "ann", 130, (1, "A", 3))]
    matching = prepare.match(BOUGHT, asked).without({"2"})
    matching.check()
    assert [(back.order_no, back.returned) for back in matching.backs] == [("5", {2: 1})]
    assert unmatched_by_row(matching) == {1: {REJECTED: 2}}
    rows = [line.rsplit(maxsplit=2) for line in matching.table().splitlines()]
    assert rows == [
        ["cancellations", "rows", "pieces"],
        ["read", "1", "3"],
        ["given back in full", "0", "0"],
        ["given back in part", "1", "1"],
        ["unmatched: its order was rejected", "0", "2"],
    ]


CUSTOMERS = st.sampled_from(["ann", "ben", None])
CODES = st.sampled_from(["A", "B", "M"])
LINES = st.lists(st.tuples(CODES, st.integers(1, 9)), min_size=1, max_size=4)
INVOICES = st.lists(st.tuples(CUSTOMERS, st.integers(0, 12), LINES), max_size=9)


def _invoices(
    bought: list[tuple[str | None, int, list[Line]]], cancelled: list[tuple[str | None, int, list[Line]]]
) -> tuple[list[Read], list[Read]]:
    """Reads of invoices; each cancelled line has a row of its own."""
    orders = [order(f"{number}", who, at, *lines) for number, (who, at, lines) in enumerate(bought)]
    rows = iter(range(1, 1_000))
    found = []
    for number, (who, at, lines) in enumerate(cancelled):
        found.append(cancellation(f"C{number}", who, at, *((next(rows), sku, pieces) for sku, pieces in lines)))
    return orders, found


@given(INVOICES, INVOICES)
def test_each_piece_goes_back_at_most_once_and_to_an_order_that_had_it(
    bought: list[tuple[str | None, int, list[Line]]], cancelled: list[tuple[str | None, int, list[Line]]]
) -> None:
    orders, asked = _invoices(bought, cancelled)
    matching = prepare.match(orders, asked)
    matching.check()
    left = {
        (str(n), place): pieces for n, (_, _, lines) in enumerate(bought) for place, (_, pieces) in enumerate(lines, 1)
    }
    for back in matching.backs:
        who, at, lines = bought[int(back.order_no)]
        assert who == back.customer
        assert at <= cancelled[int(back.cancellation_no[1:])][1]
        for each in back.lines:
            left[back.order_no, each.line] -= each.pieces
            assert each.pieces > 0
            assert lines[each.line - 1][0] == matching.rows[each.row].sku
    assert min(left.values(), default=0) >= 0
    for none in matching.unmatched:
        of = matching.rows[none.row]
        who, at = of.cancellation.customer, cancelled[int(of.cancellation.cancellation_no[1:])][1]
        fitting = any(
            buyer == who and when <= at and any(sku == of.sku for sku, _ in lines) for buyer, when, lines in bought
        )
        assert none.why == (GUEST if who is None else TOO_MANY if fitting else NOT_BOUGHT)


@given(INVOICES, INVOICES, st.randoms())
def test_customers_do_not_touch_each_other(
    bought: list[tuple[str | None, int, list[Line]]],
    cancelled: list[tuple[str | None, int, list[Line]]],
    dice: object,
) -> None:
    """Whatever stands between the invoices of a customer in the file, and whatever others do."""
    orders, asked = _invoices(bought, cancelled)
    together = prepare.match(orders, asked)
    for who in ("ann", "ben"):
        mine = [read for read, (customer, _, _) in zip(orders, bought, strict=True) if customer == who]
        own = [read for read, (customer, _, _) in zip(asked, cancelled, strict=True) if customer == who]
        alone = prepare.match(mine, own)
        assert alone.backs == tuple(back for back in together.backs if back.customer == who)
        assert alone.unmatched == tuple(
            each for each in together.unmatched if together.rows[each.row].cancellation.customer == who
        )


# ---- as a program ----


def test_the_files_say_where_every_piece_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, unmatched = tmp_path / "one" / "returns.ndjson", tmp_path / "two" / "unmatched.csv"
    arguments = ["--sample", "--out", str(out), "--unmatched", str(unmatched)]
    prepare.main(arguments)
    told = capsys.readouterr().out
    assert "given back in full " in told
    backs = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert f"{len(backs)} returns written to {out}" in told
    assert backs[0].keys() == {"cancellation_no", "order_no", "customer", "cancelled_at", "lines"}
    with unmatched.open(encoding="utf-8", newline="") as text:
        none = list(csv.DictReader(text))
    went = Counter[int]()
    for each in [line for back in backs for line in back["lines"]]:
        went[each["row"]] += each["pieces"]
    for row in none:
        went[int(row["row"])] += int(row["unmatched"])
    with (FOLDER / "sample.csv").open(encoding="utf-8", newline="") as text:
        rows = {number: row for number, row in enumerate(csv.DictReader(text), 1) if row["InvoiceNo"][0] == "C"}
    assert went == {number: -int(row["Quantity"]) for number, row in rows.items()}
    for row in none:
        of = rows[int(row["row"])]
        assert (row["cancellation_no"], row["stock_code"]) == (of["InvoiceNo"], of["StockCode"])
        assert (row["customer"], -int(row["pieces"])) == (of["CustomerID"], int(of["Quantity"]))
    before = out.read_bytes(), unmatched.read_bytes()
    prepare.main(arguments)
    assert (out.read_bytes(), unmatched.read_bytes()) == before
