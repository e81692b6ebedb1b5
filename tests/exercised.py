"""What a run of generated programs has really exercised: so that a generator cannot silently stop covering something.

A definition counts as exercised when it had a result that can be seen: a rule when it gave something, a track when it
moved, the ladder when a tier changed, a match when it moved, a limit when it was used. With it count all the nodes and
periods that stand in it. Kinds of change and kinds of result are counted as they come.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import msgspec

from rules_engine import ir, periods
from rules_engine.backends import Evaluation
from rules_engine.event import Event
from rules_engine.state import (
    Change,
    HoldingBegan,
    HoldingEnded,
    KeyMoved,
    KeySeen,
    LimitUsed,
    MatchMoved,
    StreakMet,
    TrackMoved,
)


class Index:
    """The definitions of one program by what outcomes call them, and the words that each counts for."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.events = {event.name: event for event in core.events}
        self.rules = {rule.key: rule for rule in core.rules}
        self.tracks = {track.key: track for track in core.tracks}
        self.units = {unit.name: unit for unit in core.units}
        self.matches = {match.key: match for match in core.matches}
        self.periods = {period.name: period for period in core.periods}
        self.offers = {offer.key: offer for offer in core.offers}
        self.offer_groups = {group.name: group for group in core.offer_groups}
        self.stages = {stage.name: stage for stage in core.stages}
        owners: tuple[ir.RuleDef | ir.GroupDef | ir.MatchDef | ir.OfferDef | ir.OfferGroupDef, ...] = (
            *core.rules,
            *core.groups,
            *core.matches,
            *core.offers,
            *core.offer_groups,
        )
        self.limits = {limit.key: limit for owner in owners for limit in owner.limits}
        own = {limit.key: "rule" for offer in core.offers for limit in offer.limits if limit.times is not None}
        groups = {limit.key: "group" for each in core.offer_groups for limit in each.limits if limit.times is not None}
        self.counted = own | groups
        self.known: dict[int, frozenset[str]] = {}

    def words(self, definition: msgspec.Struct) -> frozenset[str]:
        """The nodes, periods and settings of a definition."""
        found = self.known.get(id(definition))
        if found is None:
            found = self.known[id(definition)] = frozenset(self._words(definition))
        return found

    def _words(self, definition: msgspec.Struct) -> set[str]:
        found = set[str]()
        for each in structs(definition):
            found.add(f"node {type(each).__name__}")
            match each:
                case ir.InPeriod(period=name, instant=instant):
                    found |= self._period(name) | {f"in period, instant {instant}"}
                case ir.EdgeDay(period=name, edge=edge, next=after):
                    found |= self._period(name) | {f"edge {edge}, next {after}"}
                case ir.Window(kind=kind, period=name):
                    found.add(f"{type(definition).__name__} window {kind}")
                    found |= self._period(name) if kind == "period" else set()
                case ir.Fold(op=op):
                    found.add(f"fold {op}")
                case ir.TierRead(which=which):
                    found.add(f"tier {which}")
                case ir.TrackRead(previous=True):
                    found.add("previous track")
                case ir.TrackDef(kind=kind, by_line=by_line, by=by, given=given):
                    found.add(f"track {kind}{_day_of(by_line, by)}{' given' if given else ''}")
                case ir.LimitDef(scope=scope, owner=owner, keys=keys):
                    found.add(f"limit{_day_of(scope.by_line, scope.by) or ' by event'}")
                    found |= {f"limit of {owner}"} | ({"limit with a key"} if keys else set())
                case ir.GiveDef():
                    found |= _of_give(each)
                case ir.FallDef(what=what):
                    found.add(f"fall {what}")
                case ir.Round(mode=mode):
                    found.add(f"round {mode}")
                case ir.Basis(base=base, side=side):
                    found |= {f"basis {base}", f"basis {side}"}
                case ir.LineMoney(base=base, side=side):
                    found |= {f"money {base}", f"money {side}"}
                case _:
                    found |= _of_offers(each)
        return found

    def _period(self, name: str) -> set[str]:
        found = set[str]()
        for each in structs(self.periods[name].period):
            found.add(f"period {type(each).__name__}")
        return found | ({"period with an anchor"} if self.periods[name].anchor is not None else set())


def _day_of(by_line: bool, by: ir.Expr | None) -> str:
    return " by line" if by_line else " by date" if by is not None else ""


