"""Where an expression is read: a kind of event, a stage, a line or an element, and what is known so far.

In: the drawing, an event. Out: the registers and vectors of what the core's nodes read.
"""

from __future__ import annotations

from typing import Any

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.arithmetic import Flag, Number
from rules_engine.backends.columnar.bounds import Guards
from rules_engine.backends.columnar.drawing import Drawing
from rules_engine.backends.columnar.expressions import field
from rules_engine.backends.columnar.making import Label, Maker, NotColumnar, unwanted
from rules_engine.backends.columnar.spans import Span

GUARDS = Guards(2**31 - 1, 2**50, 2**40)
"""What the kernel looks at, so that the rest is proved: the money of an event, what memory holds."""

_MOVES = (ir.LineMoney, ir.Basis, ir.TrackRead, ir.AwardRead, ir.BalanceRead, ir.TierRead)


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
        self.given_tracks: list[tuple[ir.TrackDef, int, int, int]] = []
        self.ended: set[str] = set()
        self.keeps_stages = False
        self.presented = -1
        self.asks_acted = False
        self.by_unit = False
        self.priced = False
        self.basket = False
        self._moving: dict[int, bool] = {}

    def on_line(self) -> Scene:
        """The same, on a line."""
        return self if self.lined else self._with("line", lined=True)

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

    def period(self, name: str) -> None:
        """A period is asked about a day."""
        self.drawing.period(name, self.where)

    def listed(self, found: Number | None, items: ir.Field, count: int | None) -> Flag:
        """Whether a value is among the items of a list."""
        assert found is not None
        definition, row = self.column(items)
        if definition.kind == "codes" or definition.optional:
            raise NotColumnar(f"{self.where}: a list that may be absent is read")
        at = found.at if not found.fixed else self.make.scalar(ops.CONST, k=found.num)
        return Flag(self.op(ops.LISTED, found.lined, at, k=row, n=-1 if count is None else count), found.lined)

    # ---- money ----

    def money(self, expr: ir.LineMoney | ir.Basis | ir.LineQuantity) -> Number:
        """A money base of the line, or of the element, at hand; or its units."""
        if not self.priced:
            raise NotColumnar(f"{self.where}: money is read where there is none")
        if isinstance(expr, ir.LineQuantity):
            return self._quantity()
        if expr.side:
            raise NotColumnar(f"{self.where}: prices are read with or without tax")
        at = self._vector(expr.base)
        each = Number(at, 1, 1, Span(0, GUARDS.total), True, Span(0, GUARDS.total))
        if isinstance(expr, ir.LineMoney) or self.grain == "line":
            return each
        if self.grain != "total":
            raise unwanted(expr, self.where)
        if at == ops.COST and self.mask < 0:
            return Number(ops.PAID, 1, 1, Span(0, GUARDS.total))
        return Number(self.make.scalar(ops.SUM, at, self.mask), 1, 1, Span(0, GUARDS.total))

    def _vector(self, base: ir.Base) -> int:
        if base in ("current", "net", "paid"):
            return ops.COST
        if base == "list":
            return ops.LIST
        if base in ("catalogue", "after item", "after basket", "after shipping"):
            if base in self.ended and base not in self.after:
                raise NeedsStages
            return self.after.get(base, ops.COST)
        if base == "was" and not self.event.was_field:
            return ops.LIST
        raise NotColumnar(f"{self.where}: what a line was is read")

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
        row = self.drawing.track_before(definition) if previous else self.drawing.track(definition)
        at = self.make.scalar(ops.TRACK, k=row, m=int(previous))
        return Number(at, 1, 1, Span(-GUARDS.held, GUARDS.held))


_NOWHERE = ir.Origin(0, 0, 0)
__all__ = ["GUARDS", "NeedsStages", "Scene"]
