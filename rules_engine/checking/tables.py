"""Tables: keys, cells and rows become one `Choose`, proved disjoint and complete.

In: `by KEYS { rows }` and its environment. Out: the tests of each row, ready to be given values: amounts, conditions,
dates, lives, lists or tiers. `from X` runs to the next `from` among the rows whose other cells can meet its own. The proof
itself is in `solving`; here its witness is put into the designer's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from rules_engine import ir, solving, tree
from rules_engine.calendar import format_date
from rules_engine.diagnostics import Label
from rules_engine.solving import FLAGS, AnyText, Domain, Range, Value, Values
from rules_engine.types import (
    COUNT,
    DATE,
    FLAG,
    NUMBERS,
    ORDERED,
    TIER,
    UNKNOWN,
    Choice,
    Count,
    Date,
    Flag,
    Instant,
    Money,
    Rate,
    Text,
    Tier,
    Type,
    Unit,
    Unknown,
    alike,
    common,
    describe,
    is_number,
)
from rules_engine.values import format_decimal

from . import conditions, dates, expressions, measures, names
from .core import Bounds, add, bounds, field_key, mul, num
from .env import STAGE_WORDS, Env
from .infos import TiersInfo
from .typed import Typed, scaled, unknown

ANY = ir.AnyTest()

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


class Plan(msgspec.Struct, frozen=True):
    """A table without its values: the keys' expressions, and each row with its tests."""

    keys: tuple[ir.Expr, ...]
    rows: tuple[tuple[tuple[ir.Test, ...], tree.Row], ...]
    env: Env
    at: ir.Origin


# ---- a table of values ----


def value_table(table: tree.TableBy, env: Env, expected: Type | None = None) -> Typed:
    """A table whose rows are amounts, rates, texts or dates: the value of its row."""
    found = plan(table, env)
    if found is None:
        return unknown(env.at(table))
    values = [_row_value(row, found.env, expected) for _, row in found.rows]
    kind = _row_type(values, found, env)
    chosen = [
        Typed(kind, ir.Num(env.at(row), 0)) if value is None else value for value, (_, row) in _with_rows(values, found)
    ]
    exprs = [value if isinstance(value, ir.Stop) else value.expr for value in chosen]
    return Typed(kind, choose(found, exprs), _row_shares(chosen, found))


def _with_rows(
    values: list[Typed | ir.Stop | None], found: Plan
) -> list[tuple[Typed | ir.Stop | None, tuple[tuple[ir.Test, ...], tree.Row]]]:
    return list(zip(values, found.rows, strict=True))


def _row_value(row: tree.Row, env: Env, expected: Type | None) -> Typed | ir.Stop | None:
    """The value of one row; None is `nothing`."""
    match row.value:
        case tree.NothingValue():
            return None
        case tree.NoAward():
            return _stop(row.value, env)
        case tree.TheRest() | tree.Forever() | tree.LastsUntil() | tree.LastsFor():
            env.report("T327", row.value, what="this row", wanted="a value")
            return unknown(env.at(row))
        case _:
            return expressions.value(row.value, env.unguarded(), expected)


def _stop(node: tree.NoAward, env: Env) -> ir.Stop:
    if env.stage not in ("earn", "reward", "match"):
        env.report("T320", node, what="no award", where=STAGE_WORDS[env.stage], note="only a rule can stop")
    return ir.Stop(env.at(node))


def _row_type(values: list[Typed | ir.Stop | None], found: Plan, env: Env) -> Type:
    kind: Type = UNKNOWN
    for value, (_, row) in _with_rows(values, found):
        if not isinstance(value, Typed):
            continue
        joined = common(kind, value.type)
        if joined is None and not alike(kind, value.type):
            env.report("T321", row.value, left=describe(kind), right=describe(value.type))
        kind = kind if joined is None else joined
    if any(value is None for value in values) and not is_number(kind) and kind != UNKNOWN:
        env.report("T305", found.rows[-1][1], found="`nothing`", wanted=describe(kind))
    return COUNT if isinstance(kind, Unknown) and not any(isinstance(value, Typed) for value in values) else kind


def _row_shares(values: list[Typed | ir.Stop], found: Plan) -> tuple[ir.Share, ...]:
    """Each row's parts count where the row is chosen; a row with an amount and no lines leaves the table without lines."""
    shares: list[ir.Share] = []
    for number, value in enumerate(values):
        if isinstance(value, ir.Stop) or (isinstance(value.expr, ir.Num) and value.expr.num == 0):
            continue
        if not value.shares:
            return ()
        chosen = [ir.Num(found.at, 1 if other == number else 0) for other in range(len(values))]
        shares += scaled(value.shares, choose(found, chosen), found.at)
    return tuple(shares)


