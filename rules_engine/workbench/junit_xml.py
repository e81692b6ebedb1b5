"""Results of tests as JUnit XML, the form that CI systems read.

In: results by program. Out: the text of one file: `testsuites`, in it a `testsuite` for each rule file with tests, in
it a `testcase` for each test. A test that comes out otherwise has a `failure`; one that could not be taken to its end
(a value that cannot be given, an unknown name) has an `error`. Both hold all that the terminal shows: the place in the
file, what was expected and what came out, because of what, and the tree of the rule.

Control characters cannot stand in XML 1.0, escaped or not: they are written as `\\u0007`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rules_engine.diagnostics import Diagnostic, render
from rules_engine.source import Source
from rules_engine.workbench.results import TestResult

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Iterable[TestResult], title: str = "rules test") -> str:
    """The XML of some results, those of one file together."""
    files: dict[str, list[TestResult]] = {}
    for result in results:
        files.setdefault(result.case.source.name, []).append(result)
    root = Element(
        "testsuites", {"name": legal(title), **_counts([each for found in files.values() for each in found])}
    )
    for name, found in files.items():
        suite = SubElement(root, "testsuite", {"name": legal(name), **_counts(found)})
        for result in found:
            _case(suite, result)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _counts(results: Sequence[TestResult]) -> dict[str, str]:
    errors = sum(result.stopped for result in results)
    failed = sum(not result.passed for result in results)
    return {
        "tests": str(len(results)),
        "failures": str(failed - errors),
        "errors": str(errors),
        "skipped": "0",
        "time": _seconds(sum(result.seconds for result in results)),
    }


def _case(suite: Element, result: TestResult) -> None:
    source = result.case.source
    case = SubElement(suite, "testcase", {
        "name": legal(result.case.title),
        "classname": legal(_class(source.name)),
        "file": legal(source.name),
        "line": str(source.place(result.case.test.span[0]).line),
        "time": _seconds(result.seconds),
    })  # fmt: skip
    if result.passed:
        return
    first = result.findings[0]
    kind = "error" if result.stopped else "failure"
    told = SubElement(case, kind, {"message": legal(first.message), "type": first.code})
    told.text = legal("\n\n".join(failure_text(each, source) for each in result.findings))


def failure_text(finding: Diagnostic, source: Source) -> str:
    """A finding as the terminal shows it: the place, why, and the tree of the rule."""
    return "\n".join([render(finding, source), *why_lines(finding)])


def why_lines(finding: Diagnostic) -> Iterator[str]:
    """Why something came out otherwise, line by line: the sentences, then the tree of the rule."""
    for line in finding.data.get("because", "").splitlines():
        yield f"  because {line}"
    for line in finding.data.get("why", "").splitlines():
        yield f"  {line}"


def _class(name: str) -> str:
    """The class of a test: its file without folders above and without its ending, so that CI systems group by it."""
    path = PurePath(name)
    return ".".join([*path.parts[-2:-1], path.stem] if path.parent.name else [path.stem])


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def legal(text: str) -> str:
    """A text without what XML cannot hold.

    >>> legal("a\\x07b\\ud800")
    'a\\\\u0007b\\\\ud800'
    """
    return _ILLEGAL.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
