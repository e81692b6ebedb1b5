"""Planning: how each rule of a program is found, so that what an event costs follows the rules that match it.

`plan(core)` is pure and quick. It says of every rule under which keys it is found (`Key`), or why it has to be asked on
every event; which rules differ in constants alone (`Shape`); which conditions several rules share; and what a rule
costs at worst. Evaluators build their indexes from it, and `rules plan` shows it.
"""

from rules_engine.planning.planner import Found, Plan, Shape, Shared, plan, sampled, shared
from rules_engine.planning.shapes import Constant, refilled
from rules_engine.planning.subjects import Key, Subject

__all__ = ["Constant", "Found", "Key", "Plan", "Shape", "Shared", "Subject", "plan", "refilled", "sampled", "shared"]
