"""Speaking to the person at the terminal: results on stdout, everything else on stderr, colour where it can be seen."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.source import Source


class CannotRun(Exception):  # noqa: N818 - ends the command with 2, caught in `main`
    """What keeps the command from doing its work, one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def say(text: str = "", **style: bool | str) -> None:
    """A line of the result."""
    click.echo(click.style(text, **style) if style else text)  # type: ignore[arg-type]


def note(text: str) -> None:
    """A remark beside the result."""
    click.echo(click.style(text, dim=True), err=True)


def complain(*problems: str) -> None:
    """Why the command cannot run."""
    for problem in problems:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {problem}", err=True)


_COLOURS: Sequence[tuple[str, dict[str, object]]] = (
    (r"^error\[.*", {"fg": "red", "bold": True}),
    (r"^warning\[.*", {"fg": "yellow", "bold": True}),
    (r"^ *(-->|:::) .*", {"fg": "blue"}),
    (r"^ *\| *\^+.*", {"fg": "red"}),
    (r"^  (help|fix):.*", {"fg": "cyan"}),
)


def say_finding(finding: Diagnostic, sources: Mapping[str, Source]) -> None:
    """A finding with its place, and a blank line behind it."""
    from rules_engine.diagnostics import render

    say_report(render(finding, sources.get(finding.source)))


def say_report(shown: str) -> None:
    """Findings as text, in colour and with a blank line behind them; nothing where there are none."""
    if not shown:
        return
    for line in shown.split("\n"):
        style = next((style for pattern, style in _COLOURS if re.match(pattern, line)), None)
        click.echo(click.style(line, **style) if style else line)  # type: ignore[arg-type]
    click.echo()


def say_json(value: object) -> None:
    """A value as JSON, indented."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def plural(number: int, noun: str) -> str:
    """A number with its noun.

    >>> plural(1, "file"), plural(1200, "event")
    ('1 file', '1,200 events')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None] | None]:
    """A bar on stderr for work that takes long; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show
