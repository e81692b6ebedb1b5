"""What can be written and is understood, but which no evaluator runs yet: named in the user's words.

In: a declaration. Out: the words, empty if all of it runs, and the node that says so. One place, so that the list can
be read and shrinks.
"""

from __future__ import annotations

from typing import TypeAlias

from rules_engine import tree

Found: TypeAlias = tuple[str, tree.Node]


def words_of(found: Found | None) -> str:
    """The words of a finding, empty if there is none."""
    return found[0] if found else ""


OFFERS = ("catalogue offer", "item offer", "basket offer", "shipping offer")


def of_rule(declared: tree.RuleDecl) -> Found | None:
    """The first thing in a rule that is not evaluated."""
    if declared.kind == "redeem":
        return "a redeem", declared.title
    if declared.kind in OFFERS:
        return _of_offer(declared)
    found = of_sources(declared.on) or _of_trigger(declared) or _of_loop(declared.loop)
    return found or _of_effects(declared.effects) or of_limits(declared.limits) or _of_rest(declared)


def _of_offer(declared: tree.RuleDecl) -> Found | None:
    """The same in an offer, whose effects, sets and consents are evaluated."""
    found = of_sources(declared.on)
    if found is not None:
        return found
    match declared.trigger:
        case tree.WithThing() as trigger:
            return "a presented thing on an offer", trigger
        case _:
            pass
    match declared.loop:
        case tree.EachOf() as loop:
            return "`for each` over lines or keys", loop
        case _:
            return _owned(declared.limits)


def _owned(limits: tuple[tree.Limit, ...]) -> Found | None:
    for limit in limits:
        for scope in limit.scopes:
            if scope.what in ("household", "line"):
                return f"a limit `per {scope.what}`", scope
    return None


def of_sources(sources: tuple[tree.EventRef, ...]) -> Found | None:
    """Scheduled events, and `any event`."""
    for each in sources:
        if isinstance(each, tree.EdgeSource):
            return f"acting on the {each.edge} of a period", each
        if isinstance(each, tree.AnyEvent):
            return "`on any event`", each
    return None


def _of_trigger(declared: tree.RuleDecl) -> Found | None:
    match declared.trigger:
        case None:
            return None
        case tree.Automatic() as trigger:
            return f"`automatic` on {_kind(declared)}", trigger
        case tree.WithCode() as trigger:
            return f"a code on {_kind(declared)}", trigger
        case tree.WithThing() as trigger:
            return f"a presented thing on {_kind(declared)}", trigger


def _kind(declared: tree.RuleDecl) -> str:
    return "an earn" if declared.kind == "earn" else "a reward"


def _of_loop(loop: tree.Loop | None) -> Found | None:
    match loop:
        case tree.EachOf():
            return "`for each` over lines or keys", loop
        case tree.EverySet():
            return "a set", loop
        case _:
            return None


def _of_effects(effects: tuple[tree.Effect, ...]) -> Found | None:
    for each in effects:
        match each:
            case tree.Give(verb="give") | tree.Say():
                continue
            case tree.Give():
                return "`deduct`", each
            case tree.Accept() | tree.Turn() | tree.Carry():
                return f"`{type(each).__name__.lower()}`", each
            case _:
                continue
    return None


def of_limits(limits: tuple[tree.Limit, ...]) -> Found | None:
    """Limits of sets, per line or of a household."""
    for limit in limits:
        if limit.sets is not None:
            return "a limit of sets", limit
        for scope in limit.scopes:
            if scope.what in ("household", "line"):
                return f"a limit `per {scope.what}`", scope
    return None


def _of_rest(declared: tree.RuleDecl) -> Found | None:
    if declared.on_return is not None:
        return "`on return`", declared.on_return
    if declared.priority is not None:
        return "a priority among earns and rewards", declared.title
    if declared.consent is not None:
        return "`combines with` among earns and rewards", declared.consent
    if declared.tag is not None:
        return "a tag", declared.tag
    return None


def of_track(declared: tree.TrackDecl) -> Found | None:
    """The first thing in a track that is not evaluated."""
    if declared.key is not None:
        return "a track by key", declared.key
    if declared.household:
        return "a track of a household", declared.name
    found = of_sources(declared.on)
    if found is not None:
        return found
    match declared.fold:
        case tree.SumOf(measure=tree.FlowOf(which="used")):
            return "a track of units used", declared.fold
        case tree.EdgeDay(which=which):
            return f"a track of the {which} day", declared.fold
        case tree.SumOf(measure=tree.TopOf()) | tree.TopOf():
            return "`top`", declared.fold
        case _:
            return None


def of_event(declared: tree.EventDecl) -> Found | None:
    """Events that are priced in a unit."""
    if declared.priced_in is not None:
        return f"an event priced in `{declared.priced_in.text}`", declared.priced_in
    return None
