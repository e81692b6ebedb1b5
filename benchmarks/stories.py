"""The stories: every example with its sample, and every published programme with the events of its tests.

How many of their events generated Python hands to the reference, why, and what an event costs by either. What is
counted is what happens: an event counts as handed over too where only the state it meets asks for it. By columns each
event is scored from the very same state, as if by a member of its own: which of them go by rows, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final, Literal, NamedTuple
from unittest.mock import patch

import msgspec

from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, measured
from examples import hotel, retail
from examples.diary import facts
from examples.hotel.prepare import bookings, stays
from examples.retail.prepare import orders
from rules_engine import ir, tree
from rules_engine.backends import Backend, Evaluation
from rules_engine.backends import reference as reference_room
from rules_engine.backends.columnar import Columnar, Texts
from rules_engine.backends.columnar.encoding import encoded
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts
from rules_engine.feeds import read_events, read_mapping, read_members
from rules_engine.outcome import People
from rules_engine.pipeline import check, load
from rules_engine.scoring import Program, ties_of
from rules_engine.state import Shared, State, copied
from rules_engine.workbench import TestCase, run_tests
from rules_engine.workbench.engine import Asked, Engine

ROOT: Final = Path(__file__).parents[1]
UNTIL: Final = "2029-01-01"
"""The day by which everything that happens by itself in an example is settled."""
AIM: Final = 0.05
SCORES: Final = "_evaluate"
"""What the reference's room calls to score an event."""
WHEN_IT_CAME: Final = "the state that it met"
BY_A_STEP: Final = "offers by a step"
TOUCHING: Final = "members touch each other"
ENGINE: Final[Literal["numba", "numpy"]] = "numpy"
"""Which engine does not matter to what goes by columns; this one compiles nothing for a few events."""


class Share(NamedTuple):
    """What a back end did with a story: microseconds an event, the share of events that it handed over, and why; and
    how many events had all their offers as one step, and why."""

    micros: float
    handed: float
    why: Mapping[str, int]
    stepped: Mapping[str, int] = {}


def run(rounds: int = 3) -> list[Table]:
    """One table: a row a story, examples first, and a row of all."""
    rows: list[list[Cell]] = []
    events, handed, rowed, above, most = 0, 0, 0, 0, 0.0
    for name, program, asked in stories():
        if not asked:
            continue
        found, slow = generated(program, asked, rounds)
        columns = by_columns(program, asked, rounds)
        events, handed = events + len(asked), handed + round(found.handed * len(asked))
        rowed += round(columns.handed * len(asked))
        above, most = above + (columns.handed > AIM), max(most, columns.handed)
        why = [f"{BY_A_STEP}: {_told(found.stepped)}"] if found.stepped else []
        why += [f"by rows: {_told(columns.why)}"] if columns.why else []
        times: list[Cell] = [slow, found.micros, columns.micros if columns.handed < 1 else ""]
        rows.append([name, len(asked), *times, f"{found.handed:.0%}", f"{columns.handed:.0%}", "; ".join(why)])
    shares = [f"{each / max(events, 1):.1%}" for each in (handed, rowed)]
    rows.append([f"all; {above} with more than {AIM:.0%} by rows", events, "", "", "", *shares, ""])
    head = ["story", "events", "us reference", "us generated", "us columns", "to the reference", "by rows", "why"]
    notes = [
        "To the reference: what generated Python hands to the reference as a whole. By rows: what columns leave to",
        "generated Python, each event by itself; in a stream the later events of that member in the same chunk go with",
        "it. Few events in a batch make columns slow: their speed on many is in the tables of the batch.",
        f"`{BY_A_STEP}` says how many events have all their offers scored by one step of the reference, and why.",
    ]
    return [
        Table("Stories: what goes by columns, by rows, to the reference", head, rows, notes, {"stories": most * 100})
    ]


def by_columns(program: Program, asked: list[Asked], rounds: int) -> Share:
    """What columns do with the events of a story, each by a member of its own with the state that the event meets."""
    core, ties = program.core, ties_of(program.core)
    columnar = Columnar(core, ENGINE)
    whole = columnar.refused.get("", "") or (TOUCHING if ties.reads or ties.gives or ties.pooled else "")
    if whole:
        return Share(0.0, 1.0, {whole: len(asked)})
    names = {f"{each.event.member} {number}": number for number, each in enumerate(asked)}
    events = [
        each.event if each.event.member is None else msgspec.structs.replace(each.event, member=name)
        for name, each in zip(names, asked, strict=True)
    ]
    texts = Texts(columnar.layout.texts)
    batch = encoded(core, columnar.layout, texts, events, names, [each.facts for each in asked])
    spent, left = list[float](), Counter[str]()
    for _ in range(rounds + 1):
        memory = columnar.memory()
        memory.texts = texts
        memory.grow(len(asked))
        taken = [memory.take(number, each.state) for number, each in enumerate(asked)]
        start = process_time()
        results = columnar.run(batch, memory)
        spent.append((process_time() - start) * 1e6 / len(asked))
        pairs = zip(asked, taken, results.done.tolist(), results.why.tolist(), strict=True)
        left = Counter(_reason(columnar, *each) for each in pairs)
    left.pop("", None)
    return Share(median(spent[1:]), sum(left.values()) / len(asked), left)


def _reason(columnar: Columnar, asked: Asked, taken: bool, done: bool, why: int) -> str:
    """Why an event goes by rows; nothing where it does not."""
    if done and taken:
        return ""
    return columnar.refused.get(asked.event.name, "") or (
        columnar.reasons[why] if taken else "its state is of another kind"
    )


