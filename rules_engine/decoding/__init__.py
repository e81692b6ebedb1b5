"""The boundary: what a host sends, checked and made canonical, or refused with every reason.

In come events, member facts and states as JSON values or plain Python values; out go `Event`, `Facts` and `State`, or a
tuple of `Fault`s, each of which names its field and says what to send instead. Nothing here raises on what was sent.
"""

from __future__ import annotations

from rules_engine.decoding.events import decode, reading
from rules_engine.decoding.facts import decode_facts, fact_fields
from rules_engine.decoding.faults import Place, Wrong, fault, hint, shown
from rules_engine.decoding.schemas import event_schema
from rules_engine.decoding.shared import decode_shared
from rules_engine.decoding.states import decode_state, encode_state
from rules_engine.decoding.structs import attribute, decode_json, event_of, event_struct

__all__ = [
    "Place",
    "Wrong",
    "attribute",
    "decode",
    "decode_facts",
    "decode_json",
    "decode_shared",
    "decode_state",
    "encode_state",
    "event_of",
    "event_schema",
    "event_struct",
    "fact_fields",
    "fault",
    "hint",
    "reading",
    "shown",
]
