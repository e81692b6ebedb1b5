"""Events without a member, by columns and by rows: rules that only say something say it to guests too; the rest is for
members.

Histories and comparisons are those of `columnar_trials.py`.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from rules_engine.backends.columnar import Columnar
from tests.columnar_trials import by_rows, engines, play_columns
from tests.histories import History, history
from tests.trials import core_of

pytest.importorskip("numpy")

HEADER = """language 1
program "Guests" { currency GBP, rounded down   timezone "Europe/London" }
unit point, points { lasts for 2 months after last visit }
event visit dated by seen of who identified by ref {
  ref: text   who: member?   seen: date   rooms: count up to 9   shown: codes up to 3
  lines 0 to 6 { amount: money up to 90 GBP as list }
}
member { plan: basic | plus }
track stays = count, on visit, per calendar year
earn "Points" { on visit  give 1 point per full 1 GBP of net }
"""
HELLO = 'reward "Hello" { on visit  %s  say "Hello"  say "Again" }\n'
FIRST = 'group words { first per basket in order "Hello", "Bye" }\n'
RULES = {
    "always": HELLO % "",
    "an earn": (HELLO % "when rooms >= 4").replace("reward", "earn"),
    "where it holds": HELLO % "when rooms >= 4",
    "a member asked first": HELLO % "when (has member and member.plan is plus) or not has member",
    "a member alone": HELLO % "when has member and has member.plan",
    "held out": HELLO % "" + 'holdout 60% of members salt "s" from "Hello"\n',
    "by a code": HELLO % 'with code "A1"' + HELLO.replace("Hello", "Paid") % 'with code "WELCOME"  give 1 point',
    "the first of a group": FIRST + "".join(
        HELLO.replace('"Hello"', f'"{name}"', 1).replace("}", "  competes in words }") % "" for name in ("Hello", "Bye")
    ),
    "limited": HELLO.replace("}", "  once per member }") % "",
}  # fmt: skip
GUEST = {"event": "visit", "ref": "guest", "seen": "2027-02-01", "rooms": 5, "shown": ["A1"], "lines": []}


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("engine", engines())
def test_columns_equal_rows(name: str, engine: str) -> None:
    core = core_of(HEADER + RULES[name])
    assert Columnar(core, "numpy").refused == {}
    met = Counter[str]()
    for seed in range(4):
        rng = Random(seed)
        play_columns(core, history(core, rng, 30), engine, met, rng)  # type: ignore[arg-type]
    assert met["by columns"] > 60


@pytest.mark.parametrize(("name", "hears"), [("always", True), ("limited", False), ("by a code", True)])
def test_a_guest_hears_what_costs_nothing(name: str, hears: bool) -> None:
    core, told = core_of(HEADER + RULES[name]), History({}, (GUEST,))
    rows = by_rows(core, told)
    assert [each.text for each in rows.found[0].said] == (["Hello", "Again"] if hears else [])  # type: ignore[union-attr]
    assert play_columns(core, told, "numpy", Counter(), Random(1), rows) == 1


def test_what_a_group_limits_is_not_said_by_columns() -> None:
    group = 'group words { all in order "Hello"  at most 2 times per member }\n'
    rules = group + HELLO.replace("}", "  competes in words }") % ""
    assert "limited" in Columnar(core_of(HEADER + rules), "numpy").refused["visit of a guest"]
