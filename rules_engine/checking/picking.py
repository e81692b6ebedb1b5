"""Selections: which lines and units a measure reads and an effect acts on.

In: a selection or a grain as written, and its environment. Out: `ir.Selection`, and the environment on one of its
lines. `lines` and `units` are goods; shipping is named. The line that an event's shipping field makes has no fields, so
`where` does not ask it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import conditions, names
from rules_engine.checking.env import Env, narrowed
from rules_engine.types import ORDERED, Choice, Text, Unknown, describe

IN_LINES: Final = ir.Ordering("line")

OF: Final[dict[str, ir.LinesOf]] = {
    "lines": "lines",
    "units": "lines",
    "shipping": "shipping",
    "lines and shipping": "both",
}

Chosen = tuple[ir.Selection, Env]


def selection(node: tree.Selection, env: Env, ordering: ir.Ordering = IN_LINES) -> Chosen | None:
    """The units that a selection names, and the environment on a line of theirs; None after an error."""
    if node.what not in OF:
        env.report("T305", node, found="`each`" if node.what == "each" else "what is turned", wanted="lines or units")
        return None
    if env.scheduled:
        env.report("T380", node, name=node.what, event=env.scheduled)
        return None
    return _chosen(OF[node.what], "unit" if node.what == "units" else "line", node, env, ordering)


def of_element(node: tree.Selection, env: Env) -> ir.Selection | None:
    """Units of what an effect acts on, be they goods or shipping."""
    found = selection(node, env.off_lines())
    return None if found is None else replace(found[0], of="both")


def selected_units(grain: tree.Grain, env: Env, ordering: ir.Ordering = IN_LINES) -> Chosen | None:
    """What an effect acts on, and the environment of its amount; None after an error."""
    if grain.what == "total":
        written = grain.selection or tree.Selection(grain.span, None, "lines", None, None)
        found = selection(written, env.off_lines(), ordering)
        return None if found is None else (found[0], env.for_element(line=False))
    of: ir.LinesOf = "shipping" if env.offer == "shipping" else "lines"
    found = _chosen(of, "line" if grain.what == "line" else "unit", grain, env, ordering)
    if found is None:
        return None
    by_line = grain.what in ("unit", "line") and not (of != "lines" and _own_shipping(env))
    return found[0], found[1].for_element(line=by_line)


def _chosen(
    of: ir.LinesOf, kind: Literal["unit", "line"], node: tree.Selection | tree.Grain, env: Env, ordering: ir.Ordering
) -> Chosen | None:
    """What a filter and a pick leave of some units or lines; None after an error."""
    if not _has_shipping(of, node, env):
        return None
    where, inner = _where(of, node.where, env, kind)
    picked = None if node.pick is None else pick(node.pick, kind, env, ordering)
    if node.pick is not None and picked is None:
        return None
    return ir.Selection(of, where, picked), inner


def effect_env(env: Env, *, line: bool) -> Env:
    """The environment of an effect's amount: a bare base is that of the element at hand."""
    return env.for_element(line=line)


def line_condition(
    where: tree.Expr | None, env: Env, kind: Literal["unit", "line"] = "line"
) -> tuple[ir.Expr | None, Env]:
    """A `where` over lines, or over their units, and the environment on a line where it holds. Fields are those of the
    line in both; a bare money base is what the line costs, or one unit."""
    inner = env.on_lines().unguarded()
    if where is None:
        return None, inner
    return conditions.condition(where, inner.on_units() if kind == "unit" else inner), narrowed(inner, where)


def _where(
    of: ir.LinesOf, where: tree.Expr | None, env: Env, kind: Literal["unit", "line"]
) -> tuple[ir.Expr | None, Env]:
    if of == "shipping" and where is not None and env.events and all(event.shipping_field for event in env.events):
        env.report("M215", where, events=env.event_words())
        return None, env.on_lines().unguarded()
    return line_condition(where, env, kind)


def _has_shipping(of: ir.LinesOf, node: tree.Node, env: Env) -> bool:
    """Whether the events have the shipping that is named."""
    if of == "lines":
        return True
    lacking = next((each for each in env.events if not each.shipping_field and not each.shipping_flag), None)
    if lacking is not None:
        currency = lacking.currency or "GBP"
        env.report("M216", node, events=f"`{lacking.name}`", currency=currency)
    return lacking is None


def _own_shipping(env: Env) -> bool:
    return any(event.shipping_field for event in env.events)


# ---- picks and orders ----


def pick(node: tree.Pick, of: Literal["unit", "line"], env: Env, ordering: ir.Ordering = IN_LINES) -> ir.Pick | None:
    """Some of a row of units or lines; None where there can be none, which is reported."""
    match node:
        case tree.PickN(which=which, count=count, per_full=per_full):
            if count < 1 or (per_full is not None and per_full < count):
                why = "0 of them are none" if count < 1 else f"{count} do not fit into {per_full}"
                env.report("M214", node, why=why, mend="write `the cheapest 1 per full 3`, a part of the whole")
                return None
            return ir.PickSome(which, count, per_full, of)
        case tree.PickEvery(position=place, of=length):
            if not 1 <= place <= length:
                why = f"there is no place {place} among {length}"
                env.report("M214", node, why=why, mend="write `every 2nd of 3`: a place from the first to the last")
                return None
            return ir.PickEvery(place, length, ordering)
        case tree.PickUnits(first=first, last=last):
            if not 1 <= first <= last:
                why = f"units are counted from 1, and {first} to {last} holds none"
                env.report("M214", node, why=why, mend="write `units 2 to 5 of each line`")
                return None
            return ir.PickSpan(first, last)


def ordering(mod: tree.Ordered | None, env: Env) -> ir.Ordering:
    """The order of units in a row: by line where none is written."""
    if mod is None:
        return IN_LINES
    if mod.how != "sorted" or mod.by is None:
        return ir.Ordering("cheapest" if mod.how == "cheapest" else "dearest")
    found = names.resolve(mod.by, env.on_lines().unguarded())
    if not isinstance(found.type, (*ORDERED, Text, Choice, Unknown)):
        env.report("T317", mod.by, op="sorted by", found=describe(found.type))
    return ir.Ordering("sorted", found.expr, mod.descending)
