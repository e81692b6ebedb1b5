"""Exact values: money, quantities, rates, and the one place where a number is rounded.

In come decimal texts written by people and hosts; out go integers counted in the smallest unit (minor units of a
currency, or the declared decimals of a unit), and back again as text. A binary fraction never enters: it cannot hold
0.10, so an amount built from it is already wrong before the first rule is read.

Reading is strict on purpose. `1e3`, `1_000`, `+5`, ` 5`, `.5`, `5.` and digits of other scripts are all things that
`int` or `Decimal` take in silence; here each is a `ValueFault` whose text can be shown to the person who sent it.

Rounding looks at the magnitude and gives the sign back afterwards, so the amount of a reversal is the exact negative of
the amount that it reverses, in every mode: -2.5 rounded half up is -3, and rounded down it is -2.
"""

import re
from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from rules_engine.currencies import CURRENCY_DECIMALS

if TYPE_CHECKING:
    from fractions import Fraction

Rounding = Literal["down", "up", "half up", "half even"]
ROUNDINGS: Final[tuple[Rounding, ...]] = get_args(Rounding)

DIGITS_MAX: Final = 30
RATE_DECIMALS_MAX: Final = 9
_DECIMAL: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class ValueFault(ValueError):  # noqa: N818 - a fault of the data, not of the program
    """A value that cannot be taken as sent; `reason` says why in the words of the person who sent it.

    The reason is lower case, without a final full stop, and speaks of amounts and dates only, so that a diagnostic can
    quote it as it stands.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def round_ratio(num: int, den: int, mode: Rounding) -> int:
    """The exact ratio `num / den` rounded to a whole number; `den` is positive.

    `down` is towards zero, `up` away from zero, `half up` takes a tie away from zero, `half even` to the even
    neighbour. The magnitude is rounded and the sign restored, so `round_ratio(-n, d, m) == -round_ratio(n, d, m)`.

    >>> [round_ratio(5, 2, mode) for mode in ROUNDINGS]
    [2, 3, 3, 2]
    >>> [round_ratio(-5, 2, mode) for mode in ROUNDINGS]
    [-2, -3, -3, -2]
    """
    if num < 0:
        return -_round_magnitude(-num, den, mode)
    return _round_magnitude(num, den, mode)


def _round_magnitude(num: int, den: int, mode: Rounding) -> int:
    if mode == "down":
        return num // den
    if mode == "up":
        return -(-num // den)
    if mode == "half up":
        return (2 * num + den) // (2 * den)
    whole, rest = divmod(num, den)
    twice = 2 * rest
    return whole + 1 if twice > den or (twice == den and whole % 2 == 1) else whole


def round_fraction(value: "Fraction", mode: Rounding) -> int:
    """A `Fraction` rounded to a whole number, by the same rule as `round_ratio`.

    >>> from fractions import Fraction
    >>> round_fraction(Fraction(-7, 2), "half even")
    -4
    """
    return round_ratio(value.numerator, value.denominator, mode)


def parse_decimal(text: str, decimals: int) -> int:
    """A decimal number written in ASCII, as an integer count of 10 to the power of -`decimals`.

    Fewer decimals than allowed are filled with zeros; more are refused, even where they are zeros, because a sender who
    writes them means another unit. Raises `ValueFault`.

    >>> parse_decimal("12.3", 2)
    1230
    >>> parse_decimal("12.345", 2)
    Traceback (most recent call last):
    rules_engine.values.ValueFault: `12.345` has 3 decimals where at most 2 are allowed
    """
    if not isinstance(text, str):
        raise ValueFault("a number is sent as text such as `12.34`, between quotes")
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueFault(_why_not_decimal(text))
    sign, whole, part = found.group(1, 2, 3)
    part = part or ""
    if len(part) > decimals:
        raise ValueFault(f"`{_short(text)}` has {_count(len(part), 'decimal')} where {_allowed(decimals)}")
    if len(whole) + len(part) > DIGITS_MAX:
        raise ValueFault(f"a number of {len(whole) + len(part)} digits is too long; at most {DIGITS_MAX} are allowed")
    scaled = int(whole + part) * int(10 ** (decimals - len(part)))
    return -scaled if sign else scaled


def format_decimal(scaled: int, decimals: int) -> str:
    """The text of a scaled integer, with all its decimals: the inverse of `parse_decimal`.

    >>> format_decimal(-5, 2), format_decimal(1234, 0)
    ('-0.05', '1234')
    """
    if decimals == 0:
        return str(scaled)
    digits = str(abs(scaled)).rjust(decimals + 1, "0")
    return f"{'-' if scaled < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def currency_decimals(currency: str) -> int:
    """How many decimals the minor unit of an ISO 4217 currency has. Raises `ValueFault` for an unknown code.

    >>> [currency_decimals(code) for code in ("JPY", "GBP", "KWD")]
    [0, 2, 3]
    """
    decimals = CURRENCY_DECIMALS.get(currency)
    if decimals is None:
        raise ValueFault(f"`{_short(str(currency))}` is not an ISO 4217 currency code such as `GBP`")
    return decimals


def _whole(number: object, what: str, way: str) -> None:
    if type(number) is not int:
        raise ValueFault(f"{what}, and `{number}` is no whole number; `{way}` reads texts and exact decimals")


class Money(msgspec.Struct, frozen=True):
    """An exact amount of one currency: an integer count of its minor units.

    `finer_decimals` stays empty unless the amount counts in another unit than the currency's own, as a tariff that
    prices to a tenth of a penny does; `Money.of(..., decimals=3)` sets it.

    >>> Money.of("12.34", "GBP")
    Money(amount_minor=1234, currency='GBP', finer_decimals=None)
    >>> str(Money.of("-0.5", "KWD"))
    '-0.500 KWD'
    """

    amount_minor: int
    currency: str
    finer_decimals: int | None = None

    def __post_init__(self) -> None:
        """Refuse what does not count; raises `ValueFault`."""
        _whole(self.amount_minor, "money counts whole minor units", "Money.of")

    @classmethod
    def of(cls, amount: str | Decimal, currency: str, decimals: int | None = None) -> "Money":
        """Money from text or an exact decimal; numbers of other kinds are refused. Raises `ValueFault`.

        >>> Money.of(12, "GBP")
        Traceback (most recent call last):
        rules_engine.values.ValueFault: money is sent as text such as `"12.00"`, not as a bare number
        """
        own = currency_decimals(currency)
        places = own if decimals is None else decimals
        return cls(_scaled_money(amount, places), currency, None if places == own else places)

    @property
    def decimals(self) -> int:
        """The number of decimals that `amount_minor` counts in."""
        return currency_decimals(self.currency) if self.finer_decimals is None else self.finer_decimals

    @property
    def decimal(self) -> Decimal:
        """The same amount as an exact `Decimal`, with all its decimals.

        >>> Money(1230, "GBP").decimal
        Decimal('12.30')
        """
        return _decimal_of(self.amount_minor, self.decimals)

    def __str__(self) -> str:
        return f"{format_decimal(self.amount_minor, self.decimals)} {self.currency}"


class Quantity(msgspec.Struct, frozen=True):
    """An exact amount of one declared unit, counted in 10 to the power of -`decimals`.

    >>> str(Quantity.of("2.5", "data", 2)), str(Quantity(300, "points"))
    ('2.50 data', '300 points')
    """

    amount: int
    unit: str
    decimals: int = 0

    def __post_init__(self) -> None:
        """Refuse what does not count; raises `ValueFault`."""
        _whole(self.amount, "a quantity counts whole steps of its unit", "Quantity.of")

    @classmethod
    def of(cls, amount: str | int | Decimal, unit: str, decimals: int = 0) -> "Quantity":
        """A quantity from text, a whole number or an exact decimal. Raises `ValueFault`.

        >>> Quantity.of(3, "stamp")
        Quantity(amount=3, unit='stamp', decimals=0)
        """
        if type(amount) is int:
            return cls(amount * int(10**decimals), unit, decimals)
        if isinstance(amount, str):
            return cls(parse_decimal(amount, decimals), unit, decimals)
        if isinstance(amount, Decimal):
            return cls(_scaled_decimal(amount, decimals), unit, decimals)
        raise ValueFault('a quantity is sent as a whole number or as text such as `"2.50"`')

    @property
    def decimal(self) -> Decimal:
        """The same quantity as an exact `Decimal`."""
        return _decimal_of(self.amount, self.decimals)

    def __str__(self) -> str:
        return f"{format_decimal(self.amount, self.decimals)} {self.unit}"


class Rate(msgspec.Struct, frozen=True):
    """An exact rate `num / den` in lowest terms, `den` positive.

    >>> Rate.of("25%"), Rate.of("0.25") == Rate(1, 4)
    (Rate(num=1, den=4), True)
    """

    num: int
    den: int

    def __post_init__(self) -> None:
        """Refuse what is no ratio; raises `ValueFault`."""
        for part in (self.num, self.den):
            _whole(part, "a rate is a ratio of whole numbers", "Rate.of")
        if self.den <= 0:
            raise ValueFault("the lower number of a rate is above 0")

    @classmethod
    def of(cls, text: str) -> "Rate":
        """A rate as people write it. Raises `ValueFault`."""
        return cls(*parse_rate(text))

    def __str__(self) -> str:
        """The rate in per cent where that is a finite decimal, else as a ratio."""
        for decimals in range(RATE_DECIMALS_MAX + 1):
            scaled, rest = divmod(self.num * int(10 ** (decimals + 2)), self.den)
            if rest == 0:
                return f"{format_decimal(scaled, decimals)}%"
        return f"{self.num}/{self.den}"


def parse_rate(text: str) -> tuple[int, int]:
    """`0.25` or `25%` as a ratio in lowest terms; the number has at most nine decimals. Raises `ValueFault`.

    >>> parse_rate("0.25"), parse_rate("12.5%"), parse_rate("-10%")
    ((1, 4), (1, 8), (-1, 10))
    """
    if not isinstance(text, str):
        raise ValueFault('a rate is sent as text such as `"0.25"` or `"25%"`')
    number = text.removesuffix("%")
    num = parse_decimal(number, RATE_DECIMALS_MAX)
    den = int(10**RATE_DECIMALS_MAX) * (100 if number != text else 1)
    common = gcd(num, den)
    return num // common, den // common


def _scaled_money(amount: object, decimals: int) -> int:
    if isinstance(amount, str):
        return parse_decimal(amount, decimals)
    if isinstance(amount, Decimal):
        return _scaled_decimal(amount, decimals)
    example = format_decimal(12 * int(10**decimals), decimals)
    raise ValueFault(f'money is sent as text such as `"{example}"`, not as a bare number')


def _scaled_decimal(amount: Decimal, decimals: int) -> int:
    """A `Decimal` is a number and not a spelling, so zeros past the last allowed decimal do no harm in it."""
    if not amount.is_finite():
        raise ValueFault("an amount must be a number")
    if amount.adjusted() + decimals > DIGITS_MAX:
        raise ValueFault(f"the amount is too long; at most {DIGITS_MAX} digits are allowed")
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    scaled, shift = int("".join(map(str, digits))), exponent + decimals
    if shift < 0:
        scaled, rest = divmod(scaled, 10 ** min(-shift, len(digits)))
        if rest:
            raise ValueFault(f"`{_short(str(amount))}` has more decimals than the {decimals} that are allowed")
    else:
        scaled *= int(10**shift) if scaled else 1
    return -scaled if sign else scaled


def _decimal_of(scaled: int, decimals: int) -> Decimal:
    return Decimal(format_decimal(scaled, decimals))


def _why_not_decimal(text: str) -> str:
    """The first thing wrong with a text that is no plain decimal number."""
    shown = _short(text)
    if not text or text.isspace():
        return "the number is empty"
    if text.strip() != text:
        return f"`{shown.strip()}` has blanks around it"
    if "," in text:
        return f"`{shown}` has a comma; the decimal point is `.` and thousands are not separated"
    if "_" in text:
        return f"`{shown}` has an underscore; thousands are not separated in data"
    if not text.isascii():
        return f"`{shown}` has characters other than the digits 0 to 9"
    if text.startswith("+"):
        return f"`{shown}` starts with a plus sign; leave it out"
    if re.fullmatch(r"-?[0-9.]+[eE][+-]?[0-9]+", text):
        return f"`{shown}` has an exponent; write the number out"
    if re.fullmatch(r"-?[0-9]*\.|-?\.[0-9]+", text):
        return f"`{shown}` needs a digit on both sides of the point"
    return f"`{shown}` is not a decimal number such as `12.34`"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _allowed(decimals: int) -> str:
    return "none are allowed" if decimals == 0 else f"at most {decimals} {'is' if decimals == 1 else 'are'} allowed"
