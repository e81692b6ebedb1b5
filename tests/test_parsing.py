"""The parser: the corpus, spans, keywords as names, planted faults, bad input, mends, and the stored table."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from rules_engine.diagnostics import Diagnostic
from rules_engine.parsing import Parsed, parse, parse_declaration
from rules_engine.parsing.build_table import GRAMMAR, TABLE, build
from rules_engine.parsing.cutting import cut
from rules_engine.parsing.parser import driver
from rules_engine.source import Source
from rules_engine.tree import Comment, EventDecl, Node, Row, RuleDecl, children, same, walk

CORPUS = Path(__file__).parent / "corpus"
GOOD = sorted((CORPUS / "parse").glob("*.rules"))
BAD = sorted((CORPUS / "errors" / "P").glob("*.rules"))
EXPECTED = re.compile(r"# ! (P\d+) ?(.*)")


def _parse(text: str) -> Parsed:
    return parse(Source("t.rules", text))


def _shown(findings: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{x.code} {x.message}; {x.help}" for x in findings]


# ---- the corpus ----


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_good_files_parse(path: Path) -> None:
    parsed = parse(Source.read(path))
    assert _shown(parsed.diagnostics) == []
    assert len(parsed.file.declarations) > 20 or path.stem != "tour"


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_one_line_says_the_same(path: Path) -> None:
    """Line ends mean nothing inside a declaration."""
    source = Source.read(path)
    pieces = cut(source.text)
    for start, end in pieces.stretches:
        flat = re.sub(r"\s+", " ", pieces.text[start:end]).strip()
        tall = re.sub(r" +", "\n   ", re.sub(r'"[^"]*"', lambda m: m[0].replace(" ", "\0"), flat)).replace("\0", " ")
        tall = re.sub(r"^(\w+)\n +", r"\1 ", tall)  # the words that begin a declaration stay on its first line
        one, other = _parse(flat), _parse(tall)
        first = parse_declaration(source, start, end)
        assert _shown(one.diagnostics) == _shown(other.diagnostics) == []
        assert same(first.file.declarations, one.file.declarations)
        assert same(first.file.declarations, other.file.declarations)


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_spans(path: Path) -> None:
    """A child lies inside its parent, siblings stand in order, no span begins or ends in a blank."""
    source = Source.read(path)
    for declaration in parse(source).file.declarations:
        for node in walk(declaration):
            text = source.slice(node.span)
            assert text == text.strip(), (type(node), text)
            below = sorted(child.span for child in children(node))
            for child in children(node):
                assert node.span[0] <= child.span[0] <= child.span[1] <= node.span[1], (node, child)
            for one, other in pairwise(below):
                assert one[1] <= other[0] or one == other, (type(node).__name__, text, source.slice(one))


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_declaration_alone_is_the_same(path: Path) -> None:
    source = Source.read(path)
    whole = parse(source)
    for node, (start, end) in zip(whole.file.declarations, cut(source.text).stretches, strict=True):
        assert parse_declaration(source, start, end).file.declarations == (node,)


def test_comments_are_kept_in_order() -> None:
    text = '# one\nearn "a # b" { on x # two\n  # three\n  give 1 point }\n'
    parsed = _parse(text)
    assert parsed.diagnostics == ()
    assert [(c.text, c.own_line) for c in parsed.file.comments] == [
        ("# one", True),
        ("# two", False),
        ("# three", True),
    ]
    assert all(isinstance(c, Comment) and text[slice(*c.span)] == c.text for c in parsed.file.comments)


def test_a_comment_may_stand_between_any_two_words() -> None:
    text = 'earn "a" { on x  give 10 points per full 1 GBP of net, or nothing  at most 5 times per calendar year }'
    words = re.findall(r'"[^"]*"|[\w_]+|[^\s\w]', text)
    assert same(_parse(" # c\n".join(words)).file.declarations, _parse(text).file.declarations)


# ---- words ----

KEYWORDS = sorted({word for text in driver().table.stored.words for word in text.replace(",", "").split()})


@pytest.mark.parametrize("word", KEYWORDS)
def test_no_word_is_reserved(word: str) -> None:
    """A keyword names a field, a line's field, a member's fact, a unit, a choice and a test's field."""
    text = f"""
event e dated by {word} of who identified by {word} {{
  {word}: date   who: member   kind: a | {word} | b
  lines 0 to 9 {{ {word}: money up to 5 GBP as list   {word}: count? }}
}}
member {{ first_one: text   {word}: date?   last_one: {word} }}
unit {word} {{ lasts forever }}
earn "R" as {word} {{
  on e  when has member.{word} and member.{word} is x
  give by kind {{ a: 1 point   {word}: 2 points   {word} or b: 3 points   otherwise: nothing }}
}}
test "t" {{
  given member {{ {word}: 1   x: 2 }}
  when e {{ {word}: 2027-01-01   {word}: a   lines | {word} | b | | 1 | 2 | }} then "R" 1 point
}}
"""
    parsed = _parse(text)
    assert _shown(parsed.diagnostics) == []
    event = parsed.file.declarations[0]
    assert isinstance(event, EventDecl)
    assert event.lines is not None
    assert [f.name.text for f in (*event.fields, *event.lines.fields)] == [word, "who", "kind", word, word]
    rule = parsed.file.declarations[3]
    assert isinstance(rule, RuleDecl)
    assert len(rule.effects) == 1


