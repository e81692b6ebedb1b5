"""The tables of a simulation: what was counted, as rows of exact numbers with names, and what two programs differ in.

In: `Counts`, and the core they were counted for. Out: `Table`s, which text, JSON and the page are made of. An amount
keeps its decimals; shares and means are exact fractions, shown to two decimals (means of money to those of money).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.returning import worth_in
from rules_engine.values import format_decimal, round_fraction
from rules_engine.workbench.intervals import FEWEST, Sample, difference, ratio
from rules_engine.workbench.simulate_counts import GUESTS, Counts, Key, Ledger
from rules_engine.worth import Worth


class Cell(msgspec.Struct, frozen=True):
    """One number, exact: an amount or a count, a mean, or a share. `decimals` are shown of it. With `high`, an interval
    from `value` to there, of what it is an interval of; `word` stands where no number can."""

    value: Fraction
    decimals: int = 0
    what: str = "amount"
    high: Fraction | None = None
    word: str = ""

    @property
    def text(self) -> str:
        """The number for a person.

        >>> Cell(Fraction(1, 3), what="share").text, Cell(Fraction(-5, 2), 2).text
        ('33.33%', '-2.50')
        """
        if self.word:
            return self.word
        return self._text(self.value) if self.high is None else f"{self._text(self.value)} to {self._text(self.high)}"

    def _text(self, value: Fraction) -> str:
        if self.what == "share":
            return f"{format_decimal(round_fraction(value * 10_000, 'half up'), 2)}%"
        return format_decimal(round_fraction(value * 10**self.decimals, "half up"), self.decimals)

    @property
    def json(self) -> object:
        """The number for a program: amounts as decimal text, counts as they are, what is a fraction also as one; of an
        interval both ends."""
        if self.word:
            return {"shown": self.text}
        if self.high is not None:
            return {"low": self._text(self.value), "high": self._text(self.high), "shown": self.text}
        if self.what == "amount":
            return self.text if self.decimals else int(self.value)
        return {"exact": str(self.value), "shown": self.text}


Row: TypeAlias = tuple[Cell | None, ...]


class Table(msgspec.Struct, frozen=True):
    """Rows by their names, each with a cell a column; None where a column says nothing of a row. `notes` say how to
    read it."""

    title: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    rows: dict[Key, Row]
    notes: tuple[str, ...] = ()

    def shown(self) -> tuple[str, ...]:
        """The columns that say anything."""
        return tuple(name for place, name in enumerate(self.columns) if any(row[place] for row in self.rows.values()))


def tables_of(counts: Counts) -> tuple[Table, ...]:
    """All tables of a run, those without a row left out."""
    made = _Maker(counts)
    found = (made.money(), made.units(), made.by_rule(), made.by_tier(), made.by_month(), made.holdouts())
    return tuple(table for table in found if table.rows)


class _Maker:
    """The tables of one run."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.core = core = counts.core
        self.named = [unit.name for unit in core.units]
        self.decimals = {unit.name: unit.decimals for unit in core.units}
        self.codes = [each.code for each in core.header.currencies]

    # ---- tables ----

    def money(self) -> Table:
        """What was sold, and what it cost: when it is used (discounts, and what units paid), or when it is given."""
        found: dict[Key, Row] = {}
        for code in self._priced(self.counts.totals):
            ledger, row = self.counts.totals, (code,)
            found[row] = (
                self._count(ledger.of(row, "events")),
                *(self._cell(ledger.of(row, name), code) for name in ("revenue", "discounts", "paid", "charged")),
                *self._cost(ledger, row),
                *self._given(code),
            )
        names = ("events", "revenue", "discounts", "paid with units", "charged", "cost", "cost of revenue")
        return Table("money", ("in",), (*names, "units issued, worth", "discounts and these, of revenue"), found)

    def units(self) -> Table:
        """Where the units are: issued - used - expired = outstanding - owed."""
        names = ("issued", "used", "expired", "outstanding", "owed")
        found: dict[Key, Row] = {}
        for unit in self.named:
            totals = [self.counts.totals.of((unit,), name) for name in names]
            worth = self._worth(unit)
            value = worth and self._cell(worth[1].of(totals[3]), worth[0])
            found[unit, worth[0] if worth else ""] = (*(self._cell(each, unit) for each in totals), value)
        return Table("units", ("unit", "worth in"), (*names, "worth of the outstanding"), found)

    def by_rule(self) -> Table:
        """What each rule gave and took, and what it kept back from those kept out."""
        names = ("issued", "used", "expired", "discounts", "paid", "charged", "withheld")
        ledger, order = self.counts.rules, self._rules()
        found: dict[Key, Row] = {}
        for row in sorted(ledger.rows, key=lambda row: (order.get(row[0], len(order)), row[0], self._of(row[1]))):
            amounts = (self._some(ledger, row, name) for name in names)
            found[row] = (self._count(ledger.of(row, "acted")), *amounts)
        return Table("by rule", ("rule", "in"), ("acted", *names[:4], "paid with units", *names[5:]), found)

    def by_tier(self) -> Table:
        """The same by the tier that was held before each event."""
        ladder = self.core.tiers
        order = [] if ladder is None else [rung.name for rung in ladder.rungs]
        order.append(GUESTS)
        names = ("revenue", "discounts", "paid", "issued", "used")
        ledger, found = self.counts.tiers, dict[Key, Row]()
        rows = () if ladder is None else ledger.rows
        for row in sorted(rows, key=lambda row: (order.index(row[0]), self._of(row[1]))):
            events = self._count(ledger.of(row, "events")) if row[1] not in self.named else None
            amounts = (self._some(ledger, row, name) for name in names)
            found[row] = (events, *amounts, *self._cost(ledger, row)[1:])
        return Table("by tier", ("tier", "in"), ("events", *_named(names), "cost of revenue"), found)

    def by_month(self) -> Table:
        """The same by month, with what is outstanding at its end."""
        names = ("revenue", "discounts", "paid", "issued", "used", "expired")
        ledger, found, left = self.counts.months, dict[Key, Row](), dict[str, int]()
        for row in sorted(ledger.rows, key=lambda row: (row[0], self._of(row[1]))):
            unit = row[1]
            moved = (ledger.of(row, "issued"), ledger.of(row, "used"), ledger.of(row, "expired"))
            left[unit] = left.get(unit, 0) + moved[0] - moved[1] - moved[2]
            outstanding = self._cell(left[unit], unit) if unit in self.named else None
            events = self._count(ledger.of(row, "events")) if unit not in self.named else None
            amounts = (self._some(ledger, row, name) for name in names)
            found[row] = (events, *amounts, outstanding, *self._cost(ledger, row)[1:])
        columns = ("events", *_named(names), "outstanding at its end", "cost of revenue")
        return Table("by month", ("month", "in"), columns, found)

    def holdouts(self) -> Table:
        """Those who were kept out against all others, for each holdout and currency."""
        found: dict[Key, Row] = {}
        notes: list[str] = []
        for number, (holdout, sides) in enumerate(zip(self.core.holdouts, self.counts.sides, strict=True), 1):
            codes = sorted({row[0] for side in sides.values() for row in side.rows} - {""}) or [""]
            for code in codes:
                found[f"{number}. {_called(holdout)}", code] = (*self._met(sides), *self._lift(sides, code))
                notes += _skewed(number, code, *_samples(sides, code))
        names = ("members kept out", "other members", "events each, kept out", "events each, others")
        money = ("net each, kept out", "net each, others", "difference", "difference, 95%", "lift", "lift, 95%")
        return Table("holdouts", ("holdout", "in"), (*names, *money), found, (METHOD, *notes))

    def _met(self, sides: dict[bool, Ledger]) -> Row:
        """How many there are on each side, and how often they came."""
        counted = [(side.of(("",), "members"), side.of(("",), "events")) for side in (sides[True], sides[False])]
        means = (_mean(events, members, 0) for members, events in counted)
        shown = (each and msgspec.structs.replace(each, decimals=2) for each in means)
        return (*(self._count(members) for members, _ in counted), *shown)

    def _lift(self, sides: dict[bool, Ledger], code: str) -> Row:
        """What each side brings a member, and how much more the others do."""
        places = self._decimals(code)
        kept, others = _samples(sides, code)
        nets = [_mean(each.total, each.count, places) if code else None for each in (kept, others)]
        if not code or not kept.count or not others.count:
            return (*nets, None, None, None, None)
        apart = Cell((others.mean - kept.mean) / 10**places, places, "mean")
        lift = Cell(others.mean / kept.mean - 1, what="share") if kept.mean > 0 else None
        if min(kept.count, others.count) < FEWEST:
            few = Cell(Fraction(), word="too few")
            return (*nets, apart, few, lift, few if lift is not None else None)
        low, high = (end / 10**places for end in difference(others, kept))
        ends = ratio(others, kept)
        reach = Cell(ends[0] - 1, what="share", high=ends[1] - 1) if ends else Cell(Fraction(), word="no bounds")
        return (*nets, apart, Cell(low, places, "mean", high), lift, reach if lift is not None else None)

    # ---- cells ----

    def _cost(self, ledger: Ledger, row: Key) -> tuple[Cell | None, Cell | None]:
        """Discounts and what units paid, and that as a share of the revenue."""
        code = row[-1]
        if code in self.named and not ledger.of(row, "events"):
            return None, None
        cost, revenue = ledger.of(row, "discounts") + ledger.of(row, "paid"), ledger.of(row, "revenue")
        return self._cell(cost, code), _share(cost, revenue)

    def _given(self, code: str) -> tuple[Cell | None, Cell | None]:
        """What all units that were issued are worth in a currency, and discounts and that as a share of the revenue.
        None where some unit that was issued has no worth, or none has."""
        issued = [unit for unit in self.named if self.counts.totals.of((unit,), "issued")]
        worths = [self._worth(unit) for unit in issued]
        if not worths or any(worth is None or worth[0] != code for worth in worths):
            return None, None
        totals = self.counts.totals
        value = sum(
            worth[1].of(totals.of((unit,), "issued")) for unit, worth in zip(issued, worths, strict=True) if worth
        )
        return self._cell(value, code), _share(totals.of((code,), "discounts") + value, totals.of((code,), "revenue"))

    def _worth(self, unit: str) -> tuple[str, Worth] | None:
        """What a unit is worth in money, where the program says it in one currency, in one way."""
        found = [(code, worth) for code in self.codes for worth in [worth_in(code, unit, self.core)] if worth]
        return found[0] if len(found) == 1 else None

    def _some(self, ledger: Ledger, row: Key, column: str) -> Cell | None:
        columns = ledger.rows[row]
        return self._cell(columns[column], row[-1]) if column in columns else None

    def _cell(self, amount: int, of: str) -> Cell:
        places = self._decimals(of)
        return Cell(Fraction(amount, 10**places), places)

    def _count(self, number: int) -> Cell:
        return Cell(Fraction(number))

    def _decimals(self, of: str) -> int:
        if of in self.decimals:
            return self.decimals[of]
        return next(
            (each.decimals for each in self.core.header.currencies if each.code == of), CURRENCY_DECIMALS.get(of, 0)
        )

    def _priced(self, ledger: Ledger) -> list[str]:
        """Currencies, and units, that events were priced in."""
        return sorted((row[0] for row, columns in ledger.rows.items() if "events" in columns), key=self._of)

    def _of(self, of: str) -> tuple[int, int, str]:
        """Currencies before units, each in the order of the program."""
        names = self.named if of in self.named else self.codes
        return int(of in self.named), names.index(of) if of in names else len(names), of

    def _rules(self) -> dict[str, int]:
        rules: tuple[ir.OfferDef | ir.RuleDef, ...] = (*self.core.offers, *self.core.rules)
        return {rule.key: place for place, rule in enumerate(rules)}


