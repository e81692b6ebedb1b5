"""States and shared counters that a host passes as values: made by the engine as a rule, by hand now and then.

In: a `State` or a `Shared`, of which nothing is known but its type. Out: one that can be scored with. What is plainly
right is taken as it is; any doubt goes to the slow reader, which says what is wrong, or finds that nothing is. A state
is looked at as a whole, in C. Shared counters may be many, so each is looked at where it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Final, TypeGuard, Union, cast, get_args, get_origin, get_type_hints
from weakref import ReferenceType, ref

import msgspec
import orjson

from rules_engine import ir
from rules_engine.calendar import END_DAY, FIRST_DAY
from rules_engine.decoding.faults import Place, fault
from rules_engine.decoding.fields import VALUE_MAX
from rules_engine.decoding.held import never_settled, tracks_by_part
from rules_engine.decoding.states import decode_state
from rules_engine.outcome import Fault
from rules_engine.state import STATE_VERSION, Shared, State

_Amount = Annotated[int, msgspec.Meta(ge=-VALUE_MAX, le=VALUE_MAX)]
_Used = Annotated[int, msgspec.Meta(ge=0, le=VALUE_MAX)]
_Owed = Annotated[int, msgspec.Meta(ge=1, le=VALUE_MAX)]
_Day = Annotated[int, msgspec.Meta(ge=FIRST_DAY, lt=END_DAY)]
_Since: Final[Any] = _Day | None
_BOUNDED: Final[dict[str, Any]] = {
    "version": Annotated[int, msgspec.Meta(ge=STATE_VERSION, le=STATE_VERSION)],
    "streaks": dict[str, dict[_Day, _Day]],
    "limits": dict[str, dict[_Day, _Used]],
    "last": dict[str, _Day],
    "settled": dict[str, _Day],
    "debts": dict[str, _Owed],
    "since": _Since,
    "left": _Used,
    "day": _Since, "earned": _Day, "pending": _Since, "expires": _Since,
    "start": _Day, "until": _Since, "trial_until": _Day,
}  # fmt: skip
"""Fields whose numbers are narrower than an amount."""


@cache
def _mirror(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A struct as it has to be, for the converter to look at: of another type, or nothing would be looked at."""
    fields = [(name, _BOUNDED.get(name, _bounded(hint))) for name, hint in get_type_hints(kind).items()]
    return msgspec.defstruct(kind.__name__, [each for each in fields if each[0] in kind.__struct_fields__])


def _bounded(hint: Any) -> Any:
    """A type with bounds on its numbers: what is counted by a number is counted by days."""
    if hint is int:
        return _Amount
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and not get_args(hint):
        return _mirror(hint)
    inner = tuple(_bounded(each) for each in get_args(hint))
    if get_origin(hint) is dict:
        return dict.__class_getitem__((_Day if get_args(hint)[0] is int else inner[0], inner[1]))
    if get_origin(hint) is list:
        return list.__class_getitem__(inner[0])
    return Union[inner] if inner else hint  # noqa: UP007


