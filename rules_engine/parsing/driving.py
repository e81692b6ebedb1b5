"""The loop that turns tokens into nodes by the LALR table.

In: tokens. Out: a node, or `Stuck` with the place where no reading goes on. Each state keeps a small map from kind to
action, filled as kinds are met; only where a word may be read in more than one way (a keyword or a name, a keyword of
several words or its words) are the readings tried, a few tokens ahead. Runs of productions that only pass their one child
on are remembered as one step. Nothing recurses, so deep nesting costs memory and no more.
"""

from __future__ import annotations

from typing import Any

from rules_engine.parsing.building import BUILDERS
from rules_engine.parsing.lexing import Lexer, Tokens
from rules_engine.parsing.table import Table
from rules_engine.tree import Name, Node, Path, Text

SPLICE = 1000
AHEAD = 4
DEEPEST = 2000
"""States on the stack; a nesting of some two hundred brackets."""


class Stuck(Exception):
    """No reading goes on at this token; `states` is the stack there."""

    def __init__(self, at: int, states: list[int]) -> None:
        super().__init__(at)
        self.at = at
        self.states = states


class TooDeep(Exception):
    """Brackets or `not`s nest deeper than the parser follows."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Driver:
    """The table bound to its builders: made once."""

    def __init__(self, table: Table, lexer: Lexer) -> None:
        self.table = table
        self.lexer = lexer
        self.rules = [(head, length, *_recipe(name, picks)) for head, length, name, picks in table.stored.rules]

    def run(self, tokens: Tokens) -> Node:
        """The node of a whole declaration. Raises Stuck, TooDeep, or what a builder refuses with."""
        table, rules = self.table, self.rules
        fast, chains, makes = table.fast, table.chains, table.makes
        kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
        states: list[int] = [table.start]
        values: list[Any] = []
        begins: list[int] = []
        at = 0
        kind = kinds[0]
        state = table.start
        while True:
            action = fast[state].get(kind)
            if action is None:
                action = self._resolve(states, tokens, at)
                kind = kinds[at]
            if action >= 0:
                make = makes[action]
                if make == 1:
                    values.append(Name((starts[at], ends[at]), tokens.texts[at]))
                elif make == 0:
                    values.append(tokens.texts[at])
                else:
                    values.append(_literal(make, starts[at], ends[at], tokens.texts[at]))
                states.append(action)
                begins.append(starts[at])
                state = action
                at += 1
                kind = kinds[at]
                if len(states) > DEEPEST:
                    raise TooDeep(at)
                continue
            head, length, mode, build, picks = rules[~action]
            if mode == 0 and length == 1:
                key = (states[-2], state, kind)
                known = chains.get(key)
                state = states[-1] = self._chain(key, head) if known is None else known
                continue
            if length:
                children = values[-length:]
                span = (begins[-length], ends[at - 1])
                del values[-length:], begins[-length:], states[-length:]
            else:
                children, span = [], (starts[at], starts[at])
            if mode == 0:
                value = children[picks[0]]
            elif mode == 1:
                value = build(span, *[children[pick] for pick in picks])
            elif mode == 2:
                value = build(span, *_spliced(children, picks))
            else:
                value = _listed(children, picks)
            state = table.goto(states[-1])[head]
            states.append(state)
            values.append(value)
            begins.append(span[0])
            if kind == 0 and state == table.end:
                return values[-1]

    def _chain(self, key: tuple[int, int, int], head: int) -> int:
        """The state after all productions that only pass their child on."""
        below, _, kind = key
        goto = self.table.goto(below)
        state = goto[head]
        while state != self.table.end:
            action = self.table.fast[state].get(kind)
            if action is None or action >= 0:
                break
            head, length, mode, _, _ = self.rules[~action]
            if mode or length != 1:
                break
            state = goto[head]
        else:
            return state
        if action is not None:
            self.table.chains[key] = state
        return state

    def _resolve(self, states: list[int], tokens: Tokens, at: int) -> int:
        """The action for a token not yet met in this state; splits a token whose words must be read one by one."""
        table, state = self.table, states[-1]
        row = table.row(state)
        kind = tokens.kinds[at]
        found = [row[t] for t in table.candidates[kind] if t in row]
        parts = self.lexer.parts(tokens.texts[at])
        if not parts and found and len(set(found)) == 1 and (len(found) == 1 or found[0] < 0):
            table.fast[state][kind] = found[0]
            return found[0]
        ahead = self._ahead(tokens, at + 1)
        for terminal in table.candidates[kind]:
            if terminal in row and self._viable(states, terminal, ahead, AHEAD):
                return row[terminal]
        if parts and any(t in row for t in table.candidates[parts[0]]) and self._any(states, [parts[0]], 1):
            whole = [(k, ()) for k in parts] + ahead
            if not found or self._some(states, whole, AHEAD):
                self.lexer.split(tokens, at)
                return self._resolve(states, tokens, at)
        shifting = [t for t in table.candidates[kind] if t in row and self._shift(states, t)]
        if shifting:
            return row[shifting[0]]
        raise Stuck(at, states)

    def _ahead(self, tokens: Tokens, at: int) -> list[tuple[int, tuple[int, ...]]]:
        """The next few tokens, each with the kinds it could be split into."""
        parts = self.lexer.parts
        return [
            (tokens.kinds[k], parts(tokens.texts[k])) for k in range(at, min(at + AHEAD, len(tokens.kinds)))
        ]

    def _any(self, states: list[int], kinds: list[int], depth: int) -> bool:
        return self._some(states, [(kind, ()) for kind in kinds], depth)

    def _viable(self, states: list[int], terminal: int, ahead: list[tuple[int, tuple[int, ...]]], depth: int) -> bool:
        after = self._shift(states, terminal)
        return after is not None and self._some(after, ahead, depth - 1)

    def _some(self, states: list[int], ahead: list[tuple[int, tuple[int, ...]]], depth: int) -> bool:
        """Whether any reading of the tokens ahead goes on."""
        if depth <= 0 or not ahead:
            return True
        kind, parts = ahead[0]
        row = self.table.row(states[-1])
        for terminal in self.table.candidates[kind]:
            if terminal in row and (terminal == 0 or self._viable(states, terminal, ahead[1:], depth)):
                return True
        return bool(parts) and self._some(states, [*((k, ()) for k in parts), *ahead[1:]], depth)

    def _shift(self, states: list[int], terminal: int) -> list[int] | None:
        """The stack after a terminal is taken in, by states alone; None where it does not fit."""
        table = self.table
        stack = states[:]
        while True:
            action = table.row(stack[-1]).get(terminal)
            if action is None:
                return None
            if action >= 0:
                stack.append(action)
                return stack
            head, length, *_ = self.rules[~action]
            if length:
                del stack[-length:]
            stack.append(table.goto(stack[-1])[head])
            if stack[-1] == table.end and terminal == 0:
                return stack


def _literal(make: int, start: int, end: int, text: str) -> Node:
    if make == 2:
        return Text((start, end), text[1:-1])
    parts = []
    at = start
    for part in text.split("."):
        parts.append(Name((at, at + len(part)), part))
        at += len(part) + 1
    return Path((start, end), tuple(parts))


def _recipe(name: str, picks: list[int]) -> tuple[int, Any, list[int]]:
    """How a production's value is made: 0 pass a child on, 1 build from picked children, 2 the same with splices, 3 a list."""
    if not name:
        return 0, None, picks
    if name == "list":
        return 3, None, picks
    simple = all(0 <= pick < SPLICE for pick in picks)
    return (1 if simple else 2), BUILDERS[name], picks


def _spliced(children: list[Any], picks: list[int]) -> list[Any]:
    out: list[Any] = []
    for pick in picks:
        if pick < 0:
            out.append(None)
        elif pick >= SPLICE:
            out += children[pick - SPLICE]
        else:
            out.append(children[pick])
    return out


def _listed(children: list[Any], picks: list[int]) -> list[Any]:
    """A list; grown in place where the first child is the list so far, so that long lists stay linear."""
    if picks and picks[0] >= SPLICE:
        out: list[Any] = children[picks[0] - SPLICE]
        out += _spliced(children, picks[1:])
        return out
    return _spliced(children, picks)
