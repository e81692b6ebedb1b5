"""`rules check`: mistakes in rule files."""

from __future__ import annotations

import click

from rules_engine.cli.console import plural, say, say_finding, say_json
from rules_engine.cli.loading import readable


@click.command("check", short_help="find mistakes in rule files")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how findings are shown")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str) -> None:
    """Find mistakes in rule files, with the place, the reason and the mend.

    Every path is a program of its own: a rule file, or a folder of them.

    \b
      rules check corner_shop.rules
      rules check programme/ --format json

    Ends with 1 where there is an error; warnings alone end with 0.
    """
    from rules_engine import pipeline

    checked = [pipeline.check(path) for path in readable(paths)]
    findings = [(finding, each.sources) for each in checked for finding in each.diagnostics]
    errors = sum(finding.severity == "error" for finding, _ in findings)
    if form == "json":
        from rules_engine.diagnostics import as_json

        shown = [as_json(finding, sources.get(finding.source)) for finding, sources in findings]
        say_json({"errors": errors, "warnings": len(findings) - errors, "findings": shown})
    else:
        for finding, sources in findings:
            say_finding(finding, sources)
        warnings = len(findings) - errors
        counts = [plural(errors, "error")] * bool(errors) + [plural(warnings, "warning")] * bool(warnings)
        mistakes = ", ".join(counts) or "no mistakes found"
        say(f"{plural(len(checked), 'program')}: {mistakes}", fg="red" if errors else "green")
    ctx.exit(1 if errors else 0)
