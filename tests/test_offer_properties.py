"""Laws of offers that hold whatever the program says, on generated programs and histories.

Sums and bounds on every unit; what may not matter is changed and nothing changes: the order of lines, rules that did
nothing, members held out, how pieces are written, how codes are spelled; choices against all their alternatives; what
is returned against what was paid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from random import Random

import msgspec
import pytest

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.event import Event, Facts
from rules_engine.lowering import fingerprint
from rules_engine.outcome import Refused, applied
from rules_engine.returning import Now, Terms, give_back
from rules_engine.returns import Return, restored
from rules_engine.spelling import normal_code
from rules_engine.state import LimitUsed, Shared, State
from tests.exercised import Index, limit_key, structs
from tests.histories import history
from tests.model.playing import units_of
from tests.model.pricing import prices
from tests.strategies import seeded
from tests.surgery import together, without
from tests.test_offer_model import by_unit
from tests.trials import after, attempt, core_of, decoded

NO_CODES = ("blank", "too long", "unprintable")
SEEDS = range(7000, 7048)
Pieces = Counter[int | str]
Cored = list[tuple[int, ir.Program]]
Step = tuple[Event, Facts, State, Shared, Evaluation]


@pytest.fixture(scope="module")
def cores() -> Cored:
    """The programs of this page."""
    return [(seed, core_of(seeded(seed, "orders"))) for seed in SEEDS]


def steps(core: ir.Program, seed: int, count: int = 8) -> Iterator[Step]:
    """Every event that is scored, with what was so before it and what came of it."""
    reference, states, shared = Reference(core), dict[str, State](), Shared()
    for event, facts in decoded(core, history(core, Random(seed), count)):
        state = states.get(event.member or "", State())
        found = attempt(reference, event, facts, state, shared)
        if isinstance(found, Refused):
            continue
        yield event, facts, state, Shared(limits={key: dict(used) for key, used in shared.limits.items()}), found
        shared.reserve(found.reserved)
        if event.member is not None:
            states[event.member] = after(state, event, found)


def scored(core: ir.Program, event: Event, facts: Facts, state: State, shared: Shared) -> Evaluation:
    """What another program makes of the same."""
    found = attempt(Reference(core), event, facts, state, shared)
    assert isinstance(found, Evaluation), found
    return found


def kind_of(core: ir.Program, event: Event) -> ir.EventDef:
    """The declaration of an event."""
    return next(each for each in core.events if each.name == event.name)


def acted(found: Evaluation) -> set[str]:
    """The offers that changed something."""
    took = {each.rule for each in found.discounts if each.parts}
    return took | {each.rule for each in found.charges} | {each.rule for each in found.gifts}


def money(found: Evaluation) -> tuple[object, ...]:
    """What offers did to the money and the things of an event."""
    took = tuple(each for each in found.discounts if each.parts)
    return took, found.charges, found.gifts


def alike(one: Evaluation, other: Evaluation) -> bool:
    """Whether two programs do the same; one without any offer may have no price."""
    return money(one) == money(other) and (one.price == other.price or None in (one.price, other.price))


# ---- sums and bounds


def test_amounts_add_up(cores: Cored) -> None:
    """Parts are what was given; list less all parts is what a line costs; totals are sums; tax is as said."""
    for seed, core in cores:
        for event, _, _, _, found in steps(core, seed):
            for each in found.discounts:
                assert each.given == sum(part.amount for part in each.parts)
                assert each.given <= each.wanted or each.stage == "catalogue"
                assert each.given >= 0 or each.stage == "catalogue"
                assert not (each.held_out and each.given)
                assert all(any(off for _, off in part.runs) for part in each.parts)
            kind, price = kind_of(core, event), found.price
            if price is None or kind.priced_by_offers:
                continue
            units = units_of(core, kind, event)
            costs = [unit.list for unit in units]
            for parts in by_unit(kind, event, found).values():
                for unit, part in parts.items():
                    costs[unit] -= part
            lines = prices(core, kind, units, costs, len(event.lines) if kind.lines is not None else 1)
            assert lines == list(price.lines)
            shipping = {unit.line for unit in units if unit.shipping}
            assert price.net == sum(line.net for place, line in enumerate(lines) if place not in shipping)
            assert price.shipping == sum(lines[place].net for place in shipping)
            assert price.charges == sum(each.amount for each in found.charges)
            assert price.tax == sum(line.tax for line in lines)
            on_top = price.tax if core.header.prices == "exclude" else 0
            assert price.total == price.net + price.shipping + price.charges + on_top


def test_no_unit_falls_below_its_floor(cores: Cored) -> None:
    """Nor below nothing; one that is listed below its floor is not touched. Who costs nothing gets nothing."""
    for seed, core in cores:
        for event, _, _, _, found in steps(core, seed):
            kind = kind_of(core, event)
            if found.price is None or kind.priced_by_offers:
                continue
            units = units_of(core, kind, event)
            costs = {unit.number: unit.list for unit in units}
            for parts in by_unit(kind, event, found).values():
                for number, part in parts.items():
                    unit = units[number]
                    assert part < 0 or costs[number] - part >= max(0, unit.floor)
                    costs[number] -= part
            assert all(cost >= 0 for cost in costs.values())


def test_limits_hold(cores: Cored) -> None:
    """No counter passes its limit, and a limit of money counts what was given."""
    for seed, core in cores:
        index = Index(core)
        for event, _, _, _, found in steps(core, seed):
            for change in (*found.changes, *found.reserved):
                if not isinstance(change, LimitUsed):
                    continue
                limit = index.limits[limit_key(index, change.limit)]
                most = limit.amount if limit.amount is not None else limit.times
                assert most is not None
                assert change.before < change.after <= most, seed
                owner = next((offer for offer in core.offers if limit in offer.limits), None)
                if owner is not None and limit.amount is not None:
                    runs = [
                        run
                        for each in found.discounts
                        if each.rule == owner.key
                        for part in each.parts
                        for run in part.runs
                    ]
                    assert change.after - change.before == sum(count * max(0, off) for count, off in runs)
                elif owner is not None and owner.sets is None:
                    assert change.after - change.before == 1
            assert event.member is not None or not found.changes


def test_every_code_gets_a_result(cores: Cored) -> None:
    """In the order in which codes were presented: what it set off, or why not; the public words are of six."""
    public = {"not valid", "not yet valid", "expired", "already used", "not for this order", "does not combine"}
    for seed, core in cores:
        for event, _, _, _, found in steps(core, seed):
            presented = event.fields.get(kind_of(core, event).codes_field)
            assert [each.code for each in found.codes] == list(presented if isinstance(presented, tuple) else ())
            for each in found.codes:
                assert bool(each.rules) != bool(each.reason)
                assert bool(each.reason) == bool(each.public)
                assert not each.public or each.public in public
                assert set(each.rules) <= acted(found) or kind_of(core, event).priced_by_offers


# ---- what may not matter


def test_order_of_lines_is_nothing(cores: Cored) -> None:
    """The same units have the same amounts, whatever order their lines came in."""
    for seed, core in cores:
        for event, facts, state, shared, found in steps(core, seed):
            kind = kind_of(core, event)
            if kind.lines is None or len(event.lines) < 2:
                continue
            places = list(range(len(event.lines)))
            Random(seed).shuffle(places)
            turned = msgspec.structs.replace(event, lines=tuple(event.lines[place] for place in places))
            other = scored(core, turned, facts, state, shared)
            assert _sorted_lines(other, range(len(places))) == _sorted_lines(found, places)
            assert (other.charges, other.gifts, other.codes) == (found.charges, found.gifts, found.codes)
            assert (other.changes, other.reserved, other.said) == (found.changes, found.reserved, found.said)
            if kind.line_id_field:
                assert _moved(found, places) == _moved(other, range(len(places)))


def _sorted_lines(found: Evaluation, places: list[int] | range) -> object:
    """Prices and parts without their places: lines that are equal in everything cannot be told apart."""
    del places
    price = found.price and msgspec.structs.replace(found.price, lines=tuple(sorted(found.price.lines, key=repr)))
    took = [(each.rule, each.effect, each.given, sorted(part.runs for part in each.parts)) for each in found.discounts]
    return price, took


def _moved(found: Evaluation, places: list[int] | range) -> object:
    """Prices and parts with each line at its new place."""
    to = {old: new for new, old in enumerate(places)}
    took = [
        (each.rule, each.effect, sorted((to.get(part.line, part.line), part.runs) for part in each.parts))
        for each in found.discounts
    ]
    lines = found.price.lines if found.price is not None else ()
    return took, [lines[place] for place in places], lines[len(places) :]


def test_rules_that_did_nothing_are_nothing(cores: Cored) -> None:
    """They take no turn, no consent, no count and no claim: without them all, the same is done."""
    for seed, core in cores:
        for event, facts, state, shared, found in steps(core, seed):
            if kind_of(core, event).priced_by_offers:
                continue
            idle = {offer.key for offer in core.offers} - acted(found)
            other = scored(without(core, idle), event, facts, state, shared)
            assert alike(other, found), (seed, event.id)
            assert other.reserved == found.reserved


def test_members_held_out_see_no_rule(cores: Cored) -> None:
    """For who is held out of them, rules are as if they had not been written."""
    for seed, core in cores:
        for event, facts, state, shared, found in steps(core, seed):
            held = {each.rule for each in found.discounts if each.held_out}
            if held:
                other = scored(without(core, held), event, facts, state, shared)
                assert alike(other, found)


def test_spelling_of_codes_is_nothing(cores: Cored) -> None:
    """Codes in normal spelling do the same; what is no code at all is sent as it was."""
    for seed, core in cores:
        for event, facts, state, shared, found in steps(core, seed):
            name = kind_of(core, event).codes_field
            codes = event.fields.get(name)
            if not isinstance(codes, tuple) or not codes:
                continue
            sent = zip(codes, found.codes, strict=True)
            spelt = tuple(str(code) if use.reason in NO_CODES else normal_code(str(code)) for code, use in sent)
            fields = {**event.fields, name: spelt}
            other = scored(core, msgspec.structs.replace(event, fields=fields), facts, state, shared)
            assert alike(other, found)
            assert [each.reason for each in other.codes] == [each.reason for each in found.codes]


def test_pieces_may_be_lines(cores: Cored) -> None:
    """A line of n pieces is n lines of one, where nothing is about lines."""
    compared = 0
    for seed, core in cores:
        kind = core.events[0]
        if not (kind.list_each and kind.quantity_field and kind.line_id_field):
            continue
        whole = without(core, {offer.key for offer in core.offers if _about_lines(offer, core)})
        plain = msgspec.structs.replace(whole, header=msgspec.structs.replace(whole.header, tax_per="unit"))
        for event, facts in decoded(plain, history(core, Random(seed), 8)):
            found = attempt(Reference(plain), event, facts, State(), Shared())
            if isinstance(found, Refused):
                continue
            other = scored(plain, _exploded(event, kind), facts, State(), Shared())
            whole_lines, apart = by_unit(kind, event, found), by_unit(kind, _exploded(event, kind), other)
            assert _of_lines(whole_lines, event, kind) == _of_lines(apart, event, kind), (seed, event.id)
            assert found.price is not None or other.price is None
            if found.price is not None and other.price is not None:
                one, two = (msgspec.structs.replace(each, lines=()) for each in (found.price, other.price))
                assert one == two
            assert (other.charges, other.gifts, other.codes) == (found.charges, found.gifts, found.codes)
            compared += bool(found.discounts)
    assert compared


def _about_lines(offer: ir.OfferDef, core: ir.Program) -> bool:
    """Whether an offer can tell lines from units, or spreads an amount over them."""
    group = next((each for each in core.offer_groups if each.name == offer.group), None)
    stage = next(each for each in core.stages if each.name == offer.stage)
    policies = [stage.policy] + ([group.policy] if group is not None else [])
    if any(policy.per == "line" and policy.choice in ("first", "best") for policy in policies):
        return True
    limits = (*offer.limits, *(group.limits if group is not None else ()))
    if any(limit.amount is not None for limit in limits):
        return True
    for each in structs(offer):
        match each:
            case ir.DiscountDef(grain=grain, steps=steps):
                if grain != "unit" or steps is not None:
                    return True
            case ir.PickSpan() | ir.PickEvery() | ir.LineMoney() | ir.LineQuantity() | ir.Fold(op="count" | "distinct"):
                return True
            case ir.Fold(value=ir.LineField() | ir.LineQuantity()) | ir.PickSome(of="line") | ir.SetsDef(per="line"):
                return True
            case ir.LineField(name="pieces") | ir.ConsentDef(on="line"):
                return True
            case _:
                pass
    return False


def _of_lines(
    made: dict[tuple[str, int], dict[int, int]], event: Event, kind: ir.EventDef
) -> dict[tuple[str, int], Counter[tuple[int, int]]]:
    """What units of each line get, whichever of them: a line's pieces that cost the same are alike, and those that a
    set treats alike stand together (grammar/offers.md, "Which units")."""
    lines = [line for line, fields in enumerate(event.lines) for _ in range(int(str(fields[kind.quantity_field])))]
    lines.append(len(event.lines))  # the event's own shipping
    return {effect: Counter((lines[unit], amount) for unit, amount in units.items()) for effect, units in made.items()}


def _exploded(event: Event, kind: ir.EventDef) -> Event:
    """The same event with a line for each piece; their ids keep the order."""
    lines = []
    for line in event.lines:
        pieces = line[kind.quantity_field]
        assert isinstance(pieces, int)
        for place in range(pieces):
            lines.append({**line, kind.quantity_field: 1, kind.line_id_field: f"{line[kind.line_id_field]} {place:03}"})
    return msgspec.structs.replace(event, lines=tuple(lines))


# ---- choices


def test_the_best_is_not_worse_than_any(cores: Cored) -> None:
    """A group that takes the best gives no less than any single member of it would."""
    compared = 0
    for seed, core in cores:
        for group in _groups(core, "best"):
            rules = {offer.key for offer in core.offers if offer.group == group.name}
            for event, facts, state, shared, found in steps(core, seed, 5):
                for rule in rules:
                    alone = scored(together(core, group.name, {rule}), event, facts, state, shared)
                    assert _taken(found, rules) >= _taken(alone, {rule}), (seed, event.id, rule)
                    compared += 1
    assert compared


def test_the_best_together_is_the_best_of_all_subsets(cores: Cored) -> None:
    """Every subset of the group, run as `all`: none takes more off; of those that take as much none is smaller."""
    compared = 0
    for seed, core in cores:
        for group in _groups(core, "best together"):
            rules = list(group.policy.order)
            for event, facts, state, shared, found in steps(core, seed, 5):
                tries = []
                for count in range(len(rules) + 1):
                    for some in combinations(range(len(rules)), count):
                        names = {rules[place] for place in some}
                        other = scored(together(core, group.name, names), event, facts, state, shared)
                        tries.append((-_taken(other, names), count, some, other))
                best = min(tries, key=lambda each: each[:3])
                assert _taken(found, set(rules)) == -best[0], (seed, event.id)
                assert alike(found, best[3])
                compared += 1
    assert compared


def _groups(core: ir.Program, choice: str) -> list[ir.OfferGroupDef]:
    """The groups of a choice whose members only lower prices, and share nothing."""
    return [
        group
        for group in core.offer_groups
        if group.policy.choice == choice
        and group.stage != "catalogue"
        and not (choice == "best" and (group.limits or group.at_most is not None))
    ]


def _taken(found: Evaluation, rules: set[str]) -> int:
    return sum(each.given for each in found.discounts if each.rule in rules)


# ---- returns


def test_what_was_paid_comes_back(cores: Cored) -> None:
    """A full return pays back what was paid, but for charges that are kept; so does any sequence that returns all."""
    compared = 0
    for seed, core in cores:
        kind = core.events[0]
        if not kind.returnable:
            continue
        terms, rng = Terms(core, fingerprint(core), Reference(core).evaluate), Random(seed)
        keeps = {offer.key for offer in core.offers if offer.on_return is not None and offer.on_return.policy == "keep"}
        for event, _, state, _, found in steps(core, seed, 6):
            outcome = found.outcome(event, fingerprint(core), "")
            goods, shipping = _pieces(event, kind)
            if outcome.price is None or not goods + shipping:
                continue
            kept = sum(each.amount for each in outcome.charges if each.rule in keeps)
            start = Now(event.day, applied(state, outcome))
            whole = give_back(terms, event, outcome, dict(goods + shipping), (), start)
            assert isinstance(whole, Return)
            assert whole.refund == outcome.price.total - kept, (seed, event.id)
            _is_sound(whole, core)
            earlier, now = list[Return](), start
            for some in _portions(goods, shipping, rng):
                back = give_back(terms, event, outcome, some, tuple(earlier), now)
                now = Now(event.day, restored(now.state or State(), back))
                _is_sound(back, core)
                earlier.append(back)
            assert sum(each.refund for each in earlier) == outcome.price.total - kept, (seed, event.id)
            assert sum(each.tax for each in earlier) == outcome.price.tax
            given = Counter[str]()
            for each in outcome.discounts:
                given[each.rule] += each.given
            back_of = Counter[str]()
            for one in earlier:
                for taken in one.taken:
                    back_of[taken.rule] += taken.amount
            assert all(back_of[rule] in (amount, 0) for rule, amount in given.items())
            compared += 1
    assert compared


def _is_sound(back: Return, core: ir.Program) -> None:
    """The refund is what its parts come to, and never negative."""
    assert back.refund >= 0
    on_top = back.tax if core.header.prices == "exclude" else 0
    parts = sum(line.net for line in back.lines) + sum(each.amount for each in back.charges)
    assert back.refund == parts + on_top + sum(each.amount for each in back.shortfalls)


def _pieces(event: Event, kind: ir.EventDef) -> tuple[Pieces, Pieces]:
    """All that can be returned: goods by line, counted from 1, and shipping."""
    lines = event.lines if kind.lines is not None else (event.fields,)
    goods, shipping = Pieces(), Pieces()
    for number, line in enumerate(lines, 1):
        pieces = line[kind.quantity_field] if kind.quantity_field else 1
        assert isinstance(pieces, int)
        (shipping if line.get(kind.shipping_flag) is True else goods)[number] = pieces
    shipping["shipping"] = int(bool(kind.shipping_field))
    return +goods, +shipping


def _portions(goods: Pieces, shipping: Pieces, rng: Random) -> Iterator[dict[int | str, int]]:
    """All goods in some returns; shipping is named now and then, and comes back with the last of the goods."""
    if not goods:
        yield dict(shipping)
    while goods:
        some = +Pieces({place: rng.randint(0, count) for place, count in goods.items()}) or Pieces(goods)
        goods = goods - some
        posted = +Pieces({place: rng.randint(0, count) for place, count in shipping.items()}) if goods else Pieces()
        shipping = shipping - posted
        yield dict(some + posted)
