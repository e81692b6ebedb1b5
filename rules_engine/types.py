"""The closed set of types that a rule file computes with, and what may be done with them, as tables.

In: nothing. Out: `Type`, and questions about it: what comes of a sum or a product, what may be compared, how a type
is called in a designer's words. A type carries its scale (`decimals`), so that a literal and a field of one type are
the same integers. Whether a value may be absent is no type: an absent value is discharged where it is read.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Side: TypeAlias = Literal["", "with", "without"]
"""The tax side of an amount: with tax, without tax; empty where it fits both."""


class Kind(msgspec.Struct, frozen=True):
    """The base of all types."""


class Unknown(Kind, frozen=True):
    """What comes of text that was reported already: it fits everywhere, so that one cause gives one error."""


class Money(Kind, frozen=True):
    """An amount of one currency, in minor units, with its tax side: what is written out fits both sides.

    On an event that comes in `several` currencies an amount is of that event's one; then `currency` is empty.
    """

    currency: str
    decimals: int
    side: Side = ""
    several: tuple[str, ...] = ()


class Unit(Kind, frozen=True):
    """An amount of a declared unit; `currency` is set where the unit counts money."""

    name: str
    plural: str
    decimals: int
    currency: str = ""


class Count(Kind, frozen=True):
    """A whole number."""


class Rate(Kind, frozen=True):
    """A number that need not be whole: a percentage, a factor."""


class Text(Kind, frozen=True):
    """A text."""


class Flag(Kind, frozen=True):
    """Yes or no."""


class Date(Kind, frozen=True):
    """A day."""


class Instant(Kind, frozen=True):
    """A moment."""


class Time(Kind, frozen=True):
    """A time of day."""


class Choice(Kind, frozen=True):
    """One of some values; `field` is where they are declared, to name it in messages."""

    values: tuple[str, ...]
    field: str = ""


class Tier(Kind, frozen=True):
    """A rung of the ladder."""


class Member(Kind, frozen=True):
    """Another member, by id."""


class Codes(Kind, frozen=True):
    """The codes that an event presents."""


class ListOf(Kind, frozen=True):
    """A list field."""

    item: Type


class Ratio(Kind, frozen=True):
    """So much of one thing for each one of another: `10 points per 1 GBP`, before its measure is said."""

    of: Type
    per: Type


Type: TypeAlias = (
    Unknown
    | Money
    | Unit
    | Count
    | Rate
    | Text
    | Flag
    | Date
    | Instant
    | Time
    | Choice
    | Tier
    | Member
    | Codes
    | ListOf
    | Ratio
)

UNKNOWN = Unknown()
COUNT = Count()
RATE = Rate()
TEXT = Text()
FLAG = Flag()
DATE = Date()
INSTANT = Instant()
TIME = Time()
TIER = Tier()

PLAIN = (Count, Rate)
"""Numbers without a dimension: they multiply everything, and mix with one another."""

NUMBERS = (Money, Unit, Count, Rate)
"""What can be added, scaled and given."""

ORDERED = (Money, Unit, Count, Rate, Date, Instant, Time, Tier)
"""What `<` and `from` put in order; the rest only is or is not."""

WORDS: dict[type[Kind], str] = {
    Unknown: "something unknown",
    Count: "a number",
    Rate: "a percentage",
    Text: "a text",
    Flag: "yes or no",
    Date: "a date",
    Instant: "a moment",
    Time: "a time of day",
    Tier: "a tier",
    Member: "a member",
    Codes: "a list of codes",
}


def describe(kind: Type) -> str:
    """A type in a designer's words.

    >>> describe(Money("GBP", 2)), describe(Unit("point", "points", 0)), describe(DATE)
    ('money in GBP', 'points', 'a date')
    >>> describe(Money("", 0, "with", ("GBP", "USD")))
    'money in GBP or USD with tax'
    """
    match kind:
        case Money(currency=currency, side=side, several=several):
            return f"money in {' or '.join(several) or currency}" + (f" {side} tax" if side else "")
        case Unit(plural=plural):
            return plural
        case Choice(values=values):
            return "one of " + ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
        case ListOf(item=item):
            return f"a list of {describe(item).removeprefix('a ')}s"
        case Ratio(of=of, per=per):
            return f"{describe(of)} for each of {describe(per)}"
        case _:
            return WORDS[type(kind)]


def scale(kind: Type) -> int:
    """How many of a type's integers make one as written: 100 for money with two decimals."""
    return int(10**kind.decimals) if isinstance(kind, (Money, Unit)) else 1


