"""A result taken over after an edit, moved to where its declaration now stands.

In: a checked declaration and its new place. Out: the same with spans moved. Labels on other declarations are not
known to have moved alike, so results with such labels are marked by the checker as to be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.checking.declarations import CheckedOne

if TYPE_CHECKING:
    from rules_engine.checking.symbols import Entry
    from rules_engine.diagnostics import Diagnostic, Fix, Label
    from rules_engine.source import Span


def moved(one: CheckedOne, entry: Entry) -> CheckedOne:
    """The result at its new place; the core keeps its origins until `core_of` is asked for it."""
    by = entry.declaration.span[0] - one.entry.declaration.span[0]
    if by == 0:
        return CheckedOne(entry, one.core, one.diagnostics, one.reads, one.needs, one.uses, one.moved)
    return CheckedOne(
        entry,
        one.core,
        tuple(_finding(each, by) for each in one.diagnostics),
        one.reads,
        tuple(replace(each, span=_span(each.span, by)) for each in one.needs),
        one.uses,
        one.moved + by,
    )


def _span(span: Span, by: int) -> Span:
    return span[0] + by, span[1] + by


def _finding(finding: Diagnostic, by: int) -> Diagnostic:
    fix: Fix | None = finding.fix and replace(finding.fix, span=_span(finding.fix.span, by))
    return replace(finding, span=_span(finding.span, by), fix=fix, labels=tuple(_label(x, by) for x in finding.labels))


def _label(label: Label, by: int) -> Label:
    return replace(label, span=_span(label.span, by))


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
