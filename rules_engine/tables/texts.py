"""Quick looks at columns of text.

In: Arrow columns of text, plain or dictionary-encoded. Out: each different text once, and where it stands; or only
whether each value can be an id; or a hash of each, which tells ids apart that are different (equal hashes say nothing
for sure).
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from rules_engine.tables.arrow import pyarrow

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]

_FIRST_MIX = np.uint64(0x9E3779B97F4A7C15)
_SECOND_MIX = np.uint64(0xBF58476D1CE4E5B9)
_WORD = 8


class Pool(Protocol):
    """Codes of texts: the program's own come first, others follow as they are met."""

    def code(self, text: str) -> int:
        """The code of a text."""
        ...

    def presented(self, text: str) -> int:
        """The code of a presented code in normal spelling, or below 0 why it cannot count."""
        ...


class _Nowhere:
    """A pool for texts that nobody reads."""

    def code(self, text: str) -> int:  # noqa: ARG002
        """No code."""
        return 0

    def presented(self, text: str) -> int:  # noqa: ARG002
        """No code."""
        return 0


NOWHERE: Final = _Nowhere()


def words(column: Any) -> tuple[Ints, list[str | None]]:
    """The values of a column of text by their places in a list of different texts, -1 where there is none; a text that
    is not UTF-8 is None."""
    pa = pyarrow("tables")
    if not pa.types.is_dictionary(column.type) or column.dictionary.null_count:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        column = plain.dictionary_encode()
    places = column.indices
    if places.null_count:
        places = places.fill_null(-1) if pa.types.is_signed_integer(places.type) else _signed(pa, places)
    return places.to_numpy(zero_copy_only=False).astype(np.int64, copy=False), texts_of(column.dictionary)


def _signed(pa: Any, places: Any) -> Any:
    return places.cast(pa.int64()).fill_null(-1)


def texts_of(column: Any) -> list[str | None]:
    """A column of text as a list; what is not UTF-8 is None, as what is missing is."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_text_of(each) for each in column]


def _text_of(scalar: Any) -> str | None:
    try:
        return None if scalar is None else scalar.as_py()
    except UnicodeDecodeError:
        return None


def _bytes(column: Any) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Offsets and bytes of a plain column of text."""
    pa = pyarrow("tables")
    wide = pa.types.is_large_string(column.type)
    _, offsets, content = column.buffers()
    kind = np.dtype(np.int64 if wide else np.int32)
    if offsets is None:
        return np.zeros(len(column) + 1, np.int64), np.zeros(0, np.uint8)
    starts = np.frombuffer(offsets, kind)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    return starts, np.zeros(0, np.uint8) if content is None else np.frombuffer(content, np.uint8)


def plain_ids(column: Any, high: int) -> Flags:
    """Where a plain column of text holds an id for sure: 1 to `high` printable ASCII characters."""
    starts, content = _bytes(column)
    lengths = np.diff(starts)
    good = np.asarray((lengths > 0) & (lengths <= high))
    if column.null_count:
        good &= column.is_valid().to_numpy(zero_copy_only=False)
    used = content[starts[0] : starts[-1]]
    odd = (used < 0x20) | (used > 0x7E)
    if odd.any():
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(odd)])
        good &= sums[starts[1:] - starts[0]] == sums[starts[:-1] - starts[0]]
    return good


def only_plain(column: Any, high: int) -> bool:
    """Whether all texts of a column are ids for sure, or the texts of its dictionary are."""
    pa = pyarrow("tables")
    if column.null_count:
        return False
    plain = column.dictionary if pa.types.is_dictionary(column.type) else column
    return bool(plain_ids(plain, high).all())


def hashes(column: Any, salt: int) -> Hashes:
    """A hash of each value of a plain column of text; what is missing is as an empty text."""
    starts, content = _bytes(column)
    padded = np.concatenate([content[starts[0] : starts[-1]], np.zeros(_WORD, np.uint8)])
    at_each = np.ndarray((len(padded) - _WORD + 1,), "<u8", padded, strides=(1,))
    begins, left = starts[:-1] - starts[0], np.diff(starts)
    with np.errstate(over="ignore"):
        found = np.full(len(left), np.uint64(salt) * _SECOND_MIX + _FIRST_MIX, np.uint64)
        found ^= left.astype(np.uint64) * _FIRST_MIX
        for step in range(0, int(left.max(initial=0)), _WORD):
            here = np.clip(left - step, 0, _WORD)
            more = here > 0
            word = at_each[np.where(more, begins + step, 0)]
            spare = ((_WORD - here) * 8).astype(np.uint64)
            word = np.where(more, (word << (spare & np.uint64(63))) >> (spare & np.uint64(63)), np.uint64(0))
            mixed = (found ^ word) * _SECOND_MIX
            mixed ^= mixed >> np.uint64(29)
            found = np.where(more, mixed * _FIRST_MIX, found)
        return np.asarray(found ^ (found >> np.uint64(32)))
