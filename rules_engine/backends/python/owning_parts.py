"""What of an event that owns, pays or settles is written out, and what goes by steps of the reference.

In: a program and a kind of event. Out: the keys of the rules that the reference serves, whether a track's number is
worked out by generated code, and the tests that can be asked before a step is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import ir
from rules_engine.backends.python.offers_tariff import tariff_of
from rules_engine.backends.python.settling import closing
from rules_engine.backends.reference import Reference, World
from rules_engine.decoding import TEXT_MAX, bounds_of, misfit
from rules_engine.periods import is_timed

STEPPED: tuple[type[ir.Node], ...] = (
    ir.KeyFold, ir.LineKeys, ir.KeyRead, ir.KeyValue, ir.LotField, ir.TurnedSum,
    ir.CodeRead, ir.PerCurrency, ir.CurrencyRead,
)  # fmt: skip
"""What only the reference reads."""
MOVING = ("rolling", "last", "trial")
"""Windows that move with the day."""


def stepped_rules(event: ir.EventDef, reference: Reference) -> frozenset[str]:
    """The keys of the rules of an event that the reference serves: those that are intricate, and those that share a
    limit with one of these."""
    world = reference.world
    mine = [rule for rule in world.core.rules if event.name in rule.events]
    found = {rule.key for rule in mine if any(True for _ in why_stepped(rule, event, world))}
    takers = {rule.group for rule in mine if rule.group and _takes(rule)}
    for rule in mine:
        group = world.groups.get(rule.group)
        together = [each.key for each in mine if group is not None and each.group == rule.group]
        limited = group is not None and bool(group.limits) and not found.isdisjoint(together)
        if limited or (rule.group in takers and any(isinstance(node, ir.BalanceRead) for node in ir.walk(rule))):
            found.add(rule.key)
    return frozenset(found)


def _takes(rule: ir.RuleDef) -> bool:
    return rule.thing is not None or any(not isinstance(effect, ir.GiveDef) for effect in rule.effects)


def why_stepped(rule: ir.RuleDef, event: ir.EventDef, world: World) -> Iterator[str]:
    """Why the reference serves a rule."""
    if rule.kind == "redeem" or _takes(rule):
        yield "takes, turns or carries"
    if rule.code is not None:
        yield "asks for a code"
    if isinstance(rule.loop, ir.KeysDef):
        yield "acts for each key"
    if rule.loop is not None and not rule.gives:
        yield "only says something for each mark"
    if any(isinstance(effect, ir.GiveDef) and (effect.to or effect.split) for effect in rule.effects):
        yield "gives to somebody else or several units"
    if not facts_fit(rule, event, world):
        yield "lets lots remember what may be out of bounds"
    if is_stepped(rule) or _other_money(rule) or is_odd(rule, event, world):
        yield "reads what is not generated"
    group = world.groups.get(rule.group)
    if group is not None and group.choice == "first":
        yield "is in a group that serves the first"
    for limit in (*rule.limits, *(group.limits if group is not None else ())):
        if (
            limit.owner != "member"
            or limit.keys
            or limit_reason(limit, world.core)
            or limit.scope.window.kind == "trial"
        ):
            yield "is limited in an unusual way"
    for node in ir.walk(rule):
        if isinstance(node, ir.Across) and not is_written(world.tracks[node.track], world, event):
            yield "slices what is not generated"
    if event.schedule is not None and (rule.limits or (group is not None and group.limits) or _lasts(rule, world)):
        yield "gives on the day that a scheduled event is posted"


def is_stepped(part: object) -> bool:
    """Whether something reads what only the reference reads."""
    return any(isinstance(node, STEPPED) or asks_on_lines(node) for node in ir.walk(part))


def asks_on_lines(node: object) -> bool:
    """Whether a fold asks another person's facts, for which an event may be refused where it stands."""
    return isinstance(node, ir.Fold) and any(isinstance(each, ir.PersonField) for each in ir.walk(node))


def _other_money(part: object) -> bool:
    """Whether something picks units, or asks for the other side of tax."""
    return any(
        (isinstance(node, ir.Picked) and ir.by_unit(node.select)) or (isinstance(node, ir.LineMoney) and node.side)
        for node in ir.walk(part)
    )


def is_odd(part: object, event: ir.EventDef, world: World) -> bool:
    """Whether something counts the event's own shipping, or reads what lines list at where only a step of offers knows
    it."""
    unlisted = event.priced_by_offers and tariff_of(world.core, event) is None
    for node in ir.walk(part):
        if unlisted and isinstance(node, ir.LineMoney | ir.Picked) and node.base in ("list", "was"):
            return True
        of = node.of if isinstance(node, ir.Fold) else node.select.of if isinstance(node, ir.Picked) else "lines"
        if of != "lines" and event.shipping_field:
            return True
    return False


def _lasts(rule: ir.RuleDef, world: World) -> bool:
    """Whether what a rule gives is pending, or ends."""
    return any(
        give.life is not None
        or give.pending is not None
        or give.facts
        or world.units[give.unit].pending is not None
        or any(not isinstance(life.day, ir.Forever) for life in world.units[give.unit].lives)
        for give in rule.gives
    )


def asks_run(part: object) -> bool:
    """Whether something reads another person's facts, or what the event used."""
    return any(isinstance(node, ir.PersonField | ir.UsedRead) for node in ir.walk(part))


def slices_in(rule: ir.RuleDef) -> bool:
    """Whether a rule slices what the event adds to a track."""
    return any(isinstance(node, ir.Across) for node in ir.walk(rule))


