"""The words for what changed: what each part of a declaration is called by those who write rules.

In: the core's definitions and the names of their fields. Out: words. A field that has no row here is called by its own
name, so that nothing that changed is ever left out.
"""

from __future__ import annotations

from typing import Final

from rules_engine import ir
from rules_engine.calendar import format_date

WORDS: Final[dict[type, dict[str, str]]] = {
    ir.Header: {
        "currencies": "currencies",
        "zone": "timezone",
        "week_start": "first day of the week",
        "leap_day": "29 February",
        "remainder": "where a remainder goes",
        "split": "how an amount is split",
        "terms_from": "terms from",
        "terms_until": "terms until",
        "tax_rounding": "rounding of tax",
        "tax_per": "tax is rounded per",
    },
    ir.EventDef: {
        "dated_by": "dated by",
        "owner": "member",
        "identified_by": "id",
        "list_field": "price",
        "list_each": "price of each unit",
        "quantity_field": "quantity",
        "was_field": "price before",
        "floor_field": "least price",
        "tax_field": "tax",
        "priced_by_offers": "priced by offers",
        "priced_unit": "priced in",
        "returnable": "can be returned",
        "fields": "field",
        "lines": "",
    },
    ir.LinesDef: {"low": "lines from", "high": "lines up to", "fields": "field"},
    ir.UnitDef: {
        "lives": "lasts",
        "whichever": "whichever is",
        "pending": "pending",
        "use": "used",
        "floor": "least balance",
        "owner": "belongs to",
        "remembers": "remembers",
        "plural": "several are called",
    },
    ir.TrackDef: {
        "kind": "counts",
        "events": "on",
        "where": "where",
        "value": "adds",
        "window": "kept per",
        "line_where": "of lines where",
        "by_key": "by",
        "keys_max": "keys at most",
        "given": "given units",
        "was": "goes on from",
    },
    ir.TiersDef: {
        "from_host": "told by the host",
        "needs": "every tier needs",
        "at_once": "counts at once",
        "life": "lasts",
        "fall": "",
        "review": "judged at the end of",
        "rungs": "tier",
    },
    ir.RungDef: {"ways": "reached"},
    ir.WayDef: {"condition": "when", "life": "lasts", "name": "called", "needs": "needs what every tier needs"},
    ir.FallDef: {"what": "then", "down": "tiers down", "tier": "down to"},
    ir.RuleDef: {
        "title": "called",
        "events": "on",
        "dates": "dates",
        "when": "when",
        "loop": "for each",
        "effects": "effect",
        "limits": "limit",
        "group": "in group",
        "says": "says",
        "thing": "presented",
        "on_return": "on return",
        "code": "code",
        "was": "goes on from",
    },
    ir.OfferDef: {
        "title": "called",
        "events": "on",
        "dates": "dates",
        "when": "when",
        "sets": "sets",
        "effects": "effect",
        "limits": "limit",
        "group": "in group",
        "consent": "combines with",
        "says": "says",
        "thing": "presented",
        "on_return": "on return",
        "code": "code",
        "was": "goes on from",
    },
    ir.MatchDef: {
        "title": "called",
        "events": "on",
        "dates": "dates",
        "when": "when",
        "rung": "gives tier",
        "up_to": "up to",
        "trial": "trial",
        "keep": "kept when",
        "life": "lasts",
        "fall": "then",
        "limits": "limit",
        "was": "goes on from",
    },
    ir.HoldoutDef: {"share": "share (hundredths of a percent)", "where": "where", "rules": "kept out of"},
    ir.LimitDef: {"times": "times", "amount": "amount", "scope": "per"},
}
"""What a field is called, by the definition that it stands in."""

EFFECTS: Final[dict[type, str]] = {
    ir.GiveDef: "gives",
    ir.DeductDef: "deducts",
    ir.TurnDef: "turns",
    ir.AcceptDef: "accepts",
    ir.CarryDef: "carries over",
    ir.DiscountDef: "takes off",
    ir.ChargeDef: "charges",
    ir.GiftDef: "adds",
    ir.LimitDef: "limit",
}
"""What stands in a list is called by what it is."""

DERIVED: Final[dict[type, frozenset[str]]] = {
    ir.GiveDef: frozenset(("shares",)),
    ir.RuleDef: frozenset(("reads", "key")),
    ir.OfferDef: frozenset(("reads", "key")),
    ir.MatchDef: frozenset(("key", "facts")),
    ir.TrackDef: frozenset(("key", "name")),
}
"""Fields that follow from others: they are looked at only where nothing else differs."""

CONDITIONS: Final = frozenset(("when", "where", "condition", "needs", "keep"))
"""Fields that hold a condition."""

WHOLE: Final = frozenset(("period", "track", "holdout", "fact"))
"""Declarations so short that they are shown whole."""

_DAYS: Final = frozenset(("terms_from", "terms_until"))
_RUNGS: Final = frozenset(("tier", "up_to"))


def word_of(owner: object, field: str) -> str:
    """What a field of a definition is called."""
    return WORDS.get(type(owner), {}).get(field, field.replace("_", " "))


def value_of(field: str, value: object, core: ir.Program) -> str:
    """A plain value as one reads it.

    >>> value_of("floor", None, program.core), value_of("events", ("visit", "purchase"), program.core)
    ('nothing', 'visit, purchase')
    """
    if value is None or value in ("", ()):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and field in _DAYS:
        return format_date(value)
    if isinstance(value, int) and field in _RUNGS and core.tiers is not None:
        return core.tiers.rungs[value].name
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return str(value)
