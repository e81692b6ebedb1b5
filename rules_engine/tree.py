"""The syntax tree: what a rule file says, before anybody asks what it means.

Every node is frozen and carries the span of its text. The sets are closed: a consumer matches on them and ends in
`assert_never`. Nodes hold words as written (names, not what they refer to), so that formatter and editor can use them.
Nodes follow the grammar's order, declarations last, since those are made of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from rules_engine.source import Span

RoundingMode = Literal["down", "up", "half up", "half even"]
TimeUnit = Literal["day", "week", "month", "quarter", "year", "hour", "minute"]
CompareOp = Literal["=", "!=", "<", "<=", ">", ">="]


class Node(msgspec.Struct, frozen=True, gc=False):
    """The base of all nodes. `span` covers the node's text, the end excluded.

    Trees have no cycles, so the collector need not look at them.
    """

    span: Span


# ---- words and literals ----


class Name(Node, frozen=True):
    """One word with its place."""

    text: str


class Path(Node, frozen=True):
    """`night`, `member.birthday`, `base`: names joined by dots."""

    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


class Number(Node, frozen=True):
    """A bare number as written, underscores taken out: `10`, `1.5`. May be negative."""

    text: str


class Percent(Node, frozen=True):
    """`25%`: the number as written, without the sign."""

    text: str


class MoneyLit(Node, frozen=True):
    """`40 GBP`, `0.50 GBP`."""

    text: str
    currency: str


class QuantityLit(Node, frozen=True):
    """A number with a unit's name: `200 points`, `1 companion_ticket`."""

    text: str
    unit: Name


class Text(Node, frozen=True):
    """A quoted text, without its quotes."""

    value: str


class DateLit(Node, frozen=True):
    """`2027-11-01`."""

    text: str


class TimeLit(Node, frozen=True):
    """`23:00` or `23:00:30`."""

    text: str


class InstantLit(Node, frozen=True):
    """`2027-11-01 10:00`: a local date and time; in tests."""

    text: str


class Flag(Node, frozen=True):
    """`yes` or `no`."""

    value: bool


class Duration(Node, frozen=True):
    """`3 months`, `90 days`."""

    count: int
    unit: TimeUnit


class DayMonth(Node, frozen=True):
    """`1 Nov`; day 0 stands for the end of the month (`end of Feb`)."""

    day: int
    month: Name


# ---- dates, lives, periods ----


class CalendarSpan(Node, frozen=True):
    """`calendar month`, `calendar year`: as a track's or a limit's period."""

    unit: TimeUnit


class Lifetime(Node, frozen=True):
    """`lifetime`."""


class Rolling(Node, frozen=True):
    """A bare duration used as a period: the window that ends today."""

    length: Duration


class LastCalendar(Node, frozen=True):
    """`the last 12 calendar months`, the current one counted."""

    count: int
    unit: TimeUnit


class TrialOf(Node, frozen=True):
    """`trial of challenge`."""

    match: Name


class PeriodRef(Node, frozen=True):
    """A declared period by its name."""

    name: Name


When = CalendarSpan | Lifetime | Rolling | LastCalendar | TrialOf | PeriodRef


class Today(Node, frozen=True):
    """`today`: the event's own local day."""


class LaterDate(Node, frozen=True):
    """`3 days after check_out` (sign 1), `30 days before X` (sign -1), `2 years later` (base None: from today)."""

    length: Duration
    sign: Literal[1, -1]
    base: DateExpr | None


class EdgeDate(Node, frozen=True):
    """`end of calendar year`, `start of next membership_year`, `end of calendar month 2 years later`."""

    edge: Literal["start", "end"]
    next: bool
    period: When
    later: Duration | None


class Dates(Node, frozen=True):
    """`from D [at T] [until D | before D [at T]] [by booked_on]`: when a rule or a header's terms hold."""

    start: DateExpr | None
    start_time: TimeLit | None
    end: DateExpr | None
    end_time: TimeLit | None
    end_word: Literal["until", "before"] | None
    by: Path | None


class Forever(Node, frozen=True):
    """`lasts forever`."""


class LastsUntil(Node, frozen=True):
    """`lasts until DATE`: the day included."""

    date: DateExpr


class LastsFor(Node, frozen=True):
    """`lasts for 24 months [after last stay or award_stay | after PATH]`."""

    length: Duration
    after_last: tuple[Name, ...]
    after: Path | None


Life = Forever | LastsUntil | LastsFor


class AnnualSpan(Node, frozen=True):
    """`1 Nov to 28 Feb every year`."""

    first: DayMonth
    last: DayMonth


class DailySpan(Node, frozen=True):
    """`23:00 to 07:00 every day`; the end is excluded."""

    start: TimeLit
    end: TimeLit


class EverySpan(Node, frozen=True):
    """`every 1 year from member.joined`."""

    length: Duration
    anchor: Path | DateLit


