"""Fields of events, lines and members: from what is written to what the boundary checks.

In: declarations of fields and the context of the check. Out: `ir.FieldDef`s with bounds in minor or scaled units.
Bounds are required wherever numbers could grow without end, since every sum must fit; types of text carry a length
unless said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking.infos import BrokenInfo, TiersInfo, UnitInfo
from rules_engine.values import RATE_DECIMALS_MAX, ValueFault, parse_decimal, parse_rate

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

TEXT_MAX: Final = 256
NUMBER_MAX: Final = 2**53
"""The largest bound of a field: far above any till, and far enough below 2^62 for millions of events."""

SIMPLE: Final = frozenset({"date", "time", "instant", "flag", "member"})
BOUNDED: Final = frozenset({"count", "money", "unit", "codes"})
WIRE_NAMES: Final = frozenset({"event", "lines"})

Kind: TypeAlias = Literal[
    "text", "date", "time", "instant", "flag", "count", "rate", "money", "unit", "choice", "member", "codes", "list",
    "tier",
]  # fmt: skip
BUILT_IN: Final[dict[str, Kind]] = {
    "text": "text", "date": "date", "time": "time", "instant": "instant", "flag": "flag", "count": "count",
    "rate": "rate", "money": "money", "member": "member", "codes": "codes", "tier": "tier",
}  # fmt: skip

ROLE_KINDS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "id": (("text",), "a text"),
    "quantity": (("count",), "a count"),
    "list": (("money",), "money"),
    "list each": (("money",), "money"),
    "was": (("money",), "money"),
    "floor": (("money",), "money"),
    "tax rate": (("rate",), "a rate"),
    "shipping": (("money", "flag"), "money of the event, or a flag of its lines"),
    "shipping tax rate": (("rate",), "a rate"),
    "household": (("text",), "a text"),
}
"""What kinds a field may be of to play a role, and their words."""


def fields_of(declared: tuple[tree.FieldDecl, ...], context: Context) -> tuple[ir.FieldDef, ...]:
    """The fields that can be made out; a second of the same name is reported and left out."""
    made: list[ir.FieldDef] = []
    first: dict[str, tree.Name] = {}
    for each in declared:
        other = first.setdefault(each.name.text, each.name)
        if other is not each.name:
            context.report(
                "N102", each.name, name=other.text, what="fields", labels=context.label(other, "the other one")
            )
        elif (field := field_def(each, context)) is not None:
            made.append(field)
    return tuple(made)


def field_def(declared: tree.FieldDecl, context: Context) -> ir.FieldDef | None:
    """One field, or None where its type cannot be told."""
    if declared.name.text in WIRE_NAMES:
        context.report("M142", declared.name, name=declared.name.text)
    field = _typed(declared.name.text, declared.type, context)
    if field is None:
        return None
    role = declared.role or ""
    if role and field.kind not in ROLE_KINDS[role][0]:
        context.report("M143", declared, name=field.name, role=role, wanted=ROLE_KINDS[role][1])
    field = replace(field, optional=declared.optional, role=role)
    if declared.highs:
        return _in_several(declared, field, context)
    field = _in_its_currency(declared, field, context)
    low, high = _bounds(declared, field, context)
    return replace(field, low=low, high=high)


def _typed(name: str, written: tree.TypeRef, context: Context) -> ir.FieldDef | None:
    """The field by its type alone, bounds left out."""
    if written.list_of is not None:
        item = _typed(name, written.list_of, context)
        return item and ir.FieldDef(name, "list", high=written.list_max or 0, item=_item(item))
    if written.choices:
        return ir.FieldDef(name, "choice", choices=_choices(written.choices, context))
    assert written.name is not None, "a type has a name, choices or items"
    kind = BUILT_IN.get(written.name.text)
    if kind is None:
        return _of_unit(name, written.name, context)
    if kind == "tier":
        return _of_tier(name, written, context)
    if kind == "money":
        return _of_money(name, written, context)
    return ir.FieldDef(name, kind)


def _item(item: ir.FieldDef) -> ir.FieldDef:
    """The items of a list: texts are as long as texts are, numbers as large as fields may be."""
    return replace(item, high=TEXT_MAX if item.kind == "text" else NUMBER_MAX)


def _choices(written: tuple[tree.Name | tree.Text, ...], context: Context) -> tuple[str, ...]:
    values: dict[str, tree.Name | tree.Text] = {}
    for each in written:
        value = each.value if isinstance(each, tree.Text) else each.text
        if values.setdefault(value, each) is not each:
            context.report(
                "N102", each, name=value, what="values", labels=context.label(values[value], "the other one")
            )
    return tuple(values)


def _of_unit(name: str, written: tree.Name, context: Context) -> ir.FieldDef | None:
    unit = context.find(written.text)
    if isinstance(unit, UnitInfo):
        return ir.FieldDef(name, "unit", unit=unit.name, decimals=unit.decimals)
    if isinstance(unit, BrokenInfo):
        context.failed = True
    elif unit is None:
        context.unknown("type or unit", written, (*BUILT_IN, *context.units()))
    else:
        context.report(
            "N104", written, name=written.text, wanted="a type or a unit", labels=context.place(written.text)
        )
    return None


def _of_tier(name: str, written: tree.TypeRef, context: Context) -> ir.FieldDef | None:
    tiers = context.tiers()
    if isinstance(tiers, TiersInfo):
        return ir.FieldDef(name, "tier", choices=tiers.rungs)
    if tiers is None:
        context.report("M144", written)
    return None


def _of_money(name: str, written: tree.TypeRef, context: Context) -> ir.FieldDef:
    """Money of the header's one currency, until a bound says which."""
    context.need("currency", written)
    currencies = context.header().currencies
    only = next(iter(currencies.values())) if len(currencies) == 1 else None
    return ir.FieldDef(name, "money", unit=only.code if only else "", decimals=only.decimals if only else 0)


