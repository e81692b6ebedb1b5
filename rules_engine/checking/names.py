"""Names and paths: what `night`, `member.birthday`, `base` or `spent_enough` stand for where they are written.

In: a path and its environment. Out: a typed value. The order is line, event, declared; a name that could be two things
is an error, and so is an optional that nothing proves to be present. Whatever is unknown comes with the nearest known
name, or with the events that have the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from rules_engine import ir, tree
from rules_engine.diagnostics import Fix, nearest
from rules_engine.types import (
    COUNT,
    DATE,
    FLAG,
    INSTANT,
    RATE,
    TEXT,
    TIER,
    TIME,
    UNKNOWN,
    Choice,
    Codes,
    ListOf,
    Member,
    Money,
    Tier,
    Type,
    Unit,
    alike,
)

from . import expressions, measures, tables
from .context import Context
from .core import both
from .env import STAGE_WORDS, Env, env_for, owners
from .infos import (
    BrokenInfo,
    DefineInfo,
    EventInfo,
    GroupInfo,
    Info,
    MatchInfo,
    PeriodInfo,
    RuleInfo,
    TableInfo,
    TiersInfo,
    TrackInfo,
    UnitInfo,
)
from .typed import Typed, unknown

BASES = ("list", "catalogue", "net", "paid")
"""Money bases that an evaluated rule may name; `was` and `current` belong to offers."""

OFFER_BASES = ("was", "current")

KIND_WORDS: dict[type[Info], str] = {
    UnitInfo: "a unit",
    TrackInfo: "a track",
    PeriodInfo: "a period",
    DefineInfo: "a define",
    TableInfo: "a table",
    RuleInfo: "a rule",
    MatchInfo: "a match",
    GroupInfo: "a group",
    EventInfo: "an event",
}


def resolve(path: tree.Path, env: Env, expected: Type | None = None) -> Typed:
    """The value of a path; `expected` lets a bare word be a choice or a tier."""
    if len(path.parts) > 1:
        return _dotted(path, env)
    name = path.parts[0]
    word = _value_word(name, env, expected)
    if word is not None:
        return word
    hit = find_field(name, env)
    if hit is not None:
        return read_field(hit, path, env)
    if name.text in owners(env):
        return _own_member(path, env)
    if name.text in (*BASES, *OFFER_BASES) and env.context.find(name.text) is None:
        return measures.basis(name, env)
    if name.text == "tier":
        return tier_read("held", path, env)
    return _declared(name, path, env, expected)


# ---- words that belong to a type ----


def _value_word(name: tree.Name, env: Env, expected: Type | None) -> Typed | None:
    """`room` where one of `room | food` is expected, `Gold` where a tier is."""
    if isinstance(expected, Choice) and name.text in expected.values:
        return Typed(expected, ir.Txt(env.at(name), name.text))
    if isinstance(expected, Tier):
        ladder = env.context.tiers()
        if isinstance(ladder, TiersInfo) and name.text in ladder.rungs:
            return Typed(TIER, ir.Num(env.at(name), ladder.rungs.index(name.text)))
    return None


def rung_of(name: tree.Name, env: Env) -> int | None:
    """The rung of a tier by its name."""
    ladder = env.context.tiers()
    if isinstance(ladder, BrokenInfo):
        env.fail()
        return None
    rungs = ladder.rungs if ladder is not None else ()
    if name.text in rungs:
        return rungs.index(name.text)
    report_unknown("N210", name, env, rungs, values=", ".join(rungs) or "none is declared")
    return None


def unit_type(name: tree.Name, env: Env) -> Unit | None:
    """A declared unit by either of its names; reports anything else."""
    info = env.context.find(name.text)
    if isinstance(info, UnitInfo):
        return type_of_unit(info)
    if isinstance(info, BrokenInfo):
        env.fail()
    elif info is None:
        units = [each for each in env.context.names() if isinstance(env.context.find(each), UnitInfo)]
        report_unknown("N208", name, env, units)
    else:
        wrong_kind(name, info, "a unit", env)
    return None


def type_of_unit(info: UnitInfo) -> Unit:
    """The type of amounts of a unit."""
    return Unit(info.name, info.plural or info.name, info.decimals, info.currency)


# ---- fields ----


class FieldHit(msgspec.Struct, frozen=True):
    """A field that every event at hand has, on its lines (`line`) or on the event."""

    name: str
    field: ir.FieldDef
    line: bool
    optional: bool


def find_field(name: tree.Name, env: Env) -> FieldHit | None:
    """The field of that name on all the events; reports where only some have it, or have it otherwise."""
    found = [(event, _on_event(name.text, event, env.line)) for event in env.events]
    hits = [(event, hit) for event, hit in found if hit is not None]
    if not hits:
        return None
    if len(hits) < len(found):
        missing = next(event for event, hit in found if hit is None)
        env.report("N202", name, name=name.text, event=missing.name, note=f"`{hits[0][0].name}` has it")
        return None if env.muted else _merged(name, [hit for _, hit in hits])
    kinds = {type_of_field(hit[0], env) for _, hit in hits}
    if len(kinds) > 1 and not _mergeable(kinds):
        first, second = hits[0][0].name, hits[-1][0].name
        env.report("N209", name, name=name.text, first=first, second=second)
    return _merged(name, [hit for _, hit in hits])


def _on_event(name: str, event: ir.EventDef, line: bool) -> tuple[ir.FieldDef, bool] | None:
    on_lines = next((each for each in event.lines.fields if each.name == name), None) if event.lines and line else None
    if on_lines is not None:
        return on_lines, True
    field = next((each for each in event.fields if each.name == name), None)
    return None if field is None else (field, False)


def _merged(name: tree.Name, hits: list[tuple[ir.FieldDef, bool]]) -> FieldHit:
    first = hits[0][0]
    if first.kind == "choice":
        values = tuple(dict.fromkeys(value for field, _ in hits for value in field.choices))
        first = msgspec.structs.replace(first, choices=values)
    return FieldHit(name.text, first, any(line for _, line in hits), any(field.optional for field, _ in hits))


def _mergeable(kinds: set[Type]) -> bool:
    return all(isinstance(kind, Choice) for kind in kinds)


def type_of_field(field: ir.FieldDef, env: Env) -> Type:
    """The type of a declared field."""
    match field.kind:
        case "money":
            currency = env.context.currency(field.unit)
            return Money(field.unit, currency.decimals if currency else field.decimals)
        case "unit":
            info = env.context.find(field.unit)
            return type_of_unit(info) if isinstance(info, UnitInfo) else UNKNOWN
        case "choice":
            return Choice(field.choices, field.name)
        case "list":
            return ListOf(type_of_field(field.item, env)) if field.item is not None else UNKNOWN
        case _:
            return SIMPLE[field.kind]


SIMPLE: dict[str, Type] = {
    "text": TEXT,
    "date": DATE,
    "time": TIME,
    "instant": INSTANT,
    "flag": FLAG,
    "count": COUNT,
    "rate": RATE,
    "member": Member(),
    "codes": Codes(),
    "tier": TIER,
}


def read_field(hit: FieldHit, path: tree.Path, env: Env) -> Typed:
    """The read of a field, present or not; reports where it may be absent."""
    if not _allowed(path, env):
        return unknown(env.at(path))
    require(path, hit.optional, env)
    return field_value(hit, path, env)


def field_value(hit: FieldHit, path: tree.Path, env: Env) -> Typed:
    """The read of a field without asking whether it is present."""
    at = env.at(path)
    read: ir.Expr = ir.LineField(at, hit.name) if hit.line else ir.Field(at, hit.name)
    return Typed(type_of_field(hit.field, env), read)


def _allowed(path: tree.Path, env: Env) -> bool:
    """Whether fields and facts may be read at this stage."""
    if env.stage == "life":
        env.report("T320", path, what=path.text, where=STAGE_WORDS["life"], note="a unit's life names only `today`")
        return False
    return True


def require(path: tree.Path, optional: bool, env: Env) -> bool:
    """Report a read of something that may be absent here, with the guard that is missing."""
    key = "member" if path.text in owners(env) else path.text
    if not optional or key in env.proven or (key == "member" and env.owner_known):
        return True
    env.report("T310", path, name=path.text, fix=guard_fix(path.text, env), guard=guard_words(path.text, env))
    return False


def guard_fix(name: str, env: Env) -> Fix | None:
    """The mend that writes `has x and` before the test at hand."""
    if env.guard is None:
        return None
    return Fix(f"write `has {name} and` before it", (env.guard, env.guard), f"has {name} and ")


def guard_words(name: str, env: Env) -> str:
    """The guard as it is written where the read stands."""
    if env.guard is not None:
        return f"has {name} and ..."
    return f"lines where has {name}" if env.line else f"when has {name}"


# ---- the member ----


def _dotted(path: tree.Path, env: Env) -> Typed:
    head, fact = path.parts[0], path.parts[1]
    if len(path.parts) == 2 and head.text == "member":
        return member_fact(path, fact, env)
    if len(path.parts) == 2 and head.text in owners(env):
        near = Fix(f"write `member.{fact.text}`", path.span, f"member.{fact.text}")
        env.report("N207", path, name=path.text, right=f"member.{fact.text}", fix=near)
        return unknown(env.at(path))
    hit = find_field(head, env)
    if hit is not None and hit.field.kind == "member":
        env.not_yet(path, f"a fact of another member, `{path.text}`,")
    elif isinstance(env.context.find(head.text), UnitInfo):
        env.not_yet(path, f"what a unit remembers, `{path.text}`,")
    else:
        env.report("N201", path, name=path.text, note="a dot reads a fact of the member: `member.joined`")
    return unknown(env.at(path))


def member_fact(path: tree.Path, fact: tree.Name, env: Env, *, optional_is_fine: bool = False) -> Typed:
    """`member.x`: a declared fact."""
    at = env.at(path)
    field = env.context.member(fact.text)
    if field is None:
        return _unknown_fact(path, fact, env)
    if not _allowed(path, env):
        return unknown(at)
    if env.guest_possible and not optional_is_fine:
        env.report(
            "T312", path, name=path.text, events=env.event_words(), fix=guard_fix("member", env),
            guard=guard_words("member", env),
        )  # fmt: skip
    elif not optional_is_fine:
        require(path, field.optional, env)
    return Typed(type_of_field(field, env), ir.MemberField(at, fact.text))


def _unknown_fact(path: tree.Path, fact: tree.Name, env: Env) -> Typed:
    if fact.text == "tier":
        env.report("N207", path, name="member.tier", right="tier", fix=Fix("write `tier`", path.span, "tier"))
    elif env.context.member_broken:
        env.fail()
    else:
        report_unknown("N203", fact, env, env.context.members())
    return unknown(env.at(path))


def _own_member(path: tree.Path, env: Env) -> Typed:
    """`member` as a value: the event's own member."""
    at = env.at(path)
    if env.guest_possible:
        env.report("T310", path, name=path.text, fix=guard_fix("member", env), guard=guard_words("member", env))
    names = {event.owner for event in env.events}
    return Typed(Member(), ir.Field(at, names.pop())) if len(names) == 1 else unknown(at)


