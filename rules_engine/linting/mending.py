"""Making the mends that lints bring: `rules lint --fix`.

In: the files of a program, and how to check them and what to look for. Out: new texts, what was changed, what is left.

Round by round all mends that do not overlap are put in, and the program is checked again. Where it then checks worse
than before, the mends of the round are tried one by one, and those that make it worse are not tried again. A mend that
would take a comment along is left to a person. So each round mends something or is the last, and what comes out checks
no worse than what went in. A file that stood in the formatter's shape stands in it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from rules_engine.checking import Checked
from rules_engine.checking import check as check_sources
from rules_engine.diagnostics import Diagnostic
from rules_engine.folders import read_files
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source

Check: TypeAlias = Callable[[Sequence[Source]], Checked]
Find: TypeAlias = Callable[[Checked], Sequence[Diagnostic]]

ROUNDS_MAX: Final = 100
"""Two lints that undo each other's mends would go on for ever."""


class Change(msgspec.Struct, frozen=True):
    """A mend that was made: the file, the line where it began, the lint, and what was done."""

    file: str
    line: int
    code: str
    title: str


class Mended(msgspec.Struct, frozen=True, eq=False):
    """What came of it: the files that changed, the changes, the program as it checks now, and the findings left."""

    sources: tuple[Source, ...]
    changes: tuple[Change, ...]
    checked: Checked
    left: tuple[Diagnostic, ...]


def mended_program(path: str | Path, find: Find) -> Mended:
    """Put in all mends of a program on disk; nothing is written."""
    files = read_files(path)
    return mended(files.sources, lambda sources: check_sources(sources, files.folder), find)


def mended(sources: Sequence[Source], check: Check, find: Find) -> Mended:
    """Put in all mends that lints bring and that leave the program no worse.

    >>> from rules_engine.checking import check
    >>> from rules_engine.linting import lint
    >>> mended(list(program.sources.values()), check, lambda checked: ()).changes
    ()
    """
    texts = {each.name: each.text for each in sources}
    changes: list[Change] = []
    refused: set[tuple[str, str, str]] = set()
    checked = check(sources)
    left = tuple(find(checked))
    for _ in range(ROUNDS_MAX):
        wanted = [each for each in left if _safe(each, checked) and _name(each, texts) not in refused]
        made = _round(apart(wanted), texts, checked, check)
        refused |= {_name(each, texts) for each in made.refused}
        if not made.mends:
            break
        changes += [_change(each, checked) for each in made.mends]
        texts, checked = made.texts, made.checked
        left = tuple(find(checked))
    shaped = [_shaped(each, texts[each.name]) for each in sources if texts[each.name] != each.text]
    return Mended(tuple(shaped), tuple(changes), checked, left)


class _Made(msgspec.Struct, frozen=True, eq=False):
    mends: Sequence[Diagnostic]
    refused: Sequence[Diagnostic]
    texts: dict[str, str]
    checked: Checked


def _round(mends: Sequence[Diagnostic], texts: dict[str, str], before: Checked, check: Check) -> _Made:
    """All mends at once where that is no worse; else those that are no worse by themselves, together or the first."""

    def tried(some: Sequence[Diagnostic]) -> _Made | None:
        made = put_in(some, texts)
        after = check([Source(name, text) for name, text in made.items()])
        return None if _worse(before, after) else _Made(some, (), made, after)

    nothing = _Made((), (), texts, before)
    if not mends:
        return nothing
    together = tried(mends)
    if together is not None:
        return together
    good = [each for each in mends if tried([each])]
    made = tried(good) or tried(good[:1]) or nothing
    return msgspec.structs.replace(made, refused=[each for each in mends if each not in good])


def _worse(before: Checked, after: Checked) -> bool:
    return not after.ok or len(after.diagnostics) > len(before.diagnostics)


def apart(findings: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those findings, from the first on, whose mends do not touch one another."""
    kept: list[Diagnostic] = []
    ends: dict[str, int] = {}
    for each in sorted(findings, key=lambda each: (each.source, each.fix.span if each.fix else (0, 0))):
        if each.fix is not None and each.fix.span[0] >= ends.get(each.source, -1):
            kept.append(each)
            ends[each.source] = each.fix.span[1] + 1
    return kept


def put_in(mends: Sequence[Diagnostic], texts: dict[str, str]) -> dict[str, str]:
    """The texts with these mends, which do not overlap."""
    made = dict(texts)
    for each in sorted(mends, key=lambda each: each.fix.span if each.fix else (0, 0), reverse=True):
        if each.fix is not None:
            start, end = each.fix.span
            made[each.source] = made[each.source][:start] + each.fix.text + made[each.source][end:]
    return made


def _safe(finding: Diagnostic, checked: Checked) -> bool:
    """Whether a finding brings a mend, and no comment goes with what it takes out or is left beside something else,
    unless it is about a comment."""
    if finding.fix is None or finding.code.startswith("L0"):
        return finding.fix is not None
    start, end = finding.fix.span
    file = next(each for each in checked.files if each.source.name == finding.source)
    text = file.source.text
    if not text[text.rfind("\n", 0, end - 1) + 1 : start].strip():  # all of its last line: a comment there speaks of it
        end = max(end, text.find("\n", end - 1))
    inside = [each.text for each in file.parsed.file.comments if start < each.span[1] and each.span[0] < end]
    return all(each in finding.fix.text for each in inside)


def _name(finding: Diagnostic, texts: dict[str, str]) -> tuple[str, str, str]:
    """What a mend is known by, wherever other mends moved it to."""
    start, end = finding.fix.span if finding.fix else finding.span
    text = texts[finding.source]
    return finding.code, finding.message, text[max(0, start - 40) : end + 40]


def _change(finding: Diagnostic, checked: Checked) -> Change:
    place = checked.sources[finding.source].place(finding.span[0])
    title = finding.fix.title if finding.fix else ""
    return Change(finding.source, place.line, finding.code, title)


def _shaped(before: Source, text: str) -> Source:
    after = Source(before.name, text)
    if format_source(before, parse(before)) != before.text:
        return after
    return Source(before.name, format_source(after, parse(after)))
