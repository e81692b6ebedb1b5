"""An editor's way through a text: whatever is typed, checking again says what checking anew says, and nothing
raises."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest

from rules_engine.checking import Checked, Checker, check
from rules_engine.diagnostics import Diagnostic
from rules_engine.language import Colours, Lines, Spot, completions, folds, formatted, hover, lenses, mends, outline
from rules_engine.parsing import Broken, Parsed, Reader, parse
from rules_engine.source import Source, Span
from tests.test_overlaps import program

CORPUS = Path(__file__).parent / "corpus"
PIECES = (
    "", " ", "\n", "\n\n", "# c\n", "}", "{", '"', "(", "1", "10 points", "points", "when", "give 5 points", "tag t",
    "\u00e9", "\u200b", "\U0001f600", "use shop\n", "\ufeff", "not ", "group", '\ntest "t" {', "take 5% of current",
    '\nearn "New" { on purchase   give 1 point }\n', "\nunit x { lasts forever }\n",
    "\ntrack t = count, on purchase, per lifetime\n",
)  # fmt: skip


@cache
def texts() -> tuple[str, ...]:
    found = sorted((CORPUS / "score").glob("*.rules"))[:8] + sorted((CORPUS / "errors").glob("*.rules"))
    return tuple(each.read_text(encoding="utf-8") for each in found if each.stat().st_size < 6_000)


def edited(text: str, rng: Random) -> str:
    """The text after one edit: something typed, taken out, put elsewhere or put twice."""
    at = rng.randrange(len(text) + 1)
    match rng.randrange(6):
        case 0:
            return text[:at] + text[at + rng.randrange(1, 30) :]
        case 1:
            other = rng.randrange(len(text) + 1)
            return text[:at] + text[other : other + rng.randrange(200)] + text[at:]
        case 2:
            line = text.find("\n", at) + 1
            return text[:line] + rng.choice(PIECES) + text[line:]
        case 3:
            digits = [place for place, char in enumerate(text) if char.isdigit()]
            place = rng.choice(digits) if digits else at
            return text[:place] + rng.choice("123456789") + text[place + 1 :]
        case _:
            return text[:at] + rng.choice(PIECES) + text[at:]


def comparable(found: Checked) -> list[tuple[object, ...]]:
    return [(x.code, x.source, x.span, x.data, x.labels, x.fix, x.note) for x in found.diagnostics]


def rechecked(text: str, rng: Random, edits: int) -> Iterator[tuple[Checked, str]]:
    checker = Checker()
    checker.check([Source("a.rules", text)])
    for _ in range(edits):
        new = edited(text, rng)
        text = new if rng.random() < 0.8 else text  # what was typed is sometimes taken back
        yield checker.recheck("a.rules", new), new


@pytest.mark.parametrize("seed", range(4))
def test_checking_again_says_what_checking_anew_says(seed: int) -> None:
    rng = Random(seed)
    for _ in range(7):
        for found, text in rechecked(rng.choice(texts()), rng, 5):
            assert comparable(found) == comparable(check([Source("a.rules", text)])), text


def test_offers_that_meet_are_found_again() -> None:
    """Of offers that were found apart only those that changed are looked at: each edit puts an offer in another's
    place."""
    met = 0
    for seed in range(12):
        rng, checker = Random(seed), Checker()
        lines = program(seed, 12).split("\n")
        checker.check([Source("a.rules", "\n".join(lines))])
        for step in range(6):
            others = [each for each in program(100 + seed + step, 12).split("\n") if each.startswith("item")]
            at = rng.choice([at for at, each in enumerate(lines) if each.startswith("item")])
            title = lines[at].split('"')[1]
            lines[at] = rng.choice(others).replace(others[0].split('"')[1], title, 1)
            text = "\n".join(lines)
            found = checker.recheck("a.rules", text)
            assert comparable(found) == comparable(check([Source("a.rules", text)])), text
            met += any(each.code == "M231" for each in found.diagnostics)
    assert 10 < met < 65, "some meet, some do not"


def test_offers_meet_when_their_order_is_taken_away() -> None:
    """No offer changed, and all of them are asked again."""
    offers = "".join(
        f'item offer "{name}" {{ on purchase   automatic   take 5% of list off each line where kind is food }}\n'
        for name in "AB"
    )
    head = program(0, 9).split("item offer")[0]
    ordered = head.replace("}\nevent", '  stacking { item: all in order "A", "B" }\n}\nevent', 1)
    checker = Checker()
    assert "M231" not in {each.code for each in checker.check([Source("a.rules", ordered + offers)]).diagnostics}
    assert "M231" in {each.code for each in checker.recheck("a.rules", head + offers).diagnostics}
    assert "M231" not in {each.code for each in checker.recheck("a.rules", ordered + offers).diagnostics}


@pytest.mark.parametrize("seed", range(3))
def test_reading_again_gives_the_same_tree(seed: int) -> None:
    rng = Random(seed)
    for _ in range(8):
        text, reader = rng.choice(texts()), Reader()
        for _ in range(6):
            text = edited(text, rng)
            again, anew = reader.read(Source("a.rules", text)).parsed, parse(Source("a.rules", text))
            assert again.file == anew.file
            assert sorted(again.broken, key=_at) == sorted(anew.broken, key=_at)
            assert sorted(map(_told, again.diagnostics)) == sorted(map(_told, anew.diagnostics))


def _at(broken: Broken) -> Span:
    return broken.span


def _told(found: Diagnostic) -> tuple[object, ...]:
    return found.span, found.code, str(found.data)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_an_editor_asks_raises(seed: int) -> None:
    rng = Random(seed)
    for _ in range(5):
        for found, text in rechecked(rng.choice(texts()), rng, 4):
            _ask(found, text, rng)


def _ask(found: Checked, text: str, rng: Random) -> None:
    """Everything, at places drawn from the text."""
    source, parsed, lines = _file(found, text), parse(Source("a.rules", text)), Lines(text)
    for _ in range(4):
        at = rng.randrange(len(text) + 1)
        shown = hover(found, source.name, at)
        assert shown is None or shown.span[0] <= at <= shown.span[1]
        for each in completions(found, text, at):
            assert each.span[0] <= at <= each.span[1] or each.span[1] == at
        assert lines.offset(lines.spot(at)) == at
    assert lines.offset(Spot(10**6, 0)) == len(text)
    spans = [each.span for each in outline(parsed)]
    assert spans == sorted(spans)
    assert all(text[fold.span[0] : fold.span[1]].count("\n") for fold in folds(parsed, text))
    assert _applied(text, formatted(source, parsed)) == _applied(text, formatted(source, parsed))
    list(lenses(found, source.name))
    list(mends(found.diagnostics, source.name, (0, len(text))))
    assert len(Colours().of(text)) % 5 == 0


def _file(found: Checked, text: str) -> Source:
    source = found.sources["a.rules"]
    assert source.text == text
    return source


def _applied(text: str, edits: tuple[object, ...]) -> str:
    for each in reversed(edits):
        span, new = each.span, each.text  # type: ignore[attr-defined]
        text = text[: span[0]] + new + text[span[1] :]
    return text


def test_what_formatting_changes_is_the_formatted_text() -> None:
    from rules_engine.formatting import format_source

    for text in texts()[:12]:
        source = Source("a.rules", text)
        parsed: Parsed = parse(source)
        assert _applied(text, formatted(source, parsed)) == format_source(source, parsed)


def test_colours_of_an_edited_text_are_those_of_a_new_one() -> None:
    rng = Random(1)
    for text in texts()[:6]:
        kept = Colours()
        for _ in range(5):
            text = edited(text, rng)
            assert kept.of(text) == Colours().of(text)
