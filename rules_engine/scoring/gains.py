"""What one outcome gives that another does not, in words: what a rule gave, and what else is otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine.outcome import Outcome
from rules_engine.scoring.measures import Measures


class Gains(msgspec.Struct, frozen=True):
    """The outcome of an event before and after it was changed."""

    measures: Measures
    before: Outcome
    after: Outcome

    def of_rule(self, key: str) -> tuple[str, ...]:
        """What a rule, an offer or a match gave after the change."""
        found = self.after
        units: dict[str, int] = {}
        for award in found.awards:
            if award.rule == key and award.given:
                units[award.unit] = units.get(award.unit, 0) + award.given
        off = sum(each.given for each in found.discounts if each.rule == key)
        said = [self.measures.amount(amount, unit) for unit, amount in units.items()]
        said += [self._off(off)] if off else []
        said += [f"{each.count} {each.sku} free" for each in found.gifts if each.rule == key]
        said += [f"{each.label}: {self._money(each.amount)} to pay" for each in found.charges if each.rule == key]
        said += [
            f"{self.measures.amount(each.taken, each.unit)} taken"
            for each in found.taken
            if each.rule == key and each.taken and each.how != "presented"
        ]
        said += [each.after for each in found.tiers if each.reason == key]
        return tuple(said or (each.text for each in found.said if each.rule == key))

    def of_tier(self, tier: str) -> tuple[str, ...]:
        """The tier, and the one above it where that was reached at once."""
        after = [each.after for each in self.after.tiers[-1:]]
        return tuple(after or [tier])

    def besides(self, key: str, gives: tuple[str, ...]) -> tuple[str, ...]:
        """What is otherwise beside what the rule gave: units, discounts, gifts, tiers."""
        return tuple(each for each in self._besides(key) if each not in gives)

    def _besides(self, key: str) -> Iterator[str]:
        units: dict[str, int] = {}
        for outcome, sign in ((self.before, -1), (self.after, 1)):
            for award in outcome.awards:
                if award.rule != key:
                    units[award.unit] = units.get(award.unit, 0) + sign * award.given
        for unit, amount in units.items():
            if amount:
                yield f"{self.measures.amount(abs(amount), unit)} {'more' if amount > 0 else 'less'}"
        off = _others_off(self.after, key) - _others_off(self.before, key)
        if off:
            yield f"{self._money(abs(off))} {'more' if off > 0 else 'less'} off"
        known = {(each.rule, each.sku) for each in self.before.gifts}
        yield from (
            f"{x.count} {x.sku} free" for x in self.after.gifts if x.rule != key and (x.rule, x.sku) not in known
        )
        tiers = {each.after for each in self.before.tiers}
        yield from (each.after for each in self.after.tiers if each.after not in tiers)

    def _off(self, amount: int) -> str:
        return f"{self._money(amount)} off" if amount > 0 else f"{self._money(-amount)} on top"

    def _money(self, amount: int) -> str:
        return self.measures.show(amount, self.measures.money(self.measures.currency))


def _others_off(outcome: Outcome, key: str) -> int:
    return sum(each.given for each in outcome.discounts if each.rule != key)
