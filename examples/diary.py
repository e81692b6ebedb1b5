"""A story told event by event: what each brought its member, what it took, and what all of it comes to.

In: a folder with rule files, `sample.ndjson`, where there are facts `sample_members.ndjson` or `.csv`, and the day on
which the story ends. Out: lines of text. What happens by itself, a month that ends or a birthday that comes, stands
among the events where it falls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules_engine.calendar import format_date
from rules_engine.feeds import read_events, read_members
from rules_engine.outcome import Outcome, Refused
from rules_engine.pipeline import load
from rules_engine.scoring import Advance, Program
from rules_engine.state import Shared, State
from rules_engine.values import format_decimal


@dataclass(frozen=True)
class Diary:
    """A sample that was scored: who took part, the results in the order of time, and how all stand at the end."""

    program: Program
    members: dict[str, Any]
    results: tuple[Outcome | Refused, ...]
    ended: dict[str, Advance]
    pools: dict[str, State]

    @property
    def outcomes(self) -> list[Outcome]:
        """The events that were scored, in the order of time, those that happen by themselves among them."""
        return [result for result in self.results if isinstance(result, Outcome)]

    @property
    def refused(self) -> list[Refused]:
        """The events that were rejected."""
        return [result for result in self.results if isinstance(result, Refused)]


def keep(folder: Path, until: str, program: Program | None = None) -> Diary:
    """Score a folder's sample, and settle what is due up to a day."""
    program, states, pools = program or load(folder), dict[str, State](), dict[str, State]()
    members = facts(folder)
    sent = [read.event for read in read_events(folder / "sample.ndjson") if read.event is not None]
    results = tuple(program.score_many(sent, members, states, shared=Shared(), pools=pools, settle_until=until))
    ended = {who: program.advance(members.get(who, {}), state, until) for who, state in states.items()}
    return Diary(program, members, results, ended, pools)


def facts(folder: Path) -> dict[str, Any]:
    """What is known of the members; nothing where no rule reads it."""
    found = [path for path in sorted(folder.glob("sample_members.*")) if path.suffix in (".csv", ".ndjson")]
    return dict(read_members(found[0])) if found else {}


def tell(folder: Path, until: str, chosen: Sequence[str]) -> None:
    """Print the diaries of those chosen, what each rule came to for all, what is left, and what was rejected."""
    diary = keep(folder, until)
    parts = (pages(diary, *chosen), sums(diary), left(diary), refusals(diary))
    print("\n\n".join("\n".join(lines) for lines in map(list, parts) if lines))


# ---- one member after the other ----


def pages(diary: Diary, *chosen: str) -> Iterator[str]:
    """What happened to each member, or to those named: a line for each amount, with the rule that moved it."""
    for member in sorted(chosen or diary.ended):
        yield member
        for outcome in diary.outcomes:
            if outcome.member == member:
                day = outcome.day if outcome.posted is None else outcome.posted
                yield from entry(day, outcome.event.partition(",")[0], of_event(diary.program, outcome))
        yield from of_time(diary, diary.ended[member])


