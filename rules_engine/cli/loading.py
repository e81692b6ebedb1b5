"""From the paths that a person names to a program: files that can be read, checked and ready, or said why not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rules_engine.cli.console import CannotRun, plural, say_finding

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.scoring import Program
    from rules_engine.source import Source


JSON_MAX: Final = 1 << 26
"""Bytes of an event, a state or facts in a file of their own."""


def why(error: OSError) -> str:
    """What the system says about a file, in lower case."""
    return (error.strerror or str(error)).lower()


def rule_files(paths: Sequence[str], deep: bool) -> list[Path]:
    """The rule files that paths mean: files, and the `.rules` files in folders (`deep`: at any depth).

    A folder is one program without what lies in folders below it.
    """
    found: list[Path] = []
    for each in paths:
        path = Path(each)
        if path.is_dir():
            inside = sorted(path.rglob("*.rules") if deep else path.glob("*.rules"))
            if not inside:
                raise CannotRun(f"the folder `{each}` has no file that ends in `.rules`")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise CannotRun(f"there is no file or folder `{each}`")
    return list(dict.fromkeys(found))


def read_source(path: Path) -> Source:
    """The text of a rule file."""
    from rules_engine import folders
    from rules_engine.source import Source

    found = folders.read_source(path)
    if isinstance(found, Source):
        return found
    raise CannotRun(f"{found.message} [{found.code}]{'; ' if found.help else ''}{found.help}")


def readable(paths: Sequence[str]) -> Sequence[str]:
    """The same paths, once all their files are known to be there, to be text, and no files of another kind."""
    for path in rule_files(paths, deep=False):
        source = read_source(path)
        if path.suffix != ".rules" and not _declares(source):
            raise CannotRun(f"`{path}` is no rule file: no declaration stands in it; rule files end in `.rules`")
    return paths


def _declares(source: Source) -> bool:
    """Whether anything in a text is a declaration of a rule file."""
    from rules_engine.parsing import parse

    return bool(parse(source).file.declarations)


def explanation(words: str) -> str:
    """What codes of findings mean."""
    from rules_engine.linting import UnknownCode, explained_words

    try:
        return explained_words(words)
    except UnknownCode as unknown:
        raise CannotRun(str(unknown)) from None


def load(path: str) -> Program:
    """A program to run; one with errors shows them and cannot run."""
    from rules_engine import pipeline

    readable([path])
    try:
        return pipeline.load(path)
    except pipeline.ProgramRefused as refusal:
        raise no_program(path, refusal.diagnostics, refusal.sources) from None


def no_program(path: str, findings: Iterable[Diagnostic], sources: dict[str, Source]) -> CannotRun:
    """Show what keeps a program from running."""
    errors = [finding for finding in findings if finding.severity == "error"]
    for finding in errors:
        say_finding(finding, sources)
    return CannotRun(f"`{path}` has {plural(len(errors), 'error')}, so it cannot run")


def write_text(path: str, text: str) -> None:
    """Write a result into a file."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"`{path}` cannot be written: {why(error)}") from None


def rewrite(path: Path, text: str) -> None:
    """Write a rule file anew, with the line ends that it had."""
    try:
        ends = b"\r\n" if path.exists() and b"\r\n" in path.read_bytes() else b"\n"
        path.write_bytes(text.encode("utf-8").replace(b"\n", ends))
    except OSError as error:
        raise CannotRun(f"`{path}` cannot be written: {why(error)}") from None


def read_json(path: str, what: str) -> Any:
    """A JSON file, or `-` for what is piped in."""
    import orjson

    try:
        content = _content(path)
    except OSError as error:
        raise CannotRun(f"the {what} `{path}` cannot be read: {why(error)}") from None
    if len(content) > JSON_MAX:
        raise CannotRun(f"the {what} `{path}` is too large: at most {JSON_MAX:,} bytes are read")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise CannotRun(f"the {what} `{path}` is not JSON: {str(error).split(':')[0].lower()}") from None


def _content(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(JSON_MAX + 1)
    with Path(path).open("rb") as file:
        return file.read(JSON_MAX + 1)