class AroundSpan(Node, frozen=True):
    """`7 days before to 7 days after member.birthday every year`."""

    before: Duration
    after: Duration
    anchor: Path


class CalendarOfSpan(Node, frozen=True):
    """`calendar month of member.birthday every year`."""

    unit: TimeUnit
    anchor: Path


class MonthDaysSpan(Node, frozen=True):
    """`day 8, 18, 28 of every month`."""

    days: tuple[int, ...]


class WeekdaysSpan(Node, frozen=True):
    """`Friday, Saturday of every week`."""

    days: tuple[Name, ...]


class OnceSpan(Node, frozen=True):
    """`6 months from member.opened_on`: once per member."""

    length: Duration
    anchor: Path


class FixedSpan(Node, frozen=True):
    """`from 2027-11-01 at 20:00 before 2027-11-12 at 00:00`."""

    dates: Dates


class NamedSpan(Node, frozen=True):
    """Another period by its name, or several by `or`."""

    name: Name


class HostSpan(Node, frozen=True):
    """`from host`: the days are given when the program is loaded."""


PeriodSpan = (
    AnnualSpan
    | DailySpan
    | EverySpan
    | AroundSpan
    | CalendarOfSpan
    | MonthDaysSpan
    | WeekdaysSpan
    | OnceSpan
    | FixedSpan
    | NamedSpan
    | HostSpan
)


# ---- tables ----


class AnyCell(Node, frozen=True):
    """`any`."""


class FromCell(Node, frozen=True):
    """`from 6_000 USD`, `from 2027-04-01`: up to where the next `from` begins."""

    bound: Expr


class OneOfCell(Node, frozen=True):
    """`"J" or "C"`, `Silver`, `yes`: one of these values."""

    values: tuple[Expr, ...]


Cell = AnyCell | FromCell | OneOfCell


class NothingValue(Node, frozen=True):
    """`nothing`: this part adds nothing."""


class NoAward(Node, frozen=True):
    """`no award`: the rule stops."""


class TheRest(Node, frozen=True):
    """`the rest`: what the other rows of a split leave."""


class Row(Node, frozen=True):
    """One row of a table; no cells means `otherwise`."""

    cells: tuple[Cell, ...]
    value: Expr | NothingValue | NoAward | TheRest | Forever | LastsUntil | LastsFor

    @property
    def otherwise(self) -> bool:
        return not self.cells


class Key(Node, frozen=True):
    """What a table looks up by: an expression, or it in a period (`in P`) or in rounds (`in rounds of 7`)."""

    value: Expr
    within: When | None
    rounds: int | None


class TableBy(Node, frozen=True):
    """`by tier { Silver: 10%  otherwise: nothing }`."""

    keys: tuple[Key, ...]
    rows: tuple[Row, ...]


class Across(Node, frozen=True):
    """`across groceries { from 0 USD: 6%  from 6_000 USD: 1% }`."""

    track: Name
    rows: tuple[Row, ...]


# ---- selections and measures ----


class PickN(Node, frozen=True):
    """`the cheapest 1`, `the dearest 2 per full 3`, `the first 5`."""

    which: Literal["cheapest", "dearest", "first", "last"]
    count: int
    per_full: int | None


class PickEvery(Node, frozen=True):
    """`every 2nd of 3`."""

    position: int
    of: int


class PickUnits(Node, frozen=True):
    """`units 2 to 5 of each line`."""

    first: int
    last: int


Pick = PickN | PickEvery | PickUnits


class Selection(Node, frozen=True):
    """`lines where F`, `lines and shipping`, `the dearest 1 unit where F`; `each` inside a loop."""

    pick: Pick | None
    what: Literal["lines", "lines and shipping", "units", "shipping", "each", "turned"]
    unit: Name | None
    where: Expr | None


class Each(Node, frozen=True):
    """`each`: inside a loop its lines, or its total in the track; inside a count over a track, the key's total."""


class Mark(Node, frozen=True):
    """`mark`: the mark that was reached, inside `for each mark`."""


class Rung(Node, frozen=True):
    """`rung`: the rung being judged, in a `keep ... by rung` table."""


class TierOf(Node, frozen=True):
    """`held tier`, `matched tier`, `earned tier`."""

    which: Literal["held", "matched", "earned"]


class Basis(Node, frozen=True):
    """`net with tax`: a money base with its tax side written. A bare base is a `Path`."""

    name: Name
    tax: Literal["with", "without"]


class AfterStage(Node, frozen=True):
    """`after item`, `after basket with tax`: the money as a stage of offers left it."""

    stage: Literal["catalogue", "item", "basket", "shipping"]
    tax: Literal["with", "without"] | None


class Of(Node, frozen=True):
    """`net of lines where F`, `base of lines`, `paid of each`: a measure over a selection."""

    measure: Path | Basis | AfterStage
    selection: Selection


