"""What an edit costs in a long file: the work of the language server, beside a full check of the same text.

In: a generated program of about a thousand rules: offers in stages, groups, codes, earns, rewards. An edit is what an
editor sends; its work is what the server does before it answers: the text replaced, the program checked, the findings
turned into what the protocol sends, where they changed. A full check of the text, by a new checker, stands in the same
turn. Colours are asked for by editors after each edit, and are told as a change; they stand in a row of their own.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

from benchmarks.tables import Cell, Table
from rules_engine.checking import Checker
from rules_engine.diagnostics import Diagnostic
from rules_engine.folders import Folder
from rules_engine.language import Colours, difference
from rules_engine.lsp.converting import finding
from rules_engine.lsp.programmes import Programmes
from rules_engine.source import Source
from tests.many_rules import case

NAME = "many.rules"
_TYPED = 'earn "N" { on order   give 5 pt'
EDITS = 6
"""Of each kind, in each round."""


def kinds(text: str) -> dict[str, Callable[[int], str]]:
    """By its name, the text after the n-th edit of a kind: what stands at one place is typed anew."""
    middle = text.index('\nearn "', len(text) * 3 // 4)
    first = _place(r"take (\d+)", text, 0)
    number = _place(r"give (\d+)", text, middle)
    title = _place(r'earn "(\w+)"', text, middle)
    code = _place(r"define codes\d+ = \(\"(\w+)\"", text, 0)
    broken = text.index('\nearn "', middle + 1) + 1
    return {
        "a number, in an offer at the top": lambda n: _put(text, first, str(n % 7 + 1) * (n % 3 + 1)),
        "a number, in an earn further down": lambda n: _put(text, number, str(n % 7 + 11)),
        "a title, letter by letter": lambda n: _put(text, title, "Edited title"[: n % 12 + 1]),
        "a rule that does not parse yet": lambda n: f"{text[:broken]}{_TYPED[: n % 22 + 9]}\n{text[broken:]}",
        "a define": lambda n: _put(text, code, f"NEW{n}"),
        "a comment above everything": lambda n: f"# {'x' * (n % 9)}\n{text}",
    }


def _place(pattern: str, text: str, start: int) -> tuple[int, int]:
    found = re.compile(pattern).search(text, start)
    assert found is not None, pattern
    return found.span(1)


def _put(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def program() -> str:
    """The first generated program that has codes, of about a thousand rules."""
    return next(text for seed in range(20) if "define codes" in (text := case(seed, 800, 0).text))


class Editor:
    """An open file, and what was told of it."""

    def __init__(self, text: str) -> None:
        self.programmes = Programmes()
        self.document = self.programmes.open(NAME, text)
        self.programme = self.programmes.of(NAME)
        self.told: list[Diagnostic] = []
        self.shown: list[object] = []
        self.work(text)

    def work(self, text: str) -> None:
        """What the server does at an edit."""
        self.document.replace(text)
        self.programme.check(self.programmes.documents)
        found = list(self.programme.findings)
        if found != self.told:
            self.told = found
            self.shown = [finding(each, self.document.lines) for each in found]


def run(rounds: int = 5) -> list[Table]:
    """Each kind of edit, in turns with a full check of what it leaves."""
    text = program()
    rows: list[list[Cell]] = []
    ratios = []
    editor, colours = Editor(text), Colours()
    numbers = colours.of(text)
    for kind, edit in kinds(text).items():
        works, fulls, coloured = [], [], []
        for n in range(rounds * EDITS):
            new = edit(n)
            works.append(_spent(partial(editor.work, new)))
            if n % EDITS == 0:
                fulls.append(_spent(partial(Checker(Folder(None)).check, [Source(NAME, new)])))
            before = numbers
            start = process_time()
            numbers = colours.of(new)
            difference(before, numbers)
            coloured.append(process_time() - start)
        editor.work(text)
        full, work = median(fulls), median(works)
        ratios.append(work / full)
        fresh = len(editor.programme.checker.fresh)
        rows.append([kind, work * 1e3, full * 1e3, f"{work / full:.1%}", f"{median(coloured) / full:.1%}", fresh])
    count = len(re.findall(r"^(?:earn|reward|\w+ offer)\b", text, re.MULTILINE))
    notes = [f"{count:,} rules, {len(text):,} characters; medians of {rounds * EDITS} edits and {rounds} full checks."]
    notes.append("Colours are told as what changed of them, when the editor asks.")
    columns = [
        "edit",
        "ms an edit",
        "ms a full check",
        "edit beside full",
        "colours beside full",
        "declarations checked",
    ]
    return [Table("An edit in a file of a thousand rules", columns, rows, notes, {"editing": max(ratios)})]


def _spent(do: Callable[[], object]) -> float:
    gc.collect()
    start = process_time()
    do()
    return process_time() - start
