"""The sections of a programme page, out of the declarations of a program and its core.

In: a checked program, its core, a year. Out: a `Page`. Every declaration of the program's own files stands somewhere on
it: the header in the first section, what gives or takes in the section of its kind, names that the sentences use at the
end. Only fields of events, vocabularies and tests are left out; they are the host's and the designer's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Final, TypeVar

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import Checked
from rules_engine.describing import clauses
from rules_engine.describing.combining import combining
from rules_engine.describing.rates import rates
from rules_engine.describing.rewriting import rewritten
from rules_engine.describing.said import Block, Entry, Item, Page, Section, Sentences, bare
from rules_engine.describing.words import filtered, later, named, phrase, rounding, several, window
from rules_engine.describing.year import calendar_of, year_of
from rules_engine.formatting import to_text
from rules_engine.source import Source

_Declared = TypeVar("_Declared", bound=tree.Node)

_VOCABULARY: Final = "vocabulary/"
_OFFERS: Final = {
    "catalogue offer": "Prices",
    "item offer": "Offers on items",
    "basket offer": "Offers on the whole order",
    "shipping offer": "Offers on shipping",
}


class Declared:
    """The declarations of a program's own files, each with its source."""

    def __init__(self, checked: Checked) -> None:
        own = [each for each in checked.files if not each.source.name.startswith(_VOCABULARY)]
        listed = [(each, file.source) for file in own for each in file.parsed.file.declarations]
        titles = {
            rule.name.text: rule.title.value
            for rule, _ in listed
            if isinstance(rule, tree.RuleDecl) and rule.name is not None and not rule.kind.endswith("offer")
        }
        hours = {
            each.name.text
            for each, _ in listed
            if isinstance(each, tree.PeriodDecl) and isinstance(each.span_, tree.DailySpan)
        }
        self._all = [(rewritten(each, partial(_worded, titles, hours)), source) for each, source in listed]

    def of(self, kind: type[_Declared]) -> list[tuple[_Declared, Source]]:
        """Those of a kind, in the order of the text."""
        return [(each, source) for each, source in self._all if isinstance(each, kind)]


def _worded(titles: Mapping[str, str], hours: Collection[str], node: tree.Node) -> tree.Node | None:
    """As words: a rule's name where its award is read, and the moment where it is looked up in hours of the day."""
    match node:
        case tree.Path(parts=(tree.Name(text=name) as one,)) if name in titles:
            words = msgspec.structs.replace(one, text=f"what “{bare(titles[name])}” gives")
            return msgspec.structs.replace(node, parts=(words,))
        case tree.In(left=tree.Today(span=span), right=right) if to_text(right) in hours:
            return msgspec.structs.replace(node, left=tree.Path(span, (tree.Name(span, "the time of day"),)))
        case _:
            return None


def page_of(checked: Checked, core: ir.Program, year: int | None = None) -> Page:
    """The page of a program that checks."""
    declared = Declared(checked)
    rules = declared.of(tree.RuleDecl)
    shown = year if year is not None else year_of(core) or _tested(declared)
    sections = [
        Section("The programme", tuple(_header(declared))),
        Section("Tiers", tuple(_tiers(declared))),
        Section("What is earned", tuple(_earning(declared, core))),
        *(Section(title, _entries(rules, kind)) for kind, title in _OFFERS.items()),
        Section("Paying with units", _entries(rules, "redeem")),
        Section("Rewards", _entries(rules, "reward")),
        Section("Status match", tuple(_matches(declared))),
        Section("Units", tuple(_units(declared))),
        Section("What runs when", (calendar_of(core, shown),) if shown is not None else ()),
        Section("What combines with what", (*combining(core), *_groups(declared))),
        Section("Members who are kept out", tuple(_holdouts(declared))),
        Section("Words used on this page", tuple(_words(declared))),
    ]
    return Page(bare(core.header.title), tuple(each for each in sections if _said(each)))


def _tested(declared: Declared) -> int | None:
    """The last year in which a test of the program plays."""
    tests = (test for test, _ in declared.of(tree.TestDecl))
    dates = (each.text for test in tests for each in tree.walk(test) if isinstance(each, tree.DateLit))
    return max((int(text[:4]) for text in dates if text[:4].isdecimal()), default=None)