class SumOf(Node, frozen=True):
    """`sum of net`, `sum of top 2 of usage`, `sum of cycle_spend where category in eligible`."""

    measure: Expr
    where: Expr | None = None


class CountOf(Node, frozen=True):
    """`count` (of events), `count of lines where F`, `count of by_shop where each >= 100 CNY`."""

    of: Selection | Path | None
    where: Expr | None


class DistinctOf(Node, frozen=True):
    """`distinct sku of lines where F`."""

    path: Path
    selection: Selection | None


class StreakOf(Node, frozen=True):
    """`streak of calendar week`."""

    period: When


class EdgeDay(Node, frozen=True):
    """`first day`, `last day`: as a track."""

    which: Literal["first", "last"]


class LargestOf(Node, frozen=True):
    """`largest of (a, b)`."""

    items: tuple[Expr, ...]


class TopOf(Node, frozen=True):
    """`top 2 of usage ties by exchange where F`, `top 1 of shop of lines by net ties by shop`."""

    count: int
    of: Path
    selection: Selection | None
    measure: Expr | None
    ties: Path
    where: Expr | None


class FlowOf(Node, frozen=True):
    """`given cashback by fives_rate or rest_rate`, `used stars`."""

    which: Literal["given", "used"]
    unit: Name
    rules: tuple[Name, ...]


class BalanceOf(Node, frozen=True):
    """`balance of points`, `balance of points, pending included`."""

    unit: Name
    pending: bool


class PreviousOf(Node, frozen=True):
    """`previous T`: the occurrence before."""

    track: Name


class CalendarOf(Node, frozen=True):
    """`calendar month of X`: as a value to compare."""

    unit: TimeUnit
    path: Path


# ---- expressions ----


class ListOf(Node, frozen=True):
    """`("gas", "transit")`: two or more values."""

    items: tuple[Expr, ...]


class Negate(Node, frozen=True):
    """`-x`."""

    value: Expr


class Binary(Node, frozen=True):
    """`a + b`, `a - b`, `a * b`, `a / b`."""

    op: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr


class Plus(Node, frozen=True):
    """`a plus b`: parts added before the one rounding."""

    parts: tuple[Expr, ...]


class Per(Node, frozen=True):
    """`10 points per 1 GBP of net`, `1 point per full 5 GBP of paid`, `4% of net` (no step)."""

    amount: Expr
    full: bool
    step: Expr | None
    measure: Expr | None


class Bracket(Node, frozen=True):
    """`(sum of x, up to 500 USD)`: an amount with modifiers inside brackets; brackets without any are a plain node."""

    value: Expr
    mods: tuple[Mod, ...]


class Not(Node, frozen=True):
    """`not c`."""

    value: Expr


class Both(Node, frozen=True):
    """`a and b and c`."""

    parts: tuple[Expr, ...]


class Either(Node, frozen=True):
    """`a or b or c`."""

    parts: tuple[Expr, ...]


class Has(Node, frozen=True):
    """`has member.birthday`."""

    path: Path


class Compare(Node, frozen=True):
    """`a >= b`."""

    op: CompareOp
    left: Expr
    right: Expr


class Is(Node, frozen=True):
    """`kind is room`, `tier is not Gold`."""

    left: Expr
    right: Expr
    negated: bool


class In(Node, frozen=True):
    """`night in off_peak`, `kind in (room, food)`, `sku not in excluded`. A bare name is a `Path`."""

    left: Expr
    right: Expr | When
    negated: bool


class InFirst(Node, frozen=True):
    """`callee.number in first 12 of member.circle`."""

    left: Expr
    count: int
    path: Path
    negated: bool


class IsMultiple(Node, frozen=True):
    """`number is multiple of 20`."""

    left: Expr
    factor: int
    negated: bool


class Reaches(Node, frozen=True):
    """`weeks_in_a_row reaches 4`."""

    left: Expr
    bound: Expr


class DateTest(Node, frozen=True):
    """`today from 30 days after member.joined`, `today until D`, `today before D`."""

    left: Expr
    word: Literal["from", "until", "before"]
    date: DateExpr


DateExpr = Today | LaterDate | EdgeDate | DateLit | Path | TableBy

Expr = (
    Path
    | Number
    | Percent
    | MoneyLit
    | QuantityLit
    | Text
    | DateLit
    | TimeLit
    | InstantLit
    | Flag
    | Today
    | LaterDate
    | EdgeDate
    | TableBy
    | Across
    | Each
    | Mark
    | Rung
    | TierOf
    | Basis
    | AfterStage
    | Of
    | SumOf
    | CountOf
    | DistinctOf
    | StreakOf
    | EdgeDay
    | LargestOf
    | TopOf
    | FlowOf
    | BalanceOf
    | PreviousOf
    | CalendarOf
    | Selection
    | ListOf
    | Negate
    | Binary
    | Plus
    | Per
    | Bracket
    | Not
    | Both
    | Either
    | Has
    | Compare
    | Is
    | In
    | InFirst
    | IsMultiple
    | Reaches
    | DateTest
)


