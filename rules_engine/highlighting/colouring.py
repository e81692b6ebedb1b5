"""A rule file as HTML: a span with a class for each piece."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from rules_engine.highlighting.pieces import KINDS, Kind, between, tokens

CLASSES: Final[dict[Kind, str]] = {kind: f"t-{kind}" for kind in KINDS}
"""The class of each kind of piece."""


def html(text: str, classes: Mapping[Kind, str] | None = None) -> str:
    """A text in spans; all of it is escaped. What is no piece, or has no class, stands there plain.

    >>> html("use shop")
    '<span class="t-declaration">use</span> <span class="t-name">shop</span>'
    >>> html("# <b>")
    '<span class="t-comment"># &lt;b&gt;</span>'
    """
    named = CLASSES if classes is None else classes
    shown: list[str] = []
    for (start, end), kind in between(text, tokens(text)):
        piece = escape(text[start:end])
        name = named.get(kind) if kind is not None else None
        shown.append(f'<span class="{escape(name)}">{piece}</span>' if name else piece)
    return "".join(shown)
