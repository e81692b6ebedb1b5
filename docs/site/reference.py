"""The reference page of the language, made of the records that the tools read.

In: the words (`rules_engine/language/words.toml`), the names that nobody declares, the types of fields and the ready
vocabularies. Out: `docs/reference.md`. `python -m docs.site.reference` writes it, and a test holds it equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from rules_engine import tree
from rules_engine.language import KNOWN, TYPES, Word, words
from rules_engine.parsing import parse
from rules_engine.source import Source
from rules_engine.vocabulary import NAMES, vocabulary_text

PAGE: Final = Path(__file__).resolve().parent.parent / "reference.md"

_HEAD: Final = """\
# Reference

Every word of the language with one sentence and one line, the names that nobody declares, the types of fields, and what
each ready vocabulary brings. The page is made of the tables that the editor, the checker and this site read. What the
words mean exactly stands on the pages that the rows lead to.
"""


def reference() -> str:
    """The page as Markdown."""
    parts = [_HEAD, *_families(), _named("Names that nobody declares", KNOWN), _named("Types of fields", TYPES)]
    return "\n".join([*parts, "## Ready vocabularies\n", *_vocabularies()])


def _families() -> Iterator[str]:
    for family, rows in groupby(words(), key=lambda word: word.family):
        yield f"## {family.capitalize()}\n"
        yield _table(("word", "meaning", "for example", ""), [_row(word) for word in rows])


def _row(word: Word) -> tuple[str, ...]:
    spelt = ", ".join(_code(each) for each in word.spellings)
    return spelt, word.meaning, _code(word.example), f"[more](../{word.page})"


def _named(title: str, rows: dict[str, str]) -> str:
    return f"## {title}\n\n" + _table(("", "meaning"), [(_code(name), said) for name, said in rows.items()])


def _vocabularies() -> Iterator[str]:
    for name in NAMES:
        text = vocabulary_text(name) or ""
        parsed = parse(Source(name, text))
        yield f"### {name}\n\n`use {name}` brings:\n"
        yield _table(("", "fields"), [_declared(each, text) for each in parsed.file.declarations if _told(each)])


def _told(declared: tree.Declaration) -> bool:
    return isinstance(declared, tree.EventDecl | tree.MemberDecl)


def _declared(declared: tree.Declaration, text: str) -> tuple[str, str]:
    start, end = declared.span
    head, _, fields = text[start:end].partition("{")
    return _code(head.strip()), _code(" ".join(fields.rstrip().removesuffix("}").split()))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _code(text: str) -> str:
    """Text as code in a cell of a table."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