def choose(found: Plan, values: Sequence[ir.Expr | ir.Stop]) -> ir.Choose:
    """The table with these values, row by row."""
    rows = tuple(ir.ChooseRow(tests, value) for (tests, _), value in zip(found.rows, values, strict=True))
    return ir.Choose(found.at, found.keys, rows)


# ---- other tables ----


def condition_table(table: tree.TableBy, env: Env) -> ir.Expr:
    """A table whose rows are conditions."""
    found = plan(table, env)
    if found is None:
        return ir.Flg(env.at(table), True)
    return choose(found, [_row_condition(row, found.env) for _, row in found.rows])


def _row_condition(row: tree.Row, env: Env) -> ir.Expr:
    match row.value:
        case (
            tree.NothingValue()
            | tree.NoAward()
            | tree.TheRest()
            | tree.Forever()
            | tree.LastsUntil()
            | tree.LastsFor()
        ):
            env.report("T306", row.value, found="this row", note="write a condition, `yes` or `no`")
            return ir.Flg(env.at(row), True)
        case _:
            return conditions.condition(row.value, env)


def date_table(table: tree.TableBy, env: Env) -> ir.Expr:
    """A table whose rows are dates."""
    found = value_table(table, env, DATE)
    if not isinstance(found.type, (Date, Unknown)):
        env.report("T326", table, found=describe(found.type))
    return found.expr


def life_table(table: tree.TableBy, env: Env) -> ir.Expr:
    """A table whose rows are lives, or dates that are the last valid days."""
    found = plan(table, env)
    if found is None:
        return ir.Forever(env.at(table))
    return choose(found, [_row_life(row, found.env) for _, row in found.rows])


def _row_life(row: tree.Row, env: Env) -> ir.Expr:
    match row.value:
        case tree.Forever() | tree.LastsUntil() | tree.LastsFor():
            return dates.life(row.value, env)
        case tree.NothingValue() | tree.NoAward() | tree.TheRest():
            env.report("T327", row.value, what="this row", wanted="a life such as `for 12 months`")
            return ir.Forever(env.at(row))
        case _:
            return dates.day_of(row.value, env)


def rung_table(table: tree.TableBy, env: Env) -> ir.Expr:
    """A table whose rows are tiers, or `no award`."""
    found = value_table(table, env, TIER)
    if not isinstance(found.type, (Tier, Unknown)) and not found.type == COUNT:
        env.report("T305", table, found=describe(found.type), wanted="a tier")
    return found.expr


def membership_table(table: tree.TableBy, left: Typed, env: Env) -> ir.Expr:
    """`category in this_quarter`, where the table gives lists: the question moves into the rows."""
    found = plan(table, env)
    if found is None:
        return ir.Flg(env.at(table), True)
    return choose(found, [_row_membership(row, left, found.env) for _, row in found.rows])


def _row_membership(row: tree.Row, left: Typed, env: Env) -> ir.Expr:
    match row.value:
        case tree.NothingValue():
            return ir.Flg(env.at(row), False)
        case tree.NoAward() | tree.TheRest() | tree.Forever() | tree.LastsUntil() | tree.LastsFor():
            env.report("T318", row.value, left="this row", right="a list")
            return ir.Flg(env.at(row), False)
        case _:
            return conditions.among(left, row.value, env)


# ---- keys, cells and the proof ----


def plan(table: tree.TableBy, env: Env) -> Plan | None:
    """The keys and tests of a table; None where they are not in order, which was reported."""
    closed = any(row.otherwise for row in table.rows)
    keys = [_key(key, env) for key in table.keys]
    ready = [key for key in keys if key is not None]
    if len(ready) < len(keys) or not _shape(table, env):
        return None
    absent = next((key for key in ready if key.optional is not None), None)
    if absent is not None and not closed:
        env.report("C401", table, witness=f"{absent.words} absent")
        return None
    rows = _tests(table, ready, env)
    if rows is None:
        return None
    if not env.muted:
        _prove(table, ready, rows, closed, env)
    return _plan(table, ready, rows, env)


def _plan(table: tree.TableBy, keys: list[KeyPlan], rows: list[solving.Row], env: Env) -> Plan:
    """The proved rows, `otherwise` last; a key that may be absent gets a key before it that asks whether it is there."""
    exprs: list[ir.Expr] = []
    for key in keys:
        exprs += [ir.Has(env.at(key.optional), key.expr)] if key.optional else []
        exprs.append(key.expr)
    plain = [row for row in table.rows if not row.otherwise]
    named = [(_spread(row, keys), written) for row, written in zip(rows, plain, strict=True)]
    last = [(_spread((ANY,) * len(keys), keys), row) for row in table.rows if row.otherwise]
    return Plan(tuple(exprs), (*named, *last), env, env.at(table))


