"""What the rules of a kind of event can read of their member, as it is before the event: part of the receipt.

Which values these are follows from the program alone: see `reads`.
"""

from __future__ import annotations

from rules_engine.backends.reference import keys, people
from rules_engine.backends.reference.reading import balance, key_values, track_read
from rules_engine.backends.reference.reads import Read
from rules_engine.backends.reference.run import Env, Run
from rules_engine.event import FieldValue
from rules_engine.outcome import Value


def opening_values(run: Run) -> dict[str, Value]:
    """The values by name, sorted."""
    assert run.event is not None
    env = Env(run)
    found: dict[str, Value] = {}
    for read in run.world.reads[run.event.name]:
        found.update(_by_key(read, env) if read[0] in ("keys", "previous keys") else {_name(read): _value(read, env)})
    return dict(sorted(found.items()))


def _by_key(read: Read, env: Env) -> dict[str, Value]:
    """What a track holds for each key."""
    kind, name = read
    track, previous = env.run.world.tracks[name], kind == "previous keys"
    values = key_values(track, env.run.today, env, previous)
    end = ", previous" if previous else ""
    return {f"track {name} of {keys.word(key)}{end}": value for key, value in values.items()}


def _name(read: Read) -> str:
    kind, name = read
    match kind:
        case "track":
            return f"track {name}"
        case "previous":
            return f"track {name}, previous"
        case "tier":
            return "tier"
        case "balance":
            return f"balance of {name}"
        case "pending":
            return f"balance of {name}, pending included"
        case "person":
            return name
        case _:
            return f"member.{name}"


def _value(read: Read, env: Env) -> Value:
    kind, name = read
    run = env.run
    match kind:
        case "track" | "previous":
            return track_read(run.world.tracks[name], run.today, env, kind == "previous")
        case "tier":
            tiers = run.world.core.tiers
            assert tiers is not None
            return tiers.rungs[run.held].name
        case "balance" | "pending":
            return balance(name, kind == "pending", run)
        case "person":
            person, _, fact = name.partition(".")
            return _plain(people.known(person, fact, run))
        case _:
            return _plain(run.facts.get(name))


def _plain(value: FieldValue) -> Value:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value
