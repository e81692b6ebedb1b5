"""Limits in generated code: where a counter is found, how much was used, and what is noted when a rule takes some.

In: the limits of rules and groups. Out: local names of each limit's key, counter and use, loaded once for an event and
moved along as rules take from them, so that rules that share a limit see each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.quoting import Local, const, ident
from rules_engine.backends.python.windows import Window, window_of
from rules_engine.backends.python.writing import Lines


class Counter(msgspec.Struct):
    """The local names of one limit: its key, its values by key, what was used in the window, the count at the key, and
    what offers took of it, which is noted when all are done. `name` is code for the name of its counter: a constant, or
    a local name where values are counted apart."""

    limit: ir.LimitDef
    window: Window
    key: str
    values: str
    used: str
    count: str
    start: str
    name: str
    taken: str = ""
    offered: bool = False


class Counters:
    """All limits that a function meets, in the order in which they are first asked for."""

    def __init__(self, function: Function, shared: set[str]) -> None:
        self.function = function
        self.shared = shared
        self.found: dict[str, Counter] = {}

    def of(self, limit: ir.LimitDef) -> Counter:
        """The names of a limit."""
        counter = self.found.get(limit.key)
        if counter is None:
            number = len(self.found)
            key, values, used, count, start = (ident(prefix, number) for prefix in ("lk", "lv", "lu", "lc", "l0_"))
            window = window_of(limit.scope.window, self.function)
            if limit.scope.by is not None or limit.keys:
                window = msgspec.structs.replace(window, always=False)  # its day, or a key, may be absent
            name = ident("ln", number) if limit.keys else const(limit.key)
            counter = self.found[limit.key] = Counter(limit, window, key, values, used, count, start, name)
            if limit.scope.by is not None and not limit.scope.by_line:
                expressions.plain(limit.scope.by, self.function)
        return counter

    @property
    def indexed(self) -> bool:
        """Whether some are of a rule that stands for a shape: then what moved is noted, and told by name at the end."""
        return any(isinstance(counter.limit.key, Local) for counter in self.found.values())

    def alike(self, rule: ir.OfferDef | ir.RuleDef) -> bool:
        """Whether a rule's limits can stand in a shape: it has one of its own at most, and then shares none, so that
        the names of limits, by which they are told, order nothing inside the rule."""
        if not rule.limits:
            return True
        program = self.function.module.program
        groups = program.offer_groups if isinstance(rule, ir.OfferDef) else program.groups
        shared = any(group.name == rule.group and group.limits for group in groups)
        return len(rule.limits) == 1 and not shared and not rule.limits[0].scope.by_line

    def of_shape(self, limits: Sequence[ir.LimitDef]) -> list[Counter]:
        """The limits of a rule that stands for a shape; each rule of it has its own."""
        return [self.found[limit.key] for limit in limits if limit.key in self.found and isinstance(limit.key, Local)]

    def begin_shape(self, limits: Sequence[ir.LimitDef], out: Lines) -> None:
        """A rule of a shape has taken nothing yet."""
        for counter in self.of_shape(limits):
            out.add(f"{counter.count} = {counter.start} = 0")
            if counter.taken:
                out.add(f"{counter.taken} = 0")

    def end_shape(self, limits: Sequence[ir.LimitDef], out: Lines) -> None:
        """Note what a rule of a shape took of its limits."""
        for counter in self.of_shape(limits):
            owner, name = counter.limit.owner, const(counter.limit.key)
            test, after = f"{counter.count} != {counter.start}", counter.count
            if counter.offered:
                test, after = counter.taken, f"{counter.count} + {counter.taken}"
            if not test or owner == "event":
                continue
            with out.block(f"if {test}:"):
                if counter.offered:
                    told = f"{const(owner)}, {counter.name}, {counter.key}, {counter.count}, {counter.taken}"
                    out.add(f"spent.append(({name}, {told}))")
                if owner == "member":
                    since = counter.window.since("day") or "None"
                    moved = f"{counter.values}, {{{counter.key}: {after}}}, {since}"
                    out.add(f"moved_limits.append(({counter.offered}, {name}, {counter.name}, {moved}))")

    # ---- offers

    def of_offer(self, limit: ir.LimitDef) -> Counter:
        """The names of a limit that offers meet."""
        counter = self.of(limit)
        counter.offered = True
        for key in limit.keys:
            if not isinstance(key, ir.CodeRead):
                expressions.plain(key, self.function)
        return counter

    def count(self, counter: Counter, amount: str, out: Lines) -> None:
        """Note that an offer took some of a limit."""
        counter.taken = counter.taken or counter.start.replace("l0_", "lt")
        with _where(out, [] if counter.window.always else [f"{counter.key} is not None"]):
            out.add(f"{counter.taken} += {amount}")
            out.add(f"{counter.used} += {amount}")

    def open_offers(self, out: Lines) -> None:
        """Offers have taken nothing yet."""
        for counter in self.found.values():
            if counter.taken:
                out.add(f"{counter.taken} = 0")
        if self.reserving():
            out.add("reserved = []")

    def reserving(self) -> bool:
        """Whether offers use limits that the whole programme shares."""
        return any(counter.limit.owner == "shared" for counter in self.found.values())

    def commit_offers(self, out: Lines, guest: bool) -> None:
        """Make what offers took into changes, by key. A guest has none."""
        keyed = any(counter.limit.keys for counter in self.found.values() if counter.taken)
        if keyed:
            out.add("moved = []" if guest else "moved = len(changes)")
        indexed = self.indexed
        for key in sorted(self.found):
            counter = self.found[key]
            if isinstance(key, Local):
                continue
            if not counter.taken or counter.limit.owner == "event" or (guest and counter.limit.owner == "member"):
                continue
            into = "changes" if counter.limit.owner == "member" else "reserved"
            with out.block(f"if {counter.taken}:"):
                used = f"{counter.count}, {counter.count} + {counter.taken}"
                told = f"{const(key)}, {const(counter.limit.owner)}, {counter.name}, {counter.key}, {counter.count}"
                if indexed:
                    out.add(f"spent.append(({told}, {counter.taken}))")
                else:
                    out.add(f"{into}.append(LimitUsed({counter.name}, {counter.key}, {used}))")
                out.add(f"{counter.count} += {counter.taken}")
        if indexed:
            changes, reserved = "[]" if guest else "changes", "reserved" if self.reserving() else "[]"
            out.add(f"commit_limits(spent, {changes}, {reserved})")
        if keyed and not guest:
            out.add("by_counter(changes, moved)")
        if keyed and self.reserving():
            out.add("by_counter(reserved, 0)")

    def load_shared(self, out: Lines) -> None:
        """Load the key and use of every limit that several rules meet; note of the others that they are not loaded."""
        if self.indexed:
            out.add("spent, moved_limits = [], []")
        for counter in self.found.values():
            if counter.limit.key in self.shared:
                self.load(counter, out)
            elif counter.limit.scope.by_line:
                out.add(f"{counter.values} = {counter.count} = NONE")
            else:
                out.add(f"{counter.count} = {counter.start} = 0")

    def load_own(self, limits: list[Counter], out: Lines, code: str = "") -> None:
        """Load the limits that only the rule at hand meets, where it first needs them."""
        for counter in limits:
            if counter.limit.key not in self.shared:
                self.load(counter, out, code)

    def load(self, counter: Counter, out: Lines, code: str = "") -> None:
        """Load a limit's key and use; `code` is the local name of the code that counts apart."""
        if counter.limit.scope.by_line:
            self._load_by_line(counter, out)
            return
        day = "day"
        if counter.limit.scope.by is not None:
            day = expressions.plain(counter.limit.scope.by, self.function)
        window, values = counter.window, counter.values
        key = window.key(day)
        absent = [] if day == "day" else [day]
        if counter.limit.keys:
            parts = [
                code if isinstance(each, ir.CodeRead) else expressions.plain(each, self.function)
                for each in counter.limit.keys
            ]
            out.add(f"{counter.name} = counter_of({const(counter.limit.key)}, {', '.join(parts)})")
            absent.append(counter.name)
        missing = " or ".join(f"{each} is None" for each in absent)
        out.add(f"{counter.key} = {f'None if {missing} else {key}' if missing else key}")
        if counter.limit.owner == "event":
            out.add(f"{counter.used} = 0")
            return
        limits = "state.limits" if counter.limit.owner == "member" else "(NOTHING if shared is None else shared).limits"
        out.add(f"{values} = {limits}.get({counter.name})")
        out.add(f"{counter.count} = {counter.start} = {values}.get({counter.key}, 0) if {values} else 0")
        since = window.since(day)
        out.add(f"{counter.used} = {counter.count if since is None else f'used({values}, {since})'}")

    def _load_by_line(self, counter: Counter, out: Lines) -> None:
        """The key of each line's day, and the counts by key, which rules move along."""
        assert counter.limit.scope.by is not None
        days = self.function.listed(counter.limit.scope.by, None)
        out.add(f"{counter.values} = state.limits.get({const(counter.limit.key)}, NONE)")
        out.add(f"{counter.count} = dict({counter.values})")
        out.add(f"{counter.key} = [None if on is None else {counter.window.key('on')} for on in {days}]")

    def take(self, counter: Counter, amount: str, out: Lines) -> None:
        """Note that a rule took some of a limit."""
        name = const(counter.limit.key)
        with _where(out, [] if counter.window.always else [f"{counter.key} is not None"]):
            out.add(f"changes.append(LimitUsed({name}, {counter.key}, {counter.count}, {counter.count} + {amount}))")
            out.add(f"{counter.count} += {amount}")
            out.add(f"{counter.used} += {amount}")

    def tidy(self, out: Lines) -> None:
        """Drop counters that nothing can read any more, of the limits that moved, by key."""
        every = sorted(self.found.values(), key=lambda each: (each.offered, each.limit.key))
        keyed = any(each.limit.keys and each.limit.owner == "member" for each in every)
        if self.indexed:
            self._tidy_indexed(every, keyed, out)
            return
        for place, counter in enumerate(every):
            if keyed and counter.offered and not (place and every[place - 1].offered):
                out.add("moved = len(changes)")
            if counter.limit.owner != "member":
                continue
            if counter.limit.scope.by_line:
                out.add(f"tidy_limit(changes, {counter.name}, {counter.values}, {counter.count}, None, day)")
                continue
            since = counter.window.since("day") or "None"
            few = "" if counter.window.moving else f" and len({counter.values}) > 1"
            with out.block(f"if {counter.count} != {counter.start} and {counter.values}{few}:"):
                out.add(
                    f"tidy_limit(changes, {counter.name}, {counter.values}, "
                    f"{{{counter.key}: {counter.count}}}, {since}, day)"
                )
        if keyed:
            out.add("by_counter(changes, moved)")

    def _tidy_indexed(self, every: Sequence[Counter], keyed: bool, out: Lines) -> None:
        """The same where some limits are of rules that were found."""
        for counter in every:
            if counter.limit.owner != "member" or isinstance(counter.limit.key, Local):
                continue
            head = f"{counter.offered}, {const(counter.limit.key)}, {counter.name}, {counter.values}"
            if counter.limit.scope.by_line:
                out.add(f"moved_limits.append(({head}, {counter.count}, None))")
                continue
            with out.block(f"if {counter.count} != {counter.start}:"):
                moved = f"{{{counter.key}: {counter.count}}}, {counter.window.since('day') or 'None'}"
                out.add(f"moved_limits.append(({head}, {moved}))")
        out.add(f"tidy_limits(changes, moved_limits, day, {keyed})")


def _where(out: Lines, tests: list[str]) -> AbstractContextManager[None]:
    return out.block(f"if {' and '.join(tests)}:") if tests else nullcontext()
