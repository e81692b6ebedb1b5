"""Which rules of a section the values of events call, and when: rules of one shape run together.

In: a tape, and the events that stand at a section. Out: each event's rules have run, in their order. The keys that the
events meet make pairs of an event and a rule. They run in turns: a turn is one piece of code, a rule or a shape of
rules, for the events whose next rule it is; no event is in a turn twice. A turn whose events are all that will ever
come to its code goes first, else the one with most events. Where no rule of a section can see what another did, each
shape takes its turns by itself, and the results are put into the order of the rules afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Flags, Ints
from rules_engine.backends.columnar.tape import Tape
from rules_engine.backends.columnar.walking.emitting import Block, Table
from rules_engine.backends.columnar.walking.numbering import Row, ragged_of
from rules_engine.backends.columnar.walking.piece import Here, stretches

if TYPE_CHECKING:
    from rules_engine.backends.columnar.walking.chunks import Walk

Turn = tuple[int, Ints]
"""A piece of code, and its pairs by their places."""


class Calling:
    """The sections of a tape. `code` is where the pieces of code of blocks begin, `group` the number of each block's
    among them, `row` its rule's row (-1: none)."""

    def __init__(self, tape: Tape) -> None:
        self.pool = tape.pool
        self.sections: list[list[int]] = tape.sections.tolist()
        self.keys: list[list[int]] = tape.keys.tolist()
        code, group = np.unique(tape.blocks[:, ops.BLOCK_CODE], return_inverse=True)
        self.code: list[int] = code.tolist()
        self.group: Ints = group.astype(np.int64).reshape(-1)
        self.row = np.ascontiguousarray(tape.blocks[:, ops.BLOCK_ROW])

    def called(self, section: int, here: Here) -> tuple[Ints, Ints]:
        """The pairs: events by their places in `here`, ascending, and blocks, ascending for each."""
        first, count, _, always, always_count, _ = self.sections[section]
        owners, blocks = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for key in self.keys[first : first + count]:
            found = self._met(key, here)
            owners.append(found[0])
            blocks.append(found[1])
        for block in self.pool[always : always + always_count].tolist():
            owners.append(np.arange(len(here)))
            blocks.append(np.full(len(here), block, np.int64))
        pairs = np.concatenate(owners) * len(self.row) + np.concatenate(blocks)
        pairs.sort()
        pairs = pairs[begins(pairs)]
        owner = pairs // max(1, len(self.row))
        return owner, pairs - owner * len(self.row)

    def _met(self, key: list[int], here: Here) -> tuple[Ints, Ints]:
        """Which events meet which values of a key: events, blocks."""
        where, row, low, values, starts = key
        owners, found = _values(where, row, here)
        places = found - low
        inside = np.flatnonzero((found >= low) & (places < values))
        places = places[inside]
        begins, ends = self.pool[starts + places], self.pool[starts + places + 1]
        sizes = ends - begins
        return np.repeat(owners[inside], sizes), self.pool[stretches(starts + values + 1 + begins, sizes)]

    def in_turns(self, owner: Ints, group: Ints, apart: bool) -> Iterator[Turn]:
        """The turns of pairs that are in order."""
        if apart:
            yield from _shape_by_shape(owner, group)
        else:
            yield from _in_order(owner, group, len(self.code))


def _values(where: int, row: int, here: Here) -> tuple[Ints, Ints]:
    """The values that a key looks at, and whose they are."""
    piece, own = here.piece, np.arange(len(here))
    match where:
        case ops.KEY_LINE:
            return here.of_line, piece.batch.lines[row, piece.lines[here.lines]]
        case ops.KEY_EVENT:
            return own, piece.batch.fields[row, piece.events[here.events]]
        case ops.KEY_FACT:
            return own, piece.batch.facts[row, piece.member[here.events]]
        case _:
            owners, _, items = ragged_of(here, row)
            return owners, items


def _shape_by_shape(owner: Ints, group: Ints) -> Iterator[Turn]:
    """All turns of one piece of code after each other: the first rule of each event, the second, ..."""
    order = _stable(group)
    first = begins(group[order]) | begins(owner[order])
    starts = np.flatnonzero(first)
    turn = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    key = group[order] * (int(turn.max()) + 1) + turn
    again = _stable(key)
    for places in np.split(order[again], np.flatnonzero(begins(key[again]))[1:]):
        yield int(group[places[0]]), places


