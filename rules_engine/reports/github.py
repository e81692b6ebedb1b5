"""Findings as commands of a GitHub workflow: what a step prints so, the forge shows beside the line.

In: findings. Out: a line each, `::error file=...,line=...::message`. A message is one line: breaks and signs that mean
something in a command are written as `%0A` and the like, so that no text of a rule file can end a command or begin one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rules_engine.reports.places import region, relative

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.source import Source

_DATA: Final = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY: Final = (*_DATA, (":", "%3A"), (",", "%2C"))


def github(findings: Sequence[tuple[Diagnostic, Source | None]], known: Mapping[str, Source]) -> str:
    """A command for each finding."""
    del known
    return "\n".join(_command(finding, source) for finding, source in findings)


def _command(finding: Diagnostic, source: Source | None) -> str:
    words = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in _properties(finding, source))
    said = f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message
    return f"::{finding.severity} {words}::{_escaped(said, _DATA)}"


def _properties(finding: Diagnostic, source: Source | None) -> Iterable[tuple[str, str]]:
    yield "file", relative(finding.source)
    if source is not None:
        at = region(source, finding.span)
        yield "line", str(at["startLine"])
        yield "endLine", str(at["endLine"])
        if at["startLine"] == at["endLine"]:  # the forge takes columns only where both are on one line
            yield "col", str(at["startColumn"])
            yield "endColumn", str(at["endColumn"])
    yield "title", finding.code


def _escaped(text: str, signs: Iterable[tuple[str, str]]) -> str:
    for sign, written in signs:
        text = text.replace(sign, written)
    return text
