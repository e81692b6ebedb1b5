"""The shape of a file: its declarations as an outline, and what can be folded.

In: a file as it is checked. Out: records with spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from rules_engine import tree
from rules_engine.parsing import Parsed
from rules_engine.source import Span

Sort: TypeAlias = Literal[
    "header", "vocabulary", "unit", "period", "define", "table", "event", "member", "track", "tiers", "tier", "match",
    "group", "holdout", "rule", "test", "field",
]  # fmt: skip


class Symbol(NamedTuple):
    """A declaration in the outline; `place` is its name, inside `span`."""

    name: str
    sort: Sort
    detail: str
    span: Span
    place: Span
    inner: tuple[Symbol, ...] = ()


def outline(parsed: Parsed) -> tuple[Symbol, ...]:
    """The declarations of a file, in their order; those that do not parse too, as far as they can be seen."""
    found = [each for declared in parsed.file.declarations if (each := _symbol(declared)) is not None]
    found += [
        Symbol(each.name, "rule", f"{each.kind}, does not parse", each.span, each.span)
        for each in parsed.broken
        if each.name
    ]
    return tuple(sorted(found, key=lambda each: each.span))


def _symbol(declared: tree.Declaration) -> Symbol | None:  # noqa: C901 - one arm for each kind
    match declared:
        case tree.Language() | tree.HoldoutDecl():
            return None
        case tree.Use(name=name):
            return Symbol(name.text, "vocabulary", "use", declared.span, name.span)
        case tree.Program(title=title):
            return Symbol(title.value, "header", "program", declared.span, title.span)
        case tree.RuleDecl(title=title, kind=kind):
            return Symbol(title.value, "rule", kind, declared.span, title.span)
        case tree.MatchDecl(title=title):
            return Symbol(title.value, "match", "match", declared.span, title.span)
        case tree.TestDecl(title=title):
            return Symbol(title.value, "test", "test", declared.span, title.span)
        case tree.TiersDecl(rungs=rungs):
            inner = tuple(Symbol(each.name.text, "tier", "tier", each.span, each.name.span) for each in rungs)
            return Symbol("tiers", "tiers", "", declared.span, _head(declared, "tiers"), inner)
        case tree.MemberDecl(fields=fields):
            return Symbol("member", "member", "", declared.span, _head(declared, "member"), _fields(fields))
        case tree.EventDecl(name=name, fields=fields, lines=lines):
            every = (*fields, *(lines.fields if lines else ()))
            return Symbol(name.text, "event", "event", declared.span, name.span, _fields(every))
        case tree.UnitDecl(name=name):
            return Symbol(name.text, "unit", "unit", declared.span, name.span)
        case tree.PeriodDecl(name=name):
            return Symbol(name.text, "period", "period", declared.span, name.span)
        case tree.DefineDecl(name=name):
            return Symbol(name.text, "define", "define", declared.span, name.span)
        case tree.TableDecl(name=name):
            return Symbol(name.text, "table", "table", declared.span, name.span)
        case tree.TrackDecl(name=name):
            return Symbol(name.text, "track", "track", declared.span, name.span)
        case tree.GroupDecl(name=name):
            return Symbol(name.text, "group", "group", declared.span, name.span)


def _head(declared: tree.Node, word: str) -> Span:
    return declared.span[0], declared.span[0] + len(word)


def _fields(fields: tuple[tree.FieldDecl, ...]) -> tuple[Symbol, ...]:
    return tuple(Symbol(each.name.text, "field", "", each.span, each.name.span) for each in fields)


class Fold(NamedTuple):
    """A stretch that can be folded."""

    span: Span
    comment: bool


def folds(parsed: Parsed, text: str) -> Iterator[Fold]:
    """Declarations over several lines, and comments on lines of their own that follow one another."""
    for each in (*parsed.file.declarations, *parsed.broken):
        if "\n" in text[slice(*each.span)].rstrip():
            start, end = each.span
            yield Fold((start, start + len(text[start:end].rstrip())), comment=False)
    own = [each for each in parsed.file.comments if each.own_line]
    numbered = [(text.count("\n", 0, each.span[0]) - at, each) for at, each in enumerate(own)]
    for _, run in groupby(numbered, key=lambda pair: pair[0]):
        found = [each for _, each in run]
        if len(found) > 1:
            yield Fold((found[0].span[0], found[-1].span[1]), comment=True)
