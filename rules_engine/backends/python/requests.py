"""Bytes in: requests decoded straight into typed structs, whose decoder in C checks all that a type can say.

In: a program. Out: a decoder of `{"event": {...}, "member": {...}, "state": {...}, "shared": {...}}`. The structs see
to it that keys are known, that choices are those declared, that texts are as long and numbers as large as they may be;
so the generated function of the way `sent` only reads amounts and dates. What the decoder refuses is read again by the
slow one, which says why.

One thing no type says: whether a text can be printed. `plainly_printable` says it of a whole request at once.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from rules_engine import ir
from rules_engine.backends import Score
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding import TEXT_MAX, NoEvent, attribute, bounds_of, fact_fields, never_settled, tracks_by_part
from rules_engine.outcome import NO_FACTS, Outcome, encoded, encoded_told
from rules_engine.state import AMOUNT_MAX, STATE_VERSION, Lot, Shared, State

_PLAIN: dict[str, Any] = {
    "date": str, "time": str, "instant": str, "flag": bool, "rate": str, "money": str,
    "codes": list[str], "list": list[str | int | bool], "tier": str,
}  # fmt: skip


# ---- events and facts ----


def event_type(event: ir.EventDef) -> type[msgspec.Struct]:
    """The struct of an event, tagged with its name; `lines` is a list of structs."""
    fields = [_field(field, filled=field.name == event.identified_by) for field in event.fields]
    if event.lines is not None:
        line = msgspec.defstruct(
            f"{event.name}_line", [_field(f) for f in event.lines.fields],
            kw_only=True, forbid_unknown_fields=True, gc=False,
        )  # fmt: skip
        size = Meta(min_length=event.lines.low, max_length=event.lines.high)
        fields.append(("lines", Annotated[list[line], size], msgspec.field()))  # type: ignore[valid-type]
    return msgspec.defstruct(
        event.name, fields, kw_only=True, forbid_unknown_fields=True, gc=False, tag=event.name, tag_field="event"
    )


class SentFacts(msgspec.Struct, gc=False):
    """A member's facts as a request holds them."""


def facts_type(program: ir.Program) -> type[SentFacts]:
    """The struct of a member's facts."""
    fields = [_field(field) for field in fact_fields(program)]
    return msgspec.defstruct("facts", fields, bases=(SentFacts,), kw_only=True, forbid_unknown_fields=True, gc=False)  # type: ignore[return-value]


def facts_of(sent: SentFacts | None) -> dict[str, Any] | None:
    """Facts as a host would send them in a dictionary."""
    found: dict[str, Any] | None = msgspec.to_builtins(sent)
    return found


def _field(field: ir.FieldDef, *, filled: bool = False) -> tuple[str, Any, Any]:
    kind = _type(field, filled=filled)
    if field.optional:
        return attribute(field.name), kind | None, msgspec.field(default=None, name=field.name)
    return attribute(field.name), kind, msgspec.field(name=field.name)


def _type(field: ir.FieldDef, *, filled: bool) -> Any:
    match field.kind:
        case "text" | "member":
            least = 1 if filled or field.kind == "member" else 0
            return Annotated[str, Meta(min_length=least, max_length=field.high or TEXT_MAX)]
        case "choice":
            return Literal[field.choices]
        case "count":
            return _whole(field)
        case "unit":
            return str | _whole(field)
        case kind:
            return _PLAIN[kind]


def _whole(field: ir.FieldDef) -> Any:
    low, high = bounds_of(field)
    return Annotated[int, Meta(ge=low, le=high)]


_ESCAPE, _DELETE = 0x5C, 0x7F  # as numbers, since bytes are first taken for one, and that costs an exception


def plainly_printable(content: bytes) -> bool:
    """Whether all texts in a JSON text are plainly free of control characters: JSON has those below U+0020 only behind
    a backslash, and of those above, ASCII has one.

    >>> plainly_printable(b'{"sku": "A-1"}'), plainly_printable(b'{"sku": "A\\u0001"}')
    (True, False)
    """
    return content.isascii() and _ESCAPE not in content and _DELETE not in content


# ---- states ----

_Day = Annotated[int, Meta(ge=FIRST_DAY, lt=END_DAY)]
_Amount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
_Used = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
_Version = Annotated[int, Meta(ge=STATE_VERSION, le=STATE_VERSION)]
_Nothing = Annotated[dict[str, Any], Meta(max_length=0)]


class Names(msgspec.Struct, frozen=True):
    """What a state of a program may name: units that remember nothing, and tiers; `renamed` where something of the
    program has an old name that a state may still hold."""

    units: frozenset[str]
    tiers: frozenset[str]
    renamed: bool


def names_of(core: ir.Program) -> Names:
    """The names of a program."""
    ladder = core.tiers
    return Names(
        frozenset(unit.name for unit in core.units if unit.owner == "member" and not unit.remembers),
        frozenset(rung.name for rung in ladder.rungs) if ladder is not None else frozenset(),
        any([t.was for t in core.tracks] + [r.was for r in core.rules] + [m.was for m in core.matches]),
    )


