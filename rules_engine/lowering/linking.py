"""The passes of lowering, in the order in which they run.

In: `Checked` without errors. Out: `ir.Program`. `gather` collects what each declaration became, in the order of the
text; each pass after it takes a program and gives a program. All of it is linear in the text.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar, cast

from msgspec.structs import replace

from rules_engine import ir
from rules_engine.checking import EventInfo, HeaderInfo, core_of, in_order, stages_of
from rules_engine.lowering.laws import assert_laws

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules_engine.checking import Checked

T = TypeVar("T")

STAGES: Final[tuple[ir.Stage, ...]] = ("catalogue", "item", "basket", "shipping")
"""The stages of offers, in the order in which they act."""


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


def order_rules(program: ir.Program, checked: Checked) -> ir.Program:
    """Earns before rewards, each rule after those it reads and after those that its group serves first."""
    del checked
    reads = {rule.key: rule.reads for rule in program.rules}
    for group in program.groups:
        for before, after in pairwise(group.order):
            reads[after] = (*reads[after], before)
    place = {key: at for at, key in enumerate(in_order(reads))}
    ordered = sorted(program.rules, key=lambda rule: (rule.kind == "reward", place[rule.key]))
    return replace(program, rules=tuple(ordered))


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
        gives = tuple(replace(give, shares=_followed(give.shares, shares)) for give in rule.gives)
        rules.append(replace(rule, gives=gives))
        if len(gives) == 1 and rule.loop is None:
            shares[rule.key] = gives[0].shares
    return replace(program, rules=tuple(rules))


def _followed(own: tuple[ir.Share, ...], known: dict[str, tuple[ir.Share, ...]]) -> tuple[ir.Share, ...]:
    if len(own) != 1 or own[0].where is not None or not isinstance(own[0].value, ir.AwardPart):
        return own
    return known.get(own[0].value.rule) or own


PASSES: Final[tuple[Callable[[ir.Program, Checked], ir.Program], ...]] = (
    name_periods,
    order_rules,
    order_offers,
    follow_shares,
)
"""Each leaves everything else as it was; `laws` says what holds after the last."""
