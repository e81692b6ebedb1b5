"""What a run of tests gives back: a result for each test, with findings at the place of what was expected."""

from __future__ import annotations

import msgspec

from rules_engine import tree
from rules_engine.diagnostics import Diagnostic
from rules_engine.source import Source


class TestCase(msgspec.Struct, frozen=True):
    """A test and the file it stands in."""

    __test__ = False

    source: Source
    test: tree.TestDecl

    @property
    def title(self) -> str:
        """The test's own words."""
        return self.test.title.value


class TestResult(msgspec.Struct, frozen=True):
    """A test that ran: it passed where there are no findings."""

    __test__ = False

    case: TestCase
    findings: tuple[Diagnostic, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything came out as the test says."""
        return not self.findings

    @property
    def stopped(self) -> bool:
        """Whether it could not be taken to its end: something in it cannot be given, or is unknown."""
        return any(finding.code != "X510" for finding in self.findings)


class Failure(Exception):  # noqa: N818 - ends one test, caught by the runner
    """A test that cannot go on: the finding says why."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding
