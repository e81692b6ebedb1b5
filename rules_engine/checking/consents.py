"""Which offers a text names, who may act beside whom, and what a return takes back.

In: titles, names, groups and tags as written, and the context of the check. Out: rules, `ir.ConsentDef` and
`ir.ReturnDef`. Two rules go together if neither has a list that leaves the other out; a rule's list is its own, else
its group's, which admits its own members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules_engine import ir, tree
from rules_engine.checking.headers import shortfall_fits
from rules_engine.checking.infos import BrokenInfo, EventInfo, GroupInfo, RuleInfo
from rules_engine.codes import CODES
from rules_engine.diagnostics import Fix, nearest

if TYPE_CHECKING:
    from rules_engine.checking.context import Context

OFFERS: dict[tree.RuleKind, ir.Stage] = {
    "catalogue offer": "catalogue",
    "item offer": "item",
    "basket offer": "basket",
    "shipping offer": "shipping",
}
"""The kinds of offers and the stages in which they act."""


def is_offer(rule: RuleInfo) -> bool:
    """Whether a rule is an offer."""
    return rule.kind in OFFERS


def named(ref: tree.Ref, context: Context, *, quiet: bool = False) -> tuple[RuleInfo, ...]:
    """The offers that a title, a name, a group or a tag stands for; anything else is reported."""
    match ref:
        case tree.Tag(name=name):
            found = context.tagged(name.text)
            if not found and not quiet:
                _no_tag(name, context)
        case tree.Name() if isinstance(group := context.find(ref.text), GroupInfo):
            found = context.members_of(group.name)
        case tree.Name() | tree.Text():
            found = _one(ref, context, quiet)
    if not quiet:
        for each in found:
            if not is_offer(each):
                context.report("N104", ref, name=each.title, wanted="an offer")
    return tuple(each for each in found if is_offer(each))


def _one(ref: tree.Name | tree.Text, context: Context, quiet: bool) -> tuple[RuleInfo, ...]:
    found = context.rule(ref)
    if isinstance(found, RuleInfo):
        return (found,)
    if not quiet:
        unnamed(ref, context)
    return ()


def unnamed(ref: tree.Name | tree.Text, context: Context) -> None:
    """Report a title or a name that is neither a rule's nor a group's."""
    found = context.rule(ref)
    if found is None and isinstance(ref, tree.Name):
        found_name = context.find(ref.text)
        if found_name is None:
            context.unknown("rule or group", ref, context.names(RuleInfo, GroupInfo))
        else:
            context.report("N104", ref, name=ref.text, wanted="a rule or a group", labels=context.place(ref.text))
    elif isinstance(found, BrokenInfo):
        context.failed = True
    elif found is None:
        assert isinstance(ref, tree.Text)
        context.unknown_title(ref)
    else:
        context.report("N104", ref, name=ref.text if isinstance(ref, tree.Name) else ref.value, wanted="an offer")


def _no_tag(tag: tree.Name, context: Context) -> None:
    near = nearest(tag.text, context.tags())
    fix = Fix(f"write `{near}`", tag.span, near) if near else None
    note = f"did you mean `{near}`?" if near else "a rule joins a tag by `tag NAME`"
    context.report("N101", tag, what="tag", name=tag.text, fix=fix, note=note)


def group_of(declared: tree.RuleDecl, context: Context) -> str:
    """The group that a rule competes in."""
    name = declared.group
    if name is None:
        return ""
    found = context.find(name.text)
    match found:
        case GroupInfo():
            return found.name
        case BrokenInfo():
            context.failed = True
        case None:
            context.unknown("group", name, context.names(GroupInfo))
        case _:
            context.report("N104", name, name=name.text, wanted="a group", labels=context.place(name.text))
    return ""


# ---- consent ----


def consent_of(declared: tree.RuleDecl, context: Context) -> ir.ConsentDef | None:
    """With whom an offer may act: its own list, else its group's. What is wrong with its own is reported."""
    if declared.consent is None:
        return _of_group(declared, context)
    made = _made(declared.consent, (), context, quiet=False)
    _doubts(declared, declared.consent, context)
    return made


def consent_of_group(consent: tree.Consent, group: str, context: Context) -> None:
    """Report what is wrong with the list of a group; its members read it themselves."""
    _made(consent, context.members_of(group), context, quiet=False)


