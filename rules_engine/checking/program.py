"""What takes the whole program to see: settings that nobody wrote, members of groups, circles of reads.

In: all checked declarations and the symbols. Out: diagnostics. Runs at every edit, so it only looks at what each
declaration says of itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rules_engine import ir, tree
from rules_engine.checking.circles import circle
from rules_engine.checking.groups import KINDS
from rules_engine.checking.heirs import heirs
from rules_engine.checking.infos import GroupInfo, RuleInfo
from rules_engine.checking.needed import needed_settings
from rules_engine.checking.overlaps import Together, offers_together
from rules_engine.checking.refunds import units_off_refunds
from rules_engine.checking.subjects import subject
from rules_engine.checking.tender import takers
from rules_engine.diagnostics import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.symbols import Entry, Symbols


class WholeProgram:
    """Looks at a program again and again; `together` remembers what was found of pairs of offers."""

    def __init__(self) -> None:
        self.together = Together()

    def findings(
        self, ones: Sequence[CheckedOne], symbols: Symbols, entries: Sequence[Entry], names: tuple[str, ...]
    ) -> Iterator[Diagnostic]:
        """All findings that are of no single declaration."""
        yield from symbols.findings
        yield from _heads(entries, symbols, names)
        yield from needed_settings(ones, symbols, entries, names)
        yield from _counts(ones, symbols)
        yield from _groups(ones, symbols)
        yield from offers_together(ones, symbols, self.together)
        yield from takers(ones, symbols)
        yield from units_off_refunds(ones, symbols)
        yield from _circles(ones, symbols)
        yield from _keys(symbols)
        yield from heirs(entries, names)


# ---- one of each ----

_ONCE: Final[dict[type, str]] = {
    tree.Program: "the header",
    tree.MemberDecl: "the member's facts",
    tree.TiersDecl: "the ladder of tiers",
}


def _heads(entries: Sequence[Entry], symbols: Symbols, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    """A program has one header and says its language; facts and tiers are declared once."""
    first: dict[type, Entry] = {}
    for entry in entries:
        kind = type(entry.home)
        other = first.setdefault(kind, entry)
        if other is not entry and kind in _ONCE:
            label = Label(names[other.file], _head_span(other.declaration), "the first one")
            span = _head_span(entry.declaration)
            yield Diagnostic("M160", names[entry.file], span, {"what": _ONCE[kind]}, (label,))
    if not names:
        return
    if tree.Language not in first and not symbols.broken_language:
        fix = Fix("write `language 1`", (0, 0), "language 1\n")
        yield Diagnostic("S101", names[0], (0, 0), {}, fix=fix)
    if tree.Program not in first and not symbols.broken_header:
        at = first[tree.Language].declaration.span[1] if tree.Language in first else 0
        fix = Fix("write a header", (at, at), '\nprogram "..." { }\n')
        yield Diagnostic(
            "S100", names[first[tree.Language].file if tree.Language in first else 0], (at, at), {}, fix=fix
        )


def _head_span(declared: tree.Declaration) -> tuple[int, int]:
    """The first word of a declaration, so that not all of its text is underlined."""
    words = {tree.Program: "program", tree.MemberDecl: "member", tree.TiersDecl: "tiers"}
    return declared.span[0], declared.span[0] + len(words.get(type(declared), "x"))


# ---- tiers ----


def _counts(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """When a new tier counts must be said as soon as a reward of the same event could see it."""
    ladder = next((each for each in ones if isinstance(each.entry.home, tree.TiersDecl)), None)
    if ladder is None or not isinstance(ladder.entry.declaration, tree.TiersDecl):
        return
    declared = ladder.entry.declaration
    if declared.from_host or any(isinstance(each, tree.Counts) for each in declared.clauses):
        return
    for one in ones:
        core = one.core
        if isinstance(core, ir.RuleDef) and core.kind == "reward" and ("tiers", "") in one.reads and _reads_tier(core):
            at = declared.span[1] - 1
            fix = Fix("count from the next event", (at, at), "  counts from the next event ")
            source = symbols.files[ladder.entry.file]
            label = Label(symbols.files[one.entry.file], _title_span(one.entry.declaration), "it reads the tier")
            data = {"user": subject(one.entry.declaration)}
            yield Diagnostic("M198", source, _head_span(declared), data, (label,), fix)
            return


def _reads_tier(core: ir.RuleDef) -> bool:
    return any(isinstance(node, ir.TierRead) and node.which == "held" for node in ir.records(core))


def _title_span(declared: tree.Declaration) -> tuple[int, int]:
    return declared.title.span if isinstance(declared, (tree.RuleDecl, tree.MatchDecl)) else declared.span


# ---- groups ----


def _groups(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """A group's list names exactly its members, and its members are of one kind."""
    members: dict[str, list[tuple[RuleInfo, CheckedOne]]] = {}
    if not any(isinstance(one.core, ir.GroupDef) for one in ones):
        return
    for one in ones:
        declared = one.entry.home
        if isinstance(declared, tree.RuleDecl) and declared.group is not None:
            info = symbols.titles.get(declared.title.value)
            if isinstance(info, RuleInfo) and not info.refused:
                members.setdefault(declared.group.text, []).append((info, one))
    for one in ones:
        if isinstance(one.core, ir.GroupDef) and isinstance(declared := one.entry.declaration, tree.GroupDecl):
            yield from _group(declared, one, members.get(declared.name.text, []), symbols)


