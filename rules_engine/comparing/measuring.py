"""What a change comes to over a history: outcomes that differ, money and units before and after, who wins and loses.

In: two programs and the files of a history, read as `rules score` reads them. Out: an `Impact`. Both programs score
every event, each with its own states, carried from event to event. No outcome is kept: sums by rule, by tier and by
member are, and up to ten examples, whose explanations are made in a second run over the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from rules_engine.comparing.briefs import REFUSED, Brief, unlike
from rules_engine.comparing.changes import renames
from rules_engine.comparing.examples import Example, Wanted, explained
from rules_engine.comparing.pairing import Pair, pairs
from rules_engine.workbench import History, Progress, Replay, Standings, nothing

if TYPE_CHECKING:
    from rules_engine.feeds import Tally
    from rules_engine.outcome import Outcome
    from rules_engine.scoring import Program

EXAMPLES: Final = 10
PEOPLE: Final = 5

Sums: TypeAlias = dict[tuple[str, str, str], list[int]]
"""A rule or a tier, the unit or currency, what of it; the sums of the old program and of the new one."""


class Row(msgspec.Struct, frozen=True):
    """One line of a table: whose, of what, which sum; before and after."""

    name: str
    of: str
    column: str
    old: int
    new: int


class Person(msgspec.Struct, frozen=True):
    """How much more (or less) a member has with the new program: of a unit, or of money that is not to pay."""

    member: str
    of: str
    by: int


class Run(msgspec.Struct, frozen=True):
    """Where the rows of the files went with one program: read = scored + rejected + set aside."""

    read: int
    scored: int
    rejected: int
    set_aside: int
    scheduled: int
    reasons: tuple[str, ...]


class Impact(msgspec.Struct, frozen=True):
    """What a change comes to. `compared` are the events that at least one of the programs scored, those that happen by
    themselves among them; `changed` those whose outcomes differ, `ways` in what (one may differ in several). `moved`
    is the sum of all differences by unit or currency, gains and losses both counted as they are large."""

    runs: tuple[Run, Run]
    compared: int
    changed: int
    ways: dict[str, int]
    moved: dict[str, int]
    rules: tuple[Row, ...]
    tiers: tuple[Row, ...]
    members: int
    winners: tuple[Person, ...]
    losers: tuple[Person, ...]
    examples: tuple[Example, ...]


def measure(old: Program, new: Program, history: History, told: Progress | None = None) -> Impact:
    """Score a history with both programs; raises `FeedError` where a file cannot be used."""
    renamed = renames(old.core, new.core).rules
    sides = tuple(Replay(each, history, nothing()) for each in (old, new))
    count = Count(renamed, tuple(Standings(each.program.core, each.members) for each in sides))
    for pair in pairs(sides[0], sides[1], renamed, count.seen, told):
        count.add(pair)
    runs = _run(sides[0]), _run(sides[1])
    examples = explained(old, new, history, count.wanted())
    return Impact(
        runs,
        count.compared,
        count.changed,
        count.ways,
        dict(sorted(count.moved.items())),
        _rows(count.rules, count.touched),
        _rows(count.tiers, frozenset()),
        len(count.people),
        _extreme(count.people, 1),
        _extreme(count.people, -1),
        examples,
    )


def _run(replay: Replay) -> Run:
    tally: Tally = replay.tally
    aside = sum(each.events for each in tally.set_aside.values())
    return Run(
        tally.read.events,
        tally.scored.events,
        tally.rejected.events,
        aside,
        tally.scheduled,
        replay.refusals.written(),
    )


class Count:
    """The sums, one pair after the other."""

    def __init__(self, renamed: Mapping[str, str], standings: tuple[Standings, ...]) -> None:
        self.renamed = renamed
        self.standings = standings
        self.compared = 0
        self.changed = 0
        self.ways: dict[str, int] = {}
        self.moved: dict[str, int] = {}
        self.rules: Sums = {}
        self.touched: set[tuple[str, str, str]] = set()
        self.tiers: Sums = {}
        self.people: dict[str, dict[str, int]] = {}
        self.kinds: dict[object, Wanted] = {}
        self.first: list[Wanted] = []

    def seen(self, side: int, outcome: Outcome, one: Brief) -> None:
        """Count an outcome of one side, when it comes."""
        tier = self.standings[side].before(outcome)
        for (rule, of, column), amount in one.amounts.items():
            self.rules.setdefault((rule, of, column), [0, 0])[side] += amount
            self.tiers.setdefault((tier, of, column), [0, 0])[side] += amount

    def add(self, pair: Pair) -> None:
        """Count the difference of one event."""
        old, new = pair.old, pair.new
        one = old or new
        assert one is not None
        if old is None or new is None:
            old, new = old or Brief(one.event, one.id, one.member), new or Brief(one.event, one.id, one.member)
            ways = () if one.nothing and one.refused is None else unlike(old, new)
        elif old.refused is not None and new.refused is not None:
            return
        else:
            ways = unlike(old, new)
        self.compared += 1
        if ways:
            self.changed += 1
            for way in ways:
                self.ways[way] = self.ways.get(way, 0) + 1
            self._move(old, new)
            self._keep(pair.row, ways, old, new)

    def _move(self, old: Brief, new: Brief) -> None:
        """By how much each unit and each currency moved, in all and for the member."""
        better: dict[str, int] = {}
        for key in old.amounts.keys() | new.amounts.keys():
            _, of, column = key
            by = new.amounts.get(key, 0) - old.amounts.get(key, 0)
            if by:
                self.touched.add(key)
            if column in _OWNED and by:
                self.moved[of] = self.moved.get(of, 0) + abs(by)
                better[of] = better.get(of, 0) + _OWNED[column] * by
        for currency in {old.to_pay[0], new.to_pay[0]} - {""}:
            before, after = (each.to_pay[1] if each.to_pay[0] == currency else 0 for each in (old, new))
            if REFUSED not in unlike(old, new) and before != after:
                self.moved[currency] = self.moved.get(currency, 0) + abs(after - before)
                better[currency] = better.get(currency, 0) + before - after
        member = new.member or old.member
        if member is not None and better:
            sums = self.people.setdefault(member, {})
            for of, by in better.items():
                sums[of] = sums.get(of, 0) + by

    def _keep(self, row: int, ways: tuple[str, ...], old: Brief, new: Brief) -> None:
        """The first event of each kind of difference, and the first of all."""
        wanted = Wanted(new.event or old.event, new.id or old.id, new.member or old.member, row, ways)
        unlike_sums = {
            key for key in old.amounts.keys() | new.amounts.keys() if old.amounts.get(key) != new.amounts.get(key)
        }
        kind = ways, frozenset((rule, column) for rule, _, column in unlike_sums)
        if len(self.kinds) < EXAMPLES:
            self.kinds.setdefault(kind, wanted)
        if len(self.first) < EXAMPLES:
            self.first.append(wanted)

    def wanted(self) -> tuple[Wanted, ...]:
        """Up to ten examples, in the order of the run: one of each kind of difference, then the first that differ."""
        return tuple(dict.fromkeys((*self.kinds.values(), *self.first)))[:EXAMPLES]


_OWNED: Final[dict[str, int]] = {"given": 1, "used": -1}
"""Sums of units, and whether more of it is more for the member. Money is counted by what is to pay."""


def _rows(sums: Sums, touched: Set[tuple[str, str, str]]) -> tuple[Row, ...]:
    """By name: sums that differ, and those that came out the same though events of them differ."""
    rows = [Row(*key, old, new) for key, (old, new) in sorted(sums.items()) if old != new or key in touched]
    return tuple(rows)


def _extreme(people: Mapping[str, Mapping[str, int]], sign: int) -> tuple[Person, ...]:
    """Of each unit and currency the members with the largest gain (or loss)."""
    found = [Person(member, of, by) for member, sums in people.items() for of, by in sums.items() if sign * by > 0]
    found.sort(key=lambda each: (each.of, -sign * each.by, each.member))
    kept: dict[str, list[Person]] = {}
    for each in found:
        listed = kept.setdefault(each.of, [])
        if len(listed) < PEOPLE:
            listed.append(each)
    return tuple(each for listed in kept.values() for each in listed)