# ---- tests before a step ----


def guarded(rule: ir.RuleDef, event: ir.EventDef, world: World) -> list[ir.Expr]:
    """The parts of a rule's dates and condition that can be asked before: where one fails, nothing comes of it."""
    found: list[ir.Expr] = []
    for test in (rule.dates, rule.when):
        parts = test.parts if isinstance(test, ir.All) else () if test is None else (test,)
        for part in parts:
            if not _can_be_asked(part, rule) or is_odd(part, event, world):
                return found
            found.append(part)
    return found


def _can_be_asked(part: ir.Expr, rule: ir.RuleDef) -> bool:
    moved = rule.kind == "redeem" or bool(rule.group)
    unsure = moved or rule.thing is not None  # whether the reference comes to read it at all
    for node in ir.walk(part):
        if unsure and isinstance(node, ir.PersonField):
            return False
        if isinstance(node, (*STEPPED, ir.Across)) or (moved and isinstance(node, ir.UsedRead)):
            return False
        if isinstance(node, ir.Choose) and any(isinstance(row.value, ir.Stop) for row in node.rows):
            return False
        if moved and isinstance(node, ir.BalanceRead | ir.AwardRead | ir.AwardPart):
            return False
        if rule.kind == "redeem" and isinstance(node, ir.LineMoney) and node.base == "paid":
            return False
    return not _other_money(part)


def offered_field(effect: ir.ActDef) -> str:
    """The field that says how much an effect takes; without it the effect does nothing."""
    match effect:
        case ir.AcceptDef(offered=ir.Field(name=name)) | ir.TurnDef(amount=ir.Field(name=name)):
            return name
        case ir.DeductDef(value=ir.Field(name=name), low=None):
            return name
        case _:
            return ""


def asks_basket(part: object) -> bool:
    """Whether something that goes by steps reads money."""
    return any(isinstance(node, ir.LineMoney | ir.Picked | ir.AcceptDef) for node in ir.records(part))


# ---- tracks and limits ----


def is_written(track: ir.TrackDef, world: World, event: ir.EventDef) -> bool:
    """Whether generated code reads a track, and works out what an event adds to it."""
    parts = (track.where, track.value, track.by, track.line_where)
    plain = track.owner == "member" and track.by_key is None and not track.used and track.window.kind != "trial"
    return (
        plain
        and track.kind in ("sum", "count", "distinct", "streak")
        and not track_reason(track, world.core)
        and not is_stepped(parts)
        and not _other_money(parts)
        and not is_odd(parts, event, world)
        and not (track.by is not None and closing(track, world))
        and not (track.by_line and bool(event.shipping_flag))
    )


def track_reason(track: ir.TrackDef, program: ir.Program) -> str:
    """Why a track is not read by generated code."""
    if track.by is not None and (track.kind in ("distinct", "streak") or track.window.kind in MOVING):
        return "moves with another day"
    return _window(track.window, program)


def limit_reason(limit: ir.LimitDef, program: ir.Program) -> str:
    """Why a limit is not counted by generated code."""
    why, scope = _window(limit.scope.window, program), limit.scope
    if why or (scope.by is not None and scope.window.kind in MOVING):
        return f"the limit {limit.key} {why or 'moves with another day'}"
    return ""


def _window(window: ir.Window, program: ir.Program) -> str:
    if window.kind != "period":
        return ""
    found = next(period for period in program.periods if period.name == window.period)
    if is_timed(found.period):
        return "goes by a period with a time of day"
    if found.anchor is not None and not isinstance(found.anchor, ir.MemberField):
        return "goes by a period that hangs on the event"
    return ""


# ---- what lots remember ----


def facts_fit(rule: ir.RuleDef, event: ir.EventDef, world: World) -> bool:
    """Whether lots can remember whatever a rule lets them remember; else an event may be refused for it."""
    for give in rule.gives:
        fields = {field.name: field for field in world.units[give.unit].remembers}
        if not all(_fits(expr, fields[name], rule, event, world) for name, expr in give.facts):
            return False
    return True


def _fits(expr: ir.Expr, field: ir.FieldDef, rule: ir.RuleDef, event: ir.EventDef, world: World) -> bool:
    """Whether a fact is plainly one that its field can hold, whatever the event says."""
    match expr:
        case ir.Txt(value=value) | ir.Flg(value=value):
            return not misfit(field, value, world.core)
        case ir.Num(num=value, den=1):
            return field.kind != "rate" and not misfit(field, value, world.core)
        case ir.Field(name=name):
            sent = next((each for each in event.fields if each.name == name), None)
            return sent is not None and sent.kind == field.kind and _within(sent, field)
        case ir.MarkRead():
            marks = rule.loop.marks if isinstance(rule.loop, ir.MarksDef) else ()
            return field.kind != "rate" and not any(misfit(field, mark, world.core) for mark in marks)
        case _:
            return False


def _within(sent: ir.FieldDef, field: ir.FieldDef) -> bool:
    """Whether every value of a field is one of another of its kind."""
    match field.kind:
        case "date" | "time" | "instant" | "flag" | "tier":
            return True
        case "count" | "money" | "unit" | "rate":
            low, high = bounds_of(field)
            return not sent.bounds and low <= bounds_of(sent)[0] and bounds_of(sent)[1] <= high
        case "text":
            return (sent.high or TEXT_MAX) <= (field.high or TEXT_MAX)
        case "choice":
            return set(sent.choices) <= set(field.choices)
        case _:
            return False
