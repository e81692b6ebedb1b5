"""Proofs with witnesses: are the rows of a table disjoint and complete, can some conditions hold together.

In: core tests and conditions with the domains of what they read. Out: None for "proved", or values that show the contrary.
"""

from .cover import Gap, Overlap, Row, TooLarge, gap, impossible, overlap
from .domains import FLAGS, AnyText, Domain, Range, Value, Values

__all__ = [
    "FLAGS",
    "AnyText",
    "Domain",
    "Gap",
    "Overlap",
    "Range",
    "Row",
    "TooLarge",
    "Value",
    "Values",
    "gap",
    "impossible",
    "overlap",
]
