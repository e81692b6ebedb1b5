"""The tape's ops on what hangs on facts, on awards that are told at the end of their rule, and on their parts.

In: the events that stand at a row of the tape. Out: registers, vectors, awards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import as_answers, together
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.columnar.walking.numbering import Row
from rules_engine.backends.columnar.walking.piece import Here
from rules_engine.backends.columnar.walking.sharing import share_lines

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk


def _anchored(walk: Walk, here: Here, row: Row) -> None:
    registers = walk.pool[row[6] : row[6] + row[5]].tolist()
    columns = [here.read(row[2]), *map(here.read, registers)]
    here.write(row[1], as_answers(walk.tape.asked).answers(row[4], columns))


def _anchored_lines(walk: Walk, here: Here, row: Row) -> None:
    columns = [here.vector(row[2])]
    for each in walk.pool[row[6] : row[6] + row[5]].tolist():
        columns.append(here.read(each)[here.of_line] if each >= 0 else here.vector(-1 - each))
    here.lay(row[1], as_answers(walk.tape.asked).answers(row[4], columns))


def _local_day(walk: Walk, here: Here, row: Row) -> None:
    here.write(row[1], as_answers(walk.tape.asked).local_days(here.read(row[2])))


def _local_day_lines(walk: Walk, here: Here, row: Row) -> None:
    here.lay(row[1], as_answers(walk.tape.asked).local_days(here.vector(row[2])))


def _award(walk: Walk, here: Here, row: Row) -> None:
    wanted, given = here.read(row[2]), here.read(row[3])
    some = wanted > 0
    cut = np.full(len(here), -1, np.int64) if row[1] < 0 else here.read(row[1])
    here, wanted, given, cut = here.part(some), wanted[some], given[some], cut[some]
    pending, expires = (
        np.where(given != 0, here.read(register), MISSING) if register >= 0 else MISSING for register in row[5:7]
    )
    events = here.piece.events[here.numbers]
    number = walk.gives[row[4]][ops.GIVES]
    walk.emitted.awards.add(events, number, wanted, given, cut, int(row[1] < 0), pending, expires)


def _spread_award(walk: Walk, here: Here, row: Row) -> None:
    """Spread what was given over the lines that have weight."""
    given, weights = here.read(row[2]), np.maximum(here.vector(row[3]), 0)
    some = np.flatnonzero((weights > 0) & (given[here.of_line] > 0))
    if not len(some):
        return
    rank = here.piece.rank[here.lines][some]
    parts, unsafe = share_lines(given, here.of_line[some], rank, weights[some], None, walk.tape.remainder)
    here.piece.fail(here.numbers[unsafe], ops.UNSAFE)
    found = here.vector(row[1]).copy()
    found[some] += parts
    here.lay(row[1], found)


def _different(_: Walk, here: Here, row: Row) -> None:
    values = here.vector(row[2])
    some = np.flatnonzero(here.chosen(row[3]) & (values != MISSING))
    pairs = together([here.of_line[some], values[some]])
    first = np.unique(pairs, return_index=True)[1]
    here.write(row[1], np.bincount(here.of_line[some][first], minlength=len(here)))


def _listed_line(_: Walk, here: Here, row: Row) -> None:
    """Whether a value is among the items of a list of its line."""
    lists, piece = here.piece.batch.line_lists, here.piece
    if row[4] >= len(lists):  # whoever made the batch does not read such lists
        piece.fail(here.numbers, ops.KIND)
        return
    places = piece.lines[here.lines]
    here.lay(row[1], _among(here.vector(row[2]), lists[row[4]], places, row[6]))


def _listed_fact(_: Walk, here: Here, row: Row) -> None:
    """Whether a value is among the items of a list of its member."""
    lists, piece = here.piece.batch.fact_lists, here.piece
    if row[4] >= len(lists):
        piece.fail(here.numbers, ops.KIND)
        return
    members = piece.member[here.events]
    if row[5]:
        here.lay(row[1], _among(here.vector(row[2]), lists[row[4]], members[here.of_line], row[6]))
    else:
        here.write(row[1], _among(here.read(row[2]), lists[row[4]], members, row[6]))


def _among(values: Ints, lists: tuple[Ints, Ints], owners: Ints, most: int) -> Flags:
    """One turn for each place in the lists."""
    offsets, items = lists
    starts, sizes = offsets[owners], offsets[owners + 1] - offsets[owners]
    if most >= 0:
        sizes = np.minimum(sizes, most)
    found = np.zeros(len(values), np.bool_)
    for place in range(int(sizes.max(initial=0))):
        some = np.flatnonzero(sizes > place)
        found[some] |= items[starts[some] + place] == values[some]
    return found


def _guarded(_: Walk, here: Here, row: Row) -> None:
    values = here.read(row[2])
    here.piece.fail(here.numbers[(np.abs(values) > row[4]) & (values != MISSING)], ops.UNSAFE)
    here.write(row[1], values)


def _guarded_lines(_: Walk, here: Here, row: Row) -> None:
    values = here.vector(row[2])
    large = (np.abs(values) > row[4]) & (values != MISSING)
    if large.any():
        here.piece.fail(here.numbers[np.unique(here.of_line[large])], ops.UNSAFE)
    here.lay(row[1], values)


STEPS: Final[dict[int, Callable[[Walk, Here, Row], None]]] = {
    ops.ANCHORED: _anchored,
    ops.ANCHORED_LINES: _anchored_lines,
    ops.LOCAL_DAY: _local_day,
    ops.LOCAL_DAY_LINES: _local_day_lines,
    ops.AWARD: _award,
    ops.SPREAD_AWARD: _spread_award,
    ops.DIFFERENT: _different,
    ops.GUARDED: _guarded,
    ops.GUARDED_LINES: _guarded_lines,
    ops.LISTED_LINE: _listed_line,
    ops.LISTED_FACT: _listed_fact,
}
"""By op, what it does."""
