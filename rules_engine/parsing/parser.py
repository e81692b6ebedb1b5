"""The door's work: cut the file, parse each declaration alone, explain the ones that do not parse.

In: a `Source`. Out: `Parsed`: the file's tree, diagnostics, and the declarations that broke, with name and kind where
they can be seen, so that nothing that refers to them is reported as unknown. One broken declaration gives one
diagnostic.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import msgspec

from rules_engine.diagnostics import Diagnostic
from rules_engine.parsing.cutting import Cut, cut, cut_ends
from rules_engine.parsing.driving import Driver, StuckError, TooDeepError
from rules_engine.parsing.lexing import BLANKS, Tokens, lexer
from rules_engine.parsing.refusals import RefusalError
from rules_engine.parsing.table import STRING, load
from rules_engine.parsing.unseen import hidden
from rules_engine.source import NOWHERE, TEXT_MAX, Source, Span
from rules_engine.tree import Declaration, File

LONGEST = 1_000_000
"""Characters of one declaration; long lists of values belong into a file."""
_MOST_CUTS = 20

DECLARATIONS_MAX = 100_000
"""Declarations of a program."""

WORD_MAX = 100
"""Characters of a name or of a number."""

QUOTED_MAX = 1000
"""Characters of a title or of another text in quotes."""


class Broken(msgspec.Struct, frozen=True):
    """A declaration that did not parse: its kind, its name if it can be seen, and all names it may be known by."""

    kind: str
    name: str | None
    span: Span
    names: tuple[str, ...] = ()


class Parsed(msgspec.Struct, frozen=True):
    """What a file says, and what is wrong with its text."""

    file: File
    diagnostics: tuple[Diagnostic, ...]
    broken: tuple[Broken, ...]


@cache
def driver() -> Driver:
    """The parser's loop with its table, made at the first use."""
    table = load()
    return Driver(table, lexer(table))


def parse_declaration(source: Source, start: int, end: int) -> Parsed:
    """Parse the declarations in a stretch of a file; spans and offsets are those of the file."""
    return _parse(source, cut(source.text, start, end), (start, end))


def too_many(name: str, start: int) -> Diagnostic:
    """A declaration that is one too many."""
    return Diagnostic("P159", name, (start, start + 1), {"most": f"{DECLARATIONS_MAX:_}"})


def parse(source: Source) -> Parsed:
    """Parse a whole file; nothing is read of what is too large, or no text at all."""
    text, span = source.text, (0, len(source.text))
    if len(text) > TEXT_MAX:
        return _unread(source, "F107", {"most": f"{TEXT_MAX:_}"})
    if text.count("\0") * 10 > len(text):
        return _unread(source, "F103", {"reason": "it is UTF-16 or no text at all, and a rule file is text in UTF-8"})
    read, pieces = _parse(source, cut(text), span), cut_ends(text)
    found = tuple(hidden(source, pieces, span))
    return msgspec.structs.replace(read, diagnostics=(*found, *read.diagnostics)) if found else read


def _unread(source: Source, code: str, data: dict[str, str]) -> Parsed:
    """A file of which nothing is read; what it may have said of the whole program is not missed."""
    broken = tuple(Broken(kind, None, NOWHERE) for kind in ("language", "program", "use"))
    finding = Diagnostic(code, source.name, NOWHERE, {"file": source.name, **data})
    return Parsed(File((0, len(source.text)), (), ()), (finding,), broken)


def _parse(source: Source, pieces: Cut, span: Span) -> Parsed:
    reading = Reading(source, pieces.text)
    if pieces.head is not None:
        reading.head(pieces.head)
    for stretch in pieces.stretches[:DECLARATIONS_MAX]:
        reading.stretch(stretch)
    for start, _ in pieces.stretches[DECLARATIONS_MAX : DECLARATIONS_MAX + 1]:
        reading.findings.append(too_many(source.name, start))
    file = File(span, tuple(reading.nodes), pieces.comments)
    return Parsed(file, tuple(reading.findings), tuple(reading.broken))


class Reading:
    """What has been read of a file so far."""

    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.text = text
        self.driver = driver()
        self.nodes: list[Declaration] = []
        self.findings: list[Diagnostic] = []
        self.broken: list[Broken] = []

    def attempt(self, span: Span) -> Exception | None:
        """Parse a stretch; gives what stopped the parser, if anything did."""
        if span[1] - span[0] > LONGEST:
            return RefusalError("P122", (span[0], span[0] + 1), {"most": f"{LONGEST:_}"})
        machine = self.driver
        tokens = machine.lexer.lex(self.text, *span)
        if max(map(len, tokens.texts)) > WORD_MAX and (long := _too_long(tokens)):
            return long
        try:
            self.nodes.append(cast(Declaration, machine.read(tokens)))
        except (StuckError, TooDeepError, RefusalError) as problem:
            return problem
        return None

    def stretch(self, span: Span) -> None:
        """Read a declaration; where it does not parse, see whether a line further down begins another, misspelt."""
        problem = self.attempt(span)
        if problem is None:
            return
        for at in self._lines(span):
            if self.attempt((span[0], at)) is None:
                self.head((at, span[1]))
                return
        self.explain(span, problem)

    def explain(self, span: Span, problem: Exception) -> None:
        """Say what is wrong with a declaration, and keep what can be seen of it."""
        from rules_engine.parsing.explaining import explain
        from rules_engine.parsing.seen import kind_of, names_of

        end = span[0] + len(self.text[span[0] : span[1]].rstrip(BLANKS))
        seen = self.driver.lexer.lex(self.text, span[0], min(span[1], span[0] + 400))
        self.findings.append(explain(self.driver, self.source, self.text, (span[0], end), problem))
        names = names_of(seen)
        self.broken.append(Broken(kind_of(seen), names[-1] if names else None, (span[0], end), names))

    def head(self, span: Span) -> None:
        """Text that no declaration's word begins: one finding, and the rest of it read as it stands."""
        from rules_engine.parsing.explaining import unknown_start

        found, broken = unknown_start(self.driver, self.source, self.text, span)
        self.findings.append(found)
        if broken is not None:
            self.broken.append(Broken(broken[0], broken[1][-1] if broken[1] else None, span, broken[1]))

    def _lines(self, span: Span) -> list[int]:
        """Lines of a stretch, not the first, that begin with a letter in the first column."""
        found: list[int] = []
        at = self.text.find("\n", *span) + 1
        while 0 < at < span[1] and len(found) < _MOST_CUTS:
            if self.text[at].isalpha():
                found.append(at)
            at = self.text.find("\n", at, span[1]) + 1
        return found


def _too_long(tokens: Tokens) -> RefusalError | None:
    """The first name, number or text that is too long; a token of several words is as long as its longest."""
    for text, kind, start in zip(tokens.texts, tokens.kinds, tokens.starts, strict=True):
        quoted = kind == STRING
        longest = len(text) - 2 if quoted else max(map(len, text.replace(".", " ").split()), default=0)
        most = QUOTED_MAX if quoted else WORD_MAX
        if longest > most:
            what = "a text" if quoted else "a number" if text[0].isdigit() or text[0] == "-" else "a name"
            return RefusalError("P158", (start, start + 1), {"what": what, "count": f"{longest}", "most": f"{most}"})
    return None
