"""What a rule costs at worst, in steps.

A step is one comparison, one amount, one look at a list, one award or discount, one counter of a limit. What is worked
out on lines counts once for each line that the event may have, what a rule does for each mark, once for each mark. An
arithmetic node costs nothing beside what it reads. So the number hangs on nothing but the text: it says which of two
rules costs more, and grows where somebody writes a rule that has to look at much.
"""

from __future__ import annotations

from rules_engine import ir

_LINES = (ir.Fold, ir.Picked, ir.LineKeys, ir.KeyFold)
"""What looks at every line, or at every key of a track."""

_STEPS = (
    ir.Cmp, ir.OneOf, ir.InImported, ir.InField, ir.InPeriod, ir.Multiple, ir.Reaches, ir.Has, ir.HasMember,
    ir.TrackRead,
    ir.BalanceRead, ir.TierRead, ir.Round, ir.Steps, ir.Imported, ir.AddTime, ir.EdgeDay, ir.DayOf, ir.AwardRead,
)  # fmt: skip


def cost_of(rule: ir.OfferDef | ir.RuleDef, lines: int, limits: int) -> int:
    """The steps of a rule on an event with so many lines, where so many limits are asked."""
    found = _of(rule.dates, lines) + _of(rule.when, lines) + limits + len(rule.says)
    turns = 1
    if isinstance(rule, ir.RuleDef):
        if isinstance(rule.loop, ir.MarksDef):
            turns = max(1, len(rule.loop.marks))
            found += turns
        elif rule.loop is not None:
            turns = max(1, lines)
            found += lines * (1 + _of(rule.loop.where, lines))
        return found + turns * sum([_given(effect, lines) for effect in rule.effects])
    if rule.sets is not None:
        for part in rule.sets.parts:
            found += lines * (2 + _of(part.where, lines))
            found += sum([_taken(effect, lines) for effect in part.effects])
    return found + sum([_taken(effect, lines) for effect in rule.effects])


def _taken(effect: ir.EffectDef, lines: int) -> int:
    match effect:
        case ir.DiscountDef(select=select, value=value):
            return 1 + lines * (1 + _of(select.where, lines)) + lines * (1 + _of(value, lines))
        case ir.ChargeDef(value=value):
            return 1 + _of(value, lines)
        case ir.GiftDef():
            return 1


def _given(effect: ir.ActDef, lines: int) -> int:
    match effect:
        case ir.GiveDef(value=value, each_line=True, line_where=where):
            return 1 + lines * (1 + _of(value, lines) + _of(where, lines)) + _shared(effect, lines)
        case ir.GiveDef(value=value):
            return 1 + _of(value, lines) + _shared(effect, lines)
        case ir.DeductDef(value=value) | ir.CarryDef(value=value):
            return 1 + _of(value, lines)
        case ir.TurnDef(amount=amount, into=into):
            return 2 + _of(amount, lines) + _of(into.value, lines)
        case ir.AcceptDef(offered=offered):
            return 1 + _of(offered, lines) + lines


def _shared(give: ir.GiveDef, lines: int) -> int:
    """The weights of lines that an award leaves for a return."""
    return lines * len(give.shares)


def _of(expr: object, lines: int) -> int:
    """The steps of an expression; those inside a fold once for each line."""
    if expr is None:
        return 0
    if isinstance(expr, _LINES):
        inner = sum([_of(each, lines) for each in _inner(expr)])
        return lines * (1 + inner)
    if isinstance(expr, ir.Choose):
        rows = sum([_of(row.value, lines) for row in expr.rows])
        return len(expr.rows) + sum([_of(key, lines) for key in expr.keys]) + rows
    if isinstance(expr, ir.Across):
        return len(expr.bounds) + sum([_of(rate, lines) for rate in expr.rates])
    return int(isinstance(expr, _STEPS)) + sum([_of(each, lines) for each in _inner(expr)])


def _inner(expr: object) -> list[object]:
    """The expressions right below one."""
    found: list[object] = []
    for name in getattr(expr, "__struct_fields__", ()):
        value = getattr(expr, name)
        if isinstance(value, tuple):
            found.extend([each for each in value if isinstance(each, ir.Node)])
        elif isinstance(value, ir.Node | ir.Selection):
            found.append(value)
    return found
