"""Decoded events as columns: for what a vectorised reading leaves to the slow decoder, and for tests.

In: a program's layout, a pool of texts, and events with the facts of their members. Out: a `Batch`. Texts get codes as
they come, the program's own first, so that two texts are equal where their codes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rules_engine import ir
from rules_engine.backends.columnar.batch import Batch, Ints
from rules_engine.backends.columnar.layout import Layout
from rules_engine.backends.columnar.tape import MISSING
from rules_engine.backends.reference import hashed, line_keys
from rules_engine.decoding import CODE_MAX, UNPRINTABLE
from rules_engine.event import Event, Facts, FieldValue
from rules_engine.spelling import normal_code

TOO_LONG, BLANK, NOT_PRINTABLE = -1, -2, -3
"""Presented codes that cannot count, instead of the code of a text."""


class Texts:
    """The codes of texts: the program's own first, then others as they come."""

    def __init__(self, own: Sequence[str]) -> None:
        self.codes = {text: code for code, text in enumerate(own)}
        self.texts = list(own)

    def code(self, text: str) -> int:
        """The code of a text; a new one gets the next."""
        code = self.codes.get(text)
        if code is None:
            code = self.codes[text] = len(self.texts)
            self.texts.append(text)
        return code

    def presented(self, text: str) -> int:
        """A presented code in normal spelling, or why it cannot count."""
        normal = normal_code(text)
        if len(text) > CODE_MAX:
            return TOO_LONG
        if not normal:
            return BLANK
        return NOT_PRINTABLE if UNPRINTABLE in text else self.code(normal)

    def value(self, value: FieldValue) -> int:
        """One value as a whole number."""
        if isinstance(value, str):
            return self.code(value)
        assert not isinstance(value, tuple), "lists stand in ragged columns"
        return MISSING if value is None else int(value)


def held_out(holdout: tuple[str, int], member: str) -> bool:
    """Whether a member is in a holdout, given by its salt and share."""
    salt, share = holdout
    return hashed(salt, member) < share


def encoded(
    core: ir.Program,
    layout: Layout,
    texts: Texts,
    events: Sequence[Event],
    members: Mapping[str, int],
    facts: Sequence[Facts],
) -> Batch:
    """Events in scoring order as a batch; `members` numbers those of the run, `facts` has theirs by number."""
    kinds = {kind.name: kind for kind in core.events}
    lines = [_lines(event, layout) for event in events]
    sizes = np.array([len(each) for each in lines], dtype=np.int64)
    return Batch(
        kind=np.array([layout.kinds[event.name] for event in events], dtype=np.int32),
        member=np.array([-1 if event.member is None else members[event.member] for event in events], dtype=np.int32),
        day=np.array([event.day for event in events], dtype=np.int64),
        instant=np.array([event.instant for event in events], dtype=np.int64),
        fields=_fields(layout, texts, events),
        offsets=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)]),
        lines=_line_fields(layout, texts, events, lines, int(sizes.sum())),
        rank=_ranks(kinds, events, lines),
        ragged=tuple(_ragged(number, kinds, layout, texts, events) for number in range(_count(layout.ragged))),
        facts=_facts(layout, texts, facts),
        holdouts=_holdouts(layout, members),
        line_lists=tuple(_line_list(number, layout, texts, events, lines) for number in layout.line_lists.values()),
        fact_lists=tuple(_items([own.get(name) for own in facts], texts) for name in layout.fact_lists),
    )


def _count(rows: Mapping[tuple[str, str], int]) -> int:
    return max(rows.values(), default=-1) + 1


def _lines(event: Event, layout: Layout) -> Sequence[dict[str, FieldValue]]:
    """The event's lines; one without lines whose money is read is its own line."""
    return (event.fields,) if event.name in layout.one_line else event.lines


