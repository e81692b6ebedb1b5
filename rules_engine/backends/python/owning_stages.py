"""The function that scores a kind of event that owns, pays or settles: what is intricate there goes by steps.

In: the same as in `stages`. Out: one function `(event, facts, state, shared, people) -> Evaluation`; what a host sends
is decoded for it first. Reading, folds, offers, what the event adds to tracks, tiers, and the rules that only give are
written out here as anywhere. Beside them stands a run of the reference (`run`): rules that take, turn or ask for
something presented are served on it by the reference's own steps, once the generated test has let them through; so are
the moves of tracks and what comes in at the end of a stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.limits import Counter
from rules_engine.backends.python.loading import Way
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.offers_asked import OF_MEMBERS
from rules_engine.backends.python.owning_offers import Stepped
from rules_engine.backends.python.owning_parts import (
    asks_basket,
    guarded,
    is_stepped,
    is_written,
    offered_field,
    slices_in,
    stepped_rules,
)
from rules_engine.backends.python.passing import BASES
from rules_engine.backends.python.quoting import comment, const
from rules_engine.backends.python.settling import closing
from rules_engine.backends.python.stages import Stages
from rules_engine.backends.python.tracks import Tracks
from rules_engine.backends.python.unsupported import why_stepped_offers
from rules_engine.backends.python.writing import Lines
from rules_engine.backends.reference import Reference, in_order

STAGES = ("redeem", "earn", "reward")


class Owning(Stages):
    """The emitter of one such function."""

    def __init__(self, module: Module, event: ir.EventDef, reference: Reference) -> None:
        super().__init__(module, event, reference)
        self.world = reference.world
        self.settles, self.settled = self.settled, ""
        self.stepped = stepped_rules(event, reference)
        self.tracks = self.moving = OwningTracks(self)
        self.mine = tuple(rule for rule in self.program.rules if event.name in rule.events)
        self.redeems = any(rule.kind == "redeem" for rule in self.mine)
        self.slices = any(slices_in(rule) for rule in self.mine if rule.key in self.stepped)
        self.whole = bool(why_stepped_offers(event, reference))
        if self.whole:
            self.offers = Stepped(self.function, self.counters)
        self.pays = self.redeems and self.function.priced
        self.function.paying = self.pays
        self.things = any(offer.thing is not None and event.name in offer.events for offer in self.program.offers)
        self.counted: dict[str, ir.LimitDef] = {}

    def emit(self, name: str) -> tuple[Lines, dict[Way, Lines]]:
        """What the function shares with nothing else, and the function."""
        self.tracks.touch()
        for track in self.marked:
            self.tracks.name(track)
        asked = any(kind in ("keys", "previous keys", "person") for kind, _ in self.reads)
        before = "steps.opened(run)" if asked else self._before()
        offers, redeem, own, earn, after = Lines(), Lines(), Lines(), Lines(), Lines()
        if self.function.priced or self.whole:
            self.offers.emit(offers)
        self._for_guests()
        self._redeem(redeem)
        self._strangers(own)
        self.tracks.contributions(own)
        self._served("earn", earn)
        self.function.stage = "after"
        self._after(after)
        self.function.stage = "earn"
        shared, core = Lines(), self._core(before, (offers, redeem, own, earn, after))
        days = self._days(name, shared)
        return shared, {"event": self._way(name, "event", days, core)}

    def _for_guests(self) -> None:
        """What an event without a member does: offers, and rules that only say something."""
        owner = self.function.fields.get(self.event.owner)
        sayers = [rule for rule in self.mine if self._only_says(rule)]
        offers = tuple(msgspec.structs.replace(each.offer, code=None) for each in self.offers.guests().values())
        read = tuple(sayers) if self.whole else (tuple(sayers), offers)
        asked = any(isinstance(node, (*OF_MEMBERS, ir.AwardRead)) for node in ir.walk(read))
        asked = asked or any(self._only_says(rule) for rule in self.mine if rule.key in self.stepped)
        if owner is None or not owner.optional or asked or any(rule.code is not None for rule in self.mine):
            return
        self.guests = Lines()
        self.guests.add("said = []")
        if self.function.priced or self.whole:
            self.counters.load_shared(self.guests)
            self.offers.emit_for_guests(self.guests)
        if self.whole:
            self.guests.add("said = run.said")
        for rule in sorted(sayers, key=lambda each: STAGES.index(each.kind)):
            tests = [expressions.truth(test, self.function) for test in (rule.dates, rule.when) if test is not None]
            self.offers.work_out(self.guests)
            with self.guests.block(f"if {' and '.join(f'({test})' for test in tests) or True}:"):
                for text in rule.says:
                    self.guests.add(f"said.append(Said({const(rule.key)}, {const(text)}))")
        self.function.sums, self.function.ended = {}, set(BASES.values())

    def _only_says(self, rule: ir.RuleDef) -> bool:
        """Whether a rule has nothing but words: it says them to guests too."""
        group = self.world.groups.get(rule.group)
        limits = (*rule.limits, *(group.limits if group is not None else ()))
        plain = not (rule.effects or limits)
        return bool(rule.says) and plain and rule.loop is None and rule.thing is None

    def _guest(self, way: Way, days: str, out: Lines) -> None:
        """An event without a member, from its lines to the answer."""
        assert self.guests is not None
        if days:
            out.add(days)
        self.loading.lines(way, out, passing=True)
        out.add("state = NEW")
        out.extend(self.guests)
        rest = ", steps.codes(run), tuple(run.reserved)" if self.whole else ""
        out.add(f"return Evaluation((), (), (), {{}}, False, tuple(said){self._priced()}{rest})")

    def _priced(self) -> str:
        """What offers leave in an outcome."""
        return "".join(f", {each}" for each in self.offers.results()) if self.function.priced or self.whole else ""

    def _core(self, before: str, parts: tuple[Lines, ...]) -> Lines:
        """From the moment of the event to the end."""
        limits, tracks, core = Lines(), Lines(), Lines()
        self.counters.load_shared(limits)
        self.tracks.load(tracks)
        self._enter(core)
        core.extend(tracks)
        self.tracks.load_seen(self.marked, core)
        self._balances("balance", core)
        core.add(f"before = {before}")
        core.extend(limits)
        offers, *rest = parts
        if self.function.priced or self.whole:
            paid = {code: name for code, name in self.function.sums.items() if "cost_paid" in code}
            self.function.sums = {code: name for code, name in self.function.sums.items() if code not in paid}
            core.extend(offers)
            self.offers.close(core)
            if self.things and not self.whole:
                core.add("steps.hand_in(run)")
            for code, name in paid.items():
                rest[0].add(f"{name} = {code}")
        elif self.world.picks and self.event.list_field:
            core.add("steps.open_basket(run)")
        redeem, *rest = rest
        core.extend(redeem)
        if redeem.lines or self.things:
            self._balances("balance", core)
        for part in rest:
            core.extend(part)
        return core

    def _way(self, name: str, way: Way, days: str, core: Lines) -> Lines:
        """The function: load, then the stages."""
        out = Lines()
        with out.block(f"def {name}_{way}(event, facts, state, shared, people=None):"):
            coded = self.whole or any(rule.code is not None for rule in self.mine)
            out.add("guest = slow = over(state, people)" if coded else "slow = over(state, people)")
            self._load(way, days, out)
            out.extend(core)
            out.add(f"return steps.close(run, tiers, before, {coded}{self._priced()})")
        return out

    # ---- the way in

    def _enter(self, out: Lines) -> None:
        """Time moves to the event's day; the tier as it then is, of a scheduled event as of its day."""
        out.add("run = steps.begin(event, facts, state, shared, people)")
        out.add("state, changes, awards = run.state, run.changes, run.awards")
        out.add("said, winners, earlier = run.said, {}, tuple(run.tiers)")
        if self.program.tiers is not None and not self.program.tiers.from_host:
            out.add("tier = run.held")

    def _balances(self, kind: str, out: Lines) -> None:
        """Balances as the run has them."""
        for (found, name), local in self.function.loaded.items():
            if found in (kind, f"{kind}, pending"):
                out.add(f"{local} = steps.balance(run, {const(name)}, {'pending' in found})")

    # ---- the stages

    def _redeem(self, out: Lines) -> None:
        """Redeems, in the order that is written for them; then what is paid in money is known."""
        rules = [rule for _, rule in in_order("redeem", self.event.name, self.world)]
        if rules:
            if any(slices_in(rule) for rule in rules):
                out.add("steps.foresee(run)")
            self._served("redeem", out)
        if self.pays:
            out.add("cost_paid = steps.pay(run, cost) if run.payments else cost")

    def _served(self, kind: str, out: Lines) -> None:
        """All rules of a stage, and what comes in and goes at its end."""
        found = in_order(kind, self.event.name, self.world)
        if not found:
            return
        start = f"given_{kind}, taken_{kind} = len(awards), len(run.taken)"
        out.add(start)
        if any(rule.group or kind == "redeem" for _, rule in found):
            out.add("winners = {}")
        for member, rule in found:
            if rule.key in self.stepped:
                self._step(member, rule, out)
            else:
                self._written(rule, out)
        out.add(f"if len(awards) > given_{kind} or len(run.taken) > taken_{kind}:")
        out.add(f"    steps.end_stage(run, given_{kind}, taken_{kind})")

    def _written(self, rule: ir.RuleDef, out: Lines) -> None:
        total = self.function.award_name(rule.key)
        if rule.key in self.function.wanted_parts:
            out.add(f"of_{total} = []")
        self.rules.emit(rule, out)
        self._parts(rule, total, out)
        group = self.world.groups.get(rule.group)
        for limit in (*rule.limits, *(group.limits if group is not None else ())):
            self.counted[limit.key] = limit

    def _parts(self, rule: ir.RuleDef, total: str, out: Lines) -> None:
        if rule.key in self.function.wanted_parts:
            out.add(f"all_each_{total} = part_lists(of_{total}, len(lines), {self.rules.keys()}, REMAINDER)")

    def _step(self, member: str, rule: ir.RuleDef, out: Lines) -> None:
        """A rule that the reference serves, where its own test and what it asks for let it through."""
        function = self.function
        total = function.award_name(rule.key)
        read = rule.key in function.wanted_totals or rule.key in function.wanted_parts
        out.add(f"# {rule.kind} {comment(rule.title)}")
        if rule.key in function.wanted_totals:
            out.add(f"{total} = 0")
        if rule.key in function.wanted_parts:
            out.add(f"of_{total} = []")
        tests = self._tests(rule)
        name = function.module.share("rule", rule.key, rule.title, lambda: rule)
        body = Lines()
        self.hold(rule, body)
        if read:
            body.add("start = len(awards)")
        body.add(f"steps.serve(run, {const(member)}, {name}, winners)")
        if rule.key in function.wanted_totals:
            body.add(f"{total} = sum([given for given, _ in steps.given(run, {const(rule.key)}, start)])")
        if rule.key in function.wanted_parts:
            body.add(f"of_{total} = steps.given(run, {const(rule.key)}, start)")
        if tests:
            with out.block(f"if {' and '.join(tests)}:"):
                out.extend(body)
        else:
            out.extend(body)
        self._parts(rule, total, out)

    def _tests(self, rule: ir.RuleDef) -> list[str]:
        """What can be asked before: where one fails, nothing comes of the rule. Of a code it is told what failed."""
        if rule.code is not None:
            return []
        guards = guarded(rule, self.event, self.world)
        asked = [f"({expressions.truth(test, self.function)})" for test in guards]
        return [*self._shown(rule), *asked, *self._offered(rule, guards)]

    def hold(self, part: object, out: Lines) -> None:
        """The basket, where what goes by steps reads money."""
        if self.function.priced and not self.whole and asks_basket(part):
            with out.block("if run.basket is None:"):
                out.add("steps.hold_price(run, price, cost, uneven)")

    def _shown(self, rule: ir.RuleDef) -> list[str]:
        """That the event presents what a rule asks for."""
        return [] if rule.thing is None else [self.function.field(rule.thing.field).code]

    def _offered(self, rule: ir.RuleDef, asked: Sequence[ir.Expr]) -> list[str]:
        """That something is offered to what a rule takes, unless the event may be refused for what the rule asks before
        it looks there."""
        parts = rule.when.parts if isinstance(rule.when, ir.All) else (rule.when,)
        unasked = tuple([part for part in parts if not any(part is each for each in asked)])
        if any(isinstance(node, ir.PersonField) for node in ir.walk((unasked, rule.effects))):
            return []
        names = [offered_field(effect) for effect in rule.effects]
        return [f"({' or '.join(self.function.field(name).code for name in names)})"] if names and all(names) else []

    def _after(self, out: Lines) -> None:
        """From the one move of the tracks to the end."""
        judged, rewards = Lines(), Lines()
        self._judge(judged)
        self._served("reward", rewards)
        self.moving.moved_to(judged.text() + rewards.text(), out)
        self._balances("now balance", out)
        out.extend(judged)
        self.moving.after_trials(rewards.text(), out)
        out.extend(rewards)
        if self.marked:
            out.add("steps.see(run)")
        if self.moving.of_units and any(rule.kind == "reward" for rule in self.mine):
            out.add("steps.move_given(run, given_reward, taken_reward)")
        kept = self.function.module.share("counters", tuple(sorted(self.counted)), "", lambda: dict(self.counted))
        for counter in self.counters.found.values():
            if counter.offered and counter.limit.owner == "member":
                self._counting(counter, out)
        out.add(f"steps.finish(run, {kept})")

    def _counting(self, counter: Counter, out: Lines) -> None:
        """A counter that an offer may have moved, by its name; where a key is absent it has none."""
        limit = counter.limit
        kept = self.function.module.share("limit", limit.key, "", lambda: limit)
        if not counter.taken:
            return
        named = f" and {counter.name} is not None" if limit.keys else ""
        with out.block(f"if {counter.taken}{named}:"):
            out.add(f"run.counters[{counter.name}] = {kept}")

    def _judge(self, out: Lines) -> None:
        ladder = self.program.tiers
        out.add("tiers = earlier")
        if ladder is None or (ladder.from_host and not self.program.matches):
            return
        if self.program.matches:
            out.add("steps.judge(run)")
            out.add("tiers = tuple(run.tiers)")
            if not ladder.from_host:
                out.add("tier = run.held")
            return
        if ladder.review:
            return
        with out.block("if run.late:"):
            out.add("steps.judge(run)")
            out.add("tiers, tier = tuple(run.tiers), run.held")
        with out.block("else:"):
            self._ways(ladder, out)

    def _ways(self, ladder: ir.TiersDef, out: Lines) -> None:
        """Each path that holds grants, or prolongs, the holding of its rung; most often it is held so already."""
        if is_stepped(ladder):
            out.add("ahead = True")
        else:
            out.add("ahead = False")
            for rung in ladder.rungs[1:]:
                for way in rung.ways:
                    life = way.life if way.life is not None else ladder.life
                    until = "None" if life is None else expressions.day(life, self.function)
                    held = f"{const(rung.name)}, {const(way.name or rung.name)}, {until}"
                    with out.block(f"if not ahead and ({self.function.way(way)}):"):
                        out.add(f"ahead = not steps.lasts(run, {held})")
        with out.block("if ahead:"):
            out.add("steps.judge(run)")
            out.add("tiers, tier = tuple(run.tiers), run.held")


