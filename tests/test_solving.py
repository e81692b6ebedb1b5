"""Proofs with witnesses against brute force on small domains."""

from __future__ import annotations

import doctest
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import ir, solving
from rules_engine.solving import cover, domains, witnesses
from rules_engine.solving.domains import FLAGS, holds

AT = ir.Origin(0, 0, 0)
LETTERS = ("a", "b", "c")

texts = st.builds(ir.InTest, st.lists(st.sampled_from(LETTERS), min_size=1, unique=True).map(tuple))
flags = st.builds(ir.InTest, st.lists(st.booleans(), min_size=1, unique=True).map(tuple))
numbers = st.builds(ir.InTest, st.lists(st.integers(0, 5), min_size=1, unique=True).map(tuple))
ranges = st.builds(ir.RangeTest, st.none() | st.integers(0, 5), st.none() | st.integers(0, 6))
anything = st.just(ir.AnyTest())

KEYS: dict[str, tuple[solving.Domain, tuple[solving.Value, ...], st.SearchStrategy[ir.Test]]] = {
    "letter": (solving.Values(LETTERS), LETTERS, anything | texts),
    "text": (solving.AnyText(), (*LETTERS, "X"), anything | texts),
    "flag": (FLAGS, (True, False), anything | flags),
    "number": (solving.Range(0, 5), tuple(range(6)), anything | numbers | ranges),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[solving.Row]]:
    keys = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3))
    row = st.tuples(*(KEYS[key][2] for key in keys))
    return keys, draw(st.lists(row, max_size=6))


def fits(row: solving.Row, values: tuple[solving.Value, ...]) -> bool:
    return all(holds(test, value) for test, value in zip(row, values, strict=True))


@settings(max_examples=400, deadline=None)
@given(tables())
def test_gap_and_overlap_agree_with_brute_force(table: tuple[list[str], list[solving.Row]]) -> None:
    keys, rows = table
    spaces = [KEYS[key][0] for key in keys]
    cases = list(product(*(KEYS[key][1] for key in keys)))
    met = [[number for number, row in enumerate(rows) if fits(row, case)] for case in cases]
    gap, overlap = solving.gap(rows, spaces), solving.overlap(rows, spaces)
    assert (gap is None) == all(met)
    assert (overlap is None) == all(len(each) < 2 for each in met)
    if gap is not None:
        assert not any(fits(row, gap.values) for row in rows)
    if overlap is not None:
        assert overlap.first < overlap.second
        assert fits(rows[overlap.first], overlap.values)
        assert fits(rows[overlap.second], overlap.values)


@settings(max_examples=200, deadline=None)
@given(st.lists(ranges, max_size=5), st.none() | st.just(0), st.none() | st.just(5))
def test_ranges_of_one_key_agree_with_the_general_proof(
    tests: list[ir.Test], low: int | None, high: int | None
) -> None:
    rows: list[solving.Row] = [(test,) for test in tests]
    domain = solving.Range(low, high)
    cases = [case for case in range(-3, 10) if domains.within(domain, case)]
    gap = solving.gap(rows, [domain])
    assert (gap is None) == all(any(fits(row, (case,)) for row in rows) for case in cases)
    if gap is not None:
        assert domains.within(domain, gap.values[0])
        assert not any(fits(row, gap.values) for row in rows)


# ---- conditions ----

NIGHTS = ir.TrackRead(AT, "nights")
KIND = ir.Field(AT, "kind")
OWN = ir.Field(AT, "own")
DOMAINS: dict[ir.Expr, solving.Domain] = {
    NIGHTS: solving.Range(0, 5),
    KIND: solving.Values(LETTERS),
    OWN: FLAGS,
}

