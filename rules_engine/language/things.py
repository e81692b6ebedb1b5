"""What the words of a program stand for: the things that are declared, and every mention of them.

In: a checked program. Out: `Mention`s: a stretch of text, the thing that it names, and whether it declares it. A
word is looked up as the language does it: on the line, then on the event, then among declarations. Vocabulary words
are mentions too, so that hover knows them; only a rename refuses them.

A thing can be spelt in two ways (a unit by its plural, a rule by its title), so a mention also says how it is spelt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from rules_engine import ir, tree
from rules_engine.checking import Checked, Entry, EventInfo, Symbols
from rules_engine.source import Span

Kind: TypeAlias = Literal[
    "unit", "period", "define", "table", "event", "group", "track", "rule", "match", "field", "fact", "remembered",
    "tier", "way", "value", "tag", "vocabulary",
]  # fmt: skip


class Thing(NamedTuple):
    """Something declared. `owner` is the event of a field, the unit of a remembered fact, the field of a value."""

    kind: Kind
    name: str
    owner: str = ""


class Mention(NamedTuple):
    """A stretch of text that names things; most name one. `spelt` is the text, without the quotes of a title."""

    span: Span
    things: tuple[Thing, ...]
    spelt: str
    declares: bool = False


_BY_INFO: Final[dict[str, Kind]] = {
    "UnitInfo": "unit",
    "PeriodInfo": "period",
    "DefineInfo": "define",
    "TableInfo": "table",
    "EventInfo": "event",
    "GroupInfo": "group",
    "TrackInfo": "track",
    "RuleInfo": "rule",
    "MatchInfo": "match",
}


def named_kind(info: object) -> Kind | None:
    """What kind of thing a record of the symbols is of; None where its declaration does not parse."""
    return _BY_INFO.get(type(info).__name__)


class Names:
    """How words are looked up in one program."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols

    def named(self, name: str) -> Thing | None:
        """What a declared name stands for; a unit by its singular, a rule by its key."""
        info = self.symbols.names.get(name)
        kind = named_kind(info)
        if info is None or kind is None:
            return None
        return Thing(kind, getattr(info, "key", info.name))

    def titled(self, title: str) -> Thing | None:
        """A rule or a match by its title."""
        info = self.symbols.titles.get(title)
        kind = named_kind(info)
        return None if info is None or kind is None else Thing(kind, getattr(info, "key", info.name))

    def tier(self, name: str) -> Thing | None:
        """A rung, or the name of a path to one."""
        ladder = self.symbols.tiers
        if name in getattr(ladder, "rungs", ()):
            return Thing("tier", name)
        return Thing("way", name) if name in getattr(ladder, "ways", ()) else None

    def fields(self, event: str) -> dict[str, ir.FieldDef]:
        """All fields of an event, those of its lines among them."""
        info = self.symbols.events.get(event)
        if not isinstance(info, EventInfo):
            return {}
        return {each.name: each for each in fields_of(info.definition)}

    def having(self, field: str, events: tuple[str, ...]) -> tuple[Thing, ...]:
        """The fields of this name on these events."""
        return tuple(Thing("field", field, event) for event in events if field in self.fields(event))

    def field(self, thing: Thing) -> ir.FieldDef | None:
        """The declared type of a field, a fact or something remembered."""
        match thing.kind:
            case "field":
                return self.fields(thing.owner).get(thing.name)
            case "fact":
                return self.symbols.member.get(thing.name)
            case "remembered":
                unit = self.symbols.units.get(thing.owner)
                return next((each for each in unit.remembers if each.name == thing.name), None) if unit else None
            case _:
                return None

    def remembered(self, name: str) -> tuple[Thing, ...]:
        """The units that remember something under a name."""
        return tuple(
            Thing("remembered", name, unit.name)
            for unit in self.symbols.units.values()
            if any(each.name == name for each in unit.remembers)
        )


def fields_of(event: ir.EventDef) -> tuple[ir.FieldDef, ...]:
    """The fields of an event and of its lines."""
    return (*event.fields, *(event.lines.fields if event.lines else ()))


