"""What rules of a program that owns and pays read: conditions, money, counts, and amounts that are given."""

from __future__ import annotations

from tests.generating.larder import COMPARE, KINDS, SHOPS, WHAT, Kept, Larder, Ledger, Owned
from tests.generating.made import Option


def condition(larder: Larder, at: Kept, depth: int = 0) -> str:
    """A condition of an event, or of the member alone."""
    made = larder.made
    first = made.one(_atoms(larder, at))
    if depth or not made.chance(30):
        return first
    joiner = made.pick(("and", "or", "and not"))
    return f"({first}) {joiner} ({condition(larder, at, 1)})"


def _atoms(larder: Larder, at: Kept) -> list[Option]:
    made = larder.made
    found: list[Option] = []
    if at.event == "buy":
        found += [
            "express",
            lambda: f"net {made.pick(COMPARE)} {made.money(150)}",
            lambda: f"count of (lines where {line(larder, at)}) {made.pick(COMPARE)} {made.number(0, 3)}",
            lambda: f"(net of lines where {line(larder, at)}) >= {made.money(60)}",
            lambda: f"(sum of top {made.number(1, 2)} of shop of lines by net ties by shop) >= {made.money(90)}",
        ]
    if at.event == "visit":
        found += [lambda: f"what is {made.pick(WHAT)}", lambda: f"n {made.pick(COMPARE)} {made.number(0, 90)}"] * 2
    if at.event in ("buy", "visit"):
        found += ["has friend and friend.plan is plus", "has friend and friend.staff"]
    if at.event == "stay":
        found.append(lambda: f"count of lines {made.pick(COMPARE)} {made.number(0, 3)}")
    if at.event == "buy" and larder.guest and "member" not in at.proven:
        return found
    return found + _of_member(larder, at)


def _of_member(larder: Larder, at: Kept) -> list[Option]:
    made = larder.made
    found: list[Option] = [
        "member.plan is plus",
        "not member.staff",
        f"has member.children and member.children >= {made.number(0, 4)}",
        lambda: _balance(larder),
    ]
    found += [lambda: of_track(larder, made.pick(larder.tracks))] * (2 * len(larder.tracks))
    if at.stage in ("earn", "reward"):
        unit = larder.unit(whole=True)
        found.append(f"used {unit.plural} {made.pick(('is', '>='))} {made.pick(('0', made.amount(unit, 20, 1)))}")
    return found


def _balance(larder: Larder) -> str:
    made, unit = larder.made, larder.unit(whole=True)
    pending = ", pending included" if made.chance(25) else ""
    return f"balance of {unit.plural}{pending} {made.pick(COMPARE)} {made.amount(unit, 120)}"


def of_track(larder: Larder, track: Ledger) -> str:
    """A condition of a track."""
    made = larder.made
    if track.day:
        return (
            f"has {track.name} and today {made.pick(('from', 'before'))} {made.number(1, 40)} days after {track.name}"
        )
    bound = _bound(larder, track)
    if not track.key:
        name = f"previous {track.name}" if track.previous and made.chance(35) else track.name
        return f"{name} {made.pick(COMPARE)} {bound}"
    value = made.pick((*SHOPS,) if track.key == "shop" else WHAT)
    return made.pick(
        (
            f"sum of {track.name} {made.pick(COMPARE)} {bound}",
            f"(sum of {track.name} where {track.key} is not {value}) >= {bound}",
            f"(count of {track.name} where each >= {bound}) {made.pick(COMPARE)} {made.number(1, 3)}",
            f"(sum of top {made.number(1, 2)} of {track.name} ties by {track.key}) >= {bound}",
        )
    )


def _bound(larder: Larder, track: Ledger) -> str:
    made = larder.made
    if track.measure == "money":
        return made.money(250, 1)
    if track.measure == "count":
        return str(made.number(1, 9))
    name = track.measure.removeprefix("unit ")
    return made.amount(next(unit for unit in larder.units if unit.name == name), 90, 1)


def line(larder: Larder, at: Kept) -> str:
    """A condition of a line."""
    made = larder.made
    return made.pick(
        (
            f"kind is {made.pick(KINDS)}",
            f"kind is not {made.pick(KINDS)}",
            f"shop in ({', '.join(made.some(SHOPS, 2))})",
            f"shop is {made.pick(SHOPS)}",
            f"pieces >= {made.number(1, 4)}",
            f"has night and night before {made.day()}",
        )
    )


# ---- amounts


def money(larder: Larder, at: Kept) -> str:
    """Money that an award or a worth is worked out from."""
    made = larder.made
    if at.key:
        return f"{made.pick(('net', 'paid'))} of each" if at.key == "lines" else "each"
    return made.one(
        [
            "net", "paid", "paid",
            lambda: f"(net of lines where {line(larder, at)})",
            lambda: f"(paid of lines where {line(larder, at)})",
            lambda: f"(net, up to {made.money(90)})",
            lambda: f"(sum of top {made.number(1, 2)} of shop of lines by net ties by shop)",
        ]
    )  # fmt: skip


def given(larder: Larder, at: Kept, unit: Owned) -> str:
    """An amount of a unit."""
    made = larder.made
    plain = made.amount(unit, 60, 1) if not unit.whole else f"{made.number(1, 3)} {unit.name}"
    if unit.whole and made.chance(50):
        return f"1 {unit.name}"
    makers: list[Option] = [plain, plain]
    if at.event == "buy":
        step = made.money(30, 1)
        rate = f"{made.amount(unit, 9, 1)} per full {step}"
        makers += [lambda: f"{rate} of {money(larder, at)}"] * 3
        if unit.currency:
            makers += [lambda: f"{made.number(1, 40)}% of {money(larder, at)}, in {unit.name}"] * 4
        elif not unit.whole:
            makers += [lambda: f"{made.amount(unit, 5, 1)} per {made.money(9, 1)} of {money(larder, at)}"] * 4
    if at.event == "visit":
        makers.append(f"by what {{ a: {plain}   b: {made.amount(unit, 9, 1)}   c: nothing }}")
        if not unit.currency and not unit.decimals:
            makers.append(f"1 {unit.name} * n")
        makers.append(f"{made.amount(unit, 3, 1)} per full {made.number(2, 9)} of n")
    makers += _of_memory(larder, at, unit)
    return made.one(makers)


def _of_memory(larder: Larder, at: Kept, unit: Owned) -> list[Option]:
    """Amounts from what is remembered."""
    made, found = larder.made, list[Option]()
    if at.event == "buy" and larder.guest and "member" not in at.proven:
        return found
    for track in larder.tracks:
        per = made.amount(unit, 4, 1)
        if track.day or track.measure.startswith("unit"):
            continue
        step = made.money(40, 1) if track.measure == "money" else str(made.number(1, 5))
        value = track.name
        if track.key:
            some = f"(sum of {value} where each >= {_bound(larder, track)})"
            value = made.pick((f"(sum of {value})", f"(sum of top 1 of {value} ties by {track.key})", some))
        found.append(f"{per} per full {step} of {value}")
    if not unit.whole:
        other = larder.unit()
        if other.name != unit.name and not other.currency and at.stage in ("reward", "scheduled", "earn"):
            found.append(f"{made.amount(unit, 4, 1)} per full {made.amount(other, 20, 1)} of balance of {other.plural}")
            if at.event in ("buy", "visit"):
                found.append(f"{made.amount(unit, 4, 1)} per full {made.amount(other, 9, 1)} of used {other.plural}")
    return found
