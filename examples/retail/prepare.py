"""Say which orders the cancellations cancel, and of which lines how many pieces: the data set does not.

    python examples/retail/prepare.py [--data DIR | --sample] [--out returns.ndjson] [--unmatched unmatched.csv]

THE MATCHING IS OURS, and this is its policy:

- Pieces go back to orders of the same customer and the same stock code, alike to the letter as the rules read it.
- What was bought last goes back first: the latest order, but none later than the cancellation, and in it the last line.
  Of an order and a cancellation in the same minute, the order came first.
- No more pieces of a line go back than are still kept of it. What is over goes to the next line or the order before it.
- What is then left is not matched, and it is said why: a guest's cancellation, a stock code that the customer had not
  bought before, or more pieces than were left of it. Postage, discounts and entries by hand go the way of all codes.

Cancellations go by their time, then as they stand in the file, so that every run matches alike. Nothing is lost: each
cancelled piece is in a return or in the list of what was not matched, and the counts are held against each other.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from examples.replay import data_folder, options
from rules_engine.feeds import FeedError, Read, events_file, read_events, read_mapping

HERE = Path(__file__).parent
GUEST, NOT_BOUGHT, TOO_MANY = "a guest's", "not bought before", "more than was left"
NOT_NEGATIVE, REJECTED = "its pieces are not below zero", "its order was rejected"
REASONS = (GUEST, NOT_BOUGHT, TOO_MANY, NOT_NEGATIVE, REJECTED)
COLUMNS = ("row", "cancellation_no", "customer", "cancelled_at", "stock_code", "pieces", "unmatched", "why")


class Line(msgspec.Struct, frozen=True):
    """A line of an order, or of a cancellation, which has `row` and pieces below zero."""

    sku: str
    pieces: int
    row: str = ""


class Order(msgspec.Struct, frozen=True):
    """What of an order matters here."""

    order_no: str
    bought_at: datetime
    lines: tuple[Line, ...]
    customer: str | None = None


class Cancellation(msgspec.Struct, frozen=True):
    """A cancellation as the data set has it."""

    cancellation_no: str
    cancelled_at: datetime
    lines: tuple[Line, ...]
    customer: str | None = None


class Piece(msgspec.Struct, frozen=True):
    """So many `pieces` of a line of an order, counted from 1, and the row of the file that cancels them."""

    row: int
    line: int
    pieces: int


class Back(msgspec.Struct, frozen=True):
    """What a cancellation gives back of one order."""

    cancellation_no: str
    order_no: str
    customer: str
    cancelled_at: datetime
    lines: tuple[Piece, ...]

    @property
    def returned(self) -> dict[str | int, int]:
        """How many pieces come back, by the number of their line: what `give_back` takes."""
        found: Counter[str | int] = Counter()
        for each in self.lines:
            found[each.line] += each.pieces
        return dict(found)


class Unmatched(msgspec.Struct, frozen=True):
    """Pieces of a cancelled row that go back to no order, and why."""

    row: int
    pieces: int
    why: str


class Cancelled(msgspec.Struct, frozen=True):
    """A row that cancels so many pieces."""

    cancellation: Cancellation
    sku: str
    pieces: int


class Matching(msgspec.Struct, frozen=True):
    """Every cancelled row by its number, what goes back, in the order of time, and what does not."""

    rows: dict[int, Cancelled]
    backs: tuple[Back, ...]
    unmatched: tuple[Unmatched, ...]

    def without(self, orders: set[str]) -> Matching:
        """The same where some orders were rejected: what would go back to them does not."""
        gone = [each for back in self.backs if back.order_no in orders for each in back.lines]
        lost = (Unmatched(each.row, each.pieces, REJECTED) for each in gone)
        stays = tuple(back for back in self.backs if back.order_no not in orders)
        return Matching(self.rows, stays, (*self.unmatched, *lost))

    def check(self) -> None:
        """Assert that every cancelled piece is accounted for, once."""
        found = Counter({row: each.pieces for row, each in self.rows.items()})
        found.subtract(_by_row(each for back in self.backs for each in back.lines))
        found.subtract(_by_row(self.unmatched))
        assert not any(found.values()), "a cancelled piece is lost, or counted twice"

    def table(self) -> str:
        """Where the rows went, and their pieces; of a row given back in part, the rest counts by its reason."""
        back = _by_row(each for one in self.backs for each in one.lines)
        whole = {row for row, each in self.rows.items() if back[row] == each.pieces > 0}
        why = {each.row: each.why for each in reversed(self.unmatched)}
        rows, pieces = Counter(why[row] for row in self.rows if row not in back), Counter[str]()
        for each in self.unmatched:
            pieces[each.why] += each.pieces
        counts = [("read", len(self.rows), sum(each.pieces for each in self.rows.values()))]
        counts += [("given back in full", len(whole), sum(back[row] for row in whole))]
        counts += [("given back in part", len(back) - len(whole), sum(back[row] for row in back if row not in whole))]
        counts += [(f"unmatched: {reason}", rows[reason], pieces[reason]) for reason in REASONS if reason in pieces]
        assert counts[0][1:] == (sum(each[1] for each in counts[1:]), sum(each[2] for each in counts[1:]))
        width = max(len(label) for label, _, _ in counts)
        lines = [f"{'cancellations':{width}} {'rows':>10} {'pieces':>12}"]
        return "\n".join(lines + [f"{label:{width}} {count:>10,} {some:>12,}" for label, count, some in counts])


def _by_row(found: Iterable[Piece | Unmatched]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for each in found:
        counts[each.row] += each.pieces
    return counts


# ---- reading ----


def orders(data: Path | None) -> Iterator[Read]:
    """The orders of the real data, or of the sample; cancellations are set aside by the mapping."""
    return _reads(data, "mapping.toml", {"purchase": "order_no"})


def cancellations(data: Path | None) -> Iterator[Read]:
    """The cancellations of the real data, or of the sample; all else is set aside by their mapping."""
    return _reads(data, "cancellations.toml", {"cancellation": "cancellation_no"})


def _reads(data: Path | None, file: str, ids: dict[str, str]) -> Iterator[Read]:
    mapping = read_mapping(HERE / file)
    path = events_file(mapping, data) if data is not None else HERE / "sample.csv"
    return read_events(path, mapping=mapping, ids=ids)


# ---- matching ----

_Place = tuple[str, int]
"""An order, and a line of it."""


def match(bought: Iterable[Read], cancelled: Iterable[Read]) -> Matching:
    """Match what was cancelled with what was bought. Cancellations that cannot be read raise `FeedError`."""
    found = sorted(_cancellations(cancelled), key=lambda each: each.cancelled_at)
    wanted = {(each.customer, line.sku) for each in found for line in each.lines}
    customers = {each.customer for each in found} - {None}
    return _Matcher(wanted).match(sorted(_orders(bought, customers), key=lambda order: order.bought_at), found)


def _orders(reads: Iterable[Read], customers: set[str | None]) -> Iterator[Order]:
    """The orders of some customers; those that could not be read are rejected by whoever scores them."""
    decoder = msgspec.json.Decoder(Order)
    found = (decoder.decode(read.event) for read in reads if read.event is not None)
    return (order for order in found if order.customer in customers)


def _cancellations(reads: Iterable[Read]) -> list[Cancellation]:
    decoder = msgspec.json.Decoder(Cancellation)
    found, problems = [], []
    for read in reads:
        if read.fault is not None:
            problems.append(f"cancellation {read.key}: {read.fault.message}")
        if read.event is not None:
            found.append(decoder.decode(read.event))
    if problems:
        raise FeedError(*problems)
    return found


class _Matcher:
    """What each customer still keeps of each stock code that is ever cancelled, what was bought last at the end."""

    def __init__(self, wanted: set[tuple[str | None, str]]) -> None:
        self.kept: dict[tuple[str | None, str], list[tuple[_Place, int]]] = {each: [] for each in wanted}
        self.bought: set[tuple[str | None, str]] = set()
        self.rows: dict[int, Cancelled] = {}
        self.backs: list[Back] = []
        self.unmatched: list[Unmatched] = []

    def match(self, bought: Iterable[Order], cancelled: Iterable[Cancellation]) -> Matching:
        """Go through both in the order of time."""
        coming = iter(bought)
        order = next(coming, None)
        for each in cancelled:
            while order is not None and order.bought_at <= each.cancelled_at:
                self._keep(order)
                order = next(coming, None)
            self._cancel(each)
        return Matching(self.rows, tuple(self.backs), tuple(self.unmatched))

    def _keep(self, order: Order) -> None:
        for number, line in enumerate(order.lines, 1):
            key = order.customer, line.sku
            if key in self.kept:
                self.kept[key].append(((order.order_no, number), line.pieces))
                self.bought.add(key)

    def _cancel(self, each: Cancellation) -> None:
        parts: dict[str, list[Piece]] = defaultdict(list)
        for line in each.lines:
            row = int(line.row)
            self.rows[row] = Cancelled(each, line.sku, -line.pieces)
            left = -line.pieces
            for (order, number), count in self._take(each.customer, line):
                parts[order].append(Piece(row, number, count))
                left -= count
            if left or not line.pieces:
                self.unmatched.append(Unmatched(row, left, self._why(each.customer, line)))
        for order, own in parts.items():
            assert each.customer is not None, "nothing is kept of guests"
            self.backs.append(Back(each.cancellation_no, order, each.customer, each.cancelled_at, tuple(own)))

    def _take(self, customer: str | None, line: Line) -> Iterator[tuple[_Place, int]]:
        """Take the pieces of a cancelled line from what is kept, as far as that goes."""
        kept = self.kept[customer, line.sku]
        left = -line.pieces
        while kept and left > 0:
            place, count = kept.pop()
            some = min(count, left)
            left -= some
            if count > some:
                kept.append((place, count - some))
            yield place, some

    def _why(self, customer: str | None, line: Line) -> str:
        if line.pieces >= 0:
            return NOT_NEGATIVE
        if customer is None:
            return GUEST
        return TOO_MANY if (customer, line.sku) in self.bought else NOT_BOUGHT


# ---- writing ----


def write(matching: Matching, returns: Path, unmatched: Path) -> None:
    """Write a line of JSON for each return, and a row for each cancelled row that was not matched, or not in full."""
    for path in (returns, unmatched):
        path.parent.mkdir(parents=True, exist_ok=True)
    with returns.open("wb") as file:
        file.writelines(msgspec.json.encode(back) + b"\n" for back in matching.backs)
    with unmatched.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for each in matching.unmatched:
            of = matching.rows[each.row]
            head = (of.cancellation.cancellation_no, of.cancellation.customer or "", of.cancellation.cancelled_at)
            writer.writerow((each.row, *head[:2], head[2].isoformat(), of.sku, of.pieces, each.pieces, each.why))


def main(arguments: list[str]) -> None:
    """Write the returns, and what was not matched."""
    about = "Say which orders the cancellations cancel."
    parser = options(about, "online_retail", Path("out/returns.ndjson"))
    default = Path("out/unmatched.csv")
    parser.add_argument("--unmatched", type=Path, default=default, help=f"what is not matched (default: {default})")
    chosen = parser.parse_args(arguments)
    data = data_folder(chosen, "online_retail")
    matching = match(orders(data), cancellations(data))
    matching.check()
    write(matching, chosen.out, chosen.unmatched)
    print(f"\n{matching.table()}\n")
    print(f"{len(matching.backs):,} returns written to {chosen.out}, what is unmatched to {chosen.unmatched}")


if __name__ == "__main__":
    main(sys.argv[1:])
