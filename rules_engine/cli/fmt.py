"""`rules fmt`: rule files in their one shape."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, note, plural, say, say_finding
from rules_engine.cli.loading import read_source, rule_files, why

if TYPE_CHECKING:
    from rules_engine.source import Source


@click.command("fmt", short_help="bring rule files into their one shape")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...|-")
@click.option("--check", is_flag=True, help="change nothing; end with 1 if a file would change")
@click.option("--diff", is_flag=True, help="change nothing; show what would change")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Bring rule files into their one shape; comments and meaning stay as they are.

    A declaration that does not parse keeps its text; the others get their shape, and the command ends with 1.

    \b
      rules fmt corner_shop.rules
      rules fmt --check programme/
      cat corner_shop.rules | rules fmt -
    """
    if "-" in paths:
        if len(paths) > 1:
            raise CannotRun("`-` reads what is piped in and stands alone")
        ctx.exit(_piped(check, diff))
    changed = broken = 0
    files = rule_files(paths, deep=True)
    for path in files:
        source = read_source(path)
        text, sound = _formatted(source)
        broken += not sound
        if text == source.text:
            continue
        changed += 1
        rest = "" if sound else ", but for what does not parse"
        if diff:
            _show(source.text, text, str(path))
        elif check:
            say(f"would change {path}{rest}")
        else:
            _write(path, text)
            say(f"changed {path}{rest}")
    faulty = f", {broken} with what does not parse" if broken else ""
    note(f"{plural(len(files), 'file')}, {changed} {'to change' if check or diff else 'changed'}{faulty}")
    ctx.exit(1 if broken or (changed and (check or diff)) else 0)


def _formatted(source: Source) -> tuple[str, bool]:
    """The text in its shape; what does not parse keeps its own, and is shown."""
    from rules_engine.formatting import format_source
    from rules_engine.parsing import parse

    parsed = parse(source)
    for finding in parsed.diagnostics:
        say_finding(finding, {source.name: source})
    return format_source(source, parsed), not parsed.diagnostics


def _piped(check: bool, diff: bool) -> int:
    from rules_engine.source import TEXT_MAX, Source

    given = sys.stdin.buffer.read(TEXT_MAX + 1)
    if len(given) > TEXT_MAX:
        raise CannotRun(f"what is piped in has more than {TEXT_MAX:_} bytes [F107]")
    try:
        source = Source.of_bytes("-", given)
    except UnicodeDecodeError:
        raise CannotRun("what is piped in cannot be read: it is no UTF-8 text [F103]") from None
    text, sound = _formatted(source)
    if diff:
        _show(source.text, text, "-")
    elif check:
        note("would change what is piped in" if text != source.text else "nothing to change")
    elif sound:
        click.echo(text, nl=False)
    return 1 if not sound or ((check or diff) and text != source.text) else 0


def _show(before: str, after: str, name: str) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in difflib.unified_diff(before.split("\n"), after.split("\n"), name, name, lineterm=""):
        say(line, fg=colours.get(line[:1], "reset"))


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise CannotRun(f"`{path}` cannot be written: {why(error)}") from None
