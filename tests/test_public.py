"""The public face: what `import rules_engine` gives, what it costs, and that its examples are true."""

from __future__ import annotations

import ast
import collections.abc
import doctest
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

import rules_engine

HEAVY = ("lark", "pydantic", "click", "rich", "pyarrow", "msgspec", "orjson")
NAMES = [name for name in rules_engine.__all__ if name != "__version__"]


def _imported_by(code: str) -> set[str]:
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout
    return {name.split(".")[0] for name in shown.split()}


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert _imported_by("import rules_engine").isdisjoint(HEAVY)


def test_a_warm_program_imports_neither_grammar_nor_shell(tmp_path: Path) -> None:
    rules = tmp_path / "empty.rules"
    rules.write_text('language 1\nprogram "Nothing" {}\n')
    code = f"import rules_engine\nrules_engine.load({str(rules)!r})"
    _imported_by(code)
    assert _imported_by(code).isdisjoint({"lark", "pydantic", "click", "rich", "pyarrow"})


def test_all_is_sorted_and_agrees_with_what_mypy_sees() -> None:
    tree = ast.parse(Path(rules_engine.__file__).read_text())
    seen = {
        alias.asname or alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert rules_engine.__all__ == sorted(rules_engine.__all__)
    assert seen == set(NAMES)
    assert set(rules_engine.__all__) <= set(dir(rules_engine))


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert rules_engine.__version__ == version("rules-engine")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no name `lode`"):
        _ = rules_engine.lode  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def ground() -> dict[str, Any]:
    """What the example of the package leaves behind: the examples of the public names go on from it."""
    names: dict[str, Any] = {}
    example = doctest.DocTestParser().get_doctest(rules_engine.__doc__ or "", names, "rules_engine", None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example, clear_globs=False)
    assert runner.failures == 0
    return {**{name: getattr(rules_engine, name) for name in NAMES}, **example.globs}


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_an_example_that_is_true(name: str, ground: dict[str, Any]) -> None:
    found = getattr(rules_engine, name)
    text = inspect.getdoc(found) or ""
    example = doctest.DocTestParser().get_doctest(text, dict(ground), name, None, 0)
    assert example.examples, f"{name} has no example"
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    runner.run(example, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_a_stored_state_that_cannot_be_read_is_refused(ground: dict[str, Any]) -> None:
    program = ground["program"]
    assert program.state(ground["state"].to_json().decode()) == ground["state"]
    assert program.state(None) == rules_engine.State()
    for stored in (b"{", b"[]", {"version": 99}, {"version": 1, "tracks": {"spent": {}}}):
        with pytest.raises(rules_engine.EventRefused, match="state"):
            program.state(stored)


def test_a_program_of_no_text_is_a_mistake_of_the_host() -> None:
    for door in (rules_engine.load, rules_engine.check):
        with pytest.raises(ValueError, match="at least one `Source`"):
            door([])


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_typed_and_described(name: str) -> None:
    """So are the public methods of the classes."""
    found = getattr(rules_engine, name)
    members = [found] if inspect.isfunction(found) else _methods(found)
    for each in members:
        given = inspect.signature(each).parameters
        hinted = set(each.__annotations__)
        assert "return" in hinted, f"{each.__qualname__} does not say what it returns"
        assert set(given) - {"self", "cls"} <= hinted, f"{each.__qualname__} has an untyped argument"
        assert each.__name__ == "__init__" or inspect.getdoc(each), f"{each.__qualname__} is not described"


def _methods(found: type) -> list[Any]:
    own = [
        value.__func__ if isinstance(value, classmethod) else value.fget if isinstance(value, property) else value
        for name, value in vars(found).items()
        if not name.startswith("_")
    ]
    return [each for each in own if inspect.isfunction(each)]


INSIDE = {"Facts", "People", "UnitDef"}
"""What methods for decoded values return, which only who reads the core needs."""


def test_what_a_program_returns_can_be_imported() -> None:
    """A host that keeps what it got in a typed variable finds its type at the top."""
    methods = _methods(rules_engine.Program)
    words = {word for each in methods for word in re.findall(r"\b[A-Z]\w+", str(each.__annotations__["return"]))}
    assert words >= {"Explanation", "Migration", "Outcome", "Preview", "Return"}
    plain = {*vars(typing), *vars(collections.abc), "None", "Struct"}
    assert words - INSIDE - plain <= set(NAMES)
