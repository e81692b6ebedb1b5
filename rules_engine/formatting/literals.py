"""Words and literals as text: numbers with an underscore per thousand, quoted texts, durations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from rules_engine import tree


def number(text: str | int) -> str:
    """A number with an underscore per thousand; decimals stay as written.

    >>> number("5000.50"), number(-1200), number("999")
    ('5_000.50', '-1_200', '999')
    """
    whole, point, decimals = str(text).replace("_", "").partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):_}" if digits and not digits.startswith("0") else digits
    return f"{sign}{grouped}{point}{decimals}"


def quoted(text: tree.Text) -> str:
    """A text in its quotes."""
    return f'"{text.value}"'


def duration(length: tree.Duration) -> str:
    """A duration, its unit in the plural where the count asks for it.

    >>> duration(tree.Duration((0, 0), 1, "month")), duration(tree.Duration((0, 0), 90, "day"))
    ('1 month', '90 days')
    """
    return f"{length.count} {length.unit}{'' if length.count == 1 else 's'}"


def day_month(day: tree.DayMonth) -> str:
    """`1 Nov`, or `end of Feb`."""
    return f"{day.day} {day.month.text}" if day.day else f"end of {day.month.text}"


def ordinal(count: int) -> str:
    """A position in a count.

    >>> ordinal(1), ordinal(2), ordinal(12), ordinal(23)
    ('1st', '2nd', '12th', '23rd')
    """
    if count % 100 in (11, 12, 13):
        return f"{count}th"
    return f"{count}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(count % 10, 'th') }"


def names(items: Iterable[tree.Ref]) -> list[str]:
    """Names as they are, titles in quotes, tags behind their word."""
    return [_ref(item) for item in items]


def _ref(item: tree.Ref) -> str:
    match item:
        case tree.Name():
            return item.text
        case tree.Text():
            return quoted(item)
        case tree.Tag():
            return f"tag {item.name.text}"
        case _:
            assert_never(item)
