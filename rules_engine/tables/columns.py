"""The columns of what a scored file or table says: a row an event, a row an effect, a row a reason of a refusal.

In: nothing. Out: names and kinds, which the writers of files and the tables of Arrow share; and `FeedError`, for what
cannot be read or written at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

Row: TypeAlias = tuple[str | int | None, ...]
"""Values in the order of some columns; amounts are decimal text."""


class FeedError(ValueError):
    """A file, table, mapping, ending or state that cannot be used at all; each problem is one sentence in the user's
    words.

    >>> FeedError("no such file", "no such column").problems
    ('no such file', 'no such column')
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Column(msgspec.Struct, frozen=True):
    """A column to write: Parquet wants to know its kind, CSV and NDJSON write all kinds alike."""

    name: str
    kind: Literal["text", "integer", "decimal"] = "text"
    decimals: int = 0
    coded: bool = False
    """Whether its texts are few and come again, so that it is held as a dictionary."""


_CODED = ("rule", "line", "kind", "unit", "amount", "stage")
EFFECT_COLUMNS = (
    Column("event"),
    *(Column(name, coded=True) for name in _CODED),
    Column("pieces", "integer"),
    *(Column(name, coded=True) for name in ("wanted", "cut_by", "reason", "public")),
)
REJECT_COLUMNS = (Column("number", "integer"), *(Column(name) for name in ("event", "code", "field", "message")))


def outcome_columns(
    units: Sequence[tuple[str, int]], money_decimals: int = 2, priced: bool = False
) -> tuple[Column, ...]:
    """Return the columns of one row an event: each unit, by name and decimals, has its own; with `priced` what the
    event costs follows.

    >>> [column.name for column in outcome_columns([("point", 0)])]
    ['event', 'member', 'point', 'discount', 'fingerprint']
    """
    amounts = [Column(name, "decimal", decimals) for name, decimals in units]
    money = [Column(name, "decimal", money_decimals) for name in (PRICES if priced else PRICES[:1])]
    currency = [Column("currency", coded=True)] if priced else []
    return (Column("event"), Column("member"), *amounts, *currency, *money, Column("fingerprint", coded=True))


PRICES = ("discount", "net", "shipping", "charges", "tax", "total")
"""What a row says of the money of an event, in this order."""
