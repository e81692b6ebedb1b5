"""Rules of one shape as one: the rule that stands for them, and their rows.

In: the rules of a program, and the plan's shapes. Out: of each shape a rule in which nodes of `rowed` stand for the
constants that differ; their values are columns in the pool, a row a rule. Which rules have a shape in common does not
hang on where they stand, so that all kinds of event, and guests, have the same rows.

What code that was written for such a rule may hold is a list of ops: those whose constants are the same for all rules
of a shape, or stand in columns. Where it holds another, or cannot be written so, each rule gets code of its own.
"""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing.affine import affine
from rules_engine.backends.columnar.writing.making import NotColumnar
from rules_engine.backends.columnar.writing.rowed import RowAmong, RowNumber, rows_of_sets
from rules_engine.backends.columnar.writing.spans import Span
from rules_engine.planning import Found, refilled

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.drawing import Drawing

RuleOf: TypeAlias = "ir.OfferDef | ir.RuleDef"

SHARED: Final = frozenset((
    ops.JUMP, ops.UNLESS, ops.WHERE, ops.UNLESS_IS, ops.SPREAD_OUT, ops.SUM, ops.COUNT, ops.SUM_AT, ops.FIELD_IS,
    ops.TRACK, ops.TIMES_LEFT, ops.TAKE_TIMES, ops.GIVE, ops.GIVE_NOTHING, ops.TAKE_LINES, ops.TAKE_UNITS,
    ops.TAKE_TOTAL, ops.ROW_VALUE, ops.ROW_FIELD_IS, ops.ROW_SUM_AT, ops.ROW_AMONG, ops.ROW_AMONG_LINES,
    *range(ops.CONST, ops.LOADED + 1), *range(ops.CONST + ops.VECTOR, ops.LOADED + ops.VECTOR + 1),
))  # fmt: skip
"""The ops that rules of one shape may share."""


class Shaped(msgspec.Struct):
    """A shape: its rules, the row of each, the rule that stands for all (None: none can), and of each effect by unit
    the six numbers of `TAKE_UNITS` of each rule."""

    rules: list[Any]
    rows: dict[str, int]
    standing: Any = None
    tried: bool = False
    units: list[list[list[int]]] = []


class Shapes:
    """The shapes of a program, by rule. Rules that a holdout or a track names have a shape only with others that the
    same name."""

    def __init__(self, core: ir.Program, found: dict[str, Found]) -> None:
        self.found = found
        self.of: dict[str, Shaped] = {}
        named = _named(core)
        groups: dict[object, Shaped] = {}
        every: tuple[RuleOf, ...] = (*core.offers, *core.rules) if found else ()
        for rule in every:
            if _fits(rule):
                like = found[rule.key].shape, named.get(rule.key)
                shaped = self.of[rule.key] = groups.setdefault(like, Shaped([], {}))
                shaped.rows[rule.key] = len(shaped.rules)
                shaped.rules.append(rule)

    def standing(self, shaped: Shaped, drawing: Drawing) -> Any:
        """The rule that stands for a shape; None where there can be none."""
        if not shaped.tried:
            shaped.tried = True
            constants = zip(*[self.found[rule.key].constants for rule in shaped.rules], strict=True)
            try:
                shaped.standing = _standing(shaped, _Columns(constants, drawing))
            except NotColumnar:
                shaped.standing = None
        return shaped.standing


def _named(core: ir.Program) -> dict[str, tuple[int, ...]]:
    """Of each rule that a holdout or a track names, which do."""
    found: dict[str, tuple[int, ...]] = {}
    for number, names in enumerate([*(each.rules for each in core.holdouts), *(each.rules for each in core.tracks)]):
        for key in names:
            found[key] = (*found.get(key, ()), number)
    return found


def _fits(rule: RuleOf) -> bool:
    """Whether a rule can share code: nothing is presented for it or said by it, and it has no limits of its own."""
    return rule.code is None and rule.thing is None and not (rule.says or rule.limits)


# ---- the rule that stands for a shape


