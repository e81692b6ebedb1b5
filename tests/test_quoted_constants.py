"""Text of a rule file reaches generated code as quoted constants, and as nothing else.

Generated source is compared with what the same program gives when its texts are harmless: once strings, and the part
of an identifier that is a word of the file, are left out, the two syntax trees are the same. Tried with texts as a rule
file can hold them, and with texts that no file can hold, put into the core itself; on a program written for it, and on
generated ones. Pages for people escape them.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules_engine import ir, pages
from rules_engine.backends.python import Python
from rules_engine.backends.python.quoting import comment, const, ident
from rules_engine.backends.reference import Reference
from rules_engine.decoding import decode, decode_facts
from rules_engine.event import Event
from rules_engine.pipeline import compile_core, load
from rules_engine.scoring import Program
from rules_engine.source import Source
from rules_engine.state import State
from tests.strategies import programs
from tests.trials import core_of

PACKAGE = Path(__file__).resolve().parent.parent / "rules_engine"

ANY = (
    '"', "'", '"""', "'''", "\\", "\\'", "\n", "\r", "{}", "{0.__class__}", "%s %(x)d", "${x}", "#", "\0", "\u2028",
    "\u2029", "\x85", "\x0c", "\ud800", "\u202e", "__import__('os').system('x')", "'); raise SystemExit(1) #",
    '"); raise SystemExit(1) #', "\n    raise SystemExit(1)\n", "*/", "<script>", "\N{BULLET}", "N{BULLET}", "\\x41",
    "\\u0041", "f'{1/0}'", "é", "\U0001f4a9",
)  # fmt: skip
"""What could end a literal, a line, a comment or an identifier."""

WRITTEN = (*(each for each in ANY if each.isprintable() and '"' not in each), "' + __import__('os').name + '")
"""What can stand between the quotes of a rule file."""

TEXT = """language 1

program "Zq %(0)s" { currency GBP, rounded half up   timezone "Europe/London"
  split in proportion, odd pennies to the largest remainder   returns by share
  stacking { basket: all in order "Zq code %(4)s", "Zq off %(5)s"   shipping: all in order "Zq post %(5)s" } }
unit point, points { rounded down   lasts forever }
event order dated by placed_at of customer identified by order_no {
  order_no: text   customer: member   placed_at: instant   codes: codes up to 5   word: text   country: text?
  postage: money up to 30 GBP as shipping
  lines 0 to 9 { id: text as id   sku: text   price: money up to 500 GBP as list }
}
member { segment: text?   clubs: list of up to 20 text }
track spend = sum of net, on order, per calendar year
define wanted = ("zq1 %(1)s", "zq2 %(2)s", "zq3 %(3)s")
earn "Zq base %(1)s" as base { on order   give 1 point per 1 GBP of paid }
earn "Zq words %(2)s" {
  on    order
  when  word is "zq word %(3)s" or word in wanted or has country and country is "zq country %(4)s"
  give  by word {
    "zq a %(1)s": 10 points   "zq b %(2)s": 20 points   "zq c %(3)s" or "zq d %(4)s": 30 points   otherwise: nothing
  }
}
earn "Zq club %(4)s" { on order   when has member.segment and member.segment is "zq segment %(1)s"   give 3 points }
item offer "Zq never %(1)s" { on order   automatic   take 10%% of list off each line where sku in wanted }
basket offer "Zq code %(4)s" { on order   with code "zqcode%(6)s"   take 5%% of current off the total of lines }
basket offer "Zq off %(5)s" { on order   automatic   when current >= 20 GBP   take 1 GBP off the total of lines }
shipping offer "Zq post %(5)s" { on order   automatic   charge 1 GBP as "zq fee %(1)s" }
"""
HARMLESS = ("one", "two", "three", "four", "five", "six", "seven")
EVENT: dict[str, Any] = {
    "event": "order", "order_no": "1", "customer": "m", "placed_at": "2027-03-02T10:00:00+00:00", "codes": [],
    "word": "zq", "postage": "3.00", "lines": [{"id": "1", "sku": "s", "price": "30.00"}],
}  # fmt: skip


def text_of(words: tuple[str, ...]) -> str:
    return TEXT % {str(place): word for place, word in enumerate(words)}


# ---- the shape of generated source ----

