"""Two runs over one history, side by side: each event's two outcomes together, as soon as both are there.

In: two replays of the same files. Out: pairs. Both runs go in the order of the events' moments, so an outcome waits
hardly ever; what waits is brief. An event of the file is known by its row, one that happens by itself by its name and
id; what only one program lets happen is told with nothing beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rules_engine.comparing.briefs import Brief, brief
from rules_engine.feeds import Read
from rules_engine.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules_engine.workbench import Progress, Replay, Result

Seen: TypeAlias = "Callable[[int, Outcome, Brief], None]"
"""What is told of each outcome, of the old program (0) or the new one (1), when it comes."""


class Pair(NamedTuple):
    """The two outcomes of an event, in brief; `row` is 0 for what happens by itself."""

    row: int
    old: Brief | None
    new: Brief | None


class Step(NamedTuple):
    """An event of the file with what happened by itself before it; at the end there may be no event."""

    read: Read | None
    result: Result | None
    before: tuple[Result, ...]


def pairs(
    old: Replay, new: Replay, renamed: Mapping[str, str], seen: Seen, told: Progress | None = None
) -> Iterator[Pair]:
    """Each event once, with both outcomes."""
    waiting: tuple[dict[object, Brief], dict[object, Brief]] = ({}, {})
    for steps in zip_longest(_steps(old, None), _steps(new, told)):
        for side, step in enumerate(steps):
            for key, result in _results(step) if step is not None else ():
                one = brief(result, renamed if side == 0 else {})
                if isinstance(result, Outcome):
                    seen(side, result, one)
                other = waiting[1 - side].pop(key, None)
                if other is None:
                    waiting[side][key] = one
                else:
                    yield Pair(_row(key), *((one, other) if side == 0 else (other, one)))
    yield from (Pair(_row(key), one, None) for key, one in waiting[0].items())
    yield from (Pair(_row(key), None, one) for key, one in waiting[1].items())


def _row(key: object) -> int:
    return key if isinstance(key, int) else 0


def _results(step: Step) -> Iterator[tuple[object, Result]]:
    for result in step.before:
        yield (result.event, result.id, getattr(result, "member", None)), result
    if step.read is not None and step.result is not None:
        yield step.read.number, step.result


def _steps(replay: Replay, told: Progress | None) -> Iterator[Step]:
    before: list[Result] = []
    for read, result in replay.every(told):
        if read is None:
            before.append(result)
        else:
            yield Step(read, result, tuple(before))
            before = []
    yield Step(None, None, tuple(before))
