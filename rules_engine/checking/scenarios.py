"""Tests in rule files: their names and values are checked like any other text, so that a test cannot pass by a slip.

In: a `test` declaration and the context of the check. Out: findings only; the workbench runs the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, assert_never

from rules_engine import ir, tree
from rules_engine.checking import owned
from rules_engine.checking.elaboration import award_units, constant, env_for, rung_of
from rules_engine.checking.groups import known_rule
from rules_engine.checking.infos import (
    BrokenInfo,
    EventInfo,
    GroupInfo,
    MatchInfo,
    RuleInfo,
    TiersInfo,
    UnitInfo,
)

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env


def check_test(declared: tree.TestDecl, context: Context) -> None:
    """Everything a test names must exist, and every value must fit."""
    env = env_for(context, (), "life", owner_known=True)
    owned.persons(declared, context)
    for given in declared.given:
        _given(given, env, context)
    for step in declared.steps:
        if isinstance(step.act, tree.EventStep):
            _event(step.act, env, context)
        if isinstance(step.act, tree.ReturnStep) and not any(isinstance(e.act, tree.EventStep) for e in declared.steps):
            context.report("X106", step.act)
        for expected in step.expect:
            _expectation(expected, env, context)
            if isinstance(expected, tree.ExpectRule | tree.ExpectTakes):
                owned.happens(expected, step, context)


def _given(given: tree.Given, env: Env, context: Context) -> None:
    match given:
        case tree.GivenMember():
            for fact in given.facts:
                _fact(fact, env, context)
        case tree.GivenTrack():
            owned.track(given, env, context)
        case tree.GivenBalance():
            owned.balance(given, env, context)
        case tree.GivenUsed():
            _used(given, context)
        case _:
            assert_never(given)


def _used(given: tree.GivenUsed, context: Context) -> None:
    """What was used of a rule's limits must be what one of them counts."""
    found = context.rule(given.rule)
    if isinstance(found, BrokenInfo):
        return
    rule = found if isinstance(found, MatchInfo) else known_rule(given.rule, context)
    if rule is None:
        return
    word = _unit_of(given.amount, context) if given.amount is not None else "times"
    counted = [_counted(each, context) for each in _limits(rule, context)]
    if word and word not in counted and "" not in counted:
        context.report("X107", given, title=rule.title, what=word if word == "times" else f"`{word}`")


def _limits(rule: RuleInfo | MatchInfo, context: Context) -> Iterator[tree.Limit]:
    """The limits of a rule and of its group that count beyond one event."""
    group = rule.node.group if isinstance(rule, RuleInfo) else None
    info = context.find(group.text) if group is not None else None
    clauses = info.node.clauses if isinstance(info, GroupInfo) else ()
    for each in (*rule.node.limits, *clauses):
        if isinstance(each, tree.Limit) and each.scopes:
            yield each


def _counted(limit: tree.Limit, context: Context) -> str:
    """What a limit counts; empty where that is not seen at once."""
    return "times" if limit.amount is None else _unit_of(limit.amount, context)


def _unit_of(amount: tree.Expr, context: Context) -> str:
    """The unit or currency of an amount; money that a unit counts is that unit's."""
    match amount:
        case tree.QuantityLit(unit=name):
            info = context.find(name.text)
            return info.currency or info.name if isinstance(info, UnitInfo) else ""
        case tree.MoneyLit(currency=currency):
            return currency
        case _:
            return ""


def _fact(fact: tree.FieldValue, env: Env, context: Context) -> None:
    if fact.name.text == "tier":
        _tier(fact.value, env, context)
        return
    field = context.member(fact.name.text)
    if field is not None:
        _value(fact.value, field, env)
    elif not context.member_broken:
        context.unknown("fact of the member", fact.name, (*context.members(), "tier"))


def _tier(value: tree.Expr | tree.TierUntil, env: Env, context: Context) -> None:
    match value:
        case tree.TierUntil(tier=name):
            known_tier(name, env, context)
        case tree.Path(parts=(name,)):
            known_tier(name, env, context)
        case _:
            context.report("X101", value)


def known_tier(name: tree.Name, env: Env, context: Context) -> None:
    """Report a tier that the ladder does not have."""
    tiers = context.tiers()
    if isinstance(tiers, TiersInfo):
        rung_of(name, env)
    elif tiers is None:
        context.report("M144", name)


