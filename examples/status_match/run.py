"""Follow sixteen flyers through the offers, one event at a time, as a host program would.

    python examples/status_match/run.py [FILE.ndjson]

The engine keeps nothing: each event is scored against its flyer's state, and the host stores the state that results. Time
moves by itself too: at the end every flyer is advanced to the first day of 2029, when the tiers kept in 2027 are over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rules_engine.calendar import format_date, parse_date
from rules_engine.feeds import read_events
from rules_engine.outcome import Outcome, TierChange
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import MatchMoved, State

HERE = Path(__file__).parent
END = parse_date("2029-01-01")


def stories(path: Path = HERE / "sample.ndjson") -> dict[str, list[str]]:
    """What happened to each flyer, a line each."""
    program = load(HERE)
    titles = {rule.key: rule.title for rule in program.core.rules}
    states: dict[str, State] = {}
    told: dict[str, list[str]] = {}
    for read in read_events(path):
        event = read.fields() | {"event": read.kind}
        flyer = event["flyer"]
        state = states.get(flyer, State())
        outcome = program.score(event, {}, state)
        states[flyer] = program.apply(state, outcome)
        told.setdefault(flyer, []).extend(lines(program, outcome, titles))
    for flyer, state in states.items():
        told[flyer] += tier_lines(program.advance({}, state, END).tiers)
    return dict(sorted(told.items()))


def lines(program: Program, outcome: Outcome, titles: dict[str, str]) -> Iterator[str]:
    """What one event brought its flyer."""
    day = format_date(outcome.day)
    yield from tier_lines(outcome.tiers)
    for change in (change for changes in outcome.changes.values() for change in changes):
        if isinstance(change, MatchMoved) and change.before is None:
            yield f"{day}  on trial as {change.after.tier} until {format_date(change.after.trial_until)}"
    for award in outcome.awards:
        if award.given:
            yield f"{day}  {titles[award.rule]}: {program.format_amount(award.unit, award.given)}"


def tier_lines(changes: Sequence[TierChange]) -> Iterator[str]:
    """The steps of a flyer's tier."""
    for change in changes:
        yield f"{format_date(change.since)}  from {change.before} to {change.after}"


def main(arguments: list[str]) -> None:
    """Run the example."""
    path = Path(arguments[0]) if arguments else HERE / "sample.ndjson"
    for flyer, told in stories(path).items():
        print(f"{flyer}\n  " + "\n  ".join(told or ["nothing"]))


if __name__ == "__main__":
    main(sys.argv[1:])
