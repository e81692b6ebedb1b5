"""What holds of every lowered program, asserted where it is made: a broken law is our mistake, never the user's.

Names are unique, whatever is referred to is there, rules come after what they read, and numbers are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def assert_laws(program: ir.Program) -> None:
    """Assert all laws of a program."""
    _unique("event", (each.name for each in program.events))
    _unique("unit", (each.name for each in program.units))
    _unique("period", (each.name for each in program.periods))
    _unique("track", (each.key for each in program.tracks))
    _unique("rule", (*(each.key for each in program.rules), *(each.key for each in program.matches)))
    _unique("limit", (limit.key for limit in _limits(program)))
    _reads_come_first(program)
    _members_are_there(program)
    _references(program)


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        assert name not in seen, f"two of one {what}: {name}"
        seen.add(name)


def _limits(program: ir.Program) -> Iterator[ir.LimitDef]:
    for rule in program.rules:
        yield from rule.limits
    for group in program.groups:
        yield from group.limits
    for match in program.matches:
        yield from match.limits


def _reads_come_first(program: ir.Program) -> None:
    done: set[str] = set()
    for rule in program.rules:
        assert done.issuperset(rule.reads), f"{rule.key} comes before what it reads"
        done.add(rule.key)


def _members_are_there(program: ir.Program) -> None:
    rules = {rule.key: rule for rule in program.rules}
    for group in program.groups:
        assert all(rules[key].group == group.name for key in group.order), f"{group.name} lists its members"
    for holdout in program.holdouts:
        assert all(key in rules for key in holdout.rules), "a holdout names rules"


def _references(program: ir.Program) -> None:
    periods = {each.name for each in program.periods}
    tracks = {each.name for each in program.tracks}
    units = {each.name for each in program.units}
    rules = {each.key for each in program.rules}
    cores = (program.rules, program.tracks, program.matches, program.groups, program.tiers, program.units)
    for node in ir.records(cores):
        match node:
            case ir.EdgeDay(period=name) | ir.InPeriod(period=name):
                assert name in periods, f"no period {name}"
            case ir.Window(kind="period", period=name):
                assert name in periods, f"no period {name}"
            case ir.TrackRead(track=name) | ir.Reaches(track=name) | ir.Across(track=name):
                assert name in tracks, f"no track {name}"
            case ir.BalanceRead(unit=name) | ir.GiveDef(unit=name):
                assert name in units, f"no unit {name}"
            case ir.AwardRead(rule=name) | ir.AwardPart(rule=name):
                assert name in rules, f"no rule {name}"
            case ir.Num(num=num, den=den):
                assert type(num) is type(den) is int, "numbers are exact"
                assert den > 0, "a denominator is positive"
            case _:
                pass
