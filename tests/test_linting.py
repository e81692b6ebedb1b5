"""Lints: each finds its bad example and leaves its good one alone, both stand in the formatter's shape, a mend mends.
What comments allow, what `--fix` does to a program, and what all lints find in the programs of this house."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from rules_engine import pipeline
from rules_engine.checking import Checked, check
from rules_engine.cli.lint import command
from rules_engine.codes import CODES
from rules_engine.diagnostics import Diagnostic, Fix
from rules_engine.formatting import format_source
from rules_engine.linting import (
    FAMILIES,
    LINTS,
    Lint,
    UnknownCode,
    UnknownLint,
    View,
    chosen,
    explained_words,
    lint,
    markdown,
    mended,
)
from rules_engine.linting.mending import apart
from rules_engine.linting.prelude import example, whole
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.state import State
from tests.many_rules import case

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
PINNED = CORPUS / "lint" / "findings.txt"
EXAMPLES = sorted({path.parent for path in (ROOT / "examples").glob("*/*.rules")})
PROGRAMMES = sorted((CORPUS / "programmes").glob("*.rules"))
PEERS = sorted((CORPUS / "peer_cases").glob("*/*.rules"))

EACH = pytest.mark.parametrize("each", LINTS, ids=lambda each: f"{each.code}-{each.name}")


def _found(text: str, each: Lint) -> tuple[Diagnostic, ...]:
    """What all lints find in an example; lints of missing tests only in examples that are about tests."""
    return lint(example(text, each.old), ["L"], () if each.code.startswith("L7") else ["L7"])


def _codes(text: str, each: Lint = LINTS[0]) -> list[str]:
    return [found.code for found in _found(text, each)]


# ---- each lint ----


@EACH
def test_the_bad_example_is_found_and_by_nothing_else(each: Lint) -> None:
    assert _codes(each.bad, each) == [each.code]


@EACH
def test_the_good_example_is_left_alone(each: Lint) -> None:
    assert _codes(each.good, each) == []


@EACH
def test_the_examples_stand_in_the_one_shape(each: Lint) -> None:
    for text in (each.bad, each.good):
        source = Source("example.rules", whole(text))
        assert format_source(source, parse(source)) == source.text


@EACH
def test_the_words_are_whole(each: Lint) -> None:
    """Placeholders are filled, the message is one lower-case sentence, help and reason are there."""
    (found,) = _found(each.bad, each)
    assert not re.search(r"[{}]", found.message)
    assert found.message[:1] in '"`' or found.message[0].islower()
    assert not found.message.endswith(".")
    assert found.help
    assert not found.help.endswith(".")
    assert each.why.endswith(".")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each.name)


@EACH
def test_a_mend_mends(each: Lint) -> None:
    (found,) = _found(each.bad, each)
    if not each.fixes:
        assert found.fix is None, "the lint brings a mend and does not say so"
        return
    text = whole(each.bad)
    assert found.fix is not None, "the lint says that it mends, and its bad example brings no mend"
    start, end = found.fix.span
    assert each.code not in _codes(text[:start] + found.fix.text + text[end:], each)


def test_codes_are_in_order_and_names_are_told_apart() -> None:
    codes = [each.code for each in LINTS]
    assert codes == sorted(set(codes))
    assert len({each.name for each in LINTS}) == len(LINTS)
    assert {each.code[:2] for each in LINTS} == set(FAMILIES)
    assert len(LINTS) >= 40


# ---- which lints, and what comments allow ----

GIFT = 'earn "Gift" { on purchase   give goodwill }\n'


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        (["L102"], [], ["L102"]),
        (["l102"], [], ["L102"]),
        (["unbounded-amount", "L001"], [], ["L001", "L102"]),
        (["L0"], [], ["L001", "L002", "L003"]),
        (["L0"], ["L002"], ["L001", "L003"]),
        (["L102"], ["L1"], []),
    ],
)
def test_lints_are_chosen_by_code_family_and_name(select: list[str], ignore: list[str], codes: list[str]) -> None:
    assert [each.code for each in chosen(select, ignore)] == codes


def test_all_are_chosen_where_nothing_is_selected() -> None:
    usual = tuple(each for each in LINTS if not each.asked)
    assert chosen() == usual
    assert chosen([], ["L0"]) == usual[3:]
    assert chosen(["L"]) == LINTS


@pytest.mark.parametrize(
    ("word", "meant"), [("L999", ""), ("unbouned-amount", "unbounded-amount"), ("", ""), ("money", "")]
)
def test_a_word_that_names_no_lint(word: str, meant: str) -> None:
    with pytest.raises(UnknownLint, match=f"there is no lint `{word}`" + (f".*{meant}" if meant else "")):
        chosen([word])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (GIFT, ["L102"]),
        ("# allow: L102 the desk is trusted\n" + GIFT, []),
        ("# allow: unbounded-amount the desk is trusted\n" + GIFT, []),
        ("# allow: L102: the desk is trusted\n# and has been for years\n" + GIFT, []),
        ("# allow: L102 the desk is trusted\n\n" + GIFT, ["L003", "L102"]),
        ("# allow: L102\n" + GIFT, ["L001", "L102"]),
        ("# allow: L103 the desk is trusted\n" + GIFT, ["L003", "L102"]),
        ("# allow: L102x the desk is trusted\n" + GIFT, ["L002", "L102"]),
        ("# allow:\n" + GIFT, ["L002", "L102"]),
        (
            "# allow: L102 the desk is trusted\n"
            + GIFT
            + '\nearn "Two" { on purchase   when visits >= 2   give goodwill }\n',
            ["L102"],
        ),
        (GIFT.replace("\n", "   # allow: L102 the desk is trusted\n"), []),
        ('earn "Gift" {\n  on purchase\n  give goodwill   # allow: L102 the desk is trusted\n}\n', []),
        ('earn "Gift" {\n  on purchase   # allow: L102 the desk is trusted\n  give goodwill\n}\n', ["L003", "L102"]),
        ('earn "Gift" {\n  on purchase\n  # allow: L102 the desk is trusted\n  give goodwill\n}\n', []),
    ],
)
def test_a_comment_allows_what_it_stands_at(text: str, codes: list[str]) -> None:
    assert _codes(text) == codes


def test_an_allowed_finding_is_looked_for_even_where_it_is_not_selected() -> None:
    view = example("# allow: L102 the desk is trusted\n" + GIFT)
    assert lint(view, ["L003"]) == ()
    assert lint(view, [], ["L102"]) == ()


def test_what_stands_at_the_header_is_allowed_there() -> None:
    (bad,) = (each.bad for each in LINTS if each.name == "unused-fact")
    text = bad.replace("program ", "# allow: no-tests they stand elsewhere\nprogram ")
    assert [found.code for found in lint(example(text), ["L700", "L003"])] == []
    assert [found.code for found in lint(example(text.replace("no-tests", "L609")), ["L700", "L003"])] == [
        "L003",
        "L700",
    ]


def test_vocabularies_are_read_and_not_linted() -> None:
    text = 'language 1\nuse shop\n\nprogram "A" { currency GBP, rounded half up   timezone "Europe/London" }\n'
    view = View(check([Source("vocabulary/shop.rules", text)]))
    assert view.own == {0}
    assert {found.source for found in lint(view)} <= {"vocabulary/shop.rules"}


# ---- mends ----


def _mended(text: str, *select: str) -> tuple[str, list[tuple[int, str]], list[str]]:
    """The text after all mends, the changes, and the codes that are left."""
    prelude = next(each.source for each in example(GIFT).checked.files if each.source.name == "prelude.rules")

    def find(checked: Checked) -> Sequence[Diagnostic]:
        return lint(View(checked, beside=frozenset({prelude.name})), select)

    source = Source("example.rules", whole(text))
    made = mended([source, prelude], check, find)
    after = next((each.text for each in made.sources if each.name == source.name), source.text)
    assert [each.text for each in made.sources] == [after] * (after != source.text)
    return (
        after.removeprefix("language 1\n\n"),
        [(each.line, each.code) for each in made.changes],
        [each.code for each in made.left],
    )


def test_a_mend_that_would_take_a_comment_along_is_left_to_a_person() -> None:
    rule = """\
