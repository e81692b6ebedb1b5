"""`rules vocabulary`: the ready-made events and facts that `use` brings."""

from __future__ import annotations

from importlib.resources import files

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

    folder = files("rules_engine.vocabulary")
    known = sorted(each.name.removesuffix(".rules") for each in folder.iterdir() if each.name.endswith(".rules"))
    if name is None:
        for each in known:
            say(each)
    elif name in known:
        click.echo((folder / f"{name}.rules").read_text(encoding="utf-8"), nl=False)
    else:
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise CannotRun(f"there is no vocabulary `{name}`; {hint}")
