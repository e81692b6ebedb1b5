"""What editors get: the TextMate grammar beside the real parser, the package, and the extension with a real server."""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules_engine.cli import COMMANDS
from rules_engine.highlighting import KINDS, Kind, tokens
from rules_engine.highlighting.textmate import SCOPES, grammar
from rules_engine.parsing import keywords
from tests.node_modules import EXTENSION, node_modules, run, why_not

ROOT = Path(__file__).resolve().parent.parent
GRAMMAR = EXTENSION / "syntaxes" / "rules.tmLanguage.json"
SCRIPTS = Path(__file__).resolve().parent / "node"
WRITTEN = sorted(
    [
        path
        for folder in ("examples", "tests/corpus/score", "tests/corpus/programmes")
        for path in (ROOT / folder).rglob("*.rules")
    ]
    + list((ROOT / "rules_engine" / "vocabulary").glob("*.rules"))
)
NEEDS_NODE = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it is here")
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text())


# ---- the grammar file ----


def test_the_grammar_file_is_the_one_of_the_parsers_table(update_golden: bool) -> None:
    made = msgspec.json.format(msgspec.json.encode(grammar()), indent=2) + b"\n"
    if update_golden:
        GRAMMAR.write_bytes(made)
    assert GRAMMAR.read_bytes() == made, "say `python -m rules_engine.highlighting.textmate " + str(
        GRAMMAR.relative_to(ROOT)
    )


def test_every_kind_has_a_scope_of_its_own() -> None:
    assert set(SCOPES) == set(KINDS)
    assert len(set(SCOPES.values())) == len(KINDS)


def _coloured(texts: list[str]) -> list[list[tuple[int, int, str]]]:
    """What the grammar makes of texts, in the engine that VS Code has."""
    asked = {"modules": str(node_modules()), "grammar": str(GRAMMAR), "texts": texts}
    found: list[list[tuple[int, int, str]]] = json.loads(run(["node", "tokenize.js"], SCRIPTS, json.dumps(asked)))
    return found


@NEEDS_NODE
def test_the_grammar_colours_the_corpus_as_the_parser_reads_it() -> None:
    """Whatever is no word is exact; one piece in 500 may be a name that is taken for a keyword."""
    texts = [path.read_text(encoding="utf-8") for path in WRITTEN]
    wrong: Counter[tuple[Kind, str]] = Counter()
    pieces = 0
    for text, found in zip(texts, _coloured(texts), strict=True):
        scopes = [""] * len(text)
        for start, end, scope in found:
            scopes[start:end] = [scope] * (min(end, len(text)) - start)
        for token in tokens(text):
            pieces += 1
            shown = {scopes[at] for at in range(token.start, token.end) if not text[at].isspace()}
            if shown != {SCOPES[token.kind]}:
                wrong[token.kind, text[token.start : token.end]] += 1
    assert pieces > 50_000
    assert {kind for kind, _ in wrong} <= {"name"}, wrong
    assert wrong.total() < pieces / 500, wrong.most_common(20)


@NEEDS_NODE
def test_the_grammar_on_texts_that_do_not_parse() -> None:
    text = 'earn "open\nuse shop # "no text"\n  use: 1\nbasket  offer "A" {{ é 1_000.50 GBP 3 days 2nd\n'
    (found,) = _coloured([text])
    kinds = {scope: kind for kind, scope in SCOPES.items()}
    shown = [(text[start:end].strip(), kinds[scope]) for start, end, scope in found if text[start:end].strip()]
    assert shown == [
        ("earn", "declaration"),
        ('"open', "title"),
        ("use", "declaration"),
        ("shop", "name"),
        ('# "no text"', "comment"),
        ("use", "name"),
        (":", "operator"),
        ("1", "number"),
        ("basket  offer", "declaration"),
        ('"A"', "title"),
        ("{", "bracket"),
        ("{", "bracket"),
        ("é", "operator"),
        ("1_000.50", "number"),
        ("GBP", "currency"),
        ("3", "number"),
        ("days", "keyword"),
        ("2nd", "number"),
    ]


