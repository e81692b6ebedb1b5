"""What offers do: take off, set a price, charge a fee, add something free.

In: an effect as written, where it stands, and its environment. Out: `ir.DiscountDef`, `ir.ChargeDef`, `ir.GiftDef`.
Each effect has its own modifiers; one that belongs to another is reported with its home. What the amount is, in which
currency and on which side of tax, is asked of the measures.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import slips
from rules_engine.checking.elaboration import (
    HOMES,
    Env,
    constant_money,
    free_thing,
    money,
    money_rounding,
    ordering,
    price_names,
    selected_units,
    verb,
)
from rules_engine.checking.typed import Typed
from rules_engine.diagnostics import Fix
from rules_engine.types import Unknown

M = TypeVar("M", bound=tree.Node)


class Place(msgspec.Struct, frozen=True):
    """Where an effect stands: the stage of its rule, whether the rule has sets, and whether it belongs to a part of
    them."""

    stage: ir.Stage
    sets: bool = False
    part: bool = False


def effects(nodes: tuple[tree.Effect, ...], place: Place, env: Env) -> tuple[ir.EffectDef, ...]:
    """The effects of an offer in the order of the text, those with errors left out."""
    made = [effect(each, place, env) for each in nodes if not isinstance(each, tree.Say)]
    return tuple(each for each in made if each is not None)


def effect(node: tree.Effect, place: Place, env: Env) -> ir.EffectDef | None:
    """An effect; None after an error."""
    match node:
        case tree.Take() | tree.Price():
            return discount(node, place, env)
        case tree.Charge():
            found = money(node.amount, env)
            return (
                None
                if _failed(found)
                else ir.ChargeDef(found.expr, node.label.value, money_rounding(env), env.at(node))
            )
        case tree.AddFree():
            return _gift(node, env)
        case tree.Give() | tree.Turn() | tree.Carry() | tree.Accept():
            word = verb(node)
            env.report("T370", node, verb=word, home=HOMES[word])
            return None
        case tree.Say():
            return None


def _failed(found: Typed) -> bool:
    return isinstance(found.type, Unknown)


def _gift(node: tree.AddFree, env: Env) -> ir.GiftDef | None:
    if node.count < 1:
        env.report("T325", node, what="the number of gifts", wanted="at least 1")
        return None
    sku = free_thing(node.sku, env)
    return None if sku is None else ir.GiftDef(node.count, sku, env.at(node))


# ---- take and price ----


def discount(node: tree.Take | tree.Price, place: Place, env: Env) -> ir.DiscountDef | None:
    """`take AMOUNT off GRAIN` or `price GRAIN at AMOUNT` with their modifiers; None after an error."""
    _modifiers(node, env)
    if isinstance(node, tree.Take):
        slips.takes_too_little_or_too_much(node, env)
    if not _grain_fits(node.grain, place, env):
        return None
    order = _mod(node, tree.Ordered)
    row = ordering(order, env)
    chosen = selected_units(node.grain, env, row)
    if chosen is None:
        return None
    _order_needed(node, order, env)
    select, inner = chosen
    value = money(node.amount, inner)
    low = _bound(_mod(node, tree.NeverBelow), inner)
    high = _bound(_mod(node, tree.UpTo), env if isinstance(node, tree.Take) else inner)
    if _failed(value):
        return None
    rounded = _mod(node, tree.Rounded)
    return ir.DiscountDef(
        "take" if isinstance(node, tree.Take) else "price",
        node.grain.what,
        select,
        value.expr,
        low,
        high,
        _bound(_mod(node, tree.OnlyFrom), env),
        _steps(_mod(node, tree.InSteps), env),
        money_rounding(env) if rounded is None else rounded.mode,
        _split(node, env),
        _mod(node, tree.OrNothing) is not None,
        env.at(node),
    )


def _grain_fits(grain: tree.Grain, place: Place, env: Env) -> bool:
    """Whether a grain can stand here: sets in rules with sets, units and lines in a part of one."""
    if grain.what == "set" and (not place.sets or place.part):
        env.report(
            "T371", grain, grain="each set", why="a part is one row of a set" if place.part else "it has no sets"
        )
    elif grain.what == "set" and (grain.where is not None or grain.pick is not None):
        env.report("T371", grain, grain="each set where ...", why="a set is taken as a whole")
    elif grain.what == "total" and place.part:
        env.report("T371", grain, grain="the total of", why="a part acts on its own units")
    else:
        return True
    return False


# ---- modifiers ----

FITTING: dict[type[tree.Node], tuple[type[tree.Node], ...]] = {
    tree.UpTo: (tree.Take, tree.Price),
    tree.NeverBelow: (tree.Take, tree.Price),
    tree.OnlyFrom: (tree.Take,),
    tree.InSteps: (tree.Take,),
    tree.Rounded: (tree.Take, tree.Price),
    tree.Ordered: (tree.Take, tree.Price),
    tree.SplitHow: (tree.Take, tree.Price),
    tree.OrNothing: (tree.Take, tree.Price),
}
"""The modifiers of offers, and the effects that they can modify."""

ELSEWHERE: dict[type[tree.Node], tuple[str, str]] = {
    tree.OnlyFrom: ("`only from`", "it belongs to `take`"),
    tree.InSteps: ("`in steps of`", "it belongs to `take`"),
    tree.NeverBeyond: ("`never beyond`", "it belongs to `accept`"),
    tree.PendingUntil: ("`pending until`", "it belongs to `give`"),
    tree.Lasting: ("`lasting`", "it belongs to `give`"),
    tree.ToWhom: ("`to`", "it belongs to `give`"),
    tree.InUnit: ("`in`", "it belongs to `give`: an offer takes money"),
    tree.WithFact: ("`with`", "it belongs to `give`"),
    tree.OfEachLine: ("`of each line`", "write `off each line`"),
}
"""How messages call a modifier that stands where it does not belong, and where it does."""


def _mod(node: tree.Take | tree.Price, kind: type[M]) -> M | None:
    return next((mod for mod in node.mods if isinstance(mod, kind)), None)


def _modifiers(node: tree.Take | tree.Price, env: Env) -> None:
    """Report modifiers that belong to another effect, or that stand twice."""
    seen: set[type[tree.Node]] = set()
    for mod in node.mods:
        if type(node) not in FITTING.get(type(mod), ()):
            what, note = ELSEWHERE[type(mod)]
            env.report("T323", mod, what=what, note=note)
        elif type(mod) in seen:
            env.report("T323", mod, what="a second modifier of this kind", note="keep one of them")
        elif isinstance(mod, tree.Ordered) and not isinstance(node.grain.pick, tree.PickEvery):
            note = "an order belongs to `at every 2nd of 3`, or to a part of a set"
            env.report("T323", mod, what="an order", note=note)
        seen.add(type(mod))


def _order_needed(node: tree.Take | tree.Price, order: tree.Ordered | None, env: Env) -> None:
    """Which unit is every second one depends on the order in which they stand."""
    if order is None and isinstance(node.grain.pick, tree.PickEvery):
        end = node.span[1]
        fix = Fix("write `, cheapest first`", (end, end), ", cheapest first")
        env.report("T372", node.grain.pick, what="`every ... of ...`", fix=fix)


def _bound(mod: tree.UpTo | tree.NeverBelow | tree.OnlyFrom | None, env: Env) -> ir.Expr | None:
    if mod is None:
        return None
    found = money(mod.bound, env)
    return None if _failed(found) else found.expr


def _steps(mod: tree.InSteps | None, env: Env) -> int | None:
    if mod is None:
        return None
    found = constant_money(mod.step, env)
    if found is not None and found[1] <= 0:
        env.report("T325", mod.step, what="the step", wanted="an amount above zero")
    elif found is not None and any(price_names(event) != (found[0],) for event in env.events):
        env.never(
            mod, "steps on an event of several currencies", "write one rule for each currency: `when currency is GBP`"
        )
    return None if found is None else found[1]


Split: TypeAlias = Literal["in proportion", "in proportion with tax", "evenly"]


def _split(node: tree.Take | tree.Price, env: Env) -> Split:
    """How an element's amount falls on its units: as written, else as the header says."""
    written = _mod(node, tree.SplitHow)
    if node.grain.what != "unit":
        env.context.need("split", node)
    if written is not None and written.how == "into":
        env.report("T323", written, what="`split into`", note="it belongs to `give`")
    elif written is not None and written.how != "into":
        if written.how == "in proportion with tax":
            _taxed(written, env)
        return written.how
    header = env.context.header().split
    return "in proportion" if header is None else header.how


def _taxed(written: tree.SplitHow, env: Env) -> None:
    """What costs more with its tax is only known where each line has a rate."""
    for event in env.events:
        if event.tax_field:
            env.context.need("prices", written)
        else:
            env.report("T375", written, event=event.name)
