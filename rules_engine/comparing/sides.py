"""One of the two programs that are compared: what it means, and the text that says so.

In: a checked program. Out: a `Side`: its core, and the words of a node, of a declaration, of a define. Texts are shown
to people, so they are squeezed to one line; they are whole, and whoever shows them shortens them (`texts.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import EventInfo, HeaderInfo, core_of
from rules_engine.lowering import lower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules_engine.checking import Checked
    from rules_engine.source import Source

Key: TypeAlias = tuple[str, str]
"""The kind of a declaration and its name."""

_BLANKS: Final = re.compile(r"\s+")
_COMMENT: Final = re.compile(r'("[^"\n]*")|#[^\n]*')


class Side(msgspec.Struct, frozen=True, eq=False):
    """A program to compare: its core, its files, the text of each declaration, the text behind each defined name."""

    core: ir.Program
    sources: tuple[Source, ...]
    declared: dict[Key, str]
    defined: dict[str, str]

    @property
    def title(self) -> str:
        """The program's name."""
        return self.core.header.title

    def text(self, at: ir.Origin) -> str:
        """The text of a node, on one line."""
        return squeezed(self.sources[at.file].slice((at.start, at.end)))


def side_of(checked: Checked) -> Side:
    """A program that checks, ready to be compared."""
    sources = tuple(file.source for file in checked.files)
    declared: dict[Key, str] = {}
    defined: dict[str, str] = {}
    for one in checked.ones:
        declaration = one.entry.declaration
        text = squeezed(sources[one.entry.file].slice(declaration.span))
        if isinstance(declaration, tree.DefineDecl | tree.TableDecl):
            defined[declaration.name.text] = text
        for field in _fields(declaration):
            owner = declaration.name.text if isinstance(declaration, tree.EventDecl) else ""
            text_of = sources[one.entry.file].slice(field.span)
            declared["fact" if not owner else "field", f"{owner}.{field.name.text}".strip(".")] = squeezed(text_of)
        key = key_of(core_of(one))
        if key is not None:
            declared[key] = text
    return Side(lower(checked), sources, declared, defined)


def _fields(declaration: tree.Declaration) -> Iterator[tree.FieldDecl]:
    """The fields of an event, with those of its lines, and the facts of a member."""
    if isinstance(declaration, tree.EventDecl | tree.MemberDecl):
        yield from declaration.fields
    if isinstance(declaration, tree.EventDecl) and declaration.lines is not None:
        yield from declaration.lines.fields


def key_of(core: object) -> Key | None:
    """The kind and the name of what a declaration became; None for what is compared by its parts."""
    match core:
        case HeaderInfo() | ir.Header():
            return "program", ""
        case EventInfo():
            return "event", core.definition.name
        case ir.EventDef(name=name):
            return "event", name
        case ir.UnitDef(name=name):
            return "unit", name
        case ir.PeriodDef(name=name):
            return "period", name
        case ir.TrackDef(key=name):
            return "track", name
        case ir.TiersDef():
            return "tiers", ""
        case ir.RuleDef(kind=kind, key=name):
            return kind, name
        case ir.OfferDef(key=name):
            return "offer", name
        case ir.GroupDef(name=name) | ir.OfferGroupDef(name=name):
            return "group", name
        case ir.MatchDef(key=name):
            return "match", name
        case ir.HoldoutDef():
            return "holdout", core.salt or ", ".join(core.rules)
        case ir.ImportDef(name=name):
            return "column" if core.keys is None else "table", name
        case _:
            return None


def owned(core: ir.Program) -> tuple[ir.RuleDef | ir.OfferDef | ir.MatchDef, ...]:
    """Everything with a title: rules, offers, matches."""
    return (*core.rules, *core.offers, *core.matches)


def squeezed(text: str) -> str:
    """A text without comments, on one line.

    >>> squeezed("at most  5 points  # for now\\n  per member")
    'at most 5 points per member'
    """
    return _BLANKS.sub(" ", _COMMENT.sub(lambda found: found[1] or "", text)).strip()