def events_of(declared: tree.Declaration, symbols: Symbols) -> tuple[str, ...]:
    """The events on which a declaration is read; all of them where it does not say."""
    every = tuple(symbols.events)
    match declared:
        case tree.EventDecl(name=name):
            return (name.text,)
        case tree.RuleDecl(on=on) | tree.MatchDecl(on=on) | tree.TrackDecl(on=on):
            named = tuple(each.name.text for each in on if isinstance(each, tree.EventSource))
            return every if any(isinstance(each, tree.AnyEvent) for each in on) else named
        case tree.DefineDecl() | tree.TableDecl() | tree.TestDecl():
            return every
        case _:
            return ()


def mentions(entry: Entry, symbols: Symbols) -> Iterator[Mention]:
    """All mentions in a declaration, in the order of the tree."""
    declared = entry.declaration
    reading = _Reading(Names(symbols), events_of(declared, symbols))
    reading.node(declared)
    yield from reading.found


def all_mentions(checked: Checked) -> Iterator[tuple[str, Mention]]:
    """All mentions of a program, with the file that each stands in."""
    for one in checked.ones:
        source = checked.files[one.entry.file].source.name
        for each in mentions(one.entry, checked.symbols):
            yield source, each


def mention_at(checked: Checked, source: str, offset: int) -> tuple[Entry, Mention] | None:
    """What is named at a place, and the declaration that it stands in."""
    entry = entry_at(checked, source, offset)
    if entry is None:
        return None
    found = [each for each in mentions(entry, checked.symbols) if each.span[0] <= offset <= each.span[1]]
    return (entry, min(found, key=lambda each: each.span[1] - each.span[0])) if found else None


def entry_at(checked: Checked, source: str, offset: int) -> Entry | None:
    """The declaration at a place."""
    for one in checked.ones:
        start, end = one.entry.declaration.span
        if start <= offset <= end and checked.files[one.entry.file].source.name == source:
            return one.entry
    return None


