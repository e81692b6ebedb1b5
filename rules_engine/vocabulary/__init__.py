"""Ready events and facts of members, as rule files that can be read, printed and copied: `use shop`.

In: a name. Out: the text of the file. A program's own declaration of the same name replaces one of these whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["NAMES", "vocabulary_text"]

NAMES: Final = ("airline", "card", "hotel", "shop", "telecom")


def vocabulary_text(name: str) -> str | None:
    """The text of a vocabulary, or None where there is none of this name."""
    if name not in NAMES:
        return None
    return (Path(__file__).parent / f"{name}.rules").read_text(encoding="utf-8")
