"""Values of a test in the form in which hosts send them, so that tests and real events take the same way in.

In: nodes of a test and the fields they are for. Out: JSON values. A value that does not fit its field is handed on as
it stands: the decoder refuses it, in the words in which it would refuse it from a host.
"""

from __future__ import annotations

from typing import Any

from rules_engine import ir, tree
from rules_engine.calendar import format_instant, local_instant, parse_date, parse_time
from rules_engine.values import ValueFault, format_decimal, parse_decimal

PLACEHOLDERS: dict[str, object] = {
    "text": "?",
    "member": "?",
    "date": "2000-01-01",
    "time": "00:00",
    "instant": "2000-01-01T00:00:00Z",
    "flag": False,
    "rate": "0",
    "codes": [],
    "list": [],
}


def wire(field: ir.FieldDef, value: tree.Node, core: ir.Program) -> Any:
    """The JSON value that a host would send for what the test says."""
    if field.kind in ("list", "codes"):
        items = value.items if isinstance(value, tree.ListOf) else (value,)
        item = field.item or ir.FieldDef(field.name, "text")
        return [wire(item, each, core) for each in items]
    match value:
        case tree.Flag(value=flag):
            return flag
        case tree.Text(value=text):
            return text
        case tree.Number(text=text):
            return int(text) if field.kind in ("count", "money", "unit") and _whole(text) else text
        case tree.Percent(text=text):
            return f"{text}%"
        case tree.MoneyLit(text=text, currency=currency):
            return _counted(field, text, currency, core) if field.kind == "unit" else _money(text, currency)
        case tree.QuantityLit(text=text, unit=unit):
            return _counted(field, text, unit.text, core)
        case tree.InstantLit(text=text):
            return _instant(text, core)
        case tree.DateLit(text=text) | tree.TimeLit(text=text) | tree.Name(text=text) | tree.Path(text=text):
            return text
        case tree.Negate(value=inner):
            return _negative(wire(field, inner, core))
        case tree.TierUntil(tier=tier):
            return tier.text
        case _:
            return None


def _money(text: str, currency: str) -> dict[str, str]:
    return {"amount": text, "currency": currency}


def _counted(field: ir.FieldDef, text: str, word: str, core: ir.Program) -> str:
    """The number of a quantity; with its word where that is another unit, for the decoder to refuse."""
    unit = unit_named(field.unit, core)
    fits = unit is not None and word in (unit.name, unit.plural, unit.currency)
    return text if fits else f"{text} {word}"


def _whole(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _negative(sent: Any) -> Any:
    if isinstance(sent, dict):
        return {**sent, "amount": f"-{sent['amount']}"}
    return -sent if isinstance(sent, int) else f"-{sent}"


def _instant(text: str, core: ir.Program) -> str:
    """A local date and time as an instant with its offset."""
    zone = core.header.zone or "UTC"
    day, _, clock = text.partition(" ")
    try:
        return format_instant(local_instant(parse_date(day), parse_time(clock), zone), zone)
    except ValueFault:
        return text


def placeholder(field: ir.FieldDef, core: ir.Program, currency: str = "") -> Any:
    """A value that the decoder takes, for a field that the test leaves out; nobody reads it. Where money may be of
    several currencies, it is of the event's."""
    if field.kind == "count":
        return max(field.low, min(0, field.high))
    if field.bounds:
        bounds = next((each for each in field.bounds if each.currency == currency), field.bounds[0])
        least = format_decimal(max(bounds.low, min(0, bounds.high)), bounds.decimals)
        return _money(least, bounds.currency)
    if field.kind in ("money", "unit"):
        return _least(field, core)
    if field.kind == "choice":
        return field.choices[0]
    if field.kind == "tier":
        return core.tiers.rungs[0].name if core.tiers is not None else "?"
    return PLACEHOLDERS[field.kind]


def _least(field: ir.FieldDef, core: ir.Program) -> str:
    return format_decimal(max(field.low, min(0, field.high)), decimals_of(field.unit, core))


def decimals_of(unit: str, core: ir.Program) -> int:
    """How many decimals a unit or a currency has; 0 for plain counts."""
    for currency in core.header.currencies:
        if currency.code == unit:
            return currency.decimals
    for each in core.units:
        if unit in (each.name, each.plural):
            return each.decimals
    return 0


def unit_named(word: str, core: ir.Program) -> ir.UnitDef | None:
    """A unit by its name or its plural."""
    return next((unit for unit in core.units if word and word in (unit.name, unit.plural)), None)


Rule = ir.RuleDef | ir.MatchDef | ir.OfferDef


def rule_named(named: tree.Name | tree.Text, core: ir.Program) -> Rule | None:
    """A rule, an offer or a match by its `as` name or its title."""
    word = named.text if isinstance(named, tree.Name) else named.value
    rules: tuple[Rule, ...] = (*core.rules, *core.matches, *core.offers)
    by_key = next((rule for rule in rules if rule.key == word), None)
    return by_key or next((rule for rule in rules if rule.title == word), None)


def scaled(value: tree.Node, unit: str, core: ir.Program) -> int | None:
    """A number as written, in a unit's or a currency's own counting; None where it is another unit, or no number."""
    match value:
        case tree.Negate(value=inner):
            found = scaled(inner, unit, core)
            return None if found is None else -found
        case tree.Number(text=text):
            word = unit
        case tree.MoneyLit(text=text, currency=word):
            pass
        case tree.QuantityLit(text=text, unit=name):
            word = name.text
        case _:
            return None
    named = unit_named(unit, core)
    if word != unit and (named is None or word not in (named.name, named.plural, named.currency)):
        return None
    try:
        return parse_decimal(text, decimals_of(unit, core))
    except ValueFault:
        return None


def plain_value(field: ir.FieldDef, value: tree.Node, core: ir.Program) -> int | str | bool | None:
    """A test's value as it is kept of a field of a plain kind; None where it does not fit."""
    try:
        match field.kind, value:
            case "text" | "member" | "codes", tree.Text(value=text):
                return text
            case "choice", tree.Text(value=text) | tree.Name(text=text) | tree.Path(text=text):
                return text if text in field.choices else None
            case "tier", tree.Name(text=text) | tree.Path(text=text):
                rungs = [rung.name for rung in core.tiers.rungs] if core.tiers is not None else []
                return rungs.index(text) if text in rungs else None
            case "flag", tree.Flag(value=flag):
                return flag
            case "date", tree.DateLit(text=text):
                return parse_date(text)
            case "time", tree.TimeLit(text=text):
                return parse_time(text)
            case "rate", tree.Percent(text=text):
                return parse_decimal(text, _RATE_DECIMALS)
            case "count" | "money" | "unit", _:
                return scaled(value, field.unit, core)
            case _:
                return None
    except ValueFault:
        return None


_RATE_DECIMALS = 7
"""A rate counts billionths, so a percentage has seven decimals."""