IDENT = re.compile(r"([a-zA-Z]+_?)*?([a-z]+\d+)(_\w*)?")
CUT = re.compile(r"(\d)_\w+")


class Shape(ast.NodeTransformer):
    """Leaves the word of the file out of identifiers that `ident` makes, and what strings hold."""

    def visit(self, node: ast.AST) -> ast.AST:
        for name in ("id", "arg", "name", "attr"):
            held = getattr(node, name, None)
            if isinstance(held, str):
                assert held.isascii(), held
                assert held.isidentifier(), held
                setattr(node, name, CUT.sub(r"\1", held))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        if isinstance(node, ast.Dict):  # in the order of their keys
            node.keys, node.values = _sorted(node.keys, node.values)
        self.generic_visit(node)
        return node


def _sorted(keys: list[ast.expr | None], values: list[ast.expr]) -> tuple[list[ast.expr | None], list[ast.expr]]:
    pairs = sorted(zip(keys, values, strict=True), key=lambda pair: ast.dump(pair[1]))
    return [key for key, _ in pairs], [value for _, value in pairs]


def shape(source: str) -> str:
    """The syntax tree without what may differ."""
    return ast.dump(Shape().visit(ast.parse(source)))


def parts(source: str) -> Counter[tuple[str, ...]]:
    """What a source is made of, in whatever order: some lists are written in the order of their texts."""
    found: Counter[tuple[str, ...]] = Counter()
    for node in ast.walk(ast.parse(source)):
        held = [getattr(node, name, None) for name in ("id", "arg", "name", "attr")]
        found[type(node).__name__, *(re.sub(r"\d+(_\w*)?", "", each) for each in held if isinstance(each, str))] += 1
    return found


def words_of(source: str) -> Iterator[str]:
    """Every identifier of a source."""
    for node in ast.walk(ast.parse(source)):
        for name in ("id", "arg", "name", "attr"):
            held = getattr(node, name, None)
            if isinstance(held, str):
                yield held


# ---- texts in the core that no file can hold ----


def replaced(core: ir.Program, change: Callable[[str], str]) -> ir.Program:
    """A core with its texts changed: titles, texts and codes, and not what the grammar holds to letters."""

    def turn(value: Any) -> Any:
        if isinstance(value, str) and value[:2].lower() == "zq":
            return change(value)
        if isinstance(value, tuple):
            return tuple(map(turn, value))
        if isinstance(value, msgspec.Struct):
            return type(value)(**{name: turn(getattr(value, name)) for name in value.__struct_fields__})
        return value

    made = turn(core)
    assert isinstance(made, ir.Program)
    return made


def evaluated(core: ir.Program, sent: dict[str, Any]) -> tuple[Any, Any]:
    """What the generated Python and the reference make of an event."""
    event = decode(sent, core)
    assert isinstance(event, Event), event
    facts = decode_facts({"clubs": []}, core)
    assert isinstance(facts, dict)
    found, expected = (each.evaluate(event, facts, State(), None, None) for each in (Python(core), Reference(core)))
    return found, expected


@pytest.fixture(scope="module")
def plain() -> ir.Program:
    return compile_core([Source("plain.rules", text_of(HARMLESS))])[0]


@pytest.mark.parametrize("hostile", WRITTEN, ids=ascii)
def test_texts_as_files_hold_them(hostile: str, plain: ir.Program) -> None:
    core, _ = compile_core([Source("hostile.rules", text_of((hostile,) * 7))])
    assert shape(Python(core).source) == shape(Python(plain).source)
    found, expected = evaluated(core, {**EVENT, "word": f"zq b {hostile}", "codes": [f"zqcode{hostile}"]})
    assert found == expected
    assert {award.rule for award in found.awards} == {"base"}


@pytest.mark.parametrize("hostile", ANY, ids=ascii)
def test_texts_that_no_file_can_hold(hostile: str, plain: ir.Program) -> None:
    core = replaced(plain, lambda text: text + hostile)
    assert core != plain
    assert shape(Python(core).source) == shape(Python(plain).source)
    found, expected = evaluated(core, EVENT)
    assert found == expected
    assert {award.rule for award in found.awards} == {"base"}


