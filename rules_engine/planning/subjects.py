"""What rules can be found by: something that an event says, a line says or a member has, and constants it is held
to."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from rules_engine import ir

Kind: TypeAlias = Literal["line", "event", "member", "today", "now", "currency", "code", "number", "condition"]


class Subject(msgspec.Struct, frozen=True, array_like=True, gc=False, cache_hash=True):
    """What an index looks at. Two subjects are equal where they look at the same.

    `line`, `event` and `member` are fields by `name`, with values as in `ir` (a rate in billionths); `today`, `now` and
    `currency` are the event's; `code` is each presented code, in normal spelling. `number` is any other whole number
    that all rules of a stage see alike: a sum or count over lines, a track, a balance, a tier; `condition` a condition
    that does not hang on a line: its values are True and False. These two have `expr`, whose origins are all `NOWHERE`.
    """

    kind: Kind
    name: str = ""
    expr: ir.Expr | None = None


class Key(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One way to find a rule: by the subject's value being `one of` some constants, lying `within` `low` (None: no
    lower end) up to, not including, `high` (None: no upper end), or a list that `contains` one of some constants. Of a
    subject of lines: on at least one line. An absent value meets no key. `at` is the text that says so."""

    subject: Subject
    test: Literal["one of", "within", "contains"]
    values: tuple[str | int | bool, ...] = ()
    low: int | None = None
    high: int | None = None
    at: ir.Origin = ir.Origin(0, 0, 0)
