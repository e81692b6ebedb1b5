"""Whether two offers can meet: act on one event so that it matters which of them comes first.

In: two offers, a kind of event that both act on, and what is known of the values that they read. Out: an example, or
None, which is a proof that they never meet.

Two offers meet where one changes what the other changes, or what it measures: a unit of one line for which both
filters hold, or a line that one takes from and the other adds up what it costs at the moment. Where the order matters
for the whole event (the first that acts ends the group, one shuts out the other), it is enough that both can act. In
all cases their dates and conditions must be able to hold together. Of places in a row only `units 2 to 5 of each line`
is looked at: what is the cheapest, or every second one, depends on the basket.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from typing import Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.solving.cover import TooLarge
from rules_engine.solving.domains import Value
from rules_engine.solving.witnesses import Known, witness


class Meeting(msgspec.Struct, frozen=True):
    """An example of an event on which two offers meet: values of its line and of everything else, by what `key_of`
    calls them. Nothing is known where the proof was given up. `asked`: one only asks the price of what the other
    changes."""

    event: str
    values: dict[str, Value] = {}
    asked: bool = False


class Touch(msgspec.Struct, frozen=True):
    """Units that are changed or measured: those of these lines, where all conditions hold. `values` are the values
    that the conditions leave to some fields: where two touches leave a field different ones, no search is needed."""

    of: ir.LinesOf
    where: tuple[ir.Expr, ...]
    values: dict[str, frozenset[Value]]
    span: ir.PickSpan | None = None


class Acting(msgspec.Struct, frozen=True):
    """What of an offer decides whom it meets: when it acts, which units it changes, and of which it asks the price."""

    gates: tuple[ir.Expr, ...]
    changed: tuple[Touch, ...]
    measured: tuple[Touch, ...]


def acting(offer: ir.OfferDef | ir.RuleDef) -> Acting:
    """When and where an offer acts; of an earn, a redeem or a reward only when."""
    if isinstance(offer, ir.RuleDef):
        return Acting(tuple(_lasting(offer.dates, offer.when)), (), ())
    return Acting(tuple(_lasting(offer.dates, offer.when)), tuple(_changed(offer)), tuple(_measured(offer)))


Reach: TypeAlias = Literal["unit", "line", "basket"]
"""Where the order of two offers matters: on a unit that both change, on a line, or wherever both can act."""


def meeting(one: Acting, other: Acting, event: ir.EventDef, reach: Reach, known: Known) -> Meeting | None:
    """An example of two offers that meet on a kind of event."""
    gates = (*one.gates, *other.gates)
    if reach == "basket":
        return _example(gates, event.name, known)
    for left, right in _clashes(one, other):
        if reach == "unit" and _apart(left.span, right.span):
            continue
        for filters in _lines(left, right, event):
            if filters and _example(filters, event.name, known) is None:
                continue
            found = _example((*filters, *gates), event.name, known)
            if found is not None:
                asked = left not in one.changed or right not in other.changed
                return msgspec.structs.replace(found, asked=asked)
    return None


def held(one: Acting) -> dict[str, frozenset[Value]]:
    """The fields of a line, and the values, that everything which an offer changes or measures is held to: two offers
    that are held to different values of one field meet on no line. Nothing where shipping is touched."""
    touched = (*one.changed, *one.measured)
    if not touched or any(each.of != "lines" for each in touched):
        return {}
    first, *rest = [each.values for each in touched]
    fields = [name for name in first if all(name in each for each in rest)]
    return {name: first[name].union(*(each[name] for each in rest)) for name in fields}


def _example(conditions: tuple[ir.Expr, ...], event: str, known: Known) -> Meeting | None:
    try:
        found = witness(conditions, known)
    except TooLarge:
        return Meeting(event)
    return None if found is None else Meeting(event, found.values)


def _clashes(one: Acting, other: Acting) -> Iterator[tuple[Touch, Touch]]:
    """What one changes beside what the other changes or measures."""
    return chain(
        product(one.changed, other.changed), product(one.measured, other.changed), product(one.changed, other.measured)
    )


def _apart(left: ir.PickSpan | None, right: ir.PickSpan | None) -> bool:
    """Whether two spans of units of a line have no unit in common."""
    return left is not None and right is not None and (left.last < right.first or right.last < left.first)


def _differ(left: Touch, right: Touch) -> bool:
    return any(name in right.values and values.isdisjoint(right.values[name]) for name, values in left.values.items())


def _lines(left: Touch, right: Touch, event: ir.EventDef) -> Iterator[tuple[ir.Expr, ...]]:
    """The conditions under which both touch a line: goods, shipping lines, the line of the event's shipping."""
    goods = "shipping" not in (left.of, right.of)
    shipping = "lines" not in (left.of, right.of)
    if (goods or (shipping and event.shipping_flag)) and not _differ(left, right):
        yield (*left.where, *right.where)
    if shipping and event.shipping_field:
        yield ()


