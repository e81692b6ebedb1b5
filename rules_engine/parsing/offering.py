"""What could be written at a place of a text that is still being typed.

In: a text and an offset in it. Out: `Offered`: the keywords that the grammar takes there, the kinds of literals, and
the words of the declaration before the place. The declaration is read up to the place; only what the parser could go
on with is offered. Where the text before it does not parse there is nothing to go on from, and `known` is false.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rules_engine.parsing.cutting import cut
from rules_engine.parsing.driving import StuckError, TooDeepError, Trial
from rules_engine.parsing.parser import driver
from rules_engine.source import Span

_WORD = re.compile(r"\w*\Z", re.ASCII)
_QUOTES = re.compile(r'"[^"\n]*"?')
_FURTHER = 20_000
"""Characters of a declaration that are read before a place; more than that is a list of values."""


class Keyword(NamedTuple):
    """A keyword that fits, and the stretch of what is typed of it already."""

    text: str
    span: Span


class Offered(NamedTuple):
    """See the module. `typed` is the stretch of the word at the place, `before` the tokens in front of it, `literals`
    kinds such as NAME, STRING and QNUM; `quoted` says that the place is in an open text, `stretch` where its
    declaration
    stands (so far as it goes on without another one)."""

    typed: Span
    before: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    literals: frozenset[str]
    quoted: bool
    known: bool
    stretch: Span


def offered(text: str, offset: int) -> Offered | None:
    """What could be written at an offset; None in a comment."""
    start, end = _stretch(text, offset)
    line = text.rfind("\n", 0, offset) + 1
    bare = _QUOTES.sub(lambda found: "_" * len(found[0]), text[line:offset])
    if "#" in bare:
        return None
    quoted = text.count('"', line, offset) % 2 == 1
    first = text.rfind('"', line, offset) if quoted else offset - len(_found(text[start:offset]))
    clean = cut(text, start, first).text
    if quoted:
        before, fitting, known = _fitting(clean, start, first)
        return Offered((first + 1, offset), before, (), fitting & {"STRING"}, quoted, known, (start, end))
    before, fitting, known = _fitting(clean, start, first)
    keywords = [Keyword(text, (first, offset)) for text in _keywords(fitting)]
    at = first
    for _ in range(3):  # a keyword of several words, of which the first are typed already
        at = len(clean[:at].rstrip())
        at -= len(_found(clean[start:at]))
        if at <= start or not clean[at : at + 1].isalpha():
            break
        typed = " ".join(clean[at:first].split()) + " "
        words = _keywords(_fitting(clean, start, at)[1])
        keywords += [Keyword(each, (at, offset)) for each in words if each.startswith(typed)]
    literals = frozenset(name for name in fitting if name.isupper())
    return Offered((first, offset), before, tuple(keywords), literals, quoted, known, (start, end))


def _found(text: str) -> str:
    found = _WORD.search(text)
    return found[0] if found else ""


def _stretch(text: str, offset: int) -> Span:
    """The declaration at an offset: from the line that begins it to the next one that begins another."""
    begin = max(0, offset - _FURTHER)
    line = text.rfind("\n", 0, offset) + 1
    stretches = cut(text, begin, offset).stretches
    start = stretches[-1][0] if stretches else begin
    if stretches and start >= line and " " not in text[start:offset]:
        start = stretches[-2][0] if len(stretches) > 1 else start  # the word that would begin one is still being typed
    after = cut(text, line, min(len(text), offset + _FURTHER)).stretches
    ends = [each[0] for each in after if each[0] > offset]
    return start, ends[0] if ends else min(len(text), offset + _FURTHER)


def _fitting(text: str, start: int, end: int) -> tuple[tuple[str, ...], frozenset[str], bool]:
    """The tokens before a place and the names of the terminals that fit there: keywords as spelt, literals by kind."""
    machine = driver()
    tokens = machine.lexer.lex(text, start, end)
    at = len(tokens.kinds) - 1
    try:
        states = machine.before(tokens, at)
    except (StuckError, TooDeepError):
        return tuple(tokens.texts[:-1]), frozenset(), False
    table = machine.table
    trial = Trial(table, machine.rules, machine.lexer.parts, states)
    fitting = {terminal for terminal in table.row(states[-1]) if trial.takes(terminal)}
    words = {text for text, terminals in table.stored.words.items() if not fitting.isdisjoint(terminals)}
    kinds = {table.names[each] for each in fitting if not table.names[each].startswith("__")}
    return tuple(tokens.texts[:-1]), frozenset(words | kinds), True


def _keywords(fitting: frozenset[str]) -> list[str]:
    return sorted(name for name in fitting if not name.isupper() and name[0].isalpha())
