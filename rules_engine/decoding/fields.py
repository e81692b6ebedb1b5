"""One field at a time: a value as it was sent becomes a canonical value, or `Wrong` says why not.

Canonical values are those of `ir.py`: minor units, scaled units, days, instants, seconds, rungs, texts and flags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from rules_engine import ir
from rules_engine.calendar import FIRST_DAY, parse_date, parse_instant, parse_time
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.decoding.faults import Wrong, clean, hint, listed, shown
from rules_engine.event import FieldValue
from rules_engine.values import (
    RATE_DECIMALS_MAX,
    Money,
    Quantity,
    Rate,
    ValueFault,
    format_decimal,
    parse_decimal,
    parse_rate,
)

TEXT_MAX: Final = 256
CODE_MAX: Final = TEXT_MAX
"""The greatest length of a code as it is presented."""
CUT: Final = "\u2026"
UNPRINTABLE: Final = "\ufffd"
"""What stands where a code is cut, and for a character of it that cannot be printed."""
RATE_SCALE: Final = 10**RATE_DECIMALS_MAX
VALUE_MAX: Final = 2**62 - 1
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SENT_MAX: Final = 64
_MEMO_MAX: Final = 8192


class World(msgspec.Struct, frozen=True):
    """What the readers need of a program: decimals of its currencies and units, and the rungs of its ladder."""

    currencies: dict[str, int]
    units: dict[str, int]
    rungs: tuple[str, ...]
    zone: str


Reader: TypeAlias = Callable[[ir.FieldDef, Any, World], FieldValue]


def world_of(program: ir.Program) -> World:
    """Collect it once for a program."""
    header = program.header
    return World(
        {each.code: each.decimals for each in header.currencies},
        {unit.name: unit.decimals for unit in program.units},
        tuple(rung.name for rung in program.tiers.rungs) if program.tiers is not None else (),
        header.zone or "UTC",
    )


def read(field: ir.FieldDef, value: object, world: World) -> FieldValue:
    """The canonical value of what was sent for a field; raises `Wrong`. `None` is the caller's business."""
    return _READERS[field.kind](field, value, world)


def form(field: ir.FieldDef, world: World) -> str:
    """What to send for a field, in the sender's words."""
    match field.kind:
        case "money" if field.bounds:
            first = field.bounds[0]
            example = f'{{"amount": "{_example(12, first.decimals)}", "currency": "{first.currency}"}}'
            return (
                f"an amount and its currency, one of {listed(each.currency for each in field.bounds)}, as `{example}`"
            )
        case "money":
            currency = field.unit or next(iter(world.currencies), "")
            return f'an amount in {currency} as text such as `"{_example(12, decimals_of(field, world))}"`'
        case "unit":
            decimals = decimals_of(field, world)
            return f'text such as `"{_example(12, decimals)}"`' if decimals else "a whole number such as `12`"
        case "choice" | "tier":
            return f"one of {listed(_choices(field, world))}"
        case "list":
            return f"a list of at most {field.high}, each {form(item_of(field), world)}"
        case kind:
            return _FORMS[kind]


_FORMS: Final = {
    "text": 'text between quotes such as `"abc"`',
    "date": 'a date such as `"2027-03-31"`',
    "time": 'a time such as `"07:30"`',
    "instant": 'an instant with its offset such as `"2027-03-31T18:30:00+02:00"`',
    "flag": "`true` or `false`",
    "count": "a whole number such as `3`",
    "rate": 'a rate as text such as `"0.25"` or `"25%"`',
    "member": "the member's id as text between quotes",
    "codes": 'a list of texts such as `["WELCOME10"]`',
}


def decimals_of(field: ir.FieldDef, world: World) -> int:
    """How many decimals amounts of a field have."""
    if field.kind == "money":
        code = field.unit or next(iter(world.currencies), "")
        return world.currencies.get(code, CURRENCY_DECIMALS.get(code, field.decimals))
    return world.units.get(field.unit, field.decimals)


def item_of(field: ir.FieldDef) -> ir.FieldDef:
    """What the items of a list are; codes are texts."""
    return field.item or ir.FieldDef(field.name, "text")


def _example(whole: int, decimals: int) -> str:
    return format_decimal(whole * int(10**decimals), decimals)


def _choices(field: ir.FieldDef, world: World) -> tuple[str, ...]:
    return world.rungs if field.kind == "tier" else field.choices


# ---- texts ----


def _text(field: ir.FieldDef, value: object, world: World) -> str:  # noqa: ARG001
    text = _plain(value)
    high = field.high or TEXT_MAX
    if len(text) > high:
        raise Wrong("V112", found=str(len(text)), high=str(high))
    found = _CONTROL.search(text)
    if found is not None:
        name = f"the unprintable character U+{ord(found[0]):04X}"
        raise Wrong("V113", found=name, at=str(found.start() + 1))
    return text


def _member(field: ir.FieldDef, value: object, world: World) -> str:
    return filled(_text(field, value, world))


def filled(text: str) -> str:
    """An id is never empty."""
    if not text:
        raise Wrong("V114")
    return text


