"""The calculations that other engines test themselves with, as tests of rule files: what is renamed and compared.

A rule file under `corpus/peer_cases/<peer>/` says the policy of a peer; each test in it is one case and starts with the
case's id. Where the list of cases is there, every test is held against its case: the test's event must be the case's
cart under other names, and what comes out must be all that the case expects. Nothing here computes any part of an
answer: fields are renamed, minor units written as amounts; the only promotion of a case may have another name.

`python -m tests.peer_cases write FILE ID ...` appends the tests of cases to a rule file, with what came out of it, once
that is what the cases expect. `python -m tests.peer_cases show ID ...` prints cases, `check FILE ...` compares.
"""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from rules_engine import ir, tree
from rules_engine.backends import Evaluation
from rules_engine.event import Event
from rules_engine.formatting import format_source
from rules_engine.outcome import Discount, People, Price
from rules_engine.parsing import parse
from rules_engine.pipeline import check, load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import Shared, State
from rules_engine.values import format_decimal
from rules_engine.workbench import TestCase, run_tests
from rules_engine.workbench.engine import Asked, Engine

HERE = Path(__file__).resolve().parent
PEERS = HERE / "corpus" / "peer_cases"
LIST = HERE.parent.parent / "shared" / "corpus" / "peer_cases.jsonl"
NOON = "2026-01-10T12:00:00Z"


class Case(msgspec.Struct, frozen=True):
    """One case of the list."""

    id: str
    currency: str
    promotions: tuple[dict[str, Any], ...]
    customer: dict[str, Any]
    cart: dict[str, Any]
    expect: dict[str, Any]
    now: str | None = None
    history: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    note: str = ""


def listed() -> dict[str, Case] | None:
    """The cases by id, or None where the list is not here."""
    if not LIST.is_file():
        return None
    cases = [msgspec.json.decode(line, type=Case) for line in LIST.read_text(encoding="utf-8").splitlines() if line]
    return {case.id: case for case in cases}


