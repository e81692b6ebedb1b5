"""What a lint is, and what it finds.

In: a `View` of a program that checks. Out: `Found`, a place and the words to fill in. A lint is a record: its wording,
a bad and a good example, which both are run by the tests, and the function that looks. The engine makes diagnostics of
what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from rules_engine.codes import Code
from rules_engine.diagnostics import Diagnostic, Fix, Label
from rules_engine.linting.view import View
from rules_engine.source import Span


class Found(msgspec.Struct, frozen=True):
    """One finding: the number of its file among the program's, the place, and what fills the lint's wording."""

    file: int
    span: Span
    data: dict[str, str] = {}
    labels: tuple[Label, ...] = ()
    fix: Fix | None = None
    note: str = ""


class Lint(msgspec.Struct, frozen=True):
    """One lint. `message` and `help` have `{placeholders}`, `why` is a paragraph. `bad` and `good` are rule files:
    whole programs where they have a header, else they stand beside the prelude. `fixes`: some findings bring a mend.
    `old` is the version that both examples are compared with, where the lint compares. One that is `asked` finds only
    where somebody selects it.

    >>> from rules_engine.linting import LINTS
    >>> LINTS[0].row.severity
    'warning'
    """

    code: str
    name: str
    title: str
    message: str
    help: str
    why: str
    bad: str
    good: str
    find: Callable[[View], Iterator[Found]]
    fixes: bool = False
    old: str = ""
    asked: bool = False

    @property
    def row(self) -> Code:
        """The lint as a diagnostic's row."""
        return Code(self.code, self.title, self.message, self.help, self.why, "warning")


def diagnostic(lint: Lint, found: Found, view: View) -> Diagnostic:
    """A finding as everybody else knows findings."""
    source = view.checked.files[found.file].source.name
    return Diagnostic(lint.code, source, found.span, found.data, found.labels, found.fix, found.note, lint.row)
