"""What must be presented: `with 1 companion_ticket from presented where companion_ticket.source is gift`; events that
somebody sends.

In: the trigger as written and the environment of its rule. Out: `ir.ThingDef`. Nothing is spent because a balance
exists: the event says in a field of that unit how many are presented.
"""

from __future__ import annotations

from fractions import Fraction

from rules_engine import ir, tree
from rules_engine.checking import expressions, names
from rules_engine.checking.env import Env
from rules_engine.checking.lots import lots_where
from rules_engine.types import Unit


def sent(title: tree.Text, kind: str, env: Env) -> bool:
    """Whether all events are sent by somebody; reports one that happens by itself."""
    if env.scheduled:
        env.report("M297", title, event=env.scheduled, kind=kind)
    return not env.scheduled


def thing(node: tree.WithThing, env: Env) -> ir.ThingDef | None:
    """What is presented; None after an error."""
    unit = names.unit_type(node.thing.unit, env)
    if unit is None:
        return None
    count = expressions.constant_of(node.thing, unit, env)
    if not isinstance(count, Fraction) or count <= 0:
        env.report("T325", node.thing, what="what is presented", wanted="at least 1")
        return None
    field = _field(node, unit, env)
    if not field:
        return None
    return ir.ThingDef(unit.name, int(count), field, lots_where(node.where, unit, env), env.at(node))


def _field(node: tree.WithThing, unit: Unit, env: Env) -> str:
    """The field of every event that holds what is presented: the one that is named, or the only one of the unit."""
    if node.source is not None:
        return _named(node.source, unit, env)
    found = ""
    for event in env.events:
        fields = [each.name for each in event.fields if each.kind == "unit" and each.unit == unit.name]
        if not fields:
            env.report("T417", node, event=event.name, unit=unit.plural)
            return ""
        if len(fields) > 1:
            known = ", ".join(f"`{each}`" for each in fields)
            env.report("T418", node, event=event.name, unit=unit.plural, known=known, first=fields[0])
            return ""
        if found and fields[0] != found:
            env.report("N209", node, name=found, first=env.events[0].name, second=event.name)
            return ""
        found = fields[0]
    if not found:
        env.fail()
    return found


def _named(name: tree.Name, unit: Unit, env: Env) -> str:
    hit = names.find_field(name, env)
    if hit is not None and hit.field.kind == "unit" and hit.field.unit == unit.name and not hit.line:
        return name.text
    if hit is None:
        names.resolve(tree.Path(name.span, (name,)), env)
    else:
        env.report("T305", name, found=f"`{name.text}`", wanted=f"a field of {unit.plural}")
    env.fail()
    return ""
