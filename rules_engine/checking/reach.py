"""How far a limit reaches: one event, each member, household, code or partner, somebody else, or the whole programme.

In: the scopes of a limit as written. Out: `Reach`: who owns the counter, by which values it is kept, over which time,
and the words that name it. Without a scope a limit of an offer holds for one event; one of an earn, a redeem, a reward
or a match says of whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.checking.elaboration import day_field, limit_field
from rules_engine.checking.infos import Info, PeriodInfo
from rules_engine.checking.tracks import uncovered, window_of
from rules_engine.diagnostics import Fix

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env

LIFETIME = ir.Window("lifetime")

Whose: TypeAlias = Literal["member", "event", "shared", "household", "other"]
Guards: TypeAlias = tuple[tree.Expr | None, ...]


class Reach(msgspec.Struct, frozen=True):
    """Where a counter is kept and what it is called; `by_code`: each code has one of its own. `other` is the field that
    names the member whose counter it is."""

    owner: Whose
    keys: tuple[ir.Expr, ...]
    scope: ir.ScopeDef
    words: str
    by_code: bool
    other: str = ""


class Parts(msgspec.Struct):
    """The scopes of a limit, sorted: whose, by which values (`lines` are fields of the lines), over which time."""

    whose: list[str] = []
    code: bool = False
    paths: list[tree.Path] = []
    lines: list[tree.Path] = []
    spans: list[tuple[tree.Scope, tree.When]] = []

    @property
    def total(self) -> bool:
        return "in total" in self.whose


def offer_reach(limit: tree.Limit, guards: Guards, context: Context, env: Env) -> Reach | None:
    """The reach of a limit of an offer; None after an error."""
    parts = _sorted(limit, True, context, env)
    if parts is None or not _agrees(limit, parts, context, keys_suffice=True):
        return None
    owner: Whose = "member" if "member" in parts.whose else "household" if "household" in parts.whose else "shared"
    if not limit.scopes:
        owner = "event"
    return _reach(limit, parts, owner, guards, True, context, env)


def award_reach(limit: tree.Limit, guards: Guards, to: str, context: Context, env: Env) -> Reach | None:
    """The reach of a limit of an earn, a redeem, a reward or a match; `to` is the field that names who is given to."""
    parts = _sorted(limit, False, context, env)
    if parts is None:
        return None
    other = _somebody_else(parts, to, context, env)
    if other is None:
        return None
    if other:
        parts.paths = [path for path in parts.paths if path.text != other]
        parts.whose.append(f"`{other}`")
    if not _agrees(limit, parts, context, keys_suffice=False):
        return None
    owner: Whose = "shared" if parts.total else "household" if "household" in parts.whose else "member"
    found = _reach(limit, parts, "other" if other else owner, guards, False, context, env)
    if found is None or not other:
        return found
    return msgspec.structs.replace(found, other=other, words=f"per {other} {found.words}")


def _reach(
    limit: tree.Limit, parts: Parts, owner: Whose, guards: Guards, offer: bool, context: Context, env: Env
) -> Reach | None:
    found = [_key(path, env) for path in parts.paths] + [_line_key(path, env) for path in parts.lines]
    fields = [each for each in found if each is not None]
    scope = _over(parts, guards, offer, context, env)
    if len(fields) < len(found) or scope is None:
        return None
    keys = (*((ir.CodeRead(context.at(limit)),) if parts.code else ()), *fields)
    return Reach(owner, keys, scope, _words(owner, parts, scope, offer), parts.code)


def _key(path: tree.Path, env: Env) -> ir.Expr | None:
    """What a limit counts by: the key of a loop, a field of the event, a fact of its member."""
    if env.key is not None and path.text == env.key.name:
        return ir.KeyRead(env.at(path))
    return limit_field(path, env)


def _line_key(path: tree.Path, env: Env) -> ir.Expr | None:
    """A field that each line has of its own; the lines without it count against nothing."""
    on_lines = env.on_lines().unguarded()
    return limit_field(path, on_lines.with_proven(on_lines.proven | {path.text}))


# ---- scopes ----


def _sorted(limit: tree.Limit, offer: bool, context: Context, env: Env) -> Parts | None:
    """What each scope says; None after an error."""
    parts = Parts()
    owners = {event.owner for event in env.events}
    for scope in limit.scopes:
        match scope.what:
            case "member" | "household" | "in total":
                parts.whose.append(scope.what)
            case "line":
                context.report("M294", limit, why="an offer forms its amounts on lines", mend=OFF_LINE)
                return None
            case tree.Path() as path:
                if path.text in owners:
                    fix = Fix("write `member`", path.span, "member")
                    context.report("M179", scope, name=path.text, fix=fix)
                    return None
                if not _path(path, scope, parts, offer, context, env):
                    return None
            case when:
                parts.spans.append((scope, when))
    return parts


OFF_LINE = "bound the amount of each line: `take (10% of current, up to ...) off each line`"


def _path(path: tree.Path, scope: tree.Scope, parts: Parts, offer: bool, context: Context, env: Env) -> bool:
    """A bare name is `code`, the key of a loop, a field of the event, or a period; a name with a dot a fact."""
    declared: Info | None = context.find(path.text) if len(path.parts) == 1 else None
    fields = {field.name for event in env.events for field in event.fields}
    lines = {field.name for event in env.events if event.lines for field in event.lines.fields}
    key = env.key.name if env.key is not None else ""
    if len(path.parts) > 1 or path.text in fields or path.text == key:
        parts.paths.append(path)
    elif path.text in lines:
        if offer:
            mend = "write one offer for each value, or count by a field of the event"
            context.never("a limit of an offer per a field of the lines", mend, scope)
            return False
        parts.lines.append(path)
    elif declared is None and path.text == "code" and offer:
        parts.code = True
    elif declared is None and path.text == "code":
        mend = "count for each member, `once per member`; a code that works once is an offer's"
        context.never("a limit per code of an earn, a redeem or a reward", mend, scope)
        return False
    elif declared is None:
        context.unknown("field or period", path.parts[0], [*sorted(fields), *context.names(PeriodInfo)])
        return False
    else:
        parts.spans.append((scope, tree.PeriodRef(path.span, path.parts[0])))
    return True


def _somebody_else(parts: Parts, to: str, context: Context, env: Env) -> str | None:
    """The field of a limit `per FIELD` that counts for who is given to; empty where there is none; None after an
    error."""
    if parts.whose:
        return ""
    members = {field.name for event in env.events for field in event.fields if field.kind == "member"}
    path = next((each for each in parts.paths if each.text in members), None)
    if path is None:
        return ""
    if path.text != to:
        context.report("M295", path, name=path.text)
        return None
    return to


def _agrees(limit: tree.Limit, parts: Parts, context: Context, *, keys_suffice: bool) -> bool:
    """A limit is of one: each member, each household, somebody else, or in total; it runs over one period, and says of
    whom."""
    whose = list(dict.fromkeys(parts.whose))
    if {"member", "in total"} <= set(whose):
        context.report("M224", limit)
    elif len(whose) > 1:
        one, other = (each if each == "in total" else f"per {each}" for each in whose[:2])
        context.report("M293", limit, one=one, other=other)
    elif len(parts.spans) > 1:
        context.report("M174", parts.spans[1][0], labels=context.label(parts.spans[0][0], "the first one"))
    elif not whose and (limit.scopes or not keys_suffice) and not (keys_suffice and (parts.code or parts.paths)):
        at = limit.scopes[0].span[0] - 1 if limit.scopes else limit.span[1]
        context.report("M173", limit, fix=context.insert("limit each member", at, " per member"), note="or `in total`")
    else:
        return True
    return False


# ---- time ----


def _over(parts: Parts, guards: Guards, offer: bool, context: Context, env: Env) -> ir.ScopeDef | None:
    """The time over which is counted."""
    if not parts.spans:
        return (
            ir.ScopeDef(LIFETIME, ir.Today(context.at(parts.lines[0])), True) if parts.lines else ir.ScopeDef(LIFETIME)
        )
    scope, when = parts.spans[0]
    window = window_of(when, context)
    if window is None:
        return None
    by = day_field(scope.by, env) if scope.by is not None else None
    if scope.by is not None and by is None:
        return None
    if offer and by is not None and by[1]:
        context.never(
            "a limit of an offer by a date of the lines", "count by the day of the event: leave it out", scope
        )
        return None
    if scope.by is None and window.kind == "period" and _at_its_edge(window.period, env):
        return ir.ScopeDef(window, ir.Today(context.at(scope)), False)
    outside = uncovered(when, scope.by, guards, context)
    if outside is not None:
        context.report("M175", scope, period=periods.describe(outside))
    day, by_line = by or (None, False)
    if parts.lines and not by_line:
        return ir.ScopeDef(window, day or ir.Today(context.at(scope)), True)
    return ir.ScopeDef(window, day, by_line)


def _at_its_edge(period: str, env: Env) -> bool:
    """Whether all events are edges of the period: what they bring counts in the occurrence that they are as of, and not
    in that of the day on which it is posted."""
    edges = [event.schedule for event in env.events]
    return bool(edges) and all(each is not None and each.period == period for each in edges)


# ---- words ----


def _words(owner: Whose, parts: Parts, scope: ir.ScopeDef, offer: bool) -> str:
    """The words of a scope, which name its counter."""
    if owner == "event":
        return "per event"
    keys = (["code"] if parts.code else []) + [path.text for path in (*parts.paths, *parts.lines)]
    words = (["in total"] if owner == "shared" else []) + (["per household"] if owner == "household" else [])
    words += [f"per {key}" for key in keys]
    if owner != "shared" or scope.window.kind != "lifetime" or (not offer and parts.spans):
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
