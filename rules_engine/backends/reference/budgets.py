"""Limits of offers: whose counters they are, how much room they leave, and what a rule takes of them.

A limit counts for the member, for the whole programme (`shared`, passed in by the host), or for this event alone. Its
counter is the limit's key, followed by the values of its keys. What rules take stands in their `Act`s and becomes
changes when all offers are done, so that a rule that is forgotten has taken nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import times
from rules_engine.backends.reference.carrier import Act, Took
from rules_engine.backends.reference.effects import Amounts, reduced, sum_of
from rules_engine.backends.reference.expressions import evaluate, on_lines
from rules_engine.backends.reference.limits import scope_key
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.trace import LimitNoted, OfferNoted, noting
from rules_engine.outcome import Discount
from rules_engine.state import LimitUsed


class Account(msgspec.Struct):
    """The limits that a rule meets, its own and then its group's, and what it has taken of them so far."""

    by_times: list[ir.LimitDef]
    by_amount: list[ir.LimitDef]
    env: Env
    noted: OfferNoted
    took: list[Took] = []

    @property
    def asks_member(self) -> bool:
        """Whether a limit counts for the member."""
        return any(limit.owner in ("member", "household") for limit in (*self.by_times, *self.by_amount))

    # ---- times ----

    def times_left(self, limit: ir.LimitDef, asked: int = 1) -> int:
        """How many times more a limit lets the rule act; one that counts nothing lets it act any number of times."""
        assert limit.times is not None
        place = self._place(limit, self.env)
        if place is None:
            return _MANY
        room = limit.times - self._used(limit, *place)
        self._note(limit, place[1], limit.times - room, room, asked, min(asked, max(0, room)))
        return max(0, room)

    def has_times(self) -> bool:
        """Whether every limit by times leaves room."""
        return all(self.times_left(limit) > 0 for limit in self.by_times)

    def times_for(self, asked: int) -> int:
        """How many of so many sets the limits by times let through."""
        for limit in self.by_times:
            left = self.times_left(limit, asked)
            if left < asked and limit.or_nothing:
                raise Cancelled(limit)
            asked = min(asked, left)
        return asked

    def take_times(self, count: int) -> None:
        """Count so many times."""
        for limit in self.by_times:
            place = self._place(limit, self.env)
            if place is not None:
                self.took.append(Took(limit, *place, count))

    # ---- amounts ----

    def has_amount(self) -> bool:
        """Whether every limit by amount that counts by the event leaves room."""
        return all(self._amount_left(limit) > 0 for limit in self.by_amount if not limit.scope.by_line)

    def _amount_left(self, limit: ir.LimitDef) -> int:
        assert limit.amount is not None
        place = self._place(limit, self.env)
        return _MANY if place is None else limit.amount - self._used(limit, *place)

    def cut(self, amounts: Amounts, or_nothing: bool) -> tuple[Amounts, str]:
        """Amounts cut to the room of each limit, and counted; the key of the last limit that cut."""
        cut_by = ""
        for limit in self.by_amount:
            after = self._cut(limit, amounts)
            if sum_of(after) < sum_of(amounts):
                cut_by = limit.key
                if limit.or_nothing or or_nothing:
                    raise Cancelled(limit)
            amounts = after
        return amounts, cut_by

    def _cut(self, limit: ir.LimitDef, amounts: Amounts) -> Amounts:
        assert limit.amount is not None
        found = dict(amounts)
        for (counter, occurrence), lines in self._grouped(limit, amounts).items():
            some = {line: amounts[line] for line in lines}
            asked = _off(some.values())
            used = self._used(limit, counter, occurrence)
            room = max(0, limit.amount - used)
            self._note(limit, occurrence, used, room, asked, min(asked, room))
            if asked > room:
                found.update(reduced(some, room + sum_of(some) - asked, self.env))
        return found

    def take_amounts(self, amounts: Amounts, effect: int) -> None:
        """Count what an effect gave."""
        for limit in self.by_amount:
            for (counter, occurrence), lines in self._grouped(limit, amounts).items():
                given = _off(amounts[line] for line in lines)
                own = tuple(lines) if limit.scope.by_line else None
                if given:
                    self.took.append(Took(limit, counter, occurrence, given, own, effect))

    def _grouped(self, limit: ir.LimitDef, amounts: Amounts) -> dict[tuple[str, int], list[int]]:
        """Which lines count in which occurrence of which counter; the event's own shipping has no day of its own."""
        if not limit.scope.by_line:
            place = self._place(limit, self.env)
            return {} if place is None else {place: list(amounts)}
        found: dict[tuple[str, int], list[int]] = {}
        for on in on_lines(self.env, "both"):
            if on.number in amounts and on.number < len(self.env.run.lines):
                place = self._place(limit, on)
                if place is not None:
                    found.setdefault(place, []).append(on.number)
        return found

    # ---- counters ----

    def _place(self, limit: ir.LimitDef, env: Env) -> tuple[str, int] | None:
        """The counter and the occurrence that a limit counts in; None where a key or its day is absent."""
        occurrence = scope_key(limit, env)
        with noting(env.run.trace, []):
            values = [evaluate(key, env) for key in limit.keys]
        absent = limit.owner == "other" and self.env.run.fields.get(limit.other) is None
        if absent or occurrence is None or any(value is None for value in values):
            return None
        return " ".join([limit.key, *map(_text, values)]), occurrence

    def _used(self, limit: ir.LimitDef, counter: str, occurrence: int) -> int:
        """What was used before this event, and by what acted on it so far."""
        run = self.env.run
        assert run.basket is not None
        counts = dict(_store(limit, run).get(counter, {}))
        for took in (*(each for act in run.basket.acts for each in act.took), *self.took):
            if took.counter == counter and took.limit.owner == limit.owner:
                counts[took.occurrence] = counts.get(took.occurrence, 0) + took.count
        since = times.keys_back(limit.scope.window, occurrence, self.env)
        if since is None:
            return counts.get(occurrence, 0)
        return sum(count for at, count in counts.items() if at >= since)

    def _note(self, limit: ir.LimitDef, occurrence: int, used: int, room: int, asked: int, passed: int) -> None:
        """A limit by times is asked before the rule acts, and again for its sets: the last answer counts."""
        if self.env.run.trace is not None:
            if limit.times is not None:
                self.noted.limits = [each for each in self.noted.limits if each.limit is not limit]
            self.noted.limits.append(LimitNoted(limit, occurrence, used, room, asked, passed))


