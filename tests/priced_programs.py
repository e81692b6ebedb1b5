"""Programs about prices, made from a seed, of what columns can do: shipping, taxes, floors, every split and every mode
of odd pennies, prices that fall and rise, rules of several effects, charges and gifts.

In: a seed. Out: the text of a program. `straight_programs.py` has the rest of a programme; what earns there read of
prices is here one earn.
"""

from __future__ import annotations

from random import Random

import msgspec

ODD = ("the largest remainder", "the first", "the last", "the last after rounding", "running")
ROUNDED = ("half up", "down", "up", "half even")
WHERE = ("", "", "", " where category is toys", " where hot", " where pieces >= 2", ' where sku in ("A1", "B2", "C3")')
WHEN = ("current >= 30 GBP", "channel is app", "count of (lines where hot) >= 1", "list >= 20 GBP")
LIMITS = (
    "once      per member", "at most   6 GBP per member", "at most   15 GBP per member per calendar month",
    "at most   2 times per member per calendar month", "at most   1.11 GBP per member per calendar week",
)  # fmt: skip
THINGS = ('"TOY"', "toy")
PICKS = (
    " at every 2nd of 3, dearest first", " at every 2nd of 2, cheapest first", " at units 2 to 3 of each line",
    " at the cheapest 2", " at the dearest 1 per full 3", " at every 2nd of 2, sorted by pieces highest first",
)  # fmt: skip
TOTALS = (
    "the cheapest 1 unit", "the dearest 2 units", "the cheapest 1 per full 3 units", "the first 2 units",
    "the last 3 units", "units 2 to 3 of each line", "the cheapest 2 lines", "the last 2 lines",
)  # fmt: skip
STAGES = ("catalogue", "item", "basket", "shipping")


class Shape(msgspec.Struct, frozen=True):
    """What the orders of a program are made of."""

    each: bool
    was: bool
    floor: bool
    guest: bool
    postage: bool
    posted: bool
    tax: str
    below: bool


def priced_program(seed: int) -> str:
    """The program of a seed."""
    rng = Random(seed)
    postage, tax = rng.random() < 0.5, rng.choice(("", "", "include", "exclude"))
    shape = Shape(
        each=rng.random() < 0.75,
        was=rng.random() < 0.3,
        floor=rng.random() < 0.3,
        guest=rng.random() < 0.3,
        postage=postage,
        posted=not postage and rng.random() < 0.3,
        tax=tax,
        below=False,
    )
    if not shape.floor and not shape.was and not shape.tax and not postage and not shape.posted and rng.random() < 0.5:
        shape = msgspec.structs.replace(shape, below=True)
    stages = [] if shape.below else _stages(shape, rng)
    coded = rng.choice((0.2, 0.2, 0.2, 1))
    offers = [(stage, _offer(number, stage, shape, coded, rng)) for number, stage in enumerate(stages)]
    rows, groups = _groups(offers, rng)
    return (
        _head(rows, shape, rng) + _event(shape) + groups + "".join(f"{text}}}\n" for _, text in offers) + _earns(shape)
    )


def _stages(shape: Shape, rng: Random) -> list[str]:
    found = rng.choices(STAGES if shape.postage or shape.posted else STAGES[:3], k=rng.randint(1, 5))
    return sorted(found, key=STAGES.index)


def _head(rows: str, shape: Shape, rng: Random) -> str:
    per = rng.choice(("line", "line", "unit"))
    tax = f"  prices     {shape.tax} tax\n  tax        rounded {rng.choice(ROUNDED)} per {per}\n" if shape.tax else ""
    split = f"  split      in proportion, odd pennies to {rng.choice(ODD)}\n  stacking   {{ {rows} }}\n" if rows else ""
    return f"""language 1
program "Priced" {{
  currency   GBP, rounded {rng.choice(ROUNDED)}
  timezone   "Europe/London"
  weeks start Monday
{tax}{split}}}
unit point, points {{ rounded down   lasts forever }}
"""


def _event(shape: Shape) -> str:
    order = "postage: money up to 90 GBP as shipping" if shape.postage else ""
    order += "   post_vat: rate as shipping tax rate" if shape.postage and shape.tax else ""
    fields = ["was: money? up to 900 GBP as was"] if shape.was else []
    fields += ["least: money? up to 300 GBP as floor"] if shape.floor and shape.each else []
    fields += ["vat: rate as tax rate"] if shape.tax else []
    fields += ["posted: flag as shipping"] if shape.posted else []
    low = "from -50 GBP up to 500 GBP" if shape.below else "up to 500 GBP"
    return f"""event buy dated by bought_on of customer identified by no {{
  no: text   bought_on: date   customer: member{"?" * shape.guest}   channel: web | app   codes: codes up to 3
  toy: text?
  {order}
  lines 0 to 9 {{
    sku: text as id   category: toys | books   hot: flag   pieces: count up to 9 as quantity   {"   ".join(fields)}
    price: money {low} as list{" each" * shape.each}
  }}
}}
"""


def _earns(shape: Shape) -> str:
    found = 'earn "Goods" { on buy   give 1 point per full 1 GBP of net }\n'
    if shape.tax == "exclude":
        found += 'earn "Taxed" { on buy   give 1 point per full 1 GBP of net with tax }\n'
    if shape.postage or shape.posted:
        found += 'earn "Both" { on buy   give 1 point per full 2 GBP of net of lines and shipping }\n'
        found += 'earn "Posted" { on buy   give 3 points per full 1 GBP of net of shipping }\n'
    return found


# ---- offers