earn "Regular" {
  on        purchase
  when      visits >= 10
            and visits >= 5{comment}
            and channel is web
  give      10 points
}
"""
    noted, bare = rule.replace("{comment}", "   # as the terms say"), rule.replace("{comment}", "")
    assert _mended(noted, "L304") == (noted, [], ["L304"])
    after, _, left = _mended(bare, "L304")
    assert ("visits >= 5" in after, left) == (False, [])


def test_mends_are_made_until_nothing_is_left_to_mend() -> None:
    """The second define is used by the first alone; the condition is mended twice."""
    text = """\
define first = visits >= 3

define second = first and channel is web

earn "Regular" { on purchase   when visits >= 10 and visits >= 5 and visits >= 5   give 10 points }
"""
    after, changes, left = _mended(text)
    assert after == 'earn "Regular" { on purchase   when visits >= 10   give 10 points }\n'
    assert sorted(code for _, code in changes) == ["L304", "L305", "L308", "L308"]
    assert left == []


def test_a_mend_that_would_not_check_is_left() -> None:
    """Brackets stand outside the first part: taking it out would leave one behind. The mends beside it are made."""
    text = """\
earn "One" { on purchase   when (visits >= 0) and channel is web   give 10 points }

earn "Two" { on purchase   when channel is web or channel is web   give 20 points }

