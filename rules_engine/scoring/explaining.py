"""Why an event gives what it gives: the interpreter's trace, told as a tree of plain values.

In: a program, a decoded event, the member's facts and state. Out: an `Explanation`, equal to its JSON; `text()` shows
it to a person. Every rule of this kind of event is told: what it gave and how that was worked out, or why it gave
nothing, down to the part of a condition that failed and the value that was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

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
from rules_engine.outcome import Award, Outcome, People, applied
from rules_engine.scoring.measures import PLAIN, RUNG, Measure, Measures
from rules_engine.scoring.offering import OfferTeller
from rules_engine.scoring.owning import Opened, OwningTeller
from rules_engine.scoring.previewing import lapsing
from rules_engine.scoring.reasons import failing
from rules_engine.scoring.texts import Texts
from rules_engine.scoring.told import Explanation, GiveTold, LimitTold, LotTold, RuleTold, TrackTold, WayTold
from rules_engine.scoring.valuing import Values, without_whole
from rules_engine.state import (
    Advanced,
    Change,
    Holding,
    HoldingBegan,
    HoldingEnded,
    LotLapsed,
    MatchMoved,
    Shared,
    State,
    apply,
)

if TYPE_CHECKING:
    from rules_engine.scoring.program import Program

SOON: Final = 30
"""Days within which what lapses is told beside an event."""


def explain(
    program: Program,
    reference: Reference,
    event: Event,
    facts: Facts,
    state: State,
    shared: Shared | None = None,
    people: People | None = None,
) -> Explanation:
    """Score an event and tell how; raises `EventRefused` as scoring does."""
    trace = Trace()
    found = reference.traced(event, facts, state, trace, shared, people)
    outcome = found.outcome(event, program.fingerprint, program.zones)
    teller = _Teller(program, reference, event)
    owning = teller.owning = OwningTeller(event, outcome, teller.values, Opened(facts, state, people or People()))
    offers = OfferTeller(event, outcome, teller.values, teller.limit, owning)
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
        lots=tuple(teller.lot(award, found.household) for award in found.awards if award.given),
        outcome=outcome,
        offers=tuple(map(offers.offer, trace.offers)),
        codes=tuple(map(offers.code, outcome.codes)),
        price=offers.price(trace.stages),
        payments=tuple(owning.payments()),
        paid=owning.left(),
        balances=tuple(owning.balances()),
        household=found.household if found.pool else "",
        posted="" if event.posted is None else format_date(event.posted),
        lapsing=tuple(_lapsing(reference, facts, applied(state, outcome), outcome, people)),
    )


def _lapsing(
    reference: Reference, facts: Facts, state: State, outcome: Outcome, people: People | None
) -> Iterator[str]:
    """What of the member's and of the household's units is lost soon, as they are after the event."""
    if outcome.member is None:
        return
    day = outcome.day if state.day is None else state.day
    pool = None if people is None or people.pool is None else apply(people.pool, outcome.pool)
    units = reference.outlook(facts, state, day, outcome.member, pool).units
    for each in lapsing(units, Measures(reference.world, "")):
        if each.day < day + SOON:
            yield each.shown


class _Teller:
    """Turns notes into words, for one event."""

    def __init__(self, program: Program, reference: Reference, event: Event) -> None:
        self.event = event
        self.world = reference.world
        self.measures = Measures(self.world, event.name, event.currency)
        self.texts = Texts(program.core, program.sources)
        self.values = Values(event, self.measures, self.texts)
        self.owning: OwningTeller | None = None

    # ---- rules ----

    def rule(self, noted: RuleNoted, awards: tuple[Award, ...]) -> RuleTold:
        rule = noted.rule
        why, because = self._why(noted)
        paired = _paired(noted, [award for award in awards if award.rule == rule.key])
        owning = self.owning
        assert owning is not None
        self.measures.each, self.measures.key = self._each(rule)
        return RuleTold(
            rule=rule.key,
            title=rule.title,
            kind=rule.kind if isinstance(rule, ir.RuleDef) else "match",
            place=self.texts.place(rule.at),
            applied=not why,
            why=why,
            because=because,
            values=self.values.told(noted.inner, PLAIN if isinstance(rule, ir.RuleDef) else RUNG),
            gives=tuple(self._give(give, paired.get(id(give), [])) for give in noted.gives),
            limits=tuple(map(self.limit, noted.limits)),
            takes=tuple(owning.takes(noted)),
            carries=tuple(owning.carries(noted)),
            paid=owning.paid(rule.key),
        )

    def _each(self, rule: ir.RuleDef | ir.MatchDef) -> tuple[Measure, Measure]:
        """What the numbers of the keys count that a rule loops over, and what the keys are."""
        loop = rule.loop if isinstance(rule, ir.RuleDef) else None
        if not isinstance(loop, ir.KeysDef):
            return PLAIN, PLAIN
        if loop.key is not None:
            return PLAIN, self.measures.of(loop.key)
        track = self.world.tracks[loop.track]
        return self.measures.track(track), PLAIN if track.by_key is None else self.measures.of(track.by_key)

    def _why(self, noted: RuleNoted) -> tuple[str, str]:
        """Why a rule gave nothing: in a word, and in a sentence."""
        if noted.held_out:
            return "held out", "this member is held out of it, so that its effect can be measured"
        if noted.limit is not None:
            return noted.why, f"`{self.texts.of(noted.limit.at)}`{self._group(noted.limit, ' of group {}')} is used up"
        if noted.failed is not None:
            return noted.why, failing(noted.inner[-1], self.texts, self.measures) if noted.inner else ""
        if noted.why in ("not presented", "too few") and isinstance(noted.rule, ir.RuleDef):
            assert self.owning is not None
            return noted.why, self.owning.absent(noted.rule, noted.why)
        if noted.why == "lost":
            titles = {rule.key: rule.title for rule in self.world.core.rules}
            place = "the order of redeems" if noted.group == "tender" else f"group {noted.group}"
            return f'lost to "{titles.get(noted.by, noted.by)}" in {place}', "it comes first, and only the first acts"
        if not noted.why and _nothing_left(noted):
            return "limit reached", "no room is left under its limits"
        return noted.why, _nothing(noted) or self._nobody(noted) or _WORDS.get(noted.why, "")

    def _nobody(self, noted: RuleNoted) -> str:
        """Who does not receive anything, since the event does not name them."""
        rule = noted.rule
        if noted.why != "nothing offered" or not isinstance(rule, ir.RuleDef):
            return ""
        named = [give.to for give in rule.gives if give.to and self.event.fields.get(give.to) is None]
        return f"`{named[0]}` names nobody" if len(named) == len(rule.effects) else ""

    def _give(self, noted: GiveNoted, awards: list[Award]) -> GiveTold:
        award = awards[0] if awards else None
        measure = self.measures.unit(noted.give.unit)
        kind = self.world.events[self.event.name]
        whole = None if award is None or noted.give.split else award
        parts = [] if whole is None else parts_of(whole, kind, self.event.lines, self.world.core.header)
        amount = self.measures.amount
        return GiveTold(
            text=self.texts.of(noted.give.at),
            unit=noted.give.unit,
            exact="" if noted.exact is None else amount(noted.exact, noted.give.unit),
            wanted=amount(noted.wanted, noted.give.unit),
            given=amount(noted.given, noted.give.unit),
            rounded=noted.give.rounding or self.world.units[noted.give.unit].rounding or "",
            mark=noted.mark,
            cut_by=self.texts.limit(noted.cut_by),
            parts=tuple(amount(part, noted.give.unit) for part in parts),
            pending="" if award is None or award.pending is None else format_date(award.pending),
            expires="" if award is None or award.expires is None else format_date(award.expires),
            values=without_whole(self.values.told(noted.inner, measure)),
            to="" if award is None else award.to,
            split=tuple(amount(each.given, each.unit) for each in awards) if noted.give.split else (),
            key="" if noted.key is None else self.measures.show(noted.key, self.measures.key),
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
        before, after = (_day_or_none(noted.track, value) for value in (noted.before, noted.after))
        keys = () if noted.track.by_key is None or self.owning is None else self.owning.keys(noted.track)
        return TrackTold(noted.track.name, show(before, measure), show(after, measure), keys)

    def way(self, noted: WayNoted) -> WayTold:
        tiers = self.world.core.tiers
        assert tiers is not None
        tier = tiers.rungs[noted.rung].name
        because = "" if noted.holds else failing(noted.inner[-1], self.texts, self.measures)
        values = self.values.told(noted.inner)
        return WayTold(tier, noted.way.name or tier, format_date(noted.day), noted.holds, because, values)

    def lot(self, award: Award, household: str) -> LotTold:
        pooled = self.world.units[award.unit].owner == "household"
        to = f"the household {household}" if pooled else award.to
        pending = "" if award.pending is None else format_date(award.pending)
        expires = "" if award.expires is None else format_date(award.expires)
        spans = tuple(map(_span, self.world.units[award.unit].lives))
        amount = self.measures.amount(award.given, award.unit)
        return LotTold(amount, award.rule, pending, expires, tuple(filter(None, spans)), to)

    def passed(self, endings: list[Ending], changes: tuple[Change, ...]) -> Iterator[str]:
        """What time did before the event: its changes stand before the last one that moves the day."""
        for ending in endings:
            if ending.kind == "review":
                yield f"tiers were judged at the end of {ending.what}, {format_date(ending.day)}"
        places = [place for place, change in enumerate(changes) if isinstance(change, Advanced)]
        for change in changes[: places[-1]] if places else ():
            yield from self._passed(change)

    def _passed(self, change: Change) -> Iterator[str]:
        match change:
            case LotLapsed(lot=lot, day=day):
                yield f"{self.measures.amount(lot.left, lot.unit)} from {lot.source} lapsed after {format_date(day)}"
            case HoldingBegan(holding=holding, before=before) if not holding.reason:
                if before is not None:
                    yield _ended(before)
            case HoldingEnded(holding=holding):
                if holding.reason:
                    yield _ended(holding)
            case HoldingBegan(holding=holding):
                until = "for good" if holding.until is None else f"until {format_date(holding.until)}"
                yield f"{holding.tier} ({holding.reason}) from {format_date(holding.start)} {until}"
            case MatchMoved(match=match, after=after):
                yield f"the trial of {match} was judged after {format_date(after.trial_until)}: {after.status}"
            case _:
                return


def _ended(holding: Holding) -> str:
    until = "" if holding.until is None else f" after {format_date(holding.until)}"
    return f"{holding.tier} ({holding.reason}) ended{until}"


def _span(life: ir.UnitLife) -> str:
    if not life.after_last:
        return ""
    return f"{Duration(life.count, duration_unit(life.unit))} after the last {' or '.join(life.after_last)}"


def _paired(noted: RuleNoted, awards: list[Award]) -> dict[int, list[Award]]:
    """The awards of each effect, in order; one that is split has several."""
    found: dict[int, list[Award]] = {}
    for give in noted.gives:
        if not give.wanted:
            continue
        rows = [row.unit for row in give.give.split] or [give.give.unit]
        mine = found.setdefault(id(give), [])
        while awards and awards[0].unit in rows:
            mine.append(awards.pop(0))
            rows = rows[rows.index(mine[-1].unit) + 1 :]
    return found


def _nothing(noted: RuleNoted) -> str:
    """Why a rule that takes had nothing to give: what stood in its way."""
    if noted.why != "nothing to give":
        return ""
    cuts = [cut for take in noted.takes for cut in take.cuts]
    paying = [take for take in noted.takes if isinstance(take.effect, ir.AcceptDef) and take.wanted]
    if paying and not any(take.room for take in paying):
        return "nothing is left to pay"
    return next((_CUTS[cut] for cut in cuts if cut in _CUTS), "")


def _nothing_left(noted: RuleNoted) -> bool:
    """Whether a rule wanted something, and its limits left nothing of it."""
    wanted = any(give.wanted for give in noted.gives) or any(take.asked for take in noted.takes)
    acted = any(give.given for give in noted.gives) or any(take.taken for take in noted.takes)
    return wanted and not acted


def _day_or_none(track: ir.TrackDef, value: int) -> int | None:
    """A track's number; of one that keeps a day, None where there was none."""
    return None if track.kind in ("first day", "last day") and not value else value


_CUTS = {
    "balance": "there is not enough of it",
    "only from": "less is offered than it takes",
    "steps": "it takes whole steps only, and less is offered",
    "up to": "no more may be paid so",
    "room": "it is worth more than what is to pay",
}
_WORDS = {
    "code not presented": "none of its codes was presented",
    "another household": "whoever would receive it belongs to another household",
    "no key": "there is no key to act on",
    "no member": "the event has no member",
    "no mark reached": "this event reached no mark that was not reached before",
    "no award": "its table says `no award`",
    "nothing offered": "the event offers nothing",
    "nothing to give": "its amount is nothing",
}
