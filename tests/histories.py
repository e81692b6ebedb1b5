"""Event histories for a checked program: valid events as a host sends them, biased to where programs change their mind.

In: the core of a program and a `random.Random`. Out: members with their facts, and events in the order in which they
arrive. Numbers fall on the program's own thresholds and one beside them, texts are those that it names; days fall on
the ends of months and years, on 28 and 29 February, on days when clocks change, often twice on one day, and now and
then before what was already scored. An event that is refused for its form is a fault of this module, or a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from rules_engine import ir
from rules_engine.calendar import day_of, day_start, format_date, format_instant, format_time, local_instant
from rules_engine.scoring import ties_of
from rules_engine.values import format_decimal
from tests.generating.made import ODD_TEXT

FIRST = day_of(2026, 12, 20)
SPECIAL = tuple(
    day_of(*each)
    for each in (
        (2026, 12, 31), (2027, 1, 1), (2027, 1, 31), (2027, 2, 28), (2027, 3, 1), (2027, 3, 14), (2027, 3, 28),
        (2027, 4, 4), (2027, 6, 30), (2027, 7, 1), (2027, 10, 3), (2027, 10, 31), (2027, 11, 7), (2027, 12, 31),
        (2028, 1, 1), (2028, 2, 28), (2028, 2, 29), (2028, 3, 1), (2028, 12, 31), (2029, 2, 28), (2029, 3, 1),
    )
)  # fmt: skip
STEPS = (0, 0, 0, 1, 1, 1, 2, 3, 6, 7, 8, 13, 28, 30, 31, 60, 89, 90, 91, 181, 365)
BIRTHDAYS = ((1988, 2, 29), (1990, 6, 15), (1975, 12, 31), (2001, 1, 1), (1999, 3, 1), (1980, 10, 31), (1984, 2, 28))
JOINED = ((2024, 2, 29), (2026, 12, 31), (2027, 1, 31), (2020, 3, 1), (2027, 2, 28), (2026, 6, 30), (2025, 8, 31))
TIMES = (0, 1, 5400, 7200, 9000, 25_199, 25_200, 32_400, 43_200, 63_000, 72_000, 82_799, 82_800, 86_399)
PRICES = (0, 1, 99, 100, 100, 333, 500, 999, 1000, 1000, 1999, 2500, 9900)
TAXES = (0, 50_000_000, 77_000_000, 190_000_000, 200_000_000, 250_000_000)
WORDS = ("A1", "B2", "C3", "D4", "R1", "R2", "7", "WELCOME", "online", "Z9", ODD_TEXT)
OWN_CODES = ("MINE-1", "mine 2", "A1")
RIVALS = ("R1", "R2", "R3", "R9")
MANY = 7
"""Lines of an event, but for a few that have as many as they may."""
BILLION = 10**9


@dataclass(frozen=True)
class History:
    """Members' facts by id, and events, all as a host sends them."""

    members: dict[str, dict[str, Any]]
    events: tuple[dict[str, Any], ...]


@dataclass
class Pool:
    """The numbers and texts that a program names, and where time stands."""

    rng: Random
    core: ir.Program
    numbers: tuple[int, ...]
    texts: tuple[str, ...]
    decimals: dict[str, int]
    rungs: tuple[str, ...]
    zone: str
    codes: tuple[str, ...] = ()
    currency: str = ""  # of the event at hand, where its kind comes in several
    people: tuple[str, ...] = ()  # members whom fields name, where events touch others

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.rng.randrange(100) < percent


def history(core: ir.Program, rng: Random, count: int = 20) -> History:
    """Members and events of a program."""
    pool = _pool(core, rng)
    if ties_of(core).any:
        pool.people = ("m-1", "m-2", "m-3")
    members = {name: _facts(pool) for name in pool.people or ("m-1", "m-2")}
    days = _days(pool, count)
    return History(members, tuple(_event(pool, number, day, tuple(members)) for number, day in enumerate(days)))


