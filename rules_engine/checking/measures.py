"""Measures: sums over lines, tracks, balances, awards of other rules, rates of a measure, slices of a
track.

In: a measure as written and its environment. Out: a typed value with its shares: the weights by which an amount made
of it spreads over lines. On a line (inside `where`, or under `of each line`) a base or a field is read there; on the
event it is the sum over the lines.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.checking import amounts, bases, conditions, expressions, folds, keyed, lots, names, picking
from rules_engine.checking.env import STAGE_WORDS, Env, KeyScope
from rules_engine.checking.infos import RuleInfo, TrackInfo
from rules_engine.checking.intervals import Bounds
from rules_engine.checking.refused import OFFERS
from rules_engine.checking.typed import Typed, unknown, without_shares
from rules_engine.types import (
    COUNT,
    Choice,
    Count,
    Date,
    Text,
    Type,
    Unknown,
    describe,
    is_number,
)

Node = tree.Expr


# ---- measures over lines ----


def of(node: tree.Of, env: Env) -> Typed:
    """`net of lines where F`, `base of lines where F`, `distance of lines`, `net of the dearest 1 unit`."""
    if env.element and node.selection.what == "units":
        return _of_element(node, env)
    if env.line or env.element:
        return without_shares(of(node, env.off_lines()))
    measure = node.measure
    if node.selection.what == "turned":
        return lots.turned_sum(measure if isinstance(measure, tree.Path) else None, node.selection, env)
    found = _selected(node.selection, env)
    if found is None:
        return unknown(env.at(node))
    select, inner = found
    if isinstance(measure, (tree.Basis, tree.AfterStage)):
        return _money_of(measure, select, node, env)
    if len(measure.parts) == 1 and bases.is_base(measure.parts[0], env):
        return _money_of(measure.parts[0], select, node, env)
    info = None if len(measure.parts) > 1 else _rule(measure, env)
    if info is not None:
        if not whole_lines(select, measure, measure.text, env):
            return unknown(env.at(node))
        return _award_of_lines(info, measure, select.where, env)
    line = names.resolve(measure, inner)
    if isinstance(line.type, Unknown) or not whole_lines(select, measure, measure.text, env):
        return unknown(env.at(node))
    if not is_number(line.type):
        env.report("T305", measure, found=f"`{measure.text}`, {describe(line.type)},", wanted="an amount")
        return unknown(env.at(node))
    return _summed(line, select, env.at(node))


def _selected(node: tree.Selection, env: Env) -> picking.Chosen | None:
    """The lines or units of a selection; `each` are the lines of the key at hand."""
    return keyed.lines_of_key(node, env) if node.what == "each" else picking.selection(node, env)


def over_lines(node: tree.Per, env: Env) -> Typed:
    """`(weight * pieces) of lines where F`: formed on each line, then added."""
    if env.line or env.element:
        return without_shares(over_lines(node, env.off_lines()))
    assert isinstance(node.measure, tree.Selection)
    found = picking.selection(node.measure, env)
    if found is None:
        return unknown(env.at(node))
    select, inner = found
    line = expressions.number(node.amount, inner)
    if isinstance(line.type, Unknown) or not whole_lines(select, node.amount, "this", env):
        return unknown(env.at(node))
    if not is_number(line.type):
        env.report("T305", node.amount, found=describe(line.type), wanted="an amount")
        return unknown(env.at(node))
    return _summed(line, select, env.at(node))


def _of_element(node: tree.Of, env: Env) -> Typed:
    """`current of the cheapest 1 unit` in the amount of an effect: of the units of the set, line or total at hand."""
    at = env.at(node)
    found = picking.of_element(node.selection, env)
    if found is None:
        return unknown(at)
    written = node.measure
    if isinstance(written, tree.Path) and not (len(written.parts) == 1 and bases.is_base(written.parts[0], env)):
        env.report("T348", written, name=written.text)
        return unknown(at)
    money = bases.measure(written.parts[0] if isinstance(written, tree.Path) else written, env)
    if money is None:
        return unknown(at)
    return Typed(money.type, ir.Picked(at, money.base, money.side, found, within=True))


def _money_of(written: bases.Written, select: ir.Selection, node: tree.Of, env: Env) -> Typed:
    """A money base over some units."""
    found = bases.measure(written, env)
    at = env.at(node)
    if found is None:
        return unknown(at)
    if ir.by_unit(select):
        return Typed(found.type, ir.Picked(at, found.base, found.side, select))
    return _summed(Typed(found.type, ir.LineMoney(env.at(written), found.base, found.side)), select, at)


def whole_lines(select: ir.Selection, node: tree.Expr, words: str, env: Env) -> bool:
    """Whether a field or an award can be summed over a selection: over whole lines that have fields."""
    if ir.by_unit(select):
        env.report("T348", node, name=words)
        return False
    if select.of != "lines" and any(event.shipping_field for event in env.events):
        env.report("T352", node, name=words, events=env.event_words())
        return False
    return True


def _summed(line: Typed, select: ir.Selection, at: ir.Origin) -> Typed:
    """The sum of a line value over some lines. Awards spread over goods: what is of shipping too has no lines."""
    shares = (ir.Share(line.expr, select.where, None),) if select.of == "lines" else ()
    return Typed(line.type, ir.Fold(at, "sum", line.expr, select.where, select.of), shares)


ALL = ir.Selection("lines", None, None)


def line_fold(node: tree.SumOf | tree.CountOf | tree.DistinctOf, env: Env) -> Typed:
    """`sum of net of lines where F`, `count of lines where F`, `distinct sku of lines`."""
    match node:
        case tree.CountOf(of=tree.Selection(what="units") as units) if env.element:
            return _units_of_element(units, env)
        case _:
            pass
    if (env.line or env.element) and not isinstance(node, tree.SumOf):
        return without_shares(line_fold(node, env.off_lines()))
    match node:
        case tree.SumOf(measure=measure):
            return _sum_of(measure, node, env)
        case tree.CountOf(of=tree.Selection() as selection, where=None):
            return _count_lines(selection, node, env)
        case tree.CountOf(of=None):
            env.report("T331", node, what="a count of events")
        case tree.CountOf(of=tree.Path()):
            return keyed.count(node, env)
        case tree.CountOf():
            env.report("T323", node, what="`where`", note="it stands inside the brackets")
        case tree.DistinctOf():
            found = distinct(node, env)
            if found is not None:
                value, where = found
                return Typed(COUNT, ir.Fold(env.at(node), "distinct", value, where))
    return unknown(env.at(node))


def _sum_of(measure: tree.Expr, node: tree.SumOf, env: Env) -> Typed:
    """A field of the lines is summed; whatever is one number already stands for itself."""
    by_key = keyed.keyed_track(measure, env)
    if by_key is not None:
        return keyed.total(by_key[0], node, env, previous=by_key[1])
    if node.where is not None:
        return keyed.not_keyed(node, env)
    if isinstance(measure, tree.TopOf):
        return keyed.top(measure, env)
    if isinstance(measure, tree.Path) and len(measure.parts) == 1 and not env.line:
        hit = names.find_field(measure.parts[0], env.on_lines())
        if hit is not None and hit.line:
            line = expressions.number(measure, env.on_lines().unguarded())
            return _summed(line, ALL, env.at(node))
    return expressions.number(measure, env)


def _units_of_element(selection: tree.Selection, env: Env) -> Typed:
    """`count of units where F` in the amount of an effect."""
    found = picking.of_element(selection, env)
    at = env.at(selection)
    return unknown(at) if found is None else Typed(COUNT, ir.Picked(at, None, "", found, within=True))


def _count_lines(selection: tree.Selection, node: tree.CountOf, env: Env) -> Typed:
    """`count of lines where F` counts lines, `count of units where F` the pieces in them."""
    at = env.at(node)
    if selection.what == "turned":
        return lots.turned_sum(None, selection, env)
    found = _selected(selection, env)
    if found is None:
        return unknown(at)
    select = found[0]
    if ir.by_unit(select):
        return Typed(COUNT, ir.Picked(at, None, "", select))
    if selection.what == "units":
        return _summed(Typed(COUNT, ir.LineQuantity(at)), select, at)
    shares = (ir.Share(ir.Num(at, 1), select.where, None),) if select.of == "lines" else ()
    return Typed(COUNT, ir.Fold(at, "count", None, select.where, select.of), shares)


def distinct(node: tree.DistinctOf, env: Env) -> tuple[ir.Expr, ir.Expr | None] | None:
    """What `distinct` counts: a value on the lines, and the condition on them."""
    where, inner = None, env.on_lines().unguarded()
    if node.selection is not None:
        found_lines = picking.selection(node.selection, env)
        if found_lines is None:
            return None
        select, inner = found_lines
        where = select.where
        if ir.by_unit(select) or select.of != "lines":
            env.never(
                node.selection,
                "`distinct` of picked units or of shipping",
                "count values on lines: `distinct sku of lines where ...`",
            )
            return None
    found = names.resolve(node.path, inner)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, (Text, Choice, Date, Count)):
        env.report("T305", node.path, found=describe(found.type), wanted="a text, a choice, a number or a date")
        return None
    return found.expr, where


# ---- awards of other rules ----


def _rule(path: tree.Path, env: Env) -> RuleInfo | None:
    """The rule that a name stands for, where no field has it."""
    if names.find_field(path.parts[0], env.on_lines()) is not None:
        return None
    info = env.context.find(path.text)
    return info if isinstance(info, RuleInfo) else None


def award_read(info: RuleInfo, path: tree.Path, env: Env) -> Typed:
    """`base`: what the rule gave; on a line the part that falls there."""
    kind = _award_type(info, path, env)
    env.context.awards = True
    at = env.at(path)
    if kind is None:
        return unknown(at)
    lined = amounts.award_of(info, env)[1]
    if env.line:
        if not lined:
            env.report("T322", path, name=path.text)
        return Typed(kind, ir.AwardPart(at, info.key))
    shares = (ir.Share(ir.AwardPart(at, info.key), None, None),) if lined else ()
    return Typed(kind, ir.AwardRead(at, info.key), shares)


def _award_type(info: RuleInfo, path: tree.Path, env: Env) -> Type | None:
    if env.stage not in ("earn", "reward", "offer", "redeem"):
        note = (
            "a track reads it as `sum of given ...`" if env.stage == "track" else "only rules read other rules' awards"
        )
        env.report("T320", path, what=path.text, where=STAGE_WORDS[env.stage], note=note)
        return None
    if info.kind in OFFERS:
        env.never(
            path,
            f'what "{info.title}" takes, as an amount,',
            "ask what is left to pay: `list - net` is all that offers took",
        )
        return None
    if env.stage in ("offer", "redeem"):
        where = STAGE_WORDS[env.stage]
        note = f"{'offers' if env.stage == 'offer' else 'redeems'} act before anything is earned"
        env.report("T320", path, what=path.text, where=where, note=note)
        return None
    if info.refused:
        env.fail()
        return None
    kinds = amounts.award_of(info, env)[0]
    if len(kinds) > 1:
        env.report("T332", path, name=path.text, units=" and ".join(describe(kind) for kind in kinds))
        return None
    if not kinds and env.memo.pop(("too deep",), False):
        env.report("N220", path, name=path.text)
    elif not kinds:
        env.fail()
    return kinds[0] if kinds else None


def _award_of_lines(info: RuleInfo, path: tree.Path, where: ir.Expr | None, env: Env) -> Typed:
    """The part of an award that falls on some lines."""
    whole = award_read(info, path, env)
    at = env.at(path)
    if isinstance(whole.type, Unknown):
        return whole
    if not whole.shares:
        env.report("T322", path, name=path.text, labels=env.context.place(path.text))
        return whole
    select = ir.Selection("lines", where, None)
    return whole if where is None else _summed(Typed(whole.type, ir.AwardPart(at, info.key)), select, at)


# ---- tracks and balances ----


def track_read(info: TrackInfo, node: tree.Expr, env: Env, *, previous: bool = False) -> Typed:
    """A track's value in the occurrence of the event's date."""
    at = env.at(node)
    if env.stage in ("life", "period"):
        note = "a period hangs on a written date or a fact, such as `2027-04-01` or `member.joined`"
        env.report(
            "T320", node, what=info.name, where=STAGE_WORDS[env.stage], note=note if env.stage == "period" else ""
        )
        return unknown(at)
    if info.node.key is not None:
        key = info.node.key.parts[-1].text
        env.report("T383", node, name=info.name, key=key, labels=env.context.place(info.name))
        return unknown(at)
    if info.kind in DAYS:
        names.require(tree.Path(node.span, (tree.Name(node.span, info.name),)), True, env)
    return Typed(folds.track_type(info, env), ir.TrackRead(at, info.name, previous))


DAYS = ("first day", "last day")
"""Tracks that are a day, and absent until there is one."""


def has_previous(info: TrackInfo, node: tree.Expr, env: Env) -> bool:
    """Whether a track has an occurrence before; reports where it has none, or one that nobody could ask for."""
    if info.window is not None and info.window.kind != "period":
        env.report("T333", node, name=info.name, found=WINDOWS[info.window.kind])
    elif info.kind in DAYS:
        env.report("T388", node, name=info.name)
    else:
        return True
    return False


def used(node: tree.FlowOf, env: Env) -> Typed:
    """`used stars`: what this event took of a unit in earlier stages."""
    at = env.at(node)
    kind = names.unit_type(node.unit, env)
    if kind is None:
        return unknown(at)
    if node.which == "given":
        note = "a rule's award is read by the rule's `as` name"
        env.report("T331", node, what=f"`given {node.unit.text}`", note=note)
        return unknown(at)
    if env.stage not in ("redeem", "earn", "reward", "track"):
        note = "units are used once offers have acted: redeems, earns, rewards and tracks can read it"
        env.report("T320", node, what=f"used {node.unit.text}", where=STAGE_WORDS[env.stage], note=note)
        return unknown(at)
    return Typed(kind, ir.UsedRead(at, kind.name))


def track_keys(info: TrackInfo, node: tree.Node, env: Env) -> KeyScope | None:
    """The keys of a track and their numbers, for a loop over them; reports a track that keeps one number only."""
    return keyed.track_keys(info, node, env)


def track_bounds(name: str, env: Env) -> Bounds:
    """A track that only adds what is not negative is never below zero."""
    info = env.context.find(name)
    if not isinstance(info, TrackInfo):
        return None, None
    return folds.lowest(info, env), None


def remembered(node: tree.BalanceOf | tree.PreviousOf, env: Env) -> Typed:
    """`balance of points`, `previous nights`."""
    at = env.at(node)
    match node:
        case tree.BalanceOf(unit=name, pending=pending):
            kind = names.unit_type(name, env)
            if kind is not None and env.stage in ("life", "period"):
                env.report("T320", node, what=f"balance of {name.text}", where=STAGE_WORDS[env.stage])
            return unknown(at) if kind is None else Typed(kind, ir.BalanceRead(at, kind.name, pending))
        case tree.PreviousOf(track=name):
            path = tree.Path(name.span, (name,))
            info = conditions.track_named(path, env)
            if info is None or not has_previous(info, node, env):
                return unknown(at)
            return track_read(info, path, env, previous=True)


WINDOWS = {
    "rolling": "a rolling window",
    "last": "a rolling window",
    "lifetime": "a lifetime",
    "trial": "a trial",
    "period": "a period",
}
