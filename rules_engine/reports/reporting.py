"""One door for all forms of a report.

In: findings, each with its source (None: the file could not be read), and the form. Out: the text of the report; it
ends without a line break. Nothing is written and nothing is counted twice: the caller prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from rules_engine.diagnostics import Diagnostic, as_json, render
from rules_engine.reports.github import github
from rules_engine.reports.sarif import sarif
from rules_engine.source import Source

Form: TypeAlias = Literal["text", "json", "github", "sarif"]
Finding: TypeAlias = tuple[Diagnostic, Source | None]

FORMS: Final[tuple[Form, ...]] = get_args(Form)
"""The names of all forms, as a command offers them."""


def report(findings: Sequence[Finding], form: Form, sources: Mapping[str, Source] | None = None) -> str:
    """Findings as one text. `sources` are further files, which labels may point into.

    >>> source = Source("shop.rules", "language 1\\nuse shoe\\n")
    >>> found = Diagnostic("N108", "shop.rules", (15, 19), {"name": "shoe", "known": "shop"})
    >>> print(report([(found, source)], "github").split("%0A")[0])
    ::error file=shop.rules,line=2,endLine=2,col=5,endColumn=9,title=N108::there is no vocabulary called `shoe`
    """
    known = dict(sources or {}) | {source.name: source for _, source in findings if source is not None}
    return _MADE[form](findings, known)


def _text(findings: Sequence[Finding], known: Mapping[str, Source]) -> str:
    """As a person reads it: each finding with its place, a blank line between two."""
    del known
    return "\n\n".join(render(finding, source) for finding, source in findings)


def _json(findings: Sequence[Finding], known: Mapping[str, Source]) -> str:
    """How many there are, and each as an object."""
    import orjson

    del known
    errors = sum(finding.severity == "error" for finding, _ in findings)
    shown = {
        "errors": errors,
        "warnings": len(findings) - errors,
        "findings": [as_json(finding, source) for finding, source in findings],
    }
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()


_MADE: Final[dict[Form, Callable[[Sequence[Finding], Mapping[str, Source]], str]]] = {
    "text": _text,
    "json": _json,
    "github": github,
    "sarif": sarif,
}
