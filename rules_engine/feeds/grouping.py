"""Rows into events: each row an event, or the rows of one key an event with `lines`.

The rows of an event may stand anywhere in a file, so that a grouped file is held until its end: not as rows but as
the finished bytes of its lines, made once for equal rows and shared. `adjacent = true` in the mapping lets go of an
event as soon as the next begins, and rejects one that begins again.

A row that any filter sets aside takes its event with it, faulty or not; short of that, the first faulty row rejects
its event.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from rules_engine.feeds.conversions import Memo
from rules_engine.feeds.plan import CellError, Converter, Sieve, check_columns, steps_of
from rules_engine.feeds.records import Fault, Read
from rules_engine.feeds.tables import BadRow, Table

if TYPE_CHECKING:
    from rules_engine.feeds.mapping import Mapping

_LINES_MAX = 1 << 16


def events_of(table: Table, mapping: Mapping, file: str, id_field: str | None) -> Iterator[Read]:
    """Yield the events of a table, in the order of their first rows."""
    from rules_engine.feeds.mapping import nearest

    check_columns(mapping.columns(), table, file, nearest)
    place = {name: index for index, name in enumerate(table.header)}
    nulls = frozenset(mapping.null)
    sieves = tuple(Sieve(found, place[found.column], nulls) for found in mapping.set_aside)
    maker = _Flat if mapping.group is None else _Grouper
    return maker(mapping, place, sieves, id_field).read(table.rows)


def row_fault(row: list[str], width: int, number: int) -> Fault:
    """Return what is wrong with a row that does not have one cell for every column."""
    if isinstance(row, BadRow):
        return fault("bad-row", f"row {number}: {row.message}", None, number)
    return fault("bad-row", f"row {number} has {len(row)} cells, and the header names {width}", None, number)


def fault(code: str, message: str, field: str | None, row: int) -> Fault:
    """Return a fault whose words can be written to any file, whatever bytes the cell held."""
    return Fault(code, shown(message), field, row)


def shown(text: str) -> str:
    """Return a text with a question mark for each byte that is no text.

    >>> shown("caf\\udce9")
    'caf?'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def encoded(value: object) -> bytes:
    """Return JSON; text with bytes that are none raises `UnicodeError`.

    It is copied, because orjson writes into room for a kilobyte, and what is kept by the hundred thousand must not.
    """
    try:
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:
        raise UnicodeError from None


class _Flat:
    """Each row is an event."""

    def __init__(
        self, mapping: Mapping, place: dict[str, int], sieves: tuple[Sieve, ...], id_field: str | None
    ) -> None:
        self.kind, self.width, self.sieves, self.id_field = mapping.event, len(place), sieves, id_field
        self.fields = steps_of(mapping.fields, mapping, place)
        self.numbers = any(field.row_number for field in mapping.fields.values())

    def read(self, rows: Iterator[list[str]]) -> Iterator[Read]:
        pick, id_field = self.fields.pick, self.id_field
        for number, row in enumerate(rows, 1):
            if len(row) != self.width:
                yield Read(number=number, rows=1, kind=self.kind, fault=row_fault(row, self.width, number))
                continue
            if self.numbers:
                row.append(str(number))
            cells = pick(row)
            aside = next((sieve.name for sieve in self.sieves if sieve.hits[row[sieve.index]]), None)
            if aside is not None:
                key = key_of(self.fields, id_field, cells)
                yield Read(number=number, rows=1, kind=self.kind, key=key, set_aside=aside)
                continue
            yield one_event(number, self.kind, id_field, self.fields, cells)


def key_of(fields: Converter, id_field: str | None, cells: tuple[str, ...]) -> str | None:
    """Return the id of an event whose other fields may be faulty, or None."""
    key = fields.one(id_field, cells) if id_field is not None else None
    return None if key is None else shown(key)


