"""One effect of an earn, a redeem or a reward at work, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import limits, lots
from rules_engine.backends.reference.amounts import Wanted
from rules_engine.backends.reference.lots import Parts
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.trace import Cut, Noted
from rules_engine.outcome import Taken
from rules_engine.state import AMOUNT_MAX, Lot


class NotApplied(Exception):  # noqa: N818 - control flow of the interpreter, never seen outside
    """A rule does not act, and why; `limit` is the one that cut a rule with `or nothing`."""

    def __init__(self, why: str, failed: ir.Expr | None = None, limit: ir.LimitDef | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.failed = failed
        self.limit = limit


class Act(msgspec.Struct):
    """One effect in one turn of a rule: what it wants, what it gives or takes, which limit cut it last.

    `wanted` is what a `give` gives, a `deduct` or `turn` takes, what is offered to an `accept`; `asked` what is taken
    before limits. Of a `turn`, `into` is what each of its awards would give for all of it, and `gifts` what they give.
    `cuts` say what came between wanted and taken.
    """

    rule: str
    effect: ir.ActDef
    turn: int
    at: Env
    wanted: Wanted
    inner: list[Noted]
    given: int = 0
    taken: int = 0
    asked: int = 0
    into: tuple[Wanted, ...] = ()
    gifts: tuple[int, ...] = ()
    parts: Parts = ()
    value: int = 0
    room: int = 0
    cuts: list[Cut] = []
    cut_by: str = ""

    @property
    def acted(self) -> bool:
        """Whether it gave or took something."""
        return bool(self.given or self.taken)

    def cut(self, how: Cut, limit: ir.LimitDef | None = None) -> None:
        """Note that something came between."""
        self.cuts.append(how)
        if limit is not None:
            self.cut_by = limit.key


class Meter(msgspec.Struct):
    """The limits by amount that a rule meets, and what it has taken of them and of those by times so far.

    What a rule gives of a unit that it takes (`deduct 300 points  give 300 points, to friend`) has the same room as the
    taking and is counted apart, in `handed`, of which nothing is kept: else one amount would count twice.
    """

    by_amount: list[ir.LimitDef]
    taken: limits.Taken
    handed: limits.Taken
    takes: frozenset[str]

    def counter(self, give: ir.GiveDef) -> limits.Taken:
        """Where what is given counts."""
        return self.handed if give.unit in self.takes else self.taken

    def let_through(
        self, unit: str, asked: int, act: Act, or_nothing: bool, counted: limits.Taken | None = None
    ) -> int:
        """So much of an amount of a unit, or of money, as its limits let through; raises `NotApplied` where a cut
        cancels the rule."""
        for limit in self.of(unit):
            after = limits.cut_whole(limit, asked, self.taken if counted is None else counted, act.at)
            if after < asked:
                act.cut("limit", limit)
                if limit.or_nothing or or_nothing:
                    raise NotApplied("limit reached", limit=limit)
            asked = after
        return asked

    def count(self, unit: str, count: int, act: Act, counted: limits.Taken | None = None) -> None:
        """Count what was given or taken."""
        for limit in self.of(unit):
            limits.take_amount(limit, [count], self.taken if counted is None else counted, act.at)

    def of(self, unit: str) -> list[ir.LimitDef]:
        """The limits of a unit or a currency; a limit by days of lines does not reach what has no lines."""
        return [limit for limit in self.by_amount if limit.unit == unit and not limit.scope.by_line]


def meter_of(rule: ir.RuleDef, by_amount: list[ir.LimitDef]) -> Meter:
    """A meter on which nothing is counted yet."""
    taking = [each.unit for each in rule.effects if isinstance(each, ir.AcceptDef | ir.DeductDef | ir.TurnDef)]
    return Meter(by_amount, limits.Taken(), limits.Taken(), frozenset(taking))


How: TypeAlias = Literal["deduct", "turn", "accept", "presented"]


def use(rule: str, unit: str, count: int, found: list[Lot], run: Run) -> Parts:
    """Take units for a rule. Rules that are in no ordered group with it go on seeing them in their stage."""
    parts = lots.take(unit, count, found, run)
    if lots.owed(unit, run) > AMOUNT_MAX:
        raise run.refused("V153", "", rule=rule)
    run.taking.append((rule, unit, count))
    run.unseen[unit] = run.unseen.get(unit, 0) + count
    return parts


def record(act: Act, unit: str, how: How, held_out: bool) -> Taken:
    """What the outcome says that an effect took."""
    taken, parts = (0, ()) if held_out else (act.taken, act.parts)
    return Taken(act.rule, unit, how, act.asked, taken, parts, held_out, act.cut_by)


def saved(run: Run) -> Callable[[], None]:
    """A way back to how the books and the payments are now: `or nothing` forgets a whole rule."""
    books = [_saved(book) for book in (run.book, run.pool)]
    taking, payments, unseen, handed = len(run.taking), len(run.payments), dict(run.unseen), dict(run.handed)

    def back() -> None:
        for undo in books:
            undo()
        del run.taking[taking:], run.payments[payments:]
        run.unseen, run.handed = unseen, handed

    return back


def _saved(book: Book) -> Callable[[], None]:
    """Rules at work take from lots and make debts, and nothing else, until they are done."""
    found, debts, changes = list(book.state.lots), dict(book.state.debts), len(book.changes)

    def back() -> None:
        book.state.lots, book.state.debts = found, debts
        del book.changes[changes:]

    return back
