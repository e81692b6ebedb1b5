"""What compiling gathers over all kinds of event: rows of columns, codes of texts, counters in memory, names.

In: a core. Out: the numbers of things, given when they are first asked for, and at the end a `Layout`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import hangs
from rules_engine.backends.columnar.layout import Counter, Given, Held, Kept, Layout, Off, Taking
from rules_engine.backends.columnar.writing.making import Maker, NotColumnar
from rules_engine.backends.columnar.writing.sectioning import planned
from rules_engine.backends.columnar.writing.shaping import Shapes
from rules_engine.backends.reference import World, denied
from rules_engine.planning import Plan, sampled


class Drawing:
    """The layout under way, and the tables of the tape that grow with it."""

    def __init__(self, core: ir.Program, world: World, found: Plan | None = None) -> None:
        # A rule that stands for a shape stands here while its code is written; others have their own world.
        world = msgspec.structs.replace(world, offers=dict(world.offers), rules=dict(world.rules))
        self.core, self.world, self.make = core, world, Maker()
        self.fields: dict[tuple[str, str], int] = {}
        self.line_fields: dict[tuple[str, str], int] = {}
        self.ragged: dict[tuple[str, str], int] = {}
        self.facts: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.day_rows: tuple[set[int], set[int], set[int]] = (set(), set(), set())
        self.needs_rank = False
        self.tracks: dict[str, int] = {}
        self.track_rows: list[tuple[int, ...]] = []
        self.track_counters: list[Counter] = []
        self.limits: dict[str, int] = {}
        self.limit_rows: list[tuple[int, ...]] = []
        self.limit_counters: list[Counter] = []
        self.holdings: dict[tuple[str, str], int] = {}
        self.held: list[Held] = []
        self.kept: dict[tuple[str, str], Any] = {}
        self.kept_layout: list[Kept] = []
        self.asked: dict[Any, int] = {}
        self._with: dict[type[ir.Node], bool] = {}
        self.line_lists: dict[tuple[str, str], int] = {}
        self.fact_lists: dict[str, int] = {}
        self.said: dict[tuple[str, str], int] = {}
        self.holdouts: dict[tuple[str, int], int] = {}
        self.gives: list[Given] = []
        self.give_rows: list[tuple[int, ...]] = []
        self.effects: list[Off] = []
        self.charges: list[tuple[str, str]] = []
        self.gifts: list[tuple[str, int]] = []
        self.effect_rows: list[tuple[int, ...]] = []
        self.coded: dict[str, int] = {}
        self.code_reasons: dict[str, int] = {name: place for place, name in enumerate(ops.CODE_REASONS)}
        self.sharing = False
        self.watched: dict[str, dict[str, int]] = {}
        self.reasons: dict[str, int] = {why: number for number, why in enumerate(ops.REASONS)}
        self.sections: list[tuple[int, ...]] = []
        self.keys: list[tuple[int, ...]] = []
        self.blocks: list[tuple[int, int]] = []
        self.stored: dict[str, int] = {}
        self.unit_rows: list[tuple[int, int, int, int]] = []
        self.debts: list[tuple[str, int]] = []
        self.takings: list[Taking] = []
        self.last: dict[str, int] = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.seen = -1
        found = planned(core) if found is None else found
        self.plan = {} if found is None else {each.rule: each for each in found.rules}
        self.sample = core if found is None else sampled(core, found)
        self.shapes = Shapes(core, self.plan)
        self.periods = {period.name: period for period in core.periods}
        self.rungs = tuple(rung.name for rung in core.tiers.rungs) if core.tiers is not None else ()

    # ---- columns ----

    def field(self, event: str, name: str) -> int:
        """The row of a field of an event."""
        return self.fields.setdefault((event, name), len(self.fields))

    def line_field(self, event: str, name: str) -> int:
        """The row of a field of its lines."""
        return self.line_fields.setdefault((event, name), len(self.line_fields))

    def listed(self, event: str, name: str) -> int:
        """The number of a field that is a list."""
        return self.ragged.setdefault((event, name), len(self.ragged))

    def fact(self, name: str) -> int:
        """The row of a fact."""
        return self.facts.setdefault(name, len(self.facts))

    def code(self, text: str) -> int:
        """The code of a text of the program."""
        return self.texts.setdefault(text, len(self.texts))

    # ---- days and counters ----

    def period(self, name: str, where: str) -> None:
        """A period that days are asked of; raises where days alone do not settle it."""
        if hangs(self.world, name):
            raise NotColumnar(f"{where}: `{name}` hangs on a fact or starts at a time of day")

    def window(self, window: ir.Window, where: str) -> tuple[int, int]:
        """The row of days that finds the occurrence of a window (-1: a lifetime), or its first day; and for how many
        days it has room (0: it does not move)."""
        match window.kind:
            case "lifetime":
                return -1, 0
            case "period":
                self.period(window.period, where)
                return self.make.day_row("key", None, window.period), 0
            case "rolling" if window.unit not in ("hour", "minute"):
                return self.make.day_row("since", None, window.count, window.unit), ops.WINDOW_DAYS
            case _:
                raise NotColumnar(f"{where}: it is kept for the last calendar units, or while a match is on trial")

    def track(self, track: ir.TrackDef) -> int:
        """The row of a track."""
        if track.name not in self.tracks:
            where = f"track `{track.name}`"
            plain = track.kind in ("sum", "count") and track.by_key is None and track.by is None and not track.by_line
            if not plain or track.owner != "member" or track.used:
                raise NotColumnar(f"{where}: it is no plain sum or count of the event's day")
            days, window = self.window(track.window, where)
            slot = self.make.slot(2 * window or ops.COUNTER_WIDTH)
            self.tracks[track.name] = len(self.track_rows)
            self.track_rows.append((slot, days, -1, window))
            self.track_counters.append(Counter(track.key, slot, window or 2))
        return self.tracks[track.name]

    def track_before(self, track: ir.TrackDef) -> int:
        """The same, whose occurrence before is read too."""
        row, window = self.track(track), track.window
        if window.kind == "period":
            slot, days, _, room = self.track_rows[row]
            self.track_rows[row] = (slot, days, self.make.day_row("before", None, window.period), room)
        return row

    def limit(self, limit: ir.LimitDef, where: str) -> int:
        """The row of a limit. Rules of one group share theirs."""
        if limit.owner == "shared":
            raise NotColumnar(f"{where}: all members share a limit")
        if limit.owner != "member" or limit.keys or limit.scope.by is not None or limit.scope.by_line:
            raise NotColumnar(f"{where}: a limit is not simply per member and period")
        if limit.key not in self.limits:
            days, window = self.window(limit.scope.window, where)
            slot = self.make.slot(2 * window or ops.COUNTER_WIDTH)
            self.limits[limit.key] = len(self.limit_rows)
            room = limit.times if limit.times is not None else limit.amount
            assert room is not None
            self.limit_rows.append((slot, days, room, window))
            self.limit_counters.append(Counter(limit.key, slot, window or 2))
        return self.limits[limit.key]

    def kept_limit(self, key: str, slot: int, most: int) -> int:
        """The number of a limit that has a block of entries."""
        if key not in self.limits:
            self.limits[key] = len(self.limit_rows)
            self.limit_rows.append((slot, -1, most, 0))
            self.limit_counters.append(Counter(key, slot, 0))
        return self.limits[key]

    def left(self, event: str, why: str) -> int:
        """The number of a reason for which some events of a kind are left to the rows."""
        number = self.reasons.setdefault(why, len(self.reasons))
        self.watched.setdefault(event, {})[why] = number
        return number

    def says(self, rule: str, text: str) -> int:
        """The number of a message."""
        return self.said.setdefault((rule, text), len(self.said))

    def holdout(self, salt: str, share: int) -> int:
        """The row of a holdout by share."""
        return self.holdouts.setdefault((salt, share), len(self.holdouts))

    def rules_with(self, kind: type[ir.Node]) -> tuple[ir.RuleDef, ...]:
        """All rules, where any of them has such a node, else none: one rule of each shape is looked at."""
        found = self._with.get(kind)
        if found is None:
            found = self._with[kind] = any(isinstance(node, kind) for node in ir.walk(self.sample.rules))
        return self.core.rules if found else ()

    def ask(self, question: Any, of: str) -> int:
        """The number of what is asked of a day, or an instant, and of facts."""
        return self.asked.setdefault((question, of), len(self.asked))

    def holding(self, tier: str, reason: str) -> int:
        """The number of a holding: of a tier, for a reason."""
        if (tier, reason) not in self.holdings:
            self.holdings[tier, reason] = len(self.held)
            self.held.append(Held(tier, reason, self.make.slot(ops.HOLDING_WIDTH)))
        return self.holdings[tier, reason]

    def give(self, rule: str, unit: str, place: int, row: tuple[int, ...]) -> int:
        """The row of an award."""
        self.gives.append(Given(rule, unit, place))
        self.give_rows.append((len(self.gives) - 1, *row))
        return len(self.give_rows) - 1

    def effect(self, rule: str, stage: str, number: int, row: tuple[int, ...]) -> int:
        """The row of an effect."""
        self.effects.append(Off(rule, stage, number))
        self.effect_rows.append((len(self.effects) - 1, *row))
        return len(self.effect_rows) - 1

    def unit(self, name: str, where: str) -> int:
        """The number of a unit whose lots are kept; raises where they cannot be."""
        if name not in self.stored:
            unit = self.world.units[name]
            reasons = {
                "belongs to a household": unit.owner != "member" or unit.apart,
                "is used in proportion": unit.use == "in proportion to balance",
                "is used soonest first, from the last of some events": name in self.world.spans
                and unit.use == "soonest first",
            }
            for why, holds in reasons.items():
                if holds:
                    raise NotColumnar(f"{where}: a {name} that is read or taken {why}")
            self.stored[name] = len(self.stored)
            slot = self.make.slot(1) if self._may_be_owed(unit) else -1
            gone, apart = self.span(unit, where)
            self.unit_rows.append((int(unit.use == "soonest first"), slot, gone, apart))
            if slot >= 0:
                self.debts.append((name, slot))
        return self.stored[name]

    def store_all(self) -> None:
        """Where units are taken, all that is given comes in stage by stage, also what nobody reads."""
        for give in self.gives if self.takings else ():
            if give.unit not in self.stored:
                self.stored[give.unit] = len(self.stored)
                self.unit_rows.append((0, -1, -1, 0))

    def span(self, unit: ir.UnitDef, where: str) -> tuple[int, int]:
        """The memory of the day up to which lots of a unit are gone, for want of some events (-1: it has no such life),
        and 1 where lots with an end of their own are not."""
        spans = self.world.spans.get(unit.name)
        if spans is None:
            return -1, 0
        if len(unit.lives) > 1 and unit.whichever == "last":
            raise NotColumnar(f"{where}: a {unit.name} lasts until the last of several ends")
        if unit.name not in self.spans:
            self.spans[unit.name] = self.make.slot(1), int(len(spans) == len(unit.lives))
        return self.spans[unit.name]

    def last_day(self, event: str) -> int:
        """The memory of the last day of a kind of event."""
        if event not in self.last:
            self.last[event] = self.make.slot(1)
        return self.last[event]

    def since(self) -> int:
        """The memory of the day on which the member was first seen."""
        if self.seen < 0:
            self.seen = self.make.slot(2)
        return self.seen

    def _may_be_owed(self, unit: ir.UnitDef) -> bool:
        deducts = (each for rule in self.core.rules for each in rule.effects if isinstance(each, ir.DeductDef))
        return (unit.floor is None or unit.floor < 0) and any(each.unit == unit.name for each in deducts)

    def taking(self, rule: str, unit: str, how: str) -> int:
        """The number of what takes units."""
        self.takings.append(Taking(rule, unit, how))
        return len(self.takings) - 1

    def kept_gives(self) -> list[tuple[int, int]]:
        """By award the number of its unit where its lots are kept, and of its source."""
        sources = {name: place for place, name in enumerate(self.sources())}
        return [(self.stored.get(give.unit, -1), sources.get(give.rule, -1)) for give in self.gives]

    def sources(self) -> tuple[str, ...]:
        """The rules that give units whose lots are kept, sorted."""
        return tuple(sorted({give.rule for give in self.gives if give.unit in self.stored}))

    def charge(self, rule: str, label: str) -> int:
        """The number of what a rule charges."""
        self.charges.append((rule, label))
        return len(self.charges) - 1

    def gift(self, rule: str, count: int) -> int:
        """The number of what a rule adds for nothing."""
        self.gifts.append((rule, count))
        return len(self.gifts) - 1

    def apart(self, rule: ir.OfferDef, other: ir.OfferDef) -> str:
        """On what two offers do not go together: a unit, a line, the basket; empty where they do."""
        return denied(rule, other) or ""

    def coded_rule(self, rule: str) -> int:
        """The number of a rule that waits for a code."""
        return self.coded.setdefault(rule, len(self.coded))

    def reason(self, words: str) -> int:
        """The number of what a code is told."""
        return self.code_reasons.setdefault(words, len(self.code_reasons))

    # ---- the end ----

    def layout(self, done: frozenset[str]) -> Layout:
        """Everything gathered."""
        core = self.core
        owned: dict[str, Any] = {
            "one_line": frozenset(event.name for event in core.events if event.lines is None),
            "currencies": {event.name: event.currency for event in core.events if event.name in done},
        }
        return Layout(
            kinds={event.name: place for place, event in enumerate(core.events)},
            fields=self.fields,
            line_fields=self.line_fields,
            ragged=self.ragged,
            facts=self.facts,
            texts=tuple(self.texts),
            needs_rank=self.needs_rank,
            holdouts=tuple(self.holdouts),
            day_fields=tuple(sorted(self.day_rows[0])),
            day_line_fields=tuple(sorted(self.day_rows[1])),
            day_facts=tuple(sorted(self.day_rows[2])),
            tracks=tuple(self.track_counters),
            limits=tuple(self.limit_counters),
            holdings=tuple(self.held),
            rungs=self.rungs,
            reasons=tuple(each.reason for each in self.held),
            gives=tuple(self.gives),
            effects=tuple(self.effects),
            coded=tuple(self.coded),
            code_reasons=tuple(self.code_reasons),
            says=tuple(self.said),
            charges=tuple(self.charges),
            gifts=tuple(self.gifts),
            takings=tuple(self.takings),
            stored=tuple(self.stored),
            sources=self.sources(),
            debts=tuple(self.debts),
            last=tuple(self.last.items()),
            spans=tuple((name, *row) for name, row in self.spans.items()),
            since=self.seen,
            kept=tuple(self.kept_layout),
            line_lists=self.line_lists,
            fact_lists=self.fact_lists,
            **owned,
        )
