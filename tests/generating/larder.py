"""What a program that owns and pays declares: units in lots and pools, events, periods, tracks of every keeping."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.generating.made import MODES, Made, Place, Unit

SHOPS = ("A", "B", "C", "D")
KINDS = ("food", "toy", "book")
WHAT = ("a", "b", "c")
COMPARE = (">=", ">", "<", "<=")
ENDS = ("calendar month", "calendar quarter", "calendar year")


@dataclass(frozen=True)
class Owned(Unit):
    """A unit with what matters to those who take it: a floor, whose it is (`member`, `pot`, `apart`, `shared`)."""

    floor: bool = True
    owner: str = "member"

    @property
    def pooled(self) -> bool:
        """Whether it stands in the household."""
        return self.owner != "member"

    @property
    def whole(self) -> bool:
        """Whether it counts things."""
        return not self.rounded


@dataclass(frozen=True)
class Kept(Place):
    """Where an expression of such a program stands; `scheduled` is the period at whose edge it is, `key` the loop."""

    scheduled: str = ""
    key: str = ""


@dataclass(frozen=True)
class Ledger:
    """A track: what it counts, its key if it has one, whether a carry may go into it, whether it keeps a day."""

    name: str
    measure: str
    key: str = ""
    period: str = ""
    day: bool = False
    previous: bool = False


@dataclass
class Larder:
    """What such a program declares so far."""

    made: Made
    guest: bool
    instant: bool
    returnable: bool
    tax: str
    units: list[Owned] = field(default_factory=list)
    tracks: list[Ledger] = field(default_factory=list)
    periods: list[str] = field(default_factory=list)
    hosted: list[str] = field(default_factory=list)  # whose occurrences the host says; days may lie outside
    offered: dict[str, Owned] = field(default_factory=dict)  # field of `buy` -> its unit
    things: dict[str, Owned] = field(default_factory=dict)
    nights: Owned | None = None
    redeems: list[str] = field(default_factory=list)
    ranked: bool = False  # whether redeems have priorities
    rates: dict[str, set[str]] = field(default_factory=dict)  # unit -> the rates at which redeems accept it
    takers: dict[str, list[str]] = field(default_factory=dict)  # kind of rule -> those that take
    rules: list[str] = field(default_factory=list)
    settles: bool = True  # whether anything happens at edges of periods
    pooled: bool = True  # whether something stands with households
    told: bool = True  # whether every award says what its unit remembers

    def unit(self, *, money: bool | None = None, whole: bool = False, own: bool = False) -> Owned:
        """One of the units: of money or not, with or without things, the member's own."""
        found = [
            each
            for each in self.units
            if (money is None or bool(each.currency) == money)
            and (whole or not each.whole)
            and not (own and each.pooled)
        ]
        return self.made.pick(found or self.units[:1])

    def has_worth(self, unit: Owned) -> bool:
        """Whether a refund can make up for units that are missing: they count money, or have one rate."""
        rates = self.rates.get(unit.name, set())
        return bool(unit.currency) or (len(rates) == 1 and not any(each.startswith("by ") for each in rates))

    @property
    def spans(self) -> list[str]:
        """Periods that hold every day."""
        return [*ENDS, *self.periods]


def start(made: Made) -> Larder:
    """What kind of program it will be."""
    made.currency = made.pick(("GBP", "GBP", "JPY", "KWD"))
    returnable = made.chance(30)
    tax = made.pick(("", "", "include", "exclude"))
    return Larder(
        made,
        made.chance(25),
        made.chance(30),
        returnable,
        tax,
        settles=made.chance(65),
        pooled=made.chance(65),
        told=made.chance(70),
    )


# ---- units

LIVES = (
    "lasts forever",
    "lasts forever",
    "lasts for 3 months",
    "lasts for 40 days",
    "lasts until end of next calendar month",
    "lasts until end of calendar year",
    "lasts for 60 days after last visit",
    "lasts for 2 months after last buy or visit",
    "lasts for 1 year   lasts for 2 months after last buy, whichever is first",
    "lasts until end of calendar month   lasts for 20 days after last visit, whichever is last",
)


