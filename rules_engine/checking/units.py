"""Units: what a member can own.

In: a `unit` declaration and the context of the check. Out: `UnitInfo` for all who mention it, and the `ir.UnitDef`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar

from rules_engine import ir, tree
from rules_engine.checking.elaboration import date, env_for, unit_life
from rules_engine.checking.fields import bound_of, fields_of
from rules_engine.checking.infos import UnitInfo
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

DECIMALS_MAX = 6
SOURCE: Final = "source"
"""What every lot knows besides what its unit remembers: the rule that gave it."""

APART: Final = "held by household, apart"

KINDS: Final = {"list": "a list", "codes": "a list of codes", "member": "a member", "money": "in several currencies"}
"""How messages call what a lot cannot remember."""

T = TypeVar("T", bound=tree.UnitClause)


def unit_info(declared: tree.UnitDecl, context: Context) -> UnitInfo:
    """What the unit counts and how it rounds."""
    name = declared.name.text
    plural = declared.plural.text if declared.plural else name
    decimals, currency = _counts(declared, context)
    rounded = _clause(declared, tree.Rounded)
    remembers = _clause(declared, tree.Remembers)
    fields = fields_of(remembers.fields, context) if remembers else ()
    held = _clause(declared, tree.HeldBy)
    return UnitInfo(
        name,
        plural,
        decimals,
        currency,
        rounded.mode if rounded else None,
        fields,
        held.who if held else "member",
        held is not None and held.apart,
    )


def unit_def(declared: tree.UnitDecl, context: Context) -> ir.UnitDef | None:
    """The unit with its life; reports what is missing, twice or against another clause."""
    info = unit_info(declared, context)
    _no_clause_twice(declared, context)
    _holders(declared, info, context)
    _remembered(info, declared, context)
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
        info.owner,
        info.apart and info.owner == "household",
        info.remembers,
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


def _holders(declared: tree.UnitDecl, info: UnitInfo, context: Context) -> None:
    """Only in a household's pool are there several holders, and only apart does each have a balance."""
    held, use = _clause(declared, tree.HeldBy), _clause(declared, tree.UseOrder)
    if held is not None and held.apart and held.who == "member":
        fix = Fix(f"write `{APART}`", held.span, APART)
        context.report("M270", held, name=info.name, fix=fix)
    elif use is not None and use.order == "in proportion to balance" and not info.apart:
        where, words = ((use.span[0],) * 2, f"{APART}   ") if held is None else (held.span, APART)
        context.report("M271", use, name=info.name, fix=Fix(f"write `{APART}`", where, words))


def _remembered(info: UnitInfo, declared: tree.UnitDecl, context: Context) -> None:
    """What a lot remembers is a plain value with a name of its own; its source is known without being said."""
    remembers = _clause(declared, tree.Remembers)
    written = {each.name.text: each for each in remembers.fields} if remembers else {}
    for field in info.remembers:
        if field.kind in ("list", "codes", "member") or field.bounds:
            context.report("M272", written[field.name], name=field.name, kind=KINDS.get(field.kind, "of no kind"))
        if field.role:
            where = "of what a unit remembers"
            mend = "a role belongs to a field of an event, or to a fact of the member"
            context.report("M200", written[field.name], field=field.name, role=field.role, where=where, mend=mend)
        if field.name == SOURCE:
            context.report("M273", written[field.name], name=info.name)


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


def _use(declared: tree.UnitDecl) -> Literal["oldest first", "soonest first", "in proportion to balance"]:
    used = _clause(declared, tree.UseOrder)
    return "oldest first" if used is None else used.order


def _floor(declared: tree.UnitDecl, info: UnitInfo, context: Context) -> int | None:
    floor = _clause(declared, tree.BalanceFloor)
    if floor is None:
        return None
    field = ir.FieldDef(info.name, "unit", unit=info.name, decimals=info.decimals)
    return bound_of(floor.bound, field, context)
