"""What a program remembers: tracks, tiers, the status match."""

from __future__ import annotations

from tests.generating import conditions, measures
from tests.generating.made import Made, Option, Place, Track

WINDOWS = (
    "lifetime",
    "90 days",
    "12 months",
    "2 weeks",
    "1 year",
    "the last 3 calendar months",
    "the last 2 calendar weeks",
)


def _window(made: Made, moving: bool = True) -> tuple[str, str, str]:
    """How a track is kept: `per ...`, the guard its `where` needs, and the kind of window ("": occurrences)."""
    if made.partial and made.chance(20):
        period = made.pick([each for each in made.partial if made.can_read(each)] or [None])
        if period is not None:
            guard = conditions.within(made, Place("track"), period.anchor, f"today in {period.name}")
            return period.name, guard, ""
    if not moving or made.chance(55):
        return made.pick(made.covering), "", ""
    return made.pick(WINDOWS), "", "moving"


def declare(made: Made, name: str, measure: str, fold: str, *, on: str = "visit", **how: bool) -> None:
    """One track: a fold, where it counts, over which window."""
    per, guard, kind = _window(made, how.get("moving", True))
    where = _where(made, "both" if " or " in on else on, guard)
    by = ""
    if not guard and kind == "" and how.get("dated") and made.chance(20):
        by = " by booked" if on == "visit" else ""
    was = f' was "old {name}"' if made.chance(3) else ""
    clauses = f"on {on}{where}, " if on else ""
    made.say(f"track {name}{was} = {fold}, {clauses}per {per}{by}")
    made.tracks.append(Track(name, measure, kind or per * 0, how.get("sliced", False), how.get("signed", False)))


def _where(made: Made, event: str, guard: str) -> str:
    tests = [guard] if guard else []
    if made.chance(35):
        place = Place("track", event)
        tests.append(f"({conditions.condition(made, place, 1)})" if guard else conditions.condition(made, place, 1))
    return f" where {' and '.join(tests)}" if tests else ""


def tracks(made: Made) -> None:
    """Tracks of every kind; the first is always there."""
    place = Place("track")
    on = "visit or top_up" if made.top_up and not made.other and made.chance(40) else "visit"
    value = measures.lined(made, place)[1:-1] if made.lines and on == "visit" and made.chance(40) else "net"
    fold = value if value.startswith("sum of") else f"sum of {value}"
    declare(made, "spend", "money", fold, on=on, dated=True, sliced=True, signed=made.signed)
    if made.chance(60):
        declare(made, "stays", "count", "count", on=on, dated=True, sliced=True)
    if made.lines and made.chance(50):
        _lined_tracks(made)
    if made.chance(40):
        declare(
            made, "distance", "count", f"sum of {made.pick(('miles', 'delta', 'largest of (miles, 50)'))}", signed=True
        )
    if made.chance(35):
        _streak(made)
    if made.chance(35):
        where = f" where {conditions.line_condition(made, place.on_line())}" if made.lines and made.chance(30) else ""
        what = made.pick(("sku", "kind")) + (" of lines" if made.lines else "")
        declare(made, "skus", "count", f"distinct {what}{where} up to {made.pick((3, 40, 40))} keys")
    if made.chance(20):
        declare(made, "brands", "count", "distinct brand up to 3 keys")
    if made.match:
        value = made.pick(("sum of miles", "count", "sum of largest of (miles, 9)"))
        made.say(f"track trial_miles = {value}, on visit{_where(made, 'visit', '')}, per trial of challenge")
        made.tracks.append(Track("trial_miles", "count", "trial", signed="largest" in value))


def _lined_tracks(made: Made) -> None:
    """Tracks of lines, sometimes by the date of each line."""
    on = Place("track").on_line()
    where = conditions.line_condition(made, on)
    what, measure = made.pick((("count of lines", "count"), ("sum of net of lines", "money")))
    if made.chance(50):
        declare(made, "nights", measure, f"{what} where {where}")
        return
    plain = [period.name for period in made.partial if not period.timed]
    per = made.pick([*made.covering, *plain, *plain])
    per = made.pick(("30 days", "the last 2 calendar months")) if made.chance(15) else per
    made.say(f"track nights = {what} where {where}, on visit{_where(made, 'visit', '')}, per {per} by night")
    moving = "moving" if per[0].isdigit() or per.startswith("the last") else ""
    made.tracks.append(Track("nights", measure, moving, sliced=True, signed=measure == "money" and made.signed))


def _streak(made: Made) -> None:
    periods = [f"calendar {unit}" for unit in ("day", "week", "month", "quarter")]
    periods += [period.name for period in made.periods if not period.timed and not period.anchor]
    per = made.pick(("lifetime", "lifetime", *made.covering[:2]))
    made.say(f"track runs = streak of {made.pick(periods)}, on visit{_where(made, 'visit', '')}, per {per}")
    made.tracks.append(Track("runs", "count", "streak"))


def given_tracks(made: Made) -> None:
    """Tracks of what rules give: said last, so that they can name them."""
    if made.chance(40):
        unit = made.pick(made.units)
        by = [base.name for base in made.bases if base.unit is unit]
        named = f" by {' or '.join(by[:2])}" if by and made.chance(40) else ""
        on = made.pick(("", "", "on visit, "))
        per = made.pick((*made.covering, "lifetime", "30 days", "the last 3 calendar months"))
        made.say(f"track got = sum of given {made.pick((unit.name, unit.plural))}{named}, {on}per {per}")


