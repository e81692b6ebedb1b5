"""Expectations of a step against what came out.

In: an expectation and the member after the step. Out: nothing where it is met, else a `Difference` that names the
thing, what was expected and what is, in the words of the rule file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from rules_engine import ir, tree
from rules_engine.calendar import format_date
from rules_engine.outcome import Award
from rules_engine.state import Change, LotLapsed, MatchMoved
from rules_engine.workbench.after import After, Difference, grouped, written
from rules_engine.workbench.given import scaled
from rules_engine.workbench.prices import (
    code_difference,
    gift_difference,
    line_difference,
    offer_difference,
    other_money,
    price_difference,
)
from rules_engine.workbench.wire import unit_named

Rule = ir.RuleDef | ir.MatchDef | ir.OfferDef


def difference(expected: tree.Expectation, after: After) -> Difference | None:
    """How an expectation is not met, or None."""
    match expected:
        case tree.ExpectRule():
            return _rule(expected, after)
        case tree.ExpectPrice():
            return price_difference(expected, after)
        case tree.ExpectLine():
            return line_difference(expected, after)
        case tree.ExpectGift():
            return gift_difference(expected, after)
        case tree.ExpectCode():
            return code_difference(expected, after)
        case tree.ExpectTier():
            return _tier(expected, after)
        case tree.ExpectBalance():
            return _balance(expected, after)
        case tree.ExpectTrack():
            return _track(expected, after)
        case tree.ExpectRefused():
            return Difference("the event", "refused", "taken")
        case _:
            assert_never(expected)


def rule_of(named: tree.Name | tree.Text, core: ir.Program) -> Rule | None:
    """A rule, an offer or a match by its `as` name or its title."""
    word = named.text if isinstance(named, tree.Name) else named.value
    rules: tuple[Rule, ...] = (*core.rules, *core.matches, *core.offers)
    by_key = next((rule for rule in rules if rule.key == word), None)
    return by_key or next((rule for rule in rules if rule.title == word), None)


def _unknown(word: str, what: str) -> Difference:
    return Difference(word, what, "", code="X516")


# ---- rules ----


def _rule(expected: tree.ExpectRule, after: After) -> Difference | None:
    rule = rule_of(expected.rule, after.engine.core)
    if rule is None:
        named = expected.rule
        return _unknown(named.text if isinstance(named, tree.Name) else named.value, "rule")
    if isinstance(rule, ir.MatchDef):
        return _match(expected, rule, after)
    if isinstance(rule, ir.OfferDef):
        return offer_difference(expected, rule, after)
    awards = [award for award in after.awards if award.rule == rule.key]
    actual = _said(awards, after.engine.core)
    what = f'"{rule.title}"'
    if expected.status is not None:
        return None if _has(expected.status, awards) else Difference(what, expected.status, actual, rule.key)
    assert expected.value is not None
    units = _units_meant(expected.value, rule, after.engine.core)
    for unit in units:
        wanted = scaled(expected.value, unit.name, after.engine.core)
        given = sum(award.given for award in awards if award.unit == unit.name)
        if wanted is not None:
            words = amount_words(wanted, unit)
            return None if wanted == given else Difference(what, words, actual, rule.key)
    return Difference(what, written(expected.value), actual, rule.key)


def _has(status: str, awards: Sequence[Award]) -> bool:
    """Whether a rule's awards are as a word says."""
    match status:
        case "held out":
            return any(award.held_out for award in awards)
        case "refused":
            return any(award.cut_by for award in awards) and not any(award.given for award in awards)
        case _:
            return not any(award.given or award.held_out for award in awards)


def _units_meant(value: tree.Node, rule: ir.RuleDef, core: ir.Program) -> list[ir.UnitDef]:
    """The unit that an expectation is in: the one written, or for money and bare numbers one that the rule gives."""
    inner = value.value if isinstance(value, tree.Negate) else value
    if isinstance(inner, tree.QuantityLit):
        named = unit_named(inner.unit.text, core)
        return [named] if named is not None else []
    given = dict.fromkeys(give.unit for give in rule.gives)
    units = [unit for unit in core.units if unit.name in given]
    if isinstance(inner, tree.MoneyLit):
        return [unit for unit in units if unit.currency == inner.currency]
    return units


