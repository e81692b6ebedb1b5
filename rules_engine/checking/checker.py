"""The whole check, from sources to `Checked`, and again after an edit.

In: rule files as text, the folder they stand in, and a way to get a vocabulary of the package by name. Out: `Checked`.

A `Checker` keeps, for each declaration, its text, its result and the names that the result read. After an edit the
symbols are made anew (they are cheap), compared name by name with those before, and a declaration is checked again
only if its text is new or it read a name that changed. Findings are moved to where their declaration now stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from rules_engine import tree
from rules_engine.checking.changes import changed_names
from rules_engine.checking.declarations import LANGUAGE_VERSION, CheckedOne, check_one
from rules_engine.checking.imports import Folder, NoFolder
from rules_engine.checking.program import WholeProgram
from rules_engine.checking.relocating import moved
from rules_engine.checking.symbols import Broken, Entry, Symbols, symbols
from rules_engine.currencies import CURRENCY_DECIMALS
from rules_engine.diagnostics import Diagnostic, did_you_mean, sort_key
from rules_engine.parsing import DECLARATIONS_MAX, Parsed, Reader, Reread, too_many
from rules_engine.source import Source

Vocabulary: TypeAlias = Callable[[str], str | None]
"""The text of a vocabulary of the package by its name."""


class SourceFile:
    """A rule file and what was read of it; `parsed` is its whole tree, made when somebody asks for it."""

    __slots__ = ("read", "source")

    def __init__(self, source: Source, read: Reread) -> None:
        self.source = source
        self.read = read

    @property
    def parsed(self) -> Parsed:
        """The tree of the file."""
        return self.read.parsed

    def entries(self, at: int) -> Iterator[Entry]:
        """The declarations as they were read, and how far each has moved since; `at` is the file's number."""
        if self.read.whole is not None:
            return (Entry(at, node) for node in self.read.whole.file.declarations)
        return (Entry(at, node, by) for piece, by in zip(*self.read.placed, strict=True) for node in piece.nodes)


class Checked(msgspec.Struct, frozen=True, eq=False):
    """A checked program: its files (vocabularies last), its symbols, each declaration's result, all findings sorted.

    >>> check(list(program.sources.values())).ok
    True
    """

    files: tuple[SourceFile, ...]
    symbols: Symbols
    ones: tuple[CheckedOne, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way of running the program."""
        return not any(each.severity == "error" for each in self.diagnostics)

    @property
    def language(self) -> int:
        """The version of the language that the program is written in."""
        return LANGUAGE_VERSION

    @property
    def sources(self) -> dict[str, Source]:
        """The files by name."""
        return {each.source.name: each.source for each in self.files}

    @property
    def tests(self) -> tuple[Entry, ...]:
        """The tests, in the order of the text."""
        return tuple(one.entry for one in self.ones if isinstance(one.entry.home, tree.TestDecl))


def check(
    sources: Sequence[Source],
    folder: Folder | None = None,
    vocabulary: Vocabulary | None = None,
    findings: Sequence[Diagnostic] = (),
) -> Checked:
    """Check a program. `findings` are those made on the way here, of files that cannot be read."""
    checked = Checker(folder, vocabulary).check(sources)
    if not findings:
        return checked
    return replace(checked, diagnostics=tuple(sorted((*findings, *checked.diagnostics), key=sort_key)))


class Checker:
    """Checks a program again and again; see the module. `checked` counts the declarations of the last run that were
    checked and not taken over."""

    def __init__(self, folder: Folder | None = None, vocabulary: Vocabulary | None = None) -> None:
        self.folder = folder or NoFolder()
        self.vocabulary = vocabulary or packaged
        self.fresh: list[CheckedOne] = []
        self._files: dict[str, SourceFile] = {}
        self._readers: dict[str, Reader] = {}
        self._symbols: Symbols | None = None
        self._known: list[CheckedOne] = []
        self._whole = WholeProgram()

    def check(self, sources: Sequence[Source]) -> Checked:
        """Check these files as one program."""
        own = [self._parsed(each) for each in sources]
        entries = [each for at, file in enumerate(own) for each in file.entries(at)]
        used, findings = self._used(entries, own)
        files = (*own, *used)
        names = tuple(each.source.name for each in files)
        entries += _ready(entries, own, used)
        if len(entries) > DECLARATIONS_MAX:  # of several files; of one alone the parser says it
            first = entries[DECLARATIONS_MAX]
            findings.append(too_many(names[first.file], first.span[0]))
            del entries[DECLARATIONS_MAX:]
        made = symbols(entries, names, _broken(files, findings), self.folder, self._symbols)
        ones = self._ones(entries, made)
        findings += [each for file in files for each in file.read.diagnostics]
        findings += [each for one in ones for each in one.diagnostics]
        findings += self._whole.findings(ones, made, entries, names)
        self._files = {each.source.name: each for each in files}
        self._symbols = made
        return Checked(tuple(files), made, tuple(ones), tuple(sorted(findings, key=sort_key)))

    def recheck(self, name: str, text: str) -> Checked:
        """Check again with one file's text replaced."""
        own = [each.source for each in self._files.values() if not each.source.name.startswith(VOCABULARY)]
        return self.check([Source(name, text) if each.name == name else each for each in own])

    def _parsed(self, source: Source) -> SourceFile:
        known = self._files.get(source.name)
        if known is not None and known.source.text == source.text:
            return known
        return SourceFile(source, self._readers.setdefault(source.name, Reader()).read(source))

    def _used(self, entries: Sequence[Entry], own: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Diagnostic]]:
        """The vocabularies that the program names, each once."""
        made: dict[str, SourceFile] = {}
        findings: list[Diagnostic] = []
        for entry in [each for each in entries if type(each.home) is tree.Use]:
            each = entry.declaration
            if isinstance(each, tree.Use) and each.name.text not in made:
                text = self.vocabulary(each.name.text)
                if text is None:
                    findings.append(_no_vocabulary(each, own[entry.file].source))
                else:
                    made[each.name.text] = self._parsed(Source(f"{VOCABULARY}{each.name.text}.rules", text))
        return list(made.values()), findings

    def _ones(self, entries: Sequence[Entry], made: Symbols) -> list[CheckedOne]:
        """Each declaration checked, or taken over: by the identity of its node, which stays as long as its text
        does."""
        changed = changed_names(self._symbols, made) if self._symbols else None
        known, self.fresh = self._known, []
        left: dict[int, CheckedOne] | None = None
        place, ones = 0, []
        for entry in entries:
            one = known[place] if left is None and place < len(known) else None
            if one is not None and one.entry.home is entry.home:
                place += 1
            else:  # from here on some are gone, or new ones stand between: each is looked for
                if left is None:
                    left = {id(each.entry.home): each for each in reversed(known[place:])}
                one = left.pop(id(entry.home), None)
            if (
                one is None
                or one.stale
                or changed is None
                or one.entry.file != entry.file
                or (changed and not changed.isdisjoint(one.reads))
            ):
                one = check_one(entry, made)
                self.fresh.append(one)
            elif one.diagnostics:
                one = moved(one, entry)
            else:  # the same as `moved`, without a call for each
                by = one.moved + entry.by - one.entry.by
                one = CheckedOne(entry, one.core, (), one.reads, one.needs, one.uses, False, by)
            ones.append(one)
        self._known = ones
        return ones


