"""The table of diagnostic codes: one row each, all wording in one place.

Wording is lower case without a final full stop, speaks of rules, points and money, and keeps the advice apart from the
message. `{names}` are filled from a diagnostic's data. Families: P text that does not parse, N names, T types and
dimensions, S settings of the header, C complete and disjoint tables, M meaning (cycles, order, reach), Y not yet
evaluated, V events at the boundary, F files, X tests in rule files.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Code(msgspec.Struct, frozen=True):
    """One row: a short title, the message and help with `{placeholders}`, and the long explanation."""

    code: str
    title: str
    message: str
    help: str = ""
    long: str = ""
    severity: Literal["error", "warning"] = "error"


_ROWS: tuple[Code, ...] = (
    # ---- P: text that does not parse ----
    Code("P100", "unexpected word", "`{found}` cannot stand here", "expected {expected}"),
    # ---- Y: not yet ----
    Code(
        "Y900",
        "not evaluated yet",
        "{what} is not evaluated yet",
        "the text is understood, but acting on half of it would be worse than refusing it",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _ROWS}