def state_type(core: ir.Program) -> type[State]:
    """The struct of a state as a request holds it: its version must be there, and nothing that a state has not, or that
    is rare enough to be read slowly. It is told in `plain_state` what of it no type says. What is not sent is one
    dictionary that stays empty: nobody changes a state that was sent, and most of its parts are not."""
    named = tracks_by_part(track for track in core.tracks if track.owner == "member")

    def by_name(part: str, inner: Any) -> Any:
        known = tuple(sorted(named[part]))
        return dict[Literal[known], inner] if known else _Nothing  # type: ignore[valid-type]

    fields = [
        ("version", _Version, msgspec.field()),
        ("day", _Day | None, None),
        ("tracks", by_name("tracks", dict[_Day, _Amount]), NO_FACTS),
        ("seen", by_name("seen", dict[_Day, _Amount]), NO_FACTS),
        ("limits", dict[str, dict[_Day, _Used]], NO_FACTS),
        ("last", dict[str, _Day], NO_FACTS),
        ("since", _Day | None, None),
        ("settled", dict[str, _Day], NO_FACTS),
        *((name, _Nothing, NO_FACTS) for name in ("keys", "streaks", "matches", "keyed", "debts")),
    ]
    return msgspec.defstruct("SentState", fields, bases=(State,), kw_only=True, forbid_unknown_fields=True)  # type: ignore[return-value]


def plain_state(state: State, names: Names) -> bool:
    """Whether a state that was decoded by its type is plainly one that this program stored. Any doubt is for the slow
    decoder, which says what is wrong, or finds that nothing is."""
    if names.renamed or (state.settled and any(never_settled(state))):
        return False
    if state.holdings:
        tiers, first, end = names.tiers, FIRST_DAY, END_DAY
        for held in state.holdings:
            start, until = held.start, held.until
            if held.tier not in tiers or not first <= start < end:
                return False
            if until is not None and not start - 1 <= until < end:
                return False
    for lot in state.lots:
        if not _kept(lot, names.units):
            return False
    return not state.lots or sum(map(_left, state.lots)) <= AMOUNT_MAX


_left = attrgetter("left")


def _kept(lot: Lot, units: frozenset[str]) -> bool:
    pending = lot.earned if lot.pending is None else lot.pending
    expires = lot.earned if lot.expires is None else lot.expires
    return (
        lot.unit in units
        and not lot.holder
        and 0 <= lot.left <= AMOUNT_MAX
        and FIRST_DAY <= lot.earned < END_DAY
        and FIRST_DAY <= pending < END_DAY
        and FIRST_DAY <= expires < END_DAY
    )


class SentShared(Shared, frozen=False, kw_only=True, forbid_unknown_fields=True):
    """Shared counters as a request holds them: their version must be there, and nothing that they have not."""

    version: _Version
    limits: dict[str, dict[_Day, _Used]] = msgspec.field(default_factory=dict)


# ---- requests ----


class Requests:
    """The requests of one program: their types, and `trusting`, the functions that score what was decoded by type.

    `score` goes from bytes to bytes; it gives None where the slow decoder has to look at the request, and raises
    `EventRefused`.
    """

    __slots__ = ("_event", "_names", "decode", "score", "trusting", "types")

    def __init__(self, core: ir.Program, score: Score) -> None:
        self.types = {event.name: event_type(event) for event in core.events if event.schedule is None}
        self.trusting: dict[type, Score] = {}
        self._names = names_of(core)
        self._event, request = _decoders(core, tuple(self.types.values()))
        self.decode = request.decode
        self.score = _scorer(self.decode, self._names, self.trusting, score)

    def opened(self, content: bytes) -> object | None:
        """The event in JSON text as a plain struct that `score` takes, or None where it cannot be read so."""
        try:
            found: object = self._event.decode(content)
        except _UNREADABLE:
            return None
        return found

    def tell(self, sent: Any) -> Any:
        """What a function of the way `sent` says of a request whose texts can be printed."""
        event = sent.event
        return self.trusting[type(event)](event, sent.member, sent.state, sent.shared)

    def trusted(self, content: bytes, sent: Any) -> bool:
        """Whether what was decoded needs no more checks."""
        return (sent.state is None or plain_state(sent.state, self._names)) and plainly_printable(content)


_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _scorer(
    decode: Callable[[bytes], Any], names: Names, trusting: dict[type, Score], score: Score
) -> Callable[[bytes], bytes | None]:
    """A function from bytes to bytes. All that it needs is at hand in it: at this size each call shows."""
    encode, renamed = encoded_told, names.renamed

    def score_request(content: bytes) -> bytes | None:
        try:
            sent = decode(content)
        except _UNREADABLE:
            return None
        event, state = sent.event, sent.state
        asked = state is not None and (renamed or state.holdings or state.lots or state.settled)
        if asked and not plain_state(state, names):
            return None
        if type(content) is bytes and content.isascii() and _ESCAPE not in content and _DELETE not in content:
            found: Any = trusting[type(event)](event, sent.member, state, sent.shared)
            return found.to_json() if type(found) is Outcome else encode(found)
        return encoded(score(event, facts_of(sent.member), state, sent.shared))

    return score_request


def _decoders(core: ir.Program, types: tuple[type[msgspec.Struct], ...]) -> tuple[Any, Any]:
    """The decoders of events alone, and of whole requests."""
    union: Any = None
    for each in types:
        union = each if union is None else union | each
    union = union | NoEvent if len(types) == 1 else union
    request = msgspec.defstruct(
        "request",
        [
            ("event", union),
            ("member", facts_type(core) | None, msgspec.field(default=None)),
            ("state", state_type(core) | None, msgspec.field(default=None)),
            ("shared", SentShared | None, msgspec.field(default=None)),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(union), msgspec.json.Decoder(request)
