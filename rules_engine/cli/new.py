"""`rules new`: a project to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from rules_engine.cli.console import CannotRun, note, say
from rules_engine.cli.loading import why
from rules_engine.starting import KINDS, CannotStart, folder_for, start


@click.command("new", short_help="make a project to begin with")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", default="New programme")
@click.option("--dir", "folder", metavar="FOLDER", help="where to make it; none: a folder called like the programme")
def command(kind: str, name: str, folder: str | None) -> None:
    """Make a project: rules with tests that pass, an example event, and a file for CI. Nothing is overwritten.

    \b
      rules new shop "Birch & Finch"
      rules new hotel "Seaview Hotels" --dir programmes/seaview
      rules new empty
    """
    place = Path(folder) if folder is not None else Path(folder_for(name))
    try:
        written = start(kind, name, place)
    except CannotStart as reason:
        raise CannotRun(str(reason)) from None
    except OSError as error:
        raise CannotRun(f"`{place}` cannot be made: {why(error)}") from None
    for each in written:
        say(f"made {each}")
    note(f"next: cd {place} && rules test .")
