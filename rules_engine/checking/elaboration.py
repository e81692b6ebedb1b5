"""The door between declarations and expressions: everything that a declaration asks of its text.

Declarations import these from here and nothing of the modules behind, so that the two halves of the checker meet in one
place that can be read.
"""

from rules_engine.checking.acts import HOMES, acts, verb
from rules_engine.checking.amounts import (
    award_has_lines,
    award_units,
    free_thing,
    limit_amount,
    limit_field,
    moved_units,
)
from rules_engine.checking.bases import price_side
from rules_engine.checking.conditions import condition
from rules_engine.checking.dates import anchor, date, dates, day_field, life, unit_life
from rules_engine.checking.env import Env, Stage, env_for, narrowed
from rules_engine.checking.folds import FoldParts, fold, fold_type
from rules_engine.checking.literals import constant
from rules_engine.checking.loops import loop
from rules_engine.checking.monies import constant_money, money, money_rounding, price_names, priced_events
from rules_engine.checking.names import rung_of
from rules_engine.checking.picking import effect_env, line_condition, ordering, pick, selected_units, selection
from rules_engine.checking.presented import code_source
from rules_engine.checking.tables import keep, rung_table, table_decl
from rules_engine.checking.things import sent, thing
from rules_engine.checking.unknowns import define_decl

__all__ = [
    "HOMES",
    "Env",
    "FoldParts",
    "Stage",
    "acts",
    "anchor",
    "award_has_lines",
    "award_units",
    "code_source",
    "condition",
    "constant",
    "constant_money",
    "date",
    "dates",
    "day_field",
    "define_decl",
    "effect_env",
    "env_for",
    "fold",
    "fold_type",
    "free_thing",
    "keep",
    "life",
    "limit_amount",
    "limit_field",
    "line_condition",
    "loop",
    "money",
    "money_rounding",
    "moved_units",
    "narrowed",
    "ordering",
    "pick",
    "price_names",
    "price_side",
    "priced_events",
    "rung_of",
    "rung_table",
    "selected_units",
    "selection",
    "sent",
    "table_decl",
    "thing",
    "unit_life",
    "verb",
]
