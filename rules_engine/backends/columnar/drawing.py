"""What compiling gathers over all kinds of event: rows of columns, codes of texts, counters in memory, names.

In: a core. Out: the numbers of things, given when they are first asked for, and at the end a `Layout`.
"""

from __future__ import annotations

from typing import Any

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.expressions import hangs_on
from rules_engine.backends.columnar.layout import Counter, Given, Held, Layout, Off
from rules_engine.backends.columnar.making import Maker, NotColumnar
from rules_engine.backends.columnar.sectioning import FEW, planned
from rules_engine.backends.reference import World


class Drawing:
    """The layout under way, and the tables of the tape that grow with it."""

    def __init__(self, core: ir.Program, world: World) -> None:
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
        self.gives: list[Given] = []
        self.give_rows: list[tuple[int, ...]] = []
        self.effects: list[Off] = []
        self.effect_rows: list[tuple[int, ...]] = []
        self.coded: dict[str, int] = {}
        self.code_reasons: dict[str, int] = {name: place for place, name in enumerate(ops.CODE_REASONS)}
        self.sections: list[tuple[int, ...]] = []
        self.keys: list[tuple[int, ...]] = []
        self.blocks: list[int] = []
        many = len(core.rules) + len(core.offers) > FEW
        self.plan = planned(core) if many else {}
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
        if hangs_on(self.periods[name]):
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
            holdouts=(),
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
            says=(),
            charges=(),
            gifts=(),
            **owned,
        )