def entry(day: int, event: str, brought: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The lines of one event: its day and name stand in the first; none where it brought nothing."""
    head = f"{format_date(day)}  {event:23}"
    for amount, rule in brought:
        yield f"  {head}  {amount:32}  {rule}".rstrip()
        head = " " * len(head)


def of_event(program: Program, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What one event brought and took, with the titles of the rules; last what is to be paid in money."""
    names = titles(program)
    for rule, amount in by_rule(outcome).items():
        yield f"{money(program, outcome, amount)} off", names[rule]
    for gift in outcome.gifts:
        yield f"{gift.count} {gift.sku} free", names[gift.rule]
    paying = {paid.rule: f" pay {money(program, outcome, paid.value)}" for paid in outcome.payments}
    for taken in outcome.taken:
        if taken.taken:
            yield f"-{program.format_amount(taken.unit, taken.taken)}{paying.get(taken.rule, '')}", names[taken.rule]
    for award in outcome.awards:
        if award.given:
            to = f" to {award.to}" if award.to else ""
            yield f"+{program.format_amount(award.unit, award.given)}{to}", names[award.rule]
    for step in outcome.tiers:
        yield f"from {step.before} to {step.after}", ""
    for said in outcome.said:
        yield f'"{said.text}"', ""
    if outcome.to_pay is not None:
        yield f"to pay {money(program, outcome, outcome.to_pay)}", ""
    elif outcome.price is not None:
        yield f"costs {money(program, outcome, outcome.price.total)}", ""


def of_time(diary: Diary, ended: Advance) -> Iterator[str]:
    """What the days behind the last event brought: tiers that ended, units that lapsed."""
    for step in ended.tiers:
        yield from entry(step.since, "time passes", [(f"from {step.before} to {step.after}", "")])
    for lapse in ended.lapsed:
        lapsed = diary.program.format_amount(lapse.lot.unit, lapse.lot.left)
        yield from entry(lapse.day + 1, "time passes", [(f"{lapsed} lapsed", "")])


def by_rule(outcome: Outcome) -> Counter[str]:
    """What each offer took off in all, in the order in which they acted; a price that an offer made is left out."""
    found: Counter[str] = Counter()
    for discount in outcome.discounts:
        found[discount.rule] += discount.given
    return Counter({rule: amount for rule, amount in found.items() if amount > 0})


def money(program: Program, outcome: Outcome, amount: int) -> str:
    """An amount of the outcome's currency, or of the unit in which the event is priced."""
    assert outcome.price is not None
    code = outcome.price.currency
    decimals = {each.code: each.decimals for each in program.core.header.currencies}
    if code in decimals:
        return f"{format_decimal(amount, decimals[code])} {code}"
    return program.format_amount(code, amount)


def titles(program: Program) -> dict[str, str]:
    """The titles of offers and rules by their keys."""
    offers = {offer.key: offer.title for offer in program.core.offers}
    return offers | {rule.key: rule.title for rule in program.core.rules}


# ---- all of them together ----


def sums(diary: Diary) -> Iterator[str]:
    """How often each rule acted, and what it gave, took or took off in all."""
    program, names = diary.program, titles(diary.program)
    times: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    said: dict[tuple[str, str], str] = {}
    for outcome in diary.outcomes:
        for rule, what, amount in moves(outcome):
            times[rule, what] += 1
            amounts[rule, what] += amount
            if what in ("off", "paid"):
                said[rule, what] = f"{money(program, outcome, amounts[rule, what])} {what}"
            else:
                said[rule, what] = program.format_amount(what, amounts[rule, what])
    order = {key: place for place, key in enumerate(names)}
    yield f"{'rule':30} {'times':>5}  in all"
    for rule, what in sorted(times, key=lambda each: (order[each[0]], each[1])):
        yield f"{names[rule]:30} {times[rule, what]:5}  {said[rule, what]}"


def moves(outcome: Outcome) -> Iterator[tuple[str, str, int]]:
    """Each amount of an event: the rule, the unit that it moved, or that it was taken off or paid, and how much."""
    yield from ((rule, "off", amount) for rule, amount in by_rule(outcome).items())
    yield from ((each.rule, "paid", each.value) for each in outcome.payments if each.value)
    yield from ((each.rule, each.unit, -each.taken) for each in outcome.taken if each.taken)
    yield from ((each.rule, each.unit, each.given) for each in outcome.awards if each.given)


def left(diary: Diary) -> Iterator[str]:
    """What all members and households own when the story ends."""
    owned: Counter[str] = Counter()
    for state in (*(end.state for end in diary.ended.values()), *diary.pools.values()):
        for lot in state.lots:
            owned[lot.unit] += lot.left
        for owed, debt in state.debts.items():
            owned[owed.partition(" ")[0]] -= debt
    names = [unit.name for unit in diary.program.core.units if owned[unit.name]]
    yield "left: " + (", ".join(diary.program.format_amount(name, owned[name]) for name in names) or "nothing")


def refusals(diary: Diary) -> Iterator[str]:
    """What was rejected, and why."""
    yield from (f"refused: {each.event} {each.id}: {each.faults[0].message}" for each in diary.refused)
