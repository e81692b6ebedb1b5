"""A number and the words behind it, where the parser got stuck: what can be missing there, and what is one too many.

In: the tokens of a declaration that did not parse, the place, and the file's text, which declares the units.
"""

from __future__ import annotations

import re

from rules_engine.parsing import table as kinds
from rules_engine.parsing.lexing import Tokens
from rules_engine.source import Span

_NUMBER = re.compile(r"-?\d[\d_.]*")
_DAYS_AND_TIMES = (kinds.DATE, kinds.TIME, kinds.INSTANT)


def takes_of(tokens: Tokens, at: int, text: str) -> bool:
    """Whether `of` before a place can make sense: it takes a share of something, never of a time, a day or a unit."""
    if tokens.kinds[at] in _DAYS_AND_TIMES or _is_unit(tokens.texts[at], text):
        return False
    return not _is_quantity(tokens, at) or tokens.texts[at - 3] in ("per", "per full")


def word_between(tokens: Tokens, at: int, text: str) -> Span | None:
    """The word, with its blanks, between a number and the unit at a place, as in `3 extra points`."""
    if not _is_quantity(tokens, at) or not _is_unit(tokens.texts[at], text):
        return None
    return tokens.ends[at - 2], tokens.starts[at]


def _is_quantity(tokens: Tokens, at: int) -> bool:
    """Whether a number and a word stand before the place."""
    return at > 2 and tokens.texts[at - 1].isidentifier() and _NUMBER.fullmatch(tokens.texts[at - 2]) is not None


def _is_unit(word: str, text: str) -> bool:
    """Whether the file declares a unit by this name."""
    return word.isidentifier() and re.search(rf"^unit\s+(?:\w+\s*,\s*)?{word}\b", text, re.MULTILINE) is not None