# ---- modifiers of an amount ----


class UpTo(Node, frozen=True):
    """`up to X`."""

    bound: Expr


class NeverBelow(Node, frozen=True):
    """`never below X`."""

    bound: Expr


class NeverBeyond(Node, frozen=True):
    """`never beyond`."""


class OnlyFrom(Node, frozen=True):
    """`only from X`."""

    bound: Expr


class InSteps(Node, frozen=True):
    """`in steps of 10 coins`."""

    step: Expr


class Rounded(Node, frozen=True):
    """`rounded half up`."""

    mode: RoundingMode


class Ordered(Node, frozen=True):
    """`dearest first`, `cheapest first`, `sorted by night`, `sorted by pieces highest first`."""

    how: Literal["dearest", "cheapest", "sorted"]
    by: Path | None
    descending: bool


class SplitHow(Node, frozen=True):
    """`split evenly`, `split in proportion [with tax]`, `split into { cash: 50%  dream: the rest }`."""

    how: Literal["evenly", "in proportion", "in proportion with tax", "into"]
    rows: tuple[Row, ...]


class PendingUntil(Node, frozen=True):
    """`pending until 3 days after check_out`."""

    date: DateExpr


class Lasting(Node, frozen=True):
    """`lasting for 30 days`."""

    life: Life | TableBy


class ToWhom(Node, frozen=True):
    """`to referrer`."""

    path: Path


class InUnit(Node, frozen=True):
    """`in cashback`."""

    unit: Name


class WithFact(Node, frozen=True):
    """`with milestone: mark`."""

    name: Name
    value: Expr


class OrNothing(Node, frozen=True):
    """`or nothing`."""


class OfEachLine(Node, frozen=True):
    """`of each line [where F]` after an amount: form and round per line, then add."""

    where: Expr | None


Mod = (
    UpTo
    | NeverBelow
    | NeverBeyond
    | OnlyFrom
    | InSteps
    | Rounded
    | Ordered
    | SplitHow
    | PendingUntil
    | Lasting
    | ToWhom
    | InUnit
    | WithFact
    | OrNothing
    | OfEachLine
)


# ---- effects, limits and other clauses of rules ----


class Grain(Node, frozen=True):
    """`each unit where F at every 2nd of 3`, `the total of lines where F`."""

    what: Literal["unit", "line", "set", "total"]
    where: Expr | None
    pick: Pick | None
    selection: Selection | None


class Take(Node, frozen=True):
    """`take 10% of current off each line where F`."""

    amount: Expr
    grain: Grain
    mods: tuple[Mod, ...]


class Price(Node, frozen=True):
    """`price each line at member_rate`, `price the total of lines at 420 USD`."""

    grain: Grain
    amount: Expr
    mods: tuple[Mod, ...]


class Charge(Node, frozen=True):
    """`charge 3 GBP as "service fee"`."""

    amount: Expr
    label: Text


class AddFree(Node, frozen=True):
    """`add 1 "MINI-CREAM" free`, `add 1 gift_choice free` (a text field: the customer's choice)."""

    count: int
    sku: Text | Path


class Say(Node, frozen=True):
    """`say "Thank you"`: wording for the customer."""

    text: Text


class Accept(Node, frozen=True):
    """`accept coins_offered, in steps of 10 coins, worth 1 CNY per 100 coins, up to 50% of net`."""

    amount: Expr
    where: Expr | None
    mods: tuple[Mod, ...]
    worth: Expr
    worth_mods: tuple[Mod, ...]


class Give(Node, frozen=True):
    """`give AMOUNT` or `deduct AMOUNT`."""

    verb: Literal["give", "deduct"]
    amount: Expr
    mods: tuple[Mod, ...]


class Turn(Node, frozen=True):
    """`turn every full 50 points into 0.50 vouchers`."""

    every_full: bool
    amount: Expr
    where: Expr | None
    into: Expr
    mods: tuple[Mod, ...]


class Carry(Node, frozen=True):
    """`carry A into T, never below 0, up to 60`."""

    amount: Expr
    track: Name
    mods: tuple[Mod, ...]


class SetPart(Node, frozen=True):
    """`2 units where F, dearest first: take 50% of current off each unit`."""

    count: int
    where: Expr | None
    order: Ordered | None
    effect: Effect | None


class SetOf(Node, frozen=True):
    """`set of { parts }`, per basket or per line."""

    per: Literal["basket", "line"] | None
    parts: tuple[SetPart, ...]
    partial: bool


Effect = Take | Price | Charge | AddFree | Say | Accept | Give | Turn | Carry


