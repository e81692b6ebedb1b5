"""Why a declaration does not parse, as one finding with the mend.

In: the text of one declaration and the place where the parser got stuck. Out: one `Diagnostic`. The guesses are tried
from the surest to the vaguest: an odd character, a habit from elsewhere, a misspelt word, a sign left out, a word too
many; a guess that changes the text counts only where the parser then gets to the end. What is left says what could
stand there.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cached_property

from rules_engine.diagnostics import Diagnostic, Fix
from rules_engine.parsing import table as kinds
from rules_engine.parsing.clauses import MATCH_ORDER, ORDER
from rules_engine.parsing.cutting import KINDS, OFFERS
from rules_engine.parsing.driving import Driver, StuckError, TooDeepError, Trial
from rules_engine.parsing.expecting import expected, spellings
from rules_engine.parsing.habits import HABITS, TITLE, Habit, plain_letters, unseen
from rules_engine.parsing.odd import WORD_SHOWN, foreign, odd_place, unseen_run
from rules_engine.parsing.quantities import takes_of, word_between
from rules_engine.parsing.refusals import RefusalError
from rules_engine.parsing.seen import kind_of, names_of
from rules_engine.parsing.shop_words import OFFER_WORDS, SHOP_WORDS, STAGES
from rules_engine.source import Source, Span

_STRINGS = re.compile(r"\"[^\"\n]*\"")
_MARKS = ("}", "{", ":", ",", ")", "(", "|", '"')
_NEAR = 200
"""Characters before and behind the place in which a habit is looked for."""
_CHARS_MOST = 400_000
"""Characters parsed again for guesses, in one declaration: bounds the time on huge ones."""


class Fault:
    """One declaration that did not parse, and the tries at mending it."""

    def __init__(self, driver: Driver, source: Source, text: str, span: Span, problem: Exception) -> None:
        self.driver = driver
        self.source = source
        self.text = text
        self.start, self.end = span
        self.tokens = driver.lexer.lex(text, *span)
        self.budget = _CHARS_MOST
        self.problem = problem
        self.at = 0
        self.states: list[int] = []
        try:
            driver.run(self.tokens)
        except StuckError as stuck:
            self.at, self.states = stuck.at, driver.before(self.tokens, stuck.at)
        except TooDeepError as deep:
            self.at = deep.at
        except RefusalError:
            pass
        self.place: Span = (self.tokens.starts[self.at], self.tokens.ends[self.at])
        self.word = self.tokens.texts[self.at]

    @cached_property
    def masked(self) -> str:
        """The declaration with the insides of its texts blanked; offsets count from the declaration."""
        return _STRINGS.sub(lambda m: '"' + "_" * (len(m[0]) - 2) + '"', self.text[self.start : self.end])

    def reach(self, edit: Span, new: str) -> int | None:
        """Where the parser gets stuck with an edit made, as an offset before it; None at the end, -1 unknown."""
        size = self.end - self.start
        if self.budget < size:
            return -1
        self.budget -= size
        text = self.text[self.start : edit[0]] + new + self.text[edit[1] : self.end]
        tokens = self.driver.lexer.lex(text, 0, len(text))
        try:
            self.driver.run(tokens)
        except StuckError as stuck:
            offset = tokens.starts[stuck.at] + self.start
            return offset if offset < edit[0] else offset + (edit[1] - edit[0]) - len(new)
        except (TooDeepError, RefusalError):
            return self.end
        return None

    def mends(self, edit: Span, new: str) -> bool:
        return self.reach(edit, new) is None

    def helps(self, edit: Span, new: str) -> bool:
        reached = self.reach(edit, new)
        return reached is None or reached > max(self.place[1], edit[1])

    def say(self, code: str, span: Span, fix: Fix | None = None, **data: str) -> Diagnostic:
        return Diagnostic(code, self.source.name, span, data, fix=fix)


def explain(driver: Driver, source: Source, text: str, span: Span, problem: Exception) -> Diagnostic:
    """The one finding for a declaration that did not parse."""
    if isinstance(problem, RefusalError):
        return _refused(source, text, problem)
    fault = Fault(driver, source, text, span, problem)
    if isinstance(problem, TooDeepError):
        return fault.say("P121", fault.place)
    for guess in (
        _odd_character,
        _title,
        _unbracketed,
        _open_where,
        _habit,
        _worthless,
        _misspelt,
        _twice,
        _left_out,
        _word_between,
        _second,
        _misspelt_before,
        _word_out,
        _too_many,
    ):
        found = guess(fault)
        if found is not None:
            return found
    return _unexpected(fault)


def _refused(source: Source, text: str, refusal: RefusalError) -> Diagnostic:
    data = dict(refusal.data)
    fix = None if refusal.fix is None else Fix(*refusal.fix)
    if refusal.code == "P111":
        order = MATCH_ORDER if data["clause"] in MATCH_ORDER and data["before"] in MATCH_ORDER[2:7] else ORDER
        first, start, end = (int(part) for part in data.pop("at").split(":"))
        gap = text[first:start]
        moved = f"{text[start:end]}{gap[len(gap.rstrip()) :]}{gap.rstrip()}"
        fix = Fix("put it there", (first, end), moved)
        data["clause"], data["before"] = text[start:end].split()[0], text[first:].split()[0]
        data["order"] = ", ".join(f"`{word}`" if word not in ("effect", "limit") else f"{word}s" for word in order)
    return Diagnostic(refusal.code, source.name, refusal.span, data, fix=fix)


# ---- guesses, the surest first ----


def _odd_character(fault: Fault) -> Diagnostic | None:
    """A character that has no meaning anywhere: unseen, a look-alike letter, an open quote."""
    at = odd_place(fault.tokens, fault.at)
    if at is None:
        return None
    char, start = fault.tokens.texts[at], fault.tokens.starts[at]
    if char == '"':
        return _open_quote(fault, start)
    if unseen(char[0]):
        return unseen_run(fault.source, fault.text, start)
    if char[0].isalpha():
        return foreign(fault.source, fault.text, start)
    found = _habit(fault)
    if found is not None:
        return found
    span = (start, fault.tokens.ends[at])
    if char[0].isdigit():
        return fault.say(
            "P146", span, found=char, hint="a number and the word behind it stand apart, as in `10 points`"
        )
    fix = Fix("take it out", span, "") if fault.mends(span, "") else None
    return fault.say("P146", span, fix, found=char, hint="leave it out")


def _worthless(fault: Fault) -> Diagnostic | None:
    """`accept coins_offered` and nothing about its worth."""
    here = fault.tokens.ends[fault.at - 1] if fault.at else fault.place[0]
    accepts = list(re.finditer(r"\baccept\b", fault.masked[: here - fault.start]))
    if not accepts or re.search(r"\bworth\b", fault.masked[accepts[-1].end() :]):
        return None
    if not fault.helps((here, here), ", worth 1 GBP"):
        return None
    return fault.say("P154", (fault.start + accepts[-1].start(), here))


def _open_quote(fault: Fault, start: int) -> Diagnostic:
    line_end = fault.text.find("\n", start, fault.end)
    line_end = fault.end if line_end < 0 else line_end
    rest = fault.text[start:line_end].rstrip()
    places = [m.start() for m in re.finditer(r"\s*(?:\{|\}|\)|,|:|\||\bas\b|$)|\s{2,}", rest)]
    for offset in places[:9]:
        edit = (start + offset, start + offset)
        if offset > 1 and fault.mends(edit, '"'):
            return fault.say("P110", (start, start + len(rest)), Fix('close it with `"`', edit, '"'))
    return fault.say("P110", (start, start + len(rest)))


def _title(fault: Fault) -> Diagnostic | None:
    """A title without quotes."""
    found = TITLE.match(fault.text, fault.start, fault.end)
    if found is None or not found.start(1) <= fault.place[0] <= found.end(1) + 1:
        return None
    quoted = f'"{found[1].strip()}"'
    fix = Fix("put the title in quotes", found.span(1), quoted) if fault.helps(found.span(1), quoted) else None
    return fault.say("P140", found.span(1), fix, mend=quoted)


_BEFORE_BRACKET = frozenset({"by", "accept", "turn", "every full"})
_AFTER_BRACKET = frozenset({"{", ",", "into", "where", "}"})


def _unbracketed(fault: Fault) -> Diagnostic | None:
    """A condition or a sum where a single value stands, such as the key of a table: it takes brackets."""
    texts, starts, ends = fault.tokens.texts, fault.tokens.starts, fault.tokens.ends
    for at in range(fault.at, max(0, fault.at - 8), -1):
        if texts[at - 1] not in _BEFORE_BRACKET and not (texts[at - 1] == "," and "by" in texts[max(0, at - 8) : at]):
            continue
        last = _end_of_value(texts, at)
        if last < fault.at:
            continue
        edit = (starts[at], ends[last])
        words = " ".join(fault.text[slice(*edit)].split())
        if fault.helps(edit, f"({words})"):
            return fault.say("P123", edit, Fix(f"write `({words})`", edit, f"({words})"), found=words)
    return None


_COMPARISONS = frozenset({">=", "<=", ">", "<", "is", "is not", "reaches", "is multiple of", "is not multiple of"})
_BEFORE_VALUE = frozenset({"when", "where", "and", "or", "not", "=", "(", "needs", "every tier needs", "or when"})


def _open_where(fault: Fault) -> Diagnostic | None:
    """A comparison behind a `where`, which takes everything to its right: what is compared takes brackets."""
    texts, starts, ends = fault.tokens.texts, fault.tokens.starts, fault.tokens.ends
    if fault.word not in _COMPARISONS:
        return None
    inside = False
    for at in range(fault.at - 1, max(0, fault.at - 40), -1):
        if texts[at] in ("{", "}"):
            return None
        if inside and texts[at - 1] in _BEFORE_VALUE:
            edit = (starts[at], ends[fault.at - 1])
            mend = f"({fault.text[slice(*edit)]})"
            if fault.helps(edit, mend):
                words = " ".join(mend.split())
                return fault.say("P153", fault.place, Fix(f"write `{words}`", edit, mend), found=fault.word, mend=words)
        inside = inside or texts[at] == "where"
    return None


def _end_of_value(texts: list[str], at: int) -> int:
    """The last token of a value that begins at a token; the one before it where there is none."""
    depth = 0
    for place in range(at, len(texts) - 1):
        depth += (texts[place] == "(") - (texts[place] == ")")
        if depth < 0 or (depth == 0 and texts[place] in _AFTER_BRACKET):
            return place - 1
    return len(texts) - 2


def _habit(fault: Fault) -> Diagnostic | None:
    """A habit from elsewhere, at the place or just before it."""
    lowest = fault.tokens.starts[max(0, fault.at - 1)] - fault.start
    place = (fault.place[0] - fault.start, max(fault.place[1], fault.place[0] + 1) - fault.start)
    line_start = fault.masked.rfind("\n", 0, lowest) + 1
    line_end = fault.masked.find("\n", place[1])
    line_end = len(fault.masked) if line_end < 0 else line_end
    line_start, line_end = max(line_start, lowest - _NEAR, place[0] - 5 * _NEAR), min(line_end, place[1] + _NEAR)
    for habit in (*HABITS, *SHOP_WORDS):
        for found in habit.pattern.finditer(fault.masked, line_start, line_end):
            if found.start() < place[1] and found.end() > lowest and (said := _say_habit(fault, habit, found)):
                return said
    return None


def _say_habit(fault: Fault, habit: Habit, found: re.Match[str]) -> Diagnostic | None:
    span = (found.start() + fault.start, found.end() + fault.start)
    real = habit.pattern.match(fault.text, *span) or found
    mend = habit.mend(real)
    if mend is None or habit.shows:
        return fault.say(habit.code, span, found=" ".join(real[0].split()), mend=mend or "")
    if not habit.sure and not fault.helps(span, mend):
        return None
    shown = mend.strip()
    fix = Fix(f"write `{shown}`" if shown else "leave it out", span, mend)
    if habit.code == "P141":
        fix = Fix("write `#`", span, mend)
    return fault.say(habit.code, span, fix, found=real[0].strip(), mend=shown)


def _near(fault: Fault, at: int, percent: int) -> Diagnostic | None:
    """A word that is nearly a keyword, where the parser gets further with the keyword."""
    word = fault.tokens.texts[at]
    if not word.isidentifier() or len(word) < 2:
        return None
    span = (fault.tokens.starts[at], fault.tokens.ends[at])
    close = get_close_matches(word.lower(), _keywords(fault.driver), n=5, cutoff=percent / 100)
    helping = [c for c in close if c != word and fault.helps(span, c)]
    if not helping:
        return None
    best = next((c for c in helping if fault.mends(span, c)), helping[0])
    return fault.say("P101", span, Fix(f"write `{best}`", span, best), found=word, meant=best)


_ALL_WORDS: dict[int, list[str]] = {}


def _keywords(driver: Driver) -> list[str]:
    """Every single word that some keyword is made of."""
    key = id(driver)
    if key not in _ALL_WORDS:
        _ALL_WORDS[key] = sorted({w for text in driver.table.stored.words for w in text.replace(",", "").split()})
    return _ALL_WORDS[key]


def _misspelt(fault: Fault) -> Diagnostic | None:
    """The word at the place, or one of the next two: `at mots` stops at `at`."""
    for at in range(fault.at, min(fault.at + 3, len(fault.tokens.kinds))):
        found = _near(fault, at, 70 if at == fault.at else 75)
        if found is not None:
            return found
    return None


def _misspelt_before(fault: Fault) -> Diagnostic | None:
    for at in range(fault.at - 1, max(-1, fault.at - 4), -1):
        found = _near(fault, at, 75)
        if found is not None and found.fix is not None and fault.mends(found.fix.span, found.fix.text):
            return found
    return None


def _possible(fault: Fault) -> set[int]:
    """The terminals that can really follow."""
    trial = Trial(fault.driver.table, fault.driver.rules, fault.driver.lexer.parts, fault.states)
    return {t for t in fault.driver.table.row(fault.states[-1]) if trial.takes(t)}


def _insertable(fault: Fault) -> list[str]:
    shown = spellings(fault.driver.table)
    names = {shown[t] for t in _possible(fault)}
    if any(name.startswith(", ") for name in names):
        names.add(",")
    return [mark for mark in _MARKS if mark in names]


def _left_out(fault: Fault) -> Diagnostic | None:
    """A sign left out before the place, or a bracket a little earlier."""
    here = fault.tokens.ends[fault.at - 1] if fault.at else fault.place[0]
    for mark in _insertable(fault):
        text = mark if mark in ",:)" else f" {mark}"
        if mark != '"' and fault.mends((here, here), f"{text} "):
            return _missing(fault, mark, here, text)
    for at in range(fault.at - 1, max(0, fault.at - 5), -1):
        start = fault.tokens.starts[at]
        for mark in ("(", "{"):
            if fault.mends((start, start), f"{mark} "):
                fix = Fix(f"write `{mark}`", (start, start), mark if mark == "(" else "{ ")
                where = f"before `{fault.tokens.texts[at]}`"
                return fault.say("P102", (start, fault.tokens.ends[at]), fix, missing=mark, where=where)
    return None


def _missing(fault: Fault, mark: str, here: int, text: str) -> Diagnostic:
    before = fault.tokens.texts[fault.at - 1] if fault.at else ""
    where = f"before `{fault.word}`" if fault.word else f"after `{before}`"
    span = fault.place if fault.word else (max(fault.start, here - 1), here)
    blank = "" if fault.text[here : here + 1].isspace() or not fault.word else " "
    return fault.say("P102", span, Fix(f"write `{mark}`", (here, here), text + blank), missing=mark, where=where)


def _second(fault: Fault) -> Diagnostic | None:
    """A second declaration on the line, or one that is indented."""
    possible = _possible(fault)
    if 0 not in possible:
        return None
    if fault.word in KINDS or fault.word in OFFERS:
        gap = fault.tokens.ends[fault.at - 1]
        fix = Fix("begin a line", (gap, fault.place[0]), "\n")
        return fault.say("P105", fault.place, fix, found=fault.word)
    return None


def _twice(fault: Fault) -> Diagnostic | None:
    """The same word or sign two times in a row."""
    texts = fault.tokens.texts
    for at in range(fault.at, max(0, fault.at - 3), -1):
        if at < len(texts) - 1 and texts[at] == texts[at - 1]:
            span = (fault.tokens.starts[at], fault.tokens.ends[at])
            if fault.mends(span, ""):
                return fault.say("P103", span, Fix(f"leave out one `{texts[at]}`", span, ""), found=texts[at])
    return None


def _too_many(fault: Fault) -> Diagnostic | None:
    """A sign or keyword that the rest does without; never a name or a value, which somebody meant."""
    if not fault.word or fault.tokens.kinds[fault.at] < kinds.FIRST_WORD:
        return None
    if fault.mends(fault.place, ""):
        fix = Fix(f"leave out `{fault.word}`", fault.place, "")
        return fault.say("P103", fault.place, fix, found=fault.word)
    return None


_LIKELY = ("on", "of", "is", "per", "off", "to", "at", "as", "by", "in", "into", "from", "until", "for")
_SELDOM = ("absent",)
"""Where one of these could stand, a value is more likely to be missing."""


def _word_between(fault: Fault) -> Diagnostic | None:
    """`3 extra points`: a word between a number and its unit."""
    between = word_between(fault.tokens, fault.at, fault.text)
    if between is None or not fault.helps(between, " "):
        return None
    word, words = fault.tokens.texts[fault.at - 1], f"{fault.tokens.texts[fault.at - 2]} {fault.word}"
    place = (fault.tokens.starts[fault.at - 1], fault.tokens.ends[fault.at - 1])
    return fault.say("P103", place, Fix(f"write `{words}`", between, " "), found=word)


def _word_out(fault: Fault) -> Diagnostic | None:
    """One keyword left out: the likeliest that mends it all, or the only one."""
    shown = spellings(fault.driver.table)
    here = fault.place[0]
    words = sorted({shown[t] for t in _possible(fault) if shown[t][:1].islower()})
    closing = not fault.word or fault.word in "})"
    likely = (
        []
        if closing
        else [
            word for word in _LIKELY if word in words and (word != "of" or takes_of(fault.tokens, fault.at, fault.text))
        ]
    )
    word = next((word for word in likely if fault.mends((here, here), f"{word} ")), None)
    if word is None:
        if fault.tokens.kinds[fault.at] >= kinds.FIRST_WORD and not closing:
            return None
        words = [word for word in words[:30] if word not in (*_LIKELY, *_SELDOM)]
        fitting = [word for word in words if fault.mends((here, here), f"{word} ")]
        if len(fitting) != 1:
            return None
        word = fitting[0]
    where = f"before `{fault.word}`" if fault.word else "at the end"
    return fault.say("P102", fault.place, Fix(f"write `{word}`", (here, here), f"{word} "), missing=word, where=where)


def _unexpected(fault: Fault) -> Diagnostic:
    shown = spellings(fault.driver.table)
    names = expected({shown[t] for t in _possible(fault)})
    if fault.word:
        return fault.say("P100", fault.place, found=fault.word, expected=names)
    last = fault.tokens.ends[fault.at - 1] if fault.at else fault.start
    span = (max(fault.start, last - 1), last)
    return fault.say("P104", span, kind=kind_of(fault.tokens), expected=names)


def unknown_start(
    driver: Driver, source: Source, text: str, span: Span
) -> tuple[Diagnostic, tuple[str, tuple[str, ...]] | None]:
    """A line in the first column that no declaration's word begins: the nearest word, and what it then declares."""
    start = span[0] + len(text[span[0] : span[1]]) - len(text[span[0] : span[1]].lstrip("\ufeff \t\n"))
    line = text[start : min(x for x in (text.find("\n", start, span[1]), span[1], start + WORD_SHOWN) if x >= 0)]
    first = re.match(r"\w+", line)
    word = first[0] if first else line[:1]
    odd = next((at for at, char in enumerate(line[: len(word) + 1]) if not char.isascii() or unseen(char)), None)
    if odd is not None and (line[odd] not in " \t" and unseen(line[odd])):
        return unseen_run(source, text, start + odd), None
    if odd is not None and line[odd].isalpha() and plain_letters(word):
        kind = plain_letters(word)
        rest = kind + text[start + len(word) : min(span[1], start + 400)]
        names = names_of(driver.lexer.lex(rest, 0, len(rest)))
        return foreign(source, text, start + odd), (kind, names) if kind in KINDS else None
    place = (start, start + len(word))
    code = "P107" if span[0] == 0 else "P106"
    indented = start > 0 and text[start - 1] in " \t"
    known = [*(kind for kind in KINDS), "catalogue", "item", "basket", "shipping"]
    if (stage := _offer(line)) is not None and not indented:
        fix = Fix(f"write `{stage}`", (start, start + line.index("offer") + 5), stage) if stage else None
        hint = f"did you mean `{stage}`?" if stage else f"an offer begins with its stage: {_STAGES}"
        return Diagnostic(code, source.name, place, {"found": word, "hint": hint}, fix=fix), None
    if indented and word in known:
        begin = text.rfind("\n", 0, start) + 1
        finding = Diagnostic("P105", source.name, place, {"found": word}, fix=Fix("begin a line", (begin, start), ""))
        return finding, (word, names_of(driver.lexer.lex(text, start, min(span[1], start + 400))))
    close = get_close_matches(word.lower(), known, n=1, cutoff=60 / 100)
    if not close or close[0] == word:
        hint = "a declaration begins with a word such as `earn`, `unit`, `event` or `track`"
        return Diagnostic(code, source.name, place, {"found": word, "hint": hint}), None
    data = {"found": word, "hint": f"did you mean `{close[0]}`?"}
    fix = Fix(f"write `{close[0]}`", place, close[0])
    names = names_of(driver.lexer.lex(text, start, min(span[1], start + 400)))
    return Diagnostic(code, source.name, place, data, fix=fix), (close[0], names)


_STAGES = ", ".join(f"`{stage}`" for stage in OFFERS[:-1]) + f" or `{OFFERS[-1]}`"


def _offer(line: str) -> str | None:
    """What is meant by `cart offer "X"`; empty where only an offer of some stage is meant, None for anything else."""
    found = re.match(r"(\w+)(?:\s+(\w+))?\s*\"", line)
    if found is None:
        return None
    if found[2] == "offer":
        return STAGES.get(found[1], "")
    return "" if found[2] is None and found[1] in OFFER_WORDS else None
