"""Programs of some dozen rules in a few shapes, plain enough for columns, made from a seed.

Rules of one shape differ in articles, words, numbers, rates and days, and stand in any order, so that an event meets
several of one shape, and of several shapes, in an order of its own. Between them stands what must not be put together,
or must wait its turn: rules with limits of their own, rules that read what another gave, rules of a group with one
limit, groups of offers, tracks that count what rules give. Prices move from offer to offer: a wrong order shows in a
penny.
"""

from __future__ import annotations

from random import Random

SKUS = ("A1", "B2", "C3", "D4", "7", "R1")
HEAD = """language 1
program "Shaped" {{
  currency   GBP, rounded {rounding}
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
  stacking   {{ item: all in order {item}   basket: all in order {basket} }}
}}
period spring = 1 Mar to 31 May every year
unit point, points {{ rounded down   lasts forever }}
unit star, stars {{ rounded down   lasts forever }}
event buy dated by bought_on of customer identified by no {{
  no: text   bought_on: date   customer: member{guest}   channel: web | app | store   till: text
  parcels: count up to 20
  lines 0 to 8 {{
    sku: text   category: toys | books | home   hot: flag   pieces: count up to 9 as quantity
    price: money up to 90 GBP as list each
  }}
}}
member {{ vip: flag   plan: basic | plus | gold }}
track spend = sum of net, on buy, per calendar month
track given = sum of given points, per calendar year
"""
LIMITS = ("once   per member", "at most   20 points per member per calendar month", "at most   3 times per member")
OFFER_LIMITS = ("once   per member", "at most   6 GBP per member", "at most   2 times per member per calendar month")


def shaped_program(seed: int) -> str:
    """The program of a seed."""
    rng = Random(seed)
    guest = rng.choice(("", "", "?"))
    item = [_offer("item", number, rng) for number in range(rng.choice((0, 14, 18, 30)))]
    basket = [_offer("basket", number, rng) for number in range(rng.choice((0, 2, 13)))]
    grouped = rng.sample(range(len(basket)), min(len(basket), rng.choice((0, 2))))
    bag = [f'"b{number}"' for number in grouped]
    basket = [
        text.replace("\n}", "\n  competes in bag\n}") if place in grouped else text for place, text in enumerate(basket)
    ]
    names = [f'"b{number}"' for number in range(len(basket)) if number not in grouped]
    groups = [f"group bag {{ {rng.choice(('all', 'best per basket'))} in order {', '.join(bag)} }}"] if bag else []
    earns = [_earn(number, rng) for number in range(rng.choice((14, 20, 40)))]
    pooled = [f'"e{number}"' for number in sorted(rng.sample(range(len(earns)), rng.choice((0, 0, 3))))]
    for name in pooled:
        place = int(name.strip('"e'))
        earns[place] = earns[place].replace("\n}", "\n  competes in pool\n}")
    if pooled:
        groups.append(f"group pool {{ all in order {', '.join(pooled)}   at most 30 points per member }}")
    rewards = [_earn(number, rng, "reward") for number in range(rng.choice((0, 0, 14)))]
    head = HEAD.format(
        rounding=rng.choice(("half up", "down", "half even")), guest=guest,
        item=", ".join(_mixed([f'"i{number}"' for number in range(len(item))], rng)) or "none",
        basket=", ".join([*_mixed(names, rng), *(["bag"] if bag else [])]) or "none",
    )  # fmt: skip
    head = head.replace("item: all in order none", "").replace("basket: all in order none", "")
    head = head.replace("  stacking   {     }\n", "")
    tracked = rng.choice(("", " by e0 or e1 or e2"))
    text = "\n".join(
        [head.replace("given points", f"given points{tracked}"), *groups, *item, *basket, *earns, *rewards]
    )
    return text.replace("when      member", "when      has member and member") if guest else text


def _mixed(names: list[str], rng: Random) -> list[str]:
    return rng.sample(names, len(names))


