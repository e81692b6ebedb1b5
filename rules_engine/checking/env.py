"""Where an expression stands: which events it is read on, at which stage, on a line or not, and what is known to be
there.

In: the context of the declaration under check. Out: `Env`, a frozen value that is passed down and replaced where a
clause changes it (`where` goes to the lines, `has x and ...` proves x). All findings of expressions leave through it.

Optionals: `proven` holds the paths that are known to be present. What a condition proves when it is true, and when it
is false, is read off its shape: `has x` proves x; `and` adds up what its parts prove; `or` keeps what all parts
prove; `not` turns the two about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from rules_engine import ir, tree
from rules_engine.checking.context import Context
from rules_engine.checking.infos import DefineInfo, EventInfo, PeriodInfo
from rules_engine.codes import CODES
from rules_engine.diagnostics import Fix, Label
from rules_engine.periods import anchors
from rules_engine.source import Span
from rules_engine.types import Type

Stage: TypeAlias = Literal["earn", "track", "tier", "match", "reward", "holdout", "life", "period", "offer", "redeem"]

STAGE_WORDS: dict[Stage, str] = {
    "earn": "an earn",
    "track": "a track",
    "tier": "the conditions of tiers",
    "match": "a match",
    "reward": "a reward",
    "holdout": "a holdout",
    "life": "the life of a unit",
    "period": "a period",
    "offer": "an offer",
    "redeem": "a redeem",
}

T = TypeVar("T")

NOTHING: frozenset[str] = frozenset()

Fine: TypeAlias = Literal["", "units", "all"]
"""What may be written finer than it is counted, because it is rounded later: nothing, units, or money too (rates)."""


DEPTH_MAX = 40
"""How many names may lead into one another before the text is refused."""

INLINED_MAX = 5_000
"""How many times defines may be read in one declaration before it is refused."""

Memo: TypeAlias = dict[tuple[str, ...], Any]
"""What was found out about names in the check of one declaration."""


class KeyScope(msgspec.Struct, frozen=True):
    """The key at hand, in a loop or a fold over keys. `name` is the word that reads it, `type` the key's type. Over a
    track `value` is the type of its number (`each`); over lines `lines` is the condition that holds for the lines of
    this key, and `proven` what the loop's `where` proves of them."""

    name: str
    type: Type
    value: Type | None = None
    lines: ir.Expr | None = None
    proven: frozenset[str] = NOTHING
    track: str = ""


