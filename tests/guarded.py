"""Arrays that notice when somebody writes before or behind them: loops are handed raw addresses, and nothing else does.

In: modules whose `np` makes arrays that loops write to. Out: `Guarded`, with `check`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest

MARGIN: Final = 64
MARK: Final = 0x5A5A_5A5A_5A5A_5A5A


class Guarded:
    """NumPy with room around each array of whole numbers that it makes."""

    def __init__(self, patch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        self.made: list[tuple[np.ndarray[Any, Any], int]] = []
        for module in modules:
            patch.setattr(module, "np", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """As NumPy's."""
        return self._around(np.zeros(shape, dtype))

    def empty(self, shape: Any, dtype: Any = np.float64) -> Any:
        """As NumPy's, with numbers that nobody expects."""
        return self._around(np.full(shape, 0x7777, dtype))

    def full(self, shape: Any, value: Any, dtype: Any = None) -> Any:
        """As NumPy's."""
        return self._around(np.full(shape, value, dtype))

    def arange(self, *given: Any) -> Any:
        """As NumPy's."""
        return self._around(np.arange(*given))

    def _around(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if array.dtype != np.int64:
            return array
        whole = np.full(array.size + 2 * MARGIN, MARK, np.int64)
        inside = whole[MARGIN : MARGIN + array.size].reshape(array.shape)
        inside[...] = array
        self.made.append((whole, array.size))
        return inside

    def check(self) -> None:
        """Nobody wrote beside an array."""
        assert self.made
        for whole, size in self.made:
            assert (whole[:MARGIN] == MARK).all(), f"written before an array of {size}"
            assert (whole[MARGIN + size :] == MARK).all(), f"written behind an array of {size}"
