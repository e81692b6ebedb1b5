"""Build the parser's table from the grammar: `python -m rules_engine.parsing.build_table`.

In: grammar/rules.lark. Out: `table.json` beside this file. lark is used here and nowhere at run time: it reads the
grammar and computes the LALR(1) states, and refuses a grammar with a conflict. What is written is plain lists of
numbers:

- `terminals`, `nonterminals`: names; everything else refers to them by place.
- `words`: each keyword, or keyword of several words, and the terminals it may stand for; `marks`: the same for signs.
- `rules`: `[nonterminal, length, builder, picks]`; a pick is the place of a child to keep, -1 for an absent optional,
  and 1000 more for a child whose items are spliced in. No builder: the one child passes through.
- `shifts`, `gotos`, `reduces`, by state; `reduces` names a rule and a set of terminals out of `sets`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
GRAMMAR = HERE.parent.parent / "grammar" / "rules.lark"
TABLE = HERE / "table.json"
START = "start"
SPLICE = 1000
ABSENT = -1


def digest(grammar: str) -> str:
    """The mark by which a table shows which grammar it was built from."""
    return hashlib.sha256(grammar.encode()).hexdigest()


def build(grammar: str) -> dict[str, Any]:
    """The table of a grammar; raises lark's GrammarError for a fault or a conflict."""
    from lark.common import ParserConf
    from lark.grammar import NonTerminal
    from lark.load_grammar import load_grammar
    from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

    load: Any = load_grammar
    loaded, _ = load(grammar, "rules.lark", [], False)
    terminals, rules, _ = loaded.compile([START], "*")
    callbacks: Any = dict.fromkeys(rules)
    analyzer: Any = LALR_Analyzer(ParserConf(rules, callbacks, [START]), strict=True)
    analyzer.compute_lalr()
    rules = sorted(rules, key=_rule_key)
    states, start = analyzer.parse_table.states, analyzer.parse_table.start_states[START]
    order = _numbered(states, start)
    place = {state: at for at, state in enumerate(order)}
    spelled = {t.name: _spellings(t.pattern) for t in terminals if t.pattern is not None}
    names = ["$END", *sorted({str(s.name) for r in rules for s in r.expansion if s.is_term})]
    term_id = {name: at for at, name in enumerate(names)}
    heads = sorted({str(r.origin.name) for r in rules})
    head_id = {name: at for at, name in enumerate(heads)}
    rule_id = {rule: at for at, rule in enumerate(rules)}
    sets: dict[tuple[int, ...], int] = {}
    shifts, gotos, reduces = [], [], []
    for at in order:
        shift_row: list[int] = []
        goto_row: list[int] = []
        by_rule: dict[int, list[int]] = {}
        for symbol, (action, argument) in sorted(states[at].items(), key=lambda item: item[0]):
            if symbol in head_id:
                goto_row += (head_id[symbol], place[argument])
            elif action is Shift:
                shift_row += (term_id[symbol], place[argument])
            else:
                by_rule.setdefault(rule_id[argument], []).append(term_id[symbol])
        shifts.append(shift_row)
        gotos.append(goto_row)
        reduces.append([x for r, ts in by_rule.items() for x in (r, sets.setdefault(tuple(sorted(ts)), len(sets)))])
    spellings: dict[str, list[int]] = {}
    for name, texts in sorted(spelled.items()):
        for text in texts if name in term_id else ():
            spellings.setdefault(text, []).append(term_id[name])
    return {
        "grammar": digest(grammar),
        "terminals": names,
        "nonterminals": heads,
        "words": {t: ids for t, ids in sorted(spellings.items()) if re.search("[a-z]", t)},
        "marks": {t: ids for t, ids in sorted(spellings.items()) if not re.search("[a-z]", t)},
        "rules": [[head_id[r.origin.name], len(r.expansion), *_shape(r, NonTerminal)] for r in rules],
        "start": place[start],
        "end": place[analyzer.parse_table.end_states[START]],
        "shifts": shifts,
        "gotos": gotos,
        "reduces": reduces,
        "sets": [list(one) for one in sets],
    }


def _rule_key(rule: Any) -> tuple[str, list[str], str]:
    return str(rule.origin.name), [str(symbol.name) for symbol in rule.expansion], str(rule.alias)


def _numbered(states: Any, start: int) -> list[int]:
    """States in the order they are first reached from the start, so that the same grammar gives the same file."""
    order, seen = [start], {start}
    for state in order:
        for _, (_, argument) in sorted(states[state].items(), key=lambda item: item[0]):
            if isinstance(argument, int) and argument not in seen:
                seen.add(argument)
                order.append(argument)
    return order


def _spellings(pattern: Any) -> list[str]:
    """The words a terminal is made of: one string, or several joined by `|`."""
    text = pattern.value
    if type(pattern).__name__ == "PatternStr":
        return [text]
    inner = text.removeprefix("(?:").removesuffix(")")
    return [re.sub(r"\\(.)", r"\1", one) for one in inner.split("|")]


def _shape(rule: Any, nonterminal: Any) -> tuple[str, list[int]]:
    """How a rule's value is made: the builder's name (empty: pass the child on) and the picks."""
    flags = rule.options.empty_indices
    runs = [0] * (len(rule.expansion) + 1)
    if flags:
        runs = [len(ones) for ones in "".join(str(int(f)) for f in flags).split("0")]
    picks: list[int] = []
    for at, symbol in enumerate(rule.expansion):
        picks += [ABSENT] * runs[at]
        if isinstance(symbol, nonterminal):
            picks.append(at + SPLICE if symbol.name.startswith("_") else at)
        elif not symbol.filter_out:
            picks.append(at)
    picks += [ABSENT] * runs[-1]
    if rule.origin.name.startswith("_"):
        return "list", picks
    if rule.options.expand1 and not rule.alias and len(picks) == 1 and 0 <= picks[0] < SPLICE:
        return "", picks
    return str(rule.alias or rule.origin.name), picks


def main() -> int:
    """Write the table; says how large it is."""
    table = build(GRAMMAR.read_text(encoding="utf-8"))
    data = msgspec.json.encode(table)
    TABLE.write_bytes(data)
    sys.stdout.write(f"{TABLE.name}: {len(table['shifts'])} states, {len(table['rules'])} rules, {len(data)} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
