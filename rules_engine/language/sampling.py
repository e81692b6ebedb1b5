"""A rule on a sample event, told as `rules explain` tells it; and the tests of a rule.

In: a checked program and the key of a rule. Out: Markdown for a person. The event is one of a test on which the rule
acts. Where no test has one, an event is made: its fields are values under which the rule's condition holds, found by
solving, and plain values for what the condition does not ask; of several sizes of bills the first on which the rule
acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rules_engine import ir, tree
from rules_engine.calendar import format_date
from rules_engine.checking import Checked
from rules_engine.language.lensing import tests_by_rule
from rules_engine.language.places import Lines
from rules_engine.outcome import EventRefused
from rules_engine.scoring import Explanation, Program
from rules_engine.solving import TooLarge, Value, witness
from rules_engine.values import format_decimal
from rules_engine.workbench import TestCase, sample

SIZES: Final = (100, 20, 1_000, 10_000, 1)
"""How many units of money, points or pieces a made event has of what no condition asks."""

DAY: Final = 20_833
"""2027-01-15, where nothing says on which day the event happens."""


class Told(NamedTuple):
    """A page to show: its title, and its text in Markdown."""

    title: str
    text: str


def sampled(checked: Checked, rule: str) -> Told:
    """What a sample event does to a rule."""
    title = f"{rule} on a sample event"
    if not checked.ok:
        return Told(title, "the program has errors: mend them first, then a rule can be run")
    program = _program(checked)
    cases = [_case(checked, entry) for entry in checked.tests]
    found = sample(program, cases, rule)
    if found is not None and found.acted:
        return Told(
            title, f"the event of the test `{_plain(found.case.title)}`\n\n{_fence(found.explanation.text(rule))}"
        )
    made = _made(program, rule)
    if made is not None:
        words = (
            "an event made so that the condition holds" if made[1] else "an event made for it, on which it does not act"
        )
        return Told(title, f"{words}\n\n{_fence(_shown(made[2]), 'json')}\n\n{_fence(made[0].text(rule))}")
    if found is not None:
        return Told(
            title, f"the event of the test `{_plain(found.case.title)}`\n\n{_fence(found.explanation.text(rule))}"
        )
    return Told(title, "no event could be made on which the rule is asked: write a test that has one")


def told_tests(checked: Checked, rule: str) -> Told:
    """The tests that say what a rule gives, with their places and texts."""
    places = tests_by_rule(checked).get(rule, [])
    parts = []
    for each in places:
        source = checked.sources[each.source]
        entry = next(x for x in checked.tests if x.declaration.span[0] <= each.span[0] < x.declaration.span[1]
                     and checked.files[x.file].source.name == each.source)  # fmt: skip
        line = Lines(source.text).spot(each.span[0]).line + 1
        parts.append(f"line {line}\n\n{_fence(source.slice(entry.declaration.span), 'rules')}")
    return Told(f"tests of {rule}", "\n\n".join(parts) or "no test names it in a `then`")


def _case(checked: Checked, entry: Any) -> TestCase:
    assert isinstance(entry.declaration, tree.TestDecl)
    return TestCase(checked.files[entry.file].source, entry.declaration)


def _program(checked: Checked) -> Program:
    """The program, ready to score: made of what was checked, whether or not it stands on disk."""
    from rules_engine.backends.python import Python
    from rules_engine.calendar import zone_version
    from rules_engine.lowering import fingerprint, lower
    from rules_engine.planning import plan

    core = lower(checked)
    mark, zones = fingerprint(core), zone_version() if core.header.zone else ""
    return Program(core, checked.sources, Python(core, mark, zones, plan(core)), mark)


# ---- an event that is made ----


def _made(program: Program, rule: str) -> tuple[Explanation, bool, dict[str, Any]] | None:
    """An event on which the rule acts, or the first on which it was at least asked."""
    core = program.core
    rules: list[ir.RuleDef | ir.OfferDef] = [*core.offers, *core.rules]
    found = next((each for each in rules if each.key == rule), None)
    asked: tuple[Explanation, bool, dict[str, Any]] | None = None
    for event, facts in _events(core, found) if found is not None else ():
        try:
            told = program.explain(event, facts)
        except EventRefused:
            continue
        acted = [each.applied for each in told.rules if each.rule == rule]
        acted += [each.applied for each in told.offers if each.rule == rule]
        if any(acted):
            return told, True, event
        if acted and asked is None:
            asked = told, False, event
    return asked


def _events(core: ir.Program, rule: ir.RuleDef | ir.OfferDef) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for definition in core.events:
        if definition.name not in rule.events or definition.schedule is not None:
            continue
        values = _values(rule)
        for size in SIZES:
            made = _Made(core, values, size)
            yield made.event(definition, rule), made.facts()


def _values(rule: ir.RuleDef | ir.OfferDef) -> dict[str, Value]:
    """Values under which the rule's condition holds, as far as that can be found."""
    conditions = [each for each in (rule.dates, rule.when) if each is not None]
    conditions += [each.where for each in ir.walk(rule) if isinstance(each, ir.Fold) and each.where is not None][:1]
    try:
        found = witness(conditions)
    except TooLarge:
        return {}
    return dict(found.values) if found is not None else {}


