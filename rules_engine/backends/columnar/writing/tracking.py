"""Tracks and limits beyond plain counters, as ops on blocks of entries: by days of fields and of lines, by windows of
calendar units, by periods that hang on facts, of different values, streaks, first and last days, by key.

In: a track or a limit, and a scene. Out: registers of what it holds, and what moves it. What the tape calls a block is
described in `tape.py`; which numbers of slots it has room for is settled here: a member with more goes on by rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.anchoring import hangs
from rules_engine.backends.columnar.layout import Kept
from rules_engine.backends.columnar.writing.arithmetic import (
    DAYS,
    Number,
    constant,
    on_lines,
    plain,
    whole,
)
from rules_engine.backends.columnar.writing.dating import looked
from rules_engine.backends.columnar.writing.expressions import key_of, number, unless
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.spans import Span

if TYPE_CHECKING:
    from rules_engine.backends.columnar.writing.drawing import Drawing
    from rules_engine.backends.columnar.writing.scene import Scene

FEW: Final = 3
"""Entries of what has at most two occurrences that have begun, and the one that comes in."""
SOME: Final = 8
"""Entries of what may have occurrences that have not begun."""
MANY: Final = 48
"""Entries at most."""
HELD: Final = 2**50
TODAY: Final = Number(ops.DAY, 1, 1, DAYS, day=True)


class Block(msgspec.Struct, frozen=True):
    """A block of entries, by its place in the pool."""

    at: int
    slot: int
    room: int
    width: int


def block(kind: str, key: str, words: str, room: int, most: int, drawing: Drawing) -> Block:
    """The block of a track, a limit or what marks have seen; made when it is first asked for."""
    found = drawing.kept.get((kind, key))
    if found is None:
        width = 2 if kind in ("track", "limit", "seen") and not words else 3
        slot = drawing.make.slot(room * width)
        at = drawing.make.stretch((slot, room, width, most))
        found = drawing.kept[kind, key] = Block(at, slot, room, width)
        drawing.kept_layout.append(Kept(kind, key, slot, room, width, words))
    return found


# ---- windows


def occurrence(window: ir.Window, day: Number, on: Scene) -> Number:
    """The occurrence under which a window keeps what happens on a day; absent where it keeps nothing then."""
    match window.kind:
        case "lifetime":
            return constant(0)
        case "rolling":
            return day
        case "last":
            return looked(day, ("unit", None, window.unit), on)
        case "period":
            return looked(day, ("key", None, window.period), on)
        case _:
            raise NotColumnar(f"{on.where}: it is kept while a match is on trial")


def since(window: ir.Window, on: Scene) -> int:
    """The register of the first day that a moving window still counts today; -1 where it does not move."""
    if window.kind == "rolling":
        return register(looked(TODAY, ("since", None, window.count, window.unit), on), on)
    if window.kind == "last":
        return register(looked(TODAY, ("last", None, window.count, window.unit), on), on)
    return -1


def register(found: Number, on: Scene) -> int:
    """A number of the event in a register."""
    return whole(found, 1, on).at


def _occurrence_before(window: ir.Window, on: Scene) -> int:
    if window.kind != "period":
        return on.make.scalar(ops.CONST, k=ops.MISSING)
    return register(looked(TODAY, ("before", None, window.period), on), on)


def room(window: ir.Window, ahead: bool, keys: int = 1) -> int:
    """How many entries a window has room for."""
    match window.kind:
        case "rolling":
            return min(ops.WINDOW_DAYS * keys, MANY)
        case "last" if window.unit != "day":
            return min((window.count + (SOME if ahead else 2)) * keys, MANY)
        case "last":
            return MANY
        case "lifetime":
            return min(keys + 1, MANY)
        case _:
            return min((SOME if ahead else FEW) * keys, MANY)


def hangs_on_facts(window: ir.Window, drawing: Drawing) -> bool:
    """Whether a window's occurrences are no matter of the day alone."""
    return window.kind == "period" and hangs(drawing.world, window.period)


# ---- tracks


def is_counter(track: ir.TrackDef, drawing: Drawing) -> bool:
    """Whether a track is a plain sum or count of the event's day, which has a counter of its own."""
    simple = track.kind in ("sum", "count") and track.by_key is None and track.by is None and not track.by_line
    window = track.window
    known = window.kind in ("lifetime", "period") or (window.kind == "rolling" and window.unit not in HOURS)
    return simple and known and not hangs_on_facts(window, drawing)


HOURS = ("hour", "minute")
_ENTRIES: Final = {"streak": "streak", "distinct": "distinct"}


def block_of(track: ir.TrackDef, drawing: Drawing) -> Block:
    """The block of a track."""
    where = f"track `{track.name}`"
    if track.owner != "member":
        raise NotColumnar(f"{where}: it belongs to a household")
    if track.window.kind == "trial":
        raise NotColumnar(f"{where}: it is kept while a match is on trial")
    ahead = track.by is not None or track.by_line
    words = ""
    if track.kind == "distinct":
        assert track.value is not None
        words = _words(track.value, track, drawing)
    elif track.by_key is not None:
        words = _words(track.by_key, track, drawing)
    kind = "keyed" if track.by_key is not None else _ENTRIES.get(track.kind, "track")
    keys = track.keys_max if words else 1
    return block(kind, track.key, words, room(track.window, ahead, keys), track.keys_max, drawing)


