"""Programs that type-check, made by choosing: one generator behind hypothesis and `make agree`.

In: a `random.Random` (hypothesis hands in one that it can shrink). Out: the text of a whole program. Every choice is
directed by types: an amount of money is only ever compared with an amount of money, an optional is read behind its
`has`, a table is complete by its making. So the text must check, and a program that does not is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

CURRENCIES = ("GBP", "JPY", "KWD")
DECIMALS = {"GBP": 2, "JPY": 0, "KWD": 3}
ZONES = ("Europe/London", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe")
KINDS = ("room", "food", "spa", "tour")
BRANDS = ("resort", "city", "inn")
MODES = ("down", "up", "half up", "half even")


@dataclass
class Made:
    """What the program declares so far, by what it can be used for."""

    rng: Random
    currency: str = "GBP"
    instant: bool = False
    guest: bool = False
    lines: bool = True
    quantity: bool = False
    units: list[str] = field(default_factory=list)
    money_unit: str = ""
    periods: list[str] = field(default_factory=list)  # hold any day's question, occurrences and all
    spans: list[str] = field(default_factory=list)  # cover every day: tracks and limits may count by them
    timed: list[str] = field(default_factory=list)
    money_tracks: list[str] = field(default_factory=list)
    count_tracks: list[str] = field(default_factory=list)
    streaks: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    tiers: tuple[str, ...] = ()
    bases: list[str] = field(default_factory=list)  # `as` names of earns over lines
    flats: list[str] = field(default_factory=list)
    match: str = ""
    text: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.text.append(text)

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def pick(self, options: list[str] | tuple[str, ...]) -> str:
        return options[self.rng.randrange(len(options))]

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def money(self, high: int = 300) -> str:
        decimals = DECIMALS[self.currency]
        whole = self.number(0, high)
        if decimals and self.chance(40):
            return f"{whole}.{self.number(0, 10**decimals - 1):0{decimals}d} {self.currency}"
        return f"{whole} {self.currency}"


def program(rng: Random) -> str:
    """The text of one program."""
    made = Made(rng)
    made.currency = made.pick(CURRENCIES)
    made.instant, made.guest = made.chance(50), made.chance(40)
    made.lines = made.chance(80)
    made.quantity = made.lines and made.chance(40)
    made.say("language 1")
    _header(made)
    _periods(made)
    _units(made)
    _events(made)
    if made.chance(40):
        made.match = "challenge"
    if made.chance(70) or made.match:
        made.tiers = ("Blue", "Silver", "Gold")[: 2 + made.number(0, 1)]
    _tracks(made)
    _tiers(made)
    _earns(made)
    _rewards(made)
    _match(made)
    if made.flats and made.chance(25):
        share = made.pick(("5%", "50%", "0.5%"))
        made.say(f'holdout {share} of members salt "s{made.number(0, 3)}" from {made.pick(made.flats)}')
    return "\n".join(made.text) + "\n"


def _header(made: Made) -> None:
    made.say('program "Generated" {')
    made.say(f"  currency {made.currency}, rounded {made.pick(MODES)}")
    made.say(f'  timezone "{made.pick(ZONES)}"')
    made.say(f"  weeks start {made.pick(('Monday', 'Sunday', 'Saturday'))}")
    made.say(f"  29 February counts as {made.pick(('28 February', '1 March'))}")
    made.say("  split in proportion, odd pennies to the largest remainder")
    made.say("}")


def _periods(made: Made) -> None:
    forms = {
        "off_peak": "1 Nov to end of Feb every year except 20 Dec to 3 Jan every year",
        "summer": "15 Jun to 31 Aug every year",
        "weekend": "Friday, Saturday of every week",
        "eights": "day 8, 18, 29 of every month",
        "festival": "from 2027-02-20 until 2027-03-10",
        "birthday": "7 days before to 7 days after member.birthday every year",
        "birth_month": "calendar month of member.birthday every year",
        "welcome": "6 months from member.joined",
    }
    for name, span in forms.items():
        if made.chance(45):
            made.say(f"period {name} = {span}")
            (made.timed if "birthday" in span else made.periods).append(name)
    if made.chance(50):
        made.say(f"period own_year = every {made.pick(('1 year', '3 months', '30 days', '2 weeks'))} from member.joined")
        made.spans.append("own_year")
    made.spans += ["calendar year", "calendar month", "calendar quarter", "calendar week", "calendar day"]


def _units(made: Made) -> None:
    lives = (
        "lasts forever",
        "lasts for 3 months",
        "lasts for 90 days",
        "lasts until end of next calendar year",
        "lasts until end of calendar month 2 months later",
        "lasts for 2 months after last visit",
    )
    for number in range(made.number(1, 2)):
        name = f"point{number}"
        counts = made.pick(("", "", " counts 2 decimals", " counts pieces"))
        pending = " pending until 5 days later" if made.chance(15) else ""
        made.say(f"unit {name}, {name}s{counts} {{ rounded {made.pick(MODES)}{pending} {made.pick(lives)} }}")
        made.units.append(f"{name}s")
    if made.chance(50):
        made.money_unit = "cash"
        made.say(f"unit cash counts {made.currency} {{ rounded {made.pick(MODES)} {made.pick(lives)} }}")


def _events(made: Made) -> None:
    dated = "instant" if made.instant else "date"
    role = "list each" if made.quantity else "list"
    bound = f"{made.pick(('500', '5_000'))} {made.currency}"
    price = f"amount: money up to {bound} as {role}"
    if made.chance(15):
        price = f"amount: money from -100 {made.currency} up to {bound} as {role}"
    body = [
        "  ref: text",
        f"  who: member{'?' if made.guest else ''}",
        f"  at_: {dated}".replace("at_", "seen"),
        "  brand: resort | city | inn",
        "  miles: count up to 5_000",
        "  bonus_miles: count? up to 900",
        "  booked: date?",
        "  vip: flag",
    ]
    made.say("event visit dated by seen of who identified by ref {")
    made.text += body
    if made.lines:
        low = made.pick(("0", "1"))
        quantity = "  pieces: count up to 20 as quantity" if made.quantity else ""
        made.say(f"  lines {low} to 6 {{ kind: room | food | spa | tour   night: date?   rated: flag  {quantity}")
        made.say(f"    sku: text   {price} }}")
    else:
        made.say(f"  kind: room | food | spa | tour   night: date?   rated: flag   sku: text   {price}")
    made.say("}")
    made.say("event ask dated by asked of who identified by ref {")
    made.say("  ref: text  who: member  asked: date  rival: text  miles_flown: count up to 90_000  verified: flag")
    made.say("}")
    made.say("member { joined: date   birthday: date?   resident: flag   plan: basic | plus   children: count? up to 9 }")


# ---- conditions and amounts


def _line_test(made: Made) -> str:
    tests = [
        f"kind is {made.pick(KINDS)}",
        f"kind is not {made.pick(KINDS)}",
        f"kind in ({made.pick(KINDS)}, {made.pick(KINDS[:2])})".replace("(room, room)", "(room, spa)").replace(
            "(food, food)", "(food, spa)"
        ),
        "rated",
        "not rated",
        f"amount >= {made.money(120)}",
        'sku in ("A1", "B2")',
        'sku is "A1"',
        "has night and night >= 2027-03-01",
    ]
    tests += [f"has night and night in {p}" for p in made.periods if p != "welcome"]
    first = made.pick(tests)
    if made.chance(25):
        return f"({first}) {made.pick(('and', 'or'))} ({made.pick(tests)})"
    return first


def _event_test(made: Made, after: bool = False, depth: int = 0) -> str:
    guard = "has who and " if made.guest else ""
    tests = [
        f"brand is {made.pick(BRANDS)}",
        f"brand in ({made.pick(BRANDS[:1])}, {made.pick(BRANDS[1:])})",
        "vip",
        f"miles >= {made.number(0, 4000)}",
        f"has bonus_miles and bonus_miles > {made.number(0, 900)}",
        "not has bonus_miles or bonus_miles is multiple of 3",
        f"net {made.pick(('>=', '<', '>', '<='))} {made.money()}",
        "has booked and booked < 2027-03-01",
        "has booked and today from 30 days after booked",
        f"{guard}member.resident",
        f"{guard}member.plan is plus",
        f"{guard}has member.children and member.children >= 2",
        f"{guard}has member.birthday and member.birthday < 1990-06-15",
        f"{guard}today from 3 months after member.joined",
    ]
    if made.lines:
        tests.append(f"count of lines where {_line_test(made)} >= {made.number(0, 3)}".replace("of lines", "of (lines"))
        tests[-1] = tests[-1].replace(" >= ", ") >= ", 1) if False else _count_test(made)
        tests.append(f"net of lines where rated >= {made.money()}")
    tests += [f"today in {p}" if p != "welcome" else f"{guard}today in welcome" for p in made.periods]
    tests += [f"{guard}has member.birthday and today in {p}" for p in made.timed]
    tests += [f"{t} >= {made.money()}" for t in made.money_tracks]
    tests += [f"{t} < {made.number(0, 9)}" for t in made.count_tracks + made.streaks]
    if made.tiers:
        tests += [f"tier is {made.pick(made.tiers)}", f"tier >= {made.tiers[-1]}", f"earned tier < {made.tiers[-1]}"]
    tests.append(f"balance of {made.units[0]} >= {made.number(0, 500)} {made.units[0]}")
    first = made.pick(tests)
    if depth < 2 and made.chance(35):
        other = _event_test(made, after, depth + 1)
        join = made.pick(("and", "or"))
        return f"({first}) {join} ({other})" if made.chance(80) else f"not ({first}) {join} ({other})"
    return first


def _count_test(made: Made) -> str:
    return f"count of (lines where {_line_test(made)}) >= {made.number(0, 3)}"


def _measure(made: Made) -> str:
    """A money measure, over lines if it can be."""
    base = made.pick(("net", "list", "paid")) if made.chance(30) else "net"
    if made.lines and made.chance(55):
        return f"{base} of lines where {_line_test(made)}"
    return base


def _rate(made: Made, unit: str) -> str:
    return made.pick((f"{made.number(1, 20)} {unit}", f"{made.number(0, 9)}.{made.number(1, 9)} {unit}"))


def _table_rate(made: Made, unit: str) -> str:
    stop = made.pick(("nothing", "no award")) if made.chance(40) else f"1 {unit}"
    options = [
        f"by brand {{ resort or city: {_rate(made, unit)}  inn: {_rate(made, unit)} }}",
        f"by brand, vip {{ resort, yes: {_rate(made, unit)}  city, any: {_rate(made, unit)}  otherwise: {stop} }}",
        f"by miles {{ from 0: {_rate(made, unit)}  from {made.number(5, 4000)}: {_rate(made, unit)} }}",
    ]
    if made.tiers:
        options.append(f"by tier {{ {made.tiers[-1]}: {_rate(made, unit)}  otherwise: {stop} }}")
    return made.pick(options)


def _percent(made: Made) -> str:
    if made.tiers and made.chance(40):
        return f"by tier {{ {made.tiers[-1]}: {made.number(1, 90)}%  otherwise: {made.pick(('nothing', '5%'))} }}"
    return f"{made.number(1, 150)}%" if made.chance(80) else f"{made.number(0, 9)}.{made.number(1, 9)}%"


def _amount(made: Made, unit: str) -> str:
    """An amount of a unit that does not read other rules."""
    step = made.money(20).replace("0 ", "3 ", 1)
    if step.startswith(("0 ", "0.")):
        step = f"2 {made.currency}"
    rate = _table_rate(made, unit) if made.chance(35) else _rate(made, unit)
    forms = [
        f"{rate} per {step} of {_measure(made)}",
        f"{rate} per full {step} of {_measure(made)}",
        f"{rate} per 1 of miles",
        f"{_rate(made, unit)} per full 7 of miles",
        f"{made.number(1, 400)} {unit}",
        f"{rate} per {step} of {_measure(made)} plus {_rate(made, unit)} per full 50 of miles",
    ]
    if made.lines:
        forms.append(f"{_rate(made, unit)} per 1 of count of (lines where {_line_test(made)})")
    return made.pick(forms)


def _mods(made: Made, unit: str) -> str:
    mods = ""
    if made.chance(15):
        mods += f", up to {made.number(1, 900)} {unit}"
    if made.chance(10):
        mods += f", never below {made.number(0, 30)} {unit}"
    if made.chance(8):
        mods += f", in steps of {made.number(2, 50)} {unit}"
    if made.chance(10):
        mods += f", rounded {made.pick(MODES)}"
    if made.chance(10):
        mods += ", pending until 3 days after today" if made.chance(50) else ", pending until 10 days later"
    if made.chance(8):
        mods += ", lasting for 20 days"
    return mods


def _dates(made: Made) -> str:
    if not made.chance(20):
        return ""
    return made.pick(
        ("from 2027-01-10 until 2027-06-30", "until 2027-05-01", "from 2027-02-14", "from 2027-01-01 before 2027-03-28")
    )


def _limits(made: Made, unit: str) -> list[str]:
    limits = []
    span = made.pick(made.spans)
    scopes = [f"per member per {span}", "per member", "per member per 30 days", "per member per lifetime"]
    tail = ", or nothing" if made.chance(20) else ""
    if made.chance(18):
        limits.append(f"at most {made.number(1, 4)} times {made.pick(scopes)}{tail}")
    if made.chance(22):
        limits.append(f"at most {made.number(5, 900)} {unit} {made.pick(scopes)}{tail}")
    if made.chance(8):
        limits.append(f"once {made.pick(scopes)}")
    return limits


# ---- what is remembered


def _tracks(made: Made) -> None:
    windows = [*made.spans, "lifetime", "90 days", "12 months", "the last 3 calendar months"]
    value = f"net of lines where {_line_test(made)}" if made.lines and made.chance(40) else "net"
    made.say(f"track spend = sum of {value}, on visit, per {made.pick(windows)}")
    made.money_tracks.append("spend")
    if made.chance(60):
        made.say(f"track stays = count, on visit where {made.pick(('vip', 'miles > 50', 'not vip'))}, per {made.pick(windows)}")
        made.count_tracks.append("stays")
    if made.lines and made.chance(50):
        by = " by night" if False else ""
        made.say(f"track nights = count of lines where {_line_test(made)}, on visit, per {made.pick(made.spans)}{by}")
        made.count_tracks.append("nights")
        made.marks.append("nights")
    if made.chance(35):
        made.say(f"track runs = streak of {made.pick(('calendar week', 'calendar month', 'calendar day'))}, on visit, per lifetime")
        made.streaks.append("runs")
    if made.lines and made.chance(30):
        made.say(f"track skus = distinct sku of lines up to 40 keys, on visit, per {made.pick(made.spans)}")
        made.count_tracks.append("skus")
    if made.chance(35):
        made.say(f"track got = sum of given {made.units[0]}, per {made.pick(windows[:-1])}")
    if made.match:
        made.say("track trial_miles = sum of miles, on visit, per trial of challenge")


def _tiers(made: Made) -> None:
    if not made.tiers:
        return
    made.say("tiers {")
    made.say(f"  {made.tiers[0]}")
    goal = made.number(1, 400)
    for rung, name in enumerate(made.tiers[1:], start=1):
        ways = [f"when spend >= {goal * rung * 3} {made.currency}"]
        if made.count_tracks and made.chance(50):
            ways.append(f"or when {made.count_tracks[0]} >= {rung * 2} as by_count{rung}")
        if made.chance(20):
            ways.append(f"or when spend >= {goal * rung * 9} {made.currency} as for_life{rung}, lasts forever")
        made.say(f"  {name} {', '.join(ways)}")
    if made.chance(25) and made.count_tracks:
        made.say(f"  every tier needs {made.count_tracks[0]} >= 1")
    if made.chance(15):
        made.say(f"  judged on end of {made.pick(('calendar month', 'calendar year', 'calendar quarter'))}")
    made.say(f"  counts {made.pick(('from the next event', 'at once'))}")
    made.say(f"  lasts {made.pick(('until end of next calendar year', 'for 60 days', 'until end of calendar month', 'for 3 months'))}")
    made.say(f"  then {made.pick(('the earned tier', 'the earned tier, at most 1 down', '1 tier down', made.tiers[0]))}")
    made.say("}")


def _rule(made: Made, kind: str, title: str, clauses: list[str]) -> None:
    made.say(f"{kind} {title} {{ " + "  ".join(c for c in clauses if c) + " }")


def _earns(made: Made) -> None:
    unit = made.units[0]
    over_lines = f"{_rate(made, unit)} per 1 {made.currency} of {_measure(made)}"
    _rule(made, "earn", '"Base" as base', ["on visit", _dates(made), f"give {over_lines}{_mods(made, unit)}", *_limits(made, unit)])
    made.bases.append("base")
    grouped = []
    for number in range(made.number(1, 5)):
        name, title = f"e{number}", f'"Earn {number}" as e{number}'
        chosen = made.pick(made.units)
        form = made.number(0, 5)
        amount = _amount(made, chosen)
        if form == 0 and chosen == unit:
            amount = f"{_percent(made)} of {made.pick(made.bases)}"
        elif form == 1 and chosen == unit and made.lines:
            amount = f"{_percent(made)} of {made.pick(made.bases)} of lines where {_line_test(made)}"
        elif form == 2 and made.money_unit:
            chosen, amount = made.money_unit, f"{_percent(made)} of {_measure(made)}, in {made.money_unit}"
        elif form == 3 and made.money_unit and made.lines is not None:
            chosen = made.money_unit
            amount = f"across spend {{ from 0 {made.currency}: {made.number(1, 9)}%  from {made.number(1, 900)} {made.currency}: 1% }}, in cash"
        elif form == 4 and made.lines:
            amount = f"{_rate(made, chosen)} per 3 {made.currency} of net, of each line where {_line_test(made)}"
            amount = f"{_rate(made, chosen)} per 3 {made.currency} of net of each line where {_line_test(made)}"
        when = f"when {_event_test(made)}" if made.chance(60) else ""
        mods = "" if "in cash" in amount or " of each line" in amount else _mods(made, chosen)
        limits = _limits(made, chosen)
        if form == 1 and "off_peak" in made.periods and made.chance(30) and amount.startswith(("1", "2")):
            limits = []
        clauses = ["on visit", _dates(made), when, f"give {amount}{mods}", *limits]
        if chosen == unit and made.chance(25) and not limits:
            grouped.append(name)
            clauses.append("competes in bonus")
        _rule(made, "earn", title, clauses)
        made.flats.append(name)
        if chosen == unit and "of each line" not in amount and ("of net" in amount or "of base" in amount) and "plus" not in amount:
            pass
    if grouped:
        made.say(
            f"group bonus {{ all in order {', '.join(grouped)}  "
            f"at most {made.number(10, 2000)} {unit} per member per {made.pick(made.spans)} }}"
        )


def _rewards(made: Made) -> None:
    unit = made.units[0]
    if made.chance(50):
        track = made.pick([*made.count_tracks, *made.streaks, "spend"])
        bound = made.money(900) if track == "spend" else str(made.number(1, 6))
        _rule(made, "reward", '"Crossing" as crossing', ["on visit", f"when {track} reaches {bound}", f"give {made.number(1, 90)} {unit}", *_limits(made, unit)])
    if made.marks and made.chance(60):
        _rule(
            made,
            "reward",
            '"Marks"',
            ["on visit", f"for each mark of {made.marks[0]} at 2, 3, 5, 8", f"give by mark {{ 5: 20 {unit}  otherwise: 3 {unit} }}", *_limits(made, unit)],
        )
    if made.chance(50):
        _rule(made, "reward", '"Gift" as gift', ["on visit", _dates(made), f"when {_event_test(made, after=True)}", f"give {made.number(1, 50)} {unit}{_mods(made, unit)}", f"once per member per {made.pick(made.spans)}"])
    if made.chance(30):
        _rule(made, "reward", '"Ask gift"', ["on ask", "when verified and miles_flown >= 10_000", f"give 7 {unit}", "once per member"])


def _match(made: Made) -> None:
    if not made.match:
        return
    top = made.tiers[-1]
    graded = made.chance(50) and len(made.tiers) > 2
    if graded:
        rows = "  ".join(f"{name}: trial_miles >= {number * 900}" for number, name in enumerate(made.tiers[1:], start=1))
        keep = f"keep highest tier if by rung {{ {rows} }}"
    else:
        keep = f"keep matched tier if trial_miles >= {made.number(1, 4000)}"
    made.say('match "Match" as challenge {')
    made.say("  on ask")
    made.say("  when verified")
    made.say(f'  matches by rival {{ "R1": {top}  "R2" or "R3": {made.tiers[1]}  otherwise: no award }}')
    made.say(f"  trial for {made.pick(('90 days', '30 days', '3 months'))}")
    made.say(f"  {keep}")
    made.say(f"  lasts {made.pick(('until end of next calendar year', 'for 6 months', 'until end of calendar year'))}")
    made.say(f"  then {made.pick(('the earned tier', made.tiers[0], '1 tier down'))}")
    made.say(f"  once per member{made.pick((' per 3 years', '', ' per calendar year'))}")
    made.say("}")