def _plain(value: object) -> str:
    """A text without the cloak of a subclass, such as a member of a Python enumeration."""
    if not isinstance(value, str):
        raise Wrong("V105", found=shown(value))
    return value if type(value) is str else str.__str__(value)


def _choice(field: ir.FieldDef, value: object, world: World) -> str:
    known = _choices(field, world)
    text = _plain(value)
    if text not in known:
        near = hint(clean(text), known, "choices")
        raise Wrong("V108", found=shown(text), known=listed(known), hint=near if near.startswith("did") else "")
    return text


def _tier(field: ir.FieldDef, value: object, world: World) -> int:
    return world.rungs.index(_choice(field, value, world))


# ---- numbers ----


def _count(field: ir.FieldDef, value: object, world: World) -> int:
    if type(value) is not int:
        raise Wrong("V105", found=shown(value))
    return _within(field, value, world)


def _money(field: ir.FieldDef, value: object, world: World) -> int:
    if field.bounds:
        return _money_of_several(field, value)
    currency = field.unit or next(iter(world.currencies), "")
    amount = value
    if isinstance(value, Mapping):
        amount, sent = _opened(value)
        _same_currency(sent, currency)
    if isinstance(amount, Money):
        _same_currency(amount.currency, currency)
        amount = amount.decimal
    return _within(field, _scaled(amount, decimals_of(field, world)), world)


def _opened(value: Mapping[Any, Any]) -> tuple[object, object]:
    """The amount and the currency of an object of money."""
    if set(value) != {"amount", "currency"}:
        raise Wrong("V106", reason="an object of money has `amount` and `currency` and nothing else")
    if isinstance(value["amount"], Mapping | Money):
        raise Wrong("V105", found=shown(value["amount"]))
    return value["amount"], value["currency"]


_BARE: Final = (str, int, float, Decimal)
"""An amount without its currency."""


def _money_of_several(field: ir.FieldDef, value: object) -> int:
    """Money that may come in several currencies, and therefore says which: in minor units of that one."""
    if not isinstance(value, Mapping | Money):
        raise Wrong("V156" if type(value) in _BARE else "V105", found=shown(value))
    amount, sent = _opened(value) if isinstance(value, Mapping) else (value.decimal, value.currency)
    bounds = next((each for each in field.bounds if each.currency == sent), None)
    if bounds is None:
        name = f"`{clean(sent)}`" if isinstance(sent, str) else shown(sent)
        raise Wrong("V155", found=name, known=listed(each.currency for each in field.bounds))
    scaled = _scaled(amount, bounds.decimals)
    if not bounds.low <= scaled <= min(bounds.high, VALUE_MAX):
        side, bound = ("less", bounds.low) if scaled < bounds.low else ("more", min(bounds.high, VALUE_MAX))
        raise Wrong("V107", found=amount_in(bounds, scaled), side=side, bound=amount_in(bounds, bound))
    return scaled


def amount_in(bounds: ir.CurrencyBounds, scaled: int) -> str:
    """An amount of one of the currencies of a field: `12.00 GBP`."""
    return shown(scaled) if abs(scaled) > 10**30 else f"{format_decimal(scaled, bounds.decimals)} {bounds.currency}"


def _same_currency(sent: object, currency: str) -> None:
    if sent != currency:
        name = f"`{clean(sent)}`" if isinstance(sent, str) else shown(sent)
        raise Wrong("V111", found=name, currency=currency)


def _unit(field: ir.FieldDef, value: object, world: World) -> int:
    decimals = decimals_of(field, world)
    if isinstance(value, Quantity):
        if value.unit != field.unit:
            raise Wrong("V106", reason=f"this counts {field.unit}, not {clean(value.unit)}")
        value = value.decimal
    if type(value) is int and decimals == 0:
        return _within(field, value, world)
    return _within(field, _scaled(value, decimals), world)


def _scaled(value: object, decimals: int) -> int:
    if type(value) is int:
        raise Wrong("V109", found=shown(value).removeprefix("the number "))
    if isinstance(value, float):
        raise Wrong("V110", found=clean(str(value)))
    if isinstance(value, Decimal):
        return Quantity.of(value, "", decimals).amount
    return _decimal(_short(_plain(value)), decimals)


_decimal = lru_cache(maxsize=_MEMO_MAX)(parse_decimal)
_day = lru_cache(maxsize=_MEMO_MAX)(parse_date)
"""Prices and dates repeat: the same texts come again and again."""


def _short(text: str) -> str:
    if len(text) > _SENT_MAX:
        raise Wrong("V105", found=f"a text of {len(text)} characters")
    return text


def _rate(field: ir.FieldDef, value: object, world: World) -> int:
    if isinstance(value, float):
        raise Wrong("V110", found=clean(str(value)))
    if isinstance(value, Decimal):
        scaled, rest = Quantity.of(value, "", RATE_DECIMALS_MAX).amount, 0
    else:
        num, den = (value.num, value.den) if isinstance(value, Rate) else parse_rate(_short(_plain(value)))
        scaled, rest = divmod(num * RATE_SCALE, den)
    if rest:
        raise Wrong("V106", reason=f"a rate has at most {RATE_DECIMALS_MAX} decimals")
    return _within(field, scaled, world)


