"""Programs and histories of them plain enough for columns, made from a seed.

The programs of `strategies` hold something of everything, so that hardly one of them is scored by columns. These hold
what columns can do: earns of every form, tracks and limits by periods, a ladder, offers by line, unit and total, groups
that take all, the first or the best, codes, holdouts. Members buy lines, make visits, and now and then come as guests.
"""

from __future__ import annotations

from random import Random

WHERE = (
    "", "", " where category is toys", " where category in (toys, books)", " where hot", " where not hot",
    " where pieces >= 2", " where net >= 10 GBP", " where day in spring", ' where sku is "A1"',
    " where category is home and hot", ' where sku in ("A1", "B2", "C3")',
)  # fmt: skip
LINES_WHEN = (
    "count of (lines where hot) >= 1", "(net of lines where category is toys) >= 10 GBP",
    "count of (lines where category is books) >= 2",
)  # fmt: skip
MEMBER_WHEN = (
    "member.vip", "member.plan is plus", "member.plan in (plus, gold)", "spend >= 50 GBP", "visits >= 2",
    "has member.joined", "has member.joined and member.joined >= 2024-01-01", "not member.vip",
)  # fmt: skip
BUY_WHEN = (
    "channel is web", "channel in (app, store)", "net >= 30 GBP", 'till is "a"', "has gift and gift >= 5 GBP",
    "bought_on in spring", '"A1" in tags', "list > 3 * (net of lines where hot)", "net >= 20 GBP or channel is store",
    "list < 100 GBP", "parcels is multiple of 2",
)  # fmt: skip
DATES = ("from 2027-02-01", "until 2027-06-30", "from 2027-01-15 until 2027-12-31")
LIMITS = (
    "at most   50 points per member per calendar month", "at most   200 points per member per calendar year",
    "at most   75 points per member" , "once      per member per calendar week", "once      per member",
    "at most   2 times per member per calendar month",
    "at most   60 points per member per 30 days", "at most   20 points per member per calendar day",
)  # fmt: skip
OFFER_LIMITS = (
    "once      per member", "at most   2 times per member per calendar month", "at most   6 GBP per member",
    "at most   15 GBP per member per calendar month", "at most   3 times per member per calendar year",
)  # fmt: skip
TRACKS = (
    "track spend = sum of net, on buy, per {window}",
    "track visits = count, on visit, per {window}",
    "track toys = sum of (net of lines where category is toys), on buy, per {window}",
    "track given = sum of given points, per {window}",
)  # fmt: skip
WINDOWS = ("calendar year", "calendar month", "calendar quarter", "calendar week", "90 days")


def straight_program(seed: int) -> str:
    """The program of a seed."""
    rng = Random(seed)
    spends = Random(f"spends {seed}")
    offers, groups, stacking = _offers(rng)
    spent = _spends(spends)
    pays = any(each.startswith("redeem") for each in spent)
    parts = [
        _head(rng, stacking, pays, spends), _events(rng), _tracks(rng), _tiers(rng), groups, *offers,
        *_earns(rng),
        *spent,
        *(_keyed(number, rng) for number in range(rng.choice((0, 0, 0, 14)))),
    ]  # fmt: skip
    if rng.random() < 0.2:
        parts.append(f'holdout {rng.choice((5, 30, 60))}% of members salt "s" from e0')
    text = "\n".join(part for part in parts if part) + "\n"
    if "customer: member?" in text:
        for test in MEMBER_WHEN:
            text = text.replace(f"when      {test}", f"when      has member and {test}")
    return text


def _head(rng: Random, stacking: str, pays: bool, owns: Random) -> str:
    rows = f"  stacking   {{ {stacking} }}\n" if stacking else ""
    split = "  split      in proportion, odd pennies to the largest remainder\n" if stacking or pays else ""
    life = rng.choice(("lasts forever", "lasts forever", "lasts until end of next calendar year", "lasts for 90 days"))
    pending = rng.choice(("", "", "   pending until 14 days later"))
    return f"""language 1
program "Straight" {{
  currency   GBP, rounded {rng.choice(("half up", "down", "up", "half even"))}
  timezone   "Europe/London"
  weeks start Monday
{split}{rows}}}
period spring = 1 Mar to 31 May every year
unit point, points {{ rounded {rng.choice(("down", "half up", "up", "half even"))}   {life}{pending}{_use(owns)} }}
unit star, stars {{ rounded down   lasts forever{_use(owns)} }}
"""


