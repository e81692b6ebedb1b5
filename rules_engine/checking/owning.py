"""Whom an award goes to, and which units it is of.

In: `, to referrer` and `, split into { cash: 40%  dream: the rest }` as written, and the environment. Out: the field
that names the member, and `ir.SplitRow`s. What is split is one amount, so its units count the same thing as it does.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec.structs import replace

from rules_engine import ir, tree
from rules_engine.checking import expressions, modifiers, names
from rules_engine.checking.core import value_of
from rules_engine.checking.env import Env, owners
from rules_engine.diagnostics import Fix
from rules_engine.types import Rate, Ratio, Unit, Unknown, describe

# ---- to somebody else ----


def recipient(mod: tree.ToWhom | None, env: Env) -> str | None:
    """The field of the event that names who is given to; empty: the event's own member; None after an error."""
    if mod is None:
        return ""
    path = mod.path
    if path.text in owners(env):
        env.report("T412", mod, name=path.text)
        return None
    if member_field(path, env) is None:
        return None
    return path.text


def member_field(path: tree.Path, env: Env) -> names.FieldHit | None:
    """The field that names another member on all the events; reports anything else."""
    hit = names.find_field(path.parts[0], env) if len(path.parts) == 1 else None
    if hit is None or hit.line or hit.field.kind != "member":
        env.report("T411", path, name=path.text)
        return None
    return hit


# ---- a table of several units ----


def by_unit(amount: tree.Expr, env: Env) -> tuple[tree.Expr, ...]:
    """`by option { points: 500 points  breakfast: 1 free_breakfast }` as one table for each unit, in which the rows of
    the others give nothing; any other amount as it is."""
    if not isinstance(amount, tree.TableBy):
        return (amount,)
    units = [_unit_of_row(row, env.silent("rows")) for row in amount.rows]
    named = list(dict.fromkeys(each for each in units if each))
    if len(named) < 2 or any(unit is None for unit in units):
        return (amount,)
    return tuple(_only(amount, units, unit) for unit in named)


def _unit_of_row(row: tree.Row, env: Env) -> str | None:
    """The unit of a row, empty where it gives nothing; None where it has none."""
    if isinstance(row.value, (tree.NothingValue, tree.NoAward)):
        return ""
    if isinstance(row.value, (tree.TheRest, tree.Forever, tree.LastsUntil, tree.LastsFor)):
        return None
    kind = expressions.value(row.value, env.finer("all")).type
    kind = kind.of if isinstance(kind, Ratio) else kind
    return kind.name if isinstance(kind, Unit) else None


def _only(table: tree.TableBy, units: list[str | None], unit: str) -> tree.TableBy:
    """The table in which the rows of one unit give something. A row that stops the rule stops it in each."""
    rows = tuple(
        row if own in ("", unit) else replace(row, value=tree.NothingValue(row.value.span))
        for row, own in zip(table.rows, units, strict=True)
    )
    return replace(table, rows=rows)


# ---- split ----


def first_of_split(mods: tuple[tree.Mod, ...], env: Env) -> Unit | None:
    """The first unit of a split, which says in what its money is counted."""
    units = _units(_rows(mods), env.silent("split"))
    return units[0] if units else None


def given_units(mods: tuple[tree.Mod, ...], unit: Unit, env: Env) -> tuple[Unit, ...]:
    """The units that an award of one unit gives: those that it is split into, else its own."""
    found = _units(_rows(mods), env.silent("split"))
    return found or (unit,)


def split(effect: tree.Give, unit: Unit, env: Env) -> tuple[ir.SplitRow, ...] | None:
    """The rows of a split, none where there is none; None after an error."""
    rows = _rows(effect.mods)
    made = [_row(row, unit, effect, env) for row in rows]
    found = [each for each in made if each is not None]
    if len(found) < len(made):
        return None
    named = [each.unit for each in found]
    if len(set(named)) < len(named):
        env.report("M160", rows[-1], what=f"`{next(each for each in named if named.count(each) > 1)}`")
        return None
    return tuple(found) if not rows or _all_of_it(found, rows, env) else None


def _rows(mods: tuple[tree.Mod, ...]) -> tuple[tree.Row, ...]:
    found = modifiers.modifier(mods, tree.SplitHow)
    return () if found is None else found.rows


def _unit_of(row: tree.Row, env: Env) -> Unit | None:
    match row.cells:
        case (tree.OneOfCell(values=(tree.Path(parts=(name,)),)),):
            return names.unit_type(name, env)
        case _:
            env.report("T305", row, found="this", wanted="a unit")
            return None


def _units(rows: tuple[tree.Row, ...], env: Env) -> tuple[Unit, ...]:
    return tuple(each for each in (_unit_of(row, env) for row in rows) if each is not None)


def _row(row: tree.Row, unit: Unit, effect: tree.Give, env: Env) -> ir.SplitRow | None:
    """`cash: 40%`: a unit and its share."""
    own = _unit_of(row, env)
    if own is None:
        return None
    if (own.currency, own.decimals) != (unit.currency, unit.decimals):
        env.report("T409", row, left=unit.plural, right=own.plural)
        return None
    if isinstance(row.value, tree.TheRest):
        return ir.SplitRow(own.name, None, None, None, None)
    mode, written = None, row.value
    if isinstance(written, tree.Bracket):
        mode, written = modifiers.rounding(written.mods), written.value
    if isinstance(written, (tree.NothingValue, tree.NoAward, tree.Forever, tree.LastsUntil, tree.LastsFor)):
        env.report("T305", row, found="this", wanted="a percentage")
        return None
    if isinstance(written, tree.Path) and written.text == "rest":
        fix = Fix("write `the rest`", written.span, "the rest")
        env.report("N201", written, name="rest", fix=fix, note="write `the rest` for what the others leave")
        return None
    found = expressions.value(written, env)
    if isinstance(found.type, Unknown):
        return None
    if not isinstance(found.type, Rate):
        env.report("T305", row, found=describe(found.type), wanted="a percentage")
        return None
    if mode is None:
        modifiers.rounding_said(effect, [ir.Mul(env.at(row), found.expr, ir.Num(env.at(row), 1, 2))], own, env)
    return ir.SplitRow(own.name, found.expr, mode, None, None)


def _all_of_it(found: list[ir.SplitRow], rows: tuple[tree.Row, ...], env: Env) -> bool:
    """The rows share out the whole amount: `the rest` once, or shares that come to 100%."""
    rests = [row for row, each in zip(rows, found, strict=True) if each.share is None]
    sizes = [None if each.share is None else value_of(each.share) for each in found]
    known = sum((size for size in sizes if size is not None), Fraction(0))
    if len(rests) > 1:
        env.report("M160", rests[1], what="`the rest`")
    elif any(size is not None and size < 0 for size in sizes) or known > 1 or (rests and known == 1):
        env.report("T410", rows[-1], total=percent(known))
    elif not rests and (None in sizes or known != 1):
        total = "what is not known here" if None in sizes else percent(known)
        fix = _rest(rows[-1])
        env.report("T410", rows[-1], total=total, fix=fix)
    else:
        return True
    return False


def _rest(row: tree.Row) -> Fix | None:
    """The mend that gives the last unit the rest."""
    if not isinstance(row.value, tree.Node):
        return None
    return Fix("give it the rest", row.value.span, "the rest")


def percent(share: Fraction) -> str:
    """A share as a percentage."""
    return f"{share * 100}%"
