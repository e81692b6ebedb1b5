"""The fingerprint of a program: one text for one meaning.

In: a lowered program. Out: SHA-256 in hexadecimal over its canonical encoding: JSON of each definition without origins,
sorted where order means nothing. Layout, comments, names of files, order of declarations do not change it; a number, a
name, an imported value does.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from rules_engine import ir

if TYPE_CHECKING:
    from collections.abc import Iterable

_ORIGIN: Final = re.compile(rb'"at":\[\d+,\d+,\d+\],?')
"""An origin as it is encoded. Inside a text the quotes would be escaped, so this matches nothing that a user wrote."""


def fingerprint(program: ir.Program) -> str:
    """The fingerprint, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in _parts(program):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def _parts(program: ir.Program) -> Iterable[bytes]:
    yield b"language %d" % program.language
    yield meaning(program.header)
    yield meaning(program.tiers)
    yield from _sorted(map(_by_name, program.events))
    yield from _sorted(program.member)
    yield from _sorted(program.units)
    yield from _sorted(program.periods)
    yield from _sorted(program.tracks)
    yield from _sorted(program.rules)
    yield from _sorted(program.groups)
    yield from _sorted(program.matches)
    yield from _sorted(program.holdouts)
    yield from _sorted(program.imports)
    yield from _sorted(program.offers)
    yield from _sorted(program.stages)
    yield from _sorted(program.offer_groups)
    if program.tender:
        yield msgspec.json.encode((program.tender_choice, program.tender))


def _by_name(event: ir.EventDef) -> ir.EventDef:
    """Fields are sent by name, so their order means nothing; but lines without an id are told apart by theirs, one
    field after the other, and who gets an odd penny may hang on it."""
    known = (
        any(each.name == event.line_id_field and not each.optional for each in event.lines.fields)
        if event.lines
        else False
    )
    lines = replace(event.lines, fields=_fields(event.lines.fields)) if event.lines and known else event.lines
    return replace(event, fields=_fields(event.fields), lines=lines)


def _fields(fields: tuple[ir.FieldDef, ...]) -> tuple[ir.FieldDef, ...]:
    return tuple(sorted(fields, key=lambda field: field.name))


def _sorted(definitions: Iterable[msgspec.Struct]) -> Iterable[bytes]:
    """Each definition, sorted; then a mark, so that no list runs into the next."""
    yield from sorted(map(meaning, definitions))
    yield b""


def meaning(definition: msgspec.Struct | None) -> bytes:
    """What a definition means, as bytes: two that differ only in where they stand are the same."""
    return _ORIGIN.sub(b"", msgspec.json.encode(definition))
