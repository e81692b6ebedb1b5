"""How far chance reaches: 95% intervals of a difference of two means and of their ratio, from sums over members.

In: of each of two groups how many there are, and the sums of their amounts, squares and cubes, whole numbers all. Out:
exact means and variances; roots to many digits; no binary fraction.

- The difference of means has Welch's standard error, the root of `s1^2/n1 + s2^2/n2`, and Student's t with the degrees
  of freedom of Welch and Satterthwaite (Welch 1947), rounded down to those of the table, so never too narrow.
- Their ratio has the interval of Fieller (1954) with the same t. It holds the ratio 1 where the other holds the
  difference 0, so the two never contradict each other.
- Means of fewer than 30 are not taken for normal. Amounts that are far from normal need more: 355 times their
  skewness squared (Kohavi and others, Seven Rules of Thumb for Web Site Experimenters, 2014).
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Final, TypeAlias

import msgspec

FEWEST: Final = 30
_KOHAVI: Final = 355
_DIGITS: Final = 10**30

_T: Final[tuple[tuple[int, str], ...]] = (
    (1, "12.706"), (2, "4.303"), (3, "3.182"), (4, "2.776"), (5, "2.571"), (6, "2.447"), (7, "2.365"), (8, "2.306"),
    (9, "2.262"), (10, "2.228"), (11, "2.201"), (12, "2.179"), (13, "2.160"), (14, "2.145"), (15, "2.131"),
    (16, "2.120"), (17, "2.110"), (18, "2.101"), (19, "2.093"), (20, "2.086"), (21, "2.080"), (22, "2.074"),
    (23, "2.069"), (24, "2.064"), (25, "2.060"), (26, "2.056"), (27, "2.052"), (28, "2.048"), (29, "2.045"),
    (30, "2.042"), (40, "2.021"), (50, "2.009"), (60, "2.000"), (80, "1.990"), (100, "1.984"), (200, "1.972"),
    (500, "1.965"), (1000, "1.962"), (10_000, "1.960"),
)  # fmt: skip
"""The two-sided 5% point of Student's t, by degrees of freedom."""

Interval: TypeAlias = tuple[Fraction, Fraction]


class Sample(msgspec.Struct, frozen=True):
    """One group: how many members, and the sums of their amounts, of the squares and of the cubes."""

    count: int
    total: int
    squares: int
    cubes: int = 0

    @property
    def mean(self) -> Fraction:
        """The mean of the amounts."""
        return Fraction(self.total, self.count)

    @property
    def of_mean(self) -> Fraction:
        """The variance of the mean: that of the sample, by how many there are."""
        spread = self.squares - self.mean * self.total
        return spread / (self.count - 1) / self.count

    @property
    def enough(self) -> int:
        """From how many on the mean is about normal: 355 times the skewness squared.

        >>> Sample(4, 4, 16, 64).enough  # 0, 0, 0 and 4
        474
        """
        second = self.squares - self.mean * self.total
        if not second:
            return 0
        third = self.cubes - 3 * self.mean * self.squares + 2 * self.mean**2 * self.total
        return -int(-_KOHAVI * third**2 * self.count // second**3)


def t95(freedom: Fraction) -> Fraction:
    """Student's t for 95%, of the next degrees of freedom below that the table has.

    >>> float(t95(Fraction(79))), float(t95(Fraction(80)))
    (2.0, 1.99)
    """
    return next(Fraction(value) for least, value in reversed(_T) if freedom >= least or least == 1)


def difference(more: Sample, less: Sample) -> Interval:
    """The 95% interval of the difference of two means."""
    reach = _t(more, less) * _root(more.of_mean + less.of_mean)
    middle = more.mean - less.mean
    return middle - reach, middle + reach


def ratio(more: Sample, less: Sample) -> Interval | None:
    """The 95% interval of the ratio of two means; None where the lower one may be nothing, so that it has no bounds."""
    t, below = _t(more, less), less.mean
    if below <= 0:
        return None
    unsure = t**2 * less.of_mean / below**2
    if unsure >= 1:
        return None
    middle = more.mean / below
    reach = t / below * _root(more.of_mean * (1 - unsure) + middle**2 * less.of_mean)
    return (middle - reach) / (1 - unsure), (middle + reach) / (1 - unsure)


def _t(one: Sample, other: Sample) -> Fraction:
    parts = [(each.of_mean, each.count - 1) for each in (one, other)]
    whole = sum(variance**2 / below for variance, below in parts)
    return t95(sum((variance for variance, _ in parts), Fraction()) ** 2 / whole if whole else Fraction(1))


def _root(value: Fraction) -> Fraction:
    """The square root, to thirty digits behind the point."""
    return Fraction(isqrt(value.numerator * _DIGITS**2 // value.denominator), _DIGITS)
