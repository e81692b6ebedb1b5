"""Loops: `for each mark of nights at 20, 30`, `for each shop of lines where F`, `for each shop of by_shop`.

In: a loop as written and the environment. Out: `ir.MarksDef` or `ir.KeysDef`, and the environment inside, in which
`mark`, `each` and the word of the key can be read.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import conditions, expressions, measures, names, picking
from rules_engine.checking.core import both
from rules_engine.checking.env import STAGE_WORDS, Env, KeyScope
from rules_engine.checking.infos import BrokenInfo, TrackInfo
from rules_engine.diagnostics import Fix
from rules_engine.types import Choice, Count, Date, Flag, Member, Text, Unknown, describe

Looped = tuple[ir.MarksDef | ir.KeysDef, Env]


def loop(node: tree.Loop, env: Env) -> Looped | None:
    """A loop and the environment inside; None after an error."""
    match node:
        case tree.EachMark():
            return marks(node, env)
        case tree.EachOf(over=tree.Selection() as over):
            return _of_lines(node, over, env)
        case tree.EachOf(over=tree.Path() as over):
            return _of_track(node, over, env)
        case _:
            env.report("T416", node, name="set", why="sets belong to offers")
            return None


def marks(node: tree.EachMark, env: Env) -> tuple[ir.MarksDef, Env] | None:
    """`for each mark of nights at 20, 30, 40`, and the environment inside."""
    if env.stage != "reward":
        note = "an event passes a mark only once its tracks have moved: make it a reward"
        env.report("T319", node, what="for each mark", where=STAGE_WORDS[env.stage], note=note)
        return None
    info = conditions.track_named(node.track, env)
    if info is None:
        return None
    read = measures.track_read(info, node.track, env)
    values = [expressions.constant_of(mark, read.type, env) for mark in node.marks]
    numbers = [int(value) for value in values if isinstance(value, Fraction) and value.denominator == 1]
    if isinstance(read.type, Unknown) or len(numbers) < len(node.marks):
        return None
    if any(later <= earlier for earlier, later in zip([0, *numbers], numbers, strict=False)):
        env.report("T325", node, what="marks", wanted="amounts above zero in ascending order")
        return None
    found = tuple(numbers)
    return ir.MarksDef(info.name, found), env.in_loop(read.type, found)


# ---- keys of lines ----

KEYS = (Text, Choice, Count, Date, Member, Flag)
"""What lines can be grouped by."""


def _of_lines(node: tree.EachOf, over: tree.Selection, env: Env) -> Looped | None:
    """`for each shop of lines where F`: the lines of each value of a field of theirs."""
    if over.what != "lines" or over.pick is not None:
        env.report("T416", node, name=node.name.text, why="it goes over the values that a field has on lines")
        return None
    where, inner = picking.line_condition(over.where, env)
    hit = names.find_field(node.name, inner)
    if hit is None or not hit.line:
        why = f"no field of the lines of {env.event_words()} is called `{node.name.text}`"
        if not env.broken:
            env.report("T416", node.name, name=node.name.text, why=why)
        env.fail()
        return None
    key = names.read_field(hit, tree.Path(node.name.span, (node.name,)), inner)
    if isinstance(key.type, Unknown):
        return None
    if not isinstance(key.type, KEYS):
        why = f"`{node.name.text}` is {describe(key.type)}: lines are grouped by a text, a choice, a number or a date"
        env.report("T416", node.name, name=node.name.text, why=why)
        return None
    at = env.at(node)
    same = ir.Cmp(at, "=", key.expr, ir.KeyRead(at))
    lines = same if where is None else both([where, same], at)
    scope = KeyScope(node.name.text, key.type, None, lines, inner.proven)
    ordering = _ordering(node, scope, env)
    return None if ordering is False else (ir.KeysDef("", key.expr, where, ordering), replace(env, key=scope))


# ---- keys of a track ----


def _of_track(node: tree.EachOf, over: tree.Path, env: Env) -> Looped | None:
    """`for each shop of by_shop`: the keys of a track, each with its number."""
    info = env.context.find(over.text) if len(over.parts) == 1 else None
    if isinstance(info, BrokenInfo):
        env.fail()
        return None
    if not isinstance(info, TrackInfo):
        near = Fix("go over the lines", over.span, "lines")
        fix = near if over.text == "line" else None
        why = f"`{over.text}` is no track, and not `lines`"
        env.report("T416", node, name=node.name.text, why=why, fix=fix, note=_over_what(node, env))
        return None
    scope = measures.track_keys(info, over, env)
    if scope is None:
        return None
    if node.name.text != scope.name:
        fix = Fix(f"write `{scope.name}`", node.name.span, scope.name)
        why = f"`{info.name}` keeps a number for each `{scope.name}`"
        env.report("T416", node.name, name=node.name.text, why=why, fix=fix)
        return None
    ordering = _ordering(node, scope, env)
    return None if ordering is False else (ir.KeysDef(info.name, None, None, ordering), replace(env, key=scope))


def _over_what(node: tree.EachOf, env: Env) -> str:
    """What a loop can go over, with a track by key of the program if there is one."""
    tracks = [info for name in env.context.names() if isinstance(info := env.context.find(name), TrackInfo)]
    keyed = next(((each.node.key, each.name) for each in tracks if each.by_key and each.node.key is not None), None)
    track = f"`for each {keyed[0].text} of {keyed[1]}`" if keyed else "a track by key"
    return f"it goes over the lines, `for each {node.name.text} of lines`, or over {track}"


# ---- order ----


def _ordering(node: tree.EachOf, scope: KeyScope, env: Env) -> ir.Ordering | Literal[False] | None:
    """`sorted by each highest first`, `sorted by shop`; keys come in ascending order anyway. False after an error."""
    order = node.order
    if order is None:
        return None
    at = env.at(order)
    if order.how == "sorted" and order.by is not None:
        if order.by.text == "each" and scope.value is not None:
            return ir.Ordering("sorted", ir.KeyValue(at), order.descending)
        if order.by.text == scope.name:
            return ir.Ordering("sorted", ir.KeyRead(at), order.descending)
    words = f"`sorted by {scope.name}`" + (" or `sorted by each`" if scope.value is not None else "")
    env.report("T323", order, what="this order", note=f"keys can be {words}, also `highest first`")
    return False
