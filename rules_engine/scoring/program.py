"""A program that is ready to score: the face that hosts see.

In: events, members' facts and states, as a host sends them. Out: outcomes, or the reasons why an event is refused. The
program is immutable: threads share it, and the same call always gives the same outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import orjson

from rules_engine import ir
from rules_engine import state as states_
from rules_engine.backends import Backend, Score
from rules_engine.backends.reference import Reference, parts_of
from rules_engine.calendar import parse_date, zone_version
from rules_engine.decoding import (
    Place,
    decode,
    decode_facts,
    decode_json,
    decode_shared,
    decode_state,
    event_schema,
    event_struct,
    fault,
)
from rules_engine.event import Event, Facts
from rules_engine.outcome import Award, EventRefused, Fault, Outcome, Refused, TierChange, applied
from rules_engine.returns import Return, restored
from rules_engine.source import Source
from rules_engine.state import Change, LotLapsed, Shared, State
from rules_engine.values import format_decimal

if TYPE_CHECKING:
    from rules_engine.scoring.told import Explanation

Day = int | str | date
"""A day: days since 1970-01-01, `"2027-03-31"`, or a date."""


class Advance(msgspec.Struct, frozen=True):
    """What the passing of time did to a member: the state after it, how it got there, and what was lost.

    >>> later = program.advance(member, state, "2027-06-01")
    >>> later.state.lots, [(lapse.lot.left, lapse.lot.unit) for lapse in later.lapsed]
    ([], [(5, 'point')])
    """

    state: State
    changes: tuple[Change, ...]
    tiers: tuple[TierChange, ...]
    lapsed: tuple[LotLapsed, ...]


class Due(msgspec.Struct, frozen=True):
    """Something that `advance` to `day` or later will do: a review of tiers, the end of a trial, of a holding, of a
    lot.

    `what` names the period, the match, the tier or the unit.

    >>> [(due.kind, due.what) for due in program.due(member, state, "2027-12-31")]
    [('lapse', 'point'), ('tier', 'Gold')]
    """

    kind: Literal["review", "trial", "tier", "lapse"]
    day: int
    what: str


class Program:
    """A compiled program. Made by `rules_engine.load`, or from a core.

    `score` is the one call that matters; `advance` and `due` are for days on which nothing happens, `explain` for the
    question why.

    >>> print(program.explain(order, member).text().splitlines()[1])
    ├─ "Points": 5 points  (shop.rules:8)
    """

    __slots__ = ("_lock", "_reference", "_score", "_types", "backend", "core", "fingerprint", "sources", "zones")

    def __init__(
        self,
        core: ir.Program,
        sources: Mapping[str, Source] | None = None,
        backend: Backend | None = None,
        fingerprint: str = "",
    ) -> None:
        self.core = core
        self.sources = dict(sources or {})
        self.fingerprint = fingerprint or _fingerprint(core)
        self.zones = zone_version() if core.header.zone else ""
        shared = getattr(backend, "reference", None)
        self._reference = shared if isinstance(shared, Reference) else Reference(core)
        self.backend: Backend = backend or self._reference
        self._types: dict[str, type[msgspec.Struct]] = {}
        self._lock = Lock()
        self._score: Score = self.backend.score or self._score_decoded

    # ---- events ----

    def score(
        self,
        event: object,
        member: object = None,
        state: State | Mapping[str, object] | None = None,
        shared: Shared | Mapping[str, object] | None = None,
    ) -> Outcome:
        """The outcome of one event: time moves to its day, then its rules run. Nothing that was passed in is changed.

        `event` is a dictionary `{"event": "purchase", ...}`, a decoded `Event` or a struct of `event_struct`; `member`
        the member's facts as the rule file declares them; `state` what `apply` gave last (None: a new member);
        `shared` what the whole programme has used of the limits that all members share (None: nothing yet).
        State and shared counters may also be the plain values that their `to_json` gave. Raises `EventRefused` with
        every reason.
        """
        if not (state is None or isinstance(state, State)):
            state = self.state(state)
        if not (shared is None or isinstance(shared, Shared)):
            shared = self.shared(shared)
        return self._score(event, member, state, shared)

    def _score_decoded(self, event: object, member: object, state: State | None, shared: Shared | None) -> Outcome:
        decoded = self.event(event)
        facts = self.facts(decoded, member)
        return self.outcome(decoded, facts, State() if state is None else state, shared)

    def outcome(self, event: Event, facts: Facts, state: State, shared: Shared | None = None) -> Outcome:
        """The outcome of an event, facts, a state and shared counters that were decoded before."""
        return self.backend.evaluate(event, facts, state, shared).outcome(event, self.fingerprint, self.zones)

    def event(self, sent: object) -> Event:
        """An event as it is scored; raises `EventRefused`."""
        if isinstance(sent, Event):
            return sent
        if isinstance(sent, bytes | bytearray | memoryview):
            decoded = decode_json(bytes(sent), self.core)
        elif isinstance(sent, msgspec.Struct):
            decoded = decode(msgspec.to_builtins(sent), self.core)  # a struct that was made by hand was never checked
        else:
            decoded = decode(sent, self.core)
        if isinstance(decoded, Event):
            return decoded
        raise EventRefused(refused(sent, decoded, self.core))

    def facts(self, event: Event, sent: object) -> Facts:
        """The facts of an event's member, decoded; a guest has none. Raises `EventRefused`."""
        if event.member is None:
            return {}
        facts = decode_facts({} if sent is None else sent, self.core)
        if isinstance(facts, dict):
            return facts
        raise EventRefused(Refused(event.name, event.id, facts))

    def score_json(self, content: bytes) -> bytes:
        """Bytes to bytes: `{"event": {...}, "member": {...}, "state": {...}, "shared": {...}}` to an outcome, or to
        `{"event", "id", "faults"}` where the event is refused. All but the event may be left out."""
        try:
            found = self.backend.score_json(content)
        except EventRefused as reason:
            return msgspec.json.encode(reason.refused)
        return found if found is not None else self._score_json_slowly(content)

    def _score_json_slowly(self, content: bytes) -> bytes:
        """The same by the decoder that says what is wrong, and for requests with shared counters."""
        try:
            sent = orjson.loads(content)
        except orjson.JSONDecodeError:
            sent = None
        if not isinstance(sent, dict) or not sent.keys() <= {"event", "member", "state", "shared"}:
            form = "one JSON object with `event`, and where there are any `member`, `state` and `shared`"
            wrong = fault("V105", Place("the request"), "", found="read", form=form)
            return msgspec.json.encode(Refused("", "", (wrong,)))
        try:
            state = decode_state(sent.get("state"), self.core)
            shared = decode_shared(sent.get("shared"), self.core)
            if isinstance(state, State) and isinstance(shared, Shared):
                return self.score(sent.get("event"), sent.get("member"), state, shared).to_json()
            faults = (() if isinstance(state, State) else state) + (() if isinstance(shared, Shared) else shared)
            raise EventRefused(refused(sent.get("event"), faults, self.core))
        except EventRefused as reason:
            return msgspec.json.encode(reason.refused)

    def score_many(
        self,
        events: Iterable[object],
        members: Mapping[str, object] | None = None,
        states: dict[str, State] | None = None,
        *,
        shared: Shared | None = None,
        ids: set[tuple[str, str]] | None = None,
        in_order: bool = False,
    ) -> Iterator[Outcome | Refused]:
        """Score a stream: one result for each event, in the order of their instants, then of their arrival.

        `states` and `shared` are kept up to date in place, so pass a dictionary and a `Shared` to have them at the end.
        An id that came before (in this stream, or in `ids`) is refused. With `in_order` events are scored as they come,
        and nothing is held.
        """
        from rules_engine.scoring.streams import Kept, score_many

        kept = Kept({} if states is None else states, Shared() if shared is None else shared, ids)
        return score_many(self, events, members or {}, kept, in_order)

    def explain(
        self, event: object, member: object = None, state: State | None = None, shared: Shared | None = None
    ) -> Explanation:
        """Why an event gives what it gives; raises `EventRefused` as `score` does."""
        decoded = self.event(event)
        facts = self.facts(decoded, member)
        return self.explain_decoded(decoded, facts, State() if state is None else state, shared)

    def explain_decoded(self, event: Event, facts: Facts, state: State, shared: Shared | None = None) -> Explanation:
        """The same for what was decoded before."""
        from rules_engine.scoring.explaining import explain

        return explain(self, self._reference, event, facts, state, shared)

    # ---- returns ----

    def give_back(
        self,
        event: object,
        outcome: Outcome | Mapping[str, object] | bytes | str,
        returned: Mapping[str | int, int],
        *,
        earlier: Sequence[Return | Mapping[str, object] | bytes | str] = (),
    ) -> Return:
        """What is taken back where pieces of an event come back: worked out from its outcome, whatever happened since.

        `event` is the event as it was scored, `outcome` what `score` gave for it, `earlier` every return of it so far;
        the last two may also be what their `to_json` gave. `returned` has, by a line's id or its number counted from 1,
        how many pieces come back now; `shipping` is that of the event's own field, which also comes back once all goods
        have. Raises `EventRefused` with every reason, and nothing is given back then.
        """
        from rules_engine.returning import Terms, give_back

        scored = self.event(event.encode() if isinstance(event, str) else event)
        return give_back(Terms(self.core, self.fingerprint, self.backend.evaluate), scored, outcome, returned, earlier)

    # ---- time ----

    def advance(self, member: object, state: State | None, to: Day) -> Advance:
        """Move a member's time to a day: trials are judged, holdings end, lots lapse. Raises `EventRefused` for facts
        that cannot be read. `score` does this by itself."""
        state = State() if state is None else state
        found = self._reference.advance(self._facts_alone(member), state, day_number(to))
        lapsed = tuple(change for change in found.changes if isinstance(change, LotLapsed))
        return Advance(states_.apply(state, found.changes), found.changes, found.tiers, lapsed)

    def due(self, member: object, state: State | None, until: Day) -> tuple[Due, ...]:
        """What `advance` to a day would do, in order, if nothing else happened: so a host knows when to call it."""
        state = State() if state is None else state
        found = self._reference.advance(self._facts_alone(member), state, day_number(until))
        return tuple(Due(ending.kind, ending.day + 1, ending.what) for ending in found.endings)

    def state(self, stored: bytes | str | Mapping[str, object] | None) -> State:
        """A state that a host stored (`State.to_json`), read back and held against this program; None: a new member's.
        Raises `EventRefused` where this program cannot go on from it."""
        state = decode_state(_stored(stored, "the state", "State"), self.core)
        if isinstance(state, State):
            return state
        raise EventRefused(Refused("", "", state))

    def shared(self, stored: bytes | str | Mapping[str, object] | None) -> Shared:
        """Shared counters that a host stored (`Shared.to_json`), read back; None: nothing was used yet. Counters that
        this program does not know are kept, since several programs may use one store. Raises `EventRefused`."""
        shared = decode_shared(_stored(stored, "the shared counters", "Shared"), self.core)
        if isinstance(shared, Shared):
            return shared
        raise EventRefused(Refused("", "", shared))

    def _facts_alone(self, sent: object) -> Facts:
        facts = decode_facts({} if sent is None else sent, self.core)
        if isinstance(facts, dict):
            return facts
        raise EventRefused(Refused("", "", facts))

    def apply(self, state: State | None, changed: Outcome | Return | Iterable[Change]) -> State:
        """The state after an outcome, a return, or changes; the state given is left as it is."""
        state = State() if state is None else state
        if isinstance(changed, Return):
            return restored(state, changed)
        return applied(state, changed) if isinstance(changed, Outcome) else states_.apply(state, changed)

    # ---- words ----

    def event_schema(self, name: str) -> dict[str, Any]:
        """The JSON Schema of an event."""
        return event_schema(self.core, name)

    def event_type(self, name: str) -> type[msgspec.Struct]:
        """The typed event of a name: a struct whose fields are those of the rule file, texts as in JSON. `score` takes
        instances of it, checked like any other event. The same name gives the same type; raises `KeyError`."""
        with self._lock:
            found = self._types.get(name)
            if found is None:
                if all(event.name != name for event in self.core.events):
                    raise KeyError(name)
                found = self._types[name] = event_struct(self.core, name)
                self.backend.typed(found)
        return found

    def unit(self, name: str) -> ir.UnitDef:
        """A unit by its name or plural; raises `KeyError`."""
        found = next((unit for unit in self.core.units if name in (unit.name, unit.plural)), None)
        if found is None:
            raise KeyError(
                f"there is no unit `{name}`; the units are {', '.join(unit.name for unit in self.core.units)}"
            )
        return found

    def format_amount(self, unit: str, amount: int) -> str:
        """An amount as a person reads it: `412 points`, `3.20 cashback`."""
        found = self.unit(unit)
        one = amount == 10**found.decimals
        return f"{format_decimal(amount, found.decimals)} {found.name if one or not found.plural else found.plural}"

    def parts(self, event: object, award: Award) -> list[int]:
        """What an award gave on each line of its event, by the one allocation; empty for an award without lines."""
        decoded = self.event(event)
        kind = next(each for each in self.core.events if each.name == decoded.name)
        return parts_of(award, kind, decoded.lines, self.core.header)


