"""Earns, rewards, groups and holdouts."""

from __future__ import annotations

from tests.generating import conditions, measures
from tests.generating.made import MODES, ODD_TEXT, Base, Made, Place, Unit

LASTING = ("for 20 days", "until end of calendar year", "forever", "for 1 day", "until 2027-12-31")
OPTIONALS = ("bonus_miles", "share", "fee", "booked", "level", "member.discount", "member.allowance", "member.birthday")


def earns(made: Made) -> None:
    """The base earn over lines, and up to five others that may read it."""
    unit = made.units[0]
    where = (
        f" of lines where {conditions.line_condition(made, Place('earn').on_line())}"
        if made.lines and made.chance(50)
        else ""
    )
    text = f"{measures.rate(made, unit)} per 1 {made.currency} of net{where}"
    base = measures.Amount(text, unit, lines=True)
    rule(made, "earn", "Base points", "base", Place("earn"), [base], plain=made.chance(60))
    made.bases.append(Base("base", unit, True))
    grouped = [name for number in range(made.number(1, 5)) if (name := _earn(made, number))]
    _group(made, "bonus", grouped)


def _earn(made: Made, number: int) -> str:
    """One earn; its name, if it joins the group."""
    place = Place("earn", _event(made))
    place = _knowing(made, place)
    chosen = made.pick(made.units)
    count = 2 if made.chance(12) else 1
    amounts = [_amount(made, place, chosen) for _ in range(count)]
    joins = all(each.unit is made.units[0] for each in amounts) and made.chance(30)
    name = f"e{number}"
    rule(made, "earn", f"Earn {number}", name, place, amounts, group="bonus" if joins else "")
    same = all(each.unit is amounts[0].unit for each in amounts)
    if same and place.event == "visit":
        made.bases.append(Base(name, amounts[0].unit, all(each.lines for each in amounts)))
    return name if joins else ""


def _event(made: Made) -> str:
    if made.top_up and made.chance(25):
        return made.pick(("top_up", "both", "both"))
    return "abroad" if made.other and made.chance(10) else "visit"


def _knowing(made: Made, place: Place) -> Place:
    """What the rule's `when` proves at its beginning."""
    proven = []
    if made.guest and place.event in conditions.MOMENTS and made.chance(60):
        proven.append("member")
    if place.event == "visit" and made.chance(30):
        known = "member" in proven or not made.guest
        names = [name for name in OPTIONALS if (known or "." not in name) and (name != "level" or made.tiers)]
        proven.append(made.pick(names))
    return place.knowing(*proven)


def _amount(made: Made, place: Place, unit: Unit) -> measures.Amount:
    if made.cash is not None and place.event in ("visit", "both") and made.chance(25):
        return measures.cashback(made, place, made.cash)
    if place.event == "visit" and made.chance(8):
        across = measures.counted_across(made, unit)
        if across is not None:
            return across
    if place.event == "abroad":
        return measures.Amount(f"{measures.rate(made, unit)} per 100 {made.other} of net", unit)
    if place.event == "top_up":
        text = (
            f"{measures.rate(made, unit)} per {made.pick(('1', '7'))} {made.currency} of {made.pick(('net', 'price'))}"
        )
        return measures.Amount(text, unit)
    return measures.amount(made, place, unit)


# ---- clauses


def rule(
    made: Made,
    kind: str,
    title: str,
    name: str,
    place: Place,
    amounts: list[measures.Amount],
    *,
    group: str = "",
    loop: str = "",
    first: str = "",
    plain: bool = False,
    share: str = "",
) -> None:
    """A rule, one clause on a line."""
    on = "visit or top_up" if place.event == "both" else place.event
    tests = [f"has {each}" for each in sorted(place.proven)] + ([first] if first else [])
    scoped = "" if plain or not made.chance(20) else _partial(made, place)
    if scoped:
        tests.append(conditions.within(made, place, _anchor(made, scoped), f"today in {scoped}"))
    if not plain and made.chance(55):
        test = conditions.condition(made, place)
        tests.append(f"({test})" if tests else test)
    was = f' was "old {len(made.rules)}"' if made.chance(2) else ""
    named = f" as {name}" if name else ""
    effects = [f"  give {each.text}{_mods(made, place, each)}" for each in amounts]
    made.say(f'{kind} "{title}"{named}{was} {{', f"  on {on}{'' if plain else dates(made, place)}")
    made.say(f"  when {' and '.join(tests)}" if tests else "", loop, *effects)
    made.say(f'  say "{made.pick(("Thank you", ODD_TEXT))}"' if made.chance(10) else "")
    if not plain:
        made.say(*(f"  {each}" for each in _limits(made, place, amounts, scoped)))
    made.say(f"  competes in {group}" if group else "", _returned(made, place), "}")
    made.rules.append(name or f'"{title}"')