def one_event(number: int, kind: str, id_field: str | None, fields: Converter, cells: tuple[str, ...]) -> Read:
    """Return the event of a single row."""
    try:
        values = fields.convert(cells)
        event = encoded({"event": kind, **values})
    except CellError as error:
        found = fault("bad-value", f"row {number}: {error}", error.field, number)
    except UnicodeError:
        found = fault("not-utf8", f"row {number} holds bytes that are no text of the file's encoding", None, number)
    else:
        key = values.get(id_field) if id_field is not None else None
        return Read(number=number, rows=1, kind=kind, event=event, key=None if key is None else str(key))
    return Read(number=number, rows=1, kind=kind, key=key_of(fields, id_field, cells), fault=found)


class _Group:
    """The rows of one event so far."""

    __slots__ = ("aside", "dropped", "fault", "head", "key", "lines", "number", "rows", "same")

    def __init__(self, key: str, number: int) -> None:
        self.key = key
        self.number = number
        self.rows = 0
        self.head: bytes | None = None
        self.same: Any = None
        self.lines: list[bytes] = []
        self.fault: Fault | None = None
        self.aside: str | None = None
        self.dropped: dict[str, int] | None = None


class _Grouper:
    """The rows of one key are an event, each of them a line of it."""

    def __init__(
        self, mapping: Mapping, place: dict[str, int], sieves: tuple[Sieve, ...], id_field: str | None
    ) -> None:
        assert mapping.group is not None
        self.kind, self.width, self.id_field = mapping.event, len(place), id_field
        fields = (*mapping.fields.values(), *(mapping.lines or {}).values())
        self.numbers = any(field.row_number for field in fields)
        self.adjacent = mapping.group.adjacent
        self.by = tuple(place[column] for column in mapping.group.by)
        self.nulls = frozenset(mapping.null)
        self.fields = steps_of(mapping.fields, mapping, place)
        self.lined = mapping.lines is not None
        self.lines = steps_of(mapping.lines or {}, mapping, place)
        # what every row of an event has in common by its key needs no test on each of them
        leading = next((i for i, sieve in enumerate(sieves) if sieve.index not in self.by), len(sieves))
        self.key_sieves, self.row_sieves = sieves[:leading], sieves[leading:]
        alike = [
            (column, name)
            for name, field in mapping.fields.items()
            if field.take == "same"
            for column in field.sources
            if place[column] not in self.by
        ]
        self.alike = tuple((place[column], column, name) for column, name in dict(alike).items())

    def read(self, rows: Iterator[list[str]]) -> Iterator[Read]:
        """Yield the events when they are complete."""
        width, row_sieves, adjacent, numbers = self.width, self.row_sieves, self.adjacent, self.numbers
        group_of, pick = itemgetter(*self.by), self.lines.pick
        # one cell is compared as it is, since a tuple around it would be made for every row
        same_of = itemgetter(*(index for index, _, _ in self.alike)) if self.alike else None
        memo: Memo[tuple[str, ...], bytes] = Memo(self._line, _LINES_MAX)
        groups: dict[Any, _Group] = {}
        ended: set[Any] = set()
        for number, row in enumerate(rows, 1):
            if len(row) != width:
                group = self._malformed(groups, row, number)
                group.rows += 1
                continue
            if numbers:
                row.append(str(number))
            key = group_of(row)
            known = groups.get(key)
            if known is None:
                if adjacent and groups:
                    ended.update(groups)
                    yield from map(self._finished, groups.values())
                    groups.clear()
                known = self._begun(groups, key, row, number, key in ended)
            group = known
            if row_sieves and group.aside is None and self._dropped(group, row):
                continue
            group.rows += 1
            if group.aside is not None or group.fault is not None:
                continue
            if group.head is None:
                group.same = same_of(row) if same_of is not None else None
                group.head = self._head(group, row, number)
            elif same_of is not None and group.same != same_of(row):
                group.fault = self._disagreement(group, row, number)
                continue
            try:
                group.lines.append(memo[pick(row)])
            except CellError as error:
                group.fault = fault("bad-value", f"row {number}: {error}", f"lines.{error.field}", number)
            except UnicodeError:
                group.fault = _not_text(number)
        yield from map(self._finished, groups.values())

    def _line(self, cells: tuple[str, ...]) -> bytes:
        return encoded(self.lines.convert(cells))

    def _begun(self, groups: dict[Any, _Group], key: Any, row: list[str], number: int, ended: bool) -> _Group:
        """Return the group that a row begins; rows without a key are an event each."""
        parts = (key,) if isinstance(key, str) else key
        group = _Group(shown("/".join(parts)), number)
        group.aside = next((sieve.name for sieve in self.key_sieves if sieve.hits[row[sieve.index]]), None)
        if not self.nulls.isdisjoint(parts):
            group.fault = fault("no-key", f"row {number} does not say which event it belongs to", None, number)
            key = _nobody(number)
        elif ended:
            message = f"row {number} belongs to `{group.key}`, whose other rows stand further up: not adjacent"
            group.fault = fault("not-adjacent", message, None, number)
        groups[key] = group
        return group

    def _malformed(self, groups: dict[Any, _Group], row: list[str], number: int) -> _Group:
        """Return the group that a malformed row rejects: its event's if it can be told, or one of its own."""
        reach = max((*self.by, *(sieve.index for sieve in self.key_sieves)))
        key = itemgetter(*self.by)(row) if len(row) > reach else None
        group = groups.get(key)
        if group is None and key is not None:
            group = self._begun(groups, key, row, number, ended=False)
        elif group is None:
            group = groups[_nobody(number)] = _Group("", number)
        group.fault = group.fault or row_fault(row, self.width, number)
        return group

    def _dropped(self, group: _Group, row: list[str]) -> bool:
        """Apply the filters to a row: True if it alone is set aside; the whole event is marked in the group."""
        for sieve in self.row_sieves:
            if sieve.hits[row[sieve.index]]:
                if sieve.whole:
                    group.aside = sieve.name
                    return False
                group.dropped = group.dropped or {}
                group.dropped[sieve.name] = group.dropped.get(sieve.name, 0) + 1
                return True
        return False

    def _head(self, group: _Group, row: list[str], number: int) -> bytes:
        """Return the event's own fields, up to where its lines begin; a fault goes to the group."""
        cells = self.fields.pick(row)
        if self.id_field is not None:
            group.key = key_of(self.fields, self.id_field, cells) or group.key
        try:
            return encoded({"event": self.kind, **self.fields.convert(cells)})[:-1]
        except CellError as error:
            group.fault = fault("bad-value", f"row {number}: {error}", error.field, number)
        except UnicodeError:
            group.fault = _not_text(number)
        return b""

    def _disagreement(self, group: _Group, row: list[str], number: int) -> Fault:
        """Return the fault of a row that says something else about its event than the rows above."""
        same = (group.same,) if len(self.alike) == 1 else group.same
        for said, (index, column, name) in zip(same, self.alike, strict=True):
            if said != row[index]:
                message = (
                    f"row {number} says `{row[index]}` for `{column}`, and row {group.number} of the same event "
                    f'says `{said}`; write `take = "first"` in the mapping if the first is right'
                )
                return fault("disagrees", message, name, number)
        raise AssertionError("the rows agree")

    def _finished(self, group: _Group) -> Read:
        """Return what became of a group."""
        dropped = tuple(group.dropped.items()) if group.dropped else ()
        aside = group.aside
        if aside is None and not group.rows:
            aside = dropped[0][0]
        event = None
        found = group.fault if aside is None else None
        if aside is None and found is None:
            assert group.head is not None
            event = group.head + (b',"lines":[' + b",".join(group.lines) + b"]}" if self.lined else b"}")
        return Read(
            number=group.number,
            rows=group.rows,
            kind=self.kind,
            event=event,
            key=group.key or None,
            fault=found,
            set_aside=aside,
            dropped=dropped,
        )


def _not_text(number: int) -> Fault:
    return fault("not-utf8", f"row {number} holds bytes that are no text of the file's encoding", None, number)


def _nobody(number: int) -> tuple[None, int]:
    """Return a key that no row can have."""
    return (None, number)
