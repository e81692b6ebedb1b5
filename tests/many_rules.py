"""Programs of hundreds of rules in a few shapes, and events that meet some of them.

In: a seed. Out: the text of a program that checks, and events with facts, as a host sends them. Rules of one shape
differ in articles, amounts, days, limits and words; between them stand rules that other rules read, rules on their own,
rules in groups that share a limit or take the first or the best, rules held out, and rules set off by codes. What is
drawn is small enough that rules meet often: a wrong order, a rule found twice, or one not found, shows in an award or a
counter.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

HEAD = """language 1

program "Many rules" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
  stacking   { %(stacking)s }
}

unit point, points { rounded down   lasts for 24 months }
unit stamp, stamps counts pieces { lasts forever }

period spring = 1 Mar to 31 May every year

event order dated by placed_at of customer identified by order_no {
  order_no: text   customer: member?   placed_at: instant   channel: web | app | store   country: text?   level: count
  up to 50 gifted: flag   codes: codes up to 6   share: rate lines 0 to 30 { id: text as id   sku: text   brand: text?
  kind: food | wine | toys   pieces: count up to 100 as quantity price: money up to 500 GBP as list each } }

member { segment: text?   clubs: list of up to 20 text   plan: basic | plus }

track spend = sum of net, on order, per calendar year
"""

COUNTRIES = ("GB", "FR", "DE", "IT")
KINDS = ("food", "wine", "toys")


class Case(NamedTuple):
    """A program, and its events with the facts of their members."""

    text: str
    events: tuple[tuple[dict[str, Any], dict[str, Any]], ...]


class Few(Random):
    """Draws of the two same options each time, so that there are few shapes with many rules each."""

    turn = 0

    def choice(self, seq: Any) -> Any:
        """One of two options."""
        start = self.turn % len(seq)
        return super().choice((*seq, *seq)[start : start + 2])


def case(seed: int, count: int = 120, events: int = 24, *, few: bool = False) -> Case:
    """A program of about so many rules, and so many events; of `few` shapes, where that is wanted."""
    rng = Few(seed) if few else Random(seed)
    rng.turn = seed  # type: ignore[attr-defined]
    text = _program(rng, count)
    rng = Random(seed)
    return Case(text, tuple(_event(rng, number, count) for number in range(events)))


# ---- programs


def _program(rng: Random, count: int) -> str:
    offers = [_offer(rng, number, count) for number in range(count // 3)]
    grouped = [_grouped(rng, number, count) for number in range(count // 6)]
    coded = [_coded(rng, number, count) for number in range(count // 8)] if rng.random() < 0.6 else []
    earns = [_earn(rng, number, count) for number in range(count // 2)]
    rewards = [_reward(rng, number) for number in range(14)] if rng.random() < 0.5 else []
    names = [f'"B{number}"' for number in range(len(grouped))]
    choice = rng.choice(("all", "first per basket", "best per basket", "best per line", "first per line"))
    limits = rng.choice(("", "   at most 30 GBP per member per calendar month")) if choice == "all" else ""
    groups = [f"group bag {{ {choice} in order {', '.join(_shuffled(rng, names))}{limits} }}"]
    shared = [f'"P{number}"' for number in range(count // 10)]
    groups.append(
        f"group pool {{ all in order {', '.join(shared)}   at most 40 points per member per calendar month }}"
    )
    pool = [_pooled(rng, number) for number in range(len(shared))]
    item = ", ".join(_shuffled(rng, [f'"O{number}"' for number in range(len(offers))]))
    basket = ", ".join(_shuffled(rng, ["bag", *(f'"C{number}"' for number in range(len(coded)))]))
    stacking = f"item: all in order {item}   basket: {rng.choice(('all', 'all'))} in order {basket}"
    base = [
        'earn "Base" as base { on order   give 1 point per full 1 GBP of net }',
        'earn "Plus" { on order   when has customer and member.plan is plus   give 10% of base }',
    ]
    held = [f'"E{number}"' for number in range(0, count // 2, 5)]
    holdouts = [
        f'holdout 40% of members salt "s{rng.randrange(99)}" from {", ".join(held)}',
        f'holdout members where has member.segment and member.segment is "G1", from "O0", "O{len(offers) - 1}"',
    ]
    parts = [*offers, *grouped, *coded, *_mixed(rng, base, earns), *pool, *rewards, *groups, *holdouts]
    return HEAD % {"stacking": stacking} + "\n" + "\n".join(parts) + "\n"


def _mixed(rng: Random, some: list[str], others: list[str]) -> list[str]:
    """Some texts put anywhere between others."""
    found = list(others)
    for text in some:
        found.insert(rng.randrange(len(found) + 1), text)
    return found


def _shuffled(rng: Random, names: list[str]) -> list[str]:
    return rng.sample(names, len(names))


def _sku(rng: Random, count: int) -> str:
    return f'"S{rng.randrange(max(2, count // 6))}"'


def _limit(rng: Random, unit: str) -> str:
    amount = f"{rng.randrange(1, 30)} GBP" if unit == "GBP" else f"{rng.randrange(1, 90)} {unit}"
    return rng.choice((
        "", "", f"   once per member per {rng.choice(('calendar month', '30 days'))}", "   once per member",
        f"   at most {amount} per member per calendar month", f"   at most {rng.randrange(1, 4)} times per member",
        f"   at most {amount} per member, or nothing",
    ))  # fmt: skip


def _filter(rng: Random, count: int) -> str:
    """A condition of lines."""
    sku = _sku(rng, count)
    return rng.choice((
        f"sku is {sku}", f"sku is {sku}", f"sku is {sku} and kind is {rng.choice(KINDS)}",
        f"has brand and brand is {sku}", f"sku in ({sku}, {_sku(rng, count)}, {_sku(rng, count)})",
        f"(sku is {sku} or sku is {_sku(rng, count)}) and pieces >= {rng.randrange(1, 4)}",
        f"pieces >= {rng.randrange(1, 6)} and pieces < {rng.randrange(6, 9)}", f"kind is not {rng.choice(KINDS)}",
    ))  # fmt: skip


def _when(rng: Random, *, member: bool) -> str:
    """A condition of the event."""
    level, country = rng.randrange(50), rng.choice(COUNTRIES)
    guard = "has customer and " if member else ""
    found = [
        f'has country and country is "{country}"', f"level >= {level}", f"level >= {level} and level < {level + 3}",
        f"channel is {rng.choice(('web', 'app'))} and level < {level}", f"channel is not {rng.choice(('web', 'app'))}",
        f'has country and (country is "{country}" or country is "XX") and level is not {level}',
        f"gifted and list >= {rng.randrange(90)} GBP", f"not gifted and list < {rng.randrange(90)} GBP",
        f"share >= {rng.randrange(20) * 5}%", f"today in spring and level > {level}",
    ]  # fmt: skip
    if member:
        segment = f"G{rng.randrange(5)}"
        found += [
            f'{guard}has member.segment and member.segment is "{segment}"', f'{guard}"{segment}" in member.clubs',
            f"{guard}spend >= {rng.randrange(400)} GBP",
            f'{guard}(member.plan is plus or "{segment}" in member.clubs) and level > {level}',
        ]  # fmt: skip
    return rng.choice(found)


def _dates(rng: Random) -> str:
    first = rng.randrange(1, 27)
    return rng.choice(("", "", f"   from 2027-03-{first:02} until 2027-03-{first + rng.randrange(3):02}"))


def _offer(rng: Random, number: int, count: int) -> str:
    most = rng.randrange(1, 5)
    amount = rng.choice((
        f"take {rng.randrange(1, 30)}% of current off each unit where {_filter(rng, count)}",
        f"take {rng.randrange(1, 30)}% of current off each unit where sku is {_sku(rng, count)}",
        f"take {rng.randrange(1, 300) / 100:.2f} GBP off each line where {_filter(rng, count)}",
        f"price each unit where sku is {_sku(rng, count)} at {rng.randrange(1, 9)} GBP",
        f"take {rng.randrange(1, 9)} GBP off the total of lines where {_filter(rng, count)}",
        f"take {rng.randrange(1, 30)}% of list off each line where {_filter(rng, count)}, up to {most} GBP",
    ))  # fmt: skip
    when = f"   when {_when(rng, member=rng.random() < 0.4)}" if rng.random() < 0.4 else ""
    return f'item offer "O{number}" {{ on order{_dates(rng)}   automatic{when}   {amount}{_limit(rng, "GBP")} }}'


def _grouped(rng: Random, number: int, count: int) -> str:
    return (
        f'basket offer "B{number}" {{ on order   automatic   when {_when(rng, member=rng.random() < 0.3)}   '
        f"take {rng.randrange(1, 40)}% of current off the total of lines where {_filter(rng, count)}"
        f"   competes in bag }}"
    )


def _coded(rng: Random, number: int, count: int) -> str:
    code = f"CODE{rng.randrange(count // 8)}"
    several = rng.random() < 0.3
    with_code = f'with code "{code}"' if not several else f"with code from codes{number}"
    declared = f'define codes{number} = ("{code}", "EXTRA{number}")\n' if several else ""
    when = f"   when {_when(rng, member=False)}" if rng.random() < 0.4 else ""
    return (
        f'{declared}basket offer "C{number}" {{ on order{_dates(rng)}   {with_code}{when}   '
        f"take {rng.randrange(1, 9)} GBP off the total of lines{_limit(rng, 'GBP')} }}"
    )


def _earn(rng: Random, number: int, count: int) -> str:
    give = rng.choice((
        f"{rng.randrange(1, 9)} points per full 1 GBP of net of lines where {_filter(rng, count)}",
        f"{rng.randrange(1, 9)} points per full 1 GBP of net of lines where sku is {_sku(rng, count)}",
        f"{rng.randrange(1, 90)} points", f"{rng.randrange(1, 9)} stamps",
        f"{rng.randrange(1, 30)}% of base, up to {rng.randrange(1, 30)} points",
        f"{rng.randrange(1, 9)} points per full {rng.randrange(1, 9)} GBP of net",
    ))  # fmt: skip
    where = "sku is" in give or "where" in give
    when = f"   when {_when(rng, member=True)}" if not where or rng.random() < 0.3 else ""
    unit = "stamps" if "stamps" in give else "points"
    return f'earn "E{number}" {{ on order{_dates(rng)}{when}   give {give}{_limit(rng, unit)} }}'


def _pooled(rng: Random, number: int) -> str:
    when, points = _when(rng, member=True), rng.randrange(1, 30)
    return f'earn "P{number}" {{ on order   when {when}   give {points} points   competes in pool }}'


def _reward(rng: Random, number: int) -> str:
    return (
        f'reward "R{number}" {{ on order   when has customer and spend >= {rng.randrange(900)} GBP   '
        f"give {rng.randrange(1, 9)} stamps{_limit(rng, 'stamps')} }}"
    )


# ---- events


def _event(rng: Random, number: int, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {
        "event": "order",
        "order_no": f"N{number}",
        "placed_at": f"2027-03-{1 + number % 29:02}T{rng.randrange(24):02}:10:00Z",
        "channel": rng.choice(("web", "app", "store")),
        "level": rng.randrange(51),
        "gifted": rng.random() < 0.5,
        "share": f"{rng.randrange(0, 101)}%",
        "codes": [_code(rng, count) for _ in range(rng.randrange(4))],
        "lines": [_line(rng, place, count) for place in range(rng.randrange(6))],
    }
    if rng.random() < 0.9:
        sent["customer"] = f"m-{rng.randrange(3)}"
    if rng.random() < 0.8:
        sent["country"] = rng.choice(COUNTRIES)
    facts: dict[str, Any] = {"clubs": [f"G{each}" for each in range(6) if rng.random() < 0.3]}
    facts["plan"] = rng.choice(("basic", "plus"))
    if rng.random() < 0.8:
        facts["segment"] = f"G{rng.randrange(5)}"
    return sent, facts


def _code(rng: Random, count: int) -> str:
    return rng.choice((f"CODE{rng.randrange(count // 8)}", f"code {rng.randrange(count // 8)}", "EXTRA3", "NOBODY"))


def _line(rng: Random, place: int, count: int) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": f"l{place}",
        "sku": _sku(rng, count).strip('"'),
        "kind": rng.choice(KINDS),
        "pieces": rng.randrange(8),
        "price": f"{rng.randrange(0, 40)}.{rng.randrange(100):02}",
    }
    if rng.random() < 0.7:
        line["brand"] = _sku(rng, count).strip('"')
    return line
