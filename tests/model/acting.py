"""What one rule does: its sets, its effects on what it reaches, and what its limits leave of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from rules_engine import ir
from rules_engine.allocation import spread
from tests import oracles
from tests.model.words import Scene, Unit, asked, clipped, in_line, number, ordered, selected, value


class Cancelled(Exception):  # noqa: N818
    """`or nothing`: the rule is as if it had not been asked."""


class Counters:
    """What a rule's limits, then its group's, leave on this event; `used` is what earlier rules used of them."""

    def __init__(self, offer: ir.OfferDef, group: ir.OfferGroupDef | None, scene: Scene, used: Counter[str]) -> None:
        self.limits = (*offer.limits, *(group.limits if group is not None else ()))
        self.scene, self.used, self.own = scene, used, Counter[str]()

    def key(self, limit: ir.LimitDef) -> str:
        """The counter of a limit."""
        return " ".join([limit.key, *(str(value(key, self.scene)) for key in limit.keys)])

    def left(self, limit: ir.LimitDef) -> int:
        """What a limit leaves."""
        most = limit.amount if limit.times is None else limit.times
        assert most is not None
        return most - self.used[self.key(limit)] - self.own[self.key(limit)]

    def times(self) -> int:
        """How many more times the rule may act."""
        return min((self.left(each) for each in self.limits if each.times is not None), default=10**9)

    def times_for(self, asked: int) -> int:
        """How many of so many sets there is room for."""
        for each in self.limits:
            if each.times is not None and self.left(each) < asked:
                if each.or_nothing:
                    raise Cancelled
                asked = self.left(each)
        return asked

    def room(self) -> bool:
        """Whether there is any room."""
        return self.times() > 0 and all(self.left(each) > 0 for each in self.amounts())

    def count(self, times: int) -> None:
        """So many times."""
        for each in self.limits:
            if each.times is not None:
                self.own[self.key(each)] += times

    def amounts(self) -> list[ir.LimitDef]:
        """The limits of money in the event's currency."""
        currency = self.scene.event.currency or self.scene.kind.currency
        return [each for each in self.limits if each.amount is not None and each.unit == currency]


