"""A comparison as the text of a pull request: short above, tables and examples folded away.

In: a comparison. Out: Markdown as forges read it. Whatever comes from a rule file or from data stands as code, between
more backticks than it has in a row, on one line, without signs that cannot be seen: so it can be no heading, no link,
no mention, no markup and no end of a table's cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.comparing.changes import Change
from rules_engine.comparing.compared import (
    UNKNOWN,
    Comparison,
    cells,
    changed_line,
    counted,
    cut,
    grouped,
    run_line,
)
from rules_engine.comparing.examples import Example
from rules_engine.comparing.measuring import Impact, Person, Row
from rules_engine.comparing.texts import lines_of, pair

LINES_MARKDOWN: Final = 60
"""How much of an example is shown; forges take comments of up to 65,536 signs."""
_TICKS: Final = re.compile(r"`+")


def code(text: str) -> str:
    """A text as code in a line, also in a table's cell.

    >>> code("a | `b`"), code(""), code("` ")
    ('`` a \\\\| `b` ``', '', '`` `  ``')
    """
    shown = _seen(text).replace("|", "\\|")
    if not shown:
        return ""
    ticks = "`" * (max((len(each) for each in _TICKS.findall(shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _seen(text: str) -> str:
    """A text on one line in which every sign can be seen."""
    return "".join(each if each.isprintable() else "�" if not each.isspace() else " " for each in text)


def comparison_markdown(found: Comparison) -> str:
    """A comparison for a pull request."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"### Rules: {code(found.title)}"
    yield ""
    if found.changes:
        yield f"**{counted(len(found.changes), 'change')} in meaning**"
        for head, some in grouped(found.changes):
            yield ""
            yield f"- {_head(head, some[0])}"
            for change in some:
                yield from _change(change)
    else:
        yield "No change in meaning."
    if found.impact is not None:
        yield ""
        yield from _impact(found.impact, found)


def _head(head: str, change: Change) -> str:
    """Words are ours, the name is not."""
    return f"{change.what} {change.kind} {code(change.name)}".rstrip() if change.name else head


def _change(change: Change) -> Iterator[str]:
    note = f" ({change.note})" if change.note else ""
    if change.what in ("added", "removed"):
        yield from _whole(lines_of(change.new or change.old))
        return
    old, new = pair(change.old, change.new)
    words = f"{code(change.part)}: " if change.part else ""
    yield f"  - {words}{code(old)} → {code(new)}{note}"


def _whole(lines: Sequence[str]) -> Iterator[str]:
    """A declaration: a short one as code in a line, a long one as a block in its item."""
    if len(lines) > 1:
        yield ""
        yield from (f"  {line}" for line in _fenced("rules", lines))
    elif lines[0]:
        yield f"  - {code(lines[0])}"


def _impact(impact: Impact, found: Comparison) -> Iterator[str]:
    yield f"**{changed_line(impact)}**"
    yield ""
    for limit in found.beyond:
        yield f"- **beyond the limit**: more than {code(limit.text)} changed"
    if found.unknown:
        yield f"- **{UNKNOWN}**"
    elif found.most and not found.beyond:
        yield f"- within the limit: {', '.join(code(each.text) for each in found.most)}"
    if impact.moved:
        sums = ", ".join(code(found.figures.amount(amount, of)) for of, amount in impact.moved.items())
        yield f"- moved, gains and losses together: {sums}"
    for name, run in zip(("before", "after"), impact.runs, strict=True):
        yield f"- {name}: {run_line(run)}"
    for title, rows in (("by rule", impact.rules), ("by tier", impact.tiers)):
        if rows and any(each.name for each in rows):
            yield ""
            yield from _table(title, rows, found)
    if impact.members:
        yield ""
        yield f"{counted(impact.members, 'member')} with a difference"
        yield from _people("most more", impact.winners, found)
        yield from _people("most less", impact.losers, found)
    if impact.examples:
        yield ""
        yield "<details>"
        yield f"<summary>{counted(len(impact.examples), 'example')} with both explanations</summary>"
        for each in impact.examples:
            yield from _example(each)
        yield ""
        yield "</details>"


def _table(title: str, rows: Sequence[Row], found: Comparison) -> Iterator[str]:
    yield f"| {title} | of | what | before | after | difference |"
    yield "|---|---|---|---:|---:|---:|"
    for row in cells(rows, found.figures, title):
        yield f"| {code(row[0])} | {code(row[1])} | {' | '.join(row[2:])} |"


def _people(title: str, people: Sequence[Person], found: Comparison) -> Iterator[str]:
    if people:
        shown = ", ".join(f"{code(each.member)} {code(found.figures.by(each.by, each.of))}" for each in people)
        yield ""
        yield f"- {title}: {shown}"


def _example(example: Example) -> Iterator[str]:
    wanted = example.wanted
    member = f" of {code(wanted.member)}" if wanted.member else ""
    row = f", row {wanted.row:,}" if wanted.row else ""
    yield ""
    yield f"{code(wanted.event)} {code(wanted.id)}{member}{row}: {'; '.join(wanted.ways)}"
    yield ""
    yield from _fenced("diff", cut(example.difference, LINES_MARKDOWN))


def _fenced(kind: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines as a block of code that none of them can end."""
    shown = [_seen(each) for each in lines]
    ticks = "`" * max(3, max((len(each) + 1 for line in shown for each in _TICKS.findall(line)), default=0))
    yield f"{ticks}{kind}"
    yield from shown
    yield ticks
