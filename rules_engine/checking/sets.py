"""Sets of units: `for every set of { 2 units where F, dearest first   1 unit where G, cheapest first: take ... }`.

In: the loop of an offer and its environment. Out: `ir.SetsDef`, or None after an error. Where units of different prices
could fill a part, the text says which of them come first.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.checking.effects import Place, discount
from rules_engine.checking.elaboration import Env, line_condition, ordering
from rules_engine.diagnostics import Fix


def sets(loop: tree.EverySet, place: Place, env: Env) -> ir.SetsDef | None:
    """The sets of an offer; None after an error."""
    if loop.times is not None and loop.times < 1:
        env.report("T325", loop, what="the number of sets", wanted="at least 1")
    per = loop.set.per or "basket"
    made = [_part(each, per == "line", place, env) for each in loop.set.parts]
    parts = tuple(each for each in made if each is not None)
    return ir.SetsDef(loop.times, per, parts, loop.set.partial) if len(parts) == len(made) else None


def _part(part: tree.SetPart, per_line: bool, place: Place, env: Env) -> ir.PartDef | None:
    if part.count < 1:
        env.report("T325", part, what="the number of units", wanted="at least 1")
    where, inner = line_condition(part.where, env, "unit")
    if part.order is None and not per_line and not _one_line(where, env):
        at = _end_of_filter(part)
        fix = Fix("write `, cheapest first`", (at, at), ", cheapest first")
        env.report("T372", part, what="this part of a set", fix=fix)
    effects: tuple[ir.DiscountDef, ...] = ()
    if isinstance(part.effect, (tree.Take, tree.Price)):
        found = discount(part.effect, Place(place.stage, True, True), inner.off_lines())
        if found is None:
            return None
        effects = (found,)
    elif part.effect is not None:
        env.report("T373", part.effect)
    return ir.PartDef(part.count, where, ordering(part.order, inner), effects)


def _end_of_filter(part: tree.SetPart) -> int:
    if part.where is not None:
        return part.where.span[1]
    return part.effect.span[0] - 2 if part.effect is not None else part.span[1]


def _one_line(where: ir.Expr | None, env: Env) -> bool:
    """Whether a filter holds on one line only, whose units cost the same before any offer: it names the line's id."""
    ids = {event.line_id_field for event in env.events}
    tests = where.parts if isinstance(where, ir.All) else (where,)
    return any(
        isinstance(test, ir.Cmp)
        and test.op == "="
        and isinstance(test.left, ir.LineField)
        and isinstance(test.right, ir.Txt)
        and ids == {test.left.name}
        for test in tests
    )