class EachOf(Node, frozen=True):
    """`for each shop of lines where F, dearest first`, `for each shop of by_shop`."""

    name: Name
    over: Selection | Path
    order: Ordered | None


class EachMark(Node, frozen=True):
    """`for each mark of nights at 20, 30, 40`."""

    track: Path
    marks: tuple[Expr, ...]


class EverySet(Node, frozen=True):
    """`for every set of { ... }`, `once for set of ...`, `for up to n sets of ...`."""

    times: int | None
    set: SetOf


Loop = EachOf | EachMark | EverySet


class Automatic(Node, frozen=True):
    """`automatic`."""


class WithCode(Node, frozen=True):
    """`with code "WELCOME10"`, `with code from campaign_codes`, `with code from member.codes`."""

    code: Text | Path


class WithThing(Node, frozen=True):
    """`with 1 companion_ticket from tickets_shown where F`."""

    thing: QuantityLit
    source: Name | None
    where: Expr | None


Trigger = Automatic | WithCode | WithThing


class Scope(Node, frozen=True):
    """One `per ...` of a limit: a word (`member`, `household`, `line`, `in total`), a path, or a period with `by`."""

    what: Literal["member", "household", "line", "in total"] | Path | When
    by: Path | None

    # A bare name other than the four words is a `Path`: the checker knows whether it is a field or a period.


class Limit(Node, frozen=True):
    """`once per member`, `at most 5_000 points per member per off_peak by night`, `at most 10 times in total`."""

    times: int | None
    sets: int | None
    amount: Expr | None
    scopes: tuple[Scope, ...]
    or_nothing: bool


class Tag(Node, frozen=True):
    """`tag sale`: all rules that carry the tag."""

    name: Name


Ref = Name | Text | Tag


class Consent(Node, frozen=True):
    """`combines with nothing | everything | "A", thresholds, tag sale [on the same line]`."""

    what: Literal["nothing", "everything", "these"]
    names: tuple[Ref, ...]
    on: Literal["unit", "line", "basket"] | None


class OnReturn(Node, frozen=True):
    """`on return work out again, shortfall off balance`."""

    policy: Literal["keep", "by share", "work out again"]
    shortfall: Literal["off refund", "off balance", "forgiven"] | None


class EventSource(Node, frozen=True):
    """`on purchase`: a declared event by name."""

    name: Name


class EdgeSource(Node, frozen=True):
    """`on end of billing_cycle, settled after 5 days`, `on start of calendar month`."""

    edge: Literal["start", "end"]
    period: When
    settled: Duration | None


class AnyEvent(Node, frozen=True):
    """`on any event`."""


EventRef = EventSource | EdgeSource | AnyEvent


# ---- declarations ----


class Language(Node, frozen=True):
    """`language 1`."""

    version: int


class Use(Node, frozen=True):
    """`use shop`."""

    name: Name


class Currencies(Node, frozen=True):
    """`currency GBP, USD to 3 decimals, rounded half up`: (code, decimals or None) each."""

    codes: tuple[tuple[Name, int | None], ...]
    rounding: RoundingMode


class Zone(Node, frozen=True):
    """`timezone "Europe/London"`."""

    name: Text


class WeekStart(Node, frozen=True):
    """`weeks start Monday`."""

    day: Name


class LeapDay(Node, frozen=True):
    """`29 February counts as 28 February`."""

    counts_as: DayMonth


class Prices(Node, frozen=True):
    """`prices include tax`."""

    include: bool


class TaxRounding(Node, frozen=True):
    """`tax rounded half up per line`."""

    rounding: RoundingMode
    per: Literal["line", "unit"]


class SplitPolicy(Node, frozen=True):
    """`split in proportion, odd pennies to the largest remainder`; `odd` keeps the word used for the coins; `last
    rounded` is written `to the last after rounding`."""

    how: Literal["evenly", "in proportion"]
    odd: Name
    to: Literal["largest", "first", "last", "running", "last rounded"]


class Terms(Node, frozen=True):
    """`terms from 2027-01-01`."""

    dates: Dates


class ReturnsPolicy(Node, frozen=True):
    """`returns by share, shortfall off balance`."""

    policy: OnReturn


class Policy(Node, frozen=True):
    """`best per unit in order "A", bundles`, `all by priority highest first`, `all in order of codes`."""

    choice: Literal["all", "first", "best", "best together"]
    per: Literal["unit", "line", "basket"] | None
    order: tuple[Ref, ...]
    of_codes: bool
    priority: Literal["highest", "lowest"] | None


class StageRow(Node, frozen=True):
    """One row of `stacking`: a stage and its policy."""

    stage: Literal["catalogue", "item", "basket", "shipping", "tender"]
    policy: Policy


