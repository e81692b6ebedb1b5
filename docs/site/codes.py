"""A page for each code: what it says, why, what helps, and an example that was run.

In: the table of codes, the lints with their bad and good examples, the corpus of errors. Out: pages by name. The
example of a code is the shortest declaration in the corpus that has this finding, and the finding as it is printed.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

import rules_engine
from docs.site.refusals import PROGRAM, failures, refusals
from rules_engine.codes import CODES, Code
from rules_engine.diagnostics import Diagnostic, Label, render
from rules_engine.linting import FAMILIES as LINT_FAMILIES
from rules_engine.linting import LINTS, Lint
from rules_engine.parsing import parse
from rules_engine.source import Source, Span

ERRORS: Final = Path(__file__).resolve().parents[2] / "tests" / "corpus" / "errors"
FOLDER: Final = "docs/codes"
INDEX: Final = f"{FOLDER}/README.md"

FAMILIES: Final[dict[str, tuple[str, str]]] = {
    "P": ("Text that does not parse", "`rules check` says it of a text that is no rule file."),
    "N": ("Names", "`rules check` says it of a name that is unknown, or stands for something else."),
    "T": ("Types and dimensions", "`rules check` says it of values that do not fit together."),
    "C": ("Tables", "`rules check` says it of a table whose rows leave something out, or meet."),
    "S": (
        "Settings of the header",
        "`rules check` says it where the header of the program lacks a setting or says it twice.",
    ),
    "M": ("Meaning", "`rules check` says it of what parses and fits, and cannot be meant."),
    "F": ("Files and folders", "It is said of files that cannot be read as a program."),
    "V": (
        "At the boundary",
        "It is said when an event, facts or a stored state are refused: [files](../files.md), [hosts](../hosts.md).",
    ),
    "X": ("Tests in rule files", "`rules test` says it, and where the test itself is at fault, `rules check`."),
}
"""What the families of codes are about, by their letter."""


class Example(NamedTuple):
    """A declaration of a rule file, and a finding in it as it is printed."""

    text: str
    printed: str


def pages() -> dict[str, str]:
    """The list of all codes, and a page for each."""
    made = {INDEX: _index()}
    found = examples()
    made |= {f"{FOLDER}/{code}.md": _code_page(row, found.get(code)) for code, row in CODES.items()}
    return made | {f"{FOLDER}/{lint.code}.md": _lint_page(lint) for lint in LINTS}


# ---- the pages ----


def _index() -> str:
    parts = [
        "# Findings by code",
        "Every finding has a code. Its first letter says what it is about; `L` is what `rules lint` finds.",
    ]
    for letter, (title, _) in FAMILIES.items():
        rows = [(code, row.title) for code, row in CODES.items() if code[0] == letter]
        parts += [f"## {letter}: {title}", _table(rows)]
    for family, about in LINT_FAMILIES.items():
        rows = [(lint.code, lint.title) for lint in LINTS if lint.code.startswith(family)]
        if rows:
            parts += [f"## {family}: {about}", _table(rows)]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[tuple[str, str]]) -> str:
    shown = [f"| [{code}]({code}.md) | {title} |" for code, title in rows]
    return "\n".join(["| code | |", "|---|---|", *shown])


def _code_page(row: Code, example: Example | None) -> str:
    about = FAMILIES[row.code[0]][1]
    kind = "An error." if row.severity == "error" else "A warning: the program runs."
    parts = [f"# {row.code}: {row.title}", f"{kind} {about}", *_wording(row)]
    if row.long:
        parts.append(row.long)
    if example is not None:
        parts += ["An example:", _fence("rules", example.text), _fence("text", example.printed)]
    elif row.code in refusals():
        sent, said = refusals()[row.code]
        parts += ["An example, for a program that says", _fence("rules", PROGRAM)]
        parts += ["is what is sent here", _fence("json", sent), "and what is said of it:", _fence("text", said)]
    elif row.code in failures():
        test, said = failures()[row.code]
        parts += ["An example, of a program that says", _fence("rules", PROGRAM)]
        parts += ["is this test", _fence("rules", test), "and what is said of it:", _fence("text", said)]
    return "\n\n".join([*parts, _BACK]) + "\n"


def _lint_page(lint: Lint) -> str:
    mended = " `rules lint --fix` mends it." if lint.fixes else ""
    parts = [
        f"# {lint.code}: {lint.title}",
        f"The lint `{lint.name}` of `rules lint`.{mended}",
        *_wording(lint.row),
        lint.why,
    ]
    if lint.old:
        parts += ["Where the program was:", _fence("rules", lint.old)]
    parts += ["It finds:", _fence("rules", lint.bad), "It leaves alone:", _fence("rules", lint.good)]
    quiet = f"# allow: {lint.code} the reason"
    parts += ["A comment above the rule silences it:", _fence("rules", quiet)]
    return "\n\n".join([*parts, _BACK]) + "\n"


_BACK: Final = "[All codes](README.md)"


def _wording(row: Code) -> list[str]:
    """Message and help as they are printed; what stands in braces is filled in."""
    lines = [f"{row.severity}[{row.code}]: {_unescaped(row.message)}"]
    if row.help:
        lines.append(f"  help: {_unescaped(row.help)}")
    return [_fence("text", "\n".join(lines))]


def _unescaped(wording: str) -> str:
    return wording.replace("{{", "{").replace("}}", "}")


def _fence(kind: str, text: str) -> str:
    return f"```{kind}\n{text.rstrip()}\n```"


# ---- the examples ----


@cache
def examples() -> dict[str, Example]:
    """By code the shortest declaration of the corpus of errors that has this finding."""
    found: dict[str, Example] = {}
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        shutil.copytree(ERRORS, "errors")
        for path in sorted(Path("errors").rglob("*.rules")):
            path.write_text(_clean(path.read_text(encoding="utf-8")), encoding="utf-8")
        for path in sorted(Path("errors").rglob("*.rules")):
            for code, example in _of_file(path):
                if code not in found or len(example.text) < len(found[code].text):
                    found[code] = example
    return found


def _clean(text: str) -> str:
    """A file of the corpus without what it expects of itself."""
    return re.sub(r"[ \t]*# !.*$", "", text, flags=re.MULTILINE)


def _of_file(path: Path) -> list[tuple[str, Example]]:
    checked = rules_engine.check(path)
    found: list[tuple[str, Example]] = []
    for finding in checked.diagnostics:
        source = checked.sources.get(finding.source)
        span = None if source is None else _declaration(source, finding.span)
        if source is not None and span is not None:
            found.append((finding.code, _example(finding, source, span)))
    return found


def _declaration(source: Source, place: Span) -> Span | None:
    """The declaration that a place is in."""
    starts = _starts(source)
    before = [at for at in starts if at <= place[0]]
    if not before:
        return None
    end = min((at for at in starts if at > place[0]), default=len(source.text))
    return before[-1], end


@cache
def _starts(source: Source) -> list[int]:
    parsed = parse(source)
    return sorted([node.span[0] for node in parsed.file.declarations] + [broken.span[0] for broken in parsed.broken])


def _example(finding: Diagnostic, source: Source, span: Span) -> Example:
    """The finding in a file that is this declaration alone."""
    text = re.split(r"\n\s*#[^\n]*\s*$", source.slice(span))[0].rstrip()
    alone = Source("example.rules", text + "\n")

    def moved(place: Span) -> Span:
        return place[0] - span[0], min(place[1], span[1]) - span[0]

    labels = tuple(
        Label(alone.name, moved(label.span), label.text)
        if label.source == finding.source and span[0] <= label.span[0] < span[1]
        else Label("elsewhere", label.span, label.text)
        for label in finding.labels
    )
    shown = msgspec.structs.replace(finding, source=alone.name, span=moved(finding.span), labels=labels)
    return Example(text, render(shown, alone))
