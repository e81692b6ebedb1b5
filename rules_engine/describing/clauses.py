"""Clauses of rules, units, tracks and periods in plain English: a sentence each.

In: a node of the tree. Out: a sentence without its full stop. What has no words of its own is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine import tree
from rules_engine.describing.said import bare, quoted
from rules_engine.describing.words import filtered, modified, named, ordered, phrase, pick, several, window
from rules_engine.formatting import to_text


def points(rule: tree.RuleDecl) -> Iterator[str]:
    """Everything that a rule says, a sentence each."""
    yield f"On {several(map(source, rule.on), 'or')}"
    if rule.dates is not None:
        yield f"Runs {dates(rule.dates)}"
    if rule.trigger is not None:
        yield trigger(rule.trigger)
    if rule.when is not None:
        yield f"Only if {phrase(rule.when)}"
    if rule.loop is not None:
        yield loop(rule.loop)
    yield from map(effect, rule.effects)
    yield from map(limit, rule.limits)
    if rule.consent is not None:
        yield consent(rule.consent)
    if rule.on_return is not None:
        yield on_return(rule.on_return)
    if rule.group is not None:
        yield f"Belongs to group {named(rule.group.text)}"
    if rule.tag is not None:
        yield f"Is one of the rules called {named(rule.tag.text)}"
    if rule.priority is not None:
        yield f"Has priority {rule.priority}"


def source(event: tree.EventRef) -> str:
    """What sets a rule off."""
    match event:
        case tree.EventSource(name=name):
            return f"each {named(name.text)}"
        case tree.AnyEvent():
            return "any event"
        case tree.EdgeSource(edge=edge, period=period, settled=settled):
            after = f", settled after {phrase(settled)}" if settled is not None else ""
            return f"the {edge} of each {phrase(period)}{after}"


def dates(node: tree.Dates) -> str:
    """From when until when."""
    parts = []
    if node.start is not None:
        parts.append(f"from {phrase(node.start)}" + (f" at {node.start_time.text}" if node.start_time else ""))
    if node.end is not None:
        word = "through" if node.end_word == "until" else "until before"
        parts.append(f"{word} {phrase(node.end)}" + (f" at {node.end_time.text}" if node.end_time else ""))
    if node.by is not None:
        parts.append(f"(by {phrase(node.by)})")
    return " ".join(parts)


def trigger(node: tree.Trigger) -> str:
    """What must be presented."""
    match node:
        case tree.Automatic():
            return "Applies by itself"
        case tree.WithCode(code=tree.Text(value=value)):
            return f"Needs the code {bare(value)}"
        case tree.WithCode(code=code):
            return f"Needs a code of {phrase(code)}"
        case tree.WithThing(thing=thing, source=where, where=only):
            shown = f", presented as {named(where.text)}" if where is not None else ""
            return f"Needs {phrase(thing)}{shown}{filtered(only)}, which is used up"


def loop(node: tree.Loop) -> str:
    """What a rule goes over."""
    match node:
        case tree.EachMark(track=track, marks=marks):
            return f"Each time {phrase(track)} reaches {several(map(phrase, marks), 'or')}"
        case tree.EachOf(name=name, over=over, order=order):
            return f"For each {named(name.text)} of {phrase(over)}{ordered(order)}"
        case tree.EverySet(times=times, set=of):
            many = "every set" if times is None else "one set" if times == 1 else f"up to {times} sets"
            return f"For {many} of {_set(of)}"


def _set(node: tree.SetOf) -> str:
    parts = several(_part(part) for part in node.parts)
    per = f", within each {node.per}" if node.per is not None else ""
    return f"{parts}{per}" + (", the last may be incomplete" if node.partial else "")


def _part(part: tree.SetPart) -> str:
    does = f" ({_lower(effect(part.effect))})" if part.effect is not None else ""
    unit = "piece" if part.count == 1 else "pieces"
    return f"{part.count} {unit}{filtered(part.where)}{ordered(part.order)}{does}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


# ---- effects ----


def effect(node: tree.Effect) -> str:
    """What a rule does."""
    match node:
        case tree.Give(verb="give", amount=amount, mods=mods):
            return f"Gives {phrase(amount)}{modified(mods)}"
        case tree.Give(amount=amount, mods=mods):
            return f"Takes {phrase(amount)} from the balance{modified(mods)}"
        case tree.Take(amount=amount, grain=grain, mods=mods):
            return f"Takes {phrase(amount)} off {_grain(grain)}{modified(mods)}"
        case tree.Price(grain=grain, amount=amount, mods=mods):
            return f"{_grain(grain).capitalize()} costs {phrase(amount)}{modified(mods)}"
        case tree.Charge(amount=amount, label=label):
            return f"Charges {phrase(amount)} as {phrase(label)}"
        case tree.AddFree(count=count, sku=sku):
            return f"Adds {count} {phrase(sku)} for free"
        case tree.Say(text=text):
            return f"Says {phrase(text)}"
        case tree.Accept(amount=amount, where=where, mods=mods, worth=worth, worth_mods=more):
            return f"Accepts {phrase(amount)}{filtered(where)}{modified(mods)}, worth {phrase(worth)}{modified(more)}"
        case tree.Turn(every_full=full, amount=amount, where=where, into=into, mods=mods):
            each = "every full " if full else ""
            return f"Turns {each}{phrase(amount)}{filtered(where)} into {phrase(into)}{modified(mods)}"
        case tree.Carry(amount=amount, track=track, mods=mods):
            return f"Carries {phrase(amount)} into the next period of {named(track.text)}{modified(mods)}"


def _grain(node: tree.Grain) -> str:
    if node.what == "total":
        return f"the total of {phrase(node.selection)}" if node.selection is not None else "the total"
    picked = f", {pick(node.pick)}" if node.pick is not None else ""
    return f"each {'piece' if node.what == 'unit' else node.what}{filtered(node.where)}{picked}"


# ---- limits, consent, returns ----


def limit(node: tree.Limit) -> str:
    """How often, or how much."""
    if node.times is not None:
        much = "Once" if node.times == 1 else f"At most {node.times:,} times"
    elif node.sets is not None:
        much = f"At most {node.sets:,} sets"
    else:
        much = f"At most {phrase(node.amount)} in all" if node.amount is not None else "At most nothing"
    scopes = " ".join(_scope(each) for each in node.scopes)
    return f"{much} {scopes}".rstrip() + (", or nothing at all" if node.or_nothing else "")


def _scope(scope: tree.Scope) -> str:
    by = f" (by {phrase(scope.by)})" if scope.by is not None else ""
    match scope.what:
        case "in total":
            return f"for all members together{by}"
        case str() as word:
            return f"for each {word}{by}"
        case tree.Path() as path:
            return f"for each {phrase(path).removeprefix('the ')}{by}"
        case when:
            return f"{window(when)}{by}"


def consent(node: tree.Consent) -> str:
    """What a rule goes together with."""
    on = f" on the same {'piece' if node.on == 'unit' else node.on}" if node.on is not None else ""
    if node.what == "these":
        return f"Combines only with {several(map(ref, node.names))}{on}"
    return f"Combines with {node.what}{' else' if node.what == 'nothing' else ''}{on}"


def ref(node: tree.Ref) -> str:
    """A rule, or rules, by name."""
    match node:
        case tree.Text(value=value):
            return f"“{bare(value)}”"
        case tree.Tag(name=name):
            return f"the rules called {named(name.text)}"
        case tree.Name(text=text):
            return named(text)


def on_return(node: tree.OnReturn) -> str:
    """What a return takes back."""
    words = {
        "keep": "When goods come back, nothing of it is taken back",
        "by share": "When goods come back, their share of it is taken back",
        "work out again": "When goods come back, it is worked out again for what is kept",
    }
    short = {
        "off refund": "what is missing then comes off the refund",
        "off balance": "what is missing then comes off the balance",
        "forgiven": "what is missing then is forgiven",
    }
    return words[node.policy] + (f"; {short[node.shortfall]}" if node.shortfall is not None else "")


# ---- periods and lives ----


def span(node: tree.PeriodSpan) -> str:
    """The days of a period."""
    match node:
        case tree.AnnualSpan(first=first, last=last):
            return f"{_day_month(first)} to {_day_month(last)}, every year"
        case tree.DailySpan(start=start, end=end):
            return f"{start.text} until before {end.text}, every day"
        case tree.EverySpan(length=length, anchor=anchor):
            return f"every {phrase(length)} from {phrase(anchor)}"
        case tree.AroundSpan(before=before, after=after, anchor=anchor):
            return f"{phrase(before)} before to {phrase(after)} after {phrase(anchor)}, every year"
        case tree.CalendarOfSpan(unit=unit, anchor=anchor):
            return f"the {unit} of {phrase(anchor)}, every year"
        case tree.MonthDaysSpan(days=days):
            return f"day {several(map(str, days))} of every month"
        case tree.WeekdaysSpan(days=days):
            return f"{several(each.text for each in days)} of every week"
        case tree.OnceSpan(length=length, anchor=anchor):
            return f"{phrase(length)} from {phrase(anchor)}"
        case tree.FixedSpan(dates=fixed):
            return dates(fixed)
        case tree.NamedSpan(name=name):
            return named(name.text)
        case tree.HostSpan():
            return "days that the host gives"


def _day_month(node: tree.DayMonth) -> str:
    return f"{node.day or 'the end of'} {node.month.text}"


def fall(node: tree.Fall) -> str:
    """What follows a tier that ends."""
    match node:
        case tree.Fall(what="tier", tier=tier) if tier is not None:
            return named(tier.text)
        case tree.Fall(what="down", down=down):
            return f"{down} tier{'' if down == 1 else 's'} lower"
        case tree.Fall(down=down):
            return "the tier that is earned then" + (f", but at most {down} lower" if down is not None else "")


def as_written(node: tree.Node) -> str:
    """A construct that has no sentence, as the rule file writes it."""
    return quoted(to_text(node))
