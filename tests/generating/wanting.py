"""What an order is asked: its money and counts at each stage, its lines, its units."""

from __future__ import annotations

from tests.generating.made import BRANDS, KINDS, SKUS, Made, Option, Place, Shop

COMPARE = (">=", ">", "<", "<=")
STAGES = ("catalogue", "item", "basket", "shipping")
OFFERS = frozenset(f"{stage} offer" for stage in STAGES)


def shop_of(made: Made) -> Shop:
    """The shop of a program that has one."""
    assert made.shop is not None
    return made.shop


def bases(made: Made, stage: str) -> list[str]:
    """The money bases that a rule of a stage may read; empty where no price is known yet."""
    shop = shop_of(made)
    if stage in ("earn", "reward", "track"):
        was = ["was"] if shop.was else []
        return ["net", "list", "paid", "net", "catalogue", *was, *(f"after {each}" for each in STAGES)]
    if stage in ("tier", "holdout"):
        return ["net", "list", "paid", "net"]
    if stage == "catalogue offer":
        return [] if shop.price == "offers" else ["list", "current", *(["was"] if shop.was else [])]
    found = ["list", "current", "current", *(["was"] if shop.was else []), "catalogue", "after catalogue"]
    if stage in ("basket offer", "shipping offer"):
        found.append("after item")
    if stage == "shipping offer":
        found.append("after basket")
    return found


def base(made: Made, stage: str, *, either: bool = True) -> str:
    """One of them, now and then with its tax side: that of the prices, or either."""
    found = made.pick(bases(made, stage))
    if shop_of(made).tax and stage != "track" and made.chance(70):
        own = " with tax" if shop_of(made).tax_prices == "include" else " without tax"
        found += made.pick((" with tax", " without tax")) if either else own
    return found


# ---- the event


def of_order(made: Made, place: Place) -> list[Option]:
    """Conditions of an order."""
    shop = shop_of(made)
    found: list[Option] = [
        "vip",
        "vip is no",
        lambda: f"brand {made.pick(('is', 'is not'))} {made.pick(BRANDS)}",
        lambda: f"miles {made.pick(COMPARE)} {made.number(0, 500)}",
        lambda: f"share {made.pick(COMPARE)} {made.number(0, 30)}%",
    ]
    if bases(made, place.stage) and (place.stage in OFFERS or len(shop.currencies) == 1):
        found += [lambda: f"{measure(made, place)} {made.pick(COMPARE)} {bound(made, place)}"] * 5
    if shop.treat == "optional":
        found.append("has treat")
    if not shop.lines:
        return [*found, *line_atoms(made, place)]
    on = place.on_line()
    return [
        *found,
        lambda: f"count of (lines where {line(made, on)}) {made.pick(COMPARE)} {made.number(0, 3)}",
        lambda: f"count of (units where {line(made, on)}) {made.pick(COMPARE)} {made.number(0, 6)}",
        lambda: f"distinct sku of lines {made.pick(COMPARE)} {made.number(0, 3)}",
        "count of lines is 0",
        f"count of lines{' and shipping' if shop.shipping else ''} >= {made.number(0, 3)}",
        lambda: f"sum of rank {made.pick(COMPARE)} {made.number(0, 12)}",
    ]


def measure(made: Made, place: Place) -> str:
    """Money of an order, over lines or chosen units."""
    first = base(made, place.stage)
    if not shop_of(made).lines or made.chance(35):
        return first
    on = place.on_line()
    options: list[Option] = [
        lambda: f"({first} of lines where {line(made, on)})",
        lambda: f"({first} of lines where {line(made, on)})",
        *[lambda: f"({first} of {chosen(made, on)})"] * 2,
    ]
    options += [f"({first} of lines and shipping)", f"({first} of shipping)"] if shop_of(made).shipping else []
    return made.one(options if place.stage in (*OFFERS, "earn", "reward") else options[:2])


def chosen(made: Made, on: Place) -> str:
    """Chosen units of an order."""
    number = made.number(1, 4)
    forms = [
        f"the cheapest {number} units",
        f"the dearest {number} units",
        f"the first {number} per full {number + made.number(0, 2)} units",
        "units 2 to 3 of each line",
    ]
    where = f" where {line(made, on)}" if made.chance(60) else ""
    return made.pick(forms) + where


def bound(made: Made, place: Place) -> str:
    """An amount to compare an order's money with."""
    return made.worth(150) if place.stage in OFFERS else made.money(150)


# ---- a line


def line(made: Made, place: Place) -> str:
    """A condition of a line."""
    atoms = line_atoms(made, place)
    first = made.one(atoms)
    if made.chance(20):
        return f"({first}) {made.pick(('and', 'or'))} ({made.one(atoms)})"
    return first


def line_atoms(made: Made, place: Place) -> list[Option]:
    """Conditions of a line, or of an order that is its own line."""
    shop = shop_of(made)
    offered = place.stage in OFFERS
    found: list[Option] = [
        lambda: f"kind {made.pick(('is', 'is not'))} {made.pick(KINDS)}",
        lambda: f"kind in ({', '.join(made.some(KINDS, 2))})",
        lambda: f"kind {made.pick(('is', 'is not'))} {made.pick(KINDS)}",
        "own",
        "not own",
        lambda: f'sku {made.pick(("is", "is not"))} "{made.pick(SKUS)}"',
        'sku in ("A1", "B2", "C3")',
        lambda: f"rank {made.pick(COMPARE)} {made.number(0, 8)}",
        lambda: f"has night and night {made.pick(('from', 'before'))} {made.day()}",
    ]
    lists = [name for name, kind in made.defines.items() if kind == "list"]
    found += [f"sku {made.pick(('in', 'not in'))} {name}" for name in lists]
    if shop.quantity:
        found.append(f"pieces >= {made.number(1, 4)}")
    if shop.flagged:
        found.append("not posted")
    if not offered and len(shop.currencies) > 1:
        return found
    if shop.price != "offers":
        found.append(lambda: f"price {made.pick(COMPARE)} {bound(made, place)}")
    if bases(made, place.stage) and place.line:
        found += [lambda: f"{base(made, place.stage)} {made.pick(COMPARE)} {bound(made, place)}"] * 2
    if place.line and offered and "current" in bases(made, place.stage):
        found.append("not (current < list)")
    if shop.was and shop.price != "offers":
        found.append("before > price" if shop.was == "needed" else "has before and before > price")
    return found
