"""Tests for what no test reaches: `suggest` solves the conditions of each side of a point, puts the values into a test,
runs it, and keeps it where it reaches the side.

In: a program, its tests, what they reach. Out: tests, each with what it reaches that nothing before it did, and with
what comes out as its expectations; and what could not be reached, with the reason. Nothing is kept that did not run:
the test that is written is parsed again and has to pass.

A search, in this order: from a plain scene of the event and from those of the tests that stand there, the values that
the solver finds; then scenes near by (`varying`). A scene that happens to reach something else is kept as well. Of
scenes that reach a side one is preferred that holds it: were that side otherwise in the rules (`altered`), its test
would fail. Where none is found soon, the first that reaches it is taken. The search ends where its seconds are over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Final

import msgspec

from rules_engine import ir, tree
from rules_engine.formatting import format_source, to_text
from rules_engine.parsing import parse
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.workbench.after import After
from rules_engine.workbench.aims import Place, aims, of_line
from rules_engine.workbench.altered import altered
from rules_engine.workbench.coverage import Coverage, Missed, Share
from rules_engine.workbench.expect import difference
from rules_engine.workbench.outcomes import expectations
from rules_engine.workbench.points import Point, Side
from rules_engine.workbench.results import TestCase
from rules_engine.workbench.running import Runner
from rules_engine.workbench.scenes import Cast, Scene, declared, scene_of
from rules_engine.workbench.seeds import seeds_of
from rules_engine.workbench.solved import Never, solutions
from rules_engine.workbench.suggestions import Suggested, Suggestion, Unsolved
from rules_engine.workbench.varying import nearby, ready

TRIES: Final = 160
"""How many scenes are run for one side of a point at most."""
BETTER: Final = 16
"""How many more for one that holds the side, where one is known that reaches it."""
PART: Final = 4
"""The part of the seconds, one in so many, after which what reaches a side is enough."""
CHANCES: Final = 6
"""How often a scene that was meant for another side is asked whether it holds one."""
MANY: Final = 9
"""More changes than there are at any side."""
SOLVED: Final = 8
"""From how many solved scenes others near by are tried."""
WORDS: Final = 70


Reached = frozenset[tuple[Point, Side]]


def suggest(
    program: Program,
    cases: Sequence[TestCase],
    coverage: Coverage,
    sources: Mapping[str, Source],
    seconds: float,
    fits: Callable[[Suggestion], bool] = lambda _: True,
) -> Suggested:
    """Tests for what `coverage` has not seen, found in so many seconds; only those are kept that fit the program."""
    started = monotonic()
    search = _Search(program, cases, coverage, sources, started + seconds, fits)
    search.run()
    sides = sum(len(point.sides) for point in coverage.points.all)
    before = sides - len(search.missing)
    return Suggested(
        tuple(search.suggestions),
        tuple(search.unsolved),
        Share(before, sides),
        Share(before + len(search.reached & set(search.missing)), sides),
        monotonic() - started,
    )


class _Search:
    """The search in one program."""

    def __init__(
        self,
        program: Program,
        cases: Sequence[TestCase],
        coverage: Coverage,
        sources: Mapping[str, Source],
        until: float,
        fits: Callable[[Suggestion], bool],
    ) -> None:
        self.core = program.core
        self.until = until
        self.sources = sources
        self.hurry = monotonic() + (until - monotonic()) / PART
        self.fits = fits
        self.heard = Coverage(program.core)
        self.runner = Runner(program, self.heard)
        self.cast = Cast(program.core)
        self.missing = {(point, missed.side): missed for point, missed in coverage.missing(sources)}
        self.reached: set[tuple[Point, Side]] = set()
        self.held: set[tuple[Point, Side]] = set()
        self.chances: Counter[tuple[Point, Side]] = Counter()
        self.known: dict[tuple[Point, Side], tuple[int, Scene]] = {}
        self.others: dict[tuple[Point, Side], list[Runner]] = {}
        self.suggestions: list[Suggestion] = []
        self.unsolved: list[Unsolved] = []
        self.titles = {case.title for case in cases}
        self.aims = aims(program.core)
        self.seeds = seeds_of(cases, Runner(program), self.cast)
        self.problem = self.fault = ""
        self.owners: dict[Point, list[int]] = {}
        for owner, points in self.heard.points.of.items():
            for point in points:
                self.owners.setdefault(point, []).append(owner)

    def run(self) -> None:
        """Look for every side that is missed, in the order of the text."""
        for (point, side), missed in self.missing.items():
            if (point, side) in self.held or (self._is_known(point, side) and monotonic() > self.hurry):
                continue
            if monotonic() > self.until:
                self.unsolved.append(Unsolved(missed, "no time was left"))
                continue
            reason = self._look_for(point, side)
            if reason:
                self.unsolved.append(Unsolved(missed, reason))
        for one, (_, scene) in self.known.items():
            if one not in self.reached:
                self._keep(scene, frozenset((one,)), one)
        self.unsolved = [each for each in self.unsolved if not self._is_reached(each.missed)]

    def _is_reached(self, missed: Missed) -> bool:
        return any(self.missing[each] is missed for each in self.reached if each in self.missing)

    def _is_known(self, point: Point, side: Side) -> bool:
        """Whether a scene is known that reaches a side, kept or not."""
        return (point, side) in self.reached or (point, side) in self.known

    # ---- one side ----

    def _look_for(self, point: Point, side: Side) -> str:
        """Look for a test that reaches a side; says why there is none."""
        self.problem = ""
        tries, never, asked, more = 0, 0, 0, 0
        places = [self.aims[owner] for owner in self.owners.get(point, ()) if owner in self.aims][:4]
        for node, place in places:
            asked += 1
            try:
                for scene in self._candidates(node, place, point, side):
                    tries += 1
                    if self._try(scene, point, side):
                        return ""
                    more += self._is_known(point, side)
                    if tries >= TRIES or more >= BETTER or monotonic() > self.until:
                        break
            except Never:
                never += 1
        if asked and never == asked:
            return "its conditions cannot hold together, so that no event reaches it"
        if not asked or not tries:
            return "no event of a test asks it"
        if monotonic() > self.until:
            return "no time was left"
        return f"{tries} events that should reach it did not" + (
            f"; the last one: {self.problem}" if self.problem else ""
        )

    def _candidates(self, node: object, place: Place, point: Point, side: Side) -> Iterator[Scene]:
        """Scenes that should reach a side: solved ones first, then those near by."""
        wanted = _wanted(node, place, point, side)
        solved: list[Scene] = []
        nevers = starts = 0
        for start in self._starts(place):
            starts += 1
            try:
                for found in solutions(wanted, ready(start, wanted, self.cast, point.kind, side, node), self.cast):
                    scene = self._dated(found)
                    solved.append(scene)
                    yield scene
            except Never:
                nevers += 1
        if starts and nevers == starts:
            raise Never
        for scene in solved[:SOLVED]:
            for near in nearby(scene, wanted, self.cast, point.kind, node):
                yield self._dated(near)

    def _starts(self, place: Place) -> Iterator[Scene]:
        """Scenes to start from: plain ones of the events that ask, then those of the tests."""
        events = {event.name: event for event in self.core.events}
        names = [name for name in place.events if name in events] or list(events)
        sent = [name for name in names if events[name].schedule is None]
        later = len(sent) < len(names)
        if later and not sent:
            sent = [event.name for event in self.core.events if event.schedule is None]
        for name in sent[:3]:
            scene = scene_of(events[name], self.core)
            if later:
                for days in (40, 100, 370, 760):
                    passing = scene.copy()
                    passing.until = (-days,)
                    yield passing
            else:
                yield scene
        for seed in self.seeds:
            if seed.event in sent:
                scene = seed.copy()
                if later and not scene.until:
                    scene.until = (-370,)
                yield scene

    def _dated(self, scene: Scene) -> Scene:
        """The scene with days behind its event as dates."""
        if not any(day < 0 for day in scene.until):
            return scene
        changed = scene.copy()
        day = self.cast.day(scene)
        changed.until = tuple(day - each if each < 0 else each for each in scene.until)
        return changed

    # ---- running ----

    def _seen(self, scene: Scene) -> Reached | None:
        """What a scene reaches; None where it cannot be taken to its end."""
        test = declared(scene, "?", self.core)
        self.heard.seen.clear()
        result = self.runner.result(TestCase(_NOWHERE, test))
        if result.findings:
            self.fault = result.findings[0].message
            return None
        self.fault = ""
        return frozenset(self.heard.seen)

    def _try(self, scene: Scene, point: Point, side: Side) -> bool:
        """Run a scene and keep it where it holds anything new; says whether it holds the side."""
        seen = self._seen(scene)
        self.problem = self.fault
        if seen is None:
            return False
        new = [each for each in seen if each in self.missing and each not in self.held]
        new = [each for each in new if each == (point, side) or self.chances[each] < CHANCES]
        if not new:
            return False
        self.chances.update(new)
        held = self._holds(scene, new)
        if not held:
            return False
        first = (point, side) if (point, side) in held else min(held, key=lambda each: (each[0].at.start, each[1]))
        return self._keep(scene, held, first) and (point, side) in held

    def _holds(self, scene: Scene, new: Sequence[tuple[Point, Side]]) -> Reached:
        """Of what a scene reaches, what its test holds; the best scene so far is remembered of all others."""
        if monotonic() > self.hurry:
            return frozenset(each for each in new if each not in self.reached)
        test = self._expecting(scene, "?", new)
        if test is None:
            return frozenset()
        held = set()
        for each in new:
            grade = self._grade(test, each, self.known[each][0] if each in self.known else MANY)
            if not grade:
                held.add(each)
            elif each not in self.known or grade < self.known[each][0]:
                self.known[each] = grade, scene
        return frozenset(held)

    def _grade(self, test: tree.TestDecl, one: tuple[Point, Side], most: int = MANY) -> int:
        """How many of the changes at a side a test does not notice before the first that it does, up to so many."""
        if one not in self.others:
            owners = self.owners.get(one[0], ())
            rules = [id(self.aims[owner][1].owner) for owner in owners if owner in self.aims]
            cores = altered(self.core, *one, owners, rules)
            self.others[one] = [Runner(Program(core, self.sources, fingerprint="altered")) for core in cores]
        runners = self.others[one][:most]
        return next((grade for grade, runner in enumerate(runners) if _fails(runner, test)), len(runners))

    def _keep(self, scene: Scene, new: Reached, first: tuple[Point, Side]) -> bool:
        scene = self._smaller(scene, new)
        seen = self._seen(scene) or new
        new = frozenset(each for each in seen if each in self.missing and (each in new or each not in self.reached))
        reaches = sorted(new, key=lambda each: (each != first, each[0].at.start, each[1]))
        missed = [self.missing[each] for each in reaches]
        title = self._title(missed[0])
        text = self._written(scene, title, reaches)
        if text is None or not self.fits(found := Suggestion(title, text, tuple(missed))):
            return False
        self.titles.add(title)
        self.reached |= new
        self.suggestions.append(found)
        return True

    def _smaller(self, scene: Scene, new: Reached) -> Scene:
        """The scene without what it can do without; what it holds it still holds."""
        test = self._expecting(scene, "?", list(new))
        grades = {each: self._grade(test, each) for each in new} if test is not None else {}
        self.held.update(each for each, grade in grades.items() if not grade)
        for change in _parts(scene):
            if monotonic() > self.until:
                break
            smaller = scene.copy()
            change(smaller)
            seen = self._seen(smaller)
            if seen is None or not new <= seen:
                continue
            test = self._expecting(smaller, "?", list(new))
            if test is not None and all(self._grade(test, each) <= grade for each, grade in grades.items()):
                scene = smaller
        return scene

    def _title(self, missed: Missed) -> str:
        words = missed.what.replace('"', "").replace("`", "").replace("\\", "")
        words = words if len(words) <= WORDS else words[: WORDS - 4] + " ..."
        title = f"suggested: {words} {SAID.get(missed.side, missed.side)}"
        number = 2
        while title in self.titles:
            title, number = f"{title.removesuffix(f' ({number - 1})')} ({number})", number + 1
        return title

    def _expecting(self, scene: Scene, title: str, reaches: Sequence[tuple[Point, Side]]) -> tree.TestDecl | None:
        """The test of a scene, with what comes out; None where it cannot be taken to its end."""
        steps: list[tree.Step] = []
        owners = [
            self.aims[owner][1].owner
            for point, _ in reaches
            for owner in self.owners.get(point, ())
            if owner in self.aims
        ]
        rules = (each.key for each in owners if isinstance(each, ir.RuleDef | ir.OfferDef | ir.MatchDef))
        tracks = (each.name for each in owners if isinstance(each, ir.TrackDef))
        about, counted = list(dict.fromkeys(rules))[:4], list(dict.fromkeys(tracks))[:2]

        def look(step: tree.Step, after: After) -> None:
            steps.append(msgspec.structs.replace(step, expect=expectations(after, about, counted)))

        test = declared(scene, title, self.core)
        found = self.runner.result(TestCase(_NOWHERE, test), look)
        if found.findings or len(steps) != len(test.steps) or not all(step.expect for step in steps):
            return None
        return msgspec.structs.replace(test, steps=tuple(steps))

    def _written(self, scene: Scene, title: str, reaches: Sequence[tuple[Point, Side]]) -> str | None:
        """The test as it stands in a file, with what comes out; None where it does not pass so."""
        test = self._expecting(scene, title, reaches)
        if test is None:
            return None
        text = formatted(test)
        source = Source("suggested", text)
        parsed = parse(source)
        tests = [each for each in parsed.file.declarations if isinstance(each, tree.TestDecl)]
        if parsed.diagnostics or len(tests) != 1:
            return None
        self.heard.seen.clear()
        again = self.runner.result(TestCase(source, tests[0]))
        if again.findings or not set(reaches) <= set(self.heard.seen):
            return None
        return text.removeprefix(_HEAD).strip("\n") + "\n"


_HEAD: Final = "language 1\n"
_NOWHERE: Final = Source("suggested", "")

SAID: Final[dict[Side, str]] = {
    "presented": "is presented",
    "absent": "is not presented",
    "inside": "is met",
    "outside": "is not met",
    "taken": "is taken",
    "formed": "are formed",
    "found": "are found",
    "missing": "are not found",
    "reached": "is reached",
    "met": "is met",
    "missed": "is not met",
}
"""How a side is said in the title of a test."""


def _fails(runner: Runner, test: tree.TestDecl) -> bool:
    """Whether a test fails in an altered program, or that program cannot run (what it reads is no longer asked to be
    there). Why is not asked: that costs more than all else."""
    expected = iter(test.steps)
    failed: list[bool] = []

    def look(_: tree.Step, after: After) -> None:
        failed.append(any(difference(each, after) is not None for each in next(expected).expect))

    bare = tuple(msgspec.structs.replace(step, expect=()) for step in test.steps)
    try:
        findings = runner.result(TestCase(_NOWHERE, msgspec.structs.replace(test, steps=bare)), look).findings
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
        return True
    return any(failed) or bool(findings)


def formatted(test: tree.TestDecl) -> str:
    """A test in the formatter's shape, behind the head of a file."""
    source = Source("suggested", f"{_HEAD}\n{to_text(test)}\n")
    return format_source(source, parse(source))


