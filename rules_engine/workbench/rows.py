"""What a scored file says of all its events: sums of money and of units, in words.

In: outcomes, one after the other. Out: lines of text for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from rules_engine import ir
from rules_engine.tables import Rows, Sums


def money_lines(sums: Sums, core: ir.Program) -> Iterator[str]:
    """What offers did over a whole file, what was paid with units and taken of them, for a person: in all, then by
    stage and rule."""
    made = Rows(core)
    charged = {("", *key): amount for key, amount in sums.charged.items()}
    for title, amounts in (("taken off", sums.taken), ("charged", charged)):
        for currency in sorted({key[2] for key in amounts}):
            mine = sorted((_STAGES.index(key[0]), *key) for key in amounts if key[2] == currency)
            total = sum(amount for key, amount in amounts.items() if key[2] == currency)
            yield f"{title}: {made.amount(total, currency)} {currency}"
            for _, stage, rule, _ in mine:
                amount = made.amount(amounts[stage, rule, currency], currency)
                yield f'  {stage}{", " if stage else ""}"{rule}": {amount} {currency}'
    for (rule, sku), count in sorted(sums.gifts.items()):
        yield f'added free: {count} {sku} ("{rule}")'
    paid = ((currency, rule, value) for (rule, currency), value in sums.paid.items())
    yield from _by_rule("paid with units", paid, lambda value, currency: f"{made.amount(value, currency)} {currency}")
    yield from _by_rule("taken", ((unit, rule, count) for (unit, rule), count in sums.used.items()), made.units_of)


def _by_rule(title: str, sums: Iterable[tuple[str, str, int]], shown: Callable[[int, str], str]) -> Iterator[str]:
    """For each currency or unit what all rules took of it, then each of them; `sums` are (of what, rule, amount)."""
    found = sorted(each for each in sums if each[2])
    for of, mine in groupby(found, key=itemgetter(0)):
        rules = tuple(mine)
        yield f"{title}: {shown(sum(amount for _, _, amount in rules), of)}"
        for _, rule, amount in rules:
            yield f'  "{rule}": {shown(amount, of)}'


_STAGES = ("", "catalogue", "item", "basket", "shipping")
