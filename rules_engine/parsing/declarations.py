"""Builders of declarations, clauses and effects: the second half of the table in `building.py`.

A body's clauses arrive in any order. `ORDER` is the one order of a rule, `MATCH_ORDER` that of a match: a clause before its
turn or written twice is refused here, by name, with the mend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rules_engine import tree as t
from rules_engine.diagnostics import nearest
from rules_engine.parsing.refusals import Refusal, whole
from rules_engine.source import Span


class Part(NamedTuple):
    """A clause on its way into its declaration: where it belongs and what it says."""

    slot: str
    span: Span
    value: Any


def _part(slot: str) -> Callable[[Span, Any], Part]:
    return lambda s, value: Part(slot, s, value)


# ---- the header ----


def _currency(_s: Span, name: t.Name, decimals: str | None) -> tuple[t.Name, int | None]:
    if not (len(name.text) == 3 and name.text.isupper()):
        raise Refusal("P116", name.span, {"found": name.text, "upper": name.text.upper()}, _upper(name))
    return name, None if decimals is None else whole(name.span, decimals)


def _upper(name: t.Name) -> tuple[str, Span, str] | None:
    if len(name.text) != 3:
        return None
    return f"write `{name.text.upper()}`", name.span, name.text.upper()


def _leap_day(s: Span, day: str, counts_as: str) -> t.LeapDay:
    if day.split()[0] != "29" or not day.split()[1].startswith("Feb"):
        raise Refusal("P119", s, {"found": day, "expected": "`29 February counts as ...`"})
    date, month = counts_as.split()
    start = s[1] - len(counts_as)
    return t.LeapDay(s, t.DayMonth((start, s[1]), int(date), t.Name((s[1] - len(month), s[1]), month)))


def _split_policy(s: Span, how: str, odd: t.Name, to: str) -> t.SplitPolicy:
    word = next(word for word in ("largest", "first", "last", "running") if word in to)
    return t.SplitPolicy(s, how.removeprefix("split "), odd, word)  # type: ignore[arg-type]


def _tax_rounding(s: Span, mode: str, per: str) -> t.TaxRounding:
    if per == "basket":
        raise Refusal("P119", s, {"found": per, "expected": "`per line` or `per unit`"})
    return t.TaxRounding(s, _mode(mode), per)  # type: ignore[arg-type]


def _mode(text: str) -> t.RoundingMode:
    return text.removeprefix("rounded ")  # type: ignore[return-value]


def _policy(s: Span, choice: Any, per: Any, order: Any) -> t.Policy:
    if isinstance(order, str):
        return t.Policy(s, choice, per, (), False, order.split()[2])  # type: ignore[arg-type]
    return t.Policy(s, choice, per, order or (), order == (), None)


# ---- units, events, tracks ----


def _unit(s: Span, name: t.Name, plural: Any, counts: Any, *clauses: Any) -> t.UnitDecl:
    if isinstance(counts, t.Name) and counts.text in ("pieces", "minutes"):
        counts = counts.text
    joined: list[t.UnitClause] = []
    for clause in clauses:
        last = joined[-1] if joined else None
        if isinstance(clause, t.UnitClauseLasts) and isinstance(last, t.UnitClauseLasts):
            lives = (*last.lives, *clause.lives)
            joined[-1] = t.UnitClauseLasts((last.span[0], clause.span[1]), lives, clause.whichever)
        else:
            joined.append(clause)
    _once([Part(type(clause).__name__, clause.span, clause) for clause in joined], _UNIT_WORDS)
    return t.UnitDecl(s, name, plural, counts, tuple(joined))


_UNIT_WORDS = {
    "Rounded": "rounded",
    "HeldBy": "held by",
    "PendingUntil": "pending until",
    "UseOrder": "use",
    "UnitClauseLasts": "lasts",
    "BalanceFloor": "balance at least",
    "Remembers": "remembers",
}


def _event(s: Span, name: t.Name, dated: t.Name, owner: t.Name, key: t.Name, *rest: Any) -> t.EventDecl:
    marks = [x for x in rest[:-1] if isinstance(x, Part)]
    _once(marks, {"offers": "priced by offers", "returnable": "returnable"})
    offers = [x for x in marks if x.slot == "offers"]
    unit = offers[0].value if offers else None
    fields = tuple(x for x in rest[:-1] if isinstance(x, t.FieldDecl))
    returnable = any(x.slot == "returnable" for x in marks)
    return t.EventDecl(s, name, dated, owner, key, bool(offers), unit, returnable, fields, rest[-1])


def _field(s: Span, name: t.Name, kind: t.TypeRef, optional: Any, bounds: Any, role: Any) -> t.FieldDecl:
    low, high = bounds or (None, None)
    return t.FieldDecl(s, name, kind, optional is not None, low, high, role)


def _bounds(_s: Span, *parts: Any) -> tuple[Any, Any]:
    return (None, parts[0]) if len(parts) == 1 else (parts[1], parts[2])


_ROLES = ("id", "quantity", "list", "was", "floor", "shipping", "household")


def _role(_s: Span, name: t.Name) -> str:
    if name.text not in _ROLES:
        near = nearest(name.text, _ROLES)
        fix = (f"write `{near}`", name.span, near) if near else None
        raise Refusal("P117", name.span, {"found": name.text}, fix)
    return name.text


def _list_type(s: Span, count: str, name: t.Name) -> t.TypeRef:
    return t.TypeRef(s, None, (), t.TypeRef(name.span, name, (), None, None), whole(s, count))


def _track(s: Span, name: t.Name, was: Any, fold: Any, *rest: Any) -> t.TrackDecl:
    *bys, on, per, by, household = rest
    key, keys_max = None, None
    for names, most in bys:
        if most is not None:
            key, keys_max = names[0], most
        elif isinstance(fold, t.SumOf) and isinstance(fold.measure, t.FlowOf) and not fold.measure.rules:
            flow = fold.measure
            rules = tuple(path.parts[0] for path in names)
            measure = t.FlowOf((flow.span[0], names[-1].span[1]), flow.which, flow.unit, rules)
            fold = t.SumOf((fold.span[0], measure.span[1]), measure)
        else:
            raise Refusal("P114", names[0].span, {"key": names[0].text})
    sources, where = on or ((), None)
    return t.TrackDecl(s, name, was, fold, key, keys_max, sources, where, per, by, household is not None)


def _sources(sources: tuple[Any, ...], settled: t.Duration | None) -> tuple[Any, ...]:
    """`settled after` stands once, behind all sources, and holds for every scheduled one."""
    if settled is None:
        return sources
    return tuple(
        t.EdgeSource((x.span[0], settled.span[1]), x.edge, x.period, settled) if isinstance(x, t.EdgeSource) else x
        for x in sources
    )


# ---- tiers and groups ----


def _rung(s: Span, name: t.Name, condition: Any, *parts: Part) -> t.RungDecl:
    if condition is None:
        return t.RungDecl(s, name, ())
    ways: list[list[Any]] = [[condition, None, None, condition.span[0], condition.span[1]]]
    for part in parts:
        if part.slot == "or":
            ways.append([part.value, None, None, part.value.span[0], part.value.span[1]])
            continue
        place = 1 if part.slot == "as" else 2
        if ways[-1][place] is not None:
            raise Refusal("P112", part.span, {"clause": part.slot})
        ways[-1][place] = part.value
        ways[-1][4] = part.span[1]
    return t.RungDecl(s, name, tuple(t.Way((w[3], w[4]), w[0], w[1], w[2]) for w in ways))


_TIER_WORDS = ("then", "lasts", "counts", "judged", "every", "when", "or")


def _tiers(s: Span, *parts: Any) -> t.TiersDecl:
    rungs = tuple(x for x in parts if isinstance(x, t.RungDecl))
    for rung in rungs:
        if not rung.ways and rung.name.text in _TIER_WORDS:
            wanted = "a tier's name, or a clause such as `then the earned tier`"
            raise Refusal("P119", rung.span, {"found": rung.name.text, "expected": wanted})
    return t.TiersDecl(s, False, rungs, tuple(x for x in parts if not isinstance(x, t.RungDecl)))


def _tiers_from_host(s: Span, *names: t.Name) -> t.TiersDecl:
    return t.TiersDecl(s, True, tuple(t.RungDecl(name.span, name, ()) for name in names), ())


def _consent(s: Span, what: Any) -> t.Consent:
    return t.Consent(s, what, ()) if isinstance(what, str) else t.Consent(s, "these", what)


# ---- rules and matches ----

ORDER: tuple[str, ...] = (
    "on", "automatic or with", "when", "for each", "effect", "limit", "competes in", "tag", "priority",
    "combines with", "on return",
)  # fmt: skip
MATCH_ORDER = ("on", "when", "matches", "trial", "keep", "lasts", "then", "limit")

_SLOTS: dict[type, str] = {
    **dict.fromkeys((t.Automatic, t.WithCode, t.WithThing), "automatic or with"),
    **dict.fromkeys((t.EachOf, t.EachMark, t.EverySet), "for each"),
    **dict.fromkeys((t.Take, t.Price, t.Charge, t.AddFree, t.Say, t.Accept, t.Give, t.Turn, t.Carry), "effect"),
    t.Limit: "limit",
    t.Consent: "combines with",
    t.Matches: "matches",
    t.TrialFor: "trial",
    t.KeepIf: "keep",
    t.Lasts: "lasts",
    t.Then: "then",
}
_MANY = ("effect", "limit")


def _slots(clauses: tuple[Any, ...], order: tuple[str, ...]) -> dict[str, list[Any]]:
    """Clauses by slot; refuses the first that is out of order or written twice."""
    found: dict[str, list[Any]] = {slot: [] for slot in order}
    parts = [x if isinstance(x, Part) else Part(_SLOTS[type(x)], x.span, x) for x in clauses]
    for at, part in enumerate(parts):
        late = [x for x in parts[:at] if order.index(x.slot) > order.index(part.slot)]
        if late:
            before = late[0]
            data = {"clause": part.slot, "before": before.slot, "at": f"{before.span[0]}:{part.span[0]}:{part.span[1]}"}
            raise Refusal("P111", part.span, data)
        if found[part.slot] and part.slot not in _MANY:
            raise Refusal("P112", part.span, {"clause": part.slot})
        found[part.slot].append(part.value)
    return found


def _once(parts: list[Part], words: dict[str, str]) -> None:
    seen: set[str] = set()
    for part in parts:
        if part.slot in seen:
            raise Refusal("P112", part.span, {"clause": words[part.slot]})
        seen.add(part.slot)


def _one(found: list[Any]) -> Any:
    return found[0] if found else None


def _rule(s: Span, kind: Any, title: t.Text, name: Any, was: Any, *clauses: Any) -> t.RuleDecl:
    found = _slots(clauses, ORDER)
    on, dates = _one(found["on"]) or ((), None)
    return t.RuleDecl(
        s,
        kind,
        title,
        name,
        was,
        on,
        dates,
        _one(found["automatic or with"]),
        _one(found["when"]),
        _one(found["for each"]),
        tuple(found["effect"]),
        tuple(found["limit"]),
        _one(found["competes in"]),
        _one(found["tag"]),
        _one(found["priority"]),
        _one(found["combines with"]),
        _one(found["on return"]),
    )


def _match(s: Span, title: t.Text, name: Any, was: Any, *clauses: Any) -> t.MatchDecl:
    found = _slots(clauses, MATCH_ORDER)
    on, dates = _one(found["on"]) or ((), None)
    middle = [_one(found[slot]) for slot in ("when", "matches", "trial", "keep", "lasts", "then")]
    return t.MatchDecl(s, title, name, was, on, dates, *middle, tuple(found["limit"]))


def _accept(s: Span, amount: Any, where: Any, *rest: Any) -> t.Accept:
    *mods, worth, worth_mods = rest
    return t.Accept(s, amount, where, tuple(mods), worth, worth_mods)


def _give_each_line(s: Span, verb: Any, amount: Any, each_line: t.OfEachLine, mods: Any) -> t.Give:
    return t.Give(s, verb, amount, (each_line, *mods))


def _turn(s: Span, full: Any, amount: Any, where: Any, into: Any, mods: Any) -> t.Turn:
    return t.Turn(s, full is not None, amount, where, into, mods)


def _limit_once(s: Span, _once_word: str, *rest: Any) -> t.Limit:
    return t.Limit(s, 1, None, None, rest[:-1], rest[-1] is not None)


def _limit_times(s: Span, count: str, what: str, *rest: Any) -> t.Limit:
    times, sets = (whole(s, count), None) if what == "times" else (None, whole(s, count))
    return t.Limit(s, times, sets, None, rest[:-1], rest[-1] is not None)


def _limit_amount(s: Span, amount: Any, *rest: Any) -> t.Limit:
    if isinstance(amount, t.Number):
        end = amount.span[1]
        raise Refusal("P120", amount.span, {"found": amount.text}, ("write `times`", (end, end), " times"))
    return t.Limit(s, None, None, amount, rest[:-1], rest[-1] is not None)


def _scope_path(s: Span, path: Any, by: Any) -> t.Scope:
    text = path.text if isinstance(path, t.Path) else ""
    return t.Scope(s, text if text in ("member", "household", "line") else path, by)  # type: ignore[arg-type]


def _grain(s: Span, what: Any, where: Any) -> t.Grain:
    return t.Grain(s, what, where, None, None)


def _grain_picked(s: Span, grain: t.Grain, pick: Any) -> t.Grain:
    return t.Grain(s, grain.what, grain.where, pick, None)


def _price_picked(s: Span, grain: t.Grain, pick: Any, amount: Any, mods: Any) -> t.Price:
    return t.Price(s, _grain_picked((grain.span[0], pick.span[1]), grain, pick), amount, mods)


def _set_of(s: Span, head: str, *rest: Any) -> t.SetOf:
    per = head.split()[2] if " per " in head else None
    return t.SetOf(s, per, rest[:-1], rest[-1] is not None)  # type: ignore[arg-type]


def _set_part(s: Span, count: str, _units: str, where: Any, order: Any, effect: Any) -> t.SetPart:
    return t.SetPart(s, whole(s, count), where, order, effect)


# ---- tests ----


def _event_step(s: Span, event: t.Name, *rest: Any) -> t.EventStep:
    *fields, cells = rest
    columns, rows = _line_rows(cells) if cells is not None else ((), ())
    return t.EventStep(s, event, tuple(fields), columns, rows)


def _line_rows(cells: tuple[Any, ...]) -> tuple[tuple[t.Name, ...], tuple[t.LineRow, ...]]:
    """The first row names the fields and ends at an empty place; each further row has as many cells and one end."""
    width = next((at for at, (_, value) in enumerate(cells) if value is None), len(cells))
    columns = []
    for span, value in cells[:width]:
        columns.append(_column(span, value, width))
    rows = []
    for at in range(width + 1, len(cells), width + 1):
        row = cells[at : at + width + 1]
        if len(row) != width + 1 or row[-1][1] is not None:
            raise Refusal("P115", (row[0][0][0], row[-1][0][1]), {"found": "this row", "width": str(width)})
        rows.append(t.LineRow((row[0][0][0], row[-1][0][1]), tuple(value for _, value in row[:-1])))
    return tuple(columns), tuple(rows)


def _column(span: Span, value: Any, width: int) -> t.Name:
    """A field's name in the first row; a few names are words of their own elsewhere."""
    if isinstance(value, t.Path) and len(value.parts) == 1:
        return value.parts[0]
    if isinstance(value, t.Flag):
        return t.Name(value.span, "yes" if value.value else "no")
    if isinstance(value, t.Today | t.Each | t.Mark | t.Rung):
        return t.Name(value.span, type(value).__name__.lower())
    raise Refusal("P115", span, {"found": "this cell", "width": str(width)})


