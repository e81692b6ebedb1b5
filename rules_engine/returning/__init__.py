"""Returns: what comes back of an event that was scored, worked out from its receipt and from nothing later.

In: the event, its outcome, how many pieces of which lines come back, and the earlier returns of the event. Out: a
`Return`. Read `standings` for the meaning of money, `units` and `tracks` for that of the rest, `giving` for how returns
add up, `moving` for how they move states.
"""

from __future__ import annotations

from rules_engine.returning.bought import Terms
from rules_engine.returning.giving import give_back
from rules_engine.returning.moving import Now
from rules_engine.returning.worth import worth_in

__all__ = ["Now", "Terms", "Worth", "give_back", "worth_in"]
