"""How near an event came to what it did not get: near misses, each proved by scoring the changed event.

In: a program and an event as `explain` takes it. Out: `Near`. The reference's trace says of every rule which part of
its condition failed, with what was there and what was required. From that part come levers (`levers.py`): quantities of
the event that could move. Each is moved until the rule acts, by scoring the changed event, and then held against one
step less, which must not do. Where the rule then fails on another part, that is mended as well, up to `CHANGES_MAX`
changes, and each is made as small as it can be beside the others.

Rules are tried in the order of how far their failed comparison is away, first with one change, then with several, until
`SHOWN_MAX` are proved or `RUNS_MAX` events were scored: the work is bounded whatever the program's size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import Noted, OfferNoted, Reference, RuleNoted, Trace, WayNoted
from rules_engine.event import Event, Facts
from rules_engine.outcome import EventRefused, Outcome, People
from rules_engine.scoring.gains import Gains
from rules_engine.scoring.levers import CODE_AWAY, Lever, Levers, field_of, moved
from rules_engine.scoring.measures import FIELD_DAY, Measures
from rules_engine.scoring.nearly import Changed, Near, NearMiss
from rules_engine.scoring.reasons import leaves, reason
from rules_engine.scoring.texts import Texts
from rules_engine.state import Shared, State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

SHOWN_MAX = 12
CHANGES_MAX = 3
RUNS_MAX = 600
TRACES_MAX = 16
_LEVERS_TRIED = 8
_GROWTHS = 4

Missed: TypeAlias = RuleNoted | OfferNoted | WayNoted
Moves: TypeAlias = tuple[tuple[Lever, int], ...]
"""Levers, and by how many steps each is moved."""


def near_misses(
    program: Program,
    reference: Reference,
    event: Event,
    facts: Facts,
    state: State,
    shared: Shared | None = None,
    people: People | None = None,
) -> Near:
    """The near misses of an event, the nearest first; raises `EventRefused` as scoring does."""
    asked = Asked(program, reference, event, facts, state, shared, people)
    return asked.near()


class Candidate(msgspec.Struct, frozen=True):
    """Something that did not act, why in words, and the levers that may change that."""

    missed: Missed
    because: str
    levers: tuple[Lever, ...]

    @property
    def away(self) -> Fraction:
        """How far it is, at a guess."""
        return min((lever.away for lever in self.levers), default=Fraction(1))


class Asked:
    """One event and everybody whom it touches, to be scored again with changes."""

    def __init__(
        self,
        program: Program,
        reference: Reference,
        event: Event,
        facts: Facts,
        state: State,
        shared: Shared | None,
        people: People | None,
    ) -> None:
        self.program, self.reference, self.event = program, reference, event
        self.world = reference.world
        self.kind = self.world.events[event.name]
        self.measures = Measures(self.world, event.name, event.currency)
        self.texts = Texts(program.core, program.sources)
        self._known = facts, state, shared, people
        self._runs = RUNS_MAX
        self._traces = TRACES_MAX
        self._kept: dict[Moves, Outcome | None] = {}

    # ---- what failed ----

    def near(self) -> Near:
        """All near misses."""
        before = self._scored(self.event)
        trace = self._traced(self.event)
        assert before is not None
        assert trace is not None
        found = [each for each in self._candidates(self.event, trace, before) if each.levers or each.because]
        within = sorted((each for each in found if each.levers), key=lambda each: each.away)
        misses: list[tuple[int, Fraction, int, NearMiss]] = []
        done: set[int] = set()
        for most, kept in ((1, RUNS_MAX // 3), (CHANGES_MAX, 0)):
            for number, each in enumerate(within):
                if len(misses) >= SHOWN_MAX or self._runs <= kept:
                    break
                if number in done:
                    continue
                proved = self._proved(each, before, most)
                if proved is not None:
                    moves, miss = proved
                    misses.append((len(moves), sum((_away(*one) for one in moves), Fraction()), number, miss))
                if proved is not None or most == CHANGES_MAX:
                    done.add(number)
        outside = [self._unproved(each) for each in found if not each.levers]
        shown = [miss for *_, miss in sorted(misses, key=lambda each: each[:3])]
        room = max(0, SHOWN_MAX - len(shown))
        return Near((*shown, *outside[:room]), len(within) - len(done) + max(0, len(outside) - room))

    def _candidates(self, event: Event, trace: Trace, outcome: Outcome) -> Iterator[Candidate]:
        levers = Levers(self.world, event)
        for missed in itertools.chain[RuleNoted | OfferNoted](trace.offers, trace.rules):
            if not self._acts(outcome, missed):
                yield from self._candidate(missed, levers, trace)
        best: dict[int, WayNoted] = {}
        for way in trace.ways:
            if not way.holds and way.inner and way.rung > self._rung(outcome):
                best[way.rung] = way
        for way in best.values():
            yield from self._failed(way, way.inner[-1], levers)

    def _rung(self, outcome: Outcome) -> int:
        """The rung that the member holds after the event."""
        if outcome.tiers:
            return self.world.rungs.get(outcome.tiers[-1].after, 0)
        held = outcome.before.get("tier")
        return held if isinstance(held, int) else self.world.rungs.get(str(held), 0)

    def _candidate(self, missed: RuleNoted | OfferNoted, levers: Levers, trace: Trace) -> Iterator[Candidate]:
        rule = missed.rule if isinstance(missed, RuleNoted) else missed.offer
        match missed.why:
            case "condition" | "outside its dates" if missed.inner:
                yield from self._failed(missed, missed.inner[-1], levers)
            case "code not presented" if not isinstance(rule, ir.MatchDef) and rule.code is not None:
                yield Candidate(missed, "none of its codes was presented", tuple(levers.code(rule.code)))
            case "not presented" | "too few" if not isinstance(rule, ir.MatchDef) and rule.thing is not None:
                yield Candidate(missed, "", tuple(levers.presented(rule.thing)))
            case "no mark reached" if isinstance(rule, ir.RuleDef) and isinstance(rule.loop, ir.MarksDef):
                now = next((each.after for each in trace.tracks if each.track.name == rule.loop.track), 0)
                yield Candidate(missed, "", tuple(levers.mark(rule.loop, now)))
            case _:
                return

    def _failed(self, missed: Missed, noted: Noted, levers: Levers) -> Iterator[Candidate]:
        """A condition that is false: the levers of all parts of it that failed."""
        parts = list(leaves(noted, True))
        found = [lever for each, sought in parts for lever in levers.of(each, sought)]
        because = "; ".join(dict.fromkeys(reason(each, sought, self.texts, self.measures) for each, sought in parts))
        yield Candidate(missed, because, tuple(sorted(found, key=lambda lever: lever.away)))

    # ---- proving ----

    def _proved(self, candidate: Candidate, before: Outcome, most: int) -> tuple[Moves, NearMiss] | None:
        """The least changes with which it acts, nearest lever first; None where none was found among so many."""
        found = self._search(candidate, (), most)
        if found is None:
            return None
        moves, because = found
        outcome = self._after(moves)
        if outcome is None or not self._acts(outcome, candidate.missed) or not self._least(moves, candidate.missed):
            return None
        gains = Gains(self.measures, before, outcome)
        key, title, place = self._named(candidate.missed)
        gives = gains.of_tier(title) if isinstance(candidate.missed, WayNoted) else gains.of_rule(key)
        miss = NearMiss(
            rule=key,
            title=title,
            place=place,
            because=because,
            changes=tuple(self._changed(lever, steps) for lever, steps in moves),
            proved=True,
            gives=gives,
            besides=gains.besides(key, gives),
        )
        return moves, miss

    def _search(self, candidate: Candidate, done: Moves, most: int) -> tuple[Moves, tuple[str, ...]] | None:
        """Moves that make it act, and why it did not before each of them."""
        because = (candidate.because,) if candidate.because else ()
        levers = candidate.levers[:_LEVERS_TRIED]
        for lever in levers:
            steps = self._least_steps(lever, done, candidate.missed)
            if steps is not None:
                return self._trimmed(_merged((*done, (lever, steps))), candidate.missed), because
        if len(done) + 1 >= most:
            return None
        for lever in levers[:2]:
            tried = (*done, (lever, lever.guess))
            following = self._next(tried, candidate.missed)
            if following is not None and following.because != candidate.because:
                found = self._search(following, tried, most)
                if found is not None:
                    return found[0], (*because, *found[1])
        return None

    def _next(self, moves: Moves, missed: Missed) -> Candidate | None:
        """What else fails once these moves are made."""
        event = self._moved(moves)
        if event is None:
            return None
        trace, outcome = self._traced(event), self._scored(event)
        if trace is None or outcome is None:
            return None
        found = (each for each in self._candidates(event, trace, outcome) if _same(each.missed, missed))
        return next((each for each in found if each.levers), None)

    def _least_steps(self, lever: Lever, done: Moves, missed: Missed) -> int | None:
        """The number of steps with which it acts, though not with one less; None where none was found."""

        def acts(steps: int) -> bool:
            outcome = self._after((*done, (lever, steps)))
            return outcome is not None and self._acts(outcome, missed)

        if lever.kind in ("value", "code"):
            return 1 if acts(1) else None
        return _least(acts, lever.guess)

    def _trimmed(self, moves: Moves, missed: Missed) -> Moves:
        """Each number of steps as small as it can be beside the others."""
        if len(moves) == 1:
            return moves
        for place, (lever, _) in enumerate(moves):
            if lever.kind not in ("value", "code"):
                moves = self._shorter(moves, place, missed)
        return moves

    def _shorter(self, moves: Moves, place: int, missed: Missed) -> Moves:
        lever, steps = moves[place]

        def acts(fewer: int) -> bool:
            outcome = self._after((*moves[:place], (lever, fewer), *moves[place + 1 :]))
            return outcome is not None and self._acts(outcome, missed)

        found = steps if not acts(steps - 1) else _between(acts, 0, steps - 1)
        return (*moves[:place], (lever, found), *moves[place + 1 :])

    def _least(self, moves: Moves, missed: Missed) -> bool:
        """Whether each change is needed: with one step less of any, it does not act."""
        for place, (lever, steps) in enumerate(moves):
            fewer = steps - 1 if lever.kind not in ("value", "code") else 0
            kept = ((lever, fewer),) if fewer else ()
            outcome = self._after((*moves[:place], *kept, *moves[place + 1 :]))
            if outcome is not None and self._acts(outcome, missed):
                return False
        return True

    def _moved(self, moves: Moves) -> Event | None:
        event: Event | None = self.event
        for lever, steps in moves:
            event = None if event is None else moved(event, lever, steps, self.kind, self.world.core.header)
        return event

    def _after(self, moves: Moves) -> Outcome | None:
        if moves not in self._kept:
            event = self._moved(moves)
            self._kept[moves] = None if event is None else self._scored(event)
        return self._kept[moves]

    def _scored(self, event: Event) -> Outcome | None:
        if self._runs <= 0:
            return None
        self._runs -= 1
        facts, state, shared, people = self._known
        try:
            return self.program.outcome(event, facts, state, shared, people)
        except EventRefused:
            if event is self.event:
                raise
            return None

    def _traced(self, event: Event) -> Trace | None:
        if self._traces <= 0:
            return None
        self._traces -= 1
        facts, state, shared, people = self._known
        trace = Trace()
        try:
            self.reference.traced(self.reference.placed(event, facts, state), facts, state, trace, shared, people)
        except EventRefused:
            if event is self.event:
                raise
            return None
        return trace

    def _acts(self, outcome: Outcome, missed: Missed) -> bool:
        """Whether a rule gave, took or said something, or whether a tier, or a higher one, was reached."""
        match missed:
            case WayNoted(rung=rung):
                return any(self.world.rungs.get(each.after, 0) >= rung for each in outcome.tiers)
            case RuleNoted(rule=rule) | OfferNoted(offer=rule):
                return acted(outcome, rule.key)

    # ---- words ----

    def _unproved(self, candidate: Candidate) -> NearMiss:
        key, title, place = self._named(candidate.missed)
        return NearMiss(key, title, place, (candidate.because,), (), False)

    def _named(self, missed: Missed) -> tuple[str, str, str]:
        """The key, the title and the place of what was missed; of a tier its name."""
        match missed:
            case WayNoted(rung=rung):
                tiers = self.world.core.tiers
                assert tiers is not None
                return "", tiers.rungs[rung].name, self.texts.place(missed.way.condition.at)
            case RuleNoted(rule=rule):
                return rule.key, rule.title, self.texts.place(rule.at)
            case OfferNoted(offer=offer):
                return offer.key, offer.title, self.texts.place(offer.at)

    def _changed(self, lever: Lever, steps: int) -> Changed:
        """A change in words."""
        event = moved(self.event, lever, steps, self.kind, self.world.core.header)
        assert event is not None
        line = None if lever.line is None or self.kind.lines is None else lever.line + 1
        show, field = self.measures.show, field_of(self.kind, lever)
        measure = self.measures.field(field)
        match lever.kind:
            case "number":
                before = self._there(self.event, lever)
                after = self._there(event, lever)
                amount = show(steps, measure)
                word = "more" if lever.way > 0 else "less"
                named = amount if measure.kind in ("money", "unit") else _counted(steps, lever.field, word)
                said = f"{amount} {word}{self._each(lever)}" if named is amount else named
                return Changed(said, lever.field, line, show(before, measure), show(after, measure))
            case "day":
                days = abs(event.day - self.event.day)
                said = f"{days} day{'' if days == 1 else 's'} {'later' if lever.way > 0 else 'earlier'}"
                return Changed(said, lever.field, line, show(self.event.day, FIELD_DAY), show(event.day, FIELD_DAY))
            case "code":
                return Changed(f"code {lever.value}", lever.field, None, "", str(lever.value))
            case "value":
                shown = show(lever.value, measure)
                said = f"{lever.field} {shown}" + (f" on line {line}" if line is not None else "")
                return Changed(said, lever.field, line, show(self._there(self.event, lever), measure), shown)
            case "line":
                said = f"{steps} more line{'' if steps == 1 else 's'}"
                return Changed(said, "lines", line, str(len(self.event.lines)), str(len(event.lines)))

    def _each(self, lever: Lever) -> str:
        """That an amount is meant for each piece of a line."""
        if not self.kind.list_each or lever.line is None or lever.field != self.kind.list_field:
            return ""
        pieces = self.event.lines[lever.line].get(self.kind.quantity_field) if self.kind.quantity_field else 1
        return " a piece" if isinstance(pieces, int) and pieces > 1 else ""

    def _there(self, event: Event, lever: Lever) -> int | str | bool | tuple[int | str, ...] | None:
        values = event.fields if lever.line is None else event.lines[lever.line]
        return values.get(lever.field)


def _counted(steps: int, field: str, word: str) -> str:
    """`1 more night`, `2 fewer nights`."""
    one = field[:-1] if steps == 1 and field.endswith("s") and not field.endswith("ss") else field
    return f"{steps} {'more' if word == 'more' else 'fewer'} {one.replace('_', ' ')}"


def _away(lever: Lever, steps: int) -> Fraction:
    """How far a change really is: as the guess said, for as many steps as it took."""
    return (
        lever.away * Fraction(steps, lever.guess) if lever.guess and lever.kind not in ("value", "code") else CODE_AWAY
    )


def _merged(moves: Moves) -> Moves:
    """Moves of which each has a quantity of its own: two of one are added up, of two values the last counts."""
    found: dict[tuple[str, int | None, str], tuple[Lever, int]] = {}
    for lever, steps in moves:
        key = lever.field, lever.line, str(lever.value) if lever.kind == "code" else ""
        before = found.pop(key, None)
        if before is None or lever.kind == "value":
            found[key] = lever, steps
            continue
        whole = before[0].way * before[1] + lever.way * steps
        if whole:
            found[key] = msgspec.structs.replace(lever, way=1 if whole > 0 else -1), abs(whole)
    return tuple(found.values())


def _least(acts: Callable[[int], bool], guess: int) -> int | None:
    """A number of steps that does, where one less does not; from a guess, which is mostly right. None where neither the
    guess nor a few times as much does."""
    low, high = 0, max(guess, 1)
    for _ in range(_GROWTHS):
        if acts(high):
            return high if high - low == 1 or not acts(high - 1) else _between(acts, low, high - 1)
        low, high = high, high * 2
    return None


def _between(acts: Callable[[int], bool], low: int, high: int) -> int:
    """With `low` steps it does not act, with `high` it does: two neighbours of that kind between them."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if acts(middle) else (middle, high)
    return high


def _same(one: Missed, other: Missed) -> bool:
    match one, other:
        case WayNoted(), WayNoted():
            return one.rung == other.rung
        case RuleNoted(), RuleNoted():
            return one.rule.key == other.rule.key
        case OfferNoted(), OfferNoted():
            return one.offer.key == other.offer.key
        case _:
            return False


def acted(outcome: Outcome, key: str) -> bool:
    """Whether a rule, an offer or a match did anything on an event."""
    given = (
        [each.given for each in outcome.awards if each.rule == key],
        [each.given for each in outcome.discounts if each.rule == key],
        [each.taken for each in outcome.taken if each.rule == key],
        [each.count for each in outcome.gifts if each.rule == key],
        [each.amount for each in outcome.charges if each.rule == key],
    )
    return (
        any(any(amounts) for amounts in given)
        or any(each.rule == key for each in outcome.said)
        or any(each.reason == key for each in outcome.tiers)
    )
