"""The boundary: what a host sends, checked and made canonical, or refused with every reason.

In come events, member facts and states as JSON values or plain Python values; out go `Event`, `Facts` and `State`, or a
tuple of `Fault`s, each of which names its field and says what to send instead. Nothing here raises on what was sent.
"""

from __future__ import annotations

from rules_engine.decoding.events import decode, names_sent, reading
from rules_engine.decoding.facts import decode_facts, fact_fields
from rules_engine.decoding.faults import Place, Wrong, clean, fault, hint, shown
from rules_engine.decoding.fields import CODE_MAX, TEXT_MAX, UNPRINTABLE, bounds_of
from rules_engine.decoding.held import misfit, never_settled, shape_of, tracks_by_part
from rules_engine.decoding.keys import declared, key_kind
from rules_engine.decoding.passed import States, shared_counters
from rules_engine.decoding.people import Other, Owners, decode_people, owners_of
from rules_engine.decoding.scheduled import scheduled_form
from rules_engine.decoding.schemas import event_schema
from rules_engine.decoding.shared import decode_shared
from rules_engine.decoding.states import decode_state, encode_state
from rules_engine.decoding.structs import NoEvent, attribute, decode_json, event_of, event_struct

__all__ = [
    "CODE_MAX",
    "TEXT_MAX",
    "UNPRINTABLE",
    "NoEvent",
    "Other",
    "Owners",
    "Place",
    "States",
    "Wrong",
    "attribute",
    "bounds_of",
    "clean",
    "declared",
    "decode",
    "decode_facts",
    "decode_json",
    "decode_people",
    "decode_shared",
    "decode_state",
    "encode_state",
    "event_of",
    "event_schema",
    "event_struct",
    "fact_fields",
    "fault",
    "hint",
    "key_kind",
    "misfit",
    "names_sent",
    "never_settled",
    "owners_of",
    "reading",
    "scheduled_form",
    "shape_of",
    "shared_counters",
    "shown",
    "tracks_by_part",
]
