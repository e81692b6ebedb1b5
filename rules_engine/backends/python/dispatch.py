"""Rules that are found instead of asked: tables over what an event says, and a loop over what they found.

In: a block. Out: lines that gather the numbers of the rules that may act, and a loop that runs these in the order in
which the reference asks them, each once. What a rule asks, it asks there: an index only leaves out rules that cannot
act.

Tables are data of the module, by what is looked at: a dictionary from values to numbers of rules, or windows, cut at
their ends into pieces that are searched by halves. What lines say is looked up in the one pass over the lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.folding import LEAST, Block, Entry, Shape, one_text
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.given import Given
from rules_engine.backends.python.held import line_table
from rules_engine.backends.python.limits import Counters
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.python.writing import Lines
from rules_engine.planning import Key, Subject

_NAME = re.compile(r"[a-z]\w*")
FEW = 4
"""So many shapes are told apart one after the other, more by halves."""


def rule_entries(rules: Sequence[ir.RuleDef], function: Function, counters: Counters) -> Sequence[Entry]:
    """Earns or rewards in their order, with blocks where there are many. A rule whose award others read line by line
    stands by itself; one whose award they read as a whole is a shape of its own."""
    folding = function.folding
    if folding is None or len(rules) < LEAST:
        return rules

    def like(rule: ir.RuleDef) -> object:
        if rule.key in function.wanted_totals or not counters.alike(rule):
            return rule.key
        return folding.named.get(rule.key)

    return folding.entries(rules, lambda rule: rule.key not in function.wanted_parts, like)


class Dispatch:
    """The emitter of one block."""

    def __init__(self, block: Block, function: Function, counters: Counters) -> None:
        self.block = block
        self.function = function
        self.counters = counters
        self.index = function.indexed.get(id(block)) or _Index(function, block)
        self.hits = self.index.hits
        self.rows = self.index.rows
        self.places: dict[int, list[int]] = {}
        for place, row in enumerate(block.rows):
            self.places.setdefault(row[0], []).append(place)

    def found(self, out: Lines) -> None:
        """Gather the numbers of the rules that may act."""
        for shape in self.block.shapes:
            if shape.rule.key in self.function.wanted_totals:
                out.add(f"{self.function.award_name(shape.rule.key)} = 0")
        out.extend(self.index.lines())

    def loop(self, out: Lines, one: Callable[[Any, Lines], None], between: str = "") -> None:
        """Run what was found, in order; `one` writes a rule, `between` stands before each and may end the loop."""
        if self.index.single:
            out.add(f"{self.hits}.sort()")
        places = self.hits if self.index.single else f"sorted(set({self.hits}))"
        with out.block(f"for hit in {places}:"):
            out.add(f"row = {self.rows}[hit]")
            if between:
                out.add(between)
            self.run(out, one)

    def run(self, out: Lines, one: Callable[[Any, Lines], None]) -> None:
        """Run the rule of a row."""
        bodies = [self._body(number, shape, one) for number, shape in enumerate(self.block.shapes)]
        if len(bodies) > 1:
            out.add("shape = row[0]")
        _branches(bodies, 0, len(bodies), out)

    def _body(self, number: int, shape: Shape, one: Callable[[Any, Lines], None]) -> Lines:
        body, begun, inner = Lines(), Lines(), Lines()
        one(self._asked(number, shape.rule), inner)
        if shape.names:
            self.counters.begin_shape(shape.rule.limits, begun)
            self.counters.end_shape(shape.rule.limits, inner)
            body.add(f"# {shape.count} rules of this shape")
            body.add(f"_, {', '.join(self._names(number, shape, begun.lines + inner.lines))}, = row")
        body.extend(begun)
        body.extend(inner)
        return body

    def _names(self, number: int, shape: Shape, lines: Iterable[str]) -> Sequence[str]:
        """What a row holds behind its shape: where it has a ready award, only what its rule still asks."""
        folding = self.function.folding
        made = "" if folding is None else folding.made_name(shape.names)
        if folding is None or made not in folding.columns:
            return shape.names
        asked = {name for line in lines if not line.lstrip().startswith("#") for name in _NAME.findall(line)}
        names = [name for name in (*shape.names, made) if name in asked]
        columns = [folding.columns[name] for name in names]
        for place, values in zip(self.places[number], zip(*columns, strict=True), strict=True):
            self.block.rows[place] = (number, *map(one_text, values))
        return names

    def _asked(self, number: int, rule: Any) -> Any:
        """A rule without the test of the one value by which it is found: what was found has it."""
        keys = [self.block.keys[place] for place in self.places[number]]
        if not isinstance(rule, ir.RuleDef) or rule.when is None or not all(map(_by_one_text, keys)):
            return rule
        values = tuple([own[0].values[0] for own in keys])
        parts = rule.when.parts if isinstance(rule.when, ir.All) else (rule.when,)
        left = tuple([part for part in parts if not self._says(part, keys[0][0].subject.name, values)])
        when = ir.All(at=rule.when.at, parts=left) if len(left) > 1 else left[0] if left else None
        return msgspec.structs.replace(rule, when=when)

    def _says(self, test: ir.Expr, field: str, values: tuple[object, ...]) -> bool:
        """Whether a test says of each rule of a shape that a field has its value."""
        match test:
            case ir.Cmp(op="=", left=ir.Field(name=name), right=ir.Txt(value=value)):
                return name == field and all(each == value for each in values)
            case ir.Cmp(op="=", left=ir.Field(name=name), right=Given(name=column)):
                folding = self.function.folding
                return name == field and folding is not None and folding.columns[column] == values
            case _:
                return False


def emit_block(
    block: Block,
    function: Function,
    counters: Counters,
    out: Lines,
    one: Callable[[Any, Lines], None],
    between: str = "",
) -> None:
    """Find the rules of a block and run them."""
    dispatch = Dispatch(block, function, counters)
    inner = Lines()
    dispatch.loop(inner, one, between)
    dispatch.found(out)
    out.extend(inner)


def _branches(bodies: Sequence[Lines], low: int, high: int, out: Lines) -> None:
    if len(bodies) == 1:
        out.extend(bodies[0])
        return
    if high - low > FEW:
        middle = (low + high) // 2
        with out.block(f"if shape < {middle}:"):
            _branches(bodies, low, middle, out)
        with out.block("else:"):
            _branches(bodies, middle, high, out)
        return
    for place in range(low, high):
        with out.block(f"{'if' if place == low else 'elif'} shape == {place}:"):
            out.extend(bodies[place])


class _Index:
    """The tables of one block, and the lines that ask them."""

    def __init__(self, function: Function, block: Block) -> None:
        self.function = function
        self.module = function.module
        self.block = block
        self.number = len(function.indexed)
        self.hits = ident("hits", self.number)
        self.rows = self.module.share("rows", ("block", function, self.number), "", lambda: block.rows)
        self.single = all(_found_once(own) for own in block.keys)
        self.found: Lines | None = None
        function.indexed[id(block)] = self

    def lines(self) -> Lines:
        """Lines that gather the numbers of rules that may act; what lines of the event say is gathered in the pass."""
        if self.found is None:
            self.found = Lines()
            self._emit(self.block.keys, self.found)
        return self.found

    def _emit(self, keys: Sequence[tuple[Key, ...]], out: Lines) -> None:
        values: dict[Subject, dict[object, list[int]]] = {}
        windows: dict[Subject, list[tuple[int | None, int | None, int]]] = {}
        lists: dict[Subject, dict[object, list[int]]] = {}
        always = []
        for place, own in enumerate(keys):
            if not own or any(key.subject.kind in _UNASKED for key in own):
                always.append(place)
                continue
            for key in own:
                if key.test == "within":
                    windows.setdefault(key.subject, []).append((key.low, key.high, place))
                    continue
                table = (lists if key.test == "contains" else values).setdefault(key.subject, {})
                for value in key.values:
                    table.setdefault(value, []).append(place)
        heads = [f"*{self._share('always', tuple(always))}"] if always else []
        self.lined = any(subject.kind == "line" for subject in (*values, *windows, *lists))
        rest = Lines()
        for subject, found in values.items():
            if self.lined or subject.kind in ("code", "condition"):
                self._value(subject, found, rest)
            else:
                heads.append(f"*{self._by(found)}({self._read(subject)}, ())")
        for subject, found in lists.items():
            self._list(subject, found, rest)
        for subject, spans in windows.items():
            self._window(subject, spans, rest)
        start = f"{self.hits} = [{', '.join(heads)}]"
        if self.lined:
            self.function.passing.starts.append(start)
        else:
            out.add(start)
        out.extend(rest)

    def _share(self, prefix: str, value: Any) -> str:
        key = (self.function, self.number, len(self.module.globals))
        return self.module.share(prefix, key, "", lambda: value)

    def _value(self, subject: Subject, table: dict[object, list[int]], out: Lines) -> None:
        if subject.kind == "code":
            self._codes(table, out)
            return
        frozen = {value: tuple(places) for value, places in table.items()}
        if subject.kind == "condition":
            assert subject.expr is not None
            test = expressions.truth(subject.expr, self.function)
            for value, head in ((True, f"if {test}:"), (False, f"if not ({test}):")):
                if value in frozen:
                    with out.block(head):
                        out.add(f"{self.hits} += {self._share('when', frozen[value])}")
            return
        if subject.kind == "line":
            line_table(self.function, subject.name).finds(self.hits, frozen)
            return
        self._ask(subject, f"{self.hits} += {self._by(table)}({self._read(subject)}, ())", out)

    def _by(self, table: dict[object, list[int]]) -> str:
        """What finds rules by a value."""
        return self._share("by", {one_text(value): tuple(places) for value, places in table.items()}.get)

    def _list(self, subject: Subject, table: dict[object, list[int]], out: Lines) -> None:
        name = self._by(table)
        self._ask(subject, f"for each in {self._read(subject)} or (): {self.hits} += {name}(each, ())", out)

    def _window(self, subject: Subject, spans: list[tuple[int | None, int | None, int]], out: Lines) -> None:
        name, value = self._share("windows", windows_of(spans)), self._read(subject)
        statement = f"{self.hits} += {name}({value})"
        if subject.kind in ("line", "event", "member"):
            statement = f"{self.hits} += () if {value} is None else {name}({value})"
        self._ask(subject, statement, out)

    def _codes(self, table: dict[object, list[int]], out: Lines) -> None:
        name = self._by(table)
        out.add(f"for each in presented: {self.hits} += {name}(each, ())")

    def _ask(self, subject: Subject, statement: str, out: Lines) -> None:
        if subject.kind == "line":
            self.function.passing.body.setdefault("", []).append(statement)
        else:
            out.add(statement)

    def _read(self, subject: Subject) -> str:
        function = self.function
        match subject.kind:
            case "line":
                return function.line_field(subject.name).code
            case "event":
                return function.field(subject.name).code
            case "member":
                return function.member_field(subject.name).code
            case "today":
                return "day"
            case "now":
                return "instant"
            case _:
                assert subject.expr is not None
                return expressions.plain(subject.expr, function)


_UNASKED = ("currency",)
"""What generated code does not look rules up by."""


def _found_once(keys: Sequence[Key]) -> bool:
    """Whether a rule can be found but once: by one value that an event has at most one of, or as it is always asked."""
    if not keys:
        return True
    key, *others = keys
    plain = key.subject.kind in ("event", "member") and key.test == "one of"
    return plain and not others and len(set(key.values)) == len(key.values)


def _by_one_text(keys: Sequence[Key]) -> bool:
    """Whether a rule is found by one text that a field of the event has, and by nothing else."""
    if len(keys) != 1 or keys[0].subject.kind != "event" or keys[0].test != "one of":
        return False
    return len(keys[0].values) == 1 and type(keys[0].values[0]) is str


# ---- windows

PIECES_MAX = 16
"""So many numbers a piece, on the average, are kept with each piece of the axis; where windows overlap more they are
kept by halves, quarters and so on, so that memory grows no faster than the number of rules times its digits."""


def windows_of(spans: Iterable[tuple[int | None, int | None, int]]) -> Callable[[int], Sequence[int]]:
    """A function that finds the windows in which a value lies: from their low ends (None: open) up to, not including,
    their high ends.

    >>> find = windows_of([(None, 10, 0), (5, None, 1), (7, 9, 2)])
    >>> [list(find(value)) for value in (4, 5, 8, 10)]
    [[0], [0, 1], [0, 1, 2], [1]]
    """
    every = list(spans)
    edges = sorted({end for low, high, _ in every for end in (low, high) if end is not None})
    rank = {edge: place for place, edge in enumerate(edges)}
    last = len(edges) + 1
    pieces = [
        (0 if low is None else rank[low] + 1, last if high is None else rank[high] + 1, place)
        for low, high, place in every
    ]
    if sum([max(0, high - low) for low, high, _ in pieces]) > PIECES_MAX * (last + len(every)):
        return _by_halves(edges, pieces)
    table: list[list[int]] = [[] for _ in range(last)]
    for low, high, place in pieces:
        for piece in range(low, high):
            table[piece].append(place)
    rows = tuple([tuple(each) for each in table])
    return lambda value: rows[bisect_right(edges, value)]


def _by_halves(edges: list[int], pieces: list[tuple[int, int, int]]) -> Callable[[int], Sequence[int]]:
    """Each window at the few halves, quarters, ... of the axis that make it up; a value is asked for all that hold
    it."""
    size = len(edges) + 1
    tree: list[list[int]] = [[] for _ in range(2 * size)]
    for low, high, place in pieces:
        left, right = low + size, high + size
        while left < right:
            if left & 1:
                tree[left].append(place)
                left += 1
            if right & 1:
                right -= 1
                tree[right].append(place)
            left, right = left >> 1, right >> 1

    def find(value: int) -> list[int]:
        found: list[int] = []
        node = bisect_right(edges, value) + size
        while node:
            found += tree[node]
            node >>= 1
        return found

    return find
