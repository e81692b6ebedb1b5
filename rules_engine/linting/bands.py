"""Bands for lints: rules that are alike but for the stretch of one number for which each acts.

In: a view. Out: for each number that rules compare with constants, the `Band`s of the rules that ask the same of
everything else, on the same events and days.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Final, Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.linting.dates import conjuncts
from rules_engine.linting.view import Rule, View
from rules_engine.lowering import meaning
from rules_engine.source import Span

Op: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
FLIPPED: Final[dict[Op, Op]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


class Bound(msgspec.Struct, frozen=True):
    """One end of a band, as the rule file writes it."""

    number: Fraction
    included: bool
    words: str
    money: bool
    span: Span


class Band(msgspec.Struct, frozen=True):
    """A rule, and the numbers for which it acts."""

    rule: Rule
    low: Bound | None
    high: Bound | None

    def holds(self, number: Fraction) -> bool:
        """Whether the rule acts for a number."""
        if self.low is not None and not (number > self.low.number or (self.low.included and number == self.low.number)):
            return False
        if self.high is None:
            return True
        return number < self.high.number or (self.high.included and number == self.high.number)


def bands(view: View) -> list[list[Band]]:
    """The bands of rules that go side by side, two or more each."""
    found: dict[object, list[Band]] = defaultdict(list)
    for rule in view.rules:
        tests = [(part, _test(part, view)) for part in conjuncts(rule.core.when)]
        for read in dict.fromkeys(test[0] for _, test in tests if test is not None):
            mine = [test[1:] for _, test in tests if test is not None and test[0] == read]
            rest = frozenset(meaning(part) for part, test in tests if test is None or test[0] != read)
            alike = read, rest, rule.node.kind, rule.core.events, rule.core.group, meaning(rule.core.dates)
            band = _band(rule, mine)
            if band is not None:
                found[alike].append(band)
    return [each for each in found.values() if len(each) > 1]


def _test(part: ir.Expr, view: View) -> tuple[bytes, Op, Bound] | None:
    """What a comparison with a constant compares, how, and with what."""
    match part:
        case ir.Cmp(op=op, left=read, right=ir.Num() as number):
            pass
        case ir.Cmp(op=turned, left=ir.Num() as number, right=read):
            op = FLIPPED[turned]
        case _:
            return None
    if isinstance(read, (ir.Num, ir.Today, ir.Now, ir.TierRead)) or op == "!=":
        return None
    words = view.words(number.at)
    money = words[-3:].isalpha() and words[-3:].isupper()
    span = (part.at.start, part.at.end)
    return meaning(read), op, Bound(Fraction(number.num, number.den), "=" in op, words, money, span)


def _band(rule: Rule, tests: list[tuple[Op, Bound]]) -> Band | None:
    """The numbers that pass all tests; None where there are two bounds on one side."""
    lows = [bound for op, bound in tests if op in (">", ">=", "=")]
    highs = [bound for op, bound in tests if op in ("<", "<=", "=")]
    if len(lows) > 1 or len(highs) > 1:
        return None
    return Band(rule, lows[0] if lows else None, highs[0] if highs else None)
