"""How many published programmes the rule language says exactly: `python -m tests.corpus_report`.

In: `corpus/programmes/index.toml` with a row for each programme, the rule files beside it and, where it is there, the
list of programmes they were taken from. Out: counts by sector and by mechanic, what is still missing, and a last line
`N of M exact, K next`. It fails where a programme is not accounted for, where a rule file and its row
disagree, or where a value that a case expects does not stand in the test of that case.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Literal

import msgspec

from rules_engine import tree
from rules_engine.parsing import parse
from rules_engine.source import Source

HERE = Path(__file__).resolve().parent
PROGRAMMES = HERE / "corpus" / "programmes"
ENTRIES = HERE.parent.parent / "shared" / "corpus" / "programmes.jsonl"

NUMBER = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.-])")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One programme: `exact` has a rule file of its id, `next` says what is missing for it.

    `unexpressed` are the expectations of its cases that no test can name; `note` says what stands for them.
    """

    id: str
    sector: str
    mechanics: tuple[str, ...]
    cases: int
    status: Literal["exact", "next"]
    missing: tuple[str, ...] = ()
    why: str = ""
    unexpressed: tuple[str, ...] = ()
    note: str = ""

    @property
    def path(self) -> Path:
        """Where its rules stand, if it is exact."""
        return PROGRAMMES / f"{self.id}.rules"


class Index(msgspec.Struct, frozen=True):
    """The file of rows."""

    programme: tuple[Row, ...]


class Case(msgspec.Struct, frozen=True):
    """A case of an entry; what it holds is read by people."""

    given: dict[str, object]
    expect: dict[str, object]


class Entry(msgspec.Struct, frozen=True):
    """A programme of the list, as far as it is compared with the index."""

    id: str
    sector: str
    mechanics: tuple[str, ...]
    cases: tuple[Case, ...]


def rows() -> tuple[Row, ...]:
    """The index."""
    read = tomllib.loads((PROGRAMMES / "index.toml").read_text(encoding="utf-8"))
    return msgspec.convert(read, Index).programme


def entries() -> tuple[Entry, ...] | None:
    """The list of programmes, or None where it is not here."""
    if not ENTRIES.is_file():
        return None
    return tuple(
        msgspec.json.decode(line, type=Entry) for line in ENTRIES.read_text(encoding="utf-8").splitlines() if line
    )


def cases_in(path: Path) -> tuple[tree.TestDecl, ...]:
    """The tests of a rule file."""
    declarations = parse(Source.read(path)).file.declarations
    return tuple(each for each in declarations if isinstance(each, tree.TestDecl))


def rule_lines(path: Path) -> int:
    """How many lines the rules take, without tests, comments and empty lines."""
    source = Source.read(path)
    skipped: set[int] = set()
    for test in cases_in(path):
        first, last = (source.place(offset).line for offset in test.span)
        skipped.update(range(first, last + 1))
    lines = enumerate(source.text.splitlines(), 1)
    return sum(number not in skipped and bool(line.partition("#")[0].strip()) for number, line in lines)


# ---- what is wrong ----


def faults(index: Sequence[Row], listed: Sequence[Entry] | None) -> list[str]:
    """What is not accounted for, in sentences."""
    found = [f"{name}: {count} rows" for name, count in Counter(row.id for row in index).items() if count > 1]
    files = {path.stem for path in PROGRAMMES.glob("*.rules")}
    exact = {row.id for row in index if row.status == "exact"}
    found += [f"{name}: a rule file without a row that says exact" for name in sorted(files - exact)]
    found += [f"{name}: said to be exact, and has no rule file" for name in sorted(exact - files)]
    found += [f"{row.id}: does not say what is missing" for row in index if row.status == "next" and not row.missing]
    found += [
        f"{row.id}: does not say what stands for {row.unexpressed[0]}"
        for row in index
        if row.unexpressed and not row.note
    ]
    for row in index:
        if row.id in files & exact and len(cases_in(row.path)) < row.cases:
            found.append(f"{row.id}: {row.cases} cases, and only {len(cases_in(row.path))} tests")
    return found if listed is None else found + _against(index, listed)


