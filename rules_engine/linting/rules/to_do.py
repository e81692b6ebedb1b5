"""L611: a comment that says that something is left to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

_LEFT: Final = re.compile(r"\b(TODO|FIXME|XXX|TBD|TBC)\b")


def _find(view: View) -> Iterator[Found]:
    for file in sorted(view.own):
        for comment in view.checked.files[file].parsed.file.comments:
            found = _LEFT.search(comment.text)
            if found is not None:
                yield Found(file, comment.span, {"word": found[0], "rest": comment.text[found.end() :].strip(" :.-")})


LINT = Lint(
    "L611",
    "to-do",
    "something is left to do",
    "`{word}`: {rest}",
    "do it, or ask for it where work is kept, before customers meet the program",
    "A figure that waits for a decision pays money in the meantime.",
    bad="""\
# TODO: the real amount
earn "Gift" { on purchase   give 100 points   once per member }
""",
    good="""\
# The amount of the terms of 2027.
earn "Gift" { on purchase   give 100 points   once per member }
""",
    find=_find,
)
