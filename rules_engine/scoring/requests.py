"""Requests as bytes, the slow way: by the decoder that says what is wrong, and with other people or a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import orjson

from rules_engine.decoding import Place, decode_shared, decode_state, fault
from rules_engine.outcome import EventRefused, Refused
from rules_engine.scoring.sent import REQUEST, refused
from rules_engine.state import Shared, State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program


def score_request(program: Program, content: bytes) -> bytes:
    """The outcome of a request, or its refusal, as JSON text."""
    try:
        sent = orjson.loads(content)
    except orjson.JSONDecodeError:
        sent = None
    if not isinstance(sent, dict) or not sent.keys() <= REQUEST:
        form = "one JSON object with `event`, and where there are any `member`, `state`, `shared`, `others`, `pool`"
        wrong = fault("V105", Place("the request"), "", found="read", form=form)
        return msgspec.json.encode(Refused("", "", (wrong,)))
    try:
        state = decode_state(sent.get("state"), program.core)
        shared = decode_shared(sent.get("shared"), program.core)
        if isinstance(state, State) and isinstance(shared, Shared):
            people = {"others": sent.get("others"), "pool": sent.get("pool")}
            return program.score(sent.get("event"), sent.get("member"), state, shared, **people).to_json()
        faults = (() if isinstance(state, State) else state) + (() if isinstance(shared, Shared) else shared)
        raise EventRefused(refused(sent.get("event"), faults, program.core))
    except EventRefused as reason:
        return msgspec.json.encode(reason.refused)
