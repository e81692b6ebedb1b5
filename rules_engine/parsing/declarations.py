"""Builders of declarations other than rules, matches and tests: the second part of the table in `building.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules_engine import tree as t
from rules_engine.diagnostics import nearest
from rules_engine.parsing.refusals import Part, RefusalError, clause, once, twice, whole
from rules_engine.source import Span

# ---- the header ----


def _currency(_s: Span, name: t.Name, decimals: str | None) -> tuple[t.Name, int | None]:
    if not (len(name.text) == 3 and name.text.isupper()):
        raise RefusalError("P116", name.span, {"found": name.text, "upper": name.text.upper()}, _upper(name))
    return name, None if decimals is None else whole(name.span, decimals)


def _upper(name: t.Name) -> tuple[str, Span, str] | None:
    if len(name.text) != 3:
        return None
    return f"write `{name.text.upper()}`", name.span, name.text.upper()


def _leap_day(s: Span, day: str, counts_as: str) -> t.LeapDay:
    if day.split()[0] != "29" or not day.split()[1].startswith("Feb"):
        raise RefusalError("P119", s, {"found": day, "expected": "`29 February counts as ...`"})
    date, month = counts_as.split()
    start = s[1] - len(counts_as)
    return t.LeapDay(s, t.DayMonth((start, s[1]), int(date), t.Name((s[1] - len(month), s[1]), month)))


def _split_policy(s: Span, how: str, odd: t.Name, to: str) -> t.SplitPolicy:
    if how.endswith("with tax"):
        raise RefusalError(
            "P119", s, {"found": how, "expected": "`split in proportion`; `with tax` stands at an effect"}
        )
    rounded = to.endswith("after rounding")
    word = "last rounded" if rounded else next(x for x in ("largest", "first", "last", "running") if x in to)
    return t.SplitPolicy(s, how.removeprefix("split "), odd, word)  # type: ignore[arg-type]


def _tax_rounding(s: Span, mode: str, per: str) -> t.TaxRounding:
    if per == "basket":
        raise RefusalError("P119", s, {"found": per, "expected": "`per line` or `per unit`"})
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
    for one in clauses:
        last = joined[-1] if joined else None
        if isinstance(one, t.UnitClauseLasts) and isinstance(last, t.UnitClauseLasts):
            lives = (*last.lives, *one.lives)
            joined[-1] = t.UnitClauseLasts((last.span[0], one.span[1]), lives, one.whichever)
        else:
            joined.append(one)
    once([Part(type(x).__name__, x.span, x) for x in joined], _UNIT_WORDS)
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
    once(marks, {"offers": "priced by offers", "returnable": "returnable"})
    offers = [x for x in marks if x.slot == "offers"]
    unit = offers[0].value if offers else None
    fields = tuple(x for x in rest[:-1] if isinstance(x, t.FieldDecl))
    returnable = any(x.slot == "returnable" for x in marks)
    return t.EventDecl(s, name, dated, owner, key, bool(offers), unit, returnable, fields, rest[-1])


def _field(s: Span, name: t.Name, kind: t.TypeRef, optional: Any, bounds: Any, role: Any) -> t.FieldDecl:
    low, highs = bounds or (None, (None,))
    return t.FieldDecl(s, name, kind, optional is not None, low, highs[0], highs[1:], role)


def _bounds(_s: Span, *parts: Any) -> tuple[Any, Any]:
    return (None, parts[0]) if len(parts) == 1 else (parts[1], parts[2])


_ROLES = ("id", "quantity", "list", "was", "floor", "shipping", "household")


def _role(_s: Span, name: t.Name) -> str:
    if name.text not in _ROLES:
        near = nearest(name.text, _ROLES)
        fix = (f"write `{near}`", name.span, near) if near else None
        raise RefusalError("P117", name.span, {"found": name.text}, fix)
    return name.text


def _list_type(s: Span, count: str, name: t.Name) -> t.TypeRef:
    return t.TypeRef(s, None, (), t.TypeRef(name.span, name, (), None, None), whole(s, count))


def _track(s: Span, name: t.Name, was: Any, fold: Any, keys_max: Any, *rest: Any) -> t.TrackDecl:
    *bys, on, per, by, household = rest
    key = None
    for names, most in bys:
        if most is not None:
            key, keys_max = names[0], most
        elif isinstance(fold, t.SumOf) and isinstance(fold.measure, t.FlowOf) and not fold.measure.rules:
            flow = fold.measure
            rules = tuple(path.parts[0] for path in names)
            measure = t.FlowOf((flow.span[0], names[-1].span[1]), flow.which, flow.unit, rules)
            fold = t.SumOf((fold.span[0], measure.span[1]), measure)
        else:
            raise RefusalError("P114", names[0].span, {"key": names[0].text})
    sources, where = on or ((), None)
    return t.TrackDecl(s, name, was, fold, key, keys_max, sources, where, per, by, household is not None)


def sources_of(sources: tuple[Any, ...], settled: t.Duration | None) -> tuple[Any, ...]:
    """`settled after` stands once, behind all sources, and holds for every scheduled one."""
    if settled is None:
        return sources
    if not any(isinstance(x, t.EdgeSource) for x in sources):
        raise RefusalError("P124", settled.span, {}, ("leave it out", (sources[-1].span[1], settled.span[1]), ""))
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
            raise RefusalError("P112", part.span, twice(part.slot))
        ways[-1][place] = part.value
        ways[-1][4] = part.span[1]
    return t.RungDecl(s, name, tuple(t.Way((w[3], w[4]), w[0], w[1], w[2]) for w in ways))


_TIER_WORDS = ("then", "lasts", "counts", "judged", "every", "when", "or")


def _tiers(s: Span, *parts: Any) -> t.TiersDecl:
    rungs = tuple(x for x in parts if isinstance(x, t.RungDecl))
    for rung in rungs:
        if not rung.ways and rung.name.text in _TIER_WORDS:
            wanted = "a tier's name, or a clause such as `then the earned tier`"
            raise RefusalError("P119", rung.span, {"found": rung.name.text, "expected": wanted})
    return t.TiersDecl(s, False, rungs, tuple(x for x in parts if not isinstance(x, t.RungDecl)))


def _tiers_from_host(s: Span, *names: t.Name) -> t.TiersDecl:
    return t.TiersDecl(s, True, tuple(t.RungDecl(name.span, name, ()) for name in names), ())


_ALL_OR_NONE = {
    **dict.fromkeys(("all", "any", "anything", "others"), "everything"),
    **dict.fromkeys(("none", "nobody", "no_others"), "nothing"),
}


def _consent(s: Span, what: Any, same: str | None) -> t.Consent:
    if isinstance(what, tuple) and len(what) == 1 and isinstance(what[0], t.Name) and what[0].text in _ALL_OR_NONE:
        word = what[0]
        mend = _ALL_OR_NONE[word.text]
        raise RefusalError("P152", word.span, {"found": word.text, "mend": mend}, (f"write `{mend}`", word.span, mend))
    on: Any = same.split()[-1] if same is not None else None
    return t.Consent(s, "these", what, on) if isinstance(what, tuple) else t.Consent(s, what, (), on)


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
    "priced_in": clause("offers"),
    "returnable": lambda s: Part("returnable", s, None),
    "lines": lambda s, low, high, *fields: t.LinesDecl(s, whole(s, low), whole(s, high), fields),
    "member": lambda s, *fields: t.MemberDecl(s, fields),
    "field": _field,
    "optional": lambda _s: True,
    "bounds": _bounds,
    "highs": lambda _s, *highs: highs,
    "role": _role,
    "role_list_each": lambda _s: "list each",
    "role_tax_rate": lambda _s: "tax rate",
    "role_shipping_tax_rate": lambda _s: "shipping tax rate",
    "named_type": lambda s, name: t.TypeRef(s, name, (), None, None),
    "list_type": _list_type,
    "choice_type": lambda s, *choices: t.TypeRef(s, None, choices, None, None),
    "track": _track,
    "was": lambda _s, text: text,
    "count_events": lambda s: t.CountOf(s, None, None),
    "track_by": lambda _s, *parts: (parts[:-1], parts[-1]),
    "track_keys": whole,
    "track_on": lambda _s, sources, settled, where: (sources_of(sources, settled), where),
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
    "way_name": clause("as"),
    "way_lasts": clause("lasts"),
    "way_or": clause("or"),
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
}
