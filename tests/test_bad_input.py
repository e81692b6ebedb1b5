"""Bad input at every door: a clear diagnostic with a code, never a traceback, in bounded time and memory.

The table of limits is `docs/limits.md`; each of its rows is tested here or where the row says. What is large runs in a
process of its own, whose memory is bounded by the system and whose time by a clock that only a hang can reach.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rules_engine import cli, feeds, pipeline
from rules_engine.checking import Checker, checker
from rules_engine.decoding import decode, decode_json
from rules_engine.diagnostics import Diagnostic, as_json, render
from rules_engine.event import Event
from rules_engine.feeds import tables
from rules_engine.formatting import format_source, to_text
from rules_engine.outcome import EventRefused
from rules_engine.parsing import parse, parser, rereading
from rules_engine.scoring import Program
from rules_engine.source import TEXT_MAX, Source

MEMORY = 2 * 2**30
SECONDS = 60

HEAD = """language 1

program "Bad input" { currency GBP, rounded half up   timezone "Europe/London" }
unit point, points { rounded down   lasts forever }
event play dated by played_on of player identified by ticket {
  ticket: text   player: member   played_on: date   slot: count up to 1_000_000   word: text   open: flag
  lines 1 to 50 { id: text as id   kind: room | food   amount: money up to 500 GBP as list each }
}
"""


def rule(body: str, title: str = "A") -> str:
    return f'{HEAD}earn "{title}" {{ on play   {body}   give 1 points }}\n'


def findings(text: str) -> list[Diagnostic]:
    """What is found, every part of it fit to be shown."""
    checked = pipeline.check([Source("bad.rules", text)])
    for each in checked.diagnostics:
        shown = render(each, checked.sources.get(each.source))
        assert len(shown) < 6000
        assert shown.replace("\n", "").isprintable()
        assert 0 <= each.span[0] <= each.span[1] <= len(text) or each.source != "bad.rules"
        assert as_json(each, checked.sources.get(each.source))["code"] == each.code
    return list(checked.diagnostics)


def codes(text: str) -> list[str]:
    return [each.code for each in findings(text)]


# ---- characters ----

UNSEEN = (
    ("earn \u200b\"A\" { on play   give 1 points }", "P144", "a zero width space"),
    ("ea\u200brn \"A\" { on play   give 1 points }", "P144", "a zero width space"),
    ("\u200bearn \"A\" { on play   give 1 points }", "P144", "a zero width space"),
    ("earn \"A\" { o\u200dn play   give 1 points }", "P144", "a zero width joiner"),
    ("earn \"A\" { on play   give 1 po\u00adints }", "P144", "a soft hyphen"),
    ("earn \"A\" { on play   give\u00a01 points }", "P144", "a no-break space"),
    ("earn \"A\" { on play\u2028   give 1 points }", "P144", "a line separator"),
    ("earn \"A\" { on play   \u202egive 1 points }", "P144", "a right-to-left override"),
    ("earn \"A\" { on play   give 1 points }\x00", "P144", "a NUL character"),
    ("earn \"A\" { on play   give 1 points \x1b}", "P144", "the control character U+001B"),
    ("earn \"A\" { on play   give 1 points }\ufeff", "P144", "a zero width no-break space"),
    ("earn \"A\" { on play   give 1 \ud800points }", "P144", "half of a surrogate pair, U+D800,"),
    ("earn \"A\u202e\" { on play   give 1 points }", "P155", "a right-to-left override"),
    ("# \u2066 a comment\nearn \"A\" { on play   give 1 points }", "P155", "a left-to-right isolate"),
    ("earn \"A\x00\" { on play   give 1 points }", "P156", "a NUL character"),
    ("earn \"A\ud800\" { on play   give 1 points }", "P156", "half of a surrogate pair, U+D800,"),
    ("earn \"A\u2028B\" { on play   give 1 points }", "P156", "a line separator"),
    ("# a comment\x1b[2J\nearn \"A\" { on play   give 1 points }", "P156", "the control character U+001B"),
    ("earn \"A\u200bB\" { on play   give 1 points }", "P157", "a zero width space"),
)  # fmt: skip


BLANKS = [*range(0x1C, 0x20), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
RULE = 'earn "A" { on play   give 1 points }'


@pytest.mark.parametrize("place", ["{rule}{blank}", "{rule}{blank}\n", "{blank}\n{rule}\n", "{rule}\n{blank}\n{rule}"])
@pytest.mark.parametrize("blank", BLANKS, ids=hex)
def test_a_blank_of_another_kind_is_named_wherever_it_stands(blank: int, place: str) -> None:
    """What Python strips and the grammar does not take: behind a declaration, on a line of its own, at the end."""
    assert "P144" in codes(HEAD + place.format(rule=RULE, blank=chr(blank)))
    again = Checker()
    again.check([Source("a.rules", HEAD + RULE)])
    assert "P144" in [each.code for each in again.recheck("a.rules", HEAD + RULE + chr(blank)).diagnostics]


@pytest.mark.parametrize(("text", "code", "name"), UNSEEN, ids=[f"{code} {name}" for _, code, name in UNSEEN])
def test_an_unseen_character_is_named_and_taken_out(text: str, code: str, name: str) -> None:
    found = findings(f"{HEAD}{text}\n")
    assert [each.code for each in found] == [code]
    assert name in found[0].message
    assert found[0].severity == ("warning" if code == "P157" else "error")
    fix = found[0].fix
    assert fix is not None
    whole = f"{HEAD}{text}\n"
    assert found[0].span == fix.span
    assert not whole[slice(*fix.span)].isprintable()
    assert codes(whole[: fix.span[0]] + fix.text + whole[fix.span[1] :]) == []


TAKEN = (
    "Stammgäste",
    "ポイント二倍",
    "\u200f\u05e0\u05e7\u05d5\u05d3\u05d5\u05ea\u200f",
    "\u0627\u0645\u062a\u06cc\u0627\u0632\u200c\u0647\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a\u0301",
)


@pytest.mark.parametrize("title", TAKEN)
def test_languages_are_written_with_joiners_and_marks(title: str) -> None:
    assert codes(rule("", title)) == []


ALIKE = (
    ("give 10 p\u043eints", "p\u043eints", "points", "this `\u043e` is the Cyrillic letter, not the Latin one"),
    ("give 10 \u0440oints", "\u0440oints", "points", "this `\u0440` is the Cyrillic letter, not the Latin one"),
    ("wh\u0435n open give 10 points", "wh\u0435n", "when", "this `\u0435` is the Cyrillic letter, not the Latin one"),
    ("give 10 p\u03bfints", "p\u03bfints", "points", "this `\u03bf` is the Greek letter, not the Latin one"),
    ("give 10 p\u00f6ints", "p\u00f6ints", "points", "this `\u00f6` is a letter with a mark"),
)  # fmt: skip


@pytest.mark.parametrize(("body", "word", "plain", "why"), ALIKE)
def test_a_letter_that_looks_like_another_is_told(body: str, word: str, plain: str, why: str) -> None:
    text = f'{HEAD}earn "A" {{ on play   {body} }}\n'
    found = findings(text)
    assert [each.code for each in found] == ["P145"]
    assert why in found[0].help
    assert found[0].fix is not None
    assert (text[slice(*found[0].fix.span)], found[0].fix.text) == (word, plain)


def test_a_declaration_that_begins_with_another_letter() -> None:
    found = findings(f'{HEAD}\u0435arn "A" {{ on play   give 1 points }}\n')
    assert [(each.code, each.fix.text if each.fix else "") for each in found] == [("P145", "earn")]


def test_so_many_unseen_characters_and_no_more() -> None:
    assert codes(HEAD + "# \u202e\n" * 500) == ["P155"] * 20


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n", "mixed"])
def test_line_ends_of_every_system(end: str, tmp_path: Path) -> None:
    text = rule("when slot > pionts") + "# the end\n"
    ends = iter(["\r\n", "\r", "\n"] * 99)
    written = "".join(line + (next(ends) if end == "mixed" else end) for line in text.split("\n"))
    (tmp_path / "a.rules").write_bytes(b"\xef\xbb\xbf" + written.encode())
    checked = pipeline.check(tmp_path / "a.rules")
    assert [each.code for each in checked.diagnostics] == ["N201"]
    source = checked.sources[checked.diagnostics[0].source]
    assert source.place(checked.diagnostics[0].span[0]) == (9, 34)
    sent = Source("sent.rules", written)
    again = pipeline.check([sent]).diagnostics
    assert [(each.code, sent.place(each.span[0])) for each in again] == [("N201", (9, 34))]
    assert sent.line(9) == source.line(9)


# ---- sizes ----

LARGE: tuple[tuple[str, str, str], ...] = (
    ("a text of 9 MB", "HEAD + 'a ' * 4_500_000", "F107"),
    ("brackets", "HEAD + 'define x = ' + '(' * 50_000 + '1' + ')' * 50_000", "P121"),
    ("open brackets", "HEAD + 'define x = ' + '(' * 20_000", "P104"),
    ("nots", "HEAD + 'define x = ' + 'not ' * 50_000 + 'yes'", "P121"),
    ("braces", "HEAD + 'earn \"x\" ' + '{' * 40_000", "P100"),
    ("a line of 5 MB", "HEAD + 'define x = ' + 'a ' * 2_500_000", "P122"),
    ("a title of 900 KB", "HEAD + 'earn \"' + 't' * 900_000 + '\" { on play give 1 points }'", "P158"),
    ("a name of 900 KB", "HEAD + 'define ' + 'n' * 900_000 + ' = 1'", "P158"),
    ("a number of 10,000 digits", "HEAD + 'earn \"A\" { on play give ' + '9' * 10_000 + ' points }'", "P158"),
    ("10,000 decimals", "HEAD + 'define x = 0.' + '9' * 10_000", "P158"),
    ("a sum of 20,000", "HEAD + 'define x = ' + ' + '.join(['slot'] * 20_000)", "P160"),
    ("a product of 20,000", "HEAD + 'define x = 1' + ' * 9' * 20_000", "P160"),
    ("a condition of 20,000", "HEAD + 'define x = ' + ' and '.join(['slot > 1'] * 20_000)", "P160"),
    ("commas", "HEAD + 'define x = ' + ',' * 40_000", "P100"),
    ("blanks", "HEAD + 'define x = at' + ' ' * 900_000 + '1'", "P100"),
    ("prices", "HEAD + 'define x = ' + '1 GBP, ' * 4_000", "P100"),
    ("digits with signs", "HEAD + 'define x = ' + '1,' * 10_000 + '£'", "P100"),
    ("quotes", "'\"' * 2_000_000", "S100"),
    ("NULs", "'\\0' * 2_000_000", "F103"),
    ("lines", "'\\n' * 1_000_000", "S100"),
    ("comments", "HEAD + '#\\n' * 50_000", ""),
    ("rows by two keys", "HEAD + TABLE", ""),
    ("broken declarations", "HEAD + 'earn \"x\" {\\n' * 300", "P102"),
)
"""What is sent, as an expression; the code of the first error, or nothing."""

TABLE = "".join(
    (
        'earn "A" { on play   give by slot, word {\n',
        *(f'  {number}, "w{number % 50}": 1 points\n' for number in range(3000)),
        "  otherwise: nothing } }\n",
    )
)

CHILD = """
import json, sys
from rules_engine import pipeline
from rules_engine.diagnostics import render
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source
given = json.load(sys.stdin)
HEAD, TABLE = given["head"], given["table"]
for text in given["texts"]:
    source = Source("bad.rules", eval(text))
    checked = pipeline.check([source])
    errors = [each for each in checked.diagnostics if each.severity == "error"]
    shown = [render(each, checked.sources.get(each.source)) for each in errors[:50]]
    format_source(source, parse(source))
    print(json.dumps([errors[0].code if errors else "", max(map(len, shown), default=0)]), flush=True)