def _said(section: Section) -> bool:
    return any(getattr(each, "items", True) and getattr(each, "bars", True) for each in section.blocks)


def place(node: tree.Node, source: Source) -> str:
    """`hotel.rules:12`: where a sentence comes from."""
    return f"{PurePath(source.name).name}:{source.place(node.span[0]).line}"


# ---- the header ----


def _header(declared: Declared) -> Iterator[Block]:
    for program, source in declared.of(tree.Program):
        yield Sentences(tuple(Item(_setting(each), place(each, source)) for each in program.settings))
    events = [Item(_event(each), place(each, source)) for each, source in declared.of(tree.EventDecl)]
    facts = [
        Item(f"Of a member the programme knows {several(named(f.name.text) for f in each.fields)}", place(each, source))
        for each, source in declared.of(tree.MemberDecl)
        if each.fields
    ]
    yield Sentences((*events, *facts))


def _event(event: tree.EventDecl) -> str:
    day, owner = named(event.dated_by.text), named(event.owner.text)
    back = ", and can be returned" if event.returnable else ""
    return f"{_article(named(event.name.text))} counts on its {day}, for its {owner}{back}"


def _article(noun: str) -> str:
    return f"An {noun}" if noun[:1].lower() in "aeiou" else f"A {noun}"


def _setting(node: tree.Setting) -> str:
    match node:
        case tree.Currencies(codes=codes, rounding=mode):
            return f"Amounts are in {several((code.text for code, _ in codes), 'or')}, {rounding(mode)}"
        case tree.Zone(name=name):
            return f"Days are those of {bare(name.value)}"
        case tree.WeekStart(day=day):
            return f"Weeks start on {day.text}"
        case tree.LeapDay(counts_as=counts):
            return f"In years without it, 29 February counts as {counts.day} {counts.month.text}"
        case tree.Prices(include=include):
            return f"Prices {'include' if include else 'do not include'} tax"
        case tree.TaxRounding(rounding=mode, per=per):
            return f"Tax is {rounding(mode)}, on each {'piece' if per == 'unit' else per}"
        case tree.SplitPolicy(how=how, odd=odd, to=to):
            return f"Amounts for several lines are split {how}; odd {odd.text} go to {_ODD[to]}"
        case tree.Terms(dates=dates):
            return f"These terms hold {clauses.dates(dates)}"
        case tree.ReturnsPolicy(policy=policy):
            return (
                f"Unless a rule says otherwise: {clauses.on_return(policy)[:1].lower()}{clauses.on_return(policy)[1:]}"
            )
        case tree.Stacking(rows=rows):
            return "How offers go together: " + "; ".join(f"{each.stage}: {_policy(each.policy)}" for each in rows)


_ODD: Final = {
    "largest": "the largest remainder",
    "first": "the first line",
    "last": "the last line",
    "running": "the line where the running sum passes one",
    "last rounded": "the last line, after rounding",
}


def _policy(node: tree.Policy) -> str:
    order = f" in the order {several(map(clauses.ref, node.order))}" if node.order else ""
    first = f", the {node.priority} priority first" if node.priority is not None else ""
    codes = ", in the order of codes" if node.of_codes else ""
    return f"{node.choice}{f' for each {node.per}' if node.per is not None else ''}{order}{first}{codes}"


# ---- tiers ----


def _tiers(declared: Declared) -> Iterator[Block]:
    for tiers, source in declared.of(tree.TiersDecl):
        if tiers.from_host:
            names = several(named(each.name.text) for each in tiers.rungs)
            yield Sentences(
                (
                    Item(
                        f"The tiers are {names}, lowest first; who holds which is told from outside",
                        place(tiers, source),
                    ),
                )
            )
            continue
        rungs = [Item(_rung(each, number == 0), place(each, source)) for number, each in enumerate(tiers.rungs)]
        yield Sentences(tuple(rungs))
        yield Sentences(tuple(Item(_tier_clause(each), place(each, source)) for each in tiers.clauses))


def _rung(rung: tree.RungDecl, lowest: bool) -> str:
    name = named(rung.name.text)
    if not rung.ways:
        return f"{name}: held by everybody" if lowest else f"{name}: given by a status match only"
    return f"{name}: reached when {', or when '.join(map(_way, rung.ways))}"


