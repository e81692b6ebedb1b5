"""What an offer does: discounts of every grain, prices, sets, fees and gifts."""

from __future__ import annotations

from dataclasses import dataclass

from tests.generating import conditions, wanting
from tests.generating.made import BRANDS, KINDS, MODES, SKUS, Made, Option, Place
from tests.generating.shop import TREATS

ORDERS = ("cheapest first", "dearest first", "sorted by rank", "sorted by rank highest first")


@dataclass(frozen=True)
class Aim:
    """Whom an offer's effects may reach: the filter that all of them keep to (empty: none), and where they stand."""

    place: Place
    where: str = ""
    free: bool = True  # whether the effects may add a filter of their own, and reach shipping or the whole basket

    @property
    def stage(self) -> str:
        """The kind of the offer."""
        return self.place.stage


def effects(made: Made, aim: Aim) -> list[str]:
    """One effect, or two, or three; each a clause."""
    makers: list[Option] = [lambda: discount(made, aim)] * 6
    if aim.stage == "catalogue offer" and wanting.shop_of(made).price == "offers":
        return [f"price each unit{_where(made, aim)} at {established(made, aim)}"]
    makers += [lambda: priced(made, aim)] * 2
    if aim.free:
        makers += [lambda: charge(made, aim), lambda: gift(made)]
    found = [made.one(makers)]
    while len(found) < 3 and made.chance(20):
        found.append(made.one(makers))
    return found


# ---- discounts and prices


def discount(made: Made, aim: Aim) -> str:
    """`take AMOUNT off GRAIN`."""
    grain, text, order = _grain(made, aim)
    off = amount(made, aim, grain)
    plain = off.replace(".", "").replace("_", "").split()[0].isdigit() and len(off.split()) == 2
    return f"take {off} off {text}{order}{_mods(made, aim, grain, off if plain and grain == 'total' else '')}"


def priced(made: Made, aim: Aim) -> str:
    """`price GRAIN at AMOUNT`."""
    grain, text, order = _grain(made, aim)
    return f"price {text} at {price(made, aim, grain)}{order}{_price_mods(made, aim)}"


def _has_fields(made: Made, aim: Aim) -> bool:
    """Whether what the effect reaches has fields: shipping that is an amount of the order has none."""
    return aim.stage != "shipping offer" or wanting.shop_of(made).flagged


def _where(made: Made, aim: Aim, percent: int = 60) -> str:
    percent = percent // 2 if wanting.shop_of(made).dense else percent
    if not _has_fields(made, aim):
        return ""
    if aim.where:
        own = f" and ({wanting.line(made, aim.place.on_line())})" if aim.free and made.chance(25) else ""
        return f" where {aim.where}{own}"
    if not wanting.shop_of(made).lines or not made.chance(percent):
        return ""
    return f" where {wanting.line(made, aim.place.on_line())}"


def _grain(made: Made, aim: Aim) -> tuple[str, str, str]:
    """A grain, what it selects, and the order in which units stand in a row."""
    grain = made.pick(("unit", "unit", "line", "line", "total", "total", "total"))
    if grain == "total":
        return grain, f"the total of {selected(made, aim)}", ""
    pick = f" at {_pick(made, grain)}" if made.chance(35) else ""
    order = f", {made.pick(ORDERS)}" if "every" in pick else ""
    return grain, f"each {grain}{_where(made, aim)}{pick}", order


def _pick(made: Made, grain: str) -> str:
    number, more = made.number(1, 3), made.number(0, 2)
    which = made.pick(("the cheapest", "the dearest", "the first", "the last"))
    forms = [f"{which} {number}", f"{which} {number} per full {number + more}"]
    if grain == "unit":
        place = made.pick(("1st of 2", "2nd of 3", "3rd of 3", "2nd of 2"))
        forms += [f"every {place}"] * 3
        forms += ["units 2 to 5 of each line", "units 1 to 2 of each line"]
    return made.pick(forms)


def selected(made: Made, aim: Aim) -> str:
    """What a total is of."""
    lines = "shipping" if aim.stage == "shipping offer" else "lines"
    if not aim.free:
        return f"{lines}{_where(made, aim)}"
    if aim.stage != "shipping offer" and wanting.shop_of(made).shipping:
        lines = made.pick(("lines", "lines", "lines", "lines and shipping", "shipping"))
    if made.chance(30):
        picked = made.pick(
            (
                f"the cheapest {made.number(1, 3)} units",
                f"the dearest {made.number(1, 3)} units",
                "the last 2 units",
                "the cheapest 1 per full 3 units",
                f"the dearest {made.number(1, 2)} lines",
                "units 2 to 5 of each line",
            )
        )
        return f"{picked}{_where(made, aim)}"
    if lines == "shipping" and not wanting.shop_of(made).flagged:
        return lines
    return f"{lines}{_where(made, aim, 45)}"


