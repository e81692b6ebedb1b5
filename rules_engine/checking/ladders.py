"""Tiers and status matches: one ladder, and the ways onto it.

In: a `tiers` or a `match` declaration and the context of the check. Out: `ir.TiersDef`, `ir.MatchDef`, or None after an
error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rules_engine import ir, tree
from rules_engine.checking.elaboration import (
    Env,
    condition,
    dates,
    env_for,
    keep,
    life,
    narrowed,
    rung_of,
    rung_table,
    sent,
)
from rules_engine.checking.limits import Owner, limit_defs
from rules_engine.checking.rules import award_reads
from rules_engine.checking.tracks import known_events

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

T = TypeVar("T", bound=tree.TierClause)


def tiers_def(declared: tree.TiersDecl, context: Context) -> ir.TiersDef | None:
    """The ladder, or None after an error."""
    _rung_names(declared, context)
    if declared.from_host:
        return _from_host(declared, context)
    env = env_for(context, (), "tier", owner_known=True)
    matches = context.matches()
    _check_paths(declared, matches, context)
    rungs = tuple(_rung(each, env, context) for each in declared.rungs)
    _no_clause_twice(declared, context)
    needs = _clause(declared, tree.EveryTierNeeds)
    counts, lasts, then = _clause(declared, tree.Counts), _clause(declared, tree.Lasts), _clause(declared, tree.Then)
    if len(rungs) > 1:
        _required(declared, lasts, then, matches, context)
    made = ir.TiersDef(
        False,
        rungs,
        condition(needs.condition, env) if needs else None,
        counts is not None and counts.at_once,
        life(lasts.life, env) if lasts else None,
        fall_def(then.fall, env, context) if then else None,
        _review(_clause(declared, tree.Judged), context),
    )
    return None if context.failed else made


def _rung_names(declared: tree.TiersDecl, context: Context) -> None:
    first: dict[str, tree.RungDecl] = {}
    for each in declared.rungs:
        other = first.setdefault(each.name.text, each)
        if other is not each:
            labels = context.label(other.name, "the other one")
            context.report("N102", each.name, name=each.name.text, what="tiers", labels=labels)


def _from_host(declared: tree.TiersDecl, context: Context) -> ir.TiersDef | None:
    assert not declared.clauses, "the grammar leaves a ladder from the host without clauses"
    rungs = tuple(ir.RungDef(each.name.text, ()) for each in declared.rungs)
    return None if context.failed else ir.TiersDef(True, rungs)


def _check_paths(declared: tree.TiersDecl, matches: list[tree.MatchDecl] | None, context: Context) -> None:
    """Everyone has the first rung; to each other one leads a path of its own, or some match gives it."""
    first, *others = declared.rungs
    if first.ways:
        context.report("M192", first.ways[0], name=first.name.text)
    given: set[str] = set().union(*map(_given, matches or ()))
    for each in others:
        if not each.ways and matches is not None and each.name.text not in given:
            context.report("M193", each.name, name=each.name.text)


def _given(match: tree.MatchDecl) -> set[str]:
    """The rungs that the rows of a match name; one that keeps the highest tier met gives those of its `keep` too."""
    graded = match.keep is not None and match.keep.what == "highest"
    kept = _named(match.keep.condition) if match.keep is not None and graded else set()
    return kept | (_named(match.matches.table) if match.matches is not None else set())


def _named(table: tree.Node | None) -> set[str]:
    """The names that rows of a table, and of tables in its rows, give or look up by."""
    if isinstance(table, tree.Path):
        return {table.text}
    if isinstance(table, tree.OneOfCell):
        return set().union(*map(_named, table.values))
    if not isinstance(table, tree.TableBy):
        return set()
    return set().union(*(_named(each) for row in table.rows for each in (*row.cells, row.value)))


def _rung(declared: tree.RungDecl, env: Env, context: Context) -> ir.RungDef:
    name = declared.name.text
    ways: dict[str, ir.WayDef] = {}
    for each in declared.ways:
        way = _way(each, env)
        if way.name in ways:
            context.report("M194", each.name or each, tier=name)
        ways.setdefault(way.name, way)
    return ir.RungDef(name, tuple(ways.values()))


def _way(declared: tree.Way, env: Env) -> ir.WayDef:
    own = life(declared.lasts, env) if declared.lasts is not None else None
    needs = not isinstance(declared.lasts, tree.Forever)
    return ir.WayDef(condition(declared.condition, env), declared.name.text if declared.name else "", own, needs)


def _clause(declared: tree.TiersDecl, kind: type[T]) -> T | None:
    return next((each for each in declared.clauses if isinstance(each, kind)), None)


def _no_clause_twice(declared: tree.TiersDecl, context: Context) -> None:
    first: dict[type, tree.TierClause] = {}
    for each in declared.clauses:
        other = first.setdefault(type(each), each)
        if other is not each:
            context.report("M160", each, what="this clause", labels=context.label(other, "the first one"))


def _required(
    declared: tree.TiersDecl,
    lasts: tree.Lasts | None,
    then: tree.Then | None,
    matches: list[tree.MatchDecl] | None,
    context: Context,
) -> None:
    """How long a tier lasts must be said, and what follows where one ends. What a match gives says both there; the
    tier that its `then` falls to lasts as the ladder says."""
    ways = [way for rung in declared.rungs for way in rung.ways]
    lives = [way.lasts or (lasts.life if lasts else None) for way in ways]
    fallen = any(match.then is not None and match.then.fall.what != "earned" for match in matches or ())
    end = declared.span[1] - 1
    here = declared.rungs[0].name
    if lasts is None and (fallen or any(way.lasts is None for way in ways)):
        fix = context.insert(
            "let tiers last until the end of next calendar year", end, "  lasts until end of next calendar year "
        )
        context.report("M195", here, clause="lasts", why="how long a tier is held", fix=fix)
    if then is None and any(not isinstance(each, tree.Forever) for each in (*lives, *((lasts.life,) if lasts else ()))):
        fix = context.insert("fall to the earned tier", end, "  then the earned tier ")
        context.report("M195", here, clause="then", why="what follows when a tier ends", fix=fix)


def _review(judged: tree.Judged | None, context: Context) -> str:
    match judged:
        case None | tree.Judged(on=None):
            return ""
        case tree.Judged(on=tree.EdgeSource(edge="end", period=period, settled=None)):
            used = context.when(period)
            return used.name if used else ""
        case _:
            mend = "write `judged on end of calendar year`, or leave it out: then tiers are judged after every event"
            context.never("judging tiers on anything but the end of a period", mend, judged)
            return ""


def fall_def(fall: tree.Fall, env: Env, context: Context) -> ir.FallDef:
    """What follows a holding that ends."""
    if fall.down == 0:
        context.report("M196", fall)
    rung = rung_of(fall.tier, env) if fall.tier is not None else None
    return ir.FallDef(fall.what, fall.down, rung)


# ---- matches ----


def match_def(declared: tree.MatchDecl, context: Context) -> ir.MatchDef | None:
    """The match, or None after an error."""
    if context.tiers() is None:
        context.report("M144", declared.title)
        return None
    events = known_events(declared.on, context)
    before = env_for(context, events, "match")
    sent(declared.title, "a match", before)
    when = condition(declared.when, before) if declared.when is not None else None
    env = narrowed(before, declared.when)
    if not _complete(declared, context):
        return None
    assert declared.matches is not None, "a complete match"
    assert declared.trial is not None, "a complete match"
    assert declared.keep is not None, "a complete match"
    assert declared.lasts is not None, "a complete match"
    assert declared.then is not None, "a complete match"
    table = rung_table(declared.matches.table, env)
    later = env_for(context, events, "match", owner_known=True)
    graded, kept = keep(declared.keep, later)
    lasts = life(declared.lasts.life, later)
    key = declared.name.text if declared.name else declared.title.value
    made = ir.MatchDef(
        key,
        declared.title.value,
        declared.was.value if declared.was else "",
        events,
        dates(declared.dates, env) if declared.dates is not None else None,
        when,
        table,
        rung_of(declared.matches.up_to, env) if declared.matches.up_to is not None else None,
        life(declared.trial.life, env),
        graded,
        kept,
        lasts,
        fall_def(declared.then.fall, later, context),
        limit_defs(declared.limits, Owner(key, frozenset(), False, (declared.when,)), context, env),
        tuple(sorted({node.name for node in ir.records((kept, lasts)) if isinstance(node, ir.Field)})),
        context.at(declared),
    )
    award_reads((when, table, kept, lasts), declared, context)
    return None if context.failed else made


def _complete(declared: tree.MatchDecl, context: Context) -> bool:
    """Every clause of a match must be there: none has a default."""
    clauses = {
        "matches": declared.matches,
        "trial": declared.trial,
        "keep": declared.keep,
        "lasts": declared.lasts,
        "then": declared.then,
    }
    missing = [name for name, clause in clauses.items() if clause is None]
    for name in missing:
        context.report("M197", declared.title, title=declared.title.value, clause=name)
    return not missing