def _of_give(give: ir.GiveDef) -> set[str]:
    named = {
        "low": give.low, "high": give.high, "steps": give.steps, "only from": give.only_from, "rounding": give.rounding,
        "pending": give.pending, "life": give.life, "or nothing": give.or_nothing or None,
        "each line": give.each_line or None, "facts": give.facts or None, "several shares": give.shares[1:] or None,
    }  # fmt: skip
    return {f"give with {name}" for name, value in named.items() if value is not None}


def _of_offers(each: msgspec.Struct) -> set[str]:
    """The words of what an offer is made of."""
    match each:
        case ir.OfferDef(stage=stage, code=code, on_return=returned):
            found = {f"{stage} offer", "by code" if code is not None else "automatic"}
            return found | ({f"return {returned.policy}, {returned.shortfall}"} if returned is not None else set())
        case ir.DiscountDef():
            return _of_discount(each)
        case ir.Selection(of=lines):
            return {f"selection of {lines}"}
        case ir.PickSome(which=which, per_full=full, of=unit):
            return {f"pick {which}", f"pick {unit}s{' per full' if full is not None else ''}"}
        case ir.PickEvery() | ir.PickSpan() | ir.ChargeDef() | ir.GiftDef():
            return {type(each).__name__}
        case ir.Ordering(how=how):
            return {f"order {how}{' descending' if each.descending else ''}"}
        case ir.SetsDef(times=times, per=per, partial=partial):
            limited = "once" if times == 1 else "every" if times is None else "several"
            return {f"sets per {per}", f"sets {limited}"} | ({"sets partial"} if partial else set())
        case ir.PartDef(effects=effects):
            return {"part with an effect"} if effects else {"part without"}
        case ir.CodeDef(texts=texts, fact=fact):
            return {"code of a member" if fact is not None else "code text" if texts else "code of a column"}
        case ir.ConsentDef(rules=rules, on=on):
            return {f"consent with {'all' if rules is None else 'some' if rules else 'none'}", f"consent on the {on}"}
        case ir.PolicyDef(choice=choice, per=per, of_codes=of_codes):
            found = {f"choice {choice}"} | ({f"{choice} per {per}"} if choice in ("first", "best") else set())
            return found | ({"order of codes"} if of_codes else set())
        case _:
            return _of_owning(each)


def _of_owning(each: msgspec.Struct) -> set[str]:
    """The words of what takes, and of what is owned."""
    match each:
        case ir.TurnDef(every_full=full, per=per, more=more):
            found = {f"turn {'blocks' if full else 'whole' if per is None else 'in proportion'}"}
            return found | ({"turn into one of several"} if more else set())
        case ir.AcceptDef():
            return _of_accept(each)
        case ir.KeysDef(track=track, ordering=order):
            found = {f"keys of {'a track' if track else 'lines'}"}
            return found | ({"keys in an order"} if order is not None else set())
        case ir.UnitDef(owner=owner, apart=apart, use=use, floor=floor):
            found = {f"unit of {owner}", f"unit used {use}", "unit in debt" if floor is None else "unit with a floor"}
            return found | ({"unit apart"} if apart else set())
        case _:
            return set()


def _of_accept(effect: ir.AcceptDef) -> set[str]:
    named = {
        "lots": effect.where, "only from": effect.only_from, "most": effect.high, "cap": effect.cap,
        "steps": effect.steps if effect.steps > 1 else None, "never beyond": effect.never_beyond or None,
        "whole": effect.whole or None, "or nothing": effect.or_nothing or None, "some lines": effect.pays,
    }  # fmt: skip
    found = {"accept at a rate" if effect.rate else "accept for an amount"}
    return found | {f"accept with {name}" for name, value in named.items() if value is not None}


def _of_discount(effect: ir.DiscountDef) -> set[str]:
    named = {
        "low": effect.low, "high": effect.high, "only from": effect.only_from, "steps": effect.steps,
        "or nothing": effect.or_nothing or None,
    }  # fmt: skip
    found = {f"{effect.verb} each {effect.grain}", f"split {effect.split}", f"discount {effect.rounding}"}
    return found | {f"{effect.verb} with {name}" for name, value in named.items() if value is not None}


@lru_cache(maxsize=4096)
def _fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


