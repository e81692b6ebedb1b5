"""Trials: one generated program, one history, every evaluator; and what to do where they differ.

In: a seed. Out: nothing wrong, or a `Finding`: what differs, with the program and the events. `shrunk` makes a finding
small by leaving out declarations, clauses and events for as long as the same thing goes wrong.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from time import monotonic
from typing import Any

from rules_engine import ir
from rules_engine.backends import Backend, Evaluation
from rules_engine.backends.python import Python
from rules_engine.backends.reference import Reference
from rules_engine.checking import check
from rules_engine.decoding import decode, decode_facts
from rules_engine.diagnostics import render
from rules_engine.event import Event, Facts
from rules_engine.formatting import format_source
from rules_engine.lowering import fingerprint, lower
from rules_engine.outcome import EventRefused, Outcome, People, Refused, receive
from rules_engine.parsing import parse
from rules_engine.scoring import Accounts, Company, Program, ties_of
from rules_engine.source import Source
from rules_engine.state import Shared, State, apply
from tests.exercised import Index, note_by
from tests.histories import History, history
from tests.strategies import FILES, Of, seeded

EVENTS = 20
STATED = frozenset({"V150", "V151", "V153", "V162", "V166"})
"""The reasons for which a valid event may be refused: what the member's state holds, a unit that no offer priced, a
person of whom nothing is known."""
EXPLAINED = 4
"""Of so many events one is explained too."""


class Beside:
    """The files beside every generated program."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, or None where there is none."""
        return FILES.get(path)


@dataclass(frozen=True)
class Finding:
    """Something wrong: its kind (the same for the same fault), the program, its events, and what was seen."""

    kind: str
    text: str
    history: History
    seen: str
    seed: int = 0
    of: Of = "visits"

    def __str__(self) -> str:
        events = "\n".join(f"  {event}" for event in self.history.events)
        members = "\n".join(f"  {name}: {facts}" for name, facts in self.history.members.items())
        seed = f"seed {self.seed}{f' of {self.of}'}"
        return f"{self.kind} ({seed})\n{self.text}\nmembers\n{members}\nevents\n{events}\n{self.seen}"


