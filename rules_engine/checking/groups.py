"""Groups of earns or rewards that are limited together, and holdouts.

In: the declarations and the context of the check. Out: `ir.GroupDef`, `ir.HoldoutDef`, or None after an error.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.elaboration import award_has_lines, award_units, condition, env_for
from rules_engine.checking.infos import BrokenInfo, GroupInfo, MatchInfo, RuleInfo
from rules_engine.checking.limits import Owner, limit_defs

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


def group_def(declared: tree.GroupDecl, context: Context) -> ir.GroupDef | None:
    """The group, or None after an error. Whether it names all its members is asked for the whole program."""
    rules = [rule for rule in (_rule(each, context) for each in declared.policy.order) if rule is not None]
    limits = tuple(each for each in declared.clauses if isinstance(each, tree.Limit))
    _not_evaluated(declared, rules, context)
    if context.failed:
        return None
    if not declared.policy.order:
        context.report("M182", declared.name, name=declared.name.text)
    for limit in limits:
        if limit.or_nothing:
            context.report("M183", limit)
    events = tuple(dict.fromkeys(name for rule in rules for name in rule.events))
    units = frozenset(unit for rule in rules for unit in award_units(rule.node, context)) if rules else None
    lines = all(award_has_lines(rule.node, context) for rule in rules)
    owner = Owner(declared.name.text, units, lines, tuple(rule.node.when for rule in rules))
    made = limit_defs(limits, owner, context, env_for(context, events, "earn"))
    if context.failed:
        return None
    return ir.GroupDef(declared.name.text, tuple(rule.key for rule in rules), made)


def _rule(name: tree.Name | tree.Text | tree.Tag, context: Context) -> RuleInfo | None:
    if isinstance(name, tree.Tag):
        context.not_yet("a tag", name)
        return None
    return known_rule(name, context)


def known_rule(name: tree.Name | tree.Text, context: Context) -> RuleInfo | None:
    """A rule by its title or name; an unknown one is reported."""
    found = context.rule(name)
    match found:
        case RuleInfo():
            return found
        case MatchInfo():
            context.report("N104", name, name=found.title, wanted="an earn or a reward")
        case BrokenInfo():
            context.failed = True
        case None if isinstance(name, tree.Text):
            context.unknown_title(name)
        case None:
            assert isinstance(name, tree.Name)
            _no_rule(name, context)
    return None


def _no_rule(name: tree.Name, context: Context) -> None:
    other = context.find(name.text)
    if other is None:
        context.unknown("rule", name, context.names())
    elif isinstance(other, GroupInfo):
        context.not_yet("a group in the list of another", name)
    else:
        context.report("N104", name, name=name.text, wanted="a rule", labels=context.place(name.text))


def _not_evaluated(declared: tree.GroupDecl, rules: list[RuleInfo], context: Context) -> None:
    policy = declared.policy
    if any(rule.not_yet for rule in rules):
        context.not_yet("a group of offers", declared.name)
    elif policy.choice != "all" or policy.per is not None:
        context.not_yet(f"`{policy.choice}` among earns and rewards", policy)
    elif policy.of_codes or policy.priority is not None:
        context.not_yet("an order by codes or priorities", policy)
    for each in declared.clauses:
        if not isinstance(each, tree.Limit):
            context.not_yet("consent and claims among earns and rewards", each)


def holdout_def(declared: tree.HoldoutDecl, context: Context) -> ir.HoldoutDef | None:
    """The holdout, or None after an error."""
    rules = []
    for name in declared.rules:
        rule = known_rule(name, context)
        if rule is not None and rule.key in rules:
            context.report("M160", name, what=f'"{rule.title}"')
        elif rule is not None:
            rules.append(rule.key)
    where = None
    if declared.where is not None:
        where = condition(declared.where, env_for(context, (), "holdout", owner_known=True))
    share = _share(declared, context) if declared.percent is not None else None
    if context.failed:
        return None
    return ir.HoldoutDef(share, declared.salt.value if declared.salt else "", where, tuple(rules))


def _share(declared: tree.HoldoutDecl, context: Context) -> int:
    """The share in ten-thousandths."""
    assert declared.percent is not None
    share = Fraction(declared.percent.text) * 100
    if share.denominator != 1 or not 0 < share <= 10_000:
        context.report("M184", declared.percent)
    if declared.salt is None or not declared.salt.value:
        context.report("M185", declared.percent)
    return int(share)
