"""Proofs with witnesses: are the rows of a table disjoint and complete, can some conditions hold together, can two
offers meet.

In: core tests and conditions with the domains of what they read. Out: None for "proved", or values that show the
contrary.
"""

from rules_engine.solving.cover import Gap, Overlap, Row, TooLarge, gap, impossible, overlap
from rules_engine.solving.domains import AnyText, Domain, Range, Value, Values, holds
from rules_engine.solving.meetings import Acting, Meeting, Reach, acting, held, meeting, reads_current
from rules_engine.solving.subsets import SUBSETS_MAX, consenting, separable
from rules_engine.solving.witnesses import Known, Witness, key_of, witness

__all__ = [
    "SUBSETS_MAX",
    "Acting",
    "AnyText",
    "Domain",
    "Gap",
    "Known",
    "Meeting",
    "Overlap",
    "Range",
    "Reach",
    "Row",
    "TooLarge",
    "Value",
    "Values",
    "Witness",
    "acting",
    "consenting",
    "gap",
    "held",
    "holds",
    "impossible",
    "key_of",
    "meeting",
    "overlap",
    "reads_current",
    "separable",
    "witness",
]