def _stored(stored: bytes | str | Mapping[str, object] | None, what: str, kind: str) -> object:
    """What a host stored, as JSON values."""
    try:
        return orjson.loads(stored) if isinstance(stored, bytes | str) else stored
    except orjson.JSONDecodeError:
        wrong = fault("V105", Place(what), "", found="read", form=f"what `{kind}.to_json` gave, or nothing")
        raise EventRefused(Refused("", "", (wrong,))) from None


def _fingerprint(core: ir.Program) -> str:
    from rules_engine.lowering import fingerprint

    return fingerprint(core)


def day_number(day: Day) -> int:
    """A day as days since 1970-01-01.

    >>> day_number("1970-01-02"), day_number(date(1970, 1, 3)), day_number(3)
    (1, 2, 3)
    """
    if isinstance(day, str):
        return parse_date(day)
    return day if isinstance(day, int) else day.toordinal() - date(1970, 1, 1).toordinal()


def refused(sent: object, faults: tuple[Fault, ...], core: ir.Program) -> Refused:
    """A refusal with as much of a name as what was sent admits."""
    if isinstance(sent, bytes):
        try:
            sent = orjson.loads(sent)
        except orjson.JSONDecodeError:
            sent = None
    if not isinstance(sent, Mapping):
        return Refused("", "", faults)
    name = sent.get("event")
    kind = next((event for event in core.events if event.name == name), None)
    id_sent = sent.get(kind.identified_by) if kind is not None else None
    return Refused(name if isinstance(name, str) else "", id_sent if isinstance(id_sent, str) else "", faults)
