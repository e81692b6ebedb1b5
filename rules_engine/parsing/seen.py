"""What can be seen of a declaration that did not parse.

In: its tokens. Out: its kind, and the names by which others may refer to it, so that they are not reported as unknown.
"""

from __future__ import annotations

from rules_engine.parsing import table as kinds
from rules_engine.parsing.lexing import Tokens


def kind_of(tokens: Tokens) -> str:
    """The declaration's first word, or its two for an offer."""
    return tokens.texts[0]


def names_of(tokens: Tokens) -> tuple[str, ...]:
    """The names by which others may refer to a broken declaration: its name and plural, its `as` name and title."""
    names: list[str] = []
    for at in range(1, min(len(tokens.kinds) - 1, 7)):
        kind, text = tokens.kinds[at], tokens.texts[at]
        if text in ("{", "="):
            break
        if kind == kinds.STRING and at == 1:
            names.append(text[1:-1])
        elif text.isidentifier() and (at == 1 or tokens.texts[at - 1] in (",", "as")):
            names.append(text)
    return tuple(names)
