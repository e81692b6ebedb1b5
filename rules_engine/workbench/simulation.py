"""A history replayed to see what a program would cost: `simulate` counts it, `compare` says how two programs differ.

In: programs and the files of a history, read as `rules score` reads them. Out: a `Simulation`: tables of exact numbers,
and where every row went. A history begins with nothing: no member has anything, no limit is used.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine.calendar import format_date
from rules_engine.feeds import Tally
from rules_engine.workbench.memory import nothing
from rules_engine.workbench.replaying import History, Progress, Replay
from rules_engine.workbench.simulate_counts import Counts, Key
from rules_engine.workbench.simulate_tables import (
    Cell,
    Difference,
    Row,
    Table,
    difference_json,
    difference_lines,
    differences,
    table_json,
    table_lines,
    tables_of,
)

if TYPE_CHECKING:
    from rules_engine.scoring import Program


class Simulation(msgspec.Struct, frozen=True):
    """What a program did over a history: its title and fingerprint, the first and the last day that something was
    counted on (None: nothing was), the rows and the first reasons of refusals, the tables."""

    title: str
    fingerprint: str
    first: int | None
    last: int | None
    tally: Tally
    reasons: tuple[str, ...]
    tables: tuple[Table, ...]


def simulate(program: Program, history: History, told: Progress | None = None) -> Simulation:
    """Replay a history; raises `FeedError` where a file cannot be used."""
    memory = nothing()
    replay = Replay(program, history, memory)
    counts = Counts(program, replay.members)
    for read, outcome in replay.results(told):
        counts.add(read, outcome)
    counts.close(memory, history.until)
    return Simulation(
        program.core.header.title,
        program.fingerprint,
        counts.first,
        counts.last,
        replay.tally,
        replay.refusals.written(),
        tables_of(counts),
    )


def compare(old: Simulation, new: Simulation) -> tuple[Difference, ...]:
    """What differs between two programs on the same history."""
    return differences((_rows(old), *old.tables), (_rows(new), *new.tables))


def _rows(simulation: Simulation) -> Table:
    """Where the rows went, as a table."""
    rows: dict[Key, Row] = {(name,): (Cell(Fraction(number)),) for name, number in _counted(simulation).items()}
    return Table("events", ("what",), ("events",), rows)


def simulation_text(simulation: Simulation, against: Simulation | None = None) -> str:
    """A simulation for a person; with another before it, what differs."""
    lines = [f"{simulation.title}: {span(simulation)}", "", simulation.tally.summary()]
    for table in simulation.tables:
        lines += ["", *table_lines(table)]
    if against is not None:
        found = list(difference_lines(compare(against, simulation)))
        lines += ["", f"against {against.title} ({against.fingerprint[:12]})", *(found or ["  no difference"])]
    return "\n".join(lines)


def simulation_json(simulation: Simulation, against: Simulation | None = None) -> dict[str, Any]:
    """The same for a program."""
    found: dict[str, Any] = {
        "program": simulation.title,
        "fingerprint": simulation.fingerprint,
        "first": _day(simulation.first),
        "last": _day(simulation.last),
        "events": _counted(simulation),
        **{table.title.replace(" ", "_"): table_json(table) for table in simulation.tables},
        "notes": {table.title.replace(" ", "_"): table.notes for table in simulation.tables if table.notes},
    }
    if against is not None:
        found["against"] = {"program": against.title, "fingerprint": against.fingerprint}
        found["differences"] = difference_json(compare(against, simulation))
    return found


def span(simulation: Simulation) -> str:
    """From when to when something was counted."""
    if simulation.first is None:
        return "nothing was scored"
    return f"{_day(simulation.first)} to {_day(simulation.last)}"


def _day(day: int | None) -> str | None:
    return None if day is None else format_date(day)


def _counted(simulation: Simulation) -> dict[str, int]:
    """Where the events went."""
    tally = simulation.tally
    found = {"read": tally.read.events, "scored": tally.scored.events, "rejected": tally.rejected.events}
    found |= {f"set aside: {name}": count.events for name, count in tally.set_aside.items()}
    return found | {"scheduled": tally.scheduled, "refused of these": tally.refused}
