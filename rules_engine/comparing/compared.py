"""The result of a comparison, in the forms in which it is read.

In: the changes in meaning, the impact where there was a history, what may change. Out: text for a person, JSON for a
script; `markdown` makes the text of a pull request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from rules_engine.comparing.allowing import Allowed, beyond
from rules_engine.comparing.changes import Change
from rules_engine.comparing.examples import Example
from rules_engine.comparing.figures import Figures, share
from rules_engine.comparing.measuring import Impact, Person, Row, Run
from rules_engine.comparing.texts import lines_of, pair

UNKNOWN: Final = "no event was scored: the limit can be held against nothing"
QUOTED: Final = frozenset(("earn", "redeem", "reward", "offer", "match"))
LINES_TEXT: Final = 12
"""How much of an example is shown in a terminal; a pull request shows more, JSON all of it."""
_HEAD: Final = ("", "", "", "before", "after", "difference")


class Comparison(msgspec.Struct, frozen=True):
    """What changed between two programs, and what of it is more than was allowed."""

    title: str
    changes: tuple[Change, ...]
    impact: Impact | None
    most: tuple[Allowed, ...]
    figures: Figures

    @property
    def beyond(self) -> tuple[Allowed, ...]:
        """The limits that the change goes beyond."""
        return () if self.impact is None else beyond(self.impact, self.most)

    @property
    def unknown(self) -> bool:
        """Whether limits were set and nothing was scored that they could be held against."""
        return bool(self.most) and self.impact is not None and not self.impact.compared

    @property
    def found(self) -> bool:
        """Whether there is a change that was not allowed: without a limit, any; with limits, what goes beyond one."""
        if self.most:
            return bool(self.beyond)
        return bool(self.changes) or (self.impact is not None and self.impact.changed > 0)


def headed(change: Change) -> str:
    """Which declaration changed: `earn "Points"`, `unit point`.

    >>> headed(Change("added", "earn", "Points")), headed(Change("changed", "tiers", ""))
    ('added earn "Points"', 'changed tiers')
    """
    name = f'"{change.name}"' if change.kind in QUOTED else change.name
    return " ".join(filter(None, (change.what, change.kind, name)))


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def grouped(found: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Changes by declaration."""
    for head, some in groupby(found, headed):
        yield head, list(some)


# ---- text ----


def comparison_text(found: Comparison) -> str:
    """A comparison for a person."""
    lines = [f"{found.title}: {counted(len(found.changes), 'change')} in meaning" if found.changes else same(found)]
    for head, some in grouped(found.changes):
        lines += ["", head]
        for change in some:
            lines += _change_lines(change)
    if found.impact is not None:
        lines += ["", *_impact_lines(found.impact, found)]
    return "\n".join(lines)


def same(found: Comparison) -> str:
    """What is said where nothing changed."""
    return f"{found.title}: no change in meaning"


def _change_lines(change: Change) -> Iterator[str]:
    note = f"  ({change.note})" if change.note else ""
    if change.what in ("added", "removed"):
        sign = "+" if change.what == "added" else "-"
        yield from (f"  {sign} {line}" for line in lines_of(change.new or change.old))
    else:
        old, new = pair(change.old, change.new)
        if change.part or note:
            yield f"  {change.part}{note}".rstrip()
        yield f"    - {old}"
        yield f"    + {new}"


def run_line(run: Run) -> str:
    """Where the rows went: `1,000 read = 990 scored + 10 rejected`."""
    aside = f" + {run.set_aside:,} set aside" if run.set_aside else ""
    alone = f", and {run.scheduled:,} that happened by themselves" if run.scheduled else ""
    return f"{run.read:,} read = {run.scored:,} scored + {run.rejected:,} rejected{aside}{alone}"


def changed_line(impact: Impact) -> str:
    """How many outcomes differ, and in what."""
    ways = ", ".join(
        f"{number:,} in {way}" if "refused" not in way else f"{number:,} {way}" for way, number in impact.ways.items()
    )
    said = f"{impact.changed:,} of {impact.compared:,} outcomes differ ({share(impact.changed, impact.compared)})"
    return f"{said}: {ways}" if ways else said


def moved_line(impact: Impact, figures: Figures) -> str:
    """How much moved in all, as `--max-change` counts it."""
    sums = ", ".join(figures.amount(amount, of) for of, amount in impact.moved.items())
    return f"moved, gains and losses together: {sums}" if sums else ""


