"""A test as plain values that can be changed: who the member is and what they have, the event and its lines, what comes
before and behind. `declared` makes the declaration that stands in a rule file, `scene_of` a first scene of an event.

Values are those of the core: money in minor units, days as numbers, a tier as its rung.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import day_of, format_date, format_time, local_day, local_instant
from rules_engine.decoding import fact_fields
from rules_engine.source import Span
from rules_engine.values import format_decimal
from rules_engine.workbench.wire import decimals_of

AT: Final[Span] = (0, 0)
"""Where nodes stand that are not yet in a file."""

NOON: Final = 12 * 3600
USUAL: Final = day_of(2027, 3, 10)
"""The day of a first scene, where the header's terms allow it."""


class Scene(msgspec.Struct):
    """One test. `facts` are None of a guest; `used` says by rule what its limits have counted, in times or an amount of
    a unit, and of whom else; `kept` and `before` come from another test as they stand there. The event happens `times`
    times, then time moves to the days `until`; with `early` time is moved to that day first."""

    event: str
    fields: dict[str, Any]
    lines: list[dict[str, Any]]
    facts: dict[str, Any] | None
    tier: int = 0
    tracks: dict[tuple[str, Any], int] = {}
    balances: dict[str, int] = {}
    used: dict[str, tuple[int | None, int, str, str]] = {}
    people: dict[str, dict[str, Any]] = {}
    kept: tuple[tree.Given, ...] = ()
    before: tuple[tree.EventStep | tree.OnDate | tree.ReturnStep, ...] = ()
    currency: str = ""
    times: int = 1
    until: tuple[int, ...] = ()
    early: int | None = None

    def copy(self) -> Scene:
        """The same once more, to be changed."""
        return deepcopy(self)


class Cast(msgspec.Struct, frozen=True):
    """What scenes of one program need to know of it."""

    core: ir.Program

    def event(self, name: str) -> ir.EventDef:
        """An event by name."""
        return next(each for each in self.core.events if each.name == name)

    def field(self, scene: Scene, name: str, line: bool = False) -> ir.FieldDef | None:
        """A field of the scene's event, or of its lines."""
        event = self.event(scene.event)
        fields = event.fields if not line else event.lines.fields if event.lines is not None else ()
        return next((field for field in fields if field.name == name), None)

    def fact(self, name: str) -> ir.FieldDef | None:
        """A fact of the member."""
        return next((field for field in fact_fields(self.core) if field.name == name), None)

    @property
    def from_host(self) -> bool:
        """Whether the tier is a fact that the host sends."""
        return self.core.tiers is not None and self.core.tiers.from_host

    def day(self, scene: Scene) -> int:
        """The local day of the scene's event."""
        event = self.event(scene.event)
        value = scene.fields.get(event.dated_by)
        if not isinstance(value, int):
            return USUAL
        field = self.field(scene, event.dated_by)
        return local_day(value, self.zone) if field is not None and field.kind == "instant" else value

    @property
    def zone(self) -> str:
        """The zone of the program's days."""
        return self.core.header.zone or "UTC"

    def in_terms(self, day: int) -> bool:
        """Whether the terms hold on a day."""
        first, last = self.core.header.terms_from, self.core.header.terms_until
        return (first is None or first <= day) and (last is None or day <= last)

    def set_day(self, scene: Scene, day: int, seconds: int | None = None) -> None:
        """Move the scene's event to a day; its time of day stays, unless one is said."""
        event = self.event(scene.event)
        field = self.field(scene, event.dated_by)
        if field is None or field.kind != "instant":
            scene.fields[event.dated_by] = day
            return
        scene.fields[event.dated_by] = local_instant(day, NOON if seconds is None else seconds, self.zone)


# ---- first scenes ----


def scene_of(event: ir.EventDef, core: ir.Program, member: bool = True) -> Scene:
    """A scene in which nothing is special: one line, small amounts, a member of a year ago."""
    day = usual_day(core)
    currency = event.currency or next(iter(event.currencies), "")
    roles = {event.owner, event.identified_by}
    fields = {
        field.name: usual(field, day, core, currency)
        for field in event.fields
        if field.name not in roles and not field.optional and field.kind != "codes"
    }
    lines = []
    if event.lines is not None and event.lines.high:
        lines = [usual_line(event, day, core, currency) for _ in range(max(1, event.lines.low))]
    facts = {field.name: usual(field, day - 400, core, currency) for field in fact_fields(core) if not field.optional}
    return Scene(event.name, fields, lines, facts if member else None, currency=currency)


def usual_line(event: ir.EventDef, day: int, core: ir.Program, currency: str) -> dict[str, Any]:
    """A line in which nothing is special; its id is made by the test."""
    assert event.lines is not None
    return {
        field.name: usual(field, day, core, currency)
        for field in event.lines.fields
        if not field.optional and field.name != event.line_id_field
    }


