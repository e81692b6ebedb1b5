"""Discounts in generated code that reach some units of lines only, or that more than room and limits cuts.

In: an effect that picks units, keeps prices above floors, is capped over several elements, gives whole steps, splits
evenly, or raises prices in the catalogue. Out: lines that hand its elements and a small function for the amount of one
to `offers_pieces`, and leave the same names behind as the effects of `effects` do.
"""

from __future__ import annotations

import re

from rules_engine import ir
from rules_engine.backends.python import numbers
from rules_engine.backends.python.effects import Effects, Plan
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.writing import Lines


def is_partial(effect: ir.DiscountDef, stage: ir.Stage) -> bool:
    """Whether an effect needs pieces of lines."""
    if effect.select.pick is not None or effect.split == "evenly":
        return True
    if effect.steps is not None or effect.only_from is not None:
        return True
    if effect.verb == "price":
        return stage == "catalogue" or effect.low is not None or effect.high is not None
    bounds = (effect.low, None if effect.grain == "total" else effect.high)
    return any(bound is not None and not isinstance(bound, ir.Num) for bound in bounds)


def may_pass(effect: ir.DiscountDef) -> int | None:
    """The most that an effect on units or lines takes in all, where it is known beforehand: most often it stays below,
    and is a plain one."""
    capped = effect.verb == "take" and effect.grain != "total"
    return max(effect.high.num // effect.high.den, 0) if capped and isinstance(effect.high, ir.Num) else None


class Partial:
    """The emitter of such effects."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.function = effects.function

    def wants(self, plan: Plan, stage: ir.Stage, out: Lines, found: str = "") -> None:
        """Leave `wantedN`, `givenN`, `partsN`, and in `shortN` whether room cut it; nothing moves yet. `found` are its
        elements, where they are those of sets."""
        effect, function = plan.effect, self.function
        function.needs_keys = function.needs_ranks = True
        sizes = self.effects.sizes or "ones"
        pick = "None"
        if effect.select.pick is not None:
            chosen = effect.select.pick
            pick = function.module.share("pick", chosen, "", lambda: chosen)
        if not found:
            row = f"chosen({plan.places}, cost, {sizes}, uneven, ranks, {pick}, {plan.began or None}"
            row += f", {plan.shut})" if plan.shut else ")"
            found = f"elements({effect.grain!r}, {row})"
        floors = "floors" if function.event.floor_field else "None"
        high = "None"
        if effect.verb == "take" and plan.high is not None:
            cap = numbers.rounded(plan.high, "down")
            high = f"max({numbers.whole(cap)}, 0)" if not cap.constant else numbers.whole(cap)
        names = ", ".join(plan.name(word) for word in ("wanted", "parts", "short"))
        call = [
            found,
            self._amount(plan, stage),
            high,
            str(effect.steps),
            self._low(plan),
            self._enough(plan),
            str(effect.split == "evenly"),
            floors,
            sizes,
            "ranks",
            "REMAINDER",
            f"laid_out({plan.lay}, cost, {sizes}, uneven)" if plan.lay else "None",
        ]
        out.add(f"{names} = off_elements(")
        for each in call:
            out.add(f"    {each},")
        out.add(")")
        out.add(f"{plan.name('given')} = parts_sum({plan.name('parts')})")

    def of_sets(self, plan: Plan, sets: str, part: int | None, offer: ir.OfferDef) -> str:
        """An expression for the elements that an effect has in sets: of a part, or beside the parts."""
        self.function.needs_keys = self.function.needs_ranks = True
        plan.in_sets = True
        plan.lay = sets if ir.ends_sets(offer, plan.effect) else ""
        lines = "None" if plan.effect.select.where is None else plan.places
        rest = f"{plan.effect.grain!r}, {lines}, ranks, cost, {self.effects.sizes or 'ones'}, uneven"
        return f"of_sets({sets}, {part}, {rest})"

    def form(self, sets: ir.SetsDef, name: str, shut: str, out: Lines) -> None:
        """Form all sets of a rule."""
        self.function.needs_keys = self.function.needs_ranks = True
        sizes = self.effects.sizes or "ones"
        out.add(f"{name} = form_sets(")
        with out.block("    ["):
            for part in sets.parts:
                places = self.function.places(part.where)
                row = f"chosen({places}, cost, {sizes}, uneven, ranks, None, None{', ' + shut if shut else ''})"
                out.add(f"ordered({row}, {part.ordering.how!r}),")
        out.add("    ],")
        counts = "".join(f"{part.count}, " for part in sets.parts)
        out.add(f"    ({counts.rstrip()}), {sets.times}, {sets.partial}, {sets.per == 'line'}, ranks,")
        out.add(")")

    # ---- small functions of one element

    def _amount(self, plan: Plan, stage: ir.Stage) -> str:
        effect, value = plan.effect, plan.value
        if effect.verb == "take":
            whole = numbers.rounded(value, effect.rounding)
            code = numbers.whole(whole)
            return self._of(plan, code if whole.positive else f"max({code}, 0)")
        low, high = plan.low, plan.high
        if low is not None:
            value = numbers.extreme("max", [value, low])
        if high is not None:
            value = numbers.extreme("min", [value, high])
        if not value.positive:
            value = numbers.extreme("max", [value, numbers.ZERO])
        code = numbers.whole(numbers.rounded(value, effect.rounding))
        if low is not None:
            code = f"max({code}, -(-{numbers.wrap(numbers.text(low, low.den))} // {low.den}))"
        if high is not None:
            code = f"min({code}, {numbers.wrap(numbers.text(high, high.den))} // {high.den})"
            code = code if high.positive else f"max({code}, 0)"
        off = f"basis_current - {numbers.wrap(code)}"
        return self._of(plan, off if stage == "catalogue" else f"max({off}, 0)")

    def _low(self, plan: Plan) -> str:
        """The most that leaves an element above its least price."""
        least = plan.low
        if plan.effect.verb != "take" or least is None:
            return "None"
        now = numbers.text(Scaled("basis_current"), least.den)
        return self._of(plan, f"({now} - {numbers.wrap(numbers.text(least, least.den))}) // {least.den}")

    def _enough(self, plan: Plan) -> str:
        """Whether the exact sum of all elements passes `only from`."""
        bound = plan.least
        if bound is None:
            return "None"
        den = numbers.common([bound, plan.value])
        exact = self._of(plan, f"max({numbers.text(plan.value, den)}, 0)")
        return f"reaching({exact}, {numbers.text(bound, den)})"

    def _of(self, plan: Plan, code: str) -> str:
        """A function of an element's pieces; what else it reads is handed over."""
        function = self.function
        words = set(re.findall(r"\w+", code))
        fields = set(function.passing.fields.values())
        body, params = Lines(), list[str]()
        for base, name in function.basis_of.items():
            if name in words:
                body.add(f"{name} = {self._basis(plan, base, params)}")
        if "basis_current" in words and "current" not in function.basis_of:
            body.add(f"basis_current = {self._basis(plan, 'current', params)}")
        for name in plan.names:
            if name in words and name in fields:
                column = function.column(name)
                params.append(column)
                body.add(f"{name} = {column}[own[0][0]]")
            elif name in words and not name.startswith("basis_"):
                params.append(name)
        body.add(f"return {code}")
        given = list(dict.fromkeys(params))
        given += [name for name in ("day", "instant", "member") if name in words and name not in given]
        name = function.module.helper("amount", "", ["own", *given], body)
        return f"reading({name}, {', '.join(given)})" if given else name

    def _basis(self, plan: Plan, base: str, params: list[str]) -> str:
        """A base of an element's units."""
        if base == "current":
            return "sum([count * each for _, _, count, each in own])"
        column = self.effects.column(base)
        params.append(column)
        if (
            plan.effect.select.pick is None
            and plan.effect.grain in ("line", "total")
            and not (plan.in_sets or plan.shut)
        ):
            return f"sum([{column}[line] for line in {{piece[0] for piece in own}}])"
        if not self.effects.sizes:
            return f"sum([{column}[line] for line, _, _, _ in own])"
        params.append(self.effects.sizes)
        return f"sum([count * ({column}[line] // {self.effects.sizes}[line]) for line, _, count, _ in own])"
