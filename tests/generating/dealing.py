"""Rules that give, take, turn, carry and accept: earns, redeems and rewards of a program that owns and pays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tests.generating import owned
from tests.generating.larder import Kept, Larder, Ledger, Owned
from tests.generating.made import MODES, Option

DATES = ("from 2027-01-10", "until 2027-11-30", "from 2027-01-01 until 2027-12-31")


def rule(
    larder: Larder, kind: str, at: Kept, name: str, effects: Sequence[str], *, tests: Sequence[str] = (),
    limits: Sequence[str] = (), group: str = "", trigger: str = "", loop: str = "", priority: int | None = None,
) -> None:  # fmt: skip
    """A rule, one clause on a line."""
    made = larder.made
    proven = sorted(at.proven & {"member"}) if larder.guest and at.event == "buy" else []
    found = [f"has {each}" for each in proven] + list(tests)
    if made.chance(40):
        test = owned.condition(larder, at)
        found.append(f"({test})" if found else test)
    dates = f" {made.pick(DATES)}" if made.chance(12) and not at.scheduled else ""
    made.say(
        f'{kind} "{name}" {{',
        f"  on {at.scheduled or at.event}{dates}",
        f"  {trigger}" if trigger else "",
        f"  when {' and '.join(found)}" if found else "",
        f"  {loop}" if loop else "",
        *(f"  {each}" for each in effects),
        '  say "Done"' if made.chance(10) else "",
        *(f"  {each}" for each in limits),
        f"  competes in {group}" if group else "",
        "" if priority is None else f"  priority {priority}",
        _returned(larder, kind, at, effects),
        "}",
    )
    larder.rules.append(f'"{name}"')


def _returned(larder: Larder, kind: str, at: Kept, effects: Sequence[str]) -> str:
    made = larder.made
    if at.event != "buy" or not larder.returnable or not made.chance(40):
        return ""
    if kind == "redeem":
        return f"  on return {made.pick(('by share', 'keep'))}"
    if made.chance(30):
        return "  on return keep"
    how = made.pick(("by share", "work out again"))
    words = set(re.findall(r"\w+", " ".join(effects)))
    named = [unit for unit in larder.units if {unit.name, unit.plural} & words]
    refund = ("off refund",) * 2 if all(larder.has_worth(unit) for unit in named) else ()
    return f"  on return {how}, shortfall {made.pick(('off balance', 'forgiven', *refund))}"


def knowing(larder: Larder, at: Kept) -> Kept:
    """The same with what `when` proves."""
    return replace(at, proven=frozenset({"member"})) if larder.guest and larder.made.chance(70) else at


# ---- clauses


def mods(larder: Larder, at: Kept, unit: Owned, *, give: bool = True) -> str:
    """The modifiers of an amount."""
    made, found = larder.made, list[str]()
    if made.chance(12):
        found.append(f"up to {made.amount(unit, 90, 1)}")
    if made.chance(6):
        found.append(f"only from {made.amount(unit, 9, 1)}")
    if made.chance(8) and not unit.whole:
        found.append(f"in steps of {made.amount(unit, 9, 1)}")
    if give and made.chance(10):
        found.append(f"pending until {made.pick(('3 days after today', 'end of calendar month'))}")
    if give and made.chance(12):
        found.append(f"lasting {made.pick(('for 20 days', 'until end of calendar year', 'forever'))}")
    if give and unit.remembers:
        found += _remembered(larder, at, unit)
    if made.chance(6):
        found.append("or nothing")
    return "".join(f", {each}" for each in found)


def _remembered(larder: Larder, at: Kept, unit: Owned) -> list[str]:
    made = larder.made
    said = larder.told or made.chance(40)
    value = "n" if at.event == "visit" and made.chance(60) else str(made.number(1, 5))
    found = [f"with milestone: {value}"] if said else []
    return found + ([f"with gone: {made.pick(('yes', 'no'))}"] if made.chance(40) else [])


def limits(larder: Larder, at: Kept, units: Sequence[Owned], *, to: str = "", key: str = "") -> list[str]:
    """Limits by times and by amount of every owner."""
    made = larder.made
    scopes = [f"per member per {made.pick(larder.spans)}", "per member", "per member per 30 days"]
    scopes += [f"per household per {made.pick((*larder.spans, 'lifetime'))}"] if larder.pooled else []
    if to:
        scopes = [f"per {to} per {made.pick(('calendar year', 'calendar month', 'lifetime'))}"] * 3 + scopes[:1]
    elif at.event == "visit":
        scopes += [f"per member per what per {made.pick(('calendar year', 'lifetime'))}"]
    if key:
        scopes += [f"per member per {key} per calendar month"]
    found, used = [], set[str]()
    if made.chance(20):
        scope = made.pick(scopes)
        used.add(f"times {scope}")
        found.append(f"at most {made.number(1, 3)} times {scope}")
    for unit in units[:1]:
        if made.chance(30):
            tail = ", or nothing" if made.chance(20) else ""
            found.append(f"at most {made.amount(unit, 90, 1)} {made.pick(scopes)}{tail}")
    if made.chance(5):
        found.append("at most 5 times in total")
    return found


# ---- earns


def earns(larder: Larder) -> None:
    """Two to five earns of what is sent, and one or two at edges of periods."""
    made = larder.made
    base = f"give {made.number(1, 40)} points per {made.money(3, 1)} of {made.pick(('net', 'paid', 'list'))}"
    _base(larder, base)
    for number in range(made.number(1, 4)):
        event = made.pick(("buy", "buy", "visit"))
        at = knowing(larder, Kept("earn", event))
        if event == "buy":
            form = made.pick((_earn, _earn, _earn, _to_friend, _split, _split, _each_shop))
        else:
            form = made.pick((_earn, _earn, _to_friend, _several))
        form(larder, at, number)


def _base(larder: Larder, base: str) -> None:
    """An earn that fills the purse, so that there is something to take: points, and some of what can be paid with."""
    made, at = larder.made, knowing(larder, Kept("earn", "buy"))
    units = {unit.name: unit for unit in (*larder.offered.values(), *larder.things.values())}
    ours = [unit for unit in units.values() if unit.name != "point" and made.chance(60)]
    gifts = [
        f"give {made.number(1, 3) if unit.whole else made.number(5, 90)} {unit.plural}"
        + "".join(f", {each}" for each in (_remembered(larder, at, unit) if unit.remembers else []))
        for unit in ours
    ]
    guard = "  when has member" if larder.guest and "member" in at.proven else ""
    made.say('earn "Base" {', "  on buy", guard, f"  {base}", *(f"  {each}" for each in gifts), "}")
    larder.rules.append('"Base"')


def _earn(larder: Larder, at: Kept, number: int) -> None:
    made = larder.made
    units = [larder.unit(whole=True) for _ in range(2 if made.chance(15) else 1)]
    trigger = made.pick(('with code "A1"', 'with code "X"')) if at.event == "buy" and made.chance(8) else ""
    effects = [f"give {owned.given(larder, at, unit)}{mods(larder, at, unit)}" for unit in units]
    rule(larder, "earn", at, f"Earn {number}", effects, limits=limits(larder, at, units), trigger=trigger)


def _to_friend(larder: Larder, at: Kept, number: int) -> None:
    unit = larder.unit(whole=True)
    effects = [f"give {owned.given(larder, at, unit)}{mods(larder, at, unit)}, to friend"]
    found = limits(larder, at, [unit], to="friend")
    rule(larder, "earn", at, f"Friend {number}", effects, tests=["has friend"], limits=found)


def _split(larder: Larder, at: Kept, number: int) -> None:
    made = larder.made
    ours = [unit for unit in larder.units if unit.currency]
    if len(ours) < 2:
        return _earn(larder, at, number)
    one, two = made.pick(((ours[0], ours[1]), (ours[1], ours[0])))
    share = made.number(1, 99)
    rest = made.pick(("the rest", f"{100 - share}%"))
    text = f"give {made.number(2, 30)}% of {owned.money(larder, at)}, split into"
    effect = f"{text} {{ {one.name}: {share}%   {two.name}: {rest} }}"
    rule(larder, "earn", at, f"Split {number}", [effect], limits=limits(larder, at, [one]))
    return None


def _several(larder: Larder, at: Kept, number: int) -> None:
    """One unit or another by what the event says."""
    rule(larder, "earn", at, f"Either {number}", [f"give {_either(larder)}"])


def _either(larder: Larder, beside: Owned | None = None) -> str:
    made = larder.made
    found = [unit for unit in larder.units if unit is not beside and not unit.remembers]
    rows = [made.amount(made.pick(found), 9, 1) for _ in range(2)]
    return f"by what {{ a: {rows[0]}   b: {rows[1]}   c: nothing }}"


def _each_shop(larder: Larder, at: Kept, number: int) -> None:
    made, unit = larder.made, larder.unit()
    inside = replace(at, key="lines")
    order = made.pick(("", ", sorted by shop", ", sorted by shop highest first"))
    where = f" where {owned.line(larder, at)}" if made.chance(35) else ""
    effect = f"give {owned.given(larder, inside, unit)}{mods(larder, inside, unit)}"
    found = limits(larder, inside, [unit], key="shop")
    loop = f"for each shop of lines{where}{order}"
    rule(larder, "earn", at, f"Shops {number}", [effect], limits=found, loop=loop)


# ---- what takes


def takers(larder: Larder, kind: str) -> None:
    """Earns or rewards that deduct and turn, in one ordered group."""
    made = larder.made
    names, ranks = list[str](), _priorities(larder)
    for number in range(made.number(0, 3)):
        event = made.pick(("buy", "visit", "visit", "edge" if larder.settles else "visit"))
        at = _edge(larder, kind) if event == "edge" else knowing(larder, Kept(kind, event))
        if larder.guest and at.event == "buy":
            at = replace(at, proven=frozenset({"member"}))
        name = f"{kind.title()} takes {number}"
        effects, units = _taking(larder, at)
        trigger = _presented(larder, at) if made.chance(25) else ""
        found = limits(larder, at, units)
        group, rank = f"{kind}_spending", ranks.pop() if ranks else None
        rule(larder, kind, at, name, effects, limits=found, group=group, trigger=trigger, priority=rank)
        names.append(name)
    if names:
        _group(larder, f"{kind}_spending", names, by_priority=rank is not None)


def _priorities(larder: Larder) -> list[int]:
    """Different priorities for up to three rules, or none, where a list orders them."""
    made = larder.made
    return made.rng.sample(range(90), 3) if made.chance(30) else []


def _edge(larder: Larder, kind: str) -> Kept:
    made = larder.made
    period = made.pick((*larder.spans, *larder.hosted * 2))
    settled = f", settled after {made.pick(('5 days', '2 days', '1 week'))}" if made.chance(35) else ""
    edge = f"start of {period}" if made.chance(30) else f"end of {period}{settled}"
    return Kept(kind, "edge", scheduled=edge)


def _group(larder: Larder, name: str, names: list[str], *, by_priority: bool) -> None:
    made = larder.made
    turned = names[::-1] if made.chance(50) else names
    policy = made.pick(("all", "all", "first per basket"))
    listed = "in order " + ", ".join(f'"{each}"' for each in turned)
    made.say(f"group {name} {{", f"  {policy} {ordered_by(larder) if by_priority else listed}")
    if made.chance(15):
        made.say(f"  at most {made.number(1, 4)} times per member per {made.pick(larder.spans)}")
    made.say("}")


def _presented(larder: Larder, at: Kept) -> str:
    made = larder.made
    if at.event != "buy" or not larder.things:
        return ""
    name, unit = made.pick(sorted(larder.things.items(), key=lambda each: each[0]))
    where = _lots(larder, unit) if made.chance(40) else ""
    return f"with {made.pick((1, 1, 2))} {unit.name} from {name}{where}"


def _lots(larder: Larder, unit: Owned) -> str:
    """Lots are chosen by what they remember, which every award of them must have said."""
    made = larder.made
    if not unit.remembers:
        return ""
    said = f"{unit.name}.milestone {made.pick(('>=', 'is', '<'))} {made.number(0, 30)}"
    if made.chance(25):
        return f" where has {unit.name}.gone and {made.pick(('', 'not '))}{unit.name}.gone"
    return f" where {said}" if larder.told else f" where has {unit.name}.milestone and {said}"


def _taking(larder: Larder, at: Kept) -> tuple[list[str], list[Owned]]:
    """One or two effects of a rule that takes."""
    made = larder.made
    makers: list[Option] = [*[lambda: _deduct(larder, at)] * 2, *[lambda: _turn(larder, at)] * 3]
    unit = larder.unit(whole=True)
    effects = [made.one(makers)]
    if effects[0].startswith("deduct") and made.chance(50):
        effects.append(f"give {owned.given(larder, at, unit)}{mods(larder, at, unit)}")
        return effects, [unit]
    if made.chance(15):
        effects.append(_deduct(larder, at))
    return effects, _named(larder, effects[0])


def _named(larder: Larder, effect: str) -> list[Owned]:
    """The unit that an effect takes, as far as its first words say it."""
    words = effect.replace(",", " ").split()
    return [unit for unit in larder.units if {unit.name, unit.plural} & set(words[:5])][:1]


def _deduct(larder: Larder, at: Kept) -> str:
    made, unit = larder.made, larder.unit(whole=True)
    amount = owned.given(larder, at, unit)
    if made.chance(30):
        return f"deduct {amount}, up to balance of {unit.plural}"
    return f"deduct {amount}{mods(larder, at, unit, give=False)}"


def _turn(larder: Larder, at: Kept) -> str:
    """Blocks, rates, fixed amounts, choices; into another unit."""
    made, unit = larder.made, larder.unit(whole=True)
    unit = next((each for each in larder.units if each.remembers and made.chance(30)), unit)
    into = made.pick([each for each in larder.units if each is not unit] or larder.units)
    if into is unit:
        return _deduct(larder, at)
    where = _lots(larder, unit) if made.chance(60) else ""
    gift = made.amount(into, 5, 1) if not into.whole else f"{made.number(1, 2)} {into.name}"
    tail = mods(larder, at, into)
    size = made.amount(unit, 40, 2) if not unit.whole else f"{made.number(1, 3)} {unit.plural}"
    forms: list[Option] = [
        f"turn every full {size}{where} into {gift}{tail}",
        f"turn every full {size}{where} into {gift}{tail}",
        f"turn {size}{where} into {gift}{tail}",
    ]
    if at.event == "visit" and unit is not larder.units[0]:
        forms += [f"turn {size}{where} into {_either(larder, unit)}"] * 3
    if not into.whole:
        forms.append(f"turn balance of {unit.plural}{where} into {gift} per {size}{tail}")
        if at.event == "visit" and unit.name == "point":
            forms.append(f"turn asked{where} into {gift} per {size}{tail}")
    if unit.remembers and not into.whole and larder.told:
        turned = f"(sum of milestone of the turned {unit.plural})"
        forms += [f"turn every full {size}{where} into {gift} * {turned}{tail}"] * 3
    return made.one(forms)


# ---- redeems


def redeems(larder: Larder) -> None:
    """Up to three redeems of `buy`, in the order of the tender."""
    made = larder.made
    names, ranks = list[str](), _priorities(larder)
    larder.ranked = bool(ranks)
    for number in range(made.pick((0, 1, 1, 1, 2, 2, 3))):
        if not larder.offered:
            break
        at = Kept("redeem", "buy", proven=frozenset({"member"}) if larder.guest else frozenset())
        name = f"Pay {number}"
        effects, units = zip(*[_accept(larder, at) for _ in range(2 if made.chance(15) else 1)], strict=True)
        trigger = _presented(larder, at) if made.chance(15) else ""
        found = [*limits(larder, at, units), *_paid_at_most(larder)]
        rank = ranks.pop() if ranks else None
        rule(larder, "redeem", at, name, effects, limits=found, trigger=trigger, priority=rank)
        names.append(name)
    if larder.nights is not None:
        at = Kept("redeem", "stay")
        made.say(
            'catalogue offer "Night price" {', "  on stay   automatic",
            f"  price each line at {made.number(5, 60)} points", "}",
        )  # fmt: skip
        if made.chance(50):
            made.say(
                'item offer "Free night" {', "  on stay   automatic",
                "  take 100% of current off each line at the cheapest 1 per full 3", "}",
            )  # fmt: skip
        rank = 99 if larder.ranked else None
        rule(larder, "redeem", at, "Pay the nights", [f"deduct net{made.pick(('', ', or nothing'))}"], priority=rank)
        names.append("Pay the nights")
    larder.redeems = names


def ordered_by(larder: Larder) -> str:
    """An order by priorities, from either end."""
    return f"by priority {larder.made.pick(('highest', 'lowest'))} first"


def _paid_at_most(larder: Larder) -> list[str]:
    """A limit of the money that a redeem pays."""
    made = larder.made
    if not made.chance(25):
        return []
    scopes = [f"per member per {made.pick(larder.spans)}", "per member per 30 days", "in total"]
    scopes += ["per household per calendar year"] if larder.pooled else []
    tail = ", or nothing" if made.chance(20) else ""
    return [f"at most {made.money(40, 1)} {made.pick(scopes)}{tail}"]


def _accept(larder: Larder, at: Kept) -> tuple[str, Owned]:
    made = larder.made
    name = made.pick(sorted(larder.offered))
    unit = larder.offered[name]
    offered = made.pick((name, name, f"balance of {unit.plural}", made.amount(unit, 40, 1)))
    if unit.whole:
        return f"accept {offered}, worth {made.money(9, 1)}", unit
    where = _lots(larder, unit) if made.chance(30) else ""
    found = []
    if made.chance(15):
        found.append(f"only from {made.amount(unit, 20, 1)}")
    if made.chance(35):
        found.append(f"in steps of {made.amount(unit, 12, 2)}")
    if made.chance(15):
        found.append(f"up to {made.amount(unit, 400, 20)}")
    if made.chance(8):
        found.append("or nothing")
    before = "".join(f", {each}" for each in found)
    return f"accept {offered}{where}{before}, worth {_worth(larder, at, unit, offered)}", unit


def _worth(larder: Larder, at: Kept, unit: Owned, offered: str) -> str:
    made = larder.made
    rate = f"{made.money(12, 1)} per {made.amount(unit, 30, 1)}"
    options = [rate] * 5
    options.append(made.money(40, 1))
    if offered.endswith("_in"):
        low = made.number(1, 20)
        rows = f"from {low} {unit.plural}: {made.money(9, 1)}   from {low + made.number(1, 30)} {unit.plural}: "
        options.append(f"by {offered} {{ {rows}{made.money(40, 5)}   otherwise: no award }}")
    options.append(f"by member.plan {{ plus: {rate}   basic: {made.money(9, 1)} per {made.amount(unit, 30, 1)} }}")
    text = made.pick(options)
    if " per " in text:
        larder.rates.setdefault(unit.name, set()).add(text)
    found = []
    if made.chance(40):
        found.append(
            made.pick(
                (
                    f"up to {made.number(10, 90)}% of net",
                    f"up to {made.money(60, 1)}",
                    f"up to {made.number(20, 100)}% of (net of lines where {owned.line(larder, at)})",
                )
            )
        )
    if made.chance(25) and " per " in text:
        found.append("never beyond")
    if made.chance(20) and " per " in text:
        found.append(made.pick(MODES))
    if made.chance(20):
        found.append("or nothing")
    return text + "".join(f", {each}" for each in found)


# ---- rewards


def rewards(larder: Larder) -> None:
    """At edges of periods, for marks and keys, with carries."""
    made = larder.made
    for number in range(made.number(1, 3) if larder.settles else 0):
        at = _edge(larder, made.pick(("earn", "reward", "reward")))
        kept = [each.period for each in larder.tracks if each.period and each.name in ("spend", "visits")]
        if kept and made.chance(50):
            at = replace(at, stage="reward", scheduled=f"end of {made.pick(kept)}")
        units = [larder.unit(whole=True)]
        effects = [f"give {owned.given(larder, at, unit)}{mods(larder, at, unit)}" for unit in units]
        if made.chance(40) and at.stage == "reward":
            effects.append(_carry(larder, at) or effects[0])
        rule(larder, at.stage, at, f"Edge {number}", list(dict.fromkeys(effects)), limits=limits(larder, at, units))
    if made.chance(40):
        _marks(larder)
    keyed = [track for track in larder.tracks if track.key]
    if keyed and made.chance(60):
        _keys(larder, made.pick(keyed))


def _carry(larder: Larder, at: Kept) -> str:
    """Only into a track of the period that ends."""
    made = larder.made
    period = at.scheduled.partition(" of ")[2].partition(",")[0]
    into = [each for each in larder.tracks if each.period and not each.key and each.measure in ("money", "count")]
    into = [each for each in into if each.period == period and each.name in ("spend", "visits")]
    if not into or at.scheduled.startswith("start"):
        return ""
    track = made.pick(into)
    low = made.money(0) if track.measure == "money" else "0"
    less = made.money(30, 1) if track.measure == "money" else str(made.number(1, 4))
    half = f"{made.number(10, 90)}% of {track.name}"
    return f"carry {made.pick((f'{track.name} - {less}', half))} into {track.name}, never below {low}, rounded down"


def _marks(larder: Larder) -> None:
    made = larder.made
    tracks = [each for each in larder.tracks if each.measure in ("money", "count") and not each.key]
    track, unit = made.pick(tracks), larder.unit(whole=True)
    marks = sorted({made.number(1, 9) * 10 for _ in range(3)})
    words = ", ".join(f"{mark} {made.currency}" if track.measure == "money" else str(mark // 10) for mark in marks)
    at = Kept("reward", "buy" if track.name == "spend" else "visit")
    effect = f"give {owned.given(larder, at, unit)}{mods(larder, at, unit)}"
    rule(larder, "reward", at, "Marks", [effect], loop=f"for each mark of {track.name} at {words}")


def _keys(larder: Larder, track: Ledger) -> None:
    made, unit = larder.made, larder.unit()
    sent = Kept("reward", "buy" if track.key == "shop" else "visit")
    at = made.pick((_edge(larder, "reward") if larder.settles else sent, sent))
    step = made.money(30, 1) if track.measure == "money" else str(made.number(1, 3))
    order = made.pick(("", ", sorted by each", ", sorted by each highest first"))
    effect = f"give {made.amount(unit, 4, 1)} per full {step} of each{mods(larder, replace(at, event='edge'), unit)}"
    found = limits(larder, replace(at, event="edge"), [unit], key=track.key)
    loop = f"for each {track.key} of {track.name}{order}"
    rule(larder, "reward", at, "Keys", [effect], limits=found, loop=loop)
