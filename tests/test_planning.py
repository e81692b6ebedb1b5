"""How rules are found: what the plan says, and that nobody can see from an answer that rules were found at all."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import targeted, targeted_rules
from rules_engine import ir
from rules_engine.backends.python import Python, dispatch, folding, module, offers
from rules_engine.backends.python.dispatch import windows_of
from rules_engine.backends.python.thinning import thinned
from rules_engine.backends.python.unsupported import why_stepped_offers
from rules_engine.backends.reference import Reference
from rules_engine.cli.plan import command
from rules_engine.decoding import decode, decode_facts
from rules_engine.event import Event
from rules_engine.outcome import Refused
from rules_engine.pipeline import load
from rules_engine.planning import Plan, plan, refilled, shared
from rules_engine.scoring import Program, planned
from rules_engine.source import Source
from rules_engine.state import Shared, State
from tests import many_rules, trials
from tests.strategies import Of

HEAD = """language 1
program "Plans" { currency GBP, rounded half up   timezone "Europe/London"   split evenly, odd pennies to the first %s}
unit point, points { rounded down   lasts forever }
period spring = 1 Mar to 31 May every year
event order dated by day of who identified by no {
  no: text   day: date   who: member   kind: web | app | store   land: text?   level: count up to 50
  share: rate   hot: flag   until: date?   codes: codes up to 5
  lines 0 to 10 {
    sku: text   sort: food | wine   pieces: count up to 9 as quantity   price: money up to 50 GBP as list each
  }
}
member { segment: text   clubs: list of up to 9 text   plan: basic | plus }
track spend = sum of net, on order, per calendar year
"""


def _found(rule: str, beside: str = "", stacking: str = "") -> tuple[tuple[str, ...], str]:
    """How the last rule of a program is found, and why not."""
    text = HEAD % stacking + beside + "\n" + rule + "\n"
    each = planned(load([Source("plans.rules", text)])).rules
    last = next(one for one in each if one.title == "X")
    return last.found, last.why


EARN = 'earn "X" {{ on order   when {}   give 1 point }}'
OF_LINES = 'earn "X" {{ on order   give 1 point per full 1 GBP of net of lines where {} }}'


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ('segment_is and kind is app', ("member.segment: G",)),
        ("kind is app", ("kind: app",)),
        ("kind is not app", ("kind: web, store",)),
        ("not (kind is app or kind is web)", ("kind: store",)),
        ('has land and land is "GB"', ("land: GB",)),
        ('has land and land in ("A", "B", "C", "D", "E", "F")', ("land: A, B, C, D and 2 more",)),
        ('"G" in member.clubs', ("member.clubs: G",)),
        ("hot", ("hot: hot",)),
        ("not hot", ("hot: not hot",)),
        ("level >= 3 and level < 7", ("level: level >= 3",)),
        ("share >= 12.5%", ("share: share >= 12.5%",)),
        ('kind is app or "G" in member.clubs', ("kind: app", "member.clubs: G")),
        ('(kind is app and level >= 3) or (has land and land is "GB")', ("kind: app", "land: GB")),
        ("2 <= level", ("level: 2 <= level",)),
    ],
)  # fmt: skip
def test_conditions_of_events(when: str, found: tuple[str, ...]) -> None:
    beside = 'define segment_is = member.segment is "G"'
    assert _found(EARN.format(when), beside) == (found, "")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('sku is "A"', ("sku of a line: A",)),
        ('sort is wine and sku in ("A", "B")', ("sku of a line: A, B",)),
        ("sort is not wine", ("sort of a line: food",)),
        ('sku is "A" or sku is "B"', ("sku of a line: A, B",)),
        ("pieces >= 3", ("pieces of a line: pieces >= 3",)),
    ],
)
def test_conditions_of_lines(where: str, found: tuple[str, ...]) -> None:
    assert _found(OF_LINES.format(where)) == (found, "")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("earn | from 2027-03-01 until 2027-03-14   give 1 point", ("the day from 2027-03-01 until 2027-03-14",)),
        ("earn | give by kind { web: 5 points   app: 3 points   otherwise: nothing }", ("kind: web, app",)),
        ('basket offer | with code "SUN-1"   take 1 GBP off the total of lines', ("a presented code: SUN1",)),
        ('item offer | automatic   take 10% of current off each unit where sku is "A"', ("sku of a line: A",)),
    ],
)
def test_dates_tables_codes_offers(rule: str, found: tuple[str, ...]) -> None:
    kind, _, clauses = rule.partition("|")
    assert _found(f'{kind}"X" {{ on order {clauses} }}') == (found, "")


ALONE = "what it could be found by is worked out for this rule alone"
NO_CONSTANT = "no part of its condition holds a field, a fact or a sum to a constant"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ('earn "X" { on order   give 1 point }', "it has no condition, and what it acts on is always there"),
        (EARN.format("level >= 5 or list >= net"), ALONE),
        (EARN.format('not (has land and land is "GB")'), NO_CONSTANT),
        ('earn "X" { on order   give 10% of base }', "what it gives hangs on what another rule gave"),
        ('basket offer "X" { on order   automatic   when current >= 9 GBP   take 1 GBP off the total of lines }',
         "what lines cost moves while offers run"),
    ],
)  # fmt: skip
def test_why_a_rule_is_asked_on_every_event(rule: str, why: str) -> None:
    beside = 'earn "Base" as base { on order   give 1 point per full 1 GBP of net }'
    assert _found(rule, beside) == ((), why)


def test_what_several_rules_share_is_named_once() -> None:
    rules = "\n".join(f'earn "R{n}" {{ on order   when spend >= {n} GBP   give 1 point }}' for n in range(1, 9))
    core = load([Source("plans.rules", HEAD % "" + rules + "\n")]).core
    only = shared(plan(core))
    assert [each.rules for each in only] == [8]
    assert isinstance(only[0].subject.expr, ir.TrackRead)


# ---- the plan


def _core(seed: int, count: int = 120) -> ir.Program:
    return trials.core_of(many_rules.case(seed, count).text)


def test_the_plan_can_be_kept() -> None:
    found = plan(_core(1))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Plan) == found


def test_a_rule_filled_with_its_own_constants_is_the_rule() -> None:
    core = _core(2)
    for rule in (*core.offers, *core.rules):
        assert refilled(rule, lambda constant: constant) == rule


def test_rules_of_a_shape_differ_in_constants_alone() -> None:
    core = trials.core_of(targeted_rules.text(400))
    found = plan(core)
    assert sorted(len(shape.rules) for shape in found.shapes) == [40, 40, 40, 40, 80, 160]
    rules = (*core.offers, *core.rules)
    for shape in found.shapes:
        first, last = rules[shape.rules[0]], rules[shape.rules[-1]]
        constants: list[list[Any]] = [[], []]
        for place, rule in enumerate((first, last)):
            refilled(rule, lambda constant, of=constants[place]: of.append(constant) or constant)  # type: ignore[misc]
        assert [type(each) for each in constants[0]] == [type(each) for each in constants[1]]


def test_a_thin_program_answers_for_all() -> None:
    for seed in range(2):
        core = trials.core_of(many_rules.case(seed, 300, 1, few=True).text)
        whole, thin = Reference(core), Reference(thinned(core, plan(core)))
        assert len(thin.core.rules) < len(core.rules)
        for event in core.events:
            assert why_stepped_offers(event, whole) == why_stepped_offers(event, thin)
            assert whole.world.reads[event.name] == thin.world.reads[event.name]


# ---- windows


@given(st.lists(st.tuples(st.none() | st.integers(0, 30), st.none() | st.integers(0, 30)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_windows_are_those_that_hold_a_value(ends: list[tuple[int | None, int | None]]) -> None:
    spans = [(low, high, place) for place, (low, high) in enumerate(ends)]
    find = windows_of(spans)
    for value in range(-1, 33):
        held = [n for low, high, n in spans if (low is None or low <= value) and (high is None or value < high)]
        assert sorted(find(value)) == held


def test_windows_that_all_overlap_take_little_room() -> None:
    rng = Random(3)
    spans = [(rng.randrange(10**6), 10**6 + rng.randrange(10**6), place) for place in range(3_000)]
    find = windows_of(spans)
    assert find.__qualname__.startswith("_by_halves")
    for value in [rng.randrange(2 * 10**6) for _ in range(200)]:
        assert sorted(find(value)) == [place for low, high, place in spans if low <= value < high]


# ---- generated code that finds rules agrees with the reference


@pytest.mark.parametrize("seed", range(8))
def test_found_or_asked_the_answer_is_the_same(seed: int) -> None:
    """Hundreds of rules of few shapes, with limits, groups, holdouts, codes, awards that read awards, guests."""
    case = many_rules.case(seed, 100, 14) if seed % 2 else many_rules.case(seed, 300, 10, few=True)
    ours = load([Source("many.rules", case.text)])
    core, python, states, acts = ours.core, ours.backend, dict[str, State](), 0
    assert isinstance(python, Python)
    assert python.source.count("sorted(set(hits") >= 2
    assert python.stepped == {}
    theirs = Program(core, ours.sources, python.reference, ours.fingerprint)
    for sent, told in case.events:
        event = decode(sent, core)
        assert isinstance(event, Event)
        facts = decode_facts(told, core) if event.member is not None else {}
        assert isinstance(facts, dict)
        state = states.get(event.member or "", State())
        expected = trials.attempt(python.reference, event, facts, state, Shared())
        trials.compare(expected, trials.attempt(python, event, facts, state, Shared()), event.id)
        assert ours.score(sent, told, state) == theirs.score(sent, told, state)
        assert not isinstance(expected, Refused)
        acts += len(expected.awards) + len(expected.discounts)
        if event.member is not None:
            states[event.member] = trials.after(state, event, expected)
    assert acts > 60


@pytest.fixture
def any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are looked for however few there are."""
    for where in (folding, module, dispatch, offers):
        monkeypatch.setattr(where, "LEAST", 1)


