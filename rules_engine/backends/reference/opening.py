"""What the rules of a kind of event can read of their member, as it is before the event: part of the receipt.

Which values these are follows from the program alone: see `reads`.
"""

from __future__ import annotations

from rules_engine.backends.reference.reading import balance, track_value
from rules_engine.backends.reference.reads import Read
from rules_engine.backends.reference.run import Env, Run
from rules_engine.outcome import Value


def opening_values(run: Run) -> dict[str, Value]:
    """The values by name, sorted."""
    assert run.event is not None
    env = Env(run)
    found = {_name(read): _value(read, env) for read in run.world.reads[run.event.name]}
    return dict(sorted(found.items()))


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
        case _:
            return f"member.{name}"


def _value(read: Read, env: Env) -> Value:
    kind, name = read
    run = env.run
    match kind:
        case "track" | "previous":
            return track_value(run.world.tracks[name], run.today, env, kind == "previous")
        case "tier":
            tiers = run.world.core.tiers
            assert tiers is not None
            return tiers.rungs[run.held].name
        case "balance" | "pending":
            return balance(name, kind == "pending", run)
        case _:
            value = run.facts.get(name)
            return ", ".join(map(str, value)) if isinstance(value, tuple) else value
