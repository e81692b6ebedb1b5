"""Earns, rewards, tracks and tiers as ops.

In: a scene and what the core says. Out: rows of code. The order is that of the reference: what an event adds to tracks
is worked out first, then earns, then tracks move, then the ladder is judged, then rewards.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules_engine import ir
from rules_engine.backends.columnar import tape as ops
from rules_engine.backends.columnar.writing import acting, marking, tracking
from rules_engine.backends.columnar.writing.arithmetic import Flag as Held
from rules_engine.backends.columnar.writing.arithmetic import (
    Number,
    bounded,
    compared,
    constant,
    divided,
    either,
    narrow,
    on_lines,
    plain,
    times,
    total,
    whole,
)
from rules_engine.backends.columnar.writing.expressions import number, unless
from rules_engine.backends.columnar.writing.making import Label, NotColumnar
from rules_engine.backends.columnar.writing.scene import GUARDS, Scene
from rules_engine.backends.columnar.writing.spans import SAFE, Span

_ONE = Span(1, 1)


# ---- what an event adds to tracks ----


def contributions(on: Scene) -> list[tuple[int, int] | tracking.Moving]:
    """The rows of the tracks that an event moves, and the registers of what it adds."""
    found: list[tuple[int, int] | tracking.Moving] = []
    on.added = {}
    sliced = {node.track for node in ir.walk(on.drawing.rules_with(ir.Across)) if isinstance(node, ir.Across)}
    for track in on.drawing.core.tracks:
        if on.event.name not in track.events and (track.events or not (track.given or track.used)):
            continue
        if track.window.kind == "trial":  # whoever is on trial goes by rows
            continue
        on.where = f"track `{track.name}`"
        if not track.given and not track.used and not tracking.is_counter(track, on.drawing):
            moving = tracking.moving(track, on)
            found.append(moving)
            if track.name in sliced:
                on.added[track.name] = marking.sliced(track, moving, on)
            continue
        if track.given and not tracking.is_counter(track, on.drawing):
            on.given_tracks.append(tracking.given(track, on))
            continue
        row = on.drawing.track(track)
        register = on.make.scalar(ops.CONST)
        found.append((row, register))
        end = Label()
        with on.make.scope():
            unless(track.where, end, on)
            if track.given:
                # What rules give is added as they give it; `register` says that the track counts at all.
                on.make.put(ops.CONST, register, k=1)
            else:
                value = Number(-1, 1, 1, _ONE) if track.value is None else plain(number(track.value, on), on)
                if value.den != 1:
                    raise NotColumnar(f"{on.where}: it adds a fraction")
                on.make.put(ops.COPY, register, whole(value, 1, on).at)
        on.make.place(end)
        if track.name in sliced and not (track.given or track.used):
            span = value.span.scaled(value.num).with_zero()
            on.added[track.name] = marking.sliced_counter(track, Number(register, 1, 1, span), on)
        if track.given:
            added = on.make.scalar(ops.CONST)
            on.given_tracks.append((track, row, added, register))
            found.pop()
    return found


def move(found: Sequence[tuple[int, int] | tracking.Moving], on: Scene) -> None:
    """Tracks move by what the event adds, and by what rules gave."""
    for each in found:
        if isinstance(each, tracking.Moving):
            _put(each, on)
            continue
        track, register = each
        on.make.put(ops.MOVE, a=register, k=track, n=GUARDS.held)
    for _, row, added, counts in on.given_tracks:
        end = Label()
        on.make.to(on.make.put(ops.UNLESS, a=counts), end)
        if isinstance(row, tracking.Moving):
            _put(row, on)
        else:
            on.make.put(ops.MOVE, a=added, k=row, n=GUARDS.held)
        on.make.place(end)
        on.make.put(ops.CONST, added)
    on.make.changed()


def _put(moving: tracking.Moving, on: Scene) -> None:
    for op, d, a, b, k, m, n in moving.rows:
        on.make.put(op, d, a, b, k, m, n)


# ---- rules ----


def rule(each: ir.RuleDef, on: Scene) -> None:
    """One earn or reward."""
    on.where = f'"{each.title}"'
    refuse(each, on)
    if acting.is_more(each, on):
        acting.Rule(each, on).emit()
        return
    if not each.effects:
        return
    end = Label()
    with on.make.scope():
        on.stopped = end
        unless(each.dates, end, on)
        unless(each.when, end, on)
        gives = [(place, give) for place, give in enumerate(each.effects) if isinstance(give, ir.GiveDef)]
        wanted = [(place, give, amount(give, on)) for place, give in gives]
        _serve(each, wanted, end, on)
    on.make.place(end)
    on.stopped = None


def refuse(each: ir.RuleDef, on: Scene) -> None:
    """Raise for what earns and rewards may have that has no columnar form."""
    reasons = {
        "something has to be presented": each.thing is not None,
        "it loops over keys": isinstance(each.loop, ir.KeysDef),
        "it offers what may be absent, for a code": each.code is not None and _may_be_absent(each, on),
    }
    for effect in each.effects:
        if not isinstance(effect, ir.GiveDef):
            reasons["it takes, turns or carries units"] = True
            continue
        reasons["it gives to another member"] = bool(effect.to)
        reasons["its units remember facts"] = bool(effect.facts)
        reasons["lines have parts of what it splits"] = bool(effect.split) and each.key in on.parts
    found = next((why for why, holds in reasons.items() if holds), "")
    if found:
        raise NotColumnar(f"{on.where}: {found}")


def _may_be_absent(each: ir.RuleDef, on: Scene) -> bool:
    """Whether an amount may be missing: a code is then told something else."""
    world, event = on.drawing.world, on.event.name
    found: set[bool] = set()
    for node in ir.walk(each.effects):
        match node:
            case ir.Field(name=name):
                found.add(world.fields[event, name].optional)
            case ir.LineField(name=name):
                found.add(world.line_fields[event, name].optional)
            case ir.MemberField(name=name):
                found.add(world.facts[name].optional)
            case ir.PerCurrency() | ir.Imported() | ir.PersonField():
                found.add(True)
            case _:
                continue
    return True in found


def limits(each: ir.RuleDef, on: Scene) -> tuple[ir.LimitDef, ...]:
    """The limits of a rule and its group."""
    group = on.drawing.world.groups.get(each.group)
    return (*each.limits, *(group.limits if group is not None else ()))


def amount(give: ir.GiveDef, on: Scene) -> int:
    """The register of what an award wants, whole."""
    unit = on.drawing.world.units[give.unit]
    mode = give.rounding or unit.rounding or "down"
    if give.each_line:
        line = on.on_line()
        exact = _sum(divided(number(give.value, line), mode, line), on.chosen("lines", give.line_where), on)
    else:
        exact = number(give.value, on)
    return formed(exact, give, mode, on)


def formed(value: Number, effect: ir.GiveDef | ir.DeductDef, mode: ir.RoundingMode, on: Scene) -> int:
    """The register of an amount, clipped to what its effect says of it, whole; 0 where it is too small."""
    exact = plain(value, on)
    least = None if effect.only_from is None else plain(number(effect.only_from, on), on)
    low = None if effect.low is None else plain(number(effect.low, on), on)
    high = None if effect.high is None else plain(number(effect.high, on), on)
    clipped = exact if low is None else bounded(exact, low, "most", on)
    clipped = clipped if high is None else bounded(clipped, high, "least", on)
    found = divided(clipped, mode, on)
    if high is not None and high.den != 1 and mode != "down":
        found = bounded(found, divided(high, "down", on), "least", on)
    at = whole(found, 1, on).at
    return at if least is None else _enough(exact, least, at, on)


def _enough(exact: Number, least: Number, at: int, on: Scene) -> int:
    enough = compared(">=", exact, least, on)
    if isinstance(enough, bool):
        return at if enough else on.make.scalar(ops.CONST)
    return on.make.scalar(ops.TIMES, at, enough.at)


def _sum(each: Number, mask: int | None, on: Scene) -> Number:
    """The sum over the chosen lines."""
    if mask is None:
        return constant(0)
    each = on_lines(each, on)
    each = narrow(each, SAFE // max(on.lines_max, 1), on)
    span = each.span.some(on.lines_max)
    return Number(on.make.scalar(ops.SUM, each.at, mask), each.num, each.den, on.safe(span))


def _serve(each: ir.RuleDef, wanted: list[tuple[int, ir.GiveDef, int]], end: Label, on: Scene) -> None:
    """Cut to limits, and give."""
    make, drawing = on.make, on.drawing
    by_times = [limit for limit in limits(each, on) if limit.times is not None]
    rows = []
    for place, give, _ in wanted:
        own = [one for one in limits(each, on) if one.times is None and one.unit == give.unit]
        numbers = [drawing.limit(one, on.where) for one in own]
        nothing = give.or_nothing or any(one.or_nothing for one in own)
        if not give.or_nothing and nothing and not all(one.or_nothing for one in own):
            raise NotColumnar(f"{on.where}: some of its limits cancel it and some do not")
        row = (give.steps or 0, make.stretch(numbers), len(numbers), int(nothing))
        rows.append(drawing.give(each.key, give.unit, place, row))
    for limit in by_times:
        number_of = drawing.limit(limit, on.where)
        left, go_on = make.scalar(ops.TIMES_LEFT, k=number_of), Label()
        test = make.put(ops.UNLESS_IS, a=left, k=1, m=ops.COMPARES["<"])
        make.to(test, go_on)
        for (_, _, at), give_row in zip(wanted, rows, strict=True):
            make.put(ops.GIVE_NOTHING, a=at, k=give_row, m=number_of)
        make.to(make.put(ops.JUMP), end)
        make.place(go_on)
    given = []
    for (_, give, at), give_row in zip(wanted, rows, strict=True):
        pending, expires = lasting(give, on)
        register = make.scalar(ops.GIVE, at, k=give_row, m=pending, n=expires)
        given.append(register)
        count(each, give, register, on)
        spread_parts(each, give, register, on)
    if by_times:
        acted = given[0]
        for other in given[1:]:
            acted = make.scalar(ops.LINEAR, acted, other, 1, 1)
        once = make.scalar(ops.IS, acted, m=ops.COMPARES[">"])
        for limit in by_times:
            make.put(ops.TAKE_TIMES, a=once, k=drawing.limit(limit, on.where))


def count(each: ir.RuleDef, give: ir.GiveDef, register: int, on: Scene) -> None:
    """What was given is seen by rules that read it, and by tracks that count it."""
    kept = on.awards.get(each.key, -1)
    if kept >= 0:
        on.make.put(ops.LINEAR, kept, kept, register, 1, 1)
    for track, _, added, _ in on.given_tracks:
        if track.given == give.unit and (not track.rules or each.key in track.rules):
            on.make.put(ops.LINEAR, added, added, register, 1, 1)


def spread_parts(each: ir.RuleDef, give: ir.GiveDef, register: int, on: Scene) -> None:
    """What was given falls on lines by the award's measure there, where somebody reads it line by line."""
    parts = on.parts.get(each.key, -1)
    if parts < 0 or not give.shares:
        return
    with on.make.scope():
        on.make.put(ops.SPREAD_AWARD, parts, register, weights_of(give, on))