class OwningTracks(Tracks):
    """The tracks of such a function: what is written out of them, and what goes by steps."""

    def __init__(self, stages: Owning) -> None:
        super().__init__(stages.function)
        self.stages = stages
        world, event = stages.world, stages.event
        program = stages.program
        moved = [
            track
            for track in program.tracks
            if event.name in track.events or ((track.given or track.used) and not track.events)
        ]
        self.moved = [track for track in moved if is_written(track, world, event)]
        self.others = [track for track in moved if not is_written(track, world, event)]
        self.of_units = [track for track in moved if track.given or track.used]
        self.adding = [track for track in moved if track.kind in ("sum", "count") and track.by_key is None]
        self.meeting = [track for track in moved if track not in self.adding]

    def _load(self, track: ir.TrackDef, out: Lines) -> None:
        if is_written(track, self.stages.world, self.stages.event):
            super()._load(track, out)
            return
        found, name = self._kept(track), self.name(track)
        out.add(f"{name} = steps.track(run, {found}, False)")
        if ("previous", track.name) in self.function.loaded:
            out.add(f"{self.function.loaded['previous', track.name]} = steps.track(run, {found}, True)")

    def _kept(self, track: ir.TrackDef) -> str:
        """The name of a track's declaration."""
        return self.function.module.share("track", track.key, track.name, lambda: track)

    def load_seen(self, marked: Iterable[ir.TrackDef], out: Lines) -> None:
        """What was seen of marked tracks; the run has to know them as they were."""
        found = tuple(marked)
        if not found:
            return
        values = ", ".join(f"{const(track.name)}: {self.name(track)}" for track in found)
        out.add(f"run.opening = {{{values}}}")
        for track in found:
            out.add(f"seen_{self.name(track)} = steps.seen_before(run, {self._kept(track)})")

    # ---- what the event adds

    def contributions(self, out: Lines) -> None:
        """What the event adds to each track, in the order of the text. An occurrence that is settled is a step's."""
        out.add("added = run.added = {}")
        for track in self.meeting:
            self.stages.hold(track, out)
        for track in self.of_units:
            if track.given:
                out.add(f"own_{self.name(track)} = 0")
        for track in self.adding:
            if not is_written(track, self.stages.world, self.stages.event):
                self._asked(track, out)
            elif track.given or not closing(track, self.stages.world):
                self._own(track, out)
            else:
                with out.block(f"if {self.stages.settles or False}:"):
                    self._own(track, out)
                with out.block("else:"):
                    self._asked(track, out)
        if self.stages.slices:
            out.add("steps.bases(run)")
        if self.meeting:
            out.add("brought = steps.brought(run)")

    def _asked(self, track: ir.TrackDef, out: Lines) -> None:
        name = self.name(track)
        self.stages.hold(track, out)
        out.add(f"own = steps.added(run, {const(track.name)})")
        with out.block("if own is not None:"):
            out.add(f"added[{const(track.name)}] = own")
        if not track.given:
            out.add(f"own_{name} = {'own or {}' if track.by_line else 'sum(own.values()) if own else 0'}")

    def _own(self, track: ir.TrackDef, out: Lines) -> None:
        name, function = self.name(track), self.function
        tests = [] if track.where is None else [f"({expressions.truth(track.where, function)})"]
        if track.by_line:
            self._by_line(track, name, tests, out)
            with out.block(f"if {tests[0] if tests else True}:"):
                out.add(f"added[{const(track.name)}] = own_{name}")
            return
        if track.given:
            with out.block(f"if {tests[0] if tests else True}:"):
                out.add(f"added[{const(track.name)}] = {{}}")
            return
        always = track.by is None and self.window(track).always
        value = numbers.constant(1) if track.value is None else expressions.number(track.value, function)
        keyed = [] if always else [f"{self.into(track)} is not None"]
        into = f"{{{self.into(track)}: own_{name}}}"
        whole = [*tests, *keyed]
        code = numbers.whole(value)
        out.add(f"own_{name} = {code} if {' and '.join(whole)} else 0" if whole else f"own_{name} = {code}")
        with out.block(f"if {tests[0] if tests else True}:"):
            out.add(f"added[{const(track.name)}] = {into}{f' if {keyed[0]} else {{}}' if keyed else ''}")

    # ---- moving

    def moved_to(self, later: str, out: Lines) -> None:
        """The one move; the values that what follows reads."""
        everything = bool(self.adding or self.meeting)
        if everything:
            met = "brought" if self.meeting else "None"
            out.add(f"steps.move(run, {met})")
        for track in self.adding:
            name = f"at_{self.name(track)}"
            if name in later and not track.given and not track.by_line:
                out.add(f"{name} += own_{self.name(track)}")
        for track in self.function.module.program.tracks:
            self._now(track, everything, later, out)

    def after_trials(self, later: str, out: Lines) -> None:
        """Tracks that are kept while a trial runs read 0 once it was judged."""
        for track in self.function.module.program.tracks:
            if track.window.kind == "trial":
                self._now(track, True, later, out)

    def _now(self, track: ir.TrackDef, moved: bool, later: str, out: Lines) -> None:
        kept, loaded = self._kept(track), self.function.loaded
        for kind, previous in (("track", False), ("previous", True)):
            local = loaded.get((kind, track.name))
            if local is not None and f"now_{local}" in later:
                moving = moved and (track in self.moved or track in self.others or track.window.kind == "trial")
                code = f"steps.track(run, {kept}, {previous})" if moving else local
                out.add(f"now_{local} = {code}")