def _group(
    declared: tree.GroupDecl, one: CheckedOne, members: list[tuple[RuleInfo, CheckedOne]], symbols: Symbols
) -> Iterator[Diagnostic]:
    assert isinstance(one.core, ir.GroupDef)
    source = symbols.files[one.entry.file]
    by_priority = declared.policy.priority is not None
    listed = {} if by_priority else dict(zip(one.core.order, declared.policy.order, strict=True))
    keys = {info.key for info, _ in members}
    for info, member in members:
        if info.key not in listed and not by_priority:
            label = Label(
                symbols.files[member.entry.file], _title_span(member.entry.declaration), "it competes in the group"
            )
            at = declared.policy.order[-1].span[1]
            fix = Fix(f'add "{info.title}" to the list', (at, at), f', "{info.title}"')
            data = {"group": declared.name.text, "title": info.title}
            yield Diagnostic("M186", source, declared.name.span, data, (label,), fix)
    for key, name in listed.items():
        if key not in keys:
            yield Diagnostic("M187", source, name.span, {"group": declared.name.text, "title": key})
    kinds = {info.kind for info, _ in members}
    if len(kinds) > 1:
        words = " and ".join(KINDS[each] for each in sorted(kinds, key=list(KINDS).index))
        yield Diagnostic("M188", source, declared.name.span, {"group": declared.name.text, "kinds": words})


# ---- circles ----


def _circles(ones: Sequence[CheckedOne], symbols: Symbols) -> Iterator[Diagnostic]:
    """Awards are read in a line that ends: A reads B reads A is shown as a path."""
    reads = {_rule_key(one): found for one in ones if _may_read(one) and (found := _reads(one, symbols))}
    path = circle(reads)
    if path:
        yield _circle("M180", path, " reads ", _by_key(ones), symbols)
        return
    before = served_before(ones)
    if not before:
        return
    together = {key: (*reads.get(key, ()), *before.get(key, ())) for key in {**reads, **before}}
    if circle(together):
        rules = _by_key(ones)
        path = circle({key: together[key] for key in rules if key in together})
    if path:
        yield _circle("M189", path, " comes after ", rules, symbols)


def _may_read(one: CheckedOne) -> bool:
    """Whether a declaration reads awards, or may: most do not, and are asked no further."""
    core = one.core
    return bool(core.reads) if type(core) is ir.RuleDef else core is None


def _by_key(ones: Sequence[CheckedOne]) -> dict[str, CheckedOne]:
    return {key: one for one in ones if (key := _rule_key(one))}


def _rule_key(one: CheckedOne) -> str:
    declared = one.entry.home
    if not isinstance(declared, tree.RuleDecl):
        return ""
    return declared.name.text if declared.name else declared.title.value


def _reads(one: CheckedOne, symbols: Symbols) -> tuple[str, ...]:
    """The keys of the rules that a rule reads; of one with errors, those that its text names."""
    core = one.core
    if isinstance(core, ir.RuleDef):
        return core.reads
    if core is not None or one.diagnostics or not isinstance(one.entry.home, tree.RuleDecl):
        return ()
    paths = (node.parts[0].text for node in tree.walk(one.entry.home) if isinstance(node, tree.Path))
    return tuple(name for name in paths if isinstance(symbols.names.get(name), RuleInfo))


def _circle(code: str, path: list[str], word: str, rules: dict[str, CheckedOne], symbols: Symbols) -> Diagnostic:
    declared = [rules[key].entry.declaration for key in path]
    shown = word.join(f'"{each.title.value}"' for each in declared if isinstance(each, tree.RuleDecl))
    labels = tuple(
        Label(symbols.files[rules[key].entry.file], _title_span(rules[key].entry.declaration), "part of the circle")
        for key in path[1:-1]
    )
    source = symbols.files[rules[path[0]].entry.file]
    return Diagnostic(code, source, _title_span(declared[0]), {"path": shown}, labels)


def served_before(ones: Iterable[CheckedOne]) -> dict[str, tuple[str, ...]]:
    """For each rule of a group, the rule that is served just before it."""
    made: dict[str, tuple[str, ...]] = {}
    for one in ones:
        if isinstance(one.core, ir.GroupDef):
            order = one.core.order
            for before, after in pairwise(order):
                made[after] = (*made.get(after, ()), before)
    return made


# ---- keys in states ----


def _keys(symbols: Symbols) -> Iterator[Diagnostic]:
    """What states remember under a rule's key must be one rule's: no title is another rule's name, or a group's."""
    for title, info in symbols.titles.items():
        other = symbols.names.get(title)
        if other is None or not isinstance(info, RuleInfo) or info.key != title:
            continue
        if isinstance(other, GroupInfo):
            place, there = symbols.known_place(f'"{title}"'), symbols.known_place(title)
            label = Label(there.source, there.span, "the group")
            yield Diagnostic("M238", place.source, place.span, {"title": title}, (label,))
        if isinstance(other, RuleInfo) and other.title != title:
            place, there = symbols.known_place(f'"{title}"'), symbols.known_place(title)
            label = Label(there.source, there.span, "the other one")
            yield Diagnostic("N106", place.source, place.span, {"title": title}, (label,))
