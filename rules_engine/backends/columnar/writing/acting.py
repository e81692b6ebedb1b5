"""Earns and rewards that do more than give one amount: codes, holdouts, marks, several awards that stand or fall
together, splits, messages, groups that take the first.

In: a scene and a rule. Out: rows of code, in the order of the reference: what every award of every turn wants, whether
the member is held out, what limits leave turn by turn, and at the end what is told.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import awarding, limiting, offers, presenting, splitting
from rules_engine.backends.columnar.writing.arithmetic import (
    Flag,
    compared,
    constant,
    plain,
)
from rules_engine.backends.columnar.writing.arithmetic import both as all_of
from rules_engine.backends.columnar.writing.expressions import condition, unless
from rules_engine.backends.columnar.writing.making import Label
from rules_engine.backends.columnar.writing.scene import Scene


class Lasting(msgspec.Struct, frozen=True):
    """An award that is told: its row, which part of the split (None: all), the registers of its last days."""

    row: int
    give: ir.GiveDef
    pending: int
    expires: int


class Act(msgspec.Struct):
    """One award in one turn: registers of what is wanted, given, and which limit cut it."""

    turn: int
    give: ir.GiveDef
    wanted: int
    given: int
    cut: int
    told: list[Lasting] = []


class Limit(msgspec.Struct, frozen=True):
    """A limit of the rule: its number, and how it is asked."""

    of: ir.LimitDef
    number: int
    own: limiting.Limited | None
    in_event: int


class Rule:
    """A rule under way."""

    def __init__(self, rule: ir.RuleDef, on: Scene) -> None:
        self.rule, self.on, self.make = rule, on, on.make
        self.end, self.cancelled, self.finish = Label(), Label(), Label()
        self.acted = self.make.scalar(ops.CONST)
        self.why: tuple[int, int] | None = None
        self.canceller = -1
        self.acts: list[Act] = []
        self.limits: list[Limit] = []
        self.says: list[int] = []
        self.saved = (0, 0)

    # ---- the frame

    def emit(self) -> None:
        """The whole rule."""
        rule, on, make = self.rule, self.on, self.make
        group = on.drawing.world.groups.get(rule.group)
        first = group is not None and group.choice == "first"
        if first:
            make.to(make.put(ops.WHERE, a=on.groups[rule.group]), self.end)
        if rule.code is not None:
            self.why = self._code()
        with make.scope():
            on.stopped = self.end
            self._asked()
            self._wanted()
            self._held_out()
            self._served()
        on.stopped, on.mark = None, None
        make.place(self.end)
        if first:
            make.put(ops.OR, on.groups[rule.group], on.groups[rule.group], self.acted)
        if self.why is not None:
            offers.tell(rule, self.why, on)

    def _says_why(self, reason: int) -> None:
        if self.why is not None:
            self.make.put(ops.CONST, self.why[0], k=reason)

    def _code(self) -> tuple[int, int]:
        why, place = self.make.scalar(ops.CONST, k=ops.C_CONDITIONS), self.make.scalar(ops.CONST, k=-1)
        self.make.put(ops.COPY, place, presenting.place_of(self.rule, self.on))
        self.make.to(self.make.put(ops.UNLESS_IS, a=place, k=0, m=ops.COMPARES[">="]), self.end)
        return why, place

    def _asked(self) -> None:
        """Its dates and its condition."""
        offers.dates(self.rule, self.end, self.why, self.on)
        self._says_why(ops.C_CONDITIONS)
        unless(self.rule.when, self.end, self.on)

    # ---- what is wanted

    def _wanted(self) -> None:
        """What every award of every turn wants."""
        rule, on, make = self.rule, self.on, self.make
        marks: Sequence[int | None] = (None,)
        seen = now = constant(0)
        if isinstance(rule.loop, ir.MarksDef):
            track = on.drawing.world.tracks[rule.loop.track]
            marks = sorted(rule.loop.marks)
            seen, now = on.seen_before(track), plain(on.track(track.name, previous=False), on)
        for turn, mark in enumerate(marks):
            own = [self._act(turn, place, give) for place, give in enumerate(rule.effects)]
            self.acts += own
            skip = Label()
            with make.scope():
                if mark is not None:
                    reached = all_of(
                        [compared("<", seen, constant(mark), on), compared(">=", now, constant(mark), on)], on
                    )
                    assert isinstance(reached, Flag)
                    make.to(make.put(ops.UNLESS, a=reached.at), skip)
                    on.mark = mark
                for act in own:
                    make.put(ops.COPY, act.wanted, awarding.amount(act.give, on))
                for act in own:
                    self._lasts(act)
            make.place(skip)
        if rule.effects:
            some = self._any([act.wanted for act in self.acts])
            self._says_why(ops.C_NOTHING)
            make.to(make.put(ops.UNLESS, a=some), self.end)

    def _act(self, turn: int, place: int, give: ir.ActDef) -> Act:
        assert isinstance(give, ir.GiveDef)
        make = self.make
        wanted, given, cut = make.scalar(ops.CONST), make.scalar(ops.CONST), make.scalar(ops.CONST, k=-1)
        act = Act(turn, give, wanted, given, cut)
        parts = [
            msgspec.structs.replace(
                give, unit=row.unit, pending=row.pending or give.pending, life=row.life or give.life
            )
            for row in give.split
        ]
        for part in parts or [give]:
            row = self.on.drawing.give(self.rule.key, part.unit, place, (0, 0, 0, 0))
            last = (make.scalar(ops.CONST, k=ops.MISSING) for _ in range(2))
            act.told.append(Lasting(row, part, *last))
        return act

    def _lasts(self, act: Act) -> None:
        for told in act.told:
            for to, found in zip((told.pending, told.expires), awarding.lasting(told.give, self.on), strict=True):
                if found >= 0:
                    self.make.put(ops.COPY, to, found)

    def _any(self, registers: Sequence[int]) -> int:
        """A flag: whether one of some amounts is above 0."""
        make, found = self.make, -1
        for each in registers:
            flag = make.scalar(ops.IS, each, m=ops.COMPARES[">"])
            found = flag if found < 0 else make.scalar(ops.OR, found, flag)
        return found

    # ---- holdouts

    def _held_out(self) -> None:
        """A member who is held out: it is told what would have been given."""
        on, make, found = self.on, self.make, list[int]()
        for holdout in on.drawing.core.holdouts:
            if on.guest or self.rule.key not in holdout.rules:
                continue
            if holdout.share is not None:
                found.append(make.scalar(ops.HELD_OUT, k=on.drawing.holdout(holdout.salt, holdout.share)))
            held = False if holdout.where is None else condition(holdout.where, on)
            if held is not False:
                found.append(held.at if isinstance(held, Flag) else make.scalar(ops.CONST, k=1))
        if not found:
            return
        go_on = Label()
        make.to(make.put(ops.UNLESS, a=self._any(found)), go_on)
        none = make.scalar(ops.CONST)
        for act in self.acts:
            for told, wanted in zip(act.told, splitting.parts(act.give, act.wanted, self.on), strict=True):
                make.put(ops.AWARD, -1, wanted, none, told.row, -1, -1)
        self._says_why(ops.C_HELD)
        make.to(make.put(ops.JUMP), self.end)
        make.place(go_on)

    # ---- limits

    def _served(self) -> None:
        """Turn by turn: limits by times, then what limits leave of each award."""
        rule, make = self.rule, self.make
        self.limits = [self._limit(each) for each in awarding.limits(rule, self.on)]
        cancels = any(each.of.or_nothing for each in self.limits)
        cancels |= any(isinstance(give, ir.GiveDef) and give.or_nothing for give in rule.effects)
        saved = self._save() if cancels else None
        self.canceller = make.scalar(ops.CONST, k=-1)
        self._says_why(ops.C_NOTHING)
        turns = sorted({act.turn for act in self.acts}) or [0]
        self.says = [make.scalar(ops.CONST) for _ in turns]
        for turn in turns:
            self._turn([act for act in self.acts if act.turn == turn])
        given = self._any([act.given for act in self.acts]) if self.acts else -1
        if given >= 0:
            make.put(ops.COPY, self.acted, given)
            self._fate(given)
        else:
            self._says_why(ops.C_ACTED)
        if saved is not None:
            make.to(make.put(ops.JUMP), self.finish)
            make.place(self.cancelled)
            self._cancel(saved)
            make.place(self.finish)
        self._tell()

    def _fate(self, given: int) -> None:
        """What the code is told of a rule that got so far."""
        if self.why is None:
            return
        make, found = self.make, self.why[0]
        for act in self.acts:  # what no limit cut had nothing to give
            cut = make.scalar(ops.IS, act.cut, k=0, m=ops.COMPARES[">="])
            make.put(ops.LINEAR, found, found, cut, 1, ops.C_USED - ops.C_NOTHING)
        make.put(ops.AT_LEAST, found, found, k=ops.C_USED)
        make.put(ops.CHOOSE, found, given, make.scalar(ops.CONST, k=ops.C_ACTED), n=found)

    def _limit(self, each: ir.LimitDef) -> Limit:
        on = self.on
        if each.owner == "event" and not each.keys and not each.scope.by_line and each.scope.by is None:
            most = each.times if each.times is not None else each.amount
            assert most is not None
            return Limit(each, on.drawing.kept_limit(each.key, 0, most), None, on.in_event[each.key])
        if limiting.is_plain_limit(each, on.drawing):
            return Limit(each, on.drawing.limit(each, on.where), None, -1)
        own = limiting.limited(each, on)
        return Limit(each, own.number, own, -1)

    def _left(self, each: Limit) -> int:
        make = self.make
        if each.in_event >= 0:
            most = each.of.times if each.of.times is not None else each.of.amount
            assert most is not None
            return make.scalar(ops.LINEAR, each.in_event, k=-1, n=most)
        if each.own is not None:
            return limiting.left(each.of, each.own, self.on)
        return make.scalar(ops.TIMES_LEFT, k=each.number)

    def _take(self, each: Limit, amount: int) -> None:
        make = self.make
        if each.in_event >= 0:
            make.put(ops.LINEAR, each.in_event, each.in_event, amount, 1, 1)
        elif each.own is not None:
            limiting.take(each.own, amount, self.on)
        else:
            make.put(ops.TAKE_TIMES, a=amount, k=each.number)

    def _turn(self, acts: list[Act]) -> None:
        make, after = self.make, Label()
        if acts:
            make.to(make.put(ops.UNLESS, a=self._any([act.wanted for act in acts])), after)
        by_times = [each for each in self.limits if each.of.times is not None]
        for limit in by_times:
            self._times(limit, acts, after)
        for act in acts:
            self._cut(act)
        once = self._any([act.given for act in acts]) if acts else make.scalar(ops.CONST, k=1)
        for limit in by_times:
            self._take(limit, once)
        make.put(ops.COPY, self.says[acts[0].turn if acts else 0], once)
        make.place(after)

    def _times(self, limit: Limit, acts: list[Act], after: Label) -> None:
        """A turn for which no time is left."""
        make, go_on = self.make, Label()
        make.to(make.put(ops.UNLESS_IS, a=self._left(limit), k=1, m=ops.COMPARES["<"]), go_on)
        nothing = [act.wanted for act in acts if act.give.or_nothing]
        if limit.of.or_nothing or not acts or len(nothing) == len(acts):
            self._cancelled(limit)
        else:
            if nothing:
                cut = Label()
                make.to(make.put(ops.UNLESS, a=self._any(nothing)), cut)
                self._cancelled(limit)
                make.place(cut)
            for act in acts:
                given = make.scalar(ops.IS, act.wanted, m=ops.COMPARES[">"])
                number_of = make.scalar(ops.CONST, k=limit.number)
                make.put(ops.CHOOSE, act.cut, given, number_of, n=act.cut)
            make.to(make.put(ops.JUMP), after)
        make.place(go_on)

    def _cancelled(self, limit: Limit) -> None:
        self._says_why(ops.C_USED)
        self.make.put(ops.CONST, self.canceller, k=limit.number)
        self.make.to(self.make.put(ops.JUMP), self.cancelled if self.acts else self.end)

    def _cut(self, act: Act) -> None:
        """Whole steps, the limits of the award's unit one after the other, whole steps again. Limits by a day of each
        line reach what falls on lines."""
        make = self.make
        own = [each for each in self.limits if each.of.times is None and each.of.unit == act.give.unit]
        make.put(ops.AT_LEAST, act.given, act.wanted, k=0)
        self._stepped(act)
        if not any(each.of.scope.by_line for each in own) or not act.give.shares:
            self._cut_whole(act, [each for each in own if not each.of.scope.by_line])
            return
        weights, plain_end, end = awarding.weights_of(act.give, self.on), Label(), Label()
        lined = make.scalar(ops.COUNT, b=weights)
        make.to(make.put(ops.UNLESS, a=lined), plain_end)
        with make.scope():
            self._cut_lines(act, own, weights)
        make.to(make.put(ops.JUMP), end)
        make.place(plain_end)
        with make.scope():
            self._cut_whole(act, [each for each in own if not each.of.scope.by_line])
        make.place(end)

    def _cut_lines(self, act: Act, own: list[Limit], weights: int) -> None:
        """The parts of an award on its lines, cut by each limit in the occurrences that it counts them in."""
        make, line = self.make, ops.VECTOR
        parts = make.vector(ops.CONST + line)
        make.put(ops.SPREAD_AWARD, parts, act.given, weights)
        make.put(ops.SUM, act.given, parts)
        for limit in own:
            if limit.of.scope.by_line:
                assert limit.own is not None
                assert limit.of.amount is not None
                groups = limit.own.at
                room = make.vector(ops.ROOM_LINES, groups, k=limit.own.block.at, m=limit.of.amount)
            else:
                groups = make.vector(ops.CONST + line)
                room = make.vector(ops.SPREAD_OUT, self._left(limit))
            after = make.vector(ops.CUT_LINES, parts, groups, m=room)
            left = make.scalar(ops.SUM, after)
            over = make.scalar(ops.COMPARE, left, act.given, m=ops.COMPARES["<"])
            self._over(act, limit, over)
            make.put(ops.COPY + line, parts, after)
            make.put(ops.COPY, act.given, left)
        self._stepped(act)
        if act.give.steps is not None:
            stepped = make.vector(ops.CONST + line)
            make.put(ops.SPREAD_AWARD, stepped, act.given, parts)
            parts = stepped
        for limit in own:
            if limit.own is not None and limit.of.scope.by_line:
                make.put(ops.KEPT_ADD_LINES, 0, parts, limit.own.at, limit.own.block.at, -1, -1)
            else:
                self._take(limit, act.given)

    def _over(self, act: Act, limit: Limit, over: int) -> None:
        """A limit cuts an award, or cancels the rule."""
        make = self.make
        if limit.of.or_nothing or act.give.or_nothing:
            go_on = Label()
            make.to(make.put(ops.UNLESS, a=over), go_on)
            self._cancelled(limit)
            make.place(go_on)
        else:
            make.put(ops.CHOOSE, act.cut, over, make.scalar(ops.CONST, k=limit.number), n=act.cut)

    def _cut_whole(self, act: Act, own: list[Limit]) -> None:
        make = self.make
        for limit in own:
            left = make.scalar(ops.AT_LEAST, self._left(limit), k=0)
            over = make.scalar(ops.COMPARE, act.given, left, m=ops.COMPARES[">"])
            self._over(act, limit, over)
            make.put(ops.LEAST, act.given, act.given, left)
        if own:
            self._stepped(act)
        for limit in own:
            self._take(limit, act.given)

    def _stepped(self, act: Act) -> None:
        if act.give.steps is not None:
            full = self.make.scalar(ops.DIVIDE, act.given, k=act.give.steps, m=ops.MODES["down"], n=1)
            self.make.put(ops.LINEAR, act.given, full, k=act.give.steps)

    # ---- one cut, and nothing

    def _save(self) -> list[tuple[int, int]]:
        """Note what limits hold now."""
        make, on = self.make, self.on
        ranges, kept = [], list[tuple[int, int]]()
        for each in self.limits:
            if each.in_event >= 0:
                kept.append((each.in_event, make.scalar(ops.COPY, each.in_event)))
            elif each.own is not None:
                ranges.append((each.own.block.slot, each.own.block.room * each.own.block.width))
            else:
                row = on.drawing.limit_rows[each.number]
                ranges.append((row[ops.LIMIT_SLOT], 2 * row[ops.LIMIT_WINDOW] or ops.COUNTER_WIDTH))
        self.saved = (make.stretch([number for each in ranges for number in each]), len(ranges))
        make.put(ops.SAVED, k=self.saved[0], n=self.saved[1])
        return kept

    def _cancel(self, kept: list[tuple[int, int]]) -> None:
        make = self.make
        make.put(ops.UNDONE, k=self.saved[0], n=self.saved[1])
        for register, before in kept:
            make.put(ops.COPY, register, before)
        for told in self.says:
            make.put(ops.CONST, told)
        for act in self.acts:
            make.put(ops.CONST, act.given)
            make.put(ops.COPY, act.cut, self.canceller)

    # ---- what is told

    def _tell(self) -> None:
        for act in self.acts:
            wanted, given = (
                splitting.parts(act.give, act.wanted, self.on),
                splitting.parts(act.give, act.given, self.on),
            )
            for told, asked, got in zip(act.told, wanted, given, strict=True):
                if len(act.told) > 1:
                    none = self.make.scalar(ops.CONST)
                    got = self.make.scalar(ops.CHOOSE, asked, got, n=none)
                self.make.put(ops.AWARD, act.cut, asked, got, told.row, told.pending, told.expires)
                awarding.count(self.rule, told.give, got, self.on)
            awarding.spread_parts(self.rule, act.give, act.given, self.on)
        for said in self.says if self.rule.says else ():
            silent = Label()
            self.make.to(self.make.put(ops.UNLESS, a=said), silent)
            for text in self.rule.says:
                self.make.put(ops.SAY, k=self.on.drawing.says(self.rule.key, text))
            self.make.place(silent)


def is_more(rule: ir.RuleDef, on: Scene) -> bool:
    """Whether a rule needs all this."""
    group = on.drawing.world.groups.get(rule.group)
    limits = awarding.limits(rule, on)
    gives = [give for give in rule.effects if isinstance(give, ir.GiveDef)]
    return (
        rule.code is not None
        or rule.loop is not None
        or bool(rule.says)
        or (group is not None and group.choice == "first")
        or any(rule.key in holdout.rules for holdout in on.drawing.core.holdouts)
        or any(give.split for give in gives)
        or (len(gives) > 1 and any([*(give.or_nothing for give in gives), *(each.or_nothing for each in limits)]))
        or any(not limiting.is_plain_limit(each, on.drawing) for each in limits)
        or len({each.or_nothing for each in limits}) > 1
    )


def enter(on: Scene) -> None:
    """At the start of an event: what limits of the event count, what groups have had, what rules give on lines."""
    make, core = on.make, on.drawing.core
    rules = [rule for rule in core.rules if on.event.name in rule.events]
    for rule in rules:
        for limit in awarding.limits(rule, on):
            if limit.owner == "event" and limit.key not in on.in_event:
                on.in_event[limit.key] = make.scalar(ops.CONST)
        group = on.drawing.world.groups.get(rule.group)
        if group is not None and group.choice == "first" and rule.group not in on.groups:
            on.groups[rule.group] = make.scalar(ops.CONST)
    names = {node.rule for node in ir.walk(on.drawing.rules_with(ir.AwardPart)) if isinstance(node, ir.AwardPart)}
    for rule in rules if names else ():
        if rule.key in names:
            on.parts[rule.key] = make.vector(ops.CONST + ops.VECTOR)


def begin(on: Scene) -> None:
    """At the start of another stage nobody of a group has acted."""
    for register in on.groups.values():
        on.make.put(ops.CONST, register)
