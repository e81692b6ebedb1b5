"""What a builder says where the text has the right shape but a wrong word or order."""

from __future__ import annotations

from rules_engine.source import Span


class Refusal(Exception):
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
    raise Refusal("P118", span, {"found": text})