def _named(names: Iterable[str]) -> Iterator[str]:
    return ("paid with units" if name == "paid" else name for name in names)


def _share(part: int, whole: int) -> Cell | None:
    return Cell(Fraction(part, whole), what="share") if whole > 0 else None


def _mean(total: int, members: int, decimals: int) -> Cell | None:
    return Cell(Fraction(total, members * 10**decimals), decimals, "mean") if members else None


METHOD = (
    f"95%: Welch's interval of the difference, Fieller's of the lift, where both groups have {FEWEST} members; "
    "one that holds 0 may be chance"
)


def _samples(sides: dict[bool, Ledger], code: str) -> tuple[Sample, Sample]:
    """What each side brought in a currency, those kept out first."""
    one, other = (
        Sample(side.of(("",), "members"), *(side.of((code,), name) for name in ("revenue", "squares", "cubes")))
        for side in (sides[True], sides[False])
    )
    return one, other


def _skewed(number: int, code: str, kept: Sample, others: Sample) -> Iterator[str]:
    """A note where a group is large enough for an interval, and too small for amounts as skewed as these."""
    if min(kept.count, others.count) < FEWEST:
        return
    needed = [(each.count, each.enough) for each in (kept, others)]
    if any(count < enough for count, enough in needed):
        words = " and ".join(f"{enough:,}" for _, enough in needed)
        yield (
            f"{number}. in {code}: few members bring much, so these intervals are rough; with {words} members "
            "(kept out, others) they would not be"
        )


