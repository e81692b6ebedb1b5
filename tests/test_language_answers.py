"""What an editor is answered at a place: `<|>` in a text is where somebody asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules_engine.checking import Checked, check
from rules_engine.folders import read_files
from rules_engine.language import (
    KNOWN,
    Edit,
    Lines,
    RenameRefusedError,
    Spot,
    Word,
    completions,
    definition,
    hover,
    lenses,
    meaning_of,
    references,
    rename,
    sampled,
    words,
)
from rules_engine.parsing import keywords, parse
from rules_engine.source import Source
from tests.docs_blocks import blocks

ROOT = Path(__file__).parent.parent
HEAD = """\
language 1
use shop
program "Corner" { currency GBP, rounded half up   timezone "Europe/London"   split in proportion, odd points to first }
unit point, points { rounded down   lasts forever }
period spring = 1 Mar to 31 May every year
track spend = sum of net, on purchase, per calendar year
define spent = spend >= 100 GBP
tiers { Blue   Gold when spend >= 500 GBP   counts from the next event   lasts forever }
group ladder { all in order "Base", "More" }
earn "Base" as base { on purchase   give 1 point per full 1 GBP of net   competes in ladder }
earn "More" { on purchase   when channel is web and spent   give 10% of base   competes in ladder }
reward "Big" { on purchase   when spent   give 5 points   at most 100 points per member per calendar year }
"""


def asked(text: str, head: str = HEAD) -> tuple[Checked, str, int]:
    """The program as it was checked without what is being typed, the text as it stands, and the place."""
    whole = head + text
    at = whole.index("<|>")
    plain = whole.replace("<|>", "")
    return check([Source("a.rules", plain)]), plain, at


COMPLETED = (
    # what is typed, what must be offered, what must not be
    ('earn "N" { on <|>', "purchase, visit, any event", "spend, web"),
    ('earn "N" { <|>', "on", "spend, purchase, where"),
    ('earn "N" { on purchase   <|>', "when, give, from, at most", "where, points, test"),
    ('earn "N" { on purchase   when channel is <|>', "web, app, store", "spend, purchase"),
    ('earn "N" { on purchase   when tier is <|>', "Blue, Gold", "spend, web"),
    ('earn "N" { on purchase   when sp<|>', "spend, spent", "net, channel"),
    ('earn "N" { on purchase   when member.<|>', "joined, birthday", "spend"),
    ('earn "N" { on purchase   when today in <|>', "spring", "base"),
    ('earn "N" { on purchase   give 5 <|>', "points, point, GBP", "spend"),
    ('earn "N" { on purchase   give 5 points   at m<|>', "at most", ""),
    ('earn "N" { on purchase   give 5 points   competes in <|>', "ladder", "base"),
    ('reward "N" { on purchase   when balance of <|>', "points", "spend"),
    ('test "t" { when <|>', "purchase", "spend"),
    ('test "t" { when purchase { <|>', "channel:, bought_at:", "spend"),
    ('test "t" { given member { <|>', "joined:", "channel:"),
    ('test "t" { when purchase { channel: <|>', "web, app", "spend"),
    ("us<|>", "use", "spend"),
    ("use <|>", "shop, hotel", "spend"),
    ('earn "N" { on purchase } # wh<|>', "", "when, use"),
    ("track t = count, on purchase, per <|>", "spring, calendar month, lifetime", "base"),
)


@pytest.mark.parametrize(("text", "offered", "other"), COMPLETED, ids=[row[0] for row in COMPLETED])
def test_completion(text: str, offered: str, other: str) -> None:
    checked, plain, at = asked(text)
    found = [each.text for each in completions(checked, plain, at)]
    for each in filter(None, offered.split(", ")):
        assert each in found, found[:30]
    for each in filter(None, other.split(", ")):
        assert each not in found


def test_names_come_before_keywords() -> None:
    checked, plain, at = asked('earn "N" { on purchase   when channel is <|>')
    found = [each.sort for each in completions(checked, plain, at)]
    assert found[:3] == ["value"] * 3
    assert "value" not in found[3:]


HOVERED = (
    ("", "unit <|>point", ("unit point, points", "what `points` are worth in money is not said", "`Big`: 5 points")),
    ("", "when channel is web and <|>spent   give 10%", ("define spent = spend >= 100 GBP",)),
    ("", "as <|>base {", ("at worst it gives, on one event: ",)),
    ("", "channel <|>is web", ("**is**: equal, or not",)),
    ("", "<|>channel is", ("channel: store | web | app", "from the vocabulary `shop`", "a field of `purchase`")),
    ("", "is <|>web", ("a value of `channel`",)),
    ("", "per <|>full 1", ("**per full**",)),
    ("", "<|>Gold when", ("rung 2 of 2",)),
    ("", "of <|>net   competes", ("**net**: the price of the lines less what offers took",)),
    ('earn "X" { on purchase   when spend >= 1 GBP   give 1 point }', "when <|>spend >= 1 GBP", ("**before** the",)),
    ('reward "X" { on purchase   when spend >= 1 GBP   give 1 point }', "when <|>spend >= 1 GBP", ("**after** the",)),
)  # fmt: skip


@pytest.mark.parametrize(("more", "place", "told"), HOVERED, ids=[row[1] for row in HOVERED])
def test_hover(more: str, place: str, told: tuple[str, ...]) -> None:
    text = HEAD + more
    assert text.count(place.replace("<|>", "")) == 1
    at = text.index(place.replace("<|>", "")) + place.index("<|>") + 1
    found = hover(check([Source("a.rules", text)]), "a.rules", at)
    assert found is not None
    for each in told:
        assert each in found.text, found.text


def test_what_a_rule_gives_at_worst_is_bounded_by_its_text() -> None:
    """The bounds of the fields, `up to`, a limit: each lowers it; without any end it says so."""
    event = (
        "event stay dated by day of guest identified by id { id: text   guest: member   day: date"
        "   nights: count up to 9   wish: points? up to 70   lines 0 to 4 { price: money up to 50 GBP as list } }\n"
    )
    shown = {
        "give 2 points per full 1 GBP of net": "400 points",
        "give 2 points per full 1 GBP of net, up to 90 points": "90 points",
        "give 2 points per full 1 GBP of net   at most 60 points per member": "60 points",
        "give 1 point per full 10 GBP of net of each line": "20 points",
        "give 3 points * nights": "27 points",
        "give wish": "70 points",
        "give by nights { from 0: 1 point   from 3: 8 points }": "8 points",
        "give 1 point per 1 GBP of spend": "points without an end",
    }
    head = HEAD[: HEAD.index("track spend")] + event + "track spend = sum of net, on stay, per lifetime\n"
    for give, most in shown.items():
        text = head + f'earn "W" as w {{ on stay   {give} }}\n'
        found = hover(check([Source("a.rules", text)]), "a.rules", text.index("as w") + 3)
        assert found is not None
        assert found.text.endswith(f"on one event: {most}"), (give, found.text)


def test_what_a_unit_is_worth() -> None:
    head = HEAD[: HEAD.index("track spend")]
    event = (
        "event stay dated by day of guest identified by id { id: text   guest: member   day: date"
        "   wish: points? up to 70   cost: money up to 50 GBP as list }\n"
    )
    text = (
        head
        + event
        + 'redeem "Pay" { on stay   accept wish, worth 1 GBP per 50 points }\n'
        + 'earn "Base" as base { on stay   give 1 point per full 1 GBP of net }\n'
    )
    checked = check([Source("a.rules", text)])
    assert checked.ok, checked.diagnostics
    found = hover(checked, "a.rules", text.index("point, points") + 1)
    assert found is not None
    assert "100 `points` are worth 2.00 GBP" in found.text
    assert "- `Base`: 50 points, worth 1.00 GBP" in found.text


# ---- where and what ----


def spelt(found: tuple[Edit, ...] | tuple[object, ...], text: str) -> list[str]:
    return [text[slice(*each.span)] for each in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("place", "declared", "count"),
    [
        ("when <|>spent   give 5", "spent", 3),
        ("competes in <|>ladder }\nreward", "ladder", 3),
        ('order "<|>Base"', '"Base"', 4),
        ("of <|>base   competes", "base", 4),
        ("5 <|>points   at most", "points", 5),
        ("<|>Gold when", "Gold", 1),
        ("sum of net, on <|>purchase", "purchase", 5),
    ],
)
def test_definition_and_references(place: str, declared: str, count: int) -> None:
    checked, text, at = asked("", HEAD.replace(place.replace("<|>", ""), place, 1))
    (found,) = definition(checked, "a.rules", at)
    source = checked.sources[found.source].text
    assert source[slice(*found.span)] == declared
    assert len(references(checked, "a.rules", at)) == count, spelt(references(checked, "a.rules", at), text)
    assert len(references(checked, "a.rules", at, declarations=False)) < count


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    for each in sorted(edits, key=lambda each: each.span, reverse=True):
        text = text[: each.span[0]] + each.text + text[each.span[1] :]
    return text


@pytest.mark.parametrize(
    ("place", "new", "expected"),
    [
        ("track <|>spend", "turnover", 'track turnover was "spend" = '),
        ("unit <|>point, points", "star", "unit star, points"),
        ("point, <|>points", "stars", "give 5 stars"),
        ('earn "<|>More"', "Lots", 'earn "Lots" was "More" {'),
        ('earn "<|>Base"', "Basis", 'earn "Basis" as base {'),
        ("as <|>base {", "basis", 'as basis was "base" {'),
        ("<|>Gold when", "Golden", "Golden when"),
        ("define <|>spent", "enough", "when enough   give 5"),
    ],
)
def test_rename_changes_every_mention_and_the_program_still_checks(place: str, new: str, expected: str) -> None:
    checked, text, at = asked("", HEAD.replace(place.replace("<|>", ""), place, 1))
    after = applied(text, rename(checked, "a.rules", at, new))
    assert expected in after
    again = check([Source("a.rules", after)])
    assert [each.code for each in again.diagnostics] == [each.code for each in checked.diagnostics], after


@pytest.mark.parametrize(
    ("place", "new", "why"),
    [
        ("track <|>spend", "points", "already something called `points`"),
        ("track <|>spend", "channel", "already something called `channel`"),
        ("track <|>spend", "Gold", "already something called `Gold`"),
        ("track <|>spend", "two words", "is no name"),
        ("track <|>spend", "net", "the language has a meaning for `net`"),
        ("track <|>spend", "x" * 200, "would not check any more: a name of 200 characters is too long"),
        ('earn "<|>More"', "Base", 'already a rule "Base"'),
        ("sum of net, on <|>purchase", "buy", "vocabulary"),
        ("when <|>channel is", "way", "vocabulary"),
        ("per <|>calendar year\n", "x", "no name here"),
    ],
)
def test_renames_that_would_say_something_else_are_refused(place: str, new: str, why: str) -> None:
    checked, _, at = asked("", HEAD.replace(place.replace("<|>", ""), place, 1))
    with pytest.raises(RenameRefusedError, match=re.escape(why)):
        rename(checked, "a.rules", at, new)


def test_a_rename_goes_through_all_files_of_a_program() -> None:
    files = read_files(ROOT / "examples" / "shop")
    checked = check(files.sources, files.folder)
    name = next(each.name for each in files.sources if each.name.endswith("shop.rules"))
    at = checked.sources[name].text.index("track spend") + 7
    edits = rename(checked, name, at, "turnover")
    assert {Path(each.source).name for each in edits} == {"shop.rules", "tests.rules"}
    sources = [
        Source(each.name, applied(each.text, tuple(edit for edit in edits if edit.source == each.name)))
        for each in files.sources
    ]
    assert check(sources, files.folder).ok


# ---- lenses ----


def test_a_sample_event_is_that_of_a_test_or_is_made() -> None:
    files = read_files(ROOT / "examples" / "shop")
    checked = check(files.sources, files.folder)
    name = next(each.name for each in files.sources if each.name.endswith("shop.rules"))
    tests = {each.key: len(each.tests) for each in lenses(checked, name)}
    assert tests["base"] == 5
    assert "the event of the test" in sampled(checked, "base").text
    alone = check([each for each in files.sources if each.name == name], files.folder)
    assert {len(each.tests) for each in lenses(alone, name)} == {0}
    found = sampled(alone, "Winter sale").text
    assert "an event made so that the condition holds" in found
    assert '"Winter sale": ' in found
    assert sampled(check([Source("a.rules", "language 1\n")]), "x").text.startswith("the program has errors")


# ---- places ----


@pytest.mark.parametrize(("encoding", "column"), [("utf-16", 7), ("utf-8", 10), ("utf-32", 6)])
def test_columns_are_counted_as_the_editor_does(encoding: str, column: int) -> None:
    lines = Lines("x\nsé 😀 here", encoding)  # type: ignore[arg-type]
    at = lines.text.index("ere") - 0
    assert lines.spot(at - 1).line == 1
    assert lines.spot(lines.text.index("here") + 1).column == column
    assert lines.offset(Spot(1, column)) == lines.text.index("here") + 1
    assert lines.offset(Spot(1, 99)) == len(lines.text)
    assert lines.offset(Spot(0, 99)) == 1


# ---- words ----


def test_every_keyword_has_one_row() -> None:
    known = keywords()
    spelled = [spelling for word in words() for spelling in word.spellings]
    assert sorted(spelled) == sorted({*known.words, *known.phrases})
    assert meaning_of("purchase") is None
    assert not set(KNOWN) & set(spelled) - {"catalogue", "was", "each"}


@pytest.mark.parametrize("word", words(), ids=[each.spellings[0] for each in words()])
def test_the_example_of_a_word_is_rule_text(word: Word) -> None:
    """It stands in a checked block of the page that it names, or parses by itself; the page has the section."""
    example, page = word.example, word.page
    plain = " ".join(example.split())
    assert any(re.search(rf"(?<!\w){re.escape(each.removeprefix(', '))}(?!\w)", plain) for each in word.spellings)
    path, _, anchor = page.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    stands = any(example in each.text for each in blocks(ROOT / path))
    assert stands or not parse(Source("a.rules", example)).diagnostics
    heads = [
        re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
        for line in text.split("\n")
        if line.startswith("#")
    ]
    assert anchor in heads
