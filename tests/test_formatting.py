"""Formatting: golden files, comments kept, and on random trees that what is printed reads back as the same tree."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from rules_engine import tree
from rules_engine.formatting import format_source, to_text
from rules_engine.formatting.document import WIDTH
from rules_engine.formatting.layout import PRINTERS
from rules_engine.parsing import parse
from rules_engine.source import Source
from tests import tree_strategies

CORPUS = Path(__file__).parent / "corpus" / "format"
CASES = sorted(path.name.removesuffix(".in.rules") for path in CORPUS.glob("*.in.rules"))

on_random_trees = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def formatted(text: str) -> str:
    source = Source("test.rules", text)
    return format_source(source, parse(source))


def trees(text: str) -> tuple[tree.Declaration, ...]:
    return parse(Source("test.rules", text)).file.declarations


def read(text: str) -> tuple[tree.Declaration, ...]:
    """The declarations of a text that must parse without a finding."""
    parsed = parse(Source("test.rules", text))
    assert not parsed.diagnostics, (text, parsed.diagnostics)
    return parsed.file.declarations


def comments(text: str) -> list[str]:
    """All words of all comments, in no order."""
    parsed = parse(Source("test.rules", text))
    return sorted(word for comment in parsed.file.comments for word in comment.text.split())


# ---- golden files ----


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, update_golden: bool) -> None:
    text = (CORPUS / f"{case}.in.rules").read_text("utf-8")
    expected = CORPUS / f"{case}.out.rules"
    result = formatted(text)
    if update_golden:
        expected.write_text(result, "utf-8")
    assert result == expected.read_text("utf-8")
    assert formatted(result) == result
    assert tree.same(trees(text), trees(result))
    assert comments(text) == comments(result)


@pytest.mark.parametrize("case", [case for case in CASES if case != "broken"])
def test_lines_fit(case: str) -> None:
    # Comments may be longer, and so may a text; the corpus has no such text.
    for line in (CORPUS / f"{case}.out.rules").read_text("utf-8").splitlines():
        assert len(line.split("#")[0].rstrip()) <= WIDTH, line


# ---- random trees ----


def test_every_kind_has_a_printer() -> None:
    kinds = [
        kind
        for kind in vars(tree).values()
        if isinstance(kind, type) and issubclass(kind, tree.Node) and kind is not tree.Node
    ]
    assert {kind.__name__ for kind in kinds} - {kind.__name__ for kind in PRINTERS} == {"Comment", "File"}


def examples_of(kind: type[tree.Node]) -> int:
    """How many trees of a kind of declaration are tried: more of those that hold most of the others."""
    return {tree.Language: 2, tree.Use: 10, tree.RuleDecl: 300, tree.MatchDecl: 120}.get(kind, 80)


def test_every_kind_is_drawn() -> None:
    """By a few rounds over all declarations; most kinds come in the first."""
    missing = {kind.__name__ for kind in PRINTERS}
    for number, examples in enumerate((15, 30, 60, 120)):
        for strategy in tree_strategies.KINDS.values():

            @seed(number)
            @settings(on_random_trees, derandomize=False, phases=[Phase.generate], max_examples=examples)
            @given(strategy)
            def draw(declaration: tree.Declaration) -> None:
                missing.difference_update(type(node).__name__ for node in tree.walk(declaration))

            draw()
        if not missing:
            return
    assert missing == set()


@pytest.mark.parametrize("kind", tree_strategies.KINDS, ids=lambda kind: str(kind.__name__))
def test_random_trees_read_back_as_themselves(kind: type[tree.Node]) -> None:
    """Printed and parsed it is the same tree; formatted too, from one line or broken behind braces, and that stays."""

    @settings(on_random_trees, max_examples=examples_of(kind))
    @given(tree_strategies.KINDS[kind])
    def check(declaration: tree.Declaration) -> None:
        text = to_text(declaration)
        (again,) = read(text)
        assert tree.same(declaration, again), text
        assert to_text(again) == text
        for written in (text, text.replace(" { ", " {\n ")):
            once = formatted(written)
            (again,) = read(once)
            assert tree.same(declaration, again), once
            assert formatted(once) == once

    check()


@on_random_trees
@given(tree_strategies.expressions(3))
def test_random_expressions_read_back_as_themselves(expression: tree.Expr) -> None:
    text = f"define x = {to_text(expression)}"
    (again,) = read(text)
    assert isinstance(again, tree.DefineDecl)
    assert tree.same(expression, again.value), text


# ---- comments ----


@pytest.mark.parametrize("case", [case for case in CASES if case != "broken"])
@pytest.mark.parametrize("own_line", [True, False])
def test_a_comment_anywhere_is_kept(case: str, own_line: bool) -> None:
    """A comment set between any two words of a file stays in it, changes nothing else, and stays where it is put."""
    text = (CORPUS / f"{case}.out.rules").read_text("utf-8")
    spots = [at for at, sign in enumerate(text) if sign in " \n" and not _inside_quotes_or_comment(text, at)]
    for at in spots[:: max(1, len(spots) // 12)]:
        comment = "\n # planted\n" if own_line else " # planted\n"
        if text[at] == "\n" and not own_line:
            comment = " # planted"
        planted = text[:at] + comment + text[at:]
        if parse(Source("test.rules", planted)).diagnostics:
            continue  # a line end before a word in column 0 would begin a declaration
        once = formatted(planted)
        assert once.count("# planted") == 1, planted[max(0, at - 60) : at + 60]
        assert comments(once) == comments(planted)
        assert tree.same(trees(once), trees(planted))
        assert formatted(once) == once, planted[max(0, at - 60) : at + 60]


def _inside_quotes_or_comment(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.count('"') % 2 == 1 or "#" in line


# ---- single points ----


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("(a or b) and c", "(a or b) and c"),
        ("((a and b)) or (c)", "a and b or c"),
        ("not (a or b)", "not (a or b)"),
        ("(a - b) - (c - d)", "a - b - (c - d)"),
        ("(a + b) * c", "(a + b) * c"),
        ("a + (b * c)", "a + b * c"),
        ("(count of lines where x is 1) >= 2", "count of (lines where x is 1) >= 2"),
        ("(net of lines where x) + 1 GBP", "(net of lines where x) + 1 GBP"),
        ("1 GBP + (net of lines where x)", "1 GBP + net of lines where x"),
        ("(a is 1 and count of lines where x is 2) or b", "(a is 1 and count of lines where x is 2) or b"),
        ("(count of lines where x) of net", "(count of lines where x) of net"),
        ("-(a + b)", "-(a + b)"),
        ("(1 point per full 1 GBP of net) plus (50% of base)", "1 point per full 1 GBP of net plus 50% of base"),
        ("1000 points", "1_000 points"),
        ("1_0_00.50 GBP", "1_000.50 GBP"),
        ("1 months after x", "1 month after x"),
    ],
)
def test_brackets_and_numbers(written: str, printed: str) -> None:
    assert formatted(f"define x = {written}\n") == f"define x = {printed}\n"


def test_text_of_a_node_is_one_line() -> None:
    (rule,) = read(
        'earn "A" {\n  on stay\n  when kind is room\n  give by tier {\n    Gold: 1 point\n    Blue: 2 points\n  }\n}'
    )
    assert isinstance(rule, tree.RuleDecl)
    assert rule.when is not None
    assert to_text(rule.when) == "kind is room"
    assert to_text(rule.effects[0]) == "give by tier { Gold: 1 point   Blue: 2 points }"
    assert to_text(rule) == 'earn "A" { on stay   when kind is room   give by tier { Gold: 1 point   Blue: 2 points } }'


def test_empty_files() -> None:
    assert formatted("") == ""
    assert formatted("\n\n  \n") == ""
    assert formatted("\n# only a comment\n\n\n") == "# only a comment\n"


def test_other_line_ends_and_a_byte_order_mark_go() -> None:
    text = 'language 1\nearn "A" {\n  on stay # c\n  give 1 point\n}\n'
    assert formatted("\ufeff" + text.replace("\n", "\r\n")) == formatted(text)
    assert formatted(text.replace("\n", "\r")) == formatted(text)


def test_a_comment_between_the_words_of_a_head_goes_behind_the_declaration() -> None:
    assert formatted('earn # a\n "A" # b\n as base { on stay give 1 point }') == (
        'earn "A" as base { on stay   give 1 point }   # a  # b\n'
    )


def test_what_did_not_parse_keeps_its_text() -> None:
    broken = 'earn   "Broken"   {{\n\n\n      give  ??  # kept\n  }\n# kept too\n\nlanguag 1\n'
    assert formatted(broken) == broken
    assert formatted("use shop\n" + broken) == "use shop\n" + broken


def test_deep_nesting_does_not_recurse() -> None:
    for depth in (20, 60, 200, 1000):
        text = "define x = " + "(a or (b and " * depth + "c" + "))" * depth
        if parse(Source("test.rules", text)).diagnostics:
            break
        assert formatted(formatted(text)) == formatted(text)
    chain = "define x = " + " + ".join(["a"] * 3000)
    assert formatted(formatted(chain)) == formatted(chain)


def test_a_thousand_rules_are_formatted_quickly() -> None:
    rule = (
        'earn "Base points {n}" as base_{n} {{\n  on stay\n  when kind is room and nights >= 1000 or tier is Gold\n'
        "  give by tier {{ Silver: 10 points   Gold: 25 points   otherwise: nothing }} per 1 GBP of net, "
        "pending until 3 days after check_out\n  at most 5000 points per member per calendar month\n}}\n\n"
    )
    source = Source("many.rules", "".join(rule.format(n=n) for n in range(1000)))
    parsed = parse(source)
    start = time.perf_counter()
    format_source(source, parsed)
    assert time.perf_counter() - start < 4  # well under 2 s on an idle machine
