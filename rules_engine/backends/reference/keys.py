"""Keys of tracks: words in a state, values in a rule. The word of a number is its digits, of a flag yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from rules_engine import ir
from rules_engine.backends.reference.run import Key, Val
from rules_engine.backends.reference.world import World
from rules_engine.decoding import key_kind


def word(value: Val) -> str:
    """A key as a state writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(Fraction(value)) if isinstance(value, int | Fraction) else str(value)


def meant(written: str, track: ir.TrackDef, world: World) -> Key:
    """The key that a state writes so."""
    match key_kind(track, world):
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
