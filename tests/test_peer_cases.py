"""Calculations of other engines, each a test of a rule file: they run on both evaluators, and all are accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules_engine.backends import Evaluation
from rules_engine.backends.python import Python
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.pipeline import load
from rules_engine.source import Source
from rules_engine.workbench.engine import Asked, Engine
from tests import peer_cases, peer_report

FILES = peer_cases.files()
LISTED = peer_cases.listed()


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_every_case_comes_out_on_the_reference(path: Path) -> None:
    assert peer_cases.faults(path, LISTED) == []


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_every_case_comes_out_on_generated_python(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Python(load(path).core)

    def evaluate(engine: Engine, asked: Asked) -> Evaluation:
        return backend.evaluate(asked.event, asked.facts, asked.state, asked.shared, asked.people)

    monkeypatch.setattr(Engine, "evaluate", evaluate)
    assert peer_cases.faults(path, LISTED) == []


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_the_file_is_formatted_and_says_its_policy(path: Path) -> None:
    source = Source.read(path)
    assert format_source(source, parse(source)) == source.text
    assert source.text.startswith("# "), "the peer's policy stands at the head of the file"


def test_everything_is_accounted_for() -> None:
    known, left = peer_cases.known(), peer_cases.left_out()
    assert sorted([*peer_report.encoded(), *left]) == sorted(known)
    assert len(left) * 100 <= peer_report.MOST_LEFT_OUT * len(known)


def test_the_report_counts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_cases, "files", lambda: FILES[:0])
    assert peer_report.main() == 1
    assert "neither encoded nor left out" in capsys.readouterr().err


def test_a_wrong_answer_is_seen(tmp_path: Path) -> None:
    if LISTED is None:
        pytest.skip("the list of cases is not here: put it at ../shared/corpus/peer_cases.jsonl to compare")
    path = peer_cases.PEERS / "sylius" / "order-fixed.rules"
    wrong = tmp_path / "wrong.rules"
    wrong.write_text(path.read_text(encoding="utf-8").replace("10 USD off", "11 USD off"), encoding="utf-8")
    said = peer_cases.faults(wrong, LISTED)
    assert any("order discount: expected 1000, came out 1100" in each for each in said)
