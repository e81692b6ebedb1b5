"""What fuzzing found, each input kept and tried ever after; and the laws of the targets themselves.

`make fuzz` puts what breaks a law into `corpus/fuzz/rules` or `corpus/fuzz/events`; the text beside an input says what
went wrong when it was found.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fuzz import laws, mutating
from rules_engine import decoding
from rules_engine.checking import Checker
from rules_engine.formatting import format_source
from rules_engine.source import Source

KEPT = Path(__file__).parent / "corpus" / "fuzz"


def kept(target: str) -> list[Path]:
    return sorted(path for path in (KEPT / target).iterdir() if path.suffix != ".txt")


@pytest.mark.parametrize("path", kept("rules"), ids=lambda path: path.name)
def test_texts_that_were_found(path: Path) -> None:
    laws.rule_text(laws.text_of(path.read_bytes()))


@pytest.mark.parametrize("path", kept("events"), ids=lambda path: path.name)
def test_events_that_were_found(path: Path) -> None:
    content = path.read_bytes()
    laws.event_bytes(content[0], content[1:])


def test_every_case_says_what_was_wrong() -> None:
    for target in ("rules", "events"):
        assert all(path.with_name(f"{path.name}.txt").is_file() for path in kept(target))


def test_the_prelude_is_a_program() -> None:
    assert laws.Checks().check(Source("a.rules", "")).ok


def test_some_texts_and_events_of_the_mutators() -> None:
    random = Random(7)
    texts, events = mutating.seeds()
    assert len(texts) > 100
    for _ in range(150):
        laws.rule_text(mutating.mutated(laws.text_of(random.choice(texts)), random))
        content = random.choice(events)
        laws.event_bytes(content[0], mutating.event_mutated(content[0], content[1:], random))


def test_mutations_make_other_texts_that_still_mean_something() -> None:
    random, checks = Random(3), laws.Checks()
    texts = [mutating.mutated(text, random) for text in mutating.declarations()[:200]]
    assert len(set(texts) & set(mutating.declarations())) < 20
    sound = [checks.check(Source("a.rules", text)).ok for text in texts]
    assert 0 < sum(sound) < 195


def test_a_text_that_is_not_formatted_for_good_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "format_source", lambda source, parsed: format_source(source, parsed) + "# more\n")
    with pytest.raises(AssertionError):
        laws.rule_text("define x = 1\n")


def test_a_checker_that_raises_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "_checks", laws.Checks())
    monkeypatch.setattr(Checker, "check", lambda *_: (_ for _ in ()).throw(RecursionError))
    with pytest.raises(RecursionError):
        laws.rule_text("define x = 1\n")


def test_doors_that_disagree_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    content = mutating.seeds()[1][0]
    laws.event_bytes(content[0], content[1:])
    monkeypatch.setattr(laws, "decode", lambda raw, core: decoding.decode({**raw, "odd": 1}, core))
    with pytest.raises(AssertionError):
        laws.event_bytes(content[0], content[1:])