def tier_read(which: Literal["held", "earned", "matched"], node: tree.Node, env: Env) -> Typed:
    """`tier`, `held tier`, `earned tier`, `matched tier`."""
    ladder = env.context.tiers()
    if ladder is None:
        env.report("N205", node, name="tier", found="not there", wanted="declared: the program has no `tiers`")
    elif isinstance(ladder, BrokenInfo):
        env.fail()
    elif which == "matched" and env.stage != "match":
        env.report("T320", node, what="matched tier", where=STAGE_WORDS[env.stage], note="only a match has one")
    elif which == "earned" and (env.stage not in ("match", "reward") or ladder.from_host):
        note = "tiers come from the host" if ladder.from_host else "it is judged after the event: rewards can read it"
        env.report("T320", node, what="earned tier", where=STAGE_WORDS[env.stage], note=note)
    elif env.stage in ("life", "period"):
        env.report("T320", node, what="tier", where=STAGE_WORDS[env.stage])
    else:
        return Typed(TIER, ir.TierRead(env.at(node), which))
    return unknown(env.at(node))


# ---- declared names ----


def _declared(name: tree.Name, path: tree.Path, env: Env, expected: Type | None) -> Typed:
    info = env.context.find(name.text)
    match info:
        case None:
            return _unknown_name(name, env, expected)
        case BrokenInfo():
            env.fail()
            return unknown(env.at(path))
        case TrackInfo():
            return measures.track_read(info, path, env)
        case DefineInfo():
            return define_value(info, path, env)
        case TableInfo():
            return _table_value(info, path, env)
        case RuleInfo():
            return measures.award_read(info, path, env)
        case _:
            wrong_kind(name, info, "a value", env)
            return unknown(env.at(path))


