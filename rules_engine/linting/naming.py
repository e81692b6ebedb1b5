"""Names for lints: what a program declares by which name, and how alike two names are.

In: a view. Out: `Named`s with the place of each name, and answers about two of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec

from rules_engine import tree
from rules_engine.linting.view import View
from rules_engine.source import Span


class Named(msgspec.Struct, frozen=True):
    """A declared name: what it names, the number of its file, and its place."""

    kind: str
    name: str
    file: int
    span: Span


class Titled(msgspec.Struct, frozen=True):
    """A rule or a match with its title, and its `as` name, if it has one."""

    file: int
    node: tree.RuleDecl | tree.MatchDecl

    @property
    def title(self) -> str:
        """The title, without its quotes."""
        return self.node.title.value


def titled(view: View) -> Iterator[Titled]:
    """The rules and the matches, in the order of the text."""
    for each in view.declared:
        if isinstance(each.node, (tree.RuleDecl, tree.MatchDecl)):
            yield Titled(each.file, each.node)


def named(view: View) -> Iterator[Named]:
    """All names that a program declares itself, a unit's by its plural too."""
    for each in view.declared:
        for kind, name in _names(each.node):
            yield Named(kind, name.text, each.file, name.span)


def _names(node: tree.Declaration) -> Iterator[tuple[str, tree.Name]]:
    match node:
        case tree.UnitDecl(name=name, plural=plural):
            yield "unit", name
            if plural is not None:
                yield "unit", plural
        case tree.DefineDecl(name=name):
            yield "define", name
        case tree.TableDecl(name=name):
            yield "table", name
        case tree.PeriodDecl(name=name):
            yield "period", name
        case tree.TrackDecl(name=name):
            yield "track", name
        case tree.GroupDecl(name=name):
            yield "group", name
        case tree.RuleDecl(name=tree.Name() as own):
            yield "rule", own
        case tree.MatchDecl(name=tree.Name() as own):
            yield "match", own
        case _:
            return


def plain(title: str) -> str:
    """A title without what is easily overlooked: case, blanks, signs, accents.

    >>> plain("Double  points!") == plain("double-points")
    True
    """
    letters = unicodedata.normalize("NFKD", title).casefold()
    return "".join(each for each in letters if each.isalnum())


def one_letter_apart(one: str, other: str) -> bool:
    """Whether two names differ by one letter, or by two that changed places. Digits and a final `s` say something.

    >>> one_letter_apart("weekend", "wekend"), one_letter_apart("stay", "stays"), one_letter_apart("rate_1", "rate_2")
    (True, False, False)
    """
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    short, long = sorted((one, other), key=len)
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        left_out = long[at]
        return short[at:] == long[at + 1 :] and left_out.isalpha() and not (left_out == "s" and at == len(short))
    if short[at] + long[at] == (long[at + 1 : at + 2] + short[at + 1 : at + 2]):
        return short[at + 2 :] == long[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] and short[at].isalpha() and long[at].isalpha()
