"""Limits: how often, or how much, per member or in total, and per period.

In: the limits of a rule, a group or a match, and where they stand. Out: `ir.LimitDef`s. A limit's counter is named by
its owner's key and the words of its scope, so that a changed number keeps what was counted. Limits of offers have more
scopes; they are read in `reach`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.checking.elaboration import constant_money, day_field, limit_amount
from rules_engine.checking.reach import LIFETIME, Reach, offer_reach, window_words
from rules_engine.checking.tracks import uncovered, window_of
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env


class Owner(msgspec.Struct, frozen=True):
    """Who is limited: its key, the units it gives (None: not known, after an error), whether all its awards have lines,
    and the conditions that gate it, one for each rule. Of an offer, or of a group of them, also whether it forms sets,
    whether a code sets it off, and whether it is a group."""

    key: str
    units: frozenset[str] | None
    lines: bool
    guards: tuple[tree.Expr | None, ...]
    offer: bool = False
    sets: bool = False
    code: bool = False
    group: bool = False


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
    scope, words = _scope(limit, owner, context, env)
    if scope is None:
        return None
    if scope.by_line:
        _by_line(limit, owner, context)
    unit, most = amount if amount else ("", None)
    if unit and owner.units is not None and unit not in owner.units:
        context.report("M172", limit, unit=unit)
    key = f"{owner.key}: {unit or 'times'} {words}"
    whose: Literal["member", "shared"] = "shared" if _in_total(limit) else "member"
    return ir.LimitDef(key, limit.times, most, unit, scope, limit.or_nothing, context.at(limit), whose)


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
    if currency and not any(currency in (event.currency, *event.currencies) for event in env.events):
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


def _scope(limit: tree.Limit, owner: Owner, context: Context, env: Env) -> tuple[ir.ScopeDef | None, str]:
    """The one window of a limit, and its words; `per member` or `in total` must be said."""
    owners = {event.owner for event in env.events}
    owned = [each for each in limit.scopes if isinstance(each.what, tree.Path) and each.what.text in owners]
    for each in owned:
        assert isinstance(each.what, tree.Path)
        fix = Fix("write `member`", each.what.span, "member")
        context.report("M179", each, name=each.what.text, fix=fix)
    if owned:
        return None, ""
    member, total = any(each.what == "member" for each in limit.scopes), _in_total(limit)
    if member and total:
        context.report("M224", limit)
    elif not member and not total:
        fix = context.insert("limit each member", _after_amount(limit), " per member")
        context.report("M173", limit, fix=fix, note="or `in total`")
    whens = [(each, _when(each.what)) for each in limit.scopes if not isinstance(each.what, str)]
    if not whens:
        return ir.ScopeDef(LIFETIME), "in total" if total else "per lifetime"
    if len(whens) > 1:
        context.report("M174", whens[1][0], labels=context.label(whens[0][0], "the first one"))
    scope, when = whens[0]
    if isinstance(scope.what, tree.Path) and _not_a_period(scope.what, scope, context):
        return None, ""
    window = window_of(when, context)
    if window is None:
        return None, ""
    by = day_field(scope.by, env) if scope.by is not None else None
    if scope.by is not None and by is None:
        return None, ""
    outside = uncovered(when, scope.by, owner.guards, context)
    if outside is not None:
        context.report("M175", scope, period=periods.describe(outside))
    words = f"per {window_words(window)}" + (f" by {scope.by.text}" if scope.by is not None else "")
    return ir.ScopeDef(window, *(by or (None, False))), f"in total {words}" if total else words


def _in_total(limit: tree.Limit) -> bool:
    return any(each.what == "in total" for each in limit.scopes)


def _when(what: tree.Path | tree.When) -> tree.When:
    """A bare name in a scope is a period's."""
    return tree.PeriodRef(what.span, what.parts[0]) if isinstance(what, tree.Path) else what


def _not_a_period(path: tree.Path, scope: tree.Scope, context: Context) -> bool:
    """A limit of another party, or per field, is not evaluated yet."""
    if len(path.parts) == 1 and context.find(path.text) is not None:
        return False
    if len(path.parts) > 1 or context.is_field(path.text):
        context.not_yet(f"a limit per `{path.text}`", scope)
        return True
    return False


def _after_amount(limit: tree.Limit) -> int:
    if limit.scopes:
        return limit.scopes[0].span[0] - 1
    return limit.span[1]


def _by_line(limit: tree.Limit, owner: Owner, context: Context) -> None:
    """By a day of each line only amounts can be limited, and only those that have lines."""
    if limit.amount is None:
        context.report("M176", limit)
    elif not owner.lines:
        context.report("M177", limit)
    context.need("split", limit)
