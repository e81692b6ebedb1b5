"""The workbench: what a designer does with a program before customers meet it.

`run_tests` runs the `test` blocks of rule files and gives a result for each, with findings that name the rule, what was
expected, what came out, and why; `Coverage` counts what they reach. `score_file` scores a file of events and accounts
for every row of it; `simulate` replays a history and counts what a program gives and costs.
"""

from __future__ import annotations

from rules_engine.workbench.appending import SECONDS, appended, place_of, suggested
from rules_engine.workbench.batch import Job, Report, score_file
from rules_engine.workbench.coverage import PLURALS, Coverage, FileCoverage, Missed, Share, never, total
from rules_engine.workbench.coverage_html import coverage_page
from rules_engine.workbench.explain_page import explanation_json, explanation_page
from rules_engine.workbench.junit_xml import failure_text, junit, why_lines
from rules_engine.workbench.lookup import TABLES, Known, asked, explained, is_table
from rules_engine.workbench.memory import has_shared, nothing
from rules_engine.workbench.migrate import Carried, Files, migrate_files
from rules_engine.workbench.minting import chance, series, write_series
from rules_engine.workbench.replaying import History, Progress, Replay, Result
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.rows import money_lines
from rules_engine.workbench.running import run_tests
from rules_engine.workbench.sampling import Sample, sample
from rules_engine.workbench.simulate_counts import Standings
from rules_engine.workbench.simulate_page import NoPlots, check_plots, simulation_page
from rules_engine.workbench.simulation import Simulation, compare, simulate, simulation_json, simulation_text
from rules_engine.workbench.suggestions import Suggested, Suggestion, Unsolved
from rules_engine.workbench.testing import Tested, chosen, run_path
from rules_engine.workbench.watching import NoWatch, Watch, check_watch

__all__ = [
    "PLURALS",
    "SECONDS",
    "TABLES",
    "Carried",
    "Coverage",
    "FileCoverage",
    "Files",
    "History",
    "Job",
    "Known",
    "Missed",
    "NoPlots",
    "NoWatch",
    "Progress",
    "Replay",
    "Report",
    "Result",
    "Sample",
    "Share",
    "Simulation",
    "Standings",
    "Suggested",
    "Suggestion",
    "TestCase",
    "TestResult",
    "Tested",
    "Unsolved",
    "Watch",
    "appended",
    "asked",
    "chance",
    "check_plots",
    "check_watch",
    "chosen",
    "compare",
    "coverage_page",
    "explained",
    "explanation_json",
    "explanation_page",
    "failure_text",
    "has_shared",
    "is_table",
    "junit",
    "migrate_files",
    "money_lines",
    "never",
    "nothing",
    "place_of",
    "run_path",
    "run_tests",
    "sample",
    "score_file",
    "series",
    "simulate",
    "simulation_json",
    "simulation_page",
    "simulation_text",
    "suggested",
    "total",
    "why_lines",
    "write_series",
]