def _spread(row: solving.Row, keys: list[KeyPlan]) -> tuple[ir.Test, ...]:
    tests: list[ir.Test] = []
    for test, key in zip(row, keys, strict=True):
        if key.optional:
            tests.append(ANY if isinstance(test, ir.AnyTest) else ir.InTest((True,)))
        tests.append(test)
    return tuple(tests)


def _shape(table: tree.TableBy, env: Env) -> bool:
    """Each row has a cell for each key, and `otherwise` stands once, at the end."""
    good = True
    for number, row in enumerate(table.rows):
        if row.otherwise and number < len(table.rows) - 1:
            env.report("C405", row)
            good = False
        elif not row.otherwise and len(row.cells) != len(table.keys):
            env.report("C404", row, cells=_counted(len(row.cells), "cell"), keys=_counted(len(table.keys), "key"))
            good = False
    return good


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# ---- keys ----


def _key(key: tree.Key, env: Env) -> KeyPlan | None:
    read, optional = _key_value(key.value, key.within is None, env)
    if isinstance(read.type, Unknown):
        return None
    if key.within is not None:
        test = conditions.in_period(read, key.within, key, env)
        return KeyPlan(test, FLAG, FLAGS, f"{_words(key.value)} in {_period_words(key.within)}:")
    if key.rounds is not None:
        return _rounds(read, key, env)
    if isinstance(read.type, Instant):
        read = conditions.as_day(read, key.value, env)
    words = _words(key.value)
    if isinstance(read.type, Rate):
        billions = mul(num(RATE_SCALE, env.at(key)), read.expr, env.at(key))
        return KeyPlan(billions, read.type, Range(*field_bounds(read.expr, env)), words, optional, RATE_SCALE)
    domain = _domain(key.value, read, env)
    if domain is None:
        env.report("C408", key.value, cell=words, key=describe(read.type), note="a table looks up by values")
        return None
    return KeyPlan(read.expr, read.type, domain, words, optional)


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
    words = f"{_words(key.value)} in rounds of {length}:"
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
        case Date():
            return _terms(env) if isinstance(node, tree.Today) else Range()
        case Money() | Unit() | Count() | Rate():
            return Values(env.marks) if isinstance(node, tree.Mark) else Range(*field_bounds(read.expr, env))
        case _:
            return None


def _terms(env: Env) -> Range:
    header = env.context.header()
    return Range(header.terms_from, header.terms_until)


def field_bounds(node: ir.Expr, env: Env) -> Bounds:
    """What is known of a number before any event arrives."""
    reads = event_bounds(env)
    if isinstance(node, ir.MemberField):
        fact = env.context.member(node.name)
        if fact is not None:
            _widen(reads, field_key(node), fact)
    if isinstance(node, ir.TrackRead):
        reads[f"track {node.track}"] = measures.track_bounds(node.track, env)
    return bounds(node, reads)


def event_bounds(env: Env) -> dict[str, Bounds]:
    """The bounds of the fields of the events and their lines."""
    reads: dict[str, Bounds] = {}
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
    return frozenset(found | {f"member {fact.name}" for fact in facts if fact is not None and fact.kind == "rate"})


def _widen(reads: dict[str, Bounds], key: str, field: ir.FieldDef) -> None:
    high = field.high if field.high > field.low else None
    old = reads.get(key, (field.low, high))
    low_known, high_known = old
    low = None if low_known is None else min(low_known, field.low)
    reads[key] = (low, None if high_known is None or high is None else max(high_known, high))


# ---- cells ----


def _tests(table: tree.TableBy, keys: list[KeyPlan], env: Env) -> list[solving.Row] | None:
    rows = [row for row in table.rows if not row.otherwise]
    drafts = [[_cell(cell, key, env) for cell, key in zip(row.cells, keys, strict=True)] for row in rows]
    if any(test is None for draft in drafts for test in draft):
        return None
    tests = [tuple(test for test in draft if test is not None) for draft in drafts]
    return [tuple(_closed(tests, row, key) for key in range(len(keys))) for row in range(len(tests))]


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
    env.report("T313", node, text=measures.words(node), reason=f"{what} counts whole numbers")
    return None


def _closed(tests: list[tuple[ir.Test, ...]], row: int, key: int) -> ir.Test:
    """A `from` runs to the next higher one among the rows whose other cells can meet this row's."""
    test = tests[row][key]
    if not isinstance(test, ir.RangeTest) or test.low is None:
        return test
    highs = [
        _low(other[key], test.low)
        for other in tests
        if _low(other[key], test.low) > test.low
        and all(_can_meet(tests[row][each], other[each]) for each in range(len(other)) if each != key)
    ]
    return ir.RangeTest(test.low, min(highs) if highs else None)


def _low(test: ir.Test, otherwise: int) -> int:
    return test.low if isinstance(test, ir.RangeTest) and test.low is not None else otherwise


