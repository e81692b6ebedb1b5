"""The function that scores one kind of event: its stages, in the order that the reference says.

In: a module under way and an event's declaration. Out: the lines of a function `(event, facts, state) -> Evaluation`. It
takes the usual road only: a member's event, dated no earlier than the state, before which nothing ends, with no trial
under way. Any other event goes to the reference by `slow`.
"""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.python import expressions
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.limits import Counters
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.quoting import const, ident
from rules_engine.backends.python.rules import Rules
from rules_engine.backends.python.tracks import Tracks
from rules_engine.backends.python.writing import Lines


class Stages:
    """The emitter of one event's function."""

    def __init__(self, module: Module, event: ir.EventDef, reads: tuple[tuple[str, str], ...]) -> None:
        self.module = module
        self.event = event
        self.program = module.program
        self.reads = reads
        self.function = Function(module, event)
        self.counters = Counters(self.function, _shared_limits(self.program, event))
        self.tracks = Tracks(self.function)
        self.rules = Rules(self.function, self.counters)
        names = {rule.loop.track for rule in self.program.rules if rule.loop is not None}
        names |= {node.track for node in ir.walk(self.program.rules) if isinstance(node, ir.Reaches)}
        self.marked = [track for track in self.program.tracks if track.name in names]
        mine = [rule for rule in self.program.rules if event.name in rule.events]
        self.function.wanted_parts = {node.rule for node in ir.walk(tuple(mine)) if isinstance(node, ir.AwardPart)}
        self.function.wanted_totals = {node.rule for node in ir.walk(tuple(mine)) if isinstance(node, ir.AwardRead)}

    def emit(self, name: str) -> Lines:
        """The whole function."""
        self.tracks.touch()
        for track in self.marked:
            self.tracks.name(track)
        before = self._before()
        own, earn, after = Lines(), Lines(), Lines()
        self.tracks.contributions(own)
        self._stage("earn", earn)
        self.function.stage = "after"
        self._after(after)
        self.function.stage = "earn"
        limits, tracks = Lines(), Lines()
        self.counters.load_shared(limits)
        self.tracks.load(tracks)
        out = Lines()
        days = self._days(name, out)
        with out.block(f"def {name}(event, facts, state):"):
            self._guard(out)
            if days:
                out.add(days)
            self._load(out)
            out.extend(tracks)
            self.tracks.load_seen(self.marked, out)
            self._balances("balance", out)
            out.add(f"before = {before}")
            self._pass(out)
            out.extend(limits)
            out.extend(own)
            out.extend(earn)
            out.extend(after)
        return out

    def _days(self, name: str, out: Lines) -> str:
        """A function for all that follows from a day alone, and the line that asks it once."""
        found = self.function.days
        if not found:
            return ""
        kept = self.module.share("days", name, "", dict)
        with out.block(f"def ask_{kept}(day):"):
            with out.block(f"if len({kept}) >= 20_000:"):
                out.add(f"{kept}.clear()")
            out.add(f"found = {kept}[day] = ({', '.join(found)},)")
            out.add("return found")
        out.add("")
        out.add("")
        return f"{', '.join(found.values())}, = {kept}.get(day) or ask_{kept}(day)"

    # ---- the way in

    def _guard(self, out: Lines) -> None:
        out.add("member = event.member")
        with out.block("if member is None:"):
            out.add("return guest(event, facts, state)")
        out.add("day = event.day")
        with out.block("if not quiet(state, day):"):
            out.add("return slow(event, facts, state)")
        out.add("instant = event.instant")
        out.add("changes = [] if state.day == day else [Advanced(state.day, day)]")
        out.add("awards = []")
        out.add("said = []")

    def _load(self, out: Lines) -> None:
        """Fields, facts and the tier; last of all, since everything before may ask for some."""
        loaded = self.function.loaded
        fields = [(name, local) for (kind, name), local in loaded.items() if kind == "field"]
        out.add("lines = event.lines")
        if fields:
            out.add("fields = event.fields")
        for name, local in fields:
            out.add(f"{local} = fields[{const(name)}]")
        for (kind, name), local in loaded.items():
            if kind == "fact":
                out.add(f"{local} = facts.get({const(name)})")
        ladder = self.program.tiers
        if ladder is not None:
            from_host = 'facts.get("tier") or 0'
            out.add(f"tier = {from_host if ladder.from_host else 'held_rung(state.holdings, day, RUNGS)'}")

    def _balances(self, kind: str, out: Lines) -> None:
        for (found, name), local in self.function.loaded.items():
            if found in (kind, f"{kind}, pending"):
                lots = (
                    "state.lots"
                    if kind == "balance"
                    else "[*state.lots, *(each.lot(day) for each in awards if each.given)]"
                )
                out.add(f"{local} = balance({lots}, {const(name)}, day, {'pending' in found})")

    def _pass(self, out: Lines) -> None:
        """One pass over the lines."""
        found, event = self.function.passing, self.event
        if not (found.starts or found.columns):
            return
        for start in found.starts:
            out.add(start)
        for column in found.columns.values():
            out.add(f"{column} = []")
        with out.block("for line in lines:"):
            for name, local in found.fields.items():
                out.add(f"{local} = line[{const(name)}]")
            if found.quantity or (found.money and event.list_each and event.quantity_field):
                out.add(f"pieces = line[{const(event.quantity_field)}]")
            if found.money:
                price = f"line[{const(event.list_field)}]"
                if self.function.line_fields[event.list_field].optional:
                    price = f"({price} or 0)"
                each = event.list_each and event.quantity_field
                out.add(f"amount = {price} * pieces" if each else f"amount = {price}")
            for test, statements in found.body.items():
                if not test:
                    for statement in statements:
                        out.add(statement)
                    continue
                with out.block(f"if {test}:"):
                    for statement in statements:
                        out.add(statement)
            for local, column in found.columns.items():
                out.add(f"{column}.append({local})")
        for statement in found.after:
            out.add(statement)
        if found.whole:
            out.add("w_amount = tuple(c_amount)")

    def _before(self) -> str:
        """The values that rules of this event can read, by name."""
        function, pairs = self.function, []
        for kind, name in self.reads:
            match kind:
                case "track":
                    pairs.append((f"track {name}", function.track_name(name)))
                case "previous":
                    pairs.append((f"track {name}, previous", function.track(name, True).code))
                case "tier":
                    pairs.append(("tier", "TIERS[tier]"))
                case "balance":
                    pairs.append((f"balance of {name}", function.balance(name, False).code))
                case "pending":
                    pairs.append((f"balance of {name}, pending included", function.balance(name, True).code))
                case _:
                    pairs.append((f"member.{name}", self._fact(name)))
        return "{" + ", ".join(f"{const(key)}: {code}" for key, code in sorted(pairs)) + "}"

    def _fact(self, name: str) -> str:
        code = self.function.member_field(name).code
        if self.function.facts[name].kind in ("list", "codes"):
            return f"{code} if {code} is None else ', '.join(map(str, {code}))"
        return code

    # ---- the stages

    def _stage(self, kind: str, out: Lines) -> None:
        for rule in self.program.rules:
            if rule.kind == kind and self.event.name in rule.events:
                total = self.function.award_name(rule.key)
                if rule.key in self.function.wanted_parts:
                    out.add(f"of_{total} = []")
                self.rules.emit(rule, out)
                if rule.key in self.function.wanted_parts:
                    out.add(f"all_each_{total} = part_lists(of_{total}, len(lines), {self.rules.keys()}, REMAINDER)")

    def _after(self, out: Lines) -> None:
        """From the one move of the tracks to the end."""
        self.tracks.move(out)
        judged = Lines()
        self._judge(judged)
        rewards = Lines()
        self._stage("reward", rewards)
        self._balances("now balance", out)
        out.extend(judged)
        out.extend(rewards)
        self.tracks.see(self.marked, out)
        self.tracks.move_given(out)
        waited = {event for unit in self.program.units for life in unit.lives for event in life.after_last}
        if self.event.name in waited:
            out.add(f"last = state.last.get({const(self.event.name)})")
            with out.block("if last is None or last < day:"):
                out.add(f"changes.append(LastDay({const(self.event.name)}, last, day))")
        self.tracks.tidy(out)
        self.counters.tidy(out)
        out.add("return Evaluation(tuple(awards), tiers, tuple(changes), before, False, tuple(said))")

    def _judge(self, out: Lines) -> None:
        ladder = self.program.tiers
        out.add("tiers = ()")
        if ladder is None or ladder.from_host:
            return
        if not ladder.review:
            out.add("holdings = state.holdings")
            for rung in ladder.rungs[1:]:
                for way in rung.ways:
                    life = way.life if way.life is not None else ladder.life
                    until = "None" if life is None else expressions.day(life, self.function)
                    with out.block(f"if {self.function.way(way)}:"):
                        name, reason = const(rung.name), const(way.name or rung.name)
                        out.add(f"holdings = grant(holdings, changes, {name}, day, {until}, {reason})")
            with out.block("if holdings is not state.holdings:"):
                out.add("tiers = tier_changes(holdings, tier, day, RUNGS, TIERS)")
                if ladder.at_once:
                    out.add("tier = held_rung(holdings, day, RUNGS)")


def emit_event(
    module: Module, event: ir.EventDef, reads: tuple[tuple[str, str], ...], number: int
) -> tuple[str, Lines]:
    """The name and the lines of an event's function."""
    name = ident("score", number, event.name)
    return name, Stages(module, event, reads).emit(name)


def _shared_limits(program: ir.Program, event: ir.EventDef) -> set[str]:
    """The limits that several rules of an event meet: those of groups."""
    met = {rule.group for rule in program.rules if event.name in rule.events}
    return {limit.key for group in program.groups if group.name in met for limit in group.limits}
