"""Habits from elsewhere: what people write who know spreadsheets, other languages or plain prose, and the mend.

One table, tried in order at the place where the parser got stuck. A row's mend says what to write instead; a row that
is not `sure` counts only where the parser gets further with the mend.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple


class Habit(NamedTuple):
    """A code, what the habit looks like, and the mend of a match (None: there is no single right one). A mend that is
    only shown is put into words, and not made."""

    code: str
    pattern: re.Pattern[str]
    mend: Callable[[re.Match[str]], str | None]
    sure: bool = False
    shows: bool = False


_SIGNS = {
    "==": "is", "=": "is", "!=": "is not", "<>": "is not", "=>": ">=", "=<": "<=", "≥": ">=", "≤": "<=", "≠": "is not",
    "&&": "and", "&": "and", "||": "or", "!": "not", "×": "*", "÷": "/", "–": "-", "—": "-", "−": "-", "…": "to",
}  # fmt: skip
_CURRENCIES = {"£": "GBP", "$": "USD", "€": "EUR", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_WORDS = {"if": "when", "else": "otherwise", "unless": "when not", "default": "otherwise", "elif": "when"}


_TIMES = {"double": 200, "triple": 300}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\.?"
_TIME = r"\d{1,2}:\d\d(?:\s?[ap]m)?|\d{1,2}\s?[ap]m"
_ASKED = r"(?:\b(?:today|time|now|hour)\s+)?(?:\bis\s+)?"


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{int(month):02}-{int(day):02}"


def _called_month(year: str, month: str, day: str) -> str:
    return _iso(year, str(_MONTHS.index(month[:3].lower()) + 1), day)


def _clock(text: str) -> str:
    """A time of day as the language writes it: `09:00` for `9am`."""
    hour, minute, half = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s?([ap]m)?", text).groups()  # type: ignore[union-attr]
    hours = int(hour) % 12 + 12 * (half == "pm") if half else int(hour)
    return f"{hours:02}:{minute or '00'}"


def _hours(found: re.Match[str]) -> str:
    """The hours of a day that are meant by `before 11:00`, `after 5pm` or `between 9:00 and 11:00`."""
    first = _clock(found["first"])
    if found["last"]:
        return f"{first} to {_clock(found['last'])}"
    return f"00:00 to {first}" if found["side"] in ("before", "until") else f"{first} to 00:00"


def _slashed(found: re.Match[str]) -> str | None:
    first, second, year = (int(part) for part in re.split(r"[./-]", found[0]))
    if first > 999:
        first, year = year, first
    if first > 12 >= second:
        first, second = second, first
    elif second <= 12 and first != second:
        return None
    return f"{year:04}-{first:02}-{second:02}"


def _money(found: re.Match[str]) -> str:
    sign = next(c for c in found[0] if c in _CURRENCIES)
    return f"{found[0].strip(sign).strip().replace(',', '_')} {_CURRENCIES[sign]}"


def _sign(found: re.Match[str]) -> str:
    mend = _SIGNS[found[1]]
    if mend.isalpha() or " " in mend:
        before = found.string[found.start() - 1 : found.start()]
        after = found.string[found.end() : found.end() + 1]
        return f"{'' if before.isspace() else ' '}{mend}{'' if after.isspace() else ' '}"
    return mend


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


HABITS: tuple[Habit, ...] = (
    _row("P130", r"[£$€¥₹₩]\s?\d[\d_,]*(?:\.\d+)?|\d[\d_,]*(?:\.\d+)?\s?[£$€¥₹₩]", _money, sure=True),
    _row("P134", r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2})\b", _slashed, sure=True),
    _row("P131", r"\b\d{1,3}(?:,\d{3})+\b", lambda found: found[0].replace(",", "_")),
    _row("P131", r"\b\d+,\d{1,2}\b", lambda found: found[0].replace(",", ".")),
    _row("P134", r"\b(\d{4})[-–—](\d{1,2})[-–—](\d{1,2})\b", lambda found: _iso(*found.groups())),
    _row(
        "P134",
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(\d{{4}})\b",
        lambda found: _called_month(found[3], found[2], found[1]),
    ),
    _row(
        "P134",
        rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b",
        lambda found: _called_month(found[3], found[1], found[2]),
    ),
    _row(
        "P161",
        rf"{_ASKED}\b(?P<side>before|until|after|from|between)\s+(?P<first>{_TIME})"
        rf"(?:\s+(?:and|to|until)\s+(?P<last>{_TIME}))?",
        _hours,
        shows=True,
    ),
    _row("P147", r"\b\d{1,2}(?::\d\d)?\s?[ap]m\b", lambda found: _clock(found[0]), sure=True),
    _row("P147", r"\b(\d+)\s?[xX]\s+(?:of\s+)?([a-z]\w*)", lambda found: f"{int(found[1]) * 100}% of {found[2]}"),
    _row("P147", r"\b(double|triple)\s+[a-z]\w*", lambda found: f"{_TIMES[found[1]]}% of base", shows=True),
    _row("P147", r"\b(\d[\d_]*(?:\.\d+)?)([A-Za-z]\w*)", r"\1 \2"),
    _row("P136", r"\band\s*/\s*or\b", "or", sure=True),
    _row("P141", r"(?://|/\*).*", lambda found: "# " + found[0].strip("/* "), sure=True),
    _row("P141", r"--.*", lambda found: "# " + found[0].strip("- ")),
    _row("P133", r"[“”„«‘’'`´]([^\"“”\n]*?)[“”»‘’'`´]", r'"\1"', sure=True),
    _row("P132", r"(==|!=|<>|=>|=<|&&|\|\||[&≥≤≠×÷–—−])", _sign, sure=True),
    _row("P132", r"([=!…])", _sign),
    _row("P138", r";", "", sure=True),
    _row("P139", r"(-?\d[\d_]*(?:\.\d+)?)\s+%", r"\1%", sure=True),
    _row("P139", r"(-?\d[\d_]*(?:\.\d+)?)\s*(?:percent|per\s+cent|pct)\b", r"\1%"),
    _row("P135", r"\b(?:is\s+)?(?:more|greater|bigger|higher|larger)\s+than\s+or\s+equal(?:\s+to)?\b", ">="),
    _row("P135", r"\b(?:is\s+)?(?:less|fewer|smaller|lower)\s+than\s+or\s+equal(?:\s+to)?\b", "<="),
    _row("P135", r"\b(?:is\s+)?(?:more|greater|bigger|higher|larger|above|over)(?:\s+than)?\b", ">"),
    _row("P135", r"\b(?:is\s+)?(?:less|fewer|smaller|lower|below|under)(?:\s+than)?\b", "<"),
    _row("P135", r"\b(?:is\s+)?at\s+least\b", ">="),
    _row("P135", r"\b(?:is\s+)?at\s+most\b", "<="),
    _row("P135", r"\b(?:does\s+not\s+equal|is\s+not\s+equal\s+to|not\s+equal\s+to|isn't)", "is not"),
    _row("P135", r"\b(?:is\s+)?(?:equals?(?:\s+to)?|exactly)\b", "is"),
    _row("P147", r"\bturn\s+(?:each|every)\s+(?=\d)", "turn every full "),
    _row("P142", r"\[", "("),
    _row("P142", r"\]", ")"),
    _row("P137", r"\b(?:if|else|unless|default|elif)\b", lambda found: _WORDS[found[0]]),
    _row("P138", r"\bthen\b", ""),
    _row("P143", r"\b[a-z_]\w*(?:-[a-z_]\w*)+\b", lambda found: found[0].replace("-", "_")),
)
"""In order: a form that contains another comes first."""

TITLE = re.compile(
    r"(?:earn|redeem|reward|match|test|program|(?:catalogue|item|basket|shipping)\s+offer)\s+"
    r"([^\s\"{][^\"{\n]*?)\s*(?=\{|\bas\s+\w+\s*\{|$)",
    re.MULTILINE,
)
"""A title that stands without quotes."""

_LOOKALIKES = str.maketrans("аеорсхуіјѕԁԛԝһАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧοα", "aeopcxyijsdqwhABEKMHOPCTXABEZHIKMNOPTYXoa")


def plain_letters(word: str) -> str:
    """A word with letters that only look like a to z put right, accents dropped; empty where that is not enough."""
    plain = unicodedata.normalize("NFKD", word.translate(_LOOKALIKES)).encode("ascii", "ignore").decode()
    return plain if len(plain) == len(word) and plain.isidentifier() else ""


def unseen(char: str) -> str:
    """What a character that cannot be seen is called; empty for one that can.

    >>> unseen("\u202e"), unseen("\x07"), unseen("a")
    ('a right-to-left override', 'the control character U+0007', '')
    """
    if char == "\0":
        return "a NUL character"
    match unicodedata.category(char):
        case "Cs":
            return f"half of a surrogate pair, U+{ord(char):04X},"
        case "Cc":
            return f"the control character U+{ord(char):04X}"
        case "Cf" | "Zs" | "Zl" | "Zp" | "Co" | "Cn":
            name = unicodedata.name(char, f"U+{ord(char):04X}")
            return f"{'an' if name[0] in 'AEIOU' and name[1] != '+' else 'a'} {name.lower()}"
        case _:
            return f"a {unicodedata.name(char).lower()}" if char in _BLANK_LETTERS else ""


_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters and marks that leave no trace."""


def foreign_letter(word: str) -> str:
    """The first letter of a word that only looks like one of a to z, in words: of which script it is; or empty.

    >>> foreign_letter("p\u043eints")
    'this `\u043e` is the Cyrillic letter, not the Latin one'
    """
    for char in word:
        if not char.isascii() and plain_letters(char):
            script = unicodedata.name(char, "").split(" ")[0].capitalize()
            alike = "a letter with a mark" if script == "Latin" else f"the {script} letter"
            return f"this `{char}` is {alike}, not the Latin one" if script != "Latin" else f"this `{char}` is {alike}"
    return ""