def percent(made: Made) -> str:
    """A share of a base."""
    plain = made.pick(("10%", "20%", "50%", "33.3%", "12.5%", "100%", f"{made.number(1, 99)}%"))
    tables = [
        f"by brand {{ resort: {made.number(0, 30)}%  city or inn: {made.number(1, 90)}% }}",
        f"by vip {{ yes: {made.number(1, 60)}%  no: {made.pick(('nothing', '5%'))} }}",
        "share",
    ]
    if made.tiers:
        tables.append(f"by tier {{ {made.tiers[-1]}: {made.number(1, 90)}%  otherwise: nothing }}")
    return made.pick(tables) if made.chance(25) else plain


def amount(made: Made, aim: Aim, grain: str) -> str:
    """What is taken off an element."""
    known = bool(wanting.bases(made, aim.stage))
    options: list[Option] = [lambda: made.worth(20 if grain == "unit" else 60)]
    if known:
        options += [lambda: f"{percent(made)} of {wanting.base(made, aim.stage, either=False)}"] * 4
        options += [
            *[lambda: per_full(made, aim)] * 2,
            *[lambda: banded(made, aim)] * 2,
            lambda: f"{percent(made)} of {wanting.base(made, aim.stage, either=False)} plus {made.worth(9)}",
            lambda: f"largest of ({percent(made)} of {wanting.base(made, aim.stage, either=False)}, {made.worth(9)})",
            lambda: f"({percent(made)} of {wanting.base(made, aim.stage, either=False)}, up to {made.worth(15)})",
        ]
        if grain != "unit" and aim.free:
            options.append(lambda: f"{made.pick(wanting.bases(made, aim.stage))} of {_within(made)}")
        if aim.free and wanting.shop_of(made).lines:
            options.append(
                lambda: (
                    f"{percent(made)} of ({wanting.base(made, aim.stage, either=False)} of lines where "
                    f"{wanting.line(made, aim.place.on_line())})"
                )
            )
    options.append(lambda: f"by brand {{ resort: {made.worth(20)}  city: {made.worth(9)}  inn: nothing }}")
    options.append(lambda: f"{made.worth(2, 1)} per full 2 of miles")
    codes = wanting.shop_of(made).currencies
    if len(codes) > 1:
        rows = "  ".join(f"{code}: {made.number(1, 9)} {code}" for code in codes)
        options += [f"by currency {{ {rows} }}"] * 2
    if grain in ("unit", "line") and _has_fields(made, aim):
        rows = f"{KINDS[0]}: {made.worth(9)}  {KINDS[1]} or {KINDS[2]}: {made.worth(5)}  otherwise: nothing"
        options += [f"by kind {{ {rows} }}", "special", lambda: f"{made.worth(2)} * rank"]
    return made.one(options)


def _within(made: Made) -> str:
    """Some units of what the effect acts on."""
    number = made.number(1, 2)
    return made.pick((f"the cheapest {number} units", f"the dearest {number} units", "the first 1 per full 2 units"))


def per_full(made: Made, aim: Aim) -> str:
    """So much for each whole step of a measure."""
    codes, base = wanting.shop_of(made).currencies, wanting.base(made, aim.stage)
    if len(codes) > 1:
        return f"{made.worth(12, 1)} per full 2 of miles"
    return f"{made.worth(12, 1)} per {made.pick(('full ', 'full ', ''))}{made.worth(60, 5)} of {base}"


def banded(made: Made, aim: Aim) -> str:
    """An amount by how much there is of a measure."""
    base = wanting.base(made, aim.stage)
    low, more = made.number(1, 40), made.number(1, 90)
    code, *others = wanting.shop_of(made).currencies
    if others:
        return f"{made.worth(9)} plus 5% of {made.pick(wanting.bases(made, aim.stage))}"
    return (
        f"by {base} {{ from {low} {code}: {made.worth(9, 1)}  from {low + more} {code}: {made.worth(40, 5)}"
        "  otherwise: nothing }"
    )


def price(made: Made, aim: Aim, grain: str) -> str:
    """What an element is to cost."""
    options: list[Option] = [lambda: made.worth(40), lambda: made.worth(90)]
    if wanting.bases(made, aim.stage):
        options += [
            lambda: f"{made.pick(('80%', '50%', '66.6%', '110%'))} of {wanting.base(made, aim.stage, either=False)}",
            lambda: f"{wanting.base(made, aim.stage, either=False)} - {made.worth(9)}",
            *[lambda: banded(made, aim)] * 2,
        ]
    if grain in ("unit", "line") and _has_fields(made, aim):
        options += ["special", f"by kind {{ {KINDS[0]}: {made.worth(30)}  otherwise: {made.worth(60)} }}"]
    return made.one(options)


def established(made: Made, aim: Aim) -> str:
    """A price where there is none yet."""
    options = [
        made.worth(90),
        "special",
        f"by kind {{ {KINDS[0]}: {made.worth(30)}  otherwise: {made.worth(60)} }}",
        f"by brand {{ {BRANDS[0]}: {made.worth(30)}  otherwise: {made.worth(60)} }}",
    ]
    return made.pick(options)


