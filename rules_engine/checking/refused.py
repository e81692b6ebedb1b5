"""Clauses that the grammar has for some rules and that others refuse for good, in the user's words, with what to write
instead.

In: a rule's declaration. Out: the words, the mend and the node that says so; None if all of it can stand there.
"""

from __future__ import annotations

from typing import TypeAlias

from rules_engine import tree

Found: TypeAlias = tuple[str, str, tree.Node]

OFFERS = ("catalogue offer", "item offer", "basket offer", "shipping offer")


def of_rule(declared: tree.RuleDecl) -> Found | None:
    """The first clause of a rule that has no meaning for its kind."""
    if declared.kind in OFFERS:
        return _of_offer(declared)
    if declared.consent is not None:
        what = f"`combines with` on {_a(declared)}"
        return what, 'let one of them act: `group choice { first per basket in order "A", "B" }`', declared.consent
    if declared.tag is not None and declared.kind != "redeem":
        what = f"a tag on {_a(declared)}"
        return what, "tags are for offers and redeems; a group lists rules by their titles", declared.tag
    return None


def _of_offer(declared: tree.RuleDecl) -> Found | None:
    if isinstance(declared.loop, tree.EachOf):
        mend = "form the amount `off each unit`, `off each line` or in sets: `for every set of { ... }`"
        return "`for each` over lines or keys in an offer", mend, declared.loop
    return None


def _a(declared: tree.RuleDecl) -> str:
    return f"an {declared.kind}" if declared.kind == "earn" else f"a {declared.kind}"
