"""Tests in rule files: `run_tests(program, tests)` takes each test's steps in order and compares what comes out.

A step's event takes the same way in as a real one, so that a fault in a test teaches what a host would be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import assert_never

from rules_engine import tree
from rules_engine.calendar import parse_date
from rules_engine.diagnostics import Diagnostic, did_you_mean
from rules_engine.outcome import EventRefused, Fault, Outcome, Refused
from rules_engine.scoring import Program
from rules_engine.values import ValueFault
from rules_engine.workbench.after import After, Difference
from rules_engine.workbench.because import because
from rules_engine.workbench.coverage import Coverage
from rules_engine.workbench.engine import Engine
from rules_engine.workbench.events import decoded, node_of, plain, sent
from rules_engine.workbench.expect import difference, something_else
from rules_engine.workbench.given import ME, Find, cast_of, no_cast
from rules_engine.workbench.host import Host
from rules_engine.workbench.results import Failure, TestCase, TestResult
from rules_engine.workbench.sold import Sold, returned_pieces
from rules_engine.workbench.told import NotGiven


def run_tests(program: Program, cases: Iterable[TestCase], coverage: Coverage | None = None) -> Iterator[TestResult]:
    """The result of each test, as it is ready; `coverage` counts what they reach."""
    runner = Runner(program, coverage)
    for case in cases:
        yield runner.result(case)


Observe = Callable[[tree.Step, After], None]
"""Looks at each step that was taken, before what it expects is compared."""


class Runner:
    """Runs tests of one program, one after the other; what the program needs is made ready once."""

    def __init__(self, program: Program, coverage: Coverage | None = None) -> None:
        self.program = program
        self.engine = Engine(program.core, coverage)

    def result(self, case: TestCase, observe: Observe = lambda *_: None) -> TestResult:
        """The result of one test."""
        return _Run(case, self.engine, self.program, observe).result()


class _Run:
    """One test under way."""

    def __init__(self, case: TestCase, engine: Engine, program: Program, observe: Observe) -> None:
        self.case = case
        self.observe = observe
        self.returns = any(isinstance(step.act, tree.ReturnStep) for step in case.test.steps)
        self.engine = engine
        self.program = program
        self.findings: list[Diagnostic] = []
        self.find: Find = self._finding
        self.host = Host(engine, program, no_cast(engine.core))
        self.last: Sold | None = None
        self.at: tree.Node = case.test.title
        self.who: str | None = None
        self.last_member: str | None = None

    def _finding(self, code: str, node: tree.Node, note: str = "", **data: str) -> Diagnostic:
        return Diagnostic(code, self.case.source.name, node.span, {"test": self.case.title, **data}, note=note)

    def result(self) -> TestResult:
        """Take all steps; one that cannot be taken ends the test."""
        started = perf_counter()
        try:
            self.host = Host(self.engine, self.program, cast_of(self.case.test, self.engine, self.find))
            for number, step in enumerate(self.case.test.steps, 1):
                self.at = step.act
                self._step(step, number)
        except Failure as failure:
            self.findings.append(failure.finding)
        except NotGiven as missing:
            place = self._given() if missing.where == "the member" else "the step"
            self.findings.append(self.find("X511", self.at, name=missing.name, where=missing.where, place=place))
        return TestResult(self.case, tuple(self.findings), perf_counter() - started)

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
        what = sent(act, definition, number, self.host.cast)
        event = decoded(what, core)
        if isinstance(event, tuple):
            self._refused(step, act, event)
            return
        self.who = event.member
        self.last_member = event.member or self.last_member
        for each in self.host.before(event):
            raise Failure(self.find("X512", act, reason=_refusal(each)))
        try:
            found = self.host.score(event, plain(what, core))
        except EventRefused as refusal:
            self._refused(step, act, refusal.refused.faults)
            return
        if definition.returnable or self.last is None:
            self.last = Sold(event, self.host.receipt() if definition.returnable and self.returns else found)
        changes = found.changes.get(found.member or "", ())
        self._compare(step, After(
            self.host, event, event.day, event.member, found.tiers, changes, found, fate=self.host.fate,
        ))  # fmt: skip

    def _refused(self, step: tree.Step, act: tree.EventStep, faults: tuple[Fault, ...]) -> None:
        if any(isinstance(each, tree.ExpectRefused) for each in step.expect):
            return
        raise Failure(self.find("X512", node_of(faults[0], act), reason="; ".join(fault.message for fault in faults)))

    # ---- returns ----

    def _return(self, step: tree.Step, act: tree.ReturnStep) -> None:
        """What comes back of the last event that can be returned, after what came back of it before."""
        sold = self.last
        if sold is None:
            raise Failure(self.find("X513", act, what="there is no event before it that was taken"))
        pieces = returned_pieces(act, sold, self.engine.core)
        try:
            back = self.host.give_back(sold, pieces)
        except EventRefused as refusal:
            if not any(isinstance(each, tree.ExpectRefused) for each in step.expect):
                reason = "; ".join(fault.message for fault in refusal.faults)
                raise Failure(self.find("X512", act, reason=reason)) from None
            return
        sold.returns.append(back)
        who, day = sold.event.member, sold.event.day if back.on is None else back.on
        self.host.take_back(who, back)
        self._compare(step, After(self.host, sold.event, day, who, (), back.changes, sold.found, back=back))

    # ---- dates ----

    def _date(self, step: tree.Step, act: tree.OnDate) -> None:
        """Time moves to a day for everybody; what is asked about happened to the member of the last event."""
        try:
            day = parse_date(act.date.text)
        except ValueFault as fault:
            raise Failure(self.find("X513", act.date, what=fault.reason)) from None
        self.who = self.last_member or self._only()
        found, passed = self.host.until(day)
        refused = [each for each in found if isinstance(each, Refused)]
        if refused and any(isinstance(each, tree.ExpectRefused) for each in step.expect):
            return
        if refused:
            raise Failure(self.find("X512", act, reason=_refusal(refused[0])))
        mine = tuple(each for each in found if isinstance(each, Outcome) and each.member == self.who)
        tiers = [change for each in mine for change in each.tiers]
        changes = [change for each in mine for change in each.changes.get(self.who, ())]
        alone = passed.get(self.who)
        if alone is not None:
            tiers += alone.tiers
            changes += alone.changes
        self._compare(step, After(self.host, None, day, self.who, tuple(tiers), tuple(changes), passed=mine))

    def _only(self) -> str:
        """Who is asked about before there is an event: the one member of whom something is given, or the test's own."""
        given = self.host.cast.members
        return next(iter(given)) if len(given) == 1 else ME

    # ---- what came out ----

    def _compare(self, step: tree.Step, after: After) -> None:
        """Report what came out otherwise, and why."""
        self.observe(step, after)
        for expected in step.expect:
            found = difference(expected, after)
            if found is not None:
                self._report(found, expected, after, expected)
        if step.nothing_else:
            for found in something_else(step, after):
                self._report(found, step, after, None)

    def _report(self, found: Difference, node: tree.Node, after: After, expected: tree.Expectation | None) -> None:
        if found.code == "X516":
            self.findings.append(self.find("X516", node, found=found.what, what=found.expected))
            return
        data = {"what": found.what, "expected": found.expected, "actual": found.actual}
        data["because"] = "\n".join(because(expected, found, after))
        data["why"] = self.host.why(found.rule) if found.rule and after.back is None else ""
        self.findings.append(self.find(found.code, node, note=_no_amount(expected, found, after), **data))


def _no_amount(expected: tree.Expectation | None, found: Difference, after: After) -> str:
    """What to write in place of a word, where a test says how much a rule does: of a match it is a tier."""
    match expected:
        case tree.ExpectRule(value=tree.Path() | tree.Name()) if found.rule not in {m.key for m in after.core.matches}:
            return f"`{found.expected}` is no amount: of a rule that does nothing write `not applied`"
        case _:
            return ""


def _refusal(refused: Refused) -> str:
    """Which event was refused, and why."""
    reasons = "; ".join(fault.message for fault in refused.faults)
    return f"{refused.event} {refused.id} is due before it, and {reasons}"
