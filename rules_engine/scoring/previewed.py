"""How a member stands on a day, and what comes next, as plain values, equal to their JSON.

Numbers are those of states: minor or scaled units, and days; each amount is there in words too.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rules_engine.calendar import format_date
from rules_engine.scoring.days import Due


class Missing(msgspec.Struct, frozen=True):
    """Something that a path to a tier needs and a member does not have. Of a number that is too small: what it is, what
    is there, what is needed and the difference, in minor or scaled units of `unit` (a currency, a unit's name, empty
    for a count); of anything else there are words alone."""

    shown: str
    what: str = ""
    has: int | None = None
    needs: int | None = None
    missing: int | None = None
    unit: str = ""


class NextTier(msgspec.Struct, frozen=True):
    """A path to a higher tier, judged as of now: whether it holds already, else what is missing: alternatives, each
    with everything that it takes.

    >>> path = program.preview(member, None, "2027-03-01").next[0]
    >>> path.tier, [[each.shown for each in alternative] for alternative in path.missing]
    ('Gold', [['5.00 GBP more of spend']])
    """

    tier: str
    way: str
    holds: bool
    missing: tuple[tuple[Missing, ...], ...]


class Balance(msgspec.Struct, frozen=True):
    """What may be used of a unit, what is owed of it, and what is pending: amounts, each with its last pending day."""

    unit: str
    amount: int
    owed: int
    pending: tuple[tuple[int, int], ...]
    shown: str


class Lapsing(msgspec.Struct, frozen=True):
    """An amount of a unit that is lost after a day, if nothing of it is used before."""

    unit: str
    amount: int
    day: int
    shown: str


class Preview(msgspec.Struct, frozen=True):
    """How a member stands on a day: the held tier and its last day (None: for good), the paths to higher ones, balances
    of all units, what lapses, the first first, and what is due within the time asked for.

    >>> print(program.preview(member, state, "2027-03-02").text())
    tier Gold until 2027-08-31
    5 points
    5 points lapse after 2027-05-31
    """

    day: int
    tier: str
    until: int | None
    next: tuple[NextTier, ...]
    balances: tuple[Balance, ...]
    lapsing: tuple[Lapsing, ...]
    due: tuple[Due, ...]

    def text(self) -> str:
        """The preview for a person, a line for each thing."""
        return "\n".join(_told(self))

    def to_json(self) -> bytes:
        """The preview as JSON text."""
        return msgspec.json.encode(self)


def _told(found: Preview) -> Iterator[str]:
    if found.tier:
        yield f"tier {found.tier}" + ("" if found.until is None else f" until {format_date(found.until)}")
    for path in found.next:
        name = path.tier if path.way == path.tier else f"{path.tier} by {path.way}"
        ways = [" and ".join(each.shown for each in alternative) for alternative in path.missing]
        yield f"to {name}: {'; or '.join(ways) or 'all is there'}"
    yield from (each.shown for each in found.balances)
    yield from (each.shown for each in found.lapsing)
    for due in found.due:
        if due.occurrence is not None:
            yield f"{format_date(due.day)}: {due.what} of {format_date(due.occurrence)}"
