"""Units that were spent and are taken off a refund: each must be worth something in the money that is refunded.

In: all checked declarations and the symbols. Out: findings. The worth is the one that returns ask for, so that none of
them has to be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.infos import EventInfo
from rules_engine.checking.rules import units_of
from rules_engine.diagnostics import Diagnostic, Fix, Label
from rules_engine.worth import worth_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Symbols


def units_off_refunds(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """Each rule that takes spent units off the refund although nothing says what one is worth."""
    asked = [one for one in ones if isinstance(one.core, ir.RuleDef) and one.core.on_return is not None]
    if not asked or any(
        one.core is None and isinstance(one.entry.home, (tree.RuleDecl, tree.UnitDecl)) for one in ones
    ):
        return  # what does not check may be what accepts the unit
    rules = [one.core for one in ones if isinstance(one.core, ir.RuleDef)]
    units = {one.core.name: one.core for one in ones if isinstance(one.core, ir.UnitDef)}
    head = next((one for one in ones if isinstance(one.entry.home, tree.Program)), None)
    for one in asked:
        if isinstance(one.core, ir.RuleDef) and (found := _worthless(one.core, rules, units, symbols)):
            yield _finding(one, *found, head, symbols)


def _worthless(
    rule: ir.RuleDef, rules: list[ir.RuleDef], units: dict[str, ir.UnitDef], symbols: Symbols
) -> tuple[ir.UnitDef, str] | None:
    """The first unit that a rule gives on what can be returned and that is worth nothing there, and the money."""
    if rule.on_return is None or rule.on_return.shortfall != "off refund":
        return None
    given = [units[name] for each in rule.effects for name in _given(each)]
    known = list(symbols.header.currencies.values())
    for name in rule.events:
        event = symbols.events.get(name)
        if not isinstance(event, EventInfo) or not event.definition.returnable:
            continue
        for money in _paid_in(event.definition):
            for unit in given:
                if worth_by(money, unit, rules, known) is None:
                    return unit, money
    return None


def _given(effect: ir.ActDef) -> tuple[str, ...]:
    """What a rule gives can be spent; what a turn took comes back and cannot."""
    match effect:
        case ir.GiveDef():
            return units_of(effect)
        case ir.TurnDef():
            return units_of(effect)[1:]
        case _:
            return ()


def _paid_in(event: ir.EventDef) -> tuple[str, ...]:
    return event.currencies or (event.priced_unit or event.currency,)


def _finding(one: CheckedOne, unit: ir.UnitDef, money: str, head: CheckedOne | None, symbols: Symbols) -> Diagnostic:
    declared = one.entry.declaration
    assert isinstance(declared, tree.RuleDecl)
    name = unit.plural or unit.name
    code = money if money in symbols.header.currencies else next(iter(symbols.header.currencies), "GBP")
    data = {
        "title": declared.title.value,
        "unit": unit.name,
        "money": money or "money",
        "rate": f"1 {code} per 100 {name}",
    }
    own, source = declared.on_return, symbols.files[one.entry.file]
    if own is not None and own.shortfall is not None:
        at = (own.span[1] - len("off refund"), own.span[1])
        return Diagnostic("M285", source, own.span, data, fix=Fix("let the balance go below zero", at, "off balance"))
    said = symbols.header.returns
    there = () if said is None or head is None else (Label(symbols.files[head.entry.file], said.span, "it says so"),)
    return Diagnostic("M285", source, declared.title.span, data, there)