class _Reading:
    """The walk through one declaration. `events` are those on which its words are read, `value_of` the field whose
    values
    may stand there."""

    def __init__(self, names: Names, events: tuple[str, ...]) -> None:
        self.names = names
        self.events = events
        self.value_of: tuple[Thing, ...] = ()
        self.owner: Thing | None = None
        self.found: list[Mention] = []

    # ---- the walk ----

    def node(self, node: tree.Node) -> None:
        """A node by what it is; most only have nodes below them."""
        special = _SPECIAL.get(type(node))
        if special is not None:
            special(self, node)
        else:
            self.below(node)

    def below(self, node: tree.Node, *without: tree.Node | None) -> None:
        """The nodes below a node, but for some that were told already."""
        told = [id(each) for each in without]
        for each in tree.children(node):
            if id(each) not in told:
                self.node(each)

    def say(self, node: tree.Node, things: tuple[Thing | None, ...], spelt: str, *, declares: bool = False) -> None:
        """A mention, where the word stands for something."""
        known = tuple(each for each in things if each is not None)
        if known:
            self.found.append(Mention(node.span, known, spelt, declares))

    # ---- names ----

    def name(self, node: tree.Node) -> None:
        """A word on its own: a declared name, or a tier."""
        assert isinstance(node, tree.Name)
        self.say(node, (self.names.named(node.text) or self.names.tier(node.text),), node.text)

    def path(self, node: tree.Node) -> None:
        """A name that is read: a value of the field beside it, a field, a declared name, a tier; or a fact behind a
        person."""
        assert isinstance(node, tree.Path)
        first, *rest = node.parts
        text = first.text
        things: tuple[Thing | None, ...] = tuple(
            Thing("value", text, of.name) for of in self.value_of if self._has(of, text)
        )
        things = things or self.names.having(text, self.events)
        things = things or (self.names.named(text) or self.names.tier(text),)
        if things == (None,) and not rest:
            things = self.names.remembered(text) or self._any_value(text)
        self.say(first, things, text)
        for part in rest:
            fact = Thing("fact", part.text) if part.text in self.names.symbols.member else None
            self.say(part, (fact,) if fact else self.names.remembered(part.text), part.text)

    def _has(self, field: Thing, value: str) -> bool:
        known = self.names.field(field)
        return known is not None and value in known.choices

    def _any_value(self, text: str) -> tuple[Thing, ...]:
        fields = [
            Thing("field", each.name, event) for event in self.events for each in self.names.fields(event).values()
        ]
        return tuple(Thing("value", text, of.name) for of in fields if self._has(of, text))[:1]

    def text(self, node: tree.Node) -> None:
        """A text in quotes names something only where it is a value of the field beside it."""
        assert isinstance(node, tree.Text)
        self.say(
            node,
            tuple(Thing("value", node.value, of.name) for of in self.value_of if self._has(of, node.value)),
            node.value,
        )

    def rule(self, node: tree.Node) -> None:
        """A rule or a group, by name, by title or by tag."""
        match node:
            case tree.Text(value=title):
                self.say(node, (self.names.titled(title),), title)
            case tree.Tag(name=name):
                self.say(name, (Thing("tag", name.text),), name.text)
            case tree.Name():
                self.name(node)
            case _:
                self.node(node)

    # ---- values of a field ----

    def compared(self, node: tree.Node) -> None:
        """Two sides, of which one may be a field and the other one of its values."""
        left, right = getattr(node, "left"), getattr(node, "right")  # noqa: B009 - several kinds of node have them
        self.node(left)
        self.beside(self.fields_at(left), right)

    def fields_at(self, node: tree.Node) -> tuple[Thing, ...]:
        """The fields that a path reads."""
        if not isinstance(node, tree.Path):
            return ()
        if len(node.parts) == 1:
            return self.names.having(node.text, self.events)
        last = node.parts[-1].text
        return (Thing("fact", last),) if last in self.names.symbols.member else ()

    def beside(self, fields: tuple[Thing, ...], *nodes: tree.Node) -> None:
        """Nodes in which values of these fields may stand."""
        before, self.value_of = self.value_of, fields
        for each in nodes:
            self.node(each)
        self.value_of = before

    def table(self, node: tree.Node) -> None:
        """A table: each column of cells holds values of its key."""
        assert isinstance(node, tree.TableBy)
        fields = [self.fields_at(key.value) for key in node.keys]
        for key in node.keys:
            self.node(key)
        for row in node.rows:
            for at, cell in enumerate(row.cells):
                self.beside(fields[at] if at < len(fields) else (), cell)
            self.beside((), row.value)

    # ---- declarations ----

    def declared(self, node: tree.Node) -> None:
        """A declaration of a name, of a plural, of a title."""
        names = [getattr(node, each, None) for each in ("name", "plural")]
        for each in names:
            if isinstance(each, tree.Name):
                self.say(each, (self.names.named(each.text),), each.text, declares=True)
        title = getattr(node, "title", None)
        if isinstance(title, tree.Text) and isinstance(node, (tree.RuleDecl, tree.MatchDecl)):
            self.say(title, (self.names.titled(title.value),), title.value, declares=True)
        tag = getattr(node, "tag", None)
        if isinstance(tag, tree.Name):
            self.say(tag, (Thing("tag", tag.text),), tag.text)
        self.owner = self.names.named(names[0].text) if isinstance(names[0], tree.Name) else None
        own = [getattr(node, each, None) for each in ("dated_by", "owner", "identified_by")]
        for word in own:
            if isinstance(word, tree.Name):
                self.say(word, self.names.having(word.text, self.events), word.text)
        self.below(node, *names, title, tag, getattr(node, "was", None), *own)

    def field(self, node: tree.Node) -> None:
        """A declaration of a field, a fact or something remembered, and of the values that it may have."""
        assert isinstance(node, tree.FieldDecl)
        kind: Kind = "fact" if self.owner is None else "remembered" if self.owner.kind == "unit" else "field"
        thing = Thing(kind, node.name.text, self.owner.name if self.owner else "")
        self.say(node.name, (thing,), node.name.text, declares=True)
        for each in node.type.choices:
            value = each.value if isinstance(each, tree.Text) else each.text
            self.say(each, (Thing("value", value, thing.name),), value, declares=True)
        self.below(node, node.name, *((node.type,) if node.type.choices else ()))

    def rung(self, node: tree.Node) -> None:
        """A rung, or a path to one, with its name."""
        name = node.name if isinstance(node, (tree.RungDecl, tree.Way)) else None
        if name is not None:
            kind: Kind = "tier" if isinstance(node, tree.RungDecl) else "way"
            self.say(name, (Thing(kind, name.text),), name.text, declares=True)
        self.below(node, name)

    def used(self, node: tree.Node) -> None:
        """`use shop`."""
        assert isinstance(node, tree.Use)
        self.say(node.name, (Thing("vocabulary", node.name.text),), node.name.text)

    # ---- rules in rules and in tests ----

    def listed(self, node: tree.Node) -> None:
        """A list of rules: an order, a holdout, whom a rule combines with."""
        for each in ("order", "names", "rules"):
            for ref in getattr(node, each, ()):
                self.rule(ref)
        self.below(node, *getattr(node, "order", ()), *getattr(node, "names", ()), *getattr(node, "rules", ()))

    def about(self, node: tree.Node) -> None:
        """Something about one rule: what a test expects of it."""
        rule = getattr(node, "rule")  # noqa: B009
        self.rule(rule)
        self.below(node, rule)

    def remembering(self, node: tree.Node) -> None:
        """`with milestone: mark`."""
        assert isinstance(node, tree.WithFact)
        self.say(node.name, self.names.remembered(node.name.text), node.name.text)
        self.below(node, node.name)

    def step(self, node: tree.Node) -> None:
        """An event in a test: its fields, and its lines in columns."""
        assert isinstance(node, tree.EventStep)
        before, self.events = self.events, (node.event.text,)
        self.name(node.event)
        for each in node.fields:
            self._value(each, self.names.having(each.name.text, self.events))
        fields = [self.names.having(each.text, self.events) for each in node.columns]
        for column, things in zip(node.columns, fields, strict=True):
            self.say(column, things, column.text)
        for row in node.rows:
            for things, cell in zip(fields, row.cells, strict=False):
                if cell is not None:
                    self.beside(things, cell)
        self.events = before

    def _value(self, node: tree.FieldValue, things: tuple[Thing, ...]) -> None:
        self.say(node.name, things, node.name.text)
        self.beside(things, node.value)

    def member(self, node: tree.Node) -> None:
        """What a test says of a member."""
        assert isinstance(node, tree.GivenMember)
        for each in node.facts:
            known = each.name.text in self.names.symbols.member
            self._value(each, (Thing("fact", each.name.text),) if known else ())

    def nothing(self, node: tree.Node) -> None:
        """Text of its own, which names nothing."""


