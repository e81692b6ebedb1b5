"""`rules diff`: what changed in meaning and nothing else, counts as scoring by hand gives them, limits, escaping."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rules_engine import Program, Source, check, checking, load
from rules_engine.backends import Evaluation
from rules_engine.backends.reference import Reference
from rules_engine.calendar import parse_date
from rules_engine.cli.console import CannotRun
from rules_engine.cli.diff import command
from rules_engine.comparing import (
    Allowed,
    Change,
    Figures,
    Impact,
    NotAllowed,
    allowed,
    changes,
    comparison_json,
    comparison_markdown,
    comparison_text,
    measure,
    side_of,
)
from rules_engine.comparing import canonical as forms
from rules_engine.comparing.canonical import Renames, canonical
from rules_engine.comparing.compared import Comparison
from rules_engine.comparing.markdown import code
from rules_engine.feeds import read_members
from rules_engine.formatting import format_source
from rules_engine.highlighting import tokens
from rules_engine.lowering import fingerprint, lower
from rules_engine.outcome import Outcome
from rules_engine.parsing import parse
from rules_engine.state import State
from rules_engine.workbench import History
from tests.strategies import FILES, seeded
from tests.test_properties import shuffled, steps
from tests.trials import attempt, core_of

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "shop"
HEAD = """language 1
use shop
program "Corner Shop" { currency GBP, rounded half up   timezone "Europe/London" }
unit point, points { rounded down   lasts for 24 months }
track spend = sum of net, on purchase, per calendar year
tiers {
  Blue
  Silver    when spend >= 300 GBP
  counts    from the next event
  lasts     until end of next calendar year
  then      the earned tier
}
"""


class Content:
    """One file, whatever it is called."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, path: str) -> bytes | None:
        return self.content


class Tables:
    """The files that generated programs import."""

    def read(self, path: str) -> bytes | None:
        found = FILES.get(path)
        return found.encode() if isinstance(found, str) else found


def found(old: str, new: str) -> tuple[Change, ...]:
    """The changes between two texts."""
    return changes(side(old), side(new))


def side(text: str) -> Any:
    checked = check_of(text)
    assert checked.ok, [each.message for each in checked.diagnostics]
    return side_of(checked)


def check_of(text: str) -> Any:
    return checking.check([Source("shop.rules", text)], Tables())


def rule(body: str, title: str = "A") -> str:
    return f'{HEAD}earn "{title}" {{ on purchase  {body} }}\n'


# ---- what is no change ----


SEEDS = [
    pytest.param(seed, of, marks=[pytest.mark.long] if seed >= 3 else [])
    for of in ("visits", "orders", "owning")
    for seed in range(60)
]


@pytest.mark.parametrize(("seed", "of"), SEEDS)
def test_text_alone_is_no_change_and_a_number_is(seed: int, of: Any) -> None:
    """A generated program against itself, formatted, shuffled, with a define renamed; then with one number changed."""
    text = seeded(seed, of)
    old = side(text)
    assert changes(old, old) == ()
    source = Source("shop.rules", text)
    for other in (format_source(source, parse(source)), shuffled(text, Random(seed)), with_defines_renamed(text)):
        assert changes(old, side(other)) == ()
    rng, tried = Random(seed), 0
    for _ in range(40):
        other = with_a_number_changed(text, rng)
        checked = check_of(other)
        if not checked.ok or fingerprint(lower(checked)) == fingerprint(old.core):
            continue
        tried += 1
        seen = changes(old, side_of(checked))
        assert seen, "a number changed and nothing is told"
        assert all(each.old != each.new or each.note for each in seen), seen
        if tried == 3:
            return
    assert tried, "no number of this program could be changed"


def with_defines_renamed(text: str) -> str:
    names = re.findall(r"^define (\w+)", text, re.MULTILINE)
    for name in names:
        text = re.sub(rf"(?<![\w.])(?<!\"){name}(?!\w)", f"{name}_again", text)
    return text


