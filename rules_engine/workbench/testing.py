"""A program's tests from its path: checked, chosen, run, and which files it hangs on.

In: the path of a rule file or of a folder. Out: `Tested`: a result for each test, what they reached, the findings where
the program does not check, and the files a change of which may change any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rules_engine import pipeline, tree
from rules_engine.diagnostics import Diagnostic
from rules_engine.folders import Files, read_files
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.workbench.coverage import Coverage, FileCoverage
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.running import run_tests

if TYPE_CHECKING:
    from rules_engine.checking import Checked


class Tested(msgspec.Struct, frozen=True, eq=False):
    """One program's tests. Where it does not check, `findings` say why, and there are no results."""

    __test__ = False

    path: str
    results: tuple[TestResult, ...]
    coverage: Coverage | None
    files: tuple[FileCoverage, ...]
    sources: dict[str, Source]
    findings: tuple[Diagnostic, ...]
    reads: tuple[Path, ...]
    program: Program | None = None
    checked: Checked | None = None

    @property
    def ok(self) -> bool:
        """Whether the program checks and every test passed."""
        return not self.findings and all(result.passed for result in self.results)


def run_path(
    path: str, words: str = "", cover: bool = False, show: Callable[[TestResult], None] | None = None
) -> Tested:
    """Run the tests whose title has some words; `show` gets each result as soon as it is there."""
    from rules_engine.checking import check

    files = read_files(path)
    checked = check(files.sources, files.folder, findings=files.diagnostics)
    reads = tuple(_reads(path, files))
    if not checked.ok:
        errors = tuple(each for each in checked.diagnostics if each.severity == "error")
        return Tested(path, (), None, (), checked.sources, errors, reads)
    program = pipeline.load(path)
    coverage = Coverage(program.core) if cover else None
    results = []
    for result in run_tests(program, chosen(checked, words), coverage):
        results.append(result)
        if show is not None:
            show(result)
    covered = () if coverage is None else tuple(coverage.files(checked.sources))
    return Tested(path, tuple(results), coverage, covered, checked.sources, (), reads, program, checked)


def chosen(checked: Checked, words: str = "") -> list[TestCase]:
    """The tests of a program whose title has some words."""
    tests = [(checked.files[entry.file].source, entry.declaration) for entry in checked.tests]
    cases = [TestCase(source, test) for source, test in tests if isinstance(test, tree.TestDecl)]
    return [case for case in cases if words.casefold() in case.title.casefold()]


def _reads(path: str, files: Files) -> list[Path]:
    """The files that a program is made of: its rule files, and what they import, whether or not it is there."""
    from rules_engine.parsing import parse

    root = Path(path) if Path(path).is_dir() else Path(path).parent
    found = [Path(source.name) for source in files.sources] or [Path(path)]
    named = dict.fromkeys(files.folder.seen)
    for source in files.sources:
        for declaration in parse(source).file.declarations:
            match declaration:
                case tree.DefineDecl(value=tree.Column(file=file)) | tree.TableDecl(file=tree.Text() as file):
                    named[file.value] = None
                case tree.PeriodDecl(name=name, span_=tree.HostSpan()):
                    named[f"{name.text}.csv"] = None
                case _:
                    pass
    return [*found, *(root / name for name in named)]
