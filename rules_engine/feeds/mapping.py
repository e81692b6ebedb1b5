"""The mapping: a TOML file that says how the columns of a file become events and member facts.

It names columns, formats and constants, and stops there. Whatever needs more is a program of its own that writes
NDJSON. The models below are the shape of the file; what they cannot see (whether a column exists) is checked when the
mapping meets a header. This module is imported only when there is a mapping to read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from rules_engine.feeds.conversions import FORMATS, format_problem, number_problem, zone_problem
from rules_engine.feeds.files import reason
from rules_engine.feeds.records import FeedError
from rules_engine.values import ROUNDINGS, Rounding


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _rounding(value: Any) -> Any:
    if value not in ROUNDINGS:
        raise ValueError(f"`{value}` is no rounding{nearest(str(value), ROUNDINGS)}")
    return value


Name = Annotated[StrictStr, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
Texts = Annotated[tuple[StrictStr, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
Value = StrictStr | StrictBool | StrictInt


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(_Table):
    """Where one field comes from, and what is made of it."""

    columns: Names | None = Field(None, alias="from")
    constant: Value | None = None
    product: Names | None = None
    row_number: Literal[True] | None = None
    join: StrictStr = " "
    format: StrictStr = "text"
    decimals: Annotated[StrictInt, Field(ge=0, le=18)] | None = None
    rounding: Annotated[Rounding, BeforeValidator(_rounding)] | None = None
    values: dict[str, Value] | None = None
    null: Texts | None = None
    take: Literal["same", "first"] = "same"
    repeated_hour: Literal["first", "second"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value

    @model_validator(mode="after")
    def _fits(self) -> FieldMapping:
        sources = (self.columns, self.constant, self.product, self.row_number)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("needs exactly one of `from`, `constant`, `product`, `row_number`")
        if self.product is not None and len(self.product) < 2:
            raise ValueError("a `product` has two columns or more")
        if self.product is not None and (self.decimals is None or self.rounding is None):
            raise ValueError('a `product` says its `decimals` and its `rounding`, as in `rounding = "half up"`')
        if self.product is not None and (self.format != "text" or self.values is not None):
            raise ValueError("a `product` is a decimal already: leave out `format` and `values`")
        if self.values is not None and self.format != "text":
            raise ValueError("`values` translates text: leave out `format`")
        if problem := format_problem(self.format):
            raise ValueError(problem)
        if self.rounding is not None and self.decimals is None:
            raise ValueError("`rounding` needs `decimals`")
        if self.decimals is not None and self.product is None and self.format != "decimal":
            raise ValueError('`decimals` needs `format = "decimal"`')
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that the field reads."""
        return self.columns or self.product or ()


class Filter(_Table):
    """Rows or events to set aside under a name: counted, and never scored."""

    name: Name
    column: Name
    starts_with: Texts | None = None
    is_: Texts | None = Field(None, alias="is")
    empty: Literal[True] | None = None
    below: StrictStr | StrictInt | None = None
    what: Literal["event", "row"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Filter:
        tests = (self.starts_with, self.is_, self.empty, self.below)
        if sum(test is not None for test in tests) != 1:
            raise ValueError("needs exactly one of `starts_with`, `is`, `empty`, `below`")
        if self.below is not None and (problem := number_problem(str(self.below))):
            raise ValueError(f"`below` compares numbers, and {problem}")
        if self.name in ("read", "scored", "rejected"):
            raise ValueError(f"`{self.name}` is counted already: choose another name")
        return self


class Source(_Table):
    """The file of events, and how it is written where that differs from the usual."""

    file: Name | None = None
    delimiter: Annotated[StrictStr, Field(min_length=1, max_length=1)] = ","
    encoding: StrictStr = "utf-8"

    @model_validator(mode="after")
    def _known(self) -> Source:
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"`{self.encoding}` is no encoding; try `utf-8` or `cp1252`") from None
        return self


class Group(_Table):
    """Which rows make one event: those with the same value in these columns."""

    by: Names
    adjacent: StrictBool = False


class Members(_Table):
    """The file of members: which column is the id, and where the facts come from."""

    file: Name | None = None
    id: Name
    facts: dict[str, FieldMapping] = {}


