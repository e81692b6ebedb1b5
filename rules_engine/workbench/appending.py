"""Suggested tests in the file where they belong: `place` says which, `appended` makes its text.

In: a program that was tested, and tests. Out: the file that already has most of the program's tests; where it has none,
the rule file itself, and of a folder `tests.rules` in it. Tests are added at the end and nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rules_engine.folders import read_files
from rules_engine.source import Source
from rules_engine.workbench.suggestions import Suggested, Suggestion
from rules_engine.workbench.testing import Tested, chosen

SECONDS = 20
"""How long a search may take where nobody says."""


def suggested(tested: Tested, seconds: float = SECONDS) -> Suggested:
    """Tests for what the tests of a program do not reach; those that do not check beside its own are left out."""
    from rules_engine.workbench.suggesting import suggest

    assert tested.program is not None
    assert tested.checked is not None
    assert tested.coverage is not None
    cases = chosen(tested.checked)
    return suggest(tested.program, cases, tested.coverage, tested.sources, seconds, lambda each: _checks(tested, each))


def _checks(tested: Tested, found: Suggestion) -> bool:
    """Whether a program still checks with a test more."""
    from rules_engine.checking import check

    files = read_files(tested.path)
    place = str(place_of(tested))
    sources = [
        Source(each.name, appended(each.text, [found])) if each.name == place else each for each in files.sources
    ]
    if place not in [each.name for each in files.sources]:
        sources.append(Source(place, appended("", [found])))
    return check(sources, files.folder).ok


def place_of(tested: Tested) -> Path:
    """The file that new tests are added to."""
    assert tested.checked is not None
    counts: dict[str, int] = {}
    for entry in tested.checked.tests:
        name = tested.checked.files[entry.file].source.name
        counts[name] = counts.get(name, 0) + 1
    if counts:
        return Path(max(counts, key=lambda name: counts[name]))
    path = Path(tested.path)
    return path / "tests.rules" if path.is_dir() else path


def appended(text: str, found: Iterable[Suggestion]) -> str:
    """A file's text with tests behind it; an empty one gets its head.

    >>> print(appended("", [Suggestion("a", 'test "a" { on 2027-01-01   then tier Blue }\\n', ())]), end="")
    language 1
    <BLANKLINE>
    test "a" { on 2027-01-01   then tier Blue }
    """
    head = text.rstrip("\n") if text.strip() else "language 1"
    return "\n\n".join([head, *(each.text.strip("\n") for each in found)]) + "\n"
