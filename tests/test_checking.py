"""The checker: small programs check, broken text does no further harm, an edit re-checks only what it concerns."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rules_engine import artefacts, ir, pipeline, tree
from rules_engine.checking import Checker, check
from rules_engine.checking.circles import circle, in_order
from rules_engine.checking.infos import alike
from rules_engine.folders import Folder, read_files
from rules_engine.lowering import fingerprint, lower
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.vocabulary import NAMES, vocabulary_text

CORNER_SHOP = """language 1
use shop
program "Corner Shop" { currency GBP, rounded half up   timezone "Europe/London" }
unit point, points { rounded down   lasts for 24 months }
tiers { Blue   Gold when spend >= 1_000 GBP   lasts for 12 months   then the earned tier }
track spend = sum of net, on purchase, per calendar year
earn "Points" as base     { on purchase   give 1 point per full 1 GBP of net }
earn "Gold earns double"  { on purchase   when tier is Gold   give 100% of base }
earn "Quiet months"       { on purchase   from 2027-01-10 until 2027-02-28   give 100% of base }
"""


def codes(text: str, *, name: str = "a.rules") -> list[str]:
    return [each.code for each in check([Source(name, text)]).diagnostics]


def core(text: str) -> ir.Program:
    return lower(check([Source("a.rules", text)]))


# ---- a small programme is small ----


def test_the_corner_shop_checks_and_scores() -> None:
    program = pipeline.load([Source("shop.rules", CORNER_SHOP)])
    basket = {"sku": "tea", "category": "drinks", "pieces": 2, "price": "9.99"}
    event = {
        "event": "purchase",
        "order_no": "1",
        "customer": "ann",
        "bought_at": "2027-02-01T10:00:00Z",
        "channel": "web",
        "lines": [basket],
    }
    outcome = program.score(event, {"joined": "2026-01-01"})
    assert [(each.rule, each.given) for each in outcome.awards] == [("base", 19), ("Quiet months", 19)]


@pytest.mark.parametrize("name", NAMES)
def test_every_vocabulary_checks(name: str) -> None:
    header = 'program "A" { currency JPY, rounded half up   timezone "Asia/Tokyo" }'
    checked = check([Source("a.rules", f"language 1\nuse {name}\n{header}\n")])
    assert checked.diagnostics == ()
    assert core(f"language 1\nuse {name}\n{header}\n").events


def test_a_declaration_of_ones_own_replaces_one_of_the_vocabulary() -> None:
    own = "event purchase dated by day of who identified by no { no: text   who: member   day: date }\n"
    program = core(f'language 1\nuse shop\nprogram "A" {{ currency GBP, rounded half up   timezone "UTC" }}\n{own}')
    assert [event.dated_by for event in program.events if event.name == "purchase"] == ["day"]


def test_vocabularies_can_be_printed() -> None:
    assert pipeline.vocabulary_text("shop") == vocabulary_text("shop")
    assert pipeline.vocabulary_text("../codes") is None


# ---- broken text does no further harm ----


def test_a_declaration_that_does_not_parse_makes_no_name_unknown() -> None:
    for old, new in (
        ("lasts for 24 months }", "lasts for for }"),
        ("on purchase, per calendar year", "on purchase per"),
        ("as base     {", "as base     { give"),
        ("tiers {", "tiers { {"),
        ("currency GBP,", "currency GBP"),
        ('program "Corner', "program Corner"),
    ):
        found = codes(CORNER_SHOP.replace(old, new))
        assert len(found) == 1, f"{new}: {found}"
        assert found[0].startswith("P")


def test_a_broken_event_or_member_does_not_cascade() -> None:
    text = CORNER_SHOP.replace("use shop\n", vocabulary_text("shop") or "").replace("language 1\n", "", 1)
    assert codes("language 1\n" + text) == []
    assert len(codes("language 1\n" + text.replace("order_no: text ", "order_no text ", 1))) == 1


def test_the_checker_never_raises_on_damaged_text() -> None:
    chance = random.Random(7)
    pieces = [*CORNER_SHOP.split(), "{", "}", ",", '"', "by", "per", "0", "%", "of", "where", "from"]
    for _ in range(150):
        words = CORNER_SHOP.split(" ")
        for _ in range(chance.randint(1, 4)):
            words[chance.randrange(len(words))] = chance.choice(pieces)
        check([Source("a.rules", " ".join(words))])


# ---- an editor's edits ----


def checked_again(checker: Checker, text: str) -> list[str]:
    checker.recheck("a.rules", text)
    return [text_of(one.entry.declaration) for one in checker.fresh]


def text_of(declared: tree.Declaration) -> str:
    match declared:
        case tree.RuleDecl(title=title):
            return title.value
        case tree.TrackDecl(name=name) | tree.UnitDecl(name=name) | tree.EventDecl(name=name):
            return name.text
        case _:
            return type(declared).__name__


def checker_of(text: str) -> Checker:
    checker = Checker()
    assert checker.check([Source("a.rules", text)]).ok
    return checker


def test_an_edit_rechecks_itself_and_its_readers() -> None:
    assert checked_again(checker_of(CORNER_SHOP), CORNER_SHOP) == []
    edited = CORNER_SHOP.replace("until 2027-02-28", "until 2027-03-31")
    assert checked_again(checker_of(CORNER_SHOP), edited) == ["Quiet months"]
    edited = CORNER_SHOP.replace("per calendar year", "per calendar month")
    assert checked_again(checker_of(CORNER_SHOP), edited) == ["TiersDecl", "spend"]
    edited = CORNER_SHOP.replace("1 point per full 1 GBP", "2 points per full 1 GBP")
    assert checked_again(checker_of(CORNER_SHOP), edited) == ["Points", "Gold earns double", "Quiet months"]


def test_what_only_moved_is_taken_over_and_means_the_same() -> None:
    checker = checker_of(CORNER_SHOP)
    moved = CORNER_SHOP.replace("use shop\n", "use shop\n# a comment that moves all that follows\n")
    result = checker.recheck("a.rules", moved)
    assert checker.fresh == []
    assert lower(result) == core(moved)


def test_findings_move_with_their_declaration() -> None:
    checker = Checker()
    text = CORNER_SHOP.replace("per full 1 GBP of net", "per full 1 GBP of nett")
    before = checker.check([Source("a.rules", text)]).diagnostics
    after = checker.recheck("a.rules", "# moved\n" + text).diagnostics
    assert [(each.code, each.span[0] + 8) for each in before] == [(each.code, each.span[0]) for each in after]


def test_what_an_edit_adds_or_takes_away_is_noticed() -> None:
    checker = checker_of(CORNER_SHOP)
    track = "track spend = sum of net, on purchase, per calendar year\n"
    without = checker.recheck("a.rules", CORNER_SHOP.replace(track, ""))
    assert not without.ok
    assert checker.recheck("a.rules", CORNER_SHOP).ok


def test_rechecking_says_what_checking_says() -> None:
    chance = random.Random(3)
    checker = checker_of(CORNER_SHOP)
    for _ in range(60):
        lines = CORNER_SHOP.splitlines(keepends=True)
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))
        del lines[chance.randrange(len(lines))]
        text = "".join(lines)
        assert checker.recheck("a.rules", text).diagnostics == check([Source("a.rules", text)]).diagnostics


# ---- one folder is one program ----


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    head, rules = CORNER_SHOP.split('earn "', 1)
    listed = 'define excluded = column "sku" of "lists/excluded.csv"\n'
    (tmp_path / "b.rules").write_text(f'earn "{rules}', encoding="utf-8")
    (tmp_path / "a.rules").write_text(head + listed, encoding="utf-8")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "excluded.csv").write_text("sku,why\ngin,age\nwine,age\n", encoding="utf-8")
    return tmp_path


def test_a_folder_is_one_program(folder: Path) -> None:
    checked = pipeline.check(folder)
    assert checked.ok, [each.message for each in checked.diagnostics]
    program = lower(checked)
    assert [Path(each).name for each in program.files] == ["a.rules", "b.rules", "shop.rules"]
    assert [each.values for each in program.imports] == [("gin", "wine")]


def test_nothing_outside_the_folder_is_read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text("sku\nsecret\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(outside)
    reader = Folder(folder)
    for path in ("link.csv", f"../{outside.parent.name}/secret.csv", str(outside), "lists", "", "a\0b"):
        assert reader.read(path) is None
    assert reader.read("lists/excluded.csv") is not None


def test_what_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    assert [each.code for each in pipeline.check(tmp_path).diagnostics] == ["F106"]
    assert [each.code for each in pipeline.check(tmp_path / "none.rules").diagnostics] == ["F100"]
    (tmp_path / "latin.rules").write_bytes(b"language 1 # \xe9\n")
    assert "F103" in [each.code for each in pipeline.check(tmp_path).diagnostics]


def test_a_program_with_errors_is_refused_with_all_of_them() -> None:
    with pytest.raises(pipeline.ProgramRefused, match=r"N\d+") as refused:
        pipeline.load([Source("a.rules", CORNER_SHOP.replace("full 1 GBP of net", "full 1 GBP of nett"))])
    assert refused.value.diagnostics


# ---- caches change nothing ----


def test_an_artefact_is_the_program(folder: Path) -> None:
    compiled = pipeline.compile_core(folder)
    kept = artefacts.kept(artefacts.key_of(read_files(folder).sources), Folder(folder))
    assert kept is not None
    assert (kept.core, kept.fingerprint) == compiled == pipeline.compile_core(folder)


def test_a_damaged_artefact_is_written_anew(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    expected = pipeline.compile_core(folder)
    (file,) = (tmp_path / "cache" / "rules_engine").glob("*.program")
    good = file.read_bytes()
    for bad in (b"", b"x", good[:-1], good[:40] + b"\0" + good[41:]):
        file.write_bytes(bad)
        assert pipeline.compile_core(folder) == expected
        assert file.read_bytes() == good


def test_the_cache_can_be_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RULES_ENGINE_CACHE", "off")
    pipeline.compile_core(folder)
    assert not (tmp_path / "cache").exists()


def test_a_changed_import_is_noticed(folder: Path) -> None:
    before = pipeline.load(folder)
    assert pipeline.load(folder) is before
    (folder / "lists" / "excluded.csv").write_text("sku,why\ngin,age\n", encoding="utf-8")
    after = pipeline.load(folder)
    assert after.fingerprint != before.fingerprint
    assert [each.values for each in after.core.imports] == [("gin",)]


# ---- lowering ----


def test_layout_comments_and_order_do_not_change_the_fingerprint() -> None:
    lines = CORNER_SHOP.splitlines()
    shuffled = "\n\n".join([lines[0], "# a comment", *reversed(lines[1:])]).replace("   ", "\n  ")
    assert fingerprint(core(shuffled)) == fingerprint(core(CORNER_SHOP))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1_000 GBP", "1_001 GBP"),
        ("rounded down", "rounded up"),
        ("as base", "as basic"),
        ("2027-02-28", "2027-03-01"),
        ("calendar year", "calendar month"),
        ("100% of base }\nearn", "101% of base }\nearn"),
    ],
)
def test_any_change_of_meaning_changes_the_fingerprint(old: str, new: str) -> None:
    text = CORNER_SHOP.replace(old, new).replace("of base", "of basic" if new == "as basic" else "of base")
    assert fingerprint(core(text)) != fingerprint(core(CORNER_SHOP))


@pytest.mark.parametrize(("line_id", "same"), [("", False), ("k: text? as id   ", False), ("k: text as id   ", True)])
def test_the_order_of_the_fields_of_lines_counts_where_they_may_have_no_id(line_id: str, same: bool) -> None:
    """Lines without an id are told apart by their fields, one after the other, when an odd penny falls on one."""
    fields = f"{{ {line_id}sku: text   category: text   price: money up to 10 GBP as list }}"
    event = (
        "event sale dated by day of buyer identified by no {\n  no: text   buyer: member   day: date\n  lines 1 to 9 "
    )
    text = CORNER_SHOP + event + fields + "\n}\n"
    turned = text.replace("sku: text   category: text", "category: text   sku: text")
    assert turned != text
    assert (fingerprint(core(turned)) == fingerprint(core(text))) is same


def test_rules_come_after_what_they_read() -> None:
    lines = CORNER_SHOP.splitlines(keepends=True)
    program = core("".join([*lines[:6], *reversed(lines[6:])]))
    assert [rule.key for rule in program.rules] == ["base", "Quiet months", "Gold earns double"]


def test_a_long_chain_of_reads_neither_recurses_nor_fails() -> None:
    chain = {str(number): (str(number + 1),) for number in range(20_000)}
    assert in_order({**chain, "20000": ()})[0] == "20000"
    assert len(circle({**chain, "20000": ("0",)})) == 20_002


def test_alike_looks_through_places() -> None:
    one, two = (parse(Source("a", f"{space}period a = 1 Nov to 28 Feb every year")) for space in ("", "\n"))
    assert one.file.declarations[0] != two.file.declarations[0]
    assert alike(one.file.declarations[0], two.file.declarations[0])
