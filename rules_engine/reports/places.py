"""Files and places as other tools want them: paths from where the command runs, columns counted as they count.

In: a file's name as the user wrote it, and spans. Out: relative paths and URIs; columns in units of UTF-16, which is
how editors and code scanners count.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from rules_engine.source import Source, Span


def relative(name: str) -> str:
    """A file's path from the current folder, with slashes; one that lies elsewhere keeps its whole path.

    >>> relative("./offers/may.rules"), relative(str(Path.cwd() / "may.rules"))
    ('offers/may.rules', 'may.rules')
    """
    path = Path(name)
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()


def uri(name: str) -> str:
    """A file's name as a URI: relative where the file lies below the current folder.

    >>> uri("offers/50% & more.rules"), uri("c:x.rules")
    ('offers/50%25%20%26%20more.rules', 'c%3Ax.rules')
    """
    path = relative(name)
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path, safe="/")


def region(source: Source, span: Span) -> dict[str, int]:
    """A span by lines and columns, both from 1, the end column behind the last sign. Columns are units of UTF-16.

    >>> from rules_engine.source import Source
    >>> region(Source("a", "one\\n\\U0001f381 two"), (6, 9))
    {'startLine': 2, 'startColumn': 4, 'endLine': 2, 'endColumn': 7}
    """
    (first, start), (last, end) = _place(source, span[0]), _place(source, span[1])
    return {"startLine": first, "startColumn": start, "endLine": last, "endColumn": end}


def _place(source: Source, offset: int) -> tuple[int, int]:
    line, column = source.place(offset)
    before = source.line(line)[: column - 1]
    return line, len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1
