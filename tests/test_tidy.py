"""The house keeps itself: layers, doors, sizes, dead files, floats, machine paths."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from rules_engine.formatting import format_source
from rules_engine.parsing import parse
from rules_engine.source import Source

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "rules_engine"

# Lowest first: a module may import from its own row and from rows above it, never from rows below.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("source", "currencies", "spelling"),
    ("codes",),
    ("diagnostics", "values"),
    ("calendar",),
    ("allocation", "periods"),
    ("occurrences", "types"),
    ("tree", "ir", "event", "state"),
    ("outcome", "worth"),
    ("returns",),
    ("vocabulary", "pages"),
    ("parsing",),
    ("formatting", "highlighting"),
    ("solving",),
    ("checking",),
    ("lowering",),
    ("planning",),
    ("decoding",),
    ("backends",),
    ("returning",),
    ("scoring", "tables"),
    ("folders", "artefacts"),
    ("pipeline",),
    ("spark",),
    ("feeds", "workbench"),
    ("linting",),
    ("comparing", "describing", "language", "reports", "starting"),
    ("lsp",),
    ("cli",),
)

# Rooms and the only modules of theirs that others may import.
ROOMS = (
    "parsing", "formatting", "solving", "checking", "lowering", "planning", "decoding", "backends", "returning",
    "scoring", "tables", "feeds", "workbench",
    "pages", "highlighting", "linting", "comparing", "describing", "language", "reports", "starting", "lsp",
)  # fmt: skip

MODULE_LINES = 500
FUNCTION_LINES = 70
TABLES = {"tree.py", "ir.py", "codes.py", "currencies.py"}  # a list of nodes or rows may be as long as it is


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _unit(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _is_module(parts: tuple[str, ...]) -> bool:
    place = PACKAGE.joinpath(*parts)
    return place.is_dir() or place.with_suffix(".py").is_file()


def _imports(path: Path) -> list[tuple[str, ...]]:
    """The modules of the package that a module imports, as parts below the package; none is imported as `from .x`."""
    found: list[tuple[str, ...]] = []
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by a relative name at line {node.lineno}"
            package, *inside = (node.module or "").split(".")
            if package == "rules_engine":
                inner = [(*inside, alias.name) for alias in node.names]
                found += [parts if _is_module(parts) else tuple(inside) for parts in inner]
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
    """Nobody imports a room's inner modules. The back ends are one room each, inside `backends`."""
    unit = _unit(path)
    for parts in _imports(path):
        if parts[0] not in ROOMS or parts[0] == unit != "backends":
            continue
        room = parts[:2] if parts[0] == "backends" else parts[:1]
        if path.relative_to(PACKAGE).parts[: len(room)] != room:
            assert len(parts) == len(room), f"{unit} reaches into {'.'.join(parts)}"


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_sizes(path: Path) -> None:
    text = path.read_text()
    if path.name not in TABLES:
        assert text.count("\n") <= MODULE_LINES, f"{path.name} has more than {MODULE_LINES} lines"
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_no_dead_modules() -> None:
    """Every module is imported by another, or is a door or a command that is named by a text."""
    imported = {parts for path in _modules() for parts in _imports(path)}
    text = "\n".join(p.read_text(encoding="utf-8") for p in _modules())
    for path in _modules():
        inside = path.relative_to(PACKAGE).with_suffix("").parts
        if path.name not in {"__init__.py", "__main__.py"}:
            named = f"rules_engine.{'.'.join(inside)}" in text
            assert inside in imported or named, f"nothing imports {'.'.join(inside)}"


DISPLAY = {"cli", "workbench", "lsp"}  # seconds and percentages shown to a person


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_float_in_the_core(path: Path) -> None:
    if _unit(path) in DISPLAY:
        return
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"a float at line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "float", f"float() at line {node.lineno}"


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def test_no_machine_paths() -> None:
    wrong = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+|tmp/[a-z])")
    for path in _tracked():
        if path.suffix in {".gz", ".parquet", ".json", ".png"} or path.name in {"test_tidy.py"}:
            continue
        text = path.read_text(errors="replace")
        found = wrong.search(text)
        assert found is None, f"{path.relative_to(ROOT)} names {found.group()!r}"


def _order(name: str) -> tuple[bool, bool, str]:
    """As ruff sorts names: constants, then classes, then the rest."""
    return not name.isupper(), not name[0].isupper(), name


@pytest.mark.parametrize("path", [p for p in _modules() if p.name == "__init__.py"], ids=_unit)
def test_doors_name_what_they_offer(path: Path) -> None:
    """A door with code in it has an `__all__`, sorted, and all of its names exist."""
    body = _parsed(path).body
    names: list[str] = next(
        (ast.literal_eval(each.value) for each in body if isinstance(each, ast.Assign) and _target(each) == "__all__"),
        [],
    )
    assert names or len(body) == 1, "no __all__"
    assert names == sorted(names, key=_order)


def _target(node: ast.Assign) -> str:
    return ast.unparse(node.targets[0])


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_everything_public_is_described(path: Path) -> None:
    """Modules, classes, functions; that the public classes describe their methods is tested in `test_public`."""
    module = _parsed(path)
    defined = [each for each in module.body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    if path.parent.name == "loops":  # an op of the tape is described there
        defined = [each for each in defined if not _is_op(each)]
    bare = [each.name for each in defined if not each.name.startswith("_") and not ast.get_docstring(each)]
    assert ast.get_docstring(module), "the module does not say what it is for"
    assert bare == []


def _is_op(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return isinstance(node, ast.FunctionDef) and [each.arg for each in node.args.args] == ["state", "row"]


REASONED = ("pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail")


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: p.name)
def test_what_is_left_out_has_a_reason(path: Path) -> None:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in REASONED:
            said = {each.arg for each in node.keywords}
            assert "reason" in said or (node.args and not said), f"no reason at line {node.lineno}"
        elif isinstance(node, ast.FunctionDef):
            bare = [each for each in map(ast.unparse, node.decorator_list) if each in REASONED]
            assert bare == [], f"{node.name}: {bare} without a reason"


@pytest.mark.parametrize("path", sorted((PACKAGE / "vocabulary").glob("*.rules")), ids=lambda p: p.name)
def test_vocabularies_are_formatted(path: Path) -> None:
    """Those of examples and of programmes are tested with them."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    assert format_source(source, parse(source)) == source.text, f"say `rules fmt {path.relative_to(ROOT)}`"
