"""Findings as a SARIF 2.1.0 log: the form that code scanners take, with rules, places, labels and mends.

In: findings, and the sources that labels may point into. Out: JSON of one run.

Two things of the format are easily missed. In a message `{` and `}` are placeholders, so a literal one is written twice
(3.11.5), and `[words](target)` is a link (3.11.6), so that what a rule file quotes could become one: a blank goes
between the two. A fingerprint says which finding is the same one in a later log: it is made of the code, the file, the
text of the line, and how many like it stood before, so that lines put in above it change nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rules_engine.codes import CODES, Code
from rules_engine.reports.places import region, uri

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic, Fix
    from rules_engine.source import Source, Span

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT: Final = "codeFileLine/v1"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def sarif(findings: Sequence[tuple[Diagnostic, Source | None]], known: Mapping[str, Source]) -> str:
    """The log as JSON."""
    import orjson

    rows = {finding.code: finding.row or CODES[finding.code] for finding, _ in findings}
    places = {code: number for number, code in enumerate(sorted(rows))}
    prints = _fingerprints(findings)
    run = {
        "tool": {"driver": {**_version(), "rules": [_rule(rows[code]) for code in places]}},
        "columnKind": "utf16CodeUnits",
        "results": [
            {
                **_result(finding, known),
                "ruleIndex": places[finding.code],
                "partialFingerprints": {FINGERPRINT: next(prints)},
            }
            for finding, _ in findings
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2).decode()


def _version() -> dict[str, str]:
    import rules_engine

    return {"name": "rules", "version": rules_engine.__version__}


def _rule(row: Code) -> dict[str, Any]:
    advice = _general(row.help)
    told = row.long or "; ".join(part for part in (_general(row.message), advice) if part)
    found: dict[str, Any] = {
        "id": row.code,
        "shortDescription": _message(row.title),
        "fullDescription": _message(told),
        "help": _message(told),
        "defaultConfiguration": {"level": row.severity},
    }
    return found


def _general(wording: str) -> str:
    """A wording without the data of one finding: `there is no unit ...`."""
    return _PLACEHOLDER.sub("...", wording).replace("`...`", "...").strip()


def _result(finding: Diagnostic, known: Mapping[str, Source]) -> dict[str, Any]:
    said = f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": _message(said),
        "locations": [_location(finding.source, finding.span, known)],
    }
    if finding.labels:
        found["relatedLocations"] = [
            {"id": number, **_location(label.source, label.span, known), "message": _message(label.text)}
            for number, label in enumerate(finding.labels, 1)
        ]
    if finding.fix is not None and finding.source in known:
        found["fixes"] = [_fix(finding.fix, known[finding.source])]
    return found


def _location(name: str, span: Span, known: Mapping[str, Source]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(name)}}
    if name in known:
        place["region"] = region(known[name], span)
    return {"physicalLocation": place}


def _fix(fix: Fix, source: Source) -> dict[str, Any]:
    replacement = {"deletedRegion": region(source, fix.span), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": {"uri": uri(source.name)}, "replacements": [replacement]}
    return {"description": _message(fix.title), "artifactChanges": [change]}


def _message(text: str) -> dict[str, str]:
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _fingerprints(findings: Sequence[tuple[Diagnostic, Source | None]]) -> Iterator[str]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding, source in findings:
        line = "" if source is None else source.line(source.place(finding.span[0]).line).strip()
        key = finding.code, uri(finding.source), line
        seen[key] += 1
        yield hashlib.sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "surrogatepass")).hexdigest()[:32]
