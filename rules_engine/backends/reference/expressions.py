"""Expressions: one `match` over the nodes of the core. This is what the words of a rule file mean.

Numbers are exact: whole numbers or fractions, rounded only where a node says so. An absent optional is None, and is
read only where the checker has seen that it is guarded. `and` and `or` are read left to right and stop early.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias, assert_never, get_args

import msgspec

from rules_engine import ir
from rules_engine.backends.reference import keys, money, people, times
from rules_engine.backends.reference.allotment import part_on
from rules_engine.backends.reference.carrier import Basket, Element, Piece, Unit, pieces_of
from rules_engine.backends.reference.comparing import clipped, compare, passes
from rules_engine.backends.reference.fields import exact, line_money, line_of, line_quantity
from rules_engine.backends.reference.reading import balance, key_values, seen_before, track_read, track_value
from rules_engine.backends.reference.run import Env, Key, Val
from rules_engine.backends.reference.selecting import Worth, picked, size
from rules_engine.backends.reference.trace import Noted, Slice
from rules_engine.calendar import local_day
from rules_engine.event import FieldValue
from rules_engine.state import Lot
from rules_engine.values import round_fraction


class NoAward(Exception):  # noqa: N818 - control flow of the interpreter, never seen outside
    """A table reached `no award`: the rule gives nothing at all."""


def evaluate(expr: ir.Expr, env: Env) -> Val:
    """The value of an expression; raises `NoAward` where a table says so."""
    trace = env.run.trace
    if trace is None:
        return _value(expr, env)
    noted = Noted(expr, line=env.number if env.line is not None else None)
    trace.open.append(noted)
    before, trace.current = trace.current, noted
    try:
        with trace.into(noted.inner):
            noted.value = value = _value(expr, env)
    finally:
        trace.current = before
    return value


def number(expr: ir.Expr, env: Env) -> Fraction:
    """The value of a numeric expression."""
    value = evaluate(expr, env)
    assert isinstance(value, int | Fraction), f"{type(expr).__name__} gives no number"
    return Fraction(value)


def amount(expr: ir.Expr | None, env: Env) -> Fraction | None:
    """The value of a numeric expression that may be left out or absent."""
    value = None if expr is None else evaluate(expr, env)
    assert value is None or isinstance(value, int | Fraction)
    return None if value is None else Fraction(value)


def truth(expr: ir.Expr | None, env: Env) -> bool:
    """The value of a condition; no condition holds."""
    if expr is None:
        return True
    value = evaluate(expr, env)
    assert isinstance(value, bool), f"{type(expr).__name__} gives no truth value"
    return value


def day(expr: ir.Expr | None, env: Env) -> int | None:
    """The value of a day, an instant or a last day; None for ever, or absent."""
    value = amount(expr, env)
    assert value is None or value.denominator == 1
    return None if value is None else value.numerator


class NoAmount(Exception):  # noqa: N818
    """An amount has no part in the event's currency: the rule is not applied."""


class NoMember(Exception):  # noqa: N818
    """An offer read something of a guest's member: the offer is not applied."""


Read: TypeAlias = (
    ir.Num | ir.Txt | ir.Flg | ir.Field | ir.LineField | ir.LineMoney | ir.LineQuantity | ir.MemberField | ir.HasMember
    | ir.Today | ir.Now | ir.AwardRead | ir.AwardPart | ir.TrackRead | ir.BalanceRead | ir.TierRead | ir.MarkRead
    | ir.RungRead | ir.Forever | ir.Basis | ir.PerCurrency | ir.CurrencyRead | ir.CodeRead | ir.Picked
)  # fmt: skip
Owned: TypeAlias = (
    ir.UsedRead | ir.PersonField | ir.KeyRead | ir.KeyValue | ir.KeyFold | ir.LineKeys | ir.LotField | ir.TurnedSum
)
Formed: TypeAlias = (
    ir.Add | ir.Mul | ir.Steps | ir.Round | ir.Clip | ir.Largest | ir.Fold | ir.Across | ir.Choose | ir.Imported
    | ir.AddTime | ir.EdgeDay | ir.DayOf
)  # fmt: skip


Held: TypeAlias = (
    ir.All | ir.Any | ir.Not | ir.Has | ir.Cmp | ir.OneOf | ir.InImported | ir.InField | ir.InPeriod | ir.Multiple
    | ir.Reaches
)  # fmt: skip


def _value(expr: ir.Expr, env: Env) -> Val:
    return _MEANINGS[type(expr)](expr, env)


