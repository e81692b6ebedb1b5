"""The typed core: what a checked program means, in a small closed set of nodes.

In: nothing; checking makes these nodes and lowering puts them together. Out: `Program`, which every evaluator reads.

**Values.** Money is an integer of minor units, a unit an integer scaled by its decimals (`0.50` of a unit with 2
decimals is 50), a count an integer, a rate field an integer of billionths (read as that fraction), a day the number of
days since 1970-01-01, an instant the seconds since then, a time of day its seconds, an enumeration value or a text a
`str`, a tier its rung counted from 0, a flag a `bool`, a missing optional `None`. Numbers in between are exact
fractions; every denominator is known before any event arrives, so a fast evaluator works on scaled integers. Dimensions
are checked before these nodes exist: `10 points per 1 GBP of net` is the product of 10 * (scale of points) / 100 and a
sum of minor units.

**Names.** A node refers to fields, tracks, units, rules and periods by name: `Program` holds each once.

Each node keeps its origin, the span of the text it came from; origins and titles of tests do not enter the fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Final, Literal, TypeAlias

import msgspec

from rules_engine.periods import Period, anchors, unwrapped

RoundingMode: TypeAlias = Literal["down", "up", "half up", "half even"]
TimeUnit: TypeAlias = Literal["day", "week", "month", "quarter", "year", "hour", "minute"]


class Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a node comes from: number of the file in the program's `files`, start and end offset."""

    file: int
    start: int
    end: int


