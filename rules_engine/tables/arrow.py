"""Arrow columns as JSON values: what a row of a table says, exactly as a host would have sent it.

In: record batches. Out: dictionaries of texts, whole numbers, flags and lists, without what is missing; a float column
is refused with the mend, because it has lost the exact amount before it came to us, and a time without a zone, unless
the caller knows of which zone it is. pyarrow is imported only here.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rules_engine.tables.columns import FeedError

_PLAIN_SCALE = 6
"""Decimals with more places than this come out of a cast with an exponent, once they are small."""


def pyarrow(what: str = "Parquet files") -> Any:
    """Return the pyarrow module, or say how to get it."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise FeedError(f"{what} need pyarrow: install `rules-engine[parquet]`") from None
    return pyarrow


def check_schema(schema: Any, event: str | None, where: str) -> None:
    """Refuse columns that cannot become exact values, and events whose type nothing tells; raises `FeedError`."""
    pa = pyarrow("tables")
    if "event" not in schema.names and event is None:
        raise FeedError(f"{where} has no column `event` to name the type of each row, and no mapping was given")
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise FeedError(*(f"{where} has two columns called `{name}`" for name in twice))
    for field in schema:
        check_type(pa, field.name, field.type, local_times=False)


def check_type(pa: Any, name: str, kind: Any, local_times: bool) -> None:
    """Refuse a type that cannot become an exact value; raises `FeedError`."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_floating(kind):
        mend = "cast it to a decimal, such as decimal128(18, 2), or to text where it is made"
        raise FeedError(f"column `{name}` holds floating-point numbers, which are not exact: {mend}")
    if types.is_timestamp(kind) and kind.tz is None and not local_times:
        raise FeedError(f"column `{name}` holds times without a zone: store them in UTC, or name the zone in a mapping")
    if types.is_list(kind) or types.is_large_list(kind):
        check_type(pa, f"{name}[]", kind.value_type, local_times)
    elif types.is_struct(kind):
        for field in kind:
            check_type(pa, f"{name}.{field.name}", field.type, local_times)
    elif not _is_plain(types, kind):
        raise FeedError(f"column `{name}` is of type `{kind}`, which an event cannot hold")


def _is_plain(types: Any, kind: Any) -> bool:
    tests = ("string", "large_string", "boolean", "integer", "decimal", "date", "timestamp", "time", "null")
    return any(getattr(types, f"is_{test}")(kind) for test in tests)


def records(batch: Any) -> list[dict[str, Any]]:
    """The rows of a record batch as dictionaries of JSON values, without what is missing; raises `FeedError` where a
    text is none."""
    pa = pyarrow()
    names = batch.schema.names
    columns = []
    for name in names:
        try:
            columns.append(values(pa, batch.column(name)))
        except UnicodeDecodeError:
            raise FeedError(f"column `{name}` holds bytes that are no text: texts are UTF-8") from None
    rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def values(pa: Any, column: Any) -> list[Any]:
    """A column, nested or not, as JSON values."""
    types, kind = pa.types, column.type
    if types.is_list(kind) or types.is_large_list(kind):
        flat = values(pa, column.flatten())
        lengths = pa.compute.list_value_length(column).to_pylist()
        made, start = [], 0
        for length in lengths:
            made.append(None if length is None else flat[start : start + length])
            start += length or 0
        return made
    if types.is_struct(kind):
        names = [field.name for field in kind]
        inner = [values(pa, part) for part in column.flatten()]
        rows = zip(*inner, strict=True) if inner else iter([()] * len(column))
        found = [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
        return [record if valid else None for record, valid in zip(found, column.is_valid().to_pylist(), strict=True)]
    if types.is_integer(kind) or types.is_boolean(kind):
        return list(column.to_pylist())
    return list(text(pa, column).to_pylist())


def text(pa: Any, column: Any) -> Any:
    """A column of single values as text: decimals with their digits, dates and instants in ISO form."""
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if types.is_timestamp(kind):
        return _instants(pa, column)
    if types.is_date64(kind):
        column = column.cast(pa.date32())
    if types.is_decimal(kind) and kind.scale > _PLAIN_SCALE:
        return pa.array([None if each is None else format(each, "f") for each in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _instants(pa: Any, column: Any) -> Any:
    """Times as text to the second; parts of a second are written only where there are any, for whoever reads them to
    refuse."""
    seconds = column.cast(pa.timestamp("s", column.type.tz), safe=False)
    whole = pa.compute.equal(seconds.cast(column.type), column)
    if pa.compute.all(whole).as_py() in (True, None):
        return _clock(pa, seconds)
    return pa.compute.if_else(whole, _clock(pa, seconds), _clock(pa, column))


def _clock(pa: Any, column: Any) -> Any:
    if column.type.tz is None:
        return pa.compute.strftime(column, "%Y-%m-%d %H:%M:%S")
    column = column.cast(pa.timestamp(column.type.unit, "UTC"))
    return pa.compute.binary_join_element_wise(pa.compute.strftime(column, "%Y-%m-%dT%H:%M:%S"), "Z", "")
