"""`rules vocabulary`: the ready-made events and facts that `use` brings."""

from __future__ import annotations

import click

from rules_engine.cli.console import CannotRun, say


@click.command("vocabulary", short_help="print the events and facts that `use` brings")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print a ready-made vocabulary, to read it or to copy it into your own file. Without a name: which there are.

    \b
      rules vocabulary
      rules vocabulary shop
    """
    from rules_engine.diagnostics import did_you_mean
    from rules_engine.vocabulary import NAMES, vocabulary_text

    text = vocabulary_text(name) if name is not None else None
    if name is None:
        for each in NAMES:
            say(each)
    elif text is not None:
        click.echo(text, nl=False)
    else:
        hint = did_you_mean(name, NAMES) or f"there are {', '.join(NAMES)}"
        raise CannotRun(f"there is no vocabulary `{name}`; {hint}")
