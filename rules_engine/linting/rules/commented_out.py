"""L613: a rule that was put out of action by making it a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View
from rules_engine.parsing import parse
from rules_engine.source import Source

_BEGINS: Final = re.compile(
    r"#\s?(?:earn|reward|redeem|match|track|unit|period|define|table|group|holdout|test|tiers"
    r"|(?:catalogue|item|basket|shipping) offer)\b.*[{=]"
)
LINES_MAX: Final = 200


def _find(view: View) -> Iterator[Found]:
    for file in sorted(view.own):
        comments = view.checked.files[file].parsed.file.comments
        after = -1
        for at, comment in enumerate(comments):
            if comment.own_line and comment.span[0] > after and _BEGINS.match(comment.text):
                run = _run(comments[at : at + LINES_MAX], view.source(file))
                declared = _declared(run)
                if declared:
                    after = run[declared - 1].span[1]
                    yield Found(
                        file, (comment.span[0], after), {"lines": f"{declared} line{'' if declared == 1 else 's'}"}
                    )


def _run(comments: tuple[tree.Comment, ...], source: Source) -> list[tree.Comment]:
    """Comments on lines of their own, one below the other."""
    found = [comments[0]]
    for each in comments[1:]:
        if not each.own_line or source.text[found[-1].span[1] : each.span[0]].strip(" \t") != "\n":
            break
        found.append(each)
    return found


def _declared(run: list[tree.Comment]) -> int:
    """How many of the lines are a declaration; 0 where they are none."""
    text = ""
    for count, each in enumerate(run, 1):
        text += re.sub(r"^# ?", "", each.text) + "\n"
        if text.count("{") == text.count("}"):
            parsed = parse(Source("comment", text))
            return count if not parsed.diagnostics and len(parsed.file.declarations) == 1 else 0
    return 0


LINT = Lint(
    "L613",
    "commented-out",
    "a declaration in a comment",
    "a declaration of {lines} is commented out",
    "take it out; the history of the file keeps it",
    "Nobody knows whether it is to come back, it is not checked, and after the next change it would not be right any"
    " more.",
    bad="""\
# earn "Old gift" { on purchase   give 50 points }
earn "Gift" { on purchase   give 100 points   once per member }
""",
    good="""\
# earn a little more than before
earn "Gift" { on purchase   give 100 points   once per member }
""",
    find=_find,
)
