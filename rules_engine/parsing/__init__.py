"""The parser: `parse(source)` gives a tree and what is wrong with the text; it never raises on user text."""

from rules_engine.parsing.cutting import stretches
from rules_engine.parsing.offering import Keyword, Offered, offered
from rules_engine.parsing.parser import (
    DECLARATIONS_MAX,
    Broken,
    Parsed,
    parse,
    parse_declaration,
    too_many,
)
from rules_engine.parsing.rereading import Reader, Reread, moved_finding, moved_node, moved_span
from rules_engine.parsing.wording import Keywords, Reading, Word, keywords, words

__all__ = [
    "DECLARATIONS_MAX",
    "Broken",
    "Keyword",
    "Keywords",
    "Offered",
    "Parsed",
    "Reader",
    "Reading",
    "Reread",
    "Word",
    "keywords",
    "moved_finding",
    "moved_node",
    "moved_span",
    "offered",
    "parse",
    "parse_declaration",
    "stretches",
    "too_many",
    "words",
]
