"""The command `rules`: one file a command, each imported when it is asked for.

Nothing is decided here. A command reads its arguments, hands them on, and prints what comes back. It ends with 0 where
all is well, 1 where something was found, 2 where it could not do its work.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

__all__ = ["main"]

COMMANDS = {
    "check": "rules_engine.cli.check",
    "codes": "rules_engine.cli.codes",
    "diff": "rules_engine.cli.diff",
    "doc": "rules_engine.cli.doc",
    "explain": "rules_engine.cli.explain",
    "fmt": "rules_engine.cli.fmt",
    "lint": "rules_engine.cli.lint",
    "lsp": "rules_engine.cli.lsp",
    "migrate": "rules_engine.cli.migrate",
    "new": "rules_engine.cli.new",
    "plan": "rules_engine.cli.plan",
    "schema": "rules_engine.cli.schema",
    "score": "rules_engine.cli.score",
    "simulate": "rules_engine.cli.simulate",
    "test": "rules_engine.cli.test",
    "vocabulary": "rules_engine.cli.vocabulary",
}


class Commands(click.Group):
    """The commands by name, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A name that is unknown gets the nearest that is known."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from rules_engine.diagnostics import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command `{args[0]}`; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rules-engine", message="%(version)s")
def rules() -> None:
    """Rules for promotions and rewards, in files that read like terms and conditions.

    \b
    Start with a file:
      rules vocabulary shop            see which events and facts come ready-made
      rules check corner_shop.rules    find mistakes before customers do
      rules test corner_shop.rules     run the tests that stand in the file
    \b
    Then with data:
      rules explain corner_shop.rules --event order.json
      rules score corner_shop.rules --events orders.csv --out points.csv
      rules simulate corner_shop.rules --events orders.csv --html orders.html

    A folder is one program: say `rules check programme/`. Every command has its own `--help` with examples. They end
    with 0 where all is well, 1 where something was found, 2 where they could not run.
    """


def main() -> None:
    """Run the command; a user's mistake is one line on stderr and never a traceback."""
    from rules_engine.cli.console import CannotRun, complain

    try:
        code = rules.main(standalone_mode=False, color=False if os.environ.get("NO_COLOR") else None)
        sys.exit(code if isinstance(code, int) else 0)
    except CannotRun as stop:
        complain(*stop.problems)
        sys.exit(2)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        complain("stopped")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