def weights_of(give: ir.GiveDef, on: Scene) -> int:
    """The vector of an award's measure on each line."""
    line, weights = on.on_line(), list[Number]()
    for share in give.shares:
        weight = number(share.value, line)
        if share.scale is not None:
            weight = times(weight, number(share.scale, on), line)
        mask = on.chosen("lines", share.where)
        if mask is not None:
            weights.append(weight if mask < 0 else either(Held(mask, True), plain(weight, line), constant(0), line))
    on.drawing.needs_rank = True
    found = total(weights, line)
    return on_lines(whole(found, found.den, line), line).at


def lasting(give: ir.GiveDef, on: Scene) -> tuple[int, int]:
    """The registers of the last days pending and valid; -1 where there is none."""
    unit = on.drawing.world.units[give.unit]
    pending = give.pending if give.pending is not None else unit.pending
    if give.life is not None:
        lives = [give.life]
    else:
        lives = [life.day for life in unit.lives if not life.after_last and life.day is not None]
    if len(lives) > 1 and any(isinstance(node, ir.Choose) for node in ir.walk(tuple(lives))):
        raise NotColumnar(f"{on.where}: a table says how long something lasts")
    days = [_last(life, on) for life in lives]
    if len(days) > 1:
        known = [day for day in days if day >= 0]
        if len(known) < len(days):
            days = [-1] if unit.whichever == "last" else known
        if len(days) > 1:
            op = ops.LEAST if unit.whichever == "first" else ops.MOST
            days = [on.make.scalar(op, days[0], days[1])]
    return (-1 if pending is None else _last(pending, on)), (days[0] if days else -1)


