"""Faults at the boundary: where they are, and the wording from the table of codes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from rules_engine.codes import CODES
from rules_engine.diagnostics import nearest
from rules_engine.outcome import Fault

SHOWN_MAX = 40
_WHOLE_MAX = 10**30


class Wrong(Exception):  # noqa: N818 - a fault of the data, caught inside this room
    """A value that cannot be taken: a code and the words for its wording; the caller knows where it stands."""

    def __init__(self, code: str, **data: str) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


class Place(msgspec.Struct, frozen=True):
    """Where a value stands: the event's name (or `the member`), the line counted from 1, or 0 outside lines."""

    owner: str
    line: int = 0

    def path(self, name: str) -> str:
        """The field as programs name it: `brand`, `lines[2].amount`.

        >>> Place("stay", 2).path("amount")
        'lines[2].amount'
        """
        return f"lines[{self.line}].{name}".rstrip(".") if self.line else name

    def words(self, name: str) -> str:
        """The field as people name it: `` `amount` on line 2 of stay``."""
        line = f"line {self.line} of " if self.line else ""
        if not name:
            return f"{line}{self.owner}"
        return f"`{name}` on {line}{self.owner}" if line else f"`{name}` of {self.owner}"


def fault(code: str, place: Place, name: str, **data: str) -> Fault:
    """A fault with its wording filled in: message and advice in one text."""
    row = CODES[code]
    words = {"form": "", "hint": "", **data, "where": place.words(name), "owner": place.owner}
    message, advice = row.message.format_map(words), row.help.format_map(words).strip("; ")
    return Fault(code, place.path(name), f"{message}; {advice}" if advice and advice != "send" else message)


def hint(found: str, known: Iterable[str], noun: str) -> str:
    """The nearest name, or all of them: `did you mean `brand`?`, `the fields are `a`, `b``."""
    names = list(known)
    near = nearest(found, names)
    if near:
        return f"did you mean `{near}`?"
    return f"the {noun} are {listed(names)}" if names else f"there are no {noun}"


def listed(names: Iterable[str]) -> str:
    """Names in back ticks, the first twelve of them."""
    every = list(names)
    rest = f" and {len(every) - 12} more" if len(every) > 12 else ""
    return ", ".join(f"`{name}`" for name in every[:12]) + rest


def clean(text: str) -> str:
    """A text that can be printed on one line: cut short, unprintable characters escaped.

    >>> clean("a" + chr(0))
    'a\\\\x00'
    """
    cut = text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def shown(value: object) -> str:
    """A value as its sender would know it, of any type and size.

    >>> shown("12"), shown(12), shown(True), shown([1, 2])
    ('the text `12`', 'the number 12', '`true`', 'a list')
    """
    if isinstance(value, str):
        return f"the text `{clean(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int):
        return f"the number {value}" if abs(value) < _WHOLE_MAX else "a number of more than 30 digits"
    if isinstance(value, float | Decimal):
        return f"the number {clean(str(value))}"
    if value is None:
        return "null"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return f"a value of type {clean(type(value).__name__)}"
