"""Scoring: a program, its events, and what they give.

In: a core and its rule files, then events as hosts send them. Out: outcomes, explanations, streams, and what the
passing of time does. `Program` is the face; `explaining` and `telling` say why, `streams` keeps states along the way.
"""

from __future__ import annotations

from rules_engine.scoring.program import Advance, Day, Due, Program

__all__ = ["Advance", "Day", "Due", "Program"]