def units(larder: Larder) -> None:
    """Points always; some of coins, grams of a pool, vouchers, cash, choices and tickets."""
    made, money = larder.made, f"counts {larder.made.currency}"
    _unit(larder, "point", "points", "", percent=100)
    _unit(larder, "coin", "coins", "counts 2 decimals", decimals=2, percent=60)
    _unit(larder, "gram", "grams", "", percent=60, pooled=True)
    _unit(larder, "voucher", "vouchers", money, decimals=made.decimals[made.currency], percent=60)
    _unit(larder, "cash", "cash", money, decimals=made.decimals[made.currency], percent=45)
    _unit(larder, "choice", "choices", "counts pieces", percent=45, whole=True)
    _unit(larder, "ticket", "tickets", "counts pieces", percent=55, whole=True)


def _unit(
    larder: Larder, name: str, plural: str, counts: str, *, percent: int, decimals: int = 0, whole: bool = False,
    pooled: bool = False,
) -> None:  # fmt: skip
    made = larder.made
    if not made.chance(percent):
        return
    owner = made.pick(("pot", "apart", "shared")) if larder.pooled and (pooled or made.chance(8)) else "member"
    money = made.currency if counts == f"counts {made.currency}" else ""
    unit = Owned(name, plural, decimals, money, not whole, name == "choice", made.chance(60), owner)
    held = {"member": "", "pot": "held by household", "apart": "held by household, apart"}
    lots = made.pick(("use oldest first", "use soonest first", ""))
    least = made.pick(("0", f"0 {unit.plural}", f"{made.number(1, 5)} {unit.plural}" if not whole else "0"))
    made.say(
        f"unit {name if name == plural else f'{name}, {plural}'} {counts} {{".replace("  ", " "),
        f"  {held.get(owner, held['apart'])}" if owner != "member" else "",
        "" if whole else f"  {made.pick(MODES)}",
        f"  pending until {made.pick(('5 days later', 'end of calendar month'))}" if made.chance(10) else "",
        "  use in proportion to balance" if owner == "shared" else f"  {lots}" if lots else "",
        *(f"  {each}" for each in made.pick(LIVES).split("   ")),
        f"  balance at least {least}" if unit.floor else "",
        "  remembers milestone: count up to 100  gone: flag?" if unit.remembers else "",
        "}",
    )
    larder.units.append(unit)


# ---- periods, events, facts

SPANS = (
    ("bill", "every 1 month from member.joined"),
    ("member_year", "every 1 year from member.joined"),
    ("fortnight", "every 2 weeks from 2027-01-04"),
    ("fiscal", "1 Mar to end of Feb every year"),
)


def periods(larder: Larder) -> None:
    """Some that scheduled events are at the edges of."""
    made = larder.made
    for name, span in SPANS:
        if made.chance(30):
            made.say(f"period {name} = {span}")
            larder.periods.append(name)
    if made.chance(25):
        made.say("period cycles = from host")
        larder.hosted.append("cycles")


def events(larder: Larder) -> None:
    """`buy` with lines, `visit`, sometimes `stay` that is priced in points; the member's facts."""
    made = larder.made
    _buy(larder)
    dated = "instant" if larder.instant else "date"
    made.say(
        "event visit dated by at of who identified by ref {",
        f"  ref: text   who: member   at: {dated}   what: {' | '.join(WHAT)}",
        "  n: count up to 90   friend: member?   asked: points? up to 900",
        "}",
    )
    if not larder.units[0].pooled and made.chance(30):
        larder.nights = larder.units[0]
        made.say(
            "event stay dated by at of who identified by ref priced by offers in points {",
            "  ref: text   who: member   at: date",
            "  lines 0 to 4 { id: text as id   night: date   suite: flag }",
            "}",
        )
    made.say(
        "member {", "  joined: date   family: text? as household   plan: basic | plus",
        "  staff: flag   children: count? up to 9   buddy: member?", "}",
    )  # fmt: skip


