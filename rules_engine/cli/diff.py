"""`rules diff`: what changed between two programs, in meaning and in what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, note, progress, say, say_json
from rules_engine.cli.history import events_file, facts_needed, last_day
from rules_engine.cli.loading import load, no_program, readable

if TYPE_CHECKING:
    from rules_engine.comparing import Impact, Side


@click.command("diff", short_help="say what changed between two programs, and what it comes to")
@click.argument("old")
@click.argument("new")
@click.option(
    "--events", metavar="FILE", help="a history to score with both: .csv, .ndjson, .jsonl (all also .gz) or .parquet"
)
@click.option("--members", metavar="FILE", help="the members' facts, by id")
@click.option("--mapping", metavar="FILE", help="a TOML file that says which column is which field")
@click.option("--data", metavar="DIR", help="the folder that paths in the mapping start from")
@click.option("--until", metavar="DATE", help="settle what is due up to this day")
@click.option(
    "--max-change",
    "most",
    multiple=True,
    metavar="PERCENT|AMOUNT",
    help="what may change: `5%` of the outcomes, or `100 GBP`, `500 points` in all; may be given several times",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="how it is shown"
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    old: str,
    new: str,
    mapping: str | None,
    data: str | None,
    until: str | None,
    most: tuple[str, ...],
    form: str,
    **files: str | None,
) -> None:
    """Say what the new program does differently, whatever its text looks like.

    \b
      rules diff shop_before.rules shop.rules
      rules diff old/ new/ --events may.csv --members members.csv
      rules diff old/ new/ --events may.csv --max-change 5% --max-change "100 GBP" --format markdown

    With a history both programs score it, each with its own states from the beginning. Layout, comments, order of
    rules, names of defines, conditions written otherwise are no change. Ends with 1 where anything changed; with
    --max-change where more changed than that: a share of the outcomes, or of one unit or currency the sum of all
    differences, gains and losses alike. With 2 where no event of the history could be scored.
    """
    from rules_engine import comparing

    one, other = _side(old), _side(new)
    figures = comparing.Figures(one.core, other.core)
    try:
        limits = tuple(comparing.allowed(each, figures) for each in most)
    except comparing.NotAllowed as wrong:
        raise CannotRun(f"`--max-change`: {wrong}") from None
    impact = _impact((old, new), mapping, data, until, files)
    if limits and impact is None:
        raise CannotRun("what a change comes to is only known from events: say `--events FILE` beside `--max-change`")
    found = comparing.Comparison(other.title, comparing.changes(one, other), impact, limits, figures)
    match form:
        case "json":
            say_json(comparing.comparison_json(found))
        case "markdown":
            say(comparing.comparison_markdown(found).rstrip("\n"))
        case _:
            say(comparing.comparison_text(found))
    if found.unknown:
        raise CannotRun("no event was scored, so nothing says whether the change stays within `--max-change`")
    ctx.exit(1 if found.found else 0)


def _side(path: str) -> Side:
    from rules_engine import pipeline
    from rules_engine.comparing import side_of

    checked = pipeline.check(readable([path])[0])
    if not checked.ok:
        raise no_program(path, checked.diagnostics, checked.sources)
    return side_of(checked)


def _impact(
    paths: tuple[str, str], mapping: str | None, data: str | None, until: str | None, files: dict[str, str | None]
) -> Impact | None:
    """What the history comes to, where there is one."""
    if not files["events"] and mapping is None:
        return None
    from rules_engine import feeds
    from rules_engine.comparing import measure
    from rules_engine.workbench import History

    try:
        plan = feeds.read_mapping(mapping) if mapping else None
        listed = feeds.members_file(plan, data) if plan is not None else None
        members = Path(files["members"]) if files["members"] else listed
        history = History(events_file(files["events"], plan, data), members, plan, last_day(until))
        programs = load(paths[0]), load(paths[1])
        with progress() as show:
            impact = measure(*programs, history, show)
    except feeds.FeedError as error:
        raise CannotRun(*error.problems) from None
    needed = (run.rejected and facts_needed(each) for run, each in zip(impact.runs, programs, strict=True))
    if members is None and any(needed):
        note("the facts of the members come by `--members FILE`")
    return impact
