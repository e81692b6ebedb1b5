"""Bounds: what the walk says of a number holds for every event inside the schema's bounds and the guards."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import ir
from rules_engine.backends.columnar.writing.bounds import LADDER, Bounds, Guards, guarded, total_of, unproved
from rules_engine.backends.columnar.writing.spans import SAFE, Span, added, hull, not_above, not_below, product
from rules_engine.backends.reference.evaluation import enter
from rules_engine.backends.reference.expressions import number
from rules_engine.backends.reference.run import Env, Run
from rules_engine.backends.reference.world import prepare
from rules_engine.decoding import decode
from rules_engine.event import Event
from rules_engine.state import State
from tests.trials import core_of

SHOP = """language 1
program "Shop" {
  currency GBP, rounded half up
  timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder
}
unit point, points { rounded down   lasts forever }
event purchase dated by on of customer identified by no {
  no: text up to 9   on: date   customer: member   parcels: count up to 50   share: rate up to 3
  lines 0 to 4 {
    sku: text up to 9 as id   pieces: count up to 6 as quantity   price: money from -2 up to 20 GBP as list each
    weight: count up to 900
  }
}
"""
AT = ir.Origin(0, 0, 0)


@cache
def shop(rest: str = "") -> ir.Program:
    """The small shop, with some rules."""
    return core_of(SHOP + rest)


def bounds_of_shop(guards: Guards = LADDER[0]) -> Bounds:
    """The walk over the shop's only event."""
    core = shop()
    return Bounds(core, core.events[0], guards)


# ---- spans


pairs = st.tuples(st.integers(-50, 50), st.integers(-50, 50)).map(sorted)


