"""The door between declarations and expressions: everything that a declaration asks of its text.

Declarations import these from here and nothing of the modules behind, so that the two halves of the checker meet in one
place that can be read.
"""

from .amounts import award_has_lines, award_units, give, limit_amount, marks
from .conditions import condition
from .dates import anchor, date, dates, day_field, life, unit_life
from .env import Env, Stage, env_for, narrowed
from .folds import FoldParts, fold, fold_type
from .literals import constant
from .names import rung_of
from .tables import keep, rung_table, table_decl
from .unknowns import define_decl

__all__ = [
    "Env",
    "FoldParts",
    "Stage",
    "anchor",
    "award_has_lines",
    "award_units",
    "condition",
    "constant",
    "date",
    "dates",
    "day_field",
    "define_decl",
    "env_for",
    "fold",
    "fold_type",
    "give",
    "keep",
    "life",
    "limit_amount",
    "marks",
    "narrowed",
    "rung_of",
    "rung_table",
    "table_decl",
    "unit_life",
]
