"""Mends that an editor can make by itself, and what formatting changes.

In: findings with the mend that they carry; a file and its tree. Out: edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from rules_engine.diagnostics import Diagnostic
from rules_engine.formatting import format_source
from rules_engine.language.places import Edit
from rules_engine.parsing import Parsed
from rules_engine.source import Source, Span


class Mend(NamedTuple):
    """A mend of one finding."""

    title: str
    finding: Diagnostic
    edit: Edit


def mends(findings: Iterable[Diagnostic], source: str, span: Span) -> Iterator[Mend]:
    """The mends of the findings of a file that touch a stretch of it."""
    for each in findings:
        touched = each.span[0] <= span[1] and span[0] <= each.span[1]
        if each.source == source and each.fix is not None and touched:
            yield Mend(each.fix.title, each, Edit(source, each.fix.span, each.fix.text))


def formatted(source: Source, parsed: Parsed) -> tuple[Edit, ...]:
    """The lines that formatting changes, as few edits as there are stretches of changed lines."""
    new = format_source(source, parsed)
    if new == source.text:
        return ()
    before, after = source.text.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    edits = []
    for tag, low, high, from_, to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(Edit(source.name, (starts[low], starts[high]), "".join(after[from_:to])))
    return tuple(edits)
