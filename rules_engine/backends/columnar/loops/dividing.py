"""Dividing whole numbers in loops: by doubles where both sides are exact in them, which is several times faster.

In: numbers. Out: exact quotients; no result hangs on a rounding of doubles.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return, return-value"

from __future__ import annotations

from typing import Final

import numpy as np

from rules_engine.backends.columnar.loops.jit import helper

EXACT: Final = 2**52


@helper
def quotient(value: int, by: int) -> int:
    """A number not below 0 divided by a positive one, rounded down. Up to 2^52 both are exact as doubles, and what is
    rounded wrongly is off by one, which the rest shows."""
    if value >= EXACT:
        return np.int64(np.uint64(value) // np.uint64(by))
    found = np.int64(np.float64(value) / np.float64(by))
    rest = value - found * by
    if rest < 0:
        return found - 1
    return found + 1 if rest >= by else found


@helper
def divided(value: int, den: int, mode: int) -> int:
    """A quotient, rounded on the magnitude."""
    size = -value if value < 0 else value
    whole = quotient(size, den)
    if mode != 0:
        rest = size - whole * den
        if (
            (mode == 1 and rest > 0)
            or (mode == 2 and 2 * rest >= den)
            or (mode == 3 and (2 * rest > den or (2 * rest == den and whole & 1)))
        ):
            whole += 1
    return -whole if value < 0 else whole
