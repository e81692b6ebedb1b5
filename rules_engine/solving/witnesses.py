"""Whether conditions can hold together, with an example.

In: core conditions, and what is known of the values that they read. Out: values of the reads under which all
conditions hold, or None, which is a proof that they cannot.

A condition is taken apart into tests of single reads: `net >= 40 GBP` is a range of the number that it reads, `kind
in (room, food)` a list of values. What has no such form (a period, a comparison of two reads) counts as a fact of its
own that may be true or false; a witness that leans on one is marked as not sure, while None stays a proof. The domain
of each read is cut at the constants of its tests, one value stands for each piece, and the pieces are tried one read
after another, looking only at conditions that are still open. The number of trials is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.solving.cover import TooLarge
from rules_engine.solving.domains import FLAGS, AnyText, Domain, Range, Value, holds, pieces

Known: TypeAlias = Callable[[ir.Expr], Domain | None]
"""The values that a read can have; None: not known, its tests tell of what sort it is."""

TRIALS_MAX = 50_000


class Witness(msgspec.Struct, frozen=True):
    """Values of reads, by what `key_of` calls them. `sure`: no part of the conditions was left open."""

    values: dict[str, Value]
    sure: bool


class Atom(msgspec.Struct, frozen=True):
    """A test of one read."""

    read: str
    test: ir.Test


class Join(msgspec.Struct, frozen=True):
    """All or one of some parts."""

    all: bool
    parts: tuple[Formula, ...]


class Negation(msgspec.Struct, frozen=True):
    """The opposite."""

    part: Formula


Formula: TypeAlias = Atom | Join | Negation | bool


def witness(conditions: Sequence[ir.Expr], known: Known = lambda _: None) -> Witness | None:
    """Values under which all conditions hold; None where there are none. Raises TooLarge.

    >>> at = ir.Origin(0, 0, 0)
    >>> nights = ir.TrackRead(at, "nights")
    >>> low, high = ir.Cmp(at, ">=", nights, ir.Num(at, 10)), ir.Cmp(at, "<", nights, ir.Num(at, 10))
    >>> witness([low, high]) is None
    True
    >>> witness([low]).values
    {'track nights': 10}
    """
    reads = _Reads(known)
    formulas = [_formula(condition, reads) for condition in conditions]
    found = _search(formulas, reads)
    if found is None:
        return None
    sure = not any(read.startswith("?") for read in found)
    return Witness({read: value for read, value in found.items() if not read.startswith("?")}, sure)


def key_of(node: ir.Expr) -> str:
    """What a read is called: `field kind`, `track nights`, `member.plan`, `tier`; other nodes by their content."""
    match node:
        case ir.Field(name=name):
            return f"field {name}"
        case ir.LineField(name=name):
            return f"line {name}"
        case ir.MemberField(name=name):
            return f"member.{name}"
        case ir.TrackRead(track=name, previous=previous):
            return f"previous {name}" if previous else f"track {name}"
        case ir.TierRead(which=which):
            return "tier" if which == "held" else f"{which} tier"
        case ir.BalanceRead(unit=unit):
            return f"balance of {unit}" + (", pending included" if node.pending else "")
        case ir.Today():
            return "today"
        case _:
            return "=" + _content(node)


def _content(value: object) -> str:
    """A node without its origins."""
    if isinstance(value, msgspec.Struct):
        parts = [_content(getattr(value, name)) for name in value.__struct_fields__ if name != "at"]
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, tuple):
        return f"({','.join(map(_content, value))})"
    return repr(value)


# ---- from conditions to tests of reads ----


class _Reads:
    """The reads met so far, with their tests and domains."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.tests: dict[str, list[ir.Test]] = {}
        self.domains: dict[str, Domain] = {}

    def atom(self, read: ir.Expr, test: ir.Test) -> Atom:
        """A test of a read."""
        key = key_of(read)
        self.domains.setdefault(key, self.known(read) or _sort_of(test))
        self.tests.setdefault(key, []).append(test)
        return Atom(key, test)

    def fact(self, node: ir.Expr) -> Atom:
        """A condition that is looked at only as true or false."""
        key = "?" + _content(node)
        self.domains[key] = FLAGS
        self.tests.setdefault(key, [])
        return Atom(key, ir.InTest((True,)))


def _sort_of(test: ir.Test) -> Domain:
    if isinstance(test, ir.InTest) and any(isinstance(value, bool) for value in test.values):
        return FLAGS
    if isinstance(test, ir.InTest) and any(isinstance(value, str) for value in test.values):
        return AnyText()
    return Range()


def _formula(node: ir.Expr, reads: _Reads) -> Formula:
    match node:
        case ir.Flg(value=value):
            return value
        case ir.All(parts=parts) | ir.Any(parts=parts):
            return Join(isinstance(node, ir.All), tuple(_formula(part, reads) for part in parts))
        case ir.Not(value=value):
            return Negation(_formula(value, reads))
        case ir.Cmp():
            return _comparison(node, reads)
        case ir.OneOf(value=value, items=items):
            return reads.atom(value, ir.InTest(items))
        case ir.Field() | ir.LineField() | ir.MemberField():
            return reads.atom(node, ir.InTest((True,)))
        case ir.Choose():
            return _table(node, reads)
        case _:
            return reads.fact(node)


