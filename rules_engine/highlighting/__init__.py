"""Rule files in colour: `tokens(text)` says what each piece of a text is, `html(text)` writes it with a class each."""

from rules_engine.highlighting.colouring import CLASSES, html
from rules_engine.highlighting.pieces import KINDS, Kind, Token, tokens

__all__ = ["CLASSES", "KINDS", "Kind", "Token", "html", "tokens"]
