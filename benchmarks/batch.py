"""A history by columns: the kernel, the same tables through NumPy, and the ten rules by hand in NumPy, DuckDB, Polars.

In: `batch.rules` and a seeded year of purchases, baskets of one to nine lines. All answers are compared first: what
each rule gave each event, what each line costs in the end, and what is remembered of each member; the row path's are
among them. All ways start from whole numbers in memory and give arrays; the engine's results say also which units a
discount falls on, and its memory keeps the members' lots, which none by hand does.

One thread is compared by CPU time, which a busy machine moves least. Two threads are compared by the wall, best of the
rounds. Programs of 100 to 10,000 rules have the same ten among rules that no event meets.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import batch_data, batch_kernel, batch_numpy
from benchmarks.batch_data import History
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import QUICK, Timed, Took, in_steps, in_turns, summary
from rules_engine.backends.columnar import Columnar
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import State

RULES = Path(__file__).parent / "batch.rules"
KERNEL, KERNEL_TWO = "kernel, numba, 1 thread", "kernel, numba, 2 threads"
CHUNKS = "the same tables through NumPy"
HAND_CHUNK, HAND_WHOLE = "NumPy by hand, 16,384 events at a time", "NumPy by hand, whole columns"
HAND_SMALL = "NumPy by hand, 4,096 events at a time"
DUCK, DUCK_OWN, POLARS = (
    "DuckDB by hand, 1 thread",
    "DuckDB by hand, its own threads",
    "Polars by hand, its own threads",
)
ROWS = "row path, Program.score and apply"
SIZES = (10, 100, 1000, 10_000)

Way = Callable[[], Any]


def run(rounds: int = 5, events: int = 200_000) -> list[Table]:
    """Compare the answers, then the times; then programs of more rules."""
    program = load(RULES)
    _check(program)
    found = batch_data.history(events if rounds > QUICK else events // 10)
    ways = _ways(program, found)
    took = in_turns(ways, rounds)
    row = _row_path(program, found, rounds)
    return [_table(took, row, found), _sizes(program, found), *_growth(found, rounds)]


# ---- the answers ----


def _check(program: Program, events: int = 6000) -> None:
    """All ways on a short history of few members, with a month's cap and a tier now and then reached."""
    found = batch_data.history(events, seed=3, members=events // 30)
    kept = batch_numpy.memory(found.members)
    expected = batch_numpy.score(found, kept)
    _same(expected, kept, *_by_rows(program, found))
    for chunk in (4096, events):
        again = batch_numpy.memory(found.members)
        _same(expected, kept, batch_numpy.score(found, again, chunk), again)
    for engine in ("numba", "numpy"):
        if engine == "numpy" or find_spec("numba"):
            _same(expected, kept, *_by_columns(program, found, engine))
    if find_spec("duckdb"):
        from benchmarks import batch_duckdb

        _same(expected, kept, *batch_duckdb.as_arrays(*batch_duckdb.Duck(found, 1).score(), found.members))
    if find_spec("polars"):
        from benchmarks import batch_polars

        _same(expected, kept, *batch_polars.as_arrays(*batch_polars.Frames(found).score(), found.members))


def _same(expected: Any, kept: Any, given: Any, left: Any) -> None:
    for one, other in ((expected, given), (kept, left)):
        for name in one._fields:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


def _by_rows(program: Program, found: History) -> tuple[batch_numpy.Answer, batch_numpy.Memory]:
    place = {rule: number for number, rule in enumerate(batch_numpy.RULES)}
    given = np.zeros((len(place), found.events), dtype=np.int64)
    net, costs, states = np.zeros(found.events, dtype=np.int64), [], dict[int, State]()
    for number, sent in enumerate(batch_data.sent(found)):
        member = int(found.member[number])
        state = states.get(member) or State()
        outcome = program.score(sent, batch_data.facts(found, member), state)
        gains = [(each.rule, each.given) for each in outcome.discounts]
        for rule, amount in (*gains, *((each.rule, each.given) for each in outcome.awards)):
            given[place[rule]][number] += amount
        assert outcome.price is not None
        net[number] = outcome.price.net
        costs += [line.net for line in outcome.price.lines]
        states[member] = program.apply(state, outcome)
    left = batch_kernel.remembered(lambda number: states.get(number) or State(), found.members)
    return batch_numpy.Answer(given, net, np.array(costs)), left


def _by_columns(program: Program, found: History, engine: Any) -> tuple[batch_numpy.Answer, batch_numpy.Memory]:
    columnar = Columnar(program.core, engine)
    memory, sent = columnar.memory(), batch_kernel.batches(columnar, found, 1500)
    results = [columnar.run(batch, memory) for batch in sent]
    return batch_kernel.answer(columnar, sent, results), batch_kernel.remembered(memory.state_of, found.members)


# ---- the ways ----


def _ways(program: Program, found: History) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    if find_spec("numba"):
        ways[KERNEL] = _columnar(program, found, "numba", 1)
        ways[KERNEL_TWO] = _columnar(program, found, "numba", 2)
    ways[CHUNKS] = _columnar(program, found, "numpy", 1)
    for name, chunk in ((HAND_SMALL, 4096), (HAND_CHUNK, 16_384), (HAND_WHOLE, found.events)):
        ways[name] = lambda chunk=chunk: batch_numpy.score(found, batch_numpy.memory(found.members), chunk)  # type: ignore[misc]
    if find_spec("duckdb"):
        from benchmarks.batch_duckdb import Duck

        ways[DUCK], ways[DUCK_OWN] = Duck(found, 1).score, Duck(found, 2).score
    if find_spec("polars"):
        from benchmarks.batch_polars import Frames

        ways[POLARS] = Frames(found).score
    return ways


def _columnar(program: Program, found: History, engine: Any, threads: int) -> Way:
    columnar = Columnar(program.core, engine)
    sent = batch_kernel.batches(columnar, found)

    def score() -> None:
        memory = columnar.memory()
        for batch in sent:
            columnar.run(batch, memory, threads=threads)

    return score


def _row_path(program: Program, found: History, rounds: int, count: int = 3000) -> Timed:
    """Seconds an event by rows, on the first events of the history."""
    times = []
    for _ in range(rounds):
        states: dict[str, State] = {}
        sent = [(each, batch_data.facts(found, int(each["customer"][7:]))) for each in batch_data.sent(found, 0, count)]
        start = process_time()
        for event, facts in sent:
            state = states.get(event["customer"]) or State()
            states[event["customer"]] = program.apply(state, program.score(event, facts, state))
        times.append((process_time() - start) / count)
    return summary(times)


# ---- more rules ----


def more_rules(count: int) -> str:
    """`batch.rules` with other rules up to that many, which no event meets: on articles, and for a plan."""
    text = RULES.read_text(encoding="utf-8")
    extra, offers = [], []
    for number in range(count - 10):
        match number % 4:
            case 0:
                offers.append(f'"Extra {number}"')
                extra.append(
                    f'item offer "Extra {number}" {{ on purchase   automatic   '
                    f'take {5 + number % 20}% of list off each line where sku is "none-{number}" }}'
                )
            case 1:
                extra.append(
                    f'earn "Extra {number}" {{ on purchase   '
                    f'give {2 + number % 5} points per full 1 GBP of net of lines where sku is "none-{number}" }}'
                )
            case 2:
                skus = ", ".join(f'"none-{number}-{each}"' for each in range(3))
                extra.append(
                    f'earn "Extra {number}" {{ on purchase   '
                    f"give {2 + number % 5} points per full 1 GBP of net of lines where sku in ({skus}) }}"
                )
            case _:
                extra.append(
                    f'earn "Extra {number}" {{ on purchase   when member.plan is plus   '
                    f'give {5 + number % 9} points per full 1 GBP of net of lines where sku is "none-{number}" }}'
                )
    stage = "   ".join(f"{each}," for each in ('"Season"', *offers)).rstrip(",")
    return text.replace('all in order "Season" ', f"all in order {stage} ") + "\n" + "\n".join(extra) + "\n"


def _growth(found: History, rounds: int) -> list[Table]:
    if not find_spec("numba"):
        return []
    some = batch_data.history(min(found.events, 100_000))
    sizes = SIZES if rounds > QUICK else SIZES[:-1]
    ways: dict[str, Way] = {}
    ready: dict[int, Timed] = {}
    for size in sizes:
        program = load([Source("batch.rules", more_rules(size))])
        ready[size] = _ready(program, some, rounds)
        ways[f"{size:,}"] = _columnar(program, some, "numba", 1)
    cpu = {name: took.cpu for name, took in in_turns(ways, rounds).items()}
    base = cpu[f"{sizes[0]:,}"].median
    rows: list[list[Cell]] = []
    for size in sizes:
        each = cpu[f"{size:,}"]
        rate = some.events / each.median / 1e6
        rows.append([f"{size:,} rules", rate, each.spread / each.median, base / each.median, ready[size].median * 1000])
    notes = [
        "Ready: from the compiled core to a batch of ten events done, the kernel being compiled already.",
        "The spread is a share of the median. Ten of the rules are those of the table above; no event meets others.",
    ]
    measured = {"kernel ready": ready[1000].median * 1000}
    if "10,000" in cpu:
        measured["kernel growth"] = base / cpu["10,000"].median
    columns = ["program", "M events/s", "spread", "x 10 rules", "ms to be ready"]
    return [Table("Batch: the kernel and more rules", columns, rows, notes, measured)]


def _ready(program: Program, found: History, rounds: int) -> Timed:
    few = batch_data.history(10, seed=1, members=max(1, found.members))
    return in_steps(
        lambda: Columnar(program.core, "numba"),
        lambda columnar: batch_kernel.batches(columnar, few)[0],
        lambda columnar, batch: columnar.run(batch, columnar.memory()),
        rounds,
    )


# ---- the table ----


def _table(took: dict[str, Took], row: Timed, found: History) -> Table:
    own = took[KERNEL if KERNEL in took else CHUNKS].cpu.median
    rows: list[list[Cell]] = []
    for name, (each, wall) in took.items():
        rate = found.events / each.median / 1e6
        rows.append([name, rate, each.spread / each.median, found.events / wall / 1e6, each.median / own])
    rows.append([ROWS, 1e-6 / row.median, row.spread / row.median, "", row.median * found.events / own])
    notes = [
        f"{found.events:,} events of {found.members:,} members, {len(found.sku) / found.events:.1f} lines an event.",
        "All answers are equal: what rules gave, what lines cost, what is remembered.",
        "The spread is a share of the median.",
        f"numpy {version('numpy')}{''.join(f', {name} {version(name)}' for name in _PEERS if find_spec(name))}.",
        *(f"Not measured, because it is not installed: {name}." for name in _PEERS if not find_spec(name)),
    ]
    columns = ["way", "M events a CPU second", "spread", "M events/s of the wall", "x the kernel's CPU time"]
    plot = Plot("batch", "bars", columns[1])
    return Table("Batch: ten rules with allocation and state", columns, rows, notes, _figures(took), plot)


def _sizes(program: Program, found: History) -> Table:
    """Bytes of an event and of a member, for `sizing.py`."""
    table, buffer = batch_data.table(found), pa.BufferOutputStream()
    pq.write_table(table, buffer)
    columnar = Columnar(program.core, "numpy")
    memory = columnar.memory()
    memory.grow(1000)
    rows: list[list[Cell]] = [
        ["an event in Parquet", buffer.getvalue().size / found.events],
        ["an event in Arrow", table.nbytes / found.events],
        ["a member in memory", memory.rows.nbytes / len(memory.rows)],
    ]
    return Table("Batch: what an event and a member take", ["what", "bytes"], rows, ["Without the lots of members."])


_PEERS = ("numba", "duckdb", "polars")


def _figures(took: dict[str, Took]) -> dict[str, float]:
    if KERNEL not in took:
        return {}
    cpu = {name: each.cpu for name, each in took.items()}
    own = cpu[KERNEL].median
    hands = [cpu[name].median for name in (HAND_SMALL, HAND_CHUNK, HAND_WHOLE)]
    found = {"kernel numpy": min(hands) / own, "kernel threads": took[KERNEL].wall / took[KERNEL_TWO].wall}
    if DUCK in cpu:
        found["kernel duckdb"] = min(cpu[DUCK].median, cpu[DUCK_OWN].median) / own
    if POLARS in cpu:
        found["kernel polars"] = cpu[POLARS].median / own
    return found
