"""Declarations read by a recipe are what the loop makes of them, and are refused as it refuses them."""

from pathlib import Path

import pytest

from rules_engine.parsing import driving, lexing, parser
from rules_engine.parsing.cutting import cut
from rules_engine.parsing.refusals import RefusalError
from rules_engine.parsing.repeating import Recipe
from rules_engine.parsing.table import load

PROGRAMMES = sorted((Path(__file__).parent / "corpus" / "programmes").rglob("*.rules"))


def driver() -> driving.Driver:
    table = load()
    return driving.Driver(table, lexing.lexer(table))


def test_every_declaration_is_the_same_by_its_recipe() -> None:
    machine, written = driver(), 0
    for path in PROGRAMMES:
        text = path.read_text(encoding="utf-8")
        for stretch in cut(text).stretches:
            tokens = [machine.lexer.lex(text, *stretch) for _ in range(4)]
            try:
                expected = machine.run(tokens[0])
            except (driving.StuckError, RefusalError):
                continue
            kinds = tuple(tokens[1].kinds)
            assert [machine.read(each) for each in tokens[1:]] == [expected] * 3, (path, stretch)
            written += isinstance(machine.read.__self__.known.get(kinds), Recipe)  # type: ignore[attr-defined]
    assert written > 500


def test_what_a_builder_refuses_is_refused_by_a_recipe() -> None:
    machine = driver()
    good, bad = [f'earn "A" {{ on purchase  give 10 {word} }}' for word in ("points", "percent")]
    for _ in range(3):
        machine.read(machine.lexer.lex(good, 0, len(good)))
    kinds = tuple(machine.lexer.lex(bad, 0, len(bad)).kinds)
    known = machine.read.__self__.known  # type: ignore[attr-defined]
    assert isinstance(known.get(kinds), Recipe)
    with pytest.raises(RefusalError):
        machine.read(machine.lexer.lex(bad, 0, len(bad)))


def test_the_parser_reads_by_recipes() -> None:
    assert parser.driver().read != parser.driver().run
