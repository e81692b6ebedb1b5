"""People: the member of an event, other members that it names, and facts of theirs.

In: `member`, `member.birthday`, `callee.plan`, `has callee.plan` and their environment. Out: typed values. The facts of
another member are read behind `has` where the event may come without that member; what may be absent is asked for.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.checking import lots, names, unknowns
from rules_engine.checking.core import both
from rules_engine.checking.env import Env, owners
from rules_engine.checking.infos import UnitInfo
from rules_engine.checking.typed import Typed, unknown
from rules_engine.diagnostics import Fix
from rules_engine.types import Member, Unknown


def dotted(path: tree.Path, env: Env) -> Typed:
    """A name with a dot: a fact of the member or of another one, what a lot remembers."""
    head, fact = path.parts[0], path.parts[1]
    if len(path.parts) == 2 and head.text == "member":
        return member_fact(path, fact, env)
    if len(path.parts) == 2 and head.text in owners(env):
        near = Fix(f"write `member.{fact.text}`", path.span, f"member.{fact.text}")
        env.report("N207", path, name=path.text, right=f"member.{fact.text}", fix=near)
        return unknown(env.at(path))
    hit = names.find_field(head, env)
    info = env.context.find(head.text)
    if hit is not None and hit.field.kind == "member" and len(path.parts) == 2:
        return person_fact(hit, path, env)
    if isinstance(info, UnitInfo) and len(path.parts) == 2:
        return lots.lot_field(path, info, env)
    if env.scheduled and env.context.is_field(head.text):
        env.report("T380", path, name=path.text, event=env.scheduled)
    else:
        env.report("N201", path, name=path.text, note="a dot reads a fact of the member: `member.joined`")
    return unknown(env.at(path))


def of_lot(name: tree.Name, path: tree.Path, env: Env) -> Typed | None:
    """What the lot at hand remembers, by its bare name where no field has it."""
    info = env.context.find(env.lot)
    if not isinstance(info, UnitInfo) or name.text not in (*(each.name for each in info.remembers), lots.SOURCE):
        return None
    return lots.lot_field(tree.Path(path.span, (tree.Name(name.span, info.name), name)), info, env)


# ---- other people ----


def person_fact(hit: names.FieldHit, path: tree.Path, env: Env, *, optional_is_fine: bool = False) -> Typed:
    """`callee.plan`: a declared fact of the member that a field of the event names. The member must be there."""
    at, (head, fact) = env.at(path), path.parts
    if hit.line:
        env.report("T381", path, name=head.text)
        return unknown(at)
    field = env.context.member(fact.text)
    if field is None:
        return _unknown_fact(path, fact, env)
    if not names.allowed(path, env):
        return unknown(at)
    if not optional_is_fine:
        present = names.require(tree.Path(head.span, (head,)), hit.optional, env)
        if present:
            names.require(path, field.optional, env)
    return Typed(names.type_of_field(field, env), ir.PersonField(at, head.text, fact.text))


def has_fact_of(hit: names.FieldHit, path: tree.Path, env: Env) -> ir.Expr:
    """`has callee.circle`: whether the other member is there and has the fact."""
    at, (head, fact) = env.at(path), path.parts
    found = person_fact(hit, path, env, optional_is_fine=True)
    field = env.context.member(fact.text)
    if field is None or isinstance(found.type, Unknown):
        return ir.Flg(at, True)
    asked = hit.optional and head.text not in env.proven
    if not field.optional and not asked:
        env.report("T311", path, name=path.text)
    there: list[ir.Expr] = [ir.Has(at, ir.Field(at, head.text))] if asked else []
    return both([*there, ir.Has(at, found.expr)] if field.optional else there, at)


def member_fact(path: tree.Path, fact: tree.Name, env: Env, *, optional_is_fine: bool = False) -> Typed:
    """`member.x`: a declared fact."""
    at = env.at(path)
    field = env.context.member(fact.text)
    if field is None:
        return _unknown_fact(path, fact, env)
    if not names.allowed(path, env):
        return unknown(at)
    if env.guest_possible and not optional_is_fine:
        env.report(
            "T312", path, name=path.text, events=env.event_words(), fix=names.guard_fix("member", env),
            guard=names.guard_words("member", env),
        )  # fmt: skip
    elif not optional_is_fine:
        names.require(path, field.optional, env)
    return Typed(names.type_of_field(field, env), ir.MemberField(at, fact.text))


def _unknown_fact(path: tree.Path, fact: tree.Name, env: Env) -> Typed:
    if path.text == "member.tier":
        fix = Fix("write `tier`", path.span, "tier")
        env.report("N203", fact, name="tier", fix=fix, note="a tier is read without `member`: write `tier`")
    elif env.context.member_broken:
        env.fail()
    else:
        unknowns.report_unknown("N203", fact, env, env.context.members())
    return unknown(env.at(path))


def own_member(path: tree.Path, env: Env) -> Typed:
    """`member` as a value: the event's own member."""
    at = env.at(path)
    if env.scheduled:
        env.report("T380", path, name=path.text, event=env.scheduled)
        return unknown(at)
    if env.guest_possible:
        fix, guard = names.guard_fix("member", env), names.guard_words("member", env)
        env.report("T310", path, name=path.text, fix=fix, guard=guard)
    fields = {event.owner for event in env.events}
    return Typed(Member(), ir.Field(at, fields.pop())) if len(fields) == 1 else unknown(at)


def has_fact(path: tree.Path, env: Env) -> ir.Expr:
    """`has member.birthday`: whether there is a member who has the fact."""
    at = env.at(path)
    field = env.context.member(path.parts[1].text)
    found = member_fact(path, path.parts[1], env, optional_is_fine=True)
    if field is None or isinstance(found.type, Unknown):
        return ir.Flg(at, True)
    if not field.optional and env.owner_known:
        env.report("T311", path, name=path.text)
    there: list[ir.Expr] = [ir.HasMember(at)] if env.guest_possible else []
    return both([*there, ir.Has(at, ir.MemberField(at, field.name))] if field.optional else there, at)
