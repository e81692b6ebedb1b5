"""The order of offers: how the members of a stage or a group are asked, as the text says.

In: a policy (a row of `stacking`, or a group's) and its members. Out: `Arranged`: the `ir.PolicyDef` with all members
in order, and which of them the text leaves without an order between them. Whether that matters, because they can meet,
is asked in `overlaps`. Members of one rank stand in the order of their keys, so that moving a rule within the text
changes nothing. A stage without a row lets all its offers act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from rules_engine import ir, tree
from rules_engine.checking.consents import excludes_all, is_offer, unnamed
from rules_engine.checking.context import Context
from rules_engine.checking.infos import GroupInfo, RuleInfo
from rules_engine.spelling import normal_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules_engine.checking.checker import Checked
    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Symbols

StageName: TypeAlias = Literal["catalogue", "item", "basket", "shipping", "tender"]
"""The stages in which rules are ordered; redeems act in the tender stage."""

STAGES: tuple[ir.Stage, ...] = ("catalogue", "item", "basket", "shipping")


class Element(msgspec.Struct, frozen=True):
    """A member of a stage or a group: a rule, or a whole group with its rules. `key` is what `ir.PolicyDef.order` calls
    it, `words` what messages do."""

    key: str
    words: str
    rules: tuple[RuleInfo, ...]


Rank: TypeAlias = tuple[int, ...]


class Arranged(msgspec.Struct, frozen=True):
    """Members in order, each with the rank that the text gives it; two of one rank have no order between them, and
    stand here in the order of the text."""

    policy: ir.PolicyDef
    elements: tuple[Element, ...]
    ranks: dict[str, Rank]
    how: Literal["list", "priority", "codes", ""]
    stage: StageName
    group: str = ""
    node: tree.Policy | None = None

    def tied(self, one: Element, other: Element) -> bool:
        """Whether the text leaves two members without an order."""
        if self.ranks[one.key] != self.ranks[other.key]:
            return False
        return self.how != "codes" or _one_code(one, other)


def arranged(
    policy: tree.Policy | None,
    elements: Sequence[Element],
    stage: StageName,
    context: Context,
    *,
    group: str = "",
    exclusive_first: bool = False,
) -> Arranged:
    """The members of a stage or a group in their order; what the policy leaves open, or says wrongly, is reported."""
    how: Literal["list", "priority", "codes", ""] = ""
    ranks: dict[str, Rank] = {each.key: (0,) for each in elements}
    choice: Literal["all", "first", "best", "best together"] = "all"
    per: Literal["unit", "line", "basket"] = "basket"
    if policy is not None:
        choice, per = policy.choice, _per(policy, context)
        if policy.order:
            how, ranks = "list", _by_list(policy, elements, stage, group, context)
        elif policy.priority is not None:
            how, ranks = "priority", _by_priority(policy, elements, context)
        elif policy.of_codes:
            how, ranks = "codes", {each.key: (int(_by_code(each)),) for each in elements}
    if exclusive_first:
        ranks = {each.key: (int(not all(map(excludes_all, each.rules))), *ranks[each.key]) for each in elements}
    ordered = tuple(sorted(elements, key=lambda each: ranks[each.key]))
    by_name = sorted(elements, key=lambda each: (ranks[each.key], each.key))
    made = ir.PolicyDef(choice, per, tuple(each.key for each in by_name), how == "codes")
    return Arranged(made, ordered, ranks, how, stage, group, policy)


def _per(policy: tree.Policy, context: Context) -> Literal["unit", "line", "basket"]:
    """What a choice is made for: `first` and `best` say it, `all` and `best together` have no say in it."""
    if policy.choice in ("first", "best") and policy.per is None:
        fix = context.insert("choose once for the basket", policy.span[0] + len(policy.choice), " per basket")
        context.report("M226", policy, choice=policy.choice, fix=fix)
    if policy.per is not None and (
        policy.choice == "all" or (policy.choice == "best together" and policy.per != "basket")
    ):
        context.report("M227", policy, choice=policy.choice, per=policy.per)
    return policy.per or "basket"


# ---- ranks ----


def _by_list(
    policy: tree.Policy, elements: Sequence[Element], stage: StageName, group: str, context: Context
) -> dict[str, Rank]:
    """The place in the list that names all members."""
    ranks: dict[str, Rank] = {}
    there = {each.key for each in elements}
    for place, ref in enumerate(policy.order):
        titled = context.titled(ref.value) if isinstance(ref, tree.Text) else None
        if isinstance(titled, RuleInfo) and titled.key in there and titled.key not in ranks:
            ranks[titled.key] = (place,)
            continue
        for key in _listed(ref, there, stage, group, context):
            if key in ranks and not isinstance(ref, tree.Tag):
                context.report("M160", ref, what=next(each.words for each in elements if each.key == key))
            ranks.setdefault(key, (place,))
    for each in elements:
        if each.key not in ranks:
            ranks[each.key] = (len(policy.order) + len(ranks),)
            _left_out(each, policy, stage, group, context)
    return ranks


def _left_out(element: Element, policy: tree.Policy, stage: StageName, group: str, context: Context) -> None:
    at = policy.order[-1].span[1]
    fix = context.insert(f"add {element.words} to the list", at, f", {element.words.strip('`')}")
    if group:
        context.report("M186", policy, title=element.rules[0].title, group=group, fix=fix)
    else:
        context.report("M228", policy, what=element.words, stage=stage, fix=fix)


def _listed(ref: tree.Ref, there: set[str], stage: StageName, group: str, context: Context) -> tuple[str, ...]:
    """The members, of those that are there, that an entry of a list stands for."""
    if isinstance(ref, tree.Tag):
        found = tuple(rule.key for rule in context.tagged(ref.name.text) if rule.key in there)
        if not found:
            context.report("M229", ref, what=f"tag {ref.name.text}", where=_where(stage, group))
        return found
    declared = context.find(ref.text) if isinstance(ref, tree.Name) else None
    if isinstance(declared, GroupInfo):
        key, words = f"group {declared.name}", f"`{declared.name}`"
    else:
        rule = context.rule(ref)
        if not isinstance(rule, RuleInfo):
            unnamed(ref, context)
            return ()
        key, words = rule.key, f'"{rule.title}"'
    if key in there:
        return (key,)
    if context.matches() is None and isinstance(declared, GroupInfo):
        context.failed = True  # a rule that does not parse may be of that group
        return ()
    if group and not isinstance(declared, GroupInfo):
        context.report("M187", ref, title=words.strip('"'), group=group)
    else:
        context.report("M229", ref, what=words, where=_where(stage, group))
    return ()


def _where(stage: StageName, group: str) -> str:
    return f"`{group}`" if group else f"the {stage} stage"


def _by_priority(policy: tree.Policy, elements: Sequence[Element], context: Context) -> dict[str, Rank]:
    """Priorities, highest or lowest first; a member without one comes last, which is reported."""
    sign = -1 if policy.priority == "highest" else 1
    ranks: dict[str, Rank] = {}
    for place, each in enumerate(elements):
        priority = each.rules[0].node.priority if each.key == each.rules[0].key else None
        if priority is None:
            context.report("M230", policy, what=each.words)
        ranks[each.key] = (1, place) if priority is None else (0, sign * priority)
    return ranks


def _by_code(element: Element) -> bool:
    return element.key == element.rules[0].key and isinstance(element.rules[0].node.trigger, tree.WithCode)


def _one_code(one: Element, other: Element) -> bool:
    """Whether two members have the same place in the order of codes: no code, or the same."""
    left, right = one.rules[0].node.trigger, other.rules[0].node.trigger
    if not (_by_code(one) and _by_code(other)):
        return True
    assert isinstance(left, tree.WithCode)
    assert isinstance(right, tree.WithCode)
    return _code_words(left) == _code_words(right)


def _code_words(trigger: tree.WithCode) -> str:
    return normal_code(trigger.code.value) if isinstance(trigger.code, tree.Text) else f"from {trigger.code.text}"


# ---- stages ----


def members_of_stage(symbols: Symbols, stage: StageName) -> list[Element]:
    """The groups of a stage and its rules in no group, in the order of the text."""
    made: dict[str, list[RuleInfo]] = {}
    for rule in symbols.of_stage(stage):
        group = rule.node.group
        grouped = group is not None and isinstance(symbols.names.get(group.text), GroupInfo)
        made.setdefault(f"group {group.text}" if group is not None and grouped else rule.key, []).append(rule)
    return [_element(key, tuple(rules)) for key, rules in made.items()]


def _element(key: str, rules: tuple[RuleInfo, ...]) -> Element:
    words = f'"{rules[0].title}"' if key == rules[0].key else f"`{key.removeprefix('group ')}`"
    return Element(key, words, rules)


def rules_as_elements(rules: Sequence[RuleInfo]) -> list[Element]:
    """The rules of a group as its members."""
    return [_element(rule.key, (rule,)) for rule in rules if is_offer(rule)]


def arranged_stages(ones: Sequence[CheckedOne], symbols: Symbols) -> tuple[list[Arranged], Context]:
    """All stages that have offers, and what is wrong with the rows of `stacking`."""
    head = next((one for one in ones if isinstance(one.entry.home, tree.Program)), None)
    context = Context(symbols, head.entry.file if head is not None else 0, "the header")
    rows = {row.stage: row.policy for row in reversed(context.header().stacking)}
    made = []
    for stage in STAGES:
        elements = members_of_stage(symbols, stage)
        if elements:
            made.append(arranged(rows.get(stage), elements, stage, context))
    return made, context


def stages_of(checked: Checked) -> tuple[ir.StageDef, ...]:
    """The stages of a checked program that have offers, each with its policy."""
    found, _ = arranged_stages(checked.ones, checked.symbols)
    return tuple(ir.StageDef(each.stage, each.policy) for each in found if each.stage != "tender")
