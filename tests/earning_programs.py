"""Programs of earns, rewards and tracks made from a seed: what these can do beyond plain sums and amounts.

Tracks by days of fields and of lines, of different values, by key, streaks, first and last days, windows of calendar
units, periods that hang on facts or start at a time of day; limits by such days; marks, codes, holdouts, splits,
messages, awards that stand or fall together, groups that take the first, parts of awards, rates across a track. Each
program has a few of them, so that columns have a form for it.
"""

from __future__ import annotations

from random import Random

WINDOWS = (
    "calendar year", "calendar month", "calendar week", "lifetime", "membership_year", "the last 3 calendar months",
    "90 days", "the last 2 calendar weeks",
)  # fmt: skip
TRACKS = (
    ("by_day", "sum of net of lines where hot, on buy, per {calendar} by ordered", "money"),
    ("by_line", "count of lines where category is toys, on buy, per {span} by day", "count"),
    ("kinds", "distinct category up to 3 keys, on buy, per {window}", "count"),
    ("goods", "distinct sku of lines where hot up to {few} keys, on buy, per {window}", "count"),
    ("weeks", "streak of {unit}, on buy, per {forever}", "count"),
    ("usage", "sum of net by category up to {few} keys, on buy, per {window}", "money"),
    ("tills", "count by till up to {few} keys, on buy, per {window}", "count"),
    ("spent", "sum of net, on buy, per {window}", "money"),
    ("often", "count, on buy where channel is web, per {window}", "count"),
    ("given", "sum of given points, per {plain}", "points"),
)  # fmt: skip
DAYS = (
    ("first_buy", "first day of buy, per {window}"), ("last_buy", "last day of buy where channel is web, per {window}"),
)  # fmt: skip


class Made:
    """A program under way: its random numbers, its tracks, its rules."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.tracks: dict[str, str] = {}
        self.rules: list[str] = []
        self.text: list[str] = []
        self.lined: list[str] = []
        self.head = ""

    def chance(self, percent: int) -> bool:
        """Whether something happens."""
        return self.rng.random() * 100 < percent


def earning_program(seed: int) -> str:
    """The program of a seed."""
    made = Made(seed)
    rng = made.rng
    head = made.head = _head(made)
    for name, words, kind in rng.sample(TRACKS, rng.randint(2, 5)):
        window = rng.choice(WINDOWS)
        made.tracks[name] = kind
        text = words.format(
            window=window, calendar=rng.choice([each for each in WINDOWS if each != "lifetime"]),
            span=rng.choice(("spring", "calendar month", "calendar year")),
            unit=rng.choice(("calendar day", "calendar week", "calendar month")),
            forever=rng.choice(("lifetime", "calendar year")), few=rng.choice((3, 5, 40)),
            plain=rng.choice(("calendar year", "calendar month", "90 days")),
        )  # fmt: skip
        head += f"track {name} = {text}\n"
    head += _tiers(made)
    for number in range(rng.randint(2, 6)):
        _earn(number, made)
    groups = _groups(made)
    for number in range(rng.randint(1, 3)):
        _reward(number, made)
    if made.chance(35):
        words = rng.choice(('holdout 50% of members salt "s"', "holdout members where member.plan is plus,"))
        made.text.append(f"{words} from {', '.join(rng.sample(made.rules, rng.randint(1, 2)))}")
    return head + groups + "\n".join(made.text) + "\n"


def _head(made: Made) -> str:
    rng = made.rng
    each = rng.choice((" each", " each", ""))
    pending = rng.choice(("", "   pending until 14 days later"))
    life = rng.choice(("forever", "until end of next calendar year", "for 90 days"))
    return f"""language 1