# ---- what an offer changes and measures ----


def _changed(offer: ir.OfferDef) -> Iterator[Touch]:
    """The units that an offer's effects change."""
    parts = offer.sets.parts if offer.sets is not None else ()
    for part in parts:
        for effect in part.effects:
            yield _touch("lines", part.where, effect.select.where)
    for each in offer.effects:
        if not isinstance(each, ir.DiscountDef):
            continue
        if each.grain == "total" or not parts:
            pick = each.select.pick
            touch = _touch(each.select.of, each.select.where)
            yield msgspec.structs.replace(touch, span=pick) if isinstance(pick, ir.PickSpan) else touch
        else:
            yield from (_touch(each.select.of, part.where, each.select.where) for part in parts)


def _measured(offer: ir.OfferDef) -> Iterator[Touch]:
    """The units whose price at the moment an offer reads in its conditions and amounts."""
    for node in ir.walk((offer.when, offer.effects, offer.sets)):
        match node:
            case ir.Fold(value=value, where=where, of=of) if reads_current(value) or reads_current(where):
                yield _touch(of, where)
            case ir.Picked(base=base, select=select) if not node.within:
                if base in MOVING or reads_current(select.where) or (base is not None and _by_price(select.pick)):
                    yield _touch(select.of, select.where)
            case _:
                pass


MOVING: frozenset[str | None] = frozenset({"current", "net", "paid"})
"""Bases that offers of the same stage change."""


def reads_current(node: ir.Expr | None) -> bool:
    """Whether an expression measures what units cost at the moment."""
    return any(isinstance(each, (ir.LineMoney, ir.Basis, ir.Picked)) and each.base in MOVING for each in ir.walk(node))


def _by_price(pick: ir.Pick | None) -> bool:
    """Whether what is picked depends on what units cost at the moment."""
    return isinstance(pick, ir.PickSome) and pick.which in ("cheapest", "dearest")


def _lasting(*conditions: ir.Expr | None) -> Iterator[ir.Expr]:
    """The parts of conditions that must all hold, but those that ask what something costs at the moment: what two
    offers ask of it they ask at two moments, so one cannot exclude the other."""
    for condition in conditions:
        for part in condition.parts if isinstance(condition, ir.All) else (condition,):
            if part is not None and not reads_current(part):
                yield part


def _touch(of: ir.LinesOf, *conditions: ir.Expr | None) -> Touch:
    where = tuple(_lasting(*conditions))
    values: dict[str, frozenset[Value]] = {}
    for part in where:
        named = _named(part)
        if named is not None:
            name, found = named
            values[name] = values[name] & found if name in values else found
    return Touch(of, where, values)


def _named(test: ir.Expr) -> tuple[str, frozenset[Value]] | None:
    """The field of the line, and the values, that a test names: `kind is toy`, `brand in ("A", "B")`."""
    match test:
        case ir.Cmp(op="=", left=ir.LineField(name=name), right=ir.Txt(value=text)):
            return name, frozenset({text})
        case ir.OneOf(value=ir.LineField(name=name), items=items):
            return name, frozenset(items)
        case _:
            return None
