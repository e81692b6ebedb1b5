"""Other people: the facts of the members whom an event names besides its own."""

from __future__ import annotations

from rules_engine.backends.reference.run import Run
from rules_engine.event import Facts, FieldValue


def fact(person: str, name: str, run: Run) -> FieldValue:
    """A fact of the person whom a field of the event names; absent where the field is. Raises `EventRefused` where
    their facts were not passed in."""
    member = _named(person, run)
    if member is None:
        return None
    facts = _facts(member, run)
    if facts is None:
        raise run.refused("V166", person, path=person, person=member)
    return facts.get(name)


def known(person: str, name: str, run: Run) -> FieldValue:
    """The same for whoever only looks: absent where their facts were not passed in."""
    member = _named(person, run)
    facts = None if member is None else _facts(member, run)
    return None if facts is None else dict(facts).get(name)


def _named(person: str, run: Run) -> str | None:
    member = run.fields.get(person)
    assert member is None or isinstance(member, str)
    return member


def _facts(member: str, run: Run) -> Facts | None:
    """Who names themselves is the event's own member."""
    return run.facts if member == run.member else run.people.facts.get(member)
