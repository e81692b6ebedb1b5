"""Every evaluator gives the same, on generated programs and histories; and nothing of the language is left out.

Four shards of fixed seeds, so that two workers share them and a failure comes back under the same name.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, get_args

import msgspec
import orjson
import pytest

from rules_engine import ir, periods
from rules_engine.backends.python import Python
from rules_engine.decoding import encode_state, event_struct
from rules_engine.outcome import EventRefused, Outcome
from rules_engine.scoring import Program
from rules_engine.state import Change, State
from tests.histories import History, history
from tests.strategies import seeded
from tests.trials import Finding, core_of, shrunk, trial

SHARDS = 4
PROGRAMS = 250

NODES = {f"node {each.__name__}" for each in (*get_args(ir.Expr), *get_args(ir.Test), ir.Stop, ir.Share, ir.MarksDef)}
CHANGES = {f"change {each.__name__}" for each in get_args(Change)}
PERIODS = {f"period {each.__name__}" for each in get_args(periods.Period)} - {
    "period Host",  # from the host: not evaluated yet
    "period Lifetime",  # windows of these kinds are not asked as periods
    "period Rolling",
    "period LastCalendar",
    "period Trial",
}
RESULTS = {
    "earn gave", "reward gave", "gave nothing", "held out", "late", "said", "mark fired", "weights", "event of a guest",
    "tier up", "tier down", "match trial", "match kept", "match ended", "holding began", "holding prolonged", "holding ended",
    "cut by times of own", "cut by amount of own", "cut by times of group", "cut by amount of group", "cut to some",
    "cut to nothing", "refused V151", "generated", "delegated",
    *(f"TrackDef window {kind}" for kind in ("period", "rolling", "last", "lifetime", "trial")),
    *(f"LimitDef window {kind}" for kind in ("period", "rolling", "last", "lifetime", "trial")),
    "limit by line", "limit by date", "limit by event", "track sum", "track count", "track sum by line", "track count by line",
    "track sum by date", "track distinct", "track streak", "track sum given",
    "tier held", "tier earned", "tier matched", "previous track", "in period, instant True", "in period, instant False",
    "fold sum", "fold count", "fold distinct", "fall earned", "fall down", "fall tier",
    "edge end, next True", "edge end, next False", "edge start, next False",
    *(f"give with {word}" for word in (
        "low", "high", "steps", "only from", "rounding", "pending", "life", "or nothing", "each line", "facts",
    )),
}  # fmt: skip


@pytest.mark.parametrize("shard", range(SHARDS))
def test_evaluators_agree(shard: int) -> None:
    """The whole evaluation, on every event, with the state carried on; every program checks and round-trips."""
    met, findings = Counter[str](), list[Finding]()
    for seed in range(shard * PROGRAMS, (shard + 1) * PROGRAMS):
        found = trial(seed, met, format_too=seed % 4 == 0)
        if isinstance(found, Finding):
            findings.append(found)
    kinds = Counter(finding.kind for finding in findings)
    assert not findings, f"{kinds}\n{shrunk(findings[0], 20)}"
    missing = (NODES | CHANGES | PERIODS | RESULTS) - set(+met)
    assert not missing, f"never exercised: {sorted(missing)}"


# ---- the ways in


@pytest.mark.parametrize("seed", range(2000, 2040))
def test_ways_in_agree(seed: int) -> None:
    """A dictionary, bytes, a typed struct and `score_json` give the same outcome, by either evaluator."""
    core = core_of(seeded(seed))
    program, told = Program(core, backend=Python(core)), history(core, Random(seed), 12)
    plain = Program(core)
    states = dict[str, State]()
    for sent in told.events:
        member = next((sent[name] for name in ("who",) if name in sent), None)
        state = states.get(member or "", State())
        facts = told.members[member] if member is not None else None
        outcomes = [_outcome(each, way, facts, state) for each in (program, plain) for way in _ways(core, sent)]
        assert all(each == outcomes[0] for each in outcomes), outcomes
        request = {"event": sent, "member": facts or {}, "state": encode_state(state)}
        assert orjson.loads(program.score_json(orjson.dumps(request))) == orjson.loads(_json(outcomes[0]))
        if isinstance(outcomes[0], Outcome) and member is not None:
            states[member] = program.apply(state, outcomes[0])


def _ways(core: ir.Program, sent: dict[str, Any]) -> list[object]:
    content = orjson.dumps(sent)
    typed = msgspec.json.decode(content, type=event_struct(core, sent["event"]))
    return [sent, content, typed]


def _outcome(program: Program, sent: object, facts: object, state: State) -> object:
    try:
        return program.score(sent, facts, state)
    except EventRefused as reason:
        return reason.refused


def _json(outcome: object) -> bytes:
    return msgspec.json.encode(outcome)


@pytest.mark.parametrize("seed", range(2100, 2110))
def test_streams_agree_with_single_events(seed: int) -> None:
    """`score_many` in the order of arrival is `score` and `apply`, one after the other."""
    core = core_of(seeded(seed))
    program = Program(core, backend=Python(core))
    told: History = history(core, Random(seed), 15)
    states: dict[str, State] = {}
    streamed = list(program.score_many(list(told.events), told.members, states, in_order=True))
    single, apart = [], dict[str, State]()
    for sent in told.events:
        member = sent.get("who")
        found = _outcome(program, sent, told.members.get(member or ""), apart.get(member or "", State()))
        single.append(found)
        if isinstance(found, Outcome) and member is not None:
            apart[member] = program.apply(apart.get(member, State()), found)
    assert streamed == single
    assert {name: state for name, state in states.items() if state != State()} == apart
