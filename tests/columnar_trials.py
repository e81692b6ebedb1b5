"""Trials of the columnar back end: one program, one history, by columns and row by row.

In: a core, a history, an engine. Out: the number of pairs, what was met, or a `Wrong`. Everything is scored by rows
first (the reference and generated Python, which must agree); then in batches by columns. An event that columns did is
compared part by part; where they did not do one, the member's state in memory must be the one that the row path had
before it, and the member goes on by rows. At the end the states of all who stayed must be equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from random import Random
from typing import Any, Literal, cast

import numpy as np

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.columnar import Batch, Columnar, Memory, Results, Texts
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.encoding import encoded
from rules_engine.backends.columnar.remembering import Words
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts
from rules_engine.outcome import Refused
from rules_engine.scoring import ties_of
from rules_engine.state import Shared, State
from tests.earning_programs import earning_program
from tests.exercised import Index, note_by
from tests.histories import History, history
from tests.priced_programs import priced_program
from tests.ranging_programs import ranging_program
from tests.shaped_programs import shaped_program
from tests.straight_programs import straight_program
from tests.strategies import Of, seeded
from tests.trials import Fault, Finding, Wrong, after, attempt, compare, core_of, declared_only, decoded

Engine = Literal["numba", "numpy"]


@dataclass
class Rows:
    """A history scored row by row: what each event came to, and the state of its member before it."""

    events: list[tuple[Event, Facts]]
    found: list[Evaluation | Refused] = field(default_factory=list)
    before: list[State] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)


def by_rows(core: ir.Program, told: History) -> Rows:
    """The same by the row path; raises `Wrong` where its evaluators differ."""
    reference, python, shared = Reference(core), Python(core), Shared()
    rows = Rows(decoded(core, told))
    for event, facts in rows.events:
        state = rows.states.get(event.member or "", State())
        expected = attempt(reference, event, facts, state, shared)
        compare(expected, attempt(python, event, facts, state, shared), f"event {event.id}")
        rows.found.append(expected)
        rows.before.append(state)
        if isinstance(expected, Refused):
            continue
        shared.reserve(expected.reserved)
        if event.member is not None:
            rows.states[event.member] = after(state, event, expected)
    return rows


# ---- by columns


def play_columns(
    core: ir.Program, told: History, engine: Engine, met: Counter[str], rng: Random, rows: Rows | None = None
) -> int:
    """A history by columns, held against its rows; the number of events that columns did. Raises `Wrong`."""
    columnar = Columnar(core, engine)
    for kind, why in columnar.refused.items():
        met[f"refused: {why}" if kind else f"refused whole: {why}"] += 1
    if "" in columnar.refused or _touching(core):
        return 0
    rows = by_rows(core, told) if rows is None else rows
    members = {name: number for number, name in enumerate(told.members)}
    facts = [next((own for event, own in rows.events if event.member == name), {}) for name in members]
    texts, memory, gone = Texts(columnar.layout.texts), columnar.memory(), set[str]()
    memory.texts = texts
    memory.grow(len(members))
    done, disk = 0, Random(len(rows.events) + len(columnar.tape.code))
    for places in _batches(len(rows.events), rng):
        memory = _taken_again(columnar, memory, members, gone, met) if rng.random() < 0.3 else memory
        memory = _loaded(columnar, memory, met) if disk.random() < 0.4 else memory
        kept = [place for place in places if rows.events[place][0].member not in gone]
        batch = encoded(core, columnar.layout, texts, [rows.events[place][0] for place in kept], members, facts)
        results = columnar.run(batch, memory, parts=True)
        done += _compared(columnar, batch, results, rows, kept, gone, memory, members, met)
    for name in members:
        if name not in gone:
            _same_state(
                memory.state_of(members[name]), rows.states.get(name, State()), f"the state of {name} at the end"
            )
    met.update(
        f"op {ops.OPS.get(op) or ops.OPS.get(op - ops.VECTOR, '')}" for op in set(columnar.tape.code[:, 0].tolist())
    )
    return done


def _touching(core: ir.Program) -> bool:
    """Whether members touch each other. What happens by itself is no matter here: members leave before it."""
    ties = ties_of(core)
    return bool(ties.reads or ties.gives or ties.pooled)


def _batches(count: int, rng: Random) -> Iterator[list[int]]:
    """A history in two or three batches."""
    ends = sorted({0, count, *(rng.randint(0, count) for _ in range(2))})
    return (list(range(start, end)) for start, end in pairwise(ends))


def _taken_again(
    columnar: Columnar, memory: Memory, members: dict[str, int], gone: set[str], met: Counter[str]
) -> Memory:
    """A new memory that begins with the states of the old one, as a run does that goes on from a state."""
    found = columnar.memory()
    found.texts = memory.texts
    found.grow(len(members))
    for name, number in members.items():
        if name not in gone and not found.take(number, memory.state_of(number)):
            met["a state could not be taken"] += 1
            gone.add(name)
    return found


def _loaded(columnar: Columnar, memory: Memory, met: Counter[str]) -> Memory:
    """A new memory that was kept on disk as arrays, where equal lots stand together and ended ones are gone."""
    found = columnar.memory()
    found.texts = memory.texts
    found.load(memory.arrays())
    met["memory kept on disk"] += 1
    return found


def _compared(
    columnar: Columnar,
    batch: Batch,
    results: Results,
    rows: Rows,
    places: Sequence[int],
    gone: set[str],
    memory: Memory,
    members: dict[str, int],
    met: Counter[str],
) -> int:
    assert memory.texts is not None
    told, index = Told(columnar, batch, results, memory.texts), Index(columnar.core)
    for number, place in enumerate(places):
        event, expected = rows.events[place][0], rows.found[place]
        if results.done[number]:
            if isinstance(expected, Refused):
                raise Wrong("columns take what rows refuse", f"event {event.id}: {expected}")
            for part, value in told.event(number).items():
                same = expected_of(part, expected)
                if value != same:
                    raise Wrong(f"columns: {part} differ", f"event {event.id}\nexpected {same}\nfound    {value}")
            met["by columns"] += 1
            note_by(columnar.engine, index, event, expected, met)
        else:
            met[f"why {columnar.reasons[results.why[number]]}"] += 1
            if event.member is not None and event.member not in gone:
                gone.add(event.member)
                _same_state(memory.state_of(members[event.member]), rows.before[place], f"the state before {event.id}")
    return int(results.done.sum())


def _same_state(found: State, expected: State, where: str) -> None:
    if found == expected:
        return
    for name in State.__struct_fields__:
        one, other = getattr(expected, name), getattr(found, name)
        if one != other:
            raise Wrong(f"columns: {name} of the state differ", f"{where}\nexpected {one}\nfound    {other}")


class Told:
    """Results by event, in the words of an evaluation."""

    def __init__(self, columnar: Columnar, batch: Batch, results: Results, texts: Words) -> None:
        self.layout, self.core, self.texts = columnar.layout, columnar.core, texts
        self.batch, self.results = batch, results
        self.kinds = {number: name for name, number in self.layout.kinds.items()}

    def event(self, number: int) -> dict[str, Any]:
        """What an event came to."""
        found: dict[str, Any] = {
            "awards": list(self._awards(number)),
            "discounts": list(self._discounts(number)),
            "tiers": list(self._tiers(number)),
            "said": [self.layout.says[each] for each in self._said(number)],
            "charges": list(self._charges(number)),
            "gifts": list(self._gifts(number)),
            "taken": list(self._taken(number)),
            "payments": list(self._payments(number)),
        }
        prices = self.results.prices
        if prices.priced[number]:
            lines = slice(self.batch.offsets[number], self.batch.offsets[number + 1])
            sums = (prices.net, prices.shipping, prices.charges, prices.tax, prices.total)
            own = self._own_shipping(number, lines)
            found["price"] = [*(int(each[number]) for each in sums), [*prices.cost[lines].tolist(), *own]]
        else:
            found["price"] = []
        codes = self._codes(number)
        return found if codes is None else found | {"codes": codes}

    def _own_shipping(self, number: int, lines: slice) -> list[int]:
        """What the shipping of the event's own field costs, as the line after the last: shipping less what lines that
        are shipping cost."""
        kind = next(each for each in self.core.events if each.name == self.kinds[int(self.batch.kind[number])])
        if not kind.shipping_field:
            return []
        prices, flagged = self.results.prices, 0
        if kind.shipping_flag:
            flags = self.batch.lines[self.layout.line_fields[kind.name, kind.shipping_flag], lines]
            flagged = int(prices.cost[lines][flags == 1].sum())
        return [int(prices.shipping[number]) - flagged]

    def _charges(self, number: int) -> Iterator[tuple[Any, ...]]:
        charges = self.results.charges
        for place in np.flatnonzero(charges.event == number).tolist():
            yield *self.layout.charges[charges.charge[place]], int(charges.amount[place])

    def _gifts(self, number: int) -> Iterator[tuple[Any, ...]]:
        gifts = self.results.gifts
        for place in np.flatnonzero(gifts.event == number).tolist():
            rule, count = self.layout.gifts[gifts.gift[place]]
            yield rule, self.texts.texts[gifts.sku[place]], count

    def _cut(self, number: int) -> str:
        return "" if number < 0 else self.layout.limits[number].key

    def _awards(self, number: int) -> Iterator[tuple[Any, ...]]:
        awards = self.results.awards
        for place in np.flatnonzero(awards.event == number).tolist():
            give = self.layout.gives[awards.give[place]]
            ends = (_plain(awards.pending[place]), _plain(awards.expires[place]))
            amounts = int(awards.wanted[place]), int(awards.given[place])
            yield give.rule, give.unit, *amounts, bool(awards.held[place]), self._cut(int(awards.cut[place])), *ends

    def _discounts(self, number: int) -> Iterator[tuple[Any, ...]]:
        found, parts = self.results.discounts, self.results.parts
        for place in np.flatnonzero(found.event == number).tolist():
            effect = self.layout.effects[found.effect[place]]
            own = np.flatnonzero(parts.discount == place).tolist()
            runs = [(int(parts.line[each]), int(parts.units[each]), int(parts.each[each])) for each in own]
            amounts = int(found.wanted[place]), int(found.given[place])
            yield (
                effect.rule, effect.stage, effect.effect, *amounts, bool(found.held[place]),
                self._cut(int(found.cut[place])), runs,
            )  # fmt: skip

    def _tiers(self, number: int) -> Iterator[tuple[Any, ...]]:
        tiers, layout = self.results.tiers, self.layout
        for place in np.flatnonzero(tiers.event == number).tolist():
            reason = int(tiers.reason[place])
            words = layout.reasons[reason] if reason >= 0 else f"after {layout.rungs[-1 - reason]}"
            rungs = layout.rungs[tiers.before[place]], layout.rungs[tiers.after[place]]
            yield *rungs, int(tiers.since[place]), words

    def _taken(self, number: int) -> Iterator[tuple[Any, ...]]:
        used = self.results.used
        for place in np.flatnonzero(used.event == number).tolist():
            each = self.layout.takings[used.taking[place]]
            amounts = int(used.wanted[place]), int(used.taken[place])
            yield each.rule, each.unit, each.how, *amounts, bool(used.held[place]), self._cut(int(used.cut[place]))

    def _payments(self, number: int) -> Iterator[tuple[Any, ...]]:
        paid = self.results.payments
        for place in np.flatnonzero(paid.event == number).tolist():
            each = self.layout.takings[paid.taking[place]]
            yield each.rule, each.unit, int(paid.offered[place]), int(paid.taken[place]), int(paid.value[place])

    def _said(self, number: int) -> list[int]:
        said = self.results.said
        found: list[int] = said.text[said.event == number].tolist()
        return found

    def _codes(self, number: int) -> list[tuple[Any, ...]] | None:
        """By presented code the rules that it set off, or why it set off none."""
        codes = self.results.codes
        found: dict[int, tuple[list[str], str]] = {}
        for place in np.flatnonzero(codes.event == number).tolist():
            rules, _ = found.setdefault(int(codes.place[place]), ([], ""))
            if codes.rule[place] >= 0:
                rules.append(self.layout.coded[codes.rule[place]])
            else:
                found[int(codes.place[place])] = rules, self.layout.code_reasons[codes.reason[place]]
        return [(place, tuple(rules), why) for place, (rules, why) in sorted(found.items())]


def _plain(value: Any) -> int | None:
    return None if value == ops.MISSING else int(value)


def expected_of(part: str, found: Evaluation) -> Any:
    """The same part of an evaluation."""
    match part:
        case "awards":
            return [
                (each.rule, each.unit, each.wanted, each.given, each.held_out, each.cut_by, each.pending, each.expires)
                for each in found.awards
            ]
        case "discounts":
            return [
                (each.rule, each.stage, each.effect, each.wanted, each.given, each.held_out, each.cut_by,
                 [(part.line, count, off) for part in each.parts for count, off in part.runs if off])
                for each in found.discounts
            ]  # fmt: skip
        case "taken":
            return [
                (each.rule, each.unit, each.how, each.wanted, each.taken, each.held_out, each.cut_by)
                for each in found.taken
            ]
        case "payments":
            return [(each.rule, each.unit, each.offered, each.taken, each.value) for each in found.payments]
        case "tiers":
            return [(each.before, each.after, each.since, each.reason) for each in found.tiers]
        case "charges":
            return [(each.rule, each.label, each.amount) for each in found.charges]
        case "gifts":
            return [(each.rule, each.sku, each.count) for each in found.gifts]
        case "said":
            return [(each.rule, each.text) for each in found.said]
        case "price":
            price = found.price
            if price is None:
                return []
            lines = [each.net for each in price.lines]
            return [price.net, price.shipping, price.charges, price.tax, price.total, lines]
        case _:
            return [(place, each.rules, each.reason) for place, each in enumerate(found.codes)]


# ---- trials


def engines() -> list[Engine]:
    """Both, where numba is installed."""
    return ["numba", "numpy"] if find_spec("numba") else ["numpy"]


def columnar_trial(seed: int, met: Counter[str], chosen: Sequence[Engine], of: str, events: int = 20) -> int | Finding:
    """One seed: its program and history by columns, with each engine."""
    made = {"straight": straight_program, "earning": earning_program, "priced": priced_program,
            "shaped": shaped_program, "ranging": ranging_program}.get(of)  # fmt: skip
    text = seeded(seed, cast("Of", of)) if made is None else made(seed)
    told, pairs = History({}, ()), 0
    try:
        core = core_of(text)
        if _touching(core):
            met["refused whole: members touch each other"] += 1
            return 0
        told = history(core, Random(seed), events)
        rows = by_rows(core, told)
        met["by rows"] += len(rows.events)
        for engine in chosen:
            pairs += play_columns(core, told, engine, met, Random(seed), rows)
    except Wrong as wrong:
        return Finding(wrong.kind, text, told, wrong.seen, seed, cast("Of", of))
    return pairs


def columnar_trials(seeds: Iterable[int], of: str, events: int = 16) -> Counter[str]:
    """What some seeds met, by every engine; raises `AssertionError` with the first finding."""
    met = Counter[str]()
    for seed in seeds:
        found = columnar_trial(seed, met, engines(), of, events)
        assert not isinstance(found, Finding), str(found)
    return met


def always_taken_again(programs: Iterable[str]) -> Counter[str]:
    """What some programs met whose every batch is scored in a new memory, from the states that the last one left."""
    met = Counter[str]()
    for seed, text in enumerate(programs):
        core, always = core_of(text), Random(seed)
        always.random = lambda: 0.0  # type: ignore[method-assign]
        play_columns(core, history(core, Random(seed), 16), "numpy", met, always)
    assert met["a state could not be taken"] == 0
    return met


def fault_of(engine: Engine, seed: int) -> Fault:
    """What goes wrong by columns with a program and a history; the batches are those of the seed."""

    def tried(text: str, told: History) -> Wrong | None:
        try:
            core = core_of(text)
            if not _touching(core):
                play_columns(core, declared_only(core, told), engine, Counter(), Random(seed))
        except Wrong as wrong:
            return wrong
        return None

    return tried
