"""Expectations about money: what offers took, what lines and the event cost, gifts, codes, and what a return pays back.

In: an expectation and what a step did. Out: nothing where it is met, else a `Difference`, in the words of rule files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules_engine import ir, tree
from rules_engine.event import Facts
from rules_engine.outcome import CodeUse, Discount, Outcome
from rules_engine.spelling import normal_code
from rules_engine.workbench.after import After, Difference, grouped, written
from rules_engine.workbench.wire import scaled, unit_named

# ---- an offer ----


def offer_difference(expected: tree.ExpectRule, offer: ir.OfferDef, after: After) -> Difference | None:
    """How what an offer did differs from what a test expects of it."""
    what = f'"{offer.title}"'
    actual = said(offer, after)
    if expected.status is not None:
        met = has(expected.status, offer.key, after)
        return None if met else Difference(what, expected.status, actual, offer.key)
    assert expected.value is not None
    wanted = money_meant(expected.value, after)
    found = taken(offer.key, after)
    if expected.place is not None:
        what += _place_words(expected.place)
        at = _line_number(expected.place.line, after)
        if at is None:
            return Difference(what, written(expected.value), "nothing: the event has no such line", offer.key)
        found = _on_part(offer.key, at, expected.place.unit, after)
        actual = money_words(found, after)
    return None if wanted == found else Difference(what, written(expected.value), actual, offer.key)


def _place_words(place: tree.OnPart) -> str:
    if place.line is None:
        return " on shipping"
    line = f'line "{place.line.value}"'
    return f" on {line}" if place.unit is None else f" on unit {place.unit} of {line}"


def taken(key: str, after: After) -> int:
    """What an offer took in all, or charged if it took nothing; of a return, what is taken back of it, below zero."""
    if after.back is not None:
        back = sum(each.amount for each in after.back.taken if each.rule == key)
        return -(back or sum(each.amount for each in after.back.charges if each.rule == key))
    if after.found is None:
        return 0
    discounts = sum(each.given for each in after.found.discounts if each.rule == key)
    return discounts or sum(each.amount for each in after.found.charges if each.rule == key)


def _on_part(key: str, line: int, unit: int | None, after: After) -> int:
    """What an offer took off a line, or off one of its units, counted from 1."""
    parts = [part for each in _discounts(key, after.found) for part in each.parts if part.line == line]
    if unit is None:
        return sum(part.amount for part in parts)
    return sum(_nth(part.runs, unit) for part in parts)


def _nth(runs: Sequence[tuple[int, int]], unit: int) -> int:
    for count, amount in runs:
        if unit <= count:
            return amount
        unit -= count
    return 0


def _line_number(line: tree.Text | None, after: After) -> int | None:
    """The place of a line by its id, from 0; the event's own shipping stands after the last."""
    if after.event is None:
        return None
    definition = definition_of(after)
    if line is None:
        return len(after.event.lines) if definition.shipping_field else None
    named = definition.line_id_field
    ids = [str(each.get(named)) if named else f"{at}" for at, each in enumerate(after.event.lines, 1)]
    return ids.index(line.value) if line.value in ids else None


def definition_of(after: After) -> ir.EventDef:
    """The kind of the event of a step."""
    assert after.event is not None
    name = after.event.name
    return next(each for each in after.core.events if each.name == name)


def has(status: str, key: str, after: After) -> bool:
    """Whether what an offer did is as a word says."""
    held_out = any(each.held_out for each in _discounts(key, after.found))
    if status == "held out":
        return held_out
    acted = did_something(key, after) or held_out
    if status == "applied":
        return acted and not held_out
    return not acted and (status == "not applied" or after.fate(key) == "limit reached")


def did_something(key: str, after: After) -> bool:
    """Whether an offer gave, charged or added something; of a return, whether something is taken back of it."""
    if after.back is not None:
        return taken(key, after) != 0
    found = after.found
    if found is None:
        return False
    things = {each.rule for each in found.charges} | {each.rule for each in found.gifts}
    return key in things or any(not each.held_out for each in _discounts(key, found))


def _discounts(key: str, found: Outcome | None) -> list[Discount]:
    return [each for each in found.discounts if each.rule == key] if found is not None else []


def said(offer: ir.OfferDef, after: After) -> str:
    """What an offer did, in words."""
    if after.back is not None:
        return money_words(taken(offer.key, after), after)
    found = after.found
    discounts = _discounts(offer.key, found)
    if any(each.held_out for each in discounts):
        return "held out"
    words = []
    if amount := sum(each.given for each in discounts):
        words.append(money_words(amount, after))
    for charge in found.charges if found is not None else ():
        if charge.rule == offer.key:
            words.append(f'a charge of {money_words(charge.amount, after)} as "{charge.label}"')
    for gift in found.gifts if found is not None else ():
        if gift.rule == offer.key:
            words.append(f'{gift.count} "{gift.sku}" free')
    if words:
        return " and ".join(words)
    if did_something(offer.key, after):
        return money_words(0, after)
    return "refused (nothing left under its limits)" if after.fate(offer.key) == "limit reached" else "not applied"


# ---- money ----


def currency_of(after: After) -> str:
    """The currency that the step's money is in; empty where there is none."""
    if after.event is None:
        return ""
    if after.found is not None and after.found.price is not None and after.found.price.currency:
        return after.found.price.currency
    kind = definition_of(after)
    return after.event.currency or kind.currency or kind.priced_unit


def money_meant(value: tree.Node, after: After) -> int | None:
    """The minor units that a test writes; None where it is another currency, or no money."""
    return scaled(value, currency_of(after), after.core)


