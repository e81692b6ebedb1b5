"""Whether the order that a text leaves open matters, and other things that take all offers to see.

In: all checked declarations and the symbols. Out: diagnostics. Two offers that can meet need an order between them; an
example of an event on which they meet is shown. `best together` may not have to try too many sets of rules. A threshold
on what goods cost at the moment, in a group that is decided line by line, is doubtful beside an amount that is spread.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, groupby
from typing import TYPE_CHECKING

from rules_engine import ir, solving, tree
from rules_engine.checking.examples import Examples
from rules_engine.checking.infos import RuleInfo
from rules_engine.checking.stages import Arranged, Element, arranged, arranged_stages, rules_as_elements
from rules_engine.diagnostics import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Symbols


def offers_together(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """All findings about offers beside one another."""
    cores = {one.core.key: one.core for one in ones if isinstance(one.core, ir.OfferDef)}
    stages, context = arranged_stages(ones, symbols)
    yield from context.findings
    header = next((one for one in ones if isinstance(one.entry.declaration, tree.Program)), None)
    groups = {one.core.name: one for one in ones if isinstance(one.core, ir.OfferGroupDef)}
    policies = [*stages, *(_of_group(one, symbols) for one in groups.values())]
    examples = Examples(symbols)
    for each in policies:
        core = groups[each.group].core if each.group else None
        assert core is None or isinstance(core, ir.OfferGroupDef)
        yield from _missing_order(each, core, cores, examples, symbols, header)
        yield from _too_many(each, cores, symbols)
        yield from _moving_thresholds(each, cores, symbols)
        yield from _idle_priorities(each, symbols)


def _of_group(one: CheckedOne, symbols: Symbols) -> Arranged:
    """A group's order once more: what is wrong with it was reported where it is declared."""
    from rules_engine.checking.context import Context

    declared = one.entry.declaration
    assert isinstance(declared, tree.GroupDecl)
    assert isinstance(one.core, ir.OfferGroupDef)
    members = rules_as_elements(symbols.members.get(declared.name.text, ()))
    first = any(isinstance(each, tree.ExclusiveFirst) for each in declared.clauses)
    quiet = Context(symbols, one.entry.file)
    quiet.quiet = True
    return arranged(declared.policy, members, one.core.stage, quiet, group=declared.name.text, exclusive_first=first)


# ---- two offers without an order ----


def _missing_order(
    policy: Arranged,
    group: ir.OfferGroupDef | None,
    cores: dict[str, ir.OfferDef],
    examples: Examples,
    symbols: Symbols,
    header: CheckedOne | None,
) -> Iterator[Diagnostic]:
    """The first two members of one rank that can meet, with an example."""
    whole = group is not None and (group.at_most is not None or bool(group.limits))
    for one, other in _of_one_rank(policy, whole, cores, examples):
        found = _meeting(one, other, policy, group, cores, examples)
        if found is not None:
            left, right, words = found
            yield _unordered(policy, left, right, words, symbols, header)
            return


def _of_one_rank(
    policy: Arranged, whole: bool, cores: dict[str, ir.OfferDef], examples: Examples
) -> Iterator[tuple[Element, Element]]:
    """Pairs of members that the text leaves without an order, and that may meet; `whole` where the order matters for
    the whole basket."""
    made = policy.policy
    whole = whole or made.choice == "best together" or (made.choice != "all" and made.per == "basket")
    for _, members in groupby(policy.elements, key=lambda each: policy.ranks[each.key]):
        tied = list(members)
        pairs = combinations(tied, 2) if whole else _perhaps(tied, cores, examples)
        yield from (pair for pair in pairs if policy.tied(*pair))