def _offer(number: int, stage: str, shape: Shape, coded: float, rng: Random) -> str:
    rows = [f'{stage} offer "R{number}" {{', "  on        buy"]
    rows.append(f'  with      code "D{number}"' if rng.random() < coded else "  automatic")
    rows += [f"  when      {rng.choice(WHEN)}"] if rng.random() < 0.25 else []
    several = rng.random() < 0.3
    chosen = rng.random()
    if chosen < 0.85 or stage == "catalogue":
        rows += [f"  {_effect(stage, shape, rng)}" for _ in range(1 + several)]
    if chosen > 0.7 and stage != "catalogue":
        rows.append(f'  charge    {rng.choice(("1.50 GBP", "2.5% of current"))} as "fee"')
    if chosen > 0.8 and stage != "catalogue":
        rows.append(f"  add       {rng.choice((1, 2))} {rng.choice(THINGS)} free")
    rows += [f'  say       "Thank you for R{number}"'] if rng.random() < 0.2 else []
    raises = stage == "catalogue" and " at 5 GBP" in "".join(rows)
    if rng.random() < 0.3 and not raises and "with" not in rows[2]:
        rows.append(f"  {rng.choice(LIMITS)}")
    return "\n".join(rows) + "\n"


def _effect(stage: str, shape: Shape, rng: Random) -> str:
    of, own = _of(stage, shape, rng)
    grain = rng.choice(("each line", "each unit", "total")) if not own else rng.choice(("each line", "total"))
    if of and grain != "total":
        of = {"shipping": " where shipping", "lines and shipping": ""}[of] if not shape.posted else of
    where = rng.choice(WHERE) if not own else ""
    bases = [
        "current",
        "current",
        "list",
        *(["catalogue"] if stage != "catalogue" else []),
        *(["was"] if shape.was and not own else []),
    ]
    bases += ["after item"] if stage in ("basket", "shipping") and grain != "each unit" else []
    base = rng.choice(bases if shape.each else [each for each in bases if each == "current"])
    target = f"the total of {of or 'lines'}{where}" if grain == "total" else f"{grain}{where}"
    if not of and stage != "catalogue" and rng.random() < 0.2:
        base = rng.choice(("current", "list") if shape.each else ("current",))
        amount = rng.choice((f"{rng.choice((5, 33, 100))}% of {base}", "3.33 GBP"))
        cap = rng.choice(("", "", ", up to 2 GBP", ", split evenly" if grain != "each unit" else ""))
        if rng.random() < 0.3:
            asked = (
                rng.choice(("current >= 10 GBP", "current is list", "current < list"))
                if shape.each
                else "current >= 5 GBP"
            )
            target = f"the total of units where {asked}" if grain == "total" else f"{grain} where {asked}"
            return f"take      {amount} off {target}{cap}"
        if grain == "total":
            return f"take      {amount} off the total of {rng.choice(TOTALS)}{where}{cap}"
        return f"take      {amount} off {grain}{where}{rng.choice(PICKS)}{cap}"
    if rng.random() < 0.2:
        price = rng.choice((f"{rng.choice((85, 50))}% of {base}", "5 GBP"))
        return f"price     {target} at {price}"
    amount = rng.choice((f"{rng.choice((5, 12.5, 33, 100))}% of {base}", f"{rng.choice(('0.07', '3.33', '20'))} GBP"))
    return f"take      {amount} off {target}{_words(grain, shape, rng)}"


def _of(stage: str, shape: Shape, rng: Random) -> tuple[str, bool]:
    """What an effect is about, and whether the shipping of the event's own field is among it."""
    if not shape.postage and not shape.posted:
        return "", False
    if stage == "shipping":
        return "shipping", shape.postage
    if stage == "basket" and rng.random() < 0.4:
        return "lines and shipping", shape.postage
    return "", False


def _words(grain: str, shape: Shape, rng: Random) -> str:
    """Caps, least prices, steps and splits."""
    words = f", up to {rng.choice(('2 GBP', '7.77 GBP', '20% of current'))}" if rng.random() < 0.25 else ""
    if grain != "each unit" and rng.random() < 0.15:
        words += f", never below {rng.choice(('1 GBP', '5 GBP'))}"
    words += ", in steps of 0.25 GBP" if rng.random() < 0.15 else ""
    splits = [", split evenly", *([", split in proportion with tax"] if shape.tax else [])]
    return words + (rng.choice(splits) if rng.random() < 0.25 else "")


def _groups(offers: list[tuple[str, str]], rng: Random) -> tuple[str, str]:
    """The rows of `stacking`, and groups."""
    rows, groups, apart = list[str](), "", list[int]()
    for stage in STAGES:
        mine = [place for place, (of, _) in enumerate(offers) if of == stage]
        names = [f'"R{place}"' for place in mine]
        coded = any("with      code" in offers[place][1] for place in mine)
        choices = ["all", "all"] if coded else ["all", "first per basket", "best per basket"]
        if len(mine) > 1 and all("with      code" in offers[place][1] for place in mine):
            rows.append(f"{stage}: all in order of codes")
            continue
        if len(mine) > 1 and choices[0] == "all" and rng.random() < 0.2:
            choices = ["all"]
            apart.append(mine[0])
        if len(mine) > 1 and rng.random() < 0.6:
            groups += f"group of_{stage} {{ {rng.choice(choices)} in order {', '.join(names)} }}\n"
            for place in mine:
                offers[place] = stage, offers[place][1] + f"  competes in of_{stage}\n"
            rows.append(f"{stage}: all in order of_{stage}")
        elif names:
            rows.append(f"{stage}: {rng.choice(choices)} in order {', '.join(names)}")
    for place in apart:
        offers[place] = offers[place][0], offers[place][1] + "  combines with nothing on the same basket\n"
    return "   ".join(rows), groups