# ---- the package ----


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as it is installed, in a folder without anything else."""
    place = tmp_path_factory.mktemp("built") / "extension"
    shutil.copytree(EXTENSION, place, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    (place / "node_modules").symlink_to(node_modules())
    run(["npm", "run", "--silent", "package", "--", "--out", "rules.vsix"], place)
    return place / "rules.vsix"


@NEEDS_NODE
def test_the_package_has_what_runs_and_nothing_else(package: Path) -> None:
    names = set(zipfile.ZipFile(package).namelist())
    assert names == {
        "extension.vsixmanifest",
        "[Content_Types].xml",
        "extension/package.json",
        "extension/readme.md",
        "extension/changelog.md",
        "extension/LICENSE.txt",
        "extension/icon.png",
        "extension/language-configuration.json",
        "extension/syntaxes/rules.tmLanguage.json",
        "extension/dist/extension.js",
    }
    assert package.stat().st_size < 400_000


def test_the_manifest_names_what_is_there() -> None:
    contributes = MANIFEST["contributes"]
    (language,) = contributes["languages"]
    assert (EXTENSION / language["configuration"]).is_file()
    assert (EXTENSION / contributes["grammars"][0]["path"]) == GRAMMAR
    assert contributes["grammars"][0]["scopeName"] == grammar()["scopeName"]
    assert [suffix.removeprefix(".") for suffix in language["extensions"]] == grammar()["fileTypes"]
    (semantic,) = contributes["semanticTokenScopes"]
    assert {scope for scopes in semantic["scopes"].values() for scope in scopes} <= set(SCOPES.values())
    code = (EXTENSION / "src" / "extension.js").read_text()
    registered = set(re.findall(r'registerCommand\("([\w.]+)"', code))
    assert {each["command"] for each in contributes["commands"]} == registered
    assert set(re.findall(r'runInTerminal\("(\w+)"', code)) | {"lsp"} <= set(COMMANDS)
    assert set(re.findall(r'get\("(\w+)"\)', code)) <= {
        name.removeprefix("rules.") for name in contributes["configuration"]["properties"]
    }


def test_the_lockfile_names_no_host_of_a_registry() -> None:
    locked = json.loads((EXTENSION / "package-lock.json").read_text())
    assert not [name for name, each in locked["packages"].items() if "resolved" in each]
    assert all("integrity" in each for name, each in locked["packages"].items() if name)
    assert locked["packages"][""]["devDependencies"] == MANIFEST["devDependencies"]


def test_what_an_editor_does_with_signs_and_lines() -> None:
    """The patterns of the language configuration on the lines that they are for."""
    configuration = json.loads((EXTENSION / "language-configuration.json").read_text())
    marks = set(keywords().marks)
    assert all({opened, closed} <= marks for opened, closed in configuration["brackets"])
    opens = re.compile(configuration["indentationRules"]["increaseIndentPattern"])
    closes = re.compile(configuration["indentationRules"]["decreaseIndentPattern"])
    assert all(opens.search(line) for line in ('earn "A" {', 'earn "A{" { # here', "  by tier {", "x = ("))
    assert not any(opens.search(line) for line in ('earn "A" { on x }', 'say "{', "# {", 'say "a" # {'))
    assert closes.search("  }")
    assert not closes.search("  on x }")
    word = re.compile(configuration["wordPattern"])
    assert word.findall("net_1 >= 1_000.50 10% é") == ["net_1", "1_000.50", "10%"]


# ---- the extension ----

MENDED = """language 1
use shop

program "Shop" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts for 12 months }

earn "Points" as base { on purchase   give 1 point per full 1 GBP of net }

test "twelve pounds" {
  given member {}
  when  purchase { bought_at: 2027-01-10 18:30   lines | sku | price | | "tea" | 12 GBP | }
  then  base 12 points
}
"""


@NEEDS_NODE
def test_the_extension_starts_the_server_and_shows_what_it_says(package: Path, tmp_path: Path) -> None:
    """The packaged code in a small editor, with the real `rules lsp` in a process of its own."""
    pytest.importorskip("pygls")
    pytest.importorskip("rules_engine.cli.lsp")
    with zipfile.ZipFile(package) as opened:
        opened.extract("extension/dist/extension.js", tmp_path)
    (tmp_path / "shop.rules").write_text(MENDED)
    start = "import sys; sys.argv[0] = 'rules'; from rules_engine.cli import main; main()"
    asked = {
        "extension": str(tmp_path / "extension" / "dist" / "extension.js"),
        "command": [sys.executable, "-c", start],
        "folder": str(tmp_path),
        "text": MENDED.replace("1 point per", "1 pionts per"),
        "mended": MENDED,
    }
    said = json.loads(run(["node", "extension.js"], SCRIPTS, json.dumps(asked)))
    (missing,) = said["missing"]
    assert "no-such-rules" in missing
    assert "pip install 'rules-engine[lsp]'" in missing
    (lacking,) = said["lacking"]
    assert lacking.endswith("cannot run: pip install it")
    assert said["running"] == said["errors"] == []
    assert ["N208", 7] in [[code, line] for code, _, line in said["findings"]]
    assert said["mended"]
    assert "net" in said["hover"]
    assert "net" in said["completion"]
    assert said["lenses"] == ["run on sample event", "covered by 1 test"]
    assert [path for path, _ in said["answers"]] == said["previewed"], (
        "the same where Markdown is off and where it is on"
    )
    sample, tests = (text for _, text in said["answers"])
    assert "give 1 point per full 1 GBP of net" in sample
    assert 'test "twelve pounds"' in tests
    assert [words[0].split()[-2:] for words in said["terminals"]] == [
        ["test", str(tmp_path / "shop.rules")],
        ["lint", str(tmp_path / "shop.rules")],
    ]
