"""Programs whose offers are plain enough to be generated whole, and orders for them, made from a seed.

The programs of `strategies` hold something of everything, so that hardly one of them is free of what generated Python
hands to the reference. These hold only what it writes out: effects on units, lines and totals, codes, limits, groups
that take all, the first or the best, picked units, sets, floors, shipping, tax, guests.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

STAGES = ("catalogue", "item", "basket", "shipping")
WHERE = (
    "", "", " where category is toys", " where category is books", " where hot", " where category in (toys, books)",
    " where day in spring", " where not hot and category is home",
)  # fmt: skip
WHEN = (
    "current >= 30 GBP", "list >= 20 GBP", "channel is app", "count of (lines where hot) >= 1", "member.vip",
    "(current of lines where category is toys) >= 10 GBP", "count of (units where category is books) >= 2",
    "spend >= 50 GBP",
)  # fmt: skip
LIMITS = (
    "once      per member", "at most   2 times per member per calendar month", "at most   6 GBP",
    "at most   15 GBP per member per calendar month", "at most   3 times in total", "at most   30 GBP in total",
    "at most   2 times per member per channel", "at most   4 GBP per member per mark",
    "at most   2 times in total per channel", "at most   9 GBP per member per calendar week by day_of",
    "at most   10 GBP per member", "at most   10 GBP per member, or nothing",
)  # fmt: skip
OF_CODES = (
    "once      per code", "at most   2 times per code per member", "at most   7 GBP per code",
    "at most   1 times per code in total",
)  # fmt: skip
SECOND = (
    "at most   8 GBP per member per calendar year",
    "at most   4.44 GBP per channel",
    "at most   20 GBP in total per calendar month",
)
PICKS = (
    "at every 2nd of 3, dearest first", "at every 2nd of 2, cheapest first", "at units 2 to 3 of each line",
    "at the cheapest 2", "at the dearest 1 per full 3",
)  # fmt: skip
TOTALS = (
    "the cheapest 1 unit", "the dearest 2 units", "the cheapest 1 per full 3 units", "the first 2 units",
    "the last 3 units", "units 2 to 3 of each line",
)  # fmt: skip
PARTS = (
    "", ": take 100% of current off each unit", ": take 33% of current off each unit", ": take 1.11 GBP off each line",
    ": price each unit at 2 GBP",
)  # fmt: skip
BESIDE = (
    "take      3.33 GBP off each set", "price     each set at 10 GBP", "take      10% of current off each set",
    "take      0.99 GBP off each unit", "take      12% of current off each line where hot",
)  # fmt: skip
CAPS = ("2 GBP", "7.77 GBP", "20% of (current of lines where hot)")
LEASTS = ("1 GBP", "5 GBP", "10% of (current of lines)")
DATES = ("from 2027-02-01", "until 2027-03-15", "from 2027-02-01 until 2027-04-30")


class Shape(msgspec.Struct, frozen=True):
    """What a program's orders are made of."""

    each: bool
    pieces: bool
    was: bool
    floor: bool
    guest: bool
    postage: bool
    posted: bool
    tax: str


def plain_program(seed: int) -> tuple[str, Shape]:
    """A program and the shape of its orders."""
    rng = Random(seed)
    postage = rng.random() < 0.3
    shape = Shape(
        each=rng.random() < 0.8,
        pieces=rng.random() < 0.85,
        was=rng.random() < 0.4,
        floor=rng.random() < 0.3,
        guest=rng.random() < 0.4,
        postage=postage,
        posted=not postage and rng.random() < 0.3,
        tax=rng.choice(("", "include", "exclude")),
    )
    stages = STAGES if shape.postage or shape.posted else STAGES[:3]
    coded = 0.9 if rng.random() < 0.2 else 0.35
    spoken = Random(f"words {seed}")
    offers = [_offer(number, rng.choice(stages), shape, coded, rng, spoken) for number in range(rng.randint(1, 6))]
    groups, rows = _groups(offers, rng, spoken)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        each = rng.choice(offers)
        others = [other["name"] for other in offers if other is not each]
        other, on = rng.choice(["nothing", "nothing", *others]), rng.choice(("unit", "line", "basket"))
        each["consents"] = f"  combines with {other} on the same {on}\n"
    earns = 'earn "Base" { on purchase   give 1 point per full 1 GBP of net }\n'
    earns += 'earn "Toys" { on purchase   give 2 points per full 1 GBP of net of lines where category is toys }\n'
    earns += 'earn "Few" { on purchase   give 1 point   at most 2 points per member per calendar month }\n'
    earns += "".join(_earn(number, shape, rng) for number in range(rng.choice((0, 1, 1, 2))))
    parts = ("text", "joins", "consents")
    bodies = "".join("".join(offer.get(part, "") for part in parts) + "}\n" for offer in offers)
    return _head(rows, shape, rng) + _event(shape, rng) + groups + bodies + earns, shape


