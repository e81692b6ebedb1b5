"""Running lints over a program.

In: a view of a program, and which lints are wanted. Out: findings as diagnostics, sorted, without those that a comment
allows.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine.checking import Checked
from rules_engine.diagnostics import Diagnostic, nearest, sort_key
from rules_engine.linting.allowing import allowed
from rules_engine.linting.raw import raw
from rules_engine.linting.records import Lint, diagnostic
from rules_engine.linting.rules import LINTS
from rules_engine.linting.view import View


class UnknownLint(ValueError):  # noqa: N818 - a user's word, told by the shell
    """A word that names no lint: no code, no beginning of codes, no name."""

    def __init__(self, word: str) -> None:
        near = nearest(word, [each.name for each in LINTS] + [each.code for each in LINTS])
        super().__init__(f"there is no lint `{word}`" + (f"; did you mean `{near}`?" if near else ""))


def lint(program: View | Checked, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Diagnostic, ...]:
    """The findings of the chosen lints (all, where nothing is selected) in a program that checks.

    >>> from rules_engine.linting.prelude import example
    >>> found = lint(example('earn "Gift" { on purchase   give goodwill }'))
    >>> [each.code for each in found]
    ['L102']
    """
    view = program if isinstance(program, View) else View(program)
    found = [
        diagnostic(each, finding, view)
        for each in chosen(select, ignore)
        for finding in raw(view, each)
        if not allowed(view, each, finding)
    ]
    return tuple(sorted(found, key=sort_key))


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Lint, ...]:
    """The lints that words name: a code (`L304`), the beginning of codes (`L3`), or a name; without words all but those
    that have to be asked for. Raises `UnknownLint`."""
    usual = {each.code for each in LINTS if not each.asked}
    wanted = set[str]().union(*map(_named, select)) if (select := tuple(select)) else usual
    wanted -= set[str]().union(*map(_named, ignore))
    return tuple(each for each in LINTS if each.code in wanted)


def _named(word: str) -> set[str]:
    begins = word.upper() if word[:1] in "lL" and (word[1:].isdigit() or len(word) == 1) else "-"
    found = {each.code for each in LINTS if each.name == word or each.code.startswith(begins)}
    if not found:
        raise UnknownLint(word)
    return found
