"""Windows of tracks and limits in generated code: which key a day has, and since which key a moving window counts."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rules_engine import ir
from rules_engine.backends.python.function import Function
from rules_engine.periods import covers_every_day


class Window(msgspec.Struct, frozen=True):
    """`key(day)` is code for the key of a day, None where it has none unless `always`; `since(day)` is code for the
    first key that a moving window counts on a day, or None for a window with occurrences."""

    key: Callable[[str], str]
    since: Callable[[str], str | None]
    always: bool
    moving: bool


def window_of(window: ir.Window, function: Function) -> Window:
    """A window's code; anchors are loaded as facts of the member."""
    module = function.module
    match window.kind:
        case "lifetime":
            return Window(lambda _: "0", _never, True, False)
        case "rolling":
            since = module.since(window)
            return Window(lambda day: day, _asked(function, since), True, True)
        case "last":
            since, start = module.since(window), module.unit_start(window)
            return Window(_asked(function, start), _asked(function, since), True, True)
        case "period":
            definition = module.period(window.period)
            first, extra = module.occurrence(window.period), function.anchors(definition)
            always = covers_every_day(definition.period) and not _may_lack_anchor(definition, function)
            if not extra:
                return Window(_asked(function, first), _never, always, False)
            more = "".join(f", {code}" for code in extra)
            return Window(lambda day: f"{first}({day}{more})", _never, always, False)
        case "trial":
            return Window(lambda _: "None", _never, False, False)  # a member on trial takes the slow road


def _asked(function: Function, name: str) -> Callable[[str], str]:
    """A call of a look-up; for the event's own day a local name, looked up with all others."""
    return lambda day: function.of_day(f"{name}(day)") if day == "day" else f"{name}({day})"


def _never(_: str) -> str | None:
    return None


def _may_lack_anchor(definition: ir.PeriodDef, function: Function) -> bool:
    match definition.anchor:
        case None:
            return False
        case ir.MemberField(name=name):
            return function.facts[name].optional
        case _:
            return True