def _against(index: Sequence[Row], listed: Sequence[Entry]) -> list[str]:
    """Where index and list disagree."""
    by_id = {row.id: row for row in index}
    found = [f"{name}: not in the list" for name in sorted(by_id.keys() - {entry.id for entry in listed})]
    for entry in listed:
        row = by_id.get(entry.id)
        if row is None:
            found.append(f"{entry.id}: not accounted for")
        elif (row.sector, row.mechanics, row.cases) != (entry.sector, entry.mechanics, len(entry.cases)):
            found.append(f"{entry.id}: sector, mechanics or number of cases differ from the list")
        elif row.status == "exact" and row.path.exists():
            found += _unsaid(entry, row)
    return found


def _unsaid(entry: Entry, row: Row) -> list[str]:
    """Expected values that do not stand in the test of their case; 0, yes, no and null are said in other words."""
    source, found = Source.read(row.path), []
    for case, test in zip(entry.cases, cases_in(row.path), strict=False):
        lines = source.slice(test.span).splitlines()
        text = "\n".join(line.partition("#")[0] for line in lines)
        numbers = {Decimal(number.replace("_", "")) for number in NUMBER.findall(text)}
        for name, value in _leaves(case.expect):
            if name in row.unexpressed or isinstance(value, bool) or not value:
                continue
            said = value.replace(" ", "_") in text if isinstance(value, str) else abs(Decimal(str(value))) in numbers
            if not said:
                found.append(f'{row.id}: "{test.title.value}" does not say {name} {value}')
    return found


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """The plain values inside a value, each with the name it stands under."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, key)
        case list():
            for inner in value:
                yield from _leaves(inner, name)
        case _:
            yield name, value


# ---- what is told ----


def _table(title: str, pairs: Iterable[tuple[str, bool]]) -> list[str]:
    """A count of all and of the exact for each name, most frequent first."""
    every, exact = Counter[str](), Counter[str]()
    for name, is_exact in pairs:
        every[name] += 1
        exact[name] += is_exact
    names = sorted(every, key=lambda name: (-every[name], name))
    width = max(map(len, [title, *names]))
    lines = [f"{title:{width}}  {'all':>5}  {'exact':>5}  {'next':>5}"]
    return lines + [
        f"{name:{width}}  {every[name]:5}  {exact[name]:5}  {every[name] - exact[name]:5}" for name in names
    ]


def report(index: Sequence[Row]) -> list[str]:
    """The lines of the report; the last one counts."""
    exact = [row for row in index if row.status == "exact"]
    missing = Counter(name for row in index for name in row.missing)
    lines = _table("sector", ((row.sector, row.status == "exact") for row in index))
    mechanics = ((mechanic, row.status == "exact") for row in index for mechanic in row.mechanics)
    lines += ["", *_table("mechanic", mechanics)]
    lines += ["", "what the others wait for"]
    lines += [f"  {count:3}  {name}" for name, count in sorted(missing.items(), key=lambda pair: (-pair[1], pair[0]))]
    if exact:
        sizes = [rule_lines(row.path) for row in exact]
        cases = sum(row.cases for row in exact)
        lines += ["", f"{cases} cases in the exact ones; the rules of one take {median(sizes):g} lines (median)"]
    return [*lines, f"{len(exact)} of {len(index)} exact, {len(index) - len(exact)} next"]


def main() -> int:
    """Print the report; 1 where something is not accounted for."""
    index, listed = rows(), entries()
    found = faults(index, listed)
    for fault in found:
        print(f"error: {fault}", file=sys.stderr)
    if found:
        return 1
    if listed is None:
        print("the list of programmes is not here; this is what the committed index says")
    print("\n".join(report(index)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
