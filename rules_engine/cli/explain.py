"""`rules explain`: one event, and why each rule did what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, complain, note, say
from rules_engine.cli.history import facts_needed
from rules_engine.cli.loading import load, read_json, write_text

if TYPE_CHECKING:
    from rules_engine.scoring import Explanation, Near

_WHAT = {
    "member": "member's facts",
    "state": "state",
    "others": "file of other people",
    "pool": "household's state",
    "shared": "file of shared counters",
}


@click.command("explain", short_help="say why each rule gave what it gave")
@click.argument("program")
@click.option("--event", "event_file", required=True, metavar="FILE|-", help="the event as JSON; `-`: what is piped in")
@click.option("--member", metavar="FILE", help="the member's facts as JSON, or a file of members")
@click.option("--state", metavar="FILE", help="the member's state, or that of a run; none: a new member")
@click.option("--others", metavar="FILE", help="other people by id, as JSON, or a file of members")
@click.option("--pool", metavar="FILE", help="the household's state, or that of a run; none: nothing in it")
@click.option("--shared", metavar="FILE", help="the counters that all members share; none: nothing used")
@click.option("--near", is_flag=True, help="what the event nearly got, and what would have to be otherwise")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", help="how it is shown")
@click.option("-o", "--output", metavar="FILE", help="write it into a file")
@click.pass_context
def command(  # one argument an option
    ctx: click.Context,
    /,
    program: str,
    event_file: str,
    near: bool,
    form: str,
    output: str | None,
    **files: str | None,
) -> None:
    """Score one event and say of every rule what it gave, or why it gave nothing.

    \b
      rules explain hotel/ --event stay.json --member guest.json
      rules explain hotel/ --event stay.json --member guests.csv --state state.json
      rules explain phone/ --event call.json --member ann.json --others friends.json --pool home.json
      echo '{"event": "stay", ...}' | rules explain hotel.rules --event -
      rules explain shop/ --event basket.json --near
      rules explain shop/ --event basket.json --near --format html -o why.html

    `--near` tries changes of the event: each that it names was scored, and does what it says.
    A file of members and the state of a run know the others and the household as well. Ends with 1 where the event is
    refused.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.outcome import EventRefused
    from rules_engine.workbench import TABLES, Known, asked, is_table

    ready = load(program)
    sent = read_json(event_file, "event")
    named = {name: path for name, path in files.items() if path is not None}
    tables = {name: path for name, path in named.items() if name in TABLES and is_table(path)}
    values = {name: read_json(path, _WHAT[name]) for name, path in named.items() if name not in tables}
    try:
        event = asked(ready, sent, Known(**values, tables=tables))
        explanation = ready.explain_decoded(*event)
        misses = ready.near_decoded(*event) if near else None
    except FeedError as error:
        raise CannotRun(*error.problems) from None
    except EventRefused as refusal:
        complain(*[fault.message for fault in refusal.faults])
        if files["member"] is None and facts_needed(ready) & {fault.field for fault in refusal.faults}:
            note("the member's facts come by `--member FILE`")
        ctx.exit(1)
    shown = _shown(explanation, misses, form)
    if output is None:
        say(shown)
    else:
        write_text(output, shown)
        note(f"written to {output}")


def _shown(explanation: Explanation, near: Near | None, form: str) -> str:
    from rules_engine.workbench import explanation_json, explanation_page

    match form:
        case "json":
            return explanation_json(explanation, near).decode()
        case "html":
            return explanation_page(explanation, near)
        case _:
            return "\n\n".join([explanation.text(), *([near.text()] if near is not None else [])])
