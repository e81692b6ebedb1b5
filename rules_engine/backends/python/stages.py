"""The function that scores one kind of event: its stages, in the order that the reference says.

In: a module under way and an event's declaration. Out: the lines of a function `(event, facts, state) -> Evaluation`.
It takes the usual road only: a member's event, dated no earlier than the state, before which nothing ends, with no
trial under way, nothing owed and everything settled that was due. Any other event goes to the reference by `slow`.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.dispatch import emit_block, rule_entries
from rules_engine.backends.python.folding import Block
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counters
from rules_engine.backends.python.loading import Loading, Way
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.offers import Offers
from rules_engine.backends.python.passing import BASES
from rules_engine.backends.python.quiet import may_lapse
from rules_engine.backends.python.quoting import const, ident
from rules_engine.backends.python.rules import Rules
from rules_engine.backends.python.settling import check
from rules_engine.backends.python.told import Sums, told, untold
from rules_engine.backends.python.tracks import Tracks
from rules_engine.backends.python.writing import Lines
from rules_engine.backends.reference import Reference
from rules_engine.outcome import UNOFFERED

WAYS: tuple[Way, ...] = ("event", "raw", "typed", "sent")


class Stages:
    """The emitter of one event's function."""

    def __init__(
        self,
        module: Module,
        event: ir.EventDef,
        reference: Reference,
    ) -> None:
        self.module = module
        self.event = event
        self.program = module.program
        self.reads = reference.world.reads[event.name]
        self.function = Function(module, event)
        self.settled = check(self.function, reference.world, reference.ahead or ())
        self.counters = Counters(self.function, _shared_limits(self.program, event))
        self.tracks = Tracks(self.function)
        self.rules = Rules(self.function, self.counters)
        self.loading = Loading(module, self.function)
        self.offers = Offers(self.function, self.counters)
        self.says = any(rule.says for rule in self.program.rules)
        self.says = self.says or any(offer.says for offer in self.program.offers)
        self.guests: Lines | None = None
        self.marked = reference.world.marked[event.name]
        mine = [rule for rule in reference.core.rules if event.name in rule.events]
        self.function.wanted_parts = {node.rule for node in ir.walk(tuple(mine)) if isinstance(node, ir.AwardPart)}
        self.function.wanted_totals = {node.rule for node in ir.walk(tuple(mine)) if isinstance(node, ir.AwardRead)}

    def emit(self, name: str) -> tuple[Lines, dict[Way, Lines]]:
        """What the functions of one kind of event share, and one for each way in; these differ in how they load."""
        self.rules.sums = Sums(asked=True)
        self.tracks.touch()
        for track in self.marked:
            self.tracks.name(track)
        before = self._before()
        offers, own, earn, after = Lines(), Lines(), Lines(), Lines()
        if self.function.priced:
            self.offers.emit(offers)
            if self.function.fields[self.event.owner].optional and self.offers.for_guests() and not self.says:
                self.guests = Lines()
                self.counters.load_shared(self.guests)
                self.offers.emit_for_guests(self.guests)
                self.function.sums, self.function.ended = {}, set(BASES.values())
        self._strangers(own)
        self.tracks.contributions(own)
        self._stage("earn", earn)
        self.function.stage = "after"
        self._after(after)
        self.function.stage = "earn"
        limits, tracks = Lines(), Lines()
        self.counters.load_shared(limits)
        self.tracks.load(tracks)
        core = Lines()
        self._enter(core)
        self.rules.sums.begin(core)
        core.extend(tracks)
        self.tracks.load_seen(self.marked, core)
        self._balances("balance", core)
        core.add(f"before = {before}")
        core.extend(limits)
        if self.function.priced:
            core.extend(offers)
            self.offers.close(core)
        for part in (own, earn, after):
            core.extend(part)
        shared = Lines()
        days = self._days(name, shared)
        return shared, {way: self._way(name, way, days, core) for way in WAYS}

    def _way(self, name: str, way: Way, days: str, core: Lines) -> Lines:
        """One function: load and check, then the stages."""
        out = Lines()
        with out.block(f"def {name}_{way}(event, facts, state, shared):"):
            inner = Lines()
            self._load(way, days, inner)
            if way == "event":
                out.extend(inner)
            else:
                out.add("slow, advance = slow_sent, advance_sent")
                with out.block("try:"):
                    out.extend(inner)
                with out.block("except REFUSALS:"):
                    out.add("return slow(event, facts, state, shared)")
                with out.block("if state is None:"):
                    out.add("state = NEW")
            out.extend(Lines.of(told(core.lines, self.rules.sums) if way == "sent" else untold(core.lines)))
            if any(rule.gives for rule in self.program.rules if self.event.name in rule.events):
                with out.block("if awards and state.lots and overfull(state.lots, awards):"):
                    out.add("return slow(event, facts, state, shared)")
            self._answer(way, "tuple(said)" if self.says else "()", out)
        return out

    def _answer(self, way: Way, said: str, out: Lines) -> None:
        """What the function gives back, by way in."""
        awards, changes = ("awards", "changes") if way == "sent" else ("tuple(awards)", "tuple(changes)")
        found = f"{awards}, tiers, {changes if way == 'event' else f'{{member: {changes}}}'}, before"
        head = f"{const(self.event.name)}, number, member, day"
        out.add(f"return {self._outcome(way, head, found, said, self.rules.sums.totals())}")

    def _outcome(self, way: Way, head: str, found: str, said: str, totals: str) -> str:
        """An evaluation, an outcome, or what `score_json` tells of one."""
        match way:
            case "event":
                return f"Evaluation({found}, False, {said}{self._priced()})"
            case "sent":
                rest, kind = self._priced().replace("tuple(discounts)", "discounts"), "Told"
                if rest:
                    rest += "".join(f", {const(each)}" for each in UNOFFERED[len(self.offers.results()) :])
                    kind = "ToldWithOffers"
                return f"{kind}({head}, {found}, FINGERPRINT, ZONES, False, {said}{rest}, {totals})"
            case "raw" | "typed":
                return f"Outcome({head}, {found}, FINGERPRINT, ZONES, False, {said}{self._priced()})"

    def _priced(self) -> str:
        """What offers leave in an outcome."""
        return "".join(f", {each}" for each in self.offers.results()) if self.function.priced else ""

    def _days(self, name: str, out: Lines) -> str:
        """A function for all that follows from a day alone, and the line that asks it once."""
        found = self.function.days
        if not found:
            return ""
        kept = self.module.share("days", name, "", dict)
        with out.block(f"def ask_{kept}(day):"):
            with out.block(f"if len({kept}) >= 20_000:"):
                out.add(f"{kept}.clear()")
            out.add(f"found = {kept}[day] = ({', '.join(found)},)")
            out.add("return found")
        out.add("")
        out.add("")
        return f"{', '.join(found.values())}, = {kept}.get(day) or ask_{kept}(day)"

    # ---- the way in

    def _load(self, way: Way, days: str, out: Lines) -> None:
        """Everything that the event and its member's facts say, checked; the pass over the lines."""
        self.loading.event(way, out)
        with out.block("if member is None:"):
            facts_read = {local for (kind, _), local in self.function.loaded.items() if kind == "fact"}
            if self.guests is not None and not facts_read & self.function.early_names.keys():
                self._guest(way, days, out)
            plain = way == "event" and not self.function.priced
            if way == "event" or self.function.priced or self.says:
                out.add(f"return {'guest' if plain else 'slow'}(event, facts, state, shared)")
            else:
                self.loading.lines(way, out, passing=False)
                out.add(f"return {self._nobody(way)}")
        self.loading.facts(way, out)
        if days:
            out.add(days)
        self.loading.lines(way, out, passing=True)

    def _guest(self, way: Way, days: str, out: Lines) -> None:
        """An event without a member, from its lines to the answer: only offers act on it."""
        assert self.guests is not None
        if days:
            out.add(days)
        self.loading.lines(way, out, passing=True)
        out.add("state = NEW")
        out.extend(self.guests)
        out.add(f"return {self._nobody(way)}")

    def _nobody(self, way: Way) -> str:
        """The answer to an event without a member, who gets nothing and of whom nothing is kept."""
        head, changes = f"{const(self.event.name)}, number, None, day", "()" if way == "event" else "{}"
        return self._outcome(way, head, f"(), (), {changes}, {{}}", "()", "{}")

    def _enter(self, out: Lines) -> None:
        """Time moves to the event's day; the tier as it then is.

        Nothing ends before the day where no holding and no lot does, no trial runs and no review comes: then the state
        stands as it is. Holdings are looked at here, the rest by `quiet`, and only where there is any.
        """
        ladder = self.program.tiers
        laddered = ladder is not None and not ladder.from_host
        self._unusual(out)
        out.add("earlier = ()")
        out.add("reached = state.day")
        out.add("still = reached is None or reached <= day")
        if laddered:
            out.add("tier = 0")
            with out.block("for each in state.holdings:"):
                with out.block("if each.until is not None and each.until < day:"):
                    out.add("still = False")
                with out.block("elif each.start <= day:"):
                    out.add("rung = RUNGS[each.tier]")
                    with out.block("if rung > tier:"):
                        out.add("tier = rung")
        asked = "(state.lots or state.matches)" if may_lapse(self.program) else "state.matches"
        asked = "" if ladder is not None and ladder.review else f"{asked} and "
        with out.block(f"if still and not ({asked}not quiet(state, day)):"):
            out.add("changes = [] if reached == day else [Advanced(reached, day)]")
        with out.block("else:"):
            out.add("moved = advance(facts, state, day)")
            with out.block("if moved is None:"):
                out.add("return slow(event, facts, state, shared)")
            out.add("state, changes, earlier = moved")
            if laddered:
                out.add("tier = held_rung(state.holdings, day, RUNGS)")
        out.add("awards = []")
        out.add("said = []" if self.says else "said = ()")

    def _unusual(self, out: Lines) -> None:
        """What hangs on the member: a debt, which what is given pays first, and what is not settled that was due."""
        gives = any(rule.gives for rule in self.program.rules if self.event.name in rule.events)
        owes = gives or any(kind in ("balance", "pending") for kind, _ in self.reads)
        tests = [*(["state.debts"] if owes else []), *([f"not {self.settled}"] if self.settled else [])]
        if tests:
            with out.block(f"if {' or '.join(tests)}:"):
                out.add("return slow(event, facts, state, shared)")

    def _balances(self, kind: str, out: Lines) -> None:
        """Balances before the event, or (`now balance`) with what its earns gave."""
        for (found, name), local in self.function.loaded.items():
            if found not in (kind, f"{kind}, pending"):
                continue
            pending = "pending" in found
            code = f"balance(state.lots, {const(name)}, day, {pending})"
            if kind == "now balance":
                unit = self.module.units[name]
                lapses = unit.whichever != "last" or not any(life.after_last for life in unit.lives)
                code += f" + fresh(awards, {const(name)}, day, {pending}, {lapses})"
            out.add(f"{local} = {code}")

    def _before(self) -> str:
        """The values that rules of this event can read, by name."""
        function, pairs = self.function, []
        for kind, name in self.reads:
            match kind:
                case "track":
                    pairs.append((f"track {name}", function.track_name(name)))
                case "previous":
                    pairs.append((f"track {name}, previous", function.track(name, True).code))
                case "tier":
                    pairs.append(("tier", "TIERS[tier]"))
                case "balance":
                    pairs.append((f"balance of {name}", function.balance(name, False).code))
                case "pending":
                    pairs.append((f"balance of {name}, pending included", function.balance(name, True).code))
                case _:
                    pairs.append((f"member.{name}", self._fact(name)))
        return "{" + ", ".join(f"{const(key)}: {code}" for key, code in sorted(pairs)) + "}"

    def _fact(self, name: str) -> str:
        code = self.function.member_field(name).code
        if self.function.facts[name].kind in ("list", "codes"):
            return f"{code} if {code} is None else ', '.join(map(str, {code}))"
        return code

    # ---- the stages

    def _strangers(self, out: Lines) -> None:
        """Awards that are read of rules which this event does not trigger: they gave nothing."""
        mine = {rule.key for rule in self.program.rules if self.event.name in rule.events}
        for key in sorted((self.function.wanted_totals | self.function.wanted_parts) - mine):
            name = self.function.award_name(key)
            out.add(f"{name} = 0")
            out.add(f"all_each_{name} = [0] * len(lines)")

    def _stage(self, kind: str, out: Lines) -> None:
        mine = [rule for rule in self.program.rules if rule.kind == kind and self.event.name in rule.events]
        for rule in rule_entries(mine, self.function, self.counters):
            if isinstance(rule, Block):
                emit_block(rule, self.function, self.counters, out, self.rules.emit)
            elif isinstance(rule, ir.RuleDef):
                total = self.function.award_name(rule.key)
                if rule.key in self.function.wanted_parts:
                    out.add(f"of_{total} = []")
                self.rules.emit(rule, out)
                if rule.key in self.function.wanted_parts:
                    out.add(f"all_each_{total} = part_lists(of_{total}, len(lines), {self.rules.keys()}, REMAINDER)")

    def _after(self, out: Lines) -> None:
        """From the one move of the tracks to the end."""
        self.tracks.move(out)
        judged = Lines()
        self._judge(judged)
        rewards = Lines()
        self._stage("reward", rewards)
        self._balances("now balance", out)
        out.extend(judged)
        out.extend(rewards)
        self.tracks.see(self.marked, out)
        self.tracks.move_given(out)
        waited = {event for unit in self.program.units for life in unit.lives for event in life.after_last}
        if self.event.name in waited:
            out.add(f"last = state.last.get({const(self.event.name)})")
            with out.block("if last is None or last < day:"):
                out.add(f"changes.append(LastDay({const(self.event.name)}, last, day))")
        if self.settled:
            with out.block("if state.since is None:"):
                out.add("changes.append(Seen(day))")
        self.tracks.tidy(out)
        self.counters.tidy(out)

    def _judge(self, out: Lines) -> None:
        ladder = self.program.tiers
        out.add("tiers = earlier")
        if ladder is None or ladder.from_host:
            return
        if not ladder.review:
            out.add("holdings = state.holdings")
            for rung in ladder.rungs[1:]:
                for way in rung.ways:
                    life = way.life if way.life is not None else ladder.life
                    until = "None" if life is None else expressions.day(life, self.function)
                    with out.block(f"if {self.function.way(way)}:"):
                        name, reason = const(rung.name), const(way.name or rung.name)
                        out.add(f"until = {until}")
                        with out.block("for each in holdings:"):
                            known = f"each.tier == {name} and each.until == until and each.reason == {reason}"
                            with out.block(f"if {known}:"):
                                out.add("break")
                        with out.block("else:"):
                            out.add(f"holdings = grant(holdings, changes, {name}, day, until, {reason})")
            top = max([place for place, rung in enumerate(ladder.rungs) if rung.ways], default=0)
            with out.block(f"if holdings is not state.holdings and tier < {top}:"):  # what is held is not lost here
                out.add("tiers = earlier + tier_changes(holdings, tier, day, RUNGS, TIERS)")
                if ladder.at_once:
                    out.add("tier = held_rung(holdings, day, RUNGS)")


def emit_event(
    module: Module,
    event: ir.EventDef,
    reference: Reference,
    number: int,
) -> tuple[str, Lines, dict[Way, Lines]]:
    """The name of an event's functions, what they share, and their lines by way in."""
    name = ident("score", number, event.name)
    return name, *Stages(module, event, reference).emit(name)


def _shared_limits(program: ir.Program, event: ir.EventDef) -> set[str]:
    """The limits that several rules of an event meet: those of groups."""
    met = {rule.group for rule in program.rules if event.name in rule.events}
    met |= {offer.group for offer in program.offers if event.name in offer.events}
    found = {limit.key for group in program.groups if group.name in met for limit in group.limits}
    return found | {limit.key for group in program.offer_groups if group.name in met for limit in group.limits}