earn "Three" { on purchase   when channel is app or channel is app   give 30 points }
"""
    after, changes, left = _mended(text, "L303", "L305")
    assert [code for _, code in changes] == ["L305", "L305"]
    assert left == ["L303"]
    assert after.splitlines()[0] == text.splitlines()[0]
    assert after.count(" or ") == 0


def _prelude() -> list[Source]:
    return [each.source for each in example(GIFT).checked.files if each.source.name == "prelude.rules"]


@pytest.mark.parametrize(
    ("when", "after"),
    [
        ("visits >= 0 and channel is web", "channel is web"),
        ("channel is web and visits >= 0", "channel is web"),
        ("channel is web and visits >= 0 and has friend", "channel is web and has friend"),
        ("visits >= 0 and visits <= 1_000 and channel is web", "channel is web"),
    ],
)
def test_a_part_is_taken_out_with_the_word_that_joins_it(when: str, after: str) -> None:
    rule = 'earn "One" {{ on purchase   when {}   give 10 points }}\n'
    assert _mended(rule.format(when), "L303") == (rule.format(after), [(3, "L303")] * when.count("visits"), [])


def test_a_file_keeps_the_shape_that_it_has() -> None:
    """Comments that stood below each other do so again; what was not in the formatter's shape is left alone."""
    tight = """\
earn "One" {
  on        purchase
  when      visits >= 9 and visits >= 5   # often
  give      10 points                     # ten
}
"""
    source = Source("example.rules", whole(tight))
    assert format_source(source, parse(source)) == source.text
    assert (
        _mended(tight)[0]
        == """\
earn "One" {
  on        purchase
  when      visits >= 9   # often
  give      10 points     # ten
}
"""
    )
    loose = tight.replace("  on      ", " on")
    assert _mended(loose)[0] == loose.replace(" and visits >= 5", "")


def test_mends_that_touch_are_not_made_together() -> None:
    def finding(start: int, end: int, name: str = "a") -> Diagnostic:
        return Diagnostic("L303", name, (start, end), fix=Fix("", (start, end), ""))

    some = [
        finding(5, 9),
        finding(0, 5),
        finding(8, 12),
        finding(13, 14),
        finding(14, 15),
        finding(3, 4, "b"),
        Diagnostic("L102", "a"),
    ]
    assert [(each.source, each.span) for each in apart(some)] == [
        ("a", (0, 5)),
        ("a", (8, 12)),
        ("a", (13, 14)),
        ("b", (3, 4)),
    ]


def test_what_brings_no_mend_changes_nothing() -> None:
    assert _mended(GIFT) == (GIFT, [], ["L102"])


@EACH
def test_mending_the_bad_example_keeps_its_shape(each: Lint) -> None:
    if each.fixes and not each.old and "program " not in each.bad:
        after, _, left = _mended(each.bad)
        source = Source("example.rules", whole(after))
        assert format_source(source, parse(source)) == source.text
        assert each.code not in left


MENDED = [each for each in LINTS if each.fixes and not each.old and "program " not in each.bad]