def _within(field: ir.FieldDef, scaled: int, world: World) -> int:
    low, high = bounds_of(field)
    if not low <= scaled <= high:
        side, bound = ("less", low) if scaled < low else ("more", high)
        raise Wrong("V107", found=said(field, scaled, world), side=side, bound=said(field, bound, world))
    return scaled


def bounds_of(field: ir.FieldDef) -> tuple[int, int]:
    """The lowest and highest canonical number of a field. Without a bound of its own a rate ends at a billion."""
    if field.kind == "rate" and not (field.low or field.high):
        return 0, RATE_SCALE * RATE_SCALE
    return field.low, min(field.high, VALUE_MAX)


def said(field: ir.FieldDef, scaled: int, world: World) -> str:
    """A canonical number in the words of its field."""
    if abs(scaled) > 10**30:
        return shown(scaled)
    if field.kind == "rate":
        return str(Rate(scaled, RATE_SCALE))
    if field.kind == "count":
        return str(scaled)
    return f"{format_decimal(scaled, decimals_of(field, world))} {field.unit}".rstrip()


# ---- days and times ----


def _date(field: ir.FieldDef, value: object, world: World) -> int:  # noqa: ARG001
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.toordinal() + FIRST_DAY - 1
    return _day(_short(_plain(value)))


def _time(field: ir.FieldDef, value: object, world: World) -> int:  # noqa: ARG001
    if isinstance(value, time):
        if value.tzinfo is not None or value.microsecond:
            raise Wrong("V106", reason="a time is one of the local clock, to the second, without a zone")
        return value.hour * 3600 + value.minute * 60 + value.second
    return parse_time(_short(_plain(value)))


def _instant(field: ir.FieldDef, value: object, world: World) -> int:  # noqa: ARG001
    if isinstance(value, datetime):
        return _instant_of(value)
    return parse_instant(_short(_plain(value)))


def _instant_of(value: datetime) -> int:
    offset = value.utcoffset()
    if offset is None:
        raise Wrong("V106", reason="it names no time zone, so it could be any of a day's instants")
    if value.microsecond or offset.microseconds:
        raise Wrong("V106", reason="it has fractions of a second; instants are to the second")
    days = value.toordinal() + FIRST_DAY - 1
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return days * 86_400 + seconds - offset.days * 86_400 - offset.seconds


def _flag(field: ir.FieldDef, value: object, world: World) -> bool:  # noqa: ARG001
    if value is True or value is False:
        return value is True
    raise Wrong("V105", found=shown(value))


# ---- lists ----


def _list(field: ir.FieldDef, value: object, world: World) -> tuple[int | str, ...]:
    item = item_of(field)
    return tuple(_item(item, each, world, number, read) for number, each in enumerate(_listed(field, value), 1))


def _listed(field: ir.FieldDef, value: object) -> list[Any] | tuple[Any, ...]:
    """A list of no more items than are declared."""
    if not isinstance(value, list | tuple):
        raise Wrong("V105", found=shown(value))
    if len(value) > field.high:
        raise Wrong("V115", found=str(len(value)), high=str(field.high))
    return value


def _item(item: ir.FieldDef, value: object, world: World, number: int, reader: Reader) -> int | str:
    try:
        found = reader(item, value, world)
    except (Wrong, ValueFault) as error:
        raise Wrong("V106", reason=f"item {number}: {_why(item, error, world)}") from None
    assert found is not None
    assert not isinstance(found, tuple)
    return found


def _why(item: ir.FieldDef, error: Wrong | ValueFault, world: World) -> str:
    from rules_engine.decoding.faults import Place, fault

    if isinstance(error, ValueFault):
        return clean_reason(error.reason)
    return fault(error.code, Place("the list"), "", **{"form": form(item, world), **error.data}).message


def _codes(field: ir.FieldDef, value: object, world: World) -> tuple[int | str, ...]:
    """Codes as they were presented, in their order. What a customer typed is no fault of the event: whoever evaluates
    the codes says of each that cannot count why."""
    codes = _listed(field, value)
    item = item_of(field)
    return tuple(_item(item, each, world, number, _code) for number, each in enumerate(codes, 1))


def _code(field: ir.FieldDef, value: object, world: World) -> str:  # noqa: ARG001
    """A presented code: one that is too long is cut behind its first 256 characters, and stays too long by the sign of
    it; a control character that is no blank shows as one that cannot be printed."""
    text = _plain(value)
    if len(text) > CODE_MAX:
        text = text[:CODE_MAX] + CUT
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else UNPRINTABLE, text)


def clean_reason(reason: str) -> str:
    """A reason that quotes what was sent, printable."""
    if reason.isprintable():
        return reason
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in reason)


_READERS: Final[dict[str, Reader]] = {
    "text": _text,
    "date": _date,
    "time": _time,
    "instant": _instant,
    "flag": _flag,
    "count": _count,
    "rate": _rate,
    "money": _money,
    "unit": _unit,
    "choice": _choice,
    "member": _member,
    "codes": _codes,
    "list": _list,
    "tier": _tier,
}