numeric = st.sampled_from([NIGHTS, ir.Mul(AT, ir.Num(AT, -2), NIGHTS), ir.Add(AT, (NIGHTS, ir.Num(AT, 1, 2)))])
atoms: st.SearchStrategy[ir.Expr] = st.one_of(
    st.builds(ir.Cmp, st.just(AT), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), numeric,
              st.builds(ir.Num, st.just(AT), st.integers(-9, 9), st.sampled_from([1, 2]))),
    st.builds(ir.Cmp, st.just(AT), st.sampled_from(["=", "!="]), st.just(KIND),
              st.builds(ir.Txt, st.just(AT), st.sampled_from(LETTERS))),
    st.builds(ir.OneOf, st.just(AT), st.just(KIND), st.lists(st.sampled_from(LETTERS), min_size=1).map(tuple)),
    st.just(OWN),
)  # fmt: skip
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(ir.Not, st.just(AT), inner),
        st.builds(ir.All, st.just(AT), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(ir.Any, st.just(AT), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def true(node: ir.Expr, values: dict[str, solving.Value]) -> bool:
    """The plain meaning of the conditions above."""
    match node:
        case ir.All(parts=parts):
            return all(true(part, values) for part in parts)
        case ir.Any(parts=parts):
            return any(true(part, values) for part in parts)
        case ir.Not(value=value):
            return not true(value, values)
        case ir.OneOf(value=value, items=items):
            return values[solving.key_of(value)] in items
        case ir.Cmp(op=op, left=left, right=ir.Txt(value=text)):
            return (values[solving.key_of(left)] == text) == (op == "=")
        case ir.Cmp(op=op, left=left, right=ir.Num(num=num, den=den)):
            return witnesses.HOLDS[op](amount(left, values), Fraction(num, den))
        case _:
            return bool(values[solving.key_of(node)])


def amount(node: ir.Expr, values: dict[str, solving.Value]) -> Fraction:
    nights = Fraction(int(values["track nights"]))
    match node:
        case ir.Mul():
            return -2 * nights
        case ir.Add():
            return nights + Fraction(1, 2)
        case _:
            return nights


@settings(max_examples=400, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=3))
def test_witness_agrees_with_brute_force(parts: list[ir.Expr]) -> None:
    found = solving.witness(parts, DOMAINS.get)
    spaces: list[dict[str, solving.Value]] = [
        {"track nights": nights, "field kind": kind, "field own": own}
        for nights, kind, own in product(range(6), LETTERS, (True, False))
    ]
    assert (found is not None) == any(all(true(part, values) for part in parts) for values in spaces)
    if found is not None:
        assert found.sure
        rest: dict[str, solving.Value] = {"track nights": 0, "field kind": "a", "field own": True}
        assert all(true(part, rest | found.values) for part in parts)


def test_what_has_no_simple_form_is_not_sure() -> None:
    inside = ir.InPeriod(AT, ir.Today(AT), "off_peak", False)
    found = solving.witness([inside, ir.Cmp(AT, ">=", NIGHTS, ir.Num(AT, 3))])
    assert found == solving.Witness({"track nights": 3}, False)
    assert solving.witness([inside, ir.Not(AT, inside)]) is None


def test_tables_of_conditions() -> None:
    rows = (
        ir.ChooseRow((ir.InTest(("a",)),), ir.Cmp(AT, ">", NIGHTS, ir.Num(AT, 9))),
        ir.ChooseRow((ir.AnyTest(),), ir.Flg(AT, False)),
    )
    table = ir.Choose(AT, (KIND,), rows)
    kinds: dict[ir.Expr, solving.Domain] = {KIND: solving.Values(LETTERS)}
    assert solving.witness([table], kinds.get) == solving.Witness({"field kind": "a", "track nights": 10}, True)
    assert solving.witness([table, ir.OneOf(AT, KIND, ("b", "c"))]) is None


def test_a_proof_that_grows_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover, "QUESTIONS_MAX", 3)
    flag, any_ = ir.InTest((True,)), ir.AnyTest()
    rows: list[solving.Row] = [(flag, any_, any_), (any_, flag, any_), (any_, any_, any_)]
    with pytest.raises(solving.TooLarge):
        solving.gap(rows, [FLAGS] * 3)


def test_examples_in_docstrings() -> None:
    for module in (cover, domains, witnesses):
        assert doctest.testmod(module).failed == 0