def _read(expr: Read, env: Env) -> Val:  # noqa: C901 - one arm for each node
    """What stands there: a constant, a field, what the state or an earlier rule holds."""
    run = env.run
    match expr:
        case ir.Num(num=num, den=den):
            return Fraction(num, den)
        case ir.Txt(value=text):
            return text
        case ir.Flg(value=flag):
            return flag
        case ir.Field(name=name):
            return exact(run.fields[name], run.world.fields[run.source, name])
        case ir.LineField(name=name):
            return exact(line_of(env)[name], run.world.line_fields[run.source, name])
        case ir.LineMoney(base=base, side=side):
            return line_money(base, side, env)
        case ir.LineQuantity():
            return line_quantity(env)
        case ir.MemberField() | ir.TrackRead() | ir.BalanceRead() | ir.TierRead():
            return _of_member(expr, env)
        case ir.HasMember():
            return run.member is not None
        case ir.Today(begins=begins):
            return max(run.today, run.begins) if begins else run.today
        case ir.Now():
            return run.instant
        case ir.AwardRead(rule=rule):
            return run.award_of(rule)
        case ir.AwardPart(rule=rule):
            return part_on(rule, env.number, run)
        case ir.MarkRead():
            return env.mark
        case ir.RungRead():
            return env.rung
        case ir.Forever():
            return None
        case ir.Basis(base=base, side=side):
            return money.sum_of(_element(env).pieces, base, side, run)
        case ir.PerCurrency(amounts=amounts):
            return _in_currency(amounts, env)
        case ir.CurrencyRead():
            return run.currency
        case ir.CodeRead():
            return env.code
        case ir.Picked(base=base, side=side, select=select, within=within):
            pieces = selected(select, env, None, _element(env).pieces if within else None)
            return size(pieces) if base is None else money.sum_of(pieces, base, side, run)
        case _:
            assert_never(expr)


def _owned(expr: Owned, env: Env) -> Val:
    """What a key, a lot, another person or an earlier stage has."""
    run = env.run
    match expr:
        case ir.UsedRead(unit=unit):
            return run.used.get(unit, 0)
        case ir.PersonField(person=person, name=name):
            return exact(people.fact(person, name, run), run.world.facts.get(name))
        case ir.KeyRead():
            return env.key
        case ir.KeyValue():
            return env.key_value
        case ir.KeyFold():
            return _key_fold(expr, env)
        case ir.LineKeys(top=top):
            return sum(keys.largest(_line_groups(expr, env), top), Fraction())
        case ir.LotField(name=name):
            assert env.lot is not None, "a field of a lot is read on a lot"
            return env.lot.source if name == "source" else _fact(env.lot, name, env)
        case ir.TurnedSum(field=field):
            return sum(count * _remembered(lot.facts.get(field), field) for lot, count in env.turned)
        case _:
            assert_never(expr)


def _fact(lot: Lot, name: str, env: Env) -> Val:
    fields = env.run.world.units[lot.unit].remembers
    return exact(lot.facts.get(name), next((field for field in fields if field.name == name), None))


def _remembered(value: FieldValue, field: str) -> int:
    """What one unit brings to a sum: 1, or what its lot remembers; nothing where it remembers nothing."""
    assert value is None or isinstance(value, int)
    return value or 0 if field else 1


def _of_member(expr: ir.MemberField | ir.TrackRead | ir.BalanceRead | ir.TierRead, env: Env) -> Val:
    """What is known of the member. An offer that asks it of a guest is not applied; other rules know not to ask."""
    run = env.run
    if run.offering and run.member is None:
        raise NoMember
    match expr:
        case ir.MemberField(name=name):
            return exact(run.facts.get(name), run.world.facts.get(name))
        case ir.TrackRead(track=track, previous=previous):
            return track_read(run.world.tracks[track], run.today, env, previous)
        case ir.BalanceRead(unit=unit, pending=pending):
            return balance(unit, pending, run)
        case ir.TierRead(which=which):
            return _tier(which, env)


def _formed(expr: Formed, env: Env) -> Val:
    """What is worked out: numbers, table rows, days."""
    match expr:
        case ir.Add(parts=parts):
            return sum((number(part, env) for part in parts), Fraction())
        case ir.Mul(left=left, right=right):
            return number(left, env) * number(right, env)
        case ir.Steps(value=value):
            return math.trunc(number(value, env))
        case ir.Round(value=value, mode=mode):
            return round_fraction(number(value, env), mode)
        case ir.Clip(value=value, low=low, high=high):
            return clipped(number(value, env), amount(low, env), amount(high, env))
        case ir.Largest(items=items):
            return max(number(item, env) for item in items)
        case ir.Fold():
            return _fold(expr, env)
        case ir.Across():
            return _across(expr, env)
        case ir.Choose():
            return _choose(expr, env)
        case ir.Imported(table=table, key=key):
            return env.run.world.tables[table].get(str(evaluate(key, env)))
        case ir.AddTime(day=start, count=count, unit=unit):
            first = day(start, env)
            return None if first is None else times.moved(first, count, unit)
        case ir.EdgeDay(day=inside):
            within = day(inside, env)
            return None if within is None else times.edge(expr, within, env)
        case ir.DayOf(instant=instant):
            return local_day(_moment(instant, env), env.run.world.zone)
        case _:
            assert_never(expr)


