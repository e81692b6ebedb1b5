"""Proofs with witnesses against brute force on small domains."""

from __future__ import annotations

import doctest
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules_engine import ir, solving
from rules_engine.solving import cover, domains, subsets, witnesses
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


EMPTY_BETWEEN: tuple[list[str], list[solving.Row]] = (
    ["number"],
    [(ir.RangeTest(None, None),), (ir.RangeTest(None, 0),), (ir.RangeTest(None, None),)],
)
"""Two rows that overlap, with one between them that never holds."""


@settings(max_examples=400, deadline=None)
@given(tables())
@example(EMPTY_BETWEEN)
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


# ---- sets of rules that go together ----


@st.composite
def refusals(draw: st.DrawFn) -> tuple[int, set[tuple[int, int]]]:
    members = draw(st.integers(0, 7))
    pairs = [(one, other) for one in range(members) for other in range(one + 1, members)]
    return members, set(draw(st.lists(st.sampled_from(pairs), unique=True))) if pairs else set()


def free_subsets(members: int, pairs: set[tuple[int, int]]) -> int:
    chosen = (set(each) for size in range(members + 1) for each in combinations(range(members), size))
    return sum(not any(pair <= each for pair in map(set, pairs)) for each in chosen)


@settings(deadline=None)
@given(refusals(), st.integers(1, 140))
def test_sets_of_rules_are_counted_up_to_the_bound(case: tuple[int, set[tuple[int, int]]], bound: int) -> None:
    assert solving.consenting(*case, bound) == min(free_subsets(*case), bound + 1)


@settings(deadline=None)
@given(refusals(), st.integers(9, 140))
def test_separating_the_named_rules_is_enough(case: tuple[int, set[tuple[int, int]]], bound: int) -> None:
    members, pairs = case
    if free_subsets(*case) > bound:
        apart = solving.separable(members, pairs, bound)
        assert free_subsets(members, pairs | set(combinations(apart, 2))) <= bound


# ---- offers that meet ----

SORT, MINE, FEE = ir.LineField(AT, "kind"), ir.LineField(AT, "own"), ir.Field(AT, "web")
line_tests: st.SearchStrategy[ir.Expr] = st.one_of(
    st.sampled_from(LETTERS).map(lambda each: ir.Cmp(AT, "=", SORT, ir.Txt(AT, each))),
    st.lists(st.sampled_from(LETTERS), min_size=1).map(lambda each: ir.OneOf(AT, SORT, tuple(each))),
    st.just(ir.Not(AT, MINE)) | st.just(MINE),
)
filters = st.lists(line_tests, max_size=3).map(lambda parts: ir.All(AT, tuple(parts)) if parts else None)
gates = st.sampled_from((None, FEE, ir.Not(AT, FEE)))
current = ir.LineMoney(AT, "current")


@st.composite
def offers(draw: st.DrawFn) -> ir.OfferDef:
    select = ir.Selection("lines", draw(filters), None)
    take = ir.DiscountDef(
        "take", "unit", select, ir.Num(AT, 1), None, None, None, None, "half up", "in proportion", False, AT
    )
    parts: list[ir.Expr] = [part for part in (draw(gates),) if part is not None]
    if draw(st.booleans()):
        parts.append(ir.Cmp(AT, ">=", ir.Fold(AT, "sum", current, draw(filters)), ir.Num(AT, 5)))
    when = ir.All(AT, tuple(parts)) if parts else None
    gift = ir.GiftDef(1, ir.Txt(AT, "toy"), AT)
    choices: tuple[ir.EffectDef, ...] = (take, gift)
    effects = (draw(st.sampled_from(choices)),)
    return ir.OfferDef("k", "k", "", "item", ("buy",), None, None, when, None, effects, (), "", None, None, (), (), AT)


def gate_of(offer: ir.OfferDef, web: bool) -> bool:
    parts = offer.when.parts if isinstance(offer.when, ir.All) else ()
    return all(web if part == FEE else not web for part in parts if not isinstance(part, ir.Cmp))


def holds_on(where: ir.Expr | None, line: tuple[str, bool]) -> bool:
    match where:
        case None:
            return True
        case ir.All(parts=parts):
            return all(holds_on(part, line) for part in parts)
        case ir.Cmp(right=ir.Txt(value=text)):
            return line[0] == text
        case ir.OneOf(items=items):
            return line[0] in items
        case ir.Not():
            return not line[1]
        case _:
            return line[1]


def touched(offer: ir.OfferDef) -> tuple[list[ir.Expr | None], list[ir.Expr | None]]:
    changed = [each.select.where for each in offer.effects if isinstance(each, ir.DiscountDef)]
    asked = [node.where for node in ir.walk((offer.when,)) if isinstance(node, ir.Fold)]
    return changed, asked


def meet_on(one: ir.OfferDef, other: ir.OfferDef, line: tuple[str, bool]) -> bool:
    (mine, asked), (theirs, wanted) = touched(one), touched(other)
    pairs = [*product(mine, theirs), *product(asked, theirs), *product(mine, wanted)]
    return any(holds_on(left, line) and holds_on(right, line) for left, right in pairs)


BUY = ir.EventDef("buy", "at", "who", "id", (), ir.LinesDef(0, 9, ()))


@settings(max_examples=300, deadline=None)
@given(offers(), offers())
def test_offers_meet_where_brute_force_says_so(one: ir.OfferDef, other: ir.OfferDef) -> None:
    found = solving.meeting(solving.acting(one), solving.acting(other), BUY, "unit", lambda _: None)
    lines = list(product((*LETTERS, "X"), (True, False)))
    webs = [web for web in (True, False) if gate_of(one, web) and gate_of(other, web)]
    assert (found is not None) == (bool(webs) and any(meet_on(one, other, line) for line in lines))
    whole = solving.meeting(solving.acting(one), solving.acting(other), BUY, "basket", lambda _: None)
    assert (whole is not None) == bool(webs)


def test_examples_in_docstrings() -> None:
    for module in (cover, domains, subsets, witnesses):
        assert doctest.testmod(module).failed == 0