_SPECIAL: Final[dict[type[tree.Node], Callable[[_Reading, tree.Node], None]]] = {
    tree.Name: _Reading.name,
    tree.Path: _Reading.path,
    tree.Text: _Reading.text,
    tree.Is: _Reading.compared,
    tree.In: _Reading.compared,
    tree.Compare: _Reading.compared,
    tree.TableBy: _Reading.table,
    tree.Use: _Reading.used,
    tree.Policy: _Reading.listed,
    tree.Consent: _Reading.listed,
    tree.HoldoutDecl: _Reading.listed,
    tree.FlowOf: _Reading.listed,
    tree.ExpectRule: _Reading.about,
    tree.ExpectTakes: _Reading.about,
    tree.GivenUsed: _Reading.about,
    tree.LotFrom: _Reading.about,
    tree.WithFact: _Reading.remembering,
    tree.EventStep: _Reading.step,
    tree.GivenMember: _Reading.member,
    tree.FieldDecl: _Reading.field,
    tree.RungDecl: _Reading.rung,
    tree.Way: _Reading.rung,
    tree.RuleDecl: _Reading.declared,
    tree.MatchDecl: _Reading.declared,
    tree.UnitDecl: _Reading.declared,
    tree.EventDecl: _Reading.declared,
    tree.MemberDecl: _Reading.declared,
    tree.PeriodDecl: _Reading.declared,
    tree.DefineDecl: _Reading.declared,
    tree.TableDecl: _Reading.declared,
    tree.TrackDecl: _Reading.declared,
    tree.GroupDecl: _Reading.declared,
    tree.Column: _Reading.nothing,
    tree.Zone: _Reading.nothing,
    tree.Currencies: _Reading.nothing,
    tree.WeekStart: _Reading.nothing,
    tree.SplitPolicy: _Reading.nothing,
    tree.WeekdaysSpan: _Reading.nothing,
    tree.DayMonth: _Reading.nothing,
}
