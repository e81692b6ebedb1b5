"""An event and its member's facts after the boundary: validated, canonical, ready for an evaluator.

Values are those of `ir.py`: minor units, scaled units, days, instants, `str`, `bool`, None for an absent optional.
Every declared field has an entry.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

FieldValue: TypeAlias = int | str | bool | tuple[int | str, ...] | None
"""A `rate` is an integer of billionths; a list or codes are a tuple."""


class Event(msgspec.Struct, frozen=True):
    """One event. `day` is its local day, `instant` its moment (the day's start where it is dated by a date); `currency`
    the one it comes in, where its kind admits several. A scheduled event is as of its day and instant, and `posted` on
    the day when what it gives is earned; `occurrence` is the first day of the occurrence whose edge it is.

    >>> program.event(order).fields["channel"]
    'web'
    """

    name: str
    id: str
    member: str | None
    day: int
    instant: int
    fields: dict[str, FieldValue]
    lines: tuple[dict[str, FieldValue], ...]
    currency: str = ""
    posted: int | None = None
    occurrence: int | None = None


Facts: TypeAlias = dict[str, FieldValue]
"""A member's declared facts by name, and `tier` (a rung) where tiers come from the host."""
