"""Offers in generated code: stages, groups and rules as straight lines, in the order in which the reference asks them.

In: the offers of an event whose constructs are generated (`plain` tells them from the rest). Out: lines that go from
what everything lists at to what it costs, and note what was taken off, which codes did something and what limits were
used. A rule is a nest of questions; what it takes off stands in the innermost. In a group that takes the best, all
members first work out what they would give, and only the best takes it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import msgspec

from rules_engine import ir
from rules_engine.backends.python.dispatch import Dispatch
from rules_engine.backends.python.effects import Plan
from rules_engine.backends.python.folding import LEAST, Block, Entry
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counters
from rules_engine.backends.python.offers_asked import (
    OF_MEMBERS,
    Rule,
    code_row,
    codes_of,
    is_listed,
    listed_codes,
    texts_of,
)
from rules_engine.backends.python.offers_guests import is_for_members
from rules_engine.backends.python.offers_rules import Ruling
from rules_engine.backends.python.passing import BASES
from rules_engine.backends.python.pricing import Pricing
from rules_engine.backends.python.quoting import comment, const
from rules_engine.backends.python.writing import Lines

SNAPSHOTS = {"catalogue": "cost_catalogue", "item": "cost_item", "basket": "cost_basket", "shipping": "cost_shipping"}


class Offers(Ruling):
    """The emitter of one function's offers."""

    def __init__(self, function: Function, counters: Counters) -> None:
        super().__init__(function, counters)
        self.pricing = Pricing(self.effects, function.module.program.header)
        self.stood: dict[str, Rule] = {}  # rules that stand for a shape
        self.kinds = {type(effect) for rule in self.rules.values() for effect in rule.offer.effects}
        self.arranged: dict[tuple[str, ...], Sequence[Entry]] = {}  # once for members, once for guests
        self.every = ir.PolicyDef("all", "basket", ())
        self.stages = {stage.name: stage for stage in function.module.program.stages}

    # ---- the whole

    def for_guests(self) -> bool:
        """Whether offers can be emitted for events without a member: they read nothing of one."""
        offers = tuple(msgspec.structs.replace(rule.offer, code=None) for rule in self.guests().values())
        return not any(isinstance(node, OF_MEMBERS) for node in ir.walk(offers)) and not any(
            offer.says for offer in offers
        )

    def emit_for_guests(self, out: Lines) -> None:
        """All stages, where there is no member: what is limited by member does not act."""
        rules, kept = self.rules, self.barriers
        self.guest, self.rules = True, self.guests()
        self.barriers = {
            key: found
            for key, each in kept.items()
            if key in self.rules and (found := tuple(one for one in each if one.maker in self.rules))
        }
        self.emit(out)
        self.close(out)
        self.guest, self.rules, self.barriers = False, rules, kept

    def work_out(self, out: Lines) -> None:
        """The sums that were asked for since offers are done."""
        self._sums(out)

    def guests(self) -> dict[str, Rule]:
        """The rules that may act for an event without a member."""
        groups = {name: group.limits for name, group in self.groups.items()}
        return {
            key: rule
            for key, rule in self.rules.items()
            if not is_for_members(rule.offer, (*rule.offer.limits, *groups.get(rule.offer.group, ())))
        }

    def emit(self, out: Lines) -> None:
        """All stages."""
        function = self.function
        function.offering = True
        function.ended, function.sums, self.asked = set(), {}, []
        self._foresee()
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

    def _foresee(self) -> None:
        """What earns, redeems and tracks read of lines between the stages has to be kept before they come."""
        program, name = self.function.module.program, self.function.event.name
        later = (tuple(rule for rule in program.rules if name in rule.events), program.tracks)
        for node in ir.walk(later):
            if isinstance(node, ir.LineMoney | ir.Picked) and BASES.get(node.base or "") in SNAPSHOTS.values():
                self.function.snapshots[BASES[node.base or ""]] = None

    def _opening(self, out: Lines) -> None:
        function, event = self.function, self.function.event
        function.line_money("list")
        amounts = function.column("amount")
        if event.shipping_field:
            amount = function.field(event.shipping_field).code
            also = f"{amount} or 0" if function.fields[event.shipping_field].optional else amount
            out.add(f"all_c_amount = [*{amounts}, {also}]")
            amounts = "all_c_amount"
            if "was_amount" in function.passing.columns:
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
        noted = function.tariff_noted
        out.add(f"discounts = [{noted}] if cost else []" if noted else "discounts = []")
        for kind, name in ((ir.ChargeDef, "charges"), (ir.GiftDef, "gifts")):
            if self._uses(kind):
                out.add(f"{name} = []")
        self._accounts(out)
        self.counters.open_offers(out)
        if event.codes_field:
            field = function.field(event.codes_field).code
            out.add(f"presented = codes_that_count({field}, CODES) if {field} else NONE")
        for rule in self._coded():
            out.add(f"{rule.name('why')} = {rule.name('code')} = None")
            if is_listed(rule.offer):
                out.add(f"{rule.name('mine')} = {listed_codes(rule, function, self.guest)}")
        for key in self.rules:
            if key in self.flagged:
                out.add(f"{self.rules[key].name('acted')} = False")

    def _accounts(self, out: Lines) -> None:
        """No rule has changed or claimed anything, and no group is full."""
        for key, rule in self.rules.items():
            if key in self.makers:
                out.add(f"{rule.name('changed')} = {rule.name('claims')} = ()")
        for name in self.filling.values():
            out.add(f"{name} = 0")

    def _coded(self) -> list[Rule]:
        return [rule for rule in self.asked if rule.offer.code is not None and not rule.uses]

    def _uses(self, kind: type) -> bool:
        return kind in self.kinds

    def close(self, out: Lines) -> None:
        """What limits were used, what became of codes, what everything costs, and the sums that earns and tracks
        read."""
        function = self.function
        self.counters.commit_offers(out, self.guest)
        if function.event.codes_field:
            out.add(f"codes = {codes_of(self.asked, self.turns, self.function, self.guest)}")
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
        coded = [self.rules[each] for each in entries if each in self.rules and self.rules[each].offer.code is not None]
        if policy.of_codes and len(entries) > 1 and coded:
            keys = {rule.offer.key for rule in coded}
            self._by_codes(policy, [each for each in entries if each not in keys], coded, out)
            return
        if policy.choice == "best" and policy.per != "basket" and len(entries) > 1:
            self._best_each([self.rules[entry] for entry in entries], policy.per == "unit", where, out)
            return
        if policy.choice == "best" and len(entries) > 1:
            self._best([self.rules[entry] for entry in entries], where, out)
        elif policy.choice == "first" and policy.per == "basket" and len(entries) > 1:
            self._first([self.rules[entry] for entry in entries], where, out)
        else:
            for found in self._found(entries, policy):
                if isinstance(found, Block):
                    self._block(found, out)
                    continue
                entry = found if isinstance(found, str) else found.key
                if entry in self.rules:
                    self._rule(self.rules[entry], out)
                else:
                    name = entry.removeprefix("group ")
                    self._members(self.groups[name].policy, name, out)

    def _found(self, entries: Sequence[str], policy: ir.PolicyDef) -> Sequence[Entry]:
        """The members of a stage or group that run one after the other, with blocks where there are many rules that
        hang on no other."""
        folding = self.function.folding
        if folding is None or len(entries) < LEAST:
            return entries
        tied = self.barriers.keys() | self.makers | self.marked.keys() | self.flagged
        tied |= {key for key, rule in self.rules.items() if rule.offer.says}

        def fits(offer: ir.OfferDef) -> bool:
            coded = offer.code is not None and (is_listed(offer) or policy.of_codes)
            return offer.key not in tied and offer.thing is None and not coded

        def like(offer: ir.OfferDef) -> object:
            if not self.counters.alike(offer):
                return offer.key
            told = (
                offer.dates if offer.code is not None else None
            )  # a code is told the day before which it does not count
            days = tuple([node.num for node in ir.walk(told) if isinstance(node, ir.Num)])
            return folding.named.get(offer.key), days

        found = self.arranged.get(tuple(entries))
        if found is None:
            rules = [self.rules[entry].offer if entry in self.rules else entry for entry in entries]
            found = self.arranged[tuple(entries)] = folding.entries(rules, fits, like)
        return found

    def _block(self, block: Block, out: Lines, winner: str = "") -> None:
        """Offers that are found; the first that acts ends them, where there is to be a winner."""
        dispatch, loop = Dispatch(block, self.function, self.counters), Lines()
        uses = f"uses{dispatch.index.number}" if any(shape.rule.code is not None for shape in block.shapes) else ""
        if uses:
            out.add(f"{uses} = []")
        between = f"if {winner} is not None: break" if winner else ""

        def one(offer: ir.OfferDef, inner: Lines) -> None:
            rule = self._standing(offer)
            rule.uses = uses
            self.function.known = {}
            if offer.code is not None:
                inner.add(f"{rule.name('why')} = {rule.name('code')} = None")
            self._rule(rule, inner, winner)
            if offer.code is not None:
                inner.add(f"{uses}.append({code_row(rule, self.module)})")

        dispatch.loop(loop, one, between)
        dispatch.found(out)
        out.extend(loop)
        self.function.known = {}

    def _standing(self, offer: ir.OfferDef) -> Rule:
        """A rule of the event, or the one that stands for a shape."""
        rule = self.rules.get(offer.key)
        if rule is None:
            rule = self.stood.get(offer.key)
        if rule is None:
            rule = self.stood[offer.key] = Rule(offer, len(self.rules) + len(self.stood))
        return rule

    def _has(self, entry: str) -> bool:
        """Whether an event meets a rule, or a rule of a group."""
        if entry in self.rules:
            return True
        group = self.groups.get(entry.removeprefix("group "))
        return group is not None and any(self._has(each) for each in group.policy.order)

    def _by_codes(self, policy: ir.PolicyDef, others: Sequence[str], coded: list[Rule], out: Lines) -> None:
        """Rules set off by codes in the order in which these were presented, after the others."""
        turns, first = f"turns{coded[0].number}", policy.choice == "first"
        winner = f"first{coded[0].number}" if first else ""
        codes = [rule.name("mine") if is_listed(rule.offer) else texts_of(rule, self.module) for rule in coded]
        out.add("# in the order of codes")
        out.add(f"{turns} = in_turn(presented, ({', '.join(codes)},))")
        if first:
            out.add(f"{winner} = None")
        for entry in others:
            if not first:
                self._members(ir.PolicyDef("all", "basket", (entry,)), "", out)
                continue
            with out.block(f"if {winner} is None:"):
                self._rule(self.rules[entry], out, winner)
        self.turns[coded[0].offer.key] = (turns, len(coded))
        with out.block(f"for turn in {turns}:"):
            for place, rule in enumerate(coded):
                with out.block(f"{'elif' if place else 'if'} turn == {place}:"), ExitStack() as stack:
                    if first:
                        with out.block(f"if {winner} is not None and ({self._presented(rule)}):"):
                            out.add(f"{rule.name('why')} = 'lost to ' + {winner}")
                        stack.enter_context(out.block(f"elif {winner} is None:"))
                    self._rule(rule, out, winner)
        self.function.known = {}

    def _first(self, rules: Sequence[Rule], where: str, out: Lines) -> None:
        """The first that acts ends the group."""
        winner = f"first{rules[0].number}"
        out.add(f"# the first of {comment(where)}")
        out.add(f"{winner} = None")
        blocks = self._found([rule.offer.key for rule in rules], self.every) if self._plain(rules) else ()
        if any(isinstance(each, Block) for each in blocks):
            for each in blocks:
                if isinstance(each, Block):
                    self._block(each, out, winner)
                    continue
                assert isinstance(each, ir.OfferDef)
                with out.block(f"if {winner} is None:"):
                    self._rule(self.rules[each.key], out, winner)
            return
        for place, rule in enumerate(rules):
            if not place:
                self._rule(rule, out, winner)
                continue
            with out.block(f"if {winner} is None:"):
                self._rule(rule, out, winner)
            if rule.offer.code is not None:
                with out.block(f"elif {self._presented(rule)}:"):
                    out.add(f"{rule.name('why')} = 'lost to ' + {winner}")

    def _plain(self, rules: Sequence[Rule]) -> bool:
        """Whether no code has to be told who won."""
        return not any(rule.offer.code is not None for rule in rules)

    def _best(self, rules: Sequence[Rule], where: str, out: Lines) -> None:
        """All members from the same start; the one that would give most takes it."""
        out.add(f"# the best of {comment(where)}")
        best = f"best{rules[0].number}"
        blocks = self._found([rule.offer.key for rule in rules], self.every) if self._plain(rules) else ()
        if len(blocks) == 1 and isinstance(blocks[0], Block):
            self._best_found(blocks[0], best, out)
            return
        out.add(f"{best}, most = None, 0")
        plans: list[tuple[Rule, Plan]] = []
        raised = any(rule.offer.stage == "catalogue" for rule in rules)  # a price that rises may be the best there is
        for rule in rules:
            effect = rule.offer.effects[0]
            assert isinstance(effect, ir.DiscountDef)
            with self._admitted(rule, out) as inner:
                plan = self._wanted(rule, effect, f"{rule.number}", inner, now=False)
                given, moved = plan.name("given"), plan.moved(rule.offer.stage)
                better = f"{given} > most"
                with inner.block(f"if {moved} and ({best} is None or {better}):" if raised else f"if {better}:"):
                    inner.add(f"{best}, most = {rule.number}, {given}")
                if rule.offer.code is not None:
                    with inner.block(f"if {moved}:"):
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

    def _best_found(self, block: Block, best: str, out: Lines) -> None:
        """The same among rules that are found: all that were are tried, and the best is worked out once more to take
        it."""
        dispatch, inner = Dispatch(block, self.function, self.counters), Lines()
        raised = any(shape.rule.stage == "catalogue" for shape in block.shapes)

        def tried(offer: ir.OfferDef, out: Lines) -> Plan:
            rule, effect = self._standing(offer), offer.effects[0]
            assert isinstance(effect, ir.DiscountDef)
            self.function.known = {}
            return self._wanted(rule, effect, f"{rule.number}", out, now=False)

        def ask(offer: ir.OfferDef, out: Lines) -> None:
            with self._admitted(self._standing(offer), out) as within:
                plan = tried(offer, within)
                given, moved = plan.name("given"), plan.moved(offer.stage)
                better = f"{given} > most"
                with within.block(f"if {moved} and ({best} is None or {better}):" if raised else f"if {better}:"):
                    within.add(f"{best}, most = row, {given}")

        def take(offer: ir.OfferDef, out: Lines) -> None:
            with self._admitted(self._standing(offer), out) as within:
                plan = tried(offer, within)
                self._take(self._standing(offer), plan, 0, "discounts", within)
                self._acted(self._standing(offer), within)

        inner.add(f"{best}, most = None, 0")
        dispatch.loop(inner, ask)
        with inner.block(f"if {best} is not None:"):
            inner.add(f"row = {best}")
            dispatch.run(inner, take)
        dispatch.found(out)
        out.extend(inner)
        self.function.known = {}

    def _best_each(self, rules: Sequence[Rule], per_unit: bool, where: str, out: Lines) -> None:
        """All members from the same start; each line or unit goes to the one that takes most off there."""
        out.add(f"# the best of {comment(where)} on each {'unit' if per_unit else 'line'}")
        plans: list[tuple[Rule, Plan]] = []
        for rule in rules:
            effect = rule.offer.effects[0]
            assert isinstance(effect, ir.DiscountDef)
            out.add(f"{rule.name('tried')} = ()")
            with self._admitted(rule, out) as inner:
                plan = self._wanted(rule, effect, f"{rule.number}", inner, now=False)
                with inner.block(f"if {plan.moved(rule.offer.stage)}:"):
                    self.effects.tries(plan, len(self._by_amount(rule.offer)), inner)
                    inner.add(f"{rule.name('tried')} = {plan.name('parts')}")
                    self._why(rule, "", inner)
            plans.append((rule, plan))
        kept, lost = rules[0].name("kept"), rules[0].name("lost")
        titles = const(tuple(rule.offer.title for rule in rules))
        tried = f"({', '.join(rule.name('tried') for rule in rules)})"
        ranks = ""
        if any(rule.offer.code is not None for rule in rules):
            self.function.needs_keys = self.function.needs_ranks = True
            ranks = ", ranks"
        out.add(f"{kept}, {lost} = best_each({tried}, {per_unit}, {titles}{ranks})")
        for place, (rule, plan) in enumerate(plans):
            with out.block(f"if {kept}[{place}]:"):
                self._keep(rule, plan, f"{kept}[{place}]", out)
            if rule.offer.code is not None:
                with out.block(f'elif {rule.name("why")} == "":'):
                    out.add(f"{rule.name('why')} = {lost}[{place}]")
        self.function.known = {}

    def _keep(self, rule: Rule, plan: Plan, kept: str, out: Lines) -> None:
        """A member takes off what it won."""
        parts, given, amounts = plan.name("parts"), plan.name("given"), self._by_amount(rule.offer)
        out.add(f"{parts} = tuple({kept})")
        out.add(f"{given} = parts_sum({parts})")
        out.add(f"lowered({parts}, cost, {self.effects.sizes or 'ones'}, uneven)")
        cut = f", False, {plan.name('cut')}" if amounts else ""
        if rule.offer.key in self.makers:
            out.add(f"{rule.name('changed')} += {parts}")
        key, stage = const(rule.offer.key), const(rule.offer.stage)
        out.add(f"discounts.append(Discount({key}, {stage}, 0, {plan.name('wanted')}, {given}, {parts}{cut}))")
        for counter in amounts:
            self.counters.count(counter, given, out)
        self._acted(rule, out)
