"""Intervals of a holdout's lift: against numbers worked by hand, and against plain arithmetic with the same members."""

from __future__ import annotations

import json
import math
import random
import statistics
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rules_engine.workbench.intervals import _T, Sample, difference, ratio, t95
from tests.test_cli import rules
from tests.test_simulate import HOLDOUT, KIOSK, purchase, write


def sample(*amounts: int) -> Sample:
    return Sample(len(amounts), *(sum(each**power for each in amounts) for power in (1, 2, 3)))


# ---- the formulas ----

ONE = sample(275, 210, 190, 236, 170, 179, 169, 201, 219, 226, 231, 196, 190, 217, 214)
TWO = sample(271, 220, 208, 234, 234, 235, 258, 220, 248, 202, 219, 221, 229, 205, 244)


def test_an_example_worked_by_hand() -> None:
    """Two groups of 15: means 208.2 and 229.87, variances of the means 52.45 and 25.42, so 24.99 degrees of freedom."""
    assert (float(ONE.mean), round(float(TWO.mean), 3)) == (208.2, 229.867)
    assert [round(float(each.of_mean), 2) for each in (ONE, TWO)] == [52.45, 25.42]
    low, high = difference(ONE, TWO)
    reach = 2.064 * math.sqrt(52.4495 + 25.4178)  # t of 24 degrees
    assert [round(float(low), 2), round(float(high), 2)] == [round(-21.6667 - reach, 2), round(-21.6667 + reach, 2)]


def _density(t: float, freedom: int) -> float:
    logs = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    return math.exp(logs) / math.sqrt(freedom * math.pi) * math.pow(1 + t * t / freedom, -(freedom + 1) / 2)


@pytest.mark.parametrize(("freedom", "value"), _T)
def test_every_value_of_the_table_is_students(freedom: int, value: str) -> None:
    steps = 4000

    def below(t: float) -> float:
        width = t / steps
        inner = sum((4 if number % 2 else 2) * _density(number * width, freedom) for number in range(1, steps))
        return 0.5 + width / 3 * (_density(0, freedom) + inner + _density(t, freedom))

    assert below(float(value) - 0.0005) <= 0.975 <= below(float(value) + 0.0005)


def test_between_two_rows_of_the_table_the_wider_counts() -> None:
    assert all(t95(Fraction(lower)) > t95(Fraction(upper)) for (lower, _), (upper, _) in pairwise(_T))
    assert t95(Fraction(399, 10)) == t95(Fraction(30)) == Fraction("2.042")
    assert t95(Fraction(10**9)) == Fraction("1.960")


@pytest.mark.parametrize("seed", range(20))
def test_sums_say_what_the_amounts_do(seed: int) -> None:
    drawn = random.Random(seed)
    groups = [[drawn.randrange(5_000) for _ in range(drawn.randrange(30, 60))] for _ in range(2)]
    more, less = (sample(*group) for group in groups)
    spread = [statistics.variance(group) / len(group) for group in groups]
    low, high = difference(more, less)
    freedom = sum(spread) ** 2 / sum(each**2 / (len(group) - 1) for each, group in zip(spread, groups, strict=True))
    reach = float(t95(Fraction(freedom))) * math.sqrt(sum(spread))
    middle = statistics.mean(groups[0]) - statistics.mean(groups[1])
    assert (float(low), float(high)) == pytest.approx((middle - reach, middle + reach))
    ends = ratio(more, less)
    assert ends is not None
    for end in map(float, ends):  # Fieller: the ratio at which what is left is just as far from 0 as t allows
        left = float(more.mean) - end * float(less.mean)
        assert abs(left) == pytest.approx(
            float(t95(Fraction(freedom))) * math.sqrt(spread[0] + end**2 * spread[1]), rel=1e-6
        )


@pytest.mark.parametrize("seed", range(40))
def test_the_two_intervals_never_contradict_each_other(seed: int) -> None:
    drawn = random.Random(seed)
    more, less = (sample(*(drawn.randrange(900, 1_100) for _ in range(30))) for _ in range(2))
    ends = ratio(more, less)
    assert ends is not None
    low, high = difference(more, less)
    assert (low <= 0 <= high) == (ends[0] <= 1 <= ends[1])


def test_a_mean_that_may_be_nothing_bounds_no_ratio() -> None:
    assert ratio(sample(5, 6, 7), sample(0, 0, 9)) is None
    assert ratio(sample(5, 6, 7), sample(0, 0, 0)) is None


def test_a_group_without_spread_is_certain() -> None:
    assert difference(sample(5, 5, 5), sample(2, 2, 2)) == (Fraction(3), Fraction(3))


def test_how_many_are_enough_grows_with_the_skewness() -> None:
    assert sample(1, 2, 3, 4, 5).enough == 0  # symmetric
    assert sample(0, 0, 0, 4).enough == 474  # skewness 2/sqrt(3), so 355 * 4/3
    assert sample(7, 7, 7).enough == 0


