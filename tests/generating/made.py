"""What a program under construction declares so far, and how choices are made.

Every choice comes from one `random.Random`, so that hypothesis can shrink it and a seed brings it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeAlias, TypeVar

CURRENCIES = ("GBP", "JPY", "KWD")
DECIMALS = {"GBP": 2, "JPY": 0, "KWD": 3}
ZONES = ("Europe/London", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe")
ODD_TEXT = "o'clock {0} %s \\n é # }"
"""A text that no generated code may trip over."""

KINDS = ("room", "food", "spa", "tour")
BRANDS = ("resort", "city", "inn")
SKUS = ("A1", "B2", "C3", "D4", "E5", ODD_TEXT)
MODES = ("rounded down", "rounded up", "rounded half up", "rounded half even")

FILES = {
    "skus.csv": b"sku,note\nA1,x\nC3,y\n",
    "codes.csv": b"code\nSER-1\nser2\nSER 3\n",
    "series.csv": b"code\ns-1\nS2\nS3\n",
    "closed.csv": b"day\n2027-01-01\n2027-02-13\n2027-02-14\n2027-02-15\n2027-03-28\n2027-12-31\n2028-02-29\n",
    "cycles.csv": b"first,last\n2026-12-20,2027-01-31\n2027-02-01,2027-02-28\n2027-03-05,2027-06-30\n"
    b"2027-07-01,2027-12-31\n",
    "areas.csv": b"sku,area\nA1,north\nB2,south\nC3,north\n",
}
"""What stands beside every generated program: columns and a table to import."""

Option: TypeAlias = "str | Callable[[], str]"
Item = TypeVar("Item")


@dataclass(frozen=True)
class Unit:
    """A unit under both its names; an amount of it that may be a fraction needs `rounded`."""

    name: str
    plural: str
    decimals: int
    currency: str = ""
    rounded: bool = True
    remembers: bool = False


@dataclass(frozen=True)
class Period:
    """A period and what can be asked of it: `anchor` is the fact it hangs on, `covers` says that no day is outside."""

    name: str
    anchor: str = ""
    covers: bool = False
    timed: bool = False


@dataclass(frozen=True)
class Track:
    """A track: what it counts (`money`, `count`, `unit NAME`), and how it is kept."""

    name: str
    measure: str
    window: str
    sliced: bool = False
    signed: bool = False


@dataclass(frozen=True)
class Base:
    """An earn that others read by name: its unit, and whether it has lines."""

    name: str
    unit: Unit
    lines: bool


@dataclass(frozen=True)
class Place:
    """Where an expression stands: the events whose fields it reads, the stage, on a line or not, what is proven."""

    stage: str
    event: str = "visit"
    line: bool = False
    proven: frozenset[str] = frozenset()

    def on_line(self) -> Place:
        """The same on each line."""
        return replace(self, line=True)

    def knowing(self, *names: str) -> Place:
        """The same where these are present."""
        return replace(self, proven=self.proven | set(names))


@dataclass(frozen=True)
class Shop:
    """The event `order`, which offers act on: its currencies, where its price stands, the roles of its other fields.

    `price` is `each`, `line` or `offers`; `was` and `floor` say how such a field is declared (empty: not at all);
    `shipping` is `field`, `flag` or nothing; `returns` is the
    header's policy, empty where nothing can be returned; `dense` says that offers act often, on the same things;
    `tax_prices` is `include`, `exclude` or nothing.
    """

    currencies: tuple[str, ...]
    price: str
    lines: bool
    quantity: bool
    line_id: bool
    was: str = ""
    floor: str = ""
    tax: bool = False
    shipping: str = ""
    shipping_tax: bool = False
    tax_prices: str = ""
    codes: bool = False
    treat: str = ""
    returns: str = ""
    dense: bool = False

    @property
    def returnable(self) -> bool:
        """Whether an order can be returned."""
        return self.returns != ""

    @property
    def flagged(self) -> bool:
        """Whether lines say of themselves that they are shipping."""
        return self.shipping == "flag"


@dataclass
class Made:
    """What the program declares so far, by what it can be used for."""

    rng: Random
    currency: str = "GBP"
    decimals: dict[str, int] = field(default_factory=lambda: dict(DECIMALS))
    other: str = ""  # a second currency, of the event `abroad`
    instant: bool = False
    guest: bool = False
    lines: bool = True
    quantity: bool = False
    line_id: bool = False
    signed: bool = False
    terms: bool = False
    top_up: bool = False
    from_host: bool = False
    units: list[Unit] = field(default_factory=list)
    cash: Unit | None = None
    periods: list[Period] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    tiers: tuple[str, ...] = ()
    bases: list[Base] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)  # name -> condition | money | list | column
    tables: dict[str, str] = field(default_factory=dict)  # name -> number | lists | imported
    match: str = ""
    shop: Shop | None = None
    text: list[str] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        """Add lines to the text."""
        self.text += [line for line in lines if line]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.rng.randrange(100) < percent

    def pick(self, options: Sequence[Item]) -> Item:
        """One of them."""
        return options[self.rng.randrange(len(options))]

    def one(self, options: Sequence[Option]) -> str:
        """One of them, made if it is to be made."""
        found = self.pick(options)
        return found if isinstance(found, str) else found()

    def some(self, options: Sequence[Item], least: int = 1) -> list[Item]:
        """Some of them, in their order, at least so many."""
        count = self.number(least, len(options))
        kept = sorted(self.rng.sample(range(len(options)), count))
        return [options[place] for place in kept]

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.rng.randint(low, high)

    # ---- literals

    def money(self, high: int = 300, low: int = 0, currency: str = "") -> str:
        """An amount of money, often whole."""
        code = currency or self.currency
        decimals, whole = self.decimals[code], self.number(low, high)
        if decimals and self.chance(40):
            return f"{whole}.{self.number(0, 10**decimals - 1):0{decimals}d} {code}"
        return f"{whole} {code}"

    def worth(self, high: int = 60, low: int = 0) -> str:
        """Money of an order, in each of its currencies, now and then not in all."""
        assert self.shop is not None
        codes = self.shop.currencies
        if len(codes) > 1 and self.chance(12):
            codes = (self.pick(codes),)
        amounts = [self.money(high * 100 if code == "JPY" else high, low, code) for code in codes]
        return amounts[0] if len(amounts) == 1 else f"({', '.join(amounts)})"

    def amount(self, unit: Unit, high: int = 300, low: int = 0, *, fine: bool = False) -> str:
        """An amount of a unit, as fine as its decimals, or finer where it is rounded later."""
        name = self.pick((unit.name, unit.plural))
        whole = self.number(low, high)
        if (unit.decimals or fine) and self.chance(40):
            places = unit.decimals or 1
            return f"{whole}.{self.number(1, 10**places - 1):0{places}d} {name}"
        return f"{whole} {name}"

    def day(self) -> str:
        """A date near those that events fall on."""
        return self.pick(
            (
                "2026-12-31",
                "2027-01-01",
                "2027-01-31",
                "2027-02-14",
                "2027-02-28",
                "2027-03-01",
                "2027-03-28",
                "2027-06-30",
                "2027-10-31",
                "2027-12-31",
                "2028-02-28",
                "2028-02-29",
                "2028-03-01",
            )
        )

    def duration(self) -> str:
        """A span of days."""
        return self.pick(("1 day", "10 days", "30 days", "2 weeks", "1 month", "3 months", "1 quarter", "1 year"))

    # ---- what there is

    def of_measure(self, measure: str) -> list[Track]:
        """The tracks that count this."""
        return [track for track in self.tracks if track.measure == measure]

    @property
    def covering(self) -> list[str]:
        """Periods that hold every day, by name."""
        calendars = [f"calendar {unit}" for unit in ("year", "month", "quarter", "week", "day")]
        return calendars + [period.name for period in self.periods if period.covers]

    @property
    def partial(self) -> list[Period]:
        """Declared periods that a day may lie outside of."""
        return [period for period in self.periods if not period.covers]

    def can_read(self, period: Period) -> bool:
        """Whether `today in P` can be asked of this program's events."""
        return self.instant or not period.timed
