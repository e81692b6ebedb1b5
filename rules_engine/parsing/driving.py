"""The loop that turns tokens into nodes by the LALR table.

In: tokens. Out: a node, or `StuckError` with the place where no reading goes on. Each state keeps a small map from
kind to action, filled as kinds are met; only where a word may be read in more than one way (a keyword or a name, a
keyword of several words or its words) are the readings tried, a few tokens ahead. Runs of productions that only pass
their one child on are remembered as one step. Nothing recurses, so deep nesting costs memory and no more.
"""

from __future__ import annotations

from typing import Any

from rules_engine.parsing.building import BUILDERS
from rules_engine.parsing.lexing import Lexer, Tokens
from rules_engine.parsing.repeating import SPLICE, Repeated, path_of, text_of
from rules_engine.parsing.table import Table
from rules_engine.source import Span
from rules_engine.tree import Name, Node

AHEAD = 5
"""Tokens a doubtful word is decided by, itself included."""
SPLIT = -1_000_000
"""Not an action: the token must be split."""
DEEPEST = 2000
"""States on the stack; a nesting of some two hundred brackets."""


class StuckError(Exception):
    """No reading goes on at this token; `states` is the stack there."""

    def __init__(self, at: int, states: list[int]) -> None:
        super().__init__(at)
        self.at = at
        self.states = states


