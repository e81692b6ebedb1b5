"""One rule on one event out of a test, explained: to see a rule act without an event at hand.

In: a program and its tests. Out: the explanation of the first event on which the rule acted, or was at least asked, and
the test that it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rules_engine import tree
from rules_engine.scoring import Explanation, Program
from rules_engine.workbench.after import After
from rules_engine.workbench.results import TestCase
from rules_engine.workbench.running import Runner


class Sample(NamedTuple):
    """An explanation, and the test whose event it is of."""

    case: TestCase
    explanation: Explanation
    acted: bool


def sample(program: Program, cases: Iterable[TestCase], rule: str) -> Sample | None:
    """The first event of these tests on which a rule acted; else one on which it was asked; else nothing."""
    runner = Runner(program)
    asked: Sample | None = None
    for case in cases:
        found = _watched(runner, case, rule)
        if found is not None and found.acted:
            return found
        asked = asked or found
    return asked


def _watched(runner: Runner, case: TestCase, rule: str) -> Sample | None:
    """The best that one test shows of a rule."""
    best: Sample | None = None

    def look(_: tree.Step, after: After) -> None:
        nonlocal best
        told = None if after.back is not None or (best is not None and best.acted) else after.host.told(rule)
        if told is not None:
            acted = any(each.applied for each in told.rules if each.rule == rule)
            acted = acted or any(each.applied for each in told.offers if each.rule == rule)
            if acted or best is None:
                best = Sample(case, told, acted)

    runner.result(case, look)
    return best
