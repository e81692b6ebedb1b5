"""Rule files in colour: total on any text, exact on the corpus, in time that grows with the text."""

from __future__ import annotations

import doctest
import re
import time
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments import lex
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename

from rules_engine import tree
from rules_engine.highlighting import KINDS, Token, colouring, html, pieces, pygments_lexer, textmate, tokens
from rules_engine.highlighting.pygments_lexer import RulesLexer
from rules_engine.parsing import keywords, parse, wording
from rules_engine.source import Source
from rules_engine.tree import walk

ROOT = Path(__file__).resolve().parent.parent
RULE_FILES = sorted(
    path for folder in ("examples", "tests/corpus", "rules_engine") for path in (ROOT / folder).rglob("*.rules")
)
PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from([*keywords().words, *keywords().phrases, *keywords().marks, *keywords().declarations]),
    st.sampled_from(
        ["\n", "\r\n", "\r", "\ufeff", '"', "#", " ", "  ", "40 GBP", "3 months", "1 Nov", "2027-01-31 10:00", "10%",
         "-", '"a # b"', "spend.x", "1_000", "é", "\u202e", "\u200b", "\x00", "2027-01-01T10:00", "23:00", "2nd"]
    ),
)  # fmt: skip
WRITTEN = [path for path in RULE_FILES if not {"errors", "format", "parse", "rendered"} & set(path.parts)]
PARSED = [each for number, each in enumerate(WRITTEN) if "corpus" not in each.parts or number % 8 == 0]
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=30).map(" ".join))


@cache
def _read(path: Path) -> tuple[str, tuple[Token, ...]]:
    text = path.read_bytes().decode("utf-8", errors="replace")
    return text, tuple(tokens(text))


def _of(path: Path, kind: str) -> list[str]:
    text, found = _read(path)
    return [text[each.start : each.end] for each in found if each.kind == kind]


@given(TEXTS)
def test_any_text_is_coloured_and_none_of_it_lost(text: str) -> None:
    _holds(text, list(tokens(text)))


def test_the_corpus_is_coloured_and_none_of_it_lost() -> None:
    for path in RULE_FILES:
        _holds(*_read(path))


