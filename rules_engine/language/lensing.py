"""What stands above each rule: whether tests reach it, and a way to see it act.

In: a file of a checked program. Out: `Lens`es. Which tests reach a rule is read off the text: a test covers a rule
that it
names in `then`. What an event does to a rule is asked only when somebody wants to see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rules_engine import tree
from rules_engine.checking import Checked
from rules_engine.language.places import Location
from rules_engine.language.things import mentions
from rules_engine.source import Span


class Lens(NamedTuple):
    """One rule of a file: its title, its key, where its title stands, and the tests that name it."""

    title: str
    key: str
    span: Span
    tests: tuple[Location, ...]


def lenses(checked: Checked, source: str) -> Iterator[Lens]:
    """The rules of a file, in its order."""
    tests = tests_by_rule(checked)
    for one in checked.ones:
        declared = one.entry.declaration
        if isinstance(declared, tree.RuleDecl) and checked.files[one.entry.file].source.name == source:
            key = declared.name.text if declared.name is not None else declared.title.value
            yield Lens(declared.title.value, key, declared.title.span, tuple(tests.get(key, ())))


def tests_by_rule(checked: Checked) -> dict[str, list[Location]]:
    """By rule the titles of the tests that say what it gives."""
    found: dict[str, list[Location]] = {}
    for entry in checked.tests:
        test = entry.declaration
        assert isinstance(test, tree.TestDecl)
        expected = [each.span for step in test.steps for each in step.expect]
        place = Location(checked.files[entry.file].source.name, test.title.span)
        named = {
            thing.name
            for each in mentions(entry, checked.symbols)
            for thing in each.things
            if thing.kind == "rule" and any(start <= each.span[0] < end for start, end in expected)
        }
        for key in named:
            found.setdefault(key, []).append(place)
    return found
