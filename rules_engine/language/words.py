"""What each word of the language means: one table, which hover, completion and the reference page read.

In: `words.toml`, a row a word. Out: `WORDS`, by family; a row holds all spellings of a word, one sentence, a line of
rule text and the page that tells more. A test holds that each keyword of the grammar has exactly one row.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec


class Word(msgspec.Struct, frozen=True):
    """A word of the language: its spellings, the family it is told with, what it means, a line of rule text that has
    it, and the page and section that tell more."""

    spellings: tuple[str, ...]
    family: str
    meaning: str
    example: str
    page: str


class _Table(msgspec.Struct):
    word: tuple[Word, ...]


TABLE: Final = Path(__file__).parent / "words.toml"


@cache
def words() -> tuple[Word, ...]:
    """Every keyword of the language, by family.

    >>> words()[0].spellings, words()[0].example
    (('language',), 'language 1')
    """
    return msgspec.toml.decode(TABLE.read_bytes(), type=_Table).word


@cache
def _by_spelling() -> dict[str, Word]:
    return {spelling: word for word in words() for spelling in word.spellings}


def meaning_of(word: str) -> str | None:
    """What a keyword means; None where it is none.

    >>> meaning_of("per full")
    'for each whole step; what is left over counts nothing'
    """
    found = _by_spelling().get(word)
    return found.meaning if found else None


KNOWN: Final[dict[str, str]] = {
    "net": "the price of the lines less what offers took",
    "list": "the price of the lines before offers",
    "catalogue": "the price of the lines after the catalogue stage",
    "current": "what the goods cost at this moment, while offers act",
    "paid": "what is paid of the price in money, after redeems",
    "was": "the crossed-out price",
    "today": "the event's own local day",
    "tier": "the member's tier: as before the event in offers and earns, after it in rewards",
    "yes": "holds",
    "no": "does not hold",
    "each": "the number of the key at hand",
    "mark": "the mark that was reached",
    "rung": "the rung that is judged",
}
"""Names that nobody declares, and that are read where no declared name hides them."""

TYPES: Final[dict[str, str]] = {
    "text": "a text of up to 256 characters, or `text up to N`",
    "flag": "`yes` or `no`",
    "count": "a whole number up to a bound",
    "rate": "a decimal or a percentage with up to 9 decimals",
    "money": "an amount of a currency of the header, up to a bound",
    "date": "a day",
    "time": "a time of day",
    "instant": "a moment; the header's timezone says on which day it falls",
    "codes": "the codes that an event presents",
    "member": "the id of a member",
}
"""The types that a field may have, besides units and choices."""
