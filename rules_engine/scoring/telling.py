"""An explanation as a tree of text, for a person who asks why it is 412 points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rules_engine.scoring.told import (
    BalanceTold,
    CarryTold,
    CodeTold,
    EffectTold,
    Explanation,
    GiveTold,
    LimitTold,
    LotTold,
    OfferTold,
    PriceTold,
    RuleTold,
    TakeTold,
    TrackTold,
    UsedTold,
    ValueTold,
    WayTold,
)


class Branch(msgspec.Struct, frozen=True):
    """A line and what hangs below it."""

    text: str
    inner: tuple[Branch, ...] = ()


def told(explanation: Explanation, rule: str = "") -> str:
    """The whole tree, or that of one rule."""
    if rule:
        named = [_offer(each) for each in explanation.offers if each.rule == rule]
        named += [_rule(each) for each in explanation.rules if each.rule == rule]
        return "\n".join(line for each in named for line in _lines(each))
    parts = [
        _list("time passed", explanation.passed),
        *map(_offer, explanation.offers),
        Branch("prices", tuple(_prices(explanation.price))),
        Branch("paid", tuple(_paid(explanation))),
        Branch("codes", tuple(map(_code, explanation.codes))),
        *(_rule(each) for each in explanation.rules),
        Branch("tracks", tuple(map(_track, explanation.tracks))),
        Branch("tiers", (*map(_way, explanation.ways), *map(Branch, explanation.tiers))),
        _list("given", [_lot(each) for each in explanation.lots]),
        _list("balances", [_balance(each) for each in explanation.balances]),
        _list("lapsing within 30 days", explanation.lapsing),
        _list("said", [f"{each.rule}: {each.text}" for each in explanation.outcome.said]),
    ]
    return "\n".join(
        _lines(Branch(_head(explanation), tuple(each for each in parts if each.inner or ": " in each.text)))
    )


def _head(explanation: Explanation) -> str:
    member = f"member {explanation.member}" if explanation.member is not None else "a guest"
    late = ", late" if explanation.late else ""
    name = f"{explanation.event} {explanation.id}"
    if explanation.posted:
        own = f" of {explanation.member}"
        name = explanation.id.removesuffix(own) if explanation.id.startswith(explanation.event) else name
        return f"{name} of {member} as of {explanation.day}, posted on {explanation.posted}{late}"
    return f"{name} of {member} on {explanation.day}{late}"


def _list(title: str, lines: Iterable[str]) -> Branch:
    return Branch(title, tuple(map(Branch, lines)))


# ---- rules ----


def _rule(rule: RuleTold) -> Branch:
    name = f'"{rule.title}"'
    if rule.why:
        head = f"{name}: not applied, {rule.why}" + (f": {rule.because}" if rule.because else "")
    else:
        head = f"{name}: " + (" and ".join(_came_to(rule)) or "applied")
    gives = tuple(branch for give in rule.gives for branch in _give(give))
    offered = rule.takes if rule.why != "nothing offered" else ()
    takes = tuple(_take(take, rule.why == "held out") for take in offered)
    carries = tuple(map(_carry, rule.carries))
    limits = tuple(_limit(limit) for limit in rule.limits)
    inner = (*map(_value, rule.values), *takes, *gives, *carries, *limits)
    return Branch(head + (f"  ({rule.place})" if rule.place else ""), inner)


def _came_to(rule: RuleTold) -> Iterator[str]:
    """What a rule gave, paid, took and carried, in few words."""
    if rule.paid:
        yield f"{rule.paid} paid"
    for give in rule.gives:
        yield " and ".join(give.split) if give.split else give.given
    for take in rule.takes:
        if take.kind != "presented":
            yield f"{take.taken} taken"
    for carry in rule.carries:
        yield f"{carry.carried} carried into {carry.track}"


def _take(take: TakeTold, held_out: bool) -> Branch:
    """What was taken: asked for or offered, what cut it, from which lots."""
    would = "would be taken" if held_out else "taken"
    key = f"for {take.key}: " if take.key else ""
    inner = (*map(_value, take.values), *(Branch(_used(each)) for each in take.lots))
    cut = f" (cut by {', '.join(_CUTS.get(each, each) for each in take.cuts)})" if take.cuts else ""
    match take.kind:
        case "presented":
            return Branch(f"{take.taken} presented and used up", inner)
        case "accept":
            worth = f", worth {take.value} of {take.room} to pay"
            return Branch(
                f"{key}{take.text or 'accept'} = {take.wanted} offered -> {take.taken} {would}{cut}{worth}", inner
            )
        case "turn" if take.blocks is not None:
            blocks = f"{take.blocks} time{'' if take.blocks == 1 else 's'} {take.wanted}"
            return Branch(f"{key}{blocks} -> {take.taken} {would}{cut}", inner)
        case "turn":
            return Branch(f"{key}{take.wanted} asked for -> {take.taken} {would}{cut}", inner)
        case _:
            return Branch(f"{key}{take.text or 'deduct'} = {take.wanted} -> {take.taken} {would}{cut}", inner)


_CUTS = {"balance": "the balance", "steps": "whole steps", "room": "what is to pay"}


def _used(lot: UsedTold) -> str:
    """A lot that was used."""
    words = [f"{lot.amount} of {lot.earned} from {lot.source}"]
    words += [f"of {lot.holder}"] if lot.holder else []
    words += [f"with {', '.join(lot.facts)}"] if lot.facts else []
    return ", ".join([*words, f"valid through {lot.expires}" if lot.expires else "valid without end"])


def _carry(carry: CarryTold) -> Branch:
    steps = carry.exact if carry.exact == carry.carried else f"{carry.exact} -> {carry.carried} carried"
    return Branch(f"{carry.text or 'carry'} = {steps}", tuple(map(_value, dict.fromkeys(carry.values))))


# ---- offers ----


def _offer(offer: OfferTold) -> Branch:
    name = f'"{offer.title}"'
    if offer.why:
        head = f"{name}: not applied, {offer.why}" + (f": {offer.because}" if offer.because else "")
    else:
        head = f"{name}: " + (" and ".join(filter(None, map(_done, offer.effects))) or "applied")
    code = (Branch(f"{'with' if offer.why else 'set off by'} the code {offer.code}"),) if offer.code else ()
    sets = (Branch(f"{offer.sets} set{'' if offer.sets == 1 else 's'}"),) if offer.sets else ()
    effects = tuple(branch for effect in offer.effects for branch in _effect(effect))
    limits = tuple(map(_limit, offer.limits))
    takes = tuple(_take(take, False) for take in offer.takes)
    inner = (*code, *takes, *map(_value, offer.values), *sets, *effects, *limits)
    return Branch(head + (f"  ({offer.place})" if offer.place else ""), inner)


def _done(effect: EffectTold) -> str:
    """What an effect did, in a word."""
    if effect.kind == "add":
        return f"{effect.given} free"
    if effect.kind == "charge":
        return f"{effect.given} charged"
    if not effect.parts:
        return ""
    return f"{effect.given[1:]} on top" if effect.given.startswith("-") else f"{effect.given} off"


def _effect(effect: EffectTold) -> Iterator[Branch]:
    steps = [effect.exact] if effect.exact else []
    if effect.wanted != effect.exact and effect.kind != "add":
        how = f"rounded {effect.rounded}" if effect.cut not in ("up to", "never below") else effect.cut
        steps.append(f"{effect.wanted} wanted" + (f" ({how})" if effect.exact else ""))
    if effect.given != effect.wanted:
        by = effect.cut if effect.cut.startswith("lost to") else f"cut by {effect.cut_by or effect.cut}"
        steps.append(f"{effect.given} given" + (f" ({by})" if effect.cut_by or effect.cut else ""))
    inner = [*map(_value, effect.values)]
    if effect.elements > 1 and effect.kind in ("take", "price"):
        inner.insert(
            0,
            Branch(
                f"formed {effect.elements} times; the first:" if effect.values else f"formed {effect.elements} times"
            ),
        )
    if effect.parts:
        inner.append(Branch("on " + ", ".join(effect.parts)))
    amount = f" = {' -> '.join(steps)}" if steps else ""
    yield Branch(f"{effect.text or effect.kind}{amount}", tuple(inner))


def _prices(price: PriceTold | None) -> Iterator[Branch]:
    if price is None:
        return
    for line in price.lines:
        steps = [f"{step.price} after {step.stage} ({', '.join(step.taken)})" for step in line.steps]
        tax = f", tax {line.tax}" if line.tax else ""
        yield Branch(f"{line.line}: {' -> '.join([line.list, *steps])}{tax}")
    yield from (Branch(f"charge by {each}") for each in price.charges)
    yield from (Branch(f"gift by {each}") for each in price.gifts)
    rest = [f"shipping {price.shipping}"] if price.shipping else []
    rest += [f"charges {price.charged}"] if price.charged else []
    rest += [f"tax {price.tax}"] if price.tax else []
    yield Branch(", ".join([f"net {price.net}", *rest, f"total {price.total}"]))


def _code(code: CodeTold) -> Branch:
    if code.rules:
        return Branch(f"{code.code}: set off " + ", ".join(f'"{rule}"' for rule in code.rules))
    return Branch(f"{code.code}: refused, {code.reason} (the customer reads: {code.public})")


# ---- amounts ----


def _give(give: GiveTold) -> Iterator[Branch]:
    if not give.exact:
        return
    steps = [give.exact]
    if give.wanted != give.exact:
        steps.append(f"{give.wanted} wanted" + (f" (rounded {give.rounded})" if give.rounded else ""))
    if give.given != give.wanted:
        steps.append(f"{give.given} given" + (f" (cut by {give.cut_by})" if give.cut_by else ""))
    mark = f"at mark {give.mark}: " if give.mark is not None else f"for {give.key}: " if give.key else ""
    inner = [*map(_value, give.values)]
    if any(give.parts):
        inner.append(Branch("on lines " + ", ".join(f"{n}: {part}" for n, part in enumerate(give.parts, 1))))
    if give.split:
        inner.append(Branch("split into " + ", ".join(give.split)))
    if give.to:
        inner.append(Branch(f"to {give.to}"))
    yield Branch(f"{mark}{give.text or 'amount'} = {' -> '.join(steps)}", tuple(inner))


def _limit(limit: LimitTold) -> Branch:
    since = f" since {limit.since}" if limit.since else ""
    passed = "all of it passes" if limit.asked == limit.passed else f"{limit.passed} of it pass"
    room = f"{limit.used} used{since}, {limit.room} left"
    return Branch(f"{limit.text or 'limit'}: {room}; {limit.asked} asked, {passed}")


def _value(value: ValueTold) -> Branch:
    line = f"line {value.line}: " if value.line is not None else ""
    mark = ": " if value.text == "left out" or value.text.startswith("where ") else " = "
    shown = f"{mark}{value.value}" if value.value else ""
    return Branch(f"{line}{value.text or 'value'}{shown}", tuple(map(_value, value.inner)))


# ---- the rest ----


def _track(track: TrackTold) -> Branch:
    keys = (Branch(f"{key.track}: {key.before} -> {key.after}") for key in track.keys)
    return Branch(f"{track.track}: {track.before} -> {track.after}", tuple(keys))


def _paid(explanation: Explanation) -> Iterator[Branch]:
    """What redeems paid, and what is left."""
    for each in explanation.payments:
        yield Branch(f'"{each.title}": {each.value} for {each.taken}, on {", ".join(each.parts)}')
    if explanation.paid:
        yield Branch(f"{explanation.paid} left to pay")


def _balance(each: BalanceTold) -> str:
    of = f" of the household {each.household}" if each.household else ""
    owed = f" ({each.owed_before} owed -> {each.owed_after} owed)" if each.owed_before else ""
    return f"{each.unit}{of}: {each.before} -> {each.after}{owed}"


def _way(way: WayTold) -> Branch:
    name = way.tier if way.way == way.tier else f"{way.tier} by {way.way}"
    verdict = "holds" if way.holds else f"does not hold: {way.because}"
    return Branch(f"{name} {verdict}")


def _lot(lot: LotTold) -> str:
    words = [f"{lot.amount} from {lot.source}"]
    words += [f"to {lot.to}"] if lot.to else []
    words += [f"pending through {lot.pending}"] if lot.pending else []
    words += [f"valid through {lot.expires}"] if lot.expires else []
    words += [f"valid for {span}" for span in lot.spans]
    return ", ".join(words if lot.expires or lot.spans else [*words, "valid without end"])


def _lines(branch: Branch, lead: str = "", below: str = "") -> Iterator[str]:
    """A tree drawn with box characters."""
    yield lead + branch.text
    for place, each in enumerate(branch.inner):
        last = place == len(branch.inner) - 1
        yield from _lines(each, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
