"""Keys of tracks: words in a state, values in a rule. The word of a number is its digits, of a flag yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from rules_engine import ir
from rules_engine.backends.reference.run import Key, Val
from rules_engine.backends.reference.world import World

Kind: TypeAlias = Literal["text", "number", "flag"]

_KINDS: Final[dict[str, Kind]] = {
    "flag": "flag",
    **dict.fromkeys(("date", "time", "instant", "count", "rate", "money", "unit", "tier"), "number"),
}
"""What the values of a field are; all else is text."""


def word(value: Val) -> str:
    """A key as a state writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(Fraction(value)) if isinstance(value, int | Fraction) else str(value)


def meant(written: str, track: ir.TrackDef, world: World) -> Key:
    """The key that a state writes so."""
    assert track.by_key is not None, f"`{track.name}` has no keys"
    match _kind(track.by_key, track, world):
        case "flag":
            return written == "yes"
        case "number":
            return Fraction(written)
        case "text":
            return written


def ascending(found: Iterable[Key]) -> list[Key]:
    """Keys of one kind in their order: texts by their characters, numbers by size, no before yes."""
    return sorted(found, key=lambda key: (key, 0) if isinstance(key, str) else ("", key))


def largest(values: Mapping[Key, Fraction | int], top: int | None) -> list[Fraction | int]:
    """The largest of some values by key, or all of them; of equal ones the lowest keys come first."""
    order = sorted(ascending(values), key=lambda key: -values[key])
    return [values[key] for key in order[:top]]


def _kind(expr: ir.Expr, track: ir.TrackDef, world: World) -> Kind:
    """What an expression gives, from its form."""
    match expr:
        case ir.Field(name=name):
            return _field_kind(world.fields.get((track.events[0], name)))
        case ir.LineField(name=name):
            return _field_kind(world.line_fields.get((track.events[0], name)))
        case ir.MemberField(name=name) | ir.PersonField(name=name):
            return _field_kind(world.facts.get(name))
        case ir.Choose(rows=rows):
            values = [row.value for row in rows if not isinstance(row.value, ir.Stop)]
            return _kind(values[0], track, world)
        case ir.Txt() | ir.Imported() | ir.CurrencyRead() | ir.CodeRead():
            return "text"
        case ir.Flg() | ir.All() | ir.Any() | ir.Not() | ir.Has() | ir.Cmp() | ir.OneOf() | ir.InPeriod():
            return "flag"
        case _:
            return "number"


def _field_kind(field: ir.FieldDef | None) -> Kind:
    return "text" if field is None else _KINDS.get(field.kind, "text")