def _pool(core: ir.Program, rng: Random) -> Pool:
    numbers, texts = set[int](), set[str]()
    for value in _constants(_defined(core)):
        if isinstance(value, str):
            texts.add(value)
        else:
            numbers.add(value)
    decimals = {each.code: each.decimals for each in core.header.currencies}
    decimals |= {unit.name: unit.decimals for unit in core.units}
    rungs = tuple(rung.name for rung in core.tiers.rungs) if core.tiers is not None else ()
    kept = tuple(sorted(text for text in texts if text in WORDS))
    zone = core.header.zone or "UTC"
    return Pool(rng, core, tuple(sorted(numbers)), (*WORDS, *kept, *kept), decimals, rungs, zone, _codes(core))


def _defined(core: ir.Program) -> tuple[object, ...]:
    offered = (core.offers, core.offer_groups)
    return (core.rules, core.tracks, core.tiers, core.matches, core.groups, core.holdouts, *offered)


def _codes(core: ir.Program) -> tuple[str, ...]:
    """The codes that set offers off, and some that do not."""
    columns = {each.name: each.values for each in core.imports}
    found = ["NONSENSE", "A1"]
    for offer in core.offers:
        if offer.code is not None:
            found += OWN_CODES if offer.code.fact is not None else ()
            found += [*offer.code.texts, *columns.get(offer.code.column, ())] * 2
    return tuple(found)


def _constants(value: object) -> list[int | str]:
    """Every whole number and text that a definition holds."""
    found: list[int | str] = []
    for node in _structs(value):
        match node:
            case ir.Num(num=num, den=1):
                found.append(num)
            case ir.Txt(value=text):
                found.append(text)
            case ir.InTest(values=values) | ir.OneOf(items=values):
                found += [each for each in values if not isinstance(each, bool)]
            case ir.RangeTest(low=low, high=high):
                found += [each for each in (low, high) if each is not None]
            case ir.MarksDef(marks=marks) | ir.Across(bounds=marks):
                found += marks
            case ir.LimitDef(amount=amount) if amount is not None:
                found.append(amount)
            case _:
                pass
    return found


def _structs(value: object) -> list[msgspec.Struct]:
    if isinstance(value, msgspec.Struct):
        inner = [each for name in value.__struct_fields__ for each in _structs(getattr(value, name))]
        return [value, *inner]
    if isinstance(value, tuple):
        return [each for item in value for each in _structs(item)]
    return []


# ---- days and members


def _days(pool: Pool, count: int) -> list[int]:
    """Days in order, with clusters, jumps to special days and, now and then, a late one."""
    day, days = pool.rng.choice((FIRST, FIRST + 20, *SPECIAL[:8])), []
    for _ in range(count):
        later = [each for each in SPECIAL if day < each < day + 200]
        if later and pool.chance(25):
            day = pool.rng.choice(later[:4])
        else:
            day += pool.rng.choice(STEPS[: len(STEPS) if pool.chance(40) else 9])
        late = pool.rng.choice((1, 1, 2, 30, 40, 100)) if pool.chance(7) else 0
        days.append(day - late)
    return days


def _facts(pool: Pool) -> dict[str, Any]:
    """A member's facts; optionals are missing half of the time, or null."""
    found = {each.name: _value(each, pool, FIRST) for each in pool.core.member if not _left_out(each, pool)}
    for name, days in (("birthday", BIRTHDAYS), ("joined", JOINED)):
        if found.get(name):
            found[name] = format_date(day_of(*pool.rng.choice(days)))
    if found.get(pool.core.household):
        found[pool.core.household] = pool.rng.choice(("H", "H", "H", "I", "m-2"))
    if "vouchers" in found:
        found["vouchers"] = pool.rng.sample(OWN_CODES, pool.rng.randint(1, 2))
    if pool.core.tiers is not None and pool.core.tiers.from_host:
        found["tier"] = pool.rng.choice(pool.rungs)
    return found


# ---- events


