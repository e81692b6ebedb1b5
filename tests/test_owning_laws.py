"""Laws of owning and paying that hold whatever the program says, asked of what outcomes and states say alone.

Generated programs (`tests.generating.owning`) are played once; each law is then asked of every event of every history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import msgspec
import orjson
import pytest
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.calendar import format_date
from rules_engine.lowering import fingerprint
from rules_engine.outcome import Outcome, Payment, Refused, Taken, applied
from rules_engine.state import DebtMoved, Lot, LotAdded, LotLapsed, LotTaken, Shared, State, apply
from tests.books import Played, Step, played
from tests.oracles import rounded
from tests.strategies import seeded
from tests.test_properties import plain, shuffled
from tests.trials import attempt, core_of

SEEDS = range(7000, 7027)


@pytest.fixture(scope="module")
def books() -> list[Played]:
    """The histories of this page."""
    return [played(seed) for seed in SEEDS]


def scored(books: list[Played]) -> Iterator[tuple[Played, Step]]:
    """Every event of every history."""
    for book in books:
        for step in book.steps:
            yield book, step


# ---- lots, debts, balances


def test_no_lot_is_empty_and_no_debt_negative(books: list[Played]) -> None:
    """Lots are never negative and none stays behind empty; what is owed stands beside them."""
    for book, step in scored(books):
        for state in (step.ended, step.pool, *step.others.values()):
            assert all(lot.left > 0 for lot in state.lots), book.seed
            assert all(owed > 0 for owed in state.debts.values()), book.seed
        for book_of in (step.outcome.changes.values(), (step.outcome.pool,)):
            assert all(0 < c.count <= c.lot.left for changes in book_of for c in changes if isinstance(c, LotTaken))


def test_a_unit_with_a_floor_never_owes(books: list[Played]) -> None:
    """Only a unit without a floor has debts, after whatever event; others are asked for more than there is, too."""
    asked = Counter[bool]()
    for book, step in scored(books):
        floored = {unit.name for unit in book.core.units if unit.floor is not None}
        for state in (step.ended, step.pool, *step.others.values()):
            assert not floored & {name.partition(" ")[0] for name in state.debts}, (book.seed, step.event.id)
        for taken in step.outcome.taken:
            asked[taken.unit in floored] += taken.taken < taken.wanted and not taken.cut_by
        asked[False] += len(step.ended.debts)
    assert asked[True] > 50
    assert asked[False] > 50


def test_what_is_given_is_taken_lapsed_or_there(books: list[Played]) -> None:
    """Given - taken - lapsed = what is left - what is owed, for every unit and owner, at every event."""
    for book in books:
        sums, left = defaultdict[tuple[str, str], int](int), dict[tuple[str, str], int]()
        for step in book.steps:
            outcome, member = step.outcome, step.outcome.member or ""
            for award in outcome.awards:
                sums[award.unit, book.owner(award.unit, award.to or member)] += award.given
            for taken in outcome.taken:
                sums[taken.unit, book.owner(taken.unit, member)] -= taken.taken
            for owner, changes in ((f"household {outcome.household}", outcome.pool), *outcome.changes.items()):
                for change in changes:
                    if isinstance(change, LotLapsed):
                        sums[change.lot.unit, owner] -= change.lot.left
            ended = {member: step.ended, **step.others, f"household {outcome.household}": step.pool}
            for owner, state in ended.items():
                if owner and owner != "household ":
                    left |= {(unit, owner): _worth(unit, state) for unit in book.units}
            assert {at: count for at, count in sums.items() if count} == {
                at: count for at, count in left.items() if count
            }, (book.seed, outcome.id)


def _worth(unit: str, state: State) -> int:
    """What is left of a unit, less what is owed of it."""
    owed = sum(count for name, count in state.debts.items() if name.partition(" ")[0] == unit)
    return sum(lot.left for lot in state.lots if lot.unit == unit) - owed


def test_changes_move_lots_by_what_the_outcome_says(books: list[Played]) -> None:
    """Lots that came in and units that went out, summed from the changes alone, are what is left."""
    for book in books:
        moved = defaultdict[tuple[str, str], int](int)
        for step in book.steps:
            outcome = step.outcome
            for award in outcome.awards:
                if not award.booked:
                    moved[award.unit, outcome.member or ""] += award.given
            for owner, changes in ((f"household {outcome.household}", outcome.pool), *outcome.changes.items()):
                for change in changes:
                    match change:
                        case LotAdded(lot=lot):
                            moved[lot.unit, owner] += lot.left
                        case LotTaken(lot=lot, count=count):
                            moved[lot.unit, owner] -= count
                        case LotLapsed(lot=lot):
                            moved[lot.unit, owner] -= lot.left
                        case DebtMoved(unit=unit, before=before, after=after):
                            moved[unit.partition(" ")[0], owner] += before - after
                        case _:
                            pass
        ended = {(unit, owner): _worth(unit, state) for owner, state in book.books() for unit in book.units}
        assert {at: count for at, count in moved.items() if count} == {at: n for at, n in ended.items() if n}, book.seed


def test_a_balance_is_its_live_lots_less_what_is_owed(books: list[Played]) -> None:
    """What rules could read as a balance, from the state alone: nothing lapsed, nothing pending."""
    seen = 0
    for book, step in scored(books):
        event = step.event
        if event.member is None or step.found.late or event.posted is not None:
            continue
        for unit in book.core.units:
            read = step.found.before.get(f"balance of {unit.name}")
            if read is None:
                continue
            pooled = unit.owner == "household"
            state = (step.people.pool or State()) if pooled else step.state
            changes = step.outcome.pool if pooled else step.found.changes
            lapsed = [change.lot for change in changes if isinstance(change, LotLapsed)]
            holder = event.member if unit.apart else ""
            lots = [lot for lot in state.lots if lot.unit == unit.name and lot.holder == holder and lot not in lapsed]
            day = max(event.day, state.day or event.day)
            have = sum(lot.left for lot in lots if lot.pending is None or lot.pending < day)
            owed = state.debts.get(f"{unit.name} {holder}" if holder else unit.name, 0)
            assert read == have - owed, (book.seed, event.id, unit.name)
            seen += 1
    assert seen > 50


def test_lots_lapse_on_their_day(books: list[Played]) -> None:
    """No live lot is past its own last day, where nothing prolongs it."""
    for book in books:
        fixed = {unit.name for unit in book.core.units if not any(life.after_last for life in unit.lives)}
        late = {step.event.day for step in book.steps if step.found.late}
        for step in book.steps:
            for state in (step.ended, step.pool):
                for lot in state.lots:
                    alive = lot.expires is None or state.day is None or lot.expires >= state.day
                    assert alive or lot.unit not in fixed or lot.earned in late, (book.seed, step.event.id)


# ---- states


def test_an_outcome_leads_to_the_states_that_the_run_ended_with(books: list[Played]) -> None:
    """The member's, the household's and those of others."""
    for _, step in scored(books):
        outcome = step.outcome
        if outcome.member is not None:
            assert applied(step.state, outcome) == step.ended
        assert apply(step.people.pool or State(), outcome.pool) == step.pool
        others = {
            name: apply(step.people.states.get(name, State()), moved) for name, moved in step.found.others.items()
        }
        assert others == step.others


def test_one_run_or_pieces_with_stored_states_are_the_same(books: list[Played]) -> None:
    """States through JSON between every two events; the same bytes of outcomes and of states."""
    rich = sorted(books, key=lambda book: not any(step.ended.debts or step.pool.debts for step in book.steps))
    for book in rich[:7]:
        whole, states, pools, shared = [], dict[str, State](), dict[str, State](), Shared()
        sent, until = list(book.told.events), format_date(max(step.outcome.day for step in book.steps) + 40)
        run = book.program.score_many(
            sent, book.told.members, states, shared=shared, pools=pools, in_order=True, settle_until=until
        )
        whole = [_bytes(each) for each in run]
        piece, kept, kept_pools, counters = [], dict[str, State](), dict[str, State](), Shared()
        for number, event in enumerate(sent):
            last = until if number == len(sent) - 1 else None
            stored = {name: state.to_json() for name, state in kept.items()}
            stored_pools = {name: state.to_json() for name, state in kept_pools.items()}
            kept = {name: book.program.state(content) for name, content in stored.items()}
            kept_pools = {name: book.program.checked_pool(orjson.loads(each)) for name, each in stored_pools.items()}
            counters = Shared.from_json(counters.to_json())
            run = book.program.score_many(
                [event], book.told.members, kept, shared=counters, pools=kept_pools, in_order=True, settle_until=last
            )
            piece += [_bytes(each) for each in run]
        assert piece == whole, book.seed
        assert _all_bytes(kept) == _all_bytes(states)
        assert _all_bytes(kept_pools) == _all_bytes(pools)
        assert counters == shared


def _bytes(found: Outcome | Refused) -> bytes:
    return found.to_json() if isinstance(found, Outcome) else msgspec.json.encode(found)


def _all_bytes(states: dict[str, State]) -> dict[str, bytes]:
    return {name: state.to_json() for name, state in states.items() if state != State()}


def test_what_is_refused_changes_nothing(books: list[Played]) -> None:
    """Events sent again and events broken in between leave every outcome and every state as they were."""
    for book in books[7:12]:
        until = format_date(max(step.outcome.day for step in book.steps) + 40)
        ends, sent = [], list(book.told.events)
        twice = [each for event in sent for each in (event, event, {**event, "at": "soon"})]
        for events in (sent, twice):
            states, pools, shared = dict[str, State](), dict[str, State](), Shared()
            run = book.program.score_many(
                events, book.told.members, states, shared=shared, pools=pools, in_order=True, settle_until=until
            )
            outcomes = [_bytes(each) for each in run if isinstance(each, Outcome)]
            ends.append((outcomes, _all_bytes(states), _all_bytes(pools), shared))
        assert ends[0] == ends[1], book.seed


# ---- paying


def test_payments_stay_in_their_room(books: list[Played]) -> None:
    """Parts add up to the value; no line is paid beyond what it costs, nor all of it beyond the price."""
    seen = 0
    for book, step in scored(books):
        price, paid = step.outcome.price, [each for each in step.outcome.payments if not each.held_out]
        if price is None:
            assert not paid
            continue
        on_top = price.tax if book.core.header.prices == "exclude" else 0
        left = [*(line.net for line in price.lines), price.charges, on_top]
        for payment in paid:
            assert sum(payment.parts) == payment.value > 0
            assert 0 < payment.taken <= payment.offered
            left = [rest - part for rest, part in zip(left, payment.parts, strict=True)]
            assert all(part >= 0 for part in payment.parts)
            assert min(left) >= 0, (book.seed, step.event.id)
            seen += 1
        assert (step.outcome.to_pay or 0) >= 0
    assert seen > 20


def test_units_are_worth_what_they_pay(books: list[Played]) -> None:
    """At a rate: whole steps, no fewer than the value needs and none to spare; otherwise all that was offered."""
    for book, step in scored(books):
        for payment in step.outcome.payments:
            rule = next(rule for rule in book.core.rules if rule.key == payment.rule)
            effects = [each for each in rule.effects if isinstance(each, ir.AcceptDef) and each.unit == payment.unit]
            assert any(_is_fair(effect, payment) for effect in effects), (book.seed, payment)


def _is_fair(effect: ir.AcceptDef, payment: Payment) -> bool:
    if payment.held_out:
        return True
    if not effect.rate:
        return payment.taken == payment.offered
    if payment.taken % effect.steps:
        return False
    if not isinstance(effect.worth, ir.Num):
        return True
    worth = Fraction(effect.worth.num, effect.worth.den)
    value = rounded(worth * payment.taken, effect.rounding)
    fewer = rounded(worth * (payment.taken - effect.steps), effect.rounding)
    return value == payment.value or (not effect.never_beyond and fewer < payment.value < value)


def test_what_is_taken_comes_from_its_lots(books: list[Played]) -> None:
    """The lots of a record add up to what was taken, or the rest is a debt; each stood in the state or came in."""
    for book, step in scored(books):
        for taken in step.outcome.taken:
            counts = sum(count for _, count in taken.lots)
            assert counts <= taken.taken <= taken.wanted or taken.held_out
            assert counts == taken.taken or book.units[taken.unit].floor is None
            assert all(0 < count <= lot.left and lot.unit == taken.unit for lot, count in taken.lots)
        spent = Counter(dict[Any, int]())
        for change in (*step.found.changes, *step.found.pool):
            if isinstance(change, LotTaken):
                spent[change.lot.unit] += change.count
        said = Counter(dict[Any, int]())
        for taken in step.outcome.taken:
            said[taken.unit] += sum(count for _, count in taken.lots)
        assert +spent == +said, (book.seed, step.event.id)


# ---- settlement


def test_each_occurrence_is_settled_once(books: list[Played]) -> None:
    """A scheduled event comes once per member and occurrence, in the order of the days on which it is posted."""
    for book in books:
        seen, last = set[tuple[str, str | None, int]](), dict[str, int]()
        for step in book.steps:
            event = step.event
            if event.posted is None:
                continue
            assert event.occurrence is not None
            at = (event.name, event.member, event.occurrence)
            assert at not in seen, (book.seed, at)
            seen.add(at)
            assert event.posted >= last.get(event.member or "", event.posted), (book.seed, at)
            last[event.member or ""] = event.posted


def test_no_calendar_month_goes_unsettled(books: list[Played]) -> None:
    """Every month, quarter and year from the first day seen to the last event is settled, counted with `datetime`."""
    checked = 0
    for book in books:
        kinds = [(kind, _months(kind)) for kind in book.core.events]
        for member, state in book.states.items():
            ours = [step for step in book.steps if step.event.member == member and step.event.posted is None]
            if len(ours) < 2 or state.since is None or any(each.id == member for each in book.refused):
                continue
            reached = max(step.event.day for step in ours[1:])
            for kind, months in kinds:
                if not months:
                    continue
                found = {
                    s.event.occurrence for s in book.steps if (s.event.member, s.event.name) == (member, kind.name)
                }
                wanted = set(_occurrences(kind, months, state.since, reached))
                assert wanted <= found, (book.seed, member, kind.name)
                checked += len(wanted)
    assert checked > 100


def _months(kind: ir.EventDef) -> int:
    """How many months an occurrence lasts of a schedule by calendar; 0 for others."""
    if kind.schedule is None or kind.schedule.unit not in ("day", "week"):
        return 0
    return {"calendar month": 1, "calendar quarter": 3, "calendar year": 12}.get(kind.schedule.period, 0)


def _occurrences(kind: ir.EventDef, months: int, since: int, reached: int) -> Iterator[int]:
    assert kind.schedule is not None
    first = date(1970, 1, 1) + timedelta(since)
    place = (first.year * 12 + first.month - 1) // months * months
    wait = kind.schedule.count * (7 if kind.schedule.unit == "week" else 1)
    while True:
        start, after = (date(at // 12, at % 12 + 1, 1) for at in (place, place + months))
        posted = ((after if kind.schedule.edge == "end" else start) - date(1970, 1, 1)).days
        posted += wait if kind.schedule.edge == "end" else 0
        if posted > reached:
            return
        yield (start - date(1970, 1, 1)).days
        place += months


# ---- order


def test_order_of_lines_moves_no_unit(books: list[Played]) -> None:
    """Awards, takings, payments and changes stay; what stands by line goes with its line."""
    seen = 0
    for book in books:
        reference = Reference(book.core)
        for step in book.steps:
            if len(step.event.lines) < 2:
                continue
            turned = replace(step.event, lines=tuple(reversed(step.event.lines)))
            other = attempt(reference, turned, step.facts, step.state, step.shared, step.people)
            assert isinstance(other, Evaluation)
            for name in ("changes", "taken", "pool", "others", "late", "said", "before"):
                assert getattr(other, name) == getattr(step.found, name), (book.seed, step.event.id, name)
            for one, two in zip(step.found.awards, other.awards, strict=True):
                assert replace(one, weights=()) == replace(two, weights=())
                assert sorted(one.weights) == sorted(two.weights)
            lines = len(step.event.lines)
            for mine, theirs in zip(step.found.payments, other.payments, strict=True):
                parts = (*reversed(theirs.parts[:lines]), *theirs.parts[lines:])
                assert mine == replace(theirs, parts=parts), (book.seed, step.event.id)
            seen += 1
    assert seen > 30


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_order_of_declarations_moves_nothing(seed: int, books: list[Played]) -> None:
    """Independent declarations in another order are the same program."""
    book = books[seed - SEEDS[0]]
    core = core_of(shuffled(seeded(seed, "owning"), Random(seed)))
    assert fingerprint(core) == book.program.fingerprint
    reference = Reference(core)
    for step in book.steps:
        found = attempt(reference, step.event, step.facts, step.state, step.shared, step.people)
        assert isinstance(found, Evaluation)
        for name in ("payments", "awards"):
            one, two = getattr(found, name), getattr(step.found, name)
            assert sorted(one, key=repr) == sorted(two, key=repr), (step.event.id, name)
        assert sorted(_taken(found), key=repr) == sorted(_taken(step.found), key=repr), step.event.id
        outcome = found.outcome(step.event, "", "")
        ended = applied(step.state, outcome) if step.event.member is not None else step.ended
        for one_state, two_state in ((ended, step.ended), (apply(step.people.pool or State(), found.pool), step.pool)):
            assert _sums(book, one_state) == _sums(book, two_state), step.event.id
        assert (found.price, found.before, found.late) == (step.found.price, step.found.before, step.found.late)


def _taken(found: Evaluation) -> list[Taken]:
    """What was taken, without the lots: which of two that came with one event is used first is nobody's concern."""
    return [replace(each, lots=()) for each in found.taken]


