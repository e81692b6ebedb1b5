"""Expressions of a rule file in plain English.

In: a node of the tree. Out: a phrase. What has no phrase of its own is quoted from the rule file and marked as such, so
that nothing goes unsaid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rules_engine import tree
from rules_engine.calendar import parse_date
from rules_engine.describing.said import bare, quoted
from rules_engine.formatting import to_text
from rules_engine.values import ValueFault

MONEY: Final = {
    "net": "the price after offers",
    "list": "the list price",
    "current": "the price so far",
    "paid": "what is paid in money",
    "was": "the price before",
    "catalogue": "the catalogue price",
}
_STAGES: Final = {"catalogue": "catalogue prices", "item": "item offers", "basket": "basket offers"}
_COMPARED: Final = {
    ">=": "at least {}",
    ">": "more than {}",
    "<=": "at most {}",
    "<": "less than {}",
    "=": "{}",
    "!=": "not {}",
}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def phrase(node: tree.Node) -> str:
    """A node in words; what has none is quoted.

    >>> from rules_engine.parsing import parse
    >>> from rules_engine.source import Source
    >>> text = 'language 1\\ndefine big = net >= 1_000 GBP and tier is not Gold\\n'
    >>> define = parse(Source("x.rules", text)).file.declarations[1]
    >>> phrase(define.value)
    'the price after offers is at least 1,000 GBP and the tier is not Gold'
    """
    said = _literal(node) or _date(node) or _condition(node) or _measure(node) or _amount(node)
    return said if said is not None else quoted(to_text(node))


def named(name: str) -> str:
    """A name as words: `own_sectors` is `own sectors`."""
    return bare(name).replace("_", " ")


def several(words: Iterable[str], last: str = "and") -> str:
    """A list in words.

    >>> several(["a", "b", "c"]), several(["a"])
    ('a, b and c', 'a')
    """
    found = list(words)
    return f"{', '.join(found[:-1])} {last} {found[-1]}" if len(found) > 1 else "".join(found)


def day(text: str) -> str:
    """A date in words.

    >>> day("2027-11-01")
    '1 November 2027'
    """
    try:
        parse_date(text)
    except ValueFault:
        return text
    year, month, number = text.split("-")
    return f"{int(number)} {_MONTHS[int(month) - 1]} {year}"


def number(text: str) -> str:
    """A number with commas, as written otherwise.

    >>> number("25000"), number("0.50"), number("-1000")
    ('25,000', '0.50', '-1,000')
    """
    whole, dot, rest = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-")
    return f"{sign}{int(digits):,}{dot}{rest}" if digits.isdecimal() else text


def _literal(node: tree.Node) -> str | None:
    match node:
        case tree.Number(text=text):
            return number(text)
        case tree.Percent(text=text):
            return f"{text}%"
        case tree.MoneyLit(text=text, currency=currency):
            return f"{number(text)} {currency}"
        case tree.QuantityLit(text=text, unit=unit):
            return f"{number(text)} {named(unit.text)}"
        case tree.Text(value=value):
            return f"“{bare(value)}”"
        case tree.TimeLit(text=text) | tree.InstantLit(text=text):
            return text
        case tree.Flag(value=value):
            return "yes" if value else "no"
        case tree.NothingValue():
            return "nothing"
        case tree.NoAward():
            return "no award"
        case tree.TheRest():
            return "the rest"
        case tree.Duration(count=count, unit=unit):
            return f"{count} {unit}{'' if count == 1 else 's'}"
        case tree.Path():
            return _path(node)
        case tree.Name(text=text):
            return named(text)
        case _:
            return None


def _path(path: tree.Path) -> str:
    words = [part.text for part in path.parts]
    if len(words) == 1 and words[0] in MONEY:
        return MONEY[words[0]]
    if words == ["tier"]:
        return "the tier"
    if len(words) > 1:
        return f"the {named(words[0])}'s {' '.join(map(named, words[1:]))}"
    return named(words[0])


def _date(node: tree.Node) -> str | None:
    match node:
        case tree.DateLit(text=text):
            return day(text)
        case tree.Today():
            return "the day"
        case tree.LaterDate(length=length, sign=sign, base=base):
            if base is None:
                return f"{phrase(length)} later"
            return f"{phrase(length)} {'after' if sign > 0 else 'before'} {phrase(base)}"
        case tree.EdgeDate(edge=edge, next=following, period=period, later=later):
            after = f", {phrase(later)} later" if later is not None else ""
            return f"the {edge} of {'the next' if following else 'the'} {_window(period)}{after}"
        case tree.CalendarSpan() | tree.Lifetime() | tree.Rolling() | tree.LastCalendar() | tree.TrialOf():
            return _window(node)
        case tree.PeriodRef(name=name):
            return named(name.text)
        case tree.Forever():
            return "for ever"
        case tree.LastsUntil(date=date):
            return f"until {phrase(date)}"
        case tree.LastsFor(length=length, after_last=last, after=after):
            since = f" after the last {several((named(each.text) for each in last), 'or')}" if last else ""
            return f"for {phrase(length)}{since}" + (f" after {phrase(after)}" if after is not None else "")
        case tree.CalendarOf(unit=unit, path=path):
            return f"the {unit} of {phrase(path)}"
        case _:
            return None


def later(node: tree.DateExpr) -> str:
    """A day behind `after`: `30 days later` is `30 days` there."""
    return phrase(node.length) if isinstance(node, tree.LaterDate) and node.base is None else phrase(node)


def _window(node: tree.Node) -> str:
    match node:
        case tree.CalendarSpan(unit=unit):
            return f"calendar {unit}"
        case tree.Lifetime():
            return "lifetime"
        case tree.Rolling(length=length):
            return f"last {phrase(length)}"
        case tree.LastCalendar(count=count, unit=unit):
            return f"last {count} calendar {unit}{'' if count == 1 else 's'}"
        case tree.TrialOf(match=name):
            return f"trial of {named(name.text)}"
        case tree.PeriodRef(name=name):
            return named(name.text)
        case _:
            return phrase(node)


def window(node: tree.Node) -> str:
    """A period as something is counted in it: `in each calendar year`, `in the last 12 months`."""
    match node:
        case tree.Lifetime():
            return "over the whole membership"
        case tree.Rolling() | tree.LastCalendar() | tree.TrialOf():
            return f"in the {_window(node)}"
        case _:
            return f"in each {_window(node)}"


# ---- conditions ----


def _condition(node: tree.Node) -> str | None:
    match node:
        case tree.Both(parts=parts):
            return " and ".join(_inside(part) for part in parts)
        case tree.Either(parts=parts):
            return " or ".join(phrase(part) for part in parts)
        case tree.Not(value=tree.Has(path=path)):
            return f"{_given(path)} is not known"
        case tree.Not(value=tree.Path() as path):
            return f"not {phrase(path)}"
        case tree.Not(value=value):
            return f"it is not so that {phrase(value)}"
        case tree.Has(path=path):
            return f"{_given(path)} is known"
        case tree.Compare(op=op, left=left, right=right):
            return f"{_whole(left)} is {_COMPARED[op].format(_whole(right))}"
        case tree.Is(left=left, right=right, negated=negated):
            return f"{phrase(left)} is {'not ' if negated else ''}{phrase(right)}"
        case tree.In(left=left, right=tree.ListOf(items=items), negated=negated):
            return f"{phrase(left)} is {'none' if negated else 'one'} of {several(map(phrase, items), 'or')}"
        case tree.In(left=left, right=right, negated=negated):
            return f"{phrase(left)} is {'not ' if negated else ''}in {phrase(right)}"
        case tree.InFirst(left=left, count=count, path=path, negated=negated):
            return f"{phrase(left)} is {'not ' if negated else ''}among the first {count} of {phrase(path)}"
        case tree.IsMultiple(left=left, factor=factor, negated=negated):
            return f"{phrase(left)} is {'not ' if negated else ''}a multiple of {factor}"
        case tree.Reaches(left=left, bound=bound):
            return f"{phrase(left)} reaches {phrase(bound)}"
        case tree.DateTest(left=left, word=word, date=date):
            return f"{phrase(left)} is {_WHEN[word]} {phrase(date)}"
        case _:
            return None


_WHEN: Final = {"from": "on or after", "until": "on or before", "before": "before"}


def _inside(part: tree.Expr) -> str:
    return f"({phrase(part)})" if isinstance(part, tree.Either) else phrase(part)


def _given(path: tree.Path) -> str:
    words = _path(path)
    return words if words.startswith("the ") else f"the {words}"


# ---- what is measured ----


def _measure(node: tree.Node) -> str | None:  # noqa: C901 - one arm for each node
    match node:
        case tree.Each():
            return "each"
        case tree.Mark():
            return "the mark"
        case tree.Rung():
            return "the tier in question"
        case tree.TierOf(which=which):
            return f"the {which} tier"
        case tree.Basis(name=name, tax=tax):
            return f"{MONEY.get(name.text, named(name.text))} {tax} tax"
        case tree.AfterStage(stage=stage, tax=tax):
            after = f"the price after {_STAGES.get(stage, 'shipping offers')}"
            return after + (f" {tax} tax" if tax is not None else "")
        case tree.Of(measure=measure, selection=selection):
            return f"{phrase(measure)} of {phrase(selection)}"
        case tree.SumOf(measure=measure, where=where):
            return f"the sum of {phrase(measure)}{filtered(where)}"
        case tree.CountOf(of=None, where=where):
            return f"the number of times{filtered(where)}"
        case tree.CountOf(of=of, where=where) if of is not None:
            return f"the number of {phrase(of)}{filtered(where)}"
        case tree.DistinctOf(path=path, selection=selection):
            return f"the number of different {phrase(path)}" + (f" of {phrase(selection)}" if selection else "")
        case tree.StreakOf(period=period):
            return f"the number of times in a row, by {_window(period)}"
        case tree.EdgeDay(which=which):
            return f"the {which} day"
        case tree.LargestOf(items=items):
            return f"the largest of {several(map(phrase, items))}"
        case tree.FlowOf(which=which, unit=unit, rules=rules):
            by = f" by {several((named(each.text) for each in rules), 'or')}" if rules else ""
            return f"{named(unit.text)} {which}{by}"
        case tree.BalanceOf(unit=unit, pending=pending):
            return f"the balance of {named(unit.text)}{', pending ones included' if pending else ''}"
        case tree.PreviousOf(track=track):
            return f"{named(track.text)} of the period before"
        case tree.Selection():
            return _selection(node)
        case tree.TopOf(count=count, of=of, selection=selection, measure=measure):
            among = f" of {phrase(selection)}" if selection is not None else ""
            by = f" by {phrase(measure)}" if measure is not None else ""
            return f"the top {count} of {phrase(of)}{among}{by}" + filtered(node.where)
        case _:
            return None


def _selection(node: tree.Selection) -> str:
    what = {"each": "these", "turned": "what is turned"}.get(node.what, node.what)
    if node.unit is not None:
        what = f"{named(node.unit.text)} {what}".strip()
    return f"{pick(node.pick)} {what}".strip() + filtered(node.where) if node.pick else what + filtered(node.where)


def pick(node: tree.Pick | None) -> str:
    """Which of several are meant."""
    match node:
        case None:
            return ""
        case tree.PickN(which=which, count=count, per_full=per):
            return f"the {which} {count}" + (f" of every full {per}" if per is not None else "")
        case tree.PickEvery(position=position, of=of):
            return f"number {position} of every {of}"
        case tree.PickUnits(first=first, last=last):
            return f"number {first} to {last} of each line"


def filtered(where: tree.Expr | None) -> str:
    """A filter: ` where ...`."""
    return f" where {phrase(where)}" if where is not None else ""


# ---- amounts ----


def _amount(node: tree.Node) -> str | None:
    match node:
        case tree.ListOf(items=items):
            return several(map(phrase, items), "or")
        case tree.Bracket(value=value, mods=mods):
            return f"({phrase(value)}{modified(mods)})"
        case tree.Negate(value=value):
            return f"minus {phrase(value)}"
        case tree.Binary(op=op, left=left, right=right):
            return f"{_whole(left)} {_OPERATIONS[op]} {_whole(right)}"
        case tree.Plus(parts=parts):
            return " plus ".join(map(_whole, parts))
        case tree.Per(amount=amount, step=None, measure=measure):
            return _whole(amount) + (f" of {phrase(measure)}" if measure is not None else "")
        case tree.Per(amount=amount, full=full, step=step, measure=measure) if step is not None:
            of = f" of {phrase(measure)}" if measure is not None else ""
            return f"{_whole(amount)} for every {'full ' if full else ''}{phrase(step)}{of}"
        case tree.TableBy(keys=keys, rows=rows):
            by = several(_key(key) for key in keys)
            return f"by {by}: {'; '.join(map(_row, rows))}"
        case tree.Across(track=track, rows=rows):
            return f"by how far {named(track.text)} has come: {'; '.join(map(_row, rows))}"
        case _:
            return None


def _whole(node: tree.Node) -> str:
    """A part of an amount, in brackets where it would run into what follows."""
    return f"({phrase(node)})" if isinstance(node, tree.TableBy | tree.Across | tree.Binary) else phrase(node)


_OPERATIONS: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def _key(key: tree.Key) -> str:
    within = f" in {_window(key.within)}" if key.within is not None else ""
    return phrase(key.value) + within + (f" in rounds of {key.rounds}" if key.rounds is not None else "")


def _row(row: tree.Row) -> str:
    value = phrase(row.value)
    if row.otherwise:
        return f"otherwise {value}"
    return f"{', '.join(map(cell, row.cells))}: {value}"


def cell(node: tree.Cell) -> str:
    """A cell of a table."""
    match node:
        case tree.AnyCell():
            return "any"
        case tree.FromCell(bound=bound):
            return f"from {phrase(bound)}"
        case tree.OneOfCell(values=values):
            return several(map(phrase, values), "or")


# ---- what is said behind an amount ----


_ROUNDED: Final = {
    "down": "rounded down",
    "up": "rounded up",
    "half up": "rounded to the nearest, halves up",
    "half even": "rounded to the nearest, halves to the even one",
}


def rounding(mode: tree.RoundingMode) -> str:
    """A way of rounding in words."""
    return _ROUNDED[mode]


def modified(mods: Sequence[tree.Mod]) -> str:
    """What is said behind an amount."""
    return "".join(f", {_mod(mod)}" for mod in mods)


def _mod(mod: tree.Mod) -> str:  # noqa: C901 - one arm for each modifier
    match mod:
        case tree.UpTo(bound=bound):
            return f"at most {phrase(bound)}"
        case tree.NeverBelow(bound=bound):
            return f"never below {phrase(bound)}"
        case tree.NeverBeyond():
            return "never beyond what is to pay"
        case tree.OnlyFrom(bound=bound):
            return f"only from {phrase(bound)} on"
        case tree.InSteps(step=step):
            return f"in steps of {phrase(step)}"
        case tree.Rounded(mode=mode):
            return rounding(mode)
        case tree.PendingUntil(date=date):
            return f"which can be used after {later(date)}"
        case tree.Lasting(life=life):
            return f"valid {phrase(life)}"
        case tree.ToWhom(path=path):
            return f"to {phrase(path)}"
        case tree.InUnit(unit=unit):
            return f"in {named(unit.text)}"
        case tree.OrNothing():
            return "or nothing at all"
        case tree.SplitHow(how="into", rows=rows):
            shares = (f"{', '.join(map(cell, row.cells))} {phrase(row.value)}" for row in rows)
            return f"split into {several(shares)}"
        case tree.SplitHow(how=how):
            return f"split {how} over what it acts on"
        case tree.WithFact(name=name, value=value):
            return f"remembering {named(name.text)} as {phrase(value)}"
        case tree.OfEachLine(where=where):
            return f"worked out on each line{filtered(where)}"
        case tree.Ordered():
            return ordered(mod).removeprefix(", ")


def ordered(order: tree.Ordered | None) -> str:
    """The order in which several are taken."""
    match order:
        case None:
            return ""
        case tree.Ordered(how="sorted", by=by, descending=descending):
            return f", by {phrase(by) if by is not None else 'line'}{', highest first' if descending else ''}"
        case tree.Ordered(how=how):
            return f", {how} first"
