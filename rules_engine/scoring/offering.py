"""Why offers did what they did: every offer of this kind of event, every line from its list price to what it costs.

In: the interpreter's notes and the outcome. Out: `OfferTold`, `PriceTold` and `CodeTold`, in words and amounts. An
offer that did not act says so as people ask for it: lost to which rule of which group, refused by whom, at its floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules_engine import ir
from rules_engine.backends.reference import EffectNoted, LimitNoted, Noted, OfferNoted, StageNoted, refusers
from rules_engine.event import Event
from rules_engine.outcome import CodeUse, Discount, LinePrice, Outcome, Part, Price
from rules_engine.scoring.owning import OwningTeller
from rules_engine.scoring.reasons import failing
from rules_engine.scoring.told import (
    CodeTold,
    EffectTold,
    LimitTold,
    LineTold,
    OfferTold,
    PriceTold,
    StepTold,
    ValueTold,
)
from rules_engine.scoring.valuing import Values, without_whole

_LINES_SHOWN = 12
TellLimit = Callable[[LimitNoted], LimitTold]


class OfferTeller:
    """Turns what is noted of offers into words, for one event and its outcome."""

    def __init__(self, event: Event, outcome: Outcome, values: Values, limit: TellLimit, owning: OwningTeller) -> None:
        self.event = event
        self.outcome = outcome
        self.values = values
        self.measures, self.texts, self.world = values.measures, values.texts, values.world
        self.kind = self.world.events[event.name]
        self.limit = limit
        self.owning = owning
        self.money = self.measures.money(self.measures.currency)

    def amount(self, minor: int) -> str:
        """An amount of the event's money."""
        return self.measures.show(minor, self.money)

    # ---- offers ----

    def offer(self, noted: OfferNoted) -> OfferTold:
        """One offer: what it did, or why it did nothing."""
        offer = noted.offer
        why, because = self._why(noted)
        return OfferTold(
            rule=offer.key,
            title=offer.title,
            stage=offer.stage,
            place=self.texts.place(offer.at),
            applied=not why,
            why=why,
            because=because,
            code=noted.code,
            sets=noted.sets,
            values=(
                *self.values.told([each for each in noted.inner if each.line is None]),
                *self._selected([each for each in noted.inner if each.line is not None]),
            ),
            effects=tuple(self._effect(each, offer.key) for each in noted.effects),
            limits=tuple(self.limit(each) for each in noted.limits if each.asked or each.room < 1),
            takes=tuple(self.owning.presented(offer.key)),
        )

    def _selected(self, notes: list[Noted]) -> Iterator[ValueTold]:
        """On which lines the filters of an offer hold, each filter once."""
        lines: dict[str, dict[str, None]] = {}
        for noted in notes:
            held = lines.setdefault(self.texts.named(noted.node) or "filter", {})
            if noted.value and noted.line is not None:
                held[self._line(noted.line)] = None
        for text, held in lines.items():
            yield ValueTold(f"where {text}", _listed(list(held)) or "no line")

    def _why(self, noted: OfferNoted) -> tuple[str, str]:
        """Why an offer did not act: in the words in which people ask, and in a sentence."""
        match noted.why:
            case "shut out":
                return self._refused(noted)
            case "lost" if not noted.by:
                return "nothing to give", "it takes nothing off any piece, and nothing else wins there"
            case "lost":
                return f'lost to "{self._title(noted.by)}" in {self._place(noted)}', _AHEAD.get(noted.how, "")
            case "group is full":
                return noted.why, f"as many rules of group {noted.group} acted as may"
            case "no amount":
                currency = self.measures.currency
                if not currency:
                    return noted.why, "the event has no money, so it is in no currency"
                return f"no amount in {currency}", "its amounts are in other currencies"
            case "limit reached" if noted.limit is not None:
                return noted.why, self._limited(noted.limit)
            case "condition" | "outside its dates" if noted.failed is not None and noted.inner:
                return noted.why, failing(noted.inner[-1], self.texts, self.measures)
            case "nothing to give":
                return noted.why, self._nothing(noted)
            case "not presented" | "too few":
                return noted.why, self.owning.absent(noted.offer, noted.why)
            case why:
                return why, _WORDS.get(why, "")

    def _refused(self, noted: OfferNoted) -> tuple[str, str]:
        """Which of two rules does not combine with the other: the one whose list leaves the other out, or both."""
        own, other = noted.offer, self.world.offers[noted.by]
        title = self._title(noted.by)
        refusing = refusers(own, other)
        if len(refusing) > 1:
            return f'consent refused by both, it and "{title}"', "neither list has the other rule"
        if other in refusing:
            return f'consent refused by "{title}"', f'the list of "{title}" does not have this rule'
        return f'refuses consent with "{title}"', f'its own list does not have "{title}", which acted before'

    def _limited(self, limit: ir.LimitDef) -> str:
        """How a limit stands in the way; one `or nothing` may have room left, but not enough."""
        group = next((each.name for each in self.world.core.offer_groups if limit in each.limits), "")
        whose = f" of group {group}" if group else ""
        how = "would be passed" if limit.or_nothing and limit.amount is not None else "is used up"
        return f"`{self.texts.of(limit.at)}`{whose} {how}"

    def _nothing(self, noted: OfferNoted) -> str:
        """What was missing where an offer had nothing to give."""
        if noted.offer.sets is not None and not noted.sets:
            return "no set is complete"
        if noted.effects and not any(each.elements for each in noted.effects):
            return "there is nothing that it may touch"
        if noted.effects and not any(each.room for each in noted.effects):
            return "what it may touch costs nothing more"
        return "its amount is nothing"

    def _title(self, key: str) -> str:
        found = self.world.offers.get(key)
        return found.title if found is not None else key

    def _place(self, noted: OfferNoted) -> str:
        named = noted.group and noted.group in self.world.offer_groups
        return f"group {noted.group}" if named else f"the {noted.offer.stage} stage"

    # ---- effects ----

    def _effect(self, noted: EffectNoted, rule: str) -> EffectTold:
        effect = noted.effect
        discount = next((e for e in self.outcome.discounts if e.rule == rule and e.effect == noted.number), None)
        return EffectTold(
            text=self.texts.of(effect.at),
            kind=_KINDS[type(effect)] if not isinstance(effect, ir.DiscountDef) else effect.verb,
            elements=noted.elements,
            exact="" if noted.exact is None else self.measures.show(noted.exact, self.money),
            wanted=self._given(noted, noted.wanted),
            given=self._given(noted, noted.given),
            rounded="" if isinstance(effect, ir.GiftDef) else effect.rounding,
            room=self.amount(noted.room) if isinstance(effect, ir.DiscountDef) else "",
            cut=self._lost(noted) if noted.cut == "lost" else noted.cut,
            cut_by="" if noted.cut == "lost" else self.texts.limit(noted.cut_by),
            parts=() if discount is None else tuple(self._part(part) for part in discount.parts),
            values=without_whole(self.values.told(noted.inner, self.money)),
        )

    def _given(self, noted: EffectNoted, number: int) -> str:
        """An amount, or how many of which things were added."""
        if not isinstance(noted.effect, ir.GiftDef):
            return self.amount(number)
        chosen = noted.inner[-1].value if noted.inner else getattr(noted.effect.sku, "value", None)
        return f"{number} {chosen}" if chosen else str(number)

    def _lost(self, noted: EffectNoted) -> str:
        """To which rules an effect lost, how they came before it, and on which lines."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in noted.lost:
            found.setdefault((each.rule, each.how), []).append(self._line(each.line))
        words = [f'to "{self._title(rule)}" on {_listed(lines)}: {_AHEAD[how]}' for (rule, how), lines in found.items()]
        return "lost " + ("; ".join(words) or f'to "{self._title(noted.cut_by)}"')

    def _part(self, part: Part) -> str:
        touched = sum(count for count, each in part.runs if each)
        whole = sum(count for count, _ in part.runs)
        pieces = f" on {touched} of {whole} pieces" if touched != whole else ""
        return f"{self._line(part.line)}: {self.amount(part.amount)}{pieces}"

    def _line(self, number: int) -> str:
        """A line by its number and, where it has one, its id."""
        if number >= len(self.event.lines):
            return "shipping"
        name = self.event.lines[number].get(self.kind.line_id_field) if self.kind.line_id_field else None
        return f'line {number + 1} "{name}"' if isinstance(name, str) else f"line {number + 1}"

    # ---- prices ----

    def price(self, stages: list[StageNoted]) -> PriceTold | None:
        """What is to be paid, and how it comes about."""
        price = self.outcome.price
        if price is None:
            return None
        charges = (f'"{self._title(e.rule)}": {self.amount(e.amount)} {e.label}' for e in self.outcome.charges)
        gifts = (f'"{self._title(e.rule)}": {e.count} {e.sku}' for e in self.outcome.gifts)
        return PriceTold(
            lines=tuple(self._priced(n, line, stages) for n, line in enumerate(price.lines) if self._there(n, line)),
            charges=tuple(charges),
            gifts=tuple(gifts),
            net=self.amount(price.net),
            shipping=self.amount(price.shipping) if self._ships() else "",
            charged=self.amount(price.charges) if self.outcome.charges else "",
            tax=self._tax(price),
            total=self.amount(price.total),
        )

    def _ships(self) -> bool:
        return bool(self.kind.shipping_field or self.kind.shipping_flag)

    def _there(self, number: int, line: LinePrice) -> bool:
        """Whether a line is one: the event's own shipping may be left out."""
        return number < len(self.event.lines) or line.list != 0 or self.event.fields[self.kind.shipping_field] == 0

    def _taxed(self) -> bool:
        return bool(self.kind.tax_field or self.kind.shipping_tax_field)

    def _tax(self, price: Price) -> str:
        if not self._taxed():
            return ""
        return f"{self.amount(price.tax)} {'on top' if self._on_top() else 'included'}"

    def _on_top(self) -> bool:
        return self.world.core.header.prices == "exclude"

    def _priced(self, number: int, line: LinePrice, stages: list[StageNoted]) -> LineTold:
        return LineTold(
            line=self._line(number),
            list=self.amount(line.list),
            steps=tuple(self._steps(number, stages)),
            net=self.amount(line.net),
            tax=self.amount(line.tax) if self._taxed() else "",
        )

    def _steps(self, number: int, stages: list[StageNoted]) -> Iterator[StepTold]:
        """The stages that changed a line, and the offers that did."""
        for noted in stages:
            taken = tuple(self._taken(number, noted.stage))
            if taken and number < len(noted.prices):
                yield StepTold(noted.stage, self.amount(noted.prices[number]), taken)

    def _taken(self, number: int, stage: str) -> Iterator[str]:
        sums: dict[str, int] = {}
        for discount, part in _parts(self.outcome.discounts):
            if discount.stage == stage and part.line == number:
                sums[discount.rule] = sums.get(discount.rule, 0) + part.amount
        for rule, amount in sums.items():
            if amount:
                yield f'"{self._title(rule)}" {"-" if amount > 0 else "+"}{self.amount(abs(amount))}'

    # ---- codes ----

    def code(self, use: CodeUse) -> CodeTold:
        """What became of a presented code."""
        return CodeTold(use.code, tuple(map(self._title, use.rules)), use.reason, use.public)


def _parts(discounts: tuple[Discount, ...]) -> Iterator[tuple[Discount, Part]]:
    return ((discount, part) for discount in discounts for part in discount.parts)


def _listed(lines: list[str]) -> str:
    more = f" and {len(lines) - _LINES_SHOWN} more" if len(lines) > _LINES_SHOWN else ""
    return ", ".join(lines[:_LINES_SHOWN]) + more


_KINDS: dict[type, str] = {ir.ChargeDef: "charge", ir.GiftDef: "add"}
_AHEAD = {
    "came first": "it comes first",
    "claimed": "it claimed the pieces before",
    "took more": "it took more",
    "took as much": "it took as much, and comes first",
    "took more together": "the rules that won take more together than any choice with this one",
    "took as much by fewer": "the rules that won take as much, and are fewer",
    "took as much together": "the rules that won take as much together, and come first",
}
_WORDS = {
    "code not presented": "none of its codes was presented",
    "no member": "the event has no member",
    "no award": "its table says `no award`",
    "nothing chosen": "the event names no gift",
    "floor reached": "what it may touch costs no more than its floor",
    "held out": "this member is held out of it, so that its effect can be measured",
}
