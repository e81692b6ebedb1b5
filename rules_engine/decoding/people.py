"""The other people of an event: what a host passes in of them, checked.

In: by member id the facts and states of those whom the event's fields name, and the state of the household. Out:
`People`, or every fault, each of which says whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from rules_engine import ir
from rules_engine.decoding.facts import decode_facts
from rules_engine.decoding.faults import Place, clean, fault, hint, shown
from rules_engine.decoding.passed import States
from rules_engine.event import Facts
from rules_engine.outcome import Fault, People
from rules_engine.state import State

_OTHERS = Place("`others`")
_PARTS = ("member", "state")
_FORM = "an object with the person's facts in `member`, and their `state` where rules give to them or count per them"


class Other(msgspec.Struct, frozen=True):
    """Another person whom an event names: their facts (None: not passed in), and their state where rules give to them
    or count per them (None: a new member's; left out: not passed in).

    >>> Other({"joined": "2026-05-01"}, None).member
    {'joined': '2026-05-01'}
    """

    member: Mapping[str, object] | None = None
    state: State | Mapping[str, object] | UnsetType | None = UNSET


class Owners(msgspec.Struct, frozen=True):
    """The states of a program's members, and those of its pools, as they are passed in."""

    core: ir.Program
    members: States
    pools: States


def owners_of(core: ir.Program) -> Owners:
    """Prepared for one program."""
    return Owners(core, States(core), States(core, pools=True))


def decode_people(others: object, pool: object, owners: Owners) -> People | tuple[Fault, ...]:
    """Everybody whom a host passes in besides the event's member, or all faults."""
    faults: list[Fault] = []
    facts: dict[str, Facts] = {}
    states: dict[str, State] = {}
    if others is not None and not isinstance(others, Mapping):
        wrong = fault("V100", _OTHERS, "", found=shown(others), form="an object of people by member id")
        return (replace(wrong, field="others"),)
    for who, sent in (others or {}).items():
        if not isinstance(who, str) or not who:
            wrong = fault("V105", _OTHERS, "", found=f"of {shown(who)}", form="people by member id")
            faults.append(replace(wrong, field="others"))
            continue
        faults += _person(who, sent, owners, facts, states)
    known = None if pool is None else owners.pools.read(pool)
    if isinstance(known, tuple):
        faults += (replace(each, field=f"pool.{each.field}".rstrip(".")) for each in known)
        known = None
    return tuple(faults) or People(facts, states, known)


def _person(
    who: str, sent: object, owners: Owners, facts: dict[str, Facts], states: dict[str, State]
) -> tuple[Fault, ...]:
    """One person's facts and state put with the others', or the faults."""
    if isinstance(sent, Mapping):
        unknown = [name for name in sent if name not in _PARTS]
        if unknown:
            return tuple(_unknown(who, name) for name in unknown)
        sent = Other(sent.get("member"), sent.get("state", UNSET))
    if not isinstance(sent, Other):
        return (_at(who, "", fault("V100", _place(who), "", found=shown(sent), form=_FORM)),)
    faults: list[Fault] = []
    if sent.member is not None:
        known = decode_facts(sent.member, owners.core, _place(who))
        if isinstance(known, tuple):
            faults += (_at(who, "member", each) for each in known)
        else:
            facts[who] = known
    if not isinstance(sent.state, UnsetType):
        state = State() if sent.state is None else owners.members.read(sent.state, who)
        if isinstance(state, tuple):
            faults += (_at(who, "state", each) for each in state)
        else:
            states[who] = state
    return tuple(faults)


def _place(who: str) -> Place:
    return Place(f"the member `{clean(who)}`")


def _unknown(who: str, name: object) -> Fault:
    word = clean(name) if isinstance(name, str) else shown(name)
    return _at(who, "", fault("V103", _place(who), word, hint=hint(word, _PARTS, "parts")))


def _at(who: str, part: str, found: Fault) -> Fault:
    """The fault as the whole request names its place: `others.m-9.member.plan`."""
    path = ".".join(filter(None, ("others", clean(who), part, found.field)))
    return replace(found, field=path)