VOCABULARY = "vocabulary/"


def packaged(name: str) -> str | None:
    """The text of a vocabulary of this package."""
    from rules_engine.vocabulary import vocabulary_text

    return vocabulary_text(name)


def _no_vocabulary(used: tree.Use, source: Source) -> Diagnostic:
    from rules_engine.vocabulary import NAMES

    data = {"name": used.name.text, "known": ", ".join(NAMES)}
    return Diagnostic("N108", source.name, used.name.span, data, note=did_you_mean(used.name.text, NAMES))


# ---- declarations ----


def _ready(entries: Sequence[Entry], own: Sequence[SourceFile], used: Sequence[SourceFile]) -> list[Entry]:
    """Of the vocabularies the declarations that the program does not replace."""
    if not used:
        return []
    replaced = {_replaces(each.home) for each in entries}
    replaced |= {_broken_key(each) for file in own for each in file.read.broken}
    return [
        each
        for at, file in enumerate(used, len(own))
        for each in file.entries(at)
        if isinstance(each.home, (tree.EventDecl, tree.MemberDecl)) and _replaces(each.home) not in replaced
    ]


def _replaces(declared: tree.Declaration) -> str:
    match declared:
        case tree.EventDecl(name=name):
            return f"event {name.text}"
        case tree.MemberDecl():
            return "member"
        case _:
            return ""


def _broken_key(broken: object) -> str:
    kind, name = getattr(broken, "kind", ""), getattr(broken, "name", "")
    return f"event {name}" if kind == "event" else str(kind)


_UNIT = re.compile(r"unit\s+(\w+)(?:\s*,\s*(\w+))?")
_AS = re.compile(r'"\s+as\s+(\w+)')
_TITLE = re.compile(r'"([^"\n]*)"')
_CODE = re.compile(r"\b[A-Z]{3}\b")
_WORD = re.compile(r"\w+\s+(\w+)")
_TITLED = frozenset({"catalogue", "item", "basket", "shipping", "redeem", "earn", "reward", "match"})


def _broken(files: Sequence[SourceFile], findings: Sequence[Diagnostic]) -> list[Broken]:
    """What the declarations that do not parse, and vocabularies that are not there, would have declared."""
    made = [Broken(0, "use", (), "", each.span) for each in findings if each.code == "N108"]
    for at, file in enumerate(files):
        for each in file.read.broken:
            kind = each.kind.split(" ")[0]
            names, title = _words_of(kind, file.source.slice(each.span))
            made.append(Broken(at, kind, names, title, each.span))
    return made


def _words_of(kind: str, text: str) -> tuple[tuple[str, ...], str]:
    """The names, and the title, that the first words of a declaration give it; of a header its currencies."""
    if kind == "program":
        return tuple(dict.fromkeys(code for code in _CODE.findall(text) if code in CURRENCY_DECIMALS)), ""
    if kind in _TITLED:
        title, name = _TITLE.search(text), _AS.search(text)
        return ((name[1],) if name else ()), title[1] if title else ""
    found = _UNIT.match(text) if kind == "unit" else _WORD.match(text)
    return tuple(each for each in found.groups() if each) if found else (), ""