@pytest.mark.parametrize("of", ["visits", "plain", "owning"])
@pytest.mark.usefixtures("any_number")
def test_every_construct_can_stand_in_a_block(of: Of) -> None:
    for seed in range(500, 506):
        found = trials.trial(seed, events=8, format_too=False, of=of)
        assert not isinstance(found, trials.Finding), found


def test_code_grows_with_shapes_and_not_with_rules() -> None:
    few, many = (Python(trials.core_of(targeted_rules.text(count))) for count in (120, 1_200))
    assert few.source.count("\n") == many.source.count("\n")
    assert targeted_rules.basket(1)["order_no"] not in many.source
    assert "S110" not in many.source


def test_texts_of_rules_are_data() -> None:
    """Constants of rows never reach the source."""
    name = "'); print(1) #"
    rules = "\n".join(
        f'earn "{name} {n}" {{ on order   when member.segment is "{name}{n}"   give {n} points }}' for n in range(1, 20)
    )
    program = load([Source("plans.rules", HEAD % "" + rules + "\n")])
    assert isinstance(program.backend, Python)
    assert "print(1)" not in program.backend.source
    event = {"event": "order", "no": "1", "day": "2027-03-01", "who": "m", "kind": "web", "level": 1, "share": "1%",
             "hot": False, "codes": [], "lines": []}  # fmt: skip
    facts = {"segment": f"{name}7", "clubs": [], "plan": "plus"}
    assert [(each.rule, each.given) for each in program.score(event, facts).awards] == [(f"{name} 7", 7)]