class Stacking(Node, frozen=True):
    """`stacking { catalogue: ...  item: ... }`."""

    rows: tuple[StageRow, ...]


Setting = (
    Currencies | Zone | WeekStart | LeapDay | Prices | TaxRounding | SplitPolicy | Terms | ReturnsPolicy | Stacking
)


class Program(Node, frozen=True):
    """The header: `program "Seaview Hotels" { ... }`."""

    title: Text
    settings: tuple[Setting, ...]


class PeriodDecl(Node, frozen=True):
    """`period off_peak = SPAN except SPAN`."""

    name: Name
    span_: PeriodSpan
    excepts: tuple[PeriodSpan, ...]


class Column(Node, frozen=True):
    """`column "sku" of "excluded.csv"`."""

    column: Text
    file: Text


class DefineDecl(Node, frozen=True):
    """`define spent_enough = spend >= 3_000 GBP or not member.resident`."""

    name: Name
    value: Expr | Column


class TableDecl(Node, frozen=True):
    """`table rotating by today { ... }`, or `table category by sku from "catalogue.csv"` (then `file` is set)."""

    name: Name
    table: TableBy | None
    key: Path | None
    file: Text | None


class UnitClauseLasts(Node, frozen=True):
    """`lasts for 12 months  lasts for 6 months after last purchase, whichever is first`."""

    lives: tuple[Life | TableBy, ...]
    whichever: Literal["first", "last"] | None


class HeldBy(Node, frozen=True):
    """`held by household, apart`."""

    who: Literal["member", "household"]
    apart: bool


class UseOrder(Node, frozen=True):
    """`use oldest first`."""

    order: Literal["oldest first", "soonest first", "in proportion to balance"]


class BalanceFloor(Node, frozen=True):
    """`balance at least 0`."""

    bound: Expr


class Remembers(Node, frozen=True):
    """`remembers milestone: count up to 100`."""

    fields: tuple[FieldDecl, ...]


UnitClause = Rounded | HeldBy | PendingUntil | UseOrder | UnitClauseLasts | BalanceFloor | Remembers


class UnitDecl(Node, frozen=True):
    """`unit point, points { rounded down  lasts for 24 months }`; or `counts GBP | pieces | minutes | 2 decimals`."""

    name: Name
    plural: Name | None
    counts: Literal["pieces", "minutes"] | Name | int | None
    clauses: tuple[UnitClause, ...]


class TypeRef(Node, frozen=True):
    """A type as written: `text`, `money`, a unit's name, `list of up to 40 text`, or choices."""

    name: Name | None
    choices: tuple[Name | Text, ...]
    list_of: TypeRef | None
    list_max: int | None


Role = Literal[
    "id", "quantity", "list", "list each", "was", "floor", "tax rate", "shipping", "shipping tax rate", "household"
]


class FieldDecl(Node, frozen=True):
    """`amount: money up to 5_000 GBP as list`, `night: date?`, `delta: count from -5 up to 5`.

    `highs` are the bounds after the first, in other currencies: `price: money up to 5_000 GBP or 6_000 USD`.
    """

    name: Name
    type: TypeRef
    optional: bool
    low: Expr | None
    high: Expr | None
    highs: tuple[Expr, ...]
    role: Role | None


class LinesDecl(Node, frozen=True):
    """`lines 0 to 120 { ... }`."""

    low: int
    high: int
    fields: tuple[FieldDecl, ...]


class EventDecl(Node, frozen=True):
    """`event stay dated by check_out of guest identified by folio { ... }`."""

    name: Name
    dated_by: Name
    owner: Name
    identified_by: Name
    priced_by_offers: bool
    priced_in: Name | None
    returnable: bool
    fields: tuple[FieldDecl, ...]
    lines: LinesDecl | None


class MemberDecl(Node, frozen=True):
    """`member { joined: date  birthday: date? }`."""

    fields: tuple[FieldDecl, ...]


class TrackDecl(Node, frozen=True):
    """`track usage = sum of net by category up to 80 keys, on purchase where F, per billing_cycle`."""

    name: Name
    was: Text | None
    fold: Expr
    key: Path | None
    keys_max: int | None
    on: tuple[EventRef, ...]
    where: Expr | None
    per: When
    by: Path | None
    household: bool


class Way(Node, frozen=True):
    """One path to a tier: `when C as NAME, lasts LIFE`."""

    condition: Expr
    name: Name | None
    lasts: Life | TableBy | None


class RungDecl(Node, frozen=True):
    """`Gold when nights >= 25, or when life_nights >= 400 as gold_for_life, lasts forever`."""

    name: Name
    ways: tuple[Way, ...]


class Fall(Node, frozen=True):
    """`the earned tier, at most 1 down` | `1 tier down` | `Blue`."""

    what: Literal["earned", "down", "tier"]
    down: int | None
    tier: Name | None


