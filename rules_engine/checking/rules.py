"""Earns and rewards: their clauses, limits and groups.

In: a rule's declaration and the context of the check. Out: `ir.RuleDef`, or None after an error. What other rules think
of it (a group's list, a holdout, a circle of reads) is checked for the whole program, in `program`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, periods, tree

from .env import Env, env_for, narrowed
from .expressions import condition, dates, day_field, give, limit_amount, marks
from .infos import STAGES, TIER_STAGE, BrokenInfo, MatchInfo, PeriodInfo, RuleInfo
from .tracks import window_of
from .units import known_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .context import Context
