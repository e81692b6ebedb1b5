"""Scenes out of the tests that stand in a program: what they give and send is known to be sensible.

In: tests. Out: a scene for each event that a test sends, with what comes before it in the test.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules_engine import tree
from rules_engine.workbench.after import After
from rules_engine.workbench.given import ME
from rules_engine.workbench.results import TestCase
from rules_engine.workbench.running import Runner
from rules_engine.workbench.scenes import Cast, Scene

MOST = 40
"""How many scenes are made of tests."""


def seeds_of(cases: Sequence[TestCase], runner: Runner, cast: Cast) -> list[Scene]:
    """Scenes of the tests that pass, one for each event in them."""
    found: list[Scene] = []
    for case in cases:
        if len(found) >= MOST:
            break
        mine: list[Scene] = []
        number = 0

        def look(step: tree.Step, after: After, case: TestCase = case, mine: list[Scene] = mine) -> None:
            nonlocal number
            if isinstance(step.act, tree.EventStep):
                before = tuple(each.act for each in case.test.steps[:number])
                mine.append(_scene(case.test, before, after, cast))
            number += 1

        if runner.result(case, look).passed:
            found += mine
    return found[:MOST]


def _scene(
    test: tree.TestDecl, before: tuple[tree.EventStep | tree.OnDate | tree.ReturnStep, ...], after: After, cast: Cast
) -> Scene:
    event = after.event
    assert event is not None
    kind = cast.event(event.name)
    made = {kind.identified_by} | ({kind.owner} if event.member in (ME, None) else set())
    fields = {name: value for name, value in event.fields.items() if name not in made and value is not None}
    lines = []
    if kind.lines is not None:
        lines = [{name: value for name, value in dict(line).items() if value is not None} for line in event.lines]
    mine = [each for each in test.given if isinstance(each, tree.GivenMember) and each.who is None]
    known = after.host.cast.members.get(ME)
    facts = {name: value for name, value in dict(known.facts).items() if value is not None} if known is not None else {}
    rungs = [rung.name for rung in cast.core.tiers.rungs] if cast.core.tiers is not None else []
    held = [fact.value for each in mine for fact in each.facts if fact.name.text == "tier"]
    tier = rungs.index(held[0].tier.text) if held and isinstance(held[0], tree.TierUntil) else 0
    return Scene(
        event.name,
        fields,
        lines,
        facts if mine or known is not None else None,
        tier=tier,
        kept=tuple(each for each in test.given if each not in mine),
        before=before,
        currency=event.currency or kind.currency,
    )