def _fields(layout: Layout, texts: Texts, events: Sequence[Event]) -> Ints:
    found = np.full((_count(layout.fields), len(events)), MISSING, dtype=np.int64)
    for (kind, field), row in layout.fields.items():
        for place, event in enumerate(events):
            if event.name == kind:
                found[row, place] = texts.value(event.fields[field])
    return found


def _line_fields(
    layout: Layout,
    texts: Texts,
    events: Sequence[Event],
    lines: Sequence[Sequence[dict[str, FieldValue]]],
    total: int,
) -> Ints:
    found = np.full((_count(layout.line_fields), total), MISSING, dtype=np.int64)
    rows: dict[str, list[tuple[str, int]]] = {}
    for (kind, field), row in layout.line_fields.items():
        rows.setdefault(kind, []).append((field, row))
    at = 0
    for event, own in zip(events, lines, strict=True):
        for line in own:
            for field, row in rows.get(event.name, ()):
                found[row, at] = texts.value(line[field])
            at += 1
    return found


def _ranks(
    kinds: Mapping[str, ir.EventDef], events: Sequence[Event], lines: Sequence[Sequence[dict[str, FieldValue]]]
) -> Ints:
    """The place of each line among those of its event, in the order of ties."""
    found: list[int] = []
    for event, own in zip(events, lines, strict=True):
        keys = line_keys(kinds[event.name], own)
        ranks = {place: rank for rank, place in enumerate(sorted(range(len(keys)), key=keys.__getitem__))}
        found += [ranks[place] for place in range(len(keys))]
    return np.array(found, dtype=np.int64)


def _ragged(
    number: int, kinds: Mapping[str, ir.EventDef], layout: Layout, texts: Texts, events: Sequence[Event]
) -> tuple[Ints, Ints]:
    """A field that is a list: presented codes in normal spelling, other items as they are."""
    fields = {kind: field for (kind, field), row in layout.ragged.items() if row == number}
    sizes, values = [0], list[int]()
    for event in events:
        name = fields.get(event.name, "")
        found = event.fields.get(name) if name else None
        items = found if isinstance(found, tuple) else ()
        of_codes = name != "" and name == kinds[event.name].codes_field
        values += [texts.presented(str(item)) if of_codes else texts.value(item) for item in items]
        sizes.append(len(values))
    return np.array(sizes, dtype=np.int64), np.array(values, dtype=np.int64)


def _line_list(
    number: int, layout: Layout, texts: Texts, events: Sequence[Event],
    lines: Sequence[Sequence[dict[str, FieldValue]]],
) -> tuple[Ints, Ints]:  # fmt: skip
    """A list of every line; those of other kinds of event are empty."""
    fields = {kind: field for (kind, field), row in layout.line_lists.items() if row == number}
    found: list[FieldValue] = []
    for event, own in zip(events, lines, strict=True):
        name = fields.get(event.name, "")
        found += [line.get(name) if name else None for line in own]
    return _items(found, texts)


def _items(lists: Sequence[FieldValue], texts: Texts) -> tuple[Ints, Ints]:
    sizes, values = [0], list[int]()
    for each in lists:
        values += [texts.value(item) for item in each] if isinstance(each, tuple) else []
        sizes.append(len(values))
    return np.array(sizes, dtype=np.int64), np.array(values, dtype=np.int64)


def _facts(layout: Layout, texts: Texts, facts: Sequence[Facts]) -> Ints:
    found = np.full((max(layout.facts.values(), default=-1) + 1, len(facts)), MISSING, dtype=np.int64)
    for name, row in layout.facts.items():
        for place, own in enumerate(facts):
            found[row, place] = texts.value(own.get(name))
    return found


def _holdouts(layout: Layout, members: Mapping[str, int]) -> Ints:
    found = np.zeros((len(layout.holdouts), len(members)), dtype=np.int64)
    for row, (salt, share) in enumerate(layout.holdouts):
        for member, place in members.items():
            found[row, place] = hashed(salt, member) < share
    return found