def is_number(kind: Type) -> bool:
    """Whether a type can be added and scaled."""
    return isinstance(kind, (*NUMBERS, Unknown))


def total(left: Type, right: Type) -> Type | None:
    """The type of a sum or a difference; None where the two do not go together.

    >>> total(COUNT, RATE), total(COUNT, Money("GBP", 2))
    (Rate(), None)
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if isinstance(left, PLAIN) and isinstance(right, PLAIN):
        return COUNT if left == right == COUNT else RATE
    if isinstance(left, Money) and isinstance(right, Money):
        return joined(left, right)
    return left if left == right and isinstance(left, (*NUMBERS, Ratio)) else None


def joined(left: Money, right: Money) -> Money | None:
    """The type of two amounts together: of one currency and one tax side; what fits both sides takes the other's.

    >>> joined(Money("GBP", 2, "with"), Money("GBP", 2)) == Money("GBP", 2, "with")
    True
    >>> joined(Money("GBP", 2, "with"), Money("GBP", 2, "without"))
    """
    if (left.currency, left.several) != (right.currency, right.several) or taxed_apart(left, right):
        return None
    return left if left.side else right


def taxed_apart(left: Type, right: Type) -> bool:
    """Whether one amount is with tax and the other without."""
    return (
        isinstance(left, Money)
        and isinstance(right, Money)
        and left.side != right.side
        and left.side != ""
        and right.side != ""
    )


def product(left: Type, right: Type) -> Type | None:
    """The type of a product: one side has no dimension.

    >>> product(RATE, Money("GBP", 2)) == Money("GBP", 2)
    True
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    if isinstance(left, PLAIN) and isinstance(right, PLAIN):
        return COUNT if left == right == COUNT else RATE
    if isinstance(left, PLAIN) and isinstance(right, (*NUMBERS, Ratio)):
        return right
    if isinstance(right, PLAIN) and isinstance(left, (*NUMBERS, Ratio)):
        return left
    return None


def applied(ratio: Type, measure: Type) -> Type | None:
    """The type of `ratio of measure`: a percentage keeps the measure's type, `points per GBP` makes points of money."""
    if isinstance(ratio, Unknown) or isinstance(measure, Unknown):
        return UNKNOWN
    if isinstance(ratio, Ratio):
        return ratio.of if alike(ratio.per, measure) else None
    return product(ratio, measure) if isinstance(ratio, PLAIN) and isinstance(measure, NUMBERS) else None


def alike(left: Type, right: Type) -> bool:
    """Whether two types are of one dimension, so that values of theirs can be compared and be rows of one table.

    >>> alike(COUNT, RATE), alike(Choice(("a", "b")), TEXT), alike(DATE, COUNT)
    (True, True, False)
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return True
    if isinstance(left, PLAIN) and isinstance(right, PLAIN):
        return True
    if isinstance(left, (Choice, Text)) and isinstance(right, (Choice, Text)):
        return True
    if isinstance(left, Money) and isinstance(right, Money):
        return joined(left, right) is not None
    return left == right


def common(left: Type, right: Type) -> Type | None:
    """The type of a table whose rows have these two; None where they do not go together."""
    if isinstance(left, Unknown):
        return right
    if isinstance(right, Unknown):
        return left
    if left == right:
        return left
    if isinstance(left, Money) and isinstance(right, Money):
        return joined(left, right)
    return RATE if isinstance(left, PLAIN) and isinstance(right, PLAIN) else None
