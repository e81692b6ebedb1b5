"""Keys of tracks as a state writes them: of which kind they are, and whether a word is one.

In: a track by key and the fields of its program. Out: the kind of its keys. The word of a number is its digits, of a
flag yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from rules_engine import ir

KeyKind: TypeAlias = Literal["text", "number", "flag"]

_KINDS: Final[dict[str, KeyKind]] = {
    "flag": "flag",
    **dict.fromkeys(("date", "time", "instant", "count", "rate", "money", "unit", "tier"), "number"),
}
"""What the values of a field are; all else is text."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(/[1-9][0-9]{0,40})?")


class Fields(Protocol):
    """Where a key's fields are found: by event and name, of lines likewise, facts by name."""

    @property
    def fields(self) -> Mapping[tuple[str, str], ir.FieldDef]: ...
    @property
    def line_fields(self) -> Mapping[tuple[str, str], ir.FieldDef]: ...
    @property
    def facts(self) -> Mapping[str, ir.FieldDef]: ...


class Declared(msgspec.Struct, frozen=True):
    """The fields of a program."""

    fields: dict[tuple[str, str], ir.FieldDef]
    line_fields: dict[tuple[str, str], ir.FieldDef]
    facts: dict[str, ir.FieldDef]


def declared(program: ir.Program) -> Declared:
    """Collect them."""
    lines = [(event.name, event.fields if event.lines is None else event.lines.fields) for event in program.events]
    return Declared(
        {(event.name, field.name): field for event in program.events for field in event.fields},
        {(name, field.name): field for name, fields in lines for field in fields},
        {field.name: field for field in program.member},
    )


def key_kind(track: ir.TrackDef, fields: Fields) -> KeyKind:
    """Of which kind a track's keys are."""
    assert track.by_key is not None, f"`{track.name}` has no keys"
    return _kind(track.by_key, track, fields)


def is_key(written: str, kind: KeyKind) -> bool:
    """Whether a word of a state is a key of a kind."""
    match kind:
        case "flag":
            return written in ("yes", "no")
        case "number":
            return _NUMBER.fullmatch(written) is not None
        case "text":
            return True


def _kind(expr: ir.Expr, track: ir.TrackDef, fields: Fields) -> KeyKind:
    """What an expression gives, from its form."""
    match expr:
        case ir.Field(name=name):
            return _field_kind(fields.fields.get((track.events[0], name)))
        case ir.LineField(name=name):
            return _field_kind(fields.line_fields.get((track.events[0], name)))
        case ir.MemberField(name=name) | ir.PersonField(name=name):
            return _field_kind(fields.facts.get(name))
        case ir.Choose(rows=rows):
            values = [row.value for row in rows if not isinstance(row.value, ir.Stop)]
            return _kind(values[0], track, fields)
        case ir.Txt() | ir.Imported() | ir.CurrencyRead() | ir.CodeRead():
            return "text"
        case ir.Flg() | ir.All() | ir.Any() | ir.Not() | ir.Has() | ir.Cmp() | ir.OneOf() | ir.InPeriod():
            return "flag"
        case _:
            return "number"


def _field_kind(field: ir.FieldDef | None) -> KeyKind:
    return "text" if field is None else _KINDS.get(field.kind, "text")
