"""`rules lint`: what is no mistake and still likely to be wrong, or to cost money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rules_engine.cli.console import CannotRun, note, plural, say, say_report
from rules_engine.cli.loading import explanation, no_program, readable, rewrite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules_engine.checking import Checked
    from rules_engine.linting import Find, Lint
    from rules_engine.reports import Finding, Form


@click.command("lint", short_help="find what is likely to be wrong, or to cost money")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--select", default="", metavar="CODES", help="only these: codes, beginnings of codes, names; with commas"
)
@click.option("--ignore", default="", metavar="CODES", help="all but these")
@click.option("--fix", is_flag=True, help="make the mends that are safe, and say what was changed")
@click.option("--against", metavar="OLD", help="an older version of the program: what changed is looked at too")
@click.option("--list", "listed", is_flag=True, help="show the lints; with `--select L` all")
@click.option("--explain", metavar="CODE", help="show why a lint is there, with an example; other codes too")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="how findings are shown; `github` and `sarif` are for a forge",
)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    select: str,
    ignore: str,
    fix: bool,
    against: str | None,
    listed: bool,
    explain: str | None,
    form: Form,
) -> None:
    """Find what is no mistake and still likely to be wrong: money without an end, rules that never act, gaps.

    Every path is a program of its own: a rule file, or a folder of them.

    \b
      rules lint corner_shop.rules
      rules lint programme/ --select L1,part-implied
      rules lint programme/ --fix
      rules lint programme/ --against last_month/
      rules lint --explain L101

    A comment `# allow: CODE reason` before a rule, or at the end of a line of it, silences a finding. Ends with 1 where
    a finding stands.
    """
    from rules_engine.linting import UnknownLint, chosen

    if explain:
        say(explanation(explain))
        return
    try:
        lints = chosen(_words(select), _words(ignore))
    except UnknownLint as unknown:
        raise CannotRun(str(unknown)) from None
    if listed:
        say(_listing(lints, form))
        return
    if not paths:
        raise CannotRun("name a rule file or a folder, or say `--list` or `--explain CODE`")
    if not lints:
        raise CannotRun("nothing is left of what is selected: `--ignore` takes all of it away")
    find = _finder(lints, against)
    programs = [_mended(path, find) if fix else _looked_at(path, find) for path in readable(paths)]
    ctx.exit(_say([each for some in programs for each in some], len(programs), form))


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _listing(lints: Sequence[Lint], form: Form) -> str:
    from rules_engine.linting import as_values, listing

    if form != "json":
        return listing(lints)
    import orjson

    return orjson.dumps(as_values(lints), option=orjson.OPT_INDENT_2).decode()


def _finder(lints: Sequence[Lint], against: str | None) -> Find:
    """What looks for the chosen lints."""
    from rules_engine import pipeline
    from rules_engine.linting import View, lint

    old = pipeline.check(readable([against])[0]) if against is not None else None
    if against is not None and old is not None and not old.ok:
        raise no_program(against, old.diagnostics, old.sources)
    codes = [each.code for each in lints]
    return lambda checked: lint(View(checked, old), codes) if checked.ok else ()


def _looked_at(path: str, find: Find) -> list[Finding]:
    """The findings of a program; where it does not check, its errors."""
    from rules_engine import pipeline

    return _found(pipeline.check(path), find)


def _mended(path: str, find: Find) -> list[Finding]:
    """The findings that are left of a program once its mends are made and its files are written."""
    from rules_engine.linting import mended_program

    made = mended_program(path, find)
    for source in made.sources:
        rewrite(Path(source.name), source.text)
    for change in made.changes:
        note(f"{change.file}:{change.line}: {change.code}: {change.title}")
    return _found(made.checked, lambda _: made.left)


def _found(checked: Checked, find: Find) -> list[Finding]:
    errors = [each for each in checked.diagnostics if each.severity == "error"]
    return [(each, checked.sources.get(each.source)) for each in errors or find(checked)]


def _say(findings: list[Finding], programs: int, form: Form) -> int:
    from rules_engine.reports import report

    shown = report(findings, form)
    if form != "text":
        say(shown)
    else:
        say_report(shown)
        errors = sum(finding.severity == "error" for finding, _ in findings)
        counts = [plural(errors, "error")] * bool(errors) + [plural(len(findings) - errors, "finding")] * (not errors)
        say(f"{plural(programs, 'program')}: {', '.join(counts)}", fg="red" if findings else "green")
    return 1 if findings else 0