def _called(holdout: ir.HoldoutDef) -> str:
    """A holdout by what stands in it."""
    if holdout.share is None:
        return f"members by a condition, from {', '.join(holdout.rules)}"
    percent = format_decimal(holdout.share, 2).rstrip("0").rstrip(".")
    return f"{percent}% of members by {holdout.salt}, from {', '.join(holdout.rules)}"


# ---- two programs ----


class Difference(msgspec.Struct, frozen=True):
    """A cell that differs: before, now, and by how much (None: of what is in one of the two alone)."""

    table: str
    row: Key
    column: str
    old: Cell | None
    new: Cell | None

    @property
    def by(self) -> Cell | None:
        """How much more it is now; None where there is no number to compare with."""
        one = self.new or self.old
        assert one is not None
        if one.what != "amount" and (self.old is None or self.new is None):
            return None
        if any(each is not None and (each.word or each.high is not None) for each in (self.old, self.new)):
            return None
        return msgspec.structs.replace(one, value=_value(self.new) - _value(self.old), decimals=self._places)

    @property
    def _places(self) -> int:
        return max(each.decimals for each in (self.old, self.new) if each is not None)


def _value(cell: Cell | None) -> Fraction:
    return Fraction() if cell is None else cell.value


def _said(cell: Cell | None) -> tuple[Fraction, Fraction | None, str]:
    return (Fraction(), None, "") if cell is None else (cell.value, cell.high, cell.word)


