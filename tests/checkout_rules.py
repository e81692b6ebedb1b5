"""A checkout in the rule language: every kind of effect, a group, codes with shared counters, two currencies."""

from __future__ import annotations

from typing import Any

TEXT = """language 1

program "Checkout" {
  currency   GBP, JPY, rounded half up
  timezone   "Europe/London"
  split      in proportion, odd pennies to the largest remainder
  prices     include tax
  tax        rounded half up per line
  stacking   { item: all in order "Second half price"   basket: all in order seasons, "Big basket", "Wrapping", "Mug" }
}

event order dated by placed_at of customer identified by number {
  number: text   customer: member?   placed_at: instant   codes: codes up to 5
  delivery: money? up to 100 GBP or 15_000 JPY as shipping   delivery_tax: rate as shipping tax rate
  lines 0 to 60 {
    id: text as id   kind: food | toy   pieces: count up to 100 as quantity
    price: money up to 5_000 GBP or 700_000 JPY as list each   least: money? up to 5_000 GBP or 700_000 JPY as floor
    tax: rate as tax rate
  }
}

group seasons { best per basket in order "Spring", "Summer" }

item offer "Second half price" {
  on purchase_order   automatic
  take 50% of current off each unit where kind is toy at every 2nd of 2, cheapest first
}
basket offer "Spring" {
  on purchase_order   until 2027-12-31   with code "SPRING20"
  take 20% of current off the total of lines, up to (15 GBP, 2_000 JPY)
  at most 2 times in total
  competes in seasons
}
basket offer "Summer" {
  on purchase_order   with code "SUMMER"
  take 5 GBP off the total of lines
  competes in seasons
}
basket offer "Big basket" {
  on purchase_order   automatic   when list >= (100 GBP, 15_000 JPY)
  take 10% of current off each line
}
basket offer "Wrapping" {
  on purchase_order   automatic   when count of lines > 2
  charge (2 GBP, 300 JPY) as "gift wrap"
}
basket offer "Mug" { on purchase_order   automatic   when current >= (50 GBP, 8_000 JPY)   add 1 "MUG" free }
shipping offer "Free delivery" {
  on purchase_order   automatic   when current >= (60 GBP, 9_000 JPY)
  take 100% of current off each line
}
""".replace("purchase_order", "order")


def line(key: str, kind: str, pieces: int, price: str, currency: str = "GBP", **changes: Any) -> dict[str, Any]:
    """A line as a host sends it."""
    return {
        "id": key, "kind": kind, "pieces": pieces, "price": {"amount": price, "currency": currency}, "tax": "20%",
        **changes,
    }  # fmt: skip


def order(number: str, *lines: dict[str, Any], codes: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """An order as a host sends it."""
    return {
        "event": "order", "number": number, "customer": None, "placed_at": "2027-03-31T12:00:00+01:00",
        "codes": list(codes), "delivery_tax": "20%", "lines": list(lines), **changes,
    }  # fmt: skip