def _in_several(declared: tree.FieldDecl, field: ir.FieldDef, context: Context) -> ir.FieldDef:
    """A field with a bound in each of several currencies."""
    if field.kind != "money":
        context.report("M149", declared.highs[0], name=field.name, kind=_words(field))
        return field
    if declared.low is not None and not (isinstance(declared.low, tree.Number) and declared.low.text == "0"):
        context.report("M219", declared.low, name=field.name)
    bounds: dict[str, ir.CurrencyBounds] = {}
    for written in (declared.high, *declared.highs):
        made = None if written is None else _one_bound(written, field, context)
        if made is not None and made.currency in bounds:
            context.report("M208", declared, name=field.name, currency=made.currency)
        elif made is not None:
            bounds[made.currency] = made
    found = tuple(sorted(bounds.values(), key=lambda each: each.currency))
    high = max((each.high for each in found), default=0)
    return replace(field, unit="", decimals=0, high=high, bounds=found)


def _one_bound(written: tree.Expr, field: ir.FieldDef, context: Context) -> ir.CurrencyBounds | None:
    if not isinstance(written, tree.MoneyLit):
        context.report("M149", written, name=field.name, kind="money of a currency, `5_000 GBP`")
        return None
    high = bound_of(written, field, context)
    currency = context.currency(written.currency)
    if high is None or currency is None:
        return None
    if not 0 <= high <= NUMBER_MAX:
        context.report("M146" if high < 0 else "M147", written, name=field.name)
    return ir.CurrencyBounds(currency.code, currency.decimals, 0, high)


# ---- bounds ----


