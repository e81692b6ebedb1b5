"""The tape: programs of a few rules by columns and by rows, construct after construct.

What is compared, and how histories are made, stands in `columnar_trials.py`; here are the programs: each is about one
thing that the compiler of the tape does, and says what has no columnar form where it has none.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from rules_engine import Source, load
from rules_engine.backends.columnar import Columnar
from tests.columnar_trials import play_columns
from tests.histories import history

HEADER = """language 1
program "Tape" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
  stacking   { item: all in order "A"   basket: all in order "B" }
}
unit point, points { rounded down   lasts forever }
event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40   bought_at: instant   customer: member?   channel: web | app | store
  lines 0 to 20 {
    sku: text up to 20 as id   category: grocery | toys | books   for_day: date?
    pieces: count up to 100 as quantity   price: money up to 500 GBP as list each
  }
}
member { joined: date   plan: basic | plus }
period spring = 1 Mar to 31 May every year
"""
STACKING = '  stacking   { item: all in order "A"   basket: all in order "B" }\n'
OFFERS = """
item offer "A" { on purchase automatic  take %s }
basket offer "B" { on purchase automatic  take 3 GBP off the total of lines }
"""
EARN = 'earn "E" { on purchase  %s }\n'

PROGRAMS = {
    "by line": OFFERS % "10% of list off each line where category is toys",
    "by unit": OFFERS % "15% of current off each unit where category is not books",
    "a price for each unit": OFFERS % "2 GBP off each unit",
    "in a period": OFFERS % "1 GBP off each line where has for_day and for_day in spring",
    "one amount over lines": OFFERS % "5 GBP off the total of lines where category is toys",
    "units that are picked": OFFERS % "50% of current off each unit at every 2nd of 3, dearest first",
    "a split that is even": OFFERS % "7 GBP off the total of lines, split evenly",
    "whole steps": OFFERS % "33% of current off each line, in steps of 0.50 GBP",
    "effects, a charge and a gift": OFFERS
    % '1 GBP off each line  take 5% of current off each unit  charge 2 GBP as "fee"  add 1 "TOY" free',
    "limits": EARN % "give 3 points per full 1 GBP of net  at most 50 points per member per calendar month"
    + 'earn "F" { on purchase  give 5 points  at most 2 times per member per calendar year }\n',
    "a window": "track often = count, on purchase, per 90 days\n"
    + EARN % "when often >= 1  give 3 points per full 1 GBP of net"
    + 'earn "W" { on purchase  give 3 points per full 1 GBP of net  at most 90 points per member per 30 days }\n',
    "tables": EARN % "give by channel { web: 2 points  app: 3 points  otherwise: no award } per full 1 GBP of net",
    "a track": "track spend = sum of net, on purchase, per calendar year\n"
    "tiers { Blue  Silver when spend >= 100 GBP  Gold when spend >= 400 GBP  counts from the next event\n"
    "  lasts until end of next calendar year  then the earned tier }\n"
    'earn "E" { on purchase  give by tier { Gold: 3 points  otherwise: 1 point } per full 1 GBP of net }\n',
    "a life by the tier that ends": "track spend = sum of net, on purchase, per calendar month\n"
    "tiers { Blue  Silver when spend >= 20 GBP  Gold when spend >= 40 GBP  counts from the next event\n"
    "  lasts by tier { Gold: for 90 days  otherwise: for 8 days }  then 1 tier down }\n",
    "many rules": "".join(
        f'earn "E{number}" {{ on purchase  when channel is {channel}  give {number + 1} points }}\n'
        for number, channel in enumerate(["web", "app", "store"] * 6)
    ),
}


def text_of(name: str) -> str:
    """A whole program."""
    rules = PROGRAMS[name]
    return (HEADER if 'offer "A"' in rules else HEADER.replace(STACKING, "")) + rules


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_columns_equal_rows(name: str, engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    core = load([Source("tape.rules", text_of(name))]).core
    assert Columnar(core, "numpy").refused == {}
    for seed in range(4):
        rng = Random(seed)
        assert play_columns(core, history(core, rng), engine, Counter(), rng) > 0  # type: ignore[arg-type]


def test_what_was_compiled_before_a_module_was_written_is_forgotten(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    from rules_engine.backends.columnar.loops.jit import forget_older

    old, new = tmp_path / "kernel.walk-1.nbi", tmp_path / "kernel.walk-2.nbi"
    for each in (old, new):
        each.touch()
    os.utime(old, (0, 0))
    forget_older(tmp_path)
    assert list(tmp_path.iterdir()) == [new]
