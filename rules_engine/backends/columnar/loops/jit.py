"""How loops are compiled: each op's by itself, when a tape first has that op, and kept on disk beside its module (or
where `NUMBA_CACHE_DIR` says), without the interpreter's lock.

A loop is handed two addresses: of the state (`room.py`), a row of whole numbers and of addresses of further ones, and
of its row of the tape. So all loops have one form, are called through a table of their addresses, and none is compiled
into another: what a program does not use costs nothing.
"""

# ruff: noqa: ARG001 - numba looks at the parameters of what it makes
# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from time import time_ns
from typing import Any, Final

from llvmlite import ir as llvm
from numba import cfunc, njit, types
from numba.core import config
from numba.extending import intrinsic

OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "_nrt": False}
inlined = njit(inline="always", **OPTIONS)
"""For what reads the state: an address is worked out where it is used."""
helper = njit(nogil=True, **OPTIONS)
"""For steps that several loops share."""

WHOLE = types.int64
LOOP = WHOLE(WHOLE, WHOLE)
COMPILED: Final = ("tape", "terms", "walking/entries")
"""The modules outside this folder whose functions or numbers are compiled into loops."""
_lock = RLock()
_compiled: dict[Callable[..., int], Any] = {}


@intrinsic
def ints(_: Any, address: Any) -> Any:
    """The whole numbers at an address."""

    def made(_: Any, builder: Any, __: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], llvm.IntType(64).as_pointer())

    return types.CPointer(WHOLE)(WHOLE), made


@intrinsic
def shorts(_: Any, address: Any) -> Any:
    """The numbers of 32 bits at an address, none below 0."""

    def made(_: Any, builder: Any, __: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], llvm.IntType(32).as_pointer())

    return types.CPointer(types.uint32)(WHOLE), made


@intrinsic
def doubles(_: Any, address: Any) -> Any:
    """The doubles at an address."""

    def made(_: Any, builder: Any, __: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], llvm.DoubleType().as_pointer())

    return types.CPointer(types.float64)(WHOLE), made


@intrinsic
def call(_: Any, address: Any, state: Any, row: Any) -> Any:
    """What the loop at an address returns."""

    def made(_: Any, builder: Any, __: Any, given: Any) -> Any:
        number = llvm.IntType(64)
        loop = builder.inttoptr(given[0], llvm.FunctionType(number, [number, number]).as_pointer())
        return builder.call(loop, given[1:])

    return WHOLE(WHOLE, WHOLE, WHOLE), made


def compiled(loop: Callable[..., int], plain: bool = False) -> Any:
    """A loop, compiled: its `address`; and its `ctypes`, which Python calls without its lock. `plain` are those whose
    inner loops are over the lines of one event: a handful, for which what a loop made for vectors asks before it begins
    takes longer than the loop does."""
    with _lock:
        if loop not in _compiled:
            forget_older(cache_of(loop))
            before = config.LOOP_VECTORIZE, config.SLP_VECTORIZE
            if plain:
                config.LOOP_VECTORIZE = config.SLP_VECTORIZE = 0
            _compiled[loop] = cfunc(LOOP, nopython=True, cache=True, **OPTIONS)(loop)
            config.LOOP_VECTORIZE, config.SLP_VECTORIZE = before
        return _compiled[loop]


def cache_of(loop: Callable[..., int]) -> Path:
    """The folder where a function is kept on disk."""
    from numba.core.caching import FunctionCache

    return Path(FunctionCache(loop).cache_path)


def forget_older(folder: Path) -> None:
    """Forget what was kept on disk before a module that goes into loops was last written: numba looks only at the file
    of the function itself, and not at those that were compiled into it."""
    now, room = time_ns(), Path(__file__).parent
    modules = [*room.glob("*.py"), *(room.parent / f"{name}.py" for name in COMPILED)]
    times = [each.stat().st_mtime_ns for each in modules]
    written = max((time for time in times if time <= now), default=0)
    for kept in folder.glob("*.nbi"):
        with suppress(FileNotFoundError):
            if kept.stat().st_mtime_ns < written:
                kept.unlink()
