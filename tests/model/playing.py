"""Offers on a basket of single units: stages, groups, choices, consent, limits, codes.

Nothing was used before the event, so a limit's whole amount is free at its start, and every window is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from rules_engine import ir
from rules_engine.allocation import spread
from rules_engine.backends.reference.allotment import line_keys
from rules_engine.event import Event, Facts
from rules_engine.spelling import normal_code
from tests.model.acting import Cancelled, Counters, Effects
from tests.model.words import BILLION, Ask, Cost, NoAmount, NoAward, NoMember, Scene, Unit, Unread, truth, value


@dataclass
class Played:
    """What is so at a moment: costs, what each effect took off each unit, fees, gifts, uses, and who touched what."""

    cost: Cost
    parts: dict[tuple[str, int], dict[int, int]] = field(default_factory=dict)
    charges: list[tuple[str, str, int]] = field(default_factory=list)
    gifts: list[tuple[str, str, int]] = field(default_factory=list)
    uses: dict[str, list[tuple[str, bool, int]]] = field(default_factory=dict)  # by rule: counter, of money, how much
    changed: dict[str, set[int]] = field(default_factory=dict)  # by rule that acted
    claimed: dict[str, set[int]] = field(default_factory=dict)  # likewise: the units of its sets

    @property
    def used(self) -> Counter[str]:
        """What was used of each counter."""
        found = Counter[str]()
        for counter, _, count in (use for uses in self.uses.values() for use in uses):
            found[counter] += count
        return found

    def touched(self, rule: str) -> set[int]:
        """The units that a rule changed or claimed."""
        return self.changed[rule] | self.claimed[rule]

    def taken(self, rules: frozenset[str]) -> int:
        """What these rules took off in all."""
        return sum(sum(parts.values()) for (rule, _), parts in self.parts.items() if rule in rules)


@dataclass(frozen=True)
class Member:
    """One entry of a stage or a group: a rule, or a group of them."""

    offer: ir.OfferDef | None
    group: ir.OfferGroupDef | None

    def rules(self, game: Game) -> frozenset[str]:
        """The rules in it."""
        if self.offer is not None:
            return frozenset({self.offer.key})
        return frozenset(
            each.key for each in game.core.offers if self.group is not None and each.group == self.group.name
        )


def played(
    core: ir.Program, event: Event, facts: Facts, ask: Ask, held_out: Callable[[str], bool]
) -> tuple[Played, tuple[Unit, ...]]:
    """What all offers do to an event; raises `Unread`. What has nothing to do with money is asked of the host of the
    model: days and periods, what is remembered, who is held out of a rule."""
    game = Game(core, event, facts, ask, held_out)
    return game.run(), game.units


class Game:
    """One event under one program."""

    def __init__(self, core: ir.Program, event: Event, facts: Facts, ask: Ask, held_out: Callable[[str], bool]) -> None:
        self.core, self.event, self.facts, self.ask, self.held_out = core, event, facts, ask, held_out
        self.kind = next(each for each in core.events if each.name == event.name)
        if self.kind.priced_by_offers:
            raise Unread("prices made by offers")
        self.offers = {each.key: each for each in core.offers if event.name in each.events}
        self.groups = {each.name: each for each in core.offer_groups}
        self.units = units_of(core, self.kind, event)

    def run(self) -> Played:
        """Stage after stage."""
        listed = [unit.list for unit in self.units]
        at = Played(Cost(listed, listed))
        for stage in ("catalogue", "item", "basket", "shipping"):
            policy = next((each.policy for each in self.core.stages if each.name == stage), None)
            if policy is not None:
                self.choose(policy, self.members(policy.order), at, frozenset())
            at.cost.after[stage] = list(at.cost.now)
        return at

    def members(self, order: tuple[str, ...]) -> list[Member]:
        """The entries that an order names, those of this event."""
        found = []
        for name in order:
            group = self.groups.get(name.removeprefix("group ")) if name.startswith("group ") else None
            if group is not None:
                found.append(Member(None, group))
            elif name in self.offers:
                found.append(Member(self.offers[name], None))
        return found

    # ---- going together

    def choose(self, policy: ir.PolicyDef, members: list[Member], at: Played, barred: frozenset[int]) -> bool:
        """The members of a stage or a group, by its choice; whether any acted."""
        if policy.of_codes:
            presented = [normal_code(code) for code in self.presented()]
            coded = [each for each in members if each.offer is not None and each.offer.code is not None]
            members = [each for each in members if each not in coded]
            for code in presented:
                members += [each for each in coded if each not in members and code in self.codes_of(each.offer)]
        match policy.choice:
            case "all":
                return sum(self.act(each, at, barred) for each in members) > 0
            case "first":
                return self.first(policy, members, at, barred)
            case "best":
                return self.best(policy, members, at, barred)
            case "best together":
                return self.together(members, at, barred)

    def first(self, policy: ir.PolicyDef, members: list[Member], at: Played, barred: frozenset[int]) -> bool:
        """Who acts first takes the unit, the line or the basket."""
        acted = False
        for each in members:
            before = set(at.changed)
            start = deepcopy(at.parts)
            if not self.act(each, at, barred):
                continue
            acted = True
            if policy.per == "basket":
                return True
            changed = changed_units(start, at.parts, frozenset(at.changed) - before)
            if policy.per == "line":
                lines = {self.units[unit].line for unit in changed}
                changed = {unit.number for unit in self.units if unit.line in lines}
            barred |= changed
        return acted

    def best(self, policy: ir.PolicyDef, members: list[Member], at: Played, barred: frozenset[int]) -> bool:
        """Every member from the same start; for each unit, line or the basket the largest discount stays."""
        tries = []
        for each in members:
            own = deepcopy(at)
            tries.append((own, self.act(each, own, barred), each.rules(self)))
        areas: dict[Any, list[int]] = {0: []} if policy.per == "basket" else {}
        for unit in self.units:
            area = {"unit": unit.number, "line": unit.line, "basket": 0}[policy.per]
            areas.setdefault(area, []).append(unit.number)
        won: dict[int, set[int]] = {}
        for numbers in areas.values():
            best, winner = 0, None
            for place, (own, acted, _) in enumerate(tries):
                if not acted:
                    continue
                took = sum(at.cost.now[unit] - own.cost.now[unit] for unit in numbers)
                changed = any(own.changed[rule] & set(numbers) for rule in own.changed.keys() - at.changed.keys())
                changed = changed or policy.per == "basket"
                if changed and (winner is None or took > best):
                    best, winner = took, place
            if winner is not None:
                won.setdefault(winner, set()).update(numbers)
        for place, units in won.items():
            self.keep(tries[place], units, at)
        return bool(won)

    def keep(self, tried: tuple[Played, bool, frozenset[str]], units: set[int], at: Played) -> None:
        """What a member did on the units that it won; its fees, gifts and uses."""
        own, _, rules = tried
        for unit in units:
            at.cost.now[unit] = own.cost.now[unit]
        for rule in rules & own.changed.keys():
            mine = {key: parts for key, parts in own.parts.items() if key[0] == rule}
            kept = {key: {unit: part for unit, part in parts.items() if unit in units} for key, parts in mine.items()}
            at.parts.update({key: parts for key, parts in kept.items() if parts})
            if mine and not any(kept.values()):
                continue
            at.charges += [each for each in own.charges if each[0] == rule]
            at.gifts += [each for each in own.gifts if each[0] == rule]
            at.changed[rule], at.claimed[rule] = own.changed[rule] & units, own.claimed[rule]
            given = sum(max(0, part) for parts in kept.values() for part in parts.values())
            at.uses[rule] = [(key, money, given if money else count) for key, money, count in own.uses[rule]]

    def together(self, members: list[Member], at: Played, barred: frozenset[int]) -> bool:
        """Every subset without a refusal for the basket, run as `all`: the one that takes most off."""
        best: tuple[int, int, tuple[int, ...]] | None = None
        kept = at
        all_rules = frozenset(rule for each in members for rule in each.rules(self))
        for count in range(len(members) + 1):
            for places in combinations(range(len(members)), count):
                chosen = [members[place] for place in places]
                if any(self.refuse(one, other) for one, other in combinations(chosen, 2)):
                    continue
                own = deepcopy(at)
                for each in chosen:
                    self.act(each, own, barred)
                rank = (-own.taken(all_rules), len(places), places)
                if best is None or rank < best:
                    best, kept = rank, own
        acted = len(kept.changed) > len(at.changed)
        at.__dict__.update(kept.__dict__)
        return acted

    def refuse(self, one: Member, other: Member) -> bool:
        """Whether two rules may not act on the same basket; a group is refused when it is its turn."""
        return one.offer is not None and other.offer is not None and "basket" in refusals(one.offer, other.offer)

    def act(self, member: Member, at: Played, barred: frozenset[int]) -> bool:
        """Let a rule or a group act."""
        if member.offer is not None:
            return self.rule(member.offer, at, barred)
        group = member.group
        assert group is not None
        return self.choose(group.policy, self.members(group.policy.order), at, barred)

    # ---- one rule

    def presented(self) -> tuple[str, ...]:
        """The codes of the event that can be codes; saying one again changes nothing."""
        found = self.event.fields.get(self.kind.codes_field) if self.kind.codes_field else None
        codes = [str(each) for each in found] if isinstance(found, tuple) else []
        return tuple(each for each in codes if normal_code(each) and len(each) <= 256 and "\ufffd" not in each)

    def codes_of(self, offer: ir.OfferDef | None) -> frozenset[str]:
        """The codes that set a rule off, in normal spelling."""
        assert offer is not None
        assert offer.code is not None
        code = offer.code
        found = set(code.texts)
        if code.column:
            found |= set(next(each.values for each in self.core.imports if each.name == code.column))
        if code.fact is not None and self.event.member is not None:
            fact = value(code.fact, self.scene(Played(Cost([], []))))
            found |= set(fact) if isinstance(fact, tuple) else {fact} if fact else set()
        return frozenset(normal_code(each) for each in found)

    def scene(self, at: Played, code: str | None = None) -> Scene:
        """The event as it stands."""
        cost = Cost(at.cost.now, list(at.cost.now), at.cost.after)
        return Scene(self.core, self.kind, self.event, self.facts, self.units, cost, self.ask, code=code)

    def code_of(self, offer: ir.OfferDef, at: Played, group: ir.OfferGroupDef | None) -> str | None:
        """The first presented code of a rule that its limits leave room for; None if there is none."""
        known = self.codes_of(offer)
        for code in self.presented():
            if normal_code(code) in known:
                counters = Counters(offer, group, self.scene(at, normal_code(code)), at.used)
                if counters.room():
                    return normal_code(code)
        return next((normal_code(code) for code in self.presented() if normal_code(code) in known), None)

    def rule(self, offer: ir.OfferDef, at: Played, barred: frozenset[int]) -> bool:
        """Ask a rule; whether it acted."""
        group = self.groups.get(offer.group) if offer.group else None
        code = self.code_of(offer, at, group) if offer.code is not None else None
        if offer.code is not None and code is None:
            return False
        scene = self.scene(at, code)
        met = (*self.all_limits(offer, group),)
        met = tuple(
            each for each in met if each.times is not None or each in Counters(offer, group, scene, at.used).amounts()
        )
        if self.event.member is None and any(each.owner == "member" for each in met):
            return False
        try:
            counters = Counters(offer, group, scene, at.used)
            if not truth(offer.dates, scene) or counters.times() <= 0:
                return False
            if group is not None and group.at_most is not None:
                acted = [rule for rule in at.changed if self.offers[rule].group == group.name]
                if len(acted) >= group.at_most:
                    return False
            denied = self.denied(offer, at)
            if denied is None or not truth(offer.when, scene):
                return False
            claimed = self.claimed(offer, group, at)
            reach = [unit for unit in self.units if unit.number not in denied | claimed | barred]
            return self.perform(offer, group, reach, at, scene, counters)
        except (NoAmount, NoAward, NoMember, Cancelled):
            return False

    def all_limits(self, offer: ir.OfferDef, group: ir.OfferGroupDef | None) -> tuple[ir.LimitDef, ...]:
        """A rule's limits, then its group's."""
        return (*offer.limits, *(group.limits if group is not None else ()))

    def denied(self, offer: ir.OfferDef, at: Played) -> set[int] | None:
        """The units that rules before it keep it from; None for the whole basket."""
        found = set[int]()
        for rule in at.changed:
            units = at.touched(rule)
            for on in refusals(self.offers[rule], offer):
                if on == "basket":
                    return None
                lines = {self.units[unit].line for unit in units}
                found |= units if on == "unit" else {unit.number for unit in self.units if unit.line in lines}
        return found

    def claimed(self, offer: ir.OfferDef, group: ir.OfferGroupDef | None, at: Played) -> set[int]:
        """The units that other members of a group with shared claims have claimed."""
        if group is None or not group.shares_claims:
            return set()
        others = [rule for rule in at.claimed if rule != offer.key and self.offers[rule].group == group.name]
        return {unit for rule in others for unit in at.claimed[rule]}

    def perform(
        self, offer: ir.OfferDef, group: ir.OfferGroupDef | None, reach: list[Unit], at: Played, scene: Scene,
        counters: Counters,
    ) -> bool:  # fmt: skip
        """Its effects, in the order of the text; nothing is kept where it is cancelled or nothing came of it."""
        own = Cost(list(at.cost.now), list(at.cost.now), at.cost.after)
        effects = Effects(offer, replace(scene, cost=own), reach, counters)
        effects.run()
        if not effects.acted or self.held_out(offer.key):
            return False
        at.cost.now[:] = own.now
        at.parts.update({(offer.key, place): parts for place, parts in effects.parts.items() if any(parts.values())})
        at.charges += [(offer.key, label, amount) for label, amount in effects.charges]
        at.gifts += [(offer.key, sku, count) for sku, count in effects.gifts]
        amounts = {counters.key(limit) for limit in counters.amounts()}
        at.uses[offer.key] = [(key, key in amounts, count) for key, count in counters.own.items()]
        at.changed[offer.key] = {unit for parts in effects.parts.values() for unit, amount in parts.items() if amount}
        at.claimed[offer.key] = {unit.number for units in effects.sets for unit in units}
        return True


def refusals(one: ir.OfferDef, other: ir.OfferDef) -> set[str]:
    """The scopes on which two rules do not go together."""
    found = set[str]()
    for mine, yours in ((one, other), (other, one)):
        if mine.consent is not None and mine.consent.rules is not None and yours.key not in mine.consent.rules:
            found.add(mine.consent.on)
    return found


def changed_units(
    before: dict[tuple[str, int], dict[int, int]], after: dict[tuple[str, int], dict[int, int]], rules: frozenset[str]
) -> set[int]:
    """The units that some rules changed."""
    found = set()
    for key, parts in after.items():
        if key[0] in rules and key not in before:
            found |= {unit for unit, amount in parts.items() if amount}
    return found


def units_of(core: ir.Program, kind: ir.EventDef, event: Event) -> tuple[Unit, ...]:
    """The units of an event; its own shipping last."""
    lines = event.lines if kind.lines is not None else (event.fields,)
    keys = line_keys(kind, lines)
    found: list[Unit] = []
    for line, (fields, key) in enumerate(zip(lines, keys, strict=True)):
        pieces = fields[kind.quantity_field] if kind.quantity_field else 1
        assert isinstance(pieces, int)

        def each_of(name: str, count: int = pieces, at: dict[str, Any] = fields) -> list[int | None]:
            amount = at.get(name) if name else None
            if not isinstance(amount, int):
                return [None] * count
            return (
                [amount] * count
                if kind.list_each
                else list(spread(amount, [1] * count, remainder=core.header.remainder))
            )

        lists, was, floor = each_of(kind.list_field), each_of(kind.was_field), each_of(kind.floor_field)
        rate = rate_of(fields.get(kind.tax_field))
        shipping = bool(kind.shipping_flag and fields[kind.shipping_flag])
        for place in range(pieces):
            price = lists[place]
            assert price is not None
            former = was[place]
            found.append(
                Unit(
                    len(found), line, place + 1, key, fields, shipping, price if former is None else former, price,
                    floor[place] or 0, rate,
                )
            )  # fmt: skip
    if kind.shipping_field:
        postage = event.fields[kind.shipping_field]
        assert isinstance(postage, int)
        rate = rate_of(event.fields.get(kind.shipping_tax_field))
        found.append(Unit(len(found), len(lines), 1, None, None, True, postage, postage, 0, rate))
    return tuple(found)


def rate_of(value: object) -> Fraction:
    """A tax rate as a fraction; none where there is none."""
    return Fraction(value, BILLION) if isinstance(value, int) else Fraction(0)
