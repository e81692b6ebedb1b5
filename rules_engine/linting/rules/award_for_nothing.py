"""L109: an award for an event that costs the member nothing, as often as it happens."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import Rule, View


def _find(view: View) -> Iterator[Found]:
    for rule in view.rules:
        core = rule.core
        if isinstance(core, ir.RuleDef) and core.kind == "earn" and not view.limits(rule) and _free(rule, view):
            for give in core.gives:
                if isinstance(give.value, ir.Num) and give.value.num > 0 and not give.to:
                    yield Found(rule.file, (give.at.start, give.at.end), {"title": rule.title, "event": core.events[0]})


def _free(rule: Rule, view: View) -> bool:
    """Whether the events hold no money, and nothing that is given up sets the rule off."""
    core = rule.core
    events = [view.events[name] for name in core.events]
    if core.thing is not None or core.code is not None or core.when is not None or core.dates is not None:
        return False
    if isinstance(core, ir.RuleDef) and (core.loop is not None or any(_takes(each) for each in core.effects)):
        return False
    return all(each.schedule is None and not any(map(_counts, _fields(each))) for each in events)


def _takes(effect: ir.ActDef) -> bool:
    return isinstance(effect, ir.DeductDef | ir.TurnDef | ir.AcceptDef)


def _fields(event: ir.EventDef) -> tuple[ir.FieldDef, ...]:
    return (*event.fields, *(event.lines.fields if event.lines is not None else ()))


def _counts(field: ir.FieldDef) -> bool:
    return field.kind in ("money", "count", "unit", "rate")


LINT = Lint(
    "L109",
    "award-for-nothing",
    "an award for what costs nothing, without a limit",
    '"{title}" gives the same for every `{event}`, and nothing says how often',
    "write a limit, such as `once per member per calendar day`",
    "A visit, a review or a form costs the member nothing, so it can be repeated at will. Each repetition pays the whole "
    "award.",
    bad="""\
earn "Survey" { on claim   give 50 points }
""",
    good="""\
earn "Survey" { on claim   give 50 points   once per member per calendar month }
""",
    find=_find,
)