def _returned(made: Made, place: Place) -> str:
    """What a return takes back of what orders earned: nothing says what it would be worth off a refund."""
    returns = made.shop.returns if made.shop is not None else ""
    if place.event != "order" or not returns or not ("off refund" in returns or made.chance(30)):
        return ""
    how = made.pick(("by share", "work out again"))
    return "  on return " + made.pick(("keep", f"{how}, shortfall forgiven", f"{how}, shortfall off balance"))


def _partial(made: Made, place: Place) -> str:
    dated_by_moment = made.instant and place.event in conditions.MOMENTS
    names = [period.name for period in made.partial if dated_by_moment or not period.timed]
    return made.pick(names) if names else ""


def _anchor(made: Made, period: str) -> str:
    return next(each.anchor for each in made.periods if each.name == period)


def dates(made: Made, place: Place) -> str:
    """The dates of a rule, if it has any."""
    if not made.chance(20):
        return ""
    spans = [
        "from 2027-01-10 until 2027-06-30",
        f"until {made.day()}",
        f"from {made.day()}",
        "from 2027-01-01 before 2027-03-28",
    ]
    if "booked" in place.proven:
        spans += ["from 2027-01-10 by booked", "until 2027-06-30 by booked"] * 2
    if made.instant and place.event in conditions.MOMENTS:
        spans += ["from 2027-02-01 at 10:00 before 2027-11-12 at 00:00", "before 2027-03-28 at 02:30"]
    return f" {made.pick(spans)}"


def _mods(made: Made, place: Place, each: measures.Amount) -> str:
    """The modifiers of an amount."""
    unit = each.unit
    money = unit.currency != ""

    def bound(high: int, low: int = 0) -> str:
        return made.money(high, low) if money and made.chance(60) else made.amount(unit, high, low)

    found = [f"in {unit.name}"] if money else []
    if made.chance(15):
        cap = [bound(900, 1), bound(30, 1)]
        cap += (
            [f"{made.number(10, 90)}% of base"]
            if unit is made.units[0] and ("base" in [b.name for b in made.bases])
            else []
        )
        found.append(f"up to {made.pick(cap)}")
    if made.chance(10):
        found.append(f"never below {bound(30)}")
    if made.chance(8):
        found.append(f"only from {bound(60, 1)}")
    if made.chance(8):
        found.append(f"in steps of {made.amount(unit, 50, 2)}")
    if made.chance(10) or not unit.rounded:
        found.append(made.pick(MODES))
    if made.chance(10):
        span = (
            "3 days after today",
            "10 days later",
            "end of calendar month",
            "1 month later",
            "end of next calendar quarter",
        )
        found.append(f"pending until {made.pick(span)}")
    if made.chance(10):
        found.append(f"lasting {made.pick(LASTING)}")
    if unit.remembers and place.event == "visit" and made.chance(30):
        found.append(f"with milestone: {made.pick(('miles', '7'))}")
        found += ["with where_: brand"] if made.chance(50) else []
    if made.chance(6):
        found.append("or nothing")
    return "".join(f", {mod}" for mod in found)


def _limits(made: Made, place: Place, amounts: list[measures.Amount], scoped: str) -> list[str]:
    """Limits by times and by amount, per occurrence, window or lifetime, or by a date of the lines."""
    scopes = [f"per member per {made.pick(made.covering)}"] * 2
    scopes += [
        "per member",
        "per member per 30 days",
        "per member per lifetime",
        "per member per the last 2 calendar months",
    ]
    scopes += [f"per member per {scoped}"] * 4 if scoped else []
    scopes += ["per member per trial of challenge"] * 3 if made.match else []
    if "booked" in place.proven and place.event == "visit":
        scopes += ["per member per calendar month by booked"] * 2
    found: dict[tuple[str, str], str] = {}

    def add(what: str, scope: str) -> None:
        tail = ", or nothing" if made.chance(20) else ""
        found.setdefault((what.split()[-1] if "once" not in what else "times", scope), f"{what} {scope}{tail}")

    if made.chance(18):
        add(f"at most {made.number(1, 4)} times", made.pick(scopes))
    if amounts and made.chance(30):
        unit = made.pick(amounts).unit
        add(f"at most {made.number(5, 900)} {unit.plural}", made.pick(scopes))
    if amounts and all(each.lines for each in amounts) and made.chance(40):
        names = [period.name for period in made.periods if not period.timed]
        window = made.pick([*names, *names, "30 days", "the last 2 calendar months", *made.covering[:3]])
        add(f"at most {made.number(5, 300)} {amounts[0].unit.plural}", f"per member per {window} by night")
        if made.chance(40):
            scope = made.pick(
                ("", f" per {made.pick(made.covering)}", " per 30 days", f" per {made.covering[0]} by night")
            )
            add(f"at most {made.number(5, 200)} {amounts[0].unit.plural}", f"per member per kind{scope}")
    if made.chance(6) and not any(what == "times" for what, _ in found):
        found["times", ""] = "once per member per calendar day"
    ordered = [text for text in found.values() if "times" in text or text.startswith("once")]
    return made.some([*ordered, *(text for text in found.values() if text not in ordered)]) if found else []


