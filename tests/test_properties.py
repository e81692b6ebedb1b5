"""Laws that hold whatever the program says, on generated programs and histories.

What an evaluator may not depend on is changed, and nothing may change: the order of lines, of rules, of declarations,
whether the state went through JSON, whether time moved in one step or in many, facts that nothing reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules_engine import ir
from rules_engine.backends import Backend, Evaluation
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.backends.reference.allotment import line_keys, parts_of
from rules_engine.decoding import decode_state, encode_state
from rules_engine.event import Event, Facts
from rules_engine.lowering import fingerprint
from rules_engine.outcome import Award, Outcome, Refused
from rules_engine.state import LimitUsed, State, apply
from tests.exercised import Index, limit_key
from tests.histories import history
from tests.strategies import Of, orders, owning, program, seeded
from tests.trials import after, attempt, core_of, decoded, kind_of, round_trip

SEEDS = range(5000, 5022)
ORDERS = range(5100, 5112)
BACKENDS: tuple[type[Reference] | type[Python], ...] = (Reference, Python)


def cores() -> Iterator[tuple[int, ir.Program]]:
    """The programs of this page."""
    for seed in SEEDS:
        yield seed, core_of(seeded(seed))
    for seed in ORDERS:
        yield seed, core_of(seeded(seed, "orders"))


CORES = pytest.fixture(scope="module")(lambda: list(cores()))
Step = tuple[Event, Facts, State, Evaluation]


def steps(core: ir.Program, backend: Backend, seed: int, count: int = 14) -> Iterator[Step]:
    """Every event that is scored, with its facts, the state before it and what came of it."""
    states = dict[str, State]()
    for event, facts in decoded(core, history(core, Random(seed), count)):
        state = states.get(event.member or "", State())
        found = attempt(backend, event, facts, state)
        if isinstance(found, Refused):
            continue
        yield event, facts, state, found
        if event.member is not None:
            states[event.member] = after(state, event, found)


def plain(state: State) -> dict[str, Any]:
    """A state without the order in which its lists were filled."""
    made: dict[str, Any] = orjson.loads(msgspec.json.encode(encode_state(state)))
    for name in ("lots", "holdings"):
        made[name] = sorted(made.get(name, []), key=str)
    return made


@pytest.mark.parametrize("backend", BACKENDS)
def test_scoring_is_pure(backend: type[Reference] | type[Python], CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """The same call gives the same, and leaves event, facts and state alone."""
    for seed, core in CORES:
        made = backend(core)
        for event, facts, state, found in steps(core, made, seed):
            kept = repr((event, facts, state))
            assert attempt(made, event, facts, state) == found
            assert attempt(backend(core), event, facts, state) == found
            assert repr((event, facts, state)) == kept


def test_state_survives_json(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """A history in pieces, its states written down in between, is the history in one."""
    for seed, core in CORES:
        made = Python(core)
        for event, facts, state, found in steps(core, made, seed):
            read = decode_state(orjson.loads(orjson.dumps(encode_state(state))), core)
            assert isinstance(read, State), read
            assert read == state
            assert attempt(made, event, facts, read) == found


def test_outcome_is_its_json(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """An outcome read back from its JSON is the outcome."""
    for seed, core in CORES[:10]:
        for event, _, _, found in steps(core, Python(core), seed):
            outcome = found.outcome(event, "", "")
            assert msgspec.json.decode(outcome.to_json(), type=Outcome) == outcome


def test_order_of_lines_is_nothing(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """Awards, tiers, changes stay; weights and parts go with their lines."""
    for seed, core in CORES:
        kinds = {kind.name: kind for kind in core.events}
        for made in (Reference(core), Python(core)):
            for event, facts, state, found in steps(core, made, seed, 8):
                turned = msgspec.structs.replace(event, lines=tuple(reversed(event.lines)))
                other = attempt(made, turned, facts, state)
                assert isinstance(other, Evaluation)
                assert [_without_weights(each) for each in other.awards] == [
                    _without_weights(each) for each in found.awards
                ]
                rest = ("tiers", "changes", "before", "late", "said")
                assert [getattr(other, name) for name in rest] == [getattr(found, name) for name in rest]
                for one, two in zip(found.awards, other.awards, strict=True):
                    assert _parts(core, kinds, event, one) == _parts(core, kinds, turned, two)


def _without_weights(award: Award) -> Award:
    return msgspec.structs.replace(award, weights=())


def _parts(core: ir.Program, kinds: dict[str, ir.EventDef], event: Event, award: Award) -> list[Any]:
    """The weights and parts of an award, in the order of its lines' values."""
    kind = kinds[event.name]
    if not award.weights:
        return []
    keys = [key[:-1] if isinstance(key, tuple) else key for key in line_keys(kind, event.lines)]
    parts = parts_of(award, kind, event.lines, core.header)
    assert sum(parts) == award.given or sum(award.weights) <= 0
    return sorted(zip(keys, award.weights, parts, strict=True))


