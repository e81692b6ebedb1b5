"""What changed between two programs: in meaning, and in what a history of events comes to.

In: two programs that check, and files of a history. Out: changes in the words of the rule files; outcomes, money and
units before and after; a text for a terminal, a script, or a pull request.
"""

from rules_engine.comparing.allowing import Allowed, NotAllowed, allowed
from rules_engine.comparing.changes import Change, changes
from rules_engine.comparing.compared import Comparison, comparison_json, comparison_text
from rules_engine.comparing.examples import Example
from rules_engine.comparing.figures import Figures
from rules_engine.comparing.markdown import comparison_markdown
from rules_engine.comparing.measuring import Impact, Row, measure
from rules_engine.comparing.sides import Side, side_of

__all__ = [
    "Allowed",
    "Change",
    "Comparison",
    "Example",
    "Figures",
    "Impact",
    "NotAllowed",
    "Row",
    "Side",
    "allowed",
    "changes",
    "comparison_json",
    "comparison_markdown",
    "comparison_text",
    "measure",
    "side_of",
]
