"""The generated Python of programs with offers: as it is read by a person (a golden file), and what it gives.

`pytest --update-golden` writes the file; review the difference.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from rules_engine import tree
from rules_engine.backends import Backend, Evaluation
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.calendar import parse_date, zone_version
from rules_engine.lowering import fingerprint
from rules_engine.outcome import EventRefused, Outcome
from rules_engine.pipeline import check, compile_core, load
from rules_engine.scoring import Program
from rules_engine.state import Shared, State
from rules_engine.workbench import TestCase, run_tests
from rules_engine.workbench.engine import Asked, Engine
from rules_engine.workbench.told import NotGiven
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
    assert backend.stepped == {}
    source = backend.source
    start = source.index("def score0_purchase_event(")
    text = source[start : source.index("def score0_purchase_raw(")].rstrip() + "\n"
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


FEE = """language 1
program "Fee" { currency GBP, rounded half up   timezone "Europe/London"   weeks start Monday }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date   postage: money up to 30 GBP as shipping
  lines 0 to 6 { price: money up to 900 GBP as list   before: money? up to 900 GBP as was }
}
shipping offer "Card" { on purchase  automatic  charge 8% of was as "card fee" }
"""


def test_what_lines_cost_before_is_summed_beside_shipping() -> None:
    """The sum of what lines cost before is formed as they are read: no list of it is there to hand on."""
    core = core_of(FEE)
    backend = Python(core, fingerprint(core), zone_version())
    assert backend.stepped == {}
    sent = {"event": "purchase", "ref": "1", "who": "m", "on_day": "2027-03-02", "postage": "5.00"}
    lines = [{"price": "20.00", "before": "30.00"}, {"price": "10.00"}]
    found = Program(core, backend=backend).score({**sent, "lines": lines}, {}, None)
    assert found == Program(core).score({**sent, "lines": lines}, {}, None)
    assert [each.amount for each in found.charges] == [320]


RAISED = """language 1
program "Raised" { currency GBP, rounded half up   timezone "Europe/London"   weeks start Monday }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date   lines 0 to 6 { price: money up to 900 GBP as list each }
}
catalogue offer "Price list" as listed { on purchase  automatic  price each unit at 12 GBP }
holdout 100% of members salt "prices" from listed
"""


def test_a_price_that_rises_for_others_stays_for_who_is_held_out() -> None:
    core = core_of(RAISED)
    backend = Python(core, fingerprint(core), zone_version())
    assert backend.stepped == {}
    sent = {"event": "purchase", "ref": "1", "who": "m", "on_day": "2027-03-02", "lines": [{"price": "9.00"}]}
    found = Program(core, backend=backend).score(sent, {}, None)
    assert found == Program(core).score(sent, {}, None)
    assert [(each.wanted, each.given, each.held_out) for each in found.discounts] == [(-300, 0, True)]


FLOORED = """language 1
program "Floored" { currency GBP, rounded half up   timezone "Europe/London"   weeks start Monday
  split in proportion, odd pennies to first }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date   price: money up to 900 GBP as list each   least: money up to 60 GBP as floor
}
basket offer "Fifth" { on purchase  automatic  take 20% of catalogue off the total of lines }
"""


def test_an_event_without_lines_keeps_its_floor() -> None:
    core = core_of(FLOORED)
    backend = Python(core, fingerprint(core), zone_version())
    assert backend.stepped == {}
    sent = {"event": "purchase", "ref": "1", "who": "m", "on_day": "2027-03-02", "price": "9.99", "least": "9.00"}
    found = Program(core, backend=backend).score(sent, {}, None)
    assert found == Program(core).score(sent, {}, None)
    assert [each.given for each in found.discounts] == [99]


ORDER = """language 1
program "Order" {
  currency GBP, rounded half up   split in proportion, odd pennies to the largest remainder
  stacking { item: best per line in order "R0", "R1", "R2" }
}
unit point, points { rounded down   lasts forever }
unit ticket, tickets counts pieces { lasts forever   balance at least 0 }
event order dated by day of who identified by ref {
  ref: text   who: member?   day: date   friend: member?   shown: tickets? up to 9   codes: codes up to 3
  postage: money up to 90 GBP as shipping
  lines 0 to 9 { sku: text as id   what: x | y   price: money up to 900 GBP as list }
}
member { plan: basic | plus }
"""
LOST = """item offer "R0" { on order   automatic   take 5 GBP off each line where what is x }
item offer "R1" { on order   automatic   take 4 GBP off each line where what is y }
item offer "R2" { on order   with code "TEN"   take 1 GBP off each line }
"""
SHIPPED = """earn "Two" { on order   when count of lines and shipping >= 2   give 1 point per full 1 GBP of net }
"""
PRESENTED = """earn "Shown" {
  on order with 1 ticket from shown   when has friend and friend.plan is plus   give 3 points
}
"""


@pytest.mark.parametrize("rules", [LOST, SHIPPED, PRESENTED], ids=["lost", "shipped", "presented"])
def test_what_goes_by_the_order_of_lines_and_questions(rules: str) -> None:
    """Which rule a code lost to goes by ids of lines; the event's own shipping counts; of a rule that asks for a thing
    nobody else is asked for before it is there."""
    stacking = "  stacking { item: best per line in order" if rules is not LOST else "nothing of it"
    core = core_of("".join(row for row in ORDER.splitlines(True) if not row.startswith(stacking)) + rules)
    lines = [{"sku": sku, "what": what, "price": "20.00"} for sku, what in (("2", "x"), ("1", "y"))]
    sent = {"event": "order", "ref": "1", "who": "m", "day": "2027-03-02", "friend": "other", "shown": 1}
    fast, slow = Program(core, backend=Python(core, fingerprint(core))), Program(core)
    for some in (lines, lines[:1], []):
        order = {**sent, "codes": ["ten"], "postage": "3.00", "lines": some}
        assert fast.score(order, {"plan": "plus"}, None) == slow.score(order, {"plan": "plus"}, None)


PER_POUND = """language 1
program "Per pound" { currency GBP, rounded down   split in proportion, odd pennies to the largest remainder }
unit point, points { rounded down   lasts forever }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date
  lines 0 to 6 { price: money up to 900 GBP as list }
}
item offer "Off" { on purchase  automatic  take 1 GBP off each line }
earn "Each" { on purchase  give 3 points per 2 GBP of net of each line }
"""


@pytest.mark.parametrize(("prices", "weights"), [((11, 1), (15, 0)), ((3, 2), (6, 3)), ((2, 1), (3, 0))])
def test_weights_are_points_not_pennies(prices: tuple[int, ...], weights: tuple[int, ...]) -> None:
    """On each line what it would give by itself, exact, times the least common denominator of all."""
    core = core_of(PER_POUND)
    lines = [{"price": f"{price}.00"} for price in prices]
    for backend in (Reference(core), Python(core, "", zone_version())):
        order = {"event": "purchase", "ref": "A", "who": "m-1", "on_day": "2027-02-03", "lines": lines}
        (award,) = Program(core, backend=backend).score(order, {}).awards
        assert award.weights == weights


WORDS = """language 1
program "Words" { currency GBP, rounded down   split in proportion, odd pennies to the largest remainder
  stacking { %s } }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date   codes: codes up to 3   lines 0 to 6 { price: money up to 900 GBP as list }
}
item offer "One" { on purchase  %s  take 1 GBP off each line  say "One" }
item offer "Two" { on purchase  %s  take 2 GBP off each line  say "Two" }
"""
TURNS = {
    "as listed": WORDS % ('item: all in order "Two", "One"', "automatic", "automatic"),
    "as presented": WORDS % ("item: all in order of codes", 'with code "A1"', 'with code "A2"'),
    "by priority": (WORDS % ("item: all by priority highest first", "automatic", "automatic"))
    .replace('say "One"', 'say "One"  priority 1')
    .replace('say "Two"', 'say "Two"  priority 2'),
}


@pytest.mark.parametrize("case", TURNS)
def test_offers_speak_in_the_order_in_which_they_act(case: str) -> None:
    """Not in the order of the text: what a receipt says first was done first."""
    core = core_of(TURNS[case])
    order = {"event": "purchase", "ref": "A", "who": "m-1", "on_day": "2027-02-03", "codes": ["A2", "A1"],
             "lines": [{"price": "9.00"}]}  # fmt: skip
    for backend in (Reference(core), Python(core, "", zone_version())):
        found = Program(core, backend=backend).score(order, {})
        assert [each.text for each in found.said] == ["Two", "One"]


@pytest.mark.parametrize("shard", range(2))
def test_plain_offers_are_generated_and_agree(shard: int) -> None:
    """Programs with few rare constructs: offers seldom go by a step, and every way in gives the same."""
    met = Counter[str]()
    for seed in range(shard * PROGRAMS, (shard + 1) * PROGRAMS):
        _agree(seed, met)
    assert met["generated"] > 0.6 * PROGRAMS, met
    assert all(met[word] for word in MET), met


def _agree(seed: int, met: Counter[str]) -> None:
    text, shape = plain_program(seed)
    core = core_of(text)
    backend = Python(core, "", zone_version())
    met["stepped" if backend.stepped else "generated"] += 1
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


# ---- programmes as they are published ----

PROGRAMMES = [
    *sorted((ROOT / "tests" / "corpus" / "programmes").glob("*.rules")),
    *sorted({path.parent for path in (ROOT / "examples").glob("*/*.rules")}),
]


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_every_programme_agrees(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests of a programme score is scored by both, and comes to the same, refusals included."""
    program = load(path)
    reference, generated = Reference(program.core), Python(program.core)
    count = 0

    def evaluate(_: Engine, asked: Asked) -> Evaluation:
        nonlocal count
        count += 1
        wanted, got = _attempt(reference, asked), _attempt(generated, asked)
        if isinstance(wanted, Exception):
            assert (type(got), str(got)) == (type(wanted), str(wanted)), asked
            raise wanted
        assert got == wanted, asked
        return wanted

    monkeypatch.setattr(Engine, "evaluate", evaluate)
    checked = check(path)
    cases = [
        TestCase(checked.files[entry.file].source, entry.declaration)
        for entry in checked.tests
        if isinstance(entry.declaration, tree.TestDecl)
    ]
    for _ in run_tests(program, cases):
        pass
    assert count


