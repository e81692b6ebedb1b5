"""Where an expression is read: a kind of event, a stage, a line or an element, and what is known so far.

In: the drawing, an event. Out: the registers and vectors of what the core's nodes read.
"""

from __future__ import annotations

from typing import Any

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import marking, shipping, taxes, tracking
from rules_engine.backends.columnar.writing.arithmetic import Flag, Number, both, compared, constant, plain, total
from rules_engine.backends.columnar.writing.bounds import Guards
from rules_engine.backends.columnar.writing.drawing import Drawing
from rules_engine.backends.columnar.writing.expressions import field, number
from rules_engine.backends.columnar.writing.making import Label, Maker, NotColumnar, unwanted
from rules_engine.backends.columnar.writing.spans import Span

GUARDS = Guards(2**31 - 1, 2**50, 2**40)
"""What the kernel looks at, so that the rest is proved: the money of an event, what memory holds."""

_MOVES = (
    ir.LineMoney, ir.Basis, ir.TrackRead, ir.AwardRead, ir.AwardPart, ir.KeyFold, ir.Reaches, ir.Across, ir.MarkRead,
    ir.BalanceRead, ir.TierRead, ir.UsedRead,
)  # fmt: skip


class NeedsStages(Exception):  # noqa: N818 - control flow of the compiler
    """Something reads what lines cost after a stage that has ended: the event is compiled again, and keeps that."""


