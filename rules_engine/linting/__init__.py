"""Linting: what is no error in a program and still likely to be wrong, or to cost money.

In: a program that checks, as a `View`. Out: warnings, each with a code, the place, what to write instead and, where it
is safe, the mend. Each lint is one file in `rules/`, with the reason why it is there, an example that it finds and one
that it leaves alone. A comment `# allow: CODE reason` silences a finding.
"""

from __future__ import annotations

from rules_engine.linting.engine import UnknownLint, chosen, lint
from rules_engine.linting.mending import Change, Find, Mended, mended, mended_program
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.rules import LINTS
from rules_engine.linting.telling import (
    FAMILIES,
    UnknownCode,
    as_values,
    explained,
    explained_words,
    listing,
    markdown,
)
from rules_engine.linting.view import View

__all__ = [
    "FAMILIES",
    "LINTS",
    "Change",
    "Find",
    "Found",
    "Lint",
    "Mended",
    "UnknownCode",
    "UnknownLint",
    "View",
    "as_values",
    "chosen",
    "explained",
    "explained_words",
    "lint",
    "listing",
    "markdown",
    "mended",
    "mended_program",
]
