"""The boundary: what a host may send, and what it is told when it sends something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine import ir
from rules_engine.calendar import format_date, format_instant, format_time, parse_instant
from rules_engine.decoding import (
    States,
    decode,
    decode_facts,
    decode_json,
    decode_shared,
    decode_state,
    encode_state,
    event_schema,
    event_struct,
)
from rules_engine.decoding.events import reader_of
from rules_engine.event import Event
from rules_engine.outcome import Fault
from rules_engine.spelling import normal_code
from rules_engine.state import Holding, LimitUsed, Lot, MatchState, Shared, State
from rules_engine.values import Money, Quantity, Rate, format_decimal
from tests.boundary_program import PROGRAM, STAY
from tests.checkout_program import CHECKOUT, LIMIT

Raw = dict[str, Any]


def stay(**changes: object) -> Raw:
    line = {"id": "a", "kind": "room", "night": "2027-02-27", "amount": "100.00"}
    raw: Raw = {
        "event": "stay",
        "folio": "F1",
        "guest": "m1",
        "left_at": "2027-03-02T10:00:00+00:00",
        "brand": "city",
        "vip": False,
        "rooms": 1,
        "codes": ["WELCOME10"],
        "lines": [line, {**line, "id": "b", "night": None}],
    }
    return raw | changes


def order(currency: str = "GBP", pieces: object = 2, **changes: Any) -> Raw:
    """An order of one line; what is named like a field of the line goes there."""
    line: Raw = {"id": "a", "pieces": pieces, "price": {"amount": "12", "currency": currency}}
    inside = {"price", "was", "least", "tax"}
    line |= {name: value for name, value in changes.items() if name in inside}
    rest = {name: value for name, value in changes.items() if name not in inside}
    return {"event": "order", "number": "O1", "placed_on": "2027-03-31", "lines": [line], **rest}


def with_line(**changes: object) -> Raw:
    raw = stay()
    raw["lines"][1] |= changes
    return raw


def accepted(raw: object) -> Event:
    found = decode(raw, PROGRAM)
    assert isinstance(found, Event), found
    return found


def refused(raw: object) -> list[Fault]:
    found = decode(raw, PROGRAM)
    assert isinstance(found, tuple), found
    assert found
    return list(found)


# ---- what is taken ----


def test_an_event_becomes_canonical() -> None:
    event = accepted(stay(booked_on="2027-01-31", woken_at="07:30", share="12.5%", desk_points="500", data="2.5"))
    assert (event.name, event.id, event.member) == ("stay", "F1", "m1")
    assert event.instant == parse_instant("2027-03-02T10:00:00Z")
    assert format_date(event.day) == "2027-03-02"
    assert event.fields["share"] == 125_000_000
    assert event.fields["desk_points"] == 500
    assert event.fields["data"] == 250
    assert event.fields["woken_at"] == 27_000
    assert event.fields["codes"] == ("WELCOME10",)
    assert event.fields["deposit"] is None
    assert set(event.fields) == {field.name for field in STAY.fields}
    assert event.lines[0] == {"id": "a", "kind": "room", "night": 20_876, "amount": 10_000}
    assert event.lines[1]["night"] is None


def test_an_event_without_lines_is_one_line_of_its_own_fields() -> None:
    event = accepted({"event": "visit", "visit": "V", "guest": "m", "seen_on": "2027-07-01"})
    assert event.lines == (event.fields,)
    assert event.instant == parse_instant("2027-07-01T00:00:00+01:00")


def test_the_local_day_is_that_of_the_programs_zone() -> None:
    event = accepted(stay(left_at="2027-06-30T23:30:00Z"))
    assert format_date(event.day) == "2027-07-01"


class Brand(StrEnum):
    CITY = "city"


PYTHON_VALUES: tuple[tuple[str, object, object], ...] = (
    ("deposit", Decimal("12.30"), 1230),
    ("deposit", Decimal("12.300"), 1230),
    ("deposit", Money.of("12.30", "GBP"), 1230),
    ("deposit", {"amount": "12.30", "currency": "GBP"}, 1230),
    ("deposit", {"amount": Decimal(12), "currency": "GBP"}, 1200),
    ("desk_points", 300, 300),
    ("desk_points", Decimal(300), 300),
    ("desk_points", Quantity(300, "point"), 300),
    ("data", Decimal("0.5"), 50),
    ("share", Rate(1, 4), 250_000_000),
    ("share", Decimal("0.25"), 250_000_000),
    ("booked_on", date(2027, 3, 31), 20_908),
    ("woken_at", time(7, 30), 27_000),
    ("brand", Brand.CITY, "city"),
    ("left_at", datetime(2027, 3, 2, 10, tzinfo=UTC), 1_803_981_600),
    ("floors", (1, 2), (1, 2)),
    ("rung", "Gold", 1),
)


@pytest.mark.parametrize(("name", "sent", "canonical"), PYTHON_VALUES)
def test_python_values_are_taken(name: str, sent: object, canonical: object) -> None:
    found = accepted(stay(**{name: sent})).fields[name]
    assert found == canonical
    assert type(found) is type(canonical)


# ---- what is refused, and the words for it ----

REFUSALS: tuple[tuple[Raw, str, str, str], ...] = (
    (stay(deposit=12), "deposit", "V109", 'send an amount in GBP as text such as `"12.00"`, between quotes'),
    (stay(deposit=12.5), "deposit", "V110", "a binary fraction, which cannot hold most decimal numbers exactly"),
    (stay(deposit=True), "deposit", "V105", "cannot be `true`"),
    (stay(deposit="12.345"), "deposit", "V106", "`12.345` has 3 decimals where at most 2 are allowed"),
    (stay(deposit="1_0"), "deposit", "V106", "an underscore"),
    (stay(deposit="1e3"), "deposit", "V106", "an exponent"),
    (stay(deposit="1,000.00"), "deposit", "V106", "a comma"),
    (stay(deposit="١٢"), "deposit", "V106", "other than the digits 0 to 9"),
    (stay(deposit="-0.01"), "deposit", "V107", "-0.01 GBP, less than the 0.00 GBP that is declared"),
    (stay(deposit="1000.01"), "deposit", "V107", "1000.01 GBP, more than the 1000.00 GBP that is declared"),
    (stay(deposit={"amount": "5.00", "currency": "USD"}), "deposit", "V111", "is in `USD`, and this is counted in GBP"),
    (stay(deposit=Money.of("5", "USD")), "deposit", "V111", "is in `USD`"),
    (stay(deposit={"amount": "5.00"}), "deposit", "V106", "`amount` and `currency` and nothing else"),
    (stay(deposit={"amount": 5, "currency": "GBP"}), "deposit", "V109", "bare number 5"),
    (stay(deposit=Decimal("NaN")), "deposit", "V106", "must be a number"),
    (stay(deposit=[]), "deposit", "V105", "cannot be a list"),
    (stay(rooms=True), "rooms", "V105", "cannot be `true`; send a whole number such as `3`"),
    (stay(rooms="1"), "rooms", "V105", "cannot be the text `1`"),
    (stay(rooms=1.0), "rooms", "V105", "cannot be the number 1.0"),
    (stay(rooms=10), "rooms", "V107", "is 10, more than the 9"),
    (stay(rooms=-3), "rooms", "V107", "is -3, less than the -2"),
    (stay(rooms=10**5000), "rooms", "V107", "a number of more than 30 digits"),
    (stay(brand="citty"), "brand", "V108", "send one of `resort`, `city`; did you mean `city`?"),
    (stay(vip=1), "vip", "V105", "send `true` or `false`"),
    (stay(left_at="2027-03-02T10:00:00"), "left_at", "V106", "no offset"),
    (stay(left_at="2027-03-02T10:00:00.5Z"), "left_at", "V106", "fractions of a second"),
    (stay(left_at=datetime(2027, 3, 2, 10)), "left_at", "V106", "no time zone"),
    (stay(left_at=None), "left_at", "V104", "is missing; send an instant with its offset"),
    (stay(left_at="2020-01-01T00:00:00Z"), "left_at", "V119", "these terms hold from 2024-10-04 until 2052-02-20"),
    (stay(booked_on="20270331"), "booked_on", "V106", "a date is written `2027-03-31`"),
    (stay(booked_on="2027-02-29"), "booked_on", "V106", "February 2027 has 28 days"),
    (stay(booked_on=datetime(2027, 3, 2, tzinfo=UTC)), "booked_on", "V105", "a date such as"),
    (stay(booked_on="2027-03-31\n"), "booked_on", "V106", "not a date"),
    (stay(woken_at="24:00"), "woken_at", "V106", "does not exist"),
    (stay(share=0.25), "share", "V110", 'send a rate as text such as `"0.25"` or `"25%"`'),
    (stay(share="0.1234567891"), "share", "V106", "decimals"),
    (stay(share="0.123456789%"), "share", "V106", "at most 9 decimals"),
    (stay(desk_points="1.5"), "desk_points", "V106", "none are allowed"),
    (stay(data=5), "data", "V109", 'send text such as `"12.00"`'),
    (stay(data=Quantity(5, "point")), "data", "V106", "this counts data, not point"),
    (stay(folio=""), "folio", "V114", "is empty"),
    (stay(guest=""), "guest", "V114", "is empty"),
    (stay(folio=7), "folio", "V105", "cannot be the number 7"),
    (stay(folio="F" * 13), "folio", "V112", "13 characters; at most 12"),
    (stay(folio="F\x001"), "folio", "V113", "the unprintable character U+0000 as character 2"),
    (stay(codes="WELCOME10"), "codes", "V105", "a list of texts"),
    (stay(codes=["A", "B", "C", "D"]), "codes", "V115", "4 items; at most 3"),
    (stay(codes=["A", 5]), "codes", "V106", "item 2: the list cannot be the number 5"),
    (stay(floors=[100]), "floors", "V106", "item 1"),
    (stay(brandd="x"), "brandd", "V103", "did you mean `brand`?"),
    (stay(lines=[]), "lines", "V117", "0 lines; 1 to 4 are declared"),
    (stay(lines={}), "lines", "V105", "a list of lines"),
    (stay(lines=[4]), "lines[1]", "V100", "line 1 of stay must be an object"),
    (with_line(id="a"), "lines[2].id", "V118", "`id` on line 2 of stay is `a`, as on line 1"),
    (with_line(amount=5), "lines[2].amount", "V109", "`amount` on line 2 of stay is the bare number 5"),
    (with_line(kind=None), "lines[2].kind", "V104", "`kind` on line 2 of stay is missing; send one of `room`, `food`"),
    (with_line(extra=1), "lines[2].extra", "V103", "is not declared"),
    ({"event": "sty"}, "event", "V102", "did you mean `stay`?"),
    ({"event": ["stay"]}, "event", "V105", "cannot be a list; send one of"),
    ({}, "event", "V101", "send `event`, one of `stay`, `visit`"),
)


@pytest.mark.parametrize(("raw", "field", "code", "words"), REFUSALS)
def test_a_refusal_names_the_field_and_teaches(raw: Raw, field: str, code: str, words: str) -> None:
    (found,) = refused(raw)
    assert (found.field, found.code) == (field, code), found
    assert words in found.message
    assert not found.message.endswith(".")


def test_all_faults_are_told_at_once() -> None:
    found = refused(stay(brand="x", rooms=99, deposit=1, lines=[{"id": "a", "kind": "spa", "amount": 3.5}]))
    assert [fault.field for fault in found] == ["brand", "rooms", "deposit", "lines[1].kind", "lines[1].amount"]


@pytest.mark.parametrize("raw", [None, 3, "stay", [], b"{}"])
def test_what_is_no_object_is_no_event(raw: object) -> None:
    (found,) = refused(raw)
    assert found.code == "V100"


# ---- properties ----

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
LINE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["room", "food"]),
        "night": st.none() | st.dates(date(1990, 1, 1), date(2040, 1, 1)).map(str),
        "amount": st.integers(-10_000, 500_000).map(lambda minor: format_decimal(minor, 2)),
    }
)
OPTIONAL = {
    "guest": TEXT,
    "booked_on": st.dates().map(str),
    "woken_at": st.integers(0, 86_399).map(format_time),
    "share": st.integers(0, 2_000).map(lambda n: format_decimal(n, 1) + "%"),
    "desk_points": st.integers(0, 1_000_000) | st.integers(0, 1_000_000).map(str),
    "data": st.integers(0, 10_000).map(lambda n: format_decimal(n, 2)),
    "deposit": st.integers(0, 100_000).map(lambda n: {"amount": format_decimal(n, 2), "currency": "GBP"}),
    "floors": st.lists(st.integers(0, 99), max_size=4),
    "rung": st.sampled_from(["Blue", "Gold"]),
}
STAYS = st.fixed_dictionaries(
    {
        "event": st.just("stay"),
        "folio": TEXT,
        "left_at": st.integers(1_728_086_400, 2_591_000_000).map(lambda s: format_instant(s, "Asia/Tokyo")),
        "brand": st.sampled_from(["resort", "city"]),
        "vip": st.booleans(),
        "rooms": st.integers(-2, 9),
        "codes": st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), max_size=3),
        "lines": st.lists(LINE, min_size=1, max_size=4).map(
            lambda lines: [{**line, "id": str(number)} for number, line in enumerate(lines)]
        ),
    },
    optional=OPTIONAL,
)
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)
# what no field of that name can ever be
SPOILT: dict[str, tuple[object, ...]] = {
    "folio": (None, 1, "", "x" * 13, ["F1"], "a\nb"),
    "left_at": (None, "2027-13-01T00:00:00Z", "now", 5, "2027-03-02 10:00:00Z"),
    "brand": (None, "City", "", True),
    "vip": (None, 0, "true"),
    "rooms": (None, 10, -3, "1", 1.5, False),
    "codes": (None, "A", [None], ["A", 1], ["A"] * 4, {"A": 1}),
    "lines": (None, [], [{}], {}, "x"),
    "guest": ("", 5, "m\t"),
    "deposit": (5, 5.5, "5.001", "£5", {"amount": "1", "currency": "EUR"}, "1000.01"),
    "desk_points": (1.0, "1.5", -1, 1_000_001, True),
    "data": (1, "0.001", "100.01"),
    "share": (1, 0.5, "half", "-1%"),
    "booked_on": ("2027-2-1", 20270201, "2027-W01-1"),
    "woken_at": ("7:30", "25:00", 730),
    "floors": (5, [-1], [1.5], [None], ["1"]),
    "rung": ("Silver", 1, "gold"),
}


@given(STAYS)
@settings(max_examples=60, deadline=None)
def test_any_valid_event_is_taken_both_ways_and_fits_its_schema(raw: Raw) -> None:
    event = accepted(raw)
    assert decode_json(orjson.dumps(raw), PROGRAM) == event
    assert fits(event_schema(PROGRAM, "stay"), raw)


@given(STAYS, st.data())
@settings(max_examples=100, deadline=None)
def test_any_spoilt_field_is_refused_by_name(raw: Raw, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SPOILT)))
    raw[name] = data.draw(st.sampled_from(SPOILT[name]))
    faults = refused(raw)
    assert {re.split(r"[.\[]", fault.field)[0] for fault in faults} == {name}
    assert decode_json(orjson.dumps(raw), PROGRAM) == tuple(faults)
    by_bound_of_text = name in ("deposit", "data") and raw[name] in ("1000.01", "100.01")
    repeated = name == "lines" and raw[name] == []
    assert not fits(event_schema(PROGRAM, "stay"), raw) or by_bound_of_text or repeated


@given(GARBAGE, st.sampled_from([field.name for field in STAY.fields] + ["lines", "event", "other"]))
@settings(max_examples=200, deadline=None)
def test_decoding_never_raises(value: Any, name: str) -> None:
    decode(value, PROGRAM)
    found = decode(stay(**{name: value}), PROGRAM)
    assert isinstance(found, Event | tuple)
    decode(stay(lines=[{"id": value, "kind": value, "amount": value, "night": value}]), PROGRAM)
    for reader in (decode_facts, decode_state, decode_shared):
        assert reader(value, PROGRAM) is not None
    decode_shared({"version": 1, "limits": {"x": value}}, PROGRAM)
    decode(order(price=value, codes=value, delivery=value), CHECKOUT)
    decode_state({"version": 1, "tracks": {"nights": value}, "lots": value, "day": value}, PROGRAM)
    for fault in found if isinstance(found, tuple) else ():
        assert fault.message.isprintable()
        assert len(fault.message) < 400


@given(st.binary(max_size=60))
@settings(max_examples=50, deadline=None)
def test_bytes_never_raise(content: bytes) -> None:
    assert decode_json(content, PROGRAM) is not None


# ---- the schema, against an oracle of the few keywords it uses ----


def fits(schema: Raw, value: object) -> bool:
    return all(_KEYWORDS[word](schema[word], value, schema) for word in schema if word in _KEYWORDS)


def _typed(kind: str, value: object, schema: Raw) -> bool:
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int
    }  # fmt: skip
    return isinstance(value, kinds[kind]) and not (kind == "integer" and isinstance(value, bool))


def _is_date(kind: str, value: object) -> bool:
    if not isinstance(value, str) or kind != "date":
        return True
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


_KEYWORDS: dict[str, Callable[[Any, Any, Raw], bool]] = {
    "type": _typed,
    "const": lambda const, value, _: value == const,
    "enum": lambda values, value, _: type(value) is str and value in values,
    "anyOf": lambda schemas, value, _: any(fits(each, value) for each in schemas),
    "required": lambda names, value, _: not isinstance(value, dict) or all(name in value for name in names),
    "properties": lambda fields, value, _: (
        not isinstance(value, dict) or all(fits(fields[name], each) for name, each in value.items() if name in fields)
    ),
    "additionalProperties": lambda _, value, schema: (
        not isinstance(value, dict) or set(value) <= {*schema["properties"]}
    ),
    "items": lambda item, value, _: not isinstance(value, list) or all(fits(item, each) for each in value),
    "minItems": lambda low, value, _: not isinstance(value, list) or len(value) >= low,
    "maxItems": lambda high, value, _: not isinstance(value, list) or len(value) <= high,
    "uniqueItems": lambda _, value, __: not isinstance(value, list) or len(set(map(repr, value))) == len(value),
    "minimum": lambda low, value, _: not isinstance(value, int) or value >= low,
    "maximum": lambda high, value, _: not isinstance(value, int) or value <= high,
    "minLength": lambda low, value, _: not isinstance(value, str) or len(value) >= low,
    "maxLength": lambda high, value, _: not isinstance(value, str) or len(value) <= high,
    "pattern": lambda pattern, value, _: not isinstance(value, str) or re.search(pattern, value) is not None,
    "format": lambda kind, value, _: _is_date(kind, value),
}


def test_a_schema_says_what_it_can() -> None:
    schema = event_schema(PROGRAM, "stay")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["rooms"] == {"type": "integer", "minimum": -2, "maximum": 9}
    assert schema["additionalProperties"] is False
    amount = schema["properties"]["lines"]["items"]["properties"]["amount"]["anyOf"][0]
    assert amount["description"] == "from -100.00 GBP to 5000.00 GBP"
    assert amount["pattern"] == r"^-?[0-9]+(\.[0-9]{1,2})?$(?!\n)"
    assert schema["required"] == ["event", "folio", "left_at", "brand", "vip", "rooms", "codes", "lines"]
    with pytest.raises(KeyError):
        event_schema(PROGRAM, "nothing")


def test_a_struct_has_the_fields_by_their_names() -> None:
    struct = event_struct(PROGRAM, "visit")
    sent = msgspec.json.decode(
        b'{"event": "visit", "visit": "V", "guest": "m", "seen_on": "2027-07-01", "from": "x"}', type=struct
    )
    assert sent.from_ == "x"  # type: ignore[attr-defined]
    assert sent.seen_on == "2027-07-01"  # type: ignore[attr-defined]


# ---- facts ----


def test_facts_are_canonical_and_complete() -> None:
    assert decode_facts({"joined": "1970-01-02", "tier": "Gold"}, PROGRAM) == {"joined": 1, "birthday": None, "tier": 1}


def test_facts_are_refused_by_name() -> None:
    found = decode_facts({"joined": "x", "tier": "Golden", "born": 1}, PROGRAM)
    assert isinstance(found, tuple)
    assert [(fault.field, fault.code) for fault in found] == [("joined", "V106"), ("tier", "V108"), ("born", "V103")]
    assert found[0].message.startswith("`joined` of the member: `x` is not a date")


# ---- states ----


def _track(name: str, kind: Any, **more: Any) -> ir.TrackDef:
    return ir.TrackDef(name, name, more.pop("was", ""), kind, ("stay",), None, None, ir.Window("lifetime"), **more)


KEYED = _track("places", "count", was="towns", by_key=ir.Txt(ir.Origin(0, 0, 0), "city"), keys_max=2)
MILESTONE = ir.FieldDef("milestone", "count", low=1, high=100)
TOLD = (
    MILESTONE, ir.FieldDef("note", "text", high=5), ir.FieldDef("sort", "choice", choices=("bed", "sofa")),
    ir.FieldDef("paid", "flag"), ir.FieldDef("on", "date"),
)  # fmt: skip
KEPT = msgspec.structs.replace(
    PROGRAM,
    tracks=(*PROGRAM.tracks, KEYED, _track("brands", "distinct", keys_max=9), _track("weeks", "streak")),
    units=(*PROGRAM.units, ir.UnitDef("token", "tokens", 0, "", "down", (), remembers=TOLD)),
)
"""The program with a track of each shape, and with a unit whose lots remember something."""

FULL = State(
    day=20_100,
    tracks={"nights": {0: 12}, "weeks": {0: 2}},
    keys={"brands": {0: ["a"]}},
    streaks={"weeks": {0: 20_090}},
    seen={"nights": {0: 12}},
    limits={"Gone per member": {0: 1}},
    holdings=[Holding("Gold", 20_000, 20_365, "Gold")],
    matches={"challenge": [MatchState("Gold", 20_000, 20_090, "kept", {"source": "earned"})]},
    lots=[Lot("point", 5, 20_000, None, 20_400, "base")],
    last={"stay": 20_100},
    since=19_990,
    settled={"end of calendar month": 20_058},
    keyed={"places": {20_060: {"resort": 3, "city": -1}}},
    debts={"point": 40},
)


def test_a_state_comes_back_as_it_was() -> None:
    assert decode_state(encode_state(FULL), KEPT) == FULL
    assert decode_state(orjson.loads(orjson.dumps(encode_state(FULL))), KEPT) == FULL
    assert decode_state(None, PROGRAM) == State()
    assert decode_state(encode_state(State()), PROGRAM) == State()


def test_a_renamed_track_goes_on() -> None:
    found = decode_state({"version": 1, "tracks": {"rooms": {"0": 3}}}, PROGRAM)
    assert isinstance(found, State)
    assert found.tracks == {"nights": {0: 3}}
    found = decode_state({"version": 1, "keyed": {"towns": {"0": {"city": 3}}}}, KEPT)
    assert isinstance(found, State)
    assert found.keyed == {"places": {0: {"city": 3}}}


def test_a_renamed_rule_keeps_its_limits() -> None:
    limit = ir.LimitDef("New per member", 1, None, "", ir.ScopeDef(ir.Window("lifetime")), False, STAY_AT)
    rule = ir.RuleDef("New", "New", "Old", "earn", ("stay",), None, None, None, (), (limit,), "", (), (), STAY_AT)
    program = msgspec.structs.replace(PROGRAM, rules=(rule,))
    found = decode_state({"version": 1, "limits": {"Old per member": {"0": 1}}}, program)
    assert isinstance(found, State)
    assert found.limits == {"New per member": {0: 1}}
    lots = [Lot("point", 1, 20_000, None, None, "Old"), Lot("point", 1, 20_000, None, None, "Other")]
    found = decode_state(encode_state(State(lots=lots)), program)
    assert isinstance(found, State)
    assert [lot.source for lot in found.lots] == ["New", "Other"]


def test_a_schedule_that_is_gone_is_kept() -> None:
    """As counters are: one that comes back goes on where it was, and settles nothing twice."""
    assert decode_state({"version": 1, "settled": {"end of season": 20_000}}, PROGRAM) == State(
        settled={"end of season": 20_000}
    )


STAY_AT = ir.Origin(0, 0, 0)

BROKEN_STATES: tuple[tuple[Raw, str, str], ...] = (
    ({}, "V130", "the state has layout no number; this release reads layout 1"),
    ({"version": 2}, "V130", "layout 2"),
    ({"version": True}, "V130", "layout"),
    ({"version": 1, "trackz": {}}, "V131", "`trackz` of the state: a state has no such part"),
    ({"version": 1, "tracks": []}, "V131", "there must be an object, not a list"),
    ({"version": 1, "tracks": {"nights": {"0": "3"}}}, "V131", "there must be a whole number, not text"),
    ({"version": 1, "tracks": {"nights": {"0": 3.0}}}, "V131", "a number with a point"),
    ({"version": 1, "tracks": {"nights": {"0": 2**62}}}, "V131", "beyond 2^62"),
    ({"version": 1, "tracks": {"nites": {"0": 3}}}, "V132", "the track `nites`, which this program does not have"),
    ({"version": 1, "limits": {"x": {"0": -1}}}, "V131", "less than nothing"),
    ({"version": 1, "day": 10**9}, "V131", "outside the years 1 to 9999"),
    ({"version": 1, "lots": [{"unit": "point"}]}, "V131", "`left` is missing"),
    (
        {"version": 1, "lots": [{**msgspec.to_builtins(FULL.lots[0]), "extra": 1}]},
        "V131",
        "`lots[0].extra` of the state: a state has no such part",
    ),
    ({"version": 1, "since": 10**9}, "V131", "`since` of the state: a day outside the years 1 to 9999"),
    ({"version": 1, "since": "2027-01-01"}, "V131", "there must be a whole number, not text"),
    ({"version": 1, "settled": {"end of month": 10**9}}, "V131", "`settled.end of month` of the state: a day outside"),
    ({"version": 1, "keyed": {"places": {"0": {"city": 2**62}}}}, "V131", "`keyed.places.city` of the state: a number"),
    ({"version": 1, "keyed": {"places": {"0": [3]}}}, "V131", "there must be an object, not a list"),
    ({"version": 1, "keyed": {"nites": {}}}, "V132", "the track `nites`, which this program does not have"),
    ({"version": 1, "debts": {"point": -3}}, "V131", "-3 is owed, and a debt is more than nothing"),
    ({"version": 1, "debts": {"point": 0}}, "V131", "0 is owed"),
    ({"version": 1, "debts": {"point": 2**62}}, "V131", "a number beyond 2^62"),
    ({"version": 1, "debts": {"mile": 3}}, "V132", "the unit `mile`, which this program does not have"),
    ({"version": 1, "debts": {"point m1": 3}}, "V131", "a debt of `point` says whose it is, and is not kept apart"),
    (
        {"version": 1, "lots": [{**msgspec.to_builtins(FULL.lots[0]), "holder": "m1"}]},
        "V131",
        "`lots[0]` of the state: a lot of `point` says whose it is, and is not kept apart",
    ),
)


@pytest.mark.parametrize(("raw", "code", "words"), BROKEN_STATES)
def test_a_broken_state_is_refused(raw: Raw, code: str, words: str) -> None:
    found = decode_state(raw, KEPT)
    assert isinstance(found, tuple)
    assert found[0].code == code, found
    assert words in found[0].message


GOOD_FACTS: dict[str, Any] = {"milestone": 40, "note": "a", "sort": "bed", "paid": True, "on": 20_000}


def _tokens(**facts: Any) -> State:
    return State(lots=[Lot("token", 1, 20_000, None, None, "base", facts)])


def test_lots_remember_what_their_unit_does() -> None:
    assert decode_state(encode_state(_tokens(**GOOD_FACTS)), KEPT) == _tokens(**GOOD_FACTS)
    assert decode_state(encode_state(_tokens(milestone=None)), KEPT) == _tokens(milestone=None)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("milestone", "x", "it is the text `x`, and must be a whole number from 1 to 100"),
        ("milestone", True, "it is `true`, and must be a whole number from 1 to 100"),
        ("milestone", 0, "it is the number 0, and must be a whole number from 1 to 100"),
        ("milestone", 2**70, "must be a whole number from 1 to 100"),
        ("note", "longer", "must be text of at most 5 characters"),
        ("note", 3, "it is the number 3, and must be text"),
        ("sort", "chair", "must be one of `bed`, `sofa`"),
        ("paid", 1, "it is the number 1, and must be true or false"),
        ("on", 10**9, "must be a day as a number"),
        ("mile", 3, "a lot of `token` remembers no such fact"),
    ],
)
def test_a_lot_that_remembers_something_else_is_refused(name: str, value: Any, words: str) -> None:
    state = _tokens(**{**GOOD_FACTS, name: value})
    for told in (decode_state(encode_state(state), KEPT), States(KEPT).sound(state)):
        assert isinstance(told, tuple)
        assert [(fault.code, fault.field) for fault in told] == [("V131", f"lots[0].facts.{name}")]
        assert words in told[0].message


@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ({"tracks": {"places": {0: 50}}}, "V134", "keeps one number for the track `places`, and this program keeps a"),
        ({"tracks": {"brands": {0: 50}}}, "V134", "this program keeps different values"),
        ({"keyed": {"nights": {0: {"a": 5}}}}, "V134", "keeps a number for each key for the track `nights`"),
        ({"keys": {"nights": {0: ["a"]}}}, "V134", "keeps different values for the track `nights`"),
        ({"streaks": {"nights": {0: 20_000}}}, "V134", "keeps a streak for the track `nights`"),
        ({"seen": {"places": {0: 4}}}, "V134", "give the track another name, or let `rules migrate` begin it anew"),
        ({"keyed": {"places": {0: {"a": 1, "b": 1, "c": 1}}}}, "V135", "3 keys of the track `places`, and 2 are"),
        ({"settled": {"the month": 20_058}}, "V131", "a schedule is called `end of` or `start of` a period"),
        ({"settled": {"end of calendar month": 20_059}}, "V131", "no calendar month begins on 2024-12-02"),
        ({"settled": {"start of calendar year, settled after 2 days": 20_058}}, "V131", "no calendar year begins on"),
    ],
)
def test_nothing_of_a_state_vanishes_in_silence(parts: dict[str, Any], code: str, words: str) -> None:
    state = State(**parts)
    for told in (decode_state(encode_state(state), KEPT), States(KEPT).sound(state)):
        assert isinstance(told, tuple)
        assert [fault.code for fault in told] == [code]
        assert words in told[0].message


def test_lots_that_come_to_more_than_an_amount_are_refused() -> None:
    at_bound = [Lot("point", 2**62 - 3, 20_000, None, None, "base"), Lot("point", 2, 20_001, None, None, "base")]
    assert decode_state(encode_state(State(lots=at_bound)), KEPT) == State(lots=at_bound)
    beyond = State(lots=[*at_bound, Lot("point", 1, 20_002, None, None, "base")])
    for told in (decode_state(encode_state(beyond), KEPT), States(KEPT).sound(beyond)):
        assert isinstance(told, tuple)
        assert "the lots of `point` come to more than an amount can hold" in told[0].message


def test_impossible_lots_holdings_and_matches_are_refused() -> None:
    state = deepcopy(FULL)
    state.lots = [Lot("point", -1, 1, None, None, "base"), Lot("mile", 1, 1, None, None, "base")]
    state.holdings = [Holding("Gold", 10, 5, "Gold"), Holding("Ruby", 10, None, "Ruby")]
    state.matches = {"challenge": [MatchState("Gold", 1, 2, "half")]}
    found = decode_state(state, PROGRAM)
    assert isinstance(found, tuple)
    told = " / ".join(fault.message for fault in found)
    for words in ("the unit `mile`", "the tier `Ruby`", "-1 is left", "not `half`"):
        assert words in told


def test_many_programs_do_not_pile_up() -> None:
    raw = {"event": "visit", "visit": "V", "guest": "m", "seen_on": "2027-07-01"}
    programs = [msgspec.structs.replace(PROGRAM, files=(f"{number}.rules",)) for number in range(20)]
    for program in (*programs, *programs[-7:]):
        assert decode_json(orjson.dumps(raw), program) == decode(raw, program)
    kept = [reader_of(program) for program in programs[-7:]]
    assert kept == [reader_of(program) for program in programs[-7:]]
    assert all(reader_of(program) is each for program, each in zip(programs[-7:], kept, strict=True))


# ---- offers: several currencies, the roles of money, codes ----


def checked_out(raw: object) -> Event:
    found = decode(raw, CHECKOUT)
    assert isinstance(found, Event), found
    return found


def test_money_of_several_currencies_says_its_own() -> None:
    pounds = {"amount": "3.50", "currency": "GBP"}
    event = checked_out(order(delivery=pounds, was=Money.of("15", "GBP"), least=pounds, tax="20%", delivery_tax="0.2"))
    assert event.currency == "GBP"
    assert (event.fields["delivery"], event.fields["delivery_tax"]) == (350, 200_000_000)
    assert event.lines[0] == {"id": "a", "pieces": 2, "price": 1200, "was": 1500, "least": 350, "tax": 200_000_000}
    yen = checked_out(order("JPY", tips=[{"amount": "100", "currency": "JPY"}]))
    assert (yen.currency, yen.lines[0]["price"], yen.fields["tips"]) == ("JPY", 12, (100,))


def test_an_event_without_any_money_has_no_currency() -> None:
    assert checked_out({**order(), "lines": []}).currency == ""


def test_a_floor_above_the_price_is_no_fault() -> None:
    assert checked_out(order(least={"amount": "99.00", "currency": "GBP"})).lines[0]["least"] == 9900


def test_an_event_priced_by_offers_has_no_list_price() -> None:
    event = checked_out({"event": "call", "number": "C", "called_on": "2027-03-31", "minutes": 3})
    assert event.lines == (event.fields,)
    assert event.currency == ""


def test_codes_stay_as_they_were_presented() -> None:
    assert checked_out(order(codes=["spring-20", "Hello"])).fields["codes"] == ("spring-20", "Hello")


TYPED: tuple[tuple[list[str], tuple[str, ...]], ...] = (
    (["A", "A"], ("A", "A")),
    (["a-1", "A 1"], ("a-1", "A 1")),
    (["", " - "], ("", " - ")),
    (["x" * 256], ("x" * 256,)),
    (["x" * 257], ("x" * 256 + "\u2026",)),
    (["x" * 100_000], ("x" * 256 + "\u2026",)),
    (["spring\n", "\tspring", "a\0b\x7f"], ("spring ", " spring", "a\ufffdb\ufffd")),
)


@pytest.mark.parametrize(("typed", "kept"), TYPED)
def test_what_a_customer_typed_as_a_code_is_no_fault_of_the_event(typed: list[str], kept: tuple[str, ...]) -> None:
    raw = order(codes=typed)
    event = checked_out(raw)
    assert event.fields["codes"] == kept
    assert decode_json(orjson.dumps(raw), CHECKOUT) == event
    assert checked_out(order(codes=kept)) == event
    assert fits(event_schema(CHECKOUT, "order"), raw)
    sent = msgspec.convert(raw, event_struct(CHECKOUT, "order"))
    assert decode(msgspec.to_builtins(sent), CHECKOUT) == event


def test_a_code_of_half_a_character_can_be_told() -> None:
    assert checked_out(order(codes=["a\ud800"])).fields["codes"] == ("a\ufffd",)


YEN: Raw = {"amount": "5", "currency": "JPY"}
ORDERS_REFUSED: tuple[tuple[Raw, str, str, str], ...] = (
    (order(price="12.00"), "lines[1].price", "V156", "does not say its currency; send an amount and its currency, one"),
    (order(price=Decimal(12)), "lines[1].price", "V156", 'as `{"amount": "12.00", "currency": "GBP"}`'),
    (order(price=12), "lines[1].price", "V156", "`price` on line 1 of order does not say its currency"),
    (order(price=True), "lines[1].price", "V105", "cannot be `true`"),
    (order(price=None), "lines[1].price", "V104", "is missing; send an amount and its currency"),
    (order("USD"), "lines[1].price", "V155", "is in `USD`, which is not taken here; send one of `GBP`, `JPY`"),
    (order(price=Money.of("5", "EUR")), "lines[1].price", "V155", "is in `EUR`"),
    (order(price={"amount": "5", "currency": 7}), "lines[1].price", "V155", "is in the number 7"),
    (order(price={"amount": 5, "currency": "GBP"}), "lines[1].price", "V109", "bare number 5"),
    (order(price={"amount": 5.5, "currency": "GBP"}), "lines[1].price", "V110", "a binary fraction"),
    (order(price={"amount": "5.5", "currency": "JPY"}), "lines[1].price", "V106", "where none are allowed"),
    (order(price={"amount": "5"}), "lines[1].price", "V106", "`amount` and `currency` and nothing else"),
    (order(price={"amount": "5000.01", "currency": "GBP"}), "lines[1].price", "V107", "more than the 5000.00 GBP"),
    (order(price={"amount": "-1", "currency": "JPY"}), "lines[1].price", "V107", "-1 JPY, less than the 0 JPY"),
    (order(delivery=YEN), "lines[1].price", "V154", "is in `GBP`, and `delivery` of order is in `JPY`; an event is in"),
    (order(was=YEN), "lines[1].was", "V154", "`was` on line 1 of order is in `JPY`, and `price` on line 1 of order is"),
    (order(tips=[YEN]), "lines[1].price", "V154", "`tips` of order is in `JPY`"),
    (order(tax=0.2), "lines[1].tax", "V110", 'send a rate as text such as `"0.25"` or `"25%"`'),
    (order(tax="-1%"), "lines[1].tax", "V107", "less than the 0%"),
    (order(pieces=0), "lines[1].price", "V163", "is 12.00 GBP, and the line has no pieces; send how many pieces"),
    (order("JPY", pieces=-2), "lines[1].price", "V163", "is 12 JPY, and the line has -2 pieces"),
    (order(codes=["a", ["b"]]), "codes", "V106", "item 2: the list cannot be a list"),
)


@pytest.mark.parametrize(("raw", "field", "code", "words"), ORDERS_REFUSED)
def test_an_order_is_refused_by_every_door_in_the_same_words(raw: Raw, field: str, code: str, words: str) -> None:
    found = decode(raw, CHECKOUT)
    assert isinstance(found, tuple)
    assert [(fault.field, fault.code) for fault in found] == [(field, code)], found
    assert words in found[0].message
    try:
        content = orjson.dumps(raw)
    except TypeError:  # values of Python that JSON has not
        return
    assert decode_json(content, CHECKOUT) == found
    within = code in ("V107", "V154", "V163") or "where none" in words
    assert not fits(event_schema(CHECKOUT, "order"), raw) or within


@given(st.sampled_from(["GBP", "JPY"]), st.integers(0, 500_000), st.integers(1, 9), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_valid_order_is_taken_both_ways(currency: str, amount: int, pieces: int, shipped: bool) -> None:
    money = {"amount": format_decimal(amount, 2 if currency == "GBP" else 0), "currency": currency}
    raw = order(price=money, pieces=pieces, delivery=money if shipped else None)
    event = checked_out(raw)
    assert (event.currency, event.lines[0]["price"]) == (currency, amount)
    assert decode_json(orjson.dumps(raw), CHECKOUT) == event
    assert fits(event_schema(CHECKOUT, "order"), raw)


def test_a_line_of_no_pieces_and_no_money_is_fine() -> None:
    assert checked_out(order(price={"amount": "0", "currency": "GBP"}, pieces=0)).lines[0]["pieces"] == 0


def test_an_order_whose_price_no_amount_can_hold_is_refused() -> None:
    big = ir.FieldDef("price", "money", high=2**62 - 1, unit="GBP", role="list each")
    kind = next(each for each in CHECKOUT.events if each.name == "order")
    assert kind.lines is not None
    lines = msgspec.structs.replace(kind.lines, fields=(*kind.lines.fields[:2], big))
    kind = msgspec.structs.replace(
        kind, lines=lines, fields=kind.fields[:4], list_each=True, currency="GBP", currencies=("GBP",),
        shipping_field="",
    )  # fmt: skip
    program = msgspec.structs.replace(CHECKOUT, events=(kind,))
    found = decode(order(price="30000000000000000.00"), program)
    assert isinstance(found, tuple)
    assert [(each.code, each.message) for each in found] == [("V164", "order costs more than an amount can hold")]


def test_a_schema_says_the_currencies() -> None:
    schema = event_schema(CHECKOUT, "order")
    assert schema["description"].endswith("; all its money is in one currency")
    price = schema["properties"]["lines"]["items"]["properties"]["price"]["anyOf"]
    assert [each["properties"]["currency"] for each in price] == [{"const": "GBP"}, {"const": "JPY"}]
    assert price[1]["properties"]["amount"]["description"] == "from 0 JPY to 1000000 JPY"


# ---- shared counters ----


def test_shared_counters_come_back_as_they_were() -> None:
    shared = Shared({"Hello 20: times in total": {0: 3}})
    assert decode_shared(orjson.loads(shared.to_json()), CHECKOUT) == shared
    assert decode_shared(shared, CHECKOUT) == shared
    assert decode_shared(None, CHECKOUT) == Shared()


def test_reserving_moves_shared_counters_along() -> None:
    shared = Shared({"a": {0: 3}})
    shared.reserve([LimitUsed("a", 0, 3, 5), LimitUsed("b", 20_000, 0, 1), LimitUsed("a", 0, 5, 4)])
    assert shared.limits == {"a": {0: 4}, "b": {20_000: 1}}


def test_counters_of_other_programs_are_kept_and_those_of_a_renamed_rule_go_on() -> None:
    per_code = msgspec.structs.replace(LIMIT, key="New: times in total per code", keys=(ir.CodeRead(STAY_AT),))
    offer = msgspec.structs.replace(CHECKOUT.offers[0], limits=(LIMIT, per_code))
    program = msgspec.structs.replace(CHECKOUT, offers=(offer,))
    counters = {"Old: times in total": {"0": 1}, "Old: times in total per code A B": {"0": 2}, "Elsewhere": {"0": 4}}
    found = decode_shared({"version": 1, "limits": counters}, program)
    assert found == Shared(
        {"New: times in total": {0: 1}, "New: times in total per code A B": {0: 2}, "Elsewhere": {0: 4}}
    )
    state = decode_state({"version": 1, "limits": {"Old: times in total": {"0": 1}}}, program)
    assert isinstance(state, State)
    assert state.limits == {"New: times in total": {0: 1}}


BROKEN_COUNTERS: tuple[tuple[object, str, str], ...] = (
    ([], "V100", "the shared counters must be an object of names and values, not a list; send what `Shared.to_json`"),
    ({}, "V157", "the shared counters have layout no number; this release reads layout 1"),
    ({"version": 2}, "V157", "layout 2"),
    ({"version": 1, "tracks": {}}, "V158", "`tracks` of the shared counters: shared counters have no such part"),
    ({"version": 1, "limits": []}, "V158", "there must be an object, not a list"),
    ({"version": 1, "limits": {"x": {"0": "3"}}}, "V158", "there must be a whole number, not text"),
    ({"version": 1, "limits": {"x": {"0": -1}}}, "V158", "`limits.x` of the shared counters: -1 was used of a limit"),
    ({"version": 1, "limits": {"x": {"0": 2**62}}}, "V158", "beyond 2^62"),
    ({"version": 1, "limits": {"x": {str(10**9): 1}}}, "V158", "outside the years 1 to 9999"),
    ({"version": 1, "limits": {"x": None}}, "V158", "there must be an object, not null"),
)


@pytest.mark.parametrize(("raw", "code", "words"), BROKEN_COUNTERS)
def test_broken_shared_counters_are_refused(raw: object, code: str, words: str) -> None:
    found = decode_shared(raw, CHECKOUT)
    assert isinstance(found, tuple)
    assert found[0].code == code, found
    assert words in found[0].message


# ---- the spelling of codes ----


@given(st.text(max_size=12))
def test_normal_spelling_is_its_own(text: str) -> None:
    normal = normal_code(text)
    assert normal_code(normal) == normal
    assert normal_code(f" {text}-") == normal
    assert not any(letter.isspace() or letter == "-" for letter in normal)


@pytest.mark.parametrize(
    "typed", ["spring-20", "SPRING20", " Spring 20", "spring\u201020", "ｓｐｒｉｎｇ２０", "spr\xading 20"]
)
def test_one_code_has_many_ways_of_typing(typed: str) -> None:
    assert normal_code(typed) == "SPRING20"
