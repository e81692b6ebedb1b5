"""All names of a program, read off the syntax alone, before anything is checked.

In: the declarations of all files. Out: `Symbols`, by which each declaration can then be checked on its own. Cheap on
purpose: an editor makes them anew at every edit. What is wrong with a declaration is reported where that declaration is
checked; only what takes two declarations to see (the same name twice) is found here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

import msgspec

from rules_engine import ir, tree
from rules_engine.checking.context import Context
from rules_engine.checking.events import event_info
from rules_engine.checking.fields import fields_of
from rules_engine.checking.headers import NO_HEADER, header_info, supposed_header
from rules_engine.checking.imports import Folder, NoFolder
from rules_engine.checking.infos import (
    STAGES,
    BrokenInfo,
    DefineInfo,
    EventInfo,
    GroupInfo,
    HeaderInfo,
    Info,
    MatchInfo,
    PeriodInfo,
    Place,
    RuleInfo,
    TableInfo,
    TiersInfo,
    UnitInfo,
)
from rules_engine.checking.refused import of_rule
from rules_engine.checking.schedules import event_names, schedule_info
from rules_engine.checking.spans import NESTING_MAX, period_of
from rules_engine.checking.tracks import track_info
from rules_engine.checking.units import unit_info
from rules_engine.diagnostics import Diagnostic, Label, nearest
from rules_engine.parsing import moved_node, moved_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules_engine.source import Span


class Entry(msgspec.Struct, eq=False, gc=False):
    """A declaration and its file's number. `home` is the declaration as it was read, `by` how far its text has moved
    since: whoever asks for `declaration` has it where it stands now."""

    file: int
    home: tree.Declaration
    by: int = 0
    settled: tree.Declaration | None = None

    @property
    def declaration(self) -> tree.Declaration:
        """The declaration with all its places where they are now."""
        if not self.by:
            return self.home
        if self.settled is None:
            self.settled = moved_node(self.home, self.by)
        return self.settled

    @property
    def span(self) -> Span:
        """Where it stands."""
        return moved_span(self.home.span, self.by)


class Broken(msgspec.Struct, frozen=True):
    """A declaration whose text does not parse: what it would have declared, as far as its first words tell."""

    file: int
    kind: str
    names: tuple[str, ...]
    title: str
    span: tuple[int, int]


class Symbols:
    """The names of a program. Made once, then only read, and only through a `Context`; `answers` are what was found out
    about declarations on the way, for all that ask (`env.asked_once`)."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self.files = files
        self.header: HeaderInfo = NO_HEADER
        self.names: dict[str, Info] = {}
        self.titles: dict[str, RuleInfo | MatchInfo | BrokenInfo] = {}
        self.members: dict[str, list[RuleInfo]] = {}
        self.tags: dict[str, list[RuleInfo]] = {}
        self.units: dict[str, UnitInfo] = {}
        self.events: dict[str, EventInfo] = {}
        self.scheduled: dict[str, EventInfo] = {}
        self.member: dict[str, ir.FieldDef] = {}
        self.member_broken = False
        self.tiers: TiersInfo | BrokenInfo | None = None
        self.placed: dict[str, tuple[Entry | Broken, Span]] = {}
        self.noted: Noted = {}
        self.folder: Folder = NoFolder()
        self.findings: list[Diagnostic] = []
        self.broken_header = False
        self.broken_language = False
        self.vocabulary_missing = False
        self.answers: dict[tuple[str, str], tuple[object, frozenset[tuple[str, str]]] | None] = {}
        self._by_kind: dict[str, list[RuleInfo]] = {}
        self._near: dict[tuple[str, int], str] = {}
        self._kinds: dict[tuple[type[Info], ...], tuple[str, ...]] = {}

    @property
    def supposed(self) -> tuple[object, ...]:
        """The files, and what is supposed of those that do not parse: if it changes, anything may."""
        return self.files, self.broken_header, self.broken_language, self.vocabulary_missing

    def place(self, name: str) -> Place | None:
        """Where a name is declared; a title stands in quotes."""
        found = self.placed.get(name)
        if found is None:
            return None
        entry, span = found
        return Place(
            entry.file, self.files[entry.file], moved_span(span, entry.by) if isinstance(entry, Entry) else span
        )

    def known_place(self, name: str) -> Place:
        """Where a name is declared that is known to be."""
        found = self.place(name)
        assert found is not None, name
        return found

    def of_stage(self, stage: str) -> list[RuleInfo]:
        """The rules that are ordered in a stage, in the order of the text: offers by theirs, redeems in `tender`."""
        if not self._by_kind:
            for info in self.titles.values():
                if isinstance(info, RuleInfo):
                    self._by_kind.setdefault(info.kind, []).append(info)
        return self._by_kind.get("redeem" if stage == "tender" else f"{stage} offer", [])

    def of_kind(self, kinds: tuple[type[Info], ...]) -> tuple[str, ...]:
        """The declared names of some kinds; always the same tuple."""
        if kinds not in self._kinds:
            self._kinds[kinds] = tuple(name for name, info in self.names.items() if isinstance(info, kinds))
        return self._kinds[kinds]

    def near(self, word: str, known: Iterable[str]) -> str:
        """The known name most like a word. A renamed track is missed by all its readers, so answers are kept."""
        if not any(known is each for each in (self.names, self.titles, *self._kinds.values())):
            return nearest(word, known)
        key = word, id(known)
        if key not in self._near:
            self._near[key] = nearest(word, known)
        return self._near[key]


