"""Shared counters: `decode_shared(raw, program)` gives a `Shared` to go on from, or every reason why not.

One store may serve several programs, and the program of last season beside that of this one, so a counter that the
program does not know is kept as it is. A counter of a renamed rule is taken over under its present name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding.faults import Place, clean, fault, shown
from rules_engine.decoding.fields import VALUE_MAX
from rules_engine.decoding.states import renamed_limits, why_misshapen
from rules_engine.outcome import Fault
from rules_engine.state import STATE_VERSION, Shared

_PLACE = Place("the shared counters")


def decode_shared(raw: object, program: ir.Program) -> Shared | tuple[Fault, ...]:
    """The shared counters that a host stored, or their faults. `None`: nothing was used yet."""
    if raw is None:
        return Shared()
    if isinstance(raw, Shared):
        raw = {"version": raw.version, "limits": raw.limits}
    if not isinstance(raw, Mapping):
        return (fault("V100", _PLACE, "", found=shown(raw), form="what `Shared.to_json` gave, or null"),)
    version = raw.get("version")
    if type(version) is not int or version != STATE_VERSION:
        word = "no number" if version is None else clean(str(version)[:50]) if type(version) is int else shown(version)
        return (fault("V157", _PLACE, "version", found=word, version=str(STATE_VERSION)),)
    unknown = [name for name in raw if name not in Shared.__struct_fields__]
    if unknown:
        words = [clean(name) if isinstance(name, str) else shown(name) for name in unknown]
        return tuple(_broken(word, "shared counters have no such part") for word in words)
    try:
        shared = msgspec.convert(dict(raw), Shared, str_keys=True)
    except (msgspec.ValidationError, ValueError, OverflowError, TypeError) as error:
        return (_broken(*why_misshapen(str(error), "shared counters")),)
    faults = tuple(_impossible(shared))
    return faults or Shared(renamed_limits(shared.limits, program), shared.version)


def _broken(where: str, reason: str) -> Fault:
    return fault("V158", _PLACE, where, reason=reason)


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
