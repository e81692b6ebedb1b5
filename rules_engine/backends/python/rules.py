"""Earns and rewards in generated code.

In: a rule. Out: the lines that ask it and, where it acts, note its awards, lots and takings. A rule with one effect and
no loop is written out straight; one with several effects or marks first collects what each wants, then serves them in
order, as the reference does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counter, Counters
from rules_engine.backends.python.numbers import Scaled
from rules_engine.backends.python.offers_asked import held_tests
from rules_engine.backends.python.quoting import comment, const
from rules_engine.backends.python.told import Sums
from rules_engine.backends.python.writing import Lines
from rules_engine.outcome import Award, ToldAward


class Rules:
    """The emitter of one function's rules."""

    def __init__(self, function: Function, counters: Counters) -> None:
        self.function = function
        self.counters = counters
        self.module = function.module
        self.most = _most(self.module.program, function.event)
        self.sums = Sums(asked=False)

    def emit(self, rule: ir.RuleDef, out: Lines) -> None:
        """All lines of a rule."""
        total = self.function.award_name(rule.key)
        out.add(f"# {rule.kind} {comment(rule.title)}")
        if rule.key in self.function.wanted_totals:
            out.add(f"{total} = 0")
        if self._stops(rule):
            with out.block("try:"):
                self._asked(rule, total, out)
            with out.block("except NoAward:"):
                out.add("pass")
        else:
            self._asked(rule, total, out)

    def _stops(self, rule: ir.RuleDef) -> bool:
        return any(isinstance(node, ir.Stop) for node in ir.walk((rule.gives, rule.when)))

    def _asked(self, rule: ir.RuleDef, total: str, out: Lines) -> None:
        function = self.function
        tests = [expressions.truth(test, function) for test in (rule.dates, rule.when) if test is not None]
        with _if(out, " and ".join(f"({test})" if len(tests) > 1 else test for test in tests)):
            by_line = any(counter.limit.scope.by_line for counter in self._limits(rule))
            if rule.loop is None and len(rule.gives) == 1 and not by_line:
                self._single(rule, rule.gives[0], total, out)
            elif not rule.gives:
                self._saying(rule, out)
            else:
                self._several(rule, total, out)

    # ---- amounts

    def wanted(self, give: ir.GiveDef, out: Lines) -> str:
        """Lines that leave the whole wanted amount in `wanted`; its expression."""
        function = self.function
        mode = give.rounding or self.module.units[give.unit].rounding or "down"
        exact = function.each_line(give, mode) if give.each_line else expressions.number(give.value, function)
        if not exact.constant and (give.only_from or give.low or give.high or not _simple(exact)):
            out.add(f"exact = {exact.code}")
            exact = Scaled("exact", exact.num, exact.den, exact.positive)
        value = exact
        if give.low is not None:
            value = numbers.extreme("max", [value, expressions.number(give.low, function)])
        high = None if give.high is None else expressions.number(give.high, function)
        if high is not None:
            value = numbers.extreme("min", [value, high])
        whole = numbers.whole(numbers.rounded(value, mode))
        if high is not None and high.den != 1:
            whole = f"min({whole}, {numbers.text(high, high.den)} // {high.den})"
        if give.only_from is not None:
            least = numbers.compared("<", exact, expressions.number(give.only_from, function))
            whole = f"0 if {least} else {whole}"
        out.add(f"wanted = {whole}")
        return whole

    def receipt(self, give: ir.GiveDef) -> str:
        """An expression for the weights of an award."""
        if not give.shares:
            return "()"
        function = self.function
        lists = [function.weights(share.value, share.where) for share in give.shares]
        if len(lists) == 1 and give.shares[0].scale is None and lists[0][1] == 1:
            name = lists[0][0]
            return name if name.isidentifier() else f"tuple({name})"
        terms = [
            numbers.mul(
                numbers.constant(1, den),
                numbers.constant(1) if share.scale is None else expressions.number(share.scale, function),
            )
            for share, (_, den) in zip(give.shares, lists, strict=True)
        ]
        den = numbers.common(terms)
        factors = ", ".join(numbers.text(term, den) for term in terms)
        return f"mixed(({', '.join(name for name, _ in lists)},), ({factors},), {den})"

    def lot_days(self, give: ir.GiveDef) -> tuple[str, str]:
        """Expressions for the last day pending and the last valid day of what is given."""
        function, unit = self.function, self.module.units[give.unit]
        pending = give.pending if give.pending is not None else unit.pending
        ends = [life.day for life in unit.lives if not life.after_last and life.day is not None]
        if give.life is not None:
            until = expressions.day(give.life, function)
        elif len(ends) == 1:
            until = expressions.day(ends[0], function)
        elif ends:
            days = ", ".join(expressions.day(end, function) for end in ends)
            until = f"{'earliest' if unit.whichever == 'first' else 'latest'}({days})"
        else:
            until = "None"
        return ("None" if pending is None else expressions.day(pending, function)), until

    def facts(self, give: ir.GiveDef) -> str:
        """An expression for the facts that a lot remembers."""
        pairs = [f"{const(name)}: {expressions.plain(expr, self.function)}" for name, expr in give.facts]
        return "{" + ", ".join(pairs) + "}"

    # ---- one effect

    def _single(self, rule: ir.RuleDef, give: ir.GiveDef, total: str, out: Lines) -> None:
        asked = Lines()
        wanted = self.wanted(give, asked)
        limits, held = self._limits(rule), self._held(rule)
        sure, plain = self._sure(wanted), not limits and not held and give.steps is None
        award = self._ready(rule, give, wanted) if sure and plain else ""
        if award:
            self._noted(rule, give, wanted, award, total, out)
            self._says(rule, out, "")
            return
        out.extend(asked)
        with _if(out, "" if sure else "wanted > 0"):
            if not sure:
                self._bounded(out)
            if plain:
                self._given(rule, give, "wanted", "wanted", total, out)
                self._says(rule, out, "")
                return
            out.add(f"given = {_stepped('wanted', give)}")
            if limits:
                out.add('cut_by = ""')
            if held:
                with out.block(f"if {held}:"):
                    out.add("given, held_out = 0, True")
                with out.block("else:"):
                    out.add("held_out = False")
                    self._cut(limits, give, out)
                    self._says(rule, out, "given")
            else:
                self._cut(limits, give, out)
                self._says(rule, out, "given")
            self._award(rule, give, "held_out" if held else "False", "cut_by" if limits else '""', total, out)

    def _sure(self, wanted: str) -> bool:
        """Whether an amount is a constant, or one of a column of constants, that is above 0 and plainly within
        bounds."""
        most: int = 2**self.most
        if wanted.isdigit():
            return 0 < int(wanted) <= most
        folding = self.function.folding
        column = () if folding is None else folding.columns.get(wanted, ())
        return bool(column) and all(type(each) is int and 0 < each <= most for each in column)

    def _ready(self, rule: ir.RuleDef, give: ir.GiveDef, wanted: str) -> str:
        """The name of the award of a rule that always gives the same and remembers nothing: awards never change, so all
        outcomes may share it. Empty where the rule has no such award."""
        if give.shares or give.facts or rule.key in self.function.wanted_parts:
            return ""
        if self.lot_days(give) != ("None", "None"):
            return ""
        said = const(rule.key), const(give.unit), wanted
        folding = self.function.folding
        if folding is not None and any(name in folding.columns for name in said):
            return folding.made(lambda key, unit, amount: Award(key, unit, amount, amount), said)
        key, unit, amount = rule.key, give.unit, int(wanted)
        name = self.module.share("award", (key, unit, amount), key, lambda: Award(key, unit, amount, amount))
        self.module.globals[f"told_{name}"] = ToldAward(key, unit, amount, amount)
        return name

    def _noted(self, rule: ir.RuleDef, give: ir.GiveDef, wanted: str, award: str, total: str, out: Lines) -> None:
        """What follows from such an award."""
        if rule.key in self.function.wanted_totals:
            out.add(f"{total} += {wanted}")
        for track in self._tracks(rule, give):
            out.add(f"{track} += {wanted}")
        out.add(f"awards.append({award})")
        self.sums.add(give.unit, wanted, out)

    def _bounded(self, out: Lines) -> None:
        """An amount that no integer of 63 bits holds refuses the event: so large that all awards of an event together
        might come to one, it is for the reference to say."""
        with out.block(f"if wanted > 2**{self.most}:"):
            out.add("return slow(event, facts, state, shared)")

    def _cut(self, limits: list[Counter], give: ir.GiveDef, out: Lines) -> None:
        """Cut `given` to the room of each limit, times first; then note what was taken."""
        self.counters.load_own(limits, out)
        by_times = [counter for counter in limits if counter.limit.times is not None]
        by_amount = [c for c in limits if c.limit.times is None and c.limit.unit == give.unit]
        for place, counter in enumerate(by_times):
            guard = "" if counter.window.always else f"{counter.key} is not None and "
            with out.block(f"{'elif' if place else 'if'} {guard}{counter.used} >= {counter.limit.times}:"):
                out.add("given = 0")
                out.add(f"cut_by = {const(counter.limit.key)}")
        for counter in by_amount:
            guard = "" if counter.window.always else f"{counter.key} is not None and "
            with out.block(f"if {guard}given > {counter.limit.amount} - {counter.used}:"):
                nothing = counter.limit.or_nothing or give.or_nothing
                out.add("given = 0" if nothing else f"given = max({counter.limit.amount} - {counter.used}, 0)")
                out.add(f"cut_by = {const(counter.limit.key)}")
        if give.steps is not None and by_amount:
            out.add(f"given = {_stepped('given', give)}")
        if limits:
            with out.block("if given:"):
                for counter in sorted((*by_times, *by_amount), key=lambda each: each.limit.key):
                    self.counters.take(counter, "1" if counter.limit.times is not None else "given", out)

    def _limits(self, rule: ir.RuleDef) -> list[Counter]:
        group = self.module.groups.get(rule.group)
        shared = group.limits if group is not None else ()
        return [self.counters.of(limit) for limit in (*rule.limits, *shared)]

    def _award(self, rule: ir.RuleDef, give: ir.GiveDef, held: str, cut: str, total: str, out: Lines) -> None:
        """The award, and the lot if something is given."""
        weights = self.receipt(give)
        if "(" in weights and weights != "()":
            out.add(f"weights = {weights}")
            weights = "weights"
        if held == "False" and not give.facts and self.lot_days(give) == ("None", "None"):
            self._given(rule, give, "given", weights, total, out, cut)  # the same where a limit left nothing
            return
        with out.block("if given:"):
            self._given(rule, give, "given", weights, total, out, cut)
        with out.block("else:"):
            name, unit = const(rule.key), const(give.unit)
            out.add(f"awards.append({_made(name, unit, 'wanted', '0', weights, held, cut)})")
            if rule.key in self.function.wanted_parts:
                out.add(f"of_{total}.append((0, {weights}))")

    def _given(
        self, rule: ir.RuleDef, give: ir.GiveDef, given: str, weights: str, total: str, out: Lines, cut: str = '""'
    ) -> None:
        """What follows from something given: totals, the award, the lot."""
        name, unit = const(rule.key), const(give.unit)
        if weights == "wanted":
            weights = self.receipt(give)
        if rule.key in self.function.wanted_totals:
            out.add(f"{total} += {given}")
        for track in self._tracks(rule, give):
            out.add(f"{track} += {given}")
        pending, until = self.lot_days(give)
        names = {"pending": pending, "until": until}
        for local, code in names.items():
            if code != "None":
                out.add(f"{local} = {code}")
                names[local] = local
        pending, until = names["pending"], names["until"]
        if rule.key in self.function.wanted_parts and not weights.isidentifier():
            out.add(f"weights = {weights}")
            weights = "weights"
        facts = self.facts(give) if give.facts else "NO_FACTS"
        made = _made(name, unit, "wanted", given, weights, "False", cut, pending, until, facts)
        out.add(f"awards.append({made})")
        self.sums.add(give.unit, given, out)
        if rule.key in self.function.wanted_parts:
            out.add(f"of_{total}.append(({given}, {weights}))")

    def _tracks(self, rule: ir.RuleDef, give: ir.GiveDef) -> list[str]:
        key = self.function.alias.get(rule.key, rule.key)
        return [
            f"own_{self.function.track_name(track.name)}"
            for track in self.module.program.tracks
            if track.given == give.unit
            and (not track.rules or key in track.rules)
            and self.function.event.name in (track.events or (self.function.event.name,))
        ]

    def _held(self, rule: ir.RuleDef) -> str:
        return " or ".join(held_tests(rule.key, self.function))

    def _saying(self, rule: ir.RuleDef, out: Lines) -> None:
        """A rule that has nothing but words."""
        held = self._held(rule)
        limits = self._limits(rule)
        out.add("given = 1")
        self.counters.load_own(limits, out)
        if limits:
            out.add('cut_by = ""')
        with _if(out, f"not ({held})" if held else ""):
            for counter in limits:
                guard = "" if counter.window.always else f"{counter.key} is not None and "
                if counter.limit.times is not None:
                    with out.block(f"if {guard}{counter.used} >= {counter.limit.times}:"):
                        out.add("given = 0")
            if limits:
                with out.block("if given:"):
                    for counter in sorted(limits, key=lambda each: each.limit.key):
                        if counter.limit.times is not None:
                            self.counters.take(counter, "1", out)
            self._says(rule, out, "given" if limits else "")

    def _says(self, rule: ir.RuleDef, out: Lines, test: str) -> None:
        with ExitStack() as stack:
            if rule.says:
                stack.enter_context(_if(out, test))
            for text in rule.says:
                out.add(f"said.append(Said({const(rule.key)}, {const(text)}))")

    # ---- several effects or marks

    def _several(self, rule: ir.RuleDef, total: str, out: Lines) -> None:
        out.add("acts = []")
        if isinstance(rule.loop, ir.MarksDef):
            seen, now = self.function.reached(rule.loop.track)
            marks = const(tuple(sorted(rule.loop.marks)))
            with out.block(f"for mark in {marks}:"), out.block(f"if {seen} < mark <= {now}:"):
                self._collect(rule, out)
        else:
            self._collect(rule, out)
        with out.block("if any(act.wanted for turn in acts for act in turn):"):
            held = self._held(rule)
            with _if(out, f"not ({held})" if held else ""):
                self._serve(rule, out)
            with out.block("for turn in acts:"), out.block("for act in turn:"):
                self._note(rule, f"({held})" if held else "False", total, out)

    def _collect(self, rule: ir.RuleDef, out: Lines) -> None:
        """One turn: what every effect wants, and when what it gives would end."""
        out.add("turn = []")
        for place, give in enumerate(rule.gives):
            self.wanted(give, out)
            pending, until = self.lot_days(give)
            mine = ", ".join(
                const(key.limit.key)
                for key in self._limits(rule)
                if key.limit.times is None and key.limit.unit == give.unit
            )
            own = f"({mine},)" if mine else "()"
            with out.block("if wanted > 0:"):
                self._bounded(out)
                out.add(
                    f"turn.append(Act({place}, {const(give.unit)}, wanted, {self.receipt(give)}, {pending}, {until}, "
                    f"{self.facts(give)}, {give.steps or 1}, {give.or_nothing}, {own}))"
                )
        out.add("acts.append(turn)")

    def _serve(self, rule: ir.RuleDef, out: Lines) -> None:
        limits = self._limits(rule)
        self.counters.load_own(limits, out)
        names = ", ".join(_room(counter) for counter in limits)
        keys = self.keys() if any(counter.limit.scope.by_line for counter in limits) else "None"
        out.add(f"rooms = serve(acts, ({names}{',' if names else ''}), {keys}, REMAINDER)")
        for counter in sorted(limits, key=lambda each: each.limit.key):
            taken = f"rooms[{limits.index(counter)}].taken"
            if counter.limit.scope.by_line:
                out.add(f"take_by_line(changes, {const(counter.limit.key)}, {counter.count}, {taken})")
                continue
            with out.block(f"if {taken}:"):
                out.add(f"taken = {taken}[{counter.key}]")
                self.counters.take(counter, "taken", out)
        if rule.says:
            with out.block("for turn in acts:"), out.block("if any(act.given for act in turn):"):
                self._says(rule, out, "")

    def keys(self) -> str:
        """The name of what orders lines that tie."""
        self.function.needs_keys = True
        return "keys"

    def _note(self, rule: ir.RuleDef, held: str, total: str, out: Lines) -> None:
        name, self.sums.known = const(rule.key), False
        with out.block("if act.given:"):
            if rule.key in self.function.wanted_totals:
                out.add(f"{total} += act.given")
            for place, give in enumerate(rule.gives):
                for track in self._tracks(rule, give):
                    with out.block(f"if act.place == {place}:"):
                        out.add(f"{track} += act.given")
            out.add(
                f"awards.append(Award({name}, act.unit, act.wanted, act.given, act.weights, False, act.cut, "
                "act.pending, act.until, act.facts))"
            )
        with out.block("else:"):
            out.add(f"awards.append(Award({name}, act.unit, act.wanted, 0, act.weights, {held}, act.cut))")
        if rule.key in self.function.wanted_parts:
            out.add(f"of_{total}.append((act.given, act.weights))")


