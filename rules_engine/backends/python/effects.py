"""Discounts in generated code: what an effect wants, and how it falls on lines and units.

In: a `take` or `price ... at` that reaches whole lines. Out: lines that work out what it wants and would give, and
others that take that off. Between the two stand limits, and the choice between members of a group. The usual case, a
line whose units all cost the same, is written out; what is rare goes through `offers_units`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.given import Given
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.passing import BASES
from rules_engine.backends.python.writing import Lines


class Plan(msgspec.Struct):
    """An effect under way: its number, the lines it reaches, its local names. `proven` says that it cannot
    want more than there is room for, `taken` that it is taken off at once. `low`, `high` and `least` are its bounds:
    `never below`, `up to`, `only from`."""

    number: str
    effect: ir.DiscountDef
    places: str
    value: Scaled
    names: list[str]
    proven: bool
    taken: bool = False
    partial: bool = False
    began: str = ""
    in_sets: bool = False
    shut: str = ""
    lay: str = ""
    low: Scaled | None = None
    high: Scaled | None = None
    least: Scaled | None = None

    def moved(self, stage: ir.Stage) -> str:
        """The test that says whether it changes anything: in the catalogue a price may rise, and others fall by as
        much."""
        raises = self.partial and self.effect.verb == "price" and stage == "catalogue"
        return self.name("parts" if raises else "given")

    def name(self, word: str) -> str:
        """A local name of this effect."""
        return f"{word}{self.number}"


Names: TypeAlias = dict[str, None]


def _least(effect: ir.DiscountDef) -> int | None:
    """What `never below` leaves of an element at least, in whole minor units."""
    if effect.verb != "take" or not isinstance(effect.low, ir.Num):
        return None
    return max(-(-effect.low.num // effect.low.den), 0)


def _is_part(value: ir.Expr) -> bool:
    """Whether an amount is a share of what its element costs now, by a row of a shape."""
    match value:
        case ir.Mul(left=Given(part=True), right=ir.Basis(base="current")):
            return True
        case _:
            return False


class Effects:
    """The emitter of one function's discounts."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.sizes = "c_pieces" if function.event.quantity_field else ""
        if self.sizes and function.event.shipping_field:
            self.sizes = "sizes"

    def plan(self, effect: ir.DiscountDef, number: str) -> Plan:
        """Work out the code of an effect's amount; asks for the columns and sums that it reads."""
        function = self.function
        places = function.places(effect.select.where, effect.select.of)
        names: Names = {}
        function.basis_of = {}
        function.trail.append(names)
        function.planning = 1
        value = expressions.number(effect.value, function)
        low, high, least = (
            None if bound is None else expressions.number(bound, function)
            for bound in (effect.low, effect.high, effect.only_from)
        )
        function.planning = 0
        function.trail.pop()
        if effect.verb == "price":
            function.basis_of.setdefault("current", "basis_current")
        proven = (
            effect.verb == "price"
            or _is_part(effect.value)
            or (value.code == "basis_current" and 0 <= value.num <= value.den and value.den > 0)
        )
        proven = proven and not function.event.floor_field and _least(effect) is None
        read = [each for each in (value, low, high, least) if each is not None]
        words = {word for each in read for word in re.findall(r"\w+", numbers.text(each, each.den))}
        mine = [name for name in names if name in words]
        return Plan(number, effect, places, value, mine, proven, low=low, high=high, least=least)

    # ---- what is wanted

    def wants(self, plan: Plan, out: Lines) -> None:
        """Leave what is wanted and what there is room for in `wantedN` and `givenN`."""
        bases = dict(self.function.basis_of)
        if plan.effect.grain == "total":
            self._total(plan, bases, out)
        else:
            self._each(plan, bases, out)

    def _off(self, plan: Plan) -> str:
        """The rounded amount of one element; for a price, which is never below 0, what it costs now less the price."""
        value, price = plan.value, plan.effect.verb == "price"
        if price and not value.positive:
            value = numbers.extreme("max", [value, numbers.ZERO])
        whole = numbers.whole(numbers.rounded(value, plan.effect.rounding))
        return f"basis_current - {numbers.wrap(whole)}" if price else whole

    def _total(self, plan: Plan, bases: dict[str, str], out: Lines) -> None:
        wanted, given, places = plan.name("wanted"), plan.name("given"), plan.places
        for base, name in bases.items():
            out.add(f"{name} = {self._sum(base, places)}")
        negative = plan.effect.verb == "price" or not plan.value.positive
        out.add(f"{wanted} = max({self._off(plan)}, 0)" if negative else f"{wanted} = {self._off(plan)}")
        if plan.effect.verb == "take" and plan.high is not None:
            out.add(f"{wanted} = min({wanted}, {numbers.whole(numbers.rounded(plan.high, 'down'))})")
        if plan.proven and plan.effect.verb == "take":
            out.add(f"{given} = {wanted}")
            return
        now, least = bases.get("current") or self._sum("current", places), _least(plan.effect)
        rooms = [] if least is None else [f"max({now} - {least}, 0)"]
        if self.function.event.floor_field:
            rooms.append(f"rooms_of({places}, cost, {self.sizes or 'ones'}, uneven, floors)")
        out.add(f"{given} = min({wanted}, {', '.join(rooms or [now])})")

    def _sum(self, base: str, places: str) -> str:
        code = self.function.sum_code(self.column(base), places)
        return self.function.known.get(code, code)

    def column(self, base: str) -> str:
        """The list over lines that holds a base."""
        function = self.function
        return function.costs(base) if base in BASES else self.listed(base)

    def everywhere(self, base: str) -> str:
        """A base of all goods."""
        return self._sum(base, self.function.places(None))

    def listed(self, base: str) -> str:
        """The list of what each line lists at, or was; with the event's own shipping if it has one."""
        function = self.function
        column = function.column(function.line_money(base).code)
        return f"all_{column}" if function.event.shipping_field else column

    def _each(self, plan: Plan, bases: dict[str, str], out: Lines) -> None:
        """Line by line: a part for each line that has something to give."""
        wanted, given, found = plan.name("wanted"), plan.name("given"), plan.name("parts")
        out.add(f"{found} = []")
        out.add(f"{wanted} = {given} = 0")
        with self._looping(plan, out):
            self._loads(plan, bases, out)
            out.add(f"off = {self._off(plan)}")
            with out.block("if off > 0:"):
                self._noted(plan, out)

    @contextmanager
    def _looping(self, plan: Plan, out: Lines) -> Iterator[None]:
        places = "every" if plan.places == "every" else plan.places
        with out.block(f"for i in {places}:"):
            if self.sizes:
                out.add(f"size = {self.sizes}[i]")
                if plan.effect.grain == "unit" or not plan.proven:
                    with out.block("if not size:"):
                        out.add("continue")
                if plan.effect.grain == "unit":
                    with out.block("if i in uneven:"):
                        self._uneven(plan, out)
                        out.add("continue")
            yield

    def _loads(self, plan: Plan, bases: dict[str, str], out: Lines) -> None:
        """The bases of the element at hand, and the fields of its line."""
        each = bool(self.sizes) and plan.effect.grain == "unit"
        for base, name in bases.items():
            out.add(f"{name} = {self.column(base)}[i]{' // size' if each else ''}")
        fields = set(self.function.passing.fields.values())
        for name in plan.names:
            if name in fields:
                out.add(f"{name} = {self.function.column(name)}[i]")

    def _noted(self, plan: Plan, out: Lines) -> None:
        wanted, given, found = plan.name("wanted"), plan.name("given"), plan.name("parts")
        unit = plan.effect.grain == "unit" and bool(self.sizes)
        times = " * size" if unit else ""
        out.add(f"{wanted} += off{times}")
        self._to_room(plan, unit, out)
        out.add(f"{given} += off{times}")
        floor = ", floors[i]" if self.function.event.floor_field else ""
        with self._if(out, "" if plan.proven else "off"):
            if unit:
                if plan.taken:
                    out.add("cost[i] -= off * size")
                out.add(f"{found}.append(Part(i, ((size, off),)))")
            elif plan.taken:
                sizes = self.sizes or "ones"
                out.add(f"{found}.append(part_of(i, off, cost, {sizes}, uneven, REMAINDER{floor}))")
            elif self.sizes:
                out.add(
                    f"{found}.append(Part(i, ((1, off),)) if size == 1 "
                    f"else part_off(i, off, cost, {self.sizes}, uneven, REMAINDER{floor}))"
                )
            else:
                out.add(f"{found}.append(Part(i, ((1, off),)))")

    def _to_room(self, plan: Plan, unit: bool, out: Lines) -> None:
        """Cut the amount of one element to what it may lose."""
        if plan.proven:
            return
        least, floored = _least(plan.effect), bool(self.function.event.floor_field)
        now = self.function.basis_of.get("current") or f"cost[i]{' // size' if unit else ''}"
        if least is None and not floored:
            with out.block(f"if off > {now}:"):
                out.add(f"off = {now}")
            return
        room = now if least is None else f"{now} - {least}"
        if not floored:
            out.add(f"room = {room}")
        elif unit:
            out.add(f"room = {now} - {self._lowest(plan)}")
        else:
            out.add(f"room = room_of(i, cost, {self.sizes or 'ones'}, uneven, floors[i])")
            if least is not None:
                with out.block(f"if room > {room}:"):
                    out.add(f"room = {room}")
        with out.block("if off > room:"):
            out.add("off = max(room, 0)")

    def _lowest(self, plan: Plan) -> str:
        """The least that a unit may cost."""
        least = _least(plan.effect)
        if not self.function.event.floor_field:
            return f"{least or 0}"
        return "floors[i]" if least is None else f"max(floors[i], {least})"

    def _uneven(self, plan: Plan, out: Lines) -> None:
        """A line whose units do not all cost the same."""
        wanted, given, found = plan.name("wanted"), plan.name("given"), plan.name("parts")
        body = Lines()
        body.add(f"return {self._off(plan)}")
        fields = set(self.function.passing.fields.values())
        for name in plan.names:
            if name in fields:
                out.add(f"{name} = {self.function.column(name)}[i]")
        for base, name in self.function.basis_of.items():
            if base != "current":
                out.add(f"{name} = {self.column(base)}[i] // size")
        params = ["basis_current", *(name for name in plan.names if name != "basis_current")]
        call = self.function.module.helper("off", "", params, body)
        rest = "".join(f", {name}" for name in params[1:])
        out.add(f"wants, more, runs = off_units(uneven[i], {self._lowest(plan)}, {call}{rest})")
        out.add(f"{wanted} += wants")
        out.add(f"{given} += more")
        with out.block("if more:"):
            out.add(f"{found}.append(Part(i, runs))")
            if plan.taken:
                out.add(f"lowered({found}[-1:], cost, {self.sizes}, uneven)")

    # ---- what is given

    def takes(self, plan: Plan, limited: int, out: Lines) -> None:
        """Take `givenN` off the lines; leave its parts in `partsN`. So many limits may have cut it, one by one."""
        given, found = plan.name("given"), plan.name("parts")
        sizes = self.sizes or "ones"
        if plan.effect.grain == "total" and not limited and not plan.partial:
            self.function.needs_keys = True
            rest = f"{sizes}, uneven, keys, REMAINDER{self._floors()}"
            out.add(f"{found} = parts_of_total({given}, {plan.places}, cost, {rest})")
            return
        self.tries(plan, limited, out)
        out.add(f"lowered({found}, cost, {sizes}, uneven)")
        out.add(f"{found} = tuple({found})")

    def tries(self, plan: Plan, limited: int, out: Lines) -> None:
        """Leave in `partsN` what would be taken off."""
        found = plan.name("parts")
        if plan.effect.grain == "total" and not plan.partial:
            self.function.needs_keys = True
            room, sizes = plan.name("room" if limited else "given"), self.sizes or "ones"
            rest = f"{sizes}, uneven, keys, REMAINDER{self._floors()}"
            out.add(f"{found} = parts_off_total({room}, {plan.places}, cost, {rest})")
        self._recut(plan, limited, out)

    def _floors(self) -> str:
        return ", floors" if self.function.event.floor_field else ""

    def _recut(self, plan: Plan, limited: int, out: Lines) -> None:
        """Cut parts to what each limit left of them."""
        given, found = plan.name("given"), plan.name("parts")
        self.function.needs_keys = self.function.needs_keys or bool(limited)
        if limited == 1:
            with out.block(f"if {given} < {plan.name('room')}:"):
                out.add(f"{found} = recut({given}, {found}, keys, REMAINDER)")
        elif limited:
            with out.block(f"for less in {plan.name('cuts')}:"):
                out.add(f"{found} = recut(less, {found}, keys, REMAINDER)")

    @contextmanager
    def _if(self, out: Lines, test: str) -> Iterator[None]:
        if not test:
            yield
            return
        with out.block(f"if {test}:"):
            yield
