"""Conditions: of the event, of a line, of the member; an optional is only read behind its `has`."""

from __future__ import annotations

from tests.generating import measures, wanting
from tests.generating.made import BRANDS, KINDS, ODD_TEXT, SKUS, Made, Option, Place

COMPARE = (">=", ">", "<", "<=")
MOMENTS = ("visit", "both", "top_up", "order")
"""Events that may be dated by a moment."""


def condition(made: Made, place: Place, depth: int = 0) -> str:
    """A condition of an event, or of the member alone."""
    first = made.one(_atoms(made, place))
    if depth >= 2 or not made.chance(35):
        return first
    other = condition(made, place, depth + 1)
    match made.number(0, 5):
        case 0 | 1:
            return f"({first}) and ({other})"
        case 2 | 3:
            return f"({first}) or ({other})"
        case 4:
            return f"not ({first}) and ({other})"
        case _:
            return f"not ({first}) or not ({other})"


def guarded(made: Made, place: Place, name: str, test: str) -> str:
    """A test of something that may be absent, behind its `has`."""
    wanted = [] if name in place.proven else [name]
    if name.startswith("member.") and wanted:
        return f"has {name} and {test}"
    return f"has {name} and {test}" if wanted else test


def of_member(made: Made, place: Place, test: str) -> str:
    """A test of the member's facts, behind `has member` where there may be a guest."""
    known = "member" in place.proven or not made.guest or place.event in ("", "ask", "abroad")
    return test if known else f"has {made.pick(('member', 'who'))} and {test}"


def _atoms(made: Made, place: Place) -> list[Option]:
    found: list[Option] = [*_of_member(made, place), *_of_time(made, place), *_of_memory(made, place)]
    match place.event:
        case "visit":
            found += _of_visit(made, place)
            if made.lines and not place.line:
                found += _of_lines(made, place)
            elif not made.lines:
                found.append(lambda: line_condition(made, place))
        case "ask":
            found += ["verified", "not verified", f"miles_flown >= {made.number(1, 9)}0_000", 'rival is "R1"']
            found.append(guarded(made, place, "months", f"months > {made.number(1, 12)}"))
        case "both":
            found += ["vip", "vip is no", "brand is city", lambda: f"miles {made.pick(COMPARE)} {made.number(0, 900)}"]
            found.append(lambda: f"net {made.pick(COMPARE)} {made.money()}")
        case "top_up":
            found += ["vip", f"price > {made.money()}", f"net >= {made.money()}", "brand is resort"]
        case "order":
            found += wanting.of_order(made, place)
        case "abroad":
            found += [f"cost >= {made.money(900, currency=made.other)}", f"net > {made.money(90, currency=made.other)}"]
    return found


def _of_visit(made: Made, place: Place) -> list[Option]:
    flags = [name for name, kind in made.defines.items() if kind == "condition"]
    found: list[Option] = [
        lambda: f"brand {made.pick(('is', 'is not'))} {made.pick(BRANDS)}",
        lambda: f"brand {made.pick(('in', 'not in'))} ({', '.join(made.some(BRANDS, 2))})",
        'channel is "in store"',
        f'channel is not "{ODD_TEXT}"',
        "class",
        "state < 5 or not class",
        "vip",
        "vip is yes",
        lambda: f"miles {made.pick(COMPARE)} {made.number(0, 4000)}",
        lambda: f"miles in ({made.number(0, 9)}, {made.number(10, 99)}, 5_000)",
        lambda: f"delta < {made.pick(('0', '-2', '4'))}",
        guarded(made, place, "bonus_miles", f"bonus_miles > {made.number(0, 900)}"),
        f"not has bonus_miles or bonus_miles is {made.pick(('multiple of 3', 'not multiple of 7'))}",
        lambda: f"net {made.pick(COMPARE)} {made.money()}",
        lambda: f"{measures.money(made, place)} {made.pick(COMPARE)} {made.money()}",
        lambda: f"{measures.count(made, place)} {made.pick(COMPARE)} {made.number(0, 90)}",
        guarded(made, place, "booked", f"booked {made.pick(('before', 'from', 'until'))} {made.day()}"),
        guarded(made, place, "booked", f"today from {made.duration()} after booked"),
        guarded(made, place, "opened_at", f"opened_at {made.pick(('before', 'until'))} {made.day()}"),
        guarded(made, place, "share", f"share >= {made.number(0, 60)}%"),
        guarded(made, place, "fee", f"fee >= {made.money(50)}"),
        f"keen in (0%, {made.number(1, 50)}%, 12.5%)",
        f"slot {made.pick(COMPARE)} {made.pick(('08:00', '23:30', '12:15'))}",
        '"WELCOME" in shown',
        '"WELCOME" not in shown',
        f"miles in {made.pick(('floors', 'first 2 of floors'))}",
        f"{made.number(0, 9)} in floors",
        "has buddy",
        "has asked_points and asked_points >= 20 " + made.units[0].plural,
    ]
    found += flags + [f"not {name}" for name in flags]
    if made.lines:
        found.append(lambda: of_member(made, place, f"member.number in {made.pick(('names', 'first 2 of names'))}"))
    if made.tiers:
        found.append(guarded(made, place, "level", f"level {made.pick(('>=', 'is', '<'))} {made.pick(made.tiers)}"))
    return found


