"""Offers of all stages, how they go together, and what is earned after them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.generating import conditions, effects, measures, memory, rules, shop, wanting
from tests.generating.effects import Aim
from tests.generating.made import KINDS, ODD_TEXT, Made, Place, Track

PERS = ("unit", "line", "basket")


@dataclass
class Offer:
    """An offer under construction: how others name it, and the clauses that its neighbours decide."""

    number: int
    stage: str
    named: bool
    coded: bool = False
    group: str = ""
    code: str = ""
    tag: str = ""
    priority: int = 0
    consent: str = ""
    where: str = ""

    @property
    def name(self) -> str:
        """The name by which others list it."""
        return f"o{self.number}" if self.named else f'"Offer {self.number}"'


@dataclass
class Stand:
    """All offers so far, the rows of `stacking`, and the groups that were said."""

    offers: list[Offer] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    groups: dict[str, list[Offer]] = field(default_factory=dict)

    def add(self, made: Made, stage: str, *, group: str = "", where: str = "") -> Offer:
        """Another offer of a stage."""
        coded = wanting.shop_of(made).codes and made.chance(15 if wanting.shop_of(made).dense else 30)
        added = Offer(len(self.offers), stage, made.chance(40), coded, group, where=where)
        self.offers.append(added)
        return added


def offers(made: Made) -> list[str]:
    """Every offer and group; the rows of `stacking`."""
    stand = Stand()
    pricing = wanting.shop_of(made).price == "offers"
    known = wanting.STAGES if wanting.shop_of(made).shipping else wanting.STAGES[:3]
    stages = [each for each in known if made.chance(45) or (pricing and each == "catalogue")]
    for stage in stages or ["basket"]:
        if made.chance(10) and not (pricing and stage == "catalogue"):
            _apart(made, stand, stage)
        else:
            _stage(made, stand, stage)
    _consents(made, stand)
    for each in stand.offers:
        _say(made, each, stand)
    made.rules += [each.name for each in stand.offers]
    return stand.rows


# ---- how they go together


def _apart(made: Made, stand: Stand, stage: str) -> None:
    """Offers that cannot meet: each keeps to its own kind of line, and no order is said."""
    told = wanting.shop_of(made)
    apart = told.lines and (stage != "shipping" or told.flagged)
    mine = [stand.add(made, stage, where=f"kind is {kind}" if apart else "") for kind in made.some(KINDS, 2)[:3]]
    if not apart:
        stand.rows.append(f"{stage}: all in order {', '.join(each.name for each in mine)}")


def _stage(made: Made, stand: Stand, stage: str) -> None:
    """Some offers of a stage, now and then in a group, and the row that orders them."""
    entries: list[str] = []
    loose = [stand.add(made, stage) for _ in range(made.pick((0, 1, 1, 2, 2, 3)))]
    entries += [each.name for each in loose]
    if not loose or made.chance(60 if wanting.shop_of(made).dense else 40):
        name = f"{stage}_group"
        sizes = (2, 3, 3, 4) if wanting.shop_of(made).dense else (1, 2, 2, 3, 3)
        members = [stand.add(made, stage, group=name) for _ in range(made.pick(sizes))]
        stand.groups[name] = members
        _group(made, name, members)
        entries.append(name)
    made.rng.shuffle(entries)
    if len(entries) > 1 or made.chance(50):
        stand.rows.append(f"{stage}: {_policy(made, entries, loose if len(loose) == len(entries) else [])}")


def _policy(made: Made, names: list[str], members: list[Offer]) -> str:
    """A choice, its scope and its order; members may carry priorities, or come in the order of their codes."""
    choices = ("all", "all", "first", "best", "best", "best together")
    choice = made.pick((*choices, "all", "all") if wanting.shop_of(made).dense else choices)
    words = f"{choice} per {made.pick(PERS)}" if choice in ("first", "best") else choice
    words += " per basket" if choice == "best together" else ""
    if members and made.chance(20):
        numbers = made.rng.sample(range(1, 30), len(members))
        for each, number in zip(members, numbers, strict=True):
            each.priority = number
        return f"{words} by priority {made.pick(('highest', 'lowest'))} first"
    if members and len(members) <= len(shop.CODES) and wanting.shop_of(made).codes and made.chance(15):
        for each, code in zip(members, made.rng.sample(shop.CODES, len(members)), strict=True):
            each.coded, each.code = True, code
        return f"{words} in order of codes"
    return f"{words} in order {', '.join(names)}"


def _group(made: Made, name: str, members: list[Offer]) -> None:
    listed = [each.name for each in members]
    made.rng.shuffle(listed)
    policy = _policy(made, listed, members)
    full = f"at most {made.pick((1, 1, 2))} rules" if made.chance(35) else ""
    if full and made.chance(60) and not any(each.priority or each.code for each in members):
        policy = f"all in order {', '.join(listed)}"
    for each in members if full and wanting.shop_of(made).codes else ():
        each.coded = each.coded or made.chance(60)
    consent = made.pick(("combines with everything", f"combines with {made.pick(listed)}", "combines with nothing"))
    made.say(
        f"group {name} {{",
        f"  {policy}",
        "  shares claims" if made.chance(45 if wanting.shop_of(made).dense else 30) else "",
        f"  {full}" if full else "",
        "  exclusive ones first" if made.chance(15) else "",
        f"  {consent}{_on_same(made)}" if made.chance(20) else "",
        *(f"  {each}" for each in _limits(made, grouped=True)),
        "}",
    )


def _on_same(made: Made) -> str:
    return f" on the same {made.pick(('unit', 'line', 'line', 'basket'))}" if made.chance(65) else ""


def _consents(made: Made, stand: Stand) -> None:
    """Who goes together with whom: own lists, over stages too, by name, by group, by tag."""
    dense = wanting.shop_of(made).dense
    if made.chance(45):
        return
    for each in stand.offers:
        each.tag = made.pick(("sale", "sale", "club")) if made.chance(30) else ""
    tags = [f"tag {tag}" for tag in dict.fromkeys(each.tag for each in stand.offers if each.tag)]
    for each in stand.offers:
        if each.where or not made.chance(55 if dense else 30):
            continue
        others = [other.name for other in stand.offers if other is not each] + list(stand.groups) + tags
        some = ", ".join(made.some(others)[:2]) if others else "everything"
        each.consent = f"combines with {made.pick(('nothing', 'nothing', 'everything', some, some))}{_on_same(made)}"


# ---- one offer


def _say(made: Made, offer: Offer, stand: Stand) -> None:
    """The text of an offer, one clause on a line."""
    aim = Aim(Place(f"{offer.stage} offer", "order"), offer.where, free=not offer.where)
    trigger = f'with code "{offer.code}"' if offer.code else _code(made) if offer.coded else "automatic"
    when = _when(made, aim)
    acting = _effects(made, aim)
    dates = "" if wanting.shop_of(made).dense and made.chance(70) else rules.dates(made, aim.place)
    made.say(
        f'{offer.stage} offer "Offer {offer.number}"{f" as o{offer.number}" if offer.named else ""} {{',
        f"  on order{dates}",
        f"  {trigger}",
        f"  when {when}" if when else "",
        *acting,
        f'  say "{made.pick(("Thank you", ODD_TEXT))}"' if made.chance(10) else "",
        *(f"  {each}" for each in _limits(made, coded=offer.coded, sets=acting[0].endswith("{"))),
        f"  competes in {offer.group}" if offer.group else "",
        f"  tag {offer.tag}" if offer.tag else "",
        f"  priority {offer.priority}" if offer.priority else "",
        f"  {offer.consent}" if offer.consent else "",
        f"  on return {shop.returned(made)}" if wanting.shop_of(made).returnable and made.chance(60) else "",
        "}",
    )


def _effects(made: Made, aim: Aim) -> list[str]:
    pricing = wanting.shop_of(made).price == "offers" and aim.stage == "catalogue offer"
    if not pricing and aim.stage != "shipping offer" and made.chance(40 if wanting.shop_of(made).dense else 28):
        return effects.sets(made, aim)
    return [f"  {each}" for each in effects.effects(made, aim)]


def _code(made: Made) -> str:
    listed = [name for name, kind in made.defines.items() if kind == "codes"]
    forms = [f'with code "{code}"' for code in shop.CODES]
    forms += [f"with code from {name}" for name in listed] * 2
    forms += ["with code from member.vouchers"] * 2
    return made.pick(forms)


def _when(made: Made, aim: Aim) -> str:
    if aim.free:
        often = 10 if wanting.shop_of(made).dense else 40
        return conditions.condition(made, aim.place) if made.chance(often) else ""
    simple = ("vip", f"miles > {made.number(0, 300)}", "brand is city", "has who" if made.guest else "vip is no")
    return made.pick(simple) if made.chance(30) else ""


def _limits(made: Made, *, grouped: bool = False, coded: bool = False, sets: bool = False) -> list[str]:
    """Limits by times, by sets and by amount: of an event, a member, a code, a field, a period, in total."""
    found: list[str] = []
    scopes = ["per member", "per member per calendar month", "in total", "in total per calendar year"]
    scopes += ["per member per 30 days", "per member per brand", "per brand", "per miles per calendar week"]
    scopes += ["per code", "per code per member"] if coded else []
    tail = ", or nothing" if made.chance(25) and not grouped else ""
    if made.chance(35 if grouped else 20):
        what = made.pick(("times", "sets")) if sets else "times"
        found.append(f"at most {made.number(1, 4)} {what} {made.pick(scopes)}{tail}")
    elif made.chance(8):
        found.append(f"once {made.pick(scopes)}")
    if sets and made.chance(20):
        found.append(f"at most {made.number(1, 3)} sets")
    if made.chance(22):
        scope = made.pick((*scopes, "", "", ""))
        for code in made.some(wanting.shop_of(made).currencies):
            most = made.money(9000 if code == "JPY" else 90, 1, code)
            found.append(f"at most {most} {scope}".rstrip() + tail)
    return found


# ---- what is earned after them


def earned(made: Made) -> None:
    """Tracks, tiers, earns and a reward over what orders come to."""
    place = Place("earn", "order")
    single = len(wanting.shop_of(made).currencies) == 1
    _tracks(made, single)
    memory.tiers(made)
    unit = made.units[0]
    if single:
        text = f"{measures.rate(made, unit)} per 1 {made.currency} of {_net(made)}"
        rules.rule(made, "earn", "Base points", "base", place, [measures.Amount(text, unit)], plain=made.chance(60))
    if made.chance(40):
        award = measures.Amount(made.amount(unit, 40, 1), unit)
        rules.rule(made, "earn", "Bonus", "bonus", place, [award])
    if single and made.chance(45):
        text = f"{measures.rate(made, unit)} per full {made.number(2, 30)} {made.currency} of {_net(made)}"
        rules.rule(made, "earn", "Blocks", "blocks", place, [measures.Amount(text, unit)])
    if made.chance(25):
        on = f"  on order{rules.dates(made, place)}"
        made.say('earn "Hello" {', on, f"  when {conditions.condition(made, place)}", '  say "Hello"', "}")
    if made.chance(30):
        track = made.pick([each for each in made.tracks if each.measure == "count"])
        gift = measures.Amount(made.amount(unit, 90, 1), unit)
        first = f"{track.name} reaches {made.number(1, 5)}"
        rules.rule(made, "reward", "Crossing", "crossing", Place("reward", "order"), [gift], first=first)


def _net(made: Made) -> str:
    if made.chance(30):
        return wanting.measure(made, Place("earn", "order"))
    base = wanting.base(made, "earn") if made.chance(40) else "net"
    if wanting.shop_of(made).lines and made.chance(40):
        base += f" of lines where {wanting.line(made, Place('earn', 'order', line=True))}"
    return base


def _tracks(made: Made, single: bool) -> None:
    windows = ("calendar month", "calendar year", "lifetime", "90 days")
    if single:
        money = wanting.measure(made, Place("track", "order")) if made.chance(35) else "net"
        memory.declare(made, "spend", "money", f"sum of {money}", on="order", moving=False)
    made.say(f"track orders = count, on order, per {made.pick(windows)}")
    made.tracks.append(Track("orders", "count", "moving"))