@pytest.mark.parametrize(("seed", "of"), [*((n, "visits") for n in SEEDS[:12]), *((n, "orders") for n in ORDERS)])
def test_order_of_declarations_is_nothing(seed: int, of: Of) -> None:
    """Declarations in another order are the same program: the same fingerprint, the same results."""
    text = seeded(seed, of)
    core, turned = core_of(text), core_of(shuffled(text, Random(seed)))
    assert fingerprint(core) == fingerprint(turned)
    other, states = Reference(turned), dict[str, State]()
    for event, facts, state, found in steps(core, Reference(core), seed):
        again = attempt(other, event, facts, states.get(event.member or "", State()))
        assert isinstance(again, Evaluation)
        assert sorted(again.awards, key=repr) == sorted(found.awards, key=repr)
        assert sorted(again.discounts, key=repr) == sorted(found.discounts, key=repr)
        assert sorted((*again.charges, *again.gifts), key=repr) == sorted((*found.charges, *found.gifts), key=repr)
        assert (again.price, again.reserved) == (found.price, found.reserved)
        assert (again.tiers, again.before, again.late) == (found.tiers, found.before, found.late)
        assert sorted(again.said, key=repr) == sorted(found.said, key=repr)
        if event.member is not None:
            states[event.member] = after(states.get(event.member, State()), event, again)
            assert plain(states[event.member]) == plain(after(state, event, found))


def shuffled(text: str, rng: Random) -> str:
    """The same declarations in another order, `language` first."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if found and line[0] in " }":
            found[-1] += line
        else:
            found.append(line)
    head, *rest = found
    rng.shuffle(rest)
    return head + "".join(rest)


def test_facts_that_nothing_reads_are_nothing(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """`before` names every fact that an event's rules can read: whatever it does not name may change."""
    others: Facts = {
        "number": "other",
        "resident": None,
        "plan": "basic",
        "children": 9,
        "joined": 10_000,
        "birthday": 9_000,
        "circle": ("x",),
    }
    for seed, core in CORES:
        for made in (Reference(core), Python(core)):
            for event, facts, state, found in steps(core, made, seed, 8):
                if event.member is None:
                    continue
                unread = {name: value for name, value in others.items() if f"member.{name}" not in found.before}
                if "resident" in unread:
                    unread["resident"] = not facts["resident"]
                # What ends before the event reads facts of its own, so time moves there first.
                ready = apply(state, Reference(core).advance(facts, state, event.day).changes)
                assert attempt(made, event, facts | unread, ready) == attempt(made, event, facts, ready)


def test_time_in_steps_is_time_in_one(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """Advancing day by day, or week by week, or at once, leads to the same state; scoring does it by itself."""
    for seed, core in CORES:
        made = Reference(core)
        for event, facts, state, found in steps(core, made, seed, 8):
            if event.member is None or state.day is None or event.day <= state.day or found.tiers:
                continue
            day, stepped = state.day, state
            while day < event.day:
                day = min(event.day, day + 1 + (event.day - state.day) // 5)
                stepped = apply(stepped, made.advance(facts, stepped, day).changes)
            assert stepped == apply(state, made.advance(facts, state, event.day).changes)
            again = attempt(made, event, facts, stepped)
            assert isinstance(again, Evaluation)
            assert (again.awards, again.before) == (found.awards, found.before)
            assert after(stepped, event, again) == after(state, event, found)


def test_amounts_stay_in_their_bounds(CORES: list[tuple[int, ir.Program]]) -> None:  # noqa: N803
    """Nothing is given beyond what is wanted, to who is held out, to guests, or past a limit."""
    for seed, core in CORES:
        index = Index(core)
        limits = index.limits
        for event, _, _, found in steps(core, Python(core), seed):
            assert event.member is not None or not (found.awards or found.changes or found.tiers)
            for award in found.awards:
                assert 0 <= award.given <= award.wanted
                whole = award.given == award.wanted or not any(award.weights)
                assert whole or award.cut_by or award.held_out or _stepped(core, award)
                assert not (award.held_out and award.given)
            for change in found.changes:
                if isinstance(change, LimitUsed):
                    limit = limits[limit_key(index, change.limit)]
                    most = limit.amount if limit.amount is not None else limit.times
                    assert most is not None
                    assert change.before < change.after <= most


def _stepped(core: ir.Program, award: Award) -> bool:
    return any(give.steps for rule in core.rules if rule.key == award.rule for give in rule.gives)


on_programs = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # shrinking a program takes minutes: `trials.shrunk` does it by clauses
    suppress_health_check=list(HealthCheck),
)


@on_programs
@given(st.randoms(use_true_random=False))
def test_programs_that_hypothesis_can_shrink(rng: Random) -> None:
    """The same generator and the same law, with choices that hypothesis makes and shrinks."""
    text = (program, orders, owning)[rng.randrange(3)](rng)
    core = core_of(text)
    round_trip(text, core)
    wrong = kind_of(text, history(core, rng, 6))
    assert wrong is None, (wrong.kind, wrong.seen)