def _of_lines(made: Made, place: Place) -> list[Option]:
    on = place.on_line()
    return [
        lambda: f"count of (lines where {line_condition(made, on)}) {made.pick(COMPARE)} {made.number(0, 3)}",
        lambda: f"(net of lines where {line_condition(made, on)}) {made.pick(COMPARE)} {made.money()}",
        lambda: f"distinct sku of lines {made.pick(COMPARE)} {made.number(0, 4)}",
        lambda: f"(distinct kind of lines where {line_condition(made, on)}) is {made.number(0, 3)}",
        "count of lines is 0",
    ]


def _of_member(made: Made, place: Place) -> list[Option]:
    def fact(name: str, test: str) -> str:
        return test if f"member.{name}" in place.proven else f"has member.{name} and {test}"

    tests = [
        "member.resident",
        "not member.resident",
        f"member.plan is {made.pick(('plus', 'basic'))}",
        "member.plan in (basic, plus)",
        fact("children", f"member.children >= {made.number(1, 4)}"),
        fact("birthday", f"member.birthday {made.pick(('before', 'from'))} 1990-06-15"),
        f"today from {made.duration()} after member.joined",
        f"member.joined until {made.day()}",
        'member.number is "7"',
        f'"7" in {made.pick(("first 1 of ", ""))}member.circle',
        fact("allowance", f"member.allowance > {made.money(90)}"),
        fact("discount", f"member.discount is {made.pick(('10%', '0.25'))}"),
    ]
    return [of_member(made, place, test) for test in tests]


def _of_time(made: Made, place: Place) -> list[Option]:
    found: list[Option] = [
        lambda: f"today {made.pick(('from', 'until', 'before'))} {made.day()}",
        lambda: f"today {made.pick(('from', 'before'))} end of {made.pick(('calendar month', 'next calendar month'))}",
        lambda: f"today is {made.pick(('start', 'end'))} of {made.pick(made.covering[:5])}",
        lambda: f"today in {made.pick(made.covering[:5])}",
    ]
    dated_by_moment = made.instant and place.event in MOMENTS
    for period in made.periods:
        if period.timed and not dated_by_moment:
            continue
        test = made.pick((f"today in {period.name}", f"today in {period.name}", f"today not in {period.name}"))
        if period.timed and place.event == "visit" and made.chance(30):
            test = guarded(made, place, "opened_at", f"opened_at in {period.name}")
        found.append(within(made, place, period.anchor, test))
    return found


def within(made: Made, place: Place, anchor: str, test: str) -> str:
    """A question of a period that may hang on a fact."""
    if anchor == "birthday" and "member.birthday" not in place.proven:
        test = f"has member.birthday and {test}"
    return of_member(made, place, test) if anchor else test


def _of_memory(made: Made, place: Place) -> list[Option]:
    found: list[Option] = [lambda: f"balance of {made.units[0].plural}{_pending(made)} >= {made.amount(made.units[0])}"]
    for track in made.tracks:
        low = "-20" if track.signed and made.chance(40) else ""
        if track.measure == "money":
            found += [f"{track.name} {made.pick(COMPARE)} {made.money(900)}"]
        elif track.measure == "count":
            found += [f"{track.name} {made.pick(COMPARE)} {low or made.number(0, 9)}"]
        if track.measure in ("money", "count") and not track.window:
            bound = made.money(400) if track.measure == "money" else str(made.number(0, 6))
            found.append(f"previous {track.name} {made.pick(COMPARE)} {bound}")
    if made.tiers:
        tier = made.pick(made.tiers)
        found += [
            f"tier is {tier}",
            f"tier >= {tier}",
            f"held tier < {tier}",
            f"tier in ({', '.join(made.some(made.tiers, 2))})",
        ]
        if place.stage in ("reward", "match") and not made.from_host:
            found.append(f"earned tier {made.pick(('>=', 'is not'))} {tier}")
    return found


def _pending(made: Made) -> str:
    return ", pending included" if made.chance(30) else ""


# ---- lines


def line_condition(made: Made, place: Place) -> str:
    """A condition of a line."""
    if place.event == "order":
        return wanting.line(made, place)
    first = made.one(_line_atoms(made, place))
    if made.chance(25):
        return f"({first}) {made.pick(('and', 'or'))} ({made.one(_line_atoms(made, place))})"
    return first


def _line_atoms(made: Made, place: Place) -> list[Option]:
    lists = [name for name, kind in (made.defines | made.tables).items() if kind in ("list", "lists")]
    plain = [period for period in made.periods if not period.timed and not period.anchor]
    found: list[Option] = [
        lambda: f"kind {made.pick(('is', 'is not'))} {made.pick(KINDS)}",
        lambda: f"kind {made.pick(('in', 'not in'))} ({', '.join(made.some(KINDS, 2))})",
        "rated",
        "not rated",
        lambda: f"net {made.pick(COMPARE)} {made.money(120)}",
        lambda: f"amount {made.pick(COMPARE)} {made.money(120)}",
        lambda: f'sku {made.pick(("is", "is not"))} "{made.pick(SKUS)}"',
        'sku in ("A1", "B2")',
        f"has weight and weight {made.pick(('>= 4', '< 2', 'is multiple of 2'))}",
        f"has night and night {made.pick(('from', 'before'))} {made.day()}",
        "sku in names",
        f"has night and night in {made.pick(made.covering[:5])}",
    ]
    found += [f"sku {made.pick(('in', 'not in'))} {name}" for name in lists]
    found += [f"has night and night in {period.name}" for period in plain]
    if "area" in made.tables:
        found += ['has area and area is "north"', "has area"]
    if made.quantity:
        found.append(f"pieces >= {made.number(1, 4)}")
    return found