def begins(values: Ints) -> Flags:
    """Where a value is another than the one before it."""
    found = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def _stable(values: Ints) -> Ints:
    """The order of some numbers from 0 on, equal ones as they stand; small ones are sorted by their digits."""
    most = int(values.max(initial=0))
    return np.argsort(values.astype(np.uint16) if most < 2**16 else values, kind="stable")


def _in_order(owner: Ints, group: Ints, groups: int) -> Iterator[Turn]:
    """Every event's rules in their order."""
    starts = np.flatnonzero(begins(owner))
    ends = np.append(starts[1:], len(owner))
    left = np.bincount(group, minlength=groups)
    next_ = starts
    while len(next_):
        wanted = group[next_]
        heads = np.bincount(wanted, minlength=groups)
        whole = np.where(heads == left, heads, 0)
        code = int(whole.argmax()) if whole.any() else int(heads.argmax())
        mine = wanted == code
        yield code, next_[mine]
        left[code] -= heads[code]
        next_ = next_ + mine
        stays = next_ < ends
        next_, ends = next_[stays], ends[stays]


# ---- the walk


def section(walk: Walk, here: Here, row: Row) -> None:
    """Every rule that an event's values call."""
    calling = walk.calling
    owner, block = calling.called(row[4], here)
    if len(owner):
        apart = bool(calling.sections[row[4]][ops.SECTION_APART])
        results = _Results(walk, owner, apart)
        for code, places in calling.in_turns(owner, calling.group[block], apart):
            events, rows = here.numbers[owner[places]], calling.row[block[places]]
            shaped = rows[0] >= 0
            if shaped:
                walk.piece.registers[ops.ROW, events] = rows
            walk.inside(calling.code[code], events)
            results.turn_over(events, places, shaped)
        results.put_in_order()
    walk.wait(row[7], here.numbers)


class _Results:
    """What the turns of a section add to the results: the rows of shapes get their rules' numbers, and, where rules ran
    out of their order, rows are put into it."""

    def __init__(self, walk: Walk, owner: Ints, apart: bool) -> None:
        self.piece, self.owner = walk.piece, owner
        self.numbered = (walk.emitted.awards, walk.emitted.discounts)
        tables = [each for each in vars(walk.emitted).values() if isinstance(each, Table)]
        self.tables = tables if apart else []
        self.starts = [len(table.blocks) for table in self.tables]
        self.marks = [len(table.blocks) for table in self.numbered]
        self.turns: list[tuple[list[int], Ints, Ints]] = []

    def turn_over(self, events: Ints, places: Ints, shaped: bool) -> None:
        """A turn of some pairs, by event and place, is over."""
        if shaped:
            for table, mark in zip(self.numbered, self.marks, strict=True):
                for number in range(mark, len(table.blocks)):
                    rows = table.blocks[number]
                    own = np.searchsorted(self.piece.events, rows[0])
                    rows[1] = rows[1] + self.piece.registers[ops.ROW, own]
        self.marks = [len(table.blocks) for table in self.numbered]
        if self.tables:
            self.turns.append(([len(table.blocks) for table in self.tables], events, places))

    def put_in_order(self) -> None:
        """Put what was added into the order of the rules, for each event."""
        if len(self.turns) < 2:
            return
        starts = np.flatnonzero(begins(self.owner))
        rank = np.arange(len(self.owner)) - np.repeat(starts, np.diff(np.append(starts, len(self.owner))))
        place_of = np.zeros(self.piece.count, np.int64)
        for at, table in enumerate(self.tables):
            begin, places = self.starts[at], list[Ints]()
            for ends, events, pairs in self.turns:
                place_of[events] = rank[pairs]
                for rows in table.blocks[begin : ends[at]]:
                    places.append(place_of[np.searchsorted(self.piece.events, rows[0])])
                begin = max(begin, ends[at])
            if len(places) > 1:
                order = _stable(np.concatenate(places))
                table.blocks[self.starts[at] :] = [_joined(table.blocks[self.starts[at] :], table.width, order)]


def _joined(blocks: list[Block], width: int, order: Ints) -> Block:
    """Some blocks as one, in an order."""
    columns: Block = []
    for place in range(width):
        parts = [np.broadcast_to(np.asarray(rows[place], np.int64), len(rows[0])) for rows in blocks]
        columns.append(np.concatenate(parts)[order])
    return columns
