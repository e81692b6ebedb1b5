"""Settings of the header that some text needs and nobody wrote.

In: what each declaration needs, and the header. Out: one finding for each missing setting, at the header, with the
first text that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules_engine import tree
from rules_engine.checking.subjects import subject
from rules_engine.diagnostics import Diagnostic, Fix, Label
from rules_engine.parsing import moved_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules_engine.checking.context import Need
    from rules_engine.checking.declarations import CheckedOne
    from rules_engine.checking.infos import HeaderInfo, Setting
    from rules_engine.checking.symbols import Entry, Symbols

SETTINGS: Final[dict[Setting, tuple[str, str, str]]] = {
    "currency": ("S110", "currency", "currency GBP, rounded half up"),
    "timezone": ("S111", "timezone", 'timezone "Europe/London"'),
    "weeks": ("S112", "weeks start", "weeks start Monday"),
    "leap day": ("S113", "29 February", "29 February counts as 28 February"),
    "split": ("S114", "split", "split in proportion, odd pennies to the largest remainder"),
    "prices": ("S115", "prices", "prices include tax"),
    "tax": ("S116", "tax", "tax rounded half up per line"),
    "returns": ("S117", "returns", "returns by share"),
}
"""What may be needed: the code of its absence, its name, and an example of it."""


def needed_settings(
    ones: Sequence[CheckedOne], symbols: Symbols, entries: Sequence[Entry], names: tuple[str, ...]
) -> Iterator[Diagnostic]:
    """A setting that something needs and the header lacks: reported once, at the header, naming the first user."""
    present = _present(symbols.header)
    head = next((each for each in entries if isinstance(each.home, tree.Program)), None)
    if head is None:
        return
    seen: set[Setting] = set()
    for one in ones:
        for need in one.needs:
            if not present[need.setting] and need.setting not in seen:
                seen.add(need.setting)
                yield _missing(need, one, head, names)


def _present(header: HeaderInfo) -> dict[Setting, bool]:
    return {
        "currency": bool(header.currencies),
        "timezone": header.zone is not None,
        "weeks": header.week_start is not None,
        "leap day": header.leap_day is not None,
        "split": header.split is not None,
        "prices": header.prices != "",
        "tax": header.tax is not None,
        "returns": header.returns is not None,
    }


def _missing(need: Need, one: CheckedOne, head: Entry, names: tuple[str, ...]) -> Diagnostic:
    code, setting, example = SETTINGS[need.setting]
    declared = head.declaration
    assert isinstance(declared, tree.Program)
    at = declared.span[1] - 1
    fix = Fix(f"add `{example}`", (at, at), f"  {example}\n")
    label = Label(need.source, moved_span(need.span, one.moved), "needed here")
    user = subject(one.entry.home)
    return Diagnostic(code, names[head.file], declared.title.span, {"setting": setting, "user": user}, (label,), fix)