def _way(way: tree.Way) -> str:
    by = f" (called {named(way.name.text)})" if way.name is not None else ""
    lasts = f", kept {phrase(way.lasts)}" if way.lasts is not None else ""
    return f"{phrase(way.condition)}{by}{lasts}"


def _tier_clause(node: tree.TierClause) -> str:
    match node:
        case tree.EveryTierNeeds(condition=condition):
            return f"Every tier needs besides that {phrase(condition)}"
        case tree.Judged(on=None):
            return "Tiers are looked at after every event"
        case tree.Judged(on=on) if on is not None:
            return f"Tiers are looked at on {clauses.source(on)}"
        case tree.Counts(at_once=at_once):
            return "A new tier counts at once" if at_once else "A new tier counts from the next event"
        case tree.Lasts(life=life):
            return f"A tier is kept {phrase(life)}"
        case tree.Then(fall=fall):
            return f"When it ends, what follows is {clauses.fall(fall)}"
        case _:
            return clauses.as_written(node)


def _matches(declared: Declared) -> Iterator[Block]:
    for match, source in declared.of(tree.MatchDecl):
        points = [f"On {several(map(clauses.source, match.on), 'or')}"]
        points += [f"Runs {clauses.dates(match.dates)}"] if match.dates is not None else []
        points += [f"Only if {phrase(match.when)}"] if match.when is not None else []
        if match.matches is not None:
            most = f", at most {named(match.matches.up_to.text)}" if match.matches.up_to is not None else ""
            points.append(f"Gives the tier {phrase(match.matches.table)}{most}")
        points += [f"The trial runs {phrase(match.trial.life)}"] if match.trial is not None else []
        if match.keep is not None:
            which = (
                "the highest tier for which it holds that" if match.keep.what == "highest" else "the matched tier if"
            )
            points.append(f"Then the member keeps {which} {phrase(match.keep.condition)}")
        points += [f"What is kept is valid {phrase(match.lasts.life)}"] if match.lasts is not None else []
        points += [f"Otherwise follows {clauses.fall(match.then.fall)}"] if match.then is not None else []
        points += map(clauses.limit, match.limits)
        key = match.name.text if match.name is not None else match.title.value
        yield Entry(bare(match.title.value), key, place(match, source), tuple(points))


# ---- rules ----


def _earning(declared: Declared, core: ir.Program) -> Iterator[Block]:
    rules = declared.of(tree.RuleDecl)
    earns = [rule for rule, _ in rules if rule.kind == "earn"]
    tables = {table.name.text: table.table for table, _ in declared.of(tree.TableDecl) if table.table is not None}
    rungs = [rung.name for rung in core.tiers.rungs] if core.tiers is not None else []
    defines = {each.name.text: each.value for each, _ in declared.of(tree.DefineDecl)}
    by_tier = rates(earns, tables, rungs, defines) if rungs else None
    if by_tier is not None:
        yield by_tier
    yield from _entries(rules, "earn")


def _entries(rules: Sequence[tuple[tree.RuleDecl, Source]], kind: str) -> tuple[Block, ...]:
    return tuple(_entry(rule, source) for rule, source in rules if rule.kind == kind)


def _entry(rule: tree.RuleDecl, source: Source) -> Entry:
    key = rule.name.text if rule.name is not None else rule.title.value
    return Entry(bare(rule.title.value), key, place(rule, source), tuple(clauses.points(rule)))


def _groups(declared: Declared) -> Iterator[Block]:
    """What a group says beside how its rules go together: its limits, and its word on combining."""
    items = []
    for group, source in declared.of(tree.GroupDecl):
        for each in group.clauses:
            said = _group_clause(each)
            items.append(Item(f"Group {named(group.name.text)}: {said[:1].lower()}{said[1:]}", place(each, source)))
    yield Sentences(tuple(items))


def _group_clause(node: tree.GroupClause) -> str:
    match node:
        case tree.Consent():
            return clauses.consent(node)
        case tree.Limit():
            return clauses.limit(node)
        case tree.SharesClaims():
            return "A piece that one of its rules has used is used for all of them"
        case tree.AtMostRules(count=count):
            return f"At most {count} of its rules act on one order"
        case tree.ExclusiveFirst():
            return "Those that combine with nothing come first"


