"""What `rules test --coverage` shows: how much of each rule file the tests reach, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence

from rules_engine.cli.console import say
from rules_engine.workbench import PLURALS, FileCoverage, never, total


def show(files: Sequence[FileCoverage]) -> None:
    """A line for each file with its kinds, then what no test has reached as `file:line what`."""
    for each in files:
        share = each.share
        say(f"{each.file}: {share.percent}% ({share.covered} of {share.all})")
        for kind, part in each.kinds.items():
            say(f"  {PLURALS[kind]:<26} {part.covered} of {part.all}", dim=part.covered == part.all)
    missed = [side for file in files for side in file.missed]
    if missed:
        say()
        say("not reached:")
    for side in missed:
        say(f"  {side.file}:{side.line} {side.what} {never(side.side)}")
    share = total(list(files))
    say(f"coverage: {share.percent}% ({share.covered} of {share.all})")


def as_json(files: Sequence[FileCoverage]) -> dict[str, object]:
    """The same for programs."""
    share = total(list(files))
    return {
        "percent": share.percent,
        "covered": share.covered,
        "all": share.all,
        "files": [_file(each) for each in files],
    }


def _file(found: FileCoverage) -> dict[str, object]:
    return {
        "file": found.file,
        "percent": found.share.percent,
        "covered": found.share.covered,
        "all": found.share.all,
        "kinds": {kind: {"covered": each.covered, "all": each.all} for kind, each in found.kinds.items()},
        "points": [{"line": line, "kind": kind, "what": what, "seen": seen} for line, kind, what, seen in found.points],
        "missed": [
            {"line": each.line, "kind": each.kind, "what": each.what, "side": each.side} for each in found.missed
        ],
    }
