"""A program's files: one rule file, or a folder of them with the CSV files that they import.

In: a path as the user wrote it. Out: `Files`: the sources in the order of their names, a way to read what stands beside
them, and findings for what cannot be read. Nothing outside the folder is ever read, also not through a link.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine.source import Source

if TYPE_CHECKING:
    from rules_engine.diagnostics import Diagnostic

SUFFIX: Final = ".rules"
FILE_BYTES_MAX: Final = 64 * 2**20


class Folder:
    """Reads files inside one folder; without a root there are none. `seen` remembers what was read, for a cache to
    look at again."""

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self.seen: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        """The content of a file inside the folder, or None where there is none that may be read."""
        if self.root is None:
            return None
        try:
            root = self.root.resolve()
            file = (root / path).resolve()
            if not file.is_relative_to(root) or not file.is_file() or file.stat().st_size > FILE_BYTES_MAX:
                return None
            self.seen[path] = file.read_bytes()
        except (OSError, ValueError):
            return None
        return self.seen[path]


class Files(msgspec.Struct, frozen=True, eq=False):
    """What a path leads to."""

    sources: tuple[Source, ...]
    folder: Folder
    diagnostics: tuple[Diagnostic, ...]


def read_files(path: str | Path) -> Files:
    """Read a rule file, or all rule files of a folder."""
    place = Path(path)
    if place.is_dir():
        return _read_all(sorted(place.glob(f"*{SUFFIX}")), place)
    return _read_all([place], place.parent)


def _read_all(paths: list[Path], root: Path) -> Files:
    sources: list[Source] = []
    findings: list[Diagnostic] = []
    for each in paths:
        try:
            sources.append(Source.read(each))
        except (OSError, UnicodeDecodeError) as fault:
            findings.append(_unreadable(each, fault))
    if not paths:
        findings.append(_finding("F106", root))
    return Files(tuple(sources), Folder(root), tuple(findings))


def _unreadable(path: Path, fault: OSError | UnicodeDecodeError) -> Diagnostic:
    if isinstance(fault, FileNotFoundError):
        return _finding("F100", path)
    reason = "it is no UTF-8 text" if isinstance(fault, UnicodeDecodeError) else (fault.strerror or "no access")
    return _finding("F103", path, reason=reason)


def _finding(code: str, path: Path, **data: str) -> Diagnostic:
    """A finding about a whole file; its wording is read only now, since most programs can be read."""
    from rules_engine.diagnostics import Diagnostic

    return Diagnostic(code, str(path), data={"file": str(path), **data})
