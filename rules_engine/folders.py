"""A program's files: one rule file, or a folder of them with the CSV files that they import.

In: a path as the user wrote it. Out: `Files`: the sources in the order of their names, a way to read what stands beside
them, and findings for what cannot be read. Nothing outside the folder is ever read, also not through a link.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rules_engine.source import TEXT_MAX, Source

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
    left = TEXT_MAX
    for each in paths:
        found = read_source(each, left)
        if isinstance(found, Source):
            sources.append(found)
            left -= len(found.text)
        else:
            findings.append(found)
    if not paths:
        findings.append(_finding("F106", root))
    return Files(tuple(sources), Folder(root), tuple(findings))


def read_source(path: Path, left: int = TEXT_MAX) -> Source | Diagnostic:
    """A rule file, or why it cannot be read: there is none, it is no text, or it has more bytes than are left. What has
    no size of its own, such as a device, is read no further than that."""
    try:
        with path.open("rb") as file:
            content = file.read(left + 1)
        if len(content) > left:
            return _finding("F107", path, most=f"{TEXT_MAX:_}")
        return Source.of_bytes(str(path), content)
    except (OSError, UnicodeDecodeError) as fault:
        return _unreadable(path, fault)


def _unreadable(path: Path, fault: OSError | UnicodeDecodeError) -> Diagnostic:
    if isinstance(fault, FileNotFoundError):
        return _finding("F100", path)
    if isinstance(fault, IsADirectoryError):
        return _finding("F103", path, reason="it is a folder")
    reason = "it is no UTF-8 text" if isinstance(fault, UnicodeDecodeError) else (fault.strerror or "no access")
    return _finding("F103", path, reason=reason)


def _finding(code: str, path: Path, **data: str) -> Diagnostic:
    """A finding about a whole file; its wording is read only now, since most programs can be read."""
    from rules_engine.diagnostics import Diagnostic

    return Diagnostic(code, str(path), data={"file": str(path), **data})
