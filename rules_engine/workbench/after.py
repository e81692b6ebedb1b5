"""A step of a test that was taken, how something came out otherwise, and the words for both."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rules_engine import tree
from rules_engine.backends import Evaluation
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award, TierChange
from rules_engine.returns import Return
from rules_engine.state import Change, State
from rules_engine.values import format_decimal
from rules_engine.workbench.engine import Engine


class After(msgspec.Struct, frozen=True):
    """A step that was taken: what it gave and changed, and the member on its day. Of a step that moved time there is no
    event; of a return `back` says what came of it, and `event` is the one that is returned from."""

    engine: Engine
    event: Event | None
    day: int
    tiers: tuple[TierChange, ...]
    changes: tuple[Change, ...]
    facts: Facts
    state: State
    found: Evaluation | None = None
    back: Return | None = None
    fate: Callable[[str], str] = lambda _: ""
    """Why an offer did not act, by its key, in the words of the trace."""

    @property
    def awards(self) -> tuple[Award, ...]:
        """What the step gave."""
        return self.found.awards if self.found is not None and self.back is None else ()


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
