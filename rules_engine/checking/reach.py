"""How far a limit of an offer reaches: one event, each member, each code or partner, or the whole programme.

In: the scopes of a limit as written. Out: `Reach`: who owns the counter, by which values it is kept, over which time,
and the words that name it. Without a scope a limit holds for one event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.checking.elaboration import day_field, limit_field
from rules_engine.checking.infos import Info
from rules_engine.checking.tracks import uncovered, window_of
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env

LIFETIME = ir.Window("lifetime")


class Reach(msgspec.Struct, frozen=True):
    """Where a counter is kept and what it is called; `by_code`: each code has one of its own."""

    owner: Literal["member", "event", "shared"]
    keys: tuple[ir.Expr, ...]
    scope: ir.ScopeDef
    words: str
    by_code: bool


class Parts(msgspec.Struct):
    """The scopes of a limit, sorted: whose, by which values, over which time."""

    member: bool = False
    total: bool = False
    code: bool = False
    paths: list[tree.Path] = []
    spans: list[tuple[tree.Scope, tree.When]] = []


def offer_reach(limit: tree.Limit, guards: tuple[tree.Expr | None, ...], context: Context, env: Env) -> Reach | None:
    """The reach of a limit; None after an error."""
    parts = _sorted(limit, context, env)
    if parts is None or not _agrees(limit, parts, context):
        return None
    found = [limit_field(path, env) for path in parts.paths]
    fields = [each for each in found if each is not None]
    scope = _over(parts, guards, context, env)
    if len(fields) < len(found) or scope is None:
        return None
    keys = (*((ir.CodeRead(context.at(limit)),) if parts.code else ()), *fields)
    owner: Literal["member", "event", "shared"] = "member" if parts.member else "shared"
    if not limit.scopes:
        owner = "event"
    return Reach(owner, keys, scope, _words(owner, parts, scope), parts.code)


def _sorted(limit: tree.Limit, context: Context, env: Env) -> Parts | None:
    """What each scope says; None after an error."""
    parts = Parts()
    owners = {event.owner for event in env.events}
    for scope in limit.scopes:
        match scope.what:
            case "member":
                parts.member = True
            case "in total":
                parts.total = True
            case "household" | "line":
                context.not_yet(f"a limit `per {scope.what}`", scope)
                return None
            case tree.Path() as path:
                if path.text in owners:
                    fix = Fix("write `member`", path.span, "member")
                    context.report("M179", scope, name=path.text, fix=fix)
                    return None
                if not _path(path, scope, parts, context, env):
                    return None
            case when:
                parts.spans.append((scope, when))
    return parts


def _path(path: tree.Path, scope: tree.Scope, parts: Parts, context: Context, env: Env) -> bool:
    """A bare name is `code`, a field of the event, or a period; a name with a dot a fact."""
    declared: Info | None = context.find(path.text) if len(path.parts) == 1 else None
    fields = {field.name for event in env.events for field in event.fields}
    lines = {field.name for event in env.events if event.lines for field in event.lines.fields}
    if len(path.parts) > 1 or path.text in fields:
        parts.paths.append(path)
    elif path.text in lines:
        context.not_yet("a limit per a field of the lines", scope)
        return False
    elif declared is None and path.text == "code":
        parts.code = True
    elif declared is None:
        context.unknown("field or period", path.parts[0], [*sorted(fields), *context.names()])
        return False
    else:
        parts.spans.append((scope, tree.PeriodRef(path.span, path.parts[0])))
    return True


def _agrees(limit: tree.Limit, parts: Parts, context: Context) -> bool:
    """A limit is of each member or in total, runs over one period, and says of whom."""
    if parts.member and parts.total:
        context.report("M224", limit)
    elif len(parts.spans) > 1:
        context.report("M174", parts.spans[1][0], labels=context.label(parts.spans[0][0], "the first one"))
    elif limit.scopes and not (parts.member or parts.total or parts.code or parts.paths):
        fix = context.insert("limit each member", limit.scopes[0].span[0] - 1, " per member")
        context.report("M173", limit, fix=fix, note="or `in total`")
    else:
        return True
    return False


def _over(parts: Parts, guards: tuple[tree.Expr | None, ...], context: Context, env: Env) -> ir.ScopeDef | None:
    """The time over which is counted."""
    if not parts.spans:
        return ir.ScopeDef(LIFETIME)
    scope, when = parts.spans[0]
    window = window_of(when, context)
    if window is None:
        return None
    by = day_field(scope.by, env) if scope.by is not None else None
    if scope.by is not None and by is None:
        return None
    if by is not None and by[1]:
        context.not_yet("a limit of an offer by a date of the lines", scope)
        return None
    outside = uncovered(when, scope.by, guards, context)
    if outside is not None:
        context.report("M175", scope, period=periods.describe(outside))
    return ir.ScopeDef(window, None if by is None else by[0], False)


def _words(owner: str, parts: Parts, scope: ir.ScopeDef) -> str:
    """The words of a scope, which name its counter."""
    if owner == "event":
        return "per event"
    keys = (["code"] if parts.code else []) + [path.text for path in parts.paths]
    words = (["in total"] if owner == "shared" else []) + [f"per {key}" for key in keys]
    if owner == "member" or scope.window.kind != "lifetime":
        words.append(f"per {window_words(scope.window)}")
    by = parts.spans[0][0].by if parts.spans else None
    return " ".join(words) + (f" by {by.text}" if by is not None else "")


def window_words(window: ir.Window) -> str:
    """A window as a rule file writes it."""
    match window.kind:
        case "period":
            return window.period
        case "lifetime":
            return "lifetime"
        case "trial":
            return f"trial of {window.period}"
        case "rolling":
            return f"{window.count} {window.unit}{'' if window.count == 1 else 's'}"
        case "last":
            return f"the last {window.count} calendar {window.unit}{'' if window.count == 1 else 's'}"