def money_words(amount: int, after: After) -> str:
    """Minor units as a rule file writes them."""
    code = currency_of(after)
    unit = unit_named(code, after.core)
    if unit is not None:
        return f"{grouped(amount, unit.decimals)} {unit.plural or unit.name}"
    found = next((each for each in after.core.header.currencies if each.code == code), None)
    return f"{grouped(amount, found.decimals if found is not None else 0)} {code}"


def price_difference(expected: tree.ExpectPrice, after: After) -> Difference | None:
    """How what the event costs, or what a return pays back, differs from what a test expects."""
    what = {"net": "net", "paid": "what is paid in money"}.get(expected.what, f"the {expected.what}")
    found = _money_of(expected.what, after)
    if isinstance(found, str):
        return Difference(what, written(expected.value), found)
    wanted = money_meant(expected.value, after)
    return None if wanted == found else Difference(what, written(expected.value), money_words(found, after))


def _money_of(what: tree.PriceWord, after: After) -> int | str:
    """An amount of the event's money, or why there is none."""
    if what in ("refund", "shortfall") or (what == "tax" and after.back is not None):
        return _of_return(what, after)
    if after.back is not None:
        return "not known after a return, which says `refund`, `tax` and `shortfall`"
    price = after.found.price if after.found is not None else None
    if after.found is not None and price is not None and what == "paid":
        left = after.found.to_pay
        return f"nothing: the event is priced in `{price.currency}`" if left is None else left
    if price is not None:
        amount: int = getattr(price, what)
        return amount
    if what in ("shipping", "charges", "tax") or after.event is None:
        return "nothing: no offer and no tax is about this event's money"
    definition = definition_of(after)
    if not definition.list_field:
        return "nothing: there are no prices"
    return sum(_list_price(line, definition) for line in after.event.lines)


def _of_return(what: str, after: After) -> int | str:
    if after.back is None:
        return "nothing: nothing was returned"
    if what == "shortfall":
        return sum(each.amount for each in after.back.shortfalls)
    return after.back.refund if what == "refund" else after.back.tax


def _list_price(line: Facts, definition: ir.EventDef) -> int:
    price = line[definition.list_field]
    pieces = line[definition.quantity_field] if definition.list_each and definition.quantity_field else 1
    assert isinstance(price, int)
    assert isinstance(pieces, int)
    return price * pieces


def line_difference(expected: tree.ExpectLine, after: After) -> Difference | None:
    """How what a line costs, or what a return gives back for it, differs from what a test expects."""
    what = f'line "{expected.line.value}"'
    at = _line_number(expected.line, after)
    if at is None:
        return Difference(what, written(expected.value), "not in the event")
    if after.back is not None:
        found = sum(each.net for each in after.back.lines if each.line == at)
    elif after.found is not None and after.found.price is not None:
        found = after.found.price.lines[at].net
    else:
        return Difference(what, written(expected.value), "without a price: no offer and no tax is about it")
    met = money_meant(expected.value, after) == found
    return None if met else Difference(what, written(expected.value), money_words(found, after))


# ---- gifts and codes ----


def gift_difference(expected: tree.ExpectGift, after: After) -> Difference | None:
    """How the gifts of one kind differ from what a test expects."""
    sku = expected.sku.value
    record = after.back if after.back is not None else after.found
    gifts = [each for each in record.gifts if each.sku == sku] if record is not None else []
    count = sum(each.count for each in gifts)
    if count == expected.count:
        return None
    what = f'the gift "{sku}"'
    rule = gifts[0].rule if gifts else ""
    return Difference(what, f"{expected.count} of it", f"{count} of it" if count else "not added", rule)


def code_difference(expected: tree.ExpectCode, after: After) -> Difference | None:
    """How what became of a code differs from what a test expects."""
    wanted = normal_code(expected.code.value)
    uses = after.found.codes if after.found is not None else ()
    mine = [each for each in uses if normal_code(each.code) == wanted]
    words = "applied" if expected.applied else "refused"
    if expected.because is not None:
        words += f' because "{expected.because.value}"'
    what = f'the code "{expected.code.value}"'
    if not mine:
        return Difference(what, words, "not presented by the event")
    acted = next((each for each in mine if each.rules), None)
    if expected.applied:
        met = acted is not None
    elif expected.because is None:
        met = acted is None
    else:
        met = any(not each.rules and each.reason == expected.because.value for each in mine)
    use = acted or mine[0]
    return None if met else Difference(what, words, _became(use, after), use.rules[0] if use.rules else "")


def _became(use: CodeUse, after: After) -> str:
    if not use.rules:
        return f'refused because "{use.reason}"'
    titles = {offer.key: offer.title for offer in after.core.offers}
    return "applied by " + " and ".join(f'"{titles.get(rule, rule)}"' for rule in use.rules)


# ---- and nothing else ----


def other_money(step: tree.Step, named: set[str], after: After) -> Iterator[Difference]:
    """Discounts, charges and gifts that a step does not name."""
    if after.found is None or after.back is not None:
        return
    gifts = {each.sku.value for each in step.expect if isinstance(each, tree.ExpectGift)}
    for offer in after.core.offers:
        if offer.key in named or not _counts(offer.key, gifts, after):
            continue
        yield Difference(f'"{offer.title}"', "nothing", said(offer, after), offer.key)


def _counts(key: str, gifts: set[str], after: After) -> bool:
    """Whether a rule did something that is not among the named gifts."""
    assert after.found is not None
    money = any(each.given or each.held_out for each in _discounts(key, after.found))
    charged = any(each.rule == key for each in after.found.charges)
    return money or charged or any(each.rule == key and each.sku not in gifts for each in after.found.gifts)