def _holds(expr: Held, env: Env) -> bool:
    """Whether a condition holds."""
    world = env.run.world
    match expr:
        case ir.All(parts=parts):
            return all(truth(part, env) for part in parts)
        case ir.Any(parts=parts):
            return any(truth(part, env) for part in parts)
        case ir.Not(value=value):
            return not truth(value, env)
        case ir.Has(value=value):
            return evaluate(value, env) is not None
        case ir.Cmp(op=op, left=left, right=right):
            return compare(op, evaluate(left, env), evaluate(right, env))
        case ir.OneOf(value=value, items=items):
            return evaluate(value, env) in items
        case ir.InImported(value=value, column=column):
            return evaluate(value, env) in world.columns[column]
        case ir.InField(value=value, items=items, count=count):
            listed = evaluate(items, env)
            assert isinstance(listed, tuple)
            return evaluate(value, env) in listed[:count]
        case ir.InPeriod(value=value, period=period, instant=instant):
            return times.in_period(period, _moment(value, env), instant, env)
        case ir.Multiple(value=value, factor=factor):
            return number(value, env) % factor == 0
        case ir.Reaches():
            return _reaches(expr, env)
        case _:
            assert_never(expr)


_MEANINGS: Final[dict[type[ir.Expr], Callable[[Any, Env], Val]]] = {
    **dict.fromkeys(get_args(Read), _read),
    **dict.fromkeys(get_args(Owned), _owned),
    **dict.fromkeys(get_args(Formed), _formed),
    **dict.fromkeys(get_args(Held), _holds),
}


def _reaches(expr: ir.Reaches, env: Env) -> bool:
    track, trace = env.run.world.tracks[expr.track], env.run.trace
    before, bound, now = seen_before(track, env), number(expr.bound, env), track_value(track, env.run.today, env)
    if trace is not None and trace.current is not None:
        trace.current.moved = (before, now, bound)
    return before < bound <= now


def _moment(expr: ir.Expr, env: Env) -> int:
    value = day(expr, env)
    assert value is not None
    return value


def _in_currency(amounts: tuple[tuple[str, ir.Num], ...], env: Env) -> Fraction:
    for currency, found in amounts:
        if currency == env.run.currency:
            return Fraction(found.num, found.den)
    raise NoAmount


def _element(env: Env) -> Element:
    """What an amount is formed for; beside the effects that have one, all goods."""
    if env.element is not None:
        return env.element
    return Element(tuple(selected(ir.Selection("lines", None, None), env)))


# ---- folds, tables, slices ----


def _fold(fold: ir.Fold, env: Env) -> Fraction | int:
    lines = len(env.run.lines)
    chosen = [on for on in on_lines(env, fold.of) if on.number >= lines or truth(fold.where, on)]
    match fold.op:
        case "count":
            return len(chosen)
        case "sum":
            assert fold.value is not None
            return sum((number(fold.value, on) for on in chosen), Fraction())
        case "distinct":
            assert fold.value is not None
            return len({value for on in chosen if (value := evaluate(fold.value, on)) is not None})


def _key_fold(fold: ir.KeyFold, env: Env) -> Fraction | int:
    values = key_values(env.run.world.tracks[fold.track], env.run.today, env, fold.previous)
    chosen = {key: value for key, value in values.items() if truth(fold.where, env.at(key, value))}
    found = keys.largest(chosen, fold.top)
    if env.run.trace is not None and env.run.trace.current is not None:
        ranked = sorted(keys.ascending(chosen), key=lambda key: -chosen[key])
        env.run.trace.current.keys = [(key, chosen[key]) for key in ranked[: fold.top]]
    return len(found) if fold.op == "count" else sum(found)


def _line_groups(fold: ir.LineKeys, env: Env) -> dict[Key, Fraction]:
    """What the lines of each key are worth; a line whose key is absent is in no group."""
    found: dict[Key, Fraction] = {}
    for on in on_lines(env):
        key = evaluate(fold.key, on) if truth(fold.where, on) else None
        if key is not None:
            assert not isinstance(key, tuple)
            found[key] = found.get(key, Fraction()) + number(fold.value, on)
    return found