def define_value(info: DefineInfo, path: tree.Path, env: Env) -> Typed:
    """A define used as a value: its text is read as if it stood here."""
    inner = enter_define(info, path, env)
    if inner is None or info.node is None:
        return unknown(env.at(path))
    return expressions.value(info.node, inner)


def enter_define(info: DefineInfo, path: tree.Path, env: Env) -> Env | None:
    """The environment inside a define's text; None where there is no text or it leads back to itself."""
    if info.node is None:
        env.report("N205", path, name=info.name, found="a list", wanted="a value", note=f"write `x in {info.name}`")
        return None
    if info.name in env.resolving:
        env.report("N213", path, name=info.name)
        return None
    return env.inside(info.name, path)


def _table_value(info: TableInfo, path: tree.Path, env: Env) -> Typed:
    if info.name in env.resolving:
        env.report("N213", path, name=info.name)
        return unknown(env.at(path))
    if info.node is not None:
        return tables.value_table(info.node, env.inside(info.name, path))
    found = imported(info, path, env)
    if found is None:
        return unknown(env.at(path))
    if path.text not in env.proven:
        env.report("T310", path, name=path.text, fix=guard_fix(path.text, env), guard=guard_words(path.text, env))
    return found


def imported(info: TableInfo, path: tree.Path, env: Env) -> Typed | None:
    """The text that an imported table has for the key at hand; absent where it has no such key."""
    if info.key is None:
        return None
    key = resolve(info.key, env.inside(info.name, path))
    if not alike(key.type, TEXT):
        env.report("T318", path, left=f"the key `{info.key.text}`", right="a text")
        return None
    return Typed(TEXT, ir.Imported(env.at(path), info.name, key.expr))


