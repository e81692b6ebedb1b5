"""Keys and cells of tables: what a table looks up by, and the test that each cell is.

In: a table's keys and rows and their environment. Out: for each key its core expression, the values that it can have
and its words; for each row its tests. `from X` runs to the next `from` among the rows whose other cells can meet its
own.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from rules_engine import ir, solving, tree
from rules_engine.calendar import DAY_SECONDS
from rules_engine.checking import conditions, expressions, measures, names, proofs, rates
from rules_engine.checking.context import Context
from rules_engine.checking.core import add, field_key, integral, mul, num
from rules_engine.checking.env import Env
from rules_engine.checking.infos import RuleInfo, TiersInfo, UnitInfo
from rules_engine.checking.intervals import Bounds, Interval, bounds
from rules_engine.checking.starts import closed
from rules_engine.checking.typed import Typed, unknown
from rules_engine.solving import AnyText, Domain, Range, Value, Values
from rules_engine.types import (
    COUNT,
    FLAG,
    ORDERED,
    TIER,
    Choice,
    Count,
    Date,
    Flag,
    Instant,
    Money,
    Rate,
    Text,
    Tier,
    Time,
    Type,
    Unit,
    Unknown,
    describe,
    is_number,
)

ANY = ir.AnyTest()

FLAGS = Values((True, False))

RATE_SCALE = 10**9
"""Tests of rates compare integers of billionths."""


class KeyPlan(msgspec.Struct, frozen=True):
    """A key: its core expression, type, the values that it can have, its words, and the optional that it stands on."""

    expr: ir.Expr
    type: Type
    domain: Domain
    words: str
    optional: tree.Path | None = None
    scale: int = 1
    whole: bool = True


def key_plan(key: tree.Key, env: Env, currency: str = "") -> KeyPlan | None:
    """What a key reads and which cells it can meet, or None where it cannot be read. `currency` is the one in which its
    cells are written."""
    read, optional = _key_value(key.value, key.within is None, env)
    if isinstance(read.type, Money) and read.type.several:
        read = _in_one_currency(read, read.type, key, currency, env)
    if isinstance(read.type, Unknown):
        return None
    if key.within is not None:
        test = conditions.in_period(read, key.within, key, env)
        return KeyPlan(test, FLAG, FLAGS, f"{proofs.key_words(key.value)} in {proofs.period_words(key.within)}:")
    if key.rounds is not None:
        return _rounds(read, key, env)
    if isinstance(read.type, Instant):
        read = conditions.as_day(read, key.value, env)
    words = proofs.key_words(key.value)
    if isinstance(read.type, Rate):
        billions = mul(num(RATE_SCALE, env.at(key)), read.expr, env.at(key))
        known = isinstance(read.expr, (ir.Field, ir.LineField, ir.MemberField))
        share = Range(*bounds_of(billions, env))
        return KeyPlan(billions, read.type, share, words, optional, RATE_SCALE, known)
    domain = _domain(key.value, read, env)
    whole_key = integral(read.expr, rate_keys(env)) if is_number(read.type) else True
    if domain is None:
        env.report("C408", key.value, cell=words, key=describe(read.type), note="a table looks up by values")
        return None
    return KeyPlan(read.expr, read.type, domain, words, optional, whole=whole_key)


def currency_of(table: tree.TableBy, at: int) -> str:
    """The one currency in which the cells of a key are written; empty if there is none, or several."""
    cells = [row.cells[at] for row in table.rows if at < len(row.cells)]
    codes = {each.currency for cell in cells for each in tree.walk(cell) if isinstance(each, tree.MoneyLit)}
    return codes.pop() if len(codes) == 1 else ""


def _in_one_currency(read: Typed, kind: Money, key: tree.Key, code: str, env: Env) -> Typed:
    """An amount of the event's currency, looked up by amounts of one: the rule has none in the others."""
    at = env.at(key)
    currency = env.context.currency(code) if code in kind.several else None
    if currency is None:
        example = "   ".join(f"{each}: by ..." for each in kind.several)
        env.report(
            "T351", key, key=f"`{proofs.key_words(key.value)}`", known=" or ".join(kind.several), example=example
        )
        return unknown(at)
    one = ir.PerCurrency(at, ((code, ir.Num(at, 1)),))
    return Typed(Money(code, currency.decimals, kind.side), ir.Mul(at, one, read.expr))