def _wanted(node: object, place: Place, point: Point, side: Side) -> Place:
    """The place with the side's own condition: what is asked holds, or it fails."""
    if point.kind in ("condition", "dates") and isinstance(node, ir.Node) and not place.lot:
        condition: Any = node
        asked: ir.Expr = condition if side in ("holds", "inside") else ir.Not(node.at, condition)
        behind = place.on_line() if place.line is not None and of_line(asked) else place
        return behind.holding(asked)
    if isinstance(node, ir.WayDef):
        return place.holding(node.condition if side == "met" else ir.Not(node.condition.at, node.condition))
    return place


def _parts(scene: Scene) -> Iterator[Any]:
    """Changes that take something out of a scene."""
    for field, empty in (("until", ()), ("times", 1), ("early", None), ("tier", 0), ("before", ()), ("kept", ())):
        if getattr(scene, field) != empty:
            yield lambda one, field=field, empty=empty: setattr(one, field, empty)
    for name in ("used", "balances", "tracks", "people", "facts", "fields"):
        for key in list(getattr(scene, name) or ()):
            yield lambda one, name=name, key=key: (getattr(one, name) or {}).pop(key, None)
    for number in reversed(range(1, len(scene.lines))):
        yield lambda one, number=number: one.lines.__delitem__(slice(number, number + 1))
    for column in dict.fromkeys(name for line in scene.lines for name in line):
        yield lambda one, column=column: [line.pop(column, None) for line in one.lines]
    if scene.lines:
        yield lambda one: one.lines.clear()
    if scene.facts == {}:
        yield lambda one: setattr(one, "facts", None)
