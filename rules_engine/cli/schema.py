"""`rules schema`: the JSON Schema of an event."""

from __future__ import annotations

import click

from rules_engine.cli.console import CannotRun, say_json
from rules_engine.cli.loading import load


@click.command("schema", short_help="print the JSON Schema of an event")
@click.argument("program")
@click.argument("event")
def command(program: str, event: str) -> None:
    """Print the JSON Schema (draft 2020-12) of an event, for hosts that check what they send.

    \b
      rules schema hotel/ stay > stay.schema.json
    """
    from rules_engine.decoding import event_schema
    from rules_engine.diagnostics import did_you_mean

    ready = load(program)
    names = [each.name for each in ready.core.events]
    if event not in names:
        hint = did_you_mean(event, names) or f"the events are {', '.join(names)}"
        raise CannotRun(f"there is no event `{event}`; {hint}")
    say_json(event_schema(ready.core, event))
