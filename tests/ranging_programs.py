"""Programs of rarer words that columns can do, made from a seed: what the others of `columnar_trials.py` seldom have.

Periods of every form, tiers that rules read and that fall to one by name, the largest of some amounts and what is
bounded in brackets, several shares in one award, what stages of offers leave, texts that a column lists, units that
offers pick, what offers and rules say, limits by another day, a gift of more than one unit, guests.
"""

from __future__ import annotations

from random import Random

PERIODS = (
    "1 Nov to end of Feb every year except 20 Dec to 3 Jan every year", "day 8, 18, 28, 31 of every month",
    "Friday, Saturday of every week", "29 Feb to 29 Feb every year", "from 2027-02-20 until 2027-06-10",
    "15 Jun to 31 Aug every year",
)  # fmt: skip
WHEN = (
    "today in odd", "today not in odd", "ordered in odd", "till in series", "largest of (parcels, 3) >= 4",
    "(parcels + 2, up to 5) >= 4", "net with tax >= 20 GBP", '"A1" in tags', "(net of lines where day in odd) >= 5 GBP",
)  # fmt: skip
OF_MEMBERS = ("tier is Gold", "previous visits >= 1", "tier in (Silver, Gold)")
GIVES = (
    "largest of (8 points, 1 point * parcels)", "(60 points * parcels, up to 300 points)",
    "1 point per full 1 GBP of net plus 2 points per full 3 GBP of list",
    "2 points per 1 GBP of largest of (net, 30 GBP)", "3 points per 2 GBP of after item of lines where hot",
    "1 point per 1 GBP of catalogue", "1 point per full 1 GBP of net of each line where day in odd",
    "by tier { Gold: 9 points   otherwise: 2 points } * parcels", "3 points per 2 GBP of net of each line",
    "1 point per 1 GBP of net without tax", "33% of e0 of each line where hot",
)  # fmt: skip
LIMITS = (
    "", "", "at most 30 points per member per calendar week by ordered", "at most 90 points per member per 30 days",
    "at most 2 times per member per calendar month", "at most 25 points per member per calendar day",
)  # fmt: skip
TAKES = (
    "take 20% of current off each unit where hot, up to 3 GBP", "take 5 GBP off the total of lines, split evenly",
    "take 100% of current off each unit at every 2nd of 2, cheapest first", "price each unit where hot at 4 GBP",
    "take 33% of current off each unit at every 2nd of 3, dearest first", "take 10% of after item off each line",
    "take 50% of list off the total of the cheapest 1 unit", "take 1 GBP off the total of the dearest 2 units",
    "take 2.50 GBP per full 10 GBP of current of lines off the total of lines", "take 12.5% of current off each line",
)  # fmt: skip


def ranging_program(seed: int) -> str:
    """The program of a seed."""
    rng = Random(f"ranging {seed}")
    guest = rng.random() < 0.5
    found = [_head(rng, guest)]
    for stage in ("item", "basket"):
        found += [_offer(stage, number, rng) for number in range(rng.choice((0, 1, 1, 2)))]
    found.append('earn "Base" as e0 { on buy   give 2 points per 1 GBP of net of each line }')
    found += [_rule(number, guest, rng) for number in range(1, rng.randint(3, 6))]
    text = "\n".join(found) + "\n"
    rows = [f'{stage}: all in order "{stage} 1", "{stage} 0"' for stage in ("item", "basket") if f'"{stage} 1"' in text]
    return text.replace("STACKING", f"stacking {{ {'   '.join(rows)} }}" if rows else "")


def _head(rng: Random, guest: bool) -> str:
    side, rounded = rng.choice(("include", "exclude")), rng.choice(("down", "half up", "half even"))
    fall = rng.choice(("Silver", "Blue", "1 tier down", "the earned tier"))
    lasts = rng.choice(
        ("for 30 days", "by tier { Gold: for 90 days   otherwise: for 8 days }", "until end of calendar year")
    )
    return f"""language 1
program "Ranging" {{
  currency   GBP, rounded {rounded}
  timezone   "Europe/London"
  weeks start Monday
  29 February counts as 28 February
  split      in proportion, odd pennies to the largest remainder
  prices     {side} tax
  tax        rounded half up per line
  STACKING
}}
define series = column "code" of "series.csv"
period odd = {rng.choice(PERIODS)}
unit point, points {{ rounded {rounded}   lasts forever }}
event buy dated by bought_on of customer identified by no {{
  no: text   bought_on: date   ordered: date   customer: member{"?" * guest}   till: text   parcels: count up to 20
  tags: list of up to 3 text
  lines 0 to 9 {{
    sku: text   hot: flag   day: date   vat: rate as tax rate   pieces: count up to 9 as quantity
    price: money up to 500 GBP as list each
  }}
}}
member {{ joined: date   birthday: date? }}
track visits = count, on buy, per calendar month
track spend = sum of net, on buy, per calendar quarter
tiers {{
  Blue
  Silver    when visits >= 2
  Gold      when spend >= 90 GBP
  counts    {rng.choice(("at once", "from the next event"))}
  lasts     {lasts}
  then      {fall}
}}"""


def _offer(stage: str, number: int, rng: Random) -> str:
    takes = [each for each in TAKES if stage == "basket" or "after" not in each]
    when = (
        f"   when {rng.choice(('current >= 20 GBP', 'list >= 10 GBP', 'parcels >= 3'))}" if rng.random() < 0.3 else ""
    )
    says = f'   say "Off {number}"' if rng.random() < 0.4 else ""
    return f'{stage} offer "{stage} {number}" {{ on buy   automatic{when}   {rng.choice(takes)}{says} }}'


def _rule(number: int, guest: bool, rng: Random) -> str:
    kind, test = rng.choice(("earn", "earn", "reward")), rng.choice((*WHEN, *OF_MEMBERS))
    if guest and test in OF_MEMBERS:
        test = f"has member and {test}"
    when = f"   when {test}" if rng.random() < 0.7 else ""
    when += " and spend reaches 60 GBP" if kind == "reward" and when and not guest and rng.random() < 0.2 else ""
    says = f'   say "Said {number}"' if rng.random() < 0.4 else ""
    if says and rng.random() < 0.4:
        return f'{kind} "Rule {number}" {{ on buy{when}{says} }}'
    give = rng.choice(GIVES)
    return f'{kind} "Rule {number}" {{ on buy{when}   give {give}{says}   {rng.choice(LIMITS)} }}'
