"""The parser: `parse(source)` gives a tree and what is wrong with the text; it never raises on user text."""

from rules_engine.parsing.parser import Broken, Memory, Parsed, parse, parse_again, parse_declaration

__all__ = ["Broken", "Memory", "Parsed", "parse", "parse_again", "parse_declaration"]