def _perhaps(
    members: list[Element], cores: dict[str, ir.OfferDef], examples: Examples
) -> Iterator[tuple[Element, Element]]:
    """Pairs of which the second may touch a line that the first touches, in their order. Thousands of offers may
    be held to an article each: only those with a value in common, of the field that most are held to, are looked at."""
    held = [_held(each, cores, examples) for each in members]
    counts = Counter(name for each in held for name in each)
    field = max(counts, key=counts.__getitem__, default="")
    values = [each.get(field) for each in held]
    free = [at for at, found in enumerate(values) if found is None]
    placed: dict[solving.Value, list[int]] = {}
    for at, found in enumerate(values):
        for value in found or ():
            placed.setdefault(value, []).append(at)
    for at, found in enumerate(values):
        others = range(len(members)) if found is None else {*free, *(each for value in found for each in placed[value])}
        yield from ((members[at], members[other]) for other in sorted(others) if other > at)


def _held(element: Element, cores: dict[str, ir.OfferDef], examples: Examples) -> dict[str, frozenset[solving.Value]]:
    """What a member is held to on the lines that it touches; nothing where its order may matter on other lines."""
    rules = [cores[rule.key] for rule in element.rules if rule.key in cores]
    if any(rule.thing is not None or (rule.consent is not None and rule.consent.rules is not None) for rule in rules):
        return {}
    found = [solving.held(examples.when(rule)) for rule in rules]
    fields = [name for name in found[0] if all(name in each for each in found)] if found else []
    return {name: frozenset().union(*(each[name] for each in found)) for name in fields}


def _meeting(
    one: Element,
    other: Element,
    policy: Arranged,
    group: ir.OfferGroupDef | None,
    cores: dict[str, ir.OfferDef],
    examples: Examples,
) -> tuple[RuleInfo, RuleInfo, str] | None:
    for left in one.rules:
        for right in other.rules:
            mine, theirs = cores.get(left.key), cores.get(right.key)
            if mine is None or theirs is None:
                continue
            words = examples.of(mine, theirs, _reach(policy.policy, group, mine, theirs))
            if words is not None:
                return left, right, words
    return None


def _reach(policy: ir.PolicyDef, group: ir.OfferGroupDef | None, one: ir.OfferDef, other: ir.OfferDef) -> solving.Reach:
    """Where the order of two members matters: on what both touch, unless they exclude one another further."""
    if one.thing is not None and other.thing is not None and one.thing.unit == other.thing.unit:
        return "basket"  # what one takes, the other lacks
    if policy.choice == "best together" or (group is not None and (group.at_most is not None or group.limits)):
        return "basket"
    chosen: solving.Reach = "unit" if policy.choice == "all" else policy.per
    denied = [each for each in (_refusal(one, other), _refusal(other, one)) if each is not None]
    return max(chosen, *denied, key=REACHES.index) if denied else chosen


REACHES: tuple[solving.Reach, ...] = ("unit", "line", "basket")


def _refusal(one: ir.OfferDef, other: ir.OfferDef) -> solving.Reach | None:
    """Where a rule's list leaves another out."""
    consent = one.consent
    return None if consent is None or consent.rules is None or other.key in consent.rules else consent.on


def _refuses(one: ir.OfferDef, other: ir.OfferDef) -> bool:
    """Whether a rule's list leaves another out on the basket."""
    return _refusal(one, other) == "basket"


def _unordered(
    policy: Arranged, one: RuleInfo, other: RuleInfo, words: str, symbols: Symbols, header: CheckedOne | None
) -> Diagnostic:
    """Two rules that can meet, and the order to write."""
    order = ", ".join(each.words.strip("`") for each in policy.elements)
    where = symbols.places[f'"{other.title}"']
    first = symbols.places[f'"{one.title}"']
    labels = (Label(first.source, first.span, "the other rule"),)
    data = {"one": one.title, "other": other.title, "witness": words, "stage": policy.stage, "order": order}
    if policy.how == "codes":
        return Diagnostic("M236", where.source, where.span, data, labels)
    if policy.how == "priority":
        return Diagnostic("M232", where.source, where.span, data, labels)
    if policy.group:
        return Diagnostic("M233", where.source, where.span, data | {"group": policy.group}, labels)
    choice = "all" if policy.node is None else _choice_words(policy)
    row = f"{policy.stage}: {choice} in order {order}"
    data["row"] = row
    here = header is not None and symbols.files[header.entry.file] == where.source
    fix = row_fix(row, header) if policy.node is None and here else None
    return Diagnostic("M231", where.source, where.span, data, labels, fix)