def _test(s: Span, title: t.Text, *parts: Any) -> t.TestDecl:
    steps = tuple(x for x in parts if isinstance(x, t.Step))
    return t.TestDecl(s, title, tuple(x for x in parts if not isinstance(x, t.Step)), steps)


def _test_step(s: Span, act: Any, *rest: Any) -> t.Step:
    return t.Step(s, act, rest[:-1], rest[-1] is not None)


def _expect_rule(s: Span, rule: Any, value: Any) -> t.Expectation:
    if isinstance(rule, t.Name) and rule.text == "net":
        return t.ExpectNet(s, value)
    if isinstance(rule, t.Name) and rule.text == "tier" and isinstance(value, t.Path) and len(value.parts) == 1:
        return t.ExpectTier(s, value.parts[0])
    return t.ExpectRule(s, rule, value, None)


BUILDERS: dict[str, Callable[..., Any]] = {
    # the header
    "language": lambda s, version: t.Language(s, whole(s, version)),
    "use": t.Use,
    "program": lambda s, title, *settings: t.Program(s, title, settings),
    "currencies": lambda s, *parts: t.Currencies(s, parts[:-1], _mode(parts[-1])),
    "currency": _currency,
    "zone": t.Zone,
    "week_start": t.WeekStart,
    "leap_day": _leap_day,
    "prices": lambda s, word: t.Prices(s, word == "include"),
    "tax_rounding": _tax_rounding,
    "split_policy": _split_policy,
    "terms": t.Terms,
    "returns_policy": t.ReturnsPolicy,
    "stacking": lambda s, *rows: t.Stacking(s, rows),
    "stage_row": t.StageRow,
    "policy": _policy,
    "of_codes": lambda _s: (),
    "by_priority": lambda _s, text: text,
    "refs": lambda _s, *refs: refs,
    "tag": t.Tag,
    # definitions
    "period": lambda s, name, span, *excepts: t.PeriodDecl(s, name, span, excepts),
    "host_period": lambda s, name: t.PeriodDecl(s, name, t.HostSpan((s[1] - 4, s[1])), ()),
    "define": t.DefineDecl,
    "define_column": lambda s, name, column, file: t.DefineDecl(
        s, name, t.Column((column.span[0], s[1]), column, file)
    ),
    "table": lambda s, name, table: t.TableDecl(s, name, table, None, None),
    "table_file": lambda s, name, key, file: t.TableDecl(s, name, None, key, file),
    # units, events, members, tracks
    "unit": _unit,
    "plural": lambda _s, name: name,
    "counts_decimals": lambda s, count: whole(s, count),
    "rounded": lambda s, text: t.Rounded(s, _mode(text)),
    "held_by": lambda s, who, apart: t.HeldBy(s, who, apart is not None),
    "pending_until": t.PendingUntil,
    "use_order": lambda s, text: t.UseOrder(s, text.removeprefix("use ")),
    "unit_lasts": lambda s, life, which: t.UnitClauseLasts(s, (life,), which.split()[-1] if which else None),
    "balance_floor": t.BalanceFloor,
    "remembers": lambda s, *fields: t.Remembers(s, fields),
    "event": _event,
    "priced_by_offers": lambda s: Part("offers", s, None),
    "priced_in": _part("offers"),
    "returnable": lambda s: Part("returnable", s, None),
    "lines": lambda s, low, high, *fields: t.LinesDecl(s, whole(s, low), whole(s, high), fields),
    "member": lambda s, *fields: t.MemberDecl(s, fields),
    "field": _field,
    "optional": lambda _s: True,
    "bounds": _bounds,
    "role": _role,
    "role_list_each": lambda _s: "list each",
    "role_tax_rate": lambda _s: "tax rate",
    "named_type": lambda s, name: t.TypeRef(s, name, (), None, None),
    "list_type": _list_type,
    "choice_type": lambda s, *choices: t.TypeRef(s, None, choices, None, None),
    "track": _track,
    "was": lambda _s, text: text,
    "count_events": lambda s: t.CountOf(s, None, None),
    "track_by": lambda _s, *parts: (parts[:-1], parts[-1]),
    "track_keys": whole,
    "track_on": lambda _s, sources, settled, where: (_sources(sources, settled), where),
    "settled": lambda _s, length: length,
    "of_household": lambda _s: True,
    "sources": lambda _s, *sources: sources,
    "event_source": t.EventSource,
    "edge_source": lambda s, edge, period: t.EdgeSource(s, edge.split()[0], period, None),
    "any_event": t.AnyEvent,
    # tiers, groups, holdouts
    "tiers": _tiers,
    "tiers_from_host": _tiers_from_host,
    "rung": _rung,
    "way_name": _part("as"),
    "way_lasts": _part("lasts"),
    "way_or": _part("or"),
    "every_tier_needs": t.EveryTierNeeds,
    "judged_always": lambda s: t.Judged(s, None),
    "judged_on": t.Judged,
    "counts_next": lambda s: t.Counts(s, False),
    "counts_at_once": lambda s: t.Counts(s, True),
    "lasts": t.Lasts,
    "then_earned": lambda s, down: t.Then(s, t.Fall(s, "earned", None if down is None else whole(s, down), None)),
    "then_down": lambda s, count: t.Then(s, t.Fall(s, "down", whole(s, count), None)),
    "then_rung": lambda s, name: t.Then(s, t.Fall(s, "tier", None, name)),
    "group": lambda s, name, policy, *clauses: t.GroupDecl(s, name, policy, clauses),
    "shares_claims": t.SharesClaims,
    "at_most_rules": lambda s, count: t.AtMostRules(s, whole(s, count)),
    "exclusive_first": t.ExclusiveFirst,
    "consent": _consent,
    "holdout": lambda s, percent, salt, rules: t.HoldoutDecl(s, percent, salt, None, rules),
    "holdout_where": lambda s, where, rules: t.HoldoutDecl(s, None, None, where, rules),
    # rules and matches
    "match": _match,
    "as_name": lambda _s, name: name,
    "matches": t.Matches,
    "trial_for": t.TrialFor,
    "keep_if": lambda s, text, condition: t.KeepIf(s, text.split()[1], condition),
    "rule": _rule,
    "on": lambda s, sources, settled, dates: Part("on", s, (_sources(sources, settled), dates)),
    "when_clause": _part("when"),
    "automatic": t.Automatic,
    "with_code": t.WithCode,
    "with_thing": t.WithThing,
    "each_of": t.EachOf,
    "each_mark": lambda s, track, *marks: t.EachMark(s, track, marks),
    "every_set": lambda s, one: t.EverySet(s, None, one),
    "once_for": lambda s, one: t.EverySet(s, 1, one),
    "up_to_sets": lambda s, count, one: t.EverySet(s, whole(s, count), one),
    "set_of": _set_of,
    "set_part": _set_part,
    "group_name": _part("competes in"),
    "tag_clause": _part("tag"),
    "priority": lambda s, number: Part("priority", s, whole(s, number)),
    "on_return": _part("on return"),
    "returned": t.OnReturn,
    # effects and limits
    "take": t.Take,
    "price": t.Price,
    "price_picked": _price_picked,
    "charge": t.Charge,
    "add_free": lambda s, count, sku: t.AddFree(s, whole(s, count), sku),
    "say": t.Say,
    "accept": _accept,
    "give": t.Give,
    "give_each_line": _give_each_line,
    "of_each_line": t.OfEachLine,
    "turn": _turn,
    "carry": t.Carry,
    "grain_plain": _grain,
    "grain_picked": _grain_picked,
    "grain_total": lambda s, selection: t.Grain(s, "total", None, None, selection),
    "mods": lambda _s, *mods: mods,
    "up_to": t.UpTo,
    "never_below": t.NeverBelow,
    "never_beyond": t.NeverBeyond,
    "only_from": t.OnlyFrom,
    "in_steps": t.InSteps,
    "split_how": lambda s, text: t.SplitHow(s, text.removeprefix("split "), ()),
    "split_into": lambda s, rows: t.SplitHow(s, "into", rows),
    "lasting": t.Lasting,
    "to_whom": t.ToWhom,
    "in_unit": t.InUnit,
    "with_fact": t.WithFact,
    "or_nothing": lambda s, _text: t.OrNothing(s),
    "order": lambda s, text: t.Ordered(s, text.split()[0], None),
    "sorted_by": lambda s, path: t.Ordered(s, "sorted", path),
    "limit_once": _limit_once,
    "limit_times": _limit_times,
    "limit_amount": _limit_amount,
    "scope_path": _scope_path,
    "scope_when": t.Scope,
    "scope_total": lambda s: t.Scope(s, "in total", None),
    # tests
    "test": _test,
    "test_step": _test_step,
    "given_member": lambda s, who, *facts: t.GivenMember(s, who, facts),
    "given_track": t.GivenTrack,
    "given_balance": t.GivenBalance,
    "field_value": t.FieldValue,
    "field_tier": lambda s, name, tier, _until, date: t.FieldValue(
        s, name, t.TierUntil((tier.span[0], date.span[1]), tier, date)
    ),
    "value_list": lambda s, *items: t.ListOf(s, items),
    "event_step": _event_step,
    "on_date": t.OnDate,
    "cells": lambda _s, *cells: cells,
    "cell_value": lambda s, value: (s, value),
    "expect_rule": _expect_rule,
    "expect_status": lambda s, rule, status: t.ExpectRule(s, rule, None, status),
    "expect_balance": t.ExpectBalance,
    "expect_track": t.ExpectTrack,
    "expect_refused": t.ExpectRefused,
}