def on_lines(env: Env, of: ir.LinesOf = "lines") -> list[Env]:
    """The event's lines, one after the other: the goods, unless shipping is asked for. The line that the event's own
    shipping makes stands last."""
    run = env.run
    event = run.event_kind()
    flag, own = ("", "") if event is None else (event.shipping_flag, event.shipping_field)
    found = [env.on(place) for place in range(len(run.lines))]
    if flag and of != "both":
        found = [on for on in found if (line_of(on)[flag] is True) == (of == "shipping")]
    elif of == "shipping":
        found = []
    return [*found, env.on(len(run.lines))] if own and of != "lines" else found


def selected(
    select: ir.Selection,
    env: Env,
    reach: Callable[[int, Unit], bool] | None = None,
    inside: Iterable[Piece] | None = None,
) -> list[Piece]:
    """The units that a selection means: of all, of those within a reach, or of some pieces."""
    run = env.run
    assert run.basket is not None
    found = list(_pieces(run.basket) if inside is None else inside)
    kept = [each for each in found if reach is None or reach(each.line, each.unit)]
    kept = list(_where(kept, select, env))
    return picked(kept, select.pick, [place.rank for place in run.places], worth(env))


def _where(pieces: Sequence[Piece], select: ir.Selection, env: Env) -> Iterator[Piece]:
    """The pieces of lines where a condition holds: it is asked once of each line, or, if it names a money base of the
    unit, of each piece. The line that the event's own shipping makes is not asked."""
    of_unit = ir.asks_units(select.where)
    asked: dict[int, bool] = {}
    for piece in pieces:
        place = env.run.places[piece.line]
        if not place.is_of(select.of):
            continue
        if of_unit and not place.own:
            on = msgspec.structs.replace(env.on(piece.line), element=Element((piece.part(0, 1),)))
            asked[piece.line] = truth(select.where, on)
        elif piece.line not in asked:
            asked[piece.line] = place.own or truth(select.where, env.on(piece.line))
        if asked[piece.line]:
            yield piece


def worth(env: Env) -> Worth:
    """The value of an expression on a line; absent values come first."""

    def of(expr: ir.Expr, line: int) -> tuple[bool, Val]:
        value = None if env.run.places[line].own else evaluate(expr, env.on(line))
        return (False, 0) if value is None else (True, value)

    return of


def _pieces(basket: Basket) -> Iterator[Piece]:
    for line, runs in enumerate(basket.lines):
        yield from pieces_of(line, runs)


def _choose(table: ir.Choose, env: Env) -> Val:
    """Rows are read left to right and stop at the first test that fails; so are the keys, none before it is needed."""
    keys: list[Val] = []

    def key(place: int) -> Val:
        while len(keys) <= place:
            keys.append(evaluate(table.keys[len(keys)], env))
        return keys[place]

    for row in table.rows:
        if all(isinstance(test, ir.AnyTest) or passes(test, key(place)) for place, test in enumerate(row.tests)):
            if isinstance(row.value, ir.Stop):
                raise NoAward
            return evaluate(row.value, env)
    raise AssertionError("a table is complete")


def _across(across: ir.Across, env: Env) -> Fraction:
    """Each part of the event's contribution earns its row's rate; on the way back, the exact negative."""
    if env.run.offering and env.run.member is None:
        raise NoMember
    total = Fraction()
    for key, added in sorted(env.run.added.get(across.track, {}).items()):
        before = env.run.bases[across.track][key]
        low, high = min(before, before + added), max(before, before + added)
        sign = 1 if added >= 0 else -1
        for place, rate in enumerate(across.rates):
            start = low if place == 0 else max(low, across.bounds[place])
            end = high if place + 1 == len(across.rates) else min(high, across.bounds[place + 1])
            if start < end:
                earned_rate = number(rate, env)
                total += sign * (end - start) * earned_rate
                _note_slice(Slice(start, end, earned_rate), env)
    return total


def _note_slice(part: Slice, env: Env) -> None:
    trace = env.run.trace
    if trace is not None and trace.current is not None:
        trace.current.slices.append(part)


# ---- tiers ----


def _tier(which: str, env: Env) -> int:
    match which:
        case "held":
            return env.run.held
        case "earned":
            return earned(env)
        case _:
            assert env.matched is not None
            return env.matched


def earned(env: Env) -> int:
    """The highest rung one of whose paths holds now; the first rung is everyone's, and a guest's."""
    tiers = env.run.world.core.tiers
    assert tiers is not None
    if env.run.event is not None and env.run.member is None:
        return 0
    for place in range(len(tiers.rungs) - 1, 0, -1):
        if any(way_holds(way, tiers, env) for way in tiers.rungs[place].ways):
            return place
    return 0


def way_holds(way: ir.WayDef, tiers: ir.TiersDef, env: Env) -> bool:
    """Whether a path holds: its condition, and what every tier needs unless the path is excepted."""
    return truth(way.condition, env) and (not way.needs or truth(tiers.needs, env))