class States:
    """The states of one program's members, or of its `pools`, as they are passed in. Those that were found good are
    remembered for as long as they live, by which object they are, so that a state is looked at once; `kept` gives the
    reference to one by its id."""

    __slots__ = ("_core", "_kept", "_pools", "_renamed", "_tiers", "_tracks", "_units", "kept")

    def __init__(self, core: ir.Program, *, pools: bool = False) -> None:
        self._core = core
        self._kept: dict[int, ReferenceType[State]] = {}
        self.kept = self._kept.get
        self._pools = pools
        owner = "household" if pools else "member"
        self._tracks = tracks_by_part(track for track in core.tracks if track.owner == owner)
        units = [unit for unit in core.units if unit.owner == owner and not unit.apart and not unit.remembers]
        self._units = frozenset(unit.name for unit in units)
        self._tiers = frozenset(rung.name for rung in core.tiers.rungs) if core.tiers is not None else frozenset()
        names = [each.was for each in core.tracks] + [each.was for each in core.rules]
        names += [each.was for each in core.matches] + [each.was for each in core.offers]
        self._renamed = any(names)

    @property
    def pools(self) -> bool:
        """Whether the states are those of households."""
        return self._pools

    def known(self, state: object) -> TypeGuard[State]:
        """Whether this very object was found good."""
        kept = self._kept.get(id(state))
        return kept is not None and kept() is state

    def keep(self, state: State) -> None:
        """Remember a state that is good."""
        key, forget = id(state), self._kept.pop
        self._kept[key] = ref(state, lambda _: forget(key, None))

    def read(self, stored: object, who: str = "") -> State | tuple[Fault, ...]:
        """The state of whatever origin: one made in Python, what its `to_json` gave, or plain values; `who` says whose,
        where not the event's own."""
        if self.known(stored):
            return stored
        if isinstance(stored, bytes | str):
            try:
                stored = orjson.loads(stored)
            except orjson.JSONDecodeError:
                place = Place(f"the {'pool' if self._pools else 'state'}")
                return (fault("V105", place, "", found="read", form="what `State.to_json` gave, or null"),)
        if isinstance(stored, State):
            return self.sound(stored, who)
        found = decode_state(stored, self._core, who, pool=self._pools)
        if isinstance(found, State):
            self.keep(found)
        return found

    def sound(self, state: State, who: str = "") -> State | tuple[Fault, ...]:
        """The state, the same under present names where it has old ones, or its faults."""
        if not self._plain(state):
            found = decode_state(state, self._core, who, pool=self._pools)
            if not isinstance(found, State) or found != state or not _shaped(state):
                return found
        self.keep(state)
        return state

    def _plain(self, state: State) -> bool:
        """Whether a state is plainly one of this program; matches and keys are rare, and are read slowly."""
        if self._renamed or not _shaped(state) or state.matches or state.debts or state.keyed:
            return False
        if not self._tiers.issuperset([held.tier for held in state.holdings]):
            return False
        parts = (("tracks", state.tracks), ("keys", state.keys), ("streaks", state.streaks), ("seen", state.seen))
        if not all(self._tracks[part] >= each.keys() for part, each in parts) or any(never_settled(state)):
            return False
        plain_lots = self._units.issuperset([lot.unit for lot in state.lots if not lot.holder])
        return plain_lots and not any(map(_holder, state.lots)) and sum(map(_left, state.lots)) <= VALUE_MAX


_holder, _left = attrgetter("holder"), attrgetter("left")


def _shaped(state: State) -> bool:
    """Whether everything in a state is of its type and within its bounds."""
    try:
        msgspec.convert(state, _mirror(State), from_attributes=True)
    except (msgspec.ValidationError, ValueError, TypeError, OverflowError):
        return False
    return True


Reader = Callable[[object], Shared]
"""Reads shared counters slowly; raises where they cannot be."""
_ABSENT: Final = object()


class Counters(dict[str, dict[int, int]]):
    """Shared counters by name, each looked at where it is read. It holds nothing itself: what moves in the host's moves
    here. `mend`: what only looks odd and can be read is put right in the host's own."""

    __slots__ = ("_mend", "_read", "_shared")

    def __init__(self, shared: Shared, read: Reader, mend: bool) -> None:
        self._shared = shared
        self._read = read
        self._mend = mend
        if type(shared.limits) is not dict or type(shared.version) is not int or shared.version != STATE_VERSION:
            self._read_all()

    def get(self, name: str, default: Any = None) -> Any:
        """The occurrences of a counter and what was used in each."""
        found = self._shared.limits.get(name, _ABSENT)
        if found is _ABSENT:
            return default
        if not _is_counter(found):
            self._read_all()
            found = self._shared.limits[name]
        return found

    def items(self) -> Any:
        """All of them."""
        return [(name, self.get(name)) for name in tuple(self._shared.limits)]

    def _read_all(self) -> None:
        found = self._read(self._shared)
        if self._mend:
            self._shared.limits = found.limits
        else:
            self._shared = found


def shared_counters(shared: Shared, read: Reader, mend: bool = False) -> Shared:
    """Shared counters that look at what is read of them."""
    return Shared(Counters(shared, read, mend))


def _is_counter(found: object) -> bool:
    if type(found) is not dict:
        return False
    for day, used in cast("Iterable[tuple[object, object]]", found.items()):
        if type(day) is not int or type(used) is not int or not 0 <= used <= VALUE_MAX:
            return False
        if not FIRST_DAY <= day < END_DAY:
            return False
    return True