MONTHS = """
language 1
program "Months" { currency GBP, rounded half up   timezone "Europe/London" }
unit point { rounded down   lasts forever   use oldest first }
event purchase dated by on_day of who identified by ref {
  ref: text   who: member   on_day: date   amount: money up to 900 GBP as list
}
member { plan: text? }
track spend = sum of net, on purchase, per calendar month
earn "Points" { on purchase   give 1 point per 1 GBP of net }
reward "Bonus" { on end of calendar month   when spend >= 10 GBP   give 5 point }
reward "Fee" { on end of calendar month   when spend >= 90 GBP   deduct 500 point }
"""
MARCH, MAY = parse_date("2027-03-01"), parse_date("2027-05-01")


@pytest.mark.parametrize(
    "state",
    [
        State(),
        State(day=MARCH, debts={"point": 3}),
        State(day=MARCH, since=MARCH, tracks={"spend": {MARCH: 500}}),
        State(day=MARCH, since=MARCH, settled={"end of calendar month": MAY - 30}, tracks={"spend": {MARCH: 500}}),
        State(day=MARCH, since=MARCH, settled={"end of calendar month": MAY}, tracks={"spend": {MAY: 500}}),
    ],
    ids=["new", "owing", "unsettled", "settled", "closed"],
)
def test_what_is_owed_and_what_is_not_settled_is_for_the_reference(state: State) -> None:
    core = core_of(MONTHS)
    backend = Python(core, fingerprint(core), zone_version())
    assert "purchase" not in backend.stepped
    fast, slow = Program(core, backend=backend), Program(core)
    for day in ("2027-03-02", "2027-05-03", "2027-05-31", "2027-06-01"):
        order = {"event": "purchase", "ref": day, "who": "m-1", "on_day": day, "amount": "7.00"}
        assert fast.score(order, {}, state) == slow.score(order, {}, state)
        sent = msgspec.json.encode({"event": order, "state": msgspec.json.decode(state.to_json())})
        assert fast.score_json(sent) == slow.score_json(sent)


def _attempt(backend: Backend, asked: Asked) -> Evaluation | EventRefused | NotGiven:
    """What comes of an event, or why nothing does."""
    try:
        return backend.evaluate(*msgspec.structs.astuple(asked))
    except (EventRefused, NotGiven) as reason:
        return reason


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
