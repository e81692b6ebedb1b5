"""What changed in meaning between two programs, each change in the words of the rule files.

In: two sides. Out: changes, in the order in which a program is read: header, facts, events, periods, units, tracks,
tiers, rules, offers, groups, matches, holdouts. Declarations are paired by name (by `was` where one says so), and
compared in their one form, clause by clause. A clause is shown as its text; where the text is the same and what stands
behind a name in it is not, that is shown.

What only follows from another change is not told again: that a stage or a group serves a rule that is new, that a
period is used which nobody declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.comparing.canonical import Renames, canonical, same
from rules_engine.comparing.sides import Key, Side, key_of, owned
from rules_engine.comparing.strictness import days_moved, percent, way
from rules_engine.comparing.wording import CONDITIONS, DERIVED, EFFECTS, WHOLE, value_of, word_of
from rules_engine.lowering import meaning

What: TypeAlias = Literal["added", "removed", "renamed", "changed"]
_NAME: Final = re.compile(r"\w+")
_RENAMED: Final = {
    **dict.fromkeys(("earn", "redeem", "reward", "offer", "match"), "rule"),
    "track": "track",
    "column": "import",
    "table": "import",
}
"""Under which of the renamed names a kind of declaration is found."""
_OWNED: Final = ir.RuleDef | ir.OfferDef | ir.MatchDef


class Change(msgspec.Struct, frozen=True):
    """One change: of which declaration, of which part of it, the text before and after, and which way it went."""

    what: What
    kind: str
    name: str
    part: str = ""
    old: str = ""
    new: str = ""
    note: str = ""


def changes(old: Side, new: Side) -> tuple[Change, ...]:
    """Everything that means something else in the new program.

    >>> from rules_engine import check
    >>> from rules_engine.comparing import side_of
    >>> side = side_of(check(list(program.sources.values())))
    >>> changes(side, side)
    ()
    """
    names = renames(old.core, new.core)
    return tuple(_Comparing(old, new, names).found())


# ---- names ----


def renames(old: ir.Program, new: ir.Program) -> Renames:
    """Which names of the old program are others now: as `was` says, or of a file's column as its content does."""
    tracks = ([(each.key, each.name, each.was) for each in core.tracks] for core in (old, new))
    return Renames(
        dict(_followed(_owned(old), _owned(new))), dict(_followed(*tracks)), dict(_contents(old.imports, new.imports))
    )


def _owned(core: ir.Program) -> list[tuple[str, str, str]]:
    return [(each.key, each.title, each.was) for each in owned(core)]


