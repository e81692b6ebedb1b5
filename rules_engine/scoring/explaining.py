"""Why an event gives what it gives: the interpreter's trace, told as a tree of plain values.

In: a program, a decoded event, the member's facts and state. Out: an `Explanation`, equal to its JSON; `text()` shows
it to a person. Every rule of this kind of event is told: what it gave and how that was worked out, or why it gave
nothing, down to the part of a condition that failed and the value that was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules_engine import ir
from rules_engine.backends.reference import (
    Ending,
    GiveNoted,
    LimitNoted,
    Reference,
    RuleNoted,
    Trace,
    TrackNoted,
    WayNoted,
    duration_unit,
    parts_of,
)
from rules_engine.calendar import Duration, format_date
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award
from rules_engine.scoring.measures import PLAIN, RUNG, Measure, Measures
from rules_engine.scoring.offering import OfferTeller
from rules_engine.scoring.reasons import failing
from rules_engine.scoring.texts import Texts
from rules_engine.scoring.told import Explanation, GiveTold, LimitTold, LotTold, RuleTold, TrackTold, WayTold
from rules_engine.scoring.valuing import Values, without_whole
from rules_engine.state import Advanced, Change, HoldingBegan, HoldingEnded, LotLapsed, MatchMoved, Shared, State

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program


def explain(
    program: Program, reference: Reference, event: Event, facts: Facts, state: State, shared: Shared | None = None
) -> Explanation:
    """Score an event and tell how; raises `EventRefused` as scoring does."""
    trace = Trace()
    found = reference.traced(event, facts, state, trace, shared)
    outcome = found.outcome(event, program.fingerprint, program.zones)
    teller = _Teller(program, reference, event)
    offers = OfferTeller(event, outcome, teller.values, teller.limit)
    return Explanation(
        event=event.name,
        id=event.id,
        member=event.member,
        day=format_date(event.day),
        late=found.late,
        passed=tuple(teller.passed(trace.endings, found.changes)),
        rules=tuple(teller.rule(noted, outcome.awards) for noted in trace.rules),
        tracks=tuple(teller.track(noted) for noted in trace.tracks if noted.before or noted.after),
        tiers=tuple(
            f"{each.before} to {each.after} from {format_date(each.since)} ({each.reason})" for each in found.tiers
        ),
        ways=tuple(map(teller.way, trace.ways)),
        lots=tuple(teller.lot(award) for award in found.awards if award.given),
        outcome=outcome,
        offers=tuple(map(offers.offer, trace.offers)),
        codes=tuple(map(offers.code, outcome.codes)),
        price=offers.price(trace.stages),
    )


class _Teller:
    """Turns notes into words, for one event."""

    def __init__(self, program: Program, reference: Reference, event: Event) -> None:
        self.event = event
        self.world = reference.world
        self.measures = Measures(self.world, event.name, event.currency)
        self.texts = Texts(program.core, program.sources)
        self.values = Values(event, self.measures, self.texts)

    # ---- rules ----

    def rule(self, noted: RuleNoted, awards: tuple[Award, ...]) -> RuleTold:
        rule = noted.rule
        why, because = self._why(noted)
        own = [award for award in awards if award.rule == rule.key]
        wanted = [give for give in noted.gives if give.wanted]
        paired = dict(zip(map(id, wanted), own, strict=False))
        return RuleTold(
            rule=rule.key,
            title=rule.title,
            kind=rule.kind if isinstance(rule, ir.RuleDef) else "match",
            place=self.texts.place(rule.at),
            applied=not why,
            why=why,
            because=because,
            values=self.values.told(noted.inner, PLAIN if isinstance(rule, ir.RuleDef) else RUNG),
            gives=tuple(self._give(give, paired.get(id(give))) for give in noted.gives),
            limits=tuple(map(self.limit, noted.limits)),
        )

    def _why(self, noted: RuleNoted) -> tuple[str, str]:
        """Why a rule gave nothing: in a word, and in a sentence."""
        if noted.held_out:
            return "held out", "this member is held out of it, so that its effect can be measured"
        if noted.limit is not None:
            return noted.why, f"`{self.texts.of(noted.limit.at)}`{self._group(noted.limit, ' of group {}')} is used up"
        if noted.failed is not None:
            return noted.why, failing(noted.inner[-1], self.texts, self.measures) if noted.inner else ""
        if not noted.why and any(give.wanted for give in noted.gives) and not any(give.given for give in noted.gives):
            return "limit reached", "no room is left under its limits"
        return noted.why, _WORDS.get(noted.why, "")

    def _give(self, noted: GiveNoted, award: Award | None) -> GiveTold:
        measure = self.measures.unit(noted.give.unit)
        kind = self.world.events[self.event.name]
        parts = [] if award is None else parts_of(award, kind, self.event.lines, self.world.core.header)
        amount = self.measures.amount
        return GiveTold(
            text=self.texts.of(noted.give.at),
            unit=noted.give.unit,
            exact="" if noted.exact is None else amount(noted.exact, noted.give.unit),
            wanted=amount(noted.wanted, noted.give.unit),
            given=amount(noted.given, noted.give.unit),
            rounded=noted.give.rounding or self.world.units[noted.give.unit].rounding or "",
            mark=noted.mark,
            cut_by=noted.cut_by,
            parts=tuple(amount(part, noted.give.unit) for part in parts),
            pending="" if award is None or award.pending is None else format_date(award.pending),
            expires="" if award is None or award.expires is None else format_date(award.expires),
            values=without_whole(self.values.told(noted.inner, measure)),
        )

    def limit(self, noted: LimitNoted) -> LimitTold:
        """A limit as a rule met it."""
        measure = self._limited(noted.limit)
        show = self.measures.show
        return LimitTold(
            text=self._group(noted.limit, "of group {}: ") + (self.texts.of(noted.limit.at) or "limit"),
            since=format_date(noted.occurrence) if noted.limit.scope.window.kind == "period" else "",
            used=show(noted.used, measure),
            room=show(max(0, noted.room), measure),
            asked=show(noted.asked, measure),
            passed=show(noted.passed, measure),
        )

    def _limited(self, limit: ir.LimitDef) -> Measure:
        """What a limit counts: times, a unit, or money of a currency."""
        if limit.times is not None:
            return PLAIN
        found = self.measures.unit(limit.unit)
        return found if found != PLAIN else self.measures.money(limit.unit)

    def _group(self, limit: ir.LimitDef, words: str) -> str:
        """Whose limit it is, where that is not the rule's own."""
        core = self.world.core
        groups: tuple[ir.GroupDef | ir.OfferGroupDef, ...] = (*core.groups, *core.offer_groups)
        owners = (each.name for each in groups if any(limit.key == own.key for own in each.limits))
        return "".join(words.format(name) for name in owners)

    # ---- the rest ----

    def track(self, noted: TrackNoted) -> TrackTold:
        measure = self.measures.track(noted.track)
        show = self.measures.show
        return TrackTold(noted.track.name, show(noted.before, measure), show(noted.after, measure))

    def way(self, noted: WayNoted) -> WayTold:
        tiers = self.world.core.tiers
        assert tiers is not None
        tier = tiers.rungs[noted.rung].name
        because = "" if noted.holds else failing(noted.inner[-1], self.texts, self.measures)
        values = self.values.told(noted.inner)
        return WayTold(tier, noted.way.name or tier, format_date(noted.day), noted.holds, because, values)

    def lot(self, award: Award) -> LotTold:
        pending = "" if award.pending is None else format_date(award.pending)
        expires = "" if award.expires is None else format_date(award.expires)
        spans = tuple(map(_span, self.world.units[award.unit].lives))
        amount = self.measures.amount(award.given, award.unit)
        return LotTold(amount, award.rule, pending, expires, tuple(filter(None, spans)))

    def passed(self, endings: list[Ending], changes: tuple[Change, ...]) -> Iterator[str]:
        """What time did before the event: its changes stand before the one that moves the day."""
        for ending in endings:
            if ending.kind == "review":
                yield f"tiers were judged at the end of {ending.what}, {format_date(ending.day)}"
        places = [place for place, change in enumerate(changes) if isinstance(change, Advanced)]
        for change in changes[: places[0]] if places else ():
            yield from self._passed(change)

    def _passed(self, change: Change) -> Iterator[str]:
        match change:
            case LotLapsed(lot=lot, day=day):
                yield f"{self.measures.amount(lot.left, lot.unit)} from {lot.source} lapsed after {format_date(day)}"
            case HoldingEnded(holding=holding):
                until = "" if holding.until is None else f" after {format_date(holding.until)}"
                yield f"{holding.tier} ({holding.reason}) ended{until}"
            case HoldingBegan(holding=holding):
                until = "for good" if holding.until is None else f"until {format_date(holding.until)}"
                yield f"{holding.tier} ({holding.reason}) from {format_date(holding.start)} {until}"
            case MatchMoved(match=match, after=after):
                yield f"the trial of {match} was judged after {format_date(after.trial_until)}: {after.status}"
            case _:
                return


def _span(life: ir.UnitLife) -> str:
    if not life.after_last:
        return ""
    return f"{Duration(life.count, duration_unit(life.unit))} after the last {' or '.join(life.after_last)}"


_WORDS = {
    "no member": "the event has no member",
    "no mark reached": "this event reached no mark that was not reached before",
    "no award": "its table says `no award`",
    "nothing offered": "the event offers nothing",
    "nothing to give": "its amount is nothing",
}