program "Earning" {{
  currency   GBP, rounded half up
  timezone   "Europe/London"
  weeks start Monday
  29 February counts as 28 February
  split      in proportion, odd pennies to {rng.choice(("the largest remainder", "the largest remainder", "last"))}
}}
period spring = 1 Mar to 31 May every year
period membership_year = every 1 year from member.joined
period birthday_window = 20 days before to 30 days after member.birthday every year
period evening = 17:00 to 22:00 every day
period welcome = 6 months from member.joined
unit point, points {{ rounded {rng.choice(("down", "half up", "up"))}   lasts forever{pending} }}
unit cash counts GBP {{ rounded {rng.choice(("down", "half up"))}   lasts forever }}
unit saved counts GBP {{ rounded {rng.choice(("down", "half up"))}   lasts for 30 days }}
unit mile, miles {{ rounded down   lasts forever }}
unit star, stars {{ rounded down   lasts {life} }}
event buy dated by bought_on of customer identified by no {{
  no: text   bought_on: date   ordered: date   customer: member{rng.choice(("", "", "?"))}   channel: web | app | store
  codes: codes up to 4   till: text   sent: instant
  lines 0 to 12 {{
    sku: text{rng.choice((" as id", ""))}   category: toys | books | home   hot: flag   day: date
    pieces: count up to 50 as quantity   price: money up to 500 GBP as list{each}
  }}
}}
event visit dated by seen of customer identified by no {{
  no: text   seen: instant   customer: member   rooms: count up to 9   bill: money up to 900 GBP as list
}}
member {{ joined: date   birthday: date?   plan: basic | plus | gold }}
"""


def _tiers(made: Made) -> str:
    counted = [name for name, kind in made.tracks.items() if kind == "count" and name != "tills"]
    if not counted or made.chance(40):
        return ""
    lasts = made.rng.choice(("until end of next calendar year", "forever", "for 60 days"))
    then = "" if lasts == "forever" else "   then the earned tier"
    test = f"{made.rng.choice(counted)} >= 2"
    return f"tiers {{\n  Blue\n  Gold when {test}\n  counts from the next event\n  lasts {lasts}\n{then}\n}}\n"


# ---- what rules ask


def _when(made: Made, event: str) -> str:
    rng = made.rng
    tests = ["member.plan is plus", "has member.birthday and today in birthday_window", "today in welcome"]
    if event == "buy":
        tests += ["channel is web", "sent in evening", "distinct sku of lines >= 2", "distinct category of lines is 1",
                  "ordered in membership_year", "sent in spring"]  # fmt: skip
    else:
        tests += ["seen in evening", "rooms >= 3"]
    for name, kind in made.tracks.items():
        if name in ("usage", "tills"):
            key, bound = ("category", "20 GBP") if name == "usage" else ("till", "2")
            tests += [f"(sum of top 1 of {name} ties by {key}) >= {bound}", f"count of {name} >= 2"]
            continue
        bound = {"money": "30 GBP", "count": "2", "points": "20 points"}[kind]
        tests.append(f"{name} {rng.choice(('>=', '<'))} {bound}")
    return rng.choice(tests)


def _limits(made: Made, event: str, unit: str, lined: bool) -> list[str]:
    rng = made.rng
    if not made.chance(45):
        return []
    windows = ["calendar month", "membership_year", "the last 2 calendar months", "30 days", "calendar year"]
    if event == "buy":
        windows.append("calendar month by ordered")
    tail = ", or nothing" if made.chance(20) else ""
    count = "5 cash" if unit == "cash" else f"{rng.choice((5, 30, 90))} {unit}"
    amounts = [f"at most   {count} per member per {rng.choice(windows)}{tail}"]
    if lined:
        amounts.append(f"at most   {rng.choice((5, 30))} {unit} per member per calendar month by day")
    times = [
        f"once      per member per {rng.choice(windows)}{tail}",
        f"at most   2 times per member per {rng.choice(windows[:5])}",
    ]
    return [[rng.choice(amounts)], [rng.choice(times)], [rng.choice(amounts), rng.choice(times)]][rng.randrange(3)]


# ---- rules


def _earn(number: int, made: Made) -> None:
    rng = made.rng
    event = rng.choice(("buy", "buy", "buy", "visit"))
    name = f"e{number}"
    rows = [f'earn "E{number}" as {name} {{', f"  on        {event}"]
    rows += [f"  {rng.choice(('from 2027-01-10', 'until 2027-09-30'))}"] if made.chance(15) else []
    if event == "buy" and made.chance(15):
        rows.append(f'  with      code "C{number}"')
    guests = "customer: member?" if event == "buy" else ""
    if made.chance(60):
        test = _when(made, event)
        rows.append(f"  when      has member and {test}" if guests else f"  when      {test}")
    unit, lined, gives = _gives(number, event, made)
    rows += gives
    rows += [f"  {each}" for each in _limits(made, event, unit, lined)]
    rows += [f'  say       "Thank you {number}"'] if made.chance(15) else []
    made.text.append("\n".join([*_in_order(rows), "}"]))
    made.rules.append(name)


def _in_order(rows: list[str]) -> list[str]:
    """Messages stand before limits."""
    limits = [row for row in rows if row.startswith(("  at most", "  once"))]
    return [row for row in rows if row not in limits] + limits


def _gives(number: int, event: str, made: Made) -> tuple[str, bool, list[str]]:
    """The unit that limits count, whether its awards fall on lines, the rows."""
    rng = made.rng
    before = made.lined if event == "buy" else []
    money = rng.choice(("net", "net of lines where hot", "net of lines where category is books"))
    money = money if event == "buy" else "net"
    pending = rng.choice(
        ("", "", ", pending until 3 days after ordered" if event == "buy" else "",
         ", lasting until end of membership_year" if "customer: member?" not in made.head else "")
    )  # fmt: skip
    forms = [(f"{rng.choice((1, 3))} points per full 2 GBP of {money}{pending}", "points", event == "buy"),
             (f"{rng.choice((1, 7))} points per 3 GBP of {money}", "points", event == "buy"),
             (f"{rng.choice((5, 25))} points", "points", False)]  # fmt: skip
    if before and event == "buy":
        forms += [
            (f"{rng.choice((50, 100))}% of {rng.choice(before)} of lines where day in spring", "points", True)
        ] * 2
    sliced = [name for name, kind in made.tracks.items() if name in ("spent", "by_day") and kind == "money"]
    if sliced and event == "buy":
        rows = "{ from 0 GBP: 1 point per 1 GBP   from 25 GBP: 3 points per 1 GBP   from 90 GBP: 1 point per 2 GBP }"
        forms += [(f"across {rng.choice(sliced)} {rows}", "points", False)] * 2
    if made.chance(20):
        split = rng.choice(("cash: 40%   saved: the rest", "saved: 33.3%   cash: 66.7%"))
        return "cash", False, [f"  give      {rng.choice((3, 7.5))}% of {money}, in cash, split into {{ {split} }}"]
    if made.chance(20):
        more = rng.choice(("2 stars", "1 star per full 10 GBP of net", "4 miles"))
        tail = ", or nothing" if made.chance(30) else ""
        return "points", False, [f"  give      {forms[0][0]}{tail}", f"  give      {more}"]
    text, unit, lined = rng.choice(forms)
    made.lined += [f"e{number}"] if lined else []
    if made.chance(15):
        text += rng.choice((", up to 40 points", ", in steps of 5 points", ", or nothing"))
    return unit, lined, [f"  give      {text}"]


def _groups(made: Made) -> str:
    if len(made.rules) < 3 or not made.chance(40):
        return ""
    rng = made.rng
    names = sorted(rng.sample(range(len(made.rules)), 2))
    titles = [f'"E{number}"' for number in names]
    points = all("points" in text for text in made.text if text.startswith(tuple(f"earn {title}" for title in titles)))
    limit = "  at most 40 points per member per calendar month" if points and made.chance(50) else ""
    for number in names:
        title = f'earn "E{number}"'
        for place, text in enumerate(made.text):
            if text.startswith(title):
                made.text[place] = text[:-2] + "\n  competes in together\n}"
    return f"group together {{ {rng.choice(('first per basket', 'all'))} in order {', '.join(titles)}{limit} }}\n"


def _reward(number: int, made: Made) -> None:
    rng = made.rng
    event = rng.choice(("buy", "buy", "visit"))
    counted = [each for each in made.tracks.items() if each[0] not in ("usage", "tills")]
    if not counted:
        return
    rows = [f'reward "R{number}" as r{number} {{', f"  on        {event}"]
    name, kind = rng.choice(counted)
    marks = {
        "money": ("20 GBP", "60 GBP", "200 GBP"),
        "count": ("1", "2", "4"),
        "points": ("10 points", "30 points", "80 points"),
    }[kind]
    if made.chance(50):
        chosen = marks[: rng.choice((2, 3))]
        rows.append(f"  for each mark of {name} at {', '.join(chosen)}")
        table = "   ".join(f"{mark}: {place + 1} stars" for place, mark in enumerate(chosen))
        rows.append(f"  give      {rng.choice(('3 stars', f'by mark {{ {table} }}'))}")
    else:
        rows.append(f"  when      {name} reaches {rng.choice(marks)}")
        rows.append("  give      2 stars")
    rows += [f"  {each}" for each in _limits(made, event, "stars", lined=False)]
    rows += ['  say       "Well done"'] if made.chance(25) else []
    made.text.append("\n".join([*_in_order(rows), "}"]))
    made.rules.append(f"r{number}")
