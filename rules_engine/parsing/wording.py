"""How each word of a text is read: as a keyword, or as a name. What colours a text asks this.

In: a text. Out: `Word`s in order. No word is reserved, so only the parser knows whether `first` is a keyword: its
states are followed, nothing is built. Where a declaration does not parse, what stands behind the fault is read by its
looks alone: a word that is a keyword somewhere, and is not the key of a `:`, is one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, Literal, NamedTuple

from rules_engine.parsing import table as kinds
from rules_engine.parsing.cutting import KINDS, OFFERS, Cut, cut
from rules_engine.parsing.driving import DEEPEST, Driver, StuckError
from rules_engine.parsing.lexing import BLANKS, PATTERNS, SPAN
from rules_engine.parsing.parser import LONGEST, driver

if TYPE_CHECKING:
    from rules_engine.parsing.lexing import Tokens
    from rules_engine.source import Span

Reading = Literal["declaration", "keyword", "name", "text", "number", "date", "currency", "mark", "bad", "comment"]
"""What a word is read as. `declaration` is the first word of one, `bad` a sign that the language does not know."""

DECLARATION_WORDS = (*KINDS, *OFFERS)
"""What a declaration can begin with, as it is written with single blanks."""


class Word(NamedTuple):
    """A word or a sign, and how it is read; a keyword of several words is several of these."""

    start: int
    end: int
    reading: Reading


class Keywords(NamedTuple):
    """The words of the language, out of the parser's table, and the lexer's patterns."""

    declarations: tuple[str, ...]
    words: tuple[str, ...]
    """Keywords of one word, by the alphabet."""
    phrases: tuple[str, ...]
    """Keywords of several words with single blanks between them, the longest first."""
    marks: tuple[str, ...]
    literals: dict[str, str]
    """How literals look: patterns by name. `span` is the word of a duration: `months`."""


def keywords() -> Keywords:
    """All words and signs that the grammar knows, and how literals look.

    >>> known = keywords()
    >>> "when" in known.words, "at most" in known.phrases, ">=" in known.marks, "earn" in known.declarations
    (True, True, True, True)
    """
    stored = driver().table.stored
    words = [each for each in stored.words if " " not in each]
    phrases = sorted((each for each in stored.words if " " in each), key=lambda each: (-len(each), each))
    literals = {name: pattern for name, pattern in (*PATTERNS, ("span", SPAN)) if name in _LITERALS}
    return Keywords(DECLARATION_WORDS, tuple(words), tuple(phrases), tuple(stored.marks), literals)


_LITERALS = {"instant", "date", "time", "pct", "daymonth", "ord", "num", "span"}


def words(text: str) -> Iterator[Word]:
    """How each word is read, in order; a comment is one word. Never raises, and takes the time of one reading.

    >>> [(each.start, each.end, each.reading) for each in words("use shop")]
    [(0, 3, 'declaration'), (4, 8, 'name')]
    """
    pieces = cut(text)
    return merge((Word(*_stripped(text, each.span), "comment") for each in pieces.comments), _words(pieces))


def _stripped(text: str, span: Span) -> Span:
    return span[0], span[0] + len(text[slice(*span)].rstrip(BLANKS))


def _words(pieces: Cut) -> Iterator[Word]:
    machine = driver()
    if pieces.head is not None:
        yield from _by_looks(machine, pieces.text, pieces.head)
    for stretch in pieces.stretches:
        yield from _of_declaration(machine, pieces.text, stretch)


def _by_looks(machine: Driver, text: str, span: Span) -> Iterator[Word]:
    tokens = machine.lexer.lex(text, *span)
    yield from _placed(tokens, text, [_look(tokens, at) for at in range(len(tokens.kinds) - 1)], span[0])


def _of_declaration(machine: Driver, text: str, span: Span) -> Iterator[Word]:
    tokens = machine.lexer.lex(text, *span)
    readings = _followed(machine, tokens) if span[1] - span[0] <= LONGEST else []
    first = len(readings)
    readings += [_look(tokens, at) for at in range(first, len(tokens.kinds) - 1)]
    found = _placed(tokens, text, readings, span[0])
    heads = 2 if text.startswith(_OFFER_HEADS, span[0]) else 1
    for number, word in enumerate(found):
        yield word._replace(reading="declaration") if number < heads else word


_OFFER_HEADS = tuple(offer.split(" ")[0] for offer in OFFERS)


def _followed(machine: Driver, tokens: Tokens) -> list[Reading]:
    """The readings of a declaration's tokens up to where no reading goes on. Tokens may be split on the way."""
    table = machine.table
    found: list[Reading] = []
    states = [table.start]
    while len(found) < len(tokens.kinds) - 1 and len(states) <= DEEPEST:
        at = len(found)
        action = table.fast[states[-1]].get(tokens.kinds[at])
        if action is None:
            try:
                action = machine.action(states, tokens, at)
            except StuckError:
                return found
        if action >= 0:
            states.append(action)
            found.append("name" if table.makes[action] == NAMED else _look(tokens, at, keyed=False))
            continue
        head, length, *_ = machine.rules[~action]
        if length:
            del states[-length:]
        states.append(machine.after((states[-1], head, tokens.kinds[at])))
    return found


NAMED = 1
"""What `Table.makes` says of a state to which a name leads."""

_LOOKS: dict[int, Reading] = {
    kinds.NAME: "name",
    kinds.DOTTED: "name",
    kinds.STRING: "text",
    kinds.NUM: "number",
    kinds.QNUM: "number",
    kinds.NUM_WORD: "number",
    kinds.PCT: "number",
    kinds.ORD: "number",
    kinds.DURATION: "number",
    kinds.MONEY: "currency",
    kinds.MONEY_LABEL: "currency",
    kinds.DATE: "date",
    kinds.TIME: "date",
    kinds.INSTANT: "date",
    kinds.DAYMONTH: "date",
    kinds.BAD: "bad",
}


def _look(tokens: Tokens, at: int, *, keyed: bool = True) -> Reading:
    """What a token looks like; with `keyed`, a word before a `:` is taken for a name."""
    look = _LOOKS.get(tokens.kinds[at])
    if look is not None:
        return look
    text = tokens.texts[at]
    if not text[-1].isalpha():
        return "mark"
    return "name" if keyed and tokens.texts[at + 1] == ":" else "keyword"


def _placed(tokens: Tokens, text: str, readings: list[Reading], start: int) -> Iterator[Word]:
    """Each word where it stands: a token of several words is several, and one that was split has its place anew."""
    at = start
    for token, reading in zip(tokens.texts, readings, strict=False):
        for number, word in enumerate([token] if reading == "text" else token.split()):
            begin = text.index(word, at)
            at = begin + len(word)
            yield from _parted(begin, word, reading, number)


def _parted(begin: int, word: str, reading: Reading, number: int) -> Iterator[Word]:
    """One word of a token: `40` and `GBP` of an amount, `3` and `months` of a duration."""
    read = reading
    if reading == "currency":
        read = "currency" if number else "number"
    elif reading == "number" and number:
        read = "keyword"
    elif reading == "keyword" and word == ",":
        read = "mark"
    yield Word(begin, begin + len(word), read)