def _sums(book: Played, state: State) -> dict[str, Any]:
    """A state with what there is of each unit in place of its lots."""
    return {**plain(state), "lots": {unit: _worth(unit, state) for unit in book.units}, "debts": {}}


# ---- households, limits


def test_lots_of_a_pool_apart_say_whose_they_are(books: list[Played]) -> None:
    """Each is of a member of that household; a pot says nothing; what holders have adds up to the pool."""
    for book in books:
        members = {book.household(name): set[str]() for name in (*book.told.members, "m-7")}
        for name in (*book.told.members, "m-7"):
            members[book.household(name)].add(name)
        for household, state in book.pools.items():
            for unit in book.core.units:
                lots = [lot for lot in state.lots if lot.unit == unit.name]
                if unit.owner != "household":
                    assert not lots
                elif not unit.apart:
                    assert {lot.holder for lot in lots} <= {""}
                else:
                    holders = {lot.holder for lot in lots}
                    assert holders <= members[household], (book.seed, household, holders)
                    shares = [_held(state.lots, unit.name, holder) for holder in holders]
                    assert sum(shares) == sum(lot.left for lot in lots)


def _held(lots: list[Lot], unit: str, holder: str) -> int:
    return sum(lot.left for lot in lots if (lot.unit, lot.holder) == (unit, holder))


