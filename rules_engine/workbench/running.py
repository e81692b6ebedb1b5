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
from rules_engine.returns import restored
from rules_engine.scoring import Program
from rules_engine.state import Shared, apply
from rules_engine.values import ValueFault
from rules_engine.workbench.after import After, Difference
from rules_engine.workbench.coverage import Coverage
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.events import Sent, decoded, node_of, sent
from rules_engine.workbench.expect import difference, something_else
from rules_engine.workbench.given import ME, Cast, Find, Member, cast_of
from rules_engine.workbench.results import Failure, TestCase, TestResult
from rules_engine.workbench.sold import Sold, returned_pieces
from rules_engine.workbench.told import NotGiven


def run_tests(program: Program, cases: Iterable[TestCase], coverage: Coverage | None = None) -> Iterator[TestResult]:
    """The result of each test, as it is ready; `coverage` counts what they reach."""
    engine = Engine(program.core, coverage)
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
        self.cast = Cast(engine.core, {}, None, Shared())
        self.last: Sold | None = None
        self.at: tree.Node = case.test.title
        self.who: str | None = None

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
            place = self._given() if missing.where == "the member" else "the step"
            self.findings.append(self.find("X511", self.at, name=missing.name, where=missing.where, place=place))
        return TestResult(self.case, tuple(self.findings))

    def _given(self) -> str:
        """Where the facts stand of the member whom the step at hand is about."""
        return "`given member`" if self.who in (None, ME) else f'`given member "{self.who}"`'

    def _step(self, step: tree.Step, number: int) -> None:
        match step.act:
            case tree.EventStep():
                self._event(step, step.act, number)
            case tree.OnDate():
                self._date(step, step.act)
            case tree.ReturnStep():
                self._return(step, step.act)
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
        self.who = event.member
        member = self.cast.member(event.member)
        before = Member(member.raw, member.facts, member.state)
        shared = _copied(self.cast.shared)
        self.last = None
        try:
            found = self.engine.evaluate(event, member.facts, member.state, self.cast.shared)
        except EventRefused as refusal:
            self._refused(step, act, refusal.refused.faults)
            return
        member.state = apply(member.state, found.changes)
        receive(member.state, found.awards, event.day)
        self.cast.shared.reserve(found.reserved)
        self.last = Sold(event, found)
        after = After(
            self.engine, event, event.day, found.tiers, found.changes, member.facts, member.state, found,
            fate=lambda key: self.engine.fate(key, event, before.facts, before.state, shared),
        )  # fmt: skip
        self._compare(step, after, lambda rule: self._why(what, before, shared, rule))

    def _refused(self, step: tree.Step, act: tree.EventStep, faults: tuple[Fault, ...]) -> None:
        if any(isinstance(each, tree.ExpectRefused) for each in step.expect):
            return
        raise Failure(self.find("X512", node_of(faults[0], act), reason="; ".join(fault.message for fault in faults)))

    # ---- returns ----

    def _return(self, step: tree.Step, act: tree.ReturnStep) -> None:
        """What comes back of the last event, after what came back of it before."""
        sold = self.last
        if sold is None:
            raise Failure(self.find("X513", act, what="there is no event before it that was taken"))
        outcome = sold.found.outcome(sold.event, self.program.fingerprint, self.program.zones)
        pieces = returned_pieces(act, sold, self.engine.core)
        try:
            back = self.program.give_back(sold.event, outcome, pieces, earlier=sold.returns)
        except EventRefused as refusal:
            if not any(isinstance(each, tree.ExpectRefused) for each in step.expect):
                reason = "; ".join(fault.message for fault in refusal.faults)
                raise Failure(self.find("X512", act, reason=reason)) from None
            return
        sold.returns.append(back)
        member = self.cast.member(sold.event.member)
        member.state = restored(member.state, back)
        self.cast.shared.reserve(back.reserved)
        after = After(self.engine, sold.event, sold.event.day, (), (), member.facts, member.state, sold.found, back)
        self._compare(step, after, lambda _: "")

    # ---- dates ----

    def _date(self, step: tree.Step, act: tree.OnDate) -> None:
        try:
            day = parse_date(act.date.text)
        except ValueFault as fault:
            raise Failure(self.find("X513", act.date, what=fault.reason)) from None
        me = self.cast.member(self.cast.me or "member")
        for member in self.cast.members.values():
            if member is not me:
                moved = self.engine.advance(member.facts, member.state, day)
                member.state = apply(member.state, moved.changes)
        found = self.engine.advance(me.facts, me.state, day)
        me.state = apply(me.state, found.changes)
        after = After(self.engine, None, day, found.tiers, found.changes, me.facts, me.state)
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

    def _why(self, what: Sent, before: Member, shared: Shared, rule: str) -> str:
        """The explanation of a rule; a finding carries it as its `why`."""
        return self.program.explain(what.raw, before.raw, before.state, shared).text(rule).strip()


def _copied(shared: Shared) -> Shared:
    """The counters as they are now, for a finding that explains later."""
    return Shared(limits={key: dict(counts) for key, counts in shared.limits.items()})
