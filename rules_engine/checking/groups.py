"""Groups: offers that are chosen among; earns, redeems or rewards that are limited together; and holdouts.

In: the declarations and the context of the check. Out: `ir.OfferGroupDef`, `ir.GroupDef`, `ir.HoldoutDef`, or None
after an error. A group is what its members are.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rules_engine import ir, tree
from rules_engine.checking.consents import OFFERS, consent_of_group, is_offer, warn
from rules_engine.checking.elaboration import Env, award_has_lines, condition, env_for, moved_units
from rules_engine.checking.infos import BrokenInfo, GroupInfo, MatchInfo, RuleInfo
from rules_engine.checking.limits import Owner, limit_defs
from rules_engine.checking.stages import arranged, rules_as_elements

if TYPE_CHECKING:
    from rules_engine.checking.context import Context


def group_def(declared: tree.GroupDecl, context: Context) -> ir.GroupDef | ir.OfferGroupDef | None:
    """The group, or None after an error."""
    members = context.members_of(declared.name.text)
    listed = [context.rule(each) for each in declared.policy.order if isinstance(each, tree.Text)]
    if any(isinstance(each, RuleInfo) and is_offer(each) for each in (*members, *listed)):
        return _offers(declared, members, context)
    if not members and not declared.policy.order:
        if context.matches() is not None:  # else a rule that does not parse may be a member
            warn("M225", declared.name, context, name=declared.name.text)
        return None
    return _awards(declared, members, context)


# ---- offers ----


def _offers(declared: tree.GroupDecl, members: tuple[RuleInfo, ...], context: Context) -> ir.OfferGroupDef | None:
    """A group of offers; None after an error."""
    name = declared.name.text
    kinds = list(dict.fromkeys(rule.kind for rule in members))
    if len(kinds) > 1:
        context.report("M235", declared.name, name=name, kinds=" and ".join(KINDS[kind] for kind in kinds))
    stage: ir.Stage = next((OFFERS[kind] for kind in kinds if kind in OFFERS), "item")
    _once(declared, context)
    first = any(isinstance(each, tree.ExclusiveFirst) for each in declared.clauses)
    order = arranged(declared.policy, rules_as_elements(members), stage, context, group=name, exclusive_first=first)
    limits = tuple(each for each in declared.clauses if isinstance(each, tree.Limit))
    for limit in limits:
        if limit.or_nothing:
            context.report("M183", limit)
    made = limit_defs(limits, _owner(name, members), context, _env(members, stage, context))
    if context.failed:
        return None
    most = next((each.count for each in declared.clauses if isinstance(each, tree.AtMostRules)), None)
    claims = any(isinstance(each, tree.SharesClaims) for each in declared.clauses)
    return ir.OfferGroupDef(name, stage, order.policy, claims, most, made, context.at(declared))


KINDS: dict[tree.RuleKind, str] = {
    "catalogue offer": "catalogue offers",
    "item offer": "item offers",
    "basket offer": "basket offers",
    "shipping offer": "shipping offers",
    "redeem": "redeems",
    "earn": "earns",
    "reward": "rewards",
}


def _once(declared: tree.GroupDecl, context: Context) -> None:
    """Clauses that stand only once, and what they say."""
    seen: set[type[tree.Node]] = set()
    for each in declared.clauses:
        if type(each) in seen and not isinstance(each, tree.Limit):
            context.report("M160", each, what=WORDS[type(each)])
        seen.add(type(each))
        match each:
            case tree.Consent():
                consent_of_group(each, declared.name.text, context)
            case tree.AtMostRules(count=0):
                context.report("M171", each)
            case _:
                pass


WORDS: dict[type[tree.Node], str] = {
    tree.Consent: "`combines with`",
    tree.SharesClaims: "`shares claims`",
    tree.AtMostRules: "`at most ... rules`",
    tree.ExclusiveFirst: "`exclusive ones first`",
}


def _owner(name: str, members: tuple[RuleInfo, ...]) -> Owner:
    sets = all(isinstance(rule.node.loop, tree.EverySet) for rule in members)
    code = all(isinstance(rule.node.trigger, tree.WithCode) for rule in members)
    return Owner(name, None, False, tuple(rule.node.when for rule in members), True, sets, code, True)


def _env(members: tuple[RuleInfo, ...], stage: ir.Stage, context: Context) -> Env:
    """Where the limits of a group stand: on the events of all its members."""
    events = tuple(dict.fromkeys(name for rule in members for name in rule.events))
    return env_for(context, events, "offer", offer=stage)


# ---- earns, redeems and rewards ----


def _awards(declared: tree.GroupDecl, members: tuple[RuleInfo, ...], context: Context) -> ir.GroupDef | None:
    """A group of earns, redeems or rewards. Whether it names all its members is asked for the whole program."""
    rules = [rule for rule in (_rule(each, context) for each in declared.policy.order) if rule is not None]
    if declared.policy.priority is not None:
        rules = _by_priority(declared.policy, members, context)
    limits = tuple(each for each in declared.clauses if isinstance(each, tree.Limit))
    kinds = list(dict.fromkeys(rule.kind for rule in rules))
    _not_evaluated(declared, rules, context)
    choice = _choice(declared.policy, " and ".join(KINDS[each] for each in kinds) or "awards", context)
    if context.failed:
        return None
    if not declared.policy.order and declared.policy.priority is None:
        context.report("M182", declared.name, name=declared.name.text)
    for limit in limits:
        if limit.or_nothing:
            context.report("M183", limit)
    events = tuple(dict.fromkeys(name for rule in rules for name in rule.events))
    units = frozenset(unit for rule in rules for unit in moved_units(rule.node, context)) if rules else None
    lines = all(award_has_lines(rule.node, context) for rule in rules)
    to = {_to(rule.node) for rule in rules}
    guards = tuple(rule.node.when for rule in rules)
    owner = Owner(declared.name.text, units, lines, guards, to=to.pop() if len(to) == 1 else "")
    made = limit_defs(limits, owner, context, env_for(context, events, "redeem" if kinds == ["redeem"] else "earn"))
    if context.failed:
        return None
    return ir.GroupDef(declared.name.text, tuple(rule.key for rule in rules), made, choice)


def _by_priority(policy: tree.Policy, members: tuple[RuleInfo, ...], context: Context) -> list[RuleInfo]:
    """The members by their priorities, each of its own; the order of the text decides nothing."""
    first: dict[int, RuleInfo] = {}
    for rule in members:
        if rule.node.priority is None:
            context.report("M230", policy, what=f'"{rule.title}"')
        elif (other := first.setdefault(rule.node.priority, rule)) is not rule:
            context.report("M287", policy, one=other.title, other=rule.title)
    return [first[each] for each in sorted(first, reverse=policy.priority == "highest")]


def _choice(policy: tree.Policy, kinds: str, context: Context) -> Literal["all", "first"]:
    """All act, in order, or the first that gives or takes something."""
    if policy.choice in ("best", "best together"):
        context.report("M296", policy, choice=policy.choice, kinds=kinds)
    elif policy.choice == "first" and policy.per is None:
        fix = context.insert("choose once for the basket", policy.span[0] + len("first"), " per basket")
        context.report("M226", policy, choice=policy.choice, fix=fix)
    elif policy.per not in (None, "basket"):
        context.report("M296", policy, choice=f"{policy.choice} per {policy.per}", kinds=kinds)
    elif policy.choice == "all" and policy.per is not None:
        context.report("M227", policy, choice=policy.choice, per=policy.per)
    return "first" if policy.choice == "first" else "all"


def _to(node: tree.RuleDecl) -> str:
    """The field that names who a rule gives to, where all it gives goes there."""
    found = set()
    for effect in node.effects:
        if isinstance(effect, (tree.Give, tree.Turn)):
            found.add(next((each.path.text for each in effect.mods if isinstance(each, tree.ToWhom)), ""))
    return found.pop() if len(found) == 1 else ""


def _rule(name: tree.Name | tree.Text | tree.Tag, context: Context) -> RuleInfo | None:
    if isinstance(name, tree.Tag):
        context.never("a tag", "name the rules by their titles", name)
        return None
    return known_rule(name, context)


def known_rule(name: tree.Name | tree.Text, context: Context) -> RuleInfo | None:
    """A rule by its title or name; an unknown one is reported."""
    found = context.rule(name)
    match found:
        case RuleInfo():
            return found
        case MatchInfo():
            context.report("N104", name, name=found.title, wanted="an earn, a reward or an offer")
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
        context.unknown("rule", name, context.names(RuleInfo))
    elif isinstance(other, GroupInfo):
        mend = f"name the rules of `{name.text}` here, and let them compete in this group"
        context.never("a group in the list of another", mend, name)
    else:
        context.report("N104", name, name=name.text, wanted="a rule", labels=context.place(name.text))


def _not_evaluated(declared: tree.GroupDecl, rules: list[RuleInfo], context: Context) -> None:
    policy = declared.policy
    if any(rule.refused for rule in rules):
        context.failed = True  # said at the rule
    elif policy.of_codes:
        context.never("an order of codes", "write `in order` with the titles, or `by priority highest first`", policy)
    for each in declared.clauses:
        if not isinstance(each, tree.Limit):
            what = f"{WORDS[type(each)]} among earns, redeems and rewards"
            context.never(what, "a group of them is served `all in order` or `first per basket in order`", each)


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
