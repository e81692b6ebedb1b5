"""What becomes of what rules gave: awards, their lots, and whose they are.

A lot comes in at the end of its stage. As a rule it is the award itself that says so; an award is *booked*, and its lot
stands among the changes, where it goes to somebody else or into a pool, where it may pay a debt, or where a later rule
of the event may take it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import lots
from rules_engine.backends.reference.acts import Act
from rules_engine.backends.reference.amounts import facts_of
from rules_engine.backends.reference.expressions import number
from rules_engine.backends.reference.lives import expires, pending_until
from rules_engine.backends.reference.run import Book, Env, Run
from rules_engine.backends.reference.taking import gifts_of
from rules_engine.backends.reference.trace import noting
from rules_engine.outcome import Award
from rules_engine.outcome import receive as come_in
from rules_engine.values import round_fraction


def awarded(rule: ir.RuleDef, acts: list[Act], held_out: bool, run: Run) -> None:
    """Note an award for each effect that wanted to give something."""
    for act in acts:
        match act.effect:
            case ir.GiveDef() as give:
                if act.wanted.amount:
                    whole = Award(rule.key, give.unit, act.wanted.amount, act.given, act.wanted.weights, held_out,
                                  act.cut_by, to=_receiver(give, run))  # fmt: skip
                    run.awards += _lasting(whole, give, act.at)
            case ir.TurnDef() as effect:
                run.awards += _turned(rule, effect, act, held_out, run)
            case _:
                continue


def _turned(rule: ir.RuleDef, effect: ir.TurnDef, act: Act, held_out: bool, run: Run) -> Iterator[Award]:
    given = act.gifts or (0,) * len(act.into)
    for give, wanted, count in zip(gifts_of(effect) if act.into else (), act.into, given, strict=True):
        if wanted.amount:
            award = Award(rule.key, give.unit, wanted.amount, count, (), held_out, act.cut_by, to=_receiver(give, run))
            yield from _lasting(award, give, msgspec.structs.replace(act.at, turned=act.parts))


def _receiver(give: ir.GiveDef, run: Run) -> str:
    """The other member who receives an award; a member who names themselves simply receives it."""
    named = run.fields.get(give.to) if give.to else None
    return "" if named is None or named == run.member else str(named)


def _lasting(award: Award, give: ir.GiveDef, env: Env) -> Iterator[Award]:
    """The award, or the awards of its split, with their last days and with what they remember."""
    if not give.split:
        yield _dated(award, give, env) if award.given else award
        return
    wanted, given = split(award.wanted, give, env), split(award.given, give, env)
    for row, asked, got in zip(give.split, wanted, given, strict=True):
        if asked:
            part = msgspec.structs.replace(award, unit=row.unit, wanted=asked, given=got)
            own = msgspec.structs.replace(
                give, unit=row.unit, pending=row.pending or give.pending, life=row.life or give.life
            )
            yield _dated(part, own, env) if got else part


def _dated(award: Award, give: ir.GiveDef, env: Env) -> Award:
    run = env.run
    with noting(run.trace, []), run.earning():
        pending, ends, facts = pending_until(give, env), expires(give, env), facts_of(award.rule, give, env)
    return msgspec.structs.replace(award, pending=pending, expires=ends, facts=facts)


def split(amount: int, give: ir.GiveDef, env: Env) -> list[int]:
    """An amount over the rows of `split into`: each row's share rounded as its unit says, never more than is left. The
    rest, or where no row is that the last, takes what remains."""
    units = env.run.world.units
    whole = Fraction(amount, 10 ** units[give.unit].decimals)
    left, found = whole, []
    last = next((row for row in give.split if row.share is None), give.split[-1])
    for row in (*(each for each in give.split if each is not last), last):
        scale = 10 ** units[row.unit].decimals
        with noting(env.run.trace, []):
            share = left if row is last or row.share is None else whole * number(row.share, env)
        mode = "down" if row is last else row.rounding or units[row.unit].rounding or "down"
        part = min(round_fraction(share * scale, mode), int(left * scale))
        left -= Fraction(part, scale)
        found.append((row, part))
    parts = {id(row): part for row, part in found}
    return [parts[id(row)] for row in give.split]


def receive(start: int, run: Run) -> None:
    """At the end of a stage: what its awards gave comes in, those from the number `start` on. Booked lots come in by
    their last days, then by rule, so that which of them pays a debt does not hang on the order of the text; the others
    all together, those of earlier stages too, as an outcome that is applied has them."""
    run.booked = run.booked or bool(run.state.debts) or _may_be_taken(run)
    for place in sorted(range(start, len(run.awards)), key=lambda place: _arrival(run.awards[place])):
        award = run.awards[place]
        if award.given and _is_booked(award, run):
            run.awards[place] = msgspec.structs.replace(award, booked=True)
            _check(award, _book(award, run), run)
    own = [award for award in run.awards if award.given and not award.booked]
    if own:
        run.came = list(run.state.lots) if run.came is None else run.came
        run.state.lots = list(run.came)
        come_in(run.state, own, run.posted)
    for award in own:
        _check(award, run.book, run)


def _book(award: Award, run: Run) -> Book:
    """Book an award's lot; whose book it is."""
    unit = run.world.units[award.unit]
    book = run.pool if unit.owner == "household" else run.book_of(award.to) if award.to else run.book
    holder = (award.to or run.member or "") if unit.apart else ""
    lots.bring(msgspec.structs.replace(award.lot(run.posted), holder=holder), book)
    return book


def _check(award: Award, book: Book, run: Run) -> None:
    if lots.is_overfull(award.unit, book):
        raise run.refused("V169", "", rule=award.rule, unit=award.unit)


def _is_booked(award: Award, run: Run) -> bool:
    return bool(award.to) or run.booked or run.world.units[award.unit].owner == "household"


def _arrival(award: Award) -> tuple[bool, int, str]:
    """Where a lot stands among those that come in together; the sort keeps the order of the awards of one rule."""
    return award.expires is None, award.expires or 0, award.rule


def _may_be_taken(run: Run) -> bool:
    """Whether an earn or a reward on this kind of event takes something: then the order of lots and takings counts."""
    assert run.event is not None
    return any(
        rule.kind != "redeem"
        and run.event.name in rule.events
        and (rule.thing is not None or any(isinstance(each, ir.DeductDef | ir.TurnDef) for each in rule.effects))
        for rule in run.world.core.rules
    )