@pytest.mark.parametrize("each", MENDED, ids=lambda each: f"{each.code}-{each.name}")
def test_a_mend_changes_no_outcome(each: Lint) -> None:
    """The program before and after its mends, on events of one member that follow each other."""
    after, _, _ = _mended(each.bad)
    before = pipeline.load([Source("example.rules", whole(each.bad)), *_prelude()])
    program = pipeline.load([Source("example.rules", whole(after)), *_prelude()])
    rng, states = Random(each.code), list[State | None]((None, None))
    acted = 0
    for number in range(40):
        event, facts = _event(rng, number)
        outcomes = [one.score(event, facts, state) for one, state in zip((before, program), states, strict=True)]
        states = [one.apply(state, it) for one, state, it in zip((before, program), states, outcomes, strict=True)]
        given = [([(it.unit, it.given) for it in outcome.awards], outcome.price) for outcome in outcomes]
        assert given[0] == given[1]
        acted += bool(outcomes[0].totals)
    assert acted > 0


def _event(rng: Random, number: int) -> tuple[dict[str, object], dict[str, str]]:
    """An event of the prelude and the facts of its member; days go forward."""
    day = date(2027, 1, 1) + timedelta(days=9 * number)
    facts = {"joined": "2026-06-01", "plan": rng.choice(("basic", "plus"))}
    if rng.random() < 0.3:
        return {"event": "claim", "claim_no": f"c{number}", "customer": "m", "asked_on": str(day)}, facts
    lines = [
        {
            "id": str(at), "sku": rng.choice(("tea", "jam", "bun")), "kind": rng.choice(("food", "wine", "toys")),
            "pieces": rng.randrange(1, 5), "price": f"{rng.randrange(1, 90)}.50",
        }
        for at in range(rng.randrange(1, 5))
    ]  # fmt: skip
    sent: dict[str, object] = {
        "event": "purchase", "order_no": f"o{number}", "customer": "m", "bought_at": f"{day}T12:00:00Z",
        "channel": rng.choice(("web", "store", "app")), "codes": [], "visits": rng.randrange(20), "lines": lines,
    }  # fmt: skip
    return sent, facts


# ---- the programs of this house ----


def _findings(path: Path, *ignored: str) -> list[str]:
    """A line for each finding."""
    checked = pipeline.check(path)
    return [
        f"{path.relative_to(ROOT)}:{checked.sources[each.source].place(each.span[0]).line} {each.code} {each.message}"
        for each in lint(checked, (), ignored)
    ]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_nothing_is_found_in_the_examples(folder: Path) -> None:
    """What is wanted there is allowed with its reason."""
    assert _findings(folder) == []


def test_what_is_found_in_the_corpus(update_golden: bool) -> None:
    """Each line was read, and is true of the published terms, or of the case of another engine, that the file states.
    What their tests do not reach is left out: a case of a peer is one test."""
    found = [line for path in (*PROGRAMMES, *PEERS) for line in _findings(path, "L7")]
    if update_golden:
        PINNED.parent.mkdir(exist_ok=True)
        PINNED.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == PINNED.read_text(encoding="utf-8").splitlines()


def test_a_thousand_rules_are_linted_in_seconds() -> None:
    """The bound is ten times what it takes on a quiet machine."""
    view = View(check([Source("many.rules", case(3, 1000, 1).text)]))
    start = time.process_time()
    found = lint(view)
    assert time.process_time() - start < 10
    assert len(found) > 20


# ---- the command ----


def _run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def _program(folder: Path, text: str) -> Path:
    path = folder / "shop.rules"
    prelude = _prelude()[0].text
    path.write_text(f"{prelude}\n{text}", encoding="utf-8")
    return path


def test_the_command_ends_with_one_where_a_finding_stands(tmp_path: Path) -> None:
    path = _program(tmp_path, GIFT)
    code, printed = _run(str(path), "--select", "L102,unused-define")
    assert code == 1
    assert "warning[L102]" in printed
    assert "1 program: 1 finding" in printed
    code, printed = _run(str(path), "--select", "L103")
    assert (code, printed.strip()) == (0, "1 program: 0 findings")


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_the_command_speaks_to_tools(tmp_path: Path, form: str) -> None:
    code, printed = _run(str(_program(tmp_path, GIFT)), "--select", "L102", "--format", form)
    assert code == 1
    assert "L102" in printed
    assert "program:" not in printed


def test_the_command_shows_errors_first(tmp_path: Path) -> None:
    code, printed = _run(str(_program(tmp_path, GIFT.replace("goodwill", "godwill"))))
    assert code == 1
    assert "error[" in printed
    assert "L102" not in printed
    assert "1 program: 1 error" in printed


