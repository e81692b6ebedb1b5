"""L307: a rule in a `first` group that one before it always shuts out."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.proofs import content, gates, implied
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    held = {key for each in view.core.holdouts for key in each.rules}
    for order in _orders(view):
        rules = [view.by_key[key] for key in order if key in view.by_key]
        for at, rule in enumerate(rules):
            before = next((each for each in rules[:at] if each.key not in held and _shuts(each, rule, view)), None)
            if before is not None:
                label = view.label(before.file, before.node.title.span, "this one always comes first")
                data = {"title": rule.title, "other": before.title}
                yield Found(rule.file, rule.node.title.span, data, (label,))


def _orders(view: View) -> Iterator[tuple[str, ...]]:
    """The orders of which only the first rule that acts does."""
    yield from (group.order for group in view.core.groups if group.choice == "first")
    yield from (group.policy.order for group in view.core.offer_groups if group.policy.choice == "first")
    yield from (stage.policy.order for stage in view.core.stages if stage.policy.choice == "first")
    if view.core.tender_choice == "first":
        yield view.core.tender


def _shuts(one: Rule, other: Rule, view: View) -> bool:
    """Whether one rule acts wherever the other would."""
    first, second = one.core, other.core
    if not set(second.events) <= set(first.events) or view.limits(one) or first.code or first.thing:
        return False
    if not _certain(first, second):
        return False
    known = view.known(second.events)
    return all(implied(gate, gates(second), known) for gate in gates(first))


def _certain(first: ir.RuleDef | ir.OfferDef, second: ir.RuleDef | ir.OfferDef) -> bool:
    """Whether the first gives something wherever its condition holds and the second gives something."""
    match first:
        case ir.OfferDef(sets=None, effects=(ir.DiscountDef(verb="take") as take, *_)):
            free = take.select.where is None or content(take.select) in map(_selected, second.effects)
            return free and take.select.pick is None and _positive(take.value) and not take.or_nothing
        case ir.RuleDef(loop=None, effects=(ir.GiveDef(value=ir.Num(num=num)) as give, *_)):
            return num > 0 and not give.or_nothing and not give.to
        case _:
            return False


def _selected(effect: object) -> str:
    return content(effect.select) if isinstance(effect, ir.DiscountDef) else ""


def _positive(value: ir.Expr) -> bool:
    match value:
        case ir.Num(num=num) | ir.Mul(left=ir.Num(num=num), right=ir.Basis()):
            return num > 0
        case _:
            return isinstance(value, ir.Basis)


LINT = Lint(
    "L307",
    "shadowed-in-first",
    "a rule that one before it always shuts out",
    '"{title}" never acts: "{other}" comes before it and acts wherever it would',
    "put the narrower rule before the wider one",
    "In a group of which the first one acts, a rule behind one with a wider condition is dead. The customer who was promised "
    "the better offer gets the general one.",
    bad="""\
group deal { first per basket in order "Anybody", "Regulars" }

basket offer "Anybody" {
  on        purchase
  automatic
  when      visits >= 1
  take      5% of list off each line
  competes in deal
}

basket offer "Regulars" {
  on        purchase
  automatic
  when      visits >= 10
  take      20% of list off each line
  competes in deal
}
""",
    good="""\
group deal { first per basket in order "Regulars", "Anybody" }

basket offer "Anybody" {
  on        purchase
  automatic
  when      visits >= 1
  take      5% of list off each line
  competes in deal
}

basket offer "Regulars" {
  on        purchase
  automatic
  when      visits >= 10
  take      20% of list off each line
  competes in deal
}
""",
    find=_find,
)
