"""The generated Python of programs with offers: as it is read by a person (a golden file), and what it gives.

`pytest --update-golden` writes the file; review the difference.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from rules_engine.backends.python import Python
from rules_engine.calendar import zone_version
from rules_engine.outcome import Outcome
from rules_engine.pipeline import compile_core
from rules_engine.scoring import Program
from rules_engine.state import Shared, State
from tests.plain_offers import facts_of, plain_orders, plain_program
from tests.trials import core_of

ROOT = Path(__file__).parents[1]
RULES = ROOT / "benchmarks" / "heavy.rules"
GOLDEN = ROOT / "tests" / "data" / "generated_offers.txt"
PROGRAMS = 80
MET = ("discounts", "cut", "code acted", "code refused", "reserved", "guest", "charges", "gifts", "shipping", "tax")


def test_offers_are_straight_lines(update_golden: bool) -> None:
    """The function that takes a decoded event; the others differ in how they load."""
    core, _ = compile_core(RULES)
    backend = Python(core)
    assert backend.delegated == {}
    source = backend.source
    start = source.index("def score0_purchase_event(")
    text = source[start : source.index("def score0_purchase_raw(")].rstrip() + "\n"
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("shard", range(2))
def test_plain_offers_are_generated_and_agree(shard: int) -> None:
    """Programs without rare constructs: nothing is handed to the reference, and every way in gives what it gives."""
    met = Counter[str]()
    for seed in range(shard * PROGRAMS, (shard + 1) * PROGRAMS):
        _agree(seed, met)
    assert met["generated"] > 0.6 * PROGRAMS, met
    wanted = (
        "discounts",
        "cut",
        "code acted",
        "code refused",
        "reserved",
        "guest",
        "charges",
        "gifts",
        "shipping",
        "tax",
    )
    assert all(met[word] for word in wanted), met


def _agree(seed: int, met: Counter[str]) -> None:
    text, shape = plain_program(seed)
    core = core_of(text)
    backend = Python(core, "", zone_version())
    met["delegated" if backend.delegated else "generated"] += 1
    fast, slow = Program(core, backend=backend), Program(core)
    state, shared = State(), Shared()
    for order in plain_orders(shape, seed, 6):
        facts = facts_of(order, seed)
        wanted = slow.score(order, facts, state, shared)
        typed = msgspec.convert(order, fast.event_type("purchase"))
        for sent in (order, fast.event(order), typed):
            got = fast.score(sent, facts, state, shared)
            assert msgspec.structs.replace(got, fingerprint=wanted.fingerprint) == wanted, (seed, text, order)
        _meet(wanted, met)
        if wanted.member is not None:
            state = slow.apply(state, wanted)
        shared.reserve(wanted.reserved)


def _meet(outcome: Outcome, met: Counter[str]) -> None:
    met["discounts"] += len(outcome.discounts)
    met["cut"] += sum(bool(each.cut_by) for each in outcome.discounts)
    met["code acted"] += sum(bool(each.rules) for each in outcome.codes)
    met["code refused"] += sum(bool(each.reason) for each in outcome.codes)
    met["reserved"] += len(outcome.reserved)
    met["guest"] += outcome.member is None
    met["charges"] += len(outcome.charges)
    met["gifts"] += len(outcome.gifts)
    met["shipping"] += bool(outcome.price and outcome.price.shipping)
    met["tax"] += bool(outcome.price and outcome.price.tax)
