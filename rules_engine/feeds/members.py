"""The file of members: for each id, the facts that the rules may read.

Facts decide what a member gets, so a file with a faulty row is refused as a whole, and all its faults are named: a
member whose facts were dropped would silently be scored as somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from rules_engine.feeds.files import at_row, ending_of
from rules_engine.feeds.grouping import encoded, row_fault, shown
from rules_engine.feeds.plan import CellError, Converter, check_columns, plain, steps_of
from rules_engine.feeds.records import FeedError
from rules_engine.feeds.tables import csv_table, json_lines, open_table, why_no_json

if TYPE_CHECKING:
    from rules_engine.feeds.mapping import Mapping as FeedMapping

Facts = dict[str, Any]
_PROBLEMS_MAX = 20


def read_members(
    path: str | Path,
    *,
    mapping: FeedMapping | None = None,
    id: str = "member",  # noqa: A002
    formats: Mapping[str, str] = {},
) -> dict[str, Facts]:
    """Return the facts of each member by id; any fault, and an id that comes twice, raises `FeedError`.

    Without a mapping, `id` names the column or key of the id, every other is a fact, and `formats` says which facts
    are an `integer` or a `flag` where the file is CSV.
    """
    path = Path(path)
    ending = ending_of(path)
    found: Iterator[tuple[int, str | None, Facts | str]]
    if mapping is not None and mapping.members is not None:
        found = _mapped(path, mapping)
    elif ending.startswith(".csv"):
        found = _from_csv(path, id, formats)
    else:
        records = _parquet(path) if ending == ".parquet" else _json(path)
        found = ((number, *_split(record, id)) for number, record in records)
    members: dict[str, Facts] = {}
    problems: list[str] = []
    for number, member, facts in found:
        if isinstance(facts, str):
            problems.append(f"`{path.name}`, {at_row(number, shown(facts))}")
        elif member is None:
            problems.append(f"`{path.name}`, row {number}: there is no member id in `{_id_name(mapping, id)}`")
        elif member in members:
            problems.append(f"`{path.name}`, row {number}: member `{shown(member)}` stands further up already")
        else:
            members[member] = facts
            continue
        if len(problems) >= _PROBLEMS_MAX:
            break
    if problems:
        raise FeedError(*problems)
    return members


def _id_name(mapping: FeedMapping | None, id_name: str) -> str:
    return mapping.members.id if mapping is not None and mapping.members is not None else id_name


def _split(record: Facts | str, id_name: str) -> tuple[str | None, Facts | str]:
    """Return the id of a record, and the rest of it."""
    if isinstance(record, str):
        return None, record
    member = record.pop(id_name, None)
    if member is not None and not isinstance(member, str):
        return None, f"the member id in `{id_name}` must be text"
    return member or None, record


def _json(path: Path) -> Iterator[tuple[int, Facts | str]]:
    for number, line in json_lines(path):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield number, f"it is not JSON: {why_no_json(line, error)}"
            continue
        yield number, record if isinstance(record, dict) else "it is not a JSON object"


def _parquet(path: Path) -> Iterator[tuple[int, Facts | str]]:
    from rules_engine.feeds.parquet import parquet_records

    return enumerate(parquet_records(path), 1)


def _from_csv(path: Path, id_name: str, formats: Mapping[str, str]) -> Iterator[tuple[int, str | None, Facts | str]]:
    from rules_engine.feeds.mapping import nearest

    table = csv_table(path)
    check_columns([("members", id_name)], table, path.name, nearest)
    steps = (
        plain(name, place, formats.get(name, "text")) for place, name in enumerate(table.header) if name != id_name
    )
    return _rows(table.rows, len(table.header), table.header.index(id_name), frozenset({""}), Converter(steps))


def _mapped(path: Path, mapping: FeedMapping) -> Iterator[tuple[int, str | None, Facts | str]]:
    from rules_engine.feeds.mapping import nearest

    assert mapping.members is not None
    used = dict.fromkeys(column for _, column in mapping.member_columns())
    table = open_table(path, tuple(used), null=mapping.null[0])
    check_columns(mapping.member_columns(), table, path.name, nearest)
    place = {name: index for index, name in enumerate(table.header)}
    facts = steps_of(mapping.members.facts, mapping, place)
    return _rows(table.rows, len(place), place[mapping.members.id], frozenset(mapping.null), facts)


def _rows(
    rows: Iterator[list[str]], width: int, id_place: int, nulls: frozenset[str], facts: Converter
) -> Iterator[tuple[int, str | None, Facts | str]]:
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            yield number, None, row_fault(row, width, number).message
            continue
        row.append(str(number))
        try:
            values = facts.convert(facts.pick(row))
            encoded([row[id_place], values])
        except CellError as error:
            yield number, None, f"`{error.field}`: {error}"
            continue
        except UnicodeError:
            yield number, None, "it holds bytes that are no text of the file's encoding"
            continue
        yield number, None if row[id_place] in nulls else row[id_place], values
