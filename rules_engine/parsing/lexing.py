"""Text into tokens, by one regular expression.

In: a stretch of a source without comments. Out: `Tokens`, four lists of equal length. Several words that are one
keyword (`at most`, `or nothing`) come as one token, and so do `40 GBP`, `3 months` and `1 Nov`; where the parser does
not accept such a token it is split again (`split`). A number before a word is either a quantity (`10 points`) or a
number before the next word (`Silver: 10 Gold: 25`): where that is in doubt the kind NUM_WORD leaves it to the parser.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from rules_engine.parsing import table as kinds
from rules_engine.parsing.table import Table

_NUMBER = r"(?:(?<![\w)\]}\".])-)?\d[\d_]*(?:\.\d+)?(?![\w.])"
_WORD = r"[A-Za-z_]\w*"
BLANKS: Final = " \t\n\r\f\v"
"""What stands between words; any other blank is a character that has no place there."""

_MOMENT = r"(?:\d{4}-\d\d-\d\d(?:T|\s+))?\d\d:\d\d(?::\d\d)?(?!:?\d)"
_CELL = rf"(?:from\s+)?(?:\"[^\"\n]*\"|{_MOMENT}|-?\d[\w.\-]*%?(?:\s+{_WORD})?|{_WORD})"
_LABEL = rf"(?:\s*(?:,|or\b)\s*{_CELL}){{0,9}}\s*:(?!\d)"
_MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?"
    "|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
SPAN = r"(?:day|week|month|quarter|year|hour|minute)s?"

# Group by group, first match wins. Words first, since they are two thirds of all tokens.
PATTERNS = (
    ("from_cell", rf"from(?=\s+(?:{_MOMENT}|-?\d[\w.]*(?:-\d\d-\d\d)?%?(?:\s+{_WORD})?|{_WORD}){_LABEL})"),
    ("phrase", ""),
    ("word", rf"{_WORD}(?:\.{_WORD})*"),
    ("mark", r">=|<=|[{}():|<>*/+?]"),
    ("comma", r",\s*(?:pending\s+included|settled\s+after)\b"),
    ("mark2", r"[,=]"),
    ("string", r"\"[^\"\n]*\""),
    ("instant", r"\d{4}-\d\d-\d\d(?:T|\s+)\d\d:\d\d(?::\d\d)?(?!\w|:\d)"),
    ("date", r"\d{4}-\d\d-\d\d(?![\w-])"),
    ("time", r"\d\d:\d\d(?::\d\d)?(?!\w|:\d)"),
    ("pct", r"(?:(?<![\w)\]}\".])-)?\d[\d_]*(?:\.\d+)?%"),
    ("money_label", rf"{_NUMBER}\s+[A-Z]{{3}}\b(?={_LABEL})"),
    ("money", rf"{_NUMBER}\s+[A-Z]{{3}}\b"),
    ("duration", rf"\d+\s+{SPAN}\b(?!{_LABEL})"),
    ("daymonth", rf"\d\d?\s+(?:{_MONTH})\b"),
    ("ord", r"\d+(?:st|nd|rd|th)\b"),
    ("num_label", rf"{_NUMBER}(?=\s+{_WORD}{_LABEL})"),
    ("num_when", rf"{_NUMBER}(?=\s+{_WORD}\s+when\b)"),
    ("num_word", rf"{_NUMBER}(?=\s+({_WORD}))"),
    ("num", _NUMBER),
    ("minus", "-"),
    ("bad", r"[^\s\w]|\w+"),
)

_FIXED = {
    "string": kinds.STRING,
    "instant": kinds.INSTANT,
    "date": kinds.DATE,
    "time": kinds.TIME,
    "pct": kinds.PCT,
    "money_label": kinds.MONEY_LABEL,
    "money": kinds.MONEY,
    "duration": kinds.DURATION,
    "daymonth": kinds.DAYMONTH,
    "ord": kinds.ORD,
    "num_label": kinds.NUM_WORD,
    "num_when": kinds.NUM_WORD,
    "num": kinds.NUM,
    "from_cell": kinds.FROM_CELL,
    "bad": kinds.BAD,
}


class Tokens:
    """The tokens of one declaration: kinds, texts, and offsets into the source; the last one is the end."""

    __slots__ = ("ends", "kinds", "starts", "texts")

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.texts: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []


class Lexer:
    """The regular expression for a table's keywords, and which kind each of its groups is."""

    def __init__(self, table: Table) -> None:
        self.kinds = table.kinds
        self.first_words = {text.split(" ")[0] for text in table.kinds if " " in text}
        groups = [(name, _phrases(table) if name == "phrase" else body) for name, body in PATTERNS]
        choices = "|".join(f"(?P<{name}>{body})" for name, body in groups)
        # Blanks are taken in by the match itself: a search that steps over them one by one is six times slower.
        self.pattern = re.compile(rf"\s*+(?:{choices}|\Z)", re.ASCII)
        index = self.pattern.groupindex
        self.fixed = [-1] * (self.pattern.groups + 1)
        for name, kind in _FIXED.items():
            self.fixed[index[name]] = kind
        self.word, self.from_cell = index["word"], index["from_cell"]
        self.phrases = (index["phrase"], index["comma"])
        self.num_word = index["num_word"]
        self.parts = [self._parts(kind, table) for kind in range(len(table.candidates))]

    def lex(self, text: str, start: int, end: int) -> Tokens:
        """The tokens of a stretch of text."""
        out = Tokens()
        self._fill(out, text, start, end)
        out.kinds.append(kinds.END)
        out.texts.append("")
        out.starts.append(end)
        out.ends.append(end)
        return out

    def _fill(self, out: Tokens, text: str, start: int, end: int) -> None:
        add_kind, add_text = out.kinds.append, out.texts.append
        add_start, add_end = out.starts.append, out.ends.append
        known, special = self.kinds.get, self.from_cell
        for found in self.pattern.finditer(text, start, end):
            group = found.lastindex
            if group is None:
                break
            token = found[group]
            kind = known(token)
            if kind is None or group == special:
                if group == self.num_word + 1:
                    group -= 1
                kind, token = self._other(group, found)
            add_kind(kind)
            add_text(token)
            add_start(found.start(group))
            add_end(found.end(group))

    def _other(self, group: int, found: re.Match[str]) -> tuple[int, str]:
        """A token that is no keyword as it stands: a name, a literal, a phrase with other blanks in it."""
        token = found[group]
        if group == self.word:
            return (kinds.DOTTED if "." in token else kinds.NAME), token
        if group in self.phrases:
            token = " ".join(token.replace(",", ", ").split())
            return self.kinds[token], token
        if group == self.num_word:
            following = found[group + 1]
            keyword = following in self.kinds or following in self.first_words
            return (kinds.NUM_WORD if keyword else kinds.QNUM), token
        return self.fixed[group], token

    def split(self, tokens: Tokens, at: int) -> bool:
        """Take a token of several words apart where it stands; False if it is one word."""
        text, start, end = tokens.texts[at], tokens.starts[at], tokens.ends[at]
        head = _HEAD.match(text)
        if head is None:
            return False
        first, rest = head[0], Tokens()
        self._fill(rest, text, head.end(), len(text))
        shift = end - len(text)
        exact = shift == start
        kind = self._kind_of(first)
        tokens.kinds[at : at + 1] = [kind, *rest.kinds]
        tokens.texts[at : at + 1] = [first, *rest.texts]
        starts = [x + start for x in rest.starts] if exact else [start + len(first)] * len(rest.starts)
        ends = [x + start for x in rest.ends] if exact else [end] * len(rest.ends)
        if starts:  # Where several blanks stand between words, only the last one's place is known.
            starts[-1] = end - len(rest.texts[-1])
        tokens.starts[at : at + 1] = [start, *starts]
        tokens.ends[at : at + 1] = [start + len(first), *ends]
        return True

    def _parts(self, kind: int, table: Table) -> tuple[int, ...]:
        """The kinds of the tokens that a kind of several words is split into; empty for one word."""
        fixed = {
            kinds.MONEY: (kinds.NUM_WORD, kinds.NAME),
            kinds.MONEY_LABEL: (kinds.NUM_WORD, kinds.NAME),
            kinds.DURATION: (kinds.NUM_WORD, kinds.NAME),
            kinds.DAYMONTH: (kinds.NUM_WORD, kinds.NAME),
            kinds.INSTANT: (kinds.DATE, kinds.TIME),
        }
        text = table.spelled.get(kind, "")
        head = _HEAD.match(text)
        if kind in fixed or head is None:
            return fixed.get(kind, ())
        rest = Tokens()
        self._fill(rest, text, head.end(), len(text))
        return (self._kind_of(head[0]), *rest.kinds)

    def _kind_of(self, first: str) -> int:
        if first[0].isdigit() or first[0] == "-":
            return kinds.DATE if first.count("-") == 2 else kinds.NUM_WORD
        return self.kinds.get(first, kinds.NAME)


_HEAD = re.compile(r",(?=\s*\w)|[\w.\-]+(?=\s+\w|T\d\d:)", re.ASCII)


def _phrases(table: Table) -> str:
    """All keywords of several words, by first letter and then by first word, the longest first."""
    by_letter: dict[str, dict[str, list[str]]] = {}
    for text in table.kinds:
        if " " in text and text[0].isalpha():
            first, rest = text.split(" ", 1)
            by_letter.setdefault(first[0], {}).setdefault(first, []).append(rest)
    letters = []
    for letter, words in sorted(by_letter.items()):
        branches = []
        for first, rests in sorted(words.items()):
            longest = sorted(rests, key=len, reverse=True)
            tails = "|".join(r"\s+".join(map(re.escape, rest.split(" "))) for rest in longest)
            branches.append(rf"{re.escape(first[1:])}\s+(?:{tails})")
        letters.append(f"{letter}(?:{'|'.join(branches)})")
    return rf"(?:{'|'.join(letters)})(?![\w.])"


@cache
def lexer(table: Table) -> Lexer:
    """The lexer of a table, made once."""
    return Lexer(table)
