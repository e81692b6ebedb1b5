"""Putting values where a condition reads them: what a test gives so that `net` is 40 GBP, a day lies in a season, two
lines are cakes.

In: a read of the core and the value that it should have. Out: the scene, changed; False where a test cannot say it
directly. What several reads share (the price of one line in two sums) is settled by the run that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, Final

from rules_engine import ir
from rules_engine.calendar import Duration, add_duration, local_day, local_instant, subtract_duration
from rules_engine.occurrences import Context, contains, start_of
from rules_engine.periods import anchors
from rules_engine.values import ValueFault
from rules_engine.workbench import billing
from rules_engine.workbench.aims import row_condition
from rules_engine.workbench.scenes import bounds_of, usual, usual_day
from rules_engine.workbench.seeing import Seen

NEAR: Final = 800
"""How many days before and behind a day are looked at for one that lies in a period, or outside it."""
HOURS: Final = (12, 0, 3, 6, 9, 15, 18, 20, 22, 23)


class Hand(Seen):
    """Changes one scene; `line` is the line at hand, which conditions of lines are about."""

    def on(self, line: int) -> Hand:
        """The same scene, another line at hand."""
        return Hand(self.scene, self.cast, self.owner, line)

    # ---- conditions ----

    def make(self, node: ir.Expr, truth: bool) -> bool:
        """Make a condition true or false."""
        match node:
            case ir.Flg(value=value):
                return value is truth
            case ir.Not(value=value):
                return self.make(value, not truth)
            case ir.All(parts=parts) | ir.Any(parts=parts):
                if isinstance(node, ir.All) is truth:
                    made = [self.make(part, truth) for part in parts]  # all of them, also behind one that fails
                    return all(made)
                return any(self.make(part, truth) for part in parts)
            case ir.HasMember():
                return self.member(truth)
            case ir.Has(value=value):
                return self.present(value, truth)
            case ir.Cmp():
                return self.compare(node, truth)
            case ir.OneOf(value=value, items=items):
                wanted = next(iter(items)) if truth else self.other(value, items)
                return wanted is not None and self.put(value, wanted)
            case ir.InPeriod():
                return self.in_period(node, truth)
            case ir.InField(value=value, items=items):
                return self.in_list(value, items, truth)
            case ir.InImported(value=value, column=column):
                listed = next(each for each in self.core.imports if each.name == column).values
                return self.put(value, listed[0] if truth and listed else _fresh(listed))
            case ir.Multiple(value=value, factor=factor):
                return self.put(value, factor if truth else factor + 1)
            case ir.Reaches(track=track, bound=bound):
                found = self.known(bound)
                if truth:
                    self.moves(track)
                return isinstance(found, int) and self.track(track, max(0, found - 1) if truth else 0)
            case _:
                return self.put(node, truth)

    def moves(self, name: str) -> None:
        """The event moves a track, as far as its conditions say."""
        track = next(each for each in self.core.tracks if each.name == name)
        if track.where is not None:
            self.make(track.where, True)
        if track.line_where is not None:
            billing.matching(self, track.line_where)

    def member(self, truth: bool) -> bool:
        """A member, or a guest where the event may be one's."""
        owner = self.event.owner
        if truth:
            if self.scene.facts is None:
                self.scene.facts = {}
            return True
        if not any(field.name == owner and field.optional for field in self.event.fields):
            return False
        self.scene.facts, self.scene.tier, self.scene.kept = None, 0, ()
        self.scene.tracks, self.scene.balances, self.scene.used = {}, {}, {}
        self.scene.fields.pop(owner, None)
        return True

    def present(self, node: ir.Expr, truth: bool) -> bool:
        """An optional that is there, or is not."""
        day = usual_day(self.core)
        match node:
            case ir.Field(name=name):
                if name == self.event.owner:
                    return self.member(truth)
                values, field = self.scene.fields, self.cast.field(self.scene, name)
            case ir.LineField(name=name) if self.at is not None:
                values, field = self.at, self.cast.field(self.scene, name, line=True)
            case ir.MemberField(name=name):
                self.member(True)
                assert self.scene.facts is not None
                values, field = self.scene.facts, self.cast.fact(name)
            case ir.TrackRead(track=name):
                return self.track(name, day) if truth else not self.scene.tracks.pop((name, None), None)
            case ir.Imported(table=table, key=key):
                keys = next(each for each in self.core.imports if each.name == table).keys or ()
                return self.put(key, keys[0] if truth and keys else _fresh(keys))
            case _:
                return False
        if not truth:
            values.pop(name, None)
            return field is not None and field.optional
        if field is not None and values.get(name) is None:
            values[name] = self.usual(field, day)
        return field is not None

    def usual(self, field: ir.FieldDef, day: int) -> Any:
        """A value of an optional field; of what somebody else names, a person."""
        if field.kind == "member":
            self.scene.people.setdefault("friend", self.person())
            return "friend"
        return usual(field, day, self.core, self.scene.currency)

    def compare(self, node: ir.Cmp, truth: bool) -> bool:
        """A comparison of two reads: one is moved to where the other is."""
        op = node.op if truth else _OPPOSITE[node.op]
        for one, other, how in ((node.left, node.right, op), (node.right, node.left, _FLIPPED[op])):
            found = self.known(other)
            if found is None or isinstance(one, ir.Num | ir.Txt | ir.Flg):
                continue
            if isinstance(found, bool):
                return self.make(one, found is (how == "="))
            if isinstance(found, str):
                if self.put(one, found if how == "=" else _fresh((found,))):
                    return True
            elif self.put(one, found + _STEP[how]):
                return True
        return False

    def other(self, node: ir.Expr, items: tuple[Any, ...]) -> Any:
        """A value that is none of some."""
        if isinstance(items[0], bool):
            return not items[0] if len(set(items)) == 1 else None
        if isinstance(items[0], int):
            return max(items) + 1
        field = self.field_of(node)
        if field is not None and field.choices:
            return next((each for each in field.choices if each not in items), None)
        return _fresh(items)

    def in_list(self, value: ir.Expr, items: ir.Expr, truth: bool) -> bool:
        """A value that is in a list, or is not."""
        found = self.known(value)
        if found is None and not self.put(value, "a"):
            return False
        item = self.known(value)
        return self.put(items, (item,) if truth else ())

    # ---- periods ----

    def in_period(self, node: ir.InPeriod, truth: bool, moved: bool = False) -> bool:
        """A day, or a moment, that lies in a period, or outside it."""
        period = next(each for each in self.core.periods if each.name == node.period).period
        reads = ir.anchor_reads(self.core)
        found: dict[str, int] = {}
        for key in anchors(period):
            read = reads.get(key)
            day = None if read is None else self.known(read)
            if day is None and read is not None and self.put(read, self.cast.day(self.scene) - 10):
                day = self.known(read)
            if not isinstance(day, int):
                return False
            found[key] = day
        header = self.core.header
        context = Context(self.cast.zone, header.week_start, header.leap_day, found)
        start = self.known(node.value)
        middle = start if isinstance(start, int) else self.cast.day(self.scene)
        if node.instant and isinstance(start, int):
            middle = local_day(start, self.cast.zone)
        for away in range(2 * NEAR):
            day = middle + (away // 2 + 1 if away % 2 else -(away // 2))
            if isinstance(node.value, ir.Today | ir.Now) and not self.cast.in_terms(day):
                continue
            moments = [local_instant(day, hour * 3600, self.cast.zone) for hour in HOURS] if node.instant else [None]
            for moment in moments:
                try:
                    holds = contains(period, day, context, moment)
                except ValueFault:
                    return False
                if holds is truth:
                    return self.put(node.value, day if moment is None else moment)
        return truth and not moved and self.anchored(node, found, reads)

    def anchored(self, node: ir.InPeriod, found: Mapping[str, int], reads: Mapping[str, ir.Expr]) -> bool:
        """No day near lies in the period: what it hangs on is moved to a few days before."""
        moved = [self.put(reads[key], self.cast.day(self.scene) - 5) for key in found if key in reads]
        return any(moved) and self.in_period(node, True, moved=True)

    # ---- reads ----

    def put(self, node: ir.Expr, value: Any) -> bool:  # noqa: C901 - one arm for each form
        """Give a read a value."""
        match node:
            case ir.Field(name=name):
                return self.set(self.scene.fields, self.cast.field(self.scene, name), value)
            case ir.LineField(name=name):
                return self.at is not None and self.set(self.at, self.cast.field(self.scene, name, line=True), value)
            case ir.MemberField(name=name):
                self.member(True)
                assert self.scene.facts is not None
                return self.set(self.scene.facts, self.cast.fact(name), value)
            case ir.PersonField(person=person, name=name):
                who = self.scene.fields.setdefault(person, "friend")
                return self.set(self.scene.people.setdefault(str(who), self.person()), self.cast.fact(name), value)
            case ir.HasMember():
                return self.member(bool(value))
            case ir.Today():
                self.cast.set_day(self.scene, int(value))
                return True
            case ir.Now():
                return self.moment(int(value))
            case ir.DayOf(instant=ir.Field(name=name)):
                if name == self.event.dated_by:
                    self.cast.set_day(self.scene, int(value))
                else:
                    self.scene.fields[name] = local_instant(int(value), 12 * 3600, self.cast.zone)
                return True
            case ir.AddTime(day=day, count=count, unit=unit):
                span = Duration(abs(count), unit)  # type: ignore[arg-type]
                back = subtract_duration if count >= 0 else add_duration
                return self.put(day, back(int(value), span))
            case ir.TierRead(which="held"):
                self.member(True)
                self.scene.tier = int(value)
                if self.cast.from_host and self.scene.facts is not None:
                    self.scene.facts["tier"] = int(value)
                return True
            case ir.TrackRead(track=track, previous=previous):
                return self.previous(track, int(value)) if previous else self.track(track, int(value))
            case ir.BalanceRead(unit=unit):
                self.member(True)
                self.scene.kept = tuple(each for each in self.scene.kept if type(each).__name__ != "GivenBalance")
                self.scene.balances[unit] = int(value)
                if not value:
                    del self.scene.balances[unit]
                return True
            case ir.MarkRead():
                loop = self.owner.loop if isinstance(self.owner, ir.RuleDef) else None
                return isinstance(loop, ir.MarksDef) and self.track(loop.track, int(value) - 1)
            case ir.KeyRead():
                return self.key(value)
            case ir.CurrencyRead():
                self.scene.currency = str(value)
                return True
            case ir.LineMoney() | ir.Basis():
                return billing.price(self, self.line or 0, int(value))
            case ir.LineQuantity():
                return billing.quantity(self, self.line or 0, int(value))
            case ir.Fold():
                return billing.fold(self, node, int(value))
            case ir.Picked(select=select):
                return billing.matching(self, select.where) and billing.price(self, self.line or 0, int(value))
            case ir.KeyFold(track=track, op=op):
                return self.keys(track, op, int(value))
            case ir.Imported(table=table, key=key):
                return self.imported(table, key, value)
            case ir.Choose():
                return self.choose(node, value)
            case _:
                return self.through(node, value)

    def through(self, node: ir.Expr, value: Any) -> bool:
        """A number that is worked out from others: the first of them that a test can say."""
        match node:
            case (
                ir.Mul(left=ir.Num(num=num, den=den), right=inner) | ir.Mul(left=inner, right=ir.Num(num=num, den=den))
            ):
                return bool(num) and self.put(inner, ceil(Fraction(value) * den / num))
            case ir.Add(parts=parts):
                for place in reversed(range(len(parts))):
                    rest = [self.known(part) for at, part in enumerate(parts) if at != place]
                    sum_ = sum(each for each in rest if isinstance(each, int))
                    if not isinstance(parts[place], ir.Num) and self.put(parts[place], int(value) - sum_):
                        return True
                return False
            case ir.Round(value=inner) | ir.Clip(value=inner) | ir.Steps(value=inner):
                return self.put(inner, value)
            case ir.Largest(items=items):
                return any(self.put(each, value) for each in items)
            case _:
                return False

    def set(self, values: dict[str, Any], field: ir.FieldDef | None, value: Any) -> bool:
        """A field gets a value, inside its bounds."""
        if field is None:
            return False
        if field.kind in ("codes", "list") and not isinstance(value, tuple):
            value = (value,)
        if field.kind == "choice" and value not in field.choices:
            return False
        if field.kind in ("count", "money", "unit"):
            low, high = bounds_of(field, self.scene.currency)
            value = int(value)
            if not low <= value <= high:
                values[field.name] = min(max(value, low), high)
                return False
        if field.kind == "member" and field.name == self.event.owner:
            return self.member(True)
        values[field.name] = value
        return True

    def moment(self, instant: int) -> bool:
        """The event happens at an instant, or on its day."""
        field = self.cast.field(self.scene, self.event.dated_by)
        if field is not None and field.kind == "instant":
            self.scene.fields[field.name] = instant
        else:
            self.cast.set_day(self.scene, local_day(instant, self.cast.zone))
        return True

    def track(self, name: str, value: int) -> bool:
        """A track that has a number when the test begins."""
        track = next(each for each in self.core.tracks if each.name == name)
        if track.window.kind == "trial" or (value < 0 and track.kind in ("count", "distinct", "streak")):
            return False
        self.member(True)
        self.scene.kept = tuple(
            each for each in self.scene.kept if getattr(getattr(each, "track", None), "text", "") != name
        )
        if track.window.kind == "period":
            at = ir.Origin(0, 0, 0)
            self.in_period(ir.InPeriod(at, ir.Today(at), track.window.period, False), True)
        key: Any = None if track.by_key is None else self.known(track.by_key) or "a"
        for known in [each for each in self.scene.tracks if each[0] == name]:
            del self.scene.tracks[known]
        if value:
            self.scene.tracks[name, key] = value
        return True

    def previous(self, name: str, value: int) -> bool:
        """A track's number in the occurrence before: it is given on an earlier day, then time moves."""
        track = next(each for each in self.core.tracks if each.name == name)
        if track.window.kind != "period" or not self.track(name, value):
            return False
        period = next(each for each in self.core.periods if each.name == track.window.period).period
        header, day = self.core.header, self.cast.day(self.scene)
        found = {key: self.known(read) for key, read in ir.anchor_reads(self.core).items() if key in anchors(period)}
        days = {key: each for key, each in found.items() if isinstance(each, int)}
        if len(days) < len(found):
            return False
        context = Context(self.cast.zone, header.week_start, header.leap_day, days)
        start = start_of(period, day, context)
        self.scene.early = None if start is None else start - 1
        return start is not None

    def key(self, value: Any) -> bool:
        """The key at hand: of the lines that a rule loops over, or of the tracks that are given."""
        loop = self.owner.loop if isinstance(self.owner, ir.RuleDef) else None
        if isinstance(loop, ir.KeysDef) and loop.key is not None:
            return self.put(loop.key, value)
        tracks = [track for track in self.core.tracks if track.by_key is not None]
        for track in tracks:
            self.track(track.name, 0)
            self.scene.tracks[track.name, value] = 10 ** (track.decimals + 2)
        return bool(tracks)

    def keys(self, name: str, op: str, value: int) -> bool:
        """A track by key whose numbers come to a sum, or that has so many keys."""
        track = next(each for each in self.core.tracks if each.name == name)
        if track.by_key is None or not self.track(name, 0):
            return False
        count = min(value, billing.LINES) if op == "count" else 1
        number = 10 ** (track.decimals + 2) if op == "count" else value
        for place in range(count):
            if number:
                self.scene.tracks[name, "abcdefghijkl"[place]] = number
        return True

    # ---- tables ----

    def imported(self, table: str, key: ir.Expr, value: Any) -> bool:
        """A key that an imported table has the value for."""
        found = next(each for each in self.core.imports if each.name == table)
        keys = found.keys or ()
        known = next((k for k, v in zip(keys, found.values, strict=False) if v == value), None)
        return self.put(key, _fresh(keys) if known is None else known)

    def choose(self, node: ir.Choose, value: Any) -> bool:
        """The row of a table that gives a value."""
        for row in node.rows:
            if isinstance(row.value, ir.Stop):
                continue
            found = self.known(row.value)
            met = row_condition(node, row)
            if found == value or (isinstance(found, int) and isinstance(value, int) and found >= value > 0):
                return met is None or self.make(met, True)
        return False


_OPPOSITE: Final[dict[str, Any]] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_FLIPPED: Final[dict[str, Any]] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STEP: Final = {"=": 0, "!=": 1, "<": -1, "<=": 0, ">": 1, ">=": 0}


def _fresh(known: tuple[Any, ...]) -> str:
    """A text that is none of these."""
    return next((each for each in ("a", "b", "other", "something else") if each not in known), "none of these")
