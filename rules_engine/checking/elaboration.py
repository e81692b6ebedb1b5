"""The door between declarations and expressions: everything that a declaration asks of its text.

Declarations import these from here and nothing of the modules behind, so that the two halves of the checker meet in one
place that can be read.
"""

from rules_engine.checking.amounts import award_has_lines, award_units, give, limit_amount, marks
from rules_engine.checking.conditions import condition
from rules_engine.checking.dates import anchor, date, dates, day_field, life, unit_life
from rules_engine.checking.env import Env, Stage, env_for, narrowed
from rules_engine.checking.folds import FoldParts, fold, fold_type
from rules_engine.checking.literals import constant
from rules_engine.checking.names import rung_of
from rules_engine.checking.tables import keep, rung_table, table_decl
from rules_engine.checking.unknowns import define_decl

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
