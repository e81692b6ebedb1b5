"""Units: what a member can own.

In: a `unit` declaration and the context of the check. Out: `UnitInfo` for all who mention it, and the `ir.UnitDef`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from rules_engine import ir, tree
from rules_engine.checking.elaboration import date, env_for, unit_life
from rules_engine.checking.fields import bound_of, fields_of
from rules_engine.checking.infos import UnitInfo
from rules_engine.currencies import CURRENCY_DECIMALS

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

DECIMALS_MAX = 6
T = TypeVar("T", bound=tree.UnitClause)


def unit_info(declared: tree.UnitDecl, context: Context) -> UnitInfo:
    """What the unit counts and how it rounds."""
    name = declared.name.text
    plural = declared.plural.text if declared.plural else name
    decimals, currency = _counts(declared, context)
    rounded = _clause(declared, tree.Rounded)
    remembers = _clause(declared, tree.Remembers)
    fields = fields_of(remembers.fields, context) if remembers else ()
    return UnitInfo(name, plural, decimals, currency, rounded.mode if rounded else None, fields)


def unit_def(declared: tree.UnitDecl, context: Context) -> ir.UnitDef | None:
    """The unit with its life; reports what is missing, twice or not evaluated yet."""
    info = unit_info(declared, context)
    _no_clause_twice(declared, context)
    _not_evaluated(declared, context)
    lasts = _clause(declared, tree.UnitClauseLasts)
    if lasts is None:
        end = declared.span[1] - 1
        fix = context.insert("say that it lasts for ever", end, " lasts forever ")
        context.report("M161", declared.name, name=info.name, fix=fix)
        return None
    lives = _lives(lasts, context)
    pending = _clause(declared, tree.PendingUntil)
    return ir.UnitDef(
        info.name,
        info.plural,
        info.decimals,
        info.currency,
        info.rounding,
        lives,
        lasts.whichever or "first",
        date(pending.date, env_for(context, (), "life")) if pending else None,
        _use(declared),
        _floor(declared, info, context),
    )


def _counts(declared: tree.UnitDecl, context: Context) -> tuple[int, str]:
    """Decimals, and the currency where the unit counts money."""
    match declared.counts:
        case None | "pieces" | "minutes":
            return 0, ""
        case int() as decimals:
            if not 0 <= decimals <= DECIMALS_MAX:
                context.report("M162", declared.name, name=declared.name.text, most=str(DECIMALS_MAX))
            return decimals, ""
        case tree.Name(text=code) as name:
            currency = context.currency(code)
            if currency is not None:
                return currency.decimals, code
            if code in CURRENCY_DECIMALS:
                context.unknown_currency(code, name)
            else:
                context.unknown("currency", name, ("pieces", "minutes", *context.header().currencies))
            return 2, ""


def _clause(declared: tree.UnitDecl, kind: type[T]) -> T | None:
    return next((each for each in declared.clauses if isinstance(each, kind)), None)


def _no_clause_twice(declared: tree.UnitDecl, context: Context) -> None:
    first: dict[type, tree.UnitClause] = {}
    for each in declared.clauses:
        other = first.setdefault(type(each), each)
        if other is not each:
            context.report("M160", each, what="this clause", labels=context.label(other, "the first one"))


def _not_evaluated(declared: tree.UnitDecl, context: Context) -> None:
    for each in declared.clauses:
        match each:
            case tree.HeldBy(who="household"):
                context.not_yet("a unit held by a household", each)
            case tree.UseOrder(order="in proportion to balance"):
                context.not_yet("use in proportion to balance", each)
            case _:
                pass


def _lives(lasts: tree.UnitClauseLasts, context: Context) -> tuple[ir.UnitLife, ...]:
    if len(lasts.lives) > 1 and lasts.whichever is None:
        context.report("M163", lasts)
    env = env_for(context, (), "life")
    lives = [unit_life(each, env) for each in lasts.lives]
    for each in lasts.lives:
        for name in each.after_last if isinstance(each, tree.LastsFor) else ():
            known_event(name, context)
    return tuple(each for each in lives if each is not None)


def known_event(name: tree.Name, context: Context) -> None:
    """Report a name that is no event; declarations that do not parse pass."""
    if context.event(name.text) is None:
        other = context.find(name.text)
        if other is None:
            context.unknown("event", name, context.events())
        else:
            context.report("N104", name, name=name.text, wanted="an event", labels=context.place(name.text))


def _use(declared: tree.UnitDecl) -> Literal["oldest first", "soonest first"]:
    used = _clause(declared, tree.UseOrder)
    return "soonest first" if used is not None and used.order == "soonest first" else "oldest first"


def _floor(declared: tree.UnitDecl, info: UnitInfo, context: Context) -> int | None:
    floor = _clause(declared, tree.BalanceFloor)
    if floor is None:
        return None
    field = ir.FieldDef(info.name, "unit", unit=info.name, decimals=info.decimals)
    return bound_of(floor.bound, field, context)