# ---- unknown and wrong ----


def _unknown_name(name: tree.Name, env: Env, expected: Type | None = None) -> Typed:
    text = name.text
    if env.broken:
        env.fail()
    elif env.context.member(text) is not None:
        fix = Fix(f"write `member.{text}`", name.span, f"member.{text}")
        env.report("N207", name, name=text, right=f"member.{text}", fix=fix)
    elif env.use is not None and not _means_something(name, _everywhere(env)):
        env.fail()
    elif not env.line and any(_on_event(text, event, True) for event in env.events):
        fix = Fix(f"write `{text} of lines`", name.span, f"{text} of lines")
        env.report("N211", name, name=text, fix=fix)
    elif isinstance(expected, Choice):
        unknown_value(name, expected, env)
    elif isinstance(expected, Tier):
        rung_of(name, env)
    elif having := _events_with(text, env):
        words = ", ".join(f"`{each}`" for each in having)
        if env.events:
            env.report("N206", name, name=text, events=env.event_words(), having=words)
        else:
            env.report("N217", name, name=text, events=words, where=STAGE_WORDS[env.stage])
    else:
        report_unknown("N201", name, env, known_names(env))
    return unknown(env.at(name))


def _events_with(name: str, env: Env) -> list[str]:
    found = ((each, env.context.event(each)) for each in env.context.events())
    return [each for each, info in found if isinstance(info, EventInfo) and _on_event(name, info.definition, True)]


def known_names(env: Env) -> list[str]:
    """Everything that a bare name could have meant here."""
    fields = [field.name for event in env.events for field in event.fields]
    lines = [field.name for event in env.events if event.lines for field in event.lines.fields]
    bases = BASES if any(event.list_field for event in env.events) else ()
    return [*lines, *fields, *bases, *env.context.names(), *(f"member.{each}" for each in env.context.members())]


def unknown_value(name: tree.Name, kind: Choice, env: Env) -> None:
    """A word that is none of a field's values."""
    report_unknown("N212", name, env, kind.values, field=kind.field, values=", ".join(kind.values))


def report_unknown(code: str, name: tree.Name, env: Env, known: Iterable[str], **data: str) -> None:
    """An unknown name with the nearest known one, as advice and as a mend."""
    near = nearest(name.text, known)
    fix = Fix(f"write `{near}`", name.span, near) if near else None
    note = f"did you mean `{near}`?" if near else ""
    env.report(code, name, fix=fix, labels=(), note=note, name=name.text, **data)


