"""Dates, lives, and when a rule holds.

In: a date or a life as written and its environment. Out: core expressions of days. `until D` includes the day,
`before D` does not. What lasts for a span is valid on its first day, so the last valid day is one day before its end.
`end of calendar month 2 years later` is the end of the month that holds the day two years later.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.calendar import local_instant, parse_date, parse_time
from rules_engine.checking import conditions, expressions, names, tables
from rules_engine.checking.context import Context
from rules_engine.checking.core import both
from rules_engine.checking.env import Env, env_for, has_keys
from rules_engine.checking.infos import EventInfo
from rules_engine.checking.spans import dates_crossed
from rules_engine.checking.typed import Typed
from rules_engine.types import DATE, Date, Instant, Unknown, describe
from rules_engine.values import ValueFault


def date(node: tree.DateExpr | tree.Expr, env: Env) -> ir.Expr:
    """A day."""
    at = env.at(node)
    match node:
        case tree.Today():
            return ir.Today(at)
        case tree.LaterDate(length=length, sign=sign, base=base):
            day = ir.Today(at) if base is None else date(base, env)
            return _moved(day, sign * length.count, length, env, node)
        case tree.EdgeDate():
            return _edge(node, env)
        case tree.TableBy():
            return tables.date_table(node, env)
        case _:
            return day_of(node, env)


def day_of(node: tree.Expr, env: Env) -> ir.Expr:
    """The day that a date or a moment names."""
    if isinstance(node, (tree.LaterDate, tree.EdgeDate, tree.TableBy)):
        return date(node, env)
    found = expressions.value(node, env, DATE)
    match found.type:
        case Date() | Unknown():
            return found.expr
        case Instant():
            return conditions.as_day(found, node, env).expr
        case _:
            env.report("T326", node, found=_called(node, found))
            return ir.Today(env.at(node))


def _called(node: tree.Node, found: Typed) -> str:
    return f"`{node.text}`, {describe(found.type)}," if isinstance(node, tree.Path) else describe(found.type)


def _moved(day: ir.Expr, count: int, length: tree.Duration, env: Env, whole: tree.Node | None = None) -> ir.Expr:
    if length.unit in ("hour", "minute"):
        env.report("T328", length, found=f"{length.count} {length.unit}s")
        return day
    return ir.AddTime(env.at(whole or length), day, count, length.unit)


def _edge(node: tree.EdgeDate, env: Env) -> ir.Expr:
    at = env.at(node)
    day: ir.Expr = ir.Today(at)
    if env.muted:
        return day
    used = env.context.when(node.period)
    if node.later is not None:
        day = _moved(day, node.later.count, node.later, env)
    if used is None:
        return day
    conditions.anchors_present(used.period, node.period, env)
    return ir.EdgeDay(at, node.edge, node.next, used.name, day)


# ---- lives ----


def life(node: tree.Life | tree.TableBy, env: Env) -> ir.Expr:
    """The last valid day, or for ever."""
    match node:
        case tree.Forever():
            return ir.Forever(env.at(node))
        case tree.LastsUntil(date=until):
            return date(until, env)
        case tree.LastsFor():
            return _span(node, env)
        case tree.TableBy():
            return tables.life_table(node, env)


def _span(node: tree.LastsFor, env: Env) -> ir.Expr:
    at = env.at(node)
    if node.after_last:
        env.report("T327", node, what="`after last ...`", wanted="a day", note="only a unit counts from the last event")
        return ir.Forever(at)
    first: ir.Expr = ir.Today(at, begins=True) if node.after is None else day_of(node.after, env)
    return ir.AddTime(at, _moved(first, node.length.count, node.length, env), -1, "day")


def unit_life(node: tree.Life | tree.TableBy, env: Env) -> ir.UnitLife | None:
    """One `lasts` of a unit; None for ever."""
    if isinstance(node, tree.LastsFor) and node.after_last:
        _moved(ir.Today(env.at(node)), 1, node.length, env)
        names_ = tuple(name.text for name in node.after_last)
        return ir.UnitLife(None, node.length.count, node.length.unit, names_)
    if isinstance(node, tree.Forever):
        return None
    return ir.UnitLife(life(node, env))


# ---- when a rule holds ----


def dates(node: tree.Dates, env: Env) -> ir.Expr | None:
    """`from ... until ... by ...` as a condition; None where it says nothing. An absent day is outside all dates: it is
    asked for here, since a rule's dates are read before its `when`."""
    parts: list[ir.Expr] = []
    if not _has_moment(node, env) or dates_crossed(node, env.context):
        return None
    if node.by is not None and names.may_lack(node.by, env):
        parts.append(names.has(tree.Has(node.by.span, node.by), env))
        env = env.with_proven(has_keys(node.by, env))
    if node.start is not None:
        parts.append(_side(">=", node.start, node.start_time, node, env))
    if node.end is not None:
        parts.append(_side("<=" if node.end_word == "until" else "<", node.end, node.end_time, node, env))
    return both(parts, env.at(node)) if parts else None


