"""What `rules test --suggest` shows: tests for what no test reaches, and what none was found for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine.cli.console import plural, say
from rules_engine.cli.loading import read_source, rewrite

if TYPE_CHECKING:
    from rules_engine.workbench import Missed, Suggested, Tested


def show(found: Suggested) -> None:
    """The tests as they stand in a rule file, what each reaches, and what could not be reached, with the reason."""
    for each in found.suggestions:
        say()
        say(each.text.rstrip("\n"))
    if found.unsolved:
        say()
        say("no test was found for:")
    for one in found.unsolved:
        say(f"  {_words(one.missed)}: {one.reason}")
    if found.suggestions or found.unsolved:
        say()
    before, after = found.before, found.after
    say(
        f"{plural(len(found.suggestions), 'test')} suggested: coverage from {before.percent}% ({before.covered} of "
        f"{before.all}) to {after.percent}% ({after.covered} of {after.all})"
    )


def _words(missed: Missed) -> str:
    from rules_engine.workbench import never

    return f"{missed.file}:{missed.line} {missed.what} {never(missed.side)}"


def write(tested: Tested, found: Suggested, quiet: bool = False) -> None:
    """Add the tests to the file where they belong."""
    from rules_engine.workbench import appended, place_of

    place = place_of(tested)
    if found.suggestions:
        text = read_source(place).text if place.exists() else ""
        rewrite(place, appended(text, found.suggestions))
    if not quiet:
        say(f"{plural(len(found.suggestions), 'test')} added to {place}")


def as_json(tested: Tested, found: Suggested) -> dict[str, object]:
    """The same for programs."""
    return {
        "program": tested.path,
        "tests": [
            {"title": each.title, "text": each.text, "reaches": [_missed(one) for one in each.reaches]}
            for each in found.suggestions
        ],
        "unsolved": [{**_missed(each.missed), "reason": each.reason} for each in found.unsolved],
        "before": {"covered": found.before.covered, "all": found.before.all},
        "after": {"covered": found.after.covered, "all": found.after.all},
    }


def _missed(one: Missed) -> dict[str, object]:
    return {"file": one.file, "line": one.line, "kind": one.kind, "what": one.what, "side": one.side}