def _said(awards: Sequence[Award], core: ir.Program) -> str:
    """What a rule gave, in words."""
    if any(award.held_out for award in awards):
        return "held out"
    sums: dict[str, int] = {}
    for award in awards:
        sums[award.unit] = sums.get(award.unit, 0) + award.given
    words = [_amount(amount, name, core) for name, amount in sums.items() if amount]
    if words:
        return " and ".join(words)
    return "refused (nothing left under its limits)" if any(award.cut_by for award in awards) else "not applied"


def _amount(amount: int, name: str, core: ir.Program) -> str:
    unit = unit_named(name, core)
    return f"{amount} {name}" if unit is None else amount_words(amount, unit)


def amount_words(amount: int, unit: ir.UnitDef) -> str:
    """A scaled amount as a rule file writes it.

    >>> amount_words(320_050, ir.UnitDef("point", "points", 2, "", "down", ()))
    '3_200.50 points'
    """
    word = unit.name if amount == 10**unit.decimals or not unit.plural else unit.plural
    return f"{grouped(amount, unit.decimals)} {word}"


def _match(expected: tree.ExpectRule, rule: ir.MatchDef, after: After) -> Difference | None:
    begun = [c.after for c in after.changes if isinstance(c, MatchMoved) and c.match == rule.key and c.before is None]
    actual = begun[-1].tier if begun else "not applied"
    if expected.status is None:
        assert expected.value is not None
        wanted = written(expected.value)
        met = actual == wanted
    else:
        wanted, met = str(expected.status), not begun
    return None if met else Difference(f'"{rule.title}"', wanted, actual, rule.key)


# ---- the member ----


def _tier(expected: tree.ExpectTier, after: After) -> Difference | None:
    tiers = after.engine.core.tiers
    wanted = expected.tier.text
    if tiers is None or wanted not in [rung.name for rung in tiers.rungs]:
        return _unknown(wanted, "tier")
    actual = after.engine.held(after.facts, after.state, after.day)
    return None if actual == wanted else Difference("the tier", wanted, actual)


def _balance(expected: tree.ExpectBalance, after: After) -> Difference | None:
    core = after.engine.core
    unit = unit_named(expected.unit.text, core)
    if unit is None:
        return _unknown(expected.unit.text, "unit")
    wanted = scaled(expected.value, unit.name, core)
    actual = after.engine.readings(after.facts, after.state, after.day).balance(unit.name)
    if wanted == actual:
        return None
    words = written(expected.value) if wanted is None else amount_words(wanted, unit)
    found = amount_words(actual, unit) + "".join(_lapses(unit, after.changes))
    return Difference(f"the balance of {unit.plural or unit.name}", words, found)


def _lapses(unit: ir.UnitDef, changes: tuple[Change, ...]) -> Iterator[str]:
    """What of a unit reached its end in a step."""
    for change in changes:
        if isinstance(change, LotLapsed) and change.lot.unit == unit.name:
            yield f" ({amount_words(change.lot.left, unit)} {change.lot.source} lapsed after {format_date(change.day)})"


def _track(expected: tree.ExpectTrack, after: After) -> Difference | None:
    core = after.engine.core
    track = next((track for track in core.tracks if track.name == expected.track.text), None)
    if track is None:
        return _unknown(expected.track.text, "track")
    wanted = scaled(expected.value, track.unit, core)
    actual = after.engine.readings(after.facts, after.state, after.day, after.event).track(track)
    if wanted == actual:
        return None
    unit = unit_named(track.unit, core)
    words = (
        amount_words(actual, unit) if unit is not None else f"{grouped(actual, track.decimals)} {track.unit}".strip()
    )
    return Difference(f"the track `{track.name}`", written(expected.value), words)


# ---- and nothing else ----


def something_else(step: tree.Step, after: After) -> Iterator[Difference]:
    """Awards, discounts, charges, gifts and tier changes that the step does not name."""
    core = after.engine.core
    named = {
        rule.key for each in step.expect if isinstance(each, tree.ExpectRule) and (rule := rule_of(each.rule, core))
    }
    titles = {rule.key: rule.title for rule in core.rules}
    for award in after.awards:
        if award.rule not in named and (award.given or award.held_out):
            actual = "held out" if award.held_out else _amount(award.given, award.unit, core)
            yield Difference(f'"{titles.get(award.rule, award.rule)}"', "nothing", actual, award.rule)
    yield from other_money(step, named, after)
    if not any(isinstance(each, tree.ExpectTier) for each in step.expect):
        matched = {match.key for match in core.matches} & named
        for change in after.tiers:
            if change.reason not in matched:
                yield Difference("the tier", f"still {change.before}", change.after)
