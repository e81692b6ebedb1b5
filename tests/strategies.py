"""Programs that type-check, made by choosing: one generator behind hypothesis and `make agree`.

In: a `random.Random` (hypothesis hands in one that it can shrink). Out: the text of a whole program. Every choice is
directed by types: an amount of money is only ever compared with an amount of money, an optional is read behind its
`has`, a table is complete by its making. So the text must check, and a program that does not is a finding.

Each clause stands on a line of its own, so that a program can be made smaller by leaving out lines.
"""

from __future__ import annotations

from random import Random
from typing import Literal, assert_never

from hypothesis import strategies as st

from tests.generating import FILES, orders, owning, program
from tests.plain_offers import plain_program

__all__ = ["FILES", "Of", "orders", "owning", "program", "programs", "seeded"]


Of = Literal["visits", "orders", "plain", "owning"]
"""What programs are about: visits, orders with offers on them, orders whose offers are plain enough that generated
Python hands hardly any to the reference, or members who own units, pay with them and settle."""


def seeded(seed: int, of: Of = "visits") -> str:
    """The program of a seed."""
    match of:
        case "visits":
            return program(Random(seed))
        case "orders":
            return orders(Random(seed))
        case "plain":
            return plain_program(seed)[0]
        case "owning":
            return owning(Random(seed))
        case _:
            assert_never(of)


def programs() -> st.SearchStrategy[str]:
    """Programs that hypothesis can shrink."""
    return st.randoms(use_true_random=False).map(lambda rng: (program, orders, owning)[rng.randrange(3)](rng))
