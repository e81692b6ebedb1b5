"""The end of offers in generated code: what each line and the event cost, and the tax on it."""

from __future__ import annotations

from rules_engine import ir
from rules_engine.backends.python.effects import Effects
from rules_engine.backends.python.quoting import const
from rules_engine.backends.python.writing import Lines


class Pricing:
    """The emitter of one function's price."""

    def __init__(self, effects: Effects, header: ir.Header) -> None:
        self.effects = effects
        self.function = effects.function
        self.header = header

    def price(self, charging: bool, out: Lines) -> None:
        """What each line and everything costs."""
        event, header = self.function.event, self.header
        listed = self.effects.listed("list")
        out.add(f"net = {self.function.sum_code('cost', self.function.places(None))}")
        shipping = "0"
        if event.shipping_field or event.shipping_flag:
            shipping = "sum(cost) - net"
        taxes, tax, total = "repeat(0)", "0", "net"
        if event.tax_field or event.shipping_tax_field:
            out.add(f"taxes = {self._taxes()}")
            out.add("tax = sum(taxes)")
            taxes = tax = "tax"
            taxes = "taxes"
        total += "" if shipping == "0" else " + shipping"
        if shipping != "0":
            out.add(f"shipping = {shipping}")
            shipping = "shipping"
        charges = "0"
        if charging:
            out.add("fees = sum([each.amount for each in charges])")
            charges, total = "fees", total + " + fees"
        if tax != "0" and header.prices == "exclude":
            total += " + tax"
        out.add(f"prices = tuple(map(LinePrice, {listed}, cost, {taxes}))")
        currency = const(event.currency or event.priced_unit)
        out.add(f"price = Price({currency}, prices, net, {shipping}, {charges}, {tax}, {total})")

    def _taxes(self) -> str:
        """An expression for the tax of each line."""
        function, header = self.function, self.header
        event = function.event
        rates = "[0] * len(lines)"
        if event.tax_field:
            function.passing.tax = True
            rates = function.column("vat")
        if event.shipping_field:
            own = "0"
            if event.shipping_tax_field:
                own = function.field(event.shipping_tax_field).code
                own = f"{own} or 0" if function.fields[event.shipping_tax_field].optional else own
            rates = f"[*{rates}, {own}]" if event.tax_field else f"[*([0] * len(lines)), {own}]"
        included, mode = header.prices == "include", const(header.tax_rounding or "half up")
        if header.tax_per == "unit":
            return f"unit_taxes(cost, {self.effects.sizes or 'ones'}, uneven, {rates}, {included}, {mode})"
        return f"line_taxes(cost, {rates}, {included}, {mode})"
