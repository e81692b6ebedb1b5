"""The first part of a program: header, periods, units, defines, tables, events and the member's facts."""

from __future__ import annotations

from tests.generating.made import BRANDS, CURRENCIES, DECIMALS, MODES, ODD_TEXT, ZONES, Made, Period, Unit


def header(made: Made) -> None:
    """The program's settings, all of them, whether something uses them or not."""
    finer = {code: f"{code} to {made.decimals[code]} decimals" for code in CURRENCIES if made.decimals != DECIMALS}
    codes = dict.fromkeys((made.currency, made.other or made.currency))
    currencies = ", ".join(finer.get(code, code) for code in codes)
    odd = made.pick(("to the largest remainder", "to the largest remainder", "to first", "to last"))
    made.say(
        'program "Generated" {',
        f"  currency {currencies}, {made.pick(MODES)}",
        f'  timezone "{made.pick(ZONES)}"',
        f"  weeks start {made.pick(('Monday', 'Sunday', 'Saturday'))}",
        f"  29 February counts as {made.pick(('28 February', '1 March'))}",
        f"  split in proportion, odd pennies {odd}",
        f"  terms {made.pick(('from 2025-01-01', 'from 2025-01-01 until 2035-12-31'))}" if made.terms else "",
        "}",
    )


# ---- periods

SPANS: tuple[tuple[str, str, str], ...] = (
    ("off_peak", "1 Nov to end of Feb every year except 20 Dec to 3 Jan every year", ""),
    ("summer", "15 Jun to 31 Aug every year", ""),
    ("fiscal", "1 Mar to end of Feb every year", "covers"),
    ("leap", "29 Feb to 29 Feb every year", ""),
    ("weekend", "Friday, Saturday of every week", ""),
    ("workdays", "Monday, Tuesday, Wednesday, Thursday, Friday of every week except 1 Jan to 1 Jan every year", ""),
    ("eights", "day 8, 18, 28, 31 of every month", ""),
    ("festival", "from 2027-02-20 until 2027-03-10", ""),
    ("since", "from 2027-02-01", ""),
    ("gala", "from 2027-02-20 at 20:00 before 2027-03-10 at 06:00", "timed"),
    ("late", "23:00 to 07:00 every day", "timed"),
    ("office", "09:00 to 17:30 every day except Saturday, Sunday of every week", "timed"),
    ("own_year", "every 1 year from member.joined", "covers joined"),
    ("own_quarter", "every 3 months from member.joined", "covers joined"),
    ("fortnight", "every 2 weeks from 2027-01-04", "covers"),
    ("cycle", "every 30 days from member.joined", "covers joined"),
    ("birthday_window", "7 days before to 7 days after member.birthday every year", "birthday"),
    ("birth_month", "calendar month of member.birthday every year", "birthday"),
    ("birth_week", "calendar week of member.birthday every year", "birthday"),
    ("birth_day", "calendar day of member.birthday every year", "birthday"),
    ("birth_year", "calendar year of member.birthday every year", "birthday"),
    ("welcome", "6 months from member.joined", "joined"),
    ("first_days", "10 days from member.birthday", "birthday"),
    ("own_terms", "from member.joined until 2027-06-30", "joined"),
    ("closed", "from host", ""),
    ("quiet", "weekend", "needs weekend"),
    ("quiet_days", "off_peak except weekend", "needs off_peak weekend"),
    ("quiet_nights", "late except weekend", "timed needs late weekend"),
)


def periods(made: Made) -> None:
    """Some of all forms of period."""
    known: set[str] = set()
    for name, span, words in SPANS:
        tags, _, needed = words.partition("needs")
        if not made.chance(30) or not set(needed.split()) <= known:
            continue
        made.say(f"period {name} = {span}")
        known.add(name)
        anchor = next((fact for fact in ("joined", "birthday") if fact in tags), "")
        made.periods.append(Period(name, anchor, "covers" in tags, "timed" in tags))


# ---- units