def _last(expr: ir.Expr, on: Scene) -> int:
    """The register of a last day; -1: for good."""
    if isinstance(expr, ir.Forever):
        return -1
    return whole(number(expr, on), 1, on).at


# ---- the ladder ----


def judge(on: Scene) -> None:
    """Every path of every rung is judged; each that holds grants, or prolongs, the holding of its rung."""
    ladder = on.drawing.core.tiers
    if ladder is None or ladder.from_host:
        return
    on.where = "tiers"
    if ladder.review:
        raise NotColumnar("tiers: the ladder is judged at the ends of periods")
    _read_tracks(ladder, on)
    for place in range(1, len(ladder.rungs)):
        for way in ladder.rungs[place].ways:
            end = Label()
            with on.make.scope():
                unless(way.condition, end, on)
                unless(ladder.needs if way.needs else None, end, on)
                until = _until(way.life if way.life is not None else ladder.life, on)
                name = ladder.rungs[place].name
                on.make.put(ops.GRANT, a=until, k=on.drawing.holding(name, way.name or name))
            on.make.place(end)
    on.make.put(ops.CHANGED, k=int(ladder.at_once))


def _read_tracks(ladder: ir.TiersDef, on: Scene) -> None:
    """Read each track once for all paths."""
    for node in ir.walk(ladder.rungs):
        if isinstance(node, ir.TrackRead):
            number(node, on)


