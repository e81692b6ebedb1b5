"""A history in one run, or cut anywhere into pieces with everything stored in between: the same bytes.

Generated programs of every kind, each with a second settlement, some days later, at every edge that it settles. The
states of members, the pools of households and the counters that all share go through JSON at every cut, as they do
between two processes. What stood in them at a cut, and what became of it afterwards, is counted: each kind of thing
that a state can hold must have been cut through.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import orjson
import pytest

from rules_engine import ir
from rules_engine.calendar import format_date
from rules_engine.outcome import Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.state import KeyMoved, Lot, LotLapsed, LotTaken, Shared, State, TrackMoved
from tests.histories import History, history
from tests.strategies import FILES, Of, seeded
from tests.test_cli import rules
from tests.trials import core_of

SEEDS: tuple[tuple[Of, Sequence[int]], ...] = (
    ("owning", (*range(9000, 9032), 9056, 9086)),
    ("visits", range(9000, 9010)),
    ("orders", range(9000, 9010)),
)
EVENTS = 14
LATER = 40  # days after the last event up to which all is settled at the end
EDGE = re.compile(r"^  on (end of [\w ]+?)(?:, settled after .*)?$", re.MULTILINE)


def with_twins(text: str) -> str:
    """A program in which every end of a period is settled a second time, eight days after it."""
    twins = sorted(set(EDGE.findall(text)))
    rules = (
        f'reward "Twin {number}" {{\n  on {edge}, settled after 8 days\n  give 1 point\n}}\n'
        for number, edge in enumerate(twins)
    )
    return text + "".join(rules)


@dataclass
class Books:
    """All that a host keeps between two runs."""

    states: dict[str, State] = field(default_factory=dict)
    pools: dict[str, State] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)

    def stored(self, program: Program) -> Books:
        """The same, read back from what was stored of it."""
        return Books(
            {name: program.state(state.to_json()) for name, state in self.states.items()},
            {name: program.checked_pool(orjson.loads(state.to_json())) for name, state in self.pools.items()},
            program.shared(self.shared.to_json()),
        )

    def owners(self) -> Iterator[tuple[str, State]]:
        """Everybody's book."""
        yield from self.states.items()
        yield from ((f"household {name}", state) for name, state in self.pools.items())

    def content(self) -> tuple[dict[str, bytes], dict[str, bytes], bytes]:
        """What would be stored; an owner of whom nothing is known yet is nobody."""
        states, pools = (
            {name: state.to_json() for name, state in sorted(each.items()) if state != State()}
            for each in (self.states, self.pools)
        )
        return states, pools, self.shared.to_json()


@dataclass(frozen=True)
class Story:
    """A program and a history of it."""

    seed: int
    of: Of
    core: ir.Program
    told: History

    @cached_property
    def program(self) -> Program:
        """The program as one process has it."""
        return Program(self.core)

    @cached_property
    def until(self) -> str:
        """The day up to which all is settled at the end."""
        events = (self.program.event(sent) for sent in self.told.events)
        return format_date(max(event.day for event in events) + LATER)

    def run(self, events: Sequence[object], books: Books, last: bool) -> list[Outcome | Refused]:
        """Score some events, and at the end what is due."""
        found = self.program.score_many(
            events, self.told.members, books.states, shared=books.shared, pools=books.pools, in_order=True,
            settle_until=self.until if last else None,
        )  # fmt: skip
        return list(found)


def story(seed: int, of: Of, events: int = EVENTS) -> Story:
    """The program of a seed, and its history."""
    core = core_of(with_twins(seeded(seed, of)) if of == "owning" else seeded(seed, of))
    return Story(seed, of, core, history(core, Random(seed), events))


def cuts(count: int, rng: Random) -> list[tuple[int, int]]:
    """Some events cut at random: between any two of them, at a few places, or once."""
    chance = rng.choice((0.15, 0.4, 1.0))
    at = [place for place in range(1, count) if rng.random() < chance] or [rng.randrange(1, count)]
    return list(pairwise([0, *at, count]))


def as_bytes(found: Outcome | Refused) -> bytes:
    return found.to_json() if isinstance(found, Outcome) else msgspec.json.encode(found)


