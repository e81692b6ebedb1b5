"""From the paths that a person names to a program: files read, checked and ready, or said why not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from rules_engine.cli.console import CannotRun, complain, plural, say_finding

if TYPE_CHECKING:
    from rules_engine.pipeline import Loaded
    from rules_engine.source import Source


def why(error: OSError) -> str:
    """What the system says about a file, in lower case."""
    return (error.strerror or str(error)).lower()


def rule_files(paths: Sequence[str]) -> list[Path]:
    """The rule files that paths mean: files as they are, folders with all `.rules` files below them."""
    found: list[Path] = []
    for each in paths:
        path = Path(each)
        if path.is_dir():
            inside = sorted(path.rglob("*.rules"))
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
    from rules_engine.source import Source

    try:
        return Source.read(path)
    except UnicodeDecodeError:
        raise CannotRun(f"`{path}` is not text in UTF-8") from None
    except OSError as error:
        raise CannotRun(f"`{path}` cannot be read: {why(error)}") from None


def load(paths: Sequence[str]) -> Loaded:
    """The program that the paths make, with its findings."""
    from rules_engine import pipeline

    return pipeline.load([read_source(path) for path in rule_files(paths)])


def load_sound(path: str) -> Loaded:
    """A program to run; one with errors shows them and cannot run."""
    loaded = load([path])
    if loaded.program is None:
        errors = [finding for finding in loaded.findings if finding.severity == "error"]
        for finding in errors:
            say_finding(finding, loaded.sources)
        raise CannotRun(f"`{path}` has {plural(len(errors), 'error')}, so it cannot run")
    return loaded


def read_json(path: str, what: str) -> Any:
    """A JSON file, or `-` for what is piped in."""
    import click

    try:
        content = click.get_binary_stream("stdin").read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise CannotRun(f"the {what} `{path}` cannot be read: {why(error)}") from None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise CannotRun(f"the {what} `{path}` is not JSON: {str(error).split(':')[0].lower()}") from None


__all__ = ["complain", "load", "load_sound", "read_json", "read_source", "rule_files"]
