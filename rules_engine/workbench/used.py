"""`given "Hello 20" used 3 times`: counters of limits as earlier events would have left them.

In: what a test gives, the member and the shared counters. Out: the counters moved, in the occurrence that holds the
first step's day. A counter that is kept for each value of something (`per code`) is that of the code the test names, or
of the rule's only code; where it goes by anything else, the test cannot give it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules_engine import ir, tree
from rules_engine.diagnostics import Diagnostic
from rules_engine.spelling import normal_code
from rules_engine.state import Shared, State
from rules_engine.workbench.results import Failure

Find = Callable[..., Diagnostic]
Occurrence = Callable[[ir.LimitDef], int | None]
"""The occurrence of a limit that holds the first step's day."""
Amount = Callable[[tree.Node, str], int | None]
"""A number as written, in a unit's or a currency's own counting."""
Limited = ir.RuleDef | ir.MatchDef | ir.OfferDef


def give_used(
    given: tree.GivenUsed,
    core: ir.Program,
    state: State,
    shared: Shared,
    occurrence: Occurrence,
    amount: Amount,
    find: Find,
) -> None:
    """Move the counters of a rule's limits, and of its group's, by what a test says was used."""
    rule = _rule(given, core, find)
    moved = False
    for limit in limits_of(rule, core):
        used = _used(given, limit, amount)
        if used is None or limit.owner == "event":
            continue
        key, at = _key(given, rule, limit, find), _occurrence(given, limit, occurrence, find)
        if at is not None:
            counters = (shared.limits if limit.owner == "shared" else state.limits).setdefault(key, {})
            counters[at] = counters.get(at, 0) + used
        moved = True
    if not moved:
        what = "times" if given.times is not None else "such an amount"
        raise Failure(find("X513", given, what=f'"{rule.title}" has no limit that counts {what}'))


def of_member(given: tree.GivenUsed, core: ir.Program) -> bool:
    """Whether what a test says was used was used by its member."""
    rule = next(_rules_named(given.rule, core), None)
    return rule is not None and any(limit.owner == "member" for limit in limits_of(rule, core))


def _rules_named(named: tree.Name | tree.Text, core: ir.Program) -> Iterator[Limited]:
    word = named.text if isinstance(named, tree.Name) else named.value
    rules: tuple[Limited, ...] = (*core.rules, *core.offers, *core.matches)
    yield from (rule for rule in rules if rule.key == word)
    yield from (rule for rule in rules if rule.title == word)


def _rule(given: tree.GivenUsed, core: ir.Program, find: Find) -> Limited:
    for rule in _rules_named(given.rule, core):
        return rule
    named = given.rule
    word = named.text if isinstance(named, tree.Name) else named.value
    raise Failure(find("X516", named, found=word, what="rule"))


def limits_of(rule: Limited, core: ir.Program) -> tuple[ir.LimitDef, ...]:
    """A rule's limits and those of its group."""
    name = "" if isinstance(rule, ir.MatchDef) else rule.group
    groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
    return (*rule.limits, *next((group.limits for group in groups if name and group.name == name), ()))


def _used(given: tree.GivenUsed, limit: ir.LimitDef, amount: Amount) -> int | None:
    """By how much a limit's counter moves; None where the limit counts something else."""
    if given.times is not None:
        return given.times if limit.times is not None else None
    assert given.amount is not None
    return amount(given.amount, limit.unit) if limit.amount is not None else None


def _occurrence(given: tree.GivenUsed, limit: ir.LimitDef, occurrence: Occurrence, find: Find) -> int | None:
    if limit.scope.by is not None:
        raise Failure(find("X513", given, what="its limit goes by a day of the event; let an event of the test use it"))
    return occurrence(limit)


def _key(given: tree.GivenUsed, rule: Limited, limit: ir.LimitDef, find: Find) -> str:
    """The name of the counter."""
    if not limit.keys:
        return limit.key
    code = _code(given, rule)
    if code is None or not all(isinstance(key, ir.CodeRead) for key in limit.keys):
        raise Failure(find("X513", given, what="its limit counts for each value of something; say `with code ...`"))
    return " ".join([limit.key, *[code] * len(limit.keys)])


def _code(given: tree.GivenUsed, rule: Limited) -> str | None:
    if given.code is not None:
        return normal_code(given.code.value)
    codes = rule.code.texts if isinstance(rule, ir.OfferDef) and rule.code is not None else ()
    return codes[0] if len(codes) == 1 else None