def _side(op: conditions.Op, limit: tree.DateExpr, time: tree.TimeLit | None, node: tree.Dates, env: Env) -> ir.Expr:
    at = env.at(node)
    if time is None:
        day: ir.Expr = ir.Today(at) if node.by is None else day_of(node.by, env)
        return ir.Cmp(at, op, day, date(limit, env))
    if not isinstance(limit, tree.DateLit):
        env.never(
            limit,
            "a time of day on a date that is worked out",
            "write the date, as in `2027-11-01 at 20:00`, or leave the time out",
        )
        return ir.Flg(at, True)
    moment = local_moment(f"{limit.text} {time.text}", limit, env)
    now = _moment_of(node.by, limit, env)
    return ir.Flg(at, True) if moment is None or now is None else ir.Cmp(at, op, now, ir.Num(at, moment))


def _moment_of(by: tree.Path | None, node: tree.Node, env: Env) -> ir.Expr | None:
    """The moment that is compared: the event's own, or that of a field."""
    if by is not None:
        found = names.resolve(by, env)
        if isinstance(found.type, (Instant, Unknown)):
            return found.expr
        env.report("T326", by, found=_called(by, found), note="with a time of day it must be a moment")
        return None
    return ir.Now(env.at(node))


def _has_moment(node: tree.Dates, env: Env) -> bool:
    """A time of day is compared with the event's moment, so it must have one, unless a field gives it."""
    time = node.start_time or node.end_time
    infos = [env.context.event(event.name) for event in env.events]
    by_day = [info.definition.name for info in infos if isinstance(info, EventInfo) and not info.instant]
    if time is None or node.by is not None or not by_day:
        return True
    env.report("T339", time, event=by_day[0])
    return False


def local_moment(text: str, node: tree.Node, env: Env) -> int | None:
    """`2027-11-01 20:00` by the program's clock, as an instant."""
    zone = env.context.header().zone
    env.context.need("timezone", env.use or node)
    day, _, time = text.partition(" ")
    try:
        return None if zone is None else local_instant(parse_date(day), parse_time(time), zone)
    except ValueFault as fault:
        env.report("T326", node, found=f"`{text}`", note=fault.reason)
        return None


def date_test(node: tree.DateTest, env: Env) -> ir.Expr:
    """`today from 30 days after member.joined`, `check_in before 2027-03-01`."""
    op: conditions.Op = {"from": ">=", "until": "<=", "before": "<"}[node.word]  # type: ignore[assignment]
    return ir.Cmp(env.at(node), op, day_of(node.left, env), date(node.date, env))


# ---- days that find an occurrence ----


def day_field(path: tree.Path, env: Env) -> tuple[ir.Expr, bool] | None:
    """`by FIELD` of a track or a limit: the day, and whether each line has its own. An absent day finds nothing."""
    on_lines = env.on_lines()
    hit = names.find_field(path.parts[0], on_lines) if len(path.parts) == 1 else None
    if hit is None:
        found = names.resolve(path, env)
        line = False
    else:
        found, line = names.field_value(hit, path, on_lines), hit.line
    match found.type:
        case Date():
            return found.expr, line
        case Instant():
            return conditions.as_day(found, path, env).expr, line
        case Unknown():
            return None
        case _:
            env.report("T326", path, found=_called(path, found))
            return None


def anchor(path: tree.Path, context: Context, events: tuple[str, ...] = ()) -> ir.Expr | None:
    """What a period hangs on: a date of the member or of the event; where it is absent there is no occurrence."""
    env = env_for(context, events, "period", owner_known=True)
    env = env.with_proven(frozenset({path.text, "member"}))
    found = names.resolve(path, env)
    match found.type:
        case Date():
            return found.expr
        case Instant():
            return conditions.as_day(found, path, env).expr
        case Unknown():
            return None
        case _:
            env.report("T326", path, found=_called(path, found))
            return None
