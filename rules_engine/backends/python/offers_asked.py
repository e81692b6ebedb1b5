"""What is known of the rules of offers before a line of them is emitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.quoting import Local, const
from rules_engine.calendar import format_date, local_day
from rules_engine.spelling import normal_code


class Rule(msgspec.Struct):
    """A rule under way: its number among the offers of the event."""

    offer: ir.OfferDef
    number: int
    uses: str = ""
    """Where what became of its codes is noted, if it is found and not asked."""

    def name(self, word: str) -> str:
        """A local name of this rule."""
        return f"{word}{self.number}"


def by_code(offer: ir.OfferDef) -> bool:
    """Whether a limit counts each code apart."""
    return any(isinstance(key, ir.CodeRead) for limit in offer.limits for key in limit.keys)


def is_listed(offer: ir.OfferDef) -> bool:
    """Whether the codes that set a rule off are looked up before rules are asked: there are many, they come from
    elsewhere, or one of them is chosen."""
    code = offer.code
    if code is not None and isinstance(code.texts, Local):
        return False
    return code is not None and bool(code.column or code.fact is not None or len(code.texts) > FEW or by_code(offer))


FEW = 4

OF_MEMBERS = (ir.MemberField, ir.PersonField, ir.TrackRead, ir.BalanceRead, ir.TierRead, ir.Across, ir.UsedRead)
"""What reads something of a member."""


def picks_later(offer: ir.OfferDef) -> bool:
    """Whether an effect picks units after another may have moved what they cost."""
    return any(isinstance(effect, ir.DiscountDef) and effect.select.pick is not None for effect in offer.effects[1:])


def parts_of_dates(dates: ir.Expr | None) -> tuple[ir.Expr, ...]:
    """The conditions that a rule's dates are made of."""
    if dates is None:
        return ()
    return dates.parts if isinstance(dates, ir.All) else (dates,)


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


def held_tests(key: str, function: Function) -> list[str]:
    """Conditions under which a member is held out of a rule, by its key."""
    tests = []
    key = function.alias.get(key, key)
    for holdout in function.module.program.holdouts:
        if key in holdout.rules:
            if holdout.share is not None:
                tests.append(f"hashed({const(holdout.salt)}, member) < {holdout.share}")
            if holdout.where is not None:
                tests.append(f"({expressions.truth(holdout.where, function)})")
    return tests


def texts_of(rule: Rule, module: Module) -> str:
    """The set of codes that set a rule off."""
    assert rule.offer.code is not None
    texts: Any = rule.offer.code.texts
    if isinstance(texts, Local):
        return str(texts)
    return module.share("codes", texts, "", lambda: frozenset(texts))


def column_of(column: str, module: Module) -> str:
    """The set of the codes of an imported column, in normal spelling."""
    found = module.imports[column]
    return module.share("column_codes", column, column, lambda: frozenset(map(normal_code, found.values)))


def listed_codes(rule: Rule, function: Function, guest: bool) -> str:
    """An expression for the presented codes that set a rule off; a guest has none of their own."""
    code, module = rule.offer.code, function.module
    assert code is not None
    tests = [f"code in {texts_of(rule, module)}"] if code.texts else []
    tests += [f"code in {column_of(code.column, module)}"] if code.column else []
    if code.fact is not None and not guest:
        tests.append(f"code in own_codes({expressions.plain(code.fact, function)})")
    return f"[code for code in presented if {' or '.join(tests)}]" if tests else "()"


def code_row(rule: Rule, module: Module) -> str:
    """An expression for what became of the codes of one rule."""
    mine = rule.name("mine") if is_listed(rule.offer) else texts_of(rule, module)
    return f"({const(rule.offer.key)}, {const(rule.offer.title)}, {mine}, {rule.name('why')}, {rule.name('code')})"


def codes_of(asked: Sequence[Rule], turns: dict[str, tuple[str, int]], function: Function, guest: bool) -> str:
    """An expression for what became of each presented code; `turns` name the rules whose order is known only then."""
    field, module = function.field(function.event.codes_field).code, function.module
    codes = [offer.code for offer in module.program.offers if offer.code is not None]
    every = {text for code in codes for text in code.texts}
    known = [module.share("codes", "elsewhere", "", lambda: frozenset(every))]
    known += [column_of(column, module) for column in sorted({code.column for code in codes if code.column})]
    if not guest:
        facts = dict.fromkeys(code.fact for code in codes if code.fact is not None)
        known += [f"own_codes({expressions.plain(fact, function)})" for fact in facts]
    elsewhere = f"({', '.join(known)},)"
    rows: list[str] = []
    turning, start, left = "", 0, 0
    for rule in asked:
        if rule.offer.code is not None:
            if rule.uses:
                if f"*{rule.uses}" not in rows:
                    rows.append(f"*{rule.uses}")
                continue
            rows.append(code_row(rule, module))
            if rule.offer.key in turns:
                turning, left = turns[rule.offer.key]
                start = len(rows) - 1
            if left:
                left -= 1
                if not left:
                    some = ", ".join(rows[start:])
                    rows[start:] = [f"*[({some},)[turn] for turn in {turning}]"]
    return f"code_uses({field}, presented, ({', '.join(rows)}{',' if rows else ''}), {elsewhere}) if {field} else ()"
