"""Follow sixteen flyers through the offers, one event at a time, as a host program would.

    python examples/status_match/run.py [FILE.ndjson]

The engine keeps nothing: each event is scored against its flyer's state, and the host stores the state that results.
Time moves by itself too: at the end every flyer is advanced to the first day of 2029, when the tiers kept in 2027 are
over.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from examples.replay import titles
from rules_engine.calendar import format_date, parse_date
from rules_engine.feeds import read_events
from rules_engine.outcome import Outcome, TierChange
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.state import Change, HoldingBegan, State

HERE = Path(__file__).parent
END = parse_date("2029-01-01")


def stories(path: Path = HERE / "sample.ndjson") -> dict[str, list[str]]:
    """What happened to each flyer, a line each."""
    program = load(HERE)
    states: dict[str, State] = {}
    told: dict[str, list[str]] = {}
    for read in read_events(path):
        event = read.fields() | {"event": read.kind}
        flyer = event["flyer"]
        outcome = program.score(event, {}, states.get(flyer))
        states[flyer] = program.apply(states.get(flyer), outcome)
        told.setdefault(flyer, []).extend(of_event(program, flyer, outcome))
    for flyer, state in states.items():
        ended = program.advance({}, state, END)
        told[flyer] += of_time(ended.changes, ended.tiers)
    return dict(sorted(told.items()))


def of_event(program: Program, flyer: str, outcome: Outcome) -> Iterator[str]:
    """What one event brought its flyer."""
    yield from of_time(outcome.changes[flyer], outcome.tiers)
    names = titles(program)
    for award in outcome.awards:
        if award.given:
            given = program.format_amount(award.unit, award.given)
            yield f"{format_date(outcome.day)}  {names[award.rule]}: {given}"


def of_time(changes: Sequence[Change], tiers: Sequence[TierChange]) -> Iterator[str]:
    """What tier a flyer was granted and why, and the steps that the tier took."""
    for change in changes:
        if isinstance(change, HoldingBegan):
            held = change.holding
            until = "for good" if held.until is None else f"until {format_date(held.until)}"
            yield f"{format_date(held.start)}  granted {held.tier} {until} ({held.reason})"
    for step in tiers:
        yield f"{format_date(step.since)}  from {step.before} to {step.after}"


def main(arguments: list[str]) -> None:
    """Run the example."""
    path = Path(arguments[0]) if arguments else HERE / "sample.ndjson"
    for flyer, told in stories(path).items():
        print(f"{flyer}\n  " + "\n  ".join(told or ["nothing"]))


if __name__ == "__main__":
    main(sys.argv[1:])
