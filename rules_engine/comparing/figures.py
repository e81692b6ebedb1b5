"""Numbers as people read them: amounts of money and units, differences, shares.

In: whole numbers of minor units and of scaled units, and the cores that say how many decimals they have. Out: texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine.comparing.sides import owned
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.values import format_decimal

if TYPE_CHECKING:
    from rules_engine import ir


class Figures:
    """How the units and currencies of two programs are written; where both have one, as the new one does."""

    def __init__(self, old: ir.Program, new: ir.Program) -> None:
        units = {unit.name: unit for core in (old, new) for unit in core.units}
        self.plurals = {name: unit.plural or name for name, unit in units.items()}
        self.scales: dict[str, int] = dict(CURRENCY_DECIMALS)
        self.currencies = {each.code for core in (old, new) for each in core.header.currencies}
        self.scales |= {each.code: each.decimals for core in (old, new) for each in core.header.currencies}
        self.scales |= {name: unit.decimals for name, unit in units.items()}
        self.titles = {each.key: each.title for core in (old, new) for each in owned(core)}

    def named(self) -> dict[str, str]:
        """The units and currencies by all names that they have."""
        units = {name: name for name in self.plurals}
        return (
            {code: code for code in sorted(self.currencies)} | {more: one for one, more in self.plurals.items()} | units
        )

    def decimals(self, of: str) -> int:
        """The decimals of a unit or currency."""
        return self.scales.get(of, 0)

    def number(self, amount: int, of: str) -> str:
        """An amount without its unit, thousands apart.

        >>> Figures(program.core, program.core).number(-123456, "GBP")
        '-1,234.56'
        """
        whole, dot, rest = format_decimal(abs(amount), self.decimals(of)).partition(".")
        return f"{'-' if amount < 0 else ''}{int(whole):,}{dot}{rest}"

    def amount(self, amount: int, of: str) -> str:
        """An amount with its unit.

        >>> figures = Figures(program.core, program.core)
        >>> figures.amount(1, "point"), figures.amount(250, "GBP")
        ('1 point', '2.50 GBP')
        """
        one = amount == 10 ** self.decimals(of)
        return f"{self.number(amount, of)} {of if one else self.plurals.get(of, of)}"

    def by(self, amount: int, of: str) -> str:
        """A difference, with its sign."""
        return f"{'+' if amount > 0 else ''}{self.amount(amount, of)}"

    def title(self, rule: str) -> str:
        """What people call a rule."""
        return self.titles.get(rule, rule)


def share(part: int, whole: int) -> str:
    """A share in percent, cut to one decimal, and never 0 or 100 where it is not.

    >>> share(1, 3), share(0, 5), share(5, 5), share(1, 100_000), share(99_999, 100_000)
    ('33.3%', '0%', '100%', 'under 0.1%', '99.9%')
    """
    if part in (0, whole):
        return "100%" if part else "0%"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}%" if tenths else "under 0.1%"
