"""Exact values: reading, writing and rounding."""

import string
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.values import (
    ROUNDINGS,
    Money,
    Quantity,
    Rate,
    Rounding,
    ValueFault,
    currency_decimals,
    format_decimal,
    parse_decimal,
    parse_rate,
    round_fraction,
    round_ratio,
)
from tests import oracles

modes = st.sampled_from(ROUNDINGS)


@pytest.mark.parametrize(
    ("num", "den", "down", "up", "half_up", "half_even"),
    [
        (5, 2, 2, 3, 3, 2),
        (7, 2, 3, 4, 4, 4),
        (-5, 2, -2, -3, -3, -2),
        (1, 3, 0, 1, 0, 0),
        (2, 3, 0, 1, 1, 1),
        (-1, 3, 0, -1, 0, 0),
        (4, 2, 2, 2, 2, 2),
        (0, 7, 0, 0, 0, 0),
        (1, 2, 0, 1, 1, 0),
    ],
)
def test_rounding_modes(num: int, den: int, down: int, up: int, half_up: int, half_even: int) -> None:
    assert [round_ratio(num, den, mode) for mode in ROUNDINGS] == [down, up, half_up, half_even]


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9) | st.integers(1, 6), modes)
def test_rounding_agrees_with_fractions(num: int, den: int, mode: Rounding) -> None:
    assert round_ratio(num, den, mode) == oracles.rounded(Fraction(num, den), mode)
    assert round_fraction(Fraction(num, den), mode) == round_ratio(num, den, mode)
    assert round_ratio(-num, den, mode) == -round_ratio(num, den, mode)


@given(st.integers(-(10**20), 10**20), st.integers(0, 9))
def test_a_decimal_survives_text(scaled: int, decimals: int) -> None:
    text = format_decimal(scaled, decimals)
    assert parse_decimal(text, decimals) == scaled
    assert Decimal(text) == Decimal(scaled).scaleb(-decimals)


@pytest.mark.parametrize(
    ("text", "decimals", "scaled"),
    [("0", 2, 0), ("-0", 2, 0), ("007.5", 2, 750), ("12", 0, 12), ("-0.05", 2, -5), ("1.234", 3, 1234)],
)
def test_decimals_that_are_read(text: str, decimals: int, scaled: int) -> None:
    assert parse_decimal(text, decimals) == scaled


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the number is empty"),
        (" ", "the number is empty"),
        (" 5", "`5` has blanks around it"),
        ("5\n", "`5` has blanks around it"),
        ("+5", "`+5` starts with a plus sign; leave it out"),
        ("1e3", "`1e3` has an exponent; write the number out"),
        ("1_000", "`1_000` has an underscore; thousands are not separated in data"),
        ("1,50", "`1,50` has a comma; the decimal point is `.` and thousands are not separated"),
        ("١٢", "`١٢` has characters other than the digits 0 to 9"),
        ("1２", "`1２` has characters other than the digits 0 to 9"),
        (".5", "`.5` needs a digit on both sides of the point"),
        ("5.", "`5.` needs a digit on both sides of the point"),
        ("--5", "`--5` is not a decimal number such as `12.34`"),
        ("NaN", "`NaN` is not a decimal number such as `12.34`"),
        ("0x10", "`0x10` is not a decimal number such as `12.34`"),
        ("12.345", "`12.345` has 3 decimals where at most 2 are allowed"),
        ("12.340", "`12.340` has 3 decimals where at most 2 are allowed"),
        ("9" * 31, "a number of 31 digits is too long; at most 30 are allowed"),
        ("9" * 10_000, "a number of 10000 digits is too long; at most 30 are allowed"),
    ],
)
def test_decimals_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueFault) as caught:
        parse_decimal(text, 2)
    assert caught.value.reason == reason


def test_no_decimals_where_none_are_allowed() -> None:
    with pytest.raises(ValueFault, match=r"`5\.0` has 1 decimal where none are allowed"):
        parse_decimal("5.0", 0)
    with pytest.raises(ValueFault, match=r"`5\.00` has 2 decimals where at most 1 is allowed"):
        parse_decimal("5.00", 1)


@given(st.text(alphabet=string.printable + "٣−　", max_size=8))
def test_reading_never_fails_otherwise(text: str) -> None:
    for read in (lambda: parse_decimal(text, 2), lambda: parse_rate(text), lambda: Money.of(text, "GBP")):
        with suppress(ValueFault):
            read()