def structs(value: object) -> list[msgspec.Struct]:
    """Every record inside a value, itself first."""
    if isinstance(value, msgspec.Struct):
        return [value, *(each for name in _fields(type(value)) for each in structs(getattr(value, name)))]
    if isinstance(value, tuple):
        return [each for item in value for each in structs(item)]
    return []


# ---- one evaluation


def note_by(way: str, index: Index, event: Event, found: Evaluation, met: Counter[str]) -> None:
    """Count what an evaluation shows, and by which way it was come to besides the reference."""
    words = Counter[str]()
    note(index, event, found, words)
    met.update(words)
    met.update({f"{word}{BY}{way}": count for word, count in words.items() if count})


def note(index: Index, event: Event, found: Evaluation, met: Counter[str]) -> None:
    """Count what an evaluation shows."""
    met["event of a guest" if event.member is None else "event of a member"] += 1
    for award in found.awards:
        rule = index.rules[award.rule]
        met[f"{rule.kind} gave" if award.given else "gave nothing"] += 1
        met["held out"] += award.held_out
        if award.cut_by:
            met.update(_cut(index, rule, award.cut_by, award.given))
        if award.given:
            met.update(index.words(rule))
            met.update(index.words(index.units[award.unit]))
            met.update(["mark fired"] if rule.loop is not None else [])
            met.update(["weights"] if award.weights else [])
    met["late"] += found.late
    met["said"] += len(found.said)
    names = [rung.name for rung in index.core.tiers.rungs] if index.core.tiers is not None else []
    for change in found.tiers:
        met["tier up" if names.index(change.after) > names.index(change.before) else "tier down"] += 1
        assert index.core.tiers is not None
        met.update(index.words(index.core.tiers))
    for moved in found.changes:
        met[f"change {type(moved).__name__}"] += 1
        met.update(_moved(index, moved))

    note_offers(index, found, met)
    note_owning(index, event, found, met)


def note_owning(index: Index, event: Event, found: Evaluation, met: Counter[str]) -> None:
    """Count what an evaluation shows of taking, paying, settling and other people."""
    met["scheduled"] += event.posted is not None
    acted = {award.rule for award in found.awards if award.given}
    for taken in found.taken:
        met["held out of taking"] += taken.held_out
        met[f"taken by {taken.how}"] += taken.taken > 0
        met["taken of several lots"] += len(taken.lots) > 1
        met["taken into debt"] += sum(count for _, count in taken.lots) < taken.taken
        met[f"taken, cut by {taken.cut_by and 'a limit'}"] += taken.taken < taken.wanted
        if taken.taken and taken.rule in index.rules and taken.rule not in acted:
            met.update(index.words(index.rules[taken.rule]))
        if taken.taken:
            met.update(index.words(index.units[taken.unit]))
    for payment in found.payments:
        met["paid"] += payment.value > 0
        met["paid less than offered"] += payment.taken < payment.offered
        met["paid in several parts"] += sum(part > 0 for part in payment.parts) > 1
    for award in found.awards:
        met["award to another"] += bool(award.to) and award.given > 0
        met["award booked"] += award.booked
    for name, changes in (("pool", found.pool), *(("another", each) for each in found.others.values())):
        for moved in changes:
            met[f"{name}: change {type(moved).__name__}"] += 1
            met.update(_moved(index, moved))


def note_offers(index: Index, found: Evaluation, met: Counter[str]) -> None:
    """Count what an evaluation shows of offers."""
    for discount in found.discounts:
        met["held out of an offer"] += discount.held_out
        met["discount cut to room"] += 0 < discount.given < discount.wanted and not discount.cut_by
        met["discount raises a price"] += discount.given < 0
        met["discount of several runs"] += any(len(part.runs) > 1 for part in discount.parts)
        met["discount of several lines"] += len(discount.parts) > 1
        if discount.cut_by:
            met.update(_cut(index, index.offers[discount.rule], discount.cut_by, discount.given))
    took = [each.rule for each in found.discounts if each.given]
    took += [each.rule for each in found.charges] + [each.rule for each in found.gifts]
    for rule in dict.fromkeys(took):
        offer = index.offers[rule]
        met.update(index.words(offer))
        stage = index.words(index.stages[offer.stage])
        met.update(stage)
        met.update(f"stage: {word}" for word in stage)
        if offer.group:
            group = index.offer_groups[offer.group]
            words = index.words(group)
            met.update(words)
            met.update(f"group: {word}" for word in words)
            met["group shares claims"] += group.shares_claims
            met["group at most"] += group.at_most is not None
    met["charge"] += len(found.charges)
    met["gift"] += len(found.gifts)
    for code in found.codes:
        met[f"code {_reason(code.reason)}" if code.reason else "code applied"] += 1
        met[f"public {code.public}" if code.public else "code applied"] += 1
    met["reserved"] += len(found.reserved)
    for moved in found.reserved:
        met.update(_moved(index, moved))
    if found.price is not None:
        met["price"] += 1
        for name in ("net", "shipping", "charges", "tax", "total"):
            met[f"price with {name}"] += getattr(found.price, name) > 0
        met[f"price in several currencies {len({c.code for c in index.core.header.currencies}) > 1}"] += 1


