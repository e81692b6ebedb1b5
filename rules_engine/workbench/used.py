"""`given "Hello 20" used 3 times`: counters of limits as earlier events would have left them.

In: what a test gives, and whose it is. Out: the counters moved, the member's, the household's and those that all share,
in the occurrence that holds the first step's day. A counter that is kept for each value of something (`per code`) is
that of the code the test names, or of the rule's only code; where it goes by anything else, the test cannot give it.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.spelling import normal_code
from rules_engine.workbench.owned import Keeper
from rules_engine.workbench.results import Failure
from rules_engine.workbench.wire import rule_named

Limited = ir.RuleDef | ir.MatchDef | ir.OfferDef


def give_used(given: tree.GivenUsed, keeper: Keeper) -> None:
    """Move the counters of a rule's limits, and of its group's, by what a test says was used."""
    rule = rule_named(given.rule, keeper.core)
    if rule is None:
        word = given.rule.text if isinstance(given.rule, tree.Name) else given.rule.value
        raise Failure(keeper.find("X516", given.rule, found=word, what="rule"))
    moved = False
    for limit in limits_of(rule, keeper.core):
        used = _used(given, limit, keeper)
        if used is None or not _is_meant(limit, given):
            continue
        key, at = _key(given, rule, limit, keeper), _occurrence(given, limit, keeper)
        if at is not None:
            counters = _counters(limit, keeper).setdefault(key, {})
            counters[at] = counters.get(at, 0) + used
        moved = True
    if not moved:
        what = "times" if given.times is not None else "such an amount"
        person = "" if given.person is None else f' of "{given.person.value}"'
        raise Failure(keeper.find("X513", given, what=f'"{rule.title}" has no limit that counts {what}{person}'))


def _is_meant(limit: ir.LimitDef, given: tree.GivenUsed) -> bool:
    """Limits per another member are moved where the test says of whom; those that all share, where it does not."""
    if limit.owner == "event":
        return False
    if given.person is None:
        return limit.owner != "other"
    return limit.owner != "shared"


def _counters(limit: ir.LimitDef, keeper: Keeper) -> dict[str, dict[int, int]]:
    return keeper.shared.limits if limit.owner == "shared" else keeper.state(limit.owner).limits


def of_member(given: tree.GivenUsed, core: ir.Program) -> bool:
    """Whether what a test says was used was used by its member."""
    rule = rule_named(given.rule, core)
    if rule is None or given.person is not None:
        return False
    return any(limit.owner in ("member", "household") for limit in limits_of(rule, core))


def limits_of(rule: Limited, core: ir.Program) -> tuple[ir.LimitDef, ...]:
    """A rule's limits and those of its group."""
    name = "" if isinstance(rule, ir.MatchDef) else rule.group
    groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
    return (*rule.limits, *next((group.limits for group in groups if name and group.name == name), ()))


def _used(given: tree.GivenUsed, limit: ir.LimitDef, keeper: Keeper) -> int | None:
    """By how much a limit's counter moves; None where the limit counts something else."""
    if given.times is not None:
        return given.times if limit.times is not None else None
    assert given.amount is not None
    return keeper.scaled(given.amount, limit.unit) if limit.amount is not None else None


def _occurrence(given: tree.GivenUsed, limit: ir.LimitDef, keeper: Keeper) -> int | None:
    if limit.scope.by is not None:
        raise Failure(
            keeper.find("X513", given, what="its limit goes by a day of the event; let an event of the test use it")
        )
    return keeper.readings().limit_key(limit)


def _key(given: tree.GivenUsed, rule: Limited, limit: ir.LimitDef, keeper: Keeper) -> str:
    """The name of the counter."""
    if not limit.keys:
        return limit.key
    code = _code(given, rule)
    if code is None or not all(isinstance(key, ir.CodeRead) for key in limit.keys):
        raise Failure(
            keeper.find("X513", given, what="its limit counts for each value of something; say `with code ...`")
        )
    return " ".join([limit.key, *[code] * len(limit.keys)])


def _code(given: tree.GivenUsed, rule: Limited) -> str | None:
    if given.code is not None:
        return normal_code(given.code.value)
    codes = rule.code.texts if isinstance(rule, ir.OfferDef) and rule.code is not None else ()
    return codes[0] if len(codes) == 1 else None
