"""Which offers act for nobody who is no member, as far as it is known before an event comes.

In: offers, and the groups that they stand in. Out: whether an offer certainly comes to nothing for a guest: it is
limited by member, hands in what members own, or always reads something of a member before it does anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import ir

_ALL_READ = (
    ir.Cmp, ir.Not, ir.Has, ir.Add, ir.Mul, ir.Steps, ir.Round, ir.Clip, ir.Largest, ir.AddTime, ir.DayOf, ir.OneOf,
    ir.InImported, ir.InField, ir.InPeriod, ir.Multiple,
)  # fmt: skip
"""Nodes that read every part of theirs."""
_NO_MEMBER = (ir.MemberField, ir.TrackRead, ir.BalanceRead, ir.TierRead, ir.Across)
"""What an offer cannot ask of a guest; of other people it can."""


def is_for_members(offer: ir.OfferDef, limits: Iterable[ir.LimitDef]) -> bool:
    """Whether an automatic offer never acts for a guest; `limits` are its own and its group's."""
    if offer.code is not None:
        return False  # its code is told which question failed first
    if offer.thing is not None or any(limit.owner == "member" for limit in limits):
        return True
    if any(isinstance(part, ir.HasMember) or asks_member(part) for part in _parts(offer.when)):
        return True
    single = offer.effects[0] if len(offer.effects) == 1 and offer.sets is None else None
    match single:
        case ir.DiscountDef(value=value) | ir.ChargeDef(value=value):
            return asks_member(value)
        case _:
            return False


def _parts(when: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """The conditions that must all hold."""
    if when is None:
        return ()
    return when.parts if isinstance(when, ir.All) else (when,)


def asks_member(expr: ir.Expr) -> bool:
    """Whether an expression cannot be read without reading something of a member."""
    match expr:
        case _ if isinstance(expr, _NO_MEMBER):
            return True
        case ir.All(parts=parts) | ir.Any(parts=parts):
            return asks_member(parts[0])
        case ir.Choose(keys=keys, rows=rows):
            asked = [place for place, test in enumerate(rows[0].tests) if not isinstance(test, ir.AnyTest)]
            return any(asks_member(key) for key in keys[: asked[0] + 1]) if asked else False
        case _ if isinstance(expr, _ALL_READ):
            return any(asks_member(each) for each in _inner(expr))
        case _:
            return False


def _inner(node: ir.Node) -> Iterable[ir.Expr]:
    """The expressions that a node is made of."""
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, ir.Node):
                yield each  # type: ignore[misc]
