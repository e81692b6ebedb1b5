"""What fixed programs cost is counted, not timed: the figures that are recorded still hold.

A figure that is higher says that somebody added work. Where that is wanted, or a figure is lower, `--update-golden`
records what is counted now; the difference belongs into the review.
"""

from __future__ import annotations

import tomllib
import warnings

import pytest

from benchmarks import counts

TOLERANCE = 0.02
"""How far a figure may be off: less than any step of the engine costs, more than a patch of Python changes."""


def golden() -> dict[str, dict[str, int]]:
    return tomllib.loads(counts.GOLDEN.read_text(encoding="utf-8")) if counts.GOLDEN.exists() else {}


def test_no_work_was_added(update_golden: bool) -> None:
    tables = golden()
    if counts.VERSION not in tables and not update_golden:
        warnings.warn(f"no counts are recorded for Python {counts.VERSION}", stacklevel=1)
        pytest.skip(f"no counts are recorded for Python {counts.VERSION}: `pytest {__file__} --update-golden`")
    found = counts.counted()
    if update_golden:
        counts.GOLDEN.write_text(counts.written(tables | {counts.VERSION: found}), encoding="utf-8")
        return
    known = tables[counts.VERSION]
    assert set(found) == set(known), "record the cases: --update-golden"
    off = {name: f"{known[name]} recorded, {found[name]} now" for name in found if far(known[name], found[name])}
    assert not off, "more was added, or less is needed than is recorded: --update-golden"


def far(known: int, found: int) -> bool:
    return abs(found - known) > max(known * TOLERANCE, 3)


def test_a_step_more_is_counted() -> None:
    """The count is exact, the same every time, and sees what a called function does."""

    def called(times: int) -> int:
        return sum(number * number for number in range(times))

    # since 3.13 the first count of some code misses what ran before tracing was set up in it
    _, one, same, more = (counts.bytecodes(lambda times=times: called(times)) for times in (100, 100, 100, 103))  # type: ignore[misc]
    assert one == same
    assert more > one
    assert far(one, more)


def test_what_matches_nothing_costs_nothing() -> None:
    """An event costs the same among 100 rules and among 1,000 that it does not meet."""
    known = golden().get(counts.VERSION)
    if known is None:
        pytest.skip("no counts are recorded")
    assert known["1000 targeted rules, an event"] <= 1.1 * known["100 targeted rules, an event"]


def test_the_file_is_written_as_it_is_read() -> None:
    tables = golden()
    assert tomllib.loads(counts.written(tables)) == tables
