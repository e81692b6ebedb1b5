"""What holds for every input, whatever it is. Shared by the targets and by the test that replays what they found.

`rule_text` takes the text of a rule file: parse, check, format, colour and, where the program checks, lower.
`event_bytes` takes JSON and the number of a program: decode, score by the generated Python and by the reference. Both
raise `AssertionError`, or whatever the engine raised, for an input that breaks a law.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from rules_engine import ir
from rules_engine.backends import Evaluation
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.checking import Checked, Checker
from rules_engine.decoding import decode, decode_facts, decode_json
from rules_engine.diagnostics import Diagnostic, render
from rules_engine.event import Event
from rules_engine.formatting import format_source
from rules_engine.highlighting import tokens
from rules_engine.lowering import fingerprint, lower
from rules_engine.outcome import EventRefused, Fault, Refused
from rules_engine.parsing import parse
from rules_engine.pipeline import load
from rules_engine.source import Source
from rules_engine.state import State

ROOT: Final = Path(__file__).resolve().parent.parent
SCORE: Final = ROOT / "tests" / "corpus" / "score"
KEPT: Final = ROOT / "tests" / "corpus" / "fuzz"
"""What the targets found, each kept as a case."""

PRELUDE: Final = """language 1

program "Fuzz" {
  currency  GBP, rounded half up
  timezone  "Europe/London"
  split     in proportion, odd pennies to the largest remainder
}

unit point, points { rounded down   lasts for 24 months }
event stay dated by left_at of guest identified by folio {
  folio: text   guest: member?   left_at: instant   brand: city | resort   nights: count up to 90   codes: codes up to 3
  lines 0 to 9 {
    id: text as id   kind: room | food   amount: money up to 500 GBP as list each   pieces: count up to 9 as quantity
  }
}
member { joined: date?   plan: basic | plus }
track spend = sum of net, on stay, per calendar year
tiers from host { Silver   Gold }
"""
"""Stands in a file of its own before every text, so that a single declaration already means something."""

KEPT_MAX: Final = 2000
"""So many texts are checked by one checker, which keeps what it knows of the prelude."""


class Checks:
    """A checker that is renewed now and then."""

    def __init__(self) -> None:
        self.left = 0

    def check(self, source: Source) -> Checked:
        """Check a text behind the prelude; text that says its language is a program of its own."""
        if not self.left:
            self.left, self.alone, self.behind = KEPT_MAX, Checker(), Checker()
        self.left -= 1
        if "language" in source.text:
            return self.alone.check([source])
        return self.behind.check([Source("prelude.rules", PRELUDE), source])


_checks: Final = Checks()


def text_of(data: bytes) -> str:
    """An input as text: halves of surrogate pairs are kept, and bytes that are no UTF-8 become such."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def rule_text(text: str) -> None:
    """The laws of rule files."""
    source = Source("fuzz.rules", text)
    checked = _checks.check(source)
    for finding in checked.diagnostics:
        _finding(finding, checked)
    _format(source)
    at = 0
    for token in tokens(text):
        assert at <= token.start < token.end <= len(text), token
        at = token.end
    if checked.ok:
        assert fingerprint(lower(checked))


def _finding(finding: Diagnostic, checked: Checked) -> None:
    source = checked.sources[finding.source]
    spans = [finding.span, *(each.span for each in finding.labels if each.source == finding.source)]
    spans += [finding.fix.span] if finding.fix is not None else []
    for start, end in spans:
        assert 0 <= start <= end <= len(source.text), (finding.code, start, end, len(source.text))
    assert finding.message
    assert len(finding.message) + len(finding.help) < 5000, finding.code
    shown = render(finding, source)
    assert shown.startswith(f"{finding.severity}[{finding.code}]: ")
    assert shown.replace("\n", "").isprintable(), shown


def _format(source: Source) -> None:
    parsed = parse(source)
    once = format_source(source, parsed)
    if any(each.severity == "error" for each in parsed.diagnostics):
        return
    again = Source(source.name, once)
    read = parse(again)
    assert not any(each.severity == "error" for each in read.diagnostics), once
    assert format_source(again, read) == once, once


# ---- events ----


class Scorers(msgspec.Struct, frozen=True):
    """A program and its two evaluators, and what its events look like."""

    core: ir.Program
    python: Python
    reference: Reference
    facts: dict[str, Any]
    events: tuple[dict[str, Any], ...]


@cache
def scorers() -> tuple[Scorers, ...]:
    """The programs of the corpus of scoring whose events are scored one by one, and the boundary's own."""
    return tuple(_scorers(path) for path in sorted(SCORE.glob("*.rules")))


def _scorers(path: Path) -> Scorers:
    core = load(path).core
    sent = [json.loads(line) for line in path.with_suffix(".ndjson").read_text(encoding="utf-8").splitlines()]
    events = tuple(each["event"] for each in sent)
    return Scorers(core, Python(core), Reference(core), sent[0].get("member") or {}, events)


def event_bytes(number: int, content: bytes) -> None:
    """The laws of events: refused in words or scored, by all ways alike."""
    by = scorers()[number % len(scorers())]
    found = decode_json(content, by.core)
    _event(found)
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError:
        assert isinstance(found, tuple)
        return
    slow = decode(raw, by.core)
    assert slow == found, (slow, found)
    if isinstance(slow, Event):
        _scored(slow, by)


def _event(found: Event | tuple[Fault, ...]) -> None:
    if isinstance(found, Event):
        return
    assert found
    assert len(found) < 1000
    for fault in found:
        assert fault.code
        assert len(fault.message) + len(fault.field) < 2000, fault.code
        assert fault.message.isprintable(), fault


def _scored(event: Event, by: Scorers) -> None:
    facts = decode_facts(by.facts, by.core) if event.member is not None else {}
    if not isinstance(facts, dict):
        return
    results: list[Evaluation | Refused] = []
    for backend in (by.reference, by.python):
        try:
            results.append(backend.evaluate(event, facts, State(), None, None))
        except EventRefused as refusal:
            _event(refusal.faults)
            results.append(refusal.refused)
    assert results[0] == results[1], results
