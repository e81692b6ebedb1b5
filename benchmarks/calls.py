"""One call: every way to get an answer for a basket, ours and by hand, and the tables that compare them.

Two yardsticks from objects. *Awards only*: integers for amounts and days, what a day is looked up beforehand, nothing
checked, tuples out. *The whole answer*: the very inputs that the engine gets, nothing checked, an equal `Outcome` out.
From bytes to bytes the floor is bare orjson: `loads` of the very text that the engine gets, and `dumps` of the very
answer that it gives, as plain dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson

from benchmarks.handwritten_whole import Hand
from benchmarks.tables import Cell, Table
from benchmarks.timing import Run, Timed
from rules_engine.decoding import encode_state
from rules_engine.outcome import Outcome
from rules_engine.scoring import Program
from rules_engine.state import State

BARE = "by hand, awards only, from integers"
WHOLE = "by hand, the whole outcome, from a typed event"
STRUCT = "Program.score, a typed event"
DICT = "Program.score, a dictionary"
EVENT_FLOOR = "orjson, the event in, the outcome out"
FLOOR = "orjson, the request in, the outcome out"
BARE_BYTES = "by hand, awards only, bytes to bytes"
WHOLE_BYTES = "by hand, the whole outcome, bytes to bytes"
TYPED = "event decoded by type, scored, encoded"
JSON = "Program.score_json"


class Case(NamedTuple):
    """One basket in every form that a way needs; `rest` is what the awards by hand want besides the trusted basket."""

    sent: bytes
    facts: dict[str, Any]
    state: State
    request: bytes
    trusted: bytes
    rest: tuple[Any, ...]


def case(
    sent: dict[str, Any], facts: dict[str, Any], state: State, trusted: dict[str, Any], rest: tuple[Any, ...]
) -> Case:
    """A basket as a host sends it, in every form."""
    request = orjson.dumps({"event": sent, "member": facts, "state": encode_state(state)})
    return Case(orjson.dumps(sent), facts, state, request, orjson.dumps(trusted), rest)


def decoder(program: Program) -> msgspec.json.Decoder[Any]:
    """A decoder of typed events that the program takes by its quick way."""
    return msgspec.json.Decoder(program.event_type("purchase"))


def answered(program: Program, whole: Hand, each: Case) -> Outcome:
    """The outcome of a case, which every way of ours and the whole one by hand give alike."""
    outcome = program.score(orjson.loads(each.sent), each.facts, each.state)
    typed = decoder(program)
    assert program.score(typed.decode(each.sent), each.facts, each.state) == outcome
    assert whole(typed.decode(each.sent), each.facts, each.state) == outcome, outcome
    assert msgspec.json.decode(program.score_json(each.request), type=Outcome) == outcome
    return outcome


def objects(program: Program, bare: Callable[..., Any], whole: Hand, cases: Sequence[Case]) -> dict[str, Run]:
    """The ways from objects to an answer."""
    typed, score = decoder(program), program.score

    def read(reader: Callable[[bytes], Any]) -> Callable[[], Sequence[Any]]:
        return lambda: [(reader(each.sent), each.facts, each.state) for each in cases]

    return {
        BARE: Run(lambda: [(orjson.loads(each.trusted), *each.rest) for each in cases], lambda args: bare(*args)),
        WHOLE: Run(read(typed.decode), lambda args: whole(*args)),
        STRUCT: Run(read(typed.decode), lambda args: score(*args)),
        DICT: Run(read(orjson.loads), lambda args: score(*args)),
    }


def texts(program: Program, bare: Callable[..., Any], whole: Hand, cases: Sequence[Case]) -> dict[str, Run]:
    """The ways from bytes to bytes."""
    typed, score, encoder = decoder(program), program.score, msgspec.json.Encoder()
    answers = [orjson.loads(program.score_json(each.request)) for each in cases]
    pairs = list(zip([each.request for each in cases], answers, strict=True))
    events = list(zip([each.sent for each in cases], answers, strict=True))
    beside = [(each.sent, each.facts, each.state) for each in cases]
    return {
        EVENT_FLOOR: Run(lambda: events, lambda pair: (orjson.loads(pair[0]), orjson.dumps(pair[1]))),
        FLOOR: Run(lambda: pairs, lambda pair: (orjson.loads(pair[0]), orjson.dumps(pair[1]))),
        BARE_BYTES: Run(
            lambda: [(each.trusted, *each.rest) for each in cases],
            lambda args: orjson.dumps(tuple(bare(orjson.loads(args[0]), *args[1:])), option=orjson.OPT_NON_STR_KEYS),
        ),
        WHOLE_BYTES: Run(lambda: beside, lambda args: encoder.encode(whole(typed.decode(args[0]), args[1], args[2]))),
        TYPED: Run(lambda: beside, lambda args: encoder.encode(score(typed.decode(args[0]), args[1], args[2]))),
        JSON: Run(lambda: [each.request for each in cases], program.score_json),
    }


def objects_table(title: str, key: str, times: dict[str, Timed], others: Sequence[str], notes: Sequence[str]) -> Table:
    """From objects to an answer; `key` begins the names of the targets."""
    bare, whole = times[BARE].median, times[WHOLE].median
    rows: list[list[Cell]] = []
    for name in (BARE, WHOLE, STRUCT, DICT, *others):
        each = times[name]
        rows.append([name, each.median, each.spread, each.median / bare, each.median / whole])
    measured = {f"{key} typed": times[STRUCT].median / whole, f"{key} dict": times[DICT].median / whole}
    return Table(
        title, ["way", "us an event", "spread", "x awards by hand", "x outcome by hand"], rows, notes, measured
    )


def texts_table(title: str, key: str, times: dict[str, Timed]) -> Table:
    """From bytes to bytes; each way beside its own floor."""
    floors = dict.fromkeys((EVENT_FLOOR, BARE_BYTES, WHOLE_BYTES, TYPED), times[EVENT_FLOOR].median)
    floors |= dict.fromkeys((FLOOR, JSON), times[FLOOR].median)
    whole = times[WHOLE_BYTES].median
    rows: list[list[Cell]] = []
    for name in (EVENT_FLOOR, BARE_BYTES, WHOLE_BYTES, TYPED, FLOOR, JSON):
        each = times[name]
        rows.append([name, each.median, each.spread, each.median / floors[name], each.median / whole])
    notes = [
        "The request holds event, facts and state; decoded by type is the event alone, beside a state in memory.",
        "Each way is held against orjson on the texts that it gets; awards by hand give a much shorter text.",
    ]
    measured = {f"{key} bytes": times[JSON].median / floors[JSON]}
    return Table(title, ["way", "us an event", "spread", "x orjson", "x outcome by hand"], rows, notes, measured)
