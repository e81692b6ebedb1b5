"""Presented codes: which rules they set off, and what became of each.

Codes are compared in normal spelling. Where a code set nothing off, the exact reason is that of the first of its rules,
in the order in which they were asked; the public words are coarser, so that nobody can probe.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.reference.expressions import day, evaluate, truth
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import OfferNoted, noting
from rules_engine.calendar import format_date, local_day
from rules_engine.outcome import CodeUse
from rules_engine.spelling import normal_code

PUBLIC = {
    "unknown code": "not valid",
    "not before": "not yet valid",
    "ended on": "expired",
    "used up": "already used",
    "members only": "not for this order",
    "conditions not met": "not for this order",
    "shut out by": "does not combine",
    "lost to": "does not combine",
    "group is full": "does not combine",
    "nothing to give": "not for this order",
    "no amount in": "not for this order",
    "held out": "not for this order",
    "not for this event": "not for this order",
}


def presented(run: Run) -> tuple[str, ...]:
    """The codes that the event presents, as they were presented."""
    kind = run.event_kind()
    found = run.fields.get(kind.codes_field) if kind is not None and kind.codes_field else None
    return tuple(map(str, found)) if isinstance(found, tuple) else ()


def codes_of(rule: ir.OfferDef, run: Run) -> list[str]:
    """The presented codes that set a rule off, in normal spelling, in the order in which they were presented."""
    if rule.code is None:
        return []
    return [code for code in map(normal_code, presented(run)) if _is_of(rule.code, code, run)]


def _is_of(definition: ir.CodeDef, code: str, run: Run) -> bool:
    if code in definition.texts or (definition.column and code in run.world.codes[definition.column]):
        return True
    if definition.fact is None or run.member is None:
        return False
    with noting(run.trace, []):
        own = evaluate(definition.fact, Env(run))
    return any(
        code == normal_code(str(each)) for each in (own if isinstance(own, tuple) else (own,)) if each is not None
    )


def results(run: Run) -> tuple[CodeUse, ...]:
    """What became of each presented code."""
    return tuple(_result(code, run) for code in presented(run))


def _result(code: str, run: Run) -> CodeUse:
    assert run.basket is not None
    normal = normal_code(code)
    acted = tuple(act.rule.key for act in run.basket.acts if act.code == normal)
    if acted:
        return CodeUse(code, acted)
    mine = [noted for noted in run.offers if normal in codes_of(noted.offer, run)]
    if mine:
        reason, said = _reason(mine[0], run)
    else:
        reason = "not for this event" if _elsewhere(normal, run) else "unknown code"
        said = reason
    return CodeUse(code, (), reason, PUBLIC[said])


def _elsewhere(code: str, run: Run) -> bool:
    """Whether a code is one of an offer on another kind of event."""
    return any(rule.code is not None and _is_of(rule.code, code, run) for rule in run.world.core.offers)


def _reason(noted: OfferNoted, run: Run) -> tuple[str, str]:
    """The exact reason, and its words without what they name."""
    by = run.world.offers[noted.by].title if noted.by else ""
    match noted.why:
        case "outside its dates":
            return _outside(noted.offer, run)
        case "limit reached":
            return "used up", "used up"
        case "no member":
            return "members only", "members only"
        case "condition" | "no award":
            return "conditions not met", "conditions not met"
        case "shut out":
            return f"shut out by {by}", "shut out by"
        case "lost" if by:
            return f"lost to {by}", "lost to"
        case "group is full" | "held out":
            return noted.why, noted.why
        case "no amount":
            return f"no amount in {run.currency}", "no amount in"
        case "":  # another of its codes set it off
            return f"lost to {noted.offer.title}", "lost to"
        case _:
            return "nothing to give", "nothing to give"


def _outside(rule: ir.OfferDef, run: Run) -> tuple[str, str]:
    """The first side of a rule's dates that fails; the last day is named where they end with a day or a moment."""
    parts = rule.dates.parts if isinstance(rule.dates, ir.All) else (rule.dates,)
    with noting(run.trace, []):
        for part in parts:
            if truth(part, Env(run)):
                continue
            limit = day(part.right, Env(run)) if isinstance(part, ir.Cmp) else None
            if not isinstance(part, ir.Cmp) or limit is None:
                break
            last = limit - 1 if part.op == "<" else limit
            if _is_moment(part.left, run):
                last = local_day(last, run.world.zone)
            if part.op in (">=", ">"):
                return f"not before {format_date(last)}", "not before"
            return f"ended on {format_date(last)}", "ended on"
    return "conditions not met", "conditions not met"


def _is_moment(expr: ir.Expr, run: Run) -> bool:
    if isinstance(expr, ir.Field):
        return run.world.fields[run.source, expr.name].kind == "instant"
    return isinstance(expr, ir.Now)