class Env(msgspec.Struct, frozen=True):
    """See the module. `guard` is the offset where a missing `has x and` belongs, None outside conditions. `use` is
    where a define stands whose text is being read: findings and origins then point at the use. A `muted` reading only
    asks for types: it reports nothing and skips conditions. `resolving` holds what is being looked into, to stop at a
    circle; `memo` what was found on the way, for one declaration. `offer` is the stage of the offer that is read;
    inside the amount of its effects (`element`) a bare money base is that of the unit, line, set or total at hand, and
    in a filter of units (`unit`) that of one unit. `key` is the key at hand; `lot` names the unit whose lots a filter
    asks, `turned` the unit that an effect turns."""

    context: Context
    events: tuple[ir.EventDef, ...]
    owner_known: bool
    stage: Stage
    line: bool = False
    offer: ir.Stage | Literal[""] = ""
    element: bool = False
    unit: bool = False
    proven: frozenset[str] = NOTHING
    guard: int | None = None
    use: tree.Node | None = None
    used: str = ""
    muted: bool = False
    broken: bool = False
    rung: bool = False
    fine: Fine = ""
    mark: Type | None = None
    marks: tuple[int, ...] = ()
    key: KeyScope | None = None
    lot: str = ""
    turned: str = ""
    resolving: frozenset[str] = NOTHING
    memo: Memo = {}

    # ---- places and findings ----

    def at(self, node: tree.Node) -> ir.Origin:
        """The origin of what a node becomes: its own, or that of the define's use."""
        return self.context.at(self.use or node)

    def report(
        self,
        code: str,
        node: tree.Node | Span,
        *,
        fix: Fix | None = None,
        labels: tuple[Label, ...] = (),
        note: str = "",
        **data: str,
    ) -> None:
        """A finding; inside a define it is shown where the define is used, without a mend."""
        if self.muted:
            return
        failed = self.context.failed
        if self.use is not None:
            labels = (*labels, *self.context.place(self.used, f"`{self.used}` is declared here"))
            node, fix = self.use, None
        self.context.report(code, node, fix=fix, labels=labels, note=note, **data)
        if CODES[code].severity == "warning":
            self.context.failed = failed

    def never(self, node: tree.Node, what: str, mend: str) -> None:
        """Text that is understood and has no meaning there."""
        if not self.muted:
            self.context.never(what, mend, self.use or node)

    def fail(self) -> None:
        """Something is wrong that was reported elsewhere: a declaration that did not parse, a circle."""
        if not self.muted:
            self.context.failed = True

    # ---- other places ----

    def on_lines(self) -> Env:
        """The same on each line of the event."""
        return msgspec.structs.replace(self, line=True, element=False, unit=False)

    def on_units(self) -> Env:
        """The same on each unit of each line."""
        return msgspec.structs.replace(self.on_lines(), unit=True)

    def for_element(self, *, line: bool) -> Env:
        """The same in the amount of an effect; `line` where each element is of one line."""
        base = self.on_lines() if line else self.off_lines()
        return msgspec.structs.replace(base, element=True, guard=None)

    def off_lines(self) -> Env:
        """The same on the event as a whole; what is known to be there on one line says nothing of the others."""
        of_lines = {field.name for event in self.events if event.lines for field in event.lines.fields}
        return msgspec.structs.replace(self, line=False, element=False, unit=False, proven=self.proven - of_lines)

    def with_proven(self, paths: frozenset[str]) -> Env:
        """The same where these paths are known to be present."""
        return msgspec.structs.replace(self, proven=self.proven | paths) if paths - self.proven else self

    def guarded(self, node: tree.Node) -> Env:
        """The same inside one test of a condition, before which a `has x and` may be written."""
        return msgspec.structs.replace(self, guard=node.span[0])

    def unguarded(self) -> Env:
        """The same outside conditions."""
        return msgspec.structs.replace(self, guard=None) if self.guard is not None else self

    def inside(self, name: str, node: tree.Node) -> Env:
        """The same in the text of a define that is used at a node."""
        use = self.use or node
        self.memo[("inlined",)] = self.memo.get(("inlined",), 0) + 1
        return msgspec.structs.replace(
            self, use=use, used=self.used or name, guard=None, resolving=self.resolving | {name}
        )

    @property
    def too_deep(self) -> bool:
        """Whether names led into one another, or were read, too many times."""
        return len(self.resolving) > DEPTH_MAX or self.memo.get(("inlined",), 0) > INLINED_MAX

    def silent(self, name: str) -> Env:
        """The same to ask for types only, while looking into `name`."""
        return msgspec.structs.replace(self, muted=True, resolving=self.resolving | {name})

    def in_loop(self, kind: Type, marks: tuple[int, ...]) -> Env:
        """The same inside a loop over marks."""
        return msgspec.structs.replace(self, mark=kind, marks=marks)

    def finer(self, fine: Fine) -> Env:
        """The same where literals may be finer than their unit."""
        return self if self.fine == fine else msgspec.structs.replace(self, fine=fine)

    def over_rungs(self) -> Env:
        """The same where `rung` can be read."""
        return msgspec.structs.replace(self, rung=True)

    # ---- what the events have ----

    @property
    def guest_possible(self) -> bool:
        """Whether the member may be missing here."""
        return not self.owner_known and "member" not in self.proven

    @property
    def scheduled(self) -> str:
        """The first event here that happens by itself, and so has no fields; empty if there is none."""
        return next((event.name for event in self.events if event.schedule is not None), "")

    def event_words(self) -> str:
        """The events, as they are named in messages."""
        return " or ".join(f"`{event.name}`" for event in self.events)


