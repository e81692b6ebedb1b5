"""A seeded year of purchases for `batch.rules`: NumPy arrays, Arrow tables, and the dictionaries that a host sends.

Members buy in time order, about twenty times each. Amounts are pennies and days are numbers from 1970-01-01 in the
arrays; the Arrow tables hold decimals, dates, instants and texts, as a warehouse keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from rules_engine.calendar import DAY_SECONDS, day_of, format_date, local_day

CATEGORIES = ("grocery", "toys", "home", "books", "fashion")
CHANNELS = ("web", "app", "store")
PLANS = ("basic", "plus")
CODE = "HELLO10"
ZONE = "Europe/London"
JOINED = day_of(2025, 3, 1)
FIRST = day_of(2027, 1, 1)
YEAR = 365
SKUS = 4000

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class History:
    """A year of events. Lines of event `i` are `offsets[i]` to `offsets[i + 1]`; categories, channels are numbers."""

    instant: Array
    """Seconds since 1970-01-01 UTC, never falling."""
    day: Array
    """The local day."""
    member: Array
    channel: Array
    code: Array
    """Whether `HELLO10` was typed in."""
    offsets: Array
    category: Array
    sku: Array
    """The number in the text `sku-…`; no basket has one twice."""
    for_day: Array
    pieces: Array
    price: Array
    """Pennies, of one piece."""
    plan: Array
    """By member: 1 where the plan is plus."""

    @property
    def events(self) -> int:
        return len(self.instant)

    @property
    def members(self) -> int:
        return len(self.plan)


def history(events: int, seed: int = 5, members: int | None = None) -> History:
    """A year of that many events; about one member for twenty of them where no number is given."""
    rng = np.random.default_rng(seed)
    count = max(1, events // 20) if members is None else members
    instant = FIRST * DAY_SECONDS + np.sort(rng.integers(0, YEAR * DAY_SECONDS, events))
    sizes = rng.integers(1, 10, events)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    lines = int(offsets[-1])
    first = np.repeat(offsets[:-1], sizes)
    sku = (np.repeat(rng.integers(0, SKUS, events), sizes) + 7 * (np.arange(lines) - first)) % SKUS
    day = _local_days(instant)
    pounds, pence = rng.integers(1, 21, lines), np.array([0, 25, 49, 50, 95, 99])[rng.integers(0, 6, lines)]
    return History(
        instant=instant,
        day=day,
        member=rng.integers(0, count, events),
        channel=rng.integers(0, 3, events),
        code=rng.random(events) < 0.04,
        offsets=offsets,
        category=rng.choice(5, lines, p=(0.5, 0.1, 0.2, 0.1, 0.1)),
        sku=sku,
        for_day=np.repeat(day, sizes) + rng.integers(0, 15, lines),
        pieces=np.array([1, 1, 1, 2, 3])[rng.integers(0, 5, lines)],
        price=pounds * 100 + pence,
        plan=(np.arange(count) % 4 == 0).astype(np.int64),
    )


def _local_days(instant: Array) -> Array:
    """The local day of each instant. London's offset changes on an hour, so each hour is asked once."""
    hours, back = np.unique(instant // 3600, return_inverse=True)
    days = [local_day(int(hour) * 3600, ZONE) for hour in hours]
    return np.array(days, dtype=np.int64)[back]


# ---- Arrow ----

LINE = pa.struct(
    [
        ("sku", pa.string()),
        ("category", pa.dictionary(pa.int32(), pa.string())),
        ("for_day", pa.date32()),
        ("pieces", pa.int32()),
        ("price", pa.decimal128(9, 2)),
    ]
)
EVENTS = pa.schema(
    [
        ("order_no", pa.string()),
        ("bought_at", pa.timestamp("us", "UTC")),
        ("customer", pa.string()),
        ("channel", pa.dictionary(pa.int32(), pa.string())),
        ("codes", pa.list_(pa.string())),
        ("lines", pa.list_(LINE)),
    ]
)
MEMBERS = pa.schema([("customer", pa.string()), ("joined", pa.date32()), ("plan", pa.string())])


def table(found: History) -> pa.Table:
    """The events as a table: one row an event, its lines a list of structs."""
    names = pa.array([f"sku-{number}" for number in range(SKUS)])
    customers = pa.array([f"member-{number}" for number in range(found.members)])
    line = pa.StructArray.from_arrays(
        [
            names.take(pa.array(found.sku)),
            pa.DictionaryArray.from_arrays(pa.array(found.category.astype(np.int32)), pa.array(CATEGORIES)),
            pa.array(found.for_day.astype(np.int32)).cast(pa.date32()),
            pa.array(found.pieces.astype(np.int32)),
            decimals(found.price, 9),
        ],
        fields=list(LINE),
    )
    typed = np.concatenate([[0], np.cumsum(found.code)]).astype(np.int32)
    columns = [
        pa.array([f"order-{number:08d}" for number in range(found.events)]),
        pa.array(found.instant * 1_000_000).cast(pa.timestamp("us", "UTC")),
        customers.take(pa.array(found.member)),
        pa.DictionaryArray.from_arrays(pa.array(found.channel.astype(np.int32)), pa.array(CHANNELS)),
        pa.ListArray.from_arrays(pa.array(typed), pa.array([CODE] * int(typed[-1]), pa.string())),
        pa.ListArray.from_arrays(pa.array(found.offsets.astype(np.int32)), line),
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS)


def decimals(minor: Array, precision: int) -> pa.Array:
    """Pennies as decimals with two places: the low and high words of a decimal, without a text between."""
    words = np.empty((len(minor), 2), dtype=np.int64)
    words[:, 0] = minor
    words[:, 1] = minor >> 63
    return pa.Array.from_buffers(pa.decimal128(precision, 2), len(minor), [None, pa.py_buffer(words)])


def members(found: History) -> pa.Table:
    """The facts of every member."""
    return pa.Table.from_arrays(
        [
            pa.array([f"member-{number}" for number in range(found.members)]),
            pa.array(np.full(found.members, JOINED, dtype=np.int32)).cast(pa.date32()),
            pa.array([PLANS[plan] for plan in found.plan]),
        ],
        schema=MEMBERS,
    )


# ---- as a host sends them ----


def sent(found: History, first: int = 0, last: int | None = None) -> Iterator[dict[str, Any]]:
    """Events as dictionaries of texts and whole numbers."""
    for i in range(first, found.events if last is None else last):
        rows = range(int(found.offsets[i]), int(found.offsets[i + 1]))
        at = datetime.fromtimestamp(int(found.instant[i]), UTC)
        yield {
            "event": "purchase",
            "order_no": f"order-{i:08d}",
            "bought_at": f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
            "customer": f"member-{found.member[i]}",
            "channel": CHANNELS[found.channel[i]],
            "codes": [CODE] if found.code[i] else [],
            "lines": [_line(found, row) for row in rows],
        }


def _line(found: History, row: int) -> dict[str, Any]:
    return {
        "sku": f"sku-{found.sku[row]}",
        "category": CATEGORIES[found.category[row]],
        "for_day": format_date(int(found.for_day[row])),
        "pieces": int(found.pieces[row]),
        "price": f"{found.price[row] // 100}.{found.price[row] % 100:02d}",
    }


def facts(found: History, member: int) -> dict[str, Any]:
    """The facts of a member, as a host sends them."""
    return {"joined": format_date(JOINED), "plan": PLANS[found.plan[member]]}
