"""The table of mechanics in the README: every row leads to rule files, and each has the words of its mechanic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

WORDS = {
    "points on what is spent": r"give[^\n]* per (full )?\d|give +\d+% of",
    "rates by category": r"categor|partner|quarter",
    "double points in a season": r"today in|nights? in|in \w+_season|100% of|member_day",
    "an award split": r"split into",
    "a bonus on money": r"bonus",
    "bringing a friend": r"give[^\n]*, to \w+|to \w+",
    "lapse by lot": r"lasts +(for|until)",
    "pending until": r"pending|remembers",
    "a balance below zero": r"deduct",
    "one pot for a household": r"held by +household",
    "points at the till": r"accept[^}]*worth",
    "rewards at so many stars": r"accept|deduct|turn",
    "award nights by chart": r"worth|free|by category",
    "coupons and tickets": r"counts +pieces",
    "points turned into": r"\bturn\b",
    "the top categories": r"top \d",
    "a statement": r"on +end of",
    "what is above the threshold": r"\bcarry\b",
    "tiers by two measures": r"\btiers \{",
    "streaks": r"streak of|member\.birthday|day \d+(, \d+)* of every month",
    "facts of the other party": r"\b(callee|to|other|partner|called)\w*\.\w+",
    "sets, thresholds": r"for every set|per full 3|in total",
    "returns": r"\breturnable\b",
    "a control group": r"holdout|agent",
}
"""What a row begins with, and what all its files must say."""


def rows() -> list[tuple[str, tuple[str, ...]]]:
    table = (ROOT / "README.md").read_text().split("| mechanic | rule files |\n|---|---|\n")[1].split("\n\n")[0]
    return [
        (line.split("|")[1].strip(), tuple(re.findall(r"\]\((\S+?\.rules)\)", line))) for line in table.splitlines()
    ]


def test_every_row_has_words() -> None:
    assert all(sum(name.startswith(begin) for begin in WORDS) == 1 for name, _ in rows())
    assert len(rows()) == len(WORDS)


@pytest.mark.parametrize(("name", "files"), rows())
def test_the_files_of_a_row_show_it(name: str, files: tuple[str, ...]) -> None:
    words = next(pattern for begin, pattern in WORDS.items() if name.startswith(begin))
    assert files, f"{name} leads to no rule file"
    for file in files:
        text = re.sub(r"#.*|^test .*", "", (ROOT / file).read_text(), flags=re.M)
        assert re.search(words, text), f"{file} does not show {name}"
