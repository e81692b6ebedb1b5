"""What a search for tests gives back: tests, what each reaches, and what none was found for."""

from __future__ import annotations

import msgspec

from rules_engine.workbench.coverage import Missed, Share


class Suggestion(msgspec.Struct, frozen=True):
    """A test, as it stands in a rule file, and what it reaches first."""

    title: str
    text: str
    reaches: tuple[Missed, ...]


class Unsolved(msgspec.Struct, frozen=True):
    """What no test was found for, and why."""

    missed: Missed
    reason: str


class Suggested(msgspec.Struct, frozen=True):
    """What was found for one program: how much was reached before, and how much is with the suggestions."""

    suggestions: tuple[Suggestion, ...]
    unsolved: tuple[Unsolved, ...]
    before: Share
    after: Share
    seconds: float
