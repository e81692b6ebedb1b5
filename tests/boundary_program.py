"""A program made by hand for the tests of the boundary: one event of every kind of field, and a small one."""

from __future__ import annotations

from rules_engine import ir

NOWHERE = ir.Origin(0, 0, 0)
HEADER = ir.Header(
    title="Boundary",
    currencies=(ir.Currency("GBP", 2, "half up"),),
    zone="Europe/London",
    terms_from=20_000,
    terms_until=30_000,
)
LINE_FIELDS = (
    ir.FieldDef("id", "text", high=20, role="id"),
    ir.FieldDef("kind", "choice", choices=("room", "food")),
    ir.FieldDef("night", "date", optional=True),
    ir.FieldDef("amount", "money", low=-10_000, high=500_000, unit="GBP", role="list"),
)
STAY = ir.EventDef(
    name="stay",
    dated_by="left_at",
    owner="guest",
    identified_by="folio",
    fields=(
        ir.FieldDef("folio", "text", high=12),
        ir.FieldDef("guest", "member", optional=True),
        ir.FieldDef("left_at", "instant"),
        ir.FieldDef("booked_on", "date", optional=True),
        ir.FieldDef("woken_at", "time", optional=True),
        ir.FieldDef("brand", "choice", choices=("resort", "city")),
        ir.FieldDef("vip", "flag"),
        ir.FieldDef("rooms", "count", low=-2, high=9),
        ir.FieldDef("share", "rate", optional=True),
        ir.FieldDef("desk_points", "unit", optional=True, high=1_000_000, unit="point"),
        ir.FieldDef("data", "unit", optional=True, high=10_000, unit="data"),
        ir.FieldDef("deposit", "money", optional=True, high=100_000, unit="GBP"),
        ir.FieldDef("codes", "codes", high=3),
        ir.FieldDef("floors", "list", optional=True, high=4, item=ir.FieldDef("floors", "count", high=99)),
        ir.FieldDef("rung", "tier", optional=True),
    ),
    lines=ir.LinesDef(1, 4, LINE_FIELDS),
    list_field="amount",
    line_id_field="id",
    currency="GBP",
)
VISIT = ir.EventDef(
    name="visit",
    dated_by="seen_on",
    owner="guest",
    identified_by="visit",
    fields=(
        ir.FieldDef("visit", "text"),
        ir.FieldDef("guest", "member"),
        ir.FieldDef("seen_on", "date"),
        ir.FieldDef("from", "text", optional=True),
    ),
    lines=None,
)
PROGRAM = ir.Program(
    language=1,
    header=HEADER,
    files=("boundary.rules",),
    events=(STAY, VISIT),
    member=(ir.FieldDef("joined", "date"), ir.FieldDef("birthday", "date", optional=True)),
    units=(
        ir.UnitDef("point", "points", 0, "", "down", ()),
        ir.UnitDef("data", "", 2, "", "down", ()),
    ),
    periods=(),
    tracks=(ir.TrackDef("nights", "nights", "rooms", "count", ("stay",), None, None, ir.Window("lifetime")),),
    tiers=ir.TiersDef(True, (ir.RungDef("Blue", ()), ir.RungDef("Gold", ()))),
    rules=(),
    groups=(),
    matches=(),
    holdouts=(),
    imports=(),
)
