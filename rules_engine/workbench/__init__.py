"""The workbench: what a designer does with a program before customers meet it.

`run_tests` runs the `test` blocks of rule files and gives a result for each, with findings that name the rule, what was
expected, what came out, and why. `score_file` scores a file of events and accounts for every row of it.
"""

from __future__ import annotations

from rules_engine.workbench.batch import Job, Report, score_file
from rules_engine.workbench.lookup import is_table, owner_of, stored_facts, stored_state
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.running import run_tests

__all__ = [
    "Job",
    "Report",
    "TestCase",
    "TestResult",
    "is_table",
    "owner_of",
    "run_tests",
    "score_file",
    "stored_facts",
    "stored_state",
]