def symbols(
    entries: Sequence[Entry],
    files: tuple[str, ...],
    broken: Iterable[Broken] = (),
    folder: Folder | None = None,
    before: Symbols | None = None,
) -> Symbols:
    """The names of all declarations; those that were noted before are looked at again only where they may differ."""
    made = Symbols(files)
    made.folder = folder or NoFolder()
    for each in broken:
        _note_broken(each, made)
    by_kind: dict[type[tree.Node], list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(type(entry.home), []).append(entry)
    noted = before.noted if before is not None else {}
    for kind in _ORDER:
        for entry in by_kind.get(kind, ()):
            _note(entry, made)
        if kind is tree.TableDecl:
            _note_rules(by_kind.get(tree.RuleDecl, []), made, noted)
        if kind is tree.PeriodDecl:
            _resolve_periods(by_kind.get(kind, []), made)
    _check_fields_against_names(by_kind.get(tree.EventDecl, []), made)
    return made


_ORDER: tuple[type[tree.Declaration], ...] = (
    tree.Program,
    tree.UnitDecl,
    tree.TiersDecl,
    tree.MemberDecl,
    tree.EventDecl,
    tree.MatchDecl,
    tree.PeriodDecl,
    tree.DefineDecl,
    tree.TableDecl,
    tree.GroupDecl,
    tree.TrackDecl,
)
"""Each kind after those that its record is made from."""

Titled: TypeAlias = tree.RuleDecl | tree.MatchDecl
Noted: TypeAlias = "dict[int, tuple[RuleInfo | MatchInfo, str, bool]]"
"""The records of rules by the identity of their nodes, which they keep; their titles in quotes; and whether they are on
declared events alone, so that nothing but their own text says what they are."""


def _note_broken(broken: Broken, made: Symbols) -> None:
    match broken.kind:
        case "member":
            made.member_broken = True
        case "tiers":
            made.tiers = BrokenInfo("tiers")
        case "program":
            made.broken_header = True
            made.header = supposed_header(broken.names)
            return
        case "language":
            made.broken_language = True
        case "use":
            made.vocabulary_missing = made.member_broken = True
            return
        case _:
            pass
    for name in broken.names:
        made.names.setdefault(name, BrokenInfo(name))
        made.placed.setdefault(name, (broken, broken.span))
    if broken.title:
        made.titles.setdefault(broken.title, BrokenInfo(broken.title))


def _note(entry: Entry, made: Symbols) -> None:  # noqa: C901 - one arm for each kind of declaration
    """Put what a declaration declares into the tables. Its places are those of its home, so that nothing is moved."""
    context = Context(made, entry.file)
    context.quiet = True
    declared = entry.home
    match declared:
        case tree.Program():
            if made.header is NO_HEADER:
                settled = (
                    entry.declaration
                )  # what is wrong with its rows is told from here, so they stand where they are
                assert isinstance(settled, tree.Program)
                made.header = header_info(settled, context)
        case tree.UnitDecl():
            unit = unit_info(declared, context)
            for name in (declared.name, declared.plural):
                if name is not None and (name is declared.name or name.text != declared.name.text):
                    _declare(name, unit, entry, made)
            made.units.setdefault(unit.name, unit)
        case tree.TiersDecl():
            if made.tiers is None:
                made.tiers = _tiers(declared)
        case tree.MemberDecl():
            for field in fields_of(declared.fields, context):
                made.member.setdefault(field.name, field)
        case tree.EventDecl():
            event = event_info(declared, context)
            _declare(declared.name, event, entry, made)
            made.events.setdefault(event.name, event)
        case tree.MatchDecl():
            match, quoted, _ = _record(declared, entry, made)
            here = entry, declared.title.span
            if made.placed.setdefault(quoted, here) is here:
                made.titles[declared.title.value] = match
            else:
                made.findings.append(_twice("N106", {"title": declared.title.value}, quoted, here, made))
            if declared.name is not None:
                _declare(declared.name, match, entry, made)
        case tree.PeriodDecl():
            _declare(declared.name, _period(declared, context), entry, made)
        case tree.DefineDecl():
            node = None if isinstance(declared.value, tree.Column) else declared.value
            _declare(declared.name, DefineInfo(declared.name.text, node, entry.file), entry, made)
        case tree.TableDecl():
            table = TableInfo(declared.name.text, declared.table, declared.key, entry.file)
            _declare(declared.name, table, entry, made)
        case tree.GroupDecl():
            order = tuple(map(_ref, declared.policy.order))
            _declare(declared.name, GroupInfo(declared.name.text, order, declared, entry.file), entry, made)
        case tree.TrackDecl():
            _schedules(declared.on, made)
            _declare(declared.name, track_info(declared, entry.file, context), entry, made)
        case tree.Language() | tree.Use() | tree.HoldoutDecl() | tree.TestDecl() | tree.RuleDecl():
            pass
        case _:
            assert_never(declared)


def _note_rules(entries: Sequence[Entry], made: Symbols, before: Noted) -> None:
    """All rules, with their groups and tags. Most of a long file are rules, so this loop is kept short."""
    placed, titles, noted = made.placed, made.titles, made.noted
    for entry in entries:
        declared = entry.home
        known = before.get(id(declared))
        if known is None or not known[2] or known[0].file != entry.file:
            known = _record(declared, entry, made)  # type: ignore[arg-type]
        noted[id(declared)] = known
        rule, quoted, _ = known
        assert isinstance(rule, RuleInfo)
        node, here = rule.node, (entry, rule.node.title.span)
        if placed.setdefault(quoted, here) is here:
            titles[rule.title] = rule
        else:
            made.findings.append(_twice("N106", {"title": rule.title}, quoted, here, made))
        if node.name is not None:
            _declare(node.name, rule, entry, made)
        if node.group is not None:
            made.members.setdefault(node.group.text, []).append(rule)
        if node.tag is not None:
            made.tags.setdefault(node.tag.text, []).append(rule)


def _declare(name: tree.Name, info: Info, entry: Entry, made: Symbols) -> None:
    """A name is declared once; the second is reported where it stands. Its node is one of the entry's home."""
    here = entry, name.span
    if made.placed.setdefault(name.text, here) is here:
        made.names[name.text] = info
        return
    made.findings.append(_twice("N105", {"name": name.text}, name.text, here, made))


def _twice(code: str, data: dict[str, str], known: str, here: tuple[Entry, Span], made: Symbols) -> Diagnostic:
    entry, span = here
    first = made.known_place(known)
    label = Label(first.source, first.span, "the other one")
    return Diagnostic(code, made.files[entry.file], moved_span(span, entry.by), data, (label,))


def _record(declared: Titled, entry: Entry, made: Symbols) -> tuple[RuleInfo | MatchInfo, str, bool]:
    """The record of a rule or a match; see `Noted`."""
    _schedules(declared.on, made)
    info = _rule(entry, declared, made) if isinstance(declared, tree.RuleDecl) else _match(entry, declared, made)
    return info, f'"{info.title}"', all(isinstance(each, tree.EventSource) for each in declared.on)


def _ref(ref: tree.Name | tree.Text | tree.Tag) -> str:
    match ref:
        case tree.Text(value=value):
            return value
        case tree.Name(text=text) | tree.Tag(name=tree.Name(text=text)):
            return text
        case _:
            assert_never(ref)


def _tiers(declared: tree.TiersDecl) -> TiersInfo:
    ways = tuple(way.name.text for rung in declared.rungs for way in rung.ways if way.name is not None)
    return TiersInfo("tiers", declared.from_host, tuple(each.name.text for each in declared.rungs), ways)


def _match(entry: Entry, declared: tree.MatchDecl, made: Symbols) -> MatchInfo:
    key = declared.name.text if declared.name else declared.title.value
    return MatchInfo(key, key, declared.title.value, event_names(declared.on, made.events), declared, entry.file)


def _rule(entry: Entry, declared: tree.RuleDecl, made: Symbols) -> RuleInfo:
    key = declared.name.text if declared.name else declared.title.value
    return RuleInfo(
        key,
        key,
        declared.title.value,
        declared.kind,
        STAGES[declared.kind],
        event_names(declared.on, made.events),
        of_rule(declared) is not None,
        declared,
        entry.file,
    )


def _schedules(sources: tuple[tree.EventRef, ...], made: Symbols) -> None:
    """Keep the scheduled events that a text names; they are nobody's declarations."""
    for each in sources:
        if isinstance(each, tree.EdgeSource):
            info = schedule_info(each)
            made.scheduled.setdefault(info.name, info)


def _period(declared: tree.PeriodDecl, context: Context) -> PeriodInfo:
    made = None if _names_others(declared) else period_of(declared, context)
    return PeriodInfo(declared.name.text, made, isinstance(declared.span_, tree.HostSpan))


def _names_others(declared: tree.PeriodDecl) -> bool:
    return any(isinstance(each, tree.NamedSpan) for each in (declared.span_, *declared.excepts))


def _resolve_periods(entries: list[Entry], made: Symbols) -> None:
    """Periods made of other periods, round by round; what is in a circle, or nested too deep, stays unknown."""
    waiting = [each for each in entries if isinstance(each.home, tree.PeriodDecl)]
    waiting = [each for each in waiting if _names_others(each.home)]  # type: ignore[arg-type]
    for _ in range(NESTING_MAX if waiting else 0):
        for entry in waiting:
            declared = entry.home
            assert isinstance(declared, tree.PeriodDecl)
            context = Context(made, entry.file)
            context.quiet = True
            name = declared.name.text
            known = made.names.get(name)
            if isinstance(known, PeriodInfo) and known.period is None:
                made.names[name] = PeriodInfo(name, period_of(declared, context), known.host)


def _check_fields_against_names(events: list[Entry], made: Symbols) -> None:
    """A field hides no declared name: `nights` must not be both a track and a field."""
    for entry in events:
        declared = entry.home
        assert isinstance(declared, tree.EventDecl)
        for field in (*declared.fields, *(declared.lines.fields if declared.lines else ())):
            place = made.place(field.name.text)
            if place is not None:
                source = made.files[entry.file]
                label = Label(source, moved_span(field.name.span, entry.by), f"a field of `{declared.name.text}`")
                made.findings.append(Diagnostic("N103", place.source, place.span, {"name": field.name.text}, (label,)))
