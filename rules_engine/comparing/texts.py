"""Texts of rules as a person reads them beside a change: whole, a clause a line, long lists with their count.

In: the texts of a change, each on one line, of any length. Out: lines for a terminal or a pull request. JSON has the
texts as they are. Of two long texts that differ, what surrounds the difference is shown.
"""

from __future__ import annotations

import re
from itertools import takewhile
from textwrap import wrap
from typing import Final

from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source

LINE_MAX: Final = 110
"""A declaration that is no longer is shown on one line."""
TEXT_MAX: Final = 160
"""Texts of a pair that are no longer are shown as they are."""
ITEMS_MAX: Final = 12
"""A list of more is shown with its first items and the number of the others."""
ITEMS_SHOWN: Final = 8
_NEAR: Final = 40
"""How much is shown on each side of a difference."""
_DIFFERENCE_MAX: Final = 400
_PIECE: Final = re.compile(r'"[^"\n]*"|[(),]|[^"(),]+|"')


def lines_of(text: str) -> list[str]:
    """A declaration, a clause a line where it is long.

    >>> lines_of("unit point, points { lasts for 24 months }")
    ['unit point, points { lasts for 24 months }']
    """
    if len(text) <= LINE_MAX:
        return [text]
    source = Source("", text)
    parsed = parse(source)
    laid_out = text if parsed.diagnostics else format_source(source, parsed)
    shown = shortened(laid_out.rstrip("\n")).split("\n")
    return [part for line in shown for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    blanks = " " * (len(line) - len(line.lstrip()) + 4)
    return wrap(line, TEXT_MAX, subsequent_indent=blanks, break_on_hyphens=False, break_long_words=False)


def shortened(text: str) -> str:
    """A text whose long lists are cut, with the number of what is left out.

    >>> shortened(f"sku in ({', '.join(f'a{n}' for n in range(20))}) or paid")
    'sku in (a0, a1, a2, a3, a4, a5, a6, a7, ... and 12 more) or paid'
    """
    made: list[str] = []
    start, commas = 0, list[int]()
    for piece in _PIECE.findall(text):
        made.append(piece)
        if piece == "(":
            start, commas = len(made), []
        elif piece == "," and start:
            commas.append(len(made))
        elif piece == ")" and start:
            if len(commas) >= ITEMS_MAX:
                rest = len(commas) + 1 - ITEMS_SHOWN
                made[commas[ITEMS_SHOWN - 1] :] = [f" ... and {rest:,} more", ")"]
            start = 0
    return "".join(made)


def pair(old: str, new: str) -> tuple[str, str]:
    """Two texts that differ, as far as it takes to see in what.

    >>> pair("at most 5 points", "at most 6 points")
    ('at most 5 points', 'at most 6 points')
    """
    if max(len(old), len(new)) <= TEXT_MAX:
        return old, new
    if not (old and new):
        return shortened(old), shortened(new)
    words, others = old.split(" "), new.split(" ")
    first = _alike(words, others)
    last = _alike(words[first:][::-1], others[first:][::-1])
    before, after = _end(words[:first]), _begin(words[len(words) - last :])
    shown = [_between(before, each[first : len(each) - last], after) for each in (words, others)]
    return (shown[0], shown[1]) if shown[0] != shown[1] else (old, new)


def _alike(one: list[str], other: list[str]) -> int:
    """With how many words both begin."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False)))


def _between(before: str, words: list[str], after: str) -> str:
    text = " ".join(words)
    if len(text) > _DIFFERENCE_MAX:
        text = f"{text[: _DIFFERENCE_MAX // 2].rstrip()} ... {text[-_DIFFERENCE_MAX // 2 :].lstrip()}"
    return " ".join(filter(None, (before, text, after)))


def _end(words: list[str]) -> str:
    """What stands before a difference: how it begins, and the last words."""
    text = " ".join(words)
    last = text[-_NEAR:].partition(" ")[2] or text[-_NEAR:]
    return text if len(text) <= _NEAR * 3 else f"{_first(text)} ... {last}"


def _begin(words: list[str]) -> str:
    """The first words of what stands behind it."""
    text = " ".join(words)
    return text if len(text) <= _NEAR * 2 else f"{_first(text)} ..."


def _first(text: str) -> str:
    return text[:_NEAR].rpartition(" ")[0] or text[:_NEAR]
