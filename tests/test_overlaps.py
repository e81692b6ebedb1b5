"""Offers that cannot meet are not looked at; the findings are those of looking at every pair."""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import Any

import pytest

from rules_engine.checking import check, overlaps
from rules_engine.checking.examples import Examples
from rules_engine.source import Source

HEAD = """language 1
program "Shop" {
  currency GBP, rounded half up   timezone "UTC"
  split in proportion, odd pennies to the largest remainder
}
event purchase dated by bought_at of customer identified by order_no {
  order_no: text   bought_at: instant   customer: member
  lines 0 to 9 { sku: text up to 20   kind: toy | food | book   price: money up to 500 GBP as list }
}
"""
SELECTIONS = (
    'sku is "{a}"',
    'sku in ("{a}", "{b}")',
    'sku is "{a}" and kind is toy',
    "kind is food",
    'kind is book and sku is "{a}"',
    "price >= 3 GBP",
)
TIMES = ("", "from 2027-01-01 until 2027-02-01", "from 2027-03-01 until 2027-04-01")


def program(seed: int, articles: int) -> str:
    """Some offers, most on an article; whether two of them meet is left to luck."""
    random = Random(seed)
    lines = [HEAD]
    for number in range(random.randint(2, 7)):
        a, b = random.sample(range(articles), 2)
        where = random.choices(SELECTIONS, (6, 2, 2, 1, 2, 1))[0].format(a=a, b=b)
        effect = random.choice(("5% of list off each line", "1 GBP off each line"))
        dates = random.choices(TIMES, (4, 1, 1))[0]
        lines.append(f'item offer "O{number}" {{ on purchase   {dates}   automatic   take {effect} where {where} }}')
    return "\n".join([*lines, ""])


def findings(text: str) -> list[tuple[Any, ...]]:
    return [(each.code, each.span, each.data) for each in check([Source("a.rules", text)]).diagnostics]


def test_pairs_that_are_left_out_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [program(seed, articles) for seed in range(60) for articles in (3, 30)]
    found = [findings(text) for text in texts]
    monkeypatch.setattr(overlaps, "_perhaps", lambda members, *_: combinations(members, 2))
    assert [findings(text) for text in texts] == found
    codes = [{code for code, *_ in each} for each in found]
    assert 20 < sum("M231" in each for each in codes) < 100, "some meet, some do not"
    assert all(each <= {"M231"} for each in codes), "nothing else is wrong with them"


def test_thousands_of_offers_are_few_pairs() -> None:
    offers = [
        f'item offer "O{n}" {{ on purchase   automatic   take 5% of list off each line where sku is "{n}" }}'
        for n in range(300)
    ]
    looked_at: list[int] = []
    kept = Examples.of

    def counted(self: Examples, *asked: Any) -> str | None:
        looked_at.append(1)
        return kept(self, *asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Examples, "of", counted)
        assert findings("\n".join([HEAD, *offers, ""])) == []
    assert not looked_at, "no two are on one article"
