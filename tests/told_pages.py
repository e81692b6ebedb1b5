"""What the tests of examples and of stories ask alike of a folder: its rule files' tests and its page."""

from __future__ import annotations

from pathlib import Path

from rules_engine import tree
from rules_engine.pipeline import check, load
from rules_engine.workbench import Coverage, TestCase, run_tests, total
from tests import docs_blocks


def terms_hold(folder: Path, covered: int) -> None:
    """At least four tests, all of which pass and reach so many of a hundred places; raises `AssertionError`."""
    checked = check(folder)
    assert checked.diagnostics == ()
    cases = [
        TestCase(checked.files[entry.file].source, entry.declaration)
        for entry in checked.tests
        if isinstance(entry.declaration, tree.TestDecl)
    ]
    assert len(cases) >= 4
    coverage = Coverage(load(folder).core)
    failed = [finding for result in run_tests(load(folder), cases, coverage) for finding in result.findings]
    assert failed == []
    reached = coverage.files({file.source.name: file.source for file in checked.files})
    assert total(reached).percent >= covered, [missed for file in reached for missed in file.missed]


def page_is_true(page: Path, work: Path, update_golden: bool) -> None:
    """Each console block of a page shows what is printed; raises `AssertionError`."""
    docs_blocks.prepare(work, page)
    shown = [number for number, block in enumerate(docs_blocks.blocks(page)) if block.kind == "console"]
    assert shown
    for number in shown:
        block = docs_blocks.blocks(page)[number]
        printed = docs_blocks.run_console(block, work)
        if update_golden:
            docs_blocks.rewrite(block, printed)
        else:
            assert block.text == printed, block.place
