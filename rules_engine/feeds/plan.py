"""A mapping bound to the header of a file: which cells of a row go where, found once and not for every row.

Names are looked up here and faults of the mapping reported here; what is left for a row is to pick its cells and look
their values up in a `Memo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rules_engine.feeds.conversions import (
    Conversion,
    Memo,
    Value,
    decimal,
    flag,
    integer,
    listed,
    moment,
    money,
    product,
    scaled,
    tens,
    translation,
)
from rules_engine.feeds.records import FeedError

if TYPE_CHECKING:
    from rules_engine.feeds.mapping import FieldMapping, Filter
    from rules_engine.feeds.mapping import Mapping as FeedMapping
    from rules_engine.feeds.tables import Table

Pick = Callable[[Sequence[str]], Any]

SIMPLE: dict[str, Conversion] = {
    "text": str,
    "integer": integer,
    "flag": flag,
    "decimal": decimal(None, None),
    "list": listed,
    "money": money,
}


class CellError(ValueError):
    """A cell that does not become the value its field wants."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Step:
    """How one field comes out of some cells: which cells, and what they become (None: absent)."""

    __slots__ = ("indexes", "make", "name")

    def __init__(self, name: str, indexes: tuple[int, ...], make: Callable[[Any], Value | None]) -> None:
        self.name = name
        self.indexes = indexes
        self.make = make


class Converter:
    """Turns the cells of a row, picked by `pick`, into the fields of an event or of a line."""

    __slots__ = ("_constants", "_steps", "pick")

    def __init__(self, steps: Iterable[Step], constants: Mapping[str, Value] = {}) -> None:
        steps = tuple(steps)
        indexes = sorted({index for step in steps for index in step.indexes})
        place = {index: position for position, index in enumerate(indexes)}
        self.pick = picker(indexes)
        self._constants = dict(constants)
        self._steps = tuple(
            (step.name, itemgetter(*(place[index] for index in step.indexes)), Memo(step.make)) for step in steps
        )

    def convert(self, cells: Sequence[str]) -> dict[str, Value]:
        """Return the fields; an absent one is left out, and a cell that does not fit raises `CellError`."""
        values = self._constants.copy()
        name = ""
        try:
            for name, pick, memo in self._steps:  # a fault names the field that was met
                value = memo[pick(cells)]
                if value is not None:
                    values[name] = value
        except ValueError as error:
            raise CellError(name, str(error)) from None
        return values

    def one(self, name: str, cells: Sequence[str]) -> str | None:
        """Return a single field as text where it can be had: to name an event whose other fields are faulty."""
        for step, pick, memo in self._steps:
            if step == name:
                try:
                    value = memo[pick(cells)]
                except ValueError:
                    return None
                return None if value is None else str(value)
        return str(self._constants[name]) if name in self._constants else None


class Sieve:
    """One filter bound to its column; `whole` sets the event aside, otherwise the row."""

    __slots__ = ("hits", "index", "name", "whole")

    def __init__(self, found: Filter, index: int, nulls: frozenset[str]) -> None:
        self.name = found.name
        self.index = index
        self.whole = found.what != "row"
        self.hits: Memo[str, bool] = Memo(_test(found, nulls))


def picker(indexes: Sequence[int]) -> Pick:
    """Return the function that picks these cells of a row, always as a tuple.

    >>> picker([1])(["a", "b"]), picker([])(["a"])
    (('b',), ())
    """
    if len(indexes) > 1:
        return itemgetter(*indexes)
    if not indexes:
        return lambda _row: ()
    (index,) = indexes
    return lambda row: (row[index],)


def steps_of(fields: Mapping[str, FieldMapping], mapping: FeedMapping, place: Mapping[str, int]) -> Converter:
    """Return the converter of a section of the mapping; `place` says where each column stands."""
    constants = {name: field.constant for name, field in fields.items() if field.constant is not None}
    steps = []
    for name, field in fields.items():
        if field.constant is None:
            indexes = (len(place),) if field.row_number else tuple(place[column] for column in field.sources)
            steps.append(Step(name, indexes, _maker(field, mapping)))
    return Converter(steps, constants)


def plain(name: str, index: int, form: str) -> Step:
    """Return the step of a column that needs no mapping: an empty cell is absent, the rest as its format says. An empty
    list is a list."""
    convert = SIMPLE[form]
    return Step(name, (index,), lambda text: None if text == "" and form != "list" else convert(text))


def check_columns(
    wanted: Iterable[tuple[str, str]], table: Table, file: str, nearest: Callable[[str, Sequence[str]], str]
) -> None:
    """Refuse a mapping that names columns which the file does not have."""
    unknown = [
        f"{key}: `{file}` has no column `{column}`{nearest(column, table.header)}"
        for key, column in wanted
        if column not in table.header
    ]
    if unknown:
        table.close()
        raise FeedError(*dict.fromkeys(unknown))


def _maker(field: FieldMapping, mapping: FeedMapping) -> Callable[[Any], Value | None]:
    """Return the function from the cell, or the cells, of a field to its value."""
    nulls = frozenset(mapping.null) | frozenset(field.null or ())
    if field.product is not None:
        assert field.decimals is not None
        assert field.rounding is not None
        multiply = product(field.decimals, field.rounding)
        return lambda texts: None if not nulls.isdisjoint(texts) else multiply(texts)
    convert = _conversion(field, mapping)
    if field.format == "list" and field.columns is not None:
        several = len(field.columns) > 1
        return lambda texts: convert(";".join(each for each in (texts if several else (texts,)) if each not in nulls))
    if field.columns is not None and len(field.columns) > 1:
        join = field.join.join
        return lambda texts: None if not nulls.isdisjoint(texts) else convert(join(texts))
    return lambda text: None if text in nulls else convert(text)


def _conversion(field: FieldMapping, mapping: FeedMapping) -> Conversion:
    if field.values is not None:
        return translation(field.values)
    if field.format == "decimal":
        return decimal(field.decimals, field.rounding)
    if field.format in SIMPLE:
        return SIMPLE[field.format]
    return moment(field.format, mapping.zone, field.repeated_hour)


def _test(found: Filter, nulls: frozenset[str]) -> Callable[[str], bool]:
    """Return the test that a filter makes of a cell."""
    if found.starts_with is not None:
        starts = found.starts_with
        return lambda text: text.startswith(starts)
    if found.is_ is not None:
        values = frozenset(found.is_)
        return values.__contains__
    if found.below is None:
        return nulls.__contains__
    limit, limit_places = scaled(str(found.below))

    def below(text: str) -> bool:
        try:
            number, places = scaled(text)
        except ValueError:
            return False
        return number * tens(limit_places) < limit * tens(places)

    return below
