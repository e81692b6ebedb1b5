"""The programs that an editor has open: which files belong together, what stands in them, and what is wrong.

In: the texts of open files as they are edited, and the disk for the others. Out: `Programme`s, each with its last
check.
An open file stands in for the one on disk. A folder is one program; but where several files of a folder have a
header of
their own, each of them is a program by itself, and so is a file that is nowhere on disk.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from rules_engine import vocabulary
from rules_engine.checking import Checked, Checker
from rules_engine.diagnostics import Diagnostic
from rules_engine.folders import SUFFIX, Folder, read_files
from rules_engine.language import Colours, Encoding, Lines, normal
from rules_engine.source import Source

HEADER: Final = re.compile(r"^program\b", re.MULTILINE)
READY: Final = Path(vocabulary.__file__).parent


class Document:
    """An open file: its text with plain line ends, and its lines."""

    def __init__(self, path: str, text: str, encoding: Encoding) -> None:
        self.path = path
        self.encoding = encoding
        self.crlf = "\r\n" in text
        self.source = Source(path, normal(text))
        self.lines = Lines(self.source.text, encoding)
        self.colours = Colours(encoding)

    def replace(self, text: str) -> None:
        """The whole text anew."""
        self.source = Source(self.path, normal(text))
        self.lines = Lines(self.source.text, self.encoding)

    @property
    def headed(self) -> bool:
        """Whether the file has a header of its own."""
        return HEADER.search(self.source.text) is not None


class Programme:
    """One program: its files, its checker, its last check. `lints` are the findings of the last time it was linted."""

    def __init__(self, root: Path | None, paths: tuple[str, ...]) -> None:
        self.root = root
        self.alone = paths
        self.checker = Checker(Folder(root))
        self.checked: Checked | None = None
        self.lints: tuple[Diagnostic, ...] = ()
        self.linted: Checked | None = None
        self.unreadable: tuple[Diagnostic, ...] = ()
        self._kept: dict[str, tuple[tuple[int, int], Source]] = {}

    def paths(self, documents: dict[str, Document]) -> list[str]:
        """The files of the program, in the order of their names."""
        if self.alone or self.root is None:
            return list(self.alone)
        there = {str(each) for each in self.root.glob(f"*{SUFFIX}")}
        opened = {each for each in documents if Path(each).parent == self.root and each.endswith(SUFFIX)}
        return sorted(there | opened)

    def check(self, documents: dict[str, Document]) -> Checked:
        """Check what stands in the files now."""
        self.unreadable = ()
        found = [self._source(path, documents) for path in self.paths(documents)]
        self.checked = self.checker.check([each for each in found if each is not None])
        return self.checked

    def _source(self, path: str, documents: dict[str, Document]) -> Source | None:
        if path in documents:
            return documents[path].source
        try:
            stat = Path(path).stat()
        except OSError:
            return None
        stamp = stat.st_mtime_ns, stat.st_size
        known = self._kept.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        files = read_files(path)
        self.unreadable += files.diagnostics
        if not files.sources:
            return None
        source = Source(path, normal(files.sources[0].text))
        self._kept[path] = stamp, source
        return source

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What is wrong, and what lints say while the program is as it was then."""
        if self.checked is None:
            return self.unreadable
        lints = self.lints if self.linted is self.checked else ()
        return (*self.unreadable, *self.checked.diagnostics, *lints)


class Programmes:
    """All open files, and the programs that they belong to."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self.encoding: Encoding = encoding
        self.documents: dict[str, Document] = {}
        self._programmes: dict[str, Programme] = {}

    def open(self, path: str, text: str) -> Document:
        """A file that the editor opened."""
        document = self.documents[path] = Document(path, text, self.encoding)
        return document

    def close(self, path: str) -> None:
        """The file on disk counts again."""
        self.documents.pop(path, None)

    def of(self, path: str) -> Programme:
        """The program that a file belongs to now."""
        root = Path(path).parent if Path(path).is_absolute() else None
        alone = root is None or root == READY or self._several(path, root)
        key = path if alone else str(root)
        known = self._programmes.get(key)
        if known is None:
            known = self._programmes[key] = Programme(root, (path,) if alone else ())
        return known

    def checked(self, path: str) -> Checked:
        """The last check of a file's program, made now where there is none."""
        programme = self.of(path)
        return programme.checked or programme.check(self.documents)

    def ready(self, path: str) -> bool:
        """Whether a file is one of the vocabularies, which are read and not checked."""
        return Path(path).parent == READY

    def _several(self, path: str, root: Path) -> bool:
        """Whether more than one file of a folder has a header, so that they cannot be one program."""
        headed = 0
        for each in sorted({str(one) for one in root.glob(f"*{SUFFIX}")} | {path}):
            document = self.documents.get(each)
            headed += document.headed if document is not None else self._headed(each)
        return headed > 1

    def _headed(self, path: str) -> bool:
        try:
            stat = Path(path).stat()
            stamp = path, stat.st_mtime_ns, stat.st_size
            if stamp not in self._heads:
                text = Path(path).read_bytes().decode("utf-8", "replace")
                self._heads[stamp] = HEADER.search(normal(text)) is not None
            return self._heads[stamp]
        except OSError:
            return False

    _heads: dict[tuple[str, int, int], bool] = {}  # noqa: RUF012 - what is on disk is the same for all


def place_of(name: str) -> str:
    """The path of a source; of a vocabulary that of its file in the package.

    >>> place_of("vocabulary/shop.rules").endswith("shop.rules"), place_of("a.rules")
    (True, 'a.rules')
    """
    stem = name.removeprefix("vocabulary/").removesuffix(SUFFIX)
    return str(READY / f"{stem}{SUFFIX}") if name.startswith("vocabulary/") and stem in vocabulary.NAMES else name