def _key_value(node: tree.Expr, discharged: bool, env: Env) -> tuple[Typed, tree.Path | None]:
    """A key's value, and its path where it may be absent: then `otherwise` must take care of that."""
    if discharged and isinstance(node, tree.Path) and node.text not in env.proven and names.may_lack(node, env):
        return expressions.value(node, env.with_proven(frozenset({node.text}))), node
    if isinstance(node, tree.Rung):
        return _rung(node, env), None
    return expressions.value(node, env.unguarded()), None


def _rung(node: tree.Rung, env: Env) -> Typed:
    if not env.rung:
        env.report("T320", node, what="rung", where="this place", note="`by rung` belongs to `keep highest tier if`")
        return unknown(env.at(node))
    return Typed(TIER, ir.RungRead(env.at(node)))


def _rounds(read: Typed, key: tree.Key, env: Env) -> KeyPlan | None:
    """The place in a round of n: 1 to n, then 1 again. Zero, before the first round, counts as the last place."""
    at, length = env.at(key), key.rounds or 0
    if not isinstance(read.type, Count) or length < 1:
        env.report("T329", key, found=describe(read.type), what="rounds", wanted="a count, in rounds of at least 1")
        return None
    place = ir.Steps(at, mul(num(Fraction(1, length), at), add([read.expr, num(length - 1, at)], at), at))
    whole = mul(num(-length, at), add([place, num(-1, at)], at), at)
    words = f"{proofs.key_words(key.value)} in rounds of {length}:"
    return KeyPlan(add([read.expr, whole], at), COUNT, Values(tuple(range(1, length + 1))), words)


def _domain(node: tree.Expr, read: Typed, env: Env) -> Domain | None:
    match read.type:
        case Choice(values=values):
            return Values(values)
        case Text():
            return AnyText()
        case Flag():
            return FLAGS
        case Tier():
            ladder = env.context.tiers()
            rungs = len(ladder.rungs) if isinstance(ladder, TiersInfo) else 0
            lowest = 1 if isinstance(read.expr, ir.RungRead) else 0
            return Values(tuple(range(lowest, rungs)))
        case Time():
            return Range(0, DAY_SECONDS - 1)
        case Date():
            return _terms(env) if isinstance(node, tree.Today) else Range()
        case Money() | Unit() | Count() | Rate():
            return Values(env.marks) if isinstance(node, tree.Mark) else Range(*bounds_of(read.expr, env))
        case _:
            return None


def _terms(env: Env) -> Range:
    header = env.context.header()
    return Range(header.terms_from, header.terms_until)


def bounds_of(node: ir.Expr, env: Env) -> Bounds:
    """What is known of a number before any event arrives."""
    reads = _event_bounds(env)
    for each in ir.walk(node):
        match each:
            case ir.MemberField(name=name) | ir.PersonField(name=name):
                fact = env.context.member(name)
                if fact is not None:
                    reads[field_key(each)] = field_bounds(fact)
            case ir.TrackRead(track=name) | ir.KeyFold(track=name):
                reads[f"track {name}"] = measures.track_bounds(name, env)
            case ir.KeyValue() if env.key is not None:
                reads["each"] = measures.track_bounds(env.key.track, env)
            case ir.BalanceRead(unit=name):
                reads[f"balance {name}"] = None if may_owe(env.context) else 0, None
            case _:
                pass
    return bounds(node, reads)


def may_owe(context: Context) -> bool:
    """Whether a balance may be below zero: where a rule deducts, or where a return takes back off the balance."""
    returns = context.header().returns
    if returns is not None and returns.shortfall == "off balance":
        return True
    rules = (context.titled(title) for title in context.titles())
    return any(_owes(rule.node) for rule in rules if isinstance(rule, RuleInfo))


