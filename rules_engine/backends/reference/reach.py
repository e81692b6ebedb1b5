"""The reach of a rule: which units it may touch. All, but for what stands behind a barrier.

Barriers are made by rules that acted: in a group with `first per unit` or `first per line` by what an earlier member
changed, in one with `shares claims` by what another member claimed, and by consent, where one of two rules has a list
that leaves the other out. A denial for the basket shuts the later rule out altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.backends.reference.carrier import Act, Basket, Runs, Unit
from rules_engine.backends.reference.run import Run
from rules_engine.backends.reference.trace import Ahead


class Barrier(msgspec.Struct, frozen=True):
    """A rule keeps others from the units, or the lines, that it changed or claimed. `why` is told of a rule that was
    kept from everything: `lost` in a group or stage, or `shut out`."""

    rule: str
    per: Literal["unit", "line"]
    changes: bool
    claims: bool
    why: str
    group: str = ""
    how: Ahead = ""

    def marks(self, unit: Unit) -> bool:
        """Whether the rule changed, or claimed, a unit."""
        return (self.changes and self.rule in unit.changed) or (self.claims and self.rule in unit.claimed)


Reach: TypeAlias = tuple[Barrier, ...]
"""What stands in the way of a member of groups."""


def first_come(acts: Iterable[Act], per: Literal["unit", "line"], group: str) -> Reach:
    """What rules that acted changed is out of the reach of those after them."""
    return tuple(Barrier(act.rule.key, per, True, False, "lost", group, "came first") for act in acts)


def shut_out(rule: ir.OfferDef, basket: Basket) -> str:
    """The first rule that acted and does not go together with this one on the same basket; empty where none."""
    return next((act.rule.key for act in basket.acts if denied(rule, act.rule) == "basket"), "")


def barriers_of(rule: ir.OfferDef, reach: Reach, run: Run) -> Reach:
    """Everything that stands between a rule and some units: of its groups, of claims, of consent."""
    assert run.basket is not None
    group = run.world.offer_groups.get(rule.group)
    found = list(reach)
    for act in run.basket.acts:
        on = denied(rule, act.rule)
        if on == "unit" or on == "line":
            found.append(Barrier(act.rule.key, on, True, True, "shut out"))
        if group is not None and group.shares_claims and act.rule.group == group.name:
            found.append(Barrier(act.rule.key, "unit", False, True, "lost", group.name, "claimed"))
    return tuple(found)


def denied(rule: ir.OfferDef, other: ir.OfferDef) -> Literal["unit", "line", "basket"] | None:
    """On what two rules do not go together: the widest that a list names which leaves the other out."""
    named = [on for _, on in _denials(rule, other)]
    return max(named, key=_WIDTHS.index) if named else None


def refusers(rule: ir.OfferDef, other: ir.OfferDef) -> tuple[ir.OfferDef, ...]:
    """Which of two rules keep them apart on the widest that they do not go together on: one of them, or both."""
    widest = denied(rule, other)
    return tuple(one for one, on in _denials(rule, other) if on == widest)


def _denials(rule: ir.OfferDef, other: ir.OfferDef) -> Iterator[tuple[ir.OfferDef, Literal["unit", "line", "basket"]]]:
    """Of two rules, those whose list leaves the other out, and on what."""
    for one, two in ((rule, other), (other, rule)):
        if one.consent is not None and one.consent.rules is not None and two.key not in one.consent.rules:
            yield one, one.consent.on


_WIDTHS = ("unit", "line", "basket")


def reaches(barriers: Reach, basket: Basket) -> Callable[[int, Unit], bool]:
    """Whether a unit of a line is within reach."""
    shut = {(each, line) for each in barriers if each.per == "line" for line, runs in enumerate(basket.lines)
            if _marked(each, runs)}  # fmt: skip

    def reached(line: int, unit: Unit) -> bool:
        return not any((each, line) in shut if each.per == "line" else each.marks(unit) for each in barriers)

    return reached


def _marked(barrier: Barrier, runs: Runs) -> bool:
    return any(barrier.marks(unit) for _, unit in runs)
