"""What builders share: a clause on its way into its declaration, and what a builder says where the text has the right
shape but a wrong word or order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rules_engine.source import Span


class Part(NamedTuple):
    """A clause on its way into its declaration: where it belongs and what it says."""

    slot: str
    span: Span
    value: Any


def clause(slot: str) -> Callable[[Span, Any], Part]:
    """A builder of one kind of clause."""
    return lambda s, value: Part(slot, s, value)


class RefusalError(Exception):
    """A code with its data, to be shown at a span; `fix` is a title, a span and the text to put there."""

    def __init__(self, code: str, span: Span, data: dict[str, str], fix: tuple[str, Span, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.span = span
        self.data = data
        self.fix = fix


def whole(span: Span, text: str) -> int:
    """A whole number as written; anything else is refused."""
    plain = text.replace("_", "")
    if plain.isdecimal() and len(plain) <= 18:
        return int(plain)
    raise RefusalError("P118", span, {"found": text})


def once(parts: list[Part], words: dict[str, str]) -> None:
    """Refuse the second of a clause that may stand once."""
    seen: set[str] = set()
    for one in parts:
        if one.slot in seen:
            raise RefusalError("P112", one.span, twice(words[one.slot]))
        seen.add(one.slot)


_ALL_IN_ONE = {
    "remembers": "write all facts behind one: `remembers n: count up to 9   shop: text`",
    "when": "join the two with `and`: `when ... and ...`",
}


def twice(clause: str) -> dict[str, str]:
    """What is said of a clause that is written twice."""
    return {"clause": clause, "mend": _ALL_IN_ONE.get(clause, "keep one of them")}
