"""What the way `sent` writes shorter, since its answer is told in JSON at once and nobody sees the objects between.

In: the lines that all ways share, and what they give back. Out: the same lines, with changes and parts as bare tuples,
which JSON tells as it tells the structs, and lists that need not become tuples; and what awards gave by unit, added up
as they are given, which only this way asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rules_engine.backends.python.quoting import Local, const, ident
from rules_engine.backends.python.writing import Lines
from rules_engine.state import Advanced, LastDay, LimitUsed, MarkSeen, Seen, StreakMet, TrackMoved

_MADE = tuple(
    (f"{head}{kind.__name__}(", f"{head}({const(str(kind.__struct_config__.tag))}, ")
    for head, kinds in (
        ("changes.append(", (LastDay, LimitUsed, MarkSeen, Seen, StreakMet, TrackMoved)),
        ("changes = [] if reached == day else [", (Advanced,)),
    )
    for kind in kinds
)
"""How lines begin that make a change, and how they make a tuple of it."""
_LINES = ("prices = tuple(map(LinePrice, ", "prices = tuple(zip(")
_PLAIN = (
    re.compile(r"( *awards\.append\()(Award\(.+, wanted, \w+(?:, (?:\w+|\(\)|tuple\(weights_at\(\w+, \w+\)\)))?\)\))"),
    re.compile(r"( *discounts\.append\()(Discount\(.+, wanted\w+, \w+, (?:\w+|tuple\(\w+\))\)\))"),
)
"""Lines that note an award or a discount which no limit cut: nothing is said behind weights, or behind parts."""
_READY = re.compile(r"( *awards\.append\()(award\d+_\w*\))")
"""Lines that note an award which was made beforehand."""
_PARTS = re.compile(r"\bparts\w+\b")
_ROWS = re.compile(r"( *parts\w+(?: = |\.append\())part(s_of_total\(.*|_of\(.*)")
"""Lines that make parts: of those that are only told, rows are made, which JSON tells alike."""
_TOLD = re.compile(r" *(?:parts\w+ = \[\]|discounts\.append\(.*)")
"""Other lines that parts stand in which are only told."""
_LASTING = re.compile(r".*\bfresh\(awards, ")
"""Lines that ask of awards how long they last."""
_READ = re.compile(r"\s*(by_counter|commit_limits)\(")
"""Lines that look into changes."""
_SUM = re.compile(r"\s*gave\d+_\w* \+?= ")


class Sums:
    """What the awards of a function gave, by unit: the local names, while all units are known. Where nobody asks
    for it, nothing is added up."""

    def __init__(self, *, asked: bool) -> None:
        self.names: dict[str, str] = {}
        self.known = asked

    def add(self, unit: str, given: str, out: Lines) -> None:
        """Add what a rule gave, if its unit is known: a row of a shape may hold it."""
        self.known = self.known and not isinstance(unit, Local)
        if self.known:
            name = self.names.setdefault(unit, ident("gave", len(self.names), unit))
            out.add(f"{name} += {given}")

    def begin(self, out: Lines) -> None:
        """Begin all sums."""
        if self.names:
            out.add(f"{' = '.join(self.names.values())} = 0")

    @property
    def used(self) -> bool:
        """Whether the sums say the totals: with three units and more it is quicker to look at the awards."""
        return self.known and len(self.names) <= 2

    def totals(self) -> str:
        """An expression for the totals: of two units or more, in the order of the awards."""
        if not self.used:
            return "totals_of(awards)"
        one = "".join(f"{{{const(unit)}: {name}}} if {name} else " for unit, name in self.names.items()) + "{}"
        if len(self.names) < 2:
            return one
        return f"totals_of(awards) if {' and '.join(self.names.values())} else {one}"


def told(lines: Iterable[str], sums: Sums) -> list[str]:
    """Lines as the way `sent` has them."""
    every = list(lines) if sums.used else untold(lines)
    if not any(map(_LASTING.match, every)):
        every = [_plainly(line) for line in every]
    every = _rowed(every)
    if any(map(_READ.match, every)):
        return [_short(line, (_LINES,)) for line in every]
    return [_short(line, (*_MADE, _LINES)) for line in every]


def untold(lines: Iterable[str]) -> list[str]:
    """Lines as the other ways have them."""
    return [line for line in lines if not _SUM.match(line)]


def _plainly(line: str) -> str:
    """A line that notes what no limit cut, as it is told."""
    ready = _READY.fullmatch(line)
    if ready is not None:
        return f"{ready[1]}told_{ready[2]}"
    for plain in _PLAIN:
        found = plain.fullmatch(line)
        if found is not None:
            return f"{found[1]}Told{found[2]}"
    return line


def _rowed(lines: list[str]) -> list[str]:
    """Lines that make rows where they made parts, of all parts that nothing but an answer has."""
    made = [_ROWS.fullmatch(line) for line in lines]
    asked = {
        name
        for line, row in zip(lines, made, strict=True)
        if row is None and not _TOLD.fullmatch(line)
        for name in _PARTS.findall(line)
    }
    return [
        line if row is None or asked.intersection(_PARTS.findall(line)) else f"{row[1]}row{row[2]}"
        for line, row in zip(lines, made, strict=True)
    ]


def _short(line: str, pairs: Iterable[tuple[str, str]]) -> str:
    code = line.lstrip(" ")
    for made, short in pairs:
        if code.startswith(made):
            return line[: len(line) - len(code)] + short + code[len(made) :]
    return line
