"""Characters that cannot be seen, or that show a text in another order than it is read.

In: the text of a file. Out: findings, each with the mend that takes the characters out. They hide from whoever reviews
a rule: a comment that ends earlier than it seems to, a title that is not the one it looks like.

| where | what | |
|---|---|---|
| outside texts and comments | any of them, `P144` | an error, found by the parser (`explaining.py`) |
| in a text or a comment | embeddings, overrides and isolates of writing direction, `P155` | an error |
| in a text or a comment | control characters, separators of lines, halves of a surrogate pair, `P156` | an error |
| in a text | a space of no width, a soft hyphen and their like, `P157` | a warning |

Joiners and marks of direction stay: Persian, Hindi, Hebrew and families in emoji are written with them.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from rules_engine.diagnostics import Diagnostic, Fix
from rules_engine.parsing.habits import unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules_engine.source import Source, Span

FINDINGS_MAX: Final = 20
"""So many are told of one file."""

_CONTROL: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ud800-\udfff"
_TURNING: Final = r"\u202a-\u202e\u2066-\u2069"
_HIDDEN: Final = r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\U000e0000-\U000e007f"
_ANY: Final = re.compile(rf"[{_CONTROL}{_TURNING}{_HIDDEN}]")
_RUN: Final = re.compile(rf"[{_CONTROL}]+|[{_TURNING}]+|[{_HIDDEN}]+")
_TURNS: Final = re.compile(rf"[{_TURNING}]")
_HIDES: Final = re.compile(rf"[{_HIDDEN}]")
_QUOTED_OR_COMMENT: Final = re.compile(r"\"[^\"\n]*(?:\"|$)|#[^\n]*", re.MULTILINE)


def hides(text: str, span: Span) -> bool:
    """Whether a stretch of a text has a character that nobody sees, or that turns others about."""
    return _ANY.search(text, *span) is not None


def hidden(source: Source, text: str, span: Span) -> Iterator[Diagnostic]:
    """The findings in texts and comments; `text` is the source's, of the same length, its line ends all `\\n`."""
    if _ANY.search(text, *span) is not None:
        yield from islice(_hidden(source, text, span), FINDINGS_MAX)


def _hidden(source: Source, text: str, span: Span) -> Iterator[Diagnostic]:
    for place in _QUOTED_OR_COMMENT.finditer(text, *span):
        quoted = place[0][0] == '"'
        for found in _RUN.finditer(text, *place.span()):
            first = found[0][0]
            if _TURNS.match(first):
                code = "P155"
            elif not _HIDES.match(first):
                code = "P156"
            elif quoted:
                code = "P157"
            else:
                continue
            fix = Fix("take it out", found.span(), " " if first.isspace() else "")
            data = {"found": unseen(first), "where": "text" if quoted else "comment"}
            yield Diagnostic(code, source.name, found.span(), data, fix=fix)
