"""`rules lsp`: the language server that editors start."""

from __future__ import annotations

from importlib.util import find_spec

import click

from rules_engine.cli.console import CannotRun


@click.command("lsp", short_help="answer an editor: mistakes, completion, hover, rename")
@click.option("--stdio", is_flag=True, help="as editors say it; there is no other way in")
def command(stdio: bool) -> None:  # noqa: ARG001 - editors pass it, and nothing else is meant
    """Answer an editor in the language server protocol, on standard input and output.

    Editors start it by themselves: they need the command, and the files that it is for.

    \b
      rules lsp
      rules lsp --stdio

    It goes on until the editor hangs up.
    """
    if find_spec("pygls") is None:
        raise CannotRun("the language server needs pygls: pip install 'rules-engine[lsp]'")
    from rules_engine.lsp import serve

    serve()