def _earn(number: int, shape: Shape, rng: Random) -> str:
    """An earn that reads what lines cost after a stage, what they were, what shipping costs; or that only says
    something."""
    base = rng.choice(("after item", "after item", "after basket", "after shipping", "catalogue", "list", "current"))
    base = "was" if shape.was and rng.random() < 0.2 else "net" if base == "current" else base
    where = rng.choice(WHERE)
    over = rng.choice(("", f" of lines{where}", f" of lines{where}", " of each line"))
    if over == " of each line":
        over += where
    elif (shape.postage or shape.posted) and rng.random() < 0.3:
        over = rng.choice((" of lines and shipping", " of shipping"))
    give = f"{rng.choice((1, 3))} point per {rng.choice(('', 'full '))}{rng.choice((1, 4))} GBP of {base}{over}"
    tests = ["channel is app", f"{base} >= 20 GBP", f"({base} of lines where hot) >= 5 GBP"]
    tests += ["has member and spend >= 50 GBP"] if shape.guest else ["spend >= 50 GBP"]
    when = f"when {rng.choice(tests)}   " if rng.random() < 0.4 else ""
    says = 'say "Thanks"   ' if rng.random() < 0.2 else ""
    does = 'say "Hello"' if rng.random() < 0.1 else f"give {give}   {says}"
    return f'earn "Read {number}" {{ on purchase   {when}{does} }}\n'


def _head(rows: str, shape: Shape, rng: Random) -> str:
    odd = rng.choice(("the largest remainder", "the first", "the last", "running"))
    per = rng.choice(("line", "unit"))
    tax = f"  prices {shape.tax} tax\n  tax rounded half up per {per}\n" if shape.tax else ""
    return f"""language 1
program "Plain" {{
  currency   GBP, rounded {rng.choice(("half up", "down", "half even"))}
  timezone   "Europe/London"
  weeks start Monday
{tax}  split      in proportion, odd pennies to {odd}
  stacking   {{ {rows} }}
}}
period spring = 1 Mar to 31 May every year
define many = ("E0", "E1", "E2", "E3", "E 4", "D-5")
define series = column "code" of "series.csv"
unit point, points {{ rounded down   lasts forever }}
"""


def _event(shape: Shape, rng: Random) -> str:
    spent = rng.choice(("net", "net", "net", "after item", "after basket", "list"))
    postage = "postage: money up to 100 GBP as shipping" if shape.postage else ""
    postage += "   post_vat: rate as shipping tax rate" if shape.postage and shape.tax else ""
    fields = ["pieces: count up to 1_000 as quantity"] if shape.pieces else []
    fields += ["was: money? up to 9_000 GBP as was"] if shape.was else []
    fields += ["least: money? up to 5_000 GBP as floor"] if shape.floor and (shape.each or not shape.pieces) else []
    fields += ["vat: rate as tax rate"] if shape.tax else []
    fields += ["posted: flag as shipping"] if shape.posted else []
    return f"""event purchase dated by bought_on of customer identified by order_no {{
  order_no: text   bought_on: date   customer: member{"?" * shape.guest}   channel: web | app   codes: codes up to 4
  mark: text   day_of: date
  {postage}
  lines 0 to 50 {{
    sku: text as id   category: toys | books | home   hot: flag   day: date   {"   ".join(fields)}
    price: money up to 5_000 GBP as list{" each" * shape.each}
  }}
}}
member {{ vip: flag   vouchers: codes? up to 3 }}
track spend = sum of {spent}, on purchase, per calendar year
"""