def _value(value: tree.Expr | tree.TierUntil, field: ir.FieldDef, env: Env) -> None:
    if isinstance(value, tree.TierUntil):
        value = tree.Path(value.tier.span, (value.tier,))
    constant(value, field, env)


def _event(step: tree.EventStep, env: Env, context: Context) -> None:
    event = context.event(step.event.text)
    if isinstance(event, BrokenInfo):
        return
    if not isinstance(event, EventInfo):
        _no_event(step.event, context)
        return
    definition = event.definition
    fields = {each.name: each for each in definition.fields}
    _fields(step.fields, fields, env, context)
    lines = {each.name: each for each in definition.lines.fields} if definition.lines else {}
    known = [_column(name, lines, event.name, context) for name in step.columns]
    for row in step.rows:
        for cell, field in zip(row.cells, known, strict=True):
            if cell is not None and field is not None:
                constant(cell, field, env)
            elif field is not None and not field.optional:
                context.report("X103", row, name=field.name)


def _no_event(name: tree.Name, context: Context) -> None:
    if context.find(name.text) is None:
        context.unknown("event", name, context.events())
    else:
        context.report("N104", name, name=name.text, wanted="an event", labels=context.place(name.text))


def _fields(written: tuple[tree.FieldValue, ...], fields: dict[str, ir.FieldDef], env: Env, context: Context) -> None:
    first: dict[str, tree.Name] = {}
    for each in written:
        other = first.setdefault(each.name.text, each.name)
        if other is not each.name:
            context.report("M160", each.name, what=f"`{other.text}`", labels=context.label(other, "the first one"))
        elif each.name.text in fields:
            _value(each.value, fields[each.name.text], env)
        else:
            context.unknown("field of the event", each.name, fields)


def _column(name: tree.Name, lines: dict[str, ir.FieldDef], event: str, context: Context) -> ir.FieldDef | None:
    found = lines.get(name.text)
    if found is None:
        context.unknown(f"field of the lines of `{event}`", name, lines)
    return found


def _expectation(expected: tree.Expectation, env: Env, context: Context) -> None:
    match expected:
        case tree.ExpectRule():
            _awarded(expected, env, context)
        case tree.ExpectTier(tier=name):
            known_tier(name, env, context)
        case tree.ExpectTakes():
            owned.takes(expected, context)
        case tree.ExpectBalance(unit=unit):
            owned.known(unit, "unit", (UnitInfo, BrokenInfo), context)
        case tree.ExpectTrack():
            owned.track(expected, env, context)
        case tree.ExpectPrice() | tree.ExpectLine():
            _money(expected.value, owned.priced_in(context.events(), context), context)
        case tree.ExpectGift() | tree.ExpectCode() | tree.ExpectRefused():
            pass
        case _:
            assert_never(expected)


def _awarded(expected: tree.ExpectRule, env: Env, context: Context) -> None:
    name, value = expected.rule, expected.value
    found = context.rule(name)
    if isinstance(found, MatchInfo) and isinstance(value, tree.Path):
        known_tier(value.parts[0], env, context)
    elif not isinstance(found, (MatchInfo, BrokenInfo)):
        rule = known_rule(name, context)
        if rule is not None and rule.node.kind.endswith("offer"):
            _money(value, owned.priced_in(rule.events, context), context)
        elif rule is not None and rule.node.kind == "redeem" and value is not None:
            owned.paid(value, rule, context)
        elif rule is not None and isinstance(value, tree.QuantityLit):
            owned.given_by(rule, value.unit, context, award_units(rule.node, context))


def _money(value: tree.Expr | None, units: Sequence[str], context: Context) -> None:
    """What an offer takes, and what something costs, is money, a unit in which events are priced, or a bare number."""
    inner = value.value if isinstance(value, tree.Negate) else value
    unit = context.find(inner.unit.text) if isinstance(inner, tree.QuantityLit) else None
    if isinstance(unit, BrokenInfo) or (isinstance(unit, UnitInfo) and unit.name in units):
        return
    if inner is not None and not isinstance(inner, tree.MoneyLit | tree.Number):
        context.report("X105", inner)
