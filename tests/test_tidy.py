"""The house keeps itself: layers, doors, sizes, dead files, floats, machine paths."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rules_engine"

# Lowest first: a module may import from its own row and from rows above it, never from rows below.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("source", "currencies"),
    ("codes",),
    ("diagnostics", "values"),
    ("calendar",),
    ("allocation", "periods"),
    ("occurrences", "types"),
    ("tree", "ir", "event", "state"),
    ("outcome",),
    ("vocabulary",),
    ("parsing",),
    ("formatting",),
    ("solving",),
    ("checking",),
    ("lowering",),
    ("decoding",),
    ("backends",),
    ("scoring",),
    ("folders", "artefacts"),
    ("pipeline",),
    ("feeds", "workbench"),
    ("cli",),
)

# Rooms and the only modules of theirs that others may import.
ROOMS = (
    "parsing", "formatting", "solving", "checking", "lowering", "decoding", "backends", "scoring", "feeds", "workbench",
)  # fmt: skip

MODULE_LINES = 500
FUNCTION_LINES = 70
TABLES = {"tree.py", "ir.py", "codes.py", "currencies.py"}  # a list of nodes or rows may be as long as it is


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _unit(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, ...]]:
    """The modules of the package that a module imports, as parts below the package."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "rules_engine":
            parts = tuple(node.module.split(".")[1:])
            found += [parts] if parts else [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [tuple(a.name.split(".")[1:]) for a in node.names if a.name.startswith("rules_engine.")]
    return [parts for parts in found if parts]


RANK = {name: number for number, row in enumerate(LAYERS) for name in row}


def test_every_module_has_a_layer() -> None:
    units = {_unit(p) for p in _modules()} - {"__init__", "__main__"}
    assert units <= set(RANK), f"no layer for {sorted(units - set(RANK))}"
    assert set(RANK) - units == set(), f"layers without a module: {sorted(set(RANK) - units)}"


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    unit = _unit(path)
    if unit in {"__init__", "__main__"}:
        return
    for parts in _imports(path):
        other = parts[0]
        if other != unit and other in RANK:
            assert RANK[other] <= RANK[unit], f"{unit} imports {other}, which stands above it"


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_have_one_door(path: Path) -> None:
    """Nobody imports a room's inner modules."""
    unit = _unit(path)
    for parts in _imports(path):
        if parts[0] in ROOMS and parts[0] != unit:
            assert len(parts) == 1 or parts[0] == "backends", f"{unit} reaches into {'.'.join(parts)}"


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_sizes(path: Path) -> None:
    text = path.read_text()
    if path.name not in TABLES:
        assert text.count("\n") <= MODULE_LINES, f"{path.name} has more than {MODULE_LINES} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_no_dead_modules() -> None:
    """Every module is imported by another, or is a door or a command."""
    imported = {"/".join(parts) for path in _modules() for parts in _imports(path)}
    text = "\n".join(p.read_text() for p in _modules())
    for path in _modules():
        inside = str(path.relative_to(PACKAGE).with_suffix(""))
        if path.name in {"__init__.py", "__main__.py"}:
            continue
        dotted = inside.replace("/", ".")
        assert inside in imported or f"rules_engine.{dotted}" in text, f"nothing imports {inside}"


DISPLAY = {"cli", "workbench"}  # seconds and percentages shown to a person


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_float_in_the_core(path: Path) -> None:
    if _unit(path) in DISPLAY:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"a float at line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "float", f"float() at line {node.lineno}"


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_machine_paths() -> None:
    wrong = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+|tmp/[a-z])")
    for path in _tracked():
        if path.suffix in {".gz", ".parquet", ".json", ".png"} or path.name in {"test_tidy.py"}:
            continue
        text = path.read_text(errors="replace")
        found = wrong.search(text)
        assert found is None, f"{path.relative_to(ROOT)} names {found.group()!r}"


def test_public_names_are_sorted() -> None:
    for path in _modules():
        if path.name != "__init__.py":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = ast.literal_eval(node.value)
                assert list(names) == sorted(names), f"{path} has an unsorted __all__"