"""


def bounded(program: str, sent: object) -> list[Any]:
    """What a process prints that has so much memory and no more."""
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(sent), capture_output=True, text=True, check=False,
        timeout=SECONDS * 4, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_large_texts_are_refused_in_bounded_time_and_memory() -> None:
    found = bounded(CHILD, {"head": HEAD, "table": TABLE, "texts": [text for _, text, _ in LARGE]})
    told = {name: code for (name, _, _), (code, _) in zip(LARGE, found, strict=True)}
    assert told == {name: code for name, _, code in LARGE}
    assert max(size for _, size in found) < 6000


@pytest.mark.long
def test_a_hundred_thousand_declarations_and_one_more() -> None:
    rules = "".join(f'earn "r{each}" {{ on play   when slot > {each}   give 1 points }}\n' for each in range(100_000))
    texts = ["HEAD + TABLE", "HEAD + TABLE + 'define x = 1\\n'"]
    assert [code for code, _ in bounded(CHILD, {"head": HEAD, "table": rules, "texts": texts})] == ["P159", "P159"]


def test_declarations_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (parser, rereading):
        monkeypatch.setattr(module, "DECLARATIONS_MAX", 5)
    assert codes(rule("")) == []
    assert codes(f"{rule('')}define x = 1\n") == ["P159"]
    for module in (parser, rereading):
        monkeypatch.setattr(module, "DECLARATIONS_MAX", 100)
    monkeypatch.setattr(checker, "DECLARATIONS_MAX", 5)
    both = [Source("a.rules", rule("")), Source("b.rules", "define x = 1\n")]
    assert [(each.code, each.source) for each in pipeline.check(both).diagnostics] == [("P159", "b.rules")]
    assert pipeline.check(both[:1]).ok


BOUNDS: tuple[tuple[str, Callable[[int], str], int, str], ...] = (
    ("a name", lambda size: f"{HEAD}define {'n' * size} = slot\n", 100, "P158"),
    ("a title", lambda size: rule("", "t" * size), 1000, "P158"),
    ("a number", lambda size: f"{HEAD}define x = {'9' * size}\n", 100, "P158"),
    ("parts of a sum", lambda size: rule(f"when {' + '.join(['slot'] * size)} > 1"), 1000, "P160"),
    ("parts of a condition", lambda size: rule(f"when {' or '.join(['open'] * size)}"), 1000, "P160"),
)


@pytest.mark.parametrize(("what", "text", "most", "code"), BOUNDS, ids=[each[0] for each in BOUNDS])
def test_each_limit_is_where_it_is_said_to_be(what: str, text: Callable[[int], str], most: int, code: str) -> None:
    assert codes(text(most)) == []
    found = findings(text(most + 1))
    assert [each.code for each in found] == [code]
    assert f"{most:_}" in found[0].message + found[0].help or str(most) in found[0].message + found[0].help


def test_written_numbers_do_not_grow_without_end() -> None:
    assert codes(rule(f"when slot < 1{' * 1_000_000_000' * 33}")) == []
    assert codes(rule(f"when slot < 1{' * 1_000_000_000' * 34}")) == ["M148"]


def test_a_long_message_is_cut_and_a_long_line_is_shown_round_the_place() -> None:
    text = f"{HEAD}define x = ({', '.join(['slot'] * 3000)} pionts)\n"
    shown = render(findings(text)[0], Source("bad.rules", text))
    assert "..." in shown
    assert max(map(len, shown.split("\n"))) < 1600


@pytest.mark.parametrize("terms", [30, 999])
def test_a_long_sum_is_formatted_and_stays_as_it_is(terms: int) -> None:
    source = Source("a.rules", rule(f"when {' + '.join(['slot'] * terms)} > 1"))
    once = format_source(source, parse(source))
    assert max(map(len, once.split("\n"))) <= 140
    assert format_source(Source("a.rules", once), parse(Source("a.rules", once))) == once
    told = to_text(parse(source).file.declarations[-1])
    assert told.count("slot") == terms
    assert "\n" not in told


# ---- files and commands ----

FILES: tuple[tuple[str, bytes, str], ...] = (
    ("binary", bytes(range(256)) * 20, "F103"),
    ("utf16", b"\xff\xfe" + "language 1".encode("utf-16-le"), "F103"),
    ("unmarked", rule("").encode("utf-16-le"), "F103"),
    ("large", b"#" * (TEXT_MAX + 1), "F107"),
)


@pytest.mark.parametrize(("name", "content", "code"), FILES, ids=[each[0] for each in FILES])
def test_a_file_that_is_no_text_is_told_by_its_code(
    name: str,
    content: bytes,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / f"{name}.rules"
    path.write_bytes(content)
    assert [each.code for each in pipeline.check(path).diagnostics] == [code]
    with pytest.raises(pipeline.ProgramRefused, match=code):
        pipeline.load(path)
    for command in (["check"], ["fmt", "--check"], ["fmt"], ["test"], ["plan"]):
        monkeypatch.setattr(sys, "argv", ["rules", *command, str(path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert ended.value.code in (1, 2), command
        assert code in told.out + told.err, command
        assert len(told.out + told.err) < 2000, command
    assert path.read_bytes() == content


def test_the_files_of_a_folder_are_measured_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules_engine.folders.TEXT_MAX", 2000)
    (tmp_path / "a.rules").write_text(rule(""))
    (tmp_path / "b.rules").write_text("#" * (2000 - len(rule(""))))
    assert pipeline.check(tmp_path).diagnostics == ()
    (tmp_path / "c.rules").write_text("# one more\n")
    found = pipeline.check(tmp_path).diagnostics
    assert [(each.code, Path(each.source).name) for each in found] == [("F107", "c.rules")]


def test_lone_surrogates_reach_no_cache() -> None:
    with pytest.raises(pipeline.ProgramRefused, match="P156"):
        pipeline.load([Source("a.rules", rule("", "\ud800"))])


# ---- events ----

EVENT: dict[str, Any] = {
    "event": "play", "ticket": "t", "player": "m", "played_on": "2027-01-01", "slot": 3, "word": "w", "open": True,
    "lines": [{"id": "1", "kind": "room", "amount": "1.00"}],
}  # fmt: skip
SENT = json.dumps(EVENT)
HOSTILE: tuple[tuple[str, Callable[[], bytes], str], ...] = (
    ("10 MB that are no JSON", lambda: b"x" * 10_000_000, "V100"),
    ("a text of 10 MB", lambda: json.dumps({**EVENT, "word": "x" * 10_000_000}).encode(), "V112"),
    ("an event's name of 10 MB", lambda: json.dumps({**EVENT, "event": "e" * 10_000_000}).encode(), "V102"),
    ("a field's name of 10 MB", lambda: json.dumps({**EVENT, "f" * 10_000_000: 1}).encode(), "V103"),
    ("200,000 fields", lambda: json.dumps({**EVENT, **{f"f{each}": 1 for each in range(200_000)}}).encode(), "V103"),
    ("many faults", lambda: json.dumps({**EVENT, "lines": [{f"f{n}": 1 for n in range(99)}] * 50}).encode(), "V104"),
    ("10,000 lists", lambda: b"[" * 10_000 + b"]" * 10_000, "V100"),
    ("900 lists", lambda: SENT.replace('"w"', "[" * 900 + "]" * 900).encode(), "V105"),
    ("10,000 lists in a field", lambda: SENT.replace('"w"', "[" * 10_000 + "]" * 10_000).encode(), "V100"),
    ("10,000 objects", lambda: b'{"event":' * 10_000 + b"1" + b"}" * 10_000, "V100"),
    ("100,000 digits", lambda: SENT.replace(": 3", ": " + "9" * 100_000).encode(), "V100"),
    ("an exponent", lambda: SENT.replace(": 3", ": 1e400").encode(), "V100"),
    ("NaN", lambda: SENT.replace(": 3", ": NaN").encode(), "V100"),
    ("Infinity", lambda: SENT.replace(": 3", ": -Infinity").encode(), "V100"),
    ("a fraction", lambda: SENT.replace(": 3", ": 3.0").encode(), "V105"),
    ("half of a pair", lambda: SENT.replace('"w"', '"\\ud800"').encode(), "V100"),
    ("bytes that are no text", lambda: SENT.encode().replace(b'"w"', b'"\xff"'), "V100"),
    ("UTF-16", lambda: SENT.encode("utf-16"), "V100"),
    ("nothing", lambda: b"", "V100"),
    ("no event's name", lambda: SENT.replace('"event": "play", ', "").encode(), "V101"),
    ("a million lines", lambda: json.dumps({**EVENT, "lines": [0] * 1_000_000}).encode(), "V117"),
)  # fmt: skip


@pytest.fixture(scope="module")
def program() -> Program:
    return pipeline.load([Source("bad.rules", rule(""))])


@pytest.mark.parametrize(("name", "sent", "code"), HOSTILE, ids=[each[0] for each in HOSTILE])
def test_a_bad_event_is_refused_in_few_words(name: str, sent: Callable[[], bytes], code: str, program: Program) -> None:
    content = sent()
    faults = decode_json(content, program.core)
    assert isinstance(faults, tuple)
    assert faults[0].code == code
    assert len(faults) <= 130
    assert all(len(each.message) + len(each.field) < 500 for each in faults)
    refused = json.loads(program.score_json(b'{"event": ' + content + b"}"))
    assert len(refused["event"]) <= 40
    assert refused["faults"]


VALUES: tuple[tuple[str, Any], ...] = (
    ("word", float("nan")), ("slot", float("inf")), ("slot", 10**100_000), ("slot", -(10**30_000)), ("slot", True),
    ("word", "\ud800"), ("word", b"bytes"), ("word", object()), ("event", "\ud800"), ("event", "e" * 10_000_000),
    ("event", []), ("ticket", "t" * 10_000_000), ("lines", {}), ("lines", [None]), ("f" * 10_000_000, 1), ("\ud800", 1),
)  # fmt: skip


@pytest.mark.parametrize(("name", "value"), VALUES, ids=[str(each) for each in range(len(VALUES))])
def test_bad_values_of_python(name: str, value: Any, program: Program) -> None:
    sent = {**EVENT, name: value}
    assert not isinstance(decode(sent, program.core), Event)
    with pytest.raises(EventRefused) as refusal:
        program.score(sent, {})
    assert len(str(refusal.value)) < 1000
    assert str(refusal.value).isprintable()
    assert len(refusal.value.refused.event) <= 40
    assert len(refusal.value.refused.id) <= 256
    refusal.value.refused.event.encode()


def test_a_key_that_is_sent_twice_counts_as_it_was_sent_last(program: Program) -> None:
    found = decode_json(SENT.replace(": 3", ': 9, "slot": 4').encode(), program.core)
    assert isinstance(found, Event)
    assert found.fields["slot"] == 4


# ---- feeds ----


def reasons(path: Path, **given: Any) -> list[str]:
    return [read.fault.message if read.fault is not None else "" for read in feeds.read_events(path, **given)]


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LINE_MAX", 4000)
    lines = [SENT, '{"event": "play", "word": "' + "x" * 50_000 + '"}', SENT]
    (tmp_path / "a.ndjson").write_text("\n".join(lines))
    assert reasons(tmp_path / "a.ndjson") == ["", "line 2 is not JSON: it is longer than 4,000 bytes", ""]
    (tmp_path / "a.csv").write_text("event,word\nplay,a\nplay," + "x" * 50_000 + "\nplay,b\n")
    assert reasons(tmp_path / "a.csv") == ["", "row 2: the row is not CSV: a line is longer than 4,000 characters", ""]
    whole = "event,word\n" + f"play,{'x' * (4000 - len('play,') - 1)}\n"
    (tmp_path / "b.csv").write_text(whole)
    assert reasons(tmp_path / "b.csv") == [""]


def test_lines_that_are_no_json(tmp_path: Path) -> None:
    bad = [b"\xff\xfe", b"[" * 20_000, b'{"event": "play", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b"\0", b"{}"]
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([SENT.encode(), *bad, SENT.encode()]))
    found = reasons(tmp_path / "a.ndjson")
    assert (found[0], found[-1]) == ("", "")
    assert all(found[1:-1])
    assert max(map(len, found)) < 300


@pytest.mark.parametrize("content", [b"\x00\x01\x02\xff" * 500, b"PAR1" + bytes(200), b"", b"\x1f\x8b" + bytes(50)])
@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".ndjson", ".ndjson.gz", ".parquet"])
def test_binary_files_as_feeds(content: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with suppress(feeds.FeedError):
        found = reasons(path, event="play")
        assert all(found)
        assert max(map(len, found), default=0) < 500


def test_a_header_of_many_columns(tmp_path: Path) -> None:
    names = [f"c{each}" for each in range(100_000)]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*names, "c7"]])
    with pytest.raises(feeds.FeedError, match="has two columns called `c7`"):
        reasons(tmp_path / "a.csv", event="play")