def _holdouts(declared: Declared) -> Iterator[Block]:
    items = []
    for each, source in declared.of(tree.HoldoutDecl):
        who = f"{phrase(each.percent)} of the members" if each.percent is not None else "Members"
        where = f" where {phrase(each.where)}" if each.where is not None else ""
        rules = several(clauses.ref(rule) for rule in each.rules)
        items.append(
            Item(f"{who}{where} are kept out of {rules}, so that its effect can be measured", place(each, source))
        )
    yield Sentences(tuple(items))


# ---- units and words ----


def _units(declared: Declared) -> Iterator[Block]:
    for unit, source in declared.of(tree.UnitDecl):
        name = named((unit.plural or unit.name).text)
        counts = "" if unit.counts is None else f"Counted in {_counted(unit.counts)}"
        points = [counts, *(said for each in unit.clauses for said in _unit_clause(each))]
        yield Entry(name, unit.name.text, place(unit, source), tuple(filter(None, points)) or ("Kept for ever",))


def _counted(counts: object) -> str:
    match counts:
        case tree.Name(text=text):
            return text
        case int():
            return f"amounts with {counts} decimals"
        case _:
            return str(counts)


def _unit_clause(node: tree.UnitClause) -> Iterator[str]:
    match node:
        case tree.Rounded(mode=mode):
            yield rounding(mode).capitalize()
        case tree.HeldBy(who=who, apart=apart):
            yield f"Held by the {who}" + (", each member's kept apart" if apart else "")
        case tree.PendingUntil(date=date):
            yield f"Can be used after {later(date)}"
        case tree.UseOrder(order=order):
            yield f"Used {order}"
        case tree.UnitClauseLasts(lives=lives, whichever=which):
            first = f", whichever is {which}" if which is not None else ""
            yield f"Valid {' or '.join(map(phrase, lives))}{first}"
        case tree.BalanceFloor(bound=bound):
            yield f"The balance never goes below {phrase(bound)}"
        case tree.Remembers(fields=fields):
            yield f"Each remembers its {several(named(each.name.text) for each in fields)}"


def _words(declared: Declared) -> Iterator[Block]:
    items: list[Item] = []
    for track, source in declared.of(tree.TrackDecl):
        items.append(Item(f"{named(track.name.text)}: {_track(track)}", place(track, source)))
    for period, source in declared.of(tree.PeriodDecl):
        but = f", but not {several(map(clauses.span, period.excepts), 'or')}" if period.excepts else ""
        items.append(Item(f"{named(period.name.text)}: {clauses.span(period.span_)}{but}", place(period, source)))
    for define, source in declared.of(tree.DefineDecl):
        value = define.value
        means = (
            f"the {bare(value.column.value)} column of {bare(value.file.value)}"
            if isinstance(value, tree.Column)
            else phrase(value)
        )
        items.append(Item(f"{named(define.name.text)}: {means}", place(define, source)))
    for table, source in declared.of(tree.TableDecl):
        items.append(Item(f"{named(table.name.text)}: {_table(table)}", place(table, source)))
    yield Sentences(tuple(items))


def _track(track: tree.TrackDecl) -> str:
    on = f", counted on {several(map(clauses.source, track.on), 'or')}" if track.on else ""
    by_key = f", for each {phrase(track.key)}" if track.key is not None else ""
    by = f" (by {phrase(track.by)})" if track.by is not None else ""
    whose = ", of the whole household" if track.household else ""
    return f"{phrase(track.fold)}{by_key}{on}{filtered(track.where)}, {window(track.per)}{by}{whose}"


def _table(table: tree.TableDecl) -> str:
    if table.table is not None:
        return phrase(table.table)
    by = f" by {phrase(table.key)}" if table.key is not None else ""
    return f"looked up{by} in {bare(table.file.value) if table.file is not None else 'a file'}"


def rules_on(page: Page) -> Iterable[str]:
    """The keys of the rules, matches and units that have an entry of their own on a page."""
    return [block.key for section in page.sections for block in section.blocks if isinstance(block, Entry)]
