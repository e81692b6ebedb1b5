"""The fenced blocks of the documents: what they are, and how each is run.

A fence says what its block is: `rules`, `python`, `console`, `json`, `toml` or `text`. Words behind it say more:

    file=NAME      the block is a file of the document's folder, for the blocks below it
    name=X         a prelude: blocks that say `after=X` (or `after=X,Y`) stand behind it
    fails=CODES    the program has just these findings
    failing        its tests fail
    exit=N         the command ends with N (0 where nothing is said)
    skip=N head=N  lines of what is printed that are left out first, and that are shown then; `...` for the rest
    output         what the Python block above prints

Console blocks hold `$ rules ...` or `$ python ...` lines and what they print. `--update-golden` writes what is printed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"rules", "python", "console", "json", "toml", "text"}
DOCUMENTS = sorted(
    [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
    + list((ROOT / "grammar").glob("*.md"))
    + list((ROOT / "docs").rglob("*.md"))
)


@dataclass
class Block:
    """A fenced block: its document, the line of its fence (from 1), what it is, its words, its text."""

    document: Path
    line: int
    kind: str
    words: dict[str, str]
    text: str
    named: dict[str, Block] = field(repr=False)

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    def program(self) -> str:
        """A rules block behind the preludes that it names."""
        preludes = [self.named[name].program() for name in self.words.get("after", "").split(",") if name]
        return "\n".join([*preludes, self.text])


def blocks(document: Path) -> list[Block]:
    """All blocks of a document, in order."""
    found: list[Block] = []
    named: dict[str, Block] = {}
    lines = document.read_text().split("\n")
    at = 0
    while at < len(lines):
        fence = re.fullmatch(r"```(\w*) ?(.*)", lines[at])
        if fence is None:
            at += 1
            continue
        end = lines.index("```", at + 1)
        words = dict(word.partition("=")[::2] for word in fence[2].split())
        block = Block(document, at + 1, fence[1], words, "\n".join(lines[at + 1 : end]) + "\n", named)
        found.append(block)
        if "name" in words:
            named[words["name"]] = block
        at = end + 1
    return found


def rewrite(block: Block, text: str) -> None:
    """Put another text into a block; blocks below it move, so read the document again."""
    lines = block.document.read_text().split("\n")
    end = lines.index("```", block.line)
    lines[block.line : end] = text.rstrip("\n").split("\n") if text.strip() else []
    block.document.write_text("\n".join(lines))


def prepare(folder: Path, document: Path) -> None:
    """The files that a document's blocks name, and the examples."""
    for block in blocks(document):
        if "file" in block.words:
            (folder / block.words["file"]).write_text(block.text)
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")


def run_console(block: Block, folder: Path) -> str:
    """What the block would read if it showed what its commands print now."""
    shown: list[str] = []
    wanted = int(block.words.get("exit", "0"))
    for command in (line[2:] for line in block.text.split("\n") if line.startswith("$ ")):
        printed, code = _run(shlex.split(command), folder)
        assert code == wanted, f"{block.place}: `{command}` ends with {code}:\n{printed}"
        lines = printed.rstrip("\n").split("\n") if printed.strip() else []
        first = int(block.words.get("skip", "0"))
        last = first + int(block.words.get("head", len(lines)))
        cut = ["..."] * (first > 0), lines[first:last], ["..."] * (last < len(lines))
        shown += [f"$ {command}", *(line.rstrip() for part in cut for line in part)]
    return "\n".join(shown) + "\n"


def _run(words: list[str], folder: Path) -> tuple[str, int]:
    assert words[0] in {"rules", "python"}, f"`{words[0]}` is not run here; mark the block `text`"
    start = (
        ["-c", "import sys; sys.argv[0] = 'rules'; from rules_engine.cli import main; main()"]
        if words[0] == "rules"
        else []
    )
    done = subprocess.run(
        [sys.executable, *start, *words[1:]],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode


def run_python(document: Path, folder: Path) -> list[tuple[Block, str]]:
    """Run a document's Python blocks, one behind the other; the `output` blocks with what was printed before them."""
    shared: dict[str, object] = {"__name__": "__docs__"}
    printed = ""
    compared = []
    with contextlib.chdir(folder):
        for block in blocks(document):
            if block.kind == "python":
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    exec(compile("\n" * block.line + block.text, block.place, "exec"), shared)
                printed = out.getvalue()
            elif "output" in block.words:
                compared.append((block, printed))
    return compared
