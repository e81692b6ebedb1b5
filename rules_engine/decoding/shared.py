"""Shared counters: `decode_shared(raw, program)` gives a `Shared` to go on from, or every reason why not.

One store may serve several programs, and the program of last season beside that of this one, so a counter that the
program does not know is kept as it is. A counter of a renamed rule is taken over under its present name.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding.faults import clean
from rules_engine.decoding.fields import VALUE_MAX
from rules_engine.decoding.states import renamed_limits
from rules_engine.decoding.stored import Form, read
from rules_engine.outcome import Fault
from rules_engine.state import Shared

_FORM = Form(Shared, "shared counters", "shared counters have", "V157", "V158")


def decode_shared(raw: object, program: ir.Program) -> Shared | tuple[Fault, ...]:
    """The shared counters that a host stored, or their faults. `None`: nothing was used yet."""
    shared = read(raw, _FORM)
    if not isinstance(shared, Shared):
        return shared
    faults = tuple(_impossible(shared))
    return faults or Shared(renamed_limits(shared.limits, program), shared.version)


_broken = _FORM.fault


def _impossible(shared: Shared) -> Iterator[Fault]:
    """Values of the right shape that no program can have stored."""
    for name, used in shared.limits.items():
        where = f"limits.{clean(name)}"
        for day, value in used.items():
            if not FIRST_DAY <= day < END_DAY:
                yield _broken(where, "a day outside the years 1 to 9999")
            if value < 0:
                yield _broken(where, f"{max(value, -VALUE_MAX)} was used of a limit, which is less than nothing")
            elif value > VALUE_MAX:
                yield _broken(where, "a number beyond 2^62")