class Effects:
    """The effects of a rule, run one after the other on single units."""

    def __init__(self, offer: ir.OfferDef, scene: Scene, reach: list[Unit], counters: Counters) -> None:
        self.offer, self.scene, self.reach, self.counters = offer, scene, reach, counters
        self.parts: dict[int, dict[int, int]] = {}
        self.charges: list[tuple[str, int]] = []
        self.gifts: list[tuple[str, int]] = []
        self.sets: list[list[Unit]] = []
        self.whole: list[list[Unit]] = []
        self.by_part: list[list[list[Unit]]] = []

    @property
    def acted(self) -> bool:
        """Whether anything came of it."""
        return bool(self.charges or self.gifts) or any(any(parts.values()) for parts in self.parts.values())

    @property
    def times(self) -> int:
        """How often fees, gifts and what is of the whole basket come: once for each full set."""
        return 1 if self.offer.sets is None else len(self.whole)

    def run(self) -> None:
        """All effects, those of a set's parts first."""
        place = 0
        if self.offer.sets is not None:
            self.form(self.offer.sets)
            if not self.sets:
                return
            for part, found in zip(self.offer.sets.parts, self.by_part, strict=True):
                for effect in part.effects:
                    self.discount(place, effect, [unit for units in found for unit in units], found)
                    place += 1
        for each in self.offer.effects:
            match each:
                case ir.DiscountDef():
                    self.discount(place, each, self.reach, None)
                case ir.ChargeDef():
                    amount = max(Fraction(0), number(each.value, self.scene))
                    fee = oracles.rounded(amount, each.rounding) * self.times
                    self.charges += [(each.label, fee)] if fee else []
                case ir.GiftDef():
                    sku = value(each.sku, self.scene)
                    self.gifts += [(sku, each.count * self.times)] if sku is not None and self.times else []
            place += 1
        if self.acted:
            self.counters.count(len(self.sets) if self.offer.sets is not None else 1)

    # ---- sets

    def form(self, sets: ir.SetsDef) -> None:
        """Sets from the units within reach, over the basket or inside each line."""
        goods = {unit for units in self.scene.lines("lines") for unit in units}
        row = [unit for unit in in_line(self.reach) if unit in goods]
        areas = [row]
        if sets.per == "line":
            areas = [[unit for unit in row if unit.line == line] for line in dict.fromkeys(unit.line for unit in row)]
        made = [parts for area in areas for parts in self.form_in(sets, area)]
        left = self.counters.times_for(len(made))
        for parts in made[:left]:
            self.sets.append([unit for units in parts for unit in units])
            if all(len(units) == part.count for units, part in zip(parts, sets.parts, strict=True)):
                self.whole.append(self.sets[-1])
        self.by_part = [[parts[place] for parts in made[:left]] for place in range(len(sets.parts))]

    def form_in(self, sets: ir.SetsDef, area: list[Unit]) -> list[list[list[Unit]]]:
        """The sets of one area: a part that is not full ends them; a last one may stop there."""
        rows = []
        for part in sets.parts:
            mine = [unit for unit in area if asked(part.where, unit, self.scene)]
            rows.append(ordered(mine, part.ordering, self.scene))
        free, made = set(area), list[list[list[Unit]]]()
        while sets.times is None or len(made) < sets.times:
            parts: list[list[Unit]] = []
            full = True
            for part, row in zip(sets.parts, rows, strict=True):
                taken = [unit for unit in row if unit in free][: part.count] if full else []
                free -= set(taken)
                parts.append(taken)
                full = full and len(taken) == part.count
            if not full and not (sets.partial and parts[0]):
                return made
            made.append(parts)
            if not full:
                return made
        return made

    # ---- discounts

    def elements(
        self, effect: ir.DiscountDef, among: list[Unit], of_part: list[list[Unit]] | None
    ) -> list[tuple[Unit, ...]]:
        """What an amount is formed for, one after the other."""
        if effect.grain == "set":
            return [tuple(in_line(units)) for units in self.whole]
        if self.offer.sets is not None and of_part is None and effect.grain != "total":
            among = [unit for units in self.sets for unit in units]
        if of_part is not None:
            return [each for units in of_part for each in self.grained(effect, units)]
        return self.grained(effect, among)

    def grained(self, effect: ir.DiscountDef, among: list[Unit]) -> list[tuple[Unit, ...]]:
        """The elements among some units."""
        chosen = selected(effect.select, self.scene, among)
        match effect.grain:
            case "unit":
                return [(unit,) for unit in chosen]
            case "line":
                lines = dict.fromkeys(unit.line for unit in chosen)
                return [tuple(unit for unit in chosen if unit.line == line) for line in lines]
            case _:
                return [tuple(chosen)] if chosen else []

    def discount(self, place: int, effect: ir.DiscountDef, among: list[Unit], of_part: list[list[Unit]] | None) -> None:
        """One effect: amounts of its elements, cut, and spread over their units."""
        elements = self.elements(effect, among, of_part)
        exact = []
        for element in elements:
            scene = replace(self.scene, element=element)
            if effect.grain in ("unit", "line"):
                scene = scene.on(element[0].line)
            exact.append((number(effect.value, scene), scene))
        if effect.verb == "take":
            wanted, rooms = self.take(effect, exact)
        else:
            wanted, rooms = self.price(effect, exact)
        given = [min(amount, room) for amount, room in zip(wanted, rooms, strict=True)]
        cut = given != wanted
        if cut and effect.or_nothing:
            raise Cancelled
        parts: Counter[int] = Counter()
        for element, amount in zip(elements, given, strict=True):
            for unit, part in self.over(element, amount, effect).items():
                parts[unit] += part
        if place == self.last and effect.grain != "total":
            parts = self.laid_out(parts)
        self.keep(place, effect, {unit: part for unit, part in parts.items() if part})

    @property
    def last(self) -> int | None:
        """The place of the last effect that changes prices, in a rule with sets."""
        if self.offer.sets is None:
            return None
        every = [*(each for part in self.offer.sets.parts for each in part.effects), *self.offer.effects]
        return max((place for place, each in enumerate(every) if isinstance(each, ir.DiscountDef)), default=None)

    def laid_out(self, parts: Counter[int]) -> Counter[int]:
        """Neighbours in the sets of a rule that cost the same are alike: the larger amounts go to the first of them."""
        mine = {unit for units in self.sets for unit in units}
        found: Counter[int] = Counter()
        last, number = None, 0
        alike: dict[int, list[int]] = {}
        for unit in self.scene.units:
            key = (unit.line, self.scene.cost.now[unit.number], unit.floor) if unit in mine else None
            number += key is None or key != last
            last = key
            if key is not None:
                alike.setdefault(number, []).append(unit.number)
        for units in alike.values():
            amounts = sorted((parts[unit] for unit in units), reverse=True)
            found.update(dict(zip(units, amounts, strict=True)))
        return found

    def take(self, effect: ir.DiscountDef, exact: list[tuple[Fraction, Scene]]) -> tuple[list[int], list[int]]:
        """What is wanted of each element, and its room."""
        times = self.times if effect.grain == "total" else 1
        amounts = [max(amount, Fraction(0)) * times for amount, _ in exact]
        if effect.only_from is not None and sum(amounts) < number(effect.only_from, self.scene):
            return [0] * len(amounts), [0] * len(amounts)
        wanted = [oracles.rounded(amount / max(times, 1), effect.rounding) * times for amount in amounts]
        if effect.high is not None:
            most = max(Fraction(0), number(effect.high, self.scene))
            if sum(wanted) > most:
                wanted = spread(int(most), wanted, wanted, remainder=self.scene.core.header.remainder)
        wanted = self.stepped(effect, wanted)
        rooms = []
        for _, scene in exact:
            room = self.room(scene.element or ())
            if effect.low is not None:
                least = number(effect.low, scene)
                cost = sum(self.scene.cost.now[unit.number] for unit in scene.element or ())
                room = min(room, max(0, int(cost - least)))
            rooms.append(room)
        return wanted, rooms

    def stepped(self, effect: ir.DiscountDef, wanted: list[int]) -> list[int]:
        """Whole steps of the sum."""
        if effect.steps is None:
            return wanted
        total = sum(wanted) // effect.steps * effect.steps
        return spread(total, wanted, wanted, remainder=self.scene.core.header.remainder)

    def price(self, effect: ir.DiscountDef, exact: list[tuple[Fraction, Scene]]) -> tuple[list[int], list[int]]:
        """What the elements cost more than they are to cost; less than nothing where a price is raised."""
        wanted, rooms = [], []
        for amount, scene in exact:
            aim = oracles.rounded(
                clipped(amount, effect.low, effect.high, scene), effect.rounding.removeprefix("rounded ")
            )
            cost = sum(self.scene.cost.now[unit.number] for unit in scene.element or ())
            more = cost - max(aim, 0)
            if more < 0 and self.offer.stage != "catalogue":
                more = 0
            wanted.append(more)
            rooms.append(self.room(scene.element or ()))
        return wanted, rooms

    def room(self, units: tuple[Unit, ...]) -> int:
        """What units cost above their floors."""
        return sum(self.room_of(unit) for unit in units)

    def room_of(self, unit: Unit) -> int:
        """What a unit costs above its floor."""
        return max(0, self.scene.cost.now[unit.number] - unit.floor)

    def over(self, element: tuple[Unit, ...], amount: int, effect: ir.DiscountDef) -> dict[int, int]:
        """An amount over the lines of an element, then over the units of each line."""
        now, header = self.scene.cost.now, self.scene.core.header
        weights = {unit.number: Fraction(1 if effect.split == "evenly" else now[unit.number]) for unit in element}
        if effect.split == "in proportion with tax" and header.prices == "exclude":
            weights = {unit.number: weights[unit.number] * (1 + unit.rate) for unit in element}
        if amount < 0 and not any(weights.values()):
            weights = dict.fromkeys(weights, Fraction(1))
        caps = {unit.number: self.room_of(unit) if amount > 0 else 10**18 for unit in element}
        return self.two_steps(element, amount, weights, caps)

    def two_steps(
        self, units: tuple[Unit, ...], amount: int, exact: Mapping[int, Fraction | int], caps: dict[int, int]
    ) -> dict[int, int]:
        """First over lines, then over the units of each."""
        how = self.scene.core.header.remainder
        scale = math.lcm(*(Fraction(weight).denominator for weight in exact.values()))
        weights = {unit: int(weight * scale) for unit, weight in exact.items()}
        row = in_line(list(units))
        lines = [
            [unit.number for unit in row if unit.line == line] for line in dict.fromkeys(unit.line for unit in row)
        ]
        shares = spread(
            amount, [sum(weights[unit] for unit in line) for line in lines],
            [sum(caps[unit] for unit in line) for line in lines], remainder=how,
        )  # fmt: skip
        found: dict[int, int] = {}
        for line, share in zip(lines, shares, strict=True):
            own = [weights[unit] for unit in line]
            if share < 0 and not any(own):
                own = [1] * len(own)
            found.update(zip(line, spread(share, own, [caps[unit] for unit in line], remainder=how), strict=True))
        return found

    def keep(self, place: int, effect: ir.DiscountDef, parts: dict[int, int]) -> None:
        """What limits leave, taken off."""
        raised = {unit: part for unit, part in parts.items() if part < 0}
        off = {unit: part for unit, part in parts.items() if part > 0}
        for limit in self.counters.amounts() if off else []:
            left = self.counters.left(limit)
            if left < sum(off.values()):
                if limit.or_nothing or effect.or_nothing:
                    raise Cancelled
                off = self.cut(off, left)
        if effect.steps is not None:
            off = self.cut(off, sum(off.values()) // effect.steps * effect.steps)
        for limit in self.counters.amounts() if off else []:
            self.counters.own[self.counters.key(limit)] += sum(off.values())
        parts = raised | off
        for unit, part in parts.items():
            self.scene.cost.now[unit] -= part
        self.parts[place] = parts

    def cut(self, off: dict[int, int], left: int) -> dict[int, int]:
        """Less of what was taken off each unit."""
        return self.two_steps(tuple(unit for unit in self.scene.units if unit.number in off), left, off, off)