class Node(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The base of all nodes."""

    at: Origin


# ---- constants and reads ----


class Num(Node, frozen=True):
    """An exact number `num / den` in lowest terms, `den` > 0; also days, instants, rungs."""

    num: int
    den: int = 1


class Txt(Node, frozen=True):
    """A text or an enumeration value."""

    value: str


class Flg(Node, frozen=True):
    """True or false."""

    value: bool


class Field(Node, frozen=True):
    """A field of the event; None where an optional is absent."""

    name: str


class LineField(Node, frozen=True):
    """A field of the line at hand."""

    name: str


Base: TypeAlias = Literal[
    "was", "list", "catalogue", "current", "after item", "after basket", "after shipping", "net", "paid"
]  # fmt: skip
"""A money base. `current` is what the units cost at this moment; `catalogue` what the catalogue stage left; `net` what
all offers left, `paid` what was paid of it in money."""

Side: TypeAlias = Literal["", "with", "without"]
"""The tax side of money: as the prices are, with tax, without tax."""


class LineMoney(Node, frozen=True):
    """A money base of the line at hand, over all its units, in minor units (exact: a tax side makes a fraction)."""

    base: Base
    side: Side = ""


class Basis(Node, frozen=True):
    """A money base of what an effect acts on: the unit, the part of a line, the set or the total that its amount is
    formed for; in a filter of units, one unit. Only inside offers, and inside filters of units."""

    base: Base
    side: Side = ""


class PerCurrency(Node, frozen=True):
    """An amount written once for each currency; where the event's has none, the rule is not applied."""

    amounts: tuple[tuple[str, Num], ...]


class CurrencyRead(Node, frozen=True):
    """The event's currency, as a text."""


class CodeRead(Node, frozen=True):
    """The presented code that set this rule off, in normal spelling."""


LinesOf: TypeAlias = Literal["lines", "shipping", "both"]
"""The goods, the shipping lines, or both. Gifts are never among them."""


class LineQuantity(Node, frozen=True):
    """The units of the line at hand; 1 where no field has the role `quantity`."""


class MemberField(Node, frozen=True):
    """A declared fact of the event's member; None where absent. On an event of a guest it is never read."""

    name: str


class HasMember(Node, frozen=True):
    """Whether the event has a member."""


class Today(Node, frozen=True):
    """The event's local day. With `begins` the first day of what is granted, where that is later: what follows the end
    of a day begins on the next."""

    begins: bool = False


class Now(Node, frozen=True):
    """The event's instant, where it is dated by one; else the start of its day."""


class AwardRead(Node, frozen=True):
    """What a rule gave on this event, over all its effects, after limits; 0 where it did not apply or was held out."""

    rule: str


class AwardPart(Node, frozen=True):
    """The part of what a rule gave that falls on the line at hand, by the one allocation over the rule's `shares`."""

    rule: str


class TrackRead(Node, frozen=True):
    """A track in the occurrence that holds the event's date. Before the event in earns, after it in tiers, matches and
    rewards; `previous` reads the occurrence before."""

    track: str
    previous: bool = False


class BalanceRead(Node, frozen=True):
    """The live balance of a unit before the event, pending lots left out unless said."""

    unit: str
    pending: bool


class TierRead(Node, frozen=True):
    """A rung, counted from 0: `held` the highest live holding, `earned` the highest rung whose path holds now,
    `matched` the rung that the match under judgement gave."""

    which: Literal["held", "earned", "matched"]


class UsedRead(Node, frozen=True):
    """What this event took of a unit so far, in stages before this one: by redeems, by what was presented, by
    deducts."""

    unit: str


class PersonField(Node, frozen=True):
    """A declared fact of the other person that a field of the event names; None where it is absent. Where the field
    itself is absent it is never read."""

    person: str
    name: str


class KeyRead(Node, frozen=True):
    """The key at hand: in a fold over a track by key, in a loop over keys."""


class KeyValue(Node, frozen=True):
    """The number that a track by key has for the key at hand (`each`)."""


class KeyFold(Node, frozen=True):
    """A fold over the keys of a track by key: the `sum` of their numbers, or their `count`, of those where a condition
    holds, and of these the `top` largest (ties by the key, ascending)."""

    track: str
    op: Literal["sum", "count"]
    where: Expr | None = None
    top: int | None = None
    previous: bool = False


class LineKeys(Node, frozen=True):
    """The sum over the `top` largest groups of lines: lines where a condition holds, grouped by `key`, each group worth
    the sum of `value` (ties by the key, ascending)."""

    key: Expr
    value: Expr
    where: Expr | None
    top: int


class LotField(Node, frozen=True):
    """What the lot at hand remembers under a name; `source` is the key of the rule that gave it."""

    name: str


class TurnedSum(Node, frozen=True):
    """Of what this block turns: the sum of a remembered field times the units taken, or their number (no field)."""

    field: str = ""


class MarkRead(Node, frozen=True):
    """The mark reached, inside a loop over marks."""


class RungRead(Node, frozen=True):
    """The rung under judgement, in a match's `keep ... by rung`."""


# ---- arithmetic ----


class Add(Node, frozen=True):
    """The sum of its parts."""

    parts: tuple[Expr, ...]


class Mul(Node, frozen=True):
    """A product. Division by a literal is a product with its inverse."""

    left: Expr
    right: Expr


class Steps(Node, frozen=True):
    """The whole steps of a number: cut towards zero (`per full`)."""

    value: Expr


class Round(Node, frozen=True):
    """Rounded to a whole minor unit; works on the magnitude and restores the sign."""

    value: Expr
    mode: RoundingMode


class Clip(Node, frozen=True):
    """Not below `low`, then not above `high`."""

    value: Expr
    low: Expr | None
    high: Expr | None


class Largest(Node, frozen=True):
    """The largest of its items."""

    items: tuple[Expr, ...]


class Fold(Node, frozen=True):
    """A fold over the event's lines where a condition holds: `sum` of `value`, `count` of lines, or `distinct`
    values."""

    op: Literal["sum", "count", "distinct"]
    value: Expr | None
    where: Expr | None
    of: LinesOf = "lines"


class Picked(Node, frozen=True):
    """The sum over chosen units of a money base of theirs (None: their count): `net of the dearest 1 unit where F`.
    With `within` they are chosen from what the effect acts on: the part of a line, the set, the total at hand."""

    base: Base | None
    side: Side
    select: Selection
    within: bool = False


class Across(Node, frozen=True):
    """This event's own contribution c to a track occupies [before, before + c); each part earns its row's rate.

    `bounds` are the starts of the rows in ascending order, in the track's measure; the first row starts at the lowest
    value that the track can have. A negative c is the exact negative of the way back.
    """

    track: str
    bounds: tuple[int, ...]
    rates: tuple[Expr, ...]


class Choose(Node, frozen=True):
    """A table: the first row whose tests all hold gives the value; rows are disjoint and complete, so order is nothing.

    A row's value `Stop` ends the rule with "no award".
    """

    keys: tuple[Expr, ...]
    rows: tuple[ChooseRow, ...]


class AnyTest(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Holds for every value."""


class InTest(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Holds for these values: texts, numbers (scaled as the key is) or flags."""

    values: tuple[str | int | bool, ...]


class RangeTest(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Holds from `low` (None: no lower end) up to, not including, `high` (None: no upper end)."""

    low: int | None
    high: int | None


Test: TypeAlias = AnyTest | InTest | RangeTest


class ChooseRow(msgspec.Struct, frozen=True, gc=False):
    """One row: a test a key; `otherwise` has only `AnyTest`s and stands last."""

    tests: tuple[Test, ...]
    value: Expr | Stop


class Stop(Node, frozen=True):
    """`no award`: the rule gives nothing at all."""


class Imported(Node, frozen=True):
    """A key looked up in an imported table; None where the table has no such key."""

    table: str
    key: Expr


# ---- days ----


class AddTime(Node, frozen=True):
    """A day moved by `count` (may be negative) of a unit of days, weeks, months, quarters or years; months clamp to the
    month's end."""

    day: Expr
    count: int
    unit: TimeUnit


class EdgeDay(Node, frozen=True):
    """The first or the last day (inclusive) of the occurrence of a period that holds `day`, or of the `next` one."""

    edge: Literal["start", "end"]
    next: bool
    period: str
    day: Expr


class DayOf(Node, frozen=True):
    """The local day of an instant."""

    instant: Expr


class Forever(Node, frozen=True):
    """No last day."""


# ---- conditions ----


class All(Node, frozen=True):
    """True where all parts are, read left to right, stopping early."""

    parts: tuple[Expr, ...]


class Any(Node, frozen=True):
    """True where one part is, read left to right, stopping early."""

    parts: tuple[Expr, ...]


class Not(Node, frozen=True):
    """The opposite."""

    value: Expr


class Has(Node, frozen=True):
    """Whether an optional is present."""

    value: Expr


class Cmp(Node, frozen=True):
    """A comparison of two numbers (days, instants, rungs among them), texts (`=` and `!=`) or flags (`=` and `!=`)."""

    op: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


class OneOf(Node, frozen=True):
    """Whether a value is among constants."""

    value: Expr
    items: tuple[str | int | bool, ...]


class InImported(Node, frozen=True):
    """Whether a text is in an imported column."""

    value: Expr
    column: str


class InField(Node, frozen=True):
    """Whether a value is among the items of a list field (its first `count`, None: all)."""

    value: Expr
    items: Expr
    count: int | None


class InPeriod(Node, frozen=True):
    """Whether a day or an instant (`instant` true) lies in a period; false where the period's anchor is absent."""

    value: Expr
    period: str
    instant: bool


class Multiple(Node, frozen=True):
    """Whether a number is a whole multiple of a whole number."""

    value: Expr
    factor: int


class Reaches(Node, frozen=True):
    """Whether this event took a track from below a bound to it or past it: last seen by rewards < bound <= after."""

    track: str
    bound: Expr


Expr: TypeAlias = (
    Num
    | Txt
    | Flg
    | Field
    | LineField
    | LineMoney
    | LineQuantity
    | Basis
    | PerCurrency
    | CurrencyRead
    | CodeRead
    | Picked
    | MemberField
    | HasMember
    | Today
    | Now
    | AwardRead
    | AwardPart
    | TrackRead
    | BalanceRead
    | TierRead
    | UsedRead
    | PersonField
    | KeyRead
    | KeyValue
    | KeyFold
    | LineKeys
    | LotField
    | TurnedSum
    | MarkRead
    | RungRead
    | Add
    | Mul
    | Steps
    | Round
    | Clip
    | Largest
    | Fold
    | Across
    | Choose
    | Imported
    | AddTime
    | EdgeDay
    | DayOf
    | Forever
    | All
    | Any
    | Not
    | Has
    | Cmp
    | OneOf
    | InImported
    | InField
    | InPeriod
    | Multiple
    | Reaches
)


# ---- what is declared ----


class Currency(msgspec.Struct, frozen=True, gc=False):
    """A currency of the program: its code, how many decimals amounts have, and how they are rounded."""

    code: str
    decimals: int
    rounding: RoundingMode


class Header(msgspec.Struct, frozen=True, gc=False):
    """The program's settings. What nothing uses may be absent; dates are days, `terms_until` includes its day."""

    title: str
    currencies: tuple[Currency, ...]
    zone: str | None
    week_start: int = 0  # 0 Monday ... 6 Sunday
    leap_day: Literal["28 February", "1 March"] = "28 February"
    remainder: Literal["largest", "first", "last", "last rounded", "running"] = "largest"
    split: Literal["in proportion", "evenly"] = "in proportion"
    terms_from: int | None = None
    terms_until: int | None = None
    prices: Literal["include", "exclude", ""] = ""
    tax_rounding: RoundingMode | None = None
    tax_per: Literal["line", "unit"] = "line"


class FieldDef(msgspec.Struct, frozen=True, gc=False):
    """A field of an event, a line or a member.

    `low` and `high` bound counts, money (minor units) and units (scaled), both included; a text's or a list's `high` is
    its greatest length. `unit` is the unit's name for kind `unit`, the currency for `money`.
    """

    name: str
    kind: Literal[
        "text", "date", "time", "instant", "flag", "count", "rate", "money", "unit", "choice", "member", "codes",
        "list", "tier",
    ]  # fmt: skip
    optional: bool = False
    low: int = 0
    high: int = 0
    decimals: int = 0
    unit: str = ""
    choices: tuple[str, ...] = ()
    role: str = ""
    item: FieldDef | None = None
    bounds: tuple[CurrencyBounds, ...] = ()


class CurrencyBounds(msgspec.Struct, frozen=True, gc=False):
    """The bounds of a money field in one of the several currencies that it admits, in its minor units."""

    currency: str
    decimals: int
    low: int
    high: int


class LinesDef(msgspec.Struct, frozen=True, gc=False):
    """The lines of an event: how many there may be, and their fields."""

    low: int
    high: int
    fields: tuple[FieldDef, ...]


class EventDef(msgspec.Struct, frozen=True, gc=False):
    """A declared event. `dated_by` names a date or instant field, `owner` the member field, `identified_by` the id.

    `list_field` names the field with the role `list` or `list each` (then `list_each`), in the lines if `lines` is set,
    else in the event itself, which then is its own one line; empty where the event has no money, or where offers make
    the price. `was_field` and `floor_field` are of the same measure: of each unit with `list each`, else of the line.
    `currency` is set where the event comes in one currency, `currencies` where it may come in several.
    `priced_unit` names the unit that the event's amounts are of, where it is priced in one and not in money.
    `schedule` is set where nobody sends the event: it happens at an edge of a period.
    `shipping_field` is an amount of the event, which is a line of its own after the others; `shipping_flag` a flag of
    the lines, which says of each whether it is shipping.
    """

    name: str
    dated_by: str
    owner: str
    identified_by: str
    fields: tuple[FieldDef, ...]
    lines: LinesDef | None
    list_field: str = ""
    list_each: bool = False
    quantity_field: str = ""
    line_id_field: str = ""
    currency: str = ""
    currencies: tuple[str, ...] = ()
    was_field: str = ""
    floor_field: str = ""
    tax_field: str = ""
    shipping_field: str = ""
    shipping_flag: str = ""
    shipping_tax_field: str = ""
    codes_field: str = ""
    priced_by_offers: bool = False
    returnable: bool = False
    priced_unit: str = ""
    schedule: ScheduleDef | None = None


class ScheduleDef(msgspec.Struct, frozen=True, gc=False):
    """An event at an edge of every occurrence of a period, posted so long after it."""

    edge: Literal["start", "end"]
    period: str
    count: int = 0
    unit: TimeUnit = "day"


class UnitLife(msgspec.Struct, frozen=True, gc=False):
    """One `lasts` of a unit: the last valid day computed when a lot is given, or a span after the last of some
    events."""

    day: Expr | None
    count: int = 0
    unit: TimeUnit = "day"
    after_last: tuple[str, ...] = ()


class UnitDef(msgspec.Struct, frozen=True, gc=False):
    """A unit. `currency` is set where it counts money; `lives` has one entry, or two with `whichever`. `floor` is the
    least balance that rules leave (None: deducts may go into debt). A unit of the `household` stands in its pool; kept
    `apart`, each lot there says whose it is. `remembers` are the facts that a lot may carry."""

    name: str
    plural: str
    decimals: int
    currency: str
    rounding: RoundingMode | None
    lives: tuple[UnitLife, ...]
    whichever: Literal["first", "last"] = "first"
    pending: Expr | None = None
    use: Literal["oldest first", "soonest first", "in proportion to balance"] = "oldest first"
    floor: int | None = None
    owner: Literal["member", "household"] = "member"
    apart: bool = False
    remembers: tuple[FieldDef, ...] = ()


class PeriodDef(msgspec.Struct, frozen=True, gc=False):
    """A period by name, its anchor (a member's or event's date) if it has one. Calendar periods, lifetime and rolling
    windows that rules use without declaring them stand here too, named by their words (`calendar year`)."""

    name: str
    period: Period
    anchor: Expr | None = None


class Window(msgspec.Struct, frozen=True, gc=False):
    """How a track or a limit is kept over time.

    `period`: by occurrence of a named period. `rolling`: (today - count units, today]. `last`: the last `count`
    calendar units, the current one counted. `lifetime`: one value. `trial`: while the match `period` is on trial, by
    its start.
    """

    kind: Literal["period", "rolling", "last", "lifetime", "trial"]
    period: str = ""
    count: int = 0
    unit: TimeUnit = "day"


class TrackDef(msgspec.Struct, frozen=True, gc=False):
    """A declared track; `key` names it in states, `was` the key it had before.

    `sum` adds `value` (its line folds included) on each of `events` where `where` holds; with `given` it adds what
    rules give in that unit (by `rules` if named), whatever the event. `count` adds 1, or `value`. `distinct` counts
    different values of `value` (a line expression, `where` filtering lines through `line_where`) up to `keys_max`.
    `streak` counts occurrences of `streak` in a row.
    `by` is the day that finds the occurrence (None: the event's day); with `by_line` it is read on each line, and
    `value` and `line_where` are line expressions whose sum goes to each line's own occurrence.
    `used` names a unit: the track adds what events took of it. `first day` and `last day` keep a day of such events.
    With `by_key` the track keeps a number for each value of it, at most `keys_max`; `key_line`: it is read on lines.
    `unit` says how to show the value: a currency, a unit's name or empty for a count.
    """

    name: str
    key: str
    was: str
    kind: Literal["sum", "count", "distinct", "streak", "first day", "last day"]
    events: tuple[str, ...]
    where: Expr | None
    value: Expr | None
    window: Window
    line_where: Expr | None = None
    by: Expr | None = None
    by_line: bool = False
    given: str = ""
    rules: tuple[str, ...] = ()
    streak: str = ""
    keys_max: int = 0
    unit: str = ""
    decimals: int = 0
    used: str = ""
    by_key: Expr | None = None
    key_line: bool = False
    owner: Literal["member", "household"] = "member"


class WayDef(msgspec.Struct, frozen=True, gc=False):
    """One path to a rung: its condition, its name (the reason in a holding) and its own life, else the ladder's."""

    condition: Expr
    name: str
    life: Expr | None
    needs: bool


class RungDef(msgspec.Struct, frozen=True, gc=False):
    """A rung by name, with the paths that lead to it. The first rung has none and is held by everyone."""

    name: str
    ways: tuple[WayDef, ...]


class FallDef(msgspec.Struct, frozen=True, gc=False):
    """What follows a holding that ends: `earned` (at most `down` rungs lower, if set), `down` rungs, or `tier`."""

    what: Literal["earned", "down", "tier"]
    down: int | None = None
    tier: int | None = None


class TiersDef(msgspec.Struct, frozen=True, gc=False):
    """The ladder, lowest rung first. `needs` holds for every way with `needs`. `life` gives a holding's last day (None
    from the expression: forever). `review` names the period at whose end tiers are judged; empty: after every event.
    From the host, the tier is a fact of the member and nothing else is set."""

    from_host: bool
    rungs: tuple[RungDef, ...]
    needs: Expr | None = None
    at_once: bool = False
    life: Expr | None = None
    fall: FallDef | None = None
    review: str = ""


class ScopeDef(msgspec.Struct, frozen=True, gc=False):
    """The reach of a limit besides its member: a window, and the day that finds the occurrence (None: the event's day);
    with `by_line` the day is read on each line and the amount is spread over lines."""

    window: Window
    by: Expr | None = None
    by_line: bool = False


class LimitDef(msgspec.Struct, frozen=True, gc=False):
    """A limit per `owner` and `scope`, of acts (`times`) or of a unit (`amount`, scaled; an offer's `unit` is a
    currency). `key` names its counter in states: the rule's or group's key and the words of its scope; the values of
    `keys` follow it, each after a blank. `or_nothing`: a cut cancels the whole rule. A `shared` counter is the whole
    programme's (`in total`), one of the `event` begins anew with each event."""

    key: str
    times: int | None
    amount: int | None
    unit: str
    scope: ScopeDef
    or_nothing: bool
    at: Origin
    owner: Literal["member", "event", "shared", "household", "other"] = "member"
    keys: tuple[Expr, ...] = ()
    other: str = ""


class ThingDef(msgspec.Struct, frozen=True, gc=False):
    """What must be presented for a rule to act, and is taken where it does: `count` of a unit, from the event's `field`
    of that unit, of lots where a condition holds."""

    unit: str
    count: int
    field: str
    where: Expr | None
    at: Origin


class Share(msgspec.Struct, frozen=True, gc=False):
    """One part of an award's measure over lines: line `value`s where `where` holds, times `scale` (an event-level
    number, None: 1). An award's weight on a line is the sum of its shares there."""

    value: Expr
    where: Expr | None
    scale: Expr | None


class SplitRow(msgspec.Struct, frozen=True, gc=False):
    """One row of `split into`: a unit, its share of the amount (None: the rest), and how its part is rounded."""

    unit: str
    share: Expr | None
    rounding: RoundingMode | None
    pending: Expr | None
    life: Expr | None


class GiveDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An award: `value` is exact; then not below `low`, not above `high`, one rounding (never past `high`), whole
    `steps`; under `only_from` nothing. `each_line`: `value` is a line expression, formed and rounded on each line where
    `line_where` holds, then added. `shares` say how it spreads over lines; empty: it has no lines."""

    unit: str
    value: Expr
    rounding: RoundingMode | None
    low: Expr | None
    high: Expr | None
    steps: int | None
    only_from: Expr | None
    each_line: bool
    line_where: Expr | None
    shares: tuple[Share, ...]
    pending: Expr | None
    life: Expr | None
    facts: tuple[tuple[str, Expr], ...]
    or_nothing: bool
    at: Origin
    to: str = ""
    split: tuple[SplitRow, ...] = ()


class DeductDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Units taken from the member: formed as an award is, then wholly or not at all, where the unit has a floor."""

    unit: str
    value: Expr
    rounding: RoundingMode | None
    low: Expr | None
    high: Expr | None
    steps: int | None
    only_from: Expr | None
    where: Expr | None
    or_nothing: bool
    at: Origin


class TurnDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Units changed into others: `amount` of `unit` taken from lots where a condition holds, `into` given for it. With
    `every_full` for each full `block`, `into` worked out for each; else `into` is for all that is taken, or for each
    `per` of it (a number of scaled units; None: for all). `more` are awards of other units for the same, where a table
    gives one unit or another."""

    unit: str
    every_full: bool
    amount: Expr
    where: Expr | None
    into: GiveDef
    per: Expr | None
    at: Origin
    more: tuple[GiveDef, ...] = ()


class AcceptDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Paying with units. `offered` of `unit` (from lots where a condition holds), at least `only_from`, at most `high`,
    in whole `steps`. With a `rate`, `worth` is the value of one scaled unit in minor units of money, exact, and
    `rounding` rounds a value once; without, `worth` is the value of all that is offered. `cap` bounds the value;
    `pays` are the lines that it pays (None: all). With `or_nothing` whatever cuts what is offered cancels the rule;
    with `whole` a value below what is offered is worth takes nothing."""

    unit: str
    offered: Expr
    where: Expr | None
    only_from: Expr | None
    high: Expr | None
    steps: int
    rate: bool
    worth: Expr
    rounding: RoundingMode
    cap: Expr | None
    never_beyond: bool
    whole: bool
    or_nothing: bool
    pays: Selection | None
    at: Origin


class CarryDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An amount with which the next occurrence of a track opens, rounded as it says, else as the track's unit does."""

    track: str
    value: Expr
    low: Expr | None
    high: Expr | None
    at: Origin
    rounding: RoundingMode | None = None


ActDef: TypeAlias = GiveDef | DeductDef | TurnDef | AcceptDef | CarryDef


class MarksDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A loop over the marks of a track that this event reached, in ascending order. Each fires once per occurrence."""

    track: str
    marks: tuple[int, ...]


class KeysDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A loop over keys: those that `key` has on the event's lines where a condition holds, or those of a track (then
    `key` is None). They come in ascending order, or by the number of each (`ordering`, whose `by` reads `KeyValue`)."""

    track: str
    key: Expr | None
    where: Expr | None
    ordering: Ordering | None


class RuleDef(msgspec.Struct, frozen=True, gc=False):
    """An earn, a redeem or a reward. `key` names it in states and outcomes (its `as` name, else its title). `dates` is
    its from/until as a condition. `group` names a group whose limits it shares. `reads` are the rules whose awards it
    reads. `thing` and `code` are what sets it off, None where nothing has to be presented."""

    key: str
    title: str
    was: str
    kind: Literal["earn", "redeem", "reward"]
    events: tuple[str, ...]
    dates: Expr | None
    when: Expr | None
    loop: MarksDef | KeysDef | None
    effects: tuple[ActDef, ...]
    limits: tuple[LimitDef, ...]
    group: str
    reads: tuple[str, ...]
    says: tuple[str, ...]
    at: Origin
    thing: ThingDef | None = None
    on_return: ReturnDef | None = None
    code: CodeDef | None = None

    @property
    def gives(self) -> tuple[GiveDef, ...]:
        """Its awards alone."""
        return tuple(each for each in self.effects if isinstance(each, GiveDef))


# ---- offers ----


class Ordering(msgspec.Struct, frozen=True, gc=False):
    """The order in which units stand in a row: by line (id, then place), or by what a unit costs at the moment, or by a
    value of the line, ascending (or not). Ties go by line id, then by the place in the line."""

    how: Literal["line", "cheapest", "dearest", "sorted"]
    by: Expr | None = None
    descending: bool = False


class PickSome(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first `count` of a row of units or lines; with `per_full` so many for each full `per_full` in the row."""

    which: Literal["cheapest", "dearest", "first", "last"]
    count: int
    per_full: int | None
    of: Literal["unit", "line"]


class PickEvery(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The units at one place in every group of `of` in a row: `every 2nd of 3`. A last group may be short."""

    place: int
    of: int
    ordering: Ordering


class PickSpan(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The units of each line from one place to another, counted from 1: `units 2 to 5 of each line`."""

    first: int
    last: int


Pick: TypeAlias = PickSome | PickEvery | PickSpan


class Selection(msgspec.Struct, frozen=True, gc=False):
    """Units: those of some lines, where a condition of the line holds, and of these the picked ones. The line that an
    event's shipping field makes has no fields: `where` does not ask it."""

    of: LinesOf
    where: Expr | None
    pick: Pick | None


class DiscountDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`take` and `price ... at`. `value` is the discount, or the price, of one element of the `grain`: a unit, what is
    selected of a line, a set, all that is selected. It is exact; then (of a discount) `high`, else (of a price) `low`
    and `high` are compared, `rounding` rounds it once. Of a `take`, `low` is what each element costs at least, `high`
    the most that the effect takes in all. `steps` and `only_from` cut the whole effect's amount. `split` says how an
    element's amount falls on its units."""

    verb: Literal["take", "price"]
    grain: Literal["unit", "line", "set", "total"]
    select: Selection
    value: Expr
    low: Expr | None
    high: Expr | None
    only_from: Expr | None
    steps: int | None
    rounding: RoundingMode
    split: Literal["in proportion", "in proportion with tax", "evenly"]
    or_nothing: bool
    at: Origin


class ChargeDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`charge AMOUNT as "label"`: a fee beside the lines, to be paid as it stands."""

    value: Expr
    label: str
    rounding: RoundingMode
    at: Origin


class GiftDef(msgspec.Struct, frozen=True, tag=True, gc=False):
    """`add 1 "SKU" free`; `sku` is a text, or a field with the customer's choice (absent: nothing chosen)."""

    count: int
    sku: Expr
    at: Origin


EffectDef: TypeAlias = DiscountDef | ChargeDef | GiftDef


class PartDef(msgspec.Struct, frozen=True, gc=False):
    """One part of a set: so many units where a condition of their line holds, in an order, and what happens to them."""

    count: int
    where: Expr | None
    ordering: Ordering
    effects: tuple[DiscountDef, ...]


class SetsDef(msgspec.Struct, frozen=True, gc=False):
    """Sets formed from units that nobody has claimed, over the basket or inside each line: as many as there are, or at
    most `times`. Parts claim in their order. With `partial` a last set takes what is left."""

    times: int | None
    per: Literal["basket", "line"]
    parts: tuple[PartDef, ...]
    partial: bool


class CodeDef(msgspec.Struct, frozen=True, gc=False):
    """The codes that set a rule off, in normal spelling: some texts, those of an imported column, or the member's own
    (a list or a text; the member's fact)."""

    texts: tuple[str, ...] = ()
    column: str = ""
    fact: Expr | None = None


class ConsentDef(msgspec.Struct, frozen=True, gc=False):
    """With which offers a rule may act on the same unit, line or basket: with all (None) or with these rules (keys)."""

    rules: tuple[str, ...] | None
    on: Literal["unit", "line", "basket"]


class ReturnDef(msgspec.Struct, frozen=True, gc=False):
    """What a return takes back of a rule."""

    policy: Literal["keep", "by share", "work out again"]
    shortfall: Literal["off refund", "off balance", "forgiven"] | None = None


class OfferDef(msgspec.Struct, frozen=True, gc=False):
    """An offer. `code` is None where it is automatic. `consent` is its own, else its group's; None where neither
    speaks. `on_return` is its own, else the program's; None where no event of it is returnable."""

    key: str
    title: str
    was: str
    stage: Stage
    events: tuple[str, ...]
    dates: Expr | None
    code: CodeDef | None
    when: Expr | None
    sets: SetsDef | None
    effects: tuple[EffectDef, ...]
    limits: tuple[LimitDef, ...]
    group: str
    consent: ConsentDef | None
    on_return: ReturnDef | None
    reads: tuple[str, ...]
    says: tuple[str, ...]
    at: Origin
    thing: ThingDef | None = None


Stage: TypeAlias = Literal["catalogue", "item", "basket", "shipping"]


class PolicyDef(msgspec.Struct, frozen=True, gc=False):
    """How members of a stage or group go together. `order` has them all, in the order in which they are asked: keys of
    rules and, in a stage, `group NAME`. With `of_codes` rules set off by codes are asked in the order in which the
    event presents the codes, after the others."""

    choice: Literal["all", "first", "best", "best together"]
    per: Literal["unit", "line", "basket"]
    order: tuple[str, ...]
    of_codes: bool = False


class StageDef(msgspec.Struct, frozen=True, gc=False):
    """A stage of offers."""

    name: Stage
    policy: PolicyDef


class OfferGroupDef(msgspec.Struct, frozen=True, gc=False):
    """A group of offers of one stage. With `shares_claims` a unit claimed by one member is claimed for all. At most
    `at_most` of its rules act on an event. `limits` are shared by its rules."""

    name: str
    stage: Stage
    policy: PolicyDef
    shares_claims: bool
    at_most: int | None
    limits: tuple[LimitDef, ...]
    at: Origin


class GroupDef(msgspec.Struct, frozen=True, gc=False):
    """Earns, redeems or rewards that go together: limited together, served in `order`, all of them or the first that
    gives or takes something."""

    name: str
    order: tuple[str, ...]
    limits: tuple[LimitDef, ...]
    choice: Literal["all", "first"] = "all"


class MatchDef(msgspec.Struct, frozen=True, gc=False):
    """A status match. `rung` gives the matched rung (a `Choose`, whose `Stop` refuses), at most `up_to`.

    The trial's last day is `trial`; at its end (and at any tier stage before, if it already holds) `keep` is judged:
    with `graded` for each rung from the matched one down (`RungRead`), the highest that holds is kept, until `life`;
    else `fall` follows. `facts` are the event's fields that `keep`, `life` or `fall` read; they are stored with the
    match.
    """

    key: str
    title: str
    was: str
    events: tuple[str, ...]
    dates: Expr | None
    when: Expr | None
    rung: Expr
    up_to: int | None
    trial: Expr
    graded: bool
    keep: Expr
    life: Expr
    fall: FallDef
    limits: tuple[LimitDef, ...]
    facts: tuple[str, ...]
    at: Origin


class HoldoutDef(msgspec.Struct, frozen=True, gc=False):
    """Members kept out of `rules`: whose salted hash falls under `share` ten-thousandths, or where `where` holds."""

    share: int | None
    salt: str
    where: Expr | None
    rules: tuple[str, ...]


class ImportDef(msgspec.Struct, frozen=True, gc=False):
    """An imported column (`values`, a set) or table (`keys` and `values`), with the digest of its content."""

    name: str
    keys: tuple[str, ...] | None
    values: tuple[str, ...]
    digest: str


class Program(msgspec.Struct, frozen=True, gc=False):
    """A whole program, ready to run. Rules stand in an order in which each comes after those it reads; everything else
    in the order of the text. `files` are the names that origins count."""

    language: int
    header: Header
    files: tuple[str, ...]
    events: tuple[EventDef, ...]
    member: tuple[FieldDef, ...]
    units: tuple[UnitDef, ...]
    periods: tuple[PeriodDef, ...]
    tracks: tuple[TrackDef, ...]
    tiers: TiersDef | None
    rules: tuple[RuleDef, ...]
    groups: tuple[GroupDef, ...]
    matches: tuple[MatchDef, ...]
    holdouts: tuple[HoldoutDef, ...]
    imports: tuple[ImportDef, ...]
    offers: tuple[OfferDef, ...] = ()
    stages: tuple[StageDef, ...] = ()
    offer_groups: tuple[OfferGroupDef, ...] = ()
    tender: tuple[str, ...] = ()
    """The redeems in their order: keys of rules, and `group NAME`."""
    tender_choice: Literal["all", "first"] = "all"
    household: str = ""
    """The member's fact that names the household; empty: each member is a pool of one."""


def is_priced(program: Program, event: EventDef) -> bool:
    """Whether an event is priced: whether offers, redeems or tax are about its money."""
    if not (event.list_field or event.shipping_field or event.priced_by_offers):
        return False
    about_money = event.tax_field or event.floor_field or event.shipping_field or event.shipping_flag
    redeemed = any(event.name in rule.events for rule in program.rules if rule.kind == "redeem")
    return bool(about_money) or redeemed or any(event.name in each.events for each in program.offers)


def by_unit(select: Selection) -> bool:
    """Whether a selection goes by units, not by whole lines: it picks some, or its filter asks what one costs."""
    return select.pick is not None or asks_units(select.where)


def asks_units(where: Expr | None) -> bool:
    """Whether a filter asks what one unit costs, so that units of one line may differ."""
    return any(isinstance(node, Basis) for node in walk(where))


def anchor_reads(program: Program) -> dict[str, Expr]:
    """What each anchor of a period reads, by its key. A key belongs to the period whose own base span hangs on it; in
    others it stands inside a named part."""
    found: dict[str, Expr] = {}
    for period in program.periods:
        if period.anchor is not None:
            found.update(dict.fromkeys(anchors(unwrapped(period.period)), period.anchor))
    return found


def walk(value: object) -> Iterator[Node]:
    """Every node inside a node, a definition or a tuple of them, outer before inner, in the order of the text."""
    return (each for each in records(value) if isinstance(each, Node))


def records(value: object) -> Iterator[msgspec.Struct]:
    """Every definition and node inside a value, in the same order; origins are left out."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting += one[::-1]
        elif isinstance(one, msgspec.Struct):
            yield one
            waiting += _inside(type(one))(one)


@cache
def _inside(kind: type[msgspec.Struct]) -> Callable[[object], tuple[object, ...]]:
    """What reads the fields of a record that may hold others."""
    match _holding(kind):
        case ():
            return lambda _: ()
        case (field,):
            return lambda one: (getattr(one, field),)
        case fields:
            return attrgetter(*fields)


_PLAIN: Final = re.compile(r"(?:str|int|bool|None|Origin|Literal\[[^]]*\]|tuple\[(?:str|int), \.\.\.\]|[ |])+")


@cache
def _holding(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that may hold records, the last first; most fields are plain values, which nobody need look into."""
    written = {name: str(note) for each in kind.__mro__ for name, note in vars(each).get("__annotations__", {}).items()}
    return tuple(name for name in reversed(kind.__struct_fields__) if not _PLAIN.fullmatch(written[name]))


def ends_sets(offer: OfferDef, effect: DiscountDef) -> bool:
    """Whether an effect on sets is the last of its rule to change prices: units that are alike may then change
    places."""
    if offer.sets is None or effect.grain == "total":
        return False
    inner = [each for part in offer.sets.parts for each in part.effects]
    return effect is [*inner, *(each for each in offer.effects if isinstance(each, DiscountDef))][-1]
