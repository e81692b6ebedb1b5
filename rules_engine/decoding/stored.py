"""What a host stored between events, read back into its shape: a state, or the shared counters.

In: anything at all, and a `Form` that says what is read. Out: the value, or the faults; whether its names and numbers
fit a program is asked by whoever reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from rules_engine.decoding.faults import Place, clean, fault, shown
from rules_engine.outcome import Fault
from rules_engine.state import STATE_VERSION, Shared, State

T = TypeVar("T", State, Shared)

_TYPES: Final = {
    "int": "a whole number",
    "str": "text",
    "object": "an object",
    "array": "a list",
    "null": "null",
    "float": "a number with a point",
    "bool": "true or false",
}


class Form(msgspec.Struct, Generic[T], frozen=True):
    """What is read: its type, its name in messages, what lacks a part, and the codes for another version and for a
    broken part."""

    type: type[T]
    name: str
    lacks: str
    version: str
    broken: str

    @property
    def place(self) -> Place:
        """Where faults stand."""
        return Place(f"the {self.name}")

    def fault(self, where: str, reason: str) -> Fault:
        """A part that cannot be."""
        return fault(self.broken, self.place, where, reason=reason)


def read(raw: object, form: Form[T]) -> T | tuple[Fault, ...]:
    """The value, or its faults. `None`: nothing was stored yet."""
    if raw is None:
        return form.type()
    if isinstance(raw, form.type):
        try:
            raw = builtins(raw)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return (form.fault("", f"it has not the shape of {form.lacks.rpartition(' ')[0]}"),)
    if not isinstance(raw, Mapping):
        sent = f"what `{form.type.__name__}.to_json` gave, or null"
        return (fault("V100", form.place, "", found=shown(raw), form=sent),)
    version = raw.get("version")
    if type(version) is not int or version != STATE_VERSION:
        word = "no number" if version is None else clean(str(version)[:50]) if type(version) is int else shown(version)
        return (fault(form.version, form.place, "version", found=word, version=str(STATE_VERSION)),)
    unknown = [name for name in raw if name not in form.type.__struct_fields__]
    if unknown:
        words = [clean(name) if isinstance(name, str) else shown(name) for name in unknown]
        return tuple(form.fault(word, f"{form.lacks} no such part") for word in words)
    try:
        return msgspec.convert(dict(raw), form.type, str_keys=True)
    except (msgspec.ValidationError, ValueError, OverflowError, TypeError) as error:
        return (form.fault(*_misshapen(str(error), form)),)


def builtins(value: State | Shared) -> dict[str, Any]:
    """A value as JSON values, its version said."""
    encoded: dict[str, Any] = msgspec.to_builtins(value, str_keys=True)
    return {"version": value.version, **encoded}


def _misshapen(said: str, form: Form[T]) -> tuple[str, str]:
    """Where and why, of the decoder's words about shape, in those of the host."""
    found = re.search(r"at (?:`key` in )?`\$\.?(.*?)`", said)
    where = found[1] if found else ""
    expected = re.search(r"Expected `([a-z]+)(?: \| null)?`, got `([a-z]+)`", said)
    if expected is not None:
        wanted, got = (_TYPES.get(word, word) for word in expected.groups())
        return where, f"there must be {wanted}, not {got}"
    unknown = re.search(r"contains unknown field `(.*?)`", said)
    if unknown is not None:
        return f"{where}.{clean(unknown[1])}".lstrip("."), f"{form.lacks} no such part"
    missing = re.search(r"missing required field `([a-z_]+)`", said)
    what = form.lacks.rpartition(" ")[0]
    return where, f"`{missing[1]}` is missing" if missing else f"it has not the shape of {what}"