def _table(node: ir.Choose, reads: _Reads) -> Formula:
    """Rows are tried from the first: a row gives its condition where its tests hold and no earlier row's did."""
    rows: list[Formula] = []
    before: tuple[Formula, ...] = ()
    for row in node.rows:
        met = Join(True, tuple(_row_test(key, test, reads) for key, test in zip(node.keys, row.tests, strict=True)))
        value: Formula = False if isinstance(row.value, ir.Stop) else _formula(row.value, reads)
        rows.append(Join(True, (*(Negation(each) for each in before), met, value)))
        before = (*before, met)
    return Join(False, tuple(rows))


def _row_test(key: ir.Expr, test: ir.Test, reads: _Reads) -> Formula:
    if isinstance(test, ir.AnyTest):
        return True
    if isinstance(test, ir.InTest) and all(isinstance(value, bool) for value in test.values):
        found = _formula(key, reads)
        return Join(False, tuple(found if value else Negation(found) for value in test.values))
    return reads.atom(key, test)


def _comparison(node: ir.Cmp, reads: _Reads) -> Formula:
    left, right = node.left, node.right
    op: str = node.op
    if isinstance(left, (ir.Num, ir.Txt, ir.Flg)):
        left, right, op = right, left, FLIPPED[op]
    match right:
        case ir.Num(num=num, den=den):
            return _number(left, op, Fraction(num, den), reads)
        case ir.Txt(value=text):
            found: Formula = reads.atom(left, ir.InTest((text,)))
        case ir.Flg(value=flag):
            found = _formula(left, reads) if flag else Negation(_formula(left, reads))
        case _:
            return reads.fact(node)
    return found if op == "=" else Negation(found)


FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _number(read: ir.Expr, op: str, bound: Fraction, reads: _Reads) -> Formula:
    """`a * read + b >= bound` as a range of the read, which counts whole numbers."""
    match read:
        case ir.Mul(left=ir.Num(num=num, den=den), right=rest) if num:
            return _number(rest, FLIPPED[op] if num < 0 else op, bound * den / num, reads)
        case ir.Add(parts=(rest, ir.Num(num=num, den=den))):
            return _number(rest, op, bound - Fraction(num, den), reads)
        case ir.Num(num=num, den=den):
            return HOLDS[op](Fraction(num, den), bound)
    match op:
        case ">=":
            return reads.atom(read, ir.RangeTest(ceil(bound), None))
        case ">":
            return reads.atom(read, ir.RangeTest(floor(bound) + 1, None))
        case "<":
            return reads.atom(read, ir.RangeTest(None, ceil(bound)))
        case "<=":
            return reads.atom(read, ir.RangeTest(None, floor(bound) + 1))
        case _:
            equal: Formula = reads.atom(read, ir.InTest((int(bound),))) if bound.denominator == 1 else False
            return equal if op == "=" else Negation(equal)


HOLDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


# ---- the search ----


def _search(formulas: list[Formula], reads: _Reads) -> dict[str, Value] | None:
    """Give one read after another a value, the first one that an open formula asks for; go back where one is false."""
    chosen: dict[str, Value] = {}
    trials = 0

    def step() -> bool:
        nonlocal trials
        trials += 1
        if trials > TRIALS_MAX:
            raise TooLarge
        states = [_holds(formula, chosen) for formula in formulas]
        if any(state is False for state in states):
            return False
        open_ = next((formula for formula, state in zip(formulas, states, strict=True) if state is None), None)
        if open_ is None:
            return True
        read = _asks(open_, chosen)
        for value in pieces(reads.domains[read], reads.tests[read]):
            chosen[read] = value
            if step():
                return True
        del chosen[read]
        return False

    return chosen if step() else None


def _holds(formula: Formula, chosen: dict[str, Value]) -> bool | None:
    """Whether a formula holds; None while it depends on a read without a value."""
    match formula:
        case bool():
            return formula
        case Atom(read=read, test=test):
            return holds(test, chosen[read]) if read in chosen else None
        case Negation(part=part):
            found = _holds(part, chosen)
            return None if found is None else not found
        case Join(all=every, parts=parts):
            states = [_holds(part, chosen) for part in parts]
            if any(state is (not every) for state in states):
                return not every
            return None if None in states else every


def _asks(formula: Formula, chosen: dict[str, Value]) -> str:
    """A read without a value that an open formula depends on."""
    match formula:
        case Atom(read=read):
            return read
        case Negation(part=part):
            return _asks(part, chosen)
        case Join(parts=parts):
            return _asks(next(part for part in parts if _holds(part, chosen) is None), chosen)
        case bool():
            raise AssertionError(formula)
