"""`rules simulate`: a history replayed, to see what a program would cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, note, progress, say, say_json
from rules_engine.cli.history import events_file, last_day
from rules_engine.cli.loading import load, why

if TYPE_CHECKING:
    from rules_engine.workbench import History, Simulation


@click.command("simulate", short_help="replay a history and count what a program gives and costs")
@click.argument("program")
@click.option("--events", metavar="FILE", help="the history: .csv, .ndjson, .jsonl (all also .gz) or .parquet")
@click.option("--members", metavar="FILE", help="the members' facts, by id")
@click.option("--mapping", metavar="FILE", help="a TOML file that says which column is which field")
@click.option("--data", metavar="DIR", help="the folder that paths in the mapping start from")
@click.option("--until", metavar="DATE", help="settle what is due, and let lapse what ends, up to this day")
@click.option("--against", metavar="PROGRAM", help="another program, on the same history: say what differs")
@click.option("--html", metavar="FILE", help="write a page with plots, in one file")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    program: str,
    mapping: str | None,
    data: str | None,
    until: str | None,
    against: str | None,
    html: str | None,
    form: str,
    **files: str | None,
) -> None:
    """Replay a history and count what the program issues, what is outstanding, and what it costs.

    \b
      rules simulate shop.rules --events may.csv --members members.csv
      rules simulate hotel/ --events stays.ndjson --members guests.csv --until 2027-12-31
      rules simulate new.rules --events may.csv --against old.rules --html may.html

    Files are read as `rules score` reads them. The history begins with nothing: nobody has any units, no limit is used.
    Ends with 1 where an event was rejected.
    """
    from rules_engine import feeds
    from rules_engine.workbench import History, simulation_json, simulation_text

    ready, other = load(program), load(against) if against else None
    try:
        plan = feeds.read_mapping(mapping) if mapping else None
        listed = feeds.members_file(plan, data) if plan is not None else None
        members = Path(files["members"]) if files["members"] else listed
        history = History(events_file(files["events"], plan, data), members, plan, last_day(until))
        _apart(html, history)
        found = _simulated(ready, history)
        before = None if other is None else _simulated(other, history)
    except feeds.FeedError as error:
        raise CannotRun(*error.problems) from None
    for line in found.reasons:
        note(line)
    if html is not None:
        _write(html, found, before)
    if form == "json":
        say_json(simulation_json(found, before))
    else:
        say(simulation_text(found, before))
    ctx.exit(1 if found.tally.rejected.events or found.tally.refused else 0)


def _simulated(ready: object, history: History) -> Simulation:
    from rules_engine.workbench import simulate

    with progress() as show:
        return simulate(ready, history, show)  # type: ignore[arg-type]


def _apart(html: str | None, history: History) -> None:
    """The page is not written over what is read, and can be made at all, before a long run."""
    from rules_engine.workbench import NoPlots, check_plots

    if html is None:
        return
    if any(path is not None and path.resolve() == Path(html).resolve() for path in (history.events, history.members)):
        raise CannotRun(f"`{html}` would be written over by this run; name another file")
    try:
        check_plots()
    except NoPlots as missing:
        raise CannotRun(str(missing)) from None


def _write(html: str, found: Simulation, before: Simulation | None) -> None:
    from rules_engine.workbench import simulation_page

    try:
        Path(html).write_text(simulation_page(found, before), encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"`{html}` cannot be written: {why(error)}") from None
    note(f"plots in {html}")
