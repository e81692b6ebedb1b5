"""Conditions: what is true or false, with optionals discharged from left to right.

In: a condition as written and its environment. Out: a core condition. Both sides of a comparison are of one
dimension; a word on the right is first looked for among the values of what stands on the left.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from rules_engine import ir, periods, tree
from rules_engine.checking import dates, expressions, keys, measures, monies, names, people, slips, tables, unknowns
from rules_engine.checking.core import both, mul, negated, num
from rules_engine.checking.env import STAGE_WORDS, Env, proof
from rules_engine.checking.infos import BrokenInfo, DefineInfo, EventInfo, PeriodInfo, TableInfo, TrackInfo
from rules_engine.checking.typed import Typed
from rules_engine.diagnostics import Fix
from rules_engine.types import (
    DATE,
    ORDERED,
    TEXT,
    Choice,
    Codes,
    Count,
    Date,
    Flag,
    Instant,
    ListOf,
    Money,
    Rate,
    Text,
    Unit,
    Unknown,
    alike,
    describe,
)

Op = Literal["=", "!=", "<", "<=", ">", ">="]


def condition(node: tree.Expr, env: Env) -> ir.Expr:
    """The condition that a text says; after an error, one that always holds."""
    if env.muted:
        return ir.Flg(env.at(node), True)
    env = env.finer("")
    return _condition(node, env if env.guard is not None else env.guarded(node))


def _condition(node: tree.Expr, env: Env) -> ir.Expr:
    at = env.at(node)
    match node:
        case tree.Both(parts=parts):
            return both(_parts(parts, env, 0), at)
        case tree.Either(parts=parts) if slips.amounts_joined_by_or(parts, env):
            return ir.Flg(at, True)
        case tree.Either(parts=parts):
            return ir.Any(at, tuple(_parts(parts, env, 1)))
        case tree.Not(value=value):
            return ir.Not(at, _condition(value, env))
        case tree.Bracket(value=value, mods=()):
            return _condition(value, env.guarded(value))
        case tree.Has():
            return names.has(node, env)
        case tree.Flag(value=value):
            return ir.Flg(at, value)
        case tree.TableBy():
            return tables.condition_table(node, env)
        case tree.Path():
            return _path(node, env)
        case _:
            return _test(node, env)


def _parts(parts: tuple[tree.Expr, ...], env: Env, side: Literal[0, 1]) -> list[ir.Expr]:
    """Parts from left to right: in `and` each knows what the earlier prove when true (0), in `or` when false (1)."""
    made: list[ir.Expr] = []
    for part in parts:
        made.append(_condition(part, env.guarded(part)))
        env = env.with_proven(proof(part, env)[side])
    return made


def _test(node: tree.Expr, env: Env) -> ir.Expr:
    match node:
        case tree.Compare(op=op, left=left, right=right):
            return compare(op, left, right, node, env)
        case tree.Is(left=left, right=right, negated=no):
            return compare("!=" if no else "=", left, right, node, env)
        case tree.In():
            return _in(node, env)
        case tree.InFirst():
            return _in_first(node, env)
        case tree.IsMultiple():
            return _multiple(node, env)
        case tree.Reaches():
            return _reaches(node, env)
        case tree.DateTest():
            return dates.date_test(node, env)
        case _ if slips.filter_takes_comparison(node, env):
            return ir.Flg(env.at(node), True)
        case _:
            found = expressions.value(node, env)
            if not isinstance(found.type, (Unknown, Flag)):
                env.report("T306", node, found=describe(found.type))
            return found.expr if isinstance(found.type, Flag) else ir.Flg(env.at(node), True)


def _path(node: tree.Path, env: Env) -> ir.Expr:
    """A name as a condition: a flag, or a define whose text is one."""
    info = _declared_only(node, env)
    if isinstance(info, DefineInfo):
        inner = names.enter_define(info, node, env)
        if inner is None or info.node is None:
            return ir.Flg(env.at(node), True)
        return condition(info.node, inner)
    found = names.resolve(node, env)
    if isinstance(found.type, Flag):
        return found.expr
    if not isinstance(found.type, Unknown):
        env.report("T306", node, found=f"`{node.text}`, {describe(found.type)},")
    return ir.Flg(env.at(node), True)


def _declared_only(node: tree.Path, env: Env) -> object:
    """The declaration of a name that no field has."""
    if len(node.parts) > 1 or names.find_field(node.parts[0], env) is not None:
        return None
    return env.context.find(node.text)


# ---- comparisons ----


def compare(op: Op, left: tree.Expr, right: tree.Expr, node: tree.Expr, env: Env) -> ir.Expr:
    """A comparison of two values of one dimension."""
    at = env.at(node)
    one, other = _sides(left, right, env)
    if isinstance(one.type, Unknown) or isinstance(other.type, Unknown):
        return ir.Flg(at, True)
    if isinstance(one.type, Instant) and isinstance(other.type, Date):
        one = as_day(one, left, env)
    elif isinstance(one.type, Date) and isinstance(other.type, Instant):
        other = as_day(other, right, env)
    one, other = monies.level(one, other, left, right, env)
    if isinstance(one.type, Unknown) or isinstance(other.type, Unknown):
        return ir.Flg(at, True)
    if monies.apart(one.type, other.type, left, right, env):
        return ir.Flg(at, True)
    if not alike(one.type, other.type):
        note = _same_money(one, other) or slips.time_beside_day(one.type, other.type)
        fix = slips.quoted_tier(one.type, right, env) or slips.quoted_tier(other.type, left, env)
        note = f"a tier stands without quotes: {fix.title}" if fix else note
        env.report("T302", node, left=_called(left, one), right=_called(right, other), note=note, fix=fix)
        return ir.Flg(at, True)
    if op not in ("=", "!=") and not isinstance(one.type, ORDERED):
        env.report("T317", node, op=op, found=describe(one.type))
    if isinstance(one.type, Choice) and isinstance(other.expr, ir.Txt):
        _known_choice(other.expr.value, one.type, right, env)
    return ir.Cmp(at, op, one.expr, other.expr)


def _sides(left: tree.Expr, right: tree.Expr, env: Env) -> tuple[Typed, Typed]:
    """Both sides; a bare number takes its unit from the other one, so that the mend can be shown."""
    if isinstance(left, (tree.Number, tree.Negate)) and not isinstance(right, tree.Number):
        other = expressions.value(right, env)
        return expressions.value(left, env, other.type), other
    one = expressions.value(left, env)
    if isinstance(one.type, Unknown) and isinstance(right, tree.Path):
        return one, one
    return one, expressions.value(right, env, one.type)


def _same_money(one: Typed, other: Typed) -> str:
    """The mend where a unit that counts money meets that money."""
    for left, right in ((one.type, other.type), (other.type, one.type)):
        if isinstance(left, Unit) and isinstance(right, Money) and left.currency == right.currency:
            return f"write the amount in {left.plural}"
    return ""


def _called(node: tree.Expr, found: Typed) -> str:
    words = describe(found.type)
    return f"`{node.text}`, {words}," if isinstance(node, tree.Path) else words


def _known_choice(value: str, kind: Choice, node: tree.Expr, env: Env) -> None:
    if value not in kind.values:
        unknowns.unknown_value(tree.Name(node.span, value), kind, env)


def as_day(found: Typed, node: tree.Node, env: Env) -> Typed:
    """The local day of a moment."""
    if not env.muted:
        env.context.need("timezone", env.use or node)
    return Typed(DATE, ir.DayOf(env.at(node), found.expr))


# ---- in ----


def _in(node: tree.In, env: Env) -> ir.Expr:
    at = env.at(node)
    match node.right:
        case tree.CalendarSpan() | tree.Lifetime() | tree.Rolling() | tree.LastCalendar() | tree.TrialOf():
            found = in_period(expressions.value(node.left, env), node.right, node, env)
        case tree.PeriodRef():
            found = in_period(expressions.value(node.left, env), node.right, node, env)
        case tree.Path() if isinstance(_declared_only(node.right, env), PeriodInfo):
            when = tree.PeriodRef(node.right.span, node.right.parts[0])
            found = in_period(expressions.value(node.left, env), when, node, env)
        case right:
            found = msgspec.structs.replace(among(expressions.value(node.left, env), right, env), at=at)
    return negated(found, node.negated, at)


def among(left: Typed, right: tree.Expr, env: Env) -> ir.Expr:
    """Whether a value is one of a list: written out, declared, imported, or carried by the event or the member."""
    match right:
        case tree.ListOf(items=items):
            return _one_of(left, items, right, env)
        case tree.Bracket(value=value, mods=()):
            return among(left, value, env)
        case tree.TableBy():
            return tables.membership_table(right, left, env)
        case tree.Path():
            return _among_named(left, right, env)
        case tree.Text():
            return _one_of(left, (right,), right, env)
        case _:
            env.report("T318", right, left=describe(left.type), right="a list or a period")
            return ir.Flg(env.at(right), True)


def _one_of(left: Typed, items: tuple[tree.Expr, ...], node: tree.Expr, env: Env) -> ir.Expr:
    at = env.at(node)
    if isinstance(left.type, Unknown):
        return ir.Flg(at, True)
    rate = isinstance(left.type, Rate)
    values: list[str | int | bool] = []
    for item in items:
        found = expressions.constant_of(item, left.type, env)
        if isinstance(found, Fraction):
            found = keys.whole(found * keys.RATE_SCALE if rate else found, describe(left.type), item, env)
        if found is None:
            break
        values.append(found)
    read = mul(num(keys.RATE_SCALE, at), left.expr, at) if rate else left.expr
    return ir.OneOf(at, read, tuple(dict.fromkeys(values)))


def _among_named(left: Typed, right: tree.Path, env: Env) -> ir.Expr:
    info = _declared_only(right, env)
    at = env.at(right)
    match info:
        case DefineInfo(node=None):
            if not isinstance(left.type, (Text, Choice, Unknown)):
                env.report("T318", right, left=describe(left.type), right=f"`{info.name}`, a list of texts")
            return ir.InImported(at, left.expr, info.name)
        case DefineInfo():
            inner = names.enter_define(info, right, env)
            return ir.Flg(at, True) if inner is None or info.node is None else among(left, info.node, inner)
        case TableInfo(node=table) if table is not None:
            return tables.membership_table(table, left, env.inside(info.name, right))
        case BrokenInfo():
            env.fail()
            return ir.Flg(at, True)
        case _:
            return _in_list_field(left, right, None, env)


def _in_list_field(left: Typed, path: tree.Path, count: int | None, env: Env) -> ir.Expr:
    """Whether a value is among the items of a list field, or among the codes of the event."""
    at = env.at(path)
    items = names.resolve(path, env, left.type)
    match items.type:
        case ListOf(item=item) if alike(item, left.type):
            return ir.InField(at, left.expr, items.expr, count)
        case Codes() if alike(left.type, TEXT):
            return ir.InField(at, left.expr, items.expr, count)
        case Unknown():
            return ir.Flg(at, True)
        case _ if alike(items.type, left.type) and isinstance(items.expr, (ir.Txt, ir.Num)):
            fix = Fix(f"write `is {path.text}`", path.span, path.text)
            env.report("T318", path, left=describe(left.type), right="a list or a period", fix=None, note=fix.title)
        case _:
            wanted = f"`{path.text}`, {describe(items.type)}"
            env.report("T318", path, left=describe(left.type), right=wanted)
    return ir.Flg(at, True)


def _in_first(node: tree.InFirst, env: Env) -> ir.Expr:
    left = expressions.value(node.left, env)
    return negated(_in_list_field(left, node.path, node.count, env), node.negated, env.at(node))


def in_period(left: Typed, when: tree.When, node: tree.Node, env: Env) -> ir.Expr:
    """Whether a day, or the moment where the period has times of day, lies in a period."""
    at = env.at(node)
    if isinstance(left.type, Unknown):
        return ir.Flg(at, True)
    used = env.context.when(when)
    if used is None:
        return ir.Flg(at, True)
    anchors_present(used.period, when, env)
    timed = periods.is_timed(used.period)
    if isinstance(left.expr, ir.Today) and timed:
        return _moment(used.name, node, env)
    if isinstance(left.type, Instant):
        value = left if timed else as_day(left, node, env)
        return ir.InPeriod(at, value.expr, used.name, timed)
    if not isinstance(left.type, Date):
        env.report("T318", node, left=describe(left.type), right=f"the period `{used.name}`")
    elif timed:
        env.report("T330", node, period=used.name)
    else:
        return ir.InPeriod(at, left.expr, used.name, False)
    return ir.Flg(at, True)


def _moment(period: str, node: tree.Node, env: Env) -> ir.Expr:
    """`today in night` asks for the event's own moment."""
    infos = [env.context.event(event.name) for event in env.events]
    by_day = [info.definition.name for info in infos if isinstance(info, EventInfo) and not info.instant]
    if by_day or not infos:
        env.report("T330", node, period=period, note=f"`{by_day[0]}` is dated by a day" if by_day else "")
        return ir.Flg(env.at(node), True)
    return ir.InPeriod(env.at(node), ir.Now(env.at(node)), period, True)


