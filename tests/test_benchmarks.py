"""Each benchmark runs for a tiny number of rounds: it works, and its answers are equal. No figure is asserted."""

from __future__ import annotations

from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as bench
from benchmarks import (
    anatomy,
    baskets,
    calls,
    checking,
    checkout,
    engines,
    forty,
    handwritten_whole,
    heavy,
    heavybaskets,
    heavyhand_whole,
    loading,
    peers,
    plots,
    profiling,
    quantity,
    readme,
    retail,
    simple,
    sizing,
    stock_lark,
    tables,
    targets,
)
from benchmarks.__main__ import QUESTIONS, report
from rules_engine.calendar import civil, day_of
from rules_engine.pipeline import load
from rules_engine.state import Holding, State


def test_checkout_answers_are_equal() -> None:
    """By hand in both ways, the engine in each of its forms, and every peer that is installed: the same answers."""
    objects, bytes_ = checkout.run(rounds=1, count=40)
    names = {row[0] for row in objects.rows}
    assert {calls.BARE, calls.WHOLE, calls.STRUCT, calls.DICT, *peers.peers()} == names
    assert {calls.FLOOR, calls.JSON, calls.WHOLE_BYTES} <= {row[0] for row in bytes_.rows}
    assert {*objects.measured, *bytes_.measured} == {"checkout typed", "checkout dict", "checkout bytes"}


def test_offers_by_hand_are_equal() -> None:
    """Functions by hand, a dictionary, a typed event: the same discounts off the same units."""
    times, bytes_, lengths = heavy.run(rounds=1, count=150)
    assert [row[0] for row in times.rows] == [calls.BARE, calls.WHOLE, calls.STRUCT, calls.DICT]
    assert [row[0] for row in bytes_.rows][-1] == calls.JSON
    assert len(lengths.rows) == len(heavy.LENGTHS)


@pytest.mark.parametrize("which", ["checkout", "heavy"])
def test_the_whole_answer_by_hand_after_a_long_time(which: str) -> None:
    """Months and years later: tiers have ended, counters are forgotten, limits are reached. The same in every field."""
    program = load(checkout.RULES if which == "checkout" else heavy.RULES)
    make = handwritten_whole.checkout if which == "checkout" else heavyhand_whole.heavy
    whole = make(program.fingerprint, program.zones)
    found = baskets.baskets(300) if which == "checkout" else heavybaskets.heavy(300)
    for number, sent in enumerate(found):
        state = _old_state(number, baskets.day_number(sent), which)
        case = calls.case(sent, baskets.facts(number), state, {}, ())
        calls.answered(program, whole, case)


def _old_state(number: int, day: int, which: str) -> State:
    rng = Random(number)
    then = day - rng.choice((0, 1, 5, 20, 40, 100, 300, 420, 700))
    year, month, _ = civil(then)
    first, months = day_of(year, 1, 1), day_of(year, month, 1)
    limits = {"Toys: point per calendar month": {months: rng.choice((100, 450, 500))}}
    if which == "heavy":
        limits["Toys down: GBP per calendar month"] = {months: rng.choice((100, 3900, 4000))}
        limits["Hello ten: times per lifetime"] = {0: 1}
    else:
        limits["First order: times per lifetime"] = {0: 1}
    kept = {name: used for name, used in limits.items() if rng.random() < 0.6}
    held = [tier for tier in ("Silver", "Gold") if rng.random() < 0.4]
    until = day_of(year + 1, 12, 31)
    holdings = [Holding(tier, first, until, tier) for tier in held]
    spend = rng.choice((1000, 49_000, 60_000, 199_000, 300_000))
    return State(day=then, tracks={"spend": {first: spend}}, limits=kept, holdings=holdings)


def test_quantity() -> None:
    (found,) = quantity.run(rounds=1, count=2)
    assert [row[0] for row in found.rows] == list(quantity.EFFECTS)


def test_many_offers() -> None:
    words, growth = forty.run(rounds=1, count=1, offers=(5, 10))
    assert [row[0] for row in words.rows] == list(forty.WORDS)
    assert [row[0] for row in growth.rows] == ["check", "load and first event"]


@pytest.mark.parametrize("peer", ["zen-engine", "rule-engine"])
def test_peer_is_measured(peer: str) -> None:
    if peer in peers.absent():
        pytest.skip(f"{peer} is not installed, so it is not measured: pip install -e '.[bench]'")
    assert any(name.startswith(peer) for name in peers.peers())


