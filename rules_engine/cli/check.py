"""`rules check`: mistakes in rule files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, plural, say, say_report
from rules_engine.cli.loading import explanation, readable

if TYPE_CHECKING:
    from rules_engine.reports import Form


@click.command("check", short_help="find mistakes in rule files")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="how findings are shown; `github` and `sarif` are for a forge",
)
@click.option("--explain", metavar="CODE", help="show what a code stands for, without any file")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: Form, explain: str | None) -> None:
    """Find mistakes in rule files, with the place, the reason and the mend.

    Every path is a program of its own: a rule file, or a folder of them.

    \b
      rules check corner_shop.rules
      rules check programme/ --format json
      rules check programme/ --format sarif > rules.sarif
      rules check --explain N208

    Ends with 1 where there is an error; warnings alone end with 0.
    """
    if explain:
        say(explanation(explain))
        return
    if not paths:
        raise CannotRun("name a rule file or a folder, or say `--explain CODE`")
    from rules_engine import pipeline
    from rules_engine.reports import report

    checked = [pipeline.check(path) for path in readable(paths)]
    findings = [(finding, each.sources.get(finding.source)) for each in checked for finding in each.diagnostics]
    errors = sum(finding.severity == "error" for finding, _ in findings)
    sources = {name: source for each in checked for name, source in each.sources.items()}
    shown = report(findings, form, sources)
    if form != "text":
        say(shown)
    else:
        say_report(shown)
        warnings = len(findings) - errors
        counts = [plural(errors, "error")] * bool(errors) + [plural(warnings, "warning")] * bool(warnings)
        mistakes = ", ".join(counts) or "no mistakes found"
        say(f"{plural(len(checked), 'program')}: {mistakes}", fg="red" if errors else "green")
    ctx.exit(1 if errors else 0)
