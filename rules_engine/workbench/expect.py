"""Expectations of a step against what came out.

In: an expectation and the member after the step. Out: nothing where it is met, else a `Difference` that names the
thing, what was expected and what is, in the words of the rule file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import msgspec

from rules_engine import ir, tree
from rules_engine.calendar import format_date
from rules_engine.outcome import Award, Payment, Taken
from rules_engine.state import Change, LotLapsed, MatchMoved
from rules_engine.workbench.after import After, Difference, grouped, written
from rules_engine.workbench.owned import key_word, track_value
from rules_engine.workbench.prices import (
    code_difference,
    gift_difference,
    line_difference,
    money_meant,
    money_words,
    offer_difference,
    other_money,
    price_difference,
)
from rules_engine.workbench.wire import rule_named, scaled, unit_named


def difference(expected: tree.Expectation, after: After) -> Difference | None:
    """How an expectation is not met, or None."""
    match expected:
        case tree.ExpectRule():
            return _rule(expected, after)
        case tree.ExpectTakes():
            return _takes(expected, after)
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


def _unknown(word: str, what: str) -> Difference:
    return Difference(word, what, "", code="X516")


# ---- rules ----


class Did(msgspec.Struct, frozen=True):
    """What one rule did in a step; `spoke` where it only says or carries something, and did."""

    awards: list[Award]
    taken: list[Taken]
    payments: list[Payment]
    spoke: bool = False

    @property
    def held_out(self) -> bool:
        """Whether the member was kept out of it."""
        return any(a.held_out for a in self.awards) or any(t.held_out for t in self.taken)

    @property
    def acted(self) -> bool:
        """Whether it gave, took or paid something, or did the only thing that it does."""
        return self.spoke or any(a.given for a in self.awards) or any(t.taken for t in self.taken)

    @property
    def cut(self) -> bool:
        """Whether a limit cut it."""
        return any(a.cut_by for a in self.awards) or any(t.cut_by for t in self.taken)


def did(key: str, after: After) -> Did:
    """What a rule did."""
    return Did(
        [each for each in after.awards if each.rule == key],
        [each for each in after.taken if each.rule == key],
        [each for each in after.payments if each.rule == key],
        _spoke(key, after),
    )


def _spoke(key: str, after: After) -> bool:
    """Whether a rule that gives and takes nothing said something, or carried something into a track."""
    rule = next((each for each in after.core.rules if each.key == key), None)
    if rule is None or rule.thing is not None or not all(isinstance(each, ir.CarryDef) for each in rule.effects):
        return False
    if not rule.effects:
        return any(each.rule == key for outcome in after.outcomes for each in outcome.said)
    found = after.host.told(key) if after.outcomes else None
    return found is not None and any(each.rule == key and each.applied for each in found.rules)


def _rule(expected: tree.ExpectRule, after: After) -> Difference | None:
    rule = rule_named(expected.rule, after.core)
    if rule is None:
        return _unknown_rule(expected.rule)
    if isinstance(rule, ir.MatchDef):
        return _match(expected, rule, after)
    if isinstance(rule, ir.OfferDef):
        return offer_difference(expected, rule, after)
    mine = did(rule.key, after)
    what, actual = f'"{rule.title}"', _said(mine, after)
    if expected.status is not None:
        return None if _has(expected.status, mine) else Difference(what, expected.status, actual, rule.key)
    assert expected.value is not None
    if any(isinstance(effect, ir.AcceptDef) for effect in rule.effects):
        wanted = money_meant(expected.value, after)
        if wanted is not None:
            met = wanted == sum(each.value for each in mine.payments)
            return None if met else Difference(what, written(expected.value), actual, rule.key)
    units = _units_meant(expected.value, rule, after.core)
    for unit in units:
        wanted = scaled(expected.value, unit.name, after.core)
        given = sum(award.given for award in mine.awards if award.unit == unit.name)
        if wanted is not None:
            words = amount_words(wanted, unit)
            return None if wanted == given else Difference(what, words, actual, rule.key)
    return Difference(what, written(expected.value), actual, rule.key)


def _unknown_rule(named: tree.Name | tree.Text) -> Difference:
    return _unknown(named.text if isinstance(named, tree.Name) else named.value, "rule")


def _takes(expected: tree.ExpectTakes, after: After) -> Difference | None:
    """How what a rule took differs from what a test expects; of a bare number, in the unit that it takes."""
    rule = rule_named(expected.rule, after.core)
    if rule is None:
        return _unknown_rule(expected.rule)
    units = [] if isinstance(rule, ir.MatchDef) else [unit for unit in after.core.units if unit.name in _taking(rule)]
    taken = did(rule.key, after).taken
    for unit in units:
        wanted = scaled(expected.value, unit.name, after.core)
        if wanted is not None and wanted == sum(each.taken for each in taken if each.unit == unit.name):
            return None
        if wanted is not None:
            actual = _sums([(each.unit, each.taken) for each in taken], after.core) or "nothing"
            return Difference(f'what "{rule.title}" takes', amount_words(wanted, unit), actual, rule.key)
    return Difference(f'what "{rule.title}" takes', written(expected.value), "of another unit", rule.key)


def _taking(rule: ir.RuleDef | ir.OfferDef) -> set[str]:
    """The units that a rule takes."""
    found = {rule.thing.unit} if rule.thing is not None else set()
    if isinstance(rule, ir.RuleDef):
        found |= {e.unit for e in rule.effects if isinstance(e, ir.AcceptDef | ir.DeductDef | ir.TurnDef)}
    return found


def _has(status: str, mine: Did) -> bool:
    """Whether what a rule did is as a word says."""
    match status:
        case "held out":
            return mine.held_out
        case "refused":
            return mine.cut and not mine.acted
        case "applied":
            return mine.acted
        case _:
            return not mine.acted and not mine.held_out


def _units_meant(value: tree.Node, rule: ir.RuleDef, core: ir.Program) -> list[ir.UnitDef]:
    """The unit that an expectation is in: the one written, or for money and bare numbers one that the rule gives."""
    inner = value.value if isinstance(value, tree.Negate) else value
    if isinstance(inner, tree.QuantityLit):
        named = unit_named(inner.unit.text, core)
        return [named] if named is not None else []
    given = dict.fromkeys(unit for effect in rule.effects for unit in _gives(effect))
    units = [unit for unit in core.units if unit.name in given]
    if isinstance(inner, tree.MoneyLit):
        return [unit for unit in units if unit.currency == inner.currency]
    return units


def _gives(effect: ir.ActDef) -> tuple[str, ...]:
    """The units that an effect gives."""
    match effect:
        case ir.TurnDef(into=into, more=more):
            return tuple(unit for give in (into, *more) for unit in _gives(give))
        case ir.GiveDef(unit=unit, split=rows):
            return (unit, *(row.unit for row in rows))
        case _:
            return ()


def _said(mine: Did, after: After) -> str:
    """What a rule did, in words."""
    if mine.held_out:
        return "held out"
    words = [money_words(sum(each.value for each in mine.payments), after)] if mine.payments else []
    words += [_sums([(each.unit, each.given) for each in mine.awards], after.core)]
    taken = _sums([(each.unit, each.taken) for each in mine.taken], after.core)
    words += [f"takes {taken}"] if taken else []
    if any(words):
        return " and ".join(filter(None, words))
    if mine.spoke:
        return "applied"
    return "refused (nothing left under its limits)" if mine.cut else "not applied"


def _sums(amounts: list[tuple[str, int]], core: ir.Program) -> str:
    """Amounts by unit, in words; empty where there are none."""
    sums: dict[str, int] = {}
    for unit, amount in amounts:
        sums[unit] = sums.get(unit, 0) + amount
    return " and ".join(_amount(amount, name, core) for name, amount in sums.items() if amount)


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
        wanted, met = str(expected.status), bool(begun) == (expected.status == "applied")
    return None if met else Difference(f'"{rule.title}"', wanted, actual, rule.key)


# ---- the member ----


def _tier(expected: tree.ExpectTier, after: After) -> Difference | None:
    tiers = after.core.tiers
    wanted = expected.tier.text
    if tiers is None or wanted not in [rung.name for rung in tiers.rungs]:
        return _unknown(wanted, "tier")
    actual = tiers.rungs[after.host.readings(after.who, after.day).held()].name
    return None if actual == wanted else Difference("the tier", wanted, actual)


def _balance(expected: tree.ExpectBalance, after: After) -> Difference | None:
    core = after.core
    unit = unit_named(expected.unit.text, core)
    if unit is None:
        return _unknown(expected.unit.text, "unit")
    who = after.who if expected.person is None else expected.person.value
    wanted = scaled(expected.value, unit.name, core)
    actual = after.host.readings(who, after.day).balance(unit.name, expected.pending)
    if wanted == actual:
        return None
    words = written(expected.value) if wanted is None else amount_words(wanted, unit)
    changes = after.changes if expected.person is None else ()
    found = amount_words(actual, unit) + "".join(_lapses(unit, changes))
    whose = "" if expected.person is None else f' of "{who}"'
    return Difference(f"the balance of {unit.plural or unit.name}{whose}", words, found)


def _lapses(unit: ir.UnitDef, changes: tuple[Change, ...]) -> Iterator[str]:
    """What of a unit reached its end in a step."""
    for change in changes:
        if isinstance(change, LotLapsed) and change.lot.unit == unit.name:
            yield f" ({amount_words(change.lot.left, unit)} {change.lot.source} lapsed after {format_date(change.day)})"


def _track(expected: tree.ExpectTrack, after: After) -> Difference | None:
    core = after.core
    track = next((track for track in core.tracks if track.name == expected.track.text), None)
    if track is None:
        return _unknown(expected.track.text, "track")
    who = after.who if expected.person is None else expected.person.value
    wanted = None if expected.value is None else track_value(expected.value, track, core)
    readings = after.host.readings(who, after.day, after.event if expected.person is None else None)
    what = f"the track `{track.name}`" + ("" if expected.person is None else f' of "{who}"')
    if expected.key is None:
        actual = readings.track(track)
    else:
        word = key_word(expected.key, track, core)
        what += f" of {written(expected.key)}"
        actual = None if word is None else readings.keyed(track).get(word, 0)
    if wanted == actual and (expected.value is None) == (actual is None):
        return None
    words = "absent" if expected.value is None else written(expected.value)
    return Difference(what, words, "absent" if actual is None else _shown(track, actual, core))


def _shown(track: ir.TrackDef, value: int, core: ir.Program) -> str:
    """A track's number, or its day, as a rule file writes it."""
    if track.kind in ("first day", "last day"):
        return format_date(value)
    unit = unit_named(track.unit, core)
    return amount_words(value, unit) if unit is not None else f"{grouped(value, track.decimals)} {track.unit}".strip()


# ---- and nothing else ----


def something_else(step: tree.Step, after: After) -> Iterator[Difference]:
    """What rules gave, took and paid, discounts, charges, gifts and tier changes that the step does not name."""
    core = after.core
    expected = [each for each in step.expect if isinstance(each, tree.ExpectRule | tree.ExpectTakes)]
    named = {rule.key for each in expected if (rule := rule_named(each.rule, core))}
    for rule in core.rules:
        mine = did(rule.key, after)
        if rule.key not in named and not mine.spoke and (mine.acted or mine.held_out):
            yield Difference(f'"{rule.title}"', "nothing", _said(mine, after), rule.key)
    yield from other_money(step, named, after)
    if not any(isinstance(each, tree.ExpectTier) for each in step.expect):
        matched = {match.key for match in core.matches} & named
        for change in after.tiers:
            if change.reason not in matched:
                yield Difference("the tier", f"still {change.before}", change.after)
