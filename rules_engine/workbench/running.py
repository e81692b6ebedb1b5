"""Tests in rule files: `run_tests(program, tests)` takes each test's steps in order and compares what comes out.

A step's event takes the same way in as a real one, so that a fault in a test teaches what a host would be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from rules_engine import tree
from rules_engine.calendar import parse_date
from rules_engine.diagnostics import Diagnostic, did_you_mean
from rules_engine.outcome import EventRefused, Fault, receive
from rules_engine.scoring import Program
from rules_engine.state import apply
from rules_engine.values import ValueFault
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.events import Sent, decoded, node_of, sent
from rules_engine.workbench.expect import After, Difference, difference, something_else
from rules_engine.workbench.given import Cast, Find, Member, cast_of
from rules_engine.workbench.results import Failure, TestCase, TestResult
from rules_engine.workbench.told import NotGiven


def run_tests(program: Program, cases: Iterable[TestCase]) -> Iterator[TestResult]:
    """The result of each test, as it is ready."""
    engine = Engine(program.core)
    for case in cases:
        yield _Run(case, engine, program).result()


class _Run:
    """One test under way."""

    def __init__(self, case: TestCase, engine: Engine, program: Program) -> None:
        self.case = case
        self.engine = engine
        self.program = program
        self.findings: list[Diagnostic] = []
        self.find: Find = self._finding
        self.cast = Cast(engine.core, {}, None)
        self.at: tree.Node = case.test.title

    def _finding(self, code: str, node: tree.Node, note: str = "", **data: str) -> Diagnostic:
        return Diagnostic(code, self.case.source.name, node.span, {"test": self.case.title, **data}, note=note)

    def result(self) -> TestResult:
        """Take all steps; one that cannot be taken ends the test."""
        try:
            self.cast = cast_of(self.case.test, self.engine, self.find)
            for number, step in enumerate(self.case.test.steps, 1):
                self.at = step.act
                self._step(step, number)
        except Failure as failure:
            self.findings.append(failure.finding)
        except NotGiven as missing:
            place = "`given member`" if missing.where == "the member" else "the step"
            self.findings.append(self.find("X511", self.at, name=missing.name, where=missing.where, place=place))
        return TestResult(self.case, tuple(self.findings))

    def _step(self, step: tree.Step, number: int) -> None:
        match step.act:
            case tree.EventStep():
                self._event(step, step.act, number)
            case tree.OnDate():
                self._date(step, step.act)
            case _:
                assert_never(step.act)

    # ---- events ----

    def _event(self, step: tree.Step, act: tree.EventStep, number: int) -> None:
        core = self.engine.core
        definition = next((event for event in core.events if event.name == act.event.text), None)
        if definition is None:
            names = [event.name for event in core.events]
            hint = did_you_mean(act.event.text, names)
            raise Failure(self.find("X516", act.event, found=act.event.text, what="event", note=hint))
        what = sent(act, definition, number, self.cast)
        event = decoded(what, core)
        if isinstance(event, tuple):
            self._refused(step, act, event)
            return
        member = self.cast.member(event.member)
        before = Member(member.raw, member.facts, member.state)
        try:
            found = self.engine.evaluate(event, member.facts, member.state)
        except EventRefused as refusal:
            self._refused(step, act, refusal.refused.faults)
            return
        member.state = apply(member.state, found.changes)
        receive(member.state, found.awards, event.day)
        after = After(
            self.engine, event, event.day, found.awards, found.tiers, found.changes, member.facts, member.state
        )
        self._compare(step, after, lambda rule: self._why(what, before, rule))

    def _refused(self, step: tree.Step, act: tree.EventStep, faults: tuple[Fault, ...]) -> None:
        if any(isinstance(each, tree.ExpectRefused) for each in step.expect):
            return
        raise Failure(self.find("X512", node_of(faults[0], act), reason="; ".join(fault.message for fault in faults)))

    # ---- dates ----

    def _date(self, step: tree.Step, act: tree.OnDate) -> None:
        try:
            day = parse_date(act.date.text)
        except ValueFault as fault:
            raise Failure(self.find("X513", act.date, what=fault.reason)) from None
        me = self.cast.member(self.cast.me or "member")
        for member in self.cast.members.values():
            if member is not me:
                moved = self.engine.reference.advance(member.facts, member.state, day)
                member.state = apply(member.state, moved.changes)
        found = self.engine.reference.advance(me.facts, me.state, day)
        me.state = apply(me.state, found.changes)
        after = After(self.engine, None, day, (), found.tiers, found.changes, me.facts, me.state)
        self._compare(step, after, lambda _: "")

    # ---- what came out ----

    def _compare(self, step: tree.Step, after: After, why: Callable[[str], str]) -> None:
        """Report what came out otherwise; `why` explains a rule."""
        for expected in step.expect:
            found = difference(expected, after)
            if found is not None:
                self._report(found, expected, why)
        if step.nothing_else:
            for found in something_else(step, after):
                self._report(found, step, why)

    def _report(self, found: Difference, node: tree.Node, why: Callable[[str], str]) -> None:
        if found.code == "X516":
            self.findings.append(self.find("X516", node, found=found.what, what=found.expected))
            return
        data = {"what": found.what, "expected": found.expected, "actual": found.actual}
        data["why"] = why(found.rule) if found.rule else ""
        self.findings.append(self.find(found.code, node, **data))

    def _why(self, what: Sent, before: Member, rule: str) -> str:
        """The explanation of a rule; a finding carries it as its `why`."""
        return self.program.explain(what.raw, before.raw, before.state).text(rule).strip()
