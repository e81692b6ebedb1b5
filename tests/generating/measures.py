"""Measures and amounts: what is counted, at which rate, in which unit; and whether it comes from lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.generating import conditions
from tests.generating.made import BRANDS, ODD_TEXT, Made, Option, Place, Unit


@dataclass(frozen=True)
class Amount:
    """An amount as written: its unit, whether all of it comes from lines, and whether it is formed line by line."""

    text: str
    unit: Unit
    lines: bool = False
    each_line: bool = False


# ---- money and counts


def money(made: Made, place: Place) -> str:
    """Money of the event."""
    plain: list[Option] = ["net", "list", "paid", "net"]
    if place.event != "visit":
        return made.one(plain)
    plain += [name for name, kind in made.defines.items() if kind == "money"]
    plain += ["fee"] if "fee" in place.proven else []
    made_up: list[Option] = [
        lambda: f"(net - {made.money(50)}, never below {made.money(0)})",
        lambda: f"(net, up to {made.money(200)})",
        lambda: f"(net / {made.number(2, 7)}, {made.pick(('rounded down', 'rounded half even', 'rounded half up'))})",
        lambda: f"largest of (net, {made.money(80)})",
        lambda: f"(net + {made.one(plain)})",
        lambda: f"({made.number(2, 3)} * net - {made.money(30)})",
    ]
    if made.lines:
        made_up += [lambda: lined(made, place)] * 3
    return made.one(plain if made.chance(40) else made_up)


def lined(made: Made, place: Place) -> str:
    """Money of some lines."""
    where = conditions.line_condition(made, place.on_line())
    return made.pick(
        (f"(net of lines where {where})", f"(sum of net of lines where {where})", f"(list of lines where {where})")
    )


def count(made: Made, place: Place) -> str:
    """A count of the event."""
    if place.event == "both":
        return "miles"
    options: list[Option] = [
        "miles",
        "largest of (miles, 50)",
        "(miles + delta)",
        "(miles, up to 900)",
        "(miles - 30, never below 0)",
        "(miles / 3)",
    ]
    options += ["bonus_miles"] * 3 if "bonus_miles" in place.proven else []
    if made.lines:
        where = conditions.line_condition(made, place.on_line())
        options += [f"count of (lines where {where})", "distinct sku of lines", "count of lines"]
        options += ["(pieces of lines where rated)", "sum of pieces"] if made.quantity else []
    return made.one(options)


# ---- rates


def rate(made: Made, unit: Unit) -> str:
    """So much of a unit."""
    return made.amount(unit, 20, 1, fine=True)


def rate_table(made: Made, place: Place, unit: Unit, high: int = 20) -> str:
    """A table of amounts of a unit."""

    def row() -> str:
        return made.amount(unit, high, 0, fine=True)

    stop = made.pick(("nothing", "no award", row(), row()))
    options: list[Option] = []
    if place.event == "visit":
        cut = made.number(5, 4000)
        options = [
            f"by brand {{ resort or city: {row()}  inn: {row()} }}",
            f"by brand, vip {{ resort, yes: {row()}  city, any: {row()}  otherwise: {stop} }}",
            f"by miles {{ from 0: {row()}  from {cut}: {row()}  from {cut + made.number(1, 90)}: {row()} }}",
            f"by delta {{ from -5: {row()}  from 0: {row()} }}",
            f"by booked {{ from 2027-01-01: {row()}  otherwise: {stop} }}",
            f"by bonus_miles, vip {{ from {made.number(1, 80)}, yes: {row()}  otherwise: {stop} }}",
            f"by net {{ from {made.money(90, 1)}: {row()}  otherwise: {stop} }}",
            f'by channel {{ "online": {row()}  "in store": {row()}  "{ODD_TEXT}": {row()} }}',
            f"by miles in rounds of 3 {{ 1 or 2: {row()}  3: {row()} }}",
            f"by keen {{ from 0%: {row()}  from 12.5%: {row()} }}",
            f"by today in calendar month, vip {{ yes, any: {row()}  no, any: {row()} }}",
        ]
        if made.lines:
            options.append(f"by distinct sku of lines {{ 1: {row()}  from 2: {row()}  otherwise: {stop} }}")
    elif place.event == "both":
        options = [
            f"by miles {{ from 0: {row()}  from {made.number(1, 500)}: {row()} }}",
            f"by vip {{ yes: {row()}  no: {stop} }}",
        ]
    if made.tiers:
        options += [f"by tier {{ {made.tiers[-1]}: {row()}  otherwise: {stop} }}"] * 2
        rows = "  ".join(f"{tier}: {row()}" for tier in made.tiers)
        options.append(f"by tier {{ {rows} }}")
    if "member" in place.proven or not made.guest:
        options += [
            f"by member.plan {{ basic: {row()}  plus: {row()} }}",
            f"by member.resident {{ yes: {row()}  no: {stop} }}",
        ]
        options.append(f"by member.children {{ from 1: {row()}  otherwise: {stop} }}")
    counted = [track.name for track in made.of_measure("count") if not track.signed]
    if counted:
        track, cut = made.pick(counted), made.number(1, 6)
        options.append(f"by {track} {{ from 0: {row()}  from {cut}: {row()} }}")
    if made.terms:
        options.append(f"by today {{ from 2025-01-01: {row()}  from 2027-03-01: {row()}  from 2028-02-29: {row()} }}")
    for period in made.periods:
        if not period.timed and not period.anchor and made.chance(30):
            options.append(f"by today in {period.name} {{ yes: {row()}  no: {stop} }}")
    return made.one(options) if options else row()


def percent(made: Made, place: Place) -> str:
    """A share of something."""
    plain = f"{made.number(1, 150)}%" if made.chance(70) else f"{made.number(0, 9)}.{made.number(1, 9)}%"
    options = [plain, plain, plain]
    options += [name for name, kind in made.defines.items() if kind == "rate"]
    if place.event == "visit":
        options += ["share"] * 2 if "share" in place.proven else []
        options += ["keen", f"by brand {{ resort: {made.number(0, 30)}%  city or inn: {made.number(1, 90)}% }}"]
    if "member.discount" in place.proven:
        options += ["member.discount"]
    if made.tiers:
        options.append(
            f"by tier {{ {made.tiers[-1]}: {made.number(1, 90)}%  otherwise: {made.pick(('nothing', '5%'))} }}"
        )
    return made.pick(options)


# ---- amounts


def amount(made: Made, place: Place, unit: Unit) -> Amount:
    """An amount of a unit that is given."""
    makers: list[Callable[[], Amount]] = [lambda: _rated(made, place, unit)] * 4
    makers += [lambda: _plain(made, place, unit)] * 2
    if place.event == "visit":
        makers += [lambda: _counted(made, place, unit), lambda: _summed(made, place, unit)]
        if unit is made.units[0]:
            makers.append(lambda: Amount("asked_points", unit))
        if made.lines:
            makers += [lambda: _each_line(made, place, unit)]
    if place.event != "both":
        makers += [lambda: _of_award(made, place, unit)] * 3
    return made.pick(makers)()


def _step(made: Made) -> str:
    return made.pick((made.money(20, 1), f"1 {made.currency}", f"3 {made.currency}"))


def _rated(made: Made, place: Place, unit: Unit) -> Amount:
    """So much per so much money."""
    table = made.chance(35)
    per = rate_table(made, place, unit) if table else rate(made, unit)
    full = made.pick(("per", "per", "per full"))
    if place.event == "visit" and made.lines and made.chance(60):
        # A `where` takes everything to its right, so what comes from lines stands in brackets or last.
        where = conditions.line_condition(made, place.on_line())
        measure = made.pick((f"(net of lines where {where})", f"net of lines where {where}", "net"))
        return Amount(f"{per} {full} {_step(made)} of {measure}", unit, lines=full == "per" and not table)
    return Amount(f"{per} {full} {_step(made)} of {money(made, place)}", unit)


def _plain(made: Made, place: Place, unit: Unit) -> Amount:
    if made.chance(30):
        return Amount(rate_table(made, place, unit, 400), unit)
    return Amount(made.amount(unit, 400, 1), unit)


def _counted(made: Made, place: Place, unit: Unit) -> Amount:
    full = made.pick(("per 1", "per full 7", "per 3"))
    text = f"{rate(made, unit)} {full} of {count(made, place)}"
    if "worth" in made.tables and made.chance(40):
        text = f"{made.amount(unit, 9, 1)} * worth"
    return Amount(text, unit)


def _summed(made: Made, place: Place, unit: Unit) -> Amount:
    """Parts added before the one rounding."""
    parts = [
        f"{rate(made, unit)} {made.pick(('per', 'per full'))} {_step(made)} of {money(made, place)}",
        f"{rate(made, unit)} per full 50 of miles",
        f"{rate_table(made, place, unit)} per 10 {made.currency} of net",
        made.amount(unit, 30, 0),
    ]
    return Amount(" plus ".join(made.some(parts, 2)), unit)


def _each_line(made: Made, place: Place, unit: Unit) -> Amount:
    """Formed and rounded on each line."""
    on = place.on_line()
    one, two = rate(made, unit), rate(made, unit)
    forms = [
        f"{one} per {_step(made)} of net",
        f"{one} per full {_step(made)} of amount",
        f"by kind {{ room: {one}  food or spa: {two}  otherwise: nothing }} per {_step(made)} of net",
        made.amount(unit, 9, 1),
        f'by sku {{ "A1": {one}  "B2" or "C3": {two}  otherwise: nothing }}',
    ]
    where = f" where {conditions.line_condition(made, on)}" if made.chance(70) else ""
    return Amount(f"{made.pick(forms)} of each line{where}", unit, lines=True, each_line=True)


def _of_award(made: Made, place: Place, unit: Unit) -> Amount:
    """A share of what another rule gave, or of its part on some lines."""
    bases = [base for base in made.bases if base.unit is unit]
    if not bases:
        return _rated(made, place, unit)
    base = made.pick(bases)
    if made.lines and place.event == "visit" and base.lines and made.chance(60):
        where = conditions.line_condition(made, place.on_line())
        return Amount(f"{percent(made, place)} of {base.name} of lines where {where}", unit, lines=False)
    return Amount(f"{percent(made, place)} of {base.name}", unit)


def cashback(made: Made, place: Place, unit: Unit) -> Amount:
    """Money, given in the unit that counts it."""
    sliced = [track for track in made.of_measure("money") if track.sliced]
    if sliced and place.event == "visit" and made.chance(45):
        track = made.pick(sliced)
        low = f"-9_000_000 {made.currency}" if track.signed else f"0 {made.currency}"
        cuts = sorted({made.number(1, 400), made.number(401, 1500)})[: made.number(1, 2)]
        rows = "  ".join(f"from {cut} {made.currency}: {made.number(0, 9)}%" for cut in cuts)
        del low
        return Amount(f"across {track.name} {{ from 0 {made.currency}: {made.number(1, 9)}%  {rows} }}", unit)
    if place.event == "visit" and made.lines and made.chance(50):
        where = conditions.line_condition(made, place.on_line())
        return Amount(f"{percent(made, place)} of (net of lines where {where})", unit)
    return Amount(f"{percent(made, place)} of {money(made, place)}", unit)


def counted_across(made: Made, unit: Unit) -> Amount | None:
    """Points for the slices of a count."""
    tracks = [track for track in made.of_measure("count") if track.sliced and not track.signed]
    if not tracks:
        return None
    rows = f"from 0: {rate(made, unit)} per 1  from {made.number(1, 300)}: {rate(made, unit)} per 1"
    return Amount(f"across {made.pick(tracks).name} {{ {rows} }}", unit)


__all__ = [
    "BRANDS",
    "Amount",
    "amount",
    "cashback",
    "count",
    "counted_across",
    "money",
    "percent",
    "rate",
    "rate_table",
]
