"""Where things are declared, where they are used, and what a new name changes.

In: a checked program and a place. Out: stretches of its files. A rename touches every mention that is spelt as the one
at hand, in all files; it is refused where the text would then say something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine import tree
from rules_engine.checking import Checked, check
from rules_engine.language.places import Edit, Location
from rules_engine.language.things import Mention, Names, Thing, all_mentions, fields_of, mention_at
from rules_engine.language.words import KNOWN
from rules_engine.source import Source

VOCABULARY: Final = "vocabulary/"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TITLED: Final = ("rule", "match")


class RenameRefusedError(ValueError):
    """Why a name cannot be changed, in words for the person who asked."""


def definition(checked: Checked, source: str, offset: int) -> tuple[Location, ...]:
    """Where what stands at a place is declared; for a vocabulary the file itself."""
    found = mention_at(checked, source, offset)
    if found is None:
        return ()
    things = set(found[1].things)
    used = [each.name for each in things if each.kind == "vocabulary"]
    if used:
        return tuple(Location(f"{VOCABULARY}{name}.rules", (0, 0)) for name in used)
    first: dict[Thing, Location] = {}
    for exact in (True, False):
        for where, each in all_mentions(checked):
            for thing in things & set(each.things):
                if each.declares and (each.spelt == found[1].spelt or not exact):
                    first.setdefault(thing, Location(where, each.span))
    return tuple(first.values())


def references(checked: Checked, source: str, offset: int, *, declarations: bool = True) -> tuple[Location, ...]:
    """Every mention of what stands at a place, in the order of the files."""
    found = mention_at(checked, source, offset)
    if found is None:
        return ()
    things = set(found[1].things)
    return tuple(
        Location(where, each.span)
        for where, each in all_mentions(checked)
        if things & set(each.things) and (declarations or not each.declares)
    )


# ---- renaming ----


def renamable(checked: Checked, source: str, offset: int) -> Mention:
    """The mention at a place, if it can be renamed; raises RenameRefusedError."""
    found = mention_at(checked, source, offset)
    if found is None:
        raise RenameRefusedError("there is no name here")
    _, mention = found
    for thing in mention.things:
        if thing.kind == "vocabulary" or (thing.kind != "tag" and not _own(checked, thing)):
            raise RenameRefusedError(f"`{mention.spelt}` comes from a vocabulary: declare it here first to change it")
    return mention


def _own(checked: Checked, thing: Thing) -> bool:
    return any(
        each.declares and thing in each.things and not where.startswith(VOCABULARY)
        for where, each in all_mentions(checked)
    )


def rename(checked: Checked, source: str, offset: int, new: str) -> tuple[Edit, ...]:
    """All edits of a new name; raises RenameRefusedError."""
    mention = renamable(checked, source, offset)
    things = set(mention.things)
    title = _is_title(checked, source, mention)
    new = new.strip().strip('"') if title else new.strip()
    _check_spelling(new, title=title)
    if new == mention.spelt:
        return ()
    _check_clash(checked, mention, new, title=title)
    edits: list[Edit] = []
    for where, each in all_mentions(checked):
        if not things & set(each.things) or each.spelt != mention.spelt:
            continue
        if set(each.things) - things:
            others = ", ".join(sorted(f"`{other.owner}`" for other in set(each.things) - things if other.owner))
            raise RenameRefusedError(f"`{mention.spelt}` is also read of {others}: a new name would part them")
        quoted = _quoted(checked, where, each)
        if quoted != title and next(iter(things)).kind in _TITLED:
            continue
        edits.append(Edit(where, each.span, f'"{new}"' if quoted else new))
    edits.extend(_heirs(checked, mention, title=title))
    _check_meaning(checked, edits, new)
    return tuple(edits)


def _check_meaning(checked: Checked, edits: Sequence[Edit], new: str) -> None:
    """A name that the language already has a meaning for: the program would check no more."""
    texts = {name: each.text for name, each in checked.sources.items() if not name.startswith(VOCABULARY)}
    for each in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = texts[each.source]
        texts[each.source] = text[: each.span[0]] + each.text + text[each.span[1] :]
    after = check([Source(name, text) for name, text in texts.items()], checked.symbols.folder)
    errors = [each for each in after.diagnostics if each.severity == "error"]
    if len(errors) > sum(each.severity == "error" for each in checked.diagnostics):
        raise RenameRefusedError(f"with `{new}` the program would not check any more: {errors[0].message}")


def _quoted(checked: Checked, where: str, mention: Mention) -> bool:
    return checked.sources[where].text[mention.span[0]] == '"'


def _is_title(checked: Checked, source: str, mention: Mention) -> bool:
    return _quoted(checked, source, mention) and mention.things[0].kind in (*_TITLED, "value")


def _check_spelling(new: str, *, title: bool) -> None:
    if title and (not new or '"' in new or "\n" in new):
        raise RenameRefusedError("a title is one line of text without quotes")
    if not title and not _NAME.fullmatch(new):
        raise RenameRefusedError(f"`{new}` is no name: names are letters without accents, digits and `_`")
    if not title and new in KNOWN:
        raise RenameRefusedError(f"the language has a meaning for `{new}`: {KNOWN[new]}")


def _check_clash(checked: Checked, mention: Mention, new: str, *, title: bool) -> None:
    """A name that would hide another, or be hidden."""
    symbols, kind = checked.symbols, mention.things[0].kind
    taken = f"there is already something called `{new}`"
    match kind:
        case "rule" | "match" if title:
            if new in symbols.titles:
                raise RenameRefusedError(f'there is already a rule "{new}"')
        case "fact":
            if new in symbols.member:
                raise RenameRefusedError(taken)
        case "field":
            for thing in mention.things:
                fields = Names(symbols).fields(thing.owner)
                if new in fields or new in symbols.names:
                    raise RenameRefusedError(taken)
        case "remembered" | "value" | "tag":
            if _is_said(checked, kind, new, mention):
                raise RenameRefusedError(taken)
        case "tier" | "way":
            if Names(symbols).tier(new) is not None or new in symbols.names:
                raise RenameRefusedError(taken)
        case _:
            of_event = any(
                new == each.name for event in symbols.events.values() for each in fields_of(event.definition)
            )
            if new in symbols.names or of_event or Names(symbols).tier(new) is not None:
                raise RenameRefusedError(taken)


def _is_said(checked: Checked, kind: str, new: str, mention: Mention) -> bool:
    """Whether the new name is said already, of the same owner."""
    owners = {thing.owner for thing in mention.things}
    return any(
        thing.kind == kind and thing.name == new and thing.owner in owners
        for _, each in all_mentions(checked)
        for thing in each.things
    )


def _heirs(checked: Checked, mention: Mention, *, title: bool) -> Iterator[Edit]:
    """`was "old"` behind a rule, a match or a track that changes the name under which states keep what it counts."""
    for one in checked.ones:
        declared, source = one.entry.declaration, checked.files[one.entry.file].source
        if isinstance(declared, tree.TrackDecl):
            is_key, at = declared.name.text == mention.spelt, declared.name.span[1]
            kind = "track"
        elif isinstance(declared, (tree.RuleDecl, tree.MatchDecl)):
            key = declared.name.text if declared.name is not None else declared.title.value
            is_key = key == mention.spelt and title == (declared.name is None)
            at = declared.title.span[1] if declared.name is None else declared.name.span[1]
            kind = "match" if isinstance(declared, tree.MatchDecl) else "rule"
        else:
            continue
        if (
            is_key
            and declared.was is None
            and mention.things[0].kind == kind
            and not source.name.startswith(VOCABULARY)
        ):
            yield Edit(source.name, (at, at), f' was "{mention.spelt}"')
