"""READ FIRST. The whole flow, from the text of a program to what scores its events.

    read_files(path)      a rule file, or a folder of them             folders.py
      -> parse            each declaration alone, never raising        parsing/
      -> check            names, types, meaning; all findings          checking/
      -> lower            one linked core, and its fingerprint         lowering/
      -> Program          score, explain, advance, apply               scoring/, backends/

`check` tells what is wrong with a program, `load` gives one that runs. Between the two stand two caches that change no
result: programs in memory by their text, and cores on disk (`artefacts.py`). A warm start reads neither grammar nor
checker, so imports stand in the functions that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from rules_engine import artefacts
from rules_engine.folders import Files, Folder, read_files
from rules_engine.source import Source

if TYPE_CHECKING:
    from cachetools import LRUCache

    from rules_engine import ir
    from rules_engine.checking import Checked
    from rules_engine.diagnostics import Diagnostic
    from rules_engine.scoring import Program

Text: TypeAlias = "str | Path | Sequence[Source]"
"""A program: the path of a rule file or of a folder, or its sources."""

PROGRAMS_MAX: Final = 32
_lock = RLock()


class ProgramRefused(ValueError):  # noqa: N818 - named like `EventRefused`
    """A program that does not check. Its text shows all errors; `diagnostics` holds all findings.

    >>> try:
    ...     load([Source("shop.rules", "language 1\\nuse shoe\\n")])
    ... except ProgramRefused as refusal:
    ...     [each.code for each in refusal.diagnostics]
    ['S100', 'N108']
    """

    def __init__(self, checked: Checked) -> None:
        from rules_engine.diagnostics import render

        errors = [each for each in checked.diagnostics if each.severity == "error"]
        super().__init__("\n\n".join(render(each, checked.sources.get(each.source)) for each in errors))
        self.diagnostics: tuple[Diagnostic, ...] = checked.diagnostics
        self.sources: dict[str, Source] = checked.sources


def check(program: Text) -> Checked:
    """Check a program and say everything that is wrong with it; never raises on what a user wrote.

    >>> [each.message for each in check([Source("shop.rules", "language 1\\nuse shoe\\n")]).diagnostics]
    ['the program has no header', 'there is no vocabulary called `shoe`']
    """
    return _check(_files(program))


def load(program: Text) -> Program:
    """A program ready to score; raises `ProgramRefused` with all findings. The same text gives the same object.

    >>> load(list(program.sources.values())) is program
    True
    """
    files = _files(program)
    key = artefacts.key_of(files.sources)
    with _lock:
        known = _programs().get(key)
        if known is None or artefacts.digests(known.imports, files.folder) != known.imports:
            artefact = _artefact(files, key)
            known = _programs()[key] = Loaded(artefact.imports, _program(artefact, files))
        return known.program


def compile_core(program: Text) -> tuple[ir.Program, str]:
    """The core of a program and its fingerprint, without anything that scores; raises `ProgramRefused`."""
    files = _files(program)
    artefact = _artefact(files, artefacts.key_of(files.sources))
    return artefact.core, artefact.fingerprint


def vocabulary_text(name: str) -> str | None:
    """The rule file behind `use NAME`, or None where there is none.

    >>> "event purchase" in vocabulary_text("shop"), vocabulary_text("shoe")
    (True, None)
    """
    from rules_engine import vocabulary

    return vocabulary.vocabulary_text(name)


# ---- the steps ----


class Loaded(NamedTuple):
    """A program in memory, and the digests of the files that it imported."""

    imports: dict[str, str]
    program: Program


def _files(program: Text) -> Files:
    if isinstance(program, (str, Path)):
        return read_files(program)
    sources = tuple(program)
    if not sources:
        raise ValueError("a program is at least one `Source`")
    return Files(sources, Folder(None), ())


def _check(files: Files) -> Checked:
    from rules_engine.checking import check as check_sources

    return check_sources(files.sources, files.folder, findings=files.diagnostics)


def _artefact(files: Files, key: str) -> artefacts.Artefact:
    """The compiled program: from disk, or made now."""
    kept = None if files.diagnostics else artefacts.kept(key, files.folder)
    if kept is not None:
        return kept
    from rules_engine.lowering import fingerprint, lower
    from rules_engine.planning import plan

    checked = _check(files)
    if not checked.ok:
        raise ProgramRefused(checked)
    core = lower(checked)
    imports = artefacts.digests(files.folder.seen, files.folder)
    made = artefacts.Artefact(key, imports, fingerprint(core), core, plan(core))
    artefacts.keep(made)
    return made


def _program(artefact: artefacts.Artefact, files: Files) -> Program:
    from rules_engine.backends.python import Python
    from rules_engine.calendar import zone_version
    from rules_engine.scoring import Program

    core, zones = artefact.core, zone_version() if artefact.core.header.zone else ""
    backend = Python(core, artefact.fingerprint, zones, artefact.plan)
    return Program(core, {each.name: each for each in files.sources}, backend, artefact.fingerprint)


@cache
def _programs() -> LRUCache[str, Loaded]:
    from cachetools import LRUCache

    return LRUCache(PROGRAMS_MAX)
