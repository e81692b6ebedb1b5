"""What a host hands in for a return: the stored outcome and returns, and what comes back. Everything is checked here.

In come values of the host; out go `Outcome`, `Return`s and, for each line, how many pieces come back. What cannot be
taken is refused with every reason; nothing changes then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec

from rules_engine import ir
from rules_engine.decoding import Place, clean, fault, hint, shown
from rules_engine.event import Event
from rules_engine.outcome import Award, EventRefused, Fault, Outcome, Payment, Refused, Taken
from rules_engine.returning.bought import Bought, Terms, kind_of, list_of
from rules_engine.returns import Return

SHIPPING = "shipping"
_Record = TypeVar("_Record", Outcome, Return)


def refuse(event: Event, *faults: Fault) -> EventRefused:
    """The refusal of a return."""
    return EventRefused(Refused(event.name, event.id, faults))


def named(event: Event) -> str:
    """The event as people name it."""
    return f"{event.name} `{event.id}`"


# ---- records ----


def read_outcome(sent: object, terms: Terms, event: Event) -> Outcome:
    """The outcome that a host kept, held against the program and the event; raises `EventRefused`."""
    kind = kind_of(terms.core, event)
    _returnable(kind, event)
    outcome = _record(sent, Outcome, "the outcome", event)
    _same_program(outcome.fingerprint, "outcome", terms, event)
    reason = next(chain(_unlike(outcome, kind, event), _unlike_units(outcome, event, terms.core)), None)
    if reason is not None:
        raise refuse(event, fault("V175", Place(event.name), "", event=named(event), reason=reason))
    return outcome


def _returnable(kind: ir.EventDef, event: Event) -> None:
    if not kind.returnable:
        reason, advice = f"`{kind.name}` is not declared `returnable`", "write `returnable` on the event"
    elif not kind.list_field and not kind.priced_by_offers:
        reason, advice = f"`{kind.name}` has no price", "declare which field is its `list` price"
    else:
        return
    raise refuse(event, fault("V170", Place(event.name), "", event=named(event), reason=reason, advice=advice))


def _same_program(found: str, what: str, terms: Terms, event: Event) -> None:
    if found != terms.fingerprint:
        words = {"what": what, "found": f"`{found[:12]}`", "own": f"`{terms.fingerprint[:12]}`"}
        raise refuse(event, fault("V171", Place(event.name), "", **words))


def _record(sent: object, kind: type[_Record], what: str, event: Event) -> _Record:
    """A record as it was made, or read back from what its `to_json` gave."""
    if isinstance(sent, kind):
        return sent
    form = f"what `{'score' if kind is Outcome else 'give_back'}` gave, or its JSON"
    try:
        if isinstance(sent, str | bytes):
            return msgspec.json.decode(sent, type=kind)
        if isinstance(sent, Mapping):
            return msgspec.convert(dict(sent), kind, str_keys=True)
        reason = f"it is {shown(sent)}"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = _plain(str(error))
    raise refuse(event, fault("V177", Place(what), "", reason=reason, form=form))


def _plain(said: str) -> str:
    """The decoder's words: lower case, without its names of places in a record's start."""
    return said[:1].lower() + said[1:].replace(" - at `$`", "")


def _unlike(outcome: Outcome, kind: ir.EventDef, event: Event) -> Iterator[str]:
    """Why an outcome cannot be of the event."""
    if (outcome.event, outcome.id) != (event.name, event.id):
        yield f"it is of {outcome.event} `{outcome.id}`"
    if outcome.member != event.member or outcome.day != event.day:
        yield "its member or its day is another"
    if outcome.price is None:
        return
    lines = outcome.price.lines
    own = 1 if kind.shipping_field else 0
    if not len(event.lines) <= len(lines) <= len(event.lines) + own:
        yield f"it has {len(lines)} lines, and the event {len(event.lines)}"
    for number, (line, price) in enumerate(zip(event.lines, lines, strict=False), 1):
        if kind.list_field and list_of(kind, line) != price.list:
            yield f"the price or the pieces of line {number} are others"
    for part in (part for discount in outcome.discounts for part in discount.parts):
        if not 0 <= part.line < len(lines):
            yield "it has discounts on a line that the event does not have"


def _unlike_units(outcome: Outcome, event: Event, core: ir.Program) -> Iterator[str]:
    """Why awards, payments and what was taken cannot be of the event."""
    known = {unit.name for unit in core.units}
    lines = len(event.lines) if outcome.price is None else len(outcome.price.lines)
    records: tuple[Award | Taken | Payment, ...] = (*outcome.awards, *outcome.taken, *outcome.payments)
    for each in records:
        if each.unit not in known:
            yield f"it has {shown(each.unit)}, which is no unit of the program"
    if any(award.given < 0 or len(award.weights) not in (0, len(event.lines)) for award in outcome.awards):
        yield "an award does not fit the lines of the event"
    for payment in outcome.payments:
        if payment.value and (len(payment.parts) != lines + 2 or sum(payment.parts) != payment.value):
            yield "a payment does not fit what the event costs"
    for taken in outcome.taken:
        counts = [count for _, count in taken.lots]
        if taken.taken < 0 or min(counts, default=1) < 1 or sum(counts) > taken.taken:
            yield "what was taken is not what left the lots"


def read_earlier(sent: Sequence[object], terms: Terms, event: Event) -> tuple[Return, ...]:
    """The earlier returns of the event, all of them and each once; raises `EventRefused`."""
    if isinstance(sent, str | bytes | Mapping) or not isinstance(sent, Sequence):
        what = Place("the list of earlier returns")
        raise refuse(event, fault("V177", what, "", reason=f"it is {shown(sent)}", form="a list of returns"))
    found = [_record(each, Return, "an earlier return", event) for each in sent]
    for each in found:
        _same_program(each.fingerprint, "earlier return", terms, event)
    reason = next(_amiss(found, event), None)
    if reason is not None:
        raise refuse(event, fault("V176", Place(event.name), "", event=named(event), reason=reason))
    return tuple(found)


def _amiss(found: Sequence[Return], event: Event) -> Iterator[str]:
    for each in found:
        if (each.event, each.id, each.member) != (event.name, event.id, event.member):
            yield f"one is of {each.event} `{each.id}`"
    numbers = sorted(each.number for each in found)
    for place, number in enumerate(numbers, 1):
        if number != place:
            yield f"number {number} is there twice" if number < place else f"number {place} is missing"


# ---- what comes back ----


def read_counts(sent: object, bought: Bought, before: Sequence[int]) -> tuple[int, ...]:
    """For each line how many pieces come back now; `before` has come back already. Raises `EventRefused`."""
    event, faults = bought.event, list[Fault]()
    if not isinstance(sent, Mapping):
        form = "lines and how many of each come back"
        raise refuse(event, fault("V100", Place("what comes back"), "", found=shown(sent), form=form))
    counts = [0] * len(bought.lines)
    for key, pieces in sent.items():
        place = _place(key, bought)
        if place is None:
            faults.append(_no_line(key, bought))
        elif type(pieces) is not int or pieces < 0:
            words = {"found": shown(pieces), "line": _called(place, bought), "form": "a whole number, 0 or more"}
            faults.append(fault("V174", _at(place, bought), "", **words))
        else:
            counts[place] += pieces
    faults += _too_many(counts, bought, before)
    if not faults and not any(counts):
        faults.append(fault("V178", Place(event.name), "", event=named(event)))
    if faults:
        raise refuse(event, *faults)
    return tuple(counts)


def _place(key: object, bought: Bought) -> int | None:
    """The line of an id or a number; as JSON knows only texts as names, a number may be one where lines have no ids."""
    ids = {line.id: place for place, line in enumerate(bought.lines) if line.id}
    if isinstance(key, str) and key in ids:
        return ids[key]
    if key == SHIPPING and len(bought.lines) > len(bought.event.lines):
        return len(bought.event.lines)
    if isinstance(key, str) and not bought.kind.line_id_field and key.isascii() and key.isdecimal() and len(key) < 9:
        key = int(key)
    return key - 1 if type(key) is int and 1 <= key <= len(bought.lines) else None


def _no_line(key: object, bought: Bought) -> Fault:
    known = [line.id or str(number) for number, line in enumerate(bought.lines[: len(bought.event.lines)], 1)]
    if len(bought.lines) > len(bought.event.lines):
        known.append(SHIPPING)
    advice = hint(key, known, "lines") if isinstance(key, str) else hint("", known, "lines")
    found = f"`{clean(key)}`" if isinstance(key, str) else shown(key)
    return fault("V172", Place(bought.event.name), "", event=named(bought.event), found=found, hint=advice)


def _too_many(counts: Sequence[int], bought: Bought, before: Sequence[int]) -> Iterator[Fault]:
    for place, (line, count, gone) in enumerate(zip(bought.lines, counts, before, strict=True)):
        if gone + count > line.units:
            words: dict[str, Any] = {"line": _called(place, bought), "bought": line.units}
            words |= {"found": count, "left": max(0, line.units - gone)}
            yield fault("V173", _at(place, bought), "", **{name: str(word) for name, word in words.items()})


def _at(place: int, bought: Bought) -> Place:
    own = place < len(bought.event.lines)
    return Place(bought.event.name, place + 1) if own else Place(SHIPPING)


def _called(place: int, bought: Bought) -> str:
    """A line as the host named it."""
    line = bought.lines[place]
    return SHIPPING if place >= len(bought.event.lines) else f"line `{line.id}`" if line.id else f"line {place + 1}"
