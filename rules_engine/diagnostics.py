"""A user's mistake as a value: code, place, data, help and, where there is one, the mend.

In: what a room found. Out: text for a terminal, or JSON for a tool. All wording lives in `codes.py`; a diagnostic only
carries the words to fill in, so that tests compare values and quick fixes read fields.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from rules_engine.codes import CODES, Code
from rules_engine.source import NOWHERE, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


LINE_SHOWN: Final = 200
"""Characters of a line that are shown beside a finding: those round the place."""

MESSAGE_MAX: Final = 1500
"""Characters of a message or of its help, which never repeats a text of megabytes."""


def clean(text: str) -> str:
    r"""A text for a person to read: characters that do not print are written out, and a long one is cut in the middle.

    >>> clean("a \u202e b")
    'a \\u202e b'
    """
    if len(text) > MESSAGE_MAX:
        half = MESSAGE_MAX // 2
        text = f"{text[:half]} ... {text[-half:]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


class Label(msgspec.Struct, frozen=True):
    """A second place that explains the first: `the other "Base points" stands here`."""

    source: str
    span: Span
    text: str


class Fix(msgspec.Struct, frozen=True):
    """A mend that an editor can make: put `text` in the place of `span`."""

    title: str
    span: Span
    text: str


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding. `data` fills the placeholders of the code's wording; `source` is the file's name as given.

    A code's row stands in `codes.py`; what keeps its rows elsewhere (a lint holds its own) brings `row` along.

    >>> finding = Diagnostic("N208", "shop.rules", (10, 15), {"name": "pionts"})
    >>> finding.severity, finding.message
    ('error', 'there is no unit `pionts`')
    """

    code: str
    source: str
    span: Span = NOWHERE
    data: dict[str, str] = {}
    labels: tuple[Label, ...] = ()
    fix: Fix | None = None
    note: str = ""
    row: Code | None = None

    @property
    def severity(self) -> Severity:
        """Whether it keeps the program from running."""
        return self._row.severity

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return clean(self._row.message.format_map(self.data))

    @property
    def help(self) -> str:
        """The code's advice with the data filled in, then this finding's own note."""
        advice = self._row.help.format_map(_Lenient(self.data))
        return clean("; ".join(part for part in (advice, self.note) if part))

    @property
    def _row(self) -> Code:
        return self.row or CODES[self.code]


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def sort_key(finding: Diagnostic) -> tuple[str, Span, str]:
    """Findings are shown by file, then place, then code."""
    return finding.source, finding.span, finding.code


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name most like a word, or an empty text.

    >>> nearest("nigths", ["nights", "spend"])
    'nights'
    """
    names = list(known)
    letters = sorted(word)
    swapped = next((name for name in names if sorted(name) == letters), "")
    found = [swapped] if swapped else get_close_matches(word, names, n=1)
    if found:
        return found[0]
    folded = {name.casefold(): name for name in names}
    return folded.get(word.casefold(), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean `nights`?`, or an empty text where nothing is near."""
    name = nearest(word, known)
    return f"did you mean `{name}`?" if name else ""


def render(finding: Diagnostic, source: Source | None) -> str:
    """A finding as text: code and message, place, the line underlined, labels, help and mend."""
    head = f"{finding.severity}[{finding.code}]: {finding.message}"
    lines = [head]
    if source is not None:
        lines += _excerpt(source, finding.span, "")
        for label in finding.labels:
            if label.source == source.name:
                lines += _excerpt(source, label.span, label.text)
            else:
                lines.append(f"  note: {label.text} ({label.source})")
    else:
        lines.append(f"  --> {clean(finding.source)}")
    if finding.help:
        lines.append(f"  help: {finding.help}")
    if finding.fix is not None:
        lines.append(f"  fix: {clean(finding.fix.title)}")
    return "\n".join(lines)


def _around(line: str, column: int) -> tuple[str, int]:
    """What of a long line is shown, and where the column is in it."""
    if len(line) <= LINE_SHOWN:
        return line, column
    start = max(0, min(column - LINE_SHOWN // 3, len(line) - LINE_SHOWN))
    return ("..." if start else "") + line[start : start + LINE_SHOWN], column - start + (3 if start else 0)


def _printable(char: str) -> str:
    """A character, or what stands for one that does not print: as wide, so that signs stand below what they mean."""
    return char if char.isprintable() else " " if char == "\t" else "\ufffd"


def _excerpt(source: Source, span: Span, text: str) -> list[str]:
    place = source.place(span[0])
    line, column = _around(source.line(place.line), place.column - 1)
    gutter = " " * len(str(place.line))
    width = max(1, min(span[1] - span[0], len(line) - column))
    shown = line if line.isprintable() else "".join(map(_printable, line))
    under = " " * column + "^" * width
    arrow = "-->" if not text else ":::"
    return [
        f" {gutter}{arrow} {clean(source.name)}:{place.line}:{place.column}",
        f" {gutter} |",
        f" {place.line} | {shown}",
        f" {gutter} | {under}{' ' + text if text else ''}",
    ]


def as_json(finding: Diagnostic, source: Source | None) -> dict[str, Any]:
    """A finding as plain JSON values, lines and columns counted from 1."""
    shown: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "file": finding.source,
        "span": list(finding.span),
        "data": finding.data,
    }
    if source is not None:
        start, end = source.place(finding.span[0]), source.place(finding.span[1])
        shown["start"] = {"line": start.line, "column": start.column}
        shown["end"] = {"line": end.line, "column": end.column}
    if finding.labels:
        shown["labels"] = [{"file": x.source, "span": list(x.span), "text": x.text} for x in finding.labels]
    if finding.fix is not None:
        fix = finding.fix
        shown["fix"] = {"title": fix.title, "span": list(fix.span), "text": fix.text}
    return shown
