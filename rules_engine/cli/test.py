"""`rules test`: the tests that stand in rule files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, plural, say, say_finding, say_json
from rules_engine.cli.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules_engine.source import Source
    from rules_engine.workbench import TestResult


@click.command("test", short_help="run the tests in rule files")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-k", "words", default="", help="only tests whose title has these words")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how results are shown")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], words: str, form: str) -> None:
    """Run the tests that stand in rule files; a failure shows the rule, both amounts and why they differ.

    \b
      rules test corner_shop.rules
      rules test programme/ -k "a Gold guest"

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
    loaded = load(paths)
    if loaded.program is None:
        errors = [finding for finding in loaded.findings if finding.severity == "error"]
        for finding in errors:
            say_finding(finding, loaded.sources)
        raise CannotRun(f"the program has {plural(len(errors), 'error')}, so its tests cannot run")
    from rules_engine.workbench import TestCase, run_tests

    cases = [TestCase(source, test) for source, test in loaded.tests if words.casefold() in test.title.value.casefold()]
    results = []
    for result in run_tests(loaded.program.core, cases):
        results.append(result)
        if form == "text":
            _show(result, loaded.sources)
    failed = sum(not result.passed for result in results)
    if form == "json":
        say_json([_as_json(result, loaded.sources) for result in results])
    elif not results:
        say("no tests found" + (f" with `{words}` in the title" if words else ""))
    else:
        counts = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
        say(f"{plural(len(results), 'test')}: {counts}", fg="red" if failed else "green")
    ctx.exit(1 if failed else 0)


def _show(result: TestResult, sources: Mapping[str, Source]) -> None:
    mark, colour = ("passed", "green") if result.passed else ("FAILED", "red")
    say(f"{click.style(mark, fg=colour)}  {result.case.title}")
    for finding in result.findings:
        say()
        say_finding(finding, sources)


def _as_json(result: TestResult, sources: Mapping[str, Source]) -> dict[str, object]:
    from rules_engine.diagnostics import as_json

    findings = [as_json(finding, sources.get(finding.source)) for finding in result.findings]
    return {
        "test": result.case.title,
        "file": result.case.source.name,
        "passed": result.passed,
        "findings": findings,
    }
