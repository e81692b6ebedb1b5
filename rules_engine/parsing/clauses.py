"""Builders of rules, matches, their clauses and effects, and of tests: the last part of the table in `building.py`.

A body's clauses arrive in any order. `ORDER` is the one order of a rule, `MATCH_ORDER` that of a match: a clause
before its turn or written twice is refused here, by name, with the mend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules_engine import tree as t
from rules_engine.parsing.declarations import sources_of
from rules_engine.parsing.refusals import Part, RefusalError, clause, twice, whole
from rules_engine.source import Span

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
            raise RefusalError("P111", part.span, data)
        if found[part.slot] and part.slot not in _MANY:
            raise RefusalError("P112", part.span, twice(part.slot))
        found[part.slot].append(part.value)
    return found


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
    when, matches, trial, keep, lasts, then = (_one(found[slot]) for slot in MATCH_ORDER[1:7])
    limits = tuple(found["limit"])
    return t.MatchDecl(s, title, name, was, on, dates, when, matches, trial, keep, lasts, then, limits)


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
        raise RefusalError("P120", amount.span, {"found": amount.text}, ("write `times`", (end, end), " times"))
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


def _price_total(s: Span, over: t.Selection, amount: Any, mods: Any) -> t.Price:
    return t.Price(s, t.Grain(over.span, "total", None, None, over), amount, mods)


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
            raise RefusalError("P115", (row[0][0][0], row[-1][0][1]), {"found": "this row", "width": str(width)})
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
    raise RefusalError("P115", span, {"found": "this cell", "width": str(width)})


def _test(s: Span, title: t.Text, *parts: Any) -> t.TestDecl:
    steps = tuple(x for x in parts if isinstance(x, t.Step))
    return t.TestDecl(s, title, tuple(x for x in parts if not isinstance(x, t.Step)), steps)


def _test_step(s: Span, act: Any, *rest: Any) -> t.Step:
    return t.Step(s, act, rest[:-1], rest[-1] is not None)


PRICE_WORDS = ("net", "shipping", "charges", "tax", "total", "paid", "refund", "shortfall")
"""In an expectation these words mean money of the event; a rule that is called so is meant by its title."""


def _expect_rule(s: Span, rule: Any, value: Any, place: Any) -> t.Expectation:
    word = rule.text if isinstance(rule, t.Name) else ""
    if word in PRICE_WORDS and place is None:
        return t.ExpectPrice(s, word, value)  # type: ignore[arg-type]
    if word in ("gift", "code") and isinstance(value, t.Text):
        mend = f'gift 1 "{value.value}"' if word == "gift" else f'code "{value.value}" applied'
        raise RefusalError("P147", s, {"found": f'{word} "{value.value}"', "mend": mend}, (f"write `{mend}`", s, mend))
    if word == "tier" and isinstance(value, t.Path) and len(value.parts) == 1 and place is None:
        return t.ExpectTier(s, value.parts[0])
    if isinstance(value, t.Path) and value.text == "applied" and place is None:
        return t.ExpectRule(s, rule, None, None, "applied")
    return t.ExpectRule(s, rule, value, place, None)


def _given_used(s: Span, rule: Any, used: Any, code: Any, person: Any) -> t.GivenUsed:
    if isinstance(used, t.Number):
        data, end = {"found": used.text, "mend": f"{used.text} times"}, used.span[1]
        raise RefusalError("P147", used.span, data, ("write `times`", (end, end), " times"))
    times, amount = (used, None) if isinstance(used, int) else (None, used)
    return t.GivenUsed(s, rule, times, amount, code, person)


def _used_times(s: Span, count: str, word: str) -> int:
    if word != "times":
        raise RefusalError("P119", s, {"found": f"{count} {word}", "expected": f"`{count} times`"})
    return whole(s, count)


def _returned_pieces(s: Span, count: str, line: t.Text) -> t.Returned:
    return t.Returned(s, whole(s, count), line)


BUILDERS: dict[str, Callable[..., Any]] = {
    # rules and matches
    "match": _match,
    "as_name": lambda _s, name: name,
    "matches": t.Matches,
    "trial_for": t.TrialFor,
    "keep_if": lambda s, text, condition: t.KeepIf(s, text.split()[1], condition),
    "rule": _rule,
    "on": lambda s, sources, settled, dates: Part("on", s, (sources_of(sources, settled), dates)),
    "when_clause": clause("when"),
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
    "group_name": clause("competes in"),
    "tag_clause": clause("tag"),
    "priority": lambda s, number: Part("priority", s, whole(s, number)),
    "on_return": clause("on return"),
    "returned": t.OnReturn,
    # effects and limits
    "take": t.Take,
    "price": t.Price,
    "price_picked": _price_picked,
    "price_total": _price_total,
    "charge": t.Charge,
    "add_free": lambda s, count, what: t.AddFree(s, whole(s, count), what),
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
    "order": lambda s, text: t.Ordered(s, text.split()[0], None, False),
    "sorted_by": lambda s, path, highest: t.Ordered(s, "sorted", path, highest is not None),
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
    "given_mods": lambda _s, *mods: mods,
    "lot_from": t.LotFrom,
    "lot_earned": t.LotEarned,
    "of_person": lambda _s, who: who,
    "given_used": _given_used,
    "used_once": lambda _s, _word: 1,
    "used_times": _used_times,
    "field_value": t.FieldValue,
    "field_tier": lambda s, name, tier, _until, date: t.FieldValue(
        s, name, t.TierUntil((tier.span[0], date.span[1]), tier, date)
    ),
    "value_list": lambda s, *items: t.ListOf(s, tuple(item for item in items if item is not None)),
    "event_step": _event_step,
    "on_date": t.OnDate,
    "return_step": lambda s, *items: t.ReturnStep(s, items),
    "return_all": lambda s, _word: t.ReturnStep(s, ()),
    "returned_pieces": _returned_pieces,
    "returned_line": lambda s, line: t.Returned(s, None, line),
    "returned_shipping": lambda s: t.Returned(s, None, None),
    "cells": lambda _s, *cells: cells,
    "cell_value": lambda s, value: (s, value),
    "expect_rule": _expect_rule,
    "expect_status": lambda s, rule, status: t.ExpectRule(s, rule, None, None, status),
    "on_line": lambda s, line: t.OnPart(s, line, None),
    "on_unit": lambda s, number, line: t.OnPart(s, line, whole(s, number)),
    "on_shipping": lambda s: t.OnPart(s, None, None),
    "expect_line": t.ExpectLine,
    "expect_gift": lambda s, count, sku: t.ExpectGift(s, whole(s, count), sku),
    "expect_code": lambda s, code: t.ExpectCode(s, code, True, None),
    "expect_code_refused": lambda s, code, because: t.ExpectCode(s, code, False, because),
    "expect_takes": t.ExpectTakes,
    "expect_balance": lambda s, unit, pending, who, value: t.ExpectBalance(s, unit, pending is not None, who, value),
    "expect_track": t.ExpectTrack,
    "expect_track_absent": lambda s, track, key, who: t.ExpectTrack(s, track, key, who, None),
    "expect_refused": t.ExpectRefused,
}
