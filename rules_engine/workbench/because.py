"""Why something came out otherwise than a test expects: the step, the condition or the limit that made it so.

In: an expectation that is not met, the difference, and the step as it was explained. Out: sentences, the nearest cause
first. They are made of the same notes as `rules explain`; the whole tree of the rule is shown below them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rules_engine import tree
from rules_engine.scoring import GiveTold, LimitTold, OfferTold, RuleTold, TakeTold, ValueTold
from rules_engine.workbench.after import After, Difference
from rules_engine.workbench.becoming import balance_because, line_because, tier_because, track_because
from rules_engine.workbench.wire import unit_named

MOST = 6
"""How many sentences are told at most: the tree below them has the rest."""


def because(expected: tree.Expectation | None, found: Difference, after: After) -> tuple[str, ...]:
    """Why, in sentences; `expected` is None where a step says `and nothing else`."""
    return tuple(dict.fromkeys(_reasons(expected, found, after)))[:MOST]


def _reasons(expected: tree.Expectation | None, found: Difference, after: After) -> Iterator[str]:
    if expected is None:
        yield "the step says `and nothing else`, and does not name it"
    told = after.host.told(found.rule) if after.back is None else None
    match expected:
        case tree.ExpectTier():
            yield from tier_because(expected.tier.text, after, told)
        case tree.ExpectBalance() if expected.person is None:
            yield from balance_because(expected, after)
        case tree.ExpectTrack() if expected.person is None:
            yield from track_because(expected.track.text, after, told)
        case tree.ExpectPrice() | tree.ExpectLine():
            yield from line_because(expected, told)
        case _:
            pass
    if not found.rule or told is None:
        return
    for rule in told.rules:
        if rule.rule == found.rule:
            yield from _rule(rule, found, after)
    for offer in told.offers:
        if offer.rule == found.rule:
            yield from _offer(offer, found)


# ---- rules ----


def _rule(rule: RuleTold, found: Difference, after: After) -> Iterator[str]:
    if rule.why:
        yield _not_applied(rule)
        yield from (_limit(each) for each in rule.limits if each.asked != each.passed)
        yield from (words for take in rule.takes for words in _took(take))
        return
    if found.expected in _NOTHING:
        yield _applied(rule.values)
    yield from _cuts(rule.limits, found)
    for give in rule.gives:
        yield from _formed(give, found, after)
    for take in rule.takes:
        yield from _took(take)


_NOTHING = ("not applied", "refused", "nothing")
"""What is expected of a rule that should have done nothing."""


def _not_applied(rule: RuleTold | OfferTold) -> str:
    """`the rule did not apply: `tier is Gold` does not hold: tier is Silver, and it must be Gold`."""
    if rule.why == "condition" and rule.values:
        return f"the rule did not apply: `when {rule.values[0].text}` does not hold: {rule.because}"
    return f"the rule did not apply, {rule.why}" + (f": {rule.because}" if rule.because else "")


def _applied(values: Sequence[ValueTold]) -> str:
    """Why a rule acted that should not have: what its condition was asked of."""
    if not values:
        return "the rule applied: it has no condition"
    read = [each for value in values for each in _leaves(value)]
    shown = ", ".join(f"{each.text} is {each.value}" for each in read if each.text and each.value)
    return f"the rule applied: `when {values[0].text}` holds" + (f": {shown}" if shown else "")


def _leaves(value: ValueTold) -> Iterator[ValueTold]:
    """The values that a condition came down to: the first ones below it that are no conditions."""
    if value.value in ("yes", "no") and value.inner:
        for each in value.inner:
            yield from _leaves(each)
    else:
        yield value


def _limit(limit: LimitTold) -> str:
    since = f" since {limit.since}" if limit.since else ""
    used = f"{limit.used} {'was' if limit.used == '1' else 'were'} used{since}, {limit.room} left"
    if limit.passed in ("0", "no") or limit.passed.startswith("0 "):
        return f"the limit `{limit.text}` left nothing of {limit.asked}: {used}"
    return f"the limit `{limit.text}` cut {limit.asked} to {limit.passed}: {used}"


def _cuts(limits: Sequence[LimitTold], found: Difference) -> Iterator[str]:
    """What limits took away; of one that took nothing, that it is not the reason."""
    for limit in limits:
        if limit.asked != limit.passed:
            met = "; without it this is what the test expects" if _same(limit.asked, found.expected) else ""
            yield _limit(limit) + met


def _same(amount: str, expected: str) -> bool:
    """Whether two amounts in words are the same, however their thousands and decimals are written."""
    one, other = amount.replace("_", "").split(" "), expected.replace("_", "").split(" ")
    try:
        return one[1:] == other[1:] and Fraction(one[0]) == Fraction(other[0])
    except (ValueError, IndexError):
        return amount == expected


def _formed(give: GiveTold, found: Difference, after: After) -> Iterator[str]:
    """How an amount came about: what bounds, steps and rounding made of it, and of what it was worked out."""
    if not give.exact or _same(give.given, found.expected):
        return
    if give.exact != give.wanted:
        yield _bounded(give, after) + _met(give.exact, found)
    yield from _worked_out(give.text, give.exact, give.values)


def _met(amount: str, found: Difference) -> str:
    return "; before it, this is what the test expects" if _same(amount, found.expected) else ""


def _bounded(give: GiveTold, after: After) -> str:
    """What stands between the exact amount and what was wanted: rounding by less than one, else the words behind it."""
    unit = unit_named(give.unit, after.core)
    near = unit is not None and abs(_number(give.exact) - _number(give.wanted)) < Fraction(1, 10**unit.decimals)
    if near and give.rounded:
        return f"{give.exact} were rounded {give.rounded} to {give.wanted}"
    return f"the bounds and steps of `{give.text}` made {give.exact} {give.wanted}"


def _number(amount: str) -> Fraction:
    """The number at the head of an amount in words."""
    try:
        return Fraction(amount.split(" ")[0].replace("_", "").replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _worked_out(text: str, amount: str, values: Sequence[ValueTold]) -> Iterator[str]:
    """`give 10 points per 1 GBP of net` is 250 points: net is 25.00 GBP; line 2 is left out: kind is cake, ..."""
    own = [each for each in values if each.line is None]
    lines = [each for each in values if each.line is not None] or [
        each for value in own for each in value.inner if each.line is not None
    ]
    read = own or [each for each in lines if each.text != "left out"]
    read = [each for each in read if each.value and each.text]
    several = len({each.line for each in lines}) > 1
    shown = ", ".join(
        (f"line {each.line}: " if each.line is not None and several else "") + f"{each.text} is {each.value}"
        for each in read
    )
    if shown:
        yield f"`{text}` comes to {amount}: {shown}"
    yield from (f"line {each.line} is left out: {each.value}" for each in lines if each.text == "left out")


def _took(take: TakeTold) -> Iterator[str]:
    """What came between what a rule asked for and what it took."""
    if take.cuts:
        cuts = " and ".join(_BETWEEN.get(each, f"`{each}`") for each in take.cuts)
        yield f"{take.wanted} {_ASKED.get(take.kind, 'were asked for')}, and {cuts} left {take.taken}"


_ASKED = {"accept": "were offered"}
_BETWEEN = {
    "balance": "the balance",
    "steps": "whole steps",
    "room": "what is to pay",
    "limit": "a limit",
}


# ---- offers ----


def _offer(offer: OfferTold, found: Difference) -> Iterator[str]:
    if offer.why:
        yield _not_applied(offer)
        yield from (_limit(each) for each in offer.limits if each.asked != each.passed)
        return
    if found.expected in _NOTHING:
        yield _applied(offer.values)
    yield from _cuts(offer.limits, found)
    for effect in offer.effects:
        if effect.given != effect.wanted and effect.cut and effect.cut != "limit":
            yield f"{effect.wanted} were wanted, and `{effect.cut_by or effect.cut}` left {effect.given}"
        elif effect.exact and effect.exact != effect.wanted:
            by = effect.cut or f"rounding {effect.rounded}"
            yield f"{by} made {effect.exact} {effect.wanted}" + _met(effect.exact, found)
        yield from _worked_out(effect.text, effect.exact, effect.values)
