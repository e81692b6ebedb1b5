"""What tests say of what people own: balances with their lots, debts, tracks by key, what rules take, and whose it is.

In: nodes of a test, its environment and context. Out: findings only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rules_engine import tree
from rules_engine.checking import folds
from rules_engine.checking.elaboration import award_units, constant
from rules_engine.checking.groups import known_rule
from rules_engine.checking.infos import BrokenInfo, EventInfo, MatchInfo, RuleInfo, TrackInfo, UnitInfo
from rules_engine.checking.literals import single
from rules_engine.diagnostics import did_you_mean
from rules_engine.types import Unknown

if TYPE_CHECKING:
    from rules_engine.checking.context import Context
    from rules_engine.checking.elaboration import Env

# ---- whose ----


def persons(declared: tree.TestDecl, context: Context) -> None:
    """Whoever is asked about must be somebody of this test: given, or named by a fact or an event."""
    known: dict[str, None] = {}
    for node in tree.walk(declared):
        if isinstance(node, tree.FieldValue | tree.LineRow):
            known.update((each.value, None) for each in tree.walk(node) if isinstance(each, tree.Text))
        elif isinstance(node, tree.GivenMember) and node.who is not None:
            known[node.who.value] = None
    for node in tree.walk(declared):
        who = getattr(node, "person", None)
        if isinstance(who, tree.Text) and who.value not in known:
            context.report("X112", who, who=who.value, note=did_you_mean(who.value, known))


# ---- balances and tracks ----


def balance(given: tree.GivenBalance, env: Env, context: Context) -> None:
    """`given balance 300 points, with milestone: 20`; what is owed stands in no lot."""
    unit = context.find(given.value.unit.text) if isinstance(given.value, tree.QuantityLit) else None
    if isinstance(given.value, tree.QuantityLit):
        known(given.value.unit, "unit", (UnitInfo, BrokenInfo), context)
    elif not isinstance(given.value, tree.MoneyLit):
        context.report("X114", given.value)
        return
    if given.value.text.startswith("-") and given.mods:
        context.report("X111", given.mods[0])
        return
    kinds: dict[type, tree.Node] = {}
    for mod in given.mods:
        if isinstance(mod, tree.WithFact):
            _fact(mod, unit, env, context)
            continue
        first = kinds.setdefault(type(mod), mod)
        if first is not mod:
            context.report("M160", mod, what="it", labels=context.label(first, "the first one"))
        if isinstance(mod, tree.LotFrom):
            known_rule(mod.rule, context)


def _fact(mod: tree.WithFact, unit: object, env: Env, context: Context) -> None:
    """What a lot remembers must be what its unit remembers."""
    if not isinstance(unit, UnitInfo):
        return
    field = next((each for each in unit.remembers if each.name == mod.name.text), None)
    if field is None:
        hint = did_you_mean(mod.name.text, [each.name for each in unit.remembers])
        context.report("X110", mod.name, unit=unit.plural or unit.name, name=mod.name.text, note=hint)
    else:
        constant(mod.value, field, env)


def track(said: tree.GivenTrack | tree.ExpectTrack, env: Env, context: Context) -> None:
    """`track usage "grocery" 120.00 GBP`: a key where the track keeps its numbers by key, and only there."""
    known(said.track, "track", (TrackInfo, BrokenInfo), context)
    info = context.find(said.track.text)
    if not isinstance(info, TrackInfo):
        return
    if not info.by_key:
        if said.key is not None:
            context.report("X108", said.key, how=f"`{info.name}` is one number", mend="leave out the key")
    elif said.key is not None:
        kind = folds.key_type(info, env)
        if not isinstance(kind, Unknown):
            single(said.key, kind, env)
    elif isinstance(said, tree.GivenTrack) or said.value is None:
        word = info.node.key.text if info.node.key is not None else "key"
        how = f"`{info.name}` keeps a number for each `{word}`"
        context.report("X108", said.track, how=how, mend=f"say which: `track {info.name} KEY ...`")
    if isinstance(said, tree.ExpectTrack) and said.value is None and info.kind not in ("first day", "last day"):
        context.report("X115", said, name=info.name)


def known(name: tree.Name, what: str, kinds: tuple[type, ...], context: Context) -> None:
    """Report a name that nobody declared, or that is of another kind."""
    found = context.find(name.text)
    if found is None:
        context.unknown(what, name, context.names(*kinds))
    elif not isinstance(found, kinds):
        context.report("N104", name, name=name.text, wanted=f"a {what}", labels=context.place(name.text))


# ---- rules ----


def takes(expected: tree.ExpectTakes, context: Context) -> None:
    """A test expects takings only of a rule that takes something."""
    value = expected.value.value if isinstance(expected.value, tree.Negate) else expected.value
    if isinstance(value, tree.QuantityLit):
        known(value.unit, "unit", (UnitInfo, BrokenInfo), context)
    found = context.rule(expected.rule)
    rule = None if isinstance(found, MatchInfo | BrokenInfo) else known_rule(expected.rule, context)
    if isinstance(found, MatchInfo):
        context.report("X109", expected, title=found.title)
    if rule is not None and not taking(rule.node):
        context.report("X109", expected, title=rule.title)


def taking(rule: tree.RuleDecl) -> bool:
    """Whether a rule takes something."""
    return isinstance(rule.trigger, tree.WithThing) or any(
        isinstance(each, tree.Accept | tree.Turn) or (isinstance(each, tree.Give) and each.verb == "deduct")
        for each in rule.effects
    )


def paid(value: tree.Expr, rule: RuleInfo, context: Context) -> None:
    """What a redeem is worth is money, or the unit that its events are priced in; it may give units too."""
    inner = value.value if isinstance(value, tree.Negate) else value
    if isinstance(inner, tree.MoneyLit | tree.Number):
        return
    if not isinstance(inner, tree.QuantityLit):
        context.report("X105", inner)
        return
    given_by(rule, inner.unit, context, (*priced_in(rule.events, context), *award_units(rule.node, context)))


def priced_in(names: Iterable[str], context: Context) -> tuple[str, ...]:
    """The units in which events are priced."""
    events = [context.event(name) for name in names]
    return tuple(each.definition.priced_unit for each in events if isinstance(each, EventInfo))


def given_by(rule: RuleInfo, name: tree.Name, context: Context, units: tuple[str, ...]) -> None:
    """Report a unit that a rule does not give; where it takes that unit, say how to ask for it."""
    known(name, "unit", (UnitInfo, BrokenInfo), context)
    unit = context.find(name.text)
    if not isinstance(unit, UnitInfo) or rule.refused or unit.name in units:
        return
    if units or taking(rule.node):
        mend = f"write `takes ... {name.text}` of what it takes" if taking(rule.node) else ""
        context.report("X104", name, title=rule.title, unit=name.text, mend=mend)


def happens(expected: tree.ExpectRule | tree.ExpectTakes, step: tree.Step, context: Context) -> None:
    """A rule that acts only on what happens by itself gives nothing where an event is sent."""
    found = context.rule(expected.rule)
    if isinstance(step.act, tree.OnDate) or not isinstance(found, RuleInfo) or not found.node.on:
        return
    if getattr(expected, "value", None) is not None and all(isinstance(on, tree.EdgeSource) for on in found.node.on):
        context.report("X113", expected.rule, title=found.title, events=" and ".join(found.events))
