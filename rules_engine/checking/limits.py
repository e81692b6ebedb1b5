"""Limits: how often, or how much, per member or in total, and per period.

In: the limits of a rule, a group or a match, and where they stand. Out: `ir.LimitDef`s. A limit's counter is named by
its owner's key and the words of its scope, so that a changed number keeps what was counted. Limits of offers have more
scopes; they are read in `reach`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules_engine import ir, tree
from rules_engine.checking.elaboration import constant_money, limit_amount, price_names
from rules_engine.checking.reach import LIFETIME, Reach, award_reach, offer_reach

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env


class Owner(msgspec.Struct, frozen=True):
    """Who is limited: its key, the units it gives (None: not known, after an error), whether all its awards have lines,
    and the conditions that gate it, one for each rule. Of an offer, or of a group of them, also whether it forms sets,
    whether a code sets it off, and whether it is a group. `to` is the field that names who is given to, where all it
    gives goes there."""

    key: str
    units: frozenset[str] | None
    lines: bool
    guards: tuple[tree.Expr | None, ...]
    offer: bool = False
    sets: bool = False
    code: bool = False
    group: bool = False
    to: str = ""


def limit_defs(limits: tuple[tree.Limit, ...], owner: Owner, context: Context, env: Env) -> tuple[ir.LimitDef, ...]:
    """All limits of an owner that can be made out."""
    made: dict[str, ir.LimitDef] = {}
    for each in limits:
        limit = _limit(each, owner, context, env)
        if limit is None:
            continue
        if limit.key in made:
            other = made[limit.key].at
            context.report("M170", each, labels=context.label((other.start, other.end), "the other one"))
        made.setdefault(limit.key, limit)
    return tuple(made.values())


def _limit(limit: tree.Limit, owner: Owner, context: Context, env: Env) -> ir.LimitDef | None:
    if owner.offer:
        return _offer_limit(limit, owner, context, env)
    amount = limit_amount(limit.amount, env) if limit.amount is not None else None
    if limit.amount is not None and amount is None:
        return None
    if limit.times == 0 or (amount is not None and amount[1] == 0):
        context.report("M171", limit)
    if limit.sets is not None:
        context.report("M221", limit)
    if limit.scopes and any(each.what == "line" for each in limit.scopes):
        return _per_line(limit, amount, owner, context)
    reach = award_reach(limit, owner.guards, owner.to, context, env)
    if reach is None:
        return None
    if reach.scope.by_line:
        _by_line(limit, owner, context)
    unit, most = amount if amount else ("", None)
    if unit and owner.units is not None and unit not in owner.units:
        context.report("M172", limit, unit=unit)
    key = f"{owner.key}: {unit or 'times'} {reach.words}"
    return ir.LimitDef(
        key,
        limit.times,
        most,
        unit,
        reach.scope,
        limit.or_nothing,
        context.at(limit),
        reach.owner,
        reach.keys,
        reach.other,
    )


def _per_line(limit: tree.Limit, amount: tuple[str, int] | None, owner: Owner, context: Context) -> ir.LimitDef | None:
    """`at most 100 points per line`: each line of an event has a counter of its own."""
    why = ""
    if len(limit.scopes) > 1:
        why = "it begins anew with each event"
    elif amount is None:
        why = "a rule acts once for all lines"
    elif not owner.lines:
        why = "what the rule gives does not come from lines"
    if why or amount is None:
        context.report("M294", limit, why=why, mend="form the amount `of each line` and write `, up to ...`")
        return None
    unit, most = amount
    if owner.units is not None and unit not in owner.units:
        context.report("M172", limit, unit=unit)
    context.need("split", limit)
    scope = ir.ScopeDef(LIFETIME, None, True)
    key = f"{owner.key}: {unit} per line"
    return ir.LimitDef(key, None, most, unit, scope, limit.or_nothing, context.at(limit), "event")


def _offer_limit(limit: tree.Limit, owner: Owner, context: Context, env: Env) -> ir.LimitDef | None:
    """A limit of an offer: of money, of times, or of sets, each of which is a time."""
    amount = constant_money(limit.amount, env) if limit.amount is not None else None
    if limit.amount is not None and amount is None:
        return None
    times = limit.times if limit.sets is None else limit.sets
    if times == 0 or (amount is not None and amount[1] <= 0):
        context.report("M171", limit)
    if limit.sets is not None and not owner.sets:
        context.report("M221", limit)
    currency, most = amount if amount else ("", None)
    if currency and not any(currency in price_names(event) for event in env.events):
        context.report("M172", limit, unit=currency)
    reach = offer_reach(limit, owner.guards, context, env)
    if reach is None:
        return None
    _sensible(limit, reach, owner, context)
    key = f"{owner.key}: {currency or 'times'} {reach.words}"
    return ir.LimitDef(
        key, times, most, currency, reach.scope, limit.or_nothing, context.at(limit), reach.owner, reach.keys
    )


def _sensible(limit: tree.Limit, reach: Reach, owner: Owner, context: Context) -> None:
    """A rule without sets acts once on an event anyway; only what a code sets off is counted by code."""
    if reach.owner == "event" and limit.times is not None and not (owner.sets or owner.group):
        fix = context.insert("limit each member", limit.span[1], " per member") if not limit.or_nothing else None
        context.report("M222", limit, fix=fix)
    if reach.by_code and not owner.code:
        context.report("M223", limit)


def _by_line(limit: tree.Limit, owner: Owner, context: Context) -> None:
    """By a day of each line only amounts can be limited, and only those that have lines."""
    if limit.amount is None:
        context.report("M176", limit)
    elif not owner.lines:
        context.report("M177", limit)
    context.need("split", limit)
