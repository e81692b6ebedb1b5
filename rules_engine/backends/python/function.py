"""One generated function under way: which local names stand for what, and what has to be loaded before the rules run.

In: reads, asked for while rules are emitted (a `Scope` for `expressions`). Out: the lines that load fields, facts,
tracks and balances, and one pass over the event's lines that fills every total and list that some rule needs. Rules are
emitted first, into their own lines, so that only what they read is loaded.

**The pass.** A fold whose value and condition are known before any rule runs becomes a running total in the pass; folds
with the same condition share its test. A fold that reads awards, marks, or optionals of the event (which may be absent
until a `has` lets it through) becomes a helper function over columns that the pass collects, and runs where it is read.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.quoting import ident
from rules_engine.backends.python.writing import Lines
from rules_engine.periods import anchors

BILLION = 10**9
LATE = (
    ir.AwardRead,
    ir.AwardPart,
    ir.MarkRead,
    ir.RungRead,
    ir.BalanceRead,
    ir.TrackRead,
    ir.TierRead,
    ir.Reaches,
    ir.Across,
)


class Pass(msgspec.Struct):
    """What the one pass over the lines does: statements by condition (empty: always), starts, and columns kept."""

    starts: list[str] = []
    body: dict[str, list[str]] = {}
    columns: dict[str, str] = {}
    fields: dict[str, str] = {}
    after: list[str] = []
    money: bool = False
    quantity: bool = False
    whole: bool = False


class Function:
    """The scope of the function that scores one kind of event."""

    def __init__(self, module: Module, event: ir.EventDef) -> None:
        self.module = module
        self.event = event
        self.fields = {field.name: field for field in event.fields}
        self.line_fields = {field.name: field for field in (event.lines.fields if event.lines else event.fields)}
        self.facts = {field.name: field for field in module.program.member}
        self.loaded: dict[tuple[str, str], str] = {}
        self.numbers: dict[str, int] = {}
        self.passing = Pass()
        self.folds: dict[tuple[str, str, str], Scaled] = {}
        self.wanted_parts: set[str] = set()  # rules whose award is asked for line by line
        self.wanted_totals: set[str] = set()  # rules whose award is asked for as a whole
        self.stage: Literal["earn", "after"] = "earn"
        self.trail: list[dict[str, None]] = []  # names read by the helper functions under way
        self.needs_keys = False
        self.owned: dict[str, str] = {}  # fields that only the boundary looks at
        self.days: dict[str, str] = {}  # what follows from the day alone, by its code
        self.early_names: dict[str, None] = {}  # what the pass reads
        self.hoisted: dict[str, str] = {}  # calls that helpers are handed the results of, by parameter

    # ---- names

    def _name(self, prefix: str, kind: str, word: str) -> str:
        name = self.loaded.get((kind, word))
        if name is None:
            number = self.numbers[kind] = self.numbers.get(kind, -1) + 1
            name = ident(prefix, number, word)
            self.loaded[kind, word] = name
        return self._read(name)

    def _read(self, name: str) -> str:
        for names in self.trail:
            names[name] = None
        return name

    def own_name(self, name: str) -> str:
        """The local name of a field that no rule reads."""
        return self.owned.setdefault(name, ident("x", len(self.owned), name))

    def field(self, name: str) -> Scaled:
        return _of(self.fields[name], self._name("f", "field", name))

    def line_field(self, name: str) -> Scaled:
        local = self.passing.fields.get(name)
        if local is None:
            local = self.passing.fields[name] = ident("l", len(self.passing.fields), name)
        return _of(self.line_fields[name], self._read(local))

    def line_money(self, base: str) -> Scaled:
        del base  # without offers every base is the list price
        self.passing.money = True
        positive = self.line_fields[self.event.list_field].low >= 0 if self.event.list_field else True
        return Scaled(self._read("amount"), positive=positive) if self.event.list_field else numbers.ZERO

    def line_quantity(self) -> Scaled:
        if not self.event.quantity_field:
            return numbers.constant(1)
        self.passing.quantity = True
        return Scaled(self._read("pieces"), positive=self.line_fields[self.event.quantity_field].low >= 0)

    def member_field(self, name: str) -> Scaled:
        return _of(self.facts[name], self._name("m", "fact", name))

    def award(self, rule: str) -> Scaled:
        return Scaled(self._read(self.award_name(rule)), positive=True)

    def award_name(self, rule: str) -> str:
        """The local name of what a rule gave."""
        trail, self.trail = self.trail, []
        name = self._name("g", "award", rule)
        self.trail = trail
        return name

    def award_part(self, rule: str) -> Scaled:
        return Scaled(self._read(f"each_{self.award_name(rule)}"), positive=True)

    def track(self, name: str, previous: bool) -> Scaled:
        if previous:
            self.track_name(name)
            local = self._name("v", "previous", name)
            return Scaled(local if self.stage == "earn" else self._read(f"now_{local}"))
        before = self._name("t", "track", name)
        return Scaled(before if self.stage == "earn" else self._read(f"now_{before}"))

    def track_name(self, name: str) -> str:
        """The local name of a track's value before the event."""
        return self._name("t", "track", name)

    def contribution(self, name: str) -> Scaled:
        """What the event itself adds to a track; nothing, where the track counts what rules give."""
        if self.module.tracks[name].given:
            self.track_name(name)
            return numbers.ZERO
        return Scaled(self._read(f"own_{self._name('t', 'track', name)}"))

    def sliced(self, name: str) -> Scaled:
        """What a contribution is laid on: a moving window as it stands, else the stored value it is added to."""
        local = self._name("t", "track", name)
        if self.by_line(name):
            return Scaled(self._read(f"all_{local}"))
        if self.module.tracks[name].window.kind in ("rolling", "last"):
            return Scaled(local)
        if self.stage == "earn" or self.module.tracks[name].given:
            return Scaled(self._read(f"at_{local}"))
        return Scaled(f"({self._read(f'at_{local}')} - own_{local})")

    def may_lack(self, expr: ir.Expr) -> bool:
        """Whether a day may be absent where it is compared: an optional that a rule's dates name, an end that never
        comes."""
        return any(isinstance(node, ir.EdgeDay) or self._absent(node) for node in ir.walk(expr))

    def _absent(self, node: object) -> bool:
        match node:
            case ir.Field(name=name):
                field = self.fields[name]
            case ir.LineField(name=name):
                field = self.line_fields[name]
            case ir.MemberField(name=name):
                field = self.facts[name]
            case _:
                return False
        return field.optional and field.kind in ("date", "instant")

    def by_line(self, name: str) -> bool:
        """Whether a track goes by the days of lines."""
        return self.module.tracks[name].by_line

    def balance(self, unit: str, pending: bool) -> Scaled:
        late = "" if self.stage == "earn" else "now "
        kind = f"{late}balance, pending" if pending else f"{late}balance"
        return Scaled(self._name(f"{late.strip()}{'bp' if pending else 'b'}", kind, unit))

    def tier(self, which: str) -> Scaled:
        if which == "held":
            return Scaled(self._read("tier"))
        if which == "matched":
            return Scaled("matched")
        return Scaled(self.earned())

    def earned(self) -> str:
        """The highest rung whose path holds, as a chain of conditions."""
        tiers = self.module.program.tiers
        assert tiers is not None
        code = ""
        for place in range(len(tiers.rungs) - 1, 0, -1):
            ways = " or ".join(f"({self.way(way)})" for way in tiers.rungs[place].ways)
            code += f"{place} if {ways} else " if ways else ""
        return f"({code}0)"

    def way(self, way: ir.WayDef) -> str:
        """Whether a path holds, what every tier needs included."""
        tiers = self.module.program.tiers
        code = expressions.truth(way.condition, self)
        if way.needs and tiers is not None and tiers.needs is not None:
            code = f"({code}) and ({expressions.truth(tiers.needs, self)})"
        return code

    def reached(self, track: str) -> tuple[str, str]:
        return self._read(f"seen_{self.track_name(track)}"), self.track(track, False).code

    def shared(self, value: object, hint: str) -> str:
        if hint == "import":
            return self.module.imported(str(value))
        return self.module.share(hint, _hashable(value), "", lambda: value)

    def period(self, node: ir.InPeriod, value: str) -> str:
        definition = self.module.period(node.period)
        extra = "".join(f", {code}" for code in self.anchors(definition))
        inside = self.module.inside(node.period, node.instant)
        if value == "day" and not extra and not node.instant:
            return self.of_day(f"{inside}(day)")
        return f"{inside}({value}{extra})"

    def edge(self, node: ir.EdgeDay, day: str) -> str:
        definition = self.module.period(node.period)
        extra = "".join(f", {code}" for code in self.anchors(definition))
        edge = self.module.edge(node)
        if day == "day" and not extra and not self.module.timed(node.period):
            return self.of_day(f"{edge}(day, 0)")
        return f"{edge}({day}, instant{extra})"

    def anchors(self, definition: ir.PeriodDef) -> list[str]:
        """The days that a period hangs on, by the order of its keys."""
        return [expressions.plain(self.module.anchor(key), self) for key in anchors(definition.period)]

    def of_day(self, code: str) -> str:
        """A local name for something that follows from the event's day alone; all such are looked up together."""
        name = self.days.get(code)
        if name is None:
            name = self.days[code] = ident("d", len(self.days), code.split("(")[0].split("_", 1)[-1])
        return self._read(name)

    # ---- folds

    def fold(self, fold: ir.Fold) -> Scaled:
        """A total over the lines: in the pass where all is known there, else by a helper where it is read."""
        return self.total(fold.op, fold.where, fold.value, None)

    def each_line(self, give: ir.GiveDef, mode: ir.RoundingMode) -> Scaled:
        """An amount formed and rounded on each line, then added."""
        return self.total("sum", give.line_where, give.value, mode)

    def total(self, op: str, where: ir.Expr | None, value: ir.Expr | None, mode: ir.RoundingMode | None) -> Scaled:
        """A sum, a count or the number of different values over the lines where a condition holds."""
        early = self.early(value) and self.early(where) and not (_folds(value) or _folds(where))
        names: dict[str, None] = {}
        self.trail.append(names)
        test = "" if where is None else expressions.truth(where, self)
        counted = op == "count" or value is None
        found = numbers.constant(1) if counted else expressions.number(value, self)  # type: ignore[arg-type]
        self.trail.pop()
        if mode is not None:
            found = numbers.rounded(found, mode)
        if early:
            return self._running(op, test, found, names)
        guarded = any(self._optional(node) for part in (value, where) if part for node in ir.walk(part))
        return self._helper(op, test, found, names, hoisted=not guarded)

    def early(self, expr: ir.Expr | None) -> bool:
        """Whether the pass can read an expression: nothing that rules make, no optional that needs a guard."""
        return expr is None or not any(isinstance(node, LATE) or self._optional(node) for node in ir.walk(expr))

    def _optional(self, node: object) -> bool:
        match node:
            case ir.Field(name=name):
                return self.fields[name].optional
            case ir.MemberField(name=name):
                return self.facts[name].optional
            case ir.EdgeDay() | ir.Imported():
                return True
            case ir.Choose(rows=rows):
                return any(isinstance(row.value, ir.Stop) for row in rows)
            case _:
                return False

    def _running(self, op: str, test: str, value: Scaled, names: dict[str, None]) -> Scaled:
        code = numbers.text(value, value.den)
        key = (op, test, code)
        found = self.folds.get(key)
        if found is None:
            name = ident("s", len(self.folds))
            self.early_names |= names
            if op == "distinct":
                self.passing.starts.append(f"{name} = set()")
                self._at(test, f"{name}.add({code})")
                self.passing.after.append(f"{name} = different({name})")
                found = Scaled(name, positive=True)
            else:
                self.passing.starts.append(f"{name} = 0")
                self._at(test, f"{name} += {code}")
                found = Scaled(name, 1, value.den, value.positive)
            self.folds[key] = found
        self._read(found.code)
        return found

    def _at(self, test: str, statement: str) -> None:
        self.passing.body.setdefault(test, []).append(statement)

    def _helper(self, op: str, test: str, value: Scaled, names: dict[str, None], *, hoisted: bool) -> Scaled:
        """A call of a module-level function over the columns that the fold reads.

        A fold that is read on each line is the same for all of them: it is `hoisted`, worked out once and handed over,
        unless a guard on the line decides whether it can be read at all.
        """
        code = numbers.text(value, value.den)
        body = Lines()
        body.add("found = set()" if op == "distinct" else "found = 0")
        columns, params = self._columns(names)
        with body.block(self._loop(columns) + ":"):
            statement = f"found.add({code})" if op == "distinct" else f"found += {code}"
            if test:
                with body.block(f"if {test}:"):
                    body.add(statement)
            else:
                body.add(statement)
        body.add("return different(found)" if op == "distinct" else "return found")
        call = self._call("fold", body, columns, params)
        if self.trail and hoisted:
            call = self._hoisted(call)
        return Scaled(call, 1, 1 if op == "distinct" else value.den, value.positive)

    def _loop(self, columns: list[str]) -> str:
        lists = [self.column(column) for column in columns]
        if len(columns) == 1:
            return f"for {columns[0]} in {lists[0]}"
        return f"for {', '.join(columns)} in zip({', '.join(lists)})"

    def weights(self, value: ir.Expr, where: ir.Expr | None) -> tuple[str, int]:
        """A sequence with the weight of each line (0 where the condition fails), and the denominator of the weights.

        Plain amounts are a tuple that the pass leaves behind; any other weights are worked out where they are needed.
        """
        names: dict[str, None] = {}
        self.trail.append(names)
        test = "" if where is None else expressions.truth(where, self)
        weight = expressions.number(value, self)
        self.trail.pop()
        code = numbers.text(weight, weight.den)
        if not test and code == "amount" and weight.den == 1:
            self.passing.whole = True
            return self.column("amount").replace("c_", "w_"), 1
        columns, params = self._columns(names)
        loop, body = self._loop(columns), Lines()
        body.add(f"return [{code} if {test} else 0 {loop}]" if test else f"return [{code} {loop}]")
        return self._call("weights", body, columns, params), weight.den

    def listed(self, value: ir.Expr, where: ir.Expr | None) -> str:
        """A list with a value for each line, None where the condition fails."""
        names: dict[str, None] = {}
        self.trail.append(names)
        test = "" if where is None else expressions.truth(where, self)
        code = expressions.plain(value, self)
        self.trail.pop()
        columns, params = self._columns(names)
        loop, body = self._loop(columns), Lines()
        body.add(f"return [{code} if {test} else None {loop}]" if test else f"return [{code} {loop}]")
        return self._call("values", body, columns, params)

    def _columns(self, names: dict[str, None]) -> tuple[list[str], list[str]]:
        """Which of the names are read line by line, and which are handed over whole."""
        line_names = set(self.passing.fields.values()) | {"amount", "pieces"}
        columns = [name for name in names if name in line_names or name.startswith("each_")]
        return columns or ["place"], [name for name in names if name not in columns]

    def column(self, name: str) -> str:
        """The list that holds a line name's values; the pass fills it."""
        if name.startswith("each_"):
            return f"all_{name}"
        if name == "place":
            return "lines"
        self.passing.columns[name] = f"c_{name}"
        return f"c_{name}"

    def _call(self, prefix: str, body: Lines, columns: list[str], params: list[str]) -> str:
        given = list(dict.fromkeys([self.column(name) for name in columns] + params))
        words = set(re.findall(r"\w+", body.text()))
        given += [name for name in ("day", "instant", "mark", "rung", "matched") if name in words]
        name = self.module.helper(prefix, "", given, body)
        for each in given:
            self._read(each)
        return f"{name}({', '.join(self.hoisted.get(each, each) for each in given)})"

    def _hoisted(self, call: str) -> str:
        """The name under which a helper function is handed the result of another."""
        name = ident("h", len(self.hoisted), "")
        self.hoisted[name] = call
        return self._read(name)


def _folds(expr: ir.Expr | None) -> bool:
    """Whether an expression on a line reads something of all lines."""
    return expr is not None and any(isinstance(node, ir.Fold) for node in ir.walk(expr))


def _of(field: ir.FieldDef, code: str) -> Scaled:
    if field.kind == "rate":
        return Scaled(code, 1, BILLION, field.low >= 0)
    return Scaled(code, positive=field.kind in ("count", "money", "unit") and field.low >= 0)


def _hashable(value: object) -> tuple[object, ...]:
    if isinstance(value, dict):
        return tuple(value.items())
    return (value,)
