"""Formatting: a rule file in its one shape, comments kept, and the canonical text of any node.

In: a source and what the parser made of it. Out: text. There are no options. A declaration that does not parse keeps
its text; formatting what is formatted changes nothing.
"""

from __future__ import annotations

from rules_engine.formatting.layout import lay_out, to_text
from rules_engine.parsing import Parsed
from rules_engine.source import Source

__all__ = ["format_source", "to_text"]


def format_source(source: Source, parsed: Parsed) -> str:
    """The formatted text of a rule file; one of which nothing could be read stays as it is."""
    if any(each.code.startswith("F") for each in parsed.diagnostics):
        return source.text
    return lay_out(source.text, parsed.file)
