"""What holds of every lowered program, asserted where it is made: a broken law is our mistake, never the user's.

Names are unique, whatever is referred to is there, rules come after what they read, each offer stands once in the order
of its stage, and numbers are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from rules_engine import ir

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator


def assert_laws(program: ir.Program) -> None:
    """Assert all laws of a program."""
    _unique("event", (each.name for each in program.events))
    _unique("unit", (each.name for each in program.units))
    _unique("period", (each.name for each in program.periods))
    _unique("track", (each.key for each in program.tracks))
    rules, offers = (each.key for each in program.rules), (each.key for each in program.offers)
    _unique("rule", (*rules, *offers, *(each.key for each in program.matches)))
    _unique("limit", (limit.key for limit in _limits(program)))
    _reads_come_first(program)
    _members_are_there(program)
    _offers_are_ordered(program)
    _redeems_are_ordered(program)
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
    for offer in program.offers:
        yield from offer.limits
    for members in program.offer_groups:
        yield from members.limits


def _reads_come_first(program: ir.Program) -> None:
    done: set[str] = set()
    for rule in program.rules:
        assert done.issuperset(rule.reads), f"{rule.key} comes before what it reads"
        done.add(rule.key)


def _members_are_there(program: ir.Program) -> None:
    rules = {rule.key: rule for rule in program.rules}
    offers = {offer.key for offer in program.offers}
    for group in program.groups:
        assert all(rules[key].group == group.name for key in group.order), f"{group.name} lists its members"
    for holdout in program.holdouts:
        assert all(key in rules or key in offers for key in holdout.rules), "a holdout names rules"


def _offers_are_ordered(program: ir.Program) -> None:
    """The orders of a stage and of the groups in it have each of its offers once; consents name offers."""
    offers = {offer.key: offer for offer in program.offers}
    groups = {group.name: group for group in program.offer_groups}
    assert len(groups) == len(program.offer_groups), "two groups of one name"
    placed: list[str] = []
    for stage in program.stages:
        for name in stage.policy.order:
            group = groups.get(name.removeprefix(GROUP)) if name.startswith(GROUP) else None
            members = (name,) if group is None else group.policy.order
            assert group is None or group.stage == stage.name, f"{name} is of another stage"
            assert all(offers[key].stage == stage.name for key in members), f"{stage.name} orders its offers"
            assert all(offers[key].group == (group.name if group else "") for key in members), f"{name} has its members"
            placed += members
    _unique("place of an offer", placed)
    assert set(placed) == set(offers), f"without a place: {sorted(set(offers) - set(placed))}"
    for offer in program.offers:
        named = offer.consent.rules if offer.consent is not None else None
        assert all(key in offers for key in named or ()), f"{offer.key} consents to offers"


def _redeems_are_ordered(program: ir.Program) -> None:
    """The tender stage has each redeem once, by itself or in its group; redeems come before the other rules."""
    groups = {group.name: group for group in program.groups}
    redeems = [rule.key for rule in program.rules if rule.kind == "redeem"]
    placed: list[str] = []
    for name in program.tender:
        placed += groups[name.removeprefix(GROUP)].order if name.startswith(GROUP) else (name,)
    _unique("place of a redeem", placed)
    assert set(placed) == set(redeems), f"without a place: {sorted(set(redeems) ^ set(placed))}"
    assert [rule.key for rule in program.rules[: len(redeems)]] == redeems, "redeems come first"


GROUP = "group "
"""What stands before the name of a group in the order of a stage."""


def _references(program: ir.Program) -> None:
    """Each name that a node says is declared. Most nodes say none: what says one is found by its kind."""
    names: Names = {
        "period": {each.name for each in program.periods},
        "track": {each.name for each in program.tracks},
        "keyed track": {each.name for each in program.tracks if each.by_key is not None},
        "unit": {each.name for each in program.units},
        "fact": {each.name for each in program.member},
        "rule": {each.key for each in program.rules},
    }
    rows = (
        program.events,
        program.rules,
        program.tracks,
        program.matches,
        program.groups,
        program.tiers,
        program.units,
    )
    for node in ir.records((*rows, program.offers, program.offer_groups)):
        law = _LAWS.get(type(node))
        if law is not None:
            law(node, names)


Names: TypeAlias = "dict[str, Container[str]]"
"""What is declared, by what it is."""


def _exact(node: ir.Num, _: Names) -> None:
    assert type(node.num) is type(node.den) is int, "numbers are exact"
    assert node.den > 0, "a denominator is positive"


def _has_period(node: ir.Window, names: Names) -> None:
    assert node.kind != "period" or node.period in names["period"], f"no period {node.period}"


def _has_keys(node: ir.KeyFold, names: Names) -> None:
    assert node.track in names["track"], f"no track {node.track}"
    assert node.track in names["keyed track"], f"{node.track} has no keys"


def _naming(what: str, field: str) -> Callable[[Any, Names], None]:
    """The law that a node names something that is declared."""
    named = attrgetter(field)

    def law(node: Any, names: Names) -> None:
        assert named(node) in names[what], f"no {what} {named(node)}"

    return law


NAMING: Final[dict[type[msgspec.Struct], tuple[str, str]]] = {
    ir.EdgeDay: ("period", "period"),
    ir.InPeriod: ("period", "period"),
    ir.ScheduleDef: ("period", "period"),
    ir.TrackRead: ("track", "track"),
    ir.Reaches: ("track", "track"),
    ir.Across: ("track", "track"),
    ir.CarryDef: ("track", "track"),
    ir.BalanceRead: ("unit", "unit"),
    ir.UsedRead: ("unit", "unit"),
    ir.GiveDef: ("unit", "unit"),
    ir.DeductDef: ("unit", "unit"),
    ir.TurnDef: ("unit", "unit"),
    ir.AcceptDef: ("unit", "unit"),
    ir.PersonField: ("fact", "name"),
    ir.MemberField: ("fact", "name"),
    ir.AwardRead: ("rule", "rule"),
    ir.AwardPart: ("rule", "rule"),
}
"""What a node of a kind names, and in which field."""

_LAWS: Final[dict[type[msgspec.Struct], Callable[[Any, Names], None]]] = {
    ir.Num: _exact,
    ir.Window: _has_period,
    ir.KeyFold: _has_keys,
    **{kind: _naming(*named) for kind, named in NAMING.items()},
}
"""What is asserted of a node of a kind."""
