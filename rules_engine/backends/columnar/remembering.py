"""Blocks of entries in memory as parts of a state, and back.

In: a member's row of memory, the blocks of a layout, the codes of texts. Out: tracks, limits, different values,
streaks, what marks have seen, numbers by key, exactly as scoring row by row keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.batch import Ints
from rules_engine.backends.columnar.layout import Kept, Layout
from rules_engine.state import State

HELD = 2**50


class Words(Protocol):
    """The codes of texts."""

    texts: list[str]

    def code(self, text: str) -> int:
        """The code of a text."""
        ...


def _entries(row: Ints, kept: Kept) -> Iterator[list[int]]:
    for entry in range(kept.room):
        found = row[kept.slot + entry * kept.width : kept.slot + (entry + 1) * kept.width].tolist()
        if found[0] != ops.MISSING:
            yield found


def tell(row: Ints, layout: Layout, words: Words | None, state: State) -> None:
    """Put what a row keeps by entries into a state."""
    for kept in layout.kept:
        entries = list(_entries(row, kept))
        if not entries:
            continue
        match kept.kind:
            case "track" | "limit" | "seen":
                books = {"track": state.tracks, "limit": state.limits, "seen": state.seen}
                books[kept.kind][kept.key] = {entry[0]: entry[1] for entry in entries}
            case "streak":
                state.tracks[kept.key] = {entry[0]: entry[1] for entry in entries}
                state.streaks[kept.key] = {entry[0]: entry[2] for entry in entries}
            case "distinct":
                _tell_values(kept, entries, words, state)
            case _:
                numbers: dict[int, dict[str, int]] = {}
                for day, value, key in entries:
                    numbers.setdefault(day, {})[_word(kept, key, words)] = value
                state.keyed[kept.key] = {day: dict(sorted(found.items())) for day, found in numbers.items()}


def _tell_values(kept: Kept, entries: list[list[int]], words: Words | None, state: State) -> None:
    """Those of one event came in the order of their letters."""
    found: dict[int, list[str]] = {}
    for _, day, word in sorted((entry[1], entry[0], _word(kept, entry[2], words)) for entry in entries):
        found.setdefault(day, []).append(word)
    state.keys[kept.key] = found


def _word(kept: Kept, key: int, words: Words | None) -> str:
    if kept.words == "text":
        assert words is not None, "memory has to know the texts of a run"
        return words.texts[key]
    if kept.words == "flag" and kept.kind == "keyed":
        return "yes" if key else "no"
    return str(key)


def take(row: Ints, layout: Layout, words: Words | None, state: State) -> State | None:
    """Take what blocks hold out of a state into a row; what is left of the state, None where there is no room."""
    left: dict[str, dict[str, Any]] = {
        name: dict(getattr(state, name)) for name in ("tracks", "limits", "seen", "streaks", "keys", "keyed")
    }
    for kept in layout.kept:
        entries = _taken(kept, left, words)
        if entries is None or len(entries) > kept.room:
            return None
        for place, entry in enumerate(entries):
            row[kept.slot + place * kept.width : kept.slot + place * kept.width + kept.width] = entry
    rest = State(**{name: getattr(state, name) for name in State.__struct_fields__})
    for name, found in left.items():
        setattr(rest, name, found)
    return rest


def _taken(kept: Kept, left: dict[str, dict[str, Any]], words: Words | None) -> list[list[int]] | None:
    match kept.kind:
        case "track" | "limit" | "seen":
            book = {"track": "tracks", "limit": "limits", "seen": "seen"}[kept.kind]
            found = [[day, value] for day, value in left[book].pop(kept.key, {}).items()]
        case "streak":
            met, values = left["streaks"].pop(kept.key, {}), left["tracks"].pop(kept.key, {})
            if set(met) != set(values):
                return None
            found = [[day, values[day], met[day]] for day in met]
        case "distinct":
            found = []
            for day, seen in left["keys"].pop(kept.key, {}).items():
                found += [[day, place, _code(kept, word, words)] for place, word in enumerate(seen)]
        case _:
            found = []
            for day, numbers in left["keyed"].pop(kept.key, {}).items():
                found += [[day, value, _code(kept, word, words)] for word, value in numbers.items()]
    return None if any(abs(entry[1]) > HELD for entry in found) else found


def _code(kept: Kept, word: str, words: Words | None) -> int:
    if kept.words == "text":
        assert words is not None, "memory has to know the texts of a run"
        return words.code(word)
    if kept.words == "flag" and kept.kind == "keyed":
        return int(word == "yes")
    return int(word)
