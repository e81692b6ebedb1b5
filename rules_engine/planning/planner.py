"""How each rule of a program is found.

In: a core. Out: a `Plan`. Of all facts that hold where a rule acts, the plan takes the one that fewest events meet, as
far as the text tells: a value of a long list rather than one of three choices, a short window rather than a bound. Of
an `or` it takes one for each side. A fact that no other rule shares and that has to be worked out for it finds nothing:
it would cost what the rule costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.planning.acting import acting
from rules_engine.planning.conditions import Either, Needed, Scope
from rules_engine.planning.costs import cost_of
from rules_engine.planning.shapes import Constant, skeleton_of
from rules_engine.planning.subjects import Key, Subject
from rules_engine.spelling import normal_code

RuleOf: TypeAlias = "ir.OfferDef | ir.RuleDef"


class Found(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How one rule is found. It can act only where at least one of `keys` is met; with none it is asked on every event
    of its kinds, and `why` says why. `rest` is the text of what has to be asked of a rule that was found: the parts of
    its dates and its `when` that its keys do not settle. `shape` is the number of its shape among the plan's,
    `constants` are those in which it differs from others of it, in the order of `refilled`."""

    rule: str
    keys: tuple[Key, ...]
    why: str
    rest: tuple[ir.Origin, ...]
    shape: int
    constants: tuple[Constant, ...]


class Shape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Rules that differ in constants alone, by their numbers in the plan, and what one of them costs at worst, in the
    steps of `costs`."""

    rules: tuple[int, ...]
    cost: int


class Plan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How the rules of a program are found: offers, then earns, redeems and rewards, in the order of the core."""

    rules: tuple[Found, ...]
    shapes: tuple[Shape, ...]

    def cost(self, found: Found) -> int:
        """What a rule costs at worst."""
        return self.shapes[found.shape].cost


def plan(core: ir.Program) -> Plan:
    """The plan of a program."""
    planner = _Planner(core)
    every: tuple[RuleOf, ...] = (*core.offers, *core.rules)
    needed = [planner.needed(rule) for rule in every]
    planner.count(needed)
    shapes: dict[object, tuple[int, list[int]]] = {}
    costs, rules = list[int](), list[Found]()
    for number, (rule, facts) in enumerate(zip(every, needed, strict=True)):
        skeleton, constants = skeleton_of(rule)
        shape, same = shapes.setdefault(skeleton, (len(shapes), []))
        same.append(number)
        if shape == len(costs):
            costs.append(planner.cost(rule))
        rules.append(planner.found(rule, facts, shape, constants))
    return Plan(
        tuple(rules), tuple([Shape(tuple(same), cost) for (_, same), cost in zip(shapes.values(), costs, strict=True)])
    )


def sampled(core: ir.Program, found: Plan) -> ir.Program:
    """The program with the first rule of each shape alone: for questions that no constant and no name answers."""
    kept = {found.rules[shape.rules[0]].rule for shape in found.shapes}
    return msgspec.structs.replace(
        core,
        offers=tuple([each for each in core.offers if each.key in kept]),
        rules=tuple([each for each in core.rules if each.key in kept]),
    )


class Shared(msgspec.Struct, frozen=True):
    """A condition, or a number, that several rules are found by: it is worked out once for an event."""

    subject: Subject
    rules: int
    at: ir.Origin


def shared(found: Plan) -> tuple[Shared, ...]:
    """What several rules are found by, and what has to be worked out for it."""
    users: dict[Subject, list[Key]] = {}
    for each in found.rules:
        for key in each.keys:
            if key.subject.expr is not None:
                users.setdefault(key.subject, []).append(key)
    return tuple([Shared(subject, len(keys), keys[0].at) for subject, keys in users.items()])


ALWAYS: Final = 1_000_000
"""A chance of one in parts per million."""

_OPEN: Final = 100
"""So many values, at least, has a field that may hold any."""

_LINES: Final = 4
"""So many lines of an event have a chance each."""