def _offer(number: int, stage: str, shape: Shape, coded: float, rng: Random, spoken: Random) -> dict[str, Any]:
    rows = [f'{stage} offer "R{number}" {{', "  on        purchase"]
    rows += [f"  {rng.choice(DATES)}"] if rng.random() < 0.2 else []
    code = _code(number, rng) if rng.random() < coded else ""
    rows.append(f"  with      {code}" if code else "  automatic")
    if rng.random() < 0.35:
        test = rng.choice(WHEN)
        guarded = shape.guest and ("member" in test or "spend" in test)
        rows.append(f"  when      {'has member and ' if guarded else ''}{test}")
    several = rng.random() < 0.25
    says = [f'  say       "Thank you for R{number}"'] if spoken.random() < 0.1 else []
    if stage != "shipping" and rng.random() < 0.15:
        rows += [*_sets(rng), *says]
        return {"stage": stage, "name": f'"R{number}"', "several": True, "coded": code, "text": "\n".join(rows) + "\n"}
    rows += [f"  {_effect(stage, shape, several, rng)}" for _ in range(1 + several)]
    rows += ['  charge    1.50 GBP as "fee"'] if several and rng.random() < 0.3 else []
    rows += ['  add       1 "GIFT" free'] if several and rng.random() < 0.3 else []
    rows += [*says, *_limits(bool(code), several, rng)]
    return {"stage": stage, "name": f'"R{number}"', "several": several, "coded": code, "text": "\n".join(rows) + "\n"}


def _code(number: int, rng: Random) -> str:
    own = f'code "{rng.choice("DE")}{number}"'
    return rng.choice((own, own, own, "code from series", "code from many", "code from member.vouchers"))


def _limits(coded: bool, several: bool, rng: Random) -> list[str]:
    """Up to two limits of different words."""
    rows = [rng.choice(LIMITS[:-1] if several else LIMITS)] if rng.random() < 0.35 else []
    rows += [rng.choice(OF_CODES)] if coded and rng.random() < 0.4 else []
    if rng.random() < 0.2:
        rows += [each for each in [rng.choice(SECOND)] if not any(row.startswith(each) for row in rows)]
    return [f"  {row}" for row in rows]


def _sets(rng: Random) -> list[str]:
    sizes = rng.choices(("1 unit", "2 units", "3 units"), k=rng.choice((1, 2, 2, 3)))
    parts = [f"    {size}{rng.choice(WHERE)}, {rng.choice(('cheapest', 'dearest'))} first" for size in sizes]
    effects = [rng.choice(PARTS) for _ in parts]
    head = rng.choice(("for every set of {", "for up to 2 sets of {", "for every set per line of {"))
    last = rng.choice(("  }", "  } the last set may be partial"))
    beside = [] if any(effects) and rng.random() < 0.5 else [f"  {rng.choice(BESIDE)}"]
    return [f"  {head}", *(part + effect for part, effect in zip(parts, effects, strict=True)), last, *beside]


def _effect(stage: str, shape: Shape, several: bool, rng: Random) -> str:
    grain, where = rng.choice(("each unit", "each line", "the total of lines", "the total of lines")), rng.choice(WHERE)
    if stage == "shipping":
        grain, where = rng.choice(("each line", "the total of shipping")), ""
    bases = ["current", "current", "list"]
    bases += ["was"] if shape.was and stage != "shipping" else []
    bases += ["after item"] if stage == "basket" and grain != "each unit" else []
    if not shape.each:
        bases = ["current"]
    base = rng.choice(bases)
    if rng.random() < 0.2:
        price = rng.choice(("5 GBP", f"85% of {base}", f"50% of {base}", f"{base} - 8 GBP"))
        return f"price     {grain}{where} at {price}"
    amount = rng.choice(
        (f"{rng.choice((5, 12.5, 33, 50, 100))}% of {base}", f"{rng.choice(('0.07', '3.33', '49'))} GBP")
    )
    if rng.random() < 0.15:
        amount = f"2.50 GBP per full {rng.choice((10, 25))} GBP of current of lines{rng.choice(WHERE)}"
    capped = rng.random() < 0.25
    words = f", up to {rng.choice(CAPS)}" if capped else ""
    words += f", never below {rng.choice(LEASTS)}" if rng.random() < 0.1 else ""
    words += ", split evenly" if rng.random() < 0.1 else ""
    if stage != "shipping" and rng.random() < 0.2:
        total = grain.startswith("the total")
        grain, where = (
            (f"the total of {rng.choice(TOTALS)}", where) if total else (grain, f"{where} {rng.choice(PICKS)}")
        )
    words += ", or nothing" if not several and rng.random() < 0.1 else ""
    return f"take      {amount} off {grain}{where}{words}"


