"""A program prepared for the interpreter: everything by name, and nothing that an event could change."""

from __future__ import annotations

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.carrier import STAGES
from rules_engine.backends.reference.reads import Read, reads_of
from rules_engine.occurrences import Context
from rules_engine.spelling import normal_code


class World(msgspec.Struct, frozen=True):
    """A program by name. `policies` say how the offers of each stage go together, `priced` names the kinds of event
    whose money offers or tax are about, `offered` those and any others with offers; other rules may pick units too
    (`picks`). `anchors` finds the expression behind an anchor's key, `marked` the tracks whose marks are seen on a kind
    of event, `asked` names all tracks with marks, `waited` the events from whose last day a unit's life counts.
    `schedules` are the events that nobody sends, `closing` names those at the end of each period. `spans` are the lives
    that are counted from the last of some events, of the units that have any; `pooled` says that something stands with
    households."""

    core: ir.Program
    events: dict[str, ir.EventDef]
    rules: dict[str, ir.RuleDef]
    groups: dict[str, ir.GroupDef]
    offers: dict[str, ir.OfferDef]
    offer_groups: dict[str, ir.OfferGroupDef]
    policies: dict[str, ir.PolicyDef]
    tracks: dict[str, ir.TrackDef]
    units: dict[str, ir.UnitDef]
    periods: dict[str, ir.PeriodDef]
    anchors: dict[str, ir.Expr]
    facts: dict[str, ir.FieldDef]
    fields: dict[tuple[str, str], ir.FieldDef]
    line_fields: dict[tuple[str, str], ir.FieldDef]
    columns: dict[str, frozenset[str]]
    codes: dict[str, frozenset[str]]
    tables: dict[str, dict[str, str]]
    rungs: dict[str, int]
    limits: tuple[ir.LimitDef, ...]
    marked: dict[str, tuple[ir.TrackDef, ...]]
    asked: frozenset[str]
    waited: frozenset[str]
    calendar: Context
    reads: dict[str, tuple[Read, ...]]
    priced: frozenset[str]
    offered: frozenset[str]
    picks: bool
    schedules: tuple[ir.EventDef, ...]
    closing: dict[str, tuple[str, ...]]
    spans: dict[str, tuple[ir.UnitLife, ...]]
    pooled: bool

    @property
    def zone(self) -> str:
        """The zone of the program's days; where no rule needs one, days are days of UTC."""
        return self.core.header.zone or "UTC"


def prepare(core: ir.Program, asked: ir.Program | None = None) -> World:
    """Look everything up once. What hangs on no constant of a rule is `asked` of a program with some rules of each
    shape, where one is at hand."""
    asked = core if asked is None else asked
    anchors = ir.anchor_reads(asked)
    priced = frozenset(event.name for event in core.events if ir.is_priced(asked, event))
    return World(
        core=core,
        events={event.name: event for event in core.events},
        rules={rule.key: rule for rule in core.rules},
        groups={group.name: group for group in core.groups},
        offers={offer.key: offer for offer in core.offers},
        offer_groups={group.name: group for group in core.offer_groups},
        policies=_policies(core),
        tracks={track.name: track for track in core.tracks},
        units={unit.name: unit for unit in core.units},
        periods={period.name: period for period in core.periods},
        anchors=anchors,
        facts={fact.name: fact for fact in core.member},
        fields={(event.name, field.name): field for event in core.events for field in event.fields},
        line_fields={(event.name, field.name): field for event in core.events for field in _line_fields(event)},
        columns={each.name: frozenset(each.values) for each in core.imports if each.keys is None},
        codes=_codes(core),
        tables={each.name: dict(zip(each.keys, each.values, strict=True)) for each in core.imports if each.keys},
        rungs={rung.name: place for place, rung in enumerate(core.tiers.rungs)} if core.tiers else {},
        limits=_limits(core),
        marked={event.name: _marked(event.name, asked) for event in core.events},
        asked=frozenset(name for rule in asked.rules for name in _asked(rule)),
        waited=frozenset(event for unit in core.units for life in unit.lives for event in life.after_last),
        calendar=Context(core.header.zone or "UTC", core.header.week_start, core.header.leap_day),
        reads=reads_of(asked, anchors),
        priced=priced,
        offered=priced.union(*(offer.events for offer in asked.offers)),
        picks=any(isinstance(node, ir.Picked) for node in ir.walk((asked.rules, core.tracks, core.matches))),
        schedules=tuple(event for event in core.events if event.schedule is not None),
        closing={period.name: _closing(period.name, core) for period in core.periods},
        spans={unit.name: spans for unit in core.units if (spans := _spans(unit))},
        pooled=_has_pool(asked),
    )


