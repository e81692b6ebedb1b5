"""`rules test`: the tests that stand in rule files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rules_engine import tree
from rules_engine.cli.console import complain, plural, say, say_finding, say_json
from rules_engine.cli.loading import no_program, readable

if TYPE_CHECKING:
    from rules_engine.workbench import FileCoverage, TestResult


@click.command("test", short_help="run the tests in rule files")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-k", "words", default="", help="only tests whose title has these words")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how results are shown")
@click.option("--coverage", "cover", is_flag=True, help="show what of the rules the tests reach, and what they do not")
@click.option(
    "--coverage-min", "least", type=click.IntRange(0, 100), metavar="PERCENT", help="fail where coverage is lower"
)
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], words: str, form: str, cover: bool, least: int | None) -> None:
    """Run the tests that stand in rule files; a failure shows the rule, both amounts and why they differ.

    \b
      rules test corner_shop.rules
      rules test programme/ -k "a Gold guest"
      rules test programme/ --coverage --coverage-min 90

    \b
    A test reads:
      test "a Gold guest earns a quarter more" {
        given member { tier: Gold until 2028-12-31 }
        when  stay { brand: city  check_out: 2027-03-02
          lines | kind | amount     |
                | room | 100.00 GBP | }
        then  base 1_000 points, "Tier bonus" 250 points
      }
    """
    cover = cover or least is not None
    results: list[TestResult] = []
    files: list[FileCoverage] = []
    for path in readable(paths):
        found, covered = _run(path, words, form == "text", cover)
        results += found
        files += covered
    failed = sum(not result.passed for result in results)
    if form == "json":
        _say_json(results, files if cover else None)
    else:
        _say(results, words, files if cover else None)
    ctx.exit(1 if failed or (least is not None and _below(files, least)) else 0)


def _say_json(results: list[TestResult], files: list[FileCoverage] | None) -> None:
    tests = [_as_json(result) for result in results]
    if files is None:
        say_json(tests)
        return
    from rules_engine.cli.covering import as_json

    say_json({"tests": tests, "coverage": as_json(files)})


def _say(results: list[TestResult], words: str, files: list[FileCoverage] | None) -> None:
    failed = sum(not result.passed for result in results)
    if not results:
        say("no tests found" + (f" with `{words}` in the title" if words else ""))
    else:
        counts = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
        say(f"{plural(len(results), 'test')}: {counts}", fg="red" if failed else "green")
    if files is not None:
        from rules_engine.cli.covering import show

        say()
        show(files)


def _below(files: list[FileCoverage], least: int) -> bool:
    """Whether less was reached than was asked for; says so."""
    from rules_engine.workbench import total

    share = total(files)
    if share.covered * 100 >= least * share.all:
        return False
    complain(f"coverage is below {least}%")
    return True


def _run(path: str, words: str, show: bool, cover: bool) -> tuple[list[TestResult], list[FileCoverage]]:
    """The results of one program's tests, each shown as soon as it is there, and what they reached."""
    from rules_engine import pipeline
    from rules_engine.workbench import Coverage, TestCase, run_tests

    checked = pipeline.check(path)
    if not checked.ok:
        raise no_program(path, checked.diagnostics, checked.sources)
    tests = [(checked.files[entry.file].source, entry.declaration) for entry in checked.tests]
    cases = [TestCase(source, test) for source, test in tests if isinstance(test, tree.TestDecl)]
    chosen = [case for case in cases if words.casefold() in case.title.casefold()]
    program = pipeline.load(path)
    coverage = Coverage(program.core) if cover else None
    results = []
    for result in run_tests(program, chosen, coverage):
        results.append(result)
        if show:
            _show(result)
    sources = {each.source.name: each.source for each in checked.files}
    return results, coverage.files(sources) if coverage is not None else []


def _show(result: TestResult) -> None:
    mark, colour = ("passed", "green") if result.passed else ("FAILED", "red")
    say(f"{click.style(mark, fg=colour)}  {result.case.title}")
    for finding in result.findings:
        say()
        say_finding(finding, {result.case.source.name: result.case.source})
        for line in finding.data.get("why", "").splitlines():
            say(f"  {line}", dim=True)


def _as_json(result: TestResult) -> dict[str, object]:
    from rules_engine.diagnostics import as_json

    case = result.case
    findings = [as_json(finding, case.source) for finding in result.findings]
    return {"test": case.title, "file": case.source.name, "passed": result.passed, "findings": findings}