def _groups(offers: Sequence[dict[str, Any]], rng: Random, turns: Random) -> tuple[str, str]:
    """Groups of the first offers of a stage, and the rows of `stacking`, in any order."""
    groups, rows = "", []
    for stage in STAGES:
        mine = [offer for offer in offers if offer["stage"] == stage]
        names = [offer["name"] for offer in mine]
        choices = ["all", "first per basket", "first per unit", "first per line"]
        choices += ["best per basket", "best per unit", "best per line"] if not any(o["several"] for o in mine) else []
        row = rng.choice(choices)
        by_codes = (
            row in ("all", "first per basket")
            and all(o["coded"].startswith('code "') for o in mine)
            and rng.random() < 0.8
        )
        if len(mine) > 1 and rng.random() < 0.5:
            own = names[: rng.randint(2, len(names))]
            cap = (
                "at most 12 GBP"
                if not any("GBP per member" in o["text"] or "in total" in o["text"] for o in mine)
                else ""
            )
            cap = "" if any("at most   6 GBP" in offer["text"] for offer in mine) else cap
            cap = f"shares claims   {cap}" if rng.random() < 0.4 else cap
            cap += f"   at most {rng.choice((1, 1, 2))} rules" if rng.random() < 0.4 else ""
            ordered = f"{row} in order of codes" if by_codes else f"{row} in order {_turned(own, turns)}"
            groups += f"group of_{stage} {{ {ordered}   {cap} }}\n"
            for offer in mine[: len(own)]:
                offer["joins"] = f"  competes in of_{stage}\n"
            names, row = [f"of_{stage}", *names[len(own) :]], "all"
        if names and by_codes and names == [offer["name"] for offer in mine]:
            rows.append(f"{stage}: {row} in order of codes")
        elif names:
            rows.append(f"{stage}: {row} in order {_turned(names, turns)}")
    return groups, "   ".join(rows)


def _turned(names: Sequence[str], turns: Random) -> str:
    """Names in an order that is most often not that of the text."""
    return ", ".join(turns.sample(list(names), len(names)))


# ---- orders


def plain_orders(shape: Shape, seed: int, count: int) -> list[dict[str, Any]]:
    """Orders in the order of their days."""
    rng = Random(seed)
    found = [_order(number, shape, rng) for number in range(count)]
    return sorted(found, key=lambda order: str(order["bought_on"]))


def _order(number: int, shape: Shape, rng: Random) -> dict[str, Any]:
    codes = rng.sample(["d0", "D-1", "e 1", "E0", "d2", "D3", "ZZ", "s1", "S-2", "v 1"], rng.choice((0, 1, 2, 3, 4)))
    order = {
        "event": "purchase",
        "order_no": f"o{number}",
        "bought_on": f"2027-0{rng.randint(1, 5)}-{rng.randint(10, 28)}",
        "customer": None if shape.guest and rng.random() < 0.4 else "m1",
        "channel": rng.choice(("web", "app")),
        "codes": codes,
        "mark": rng.choice("ab"),
        "day_of": f"2027-0{rng.randint(1, 5)}-{rng.randint(10, 28)}",
        "lines": [_line(place, shape, rng) for place in range(rng.choice((0, 1, 2, 3, 5)))],
    }
    if shape.postage:
        order["postage"] = _money(rng, 9)
        order |= {"post_vat": "20%"} if shape.tax else {}
    return order


def _line(place: int, shape: Shape, rng: Random) -> dict[str, Any]:
    pieces = rng.choice((1, 1, 1, 2, 3, 7)) if rng.random() < 0.9 else 0
    empty = shape.pieces and not pieces and not shape.each
    line: dict[str, Any] = {
        "sku": f"s{rng.randint(1, 99)}-{place}",
        "category": rng.choice(("toys", "books", "home")),
        "hot": rng.random() < 0.4,
        "day": f"2027-0{rng.randint(2, 6)}-1{rng.randint(0, 9)}",
        "price": "0.00" if empty else _money(rng, 60),
    }
    line |= {"pieces": pieces} if shape.pieces else {}
    line |= {"was": "0.00" if empty else _money(rng, 90)} if shape.was and rng.random() < 0.7 else {}
    line |= {"vat": rng.choice(("20%", "5%", "0%", "17.5%"))} if shape.tax else {}
    if shape.floor and (shape.each or not shape.pieces) and rng.random() < 0.7:
        line |= {"least": _money(rng, 20)}
    return line | ({"posted": rng.random() < 0.3} if shape.posted else {})


def _money(rng: Random, high: int) -> str:
    return f"{rng.randint(0, high)}.{rng.choice((0, 1, 25, 49, 50, 95, 99)):02d}"


def facts_of(order: dict[str, Any], seed: int) -> dict[str, Any] | None:
    """What is known of the member of an order."""
    if not order["customer"]:
        return None
    return {"vip": bool(seed % 2)} | ({"vouchers": ["V1", "s-1", "zz"][: seed % 4]} if seed % 5 else {})