def _followed(old: Iterable[tuple[str, str, str]], new: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Old and new key of what says `was`."""
    kept = {key for key, _, _ in new}
    for key, title, _ in old:
        if key not in kept:
            now = next((each for each, _, was in new if was and was in (key, title)), None)
            if now is not None:
                yield key, now


def _contents(old: Sequence[ir.ImportDef], new: Sequence[ir.ImportDef]) -> Iterator[tuple[str, str]]:
    before, after = {each.name for each in old}, {each.name for each in new}
    come = {meaning(replace(each, name="")): each.name for each in new if each.name not in before}
    for each in old:
        now = come.get(meaning(replace(each, name="")))
        if each.name not in after and now is not None:
            yield each.name, now


# ---- declarations ----


class _Comparing:
    """The two programs, in one form."""

    def __init__(self, old: Side, new: Side, names: Renames) -> None:
        self.sides = old, new
        self.names = names
        self.owner = ""
        self.cores = canonical(old.core, names), canonical(new.core, Renames())
        self.back = {
            (what, now): before
            for what, known in (("rule", names.rules), ("track", names.tracks), ("import", names.imports))
            for before, now in known.items()
        }

    def found(self) -> Iterator[Change]:
        old, new = self.cores
        if old.language != new.language:
            yield Change("changed", "program", "", "language", str(old.language), str(new.language))
        yield from self._changed("program", "", old.header, new.header)
        yield from self._paired(
            [("fact", each.name, each) for each in old.member], [("fact", each.name, each) for each in new.member]
        )
        for of in _SECTIONS:
            yield from self._paired(*[list(self._listed(of(core), side)) for core, side in self._both()])
        if (old.tender_choice, self._served(old.tender)) != (new.tender_choice, self._served(new.tender)):
            texts = [f"{core.tender_choice}: {', '.join(core.tender)}" for core in self.cores]
            yield Change("changed", "program", "", "order of redeems", *texts)

    def _both(self) -> Iterator[tuple[ir.Program, Side]]:
        return zip(self.cores, self.sides, strict=True)

    def _listed(self, definitions: Iterable[msgspec.Struct | None], side: Side) -> Iterator[_Named]:
        """The definitions that somebody declared, by kind and name."""
        for each in definitions:
            if isinstance(each, ir.StageDef):
                yield "stage", each.name, each
                continue
            key = None if each is None else key_of(each)
            if key is not None and (self._key(key, side) in side.declared):
                yield *key, each

    def _key(self, key: Key, side: Side) -> Key:
        """The key by which a side declared what is called so now."""
        kind, name = key
        return (kind, self._former(kind, name) or name) if side is self.sides[0] else key

    def _former(self, kind: str, name: str) -> str | None:
        """What the old program calls what is called so now; None where it is called the same."""
        return self.back.get((_RENAMED.get(kind, ""), name))

    def _paired(self, old: list[_Named], new: list[_Named]) -> Iterator[Change]:
        before, after = ({(kind, name): one for kind, name, one in each} for each in (old, new))
        gone = [key for key in before if key not in after]
        come = [key for key in after if key not in before]
        again = dict(self._again(before, after, gone, come))
        for key, one in after.items():
            if key in before:
                yield from self._changed(*key, before[key], one)
            elif key in again.values():
                former = next(each for each, now in again.items() if now == key)
                note = "it does the same; without `was` it begins anew"
                yield Change("renamed", key[0], _called(one), "", _called(before[former]), _called(one), note)
            elif key[0] != "stage":
                yield Change("added", key[0], _called(one), "", "", self.sides[1].declared.get(key, ""))
        for key in gone:
            if key not in again and key[0] != "stage":
                text = self.sides[0].declared.get(self._key(key, self.sides[0]), "")
                yield Change("removed", key[0], _called(before[key]), "", text)

    def _again(
        self, before: dict[Key, Any], after: dict[Key, Any], gone: list[Key], come: list[Key]
    ) -> Iterator[tuple[Key, Key]]:
        """Rules that went and came under another name, and do the same."""
        waiting = [key for key in come if isinstance(after[key], _OWNED)]
        for key in gone:
            one = before[key]
            if not isinstance(one, _OWNED):
                continue
            found = next((each for each in waiting if each[0] == key[0] and _alike(one, after[each])), None)
            if found is not None:
                waiting.remove(found)
                yield key, found

    # ---- one declaration ----

    def _changed(self, kind: str, name: str, old: Any, new: Any) -> Iterator[Change]:
        if isinstance(old, _OWNED) and isinstance(new, _OWNED) and self._former(kind, name):
            yield Change("renamed", kind, new.title, "", old.title, new.title)
            old = replace(old, title=new.title, was=new.was)
        elif isinstance(old, ir.TrackDef) and self._former(kind, name):
            yield Change("renamed", kind, new.name, "", self._former(kind, name) or "", new.name)
            old = replace(old, was=new.was)
        if same(old, new):
            return
        self.owner, called = name, _called(new) or name
        if isinstance(old, ir.ImportDef) and isinstance(new, ir.ImportDef):
            yield Change("changed", kind, called, "rows", *_rows(old, new))
            return
        whole = self._texts(old, new, (kind, name))
        parts = [("", *whole, "")] if kind in WHOLE and whole[0] != whole[1] else list(self._fields(old, new, ""))
        for part, before, after, note in parts or [("", *whole, "")]:
            yield Change("changed", kind, called, part, before, after, note)

    def _fields(self, old: msgspec.Struct, new: msgspec.Struct, words: str) -> Iterator[_Part]:
        """The parts of a definition that differ; what follows from others only where nothing else does."""
        unlike = [
            field
            for field in new.__struct_fields__
            if field != "at" and not same(getattr(old, field), getattr(new, field))
        ]
        derived = DERIVED.get(type(new), frozenset())
        for field in [each for each in unlike if each not in derived] or unlike:
            word = " ".join(filter(None, (words, word_of(new, field))))
            yield from self._field(field, word, getattr(old, field), getattr(new, field))

    def _field(self, field: str, word: str, old: Any, new: Any) -> Iterator[_Part]:
        if field == "order":
            one, other = self._served(old), self._served(new)
            if one != other:
                yield word, ", ".join(one), ", ".join(other), ""
        elif _records(old) and _records(new):
            yield from self._aligned(field, word, old, new)
        elif isinstance(old, msgspec.Struct | None) and isinstance(new, msgspec.Struct | None):
            yield from self._pair(field, word, old, new)
        else:
            yield word, value_of(field, old, self.cores[0]), value_of(field, new, self.cores[1]), ""

    def _served(self, order: Iterable[str]) -> tuple[str, ...]:
        """Of an order, what both programs have: that a new rule is served as well follows from its being new."""
        one, other = ({each.key for each in owned(core)} for core in self.cores)
        return tuple(each for each in order if each.startswith("group ") or each in one & other)

    def _aligned(self, field: str, word: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[_Part]:
        """Two lists: what stands in both by name or by place, what came, what went."""
        if any(hasattr(each, "name") and not isinstance(each, ir.Node | ir.WayDef) for each in (*old, *new)):
            before, after = ({each.name: each for each in listed} for listed in (old, new))
            for name in dict.fromkeys((*before, *after)):
                if not same(before.get(name), after.get(name)):
                    yield from self._pair(field, f"{word} {name}", before.get(name), after.get(name))
            if [each for each in before if each in after] != [each for each in after if each in before]:
                yield f"order of {word}", ", ".join(before), ", ".join(after), ""
            return
        matcher = SequenceMatcher(None, list(map(_bytes, old)), list(map(_bytes, new)), autojunk=False)
        for tag, first, last, start, end in matcher.get_opcodes():
            if tag == "equal":
                continue
            both = min(last - first, end - start)
            for place in range(max(last - first, end - start)):
                one = old[first + place] if place < last - first else None
                other = new[start + place] if place < end - start else None
                assert place < both or one is None or other is None
                label = EFFECTS.get(type(one or other))
                yield from self._pair(field, label or word, one, other)

    def _pair(self, field: str, word: str, old: Any, new: Any) -> Iterator[_Part]:
        """Two parts: their texts, where these say the difference; else what differs inside them."""
        one = new or old
        key = ("field", f"{self.owner}.{one.name}") if isinstance(one, ir.FieldDef) else None
        before, after = self._texts(old, new, key)
        note = _note(field, old, new)
        if old is None or new is None or (before != after and before and after):
            before, after = (f"{text}{self._where(text, side)}" for text, side in ((before, 0), (after, 1)))
            yield word, before or _plain(old), after or _plain(new), note
            return
        behind = self._behind(before)
        if behind:
            yield word, behind[0], behind[1], note
        elif type(old) is type(new):
            parts = list(self._fields(old, new, word))
            yield from parts or [(word, before, after, note)]
        else:
            yield word, before or _plain(old), after or _plain(new), note

    def _texts(self, old: Any, new: Any, key: Key | None) -> tuple[str, str]:
        """The texts of two parts; empty where a part has no place of its own."""
        places = _at(old), _at(new)
        one, other = (side.text(at) if at else "" for side, at in zip(self.sides, places, strict=True))
        if key is not None and not one + other:
            one, other = (side.declared.get(self._key(key, side), "") for side in self.sides)
            one, other = one if old is not None else "", other if new is not None else ""
        return one, other

    def _where(self, text: str, side: int) -> str:
        """What the names in a text stand for, where the other program does not say the same: `, where define ...`."""
        here, there = self.sides[side].defined, set(self.sides[1 - side].defined.values())
        said = [here[name] for name in dict.fromkeys(_NAME.findall(text)) if name in here and here[name] not in there]
        return "".join(f"; {each}" for each in said)

    def _behind(self, text: str) -> tuple[str, str] | None:
        """What the names in a text stand for, where that differs."""
        old, new = self.sides
        waiting, seen = _NAME.findall(text), set()
        unlike: list[tuple[str, str]] = []
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in old.defined or name not in new.defined:
                continue
            seen.add(name)
            one, other = old.defined[name], new.defined[name]
            if one != other:
                unlike.append((one, other))
            waiting += _NAME.findall(other)
        if not unlike:
            return None
        return "; ".join(one for one, _ in unlike), "; ".join(other for _, other in unlike)


_Named: TypeAlias = tuple[str, str, Any]
_Part: TypeAlias = tuple[str, str, str, str]


def _offers(core: ir.Program) -> tuple[msgspec.Struct | None, ...]:
    return core.offers


_SECTIONS: Final[tuple[Callable[[ir.Program], Iterable[msgspec.Struct | None]], ...]] = (
    lambda core: (each for each in core.events if each.schedule is None),
    lambda core: core.imports,
    lambda core: core.periods,
    lambda core: core.units,
    lambda core: core.tracks,
    lambda core: (core.tiers,),
    lambda core: core.rules,
    _offers,
    lambda core: core.stages,
    lambda core: (*core.groups, *core.offer_groups),
    lambda core: core.matches,
    lambda core: core.holdouts,
)


def _rows(old: ir.ImportDef, new: ir.ImportDef) -> tuple[str, str, str]:
    """How many rows an imported file had and has, how many came and went; a row whose value changed did both."""
    before, after = (set(zip(each.keys or each.values, each.values, strict=True)) for each in (old, new))
    note = ", ".join(
        f"{count:,} {word}" for count, word in ((len(after - before), "new"), (len(before - after), "gone")) if count
    )
    return f"{len(old.values):,} rows", f"{len(new.values):,} rows", note


def _called(one: Any) -> str:
    """What people call a declaration: a rule by its title."""
    return str(getattr(one, "title", "") or getattr(one, "name", "") or getattr(one, "salt", ""))


def _alike(one: Any, other: Any) -> bool:
    """Whether two rules do the same under two names."""
    if type(one) is not type(other):
        return False
    limits = tuple(replace(each, key=each.key.replace(one.key, other.key, 1)) for each in one.limits)
    return same(replace(one, key=other.key, title=other.title, was=other.was, limits=limits), other)


def _records(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, msgspec.Struct) for each in value)


def _bytes(one: msgspec.Struct) -> bytes:
    return meaning(one)


def _at(one: Any) -> ir.Origin | None:
    """Where a part stands: its own place, or that of the first node in it."""
    own = getattr(one, "at", None)
    if isinstance(own, ir.Origin) or one is None:
        return own
    if isinstance(one, ir.WayDef):
        return one.condition.at
    if isinstance(one, ir.UnitLife) and one.day is not None:
        return one.day.at
    return None


def _plain(one: Any) -> str:
    """A part without a text: what is said in it that is not usual."""
    if one is None:
        return "nothing"
    said = [
        f"{word_of(one, field)} {getattr(one, field)}"
        for field in one.__struct_fields__
        if isinstance(getattr(one, field), str | int) and getattr(one, field) not in ("", False)
    ]
    return ", ".join(said)


def _note(field: str, old: Any, new: Any) -> str:
    if field == "dates":
        return days_moved(old, new)
    if field in CONDITIONS or isinstance(old, ir.WayDef):
        one, other = (each.condition if isinstance(each, ir.WayDef) else each for each in (old, new))
        went = way(one, other)
        return went if went != "same" else ""
    return percent(old, new) if old is not None and new is not None else ""