def test_loading() -> None:
    times, steps, imports, many = loading.run(rounds=1, count=50)
    assert many.rows
    assert times.rows[0][0] == loading.BARE
    assert len(steps.rows) == 8
    assert len(imports.rows) == 10


def test_checking() -> None:
    costs, profile = checking.run(rounds=1, count=16)
    assert costs.rows[0][0] == checking.LARK
    assert profile.rows


def test_stock_lark_reads_the_rules_that_are_measured() -> None:
    lark = stock_lark.stock()
    for rule in checking.rules(16):
        tree = lark.parse(rule)
        assert (tree.meta.start_pos, tree.meta.end_pos) == (0, len(rule))


def test_retail() -> None:
    (costs,) = retail.run(rounds=1, rows=1)
    assert [row[0] for row in costs.rows] == list(retail.CODES)


def test_repeated_sample_has_other_orders(tmp_path: Path) -> None:
    path, count = retail.events_file(tmp_path, 1000)
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == count >= 1000
    assert len({row.split(",")[0] for row in rows}) > len({row.split(",")[0] for row in rows[: count // 3]})
    assert head.startswith("InvoiceNo,")


def test_simple_rules_in_every_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine that is installed gives the same points; one that is not is named."""
    monkeypatch.setattr(simple, "SIZES", (10, 100))
    monkeypatch.setattr(simple, "BASKETS", 4)
    times, ratios = simple.run(rounds=1)
    there = [name for name, (package, _, _) in engines.ENGINES.items() if engines.installed(package)]
    assert [row[0] for row in times.rows] == [simple.OURS, *there]
    missing = {package for package, _, _ in engines.ENGINES.values() if package and not engines.installed(package)}
    assert all(any(package in note for note in times.notes) for package in missing)
    assert {row[0] for row in ratios.rows} == set(there)


def test_a_history_is_scored_alike_by_all() -> None:
    """Rows, columns by both engines, and by hand in NumPy, DuckDB and Polars where they are: equal to the penny."""
    pytest.importorskip("pyarrow")
    from benchmarks import batch

    batch._check(load(batch.RULES), 600)


def test_where_a_call_goes() -> None:
    """The function of the engine can be cut behind each of the sections that the table names."""
    sections, steps, offers, functions = anatomy.run(rounds=1, count=20)
    assert [row[0] for row in sections.rows][:-1] == [each.name for each in anatomy.SECTIONS]
    assert [row[0] for row in steps.rows] == [row[0] for row in offers.rows]
    assert any(str(row[0]).startswith("generated") for row in functions.rows)


def test_where_a_batch_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tape of the ten rules has all ops behind which it is cut, and a cut one runs."""
    pytest.importorskip("pyarrow")
    from benchmarks import batch_anatomy

    monkeypatch.setattr(batch_anatomy, "_engine", lambda: "numpy")
    parts, functions = batch_anatomy.run(rounds=1, events=20_000)
    assert [row[0] for row in parts.rows] == [
        batch_anatomy.AROUND,
        *(each.name for each in batch_anatomy.PARTS),
        "all of it",
    ]
    assert functions.rows


def test_a_profile_counts_to_whoever_called() -> None:
    found = profiling.by_function(lambda: checking._checked(checking.source_of(checking.rules(8))))
    assert any(name.startswith("checking/") for name in found)
    assert not any("built-in" in name for name in found)
    rows = profiling.shares({"a": 1.0, "b": 2.0, "c": 1.0}, 2)
    assert rows == [["b", "50.0%"], ["a", "25.0%"], ["all others", "25.0%"]]


def test_every_target_has_a_profile_and_what_was_tried() -> None:
    """A target that is missed points to a table that some question makes, and says what was tried."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(tables.__file__).parent.glob("*.py"))
    sources = sources.replace(Path(targets.__file__).read_text(encoding="utf-8"), "")
    assert [key for key, each in targets.TARGETS.items() if not each.profile or each.profile not in sources] == []
    assert [key for key in targets.TARGETS if not targets.TRIED.get(key)] == []
    assert set(targets.TRIED) <= set(targets.TARGETS)


def test_stories_by_columns() -> None:
    """Of the retail story no event goes by rows; of one whose members touch each other all do, and it says why."""
    pytest.importorskip("numpy")
    from benchmarks import stories

    folder = stories.ROOT / "examples" / "retail"
    program = load(folder)
    asked = stories._of_example(program.core, folder)
    assert stories.by_columns(program, asked, 1).handed == 0
    other = load(stories.ROOT / "examples" / "calling_circle")
    touching = stories.by_columns(other, asked[:3], 1)
    assert (touching.handed, sum(touching.why.values())) == (1.0, 3)


def test_targets_are_told_losses_and_all() -> None:
    found = targets.targets_table({"warm": 0.2, "cold": 0.5})
    told = {str(row[0]): list(row[1:]) for row in found.rows}
    assert told[targets.TARGETS["warm"].words] == ["at most 0.1x", "0.2x", "MISSED"]
    assert told[targets.TARGETS["cold"].words] == ["at most 0.7x", "0.5x", "met"]
    assert len(told) == len(targets.TARGETS)
    assert found.notes == [f"1 met, 1 missed, {len(targets.TARGETS) - 2} not measured."]


def test_questions_have_modules() -> None:
    assert all((Path(tables.__file__).parent / f"{each.module}.py").exists() for each in QUESTIONS.values())


def test_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = tables.Table("Growth", ["engine", "10 rules", "1,000 rules"], [["one", 1.5, 2.5], ["two", 3.0, ""]])
    bars = tables.Table("Bars", ["way", "us"], [["one", 1.5]])
    drawn = [
        lines._replace(plot=tables.Plot("growth", "lines", "us")),
        bars._replace(plot=tables.Plot("bars", "bars", "us")),
    ]
    made = [path.read_bytes() for path in plots.draw(drawn, tmp_path)]
    assert [path.read_bytes() for path in plots.draw(drawn, tmp_path)] == made
    assert len(made) == 2


def test_report_is_markdown() -> None:
    table = tables.Table("What", ["way", "us"], [["one", 1.5]], ["A note."])
    assert "| one | 1.50 |\n\nA note." in report([table], "Here.")
    assert "not measured" in report([table], "Here.")
    assert tables.text(table) == "What\n----\nway    us\none  1.50\n  A note."


def test_sizing_is_worked_out_from_the_results() -> None:
    """The page has the figures of the last report, which is of a whole run."""
    text = sizing.PAGE.read_text(encoding="utf-8")
    results = sizing.RESULTS.read_text(encoding="utf-8")
    assert "Batch: what an event and a member take" in results
    assert sizing.page(text, sizing.lines(sizing.read(results))) == text, "python -m benchmarks.sizing"


def test_the_readme_has_what_was_measured() -> None:
    """The README's table is the one of the last report, which is of a whole run."""
    inner = readme.block(readme.RESULTS.read_text(encoding="utf-8"))
    assert inner
    text = readme.PAGE.read_text(encoding="utf-8")
    assert readme.page(text, inner) == text, "python -m benchmarks.readme"


def test_a_part_of_the_readme_is_made_of_the_report() -> None:
    told = targets.targets_table({"warm": 0.2})
    made = readme.block(report([told], "Measured 2027-01-01, a machine.\n\nLoad."))
    assert "Measured 2027-01-01, a machine." in made
    assert "not measured" in made
    assert "## " not in made
    page = readme.page(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter", made)
    assert page == f"before\n{readme.BEGIN}\n{made}\n{readme.END}\nafter"


def test_sizing_adds_up() -> None:
    measured = sizing.Measured(1e6, 5e5, 1e4, 50, 200, 100)
    told = "\n".join(sizing.lines(measured, sizing.Assumed(100, 0.1, 2)))
    assert "| kernel (numba) | 1,000 | 0.3 | 1.7 core-hours, 0.17 USD | 1 s |" in told
    assert "50 GB of" in told


def test_what_was_asked_is_kept_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that fails is told, and the others are in the report with their targets and plots."""
    table = tables.Table("What", ["way", "us"], [["one", 1.5], ["two", 2]], ["A note."], {"warm": 0.05})
    said = [table._replace(plot=tables.Plot("what", "bars", "us")), tables.Table("More", ["way"], [])]
    monkeypatch.setattr(bench, "QUESTIONS", {"one": bench.Question("one", 1), "bad": bench.Question("bad", 1)})
    monkeypatch.setattr(bench, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(bench, "draw", lambda found: [each for each in found if each.plot])
    modules = {"benchmarks.one": SimpleNamespace(run=lambda rounds: said), "benchmarks.bad": SimpleNamespace()}
    monkeypatch.setattr(bench, "import_module", modules.__getitem__)
    assert bench.main(["--out", str(tmp_path / "R.md")]) == 1
    text = (tmp_path / "R.md").read_text(encoding="utf-8")
    assert "| at most 0.1x | 0.05x | met |" in text
    assert "| two | 2 |\n\nA note.\n\n![What](plots/what.svg)\n\n## More" in text