def _until(expr: ir.Expr | None, on: Scene) -> int:
    """The register of a holding's last day."""
    if expr is None or isinstance(expr, ir.Forever):
        return on.make.scalar(ops.CONST, k=ops.MISSING)
    return whole(number(expr, on), 1, on).at


def ends(on: Scene) -> tuple[list[tuple[int, int, int, int]], int]:
    """The code at the end of a day on which holdings end: the registers that say which paths hold then and until when;
    and that of the ladder's own last day."""
    ladder = on.drawing.core.tiers
    assert ladder is not None
    ways = []
    for place in range(1, len(ladder.rungs)):
        for way in ladder.rungs[place].ways:
            name, end = ladder.rungs[place].name, Label()
            holds, until = on.make.scalar(ops.CONST), on.make.scalar(ops.CONST, k=ops.MISSING)
            with on.make.scope():
                unless(way.condition, end, on)
                unless(ladder.needs if way.needs else None, end, on)
                on.make.put(ops.CONST, holds, k=1)
                on.make.put(ops.COPY, until, _until(way.life if way.life is not None else ladder.life, on))
            on.make.place(end)
            ways.append((place, on.drawing.holding(name, way.name or name), holds, until))
    life = on.make.scalar(ops.COPY, _until(ladder.life, on))
    on.make.put(ops.FALLS)
    return ways, life
