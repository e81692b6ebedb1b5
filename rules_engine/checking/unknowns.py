"""Names that mean nothing where they stand, and what was probably meant.

In: a name and its environment. Out: one finding: the nearest known name, the events that have the field, `member.x`
for a fact, `x of lines` for a field of the lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import tree
from rules_engine.checking import bases, monies, names
from rules_engine.checking.context import Context
from rules_engine.checking.env import STAGE_WORDS, Env, env_for, owners
from rules_engine.checking.infos import BrokenInfo, EventInfo, Info, TiersInfo, UnitInfo
from rules_engine.checking.typed import Typed, unknown
from rules_engine.diagnostics import Fix, nearest
from rules_engine.types import Choice, Text, Tier, Type, Unit

FLAGS = {"true": "yes", "false": "no"}
"""What other languages call a flag's values."""


def unknown_name(name: tree.Name, env: Env, expected: Type | None = None) -> Typed:
    """Report a name that is not known, with the nearest that is."""
    text = name.text
    if env.broken:
        env.fail()
    elif env.scheduled and _events_with(text, env):
        env.report("T380", name, name=text, event=env.scheduled)
    elif env.context.member(text) is not None:
        fix = Fix(f"write `member.{text}`", name.span, f"member.{text}")
        env.report("N207", name, name=text, right=f"member.{text}", fix=fix)
    elif env.use is not None and not _means_something(name, _everywhere(env)):
        env.fail()
    elif not env.line and any(names.on_event(text, event, True) for event in env.events):
        _of_the_lines(name, env)
    elif isinstance(expected, Choice):
        unknown_value(name, expected, env)
    elif isinstance(expected, Tier):
        names.rung_of(name, env)
    elif having := _events_with(text, env):
        words = ", ".join(f"`{each}`" for each in having)
        if env.events:
            env.report("N206", name, name=text, events=env.event_words(), having=words)
        else:
            env.report("N217", name, name=text, events=words, where=STAGE_WORDS[env.stage])
    elif text.lower() in FLAGS:
        meant = FLAGS[text.lower()]
        env.report(
            "N201", name, name=text, fix=Fix(f"write `{meant}`", name.span, meant), note="a flag is `yes` or `no`"
        )
    else:
        hint = _meant(name, expected, env)
        report_unknown("N201", name, env, () if hint else known_names(env), hint)
    return unknown(env.at(name))


_SUMMED = ("count", "money", "unit", "rate")
"""The kinds of fields of which the lines have a sum."""


def _of_the_lines(name: tree.Name, env: Env) -> None:
    """A field of the lines where no line is at hand: its sum, or for what has none the lines that it chooses."""
    text = name.text
    hits = (names.on_event(text, event, True) for event in env.events)
    field = next(hit[0] for hit in hits if hit is not None)
    if field.kind in _SUMMED:
        fix = Fix(f"write `{text} of lines`", name.span, f"{text} of lines")
        mend = f"write `{text} of lines` for the sum over the lines, or read it in a `where`"
        env.report("N211", name, name=text, mend=mend, fix=fix)
        return
    match field.kind:
        case "flag":
            where = text
        case "choice":
            where = f"{text} is {field.choices[0]}"
        case "text":
            where = f'{text} is "..."'
        case _:
            where = f"{text} is ..."
    lines = f"lines where {where}"
    mend = f"it chooses lines: ask `count of ({lines}) >= 1`, or give on their amount, `net of {lines}`"
    env.report("N211", name, name=text, mend=mend)


_TIME_WORDS = {
    **dict.fromkeys(
        ("weekday", "weekdays", "workday", "workdays"), "Monday, Tuesday, Wednesday, Thursday, Friday of every week"
    ),
    **dict.fromkeys(("weekend", "weekends"), "Saturday, Sunday of every week"),
    **dict.fromkeys(("time", "now", "hour", "hours", "time_of_day"), "06:00 to 11:00 every day"),
    **{
        form: f"{day} of every week"
        for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        for form in (day, day.lower(), f"{day}s", f"{day.lower()}s")
    },
}
"""Words for a day of the week or a time of day, and the period that is meant."""