def _use(rng: Random) -> str:
    """In which order units are used, and whether they may be owed."""
    return rng.choice(("", "   use soonest first")) + rng.choice(("", "   balance at least 0", "   balance at least 0"))


def _events(rng: Random) -> str:
    each = rng.choice((" each", " each", ""))
    guest = rng.choice(("", "", "?"))
    return f"""event buy dated by bought_on of customer identified by no {{
  no: text   bought_on: date   customer: member{guest}   channel: web | app | store   codes: codes up to 4
  till: text   gift: money? up to 100 GBP   parcels: count up to 20   tags: list of up to 3 text
  lines 0 to 20 {{
    sku: text{rng.choice((" as id", ""))}   category: toys | books | home   hot: flag   day: date
    pieces: count up to 50 as quantity   price: money up to 500 GBP as list{each}
  }}
}}
event visit dated by seen of customer identified by no {{
  no: text   seen: instant   customer: member   rooms: count up to 9   place: north | south
  bill: money up to 900 GBP as list
}}
member {{ vip: flag   plan: basic | plus | gold   joined: date? }}
"""


def _tracks(rng: Random) -> str:
    return "\n".join(each.format(window=rng.choice(WINDOWS)) for each in TRACKS)


def _tiers(rng: Random) -> str:
    if rng.random() < 0.25:
        return ""
    counts = rng.choice(("from the next event", "at once"))
    lasts = rng.choice(("until end of next calendar year", "until end of calendar year", "for 30 days", "forever"))
    then = rng.choice(("the earned tier", "1 tier down", "Blue", "the earned tier, at most 1 down"))
    rows = [f"  counts    {counts}", f"  lasts     {lasts}"] + ([] if lasts == "forever" else [f"  then      {then}"])
    second = rng.choice(("spend >= 200 GBP", "spend >= 120 GBP or visits >= 4", "given >= 60 points"))
    return "\n".join(
        ["tiers {", "  Blue", f"  Silver    when {rng.choice(('spend >= 60 GBP', 'visits >= 2', 'toys >= 20 GBP'))}",
         f"  Gold      when {second}", *rows, "}"]
    )  # fmt: skip


# ---- earns


def _earns(rng: Random) -> list[str]:
    """Earns; each may read what those before it gave on the same kind of event."""
    found: list[str] = []
    events = [rng.choice(("buy", "buy", "buy", "visit")) for _ in range(rng.randint(2, 7))]
    for number, event in enumerate(events):
        found.append(_earn(number, event, [place for place in range(number) if events[place] == event], rng))
    return found


def _earn(number: int, event: str, before: list[int], rng: Random) -> str:
    rows = [f'earn "E{number}" as e{number} {{', f"  on        {event}"]
    rows += [f"  {rng.choice(DATES)}"] if rng.random() < 0.2 else []
    tests = [*MEMBER_WHEN, *(BUY_WHEN + LINES_WHEN if event == "buy" else ("rooms >= 2", "place is north"))]
    if rng.random() < 0.5:
        picked = rng.sample(tests, rng.choice((1, 1, 2)))
        picked.sort(key=lambda each: each not in MEMBER_WHEN)
        rows.append(f"  when      {' and '.join(_bracketed(each) for each in picked)}")
    rows.append(f"  give      {_amount(before, event, rng)}")
    rows += [f"  {rng.choice(LIMITS)}"] if rng.random() < 0.35 else []
    return "\n".join([*rows, "}"])


def _keyed(number: int, rng: Random) -> str:
    """One of many rules that are found by what an event says."""
    sku, word = rng.choice(("A1", "B2", "C3", "D4", "7")), rng.choice("ab")
    test = rng.choice(
        (f'count of (lines where sku is "{sku}") >= 1', f'till is "{word}"', f"channel is {rng.choice(('web', 'app'))}",
         "parcels >= 0", f'channel is store and till is "{word}"', "member.plan is plus")
    )  # fmt: skip
    return f'earn "K{number}" {{\n  on        buy\n  when      {test}\n  give      {number + 1} points\n}}'


def _bracketed(test: str) -> str:
    return f"({test})" if " or " in test else test


