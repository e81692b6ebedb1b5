"""`rules score`: a file of events, scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules_engine.cli.console import CannotRun, note, progress, say
from rules_engine.cli.history import events_file, facts_needed, last_day
from rules_engine.cli.loading import load

if TYPE_CHECKING:
    from rules_engine.scoring import Program
    from rules_engine.workbench import Job


@click.command("score", short_help="score a file of events")
@click.argument("program")
@click.option("--events", metavar="FILE", help="the events: .csv, .ndjson, .jsonl (all also .gz) or .parquet")
@click.option("--members", metavar="FILE", help="the members' facts, by id")
@click.option("--mapping", metavar="FILE", help="a TOML file that says which column is which field")
@click.option("--data", metavar="DIR", help="the folder that paths in the mapping start from")
@click.option("--state", metavar="FILE", help="go on from this state, and write the new one to it")
@click.option(
    "--shared", metavar="FILE", help="go on from these counters that all members share, and write the new ones"
)
@click.option("--out", required=True, metavar="FILE", help="a row for each scored event")
@click.option(
    "--effects", metavar="FILE", help="a row for each award, discount, charge, gift, presented code and tier change"
)
@click.option("--rejects", metavar="FILE", help="a row for each reason why an event was refused")
@click.option("--until", metavar="DATE", help="settle what is due up to this day, after the last event")
@click.option(
    "--workers", type=click.IntRange(1, 256), default=1, metavar="N", help="score on so many cores (default: 1)"
)
@click.option("--afresh", is_flag=True, help="begin again where a run from Parquet to Parquet was cut short")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    program: str,
    out: str,
    mapping: str | None,
    data: str | None,
    until: str | None,
    afresh: bool,
    workers: int,
    **files: str | None,
) -> None:
    """Score a file of events in the order of their moments, and account for every row of it.

    \b
      rules score hotel/ --events stays.ndjson --members guests.csv --out points.csv
      rules score shop.rules --mapping till.toml --data exports/ --out points.parquet --rejects rejects.csv
      rules score shop.rules --events may.csv --state state.json --out may_points.csv
      rules score phone.rules --events may.ndjson --members members.csv --until 2027-05-31 --out may.csv

    The formats are known by their endings. Nothing is written unless everything is. Events that happen by themselves
    are scored in between and counted apart. From Parquet to Parquet a run that was killed goes on where it stood when
    the same command is given again. With --workers members are shared out: over threads where events go by columns,
    else over processes. Ends with 1 where an event was rejected.
    """
    from rules_engine import feeds
    from rules_engine.workbench import Job, money_lines, score_file

    ready = load(program)
    try:
        plan = feeds.read_mapping(mapping) if mapping else None
        events = events_file(files["events"], plan, data)
        listed = feeds.members_file(plan, data) if plan is not None else None
        members = Path(files["members"]) if files["members"] else listed
        rest: dict[str, Any] = {
            name: Path(path) for name in ("state", "shared", "effects", "rejects") if (path := files[name])
        }
        job = Job(
            events=events, out=Path(out), members=members, mapping=plan, until=last_day(until), afresh=afresh,
            workers=workers, **rest,
        )  # fmt: skip
        with progress() as show:
            report = score_file(ready, job, show)
    except feeds.FeedError as error:
        raise CannotRun(*error.problems) from None
    for line in filter(None, (report.remark, _unkept(ready, job), *report.reasons)):
        note(line)
    if report.tally.rejected.events and members is None and facts_needed(ready):
        note("the facts of the members come by `--members FILE`")
    if report.reasons and not files["rejects"]:
        note("say `--rejects FILE` to have all reasons")
    say(report.tally.summary())
    for line in report.paths:
        note(line)
    given = {unit: amount for unit, amount in report.totals.items() if amount}
    for unit, amount in given.items():
        say(f"given: {ready.format_amount(unit, amount)}")
    if report.totals and not given:
        say("given: nothing")
    for line in money_lines(report.money, ready.core):
        say(line)
    ctx.exit(1 if report.tally.rejected.events or report.tally.refused else 0)


def _unkept(ready: Program, job: Job) -> str:
    """A remark where the next run could not go on from the shared counters of this one."""
    from rules_engine.workbench import has_shared

    if job.state is None or job.shared is not None or not has_shared(ready.core):
        return ""
    return "what all members share of a limit is not kept: say `--shared FILE` beside `--state`"