class TooDeepError(Exception):
    """Brackets or `not`s nest deeper than the parser follows."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Driver:
    """The table bound to its builders: made once."""

    def __init__(self, table: Table, lexer: Lexer) -> None:
        self.table = table
        self.lexer = lexer
        self.rules = [(head, length, *_recipe(name, length, picks)) for head, length, name, picks in table.stored.rules]
        self.chains: dict[tuple[int, int, int], int] = {}
        self.memo: dict[tuple[int, tuple[int, ...]], tuple[int, dict[tuple[int, ...], int]]] = {}
        self.read = Repeated(self).read

    def run(self, tokens: Tokens) -> Node:
        """The node of a whole declaration. Raises StuckError, TooDeepError, or what a builder refuses with."""
        table, rules, chains = self.table, self.rules, self.chains
        fast, makes, end_state = table.fast, table.makes, table.end
        kinds, texts, starts, ends = tokens.kinds, tokens.texts, tokens.starts, tokens.ends
        state, at, kind = table.start, 0, kinds[0]
        states, values, begins = [state], [], []  # type: list[int], list[Any], list[int]
        while True:
            action = fast[state].get(kind)
            if action is None:
                action = self.action(states, tokens, at)
                kind = kinds[at]
            if action >= 0:
                make, start = makes[action], starts[at]
                if make == 0:
                    values.append(texts[at])
                elif make == 1:
                    values.append(Name((start, ends[at]), texts[at]))
                else:
                    values.append((text_of if make == 2 else path_of)((start, ends[at]), texts[at]))
                states.append(action)
                begins.append(start)
                state = action
                at += 1
                kind = kinds[at]
                continue
            head, length, mode, build, picks = rules[~action]
            if length == 1:
                if mode == 1:
                    values[-1] = build((begins[-1], ends[at - 1]), values[-1])
                elif mode:
                    values[-1] = _made(mode, build, picks, values[-1:], (begins[-1], ends[at - 1]))
                states.pop()
            elif length:
                span = (begins[-length], ends[at - 1])
                children = values[-length:]
                del begins[1 - length :], values[-length:], states[-length:]
                if mode == 2:
                    values.append(build(span, *[children[pick] for pick in picks]))
                else:
                    values.append(_made(mode, build, picks, children, span))
                if len(states) > DEEPEST:
                    raise TooDeepError(at)
            else:
                begins.append(starts[at])
                values.append(_made(mode, build, picks, [], (starts[at], starts[at])))
            key = (states[-1], head, kind)
            known = chains.get(key)
            state = self.after(key) if known is None else known
            if state == end_state:
                return values[-1]  # type: ignore[no-any-return]
            states.append(state)

    def before(self, tokens: Tokens, at: int) -> list[int]:
        """The states right after the token before a place: a stack not yet reduced for the token there."""
        states = [self.table.start]
        for place in range(at):
            while True:
                action = self.action(states, tokens, place)
                if action >= 0:
                    states.append(action)
                    break
                head, length, *_ = self.rules[~action]
                if length:
                    del states[-length:]
                states.append(self.table.goto(states[-1])[head])
        return states

    def after(self, key: tuple[int, int, int]) -> int:
        """The state after a head, and after all productions that then only pass their one child on; remembered."""
        below, head, kind = key
        goto = self.table.goto(below)
        state = goto[head]
        while state != self.table.end:
            action = self.table.fast[state].get(kind)
            if action is None:
                action = self._certain(state, kind)
            if action is None or action >= 0:
                break
            head, _, mode, _, _ = self.rules[~action]
            if mode:
                break
            state = goto[head]
        self.chains[key] = state
        return state

    def _certain(self, state: int, kind: int) -> int | None:
        """The action for a kind where a state reads it in one way only; remembered."""
        trial = Trial(self.table, self.rules, self.lexer.parts, [state])
        action = trial.obvious(kind)
        if action is not None:
            self.table.fast[state][kind] = action
        return action

    def action(self, states: list[int], tokens: Tokens, at: int) -> int:
        """The action for a token that a state does not know yet, or reads in more than one way.

        The answer depends on the kinds just ahead and on the states as far down as a trial reduced; it is remembered
        under both. A token whose words must be read one by one is split in place.
        """
        kinds = tokens.kinds
        ahead = tuple(kinds[at : at + AHEAD])
        entry = self.memo.get((states[-1], ahead))
        if entry is not None:
            depth, answers = entry
            action = answers.get(tuple(states[-depth:]))
            if action == SPLIT:
                self.lexer.split(tokens, at)
                return self.action(states, tokens, at)
            if action is not None:
                return action
        action = self._certain(states[-1], kinds[at])
        if action is not None:
            return action
        trial = Trial(self.table, self.rules, self.lexer.parts, states)
        action = trial.decide(ahead)
        if action is None:
            raise StuckError(at, states)
        if entry is None or trial.depth > entry[0]:
            entry = self.memo[states[-1], ahead] = (trial.depth, {})
        entry[1][tuple(states[-entry[0] :])] = action
        if action != SPLIT:
            return action
        self.lexer.split(tokens, at)
        return self.action(states, tokens, at)


class Trial:
    """Readings of the tokens ahead, tried on states alone; `depth` says how much of the stack was looked at."""

    def __init__(self, table: Table, rules: list[Any], parts: list[tuple[int, ...]], states: list[int]) -> None:
        self.table = table
        self.rules = rules
        self.parts = parts
        self.states = states
        self.depth = 1

    def obvious(self, kind: int) -> int | None:
        """The action where there is one reading, or all readings have the same reduction before them."""
        row, candidates = self.table.row(self.states[-1]), self.table.candidates
        parts = self.parts[kind]
        if parts and any(t in row for t in candidates[parts[0]]):
            return None
        actions = [row[t] for t in candidates[kind] if t in row]
        if not actions or (len(actions) > 1 and (actions[0] >= 0 or any(x != actions[0] for x in actions))):
            return None
        return actions[0]

    def takes(self, terminal: int) -> bool:
        """Whether a terminal really fits, after all reductions before it."""
        return self._shift(tuple(self.states), terminal) is not None

    def decide(self, ahead: tuple[int, ...]) -> int | None:
        """The action for the first kind: of the first reading that goes on longest; None where none fits at all."""
        kind, parts = ahead[0], self.parts[ahead[0]]
        row = self.table.row(self.states[-1])
        readings = [t for t in self.table.candidates[kind] if t in row]
        stack = tuple(self.states)
        for steps in range(len(ahead), 0, -1):
            for terminal in readings:
                after = self._shift(stack, terminal)
                if after is not None and self._goes_on(after, ahead[1:steps]):
                    return row[terminal]
            if parts and self._goes_on(stack, (*parts, *ahead[1:steps])):
                return SPLIT
        return None

    def _goes_on(self, stack: tuple[int, ...], ahead: tuple[int, ...]) -> bool:
        """Whether some reading of all these kinds fits."""
        if not ahead:
            return True
        row = self.table.row(stack[-1])
        for terminal in self.table.candidates[ahead[0]]:
            if terminal in row:
                after = self._shift(stack, terminal)
                if after is not None and (terminal == 0 or self._goes_on(after, ahead[1:])):
                    return True
        parts = self.parts[ahead[0]]
        return bool(parts) and self._goes_on(stack, (*parts, *ahead[1:]))

    def _shift(self, stack: tuple[int, ...], terminal: int) -> tuple[int, ...] | None:
        """The stack after a terminal is taken in; None where it does not fit."""
        table = self.table
        states = list(stack)
        while True:
            action = table.row(states[-1]).get(terminal)
            if action is None:
                return None
            if action >= 0:
                states.append(action)
                return tuple(states)
            head, length, *_ = self.rules[~action]
            if length:
                del states[-length:]
            self.depth = max(self.depth, len(self.states) - len(states) + 1)
            states.append(table.goto(states[-1])[head])
            if states[-1] == table.end and terminal == 0:
                return tuple(states)


def _recipe(name: str, length: int, picks: list[int]) -> tuple[int, Any, list[int]]:
    """How a production's value is made.

    0 its one child, in its place; 1 built from its one child; 2 built from picked children; 3 the same with splices and
    absent optionals; 4 a list; 5 one child out of several.
    """
    if not name:
        return (0 if length == 1 else 5), None, picks
    if name == "list":
        return 4, None, picks
    if not all(0 <= pick < SPLICE for pick in picks):
        return 3, BUILDERS[name], picks
    return (1 if length == len(picks) == 1 else 2 if length > 1 else 3), BUILDERS[name], picks


def _made(mode: int, build: Any, picks: list[int], children: list[Any], span: Span) -> Any:
    if mode == 4:
        return _listed(children, picks)
    if mode == 5:
        return children[picks[0]]
    return build(span, *_spliced(children, picks))


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
