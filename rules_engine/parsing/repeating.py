"""Declarations of which only the literals differ: read the second time, their nodes are built without the table.

In: the tokens of a declaration that was read, and the table. Out: a `Recipe`. Which productions a declaration goes
through hangs on the kinds of its tokens alone, and not on what they say; so declarations of the same kinds are the same
steps: each a builder, the tokens that its span begins and ends with, and the places of its children. What the loop does
besides is left out: states, and productions that only pass a child on.

Two things do not fit, and are left to the loop: a token that is split where it stands (what it falls into hangs on its
text), and a list that a builder made and another production takes apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from rules_engine.source import Span
from rules_engine.tree import Name, Node, Path, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules_engine.parsing.driving import Driver
    from rules_engine.parsing.lexing import Tokens

TOKENS_MAX: Final = 400
"""Of a declaration that is remembered."""

KINDS_MAX: Final = 1000
"""So many declarations of different kinds are remembered."""

SPLICE: Final = 1000
"""What is added to the place of a child whose items are taken instead of itself."""

Symbol: TypeAlias = "int | list[Symbol] | None"
"""What stands for a value while a recipe is written: its place, a list of such, or nothing."""

Step: TypeAlias = "tuple[Callable[..., Any], int, int, tuple[int, ...]]"
"""A builder, where its span begins and ends (starts of tokens, then their ends), and the places of its children."""


class Recipe(NamedTuple):
    """The steps from the tokens of a declaration to its node. Places count the texts of the tokens, then one `None`,
    then what the steps made."""

    steps: tuple[Step, ...]

    def node(self, tokens: Tokens) -> Node:
        """The node of other tokens of the same kinds; raises what a builder refuses with."""
        values: list[Any] = [*tokens.texts, None]
        ends = [*tokens.starts, *tokens.ends]
        add, get = values.append, values.__getitem__
        for build, first, last, children in self.steps:
            add(build((ends[first], ends[last]), *map(get, children)))
        return values[-1]  # type: ignore[no-any-return]


class Repeated:
    """What was read before, by the kinds of its tokens."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.known: dict[tuple[int, ...], Recipe | bool] = {}

    def read(self, tokens: Tokens) -> Node:
        """The node of a declaration, as `Driver.run` makes it and refuses it."""
        kinds = tuple(tokens.kinds)
        found = self.known.get(kinds)
        if isinstance(found, Recipe):
            return found.node(tokens)
        node = self.driver.run(tokens)
        if found is None:  # a recipe is written when the kinds come again
            if len(self.known) >= KINDS_MAX:
                self.known.clear()
            self.known[kinds] = len(kinds) <= TOKENS_MAX and len(kinds) == len(tokens.kinds)
        elif found:
            self.known[kinds] = _Writing(self.driver, tokens).recipe() or False
        return node


class _TakenApartError(Exception):
    """A list that a builder made is taken apart by another production."""


class _Writing:
    """A recipe under way: the loop of the driver on symbols."""

    def __init__(self, driver: Driver, tokens: Tokens) -> None:
        self.driver = driver
        self.tokens = tokens
        self.count = len(tokens.kinds)
        self.steps: list[Step] = []

    def recipe(self) -> Recipe | None:
        """The recipe of the tokens, which were read before and not split; None where they have none."""
        try:
            self._walk()
        except _TakenApartError:
            return None
        return Recipe(tuple(self.steps))

    def _walk(self) -> None:
        table, kinds = self.driver.table, self.tokens.kinds
        states, values, begins, at = [table.start], list[Symbol](), list[int](), 0
        while True:
            action = self.driver.action(states, self.tokens, at)
            if action >= 0:
                values.append(self._token(table.makes[action], at))
                states.append(action)
                begins.append(at)
                at += 1
                continue
            head, length, mode, build, picks = self.driver.rules[~action]
            if length:
                span = begins[-length], self.count + at - 1
                children = values[-length:]
                del begins[len(begins) - length + 1 :], values[-length:], states[-length:]
            else:
                span, children = (at, at), []
                begins.append(at)
            values.append(children[0] if not mode else self._made(mode, build, picks, children, span))
            state = self.driver.after((states[-1], head, kinds[at]))
            if state == table.end:
                return
            states.append(state)

    def _token(self, make: int, at: int) -> int:
        if not make:
            return at
        return self._step(_LITERALS[make], (at, self.count + at), (at,))

    def _made(self, mode: int, build: Any, picks: list[int], children: list[Symbol], span: Span) -> Symbol:
        if mode == 4:
            return self._picked(children, picks)
        if mode == 5:
            return children[picks[0]]
        taken = [children[0]] if mode == 1 else self._picked(children, picks)
        return self._step(build, span, tuple([self._place(each, span) for each in taken]))

    def _picked(self, children: list[Symbol], picks: list[int]) -> list[Symbol]:
        found: list[Symbol] = []
        for pick in picks:
            if pick < 0:
                found.append(None)
            elif pick < SPLICE:
                found.append(children[pick])
            else:
                inner = children[pick - SPLICE]
                if not isinstance(inner, list):
                    raise _TakenApartError
                found += inner
        return found

    def _place(self, symbol: Symbol, span: Span) -> int:
        if symbol is None:
            return self.count
        if isinstance(symbol, list):
            return self._step(_listed, span, tuple([self._place(each, span) for each in symbol]))
        return symbol

    def _step(self, build: Callable[..., Any], span: Span, children: tuple[int, ...]) -> int:
        self.steps.append((build, *span, children))
        return self.count + len(self.steps)


def _listed(_: Span, *items: Any) -> list[Any]:
    return list(items)


def text_of(span: Span, text: str) -> Text:
    """A text in quotes."""
    return Text(span, text[1:-1])


def path_of(span: Span, text: str) -> Path:
    """Words with points between them."""
    parts, at = [], span[0]
    for part in text.split("."):
        parts.append(Name((at, at + len(part)), part))
        at += len(part) + 1
    return Path(span, tuple(parts))


_LITERALS: Final = {1: Name, 2: text_of, 3: path_of}
"""How a token becomes a value that is not its text alone, as `Table.makes` says it."""