def _mods(made: Made, aim: Aim, grain: str, exactly: str = "") -> str:
    """The modifiers of a discount; `exactly` is what it comes to, where that is known."""
    found = []
    if made.chance(25):
        known = wanting.bases(made, aim.stage)
        cap = f"{made.number(10, 60)}% of list" if "list" in known and made.chance(30) else made.worth(30, 1)
        found.append(f"up to {cap}")
    if made.chance(15):
        found.append(f"never below {made.worth(30 if grain == 'total' else 8)}")
    if made.chance(40 if exactly else 10):
        found.append(f"only from {exactly or made.worth(15, 1)}")
    if made.chance(12) and len(wanting.shop_of(made).currencies) == 1:
        found.append(f"in steps of {made.pick(('1', '5', '2'))} {made.currency}")
    return _tail(made, found)


def _price_mods(made: Made, aim: Aim) -> str:
    found = []
    if made.chance(12):
        found.append(f"up to {made.worth(50, 5)}")
    if made.chance(12):
        found.append(f"never below {made.worth(10)}")
    return _tail(made, found)


def _tail(made: Made, found: list[str]) -> str:
    if made.chance(25):
        found.append(made.pick(MODES))
    if made.chance(25):
        taxed = ("split in proportion with tax",) * 6 if wanting.shop_of(made).tax_prices == "exclude" else ()
        found.append(made.pick(("split evenly", "split in proportion", *taxed)))
    if made.chance(10):
        found.append("or nothing")
    return "".join(f", {mod}" for mod in found)


# ---- fees and gifts


def charge(made: Made, aim: Aim) -> str:
    """A fee beside the lines."""
    known = wanting.bases(made, aim.stage)
    share = f"{made.number(1, 9)}% of {made.pick(known)}" if known else made.worth(5, 1)
    return f'charge {made.pick((made.worth(5, 1), share))} as "{made.pick(("service", "card fee"))}"'


def gift(made: Made) -> str:
    """Something for nothing, given or chosen."""
    chosen = wanting.shop_of(made).treat and made.chance(50)
    return f"add {made.number(1, 2)} {'treat' if chosen else chr(34) + made.pick(TREATS) + chr(34)} free"


# ---- sets


def sets(made: Made, aim: Aim) -> list[str]:
    """A loop over sets, and what happens to each."""
    per = made.pick(("", "", " per basket", " per line")) if wanting.shop_of(made).lines else ""
    times = made.number(1, 3)
    head = made.pick(
        (f"for every set{per} of", f"for every set{per} of", f"once for set{per} of", f"for up to {times} sets{per} of")
    )
    count = made.pick((1, 2, 2, 3))
    acting = made.number(0, count) if made.chance(80) else -1
    parts = [
        _part(made, aim, acts=number == acting or made.chance(15), ordered=per != " per line" or made.chance(70))
        for number in range(count)
    ]
    quiet = not any(": " in part for part in parts)
    partial = "  } the last set may be partial" if made.chance(30) else "  }"
    found = [f"  {head} {{", *(f"    {part}" for part in parts), partial]
    if quiet or made.chance(35):
        found.append(f"  {_of_sets(made, aim)}")
    return found


def _part(made: Made, aim: Aim, *, acts: bool, ordered: bool) -> str:
    count = made.pick((1, 1, 2, 3))
    where = _where(made, aim, 55)
    order = f", {made.pick(ORDERS[:2] if made.chance(80) else ORDERS)}" if ordered else ""
    effect = ""
    if acts:
        grain = made.pick(("unit", "unit", "line"))
        verb = (
            f"take {amount(made, aim, grain)} off each {grain}"
            if made.chance(75)
            else f"price each {grain} at {price(made, aim, grain)}"
        )
        effect = f": {verb}"
    return f"{count} {'unit' if count == 1 else 'units'}{where}{order}{effect}"


def _of_sets(made: Made, aim: Aim) -> str:
    options: list[Option] = [
        lambda: f"take {amount(made, aim, 'set')} off each set{_mods(made, aim, 'set')}",
        lambda: f"take {amount(made, aim, 'set')} off each set{_mods(made, aim, 'set')}",
        lambda: f"price each set at {price(made, aim, 'set')}{_price_mods(made, aim)}",
        lambda: f"take {amount(made, aim, 'unit')} off each unit{_where(made, aim, 20)}{_mods(made, aim, 'unit')}",
        lambda: f"take {amount(made, aim, 'line')} off each line{_where(made, aim, 20)}{_mods(made, aim, 'line')}",
    ]
    if aim.free:
        options += [
            lambda: f"take {amount(made, aim, 'total')} off the total of lines{_mods(made, aim, 'total')}",
            lambda: gift(made),
            lambda: charge(made, aim),
        ]
    return made.one(options)


__all__ = ["BRANDS", "ORDERS", "SKUS", "Aim", "conditions", "effects", "sets"]