LIVES = (
    "lasts forever",
    "lasts for 3 months",
    "lasts for 90 days",
    "lasts for 1 year",
    "lasts until end of next calendar year",
    "lasts until end of calendar month 2 months later",
    "lasts for 2 months after last visit",
    "lasts for 30 days after last visit or ask",
    "lasts for 1 year lasts for 2 months after last visit, whichever is first",
    "lasts until end of calendar quarter lasts for 40 days after last ask, whichever is last",
    "lasts by today { from 2025-01-01: for 6 months  from 2027-06-01: end of calendar year  from 2028-01-01: forever }",
    "lasts by today in weekend { yes: for 1 month  no: for 2 months }",
)


def _life(made: Made) -> str:
    life = made.pick(
        LIVES if made.shop is None else [each for each in LIVES if "last" not in each.split("lasts", 1)[1]]
    )
    if ("by today {" in life and not made.terms) or ("in weekend" in life and not _has(made, "weekend")):
        return LIVES[1]
    if "whichever" not in life:
        return life
    first, second = life.removeprefix("lasts ").split(" lasts ")
    return f"lasts {first}  lasts {second}"


def _has(made: Made, period: str) -> bool:
    return any(each.name == period for each in made.periods)


def units(made: Made) -> None:
    """One to three units, and often one that counts money."""
    for number in range(made.number(1, 3)):
        counts, decimals = made.pick(
            (("", 0), ("", 0), ("counts 2 decimals", 2), ("counts pieces", 0), ("counts minutes", 0))
        )
        rounded = number == 0 or made.chance(75)
        unit = Unit(f"point{number}", f"point{number}s", decimals, "", rounded, made.chance(25))
        _unit(made, unit, counts)
        made.units.append(unit)
    if made.chance(60):
        made.cash = Unit("cash", "cash", made.decimals[made.currency], made.currency)
        _unit(made, made.cash, f"counts {made.currency}")


def _unit(made: Made, unit: Unit, counts: str) -> None:
    names = unit.name if unit.name == unit.plural else f"{unit.name}, {unit.plural}"
    pending = made.pick(
        ("pending until 5 days later", "pending until end of calendar month", "pending until 1 month after today")
    )
    made.say(
        f"unit {names} {counts} {{".replace("  ", " "),
        f"  {made.pick(MODES)}" if unit.rounded else "",
        f"  {pending}" if made.chance(15) else "",
        f"  {made.pick(('use oldest first', 'use soonest first'))}" if made.chance(20) else "",
        f"  {_life(made)}",
        "  balance at least 0" + (f" {unit.plural}" if made.chance(50) else "")
        if made.chance(5) and not unit.currency
        else "",
        "  remembers milestone: count up to 5_000  where_: resort | city | inn" if unit.remembers else "",
        "}",
    )


# ---- events and facts


def events(made: Made) -> None:
    """`visit` with everything, `ask` without money, `top_up` with one price, `abroad` in another currency."""
    _visit(made)
    made.say(
        "event ask dated by asked of who identified by ref {",
        "  ref: text",
        "  who: member",
        "  asked: date",
        "  rival: text",
        "  months: count? up to 24",
        "  miles_flown: count up to 90_000",
        "  verified: flag",
        "}",
    )
    if made.top_up:
        made.say(
            "event top_up dated by paid_on of who identified by ref {",
            "  ref: text",
            f"  who: member{'?' if made.guest else ''}",
            f"  paid_on: {'instant' if made.instant else 'date'}",
            "  miles: count up to 800",
            "  vip: flag",
            f"  brand: {' | '.join(BRANDS[:2])}",
            f"  price: money up to 900 {made.currency} as list",
            "}",
        )
    if made.other:
        made.say(
            "event abroad dated by spent_on of who identified by ref {",
            "  ref: text",
            "  who: member",
            "  spent_on: date",
            f"  cost: money up to 70_000 {made.other} as list",
            "}",
        )
    members(made)


def members(made: Made, *more: str) -> None:
    """The facts of a member, and some more."""
    made.say(
        "member {",
        "  joined: date",
        "  birthday: date?",
        "  resident: flag",
        "  plan: basic | plus",
        "  children: count? up to 9",
        "  number: text",
        "  discount: rate?",
        f"  allowance: money? up to 500 {made.currency}",
        "  circle: list of up to 3 text",
        *more,
        "}",
    )


