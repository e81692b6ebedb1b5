"""Findings in the forms that people and tools read: a terminal, a script, a forge's log, a code scanner.

In: findings with the sources they stand in. Out: one text. `text` is for a person, `json` for a script, `github` are
commands that a GitHub workflow shows beside the line, `sarif` is the log that code scanners take.
"""

from rules_engine.reports.reporting import FORMS, Finding, Form, report

__all__ = ["FORMS", "Finding", "Form", "report"]