# ---- tiers


def tiers(made: Made) -> None:
    """The ladder."""
    if not made.tiers:
        return
    if made.from_host:
        made.say(f"tiers from host {{ {' '.join(made.tiers)} }}")
        return
    made.say("tiers {", f"  {made.tiers[0]}")
    goal = made.number(1, 400)
    for rung, name in enumerate(made.tiers[1:], start=1):
        made.say(f"  {name} {_ways(made, rung, goal)}")
    place = Place("tier", "")
    if made.chance(25):
        made.say(f"  every tier needs {conditions.condition(made, place, 1)}")
    if made.chance(25):
        spans = ("calendar month", "calendar year", "calendar quarter", *(p.name for p in made.periods if not p.timed))
        made.say(f"  judged on end of {made.pick(spans)}")
    elif made.chance(20):
        made.say("  judged after every event")
    made.say(f"  counts {made.pick(('from the next event', 'at once'))}", f"  lasts {_life(made, '')}")
    made.say(f"  then {_fall(made)}", "}")


def _ways(made: Made, rung: int, goal: int) -> str:
    spend = next(track for track in made.tracks if track.name == "spend")
    first = f"when {spend.name} >= {goal * rung * 3} {made.currency}"
    first += f", lasts {_life(made, '')}" if made.chance(15) else ""
    ways = [first]
    counts = [track.name for track in made.of_measure("count") if track.name != "trial_miles"]
    if counts and made.chance(50):
        ways.append(f"or when {made.pick(counts)} >= {rung * 2} as by_count{rung}")
    if made.chance(20):
        ways.append(f"or when spend >= {goal * rung * 9} {made.currency} as for_life{rung}, lasts forever")
    if made.chance(20):
        ways.append(f"or when {conditions.condition(made, Place('tier', ''), 1)} as other{rung}")
    return ", ".join(ways)


def _life(made: Made, event: str) -> str:
    options: list[Option] = [
        "until end of next calendar year",
        "for 60 days",
        "until end of calendar month",
        "for 3 months",
        "for 10 days",
        f"until end of {made.pick(made.covering[:5])} {made.pick(('', '2 months later', '10 days later'))}".rstrip(),
        f"until {made.day()}",
    ]
    options.append("by tier { " + f"{made.tiers[-1]}: for 1 year  otherwise: for 2 months }}")
    if made.terms:
        options.append(
            "by today { from 2025-01-01: for 5 months  from 2027-04-01: until end of next calendar quarter }"
        )
    if any(period.name == "own_year" for period in made.periods):
        options += ["until end of next own_year"] * 2
    if event:
        options += ["for 6 months after asked", "by months { from 6: for 6 months  otherwise: for 1 month }"]
        options.append("by matched tier { " + f"{made.tiers[-1]}: forever  otherwise: for 3 months }}")
    return made.one(options)


def _fall(made: Made) -> str:
    options = (
        "the earned tier",
        "the earned tier, at most 1 down",
        "1 tier down",
        "2 tiers down",
        made.tiers[0],
        made.tiers[1],
    )
    return made.pick(options)


def match(made: Made) -> None:
    """The status match of tiers that are judged here."""
    if not made.match:
        return
    when = (
        ""
        if made.chance(20)
        else f"  when {made.pick(('verified', conditions.condition(made, Place('match', 'ask'), 1)))}"
    )
    made.say('match "Match" as challenge {', f"  on ask{_dates(made)}", when)
    rows = f'"R1": {made.tiers[-1]}  "R2" or "R3": {made.tiers[1]}  otherwise: no award'
    cap = f", up to {made.tiers[1]}" if made.chance(20) else ""
    key = made.pick(
        (f"rival {{ {rows} }}", f"rival {{ {rows} }}", f"verified {{ yes: {made.tiers[-1]}  no: no award }}")
    )
    trial = made.pick(("for 90 days", "for 30 days", "for 3 months", "until end of next calendar month", "for 1 day"))
    made.say(
        f"  matches by {key}{cap}",
        f"  trial {trial}",
        f"  {_keep(made)}",
        f"  lasts {_life(made, 'ask')}",
        f"  then {_fall(made)}",
    )
    made.say(
        f"  once per member{made.pick((' per 3 years', '', ' per calendar year', ' per 30 days'))}"
        if made.chance(80)
        else "",
        "}",
    )


def _dates(made: Made) -> str:
    return f" {made.pick(('from 2027-01-01', 'until 2028-06-30'))}" if made.chance(20) else ""


def _keep(made: Made) -> str:
    if made.chance(50):
        goal = made.pick((1, 1, 3, 900))
        rows = "  ".join(
            f"{name}: trial_miles >= {number * goal}" for number, name in enumerate(made.tiers[1:], start=1)
        )
        return f"keep highest tier if by rung {{ {rows} }}"
    test = f"trial_miles >= {made.pick((1, 1, 3, 900, 4000))}"
    extra = (
        "",
        "",
        " and miles_flown > 20_000",
        " or has months and months > 6",
        " and matched tier >= " + made.tiers[1],
    )
    return f"keep matched tier if {test}{made.pick(extra)}"
