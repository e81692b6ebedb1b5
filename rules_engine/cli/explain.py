"""`rules explain`: one event, and why each rule did what it did."""

from __future__ import annotations

import click

from rules_engine.cli.console import CannotRun, complain, say
from rules_engine.cli.loading import load, read_json

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
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.pass_context
def command(ctx: click.Context, /, program: str, event_file: str, form: str, **files: str | None) -> None:
    """Score one event and say of every rule what it gave, or why it gave nothing.

    \b
      rules explain hotel/ --event stay.json --member guest.json
      rules explain hotel/ --event stay.json --member guests.csv --state state.json
      rules explain phone/ --event call.json --member ann.json --others friends.json --pool home.json
      echo '{"event": "stay", ...}' | rules explain hotel.rules --event -

    A file of members and the state of a run know the others and the household as well. Ends with 1 where the event is
    refused.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.outcome import EventRefused
    from rules_engine.workbench import TABLES, Known, explained, is_table

    ready = load(program)
    sent = read_json(event_file, "event")
    named = {name: path for name, path in files.items() if path is not None}
    tables = {name: path for name, path in named.items() if name in TABLES and is_table(path)}
    values = {name: read_json(path, _WHAT[name]) for name, path in named.items() if name not in tables}
    try:
        explanation = explained(ready, sent, Known(**values, tables=tables))
    except FeedError as error:
        raise CannotRun(*error.problems) from None
    except EventRefused as refusal:
        complain(*[fault.message for fault in refusal.refused.faults])
        ctx.exit(1)
    say(explanation.text() if form == "text" else _text(explanation.to_json()))


def _text(encoded: bytes | str) -> str:
    return encoded.decode() if isinstance(encoded, bytes) else encoded
