"""What came out of a step, as a test expects it: a reviewer reads the numbers, and says whether they are meant so.

In: a step that was taken. Out: expectations that it meets: what each rule gave, took, paid and said, what offers took
off, gifts, the tier where it changed, and of a rule that is asked about that it did not act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules_engine import ir, tree
from rules_engine.state import MatchMoved
from rules_engine.workbench.after import After
from rules_engine.workbench.expect import did, difference
from rules_engine.workbench.prices import currency_of, did_something, taken
from rules_engine.workbench.scenes import AT, money, named, quantity, value_of_track

MOST = 12
"""How many expectations a step gets at most."""


def expectations(after: After, about: Iterable[str], tracks: Iterable[str]) -> tuple[tree.Expectation, ...]:
    """Expectations that a step meets: of rules that did something, and of those that it is `about`."""
    found = [each for each in _all(after, set(about), tuple(tracks)) if difference(each, after) is None]
    return tuple(found[:MOST] or list(_anything(after))[:1])


def _all(after: After, about: set[str], tracks: tuple[str, ...]) -> Iterator[tree.Expectation]:
    core = after.core
    for offer in core.offers:
        yield from _offer(offer, after, offer.key in about)
    for rule in core.rules:
        yield from _rule(rule, after, rule.key in about)
    for match in core.matches:
        begun = [
            each.after
            for each in after.changes
            if isinstance(each, MatchMoved) and each.match == match.key and each.before is None
        ]
        if begun:
            yield _said(match.key, core, tree.Path(AT, (tree.Name(AT, begun[-1].tier),)))
        elif match.key in about:
            yield tree.ExpectRule(AT, named(match.key, core), None, None, "not applied")
    if after.tiers:
        yield from _tier(after)
    for name in tracks:
        yield from _track(name, after)
    price = after.found.price if after.found is not None else None
    if price is not None and after.back is None and currency_of(after):
        yield tree.ExpectPrice(AT, "total", money(price.total, currency_of(after), core))


def _said(key: str, core: ir.Program, value: tree.Expr) -> tree.ExpectRule:
    return tree.ExpectRule(AT, named(key, core), value, None, None)


def _rule(rule: ir.RuleDef, after: After, about: bool) -> Iterator[tree.Expectation]:
    mine, core = did(rule.key, after), after.core
    name = named(rule.key, core)
    if mine.held_out:
        yield tree.ExpectRule(AT, name, None, None, "held out")
        return
    paid = sum(each.value for each in mine.payments)
    if paid:
        yield _said(rule.key, core, money(paid, currency_of(after), core))
    given: dict[str, int] = {}
    for award in mine.awards:
        given[award.unit] = given.get(award.unit, 0) + award.given
    for unit, amount in given.items():
        if amount and not paid:
            yield _said(rule.key, core, quantity(amount, unit, core))
    gone: dict[str, int] = {}
    for each in mine.taken:
        gone[each.unit] = gone.get(each.unit, 0) + each.taken
    for unit, amount in gone.items():
        if amount:
            yield tree.ExpectTakes(AT, name, quantity(amount, unit, core))
    if mine.spoke:
        yield tree.ExpectRule(AT, name, None, None, "applied")
    elif about and not mine.acted and not paid:
        yield tree.ExpectRule(AT, name, None, None, "not applied")


def _offer(offer: ir.OfferDef, after: After, about: bool) -> Iterator[tree.Expectation]:
    name, amount = named(offer.key, after.core), taken(offer.key, after)
    if amount and currency_of(after):
        yield _said(offer.key, after.core, money(amount, currency_of(after), after.core))
    elif did_something(offer.key, after):
        yield tree.ExpectRule(AT, name, None, None, "applied")
    elif about and any(after.event is not None and each == after.event.name for each in offer.events):
        yield tree.ExpectRule(AT, name, None, None, "not applied")
    gifts: dict[str, int] = {}
    for gift in after.found.gifts if after.found is not None else ():
        if gift.rule == offer.key:
            gifts[gift.sku] = gifts.get(gift.sku, 0) + gift.count
    for sku, count in gifts.items():
        yield tree.ExpectGift(AT, count, tree.Text(AT, sku))


def _tier(after: After) -> Iterator[tree.Expectation]:
    tiers = after.core.tiers
    if tiers is not None and after.who is not None:
        rung = after.host.readings(after.who, after.day).held()
        yield tree.ExpectTier(AT, tree.Name(AT, tiers.rungs[rung].name))


def _track(name: str, after: After) -> Iterator[tree.Expectation]:
    track = next((each for each in after.core.tracks if each.name == name), None)
    if track is None or after.who is None or (track.unit and _unknown(track.unit, after.core)):
        return
    value = after.host.readings(after.who, after.day, after.event).track(track)
    shown = None if value is None else value_of_track(track, value, after.core)
    yield tree.ExpectTrack(AT, tree.Name(AT, name), None, None, shown)


def _unknown(word: str, core: ir.Program) -> bool:
    return word not in {each.name for each in core.units} | {each.code for each in core.header.currencies}


def _anything(after: After) -> Iterator[tree.Expectation]:
    """Something that is so, where nothing happened: a `then` must say something."""
    core = after.core
    keys = [*(rule.key for rule in core.rules), *(offer.key for offer in core.offers)]
    for found in (
        *_tier(after),
        *(each for track in core.tracks for each in _track(track.name, after)),
        *(tree.ExpectBalance(AT, tree.Name(AT, unit.plural or unit.name), False, None, _balance(unit, after))
          for unit in core.units if after.who is not None),
        *(tree.ExpectRule(AT, named(key, core), None, None, "not applied") for key in keys),
    ):  # fmt: skip
        if difference(found, after) is None:
            yield found


def _balance(unit: ir.UnitDef, after: After) -> tree.Expr:
    return quantity(after.host.readings(after.who, after.day).balance(unit.name), unit.name, after.core)