def usual_day(core: ir.Program) -> int:
    """The day of a first scene: inside the terms."""
    day = USUAL
    if core.header.terms_from is not None:
        day = max(day, core.header.terms_from)
    return day if core.header.terms_until is None else min(day, core.header.terms_until)


def usual(field: ir.FieldDef, day: int, core: ir.Program, currency: str = "") -> Any:
    """A value of a field in which nothing is special."""
    match field.kind:
        case "date":
            return day
        case "instant":
            return local_instant(day, NOON, core.header.zone or "UTC")
        case "time":
            return NOON
        case "flag":
            return False
        case "choice":
            return field.choices[0]
        case "tier" | "rate":
            return 0
        case "codes" | "list":
            return ()
        case "count":
            return max(field.low, min(1, field.high))
        case "money" | "unit":
            low, high = bounds_of(field, currency)
            scale = 10 ** decimals_of(field.unit or currency, core)
            return max(low, min(10 * scale, high))
        case _:
            return "a"


def bounds_of(field: ir.FieldDef, currency: str) -> tuple[int, int]:
    """The bounds of a number, in the currency at hand."""
    for each in field.bounds:
        if each.currency == currency:
            return each.low, each.high
    return field.low, field.high


# ---- as a declaration ----


def declared(scene: Scene, title: str, core: ir.Program) -> tree.TestDecl:
    """The scene as a test that expects nothing yet."""
    writer = _Writer(scene, core)
    acts = tuple(writer.acts())
    steps = tuple(tree.Step(AT, act, (), False) for act in acts)
    return tree.TestDecl(AT, tree.Text(AT, title), tuple(writer.given()), steps)


class _Writer:
    """Writes one scene down."""

    def __init__(self, scene: Scene, core: ir.Program) -> None:
        self.scene = scene
        self.core = core

    def given(self) -> Iterator[tree.Given]:
        scene, core = self.scene, self.core
        if scene.facts is not None:
            facts = [self.said(fact_fields(core), name, value) for name, value in scene.facts.items()]
            if scene.tier and core.tiers is not None and not core.tiers.from_host:
                rung = tree.Name(AT, core.tiers.rungs[scene.tier].name)
                facts.insert(0, tree.FieldValue(AT, tree.Name(AT, "tier"), tree.TierUntil(AT, rung, None)))
            yield tree.GivenMember(AT, None, tuple(facts))
        for who, known in scene.people.items():
            said = tuple(self.said(fact_fields(core), name, value) for name, value in known.items())
            yield tree.GivenMember(AT, tree.Text(AT, who), said)
        yield from scene.kept
        for (name, key), value in scene.tracks.items():
            yield self.track(name, key, value)
        for name, amount in scene.balances.items():
            yield tree.GivenBalance(AT, quantity(amount, name, core), None, ())
        for rule, (times, amount, unit, person) in scene.used.items():
            amounts = None if times is not None else amount_of(amount, unit, core)
            whose = tree.Text(AT, person) if person else None
            yield tree.GivenUsed(AT, named(rule, core), times, amounts, None, whose)

    def said(self, fields: tuple[ir.FieldDef, ...], name: str, value: Any) -> tree.FieldValue:
        field = next((each for each in fields if each.name == name), ir.FieldDef(name, "text"))
        return tree.FieldValue(AT, tree.Name(AT, name), literal(field, value, self.core, self.scene.currency))

    def track(self, name: str, key: Any, value: int) -> tree.GivenTrack:
        track = next(each for each in self.core.tracks if each.name == name)
        shown = value_of_track(track, value, self.core)
        return tree.GivenTrack(AT, tree.Name(AT, name), None if key is None else key_literal(key), None, shown)

    def acts(self) -> Iterator[tree.EventStep | tree.OnDate | tree.ReturnStep]:
        scene = self.scene
        if scene.early is not None:
            yield on_date(scene.early)
        yield from scene.before
        for _ in range(scene.times if scene.event else 0):
            yield self.step()
        for day in scene.until:
            yield on_date(day)

    def step(self) -> tree.EventStep:
        scene = self.scene
        event = next(each for each in self.core.events if each.name == scene.event)
        fields = tuple(
            self.said(event.fields, name, value) for name, value in scene.fields.items() if value is not None
        )
        if event.lines is None or not scene.lines:
            return tree.EventStep(AT, tree.Name(AT, scene.event), fields, (), ())
        order = [field.name for field in event.lines.fields]
        said = {name for line in scene.lines for name, value in line.items() if value is not None}
        columns = [name for name in order if name in said] or [order[0]]
        known = {field.name: field for field in event.lines.fields}
        rows = tuple(
            tree.LineRow(AT, tuple(self.cell(known[name], line.get(name)) for name in columns)) for line in scene.lines
        )
        names = tuple(tree.Name(AT, name) for name in columns)
        return tree.EventStep(AT, tree.Name(AT, scene.event), fields, names, rows)

    def cell(self, field: ir.FieldDef, value: Any) -> tree.Expr | None:
        return None if value is None else literal(field, value, self.core, self.scene.currency)


