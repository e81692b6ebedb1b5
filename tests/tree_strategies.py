"""Random syntax trees that a rule file can say: a hypothesis strategy for every kind of node.

Out: `declarations()`, one declaration of any kind, `expressions(depth)`, and `KINDS`, a strategy for each kind of
declaration. Trees are valid for the grammar, not for the checker: names are free, types do not matter. A tree is
made the way the parser makes it: chains of `and`, `or` and `plus` are flat, and what may stand in a place is what the
grammar lets stand there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from rules_engine import tree
from rules_engine.parsing.clauses import PRICE_WORDS
from rules_engine.source import NOWHERE

T = TypeVar("T", bound=tree.Node)
Made = st.SearchStrategy[Any]


class Parts:
    """The parts of a node to be made; its repr is short, since hypothesis writes out all arguments of a strategy."""

    def __init__(self, node: Callable[..., Any], parts: dict[str, Made]) -> None:
        self.node = node
        self.parts = parts

    def __repr__(self) -> str:
        return self.node.__name__


@st.composite
def _made(draw: st.DrawFn, parts: Parts) -> Any:
    return parts.node(span=NOWHERE, **{name: draw(part) for name, part in parts.parts.items()})


def make(node: Callable[..., T], /, **parts: Made) -> st.SearchStrategy[T]:
    """A strategy for one kind of node, all its parts named."""
    return _made(Parts(node, parts))


def many(items: Made, least: int = 1, most: int = 3) -> Made:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def maybe(item: Made) -> Made:
    return st.none() | item


def one(*values: object) -> Made:
    return st.sampled_from(values)


NOTHING = st.none()
NO_NODES: Made = st.just(())

# ---- words and literals ----

WORDS = (
    *("amount", "kind", "night", "shop", "spend", "base", "off_peak", "life_points", "net", "x1", "Gold", "Silver"),
    *("first", "unit_price", "lines_seen", "order", "grocery", "when_seen", "number", "period_1"),
)
UNITS = ("points", "companion_tickets", "coin", "vouchers")
TIME_UNITS: tuple[tree.TimeUnit, ...] = ("day", "week", "month", "quarter", "year", "hour", "minute")

names = make(tree.Name, text=one(*WORDS))
paths = make(tree.Path, parts=many(names, 1, 2))
words: Made = names.map(lambda name: tree.Path(NOWHERE, (name,)))
counts = st.integers(1, 20_000)
numbers = make(tree.Number, text=one("0", "1", "7", "60", "999", "1000", "12345", "1000000", "0.5", "1234.50"))
percents = make(tree.Percent, text=one("5", "10", "12.5", "100", "2000"))
money = make(tree.MoneyLit, text=one("0", "40", "0.50", "1000", "5000.25"), currency=one("GBP", "CNY", "USD"))
quantities = make(tree.QuantityLit, text=one("1", "200", "0.5", "12000"), unit=make(tree.Name, text=one(*UNITS)))
texts = make(tree.Text, value=one("", "A", "Three for two", "10% off # not a comment", "a {b} c", "café, was 3"))
date_lits = make(tree.DateLit, text=one("2027-01-01", "2028-02-29", "1999-12-31"))
times = make(tree.TimeLit, text=one("00:00", "23:59", "07:30:15"))
instants = make(tree.InstantLit, text=one("2027-11-05 10:00", "2027-11-05 10:00:30"))
flags = make(tree.Flag, value=st.booleans())
durations = make(tree.Duration, count=st.integers(1, 1500), unit=one(*TIME_UNITS))
day_months = make(tree.DayMonth, day=st.integers(1, 31), month=make(tree.Name, text=one("Jan", "Feb", "Nov", "Dec")))
month_ends = make(tree.DayMonth, day=st.just(0), month=make(tree.Name, text=one("Feb", "Nov")))
literals = numbers | percents | money | quantities | date_lits | times | instants | texts | flags
refs = names | texts | make(tree.Tag, name=names)

# ---- periods, dates, lives ----

CALENDAR_UNITS = ("day", "week", "month", "quarter", "year")
calendar_spans = make(tree.CalendarSpan, unit=one(*CALENDAR_UNITS))
lifetimes = make(tree.Lifetime)
rolling = make(tree.Rolling, length=durations)
last_calendars = make(tree.LastCalendar, count=st.integers(1, 24), unit=one(*CALENDAR_UNITS))
trials = make(tree.TrialOf, match=names)
period_refs = make(tree.PeriodRef, name=names)
edge_whens = calendar_spans | lifetimes | trials | period_refs
whens = edge_whens | rolling | last_calendars
in_whens = calendar_spans | trials | last_calendars

edge_dates: Made
plain_dates: Made = st.deferred(lambda: date_lits | paths | make(tree.Today) | later_dates | edge_dates)
later_dates: Made = make(
    tree.LaterDate, length=durations, sign=one(1, -1), base=date_lits | paths | make(tree.Today)
) | make(tree.LaterDate, length=durations, sign=st.just(1), base=NOTHING)
edge_dates = make(
    tree.EdgeDate, edge=one("start", "end"), next=st.booleans(), period=edge_whens, later=maybe(durations)
)


@cache
def dates_of(by: bool) -> Made:
    """`from ... until ... by ...`, with its key or without."""
    key = maybe(paths) if by else NOTHING
    starts = {"start": plain_dates, "start_time": maybe(times)}
    until = {"end": plain_dates, "end_time": NOTHING, "end_word": st.just("until")}
    before = {"end": plain_dates, "end_time": maybe(times), "end_word": st.just("before")}
    never = {"end": NOTHING, "end_time": NOTHING, "end_word": NOTHING}
    from_nowhere = {"start": NOTHING, "start_time": NOTHING}
    return st.one_of(
        make(tree.Dates, by=key, **starts, **never),
        make(tree.Dates, by=key, **starts, **until),
        make(tree.Dates, by=key, **starts, **before),
        make(tree.Dates, by=key, **from_nowhere, **until),
        make(tree.Dates, by=key, **from_nowhere, **before),
    )


lives = st.one_of(
    make(tree.Forever),
    make(tree.LastsUntil, date=plain_dates),
    make(tree.LastsFor, length=durations, after_last=NO_NODES, after=NOTHING),
    make(tree.LastsFor, length=durations, after_last=many(names), after=NOTHING),
    make(tree.LastsFor, length=durations, after_last=NO_NODES, after=paths),
)
life_tables = make(
    tree.TableBy,
    keys=many(make(tree.Key, value=paths, within=NOTHING, rounds=NOTHING), 1, 1),
    rows=many(make(tree.Row, cells=many(make(tree.OneOfCell, values=many(words, 1, 2)), 1, 1), value=lives), 1, 2),
)
lives_or_tables = lives | life_tables

# ---- tables ----

any_cells = make(tree.AnyCell)
from_cells = make(tree.FromCell, bound=date_lits | numbers | money | quantities)
cell_values = words | st.one_of(numbers, money, quantities, date_lits, texts, flags)
one_of_cells = make(tree.OneOfCell, values=many(cell_values, 1, 3))
cells = any_cells | one_of_cells


def _keys(width: int) -> Made:
    return st.tuples(*([from_cells | cells] + [cells] * (width - 1)))


def rows_of(values: Made, width: int) -> Made:
    """Rows with as many cells as there are keys, perhaps closed by `otherwise`."""
    rows = many(make(tree.Row, cells=_keys(width), value=values), 1, 3)
    last = make(tree.Row, cells=NO_NODES, value=values)
    return st.tuples(rows, maybe(last)).map(lambda both: both[0] + ((both[1],) if both[1] is not None else ()))


def tables_of(depth: int) -> Made:
    keys = make(tree.Key, value=summed(depth), within=NOTHING, rounds=NOTHING) | st.one_of(
        make(tree.Key, value=paths, within=whens, rounds=NOTHING),
        make(tree.Key, value=paths, within=NOTHING, rounds=st.integers(2, 12)),
    )
    values = expressions(depth) | lives | make(tree.NothingValue) | make(tree.NoAward)
    return st.one_of(
        *(make(tree.TableBy, keys=many(keys, width, width), rows=rows_of(values, width)) for width in (1, 2))
    )


# ---- selections and measures ----

picks_n = make(
    tree.PickN, which=one("cheapest", "dearest", "first", "last"), count=counts, per_full=maybe(st.integers(2, 9))
)
picks_every = make(tree.PickEvery, position=st.integers(1, 24), of=st.integers(2, 1_200))
picks_units = make(tree.PickUnits, first=st.integers(1, 9), last=st.integers(9, 1_999))


def selections(depth: int) -> Made:
    condition = maybe(conditions(depth))
    return st.one_of(
        make(
            tree.Selection,
            pick=maybe(picks_n | picks_every),
            what=one("lines", "lines and shipping", "units", "shipping"),
            unit=NOTHING,
            where=condition,
        ),
        make(tree.Selection, pick=picks_units, what=st.just("units"), unit=NOTHING, where=condition),
        make(tree.Selection, pick=NOTHING, what=st.just("turned"), unit=names, where=condition),
    )


bases = make(tree.Basis, name=make(tree.Name, text=one("net", "list", "paid")), tax=one("with", "without")) | make(
    tree.AfterStage, stage=one("catalogue", "item", "basket", "shipping"), tax=one(None, "with", "without")
)
leaves: Made = st.one_of(
    paths,
    literals,
    bases,
    make(tree.Today),
    make(tree.Each),
    make(tree.Mark),
    make(tree.Rung),
    make(tree.TierOf, which=one("held", "matched", "earned")),
    make(tree.CalendarOf, unit=one(*CALENDAR_UNITS), path=paths),
    make(tree.EdgeDay, which=one("first", "last")),
    make(tree.StreakOf, period=whens),
    make(tree.FlowOf, which=one("given", "used"), unit=names, rules=NO_NODES),
    make(tree.BalanceOf, unit=names, pending=st.booleans()),
    make(tree.PreviousOf, track=names),
    later_dates,
    edge_dates,
)


def _measures(depth: int) -> Made:
    inner, selected = expressions(depth - 1), selections(depth - 1)
    return st.one_of(
        make(tree.Of, measure=paths | bases, selection=selected),
        make(tree.SumOf, measure=inner | selected, where=NOTHING),
        make(tree.SumOf, measure=paths, where=conditions(depth - 1)),
        make(tree.CountOf, of=selected | paths, where=NOTHING),
        make(tree.CountOf, of=paths, where=conditions(depth - 1)),
        make(tree.DistinctOf, path=paths, selection=maybe(selected)),
        make(tree.LargestOf, items=many(inner, 2, 3)),
        make(
            tree.TopOf,
            count=counts,
            of=paths,
            selection=NOTHING,
            measure=NOTHING,
            ties=paths,
            where=maybe(conditions(depth - 1)),
        ),
        make(
            tree.TopOf,
            count=counts,
            of=paths,
            selection=selected,
            measure=inner,
            ties=paths,
            where=maybe(conditions(depth - 1)),
        ),
    )


# ---- expressions ----


def _of_no_selection(share: tree.Per) -> bool:
    """`net of lines` is an `Of`, `10% of lines` is a share."""
    named = isinstance(share.amount, tree.Path | tree.Basis | tree.AfterStage)
    return not (named and isinstance(share.measure, tree.Selection | tree.Each))


steps = numbers | money | quantities


@cache
def summed(depth: int) -> Made:
    """What may stand as a key, a mark, a step: an expression that needs no brackets there or gets them."""
    return expressions(depth)


@cache
def expressions(depth: int) -> Made:
    """Any expression, `depth` deep at most."""
    if depth <= 0:
        return leaves
    inner = expressions(depth - 1)
    amounts = make(tree.Per, amount=inner, full=st.booleans(), step=steps, measure=maybe(inner))
    return st.one_of(
        leaves,
        _measures(depth),
        conditions(depth),
        make(tree.Binary, op=one("+", "-", "*", "/"), left=inner, right=inner),
        make(tree.Negate, value=inner.filter(lambda value: not isinstance(value, tree.Number | tree.Percent))),
        amounts,
        make(tree.Per, amount=inner, full=st.just(False), step=NOTHING, measure=inner | selections(depth - 1)).filter(
            _of_no_selection
        ),
        make(tree.Plus, parts=many(inner, 2, 3)),
        make(tree.ListOf, items=many(inner, 2, 3)),
        make(tree.Bracket, value=inner, mods=many(mods(depth - 1), 1, 2)),
        tables_of(depth - 1),
        make(tree.Across, track=names, rows=rows_of(inner, 1)),
    )


@cache
def conditions(depth: int) -> Made:
    """What may stand behind `when` and `where`: any test, or a value that is a flag."""
    has = make(tree.Has, path=paths)
    if depth <= 0:
        return has | paths | make(tree.Is, left=paths, right=paths, negated=st.booleans())
    inner = expressions(depth - 1)
    negated = st.booleans()
    return st.one_of(
        has,
        make(tree.Not, value=inner),
        make(tree.Both, parts=many(inner, 2, 3)),
        make(tree.Either, parts=many(inner, 2, 3)),
        make(tree.Compare, op=one("<", "<=", ">", ">="), left=inner, right=inner),
        make(tree.Is, left=inner, right=inner, negated=negated),
        make(tree.In, left=inner, right=inner | in_whens, negated=negated),
        make(tree.InFirst, left=inner, count=counts, path=paths, negated=negated),
        make(tree.IsMultiple, left=inner, factor=counts, negated=negated),
        make(tree.Reaches, left=inner, bound=inner),
        make(tree.DateTest, left=inner, word=one("from", "until", "before"), date=plain_dates),
    )


orders = make(tree.Ordered, how=one("dearest", "cheapest"), by=NOTHING, descending=st.just(False)) | make(
    tree.Ordered, how=st.just("sorted"), by=paths, descending=st.booleans()
)
rounded = make(tree.Rounded, mode=one("down", "up", "half up", "half even"))


@cache
def mods(depth: int) -> Made:
    """Any modifier that follows a comma."""
    inner = expressions(depth)
    return st.one_of(
        make(tree.UpTo, bound=inner),
        make(tree.NeverBelow, bound=inner),
        make(tree.NeverBeyond),
        make(tree.OnlyFrom, bound=inner),
        make(tree.InSteps, step=numbers | quantities | money),
        rounded,
        orders,
        make(tree.SplitHow, how=one("evenly", "in proportion", "in proportion with tax"), rows=NO_NODES),
        make(tree.SplitHow, how=st.just("into"), rows=rows_of(percents | make(tree.TheRest), 1)),
        make(tree.PendingUntil, date=plain_dates),
        make(tree.Lasting, life=lives_or_tables),
        make(tree.ToWhom, path=paths),
        make(tree.InUnit, unit=names),
        make(tree.WithFact, name=names, value=inner),
        make(tree.OrNothing),
    )


# ---- rules ----

EXPR, COND = expressions(2), conditions(2)
MODS = many(mods(1), 0, 2)
maybe_where = maybe(conditions(1))

grains = st.one_of(
    make(
        tree.Grain,
        what=one("unit", "line", "set"),
        where=maybe_where,
        pick=maybe(picks_n | picks_every | picks_units),
        selection=NOTHING,
    ),
    make(tree.Grain, what=st.just("total"), where=NOTHING, pick=NOTHING, selection=selections(1)),
)
offered = paths | quantities | expressions(1) | make(tree.BalanceOf, unit=names, pending=st.just(False))
effects = st.one_of(
    make(tree.Take, amount=EXPR, grain=grains, mods=MODS),
    make(tree.Price, grain=grains, amount=EXPR, mods=MODS),
    make(tree.Charge, amount=EXPR, label=texts),
    make(tree.AddFree, count=counts, sku=texts | paths),
    make(tree.Say, text=texts),
    make(tree.Accept, amount=offered, where=maybe_where, mods=MODS, worth=EXPR, worth_mods=MODS),
    make(tree.Give, verb=one("give", "deduct"), amount=EXPR, mods=MODS),
    st.builds(
        lambda amount, each, rest: tree.Give(NOWHERE, "give", amount, (each, *rest)),
        EXPR,
        make(tree.OfEachLine, where=maybe_where),
        MODS,
    ),
    make(tree.Turn, every_full=st.booleans(), amount=offered, where=maybe_where, into=EXPR, mods=MODS),
    make(tree.Carry, amount=EXPR, track=names, mods=MODS),
)
# Before the colon of a part's effect: no time of day at the end of the condition.
set_parts = make(tree.SetPart, count=counts, where=maybe(conditions(0)), order=maybe(orders), effect=maybe(effects))
sets = make(tree.SetOf, per=one(None, "basket", "line"), parts=many(set_parts, 1, 2), partial=st.booleans())
loops = st.one_of(
    make(tree.EachOf, name=names, over=paths | selections(1), order=maybe(orders)),
    make(tree.EachMark, track=paths, marks=many(numbers | quantities, 1, 4)),
    make(tree.EverySet, times=one(None, 1, 2, 1000), set=sets),
)
triggers = st.one_of(
    make(tree.Automatic),
    make(tree.WithCode, code=texts | paths),
    make(tree.WithThing, thing=quantities, source=maybe(names), where=maybe_where),
)
scopes = st.one_of(
    make(tree.Scope, what=one("member", "household", "line"), by=NOTHING),
    make(tree.Scope, what=st.just("in total"), by=NOTHING),
    make(tree.Scope, what=paths | calendar_spans | lifetimes | rolling | last_calendars | trials, by=maybe(paths)),
)


def _no_bare_number(amount: tree.Expr) -> bool:
    """`at most 5` asks for `times`, `sets` or a unit."""
    return not isinstance(amount, tree.Number)


limits = st.one_of(
    make(tree.Limit, times=counts, sets=NOTHING, amount=NOTHING, scopes=many(scopes, 0, 2), or_nothing=st.booleans()),
    make(tree.Limit, times=NOTHING, sets=counts, amount=NOTHING, scopes=many(scopes, 0, 2), or_nothing=st.booleans()),
    make(
        tree.Limit,
        times=NOTHING,
        sets=NOTHING,
        amount=EXPR.filter(_no_bare_number),
        scopes=many(scopes, 0, 2),
        or_nothing=st.booleans(),
    ),
)
same = one(None, "unit", "line", "basket")
consents = make(tree.Consent, what=one("nothing", "everything"), names=NO_NODES, on=same) | make(
    tree.Consent, what=st.just("these"), names=many(refs), on=same
)
returned = make(tree.OnReturn, policy=st.just("keep"), shortfall=NOTHING) | make(
    tree.OnReturn,
    policy=one("by share", "work out again"),
    shortfall=one(None, "off refund", "off balance", "forgiven"),
)
edge_sources = make(tree.EdgeSource, edge=one("start", "end"), period=edge_whens, settled=NOTHING)
settled_sources = make(tree.EdgeSource, edge=one("start", "end"), period=edge_whens, settled=durations)
sources = make(tree.EventSource, name=names) | edge_sources | make(tree.AnyEvent)
on = many(sources, 1, 2) | st.tuples(settled_sources) | st.tuples(make(tree.EventSource, name=names), settled_sources)

rules = make(
    tree.RuleDecl,
    kind=one("catalogue offer", "item offer", "basket offer", "shipping offer", "redeem", "earn", "reward"),
    title=texts,
    name=maybe(names),
    was=maybe(texts),
    on=on,
    dates=maybe(dates_of(True)),
    trigger=maybe(triggers),
    when=maybe(COND),
    loop=maybe(loops),
    effects=many(effects, 1, 2),
    limits=many(limits, 0, 2),
    group=maybe(names),
    tag=maybe(names),
    priority=maybe(st.integers(1, 99)),
    consent=maybe(consents),
    on_return=maybe(returned),
)

# ---- the header and other declarations ----

policies = st.one_of(
    make(
        tree.Policy,
        choice=one("all", "first", "best", "best together"),
        per=one(None, "unit", "line", "basket"),
        order=many(refs, 0, 3),
        of_codes=st.just(False),
        priority=NOTHING,
    ),
    make(
        tree.Policy,
        choice=one("first", "best"),
        per=one("unit", "line", "basket"),
        order=NO_NODES,
        of_codes=st.booleans(),
        priority=NOTHING,
    ),
    make(
        tree.Policy,
        choice=st.just("all"),
        per=NOTHING,
        order=NO_NODES,
        of_codes=st.just(False),
        priority=one("highest", "lowest"),
    ),
)
stacking = make(
    tree.Stacking,
    rows=many(
        make(tree.StageRow, stage=one("catalogue", "item", "basket", "shipping", "tender"), policy=policies), 1, 3
    ),
)
currency_codes = st.tuples(make(tree.Name, text=one("GBP", "CNY", "JPY")), one(None, 0, 3))
settings = st.one_of(
    make(tree.Currencies, codes=many(currency_codes), rounding=one("down", "up", "half up", "half even")),
    make(tree.Zone, name=texts),
    make(tree.WeekStart, day=make(tree.Name, text=one("Monday", "Sunday"))),
    make(tree.LeapDay, counts_as=make(tree.DayMonth, day=st.just(28), month=make(tree.Name, text=st.just("February")))),
    make(tree.Prices, include=st.booleans()),
    make(tree.TaxRounding, rounding=one("down", "half even"), per=one("line", "unit")),
    make(
        tree.SplitPolicy,
        how=one("evenly", "in proportion"),
        odd=make(tree.Name, text=one("pennies", "cents")),
        to=one("largest", "first", "last", "running", "last rounded"),
    ),
    make(tree.Terms, dates=dates_of(False)),
    make(tree.ReturnsPolicy, policy=returned),
    stacking,
)
programs = make(tree.Program, title=texts, settings=many(settings, 0, 4))

spans = st.one_of(
    make(tree.AnnualSpan, first=day_months, last=day_months | month_ends),
    make(tree.DailySpan, start=times, end=times),
    make(tree.EverySpan, length=durations, anchor=paths | date_lits),
    make(tree.AroundSpan, before=durations, after=durations, anchor=paths),
    make(tree.CalendarOfSpan, unit=one(*CALENDAR_UNITS), anchor=paths),
    make(tree.MonthDaysSpan, days=many(st.integers(1, 31))),
    make(tree.WeekdaysSpan, days=many(make(tree.Name, text=one("Monday", "Friday")))),
    make(tree.OnceSpan, length=durations, anchor=paths),
    make(tree.FixedSpan, dates=dates_of(False)),
    make(tree.NamedSpan, name=names),
)
periods = make(tree.PeriodDecl, name=names, span_=spans, excepts=many(spans, 0, 2)) | make(
    tree.PeriodDecl, name=names, span_=make(tree.HostSpan), excepts=NO_NODES
)
defines = make(tree.DefineDecl, name=names, value=EXPR) | make(
    tree.DefineDecl, name=names, value=make(tree.Column, column=texts, file=texts)
)
tables = make(tree.TableDecl, name=names, table=tables_of(1), key=NOTHING, file=NOTHING) | make(
    tree.TableDecl, name=names, table=NOTHING, key=paths, file=texts
)

types = st.one_of(
    make(tree.TypeRef, name=names, choices=NO_NODES, list_of=NOTHING, list_max=NOTHING),
    make(tree.TypeRef, name=NOTHING, choices=many(names, 2, 3), list_of=NOTHING, list_max=NOTHING),
    make(tree.TypeRef, name=NOTHING, choices=many(texts, 2, 3), list_of=NOTHING, list_max=NOTHING),
    make(
        tree.TypeRef,
        name=NOTHING,
        choices=NO_NODES,
        list_of=make(tree.TypeRef, name=names, choices=NO_NODES, list_of=NOTHING, list_max=NOTHING),
        list_max=counts,
    ),
)
bounds = numbers | money | quantities | percents
roles = one(
    *(None, "id", "quantity", "list", "list each", "was", "floor", "tax rate", "shipping", "shipping tax rate"),
    "household",
)
any_fields: dict[str, Made] = {"name": names, "type": types, "optional": st.booleans(), "role": roles}
fields = st.one_of(
    make(tree.FieldDecl, **any_fields, low=NOTHING, high=maybe(bounds), highs=NO_NODES),
    make(tree.FieldDecl, **any_fields, low=NOTHING, high=bounds, highs=many(money, 1, 2)),
    make(tree.FieldDecl, **any_fields, low=bounds, high=bounds, highs=many(money, 0, 2)),
)
unit_clauses = st.one_of(
    rounded,
    make(tree.HeldBy, who=one("member", "household"), apart=st.booleans()),
    make(tree.PendingUntil, date=plain_dates),
    make(tree.UseOrder, order=one("oldest first", "soonest first", "in proportion to balance")),
    make(tree.UnitClauseLasts, lives=many(lives_or_tables, 1, 1), whichever=NOTHING),
    make(tree.UnitClauseLasts, lives=many(lives, 2, 2), whichever=one("first", "last")),
    make(tree.BalanceFloor, bound=EXPR),
    make(tree.Remembers, fields=many(fields, 1, 2)),
)
units = make(
    tree.UnitDecl,
    name=names,
    plural=maybe(names),
    counts=one(None, "pieces", "minutes", 0, 2) | make(tree.Name, text=one("GBP", "USD")),
    clauses=st.lists(unit_clauses, max_size=4, unique_by=type).map(tuple),
)
line_blocks = make(tree.LinesDecl, low=st.integers(0, 3), high=counts, fields=many(fields))
events = st.one_of(
    *(
        make(
            tree.EventDecl,
            name=names,
            dated_by=names,
            owner=names,
            identified_by=names,
            priced_by_offers=st.just(by_offers),
            priced_in=maybe(names) if by_offers else NOTHING,
            returnable=st.booleans(),
            fields=many(fields, 1, 4),
            lines=maybe(line_blocks),
        )
        for by_offers in (True, False)
    )
)
members = make(tree.MemberDecl, fields=many(fields, 1, 4))

folds = EXPR.filter(lambda fold: not isinstance(fold, tree.Path)) | make(
    tree.SumOf, measure=make(tree.FlowOf, which=one("given", "used"), unit=names, rules=many(names, 1, 3))
)
tracks = st.one_of(
    *(
        make(
            tree.TrackDecl,
            name=names,
            was=maybe(texts),
            fold=folds if events_on is None else folds | make(tree.CountOf, of=NOTHING, where=NOTHING),
            **({"key": paths, "keys_max": counts} if keyed else {"key": NOTHING, "keys_max": NOTHING}),
            **({"on": NO_NODES, "where": NOTHING} if events_on is None else {"on": events_on, "where": maybe_where}),
            per=whens,
            by=maybe(paths),
            household=st.booleans(),
        )
        for events_on in (None, on)
        for keyed in (False, True)
    )
)

ways = make(tree.Way, condition=COND, name=maybe(names), lasts=maybe(lives_or_tables))
bare_rungs = make(tree.RungDecl, name=names, ways=NO_NODES)
rungs = make(tree.RungDecl, name=names, ways=many(ways, 1, 3))
falls = st.one_of(
    make(tree.Fall, what=st.just("earned"), down=one(None, 1, 2), tier=NOTHING),
    make(tree.Fall, what=st.just("down"), down=one(1, 2), tier=NOTHING),
    make(tree.Fall, what=st.just("tier"), down=NOTHING, tier=names),
)
lasts = make(tree.Lasts, life=lives_or_tables)
thens = make(tree.Then, fall=falls)
tier_clauses = st.one_of(
    make(tree.EveryTierNeeds, condition=COND),
    make(tree.Judged, on=maybe(sources)),
    make(tree.Counts, at_once=st.booleans()),
    lasts,
    thens,
)
some_rungs = bare_rungs | rungs
tiers = make(
    tree.TiersDecl,
    from_host=st.just(False),
    rungs=st.tuples(some_rungs, rungs) | st.tuples(bare_rungs) | st.tuples(bare_rungs, rungs, some_rungs),
    clauses=st.lists(tier_clauses, max_size=3, unique_by=type).map(tuple),
) | make(
    tree.TiersDecl,
    from_host=st.just(True),
    rungs=many(bare_rungs, 1, 3),
    clauses=NO_NODES,
)
groups = make(
    tree.GroupDecl,
    name=names,
    policy=policies,
    clauses=many(
        st.one_of(
            consents,
            make(tree.SharesClaims),
            make(tree.AtMostRules, count=st.integers(1, 9)),
            make(tree.ExclusiveFirst),
            limits,
        ),
        0,
        3,
    ),
)
holdouts = make(tree.HoldoutDecl, percent=percents, salt=texts, where=NOTHING, rules=many(texts)) | make(
    tree.HoldoutDecl, percent=NOTHING, salt=NOTHING, where=COND, rules=many(refs)
)
matches = make(
    tree.MatchDecl,
    title=texts,
    name=maybe(names),
    was=maybe(texts),
    on=on,
    dates=maybe(dates_of(True)),
    when=maybe(COND),
    matches=maybe(make(tree.Matches, table=tables_of(1), up_to=maybe(names))),
    trial=maybe(make(tree.TrialFor, life=lives)),
    keep=maybe(make(tree.KeepIf, what=one("matched", "highest"), condition=EXPR)),
    lasts=maybe(lasts),
    then=maybe(thens),
    limits=many(limits, 0, 2),
)

# ---- tests in rule files ----

values: Made = words | literals
field_values = st.one_of(
    make(tree.FieldValue, name=names, value=values),
    make(tree.FieldValue, name=names, value=make(tree.ListOf, items=many(values, 0, 3))),
    make(tree.FieldValue, name=names, value=make(tree.TierUntil, tier=names, until=date_lits)),
)
counted = numbers | quantities | money | date_lits
lot_mods = st.one_of(
    make(tree.LotFrom, rule=texts | names),
    make(tree.LotEarned, date=date_lits),
    make(tree.PendingUntil, date=date_lits),
    make(tree.Lasting, life=make(tree.Forever) | make(tree.LastsUntil, date=date_lits)),
    make(tree.WithFact, name=names, value=values),
)
givens = st.one_of(
    make(tree.GivenMember, who=maybe(texts), facts=many(field_values, 0, 3)),
    make(tree.GivenTrack, track=names, key=maybe(values), person=maybe(texts), value=counted),
    make(
        tree.GivenBalance,
        value=quantities | money,
        person=maybe(texts),
        mods=many(lot_mods, 0, 2),
    ),
    make(tree.GivenUsed, rule=texts | names, times=counts, amount=NOTHING, code=maybe(texts), person=maybe(texts)),
    make(
        tree.GivenUsed,
        rule=texts | names,
        times=NOTHING,
        amount=quantities | money,
        code=maybe(texts),
        person=maybe(texts),
    ),
)


@st.composite
def event_steps(draw: st.DrawFn) -> tree.EventStep:
    """An event with its lines: as many cells in each row as there are columns."""
    width = draw(st.integers(0, 3))
    columns = draw(many(names, width, width))
    rows = draw(many(make(tree.LineRow, cells=many(maybe(values), width, width)), 0, 3)) if width else ()
    return tree.EventStep(NOWHERE, draw(names), draw(many(field_values, 0, 3)), columns, rows)


rule_names = texts | names.filter(lambda name: name.text not in (*PRICE_WORDS, "tier"))
places = st.one_of(
    make(tree.OnPart, line=texts, unit=maybe(counts)),
    make(tree.OnPart, line=NOTHING, unit=NOTHING),
)
statuses = one("refused", "held out", "not applied")
expectations = st.one_of(
    make(tree.ExpectRule, rule=rule_names, value=values, place=maybe(places), status=NOTHING),
    make(tree.ExpectRule, rule=rule_names, value=NOTHING, place=NOTHING, status=statuses),
    make(tree.ExpectPrice, what=one(*PRICE_WORDS), value=values),
    make(tree.ExpectLine, line=texts, value=values),
    make(tree.ExpectGift, count=counts, sku=texts),
    make(tree.ExpectCode, code=texts, applied=st.just(True), because=NOTHING),
    make(tree.ExpectCode, code=texts, applied=st.just(False), because=maybe(texts)),
    make(tree.ExpectTier, tier=names),
    make(tree.ExpectTakes, rule=texts | names, value=values),
    make(tree.ExpectBalance, unit=names, pending=st.booleans(), person=maybe(texts), value=values),
    make(tree.ExpectTrack, track=names, key=maybe(values), person=maybe(texts), value=maybe(counted)),
    make(tree.ExpectRefused),
)
returned_items = st.one_of(
    make(tree.Returned, count=maybe(counts), line=texts),
    make(tree.Returned, count=NOTHING, line=NOTHING),
)
return_steps = make(tree.ReturnStep, items=many(returned_items, 0, 2))
test_steps = make(
    tree.Step,
    act=event_steps() | make(tree.OnDate, date=date_lits) | return_steps,
    expect=many(expectations),
    nothing_else=st.booleans(),
)
tests = make(tree.TestDecl, title=texts, given=many(givens, 0, 2), steps=many(test_steps, 1, 2))

KINDS: dict[type[tree.Node], Made] = {
    tree.Language: make(tree.Language, version=st.just(1)),
    tree.Use: make(tree.Use, name=names),
    tree.Program: programs,
    tree.PeriodDecl: periods,
    tree.DefineDecl: defines,
    tree.TableDecl: tables,
    tree.UnitDecl: units,
    tree.EventDecl: events,
    tree.MemberDecl: members,
    tree.TrackDecl: tracks,
    tree.TiersDecl: tiers,
    tree.GroupDecl: groups,
    tree.HoldoutDecl: holdouts,
    tree.MatchDecl: matches,
    tree.RuleDecl: rules,
    tree.TestDecl: tests,
}


def declarations() -> st.SearchStrategy[tree.Declaration]:
    """One declaration of any kind."""
    return st.one_of(*KINDS.values())
