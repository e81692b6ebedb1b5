"""The order of those who take: redeems in the tender stage, and earns and rewards that take the same unit.

In: all checked declarations and the symbols. Out: the tender stage with its redeems in order, and findings: two redeems
that can both pay for an event need an order, and so do two rules of one stage that can take the same unit on it. An
example of such an event is shown.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal

from rules_engine import ir, tree
from rules_engine.checking.context import Context
from rules_engine.checking.examples import Examples
from rules_engine.checking.infos import RuleInfo
from rules_engine.checking.overlaps import row_fix
from rules_engine.checking.stages import Arranged, arranged, members_of_stage
from rules_engine.diagnostics import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules_engine.checking.checker import Checked
    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Symbols


def takers(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """All findings about the order of redeems, and of earns and rewards that take something."""
    cores = {one.core.key: one.core for one in ones if isinstance(one.core, ir.RuleDef)}
    stage, context = _tender(ones, symbols)
    yield from context.findings
    examples = Examples(symbols)
    if stage is not None:
        yield from _unordered_redeems(stage, ones, cores, examples, symbols)
    taking = [each for each in cores.values() if each.thing is not None or _takes(each)]
    for kind in ("earn", "reward"):
        rules = [each for each in taking if each.kind == kind]
        yield from _unordered_takers(rules, examples, symbols)


# ---- the tender stage ----


def _tender(ones: Sequence[CheckedOne], symbols: Symbols) -> tuple[Arranged | None, Context]:
    """The redeems in their order, and what is wrong with the row of `stacking`."""
    head = next((one for one in ones if isinstance(one.entry.home, tree.Program)), None)
    context = Context(symbols, head.entry.file if head is not None else 0, "the header")
    row = next((each for each in context.header().stacking if each.stage == "tender"), None)
    elements = members_of_stage(symbols, "tender")
    if not elements:
        return None, context
    if row is not None and not _can_choose(row.policy, context):
        return None, context
    return arranged(row.policy if row is not None else None, elements, "tender", context), context


def _can_choose(policy: tree.Policy, context: Context) -> bool:
    """All redeems act, in order, or the first that takes something."""
    if policy.choice in ("best", "best together") or policy.per in ("unit", "line"):
        words = policy.choice + (f" per {policy.per}" if policy.per is not None else "")
        context.report("M296", policy, choice=words, kinds="redeems")
    elif policy.of_codes:
        context.never("an order of codes", "write `in order` with the titles, or `by priority highest first`", policy)
    else:
        return True
    return False


def tender_of(checked: Checked) -> tuple[tuple[str, ...], Literal["all", "first"]]:
    """The redeems of a checked program in their order, and whether all of them act or the first that takes
    something."""
    stage, _ = _tender(checked.ones, checked.symbols)
    if stage is None:
        return (), "all"
    return stage.policy.order, "first" if stage.policy.choice == "first" else "all"


# ---- no order ----


def _unordered_redeems(
    stage: Arranged,
    ones: Sequence[CheckedOne],
    cores: dict[str, ir.RuleDef],
    examples: Examples,
    symbols: Symbols,
) -> Iterator[Diagnostic]:
    """The first two redeems without an order between them that can both pay."""
    for one, other in combinations(stage.elements, 2):
        if not stage.tied(one, other):
            continue
        for left in one.rules:
            for right in other.rules:
                words = _meeting(cores.get(left.key), cores.get(right.key), examples)
                if words is None:
                    continue
                row = "tender: all in order " + ", ".join(each.words.strip("`") for each in stage.elements)
                data = {"one": left.title, "other": right.title, "witness": words, "row": row}
                yield _finding("M290", left, right, data, symbols, _row_fix(row, right, ones, stage))
                return


def _unordered_takers(rules: list[ir.RuleDef], examples: Examples, symbols: Symbols) -> Iterator[Diagnostic]:
    """The first two rules of a stage that can take the same unit, without a group that orders them."""
    taking = [(each, found) for each in rules if (found := units_taken(each))]
    for (one, its), (other, theirs) in combinations(taking, 2):
        shared = sorted(its & theirs)
        if not shared or (one.group and one.group == other.group):
            continue
        words = _meeting(one, other, examples)
        left, right = symbols.titles.get(one.title), symbols.titles.get(other.title)
        if words is None or not isinstance(left, RuleInfo) or not isinstance(right, RuleInfo):
            continue
        name = one.group or other.group or "takers"
        group = f'group {name} {{ all in order "{one.title}", "{other.title}" }}'
        unit = symbols.units[shared[0]].plural or shared[0] if shared[0] in symbols.units else shared[0]
        data = {"one": one.title, "other": other.title, "witness": words, "unit": unit, "group": group}
        yield _finding("M291", left, right, data, symbols, None)
        return


def _takes(rule: ir.RuleDef) -> bool:
    """Whether a rule does something else than give."""
    return any(type(each) is not ir.GiveDef for each in rule.effects)


def units_taken(rule: ir.RuleDef | ir.OfferDef) -> set[str]:
    """The units that a rule takes from the member."""
    found = {rule.thing.unit} if rule.thing is not None else set()
    if isinstance(rule, ir.RuleDef):
        found |= {each.unit for each in rule.effects if isinstance(each, (ir.AcceptDef, ir.DeductDef, ir.TurnDef))}
    return found


def _meeting(one: ir.RuleDef | None, other: ir.RuleDef | None, examples: Examples) -> str | None:
    """An event on which two rules can both act, in words."""
    return None if one is None or other is None else examples.of(one, other, "basket")


def _finding(
    code: str, one: RuleInfo, other: RuleInfo, data: dict[str, str], symbols: Symbols, fix: Fix | None
) -> Diagnostic:
    where, first = symbols.known_place(f'"{other.title}"'), symbols.known_place(f'"{one.title}"')
    label = Label(first.source, first.span, "the other rule")
    return Diagnostic(code, where.source, where.span, data, (label,), fix)


def _row_fix(row: str, rule: RuleInfo, ones: Sequence[CheckedOne], stage: Arranged) -> Fix | None:
    """The row of `stacking` in the header, where that stands in the same file and has none."""
    head = next((one for one in ones if isinstance(one.entry.home, tree.Program)), None)
    if head is None or head.entry.file != rule.file or stage.node is not None:
        return None
    return row_fix(row, head)
