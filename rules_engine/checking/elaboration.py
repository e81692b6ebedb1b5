"""The door between declarations and expressions: everything that a declaration asks of its text.

Declarations import these from here and nothing of the modules behind, so that the two halves of the checker meet in one
place that can be read.
"""

from .conditions import condition
from .dates import anchor, date, dates, day_field, life, unit_life
from .env import Env, Stage, env_for, narrowed
from .names import rung_of
from .tables import rung_table

__all__ = [
    "Env",
    "Stage",
    "anchor",
    "condition",
    "date",
    "dates",
    "day_field",
    "env_for",
    "life",
    "narrowed",
    "rung_of",
    "rung_table",
    "unit_life",
]


def _todo(*args, **kwargs):
    raise NotImplementedError


give = fold = marks = keep = limit_amount = define_decl = table_decl = constant = _todo