def _group(made: Made, name: str, members: list[str]) -> None:
    """Rules that are limited together."""
    if not members:
        return
    unit = made.units[0]
    made.say(f"group {name} {{", f"  all in order {', '.join(members)}")
    if made.chance(40):
        made.say(f"  at most {made.number(1, 5)} times per member per {made.pick(made.covering)}")
    if made.chance(85):
        made.say(
            f"  at most {made.number(10, 2000)} {unit.plural} per member per "
            f"{made.pick((*made.covering, '30 days', 'lifetime'))}"
        )
    made.say("}")


# ---- rewards


def rewards(made: Made) -> None:
    """Rewards for crossing a bound, for marks, for whatever else holds after the event."""
    unit = made.pick(made.units)
    if made.chance(55):
        track = made.pick([each for each in made.tracks if each.measure in ("money", "count")])
        bound = made.money(900, 1) if track.measure == "money" else str(made.number(1, 6))
        gift = measures.Amount(made.amount(unit, 90, 1), unit)
        rule(made, "reward", "Crossing", "crossing", Place("reward"), [gift], first=f"{track.name} reaches {bound}")
    if made.chance(45):
        _marks(made, unit)
    grouped = []
    for number in range(made.number(0, 2)):
        place = _knowing(made, Place("reward", "visit"))
        amounts = [_amount(made, place, made.pick(made.units)) for _ in range(made.pick((1, 1, 1, 2)))]
        joins = all(each.unit is made.units[0] for each in amounts) and made.chance(35)
        grouped += [f"g{number}"] if joins else []
        rule(made, "reward", f"Gift {number}", f"g{number}", place, amounts, group="treats" if joins else "")
    _group(made, "treats", grouped)
    if made.chance(30):
        gift = measures.Amount(made.amount(made.units[0], 90, 1), made.units[0])
        rule(made, "reward", f"Ask gift {ODD_TEXT}", "", Place("reward", "ask"), [gift])
    if made.chance(25):
        where = conditions.condition(made, Place("reward"))
        made.say('reward "Hello" {', "  on visit", f"  when {where}", '  say "Hello"', '  say "Again"', "}")


def _marks(made: Made, unit: Unit) -> None:
    tracks = [each for each in made.tracks if each.measure in ("money", "count")]
    track = made.pick(tracks)
    marks = sorted({made.number(1, 12) for _ in range(made.number(1, 4))})
    words = [f"{mark * 20} {made.currency}" if track.measure == "money" else str(mark) for mark in marks]
    rest = made.pick(("nothing", made.amount(unit, 9, 1)))
    table = f"by mark {{ {words[0]}: {made.amount(unit, 40, 1)}  otherwise: {rest} }}"
    if len(words) == 1:
        table = f"by mark {{ {words[0]}: {made.amount(unit, 40, 1)} }}"
    amount = made.pick((table, made.amount(unit, 50, 1)))
    if track.measure == "count" and made.chance(30):
        amount = f"{made.amount(unit, 9, 1)} * mark"
    loop = f"  for each mark of {track.name} at {', '.join(words)}"
    rule(made, "reward", "Marks", made.pick(("marks", "")), Place("reward"), [measures.Amount(amount, unit)], loop=loop)


# ---- holdouts


def holdouts(made: Made) -> None:
    """Members kept out by share, or by a condition."""
    if made.chance(30):
        share = made.pick(("5%", "50%", "0.5%", "100%", "33.33%"))
        kept = ", ".join(made.some(made.rules)[:2])
        made.say(f'holdout {share} of members salt "s{made.number(0, 3)}" from {kept}')
    if made.chance(15):
        test = conditions.condition(made, Place("holdout", ""), 1)
        made.say(f"holdout members where {test}, from {made.pick(made.rules)}")