def _shape(rng: Random) -> str:
    """A condition of the event or nothing; few forms, many constants."""
    sku, number = rng.choice(SKUS), rng.randrange(1, 60)
    return rng.choice((
        "", f'count of (lines where sku is "{sku}") >= {rng.choice((1, 2))}', f'till is "{sku}"',
        f"parcels >= {number % 12}", f'till is "{sku}" and net >= {number} GBP', f'till in ("{sku}", "7")',
        f'till in ("{sku}", "B2")',
    ))  # fmt: skip


def _lines(rng: Random) -> str:
    return rng.choice((
        f'sku is "{rng.choice(SKUS)}"', f'sku is "{rng.choice(SKUS)}"', f'sku in ("{rng.choice(SKUS)}", "A1", "Z9")',
        f'sku is "{rng.choice(SKUS)}" and pieces >= {rng.randrange(1, 4)}', "hot",
    ))  # fmt: skip


def _offer(stage: str, number: int, rng: Random) -> str:
    amount = rng.choice((
        f"take      {rng.randrange(1, 30)}% of current off each unit where {_lines(rng)}",
        f"take      {rng.randrange(1, 30)}% of current off each line where {_lines(rng)}",
        f"take      {rng.randrange(1, 300) / 100:.2f} GBP off each line where {_lines(rng)}",
        f"take      {rng.randrange(1, 9)} GBP off the total of lines where {_lines(rng)}",
        f"take      {rng.randrange(1, 40)}% of list off each line where {_lines(rng)}, up to {rng.randrange(1, 5)} GBP",
        f"price     each unit where {_lines(rng)} at {rng.randrange(1, 9)} GBP",
    ))  # fmt: skip
    rows = [f'{stage} offer "{stage[0]}{number}" {{', "  on        buy"]
    rows += [f"  {_dates(rng)}"] if rng.random() < 0.2 else []
    rows.append("  automatic")
    when = _shape(rng).replace("net >=", "current >=")
    rows += [f"  when      {when}"] if when and rng.random() < 0.4 else []
    rows.append(f"  {amount}")
    rows += [f"  {rng.choice(OFFER_LIMITS)}"] if rng.random() < 0.12 else []
    return "\n".join([*rows, "}"])


def _dates(rng: Random) -> str:
    return f"from 2027-0{rng.randrange(1, 4)}-01 until 2027-0{rng.randrange(4, 9)}-{rng.randrange(10, 29)}"


def _earn(number: int, rng: Random, kind: str = "earn") -> str:
    amounts = [
        f"{rng.randrange(1, 9)} points per full {rng.randrange(1, 5)} GBP of net of lines where {_lines(rng)}",
        f"{rng.randrange(1, 9)} points per full 1 GBP of net of lines where {_lines(rng)}",
        f"{rng.randrange(1, 90)} points", f"{rng.randrange(1, 9)} stars",
        f"{rng.randrange(1, 9)} points per {rng.randrange(1, 9)} GBP of net, up to {rng.randrange(5, 90)} points",
        f"{rng.randrange(1, 5)} points * count of lines where {_lines(rng)}",
    ]  # fmt: skip
    name = f"{kind[0]}{number}"
    if kind == "earn" and number > 4 and rng.random() < 0.1:
        amounts = [f"{rng.choice((10, 33))}% of e{rng.randrange(3)}"]
    give = rng.choice(amounts)
    rows = [f'{kind} "{name}" as {name} {{', "  on        buy"]
    rows += [f"  {_dates(rng)}"] if rng.random() < 0.2 else []
    when = rng.choice(
        (
            _shape(rng),
            _shape(rng),
            f"spend >= {rng.randrange(90)} GBP",
            f"member.plan is {rng.choice(('plus', 'gold'))}",
        )
    )
    rows += [f"  when      {when}"] if when else []
    rows.append(f"  give      {give}")
    limit = rng.choice(LIMITS) if rng.random() < 0.12 else ""
    rows += [f"  {limit}"] if limit and ("points" in give or "points" not in limit) else []
    return "\n".join([*rows, "}"])