def _buy(larder: Larder) -> None:
    made = larder.made
    fields = []
    for unit in larder.units:
        if unit.name == "ticket" or (unit.whole and made.chance(50)):
            larder.things[f"{unit.name}_shown"] = unit
            fields.append(f"  {unit.name}_shown: {unit.plural}? up to 4")
        elif made.chance(80):
            larder.offered[f"{unit.name}_in"] = unit
            fields.append(f"  {unit.name}_in: {unit.plural}? up to {made.pick((60, 900))}")
    high = f"{9_000 if made.currency == 'JPY' else 200} {made.currency}"
    made.say(
        f"event buy dated by at of who identified by ref{' returnable' if larder.returnable else ''} {{",
        f"  ref: text   who: member{'?' if larder.guest else ''}   at: {'instant' if larder.instant else 'date'}",
        "  friend: member?   codes: codes up to 3   express: flag",
        *fields,
        "  lines 0 to 6 {",
        f"    key: text as id   kind: {' | '.join(KINDS)}   shop: {' | '.join(SHOPS)}   night: date?",
        f"    pieces: count up to 9 as quantity   price: money up to {high} as list each",
        "    vat: rate as tax rate" if larder.tax else "",
        "  }",
        "}",
    )


# ---- tracks


def tracks(larder: Larder) -> None:
    """Tracks of money and counts; by key; of days; of what is used; of the household."""
    made = larder.made
    where = f" where {made.pick(('express', 'count of lines >= 2', 'member.plan is plus'))}"
    guarded = where if not (larder.guest and "member" in where) else ""
    _track(larder, "spend", "money", f"sum of net, on buy{guarded if made.chance(25) else ''}", previous=True)
    if made.chance(60):
        _track(larder, "visits", "count", made.pick(("count, on visit", "sum of n, on visit")), previous=True)
    if larder.settles and made.chance(30):
        edge = made.pick(("start", "end"))
        words = f"{edge} of {made.pick(larder.spans)}"
        _track(larder, "edges", "count", f"count, on visit or {words}", lifetime=True)
    if made.chance(65):
        keys = made.pick((2, 3, 9, 9))
        fold = made.pick(
            (f"sum of net of lines by shop up to {keys} keys", f"count of lines by shop up to {keys} keys")
        )
        _track(larder, "by_shop", "money" if "net" in fold else "count", f"{fold}, on buy", key="shop")
    if made.chance(40):
        fold = made.pick(("count by what up to 3 keys", "sum of n by what up to 3 keys"))
        _track(larder, "by_what", "count", f"{fold}, on visit", key="what")
    if made.chance(45):
        edge = made.pick(("first", "last"))
        on = made.pick(("on buy", "on visit", "on buy or visit"))
        made.say(
            f"track {edge}_seen = {edge} day, {on}, per {made.pick(('lifetime', 'calendar year'))}{_owner(larder)}"
        )
        larder.tracks.append(Ledger(f"{edge}_seen", "day", day=True))
    flow = larder.unit(whole=True)
    if made.chance(30):
        _track(larder, "burnt", f"unit {flow.name}", f"sum of used {flow.plural}")


def given_tracks(larder: Larder) -> None:
    """Tracks of what is given."""
    made, flow = larder.made, larder.unit(whole=True)
    if made.chance(30):
        made.say(f"track got = sum of given {flow.plural}, per {made.pick((*larder.spans, 'lifetime', '30 days'))}")


def _track(
    larder: Larder, name: str, measure: str, fold: str, *, key: str = "", lifetime: bool = False, previous: bool = False
) -> None:
    made = larder.made
    per = "lifetime" if lifetime else made.pick((*larder.spans, *larder.spans, "lifetime", "30 days", "2 months"))
    period = per if per in larder.spans else ""
    owner = _owner(larder)
    made.say(f"track {name} = {fold}, per {per}{owner}")
    larder.tracks.append(Ledger(name, measure, key, "" if owner else period, previous=previous and bool(period)))


def _owner(larder: Larder) -> str:
    return " of household" if larder.pooled and larder.made.chance(20) else ""