def _amount(before: list[int], event: str, rng: Random) -> str:
    money = f"net of lines{rng.choice(WHERE)}" if event == "buy" else "net"
    amounts = [
        f"{rng.choice((1, 3))} points per full {rng.choice((1, 5, 20))} GBP of {money}",
        f"{rng.choice((1, 7))} points per {rng.choice((1, 3))} GBP of {money}",
        f"{rng.choice((1, 25))} points",
    ]
    if event == "buy":
        amounts += [
            f"1 point per full 4 GBP of net of each line{rng.choice(WHERE)}",
            f"2 points * count of lines{rng.choice(WHERE)}",
            "3 points * parcels",
            "by parcels { from 0: 1 point   from 3: 4 points   from 10: 2 points }",
            "1 point * (by category { toys: 2   books: 1   otherwise: 3 }) per 5 GBP of net of each line",
            "2 points per full 3 GBP of (net - list of lines where hot)",
            "1 point * parcels * count of lines where hot",
            f"by list {{ from 0 GBP: nothing   from 20 GBP: 5 points   from {rng.choice((60, 100))} GBP: 12 points }}",
            "5 points per full 10 GBP of net plus 3 points * parcels",
            f"by channel {{ web: 2 points   app: {rng.choice((3, 9))} points   otherwise: nothing }}",
        ]
    else:
        amounts += ["4 points * rooms", "by place { north: 5 points   south: no award }"]
    if before:
        amounts += [f"{rng.choice((10, 33, 50))}% of e{rng.choice(before)}"]
    found = rng.choice(amounts)
    if "%" not in found and "by " not in found and rng.random() < 0.25:
        found += rng.choice(
            (", up to 40 points", ", never below 2 points", ", in steps of 5 points", ", only from 3 points")
        )
    return found


# ---- what members do with their units

HAVE_WHEN = (
    "balance of points >= 30 points", "balance of points, pending included >= 60 points", "balance of stars is 0",
    "balance of stars >= 4 stars or balance of points >= 100 points",
)  # fmt: skip
TAKE_LIMITS = (
    "",
    "",
    "",
    "once      per member per calendar month",
    "at most   90 points per member per calendar month",
)


def _spends(rng: Random) -> list[str]:
    """Redeems, deducts and turns of points and stars, and what follows from balances."""
    if rng.random() < 0.5:
        return []
    found = [_redeem(0, rng)] if rng.random() < 0.6 else []
    takers: dict[str, list[str]] = {"earn": [], "reward": []}
    for number in range(rng.randint(1, 4)):
        kind, event = rng.choice(("earn", "reward", "reward")), rng.choice(("buy", "visit", "visit"))
        rows = [f'{kind} "S{number}" as s{number} {{', f"  on        {event}"]
        rows += [f"  when      {rng.choice(HAVE_WHEN)}"] if rng.random() < 0.5 else []
        make = rng.choice((_deduct, _deduct, _turn, _turn, _earned))
        rows += [f"  {each}" for each in make(event, rng)]
        takers[kind] += [f'"S{number}"'] if make is not _earned else []
        found.append("\n".join([*rows, "}"]))
    groups = [f"group of_{kind} {{ all in order {', '.join(own)} }}" for kind, own in takers.items() if len(own) > 1]
    for kind, own in takers.items():
        for name in own if len(own) > 1 else ():
            place = next(at for at, text in enumerate(found) if text.startswith(f"{kind} {name} "))
            found[place] = found[place].removesuffix("}") + f"  competes in of_{kind}\n}}"
    return [*groups, *found]


def _deduct(event: str, rng: Random) -> list[str]:
    amounts = [
        "deduct    20 points",
        "deduct    3 stars",
        "deduct    balance of points",
        "deduct    50% of balance of stars",
    ]
    amounts += ["deduct    7 points * rooms"] if event == "visit" else ["deduct    1 point per full 2 GBP of net"]
    found = [rng.choice(amounts) + rng.choice(("", "", ", in steps of 5 points"))]
    found[0] = found[0].replace("steps of 5 points", "steps of 2 stars") if "stars" in found[0] else found[0]
    found += ["give      2 stars"] if "points" in found[0] and rng.random() < 0.4 else []
    limit = rng.choice(TAKE_LIMITS)
    return [*found, limit] if limit and ("points" in found[0] or "points" not in limit) else found


