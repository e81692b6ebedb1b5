"""What a choice between offers leaves: the best of each line or unit, and the order in which codes were presented.

In: by member of a group, what it would take off lines. Out: by member, what it keeps. As in the reference, each unit,
or each line, goes to the member that takes most off there, ties to the earlier one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from rules_engine.allocation import joined
from rules_engine.backends.python.offers_shares import Runs
from rules_engine.backends.python.offers_units import zipped
from rules_engine.outcome import Part


def best_each(
    tried: Sequence[Sequence[Part]], per_unit: bool, titles: Sequence[str], ranks: Sequence[int] = ()
) -> tuple[list[list[Part]], list[str]]:
    """By member what it keeps, and why a code came to nothing where that is nothing: that goes by the `ranks` of
    lines, which only codes ask for."""
    lines: dict[int, dict[int, Part]] = {}
    for member, parts in enumerate(tried):
        for part in parts:
            lines.setdefault(part.line, {})[member] = part
    won = {line: _winners(lines[line], per_unit) for line in sorted(lines)}
    kept: list[list[Part]] = [[] for _ in tried]
    for line, winners in won.items():
        for member, part in lines[line].items():
            runs = tuple(
                joined((count, off if winner == member else 0) for count, off, winner in zipped(part.runs, winners))
            )
            if any(off for _, off in runs):
                kept[member].append(Part(line, runs))
    if ranks:
        won = {line: won[line] for line in sorted(won, key=ranks.__getitem__)}
    return kept, [_lost_to(member, lines, won, titles) for member in range(len(tried))]


def _winners(parts: dict[int, Part], per_unit: bool) -> Runs:
    """Runs over the units of a line of the member that won them; -1 where nobody changed them."""
    if not per_unit:
        best = max(parts, key=lambda member: (parts[member].amount, -member))
        return ((sum([count for count, _ in parts[best].runs]), best),)
    found: list[tuple[int, int]] = []
    most: list[tuple[int, int]] = []
    for member, part in sorted(parts.items()):
        if not found:
            found = [(count, member if off else -1) for count, off in part.runs]
            most = list(part.runs)
            continue
        rows = [(count, (winner, best)) for count, winner, best in zipped(found, most)]
        found, most = [], []
        for count, (winner, best), off in _beside(rows, part.runs):
            better = bool(off) and (winner < 0 or off > best)
            found.append((count, member if better else winner))
            most.append((count, off if better else best))
    return tuple(joined(found))


def _beside(rows: Sequence[tuple[int, tuple[int, int]]], runs: Runs) -> Iterable[tuple[int, tuple[int, int], int]]:
    """Winners beside what another member takes off."""
    places = [(count, place) for place, (count, _) in enumerate(rows)]
    return [(count, rows[place][1], off) for count, place, off in zipped(places, runs)]


def _lost_to(member: int, lines: dict[int, dict[int, Part]], won: dict[int, Runs], titles: Sequence[str]) -> str:
    """The rule that won what a member would have changed first; else the first that won anything."""
    for line, winners in won.items():
        if member in lines[line]:
            for _, off, winner in zipped(lines[line][member].runs, winners):
                if off and winner not in (-1, member):
                    return f"lost to {titles[winner]}"
    others = [winner for winners in won.values() for _, winner in winners if winner not in (-1, member)]
    return f"lost to {titles[others[0]]}" if others else "nothing to give"


def in_turn(presented: Iterable[str], codes: Sequence[Collection[str]]) -> list[int]:
    """The members of a group by when their first code was presented; those without one last, in their order."""
    order = list(presented)
    turns = [next((place for place, code in enumerate(order) if code in own), len(order)) for own in codes]
    return sorted(range(len(codes)), key=turns.__getitem__)


Marks: TypeAlias = tuple[Sequence[Part], Sequence[tuple[int, int, int]], bool]
"""What an offer changed and claimed (line, first place, how many), and whether that keeps whole lines."""


def shut_off(marks: Sequence[Marks], sizes: Sequence[int]) -> dict[int, Runs]:
    """The lines of which some units are out of reach, as runs of 1 where they are, else 0."""
    found: dict[int, Runs] = {}
    for changed, claimed, whole in marks:
        for part in changed:
            runs = tuple([(count, int(bool(off))) for count, off in part.runs])
            _shut(part.line, runs, whole, sizes, found)
        for line, start, count in claimed:
            _shut(line, ((start, 0), (count, 1), (sizes[line] - start - count, 0)), whole, sizes, found)
    return found


def _shut(line: int, runs: Runs, whole: bool, sizes: Sequence[int], found: dict[int, Runs]) -> None:
    if not any(mark for count, mark in runs if count):
        return
    if whole:
        found[line] = ((sizes[line], 1),)
    else:
        before = found.get(line, ((sizes[line], 0),))
        found[line] = tuple(joined((count, one or two) for count, one, two in zipped(before, runs)))


def kept_from(marks: Sequence[Marks], reasons: Sequence[str], lines: Iterable[int]) -> str:
    """Why an offer has nothing to give on some lines, where others keep units of them; else empty."""
    wanted = set(lines)
    for (changed, claimed, _), reason in zip(marks, reasons, strict=True):
        marked = {part.line for part in changed if any(off for _, off in part.runs)}
        if wanted & (marked | {line for line, _, _ in claimed}):
            return reason
    return ""
