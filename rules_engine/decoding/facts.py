"""A member's facts: `decode_facts(raw, program)` gives them by name, or every reason why not."""

from __future__ import annotations

from collections.abc import Mapping

from rules_engine import ir
from rules_engine.decoding.events import reader_of
from rules_engine.decoding.faults import Place, fault, shown
from rules_engine.decoding.records import read_record
from rules_engine.event import Facts
from rules_engine.outcome import Fault

_MEMBER = Place("the member")


def fact_fields(program: ir.Program) -> tuple[ir.FieldDef, ...]:
    """The declared facts, and `tier` where the host keeps the tiers."""
    declared = any(field.name == "tier" for field in program.member)
    if program.tiers is not None and program.tiers.from_host and not declared:
        return (*program.member, ir.FieldDef("tier", "tier"))
    return program.member


def decode_facts(raw: object, program: ir.Program, place: Place = _MEMBER) -> Facts | tuple[Fault, ...]:
    """The facts that a host sent of one member, canonical, or all their faults; the id is not among them. `place` says
    whose they are."""
    if not isinstance(raw, Mapping):
        return (fault("V100", place, "", found=shown(raw), form="an object of the member's facts"),)
    faults: list[Fault] = []
    facts = read_record(raw, fact_fields(program), reader_of(program).world, place, faults)
    return tuple(faults) if faults else facts
