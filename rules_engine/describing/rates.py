"""What each tier earns: the amount of every earn as it stands for a tier, out of tables by tier and conditions.

In: the earns' declarations, tables and defines by name, the tiers. Out: rows of phrases. A table by tier is read for a
tier, and where the tier cannot meet the condition there is nothing; what does not hang on the tier reads the same in
all columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rules_engine import tree
from rules_engine.describing.holding import Standing, is_tier, left_of
from rules_engine.describing.rewriting import rewritten
from rules_engine.describing.said import Grid, bare
from rules_engine.describing.words import named, phrase

_SAME: Final = "the same"
_NOTHING: Final = "nothing"


def rates(
    rules: Sequence[tree.RuleDecl],
    tables: Mapping[str, tree.TableBy],
    rungs: Sequence[str],
    defines: Mapping[str, tree.Node],
) -> Grid | None:
    """A table of rates by tier; None where no earn hangs on the tier."""
    rows = []
    differ = False
    for rule in rules:
        left = [left_of(rule.when, Standing(rung, rungs, defines)) for rung in rungs]
        amounts = [each.amount for each in rule.effects if isinstance(each, tree.Give) and each.verb == "give"]
        for amount in amounts:
            said = _row_of([for_tier(amount, rung, tables) for rung in rungs], left)
            differ |= len(set(said)) > 1
            rows.append((bare(rule.title.value), said[0], *map(_unlike, said, said[1:])))
    return Grid(("", *map(named, rungs)), tuple(rows)) if differ else None


def _row_of(amounts: Sequence[tree.Node], left: Sequence[tree.Expr | bool]) -> list[str]:
    """An amount for each tier, with what it hangs on besides where that is not the same for all that get it."""
    open_ = [each for each in left if each is not False]
    unlike = any(each != open_[0] for each in open_)
    said = []
    for amount, condition in zip(amounts, left, strict=True):
        gives = condition is not False and not isinstance(amount, tree.NothingValue)
        only = f", only if {phrase(condition)}" if gives and unlike and not isinstance(condition, bool) else ""
        said.append(f"{phrase(amount)}{only}" if gives else _NOTHING)
    return said


def _unlike(before: str, said: str) -> str:
    return _SAME if said == before and said != _NOTHING else said


def for_tier(node: tree.Node, rung: str, tables: Mapping[str, tree.TableBy]) -> tree.Node:
    """A node with its tables by tier replaced by what they say of one tier."""

    def change(node: tree.Node) -> tree.Node | None:
        match node:
            case tree.Path(parts=(tree.Name(text=name),)) if name in tables and _place(tables[name]) is not None:
                return for_tier(tables[name], rung, tables)
            case tree.TableBy() if _place(node) is not None:
                return _row(node, rung, tables)
            case tree.Per(amount=amount) if isinstance(for_tier(amount, rung, tables), tree.NothingValue):
                return tree.NothingValue(node.span)
            case _:
                return None

    return rewritten(node, change)


def _place(table: tree.TableBy) -> int | None:
    """Which key of a table is the tier."""
    found = [place for place, key in enumerate(table.keys) if is_tier(key.value)]
    return found[0] if found else None


def _row(table: tree.TableBy, rung: str, tables: Mapping[str, tree.TableBy]) -> tree.Node:
    """The rows of a table that are for a tier: a value, or a smaller table where it has more keys."""
    place = _place(table)
    assert place is not None
    rows = [row for row in table.rows if row.otherwise or _holds(row.cells[place], rung)]
    if len(table.keys) == 1:
        own = [row for row in rows if not row.otherwise] or rows
        return for_tier(own[0].value, rung, tables) if own else table
    kept = [msgspec.structs.replace(row, cells=(*row.cells[:place], *row.cells[place + 1 :])) for row in rows]
    keys = (*table.keys[:place], *table.keys[place + 1 :])
    return for_tier(msgspec.structs.replace(table, keys=keys, rows=tuple(kept)), rung, tables)


def _holds(cell: tree.Cell, rung: str) -> bool:
    match cell:
        case tree.OneOfCell(values=values):
            return any(isinstance(each, tree.Path) and each.text == rung for each in values)
        case _:
            return True
