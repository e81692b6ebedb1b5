"""An explanation as a page: what came out, then every rule with what it gave or why not, down to the values it read.

In: an `Explanation`, and near misses where they were asked for. Out: HTML that needs nothing else, or JSON. What a
person may want to look into is folded, and needs no script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rules_engine.pages import Markup, bullets, element, fold, join, page, table
from rules_engine.scoring import (
    EffectTold,
    Explanation,
    GiveTold,
    LimitTold,
    Near,
    NearMiss,
    OfferTold,
    PriceTold,
    RuleTold,
    TakeTold,
    ValueTold,
)


def explanation_json(explanation: Explanation, near: Near | None = None) -> bytes:
    """An explanation as JSON text; near misses stand in it under `near`, where they were asked for."""
    encoded = explanation.to_json()
    return encoded if near is None else encoded[:-1] + b',"near":' + msgspec.json.encode(near) + b"}"


def explanation_page(explanation: Explanation, near: Near | None = None) -> str:
    """An explanation as a whole HTML page."""
    member = f"member {explanation.member}" if explanation.member is not None else "a guest"
    title = f"{explanation.event} {explanation.id}"
    late = ", which came late" if explanation.late else ""
    posted = f", posted on {explanation.posted}" if explanation.posted else ""
    parts = [
        element("h1", title),
        element("p", f"Of {member} on {explanation.day}{posted}{late}."),
        *_section("What came out", _came_out(explanation)),
        *_section("What it nearly got", _near(near) if near is not None else ()),
        *_section("Offers", map(_offer, explanation.offers)),
        *_section("What is to be paid", _price(explanation.price)),
        *_section("Rules", map(_rule, explanation.rules)),
        *_section("Tiers", _tiers(explanation)),
        *_section("Tracks", _tracks(explanation)),
        *_section("What time did before", [bullets(explanation.passed)] if explanation.passed else ()),
        *_section("What lapses within 30 days", [bullets(explanation.lapsing)] if explanation.lapsing else ()),
    ]
    return page(title, join(parts))


def _section(title: str, parts: Iterable[Markup]) -> list[Markup]:
    found = list(parts)
    return [element("h2", title), *found] if found else []


# ---- the whole ----


def _came_out(explanation: Explanation) -> Iterator[Markup]:
    lots = [[lot.amount, lot.source, lot.pending, lot.expires, lot.to] for lot in explanation.lots]
    if lots:
        yield _some_columns(["units", "from", "pending until", "valid until", "to"], lots)
    if explanation.price is not None:
        yield element("p", "To pay: ", element("b", explanation.paid or explanation.price.total))
    said = [f"{each.rule}: {each.text}" for each in explanation.outcome.said]
    rows = [
        *explanation.tiers,
        *(f"{each.title} paid {each.value} for {each.taken}" for each in explanation.payments),
        *(f"balance of {each.unit}: {each.before} -> {each.after}" for each in explanation.balances),
        *(f"code {each.code}: {', '.join(each.rules) or each.reason}" for each in explanation.codes),
        *said,
    ]
    if rows:
        yield bullets(rows)
    if not lots and not rows and explanation.price is None:
        yield element("p", "Nothing.")


def _some_columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table without the columns that are empty."""
    kept = [place for place in range(len(head)) if any(row[place] for row in rows)]
    return table([head[place] for place in kept], ([row[place] for place in kept] for row in rows))


def _near(near: Near) -> Iterator[Markup]:
    proved = [each for each in near.misses if each.proved]
    said = [each for each in near.misses if not each.proved]
    if proved:
        yield bullets([_miss(each) for each in proved])
        yield element("p", "Each was scored with the change, and does not do with one step less.", class_="soft")
    else:
        yield element("p", "Nothing that a change of this event would mend.")
    if said:
        yield element("h3", "Not in this event's hands")
        yield bullets([_named(each.text(), each.place) for each in said])
    if near.beyond:
        yield element("p", f"And {near.beyond} farther away.", class_="soft")


def _miss(miss: NearMiss) -> Markup:
    more = [*(each.where() for each in miss.changes), *(f"and besides: {each}" for each in miss.besides)]
    return join([element("b", miss.text()), " ", _place(miss.place), bullets(more)], "")


def _price(price: PriceTold | None) -> Iterator[Markup]:
    if price is None:
        return
    rows = [
        [each.line, each.list, "; ".join(f"{step.stage} {step.price}" for step in each.steps), each.net, each.tax]
        for each in price.lines
    ]
    yield _some_columns(["line", "list", "after", "net", "tax"], rows)
    yield bullets([*price.charges, *price.gifts, f"total {price.total}"])


