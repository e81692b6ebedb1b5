"""Events from a file of any ending, with a mapping or without.

Without one, a line of NDJSON is an event as it stands, a row of CSV is an event whose fields are the columns, and a
row of Parquet is one whose `lines` may be a list of structs. A key or column called `event` names the type, unless
the caller says that there is only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.feeds.conversions import Memo
from rules_engine.feeds.files import ending_of
from rules_engine.feeds.grouping import events_of, fault, one_event, row_fault
from rules_engine.feeds.plan import Converter, plain
from rules_engine.feeds.records import FeedError, Read
from rules_engine.feeds.tables import Table, csv_table, json_lines, open_table, why_no_json

if TYPE_CHECKING:
    from rules_engine.feeds.mapping import Mapping as FeedMapping

Ids = Mapping[str, str]
Formats = Mapping[str, Mapping[str, str]]
_NONE: Mapping[str, Any] = {}


def read_events(
    path: str | Path,
    *,
    mapping: FeedMapping | None = None,
    event: str | None = None,
    ids: Ids = _NONE,
    formats: Formats = _NONE,
) -> Iterator[Read]:
    """Return the events of a file, one `Read` each, in the order of their first rows.

    `event` is the type of records that name none; `ids` says which field identifies an event of each type, so that
    every `Read` carries its key; `formats` says which fields are no plain text, for CSV without a mapping.
    A file, ending or column that is wrong raises `FeedError` at once; a wrong record is a `Read` with a fault.
    """
    path = Path(path)
    if mapping is not None:
        used = dict.fromkeys(column for _, column in mapping.columns())
        source = mapping.source
        table = open_table(
            path, tuple(used), null=mapping.null[0], delimiter=source.delimiter, encoding=source.encoding
        )
        return events_of(table, mapping, path.name, ids.get(mapping.event))
    ending = ending_of(path)
    if ending == ".parquet":
        from rules_engine.feeds.parquet import parquet_events

        return parquet_events(path, event, ids)
    if ending.startswith(".csv"):
        return _csv_events(path, event, ids, formats)
    return _json_events(path, event, ids)


def _json_events(path: Path, event: str | None, ids: Ids) -> Iterator[Read]:
    """Return each line as it stands, once it is known to be JSON and to name its type."""
    lines = json_lines(path)
    heads = msgspec.json.Decoder(msgspec.defstruct("Head", [("event", str | None, None), *_id_fields(ids)]))
    return (_json_event(number, line, event, ids, heads) for number, line in lines)


def _id_fields(ids: Ids) -> list[tuple[str, Any, Any]]:
    return [(name, Any, None) for name in sorted({*ids.values()} - {"event"})]


def _json_event(number: int, line: bytes, event: str | None, ids: Ids, heads: msgspec.json.Decoder[Any]) -> Read:
    try:
        head = heads.decode(line)
    except msgspec.ValidationError:
        found = fault("no-event", f"line {number} is not a JSON object with text in `event`", "event", number)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = fault("bad-json", f"line {number} is not JSON: {why_no_json(line, error)}", None, number)
    else:
        kind = head.event or event
        if kind is not None:
            key = getattr(head, ids[kind], None) if kind in ids else None
            return Read(number=number, rows=1, kind=kind, event=line, key=None if key is None else str(key))
        found = fault("no-event", f"line {number} does not name its type: it needs `event`", "event", number)
    return Read(number=number, rows=1, fault=found)


def _csv_events(path: Path, event: str | None, ids: Ids, formats: Formats) -> Iterator[Read]:
    """Return an event for each row, its fields called like the columns; empty cells are absent."""
    table = csv_table(path)
    column = table.header.index("event") if "event" in table.header else None
    problem = None
    if column is None and event is None:
        problem = f"`{path.name}` has no column `event` to name the type of each row, and no mapping was given"
    elif "lines" in table.header:
        problem = f"`{path.name}` has a column `lines`: write a mapping, whose `[group]` makes lines of rows"
    if problem is not None:
        table.close()
        raise FeedError(problem)

    def converter(kind: str) -> Converter:
        forms = formats.get(kind, {})
        named = ((index, name) for index, name in enumerate(table.header) if name != "event")
        return Converter(plain(name, index, forms.get(name, "text")) for index, name in named)

    return _csv_rows(table, column, event, ids, Memo(converter, 1000))


def _csv_rows(
    table: Table, column: int | None, event: str | None, ids: Ids, converters: Memo[str, Converter]
) -> Iterator[Read]:
    width = len(table.header)
    for number, row in enumerate(table.rows, 1):
        if len(row) != width:
            yield Read(number=number, rows=1, fault=row_fault(row, width, number))
            continue
        kind = (row[column] if column is not None else "") or event
        if not kind:
            found = fault("no-event", f"row {number} does not name its type: `event` is empty", "event", number)
            yield Read(number=number, rows=1, fault=found)
            continue
        fields = converters[kind]
        cells = fields.pick(row)
        yield one_event(number, kind, ids.get(kind), fields, cells)
