"""Events and the member's facts: schemas with their roles.

In: the declarations and the context of the check. Out: `EventInfo` and fields. An event is dated by a day or an
instant, belongs to a member, is identified by a text, and says which of its fields is the price, if it has money at
all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.fields import fields_of
from rules_engine.checking.infos import EventInfo

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

PRICES = ("list", "list each")


def event_info(declared: tree.EventDecl, context: Context) -> EventInfo:
    """What the event says, its roles checked."""
    fields = fields_of(declared.fields, context)
    lines = _lines(declared.lines, context)
    _collisions(declared, context)
    goods = lines.fields if lines else fields
    price = _price(declared, fields, lines, context)
    _roles(declared, context)
    dated = _head(declared.dated_by, fields, ("date", "instant"), "a date or an instant", context)
    owner = _head(declared.owner, fields, ("member",), "a member", context)
    _head(declared.identified_by, fields, ("text",), "a text", context)
    definition = ir.EventDef(
        declared.name.text,
        declared.dated_by.text,
        declared.owner.text,
        declared.identified_by.text,
        fields,
        lines,
        list_field=price.name if price else "",
        list_each=price is not None and price.role == "list each",
        quantity_field=_with_role("quantity", goods),
        line_id_field=_with_role("id", goods),
        currency=price.unit if price else "",
    )
    return EventInfo(
        declared.name.text,
        definition,
        owner is not None and owner.optional,
        dated is not None and dated.kind == "instant",
        declared.priced_by_offers,
        declared.priced_in.text if declared.priced_in else "",
        "an event priced by offers" if declared.priced_by_offers else "",
    )


def _lines(declared: tree.LinesDecl | None, context: Context) -> ir.LinesDef | None:
    if declared is None:
        return None
    if not 0 <= declared.low <= declared.high or declared.high == 0:
        context.report("M150", declared)
    elif declared.high > 10_000:
        context.report("M151", declared)
    return ir.LinesDef(declared.low, declared.high, fields_of(declared.fields, context))


def _with_role(role: str, fields: tuple[ir.FieldDef, ...]) -> str:
    return next((each.name for each in fields if each.role == role), "")


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
    currencies = {each.unit for each in (*fields, *inner) if each.kind == "money" and each.unit}
    if len(currencies) > 1:
        context.report("M158", declared.name, name=declared.name.text, currencies=", ".join(sorted(currencies)))
    return prices[0] if prices else None


def _listed(fields: list[ir.FieldDef]) -> str:
    return " and ".join(f"`{each.name}`" for each in fields)


def _roles(declared: tree.EventDecl, context: Context) -> None:
    """No role twice; `id` and `quantity` are of lines."""
    first: dict[str, tree.FieldDecl] = {}
    inner = declared.lines.fields if declared.lines else ()
    for each in (*declared.fields, *inner):
        if each.role is None or each.role in PRICES:
            continue
        other = first.setdefault(each.role, each)
        if other is not each:
            context.report("M159", each, role=each.role, labels=context.label(other, "the first one"))
        if each.role in ("id", "quantity") and each in declared.fields and declared.lines is not None:
            context.report("M157", each, field=each.name.text, role=each.role)


def _collisions(declared: tree.EventDecl, context: Context) -> None:
    """A name means one thing: a line's field, an event's field and a declared name do not share it."""
    outer = {each.name.text: each for each in declared.fields}
    for each in declared.lines.fields if declared.lines else ():
        if each.name.text in outer:
            other = outer[each.name.text].name
            labels = context.label(other, "the event's field")
            context.report("N103", each.name, name=other.text, what="a field of the event", labels=labels)
