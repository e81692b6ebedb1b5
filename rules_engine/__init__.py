"""A rules engine for promotions and rewards.

`load` a rule file, `score` an event against a member's state, keep the state that results:

>>> from rules_engine import Source, load
>>> program = load([Source("shop.rules", '''
... language 1
... use shop
... program "Corner Shop" { currency GBP, rounded half up   timezone "Europe/London" }
... unit point, points { rounded down   lasts for 3 months }
... tiers { Blue   Gold when spend >= 5 GBP   counts at once   lasts for 6 months   then the earned tier }
... track spend = sum of net, on purchase, per calendar year
... earn "Points" { on purchase   give 1 point per full 1 GBP of net   at most 5 points per member per calendar month }
... ''')])
>>> order = {
...     "event": "purchase", "order_no": "A-1", "customer": "m-7", "channel": "web",
...     "bought_at": "2027-03-01T10:00:00Z",
...     "lines": [{"sku": "tea", "category": "drinks", "pieces": 3, "price": "2.75"}],
... }
>>> member = {"joined": "2026-05-01"}
>>> outcome = program.score(order, member)
>>> outcome.totals
{'point': 5}
>>> state = program.apply(None, outcome)
>>> [lot.left for lot in state.lots]
[5]

Names are imported when they are first used, so `import rules_engine` costs next to nothing. The examples in the
docstrings of the public names go on from this one.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` would be half of what importing this module costs
if TYPE_CHECKING:
    from rules_engine.checking import Checked
    from rules_engine.decoding import Other
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.event import Event
    from rules_engine.outcome import Award, EventRefused, Fault, Outcome, Refused, TierChange
    from rules_engine.pipeline import ProgramRefused, check, load, vocabulary_text
    from rules_engine.returns import Return
    from rules_engine.scoring import (
        Advance,
        Changed,
        Due,
        Explanation,
        Migration,
        Near,
        NearMiss,
        NextTier,
        Note,
        Preview,
        Program,
        WorkerLost,
    )
    from rules_engine.source import Source
    from rules_engine.state import Holding, Lot, Shared, State
    from rules_engine.tables import Scored
    from rules_engine.values import Money, Quantity, Rate

    __version__: str

__all__ = [
    "Advance",
    "Award",
    "Changed",
    "Checked",
    "Diagnostic",
    "Due",
    "Event",
    "EventRefused",
    "Explanation",
    "Fault",
    "Holding",
    "Lot",
    "Migration",
    "Money",
    "Near",
    "NearMiss",
    "NextTier",
    "Note",
    "Other",
    "Outcome",
    "Preview",
    "Program",
    "ProgramRefused",
    "Quantity",
    "Rate",
    "Refused",
    "Return",
    "Scored",
    "Shared",
    "Source",
    "State",
    "TierChange",
    "WorkerLost",
    "__version__",
    "check",
    "load",
    "vocabulary_text",
]

_HOMES = {
    "checking": ("Checked",),
    "decoding": ("Other",),
    "diagnostics": ("Diagnostic",),
    "event": ("Event",),
    "outcome": ("Award", "EventRefused", "Fault", "Outcome", "Refused", "TierChange"),
    "pipeline": ("ProgramRefused", "check", "load", "vocabulary_text"),
    "returns": ("Return",),
    "scoring": (
        "Advance",
        "Changed",
        "Due",
        "Explanation",
        "Migration",
        "Near",
        "NearMiss",
        "NextTier",
        "Note",
        "Preview",
        "Program",
        "WorkerLost",
    ),
    "source": ("Source",),
    "state": ("Holding", "Lot", "Shared", "State"),
    "tables": ("Scored",),
    "values": ("Money", "Quantity", "Rate"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker sees the names above, and no others

    def __getattr__(name: str) -> object:
        """A public name, imported now and remembered."""
        if name == "__version__":
            from importlib.metadata import version

            found: object = version("rules-engine")
        elif name in _HOME:
            from importlib import import_module

            found = getattr(import_module(f"rules_engine.{_HOME[name]}"), name)
        else:
            raise AttributeError(f"module `rules_engine` has no name `{name}`")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