class _Planner:
    """The plan under way: the fields of the program, and how often each value occurs in it."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.scopes: dict[tuple[object, ...], Scope] = {}
        self.events = {event.name: event for event in core.events}
        self.facts: dict[str, tuple[ir.FieldDef, ...]] = {field.name: (field,) for field in core.member}
        self.tracks = {track.name: track for track in core.tracks}
        self.columns = {each.name: tuple(map(normal_code, each.values)) for each in core.imports if each.keys is None}
        self.limits = {group.name: len(group.limits) for group in core.groups}
        self.limits |= {group.name: len(group.limits) for group in core.offer_groups}
        self.values: dict[Subject, set[object]] = {}
        self.users: Counter[Subject] = Counter()
        self.spans: dict[Subject, list[int]] = {}
        self.sizes: dict[tuple[str, str], int] = {}

    # ---- what holds where a rule acts

    def needed(self, rule: RuleOf) -> tuple[Needed, ...]:
        """The facts that hold wherever a rule acts."""
        return acting(rule, self.scope(rule), self.columns)

    def scope(self, rule: RuleOf) -> Scope:
        """What a rule reads; rules of a kind on the same events read alike."""
        offers = isinstance(rule, ir.OfferDef)
        taking = isinstance(rule, ir.RuleDef) and (rule.kind == "redeem" or bool(rule.group))
        key = rule.events, offers, taking
        scope = self.scopes.get(key)
        if scope is None:
            events = [self.events[name] for name in rule.events]
            lines = [event.lines.fields if event.lines is not None else event.fields for event in events]
            fields = [event.fields for event in events]
            scope = self.scopes[key] = Scope(
                _by_name(fields), _by_name(lines), self.facts, self.tracks, offers, taking, {}
            )
        return scope

    # ---- how often a fact holds

    def count(self, needed: Iterable[tuple[Needed, ...]]) -> None:
        """Note which constants each subject is held to in the whole program."""
        for facts in needed:
            keys = list(_keys(facts))
            self.users.update({key.subject for key in keys})
            for key in keys:
                self.values.setdefault(key.subject, set()).update(key.values)
                ends = self.spans.setdefault(key.subject, [])
                ends += [end for end in (key.low, key.high) if end is not None]
        for subject, ends in self.spans.items():
            self.spans[subject] = [max(ends) - min(ends) + 1] if ends else [1]

    def chance(self, key: Key) -> int:
        """Which share of events meets a key, in parts per million, as far as the text tells."""
        subject = key.subject
        if subject.expr is not None and self.users[subject] < 2:
            return ALWAYS
        if key.test == "within":
            if key.low is None or key.high is None:
                return ALWAYS // 2
            width = max(0, key.high - key.low)
            return min(ALWAYS // 2, ALWAYS * width // (width + self.spans[subject][0]))
        found = ALWAYS * len(key.values) // (self._choices(subject) or max(_OPEN, len(self.values[subject]) + 1))
        return min(ALWAYS * 9 // 10, found * (_LINES if subject.kind == "line" else 1))

    def _choices(self, subject: Subject) -> int:
        """How many values there are, where that is known."""
        if subject.kind == "condition":
            return 2
        size = self.sizes.get((subject.kind, subject.name))
        if size is None:
            size = self.sizes[subject.kind, subject.name] = self._size(subject)
        return size

    def _size(self, subject: Subject) -> int:
        fields: list[ir.FieldDef] = []
        for scope in self.scopes.values():
            named = {"line": scope.lines, "event": scope.fields, "member": scope.facts}.get(subject.kind, {})
            fields += named.get(subject.name, ())
        if not fields or any(each.kind not in ("choice", "flag") for each in fields):
            return 0
        return max(2 if each.kind == "flag" else len(each.choices) for each in fields)

    # ---- the choice

    def cost(self, rule: RuleOf) -> int:
        """What a rule costs at worst."""
        lines = max([event.lines.high if event.lines else 1 for event in map(self.events.__getitem__, rule.events)])
        return cost_of(rule, lines, len(rule.limits) + self.limits.get(rule.group, 0))

    def found(self, rule: RuleOf, facts: tuple[Needed, ...], shape: int, constants: tuple[Constant, ...]) -> Found:
        """How a rule is found."""
        chosen = self._best(facts)
        keys: tuple[Key, ...] = ()
        if chosen is not None and chosen[0] < ALWAYS:
            keys = _merged(chosen[1])
        return Found(rule.key, keys, "" if keys else _why(rule, facts), _rest(rule, keys), shape, constants)

    def _best(self, facts: tuple[Needed, ...]) -> tuple[int, tuple[Key, ...]] | None:
        """The fact that fewest events meet, and its keys."""
        best: tuple[int, tuple[Key, ...]] | None = None
        for each in facts:
            found = self._either(each) if isinstance(each, Either) else (self.chance(each), (each,))
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return best

    def _either(self, choice: Either) -> tuple[int, tuple[Key, ...]] | None:
        chance, keys = 0, list[Key]()
        for side in choice.sides:
            best = self._best(side)
            if best is None:
                return None
            chance += best[0]
            keys += best[1]
        return min(chance, ALWAYS), tuple(keys)


def _keys(facts: tuple[Needed, ...]) -> Iterable[Key]:
    for each in facts:
        if isinstance(each, Key):
            yield each
        else:
            for side in each.sides:
                yield from _keys(side)


def _by_name(rows: Iterable[tuple[ir.FieldDef, ...]]) -> dict[str, tuple[ir.FieldDef, ...]]:
    found: dict[str, tuple[ir.FieldDef, ...]] = {}
    for row in rows:
        for field in row:
            found[field.name] = (*found.get(field.name, ()), field)
    return found


def _merged(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """Keys of one subject and test that list values become one."""
    if len(keys) == 1:
        return keys
    found: dict[object, list[Key]] = {}
    for number, key in enumerate(keys):
        place: object = number if key.test == "within" else (key.subject, key.test)
        found.setdefault(place, []).append(key)
    return tuple(alike[0] if len(alike) == 1 else _of_all(alike) for alike in found.values())


def _of_all(alike: list[Key]) -> Key:
    values = dict.fromkeys(value for key in alike for value in key.values)
    return msgspec.structs.replace(alike[0], values=tuple(values))


def _rest(rule: RuleOf, keys: tuple[Key, ...]) -> tuple[ir.Origin, ...]:
    """The parts of dates and condition that are still to be asked of a rule that was found."""
    settled = {keys[0].at} if len(keys) == 1 and keys[0].subject.kind != "line" else set()
    asked = [part.at for part in (*_parts(rule.dates), *_parts(rule.when)) if part.at not in settled]
    return tuple(dict.fromkeys(asked))


def _parts(expr: ir.Expr | None) -> tuple[ir.Expr, ...]:
    if expr is None:
        return ()
    return expr.parts if isinstance(expr, ir.All) else (expr,)


def _why(rule: RuleOf, facts: tuple[Needed, ...]) -> str:
    """Why a rule has to be asked on every event."""
    if rule.code is not None:
        return "its codes are the member's own"
    if facts:
        return "what it could be found by is worked out for this rule alone"
    if any(isinstance(node, ir.AwardRead | ir.AwardPart) for node in ir.walk(rule.effects)):
        return "what it gives hangs on what another rule gave"
    if rule.when is None and rule.dates is None:
        filters = [node.where for node in ir.records(rule) if isinstance(node, ir.Selection | ir.Fold | ir.PartDef)]
        if any(where is not None for where in filters):
            return "its lines are told by something else than a field held to a constant"
        return "it has no condition, and what it acts on is always there"
    if isinstance(rule, ir.OfferDef) and any(isinstance(node, ir.LineMoney) for node in ir.walk(rule.when)):
        return "what lines cost moves while offers run"
    return "no part of its condition holds a field, a fact or a sum to a constant"
