"""Scoring: a program, its events, and what they give.

In: a core and its rule files, then events as hosts send them. Out: outcomes, explanations, streams, and what the
passing of time does. `Program` is the face; `explaining` and `telling` say why, `streams` keeps states along the way.
"""

from __future__ import annotations

from rules_engine.scoring.company import Accounts, Company, Scorer, ties_of
from rules_engine.scoring.days import Advance, Day, Due
from rules_engine.scoring.finding import Planned, PlannedEvent, PlannedRule, PlannedShare, planned
from rules_engine.scoring.migrating import Migration, Note, migrate_shared
from rules_engine.scoring.nearly import Changed, Near, NearMiss
from rules_engine.scoring.previewed import NextTier, Preview
from rules_engine.scoring.program import Program
from rules_engine.scoring.streams import Kept, Stream, WorkerLost
from rules_engine.scoring.told import (
    EffectTold,
    Explanation,
    GiveTold,
    LimitTold,
    OfferTold,
    PriceTold,
    RuleTold,
    TakeTold,
    ValueTold,
)

__all__ = [
    "Accounts",
    "Advance",
    "Changed",
    "Company",
    "Day",
    "Due",
    "EffectTold",
    "Explanation",
    "GiveTold",
    "Kept",
    "LimitTold",
    "Migration",
    "Near",
    "NearMiss",
    "NextTier",
    "Note",
    "OfferTold",
    "Planned",
    "PlannedEvent",
    "PlannedRule",
    "PlannedShare",
    "Preview",
    "PriceTold",
    "Program",
    "RuleTold",
    "Scorer",
    "Stream",
    "TakeTold",
    "ValueTold",
    "WorkerLost",
    "migrate_shared",
    "planned",
    "ties_of",
]
