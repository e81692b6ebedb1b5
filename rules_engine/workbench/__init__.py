"""The workbench: what a designer does with a program before customers meet it.

`run_tests` runs the `test` blocks of rule files and gives a result for each, with findings that name the rule, what was
expected, what came out, and why; `Coverage` counts what they reach. `score_file` scores a file of events and accounts
for every row of it; `simulate` replays a history and counts what a program gives and costs.
"""

from __future__ import annotations

from rules_engine.workbench.batch import Job, Report, score_file
from rules_engine.workbench.coverage import Coverage, FileCoverage, Share, total
from rules_engine.workbench.lookup import TABLES, Known, explained, is_table
from rules_engine.workbench.memory import has_shared
from rules_engine.workbench.migrate import Carried, Files, migrate_files
from rules_engine.workbench.minting import chance, series, write_series
from rules_engine.workbench.replaying import History
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.rows import money_lines
from rules_engine.workbench.running import run_tests
from rules_engine.workbench.simulate_page import NoPlots, check_plots, simulation_page
from rules_engine.workbench.simulation import Simulation, compare, simulate, simulation_json, simulation_text

__all__ = [
    "TABLES",
    "Carried",
    "Coverage",
    "FileCoverage",
    "Files",
    "History",
    "Job",
    "Known",
    "NoPlots",
    "Report",
    "Share",
    "Simulation",
    "TestCase",
    "TestResult",
    "chance",
    "check_plots",
    "compare",
    "explained",
    "has_shared",
    "is_table",
    "migrate_files",
    "money_lines",
    "run_tests",
    "score_file",
    "series",
    "simulate",
    "simulation_json",
    "simulation_page",
    "simulation_text",
    "total",
    "write_series",
]