class Scene:
    """A kind of event at work. `place` says what is at hand: the event, a line, an element of an effect."""

    def __init__(self, drawing: Drawing, event: ir.EventDef, guest: bool = False, ending: bool = False) -> None:
        self.drawing, self.event, self.guest, self.ending = drawing, event, guest, ending
        self.make: Maker = drawing.make
        self.where = event.name
        self.place: Any = "event"
        self.lined = False
        self.mask = -1
        self.grain = ""
        self.lines_max = event.lines.high if event.lines is not None else 1
        self.stopped: Label | None = None
        self.stops: Number | None = None
        self.awards: dict[str, int] = {}
        self.after: dict[str, int] = {}
        self.given_tracks: list[tuple[ir.TrackDef, int | tracking.Moving, int, int]] = []
        self.ended: set[str] = set()
        self.keeps_stages = False
        self.presented = -1
        self.asks_acted = False
        self.by_unit = False
        self.priced = False
        self.more = shipping.is_more(event, drawing.core)
        self.goods = self.shipped = self.floor = self.ship_list = -1
        self.ship_after: dict[str, int] = {}
        self.acted: dict[str, int] = {}
        self.trying = False
        self.mark: int | None = None
        self.parts: dict[str, int] = {}
        self.added: dict[str, tuple[Number, Number]] | None = None
        self.openings: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.in_event: dict[str, int] = {}
        self.basket = False
        self.stage = ""
        self.unpaid = -1
        self.used: dict[str, tuple[int, int]] = {}
        self.group = ""
        self.things: dict[str, int] = {}
        self.takes: list[str] = []
        self.taken_in: dict[tuple[str, str], int] = {}
        self._moving: dict[int, bool] = {}

    def on_line(self) -> Scene:
        """The same, on a line."""
        return self if self.lined else self._with("line", lined=True)

    def off_line(self) -> Scene:
        """The same, on the event as a whole."""
        return self._with("event", lined=False)

    def on_element(self, grain: str, mask: int) -> Scene:
        """The same, on what an effect forms its amount for: each line, or all of some lines."""
        return self._with((grain, mask), lined=grain == "line", mask=mask, grain=grain)

    def _with(self, place: Any, lined: bool, mask: int = -1, grain: str = "") -> Scene:
        found = object.__new__(Scene)
        found.__dict__.update(self.__dict__)
        found.place, found.lined, found.mask, found.grain = place, lined, mask, grain
        return found

    # ---- what was worked out before ----

    def known(self, key: Any, expr: ir.Expr) -> Any:
        """What was worked out of the same expression, if prices and tracks have not moved since."""
        return self.make.kept.get((key, self._version(expr)))

    def keep(self, key: Any, expr: ir.Expr, found: Any) -> None:
        """Remember it."""
        self.make.kept[key, self._version(expr)] = found

    def _version(self, expr: ir.Expr) -> int:
        moves = self._moving.get(id(expr))
        if moves is None:
            moves = self._moving[id(expr)] = any(isinstance(each, _MOVES) for each in ir.walk(expr))
        return self.make.version if moves else -1

    # ---- ops ----

    def op(self, op: int, lined: bool, a: int = 0, b: int = -1, k: int = 0, m: int = 0, n: int = 0) -> int:
        """A row that makes a number, or a vector."""
        if lined:
            return self.make.vector(op + ops.VECTOR, a, b, k, m, n)
        return self.make.scalar(op, a, b, k, m, n)

    def safe(self, span: Span) -> Span:
        """A span that int64 holds."""
        if not span.fits:
            raise NotColumnar(f"{self.where}: a number could become too large")
        return span

    def guards_held(self) -> Span:
        """What an award can be."""
        return Span(0, GUARDS.held)

    # ---- reads ----

    def column(self, expr: ir.Field | ir.LineField | ir.MemberField) -> tuple[ir.FieldDef, int]:
        """The definition of a field and its row."""
        drawing, world, name = self.drawing, self.drawing.world, expr.name
        match expr:
            case ir.Field():
                definition = world.fields[self.event.name, name]
                listed = definition.kind in ("codes", "list")
                row = drawing.listed(self.event.name, name) if listed else drawing.field(self.event.name, name)
                place = 0
            case ir.LineField():
                if not self.lined:
                    raise NotColumnar(f"{self.where}: a field of a line is read on none")
                definition = world.line_fields[self.event.name, name]
                row, place = drawing.line_field(self.event.name, name), 1
            case ir.MemberField():
                if self.guest:
                    raise NotColumnar(f"{self.where}: a fact of a guest's member is read")
                definition = world.facts[name]
                row, place = drawing.fact(name), 2
        if definition.kind in ("codes", "list") and not isinstance(expr, ir.Field):
            raise NotColumnar(f"{self.where}: `{name}` is a list")
        if definition.kind == "date":
            drawing.day_rows[place].add(row)
        return definition, row

    def loaded(self, expr: ir.Field | ir.LineField | ir.MemberField, row: int) -> int:
        """The register or vector of a field."""
        key = ("loaded", type(expr), expr.name)
        found = self.make.kept.get(key)
        if found is None:
            lined = isinstance(expr, ir.LineField)
            found = self.op(ops.LOADED, lined, k=row, m=1 if isinstance(expr, ir.MemberField) else 0)
            self.make.kept[key] = found
        place: int = found
        return place

    def code(self, value: str | int | bool) -> int:
        """The number that stands for a constant."""
        if isinstance(value, str):
            return self.drawing.code(value)
        return int(value)

    def column_of(self, name: str) -> list[str]:
        """The texts of an imported column."""
        return sorted(self.drawing.world.columns[name])

    def listed(self, found: Number | None, items: ir.Field | ir.LineField | ir.MemberField, count: int | None) -> Flag:
        """Whether a value is among the items of a list."""
        assert found is not None
        if not isinstance(items, ir.Field):
            return self._listed_elsewhere(found, items, -1 if count is None else count)
        definition, row = self.column(items)
        if definition.kind == "codes" or definition.optional:
            raise NotColumnar(f"{self.where}: a list that may be absent is read")
        at = found.at if not found.fixed else self.make.scalar(ops.CONST, k=found.num)
        return Flag(self.op(ops.LISTED, found.lined, at, k=row, n=-1 if count is None else count), found.lined)

    def _listed_elsewhere(self, found: Number, items: ir.LineField | ir.MemberField, count: int) -> Flag:
        """The same of a list of the line, or of the member."""
        world, drawing, make = self.drawing.world, self.drawing, self.make
        fixed = make.scalar(ops.CONST, k=found.num) if found.fixed else found.at
        if isinstance(items, ir.MemberField):
            if self.guest or world.facts[items.name].optional:
                raise NotColumnar(f"{self.where}: a list that may be absent is read")
            k = drawing.fact_lists.setdefault(items.name, len(drawing.fact_lists))
            if found.lined:
                return Flag(make.vector(ops.LISTED_FACT, fixed, k=k, m=1, n=count), True)
            return Flag(make.scalar(ops.LISTED_FACT, fixed, k=k, n=count))
        definition = world.line_fields[self.event.name, items.name]
        if definition.optional or definition.kind == "codes" or not self.lined:
            raise NotColumnar(f"{self.where}: a list that may be absent is read")
        key = (self.event.name, items.name)
        k = drawing.line_lists.setdefault(key, len(drawing.line_lists))
        value = fixed if found.lined else make.vector(ops.SPREAD_OUT, fixed)
        return Flag(make.vector(ops.LISTED_LINE, value, k=k, n=count), True)

    # ---- money ----

    def money(self, expr: ir.LineMoney | ir.Basis | ir.LineQuantity) -> Number:
        """A money base of the line, or of the element, at hand; or its units."""
        if not self.priced:
            raise NotColumnar(f"{self.where}: money is read where there is none")
        if isinstance(expr, ir.LineQuantity):
            return self._quantity()
        if self.grain == "ship":
            self._kept(expr.base)
            return taxes.sided(shipping.of_shipping(expr.base, self), expr.side, True, self)
        span = self.money_span()
        at = self._vector(expr.base)
        each = taxes.sided(Number(at, 1, 1, span, True, span), expr.side, False, self)
        if isinstance(expr, ir.LineMoney) or self.grain == "line":
            return each
        if self.grain not in ("total", "all"):
            raise unwanted(expr, self.where)
        if each.at == ops.COST and self.mask < 0:
            lines = Number(ops.PAID, 1, 1, span)
        else:
            lines = Number(self.make.scalar(ops.SUM, each.at, self.mask), 1, each.den, each.total or span)
        if self.grain == "total":
            return lines
        own = taxes.sided(shipping.of_shipping(expr.base, self), expr.side, True, self)
        return total([lines, own], self)

    def chosen(self, of: ir.LinesOf, where: ir.Expr | None) -> int | None:
        """The vector of the lines among goods, shipping or both where a condition holds; -1: all, None: never any."""
        return shipping.chosen(of, where, self)

    def shipping_fold(self, fold: ir.Fold) -> Number:
        """A sum or count over shipping, or over goods and shipping."""
        return shipping.fold(fold, self)

    def money_span(self) -> Span:
        """What prices can be, line by line and in all."""
        event = self.event
        lines = event.fields if event.lines is None else event.lines.fields
        named = [field for field in lines if field.name in (event.list_field, event.was_field)]
        named += [field for field in event.fields if field.name == event.shipping_field]
        return Span(-GUARDS.total if any(field.low < 0 for field in named) else 0, GUARDS.total)

    def _kept(self, base: ir.Base) -> None:
        """A stage that has ended has to be kept where it is read."""
        if base in self.ended and base not in self.after:
            raise NeedsStages

    def _vector(self, base: ir.Base) -> int:
        if base == "paid" and self.unpaid >= 0:
            return self.unpaid
        if base in ("current", "net", "paid"):
            return ops.COST
        if base == "list":
            return ops.LIST
        if base in ("catalogue", "after item", "after basket", "after shipping"):
            self._kept(base)
            return self.after.get(base, ops.COST)
        return shipping.was(self)

    def _quantity(self) -> Number:
        name = self.event.quantity_field
        if not name:
            return Number(self.make.vector(ops.CONST + ops.VECTOR, k=1), 1, 1, Span(1, 1), True)
        return field(ir.LineField(_NOWHERE, name), self.on_line())

    # ---- what rules and tracks hold ----

    def award(self, rule: str) -> int:
        """The register of what a rule gave; -1 where no such rule is on this kind of event."""
        return self.awards.get(rule, -1)

    def track(self, name: str, previous: bool) -> Number:
        """A track as it stands."""
        if self.guest:
            raise NotColumnar(f"{self.where}: a track of a guest is read")
        definition = self.drawing.world.tracks[name]
        if definition.window.kind == "trial":  # whoever is on trial goes by rows
            return constant(0)
        if not (definition.used or tracking.is_counter(definition, self.drawing)):
            return tracking.read(definition, previous, self)
        row = self.drawing.track_before(definition) if previous else self.drawing.track(definition)
        at = self.make.scalar(ops.TRACK, k=row, m=int(previous))
        return Number(at, 1, 1, Span(-GUARDS.held, GUARDS.held))

    def balance(self, unit: str, pending: bool) -> Number:
        """What the member has of a unit. Redeems see what was taken before them, others what earlier stages took."""
        if self.guest:
            raise NotColumnar(f"{self.where}: a balance of a guest is read")
        seen = 2 if self.stage == "redeem" else 0
        at = self.make.scalar(ops.BALANCE, k=self.drawing.unit(unit, self.where), m=int(pending) + seen)
        together = self.taken_in.get((self.group, unit), -1)
        if together >= 0:
            at = self.make.scalar(ops.LINEAR, at, together, 1, -1)
        return Number(at, 1, 1, Span(-GUARDS.held, GUARDS.held))

    def was_used(self, unit: str) -> Number:
        """What stages before this one took of a unit."""
        if unit not in self.used:
            raise NotColumnar(f"{self.where}: what was paid or taken is read")
        return Number(self.used[unit][0], 1, 1, self.guards_held())

    def held(self) -> Number:
        """The rung that is held; a tier from the host is a fact."""
        tiers = self.drawing.core.tiers
        if tiers is None or not tiers.from_host:
            return Number(ops.TIER, 1, 1, Span(0, 1000))
        if self.guest:
            raise NotColumnar(f"{self.where}: a fact of a guest's member is read")
        row = self.drawing.fact("tier")
        found = self.make.scalar(ops.LOADED, k=row, m=1)
        return Number(self.make.scalar(ops.OR_ZERO, found), 1, 1, Span(0, 1000))

    def award_part(self, rule: str) -> Number:
        """What a rule gave, on the line at hand."""
        if rule not in self.parts:
            return constant(0)
        held = self.guards_held()
        return Number(self.parts[rule], 1, 1, held, True, held)

    def key_fold(self, fold: ir.KeyFold) -> Number:
        """A fold over a track by key."""
        if self.guest:
            raise NotColumnar(f"{self.where}: a track of a guest is read")
        return tracking.key_fold(fold, self)

    def seen_before(self, track: ir.TrackDef) -> Number:
        """The highest that a reward stage saw of a track; where none did, what it was before this event."""
        make, opening, held = self.make, self.openings[track.name], Span(-GUARDS.held, GUARDS.held)
        if marking.rises_again(track):
            return Number(opening, 1, 1, held)
        found = marking.seen_block(track, self.drawing)
        at = tracking.register(tracking.occurrence(track.window, tracking.TODAY, self), self)
        seen = make.scalar(ops.KEPT_GET, at, k=found.at)
        value = make.scalar(ops.CHOOSE, make.scalar(ops.HAS, seen), seen, n=opening)
        if track.window.kind != "lifetime":
            none = make.scalar(ops.CONST)
            value = make.scalar(ops.CHOOSE, make.scalar(ops.HAS, at), value, n=none)
        return Number(value, 1, 1, held)

    def reaches(self, expr: ir.Reaches) -> Flag | bool:
        """Whether this event took a track to a bound, or past it."""
        if self.guest or expr.track not in self.openings:
            raise NotColumnar(f"{self.where}: a track reaches a bound")
        bound = number(expr.bound, self)
        before, now = self.seen_before(self.drawing.world.tracks[expr.track]), self.track(expr.track, previous=False)
        return both([compared("<", before, bound, self), compared(">=", plain(now, self), bound, self)], self)

    def across(self, expr: ir.Across) -> Number:
        """What this event adds to a track, sliced at the bounds of its rows."""
        if self.added is None or any(isinstance(node, ir.Stop) for node in ir.walk(expr.rates)):
            raise NotColumnar(f"{self.where}: rates go across the bounds of a track before the price is known")
        return marking.across(expr, self.added.get(expr.track), self)


_NOWHERE = ir.Origin(0, 0, 0)
__all__ = ["GUARDS", "NeedsStages", "Scene"]
