"""The documents are true: every block runs, every command, name and word of the language is described."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import rules_engine
from rules_engine import tree, workbench
from rules_engine.checking import Checked
from rules_engine.cli import COMMANDS
from rules_engine.codes import CODES
from rules_engine.diagnostics import render
from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source
from tests.docs_blocks import DOCUMENTS, KINDS, ROOT, Block, blocks, prepare, rewrite, run_console, run_python
from tests.test_tidy import LAYERS

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]


def _of(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


def _having(kind: str) -> list[Path]:
    return [document for document in DOCUMENTS if any(block.kind == kind for block in blocks(document))]


def _name(value: Block | Path) -> str:
    return value.place if isinstance(value, Block) else str(value.relative_to(ROOT))


# ---- blocks ----


def test_every_block_says_what_it_is() -> None:
    wrong = [block.place for block in BLOCKS if block.kind not in KINDS]
    assert not wrong, f"mark these blocks, as `text` if as nothing else: {wrong}"


@pytest.mark.parametrize("block", _of("rules"), ids=_name)
def test_rules_check_and_their_tests_pass(block: Block) -> None:
    checked = rules_engine.check([Source(block.place, block.program())])
    findings = [render(each, checked.sources.get(each.source)) for each in checked.diagnostics]
    if block.words.get("fails"):
        assert [each.code for each in checked.diagnostics] == block.words["fails"].split(","), "\n".join(findings)
        return
    assert not findings, "\n".join(findings)
    _run_tests(checked, block)


def _run_tests(checked: Checked, block: Block) -> None:
    source = checked.files[0].source
    tests = [each.declaration for each in checked.tests if isinstance(each.declaration, tree.TestDecl)]
    cases = [workbench.TestCase(source, test) for test in tests]
    own = [case for case in cases if f'test "{case.title}"' in block.text]
    for result in workbench.run_tests(rules_engine.load([source]), own) if own else ():
        shown = [render(each, source) + "\n" + each.data.get("why", "") for each in result.findings]
        assert result.passed == ("failing" not in block.words), "\n".join(shown)


@pytest.mark.parametrize("document", _having("rules"), ids=_name)
def test_rules_are_in_their_one_shape(document: Path, update_golden: bool) -> None:
    for number, block in enumerate(blocks(document)):
        if block.kind != "rules":
            continue
        source = Source(block.place, block.text)
        shaped = format_source(source, parse(source))
        if update_golden:
            rewrite(blocks(document)[number], shaped)
        else:
            assert block.text == shaped, f"{block.place} is not in the formatter's shape"


@pytest.mark.parametrize("document", _having("console"), ids=_name)
def test_commands_print_what_is_shown(document: Path, tmp_path: Path, update_golden: bool) -> None:
    prepare(tmp_path, document)
    for number, block in enumerate(blocks(document)):
        if block.kind != "console":
            continue
        printed = run_console(block, tmp_path)
        if update_golden:
            rewrite(blocks(document)[number], printed)
        else:
            assert block.text == printed, block.place


@pytest.mark.parametrize("document", _having("python"), ids=_name)
def test_python_runs_and_prints_what_is_shown(document: Path, tmp_path: Path, update_golden: bool) -> None:
    prepare(tmp_path, document)
    for block, printed in reversed(run_python(document, tmp_path)):
        if update_golden:
            rewrite(block, printed)
        else:
            assert block.text == printed, block.place


@pytest.mark.parametrize("block", _of("json", "toml"), ids=_name)
def test_data_reads(block: Block) -> None:
    assert json.loads(block.text) if block.kind == "json" else tomllib.loads(block.text)


# ---- nothing is left out ----


def _text(*names: str) -> str:
    return "\n".join((ROOT / name).read_text() for name in names)


def _guides() -> str:
    """The README and the pages of `docs`: where a user looks a command up."""
    return _text("README.md", *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").glob("*.md"))))


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_is_shown(command: str) -> None:
    assert f"$ rules {command}" in _guides()
    assert f"`rules {command}" in _text("README.md")


def _options() -> list[str]:
    commands = [import_module(module).command for module in COMMANDS.values()]
    return sorted(
        {option for command in commands for each in command.params for option in each.opts if option[0] == "-"}
    )


@pytest.mark.parametrize("option", _options())
def test_every_option_is_described(option: str) -> None:
    assert re.search(rf"`{re.escape(option)}\b", _guides())


@pytest.mark.parametrize("name", rules_engine.__all__)
def test_every_public_name_is_described(name: str) -> None:
    assert re.search(rf"(?<![\w.])`?{re.escape(name)}\b", _text("README.md")), f"README.md does not name `{name}`"


@pytest.mark.parametrize("family", sorted({code[0] for code in CODES}))
def test_every_family_of_codes_is_described(family: str) -> None:
    assert f"| `{family}` |" in _text("grammar/README.md")


def _words_of_the_grammar() -> list[str]:
    """Every keyword of the grammar, as it is written in a rule file."""
    lines = [line for line in _text("grammar/rules.lark").split("\n") if not line.startswith("//")]
    found = {word for line in lines for word in re.findall(r'"((?:[^"\\]|\\.)+)"', line)}
    return sorted(word.removeprefix(", ") for word in found if re.search(r"[a-z]", word))


@pytest.mark.parametrize("word", _words_of_the_grammar())
def test_every_word_of_the_language_is_described(word: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", _text("grammar/README.md")), (
        f"grammar/README.md lacks `{word}`"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
        if not target.startswith("https:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


# ---- lists that are kept by hand ----


def test_the_layers_are_those_that_the_house_keeps(update_golden: bool) -> None:
    shown = "\n".join("  ".join(row) for row in LAYERS) + "\n"
    block = next(each for each in blocks(ROOT / "ARCHITECTURE.md") if "layers" in each.words)
    if update_golden:
        rewrite(block, shown)
    else:
        assert block.text == shown


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d[^)]+)\)", (folder / "README.md").read_text())
    present = sorted(page.name for page in folder.glob("[0-9]*.md"))
    assert listed == present
    numbers = [name[:4] for name in present]
    assert len(numbers) == len(set(numbers)), "two decisions have one number"


def test_every_example_is_in_the_table() -> None:
    for example in sorted(path.name for path in (ROOT / "examples").iterdir() if (path / "README.md").is_file()):
        assert f"examples/{example}" in _text("README.md")
