"""How the kernel's functions are compiled: once, kept on disk beside the module (or where `NUMBA_CACHE_DIR` says),
without the interpreter's lock, and without counting references to arrays, which would cost more than the work.

Nor are their loops made for vectors: an event has a handful of lines, and what a vector loop asks before it begins
takes longer than they do."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from time import time_ns
from typing import Any

from numba import njit
from numba.core import config

compiled = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
inlined = njit(cache=True, nogil=True, error_model="numpy", _nrt=False, inline="always")
"""For steps that are called from one place with many arrays: handing those on would cost more than the call does."""

_lock = RLock()


@contextmanager
def plain_loops() -> Iterator[None]:
    """What is compiled meanwhile has plain loops. It is asked for around the first call, which compiles."""
    with _lock:
        before = config.LOOP_VECTORIZE, config.SLP_VECTORIZE
        config.LOOP_VECTORIZE = config.SLP_VECTORIZE = 0
        try:
            yield
        finally:
            config.LOOP_VECTORIZE, config.SLP_VECTORIZE = before


def forget_older(walk: Any) -> None:
    """Forget what was kept on disk before a module of this room was last written: numba looks only at the file of the
    function that is called, and not at those that were compiled into it."""
    now = time_ns()
    times = [each.stat().st_mtime_ns for each in Path(__file__).parent.glob("*.py")]
    written = max((time for time in times if time <= now), default=0)
    for kept in Path(walk.stats.cache_path).glob("*.nbi"):
        with suppress(FileNotFoundError):
            if kept.stat().st_mtime_ns < written:
                kept.unlink()
