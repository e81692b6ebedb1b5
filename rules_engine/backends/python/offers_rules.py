"""One offer in generated code: a nest of questions, and in the innermost what it takes off.

In: an offer. Out: lines that ask what the reference asks, in that order, and note why a code came to nothing; lines
that run its effects, each on what the one before left, and count what it used of its limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.effects import Effects, Plan
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counter, Counters
from rules_engine.backends.python.offers_asked import (
    Rule,
    by_code,
    held_tests,
    is_listed,
    outside,
    parts_of_dates,
    picks_later,
    texts_of,
)
from rules_engine.backends.python.offers_reach import barriers, refusing
from rules_engine.backends.python.offers_tariff import set_tariff
from rules_engine.backends.python.partial import Partial, is_partial, may_pass
from rules_engine.backends.python.quoting import Local, comment, const
from rules_engine.backends.python.writing import Lines


class Ruling:
    """The emitter of the offers of one function, each by itself."""

    def __init__(self, function: Function, counters: Counters) -> None:
        self.function = function
        self.counters = counters
        self.module = function.module
        self.effects = Effects(function)
        self.partial = Partial(self.effects)
        program, event = function.module.program, function.event
        self.groups = {group.name: group for group in program.offer_groups}
        tariff = set_tariff(function)
        mine = [offer for offer in program.offers if event.name in offer.events and offer is not tariff]
        self.rules = {offer.key: Rule(offer, number) for number, offer in enumerate(mine)}
        self.asked: list[Rule] = []
        self.barriers = barriers(program, event)
        self.makers = {each.maker for found in self.barriers.values() for each in found}
        self.turns: dict[str, tuple[str, int]] = {}  # rules asked in the order of codes, by the first of them
        self.filling = {  # how many rules of a group acted, where so many may
            group.name: f"members{number}"
            for number, group in enumerate(self.groups.values())
            if group.at_most is not None
        }
        self.guest = False
        self.marked = refusing(mine)
        self.flagged = {key for others in self.marked.values() for key in others}

    # ---- one rule: what it is asked

    @contextmanager
    def _admitted(self, rule: Rule, out: Lines) -> Iterator[Lines]:
        """The questions that a rule is asked; its lines go into the innermost."""
        offer, function = rule.offer, self.function
        self.asked.append(rule)
        out.add(f"# {offer.stage} offer {comment(offer.title)}")
        with ExitStack() as stack:
            if offer.code is not None:
                stack.enter_context(out.block(f"if {self._presented(rule)}:"))
                self._set_off(rule, out)
            for part in parts_of_dates(offer.dates):
                self._why(rule, outside(part, function), out)
                stack.enter_context(out.block(f"if {expressions.truth(part, function)}:"))
            if offer.thing is not None:
                stack.enter_context(out.block(f"if {self._shown(offer, offer.thing)}:"))
            limits = self._limits(offer)
            if self.guest and any(counter.limit.owner == "member" for counter in limits):
                self._why(rule, "members only", out)
                stack.enter_context(out.block("if False:"))
            elif not by_code(offer):
                self.counters.load_own(limits, out)
            times = [self._room(counter) for counter in limits if counter.limit.times is not None]
            if times:
                self._why(rule, "used up", out)
                stack.enter_context(out.block(f"if {' and '.join(times)}:"))
            if offer.group in self.filling:
                self._why(rule, "group is full", out)
                stack.enter_context(out.block(f"if {self.filling[offer.group]} < {self.groups[offer.group].at_most}:"))
            others = set(self.marked.get(offer.key, ()))
            for other in [each.offer.key for each in self.asked if each.offer.key in others] if others else ():
                self._why(rule, f"shut out by {self.rules[other].offer.title}", out)
                stack.enter_context(out.block(f"if not {self.rules[other].name('acted')}:"))
            function.sums, function.known = {}, {}
            if offer.when is not None:
                test = expressions.truth(offer.when, function)
                self._why(rule, "conditions not met", out)
                self._sums(out)
                stack.enter_context(out.block(f"if {test}:"))
            self._why(rule, "nothing to give", out)
            if offer.key in self.barriers:
                out.add(f"{rule.name('shut')} = shut_off({self._marks(rule)}, {self.effects.sizes or 'ones'})")
            yield out

    def _shown(self, offer: ir.OfferDef, thing: ir.ThingDef) -> str:
        """The test that a thing is presented, and owned; a guest owns nothing."""
        if self.guest:
            return "False"
        name = self.module.share("thing", offer.key, offer.title, lambda: thing)
        return f"{self.function.field(thing.field).code} and not steps.missing(run, {name})"

    def _handed(self, offer: ir.OfferDef, how: str, out: Lines) -> None:
        """Note that an offer's thing is to be taken, or would have been."""
        if offer.thing is not None:
            name = self.module.share("offer", offer.key, offer.title, lambda: offer)
            out.add(f"steps.{how}(run, {name})")

    def _marks(self, rule: Rule) -> str:
        """What others keep from a rule."""
        rows = []
        for barrier in self.barriers[rule.offer.key]:
            maker = self.rules[barrier.maker]
            changed = maker.name("changed") if barrier.changes else "()"
            claims = maker.name("claims") if barrier.claims and maker.offer.sets is not None else "()"
            rows.append(f"({changed}, {claims}, {barrier.per == 'line'})")
        return f"({', '.join(rows)},)"

    def _kept(self, rule: Rule, plan: Plan, out: Lines) -> None:
        """Tell a code where others keep what its rule would have acted on."""
        if rule.offer.code is None or rule.offer.key not in self.barriers:
            return
        reasons = const(
            tuple(f"{each.why} {self.rules[each.maker].offer.title}" for each in self.barriers[rule.offer.key])
        )
        why, short = rule.name("why"), f"{plan.name('short')} and {plan.name('wanted')}"
        with out.block(f"if {why} == 'nothing to give' and not ({short}):"):
            out.add(f"{why} = kept_from({self._marks(rule)}, {reasons}, {plan.places}) or {why}")

    def _set_off(self, rule: Rule, out: Lines) -> None:
        """Which of its presented codes sets a rule off: the first that its limits leave room for, else the first."""
        offer, name, mine = rule.offer, rule.name("code"), rule.name("mine")
        assert offer.code is not None
        if not is_listed(offer):
            texts = offer.code.texts
            if isinstance(texts, Local):
                out.add(f"{name} = next(filter({texts_of(rule, self.module)}.__contains__, presented))")
                return
            several = f"next(filter({texts_of(rule, self.module)}.__contains__, presented))"
            out.add(f"{name} = {const(texts[0]) if len(texts) == 1 else several}")
            return
        limits = self._limits(offer)
        if not by_code(offer) or (self.guest and any(each.limit.owner == "member" for each in limits)):
            out.add(f"{name} = {mine}[0]")
            return
        with out.block(f"for {name} in (*{mine}, {mine}[0]):"):
            self.counters.load_own(limits, out, name)
            with out.block(f"if {' and '.join(map(self._room, limits))}:"):
                out.add("break")

    def _presented(self, rule: Rule) -> str:
        assert rule.offer.code is not None
        if is_listed(rule.offer):
            return rule.name("mine")
        if isinstance(rule.offer.code.texts, Local):
            return f"not presented.keys().isdisjoint({rule.offer.code.texts})"
        return " or ".join(f"{const(text)} in presented" for text in rule.offer.code.texts)

    def _sums(self, out: Lines) -> None:
        """Work out the sums that were asked for since."""
        for code, name in self.function.sums.items():
            out.add(f"{name} = {code}")
            self.function.known[code] = name
        self.function.sums = {}

    def _why(self, rule: Rule, reason: str, out: Lines) -> None:
        """Note why a code would come to nothing if the rule stops here; empty: it set the rule off."""
        if rule.offer.code is not None:
            out.add(f"{rule.name('why')} = {const(reason)}")

    def _room(self, counter: Counter) -> str:
        guard = "" if counter.window.always else f"({counter.key} is None or "
        most = counter.limit.amount if counter.limit.times is None else counter.limit.times
        return f"{guard}{counter.used} < {most}{')' if guard else ''}"

    def _limits(self, offer: ir.OfferDef) -> list[Counter]:
        group = self.groups.get(offer.group)
        shared = group.limits if group is not None else ()
        event = self.function.event
        own = ("", event.currency or event.priced_unit)
        met = [each for each in (*offer.limits, *shared) if each.times is not None or each.unit in own]
        return [self.counters.of_offer(limit) for limit in met]

    def _by_amount(self, offer: ir.OfferDef) -> list[Counter]:
        return [counter for counter in self._limits(offer) if counter.limit.times is None]

    # ---- one rule: what it does

    def _rule(self, rule: Rule, out: Lines, winner: str = "") -> None:
        """A rule that acts as soon as it is asked."""
        offer = rule.offer
        if offer.sets is not None:
            with self._admitted(rule, out) as inner:
                self._sets(rule, offer.sets, winner, inner)
            return
        if len(offer.effects) == 1:
            with self._admitted(rule, out) as inner:
                test = self._effect(rule, offer.effects[0], f"{rule.number}", 0, "discounts", inner)
                with inner.block(f"if {test}:"):
                    self._done(rule, winner, inner)
            return
        did, own = rule.name("did"), rule.name("own")
        with self._admitted(rule, out) as inner:
            inner.add(f"{did}, {own} = False, []")
            if picks_later(offer):
                inner.add(f"{rule.name('began')} = cost[:], dict(uneven)")
            for place, effect in enumerate(offer.effects):
                test = self._effect(rule, effect, f"{rule.number}_{place}", place, own, inner)
                with inner.block(f"if {test}:"):
                    inner.add(f"{did} = True")
            with inner.block(f"if {did}:"):
                inner.add(f"discounts += {own}")
                self._done(rule, winner, inner)

    def _sets(self, rule: Rule, sets: ir.SetsDef, winner: str, out: Lines) -> None:
        """A rule that forms sets: their parts' effects first, then those beside the parts."""
        name, did, own, full = (rule.name(word) for word in ("sets", "did", "own", "full"))
        self.partial.form(sets, name, rule.name("shut") if rule.offer.key in self.barriers else "", out)
        for counter in self._limits(rule.offer):
            if counter.limit.times is not None:
                guard = "" if counter.window.always else f"if {counter.key} is not None:"
                with ExitStack() as stack:
                    if guard:
                        stack.enter_context(out.block(guard))
                    out.add(f"{name} = first_sets({name}, {counter.limit.times} - {counter.used})")
        out.add(f"{did}, {own}, {full} = False, [], count_sets({name}, full=True)")
        effects: list[tuple[ir.EffectDef, int | None]] = []
        for place, part in enumerate(sets.parts):
            effects += [(effect, place) for effect in part.effects]
        effects += [(effect, None) for effect in rule.offer.effects]
        with out.block(f"if {name}:"):
            for number, (effect, part_place) in enumerate(effects):
                test = self._of_set(rule, effect, f"{rule.number}_{number}", number, part_place, out)
                with out.block(f"if {test}:"):
                    out.add(f"{did} = True")
            with out.block(f"if {did}:"):
                out.add(f"discounts += {own}")
                self._done(rule, winner, out, f"count_sets({name})")

    def _of_set(self, rule: Rule, effect: ir.EffectDef, number: str, place: int, part: int | None, out: Lines) -> str:
        """An effect of a part, or beside the parts; the test that says whether it did something."""
        full = rule.name("full")
        match effect:
            case ir.DiscountDef(grain="total"):
                return self._effect(rule, effect, number, place, rule.name("own"), out)
            case ir.DiscountDef():
                plan = self.effects.plan(effect, number)
                self._sums(out)
                plan.partial, plan.proven = True, False
                found = self.partial.of_sets(plan, rule.name("sets"), part, rule.offer)
                self.partial.wants(plan, rule.offer.stage, out, found)
                self._cut(rule, plan, out)
                return self._noted(rule, plan, place, rule.name("own"), out)
            case _:
                return self._effect(rule, effect, number, place, "", out, full)

    def _done(self, rule: Rule, winner: str, out: Lines, times: str = "1") -> None:
        self._acted(rule, out, times)
        if winner:
            out.add(f"{winner} = {const(rule.offer.title)}")

    def _effect(
        self, rule: Rule, effect: ir.EffectDef, number: str, place: int, own: str, out: Lines, times: str = ""
    ) -> str:
        """An effect, `times` over for each set; the test that says whether it did something."""
        key, every = const(rule.offer.key), f" * {times}" if times else ""
        match effect:
            case ir.DiscountDef():
                held = any(rule.offer.key in holdout.rules for holdout in self.module.program.holdouts)
                plan = self._wanted(rule, effect, number, out, now=not held)
                test = self._noted(rule, plan, place, own, out)
                self._kept(rule, plan, out)
                return test
            case ir.ChargeDef(value=value, label=label, rounding=rounding):
                fee = f"fee{number}"
                self.function.basis_of = {}
                amount = expressions.number(value, self.function)
                self._sums(out)
                for base, name in self.function.basis_of.items():
                    out.add(f"{name} = {self.effects.everywhere(base)}")
                whole = numbers.whole(numbers.rounded(amount, rounding))
                out.add(f"{fee} = {numbers.wrap(whole)}{every}" if every else f"{fee} = {whole}")
                with out.block(f"if {fee} > 0:"):
                    out.add(f"charges.append(Charge({key}, {const(label)}, {fee}))")
                return f"{fee} > 0"
            case _:
                gift = f"gift{number}"
                out.add(f"{gift} = {expressions.plain(effect.sku, self.function)}")
                test = f"{gift} is not None and {times}" if times else f"{gift} is not None"
                with out.block(f"if {test}:"):
                    out.add(f"gifts.append(Gift({key}, str({gift}), {effect.count}{every}))")
                return test

    def _noted(self, rule: Rule, plan: Plan, place: int, own: str, out: Lines) -> str:
        """Take off what is given; what came to nothing is noted where the rule has other effects."""
        key, given = const(rule.offer.key), plan.name("given")
        self._held(rule, plan, place, out)
        given = plan.moved(rule.offer.stage)
        with out.block(f"if {given}:"):
            self._take(rule, plan, place, own, out)
        if own != "discounts":
            sizes, wanted = self.effects.sizes or "ones", plan.name("wanted")
            some = "" if plan.partial else f" and any_units({sizes}, {plan.places})"
            with out.block(f"elif {wanted}{some}:"):
                cut = f", False, {plan.name('cut')}" if self._by_amount(rule.offer) else ""
                out.add(f"{own}.append(Discount({key}, {const(rule.offer.stage)}, {place}, {wanted}, 0, (){cut}))")
        return given

    def _wanted(self, rule: Rule, effect: ir.DiscountDef, number: str, out: Lines, now: bool) -> Plan:
        """Lines that leave what an effect wants, and what room and limits leave of it. Where nothing can cut it or set
        it aside it is taken off at once."""
        plan = self.effects.plan(effect, number)
        self._sums(out)
        barred = rule.offer.key in self.barriers
        if barred or is_partial(effect, rule.offer.stage):
            plan.partial, plan.proven = True, False
            plan.shut = rule.name("shut") if barred else ""
            plan.began = rule.name("began") if picks_later(rule.offer) else ""
            self.partial.wants(plan, rule.offer.stage, out)
        else:
            most = may_pass(effect)
            plan.taken = now and effect.grain != "total" and most is None
            plan.taken = plan.taken and not (self._by_amount(rule.offer) or effect.or_nothing)
            self.effects.wants(plan, out)
            if most is not None:
                with out.block(f"if {plan.name('wanted')} > {most}:"):
                    self.partial.wants(plan, rule.offer.stage, out)
        self._cut(rule, plan, out)
        return plan

    def _cut(self, rule: Rule, plan: Plan, out: Lines) -> None:
        """Cut what would be given to what limits by amount leave."""
        effect, limits = plan.effect, self._by_amount(rule.offer)
        given, cut = plan.name("given"), plan.name("cut")
        if limits:
            out.add(f"{plan.name('room')} = {given}")
            out.add(f'{cut} = ""')
        if len(limits) > 1:
            out.add(f"{plan.name('cuts')} = []")
        for counter in limits:
            left = f"{counter.limit.amount} - {counter.used}"
            guard = "" if counter.window.always else f"{counter.key} is not None and "
            with out.block(f"if {guard}{given} > {left}:"):
                nothing = counter.limit.or_nothing or effect.or_nothing
                out.add(f"{given} = 0" if nothing else f"{given} = max({left}, 0)")
                out.add(f"{cut} = {const(counter.limit.key)}")
                if len(limits) > 1:
                    out.add(f"{plan.name('cuts')}.append({given})")
                self._why(rule, "used up", out)
        if effect.or_nothing and plan.partial:
            with out.block(f"if {plan.name('short')}:"):
                out.add(f"{given} = 0")
                out.add(f"{plan.name('parts')} = []")
        elif effect.or_nothing and not plan.proven:
            with out.block(f"if {plan.name('room') if limits else given} < {plan.name('wanted')}:"):
                out.add(f"{given} = 0")

    def _held(self, rule: Rule, plan: Plan, place: int, out: Lines) -> None:
        """What a member of a holdout would have had is noted, and not given."""
        tests = held_tests(rule.offer.key, self.function)
        if tests and not self.guest:
            key, stage = const(rule.offer.key), const(rule.offer.stage)
            moved = plan.moved(rule.offer.stage)
            with out.block(f"if {moved} and ({' or '.join(tests)}):"):
                out.add(f"discounts.append(Discount({key}, {stage}, {place}, {plan.name('wanted')}, 0, (), True))")
                out.add(f"{plan.name('given')} = 0" if moved == plan.name("given") else f"{moved} = ()")
                self._why(rule, "held out", out)
                self._handed(rule.offer, "keep_out", out)

    def _take(self, rule: Rule, plan: Plan, place: int, own: str, out: Lines) -> None:
        """Take it off, note it, and count it against limits by amount."""
        amounts = self._by_amount(rule.offer)
        wanted, given, parts = plan.name("wanted"), plan.name("given"), plan.name("parts")
        if plan.taken:
            parts = f"tuple({parts})"
        else:
            self.effects.takes(plan, len(amounts), out)
        self.function.known = {}
        if rule.offer.key in self.makers:
            out.add(f"{rule.name('changed')} += {parts}")
        cut = f", False, {plan.name('cut')}" if amounts else ""
        key, stage = const(rule.offer.key), const(rule.offer.stage)
        out.add(f"{own}.append(Discount({key}, {stage}, {place}, {wanted}, {given}, {parts}{cut}))")
        for counter in amounts:
            self.counters.count(counter, given, out)

    def _acted(self, rule: Rule, out: Lines, times: str = "1") -> None:
        """The rule acted: count it against limits by times, and let it say its words at its turn."""
        for counter in self._limits(rule.offer):
            if counter.limit.times is not None:
                self.counters.count(counter, times, out)
        self._why(rule, "", out)
        self._handed(rule.offer, "present", out)
        if rule.offer.group in self.filling:
            out.add(f"{self.filling[rule.offer.group]} += 1")
        if rule.offer.key in self.makers and rule.offer.sets is not None:
            out.add(f"{rule.name('claims')} = claimed({rule.name('sets')})")
        if rule.offer.key in self.flagged:
            out.add(f"{rule.name('acted')} = True")
        for text in rule.offer.says:
            out.add(f"said.append(Said({const(rule.offer.key)}, {const(text)}))")