def _owes(rule: tree.RuleDecl) -> bool:
    if rule.on_return is not None and rule.on_return.shortfall == "off balance":
        return True
    return any(isinstance(each, tree.Give) and each.verb == "deduct" for each in rule.effects)


def _event_bounds(env: Env) -> dict[str, Interval]:
    """The bounds of the fields of the events and their lines; of a field of several events the widest."""
    reads: dict[str, Interval] = {}
    for event in env.events:
        for field in event.fields:
            _widen(reads, f"field {field.name}", field)
        for field in event.lines.fields if event.lines else ():
            _widen(reads, f"line {field.name}", field)
            if field.name == event.list_field and field.low < 0:
                reads["prices"] = (None, None)
    return reads


def rate_keys(env: Env) -> frozenset[str]:
    """The fields and facts whose values are fractions."""
    found = {f"field {field.name}" for event in env.events for field in event.fields if field.kind == "rate"}
    lines = [field for event in env.events if event.lines for field in event.lines.fields]
    found |= {f"line {field.name}" for field in lines if field.kind == "rate"}
    facts = [env.context.member(name) for name in env.context.members()]
    unit = env.context.find(env.lot or env.turned) if env.lot or env.turned else None
    if isinstance(unit, UnitInfo):
        found |= {f"lot {field.name}" for field in unit.remembers if field.kind == "rate"}
    return frozenset(found | {f"member {fact.name}" for fact in facts if fact is not None and fact.kind == "rate"})


def _widen(reads: dict[str, Interval], key: str, field: ir.FieldDef) -> None:
    low, high = field_bounds(field)
    old_low, old_high = reads.get(key, (low, high))
    reads[key] = (
        None if low is None or old_low is None else min(low, old_low),
        None if high is None or old_high is None else max(high, old_high),
    )


def field_bounds(field: ir.FieldDef) -> Interval:
    """A field's own bounds; those of a rate are declared in billionths."""
    scale = RATE_SCALE if field.kind == "rate" else 1
    return Fraction(field.low, scale), Fraction(field.high, scale) if field.high > field.low else None


# ---- cells ----


def row_tests(table: tree.TableBy, keys: list[KeyPlan], env: Env) -> list[solving.Row] | None:
    """The tests of every row but `otherwise`, or None where a cell cannot be read."""
    rows = [row for row in table.rows if not row.otherwise]
    drafts = [[_cell(cell, key, env) for cell, key in zip(row.cells, keys, strict=True)] for row in rows]
    if any(test is None for draft in drafts for test in draft):
        return None
    tests = [tuple(test for test in draft if test is not None) for draft in drafts]
    return closed(tests, len(keys))


def _cell(cell: tree.Cell, key: KeyPlan, env: Env) -> ir.Test | None:
    """The test of a cell; a `from` is still open above."""
    match cell:
        case tree.AnyCell():
            return ANY
        case tree.FromCell(bound=bound):
            if not isinstance(key.type, ORDERED):
                env.report("C408", cell, cell="from ...", key=f"`{key.words}`", note=f"it is {describe(key.type)}")
                return None
            low = cell_value(bound, key, env)
            return None if low is None else ir.RangeTest(int(low), None)
        case tree.OneOfCell(values=values):
            if not key.whole:
                note = "it can be a fraction between two values: write rows with `from`"
                env.report("C408", cell, cell="a single value", key=f"`{key.words}`", note=note)
                return None
            items = [cell_value(value, key, env) for value in values]
            return None if None in items else ir.InTest(tuple(item for item in items if item is not None))


def cell_value(node: tree.Expr, key: KeyPlan, env: Env) -> Value | None:
    """A constant of a key's type, in the key's scale."""
    found = expressions.constant_of(node, key.type, env)
    if isinstance(found, Fraction):
        return whole(found * key.scale, f"`{key.words}`", node, env)
    return found


def whole(value: Fraction, what: str, node: tree.Node, env: Env) -> int | None:
    """A number that must be whole."""
    if value.denominator == 1:
        return int(value)
    env.report("T313", node, text=rates.words(node), reason=f"{what} counts whole numbers")
    return None
