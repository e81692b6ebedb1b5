"""Lints told to people: the list of all, any code explained, the table of the documentation.

In: the records, the table of codes. Out: text for a terminal, plain values for JSON, or Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import fill, indent
from typing import Any, Final

from rules_engine.codes import CODES, Code
from rules_engine.diagnostics import did_you_mean
from rules_engine.linting.engine import UnknownLint, chosen
from rules_engine.linting.records import Lint
from rules_engine.linting.rules import LINTS

FAMILIES: Final[dict[str, str]] = {
    "L0": "comments that allow",
    "L1": "money",
    "L2": "time",
    "L3": "dead and doubled",
    "L4": "fairness and clarity",
    "L5": "performance",
    "L6": "names and texts",
    "L7": "tests that are missing",
}
"""What the lints of a family are about, by the first two signs of their codes."""

SAID_OF: Final[dict[str, str]] = {
    "P": "`rules check` says it of a text that is no rule file",
    "N": "`rules check` says it of a name that is unknown, or stands for something else",
    "T": "`rules check` says it of values that do not fit together",
    "C": "`rules check` says it of a table whose rows leave something out, or meet",
    "S": "`rules check` says it where the header of the program lacks a setting, or says it twice",
    "M": "`rules check` says it of what parses and fits, and cannot be meant",
    "F": "it is said of files that cannot be read as a program",
    "V": "it is said where an event, facts or a stored state are refused",
    "X": "`rules test` says it, and where the test itself is at fault, `rules check`",
}
"""Where one meets the codes that are no lints, by their letter."""


class UnknownCode(ValueError):  # noqa: N818 - a user's word, told by the shell
    """A word that is no code of a finding and names no lint."""

    def __init__(self, word: str) -> None:
        near = did_you_mean(word.upper(), [*CODES, *(each.code for each in LINTS)])
        near = near or did_you_mean(word, [each.name for each in LINTS])
        super().__init__(f"there is no code `{word}`" + (f"; {near}" if near else ""))


def listing(lints: Iterable[Lint] = LINTS) -> str:
    """All lints by family; a star marks those that `--fix` can mend, a question mark those that have to be selected.

    >>> listing(LINTS[:1])
    'L0 comments that allow\\n  L001    allow-without-reason   allowed without a reason'
    """
    shown = list(lints)
    width = max((len(each.name) for each in shown), default=0) + 3
    lines: list[str] = []
    for family, some in groupby(shown, lambda each: each.code[:2]):
        lines += ["", f"{family} {FAMILIES[family]}"]
        lines += [f"  {each.code} {_mark(each)}  {each.name:<{width}}{each.title}" for each in some]
    return "\n".join(lines[1:])


def _mark(lint: Lint) -> str:
    return "*" if lint.fixes else "?" if lint.asked else " "


def as_values(lints: Iterable[Lint] = LINTS) -> list[dict[str, Any]]:
    """All lints as JSON values."""
    return [
        {
            "code": each.code, "name": each.name, "family": FAMILIES[each.code[:2]], "title": each.title,
            "message": each.message, "help": each.help, "why": each.why, "fixes": each.fixes,
            "asked": each.asked,
        }
        for each in lints
    ]  # fmt: skip


def explained(lint: Lint) -> str:
    """Why a lint is there, what it says, and an example that it finds beside one that it leaves alone."""
    parts = [
        f"{lint.code} {lint.name}: {lint.title}" + ("  (`--fix` mends it)" if lint.fixes else ""),
        fill(lint.why, 100),
        "It finds:",
        indent(lint.bad.rstrip(), "  "),
        "It leaves alone:",
        indent(lint.good.rstrip(), "  "),
    ]
    return "\n\n".join(parts)


class _Named(dict[str, str]):
    """What fills a wording that is told of no finding: `<name>` stands for the name."""

    def __missing__(self, key: str) -> str:
        return f"<{key.replace('_', ' ')}>"


def explained_code(row: Code) -> str:
    """What a code that is no lint says; what a finding fills in stands in angle brackets.

    >>> print(explained_code(CODES["N208"]))
    N208: unknown unit
    <BLANKLINE>
      error: there is no unit `<name>`
    <BLANKLINE>
    `rules check` says it of a name that is unknown, or stands for something else
    """
    said = [f"{row.severity}: {row.message}", *([f"help: {row.help}"] if row.help else [])]
    told = indent("\n".join(line.format_map(_Named()) for line in said), "  ")
    parts = [f"{row.code}: {row.title}", told, *([fill(row.long, 100)] if row.long else []), SAID_OF[row.code[0]]]
    return "\n\n".join(parts)


def explained_words(text: str) -> str:
    """What codes and names of lints, with commas or blanks between them, stand for; raises `UnknownCode`.

    >>> explained_words("s112").split("\\n")[0]
    'S112: no start of weeks'
    """
    return "\n\n\n".join(told for word in text.replace(",", " ").split() for told in _explained(word))


def _explained(word: str) -> list[str]:
    row = CODES.get(word.upper())
    if row is not None:
        return [explained_code(row)]
    try:
        return [explained(each) for each in chosen([word])]
    except UnknownLint:
        raise UnknownCode(word) from None


def markdown(lints: Sequence[Lint] = LINTS) -> str:
    """The table of the documentation."""
    rows = [f"| `{each.code}` | `{each.name}` | {each.title} | {_words(each)} |" for each in lints]
    return "\n".join(["| code | name | finds | |", "|---|---|---|---|", *rows])


def _words(lint: Lint) -> str:
    return ", ".join(["`--fix` mends it"] * lint.fixes + ["only where selected"] * lint.asked)