def test_targeted_rules_by_hand_and_by_the_engine_are_equal() -> None:
    table = targeted.run(rounds=1, count=40, sizes=(10, 100))[0]
    assert [row[0] for row in table.rows] == ["10", "100"]
    assert set(table.measured) == {"growth"}


# ---- the command


def test_the_command_says_it_as_json(tmp_path: Any) -> None:
    path = tmp_path / "plans.rules"
    path.write_text(targeted_rules.text(30), encoding="utf-8")
    done = CliRunner().invoke(command, [str(path), "--format", "json", "--max-cost", "500"], standalone_mode=False)
    assert done.return_value == 1
    said = json.loads(done.stdout)
    assert len(said["plan"]["rules"]) == 30
    assert {"Article 0", "Brand 4"} <= set(said["above"])
    assert "Segment 6" not in said["above"]


def test_the_command_shows_rules_that_are_alike_together(tmp_path: Any) -> None:
    path = tmp_path / "plans.rules"
    path.write_text(targeted_rules.text(100), encoding="utf-8")
    short = CliRunner().invoke(command, [str(path)], standalone_mode=False)
    every = CliRunner().invoke(command, [str(path), "--every", "--max-cost", "100000"], standalone_mode=False)
    assert short.return_value == every.return_value == 0
    assert "and 39 more like it" in short.stdout
    assert every.stdout.count("found by") == 100
