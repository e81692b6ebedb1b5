"""Names and paths: what `night`, `member.birthday`, `base` or `spent_enough` stand for where they are written.

In: a path and its environment. Out: a typed value. The order is line, event, declared; a name that could be two
things is an error, and so is an optional that nothing proves to be present. Whatever is unknown comes with the
nearest known name, or with the events that have the field.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rules_engine import ir, tree
from rules_engine.checking import bases, expressions, keyed, lots, measures, people, tables, unknowns
from rules_engine.checking.env import STAGE_WORDS, Env, owners
from rules_engine.checking.infos import (
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
from rules_engine.checking.typed import Typed, unknown
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
        return people.dotted(path, env)
    name = path.parts[0]
    word = _value_word(name, env, expected) or keyed.key_read(name, env)
    if word is not None:
        return word
    if bases.is_base(name, env):
        return bases.basis(name, env)
    hit = find_field(name, env)
    if hit is not None:
        return read_field(hit, path, env)
    if env.lot and (lot := people.of_lot(name, path, env)) is not None:
        return lot
    if name.text in owners(env):
        return people.own_member(path, env)
    if name.text == bases.CURRENCY and env.context.find(name.text) is None:
        return bases.currency(name, env)
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
    unknowns.report_unknown("N210", name, env, rungs, values=", ".join(rungs) or "none is declared")
    return None


_CURRENCY_WORDS = {
    **dict.fromkeys(("pound", "pounds", "quid", "sterling"), ("GBP",)),
    **dict.fromkeys(("euro", "euros"), ("EUR",)),
    **dict.fromkeys(("dollar", "dollars"), ("USD", "AUD", "CAD", "NZD", "SGD", "HKD")),
    **dict.fromkeys(("yen",), ("JPY",)),
    **dict.fromkeys(("rupee", "rupees"), ("INR",)),
    **dict.fromkeys(("franc", "francs"), ("CHF",)),
}
"""What money is called, and the currencies that are called so."""


def _currency_called(word: str, env: Env) -> str | None:
    """The program's one currency, where a word is what people call it."""
    currencies = env.context.header().currencies
    meant = [code for code in currencies if code in _CURRENCY_WORDS.get(word.lower(), ())]
    return meant[0] if len(meant) == 1 else None


def unit_type(name: tree.Name, env: Env, count: str = "") -> Unit | None:
    """A declared unit by either of its names; reports anything else. After a `count` in a path to a tier, it may have
    been meant as the next tier."""
    info = env.context.find(name.text)
    if isinstance(info, UnitInfo):
        return type_of_unit(info)
    if isinstance(info, BrokenInfo):
        env.fail()
    elif info is None:
        units = [each for each in env.context.names() if isinstance(env.context.find(each), UnitInfo)]
        if (code := _currency_called(name.text, env)) is not None:
            fix = Fix(f"write `{code}`", name.span, code)
            env.report(
                "N208", name, name=name.text, fix=fix, note=f"money is written with the currency's code: `{code}`"
            )
        elif count and env.stage == "tier" and not nearest(name.text, units):
            note = f"if `{name.text}` is a tier, put what stands before it in brackets: `when (... {count})`"
            env.report("N208", name, name=name.text, note=note)
        else:
            declared = f"{name.text}, {name.text}s" if not name.text.endswith("s") else name.text
            hint = f"declare it: `unit {declared} {{ rounded down   lasts forever }}`"
            unknowns.report_unknown("N208", name, env, units, hint)
    else:
        unknowns.wrong_kind(name, info, "a unit", env)
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
    found = [(event, on_event(name.text, event, env.line)) for event in env.events]
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


def on_event(name: str, event: ir.EventDef, line: bool) -> tuple[ir.FieldDef, bool] | None:
    """The field of a name, and whether it stands on the lines, which come first where they may be read."""
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
        case "money" if field.bounds:
            return Money("", 0, "", tuple(sorted(each.currency for each in field.bounds)))
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
    if not allowed(path, env):
        return unknown(env.at(path))
    require(path, hit.optional, env)
    return field_value(hit, path, env)


def field_value(hit: FieldHit, path: tree.Path, env: Env) -> Typed:
    """The read of a field without asking whether it is present."""
    at = env.at(path)
    read: ir.Expr = ir.LineField(at, hit.name) if hit.line else ir.Field(at, hit.name)
    return Typed(type_of_field(hit.field, env), read)


