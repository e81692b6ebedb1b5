"""What may be written next, the likeliest first.

In: a checked program (as it was when it was last asked), the text as it stands, and a place in it. Out: `Proposal`s.
Keywords are those that the grammar takes at the place. Which names come first is told by the words in front of the
place: events behind `on`, the values of a field behind `field is`, units behind a number; where they say nothing, what
can be read stands there: fields of the event that the rule is on, tracks, defines, prices.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from rules_engine.checking import Checked, Symbols
from rules_engine.language.things import Kind, Names, named_kind
from rules_engine.language.words import KNOWN, TYPES, meaning_of
from rules_engine.parsing import Offered, keywords, offered
from rules_engine.source import Span
from rules_engine.vocabulary import NAMES

Sort: TypeAlias = Literal["keyword", "known", "type", "currency", "vocabulary"] | Kind


class Proposal(NamedTuple):
    """What may be written: the text that stands in the place of `span`, what it is, and a word about it. Those of a
    lower
    `rank` come first."""

    text: str
    span: Span
    sort: Sort
    detail: str
    rank: int = 0


def completions(checked: Checked, text: str, offset: int) -> tuple[Proposal, ...]:
    """What may be written at a place; nothing in comments and in texts that name nothing."""
    place = offered(text, offset)
    if place is None:
        return ()
    here = _Here(checked.symbols, text, place)
    if place.quoted:
        return tuple(here.titles())
    found: dict[str, Proposal] = {}
    for each in (*here.names(), *here.keywords()):
        found.setdefault(each.text, each)
    typed = text[slice(*place.typed)].casefold()
    near = [each for each in found.values() if each.span != place.typed or _fits(typed, each.text)]
    return tuple(sorted(near, key=lambda each: (each.rank, each.text)))


def _fits(typed: str, text: str) -> bool:
    """Whether the letters typed stand in a text in their order, its first among them: as editors look for them."""
    letters = iter(text.strip('"').casefold())
    return not typed or (text.strip('"').casefold()[:1] == typed[:1] and all(letter in letters for letter in typed))


class _Here:
    """One place, and what is known of it."""

    def __init__(self, symbols: Symbols, text: str, place: Offered) -> None:
        self.symbols = symbols
        self.read = Names(symbols)
        self.place = place
        self.text = text
        self.before = place.before
        self.last = place.before[-1] if place.before else ""
        self.kind = place.before[0] if place.before else ""
        self.events = self._events()

    def _events(self) -> tuple[str, ...]:
        """The events that the declaration is on; of a test the one whose fields stand there."""
        words = self.before
        if self.kind == "test":
            at = max((at for at, word in enumerate(words) if word == "when"), default=-1)
            named = words[at + 1 : at + 2] if at >= 0 else ()
        else:
            stretch = self.text[slice(*self.place.stretch)]
            found = re.search(r"\bon\s+(\w+(?:\s+or\s+\w+)*)", stretch)
            named = tuple(found[1].replace(" or ", " ").split()) if found else ()
        known = tuple(each for each in named if each in self.symbols.events)
        return known or tuple(self.symbols.events)

    def keywords(self) -> Iterator[Proposal]:
        """What the grammar takes; at the start of a line also what begins a declaration."""
        for each in self.place.keywords:
            yield Proposal(each.text, each.span, "keyword", meaning_of(each.text) or "", 2)
        start = self.place.typed[0]
        if start == 0 or self.text[start - 1] == "\n":
            for word in keywords().declarations:
                yield Proposal(word, self.place.typed, "keyword", meaning_of(word) or "", 1)

    # ---- names ----

    def names(self) -> Iterator[Proposal]:
        """The names that the words in front ask for."""
        if self.place.typed[0] and self.text[self.place.typed[0] - 1] == ".":
            yield from self._facts()
            return
        if re.search(r"(?<![\w.])\d[\d_.]*[ \t]+\Z", self.text[: self.place.typed[0]][-80:]):
            yield from self._counted()
            return
        wanted = _BEHIND.get(self.last)
        if wanted is not None:
            yield from wanted(self)
            return
        values = tuple(self._values())
        yield from values
        if not values and ("NAME" in self.place.literals or "DOTTED" in self.place.literals or not self.place.known):
            yield from self._labels() if self._keyed() else self._readable()

    def say(self, names: Iterable[str], sort: Sort, detail: Callable[[str], str], rank: int = 0) -> Iterator[Proposal]:
        """Names as proposals."""
        for name in names:
            yield Proposal(name, self.place.typed, sort, detail(name), rank)

    def of_kind(self, *kinds: Kind) -> Iterator[Proposal]:
        """Declared names of some kinds."""
        for name, info in self.symbols.names.items():
            kind = named_kind(info)
            if kind in kinds:
                yield Proposal(name, self.place.typed, kind, self._about(name), 0)

    def _about(self, name: str) -> str:
        info = self.symbols.names[name]
        return getattr(info, "title", "") or f"a {named_kind(info)}"

    def titles(self) -> Iterator[Proposal]:
        """The titles of rules, where a rule may be named."""
        if self.kind in ("test", "group", "holdout", "program") or self.last in ("combines with", ","):
            yield from self.say(self.symbols.titles, "rule", lambda _: "a rule")

    def _events_named(self) -> Iterator[Proposal]:
        yield from self.say(self.symbols.events, "event", lambda _: "an event")

    def _facts(self) -> Iterator[Proposal]:
        yield from self.say(self.symbols.member, "fact", lambda name: _type(self.symbols.member[name]))

    def _counted(self) -> Iterator[Proposal]:
        """What a number may count."""
        for name, unit in self.symbols.units.items():
            for text in dict.fromkeys((unit.plural, name)):
                if text:
                    yield Proposal(text, self.place.typed, "unit", "a unit", 0)
        yield from self.say(self.symbols.header.currencies, "currency", lambda _: "a currency")
        words = ("days", "weeks", "months", "years")
        yield from self.say(words, "known", lambda _: "a span of time", 1)

    def _units(self) -> Iterator[Proposal]:
        yield from self.say(
            dict.fromkeys(each.plural or name for name, each in self.symbols.units.items()), "unit", lambda _: "a unit"
        )

    def _tracks(self) -> Iterator[Proposal]:
        yield from self.of_kind("track")

    def _groups(self) -> Iterator[Proposal]:
        yield from self.of_kind("group")

    def _periods(self) -> Iterator[Proposal]:
        yield from self.of_kind("period")
        yield from self._fields()

    def _among(self) -> Iterator[Proposal]:
        """Behind `in`: a period, or a list."""
        yield from self.of_kind("period", "define", "table")
        yield from self._fields()

    def _tags(self) -> Iterator[Proposal]:
        yield from self.say(self.symbols.tags, "tag", lambda _: "a tag")

    def _vocabularies(self) -> Iterator[Proposal]:
        yield from self.say(NAMES, "vocabulary", lambda _: "ready events and facts")

    def _rules(self) -> Iterator[Proposal]:
        for title in self.symbols.titles:
            yield Proposal(f'"{title}"', self.place.typed, "rule", "a rule", 0)
        yield from self.of_kind("rule", "group")

    def _values(self) -> Iterator[Proposal]:
        """The values of the field that a comparison, a cell or a test asks about, or the tiers."""
        words = self.before
        while words and words[-1] in ("(", ",", "or", "is", "is not", "in", "not in", "=", "!=", ":"):
            at = len(words) - 1
            asked = words[at - 1] if at else ""
            if asked == "tier" or (self.kind == "test" and asked == "then"):
                yield from self._tiers()
                return
            values = [value for field in self._asked(asked) for value in getattr(field, "choices", ())]
            if values:
                text = dict.fromkeys(value if value.isidentifier() else f'"{value}"' for value in values)
                for value in text:
                    yield Proposal(value, self.place.typed, "value", f"a value of `{asked}`", 0)
                return
            if words[at] not in ("(", ",", "or"):
                return
            words = words[: at - 1] if words[at] != "(" else words[:at]

    def _asked(self, word: str) -> list[object]:
        name = word.rpartition(".")[2]
        fields = [self.read.fields(event).get(name) for event in self.events]
        return [each for each in (*fields, self.symbols.member.get(name)) if each is not None]

    def _tiers(self) -> Iterator[Proposal]:
        yield from self.say(getattr(self.symbols.tiers, "rungs", ()), "tier", lambda _: "a tier")

    def _keyed(self) -> bool:
        """Whether fields with their values stand there, in a test."""
        if self.kind != "test":
            return False
        opened = [at for at, word in enumerate(self.before) if word == "{"]
        return len(opened) > 1 and "}" not in self.before[opened[-1] :]

    def _labels(self) -> Iterator[Proposal]:
        """The fields of the event, or the facts of the member, that a test gives."""
        opened = max(at for at, word in enumerate(self.before) if word == "{")
        given = (
            "given" in self.before[max(0, opened - 3) : opened] or "member" in self.before[max(0, opened - 2) : opened]
        )
        known = self.symbols.member if given else {k: v for e in self.events for k, v in self.read.fields(e).items()}
        bar = (
            self.last == "|"
            or "|" in self.text[self.text.rfind("\n", 0, self.place.typed[0]) + 1 : self.place.typed[0]]
        )
        for name, field in known.items():
            yield Proposal(name if bar else f"{name}:", self.place.typed, "fact" if given else "field", _type(field), 0)

    def _fields(self) -> Iterator[Proposal]:
        for event in self.events:
            for name, field in self.read.fields(event).items():
                yield Proposal(name, self.place.typed, "field", f"{_type(field)}, of `{event}`", 0)

    def _readable(self) -> Iterator[Proposal]:
        """Whatever may be read in an expression, or named where a name stands."""
        if self.kind in ("event", "member") or self.last == "remembers":
            yield from self.say(TYPES, "type", TYPES.__getitem__)
            yield from self._units()
            return
        if self.kind == "test":
            yield from self._rules()
        yield from self._fields()
        yield from self.of_kind("track", "define", "table", "rule", "match")
        yield from self.say(KNOWN, "known", KNOWN.__getitem__, 1)
        if self.symbols.member:
            yield Proposal("member.", self.place.typed, "known", "a fact of the member", 1)


def _type(field: object) -> str:
    """The type of a field, in a word."""
    words = getattr(field, "unit", "") if getattr(field, "kind", "") == "unit" else getattr(field, "kind", "")
    choices = getattr(field, "choices", ())
    return (" | ".join(choices[:6]) if choices else words) + ("?" if getattr(field, "optional", False) else "")


_BEHIND: Final[dict[str, Callable[[_Here], Iterator[Proposal]]]] = {
    "on": _Here._events_named,
    "after last": _Here._events_named,
    "when": lambda here: here._events_named() if here.kind == "test" else here._readable(),
    "balance of": _Here._units,
    "given": lambda here: here._units() if here.kind != "test" else iter(()),
    "used": _Here._units,
    "across": _Here._tracks,
    "previous": _Here._tracks,
    "track": lambda here: here._tracks() if here.kind == "test" else iter(()),
    "for each mark of": _Here._tracks,
    "competes in": _Here._groups,
    "tag": _Here._tags,
    "use": _Here._vocabularies,
    "per": _Here._periods,
    "in": _Here._among,
    "not in": _Here._among,
    "tier": _Here._tiers,
    "in order": _Here._rules,
    "combines with": _Here._rules,
    "then": lambda here: here._rules() if here.kind == "test" else here._tiers(),
}
"""What is named behind a word, where that is always the same."""
