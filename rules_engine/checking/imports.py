"""Columns, tables and periods from CSV files inside the program's folder.

In: the declarations that import, and the folder's files. Out: `ir.ImportDef`s with the digest of what was read, and
`periods.Host`. A path leads inside the folder, the file is UTF-8 text with a header row, and a table's key stands once.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from rules_engine import ir, periods, tree
from rules_engine.calendar import parse_date
from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


class Folder(Protocol):
    """The files beside the rule files, by their path in the folder with `/` between names."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, or None where there is none or it may not be read."""
        ...


class NoFolder:
    """A program that is only text has no files beside it."""

    def read(self, path: str) -> bytes | None:
        """No file, whatever the path."""
        del path
        return None


def import_column(name: str, column: tree.Column, context: Context) -> ir.ImportDef | None:
    """The values of a column, each once."""
    rows = _rows(column.file, context)
    if rows is None:
        return None
    at = _column(column.column.value, rows[0], column.file, context)
    if at is None:
        return None
    values = tuple(sorted({row[at] for row in rows[1:] if row[at]}))
    return ir.ImportDef(name, None, values, _digest(values))


def import_table(name: str, key: tree.Path, file: tree.Text, context: Context) -> ir.ImportDef | None:
    """The values of the column called as the table is, by those of the column called as the key."""
    rows = _rows(file, context)
    if rows is None:
        return None
    keys_at, values_at = (_column(each, rows[0], file, context) for each in (key.parts[-1].text, name))
    if keys_at is None or values_at is None:
        return None
    made: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if made.setdefault(row[keys_at], row[values_at]) != row[values_at]:
            context.report("F105", file, key=row[keys_at], file=file.value, row=str(number))
            return None
    keys = tuple(sorted(made))
    values = tuple(made[each] for each in keys)
    return ir.ImportDef(name, keys, values, _digest((*keys, "", *values)))


def host_period(name: str, span: tree.HostSpan, context: Context) -> periods.Host | None:
    """The days of a period from the host, in the file that is called as it is: `day`, where days in a row are one
    occurrence, or `first` and `last`, both included, where each row is one."""
    file = tree.Text(span.span, f"{name}.csv")
    rows = _rows(file, context, "a column `day`, or `first` and `last`, says on which days it is")
    if rows is None:
        return None
    days = [each.strip() for each in rows[0]] == ["day"]
    columns = [_column(each, rows[0], file, context) for each in (("day",) if days else ("first", "last"))]
    found: list[tuple[int, int]] = []
    for number, row in enumerate(rows[1:], 2):
        try:
            read = [parse_date(row[at].strip()) for at in columns if at is not None]
        except ValueFault as fault:
            context.report("F103", file, file=file.value, reason=f"row {number}: {fault.reason}")
            return None
        if read:
            found.append((read[0], read[-1] + 1))
    if None in columns:
        return None
    made = periods.Host(name, tuple(_in_a_row(sorted(found)) if days else sorted(found)))
    if not made.spans:
        context.report("F103", file, file=file.value, reason="it has no days")
        return None
    return made


def _in_a_row(days: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Days that follow each other, and days that stand twice, as one stretch."""
    made: list[tuple[int, int]] = []
    for first, end in days:
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((first, end))
    return made


def _rows(file: tree.Text, context: Context, note: str = "") -> list[list[str]] | None:
    """The rows of a file, all as long as the first; None after an error."""
    if not inside(file.value):
        context.report("F101", file, file=file.value)
        return None
    content = context.symbols.folder.read(file.value)
    if content is None:
        context.report("F102", file, file=file.value, note=note)
        return None
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError:
        context.report("F103", file, file=file.value, reason="it is no UTF-8 text")
        return None
    except csv.Error as fault:
        context.report("F103", file, file=file.value, reason=str(fault))
        return None
    rows = [row for row in rows if row]
    if not rows:
        context.report("F103", file, file=file.value, reason="it is empty")
        return None
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            context.report(
                "F103", file, file=file.value, reason=f"row {number} has {len(row)} cells, the head {len(rows[0])}"
            )
            return None
    return rows


def inside(path: str) -> bool:
    """Whether a path as written stays inside the program's folder.

    >>> inside("lists/excluded.csv"), inside("../secret.csv"), inside("/etc/passwd"), inside("C:\\\\x.csv")
    (True, False, False, False)
    """
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not path.startswith("/") and "\\" not in path and ":" not in path


def _column(name: str, head: list[str], file: tree.Text, context: Context) -> int | None:
    found = [at for at, each in enumerate(head) if each.strip() == name]
    if len(found) == 1:
        return found[0]
    if found:
        context.report("F103", file, file=file.value, reason=f"two columns are called `{name}`")
    else:
        context.no_column(name, file, head)
    return None


def _digest(values: tuple[str, ...]) -> str:
    """SHA-256 over the values, each with its length, so that no two lists run together."""
    digest = hashlib.sha256()
    for each in values:
        content = each.encode()
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()
