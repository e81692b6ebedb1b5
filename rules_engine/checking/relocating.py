"""A result taken over after an edit, moved to where its declaration now stands.

In: a checked declaration and its new place. Out: the same with spans moved. Labels on other declarations are not
known to have moved alike, so results with such labels are marked by the checker as to be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rules_engine import ir
from rules_engine.checking.declarations import CheckedOne
from rules_engine.parsing import moved_finding

if TYPE_CHECKING:
    from rules_engine.checking.symbols import Entry


def moved(one: CheckedOne, entry: Entry) -> CheckedOne:
    """The result at its new place; the core keeps its origins until `core_of` is asked for it, and what it needs its
    place until somebody is told of it."""
    by = entry.by - one.entry.by
    found = tuple([moved_finding(each, by) for each in one.diagnostics]) if by and one.diagnostics else one.diagnostics
    return CheckedOne(entry, one.core, found, one.reads, one.needs, one.uses, one.stale, one.moved + by)


def core_of(one: CheckedOne) -> object:
    """What a declaration became, its origins where its text now stands."""
    return _settled(one.core, one.moved) if one.moved else one.core


def _settled(core: Any, by: int) -> Any:
    if isinstance(core, ir.Origin):
        return ir.Origin(core.file, core.start + by, core.end + by)
    if isinstance(core, msgspec.Struct):
        return type(core)(*(_settled(getattr(core, each), by) for each in core.__struct_fields__))
    if isinstance(core, tuple):
        return tuple(_settled(each, by) for each in core)
    return core
