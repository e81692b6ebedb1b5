"""An offer at work: its sets are formed, then its effects run, each on what the one before left.

All sets are formed before the effects run. Effects of parts act on every set, the last partial one too; effects on
each set, charges and gifts come once for each full set. `each unit` and `each line` beside the parts select from the
units of the sets; `the total of ...` selects from the whole basket, its amount once for each full set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.budgets import Account
from rules_engine.backends.reference.carrier import (
    Act,
    Basket,
    Element,
    Piece,
    joined,
    pieces_of,
    size_of,
    within,
    zipped,
)
from rules_engine.backends.reference.effects import Amounts, take_off
from rules_engine.backends.reference.expressions import evaluate, number, selected, worth
from rules_engine.backends.reference.reach import Barrier, Reach, reaches
from rules_engine.backends.reference.selecting import by_line, ordered
from rules_engine.backends.reference.sets import Batch, Used, form
from rules_engine.backends.reference.trace import Ahead, EffectNoted, OfferNoted, noting
from rules_engine.outcome import Charge, Discount, Gift
from rules_engine.values import round_fraction


class Idle(Exception):  # noqa: N818 - control flow of the interpreter, never seen outside
    """A rule does not act, and why: see `OfferNoted`."""

    def __init__(
        self, why: str, by: str = "", group: str = "", how: Ahead = "", failed: ir.Expr | None = None,
        limit: ir.LimitDef | None = None,
    ) -> None:  # fmt: skip
        super().__init__(why)
        self.why, self.by, self.group, self.how = why, by, group, how
        self.failed, self.limit = failed, limit


class Work:
    """A rule that was admitted, and what it has done so far."""

    def __init__(self, rule: ir.OfferDef, noted: OfferNoted, account: Account, barriers: Reach) -> None:
        basket = account.env.run.basket
        assert basket is not None
        self.rule, self.noted, self.account, self.barriers = rule, noted, account, barriers
        self.env, self.run = account.env, account.env.run
        self.reach = reaches(barriers, basket)
        self.changed = False
        self.discounts: list[Discount] = []
        self.charges: list[Charge] = []
        self.gifts: list[Gift] = []

    def done(self) -> Act:
        """Run the rule; raises `Idle` where it has done nothing."""
        batches = self._sets()
        full = sum(batch.times for batch in batches if not batch.partial)
        self.noted.sets = sum(batch.times for batch in batches)
        if self.rule.sets is not None and not batches:
            raise self._nothing()
        for effect, elements, times in self._effects(batches, full):
            noted = EffectNoted(effect, len(self.noted.effects))
            self.noted.effects.append(noted)
            match effect:
                case ir.DiscountDef():
                    self._take(effect, elements, times, noted, batches if ir.ends_sets(self.rule, effect) else ())
                case ir.ChargeDef():
                    self._charge(effect, times, noted)
                case ir.GiftDef():
                    self._add(effect, times, noted)
        if not (self.changed or self.charges or self.gifts):
            raise self._nothing()
        self._claim(batches)
        self.account.take_times(self.noted.sets if self.rule.sets is not None else 1)
        return Act(
            self.rule, tuple(self.discounts), tuple(self.charges), tuple(self.gifts), tuple(self.account.took),
            self.noted.code,
        )  # fmt: skip

    # ---- sets ----

    def _sets(self) -> list[Batch]:
        """The sets that the rule forms, no more than its limits by times let through."""
        sets, places = self.rule.sets, self.run.places
        if sets is None:
            return []
        ranks = [place.rank for place in places]
        rows = []
        for part in sets.parts:
            units = selected(ir.Selection("lines", part.where, None), self.env, self.reach)
            rows.append(ordered(units, part.ordering, ranks, worth(self.env)))
        counts, used = [part.count for part in sets.parts], Used()
        if sets.per == "basket":
            found_sets = form(rows, counts, sets.times, sets.partial, used)
        else:
            found_sets = []
            lines = [by_line(row) for row in rows]
            for place in sorted(places, key=lambda place: place.rank):
                own = [found.get(place.number, []) for found in lines]
                found_sets += form(own, counts, sets.times, sets.partial, used)
        return list(_first(found_sets, self.account.times_for(sum(batch.times for batch in found_sets))))

    def _claim(self, batches: Sequence[Batch]) -> None:
        """The units of the sets are claimed."""
        basket = self._basket()
        lines = list(basket.lines)
        spans: dict[int, list[tuple[int, int, int]]] = {}
        for piece in (piece for batch in batches for piece in batch.units):
            spans.setdefault(piece.line, []).append((piece.start, piece.count, 1))
        for line, found in spans.items():
            marks = within(found, size_of(lines[line]))
            lines[line] = joined(
                (count, msgspec.structs.replace(unit, claimed=unit.claimed | {self.rule.key}) if mark else unit)
                for count, unit, mark in zipped(lines[line], marks)
            )
        self.run.basket = msgspec.structs.replace(basket, lines=tuple(lines))

    # ---- effects ----

    def _effects(self, batches: Sequence[Batch], full: int) -> Iterator[tuple[ir.EffectDef, list[Element], int]]:
        """Each effect with its elements, as things stand when it runs, and how many times over it comes."""
        sets = self.rule.sets
        if sets is None:
            for effect in self.rule.effects:
                yield effect, self._plain(effect), 1
            return
        for place, part in enumerate(sets.parts):
            for effect in part.effects:
                yield effect, [each for batch in batches for each in self._of_part(effect, batch, place)], 1
        for effect in self.rule.effects:
            if isinstance(effect, ir.DiscountDef) and effect.grain == "set":
                whole = [each for batch in batches if not batch.partial for each in self._of_sets(effect, batch)]
                yield effect, whole, 1
            elif isinstance(effect, ir.DiscountDef) and effect.grain != "total":
                units = list(self._now_all(piece for batch in batches for piece in batch.units))
                yield effect, _elements(effect.grain, selected(effect.select, self.env, None, units)), 1
            else:
                yield effect, self._plain(effect), full

    def _plain(self, effect: ir.EffectDef) -> list[Element]:
        if not isinstance(effect, ir.DiscountDef):
            return []
        return _elements(effect.grain, selected(effect.select, self.env, self.reach))

    def _of_part(self, effect: ir.DiscountDef, batch: Batch, place: int) -> list[Element]:
        """The elements that an effect of a part has in equal sets: those of each set by itself."""
        found = []
        for element in self._alike(batch.parts[place], batch.times):
            pieces = selected(effect.select, self.env, None, element.pieces)
            found += _elements(effect.grain, pieces, element.times)
        return found

    def _of_sets(self, effect: ir.DiscountDef, batch: Batch) -> list[Element]:
        found = []
        for element in self._alike([piece for part in batch.parts for piece in part], batch.times):
            pieces = selected(effect.select, self.env, None, element.pieces)
            if pieces:
                found.append(Element(tuple(pieces), element.times))
        return found

    def _alike(self, pieces: Sequence[Piece], times: int) -> list[Element]:
        """The units of equal sets as they are now; an earlier effect may have made the sets differ."""
        now = [self._uniform(piece, times) for piece in pieces]
        alike = tuple(piece for piece in now if piece is not None)
        if len(alike) == len(now):
            return [Element(alike, times)]
        return [
            Element(tuple(self._now_all(msgspec.structs.replace(each, start=each.start + turn * each.step, step=0)
                                        for each in pieces)))
            for turn in range(times)
        ]  # fmt: skip

    def _uniform(self, piece: Piece, times: int) -> Piece | None:
        """A piece of equal sets as it is now, where it is the same in all of them."""
        size = (times - 1) * piece.step + piece.count
        now = list(self._now(msgspec.structs.replace(piece, count=size)))
        return msgspec.structs.replace(piece, unit=now[0].unit) if len(now) == 1 else None

    def _now_all(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        return (now for piece in pieces for now in self._now(piece))

    def _now(self, piece: Piece) -> Iterator[Piece]:
        """The same units as they are now."""
        end = piece.start + piece.count
        for each in pieces_of(piece.line, self._basket().lines[piece.line]):
            first, last = max(each.start, piece.start), min(each.start + each.count, end)
            if first < last:
                yield Piece(piece.line, first, last - first, each.unit, piece.step)

    def _basket(self) -> Basket:
        assert self.run.basket is not None
        return self.run.basket

    # ---- what effects do ----

    def _take(
        self, effect: ir.DiscountDef, elements: list[Element], times: int, noted: EffectNoted, batches: Sequence[Batch]
    ) -> None:
        def cut(amounts: Amounts) -> tuple[Amounts, str]:
            return self.account.cut(amounts, effect.or_nothing)

        found = take_off(effect, elements, times, self.rule, cut, noted, self.env, batches)
        if found.cut and effect.or_nothing:
            raise Idle("floor reached")
        self.account.take_amounts({part.line: part.runs for part in found.parts}, noted.number)
        self.run.basket, self.changed = found.basket, self.changed or found.acted
        if found.wanted or found.acted:
            discount = Discount(
                self.rule.key, self.rule.stage, noted.number, found.wanted, found.given, found.parts,
                cut_by=found.cut_by,
            )  # fmt: skip
            self.discounts.append(discount)

    def _charge(self, effect: ir.ChargeDef, times: int, noted: EffectNoted) -> None:
        with noting(self.run.trace, noted.inner):
            exact = max(Fraction(), number(effect.value, self.env))
        noted.exact, noted.wanted = exact * times, round_fraction(exact, effect.rounding) * times
        noted.given = noted.wanted
        if noted.given:
            self.charges.append(Charge(self.rule.key, effect.label, noted.given))

    def _add(self, effect: ir.GiftDef, times: int, noted: EffectNoted) -> None:
        with noting(self.run.trace, noted.inner):
            sku = evaluate(effect.sku, self.env)
        if sku is not None and times:
            noted.wanted = noted.given = effect.count * times
            self.gifts.append(Gift(self.rule.key, str(sku), noted.given))

    def _nothing(self) -> Idle:
        """Why the rule has nothing to give."""
        for noted in self.noted.effects:
            if noted.cut == "limit":
                return Idle("limit reached", limit=next(
                    each for each in self.account.by_amount if each.key == noted.cut_by))  # fmt: skip
        if any(noted.wanted and noted.cut in ("floor", "never below") for noted in self.noted.effects):
            return Idle("floor reached")
        for barrier in self.barriers:
            if self._keeps(barrier):
                return Idle(barrier.why, barrier.rule, barrier.group, barrier.how)
        chosen = all(isinstance(noted.effect, ir.GiftDef) for noted in self.noted.effects)
        return Idle("nothing chosen" if self.noted.effects and chosen else "nothing to give")

    def _keeps(self, barrier: Barrier) -> bool:
        """Whether a barrier keeps units from the rule that it would select."""
        parts = self.rule.sets.parts if self.rule.sets is not None else ()
        asked = [ir.Selection("lines", part.where, None) for part in parts] or [
            msgspec.structs.replace(effect.select, pick=None)
            for effect in self.rule.effects
            if isinstance(effect, ir.DiscountDef)
        ]
        reach = reaches((barrier,), self._basket())
        with noting(self.run.trace, []):
            return any(not reach(each.line, each.unit) for select in asked for each in selected(select, self.env))


def _first(batches: Sequence[Batch], times: int) -> Iterator[Batch]:
    """The first so many sets."""
    for batch in batches:
        if times > 0:
            yield batch.cut(min(times, batch.times))
        times -= batch.times


def _elements(grain: str, pieces: Sequence[Piece], times: int = 1) -> list[Element]:
    """The elements of a grain among units; those of equal sets together."""
    if grain == "unit":
        return [each for piece in pieces for each in _units(piece, times)]
    if grain == "line":
        by_line: dict[int, list[Piece]] = {}
        for piece in pieces:
            by_line.setdefault(piece.line, []).append(piece)
        return [Element(tuple(own), times) for own in by_line.values()]
    return [Element(tuple(pieces), times)] if pieces else []


def _units(piece: Piece, times: int) -> list[Element]:
    if times == 1 or piece.step == piece.count:
        return [Element((msgspec.structs.replace(piece, count=1, step=1),), times * piece.count)]
    return [Element((piece.part(place, 1),), times) for place in range(piece.count)]
