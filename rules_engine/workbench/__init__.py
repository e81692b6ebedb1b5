"""The workbench: what a designer does with a program before customers meet it.

`run_tests` runs the `test` blocks of rule files and gives a result for each, with findings that name the rule, what was
expected, what came out, and why.
"""

from __future__ import annotations

from rules_engine.workbench.batch import Job, Report, score_file
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.running import run_tests

__all__ = ["Job", "Report", "TestCase", "TestResult", "run_tests", "score_file"]
