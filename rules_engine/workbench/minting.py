"""A series of codes that nobody can guess: `series` makes them, `write_series` puts them in a CSV file.

In: how many, how long, and where chance comes from. Out: codes of letters and digits that look like no other, no two
alike in normal spelling. Vowels are left out, so that no code is a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rules_engine.feeds import FeedError
from rules_engine.spelling import normal_code

ALPHABET: Final = "3479CDFGHJKMNPQRTVWXY"
"""Without 0 and O, 1 and I and L, 2 and Z, 5 and S, 6, 8 and B, and without vowels."""

COUNT_MAX: Final = 1_000_000
CODE_MAX: Final = 64
GUESSES: Final = 1_000_000
"""At most one guess in so many may hit a code of the series."""

Draw = Callable[[Sequence[str]], str]


def series(prefix: str, count: int, length: int, draw: Draw) -> list[str]:
    """So many different codes: the prefix, a hyphen and `length` signs that `draw` chooses; raises `FeedError`.

    >>> signs = iter("3479CDFGHJKMNPQR")
    >>> series("Spring", 2, 8, lambda _: next(signs))
    ['SPRING-3479CDFG', 'SPRING-HJKMNPQR']
    """
    start = _start(prefix)
    _check(count, length, start)
    made: dict[str, None] = {}
    while len(made) < count:
        made[start + "".join(draw(ALPHABET) for _ in range(length))] = None
    return list(made)


def _start(prefix: str) -> str:
    """The prefix in capitals with a hyphen, nothing for none."""
    word = prefix.strip().upper()
    if word and (not normal_code(word) or not all(sign.isalnum() or sign in "- _" for sign in word)):
        raise FeedError(f"`{ascii(prefix)[1:-1]}` cannot be the prefix of a code: take letters and digits")
    return f"{word}-" if word else ""


def _check(count: int, length: int, start: str) -> None:
    if not 1 <= count <= COUNT_MAX:
        raise FeedError(f"a series has 1 to {COUNT_MAX:,} codes, not {count:,}")
    if not 1 <= length <= CODE_MAX - len(start):
        raise FeedError(f"a code has at most {CODE_MAX} signs with its prefix; {length} more are too many")
    least = length
    while len(ALPHABET) ** least < count * GUESSES:
        least += 1
    if least > length:
        raise FeedError(
            f"{count:,} codes of {length} signs are guessed too easily: one try in "
            f"{max(1, len(ALPHABET) ** length // count):,} would hit one; say `--length {least}`"
        )


def chance(count: int, length: int) -> int:
    """One guess in how many hits a code of a series."""
    return int(len(ALPHABET) ** length) // count


def write_series(path: Path, codes: Sequence[str]) -> None:
    """Write a CSV file of one column `code`, which a rule file imports; a file that is there is never written over."""
    if path.suffix != ".csv":
        raise FeedError(f"`{path}` does not end in `.csv`, and a series is a CSV file")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(["code", *codes, ""]))
    except FileExistsError:
        raise FeedError(f"`{path}` is there already: codes that are out must not be lost; name another file") from None
    except OSError as error:
        raise FeedError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from None
