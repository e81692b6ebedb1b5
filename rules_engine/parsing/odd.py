"""Odd characters outside texts: those that cannot be seen, and letters that only look like a to z.

In: the tokens of a declaration that did not parse, or the place of a character. Out: the place to blame, and the
finding with its mend.
"""

from __future__ import annotations

from rules_engine.diagnostics import Diagnostic, Fix
from rules_engine.parsing import table as kinds
from rules_engine.parsing.habits import foreign_letter, plain_letters, unseen
from rules_engine.parsing.lexing import Tokens
from rules_engine.source import Source

WORD_SHOWN = 100
"""Characters of a word that are repeated in a message."""


def odd_place(tokens: Tokens, stuck: int) -> int | None:
    """A character at the place, or one that cannot be seen wherever it is: nothing else can be blamed before it."""
    for at, text in enumerate(tokens.texts):
        if tokens.kinds[at] == kinds.BAD and unseen(text[0]):
            return at
    for at in range(max(0, stuck - 1), stuck + 1):
        if tokens.kinds[at] == kinds.BAD:
            return at
    behind = stuck + 1
    if behind < len(tokens.kinds) and tokens.kinds[behind] == kinds.BAD and tokens.texts[behind][0].isalpha():
        return behind if tokens.starts[behind] == tokens.ends[stuck] else None
    return None


def unseen_run(source: Source, text: str, start: int) -> Diagnostic:
    """A run of characters that cannot be seen."""
    end = start + 1
    while end < len(text) and text[end] not in " \n\t\r" and unseen(text[end]):
        end += 1
    fix = Fix("take it out", (start, end), " " if text[start].isspace() else "")
    return Diagnostic("P144", source.name, (start, end), {"found": unseen(text[start])}, fix=fix)


def foreign(source: Source, text: str, start: int) -> Diagnostic:
    """A word that is not written in the letters a to z."""
    first, last = start, start + 1
    while first > 0 and _in_word(text[first - 1]):
        first -= 1
    while last < len(text) and _in_word(text[last]):
        last += 1
    word = text[first:last]
    plain = plain_letters(word)
    hint = f"write `{plain}`" if plain else "names use the letters a to z, digits and `_`; texts stand in quotes"
    if letter := foreign_letter(word):
        hint = f"{letter}; {hint}"
    fix = Fix(f"write `{plain}`", (first, last), plain) if plain else None
    return Diagnostic("P145", source.name, (first, last), {"found": word[:WORD_SHOWN], "hint": hint}, fix=fix)


def _in_word(char: str) -> bool:
    return char == "_" or char.isalnum()
