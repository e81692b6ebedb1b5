"""`rules migrate`: a state file and shared counters carried from one version of a program to the next."""

from __future__ import annotations

from pathlib import Path

import click

from rules_engine.cli.console import CannotRun, complain, note, plural, say, say_json
from rules_engine.cli.loading import load


@click.command("migrate", short_help="carry a state file to another version of its program")
@click.argument("old")
@click.argument("new")
@click.option("--state", metavar="FILE", help="the state file that the old version wrote")
@click.option("--out", metavar="FILE", help="where the state of the new version goes; none: nothing is written")
@click.option("--shared", metavar="FILE", help="the counters that all members share, as the old version left them")
@click.option("--shared-out", metavar="FILE", help="where the shared counters of the new version go")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.pass_context
def command(ctx: click.Context, /, old: str, new: str, form: str, **named: str | None) -> None:
    """Say what of a state file is carried, renamed, counted anew or read no more, and write it for the new version.

    \b
      rules migrate season26.rules season27.rules --state state.json
      rules migrate season26/ season27/ --state state.json --out state27.json
      rules migrate season26/ season27/ --shared shared.json --shared-out shared27.json

    Nothing is written unless everything can be carried. Ends with 1 where something cannot.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.workbench import Files, has_shared, migrate_files

    files = Files(**{name: Path(path) for name, path in named.items() if path is not None})
    if files.state is None and files.shared is None:
        raise CannotRun("say what to carry: `--state FILE`, `--shared FILE` or both")
    before, after = load(old), load(new)
    try:
        report = migrate_files(before, after, files)
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
    if files.shared is None and has_shared(before.core):
        note("what all members share of a limit is not carried: say `--shared FILE` beside `--state`")
    if files.out is not None:
        note(f"{plural(report.members + report.pools, 'state')} written to {files.out}")
    if files.shared_out is not None:
        note(f"{plural(report.counters, 'counter')} written to {files.shared_out}")
    if files.out is None and files.shared_out is None:
        note("nothing was written: say `--out FILE`" if files.state else "nothing was written: say `--shared-out FILE`")