def test_the_command_mends_files(tmp_path: Path) -> None:
    path = _program(tmp_path, 'earn "Web" { on purchase   when channel is web or channel is web   give 10 points }\n')
    code, printed = _run(str(tmp_path), "--select", "L305", "--fix")
    assert "L305: take out `channel is web`" in printed
    assert code == 0, printed
    assert "when channel is web   give 10 points" in path.read_text(encoding="utf-8")
    assert _run(str(path), "--select", "L305", "--fix") == (0, "1 program: 0 findings\n")


def test_the_command_keeps_line_ends(tmp_path: Path) -> None:
    path = _program(tmp_path, 'earn "Web" { on purchase   when channel is web or channel is web   give 10 points }\n')
    lines = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(lines)
    _run(str(tmp_path), "--select", "L305", "--fix")
    assert path.read_bytes() == lines.replace(b" or channel is web", b"")


def test_the_command_compares_with_an_older_version(tmp_path: Path) -> None:
    lints = [each for each in LINTS if each.old]
    assert lints
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = _program(tmp_path / "old", lints[0].old)
    new = _program(tmp_path / "new", lints[0].bad)
    assert lints[0].code not in _run(str(new))[1]
    assert lints[0].code in _run(str(new), "--against", str(old))[1]


def test_the_command_lists_and_explains() -> None:
    code, printed = _run("--list", "--select", "L")
    assert code == 0
    assert all(each.code in printed and each.name in printed for each in LINTS)
    assert "L102" not in _run("--list", "--select", "L3")[1]
    assert '"why"' in _run("--list", "--format", "json")[1]
    assert LINTS[3].bad.splitlines()[0] in _run("--explain", LINTS[3].code)[1]
    assert "on which day weeks start: <user> counts weeks" in _run("--explain", "S112")[1]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_explained_without_a_hole(code: str) -> None:
    told = explained_words(code.lower())
    assert told.startswith(f"{code}: {CODES[code].title}\n")
    assert "{" not in re.sub(r"`[^`]*`", "", told)
    assert not re.search(r"\{\w+\}|\{\{|\}\}", told)


def test_codes_of_lints_and_others_are_explained_together() -> None:
    told = explained_words("N208, part-implied")
    assert told.startswith("N208: unknown unit\n\n  error: there is no unit `<name>`\n")
    assert "\n\n\nL304 part-implied: " in told
    for word, near in (("S121", "S112"), ("n20B", "N220"), ("part-impleid", "part-implied"), ("L340", "L304")):
        with pytest.raises(UnknownCode, match=f"there is no code `{word}`; did you mean `{near}"):
            explained_words(word)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "name a rule file or a folder"),
        (["--select", "L999", "--list"], "there is no lint `L999`"),
        (["--explain", "L999"], "there is no code `L999`"),
        (["nowhere.rules"], "there is no file or folder `nowhere.rules`"),
        (["nowhere.rules", "--select", "L1", "--ignore", "L1"], "nothing is left of what is selected"),
    ],
)
def test_the_command_says_what_keeps_it_from_running(words: list[str], why: str) -> None:
    from rules_engine.cli.console import CannotRun

    with pytest.raises(CannotRun, match=re.escape(why)):
        _run(*words)


# ---- the page ----


def test_the_page_has_the_table_of_all_lints(update_golden: bool) -> None:
    page = ROOT / "docs" / "lint.md"
    text = page.read_text(encoding="utf-8")
    start, end = text.index("| code | name |"), text.index("\n\n", text.index("| code | name |"))
    if update_golden:
        page.write_text(text[:start] + markdown() + text[end:], encoding="utf-8")
    assert page.read_text(encoding="utf-8")[start : start + len(markdown())] == markdown()


def test_what_the_modules_show_is_true() -> None:
    from rules_engine import linting

    names = [each.name for each in pkgutil.walk_packages(linting.__path__, "rules_engine.linting.")]
    program = pipeline.load(next(path for path in PROGRAMMES))
    results = [doctest.testmod(importlib.import_module(name), extraglobs={"program": program}) for name in names]
    assert sum(each.failed for each in results) == 0
    assert sum(each.attempted for each in results) > 10
