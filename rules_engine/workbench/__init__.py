"""The workbench: what a designer does with a program before customers meet it.

`run_tests` runs the `test` blocks of rule files and gives a result for each, with findings that name the rule, what was
expected, what came out, and why; `Coverage` counts what they reach. `score_file` scores a file of events and accounts
for every row of it; `simulate` replays a history and counts what a program gives and costs.
"""

from __future__ import annotations

from rules_engine.workbench.batch import Job, Report, score_file
from rules_engine.workbench.coverage import Coverage, FileCoverage, Share, total
from rules_engine.workbench.lookup import is_table, owner_of, stored_facts, stored_state
from rules_engine.workbench.migrate import Carried, migrate_file
from rules_engine.workbench.minting import chance, series, write_series
from rules_engine.workbench.replaying import History
from rules_engine.workbench.results import TestCase, TestResult
from rules_engine.workbench.rows import money_lines
from rules_engine.workbench.running import run_tests
from rules_engine.workbench.simulate_page import NoPlots, check_plots, simulation_page
from rules_engine.workbench.simulation import Simulation, compare, simulate, simulation_json, simulation_text

__all__ = [
    "Carried",
    "Coverage",
    "FileCoverage",
    "History",
    "Job",
    "NoPlots",
    "Report",
    "Share",
    "Simulation",
    "TestCase",
    "TestResult",
    "chance",
    "check_plots",
    "compare",
    "is_table",
    "migrate_file",
    "money_lines",
    "owner_of",
    "run_tests",
    "score_file",
    "series",
    "simulate",
    "simulation_json",
    "simulation_page",
    "simulation_text",
    "stored_facts",
    "stored_state",
    "total",
    "write_series",
]