def test_the_program_holds_all_kinds_of_texts(plain: ir.Program) -> None:
    """What the tests above change is in the generated source, as strings."""
    core = replaced(plain, lambda text: text + "\u2029")
    strings = {node.value for node in ast.walk(ast.parse(Python(core).source)) if isinstance(node, ast.Constant)}
    told = " ".join(each for each in strings if isinstance(each, str) and each.endswith("\u2029"))
    for word in ("Zq words", "zq country", "zq3", "zq segment"):
        assert word in told, word


def test_the_comparison_sees_what_is_not_quoted(plain: ir.Program) -> None:
    source = Python(plain).source
    name = next(word for word in words_of(source) if CUT.search(word))
    assert shape(source) == shape(source.replace(name, f"{name}_more"))
    assert shape(source) != shape(source + "\nother = 1\n")
    assert shape(source) != shape(source.replace("None", "Nothing", 1))


# ---- generated programs ----

PIECES = st.lists(st.sampled_from(ANY), min_size=1, max_size=3).map("".join)


def texts_of(core: ir.Program) -> frozenset[str]:
    """The titles of rules that have a name of their own, and the texts that conditions compare with."""
    titles = {each.title for each in core.rules if each.title != each.key}
    tests = [node for node in ir.records(core) if isinstance(node, ir.Txt)]
    return frozenset(titles | {node.value for node in tests})


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(programs(), PIECES)
def test_generated_programs_with_hostile_texts(text: str, hostile: str) -> None:
    core = core_of(text)
    known = texts_of(core)

    def turn(value: Any) -> Any:
        if isinstance(value, ir.Txt):
            return msgspec.structs.replace(value, value=value.value + hostile)
        if isinstance(value, ir.RuleDef) and value.title in known:
            value = msgspec.structs.replace(value, title=value.title + hostile)
        if isinstance(value, tuple):
            return tuple(map(turn, value))
        if isinstance(value, msgspec.Struct):
            return type(value)(**{name: turn(getattr(value, name)) for name in value.__struct_fields__})
        return value

    assert parts(Python(turn(core)).source) == parts(Python(core).source)


# ---- the one way ----


@given(st.text(st.characters(), max_size=60))
def test_a_constant_is_read_back_as_it_was(text: str) -> None:
    written = const(text)
    assert written.isascii()
    assert written.isprintable()
    assert ast.literal_eval(written) == text
    assert ast.literal_eval(const((text, {text: (text,)}))) == (text, {text: (text,)})


@given(st.sampled_from(["f", "t", "own"]), st.integers(0, 999), st.text(st.characters(), max_size=60))
def test_an_identifier_is_ours_whatever_the_word(prefix: str, number: int, word: str) -> None:
    name = ident(prefix, number, word)
    assert name.isascii()
    assert name.isidentifier()
    assert re.fullmatch(rf"{prefix}{number}(_\w*)?", name)
    assert comment(word).isascii()
    assert comment(word).isprintable() or not word


RUNS_TEXT = ("exec", "eval", "compile", "__import__")


def test_nothing_else_runs_text() -> None:
    """One function of the package compiles source; the loops of the columnar back end are code of their own."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text if any(f"{word}(" in text for word in RUNS_TEXT) else "")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS_TEXT:
                found.append((str(path.relative_to(PACKAGE)), node.func.id))
    assert found == [("backends/python/__init__.py", "exec"), ("backends/python/__init__.py", "compile")]


# ---- pages ----


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attrs)]


HOSTILE_HTML = "<script>alert(1)</script><img src=x onerror='y'>&amp;]]>"


@pytest.mark.parametrize("hostile", [*ANY, HOSTILE_HTML], ids=ascii)
def test_pages_escape_texts(hostile: str) -> None:
    tags, harmless = Tags(), Tags()
    tags.feed(pages.page(hostile, f"<p>{pages.escape(hostile)}</p>"))
    harmless.feed(pages.page("A", f"<p>{pages.escape('A')}</p>"))
    assert tags.found == harmless.found


def test_an_explanation_tells_texts_and_runs_none() -> None:
    words = (HOSTILE_HTML,) * 6 + ("x",)
    program = load([Source("hostile.rules", text_of(words))])
    assert isinstance(program, Program)
    told = program.explain(EVENT, {"clubs": []}).text()
    assert HOSTILE_HTML in told