def _can_meet(left: ir.Test, right: ir.Test) -> bool:
    if isinstance(left, ir.InTest) and isinstance(right, ir.InTest):
        return not set(left.values).isdisjoint(right.values)
    if isinstance(left, ir.RangeTest) and isinstance(right, ir.RangeTest):
        return left.low == right.low
    return True


# ---- the proof, in words ----


def _prove(table: tree.TableBy, keys: list[KeyPlan], rows: list[solving.Row], closed: bool, env: Env) -> None:
    written = [row for row in table.rows if not row.otherwise]
    domains = [key.domain for key in keys]
    outside = solving.impossible(rows, domains)
    if outside is not None:
        row, key = outside
        env.report("C409", written[row].cells[key], key=keys[key].words, domain=_domain_words(keys[key]))
        return
    twice = solving.overlap(rows, domains)
    if twice is not None:
        first = Label(env.context.source, written[twice.first].span, "the other row")
        labels = () if env.use else (first,)
        env.report("C402", written[twice.second], witness=witness_words(keys, twice.values, env), labels=labels)
    elif not closed:
        _prove_complete(table, keys, rows, domains, env)


def _prove_complete(
    table: tree.TableBy, keys: list[KeyPlan], rows: list[solving.Row], domains: list[Domain], env: Env
) -> None:
    try:
        missing = solving.gap(rows, domains)
    except solving.TooLarge:
        env.report("C406", table)
        return
    if missing is not None:
        note = ""
        if any(isinstance(key.domain, Range) and isinstance(key.type, Date) for key in keys):
            note = "the header's `terms from D` says from when on events are judged"
        env.report("C401", table, witness=witness_words(keys, missing.values, env), note=note)


def witness_words(keys: list[KeyPlan], values: tuple[Value, ...], env: Env) -> str:
    """`fare_class "X", own yes`: the values of the keys as the file would write them."""
    return ", ".join(
        f"{key.words} {show(key.type, value, env, key.scale)}" for key, value in zip(keys, values, strict=True)
    )


def show(kind: Type, value: Value, env: Env, factor: int = 1) -> str:
    """A value as a rule file writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if isinstance(kind, Choice) else f'"{value}"'
    match kind:
        case Date():
            return format_date(value)
        case Tier():
            ladder = env.context.tiers()
            return ladder.rungs[value] if isinstance(ladder, TiersInfo) else str(value)
        case Money(currency=currency, decimals=decimals):
            return f"{format_decimal(value, decimals)} {currency}"
        case Unit(plural=plural, decimals=decimals):
            return f"{format_decimal(value, decimals)} {plural}"
        case _:
            return str(Fraction(value, factor))


def _domain_words(key: KeyPlan) -> str:
    match key.domain:
        case Range(low=low, high=high) if isinstance(key.type, (*NUMBERS, Date)):
            words = [f"from {low}"] if low is not None else []
            return " ".join([*words, *([f"up to {high}"] if high is not None else [])])
        case Values(values=values) if key.type in (COUNT, FLAG) or isinstance(key.type, Choice):
            return ", ".join("yes" if value is True else "no" if value is False else str(value) for value in values)
        case _:
            return describe(key.type)


def _words(node: tree.Expr) -> str:
    """A key as it is named in a witness."""
    match node:
        case tree.Path():
            return node.text
        case tree.Today():
            return "today"
        case tree.TierOf(which=which):
            return f"{which} tier"
        case tree.Mark():
            return "mark"
        case tree.Rung():
            return "rung"
        case _:
            return "the key"


def _period_words(node: tree.When) -> str:
    match node:
        case tree.PeriodRef(name=name):
            return name.text
        case tree.CalendarSpan(unit=unit):
            return f"calendar {unit}"
        case tree.Lifetime():
            return "lifetime"
        case tree.Rolling(length=length):
            return f"{length.count} {length.unit}s"
        case tree.LastCalendar(count=count, unit=unit):
            return f"the last {count} calendar {unit}s"
        case tree.TrialOf(match=match):
            return f"trial of {match.text}"


# ---- declared tables, and the table of a match ----


def table_decl(node: tree.TableDecl, env: Env) -> None:
    """Check a declared table by itself, where the events of its uses do not matter: its rows and cells."""
    if node.table is not None:
        _shape(node.table, env)


def keep(node: tree.KeepIf, env: Env) -> tuple[bool, ir.Expr]:
    """`keep matched tier if C`, or graded: `keep highest tier if by rung { ... }`."""
    if node.what == "matched":
        return False, conditions.condition(node.condition, env)
    if not (
        isinstance(node.condition, tree.TableBy) and any(isinstance(k.value, tree.Rung) for k in node.condition.keys)
    ):
        env.report("T338", node.condition)
    return True, conditions.condition(node.condition, env.over_rungs())