class EveryTierNeeds(Node, frozen=True):
    """`every tier needs own_sectors >= 4`."""

    condition: Expr


class Judged(Node, frozen=True):
    """`judged after every event`, `judged on end of calendar year`."""

    on: EventRef | None


class Counts(Node, frozen=True):
    """`counts from the next event`, `counts at once`."""

    at_once: bool


class Lasts(Node, frozen=True):
    """`lasts until end of next calendar year` as a clause of tiers or of a match."""

    life: Life | TableBy


class Then(Node, frozen=True):
    """`then the earned tier, at most 1 down`."""

    fall: Fall


class TrialFor(Node, frozen=True):
    """`trial for 90 days`."""

    life: Life | TableBy


class KeepIf(Node, frozen=True):
    """`keep highest tier if by rung { ... }`, `keep matched tier if C`."""

    what: Literal["matched", "highest"]
    condition: Expr


class Matches(Node, frozen=True):
    """`matches by programme, rival_tier { ... }, up to Gold`."""

    table: TableBy
    up_to: Name | None


TierClause = EveryTierNeeds | Judged | Counts | Lasts | Then


class TiersDecl(Node, frozen=True):
    """`tiers { ... }`, or `tiers from host { Basic  Gold }`."""

    from_host: bool
    rungs: tuple[RungDecl, ...]
    clauses: tuple[TierClause, ...]


class SharesClaims(Node, frozen=True):
    """`shares claims`."""


class AtMostRules(Node, frozen=True):
    """`at most 2 rules`."""

    count: int


class ExclusiveFirst(Node, frozen=True):
    """`exclusive ones first`."""


GroupClause = Consent | SharesClaims | AtMostRules | ExclusiveFirst | Limit


class GroupDecl(Node, frozen=True):
    """`group bonus { all in order "A", "B"  at most 5_000 points per member per calendar month }`."""

    name: Name
    policy: Policy
    clauses: tuple[GroupClause, ...]


class HoldoutDecl(Node, frozen=True):
    """`holdout 5% of members salt "s" from "Rule"`, or `holdout members where C from "Rule"`."""

    percent: Percent | None
    salt: Text | None
    where: Expr | None
    rules: tuple[Name | Text, ...]


class MatchDecl(Node, frozen=True):
    """`match "Status match" as challenge { ... }`."""

    title: Text
    name: Name | None
    was: Text | None
    on: tuple[EventRef, ...]
    dates: Dates | None
    when: Expr | None
    matches: Matches | None
    trial: TrialFor | None
    keep: KeepIf | None
    lasts: Lasts | None
    then: Then | None
    limits: tuple[Limit, ...]


RuleKind = Literal["catalogue offer", "item offer", "basket offer", "shipping offer", "redeem", "earn", "reward"]


class RuleDecl(Node, frozen=True):
    """A rule: `earn "Base points" as base { on stay  give ... }`. Clauses in the order of the fields."""

    kind: RuleKind
    title: Text
    name: Name | None
    was: Text | None
    on: tuple[EventRef, ...]
    dates: Dates | None
    trigger: Trigger | None
    when: Expr | None
    loop: Loop | None
    effects: tuple[Effect, ...]
    limits: tuple[Limit, ...]
    group: Name | None
    tag: Name | None
    priority: int | None
    consent: Consent | None
    on_return: OnReturn | None


# ---- tests in rule files ----


class TierUntil(Node, frozen=True):
    """`Gold until 2028-12-31`: a tier held, as a test's state."""

    tier: Name
    until: DateLit | None


class FieldValue(Node, frozen=True):
    """`brand: city`."""

    name: Name
    value: Expr | TierUntil


class GivenMember(Node, frozen=True):
    """`given member { ... }`, `given member "p" { ... }`."""

    who: Text | None
    facts: tuple[FieldValue, ...]


class GivenTrack(Node, frozen=True):
    """`given track T 640`, `given track usage "grocery" 120.00 GBP` (by key), `given track T of "p" 3` (another's)."""

    track: Name
    key: Expr | None
    person: Text | None
    value: Expr


class LotFrom(Node, frozen=True):
    """`from gift`: the rule that gave a lot."""

    rule: Name | Text


class LotEarned(Node, frozen=True):
    """`earned on 2026-05-01`."""

    date: DateLit


class GivenBalance(Node, frozen=True):
    """`given balance 300 points`, `... of "p"` (another's), `, lasting until 2027-12-31`; `-40 points` are owed."""

    value: QuantityLit | MoneyLit
    person: Text | None
    mods: tuple[LotFrom | LotEarned | PendingUntil | Lasting | WithFact, ...]


class GivenUsed(Node, frozen=True):
    """`given "Hello 20" used 3 times`, `given hello used 900.00 GBP with code "HELLO"`: what limits have counted."""

    rule: Name | Text
    times: int | None
    amount: Expr | None
    code: Text | None
    person: Text | None