def _spans(unit: ir.UnitDef) -> tuple[ir.UnitLife, ...]:
    """The lives of a unit that are counted from the last of some events."""
    return tuple(life for life in unit.lives if life.after_last)


def _has_pool(core: ir.Program) -> bool:
    """Whether something of a program stands with households."""
    groups = (*(each.limits for each in core.groups), *(each.limits for each in core.offer_groups))
    rules = (*(each.limits for each in core.rules), *(each.limits for each in core.matches))
    limits = (*rules, *(each.limits for each in core.offers), *groups)
    return (
        any(unit.owner == "household" for unit in core.units)
        or any(track.owner == "household" for track in core.tracks)
        or any(limit.owner == "household" for found in limits for limit in found)
    )


def _closing(period: str, core: ir.Program) -> tuple[str, ...]:
    """The scheduled events at the end of a period: when all have settled an occurrence, its tracks are closed."""
    scheduled = [(event.name, event.schedule) for event in core.events if event.schedule is not None]
    return tuple(name for name, each in scheduled if each.edge == "end" and each.period == period)


def _line_fields(event: ir.EventDef) -> tuple[ir.FieldDef, ...]:
    return event.fields if event.lines is None else event.lines.fields


def _policies(core: ir.Program) -> dict[str, ir.PolicyDef]:
    """How the members of each stage go together: as the program says, else all in the order of the text."""
    said = {stage.name: stage.policy for stage in core.stages}
    found: dict[str, ir.PolicyDef] = {}
    for stage in STAGES:
        groups = [f"group {group.name}" for group in core.offer_groups if group.stage == stage]
        alone = [offer.key for offer in core.offers if offer.stage == stage and not offer.group]
        found[stage] = said.get(stage) or ir.PolicyDef("all", "basket", (*groups, *alone))
    return found


def _codes(core: ir.Program) -> dict[str, frozenset[str]]:
    """The columns that codes come from, in normal spelling."""
    names = {offer.code.column for offer in core.offers if offer.code is not None and offer.code.column}
    return {each.name: frozenset(map(normal_code, each.values)) for each in core.imports if each.name in names}


def _limits(core: ir.Program) -> tuple[ir.LimitDef, ...]:
    """All limits by key, each once, sorted."""
    all_limits = [*(rule.limits for rule in core.rules), *(each.limits for each in core.matches)]
    all_limits += [group.limits for group in core.groups]
    found = {limit.key: limit for limits in all_limits for limit in limits}
    return tuple(found[key] for key in sorted(found))


def _marked(event: str, core: ir.Program) -> tuple[ir.TrackDef, ...]:
    """The tracks with marks or `reaches` that an event may move, or whose marks a rule of this event asks for."""
    asked = {rule.key: _asked(rule) for rule in core.rules}
    here = {name for rule in core.rules if event in rule.events for name in asked[rule.key]}
    names = {name for found in asked.values() for name in found}
    return tuple(
        track for track in core.tracks if track.name in here or (track.name in names and _may_move(track, event))
    )


def _asked(rule: ir.RuleDef) -> set[str]:
    loop = {rule.loop.track} if isinstance(rule.loop, ir.MarksDef) else set()
    return loop | {node.track for node in ir.walk(rule) if isinstance(node, ir.Reaches)}


def _may_move(track: ir.TrackDef, event: str) -> bool:
    return event in track.events or bool((track.given or track.used) and not track.events)
