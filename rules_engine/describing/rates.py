"""What each tier earns: the amount of every earn as it stands for a tier, out of tables by tier.

In: the earns' declarations, tables by name, the tiers. Out: rows of phrases. A table by tier is read for the tier; what
does not hang on the tier reads the same in all columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rules_engine import tree
from rules_engine.describing.rewriting import rewritten
from rules_engine.describing.said import Grid, bare
from rules_engine.describing.words import named, phrase

_SAME: Final = "the same"


def rates(rules: Sequence[tree.RuleDecl], tables: Mapping[str, tree.TableBy], rungs: Sequence[str]) -> Grid | None:
    """A table of rates by tier; None where no earn hangs on the tier."""
    rows = []
    for rule in rules:
        amounts = [each.amount for each in rule.effects if isinstance(each, tree.Give) and each.verb == "give"]
        for amount in amounts:
            said = [phrase(for_tier(amount, rung, tables)) for rung in rungs]
            rows.append((bare(rule.title.value), said[0], *map(_unlike, said, said[1:])))
    if all(set(row[2:]) <= {_SAME} for row in rows):
        return None
    return Grid(("", *map(named, rungs)), tuple(rows))


def _unlike(before: str, said: str) -> str:
    return _SAME if said == before else said


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
    found = [place for place, key in enumerate(table.keys) if _is_tier(key)]
    return found[0] if found else None


def _is_tier(key: tree.Key) -> bool:
    value = key.value
    held = isinstance(value, tree.TierOf) and value.which == "held"
    return held or (isinstance(value, tree.Path) and value.text == "tier")


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
