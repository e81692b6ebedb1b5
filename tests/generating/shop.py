"""The event `order`, which offers act on, and the settings of the header that offers ask for."""

from __future__ import annotations

from tests.generating.made import BRANDS, CURRENCIES, DECIMALS, KINDS, MODES, ZONES, Made, Shop
from tests.generating.schema import members

TREATS = ("MINI", "BAG", "CARD")
CODES = ("WELCOME10", "SPRING", "VIP 20", "TEN-OFF")
"""Codes as rule files write them."""


def pick_shop(made: Made) -> Shop:
    """What kind of shop it will be."""
    made.currency = made.pick(CURRENCIES)
    others = [code for code in CURRENCIES if code != made.currency]
    made.instant, made.guest, made.terms = made.chance(40), made.chance(40), made.chance(25)
    made.lines = made.chance(92)
    made.quantity = made.chance(75)
    made.line_id = made.lines and made.chance(70)
    price = "offers" if made.chance(8) else "each" if made.chance(65) else "line"
    several = price != "offers" and made.chance(20)
    shipping = made.pick(("", "field", "flag")) if made.lines else made.pick(("", "field"))
    tax = made.chance(65)
    prices = made.pick(("include", "exclude")) if tax else ""
    returnable = (made.line_id or not made.lines) and made.chance(60)
    made.shop = Shop(
        currencies=(made.currency, *made.some(others)[:1]) if several else (made.currency,),
        price=price,
        lines=made.lines,
        quantity=made.quantity,
        line_id=made.line_id,
        was=made.pick(("", "needed", "optional", "optional")),
        floor=made.pick(("", "", "needed", "optional")),
        tax=tax,
        shipping=shipping,
        shipping_tax=tax and shipping == "field",
        tax_prices=prices,
        codes=made.chance(60),
        treat=made.pick(("", "needed", "optional")),
        returns=_said(returned(made)) if returnable else "",
        dense=made.chance(50),
    )
    if made.chance(60):
        made.tiers = ("Blue", "Silver", "Gold")[: made.number(2, 3)]
        made.from_host = several or made.chance(30)
    return made.shop


def header(made: Made, stacking: list[str]) -> None:
    """The program's settings."""
    shop = made.shop
    assert shop is not None
    finer = {code: f"{code} to {made.decimals[code]} decimals" for code in CURRENCIES if made.decimals != DECIMALS}
    currencies = ", ".join(finer.get(code, code) for code in shop.currencies)
    words = ("to the largest remainder", "to the largest remainder", "to first", "to last", "to running")
    odd = made.pick((*words, "to the last after rounding"))
    made.say(
        'program "Generated" {',
        f"  currency {currencies}, {made.pick(MODES)}",
        f'  timezone "{made.pick(ZONES)}"',
        f"  prices {shop.tax_prices} tax" if shop.tax_prices else "",
        f"  weeks start {made.pick(('Monday', 'Sunday'))}",
        "  29 February counts as 28 February",
        f"  tax {made.pick(MODES)} per {made.pick(('line', 'unit'))}" if shop.tax_prices else "",
        f"  split {made.pick(('in proportion', 'in proportion', 'evenly'))}, odd pennies {odd}",
        f"  terms {made.pick(('from 2025-01-01', 'from 2025-01-01 until 2035-12-31'))}" if made.terms else "",
        f"  returns {shop.returns}" if shop.returnable else "",
        *(["  stacking {", *(f"    {row}" for row in stacking), "  }"] if stacking else []),
        "}",
    )


def _said(policy: str) -> str:
    """The header's policy also says what becomes of units that an earn gave and that were spent."""
    return f"{policy}, shortfall forgiven" if policy == "by share" else policy


def returned(made: Made) -> str:
    """A policy for returns."""
    policy = made.pick(("keep", "by share", "by share", "work out again", "work out again"))
    if policy == "work out again":
        policy += f", shortfall {made.pick(('off refund', 'off balance', 'forgiven'))}"
    return policy


def _bound(shop: Shop, made: Made, high: int) -> str:
    amounts = [f"{high * 100 if code == 'JPY' else high} {code}" for code in shop.currencies]
    return "up to " + " or ".join(amounts)


def _money(made: Made, how: str, high: int, role: str) -> str:
    shop = made.shop
    assert shop is not None
    optional = "?" if how == "optional" else ""
    return f"money{optional} {_bound(shop, made, high)} as {role}"


def events(made: Made) -> None:
    """`order`, with lines or as its own line, and the member's facts."""
    shop = made.shop
    assert shop is not None
    lines = [
        "id: text as id" if shop.line_id else "",
        f"kind: {' | '.join(KINDS)}",
        "sku: text",
        "own: flag",
        "rank: count up to 9",
        "night: date?",
        "pieces: count up to 12 as quantity" if shop.quantity else "",
        f"price: {_money(made, '', 200, 'list each' if shop.price == 'each' else 'list')}"
        if shop.price != "offers"
        else "",
        f"special: money {_bound(shop, made, 90)}",
        f"before: {_money(made, shop.was, 300, 'was')}" if shop.was else "",
        f"least: {_money(made, shop.floor, 60, 'floor')}" if shop.floor else "",
        "vat: rate up to 50% as tax rate" if shop.tax else "",
        "posted: flag as shipping" if shop.flagged else "",
    ]
    marks = (" priced by offers" if shop.price == "offers" else "") + (" returnable" if shop.returnable else "")
    made.say(
        f"event order dated by bought of who identified by ref{marks} {{",
        "  ref: text",
        f"  who: member{'?' if made.guest else ''}",
        f"  bought: {'instant' if made.instant else 'date'}",
        f"  brand: {' | '.join(BRANDS)}",
        "  vip: flag",
        "  miles: count up to 900",
        "  share: rate up to 40%",
        "  coupons: codes up to 4" if shop.codes else "",
        f"  treat: text{'?' if shop.treat == 'optional' else ''}" if shop.treat else "",
        f"  postage: {_money(made, '', 30, 'shipping')}" if shop.shipping == "field" else "",
        "  post_vat: rate up to 50% as shipping tax rate" if shop.shipping_tax else "",
    )
    if shop.lines:
        made.say("  lines 0 to 6 {", *(f"    {each}" for each in lines if each), "  }")
    else:
        made.say(*(f"  {each}" for each in lines if each))
    made.say("}")
    members(made, "  vouchers: list of up to 2 text")


def defines(made: Made) -> None:
    """Lists of texts: skus, and codes that set offers off."""
    if made.chance(30):
        made.say('define good_skus = ("A1", "B2")')
        made.defines["good_skus"] = "list"
    if made.chance(30):
        made.say('define listed = column "sku" of "skus.csv"')
        made.defines["listed"] = "list"
    if made.chance(30):
        made.say('define campaign = ("SPRING", "AUTUMN-1", "x y")')
        made.defines["campaign"] = "codes"
    if made.chance(30):
        made.say('define series = column "code" of "codes.csv"')
        made.defines["series"] = "codes"
