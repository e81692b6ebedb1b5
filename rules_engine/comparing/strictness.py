"""Which way something moved: a condition that holds more rarely, a number that is larger, dates that are later.

In: two parts in their one form. Out: a word or nothing. It is read off the form, not searched for: `stricter` is said
only where it is so for every event, and nothing where that cannot be seen.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Literal, TypeAlias

from rules_engine import ir
from rules_engine.lowering import meaning

Way: TypeAlias = Literal["same", "stricter", "looser", ""]

_BACK: Final[dict[Way, Way]] = {"same": "same", "stricter": "looser", "looser": "stricter", "": ""}
_ABOVE: Final = (">=", ">")
_BELOW: Final = ("<=", "<")


def way(old: ir.Expr | None, new: ir.Expr | None) -> Way:
    """How a condition changed. None is no condition: it always holds."""
    if old is None or new is None:
        return "same" if old is new else ("stricter" if old is None else "looser")
    if meaning(old) == meaning(new):
        return "same"
    if isinstance(old, ir.Any) or isinstance(new, ir.Any):
        return _parted(_in(old, ir.Any), _in(new, ir.Any), "looser")
    if isinstance(old, ir.All) or isinstance(new, ir.All):
        return _parted(_in(old, ir.All), _in(new, ir.All), "stricter")
    match old, new:
        case ir.Not(value=one), ir.Not(value=other):
            return _BACK[way(one, other)]
        case ir.OneOf(items=few), ir.OneOf(items=many) if meaning(old.value) == meaning(new.value):
            return _held(set(many), set(few))
        case ir.Cmp(), ir.Cmp() if meaning(old.left) == meaning(new.left):
            return _bound(old, new)
        case _:
            return ""


def _in(one: ir.Expr, kind: type[ir.All | ir.Any]) -> dict[bytes, ir.Expr]:
    """The parts of an `and` or an `or`, by what they mean; anything else is its own part."""
    parts = one.parts if isinstance(one, ir.All | ir.Any) and type(one) is kind else (one,)
    return {meaning(each): each for each in parts}


def _parted(old: dict[bytes, ir.Expr], new: dict[bytes, ir.Expr], more: Way) -> Way:
    """Two lists of parts, where more parts make it `more`; of lists that differ in one part, that part decides."""
    gone, come = old.keys() - new.keys(), new.keys() - old.keys()
    if not gone:
        return more
    if not come:
        return _BACK[more]
    if len(gone) == len(come) == 1:
        return way(old[next(iter(gone))], new[next(iter(come))])
    return ""


def _held(new: set[object], old: set[object]) -> Way:
    return "looser" if new > old else "stricter" if new < old else ""


def _bound(old: ir.Cmp, new: ir.Cmp) -> Way:
    """A bound that moved."""
    one, other = number(old.right), number(new.right)
    if one is None or other is None:
        return ""
    for signs, sign in ((_ABOVE, 1), (_BELOW, -1)):
        if old.op in signs and new.op in signs:
            before, after = (sign * one, signs.index(old.op)), (sign * other, signs.index(new.op))
            return "stricter" if after > before else "looser"
    return ""


def number(one: ir.Expr | None) -> Fraction | None:
    """The value of a number; None for anything else."""
    return Fraction(one.num, one.den) if isinstance(one, ir.Num) else None


def percent(old: object, new: object) -> str:
    """By how much the one number changed in which two parts differ: `+20%`; nothing where more than that differs.

    >>> here = ir.Origin(0, 0, 0)
    >>> percent(ir.Num(here, 10), ir.Num(here, 12)), percent(ir.Num(here, 3), ir.Num(here, 2))
    ('+20%', '-33.3%')
    """
    if isinstance(old, ir.LimitDef) and isinstance(new, ir.LimitDef):
        old, new = (ir.Num(each.at, each.amount or each.times or 0) for each in (old, new))
    pairs = list(zip(ir.records(old), ir.records(new), strict=False))
    unlike = [(one, other) for one, other in pairs if isinstance(one, ir.Num) and isinstance(other, ir.Num)]
    moved = [(number(one), number(other)) for one, other in unlike if number(one) != number(other)]
    if len(moved) != 1 or [type(one) for one, _ in pairs] != [type(other) for _, other in pairs]:
        return ""
    ((before, after),) = moved
    if not before or after is None:
        return ""
    tenths = round((after - before) / abs(before) * 1000)
    whole, rest = divmod(abs(tenths), 10)
    return f"{'+' if tenths > 0 else '-'}{whole:,}{f'.{rest}' if rest else ''}%" if tenths else ""


_FROM: Final = (">=", ">")


def days_moved(old: ir.Expr | None, new: ir.Expr | None) -> str:
    """How the dates of a rule moved: `begins 7 days later, ends 3 days earlier`."""
    before, after = _edges(old), _edges(new)
    said = []
    for edge, word in (("from", "begins"), ("until", "ends")):
        one, other = before.get(edge), after.get(edge)
        if one is not None and other is not None and one != other:
            by = abs(other - one)
            said.append(f"{word} {by:,} day{'s' * (by != 1)} {'later' if other > one else 'earlier'}")
    return ", ".join(said)


def _edges(dates: ir.Expr | None) -> dict[str, int]:
    """The first and the last day of `from ... until ...`, where they are days."""
    parts = dates.parts if isinstance(dates, ir.All) else (dates,)
    found: dict[str, int] = {}
    for each in parts:
        if isinstance(each, ir.Cmp) and isinstance(each.left, ir.Today) and isinstance(each.right, ir.Num):
            found["from" if each.op in _FROM else "until"] = each.right.num
    return found
