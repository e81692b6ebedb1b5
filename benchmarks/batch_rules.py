"""A history by columns: does it cost what matches, or what exists? 10 to 10,000 targeted rules with as many hits.

In: the rules of `targeted_rules`, and a seeded history in which every event meets nine of them, whatever the size of
the program: but each of its lines another article, its member a segment of its own. So in a program of 10,000 rules
nearly every event meets nine rules that hardly any other event of its piece meets, which is the hardest case for
columns. What each rule gave the first events is compared with the row path. All sizes take turns; CPU time of one
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks import targeted_rules
from benchmarks.profiling import by_module, shares
from benchmarks.tables import Cell, Plot, Table
from benchmarks.timing import QUICK, Timed, in_steps, in_turns
from rules_engine.backends.columnar import Batch, Columnar, Texts
from rules_engine.calendar import DAY_SECONDS, day_of
from rules_engine.pipeline import load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import State

SIZES = (10, 100, 1_000, 10_000)
PROFILED = 1_000
MEMBERS = 20_000
FIRST = day_of(2027, 3, 1)
CHANNELS = ("web", "app", "store")
LINES = 5


def run(rounds: int = 5, events: int = 100_000) -> list[Table]:
    """Compare the answers, then the times."""
    engines = ["numpy", *(["numba"] if find_spec("numba") else [])]
    sizes = SIZES if rounds > QUICK else SIZES[:-1]
    programs = {size: load([Source("targeted.rules", targeted_rules.text(size))]) for size in sizes}
    for size, program in programs.items():
        for engine in engines:
            _check(program, size, engine)
    ways: dict[tuple[str, int], Callable[[], None]] = {}
    for size, program in programs.items():
        for engine in engines:
            ways[engine, size] = _way(program, size, engine, events if rounds > QUICK else events // 5)
    cpu = {name: took.cpu for name, took in in_turns(ways, rounds).items()}
    ready = {size: _ready(program, size, engines[-1], rounds) for size, program in programs.items()}
    some = events if rounds > QUICK else events // 5
    tables = [_table(engine, sizes, cpu, ready, some, engine == engines[-1]) for engine in engines]
    return [*tables, _until_ready(programs[PROFILED], engines[-1])]


# ---- events


class Events:
    """Events as numbers: the decade of the rules that each line is about, the month's day, the member."""

    def __init__(self, size: int, count: int, seed: int = 3) -> None:
        rng, decades = np.random.default_rng(seed), max(1, size // 10)
        self.count, self.decades = count, decades
        self.days = np.sort(rng.integers(0, 28, count))
        self.hours = rng.integers(8, 20, count)
        self.member = rng.integers(0, MEMBERS, count)
        self.country = rng.integers(0, decades, count)
        self.about = rng.integers(0, decades, (count, 5))
        self.pieces = rng.integers(1, 4, (count, LINES))
        self.price = rng.integers(10_00, 40_00, (count, LINES))

    def skus(self) -> list[str]:
        """The articles of all lines."""
        a, _, c, _, f = self.about.T
        other = np.arange(self.count) % 400
        columns = [_texts("S", 10 * a), _texts("S", 10 * c + 1), _texts("X", other), _texts("S", 10 * f + 2)]
        return _by_line([*columns, _texts("X", (7 * other) % 400)])

    def brands(self) -> list[str]:
        """The brands of all lines."""
        _, b, _, d, _ = self.about.T
        other = _texts("Y", np.arange(self.count) % 50)
        return _by_line([_texts("B", 10 * b + 4), _texts("B", 10 * d + 5), _texts("B", 10 * b + 4), other, other])

    def segment(self, member: int) -> str:
        """The segment of a member."""
        return f"G{member % self.decades}"


def _texts(letter: str, numbers: Any) -> list[str]:
    return [f"{letter}{number}" for number in numbers.tolist()]


def _by_line(columns: Sequence[list[str]]) -> list[str]:
    return [text for row in zip(*columns, strict=True) for text in row]


def batch(columnar: Columnar, found: Events) -> Batch:
    """The events as columns."""
    layout, texts, count = columnar.layout, Texts(columnar.layout.texts), found.count
    day = FIRST + found.days
    columns: dict[str, Callable[[], Any]] = {
        "bought_at": lambda: day * DAY_SECONDS + found.hours * 3600,
        "channel": lambda: np.full(count, texts.code("app")),
        "country": lambda: [texts.code(text) for text in _texts("C", found.country)],
        "sku": lambda: [texts.code(text) for text in found.skus()],
        "brand": lambda: [texts.code(text) for text in found.brands()],
        "pieces": lambda: found.pieces.reshape(-1),
        "price": lambda: found.price.reshape(-1),
        "segment": lambda: [texts.code(found.segment(member)) for member in range(MEMBERS)],
    }

    def rows(names: dict[str, int], width: int) -> Any:
        made = np.zeros((len(names), width), np.int64)
        for name, row in names.items():
            made[row] = columns[name]()
        return made

    return Batch(
        kind=np.full(count, layout.kinds["purchase"], np.int32),
        member=found.member.astype(np.int32),
        day=day,
        instant=day * DAY_SECONDS + found.hours * 3600,
        fields=rows({name: row for (_, name), row in layout.fields.items()}, count),
        offsets=np.arange(count + 1, dtype=np.int64) * LINES,
        lines=rows({name: row for (_, name), row in layout.line_fields.items()}, count * LINES),
        rank=np.tile(np.arange(LINES), count),
        ragged=(),
        facts=rows(dict(layout.facts), MEMBERS),
        holdouts=np.zeros((0, MEMBERS), np.int64),
    )


def sent(found: Events) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The same as a host sends them, with facts."""
    skus, brands = found.skus(), found.brands()
    made = []
    for number in range(found.count):
        places = range(number * LINES, (number + 1) * LINES)
        pieces, price = found.pieces.reshape(-1).tolist(), found.price.reshape(-1).tolist()
        lines = [
            {"sku": skus[at], "brand": brands[at], "pieces": pieces[at], "price": f"{price[at] / 100:.2f}"}
            for at in places
        ]
        event = {
            "event": "purchase", "order_no": f"N-{number}", "customer": f"m-{found.member[number]}",
            "bought_at": f"2027-03-{1 + found.days[number]:02}T{found.hours[number]:02}:00:00Z", "channel": "app",
            "country": f"C{found.country[number]}", "lines": lines,
        }  # fmt: skip
        made.append((event, {"segment": found.segment(int(found.member[number]))}))
    return made


def _check(program: Program, size: int, engine: Any, count: int = 300) -> None:
    """What each rule gave each event, in order, by columns and by rows; and that they are as many for every size."""
    found = Events(size, count)
    columnar = Columnar(program.core, engine)
    results = columnar.run(batch(columnar, found), columnar.memory())
    assert results.done.all(), (columnar.refused, results.why)
    told: list[tuple[list[Any], list[Any]]] = [([], []) for _ in range(count)]
    awards, discounts = results.awards, results.discounts
    for event, give, given in zip(awards.event, awards.give, awards.given, strict=True):
        told[event][0].append((columnar.layout.gives[give].rule, int(given)))
    for event, effect, given in zip(discounts.event, discounts.effect, discounts.given, strict=True):
        told[event][1].append((columnar.layout.effects[effect].rule, int(given)))
    states: dict[str, State] = {}
    for (event, facts), (points, off) in zip(sent(found), told, strict=True):
        state = states.get(event["customer"]) or State()
        outcome = program.score(event, facts, state)
        states[event["customer"]] = program.apply(state, outcome)
        assert [(each.rule, each.given) for each in outcome.awards] == points, event["order_no"]
        assert [(each.rule, each.given) for each in outcome.discounts] == off, event["order_no"]
        assert len(points) + len(off) >= 7, (points, off)


# ---- times


def _way(program: Program, size: int, engine: Any, events: int) -> Callable[[], None]:
    columnar = Columnar(program.core, engine)
    made = batch(columnar, Events(size, events))
    return partial(_scored, columnar, made)


def _scored(columnar: Columnar, made: Batch) -> None:
    columnar.run(made, columnar.memory())


def _ready(program: Program, size: int, engine: Any, rounds: int) -> Timed:
    """From the core to the first ten events done."""
    made = partial(Columnar, program.core, engine)
    return in_steps(made, lambda columnar: batch(columnar, Events(size, 10)), _scored, rounds)


def _until_ready(program: Program, engine: Any) -> Table:
    """Which modules it is that take long until the first ten events are done."""
    made = batch(Columnar(program.core, engine), Events(PROFILED, 10))

    def ready() -> None:
        _scored(Columnar(program.core, engine), made)

    rows = shares(by_module(ready), 14)
    title = "Batch: where the time goes until 1,000 rules are ready, by module (profiled)"
    notes = ["By themselves, with what they call that is built in; tracing makes short functions look longer."]
    return Table(title, ["module", "share"], rows, notes)


def _table(
    engine: str, sizes: Sequence[int], cpu: dict[tuple[str, int], Timed], ready: dict[int, Timed], events: int,
    last: bool,
) -> Table:  # fmt: skip
    base = cpu[engine, sizes[0]].median
    rows: list[list[Cell]] = []
    for size in sizes:
        each = cpu[engine, size]
        rate = events / each.median / 1e6
        rows.append([f"{size:,}", rate, each.spread / each.median, base / each.median, ready[size].median * 1000])
    notes = [
        f"{events:,} events of five lines; each meets nine rules, of its own where there are many. Engine: {engine}.",
        "Ready: from the core alone (the plan is made too) to ten events done; what is compiled once is there.",
        "The spread is a share of the median.",
    ]
    found: dict[str, float] = {}
    if last and 10_000 in sizes:
        found["batch rules"] = base / cpu[engine, 10_000].median
    if last:
        found["batch rules ready"] = ready[1000].median * 1000
    columns = ["rules", "M events/s", "spread", "x 10 rules", "ms to be ready"]
    plot = Plot("batch_rules", "bars", columns[3], 3) if last else None
    return Table(f"Batch: targeted rules, {engine}", columns, rows, notes, found, plot)