class _Made:
    """Values for fields: what the condition asks for, else a plain one."""

    def __init__(self, core: ir.Program, values: dict[str, Value], size: int) -> None:
        self.core = core
        self.values = values
        self.size = size
        today = values.get("today")
        self.day = today if isinstance(today, int) and not isinstance(today, bool) else self._terms()

    def _terms(self) -> int:
        return max(DAY, self.core.header.terms_from or DAY)

    def event(self, definition: ir.EventDef, rule: ir.RuleDef | ir.OfferDef) -> dict[str, Any]:
        """The event as a host would send it."""
        made: dict[str, Any] = {each.name: self.value(each, f"field {each.name}") for each in definition.fields}
        made[definition.identified_by] = "sample"
        made[definition.owner] = "a-member"
        code = rule.code
        if definition.codes_field and code is not None:
            made[definition.codes_field] = list(code.texts[:1])
        if definition.lines is not None:
            line = {each.name: self.value(each, f"line {each.name}") for each in definition.lines.fields}
            made["lines"] = [line] if definition.lines.high else []
        return {"event": definition.name, **made}

    def facts(self) -> dict[str, Any]:
        """The member's facts."""
        return {each.name: self.value(each, f"member.{each.name}") for each in self.core.member}

    def value(self, field: ir.FieldDef, read: str) -> Any:
        """A value of a field."""
        asked = self.values.get(read)
        match field.kind:
            case "choice":
                return asked if isinstance(asked, str) else field.choices[0]
            case "text" | "member":
                return asked if isinstance(asked, str) else "sample"
            case "flag":
                return asked if isinstance(asked, bool) else False
            case "date":
                return format_date(asked if isinstance(asked, int) else self.day)
            case "instant":
                return f"{format_date(self.day)}T12:00:00Z"
            case "time":
                return "12:00"
            case "rate":
                return "0"
            case "codes" | "list":
                return []
            case "tier":
                return self.core.tiers.rungs[0].name if self.core.tiers is not None else "sample"
            case "count" | "money" | "unit":
                return self._number(field, asked)

    def _number(self, field: ir.FieldDef, asked: Value | None) -> Any:
        low, high, unit, decimals = field.low, field.high, "", field.decimals
        if field.bounds:
            low, high, unit, decimals = (
                field.bounds[0].low, field.bounds[0].high, field.bounds[0].currency, field.bounds[0].decimals
            )  # fmt: skip
        plain = 1 if field.role == "quantity" or field.kind == "count" else self.size * 10**decimals
        number = asked if isinstance(asked, int) and not isinstance(asked, bool) else plain
        number = max(low, min(number, high))
        if field.kind == "count":
            return number
        text = format_decimal(number, decimals)
        return {"amount": text, "currency": unit} if unit else text


def _shown(event: dict[str, Any]) -> str:
    import json

    return json.dumps(event, indent=2, ensure_ascii=False)


def _fence(text: str, kind: str = "text") -> str:
    return f"```{kind}\n{text.strip().replace('```', chr(39) * 3)}\n```"


def _plain(text: str) -> str:
    return text.replace("`", "'")
