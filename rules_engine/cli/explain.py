"""`rules explain`: one event, and why each rule did what it did."""

from __future__ import annotations

from typing import Any

import click

from rules_engine.cli.console import CannotRun, complain, say
from rules_engine.cli.loading import load, read_json


@click.command("explain", short_help="say why each rule gave what it gave")
@click.argument("program")
@click.option("--event", "event_file", required=True, metavar="FILE|-", help="the event as JSON; `-`: what is piped in")
@click.option("--member", "member_file", metavar="FILE", help="the member's facts as JSON, or a file of members")
@click.option("--state", "state_file", metavar="FILE", help="the member's state, or that of a run; none: a new member")
@click.option("--shared", "shared_file", metavar="FILE", help="the counters that all members share; none: nothing used")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how it is shown")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    program: str,
    event_file: str,
    member_file: str | None,
    form: str,
    **files: str | None,
) -> None:
    """Score one event and say of every rule what it gave, or why it gave nothing.

    \b
      rules explain hotel/ --event stay.json --member guest.json
      rules explain hotel/ --event stay.json --member guests.csv --state state.json
      echo '{"event": "stay", ...}' | rules explain hotel.rules --event -

    Ends with 1 where the event is refused.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.outcome import EventRefused
    from rules_engine.workbench import is_table, owner_of, stored_facts, stored_state

    ready = load(program)
    event = read_json(event_file, "event")
    owner = owner_of(event, ready.core)
    member: object = None
    try:
        if member_file is not None and is_table(member_file):
            member = stored_facts(member_file, owner, ready.core)
        elif member_file is not None:
            member = read_json(member_file, "member's facts")
    except FeedError as error:
        raise CannotRun(*error.problems) from None
    state_file, shared_file = files["state_file"], files["shared_file"]
    stored: Any = stored_state(read_json(state_file, "state"), owner) if state_file else None
    counters: Any = read_json(shared_file, "file of shared counters") if shared_file else None
    try:
        state, shared = ready.state(stored), ready.shared(counters)
    except EventRefused as refusal:
        raise CannotRun(*[fault.message for fault in refusal.faults]) from None
    try:
        explanation = ready.explain(event, member, state, shared)
    except EventRefused as refusal:
        complain(*[fault.message for fault in refusal.refused.faults])
        ctx.exit(1)
    say(explanation.text() if form == "text" else _text(explanation.to_json()))


def _text(encoded: bytes | str) -> str:
    return encoded.decode() if isinstance(encoded, bytes) else encoded
