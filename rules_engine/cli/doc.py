"""`rules doc`: a programme as a page that people can read."""

from __future__ import annotations

import click

from rules_engine.cli.console import note, say
from rules_engine.cli.loading import no_program, readable, write_text


@click.command("doc", short_help="write a programme as a page to read")
@click.argument("path")
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), default="markdown", help="how it is written")
@click.option(
    "--year", type=click.IntRange(1900, 9000), help="the year of the calendar; none: that of the latest dates"
)
@click.option("-o", "--output", metavar="FILE", help="write it into a file")
def command(path: str, form: str, year: int | None, output: str | None) -> None:
    """Write a programme as a page for people who answer customers: tiers, what is earned, offers with dates and limits,
    what runs when, what combines with what. Every sentence says from which line of the rule file it comes.

    \b
      rules doc hotel/
      rules doc hotel/ --format html -o hotel.html
      rules doc shop.rules --year 2027
    """
    from rules_engine import pipeline
    from rules_engine.describing import html, markdown, page_of

    readable([path])
    checked = pipeline.check(path)
    if not checked.ok:
        raise no_program(path, checked.diagnostics, checked.sources)
    page = page_of(checked, pipeline.load(path).core, year)
    text = html(page) if form == "html" else markdown(page)
    if output is None:
        say(text.rstrip("\n"))
    else:
        write_text(output, text)
        note(f"written to {output}")
