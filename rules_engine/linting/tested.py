"""Tests for lints: what the tests of a program reach.

In: a view. Out: the sides of conditions, limits and rules that no test has seen. All tests are run once, on the
reference, when a lint first asks. Where a program has no tests at all, one lint says so and the others keep quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

import msgspec

from rules_engine import ir, tree
from rules_engine.linting.view import View

Kind: TypeAlias = Literal["rule", "code", "condition", "limit", "tier path"]


class Missed(msgspec.Struct, frozen=True):
    """A side of something that no test has seen, its place, and the title of its rule or the name of its tier."""

    kind: str
    side: str
    at: ir.Origin
    title: str


def missed(view: View, kind: Kind) -> Iterator[Missed]:
    """What no test has seen, of one kind; nothing where there are no tests."""
    if view not in _MISSED:
        _MISSED[view] = _run(view) if view.tests else ()
    return (each for each in _MISSED[view] if each.kind == kind)


_MISSED: WeakKeyDictionary[View, tuple[Missed, ...]] = WeakKeyDictionary()


def _run(view: View) -> tuple[Missed, ...]:
    from rules_engine.backends.reference import Reference
    from rules_engine.lowering import fingerprint
    from rules_engine.scoring import Program
    from rules_engine.workbench import Coverage, TestCase, run_tests

    core = view.core
    program = Program(core, view.checked.sources, Reference(core), fingerprint(core))
    coverage = Coverage(core)
    cases = [TestCase(view.source(file), test) for file, test in view.tests]
    for _ in run_tests(program, cases, coverage):
        pass
    return tuple(
        Missed(point.kind, side, point.at, point.title)
        for point in coverage.points.all
        for side in point.sides
        if not coverage.seen[point, side]
    )


def rule_at(view: View, at: ir.Origin) -> tree.RuleDecl | tree.MatchDecl | tree.GroupDecl | None:
    """The rule, match or group whose text a place stands in."""
    for each in view.declared:
        node = each.node
        holds = each.file == at.file and node.span[0] <= at.start < node.span[1]
        if holds and isinstance(node, (tree.RuleDecl, tree.MatchDecl, tree.GroupDecl)):
            return node
    return None


def called(node: tree.RuleDecl | tree.MatchDecl | tree.GroupDecl) -> str:
    """What a rule, a match or a group is called, as a test would name it."""
    if isinstance(node, tree.GroupDecl):
        return f"`{node.name.text}`"
    return f'"{node.title.value}"'


def events_of(node: tree.RuleDecl | tree.MatchDecl) -> str:
    """The first event of a rule that somebody sends, for the first lines of a test."""
    return next((each.name.text for each in node.on if isinstance(each, tree.EventSource)), "")