def generated(program: Program, asked: list[Asked], rounds: int) -> tuple[Share, float]:
    """What generated Python does with a story, and the microseconds of the reference."""
    backend, reference = Python(program.core), Reference(program.core)
    handed = list(_handed(backend, asked))
    ways: dict[str, Backend] = {"reference": reference, "generated": backend}
    times = measured({name: Run(lambda: asked, _scoring(way)) for name, way in ways.items()}, rounds)
    why = Counter({WHEN_IT_CAME: len(handed)} if handed else {})
    stepped = Counter(backend.stepped[each.event.name] for each in asked if each.event.name in backend.stepped)
    return Share(times["generated"].median, len(handed) / len(asked), why, stepped), times["reference"].median


def _scoring(backend: Backend) -> Callable[[Asked], object]:
    def score(each: Asked) -> object:
        return backend.evaluate(each.event, each.facts, each.state, each.shared, each.people)

    return score


def _handed(backend: Python, asked: Iterable[Asked]) -> Iterator[Asked]:
    """The events that the reference scores in the end."""
    called = 0

    def counting(*given: Any) -> Evaluation:
        nonlocal called
        called += 1
        return evaluate(*given)

    evaluate: Callable[..., Evaluation] = getattr(reference_room, SCORES)
    with patch.object(reference_room, SCORES, counting):
        for each in asked:
            before = called
            backend.evaluate(each.event, each.facts, each.state, each.shared, each.people)
            if called > before:
                yield each


def _told(why: Mapping[str, int]) -> str:
    return "; ".join(f"{count} x {reason}" for reason, count in Counter(why).most_common(3))


# ---- the stories and their events ----


def stories() -> Iterator[tuple[str, Program, list[Asked]]]:
    """Each by name: its program, and what each of its events was scored from; those refused are left out."""
    for path in sorted((ROOT / "examples").glob("*/*.rules")):
        if path == min(path.parent.glob("*.rules")):
            program = load(path.parent)
            yield path.parent.name, program, _of_example(program.core, path.parent)
    for path in sorted((ROOT / "tests" / "corpus" / "programmes").glob("*.rules")):
        yield path.stem, load(path), _of_tests(path)


def _of_example(core: ir.Program, folder: Path) -> list[Asked]:
    """The events of a sample, those that happen by themselves among them."""
    recorder = Recorder(Reference(core))
    program = Program(core, backend=recorder)
    shared, pools = Shared(), dict[str, State]()
    for _ in program.score_many(_sent(folder), _facts(folder), {}, shared=shared, pools=pools, settle_until=UNTIL):
        pass
    return recorder.asked


def _sent(folder: Path) -> list[object]:
    """The events of a sample as they are sent."""
    if folder.name == Path(hotel.__path__[0]).name:
        reads = list(stays(bookings(None)))
    elif folder.name == Path(retail.__path__[0]).name:
        reads = list(orders(None))
    elif (folder / "sample.csv").is_file():
        mapping = read_mapping(folder / "mapping.toml")
        reads = list(read_events(folder / "sample.csv", mapping=mapping, ids={"activity": "row"}))
    else:
        reads = list(read_events(folder / "sample.ndjson"))
    return [read.event for read in reads if read.event is not None]


def _facts(folder: Path) -> Mapping[str, object]:
    mapped = folder / "mapping.toml"
    if mapped.is_file() and (folder / "sample_members.csv").is_file():
        return dict(read_members(folder / "sample_members.csv", mapping=read_mapping(mapped)))
    return facts(folder)


def _of_tests(path: Path) -> list[Asked]:
    """The events of a programme's tests."""
    checked, program = check(path), load(path)
    tests = [entry.declaration for entry in checked.tests]
    cases = [
        TestCase(checked.files[entry.file].source, test)
        for entry, test in zip(checked.tests, tests, strict=True)
        if isinstance(test, tree.TestDecl)
    ]
    found: list[Asked] = []
    evaluate = Engine.evaluate

    def recording(engine: Engine, asked: Asked) -> Evaluation:
        outcome = evaluate(engine, asked)
        found.append(msgspec.structs.replace(asked, facts=dict(asked.facts), state=copied(asked.state)))
        return outcome

    with patch.object(Engine, "evaluate", recording):
        for _ in run_tests(program, cases):
            pass
    return found


class Recorder:
    """The reference, which keeps what each event was scored from."""

    name = "recorder"
    score = None

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.asked: list[Asked] = []

    def evaluate(
        self, event: Event, facts: Facts, state: State, shared: Shared | None = None, people: People | None = None
    ) -> Evaluation:
        """Score an event; keep it unless it is refused."""
        kept, counters = copied(state), Shared() if shared is None else msgspec.structs.replace(shared)
        counters.limits = {name: dict(used) for name, used in counters.limits.items()}
        others = People() if people is None else _people(people)
        found = self.reference.evaluate(event, facts, state, shared, people)
        self.asked.append(Asked(event, facts, kept, counters, others))
        return found

    def typed(self, struct: type) -> None:
        """The reference decodes structs like any other event."""

    def opened(self, content: bytes) -> object | None:
        """The reference takes decoded events only."""
        return None

    def score_json(self, content: bytes) -> bytes | None:
        """The reference has no quick way."""
        return None


def _people(people: People) -> People:
    states = {who: copied(state) for who, state in people.states.items()}
    return People(people.facts, states, None if people.pool is None else copied(people.pool))
