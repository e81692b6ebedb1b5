"""What a run of tests has seen of a program: `Coverage` listens to the interpreter, and says what no test has reached.

In: traces of evaluations. Out: how often each side of each point was seen. What counts is what really happened: a
condition behind an `and` that was never asked has neither held nor failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

import msgspec

from rules_engine import ir, tree
from rules_engine.backends.reference import EffectNoted, GiveNoted, LimitNoted, Noted, OfferNoted, RuleNoted, Trace
from rules_engine.parsing import parse
from rules_engine.source import Source, Span
from rules_engine.workbench.points import KINDS, Kind, Point, Points, Side


class Heard(Trace):
    """A trace that keeps every note of an expression, those too that no explanation tells."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: list[list[Noted]] = [self.open]

    def into(self, notes: list[Noted]):  # type: ignore[no-untyped-def]
        """Note expressions in this list for a while, and remember the list."""
        self.lists.append(notes)
        return super().into(notes)


class Missed(msgspec.Struct, frozen=True):
    """A side of a point that no test has reached; `what` says the text of the rule file."""

    file: str
    line: int
    kind: Kind
    what: str
    side: Side


class Share(msgspec.Struct, frozen=True):
    """How much was reached of something."""

    covered: int
    all: int

    @property
    def percent(self) -> int:
        """In whole percent, rounded down: 100 means everything."""
        return self.covered * 100 // self.all if self.all else 100


class FileCoverage(msgspec.Struct, frozen=True):
    """What tests have reached of one rule file, by kind, and what they have not, in the order of the text."""

    file: str
    share: Share
    kinds: dict[Kind, Share]
    missed: tuple[Missed, ...]
    points: tuple[tuple[int, Kind, str, dict[Side, int]], ...]
    """Line, kind, text, and how often each side was seen."""
    spans: tuple[Span, ...] = ()
    """Of each point, in the same order: where it stands in the file; of what is told by the title of its rule, the
    head of the rule."""


