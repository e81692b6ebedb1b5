"""What each piece of a rule file is: a comment, a keyword, a name, an amount of money.

In: any text. Out: `Token`s in order, none over another, none over a line's end; what lies between them is blank. What
is a keyword is the parser's answer and not a list's, since no word is reserved: `first` is one in `first per unit` and
a name in `first: date`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.parsing import Reading, Word, words

if TYPE_CHECKING:
    from rules_engine.source import Span

Kind = Literal[
    "comment", "string", "number", "date", "currency", "declaration", "keyword", "title", "name", "operator", "bracket"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Token(NamedTuple):
    """A piece of a text, from `start` to `end` (excluded), and what it is."""

    start: int
    end: int
    kind: Kind


def tokens(text: str) -> Iterator[Token]:
    """All pieces of a text in order; whatever the text, nothing is raised.

    >>> text = 'earn "Points" { on purchase }  # one each'
    >>> [(text[each.start : each.end], each.kind) for each in tokens(text)][:4]
    [('earn', 'declaration'), ('"Points"', 'title'), ('{', 'bracket'), ('on', 'keyword')]
    """
    read: Reading = "mark"
    past = 0
    for word in words(text):
        if word.start < past:  # a word of an open quote
            continue
        if word.reading == "bad" and text[word.start] == '"':
            found = Token(word.start, _line_end(text, word.start), "string")
        else:
            found = Token(word.start, word.end, _kind(text, word, read))
        read, past = word.reading, found.end
        yield found


def _line_end(text: str, at: int) -> int:
    """Where an open quote ends: with its line, as the parser has it."""
    ends = [end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0]
    return at + len(text[at : min(ends, default=len(text))].rstrip())


_KINDS: Final[dict[Reading, Kind]] = {
    "declaration": "declaration",
    "keyword": "keyword",
    "name": "name",
    "text": "string",
    "number": "number",
    "date": "date",
    "currency": "currency",
    "mark": "operator",
    "bad": "operator",
    "comment": "comment",
}


def _kind(text: str, word: Word, before: Reading) -> Kind:
    """What a word is; a text right behind a declaration's word is its title."""
    kind = _KINDS[word.reading]
    if kind == "string":
        return "title" if before == "declaration" else "string"
    if kind == "name":
        return "currency" if text[word.start : word.end] in CURRENCY_DECIMALS else "name"
    if kind == "operator":
        return "bracket" if text[word.start] in "(){}" else "operator"
    return kind


def between(text: str, found: Iterator[Token]) -> Iterator[tuple[Span, Kind | None]]:
    """The same stretches with what lies between them, so that joined they are the whole text.

    >>> list(between("use  x", tokens("use  x")))
    [((0, 3), 'declaration'), ((3, 5), None), ((5, 6), 'name')]
    """
    at = 0
    for token in found:
        if token.start > at:
            yield (at, token.start), None
        yield (token.start, token.end), token.kind
        at = token.end
    if at < len(text):
        yield (at, len(text)), None
