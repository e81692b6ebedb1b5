"""The project's own grammar as stock lark would parse it: with terminals written out, and lark's contextual lexer.

In: `grammar/rules.lark`, whose terminals are declared and come from a lexer by hand. Out: a `Lark` with positions.
What is added are regular expressions for the declared terminals and for keywords of several words; priorities settle
which is meant where a state takes a keyword in two roles. That is too simple for the whole language (a cap `per member`
is not read, nor a declared field), and enough for the rules that are measured.
"""

from __future__ import annotations

import re
from pathlib import Path

from lark import Lark

GRAMMAR = Path(__file__).resolve().parent.parent / "grammar" / "rules.lark"

_TERMINALS = r"""
NAME.-1: /[A-Za-z_]\w*/
DOTTED.1: /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+/
STRING: /"[^"\n]*"/
NUM: /-?\d[\d_]*(?:\.\d+)?(?![\w.])/
QNUM.1: /-?\d[\d_]*(?:\.\d+)?(?=\s+(?!when\b|of\b|per\b|to\b|and\b|or\b|at\b|up\b|on\b|give\b|once\b)[a-z]+)/
PCT.3: /\d[\d_]*(?:\.\d+)?%/
MONEY.3: /\d[\d_]*(?:\.\d+)?\s+[A-Z]{3}\b/
DATE.4: /\d{4}-\d\d-\d\d/
TIME.4: /\d\d:\d\d/
INSTANT.5: /\d{4}-\d\d-\d\d(?:T|\s+)\d\d:\d\d/
ORD.3: /\d+(?:st|nd|rd|th)\b/
DURATION.3: /\d+\s+(?:day|week|month|quarter|year|hour|minute)s?\b/
DAYMONTH.3: /\d\d?\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/
FROM_CELL.5: /from(?=\s+\d[^:\n]*:)/
%ignore /\s+/
"""


def stock() -> Lark:
    """The parser; making it takes about a second."""
    words: dict[str, str] = {}

    def keyword(found: re.Match[str]) -> str:
        text = found[1]
        if not re.search("[a-z]", text):
            return found[0]
        return words.setdefault(text, "KW_" + re.sub(r"\W+", "_", text).upper())

    lines = []
    for line in GRAMMAR.read_text(encoding="utf-8").splitlines():
        terminal = re.match(r"([A-Z_]+): (\".*)$", line)
        if terminal is not None and re.search("[a-z]", line):
            lines.append(_words(f"{terminal[1]}.3", re.findall(r'"([^"]*)"', terminal[2])))
        elif not line.startswith(("//", "%declare")):
            lines.append(line if terminal is not None else re.sub(r'"([^"]*)"', keyword, line))
    lines += [_words(f"{name}.2", [text]) for text, name in words.items()]
    return Lark("\n".join(lines) + _TERMINALS, parser="lalr", propagate_positions=True)


def _words(name: str, texts: list[str]) -> str:
    longest = sorted(texts, key=len, reverse=True)
    return (
        f"{name}: /(?:{'|'.join(re.escape(text).replace(chr(92) + ' ', chr(92) + 's+') for text in longest)})(?!\\w)/"
    )