class Wrong(Exception):  # noqa: N818 - carries a kind and what was seen to the maker of a finding
    """A fault by its kind."""

    def __init__(self, kind: str, seen: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.seen = seen


# ---- programs


def core_of(text: str) -> ir.Program:
    """The core of a program that must check; raises `Wrong`."""
    source = Source("generated.rules", text)
    try:
        checked = check([source], Beside())
        if checked.ok:
            return lower(checked)
    except Exception as fault:
        raise Wrong(f"checking fails: {_where(fault)}", traceback.format_exc()) from fault
    errors = [each for each in checked.diagnostics if each.severity == "error"]
    shown = "\n".join(render(each, source) for each in errors)
    raise Wrong(f"does not check: {errors[0].code} {errors[0].message}", shown)


def formatted(text: str) -> str:
    """A program in its one shape, which must be the same program and stay as it is; raises `Wrong`."""
    source = Source("generated.rules", text)
    once = format_source(source, parse(source))
    again = Source("generated.rules", once)
    if format_source(again, parse(again)) != once:
        raise Wrong("formatting twice is not formatting once", once)
    return once


def round_trip(text: str, core: ir.Program) -> None:
    """Formatting keeps the meaning; raises `Wrong`."""
    once = formatted(text)
    if fingerprint(core_of(once)) != fingerprint(core):
        raise Wrong("formatting changes the meaning", once)


# ---- events


def _road(python: Python, event: Event) -> str:
    """How generated Python scores a kind of event: by itself, or beside a run of the reference, and then with all its
    offers as one step of it, where some are not generated."""
    if event.name in python.stepped:
        return "offers by a step"
    return "beside a run" if event.name in python.beside.sources else "generated"


def decoded(core: ir.Program, told: History) -> list[tuple[Event, Facts]]:
    """Events and facts as they are scored; raises `Wrong` where a valid one is refused."""
    facts = {}
    for name, sent in told.members.items():
        found = decode_facts(sent, core)
        if not isinstance(found, dict):
            raise Wrong(f"facts refused: {found[0].code}", str(found))
        facts[name] = found
    events = []
    for sent in told.events:
        event = decode(sent, core)
        if isinstance(event, tuple) and {fault.code for fault in event} == {"V119"}:
            continue  # a long history may leave the days that the terms judge
        if not isinstance(event, Event):
            raise Wrong(f"event refused: {event[0].code}", str(event))
        events.append((event, facts.get(event.member, {}) if event.member is not None else {}))
    return events


def attempt(
    backend: Backend,
    event: Event,
    facts: Facts,
    state: State,
    shared: Shared | None = None,
    people: People | None = None,
) -> Evaluation | Refused:
    """An evaluation, or a refusal for one of the stated reasons; raises `Wrong` for anything else."""
    try:
        return backend.evaluate(event, facts, state, shared, people)
    except EventRefused as reason:
        if {fault.code for fault in reason.faults} <= STATED:
            return reason.refused
        raise Wrong(f"{backend.name} refuses: {reason.faults[0].code}", str(reason)) from reason
    except Exception as fault:
        raise Wrong(f"{backend.name} fails: {_where(fault)}", traceback.format_exc(limit=-6)) from fault


def _where(fault: BaseException) -> str:
    frames = traceback.extract_tb(fault.__traceback__)
    inner = [frame for frame in frames if "rules_engine" in frame.filename]
    place = inner[-1] if inner else frames[-1]
    return f"{type(fault).__name__} in {place.name} of {place.filename.rpartition('rules_engine/')[2]}"


class Evaluators:
    """Every evaluator of one program, for as many histories as there are; raises `Wrong` where one cannot be made."""

    def __init__(self, core: ir.Program) -> None:
        self.core = core
        self.reference = Reference(core)
        self.program = Program(core, backend=self.reference)
        self.index = Index(core)
        try:
            self.python = Python(core)
        except Exception as fault:
            raise Wrong(f"python does not compile: {_where(fault)}", traceback.format_exc(limit=-6)) from fault


def play(core: ir.Program, told: History, met: Counter[str] | None = None, by: Evaluators | None = None) -> int:
    """Every event of a history through every evaluator; the number of pairs. Raises `Wrong`."""
    by = Evaluators(core) if by is None else by
    if ties_of(core).any:
        return play_together(by, told, met)
    states, shared = dict[str, State](), Shared()
    events = decoded(core, told)
    for number, (event, facts) in enumerate(events):
        state = states.get(event.member or "", State())
        kept = repr((state, shared))
        expected = attempt(by.reference, event, facts, state, shared)
        compare(expected, attempt(by.python, event, facts, state, shared), f"event {event.id}")
        if number % EXPLAINED == 0:
            compare(expected, explained(by.program, event, facts, state, shared), f"event {event.id} explained")
        if repr((state, shared)) != kept:
            raise Wrong("the state was changed", f"{kept}\n{(state, shared)}")
        if met is not None:
            _met(by.index, event, expected, met, _road(by.python, event))
        if isinstance(expected, Refused):
            continue
        shared.reserve(expected.reserved)
        if event.member is not None:
            states[event.member] = after(state, event, expected)
    return len(events)


class Both:
    """What scores the events of a company: every evaluator, and they must agree."""

    def __init__(self, by: Evaluators, met: Counter[str] | None = None) -> None:
        self.core, self.reference, self.python, self.program = by.core, by.reference, by.python, by.program
        self.index, self.met, self.pairs = by.index, met, 0

    def facts(self, event: Event, sent: object) -> Facts:
        """The facts of an event's member."""
        return self.program.facts(event, sent)

    def people(self, event: Event, others: Mapping[str, Any] | None) -> People | None:
        """The other people of an event."""
        return self.program.people(event, others)

    def due_events(self, member: str, facts: object, state: State, until: int) -> tuple[Event, ...]:
        """What is due; raises `Wrong` where that cannot be told."""
        try:
            return self.program.due_events(member, facts, state, until)
        except EventRefused:
            raise
        except Exception as fault:
            raise Wrong(f"due fails: {_where(fault)}", traceback.format_exc(limit=-6)) from fault

    def outcome(
        self, event: Event, facts: Facts, state: State, shared: Shared | None, people: People | None
    ) -> Outcome:
        """The outcome, the same by every evaluator, with and without notes; nothing that was passed in is moved."""
        kept = repr((state, shared, people))
        expected = attempt(self.reference, event, facts, state, shared, people)
        compare(expected, attempt(self.python, event, facts, state, shared, people), f"event {event.id}")
        if self.pairs % EXPLAINED == 0:
            told = explained(self.program, event, facts, state, shared, people)
            compare(expected, told, f"event {event.id} explained")
        if repr((state, shared, people)) != kept:
            raise Wrong("the state was changed", f"{kept}\n{(state, shared, people)}")
        self.pairs += 1
        if self.met is not None:
            _met(self.index, event, expected, self.met, _road(self.python, event))
        if isinstance(expected, Refused):
            raise EventRefused(expected)
        return expected.outcome(event, "", "")


def company_of(both: Both, members: Mapping[str, object]) -> Company:
    """A company without a past, whose states are moved along as they come."""

    def known(state: object, owner: str) -> State:
        assert isinstance(state, State), owner
        return state

    return Company(both, ties_of(both.core), members, Accounts({}, known), Accounts({}, known))


def play_together(by: Evaluators, told: History, met: Counter[str] | None = None) -> int:
    """The same where events touch others or happen by themselves; scheduled events are put in."""
    core, both, shared = by.core, Both(by, met), Shared()
    company = company_of(both, told.members)
    for event, _ in decoded(core, told):
        for found in company.due_before(event, shared, shared):
            if isinstance(found, Refused) and not {fault.code for fault in found.faults} <= STATED:
                raise Wrong(f"scheduled event refused: {found.faults[0].code}", str(found))
        with contextlib.suppress(EventRefused):
            company.score(event, shared, shared)
    return both.pairs


def _met(index: Index, event: Event, found: Evaluation | Refused, met: Counter[str], way: str) -> None:
    met[way] += 1
    if isinstance(found, Refused):
        met[f"refused {found.faults[0].code}"] += 1
    else:
        note_by(way, index, event, found, met)


def explained(
    program: Program,
    event: Event,
    facts: Facts,
    state: State,
    shared: Shared | None,
    people: People | None = None,
) -> Evaluation | Refused:
    """The same with everything noted; raises `Wrong` where it cannot be told."""
    try:
        explanation = program.explain_decoded(event, facts, state, shared, people)
        explanation.text()
    except EventRefused as reason:
        return reason.refused
    except Exception as fault:
        raise Wrong(f"explaining fails: {_where(fault)}", traceback.format_exc(limit=-6)) from fault
    outcome = explanation.outcome
    changes = outcome.changes.get(event.member or "", ())
    others = {name: changes for name, changes in outcome.changes.items() if name != event.member}
    parts = {name: getattr(outcome, name) for name in PARTS if name not in ("changes", "others")}
    return Evaluation(changes=changes, others=others, **parts)


def after(state: State, event: Event, found: Evaluation) -> State:
    """The member's state after an event."""
    moved = apply(state, found.changes)
    receive(moved, found.awards, event.day if event.posted is None else event.posted)
    return moved


PARTS = (
    "discounts", "charges", "gifts", "codes", "price", "reserved", "awards", "tiers", "changes", "before", "late",
    "said", "payments", "taken", "household", "pool", "others", "opening",
)  # fmt: skip


def compare(expected: Evaluation | Refused, found: Evaluation | Refused, where: str) -> None:
    """Raise `Wrong` where two results are not the same in every part."""
    if expected == found:
        return
    if isinstance(expected, Refused) or isinstance(found, Refused):
        raise Wrong("refused by one only", f"{where}\nexpected {expected}\nfound    {found}")
    for part in PARTS:
        one, other = getattr(expected, part), getattr(found, part)
        if one != other:
            raise Wrong(f"{part} differ", f"{where}\nexpected {one}\nfound    {other}")


# ---- trials and findings


def trial(
    seed: int,
    met: Counter[str] | None = None,
    *,
    events: int = EVENTS,
    format_too: bool = True,
    of: Of = "visits",
    histories: int = 1,
) -> int | Finding:
    """One seed: the program checks, round-trips, and every event of its histories is scored alike."""
    text, told, pairs = seeded(seed, of), History({}, ()), 0
    try:
        core = core_of(text)
        if format_too:
            round_trip(text, core)
        by = Evaluators(core)
        for number in range(histories):
            told = history(core, Random(f"{seed} {number}" if number else seed), events)
            pairs += play(core, told, met, by)
    except Wrong as wrong:
        return Finding(wrong.kind, text, told, wrong.seen, seed, of)
    return pairs


def kind_of(text: str, told: History, *, format_too: bool = False) -> Wrong | None:
    """What goes wrong with a program and a history, if anything does."""
    try:
        core = core_of(text)
        if format_too:
            round_trip(text, core)
        play(core, declared_only(core, told))
    except Wrong as wrong:
        return wrong
    return None


def declared_only(core: ir.Program, told: History) -> History:
    """A history without the fields, facts and events that a program does not declare: it may have been made smaller."""
    facts = {field.name for field in core.member} | {"tier"}
    known = {event.name: {field.name for field in event.fields} | {"event", "lines"} for event in core.events}
    inner = {
        event.name: {field.name for field in event.lines.fields} for event in core.events if event.lines is not None
    }

    def of_event(event: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in event.items() if name in known[event["event"]]}
        if "lines" in kept:
            names = inner.get(event["event"], set())
            kept["lines"] = [{name: value for name, value in line.items() if name in names} for line in kept["lines"]]
        return kept

    members = {
        name: {fact: value for fact, value in sent.items() if fact in facts} for name, sent in told.members.items()
    }
    return History(members, tuple(of_event(event) for event in told.events if event["event"] in known))


Fault = Callable[[str, History], Wrong | None]
"""What goes wrong with a program and a history by some back end."""


def shrunk(finding: Finding, seconds: int = 60, fault: Fault | None = None) -> Finding:
    """The same finding with as little as possible of its program and history, as far as the time goes."""
    by_rows = partial(kind_of, format_too="formatting" in finding.kind or not finding.history.events)
    tried = by_rows if fault is None else fault
    end = monotonic() + seconds

    def fails(text: str, told: History) -> bool:
        wrong = tried(text, told) if monotonic() < end else None
        return wrong is not None and wrong.kind == finding.kind

    told = finding.history
    if told.events:
        events = smaller(told.events, lambda some: fails(finding.text, replace(told, events=tuple(some))))
        told = replace(told, events=tuple(events))
    blocks = smaller(_blocks(finding.text), lambda some: fails(mended("".join(some)), told))
    text = mended("".join(blocks))
    text = text if fails(text, told) else finding.text
    lines = smaller(text.splitlines(keepends=True), lambda some: fails("".join(some), told))
    if told.events:
        told = replace(
            told,
            events=tuple(smaller(told.events, lambda some: fails("".join(lines), replace(told, events=tuple(some))))),
        )
    wrong = tried("".join(lines), told)
    with contextlib.suppress(Wrong):
        told = declared_only(core_of("".join(lines)), told)
    same = wrong is not None and wrong.kind == finding.kind
    return replace(finding, text="".join(lines), history=told, seen=wrong.seen if wrong and same else finding.seen)


LISTS = re.compile(
    r"((?:in order |combines with |^holdout.* from ))(?!everything|nothing|codes)(.*?)( on the same \w+| }| }   .*)?$"
)
NAMED = re.compile(r'^(?:\w+ )?(?:offer|group|earn|reward|redeem) (?:("[^"]*")(?: as (\w+))?|(\w+))|^  tag (\w+)')


def mended(text: str) -> str:
    """A program without the names, in the lists of others, of offers and groups that were left out."""
    known = {name for line in text.splitlines() for match in [NAMED.match(line)] if match for name in match.groups()}
    lines = []
    for line in text.splitlines():
        found = LISTS.search(line)
        if found is None:
            lines.append(line)
            continue
        names = [name for name in found[2].split(", ") if name.removeprefix("tag ") in known]
        if names:
            lines.append(line[: found.start()] + found[1] + ", ".join(names) + (found[3] or ""))
    return "\n".join(lines) + "\n"


def _blocks(text: str) -> list[str]:
    """The declarations of a program, as they stand."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if found and (line[0] in " }"):
            found[-1] += line
        else:
            found.append(line)
    return found


def smaller(items: Any, fails: Callable[[list[Any]], bool]) -> list[Any]:
    """As few of the items as still fail: halves, then quarters, down to single ones."""
    kept, size = list(items), max(1, len(items) // 2)
    while True:
        place, cut = 0, False
        while place < len(kept):
            fewer = kept[:place] + kept[place + size :]
            if fewer and fails(fewer):
                kept, cut = fewer, True
            else:
                place += size
        if size == 1 and not cut:
            return kept
        size = max(1, size // 2)
