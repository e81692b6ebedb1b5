"""How the rules of a program are found, in words for the people who write them.

In: a program. Out: of each rule by what it is found, or why it is asked on every event, what is asked then, and what it
costs at worst; what is worked out once for an event because several rules are found by it; of each kind of event, how
it is scored.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import assert_never

import msgspec

from rules_engine import ir
from rules_engine.calendar import format_date
from rules_engine.planning import Found, Key, Plan, plan, shared
from rules_engine.scoring.program import Program
from rules_engine.scoring.texts import Texts

_FEW = 4
"""So many values are named, then only how many more there are."""


class PlannedRule(msgspec.Struct, frozen=True):
    """One rule. `found` are the ways to find it, each enough; where there are none, `why` says why it is asked on every
    event. `by` says what these ways look at, without the values. `then` is what is asked of it once it was found.
    `cost` is the most that it costs on one event, in steps. `alike` is the number of its shape: rules with the same
    number differ in constants alone."""

    rule: str
    title: str
    kind: str
    place: str
    events: tuple[str, ...]
    found: tuple[str, ...]
    by: tuple[str, ...]
    why: str
    then: tuple[str, ...]
    cost: int
    alike: int


class PlannedEvent(msgspec.Struct, frozen=True):
    """One kind of event: why all its offers go by one step of the reference (empty: everything is generated), and why
    it has no columnar form (empty: it has one; None: NumPy, which columns need, is not installed). `left` says of which
    rules with a reason: an event on which one may act goes row by row all the same."""

    event: str
    checkout: str
    batch: str | None = None
    left: tuple[str, ...] = ()


class PlannedShare(msgspec.Struct, frozen=True):
    """What is worked out once for an event, and how many rules are found by it."""

    text: str
    rules: int


class Planned(msgspec.Struct, frozen=True):
    """The plan of a program in words. `cost` is the most that all rules of one kind of event cost together."""

    rules: tuple[PlannedRule, ...]
    shared: tuple[PlannedShare, ...]
    events: tuple[PlannedEvent, ...]
    cost: int

    def above(self, most: int) -> tuple[PlannedRule, ...]:
        """The rules that may cost more than so many steps."""
        return tuple(rule for rule in self.rules if rule.cost > most)


def planned(program: Program) -> Planned:
    """How the rules of a program are found."""
    core, texts = program.core, Texts(program.core, program.sources)
    found = plan(core)
    every: tuple[ir.OfferDef | ir.RuleDef, ...] = (*core.offers, *core.rules)
    rules = tuple(_rule(rule, each, found, texts) for rule, each in zip(every, found.rules, strict=True))
    common = tuple(PlannedShare(texts.of(each.at), each.rules) for each in shared(found) if each.rules > 1)
    stepped: dict[str, str] = getattr(program.backend, "stepped", {})
    batch, left = _by_rows(program), _some_by_rows(program)
    events = tuple(
        PlannedEvent(
            event.name,
            stepped.get(event.name, ""),
            None if batch is None else batch.get(event.name, ""),
            left.get(event.name, ()),
        )
        for event in core.events
    )
    costs = [sum([rule.cost for rule in rules if event.name in rule.events]) for event in core.events]
    return Planned(rules, common, events, max(costs, default=0))


def _by_rows(program: Program) -> dict[str, str] | None:
    """Why kinds of event have no columnar form; None where columns cannot be used, for want of NumPy."""
    if find_spec("numpy") is None:
        return None
    from rules_engine.tables import by_rows

    scheduled = {event.name: "it happens by itself" for event in program.core.events if event.schedule is not None}
    return scheduled | by_rows(program)


def _some_by_rows(program: Program) -> dict[str, tuple[str, ...]]:
    """Why some events of kinds with a columnar form go by rows."""
    if find_spec("numpy") is None:
        return {}
    from rules_engine.tables import some_by_rows

    return some_by_rows(program)


def _rule(rule: ir.OfferDef | ir.RuleDef, found: Found, whole: Plan, texts: Texts) -> PlannedRule:
    return PlannedRule(
        rule.key,
        rule.title,
        f"{rule.stage} offer" if isinstance(rule, ir.OfferDef) else rule.kind,
        texts.place(rule.at),
        rule.events,
        tuple(dict.fromkeys(_words(key, texts) for key in found.keys)),
        tuple(dict.fromkeys(_subject(key, texts) for key in found.keys)),
        found.why,
        tuple(filter(None, map(texts.of, found.rest))),
        whole.cost(found),
        found.shape,
    )


def _subject(key: Key, texts: Texts) -> str:
    """What a key looks at."""
    subject = key.subject
    match subject.kind:
        case "line":
            return f"{subject.name} of a line"
        case "event" | "currency":
            return subject.name or "currency"
        case "member":
            return f"member.{subject.name}"
        case "today":
            return "the day"
        case "now":
            return "the moment"
        case "code":
            return "a presented code"
        case "number":
            assert subject.expr is not None
            return texts.of(key.at)
        case "condition":
            return texts.of(key.at)
        case _:
            assert_never(subject.kind)


def _words(key: Key, texts: Texts) -> str:
    """One way to find a rule."""
    kind = key.subject.kind
    if kind in ("number", "condition"):
        return texts.of(key.at)
    if kind == "today" and key.test == "within":
        first = "" if key.low is None else f" from {format_date(key.low)}"
        last = "" if key.high is None else f" until {format_date(key.high - 1)}"
        return f"the day{first}{last}"
    if key.test == "within" or not all(isinstance(value, str) for value in key.values):
        return f"{_subject(key, texts)}: {texts.of(key.at)}"
    values = [str(value) for value in key.values]
    more = f" and {len(values) - _FEW} more" if len(values) > _FEW else ""
    return f"{_subject(key, texts)}: {', '.join(values[:_FEW])}{more}"
