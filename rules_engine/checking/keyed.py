"""Numbers by key: sums and counts over the keys of a track, the largest of them, the key at hand.

In: a fold as written and its environment. Out: a typed value. A `where` over a track by key may ask for the key, by the
name that the track has for it, and for its number, `each`; over lines it asks the lines. A fold over keys says nothing
of how an amount spreads over the lines of an event.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import conditions, expressions, folds, measures, names, picking
from rules_engine.checking.env import STAGE_WORDS, Env, KeyScope, narrowed
from rules_engine.checking.infos import TrackInfo
from rules_engine.checking.typed import Typed, unknown
from rules_engine.diagnostics import Fix
from rules_engine.types import COUNT, Unknown, describe, is_number


def track_keys(info: TrackInfo, node: tree.Node, env: Env) -> KeyScope | None:
    """The keys of a track and their numbers; reports a track that keeps one number only."""
    path = info.node.key
    if path is None:
        env.report("T382", node, name=info.name, labels=env.context.place(info.name))
        return None
    value = folds.track_type(info, env)
    return KeyScope(path.parts[-1].text, folds.key_type(info, env), value, track=info.name)


def keyed_track(node: tree.Expr, env: Env) -> tuple[TrackInfo, bool] | None:
    """The track by key that is summed, and whether its occurrence before is meant; None for anything else."""
    match node:
        case tree.PreviousOf(track=name):
            path, previous = tree.Path(name.span, (name,)), True
        case tree.Path(parts=(_,)):
            path, previous = node, False
        case _:
            return None
    info = env.context.find(path.text)
    return (info, previous) if isinstance(info, TrackInfo) and info.by_key else None


def total(info: TrackInfo, node: tree.SumOf, env: Env, *, previous: bool) -> Typed:
    """`sum of by_shop where shop is not "A"`: over all keys, or those where that holds."""
    if previous and not measures.has_previous(info, node.measure, env):
        return unknown(env.at(node))
    return _folded("sum", info, node, env, node.where, previous=previous)


def not_keyed(node: tree.SumOf, env: Env) -> Typed:
    """Report a `where` behind what is summed over no keys: of lines it must say so."""
    end = node.measure.span[1]
    if not isinstance(node.measure, tree.Path) or env.context.find(node.measure.text) is None:
        fix = Fix("write `of lines` before it", (end, end), " of lines")
        env.report("T323", node, what="`where`", fix=fix, note="it filters lines, or the keys of a track")
        return unknown(env.at(node))
    info = conditions.track_named(node.measure, env)
    return unknown(env.at(node)) if info is None else _folded("sum", info, node, env)


def count(node: tree.CountOf, env: Env) -> Typed:
    """`count of by_shop where each >= 100 CNY`: of how many keys that holds."""
    assert isinstance(node.of, tree.Path)
    info = conditions.track_named(node.of, env)
    return unknown(env.at(node)) if info is None else _folded("count", info, node, env, node.where)


def top(node: tree.TopOf, env: Env) -> Typed:
    """`top 2 of usage ties by exchange where F`, `top 1 of shop of lines by net ties by shop`, added up."""
    at = env.at(node)
    if node.count < 1:
        env.report("T325", node, what="the number of keys", wanted="at least 1")
        return unknown(at)
    if node.selection is not None and node.measure is not None:
        return _top_of_lines(node, node.selection, node.measure, env)
    info = conditions.track_named(node.of, env)
    if info is None:
        return unknown(at)
    written = info.node.key
    if written is not None:
        _ties(node, (written.text, written.parts[-1].text), env)
    return _folded("sum", info, node, env, node.where, node.count)


def _folded(
    op: Literal["sum", "count"],
    info: TrackInfo,
    node: tree.Expr,
    env: Env,
    where: tree.Expr | None = None,
    top: int | None = None,
    *,
    previous: bool = False,
) -> Typed:
    at = env.at(node)
    if env.stage in ("life", "period"):
        env.report("T320", node, what=info.name, where=STAGE_WORDS[env.stage])
        return unknown(at)
    scope = track_keys(info, node, env)
    if scope is None or scope.value is None:
        return unknown(at)
    test = None if where is None else conditions.condition(where, replace(env.off_lines().unguarded(), key=scope))
    return Typed(COUNT if op == "count" else scope.value, ir.KeyFold(at, info.name, op, test, top, previous))


def _top_of_lines(node: tree.TopOf, selection: tree.Selection, measure: tree.Expr, env: Env) -> Typed:
    """The largest groups of lines, each worth the sum of a measure over its lines."""
    at = env.at(node)
    found = picking.selection(selection, env.off_lines())
    if found is None:
        return unknown(at)
    select, inner = found
    if node.where is not None:
        select, inner = _also(select, node.where, inner)
    key = names.resolve(node.of, inner)
    _ties(node, (node.of.text,), env)
    value = expressions.number(measure, inner)
    if isinstance(key.type, Unknown) or isinstance(value.type, Unknown):
        return unknown(at)
    if not measures.whole_lines(select, node.of, node.of.text, env):
        return unknown(at)
    if not isinstance(key.type, folds.KEYED):
        wanted = "a text, a choice, a number, a day or a member"
        env.report("T305", node.of, found=f"`{node.of.text}`, {describe(key.type)},", wanted=wanted)
    if not is_number(value.type):
        env.report("T305", measure, found=describe(value.type), wanted="an amount")
        return unknown(at)
    return Typed(value.type, ir.LineKeys(at, key.expr, value.expr, select.where, node.count))


def _also(select: ir.Selection, where: tree.Expr, inner: Env) -> tuple[ir.Selection, Env]:
    """The lines of a selection where another condition holds too."""
    parts = [each for each in (select.where, conditions.condition(where, inner)) if each is not None]
    joined = parts[0] if len(parts) == 1 else ir.All(inner.at(where), tuple(parts))
    return replace(select, where=joined), narrowed(inner, where)


def _ties(node: tree.TopOf, keys: tuple[str, ...], env: Env) -> None:
    """Among equal numbers the key decides, which the text says so that nobody need guess."""
    if node.ties.text not in keys:
        fix = Fix(f"write `{keys[0]}`", node.ties.span, keys[0])
        env.report("T386", node.ties, name=node.ties.text, key=keys[0], fix=fix)


# ---- the key at hand ----


def each(node: tree.Each, env: Env) -> Typed:
    """`each`: what the track has for the key at hand."""
    scope, at = env.key, env.at(node)
    if scope is None:
        env.report("T384", node)
    elif scope.value is None:
        env.report("T384", node, note="over lines write of what: `net of each`")
    else:
        return Typed(scope.value, ir.KeyValue(at))
    return unknown(at)


def lines_of_key(node: tree.Selection, env: Env) -> picking.Chosen | None:
    """The lines of the key at hand, in a loop over keys of lines."""
    scope = env.key
    if scope is None or scope.lines is None:
        note = "" if scope is None else "over a track `each` is the number of its key: write it alone"
        env.report("T384", node, note=note)
        return None
    inner = env.on_lines().unguarded().with_proven(scope.proven)
    return ir.Selection("lines", scope.lines, None), inner


def key_read(name: tree.Name, env: Env) -> Typed | None:
    """The key at hand by its name. On a line a field of the line's own comes first."""
    scope = env.key
    if scope is None or scope.name != name.text:
        return None
    if env.line and any(_on_line(name.text, event) for event in env.events):
        return None
    return Typed(scope.type, ir.KeyRead(env.at(name)))


def _on_line(name: str, event: ir.EventDef) -> bool:
    """Whether the lines of an event have a field."""
    return event.lines is not None and any(field.name == name for field in event.lines.fields)
