"""Programs that type-check, made by choosing: what `tests.strategies` is made of."""

from __future__ import annotations

from random import Random

from tests.generating import dealing, larder, memory, offers, owned_offers, rules, schema, shop
from tests.generating.made import FILES, Made

__all__ = ["FILES", "orders", "owning", "program"]


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


def orders(rng: Random) -> str:
    """The text of one program whose events are orders, with offers on them."""
    made = Made(rng)
    shop.pick_shop(made)
    made.say("language 1")
    if made.chance(40):
        schema.periods(made)
    schema.units(made)
    shop.events(made)
    shop.defines(made)
    offers.earned(made)
    stacking = offers.offers(made)
    shop.header(made, stacking)
    rules.holdouts(made)
    return "\n".join(made.text) + "\n"


def owning(rng: Random) -> str:
    """The text of one program whose members own units, pay with them, and settle at the edges of periods."""
    made = Made(rng)
    kept = larder.start(made)
    made.say("language 1")
    larder.periods(kept)
    larder.units(kept)
    larder.events(kept)
    larder.tracks(kept)
    owned_offers.offers(kept)
    dealing.redeems(kept)
    dealing.earns(kept)
    dealing.takers(kept, "earn")
    dealing.rewards(kept)
    dealing.takers(kept, "reward")
    larder.given_tracks(kept)
    owned_offers.header(kept)
    owned_offers.holdouts(kept)
    return "\n".join(made.text) + "\n"
