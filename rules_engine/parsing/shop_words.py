"""Habits of people who know shop systems: how promotions are put there, and how the same is written here.

Rows as in `habits.py`, tried after those. A row that only `shows` its mend says what to write, and leaves it to the
user: there is more than one way to mean it, or more is missing than words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules_engine.parsing.habits import Habit

_AMOUNT = r"(?P<amount>\d[\d_]*(?:\.\d+)?\s*(?:%|[A-Z]{3}\b)?)"
_MONEY = r"\d[\d_]*(?:\.\d+)?\s+[A-Z]{3}"
_TEXT = r"\"[^\"\n]*\""
_THINGS = r"(?:items?|products?|pieces?|articles?|goods)"
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th",
}  # fmt: skip


def _taken(found: re.Match[str]) -> str:
    """What is meant by `10% off` or `discount 5 GBP`."""
    amount = " ".join(found["amount"].split())
    return f"take {amount} of current off each line" if "%" in amount else f"take {amount} off the total of lines"


def _bought(found: re.Match[str]) -> str:
    """What is meant by `buy 2 get 1 free`."""
    return _set(int(found["bought"]), int(found["free"] or 1))


def _for(found: re.Match[str]) -> str | None:
    """What is meant by `3 for 2`: of each three the cheapest is free."""
    size, paid = int(found["size"]), int(found["paid"])
    return _set(paid, size - paid) if 0 < paid < size else None


def _cheapest(found: re.Match[str]) -> str:
    """What is meant by `off the cheapest`."""
    return f"off the total of the {found[1]} {_units(int(found[2] or 1))}"


def _set(bought: int, free: int) -> str:
    last = f"{_units(free)}, cheapest first: take 100% of current off each unit"
    return f"for every set of {{ {_units(bought)}, dearest first   {last} }}"


def _units(count: int) -> str:
    return f"{count} unit" if count == 1 else f"{count} units"


def _named_codes(found: re.Match[str]) -> str:
    """The codes of a rule as a list."""
    return f"({', '.join(re.findall(_TEXT, found[0]))})"


def _row(
    code: str,
    pattern: str,
    mend: Callable[[re.Match[str]], str | None] | str,
    *,
    sure: bool = False,
    shows: bool = False,
) -> Habit:
    make = mend if callable(mend) else lambda found, text=mend: found.expand(text)
    return Habit(code, re.compile(pattern), make, sure, shows)


SHOP_WORDS: tuple[Habit, ...] = (
    # when
    _row("P147", r"(?<=\d-\d\d\s)(?:to|till|through|up\s+to)(?=\s+\d{4}-)", "until"),
    _row("P147", rf"\b(?:every|each|on)\s+({_WEEKDAYS})s?\b", r"\1 of every week"),
    _row("P147", r"\b(?:in|during)\s+([a-z_]\w*)", r"when today in \1"),
    # tests
    _row("P147", rf"(?<=\"\s)({_MONEY})\s+off\b", r"\1"),
    # effects
    _row(
        "P150",
        r"\bbuy\s+(?P<bought>\d+)(?:\s+\w+)?\W+get\s+(?P<free>\d+)?(?:\s*\w+\s+free|\s+free)?",
        _bought,
        shows=True,
    ),
    _row("P150", r"\b(?P<size>\d+)\s+for\s+(?:the\s+price\s+of\s+)?(?P<paid>\d+)\b", _for, shows=True),
    _row(
        "P150",
        r"\bfor\s+every\s+(\d+)\s+units?\b",
        lambda found: f"for every set of {{ {_units(int(found[1]))} }}",
        shows=True,
    ),
    _row("P149", rf"\b(?:discount|reduce|save|minus|subtract)\s+(?:by\s+|of\s+)?{_AMOUNT}", _taken, shows=True),
    _row("P149", rf"(?<!take\s)\b{_AMOUNT}\s*off\b(?:\s+\w+)?", _taken, shows=True),
    _row("P147", r"\b(?:discount|reduce|save|subtract)\b(?:\s+by\b)?", "take"),
    _row("P147", r"\bfree\s+(?:shipping|delivery)\b", "take 100% of current off the total of shipping"),
    _row("P147", r"\b(?:on|from|for|of)\s+(?=each\s+(?:unit|line|set)\b)", "off "),
    _row("P147", rf"\boff\s+(?:each|every|all|any)\s+(?:units?|{_THINGS})\b", "off each unit"),
    _row("P147", r"\boff\s+(?:every|all|any)\s+lines?\b", "off each line"),
    _row("P147", r"\boff\s+total\b", "off the total"),
    _row(
        "P147",
        r"\boff\s+(?:the\s+)?(cheapest|dearest)(?:\s+(\d+))?(?:\s+(?:units?|ones?|items?|products?))?",
        _cheapest,
    ),
    _row("P148", r"\boff\s+(?:the\s+|my\s+)?(?:whole\s+|entire\s+)?(?!each\b)\w+\b(?!\s+of)", "", shows=True),
    _row(
        "P147",
        r"\b(?:set\s+)?(?:the\s+)?price\s+(?:of\s+)?(each\s+(?:unit|line|set))\s+(?:to|is|for)\b",
        r"price \1 at",
    ),
    _row(
        "P147", r"\bset\s+(?:the\s+)?price\s+(?:of\s+)?(each\s+(?:unit|line|set)[^\n]*?)\s+(?:to|at)\b", r"price \1 at"
    ),
    _row("P147", rf"\bprice\s+(?:all\s+|the\s+)?(?:lines?|{_THINGS})\b", "price each line"),
    _row("P147", r"\bprice\s+(?:all\s+|the\s+)?units?\b", "price each unit"),
    _row("P147", rf"\b(?:add|get|gift|give)\s+(\d+)\s+(?:free\s+)?({_TEXT})(?:\s+(?:for\s+)?free)?", r"add \1 \2 free"),
    _row("P147", rf"\b(?:add|gift|get)\s+(?:a\s+)?(?:free\s+)?({_TEXT})(?:\s+(?:for\s+)?free)?", r"add 1 \1 free"),
    _row("P147", rf"({_MONEY})\s+or\s+({_MONEY})", r"(\1, \2)"),
    # positions, orders and sets
    _row("P147", rf"\bevery\s+({'|'.join(_ORDINALS)})\b", lambda found: f"every {_ORDINALS[found[1]]}"),
    _row("P147", r"\bthe\s+(cheapest|dearest|first|last)\b(?!\s+\d)", r"the \1 1"),
    _row("P147", r"\bthe\s+(cheapest|dearest|first|last)\s+(?:unit|one|item)\b", r"the \1 1"),
    _row("P147", r"(?<!the\s)\b(cheapest|dearest)\b(?!\s+first)", r"\1 first"),
    _row("P147", r"\bfor\s+each\s+set\b", "for every set"),
    _row("P147", r"\b(sets?\s+of)\s+(\d+\s+units?\b[^\n{}]*?)(?=\s*(?:\}|$))", r"\1 { \2 }"),
    _row("P147", rf"\b(\d+)\s+(?:{_THINGS}\s+)?(?=where\b|,|\}}|\d)", r"\1 units "),
    # modifiers and limits
    _row("P147", r"\b(?:max(?:imum)?|at\s+most|no\s+more\s+than|capped\s+at|limited\s+to)\b", "up to"),
    _row("P147", r"\b(?:not|no\s+less\s+than|min(?:imum)?)(?:\s+below)?\b(?=\s+\d)", "never below"),
    _row(
        "P147", rf"\b(?:min(?:imum)?\.?)\s+(?:spend|basket|order|purchase)(?:\s+of)?\s+({_MONEY})", r"when list >= \1"
    ),
    _row("P147", r"\b(?:max(?:imum)?\.?(?:\s+of)?|no\s+more\s+than|capped\s+at|limited\s+to)(?=\s+\d)", "at most"),
    _row("P147", r"\s+(?:max(?:imum)?\.?(?:\s+of)?|no\s+more\s+than|capped\s+at|limited\s+to)(?=\s+\d)", ", up to"),
    # codes
    _row("P151", rf"\bwith\s+(?:the\s+)?\w+\s+{_TEXT}(?:\s*(?:,|or)\s*{_TEXT})+", _named_codes, shows=True),
    _row("P147", rf"\b(?:with\s+)?(?:the\s+|any\s+|a\s+)?(?:codes?|coupons?|vouchers?)\s+({_TEXT})", r"with code \1"),
    _row("P147", r"\bwith\s+(?:the\s+|a\s+)?(?:codes|coupons?|vouchers?|code)\s+from\b", "with code from"),
    _row("P147", r"\bwith\s+(?:the\s+)?(?:codes?|coupon|voucher)\s+([A-Za-z]\w*)\b", r'with code "\1"'),
    # going together
    _row(
        "P147",
        r"\b(?:is\s+)?(?:exclusive|not\s+(?:stackable|combinable)|does\s+not\s+combine)\b",
        "combines with nothing",
    ),
    _row("P147", r"\b(?:is\s+)?(?:stackable|combinable|stacks)\b", "combines with everything"),
    _row("P147", r"\bon\s+(?:the\s+|same\s+)?(unit|line|basket)\b", r"on the same \1"),
    _row("P147", r"\b(nothing|everything)\s+else\b", r"\1"),
    _row("P147", r"\b(?:competes\s+with|in\s+group|belongs\s+to|group)\b", "competes in"),
    # the header
    _row("P147", r"\bprices\s+(?:with|including|incl\.?)\s+tax\b|\btax\s+included\b", "prices include tax"),
    _row("P147", r"\bprices\s+(?:without|excluding|excl\.?)\s+tax\b|\btax\s+excluded\b", "prices exclude tax"),
    # tests
    _row("P147", rf"\bon\s+({_TEXT})", r"on line \1"),
    _row("P147", rf"\bof\s+({_TEXT})", r"of line \1"),
    _row("P147", r"\bline\s+(\d+)\b", r'line "\1"'),
    _row("P147", rf"\b(code\s+{_TEXT})\s+(?:rejected|denied|invalid|not\s+applied|not\s+valid)\b", r"\1 refused"),
    _row("P147", rf"\b(code\s+{_TEXT})\s+(?:accepted|works|valid|used)\b", r"\1 applied"),
    _row("P147", r"\breturned\s+all\b(?!\s+of)", "returned everything"),
)
"""In order: a form that contains another comes first."""

STAGES = {
    **dict.fromkeys(("cart", "order", "checkout", "total", "invoice"), "basket offer"),
    **dict.fromkeys(("line", "product", "sku", "article", "bundle", "unit"), "item offer"),
    **dict.fromkeys(("delivery", "freight", "postage"), "shipping offer"),
    **dict.fromkeys(("price", "catalog"), "catalogue offer"),
}
"""The first word of `cart offer "..."`, and what it is called here."""

OFFER_WORDS = ("offer", "promotion", "promo", "discount", "coupon", "campaign", "voucher", "bundle", "deal", "rebate")
"""Words with which other systems begin an offer."""
