"""Each benchmark runs for a tiny number of rounds: it works, and its answers are equal. No figure is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import checking, checkout, forty, heavy, loading, peers, quantity, retail, stock_lark, tables
from benchmarks.__main__ import report


def test_checkout_answers_are_equal() -> None:
    """By hand, the engine in each of its forms, and every peer that is installed: the same awards."""
    objects, bytes_ = checkout.run(rounds=1, count=40)
    names = {row[0] for row in objects.rows}
    assert {checkout.HAND, checkout.STRUCT, checkout.DICT, *peers.peers()} == names
    assert {checkout.FLOOR, checkout.JSON} <= {row[0] for row in bytes_.rows}


def test_offers_by_hand_are_equal() -> None:
    """The function by hand, a dictionary, a typed event: the same discounts off the same units."""
    times, lengths = heavy.run(rounds=1, count=150)
    assert [row[0] for row in times.rows] == [heavy.HAND, heavy.STRUCT, heavy.DICT]
    assert len(lengths.rows) == len(heavy.LENGTHS)


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
    times, steps, imports = loading.run(rounds=1)
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


def test_report_is_markdown() -> None:
    table = tables.Table("What", ["way", "us"], [["one", 1.5]], ["A note."])
    assert "| one | 1.50 |\n\nA note." in report([table], "Here.")
    assert tables.text(table) == "What\n----\nway    us\none  1.50\n  A note."
