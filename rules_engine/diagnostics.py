"""A user's mistake as a value: code, place, data, help and, where there is one, the mend.

In: what a room found. Out: text for a terminal, or JSON for a tool. All wording lives in `codes.py`; a diagnostic only
carries the words to fill in, so that tests compare values and quick fixes read fields.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rules_engine.codes import CODES
from rules_engine.source import NOWHERE, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


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

    @property
    def severity(self) -> Severity:
        """Whether it keeps the program from running."""
        return CODES[self.code].severity

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return CODES[self.code].message.format_map(self.data)

    @property
    def help(self) -> str:
        """The code's advice with the data filled in, then this finding's own note."""
        advice = CODES[self.code].help.format_map(_Lenient(self.data))
        return "; ".join(part for part in (advice, self.note) if part)


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
        lines.append(f"  --> {finding.source}")
    if finding.help:
        lines.append(f"  help: {finding.help}")
    if finding.fix is not None:
        lines.append(f"  fix: {finding.fix.title}")
    return "\n".join(lines)


def _excerpt(source: Source, span: Span, text: str) -> list[str]:
    place = source.place(span[0])
    line = source.line(place.line)
    gutter = " " * len(str(place.line))
    width = max(1, min(span[1] - span[0], len(line) - place.column + 1))
    shown = line.replace("\t", " ")
    under = " " * (place.column - 1) + "^" * width
    arrow = "-->" if not text else ":::"
    return [
        f" {gutter}{arrow} {source.name}:{place.line}:{place.column}",
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
