"""One effect of an offer, from the elements of its grain to amounts on units.

The amount is formed and rounded once for each element. Then, over the whole effect: `only from` compares the exact
sum, `up to` clips the sum of a discount, and that is **wanted**; then whole steps. Each element is cut to its room and
spread over its units, first over its lines, then over the units of each line. Limits by amount cut last, then whole
steps again: **given**.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.allocation import Remainder, spread, spread_runs
from rules_engine.backends.reference.carrier import Basket, Element, Piece, Runs, Unit, joined, size_of, within, zipped
from rules_engine.backends.reference.comparing import clipped
from rules_engine.backends.reference.expressions import amount, number
from rules_engine.backends.reference.money import factor
from rules_engine.backends.reference.run import Env
from rules_engine.backends.reference.sets import Batch, Span, laid_out
from rules_engine.backends.reference.trace import EffectNoted, noting
from rules_engine.outcome import Part
from rules_engine.values import round_fraction

Amounts = dict[int, tuple[tuple[int, int], ...]]
"""By line, what is taken off each of its units, as runs over all of them."""

Cut = Callable[[Amounts], tuple[Amounts, str]]
"""Limits: what they leave of amounts, and the key of the last one that cut."""


class Formed(msgspec.Struct):
    """Equal elements, and what each of them is to have taken off: exactly, and rounded."""

    element: Element
    exact: Fraction
    amount: int

    @property
    def establishes(self) -> bool:
        """Whether its price goes to units that have none yet, which takes nothing off."""
        return self.amount < 0 and any(piece.unit.list is None for piece in self.element.pieces)


class Effected(msgspec.Struct, frozen=True):
    """What came of an effect: the next basket, whether it changed anything, and its amounts."""

    basket: Basket
    acted: bool
    wanted: int
    given: int
    parts: tuple[Part, ...]
    cut: bool
    cut_by: str


def take_off(
    effect: ir.DiscountDef,
    elements: Sequence[Element],
    times: int,
    rule: ir.OfferDef,
    cut: Cut,
    noted: EffectNoted,
    env: Env,
    batches: Sequence[Batch] = (),
) -> Effected:
    """Run `take` or `price ... at` on the elements of its grain, `times` over where it is for every set. What it takes
    off alike units of `batches` is laid out."""
    run = env.run
    assert run.basket is not None
    raises = rule.stage == "catalogue"
    formed = [_formed(effect, element, times, raises, place, noted, env) for place, element in enumerate(elements)]
    noted.elements = sum(each.element.times for each in formed)
    noted.exact = sum((each.exact * each.element.times for each in formed if not each.establishes), Fraction())
    noted.room = sum(each.element.room * each.element.times for each in formed)
    if not _enough(effect, noted.exact, env):
        formed = []
    formed = _clipped(formed, _high(effect, formed, env), noted, env)
    wanted = noted.wanted = _sum(formed)
    formed = _stepped(formed, effect.steps, noted, env)
    return _placed(effect, formed, wanted, rule, cut, noted, env, batches)


def _placed(
    effect: ir.DiscountDef,
    formed: Sequence[Formed],
    wanted: int,
    rule: ir.OfferDef,
    cut: Cut,
    noted: EffectNoted,
    env: Env,
    batches: Sequence[Batch],
) -> Effected:
    """From elements to units: room, spreading, limits, whole steps again."""
    basket = env.run.basket
    assert basket is not None
    spans: dict[int, list[Span]] = {}
    prices: dict[int, list[Span]] = {}
    short = False
    for each in formed:
        room, word = _room(effect, each.element, env)
        if each.amount > room:
            each.amount, short, noted.cut = room, True, word
        _spread(effect, each, spans, prices, bool(batches), env)
    if batches:
        spans = laid_out(batches, basket.lines, spans)
    amounts = {line: within(found, size_of(basket.lines[line])) for line, found in spans.items()}
    amounts, cut_by = cut(amounts)
    if cut_by:
        noted.cut, noted.cut_by = "limit", cut_by
    total = sum_of(amounts)
    if effect.steps is not None and (short or cut_by) and total > 0:
        amounts = reduced(amounts, total // effect.steps * effect.steps, env)
    noted.given = sum_of(amounts)
    after, acted = _changed(basket, amounts, prices, rule.key)
    parts = tuple(Part(line, runs) for line, runs in sorted(amounts.items()) if any(off for _, off in runs))
    return Effected(after, acted, wanted, noted.given, parts, short or bool(cut_by), cut_by)


# ---- the amount of an element ----


def _formed(
    effect: ir.DiscountDef, element: Element, times: int, raises: bool, place: int, noted: EffectNoted, env: Env
) -> Formed:
    """What an element is to have taken off. A price is never below 0; one above what the element costs counts where
    prices may be raised, or where the element has no price yet."""
    on = _at(element, effect.grain, env)
    with noting(env.run.trace, noted.others if place else noted.inner):
        value = number(effect.value, on)
        if effect.verb == "take":
            exact = max(Fraction(), value) * times
            return Formed(element, exact, round_fraction(max(Fraction(), value), effect.rounding) * times)
        low, high = amount(effect.low, on), amount(effect.high, on)
    target = max(Fraction(), clipped(value, low, high))
    whole = round_fraction(target, effect.rounding)
    whole = whole if low is None else max(whole, math.ceil(low))
    whole = whole if high is None else min(whole, math.floor(high))
    exact, off = element.now - target, element.now - max(0, whole)
    if off < 0 and not raises and all(piece.unit.list is not None for piece in element.pieces):
        return Formed(element, Fraction(), 0)
    return Formed(element, exact, off)


def _at(element: Element, grain: str, env: Env) -> Env:
    """A unit and a line of units stand on their line; sets and totals on none."""
    on = env.on(element.pieces[0].line) if grain in ("unit", "line") and element.pieces else env
    return msgspec.structs.replace(on, element=element)


def _enough(effect: ir.DiscountDef, exact: Fraction, env: Env) -> bool:
    with noting(env.run.trace, []):
        least = amount(effect.only_from, env)
    return least is None or exact >= least


def _high(effect: ir.DiscountDef, formed: Sequence[Formed], env: Env) -> int | None:
    """The most that a `take` takes in all; a base in it is that of all elements together."""
    if effect.verb != "take" or effect.high is None:
        return None
    everything = Element(tuple(msgspec.structs.replace(piece, count=piece.count * each.element.times, step=0)
                               for each in formed for piece in each.element.pieces))  # fmt: skip
    with noting(env.run.trace, []):
        high = amount(effect.high, msgspec.structs.replace(env, element=everything))
    return None if high is None else max(0, math.floor(high))


def _clipped(formed: list[Formed], high: int | None, noted: EffectNoted, env: Env) -> list[Formed]:
    if high is None or _sum(formed) <= high:
        return formed
    noted.cut = "up to"
    return _shared(formed, high, env)


def _stepped(formed: list[Formed], steps: int | None, noted: EffectNoted, env: Env) -> list[Formed]:
    total = _sum(formed)
    if steps is None or total <= 0 or total % steps == 0:
        return formed
    noted.cut = "steps"
    return _shared(formed, total // steps * steps, env)


def _sum(formed: Sequence[Formed]) -> int:
    return sum(each.amount * each.element.times for each in formed if not each.establishes)


def _shared(formed: Sequence[Formed], total: int, env: Env) -> list[Formed]:
    """Cut the sum of the elements: what is left is spread with their amounts as weights and caps; a raised price
    stays."""
    entries = [(each.element.times, max(0, each.amount), max(0, each.amount)) for each in formed]
    raised = sum(min(0, each.amount) * each.element.times for each in formed if not each.establishes)
    parts = spread_runs(total - raised, entries, _remainder(env))
    found = []
    rests = [each.element for each in formed]
    for count, part, place in zipped(parts, [(each.element.times, place) for place, each in enumerate(formed)]):
        first, rests[place] = rests[place].cut(count)
        found.append(Formed(first, formed[place].exact, min(formed[place].amount, part)))
    return found


def _room(effect: ir.DiscountDef, element: Element, env: Env) -> tuple[int, str]:
    """How much an element can have taken off, and what bounds it: its floors, or `never below`."""
    if effect.verb == "take" and effect.low is not None:
        with noting(env.run.trace, []):
            low = amount(effect.low, _at(element, effect.grain, env))
        if low is not None and element.now - low < element.room:
            return max(0, math.floor(element.now - low)), "never below"
    return element.room, "floor"


def _remainder(env: Env) -> Remainder:
    return env.run.world.core.header.remainder


# ---- from an element to its units ----


def _spread(
    effect: ir.DiscountDef,
    each: Formed,
    spans: dict[int, list[Span]],
    prices: dict[int, list[Span]],
    mixed: bool,
    env: Env,
) -> None:
    """Lines first, then the units of each line. What raises the price of an element with units that have none yet
    establishes theirs."""
    fresh = tuple(piece for piece in each.element.pieces if piece.unit.list is None)
    rest = tuple(piece for piece in each.element.pieces if piece.unit.list is not None)
    if effect.verb == "price" and fresh:
        raised = -min(0, each.amount)
        for piece, runs in _units(raised, fresh, "evenly", env, free=True):
            prices.setdefault(piece.line, []).extend(_repeated(piece, runs, each.element.times, keep=True))
        each = Formed(Element(rest, each.element.times), each.exact, max(0, each.amount))
    for piece, runs in _units(each.amount, each.element.pieces, effect.split, env):
        spans.setdefault(piece.line, []).extend(_repeated(piece, runs, each.element.times, mixed=mixed))


def _units(
    total: int, pieces: Sequence[Piece], split: str, env: Env, free: bool = False
) -> list[tuple[Piece, list[tuple[int, int]]]]:
    """An amount on units, none below its floor unless `free`: each piece with runs over its units."""
    places = env.run.places
    if total < 0 and not any(piece.unit.now > 0 for piece in pieces):
        split = "evenly"
    by_line: dict[int, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda piece: piece.start):
        by_line.setdefault(piece.line, []).append(piece)
    lines = list(by_line)
    weights = _line_weights(by_line, split, env)
    free = free or total < 0
    caps = None if free else [sum(each.count * each.unit.room for each in by_line[line]) for line in lines]
    shares = spread(total, weights, caps, [places[line].rank for line in lines], _remainder(env))
    found = []
    for line, share in zip(lines, shares, strict=True):
        runs = [(each.count, _weight(each.unit, split), None if free else each.unit.room) for each in by_line[line]]
        whole = spread_runs(share, runs, _remainder(env))
        found += list(zip(by_line[line], _sliced(whole, [each.count for each in by_line[line]]), strict=True))
    return found


def _line_weights(by_line: dict[int, list[Piece]], split: str, env: Env) -> list[int]:
    """What the units of each line weigh; with tax times their line's rate, scaled to whole numbers."""
    weights = {line: sum(each.count * _weight(each.unit, split) for each in own) for line, own in by_line.items()}
    if split != "in proportion with tax":
        return list(weights.values())
    header = env.run.world.core.header
    exact = [weight * factor(env.run.places[line], "with", header) for line, weight in weights.items()]
    scale = math.lcm(*(weight.denominator for weight in exact))
    return [int(weight * scale) for weight in exact]


