"""int64 safety: the widest that each number of an event can become, from the bounds that the schema declares.

In: a program, a kind of event and `Guards`, what the kernel looks at before it scores an event. Out: nothing, or the
first number of each rule that could pass 2^62, with the rule's name. The walk follows generated Python: an integer for
each number in between, with a factor folded, at common denominators where numbers meet.

The schema alone proves little: 200 lines of 1,000 pieces of 5,000 GBP are more than any shop sells at once, and a track
grows for as long as its member buys. So a proof is made *under guards*, which cost one compare each: what all lines of
the event cost at their list prices, each number that the event sends, and each number that a state holds. What lies
outside goes to the row path, counted and named. `guarded` finds the widest guards under which everything is proved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar.writing.spans import (
    NOTHING,
    SAFE,
    Ranged,
    Span,
    added,
    common,
    hull,
    not_above,
    not_below,
    product,
    reduced,
)
from rules_engine.decoding import bounds_of

CODES: Final = Span(0, 2**31)
DAYS: Final = Span(-(10**7), 10**7)
INSTANTS: Final = DAYS.scaled(86_400)
FLAG: Final = Span(0, 1)
BILLION: Final = 10**9


class Guards(msgspec.Struct, frozen=True):
    """What the kernel looks at: `total`, the sum over lines and shipping of what they cost at their list price or were,
    in magnitude; `held`, the magnitude of each track, counter and balance; `number`, that of each number the event
    or its member's facts send. A guard that the schema proves by itself need not be looked at."""

    total: int
    held: int
    number: int


LADDER: Final = (
    Guards(2**40, 2**52, 2**40),
    Guards(2**31 - 1, 2**50, 2**40),
    Guards(2**30, 2**46, 2**36),
    Guards(2**28, 2**42, 2**32),
    Guards(2**24, 2**36, 2**24),
)
"""From wide to narrow. Allocations multiply two amounts of money, so most programs with offers stand on the second."""


class Unproved(msgspec.Struct, frozen=True):
    """A number that could pass 2^62: where it stands, in whose words, and how large it could be."""

    owner: str
    at: ir.Origin
    size: int

    def __str__(self) -> str:
        return f"a number of {self.owner} could pass 2^62 (it has up to {len(str(self.size))} digits)"


def guarded(core: ir.Program, event: ir.EventDef) -> Guards | tuple[Unproved, ...]:
    """The widest guards under which every number of a kind of event fits, or what does not fit under the narrowest."""
    found: tuple[Unproved, ...] = ()
    for guards in LADDER:
        found = unproved(core, event, guards)
        if not found:
            return guards
    return found


def unproved(core: ir.Program, event: ir.EventDef, guards: Guards) -> tuple[Unproved, ...]:
    """The first number of each rule, track and ladder that could pass 2^62 on a kind of event."""
    return tuple(Bounds(core, event, guards).unproved())


def total_of(core: ir.Program, event: ir.EventDef) -> int:
    """The most that all lines and the shipping of an event can cost, by the schema alone."""
    return Bounds(core, event, Guards(SAFE * SAFE, SAFE, SAFE)).schema_total


class TooWide(Exception):  # noqa: N818 - control flow of the walk, never seen outside
    """A number that could pass 2^62."""

    def __init__(self, at: ir.Origin, span: Span) -> None:
        super().__init__(span)
        self.at = at
        self.span = span


