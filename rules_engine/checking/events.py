"""Events and the member's facts: schemas with their roles.

In: the declarations and the context of the check. Out: `EventInfo` and fields. An event is dated by a day or an
instant, belongs to a member, is identified by a text, and says which of its fields is the price, if it has money at
all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.fields import fields_of
from rules_engine.checking.infos import BrokenInfo, EventInfo, UnitInfo
from rules_engine.checking.roles import PRICES, below_zero, roles, with_role

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


def event_info(declared: tree.EventDecl, context: Context) -> EventInfo:
    """What the event says, its roles checked."""
    fields = fields_of(declared.fields, context)
    lines = _lines(declared.lines, context)
    _collisions(declared, context)
    goods = lines.fields if lines else fields
    price = _price(declared, fields, lines, context)
    roles(declared, fields, lines, context)
    dated = _head(declared.dated_by, fields, ("date", "instant"), "a date or an instant", context)
    owner = _head(declared.owner, fields, ("member",), "a member", context)
    _head(declared.identified_by, fields, ("text",), "a text", context)
    unit = _priced_in(declared, (*fields, *(lines.fields if lines else ())), context)
    currencies = () if unit else _currencies(declared, (*fields, *(lines.fields if lines else ())), context)
    definition = ir.EventDef(
        declared.name.text,
        declared.dated_by.text,
        declared.owner.text,
        declared.identified_by.text,
        fields,
        lines,
        list_field=price.name if price else "",
        list_each=price is not None and price.role == "list each",
        quantity_field=with_role("quantity", goods),
        line_id_field=with_role("id", goods),
        currency=currencies[0] if len(currencies) == 1 else "",
        currencies=currencies,
        was_field=with_role("was", goods),
        floor_field=with_role("floor", goods),
        tax_field=with_role("tax rate", goods),
        shipping_field=with_role("shipping", fields, "money"),
        shipping_flag=with_role("shipping", lines.fields, "flag") if lines else "",
        shipping_tax_field=with_role("shipping tax rate", fields),
        codes_field=next((each.name for each in fields if each.kind == "codes"), ""),
        priced_by_offers=declared.priced_by_offers,
        returnable=declared.returnable,
        priced_unit=unit,
    )
    if definition.tax_field or definition.shipping_field or definition.shipping_flag or definition.floor_field:
        below = below_zero(definition)
        if below:
            context.report("M199", declared.name, name=declared.name.text, field=below)
    return EventInfo(
        declared.name.text,
        definition,
        owner is not None and owner.optional,
        dated is not None and dated.kind == "instant",
        declared.priced_by_offers,
        unit,
    )


def _lines(declared: tree.LinesDecl | None, context: Context) -> ir.LinesDef | None:
    if declared is None:
        return None
    if not 0 <= declared.low <= declared.high or declared.high == 0:
        context.report("M150", declared)
    elif declared.high > 10_000:
        context.report("M151", declared)
    return ir.LinesDef(declared.low, declared.high, fields_of(declared.fields, context))


def _head(
    name: tree.Name, fields: tuple[ir.FieldDef, ...], kinds: tuple[str, ...], wanted: str, context: Context
) -> ir.FieldDef | None:
    """The field that the event's head names, of one of these kinds; only the owner may be missing from an event."""
    found = next((each for each in fields if each.name == name.text), None)
    if found is None:
        if not context.failed:
            context.unknown("field of the event", name, [each.name for each in fields])
        return None
    if found.kind not in kinds:
        context.report("M152", name, name=name.text, wanted=wanted, kind=found.kind)
    elif found.optional and found.kind != "member":
        context.report("M153", name, name=name.text)
    return found


def _price(
    declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], lines: ir.LinesDef | None, context: Context
) -> ir.FieldDef | None:
    """The one field with the price of the goods, if the event has money."""
    inner = lines.fields if lines else ()
    prices = [each for each in (*fields, *inner) if each.role in PRICES]
    if declared.priced_by_offers:
        for each in prices:
            context.report("M201", declared.name, name=declared.name.text, field=each.name)
        return None
    if len(prices) > 1:
        context.report("M156", declared.name, name=declared.name.text, fields=_listed(prices))
    has_money = any(each.kind == "money" for each in (*fields, *inner))
    if not prices and has_money and not context.failed:
        context.report("M154", declared.name, name=declared.name.text)
    for each in prices:
        if lines is not None and each in fields:
            context.report("M157", declared.name, field=each.name, role=each.role)
        if each.optional:
            context.report("M153", declared.name, name=each.name)
    return prices[0] if prices else None


IN_MONEY = ("was", "floor", "tax rate", "shipping", "shipping tax rate")
"""Roles that say something of a price in money."""


def _priced_in(declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], context: Context) -> str:
    """The unit that the event is priced in; empty where it is priced in money. Its amounts round as the unit does."""
    name = declared.priced_in
    if name is None:
        return ""
    unit = context.find(name.text)
    if not isinstance(unit, UnitInfo):
        if isinstance(unit, BrokenInfo):
            context.failed = True
        elif unit is None:
            context.unknown("unit", name, context.units())
        else:
            context.report("N104", name, name=name.text, wanted="a unit", labels=context.place(name.text))
        return ""
    if unit.rounding is None:
        context.report("M278", name, unit=unit.name, name=declared.name.text, labels=context.place(unit.name))
    for each in fields:
        if each.role in IN_MONEY:
            context.report(
                "M279", declared.name, name=declared.name.text, field=each.name, role=each.role, unit=unit.name
            )
    return unit.name


def _listed(fields: list[ir.FieldDef]) -> str:
    return " and ".join(f"`{each.name}`" for each in fields)


def _currencies(declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], context: Context) -> tuple[str, ...]:
    """The currencies that the event may come in; all of its money is in the one that it comes in."""
    money = [each for each in fields if each.kind == "money" and (each.unit or each.bounds)]
    kinds = {each.name: tuple(bound.currency for bound in each.bounds) or (each.unit,) for each in money}
    if len(set(kinds.values())) > 1:
        _mixed(declared, kinds, context)
    if money:
        return next(iter(kinds.values()))
    only = tuple(context.header().currencies)
    if declared.priced_by_offers and len(only) == 1:
        return only
    if declared.priced_by_offers:
        context.report("M202", declared.name, name=declared.name.text)
    return ()


def _mixed(declared: tree.EventDecl, kinds: dict[str, tuple[str, ...]], context: Context) -> None:
    """Fields of different currencies: of one each, or some of several."""
    if all(len(each) == 1 for each in kinds.values()):
        codes = sorted({code for each in kinds.values() for code in each})
        context.report("M158", declared.name, name=declared.name.text, currencies=", ".join(codes))
        return
    (first, codes_of_first), *others = kinds.items()
    second = next(name for name, codes in others if codes != codes_of_first)
    shown = [" or ".join(each) for each in (codes_of_first, kinds[second])]
    context.report("M207", declared.name, first=first, kinds=shown[0], second=second, others=shown[1])


def _collisions(declared: tree.EventDecl, context: Context) -> None:
    """A name means one thing: a line's field, an event's field and a declared name do not share it."""
    outer = {each.name.text: each for each in declared.fields}
    for each in declared.lines.fields if declared.lines else ():
        if each.name.text in outer:
            other = outer[each.name.text].name
            labels = context.label(other, "the event's field")
            context.report("N103", each.name, name=other.text, what="a field of the event", labels=labels)
