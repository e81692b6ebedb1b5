"""What the check of one declaration reads and finds.

In: the symbols of the program, and the declaration's file. Out: findings, the names that were looked up (an editor
re-checks a declaration only when one of them changed), the settings of the header that it needs, and the periods that
it uses without declaring them. Everything that a check asks about other declarations goes through here, so that no
read is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.calendar import Duration, parse_date
from rules_engine.checking.infos import (
    BrokenInfo,
    EventInfo,
    HeaderInfo,
    Info,
    MatchInfo,
    PeriodInfo,
    PeriodUse,
    RuleInfo,
    Setting,
    TiersInfo,
)
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.diagnostics import Diagnostic, Fix, Label, nearest
from rules_engine.values import ValueFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules_engine.checking.symbols import Symbols
    from rules_engine.source import Span

ReadKey: TypeAlias = tuple[str, str]
"""What was looked up: the table of symbols and the name in it (empty: the table's names themselves)."""

CALENDAR_UNITS = frozenset(periods.CALENDAR_UNITS)


class Need(msgspec.Struct, frozen=True):
    """A setting of the header that some text needs, and the place of that text."""

    setting: Setting
    source: str
    span: Span


class Context:
    """One declaration under check. `subject` names it in messages: `rule "Base points"`; `awards` says whether it reads
    what some rule gave."""

    __slots__ = (
        "awards",
        "failed",
        "file",
        "findings",
        "needs",
        "quiet",
        "reads",
        "source",
        "subject",
        "symbols",
        "uses",
    )

    def __init__(self, symbols: Symbols, file: int, subject: str = "") -> None:
        self.symbols = symbols
        self.file = file
        self.source = symbols.files[file] if symbols.files else ""
        self.subject = subject
        self.findings: list[Diagnostic] = []
        self.needs: dict[Setting, Need] = {}
        self.reads: set[ReadKey] = set()
        self.uses: dict[str, periods.Period] = {}
        self.awards = False
        self.failed = False
        self.quiet = False

    # ---- places ----

    def at(self, node: tree.Node, file: int | None = None) -> ir.Origin:
        """The origin of a node; `file` where it is not the declaration's own (the text of a define)."""
        return ir.Origin(self.file if file is None else file, *node.span)

    def place(self, name: str, text: str = "declared here") -> tuple[Label, ...]:
        """A label on the declaration of a name, or nothing."""
        found = self.symbols.place(name)
        return (Label(found.source, found.span, text),) if found else ()

    def label(self, node: tree.Node | Span, text: str) -> tuple[Label, ...]:
        """A label on a place of this declaration's own file."""
        return (Label(self.source, node.span if isinstance(node, tree.Node) else node, text),)

    @staticmethod
    def insert(title: str, at: int, text: str) -> Fix:
        """A mend that puts text at an offset of this file."""
        return Fix(title, (at, at), text)

    # ---- names ----

    def find(self, name: str) -> Info | None:
        """A declared name; `BrokenInfo` where its declaration does not parse."""
        self.reads.add(("name", name))
        return self.symbols.names.get(name)

    def names(self, *kinds: type[Info]) -> Iterable[str]:
        """All declared names, or those of some kinds, to find the nearest."""
        self.reads.add(("name", ""))
        return self.symbols.of_kind(kinds) if kinds else self.symbols.names

    def units(self) -> Iterable[str]:
        """The names of all units."""
        self.reads.add(("name", ""))
        return self.symbols.units

    def rule(self, name: tree.Name | tree.Text) -> RuleInfo | MatchInfo | BrokenInfo | None:
        """A rule or a match by its title, or by its `as` name."""
        if isinstance(name, tree.Text):
            return self.titled(name.value)
        found = self.find(name.text)
        return found if isinstance(found, (RuleInfo, MatchInfo, BrokenInfo)) else None

    def titled(self, title: str) -> RuleInfo | MatchInfo | BrokenInfo | None:
        """A rule or a match by its title."""
        self.reads.add(("title", title))
        return self.symbols.titles.get(title)

    def titles(self) -> Iterable[str]:
        """All titles of rules and matches."""
        self.reads.add(("title", ""))
        return self.symbols.titles

    def members_of(self, group: str) -> tuple[RuleInfo, ...]:
        """The rules that compete in a group, in the order of the text."""
        self.reads.add(("members", group))
        return tuple(self.symbols.members.get(group, ()))

    def tagged(self, tag: str) -> tuple[RuleInfo, ...]:
        """The rules that carry a tag, in the order of the text."""
        self.reads.add(("tag", tag))
        return tuple(self.symbols.tags.get(tag, ()))

    def tags(self) -> Iterable[str]:
        """All tags."""
        self.reads.add(("tag", ""))
        return self.symbols.tags

    def matches(self) -> list[tree.MatchDecl] | None:
        """All matches of the program; None where a rule or match does not parse, so that nobody knows."""
        self.reads.add(("match", ""))
        found = self.symbols.titles.values()
        if any(isinstance(each, BrokenInfo) for each in found):
            return None
        return [each.node for each in found if isinstance(each, MatchInfo)]

    def event(self, name: str) -> EventInfo | BrokenInfo | None:
        """A declared event, or one that happens by itself, whose name says all of it."""
        if name in self.symbols.scheduled:
            return self.symbols.scheduled[name]
        self.reads.add(("name", name))
        found = self.symbols.names.get(name)
        if found is None and self.symbols.vocabulary_missing:
            return BrokenInfo(name)
        return found if isinstance(found, (EventInfo, BrokenInfo)) else None

    def events(self) -> Iterable[str]:
        """The names of all events."""
        self.reads.add(("event", ""))
        return self.symbols.events

    def member(self, name: str) -> ir.FieldDef | None:
        """A declared fact of the member."""
        self.reads.add(("member", name))
        return self.symbols.member.get(name)

    def members(self) -> Iterable[str]:
        """The names of the member's facts."""
        self.reads.add(("member", ""))
        return self.symbols.member

    @property
    def member_broken(self) -> bool:
        """Whether the declaration of the member's facts does not parse: then no fact is unknown."""
        self.reads.add(("member", ""))
        return self.symbols.member_broken

    def tiers(self) -> TiersInfo | BrokenInfo | None:
        """The ladder."""
        self.reads.add(("tiers", ""))
        return self.symbols.tiers

    def header(self) -> HeaderInfo:
        """The header's settings."""
        self.reads.add(("header", ""))
        return self.symbols.header

    def currency(self, code: str) -> ir.Currency | None:
        """A currency that the header lists."""
        self.reads.add(("currency", code))
        found = self.symbols.header.currencies.get(code)
        if found is None and self.symbols.broken_header and code in CURRENCY_DECIMALS:
            return ir.Currency(code, CURRENCY_DECIMALS[code], "half up")
        return found

    def unknown_currency(self, code: str, node: tree.Node) -> None:
        """A currency that the header does not list; without any list, the header needs one."""
        self.reads.add(("header", ""))
        known = self.symbols.header.currencies
        if not known:
            self.need("currency", node)
            self.failed = True
        else:
            self.report("S104", node, code=code, known=", ".join(known))

    def unknown_title(self, title: tree.Text) -> None:
        """A title that no rule has."""
        near = self.symbols.near(title.value, self.titles())
        fix = Fix(f'write `"{near}"`', title.span, f'"{near}"') if near else None
        self.report("N107", title, title=title.value, fix=fix, note=f'did you mean "{near}"?' if near else "")

    def no_column(self, column: str, file: tree.Text, head: Iterable[str]) -> None:
        """A column that an imported file does not have."""
        near = nearest(column, head)
        note = f"did you mean `{near}`?" if near else ""
        self.report("F104", file, column=column, file=file.value, note=note)

    def is_field(self, name: str) -> bool:
        """Whether some event has a field of this name."""
        self.reads.add(("event", ""))
        return any(
            field.name == name
            for event in self.symbols.events.values()
            for field in (*event.definition.fields, *(event.definition.lines.fields if event.definition.lines else ()))
        )

    # ---- answers ----

    def once(
        self, key: tuple[str, str], memo: dict[tuple[str, ...], object], ask: Callable[[], tuple[object, bool]]
    ) -> bool:
        """Put what is found once for the whole program into a memo, with all that it reads; False where it cannot be
        shared: it says so itself, or it reports something, needs a setting or uses a period."""
        known = self.symbols.answers
        if key not in known:
            before = tuple(self.findings), self.failed
            reads, needs, uses = self.reads, self.needs, self.uses
            self.reads, self.needs, self.uses = set(), {}, {}
            found, shared = ask()
            quiet = (tuple(self.findings), self.failed) == before and not self.needs and not self.uses
            known[key] = (found, frozenset(self.reads)) if shared and quiet else None
            self.findings[:], self.failed = before
            self.reads, self.needs, self.uses = reads, needs, uses
        answer = known[key]
        if answer is None:
            return False
        memo[key] = answer[0]
        self.reads |= answer[1]
        return True

    # ---- periods ----

    def when(self, node: tree.When) -> PeriodUse | None:
        """The period that some text names; reports what cannot be, and then gives None."""
        match node:
            case tree.PeriodRef():
                return self._declared_period(node)
            case tree.TrialOf():
                return self._trial(node)
            case _:
                return self._anonymous(node)

    def use(self, period: periods.Period, name: str = "") -> PeriodUse:
        """Record a period that is used, by its words if it has no name, and the settings that it needs."""
        used = PeriodUse(name or periods.describe(period), period)
        self.uses[used.name] = period
        return used

    def _declared_period(self, node: tree.PeriodRef) -> PeriodUse | None:
        found = self.find(node.name.text)
        if isinstance(found, PeriodInfo):
            if found.period is None:
                self.failed = True
                return None
            self.need_for(found.period, node)
            return PeriodUse(found.name, found.period)
        if isinstance(found, BrokenInfo):
            self.failed = True
        elif found is None:
            self.unknown("period", node.name, self.names(PeriodInfo))
        else:
            self.report("N104", node, name=node.name.text, wanted="a period", labels=self.place(node.name.text))
        return None

    def _trial(self, node: tree.TrialOf) -> PeriodUse | None:
        found = self.find(node.match.text)
        if isinstance(found, MatchInfo):
            return self.use(periods.Trial(found.key))
        if isinstance(found, BrokenInfo):
            self.failed = True
        else:
            self.unknown("match", node.match, self.names(MatchInfo))
        return None

    def _anonymous(
        self, node: tree.CalendarSpan | tree.Lifetime | tree.Rolling | tree.LastCalendar
    ) -> PeriodUse | None:
        try:
            period = period_of(node)
        except ValueFault as fault:
            self.report("M120", node, reason=fault.reason)
            return None
        self.need_for(period, node)
        return self.use(period)

    def day(self, written: tree.DateLit) -> ir.Num | None:
        """A date as written; one that does not exist is reported."""
        try:
            return ir.Num(self.at(written), parse_date(written.text))
        except ValueFault as fault:
            self.report("M148", written, reason=fault.reason)
            return None

    def need_for(self, period: periods.Period, node: tree.Node) -> None:
        """The settings that a period needs to be looked up."""
        if periods.needs_weeks_start(period):
            self.need("weeks", node)
        if periods.needs_leap_day(period):
            self.need("leap day", node)
        if periods.is_timed(period):
            self.need("timezone", node)

    # ---- findings ----

    def need(self, setting: Setting, node: tree.Node | Span) -> None:
        """This text needs a setting of the header. Whether it is there is asked once for the whole program."""
        span = node.span if isinstance(node, tree.Node) else node
        self.needs.setdefault(setting, Need(setting, self.source, span))

    def report(
        self,
        code: str,
        node: tree.Node | Span,
        /,
        *,
        fix: Fix | None = None,
        labels: tuple[Label, ...] = (),
        note: str = "",
        **data: str,
    ) -> None:
        """A finding in this declaration; none after the text turned out to be something not evaluated yet."""
        self.failed = True
        if self.quiet:
            return
        span = node.span if isinstance(node, tree.Node) else node
        self.findings.append(Diagnostic(code, self.source, span, data, labels, fix, note))

    def never(self, what: str, mend: str, node: tree.Node | Span) -> None:
        """The declaration says something that has no meaning there: the one finding that is kept of it."""
        if self.quiet:
            return
        self.findings.clear()
        self.report("M286", node, what=what, mend=mend)
        self.quiet = True

    def unknown(self, what: str, name: tree.Name, known: Iterable[str], note: str = "") -> None:
        """A name that nobody declared, with the nearest one as the mend."""
        calendar = what in ("period", "field or period") and name.text in periods.CALENDAR_UNITS
        near = f"calendar {name.text}" if calendar else self.symbols.near(name.text, known)
        fix = Fix(f"write `{near}`", name.span, near) if near else None
        self.report("N101", name, what=what, name=name.text, fix=fix, note=f"did you mean `{near}`?" if near else note)


def period_of(node: tree.CalendarSpan | tree.Lifetime | tree.Rolling | tree.LastCalendar) -> periods.Period:
    """A period that is used without a name; raises ValueFault for one that cannot be."""
    match node:
        case tree.CalendarSpan(unit=unit):
            return periods.Calendar(calendar_unit(unit))
        case tree.Lifetime():
            return periods.Lifetime()
        case tree.Rolling(length=length):
            return periods.Rolling(duration(length))
        case tree.LastCalendar(count=count, unit=unit):
            return periods.LastCalendar(count, calendar_unit(unit))


def calendar_unit(unit: tree.TimeUnit) -> periods.CalendarUnit:
    """A unit of whole days; raises ValueFault for hours and minutes."""
    if unit == "hour" or unit == "minute":
        raise ValueFault(f"periods count whole days: a {unit} is too short")
    return unit


def duration(node: tree.Duration) -> Duration:
    """A span of whole days; raises ValueFault for hours and minutes."""
    return Duration(node.count, calendar_unit(node.unit))