@given(pairs, pairs, st.integers(-9, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_spans_hold_what_comes_of_their_values(
    one: list[int], other: list[int], factor: int, den: int, rng: Random
) -> None:
    left, right = Span(*one), Span(*other)
    a, b = rng.randint(*one), rng.randint(*other)
    assert added(left, right).has(a + b)
    assert product(left, right).has(a * b)
    assert left.scaled(factor).has(a * factor)
    assert hull(left, right).has(a)
    assert hull(left, right).has(b)
    assert not_below(left, right).has(max(a, b))
    assert not_above(left, right).has(min(a, b))
    assert left.floored(den).has(a // den)
    assert left.floored(den).has(-(-a // den))
    assert left.some(3).has(0)
    assert left.some(3).has(a)
    assert left.some(3).has(3 * a)
    assert left.inside(20).has(max(-20, min(20, a)))


# ---- expressions


def made(rng: Random, depth: int, on_line: bool) -> ir.Expr:
    """A number of the shop, made by choosing."""
    if depth == 0 or rng.random() < 0.15:
        return leaf(rng, on_line)

    def inner() -> ir.Expr:
        return made(rng, depth - 1, on_line)

    match rng.randrange(8):
        case 0:
            return ir.Add(AT, (inner(), inner(), inner())[: rng.choice((2, 3))])
        case 1:
            return ir.Mul(AT, inner(), inner())
        case 2:
            return ir.Steps(AT, inner())
        case 3:
            return ir.Round(AT, inner(), rng.choice(("down", "up", "half up", "half even")))
        case 4:
            return ir.Clip(
                AT, inner(), inner() if rng.random() < 0.7 else None, inner() if rng.random() < 0.7 else None
            )
        case 5:
            return ir.Largest(AT, (inner(), inner()))
        case 6:
            rows = (ir.ChooseRow((ir.RangeTest(None, 3),), inner()), ir.ChooseRow((ir.AnyTest(),), inner()))
            return ir.Choose(AT, (ir.Steps(AT, inner()),), rows)
        case _ if not on_line:
            where = ir.Cmp(AT, "<", made(rng, 1, True), made(rng, 1, True)) if rng.random() < 0.5 else None
            return ir.Fold(AT, rng.choice(("sum", "sum", "sum", "count")), made(rng, depth - 1, True), where)
        case _:
            return leaf(rng, on_line)


def leaf(rng: Random, on_line: bool) -> ir.Expr:
    """A constant or a field."""
    found: list[ir.Expr] = [
        ir.Num(AT, rng.choice((0, 1, 3, 100, -7, 2500))),
        ir.Num(AT, rng.choice((1, -1, 3, 7)), rng.choice((2, 100, 7))),
        ir.Field(AT, "parcels"),
        ir.Field(AT, "share"),
    ]
    if on_line:
        found += [
            ir.LineMoney(AT, "list"),
            ir.LineMoney(AT, "net"),
            ir.LineQuantity(AT),
            ir.LineField(AT, "weight"),
        ] * 2
    return rng.choice(found)


def sent(rng: Random) -> dict[str, Any]:
    """A purchase, often at the ends of its bounds."""

    def near(low: int, high: int) -> int:
        return rng.choice((low, high, rng.randint(low, high)))

    def line(place: int) -> dict[str, Any]:
        price = near(-200, 2000)
        text = f"{'-' if price < 0 else ''}{abs(price) // 100}.{abs(price) % 100:02}"
        return {"sku": f"s{place}", "pieces": near(0, 6), "price": text, "weight": near(0, 900)}

    share = f"{near(0, 3_000_000_000) // 10**9}.{near(0, 999_999_999):09}"
    lines = [line(place) for place in range(near(0, 4))]
    return {"event": "purchase", "no": "n", "on": "2027-03-01", "customer": "m", "parcels": near(0, 50),
            "share": min(share, "3.000000000"), "lines": lines}  # fmt: skip


def env_of(core: ir.Program, event: dict[str, Any]) -> Env:
    """The reference's view of an event."""
    found = decode(event, core)
    assert isinstance(found, Event), found
    run = Run(prepare(core), {}, State())
    enter(run, found)
    return Env(run)


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_number_of_an_event_lies_in_its_span(rng: Random) -> None:
    bounds = bounds_of_shop(Guards(SAFE**4, SAFE**4, SAFE**4))
    bounds._need = lambda span, at: span  # type: ignore[method-assign]
    env = env_of(bounds.core, sent(rng))
    expr = made(rng, 4, False)
    inside(expr, bounds, env)


def inside(expr: ir.Expr, bounds: Bounds, env: Env) -> None:
    """A number and every number inside it."""
    found, value = bounds.number(expr), number(expr, env)
    scaled = value * found.den
    assert scaled.denominator == 1 or isinstance(expr, ir.Mul), expr
    assert found.at(found.den).low <= scaled <= found.at(found.den).high, (expr, found, value)
    for part in parts(expr):
        if isinstance(expr, ir.Fold):
            on = [env.on(place) for place in range(len(env.run.lines))]
            for each in on:
                inside(part, bounds, each)
            ranged = bounds.number(part)
            chosen = [number(part, each) * ranged.den for each in on if number(part, each) > 0]
            assert sum(chosen, Fraction()) <= ranged.sum_at(ranged.den).high, (part, ranged)
        else:
            inside(part, bounds, env)


def parts(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """The numbers directly inside a number."""
    match expr:
        case ir.Add(parts=inner) | ir.Largest(items=inner):
            return inner
        case ir.Mul(left=left, right=right):
            return left, right
        case ir.Steps(value=value) | ir.Round(value=value):
            return (value,)
        case ir.Clip(value=value, low=low, high=high):
            return tuple(each for each in (value, low, high) if each is not None)
        case ir.Fold(value=value, op="sum"):
            assert value is not None
            return (value,)
        case ir.Choose(keys=keys, rows=rows):
            return (*keys, *(row.value for row in rows if not isinstance(row.value, ir.Stop)))
        case _:
            return ()


# ---- programs and their guards


def test_the_total_of_an_event_by_the_schema() -> None:
    core = shop()
    assert total_of(core, core.events[0]) == 4 * 6 * 2000


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('earn "E" { on purchase  give 1 point per 1 GBP of net }', LADDER[0]),
        ('earn "E" { on purchase  give 10 points * parcels }', LADDER[0]),
        ('basket offer "B" { on purchase  automatic  take 10% of current off the total of lines }', LADDER[0]),
    ],
)
def test_a_small_schema_proves_itself(rest: str, expected: Guards) -> None:
    core = core_of((SHOP + rest).replace("price: money from -2 up to 20 GBP", "price: money up to 20 GBP"))
    assert guarded(core, core.events[0]) == expected


def test_a_wide_schema_needs_a_guard_for_allocations() -> None:
    text = Path("benchmarks/batch.rules").read_text()
    core = core_of(text)
    event = core.events[0]
    assert total_of(core, event) == 200 * 1_000 * 500_000
    assert [each.owner for each in unproved(core, event, LADDER[0])] == [
        'the rule "Season"', 'the rule "Ten off"', 'the rule "Books 30"', 'the rule "Spend 60"', 'the rule "Hello ten"'
    ]  # fmt: skip
    assert guarded(core, event) == LADDER[1]


def test_what_no_guard_proves_is_named() -> None:
    core = shop('earn "Huge" { on purchase  when parcels * parcels * parcels > 3  give 1 point }')
    narrow = Bounds(core, core.events[0], LADDER[0])
    huge = ir.Num(AT, 3**40)
    assert unproved(core, core.events[0], LADDER[0]) == ()
    rule = core.rules[0]
    give = rule.gives[0]
    wide = ir.Mul(AT, ir.Field(AT, "parcels"), huge)
    changed = msgspec.structs.replace(rule, effects=(msgspec.structs.replace(give, value=wide),))
    program = msgspec.structs.replace(core, rules=(changed,))
    found = guarded(program, program.events[0])
    assert isinstance(found, tuple)
    assert [str(each) for each in found] == ['a number of the rule "Huge" could pass 2^62 (it has up to 21 digits)']
    assert narrow.held == Span(-(2**52), 2**52)
