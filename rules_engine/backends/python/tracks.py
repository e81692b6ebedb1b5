"""Tracks in generated code: loading them, what an event adds, the one move, and what nothing reads any more.

Each track has these local names, where `t` is its own: `t` before the event, `now_t` after it; `key_t` its occurrence,
`all_t` its stored values, `at_t` the stored value under the key that the event adds to, `own_t` what it adds.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules_engine import ir
from rules_engine.backends.python import expressions, numbers
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.quoting import const
from rules_engine.backends.python.windows import Window, window_of
from rules_engine.backends.python.writing import Lines


class Tracks:
    """The emitter of one function's tracks."""

    def __init__(self, function: Function) -> None:
        self.function = function
        program = function.module.program
        self.moved = [track for track in program.tracks if _moves(track, function.event)]
        self.windows: dict[str, Window] = {}

    def name(self, track: ir.TrackDef) -> str:
        """The local name of a track's value before the event."""
        return self.function.track_name(track.name)

    def window(self, track: ir.TrackDef) -> Window:
        """A track's window, as code."""
        found = self.windows.get(track.name)
        if found is None:
            found = self.windows[track.name] = window_of(track.window, self.function)
        return found

    def touch(self) -> None:
        """Make sure that all tracks that move are loaded."""
        for track in self.moved:
            self.name(track)

    def load(self, out: Lines) -> None:
        """Load every track that something reads or moves."""
        for track in self.function.module.program.tracks:
            if ("track", track.name) in self.function.loaded or ("previous", track.name) in self.function.loaded:
                self._load(track, out)

    def _load(self, track: ir.TrackDef, out: Lines) -> None:
        name, window = self.name(track), self.window(track)
        out.add(f"all_{name} = state.tracks.get({const(track.key)})")
        out.add(f"key_{name} = {window.key('day')}")
        since = window.since("day")
        if track.kind == "streak":
            self._load_streak(track, name, out)
        elif track.kind == "distinct":
            out.add(f"keys_{name} = state.keys.get({const(track.key)}, NONE)")
            out.add(f"{name} = met_keys(keys_{name}, key_{name}, {since}, day)")
        elif since is None:
            out.add(f"{name} = all_{name}.get(key_{name}, 0) if all_{name} else 0")
        else:
            out.add(f"{name} = counted(all_{name}, {since}, day)")
        if ("previous", track.name) in self.function.loaded:
            self._load_previous(track, name, window, out)
        if track not in self.moved or track.kind in ("streak", "distinct") or track.by_line:
            return
        if track.by is not None:
            out.add(f"by_{name} = {expressions.plain(track.by, self.function)}")
            key = window.key(f"by_{name}")
            out.add(f"into_{name} = None if by_{name} is None else {key}")
            out.add(f"at_{name} = all_{name}.get(into_{name}, 0) if all_{name} else 0")
        elif since is None:
            out.add(f"at_{name} = {name}")
        else:
            out.add(f"at_{name} = all_{name}.get(key_{name}, 0) if all_{name} else 0")

    def _load_streak(self, track: ir.TrackDef, name: str, out: Lines) -> None:
        """The length of the streak, 0 once a whole period was missed."""
        module = self.function.module
        extra = "".join(f", {code}" for code in self.function.anchors(module.period(track.streak)))
        out.add(f"met_{name} = state.streaks.get({const(track.key)}, NONE).get(key_{name})")
        out.add(f"first_{name} = {module.occurrence(track.streak)}(day{extra})")
        out.add(f"at_{name} = all_{name}.get(key_{name}, 0) if all_{name} else 0")
        before = f"{module.before(track.streak)}(first_{name}{extra})"
        out.add(f"on_{name} = met_{name} is not None and first_{name} is not None and met_{name} == {before}")
        whole = f"first_{name} is None or met_{name} >= first_{name} or on_{name}"
        out.add(f"{name} = at_{name} if met_{name} is not None and ({whole}) else 0")

    def _load_previous(self, track: ir.TrackDef, name: str, window: Window, out: Lines) -> None:
        local = self.function.loaded["previous", track.name]
        if window.moving:
            out.add(f"{local} = {name}")
        elif track.window.kind != "period":
            out.add(f"{local} = 0")
        else:
            module = self.function.module
            extra = "".join(f", {code}" for code in self.function.anchors(module.period(track.window.period)))
            before = module.before(track.window.period)
            out.add(f"last_{name} = {before}(key_{name}{extra})")
            if track.kind == "distinct":
                out.add(f"{local} = met_keys(keys_{name}, last_{name}, None, day)")
                return
            if track.kind == "streak":
                raise AssertionError("a streak has no occurrence before")
            out.add(f"{local} = all_{name}.get(last_{name}, 0) if all_{name} else 0")

    def into(self, track: ir.TrackDef) -> str:
        """The key under which the event's own contribution is stored."""
        return f"{'key' if track.by is None else 'into'}_{self.name(track)}"

    # ---- what the event adds

    def contributions(self, out: Lines) -> None:
        """What the event adds to each track, from the tracks as they were."""
        for track in self.moved:
            name = self.name(track)
            tests = [] if track.where is None else [f"({expressions.truth(track.where, self.function)})"]
            if track.kind in ("streak", "distinct"):
                out.add(f"moves_{name} = {tests[0] if tests else True}")
                if track.kind == "distinct":
                    assert track.value is not None
                    values = self.function.listed(track.value, track.line_where)
                    out.add(f"met_{name} = {values} if moves_{name} else ()")
                continue
            if track.by_line:
                self._by_line(track, name, tests, out)
                continue
            if track.given:
                out.add(f"own_{name} = 0")
                if tests:
                    out.add(f"moves_{name} = {tests[0]}")
                continue
            if track.by is not None or not self.window(track).always:
                tests.append(f"{self.into(track)} is not None")
            value = numbers.constant(1) if track.value is None else expressions.number(track.value, self.function)
            code = numbers.whole(value)
            out.add(f"own_{name} = {code} if {' and '.join(tests)} else 0" if tests else f"own_{name} = {code}")

    def _by_line(self, track: ir.TrackDef, name: str, tests: list[str], out: Lines) -> None:
        """A contribution to the occurrence of each line's day."""
        assert track.by is not None
        one = ir.Num(ir.Origin(0, 0, 0), 1)
        values = self.function.listed(track.value if track.value is not None else one, track.line_where)
        days = self.function.listed(track.by, None)
        keys = f"[None if on is None else {self.window(track).key('on')} for on in {days}]"
        code = f"sums_by_line({values}, {keys})"
        out.add(f"own_{name} = {code} if {tests[0]} else {{}}" if tests else f"own_{name} = {code}")

    # ---- moving

    def move(self, out: Lines) -> None:
        """The one move, in the order of the text; tracks of what rules give come after the others."""
        for track in self._in_order():
            name = self.name(track)
            if track.kind == "distinct":
                self._meet(track, name, out)
                continue
            if track.kind == "streak":
                self._step(track, name, out)
                continue
            if track.by_line:
                out.add(f"moved_{name} = move_by_line(changes, {const(track.key)}, all_{name}, own_{name})")
                with out.block(f"if moved_{name} is None:"):
                    out.add("return slow(event, facts, state, shared)")
                out.add(f"now_{name} = {name} + own_{name}.get(key_{name}, 0)")
                continue
            self._move(track, out)
            if track.by is not None:
                out.add(f"now_{name} = {name} + own_{name} if into_{name} == key_{name} else {name}")
            else:
                out.add(f"now_{name} = {name} + own_{name}")
        for track in self.function.module.program.tracks:
            if ("previous", track.name) in self.function.loaded:
                self._previous_now(track, out)
        for track in self.moved:
            if track.given:
                out.add(f"own_{self.name(track)} = 0")
        for track in self.function.module.program.tracks:
            if ("track", track.name) in self.function.loaded and track not in self.moved:
                out.add(f"now_{self.name(track)} = {self.name(track)}")

    def _previous_now(self, track: ir.TrackDef, out: Lines) -> None:
        """What a track was in the occurrence before, after the move: an event may add to that one too."""
        name, local = self.name(track), self.function.loaded["previous", track.name]
        plain = track in self.moved and track.kind in ("sum", "count") and track.window.kind == "period"
        if self.window(track).moving:
            out.add(f"now_{local} = now_{name}")
        elif plain and track.by_line:
            out.add(f"now_{local} = {local} + own_{name}.get(last_{name}, 0)")
        elif plain and track.by is not None:
            out.add(f"now_{local} = {local} + own_{name} if into_{name} == last_{name} else {local}")
        else:
            out.add(f"now_{local} = {local}")

    def move_given(self, out: Lines) -> None:
        """What rewards gave, first seen by the next event."""
        for track in self.moved:
            if track.given:
                self._move(track, out)

    def _in_order(self) -> Iterable[ir.TrackDef]:
        """Sums and counts, what rules gave, different values, streaks."""
        plain = [track for track in self.moved if track.kind in ("sum", "count")]
        yield from (track for track in plain if not track.given)
        yield from (track for track in plain if track.given)
        yield from (track for track in self.moved if track.kind == "distinct")
        yield from (track for track in self.moved if track.kind == "streak")

    def _meet(self, track: ir.TrackDef, name: str, out: Lines) -> None:
        """Note the values that a `distinct` track had not met."""
        since = self.window(track).since("day")
        out.add(f"now_{name}, new_{name} = {name}, {{}}")
        with out.block(f"if moves_{name} and key_{name} is not None:"):
            out.add(f"new_{name} = meet(changes, {const(track.key)}, keys_{name}, key_{name}, met_{name})")
            out.add(f"now_{name} = met_keys(new_{name}, key_{name}, {since}, day)")
            if track.keys_max:
                with out.block(f"if now_{name} > {track.keys_max}:"):
                    out.add("return slow(event, facts, state, shared)")

    def _step(self, track: ir.TrackDef, name: str, out: Lines) -> None:
        """A streak: one more if the period before was met, the same within one, else it starts again at 1."""
        out.add(f"now_{name}, stepped_{name} = {name}, False")
        fresh = f"(met_{name} is None or met_{name} < first_{name})"
        with out.block(f"if moves_{name} and key_{name} is not None and first_{name} is not None and {fresh}:"):
            out.add(f"changes.append(StreakMet({const(track.key)}, key_{name}, met_{name}, first_{name}))")
            out.add(f"now_{name} = at_{name} + 1 if on_{name} else 1")
            with out.block(f"if now_{name} != at_{name}:"):
                out.add(f"changes.append(TrackMoved({const(track.key)}, key_{name}, at_{name}, now_{name}))")
                out.add(f"stepped_{name} = True")

    def _move(self, track: ir.TrackDef, out: Lines) -> None:
        name = self.name(track)
        if track.given:
            tests = [f"moves_{name}"] if track.where is not None else []
            if track.by is not None or not self.window(track).always:
                tests.append(f"{self.into(track)} is not None")
            if tests:
                with out.block(f"if not ({' and '.join(tests)}):"):
                    out.add(f"own_{name} = 0")
        with out.block(f"if own_{name}:"):
            with out.block(f"if not -TRACK_MAX <= at_{name} + own_{name} <= TRACK_MAX:"):
                out.add("return slow(event, facts, state, shared)")
            out.add(
                f"changes.append(TrackMoved({const(track.key)}, {self.into(track)}, at_{name}, at_{name} + own_{name}))"
            )
            out.add(f"at_{name} += own_{name}")

    # ---- marks and what is outdated

    def see(self, marked: Iterable[ir.TrackDef], out: Lines) -> None:
        """Remember the highest that this reward stage saw of the marked tracks."""
        for track in marked:
            if _rises_again(track):
                continue
            name, stored = self.name(track), f"stored_{self.name(track)}"
            test = f"now_{name} if {stored} is None else now_{name} > {stored}"
            if not self.window(track).always:
                test = f"key_{name} is not None and ({test})"
            with out.block(f"if {test}:"):
                out.add(f"changes.append(MarkSeen({const(track.key)}, key_{name}, {stored}, now_{name}))")

    def load_seen(self, marked: Iterable[ir.TrackDef], out: Lines) -> None:
        """Load the highest that was seen; where nothing was, or where a track rises again, the track as it was."""
        for track in marked:
            name = self.name(track)
            if _rises_again(track):
                out.add(f"seen_{name} = {name}")
                continue
            out.add(f"stored_{name} = state.seen.get({const(track.key)}, NONE).get(key_{name})")
            seen = f"{name} if stored_{name} is None else stored_{name}"
            always = self.window(track).always
            out.add(f"seen_{name} = {seen}" if always else f"seen_{name} = 0 if key_{name} is None else ({seen})")

    def tidy(self, out: Lines) -> None:
        """Drop occurrences that nothing can read any more, of the tracks that moved."""
        for track in self.moved:
            name = self.name(track)
            since = self.window(track).since("day") or "None"
            if track.kind == "distinct":
                out.add(f"tidy_keys(changes, {const(track.key)}, keys_{name}, new_{name}, {since}, day)")
                continue
            if track.kind == "streak":
                after = f"{{key_{name}: now_{name}}}"
                with out.block(f"if stepped_{name}:"):
                    out.add(f"tidy_track(changes, {const(track.key)}, all_{name}, {after}, {since}, day)")
                continue
            if track.by_line:
                with out.block(f"if moved_{name}:"):
                    out.add(f"tidy_track(changes, {const(track.key)}, all_{name}, moved_{name}, None, day)")
                continue
            start = f"all_{name}.get({self.into(track)}, 0) if all_{name} else 0"
            moved = f"if at_{name} != ({start}):" if track.given else f"if own_{name}:"
            if since == "None":
                moved = f"if all_{name} and len(all_{name}) > 1 and {moved[3:]}"
            with out.block(moved):
                kept = f"{{{self.into(track)}: at_{name}}}"
                out.add(f"tidy_track(changes, {const(track.key)}, all_{name}, {kept}, {since}, day)")


def _moves(track: ir.TrackDef, event: ir.EventDef) -> bool:
    return event.name in track.events or bool(track.given and not track.events)


def _rises_again(track: ir.TrackDef) -> bool:
    return track.kind == "streak" or track.window.kind in ("rolling", "last")
