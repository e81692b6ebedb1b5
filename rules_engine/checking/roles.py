"""Roles of an event's fields: where each may stand, and which need one another.

In: an event's declaration and its fields. Out: findings only. Roles of goods stand in the lines, or in the event where
it has none; an amount of shipping and its tax rate stand in the event, a flag that marks shipping in the lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules_engine import ir, tree

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

BASES: Final[dict[str, tuple[str, ...]]] = {
    "list": ("list", "list each"),
    "was": ("was",),
    "catalogue": (),
    "current": (),
    "net": (),
    "paid": (),
}
"""The words for money bases, each with the roles of a field that may be called so."""

HOUSEHOLD: Final = "household"
PRICES: Final = ("list", "list each")
GOODS: Final = ("id", "quantity", "was", "floor", "tax rate")
NEEDED: Final = ("quantity", "tax rate", "shipping tax rate")
"""Roles of fields that every event has: their absence would be neither zero, nor one, nor false. Without an amount of
shipping there is none to pay."""


def with_role(role: str, fields: tuple[ir.FieldDef, ...], kind: str = "") -> str:
    """The name of the field of a role, of one kind if said; empty where there is none."""
    return next((each.name for each in fields if each.role == role and kind in ("", each.kind)), "")


def below_zero(event: ir.EventDef) -> str:
    """The field of an event's prices or pieces that may be below zero; empty if there is none."""
    priced = (event.list_field, event.was_field, event.floor_field, event.quantity_field, event.shipping_field)
    fields = (*event.fields, *(event.lines.fields if event.lines else ()))
    return next((each.name for each in fields if each.name in priced and each.low < 0), "")


def roles(
    declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], lines: ir.LinesDef | None, context: Context
) -> None:
    """Report roles that stand twice, in a wrong place, or without what they go with."""
    inner = lines.fields if lines else ()
    _no_role_twice(declared, context)
    written = {each.name.text: each for each in (*declared.fields, *(declared.lines.fields if declared.lines else ()))}
    for name, field in written.items():
        if name in BASES and field.role not in BASES[name]:
            context.report("N222", field.name, name=name)
    for each in fields:
        _of_the_event(each, written[each.name], lines is not None, context)
    for each in inner:
        _of_a_line(each, written[each.name], context)
    _together(declared, fields, inner if lines else fields, context)
    _codes(declared, fields, inner, context)


def roles_of_facts(declared: tree.MemberDecl, fields: tuple[ir.FieldDef, ...], context: Context) -> None:
    """The one role of a fact is to name the member's household."""
    first: tree.FieldDecl | None = None
    known = {each.name for each in fields}
    for each in declared.fields:
        if each.role is None or each.name.text not in known:
            continue
        if each.role != HOUSEHOLD:
            mend = "it belongs to an event; a fact can be `as household`"
            context.report("M200", each, field=each.name.text, role=each.role, where="of a member", mend=mend)
        elif first is not None:
            context.report("M159", each, role=each.role, labels=context.label(first, "the first one"))
        else:
            first = each


def _no_role_twice(declared: tree.EventDecl, context: Context) -> None:
    first: dict[str, tree.FieldDecl] = {}
    inner = declared.lines.fields if declared.lines else ()
    for each in (*declared.fields, *inner):
        if each.role is None or each.role in PRICES:
            continue
        other = first.setdefault(each.role, each)
        if other is not each:
            context.report("M159", each, role=each.role, labels=context.label(other, "the first one"))


def _of_the_event(field: ir.FieldDef, written: tree.FieldDecl, has_lines: bool, context: Context) -> None:
    """A role on a field of the event."""
    _no_household(field, written, "of an event", context)
    if field.role in GOODS and has_lines:
        context.report("M157", written, field=field.name, role=field.role)
    if field.role == "shipping" and field.kind == "flag":
        mend = "mark lines as shipping by a flag of the lines, or write the amount: `money up to 100 GBP as shipping`"
        context.report("M200", written, field=field.name, role=field.role, where="of the whole event", mend=mend)
    _always_there(field, written, context)


def _of_a_line(field: ir.FieldDef, written: tree.FieldDecl, context: Context) -> None:
    """A role on a field of the lines."""
    _no_household(field, written, "of a line", context)
    if field.role == "shipping" and field.kind == "money":
        mend = "an amount of shipping stands in the event, before `lines`; a line of shipping is marked by a flag"
        context.report("M200", written, field=field.name, role=field.role, where="of a line", mend=mend)
    if field.role == "shipping tax rate":
        mend = "it stands in the event, beside `as shipping`; lines of shipping have their `as tax rate`"
        context.report("M200", written, field=field.name, role=field.role, where="of a line", mend=mend)
    _always_there(field, written, context)


def _no_household(field: ir.FieldDef, written: tree.FieldDecl, where: str, context: Context) -> None:
    if field.role == HOUSEHOLD:
        mend = "a household is a fact of the member: write `household: text? as household` in `member`"
        context.report("M200", written, field=field.name, role=field.role, where=where, mend=mend)


def _always_there(field: ir.FieldDef, written: tree.FieldDecl, context: Context) -> None:
    if field.optional and (field.role in NEEDED or (field.role == "shipping" and field.kind == "flag")):
        context.report("M153", written, name=field.name)


def _together(
    declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], goods: tuple[ir.FieldDef, ...], context: Context
) -> None:
    """Tax of goods and of shipping are both known or neither is; what stands beside a price needs one."""
    name, currency = declared.name.text, next(iter(context.header().currencies), "GBP")
    shipping, tax = with_role("shipping", fields, "money"), with_role("tax rate", goods)
    rate = with_role("shipping tax rate", fields)
    if rate and not shipping:
        context.report("M204", declared.name, name=name, field=rate, currency=currency)
    elif rate and not tax:
        context.report("M203", declared.name, name=name, one="shipping", other="goods", example="tax: rate as tax rate")
    elif tax and shipping and not rate:
        example = "shipping_tax: rate as shipping tax rate"
        context.report("M203", declared.name, name=name, one="goods", other="shipping", example=example)
    priced = declared.priced_by_offers or any(each.role in PRICES for each in (*fields, *goods))
    for role in ("was", "floor", "tax rate"):
        beside = with_role(role, goods)
        if beside and not priced and not context.failed:
            context.report("M209", declared.name, name=name, field=beside, role=role)
    if tax or rate:
        context.need("prices", declared.name)
        context.need("tax", declared.name)
    if declared.returnable and declared.lines is not None and not with_role("id", goods) and not context.failed:
        context.report("M205", declared.name, name=name)


def _codes(
    declared: tree.EventDecl, fields: tuple[ir.FieldDef, ...], inner: tuple[ir.FieldDef, ...], context: Context
) -> None:
    """The codes that come with an event stand once, in the event."""
    found = [each for each in (*fields, *inner) if each.kind == "codes"]
    if len(found) > 1:
        listed = " and ".join(f"`{each.name}`" for each in found)
        context.report("M206", declared.name, name=declared.name.text, fields=listed)
    elif found and found[0] in inner:
        mend = "codes come with the whole event: write it before `lines`"
        context.report("M200", declared.name, field=found[0].name, role="codes", where="of a line", mend=mend)
