"""Lines of generated source, indented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Lines:
    """A growing list of source lines with the current indentation."""

    def __init__(self, depth: int = 0) -> None:
        self.lines: list[str] = []
        self.depth = depth

    @classmethod
    def of(cls, lines: Iterable[str]) -> Lines:
        """Lines that were written before."""
        made = cls()
        made.lines = list(lines)
        return made

    def add(self, text: str) -> None:
        """One line."""
        self.lines.append("    " * self.depth + text if text else "")

    def extend(self, other: Lines) -> None:
        """All lines of another, moved to the current indentation."""
        self.lines.extend("    " * self.depth + line if line else "" for line in other.lines)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A line that ends in a colon, and what stands below it; an empty body becomes `pass`."""
        self.add(head)
        self.depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.add("pass")
        self.depth -= 1

    def text(self) -> str:
        """The source."""
        return "\n".join(self.lines) + "\n"
