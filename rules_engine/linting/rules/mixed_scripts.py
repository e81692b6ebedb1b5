"""L605: a word in a text whose letters are of two scripts that look alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from rules_engine import tree
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View

_WORD: Final = re.compile(r"[^\W\d_]+")
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK")


def _find(view: View) -> Iterator[Found]:
    for each in view.declared:
        if view.source(each.file).text.isascii():
            continue
        for node in tree.walk(each.node):
            if isinstance(node, tree.Text) and not node.value.isascii():
                for word in _WORD.finditer(node.value):
                    odd = _odd(word[0])
                    if odd:
                        at = node.span[0] + 1 + word.start()
                        yield Found(each.file, (at, at + len(word[0])), {"word": word[0], "odd": odd})


def _odd(word: str) -> str:
    """The letters of the script of which the word has fewer, in words; empty where there is one script."""
    scripts: dict[str, list[str]] = {}
    for letter in word:
        script = unicodedata.name(letter, "").split(" ")[0]
        if script in _SCRIPTS:
            scripts.setdefault(script, []).append(letter)
    if len(scripts) < 2:
        return ""
    script, letters = min(scripts.items(), key=lambda each: len(each[1]))
    return f"{', '.join(f'`{letter}`' for letter in dict.fromkeys(letters))} of the {script.capitalize()} letters"


LINT = Lint(
    "L605",
    "mixed-scripts",
    "a word of two scripts",
    "`{word}` has {odd}, which only look like the others",
    "type the word anew on one keyboard",
    "Letters of other scripts can look the same and are others. A code, a SKU or a segment with one of them never "
    "equals what customers and hosts send.",
    bad="""\
earn "Wine" { on purchase   when (sum of pieces of lines where sku is "СLARET") >= 1   give 5 points }
""",
    good="""\
earn "Wine" { on purchase   when (sum of pieces of lines where sku is "CLARET") >= 1   give 5 points }
""",
    find=_find,
)
