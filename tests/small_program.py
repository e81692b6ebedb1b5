"""A small shop made by hand, for tests of the workbench that should not depend on the checker: two tiers, two earns."""

from __future__ import annotations

from rules_engine import ir

AT = ir.Origin(0, 0, 0)


def _give(value: ir.Expr) -> ir.GiveDef:
    share = ir.Share(ir.LineMoney(AT, "net"), None, None)
    return ir.GiveDef(
        "point", value, "down", None, None, None, None, False, None, (share,), None, ir.Forever(AT), (), False, AT
    )


def _earn(key: str, title: str, when: ir.Expr | None, give: ir.GiveDef, reads: tuple[str, ...] = ()) -> ir.RuleDef:
    return ir.RuleDef(key, title, "", "earn", ("purchase",), None, when, None, (give,), (), "", reads, (), AT)


NET = ir.Fold(AT, "sum", ir.LineMoney(AT, "net"), None)
SPEND = ir.TrackDef(
    "spend", "spend", "", "sum", ("purchase",), None, NET, ir.Window("lifetime"), unit="GBP", decimals=2
)
GOLD = ir.WayDef(ir.Cmp(AT, ">=", ir.TrackRead(AT, "spend"), ir.Num(AT, 100_000)), "", None, True)
CORE = ir.Program(
    language=1,
    header=ir.Header("Small Shop", (ir.Currency("GBP", 2, "half up"),), "Europe/London"),
    files=("small.rules",),
    events=(
        ir.EventDef(
            "purchase",
            "bought_at",
            "customer",
            "receipt",
            (
                ir.FieldDef("receipt", "text"),
                ir.FieldDef("customer", "member", optional=True),
                ir.FieldDef("bought_at", "instant"),
                ir.FieldDef("codes", "codes", high=3),
                ir.FieldDef("channel", "choice", choices=("web", "store")),
            ),
            ir.LinesDef(
                0,
                9,
                (
                    ir.FieldDef("kind", "choice", choices=("food", "toy")),
                    ir.FieldDef("amount", "money", high=1_000_000, unit="GBP", role="list"),
                ),
            ),
            list_field="amount",
            currency="GBP",
        ),
    ),
    member=(
        ir.FieldDef("joined", "date"),
        ir.FieldDef("resident", "flag"),
        ir.FieldDef("birthday", "date", optional=True),
    ),
    units=(ir.UnitDef("point", "points", 0, "", "down", (ir.UnitLife(ir.Forever(AT)),)),),
    periods=(),
    tracks=(SPEND,),
    tiers=ir.TiersDef(
        False,
        (ir.RungDef("Blue", ()), ir.RungDef("Gold", (GOLD,))),
        life=ir.AddTime(AT, ir.Today(AT), 364, "day"),
        fall=ir.FallDef("earned"),
    ),
    rules=(
        _earn("base", "Points", None, _give(ir.Mul(AT, ir.Num(AT, 1, 10), NET))),
        _earn(
            "Residents",
            "Residents",
            ir.MemberField(AT, "resident"),
            _give(ir.AwardRead(AT, "base")),
            ("base",),
        ),
        _earn(
            "Gold",
            "Gold",
            ir.Cmp(AT, ">=", ir.TierRead(AT, "held"), ir.Num(AT, 1)),
            _give(ir.AwardRead(AT, "base")),
            ("base",),
        ),
    ),
    groups=(),
    matches=(),
    holdouts=(),
    imports=(),
)
