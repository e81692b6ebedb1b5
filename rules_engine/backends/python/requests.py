"""Bytes in: requests decoded straight into typed structs, of the plainest types that JSON has.

In: a program. Out: a decoder of `{"event": {...}, "member": {...}, "state": {...}}`. The structs only see to it that
keys are known and that texts are texts; bounds, dates and amounts are checked by the generated function that loads
them. What the decoder refuses is read again by the slow one, which says why.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.decoding import attribute

_PLAIN: dict[str, Any] = {
    "text": str, "date": str, "time": str, "instant": str, "flag": bool, "count": int, "rate": str, "money": str,
    "unit": str | int, "choice": str, "member": str, "codes": list[str], "list": list[str | int | bool], "tier": str,
}  # fmt: skip


def event_type(event: ir.EventDef) -> type[msgspec.Struct]:
    """The struct of an event, tagged with its name; `lines` is a list of structs."""
    fields = [_field(field) for field in event.fields]
    if event.lines is not None:
        line = msgspec.defstruct(
            f"{event.name}_line", [_field(f) for f in event.lines.fields],
            kw_only=True, forbid_unknown_fields=True, gc=False,
        )  # fmt: skip
        fields.append(("lines", list[line], msgspec.field()))  # type: ignore[valid-type]
    return msgspec.defstruct(
        event.name, fields, kw_only=True, forbid_unknown_fields=True, gc=False, tag=event.name, tag_field="event"
    )


def _field(field: ir.FieldDef) -> tuple[str, Any, Any]:
    kind = _PLAIN[field.kind]
    if field.optional:
        return attribute(field.name), kind | None, msgspec.field(default=None, name=field.name)
    return attribute(field.name), kind, msgspec.field(name=field.name)


def decoders(types: dict[str, type[msgspec.Struct]]) -> tuple[Any, Any]:
    """The decoders of events alone, and of whole requests, whose `state` stays as it was sent."""
    union: Any = None
    for each in types.values():
        union = each if union is None else union | each
    request = msgspec.defstruct(
        "request",
        [
            ("event", union),
            ("member", dict[str, Any] | None, msgspec.field(default=None)),
            ("state", msgspec.Raw, msgspec.field(default=msgspec.Raw(b"null"))),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(union), msgspec.json.Decoder(request)