def _tiers(explanation: Explanation) -> Iterator[Markup]:
    for way in explanation.ways:
        mark = element("span", "holds", class_="good") if way.holds else element("span", "does not", class_="bad")
        named = f" by {way.way}" if way.way != way.tier else ""
        because = f" {way.because}" if way.because else ""
        yield _folded(join([mark, f" {way.tier}{named} on {way.day}{because}"], ""), map(_value, way.values))


def _tracks(explanation: Explanation) -> Iterator[Markup]:
    rows = []
    for each in explanation.tracks:
        rows.append([each.track, each.before, each.after])
        rows += [[f"{each.track}: {key.track}", key.before, key.after] for key in each.keys]
    if rows:
        yield table(["track", "before", "after"], rows)


# ---- rules ----


def _rule(rule: RuleTold) -> Markup:
    came_to = " and ".join(
        [
            *([f"{rule.paid} paid"] if rule.paid else []),
            *(" and ".join(give.split) if give.split else give.given for give in rule.gives),
            *(f"{take.taken} taken" for take in rule.takes if take.kind != "presented"),
            *(f"{each.carried} carried into {each.track}" for each in rule.carries),
        ]
    )
    inner = [
        *map(_value, rule.values),
        *map(_take, rule.takes if rule.why != "nothing offered" else ()),
        *map(_give, rule.gives),
        *map(_limit, rule.limits),
    ]
    return _folded(_head(rule, came_to), inner)


def _offer(offer: OfferTold) -> Markup:
    came_to = " and ".join(each.given for each in offer.effects)
    inner = [
        *map(_value, offer.values),
        *map(_effect, offer.effects),
        *map(_take, offer.takes),
        *map(_limit, offer.limits),
    ]
    return _folded(_head(offer, came_to), inner)


def _head(rule: RuleTold | OfferTold, came_to: str) -> Markup:
    """The title with what it came to, or why it did not act."""
    if rule.applied:
        mark, said = element("span", "applied", class_="good"), came_to
    else:
        mark = element("span", "not applied", class_="bad")
        said = rule.why + (f": {rule.because}" if rule.because else "")
    return join([element("b", rule.title), " ", mark, " ", said, " ", _place(rule.place)], "")


def _give(give: GiveTold) -> Markup:
    steps = [
        f"exactly {give.exact}" if give.exact and give.exact != give.wanted else "",
        f"rounded {give.rounded} to {give.wanted}" if give.exact and give.exact != give.wanted and give.rounded else "",
        f"cut to {give.given} by {give.cut_by or 'a limit'}" if give.given != give.wanted else "",
        f"pending until {give.pending}" if give.pending else "",
        f"valid until {give.expires}" if give.expires else "",
        f"on lines: {', '.join(give.parts)}" if give.parts else "",
    ]
    return _folded(_said(give.text or "give", give.given), [*map(_value, give.values), *_steps(steps)])


def _effect(effect: EffectTold) -> Markup:
    steps = [
        f"exactly {effect.exact}" if effect.exact and effect.exact != effect.wanted else "",
        f"{effect.wanted} wanted, {effect.given} given" if effect.wanted != effect.given else "",
        effect.cut + (f" by {effect.cut_by}" if effect.cut_by else ""),
        *effect.parts,
    ]
    return _folded(_said(effect.text or effect.kind, effect.given), [*map(_value, effect.values), *_steps(steps)])


def _take(take: TakeTold) -> Markup:
    steps = [*take.cuts, *(f"{lot.amount} of {lot.earned} from {lot.source}" for lot in take.lots)]
    return _folded(_said(take.text or take.kind, f"{take.taken} taken"), [*map(_value, take.values), *_steps(steps)])


def _limit(limit: LimitTold) -> Markup:
    since = f" since {limit.since}" if limit.since else ""
    said = f"used{since} {limit.used}, room {limit.room}, asked {limit.asked}, let through {limit.passed}"
    return element("div", _said(limit.text, said))


def _steps(steps: Iterable[str]) -> Iterator[Markup]:
    return (element("div", each) for each in steps if each)


def _value(value: ValueTold) -> Markup:
    line = f" (line {value.line})" if value.line is not None else ""
    return _folded(_said(value.text, f"{value.value}{line}"), map(_value, value.inner))


def _said(text: str, value: str) -> Markup:
    return join([element("code", text), " = ", value], "")


def _named(text: str, place: str) -> Markup:
    return join([text, " ", _place(place)], "")


def _place(place: str) -> Markup:
    return element("span", place, class_="source") if place else Markup("")


def _folded(head: Markup, inner: Iterable[Markup]) -> Markup:
    """What can be opened, where there is something in it."""
    found = list(inner)
    return fold(head, join(found)) if found else element("div", head)
