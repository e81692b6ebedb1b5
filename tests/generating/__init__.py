"""Programs that type-check, made by choosing: what `tests.strategies` is made of."""

from __future__ import annotations

from random import Random

from tests.generating import memory, rules, schema
from tests.generating.made import FILES, Made

__all__ = ["FILES", "program"]


def program(rng: Random) -> str:
    """The text of one program; `FILES` stand beside it."""
    made = Made(rng)
    schema.pick_shape(made)
    made.say("language 1")
    schema.header(made)
    schema.periods(made)
    schema.units(made)
    schema.events(made)
    schema.defines(made)
    schema.tables(made)
    memory.tracks(made)
    memory.tiers(made)
    rules.earns(made)
    memory.given_tracks(made)
    rules.rewards(made)
    memory.match(made)
    rules.holdouts(made)
    return "\n".join(made.text) + "\n"
