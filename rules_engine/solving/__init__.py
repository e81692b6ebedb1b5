"""Proofs with witnesses: are the rows of a table disjoint and complete, can some conditions hold together.

In: core tests and conditions with the domains of what they read. Out: None for "proved", or values that show the
contrary.
"""

from rules_engine.solving.cover import Gap, Overlap, Row, TooLarge, gap, impossible, overlap
from rules_engine.solving.domains import AnyText, Domain, Range, Value, Values
from rules_engine.solving.witnesses import Known, Witness, key_of, witness

__all__ = [
    "AnyText",
    "Domain",
    "Gap",
    "Known",
    "Overlap",
    "Range",
    "Row",
    "TooLarge",
    "Value",
    "Values",
    "Witness",
    "gap",
    "impossible",
    "key_of",
    "overlap",
    "witness",
]
