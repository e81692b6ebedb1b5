"""What tests reach of the rules, as a page: each rule file in colour, a mark on every line, what was never reached.

In: what was reached of each file, and the files. Out: one HTML page that needs nothing else. A line is `all` where
every side of every point on it was seen, `some` where some were, `none` where none was; a line without points has no
mark. Below a line stands what of it no test has reached. All text of the rule files is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from rules_engine.highlighting import html
from rules_engine.pages import Markup, bullets, element, join, page, table
from rules_engine.source import Source
from rules_engine.workbench.coverage import PLURALS, FileCoverage, never, total

Mark = Literal["all", "some", "none", ""]

_STYLE: Final = """
.rules { border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; padding: .5rem 0; margin: .75rem 0 }
.rules div { display: flex; white-space: pre; padding: 0; border-radius: 0; color: inherit }
.rules div { font: .8rem/1.6 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace }
.rules .no, .rules .hits { flex: none; padding-right: .6rem; text-align: right; user-select: none }
.rules .no { width: 3.2rem; color: var(--soft) }
.rules .hits { width: 4.2rem; color: var(--soft); border-right: 4px solid transparent; margin-right: .7rem }
.rules .all .hits { border-color: var(--good) }
.rules .some { background: var(--some-ground) }
.rules .some .hits { border-color: var(--some) }
.rules .none { background: var(--bad-ground) }
.rules .none .hits { border-color: var(--bad) }
.rules .never { color: var(--bad); white-space: normal }
.rules :target { outline: 2px solid var(--accent) }
.key span { padding: 0 .5em; border-left: 4px solid transparent; margin-right: 1rem }
.key .all { border-color: var(--good) }
.key .some { border-color: var(--some); background: var(--some-ground) }
.key .none { border-color: var(--bad); background: var(--bad-ground) }
"""


class Line(msgspec.Struct):
    """One line of a rule file: its mark, how often the least seen of its sides was seen, what was never reached."""

    mark: Mark = ""
    hits: int = 0
    never: list[str] = []


def coverage_page(title: str, files: Sequence[FileCoverage], sources: Mapping[str, Source]) -> str:
    """The page of some files."""
    share = total(list(files))
    parts: list[str] = [
        element("h1", f"Coverage of {title}"),
        element("p", f"{share.percent}%: {share.covered} of {share.all} are reached by tests."),
        _key(),
        table(["file", "reached", "of", "percent"], [_row(each) for each in files]),
    ]
    for number, each in enumerate(files, 1):
        parts.append(_file(each, sources.get(each.file), f"f{number}"))
    return page(f"Coverage of {title}", join(parts), _STYLE)


def _row(each: FileCoverage) -> list[str]:
    share = each.share
    return [each.file, str(share.covered), str(share.all), f"{share.percent}%"]


def _key() -> Markup:
    said = {"all": "reached", "some": "reached in part", "none": "not reached"}
    return element("p", *(element("span", words, class_=mark) for mark, words in said.items()), class_="key")


def _file(found: FileCoverage, source: Source | None, name: str) -> Markup:
    kinds = [[PLURALS[kind], str(part.covered), str(part.all)] for kind, part in found.kinds.items()]
    parts: list[str] = [
        element("h2", found.file),
        table(["kind", "reached", "of"], kinds),
    ]
    if found.missed:
        parts.append(element("h3", "Not reached"))
        parts.append(bullets(
            element("span", element("a", f"line {each.line}", href=f"#{name}-{each.line}"),
                    f": {each.what} {never(each.side)}") for each in found.missed
        ))  # fmt: skip
    if source is not None:
        parts.append(_listing(source, lines_of(found, source), name))
    return join(parts)


def lines_of(found: FileCoverage, source: Source) -> dict[int, Line]:
    """By the number of a line (from 1) what is marked on it; lines without points are left out."""
    sides: dict[int, list[int]] = {}
    for (start, end), (_, _, _, seen) in zip(found.spans, found.points, strict=True):
        first, last = source.place(start).line, source.place(max(start, end - 1)).line
        for number in range(first, last + 1):
            sides.setdefault(number, []).extend(seen.values())
    lines = {number: Line(_mark(counts), min(counts), []) for number, counts in sides.items()}
    for each in found.missed:
        lines[each.line].never.append(f"{each.what} {never(each.side)}")
    return lines


def _mark(counts: Sequence[int]) -> Mark:
    """What the counts of all sides on a line come to."""
    if all(counts):
        return "all"
    return "some" if any(counts) else "none"


def _listing(source: Source, lines: Mapping[int, Line], name: str) -> Markup:
    return element("div", join(_shown(source.text, lines, name), ""), class_="rules")


def _shown(text: str, lines: Mapping[int, Line], name: str) -> Iterator[Markup]:
    for number, code in enumerate(coloured(text), 1):
        line = lines.get(number, Line())
        hits = f"{line.hits}×" if line.mark == "all" else ""
        yield element(
            "div",
            element("span", str(number), class_="no"),
            element("span", hits, class_="hits"),
            Markup(f"<span>{code}</span>"),
            class_=line.mark or None,
            id=f"{name}-{number}",
        )
        for words in line.never:
            told = element("span", words, class_="never")
            yield element("div", element("span", "", class_="no"), element("span", "", class_="hits"), told,
                          class_=line.mark)  # fmt: skip


_TAG: Final = re.compile(r'<span class="[^"]*">|</span>')


def coloured(text: str) -> list[str]:
    """A rule file in colour, line by line: a piece over several lines is closed and opened again at each end.

    >>> coloured("use shop")
    ['<span class="t-declaration">use</span> <span class="t-name">shop</span>']
    """
    shown: list[str] = []
    open_ = ""
    for line in html(text).split("\n"):
        started = open_
        for tag in _TAG.findall(line):
            open_ = "" if tag == "</span>" else tag
        shown.append(started + line.rstrip("\r") + ("</span>" if open_ else ""))
    return shown
