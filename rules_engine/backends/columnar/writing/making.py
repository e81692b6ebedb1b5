"""The maker of a tape: rows of code, constants, rows of days, registers, and what the layout gathers on the way.

In: ops, one after the other. Out: their numbers. Registers and vectors are handed out in scopes: what a rule works out
for itself makes room again when it is done. What was worked out is remembered by its expression, so that rules share
it; what is remembered in a scope is forgotten with it, since the rule may have been skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Ints


class NotColumnar(Exception):  # noqa: N818 - control flow of the compiler; what it says is told
    """Something has no columnar form; says what, in a programme designer's words."""


class Maker:
    """A tape under way. `kept` remembers what was worked out, by what it is; `labels` are jumps that wait."""

    def __init__(self) -> None:
        self.code: list[tuple[int, ...]] = []
        self.pool: list[int] = []
        self.days: dict[tuple[Any, ...], int] = {}
        self.registers = self.registers_max = ops.REGISTERS
        self.vectors = self.vectors_max = ops.VECTORS
        self.slots = ops.SLOTS
        self.kept: dict[Any, Any] = {}
        self.version = 0
        self._stretches: dict[tuple[int, ...], int] = {}
        self._patches: list[list[int]] = []

    # ---- code ----

    def put(self, op: int, d: int = 0, a: int = 0, b: int = -1, k: int = 0, m: int = 0, n: int = 0) -> int:
        """A row of code; its number."""
        self.code.append((op, d, a, b, k, m, n, 0))
        return len(self.code) - 1

    def scalar(self, op: int, a: int = 0, b: int = -1, k: int = 0, m: int = 0, n: int = 0) -> int:
        """A row that makes a number; its register."""
        self.put(op, register := self.register(), a, b, k, m, n)
        return register

    def vector(self, op: int, a: int = 0, b: int = -1, k: int = 0, m: int = 0, n: int = 0) -> int:
        """A row that makes a vector."""
        self.put(op, place := self.line_vector(), a, b, k, m, n)
        return place

    def register(self) -> int:
        """A register that is free."""
        self.registers += 1
        self.registers_max = max(self.registers, self.registers_max)
        return self.registers - 1

    def line_vector(self) -> int:
        """A vector that is free."""
        self.vectors += 1
        self.vectors_max = max(self.vectors, self.vectors_max)
        return self.vectors - 1

    def to(self, row: int, label: Label) -> None:
        """Let a jump go to a label."""
        label.rows.append(row)

    def place(self, label: Label) -> None:
        """The label stands here."""
        for row in label.rows:
            self.code[row] = (*self.code[row][:7], len(self.code))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is worked out inside may be skipped: afterwards nobody knows it, and its room is free again."""
        before = self.mark()
        try:
            yield
        finally:
            self.back(before)

    def mark(self) -> tuple[int, int, dict[Any, Any]]:
        """What is in use and remembered now; what is remembered from here on stands apart."""
        before = self.registers, self.vectors, self.kept
        self.kept = dict(self.kept) if len(self.kept) < 64 else _Layered(self.kept)
        return before

    def back(self, before: tuple[int, int, dict[Any, Any]]) -> None:
        """As it was when it was marked."""
        self.registers, self.vectors, self.kept = before

    def changed(self) -> None:
        """Prices or tracks have moved: what was worked out of them holds no more."""
        self.version += 1

    # ---- tables ----

    def stretch(self, values: Sequence[int]) -> int:
        """Where some constants stand in the pool; equal ones stand there once."""
        key = tuple(values)
        if key not in self._stretches:
            self._stretches[key] = len(self.pool)
            self.pool.extend(key)
        return self._stretches[key]

    def day_row(self, *question: Any) -> int:
        """The row of what is asked of a day."""
        return self.days.setdefault(question, len(self.days))

    def slot(self, width: int) -> int:
        """Some slots in memory."""
        self.slots += width
        return self.slots - width


class _Layered(dict[Any, Any]):
    """A memory on top of another, so that a scope is cheap however much is remembered."""

    def __init__(self, below: dict[Any, Any]) -> None:
        super().__init__()
        self.below = below

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key)
        return self.below.get(key, default) if found is None else found

    def __len__(self) -> int:
        return 64


class Label(msgspec.Struct):
    """A row to come, and the jumps that go to it."""

    rows: list[int] = []


def same(node: object) -> Any:
    """What an expression says, whoever says it: nodes without their origins."""
    if isinstance(node, msgspec.Struct):
        names = node.__struct_fields__
        return (type(node), *[same(getattr(node, name)) for name in names if name != "at"])
    return tuple(map(same, node)) if isinstance(node, tuple) else node


def matrix(rows: Sequence[Sequence[int]], width: int) -> Ints:
    """Rows as an array, also where there are none."""
    return np.array(rows, np.int64).reshape(len(rows), width)


def unwanted(found: object, where: str) -> NotColumnar:
    """That something has no columnar form."""
    return NotColumnar(f"{where}: {WORDS.get(type(found), 'columns have no form for what it reads')}")


WORDS: dict[type, str] = {
    ir.BalanceRead: "a balance is read",
    ir.UsedRead: "what was paid or taken is read",
    ir.PersonField: "a fact of another member is read",
    ir.KeyFold: "a track by key is read",
    ir.LineKeys: "lines are grouped by a key",
    ir.Across: "rates go across the bounds of a track",
    ir.Picked: "some units are picked",
    ir.PerCurrency: "an amount is written for each currency",
    ir.CurrencyRead: "the event's currency is read",
    ir.CodeRead: "the presented code is read",
    ir.AwardPart: "an award is read line by line",
    ir.Reaches: "a track reaches a bound",
    ir.LotField: "what a lot remembers is read",
    ir.Imported: "an imported table is read",
    ir.InField: "a value is looked up in a list",
    ir.Forever: "an end that never comes is read",
    ir.KeyRead: "a key is read",
    ir.KeyValue: "a key is read",
    ir.MarkRead: "the mark that was reached is read",
    ir.RungRead: "a rung under judgement is read",
    ir.TurnedSum: "what is turned is added up",
    ir.DayOf: "the local day of a moment is read",
    ir.InPeriod: "a period starts at a time of day, or hangs on a fact",
}
