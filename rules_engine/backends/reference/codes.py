"""Presented codes: which rules they set off, and what became of each.

Codes are compared in normal spelling. One that is too long, blank or not printable is no code, and one that was
presented before, in any spelling, counts only where it stood first. Where a code set nothing off, the exact reason is
that of the first of its rules, in the order in which they were asked; the public words are coarser, so that nobody can
probe.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.backends.reference.expressions import day, evaluate, truth
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.trace import OfferNoted, noting
from rules_engine.calendar import format_date, local_day
from rules_engine.decoding import CODE_MAX, UNPRINTABLE
from rules_engine.outcome import CodeUse, refused_code
from rules_engine.spelling import normal_code


def presented(run: Run) -> tuple[str, ...]:
    """The codes that count, as they were presented, each once."""
    return tuple(code for code, why in _sent(run) if not why)


def _sent(run: Run) -> Iterator[tuple[str, str]]:
    """Every code that the event presents, as it was presented, and why it cannot count; empty where it does."""
    kind = run.event_kind()
    found = run.fields.get(kind.codes_field) if kind is not None and kind.codes_field else None
    seen: set[str] = set()
    for code in map(str, found if isinstance(found, tuple) else ()):
        normal = normal_code(code)
        if len(code) > CODE_MAX:
            yield code, "too long"
        elif not normal:
            yield code, "blank"
        elif UNPRINTABLE in code:
            yield code, "unprintable"
        elif normal in seen:
            yield code, "presented before"
        else:
            seen.add(normal)
            yield code, ""


def codes_of(rule: ir.OfferDef | ir.RuleDef, run: Run) -> list[str]:
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
    """What became of each presented code: those that set off offers, then those that set off earns and rewards."""
    return tuple(refused_code(code, why) if why else _result(code, run) for code, why in _sent(run))


def _result(code: str, run: Run) -> CodeUse:
    normal = normal_code(code)
    acts = run.basket.acts if run.basket is not None else ()
    acted = tuple(act.rule.key for act in acts if act.code == normal)
    acted += tuple(rule for own, rule, why in run.coded if own == normal and not why)
    if acted:
        return CodeUse(code, acted)
    mine = [noted for noted in run.offers if normal in codes_of(noted.offer, run)]
    rules = [(run.world.rules[rule], why) for own, rule, why in run.coded if own == normal]
    if mine:
        return refused_code(code, _reason(mine[0], run))
    if rules:
        return refused_code(code, _rule_reason(*rules[0], run))
    return refused_code(code, "not for this event" if _elsewhere(normal, run) else "unknown code")


def _elsewhere(code: str, run: Run) -> bool:
    """Whether a code is one of an offer on another kind of event."""
    core = run.world.core
    found = [*(offer.code for offer in core.offers), *(rule.code for rule in core.rules)]
    return any(each is not None and _is_of(each, code, run) for each in found)


def _rule_reason(rule: ir.RuleDef, why: str, run: Run) -> str:
    """The same of an earn, a redeem or a reward."""
    match why:
        case "outside its dates":
            return _outside(rule, run)
        case "limit reached":
            return "used up"
        case "no member":
            return "members only"
        case "held out":
            return why
        case "lost":
            return "lost to another rule"
        case "nothing offered":
            return why
        case "nothing to give" | "no amount":
            return "nothing to give"
        case _:
            return "conditions not met"


def _reason(noted: OfferNoted, run: Run) -> str:
    """The exact reason."""
    by = run.world.offers[noted.by].title if noted.by else ""
    match noted.why:
        case "outside its dates":
            return _outside(noted.offer, run)
        case "limit reached":
            return "used up"
        case "no member":
            return "members only"
        case "condition" | "no award":
            return "conditions not met"
        case "shut out":
            return f"shut out by {by}"
        case "lost" if by:
            return f"lost to {by}"
        case "group is full" | "held out":
            return noted.why
        case "no amount":
            return f"no amount in {run.currency}"
        case "":  # another of its codes set it off
            return f"lost to {noted.offer.title}"
        case _:
            return "nothing to give"


def _outside(rule: ir.OfferDef | ir.RuleDef, run: Run) -> str:
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
                return f"not before {format_date(last)}"
            return f"ended on {format_date(last)}"
    return "conditions not met"


def _is_moment(expr: ir.Expr, run: Run) -> bool:
    if isinstance(expr, ir.Field):
        return run.world.fields[run.source, expr.name].kind == "instant"
    return isinstance(expr, ir.Now)
