"""The passes of lowering, in the order in which they run.

In: `Checked` without errors. Out: `ir.Program`. `gather` collects what each declaration became, in the order of the
text; each pass after it takes a program and gives a program. All of it is linear in the text.
"""

from __future__ import annotations

from itertools import pairwise
from operator import is_
from typing import TYPE_CHECKING, Final, TypeVar, cast

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.checking import EventInfo, HeaderInfo, core_of, in_order, stages_of, tender_of
from rules_engine.lowering.laws import assert_laws

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules_engine.checking import Checked

T = TypeVar("T")

STAGES: Final[tuple[ir.Stage, ...]] = ("catalogue", "item", "basket", "shipping")
"""The stages of offers, in the order in which they act."""

KINDS: Final = ("redeem", "earn", "reward")
"""The rules of which each kind sees what those before it did."""


def lower(checked: Checked) -> ir.Program:
    """Link a program that checks."""
    assert checked.ok, "only a program without errors is lowered"
    program = gather(checked)
    for each in PASSES:
        program = each(program, checked)
    assert_laws(program)
    return program


def gather(checked: Checked) -> ir.Program:
    """What every declaration became."""
    cores: dict[type, list[object]] = {}
    for one in checked.ones:
        core = core_of(one)
        cores.setdefault(type(core), []).append(core)

    def all_of(kind: type[T]) -> tuple[T, ...]:
        return tuple(cast("list[T]", cores.get(kind, [])))

    (header,) = all_of(HeaderInfo)
    members = cast("list[tuple[ir.FieldDef, ...]]", cores.get(tuple, []))
    return ir.Program(
        checked.language,
        _header(header),
        tuple(file.source.name for file in checked.files),
        tuple(event.definition for event in all_of(EventInfo)),
        members[0] if members else (),
        all_of(ir.UnitDef),
        all_of(ir.PeriodDef),
        all_of(ir.TrackDef),
        next(iter(all_of(ir.TiersDef)), None),
        all_of(ir.RuleDef),
        all_of(ir.GroupDef),
        all_of(ir.MatchDef),
        all_of(ir.HoldoutDef),
        all_of(ir.ImportDef),
        all_of(ir.OfferDef),
        (),
        all_of(ir.OfferGroupDef),
    )


def _header(info: HeaderInfo) -> ir.Header:
    split = info.split
    return ir.Header(
        info.title,
        tuple(info.currencies.values()),
        info.zone,
        info.week_start or 0,
        info.leap_day or "28 February",
        split.to if split else "largest",
        split.how if split else "in proportion",
        info.terms_from,
        info.terms_until,
        info.prices,
        info.tax.rounding if info.tax else None,
        info.tax.per if info.tax else "line",
    )


def name_periods(program: ir.Program, checked: Checked) -> ir.Program:
    """Periods that text uses without declaring them (`calendar year`) get a definition under their words."""
    used = {name: period for one in checked.ones for name, period in one.uses.items()}
    anonymous = tuple(ir.PeriodDef(name, used[name]) for name in sorted(used))
    return replace(program, periods=(*program.periods, *anonymous))


def name_schedules(program: ir.Program, checked: Checked) -> ir.Program:
    """Events that happen by themselves stand after the declared ones, once for each rule or track that they set off."""
    declared = {event.name for event in program.events}
    used = {name for rule in program.rules for name in rule.events}
    used = (used | {name for track in program.tracks for name in track.events}) - declared
    scheduled = tuple(checked.symbols.scheduled[name].definition for name in sorted(used))
    return replace(program, events=(*program.events, *scheduled))


def name_household(program: ir.Program, checked: Checked) -> ir.Program:
    """The member's fact that names the household."""
    del checked
    return replace(program, household=next((fact.name for fact in program.member if fact.role == "household"), ""))


def order_rules(program: ir.Program, checked: Checked) -> ir.Program:
    """Redeems, earns, rewards; each rule after those it reads and after those that its group serves first."""
    del checked
    reads = {rule.key: rule.reads for rule in program.rules}
    for group in program.groups:
        for before, after in pairwise(group.order):
            reads[after] = (*reads[after], before)
    place = {key: at for at, key in enumerate(in_order(reads))}
    ordered = sorted(program.rules, key=lambda rule: (KINDS.index(rule.kind), place[rule.key]))
    return replace(program, rules=tuple(ordered))


def order_tender(program: ir.Program, checked: Checked) -> ir.Program:
    """The order in which redeems pay, and whether all of them do or the first."""
    order, choice = tender_of(checked)
    return replace(program, tender=order, tender_choice=choice)


def order_offers(program: ir.Program, checked: Checked) -> ir.Program:
    """The stages that have offers, each with its order; offers stage by stage, in the order of the text."""
    offers = sorted(program.offers, key=lambda offer: STAGES.index(offer.stage))
    return replace(program, offers=tuple(offers), stages=stages_of(checked))


def follow_shares(program: ir.Program, checked: Checked) -> ir.Program:
    """A share of all that another rule gave falls on lines as that rule's own measure does.

    So `25% of base` needs no spreading of `base`; only a filter over its lines does. Rules stand after those they read,
    so one walk follows any chain.
    """
    del checked
    shares: dict[str, tuple[ir.Share, ...]] = {}
    rules = []
    for rule in program.rules:
        effects = tuple([_followed(each, shares) for each in rule.effects])
        followed = rule if all(map(is_, effects, rule.effects)) else replace(rule, effects=effects)
        rules.append(followed)
        if rule.loop is None and len(followed.gives) == 1:
            shares[rule.key] = followed.gives[0].shares
    return replace(program, rules=tuple(rules))


def _followed(effect: ir.ActDef, known: dict[str, tuple[ir.Share, ...]]) -> ir.ActDef:
    if not isinstance(effect, ir.GiveDef) or len(effect.shares) != 1:
        return effect
    (own,) = effect.shares
    if own.where is not None or not isinstance(own.value, ir.AwardPart):
        return effect
    found = known.get(own.value.rule)
    return replace(effect, shares=found) if found else effect


PASSES: Final[tuple[Callable[[ir.Program, Checked], ir.Program], ...]] = (
    name_periods,
    name_schedules,
    name_household,
    order_rules,
    order_tender,
    order_offers,
    follow_shares,
)
"""Each leaves everything else as it was; `laws` says what holds after the last."""