def _reason(reason: str) -> str:
    """An exact reason without its date, rule or currency."""
    words = ("not before", "ended on", "shut out by", "lost to", "no amount in")
    return next((each for each in words if reason.startswith(each)), reason)


def _cut(index: Index, rule: ir.RuleDef | ir.OfferDef, key: str, given: int) -> list[str]:
    limit = index.limits[limit_key(index, key)]
    whose = "own" if limit in rule.limits else "group"
    kind = "times" if limit.times is not None else "amount"
    return [
        f"cut by {kind} of {whose}",
        f"cut to {'some' if given else 'nothing'}",
        f"cut in window {limit.scope.window.kind}",
    ]


def limit_key(index: Index, key: str) -> str:
    """The limit of a counter, whose key may have values after it."""
    while key not in index.limits:
        key = key.rpartition(" ")[0]
    return key


def _moved(index: Index, change: Change) -> frozenset[str]:
    match change:
        case TrackMoved(track=key) | StreakMet(track=key) | KeySeen(track=key) | KeyMoved(track=key):
            return index.words(index.tracks[key])
        case LimitUsed(limit=key):
            limit = index.limits[limit_key(index, key)]
            counted = index.counted.get(limit.key)
            return index.words(limit) | (frozenset({f"times of a {counted} counted"}) if counted else frozenset())
        case MatchMoved(match=key, after=after):
            return index.words(index.matches[key]) | {f"match {after.status}"}
        case HoldingBegan(before=before):
            return frozenset({"holding prolonged" if before is not None else "holding began"})
        case HoldingEnded():
            return frozenset({"holding ended"})
        case _:
            return frozenset()


BY = " | "
"""Stands between what was met and the way by which it was."""
WAYS = ("generated", "beside a run", "offers by a step", "numpy", "numba")


def table(met: Counter[str]) -> list[str]:
    """What was met by each way besides the reference, a row for each construct; a hyphen where never."""
    words = sorted({word.partition(BY)[0] for word in +met if BY in word})
    width = max((len(word) for word in words), default=0)
    rows = [f"{'':{width}}  " + "  ".join(WAYS)]
    for word in words:
        counts = [met[f"{word}{BY}{way}"] for way in WAYS]
        told = [f"{f'{count:,}' if count else '-':>{len(way)}}" for way, count in zip(WAYS, counts, strict=True)]
        rows.append(f"{word:{width}}  {'  '.join(told)}")
    return rows


def held_by(met: Counter[str], ways: tuple[str, ...]) -> set[str]:
    """What was met by one of some ways."""
    return {word for word, _, way in (each.partition(BY) for each in +met) if way in ways}


def never_met(met: Counter[str]) -> list[str]:
    """The nodes of programs that no definition with a result had in it."""
    kinds = [each for each in vars(ir).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    names = {each.__name__ for each in kinds if each is not ir.Node} - BESIDE
    return sorted(name for name in names if not met[f"node {name}"])


BESIDE = frozenset(
    (
        "CheckDef", "Currency", "CurrencyBounds", "EventDef", "FieldDef", "GroupDef", "Header", "HoldoutDef",
        "ImportDef", "LinesDef", "MatchDef", "Program", "ReachDef", "RoundsDef", "ScheduleDef", "StageDef",
    )
)  # fmt: skip
"""What stands beside rules and is no part of a definition that acts."""


__all__ = ["BY", "WAYS", "Index", "held_by", "never_met", "note", "note_by", "periods", "structs", "table"]
