"""Lints told to people: the list of all, one explained, the table of the documentation.

In: the records. Out: text for a terminal, plain values for JSON, or Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import fill, indent
from typing import Any, Final

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


def markdown(lints: Sequence[Lint] = LINTS) -> str:
    """The table of the documentation."""
    rows = [f"| `{each.code}` | `{each.name}` | {each.title} | {_words(each)} |" for each in lints]
    return "\n".join(["| code | name | finds | |", "|---|---|---|---|", *rows])


def _words(lint: Lint) -> str:
    return ", ".join(["`--fix` mends it"] * lint.fixes + ["only where selected"] * lint.asked)