def _most(program: ir.Program, event: ir.EventDef) -> int:
    """Up to which power of two an award is beyond doubt: so many of them as an event can get come to no more than half
    of what an amount can hold."""
    count = 0
    for rule in program.rules:
        if event.name in rule.events:
            turns = len(rule.loop.marks) if isinstance(rule.loop, ir.MarksDef) else 1
            count += len(rule.gives) * turns
    return 61 - count.bit_length()


_USUAL = ("()", "False", '""', "None", "None", "NO_FACTS")
"""What an award has from its weights on, where nothing else is said."""


def _made(name: str, unit: str, wanted: str, given: str, *rest: str) -> str:
    """An award; what it has at its end anyway is not written."""
    told = list(rest)
    while told and told[-1] == _USUAL[len(told) - 1]:
        told.pop()
    return f"Award({', '.join((name, unit, wanted, given, *told))})"


def _room(counter: Counter) -> str:
    limit = counter.limit
    used = counter.count if limit.scope.by_line else f"{{{counter.key}: {counter.used}}}"
    by_line = counter.key if limit.scope.by_line else "None"
    key = "None" if limit.scope.by_line else counter.key
    return f"Room({const(limit.key)}, {limit.times}, {limit.amount}, {limit.or_nothing}, {key}, {by_line}, {used})"


def _simple(value: Scaled) -> bool:
    return value.code.isidentifier() or value.positive


def _stepped(name: str, give: ir.GiveDef) -> str:
    return name if give.steps is None else f"{name} // {give.steps} * {give.steps}"


@contextmanager
def _if(out: Lines, test: str) -> Iterator[None]:
    """A block below a test, or the same lines without one."""
    if not test:
        yield
        return
    with out.block(f"if {test}:"):
        yield
