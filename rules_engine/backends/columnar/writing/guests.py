"""What rules do for a guest, as ops: those that only say something say it; codes of all others are for members.

In: a scene of a guest. Out: rows of code, behind the price. What asks something that only members have is refused.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import awarding, presenting
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import Scene
from rules_engine.backends.columnar.writing.sectioning import in_section


def told(event: ir.EventDef, on: Scene) -> None:
    """Earns and rewards for a guest."""
    _codes(event, on)
    for kind in ("earn", "reward"):
        on.make.changed()
        mine = {each.key: each for each in on.drawing.core.rules if each.kind == kind and event.name in each.events}
        saying = [key for key, each in mine.items() if _only_says(each)]
        for key in saying:
            on.where = f'"{mine[key].title}"'
            if awarding.limits(mine[key], on):
                raise NotColumnar(f"{on.where}: what it says to a guest is limited")
        in_section(saying, lambda key, mine=mine: awarding.rule(mine[key], on), on)  # type: ignore[misc]


def _only_says(rule: ir.RuleDef) -> bool:
    return bool(rule.says) and not (rule.effects or rule.limits) and rule.loop is None and rule.thing is None


def _codes(event: ir.EventDef, on: Scene) -> None:
    """Codes of rules that are for members."""
    why = on.drawing.reason("members only")
    for rule in on.drawing.core.rules:
        if rule.code is None or event.name not in rule.events or _only_says(rule):
            continue
        end = Label()
        place = presenting.place_of(rule, on)
        on.make.to(on.make.put(ops.UNLESS_IS, a=place, k=0, m=ops.COMPARES[">="]), end)
        reason = on.make.scalar(ops.CONST, k=why)
        on.make.put(ops.FATE, a=place, b=reason, k=on.drawing.coded_rule(rule.key))
        on.make.place(end)