def _bounds(declared: tree.FieldDecl, field: ir.FieldDef, context: Context) -> tuple[int, int]:
    """Low and high in the field's own scale, both included."""
    if field.kind == "list":
        return 0, field.high
    if field.kind in SIMPLE or field.kind in ("choice", "tier"):
        for bound in (declared.low, declared.high):
            if bound is not None:
                context.report("M145", bound, name=field.name, kind=_words(field))
        return 0, 0
    if declared.high is None:
        return 0, _unsaid(declared, field, context)
    high = bound_of(declared.high, field, context)
    low = bound_of(declared.low, field, context) if declared.low is not None else 0
    if low is None or high is None:
        return 0, 0
    if low > high:
        context.report("M146", declared.high, name=field.name)
    elif max(abs(low), abs(high)) > NUMBER_MAX:
        context.report("M147", declared.high, name=field.name)
    return low, high


def _unsaid(declared: tree.FieldDecl, field: ir.FieldDef, context: Context) -> int:
    if field.kind in BOUNDED:
        example = {"count": "1_000", "codes": "10", "unit": "1_000"}.get(field.kind, f"10_000 {field.unit or 'GBP'}")
        fix = context.insert(f"add `up to {example}`", declared.type.span[1] + declared.optional, f" up to {example}")
        context.report("M141", declared, name=field.name, kind=_words(field), fix=fix)
        return 0
    return TEXT_MAX if field.kind == "text" else 10 ** (6 + RATE_DECIMALS_MAX)


def bound_of(written: tree.Expr, field: ir.FieldDef, context: Context) -> int | None:
    """A bound as written, scaled; None after an error."""
    try:
        match written:
            case tree.Number(text=text):
                return _scaled(text, field)
            case tree.Percent(text=text) if field.kind == "rate":
                num, den = parse_rate(f"{text}%")
                return num * 10**RATE_DECIMALS_MAX // den
            case tree.MoneyLit(text=text, currency=code) if field.kind == "money":
                return _in_currency(written, text, code, context)
            case tree.QuantityLit(text=text, unit=name) if field.kind == "unit":
                unit = context.find(name.text)
                if isinstance(unit, UnitInfo) and unit.name == field.unit:
                    return parse_decimal(text, field.decimals)
            case tree.Negate(value=value):
                inner = bound_of(value, field, context)
                return None if inner is None else -inner
            case _:
                pass
    except ValueFault as fault:
        context.report("M148", written, reason=fault.reason)
        return None
    note = "write digits, such as `0` or `500`" if isinstance(written, tree.Path) else ""
    context.report("M149", written, name=field.name, kind=_words(field), note=note)
    return None


def _scaled(text: str, field: ir.FieldDef) -> int:
    match field.kind:
        case "rate":
            num, den = parse_rate(text)
            return num * 10**RATE_DECIMALS_MAX // den
        case "money" if not field.unit:
            raise ValueFault("with several currencies the bound must say which one, `up to 5_000 GBP`")
        case "money" | "unit":
            return parse_decimal(text, field.decimals)
        case _:
            return parse_decimal(text, 0)


def _in_its_currency(declared: tree.FieldDecl, field: ir.FieldDef, context: Context) -> ir.FieldDef:
    """A field of money takes its currency from its bound, where that names one."""
    if field.kind != "money" or not isinstance(declared.high, tree.MoneyLit):
        return field
    currency = context.currency(declared.high.currency)
    return replace(field, unit=currency.code, decimals=currency.decimals) if currency else field


def _in_currency(written: tree.Expr, text: str, code: str, context: Context) -> int | None:
    currency = context.currency(code)
    if currency is None:
        context.unknown_currency(code, written)
        return None
    return parse_decimal(text, currency.decimals)


def _words(field: ir.FieldDef) -> str:
    match field.kind:
        case "unit":
            return field.unit
        case "money":
            return "money"
        case "choice":
            return "one of its values"
        case "count" | "flag" | "date" | "text" | "time" | "rate" | "tier" | "member" | "list":
            return f"a {field.kind}"
        case "instant":
            return "an instant"
        case "codes":
            return "codes"
        case _:
            assert_never(field.kind)
