"""The offers of an event as one step of the reference, where some of them are not generated.

In: a function that goes beside a run. Out: lines that let the reference run all stages of offers on that run, and take
over from it what everything costs, after each stage that something reads, and what offers did. What the event is, its
tracks, its other rules and tiers are written out as ever: only the offers are a step.
"""

from __future__ import annotations

from rules_engine.backends.python.offers import SNAPSHOTS, Offers
from rules_engine.backends.python.passing import BASES
from rules_engine.backends.python.quoting import const
from rules_engine.backends.python.writing import Lines

_BASE_OF = {name: base for base, name in BASES.items() if name in SNAPSHOTS.values()}


class Stepped(Offers):
    """What stands in place of the emitter of a function's offers."""

    def for_guests(self) -> bool:
        """The reference knows which offers act for nobody."""
        return True

    def emit(self, out: Lines) -> None:
        """All stages, in one step."""
        function = self.function
        function.ended, function.sums = set(BASES.values()), {}
        self._foresee()
        out.add("price, discounts, charges, gifts = steps.offer(run)")

    def emit_for_guests(self, out: Lines) -> None:
        """The same for an event without a member."""
        out.add("run = steps.enter(event, facts, shared, people)")
        self.guest = True
        self.emit(out)
        self.close(out)
        self.guest = False

    def close(self, out: Lines) -> None:
        """What everything costs, and the sums that earns and tracks read."""
        function = self.function
        if not function.priced:
            return
        out.add("cost = steps.costs(run, 'net')")
        for name in function.snapshots:
            out.add(f"{name} = steps.costs(run, {const(_BASE_OF[name])})")
        self._sums(out)
        if function.whole_net and not self.guest:
            out.add(f"w_net = tuple(cost{'[:-1]' if function.event.shipping_field else ''})")

    def results(self) -> list[str]:
        """The expressions of what an outcome holds of offers."""
        return ["price", "discounts", "charges", "gifts"]