def known() -> dict[str, tuple[str, ...]]:
    """The mechanics of every case, by id."""
    with (PEERS / "cases.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: tuple(row["mechanics"].split()) for row in csv.DictReader(file)}


def left_out() -> dict[str, str]:
    """Why a case is not encoded, by id."""
    read = tomllib.loads((PEERS / "left_out.toml").read_text(encoding="utf-8"))
    return {row["id"]: row["reason"] for row in read.get("left_out", [])}


def files() -> list[Path]:
    """All rule files, by peer."""
    return sorted(PEERS.glob("*/*.rules"))


def titles(path: Path) -> list[str]:
    """The titles of the tests of a rule file."""
    found = parse(Source.read(path)).file.declarations
    return [each.title.value for each in found if isinstance(each, tree.TestDecl)]


def id_of(title: str) -> str:
    """The case that a test is: the first word of its title, without a colon."""
    return title.split()[0].rstrip(":")


# ---- renaming ----


def sent(case: Case, kind: ir.EventDef, currency: ir.Currency) -> dict[str, Any]:
    """The event of a case, as a host would send it: only the fields that the rule file declares."""
    found = {"event": kind.name}
    for field in kind.fields:
        value = _of_event(case, field, kind, currency)
        if value is not None:
            found[field.name] = value
    if kind.lines is not None:
        found["lines"] = [  # type: ignore[assignment]
            {f.name: v for f in kind.lines.fields if (v := _of_line(case, line, f, currency)) is not None}
            for line in _cart_lines(case)
        ]
    return found


def _cart_lines(case: Case) -> list[dict[str, Any]]:
    fees = [
        {"sku": fee["id"], "unit_price_minor": fee["price_minor"], "quantity": 1, "delivery": True}
        for fee in case.cart.get("shipping_lines", ())
    ]
    return [*case.cart["lines"], *fees]


def _of_event(case: Case, field: ir.FieldDef, kind: ir.EventDef, currency: ir.Currency) -> Any:
    cart, tax = case.cart, case.cart.get("tax", {})
    if field.name == kind.identified_by:
        return case.id
    if field.name == kind.owner:
        return case.customer.get("id") or case.customer.get("email")
    if field.name == kind.dated_by:
        moment = case.now or NOON
        day = moment[:10]
        return day if field.kind == "date" else moment if "T" in moment else f"{day}T12:00:00Z"
    if field.kind == "codes":
        return cart["coupons"]
    if field.role == "shipping":
        return _money(cart["shipping_minor"], currency, field)
    if field.role == "shipping tax rate":
        return _rate(tax.get("shipping_rate_percent", tax.get("shipping_included_rate_percent", 0)))
    plain = {"channel": cart.get("channel"), "country": cart.get("shipping_country")}
    return plain.get(field.name)


def _of_line(case: Case, line: dict[str, Any], field: ir.FieldDef, currency: ir.Currency) -> Any:
    by_role = {
        "id": "sku",
        "list each": "unit_price_minor",
        "was": "original_unit_price_minor",
        "floor": "min_unit_price_minor",
        "quantity": "quantity",
        "shipping": "delivery",
    }
    match field.role:
        case "tax rate":
            rates = case.cart.get("tax", {}).get(
                "rates_percent", case.cart.get("tax", {}).get("rates_percent_added", {})
            )
            return _rate(rates.get(line.get("tax_category", "*"), rates.get("*", 0)))
        case "shipping":
            return bool(line.get("delivery"))
        case role if role in by_role:
            value = line.get(by_role[role])
        case _:
            value = line.get(PLAIN.get(field.name, field.name))
            if field.name == "category":
                value = (line.get("categories") or [None])[0]
    if value is None:
        absent = {"list": [], "flag": field.name == "discountable"}
        return None if field.optional else absent.get(field.kind)
    return _money(value, currency, field) if field.kind == "money" else value


PLAIN = {"list_price": "list_unit_price_minor"}
"""Fields of lines by their names in rule files, where these differ from the list's."""


def _money(minor: int, currency: ir.Currency, field: ir.FieldDef) -> Any:
    amount = format_decimal(minor, currency.decimals)
    return {"amount": amount, "currency": currency.code} if field.bounds else amount


def _rate(percent: float) -> str:
    return format_decimal(round(percent * 10_000), 6)


def facts_sent(case: Case, core: ir.Program) -> dict[str, Any]:
    """The member's facts of a case: groups, and what the history counts."""
    groups = case.customer.get("groups", [])
    plain = {"groups": groups, "group": groups[0] if groups else None, "email": case.customer.get("email")}
    plain |= {
        "placed_orders": case.history.get("placed_orders"),
        "cancelled_orders": case.history.get("cancelled_orders"),
    }
    return {field.name: plain[field.name] for field in core.member if plain.get(field.name) is not None}


# ---- comparing ----


def differences(case: Case, program: Program, event: Event, found: Evaluation) -> list[str]:
    """What came out otherwise than the case expects."""
    expect, said = case.expect, []
    money = Taken(program.core, event, found)

    def compare(what: str, wanted: object, actual: object) -> None:
        if wanted != actual:
            said.append(f"{case.id}: {what}: expected {wanted}, came out {actual}")

    names = [promotion["name"] for promotion in case.promotions]
    if len(names) == len(program.core.offers) == 1:
        names = [program.core.offers[0].title]
        expect = {**expect, "applied": names if expect["applied"] else []}
    compare("applied", sorted(set(expect["applied"])), sorted(set(_applied(names, found))))
    added = {line["sku"]: line["quantity"] for line in expect.get("added_lines", ())}
    compare("gifts", added, {gift.sku: gift.count for gift in found.gifts})
    wanted = {sku: taken for sku, taken in expect["line_discounts_minor"].items() if sku not in added}
    compare("line discounts", wanted, {sku: money.of_lines.get(sku, 0) for sku in wanted})
    compare("line discounts in all", sum(wanted.values()), sum(money.of_lines.values()))
    compare("order discount", expect["order_discount_minor"], sum(money.of_order.values()))
    compare("shipping discount", expect["shipping_discount_minor"], sum(money.of_shipping.values()))
    compare("total", expect["total_minor"], money.total)
    for name, split in (
        ("order_discount_split_minor", money.of_order),
        ("shipping_discount_split_minor", money.of_shipping),
    ):
        if name in expect:
            compare(name, expect[name], {sku: split.get(sku, 0) for sku in expect[name]})
    if "order_discount_split_multiset_minor" in expect:
        shares = [money.of_order.get(line["sku"], 0) for line in case.cart["lines"]]
        compare("shares", sorted(expect["order_discount_split_multiset_minor"]), sorted(shares))
    if "order_discount_unit_split_minor" in expect:
        compare(
            "units",
            expect["order_discount_unit_split_minor"],
            {sku: money.units_of_order.get(sku, []) for sku in expect["order_discount_unit_split_minor"]},
        )
    for name in ("tax_added_minor", "tax_included_minor"):
        if name in expect:
            compare(name, expect[name], money.tax)
    rejected = [code.code for code in found.codes if not code.rules]
    compare(
        "rejected codes",
        sorted(expect.get("rejected_coupons", ())),
        sorted(rejected) if "rejected_coupons" in expect else [],
    )
    return said


def _applied(names: Sequence[str], found: Evaluation) -> Iterator[str]:
    """The promotions whose rules acted; a promotion of two rules names them `NAME: ...`."""
    acted = {each.rule for each in found.discounts if each.given and not each.held_out}
    acted |= {charge.rule for charge in found.charges} | {gift.rule for gift in found.gifts}
    for rule in acted:
        yield next((name for name in names if rule == name or rule.startswith(f"{name}: ")), rule)


class Taken:
    """What an evaluation took off, by the id of the line: line effects, order effects, shipping."""

    def __init__(self, core: ir.Program, event: Event, found: Evaluation) -> None:
        self.kind = next(each for each in core.events if each.name == event.name)
        self.event = event
        self.of_lines: dict[str, int] = {}
        self.of_order: dict[str, int] = {}
        self.of_shipping: dict[str, int] = {}
        self.units_of_order: dict[str, list[int]] = {}
        for discount in found.discounts:
            self._add(discount)
        self.total, self.tax = _to_pay(found.price)

    def _add(self, discount: Discount) -> None:
        for part in discount.parts:
            name, is_shipping = self.name(part.line)
            into = self.of_shipping if is_shipping else self.of_order if discount.stage == "basket" else self.of_lines
            into[name] = into.get(name, 0) + part.amount
            if into is self.of_order:
                units = [each for count, each in part.runs for _ in range(count)]
                before = self.units_of_order.get(name, [0] * len(units))
                self.units_of_order[name] = [a + b for a, b in zip(before, units, strict=True)]

    def name(self, number: int) -> tuple[str, bool]:
        """A line's id, and whether it is shipping."""
        if number == len(self.event.lines):
            return "shipping", True
        line = self.event.lines[number]
        flag = self.kind.shipping_flag
        return str(line[self.kind.line_id_field]), bool(flag and line[flag])


def _to_pay(price: Price | None) -> tuple[int, int]:
    return (0, 0) if price is None else (price.total, price.tax)


# ---- running a rule file ----


class Ran(msgspec.Struct, frozen=True):
    """One test of a file: its title, its last event, what came of it, and what the test itself found wrong."""

    title: str
    event: Event | None
    found: Evaluation | None
    findings: tuple[str, ...]


def ran(path: Path) -> tuple[Program, list[Ran]]:
    """Run all tests of a rule file on the reference, and keep what came out."""
    checked = check(path)
    assert not checked.diagnostics, [str(each) for each in checked.diagnostics]
    program, source = load(path), Source.read(path)
    kept: list[tuple[Event, Evaluation]] = []
    evaluate = Engine.evaluate

    def keeping(engine: Engine, asked: Asked) -> Evaluation:
        found = evaluate(engine, asked)
        kept.append((asked.event, found))
        return found

    results = []
    Engine.evaluate = keeping  # type: ignore[method-assign, assignment]
    try:
        for entry in checked.tests:
            assert isinstance(entry.declaration, tree.TestDecl)
            kept.clear()
            (result,) = run_tests(program, [TestCase(source, entry.declaration)])
            event, found = kept[-1] if kept else (None, None)
            results.append(Ran(result.case.title, event, found, tuple(str(each.data) for each in result.findings)))
    finally:
        Engine.evaluate = evaluate  # type: ignore[method-assign]
    return program, results


def faults(path: Path, cases: dict[str, Case] | None) -> list[str]:
    """What is wrong with a rule file: tests that fail, events that are not the case's, answers that differ."""
    checked = check(path)
    if checked.diagnostics:
        return [f"{path.name}: {each.code} {each.message}" for each in checked.diagnostics]
    program, results = ran(path)
    said = [f"{result.title}: {finding}" for result in results for finding in result.findings]
    if cases is None:
        return said
    for result in results:
        case = cases.get(id_of(result.title))
        if case is None:
            said.append(f"{result.title}: there is no such case")
        elif result.event is None or result.found is None:
            said.append(f"{result.title}: nothing was scored")
        else:
            said += _other_event(case, program, result.event) + differences(case, program, result.event, result.found)
    return said


def _other_event(case: Case, program: Program, event: Event) -> list[str]:
    """Where a test's event is not the case's cart."""
    kind, currency = _kind_of(program.core, case)
    own = program.event(sent(case, kind, currency))
    known = own.member if event.member is not None else None
    fields = {**event.fields, kind.identified_by: own.id, kind.owner: known}
    same = msgspec.structs.replace(event, id=own.id, member=known, fields=fields)
    return [] if same == own else [f"{case.id}: the test's event is not the case's: {event} and {own}"]


def _kind_of(core: ir.Program, case: Case) -> tuple[ir.EventDef, ir.Currency]:
    kind = next(each for each in core.events if each.list_field or each.priced_by_offers)
    return kind, next(each for each in core.header.currencies if each.code == case.currency)


# ---- writing tests ----


def written(case: Case, program: Program) -> str:
    """The test of a case in a rule file, with what came out of the program; raises where that is not the case's."""
    kind, currency = _kind_of(program.core, case)
    event_sent, facts = sent(case, kind, currency), facts_sent(case, program.core)
    event = program.event(event_sent)
    decoded = program.facts(event, facts) if event.member is not None else {}
    found = Engine(program.core).evaluate(Asked(event, decoded, State(), Shared(), People()))
    wrong = differences(case, program, event, found)
    if wrong and not case.history and not any("budget" in promotion for promotion in case.promotions):
        raise ValueError("\n".join(wrong))
    given = ""
    if event_sent.pop(kind.owner, None) is not None:
        given = f"given member {{ {'  '.join(f'{name}: {_said(value)}' for name, value in facts.items())} }}"
    lines = event_sent.pop("lines", [])
    fields = {f.name: f for f in kind.fields}
    head = "  ".join(
        f"{name}: {_said(value, fields[name], currency)}"
        for name, value in event_sent.items()
        if name in fields and value != []
    )
    rows = _rows(lines, kind, currency)
    what = case.promotions[0]["description"].split(".")[0][:60].replace('"', "'")
    then = ",\n        ".join(_expected(case, program, event, found, currency))
    return f'test "{case.id}: {what}" {{\n  {given}\n  when {kind.name} {{ {head}\n{rows} }}\n  then {then}\n}}\n'


def _rows(lines: Sequence[dict[str, Any]], kind: ir.EventDef, currency: ir.Currency) -> str:
    if not lines or kind.lines is None:
        return ""
    fields = [field for field in kind.lines.fields if any(field.name in line for line in lines)]
    head = "    lines | " + " | ".join(field.name for field in fields) + " |\n"
    return head + "\n".join(
        "          | " + " | ".join(_said(line[f.name], f, currency) if f.name in line else "" for f in fields) + " |"
        for line in lines
    )


def _said(value: Any, field: ir.FieldDef | None = None, currency: ir.Currency | None = None) -> str:
    """A value as a test writes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "(" + ", ".join(map(_said, value)) + ")"
        case dict():
            return f"{value['amount']} {value['currency']}"
        case str() if field is not None and field.kind == "money" and currency is not None:
            return f"{value} {currency.code}"
        case str() if field is not None and field.kind == "rate":
            percent = f"{float(value) * 100:.4f}".rstrip("0").rstrip(".")
            return f"{percent}%"
        case str() if field is not None and field.kind == "instant":
            return value.replace("T", " ")[:16]
        case str() if field is not None and field.kind in ("date", "choice"):
            return value
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _expected(case: Case, program: Program, event: Event, found: Evaluation, currency: ir.Currency) -> Iterator[str]:
    def money(minor: int) -> str:
        return f"{format_decimal(minor, currency.decimals)} {currency.code}"

    taken = Taken(program.core, event, found)
    given: dict[str, int] = {}
    for each in found.discounts:
        given[each.rule] = given.get(each.rule, 0) + each.given
    titles = {offer.key: offer.title for offer in program.core.offers}
    for offer in program.core.offers:
        gifts = [gift for gift in found.gifts if gift.rule == offer.key]
        if given.get(offer.key):
            yield f'"{titles[offer.key]}" {money(given[offer.key])}'
        elif not gifts:
            yield f'"{titles[offer.key]}" not applied'
        for gift in gifts:
            yield f'gift {gift.count} "{gift.sku}"'
    if found.price is not None:
        for number, line in enumerate(found.price.lines[: len(event.lines)]):
            name, is_shipping = taken.name(number)
            if not is_shipping or program.core.events[0].shipping_flag:
                yield f'line "{name}" {money(line.net)}'
        if taken.kind.shipping_field:
            yield f"shipping {money(found.price.shipping)}"
        if "tax" in case.cart:
            yield f"tax {money(found.price.tax)}"
        yield f"total {money(found.price.total)}"
    for code in found.codes:
        if not code.rules:
            yield f'code "{code.code}" refused because "{code.reason}"'


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    what, *rest = arguments
    cases = listed()
    assert cases is not None, "the list of cases is not here"
    if what == "show":
        for each in rest:
            print(json.dumps(msgspec.to_builtins(cases[each]), ensure_ascii=False, indent=1))
        return 0
    if what == "check":
        found = [fault for path in rest or map(str, files()) for fault in faults(Path(path), cases)]
        print("\n".join(found) or "all as the cases expect")
        return 1 if found else 0
    path = Path(rest[0])
    program, text, failed = load(path), path.read_text(encoding="utf-8"), 0
    for each in rest[1:]:
        try:
            text += "\n" + written(cases[each], program)
        except ValueError as reason:
            print(reason, file=sys.stderr)
            failed = 1
    path.write_text(text, encoding="utf-8")
    source = Source.read(path)
    path.write_text(format_source(source, parse(source)), encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