@dataclass(frozen=True)
class Whole:
    """A story in one run: what came of each event, and what is kept at the end."""

    told: Story
    found: list[Outcome | Refused]
    books: Books

    @property
    def is_rich(self) -> bool:
        """Whether much can go wrong: pools, settlements, what all share, and nothing refused."""
        settled = any(len(state.settled) > 1 for state in self.books.states.values())
        pooled = any(state.lots for state in self.books.pools.values())
        refused = any(isinstance(each, Refused) for each in self.found)
        return settled and pooled and bool(self.books.shared.limits) and not refused


@pytest.fixture(scope="module")
def wholes() -> list[Whole]:
    """All stories, each in one run."""
    found = []
    for told in (story(seed, of) for of, seeds in SEEDS for seed in seeds):
        books = Books()
        found.append(Whole(told, told.run(told.told.events, books, last=True), books))
    return found


def test_one_run_or_pieces_give_the_same_bytes(wholes: list[Whole]) -> None:
    """Every outcome and refusal, every state, pool and counter."""
    met = Counter[str]()
    for whole in wholes:
        told, books, found = whole.told, Books(), list[Outcome | Refused]()
        events = told.told.events
        for low, high in cuts(len(events), Random(told.seed)):
            books = books.stored(told.program)
            met.update(kept(told, books))
            older = {(owner, _name_of(lot)) for owner, state in books.owners() for lot in state.lots}
            piece = told.run(events[low:high], books, last=high == len(events))
            found += piece
            met.update(word for each in piece for word in became(told, each, older))
        assert [as_bytes(each) for each in found] == [as_bytes(each) for each in whole.found], (told.of, told.seed)
        assert books.content() == whole.books.content(), (told.of, told.seed)
    missing = CUT_THROUGH - set(+met)
    assert not missing, f"never cut through: {sorted(missing)}"


def test_processes_that_go_on_from_files_are_one_process(wholes: list[Whole], tmp_path: Path) -> None:
    """`rules score` with `--state` and `--shared`, once for all events or once for each piece: the same files, and
    the same rows in them."""
    rich = [whole.told for whole in wholes if whole.is_rich][:2]
    assert len(rich) == 2, "no program has pools, settlements and shared counters"
    for told in rich:
        program, rng = told.program, Random(told.seed)
        events = sorted(told.told.events, key=lambda sent: program.event(sent).instant)
        middle = rng.randrange(4, len(events) - 3)
        whole, pieces = tmp_path / f"whole {told.seed}", tmp_path / f"pieces {told.seed}"
        rows = _score(told, whole, [events])
        assert _score(told, pieces, [events[:middle], events[middle:]]) == rows
        for name in ("state.json", "shared.json"):
            assert (pieces / name).read_bytes() == (whole / name).read_bytes(), (told.seed, name)
        kept = json.loads((whole / "state.json").read_text())["state"]
        assert kept["pools"]
        assert any(len(state["settled"]) > 1 for state in kept["members"].values())


def _score(told: Story, folder: Path, pieces: Sequence[Sequence[dict[str, Any]]]) -> dict[str, list[str]]:
    """Score pieces one after another, each in a process of its own; the rows that all of them wrote, by file."""
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "programme.rules").write_text(with_twins(seeded(told.seed, told.of)), encoding="utf-8")
    _write(folder / "members.ndjson", [{"member": name, **facts} for name, facts in told.told.members.items()])
    found: dict[str, list[str]] = {"rows.csv": [], "effects.csv": []}
    for number, piece in enumerate(pieces):
        _write(folder / "events.ndjson", piece)
        until = ["--until", told.until] if number == len(pieces) - 1 else []
        rules(
            "score", "programme.rules", "--events", "events.ndjson", "--members", "members.ndjson",
            "--state", "state.json", "--shared", "shared.json", "--out", "rows.csv", "--effects", "effects.csv",
            *until, cwd=folder,
        )  # fmt: skip
        for name, rows in found.items():
            rows += (folder / name).read_text(encoding="utf-8").splitlines()[1:]
    return {name: sorted(rows) for name, rows in found.items()}


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


# ---- what was cut through ----

