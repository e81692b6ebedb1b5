"""Whether the order that a text leaves open matters, and other things that take all offers to see.

In: all checked declarations and the symbols. Out: diagnostics. Two offers that can meet need an order between them; an
example of an event on which they meet is shown. `best together` may not have to try too many sets of rules. A threshold
on what goods cost at the moment, in a group that is decided line by line, is doubtful beside an amount that is spread.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, groupby
from operator import is_
from typing import TYPE_CHECKING, NamedTuple

from rules_engine import ir, solving, tree
from rules_engine.checking.examples import Examples
from rules_engine.checking.infos import GroupInfo, RuleInfo, TrackInfo
from rules_engine.checking.stages import STAGES, Arranged, Element, arranged, arranged_stages, rules_as_elements
from rules_engine.diagnostics import Diagnostic, Fix, Label
from rules_engine.parsing import moved_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Symbols


class Together:
    """What was found of pairs of offers, as long as it holds: an offer that is the same object says the same, and what
    two offers are on an event hangs besides only on what is declared of events, tiers, tracks and the terms."""

    def __init__(self) -> None:
        self.examples: Examples | None = None
        self.declared: object = None
        self.held: dict[int, tuple[ir.OfferDef, dict[str, frozenset[solving.Value]]]] = {}
        self.spread: dict[int, tuple[ir.OfferDef, bool]] = {}
        self.apart: dict[tuple[str, str], Apart] = {}
        self.stages: tuple[tuple[list[object], tuple[str, ...]], list[Arranged]] | None = None

    def for_program(self, symbols: Symbols) -> Examples:
        """Examples in this program; those that were found before where they still hold."""
        kinds = {name: info.kind for name, info in symbols.names.items() if isinstance(info, TrackInfo)}
        terms = symbols.header.terms_from, symbols.header.terms_until
        declared = symbols.events, symbols.scheduled, symbols.member, symbols.tiers, terms, kinds
        if self.examples is None or declared != self.declared:
            self.examples, self.declared, self.apart = Examples(symbols), declared, {}
        self.examples.symbols = symbols
        return self.examples

    def arranged(self, ones: Sequence[CheckedOne], symbols: Symbols) -> tuple[list[Arranged], list[Diagnostic]]:
        """The stages in their order: as before, where the same rules, rows and groups stand there."""
        rules = [rule for stage in STAGES for rule in symbols.of_stage(stage)]
        read: tuple[list[object], tuple[str, ...]] = [*rules, *symbols.header.stacking], symbols.of_kind((GroupInfo,))
        before = self.stages
        same = before is not None and before[0][1] == read[1] and len(before[0][0]) == len(read[0])
        if before is not None and same and all(map(is_, before[0][0], read[0])):
            return before[1], []
        made, context = arranged_stages(ones, symbols)
        self.stages = None if context.findings or context.failed else (read, made)
        return made, context.findings

    def values(self, core: ir.OfferDef, examples: Examples) -> dict[str, frozenset[solving.Value]]:
        """What an offer is held to."""
        known = self.held.get(id(core))
        if known is None:
            known = self.held[id(core)] = core, solving.held(examples.when(core))
        return known[1]

    def moves(self, core: ir.OfferDef) -> bool:
        """Whether an offer asks what the basket costs at the moment, and spreads an amount over it."""
        known = self.spread.get(id(core))
        if known is None:
            known = self.spread[id(core)] = core, solving.reads_current(core.when) and _spreads(core)
        return known[1]

    def forget(self, cores: dict[str, ir.OfferDef]) -> None:
        """Keep only what is of offers that there still are."""
        if len(self.held) + len(self.spread) > 4 * len(cores) + 100:
            there = {id(each) for each in cores.values()}
            self.held = {key: each for key, each in self.held.items() if key in there}
            self.spread = {key: each for key, each in self.spread.items() if key in there}
            if self.examples is not None:
                self.examples.forget(there)


class Apart(NamedTuple):
    """A stage or group no two of whose members were found to meet: what it was then."""

    shape: object
    cores: dict[str, ir.OfferDef]


def offers_together(ones: Sequence[CheckedOne], symbols: Symbols, known: Together) -> Iterator[Diagnostic]:
    """All findings about offers beside one another."""
    cores = {one.core.key: one.core for one in ones if isinstance(one.core, ir.OfferDef)}
    stages, findings = known.arranged(ones, symbols)
    yield from findings
    header = next((one for one in ones if isinstance(one.entry.home, tree.Program)), None)
    groups = {one.core.name: one for one in ones if isinstance(one.core, ir.OfferGroupDef)}
    policies = [*stages, *(_of_group(one, symbols) for one in groups.values())]
    examples = known.for_program(symbols)
    for each in policies:
        core = groups[each.group].core if each.group else None
        assert core is None or isinstance(core, ir.OfferGroupDef)
        yield from _missing_order(each, core, cores, examples, symbols, header, known)
        yield from _too_many(each, cores, symbols)
        yield from _moving_thresholds(each, cores, symbols, known)
        yield from _idle_priorities(each, symbols)
    known.forget(cores)


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
    known: Together,
) -> Iterator[Diagnostic]:
    """The first two members of one rank that can meet, with an example."""
    whole = group is not None and (group.at_most is not None or bool(group.limits))
    name = policy.stage, policy.group
    before = known.apart.pop(name, None)
    shape = (
        policy.policy.choice,
        policy.policy.per,
        policy.how,
        policy.ranks,
        [each.key for each in policy.elements],
        [rule.key for each in policy.elements for rule in each.rules],
        group and (group.at_most, group.limits),
    )
    for one, other in _of_one_rank(policy, whole, cores, _changed(before, shape, policy, cores), examples, known):
        found = _meeting(one, other, policy, group, cores, examples)
        if found is not None:
            left, right, words = found
            yield _unordered(policy, left, right, words, symbols, header)
            return
    known.apart[name] = Apart(shape, {rule.key: cores[rule.key] for each in policy.elements for rule in each.rules
                                      if rule.key in cores})  # fmt: skip


def _changed(
    before: Apart | None, shape: object, policy: Arranged, cores: dict[str, ir.OfferDef]
) -> frozenset[str] | None:
    """The members of which a rule is another than when no two of them met; None where all have to be looked at."""
    if before is None or before.shape != shape:
        return None
    return frozenset(
        each.key
        for each in policy.elements
        if any(cores.get(rule.key) is not before.cores.get(rule.key) for rule in each.rules)
    )


def _of_one_rank(
    policy: Arranged,
    whole: bool,
    cores: dict[str, ir.OfferDef],
    changed: frozenset[str] | None,
    examples: Examples,
    known: Together,
) -> Iterator[tuple[Element, Element]]:
    """Pairs of members that the text leaves without an order, and that may meet; `whole` where the order matters for
    the whole basket. Of members that are known to be apart only the `changed` ones are paired with the others."""
    made = policy.policy
    whole = whole or made.choice == "best together" or (made.choice != "all" and made.per == "basket")
    if changed is not None and not changed:
        return
    for _, members in groupby(policy.elements, key=lambda each: policy.ranks[each.key]):
        tied = list(members)
        if len(tied) < 2 or (changed is not None and changed.isdisjoint(each.key for each in tied)):
            continue
        pairs = combinations(tied, 2) if whole else _perhaps(tied, cores, changed, examples, known)
        if whole and changed is not None:
            pairs = (pair for pair in pairs if pair[0].key in changed or pair[1].key in changed)
        yield from (pair for pair in pairs if policy.tied(*pair))


def _perhaps(
    members: list[Element],
    cores: dict[str, ir.OfferDef],
    changed: frozenset[str] | None,
    examples: Examples,
    known: Together,
) -> Iterator[tuple[Element, Element]]:
    """Pairs of which the second may touch a line that the first touches, in their order. Thousands of offers may
    be held to an article each: only those with a value in common, of the field that most are held to, are looked at."""
    held = [_held(each, cores, examples, known) for each in members]
    counts = Counter(name for each in held for name in each)
    field = max(counts, key=counts.__getitem__, default="")
    values = [each.get(field) for each in held]
    free = [at for at, found in enumerate(values) if found is None]
    placed: dict[solving.Value, list[int]] = {}
    for at, found in enumerate(values):
        for value in found or ():
            placed.setdefault(value, []).append(at)
    looked = range(len(members)) if changed is None else [at for at, each in enumerate(members) if each.key in changed]
    pairs = (
        (min(at, other), max(at, other))
        for at in looked
        for other in _others(values[at], free, placed, len(members))
        if other > at or (changed is not None and other != at)
    )
    ordered = sorted(set(pairs)) if changed is not None else pairs
    yield from ((members[at], members[other]) for at, other in ordered)


def _others(
    found: frozenset[solving.Value] | None, free: list[int], placed: dict[solving.Value, list[int]], count: int
) -> list[int]:
    """The members that may touch a line of one that is held to these values."""
    if found is None:
        return list(range(count))
    return sorted({*free, *(each for value in found for each in placed[value])})


def _held(
    element: Element, cores: dict[str, ir.OfferDef], examples: Examples, known: Together
) -> dict[str, frozenset[solving.Value]]:
    """What a member is held to on the lines that it touches; nothing where its order may matter on other lines."""
    rules = [cores[rule.key] for rule in element.rules if rule.key in cores]
    if any(rule.thing is not None or (rule.consent is not None and rule.consent.rules is not None) for rule in rules):
        return {}
    found = [known.values(rule, examples) for rule in rules]
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
    where = symbols.known_place(f'"{other.title}"')
    first = symbols.known_place(f'"{one.title}"')
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
    where = symbols.known_place(policy.group or f'"{apart[0].rules[0].title}"')
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
            where = symbols.known_place(f'"{rule.title}"')
            what = f"`{policy.group}`" if policy.group else f"the {policy.stage} stage"
            yield Diagnostic("M237", where.source, where.span, {"title": rule.title, "what": what})


# ---- thresholds that move ----


def _moving_thresholds(
    policy: Arranged, cores: dict[str, ir.OfferDef], symbols: Symbols, known: Together
) -> Iterator[Diagnostic]:
    """In `best per line`, a rule that asks what the basket costs at the moment and spreads an amount over it may lose
    some lines after it was judged by all."""
    if policy.policy.choice != "best" or policy.policy.per == "basket":
        return
    for element in policy.elements:
        for rule in element.rules:
            core = cores.get(rule.key)
            if core is not None and rule.node.when is not None and known.moves(core):
                place = symbols.known_place(f'"{rule.title}"')
                by = place.span[0] - rule.node.title.span[0]
                data = {"title": rule.title, "per": policy.policy.per}
                yield Diagnostic("M252", place.source, moved_span(rule.node.when.span, by), data)


def _spreads(core: ir.OfferDef) -> bool:
    return any(isinstance(each, ir.DiscountDef) and each.grain == "total" for each in core.effects)
