"""Scoring: a program, its events, and what they give."""

from __future__ import annotations

from rules_engine.scoring.program import Advance, Day, Due, Program

__all__ = ["Advance", "Day", "Due", "Program"]
