"""`rules check`: mistakes in rule files."""

from __future__ import annotations

import click

from rules_engine.cli.console import plural, say, say_finding, say_json
from rules_engine.cli.loading import load


@click.command("check", short_help="find mistakes in rule files")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how findings are shown")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], form: str) -> None:
    """Find mistakes in rule files, with the place, the reason and the mend.

    All paths together are one program; a folder stands for every `.rules` file in it.

    \b
      rules check corner_shop.rules
      rules check programme/ --format json

    Ends with 1 where there is an error; warnings alone end with 0.
    """
    loaded = load(paths)
    errors = sum(finding.severity == "error" for finding in loaded.findings)
    if form == "json":
        from rules_engine.diagnostics import as_json

        findings = [as_json(finding, loaded.sources.get(finding.source)) for finding in loaded.findings]
        say_json({"files": list(loaded.sources), "errors": errors, "findings": findings})
    else:
        for finding in loaded.findings:
            say_finding(finding, loaded.sources)
        files, warnings = plural(len(loaded.sources), "file"), len(loaded.findings) - errors
        counts = [plural(errors, "error")] * bool(errors) + [plural(warnings, "warning")] * bool(warnings)
        say(f"{files}: {', '.join(counts) or 'no mistakes found'}", fg="red" if errors else "green")
    ctx.exit(1 if errors else 0)
