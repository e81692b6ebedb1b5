"""An elaborated value: its type, its core expression, and how it spreads over the lines of the event."""

from __future__ import annotations

import msgspec

from rules_engine import ir
from rules_engine.checking.core import mul
from rules_engine.types import UNKNOWN, Type


class Typed(msgspec.Struct, frozen=True):
    """`shares` are the weights by which an amount made of this value spreads over lines; empty: it has no lines."""

    type: Type
    expr: ir.Expr
    shares: tuple[ir.Share, ...] = ()


def unknown(at: ir.Origin) -> Typed:
    """What stands for a value that was reported."""
    return Typed(UNKNOWN, ir.Num(at, 0))


def scaled(shares: tuple[ir.Share, ...], factor: ir.Expr, at: ir.Origin) -> tuple[ir.Share, ...]:
    """Shares times a number of the event."""
    return tuple(
        ir.Share(share.value, share.where, factor if share.scale is None else mul(factor, share.scale, at))
        for share in shares
    )


def lean(shares: tuple[ir.Share, ...]) -> tuple[ir.Share, ...]:
    """Shares without what changes no proportion: a single part needs no factor."""
    return (ir.Share(shares[0].value, shares[0].where, None),) if len(shares) == 1 else shares


def without_shares(found: Typed) -> Typed:
    """A number of the whole event, read where each line has its own: it says nothing of how an amount spreads."""
    return Typed(found.type, found.expr) if found.shares else found