class Mapping(_Table):
    """A whole mapping file."""

    event: Name
    zone: StrictStr | None = None
    null: Texts = ("",)
    source: Source = Source()
    group: Group | None = None
    fields: Annotated[dict[str, FieldMapping], Field(min_length=1)]
    lines: Annotated[dict[str, FieldMapping], Field(min_length=1)] | None = None
    set_aside: tuple[Filter, ...] = ()
    members: Members | None = None

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield every column that events need, each with the key that names it."""
        if self.group is not None:
            yield from (("group.by", column) for column in self.group.by)
        for section, fields in (("fields", self.fields), ("lines", self.lines or {})):
            for name, field in fields.items():
                yield from ((f"{section}.{name}", column) for column in field.sources)
        yield from ((f"set_aside.{found.name}", found.column) for found in self.set_aside)

    def member_columns(self) -> Iterator[tuple[str, str]]:
        """Yield every column that member facts need, each with the key that names it."""
        if self.members is not None:
            yield "members.id", self.members.id
            for name, field in self.members.facts.items():
                yield from ((f"members.facts.{name}", column) for column in field.sources)


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; all its problems are reported together, each behind the key it stands at."""
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise FeedError(f"the mapping `{path}` cannot be read: {reason(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FeedError(f"the mapping `{path}` is not TOML: {reason(error)}") from None
    try:
        mapping = Mapping.model_validate(found)
    except ValidationError as error:
        raise FeedError(*(_problem(dict(each)) for each in error.errors())) from None
    problems = tuple(_across(mapping))
    if problems:
        raise FeedError(*problems)
    return mapping


def nearest(name: str, names: Sequence[str]) -> str:
    """Return the words that point to the name that was probably meant, or nothing.

    >>> nearest("CustomerId", ["CustomerID", "Country"])
    '; did you mean `CustomerID`?'
    >>> nearest("x", ["CustomerID"])
    ''
    """
    folded = {known.casefold(): known for known in names}
    close = get_close_matches(name.casefold(), list(folded), n=1)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""


def _across(mapping: Mapping) -> Iterator[str]:
    """Yield what is wrong between the parts of a mapping."""
    if mapping.zone is not None and (problem := zone_problem(mapping.zone)):
        yield f"zone: {problem}"
    if mapping.lines is not None and mapping.group is None:
        yield "lines: needs `[group]`, whose `by` names the column that tells which rows make one event"
    names = [found.name for found in mapping.set_aside]
    yield from (f"set_aside: two filters are called `{name}`" for name in {*names} if names.count(name) > 1)
    for found in mapping.set_aside:
        if mapping.group is not None and found.what is None and found.column not in mapping.group.by:
            yield f'set_aside.{found.name}: say `what = "event"` or `what = "row"`: the rows of an event may differ'
    facts = mapping.members.facts if mapping.members is not None else {}
    for section, fields in (("fields", mapping.fields), ("lines", mapping.lines or {}), ("members.facts", facts)):
        for name, field in fields.items():
            local = field.format not in FORMATS and "H" in field.format and "Z" not in field.format
            if local and mapping.zone is None:
                yield f'{section}.{name}.format: a local time needs `zone` at the top, as in `zone = "Europe/London"`'
            if name == "event" or (name == "lines" and section == "fields"):
                yield f"{section}.{name}: `{name}` cannot be the name of a field here"


_KEYS = tuple(
    field.alias or name
    for model in (Mapping, Source, Group, FieldMapping, Filter, Members)
    for name, field in model.model_fields.items()
)

_WORDING = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "model_type": "must be a table or, for a field, the name of a column",
    "model_attributes_type": "must be a table or, for a field, the name of a column",
    "tuple_type": "must be a list of texts",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def _problem(error: dict[str, Any]) -> str:
    """Return one fault that the models found, in the user's words."""
    keys = [str(key + 1) if isinstance(key, int) else key for key in error["loc"]]
    keys = [key for key in keys if key not in ("str", "int", "bool")]
    where, kind = ".".join(keys), error["type"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key{nearest(keys[-1], _KEYS)}"
    text = _WORDING.get(kind) or str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {text[:1].lower()}{text[1:]}" if where else text