STATES = tuple(name for name in State.__struct_fields__ if name not in ("version", "day"))
CUT_THROUGH = {
    *(f"state with {name}" for name in STATES),
    *(f"pool with {name}" for name in ("lots", "debts", "tracks", "keyed", "limits", "last")),
    "shared counters", "lot pending", "lot remembers", "lot of a holder", "lot of a pot", "debt of a holder",
    "two delays of one edge, one settled", "over and not settled yet",
    *(f"older lot lapsed by {cause}" for cause in ("span", "period end", "inactivity", "two lives")),
    *(f"older lot taken by {how}" for how in ("accept", "deduct", "turn", "presented")),
    "older lot of a pool taken", "key of older track moved", "carried ahead", "late after a cut", "tier moved",
    "given to another", "paid", "refused",
}  # fmt: skip


def kept(told: Story, books: Books) -> Iterator[str]:
    """What was kept when a piece began."""
    for what, states in (("state", books.states), ("pool", books.pools)):
        for owner, state in states.items():
            yield from (f"{what} with {name}" for name in STATES if getattr(state, name))
            yield from _lots(state)
            yield from _settling(told, owner, state) if what == "state" else ()
            yield from ["lot of a pot"] if what == "pool" and any(not lot.holder for lot in state.lots) else ()
    if books.shared.limits:
        yield "shared counters"


def _lots(state: State) -> Iterator[str]:
    for lot in state.lots:
        if lot.pending is not None and state.day is not None and state.day <= lot.pending:
            yield "lot pending"
        if lot.facts:
            yield "lot remembers"
        if lot.holder:
            yield "lot of a holder"
    if any(" " in name for name in state.debts):
        yield "debt of a holder"


def _settling(told: Story, member: str, state: State) -> Iterator[str]:
    """Edges that have passed and are not settled yet; delays side by side of which one has settled what another has
    not."""
    if state.since is None or state.day is None:
        return
    due = told.program.due_events(member, told.told.members.get(member), state, state.day + LATER)
    if any(event.day < state.day for event in due):
        yield "over and not settled yet"
    edges = dict[str, set[int | None]]()
    for event in told.core.events:
        if event.schedule is not None and event.schedule.edge == "end":
            edges.setdefault(event.name.partition(",")[0], set()).add(state.settled.get(event.name))
    if any(len(settled) > 1 for settled in edges.values()):
        yield "two delays of one edge, one settled"


def became(told: Story, outcome: Outcome | Refused, older: set[tuple[str, tuple[object, ...]]]) -> Iterator[str]:
    """What an event did, above all with lots that earlier pieces had given."""
    if isinstance(outcome, Refused):
        yield "refused"
        return
    books = {**outcome.changes, f"household {outcome.household}": outcome.pool}
    units = {unit.name: unit for unit in told.core.units}
    for owner, changes in books.items():
        for change in changes:
            match change:
                case LotLapsed(lot=lot) if (owner, _name_of(lot)) in older:
                    yield f"older lot lapsed by {_cause(units[lot.unit])}"
                case LotTaken(lot=lot) if (owner, _name_of(lot)) in older:
                    yield from ["older lot of a pool taken"] if owner.startswith("household ") else []
                    yield from (f"older lot taken by {each.how}" for each in outcome.taken if each.unit == lot.unit)
                case KeyMoved(before=int()):
                    yield "key of older track moved"
                case TrackMoved(occurrence=at) if outcome.posted is not None and at > outcome.day:
                    yield "carried ahead"
                case _:
                    pass
    yield from ["late after a cut"] if outcome.late and older else []
    yield from ["tier moved"] if outcome.tiers else []
    yield from ["given to another"] if any(each.to for each in outcome.awards) else []
    yield from ["paid"] if outcome.payments else []


def _name_of(lot: Lot) -> tuple[object, ...]:
    """A lot without how much is left of it."""
    return (lot.unit, lot.earned, lot.pending, lot.expires, lot.source, lot.holder, tuple(sorted(lot.facts.items())))


def _cause(unit: ir.UnitDef) -> str:
    """By what lots of a unit end."""
    if len(unit.lives) != 1:
        return "two lives" if unit.lives else "never"
    (life,) = unit.lives
    if life.after_last:
        return "inactivity"
    return "period end" if isinstance(life.day, ir.EdgeDay) else "span"