def _impact_lines(impact: Impact, found: Comparison) -> Iterator[str]:
    figures, (before, after) = found.figures, impact.runs
    yield f"before: {run_line(before)}"
    yield f"after:  {run_line(after)}"
    yield from (f"  {reason}" for reason in dict.fromkeys((*before.reasons, *after.reasons)))
    yield changed_line(impact)
    yield from filter(None, [moved_line(impact, figures)])
    yield from (f"beyond the limit: more than {each.text} changed" for each in found.beyond)
    if found.unknown:
        yield UNKNOWN
    elif found.most and not found.beyond:
        yield f"within the limit: {', '.join(each.text for each in found.most)}"
    for title, rows in (("by rule", impact.rules), ("by tier", impact.tiers)):
        if rows and any(each.name for each in rows):
            yield ""
            yield from _table(title, cells(rows, figures, title))
    if impact.members:
        yield ""
        yield f"{counted(impact.members, 'member')} with a difference"
        for title, people in (("most more", impact.winners), ("most less", impact.losers)):
            yield from (f"  {title}: {each.member} {figures.by(each.by, each.of)}" for each in people)
    for number, each in enumerate(impact.examples, 1):
        yield ""
        yield f"example {number}: {example_head(each)}"
        yield from (f"  {line}" for line in cut(each.difference, LINES_TEXT))


def cut(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are."""
    rest = len(lines) - most
    return [*lines[:most], f"... {counted(rest, 'line')} more"] if rest > 1 else list(lines)


def example_head(example: Example) -> str:
    """Which event an example is, and in what its outcomes differ."""
    wanted = example.wanted
    member = f" of {wanted.member}" if wanted.member else ""
    row = f", row {wanted.row:,}" if wanted.row else ""
    return f"{wanted.event} {wanted.id}{member}{row} ({'; '.join(wanted.ways)})"


def cells(rows: Sequence[Row], figures: Figures, title: str) -> list[tuple[str, ...]]:
    """The cells of a table: rule or tier, unit or currency, what, before, after, difference."""
    return [
        (
            figures.title(row.name) if title == "by rule" else row.name,
            figures.plurals.get(row.of, row.of),
            row.column,
            figures.number(row.old, row.of),
            figures.number(row.new, row.of),
            f"{'+' if row.new > row.old else ''}{figures.number(row.new - row.old, row.of)}",
        )
        for row in rows
    ]


def _table(title: str, rows: list[tuple[str, ...]]) -> Iterator[str]:
    lines = [(title, *_HEAD[1:]), *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    for line in lines:
        left = [text.ljust(width) for text, width in zip(line[:3], widths[:3], strict=True)]
        right = [text.rjust(width) for text, width in zip(line[3:], widths[3:], strict=True)]
        yield "  ".join([*left, *right]).rstrip()


# ---- JSON ----


def _holds(limit: Allowed, found: Comparison) -> bool | None:
    """Whether a limit holds; None where nothing was scored that says so."""
    return None if found.impact is None or found.unknown else limit.holds(found.impact)


def comparison_json(found: Comparison) -> dict[str, Any]:
    """A comparison for a script. Amounts are texts, exact, without thousands apart."""
    impact = found.impact
    shown: dict[str, Any] = {
        "program": found.title,
        "changes": [msgspec.to_builtins(each) for each in found.changes],
        "changed": found.found,
        "limits": [{"limit": each.text, "holds": _holds(each, found)} for each in found.most],
    }
    if impact is None:
        return shown
    plain = _Plain(found.figures)
    shown["impact"] = {
        "before": msgspec.to_builtins(impact.runs[0]),
        "after": msgspec.to_builtins(impact.runs[1]),
        "outcomes": {"compared": impact.compared, "changed": impact.changed, "ways": impact.ways},
        "moved": {of: plain.text(amount, of) for of, amount in impact.moved.items()},
        "rules": [{"rule": row.name, **plain.row(row)} for row in impact.rules],
        "tiers": [{"tier": row.name, **plain.row(row)} for row in impact.tiers],
        "members": impact.members,
        "winners": [plain.person(each) for each in impact.winners],
        "losers": [plain.person(each) for each in impact.losers],
        "examples": [
            {**msgspec.to_builtins(each.wanted), "before": _value(each.old_json), "after": _value(each.new_json)}
            for each in impact.examples
        ],
    }
    return shown


def _value(raw: msgspec.Raw) -> object:
    found: object = msgspec.json.decode(raw)
    return found


class _Plain:
    """Amounts as exact texts."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def text(self, amount: int, of: str) -> str:
        return self.figures.number(amount, of).replace(",", "")

    def row(self, row: Row) -> dict[str, str]:
        amounts = {"before": row.old, "after": row.new, "difference": row.new - row.old}
        return {"of": row.of, "what": row.column, **{name: self.text(each, row.of) for name, each in amounts.items()}}

    def person(self, person: Person) -> dict[str, str]:
        return {"member": person.member, "of": person.of, "by": self.text(person.by, person.of)}