OPERANDS = sorted(set(KEYWORDS) - {"not", "has", "by", "across", "given", "used", "previous", "distinct", "top", "no"})


@pytest.mark.parametrize("word", OPERANDS)
def test_a_keyword_is_an_operand(word: str) -> None:
    """A field of any name stands in a comparison and as a basis."""
    text = f'earn "R" {{ on e  when {word} >= 3 and x is {word} or 4 < {word}  give 10% of {word}, up to 5 points }}'
    assert _shown(_parse(text).diagnostics) == []


# ---- faults ----


def _expectations(text: str) -> list[tuple[int, str, str]]:
    """(line, code, message) of the `# ! P130 message` comments; one on a line of its own is about the line above."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = EXPECTED.search(line)
        if match:
            found.append((number - 1 if line.lstrip().startswith("#") else number, match[1], match[2].strip()))
    return found


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_faults_are_explained_on_their_line(path: Path) -> None:
    source = Source.read(path)
    parsed = parse(source)
    found = [(source.place(x.span[0]).line, x.code, x.message) for x in parsed.diagnostics]
    assert found == _expectations(source.text)


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_mends_mend(path: Path) -> None:
    """Where a finding has a fix, the declaration parses once it is made (as often as the same habit was written)."""
    source = Source.read(path)
    for start, end in cut(source.text).stretches:
        text = source.text[start:end]
        for _ in range(3):
            findings = _parse(text).diagnostics
            if not findings or findings[0].fix is None:
                break
            fix = findings[0].fix
            text = text[: fix.span[0]] + fix.text + text[fix.span[1] :]
        else:
            findings = _parse(text).diagnostics
        assert not findings or findings[0].fix is None, (text, _shown(findings))


def test_a_broken_declaration_is_named() -> None:
    text = (
        'unit point, points { lasts }\nearn "A" as base { on }\ndefine x = = 3\ntrack t = count, on x, per lifetime\n'
    )
    parsed = _parse(text)
    assert [(x.kind, x.name, x.names) for x in parsed.broken] == [
        ("unit", "points", ("point", "points")),
        ("earn", "base", ("A", "base")),
        ("define", "x", ("x",)),
    ]
    assert len(parsed.diagnostics) == 3
    assert len(parsed.file.declarations) == 1


def _planted(text: str, chance: random.Random, tokens: list[re.Match[str]]) -> str:
    """A text with one token left out, doubled, or replaced by another of the same text."""
    one = chance.choice(tokens[1:])
    kind = chance.randrange(3)
    new = "" if kind == 0 else f"{one[0]} {one[0]}" if kind == 1 else chance.choice(tokens)[0]
    return text[: one.start()] + f" {new} " + text[one.end() :]


def test_a_planted_fault_stays_in_its_declaration() -> None:
    """Seeded single faults: where a text no longer parses, one finding, in its own declaration, all else whole."""
    chance = random.Random(20270101)
    declarations = []
    for path in GOOD:
        source = Source.read(path)
        pieces = cut(source.text)
        declarations += [pieces.text[a:b].strip() + "\n" for a, b in pieces.stretches]
    before, after = 'earn "before" { on x  give 1 point }\n', 'earn "after" { on x  give 1 point }\n'
    token = re.compile(r'"[^"\n]*"|\w+(?:[.:-]\w+)*%?|[^\s\w]')
    faults, silent, mended = 0, 0, 0
    for _ in range(400):
        text = chance.choice(declarations)
        broken = _planted(text, chance, list(token.finditer(text)))
        parsed = _parse(before + broken + after)
        titles = [x.title.value for x in parsed.file.declarations if isinstance(x, RuleDecl)]
        assert titles[:1] == ["before"], broken
        assert titles[-1:] == ["after"], broken
        if not parsed.diagnostics:
            silent += 1
            continue
        faults += 1
        assert len(parsed.diagnostics) == 1, (broken, _shown(parsed.diagnostics))
        finding = parsed.diagnostics[0]
        assert len(before) <= finding.span[0] <= finding.span[1] <= len(before) + len(broken), broken
        assert finding.message
        assert "__" not in finding.message + finding.help
        mended += finding.fix is not None
    assert faults > 250, (faults, silent)
    assert mended > faults / 3, (mended, faults)


# ---- bad input ----


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "\ufeff", "\0", "\ufefflanguage 1\n", "earn", 'earn "', "}", "{" * 5000, "earn \"x\" {" * 300,
        "define x = " + "(" * 3000 + "a" + ")" * 3000, "define x = " + "not " * 3000 + "a",
        "define x = " + "- " * 3000 + "1", "define x = " + "a of " * 3000 + "b", "define x = a" + " or b" * 3000,
        'earn "x" {\u202eon y }', "earn \u200b\"x\" { }",
        "define x = \U0001f600", "language 1\rearn \"x\" { on y  give 1 point }\r", '"' * 999, "#" * 999, "a" * 100_000,
        "period p = day " + "1, " * 2000, "define x = ((((", "test \"t\" { when", "use",
        "language 99999999999999999999999",
    ],
)  # fmt: skip
def test_nothing_raises(text: str) -> None:
    parsed = _parse(text)
    assert all(x.message for x in parsed.diagnostics)
    assert len(parsed.diagnostics) <= 2


def test_random_text_never_raises() -> None:
    chance = random.Random(7)
    words = [
        *KEYWORDS,
        "{",
        "}",
        "(",
        ")",
        ",",
        ":",
        "|",
        '"a"',
        '"',
        "10",
        "5%",
        "40 GBP",
        "2027-01-01",
        "x",
        "\n",
        "\u00a0",
        "£",
    ]
    for _ in range(150):
        head = chance.choice(["earn ", "tiers ", "period p = ", "unit u ", "test ", "define d = ", "event e "])
        _parse(head + " ".join(chance.choices(words, k=chance.randrange(1, 30))))


def test_marks_at_line_ends() -> None:
    """A file from any system gives the same tree and offsets; a byte order mark is no text."""
    text = 'language 1\nearn "x" {\n  on y\n  give 1 point\n}\n'
    plain = _parse(text).file
    assert _parse(text.replace("\n", "\r")).file == plain
    assert same(_parse(text.replace("\n", "\r\n")).file.declarations, plain.declarations)
    assert same(_parse("\ufeff" + text).file.declarations, plain.declarations)


def test_a_huge_declaration_is_refused_in_time() -> None:
    began = time.process_time()
    parsed = _parse("define x = (" + "1, " * 700_000 + "2)")
    assert [x.code for x in parsed.diagnostics] == ["P122"]
    assert time.process_time() - began < 5


def test_deep_nesting_is_refused() -> None:
    assert [x.code for x in _parse("define x = " + "(" * 3000 + "a" + ")" * 3000).diagnostics] == ["P121"]
    assert _parse("define x = " + "(" * 200 + "a" + ")" * 200).diagnostics == ()


def test_long_lists_are_linear() -> None:
    rows = "   ".join(f'"v{n}": {n % 97} points' for n in range(6000))
    parsed = _parse(f'earn "x" {{ on y  give by v {{ {rows}   otherwise: nothing }} }}')
    assert parsed.diagnostics == ()


# ---- the table ----


def test_the_stored_table_is_that_of_the_grammar() -> None:
    """`python -m rules_engine.parsing.build_table` was run after the last change; and the grammar has no conflict."""
    assert TABLE.read_bytes() == msgspec.json.encode(build(GRAMMAR.read_text(encoding="utf-8")))


def test_a_conflict_is_refused() -> None:
    grammar = GRAMMAR.read_text(encoding="utf-8") + '\nuse_again: "use" NAME\n?more: use | use_again\n'
    from lark.exceptions import GrammarError

    with pytest.raises(GrammarError):
        build(grammar.replace("?start: language", "?start: more | language"))


def test_lark_is_not_imported_at_run_time() -> None:
    script = (
        "import sys; from rules_engine.source import Source; from rules_engine.parsing import parse;"
        "parse(Source('t', 'earn \"x\" { on y  give 1 point } }')); sys.exit('lark' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_production_has_an_example() -> None:
    """In the grammar a comment stands above each production that is not a helper."""
    lines = GRAMMAR.read_text(encoding="utf-8").split("\n")
    bare = []
    for number, line in enumerate(lines):
        if re.match(r"\?*[a-z_]+:", line) and not lines[number - 1].startswith("//") and " " in line[40:]:
            bare.append(line.split(":")[0])
    assert len(bare) < 40, bare


def test_nodes_compare_without_spans() -> None:
    one, other = _parse("define x = a").file.declarations, _parse("define  x =  a").file.declarations
    assert isinstance(one[0], Node)
    assert one != other
    assert same(one, other)


def test_a_declaration_that_is_far_too_long() -> None:
    parsed = parse(
        Source("a.rules", 'earn "A" { on stay  give 1 point }\n' + "define x = (" + '"a", ' * 200_001 + '"b")\n')
    )
    assert [found.code for found in parsed.diagnostics] == ["P122"]
    assert len(parsed.file.declarations) == 1


LITERAL_CELLS = (
    "23:59: 1   00:00: 2",
    "2027-11-05 10:00: 1   from 2027-11-06 10:00: 2",
    "from 0 GBP, from 1_000 points: 1   from 10 GBP, from 5%: 2",
    "from 12_000 points, 5% or grocery: 1   from 10:00, 23:00 or 23:30: 2",
)


@pytest.mark.parametrize("rows", LITERAL_CELLS)
def test_any_literal_is_a_cell(rows: str) -> None:
    parsed = parse(Source("a.rules", f"define x = by a, b {{ {rows}   otherwise: nothing }}"))
    assert parsed.diagnostics == ()
    (declared,) = parsed.file.declarations
    assert len([node for node in walk(declared) if isinstance(node, Row)]) == 3


def test_what_an_amount_that_is_taken_lacks_is_told_first() -> None:
    (finding,) = _parse('item offer "A" { on stay  automatic  take 10% of current }').diagnostics
    assert (finding.code, finding.help) == ("P100", "expected `off`, `,`, `*` or `+`")


def test_free_shipping_is_taken_off_shipping() -> None:
    (finding,) = _parse('basket offer "A" { on stay  automatic  free shipping }').diagnostics
    assert finding.help == "write `take 100% of current off the total of shipping`"