def _turn(_: str, rng: Random) -> list[str]:
    found = rng.choice(
        ("turn      every full 25 points into 2 stars", "turn      balance of points into 1 star per 10 points",
         "turn      40 points into 3 stars", "turn      every full 3 stars into 10 points")
    )  # fmt: skip
    limit = rng.choice(TAKE_LIMITS) if "every full 25" in found else ""
    return [found, limit] if limit else [found]


def _earned(event: str, rng: Random) -> list[str]:
    return [f"give      {rng.choice(('5 points', '1 point per 10 points of balance of points', '2 stars'))}"]


def _redeem(number: int, rng: Random) -> str:
    offered = rng.choice(("60 points", "balance of points", "(5 points * parcels)", "balance of stars"))
    unit = "star" if "stars" in offered else "point"
    worth = rng.choice(("1 GBP per 10", "0.07 GBP per 1", "3 GBP per 20", "0.005 GBP per 1"))
    words = rng.choice(("", "", ", in steps of 10 points", ", only from 15 points", ", up to 45 points"))
    words = words.replace("points", "stars") if unit == "star" else words
    named = f"{unit}s" if worth.rpartition(" ")[2] != "1" else unit
    cap = rng.choice(("", "", ", up to 50% of net", ", never beyond"))
    rows = [f'redeem "R{number}" {{', "  on        buy"]
    rows += ["  when      net >= 5 GBP"] if rng.random() < 0.3 else []
    rows.append(f"  accept    {offered}{words}, worth {worth} {named}{cap}")
    return "\n".join([*rows, "}"])


# ---- offers


def _offers(rng: Random) -> tuple[list[str], str, str]:
    """Offers, their groups, and the rows of `stacking`."""
    if rng.random() < 0.15:
        return [], "", ""
    found, rows, groups = [], [], ""
    for stage in ("item", "basket"):
        names = []
        for number in range(rng.randint(0, 3)):
            name = f"{stage[0].upper()}{number}"
            names.append(f'"{name}"')
            found.append((stage, name, _offer(stage, name, number, rng)))
        if not names:
            continue
        if len(names) > 1 and rng.random() < 0.6:
            choice = rng.choice(("best per basket", "first per basket", "all"))
            own = names[: rng.randint(2, len(names))]
            groups += f"group of_{stage} {{ {choice} in order {', '.join(own)} }}\n"
            for place, (kind, name, rows_of) in enumerate(found):
                if kind == stage and f'"{name}"' in own:
                    found[place] = kind, name, [*rows_of, f"  competes in of_{stage}"]
            names = [f"of_{stage}", *names[len(own) :]]
        rows.append(f"{stage}: {rng.choice(('all', 'all', 'all', 'first per basket'))} in order {', '.join(names)}")
    return ["\n".join([*rows_of, "}"]) for _, _, rows_of in found], groups, "   ".join(rows)


def _offer(stage: str, name: str, number: int, rng: Random) -> list[str]:
    rows = [f'{stage} offer "{name}" {{', "  on        buy"]
    rows += [f"  {rng.choice(DATES)}"] if rng.random() < 0.2 else []
    code = rng.random() < 0.3
    rows.append(f'  with      code "{rng.choice("DE")}{number}"' if code else "  automatic")
    if rng.random() < 0.4:
        rows.append(
            f"  when      {rng.choice(('current >= 30 GBP', 'channel is app', 'list >= 20 GBP', *LINES_OFFER))}"
        )
    where = rng.choice([each for each in WHERE if "net" not in each])
    grain = rng.choice(("each line", "each line", "each unit", "the total of lines", "the total of lines"))
    bases = ["current", "current", "list"]
    bases += ["after item"] if stage == "basket" and grain != "each unit" else []
    base = rng.choice(bases)
    amount = rng.choice((f"{rng.choice((5, 12.5, 33, 100))}% of {base}", f"{rng.choice(('0.07', '3.33', '20'))} GBP"))
    words = rng.choice(("", "", "", ", up to 4 GBP")) if grain != "each unit" else ""
    if grain == "each unit" and rng.random() < 0.3:
        rows.append(f"  price     each unit{where} at {rng.choice(('5 GBP', f'80% of {base}'))}")
    else:
        rows.append(f"  take      {amount} off {grain}{where}{words}")
    rows += [f"  {rng.choice(OFFER_LIMITS)}"] if rng.random() < 0.35 else []
    return rows


LINES_OFFER = ("count of (lines where hot) >= 1", "(current of lines where category is toys) >= 10 GBP")
