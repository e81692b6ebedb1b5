"""`was "old"`: who takes over what states keep under a name that a declaration had before.

In: all declarations. Out: findings, where a name still keeps something of its own, or where two take it over: either
way something that members have would be lost without a word. Two that swap their names both say `was`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rules_engine import tree
from rules_engine.checking.subjects import subject
from rules_engine.diagnostics import Diagnostic, Label

if TYPE_CHECKING:
    from rules_engine.checking.symbols import Entry

Named: TypeAlias = tree.RuleDecl | tree.MatchDecl | tree.TrackDecl


def heirs(entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Diagnostic]:
    """Each `was` that takes what is another's."""
    if all(getattr(each.home, "was", None) is None for each in entries):
        return
    for kinds in ((tree.TrackDecl,), (tree.RuleDecl, tree.MatchDecl)):
        family = [(each, each.declaration) for each in entries if isinstance(each.declaration, kinds)]
        owners = {_key(one): (entry, one) for entry, one in reversed(family)}
        first: dict[str, tuple[Entry, Named]] = {}
        for entry, one in family:
            if one.was is None:
                continue
            old = one.was.value
            before = first.setdefault(old, (entry, one))
            owner = owners.get(old)
            if before[1] is not one:
                yield _finding("M289", entry, one.was, before, names)
            elif owner is not None and owner[1].was is None:
                yield _finding("M288", entry, one.was, owner, names)


def _key(declared: Named) -> str:
    """The name under which states keep what it counts."""
    if isinstance(declared, tree.TrackDecl):
        return declared.name.text
    return declared.name.text if declared.name else declared.title.value


def _finding(code: str, entry: Entry, was: tree.Text, other: tuple[Entry, Named], names: Sequence[str]) -> Diagnostic:
    there, declared = other
    place = declared.name if isinstance(declared, tree.TrackDecl) else declared.title
    label = Label(names[there.file], place.span, "the other one")
    data = {"name": was.value, "other": subject(declared)}
    return Diagnostic(code, names[entry.file], was.span, data, (label,))
