"""What hangs on the passing of a member's time, as ops: units that last from the last of some events, status matches,
and events that happen by themselves.

In: a scene. Out: rows of code before and after what a kind of event does.
"""

from __future__ import annotations

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.settling import facts_of
from rules_engine.backends.columnar.writing.expressions import unless
from rules_engine.backends.columnar.writing.making import Label
from rules_engine.backends.columnar.writing.scene import Scene


def begin(on: Scene) -> None:
    """Time has come to the day of an event."""
    drawing, make = on.drawing, on.make
    if drawing.world.schedules:
        facts = [drawing.fact(name) for name in facts_of(drawing.core)]
        make.put(ops.DUE, k=drawing.since(), m=make.stretch(facts), n=len(facts))
    spans(on)


def spans(on: Scene) -> None:
    """Lots are gone for want of some events."""
    drawing, make = on.drawing, on.make
    for name, lives in drawing.world.spans.items():
        slot, _ = drawing.span(drawing.world.units[name], on.where)
        for life in lives:
            last = [drawing.last_day(event) for event in life.after_last]
            row = make.day_row("reached", None, life.count, life.unit)
            make.put(ops.SPAN, a=row, k=slot, m=make.stretch(last), n=len(last))


def matches(on: Scene) -> None:
    """Where a match may begin the event is not done: what is on trial goes by rows."""
    drawing, make = on.drawing, on.make
    ladder = drawing.core.tiers
    if ladder is None or ladder.from_host:
        return
    for match in drawing.core.matches:
        if on.event.name in match.events:
            on.where, end = f'"{match.title}"', Label()
            with make.scope():
                unless(match.dates, end, on)
                unless(match.when, end, on)
                make.put(ops.FAIL, k=ops.MATCH)
            make.place(end)


def end(on: Scene) -> None:
    """What is remembered of the event itself."""
    if on.event.name in on.drawing.world.waited:
        on.make.put(ops.NOTE_DAY, k=on.drawing.last_day(on.event.name))