def _visit(made: Made) -> None:
    low = f"from -100 {made.currency} " if made.signed else ""
    bound = f"{low}up to {made.pick(('500', '5_000'))} {made.currency}"
    unit = made.units[0]
    made.say(
        "event visit dated by seen of who identified by ref {",
        "  ref: text",
        f"  who: member{'?' if made.guest else ''}",
        f"  seen: {'instant' if made.instant else 'date'}",
        f"  brand: {' | '.join(BRANDS)}",
        f'  channel: "online" | "in store" | "{ODD_TEXT}"',
        "  class: flag",
        "  state: count up to 9",
        "  event_: text",
        "  miles: count up to 5_000",
        "  delta: count from -5 up to 5",
        "  bonus_miles: count? up to 900",
        "  booked: date?",
        "  opened_at: instant?",
        "  slot: time",
        "  vip: flag",
        "  share: rate?",
        "  keen: rate up to 50%",
        f"  fee: money? up to 50 {made.currency}",
        f"  asked_points: {unit.name}? up to 300 {unit.plural}",
        "  shown: codes up to 3",
        "  floors: list of up to 4 count",
        "  names: list of up to 3 text",
        "  buddy: member?",
        "  level: tier?" if made.tiers else "",
    )
    fields = [
        "kind: room | food | spa | tour",
        "night: date?",
        "rated: flag",
        "weight: count? up to 9",
        "sku: text",
        "id: text as id" if made.line_id else "",
        "pieces: count up to 20 as quantity" if made.quantity else "",
        f"amount: money {bound} as {'list each' if made.quantity else 'list'}",
    ]
    if made.lines:
        made.say(f"  lines {made.pick(('0', '1'))} to 6 {{", *(f"    {each}" for each in fields if each), "  }")
    else:
        made.say(*(f"  {each}" for each in fields if each))
    made.say("}")


# ---- names for texts


def defines(made: Made) -> None:
    """Names for conditions, amounts, rates and lists."""
    options = {
        "big": ("condition", f"net >= {made.money(200)}"),
        "keen_visit": ("condition", "vip or miles > 100 and not (brand is inn)"),
        "long_ago": ("condition", "has booked and booked before 30 days before today"),
        "total": ("money", f"net + {made.money(9)}"),
        "usual": ("rate", f"{made.number(1, 90)}%"),
        "good_skus": ("list", '("A1", "B2")'),
        "one_sku": ("list", '("C3", "A1", "Z9")'),
    }
    for name, (kind, text) in options.items():
        if made.chance(25):
            made.say(f"define {name} = {text}")
            made.defines[name] = kind
    if made.chance(25):
        made.say('define listed = column "sku" of "skus.csv"')
        made.defines["listed"] = "list"


def tables(made: Made) -> None:
    """Tables by name: numbers, conditions, lists by date, and one that is imported."""
    if made.chance(25):
        made.say(
            f"table worth by brand {{ resort: {made.number(1, 9)}  city: {made.number(0, 5)}"
            f"  otherwise: {made.number(1, 3)} }}"
        )
        made.tables["worth"] = "number"
    if made.chance(20) and made.terms:
        made.say('table rotating by today { from 2025-01-01: ("A1", "B2")  from 2027-04-01: ("C3", "D4") }')
        made.tables["rotating"] = "lists"
    if made.chance(20):
        made.say('table area by sku from "areas.csv"')
        made.tables["area"] = "imported"


def pick_shape(made: Made) -> None:
    """What kind of program it will be."""
    made.currency = made.pick(CURRENCIES)
    made.other = made.pick([code for code in CURRENCIES if code != made.currency]) if made.chance(15) else ""
    if made.chance(10):
        made.decimals[made.currency] += 1
    made.instant, made.guest, made.terms = made.chance(50), made.chance(40), made.chance(40)
    made.lines = made.chance(80)
    made.quantity = made.lines and made.chance(40)
    made.line_id = made.lines and made.chance(30)
    made.signed, made.top_up = made.chance(15), made.chance(50)
    if made.chance(75):
        made.tiers = ("Blue", "Silver", "Gold", "Onyx")[: made.number(2, 4)]
        made.from_host = made.chance(15)
        made.match = "challenge" if made.chance(60) and not made.from_host else ""