def wrong_kind(name: tree.Name, info: Info, wanted: str, env: Env) -> None:
    """A declared name of another kind than is needed."""
    found = KIND_WORDS.get(type(info), "something else")
    env.report("N205", name, name=name.text, found=found, wanted=wanted, labels=env.context.place(name.text))


# ---- presence ----


def may_lack(path: tree.Path, env: Env) -> bool:
    """Whether a path is an optional field or fact, or a text that is looked up."""
    if len(path.parts) == 2 and path.parts[0].text == "member":
        field = env.context.member(path.parts[1].text)
        return field is not None and field.optional
    if len(path.parts) > 1:
        return False
    hit = find_field(path.parts[0], msgspec.structs.replace(env, muted=True))
    if hit is not None:
        return hit.optional
    info = env.context.find(path.text)
    return isinstance(info, TableInfo) and info.node is None


def has(node: tree.Has, env: Env) -> ir.Expr:
    """`has x`: whether an optional is there."""
    path, at = node.path, env.at(node)
    name = path.parts[0]
    if path.text in owners(env):
        if env.owner_known:
            env.report("T311", node, name=path.text)
        return ir.HasMember(at)
    if len(path.parts) == 2 and name.text == "member":
        return _has_fact(path, env)
    if len(path.parts) > 1:
        resolve(path, env)
        return ir.Flg(at, True)
    hit = find_field(name, env)
    if hit is not None:
        if not hit.optional:
            env.report("T311", node, name=path.text)
            return ir.Flg(at, True)
        return ir.Has(at, field_value(hit, path, env).expr)
    return _has_declared(path, env)


def _has_fact(path: tree.Path, env: Env) -> ir.Expr:
    at = env.at(path)
    field = env.context.member(path.parts[1].text)
    found = member_fact(path, path.parts[1], env, optional_is_fine=True)
    if field is None or isinstance(found.type, type(UNKNOWN)):
        return ir.Flg(at, True)
    if not field.optional and env.owner_known:
        env.report("T311", path, name=path.text)
    there: list[ir.Expr] = [ir.HasMember(at)] if env.guest_possible else []
    return both([*there, ir.Has(at, ir.MemberField(at, field.name))] if field.optional else there, at)


def _has_declared(path: tree.Path, env: Env) -> ir.Expr:
    info = env.context.find(path.text)
    at = env.at(path)
    if isinstance(info, TableInfo) and info.node is None:
        found = imported(info, path, env)
        return ir.Flg(at, True) if found is None else ir.Has(at, found.expr)
    if info is None:
        _unknown_name(path.parts[0], env)
    elif isinstance(info, BrokenInfo):
        env.fail()
    else:
        wrong_kind(path.parts[0], info, "an optional field", env)
    return ir.Flg(at, True)


# ---- defines where they are declared ----


def define_decl(node: tree.DefineDecl, context: Context) -> None:
    """Report the names in a define that mean nothing on any event; whatever depends on the event is checked at its uses."""
    if isinstance(node.value, tree.Column):
        return
    env = env_for(context, tuple(context.events()), "earn", owner_known=True)
    for each in tree.walk(node.value):
        if isinstance(each, tree.Path) and len(each.parts) == 1 and not _means_something(each.parts[0], env):
            report_unknown("N201", each.parts[0], env, known_names(env))


def _everywhere(env: Env) -> Env:
    return env_for(env.context, tuple(env.context.events()), env.stage, owner_known=True)


def _means_something(name: tree.Name, env: Env) -> bool:
    text = name.text
    if text in owners(env) or text in (*BASES, *OFFER_BASES, "tier") or env.context.find(text) is not None:
        return True
    ladder = env.context.tiers()
    if isinstance(ladder, BrokenInfo) or (ladder is not None and text in ladder.rungs):
        return True
    fields = [field for event in env.events for field in event.fields]
    fields += [field for event in env.events if event.lines for field in event.lines.fields]
    facts = [env.context.member(each) for each in env.context.members()]
    return any(
        field.name == text or text in field.choices or (field.item is not None and text in field.item.choices)
        for field in (*fields, *(fact for fact in facts if fact is not None))
    )