class Bounds:
    """The spans of one kind of event under its guards."""

    def __init__(self, core: ir.Program, event: ir.EventDef, guards: Guards) -> None:
        self.core = core
        self.event = event
        self.guards = guards
        inner = event.lines.fields if event.lines is not None else event.fields
        self.lines = (event.lines.high if event.lines is not None else 1) + bool(event.shipping_field)
        self.fields = {field.name: field for field in event.fields}
        self.line_fields = {field.name: field for field in inner}
        self.facts = {field.name: field for field in core.member}
        self.tracks = {track.name: track for track in core.tracks}
        self.awards: dict[str, Span] = {}
        quantity = self.line_fields.get(event.quantity_field)
        self.pieces = Span(1, 1) if quantity is None else self._field(quantity)
        self.schema_total = self._listed()
        self.total = min(guards.total, self.schema_total)
        below = any(self._field(field).low < 0 for field in self._prices())
        self.money = Span(-self.total if below else 0, self.total)
        self.held = Span(-guards.held, guards.held)

    # ---- what the schema says

    def _field(self, field: ir.FieldDef) -> Span:
        match field.kind:
            case "count" | "money" | "unit" | "rate":
                ends = [(each.low, each.high) for each in field.bounds] or [bounds_of(field)]
                found = hull(*(Span(low, high) for low, high in ends))
                return found if field.kind == "rate" else found.inside(self.guards.number)
            case "date":
                return DAYS
            case "instant":
                return INSTANTS
            case "time":
                return Span(0, 86_400)
            case "flag":
                return FLAG
            case _:
                return CODES

    def _prices(self) -> list[ir.FieldDef]:
        event = self.event
        named = [self.line_fields.get(name) for name in (event.list_field, event.was_field)]
        return [each for each in (*named, self.fields.get(event.shipping_field)) if each is not None]

    def _listed(self) -> int:
        """All lines at their highest price, and shipping."""
        event, most = self.event, 0
        for field in self._prices():
            size = self._field(field).size
            if field.name == event.shipping_field:
                continue
            most = max(most, size * (max(1, self.pieces.size) if event.list_each else 1))
        shipping = self.fields.get(event.shipping_field)
        if event.priced_by_offers:
            most = SAFE
        return most * self.lines + (0 if shipping is None else self._field(shipping).size)

    # ---- what may not fit

    def unproved(self) -> list[Unproved]:
        """The first number of each part of the program that does not fit; rules in their order, so that what one gave
        is known where another reads it."""
        found: list[Unproved] = []
        here = self.event.name
        for track in self.core.tracks:
            if here in track.events or track.given or track.used:
                self._tried(f"the track {track.name}", partial(self._track, track), found)
        for offer in self.core.offers:
            if here in offer.events:
                self._tried(f'the rule "{offer.title}"', partial(self._offer, offer), found)
        for rule in self.core.rules:
            if here in rule.events:
                self._tried(f'the rule "{rule.title}"', partial(self._rule, rule), found)
        if self.core.tiers is not None:
            self._tried("the tiers", partial(self._all, self.core.tiers), found)
        self._tried("the tax", self._tax, found)
        return found

    def _tried(self, owner: str, walk: Callable[[], object], found: list[Unproved]) -> None:
        try:
            walk()
        except TooWide as wide:
            found.append(Unproved(owner, wide.at, wide.span.size))

    def _need(self, span: Span, at: ir.Origin) -> Span:
        if not span.fits:
            raise TooWide(at, span)
        return span

    def _leaf(self, span: Span, total: Span | None = None) -> Ranged:
        return Ranged(span, span.some(self.lines) if total is None else total)

    def _all(self, value: object) -> None:
        """Every condition and number that a definition holds."""
        seen: set[int] = set()
        for node in ir.walk(value):
            if id(node) not in seen:
                seen.update(id(inner) for inner in ir.walk(node))
                self.number(node)  # type: ignore[arg-type]

    def _track(self, track: ir.TrackDef) -> Ranged:
        """What an event adds to a track."""
        self._all((track.where, track.line_where, track.by, track.by_key))
        if track.given or track.used:
            added_to = self._leaf(self.held)
        elif track.value is None:
            added_to = self._leaf(Span(0, self.lines))
        else:
            value = self.number(track.value)
            added_to = self._leaf(value.total.scaled(value.num) if track.by_line else value.at(value.den))
        at = track.value.at if track.value is not None else ir.Origin(0, 0, 0)
        self._need(added(self.held, added_to.each), at)
        return added_to

    # ---- rules

    def _rule(self, rule: ir.RuleDef) -> None:
        self._all((rule.dates, rule.when, rule.thing, rule.code))
        given = NOTHING
        for effect in rule.effects:
            if isinstance(effect, ir.GiveDef):
                given = added(given, self._give(effect, rule))
            else:
                self._all(effect)
        turns = self._turns(rule.loop)
        given = given.scaled(turns)
        limits = [limit.amount for limit in rule.limits if limit.amount is not None]
        if limits and len(rule.gives) == len(rule.effects) == 1:
            given = given.inside(min(limits))
        self._need(added(self.held, given), rule.at)
        self.awards[rule.key] = given

    def _turns(self, loop: ir.MarksDef | ir.KeysDef | None) -> int:
        match loop:
            case ir.MarksDef(marks=marks):
                return len(marks)
            case ir.KeysDef(track=track) as keys:
                self._all((keys.key, keys.where))
                return max(self.lines, self.tracks[track].keys_max if track in self.tracks else 0)
            case None:
                return 1

    def _give(self, give: ir.GiveDef, rule: ir.RuleDef) -> Span:
        """What an award comes to: nothing at least."""
        self._all((give.only_from, give.line_where, give.pending, give.life))
        value = self.number(give.value)
        if give.each_line:
            self._halves(value.at(value.den), value.den, give.at)
            value = self._leaf(added(value.total.scaled(value.num).floored(value.den), Span(0, self.lines)))
        value = self._clipped(value, give.low, give.high, give.at)
        self._halves(value.at(value.den), value.den, give.at)
        found = value.at(value.den).floored(value.den)
        found = Span(0, max(0, found.high))
        if any(limit.scope.by_line for limit in rule.limits):
            self._weighed(give, found)
        return found

    def _weighed(self, give: ir.GiveDef, amount: Span) -> None:
        """An award that is spread over lines by its shares."""
        weights = NOTHING
        shares = [self.number(share.value) for share in give.shares]
        scales = [self._leaf(FLAG) if share.scale is None else self.number(share.scale) for share in give.shares]
        for share, one, scale in zip(give.shares, shares, scales, strict=True):
            self._all(share.where)
            both = product(one.sum_at(common(shares)), scale.at(common(scales)))
            weights = added(weights, self._need(both, give.at))
        self._need(product(amount, weights), give.at)

    def _halves(self, span: Span, den: int, at: ir.Origin) -> None:
        """Rounding to the nearest doubles the number and adds the denominator."""
        if den > 1:
            self._need(added(span.scaled(2), Span(-den, den)), at)

    # ---- offers

    def _offer(self, offer: ir.OfferDef) -> None:
        self._all((offer.dates, offer.when, offer.code, offer.thing))
        own = offer.effects if offer.sets is None else (*offer.effects, *(part for part in offer.sets.parts))
        for effect in own:
            if isinstance(effect, ir.PartDef):
                self._all((effect.where, effect.ordering))
                for inner in effect.effects:
                    self._discount(inner)
            elif isinstance(effect, ir.DiscountDef):
                self._discount(effect)
            else:
                self._all(effect)

    def _discount(self, effect: ir.DiscountDef) -> None:
        """What an effect takes off in all, which is spread over lines by what they cost."""
        self._all((effect.only_from, effect.select, effect.low, effect.high))
        value = self.number(effect.value)
        self._halves(value.at(value.den), value.den, effect.at)
        elements = {"total": 1, "line": self.lines, "set": self.units, "unit": self.units}[effect.grain]
        spread = value.at(value.den).some(elements)
        total = value.total.scaled(value.num)
        if total.size < spread.size and effect.grain != "total":
            spread = total
        taken = added(spread.floored(value.den), Span(-elements, elements))
        self._need(product(taken, Span(0, max(self.total, taken.size))), effect.at)
        self._need(product(self.money, self.money), effect.at)

    @property
    def units(self) -> int:
        """The most units that an event can have."""
        return self.lines * max(1, self.pieces.size)

    def _tax(self) -> None:
        field = self.line_fields.get(self.event.tax_field) or self.fields.get(self.event.shipping_tax_field)
        if field is not None:
            rate = Span(0, BILLION + self._field(field).size)
            self._need(product(self.money, rate).scaled(2), ir.Origin(0, 0, 0))

    # ---- numbers

    def number(self, expr: ir.Expr) -> Ranged:
        """The span of a number; a condition is 0 or 1. Raises `TooWide`."""
        match expr:
            case ir.Num(num=num, den=den):
                return Ranged(Span(1, 1), Span(0, self.lines), *reduced(num, den))
            case ir.Add(parts=parts):
                return self._added([self.number(part) for part in parts], expr.at)
            case ir.Mul(left=left, right=right):
                return self._multiplied(self.number(left), self.number(right), expr.at)
            case ir.Steps(value=value):
                return self._rounded(self.number(value), expr.at, 0)
            case ir.Round(value=value):
                return self._rounded(self.number(value), expr.at, 1)
            case ir.Clip(value=value, low=low, high=high):
                return self._clipped(self.number(value), low, high, expr.at)
            case ir.Largest(items=items):
                found = [self.number(item) for item in items]
                den = common(found)
                ends = [self._need(each.at(den), expr.at) for each in found]
                top = Span(max(each.low for each in ends), max(each.high for each in ends))
                return Ranged(top, top.some(self.lines), 1, den)
            case ir.Fold():
                return self._fold(expr)
            case ir.Choose():
                return self._chosen(expr)
            case ir.Across():
                return self._across(expr)
            case ir.PerCurrency(amounts=amounts):
                return self._either([self.number(each) for _, each in amounts], expr.at)
            case _:
                return self._asked(expr)

    def _asked(self, expr: ir.Expr) -> Ranged:
        """Conditions, and what is read."""
        match expr:
            case ir.Cmp(left=left, right=right):
                self._either([self.number(left), self.number(right)], expr.at)
                return self._leaf(FLAG)
            case ir.Multiple(value=value) | ir.InPeriod(value=value) | ir.OneOf(value=value) | ir.Not(value=value):
                self._plain(value)
                return self._leaf(FLAG)
            case ir.Has() | ir.InImported() | ir.InField() | ir.HasMember() | ir.Flg():
                return self._leaf(FLAG)
            case ir.All(parts=parts) | ir.Any(parts=parts):
                for part in parts:
                    self.number(part)
                return self._leaf(FLAG)
            case ir.Reaches(bound=bound):
                self._plain(bound)
                return self._leaf(FLAG)
            case _:
                return self._read(expr)

    def _plain(self, expr: ir.Expr) -> None:
        value = self.number(expr)
        self._need(value.at(value.den), expr.at)

    def _read(self, expr: ir.Expr) -> Ranged:
        match expr:
            case ir.Field(name=name):
                return self._of_field(self.fields[name])
            case ir.LineField(name=name):
                return self._of_field(self.line_fields[name])
            case ir.MemberField(name=name) | ir.PersonField(name=name):
                field = self.facts.get(name)
                return self._leaf(CODES) if field is None else self._of_field(field)
            case ir.LineMoney() | ir.Basis() | ir.Picked(base=str()):
                return self._of_money(expr)
            case ir.LineQuantity():
                return self._leaf(self.pieces)
            case ir.Picked():
                return self._leaf(Span(0, self.units), Span(0, self.units))
            case ir.AwardRead(rule=rule) | ir.AwardPart(rule=rule):
                given = self.awards.get(rule, Span(0, self.guards.held))
                return self._leaf(given, given if isinstance(expr, ir.AwardPart) else None)
            case ir.Today() | ir.AddTime() | ir.EdgeDay() | ir.DayOf() | ir.Forever():
                return self._leaf(DAYS)
            case ir.Now():
                return self._leaf(INSTANTS)
            case ir.KeyFold(top=top, track=track):
                return self._leaf(self.held.scaled(top or max(1, self.tracks[track].keys_max)))
            case ir.LineKeys(value=value):
                found = self.number(value)
                return self._leaf(self._need(found.sum_at(found.den), expr.at))
            case ir.TierRead() | ir.RungRead() | ir.Txt() | ir.CurrencyRead() | ir.CodeRead() | ir.Imported():
                return self._leaf(CODES)
            case _:
                return self._leaf(self.held)

    def _of_field(self, field: ir.FieldDef) -> Ranged:
        found = self._leaf(self._field(field))
        return msgspec.structs.replace(found, den=BILLION) if field.kind == "rate" else found

    def _of_money(self, expr: ir.LineMoney | ir.Basis | ir.Picked) -> Ranged:
        """A money base. A tax side is a fraction whose denominator hangs on the rate: at worst a billion."""
        if not expr.side:
            return Ranged(self.money, self.money)
        return Ranged(self._need(self.money.scaled(2 * BILLION), expr.at), self.money.scaled(2 * BILLION), 1, BILLION)

    def _added(self, parts: list[Ranged], at: ir.Origin) -> Ranged:
        if len(parts) == 1:
            return parts[0]
        den = common(parts)
        each = self._need(added(*(self._need(part.at(den), at) for part in parts)), at)
        return Ranged(each, added(*(part.sum_at(den) for part in parts)), 1, den)

    def _multiplied(self, left: Ranged, right: Ranged, at: ir.Origin) -> Ranged:
        num, den = reduced(left.num * right.num, left.den * right.den)
        one = Span(1, 1)
        if one in (left.each, right.each):
            other = right if left.each == one else left
            return Ranged(other.each, other.total, num, den)
        each = self._need(product(left.each, right.each), at)
        width = min(
            each.size * self.lines,
            (left.total.high - left.total.low) * right.each.size,
            (right.total.high - right.total.low) * left.each.size,
        )
        return Ranged(each, Span(-width if each.low < 0 else 0, width), num, den)

    def _rounded(self, value: Ranged, at: ir.Origin, more: int) -> Ranged:
        if value.den == 1:
            return value
        inner = self._need(value.each.scaled(value.num), at)
        self._halves(inner, value.den, at)
        total = value.total.scaled(value.num).floored(value.den)
        return self._leaf(inner.floored(value.den), added(total, Span(-more * self.lines, more * self.lines)))

    def _clipped(self, value: Ranged, low: ir.Expr | None, high: ir.Expr | None, at: ir.Origin) -> Ranged:
        for end, cut in ((low, not_below), (high, not_above)):
            if end is not None:
                other = self.number(end)
                den = common([value, other])
                each = cut(self._need(value.at(den), at), self._need(other.at(den), at))
                value = Ranged(each, each.some(self.lines), 1, den)
        return value

    def _either(self, values: list[Ranged], at: ir.Origin) -> Ranged:
        """One of several numbers, at their common denominator."""
        den = common(values)
        each = hull(*(self._need(value.at(den), at) for value in values))
        width = max(value.sum_at(den).size for value in values)
        found = each.some(self.lines)
        return Ranged(each, found if found.size <= width else found.inside(width), 1, den)

    def _fold(self, fold: ir.Fold) -> Ranged:
        self._all(fold.where)
        if fold.op != "sum" or fold.value is None:
            self._all(fold.value)
            return self._leaf(Span(0, self.lines))
        value = self.number(fold.value)
        self._need(value.sum_at(value.den), fold.at)
        return Ranged(value.total, value.total.some(self.lines), value.num, value.den)

    def _chosen(self, table: ir.Choose) -> Ranged:
        for key in table.keys:
            self._plain(key)
        values = [self.number(row.value) for row in table.rows if not isinstance(row.value, ir.Stop)]
        return self._either(values, table.at) if values else self._leaf(NOTHING)

    def _across(self, across: ir.Across) -> Ranged:
        """Every slice of what the event adds earns one of the rates, so no sum is larger than all at the highest."""
        rates = [self.number(rate) for rate in across.rates]
        den = common(rates)
        most = max(self._need(rate.at(den), across.at).size for rate in rates)
        own = self._track(self.tracks[across.track]).each
        found = self._need(Span(-own.size * most, own.size * most), across.at)
        return Ranged(found, found.some(self.lines), 1, den)