def with_a_number_changed(text: str, rng: Random) -> str:
    numbers = [each for each in tokens(text) if each.kind in ("number", "date") and each.start > len("language 1")]
    at = rng.choice([at for each in numbers for at in range(each.start, each.end) if text[at].isdigit()])
    return text[:at] + str((int(text[at]) + rng.randrange(1, 9)) % 10) + text[at + 1 :]


SAME = [
    ("net > 100 GBP and channel is web", "channel is web and 100 GBP < net"),
    ("not (net > 100 GBP)", "net <= 100 GBP"),
    ("not (net > 100 GBP or channel is web)", "channel is not web and not (net > 100 GBP)"),
    ("channel is web or channel is app", "channel in (app, web)"),
    ("net > 100 GBP", "net > 100 GBP and net > 100 GBP"),
    ("(net > 1 GBP and has customer) and channel is web", "net > 1 GBP and (has customer and channel is web)"),
    ("net + list > 5 GBP", "list + net > 5 GBP"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_condition_written_otherwise_is_no_change(one: str, other: str) -> None:
    texts = [rule(f"when {each}  give 5 points") for each in (one, other)]
    checked = [check_of(text) for text in texts]
    if not all(each.ok for each in checked):
        pytest.fail(str([d.message for each in checked for d in each.diagnostics]))
    assert changes(*map(side_of, checked)) == ()


def test_the_form_keeps_the_meaning_apart() -> None:
    """What is not the same has not one form."""
    for one, other in (("net > 5 GBP", "net >= 5 GBP"), ("channel is web", "channel is not web")):
        assert found(rule(f"when {one}  give 5 points"), rule(f"when {other}  give 5 points"))
    core = side(rule("give 5 points")).core
    assert canonical(core, Renames()) == canonical(canonical(core, Renames()), Renames())


@pytest.mark.parametrize(("seed", "of"), SEEDS)
def test_the_form_scores_as_the_program_does(seed: int, of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every law of the form holds: a program in it gives the same for every event. Parts of an `and` keep their order
    here, since what is asked first may guard what is asked then."""
    monkeypatch.setattr(forms, "_ordered", tuple)
    core = core_of(seeded(seed, of))
    form = Reference(canonical(core, Renames()))
    for event, facts, state, found in steps(core, Reference(core), seed):
        again = attempt(form, event, facts, state)
        assert isinstance(again, Evaluation)
        assert [(x.rule, x.unit, x.wanted, x.given) for x in again.awards] == [
            (x.rule, x.unit, x.wanted, x.given) for x in found.awards
        ]
        assert (again.price, again.tiers, again.said, again.taken, again.payments) == (
            found.price, found.tiers, found.said, found.taken, found.payments,
        )  # fmt: skip


# ---- how a change is told ----


TOLD: list[tuple[str, str, tuple[str, ...]]] = [
    ("give 10 points per 1 GBP of net", "give 12 points per 1 GBP of net", ("gives", "+20%")),
    (
        "from 2027-01-10 until 2027-02-28 give 5 points",
        "from 2027-01-17 until 2027-02-27 give 5 points",
        ("dates", "begins 7 days later, ends 1 day earlier"),
    ),
    ("when net > 5 GBP give 5 points", "when net > 6 GBP give 5 points", ("when", "stricter")),
    ("when net < 5 GBP give 5 points", "when net < 6 GBP give 5 points", ("when", "looser")),
    ("when net >= 5 GBP give 5 points", "when net > 5 GBP give 5 points", ("when", "stricter")),
    ("give 5 points", "when net > 6 GBP give 5 points", ("when", "stricter")),
    ("when channel is web give 5 points", "when channel is web or channel is app give 5 points", ("when", "looser")),
    (
        "when net > 5 GBP give 5 points",
        "when net > 5 GBP and channel is web give 5 points",
        ("when", "stricter"),
    ),
    ("when not (net > 5 GBP) give 5 points", "when not (net > 4 GBP) give 5 points", ("when", "stricter")),
    ("when net > 5 GBP give 5 points", "when channel is web give 5 points", ("when", "")),
    (
        "give 5 points  at most 100 points per member per calendar year",
        "give 5 points  at most 150 points per member per calendar year",
        ("limit", "+50%"),
    ),
    ("give 5 points", "give 5 points  at most 150 points per member per calendar year", ("limit", "")),
]


@pytest.mark.parametrize(("one", "other", "told"), TOLD)
def test_a_change_is_told_in_the_words_of_the_rule(one: str, other: str, told: tuple[str, ...]) -> None:
    (change,) = found(rule(one), rule(other))
    assert (change.what, change.kind, change.name) == ("changed", "earn", "A")
    assert (change.part, change.note) == told
    assert change.old != change.new
    assert change.old in " ".join(one.split()) or change.old == "nothing"
    assert change.new in " ".join(other.split())


DECLARED: list[tuple[str, str, str, str]] = [
    ("24 months", "36 months", "unit point", "lasts"),
    ("spend >= 300", "spend >= 200", "tiers ", "tier Silver reached"),
    ("rounded down", "rounded up", "unit point", "rounding"),
    ('"Europe/London"', '"Europe/Paris"', "program Corner Shop", "timezone"),
    ("half up", "half even", "program Corner Shop", "currencies rounding"),
    ("per calendar year", "per calendar quarter", "track spend", ""),
    ("then      the earned tier", "then      1 tier down", "tiers ", "then"),
]


@pytest.mark.parametrize(("one", "other", "of", "part"), DECLARED)
def test_a_change_of_a_declaration_is_told_where_it_is(one: str, other: str, of: str, part: str) -> None:
    text = rule("give 5 points")
    seen = [(f"{each.kind} {each.name}", each.part) for each in found(text, text.replace(one, other))]
    assert (of, part) in seen


def test_rows_of_an_imported_file_are_counted() -> None:
    text = rule("when category in listed  give 5 points").replace("when category in listed", "")
    text += 'define listed = column "sku" of "a.csv"\n'
    text = text.replace("give 5 points", "give 1 point per 1 GBP of net of lines where sku in listed")
    sides = []
    for rows in ("sku\na\nb\nc\n", "sku\na\nc\nd\ne\n", "sku\nc\nb\na\n"):
        checked = checking.check([Source("shop.rules", text)], Content(rows.encode()))
        sides.append(side_of(checked))
    assert changes(sides[0], sides[2]) == (), "the order of rows is nothing"
    (change,) = changes(*sides[:2])
    assert (change.kind, change.name, change.part) == ("column", "listed", "rows")
    assert (change.old, change.new, change.note) == ("3 rows", "4 rows", "2 new, 1 gone")


def test_the_order_of_fields_counts_where_lines_have_no_id() -> None:
    """Lines that cost the same are told apart by their fields, in order; an id says it better."""
    text = KIOSK.replace("n: count up to 100_000", "lines 1 to 9 { IDa: count up to 9   b: count up to 9 }")
    text = text.replace("of n }", "of a of lines }")
    plain, known = text.replace("ID", ""), text.replace("IDa", "k: text as id   a")
    turned = [each.replace("a: count up to 9   b", "b: count up to 9   a") for each in (plain, known)]
    assert [each.part for each in found(plain, turned[0])] == ["order of field"]
    assert found(known, turned[1]) == ()


def test_what_stands_behind_a_name_is_told() -> None:
    text = rule("when big  give 5 points") + "define big = net > MIN GBP\n"
    (change,) = found(text.replace("MIN", "100"), text.replace("MIN", "200"))
    assert (change.old, change.new) == ("define big = net > 100 GBP", "define big = net > 200 GBP")
    assert change.note == "stricter"
    other = text.replace("when big", "when channel is web and large").replace("define big", "define large")
    (change,) = found(text.replace("MIN", "100"), other.replace("MIN", "200"))
    assert (change.old, change.new) == (
        "big; define big = net > 100 GBP",
        "channel is web and large; define large = net > 200 GBP",
    )
    (change,) = found(
        text.replace("MIN", "100"), text.replace("MIN", "100").replace("when big", "when big and channel is web")
    )
    assert (change.old, change.new) == ("big", "big and channel is web")


def test_rules_come_go_and_are_renamed() -> None:
    one = rule("give 5 points  at most 9 points per member per calendar year").replace('"A"', '"A" as alpha')
    extra = 'earn "B" { on purchase  give 50% of alpha }\n'
    was = one.replace('"A" as alpha', '"New" as beta was "alpha"')
    assert [(each.what, each.name) for each in found(one, one + extra)] == [("added", "B")]
    assert [(each.what, each.name) for each in found(one + extra, one)] == [("removed", "B")]
    (change,) = found(one + extra, was + extra.replace("alpha", "beta"))
    assert (change.what, change.old, change.new, change.note) == ("renamed", "A", "New", "")
    (change,) = found(one, one.replace('"A" as alpha', '"New" as beta'))
    assert (change.what, change.old, change.new) == ("renamed", "A", "New")
    assert "without `was`" in change.note
    renamed, more = found(one, was.replace("give 5", "give 6"))
    assert (renamed.what, more.what, more.part, more.note) == ("renamed", "changed", "gives", "+20%")
    (change,) = found(one, one.replace("spend", "spent").replace("track spent", 'track spent was "spend"'))
    assert (change.what, change.kind, change.old, change.new) == ("renamed", "track", "spend", "spent")


MANY = ", ".join(f'"a{number}"' for number in range(40))
LONG = (
    f"when net >= 2 GBP and channel is web  give 5 points per full 1 GBP of net of lines where sku in ({MANY})  "
    'say "thank you"  at most 700 points per member per calendar month'
)
CLAUSES = ("on purchase", "when net >= 2 GBP", "give 5 points", "at most 700 points per member", 'say "thank you"')


def told(old: str, new: str) -> tuple[dict[str, Any], str, str]:
    """A comparison as JSON, for a terminal, for a pull request."""
    one, other = side(old), side(new)
    compared = Comparison("Shop", changes(one, other), None, (), Figures(one.core, other.core))
    return comparison_json(compared), comparison_text(compared), comparison_markdown(compared)


@pytest.mark.parametrize("way", ["added", "removed"])
def test_a_rule_that_comes_or_goes_is_shown_to_its_last_clause(way: str) -> None:
    few, many = rule("give 1 point"), rule("give 1 point") + rule(LONG, "B").removeprefix(HEAD)
    value, text, shown = told(few, many) if way == "added" else told(many, few)
    (change,) = value["changes"]
    whole = change["new"] or change["old"]
    assert all(clause in whole for clause in (*CLAUSES, MANY, "GBP of net of lines where sku in"))
    sign = "+" if way == "added" else "-"
    lines = [line.removeprefix(f"  {sign}").split() for line in text.split("\n") if line.startswith(f"  {sign}")]
    for clause in CLAUSES:
        assert sum(line[: len(clause.split())] == clause.split() for line in lines) == 1, (clause, text)
        assert clause.split()[-1] in shown
    assert '"a7", ... and 32 more)' in text
    assert '"a7", ... and 32 more)' in shown
    assert '"a8"' not in text
    assert max(map(len, text.split("\n"))) < 180


def test_a_difference_far_inside_a_long_clause_is_shown() -> None:
    value, text, shown = told(rule(LONG), rule(LONG.replace('"a38"', '"b38"')))
    (change,) = value["changes"]
    assert MANY in change["old"]
    assert '"b38"' in change["new"]
    for each in (text, shown):
        assert '"a38"' in each
        assert '"b38"' in each
        assert '"a5"' not in each


# ---- what it comes to ----


@pytest.fixture(scope="session")
def changed_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example shop with two rates changed."""
    folder = tmp_path_factory.mktemp("changed")
    for each in SHOP.glob("*.rules"):
        text = each.read_text().replace("Branch: 5%", "Branch: 6%").replace("Tree: 50%", "Tree: 60%")
        (folder / each.name).write_text(text)
    return folder


@pytest.fixture(scope="session")
def impact(changed_shop: Path) -> Impact:
    return measure(load(SHOP), load(changed_shop), HISTORY)


HISTORY = History(SHOP / "sample.ndjson", SHOP / "sample_members.csv")


def by_hand(program: Program) -> dict[str, Outcome]:
    """Every outcome of the sample by its id, one event after the other in the order of their moments."""
    members = read_members(SHOP / "sample_members.csv", formats={})
    lines = [json.loads(line) for line in (SHOP / "sample.ndjson").read_text().splitlines()]
    states: dict[str, State] = {}
    results = program.score_many([{"event": "purchase", **each} for each in lines], members, states)
    return {each.id: each for each in results if isinstance(each, Outcome)}


def test_counts_are_those_of_scoring_both_by_hand(impact: Impact, changed_shop: Path) -> None:
    old, new = by_hand(load(SHOP)), by_hand(load(changed_shop))
    assert impact.compared == len(old) == len(new)
    assert {each.scored for each in impact.runs} == {len(old)}
    assert all(each.read == each.scored + each.rejected + each.set_aside for each in impact.runs)
    assert impact.runs[0].rejected == 2
    points = {side: sum(each.totals.get("point", 0) for each in of.values()) for side, of in enumerate((old, new))}
    rows = [row for row in impact.tiers if (row.of, row.column) == ("point", "given")]
    assert sum(row.new - row.old for row in rows) == points[1] - points[0] != 0
    rules = {row.name: (row.old, row.new) for row in impact.rules if row.column == "discounts"}
    for name, sums in rules.items():
        assert sums == tuple(
            sum(x.given for each in of.values() for x in each.discounts if x.rule == name) for of in (old, new)
        )
    assert "Tier discount" in rules
    unlike = [each for each in old if (old[each].totals, old[each].to_pay) != (new[each].totals, new[each].to_pay)]
    assert impact.changed >= len(unlike) > 0
    assert impact.moved["GBP"] == sum(abs((new[each].to_pay or 0) - (old[each].to_pay or 0)) for each in old)
    better: dict[str, int] = {}
    for each in old:
        member = old[each].member
        if member is not None:
            better[member] = better.get(member, 0) + (old[each].to_pay or 0) - (new[each].to_pay or 0)
    best = max((by, member) for member, by in better.items())
    winner = next(each for each in impact.winners if each.of == "GBP")
    assert (winner.by, winner.member) == best
    assert all(each.by > 0 for each in impact.winners)
    assert all(each.by < 0 for each in impact.losers)


def test_examples_explain_both_as_they_were_scored(impact: Impact, changed_shop: Path) -> None:
    old, new = by_hand(load(SHOP)), by_hand(load(changed_shop))
    assert len(impact.examples) == 10
    for each in impact.examples:
        one, other = (json.loads(bytes(raw)) for raw in (each.old_json, each.new_json))
        for told, of in ((one, old), (other, new)):
            given: dict[str, int] = {}
            for award in told["outcome"]["awards"]:
                given[award["unit"]] = given.get(award["unit"], 0) + award["given"]
            assert {unit: sum_ for unit, sum_ in given.items() if sum_} == of[each.wanted.id].totals
            assert told["outcome"]["price"]["total"] == of[each.wanted.id].price.total  # type: ignore[union-attr]
        assert any(line.startswith("-") for line in each.difference)
        assert any(line.startswith("+") for line in each.difference)
        assert not any(re.search(r"rules:\d+\)$", line) for line in each.difference)


def test_a_program_against_itself_changes_nothing() -> None:
    same = measure(load(SHOP), load(SHOP), HISTORY)
    assert (same.changed, same.rules, same.tiers, same.members, same.examples) == (0, (), (), 0, ())
    assert same.compared == 118


def test_a_rejection_by_one_is_a_change(tmp_path: Path, changed_shop: Path) -> None:
    """A stricter bound of a fact refuses what the other scores; that is told, and counted."""
    text = KIOSK.replace("up to 100_000", "up to 10")
    (tmp_path / "old.rules").write_text(KIOSK)
    (tmp_path / "new.rules").write_text(text)
    rows = [
        {"event": "visit", "number": str(n), "customer": "a", "came_on": "2027-01-01", "n": n} for n in range(8, 14)
    ]
    (tmp_path / "events.ndjson").write_text("\n".join(map(json.dumps, rows)))
    got = measure(load(tmp_path / "old.rules"), load(tmp_path / "new.rules"), History(tmp_path / "events.ndjson"))
    assert (got.runs[0].rejected, got.runs[1].rejected, got.changed, got.compared) == (0, 3, 3, 6)
    assert got.ways == {"refused by one of them": 3}
    assert "more than the 10" in got.examples[0].new


def test_households_and_what_happens_by_itself_are_compared(tmp_path: Path) -> None:
    """A program with pools, people and scheduled events, where events touch others than their member."""
    circle = ROOT / "examples" / "calling_circle"
    history = History(circle / "sample.ndjson", circle / "sample_members.ndjson", None, parse_date("2028-12-31"))
    text = (circle / "calling_circle.rules").read_text()
    other = re.sub(r"(give +)(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", text)
    assert other != text
    (tmp_path / "new.rules").write_text(other)
    got = measure(load(circle / "calling_circle.rules"), load(tmp_path / "new.rules"), history)
    assert got.runs[0].scheduled > 0
    assert got.compared == got.runs[0].scored + got.runs[0].scheduled
    assert 0 < got.changed < got.compared
    for each in got.examples:
        assert "not scored" not in (each.old, each.new)
        assert each.difference


KIOSK = """language 1
program "Kiosk" { }
unit star, stars { rounded down   lasts forever }
event visit dated by came_on of customer identified by number {
  number: text   customer: member   came_on: date   n: count up to 100_000
}
earn "Stars" { on visit  give 1 star per 1 of n }
"""


# ---- how much may change ----


def test_limits_are_exact(impact: Impact) -> None:
    program = load(SHOP)
    figures = Figures(program.core, program.core)
    moved, changed = impact.moved["GBP"], impact.changed
    assert allowed(f"{moved // 100}.{moved % 100:02} GBP", figures).holds(impact)
    assert not allowed(f"{(moved - 1) // 100}.{(moved - 1) % 100:02} GBP", figures).holds(impact)
    assert allowed(f"{impact.moved['point']} points", figures).holds(impact)
    assert [allowed(each, figures).text for each in ("5 point", "1 points", "2_000 point", "5 GBP", "5%")] == [
        "5 points", "1 point", "2_000 points", "5 GBP", "5%",
    ]  # fmt: skip
    assert not Allowed("", figures_share(changed, impact.compared) - 1, "%").holds(impact)
    assert Allowed("", figures_share(changed, impact.compared), "%").holds(impact)
    assert not allowed("0%", figures).holds(impact)
    for wrong in ("", "5", "lots", "5 EURO", "-5%", "5 % GBP"):
        with pytest.raises(NotAllowed):
            allowed(wrong, figures)


def figures_share(part: int, whole: int) -> Any:
    from fractions import Fraction

    return Fraction(part * 100, whole)


def diff(*args: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in args], standalone_mode=False)


def test_how_the_command_ends(changed_shop: Path, tmp_path: Path) -> None:
    events = ("--events", HISTORY.events, "--members", HISTORY.members)
    assert diff(SHOP, SHOP).return_value == 0
    assert diff(SHOP, changed_shop).return_value == 1
    within = diff(SHOP, changed_shop, *events, "--max-change", "30%", "--max-change", "1000 GBP")
    assert (within.return_value, "within the limit: 30%, 1000 GBP" in within.output) == (0, True)
    beyond = diff(SHOP, changed_shop, *events, "--max-change", "30%", "--max-change", "1 GBP", "--format", "json")
    assert beyond.return_value == 1
    told = json.loads(beyond.output)
    assert told["limits"] == [{"limit": "30%", "holds": True}, {"limit": "1 GBP", "holds": False}]
    assert told["impact"]["outcomes"]["compared"] == 118
    broken = tmp_path / "broken.rules"
    broken.write_text("language 1\nuse shoe\n")
    for wrong in (
        (SHOP, broken),
        (SHOP, "none"),
        (SHOP, SHOP, "--max-change", "5%"),
        (SHOP, SHOP, "--max-change", "x"),
    ):
        assert isinstance(diff(*wrong).exception, CannotRun)
    assert isinstance(diff(SHOP, SHOP, "--events", tmp_path / "no.csv").exception, CannotRun)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
@pytest.mark.parametrize("events", ["", '{"event": "nothing"}\n'])
def test_a_limit_holds_nothing_where_no_event_is_scored(
    form: str, events: str, changed_shop: Path, tmp_path: Path
) -> None:
    """A pipeline must not go on because its history could not be read."""
    file = tmp_path / "history.ndjson"
    file.write_text(events)
    ended = diff(SHOP, changed_shop, "--events", file, "--max-change", "5%", "--format", form)
    assert isinstance(ended.exception, CannotRun)
    assert "within the limit" not in ended.output
    if form == "json":
        assert json.loads(ended.output)["limits"] == [{"limit": "5%", "holds": None}]


# ---- Markdown ----


NASTY = "<img src=x> | @all #1 [a](b) `` `x` **b** ​‮ \\| ---"


def test_no_text_of_a_user_is_markup() -> None:
    made = (
        Change("changed", "earn", NASTY, NASTY, NASTY, NASTY + "\n\n# head\n```\n", ""),
        Change("added", "earn", NASTY, "", "", f"{NASTY} ``` {NASTY} " * 9),
    )
    shown = comparison_markdown(Comparison(NASTY, made, None, (), Figures(*[load(SHOP).core] * 2)))
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"linkify": False}).render(shown)
    bare = re.sub(r"<code[^>]*>.*?</code>", "", html, flags=re.DOTALL)
    assert set(re.findall(r"<(\w+)", bare)) <= {"h3", "p", "ul", "li", "strong", "pre"}
    for sign in ("@all", "#1", "**b**", "img", "​", "‮"):
        assert sign not in bare
    assert "​" not in html
    assert html.count("<h3>") == 1


