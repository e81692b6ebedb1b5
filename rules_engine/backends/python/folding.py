"""Which rules of an event are written once for all rules of their shape, and found by an index instead of being asked
in turn.

In: the plan of a program, and rules in the order in which they are asked. Out: `Block`s: rules that are asked one after
the other, each a row of a table with its shape and the constants that tell it from others of that shape. A shape with
one rule is written with its constants in place.

A shape of several rules is written as one rule in which each constant that differs is a `Given`, an `Among` or a
`Local`: a local name that the row fills. Constants that are equal in all rules stay what they are, and those that
always go together share a name. A column of numbers has one denominator, so that generated code stays in whole numbers.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from math import lcm
from sys import intern
from typing import Any, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.python.given import Among, Given
from rules_engine.backends.python.quoting import Local, ident
from rules_engine.planning import Found, Key, Plan, refilled

RuleOf: TypeAlias = "ir.OfferDef | ir.RuleDef"
Entry: TypeAlias = "ir.OfferDef | ir.RuleDef | str | Block"

LEAST = 12
"""So many rules that can be found make it worth while to look for them."""


class Shape(msgspec.Struct):
    """A shape of a block: the rule that stands for it, the local names that a row fills, and how many rules there
    are."""

    rule: Any
    names: tuple[str, ...]
    count: int


class Block(msgspec.Struct):
    """Rules that are asked one after the other: the shapes, and of each rule its row (its shape, then its constants)
    and the keys that it is found by."""

    shapes: list[Shape]
    rows: list[tuple[Any, ...]]
    keys: list[tuple[Key, ...]]


class Known(msgspec.Struct, frozen=True):
    """What is known of all rules: how each is found, which holdouts and tracks name it, and with what names of
    constants begin, so that none is called like a rule or a limit."""

    found: dict[str, Found]
    named: dict[str, tuple[int, ...]]
    prefix: str


def known_of(core: ir.Program, plan: Plan) -> Known:
    """What is known of the rules of a program."""
    every: tuple[RuleOf, ...] = (*core.offers, *core.rules)
    keys = [rule.key for rule in every]
    keys += [limit.key for rule in every for limit in rule.limits]
    prefix = "k"
    while any(map(re.compile(rf"{prefix}\d").match, keys)):
        prefix += "k"
    return Known({each.rule: each for each in plan.rules}, memberships(core), prefix)


def memberships(core: ir.Program) -> dict[str, tuple[int, ...]]:
    """Of each rule that a holdout or a track names, which do."""
    found: dict[str, tuple[int, ...]] = {}
    for number, names in enumerate([*(each.rules for each in core.holdouts), *(each.rules for each in core.tracks)]):
        for key in names:
            found[key] = (*found.get(key, ()), number)
    return found


class Folding:
    """The plan of a program by rule, and the names of constants; one for each generated function."""

    def __init__(self, known: Known) -> None:
        self.found = known.found
        self.named = known.named
        self.prefix = known.prefix
        self.numbers = 0
        self.alias: dict[str, str] = {}
        self.columns: dict[str, tuple[Any, ...]] = {}

    def entries(
        self, rules: Sequence[RuleOf | str], fits: Callable[[Any], bool], like: Callable[[Any], object]
    ) -> list[Entry]:
        """Rules in their order, with blocks instead of the runs of those that `fits` lets in. Rules of one shape also
        have to be `like` each other. Entries that are no rules stay as they are."""
        found: list[Entry] = []
        run: list[Any] = []
        for rule in rules:
            if not isinstance(rule, str) and fits(rule):
                run.append(rule)
                continue
            found += self._closed(run, like)
            run = []
            found.append(rule)
        return found + self._closed(run, like)

    def _closed(self, run: list[Any], like: Callable[[Any], object]) -> list[Entry]:
        """A run as a block, between those that stand outside because they are asked anyway."""
        known = [rule for rule in run if self.found[rule.key].keys]
        if len(known) < LEAST:
            return list(run)
        first, last = run.index(known[0]), len(run) - run[::-1].index(known[-1])
        return [*run[:first], self._block(run[first:last], like), *run[last:]]

    def _block(self, run: list[Any], like: Callable[[Any], object]) -> Block:
        groups: dict[object, list[int]] = {}
        for place, rule in enumerate(run):
            groups.setdefault((self.found[rule.key].shape, like(rule)), []).append(place)
        rows: list[tuple[Any, ...]] = [()] * len(run)
        shapes = []
        for number, places in enumerate(sorted(groups.values(), key=len, reverse=True)):
            some = [run[place] for place in places]
            names, columns, rule = self._shape(some, [self.found[each.key] for each in some])
            shapes.append(Shape(rule, names, len(some)))
            for place, row in zip(places, zip(*columns, strict=True) if columns else [()] * len(places), strict=True):
                rows[place] = (number, *map(one_text, row))
        return Block(shapes, rows, [self.found[rule.key].keys for rule in run])

    # ---- one shape

    def _shape(self, rules: Sequence[Any], found: Sequence[Found]) -> tuple[tuple[str, ...], list[Any], Any]:
        """The names, their columns, and the rule that stands for all."""
        if len(rules) == 1:
            return (), [], rules[0]
        self.numbers += 1
        names: dict[object, str] = {}
        columns: list[Any] = []
        constants = iter(zip(*[each.constants for each in found], strict=True))

        def stands(constant: Any) -> Any:
            column = next(constants)
            if column.count(column[0]) == len(column):
                return constant
            filled, node = _column(constant, column)
            name = names.get(filled)
            if name is None:
                name = names[filled] = self._name(len(names))
                columns.append(filled[1])
                self.columns[name] = filled[1]
            return node(name)

        rule = refilled(rules[0], stands)
        self.alias[rule.key] = rules[0].key
        return tuple(names.values()), columns, rule

    def made(self, make: Callable[..., Any], names: Sequence[str]) -> str:
        """The name of one column more: what `make` makes of others and of literals."""
        columns = [self.columns[name] if name in self.columns else repeat(literal_eval(name)) for name in names]
        found = self.made_name([name for name in names if name in self.columns])
        self.columns[found] = tuple(map(make, *columns))
        return found

    @staticmethod
    def made_name(names: Sequence[str]) -> str:
        """What such a column of a shape is called, by names of its others."""
        return f"{names[0].split('_')[0]}_made" if names else ""

    def _name(self, number: int) -> str:
        return ident(f"{self.prefix}{self.numbers}_", number)


def _column(constant: Any, column: tuple[Any, ...]) -> tuple[tuple[str, Any], Callable[[str], Any]]:
    """What rows hold of a column of constants, and what stands for each of them by its name."""
    match constant:
        case ir.Num(at=at):
            den = lcm(*[den for _, den in column])
            low, most = min([num for num, _ in column]) >= 0, max([num * (den // of) for num, of in column])
            filled = tuple([num * (den // of) for num, of in column])
            return ("number", filled), lambda name: Given(at, name, den, low, low and most <= den)
        case ir.Txt(at=at):
            return ("text", column), lambda name: Given(at, name)
        case ir.OneOf(at=at, value=value):
            return ("items", tuple([frozenset(items) for items in column])), lambda name: Among(at, value, name)
        case _:
            return ("text" if isinstance(constant, str) else "plain", column), Local


def one_text(value: Any) -> Any:
    """The one copy of a text: what finds a rule and what it compares then lie in one place of memory."""
    return intern(value) if type(value) is str else value


def shapes_of(entries: Iterable[Entry]) -> Iterator[RuleOf]:
    """One rule of each shape, and every rule that stands for itself."""
    for entry in entries:
        if isinstance(entry, Block):
            yield from (shape.rule for shape in entry.shapes)
        elif not isinstance(entry, str):
            yield entry
