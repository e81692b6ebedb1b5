"""What could stand at a place, in few words: never the grammar's own names, never a long list."""

from __future__ import annotations

from rules_engine.parsing.table import Table

# All of the first must be possible there; the phrase then stands for everything in the second as well.
_CONDITION = frozenset({"has", "not", "NUM", "sum of"})
_VALUES = frozenset(
    {"NUM", "QNUM", "PCT", "MONEY", "NAME", "DOTTED", "STRING", "DATE", "TIME", "INSTANT", "DURATION", "(", "-", "by",
     "across", "sum of", "count of", "distinct", "streak of", "first day", "largest of", "given", "balance of",
     "previous", "top", "start of", "end of", "held tier", "earned tier", "matched tier", "after item", "after basket",
     "after catalogue", "calendar day", "last day", "used"}
)  # fmt: skip
_OPERATORS = frozenset(
    {"<", "is", "is not", "in", "not in", "is multiple of", "reaches", "+", "*", "and", "or", "plus", "per", "of",
     "from", "until", "before", "with tax", "where"}
)  # fmt: skip
_CLAUSES = frozenset(
    {"on", "automatic", "with", "with code", "with code from", "when", "for each", "for each mark of", "for every",
     "once for", "for up to", "take", "price", "charge", "add", "say", "accept", "give", "turn", "carry", "once",
     "at most", "competes in", "tag", "priority", "combines with", "on return"}
)  # fmt: skip

_PERIODS = _VALUES | {"lifetime", "trial of", "the last", "the first"}
_SETTINGS = frozenset(
    {"currency", "timezone", "weeks start", "DAYMONTH", "prices", "tax", "split evenly", "terms", "returns", "stacking"}
)
_MODIFIERS = frozenset(
    {"up to", "never below", "never beyond", "only from", "in steps of", "rounded up", "rounded down", "sorted by",
     "dearest first", "cheapest first", "split evenly", "split into", "pending until", "lasting", "to", "in", "with",
     "or nothing"}
)  # fmt: skip

_GROUPS: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (_CLAUSES - {"tag"}, _CLAUSES, "a clause, such as `when`, `give` or `at most`"),
    (_CONDITION, _VALUES | {"has", "not"}, "a condition, such as `net >= 40 GBP`"),
    (frozenset({"NUM", "PCT", "sum of"}), _VALUES, "an amount, such as `10 points`"),
    (frozenset({"DATE", "DURATION", "end of"}), _VALUES, "a date, such as `2027-01-31`"),
    (frozenset({"calendar day", "lifetime"}), _PERIODS, "a period, such as `calendar year`"),
    (frozenset({"currency", "timezone"}), _SETTINGS, "a setting, such as `currency` or `timezone`"),
    (frozenset({"up to", "never below"}), _MODIFIERS, "a modifier, such as `up to`"),
    (frozenset({"<", "is"}), _OPERATORS, "a comparison, such as `>= 40 GBP`"),
    (frozenset({"NUM", "QNUM", "STRING"}), _VALUES, "a value, such as `10 points` or `\"A\"`"),
    (frozenset({"STRING"}), frozenset({"STRING"}), "a text in quotes"),
    (frozenset({"NAME"}), frozenset({"NAME", "DOTTED"}), "a name"),
    (frozenset({"QNUM"}), frozenset({"QNUM", "MONEY", "NUM"}), "a quantity, such as `10 points`"),
    (frozenset({"NUM"}), frozenset({"NUM"}), "a whole number"),
    (frozenset({"DURATION"}), frozenset({"DURATION"}), "a span of time, such as `3 months`"),
    (frozenset({"TIME"}), frozenset({"TIME"}), "a time, such as `23:00`"),
    (frozenset({"PCT"}), frozenset({"PCT"}), "a percentage, such as `5%`"),
    (frozenset({"DAYMONTH"}), frozenset({"DAYMONTH"}), "a day, such as `1 Nov`"),
    (frozenset({"$END"}), frozenset({"$END"}), "the next declaration"),
)  # fmt: skip
_MOST = 4
_GRAIN = "off"
"""What an amount that is taken cannot do without; how else it could go on is told after it."""


def spellings(table: Table) -> list[str]:
    """By terminal: how it is shown, a keyword by its shortest spelling, a literal by its name."""
    shown = list(table.names)
    for text, terminals in {**table.stored.words, **table.stored.marks}.items():
        for terminal in terminals:
            if len(terminals) == 1 or shown[terminal] == table.names[terminal]:
                before = shown[terminal]
                if before == table.names[terminal] or len(text) < len(before):
                    shown[terminal] = text
    return shown


def expected(names: set[str]) -> str:
    """A short list in words: `a period, such as ..., `}` or ...`."""
    left = set(names)
    said: list[str] = []
    for needed, covers, phrase in _GROUPS:
        if needed <= left:
            said.append(phrase)
            left -= covers
    if said:
        left -= _OPERATORS
    signs = sorted(name for name in left if not name.isupper() and name != "$END" and (name == "," or name[0] != ","))
    said += [f"`{name}`" for name in sorted(signs, key=lambda name: (name != _GRAIN, name not in "{}():,", name))]
    said = said[:_MOST]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}" if said else "something else"