class Coverage:
    """What was seen of one program so far."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.points = Points(core)
        self.seen: Counter[tuple[Point, Side]] = Counter()

    # ---- listening ----

    def hear(self, trace: Heard) -> None:
        """Count what one evaluation did."""
        met: set[int] = set()
        for notes in trace.lists:
            if id(notes) not in met:
                met.add(id(notes))
                for noted in notes:
                    self._expression(noted)
        for rule in trace.rules:
            self._rule(rule)
        for offer in trace.offers:
            self._offer(offer)
        for limit in trace.limits:
            self._limit(limit)
        for way in trace.ways:
            self._see(way.way, "met" if way.holds else "missed")

    def _see(self, owner: object, side: Side) -> None:
        for point in self.points.of.get(id(owner), ()):
            if side in point.sides:
                self.seen[point, side] += 1

    def _expression(self, noted: Noted) -> None:
        node = noted.node
        if isinstance(noted.value, bool):
            self._see(node, "holds" if noted.value else "fails")
            self._see(node, "inside" if noted.value else "outside")
        if isinstance(node, ir.Choose):
            row = _row_taken(node, noted)
            if row is not None:
                self._see(row, "taken")
        self._see(node, "taken")

    def _rule(self, noted: RuleNoted) -> None:
        if not noted.why and not noted.held_out:
            self._see(noted.rule, "acts")
        for give in noted.gives:
            self._gave(give.give, give)
        for take in noted.takes:
            if take.taken and not noted.held_out and not noted.why:
                self._see(take.effect, "takes")
        for carry in noted.carries:
            if carry.carried and not noted.held_out:
                self._see(carry.effect, "carries")
        if isinstance(noted.rule, ir.RuleDef):
            self._asked_for(noted.rule, noted.why)
            if isinstance(noted.rule.loop, ir.KeysDef) and noted.why not in _BEFORE_KEYS:
                self._see(noted.rule.loop, "missing" if noted.why == "no key" else "found")
        for limit in noted.limits:
            self._limit(limit)

    def _asked_for(self, rule: ir.RuleDef | ir.OfferDef, why: str) -> None:
        """Whether the thing that a rule asks for was presented, and of an earn, a redeem or a reward its code."""
        if isinstance(rule, ir.RuleDef) and rule.code is not None and why != "lost":
            self._see(rule.code, "absent" if why == "code not presented" else "presented")
        early = "lost" if isinstance(rule, ir.RuleDef) else "limit reached" if rule.code is not None else ""
        if rule.thing is not None and why not in _BEFORE_THINGS and (not why or why != early):
            self._see(rule.thing, "absent" if why in ("not presented", "too few") else "presented")

    def _offer(self, noted: OfferNoted) -> None:
        if not noted.why and not noted.held_out:
            self._see(noted.offer, "acts")
        self._asked_for(noted.offer, noted.why)
        if noted.offer.code is not None:
            self._see(noted.offer.code, "presented" if noted.code else "absent")
        if noted.sets and noted.offer.sets is not None:
            self._see(noted.offer.sets, "formed")
        for effect in noted.effects:
            self._gave(effect.effect, effect)
            if not noted.why and isinstance(effect.effect, ir.DiscountDef) and effect.effect.verb == "price":
                self._see(effect.effect, "gives")
        for limit in noted.limits:
            self._limit(limit)
        if noted.why == "limit reached" and noted.limit is not None:
            self._see(noted.limit, "reached")

    def _gave(self, effect: object, noted: GiveNoted | EffectNoted) -> None:
        if noted.given:
            self._see(effect, "gives")

    def _limit(self, noted: LimitNoted) -> None:
        if noted.asked:
            self._see(noted.limit, "reached" if noted.passed < noted.asked else "leaves room")

    # ---- telling ----

    def files(self, sources: Mapping[str, Source]) -> list[FileCoverage]:
        """What was reached of each rule file that has anything to reach, in the order of the program."""
        return [self._file(number, name, sources.get(name)) for number, name in enumerate(self.core.files)
                if any(point.at.file == number for point in self.points.all)]  # fmt: skip

    def _file(self, number: int, name: str, source: Source | None) -> FileCoverage:
        points = sorted(
            (point for point in self.points.all if point.at.file == number),
            key=lambda point: (point.at.start, KINDS.index(point.kind), -point.at.end),
        )
        rows = _rows_of(source)
        told = [(_line(point, source), point, _words(point, source, rows)) for point in points]
        missed = tuple(
            Missed(name, line, point.kind, words, side)
            for line, point, words in told
            for side in point.sides
            if not self.seen[point, side]
        )
        seen = tuple(
            (line, point.kind, words, {side: self.seen[point, side] for side in point.sides})
            for line, point, words in told
        )
        kinds = {kind: self._share(point for point in points if point.kind == kind) for kind in KINDS}
        spans = tuple(_place(point, source) for point in points)
        return FileCoverage(
            name, self._share(points), {kind: share for kind, share in kinds.items() if share.all}, missed, seen, spans
        )

    def missing(self, sources: Mapping[str, Source]) -> list[tuple[Point, Missed]]:
        """What no test has reached, with the point that it is of, in the order of the text."""
        rows = {name: _rows_of(sources.get(name)) for name in self.core.files}
        found = []
        for point in sorted(
            self.points.all, key=lambda point: (point.at.file, point.at.start, KINDS.index(point.kind))
        ):
            name = self.core.files[point.at.file]
            source = sources.get(name)
            for side in point.sides:
                if not self.seen[point, side]:
                    words = _words(point, source, rows[name])
                    found.append((point, Missed(name, _line(point, source), point.kind, words, side)))
        return found

    def _share(self, points: Iterator[Point] | list[Point]) -> Share:
        sides = [bool(self.seen[point, side]) for point in points for side in point.sides]
        return Share(sum(sides), len(sides))


def total(files: list[FileCoverage]) -> Share:
    """What was reached of some files together."""
    return Share(sum(each.share.covered for each in files), sum(each.share.all for each in files))


def _row_taken(table: ir.Choose, noted: Noted) -> ir.ChooseRow | None:
    """The row whose value a table gave, or that ended the rule; None where its keys were never all read."""
    keys = [each.value for each in noted.inner[: len(table.keys)]]
    for row in table.rows:
        tests = list(enumerate(row.tests))
        if all(isinstance(test, ir.AnyTest) or (at < len(keys) and _passes(test, keys[at])) for at, test in tests):
            return row
    return None


def _passes(test: ir.InTest | ir.RangeTest, key: object) -> bool:
    if isinstance(test, ir.InTest):
        return key in test.values
    if not isinstance(key, int | Fraction):
        return False  # absent, or the test ended while it was read
    return (test.low is None or test.low <= key) and (test.high is None or key < test.high)


NEVER = {
    "acts": "never acts",
    "holds": "never holds",
    "fails": "never fails",
    "gives": "never gives",
    "takes": "never takes",
    "carries": "never carries",
    "leaves room": "never leaves room",
}
"""How a side is told that was not reached."""


def never(side: Side) -> str:
    """`never holds`, `is never taken`: that a side was not reached.

    >>> never("fails"), never("taken")
    ('never fails', 'is never taken')
    """
    return NEVER.get(side, f"is never {side}")


PLURALS: dict[Kind, str] = {
    "rule": "rules that act",
    "code": "codes presented and not",
    "thing": "things presented and not",
    "dates": "dates inside and outside",
    "condition": "conditions both ways",
    "row": "rows of tables",
    "sets": "sets formed",
    "keys": "keys found and not",
    "effect": "effects that give",
    "taking": "effects that take",
    "carry": "effects that carry",
    "limit": "limits reached and not",
    "tier path": "tier paths both ways",
}
"""What is counted of each kind."""


def _line(point: Point, source: Source | None) -> int:
    return source.place(point.at.start).line if source is not None else 0


def _place(point: Point, source: Source | None) -> Span:
    """Where a point is shown: of a whole rule its first line."""
    start, end = point.at.start, point.at.end
    if point.kind in _OF_RULES and source is not None:
        end = min(end, start + len(source.line(source.place(start).line)))
    return start, end


def _rows_of(source: Source | None) -> dict[Span, Span]:
    """By the value of a table's row: the whole row."""
    file = parse(source).file if source is not None else None
    nodes = (node for each in file.declarations for node in tree.walk(each)) if file is not None else ()
    return {node.value.span: node.span for node in nodes if isinstance(node, tree.Row)}


def _words(point: Point, source: Source | None, rows: Mapping[Span, Span]) -> str:
    """A point as its rule file writes it, on one line."""
    if point.kind in _OF_RULES:
        return f'{_OF_RULES[point.kind]}"{point.title}"'
    span = (point.at.start, point.at.end)
    if point.kind == "row":
        span = rows.get(span, span)
    text = " ".join(source.text[slice(*span)].split()) if source is not None else ""
    text = text if len(text) <= _MOST else text[: _MOST - 4] + " ..."
    return f"{point.title} `{text}`" if point.title else f"`{text}`"


_BEFORE_THINGS = ("code not presented", "no member", "outside its dates")
"""Where a rule stops before it asks for a thing that is to be presented; an offer with a code also at its limits."""
_BEFORE_KEYS = (*_BEFORE_THINGS, "lost", "not presented", "too few", "condition")
"""Where it stops before it looks for keys."""
_OF_RULES: dict[Kind, str] = {"rule": "", "code": "the code of ", "sets": "the sets of ", "keys": "the keys of "}
"""The points that are told by the title of their rule."""
_MOST = 70
"""Characters of a rule file that a line of the report shows."""
