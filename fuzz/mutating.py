"""Mutations that know the language: declarations, words and signs take each other's places, and odd characters come in.

In: a text and a seed. Out: another text. What libFuzzer does to bytes is done besides, by itself.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any, Final

from fuzz.laws import ROOT, scorers

SIZE_MAX: Final = 1200
"""Characters of a text: small inputs are fast, and a declaration fits."""

SEED_EVERY: Final = 8
"""One declaration of so many is a seed: the mutator draws on all of them, and a run is not spent on trying seeds."""

_PIECES: Final = re.compile(r"\"[^\"\n]*\"|#[^\n]*|\w+|\s+|[^\w\s]")
_STARTS: Final = re.compile(
    r"^(?=(?:language|use|program|period|define|table|unit|event|member|track|tiers|match|group|holdout|redeem|earn|reward|test"
    r"|catalogue|item|basket|shipping)\b)",
    re.MULTILINE,
)
_ODD: Final = (
    "\ufeff", "\u200b", "\u202e", "\u2066", "\u2028", "\0", "\r", "\r\n", "\ud800", "\u0430", "\x0c", "{", "}", "(",
    ")", '"', "#", ",", "|", "9" * 40, "0.", "-", "not ", "(" * 30, "\t", "\x85", "é", "\U0001f4a9", "1_", "'", "\\",
    "{}", "{x}",
)  # fmt: skip


@cache
def declarations() -> tuple[str, ...]:
    """Every declaration of the corpora and examples that is not too long, without what is expected of it."""
    found: dict[str, str] = {}
    folders = ("tests/corpus/errors", "tests/corpus/errors/P", "tests/corpus/parse", "tests/corpus/score")
    files = [path for folder in folders for path in sorted((ROOT / folder).glob("*.rules"))]
    files += sorted((ROOT / "examples").glob("*/*.rules"))
    for path in files:
        text = re.sub(r"[ \t]*# ! .*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for each in _STARTS.split(text):
            if 8 < len(each) < SIZE_MAX:
                found.setdefault(_shape(each), each)
    return tuple(found.values())


def _shape(text: str) -> str:
    """A declaration without its values: of those that differ in values alone one is enough to start from."""
    return " ".join(re.sub(r"\"[^\"\n]*\"|\d[\w.-]*|#[^\n]*", "0", text).split())


@cache
def words() -> tuple[str, ...]:
    """Every word and sign that stands in them."""
    return tuple(dict.fromkeys(word for each in declarations() for word in _PIECES.findall(each) if word.strip()))


def mutated(text: str, random: Random) -> str:
    """Another text."""
    if not text.strip() or random.random() < 0.05:
        text = random.choice(declarations())
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = random.choice(_WAYS)(text, random)
    return text[:SIZE_MAX]


def _pieces(text: str) -> list[str]:
    return _PIECES.findall(text) or [""]


def _swap_word(text: str, random: Random) -> str:
    pieces = _pieces(text)
    pieces[random.randrange(len(pieces))] = random.choice(words())
    return "".join(pieces)


def _drop(text: str, random: Random) -> str:
    pieces = _pieces(text)
    at = random.randrange(len(pieces))
    del pieces[at : at + random.choice((1, 1, 2, 5))]
    return "".join(pieces)


def _double(text: str, random: Random) -> str:
    pieces = _pieces(text)
    at = random.randrange(len(pieces))
    end = min(len(pieces), at + random.choice((1, 2, 6, 20)))
    return "".join([*pieces[:end], *pieces[at:end], *pieces[end:]])


def _exchange(text: str, random: Random) -> str:
    pieces = _pieces(text)
    one, other = random.randrange(len(pieces)), random.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return "".join(pieces)


def _splice(text: str, random: Random) -> str:
    mine, theirs = _pieces(text), _pieces(random.choice(declarations()))
    at, start = random.randrange(len(mine)), random.randrange(len(theirs))
    return "".join([*mine[:at], " ", *theirs[start : start + random.choice((3, 8, 20))], " ", *mine[at:]])


def _behind(text: str, random: Random) -> str:
    return f"{text}\n{random.choice(declarations())}"


def _odd(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(_ODD) + text[at:]


def _number(text: str, random: Random) -> str:
    numbers = [found.span() for found in re.finditer(r"\d[\d_.]*", text)]
    if not numbers:
        return text
    start, end = random.choice(numbers)
    new = random.choice(("0", "1", "-1", "99999999999999999999", "0.5", "0.000000001", "1_000", "31", "2027", "9" * 29))
    return text[:start] + new + text[end:]


_WAYS: Final = (_swap_word, _swap_word, _drop, _double, _exchange, _splice, _behind, _odd, _number)


# ---- events ----

_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 2**63, -(2**63), 10**17, 0.5, 1e308, "", "0", "1.00", "-1.00", "0.001", "9" * 70,
    "x" * 300, "\0", "\u202e", "é", "2027-02-29", "2028-02-29", "2027-03-28T01:30:00+00:00", "0000-01-01", "9999-12-31",
    "24:00", [], {}, [[]], [{}], {"amount": "1.00", "currency": "GBP"}, {"amount": 1, "currency": "EUR"}, ["A", "A"],
    "NaN", "1e9", "2027-03-28T01:30:00+99:00",
)  # fmt: skip


def event_mutated(number: int, content: bytes, random: Random) -> bytes:
    """Another event of a program: values, names and lines of the corpus's own take odd turns."""
    by = scorers()[number % len(scorers())]
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or random.random() < 0.2:
        raw = json.loads(json.dumps(random.choice(by.events)))
    for _ in range(random.choice((1, 1, 2, 4))):
        _change(raw, random)
    return json.dumps(raw, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _change(raw: dict[str, Any], random: Random) -> None:
    lines = raw.get("lines")
    if isinstance(lines, list) and lines and random.random() < 0.5:
        at = random.randrange(len(lines))
        if random.random() < 0.2:
            lines.insert(at, deepcopy(lines[at]) if random.random() < 0.5 else deepcopy(random.choice(_VALUES)))
        elif isinstance(lines[at], dict):
            lines[at] = dict(lines[at])
            _set(lines[at], random)
        else:
            del lines[at]
        return
    _set(raw, random)


def _set(raw: dict[str, Any], random: Random) -> None:
    name = random.choice([*raw, "nothing_like_it"])
    if random.random() < 0.15:
        raw.pop(name, None)
    elif random.random() < 0.2 and isinstance(raw.get(name), str):
        raw[name] = "".join(random.choice((each, each, random.choice("0123456789.-:T+Z ax"))) for each in raw[name])
    elif random.random() < 0.1:
        raw[random.choice(("x" * 1000, "\u202e", name.upper(), ""))] = raw.get(name)
    else:
        raw[name] = deepcopy(random.choice(_VALUES))


def seeds() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What each target starts from: declarations, and events behind the number of their program."""
    events = tuple(
        bytes([number]) + json.dumps(event).encode() for number, by in enumerate(scorers()) for event in by.events
    )
    return tuple(each.encode() for each in declarations()[::SEED_EVERY]), events
