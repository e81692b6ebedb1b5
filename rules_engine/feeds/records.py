"""What travels through the feeds: a `Read` for every event of a file, and the `Tally` that loses none of them.

An event is carried as the bytes of one JSON object, whatever file it came from: bytes are what the typed decoder
wants, and a run that must sort its events by time keeps a fifth of the memory that dictionaries would need.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from rules_engine.tables import FeedError as FeedError


class Fault(msgspec.Struct, frozen=True, gc=False):
    """Why one event was rejected: a code to count by, the field if one is to blame, and the source row it stands in."""

    code: str
    message: str
    field: str | None = None
    row: int = 0


class Read(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event of a file, or the reason why there is none.

    `number` counts from 1: lines of NDJSON, rows below the header of CSV, rows of Parquet; for grouped rows it is that
    of the first. `rows` is how many rows make the event, those in `dropped` (set aside singly, by filter) not included.

    >>> read = Read(number=1, rows=1, kind="purchase", event=b'{"event":"purchase","order_no":"A1"}', key="A1")
    >>> read.fields()
    {'order_no': 'A1'}
    """

    number: int
    rows: int
    kind: str | None = None
    event: bytes | None = None
    key: str | None = None
    fault: Fault | None = None
    set_aside: str | None = None
    dropped: tuple[tuple[str, int], ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return the event's fields, without the `event` key that names its type; empty where there is no event."""
        fields: dict[str, Any] = orjson.loads(self.event) if self.event is not None else {}
        fields.pop("event", None)
        return fields


class Count(msgspec.Struct):
    """A number of events, and of the source rows they are made of."""

    events: int = 0
    rows: int = 0

    def add(self, rows: int, events: int = 1) -> None:
        """Count some rows, as one event unless told otherwise."""
        self.rows += rows
        self.events += events


class Tally:
    """Counts where every event went: read = scored + rejected + set aside, in events and in rows. Scheduled events,
    which no row is of, are counted apart, and those of them that were refused.

    >>> tally = Tally()
    >>> read = Read(number=1, rows=3, kind="purchase", event=b"{}")
    >>> tally.add(read)
    True
    >>> tally.score(read)
    >>> tally.add(Read(number=4, rows=2, set_aside="cancellations"))
    False
    >>> tally.check()
    >>> print(tally.summary())
                                 events         rows
    read                              2            5
    scored                            1            3
    rejected                          0            0
    set aside: cancellations          1            2
    """

    def __init__(self) -> None:
        self.read = Count()
        self.scored = Count()
        self.rejected = Count()
        self.set_aside: dict[str, Count] = {}
        self.scheduled = 0
        self.refused = 0

    def add(self, read: Read) -> bool:
        """Count an event as read; True if it is to be scored, False if it is rejected or set aside already."""
        self.read.add(read.rows)
        for name, rows in read.dropped:
            self.read.rows += rows
            self._aside(name).rows += rows
        if read.set_aside is not None:
            self._aside(read.set_aside).add(read.rows)
            return False
        if read.fault is not None:
            self.rejected.add(read.rows)
            return False
        return True

    def score(self, read: Read) -> None:
        """Count an event that the scorer took."""
        self.scored.add(read.rows)

    def reject(self, read: Read) -> None:
        """Count an event that the scorer refused."""
        self.rejected.add(read.rows)

    def check(self) -> None:
        """Assert that nothing was lost and nothing was counted twice."""
        ends = (self.scored, self.rejected, *self.set_aside.values())
        events = sum(end.events for end in ends)
        rows = sum(end.rows for end in ends)
        assert self.read.events == events, f"{self.read.events} events were read but {events} are accounted for"
        assert self.read.rows == rows, f"{self.read.rows} rows were read but {rows} are accounted for"

    def summary(self) -> str:
        """Return the counts as a small table of text."""
        counts = [("read", self.read), ("scored", self.scored), ("rejected", self.rejected)]
        counts += [(f"set aside: {name}", count) for name, count in self.set_aside.items()]
        width = max(len(name) for name, _ in counts)
        lines = [f"{'':{width}} {'events':>10} {'rows':>12}"]
        lines += [f"{name:{width}} {count.events:>10,} {count.rows:>12,}" for name, count in counts]
        apart = [("scheduled", self.scheduled), ("refused of these", self.refused)]
        lines += [f"{name:{width}} {count:>10,}" for name, count in apart if count]
        return "\n".join(lines)

    def _aside(self, name: str) -> Count:
        return self.set_aside.setdefault(name, Count())
