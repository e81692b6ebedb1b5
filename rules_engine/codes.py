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
    # ---- V: events, facts and states at the boundary ----
    Code("V100", "not an object", "{where} must be an object of names and values, not {found}", "send {form}"),
    Code("V101", "an event of no kind", "the event does not say what it is", "send `event`, one of {known}"),
    Code("V102", "unknown event", "`{found}` is not an event of this program", "{hint}"),
    Code("V103", "unknown field", "{where} is not declared", "{hint}"),
    Code("V104", "missing field", "{where} is missing", "send {form}"),
    Code("V105", "unreadable value", "{where} cannot be {found}", "send {form}"),
    Code("V106", "malformed value", "{where}: {reason}", "send {form}"),
    Code("V107", "out of bounds", "{where} is {found}, {side} than the {bound} that is declared"),
    Code("V108", "unknown choice", "{where} cannot be {found}", "send one of {known}; {hint}"),
    Code("V109", "money as a bare number", "{where} is the bare number {found}", "send {form}, between quotes"),
    Code(
        "V110",
        "binary fraction",
        "{where} is {found}, a binary fraction, which cannot hold most decimal numbers exactly",
        "send {form}",
    ),
    Code("V111", "foreign currency", "{where} is in {found}, and this is counted in {currency}", "send {form}"),
    Code("V112", "text too long", "{where} has {found} characters; at most {high} are declared"),
    Code("V113", "unprintable text", "{where} holds {found} as character {at}", "send plain text of one line"),
    Code("V114", "empty text", "{where} is empty", "send {form}, or leave it out where it is optional"),
    Code("V115", "too many items", "{where} has {found} items; at most {high} are declared"),
    Code("V116", "repeated code", "{where} names `{found}` twice", "send each code once"),
    Code("V117", "number of lines", "{where} has {found} lines; {low} to {high} are declared"),
    Code("V118", "repeated line", "{where} is `{found}`, as on line {other}", "give each line an id of its own"),
    Code(
        "V119",
        "outside the terms",
        "{where} is {found}, and these terms hold {terms}",
        "score the event with the version of the program for that day",
    ),
    Code("V130", "state of another layout", "the state has layout {found}", "this release reads layout {version}"),
    Code("V131", "broken state", "{where}: {reason}", "restore the state from what was last stored"),
    Code(
        "V132",
        "state of something unknown",
        "the state speaks of the {what} `{found}`, which this program does not have",
        'if it was renamed, write `was "{found}"` on it; {hint}',
    ),
    # ---- Y: not yet ----
    Code(
        "Y900",
        "not evaluated yet",
        "{what} is not evaluated yet",
        "the text is understood, but acting on half of it would be worse than refusing it",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _ROWS}
