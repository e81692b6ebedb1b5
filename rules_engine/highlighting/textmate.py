"""The TextMate grammar of rule files, for editors: `python -m rules_engine.highlighting.textmate FILE` writes it.

In: the words of the grammar and the lexer's patterns. Out: a grammar as plain JSON values. A TextMate grammar sees one
line at a time and knows no parser's state, so a word that is a keyword somewhere is coloured as one everywhere, unless
its looks say that it is a name; `tests/test_editors.py` counts how often that differs from the parser's reading.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.highlighting.pieces import Kind
from rules_engine.parsing import Keywords, keywords

SCOPES: Final[dict[Kind, str]] = {
    "comment": "comment.line.number-sign.rules",
    "string": "string.quoted.double.rules",
    "number": "constant.numeric.rules",
    "date": "constant.other.date.rules",
    "currency": "support.constant.currency.rules",
    "declaration": "storage.type.declaration.rules",
    "keyword": "keyword.control.rules",
    "title": "entity.name.function.rules",
    "name": "variable.other.rules",
    "operator": "keyword.operator.rules",
    "bracket": "punctuation.section.brackets.rules",
}
"""The scope that themes colour, by what a piece is."""

_LETTER: Final = "A-Za-z0-9_"
_WORD: Final = rf"[A-Za-z_][{_LETTER}]*"
_BEFORE: Final = rf"(?<![{_LETTER}.])"
_AFTER: Final = rf"(?![{_LETTER}.])"
_TEXT: Final = r'"[^"]*(?:"|$)'


def grammar() -> dict[str, Any]:
    """The whole grammar.

    >>> grammar()["scopeName"], grammar()["fileTypes"]
    ('source.rules', ['rules'])
    """
    known = keywords()
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "Rules",
        "scopeName": "source.rules",
        "fileTypes": ["rules"],
        "patterns": [
            *_declarations(known),
            *_texts(),
            *_phrases(known),
            *_names_by_looks(known),
            *_literals(known),
            *_words(known),
            *_signs(),
        ],
    }


def _rule(pattern: str, *kinds: Kind | None) -> dict[str, Any]:
    """A pattern that is of one kind as a whole, or whose groups are of these kinds."""
    if re.compile(pattern).groups == 0:
        (kind,) = kinds
        assert kind is not None
        return {"match": pattern, "name": SCOPES[kind]}
    named = {str(number): {"name": SCOPES[kind]} for number, kind in enumerate(kinds, 1) if kind is not None}
    return {"match": pattern, "captures": named}


def _declarations(known: Keywords) -> list[dict[str, Any]]:
    heads = "|".join(_spaced(each) for each in known.declarations if each != "use")
    return [
        _rule(rf"^(use)[ \t]+({_WORD})(?=[ \t]*(?:#.*)?$)", "declaration", "name"),
        _rule(rf"^({heads})\b(?![ \t]*[:.])(?:[ \t]+({_TEXT}))?", "declaration", "title"),
    ]


def _texts() -> list[dict[str, Any]]:
    return [_rule("#.*$", "comment"), _rule(_TEXT, "string")]


def _names_by_looks(known: Keywords) -> list[dict[str, Any]]:
    """Words that only the parser could tell from keywords, by what stands around them.

    A path; a role, `as shipping`; a cell of a test, `| price |`; a type, `distance: count up to 100`; whose a limit is,
    `per member`; a total of a test, `tax 1.20 GBP`. A word before a `:` is a key, but for the words that begin a row of
    a table or of `stacking`.
    """
    roles = "|".join(_spaced(each) for each in known.phrases if each.endswith((" rate", " each")))
    stages = "|".join(offer.split(" ")[0] for offer in known.declarations if " " in offer)
    rows = rf"otherwise|any|(?:{stages}|tender)\s*:\s*(?:all|first|best)"
    return [
        _rule(rf"{_BEFORE}{_WORD}(?:\.{_WORD})+", "name"),
        _rule(rf"{_BEFORE}(as)\s+(?!{roles})({_WORD})", "keyword", "name"),
        _rule(rf"(\|)\s*({_WORD})", "operator", "name"),
        _rule(rf"(:)\s*(member|count){_AFTER}(?!\s+of\b)", "operator", "name"),
        _rule(rf"{_BEFORE}(per)\s+(member|household){_AFTER}", "keyword", "name"),
        _rule(rf"{_BEFORE}(?:shipping|tax|shortfall)(?=\s+-?[0-9])", "name"),
        _rule(rf"{_BEFORE}(?!(?:{rows})\b){_WORD}(?=\s*:)", "name"),
    ]


def _literals(known: Keywords) -> list[dict[str, Any]]:
    looks = {name: _ascii(pattern) for name, pattern in known.literals.items()}
    number = looks["num"]
    currencies = "|".join(sorted(CURRENCY_DECIMALS))
    return [
        *(_rule(looks[name], "date") for name in ("instant", "date", "time", "daymonth")),
        *(_rule(looks[name], "number") for name in ("pct", "ord")),
        _rule(rf"({number})\s+([A-Z]{{3}})\b", "number", "currency"),
        _rule(rf"({number})\s+({looks['span']})\b", "number", "keyword"),
        _rule(number, "number"),
        _rule(rf"{_BEFORE}(?:{currencies}){_AFTER}", "currency"),
    ]


def _phrases(known: Keywords) -> list[dict[str, Any]]:
    phrases = "|".join(_spaced(each.removeprefix(", ")) for each in known.phrases)
    return [_rule(rf"{_BEFORE}(?:{phrases}){_AFTER}", "keyword")]


def _words(known: Keywords) -> list[dict[str, Any]]:
    words = "|".join(known.words)
    return [
        _rule(rf"{_BEFORE}(?:{words}){_AFTER}", "keyword"),
        _rule(_WORD, "name"),
    ]


def _signs() -> list[dict[str, Any]]:
    return [_rule(r"[(){}]", "bracket"), _rule(rf"[^\s{_LETTER}]", "operator")]


def _spaced(phrase: str) -> str:
    return r"\s+".join(map(re.escape, phrase.split(" ")))


def _ascii(pattern: str) -> str:
    """The lexer's pattern with its letters and digits spelt out: elsewhere `\\w` and `\\d` are of all scripts."""
    spelt, within = "", False
    for piece in re.findall(r"\\.|.", pattern):
        letters = {r"\w": _LETTER, r"\d": "0-9"}.get(piece)
        spelt += piece if letters is None else letters if within else f"[{letters}]"
        within = piece == "[" or (within and piece != "]")
    return spelt


def main() -> int:
    """Write the grammar into the file that is named."""
    Path(sys.argv[1]).write_bytes(msgspec.json.format(msgspec.json.encode(grammar()), indent=2) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