def differences(old: Iterable[Table], new: Iterable[Table]) -> tuple[Difference, ...]:
    """Every cell that is another, in the order of the new report, what only the old has behind it."""
    before, after = ({table.title: table for table in tables} for tables in (old, new))
    found: list[Difference] = []
    for title in dict.fromkeys((*after, *before)):
        found += _differing(title, before.get(title), after.get(title))
    return tuple(found)


def _differing(title: str, old: Table | None, new: Table | None) -> Iterator[Difference]:
    one = new or old
    assert one is not None
    before, after = (table.rows if table is not None else {} for table in (old, new))
    for row in dict.fromkeys((*after, *before)):
        nothing: Row = (None,) * len(one.columns)
        for column, was, now in zip(one.columns, before.get(row, nothing), after.get(row, nothing), strict=True):
            if _said(was) != _said(now) or _says_nothing(was) != _says_nothing(now):
                yield Difference(title, row, column, was, now)


def _says_nothing(cell: Cell | None) -> bool:
    """No number, and none of anything, are the same; a share of nothing is not."""
    return cell is None or (cell.what == "amount" and not cell.value and not cell.word)


# ---- text and JSON ----


def table_lines(table: Table) -> Iterator[str]:
    """A table as text: names to the left, numbers to the right."""
    columns = table.shown()
    places = [table.columns.index(name) for name in columns]
    lines = [(*table.names, *columns)]
    lines += [(*row, *(_shown(cells[place]) for place in places)) for row, cells in table.rows.items()]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    yield table.title
    for line in lines:
        left = [text.ljust(width) for text, width in zip(line[: len(table.names)], widths, strict=False)]
        right = [
            text.rjust(width) for text, width in zip(line[len(table.names) :], widths[len(table.names) :], strict=True)
        ]
        yield "  " + "  ".join([*left, *right]).rstrip()
    yield from (f"  {note}" for note in table.notes)


def difference_lines(found: Iterable[Difference]) -> Iterator[str]:
    """Differences as text, a line each."""
    for each in found:
        by = each.by
        sign = "+" if by is not None and by.value > 0 else ""
        change = f" ({sign}{by.text})" if by is not None else ""
        name = ", ".join(filter(None, (each.table, *each.row)))
        yield f"  {name}: {each.column} {_shown(each.old) or 'none'} -> {_shown(each.new) or 'none'}{change}"


def table_json(table: Table) -> list[dict[str, Any]]:
    """A table as JSON values: an object a row."""
    return [
        {
            **dict(zip(table.names, row, strict=True)),
            **{name: cell.json for name, cell in zip(table.columns, cells, strict=True) if cell is not None},
        }
        for row, cells in table.rows.items()
    ]


def difference_json(found: Iterable[Difference]) -> list[dict[str, Any]]:
    """Differences as JSON values."""
    return [
        {"table": each.table, "row": list(each.row), "column": each.column,
         **{name: cell and cell.json for name, cell in (("old", each.old), ("new", each.new), ("by", each.by))}}
        for each in found
    ]  # fmt: skip


def _shown(cell: Cell | None) -> str:
    return "" if cell is None else cell.text
