"""What lints read of a program, made once for all of them.

In: a program that checks, and an older one to compare with, where there is one. Out: its declarations with what each
means, and back from a meaning to its text. Vocabularies of the package, and files that stand `beside` the program, are
read and never spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import Checked, CheckedOne
from rules_engine.diagnostics import Fix, Label
from rules_engine.linting.allowing import Allow, allows
from rules_engine.linting.proofs import known_of, limits_of
from rules_engine.lowering import lower
from rules_engine.planning import Plan, plan
from rules_engine.solving import Known
from rules_engine.source import Source, Span

if TYPE_CHECKING:
    from rules_engine.linting.conditions import Site
    from rules_engine.linting.records import Found
    from rules_engine.planning import Found as Planned

T = TypeVar("T", bound=tree.Declaration)
N = TypeVar("N", bound=tree.Node)
RuleCore: TypeAlias = "ir.RuleDef | ir.OfferDef"


class Declared(msgspec.Struct, frozen=True, eq=False):
    """A declaration of the program's own text: the number of its file, the node, and what the checker made of it."""

    file: int
    node: tree.Declaration
    one: CheckedOne


class Rule(msgspec.Struct, frozen=True, eq=False):
    """A rule of the program's own text, as written (`node`) and as it is run (`core`)."""

    file: int
    node: tree.RuleDecl
    core: ir.RuleDef | ir.OfferDef

    @property
    def title(self) -> str:
        """What the rule is called in messages."""
        return self.node.title.value

    @property
    def key(self) -> str:
        """What names the rule in states and outcomes."""
        return self.core.key


