"""An event on which two offers meet, in the designer's words.

In: two offers and the symbols. Out: `a purchase with a line where category is "toys" and joins is yes`, or None where
the two never meet. The proof is in `solving`; here is what the values that they read can be, and how they are shown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from rules_engine import ir, solving
from rules_engine.calendar import format_date
from rules_engine.checking.infos import BrokenInfo, EventInfo, TiersInfo, TrackInfo
from rules_engine.solving import Domain, Range, Value, Values
from rules_engine.values import format_decimal

if TYPE_CHECKING:
    from rules_engine.checking.symbols import Symbols


Acting: TypeAlias = ir.OfferDef | ir.RuleDef


class Examples:
    """Finds examples; what was asked once is remembered."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.known: dict[tuple[int, int, str], str | None] = {}
        self.acting: dict[int, tuple[Acting, solving.Acting]] = {}

    def of(self, one: Acting, other: Acting, reach: solving.Reach) -> str | None:
        """An event on which two rules meet; None: they never do."""
        key = id(one), id(other), reach
        if key not in self.known:
            self.known[key] = self._found(one, other, reach)
        return self.known[key]

    def _found(self, one: Acting, other: Acting, reach: solving.Reach) -> str | None:
        mine, theirs = self.when(one), self.when(other)
        for name in one.events:
            info = self.symbols.events.get(name) or self.symbols.scheduled.get(name)
            if name not in other.events or info is None:
                continue
            found = solving.meeting(mine, theirs, info.definition, reach, partial(self._domain, info))
            if found is not None:
                return self._words(found, info)
        return None

    def when(self, offer: Acting) -> solving.Acting:
        """When and where a rule acts."""
        known = self.acting.get(id(offer))
        if known is None:
            known = self.acting[id(offer)] = offer, solving.acting(offer)
        return known[1]

    def forget(self, there: set[int]) -> None:
        """Keep only what is of rules that there still are; `acting` holds the others, so that none is taken for one."""
        self.known = {key: each for key, each in self.known.items() if key[0] in there and key[1] in there}
        self.acting = {key: each for key, each in self.acting.items() if key in there}

    # ---- what values can be ----

    def _domain(self, event: EventInfo, read: ir.Expr) -> Domain | None:
        field = self._field(solving.key_of(read), event)
        if field is not None:
            return _domain_of(field)
        match read:
            case ir.TierRead():
                ladder = self.symbols.tiers
                rungs = len(ladder.rungs) if isinstance(ladder, TiersInfo) else 0
                return Values(tuple(range(rungs))) if rungs else None
            case ir.Today():
                return Range(self.symbols.header.terms_from, self.symbols.header.terms_until)
            case ir.TrackRead(track=name):
                info = self.symbols.names.get(name)
                counted = isinstance(info, TrackInfo) and info.kind in ("count", "distinct", "streak")
                return Range(0, None) if counted else None
            case _:
                return None

    def _field(self, key: str, event: EventInfo) -> ir.FieldDef | None:
        """The field or fact that a read is of."""
        kind, _, name = key.partition(" ")
        made = event.definition
        if kind == "field":
            return next((each for each in made.fields if each.name == name), None)
        if kind == "line":
            fields = made.lines.fields if made.lines is not None else made.fields
            return next((each for each in fields if each.name == name), None)
        return self.symbols.member.get(key.removeprefix("member.")) if key.startswith("member.") else None

    # ---- words ----

    def _words(self, found: solving.Meeting, event: EventInfo) -> str:
        """`a purchase on 2027-11-08 with a line where kind is food, when orders is 0`."""
        lines, others = [], []
        day = ""
        for key, value in found.values.items():
            shown = self._shown(key, value, event)
            if key == "today":
                day = f" on {format_date(int(value))}"
            elif shown and key.startswith("line "):
                lines.append(shown)
            elif shown:
                others.append(shown)
        line = f" with a line where {' and '.join(sorted(lines))}" if lines else ""
        rest = f"{',' if line or found.asked else ''} when {' and '.join(sorted(others))}" if others else ""
        asked = (", whose price" if lines else " whose prices") + " one of them asks" if found.asked else ""
        return f"{_article(event.name)} {event.name}{day}{line}{asked}{rest}"

    def _shown(self, key: str, value: Value, event: EventInfo) -> str:
        """`category is "toys"`; empty for what has no words of its own."""
        if key.startswith("="):
            return ""
        field = self._field(key, event)
        if field is not None:
            name = key.split(" ")[-1]
            return f"{name} is {self._value(field, value)}"
        if key.endswith("tier"):
            ladder = self.symbols.tiers
            if isinstance(ladder, BrokenInfo) or ladder is None:
                return ""
            return f"{key.replace('tier', 'the tier')} is {ladder.rungs[int(value)]}"
        if key.startswith("track "):
            info = self.symbols.names.get(key.removeprefix("track "))
            plain = isinstance(info, TrackInfo) and info.kind != "sum"
            return f"{key.removeprefix('track ')} is {value}" if plain else ""
        return ""

    def _value(self, field: ir.FieldDef, value: Value) -> str:
        """A value as a rule file writes it."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value if field.kind == "choice" else f'"{value}"'
        match field.kind:
            case "money" | "unit":
                return f"{format_decimal(value, field.decimals)} {field.unit}"
            case "date":
                return format_date(value)
            case "tier":
                ladder = self.symbols.tiers
                return ladder.rungs[value] if isinstance(ladder, TiersInfo) else str(value)
            case _:
                return str(value)


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


def _domain_of(field: ir.FieldDef) -> Domain | None:
    """The values of a field, where its declaration bounds them."""
    match field.kind:
        case "choice":
            return Values(field.choices)
        case "flag":
            return Values((True, False))
        case "count" | "money" | "unit" if not field.bounds:
            return Range(field.low, field.high) if field.high > field.low else None
        case _:
            return None