def _event(pool: Pool, number: int, day: int, members: Sequence[str]) -> dict[str, Any]:
    kinds = tuple(kind for kind in pool.core.events if kind.schedule is None)
    begins = {name for match in pool.core.matches for name in match.events}
    weights = [
        9 if kind.name == "buy" else 6 if kind.name == "visit" else 2 if kind.name in begins else 1 for kind in kinds
    ]
    kind = pool.rng.choices(kinds, weights)[0]
    pool.currency = pool.rng.choice(kind.currencies) if kind.currencies else ""
    event: dict[str, Any] = {"event": kind.name}
    for field in kind.fields:
        if field.name == kind.owner:
            if not (field.optional and pool.chance(22)):
                event[field.name] = members[0] if pool.chance(65) else pool.rng.choice(members)
        elif field.name == kind.identified_by:
            event[field.name] = f"{kind.name}-{number}"
        elif field.name == kind.dated_by:
            event[field.name] = _moment(pool, day) if field.kind == "instant" else format_date(day)
        elif not _left_out(field, pool):
            event[field.name] = _value(field, pool, day)
    if kind.lines is not None:
        event["lines"] = _lines(kind.lines, pool, day)
    for line in event.get("lines", [event]):
        _price(kind, line, pool)
    return event


def _price(kind: ir.EventDef, line: dict[str, Any], pool: Pool) -> None:
    """Prices as shops have them: often alike, seldom below the floor, seldom above what they were."""
    fields = {each.role: each for each in (kind.lines.fields if kind.lines is not None else kind.fields) if each.role}
    price, pieces = fields.get("list each", fields.get("list")), line.get(kind.quantity_field, 1)
    if price is not None and pieces == 0 and not kind.list_each:
        line[price.name] = _amount(price, 0, pool)
    if price is None or pool.core.offers == () or price.low < 0:
        return
    amount = pool.rng.choice(PRICES) if pool.chance(70) else _near(price, pool)
    amount = 0 if pieces == 0 and not kind.list_each else min(amount, _bounds(price, pool)[1])
    line[price.name] = _amount(price, amount, pool)
    beside = {"was": (amount, amount + 100, 2 * amount, amount // 2), "floor": (0, amount // 2, amount, amount + 1, 1)}
    for role, amounts in beside.items():
        field = fields.get(role)
        if field is not None and line.get(field.name) is not None:
            line[field.name] = _amount(field, min(pool.rng.choice(amounts), _bounds(field, pool)[1]), pool)


def _lines(lines: ir.LinesDef, pool: Pool, day: int) -> list[dict[str, Any]]:
    most = lines.high if pool.chance(4) else min(lines.high, MANY)
    count = pool.rng.choice((lines.low, 1, 1, 2, 3, most))
    made = [
        {f.name: _value(f, pool, day) for f in lines.fields if not _left_out(f, pool)}
        for _ in range(max(lines.low, count))
    ]
    for number, line in enumerate(made):
        line.update({field.name: f"line {number}" for field in lines.fields if field.role == "id"})
    if len(made) > 1 and pool.chance(20) and not any(field.role == "id" for field in lines.fields):
        made[-1] = dict(made[0])
    pool.rng.shuffle(made)
    return made


def _left_out(field: ir.FieldDef, pool: Pool) -> bool:
    return field.optional and pool.chance(25 if field.kind == "unit" and pool.people else 45)


def _moment(pool: Pool, day: int) -> str:
    """A moment of a local day, often one at which the clock changes or a period begins, written in some zone."""
    seconds = pool.rng.choice(TIMES) if pool.chance(70) else pool.rng.randrange(86_400)
    moment = local_instant(day, seconds, pool.zone)
    moment = min(moment, day_start(day + 1, pool.zone) - 1)
    return format_instant(moment, pool.rng.choice(("UTC", pool.zone)))


def _value(field: ir.FieldDef, pool: Pool, day: int) -> Any:
    """A value of a field, as a host sends it."""
    rng = pool.rng
    match field.kind:
        case "member" if pool.people:
            return rng.choice((*pool.people, *pool.people, *pool.people, "m-7"))
        case "text" | "member":
            return rng.choice(pool.texts if field.name != "rival" else RIVALS)
        case "choice":
            return rng.choice(field.choices)
        case "tier":
            return rng.choice(pool.rungs)
        case "flag":
            return rng.random() < 0.6
        case "date":
            return format_date(day + rng.choice((0, 0, 1, -1, 2, -2, -7, -29, -30, -31, 5, -90)))
        case "instant":
            return _moment(pool, day - rng.choice((0, 0, 1, 30)))
        case "time":
            return format_time(rng.choice(TIMES))
        case "codes" if pool.core.offers:
            return _presented(pool, field.high)
        case "codes":
            return rng.sample(("WELCOME", "SPRING", "A1", "X"), rng.randint(0, min(3, field.high)))
        case "list":
            item = field.item
            assert item is not None
            return [_value(item, pool, day) for _ in range(rng.randint(0, field.high))]
        case _:
            return _number(field, pool)


def _presented(pool: Pool, most: int) -> list[str]:
    """Codes as people type them, now and then one again, and what is no code."""
    found = []
    for code in pool.rng.sample(pool.codes, pool.rng.randint(0, min(most, len(pool.codes)))):
        found.append(_typed(code, pool))
        if pool.chance(8):
            found.append(_typed(code, pool))
        if pool.chance(4):
            found.append(pool.rng.choice(("", " - ", f"{code}{' ' * 256}", f"{code}\0", f"{code}\n")))
    pool.rng.shuffle(found)
    return found[:most]


def _typed(code: str, pool: Pool) -> str:
    return pool.rng.choice((code, code, code.lower(), f" {code}", code.replace("-", " "), f"{code[:2]}-{code[2:]}"))


def _number(field: ir.FieldDef, pool: Pool) -> Any:
    match field.kind:
        case "count" if field.role == "quantity" and pool.core.offers:
            return pool.rng.choice((1, 1, 1, 2, 2, 3, 5, pool.rng.randint(0, field.high)))
        case "count":
            return _near(field, pool)
        case "rate" if "tax" in field.role:
            return format_decimal(min(field.high, pool.rng.choice(TAXES)), 9)
        case "money":
            return _amount(field, _near(field, pool), pool)
        case "rate":
            high = field.high if 0 < field.high <= BILLION else BILLION
            chosen = pool.rng.choice(
                (0, 100_000_000, 125_000_000, 250_000_000, high, pool.rng.randint(0, 1000) * 10**6)
            )
            return format_decimal(min(high, chosen), 9)
        case _:
            decimals = pool.decimals[field.unit]
            amount = _near(field, pool)
            return (
                amount
                if field.kind == "unit" and not decimals and pool.chance(50)
                else format_decimal(amount, decimals)
            )


def _bounds(field: ir.FieldDef, pool: Pool) -> tuple[int, int]:
    """A number's bounds, in the currency at hand where there are several."""
    for each in field.bounds:
        if each.currency == pool.currency:
            return each.low, each.high
    return field.low, field.high


def _amount(field: ir.FieldDef, amount: int, pool: Pool) -> Any:
    """Money as a host sends it."""
    if not field.bounds:
        return format_decimal(amount, pool.decimals[field.unit])
    return {"amount": format_decimal(amount, pool.decimals[pool.currency]), "currency": pool.currency}


def _near(field: ir.FieldDef, pool: Pool) -> int:
    """A number inside its bounds, often on one of the program's own or one beside it."""
    rng, (low, high) = pool.rng, _bounds(field, pool)
    inside = [each for each in pool.numbers if low <= each <= high]
    if inside and rng.random() < 0.5:
        return max(low, min(high, rng.choice(inside) + rng.choice((-1, 0, 0, 1))))
    if rng.random() < 0.2:
        return rng.choice((low, high, max(low, 0), max(low, min(high, 1))))
    return rng.randint(low, max(low, min(high, rng.choice((10, 100, 1_000, 10_000, high)))))