def anchors_present(period: periods.Period, when: tree.Node, env: Env) -> None:
    """The facts that a period hangs on must be there; a written date is."""
    for key in periods.anchors(period):
        if key[0].isdigit():
            continue
        parts = tuple(tree.Name(when.span, word) for word in key.split("."))
        path = tree.Path(when.span, parts)
        if key.startswith("member."):
            people.member_fact(path, parts[-1], env)
        else:
            names.resolve(path, env)


# ---- other tests ----


def _multiple(node: tree.IsMultiple, env: Env) -> ir.Expr:
    left = expressions.value(node.left, env)
    if not isinstance(left.type, (Count, Unknown)) or node.factor < 1:
        env.report(
            "T329", node, found=describe(left.type), what="a multiple", wanted="a count and a whole number from 1"
        )
        return ir.Flg(env.at(node), True)
    return negated(ir.Multiple(env.at(node), left.expr, node.factor), node.negated, env.at(node))


def _reaches(node: tree.Reaches, env: Env) -> ir.Expr:
    at = env.at(node)
    if env.stage != "reward":
        note = "an event crosses a bound only once its tracks have moved: make it a reward"
        env.report("T319", node, what="reaches", where=STAGE_WORDS[env.stage], note=note)
        return ir.Flg(at, True)
    track = track_named(node.left, env)
    if track is None:
        return ir.Flg(at, True)
    read = measures.track_read(track, node.left, env)
    bound = expressions.value(node.bound, env, read.type)
    if not alike(read.type, bound.type):
        env.report("T302", node, left=_called(node.left, read), right=_called(node.bound, bound))
    return ir.Reaches(at, track.name, bound.expr)


def track_named(node: tree.Expr, env: Env) -> TrackInfo | None:
    """The track that an expression names; reports anything else."""
    info = _declared_only(node, env) if isinstance(node, tree.Path) else None
    if isinstance(info, TrackInfo):
        return info
    if isinstance(info, BrokenInfo):
        env.fail()
    elif not (isinstance(node, tree.Path) and isinstance(names.resolve(node, env).type, Unknown)):
        found = f"`{node.text}`" if isinstance(node, tree.Path) else "this"
        env.report(
            "T325", node, what=found, wanted="a track", note="only a track reaches a bound, passes marks or has keys"
        )
    return None
