"""The lexer that Pygments finds under the name `rules`: rule files in colour on forges and in docs.

It is reached through the entry point `rules_engine.highlighting.pygments_lexer:RulesLexer`; nothing else here
needs Pygments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pygments import token as types
from pygments.lexer import Lexer

from rules_engine.highlighting.pieces import Kind, between, tokens

TYPES: Final[dict[Kind | None, types._TokenType]] = {
    None: types.Whitespace,
    "comment": types.Comment.Single,
    "string": types.String.Double,
    "title": types.Name.Label,
    "number": types.Number,
    "date": types.Literal.Date,
    "currency": types.Keyword.Constant,
    "declaration": types.Keyword.Declaration,
    "keyword": types.Keyword,
    "name": types.Name,
    "operator": types.Operator,
    "bracket": types.Punctuation,
}
"""The token type of each kind of piece, and of what lies between them."""


class RulesLexer(Lexer):
    """Rule files for Pygments: the same pieces as everywhere, under its names for them.

    >>> from pygments import highlight
    >>> from pygments.formatters import NullFormatter
    >>> highlight("use shop", RulesLexer(), NullFormatter())
    'use shop\\n'
    """

    name = "Rules"
    aliases = ["rules"]  # noqa: RUF012 - so Pygments declares it
    filenames = ["*.rules"]  # noqa: RUF012
    mimetypes = ["text/x-rules"]  # noqa: RUF012
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, types._TokenType, str]]:
        """Each piece with its place and its type; joined they are the text."""
        for (start, end), kind in between(text, tokens(text)):
            yield start, TYPES[kind], text[start:end]