class Cancelled(Exception):  # noqa: N818 - control flow of the interpreter, never seen outside
    """`or nothing`: a limit cut, and the whole rule is forgotten."""

    def __init__(self, limit: ir.LimitDef) -> None:
        super().__init__(limit.key)
        self.limit = limit


_MANY = 2**62


def account_of(rule: ir.OfferDef, noted: OfferNoted, env: Env) -> Account:
    """The limits of a rule and of its group, in the order in which they are asked. One in another currency than the
    event's is not met."""
    group = env.run.world.offer_groups.get(rule.group)
    both = (*rule.limits, *(group.limits if group is not None else ()))
    by_amount = [each for each in both if each.times is None and each.unit in ("", env.run.currency)]
    return Account([each for each in both if each.times is not None], by_amount, env, noted)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _off(runs: Iterable[Sequence[tuple[int, int]]]) -> int:
    """What is taken off, raised prices left aside."""
    return sum(count * max(0, each) for some in runs for count, each in some)


def recounted(took: Took, discounts: Sequence[Discount]) -> Took:
    """What a rule takes of a limit where only these discounts of it are kept."""
    if took.limit.times is not None:
        return took
    parts = [part for each in discounts if each.effect == took.effect for part in each.parts]
    parts = [part for part in parts if took.lines is None or part.line in took.lines]
    return msgspec.structs.replace(took, count=_off(part.runs for part in parts))


def one_too_many(group: ir.OfferGroupDef, acts: Sequence[Act], run: Run) -> tuple[Act, ir.LimitDef | None] | None:
    """Of acts that each kept to what a group allows, the last that goes past it together with others, and the limit
    (None: so many rules may not act). The run's basket has them all."""
    own = [act for act in acts if act.rule.group == group.name]
    if group.at_most is not None and len(own) > group.at_most:
        return own[-1], None
    for limit in group.limits:
        taking = [(act, took) for act in own for took in act.took if took.limit is limit and took.count]
        if len({act.rule.key for act, _ in taking}) < 2:
            continue
        most = limit.amount if limit.times is None else limit.times
        assert most is not None
        for act, took in reversed(taking):
            account = Account([], [], Env(run), OfferNoted(act.rule))
            if account._used(limit, took.counter, took.occurrence) > most:
                return act, limit
    return None


def commit(acts: Sequence[Act], run: Run) -> None:
    """Make what the rules took into changes of the member's state, and into what is reserved of shared counters."""
    sums: dict[tuple[str, int], int] = {}
    for took in (each for act in acts for each in act.took):
        if took.limit.owner != "event" and took.count:
            key = took.counter, took.occurrence
            sums[key] = sums.get(key, 0) + took.count
            run.counters[took.counter] = took.limit
    for (counter, occurrence), count in sorted(sums.items()):
        limit = run.counters[counter]
        before = _store(limit, run).get(counter, {}).get(occurrence, 0)
        used = LimitUsed(counter, occurrence, before, before + count)
        book = _book(limit, run)
        if book is None:
            run.reserved.append(used)
        else:
            book.record(used)


def _store(limit: ir.LimitDef, run: Run) -> dict[str, dict[int, int]]:
    """The counters among which a limit's stand."""
    if limit.owner == "event":
        return {}
    book = _book(limit, run)
    return run.shared.limits if book is None else book.state.limits


def _book(limit: ir.LimitDef, run: Run) -> Book | None:
    """Whose counters they are; None for those that all members share, or that the event alone has."""
    match limit.owner:
        case "member":
            return run.book
        case "household":
            return run.pool
        case "other":
            return run.book_of(str(run.fields[limit.other]))
        case "shared" | "event":
            return None