def _weight(unit: Unit, split: str) -> int:
    return 1 if split == "evenly" else max(0, unit.now)


def _sliced(runs: Sequence[tuple[int, int]], sizes: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Runs cut into stretches of these sizes."""
    found: list[list[tuple[int, int]]] = [[] for _ in sizes]
    for count, item, place in zipped(runs, [(size, place) for place, size in enumerate(sizes)]):
        found[place].append((count, item))
    return found


def _repeated(
    piece: Piece, runs: Sequence[tuple[int, int]], times: int, keep: bool = False, mixed: bool = False
) -> list[Span]:
    """The same runs on the units of every equal element; nothing for nothing, unless it is kept. Where units are laid
    out afterwards, it is enough to say of how many."""
    if mixed:
        return [(piece.start, count * times, each) for count, each in runs if each]
    if times > 1 and len(runs) == 1 and piece.step == piece.count:
        times, runs = 1, [(piece.count * times, runs[0][1])]
    found = []
    for turn in range(times):
        start = piece.start + turn * piece.step
        for count, each in runs:
            if each or keep:
                found.append((start, count, each))
            start += count
    return found


# ---- amounts on units ----


def sum_of(amounts: Amounts) -> int:
    """What amounts come to."""
    return sum(count * each for runs in amounts.values() for count, each in runs)


def reduced(amounts: Amounts, total: int, env: Env) -> Amounts:
    """Discounts cut to a total: lines first, then units, with the amounts as weights and caps. What raises a price
    stays."""
    off = {line: sum(count * max(0, each) for count, each in runs) for line, runs in amounts.items()}
    raised = sum_of(amounts) - sum(off.values())
    if total - raised >= sum(off.values()):
        return amounts
    places, lines = env.run.places, list(amounts)
    keys = [places[line].rank for line in lines]
    shares = spread(
        max(0, total - raised), [off[line] for line in lines], [off[line] for line in lines], keys, _remainder(env)
    )
    found: Amounts = {}
    for line, share in zip(lines, shares, strict=True):
        runs = amounts[line]
        parts = spread_runs(share, [(count, max(0, each), max(0, each)) for count, each in runs], _remainder(env))
        found[line] = joined((count, each if each < 0 else part) for count, each, part in zipped(runs, parts))
    return found


def _changed(basket: Basket, amounts: Amounts, prices: dict[int, list[Span]], rule: str) -> tuple[Basket, bool]:
    """The basket with amounts taken off and prices established; whether that changed anything."""
    lines = list(basket.lines)
    acted = False
    for line, runs in amounts.items():
        if any(off for _, off in runs):
            lines[line] = joined((count, _less(unit, off, rule)) for count, unit, off in zipped(lines[line], runs))
            acted = True
    for line, spans in prices.items():
        lines[line] = _established(lines[line], spans, rule)
        acted = True
    return msgspec.structs.replace(basket, lines=tuple(lines)), acted


def _less(unit: Unit, off: int, rule: str) -> Unit:
    if not off:
        return unit
    return msgspec.structs.replace(unit, now=unit.now - off, changed=unit.changed | {rule})


def _established(runs: Runs, spans: Sequence[Span], rule: str) -> Runs:
    found: list[tuple[int, Unit]] = []
    marked = within([(start, count, place + 1) for place, (start, count, _) in enumerate(sorted(spans))], size_of(runs))
    prices = [price for _, _, price in sorted(spans)]
    for count, unit, place in zipped(runs, marked):
        if place:
            price = prices[place - 1]
            unit = msgspec.structs.replace(unit, list=price, now=price, changed=unit.changed | {rule})
        found.append((count, unit))
    return joined(found)