def on_date(day: int) -> tree.OnDate:
    """Time moves to a day."""
    return tree.OnDate(AT, tree.DateLit(AT, format_date(day)))


def named(key: str, core: ir.Program) -> tree.Name | tree.Text:
    """A rule as tests call it: by its `as` name, else by its title."""
    rules: tuple[ir.RuleDef | ir.MatchDef | ir.OfferDef, ...] = (*core.rules, *core.matches, *core.offers)
    rule = next(each for each in rules if each.key == key)
    if rule.key == rule.title or not rule.key.isidentifier() or rule.key in _MONEY_WORDS:
        return tree.Text(AT, rule.title)
    return tree.Name(AT, rule.key)


_MONEY_WORDS: Final = frozenset(
    ("net", "shipping", "charges", "tax", "total", "paid", "refund", "shortfall", "line", "gift", "code", "tier",
     "track", "balance", "refused"),
)  # fmt: skip
"""Words that mean something else at the head of what a test expects."""


def literal(field: ir.FieldDef, value: Any, core: ir.Program, currency: str = "") -> tree.Expr:
    """A value as a test writes it."""
    match field.kind:
        case "flag":
            return tree.Flag(AT, bool(value))
        case "date":
            return tree.DateLit(AT, format_date(value))
        case "instant":
            zone = core.header.zone or "UTC"
            day = local_day(value, zone)
            return tree.InstantLit(AT, f"{format_date(day)} {format_time(value - local_instant(day, 0, zone))[:5]}")
        case "time":
            return tree.TimeLit(AT, format_time(value)[:5])
        case "count":
            return number(value)
        case "rate":
            return tree.Percent(AT, trimmed(value, 7))
        case "money":
            return money(value, field.unit or currency, core)
        case "unit":
            return quantity(value, field.unit, core)
        case "choice":
            return word(str(value))
        case "tier":
            assert core.tiers is not None
            return word(core.tiers.rungs[value].name)
        case "codes" | "list":
            item = field.item or ir.FieldDef(field.name, "text")
            return tree.ListOf(AT, tuple(literal(item, each, core, currency) for each in value))
        case _:
            return tree.Text(AT, str(value))


def word(text: str) -> tree.Expr:
    """A choice: a word where it is one, else a text."""
    if text.isidentifier() and text.isascii():
        return tree.Path(AT, (tree.Name(AT, text),))
    return tree.Text(AT, text)


def key_literal(key: Any) -> tree.Expr:
    """A key of a track."""
    if isinstance(key, bool):
        return tree.Flag(AT, key)
    return number(key) if isinstance(key, int) else tree.Text(AT, str(key))


def number(value: int) -> tree.Expr:
    """A whole number."""
    return tree.Number(AT, str(value))


def trimmed(value: int, decimals: int) -> str:
    """A scaled number without zeros behind its last decimal.

    >>> trimmed(200_000_000, 7), trimmed(175_000_000, 7)
    ('20', '17.5')
    """
    text = format_decimal(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: int, currency: str, core: ir.Program) -> tree.Expr:
    """An amount of money."""
    if any(unit.name == currency for unit in core.units):
        return quantity(value, currency, core)
    return tree.MoneyLit(AT, format_decimal(value, decimals_of(currency, core)), currency)


def quantity(value: int, name: str, core: ir.Program) -> tree.QuantityLit:
    """An amount of a unit."""
    unit = next((each for each in core.units if each.name == name), None)
    decimals = unit.decimals if unit is not None else 0
    text = format_decimal(value, decimals)
    shown = unit.plural if unit is not None and unit.plural and abs(value) != 10**decimals else name
    return tree.QuantityLit(AT, text, tree.Name(AT, shown))


def amount_of(value: int, unit: str, core: ir.Program) -> tree.Expr:
    """An amount of a unit or of a currency; of neither, a number."""
    if any(each.name == unit for each in core.units):
        return quantity(value, unit, core)
    if any(each.code == unit for each in core.header.currencies):
        return money(value, unit, core)
    return number(value)


def value_of_track(track: ir.TrackDef, value: int, core: ir.Program) -> tree.Expr:
    """A track's number, or its day."""
    if track.kind in ("first day", "last day"):
        return tree.DateLit(AT, format_date(value))
    return amount_of(value, track.unit, core)