class View:
    """What a lint reads. Everything is made when it is first asked for.

    `checked` is the checked program, `core` the linked one, `plan` how each rule is found, `old` an older version of
    the program (None: nobody gave one).
    """

    def __init__(self, checked: Checked, old: Checked | None = None, beside: frozenset[str] = frozenset()) -> None:
        assert checked.ok, "only a program that checks is linted"
        self.checked = checked
        self.old = old
        self.beside = beside
        self.kept: dict[str, tuple[Found, ...]] = {}
        self.sites: tuple[Site, ...] | None = None
        self._known: dict[tuple[str, ...], Known] = {}

    # ---- the program ----

    @cached_property
    def core(self) -> ir.Program:
        """The linked program."""
        return lower(self.checked)

    @cached_property
    def plan(self) -> Plan:
        """How each rule is found."""
        return plan(self.core)

    @cached_property
    def planned(self) -> Mapping[str, Planned]:
        """How each rule is found, by its key."""
        return {each.rule: each for each in self.plan.rules}

    # ---- the text ----

    @cached_property
    def own(self) -> frozenset[int]:
        """The numbers of the files that are linted. The vocabularies that a program uses stand last among its files."""
        files = self.checked.files
        used = {
            each.name.text for file in files for each in file.parsed.file.declarations if isinstance(each, tree.Use)
        }
        count = len(files) - len(used)
        return frozenset(at for at in range(count) if files[at].source.name not in self.beside)

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """The program's own declarations, in the order of the text."""
        found = [Declared(one.entry.file, one.entry.declaration, one) for one in self.checked.ones]
        return tuple(each for each in found if each.file in self.own)

    def all(self, kind: type[T]) -> Iterator[tuple[int, T]]:
        """The program's own declarations of one kind, each with the number of its file."""
        for each in self.declared:
            if isinstance(each.node, kind):
                yield each.file, each.node

    @cached_property
    def _nodes(self) -> Mapping[type[tree.Node], tuple[tuple[int, tree.Node], ...]]:
        found: dict[type[tree.Node], list[tuple[int, tree.Node]]] = {}
        for each in self.declared:
            if not isinstance(each.node, tree.TestDecl):
                for node in tree.walk(each.node):
                    found.setdefault(type(node), []).append((each.file, node))
        return {kind: tuple(nodes) for kind, nodes in found.items()}

    def nodes(self, kind: type[N]) -> Iterator[tuple[int, N]]:
        """All nodes of one kind in the program's own declarations but its tests, each with the number of its file."""
        for file, node in self._nodes.get(kind, ()):
            if isinstance(node, kind):
                yield file, node

    @cached_property
    def cores(self) -> tuple[RuleCore, ...]:
        """All rules as they are run: offers, then earns, redeems and rewards."""
        return (*self.core.offers, *self.core.rules)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The program's own rules, in the order of the text."""
        cores = {each.key: each for each in self.cores}
        return tuple(Rule(file, node, cores[key_of(node)]) for file, node in self.all(tree.RuleDecl))

    @cached_property
    def by_key(self) -> Mapping[str, Rule]:
        """The rules by their keys."""
        return {each.key: each for each in self.rules}

    def source(self, file: int) -> Source:
        """A file."""
        return self.checked.files[file].source

    def text(self, file: int, span: Span) -> str:
        """What is written at a place."""
        return self.source(file).slice(span)

    def words(self, at: ir.Origin) -> str:
        """What is written where a core node comes from, on one line."""
        return " ".join(self.text(at.file, (at.start, at.end)).split())

    def label(self, file: int, span: Span, text: str) -> Label:
        """A second place that explains a finding."""
        return Label(self.source(file).name, span, text)

    @cached_property
    def allows(self) -> tuple[Allow, ...]:
        """The comments that allow something."""
        return allows(self)

    def without(self, file: int, span: Span, title: str = "take it out") -> Fix:
        """The mend that takes a text out, with its line where nothing else stands on it."""
        text = self.source(file).text
        start, end = span
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        last = len(text) if last < 0 else last
        if not text[first:start].strip() and not text[end:last].strip():
            start, end = first, min(last + 1, len(text))
            if text[:start].endswith("\n\n") and text[end : end + 1] == "\n":
                end += 1
        elif not text[end:last].strip():
            start = first + len(text[first:start].rstrip())
        return Fix(title, (start, end), "")

    # ---- events and fields ----

    @cached_property
    def events(self) -> Mapping[str, ir.EventDef]:
        """All events by name, scheduled ones among them."""
        return {each.name: each for each in self.core.events}

    @cached_property
    def units(self) -> Mapping[str, ir.UnitDef]:
        """All units by name."""
        return {each.name: each for each in self.core.units}

    @cached_property
    def groups(self) -> Mapping[str, ir.GroupDef | ir.OfferGroupDef]:
        """All groups by name."""
        found: dict[str, ir.GroupDef | ir.OfferGroupDef] = {each.name: each for each in self.core.groups}
        return found | {each.name: each for each in self.core.offer_groups}

    def limits(self, rule: Rule) -> tuple[ir.LimitDef, ...]:
        """The limits that hold a rule: its own and its group's."""
        return limits_of(rule.core, self.groups)

    def known(self, events: tuple[str, ...]) -> Known:
        """The values that reads can have on these events, for `proofs`."""
        if events not in self._known:
            self._known[events] = known_of(self.core, [self.events[name] for name in events])
        return self._known[events]

    @cached_property
    def mentions(self) -> Mapping[str, frozenset[int]]:
        """Which declarations outside tests name a word or a title: by their places in `checked.ones`."""
        found: dict[str, set[int]] = {}
        for number, one in enumerate(self.checked.ones):
            if not isinstance(one.entry.declaration, tree.TestDecl):
                for node in tree.walk(one.entry.declaration):
                    if isinstance(node, tree.Name):
                        found.setdefault(node.text, set()).add(number)
                    elif isinstance(node, tree.Text):
                        found.setdefault(f'"{node.value}"', set()).add(number)
        return {word: frozenset(numbers) for word, numbers in found.items()}

    @cached_property
    def tests(self) -> tuple[tuple[int, tree.TestDecl], ...]:
        """The tests, each with the number of its file."""
        return tuple(self.all(tree.TestDecl))


def key_of(node: tree.RuleDecl | tree.MatchDecl) -> str:
    """What names a rule in states and outcomes: its `as` name, else its title."""
    return node.name.text if node.name is not None else node.title.value
