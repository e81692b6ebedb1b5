"""The parser's table as it is used: `load()` reads `table.json` once.

A *terminal* is what the grammar knows; a *kind* is what the lexer sees. A word that is a keyword somewhere is one
kind that may stand for several terminals, the last of them NAME: which one is decided by the state of the parser.
Rows are made when a state is first reached, so that loading stays near a millisecond.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

TABLE = Path(__file__).parent / "table.json"

LITERALS = ("NAME", "DOTTED", "STRING", "NUM", "QNUM", "PCT", "MONEY", "DATE", "TIME", "INSTANT", "ORD")
"""Kinds that stand for one terminal and keep its name; the kind's number is the place here plus one (0 is the end)."""

NAME, DOTTED, STRING, NUM, QNUM, PCT, MONEY, DATE, TIME, INSTANT, ORD = range(1, 12)
END = 0
DURATION, DAYMONTH, FROM_CELL, NUM_WORD, MONEY_LABEL, BAD = range(12, 18)
FIRST_WORD = 18

_SHARED: dict[int, tuple[str, ...]] = {
    DURATION: ("DURATION",),
    DAYMONTH: ("DAYMONTH",),
    FROM_CELL: ("FROM_CELL", "FROM", "NAME"),
    NUM_WORD: ("NUM", "QNUM"),
    MONEY_LABEL: ("MONEY",),
    BAD: (),
}


class Stored(msgspec.Struct):
    """The file as `build_table` writes it."""

    grammar: str
    terminals: list[str]
    nonterminals: list[str]
    words: dict[str, list[int]]
    marks: dict[str, list[int]]
    rules: list[tuple[int, int, str, list[int]]]
    start: int
    end: int
    shifts: list[list[int]]
    gotos: list[list[int]]
    reduces: list[list[int]]
    sets: list[list[int]]


class Table:
    """The table with its indexes; `row(state)` maps a terminal to a shift (the state) or a reduction (`~rule`)."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.start = stored.start
        self.end = stored.end
        self.names = stored.terminals
        ids = {name: at for at, name in enumerate(stored.terminals)}
        self.kinds: dict[str, int] = {}
        self.candidates: list[tuple[int, ...]] = [(ids["$END"],)]
        self.candidates += [(ids[name],) for name in LITERALS]
        for kind in range(DURATION, FIRST_WORD):
            self.candidates.append(tuple(ids[name] for name in _SHARED[kind]))
        name_id = ids["NAME"]
        for text, terminals in {**stored.words, **stored.marks}.items():
            self.kinds[text] = len(self.candidates)
            word = text.isidentifier()
            self.candidates.append((*terminals, name_id) if word else tuple(terminals))
        self.spelled = {kind: text for text, kind in self.kinds.items()}
        self._rows: list[dict[int, int] | None] = [None] * len(stored.shifts)
        self.gotos: list[dict[int, int] | None] = [None] * len(stored.shifts)
        self.fast: list[dict[int, int]] = [{} for _ in stored.shifts]
        self.makes = self._makers(ids)

    def _makers(self, ids: dict[str, int]) -> bytearray:
        """By state: how the token that led there becomes a value. 0 its text, 1 Name, 2 Text, 3 the parts of a path."""
        makes = bytearray(len(self.stored.shifts))
        special = {ids["NAME"]: 1, ids["STRING"]: 2, ids["DOTTED"]: 3}
        for row in self.stored.shifts:
            for at in range(0, len(row), 2):
                if row[at] in special:
                    makes[row[at + 1]] = special[row[at]]
        return makes

    def row(self, state: int) -> dict[int, int]:
        found = self._rows[state]
        if found is None:
            shifts, reduces = self.stored.shifts[state], self.stored.reduces[state]
            found = dict(zip(shifts[::2], shifts[1::2], strict=True))
            for at in range(0, len(reduces), 2):
                for terminal in self.stored.sets[reduces[at + 1]]:
                    found[terminal] = ~reduces[at]
            self._rows[state] = found
        return found

    def goto(self, state: int) -> dict[int, int]:
        found = self.gotos[state]
        if found is None:
            pairs = self.stored.gotos[state]
            found = self.gotos[state] = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return found


@cache
def load() -> Table:
    """The table, read once."""
    return Table(msgspec.json.decode(TABLE.read_bytes(), type=Stored))
