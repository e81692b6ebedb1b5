"""A checkout made by hand for the tests of the boundary: an event in one of two currencies with every role that offers
and tax know, and one that is priced by offers."""

from __future__ import annotations

from msgspec.structs import replace

from rules_engine import ir
from tests.boundary_program import NOWHERE, PROGRAM

AMOUNTS = (ir.CurrencyBounds("GBP", 2, 0, 500_000), ir.CurrencyBounds("JPY", 0, 0, 1_000_000))


def _money(name: str, role: str = "", optional: bool = True) -> ir.FieldDef:
    return ir.FieldDef(name, "money", optional=optional, role=role, bounds=AMOUNTS)


ORDER = ir.EventDef(
    name="order",
    dated_by="placed_on",
    owner="customer",
    identified_by="number",
    fields=(
        ir.FieldDef("number", "text"),
        ir.FieldDef("customer", "member", optional=True),
        ir.FieldDef("placed_on", "date"),
        ir.FieldDef("codes", "codes", optional=True, high=4),
        _money("delivery", "shipping"),
        ir.FieldDef("delivery_tax", "rate", optional=True, role="shipping tax rate"),
        ir.FieldDef("tips", "list", optional=True, high=3, item=ir.FieldDef("tips", "money", bounds=AMOUNTS)),
    ),
    lines=ir.LinesDef(
        0,
        9,
        (
            ir.FieldDef("id", "text", role="id"),
            ir.FieldDef("pieces", "count", low=-5, high=10_000, role="quantity"),
            _money("price", "list", optional=False),
            _money("was", "was"),
            _money("least", "floor"),
            ir.FieldDef("tax", "rate", optional=True, role="tax rate"),
        ),
    ),
    list_field="price",
    quantity_field="pieces",
    line_id_field="id",
    currencies=("GBP", "JPY"),
    was_field="was",
    floor_field="least",
    tax_field="tax",
    shipping_field="delivery",
    shipping_tax_field="delivery_tax",
    codes_field="codes",
)
CALL = ir.EventDef(
    name="call",
    dated_by="called_on",
    owner="customer",
    identified_by="number",
    fields=(
        ir.FieldDef("number", "text"),
        ir.FieldDef("customer", "member", optional=True),
        ir.FieldDef("called_on", "date"),
        ir.FieldDef("minutes", "count", high=600, role="quantity"),
    ),
    lines=None,
    quantity_field="minutes",
    currency="GBP",
    priced_by_offers=True,
)
HEADER = ir.Header(
    "Checkout", (ir.Currency("GBP", 2, "half up"), ir.Currency("JPY", 0, "half up")), None, prices="include"
)
LIMIT = ir.LimitDef(
    "New: times in total", 100, None, "", ir.ScopeDef(ir.Window("lifetime")), False, NOWHERE, owner="shared"
)
OFFER = ir.OfferDef(
    key="New",
    title="New",
    was="Old",
    stage="basket",
    events=("order", "call"),
    dates=None,
    code=ir.CodeDef(("SPRING20",)),
    when=None,
    sets=None,
    effects=(ir.GiftDef(1, ir.Txt(NOWHERE, "mug"), NOWHERE),),
    limits=(LIMIT,),
    group="",
    consent=None,
    on_return=None,
    reads=(),
    says=(),
    at=NOWHERE,
)
CHECKOUT = replace(
    PROGRAM, header=HEADER, events=(ORDER, CALL), member=(), tracks=(), tiers=None, offers=(OFFER,), units=()
)
