"""A second reading of how offers are evaluated, unit by unit: slow, obvious, and written from the decision alone.

In: a core, an event, its member's facts; nothing was used before it. Out: what each effect takes off each unit, fees,
gifts, and what every unit costs in the end. What the model does not read (memory, periods, prices made by offers) it
refuses with `Unread`; where the decision leaves a number open it says nothing of it.
"""

from __future__ import annotations

from tests.model.playing import Played, played
from tests.model.words import Unread

__all__ = ["Played", "Unread", "played"]