def _choice_words(policy: Arranged) -> str:
    made = policy.policy
    return made.choice if made.choice in ("all", "best together") else f"{made.choice} per {made.per}"


def row_fix(row: str, header: CheckedOne | None) -> Fix | None:
    """The row of `stacking` in the header, where that stands in the same file."""
    if header is None or not isinstance(header.entry.declaration, tree.Program):
        return None
    declared = header.entry.declaration
    written = next((each for each in declared.settings if isinstance(each, tree.Stacking)), None)
    if written is not None:
        at = written.span[1] - 1
        return Fix(f"write `{row}`", (at, at), f"  {row} ")
    at = declared.span[1] - 1
    return Fix(f"write `stacking {{ {row} }}`", (at, at), f"  stacking {{ {row} }}\n")


# ---- best together ----


def _too_many(policy: Arranged, cores: dict[str, ir.OfferDef], symbols: Symbols) -> Iterator[Diagnostic]:
    """`best together` tries every set of rules that go together on an event: refused above a stated number."""
    if policy.policy.choice != "best together":
        return
    for event in dict.fromkeys(name for element in policy.elements for rule in element.rules for name in rule.events):
        members = [each for each in policy.elements if any(event in rule.events for rule in each.rules)]
        pairs = [
            (left, right)
            for (left, one), (right, other) in combinations(enumerate(members), 2)
            if _apart(one, other, cores)
        ]
        if solving.consenting(len(members), pairs) > solving.SUBSETS_MAX:
            yield _refused(policy, [members[each] for each in solving.separable(len(members), pairs)], symbols)
            return


def _refused(policy: Arranged, apart: list[Element], symbols: Symbols) -> Diagnostic:
    """Too many sets of rules go together: these would have to be separated."""
    rules = ", ".join(each.words for each in apart)
    what = f"`{policy.group}`" if policy.group else f"the {policy.stage} stage"
    where = symbols.places[policy.group or f'"{apart[0].rules[0].title}"']
    data = {"what": what, "most": f"{solving.SUBSETS_MAX:_}", "rules": rules}
    return Diagnostic("M234", where.source, where.span, data)


def _apart(one: Element, other: Element, cores: dict[str, ir.OfferDef]) -> bool:
    """Whether no rule of one member goes with a rule of the other."""
    pairs = [(cores.get(left.key), cores.get(right.key)) for left in one.rules for right in other.rules]
    return all(
        left is not None and right is not None and (_refuses(left, right) or _refuses(right, left))
        for left, right in pairs
    )


# ---- priorities that nobody asks for ----


def _idle_priorities(policy: Arranged, symbols: Symbols) -> Iterator[Diagnostic]:
    """A priority says nothing where the order goes by something else."""
    if policy.how == "priority":
        return
    for element in policy.elements:
        rule = element.rules[0]
        if element.key == rule.key and rule.node.priority is not None:
            where = symbols.places[f'"{rule.title}"']
            what = f"`{policy.group}`" if policy.group else f"the {policy.stage} stage"
            yield Diagnostic("M237", where.source, where.span, {"title": rule.title, "what": what})


# ---- thresholds that move ----


def _moving_thresholds(policy: Arranged, cores: dict[str, ir.OfferDef], symbols: Symbols) -> Iterator[Diagnostic]:
    """In `best per line`, a rule that asks what the basket costs at the moment and spreads an amount over it may lose
    some lines after it was judged by all."""
    if policy.policy.choice != "best" or policy.policy.per == "basket":
        return
    for element in policy.elements:
        for rule in element.rules:
            core = cores.get(rule.key)
            if core is not None and rule.node.when is not None and solving.reads_current(core.when) and _spreads(core):
                source = symbols.files[rule.file]
                data = {"title": rule.title, "per": policy.policy.per}
                yield Diagnostic("M252", source, rule.node.when.span, data)


def _spreads(core: ir.OfferDef) -> bool:
    return any(isinstance(each, ir.DiscountDef) and each.grain == "total" for each in core.effects)
