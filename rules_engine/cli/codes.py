"""`rules codes`: a series of codes that nobody can guess."""

from __future__ import annotations

import random
import secrets
from pathlib import Path

import click

from rules_engine.cli.console import CannotRun, note, plural, say


@click.command("codes", short_help="make a series of codes that nobody can guess")
@click.argument("prefix")
@click.option("--count", required=True, type=int, metavar="N", help="how many codes")
@click.option("--length", default=8, show_default=True, metavar="N", help="how many signs behind the prefix")
@click.option("--seed", type=int, metavar="S", help="the same codes for the same number: for tests only")
@click.option("-o", "--out", required=True, metavar="FILE.csv", help="where they go; a file that is there is kept")
def command(prefix: str, count: int, length: int, seed: int | None, out: str) -> None:
    """Make codes for a rule that goes off `with code`, in a CSV file with the column `code`.

    \b
      rules codes SPRING --count 10000 -o spring.csv
    and in the rule file:
      define spring_codes = column "code" of "spring.csv"
      basket offer "Spring" { on purchase  with code from spring_codes  ... }

    A code is the prefix and signs that look like no other: no 0 and O, no 1, I and L, no vowels. How a customer types
    it (small letters, blanks, hyphens) makes no difference, and no two codes are alike.
    """
    from rules_engine.feeds import FeedError
    from rules_engine.workbench import chance, series, write_series

    draw = secrets.choice if seed is None else random.Random(seed).choice  # noqa: S311 - a seed is for tests
    try:
        write_series(Path(out), series(prefix, count, length, draw))
    except FeedError as error:
        raise CannotRun(*error.problems) from None
    if seed is not None:
        note("whoever knows the seed knows the codes: leave out `--seed` for codes that customers get")
    say(f"{plural(count, 'code')} in {out}; one guess in {chance(count, length):,} hits one")
