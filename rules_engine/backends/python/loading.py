"""The way into generated functions: fields are read, checked and made canonical where they are loaded.

In: an event's declaration and what the function needs. Out: lines for four ways in: a decoded `Event`, a dictionary as
a host sends it, a typed struct, and the struct of a request in JSON that was `sent` (see `requests`). The middle two
check as they load, optimistically: whatever is not plainly right goes by `slow` to the decoder, which says why, or
takes what is unusual and still right (a `Decimal`, a `Money`). Of the last, the decoder in C has checked all but
amounts and dates, so nothing else is looked at again, and a field that no rule reads is not even loaded.

Prices, dates and rates repeat, so their texts are remembered; a text that is new is read by the same strict readers
that the decoder uses.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from rules_engine import ir
from rules_engine.backends.python.function import Function
from rules_engine.backends.python.memos import CodeLists, Memo, read_list
from rules_engine.backends.python.module import Module
from rules_engine.backends.python.quoting import const
from rules_engine.backends.python.writing import Lines
from rules_engine.decoding import attribute, fact_fields

Way = Literal["event", "raw", "typed", "sent"]
TEXT_MAX = 256
_PROVEN = frozenset({"text", "member", "choice", "flag", "count"})
"""Kinds of fields that the decoder of requests has checked; they are canonical as they were sent."""
VALUE_MAX = 2**62 - 1


class Loading(msgspec.Struct, frozen=True):
    """The loader of one function."""

    module: Module
    function: Function

    # ---- one value

    def _read(self, way: Way, holder: str, field: ir.FieldDef) -> str:
        if way in ("typed", "sent"):
            return f"{holder}.{attribute(field.name)}"
        get = f".get({const(field.name)})" if field.optional else f"[{const(field.name)}]"
        return holder + get

    def value(self, way: Way, holder: str, field: ir.FieldDef, local: str, out: Lines, filled: bool = False) -> None:
        """Load a field into a local name, checked and canonical."""
        if way == "event":
            out.add(f"{local} = {holder}[{const(field.name)}]")
            return
        out.add(f"{local} = {self._read(way, holder, field)}")
        if way == "sent" and field.kind in _PROVEN:
            return
        if field.optional:
            with out.block(f"if {local} is not None:"):
                self._check(way, field, local, out, filled)
        else:
            self._check(way, field, local, out, filled)

    @staticmethod
    def _typed(kind: str, way: Way, local: str, out: Lines) -> None:
        """Refuse a value of another type, which what was sent as JSON cannot have."""
        if way != "sent":
            with out.block(f"if type({local}) is not {kind}:"):
                out.add("raise ValueError")

    def _check(self, way: Way, field: ir.FieldDef, local: str, out: Lines, filled: bool) -> None:
        low, high = field.low, min(field.high, VALUE_MAX)
        match field.kind:
            case "text" | "member":
                least = "0 < " if filled or field.kind == "member" else ""
                size = f"{least}len({local}) <= {field.high or TEXT_MAX}"
                test = f"type({local}) is str and {size} and {local}.isprintable()"
            case "choice":
                choices = self.module.share(
                    "choices", field.choices, "", lambda: {each: each for each in field.choices}
                )
                out.add(f"{local} = {choices}[{local}]")
                return
            case "flag":
                test = f"{local} is True or {local} is False"
            case "count":
                test = f"type({local}) is int and {low} <= {local} <= {high}"
            case "tier":
                out.add(f"{local} = RUNGS[{local}]")
                return
            case "money" | "unit" | "rate" | "date" | "time":
                self._remembered(field, local, out)
                return
            case "instant":
                self._typed("str", way, local, out)
                out.add(f"{local} = hours[{local}[:13]] + minutes[{local}[13:]]")
                return
            case "codes":
                self._typed("list", way, local, out)
                program = self.module.program
                kept = self.module.share("code_lists", field, "", lambda: CodeLists(field, program))
                out.add(f"{local} = {kept}[tuple({local})]")
                return
            case "list":
                out.add(f"{local} = {self._listed(field)}({local})")
                return
        with out.block(f"if not ({test}):"):
            out.add("raise ValueError")

    def _remembered(self, field: ir.FieldDef, local: str, out: Lines) -> None:
        """A text that comes again and again: found in a memory of texts that were read before, or read strictly now."""
        memo = self._memo(field)
        found = f"{local} = {memo}_get({local}) or {memo}[{local}]"
        if field.kind == "unit" and not self.module.units[field.unit].decimals:
            with out.block(f"if type({local}) is not int:"):
                out.add(found)
            with out.block(f"elif not {field.low} <= {local} <= {min(field.high, VALUE_MAX)}:"):
                out.add("raise ValueError")
            return
        out.add(found)

    def _memo(self, field: ir.FieldDef) -> str:
        """The memory of a kind of texts within bounds; fields that read alike share one."""
        low, high = field.low, min(field.high, VALUE_MAX)
        decimals = 0
        if field.kind == "money":
            decimals = next(c.decimals for c in self.module.program.header.currencies if c.code == field.unit)
        elif field.kind == "unit":
            decimals = self.module.units[field.unit].decimals
        elif field.kind in ("date", "time"):
            low = high = 0
        elif field.kind == "rate" and not (low or high):
            high = 10**18
        kind = "amount" if field.kind in ("money", "unit") else field.kind
        name = self.module.share(f"{kind}s", (decimals, low, high), "", lambda: Memo(kind, decimals, low, high))
        self.module.globals[f"{name}_get"] = self.module.globals[name].get
        return name

    def _listed(self, field: ir.FieldDef) -> str:
        return self.module.share("listed", field, field.name, lambda: read_list(field, self.module.program))

    # ---- the event

    def event(self, way: Way, out: Lines) -> None:
        """All fields of the event, its member, day and instant."""
        function, event = self.function, self.function.event
        holder = "fields" if way == "event" else "event"
        needed = {name: local for (kind, name), local in function.loaded.items() if kind == "field"}
        if way == "event":
            out.add("fields = event.fields")
        if way == "raw" and len(self.module.program.events) == 1:
            with out.block(f"if event['event'] != {const(event.name)}:"):
                out.add("raise ValueError")
        for field in event.fields:
            local = needed.get(field.name) or self._own(field.name)
            named = field.name in (event.owner, event.identified_by)
            if self._asks(way, field) or field.name in needed or (named and way == "sent"):
                self.value(way, holder, field, local, out, filled=field.name == event.identified_by)
        if way == "event":
            out.add("member, day, instant, number = event.member, event.day, event.instant, event.id")
            return
        names = {name: needed.get(name) or self._own(name) for name in (f.name for f in event.fields)}
        out.add(f"member, number = {names[event.owner]}, {names[event.identified_by]}")
        dated = next(field for field in event.fields if field.name == event.dated_by)
        if dated.optional:
            with out.block(f"if {names[dated.name]} is None:"):
                out.add("raise ValueError")
        if dated.kind == "instant":
            out.add(f"instant = {names[dated.name]}")
            out.add("day = days_of[instant // 900]")
        else:
            out.add(f"day = {names[dated.name]}")
            out.add("instant = start_of_day(day)")
        header = self.module.program.header
        terms = [f"day < {header.terms_from}"] if header.terms_from is not None else []
        terms += [f"day > {header.terms_until}"] if header.terms_until is not None else []
        if terms:
            with out.block(f"if {' or '.join(terms)}:"):
                out.add("raise ValueError")
        if way == "raw":
            also = 1 if event.lines is None else 2
            self._no_others("event", event.fields, also, out)

    def _own(self, name: str) -> str:
        return self.function.own_name(name)

    @staticmethod
    def _asks(way: Way, field: ir.FieldDef) -> bool:
        """Whether a field has to be looked at by a way in, even where no rule reads it."""
        return way in ("raw", "typed") or (way == "sent" and field.kind not in _PROVEN)

    def _no_others(self, holder: str, fields: tuple[ir.FieldDef, ...], also: int, out: Lines) -> None:
        """Refuse keys that are not declared, by counting those that are there."""
        optional = [field.name for field in fields if field.optional]
        count = str(len(fields) - len(optional) + also)
        for name in optional:
            count += f" + ({const(name)} in {holder})"
        with out.block(f"if len({holder}) != {count}:"):
            out.add("raise ValueError")

    def facts(self, way: Way, out: Lines) -> None:
        """All of a member's facts, checked; those that are read stay in their local names."""
        needed = {fact: local for (kind, fact), local in self.function.loaded.items() if kind == "fact"}
        program = self.module.program
        from_host = program.tiers is not None and program.tiers.from_host
        if way == "event":
            for fact, local in needed.items():
                out.add(f"{local} = facts.get({const(fact)})")
            if from_host:
                out.add('tier = facts.get("tier") or 0')
            return
        if from_host:
            needed["tier"] = "tier"
        fields = fact_fields(program)
        if way == "sent" and not fields:
            return
        way = "sent" if way == "sent" else "raw"  # beside a typed event stand facts in a dictionary
        with out.block("if facts is None:"):
            out.add("raise ValueError" if way == "sent" else "facts = NONE")
        for field in fields:
            if field.name in needed or self._asks(way, field):
                self.value(way, "facts", field, needed.get(field.name) or self._own(f"fact {field.name}"), out)
        if way != "sent":
            self._no_others("facts", fields, 0, out)

    # ---- the lines

    def lines(self, way: Way, out: Lines, passing: bool) -> None:
        """One pass over the lines: checked where they come from a host; totals and columns where `passing`."""
        function, event = self.function, self.function.event
        found = function.passing
        checked = way != "event" and event.lines is not None
        if way == "event":
            out.add("lines = event.lines")
        elif event.lines is None:
            out.add("lines = ONE")
        else:
            out.add('lines = event["lines"]' if way == "raw" else "lines = event.lines")
            if way != "sent":
                few = f"len(lines) < {event.lines.low} or " if event.lines.low else ""
                with out.block(f"if type(lines) is not list or {few}len(lines) > {event.lines.high}:"):
                    out.add("raise ValueError")
        busy = passing and bool(found.starts or found.columns or found.whole or function.priced or function.needs_keys)
        if not (busy or checked):
            return
        if busy:
            for start in found.starts:
                out.add(start)
            for column in found.columns.values():
                out.add(f"{column} = []")
        names = self._named(event)
        keyed = busy and function.needs_keys and way != "event"
        if (checked and event.line_id_field) or keyed:
            out.add("named = []")
        if keyed and not names:
            out.add("rows = []")
        counted = busy and found.placed and "amount" not in found.columns
        with out.block("for place, line in enumerate(lines):" if counted else "for line in lines:"):
            self._line(way, out, busy)
            if checked and event.line_id_field:
                out.add(f"named.append({self._line_name(event.line_id_field)})")
            if keyed and not names:
                ordered = ", ".join(self._ordered(field) for field in (event.lines.fields if event.lines else ()))
                out.add(f"rows.append(({ordered}, len(rows)))" if ordered else "rows.append(len(rows))")
        if checked and event.line_id_field:
            with out.block(
                "if len(set(named)) != len(named):" if names else "if repeats(named):",
            ):
                out.add("raise ValueError")
        if busy:
            self._after(way, out)

    def _named(self, event: ir.EventDef) -> bool:
        """Whether every line has an id, so that ids order them."""
        return any(
            f.name == event.line_id_field and not f.optional for f in (event.lines.fields if event.lines else ())
        )

    def _line_name(self, field: str) -> str:
        """The local name of a line's field; how many pieces there are has one of its own."""
        known = self.function.passing.fields.get(field)
        if known is None and field == self.function.event.quantity_field:
            return "pieces"
        return known or self.function.own_name(f"line {field}")

    def _line(self, way: Way, out: Lines, busy: bool) -> None:
        function, event = self.function, self.function.event
        found = function.passing
        if event.lines is None:
            self._own_line(way, out)
        else:
            for field in event.lines.fields:
                wanted = busy and (field.name in found.fields or self._priced(field.name))
                ordering = way == "sent" and (self.function.needs_keys or field.name == event.line_id_field)
                if self._asks(way, field) or wanted or ordering:
                    self._line_value(way, field, out)
            if way == "raw":
                self._no_others("line", event.lines.fields, 0, out)
        if busy:
            self._amount(out)
            self._statements(out)

    def _line_value(self, way: Way, field: ir.FieldDef, out: Lines) -> None:
        """A field of a line. Texts of lines repeat, so those that passed once are remembered."""
        local = self._line_name(field.name)
        if way in ("event", "sent") or field.kind != "text" or field.optional:
            self.value(way, "line", field, local, out)
            return
        seen = self.module.share("texts", field.high or TEXT_MAX, "", set)
        out.add(f"{local} = {self._read(way, 'line', field)}")
        with out.block(f"if {local} not in {seen}:"):
            self._check(way, field, local, out, filled=False)
            out.add(f"remember({seen}, {local})")

    def _ordered(self, field: ir.FieldDef) -> str:
        name = self._line_name(field.name)
        return f"(False, 0) if {name} is None else (True, {name})" if field.optional else name

    def _own_line(self, way: Way, out: Lines) -> None:
        """An event without lines is its own line."""
        needed = {name: local for (kind, name), local in self.function.loaded.items() if kind == "field"}
        for field in self.function.event.fields:
            if field.name in self.function.passing.fields or self._priced(field.name):
                source = f"line[{const(field.name)}]" if way == "event" else None
                local = needed.get(field.name) or self._own(field.name)
                out.add(f"{self._line_name(field.name)} = {source or local}")

    def _priced(self, field: str) -> bool:
        found, event = self.function.passing, self.function.event
        if found.money and field == event.list_field:
            return True
        if found.was and field in (event.was_field, event.list_field):
            return True
        if (found.tax and field == event.tax_field) or (found.floor and field == event.floor_field):
            return True
        quantity = found.quantity or (found.money and event.list_each)
        return bool(quantity and field == event.quantity_field)

    def _amount(self, out: Lines) -> None:
        found, event = self.function.passing, self.function.event
        each = bool(event.list_each and event.quantity_field)
        if (found.quantity or (found.money and each)) and self._line_name(event.quantity_field) != "pieces":
            out.add(f"pieces = {self._line_name(event.quantity_field)}")
        if found.money and self.function.tariff:
            out.add(f"amount = {self.function.tariff}")
        elif found.money:
            price = self._line_name(event.list_field)
            if self.function.line_fields[event.list_field].optional:
                price = f"({price} or 0)"
            out.add(f"amount = {price} * pieces" if each else f"amount = {price}")
        if found.tax:
            out.add(f"vat = {self._line_name(event.tax_field)}{' or 0' if self._absent(event.tax_field) else ''}")
        if found.floor:
            out.add(f"floor = {self._line_name(event.floor_field)}{' or 0' if self._absent(event.floor_field) else ''}")
        if found.was:
            was = self._line_name(event.was_field)
            if self.function.line_fields[event.was_field].optional:
                was = f"({price} if {was} is None else {was})"
            out.add(f"was_amount = {was} * pieces" if each else f"was_amount = {was}")

    def _absent(self, field: str) -> bool:
        return self.function.line_fields[field].optional

    def _statements(self, out: Lines) -> None:
        found = self.function.passing
        last = ""
        at = "len(c_amount)" if "amount" in found.columns else "place"  # few lines ask for their place
        for test, statements in sorted(found.body.items(), key=lambda each: _subject(each[0])):
            if not test:
                for statement in statements:
                    out.add(statement.replace(".append(place)", f".append({at})"))
                continue
            subject = _subject(test)
            with out.block(f"{'elif' if subject and subject == last else 'if'} {test}:"):
                for statement in statements:
                    out.add(statement.replace(".append(place)", f".append({at})"))
            last = subject
        for local, column in found.columns.items():
            out.add(f"{column}.append({local})")

    def _after(self, way: Way, out: Lines) -> None:
        function, event = self.function, self.function.event
        for statement in function.passing.after:
            out.add(statement)
        if function.priced:
            out.add("every = range(len(lines))")
            if event.shipping_field:
                out.add("everything = range(len(lines) + 1)")
                out.add("own_shipping = (len(lines),)")
        if function.passing.whole:
            out.add("w_amount = tuple(c_amount)")
        if function.needs_keys:
            names = const(tuple(field.name for field in event.lines.fields)) if event.lines else "()"
            if event.lines is None:
                out.add("keys = None")
            elif way == "event":
                out.add(f"keys = line_keys(lines, {const(event.line_id_field)}, {names})")
            elif self._named(event):
                out.add("keys = named")
            elif event.line_id_field:
                out.add("keys = rows if None in named else named")
            else:
                out.add("keys = rows")
            if function.priced and event.shipping_field:
                out.add("keys = ranked(keys)")


def _subject(test: str) -> str:
    """What a test compares with one constant; two such tests of one subject cannot both hold."""
    found = re.fullmatch(r"(\w+) == (?:'[^'\\\\]*'|\d+)", test)
    return found[1] if found else ""