Given = GivenMember | GivenTrack | GivenBalance | GivenUsed


class LineRow(Node, frozen=True):
    """One row of a test's lines; a cell is None where it is left empty (an absent optional)."""

    cells: tuple[Expr | None, ...]


class EventStep(Node, frozen=True):
    """`when stay { brand: city  lines | kind | ... | }`."""

    event: Name
    fields: tuple[FieldValue, ...]
    columns: tuple[Name, ...]
    rows: tuple[LineRow, ...]


class OnDate(Node, frozen=True):
    """`on 2027-05-30`: time moves to the day."""

    date: DateLit


class Returned(Node, frozen=True):
    """`2 of line "a"`, `all of line "a"` (no count), `shipping` (no line)."""

    count: int | None
    line: Text | None


class ReturnStep(Node, frozen=True):
    """`when returned 2 of line "a", shipping`, of the last event; `when returned everything` has no items."""

    items: tuple[Returned, ...]


class OnPart(Node, frozen=True):
    """`on line "a"`, `on unit 2 of line "a"`, `on shipping` (no line): the part of an event that is meant."""

    line: Text | None
    unit: int | None


class ExpectRule(Node, frozen=True):
    """`base 3_200 points`, `"Ten off" 2.50 GBP on line "a"`, `"X" Gold`; or a status, `"X" not applied`."""

    rule: Name | Text
    value: Expr | None
    place: OnPart | None
    status: Literal["refused", "held out", "not applied", "applied"] | None


class ExpectTakes(Node, frozen=True):
    """`"Statement" takes 150 points`: what a rule took."""

    rule: Name | Text
    value: Expr


PriceWord = Literal["net", "shipping", "charges", "tax", "total", "paid", "refund", "shortfall"]


class ExpectPrice(Node, frozen=True):
    """`net 250.00 CNY`, `total 260.00 CNY`, `refund 50.00 GBP`: what the event costs, or what a return pays back;
    `paid 12.00 GBP`: what is left to pay in money after redeems."""

    what: PriceWord
    value: Expr


class ExpectLine(Node, frozen=True):
    """`line "a" 9.00 GBP`: what the line costs after offers."""

    line: Text
    value: Expr


class ExpectGift(Node, frozen=True):
    """`gift 2 "MINI"`."""

    count: int
    sku: Text


class ExpectCode(Node, frozen=True):
    """`code "X" applied`, `code "X" refused`, `code "X" refused because "used up"`."""

    code: Text
    applied: bool
    because: Text | None


class ExpectTier(Node, frozen=True):
    """`tier Gold`."""

    tier: Name


class ExpectBalance(Node, frozen=True):
    """`balance of points 300`, `balance of points, pending included of "p" 300`."""

    unit: Name
    pending: bool
    person: Text | None
    value: Expr


class ExpectTrack(Node, frozen=True):
    """`track nights 12`, `track usage "grocery" 12.50 GBP` (by key), `track nights of "p" 3`; without a value
    `track last_visit absent`."""

    track: Name
    key: Expr | None
    person: Text | None
    value: Expr | None


class ExpectRefused(Node, frozen=True):
    """`refused`: the event does not validate."""


Expectation = (
    ExpectRule
    | ExpectTakes
    | ExpectPrice
    | ExpectLine
    | ExpectGift
    | ExpectCode
    | ExpectTier
    | ExpectBalance
    | ExpectTrack
    | ExpectRefused
)


class Step(Node, frozen=True):
    """One `when ... then ...` or `on ... then ...`."""

    act: EventStep | OnDate | ReturnStep
    expect: tuple[Expectation, ...]
    nothing_else: bool


class TestDecl(Node, frozen=True):
    """`test "..." { given ... when ... then ... }`."""

    title: Text
    given: tuple[Given, ...]
    steps: tuple[Step, ...]


Declaration = (
    Language
    | Use
    | Program
    | PeriodDecl
    | DefineDecl
    | TableDecl
    | UnitDecl
    | EventDecl
    | MemberDecl
    | TrackDecl
    | TiersDecl
    | GroupDecl
    | HoldoutDecl
    | MatchDecl
    | RuleDecl
    | TestDecl
)


class Comment(Node, frozen=True):
    """A comment with its `#`; `own_line` where nothing but blanks stands before it."""

    text: str
    own_line: bool


class File(Node, frozen=True):
    """One rule file: its declarations in order and all its comments in order."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]


# ---- one walk for all ----


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the text."""
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes_of(value)


def _nodes_of(values: tuple[object, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes_of(value)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, parents first; deep trees do not recurse."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))


def same(left: object, right: object) -> bool:
    """Whether two trees say the same, wherever their text stands."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Node):
        return all(same(getattr(left, f), getattr(right, f)) for f in left.__struct_fields__ if f != "span")
    return left == right