class _Columns:
    """What stands for the constants of a shape, one after the other."""

    def __init__(self, constants: Any, drawing: Drawing) -> None:
        self.constants = constants
        self.drawing = drawing

    def __call__(self, constant: Any) -> Any:
        column: tuple[Any, ...] = next(self.constants)
        if column.count(column[0]) == len(column):
            return constant
        match constant:
            case ir.Num(at=at):
                den = lcm(*[of for _, of in column])
                return self._number(at, [num * (den // of) for num, of in column], den)
            case ir.Txt(at=at):
                return self._number(at, [self.drawing.code(text) for text in column], 1, text=True)
            case ir.OneOf(at=at, value=value):
                return self._among(at, value, column)
            case str():
                return constant  # what it is called: results are numbered by row
            case _:
                raise NotColumnar("its rules differ in what no column holds")

    def _number(self, at: ir.Origin, values: list[int], den: int, *, text: bool = False) -> RowNumber:
        span = Span(min(values), max(values))
        if not span.fits:
            raise NotColumnar("a constant is too large")
        return RowNumber(at, self.drawing.make.stretch(values), den, span.low, span.high, text)

    def _among(self, at: ir.Origin, value: ir.Expr, column: tuple[Any, ...]) -> RowAmong:
        code = self.drawing.code
        sets = rows_of_sets([[code(each) if isinstance(each, str) else int(each) for each in own] for own in column])
        if not sets:
            raise NotColumnar("a constant is too large")
        return RowAmong(at, value, self.drawing.make.stretch(sets), len(sets))


def _standing(shaped: Shaped, columns: _Columns) -> Any:
    first = shaped.rules[0]
    rule = refilled(first, columns)
    if not isinstance(rule, ir.OfferDef):
        return rule
    effects: list[Any] = []
    for place, effect in enumerate(rule.effects):
        if isinstance(effect, ir.DiscountDef) and effect.grain == "unit":
            # Its amount is six numbers, not registers: those of each rule are worked out apart.
            shaped.units.append([factors(each.effects[place]) for each in shaped.rules])
            effect = msgspec.structs.replace(effect, value=first.effects[place].value)
        effects.append(effect)
    return msgspec.structs.replace(rule, effects=tuple(effects))


def factors(effect: Any) -> list[int]:
    """The six numbers of `TAKE_UNITS`."""
    found = affine(effect.value)
    if found is None:
        raise NotColumnar("what each unit costs decides by a table or a field")
    three = found.now, found.listed, found.fixed
    den = lcm(*(part.denominator for part in three))
    return [*(int(part * den) for part in three), den, ops.MODES[effect.rounding], int(effect.verb == "price")]


# ---- the code of a shape


class Began(msgspec.Struct, frozen=True):
    """Where the code of a shape begins: in the code, and in the awards and effects."""

    code: int
    gives: int
    give_rows: int
    effects: int
    effect_rows: int


def began(drawing: Drawing) -> Began:
    """The code of a shape begins here."""
    return Began(
        len(drawing.make.code), len(drawing.gives), len(drawing.give_rows), len(drawing.effects),
        len(drawing.effect_rows),
    )  # fmt: skip


def forget(start: Began, drawing: Drawing) -> None:
    """The code was given up."""
    del drawing.make.code[start.code :]
    del drawing.gives[start.gives :], drawing.give_rows[start.give_rows :]
    del drawing.effects[start.effects :], drawing.effect_rows[start.effect_rows :]


def finish(shaped: Shaped, start: Began, drawing: Drawing, total: int) -> None:
    """Number what the code of a shape gives by rule, and let it read the rows; raises where it holds what rules of a
    shape cannot share. `total` is the most that an event costs."""
    code, units = drawing.make.code, iter(shaped.units)
    for place in range(start.code, len(code)):
        row = code[place]
        if row[0] not in SHARED:
            raise NotColumnar(f"rules of a shape do not share {ops.OPS.get(row[0], row[0])}")
        if row[0] == ops.TAKE_UNITS:
            code[place] = (*row[:6], _units(next(units, []), row[6], drawing, total), 1)
    if next(units, None) is not None:
        raise NotColumnar("an amount by unit is worked out otherwise")
    names: tuple[tuple[list[Any], list[Any], int, int], ...] = (
        (drawing.gives, drawing.give_rows, start.gives, start.give_rows),
        (drawing.effects, drawing.effect_rows, start.effects, start.effect_rows),
    )
    for told, rows, first, first_row in names:
        own = told[first:]
        if len(own) != len(rows) - first_row:
            raise NotColumnar("results are not told one by one")
        del told[first:]
        for number, each in enumerate(own):
            at = first_row + number
            rows[at] = (len(told), *rows[at][1:])
            told += [msgspec.structs.replace(each, rule=rule.key) for rule in shaped.rules]


def _units(found: list[list[int]], written: int, drawing: Drawing, total: int) -> int:
    """The numbers of all rows, in the pool."""
    if not found or drawing.make.pool[written : written + 6] != found[0]:
        raise NotColumnar("an amount by unit is worked out otherwise")
    if any((sum(map(abs, each[:3])) + 1) * total > 2**62 for each in found):
        raise NotColumnar("a number could become too large")
    return drawing.make.stretch([number for each in found for number in each])