def allowed(path: tree.Path, env: Env) -> bool:
    """Whether fields and facts may be read at this stage."""
    if env.stage == "life":
        note = "a unit's life names only `today`; what hangs on the event stands on the rule: `give ..., lasting ...`"
        env.report("T320", path, what=path.text, where=STAGE_WORDS["life"], note=note)
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


# ---- tiers ----


def tier_read(which: Literal["held", "earned", "matched"], node: tree.Node, env: Env) -> Typed:
    """`tier`, `held tier`, `earned tier`, `matched tier`."""
    ladder = env.context.tiers()
    if ladder is None:
        env.report("M144", node)
    elif isinstance(ladder, BrokenInfo):
        env.fail()
    elif which == "matched" and env.stage != "match":
        env.report("T320", node, what="matched tier", where=STAGE_WORDS[env.stage], note="only a match has one")
    elif which == "earned" and (env.stage not in ("match", "reward") or ladder.from_host):
        note = "tiers come from the host" if ladder.from_host else "it is judged after the event: rewards can read it"
        env.report("T320", node, what="earned tier", where=STAGE_WORDS[env.stage], note=note)
    elif env.stage in ("life", "period"):
        life = "it can stand on the rule, where it is the tier at the time: `give ..., lasting by tier { ... }`"
        note = life if env.stage == "life" else ""
        env.report("T320", node, what="tier", where=STAGE_WORDS[env.stage], note=note)
    else:
        return Typed(TIER, ir.TierRead(env.at(node), which))
    return unknown(env.at(node))


# ---- declared names ----


def _declared(name: tree.Name, path: tree.Path, env: Env, expected: Type | None) -> Typed:
    info = env.context.find(name.text)
    match info:
        case None:
            return unknowns.unknown_name(name, env, expected)
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
            unknowns.wrong_kind(name, info, "a value", env)
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
    return env.inside(info.name, path) if _may_enter(info.name, path, env) else None


def _may_enter(name: str, path: tree.Path, env: Env) -> bool:
    """Whether the text of a name may be read here: not in a circle, and not too many times."""
    if name in env.resolving:
        env.report("N213", path, name=name)
    elif env.too_deep and ("deep",) not in env.memo:
        env.memo[("deep",)] = True
        env.report("N220", path, name=name)
    return name not in env.resolving and not env.too_deep


def _table_value(info: TableInfo, path: tree.Path, env: Env) -> Typed:
    if not _may_enter(info.name, path, env):
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


# ---- presence ----


def may_lack(path: tree.Path, env: Env) -> bool:
    """Whether a path is an optional field or fact, or a text that is looked up."""
    if len(path.parts) == 2 and path.parts[0].text == "member":
        field = env.context.member(path.parts[1].text)
        return field is not None and field.optional
    hit = find_field(path.parts[0], msgspec.structs.replace(env, muted=True))
    if len(path.parts) > 1:
        field = env.context.member(path.parts[1].text)
        return hit is not None and hit.field.kind == "member" and field is not None and field.optional
    if hit is not None:
        return hit.optional
    info = env.context.find(path.text)
    if isinstance(info, TrackInfo):
        return info.kind in measures.DAYS
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
        return people.has_fact(path, env)
    hit = find_field(name, env)
    if len(path.parts) == 2 and hit is not None and hit.field.kind == "member" and name.text not in owners(env):
        return people.has_fact_of(hit, path, env)
    unit = env.context.find(name.text)
    if len(path.parts) == 2 and isinstance(unit, UnitInfo):
        return lots.has_lot_field(path, unit, env)
    if len(path.parts) > 1:
        resolve(path, env)
        return ir.Flg(at, True)
    if hit is not None:
        if not hit.optional:
            env.report("T311", node, name=path.text)
            return ir.Flg(at, True)
        return ir.Has(at, field_value(hit, path, env).expr)
    return _has_declared(path, env)


def _has_declared(path: tree.Path, env: Env) -> ir.Expr:
    info = env.context.find(path.text)
    at = env.at(path)
    if isinstance(info, TableInfo) and info.node is None:
        found = imported(info, path, env)
        return ir.Flg(at, True) if found is None else ir.Has(at, found.expr)
    if isinstance(info, TrackInfo) and info.kind in measures.DAYS:
        return ir.Has(at, measures.track_read(info, path, env.with_proven(frozenset({path.text}))).expr)
    if info is None:
        unknowns.unknown_name(path.parts[0], env)
    elif isinstance(info, BrokenInfo):
        env.fail()
    else:
        unknowns.wrong_kind(path.parts[0], info, "an optional field", env)
    return ir.Flg(at, True)
