"""The carrier: what carries money while offers act. Frozen values, so that what was tried can be dropped.

A line of n pieces is n units, numbered from 1. They are kept as runs of equal units, in the order of their places, so
that quantity costs nothing. A `Basket` is everything that offers move: the units of every line, and what acted so far.
A rule takes a basket and gives the next one; to forget a rule is to go on with the basket before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final, TypeAlias, TypeVar

import msgspec

from rules_engine import allocation, ir
from rules_engine.event import FieldValue
from rules_engine.outcome import Charge, Discount, Gift

STAGES: Final[tuple[ir.Stage, ...]] = ("catalogue", "item", "basket", "shipping")
AFTER: Final[dict[str, int]] = {"catalogue": 0, "after item": 1, "after basket": 2, "after shipping": 3}


class Unit(msgspec.Struct, frozen=True):
    """One unit: what it was, lists at (None: no offer priced it yet), may not fall below, and costs now.

    `acting` is what it cost when the rule at work began to act: orders go by it. `after` is what it cost after each
    stage that has ended; `changed` and `claimed` are the keys of the rules that did so to it. `paid` is what is paid of
    it in money, once redeems have acted.
    """

    was: int | None
    list: int | None
    floor: int
    now: int
    acting: int = 0
    after: tuple[int, ...] = ()
    changed: frozenset[str] = frozenset()
    claimed: frozenset[str] = frozenset()
    paid: int | None = None

    @property
    def room(self) -> int:
        """What it costs above its floor."""
        return max(0, self.now - self.floor)

    def base(self, base: ir.Base) -> int:
        """A money base of it. `catalogue` and `after ...` are what it costs now until that stage has ended."""
        match base:
            case "list":
                return self.list or 0
            case "was":
                return (self.list or 0) if self.was is None else self.was
            case "paid":
                return self.now if self.paid is None else self.paid
            case "catalogue" | "after item" | "after basket" | "after shipping":
                return self.after[AFTER[base]] if AFTER[base] < len(self.after) else self.now
            case _:
                return self.now


Runs: TypeAlias = tuple[tuple[int, Unit], ...]
"""The units of a line, as (count, unit)."""


class Place(msgspec.Struct, frozen=True):
    """What stays of a line: its number, its rank in the order of line ids, its fields, whether it is shipping, its rate
    of tax. `own` is the line that the event's shipping field makes: it has no fields and stands last."""

    number: int
    rank: int
    fields: Mapping[str, FieldValue]
    shipping: bool
    own: bool
    rate: Fraction

    def is_of(self, of: ir.LinesOf) -> bool:
        """Whether it is among the goods, the shipping lines, or both."""
        return of == "both" or self.shipping == (of == "shipping")


class Took(msgspec.Struct, frozen=True):
    """What a rule takes of a limit, in an occurrence of the counter; `lines` are those that count there, where a limit
    goes by a day of each line. An amount is taken by one `effect`, by its number as in `Discount.effect`."""

    limit: ir.LimitDef
    counter: str
    occurrence: int
    count: int
    lines: tuple[int, ...] | None = None
    effect: int = 0


class Act(msgspec.Struct, frozen=True):
    """A rule that acted: what it took off, added and used of its limits, and the code that set it off."""

    rule: ir.OfferDef
    discounts: tuple[Discount, ...]
    charges: tuple[Charge, ...] = ()
    gifts: tuple[Gift, ...] = ()
    took: tuple[Took, ...] = ()
    code: str = ""

    @property
    def given(self) -> int:
        """What it took off, over all its effects."""
        return sum(each.given for each in self.discounts)


class Basket(msgspec.Struct, frozen=True):
    """Everything that offers move: the units of each line, and the rules that acted, in their order."""

    lines: tuple[Runs, ...]
    acts: tuple[Act, ...] = ()

    @property
    def cost(self) -> int:
        """What everything costs now."""
        return sum(count * unit.now for runs in self.lines for count, unit in runs)

    @property
    def acting(self) -> Basket:
        """The same, as it stands when a rule begins to act."""
        lines = tuple(
            joined((count, msgspec.structs.replace(unit, acting=unit.now)) for count, unit in runs)
            for runs in self.lines
        )
        return Basket(lines, self.acts)

    def is_changed_by(self, rule: str) -> bool:
        """Whether a rule changed the price of a unit."""
        return any(rule in unit.changed for runs in self.lines for _, unit in runs)


class Piece(msgspec.Struct, frozen=True):
    """Equal units that stand together in a line: `count` of them from the place `start`, counted from 0. Where it is
    part of equal elements, those of the next element stand `step` places further on."""

    line: int
    start: int
    count: int
    unit: Unit
    step: int = 0

    def part(self, start: int, count: int) -> Piece:
        """Some of its units, from one of them on."""
        return Piece(self.line, self.start + start, count, self.unit, self.step)


def pieces_of(line: int, runs: Runs) -> Iterator[Piece]:
    """The units of a line as pieces."""
    start = 0
    for count, unit in runs:
        yield Piece(line, start, count, unit)
        start += count


class Element(msgspec.Struct, frozen=True):
    """What an amount is formed for: a unit, the selected units of a line, a set, all that is selected. Equal elements
    stand together: `pieces` are those of the first, and the others follow by the pieces' steps."""

    pieces: tuple[Piece, ...]
    times: int = 1

    @property
    def now(self) -> int:
        """What one of them costs now."""
        return sum(piece.count * piece.unit.now for piece in self.pieces)

    @property
    def room(self) -> int:
        """What one of them costs above the floors of its units."""
        return sum(piece.count * piece.unit.room for piece in self.pieces)

    def cut(self, times: int) -> tuple[Element, Element]:
        """The first so many of them, and the rest."""
        rest = tuple(msgspec.structs.replace(each, start=each.start + times * each.step) for each in self.pieces)
        return Element(self.pieces, times), Element(rest, self.times - times)


# ---- runs ----

Item = TypeVar("Item")
Other = TypeVar("Other")


def joined(runs: Iterable[tuple[int, Item]]) -> tuple[tuple[int, Item], ...]:
    """Runs with equal neighbours made one, empty ones left out."""
    return tuple(allocation.joined(runs))


def zipped(left: Iterable[tuple[int, Item]], right: Iterable[tuple[int, Other]]) -> Iterator[tuple[int, Item, Other]]:
    """Two rows of runs over the same units, cut where either is."""
    others = iter(right)
    more, other = 0, None
    for count, item in left:
        while count:
            while not more:
                more, other = next(others)
            both = min(count, more)
            yield both, item, other  # type: ignore[misc]
            count, more = count - both, more - both


def within(spans: Iterable[tuple[int, int, int]], size: int) -> tuple[tuple[int, int], ...]:
    """Amounts at some places, as (start, count, amount), made runs over all units of a line of this size."""
    runs: list[tuple[int, int]] = []
    reached = 0
    for start, count, amount in sorted(spans):
        runs += [(start - reached, 0), (count, amount)]
        reached = start + count
    return joined([*runs, (size - reached, 0)])


def size_of(runs: Iterable[tuple[int, object]]) -> int:
    """How many units runs hold."""
    return sum(count for count, _ in runs)