def test_limits_hold_counted_from_awards_alone(books: list[Played]) -> None:
    """Whatever the counters say: what a rule gave within each owner and occurrence is no more than its limit."""
    seen = 0
    for book in books:
        for rule in book.core.rules:
            if not all(isinstance(effect, ir.GiveDef) for effect in rule.effects):
                continue
            for limit in rule.limits:
                if limit.owner not in ("member", "household", "other") or limit.keys or limit.scope.by is not None:
                    continue
                used = Counter(dict[tuple[str, str], int]())
                for step in book.steps:
                    for place in _used(book, rule, limit, step):
                        used[place] += _amount(rule, limit, step)
                most = limit.times if limit.times is not None else limit.amount
                assert most is not None
                assert all(count <= most for count in used.values()), (book.seed, limit.key, used)
                seen += sum(1 for count in used.values() if count)
    assert seen > 20


def _used(book: Played, rule: ir.RuleDef, limit: ir.LimitDef, step: Step) -> list[tuple[str, str]]:
    """Whose counter, and in which occurrence, an event counts; none where the rule gave nothing or windows move."""
    member, day = step.event.member, step.event.day if step.event.posted is None else step.event.posted
    if member is None or step.event.name not in rule.events:
        return []
    on = date(1970, 1, 1) + timedelta(day)
    match limit.scope.window:
        case ir.Window(kind="lifetime"):
            occurrence = ""
        case ir.Window(kind="period", period="calendar month"):
            occurrence = f"{on:%Y-%m}"
        case ir.Window(kind="period", period="calendar year"):
            occurrence = f"{on:%Y}"
        case _:
            return []
    owner = book.household(member) if limit.owner == "household" else member
    if limit.owner == "other":
        owner = str(step.event.fields[limit.other])
    return [(owner, occurrence)]


def _amount(rule: ir.RuleDef, limit: ir.LimitDef, step: Step) -> int:
    awards = [each for each in step.outcome.awards if each.rule == rule.key]
    if limit.times is not None:
        # A loop acts once a turn: each turn's first unit counts it.
        return int(any(each.given for each in awards)) if rule.loop is None else 0
    return sum(each.given for each in awards if each.unit == limit.unit)