def _period_meant(word: str, env: Env) -> str:
    """How to ask for a day of the week or a time of day: a period has a name."""
    if word not in _TIME_WORDS:
        return ""
    declared = next((each for each in (word.lower(), f"{word.lower()}s") if env.context.find(each) is not None), "")
    if declared:
        return f"ask `today in {declared}`"
    called = "mornings" if "every day" in _TIME_WORDS[word] else word.lower()
    return f"declare a period, `period {called} = {_TIME_WORDS[word]}`, and ask `today in {called}`"


def _meant(name: tree.Name, expected: Type | None, env: Env) -> str:
    """What a first word alone stands for: `balance`, which is of a unit; a word for a time; a text without quotes."""
    if period := _period_meant(name.text, env):
        return period
    if isinstance(expected, Text) and not nearest(name.text, known_names(env)):
        return f'a text stands in quotes: `"{name.text}"`'
    if name.text != "balance":
        return _another_value(name, env)
    unit = expected.plural if isinstance(expected, Unit) else next(iter(env.context.units()), "")
    return f"write `balance of {unit}`" if unit else ""


def _another_value(name: tree.Name, env: Env) -> str:
    """`tier is Silver or Gold`: several values of one thing are a list."""
    ladder = env.context.tiers()
    if isinstance(ladder, TiersInfo) and name.text in ladder.rungs:
        other = next((each for each in ladder.rungs if each != name.text), "")
        listed = f"`tier in ({other}, {name.text})`"
        return f"a tier is compared with `tier`: `tier is {name.text}`, or one of several: {listed}"
    for event in env.events:
        for field in event.fields:
            if name.text in field.choices:
                other = next((each for each in field.choices if each != name.text), "")
                listed = f"`{field.name} in ({other}, {name.text})`"
                return f"it is a value of `{field.name}`: `{field.name} is {name.text}`, or one of several: {listed}"
    return ""


def _events_with(name: str, env: Env) -> list[str]:
    found = ((each, env.context.event(each)) for each in env.context.events())
    return [each for each, info in found if isinstance(info, EventInfo) and names.on_event(name, info.definition, True)]


def known_names(env: Env) -> list[str]:
    """Everything that a bare name could have meant here."""
    fields = [field.name for event in env.events for field in event.fields]
    lines = [field.name for event in env.events if event.lines for field in event.lines.fields]
    known = (*bases.BASES, *bases.OFFER_BASES) if env.stage == "offer" else bases.BASES
    money = (*known, bases.CURRENCY) if any(map(monies.price_names, env.events)) else ()
    return [*lines, *fields, *money, *env.context.names(), *(f"member.{each}" for each in env.context.members())]


def unknown_value(name: tree.Name, kind: Choice, env: Env) -> None:
    """A word that is none of a field's values."""
    report_unknown("N212", name, env, kind.values, field=kind.field, values=", ".join(kind.values))


def report_unknown(code: str, name: tree.Name, env: Env, known: Iterable[str], hint: str = "", **data: str) -> None:
    """An unknown name with the nearest known one, as advice and as a mend."""
    near = nearest(name.text, known)
    fix = Fix(f"write `{near}`", name.span, near) if near else None
    note = f"did you mean `{near}`?" if near else hint
    env.report(code, name, fix=fix, labels=(), note=note, name=name.text, **data)


def wrong_kind(name: tree.Name, info: Info, wanted: str, env: Env) -> None:
    """A declared name of another kind than is needed."""
    found = names.KIND_WORDS.get(type(info), "something else")
    note = ""
    if isinstance(info, UnitInfo) and wanted == "a value":
        plural = info.plural or info.name
        fields = [each.name for event in env.events for each in event.fields if each.unit == info.name]
        others = f", `10 {plural}`" + (
            f" or the field `{fields[0]}`" if fields else f" or a field `{plural}_in: {plural}?`"
        )
        note = f"write how many: `balance of {plural}`{others}"
    place = env.context.place(name.text)
    env.report("N205", name, name=name.text, found=found, wanted=wanted, labels=place, note=note)


# ---- defines where they are declared ----


def define_decl(node: tree.DefineDecl, context: Context) -> None:
    """Report the names in a define that mean nothing on any event; what depends on the event is checked at its uses."""
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
    if text in owners(env) or text in (*bases.BASES, *bases.OFFER_BASES, bases.CURRENCY, "tier"):
        return True
    if env.context.find(text) is not None:
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