def test_nine_in_ten_and_a_half_hold_the_truth() -> None:
    """1,000 draws of two groups, truly 3 apart: 95% hold it, give or take what chance allows (5 standard errors)."""
    drawn = random.Random(7)
    held = 0
    for _ in range(1_000):
        more = sample(*(1_030 + drawn.randrange(-200, 201) for _ in range(40)))
        less = sample(*(1_000 + drawn.randrange(-90, 91) for _ in range(30)))
        low, high = difference(more, less)
        held += low <= 30 <= high
    assert 915 <= held <= 985


# ---- in the report ----


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    (tmp_path / "kiosk.rules").write_text(KIOSK.replace("basket offer", f"{HOLDOUT}basket offer", 1))
    return tmp_path


def told(folder: Path, kept: list[str], others: list[str]) -> dict[str, Any]:
    """A history in which everybody buys once, for the pounds listed; none for an empty text."""
    members = [(f"k{number}", "true", pounds) for number, pounds in enumerate(kept)]
    members += [(f"o{number}", "false", pounds) for number, pounds in enumerate(others)]
    (folder / "members.csv").write_text("member,kept\n" + "".join(f"{who},{flag}\n" for who, flag, _ in members))
    write(folder / "history.ndjson", [purchase(who, "2027-03-01", pounds, who) for who, _, pounds in members if pounds])
    files = ("--events", "history.ndjson", "--members", "members.csv", "--format", "json")
    return dict(json.loads(rules("simulate", "kiosk.rules", *files, cwd=folder).stdout))


def test_the_interval_of_a_lift_by_hand(kiosk: Path) -> None:
    """Kept out: 10 and 20 in turn, so 15 on average, and 25/29 is the variance of the mean. The others: 30 less a
    tenth, without spread. So 29 degrees of freedom: 12 +- 2.045 * sqrt(25/29) = 12 +- 1.90."""
    (lift,) = told(kiosk, ["10.00", "20.00"] * 15, ["30.00"] * 30)["holdouts"]
    assert lift["difference"] == {"exact": "12", "shown": "12.00"}
    assert lift["difference, 95%"] == {"low": "10.10", "high": "13.90", "shown": "10.10 to 13.90"}
    # Fieller: g = 2.045^2 * (25/29) / 15^2 = 0.016023; (1.8 +- 2.045 / 15 * 1.8 * sqrt(25/29)) / (1 - g) - 1
    assert lift["lift, 95%"] == {"low": "59.78%", "high": "106.09%", "shown": "59.78% to 106.09%"}
    assert lift["lift"]["shown"] == "80.00%"


def test_below_thirty_there_are_too_few(kiosk: Path) -> None:
    found = told(kiosk, ["10.00", "20.00"] * 15, ["30.00"] * 29)
    (lift,) = found["holdouts"]
    assert lift["difference"]["shown"] == "12.00"
    assert lift["difference, 95%"] == lift["lift, 95%"] == {"shown": "too few"}
    assert len(found["notes"]["holdouts"]) == 1, "nothing is said of skewness where there is no interval"


def test_those_who_bought_nothing_count(kiosk: Path) -> None:
    """Thirty kept out, of whom one bought: skewed, and the mean may as well be nothing."""
    found = told(kiosk, ["60.00"] + [""] * 29, ["30.00", "20.00"] * 15)
    (lift,) = found["holdouts"]
    assert lift["net each, kept out"]["shown"] == "2.00"
    # s^2/n = 60^2 * (1/30 - 1/900) * 30/29 / 30 = 4; 22.50 - 2 -+ 2.042 * sqrt(4 + 4.5^2/29), 38 degrees of freedom
    assert lift["difference, 95%"]["shown"] == "16.07 to 24.93"
    assert lift["lift, 95%"] == {"shown": "no bounds"}
    method, rough = found["notes"]["holdouts"]
    assert "Welch" in method
    assert rough.startswith("1. in GBP: few members bring much")
    assert "with 9,598 and 0 members" in rough


def test_text_and_page_say_the_same(kiosk: Path) -> None:
    pytest.importorskip("matplotlib")
    told(kiosk, ["10.00", "20.00"] * 15, ["30.00"] * 30)
    files = ("--events", "history.ndjson", "--members", "members.csv", "--html", "page.html")
    text = rules("simulate", "kiosk.rules", *files, cwd=kiosk).stdout
    page = (kiosk / "page.html").read_text()
    for part in ("10.10 to 13.90", "59.78% to 106.09%"):
        assert part in text
        assert part in page
    note = "95%: Welch's interval of the difference, Fieller's of the lift, where both groups have 30 members"
    assert f"\n  {note}" in text
    assert "Welch&#x27;s interval of the difference" in page


def test_another_interval_is_a_difference_of_two_programs(kiosk: Path) -> None:
    told(kiosk, ["10.00", "20.00"] * 15, ["30.00"] * 30)
    (kiosk / "old.rules").write_text((kiosk / "kiosk.rules").read_text().replace("10% of current", "20% of current"))
    files = ("--events", "history.ndjson", "--members", "members.csv", "--against")
    text = rules("simulate", "kiosk.rules", *files, "old.rules", cwd=kiosk).stdout
    assert "difference, 95% 7.10 to 10.90 -> 10.10 to 13.90\n" in text
    assert "  no difference\n" in rules("simulate", "kiosk.rules", *files, "kiosk.rules", cwd=kiosk).stdout
