"""A program told to people who speak with customers: what it gives, to whom, when, and what goes with what.

In: a checked program and its core. Out: a page as HTML or Markdown. Every sentence is made from the rule file's tree or
from the core, and says from which line it comes; what has no sentence stands as the rule file writes it.
"""

from rules_engine.describing.as_html import html
from rules_engine.describing.as_markdown import markdown
from rules_engine.describing.said import Page
from rules_engine.describing.sections import page_of, rules_on

__all__ = ["Page", "html", "markdown", "page_of", "rules_on"]
