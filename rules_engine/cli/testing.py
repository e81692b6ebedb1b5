"""What `rules test` was asked for, how results of tests are shown, and once more whenever a file changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from rules_engine.cli.console import CannotRun, complain, note, plural, say, say_finding, say_json
from rules_engine.cli.loading import why

if TYPE_CHECKING:
    from rules_engine.workbench import FileCoverage, Suggested, Tested, TestResult


class Asked(NamedTuple):
    """The options of one `rules test`."""

    paths: tuple[str, ...]
    words: str
    form: str
    junit_file: str | None
    cover: bool
    least: int | None
    page: str | None
    watched: bool
    suggests: bool
    writes: bool
    seconds: float | None

    @property
    def covers(self) -> bool:
        """Whether coverage is shown."""
        return self.cover or self.least is not None or self.page is not None

    def run(self, path: str) -> Tested:
        """Run one program's tests; each is shown as soon as it is there."""
        from rules_engine.workbench import run_path

        return run_path(path, self.words, self.covers or self.suggests, show if self.form == "text" else None)

    def report(self, found: list[Tested]) -> bool:
        """Show and write what was asked for; says whether all is well."""
        self._write(found)
        if self.form == "text":
            self._say(found)
        else:
            self._say_json(found)
        low = self.least is not None and below([file for each in found for file in each.files], self.least)
        return not low and all(each.ok for each in found) and not self._none_meant(found)

    def _none_meant(self, found: list[Tested]) -> bool:
        """Whether tests were asked for by their words, and there are none."""
        return bool(self.words) and not any(each.results for each in found)

    def _say(self, found: list[Tested]) -> None:
        from rules_engine.cli import covering, suggesting

        if any(not each.findings for each in found):
            show_counts([result for each in found for result in each.results], self.words)
        if self.covers:
            say()
            covering.show([file for each in found for file in each.files])
        for each in found if self.suggests else ():
            tests = self._suggested(each)
            suggesting.show(tests)
            if self.writes:
                suggesting.write(each, tests)

    def _say_json(self, found: list[Tested]) -> None:
        from rules_engine.cli import covering, suggesting

        tests = [as_json(result) for each in found for result in each.results]
        if not self.covers and not self.suggests:
            say_json(tests)
            return
        told: dict[str, object] = {"tests": tests}
        if self.covers:
            told["coverage"] = covering.as_json([file for each in found for file in each.files])
        if self.suggests:
            suggested = [(each, self._suggested(each)) for each in found]
            told["suggestions"] = [suggesting.as_json(*each) for each in suggested]
            for each in suggested if self.writes else ():
                suggesting.write(*each, quiet=True)
        say_json(told)

    def _suggested(self, tested: Tested) -> Suggested:
        from rules_engine.workbench import SECONDS, suggested

        return suggested(tested, SECONDS if self.seconds is None else self.seconds)

    def _write(self, found: list[Tested]) -> None:
        """The files: results for CI, coverage as a page."""
        from rules_engine.workbench import coverage_page, junit

        if self.junit_file is not None:
            _save(self.junit_file, junit(result for each in found for result in each.results))
        if self.page is not None:
            sources = {name: source for each in found for name, source in each.sources.items()}
            title = ", ".join(Path(each.path).name for each in found)
            _save(self.page, coverage_page(title, [file for each in found for file in each.files], sources))


def _save(name: str, text: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"`{name}` cannot be written: {why(error)}") from None


def show(result: TestResult) -> None:
    """One test: that it passed, or what came out otherwise, because of what, and the tree of the rule."""
    from rules_engine.workbench import why_lines

    mark, colour = ("passed", "green") if result.passed else ("FAILED", "red")
    say(f"{click.style(mark, fg=colour)}  {result.case.title}")
    for finding in result.findings:
        say()
        say_finding(finding, {result.case.source.name: result.case.source})
        for line in why_lines(finding):
            say(line, dim=not line.startswith("  because "))


def show_counts(results: Sequence[TestResult], words: str) -> None:
    """How many passed and failed."""
    failed = sum(not result.passed for result in results)
    if not results:
        say("no tests found" + (f" with `{words}` in the title" if words else ""))
        return
    counts = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
    say(f"{plural(len(results), 'test')}: {counts}", fg="red" if failed else "green")


def below(files: Sequence[FileCoverage], least: int) -> bool:
    """Whether less was reached than was asked for; says so."""
    from rules_engine.workbench import total

    share = total(list(files))
    if share.covered * 100 >= least * share.all:
        return False
    complain(f"coverage is below {least}%")
    return True


def as_json(result: TestResult) -> dict[str, object]:
    """A result for programs."""
    from rules_engine.diagnostics import as_json as finding_json

    case = result.case
    return {
        "test": case.title,
        "file": case.source.name,
        "line": case.source.place(case.test.span[0]).line,
        "passed": result.passed,
        "seconds": round(result.seconds, 6),
        "findings": [finding_json(finding, case.source) for finding in result.findings],
    }


def refused(tested: Tested) -> None:
    """Say what keeps a program from running."""
    for finding in tested.findings:
        say_finding(finding, tested.sources)
    complain(f"`{tested.path}` has {plural(len(tested.findings), 'error')}, so it cannot run")


def watch(paths: Sequence[str], run: Callable[[str], Tested], done: Callable[[list[Tested]], object]) -> None:
    """Run all programs, then again those whose files change, until somebody says Ctrl-C. `done` gets the last of each.

    A program that cannot be read or does not check for a while is said to be so, and runs again when it does.
    """
    from rules_engine.workbench import NoWatch, Watch, check_watch

    try:
        check_watch()
    except NoWatch as missing:
        raise CannotRun(str(missing)) from None
    watched = Watch(paths)
    last: dict[str, Tested] = {}

    def again(changed: Sequence[str]) -> None:
        for path in changed:
            before = watched.stamp(path)
            last[path] = tested = run(path)
            watched.ran(path, before, tested.reads)
            if tested.findings:
                refused(tested)
        done(list(last.values()))
        note(f"watching {plural(sum(map(len, watched.reads.values())), 'file')}; Ctrl-C ends")

    again(paths)
    for changed in watched.waiting():
        say()
        note(f"{' and '.join(f'`{each}`' for each in changed)} changed")
        again(changed)