@pytest.mark.parametrize("text", ["a", "`", "``a`` `", "a|b", " ", "a\nb", NASTY])
def test_code_stands_in_one_cell(text: str) -> None:
    from markdown_it import MarkdownIt

    table = f"| a | b |\n|---|---|\n| {code(text)} | x |\n"
    html = MarkdownIt("gfm-like", {"linkify": False}).render(table)
    assert html.count("<td>") == 2
    assert "<td>x</td>" in html


def test_a_pull_request_text_has_all_parts(changed_shop: Path, impact: Impact) -> None:
    sides = [side_of(check(each)) for each in (SHOP, changed_shop)]
    figures = Figures(sides[0].core, sides[1].core)
    shown = comparison_markdown(Comparison("Shop", changes(*sides), impact, (), figures))
    for part in (
        "changes in meaning",
        "read = 118 scored + 2 rejected",
        "| by rule |",
        "| by tier |",
        "<details>",
        "```diff",
    ):
        assert part in shown
    assert len(shown) < 65_536


# ---- the examples in the text ----


@pytest.mark.parametrize(
    "name", ["changes", "compared", "figures", "markdown", "sides", "strictness", "texts", "wording"]
)
def test_examples_in_the_room_are_true(name: str) -> None:
    module = importlib.import_module(f"rules_engine.comparing.{name}")
    result = doctest.testmod(module, extraglobs={"program": load(SHOP)})
    assert result.attempted
    assert result.failed == 0