def _words(expr: ir.Expr, track: ir.TrackDef, drawing: Drawing) -> str:
    """Of which kind keys or values are."""
    world = drawing.world
    found: set[str] = set()
    for event in track.events:
        match expr:
            case ir.Field(name=name):
                found.add(world.fields[event, name].kind)
            case ir.LineField(name=name):
                found.add(world.line_fields[event, name].kind)
            case ir.MemberField(name=name):
                found.add(world.facts[name].kind)
            case _:
                found.add("")
    texts, numbers = {"text", "choice", "member"}, {"count", "money"}
    if found <= texts:
        return "text"
    if found <= numbers:
        return "number"
    if found == {"flag"}:
        return "flag"
    raise NotColumnar(f"track `{track.name}`: its keys are neither texts nor whole numbers")


def read(track: ir.TrackDef, previous: bool, on: Scene) -> Number:
    """A track as it stands, or as it stood in the occurrence before."""
    found, window = block_of(track, on.drawing), track.window
    moves = window.kind in ("rolling", "last")
    if moves:
        at = since(window, on)
    else:
        at = _occurrence_before(window, on) if previous else register(occurrence(window, TODAY, on), on)
    make, how = on.make, 1 if moves else 0
    if track.kind == "distinct":
        return Number(make.scalar(ops.KEPT_MANY, at, k=found.at, m=how), 1, 1, Span(0, found.room))
    if track.kind in ("first day", "last day"):
        value = make.scalar(ops.KEPT_GET, at, k=found.at, m=1 if track.kind == "first day" else 2)
        if not moves:
            value = make.scalar(ops.KEPT_GET, at, k=found.at)
        return Number(value, 1, 1, DAYS, maybe=True)
    if track.kind == "streak" and not previous:
        first = register(looked(TODAY, ("key", None, track.streak), on), on)
        before = register(looked(TODAY, ("before", None, track.streak), on), on)
        return Number(make.scalar(ops.STREAK_READ, first, at, found.at, before), 1, 1, Span(0, HELD))
    return Number(make.scalar(ops.KEPT_SUM, at, k=found.at, m=how), 1, 1, Span(-HELD, HELD))


def key_fold(fold: ir.KeyFold, on: Scene) -> Number:
    """A fold over the keys of a track."""
    track = on.drawing.world.tracks[fold.track]
    if fold.where is not None:
        raise NotColumnar(f"{on.where}: some keys of a track are chosen")
    found, window = block_of(track, on.drawing), track.window
    moves = window.kind in ("rolling", "last")
    if moves:
        at = since(window, on)
    elif fold.previous:
        at = _occurrence_before(window, on)
    else:
        at = register(occurrence(window, TODAY, on), on)
    top, count = -1 if fold.top is None else fold.top, int(fold.op == "count")
    value = on.make.scalar(ops.KEY_FOLD, at, 0 if moves else -1, found.at, count, top)
    return Number(value, 1, 1, on.safe(Span(-HELD, HELD).some(found.room)))


# ---- how a track moves


class Moving(msgspec.Struct):
    """What moves a track once earns are done: rows of code, whose registers are worked out."""

    rows: list[tuple[int, int, int, int, int, int, int]] = []
    value: Number | None = None
    at: int = -1


def moving(track: ir.TrackDef, on: Scene) -> Moving:
    """Work out what an event brings to a track, into registers and vectors of its own. The code stands where the
    track's condition holds; nothing is brought elsewhere."""
    match track.kind:
        case "distinct":
            return _seen(track, on)
        case "streak":
            return _stepped(track, on)
        case "first day" | "last day":
            return _noted(track, on)
        case _ if track.by_line or (track.by_key is not None and track.key_line):
            return _added_lines(track, on)
        case _:
            return _added(track, on)


class Room(msgspec.Struct, frozen=True):
    """Registers and vectors that outlive the code in which they are worked out: absent until then."""

    value: int
    at: int
    key: int


def _kept(on: Scene, lined: bool) -> Room:
    op = ops.CONST + (ops.VECTOR if lined else 0)
    make = on.make.vector if lined else on.make.scalar
    return Room(make(op), make(op, k=ops.MISSING), make(op, k=ops.MISSING))


def _day(track: ir.TrackDef, on: Scene) -> Number:
    return TODAY if track.by is None else number(track.by, on)


def _copy(to: int, found: Number, on: Scene, lined: bool) -> None:
    if lined:
        on.make.put(ops.COPY + ops.VECTOR, to, on_lines(whole(found, 1, on), on).at)
    else:
        on.make.put(ops.COPY, to, whole(found, 1, on).at)


def _value(track: ir.TrackDef, on: Scene) -> Number:
    value = constant(1) if track.value is None else plain(number(track.value, on), on)
    if value.den != 1:
        raise NotColumnar(f"{on.where}: it adds a fraction")
    return value