def env_for(
    context: Context,
    events: tuple[str, ...],
    stage: Stage,
    *,
    owner_known: bool = False,
    offer: ir.Stage | Literal[""] = "",
) -> Env:
    """The environment of a clause read on each of these events; unknown ones were reported by whoever names them."""
    found = [context.event(name) for name in events]
    known = [info for info in found if isinstance(info, EventInfo)]
    optional = any(info.owner_optional for info in known)
    definitions = tuple(info.definition for info in known)
    return Env(
        context=context,
        events=definitions,
        owner_known=owner_known or not optional,
        stage=stage,
        proven=_anchored(definitions, context),
        broken=len(known) < len(events),
        offer=offer,
        memo={},
    )


def _anchored(events: tuple[ir.EventDef, ...], context: Context) -> frozenset[str]:
    """The facts that an event which happens by itself hangs on: without them it never happens."""
    found = [frozenset(_anchors(event.schedule, context)) for event in events]
    return frozenset.intersection(*found) if found else NOTHING


def _anchors(schedule: ir.ScheduleDef | None, context: Context) -> tuple[str, ...]:
    info = None if schedule is None else context.find(schedule.period)
    return anchors(info.period) if isinstance(info, PeriodInfo) and info.period is not None else ()


# ---- what is asked of other declarations ----

_COUNTED = frozenset({("inlined",), ("deep",), ("too deep",)})
"""What a memo counts over a whole declaration, so that no other one may share what was found with it."""


def asked_once(key: tuple[str, str], env: Env, ask: Callable[[Env], T]) -> T:
    """What some declaration says of itself, silently, to whoever reads it. Where nothing is being looked into yet, the
    answer is that of all who ask, and is found once for the program; else once for the declaration under check."""
    if key not in env.memo:
        alone: Memo = {}
        asking = msgspec.structs.replace(env, memo=alone)
        if env.resolving or not env.context.once(key, env.memo, lambda: (ask(asking), _COUNTED.isdisjoint(alone))):
            env.memo[key] = ask(env)
    found: T = env.memo[key]
    return found


# ---- what conditions prove ----

Proof = tuple[frozenset[str], frozenset[str]]
"""What is present when a condition is true, and when it is false."""


def narrowed(env: Env, condition: tree.Node | None) -> Env:
    """The environment after a condition that holds."""
    return env if condition is None else env.with_proven(proof(condition, env)[0])


def proof(node: tree.Node, env: Env) -> Proof:
    """What a condition proves."""
    match node:
        case tree.Has(path=path):
            return has_keys(path, env), NOTHING
        case tree.Not(value=value):
            true, false = proof(value, env)
            return false, true
        case tree.Both(parts=parts):
            proofs = [proof(part, env) for part in parts]
            return frozenset().union(*(p[0] for p in proofs)), _all(p[1] for p in proofs)
        case tree.Either(parts=parts):
            proofs = [proof(part, env) for part in parts]
            return _all(p[0] for p in proofs), frozenset().union(*(p[1] for p in proofs))
        case tree.Bracket(value=value, mods=()):
            return proof(value, env)
        case tree.Path(parts=(name,)):
            return _define_proof(name.text, env)
        case _:
            return NOTHING, NOTHING


def has_keys(path: tree.Path, env: Env) -> frozenset[str]:
    """The keys in `proven` that `has PATH` adds; a member's fact proves its member."""
    text = path.text
    if text in owners(env):
        return frozenset({"member"})
    return frozenset({text, path.parts[0].text})


def owners(env: Env) -> frozenset[str]:
    """The words that stand for the event's member: `member`, and the field it is declared in."""
    return frozenset({"member", *(event.owner for event in env.events)})


def _define_proof(name: str, env: Env) -> Proof:
    if name in env.resolving:
        return NOTHING, NOTHING
    info = env.context.find(name)
    if not isinstance(info, DefineInfo) or info.node is None or len(env.resolving) > DEPTH_MAX:
        return NOTHING, NOTHING
    key = ("proof", name, *(event.name for event in env.events))
    if key not in env.memo:
        env.memo[key] = proof(info.node, msgspec.structs.replace(env, resolving=env.resolving | {name}))
    found: Proof = env.memo[key]
    return found


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    found = list(sets)
    return frozenset.intersection(*found) if found else NOTHING
