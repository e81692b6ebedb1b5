"""Returns: what comes back of an event that was scored, worked out from its receipt and from nothing later.

In: the event, its outcome, how many pieces of which lines come back, and the earlier returns of the event. Out: a
`Return`. Read `standings` for the meaning, `giving` for how returns add up.
"""

from __future__ import annotations

from rules_engine.returning.bought import Terms
from rules_engine.returning.giving import give_back

__all__ = ["Terms", "give_back"]