def _holds(text: str, found: list[Token] | tuple[Token, ...]) -> None:
    assert all(each.start < each.end and each.kind in KINDS for each in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert not any(re.search(r"[\r\n]", text[each.start : each.end]) for each in found), "over a line's end"
    bounds = [0, *(side for each in found for side in each[:2]), len(text)]
    lost = "".join(text[slice(*gap)] for gap in zip(bounds[::2], bounds[1::2], strict=True))
    assert not lost.replace("\ufeff", "").strip(), "something is no piece"


@given(TEXTS)
def test_html_is_the_text_and_spans_and_nothing_else(text: str) -> None:
    shown = html(text)
    assert re.sub(r'<span class="t-[a-z]+">|</span>', "", shown) == escape(text)


def test_classes_may_be_named_and_left_out() -> None:
    assert html("use shop", {"declaration": "k"}) == '<span class="k">use</span> shop'


@pytest.mark.parametrize("path", PARSED, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_what_the_parser_reads(path: Path) -> None:
    """Each declaration's first word and no other is coloured as one; no name is a keyword; texts are exact."""
    text, found = _read(path)
    parsed = parse(Source(path.name, text))
    assert parsed.broken == ()
    kinds = {each[:2]: each.kind for each in found}
    nodes = list(walk(parsed.file))
    heads = {node.span[0]: text[node.span[0] :].split()[0] for node in parsed.file.declarations}
    seconds = {text.index("offer", at) for at, word in heads.items() if f"{word} offer" in keywords().declarations}
    assert {start for (start, _), kind in kinds.items() if kind == "declaration"} == heads.keys() | seconds
    names = {node.span for node in nodes if isinstance(node, tree.Path)}
    names |= {node.span for node in nodes if isinstance(node, tree.Name) and not _inside(node.span, names)}
    assert {kinds.get(span) for span in names} <= {"name", "currency", "date"}  # a month of `1 Nov` is a date
    texts = {node.span for node in nodes if isinstance(node, tree.Text)}
    assert {span for span, kind in kinds.items() if kind in {"string", "title"}} == texts
    comments = [text[slice(*span)] for span, kind in kinds.items() if kind == "comment"]
    assert comments == [each.text for each in parsed.file.comments]


def _inside(span: tuple[int, int], paths: set[tuple[int, int]]) -> bool:
    """Whether a name is a part of a path; parts begin with it or stand behind a point."""
    return any(span[0] == start or start < span[0] < end for start, end in paths)


def test_a_word_is_a_keyword_where_the_parser_reads_it_so() -> None:
    text = "event stay dated by on of first identified by id { id: text  first: member  on: date }\n"
    assert _shown(text, "keyword") == ["dated", "by", "of", "identified", "by"]
    assert _shown(text, "name") == ["stay", "on", "first", "id", "id", "text", "first", "member", "on", "date"]
    assert _shown("group a { first per unit in order b }", "keyword") == ["first", "per", "unit", "in", "order"]
    assert _shown("track first = count, per year", "name") == ["first", "year"]


def test_each_piece_of_a_value() -> None:
    text = 'basket   offer "A \\ B" { take 40.50 GBP off each line  at most 3 times per 3 months }\n'
    text += "period x = 1 Nov to 2 Feb every year except from 2027-01-31 at 10:00\ntable by 10% 2nd"
    pieces = [(text[each.start : each.end], each.kind) for each in tokens(text)]
    assert pieces[:4] == [("basket", "declaration"), ("offer", "declaration"), ('"A \\ B"', "title"), ("{", "bracket")]
    assert ("40.50", "number") in pieces
    assert ("GBP", "currency") in pieces
    assert ("3", "number") in pieces
    assert ("months", "keyword") in pieces
    assert [piece for piece, kind in pieces if kind == "date"] == ["1", "Nov", "2", "Feb", "2027-01-31", "10:00"]
    assert [piece for piece, kind in pieces if kind == "number"] == ["40.50", "3", "3", "10%", "2nd"]


def test_behind_a_fault_words_go_by_their_looks_and_the_next_declaration_is_read_again() -> None:
    text = 'earn "A" { on ! when first: 3 }\nuse shop\n'
    assert _shown(text, "keyword") == ["on", "when"]
    assert _shown(text, "name") == ["first", "shop"]


def test_an_open_quote_ends_with_its_line() -> None:
    assert _shown('earn "A # b  \r\nuse shop', "string") == ['"A # b']
    assert _shown('earn "A\rb\nuse shop', "string") == ['"A']
    assert _shown('earn "A # b  \r\nuse shop', "declaration") == ["earn", "use"]


def _shown(text: str, kind: str) -> list[str]:
    return [text[each.start : each.end] for each in tokens(text) if each.kind == kind]


@pytest.mark.parametrize(
    "one",
    [
        'earn "A" { on purchase  give 1 point per 1 GBP }\n',
        "(",
        "at   ",
        '"',
        "1 ",
        "# x\n",
        "not ",
        "a, ",
        "éß\u202e",
        "\r",
    ],
)
def test_time_grows_with_the_text(one: str) -> None:
    """Eight times the text takes no more than some eighteen times as long, the better of two."""
    short, long = (min(_seconds(one * (times // len(one))) for _ in range(2)) for times in (4_000, 32_000))
    assert long < 18 * short + 0.05


def _seconds(text: str) -> float:
    begin = time.process_time()
    for _ in tokens(text):
        pass
    return time.process_time() - begin


def test_the_examples_in_the_room_are_true() -> None:
    for module in (pieces, colouring, pygments_lexer, textmate, wording):
        assert doctest.testmod(module).failed == 0


@given(TEXTS)
def test_pygments_loses_nothing(text: str) -> None:
    found = list(RulesLexer().get_tokens_unprocessed(text))
    assert "".join(piece for _, _, piece in found) == text
    assert all(text.startswith(piece, at) for at, _, piece in found)


def test_pygments_gives_each_kind_a_type_of_its_own() -> None:
    assert set(pygments_lexer.TYPES) == {None, *KINDS}
    assert len(set(pygments_lexer.TYPES.values())) == len(KINDS) + 1
    text = 'earn "Points" { give 5 GBP }  # here'
    shown = [(piece, str(kind)) for kind, piece in lex(text, RulesLexer()) if piece.strip()]
    assert shown[:3] == [
        ("earn", "Token.Keyword.Declaration"),
        ('"Points"', "Token.Name.Label"),
        ("{", "Token.Punctuation"),
    ]
    assert shown[-1] == ("# here", "Token.Comment.Single")


def test_pygments_finds_it_by_its_name_and_by_a_file_s() -> None:
    assert isinstance(get_lexer_by_name("rules"), RulesLexer)
    assert isinstance(get_lexer_for_filename("shop.rules"), RulesLexer)