@pytest.mark.parametrize("sent", [12.34, 12, True, None, float("nan"), b"12.34", ["12.34"]])
def test_money_refuses_numbers_and_says_what_to_send(sent: object) -> None:
    with pytest.raises(ValueFault) as caught:
        Money.of(sent, "GBP")  # type: ignore[arg-type]
    assert caught.value.reason == 'money is sent as text such as `"12.00"`, not as a bare number'


@pytest.mark.parametrize(
    ("sent", "currency", "minor"),
    [
        ("12.34", "GBP", 1234),
        ("1200", "JPY", 1200),
        ("0.125", "KWD", 125),
        (Decimal("12.3400"), "GBP", 1234),
        (Decimal("1E+2"), "GBP", 10_000),
        (Decimal("-0.01"), "GBP", -1),
        (Decimal("0E-999999"), "GBP", 0),
        (Decimal("0E+5"), "GBP", 0),
    ],
)
def test_money_that_is_taken(sent: str | Decimal, currency: str, minor: int) -> None:
    assert Money.of(sent, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "sent",
    [Decimal("12.345"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999"), "0.001"],
)
def test_money_that_is_refused(sent: str | Decimal) -> None:
    with pytest.raises(ValueFault):
        Money.of(sent, "GBP")


@pytest.mark.parametrize("number", [1.5, True, "1.50", Decimal("1.5"), None])
def test_values_are_made_of_whole_numbers(number: Any) -> None:
    for made in (lambda: Money(number, "GBP"), lambda: Quantity(number, "point"), lambda: Rate(number, 2)):
        with pytest.raises(ValueFault, match="no whole number"):
            made()
    with pytest.raises(ValueFault, match="above 0"):
        Rate(1, 0)


def test_money_of_a_finer_tariff() -> None:
    money = Money.of("0.125", "GBP", decimals=3)
    assert (money.amount_minor, money.decimals, str(money)) == (125, 3, "0.125 GBP")
    assert Money.of("12.34", "GBP", decimals=2) == Money(1234, "GBP")


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(CURRENCY_DECIMALS)))
def test_money_survives_decimal_text_and_json(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.decimal, currency) == money
    assert Money.of(str(money).split()[0], currency) == money
    assert msgspec.json.decode(msgspec.json.encode(money), type=Money) == money
    assert len({money, Money(minor, currency)}) == 1


@pytest.mark.parametrize(("sent", "amount"), [("2.5", 250), (3, 300), (-3, -300), (Decimal("0.01"), 1)])
def test_quantities(sent: str | int | Decimal, amount: int) -> None:
    assert Quantity.of(sent, "data", 2) == Quantity(amount, "data", 2)
    assert Quantity(amount, "data", 2).decimal == Decimal(amount) / 100


@pytest.mark.parametrize("sent", [2.5, True, None, "2.555"])
def test_quantities_that_are_refused(sent: object) -> None:
    with pytest.raises(ValueFault):
        Quantity.of(sent, "data", 2)  # type: ignore[arg-type]


@given(st.decimals(-1000, 1000, places=9))
def test_rates_are_exact(value: Decimal) -> None:
    text = f"{value:f}"
    assert Fraction(*parse_rate(text)) == Fraction(value)
    assert Fraction(*parse_rate(text + "%")) == Fraction(value) / 100
    assert Rate.of(str(Rate.of(text))) == Rate.of(text)


@pytest.mark.parametrize("text", ["", "%", "25 %", "25%%", "%25", "0.1234567891", "1/4", "1e-2"])
def test_rates_that_are_refused(text: str) -> None:
    with pytest.raises(ValueFault):
        parse_rate(text)


def test_the_currency_table() -> None:
    assert {code: currency_decimals(code) for code in ("JPY", "GBP", "USD", "CNY", "KWD", "BHD", "ISK", "CLF")} == {
        "JPY": 0, "GBP": 2, "USD": 2, "CNY": 2, "KWD": 3, "BHD": 3, "ISK": 0, "CLF": 4,
    }  # fmt: skip
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCY_DECIMALS)
    assert len(CURRENCY_DECIMALS) > 150
    for unknown in ("gbp", "XXX", "", "GBPP"):
        with pytest.raises(ValueFault, match="is not an ISO 4217 currency code"):
            currency_decimals(unknown)
