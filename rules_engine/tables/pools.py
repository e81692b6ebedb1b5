"""Columns of few different texts, by number: each text is made once, however many rows have it.

In: texts, or amounts as whole numbers. Out: codes of 32 bits, and Arrow columns of dictionaries of them. A pool grows
with a run; one that has grown large is begun again between two chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules_engine.tables.arrow import pyarrow
from rules_engine.tables.texts import Ints
from rules_engine.values import format_decimal

Codes = npt.NDArray[np.int32]
NONE: Final = -1
"""The code of what is missing."""
_LARGE = 1 << 16
_PLAIN_MAX = 1 << 18


class Pool:
    """The texts of one column."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.known: dict[str, int] = {}
        self.fixed = 0
        self._array: Any = None

    def fix(self) -> None:
        """Whatever is here stays for the whole run."""
        self.fixed = len(self.texts)

    def shrink(self) -> None:
        """Begin again, but for what is fixed, where there are many texts."""
        if len(self.texts) > _LARGE:
            del self.texts[self.fixed :]
            self.known = {text: code for code, text in enumerate(self.texts)}
            self._array = None

    def code(self, text: str | None) -> int:
        """The code of one text."""
        if text is None:
            return NONE
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = len(self.texts)
            self.texts.append(text)
        return found

    def codes(self, texts: Iterable[str | None]) -> Codes:
        """The codes of some texts, and behind them that of none, which the place -1 finds."""
        return np.array([*map(self.code, texts), NONE], np.int32)

    def column(self, codes: Codes) -> Any:
        """The texts of some codes."""
        pa = pyarrow("tables")
        if self._array is None or len(self._array) != len(self.texts):
            self._array = pa.array(self.texts, pa.string())
        mask = np.asarray(codes < 0)
        indices = pa.array(codes, mask=mask if mask.any() else None)
        return pa.DictionaryArray.from_arrays(indices, self._array, safe=False)


class Amounts(Pool):
    """Amounts as decimal text: what is small is looked up in a table, the rest is sorted first."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[int, Codes] = {}

    def shrink(self) -> None:
        """Begin again where there are many texts."""
        if len(self.texts) > _LARGE:
            self.tables.clear()
        super().shrink()

    def of(self, amounts: Ints, places: int) -> Codes:
        """The codes of amounts with so many decimals."""
        if not len(amounts):
            return np.zeros(0, np.int32)
        low, high = int(amounts.min()), int(amounts.max())
        if low < 0 or high >= _PLAIN_MAX:
            used, at = np.unique(amounts, return_inverse=True)
            return self._texts(used, places)[at]
        table = self.tables.setdefault(places, np.full(_PLAIN_MAX, NONE, np.int32))
        found = table[amounts]
        if (found < 0).any():
            used = np.unique(amounts[found < 0])
            table[used] = self._texts(used, places)
            found = table[amounts]
        return found

    def _texts(self, amounts: Ints, places: int) -> Codes:
        return np.array([self.code(format_decimal(each, places)) for each in amounts.tolist()], np.int32)

    def mixed(self, amounts: Ints, places: Ints) -> Codes:
        """The same, each amount with decimals of its own."""
        if not len(amounts):
            return np.zeros(0, np.int32)
        first = int(places[0])
        if (places == first).all():
            return self.of(amounts, first)
        found = np.zeros(len(amounts), np.int32)
        for each in np.unique(places).tolist():
            some = np.flatnonzero(places == each)
            found[some] = self.of(amounts[some], each)
        return found


def none(rows: int) -> Codes:
    """Nothing in any row."""
    return np.full(rows, NONE, np.int32)


def ordered(blocks: Sequence[npt.NDArray[Any]], order: Ints | None) -> npt.NDArray[Any]:
    """Columns one after the other, in another order."""
    whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return whole if order is None else whole[order]
