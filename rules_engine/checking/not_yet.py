"""What can be written and is understood, but which no evaluator runs yet: named in the user's words.

In: a declaration. Out: the words, empty if all of it runs, and the node that says so. One place, so that the list can
be read and shrinks.
"""

from __future__ import annotations

from typing import TypeAlias

from rules_engine import tree

Found: TypeAlias = tuple[str, tree.Node]


def words_of(found: Found | None) -> str:
    """The words of a finding, empty if there is none."""
    return found[0] if found else ""


OFFERS = ("catalogue offer", "item offer", "basket offer", "shipping offer")


def of_rule(declared: tree.RuleDecl) -> Found | None:
    """The first thing in a rule that is not evaluated."""
    if declared.kind in OFFERS:
        return ("`for each` over lines or keys", declared.loop) if isinstance(declared.loop, tree.EachOf) else None
    return _of_rest(declared)


def _of_rest(declared: tree.RuleDecl) -> Found | None:
    if declared.priority is not None:
        return "a priority among earns, redeems and rewards", declared.title
    if declared.consent is not None:
        return "`combines with` among earns, redeems and rewards", declared.consent
    if declared.tag is not None and declared.kind != "redeem":
        return "a tag", declared.tag
    return None
