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
from typing import Any, Literal

from rules_engine import ir
from rules_engine.backends.python import expressions, lacks, numbers
from rules_engine.backends.python.held import at_value, held_places, held_to, sum_over, weights_at
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.passing import BASES, NOWHERE, Pass, folds, hashable, of_field
from rules_engine.backends.python.quoting import const, ident
from rules_engine.backends.python.writing import Lines
from rules_engine.periods import anchors


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
        self.priced = ir.is_priced(module.program, event)
        self.offering = False  # while offers are emitted, what lines cost is still moving
        self.known: dict[str, str] = {}  # sums that are worked out and still hold, by their code
        self.sums: dict[str, str] = {}  # sums of what lines cost, by their code; each is worked out before it is read
        self.indexes: dict[str, str] = {}  # lists of the lines where a test holds, by the test
        self.planning = 0  # trails that only note what an amount reads
        self.ended: set[str] = set()  # the stages that are over, by that list
        self.snapshots: dict[str, None] = {}  # lists of what lines cost after a stage, if anything reads them
        self.basis_of: dict[str, str] = {}  # the local names of what an effect acts on, by base
        self.whole_net = self.needs_ranks = False
        self.line_tables: dict[str, Any] = {}  # what the values of a field of lines are good for
        self.indexed: dict[int, Any] = {}  # the indexes of blocks of rules
        self.folding = module.folding()
        # a rule of a shape, by the key of what stands for it
        self.alias = {} if self.folding is None else self.folding.alias
        self.paying = False  # whether redeems pay some of what is net
        self.tariff = self.tariff_noted = ""  # what each line lists at, where an offer alone says so

    @property
    def nested(self) -> bool:
        """Whether what is emitted stands inside a helper function."""
        return len(self.trail) > self.planning

    # ---- names

    def _name(self, prefix: str, kind: str, word: str) -> str:
        name = self.loaded.get((kind, word))
        if name is None:
            number = self.numbers[kind] = self.numbers.get(kind, -1) + 1
            name = ident(prefix, number, word)
            self.loaded[kind, word] = name
        return self.read(name)

    def read(self, name: str) -> str:
        for names in self.trail:
            names[name] = None
        return name

    def own_name(self, name: str) -> str:
        """The local name of a field that no rule reads."""
        return self.owned.setdefault(name, ident("x", len(self.owned), name))

    def field(self, name: str) -> Scaled:
        return of_field(self.fields[name], self._name("f", "field", name))

    def line_field(self, name: str) -> Scaled:
        local = self.passing.fields.get(name)
        if local is None:
            local = self.passing.fields[name] = ident("l", len(self.passing.fields), name)
        return of_field(self.line_fields[name], self.read(local))

    def line_money(self, base: str) -> Scaled:
        if self.priced and base in BASES:
            return Scaled(self.read(f"one_{self.costs(base)}"), positive=True)
        self.passing.money = True
        if base == "was" and self.event.was_field:
            self.passing.was = True
            return Scaled(self.read("was_amount"), positive=True)
        positive = self.line_fields[self.event.list_field].low >= 0 if self.event.list_field else True
        listed = self.event.list_field or self.tariff
        return Scaled(self.read("amount"), positive=positive) if listed else numbers.ZERO

    def costs(self, base: str) -> str:
        """The list of what each line costs by a base; a stage that something reads leaves one behind."""
        if base == "paid" and self.paying:
            return "cost_paid"
        name = BASES[base]
        if name == "cost" or name not in self.ended:
            return "cost"
        self.snapshots[name] = None
        return name

    def basis(self, base: str) -> Scaled:
        """A money base of what an effect acts on."""
        name = self.basis_of.setdefault(base, f"basis_{base.replace(' ', '_')}")
        return Scaled(self.read(name), positive=True)

    def line_quantity(self) -> Scaled:
        if not self.event.quantity_field:
            return numbers.constant(1)
        self.passing.quantity = True
        return Scaled(self.read("pieces"), positive=self.line_fields[self.event.quantity_field].low >= 0)

    def member_field(self, name: str) -> Scaled:
        return of_field(self.facts[name], self._name("m", "fact", name))

    def award(self, rule: str) -> Scaled:
        return Scaled(self.read(self.award_name(rule)), positive=True)

    def award_name(self, rule: str) -> str:
        """The local name of what a rule gave."""
        trail, self.trail = self.trail, []
        name = self._name("g", "award", rule)
        self.trail = trail
        return name

    def award_part(self, rule: str) -> Scaled:
        return Scaled(self.read(f"each_{self.award_name(rule)}"), positive=True)

    def track(self, name: str, previous: bool) -> Scaled:
        if previous:
            self.track_name(name)
            local = self._name("v", "previous", name)
            return Scaled(local if self.stage == "earn" else self.read(f"now_{local}"))
        before = self._name("t", "track", name)
        return Scaled(before if self.stage == "earn" else self.read(f"now_{before}"))

    def track_name(self, name: str) -> str:
        """The local name of a track's value before the event."""
        return self._name("t", "track", name)

    def contribution(self, name: str) -> Scaled:
        """What the event itself adds to a track; nothing, where the track counts what rules give."""
        if self.module.tracks[name].given:
            self.track_name(name)
            return numbers.ZERO
        return Scaled(self.read(f"own_{self._name('t', 'track', name)}"))

    def sliced(self, name: str) -> Scaled:
        """What a contribution is laid on: a moving window as it stands, else the stored value it is added to."""
        local = self._name("t", "track", name)
        if self.by_line(name):
            return Scaled(self.read(f"all_{local}"))
        if self.module.tracks[name].window.kind in ("rolling", "last"):
            return Scaled(local)
        if self.stage == "earn" or self.module.tracks[name].given:
            return Scaled(self.read(f"at_{local}"))
        return Scaled(f"({self.read(f'at_{local}')} - own_{local})")

    def may_lack(self, expr: ir.Expr) -> bool:
        """Whether a day may be absent where it is compared."""
        return lacks.may_lack(expr, self)

    def by_line(self, name: str) -> bool:
        """Whether a track goes by the days of lines."""
        return self.module.tracks[name].by_line

    def balance(self, unit: str, pending: bool) -> Scaled:
        late = "" if self.stage == "earn" else "now "
        kind = f"{late}balance, pending" if pending else f"{late}balance"
        return Scaled(self._name(f"{late.strip()}{'bp' if pending else 'b'}", kind, unit))

    def tier(self, which: str) -> Scaled:
        if which == "held":
            return Scaled(self.read("tier"))
        if which == "matched":
            return Scaled("matched")
        return Scaled(self.earned())

    def person(self, person: str, name: str) -> Scaled:
        """A fact of the person whom a field names, asked when it is read: an event is refused where nothing is known of
        them."""
        code = f"steps.person(run, {const(person)}, {const(name)})"
        return of_field(self.facts[name], code) if name in self.facts else Scaled(code)

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
        return self.read(f"seen_{self.track_name(track)}"), self.track(track, False).code

    def shared(self, value: object, hint: str) -> str:
        if hint == "import":
            return self.module.imported(str(value))
        return self.module.share(hint, hashable(value), "", lambda: value)

    def period(self, node: ir.InPeriod, value: str) -> str:
        definition = self.module.period(node.period)
        extra = "".join(f", {code}" for code in self.anchors(definition))
        inside = self.module.inside(node.period, node.instant)
        if extra or node.instant:
            return f"{inside}({value}{extra})"
        return self.of_day(f"{inside}(day)") if value == "day" else f"{self.module.days_inside(node.period)}[{value}]"

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
        return self.read(name)

    def given(self, name: str) -> str:
        """A constant that a row of a shape holds."""
        return self.read(name)

    # ---- folds

    def fold(self, fold: ir.Fold) -> Scaled:
        """A total over the lines: in the pass where all is known there, else by a helper where it is read."""
        match fold.value:
            case ir.LineMoney(base=base, side="") if fold.op == "sum" and self.priced and base in BASES:
                where = self.of_lines(fold.where, fold.of)
                if self.early(where) and not folds(where):
                    return self._sum_of(self.costs(base), self.places(fold.where, fold.of))
                if held_to(where) is not None and not self.nested:
                    return Scaled(sum_over(self.costs(base), self.places(fold.where, fold.of)), positive=True)
        return self.total(fold.op, fold.where, fold.value, None, fold.of)

    def of_lines(self, where: ir.Expr | None, of: ir.LinesOf = "lines") -> ir.Expr | None:
        """A condition of lines, held to goods or to shipping where a flag of the lines tells them apart."""
        flag = self.event.shipping_flag
        if not flag or of == "both":
            return where
        kind: ir.Expr = ir.LineField(NOWHERE, flag)
        kind = ir.Not(NOWHERE, kind) if of == "lines" else kind
        return kind if where is None else ir.All(NOWHERE, (kind, where))

    def picked(self, node: ir.Picked) -> Scaled:
        """The sum of a base, or the count, of units that are chosen by their lines alone."""
        value: ir.Expr = ir.LineQuantity(NOWHERE) if node.base is None else ir.LineMoney(NOWHERE, node.base)
        return self.fold(ir.Fold(NOWHERE, "sum", value, node.select.where, node.select.of))

    def _sum_of(self, costs: str, places: str) -> Scaled:
        """What some lines cost in all. While offers are emitted it is asked again and again."""
        code = self.sum_code(costs, places)
        if self.offering and self.nested:
            return Scaled(self._hoisted(code), positive=True)
        name = self.sums.get(code)
        if name is None:
            number = self.numbers["sum"] = self.numbers.get("sum", -1) + 1
            name = self.sums[code] = ident("t", number, "of_lines")
        return Scaled(self.read(name), positive=True)

    def sum_code(self, costs: str, places: str) -> str:
        """The sum of a list over some lines; the line of the event's own shipping stands last."""
        if places == "every":
            return f"sum({costs}[:-1])" if self.event.shipping_field else f"sum({costs})"
        return f"sum({costs})" if places == "everything" else f"sum_at({costs}, {places})"

    def places(self, where: ir.Expr | None, of: ir.LinesOf = "lines") -> str:
        """The numbers of the lines where a condition holds: `every`, a list that the pass fills, or a call. The line of
        the event's own shipping is asked nothing."""
        own = bool(self.event.shipping_field)
        if own and of == "shipping":
            return "own_shipping"
        if own and of == "both":
            return "everything" if where is None else f"[*{self.places(where)}, len(lines)]"
        where = self.of_lines(where, of)
        if where is None:
            return "every"
        held = held_to(where)
        if held is not None:
            return held_places(self, *held)
        names: dict[str, None] = {}
        self.trail.append(names)
        test = expressions.truth(where, self)
        self.trail.pop()
        if self.early(where) and not folds(where):
            name = self.indexes.get(test)
            if name is None:
                name = self.indexes[test] = ident("i", len(self.indexes), "")
                self.passing.starts.append(f"{name} = []")
                self.passing.placed = True
                self.early_names |= names
                self._at(test, f"{name}.append(place)")
            return name
        columns, params = self.columns(names)
        body = Lines()
        lists = ", ".join(self.column(column) for column in columns)
        body.add(f"return [place for place, ({', '.join(columns)},) in enumerate(zip({lists})) if {test}]")
        return self.call("places", body, columns, params)

    def each_line(self, give: ir.GiveDef, mode: ir.RoundingMode) -> Scaled:
        """An amount formed and rounded on each line, then added."""
        return self.total("sum", give.line_where, give.value, mode)

    def total(
        self,
        op: str,
        where: ir.Expr | None,
        value: ir.Expr | None,
        mode: ir.RoundingMode | None,
        of: ir.LinesOf = "lines",
    ) -> Scaled:
        """A sum, a count or the number of different values over the lines where a condition holds."""
        quick = at_value(self, op, where, value, of) if mode is None and not self.nested else None
        if quick is not None:
            return quick
        where = self.of_lines(where, of)
        early = self.early(value) and self.early(where) and not (folds(value) or folds(where))
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
        guarded = any(lacks.is_optional(node, self) for part in (value, where) if part for node in ir.walk(part))
        return self._helper(op, test, found, names, hoisted=not guarded)

    def early(self, expr: ir.Expr | None) -> bool:
        """Whether the pass can read an expression."""
        return lacks.is_early(expr, self)

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
        self.read(found.code)
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
        columns, params = self.columns(names)
        with body.block(self._loop(columns) + ":"):
            statement = f"found.add({code})" if op == "distinct" else f"found += {code}"
            if test:
                with body.block(f"if {test}:"):
                    body.add(statement)
            else:
                body.add(statement)
        body.add("return different(found)" if op == "distinct" else "return found")
        call = self.call("fold", body, columns, params)
        if self.nested and hoisted:
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
        where = self.of_lines(where)
        names: dict[str, None] = {}
        self.trail.append(names)
        test = "" if where is None else expressions.truth(where, self)
        weight = expressions.number(value, self)
        self.trail.pop()
        code = numbers.text(weight, weight.den)
        if not test and code == "amount" and weight.den == 1:
            self.passing.whole = True
            return self.column("amount").replace("c_", "w_"), 1
        if not test and code == "one_cost" and weight.den == 1 and not self.offering:
            self.whole_net = True
            return "w_net", 1
        quick = weights_at(self, where, weight)
        if quick:
            return quick, 1
        columns, params = self.columns(names)
        loop, body = self._loop(columns), Lines()
        body.add(f"return [{code} if {test} else 0 {loop}]" if test else f"return [{code} {loop}]")
        return self.call("weights", body, columns, params), weight.den

    def listed(self, value: ir.Expr, where: ir.Expr | None) -> str:
        """A list with a value for each line, None where the condition fails."""
        where = self.of_lines(where)
        names: dict[str, None] = {}
        self.trail.append(names)
        test = "" if where is None else expressions.truth(where, self)
        code = expressions.plain(value, self)
        self.trail.pop()
        columns, params = self.columns(names)
        loop, body = self._loop(columns), Lines()
        body.add(f"return [{code}{f' if {test} else None' if test else ''} {loop}]")
        return self.call("values", body, columns, params)

    def columns(self, names: dict[str, None]) -> tuple[list[str], list[str]]:
        """Which of the names are read line by line, and which are handed over whole. What lines cost is kept for the
        event's own shipping too: a row of such lists alone is cut to the goods."""
        line_names = set(self.passing.fields.values()) | {"amount", "pieces", "was_amount"}
        columns = [name for name in names if name in line_names or name.startswith(("each_", "one_cost"))]
        params = [name for name in names if name not in columns]
        if columns and self.event.shipping_field and all(name.startswith("one_cost") for name in columns):
            columns.append("goods_line")
        return columns or ["place"], params

    def column(self, name: str) -> str:
        """The list that holds a line name's values; the pass fills it."""
        if name.startswith("each_"):
            return f"all_{name}"
        if name.startswith("one_cost"):
            return name.removeprefix("one_")
        if name in ("place", "goods_line"):
            return "lines"
        self.passing.columns[name] = f"c_{name}"
        return f"c_{name}"

    def call(self, prefix: str, body: Lines, columns: list[str], params: list[str], first: str = "") -> str:
        given = list(dict.fromkeys([first] * bool(first) + [self.column(name) for name in columns] + params))
        words = set(re.findall(r"\w+", body.text()))
        given += [name for name in ("day", "instant", "mark", "rung", "matched", "run") if name in words]
        name = self.module.helper(prefix, "", given, body)
        for each in given[bool(first) :]:
            self.read(each)
        return f"{name}({', '.join(self.hoisted.get(each, each) for each in given)})"

    def _hoisted(self, call: str) -> str:
        """The name under which a helper function is handed the result of another."""
        name = ident("h", len(self.hoisted))
        self.hoisted[name] = call
        return self.read(name)