def _of_group(declared: tree.RuleDecl, context: Context) -> ir.ConsentDef | None:
    if declared.group is None:
        return None
    group = context.find(declared.group.text)
    if not isinstance(group, GroupInfo):
        return None
    written = next((each for each in group.node.clauses if isinstance(each, tree.Consent)), None)
    return None if written is None else _made(written, context.members_of(group.name), context, quiet=True)


def _made(consent: tree.Consent, members: tuple[RuleInfo, ...], context: Context, *, quiet: bool) -> ir.ConsentDef:
    on = consent.on or "basket"
    if consent.what == "everything":
        return ir.ConsentDef(None, on)
    found = [rule for ref in consent.names for rule in named(ref, context, quiet=quiet)]
    return ir.ConsentDef(tuple(sorted({rule.key for rule in (*members, *found)})), on)


def _doubts(declared: tree.RuleDecl, consent: tree.Consent, context: Context) -> None:
    """Warn of a rule in the list that this rule never meets, or that leaves this rule out in turn."""
    own = declared.name.text if declared.name else declared.title.value
    events = {each.name.text for each in declared.on if isinstance(each, tree.EventSource)}
    seen = {own}
    for ref in consent.names:
        for rule in named(ref, context, quiet=True):
            if rule.key in seen:
                continue
            seen.add(rule.key)
            data = {"title": declared.title.value, "other": rule.title}
            if events and rule.events and events.isdisjoint(rule.events):
                warn("M254", ref, context, **data)
                continue
            theirs = consent_of_other(rule, context)
            if theirs is not None and theirs.rules is not None and own not in theirs.rules:
                warn("M253", ref, context, **data)


def consent_of_other(rule: RuleInfo, context: Context) -> ir.ConsentDef | None:
    """The list of another rule, without a word about what is wrong with it."""
    if rule.node.consent is not None:
        return _made(rule.node.consent, (), context, quiet=True)
    return _of_group(rule.node, context)


def excludes_all(rule: RuleInfo) -> bool:
    """Whether a rule combines with nothing on the basket."""
    consent = rule.node.consent
    return consent is not None and consent.what == "nothing" and (consent.on or "basket") == "basket"


def warn(code: str, node: tree.Node, context: Context, **data: str) -> None:
    """A finding that keeps nothing from running."""
    assert CODES[code].severity == "warning"
    failed = context.failed
    context.report(code, node, fix=None, labels=(), note="", **data)
    context.failed = failed


# ---- returns ----


def return_of(declared: tree.RuleDecl, context: Context) -> ir.ReturnDef | None:
    """What a return takes back: the rule's own policy, else the header's; None where no event of it is returned."""
    own = declared.on_return
    if own is not None:
        _fits(own, declared, context)
    info = context.rule(declared.title)
    events = [context.event(name) for name in info.events] if isinstance(info, RuleInfo) else []
    if not any(isinstance(each, EventInfo) and each.definition.returnable for each in events):
        return None
    header = context.header().returns
    if own is None:
        context.need("returns", declared.title)
    written = own or header
    if written is None:
        return None
    match declared.kind:
        case "earn" | "reward":
            return _of_award(written, header, declared, context)
        case "redeem":
            return ir.ReturnDef("keep" if written.policy == "keep" else "by share")
        case _:
            return ir.ReturnDef(written.policy, written.shortfall if written.policy == "work out again" else None)


def _fits(own: tree.OnReturn, declared: tree.RuleDecl, context: Context) -> None:
    """Which words can stand behind a rule's own `on return`."""
    match declared.kind:
        case "earn" | "reward":
            if own.policy == "keep" and own.shortfall is not None:
                context.report("M218", own, policy=own.policy)
        case "redeem":
            if own.policy == "work out again":
                fix = Fix("write `by share`", own.span, "by share")
                context.report("M299", own, policy=own.policy, fix=fix)
            elif own.shortfall is not None:
                context.report("M218", own, policy=own.policy)
        case _:
            shortfall_fits(own, context)


def _of_award(
    written: tree.OnReturn, header: tree.OnReturn | None, declared: tree.RuleDecl, context: Context
) -> ir.ReturnDef:
    """Of what was given some may be spent: the rule, else the header, says what becomes of that."""
    if written.policy == "keep":
        return ir.ReturnDef("keep")
    shortfall = written.shortfall or (header.shortfall if header is not None else None)
    if shortfall is None:
        own = declared.on_return
        fix = None
        if own is not None:
            fix = context.insert("let the balance go below zero", own.span[1], ", shortfall off balance")
        context.report("M298", own or declared.title, title=declared.title.value, fix=fix)
    return ir.ReturnDef(written.policy, shortfall)
