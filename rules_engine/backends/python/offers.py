"""Offers in generated code: stages, groups and rules as straight lines, in the order in which the reference asks them.

In: the offers of an event whose constructs are generated (`plain` tells them from the rest). Out: lines that go from
what everything lists at to what it costs, and note what was taken off, which codes did something and what limits were
used. A rule is a nest of questions; what it takes off stands in the innermost. In a group that takes the best, all
members first work out what they would give, and only the best takes it off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.effects import Effects, Plan
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counter, Counters
from rules_engine.backends.python.offers_asked import (
    OF_MEMBERS,
    Rule,
    codes_of,
    held_tests,
    outside,
    parts_of_dates,
    picks_later,
    refusing,
    texts_of,
)
from rules_engine.backends.python.partial import Partial, is_partial
from rules_engine.backends.python.pricing import Pricing
from rules_engine.backends.python.quoting import comment, const
from rules_engine.backends.python.writing import Lines

SNAPSHOTS = {"catalogue": "cost_catalogue", "item": "cost_item", "basket": "cost_basket", "shipping": "cost_shipping"}


class Offers:
    """The emitter of one function's offers."""

    def __init__(self, function: Function, counters: Counters) -> None:
        self.function = function
        self.counters = counters
        self.module = function.module
        self.effects = Effects(function)
        self.partial = Partial(self.effects)
        self.pricing = Pricing(self.effects, function.module.program.header)
        program, event = function.module.program, function.event
        self.stages = {stage.name: stage for stage in program.stages}
        self.groups = {group.name: group for group in program.offer_groups}
        mine = [offer for offer in program.offers if event.name in offer.events]
        self.rules = {offer.key: Rule(offer, number) for number, offer in enumerate(mine)}
        self.asked: list[Rule] = []
        self.guest = False
        self.marked = refusing(mine)
        self.flagged = {key for others in self.marked.values() for key in others}
        self.flagged |= {offer.key for offer in mine if offer.says}

    # ---- the whole

    def for_guests(self) -> bool:
        """Whether offers can be emitted for events without a member: they read nothing of one."""
        offers = tuple(rule.offer for rule in self.rules.values())
        return not any(isinstance(node, OF_MEMBERS) for node in ir.walk(offers)) and not any(
            offer.says for offer in offers
        )

    def emit_for_guests(self, out: Lines) -> None:
        """All stages, where there is no member: what is limited by member does not act."""
        self.guest = True
        self.emit(out)
        self.close(out)
        self.guest = False

    def emit(self, out: Lines) -> None:
        """All stages."""
        function = self.function
        function.offering = True
        function.ended, function.sums, self.asked = set(), {}, []
        stages: list[tuple[str, Lines]] = []
        for name, snapshot in SNAPSHOTS.items():
            body = Lines()
            stage = self.stages.get(name)  # type: ignore[call-overload]
            if stage is not None:
                self._members(stage.policy, name, body)
            stages.append((snapshot, body))
            function.ended.add(snapshot)
        function.offering = False
        self._opening(out)
        for snapshot, body in stages:
            out.extend(body)
            if snapshot in function.snapshots:
                out.add(f"{snapshot} = cost[:]")

    def _opening(self, out: Lines) -> None:
        function, event = self.function, self.function.event
        function.line_money("list")
        amounts = function.column("amount")
        if event.shipping_field:
            amount = function.field(event.shipping_field).code
            also = f"{amount} or 0" if function.fields[event.shipping_field].optional else amount
            out.add(f"all_c_amount = [*{amounts}, {also}]")
            amounts = "all_c_amount"
            if function.passing.was:
                out.add(f"all_c_was_amount = [*c_was_amount, {also}]")
        out.add(f"cost = {amounts}[:]")
        if event.quantity_field:
            function.line_quantity()
            function.column("pieces")
            if event.shipping_field:
                out.add("sizes = [*c_pieces, 1]")
        else:
            out.add("ones = [1] * len(cost)")
        whole = event.list_each or not event.quantity_field
        out.add("uneven = {}" if whole else f"uneven = opened(cost, {self.effects.sizes}, REMAINDER)")
        if function.needs_ranks:
            out.add("ranks = keys" if event.shipping_field else "ranks = ranked(keys)")
        if event.floor_field:
            function.passing.floor = True
            floors = function.column("floor")
            out.add(f"floors = [*{floors}, 0]" if event.shipping_field else f"floors = {floors}")
        out.add("discounts = []")
        for kind, name in ((ir.ChargeDef, "charges"), (ir.GiftDef, "gifts")):
            if self._uses(kind):
                out.add(f"{name} = []")
        self.counters.open_offers(out)
        if event.codes_field:
            field = function.field(event.codes_field).code
            out.add(f"presented = {{CODES[code]: code for code in {field}}} if {field} else NONE")
        for rule in self._coded():
            out.add(f"{rule.name('why')} = {rule.name('code')} = None")
        for key in self.rules:
            if key in self.flagged:
                out.add(f"{self.rules[key].name('acted')} = False")

    def _coded(self) -> list[Rule]:
        return [rule for rule in self.rules.values() if rule.offer.code is not None]

    def _uses(self, kind: type) -> bool:
        return any(isinstance(effect, kind) for rule in self.rules.values() for effect in rule.offer.effects)

    def close(self, out: Lines) -> None:
        """What limits were used, what became of codes, what everything costs, and the sums that earns and tracks
        read."""
        function = self.function
        self.counters.commit_offers(out, self.guest)
        if function.event.codes_field:
            out.add(f"codes = {codes_of(self.asked, self.function)}")
        for rule in self.rules.values():
            for text in rule.offer.says:
                with out.block(f"if {rule.name('acted')}:"):
                    out.add(f"said.append(Said({const(rule.offer.key)}, {const(text)}))")
        self._sums(out)
        if function.whole_net and not self.guest:
            out.add(f"w_net = tuple(cost{'[:-1]' if function.event.shipping_field else ''})")
        self.pricing.price(self._uses(ir.ChargeDef), out)

    def results(self) -> list[str]:
        """The expressions of what an outcome holds of offers."""
        charges = "tuple(charges)" if self._uses(ir.ChargeDef) else "()"
        gifts = "tuple(gifts)" if self._uses(ir.GiftDef) else "()"
        codes = "codes" if self.function.event.codes_field else "()"
        reserved = "tuple(reserved)" if self.counters.reserving() else "()"
        return ["price", "tuple(discounts)", charges, gifts, codes, reserved]

    # ---- groups

    def _members(self, policy: ir.PolicyDef, where: str, out: Lines) -> None:
        """The members of a stage or group, as its policy has them."""
        entries = [entry for entry in policy.order if self._has(entry)]
        if policy.choice == "best" and len(entries) > 1:
            self._best([self.rules[entry] for entry in entries], where, out)
        elif policy.choice == "first" and len(entries) > 1:
            self._first([self.rules[entry] for entry in entries], where, out)
        else:
            for entry in entries:
                if entry in self.rules:
                    self._rule(self.rules[entry], out)
                else:
                    name = entry.removeprefix("group ")
                    self._members(self.groups[name].policy, name, out)

    def _has(self, entry: str) -> bool:
        """Whether an event meets a rule, or a rule of a group."""
        if entry in self.rules:
            return True
        group = self.groups.get(entry.removeprefix("group "))
        return group is not None and any(self._has(each) for each in group.policy.order)

    def _first(self, rules: Sequence[Rule], where: str, out: Lines) -> None:
        """The first that acts ends the group."""
        winner = f"first{rules[0].number}"
        out.add(f"# the first of {comment(where)}")
        out.add(f"{winner} = None")
        for place, rule in enumerate(rules):
            if not place:
                self._rule(rule, out, winner)
                continue
            with out.block(f"if {winner} is None:"):
                self._rule(rule, out, winner)
            if rule.offer.code is not None:
                with out.block(f"elif {self._presented(rule)}:"):
                    out.add(f"{rule.name('why')} = 'lost to ' + {winner}")

    def _best(self, rules: Sequence[Rule], where: str, out: Lines) -> None:
        """All members from the same start; the one that would give most takes it."""
        out.add(f"# the best of {comment(where)}")
        best = f"best{rules[0].number}"
        out.add(f"{best}, most = None, 0")
        plans: list[tuple[Rule, Plan]] = []
        for rule in rules:
            effect = rule.offer.effects[0]
            assert isinstance(effect, ir.DiscountDef)
            with self._admitted(rule, out) as inner:
                plan = self._wanted(rule, effect, f"{rule.number}", inner, now=False)
                given = plan.name("given")
                with inner.block(f"if {given} > most:"):
                    inner.add(f"{best}, most = {rule.number}, {given}")
                if rule.offer.code is not None:
                    with inner.block(f"if {given}:"):
                        self._why(rule, "", inner)
            plans.append((rule, plan))
        for place, (rule, plan) in enumerate(plans):
            with out.block(f"{'elif' if place else 'if'} {best} == {rule.number}:"):
                self._take(rule, plan, 0, "discounts", out)
                self._acted(rule, out)
        titles = const({rule.number: f"lost to {rule.offer.title}" for rule in rules})
        for rule in rules:
            if rule.offer.code is not None:
                why = rule.name("why")
                with out.block(f'if {why} == "" and {best} != {rule.number}:'):
                    out.add(f"{why} = {titles}[{best}]")

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
                texts = offer.code.texts
                first = (
                    const(texts[0])
                    if len(texts) == 1
                    else f"next(filter({texts_of(rule, self.module)}.__contains__, presented))"
                )
                out.add(f"{rule.name('code')} = {first}")
            for part in parts_of_dates(offer.dates):
                self._why(rule, outside(part, function), out)
                stack.enter_context(out.block(f"if {expressions.truth(part, function)}:"))
            limits = self._limits(offer)
            if self.guest and any(counter.limit.owner == "member" for counter in limits):
                self._why(rule, "members only", out)
                stack.enter_context(out.block("if False:"))
            else:
                self.counters.load_own(limits, out)
            times = [self._room(counter) for counter in limits if counter.limit.times is not None]
            if times:
                self._why(rule, "used up", out)
                stack.enter_context(out.block(f"if {' and '.join(times)}:"))
            for other in self.marked.get(offer.key, ()):
                self._why(rule, f"shut out by {self.rules[other].offer.title}", out)
                stack.enter_context(out.block(f"if not {self.rules[other].name('acted')}:"))
            function.sums, function.known = {}, {}
            if offer.when is not None:
                test = expressions.truth(offer.when, function)
                self._why(rule, "conditions not met", out)
                self._sums(out)
                stack.enter_context(out.block(f"if {test}:"))
            self._why(rule, "nothing to give", out)
            yield out

    def _presented(self, rule: Rule) -> str:
        assert rule.offer.code is not None
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
        return f"{guard}{counter.used} < {counter.limit.times}{')' if guard else ''}"

    def _limits(self, offer: ir.OfferDef) -> list[Counter]:
        group = self.groups.get(offer.group)
        shared = group.limits if group is not None else ()
        own = ("", self.function.event.currency)
        met = [each for each in (*offer.limits, *shared) if each.times is not None or each.unit in own]
        return [self.counters.of(limit) for limit in met]

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
        self.partial.form(sets, name, out)
        for counter in self._limits(rule.offer):
            if counter.limit.times is not None:
                guard = "" if counter.window.always else f"if {counter.key} is not None:"
                with ExitStack() as stack:
                    if guard:
                        stack.enter_context(out.block(guard))
                    out.add(f"{name} = {name}[: max({counter.limit.times} - {counter.used}, 0)]")
        out.add(f"{did}, {own}, {full} = False, [], sum([not partial for _, partial in {name}])")
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
                self._done(rule, winner, out, f"len({name})")

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
                found = self.partial.of_sets(plan, rule.name("sets"), part)
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
                return self._noted(rule, plan, place, own, out)
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
        given = plan.name("parts") if plan.partial and rule.offer.stage == "catalogue" else given
        with out.block(f"if {given}:"):
            self._take(rule, plan, place, own, out)
        if own != "discounts":
            sizes, wanted = self.effects.sizes or "ones", plan.name("wanted")
            some = "" if plan.partial else f" and any([{sizes}[i] for i in {plan.places}])"
            with out.block(f"elif {wanted}{some}:"):
                cut = f", False, {plan.name('cut')}" if self._by_amount(rule.offer) else ""
                out.add(f"{own}.append(Discount({key}, {const(rule.offer.stage)}, {place}, {wanted}, 0, (){cut}))")
        return given

    def _wanted(self, rule: Rule, effect: ir.DiscountDef, number: str, out: Lines, now: bool) -> Plan:
        """Lines that leave what an effect wants, and what room and limits leave of it. Where nothing can cut it or set
        it aside it is taken off at once."""
        plan = self.effects.plan(effect, number)
        self._sums(out)
        if is_partial(effect, rule.offer.stage, self.function.event):
            plan.partial, plan.proven = True, False
            plan.began = rule.name("began") if picks_later(rule.offer) else ""
            self.partial.wants(plan, rule.offer.stage, out)
        else:
            plan.taken = now and not (self._by_amount(rule.offer) or effect.or_nothing) and effect.grain != "total"
            self.effects.wants(plan, out)
        self._cut(rule, plan, out)
        return plan

    def _cut(self, rule: Rule, plan: Plan, out: Lines) -> None:
        """Cut what would be given to what limits by amount leave."""
        effect, limits = plan.effect, self._by_amount(rule.offer)
        given, cut = plan.name("given"), plan.name("cut")
        if limits:
            out.add(f"{plan.name('room')} = {given}")
            out.add(f'{cut} = ""')
        for counter in limits:
            left = f"{counter.limit.amount} - {counter.used}"
            guard = "" if counter.window.always else f"{counter.key} is not None and "
            with out.block(f"if {guard}{given} > {left}:"):
                nothing = counter.limit.or_nothing or effect.or_nothing
                out.add(f"{given} = 0" if nothing else f"{given} = max({left}, 0)")
                out.add(f"{cut} = {const(counter.limit.key)}")
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
        tests = held_tests(rule.offer, self.function)
        if tests and not self.guest:
            key, stage = const(rule.offer.key), const(rule.offer.stage)
            with out.block(f"if {plan.name('given')} and ({' or '.join(tests)}):"):
                out.add(f"discounts.append(Discount({key}, {stage}, {place}, {plan.name('wanted')}, 0, (), True))")
                out.add(f"{plan.name('given')} = 0")
                self._why(rule, "held out", out)

    def _take(self, rule: Rule, plan: Plan, place: int, own: str, out: Lines) -> None:
        """Take it off, note it, and count it against limits by amount."""
        amounts = self._by_amount(rule.offer)
        wanted, given, parts = plan.name("wanted"), plan.name("given"), plan.name("parts")
        if plan.taken:
            parts = f"tuple({parts})"
        else:
            self.effects.takes(plan, bool(amounts), out)
        self.function.known = {}
        cut = f", False, {plan.name('cut')}" if amounts else ""
        key, stage = const(rule.offer.key), const(rule.offer.stage)
        out.add(f"{own}.append(Discount({key}, {stage}, {place}, {wanted}, {given}, {parts}{cut}))")
        for counter in amounts:
            self.counters.count(counter, given, out)

    def _acted(self, rule: Rule, out: Lines, times: str = "1") -> None:
        """The rule acted: count it against limits by times."""
        for counter in self._limits(rule.offer):
            if counter.limit.times is not None:
                self.counters.count(counter, times, out)
        self._why(rule, "", out)
        if rule.offer.key in self.flagged:
            out.add(f"{rule.name('acted')} = True")
