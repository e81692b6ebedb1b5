"""Programs of many targeted rules, and baskets that a fixed number of them match whatever the size of the program.

In: a number of rules. Out: the text of a rule file, and events. Of ten rules four are offers on one article, two earns
on a brand, one each goes by a segment, a country with a threshold, a window of days on an article, and a threshold on
the basket with a segment. The first ten rules are those that the baskets are about; all others are about articles,
brands, segments, countries that no basket has, or thresholds and windows that none reaches. So a basket meets the same
rules in a program of 10 rules and in one of 100,000, and what it costs besides is what the program costs that does not
act.

The rules that act stand spread over the whole program, so that none is found early by luck.
"""

from __future__ import annotations

from random import Random
from typing import Any

HEAD = """language 1

program "Targeted" {
  currency   GBP, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
}

unit point, points { rounded down   lasts forever }

event purchase dated by bought_at of customer identified by order_no {
  order_no: text up to 40   bought_at: instant   customer: member   channel: web | app | store   country: text up to 8
  lines 0 to 200 {
    sku: text up to 20   brand: text up to 20   pieces: count up to 1_000 as quantity   price: money up to 5_000 GBP as
    list each } }

member { segment: text up to 20 }
"""


def rule(number: int) -> str:
    """The text of one rule. Those below 10 are the ones that baskets meet; numbers are constants of the rule."""
    kind, turn = number % 10, number // 10
    percent = 5 + turn % 20
    match kind:
        case 0 | 1 | 2 | 3:
            return (
                f'item offer "Article {number}" {{ on purchase   automatic   '
                f'take {percent}% of current off each unit where sku is "S{number}" }}'
            )
        case 4 | 5:
            return (
                f'earn "Brand {number}" {{ on purchase   '
                f'give {2 + turn % 3} points per full 1 GBP of net of lines where brand is "B{number}" }}'
            )
        case 6:
            return (
                f'earn "Segment {number}" {{ on purchase   when member.segment is "G{turn}" and channel is app   '
                f"give {50 + turn % 50} points }}"
            )
        case 7:
            return (
                f'earn "Country {number}" {{ on purchase   when country is "C{turn}" and net >= {20 + turn % 9} GBP   '
                f"give {10 + turn % 50} points }}"
            )
        case 8:
            day = 1 + turn % 28
            return (
                f'earn "Window {number}" {{ on purchase   from 2027-03-{day:02} until 2027-04-{day:02}   '
                f'give 2 points per full 1 GBP of net of lines where sku is "S{number - 8}" }}'
            )
        case _:
            return (
                f'earn "Threshold {number}" {{ on purchase   '
                f'when member.segment is "G{turn}" and net >= {5 + turn % 20} GBP   '
                f"give {5 + turn % 20} points }}"
            )


def order(count: int) -> list[int]:
    """The numbers of a program's rules, as they stand in its text: those that act spread over all."""
    found = list(range(10, count))
    Random(count).shuffle(found)
    for number in range(min(10, count)):
        found.insert(number * count // 10, number)
    return found


def text(count: int) -> str:
    """A program of so many rules."""
    return HEAD + "\n" + "\n".join(rule(number) for number in order(count)) + "\n"


FACTS: dict[str, Any] = {"segment": "G0"}
"""The member of all baskets."""


def basket(number: int) -> dict[str, Any]:
    """A basket of five lines that nine of the first ten rules match, whatever else the program holds."""
    day = 1 + number % 28
    lines = [
        _line("S0", "B4", 1 + number % 3, 12_00 + number % 500),
        _line("S1", "B5", 2, 7_49 + number % 300),
        _line(f"X{number % 400}", "B4", 1, 3_99 + number % 90),
        _line("S2", f"Y{number % 50}", 1 + number % 2, 19_95),
        _line(f"X{(number * 7) % 400}", f"Y{number % 30}", 1, 5_25),
    ]
    return {
        "event": "purchase",
        "order_no": f"N-{number}",
        "bought_at": f"2027-03-{day:02}T{8 + number % 12:02}:{number % 60:02}:00Z",
        "customer": "m-1",
        "channel": "app",
        "country": "C0",
        "lines": lines,
    }


def _line(sku: str, brand: str, pieces: int, pennies: int) -> dict[str, Any]:
    return {"sku": sku, "brand": brand, "pieces": pieces, "price": f"{pennies // 100}.{pennies % 100:02}"}
