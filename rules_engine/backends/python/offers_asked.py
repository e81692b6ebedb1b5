"""What is known of the rules of offers before a line of them is emitted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.quoting import const
from rules_engine.calendar import format_date, local_day


class Rule(msgspec.Struct):
    """A rule under way: its number among the offers of the event."""

    offer: ir.OfferDef
    number: int

    def name(self, word: str) -> str:
        """A local name of this rule."""
        return f"{word}{self.number}"


OF_MEMBERS = (ir.MemberField, ir.TrackRead, ir.BalanceRead, ir.TierRead, ir.Across)
"""What reads something of a member."""


def picks_later(offer: ir.OfferDef) -> bool:
    """Whether an effect picks units after another may have moved what they cost."""
    return any(isinstance(effect, ir.DiscountDef) and effect.select.pick is not None for effect in offer.effects[1:])


def parts_of_dates(dates: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """The conditions that a rule's dates are made of."""
    if dates is None:
        return ()
    return dates.parts if isinstance(dates, ir.All) else (dates,)


def refusing(offers: Sequence[ir.OfferDef]) -> dict[str, tuple[str, ...]]:
    """By rule, the rules that it does not go together with on the same basket."""
    return {
        offer.key: others
        for offer in offers
        if (others := tuple(other.key for other in offers if other is not offer and _denied(offer, other)))
    }


def _denied(one: ir.OfferDef, two: ir.OfferDef) -> bool:
    return any(
        this.consent is not None and this.consent.rules is not None and that.key not in this.consent.rules
        for this, that in ((one, two), (two, one))
    )


def outside(part: ir.Expr, function: Function) -> str:
    """Why a code comes to nothing where a part of its rule's dates fails."""
    if not isinstance(part, ir.Cmp) or not isinstance(part.right, ir.Num):
        return "conditions not met"
    last = part.right.num - 1 if part.op == "<" else part.right.num
    moment = isinstance(part.left, ir.Now)
    if isinstance(part.left, ir.Field):
        moment = function.fields[part.left.name].kind == "instant"
    if moment:
        last = local_day(last, function.module.program.header.zone or "UTC")
    return f"{'not before' if part.op in ('>=', '>') else 'ended on'} {format_date(last)}"


def held_tests(offer: ir.OfferDef, function: Function) -> list[str]:
    """Conditions under which a member is held out of a rule."""
    tests = []
    for holdout in function.module.program.holdouts:
        if offer.key in holdout.rules:
            if holdout.share is not None:
                tests.append(f"hashed({const(holdout.salt)}, member) < {holdout.share}")
            if holdout.where is not None:
                tests.append(f"({expressions.truth(holdout.where, function)})")
    return tests


def texts_of(rule: Rule, module: Module) -> str:
    """The set of codes that set a rule off."""
    assert rule.offer.code is not None
    texts = rule.offer.code.texts
    return module.share("codes", texts, "", lambda: frozenset(texts))


def codes_of(asked: Sequence[Rule], function: Function) -> str:
    """An expression for what became of each presented code."""
    field, module = function.field(function.event.codes_field).code, function.module
    every = {text for offer in module.program.offers if offer.code is not None for text in offer.code.texts}
    elsewhere = module.share("codes", "elsewhere", "", lambda: frozenset(every))
    rows = []
    for rule in asked:
        if rule.offer.code is not None:
            name, title = const(rule.offer.key), const(rule.offer.title)
            rows.append(f"({name}, {title}, {texts_of(rule, module)}, {rule.name('why')}, {rule.name('code')})")
    return f"code_uses(presented, ({', '.join(rows)}{',' if rows else ''}), {elsewhere}) if {field} else ()"
