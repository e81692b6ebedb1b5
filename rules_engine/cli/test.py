"""`rules test`: the tests that stand in rule files."""

from __future__ import annotations

from typing import Any

import click

from rules_engine.cli.console import CannotRun
from rules_engine.cli.loading import no_program, readable
from rules_engine.cli.testing import Asked, watch

FILE = click.Path(dir_okay=False)


@click.command("test", short_help="run the tests in rule files")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-k", "words", default="", help="only tests whose title has these words; 1 where there are none")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="how results are shown")
@click.option("--junit", "junit_file", type=FILE, metavar="FILE", help="write the results as JUnit XML, for CI")
@click.option("--coverage", "cover", is_flag=True, help="show what of the rules the tests reach, and what they do not")
@click.option(
    "--coverage-min", "least", type=click.IntRange(0, 100), metavar="PERCENT", help="fail where coverage is lower"
)
@click.option(
    "--html", "page", type=FILE, metavar="FILE", help="write the coverage as a page, with the rules in colour"
)
@click.option("--watch", "watched", is_flag=True, help="run again what changes, until Ctrl-C")
@click.option("--suggest", "suggests", is_flag=True, help="write tests for what no test reaches, with what comes out")
@click.option("--write", "writes", is_flag=True, help="add the suggested tests to the rule file")
@click.option(
    "--seconds", type=click.FloatRange(min=0), metavar="N", help="how long --suggest may search in a program (20)"
)
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Run the tests that stand in rule files; a failure shows the rule, both amounts and why they differ.

    \b
      rules test corner_shop.rules
      rules test programme/ -k "a Gold guest"
      rules test programme/ --coverage --coverage-min 90 --html coverage.html
      rules test programme/ --junit results.xml
      rules test programme/ --watch
      rules test programme/ --suggest --write

    \b
    A test reads:
      test "a Gold guest earns a quarter more" {
        given member { tier: Gold until 2028-12-31 }
        when  stay { brand: city  check_out: 2027-03-02
          lines | kind | amount     |
                | room | 100.00 GBP | }
        then  base 1_000 points, "Tier bonus" 250 points
      }
    """
    asked = Asked(paths, **given)
    if asked.watched and (asked.form == "json" or asked.suggests):
        raise CannotRun("`--watch` shows text and goes on: leave `--format json` and `--suggest` out")
    if not asked.suggests and (asked.writes or asked.seconds is not None):
        raise CannotRun("`--write` and `--seconds` belong to `--suggest`")
    readable(paths)
    if asked.watched:
        watch(paths, asked.run, asked.report)
    ran = []
    for path in paths:
        ran.append(asked.run(path))
        if ran[-1].findings:
            raise no_program(path, ran[-1].findings, ran[-1].sources)
    ctx.exit(0 if asked.report(ran) else 1)
