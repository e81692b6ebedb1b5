"""`rules migrate`: a state file carried from one version of a program to the next."""

from __future__ import annotations

from pathlib import Path

import click

from rules_engine.cli.console import CannotRun, complain, note, plural, say, say_json
from rules_engine.cli.loading import load


@click.command("migrate", short_help="carry a state file to another version of its program")
@click.argument("old")
@click.argument("new")
@click.option("--state", required=True, metavar="FILE", help="the state file that the old version wrote")
@click.option("--out", metavar="FILE", help="where the state of the new version goes; none: nothing is written")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.pass_context
def command(ctx: click.Context, /, old: str, new: str, state: str, out: str | None, form: str) -> None:
    """Say what of a state file is carried, renamed, counted anew or read no more, and write it for the new version.

    \b
      rules migrate season26.rules season27.rules --state state.json
      rules migrate season26/ season27/ --state state.json --out state27.json

    Nothing is written unless every state can be carried. Ends with 1 where one cannot.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.workbench import migrate_file

    before, after = load(old), load(new)
    try:
        report = migrate_file(before, after, Path(state), None if out is None else Path(out))
    except FeedError as error:
        raise CannotRun(*error.problems) from None
    if form == "json":
        say_json(report.to_json())
    else:
        for line in report.lines():
            say(line)
    if report.problems:
        complain(*report.problems)
        ctx.exit(1)
    written = f"{plural(report.members + report.pools, 'state')} written to {out}"
    note(written if out else "nothing was written: say `--out FILE`")
