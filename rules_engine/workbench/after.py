"""A step of a test that was taken, how something came out otherwise, and the words for both."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rules_engine import ir, tree
from rules_engine.event import Event
from rules_engine.outcome import Award, Outcome, Payment, Taken, TierChange
from rules_engine.returns import Return
from rules_engine.state import Change
from rules_engine.values import format_decimal
from rules_engine.workbench.host import Host


class After(msgspec.Struct, frozen=True):
    """A step that was taken: what it gave and changed, and the member `who` on its day. Of a step that moved time there
    is no event, and `passed` is what happened by itself; of a return `back` says what came of it, and `event` is the
    one that is returned from."""

    host: Host
    event: Event | None
    day: int
    who: str | None
    tiers: tuple[TierChange, ...]
    changes: tuple[Change, ...]
    found: Outcome | None = None
    passed: tuple[Outcome, ...] = ()
    back: Return | None = None
    fate: Callable[[str], str] = lambda _: ""
    """Why an offer did not act, by its key, in the words of the trace."""

    @property
    def core(self) -> ir.Program:
        """The program."""
        return self.host.core

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What came out, of the event or by itself; nothing of a return."""
        if self.back is not None:
            return ()
        return self.passed if self.found is None else (self.found,)

    @property
    def awards(self) -> list[Award]:
        """What the step gave; of a return what is taken back, below zero."""
        if self.back is not None:
            return [Award(u.rule, u.unit, -u.amount, -u.amount, to=u.to) for u in self.back.units]
        return [each for outcome in self.outcomes for each in outcome.awards]

    @property
    def taken(self) -> list[Taken]:
        """What the step took; of a return what comes back, below zero."""
        if self.back is not None:
            return [Taken(u.rule, u.unit, u.how, -u.amount, -u.amount) for u in self.back.restored]
        return [each for outcome in self.outcomes for each in outcome.taken]

    @property
    def payments(self) -> list[Payment]:
        """What redeems paid; of a return what is not refunded in money because of them, below zero."""
        if self.back is not None:
            found = zip(self.back.paid, (-each.value for each in self.back.paid), strict=True)
            return [Payment(each.rule, "", 0, 0, value) for each, value in found]
        return [each for outcome in self.outcomes for each in outcome.payments]


class Difference(msgspec.Struct, frozen=True):
    """What came out otherwise; `rule` names the rule to explain, if there is one. `code` is the finding's."""

    what: str
    expected: str
    actual: str
    rule: str = ""
    code: str = "X510"


def grouped(amount: int, decimals: int) -> str:
    """A number with underscores between thousands, as rule files write it."""
    whole, point, part = format_decimal(amount, decimals).partition(".")
    return f"{int(whole):_}{point}{part}" if whole != "-0" else f"-0{point}{part}"


def written(value: tree.Node) -> str:
    """A value as the test writes it."""
    match value:
        case tree.QuantityLit(text=text, unit=unit):
            return f"{text} {unit.text}"
        case tree.MoneyLit(text=text, currency=currency):
            return f"{text} {currency}"
        case tree.Percent(text=text):
            return f"{text}%"
        case tree.Negate(value=inner):
            return f"-{written(inner)}"
        case tree.Number(text=text) | tree.Name(text=text) | tree.Path(text=text) | tree.DateLit(text=text):
            return text
        case _:
            return "something else"