def _key(expr: ir.Expr, on: Scene) -> Number:
    found = key_of(expr, on)
    assert found is not None
    if found.den != 1:
        raise NotColumnar(f"{on.where}: its keys are fractions")
    return found


def _added(track: ir.TrackDef, on: Scene) -> Moving:
    found, own, spans = block_of(track, on.drawing), _kept(on, lined=False), list[Span]()

    def work() -> None:
        value = _value(track, on)
        spans.append(value.span.scaled(value.num).with_zero())
        _copy(own.value, value, on, lined=False)
        _copy(own.at, occurrence(track.window, _day(track, on), on), on, lined=False)
        if track.by_key is not None:
            _copy(own.key, _key(track.by_key, on), on, lined=False)

    _where(track, work, on)
    keyed, end = track.by_key is not None, _until(track.window, on)
    row = (ops.KEPT_ADD, int(keyed), own.value, own.at, found.at, own.key if keyed else -1, end)
    return Moving([row], None if keyed else Number(own.value, 1, 1, spans[0]), own.at)


def given(track: ir.TrackDef, on: Scene) -> tuple[ir.TrackDef, Moving, int, int]:
    """A track of what rules give: what moves it, the register of what they give, and whether it counts at all."""
    found, make = block_of(track, on.drawing), on.make
    amount, counts = make.scalar(ops.CONST), make.scalar(ops.CONST)
    at = make.scalar(ops.CONST, k=ops.MISSING)

    def work() -> None:
        make.put(ops.CONST, counts, k=1)
        _copy(at, occurrence(track.window, _day(track, on), on), on, lined=False)

    _where(track, work, on)
    row = (ops.KEPT_ADD, 0, amount, at, found.at, -1, _until(track.window, on))
    return track, Moving([row]), amount, counts


def _where(track: ir.TrackDef, work: Callable[[], None], on: Scene) -> None:
    """Work something out where a track's condition holds."""
    end = Label()
    with on.make.scope():
        unless(track.where, end, on)
        work()
    on.make.place(end)


def _added_lines(track: ir.TrackDef, on: Scene) -> Moving:
    found, own, keyed = block_of(track, on.drawing), _kept(on, lined=True), track.by_key is not None

    def work() -> None:
        line = on.on_line()
        _copy(own.value, _value(track, line), line, lined=True)
        day = _day(track, line if track.by_line else on)
        _chosen(own.at, occurrence(track.window, day, line), track.line_where, line)
        if track.by_key is not None:
            _copy(own.key, _key(track.by_key, line), line, lined=True)

    _where(track, work, on)
    end = _until(track.window, on)
    row = (ops.KEPT_ADD_LINES, int(keyed), own.value, own.at, found.at, own.key if keyed else -1, end)
    return Moving([row])


def _until(window: ir.Window, on: Scene) -> int:
    """A register of its own with the first day that a window counts."""
    end = since(window, on)
    return end if end < 0 else on.make.scalar(ops.COPY, end)


def _chosen(to: int, found: Number, where: ir.Expr | None, line: Scene) -> None:
    """The occurrence of each line, where the line counts."""
    at = on_lines(whole(found, 1, line), line).at
    mask = line.chosen("lines", where)
    if mask == -1:
        line.make.put(ops.COPY + ops.VECTOR, to, at)
    elif mask is not None:
        line.make.put(ops.CHOOSE + ops.VECTOR, to, mask, at, n=to)


def _seen(track: ir.TrackDef, on: Scene) -> Moving:
    found, own = block_of(track, on.drawing), _kept(on, lined=True)
    assert track.value is not None
    value = track.value

    def work() -> None:
        line = on.on_line()
        _copy(own.value, _key(value, line), line, lined=True)
        day = _day(track, line if track.by_line else on)
        _chosen(own.at, occurrence(track.window, day, line), track.line_where, line)

    _where(track, work, on)
    return Moving([(ops.KEPT_SEE, 0, own.value, own.at, found.at, -1, _until(track.window, on))])


def _stepped(track: ir.TrackDef, on: Scene) -> Moving:
    found, own = block_of(track, on.drawing), _kept(on, lined=False)

    def work() -> None:
        day = _day(track, on)
        _copy(own.value, looked(day, ("key", None, track.streak), on), on, lined=False)
        _copy(own.at, occurrence(track.window, day, on), on, lined=False)
        _copy(own.key, looked(day, ("before", None, track.streak), on), on, lined=False)

    _where(track, work, on)
    return Moving([(ops.STREAK_STEP, 0, own.value, own.at, found.at, own.key, _until(track.window, on))])


def _noted(track: ir.TrackDef, on: Scene) -> Moving:
    found, own = block_of(track, on.drawing), _kept(on, lined=False)

    def work() -> None:
        _copy(own.value, TODAY, on, lined=False)
        _copy(own.at, occurrence(track.window, _day(track, on), on), on, lined=False)

    _where(track, work, on)
    how = 1 if track.kind == "first day" else 2
    return Moving([(ops.KEPT_RAISE, 0, own.value, own.at, found.at, how, _until(track.window, on))])
