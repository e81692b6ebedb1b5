"""Tables: keys, cells and rows become one `Choose`, proved disjoint and complete.

In: `by KEYS { rows }` and its environment. Out: the tests of each row, ready to be given values: amounts, conditions,
dates, lives, lists or tiers. `from X` runs to the next `from` among the rows whose other cells can meet its own. The
proof itself is in `solving`; here its witness is put into the designer's words.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules_engine import ir, solving, tree
from rules_engine.checking import conditions, dates, expressions, keys, monies, proofs
from rules_engine.checking.env import STAGE_WORDS, Env
from rules_engine.checking.typed import Typed, scaled, unknown
from rules_engine.types import (
    COUNT,
    DATE,
    TIER,
    UNKNOWN,
    Date,
    Ratio,
    Tier,
    Type,
    Unknown,
    alike,
    common,
    describe,
    is_number,
)


class Plan(msgspec.Struct, frozen=True):
    """A table without its values: the keys' expressions, and each row with its tests."""

    keys: tuple[ir.Expr, ...]
    rows: tuple[tuple[tuple[ir.Test, ...], tree.Row], ...]
    env: Env
    at: ir.Origin


# ---- a table of values ----


def value_table(table: tree.TableBy, env: Env, expected: Type | None = None) -> Typed:
    """A table whose rows are amounts, rates, texts or dates: the value of its row."""
    closing = {DATE: "", TIER: "no award"}.get(expected, "nothing") if expected is not None else "nothing"
    found = plan(table, env, closing)
    if found is None:
        return unknown(env.at(table))
    values = _one_money([_row_value(row, found.env, expected) for _, row in found.rows], env, expected)
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
    if env.stage not in ("offer", "redeem", "earn", "reward", "match"):
        env.report("T320", node, what="no award", where=STAGE_WORDS[env.stage], note="only a rule can stop")
    return ir.Stop(env.at(node))


def _one_money(values: list[Typed | ir.Stop | None], env: Env, expected: Type | None) -> list[Typed | ir.Stop | None]:
    """`by currency { GBP: 5 GBP  otherwise: nothing }`: rows become amounts of the event's currency, each by itself, so
    that a row of `nothing` adds nothing in any currency."""
    lifted = iter(monies.rows_lifted([each for each in values if isinstance(each, Typed)], env, expected))
    return [next(lifted) if isinstance(each, Typed) else each for each in values]


def _row_type(values: list[Typed | ir.Stop | None], found: Plan, env: Env) -> Type:
    kind: Type = UNKNOWN
    for value, (_, row) in _with_rows(values, found):
        if not isinstance(value, Typed):
            continue
        joined = common(kind, value.type)
        if joined is None and monies.apart(kind, value.type, row, row.value, env):
            continue
        if joined is None and not alike(kind, value.type):
            env.report("T321", row.value, left=describe(kind), right=describe(value.type))
        kind = kind if joined is None else joined
    if any(value is None for value in values) and not isinstance(kind, Ratio) and not is_number(kind):
        env.report("T305", found.rows[-1][1], found="`nothing`", wanted=describe(kind))
    return COUNT if isinstance(kind, Unknown) and not any(isinstance(value, Typed) for value in values) else kind


def _row_shares(values: list[Typed | ir.Stop], found: Plan) -> tuple[ir.Share, ...]:
    """Each row's parts count where the row is chosen; an amount without lines leaves the table without lines."""
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
    found = plan(table, env, "no")
    if found is None:
        return ir.Flg(env.at(table), True)
    return choose(found, [_row_condition(row, found.env) for _, row in found.rows])


def _row_condition(row: tree.Row, env: Env) -> ir.Expr:
    match row.value:
        case (
            tree.NothingValue() | tree.NoAward() | tree.TheRest() | tree.Forever() | tree.LastsUntil() | tree.LastsFor()
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
    found = plan(table, env, "")
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
    if not isinstance(found.type, (Tier, Unknown)) and found.type != COUNT:
        env.report("T305", table, found=describe(found.type), wanted="a tier")
    return found.expr


def membership_table(table: tree.TableBy, left: Typed, env: Env) -> ir.Expr:
    """`category in this_quarter`, where the table gives lists: the question moves into the rows."""
    found = plan(table, env, "nothing")
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


def plan(table: tree.TableBy, env: Env, closing: str) -> Plan | None:
    """The keys and tests of a table; None where they are not in order, which was reported. `closing` is what an
    `otherwise` row may say as a mend; empty where nobody can know."""
    closed = any(row.otherwise for row in table.rows)
    made = [keys.key_plan(key, env, keys.currency_of(table, at)) for at, key in enumerate(table.keys)]
    ready = [key for key in made if key is not None]
    if len(ready) < len(made) or not _shape(table, env):
        return None
    absent = next((key for key in ready if key.optional is not None), None)
    if absent is not None and not closed:
        env.report("C401", table, witness=f"{absent.words} absent", fix=proofs.close(table, closing))
        return None
    rows = keys.row_tests(table, ready, env)
    if rows is None:
        return None
    if not env.muted:
        proofs.prove(table, ready, rows, None if closed else closing, env)
    return _plan(table, ready, rows, env)


def _plan(table: tree.TableBy, ready: list[keys.KeyPlan], rows: list[solving.Row], env: Env) -> Plan:
    """The proved rows, `otherwise` last; before a key that may be absent stands one that asks whether it is there."""
    exprs: list[ir.Expr] = []
    for key in ready:
        exprs += [ir.Has(env.at(key.optional), key.expr)] if key.optional else []
        exprs.append(key.expr)
    plain = [row for row in table.rows if not row.otherwise]
    named = [(_spread(row, ready), written) for row, written in zip(rows, plain, strict=True)]
    last = [(_spread((keys.ANY,) * len(ready), ready), row) for row in table.rows if row.otherwise]
    return Plan(tuple(exprs), (*named, *last), env, env.at(table))


def _spread(row: solving.Row, ready: list[keys.KeyPlan]) -> tuple[ir.Test, ...]:
    tests: list[ir.Test] = []
    for test, key in zip(row, ready, strict=True):
        if key.optional:
            tests.append(keys.ANY if isinstance(test, ir.AnyTest) else ir.InTest((True,)))
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
